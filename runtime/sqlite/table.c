/* table.c - procedures that RETURN TABLE, as table-valued functions: SELECT * FROM f(1, 2). An
 * eponymous virtual table whose hidden columns are the parameters; each opening of it calls the
 * procedure once a set of arguments and keeps the rows.
 *
 * A module is registered once a name and made anew only when the columns, the parameters or purity
 * change, since SQLite connects such a table once a connection and knows its columns from then on.
 * Statements that were prepared for the old columns are refused when they run.
 *
 * Invariants: what a statement's cursors read was made by one version (tablepin.c); a cursor's rows
 * go with it. */
#include <string.h>

#include "plugin/alloc.h"
#include "sqlite/pin.h"

/* ---- what a version returns ---- */

int hrt_columns_make(hrt_columns **out, const hrt_definition *d, helios_error *err) {
  int status = 0;
  hrt_columns *t = hrt_alloc(sizeof *t);
  if (t == NULL || (t->key = hrt_table_key(d)) == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    goto out;
  }
  for (uint32_t i = 0; i < d->column_count; i++) {
    const hrt_column *c = &d->columns[i];
    hrt_signature type = {0};
    HRT_TRY(hrt_signature_returns(&type, c->type.name, err));
    t->types[i] = type.returns;
    t->names[i] = hrt_strdup(c->name);
    t->count++;
    if (t->names[i] == NULL) {
      status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
      goto out;
    }
  }
  *out = t;
  t = NULL;
out:
  hrt_columns_free(t);
  return status;
}

void hrt_columns_free(hrt_columns *t) {
  if (t) {
    for (uint32_t i = 0; i < t->count; i++) {
      hrt_free(t->names[i]);
    }
    hrt_free(t->key);
    hrt_free(t);
  }
}

/* ---- the virtual table ---- */

struct table {
  sqlite3_vtab base;
  helios *h;
  hrt_entry *entry;
  char *key;
  uint32_t columns, params;
};

struct cursor {
  sqlite3_vtab_cursor base;
  hrt_pin *pin; /* NULL until the first call */
  hrt_rows rows;
  uint64_t row;
  uint32_t argc;
  sqlite3_value *argv[HRT_ARGS_MAX]; /* of the last call; owned */
};

/* The column's type as SQLite shall see it: for the affinity of comparisons. */
static const char *shown_type(const hrt_column *c) {
  hrt_type type;
  return hrt_type_find(&type, c->type.name, strlen(c->type.name)) && type != HRT_TYPE_ANY
             ? hrt_type_name(type)
             : "";
}

static char *declaration(const hrt_definition *d) {
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendall(sql, "CREATE TABLE x(");
  for (uint32_t i = 0; i < d->column_count; i++) {
    sqlite3_str_appendf(sql, "%s\"%w\" %s", i ? ", " : "", d->columns[i].name,
                        shown_type(&d->columns[i]));
  }
  for (uint32_t i = 0; i < d->param_count; i++) {
    if (d->params[i].name[0]) {
      sqlite3_str_appendf(sql, ", \"%w\" HIDDEN", d->params[i].name);
    } else {
      sqlite3_str_appendf(sql, ", \"arg%u\" HIDDEN", i + 1);
    }
  }
  sqlite3_str_appendall(sql, ")");
  return sqlite3_str_finish(sql);
}

static int declare(helios *h, const hrt_definition *d, helios_error *err) {
  char *sql = declaration(d);
  int rc = SQLITE_NOMEM;
  if (sql) {
    hrt_host_env *guest = hrt_host_suspend(&h->conn);
    h->internal++;
    rc = sqlite3_declare_vtab(h->db, sql);
    h->internal--;
    hrt_host_resume(&h->conn, guest);
  }
  sqlite3_free(sql);
  if (rc == SQLITE_OK) {
    rc = sqlite3_vtab_config(h->db,
                             d->deterministic ? SQLITE_VTAB_INNOCUOUS : SQLITE_VTAB_DIRECTONLY);
  }
  return rc == SQLITE_OK ? 0 : hrt_db_fail(h->db, err);
}

static int no_table(const char *name, helios_error *err) {
  int status = hrt_fail(err, HELIOS_E_VALUE, "it returns one value, not a table");
  hrt_hint(err, "SELECT %.60s(...)", name);
  return status;
}

static int find(hrt_definition *d, hrt_entry *e, helios_error *err) {
  hrt_host_env *guest = hrt_host_suspend(&e->h->conn);
  int status = hrt_catalog_find(d, e->h->catalog, e->name, 0, err);
  hrt_host_resume(&e->h->conn, guest);
  return status == 0 && d->column_count == 0 ? no_table(e->name, err) : status;
}

