/* query.c - one statement at once: exec, query, heliosdb_query. Rows become JSON, kept until the
 * next query or the call's end, so that a buffer that was too small never makes a statement run
 * twice. */
#include <string.h>

#include "host/internal.h"
#include "plugin/alloc.h"

struct hrt_query {
  struct hrt_json rows;
  char *sql; /* whose rows they are, while heliosdb_query owes them; owned */
  size_t sql_length;
};

static struct hrt_query *state(hrt_host_env *env) {
  if (env->query == NULL) {
    env->query = hrt_alloc(sizeof *env->query);
  }
  if (env->query != NULL) {
    env->touched = true;
  }
  return env->query;
}

static void paid(struct hrt_query *q) {
  hrt_free(q->sql);
  q->sql = NULL;
  q->sql_length = 0;
}

void hrt_query_free(hrt_host_env *env) {
  if (env->query != NULL) {
    hrt_free(env->query->rows.bytes);
    paid(env->query);
    hrt_free(env->query);
    env->query = NULL;
  }
}

static void row(struct hrt_json *j, sqlite3_stmt *handle) {
  int columns = sqlite3_data_count(handle);
  hrt_json_raw(j, j->length > 1 ? ",{" : "{", j->length > 1 ? 2 : 1);
  for (int c = 0; c < columns; c++) {
    const char *name = sqlite3_column_name(handle, c);
    if (c > 0) {
      hrt_json_raw(j, ",", 1);
    }
    hrt_json_string(j, name != NULL ? name : "", name != NULL ? strlen(name) : 0);
    hrt_json_raw(j, ":", 1);
    hrt_json_column(j, handle, c);
  }
  hrt_json_raw(j, "}", 1);
}

/* Steps to the end; rows may be NULL. What is acquired belongs to the env: a step may end the call.
 */
static int run(hrt_host_env *env, uint32_t index, struct hrt_json *rows) {
  int status = 1;
  while (status == 1) {
    status = hrt_stmt_step(env, hrt_stmt_at(env, index));
    if (status == 1 && rows != NULL) {
      row(rows, hrt_stmt_at(env, index)->handle);
      status = rows->status != 0 ? hrt_refuse(env, rows->status, NULL) : 1;
    }
  }
  return status;
}

/* SQL at s[0], s[1], parameters at s[2], s[3]. */
static int open_bound(uint32_t *index, hrt_host_env *env, const hsb_slot s[4]) {
  struct hrt_bytes given[2], *sql = &given[0], *params = &given[1];
  int status = hrt_bytes_two(given, env, s, HRT_SQL_MAX, HRT_RESULT_MAX);
  if (status != 0) {
    return status;
  }
  status = hrt_stmt_open(index, env, (const char *)sql->at, sql->length);
  if (status == 0 && params->length > 0) {
    struct hrt_stmt *st = hrt_stmt_at(env, *index);
    st->heavy = true;
    hrt_stmt_unbind(st);
    status = hrt_json_bind(env, st->handle, (const char *)params->at, params->length);
    if (status != 0) {
      hrt_stmt_close(env, *index);
    }
  }
  hrt_bytes_free(sql);
  hrt_bytes_free(params);
  return hrt_settle(env, status);
}

static int query(hrt_host_env *env, const hsb_slot s[4]) {
  uint32_t index = 0;
  struct hrt_query *q = state(env);
  if (q == NULL) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  q->rows.length = 0;
  q->rows.status = 0;
  paid(q);
  int status = open_bound(&index, env, s);
  if (status != 0) {
    return status;
  }
  hrt_json_raw(&q->rows, "[", 1);
  status = run(env, index, &q->rows);
  hrt_json_raw(&q->rows, "]", 1);
  if (status == 0 && q->rows.status != 0) {
    status = hrt_refuse(env, q->rows.status, NULL);
  }
  hrt_stmt_close(env, index);
  if (status != 0) {
    q->rows.length = 0;
  }
  return status;
}

