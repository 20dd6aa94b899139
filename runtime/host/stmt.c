/* stmt.c - statements of an instance: open ones that a guest holds handles of, and kept ones that
 * wait compiled for the same text. Must never compile a statement that the authorizer does not see.
 *
 * Invariant: a statement is in exactly one place - an open slot or the kept list - and a handle
 * names a slot and its generation, so that one of a closed statement finds nothing. */
#include <string.h>

#include "host/compile_bounds.h"
#include "host/internal.h"
#include "host/scan.h"
#include "host/sqlite_error.h"
#include "plugin/alloc.h"

#define SLOT_BITS 6
#define GENERATION_MAX ((1u << 24) - 1)
#define STACK_RESERVE ((64u << 10) + HRT_SCHEMA_STACK) /* for all but the text's own recursion */
#define ALWAYS_FREE ((384u << 10) - STACK_RESERVE)     /* of the stack, whatever guest code took */

_Static_assert(HRT_STMTS_OPEN == 1 << SLOT_BITS, "slots fill their bits");

int hrt_sql_status(hrt_host_env *env, int rc) {
  char text[sizeof env->last], message[HRT_DB_TEXT];
  static const struct {
    int rc, status;
  } map[] = {{SQLITE_AUTH, HSB_STATUS_DENIED}, {SQLITE_CONSTRAINT, HSB_STATUS_CONSTRAINT},
             {SQLITE_BUSY, HSB_STATUS_BUSY},   {SQLITE_LOCKED, HSB_STATUS_BUSY},
             {SQLITE_NOMEM, HSB_STATUS_NOMEM}, {SQLITE_TOOBIG, HSB_STATUS_LIMIT},
             {SQLITE_RANGE, HSB_STATUS_INDEX}};
  int status = HSB_STATUS_SQL;
  for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
    status = map[i].rc == (rc & 0xff) ? map[i].status : status;
  }
  if (env->denied) {
    return HSB_STATUS_DENIED; /* the authorizer said why */
  }
  hrt_db_text(message, env->conn->db);
  hrt_clean(text, sizeof text, message, strlen(message));
  hrt_rewrite_hide(text);
  return hrt_refuse(env, status, "%s", text);
}

static void stmt_free(struct hrt_stmt *st) {
  sqlite3_finalize(st->handle);
  hrt_free(st->sql);
  hrt_free(st->ctes);
  st->handle = NULL;
  st->sql = st->ctes = NULL;
}

/* The same, and where in its text that was, if SQLite says so. */
static int refused_text(hrt_host_env *env, int rc, const char *sql, size_t length) {
  int at = sqlite3_error_offset(env->conn->db);
  int status = hrt_sql_status(env, rc);
  if (status == HSB_STATUS_SQL) {
    env->placed = at >= 0;
    env->place = (uint32_t)at;
    hrt_sql_excerpt(env->excerpt, sql, length, at >= 0 ? (size_t)at : 0);
  }
  return status;
}

/* Compiles in an open window; seen: the authorizer was asked. */
static int compile(sqlite3_stmt **out, bool *seen, hrt_host_env *env, const char *sql, int length) {
  const char *tail = NULL;
  sqlite3_stmt *more = NULL;
  uint64_t before = env->conn->auth_calls;
  int rc = sqlite3_prepare_v3(env->conn->db, sql, length, SQLITE_PREPARE_PERSISTENT, out, &tail);
  *seen = env->conn->auth_calls != before;
  if (rc == SQLITE_OK && *out != NULL && tail < sql + length) {
    rc = sqlite3_prepare_v3(env->conn->db, tail, (int)(sql + length - tail), 0, &more, NULL);
    if (more != NULL || rc != SQLITE_OK) {
      sqlite3_finalize(more);
      return hrt_refuse(env, HSB_STATUS_SQL, "more than one statement");
    }
  }
  if (rc == SQLITE_OK && *out == NULL) {
    return hrt_refuse(env, HSB_STATUS_SQL, "no statement in the text");
  }
  return rc == SQLITE_OK          ? 0
         : rc == SQLITE_INTERRUPT ? SQLITE_INTERRUPT
                                  : refused_text(env, rc, sql, (size_t)length);
}