static int connect(struct table **out, hrt_entry *e, helios_error *err) {
  struct table *t = hrt_alloc(sizeof *t);
  hrt_definition *d = hrt_alloc(sizeof *d);
  int status = 0;
  if (t == NULL || d == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    goto out;
  }
  HRT_TRY(find(d, e, err));
  HRT_TRY(declare(e->h, d, err));
  t->h = e->h;
  t->entry = e;
  t->columns = d->column_count;
  t->params = d->param_count;
  t->key = hrt_table_key(d);
  if (t->key == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    goto out;
  }
  e->h->refs++; /* SQLite may disconnect it after the module is gone */
  *out = t;
  t = NULL;
out:
  hrt_free(t);
  hrt_free(d);
  return status;
}

static int table_connect(sqlite3 *db, void *arg, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **message) {
  helios_error err = {0};
  struct table *t = NULL;
  hrt_entry *e = arg;
  (void)db, (void)argc, (void)argv;
  if (connect(&t, e, &err) != 0) {
    int rc = hrt_report(e, NULL, NULL, 0, NULL, &err);
    *message = sqlite3_mprintf("%s", err.text);
    return rc;
  }
  *out = &t->base;
  return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base) {
  struct table *t = (struct table *)base;
  helios *h = t->h;
  hrt_free(t->key);
  hrt_free(t);
  hrt_session_unref(h);
  return SQLITE_OK;
}

/* Which parameters are given: an index of aConstraint each, or -1. False: one is given by what is
 * not known yet, in this order of loops. */
static bool find_given(int given[HRT_ARGS_MAX], const struct table *t,
                       const sqlite3_index_info *info) {
  bool late[HRT_ARGS_MAX] = {false};
  for (uint32_t i = 0; i < t->params; i++) {
    given[i] = -1;
  }
  for (int i = 0; i < info->nConstraint; i++) {
    int param = info->aConstraint[i].iColumn - (int)t->columns;
    if (param < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) {
      continue;
    }
    if (!info->aConstraint[i].usable) {
      late[param] = true;
    } else if (given[param] < 0) {
      given[param] = i;
    }
  }
  for (uint32_t i = 0; i < t->params; i++) {
    if (late[i] && given[i] < 0) {
      return false;
    }
  }
  return true;
}

/* idxStr: two digits for each parameter that xFilter gets, in order. */
static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  const struct table *t = (struct table *)base;
  int given[HRT_ARGS_MAX], count = 0;
  if (!find_given(given, t, info)) {
    return SQLITE_CONSTRAINT;
  }
  char *text = sqlite3_malloc(2 * HRT_ARGS_MAX + 1);
  if (text == NULL) {
    return SQLITE_NOMEM;
  }
  for (uint32_t i = 0; i < t->params; i++) {
    if (given[i] >= 0) {
      text[2 * count] = (char)('0' + i / 10);
      text[2 * count + 1] = (char)('0' + i % 10);
      info->aConstraintUsage[given[i]].argvIndex = ++count;
      info->aConstraintUsage[given[i]].omit = 1;
    }
  }
  text[2 * count] = 0;
  info->idxStr = text;
  info->needToFreeIdxStr = 1;
  info->estimatedCost = 1000;
  info->estimatedRows = 100;
  return SQLITE_OK;
}

/* Takes the statement's pin, if there is one, while the cursor that this one may replace holds it.
 */
static int table_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  const struct table *t = (struct table *)base;
  struct cursor *c = hrt_alloc(sizeof *c);
  if (c && t->h->table_pins) {
    hrt_running place = hrt_running_now(t->h);
    c->pin = hrt_table_pin_found(t->entry, &place);
  }
  *out = c ? &c->base : NULL;
  return c ? SQLITE_OK : SQLITE_NOMEM;
}

/* Rows and arguments of the last call. */
static void forget(struct cursor *c) {
  hrt_rows_clear(&c->rows);
  for (uint32_t i = 0; i < c->argc; i++) {
    sqlite3_value_free(c->argv[i]);
  }
  c->argc = 0;
  c->row = 0;
}

static int table_close(sqlite3_vtab_cursor *base) {
  struct cursor *c = (struct cursor *)base;
  forget(c);
  if (c->pin) {
    hrt_pin_unref(c->pin);
  }
  hrt_free(c);
  return SQLITE_OK;
}

/* The statement was prepared for what the procedure returned then. */
static int check_key(const struct table *t, const hrt_version *v, helios_error *err) {
  if (v->columns == NULL) {
    return no_table(v->name, err);
  }
  if (strcmp(t->key, v->columns->key) == 0) {
    return 0;
  }
  helios_error ignored = {0};
  (void)hrt_table_register(t->entry, v->columns->key, &ignored);
  int status = hrt_fail(err, HELIOS_E_VALUE, "its columns or parameters have changed");
  hrt_hint(err, "prepare the statement again");
  return status;
}

