/* attach.c - beginning and end of a connection's session. The session belongs to SQLite's
 * connection: it ends when SQLite destroys our functions and our module, at sqlite3_close at the
 * latest.
 *
 * Closing a connection with prepared statements is SQLITE_BUSY, so ours must go before. SQLite
 * disconnects virtual tables first of all in sqlite3_close; helios_connection is one, and its
 * disconnect is our signal.
 *
 * Invariants: sqlite3_close succeeds whenever it would without us; nothing here is used after it.
 */
#include <string.h>

#include "ddl/ddl.h"
#include "plugin/alloc.h"
#include "sqlite/audit.h"
#include "sqlite/flush.h"
#include "sqlite/view.h"

#define POINTER_TYPE "helios_session_1" /* changes with struct helios */

/* ---- the virtual table helios_connection: one row about this connection ---- */

struct table {
  sqlite3_vtab base;
  helios *h;
};

struct cursor {
  sqlite3_vtab_cursor base;
  bool done;
};

static int table_connect(sqlite3 *db, void *arg, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **message) {
  (void)argc, (void)argv, (void)message;
  int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(version TEXT, names INTEGER, plugins INTEGER)");
  struct table *t = rc == SQLITE_OK ? hrt_alloc(sizeof *t) : NULL;
  if (t == NULL) {
    return rc == SQLITE_OK ? SQLITE_NOMEM : rc;
  }
  t->h = arg;
  t->h->anchored = true;
  t->h->refs++; /* SQLite may disconnect it after the module is gone */
  *out = &t->base;
  return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base) {
  helios *h = ((struct table *)base)->h;
  hrt_free(base);
  h->anchored = false;
  (void)hrt_flush(NULL, h, HRT_FLUSH_CLOSE, NULL);
  h->closing = true;
  hrt_session_quiesce(h);
  hrt_session_unref(h);
  return SQLITE_OK;
}

static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  (void)base;
  info->estimatedRows = 1;
  info->estimatedCost = 1;
  return SQLITE_OK;
}

static int table_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  (void)base;
  struct cursor *c = hrt_alloc(sizeof *c);
  *out = c ? &c->base : NULL;
  return c ? SQLITE_OK : SQLITE_NOMEM;
}

static int table_close(sqlite3_vtab_cursor *base) {
  hrt_free(base);
  return SQLITE_OK;
}

static int table_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                        sqlite3_value **argv) {
  (void)number, (void)text, (void)argc, (void)argv;
  ((struct cursor *)base)->done = false;
  return SQLITE_OK;
}

static int table_next(sqlite3_vtab_cursor *base) {
  ((struct cursor *)base)->done = true;
  return SQLITE_OK;
}

static int table_eof(sqlite3_vtab_cursor *base) {
  return ((struct cursor *)base)->done;
}

static int table_column(sqlite3_vtab_cursor *base, sqlite3_context *sql, int column) {
  const helios *h = ((struct table *)base->pVtab)->h;
  if (column == 0) {
    sqlite3_result_text(sql, helios_version(), -1, SQLITE_STATIC);
  } else {
    sqlite3_result_int64(sql, column == 1 ? h->entry_count : (sqlite3_int64)hrt_plugin_count());
  }
  return SQLITE_OK;
}

static int table_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
  (void)base;
  *out = 1;
  return SQLITE_OK;
}

static sqlite3_module table_module = {
    .iVersion = 0, /* no xCreate: it exists by itself, and nobody can create one */
    .xConnect = table_connect,
    .xBestIndex = table_best_index,
    .xDisconnect = table_disconnect,
    .xOpen = table_open,
    .xClose = table_close,
    .xFilter = table_filter,
    .xNext = table_next,
    .xEof = table_eof,
    .xColumn = table_column,
    .xRowid = table_rowid,
};

void hrt_session_anchor(helios *h) {
  sqlite3_stmt *s = NULL;
  if (h->anchored || h->closing) {
    return;
  }
  h->internal++;
  /* table_connect says that it is: the schema may have a table of this name. */
  (void)sqlite3_prepare_v2(h->db, "SELECT 1 FROM helios_connection", -1, &s, NULL);
  sqlite3_finalize(s);
  h->internal--;
  hrt_catalog_quiesce(h->catalog, h->anchored); /* without it statements can't be kept */
}

/* ---- life ---- */

void hrt_session_quiesce(helios *h) {
  hrt_table_pins_drop(h);
  for (hrt_entry *e = h->entries; e; e = e->next) {
    if (e->version) {
      hrt_version_quiesce(e->version);
    }
    if (e->canary) {
      hrt_version_quiesce(e->canary);
    }
  }
  hrt_catalog_quiesce(h->catalog, !h->closing);
  sqlite3_finalize(h->probe);
  h->probe = NULL;
  hrt_body_own_quiesce(h);
}

