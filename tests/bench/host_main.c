/* host_main.c - what SQL from a procedure costs, against the same SQL from a native function
 * through SQLite's C API with its statement prepared once. Prints a line of JSON.
 *
 * usage: bench_host ROUNDS ROWS PLUGIN.so [CASE]   (the plugin is tests/bench/query.c, made by
 * run.py; CASE: part of a name, and no other case is run) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helios/helios.h"
#include "host/sqlite_api.h"
#include "measure.h"

static const char *only; /* or NULL */

static sqlite3_int64 look_up(sqlite3_stmt *stmt, sqlite3_int64 id) {
  char tier[32];
  sqlite3_bind_int64(stmt, 1, id);
  if (sqlite3_step(stmt) != SQLITE_ROW) {
    return 0; /* the sums will differ */
  }
  sqlite3_int64 score = sqlite3_column_int64(stmt, 0);
  const unsigned char *text = sqlite3_column_text(stmt, 1);
  int length = sqlite3_column_bytes(stmt, 1);
  memcpy(tier, text, (size_t)(length < 32 ? length : 32));
  __asm__ volatile("" ::"r"(tier) : "memory");
  sqlite3_reset(stmt);
  return score + length;
}

static void native_lookup(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  (void)argc;
  sqlite3_stmt *stmt = *(sqlite3_stmt **)sqlite3_user_data(ctx);
  sqlite3_result_int64(ctx, look_up(stmt, sqlite3_value_int64(argv[0])));
}

static void native_many(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  (void)argc;
  sqlite3_stmt *stmt = *(sqlite3_stmt **)sqlite3_user_data(ctx);
  sqlite3_int64 count = sqlite3_value_int64(argv[0]), sum = 0;
  for (sqlite3_int64 i = 1; i <= count; i++) {
    sum += look_up(stmt, i * 7919 % 10000 + 1);
  }
  sqlite3_result_int64(ctx, sum);
}

static uint64_t run(void *arg) {
  sqlite3_stmt *stmt = arg;
  uint64_t sum =
      sqlite3_step(stmt) == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(stmt, 0) : UINT64_MAX;
  if (sum == UINT64_MAX) {
    fprintf(stderr, "%s\n", sqlite3_errmsg(sqlite3_db_handle(stmt)));
  }
  sqlite3_reset(stmt);
  return sum;
}

static int compare(sqlite3 *db, const char *name, const char *const sql[2], unsigned rounds,
                   double rows) {
  sqlite3_stmt *stmts[2] = {NULL};
  int status = 0;
  if (only && strstr(name, only) == NULL) {
    return 0;
  }
  for (int i = 0; i < 2 && !status; i++) {
    status = sqlite3_prepare_v2(db, sql[i], -1, &stmts[i], NULL);
  }
  measure_case cases[] = {{.name = "native", .run = run, .arg = stmts[0]},
                          {.name = "helios", .run = run, .arg = stmts[1]}};
  status = status ? status : measure(cases, 2, rounds);
  if (!status) {
    double native = cases[0].median / rows, ours = cases[1].median / rows;
    printf("{\"bench\":\"host\",\"name\":\"%s\",\"native_ns\":%.1f,\"helios_ns\":%.1f,\"ratio\":%."
           "3f}\n",
           name, native, ours, ours / native);
  }
  sqlite3_finalize(stmts[0]);
  sqlite3_finalize(stmts[1]);
  return status;
}

static int compare_both(sqlite3 *db, unsigned rounds, double rows) {
  static const char *const in_call[] = {
      "SELECT sum(n_many(n)) FROM (SELECT count(*) AS n FROM t)",
      "SELECT sum(lookup_many(n)) FROM (SELECT count(*) AS n FROM t)"};
  static const char *const a_call[] = {"SELECT sum(n_lookup(id)) FROM t",
                                       "SELECT sum(lookup(id)) FROM t"};
  int status = compare(db, "prepared query, many a call", in_call, rounds, rows);
  return status ? status : compare(db, "prepared query, one a call", a_call, rounds, rows);
}

static int bench(const char *plugin, unsigned rounds, unsigned rows) {
  char sql[4096];
  helios *h = NULL;
  helios_error err = {0};
  sqlite3_stmt *lookup = NULL;
  int status = helios_open(&h, ":memory:", NULL, &err);
  sqlite3 *db = status ? NULL : helios_db(h);
  snprintf(sql, sizeof sql,
           "CREATE TABLE t(id); CREATE TABLE customers(id INTEGER PRIMARY KEY, score, tier TEXT);"
           "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %u)"
           " INSERT INTO t SELECT i * 7919 %% 10000 + 1 FROM c;"
           "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 10000)"
           " INSERT INTO customers SELECT i, i * 3, 'platinum' FROM c",
           rows);
  status = status ? status : sqlite3_exec(db, sql, NULL, NULL, NULL);
  status = status ? status
                  : sqlite3_prepare_v2(db, "SELECT score, tier FROM customers WHERE id = ?1", -1,
                                       &lookup, NULL);
  if (!status) {
    static const char create[] = "CREATE PROCEDURE %s(id BIGINT) RETURNS BIGINT LANGUAGE wasm "
                                 "CAPABILITIES ('read:customers') AS '%s'";
    sqlite3_create_function(db, "n_lookup", 1, SQLITE_UTF8, &lookup, native_lookup, NULL, NULL);
    sqlite3_create_function(db, "n_many", 1, SQLITE_UTF8, &lookup, native_many, NULL, NULL);
    snprintf(sql, sizeof sql, create, "lookup", plugin);
    status = helios_exec(h, sql, NULL, NULL, &err);
    snprintf(sql, sizeof sql, create, "lookup_many", plugin);
    status = status ? status : helios_exec(h, sql, NULL, NULL, &err);
  }
  status = status ? status : compare_both(db, rounds, rows);
  if (status) {
    fprintf(stderr, "%d %s %s\n", status, err.text, db ? sqlite3_errmsg(db) : "");
  }
  sqlite3_finalize(lookup);
  helios_close(h, NULL);
  return status;
}

int main(int argc, char **argv) {
  if (argc != 4 && argc != 5) {
    fprintf(stderr, "usage: bench_host ROUNDS ROWS PLUGIN.so [CASE]\n");
    return 2;
  }
  only = argv[4];
  return bench(argv[3], (unsigned)strtoul(argv[1], NULL, 10), (unsigned)strtoul(argv[2], NULL, 10));
}
