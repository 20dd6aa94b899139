/* functions.c - which procedures are functions of the connection. A (name, number of arguments) is
 * registered when it is first met and never again: re-registering is SQLITE_BUSY while statements
 * run. docs/catalog.md says which flags it gets and why they can stay.
 *
 * Invariant: never replaces a function that is not ours. */
#include <string.h>
#include <strings.h>

#include "plugin/alloc.h"
#include "sqlite/names.h"

/* Indexes of statement-wide auxiliary data: below it and going down; SQLite's json.c uses some near
 * -429938. */
enum { AUX_BASE = -1212500000 };

hrt_entry *hrt_entry_find(const helios *h, const char *name) {
  for (hrt_entry *e = h->entries; e; e = e->next) {
    if (strcasecmp(e->name, name) == 0) {
      return e;
    }
  }
  return NULL;
}

/* Does sql, which has one parameter, find the name? */
static int finds(bool *out, helios *h, const char *sql, const char *name, helios_error *err) {
  sqlite3_stmt *s = NULL;
  int status = 0;
  *out = false;
  h->internal++;
  if (sqlite3_prepare_v2(h->db, sql, -1, &s, NULL) != SQLITE_OK) {
    status = hrt_db_fail(h->db, err);
  } else {
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    int rc = sqlite3_step(s);
    *out = rc == SQLITE_ROW;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
      status = hrt_db_fail(h->db, err);
    }
  }
  sqlite3_finalize(s);
  h->internal--;
  return status;
}

/* Is it one of SQLite's own names, or of the application's? */
static int is_among(bool *out, helios *h, hrt_names_of of, const char *name, helios_error *err) {
  int status = 0;
  if (h->names == NULL) {
    return hrt_names_find(out, h, of, name, err);
  }
  hrt_names *names = &h->names[of]; /* while many are registered: read once, if one is new */
  if (!names->read) {
    status = hrt_names_read(names, h, of, err);
  }
  *out = status == 0 && hrt_names_has(names, name);
  return status;
}

int hrt_function_taken(bool *out, helios *h, const char *name, helios_error *err) {
  *out = false;
  return hrt_entry_find(h, name) ? 0 : is_among(out, h, HRT_NAMES_FUNCTIONS, name, err);
}

int hrt_named_in_schema(bool *out, helios *h, const char *name, helios_error *err) {
  return finds(out, h,
               "SELECT 1 FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name = ?1 "
               "COLLATE NOCASE",
               name, err);
}

/* Modules of SQLite's own whose names begin with pragma_ come into being when they are used. */
int hrt_table_taken(bool *out, helios *h, const char *name, helios_error *err) {
  const hrt_entry *e = hrt_entry_find(h, name);
  *out = strncasecmp(name, "pragma_", 7) == 0;
  return *out || (e && e->table_key) ? 0 : is_among(out, h, HRT_NAMES_MODULES, name, err);
}

static int make_entry(hrt_entry **out, helios *h, const char *name, helios_error *err) {
  bool taken;
  int status = 0;
  size_t length = strlen(name);
  HRT_TRY(hrt_function_taken(&taken, h, name, err));
  if (taken || length >= HRT_NAME_BYTES || length == 0) {
    char escaped[HRT_ESCAPED];
    status = hrt_fail(err, HELIOS_E_EXISTS, "%s is a function of this connection already",
                      hrt_escape(escaped, name, length));
    goto out;
  }
  hrt_entry *e = hrt_alloc(sizeof *e);
  if (e == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    goto out;
  }
  e->h = h;
  memcpy(e->name, name, length + 1);
  e->aux = AUX_BASE - h->entry_count++;
  e->next = h->entries;
  h->entries = e;
  *out = e;
out:
  return status;
}

static void trampoline_destroyed(void *arg) {
  hrt_trampoline *t = arg;
  hrt_thunk_give(t);
  hrt_session_unref(t->entry->h);
}

