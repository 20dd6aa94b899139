/* catalog.c - reading the catalog, and the statements of a connection. See catalog.h.
 *
 * Owns: prepared statements, finalised by hrt_catalog_quiesce before the connection closes. */
#include "registry/catalog.h"

#include <string.h>

#include "host/sqlite_error.h"
#include "plugin/alloc.h"
#include "registry/catalog_private.h"
#include "registry/json.h"
#include "registry/plugin_cache.h"

static const char *const texts[] = {
#define HRT_SQL(NAME, text) text,
#include "registry/statements.def"
#undef HRT_SQL
};

int hrt_catalog_new(hrt_catalog **out, sqlite3 *db, int *internal, helios_error *err) {
  hrt_catalog *c = hrt_alloc(sizeof *c);
  if (c == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  *c = (hrt_catalog){.db = db, .internal = internal};
  *out = c;
  return 0;
}

void hrt_catalog_quiesce(hrt_catalog *c, bool keep) {
  if (c->open > 0) {
    return;
  }
  for (int i = 0; i < HRT_SQL_COUNT; i++) {
    sqlite3_finalize(c->statements[i]);
    c->statements[i] = NULL;
  }
  c->held = false;
  c->keep = keep;
}

void hrt_catalog_free(hrt_catalog *c) {
  if (c) {
    hrt_catalog_quiesce(c, false);
    hrt_free(c);
  }
}

int hrt_sql_fail(hrt_catalog *c, helios_error *err) {
  c->status = hrt_db_fail(c->db, err);
  return c->status;
}

int hrt_sql_ready(hrt_catalog *c, hrt_sql which, helios_error *err) {
  sqlite3_stmt **slot = &c->statements[which];
  int rc = SQLITE_OK;
  (*c->internal)++;
  if (*slot == NULL) {
    rc = sqlite3_prepare_v3(c->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
  }
  (*c->internal)--;
  return rc == SQLITE_OK ? 0 : hrt_sql_fail(c, err);
}

int hrt_sql_begin(sqlite3_stmt **out, hrt_catalog *c, hrt_sql which, helios_error *err) {
  *out = NULL;
  if (c->open > 0) {
    c->refused++;
    return hrt_fail(err, HELIOS_E_BROKEN, "the catalog of this database calls procedures");
  }
  c->open = 1;
  int status = hrt_sql_ready(c, which, err);
  (*c->internal)++;
  *out = c->statements[which];
  return status;
}

int hrt_sql_step(hrt_catalog *c, sqlite3_stmt *s, helios_error *err) {
  int rc = sqlite3_step(s);
  if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
    return rc == SQLITE_ROW;
  }
  (void)hrt_sql_fail(c, err);
  return -1;
}

void hrt_sql_end(hrt_catalog *c, hrt_sql which) {
  sqlite3_stmt **slot = &c->statements[which];
  if (c->refused > 0) {
    c->refused--;
    return;
  }
  c->open = 0;
  if (*slot) {
    sqlite3_reset(*slot);
    sqlite3_clear_bindings(*slot);
  }
  if (!c->keep && !c->writing) {
    sqlite3_finalize(*slot);
    *slot = NULL;
  }
  (*c->internal)--;
}

int hrt_sql_run(hrt_catalog *c, hrt_sql which, int64_t a, int64_t b, helios_error *err) {
  sqlite3_stmt *s;
  int status = hrt_sql_begin(&s, c, which, err);
  if (status == 0) {
    int count = sqlite3_bind_parameter_count(s);
    if (count > 0) {
      sqlite3_bind_int64(s, 1, a);
    }
    if (count > 1) {
      sqlite3_bind_int64(s, 2, b);
    }
    status = hrt_sql_step(c, s, err) < 0 ? c->status : 0;
  }
  hrt_sql_end(c, which);
  return status;
}

/* First column of the only row; *found says whether there was one. */
static int read_int(int64_t *out, bool *found, hrt_catalog *c, hrt_sql which, helios_error *err) {
  sqlite3_stmt *s;
  int status = hrt_sql_begin(&s, c, which, err);
  *found = false;
  if (status == 0) {
    int row = hrt_sql_step(c, s, err);
    status = row < 0 ? c->status : 0;
    if (row > 0) {
      *found = true;
      *out = sqlite3_column_int64(s, 0);
    }
  }
  hrt_sql_end(c, which);
  return status;
}

/* Reading the stamp failed: because there is no catalog (yet, or after a rollback), or for a real
 * reason? */
static int judge_stamp(hrt_catalog *c, const helios_error *failure, helios_error *err) {
  int64_t value = 0;
  bool found;
  int status = read_int(&value, &found, c, HRT_SQL_EXISTS, err);
  if (status == 0 && found) {
    status = hrt_fail(err, failure->code, "%s", failure->text);
  }
  return status;
}

int hrt_catalog_stamp(int64_t *out, hrt_catalog *c, helios_error *err) {
  helios_error failure = {0};
  bool found;
  *out = c->held ? c->held_stamp : 0;
  if (c->held || read_int(out, &found, c, HRT_SQL_STAMP, &failure) == 0) {
    return 0;
  }
  return judge_stamp(c, &failure, err);
}

int hrt_catalog_hold(int64_t *out, hrt_catalog *c, helios_error *err) {
  helios_error failure = {0};
  sqlite3_stmt *s;
  if (c->held) {
    return hrt_catalog_stamp(out, c, err);
  }
  *out = 0;
  int status = hrt_sql_begin(&s, c, HRT_SQL_STAMP, &failure);
  int row = status == 0 ? hrt_sql_step(c, s, &failure) : -1;
  if (row > 0) {
    *out = sqlite3_column_int64(s, 0);
    c->open = 0; /* others may be read while it stands there */
    (*c->internal)--;
  } else {
    hrt_sql_end(c, HRT_SQL_STAMP);
  }
  status = row < 0 ? judge_stamp(c, &failure, err) : 0;
  c->held = status == 0; /* that there is no catalog holds as well */
  c->held_stamp = *out;
  return status;
}

void hrt_catalog_release(hrt_catalog *c) {
  if (c->held) {
    c->held = false;
    c->open = 1;
    (*c->internal)++;
    hrt_sql_end(c, HRT_SQL_STAMP);
  }
}

int hrt_catalog_schema(hrt_catalog *c, helios_error *err) {
  bool found = false;
  int64_t version = 0;
  int status = read_int(&version, &found, c, HRT_SQL_SCHEMA_VERSION, err);
  c->schema = version;
  if (status == 0 && (!found || version < 1 || version > HRT_CATALOG_SCHEMA)) {
    status =
        hrt_fail(err, HELIOS_E_BROKEN, "the catalog has schema version %lld, this engine knows %d",
                 (long long)version, HRT_CATALOG_SCHEMA);
  }
  return status;
}

int hrt_catalog_lacks(bool *out, hrt_catalog *c, helios_error *err) {
  int64_t one;
  return read_int(&one, out, c, HRT_SQL_LACKS_VOUCH, err);
}

/* Is there a catalog here that this engine understands? */
static int usable(bool *out, hrt_catalog *c, helios_error *err) {
  int64_t stamp;
  int status = hrt_catalog_stamp(&stamp, c, err);
  *out = status == 0 && stamp != 0;
  if (*out) {
    status = hrt_catalog_schema(c, err);
    *out = status == 0;
  }
  return status;
}

int hrt_catalog_version(int64_t *out, hrt_catalog *c, helios_error *err) {
  bool there;
  int status = usable(&there, c, err);
  *out = there ? c->schema : 0;
  return status;
}

static const char *text_of(sqlite3_stmt *s, int column) {
  const char *text = (const char *)sqlite3_column_text(s, column);
  return text ? text : "";
}

/* Arguments that a row's JSON of parameters allows; most is -1 if it is not an array. */
static int count_params(hrt_shape *shape, sqlite3_stmt *s, int column, helios_error *err) {
  cJSON *array;
  const cJSON *item;
  const char *text = text_of(s, column);
  int status = hrt_json_parse(&array, text, strlen(text), err);
  shape->least = 0;
  shape->most = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : -1;
  cJSON_ArrayForEach(item, array) {
    if (cJSON_GetObjectItemCaseSensitive(item, "default") != NULL) {
      break;
    }
    shape->least++;
  }
  cJSON_Delete(array);
  return status;
}

int hrt_catalog_each(hrt_catalog *c, hrt_catalog_each_fn *each, void *arg, helios_error *err) {
  sqlite3_stmt *s;
  bool there;
  int row = 0;
  int status = usable(&there, c, err);
  if (status != 0 || !there) {
    return status;
  }
  status = hrt_sql_begin(&s, c, HRT_SQL_EACH, err);
  while (status == 0 && (row = hrt_sql_step(c, s, err)) > 0) {
    hrt_shape shape = {.deterministic = sqlite3_column_int(s, 2) != 0,
                       .aggregate = strcmp(text_of(s, 4), "aggregate") == 0};
    status = count_params(&shape, s, 1, err);
    if (status == 0 && shape.most >= 0 && shape.most <= HRT_PARAMS_MAX) {
      shape.name = text_of(s, 0);
      shape.table = (const char *)sqlite3_column_text(s, 3);
      status = each(arg, &shape);
    }
  }
  hrt_sql_end(c, HRT_SQL_EACH);
  return row < 0 ? c->status : status;
}

static int copy_column(char *out, size_t size, sqlite3_stmt *s, int column, const char *what,
                       helios_error *err) {
  const char *text = text_of(s, column);
  size_t length = strlen(text);
  if (length >= size || length != (size_t)sqlite3_column_bytes(s, column)) {
    return hrt_fail(err, HELIOS_E_BROKEN, "the catalog is damaged: bad %s", what);
  }
  memcpy(out, text, length + 1);
  return 0;
}

static int copy_hash(uint8_t out[HRT_HASH_BYTES], sqlite3_stmt *s, int column, helios_error *err) {
  const void *bytes = sqlite3_column_blob(s, column);
  if (bytes == NULL || sqlite3_column_bytes(s, column) != HRT_HASH_BYTES) {
    return hrt_fail(err, HELIOS_E_BROKEN, "the catalog is damaged: bad hash");
  }
  memcpy(out, bytes, HRT_HASH_BYTES);
  return 0;
}

static int read_row(hrt_definition *d, sqlite3_stmt *s, helios_error *err) {
  int status = 0;
  int64_t version = sqlite3_column_int64(s, 4);
  memset(d, 0, sizeof *d);
  d->procedure_id = sqlite3_column_int64(s, 0);
  d->stamp = sqlite3_column_int64(s, 5);
  d->function = strcmp(text_of(s, 2), "function") == 0;
  d->aggregate = strcmp(text_of(s, 2), "aggregate") == 0;
  d->sql = strcmp(text_of(s, 15), "sql") == 0;
  d->deterministic = sqlite3_column_int(s, 3) != 0;
  d->called_on_null = sqlite3_column_int(s, 7) == 0;
  if (version <= 0 || version > UINT32_MAX) {
    return hrt_fail(err, HELIOS_E_BROKEN, "the catalog is damaged: bad version");
  }
  d->version = (uint32_t)version;
  HRT_TRY(copy_column(d->name, sizeof d->name, s, 1, "name", err));
  HRT_TRY(copy_column(d->export_name, sizeof d->export_name, s, 6, "export", err));
  HRT_TRY(copy_column(d->profile, sizeof d->profile, s, 8, "profile", err));
  HRT_TRY(hrt_params_read(d, text_of(s, 9), err));
  HRT_TRY(hrt_returns_read(d, text_of(s, 10), err));
  HRT_TRY(hrt_capabilities_read(d, text_of(s, 11), err));
  HRT_TRY(hrt_options_read(d, text_of(s, 12), err));
  HRT_TRY(copy_hash(d->module_hash, s, 13, err));
  HRT_TRY(copy_column(d->plugin_options, sizeof d->plugin_options, s, 14, "plugin options", err));
out:
  return status;
}

static int no_such(const char *name, uint32_t version, helios_error *err) {
  char escaped[HRT_ESCAPED];
  hrt_escape(escaped, name, strlen(name));
  return version ? hrt_fail(err, HELIOS_E_NOT_FOUND, "no version %u", version)
                 : hrt_fail(err, HELIOS_E_NOT_FOUND, "no such procedure: %s", escaped);
}

int hrt_catalog_find(hrt_definition *out, hrt_catalog *c, const char *name, uint32_t version,
                     helios_error *err) {
  sqlite3_stmt *s;
  int64_t id;
  bool there, deterministic, found = false;
  int status = usable(&there, c, err);
  if (status != 0 || !there) {
    return status ? status : no_such(name, 0, err);
  }
  status = hrt_sql_begin(&s, c, HRT_SQL_FIND, err);
  if (status == 0) {
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, version);
    int row = hrt_sql_step(c, s, err);
    status = row < 0 ? c->status : row > 0 ? read_row(out, s, err) : HELIOS_E_NOT_FOUND;
    found = row > 0;
  }
  hrt_sql_end(c, HRT_SQL_FIND);
  if (status == HELIOS_E_NOT_FOUND && !found) {
    status = hrt_catalog_lookup(&id, &deterministic, c, name, err);
    status = status ? status : no_such(name, version, err);
  }
  return status;
}

