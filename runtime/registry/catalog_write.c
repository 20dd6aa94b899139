/* catalog_write.c - changing the catalog, in a savepoint of the caller's transaction. See
 * catalog.h.
 *
 * Invariant: after hrt_catalog_rollback the database is as it was before hrt_catalog_begin; if
 * sqlite3_interrupt forbids the rollback while an outer statement runs, then after the next
 * hrt_catalog_undo. */
#include <string.h>

#include "plugin/alloc.h"
#include "registry/catalog.h"
#include "registry/catalog_private.h"
#include "registry/records.h"
#include "registry/vouch.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS main.helios_meta(\n"
    "  key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;\n"
    "CREATE TABLE IF NOT EXISTS main.helios_procedure(\n"
    "  id INTEGER PRIMARY KEY, -- the generation that made it: never used twice\n"
    "  name TEXT NOT NULL UNIQUE COLLATE NOCASE,\n"
    "  kind TEXT NOT NULL CHECK (kind IN ('procedure', 'function', 'aggregate')),\n"
    "  deterministic INTEGER NOT NULL,\n"
    "  current_version INTEGER NOT NULL,\n"
    "  created TEXT NOT NULL,\n"
    "  previous_version INTEGER, -- what ROLLBACK goes back to\n"
    "  canary_version INTEGER, -- NULL: no canary\n"
    "  canary_percent INTEGER, -- of statements\n"
    "  canary_error_rate REAL, -- percent of calls that ends the canary; NULL: none does\n"
    "  extension_id INTEGER); -- helios_extension.id that made it, or NULL\n"
    "CREATE TABLE IF NOT EXISTS main.helios_extension(\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  name TEXT NOT NULL UNIQUE COLLATE NOCASE,\n"
    "  created TEXT NOT NULL);\n"
    "CREATE TABLE IF NOT EXISTS main.helios_module(\n"
    "  hash BLOB NOT NULL PRIMARY KEY, -- SHA-256\n"
    "  wasm BLOB NOT NULL);\n"
    "CREATE TABLE IF NOT EXISTS main.helios_version(\n"
    "  procedure_id INTEGER NOT NULL REFERENCES helios_procedure(id),\n"
    "  version INTEGER NOT NULL CHECK (version > 0),\n"
    "  stamp INTEGER NOT NULL, -- of the last change of this row\n"
    "  language TEXT NOT NULL,\n"
    "  export TEXT NOT NULL,\n"
    "  params TEXT NOT NULL, -- JSON: [{name, type, length, scale}]\n"
    "  returns TEXT NOT NULL, -- JSON: {type, length, scale} or null\n"
    "  strict INTEGER NOT NULL, -- 0: called on NULL input\n"
    "  profile TEXT NOT NULL, -- security profile, '' for none\n"
    "  capabilities TEXT NOT NULL, -- JSON: [text]\n"
    "  options TEXT NOT NULL, -- JSON: {name: number}\n"
    "  module_hash BLOB NOT NULL REFERENCES helios_module(hash),\n"
    "  plugin_options TEXT NOT NULL, -- helios_plugin.options\n"
    "  created TEXT NOT NULL,\n"
    "  PRIMARY KEY (procedure_id, version)) WITHOUT ROWID;\n"
    "CREATE TABLE IF NOT EXISTS main.helios_plugin(\n"
    "  module_hash BLOB NOT NULL REFERENCES helios_module(hash),\n"
    "  target TEXT NOT NULL,\n"
    "  options TEXT NOT NULL,\n"
    "  so_hash BLOB NOT NULL, -- SHA-256\n"
    "  so BLOB NOT NULL,\n"
    "  created TEXT NOT NULL,\n"
    "  PRIMARY KEY (module_hash, target, options));\n"
    "CREATE TABLE IF NOT EXISTS main.helios_kv( -- what procedures keep by kv_set\n"
    "  procedure_id INTEGER NOT NULL,\n"
    "  key BLOB NOT NULL,\n"
    "  value BLOB NOT NULL,\n"
    "  PRIMARY KEY (procedure_id, key)) WITHOUT ROWID;\n"
    "CREATE TABLE IF NOT EXISTS main.helios_vouch( -- this machine's word for a version's grants\n"
    "  procedure_id INTEGER NOT NULL,\n"
    "  version INTEGER NOT NULL,\n"
    "  mac BLOB NOT NULL,\n"
    "  PRIMARY KEY (procedure_id, version)) WITHOUT ROWID;\n"
    "INSERT OR IGNORE INTO main.helios_meta VALUES ('schema_version', 2);\n"
    "INSERT OR IGNORE INTO main.helios_meta VALUES ('generation', 0);\n"
    "INSERT OR IGNORE INTO main.helios_meta VALUES ('stamp', 0);\n";
