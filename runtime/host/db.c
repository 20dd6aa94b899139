/* db.c - prepared statements for guests: prepare, bind, step, columns. stmt.c owns the statements.
 * Must never hand out a column of a statement that has no row. */
#include <string.h>

#include "host/internal.h"
#include "plugin/alloc.h"

static int no_stmt(hrt_host_env *env) {
  return hrt_refuse(env, HSB_STATUS_HANDLE, NULL);
}

void hrt_hc_prepare(hrt_host_env *env, hsb_slot *s) {
  struct hrt_bytes sql;
  uint32_t index = 0;
  int status = hrt_bytes_read(&sql, env, s[0], s[1], HRT_SQL_MAX);
  if (status == 0) {
    status = hrt_stmt_open(&index, env, (const char *)sql.at, sql.length);
    hrt_bytes_free(&sql);
  }
  status = hrt_settle(env, status);
  hrt_answer(s, status != 0 ? status : hrt_stmt_handle(env, index));
}

/* ---- parameters ---- */

/* The statement, if it is open and not running, which SQLite would call misuse. */
static int bindable(struct hrt_stmt **out, hrt_host_env *env, hsb_slot handle) {
  *out = hrt_stmt_find(env, hrt_u32(handle));
  if (*out == NULL) {
    return no_stmt(env);
  }
  return (*out)->fresh ? 0
                       : hrt_refuse(env, HSB_STATUS_STATE, "reset the statement before binding");
}

static void bound(hrt_host_env *env, hsb_slot *s, int rc) {
  hrt_answer(s, rc == SQLITE_OK ? 0 : hrt_sql_status(env, rc));
}

/* The statement of a parameter without bytes, or NULL after the guest was answered. */
__attribute__((always_inline)) static inline struct hrt_stmt *bind_number(hrt_host_env *env,
                                                                          hsb_slot *s) {
  struct hrt_stmt *st = NULL;
  int status = bindable(&st, env, s[0]);
  if (status != 0) {
    hrt_answer(s, status);
    return NULL;
  }
  hrt_stmt_binds(st, hrt_u32(s[1]), false);
  return st;
}

void hrt_hc_bind_null(hrt_host_env *env, hsb_slot *s) {
  struct hrt_stmt *st = bind_number(env, s);
  if (st != NULL) {
    bound(env, s, sqlite3_bind_null(st->handle, (int)hrt_u32(s[1])));
  }
}

void hrt_hc_bind_i64(hrt_host_env *env, hsb_slot *s) {
  struct hrt_stmt *st = bind_number(env, s);
  if (st != NULL) {
    bound(env, s, sqlite3_bind_int64(st->handle, (int)hrt_u32(s[1]), (int64_t)s[2]));
  }
}

void hrt_hc_bind_f64(hrt_host_env *env, hsb_slot *s) {
  struct hrt_stmt *st = bind_number(env, s);
  double d = 0;
  memcpy(&d, &s[2], sizeof d);
  if (st != NULL) {
    bound(env, s, sqlite3_bind_double(st->handle, (int)hrt_u32(s[1]), d));
  }
}

/* SQLite takes over the heap copy, and frees it also when it refuses. */
static int bind(struct hrt_stmt *st, int index, struct hrt_bytes *b, bool text) {
  void (*done)(void *) = b->heap != NULL ? hrt_free : SQLITE_TRANSIENT;
  const char *at = (const char *)b->at;
  b->heap = NULL;
  return text ? sqlite3_bind_text(st->handle, index, at, (int)b->length, done)
              : sqlite3_bind_blob(st->handle, index, at, (int)b->length, done);
}

static int bind_bytes(hrt_host_env *env, hsb_slot *s, bool text) {
  struct hrt_stmt *st = NULL;
  struct hrt_bytes b;
  int status = bindable(&st, env, s[0]);
  if (status != 0) {
    return status;
  }
  status = hrt_bytes_read(&b, env, s[2], s[3], HRT_RESULT_MAX);
  if (status != 0) {
    return status;
  }
  if (text && !hrt_utf8(b.at, b.length)) {
    hrt_bytes_free(&b);
    return hrt_refuse(env, HSB_STATUS_UTF8, NULL);
  }
  hrt_stmt_binds(st, hrt_u32(s[1]), true);
  int rc = bind(st, (int)hrt_u32(s[1]), &b, text);
  return rc == SQLITE_OK ? 0 : hrt_sql_status(env, rc);
}

void hrt_hc_bind_text(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, bind_bytes(env, s, true));
}

void hrt_hc_bind_blob(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, bind_bytes(env, s, false));
}

/* ---- running ---- */

void hrt_hc_step(hrt_host_env *env, hsb_slot *s) {
  struct hrt_stmt *st = hrt_stmt_find(env, hrt_u32(s[0]));
  hrt_answer(s, st != NULL ? hrt_stmt_step(env, st) : no_stmt(env));
}

void hrt_hc_reset(hrt_host_env *env, hsb_slot *s) {
  struct hrt_stmt *st = hrt_stmt_find(env, hrt_u32(s[0]));
  if (st != NULL) {
    hrt_stmt_reset(st);
  }
  hrt_answer(s, st != NULL ? 0 : no_stmt(env));
}