int hrt_catalog_lookup(int64_t *id, bool *deterministic, hrt_catalog *c, const char *name,
                       helios_error *err) {
  sqlite3_stmt *s;
  bool there;
  int status = usable(&there, c, err);
  if (status != 0 || !there) {
    return status ? status : no_such(name, 0, err);
  }
  status = hrt_sql_begin(&s, c, HRT_SQL_LOOKUP, err);
  if (status == 0) {
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    int row = hrt_sql_step(c, s, err);
    status = row < 0 ? c->status : row == 0 ? no_such(name, 0, err) : 0;
    if (row > 0) {
      *id = sqlite3_column_int64(s, 0);
      *deterministic = sqlite3_column_int(s, 1) != 0;
    }
  }
  hrt_sql_end(c, HRT_SQL_LOOKUP);
  return status;
}

int hrt_catalog_plugin(uint8_t so_hash[HRT_HASH_BYTES], hrt_catalog *c, const hrt_definition *d,
                       hrt_catalog_plugin_fn *use, void *arg, helios_error *err) {
  hrt_sql which = use ? HRT_SQL_PLUGIN : HRT_SQL_PLUGIN_HASH;
  sqlite3_stmt *s;
  int row = 0;
  int status = hrt_sql_begin(&s, c, which, err);
  if (status == 0) {
    sqlite3_bind_blob(s, 1, d->module_hash, HRT_HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, HRT_TARGET, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, d->plugin_options, -1, SQLITE_STATIC);
    row = hrt_sql_step(c, s, err);
    status = row < 0 ? c->status : 0;
  }
  if (status == 0 && row == 0) {
    status = hrt_fail(err, HELIOS_E_BROKEN, "version %u has no compiled form for " HRT_TARGET,
                      d->version);
    hrt_hint(err, "give its source again with CREATE OR REPLACE or ALTER ... SET SOURCE");
  } else if (status == 0) {
    status = copy_hash(so_hash, s, 0, err);
    if (status == 0 && use) {
      const void *so = sqlite3_column_blob(s, 1);
      status = use(arg, so, (size_t)sqlite3_column_bytes(s, 1), err);
    }
  }
  hrt_sql_end(c, which);
  return status;
}

