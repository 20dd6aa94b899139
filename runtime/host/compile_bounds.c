/* compile_bounds.c - what SQLite may do while it compiles SQL of a guest, where nobody can
 * interrupt it: how long the program may become, and which optimizations it leaves out because they
 * copy expressions. Must never leave a bound behind for SQL of the application's own.
 *
 * Constants are never put in the place of columns: `a = 1 AND b = a + a AND c = b + b ...` doubles
 * with each. A subquery is not merged with what reads it, nor is what its reader asks moved into
 * it, where flatten.c says that the copies would be too many; the rows are the same, in more time.
 */
#include "host/internal.h"

/* Bits of SQLite's own, the same since 3.26. */
enum { FLATTEN = 0x1, PUSH_DOWN = 0x1000, PROPAGATE = 0x8000 };

int hrt_compile_open(hrt_host_env *env, bool flatten) {
  sqlite3 *db = env->conn->db;
  unsigned off = PROPAGATE | (flatten ? 0u : FLATTEN | PUSH_DOWN);
  int ops = sqlite3_limit(db, SQLITE_LIMIT_VDBE_OP, HRT_SQL_OPS);
  if (__builtin_expect(ops < HRT_SQL_OPS, 0)) {
    sqlite3_limit(db, SQLITE_LIMIT_VDBE_OP, ops); /* the application's is lower */
  }
  sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, db, off);
  return ops;
}

void hrt_compile_close(hrt_host_env *env, int ops) {
  sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, env->conn->db, 0u);
  sqlite3_limit(env->conn->db, SQLITE_LIMIT_VDBE_OP, ops);
}