void hrt_hc_finalize(hrt_host_env *env, hsb_slot *s) {
  struct hrt_stmt *st = hrt_stmt_find(env, hrt_u32(s[0]));
  if (st != NULL) {
    hrt_stmt_close(env, (uint32_t)(st - env->stmts->open));
  }
  hrt_answer(s, st != NULL ? 0 : no_stmt(env));
}

/* ---- columns ---- */

void hrt_hc_column_count(hrt_host_env *env, hsb_slot *s) {
  struct hrt_stmt *st = hrt_stmt_find(env, hrt_u32(s[0]));
  hrt_answer(s, st != NULL ? sqlite3_column_count(st->handle) : no_stmt(env));
}

void hrt_hc_column_name(hrt_host_env *env, hsb_slot *s) {
  struct hrt_stmt *st = hrt_stmt_find(env, hrt_u32(s[0]));
  if (st == NULL) {
    hrt_answer(s, no_stmt(env));
    return;
  }
  const char *name = NULL;
  if (hrt_u32(s[1]) < (uint32_t)sqlite3_column_count(st->handle)) {
    name = sqlite3_column_name(st->handle, (int)hrt_u32(s[1]));
  }
  hrt_answer(s, name != NULL ? hrt_give(env, s[2], s[3], name, strlen(name))
                             : hrt_refuse(env, HSB_STATUS_INDEX, NULL));
}

static int no_column(hrt_host_env *env, const struct hrt_stmt *st) {
  return st->columns == 0 ? hrt_refuse(env, HSB_STATUS_STATE, "the statement has no row")
                          : hrt_refuse(env, HSB_STATUS_INDEX, NULL);
}

/* (stmt, column) of a row that is there. The connection's mutex is ours, since the statement that
 * called the procedure runs; so the value may be looked at without a lock for each look. */
__attribute__((always_inline)) static inline int column(sqlite3_value **out, hrt_host_env *env,
                                                        const hsb_slot *s) {
  struct hrt_stmt *st = hrt_stmt_find(env, hrt_u32(s[0]));
  if (st == NULL) {
    return no_stmt(env);
  }
  if (hrt_u32(s[1]) >= st->columns) {
    return no_column(env, st);
  }
  *out = sqlite3_column_value(st->handle, (int)hrt_u32(s[1]));
  return 0;
}

void hrt_hc_column_type(hrt_host_env *env, hsb_slot *s) {
  sqlite3_value *v = NULL;
  int status = column(&v, env, s);
  hrt_answer(s, status == 0 ? (int)hrt_value_type(HRT_TYPE_ANY, v) : status);
}

void hrt_hc_column_i64(hrt_host_env *env, hsb_slot *s) {
  sqlite3_value *v = NULL;
  int status = column(&v, env, s);
  if (status != 0) {
    hrt_end_call(env, "column_i64", status);
  }
  s[0] = (hsb_slot)sqlite3_value_int64(v);
}

void hrt_hc_column_f64(hrt_host_env *env, hsb_slot *s) {
  sqlite3_value *v = NULL;
  int status = column(&v, env, s);
  if (status != 0) {
    hrt_end_call(env, "column_f64", status);
  }
  double d = sqlite3_value_double(v);
  memcpy(&s[0], &d, sizeof d);
}

/* The bytes a guest sees: 8 for numbers (in scratch), none for NULL. */
__attribute__((always_inline)) static inline int column_bytes(const void **out, uint64_t *length,
                                                              hrt_host_env *env, const hsb_slot *s,
                                                              uint64_t *scratch) {
  sqlite3_value *v = NULL;
  int status = column(&v, env, s);
  double d = 0;
  if (status != 0) {
    return status;
  }
  *out = scratch;
  *length = 8;
  switch (sqlite3_value_type(v)) {
  case SQLITE_NULL:
    *length = 0;
    return 0;
  case SQLITE_INTEGER:
    *scratch = (uint64_t)sqlite3_value_int64(v);
    return 0;
  case SQLITE_FLOAT:
    d = sqlite3_value_double(v);
    memcpy(scratch, &d, sizeof d);
    return 0;
  case SQLITE_TEXT:
    *out = sqlite3_value_text(v);
    break;
  default:
    *out = sqlite3_value_blob(v);
  }
  *length = (uint64_t)sqlite3_value_bytes(v);
  return *out != NULL || *length == 0 ? 0 : hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
}

void hrt_hc_column_len(hrt_host_env *env, hsb_slot *s) {
  const void *bytes = NULL;
  uint64_t length = 0, scratch = 0;
  int status = column_bytes(&bytes, &length, env, s, &scratch);
  hrt_answer(s, status != 0 ? status : (int64_t)length);
}

void hrt_hc_column_read(hrt_host_env *env, hsb_slot *s) {
  const void *bytes = NULL;
  uint64_t length = 0, scratch = 0;
  int status = column_bytes(&bytes, &length, env, s, &scratch);
  if (status == 0) {
    status = hrt_give_from(env, s[2], s[3], s[4], bytes != NULL ? bytes : "", length);
  }
  hrt_answer(s, status);
}