int hrt_catalog_module(hrt_catalog *c, const uint8_t hash[HRT_HASH_BYTES],
                       hrt_catalog_plugin_fn *use, void *arg, helios_error *err) {
  sqlite3_stmt *s;
  uint8_t real[HRT_HASH_BYTES];
  int status = hrt_sql_begin(&s, c, HRT_SQL_MODULE, err);
  if (status == 0) {
    sqlite3_bind_blob(s, 1, hash, HRT_HASH_BYTES, SQLITE_STATIC);
    int row = hrt_sql_step(c, s, err);
    status = row < 0    ? c->status
             : row == 0 ? hrt_fail(err, HELIOS_E_BROKEN, "its module is not in the catalog")
                        : 0;
  }
  if (status == 0) {
    const void *wasm = sqlite3_column_blob(s, 0);
    size_t size = (size_t)sqlite3_column_bytes(s, 0);
    status = hrt_sha256(real, wasm ? wasm : "", size, err);
    if (status == 0 && memcmp(real, hash, sizeof real) != 0) {
      status = hrt_fail(err, HELIOS_E_BROKEN, "its module in the catalog is damaged");
    }
    if (status == 0) {
      status = use(arg, wasm, size, err);
    }
  }
  hrt_sql_end(c, HRT_SQL_MODULE);
  return status;
}

