/* host_kit.h - a puppet with most grants over a table of three rows, for the tests of what a
 * guest's SQL does. */
#ifndef HOST_KIT_H
#define HOST_KIT_H

#include "puppet.h"

static const char *const everything[] = {"read", "write", "query",  "transaction",
                                         "log",  "clock", "random", NULL};

FX puppet *open_all(void) {
  puppet *p = puppet_open(everything, puppet_shared());
  puppet_exec(p,
              "CREATE TABLE t(a INTEGER PRIMARY KEY, b REAL, c TEXT, d BLOB);"
              "INSERT INTO t VALUES (1, 1.5, 'one', x'0001ff'), (2, -0.0, 'zwei \xc3\xa4', NULL),"
              " (3, 1e300, NULL, zeroblob(3))");
  hrt_host_begin(p->env, 0, NULL, NULL);
  return p;
}

FX void close_all(puppet *p) {
  hrt_host_end(p->env);
  assert_null(p->conn.active);
  puppet_close(p);
}

FX int prepare(puppet *p, const char *sql) {
  int stmt = CALL(p, "prepare", TEXT(p, 0, sql));
  if (stmt <= 0) {
    fail_msg("%s: %d %s", sql, stmt, puppet_error(p));
  }
  return stmt;
}

FX int64_t value(puppet *p, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  assert_int_equal(sqlite3_prepare_v2(p->db, sql, -1, &stmt, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  int64_t v = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return v;
}

#endif