static int make_trampoline(hrt_entry *e, int nargs, const hrt_shape *shape, helios_error *err) {
  bool deterministic = shape->deterministic;
  helios *h = e->h;
  hrt_trampoline *t = hrt_alloc(sizeof *t);
  if (t == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  *t = (hrt_trampoline){.next = e->trampolines,
                        .h = h,
                        .entry = e,
                        .nargs = nargs,
                        .deterministic = deterministic,
                        .aggregate = shape->aggregate};
  int flags =
      SQLITE_UTF8 | (deterministic ? SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS : SQLITE_DIRECTONLY);
  e->trampolines = t;
  const hrt_thunk *thunk = hrt_thunk_take(t);
  h->registered++;
  h->refs++; /* taken back by trampoline_destroyed, which SQLite calls also when this fails */
  int rc = shape->aggregate
               ? sqlite3_create_window_function(h->db, e->name, nargs, flags, t, thunk->step,
                                                hrt_aggregate_final, hrt_aggregate_value,
                                                hrt_aggregate_inverse, trampoline_destroyed)
               : sqlite3_create_function_v2(h->db, e->name, nargs, flags, t, thunk->call, NULL,
                                            NULL, trampoline_destroyed);
  if (rc != SQLITE_OK) {
    t->nargs = -1; /* matches no call; freed with the session */
    return hrt_db_fail(h->db, err);
  }
  return 0;
}

static bool has_trampoline(const hrt_entry *e, int nargs) {
  const hrt_trampoline *t = e->trampolines;
  while (t && t->nargs != nargs) {
    t = t->next;
  }
  return t != NULL;
}

static int make_table(hrt_entry *e, const char *key, helios_error *err) {
  bool taken;
  int status = 0;
  if (e->table_key && strcmp(e->table_key, key) == 0) {
    return 0;
  }
  HRT_TRY(hrt_table_taken(&taken, e->h, e->name, err));
  if (taken) {
    HRT_TRY(hrt_fail(err, HELIOS_E_EXISTS,
                     "%s is a table-valued function of this connection already", e->name));
  }
  HRT_TRY(hrt_table_register(e, key, err));
out:
  return status;
}

int hrt_register(hrt_entry **out, helios *h, const hrt_shape *shape, helios_error *err) {
  int status = 0;
  hrt_entry *e = hrt_entry_find(h, shape->name);
  if (e == NULL) {
    HRT_TRY(make_entry(&e, h, shape->name, err));
  }
  for (int n = shape->least; n <= shape->most; n++) {
    if (!has_trampoline(e, n)) {
      HRT_TRY(make_trampoline(e, n, shape, err));
    }
  }
  if (shape->table) {
    HRT_TRY(make_table(e, shape->table, err));
  }
  if (out) {
    *out = e;
  }
out:
  return status;
}

struct sync {
  helios *h;
  helios_error *err; /* or NULL */
};

/* A name that is taken is skipped: a stranger's database can't replace a function. */
static int register_one(void *arg, const hrt_shape *shape) {
  struct sync *sync = arg;
  helios_error err = {0};
  int status = hrt_register(NULL, sync->h, shape, &err);
  if (status == HELIOS_E_EXISTS) {
    return 0;
  }
  if (status != 0 && sync->err) {
    *sync->err = err;
  }
  return status;
}

int hrt_sync(helios *h, helios_error *err) {
  int64_t stamp;
  hrt_session_anchor(h);
  int status = hrt_catalog_stamp(&stamp, h->catalog, err);
  if (status != 0 || stamp == h->synced) {
    return status;
  }
  hrt_names names[HRT_NAMES_COUNT] = {{.read = false}};
  h->names = names;
  status = hrt_catalog_each(h->catalog, register_one, &(struct sync){h, err}, err);
  h->names = NULL;
  for (size_t i = 0; i < HRT_NAMES_COUNT; i++) {
    hrt_names_clear(&names[i]);
  }
  if (status == 0) {
    h->synced = stamp;
  }
  return status;
}

void hrt_functions_free(helios *h) {
  while (h->entries) {
    hrt_entry *e = h->entries;
    h->entries = e->next;
    while (e->trampolines) {
      hrt_trampoline *t = e->trampolines;
      e->trampolines = t->next;
      hrt_free(t);
    }
    hrt_entry_forget(e);
    hrt_free(e->table_key);
    hrt_free(e);
  }
}

int hrt_functions_remove(helios *h, helios_error *err) {
  for (hrt_entry *e = h->entries; e; e = e->next) {
    for (hrt_trampoline *t = e->trampolines; t; t = t->next) {
      if (t->nargs >= 0 && sqlite3_create_function_v2(h->db, e->name, t->nargs, SQLITE_UTF8, NULL,
                                                      NULL, NULL, NULL, NULL) != SQLITE_OK) {
        return hrt_db_fail_as(h->db, HELIOS_E_MISUSE, err);
      }
    }
    if (e->table_key) {
      (void)sqlite3_create_module_v2(h->db, e->name, NULL, NULL, NULL);
    }
  }
  return 0;
}