typedef struct listed {
  struct listed *next;
  uint32_t version;
  char name[HRT_NAME_BYTES];
} listed;

static void free_list(listed *list) {
  while (list) {
    listed *next = list->next;
    hrt_free(list);
    list = next;
  }
}

/* Rows that no version can be of are left out. */
static int list_versions(listed **out, hrt_catalog *c, const char *name, helios_error *err) {
  sqlite3_stmt *s;
  listed **end = out;
  int row = 0;
  int status = hrt_sql_begin(&s, c, HRT_SQL_VERSIONS, err);
  if (status == 0 && name) {
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
  }
  while (status == 0 && (row = hrt_sql_step(c, s, err)) > 0) {
    const char *text = text_of(s, 0);
    int64_t version = sqlite3_column_int64(s, 1);
    if (strlen(text) >= HRT_NAME_BYTES || version <= 0 || version > UINT32_MAX) {
      continue;
    }
    listed *item = hrt_alloc(sizeof *item);
    if (item == NULL) {
      status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
      break;
    }
    item->version = (uint32_t)version;
    memcpy(item->name, text, strlen(text) + 1);
    *end = item;
    end = &item->next;
  }
  hrt_sql_end(c, HRT_SQL_VERSIONS);
  return row < 0 ? c->status : status;
}

int hrt_catalog_versions(hrt_catalog *c, const char *name, hrt_catalog_version_fn *each, void *arg,
                         helios_error *err) {
  listed *list = NULL;
  bool there;
  int status = 0;
  HRT_TRY(usable(&there, c, err));
  if (there) {
    HRT_TRY(list_versions(&list, c, name, err));
  }
  if (name && list == NULL) {
    HRT_TRY(no_such(name, 0, err));
  }
  for (const listed *item = list; item && status == 0; item = item->next) {
    status = each(arg, item->name, item->version, err);
  }
out:
  free_list(list);
  return status;
}