_Static_assert(HRT_CATALOG_SCHEMA == 2, "the text above says 2");

int hrt_catalog_create(hrt_catalog *c, helios_error *err) {
  (*c->internal)++;
  int rc = sqlite3_exec(c->db, schema, NULL, NULL, NULL);
  int status = rc == SQLITE_OK ? 0 : hrt_sql_fail(c, err);
  if (status == 0) {
    status = hrt_records_create(c->db, err);
  }
  (*c->internal)--;
  return status;
}

/* A number that no snapshot of this database had before: random, never 0. */
static int64_t new_stamp(void) {
  int64_t stamp = 0;
  while (stamp == 0) {
    sqlite3_randomness(sizeof stamp, &stamp);
  }
  return stamp;
}

/* What commits and what undoes is compiled before there is anything to commit or to undo. */
static int ready_to_end(hrt_catalog *c, helios_error *err) {
  static const hrt_sql ends[] = {HRT_SQL_COMMIT, HRT_SQL_RELEASE, HRT_SQL_ROLLBACK,
                                 HRT_SQL_ROLLBACK_TO};
  int status = 0;
  for (size_t i = 0; i < sizeof ends / sizeof *ends && status == 0; i++) {
    status = hrt_sql_ready(c, ends[i], err);
  }
  return status;
}

static void end_writing(hrt_catalog *c) {
  c->writing = false;
  if (!c->keep) {
    hrt_catalog_quiesce(c, false);
  }
}

/* Inside of another one: the outer one commits or undoes it all. A number of its own. */
static int begin_inner(hrt_catalog *c, helios_error *err) {
  int status = hrt_sql_run(c, HRT_SQL_BUMP_GENERATION, 0, 0, err);
  c->depth += status == 0;
  return status;
}

int hrt_catalog_begin(hrt_catalog *c, helios_error *err) {
  int64_t stamp;
  if (c->writing && !c->undo_due) {
    return begin_inner(c, err);
  }
  hrt_catalog_undo(c);
  /* Not in the savepoint: SQLite waits for the write lock only before the first read. */
  int status = hrt_catalog_stamp(&stamp, c, err);
  if (status != 0) {
    return status;
  }
  c->outermost = sqlite3_get_autocommit(c->db);
  c->writing = true;
  status = ready_to_end(c, err);
  if (status == 0 && (status = hrt_sql_run(c, HRT_SQL_SAVEPOINT, 0, 0, err)) != 0) {
    hrt_hint(err, "procedures can't be changed from inside a statement that writes");
  }
  if (status != 0) {
    end_writing(c);
    return status;
  }
  if (stamp == 0) {
    HRT_TRY(hrt_catalog_create(c, err));
  }
  HRT_TRY(hrt_sql_run(c, HRT_SQL_BUMP_GENERATION, 0, 0, err)); /* the lock, before any read */
  HRT_TRY(hrt_catalog_migrate(c, err));
  HRT_TRY(hrt_sql_run(c, HRT_SQL_BUMP_STAMP, new_stamp(), 0, err));
out:
  if (status != 0) {
    hrt_catalog_rollback(c);
  }
  return status;
}

/* COMMIT, because a RELEASE that fails to write may leave SQLite in a transaction that only a
 * ROLLBACK compiled anew could end: there may be no memory for it. */
int hrt_catalog_commit(hrt_catalog *c, helios_error *err) {
  if (c->depth > 0) {
    c->depth--;
    return 0;
  }
  int status = hrt_sql_run(c, c->outermost ? HRT_SQL_COMMIT : HRT_SQL_RELEASE, 0, 0, err);
  if (status != 0) {
    hrt_catalog_rollback(c);
  } else {
    end_writing(c);
  }
  return status;
}

/* SQLite keeps the flag of sqlite3_interrupt while any statement runs, and a rollback is one. */
static bool interrupted(hrt_catalog *c, hrt_sql which) {
  return hrt_sql_run(c, which, 0, 0, NULL) != 0 && sqlite3_errcode(c->db) == SQLITE_INTERRUPT;
}

