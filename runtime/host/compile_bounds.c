/* compile_bounds.c - sets them and takes them away: compile_bounds.h. */
#include "host/compile_bounds.h"

#include "host/sqlite_api.h"

void hrt_compile_bound(hrt_host_conn *conn, unsigned off) {
  if (conn->bounds == 0) {
    conn->bounds_ops = sqlite3_limit(conn->db, SQLITE_LIMIT_VDBE_OP, HRT_SQL_OPS);
    if (__builtin_expect(conn->bounds_ops < HRT_SQL_OPS, 0)) { /* the application's is lower */
      sqlite3_limit(conn->db, SQLITE_LIMIT_VDBE_OP, conn->bounds_ops);
    }
  }
  sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, conn->db, off);
  conn->bounds = off;
}

void hrt_compile_close(hrt_host_conn *conn) {
  sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, conn->db, 0u);
  sqlite3_limit(conn->db, SQLITE_LIMIT_VDBE_OP, conn->bounds_ops);
  conn->bounds = 0;
  conn->bounds_left = false;
}