static void free_session(helios *h) {
  h->closing = true;
  hrt_table_pins_drop(h);
  hrt_audit_forget(h);
  hrt_functions_free(h);
  hrt_catalog_free(h->catalog);
  hrt_body_own_quiesce(h);
  sqlite3_finalize(h->probe);
  hrt_host_conn_clear(&h->conn);
  hrt_store_close(h->conn.observer.store);
  hrt_free(h->heliosc);
  hrt_free(h->trust_root);
  hrt_free(h->costs);
  hrt_free(h);
  hrt_aside_all();
}

void hrt_session_unref(helios *h) {
  if (--h->refs == 0) {
    free_session(h);
  }
}

static void module_destroyed(void *arg) {
  hrt_session_unref(arg);
}

/* ---- functions of the engine itself ---- */

/* helios_self(pointer): writes the session to *pointer. */
static void sql_self(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc;
  helios **out = sqlite3_value_pointer(argv[0], POINTER_TYPE);
  if (out) {
    *out = sqlite3_user_data(sql);
  }
}

static void sql_version(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc, (void)argv;
  sqlite3_result_text(sql, helios_version(), -1, SQLITE_STATIC);
}

/* helios_ddl(statement): CREATE, ALTER, DROP for programs that only have SQLite's own functions. */
static void sql_ddl(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  helios *h = sqlite3_user_data(sql);
  helios_error err = {0};
  size_t used = 0;
  (void)argc;
  const char *text = (const char *)sqlite3_value_text(argv[0]);
  size_t length = (size_t)sqlite3_value_bytes(argv[0]);
  size_t first = 0;
  if (text) {
    (void)hrt_ddl_extent(&first, text, length);
  }
  int status = text && hrt_ddl_blank(text + first, length - first)
                   ? hrt_run_ddl(h, text, length, &used, &err)
                   : hrt_fail(&err, HELIOS_E_SYNTAX, "helios_ddl takes one statement");
  if (status != 0) {
    hrt_give_error(sql, h, &err);
  }
}

static void sql_refresh(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  helios *h = sqlite3_user_data(sql);
  helios_error err = {0};
  (void)argc, (void)argv;
  if (helios_refresh(h, &err) != 0) {
    hrt_give_error(sql, h, &err);
  }
}

/* helios_version('f'): the version of f that answers the calls of the statement that asks. */
static void sql_version_of(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  helios *h = sqlite3_user_data(sql);
  helios_error err = {0};
  uint32_t version;
  (void)argc;
  const char *name = (const char *)sqlite3_value_text(argv[0]);
  hrt_entry *e = hrt_entry_find(h, name ? name : "");
  if (e == NULL && hrt_sync(h, &err) == 0) {
    e = hrt_entry_find(h, name ? name : "");
  }
  if (e == NULL && err.code == HELIOS_OK) {
    char escaped[HRT_ESCAPED];
    hrt_fail(&err, HELIOS_E_NOT_FOUND, "no such procedure: %s",
             hrt_escape(escaped, name, name ? strlen(name) : 0));
  }
  if (e == NULL || hrt_call_version(&version, sql, e, &err) != 0) {
    hrt_give_error(sql, h, &err);
  } else {
    sqlite3_result_int64(sql, version);
  }
}

/* helios_upgrade(): brings the catalog to this engine's schema, which the first DDL does too. Gives
 * the schema version; NULL: there is no catalog. */
static void sql_upgrade(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  helios *h = sqlite3_user_data(sql);
  helios_error err = {0};
  int64_t version;
  bool lacks = false;
  (void)argc, (void)argv;
  hrt_catalog_undo(h->catalog);
  int status = h->budget ? hrt_fail(&err, HELIOS_E_MISUSE, "a procedure can't upgrade the catalog")
                         : hrt_catalog_version(&version, h->catalog, &err);
  if (status == 0 && version > 0) {
    status = hrt_catalog_lacks(&lacks, h->catalog, &err);
  }
  if (status == 0 && version > 0 && (version < HRT_CATALOG_SCHEMA || lacks)) {
    status = hrt_catalog_begin(h->catalog, &err);
    status = status ? status : hrt_catalog_commit(h->catalog, &err);
    version = HRT_CATALOG_SCHEMA;
  }
  if (status != 0) {
    hrt_give_error(sql, h, &err);
  } else if (version > 0) {
    sqlite3_result_int64(sql, version);
  }
}

