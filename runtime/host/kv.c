/* kv.c - what a procedure keeps in the database: the table helios_kv, a namespace for each
 * procedure, changed in the caller's transaction and undone with it. A procedure reaches only the
 * rows of its own id, which no other has or had.
 *
 * Invariant: outside of its host function no statement here runs; they are compiled once an
 * instance and freed with it. */
#include <string.h>

#include "host/internal.h"
#include "plugin/alloc.h"

enum { GET, SET, DELETE, NEXT, STATEMENTS };

/* SET counts only for a key that is new. */
static const char *const texts[STATEMENTS] = {
    [GET] = "SELECT value FROM main.helios_kv WHERE procedure_id = ?1 AND key = ?2",
    [SET] = ("INSERT OR REPLACE INTO main.helios_kv(procedure_id, key, value) SELECT ?1, ?2, ?3 "
             "WHERE EXISTS (SELECT 1 FROM main.helios_kv WHERE procedure_id = ?1 AND key = ?2) "
             "OR (SELECT count(*) FROM main.helios_kv WHERE procedure_id = ?1) < ?4"),
    [DELETE] = "DELETE FROM main.helios_kv WHERE procedure_id = ?1 AND key = ?2",
    [NEXT] = ("SELECT key FROM main.helios_kv WHERE procedure_id = ?1 AND key >= ?2 "
              "ORDER BY key LIMIT 1"),
};

struct hrt_kv {
  sqlite3_stmt *statements[STATEMENTS];
};

void hrt_kv_reset(hrt_host_env *env) {
  for (int i = 0; env->kv != NULL && i < STATEMENTS; i++) {
    if (env->kv->statements[i] != NULL) {
      sqlite3_reset(env->kv->statements[i]);
      sqlite3_clear_bindings(env->kv->statements[i]); /* they point to what is gone */
    }
  }
}

void hrt_kv_free(hrt_host_env *env) {
  for (int i = 0; env->kv != NULL && i < STATEMENTS; i++) {
    sqlite3_finalize(env->kv->statements[i]);
  }
  hrt_free(env->kv);
  env->kv = NULL;
}

struct key {
  size_t length;
  uint8_t at[HRT_KV_KEY_MAX + 1];
};

/* (p, n); `least`: 1 for a key, 0 for the beginning of one. */
static int read_key(struct key *out, hrt_host_env *env, hsb_slot p, hsb_slot n, uint32_t least) {
  out->length = hrt_u32(n);
  if (out->length < least || out->length > HRT_KV_KEY_MAX) {
    return hrt_refuse(env, HSB_STATUS_LIMIT, "a key has 1 to %d bytes", HRT_KV_KEY_MAX);
  }
  hrt_charge_bytes(env, out->length);
  return hrt_guest_read(out->at, env->instance, (guest_u32){hrt_u32(p)}, out->length)
             ? 0
             : hrt_refuse(env, HSB_STATUS_RANGE, NULL);
}

/* A status, or SQLITE_INTERRUPT for hrt_settle. */
static int failed(hrt_host_env *env, int rc) {
  return (rc & 0xff) == SQLITE_INTERRUPT ? SQLITE_INTERRUPT : hrt_sql_status(env, rc);
}

/* The statement with the procedure and the key bound, which must outlive its run. It is the
 * engine's own: no window is open, so that no grant judges it. */
static int ready(sqlite3_stmt **out, hrt_host_env *env, int which, const struct key *key) {
  if (!env->in_call || env->procedure_id == NULL) {
    return hrt_refuse(env, HSB_STATUS_STATE, "no call is running");
  }
  if (env->kv == NULL && (env->kv = hrt_alloc(sizeof *env->kv)) == NULL) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  env->touched = true;
  env->stop = HELIOS_OK;
  sqlite3_stmt **s = &env->kv->statements[which];
  int rc = SQLITE_OK;
  if (*s == NULL) {
    rc = sqlite3_prepare_v3(env->conn->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, s, NULL);
  }
  rc = rc != SQLITE_OK ? rc : sqlite3_bind_int64(*s, 1, *env->procedure_id);
  rc = rc != SQLITE_OK ? rc : sqlite3_bind_blob(*s, 2, key->at, (int)key->length, SQLITE_STATIC);
  *out = *s;
  return rc == SQLITE_OK ? 0 : failed(env, rc);
}

/* 1: a row, 0: none (any more), or a status. */
static int step(hrt_host_env *env, sqlite3_stmt *s) {
  int rc = sqlite3_step(s);
  return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : failed(env, rc);
}

static int find(sqlite3_stmt **out, hrt_host_env *env, int which, const struct key *key) {
  int status = ready(out, env, which, key);
  return status != 0 ? status : step(env, *out);
}

