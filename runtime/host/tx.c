/* tx.c - transactions of a procedure: savepoints inside the caller's own transaction, because the
 * statement that called it is running. SQLite sees names of ours only, so that a guest can reach no
 * savepoint but its own.
 *
 * Invariant: env->tx_depth savepoints of this call are open, named helios_<tx_base + k>; the call's
 * end rolls back those that are left. */
#include <stdio.h>
#include <string.h>

#include "host/internal.h"
#include "plugin/alloc.h"

#define NAME_BYTES 64

/* An open savepoint. What ends it is compiled before it begins: there may be no memory then. */
struct hrt_tx {
  char name[NAME_BYTES];
  sqlite3_stmt *release, *undo;
  sqlite3_stmt *abandon; /* NULL unless the savepoint began the transaction */
  sqlite3_stmt *force;   /* of the outermost one: see force() */
};

/* Our own statement, which the guest's grants don't judge. */
static int compile(sqlite3_stmt **out, hrt_host_env *env, const char *format, uint32_t number) {
  char sql[64];
  snprintf(sql, sizeof sql, format, number);
  hrt_host_env *active = hrt_host_suspend(env->conn);
  int rc = sqlite3_prepare_v3(env->conn->db, sql, -1, 0, out, NULL);
  int status = rc == SQLITE_OK ? 0 : hrt_sql_status(env, rc);
  hrt_host_resume(env->conn, active);
  return status;
}

static int run(hrt_host_env *env, sqlite3_stmt *statement) {
  hrt_host_env *active = hrt_host_suspend(env->conn);
  int rc = sqlite3_step(statement);
  int status = rc == SQLITE_DONE ? 0 : hrt_sql_status(env, rc);
  sqlite3_reset(statement);
  hrt_host_resume(env->conn, active);
  return status;
}

static void forget(struct hrt_tx *tx) {
  sqlite3_finalize(tx->release);
  sqlite3_finalize(tx->undo);
  sqlite3_finalize(tx->abandon);
  sqlite3_finalize(tx->force);
  *tx = (struct hrt_tx){.release = NULL};
}

static int begin(hrt_host_env *env, struct hrt_tx *tx, uint32_t number) {
  sqlite3_stmt *savepoint = NULL;
  int status = compile(&tx->undo, env, "ROLLBACK TO helios_%u", number);
  status = status != 0 ? status : compile(&tx->release, env, "RELEASE helios_%u", number);
  status = status != 0 ? status : compile(&savepoint, env, "SAVEPOINT helios_%u", number);
  if (status == 0 && sqlite3_get_autocommit(env->conn->db)) {
    status = compile(&tx->abandon, env, "ROLLBACK", number);
  }
  if (status == 0 && env->tx_depth == 0) {
    status = compile(&tx->force, env, "BEGIN IMMEDIATE", number);
  }
  status = status != 0 ? status : run(env, savepoint);
  sqlite3_finalize(savepoint);
  if (status != 0) {
    forget(tx);
  }
  return status;
}

static int open_named(hrt_host_env *env, const char *name, size_t length) {
  if (!env->in_call) {
    return hrt_refuse(env, HSB_STATUS_STATE, "no call is running");
  }
  if (env->tx_depth >= HRT_TX_DEPTH) {
    return hrt_refuse(env, HSB_STATUS_LIMIT, "more than %d nested transactions", HRT_TX_DEPTH);
  }
  if (env->tx == NULL) {
    env->tx = hrt_calloc(HRT_TX_DEPTH, sizeof *env->tx);
  }
  if (env->tx == NULL) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  if (env->tx_depth == 0) {
    env->tx_base = env->conn->savepoints;
  }
  struct hrt_tx *tx = &env->tx[env->tx_depth];
  int status = begin(env, tx, env->tx_base + env->tx_depth);
  if (status == 0) {
    memcpy(tx->name, name, length);
    env->tx_depth++;
    env->conn->savepoints++;
    env->touched = true;
  }
  return status;
}

/* Savepoints from level up are gone. */
static void closed(hrt_host_env *env, uint32_t level) {
  for (uint32_t i = level; i < env->tx_depth; i++) {
    forget(&env->tx[i]);
  }
  env->conn->savepoints -= env->tx_depth - level;
  env->tx_depth = level;
}

static int keep(hrt_host_env *env, uint32_t level) {
  int status = run(env, env->tx[level].release);
  if (status == 0) {
    closed(env, level);
  }
  return status;
}

