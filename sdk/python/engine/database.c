/* database.c - statements and transactions. A row is a dict whose keys stand in the order of the
 * columns. Must close what it opened, also when a row can't be made. */
#include "database.h"

#include "engine.h"
#include "py/objstr.h"

#define COLUMN_NAME_MAX 256

/* ---- statements ---- */

typedef struct rows {
  mp_obj_base_t base;
  int stmt; /* 0: at its end */
  unsigned columns;
  mp_obj_t *names;
} rows;

static void finish(rows *r) {
  if (r->stmt > 0) {
    hg_finalize(r->stmt);
    r->stmt = 0;
  }
}

static NORETURN void finish_and_raise(rows *r, mp_obj_t exception) {
  finish(r);
  nlr_raise(exception);
}

static int check(rows *r, int status) {
  if (status < 0) {
    finish_and_raise(r, hp_error_of(status));
  }
  return status;
}

typedef struct parameter {
  int stmt;
  unsigned index;
} parameter;

static int bind_null(void *arg) {
  const parameter *p = arg;
  return hg_bind_null(p->stmt, p->index);
}
static int bind_i64(void *arg, long long v) {
  const parameter *p = arg;
  return hg_bind_i64(p->stmt, p->index, v);
}
static int bind_f64(void *arg, double v) {
  const parameter *p = arg;
  return hg_bind_f64(p->stmt, p->index, v);
}
static int bind_bytes(void *arg, enum hg_type type, const char *at, unsigned n) {
  const parameter *p = arg;
  return type == HG_BLOB ? hg_bind_blob(p->stmt, p->index, at, n)
                         : hg_bind_text(p->stmt, p->index, at, n);
}

/* One list or tuple behind the SQL stands for what is in it. */
static void bind_all(rows *r, size_t count, const mp_obj_t *values) {
  mp_obj_t *items;
  if (count == 1 &&
      (mp_obj_is_type(values[0], &mp_type_list) || mp_obj_is_type(values[0], &mp_type_tuple))) {
    mp_obj_get_array(values[0], &count, &items);
    values = items;
  }
  for (size_t i = 0; i < count; i++) {
    parameter p = {r->stmt, (unsigned)i + 1};
    hp_sink sink = {bind_null, bind_i64, bind_f64, bind_bytes, &p};
    check(r, hp_give(&sink, HG_SQL_ANY, values[i]));
  }
}

static void open_rows(rows *r, size_t count, const mp_obj_t *args) {
  hp_bytes sql = hp_text_of(args[0]);
  r->names = NULL;
  r->columns = 0;
  r->stmt = hp_check(hg_prepare(sql.at, sql.length));
  bind_all(r, count - 1, args + 1);
}

/* The names of the columns, asked for when there is a row. */
static void name_columns(rows *r) {
  char name[COLUMN_NAME_MAX];
  r->columns = (unsigned)check(r, hg_column_count(r->stmt));
  r->names = m_new(mp_obj_t, r->columns + 1);
  for (unsigned i = 0; i < r->columns; i++) {
    int n = check(r, hg_column_name(r->stmt, i, name, sizeof name));
    r->names[i] =
        MP_OBJ_NEW_QSTR(qstr_from_strn(name, n < COLUMN_NAME_MAX ? (size_t)n : COLUMN_NAME_MAX));
  }
}

static mp_obj_t value_at(rows *r, unsigned column) {
  mp_obj_t value = hp_column(r->stmt, column);
  if (value == MP_OBJ_NULL) {
    finish(r);
    hp_raise(HG_E_UTF8, "a column has text that is not valid UTF-8");
  }
  return value;
}