static int pin(struct cursor *c, const struct table *t, const hrt_running *place,
               helios_error *err) {
  int status = 0;
  if (c->pin == NULL) {
    HRT_TRY(hrt_table_pin(&c->pin, t->entry, place, err));
  }
  HRT_TRY(check_key(t, c->pin->version, err));
out:
  return status;
}

/* Copies of what is given, and DEFAULTs. */
static int take_arguments(struct cursor *c, const char *which, sqlite3_value **argv,
                          helios_error *err) {
  const hrt_signature *s = &c->pin->version->signature;
  char name[HRT_PARAM_NAME];
  for (uint32_t i = 0; i < s->argc; i++) {
    bool given = which[0] && (uint32_t)((which[0] - '0') * 10 + which[1] - '0') == i;
    sqlite3_value *v = given ? *argv++ : s->fallbacks[i];
    which += given ? 2 : 0;
    if (v == NULL) {
      return hrt_fail(err, HELIOS_E_VALUE, "parameter %s has no value and no DEFAULT",
                      hrt_param_name(name, s, i));
    }
    c->argv[c->argc] = sqlite3_value_dup(v);
    if (c->argv[c->argc++] == NULL) {
      return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    }
  }
  return 0;
}

struct call {
  const char *which;
  sqlite3_value **argv;
  hrt_running place;
  hrt_host_env *guest;
};

static int fill(struct cursor *c, const struct table *t, const struct call *call,
                helios_error *err) {
  int status = 0;
  HRT_TRY(pin(c, t, &call->place, err));
  HRT_TRY(take_arguments(c, call->which, call->argv, err));
  hrt_pin *p = c->pin;
  c->rows.columns = p->version->columns->count;
  c->rows.types = p->version->columns->types;
  c->rows.names = p->version->columns->names;
  HRT_TRY(hrt_request_run(
      &(hrt_request){p->version, &p->seat, &p->tally, call->guest, c->argv, NULL, &c->rows}, err));
  if (c->rows.count != c->rows.complete * c->rows.columns) {
    HRT_TRY(hrt_fail(err, HELIOS_E_VALUE, "row %llu was begun and not ended",
                     (unsigned long long)c->rows.complete + 1));
  }
out:
  return status;
}

static int table_filter(sqlite3_vtab_cursor *base, int number, const char *which, int argc,
                        sqlite3_value **argv) {
  struct cursor *c = (struct cursor *)base;
  struct table *t = (struct table *)base->pVtab;
  helios *h = t->h;
  struct call call = {.which = which, .argv = argv, .place = {.stmt = NULL}};
  helios_error err = {0};
  int rc = SQLITE_OK;
  (void)number;
  if (c->pin == NULL) {
    call.place = hrt_running_now(h);
  }
  call.guest = hrt_host_suspend(&h->conn);
  forget(c);
  if (fill(c, t, &call, &err) != 0) {
    forget(c);
    rc = hrt_report(t->entry, c->pin ? &c->pin->tally : NULL, c->pin ? c->pin->version : NULL, argc,
                    argv, &err);
    sqlite3_free(t->base.zErrMsg);
    t->base.zErrMsg = sqlite3_mprintf("%s", err.text);
  }
  hrt_host_resume(&h->conn, call.guest);
  return rc;
}

static int table_next(sqlite3_vtab_cursor *base) {
  ((struct cursor *)base)->row++;
  return SQLITE_OK;
}

static int table_eof(sqlite3_vtab_cursor *base) {
  const struct cursor *c = (struct cursor *)base;
  return c->row >= c->rows.complete;
}

static int table_column(sqlite3_vtab_cursor *base, sqlite3_context *sql, int column) {
  const struct cursor *c = (struct cursor *)base;
  uint32_t i = (uint32_t)column;
  if (i < c->rows.columns) {
    hrt_value_copy(sql, &c->rows.cells[c->row * c->rows.columns + i]);
  } else if (i - c->rows.columns < c->argc) {
    sqlite3_result_value(sql, c->argv[i - c->rows.columns]);
  }
  return SQLITE_OK;
}

static int table_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
  *out = (sqlite3_int64)((struct cursor *)base)->row + 1;
  return SQLITE_OK;
}

static const sqlite3_module module = {
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

static void module_destroyed(void *arg) {
  hrt_session_unref(((hrt_entry *)arg)->h);
}

int hrt_table_register(hrt_entry *e, const char *key, helios_error *err) {
  char *copy = hrt_strdup(key);
  if (copy == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  e->h->refs++; /* taken back by module_destroyed, which SQLite calls also when this fails */
  if (sqlite3_create_module_v2(e->h->db, e->name, &module, e, module_destroyed) != SQLITE_OK) {
    hrt_free(copy);
    return hrt_db_fail(e->h->db, err);
  }
  hrt_free(e->table_key);
  e->table_key = copy;
  e->h->registered++;
  return 0;
}