void hrt_catalog_undo(hrt_catalog *c) {
  if (!c->undo_due) {
    return;
  }
  if (c->outermost) { /* a release would write the file's change counter */
    c->undo_due = !sqlite3_get_autocommit(c->db) && interrupted(c, HRT_SQL_ROLLBACK);
  } else {
    c->undo_due = interrupted(c, HRT_SQL_ROLLBACK_TO) || interrupted(c, HRT_SQL_RELEASE);
  }
  if (!c->undo_due) {
    end_writing(c);
  }
}

void hrt_catalog_rollback(hrt_catalog *c) {
  if (c->depth > 0) {
    c->depth--;
    return;
  }
  c->undo_due = true;
  hrt_catalog_undo(c);
}

int hrt_catalog_add_procedure(hrt_catalog *c, hrt_definition *d, helios_error *err) {
  sqlite3_stmt *s;
  int status = hrt_sql_begin(&s, c, HRT_SQL_ADD_PROCEDURE, err);
  if (status == 0) {
    sqlite3_bind_text(s, 1, d->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2,
                      d->aggregate  ? "aggregate"
                      : d->function ? "function"
                                    : "procedure",
                      -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 3, d->deterministic);
    int row = hrt_sql_step(c, s, err);
    if (row > 0) {
      d->procedure_id = sqlite3_column_int64(s, 0);
    } else {
      status = row < 0 ? c->status : hrt_fail(err, HELIOS_E_SQL, "the catalog has no generation");
    }
  }
  hrt_sql_end(c, HRT_SQL_ADD_PROCEDURE);
  return status;
}

static int next_version(hrt_catalog *c, hrt_definition *d, helios_error *err) {
  hrt_sql which = d->version ? HRT_SQL_HAS_VERSION : HRT_SQL_NEXT_VERSION;
  sqlite3_stmt *s;
  int status = hrt_sql_begin(&s, c, which, err);
  if (status == 0) {
    sqlite3_bind_int64(s, 1, d->procedure_id);
    if (d->version) {
      sqlite3_bind_int64(s, 2, d->version);
    }
    int row = hrt_sql_step(c, s, err);
    if (row < 0) {
      status = c->status;
    } else if (d->version && row > 0) {
      status = hrt_fail(err, HELIOS_E_EXISTS, "version %u exists already", d->version);
      hrt_hint(err, "a version never changes; give a new number, or USE VERSION %u", d->version);
    } else if (!d->version) {
      d->version = (uint32_t)sqlite3_column_int64(s, 0);
    }
  }
  hrt_sql_end(c, which);
  return status;
}

/* Binds text and owns it; an out of memory (NULL) fails the insert by NOT NULL, so check it here.
 */
static bool bind_owned(sqlite3_stmt *s, int at, char *text) {
  bool ok = text && sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT) == SQLITE_OK;
  hrt_free(text);
  return ok;
}

static int bind_version(sqlite3_stmt *s, const hrt_definition *d, helios_error *err) {
  sqlite3_bind_int64(s, 1, d->procedure_id);
  sqlite3_bind_int64(s, 2, d->version);
  sqlite3_bind_text(s, 3, d->export_name, -1, SQLITE_STATIC);
  sqlite3_bind_int(s, 6, !d->called_on_null);
  sqlite3_bind_text(s, 7, d->profile, -1, SQLITE_STATIC);
  sqlite3_bind_blob(s, 10, d->module_hash, HRT_HASH_BYTES, SQLITE_STATIC);
  sqlite3_bind_text(s, 11, d->plugin_options, -1, SQLITE_STATIC);
  sqlite3_bind_text(s, 12, d->sql ? "sql" : "wasm", -1, SQLITE_STATIC);
  if (!bind_owned(s, 4, hrt_params_json(d)) || !bind_owned(s, 5, hrt_returns_json(d)) ||
      !bind_owned(s, 8, hrt_capabilities_json(d)) || !bind_owned(s, 9, hrt_options_json(d))) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  return 0;
}

int hrt_catalog_add_version(hrt_catalog *c, hrt_definition *d, helios_error *err) {
  sqlite3_stmt *s;
  int status = next_version(c, d, err);
  if (status != 0) {
    return status;
  }
  status = hrt_sql_begin(&s, c, HRT_SQL_ADD_VERSION, err);
  if (status == 0) {
    status = bind_version(s, d, err);
  }
  if (status == 0 && hrt_sql_step(c, s, err) < 0) {
    status = c->status;
  }
  hrt_sql_end(c, HRT_SQL_ADD_VERSION);
  if (status == 0) {
    status = hrt_vouch_write(c, d, err);
  }
  return status ? status : hrt_sql_run(c, HRT_SQL_USE_VERSION, d->procedure_id, d->version, err);
}