void hrt_hc_query(hrt_host_env *env, hsb_slot *s) {
  int status = query(env, s);
  if (status == 0) {
    status = hrt_give(env, s[4], s[5], env->query->rows.bytes, env->query->rows.length);
  }
  hrt_answer(s, status);
}

void hrt_hc_query_read(hrt_host_env *env, hsb_slot *s) {
  struct hrt_query *q = env->query;
  hrt_answer(s, q != NULL ? hrt_give_from(env, s[0], s[1], s[2], q->rows.bytes, q->rows.length)
                          : hrt_refuse(env, HSB_STATUS_STATE, "no query was run"));
}

void hrt_hc_exec(hrt_host_env *env, hsb_slot *s) {
  uint32_t index = 0;
  int status = open_bound(&index, env, s);
  if (status != 0) {
    s[0] = (hsb_slot)(int64_t)status;
    return;
  }
  const struct hrt_stmt *st = hrt_stmt_at(env, index);
  bool writes = st->ddl == HRT_DDL_TEXT_NONE && sqlite3_stmt_readonly(st->handle) == 0;
  status = run(env, index, NULL);
  hrt_stmt_close(env, index);
  int64_t changed = writes ? sqlite3_changes(env->conn->db) : 0;
  s[0] = (hsb_slot)(status != 0 ? status : changed);
}

/* ---- heliosdb_query(p, n, dst, len in/out) ---- */

/* Are these the very bytes whose rows did not fit the last time? */
static int owed(bool *out, hrt_host_env *env, const hsb_slot *s) {
  struct hrt_query *q = env->query;
  struct hrt_bytes sql;
  *out = false;
  if (q == NULL || q->sql == NULL || q->sql_length != hrt_u32(s[1])) {
    return 0;
  }
  int status = hrt_bytes_read(&sql, env, s[0], s[1], HRT_SQL_MAX);
  if (status == 0) {
    *out = memcmp(sql.at, q->sql, sql.length) == 0;
    hrt_bytes_free(&sql);
  }
  return status;
}

static int owe(hrt_host_env *env, const hsb_slot *s) {
  struct hrt_bytes sql;
  struct hrt_query *q = env->query;
  int status = hrt_bytes_read(&sql, env, s[0], s[1], HRT_SQL_MAX);
  if (status != 0) {
    return status;
  }
  paid(q);
  q->sql = hrt_memdup(sql.at, sql.length);
  q->sql_length = q->sql != NULL ? sql.length : 0;
  hrt_bytes_free(&sql);
  return hrt_refuse(env, HSB_STATUS_BUFFER, "%zu bytes; the buffer is smaller", q->rows.length);
}

static int nine_query(hrt_host_env *env, const hsb_slot *s, uint32_t cap) {
  bool kept = false;
  int status = owed(&kept, env, s);
  if (status == 0 && !kept) {
    const hsb_slot both[4] = {s[0], s[1], 0, 0};
    status = query(env, both);
  }
  if (status != 0) {
    return status;
  }
  struct hrt_json *rows = &env->query->rows;
  uint32_t there = (uint32_t)rows->length;
  if (!hrt_guest_write(env->instance, (guest_u32){hrt_u32(s[3])}, &there, sizeof there)) {
    return hrt_refuse(env, HSB_STATUS_RANGE, NULL);
  }
  if (there > cap) {
    return owe(env, s);
  }
  paid(env->query);
  status = hrt_give(env, s[2], there, rows->bytes, there);
  return status < 0 ? status : 0;
}

void hrt_hc_heliosdb_query(hrt_host_env *env, hsb_slot *s) {
  uint32_t cap = 0;
  if (!hrt_guest_read(&cap, env->instance, (guest_u32){hrt_u32(s[3])}, sizeof cap)) {
    hrt_answer(s, hrt_refuse(env, HSB_STATUS_RANGE, NULL));
    return;
  }
  hrt_answer(s, nine_query(env, s, cap));
}