static int check_text(hrt_host_env *env, const char *sql, size_t length) {
  if (memchr(sql, 0, length) != NULL) {
    return hrt_refuse(env, HSB_STATUS_SQL, "a NUL byte in the statement");
  }
  if (!hrt_utf8(sql, length)) {
    return hrt_refuse(env, HSB_STATUS_UTF8, NULL);
  }
  if (hrt_scan_word(sql, length, "rollback")) {
    return hrt_refuse(
        env, HSB_STATUS_DENIED,
        "procedure %s may not use ROLLBACK in SQL: it would end its caller's transaction",
        env->procedure);
  }
  return 0;
}

/* Is it one of those that may have nothing to do (CREATE ... IF NOT EXISTS), and the authorizer
 * there, only not asked? Others that it is not asked about (VACUUM) do much. */
static bool in_place(hrt_host_env *env, const struct hrt_stmt *st) {
  if (st->ddl == HRT_DDL_TEXT_NONE) {
    return false;
  }
  sqlite3_stmt *handle = NULL;
  uint64_t before = env->conn->auth_calls;
  struct hrt_window w = hrt_window_open(env);
  (void)sqlite3_prepare_v3(env->conn->db, "SELECT 1", -1, 0, &handle, NULL);
  sqlite3_finalize(handle);
  hrt_window_close(env, w);
  return env->conn->auth_calls != before;
}

static int compile_in_window(struct hrt_stmt *st, bool *seen, hrt_host_env *env, const char *sql,
                             size_t length) {
  int status = 0;
  bool connected = false, outer = env->stepping;
  uint32_t round = 0;
  do {
    struct hrt_window w = hrt_window_open(env);
    env->stepping = false;
    env->ctes = st->ctes;
    env->ddl = st->ddl;
    env->doubt[0] = 0;
    unsigned bounds = hrt_compile_open(env->conn, st->flat);
    status = compile(&st->handle, seen, env, sql, (int)length);
    hrt_compile_leave(env->conn, bounds);
    hrt_compile_drop(env->conn);
    env->stepping = outer;
    hrt_window_close(env, w);
  } while (status == HSB_STATUS_DENIED && (hrt_learn_ctes(&st->ctes, &round, env, sql, length) ||
                                           hrt_shadows_connect(env, &connected)));
  if (status == HSB_STATUS_DENIED) {
    hrt_audit_sql(env);
  }
  return status;
}

/* SQLite may have read a schema that others have made meanwhile: then all is done again, and the
 * schema held. */
static int compile_judged(struct hrt_stmt *st, bool *seen, hrt_host_env *env, const char *sql,
                          size_t length) {
  sqlite3_stmt *hold = NULL;
  int status = compile_in_window(st, seen, env, sql, length);
  if (status == 0 && hrt_shadows_moved(env->conn)) {
    sqlite3_finalize(st->handle);
    hrt_free(st->ctes);
    st->handle = NULL;
    st->ctes = NULL;
    status = hrt_shadows_hold(&hold, env);
    status = status != 0 ? status : compile_in_window(st, seen, env, sql, length);
    sqlite3_finalize(hold);
  }
  return status;
}

/* SQLite does not look how much of the thread's stack is left. Also before a step, which compiles
 * anew when the schema has changed. */
static int check_stack(hrt_host_env *env, const struct hrt_stmt *st) {
  return st->stack <= ALWAYS_FREE || st->stack + STACK_RESERVE <= hrt_stack_left()
             ? 0
             : hrt_refuse(env, HSB_STATUS_LIMIT,
                          "the statement may be nested deeper than the thread's stack is");
}

/* The text that SQLite gets may be another one. */
static int compile_rewritten(struct hrt_stmt *st, bool *seen, hrt_host_env *env, const char *sql,
                             size_t length) {
  char *changed = NULL;
  size_t own = length;
  hrt_rewrite what = hrt_rewrite_of(sql, length);
  if (what == HRT_REWRITE_PATHS && st->ddl != HRT_DDL_TEXT_NONE) {
    return hrt_refuse(env, HSB_STATUS_LIMIT, "json_set and json_insert may not be in a schema");
  }
  if (what == HRT_REWRITE_NOTHING || st->ddl != HRT_DDL_TEXT_NONE) {
    return compile_judged(st, seen, env, sql, length); /* a schema must not name ours */
  }
  int status = hrt_rewrite_sql(&changed, &length, env, sql, length);
  status = status != 0 ? status : compile_judged(st, seen, env, changed, length);
  if (status != 0 && env->excerpt[0] != 0) { /* not of another text than the guest's */
    hrt_sql_excerpt(env->excerpt, sql, own, 0);
    env->placed = false;
  }
  hrt_free(changed);
  return status;
}