/* helios_rebuild([name]), helios_adopt([name]): how many versions. */
static void run_on_versions(sqlite3_context *sql, int argc, sqlite3_value **argv, const char *event,
                            int (*run)(sqlite3_int64 *, helios *, const char *, helios_error *)) {
  helios *h = sqlite3_user_data(sql);
  helios_error err = {0};
  sqlite3_int64 count = 0;
  const char *name = argc > 0 ? (const char *)sqlite3_value_text(argv[0]) : NULL;
  int status = argc > 0 && name == NULL
                   ? hrt_fail(&err, HELIOS_E_VALUE, "the name of a procedure can't be NULL")
                   : run(&count, h, name, &err);
  hrt_audit_function(h, event, name, count, &err);
  if (status != 0) {
    hrt_give_error(sql, h, &err);
  } else {
    sqlite3_result_int64(sql, count);
  }
}

static void sql_rebuild(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  run_on_versions(sql, argc, argv, "rebuild", hrt_rebuild_all);
}

static void sql_adopt(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  run_on_versions(sql, argc, argv, "adopt", hrt_adopt_all);
}

/* helios_flush(): how many records were written; NULL if now they can't be. */
static void sql_flush(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  int64_t written;
  (void)argc, (void)argv;
  if (hrt_flush(&written, sqlite3_user_data(sql), HRT_FLUSH_NOW, NULL) == 0) {
    sqlite3_result_int64(sql, written);
  }
}

/* helios_release_memory(): gives back what is set aside; how many bytes it was. */
static void sql_release_memory(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc, (void)argv;
  sqlite3_result_int64(sql, (sqlite3_int64)hrt_aside_all());
}

static void sql_prometheus(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  helios *h = sqlite3_user_data(sql);
  helios_error err = {0};
  char *text;
  (void)argc, (void)argv;
  if (hrt_prometheus(&text, h, &err) == 0) {
    sqlite3_result_text(sql, text, -1, sqlite3_free);
  } else {
    hrt_give_error(sql, h, &err);
  }
}

static void own_function_destroyed(void *arg) {
  hrt_session_unref(arg);
}

static const struct own_function {
  const char *name;
  int nargs, flags;
  void (*run)(sqlite3_context *, int, sqlite3_value **);
} own_functions[] = {
    {"helios_self", 1, SQLITE_DIRECTONLY, sql_self},
    {"helios_ddl", 1, SQLITE_DIRECTONLY, sql_ddl},
    {"helios_rebuild", 0, SQLITE_DIRECTONLY, sql_rebuild},
    {"helios_rebuild", 1, SQLITE_DIRECTONLY, sql_rebuild},
    {"helios_adopt", 0, SQLITE_DIRECTONLY, sql_adopt},
    {"helios_adopt", 1, SQLITE_DIRECTONLY, sql_adopt},
    {"helios_refresh", 0, SQLITE_DIRECTONLY, sql_refresh},
    {"helios_upgrade", 0, SQLITE_DIRECTONLY, sql_upgrade},
    {"helios_flush", 0, SQLITE_DIRECTONLY, sql_flush},
    {"helios_release_memory", 0, SQLITE_DIRECTONLY, sql_release_memory},
    {"helios_prometheus", 0, SQLITE_DIRECTONLY, sql_prometheus},
    {"helios_version", 0, SQLITE_INNOCUOUS, sql_version},
    {"helios_version", 1, SQLITE_DIRECTONLY, sql_version_of},
    {"helios_session", 1, 0, hrt_sql_session}, /* in views and triggers too */
    {"helios_session_set", 2, SQLITE_DIRECTONLY, hrt_sql_session_set},
};
enum { OWN_FUNCTIONS = sizeof own_functions / sizeof *own_functions };

static int set_own_functions(helios *h, bool on, helios_error *err) {
  for (int i = 0; i < OWN_FUNCTIONS; i++) {
    const struct own_function *f = &own_functions[i];
    h->refs += on;
    int rc = sqlite3_create_function_v2(h->db, f->name, f->nargs, SQLITE_UTF8 | f->flags,
                                        on ? h : NULL, on ? f->run : NULL, NULL, NULL,
                                        on ? own_function_destroyed : NULL);
    if (rc != SQLITE_OK) {
      return hrt_db_fail_as(h->db, on ? HELIOS_E_SQL : HELIOS_E_MISUSE, err);
    }
  }
  return 0;
}

/* ---- attach, detach ---- */

/* The session that the connection has already, or NULL. */
static helios *find_session(sqlite3 *db) {
  sqlite3_stmt *s = NULL;
  helios *h = NULL;
  if (sqlite3_prepare_v2(db, "SELECT helios_self(?1)", -1, &s, NULL) == SQLITE_OK &&
      sqlite3_bind_pointer(s, 1, &h, POINTER_TYPE, NULL) == SQLITE_OK) {
    (void)sqlite3_step(s);
  }
  sqlite3_finalize(s);
  return h;
}