/* The blob of a row. Charges while the statement is open, which is the env's. */
static int give(hrt_host_env *env, sqlite3_stmt *row, hsb_slot offset, hsb_slot dst, hsb_slot cap) {
  const void *bytes = sqlite3_column_blob(row, 0);
  int length = sqlite3_column_bytes(row, 0);
  if (bytes == NULL && sqlite3_errcode(env->conn->db) == SQLITE_NOMEM) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  return hrt_give_from(env, offset, dst, cap, bytes, (uint64_t)length);
}

/* Ends a host function: no statement runs on. */
static void answer(hrt_host_env *env, hsb_slot *s, int status) {
  hrt_kv_reset(env);
  hrt_answer(s, hrt_settle(env, status));
}

void hrt_hc_kv_get(hrt_host_env *env, hsb_slot *s) {
  struct key key;
  sqlite3_stmt *row = NULL;
  int status = read_key(&key, env, s[0], s[1], 1);
  if (status == 0) {
    status = find(&row, env, GET, &key);
    status = status == 0   ? hrt_refuse(env, HSB_STATUS_ABSENT, "no such key")
             : status == 1 ? give(env, row, s[2], s[3], s[4])
                           : status;
  }
  answer(env, s, status);
}

static int set(hrt_host_env *env, const struct key *key, const struct hrt_bytes *value) {
  sqlite3_stmt *set = NULL;
  int status = ready(&set, env, SET, key);
  if (status != 0) {
    return status;
  }
  sqlite3_bind_blob(set, 3, value->at, (int)value->length, SQLITE_STATIC);
  sqlite3_bind_int(set, 4, HRT_KV_KEYS);
  status = step(env, set);
  if (status == 0 && sqlite3_changes(env->conn->db) == 0) {
    status = hrt_refuse(env, HSB_STATUS_LIMIT, "a procedure keeps at most %d keys", HRT_KV_KEYS);
  }
  return status;
}

void hrt_hc_kv_set(hrt_host_env *env, hsb_slot *s) {
  struct key key;
  struct hrt_bytes value;
  int status = read_key(&key, env, s[0], s[1], 1);
  status = status != 0 ? status : hrt_bytes_read(&value, env, s[2], s[3], HRT_KV_VALUE_MAX);
  if (status == 0) {
    status = set(env, &key, &value);
    hrt_bytes_free(&value);
  }
  answer(env, s, status);
}

void hrt_hc_kv_delete(hrt_host_env *env, hsb_slot *s) {
  struct key key;
  sqlite3_stmt *delete = NULL;
  int status = read_key(&key, env, s[0], s[1], 1);
  status = status != 0 ? status : find(&delete, env, DELETE, &key);
  if (status == 0) {
    status = sqlite3_changes(env->conn->db) > 0;
  }
  answer(env, s, status);
}

static bool before(const struct key *a, const struct key *b) {
  size_t n = a->length < b->length ? a->length : b->length;
  int order = memcmp(a->at, b->at, n);
  return order < 0 || (order == 0 && a->length < b->length);
}

/* The least key that may be the next one: the first with the prefix, or the one right behind
 * `after`, which is `after` and a zero byte. */
static void least(struct key *after, const struct key *prefix) {
  if (after->length == 0 || before(after, prefix)) {
    *after = *prefix;
  } else {
    after->at[after->length++] = 0;
  }
}

/* Does the key of the row? */
static bool begins_with(sqlite3_stmt *row, const struct key *prefix) {
  const void *key = sqlite3_column_blob(row, 0);
  return prefix->length == 0 ||
         (key != NULL && (size_t)sqlite3_column_bytes(row, 0) >= prefix->length &&
          memcmp(key, prefix->at, prefix->length) == 0);
}

static int list(hrt_host_env *env, const hsb_slot *s, struct key *after, const struct key *prefix) {
  sqlite3_stmt *row = NULL;
  least(after, prefix);
  int status = find(&row, env, NEXT, after);
  if (status == 1 && !begins_with(row, prefix)) {
    status = 0;
  }
  return status == 0   ? hrt_refuse(env, HSB_STATUS_ABSENT, "no more keys")
         : status == 1 ? give(env, row, 0, s[4], s[5])
                       : status;
}

void hrt_hc_kv_list(hrt_host_env *env, hsb_slot *s) {
  struct key prefix, after;
  int status = read_key(&prefix, env, s[0], s[1], 0);
  status = status != 0 ? status : read_key(&after, env, s[2], s[3], 0);
  if (status == 0) {
    status = list(env, s, &after, &prefix);
  }
  answer(env, s, status);
}