static int stmt_new(struct hrt_stmt *st, hrt_host_env *env, const char *sql, size_t length) {
  bool seen = false;
  uint64_t copied;
  int status = check_text(env, sql, length);
  if (status == 0) {
    int depth = sqlite3_limit(env->conn->db, SQLITE_LIMIT_EXPR_DEPTH, -1);
    st->stack = hrt_scan_stack(sql, length, depth);
    status = check_stack(env, st);
  }
  status = status != 0 ? status : hrt_copies(&copied, env, sql, length);
  if (status != 0) {
    return status;
  }
  status = hrt_conn_warm(env);
  status = status != 0 ? status : hrt_shadows_look(env);
  if (status != 0) {
    return status;
  }
  st->flat = hrt_flatten_fits(sql, length, copied);
  st->ddl = hrt_scan_ddl(sql, length);
  if (st->ddl != HRT_DDL_TEXT_NONE) {
    status = hrt_auth_ddl_text(env, st->ddl, sql, length);
    status = status != 0 ? status : hrt_schema_depth(env, sql, length);
  }
  if (status == 0) {
    status = hrt_expand_check(env, sql, length, copied, st->ddl == HRT_DDL_TEXT_CREATE);
  }
  status = status != 0 ? status : compile_rewritten(st, &seen, env, sql, length);
  if (status == 0 && !seen && !in_place(env, st)) {
    status = hrt_refuse(env, HSB_STATUS_DENIED,
                        "the connection's authorizer was replaced: no guest SQL runs without it");
  }
  if (status == 0) {
    st->writes = st->ddl == HRT_DDL_TEXT_NONE && !sqlite3_stmt_readonly(st->handle);
    st->schema = hrt_shadows_schema(env->conn);
    st->sql = hrt_memdup(sql, length);
    status = st->sql != NULL ? 0 : hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  if (status != 0) {
    stmt_free(st);
  }
  st->sql_length = (uint32_t)length;
  st->reprepared = 0;
  st->bound = st->stale = 0;
  st->heavy = false;
  return status;
}

static bool take_idle(struct hrt_stmt *st, struct hrt_stmts *all, const char *sql, size_t length) {
  for (uint32_t i = all->idle_count; i-- > 0;) {
    if (all->idle[i].sql_length == length && memcmp(all->idle[i].sql, sql, length) == 0) {
      uint32_t generation = st->generation;
      *st = all->idle[i];
      st->generation = generation;
      all->idle_count--;
      memmove(&all->idle[i], &all->idle[i + 1], (all->idle_count - i) * sizeof *st);
      return true;
    }
  }
  return false;
}

int hrt_stmt_open(uint32_t *index, hrt_host_env *env, const char *sql, size_t length) {
  if (!env->in_call) {
    return hrt_refuse(env, HSB_STATUS_STATE, "no call is running");
  }
  if (env->stmts == NULL) {
    env->stmts = hrt_alloc(sizeof *env->stmts);
  }
  struct hrt_stmts *all = env->stmts;
  if (all == NULL) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  if (all->used == UINT64_MAX) {
    return hrt_refuse(env, HSB_STATUS_LIMIT, "more than %d open statements", HRT_STMTS_OPEN);
  }
  uint32_t n = (uint32_t)__builtin_ctzll(~all->used);
  struct hrt_stmt *st = &all->open[n];
  int status = take_idle(st, all, sql, length) ? 0 : stmt_new(st, env, sql, length);
  if (status == 0) {
    st->generation = st->generation % GENERATION_MAX + 1;
    st->columns = 0;
    st->fresh = true;
    st->ended = false;
    all->used |= UINT64_C(1) << n;
    env->touched = true;
    *index = n;
  }
  return status;
}

struct hrt_stmt *hrt_stmt_at(hrt_host_env *env, uint32_t index) {
  return &env->stmts->open[index];
}

int hrt_stmt_handle(hrt_host_env *env, uint32_t index) {
  return (int)(env->stmts->open[index].generation << SLOT_BITS | index);
}

/* A recompiled statement (the schema changed) must have been seen by the authorizer too; one that
 * was not stays refused until it is compiled again. */
static bool unseen(hrt_host_env *env, struct hrt_stmt *st, uint64_t calls_before) {
  int n = sqlite3_stmt_status(st->handle, SQLITE_STMTSTATUS_REPREPARE, 0);
  bool is = n != st->reprepared && env->conn->auth_calls == calls_before && !in_place(env, st);
  st->reprepared = is ? st->reprepared : n;
  return is;
}

/* What this call has bound stays. */
void hrt_stmt_unbind(struct hrt_stmt *st) {
  for (uint64_t left = st->stale & ~st->bound; left != 0; left &= left - 1) {
    sqlite3_bind_null(st->handle, __builtin_ctzll(left) + 1);
  }
  st->stale = 0;
}

/* The first step compiles anew when the schema has changed. */
__attribute__((always_inline)) static inline int step(hrt_host_env *env,
                                                      const struct hrt_stmt *st) {
  if (!st->fresh) {
    hrt_compile_drop(env->conn);
    return sqlite3_step(st->handle);
  }
  if (!env->watched) {
    hrt_conn_watch(env->conn);
    env->watched = true;
  }
  unsigned bounds = hrt_compile_open(env->conn, st->flat);
  int rc = sqlite3_step(st->handle);
  hrt_compile_leave(env->conn, bounds);
  return rc;
}

/* judge: what is compiled may not have been judged. */
__attribute__((always_inline)) static inline int
step_in_window(int *rc, hrt_host_env *env, const struct hrt_stmt *st, bool judge) {
  struct hrt_window w = hrt_window_open(env);
  bool stepping = env->stepping;
  sqlite3_stmt *outer = env->conn->running;
  env->ctes = st->ctes;
  env->ddl = st->ddl;
  env->conn->running = st->handle;
  env->stepping = true;
  env->unjudged = judge;
  env->stale = false;
  *rc = step(env, st);
  env->stepping = stepping;
  env->unjudged = false;
  env->conn->running = outer;
  int status = *rc == SQLITE_ROW ? 1 : *rc == SQLITE_DONE ? 0 : hrt_sql_status(env, *rc);
  hrt_window_close(env, w);
  return status;
}

/* The guest's text was judged by the schema that there is now and that *hold keeps. */
static int judge(sqlite3_stmt **hold, hrt_host_env *env, struct hrt_stmt *st) {
  struct hrt_stmt now = {.ddl = st->ddl, .flat = st->flat};
  bool seen = false;
  int status = hrt_shadows_hold(hold, env);
  if (status != 0 || (st->schema != 0 && st->schema == hrt_shadows_schema(env->conn))) {
    return status;
  }
  status = compile_rewritten(&now, &seen, env, st->sql, st->sql_length);
  if (status == 0) {
    hrt_free(st->ctes);
    st->ctes = now.ctes;
    now.ctes = NULL;
    st->schema = hrt_shadows_schema(env->conn);
  }
  stmt_free(&now);
  return status;
}

/* Can SQLite meet no schema in the statement's first step but the one that is known? */
static bool is_settled(const hrt_host_conn *conn) {
  return sqlite3_txn_state(conn->db, "main") != SQLITE_TXN_NONE && hrt_shadows_current(conn);
}

/* Of the first step. again: its text is to be judged; else status says what came of it. Again also
 * where virtual tables were found that no statement had used. What writes is judged before: again
 * would be twice. What makes or drops tables can't run while the schema is held; if it comes to
 * that, others have a moment to change it. */
__attribute__((noinline)) static int step_again(int *rc, hrt_host_env *env, struct hrt_stmt *st,
                                                int status, bool again) {
  sqlite3_stmt *hold = NULL;
  bool connected = false, judged = false;
  while (again || (status == HSB_STATUS_DENIED && hrt_shadows_connect(env, &connected))) {
    status = again ? judge(&hold, env, st) : 0;
    if (status != 0) {
      *rc = status == SQLITE_INTERRUPT ? status : SQLITE_AUTH;
      break;
    }
    judged |= again;
    if (st->ddl != HRT_DDL_TEXT_NONE) {
      sqlite3_finalize(hold);
      hold = NULL;
    }
    status = step_in_window(rc, env, st, !judged);
    again = status == HSB_STATUS_DENIED && env->stale;
  }
  sqlite3_finalize(hold);
  return status;
}

int hrt_stmt_step(hrt_host_env *env, struct hrt_stmt *st) {
  if (check_stack(env, st) != 0) {
    hrt_stmt_reset(st);
    return HSB_STATUS_LIMIT;
  }
  if (__builtin_expect((st->stale & ~st->bound) != 0, 0)) {
    hrt_stmt_unbind(st);
  }
  if (st->ended) {
    hrt_stmt_reset(st);
  }
  uint64_t before = env->conn->auth_calls;
  bool again = st->fresh && st->writes && !is_settled(env->conn);
  int rc = SQLITE_OK, status = again ? 0 : step_in_window(&rc, env, st, st->fresh);
  if (__builtin_expect(again || (status == HSB_STATUS_DENIED && st->fresh), 0)) {
    status = step_again(&rc, env, st, status, again || env->stale);
  }
  if (status == HSB_STATUS_DENIED) {
    hrt_audit_sql(env);
  }
  if (st->fresh && unseen(env, st, before)) { /* also if it failed */
    status = hrt_refuse(env, HSB_STATUS_DENIED,
                        "the connection's authorizer was replaced: no guest SQL runs without it");
  }
  st->fresh = false;
  st->ended = status == 0;
  st->columns = status == 1 ? (uint32_t)sqlite3_data_count(st->handle) : 0;
  if (status < 0) {
    hrt_stmt_reset(st);
  }
  if (env->vm_steps > 0) {
    uint64_t steps = env->vm_steps;
    env->vm_steps = 0;
    if ((rc & 0xff) != SQLITE_INTERRUPT) {
      hrt_host_charge(env->ctx, steps * HRT_PROGRESS_FUEL);
    }
  }
  if ((rc & 0xff) == SQLITE_INTERRUPT) {
    hrt_interrupted(env);
  }
  return status;
}

void hrt_stmt_reset(struct hrt_stmt *st) {
  sqlite3_reset(st->handle);
  st->columns = 0;
  st->fresh = true;
  st->ended = false;
}

void hrt_stmt_close(hrt_host_env *env, uint32_t index) {
  struct hrt_stmts *all = env->stmts;
  struct hrt_stmt *st = &all->open[index];
  sqlite3_reset(st->handle);
  if (st->heavy) {
    sqlite3_clear_bindings(st->handle);
    st->bound = st->stale = 0;
    st->heavy = false;
  }
  st->stale |= st->bound;
  st->bound = 0;
  all->used &= ~(UINT64_C(1) << index);
  if (st->sql_length > HRT_IDLE_SQL) {
    stmt_free(st);
    return;
  }
  if (all->idle_count == HRT_STMTS_IDLE) {
    stmt_free(&all->idle[0]);
    all->idle_count--;
    memmove(&all->idle[0], &all->idle[1], all->idle_count * sizeof *st);
  }
  all->idle[all->idle_count++] = *st;
  st->handle = NULL;
  st->sql = st->ctes = NULL;
}

void hrt_stmts_reset(hrt_host_env *env) {
  for (uint64_t left = env->stmts != NULL ? env->stmts->used : 0; left != 0; left &= left - 1) {
    hrt_stmt_reset(&env->stmts->open[__builtin_ctzll(left)]);
  }
}

void hrt_stmts_close(hrt_host_env *env) {
  for (uint64_t left = env->stmts != NULL ? env->stmts->used : 0; left != 0; left &= left - 1) {
    hrt_stmt_close(env, (uint32_t)__builtin_ctzll(left));
  }
}

void hrt_stmts_free(hrt_host_env *env) {
  hrt_stmts_close(env);
  for (uint32_t i = 0; env->stmts != NULL && i < env->stmts->idle_count; i++) {
    stmt_free(&env->stmts->idle[i]);
  }
  hrt_free(env->stmts);
  env->stmts = NULL;
}