static int take_options(helios *h, const helios_options *given, helios_error *err) {
  helios_options o = {0};
  if (given) {
    memcpy(&o, given, given->size < sizeof o ? given->size : sizeof o);
  }
  h->pool = o.pool ? o.pool : 10;
  h->no_rebuild = o.no_rebuild != 0;
  h->ceiling =
      (hrt_limits){.fuel = o.max_fuel, .memory = o.max_memory, .timeout_ms = o.max_timeout_ms};
  if ((o.heliosc && (h->heliosc = hrt_strdup(o.heliosc)) == NULL) ||
      (o.trust_root && (h->trust_root = hrt_strdup(o.trust_root)) == NULL)) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  return 0;
}

static int open_store(helios *h, helios_error *err) {
  uint64_t seed = 0;
  hrt_store *store;
  while (seed == 0) {
    sqlite3_randomness(sizeof seed, &seed);
    seed >>= 1; /* SQLite's integers have a sign */
  }
  int status = hrt_store_open(&store, sqlite3_db_filename(h->db, "main"), seed, err);
  if (status == 0) {
    hrt_observer_init(&h->conn.observer, store);
  }
  return status;
}

static int new_session(helios **out, sqlite3 *db, const helios_options *options,
                       helios_error *err) {
  int status = 0;
  helios *h = hrt_alloc(sizeof *h);
  if (h == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  h->db = db;
  h->refs = 1;
  hrt_host_conn_init(&h->conn, db);
  hrt_allowance_init(h);
  hrt_error_clear(&h->scratch);
  HRT_TRY(take_options(h, options, err));
  HRT_TRY(hrt_catalog_new(&h->catalog, db, &h->internal, err));
  HRT_TRY(open_store(h, err));
  *out = h;
  h = NULL;
out:
  if (h) {
    free_session(h);
  }
  return status;
}

static int remove_all(helios *h, helios_error *err) {
  int status = 0;
  HRT_TRY(hrt_functions_remove(h, err));
  HRT_TRY(set_own_functions(h, false, err));
  if (hrt_rewrite_remove(&h->conn) != SQLITE_OK) {
    HRT_TRY(hrt_db_fail_as(h->db, HELIOS_E_MISUSE, err));
  }
  hrt_authorizer_remove(h);
  sqlite3_progress_handler(h->db, 0, NULL, NULL);
  sqlite3_create_module_v2(h->db, "helios_connection", NULL, NULL, NULL);
  hrt_tables_remove(h);
out:
  return status;
}

int helios_attach(helios **out, sqlite3 *db, const helios_options *options, helios_error *err) {
  helios *h = db ? find_session(db) : NULL;
  helios_error sync_error = {0};
  int status = 0;
  if (out == NULL || db == NULL || (options && options->size < sizeof options->size)) {
    return hrt_fail(err, HELIOS_E_MISUSE,
                    "helios_attach needs a connection and a place for the handle");
  }
  if (h != NULL) {
    *out = h;
    return HELIOS_OK;
  }
  HRT_TRY(hrt_signal_install(err));
  HRT_TRY(new_session(&h, db, options, err));
  h->refs++; /* the module's */
  if (sqlite3_create_module_v2(db, "helios_connection", &table_module, h, module_destroyed) !=
      SQLITE_OK) {
    status = hrt_db_fail(db, err);
    goto out;
  }
  hrt_authorizer_install(h);
  status = set_own_functions(h, true, err);
  status = status != 0 ? status : hrt_tables_register(h, err);
  /* A locked or unreadable file is the business of the first statement that reads it. */
  if (status == 0 && hrt_sync(h, &sync_error) != 0 && sync_error.code != HELIOS_E_SQL) {
    status = hrt_fail(err, sync_error.code, "%s", sync_error.text);
  }
  if (status != 0) {
    (void)remove_all(h, NULL);
  } else {
    *out = h;
  }
out:
  if (h) {
    hrt_session_unref(h);
  }
  return status;
}

int helios_detach(helios *h, helios_error *err) {
  if (h == NULL) {
    return HELIOS_OK;
  }
  h->refs++;
  int status = 0;
  for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(h->db, s)) != NULL;) {
    if (sqlite3_stmt_busy(s)) {
      status = hrt_fail(err, HELIOS_E_MISUSE, "statements of the connection are running");
      break;
    }
  }
  if (status == 0) {
    (void)hrt_flush(NULL, h, HRT_FLUSH_CLOSE, NULL);
    hrt_session_quiesce(h);
    status = remove_all(h, err);
  }
  hrt_session_unref(h);
  return status;
}