static int undo(hrt_host_env *env, uint32_t level) {
  hrt_stmts_reset(env);
  return run(env, env->tx[level].undo);
}

static int need_open(hrt_host_env *env) {
  return env->tx_depth > 0 ? 0 : hrt_refuse(env, HSB_STATUS_STATE, "no transaction is open");
}

void hrt_hc_begin(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, open_named(env, "", 0));
}

void hrt_hc_commit(hrt_host_env *env, hsb_slot *s) {
  int status = need_open(env);
  hrt_answer(s, status != 0 ? status : keep(env, env->tx_depth - 1));
}

void hrt_hc_rollback(hrt_host_env *env, hsb_slot *s) {
  int status = need_open(env);
  if (status == 0) {
    status = undo(env, env->tx_depth - 1);
  }
  hrt_answer(s, status != 0 ? status : keep(env, env->tx_depth - 1));
}

/* The guest's name of a savepoint; ASCII case does not matter, as in SQL. */
static int read_name(char name[NAME_BYTES], size_t *length, hrt_host_env *env, hsb_slot *s) {
  struct hrt_bytes b;
  int status = hrt_bytes_read(&b, env, s[0], s[1], NAME_BYTES - 1);
  if (status != 0) {
    return status;
  }
  if (b.length == 0 || memchr(b.at, 0, b.length) != NULL || !hrt_utf8(b.at, b.length)) {
    return hrt_refuse(env, HSB_STATUS_UTF8, "a savepoint's name is 1 to 63 bytes of UTF-8");
  }
  memcpy(name, b.at, b.length + 1);
  *length = b.length;
  return 0;
}

static int find_named(uint32_t *level, hrt_host_env *env, hsb_slot *s) {
  char name[NAME_BYTES];
  size_t length = 0;
  int status = read_name(name, &length, env, s);
  if (status != 0) {
    return status;
  }
  for (uint32_t i = env->tx_depth; i-- > 0;) {
    if (sqlite3_stricmp(env->tx[i].name, name) == 0) {
      *level = i;
      return 0;
    }
  }
  return hrt_refuse(env, HSB_STATUS_STATE, "no such savepoint is open");
}

void hrt_hc_savepoint(hrt_host_env *env, hsb_slot *s) {
  char name[NAME_BYTES];
  size_t length = 0;
  int status = read_name(name, &length, env, s);
  hrt_answer(s, status != 0 ? status : open_named(env, name, length));
}

void hrt_hc_release(hrt_host_env *env, hsb_slot *s) {
  uint32_t level = 0;
  int status = find_named(&level, env, s);
  hrt_answer(s, status != 0 ? status : keep(env, level));
}

void hrt_hc_rollback_to(hrt_host_env *env, hsb_slot *s) {
  uint32_t level = 0;
  int status = find_named(&level, env, s);
  if (status == 0) {
    status = undo(env, level);
  }
  if (status == 0) {
    closed(env, level + 1);
  }
  hrt_answer(s, status);
}

/* After sqlite3_interrupt no statement runs until the one that called us has ended, a ROLLBACK
 * neither. But SQLite itself rolls the transaction back, the application's too, when it interrupts
 * a statement that was to write; this is one that can't. */
static void force(hrt_host_env *env) {
  if (!sqlite3_get_autocommit(env->conn->db)) {
    (void)run(env, env->tx[0].force);
  }
}

void hrt_tx_end(hrt_host_env *env) {
  if (env->tx_depth == 0) {
    return;
  }
  sqlite3 *db = env->conn->db;
  int status = undo(env, 0);
  bool changed = status != 0; /* what the call has written is still there */
  if (status == 0) {
    status = keep(env, 0);
  }
  if (status != 0) {
    bool interrupted = (sqlite3_errcode(db) & 0xff) == SQLITE_INTERRUPT;
    hrt_log_put(env, HRT_LOG_ERROR, env->last);
    if (env->tx[0].abandon && !sqlite3_get_autocommit(db)) {
      (void)run(env, env->tx[0].abandon);
    }
    if (interrupted && (changed || env->tx[0].abandon)) {
      force(env);
    }
    closed(env, 0);
  }
}

void hrt_hc_heliosdb_begin_tx(hrt_host_env *env, hsb_slot *s) {
  hrt_hc_begin(env, s);
}

void hrt_hc_heliosdb_commit_tx(hrt_host_env *env, hsb_slot *s) {
  hrt_hc_commit(env, s);
}

void hrt_hc_heliosdb_rollback_tx(hrt_host_env *env, hsb_slot *s) {
  hrt_hc_rollback(env, s);
}