int hrt_catalog_use_version(hrt_catalog *c, int64_t procedure_id, uint32_t version,
                            helios_error *err) {
  sqlite3_stmt *s;
  int row = 0;
  int status = hrt_sql_begin(&s, c, HRT_SQL_HAS_VERSION, err);
  if (status == 0) {
    sqlite3_bind_int64(s, 1, procedure_id);
    sqlite3_bind_int64(s, 2, version);
    row = hrt_sql_step(c, s, err);
    status = row < 0    ? c->status
             : row == 0 ? hrt_fail(err, HELIOS_E_NOT_FOUND, "no version %u", version)
                        : 0;
  }
  hrt_sql_end(c, HRT_SQL_HAS_VERSION);
  return status ? status : hrt_sql_run(c, HRT_SQL_USE_VERSION, procedure_id, version, err);
}

int hrt_catalog_update_version(hrt_catalog *c, const hrt_definition *d, helios_error *err) {
  sqlite3_stmt *s;
  int status = hrt_sql_begin(&s, c, HRT_SQL_UPDATE_VERSION, err);
  if (status == 0) {
    sqlite3_bind_int64(s, 1, d->procedure_id);
    sqlite3_bind_int64(s, 2, d->version);
    sqlite3_bind_text(s, 3, d->profile, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 6, d->plugin_options, -1, SQLITE_STATIC);
    if (!bind_owned(s, 4, hrt_capabilities_json(d)) || !bind_owned(s, 5, hrt_options_json(d))) {
      status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    } else if (hrt_sql_step(c, s, err) < 0) {
      status = c->status;
    }
  }
  hrt_sql_end(c, HRT_SQL_UPDATE_VERSION);
  return status ? status : hrt_vouch_write(c, d, err);
}

int hrt_catalog_touch(hrt_catalog *c, const hrt_definition *d, helios_error *err) {
  return hrt_sql_run(c, HRT_SQL_TOUCH_VERSION, d->procedure_id, d->version, err);
}

int hrt_catalog_put_module(hrt_catalog *c, const uint8_t hash[HRT_HASH_BYTES], const void *wasm,
                           size_t size, helios_error *err) {
  sqlite3_stmt *s;
  int status = hrt_sql_begin(&s, c, HRT_SQL_PUT_MODULE, err);
  if (status == 0) {
    sqlite3_bind_blob(s, 1, hash, HRT_HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob64(s, 2, wasm, size, SQLITE_STATIC);
    status = hrt_sql_step(c, s, err) < 0 ? c->status : 0;
  }
  hrt_sql_end(c, HRT_SQL_PUT_MODULE);
  return status;
}

int hrt_catalog_put_plugin(hrt_catalog *c, const hrt_definition *d,
                           const uint8_t so_hash[HRT_HASH_BYTES], const void *so, size_t size,
                           helios_error *err) {
  sqlite3_stmt *s;
  int status = hrt_sql_begin(&s, c, HRT_SQL_PUT_PLUGIN, err);
  if (status == 0) {
    sqlite3_bind_blob(s, 1, d->module_hash, HRT_HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, HRT_TARGET, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, d->plugin_options, -1, SQLITE_STATIC);
    sqlite3_bind_blob(s, 4, so_hash, HRT_HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob64(s, 5, so, size, SQLITE_STATIC);
    status = hrt_sql_step(c, s, err) < 0 ? c->status : 0;
  }
  hrt_sql_end(c, HRT_SQL_PUT_PLUGIN);
  return status;
}

int hrt_catalog_drop(hrt_catalog *c, int64_t procedure_id, helios_error *err) {
  int status = 0;
  HRT_TRY(hrt_sql_run(c, HRT_SQL_DROP_VOUCHES, procedure_id, 0, err));
  HRT_TRY(hrt_sql_run(c, HRT_SQL_DROP_VERSIONS, procedure_id, 0, err));
  HRT_TRY(hrt_sql_run(c, HRT_SQL_DROP_KV, procedure_id, 0, err));
  HRT_TRY(hrt_sql_run(c, HRT_SQL_DROP_PROCEDURE, procedure_id, 0, err));
  HRT_TRY(hrt_sql_run(c, HRT_SQL_SWEEP_PLUGINS, 0, 0, err));
  HRT_TRY(hrt_sql_run(c, HRT_SQL_SWEEP_MODULES, 0, 0, err));
out:
  return status;
}