static mp_obj_t row_of(rows *r) {
  if (r->names == NULL) {
    name_columns(r);
  }
  mp_obj_t row = mp_obj_new_dict(r->columns);
  mp_map_t *map = mp_obj_dict_get_map(row);
  for (unsigned i = 0; i < r->columns; i++) {
    mp_map_lookup(map, r->names[i], MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value = value_at(r, i);
  }
  return row;
}

static mp_obj_t query(size_t count, const mp_obj_t *args) {
  rows r;
  open_rows(&r, count, args);
  mp_obj_t list = mp_obj_new_list(0, NULL);
  while (check(&r, hg_step(r.stmt)) == 1) {
    mp_obj_list_append(list, row_of(&r));
  }
  finish(&r);
  return list;
}
MP_DEFINE_CONST_FUN_OBJ_VAR(hp_query_obj, 1, query);

static mp_obj_t query_one(size_t count, const mp_obj_t *args) {
  rows r;
  open_rows(&r, count, args);
  mp_obj_t row = check(&r, hg_step(r.stmt)) == 1 ? row_of(&r) : mp_const_none;
  finish(&r);
  return row;
}
MP_DEFINE_CONST_FUN_OBJ_VAR(hp_query_one_obj, 1, query_one);

static mp_obj_t query_value(size_t count, const mp_obj_t *args) {
  rows r;
  open_rows(&r, count, args);
  mp_obj_t value = check(&r, hg_step(r.stmt)) == 1 ? value_at(&r, 0) : mp_const_none;
  finish(&r);
  return value;
}
MP_DEFINE_CONST_FUN_OBJ_VAR(hp_query_value_obj, 1, query_value);

static mp_obj_t next_row(mp_obj_t self) {
  rows *r = MP_OBJ_TO_PTR(self);
  if (r->stmt == 0) {
    return MP_OBJ_STOP_ITERATION;
  }
  if (check(r, hg_step(r->stmt)) == 1) {
    return row_of(r);
  }
  finish(r);
  return MP_OBJ_STOP_ITERATION;
}
static MP_DEFINE_CONST_OBJ_TYPE(type_rows, MP_QSTR_rows, MP_TYPE_FLAG_ITER_IS_ITERNEXT, iter,
                                next_row);

static mp_obj_t rows_of(size_t count, const mp_obj_t *args) {
  rows *r = mp_obj_malloc(rows, &type_rows);
  r->stmt = 0;
  open_rows(r, count, args);
  return MP_OBJ_FROM_PTR(r);
}
MP_DEFINE_CONST_FUN_OBJ_VAR(hp_rows_obj, 1, rows_of);

/* How many rows it changed: changes() belongs to the connection, and is right right behind it. */
static mp_obj_t execute(size_t count, const mp_obj_t *args) {
  static const char changes[] = "SELECT changes()";
  rows r;
  open_rows(&r, count, args);
  while (check(&r, hg_step(r.stmt)) == 1) {
  }
  finish(&r);
  r.stmt = hp_check(hg_prepare(changes, sizeof changes - 1));
  check(&r, hg_step(r.stmt));
  mp_obj_t changed = mp_obj_new_int_from_ll(hg_column_i64(r.stmt, 0));
  finish(&r);
  return changed;
}
MP_DEFINE_CONST_FUN_OBJ_VAR(hp_execute_obj, 1, execute);

/* ---- transactions ---- */

static mp_obj_t begin(void) {
  hp_check(hg_begin());
  return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(hp_begin_obj, begin);

static mp_obj_t commit(void) {
  hp_check(hg_commit());
  return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(hp_commit_obj, commit);

static mp_obj_t rollback(void) {
  hp_check(hg_rollback());
  return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(hp_rollback_obj, rollback);

/* with transaction(): or with savepoint("name"): kept at the end, undone if an exception leaves it.
 */
typedef struct scope {
  mp_obj_base_t base;
  mp_obj_t name; /* None: begin and commit */
} scope;

static mp_obj_t scope_enter(mp_obj_t self) {
  const scope *s = MP_OBJ_TO_PTR(self);
  if (s->name == mp_const_none) {
    hp_check(hg_begin());
  } else {
    hp_bytes name = hp_text_of(s->name);
    hp_check(hg_savepoint(name.at, name.length));
  }
  return self;
}
static MP_DEFINE_CONST_FUN_OBJ_1(scope_enter_obj, scope_enter);

static mp_obj_t scope_exit(size_t count, const mp_obj_t *args) {
  const scope *s = MP_OBJ_TO_PTR(args[0]);
  bool failed = count > 1 && args[1] != mp_const_none;
  if (s->name == mp_const_none) {
    hp_check(failed ? hg_rollback() : hg_commit());
    return mp_const_false;
  }
  hp_bytes name = hp_text_of(s->name);
  if (failed) {
    hp_check(hg_rollback_to(name.at, name.length));
  }
  hp_check(hg_release(name.at, name.length));
  return mp_const_false;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(scope_exit_obj, 1, 4, scope_exit);

static const mp_rom_map_elem_t scope_locals[] = {
    {MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&scope_enter_obj)},
    {MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&scope_exit_obj)},
};
static MP_DEFINE_CONST_DICT(scope_dict, scope_locals);
static MP_DEFINE_CONST_OBJ_TYPE(type_scope, MP_QSTR_transaction, MP_TYPE_FLAG_NONE, locals_dict,
                                &scope_dict);

static mp_obj_t new_scope(mp_obj_t name) {
  scope *s = mp_obj_malloc(scope, &type_scope);
  s->name = name;
  return MP_OBJ_FROM_PTR(s);
}

static mp_obj_t transaction(void) {
  return new_scope(mp_const_none);
}
MP_DEFINE_CONST_FUN_OBJ_0(hp_transaction_obj, transaction);

static mp_obj_t savepoint(mp_obj_t name) {
  hp_text_of(name);
  return new_scope(name);
}
MP_DEFINE_CONST_FUN_OBJ_1(hp_savepoint_obj, savepoint);
