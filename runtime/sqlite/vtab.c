/* vtab.c - the virtual tables of tables.def, to SQLite: they exist by themselves (no CREATE), can't
 * be written, and stand in views too, but for helios_versions, whose look at a version maps its
 * plugin.
 *
 * Invariant: an open cursor keeps no lock and no memory beyond its xClose. */
#include <string.h>

#include "plugin/alloc.h"
#include "sqlite/view.h"

/* What a module knows: one a table and connection. */
struct module {
  helios *h;
  hrt_table table;
};

struct table {
  sqlite3_vtab base;
  helios *h;
  hrt_table table;
};

struct cursor {
  sqlite3_vtab_cursor base;
  hrt_view view;
  sqlite3_int64 rowid;
};

static int declare(sqlite3 *db, hrt_table table) {
  uint32_t count;
  const hrt_table_column *c = hrt_table_columns(&count, table);
  sqlite3_str *s = sqlite3_str_new(db);
  for (uint32_t i = 0; i < count; i++) {
    sqlite3_str_appendf(s, "%s\"%w\" %s", i == 0 ? "CREATE TABLE x(" : ", ", c[i].name, c[i].type);
  }
  sqlite3_str_appendall(s, ")");
  char *sql = sqlite3_str_finish(s);
  int rc = sql ? sqlite3_declare_vtab(db, sql) : SQLITE_NOMEM;
  sqlite3_free(sql);
  return rc;
}

static int connect_table(sqlite3 *db, void *arg, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **message) {
  (void)argc, (void)argv, (void)message;
  const struct module *m = arg;
  int rc = declare(db, m->table);
  struct table *t = rc == SQLITE_OK ? hrt_alloc(sizeof *t) : NULL;
  if (t == NULL) {
    return rc == SQLITE_OK ? SQLITE_NOMEM : rc;
  }
  if (m->table != HRT_TABLE_VERSIONS) {
    (void)sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  }
  t->h = m->h;
  t->table = m->table;
  t->h->refs++; /* SQLite may disconnect it after the module is gone */
  *out = &t->base;
  return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *base) {
  helios *h = ((struct table *)base)->h;
  hrt_free(base);
  hrt_session_unref(h);
  return SQLITE_OK;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  (void)base;
  info->estimatedRows = 1000;
  info->estimatedCost = 10000;
  return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  const struct table *t = (const struct table *)base;
  struct cursor *c = hrt_alloc(sizeof *c);
  if (c) {
    c->view.h = t->h;
    c->view.table = t->table;
  }
  *out = c ? &c->base : NULL;
  return c ? SQLITE_OK : SQLITE_NOMEM;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
  hrt_view_close(&((struct cursor *)base)->view);
  hrt_free(base);
  return SQLITE_OK;
}

static int fail(sqlite3_vtab_cursor *base, int status, const helios_error *err) {
  if (status == 0) {
    return SQLITE_OK;
  }
  sqlite3_free(base->pVtab->zErrMsg);
  base->pVtab->zErrMsg = sqlite3_mprintf("%s", err->text);
  return status == HELIOS_E_MEMORY ? SQLITE_NOMEM : SQLITE_ERROR;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                  sqlite3_value **argv) {
  struct cursor *c = (struct cursor *)base;
  helios_error err = {0};
  (void)number, (void)text, (void)argc, (void)argv;
  hrt_view_close(&c->view);
  c->rowid = 1;
  return fail(base, hrt_view_open(&c->view, &err), &err);
}

static int next(sqlite3_vtab_cursor *base) {
  struct cursor *c = (struct cursor *)base;
  helios_error err = {0};
  c->rowid++;
  return fail(base, hrt_view_next(&c->view, &err), &err);
}

static int eof(sqlite3_vtab_cursor *base) {
  return hrt_view_at_end(&((struct cursor *)base)->view);
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *sql, int n) {
  hrt_view_column(&((struct cursor *)base)->view, sql, n);
  return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
  *out = ((struct cursor *)base)->rowid;
  return SQLITE_OK;
}

static sqlite3_module module_of_all = {
    .iVersion = 0, /* no xCreate: eponymous only; no xUpdate: read only */
    .xConnect = connect_table,
    .xBestIndex = best_index,
    .xDisconnect = disconnect_table,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = eof,
    .xColumn = column,
    .xRowid = rowid,
};

static void module_destroyed(void *arg) {
  struct module *m = arg;
  hrt_session_unref(m->h);
  hrt_free(m);
}

int hrt_tables_register(helios *h, helios_error *err) {
  for (int i = 0; i < HRT_TABLE_COUNT; i++) {
    struct module *m = hrt_alloc(sizeof *m);
    if (m == NULL) {
      return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    }
    *m = (struct module){h, (hrt_table)i};
    h->refs++; /* taken back by module_destroyed, which SQLite calls also when this fails */
    if (sqlite3_create_module_v2(h->db, hrt_table_name(m->table), &module_of_all, m,
                                 module_destroyed) != SQLITE_OK) {
      return hrt_db_fail(h->db, err);
    }
  }
  return 0;
}

void hrt_tables_remove(helios *h) {
  for (int i = 0; i < HRT_TABLE_COUNT; i++) {
    sqlite3_create_module_v2(h->db, hrt_table_name((hrt_table)i), NULL, NULL, NULL);
  }
}
