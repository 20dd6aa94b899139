/* sql_main.c - what a procedure costs inside SQLite, against the same function as a native C
 * extension, and against no function at all. Prints a line of JSON a case.
 *
 * usage: bench_sql ROUNDS ROWS PLUGIN.so CHECKED.so [CASE]   (the plugins are sql.c and checked.c,
 * made by run.py; CASE: part of a name, and no other case is run) */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helios/helios.h"
#include "instance/instance.h"
#include "measure.h"

#include "host/sqlite_api.h"

static const char *only; /* or NULL */

typedef struct query {
  sqlite3_stmt *stmt;
} query;

static void native_add(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  (void)argc;
  sqlite3_result_int64(ctx, sqlite3_value_int64(argv[0]) + sqlite3_value_int64(argv[1]));
}

/* Of the contract that a procedure has: integers only, NULL of NULL. */
static void native_add_strict(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  (void)argc;
  int a = sqlite3_value_type(argv[0]), b = sqlite3_value_type(argv[1]);
  if (a == SQLITE_INTEGER && b == SQLITE_INTEGER) {
    sqlite3_result_int64(ctx, sqlite3_value_int64(argv[0]) + sqlite3_value_int64(argv[1]));
  } else if (a != SQLITE_NULL && b != SQLITE_NULL) {
    sqlite3_result_error(ctx, "n_add_strict: an argument is no integer", -1);
  }
}

static void native_bytesum(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  (void)argc;
  const unsigned char *text = sqlite3_value_text(argv[0]);
  int length = sqlite3_value_bytes(argv[0]);
  sqlite3_int64 sum = 0;
  for (int i = 0; i < length; i++) {
    sum += text[i];
  }
  sqlite3_result_int64(ctx, sum);
}

static void native_textlen(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)sqlite3_value_text(argv[0]);
  sqlite3_result_int64(ctx, sqlite3_value_bytes(argv[0]));
}

static void native_step(sqlite3_context *ctx, int argc, sqlite3_value **argv) {
  (void)argc;
  sqlite3_int64 *sum = sqlite3_aggregate_context(ctx, sizeof *sum);
  if (sum && sqlite3_value_type(argv[0]) == SQLITE_INTEGER) {
    *sum += sqlite3_value_int64(argv[0]);
  }
}

static void native_final(sqlite3_context *ctx) {
  sqlite3_int64 *sum = sqlite3_aggregate_context(ctx, 0);
  sqlite3_result_int64(ctx, sum ? *sum : 0);
}

static uint64_t run_query(void *arg) {
  query *q = arg;
  int rc = sqlite3_step(q->stmt);
  uint64_t sum = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(q->stmt, 0) : UINT64_MAX;
  if (rc != SQLITE_ROW) {
    fprintf(stderr, "%s\n", sqlite3_errmsg(sqlite3_db_handle(q->stmt)));
  }
  sqlite3_reset(q->stmt);
  return sum;
}

static int prepare(sqlite3 *db, query *q, const char *sql) {
  int rc = sqlite3_prepare_v2(db, sql, -1, &q->stmt, NULL);
  if (rc != SQLITE_OK) {
    fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
  }
  return rc;
}

/* The same query with no function, the native one, and ours. */
static int compare_three(sqlite3 *db, const char *name, const char *const sql[3], unsigned rounds,
                         double rows) {
  static const char *const names[] = {"base", "native", "helios"};
  query three[3] = {{0}};
  measure_case cases[3];
  int status = 0;
  if (only && strstr(name, only) == NULL) {
    return 0;
  }
  for (int i = 0; i < 3 && !status; i++) {
    status = prepare(db, &three[i], sql[i]);
    cases[i] = (measure_case){.name = names[i], .run = run_query, .arg = &three[i]};
  }
  if (!status) {
    status = measure(cases, 3, rounds);
  }
  if (!status) {
    double base = cases[0].median / rows, native = cases[1].median / rows,
           ours = cases[2].median / rows;
    printf(
        "{\"bench\":\"sql\",\"name\":\"%s\",\"base_ns\":%.1f,\"native_ns\":%.1f,\"helios_ns\":%.1f,"
        "\"over_native_ns\":%.1f,\"ratio\":%.3f}\n",
        name, base, native, ours, ours - native, ours / native);
  }
  for (int i = 0; i < 3; i++) {
    sqlite3_finalize(three[i].stmt);
  }
  return status;
}

static unsigned char *read_file(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  unsigned char *bytes = f ? malloc(1 << 22) : NULL;
  *size = bytes ? fread(bytes, 1, 1 << 22, f) : 0;
  if (f) {
    fclose(f);
  }
  return bytes;
}

/* Loading (verify, map), a fresh instance, a bare call and a reset, without SQL. */
static int bench_load(const char *path, unsigned rounds) {
  uint8_t key[HRT_KEY_BYTES];
  helios_error err = {0};
  size_t size;
  unsigned char *bytes = read_file(path, &size);
  double load = 1e18, fresh = 1e18, call = 1e18, reset = 1e18;
  int status = bytes ? hrt_key_load(key, &err) : 1;
  for (unsigned r = 0; r < rounds && !status; r++) {
    hrt_plugin *plugin = NULL;
    hrt_instance *instance = NULL;
    hrt_budget budget = {.fuel_limit = UINT64_C(1) << 50};
    hrt_instance_options options = {0};
    double t0 = measure_now_ns();
    status = hrt_plugin_load(&plugin, bytes, size, key, &err);
    double t1 = measure_now_ns();
    if (!status) {
      status = hrt_instance_new(&instance, plugin, &options, &budget, &err);
    }
    double t2 = measure_now_ns();
    int plus = status ? 0 : hrt_plugin_export(plugin, "plus", 4);
    int stateful = status ? 0 : hrt_plugin_export(plugin, "stateful", 8);
    hsb_slot slots[2];
    for (int i = 0; i < 100000 && !status; i++) {
      slots[0] = 1, slots[1] = (hsb_slot)i;
      status = hrt_call(instance, (uint32_t)plus, slots, &budget, &err);
    }
    double t3 = measure_now_ns();
    for (int i = 0; i < 10000 && !status; i++) {
      status = hrt_call(instance, (uint32_t)stateful, slots, &budget, &err) ||
               hrt_instance_reset(instance, &err);
    }
    double t4 = measure_now_ns();
    hrt_instance_free(instance);
    hrt_plugin_unref(plugin);
    load = t1 - t0 < load ? t1 - t0 : load;
    fresh = t2 - t1 < fresh ? t2 - t1 : fresh;
    call = (t3 - t2) / 1e5 < call ? (t3 - t2) / 1e5 : call;
    reset = (t4 - t3) / 1e4 < reset ? (t4 - t3) / 1e4 : reset;
  }
  free(bytes);
  if (status) {
    fprintf(stderr, "%s: %s\n", path, err.text);
    return status;
  }
  printf("{\"bench\":\"load\",\"load_us\":%.1f,\"instance_us\":%.1f,\"call_ns\":%.2f,"
         "\"call_and_reset_ns\":%.1f,\"plugin_bytes\":%zu}\n",
         load / 1e3, fresh / 1e3, call, reset, size);
  return 0;
}

/* what: "PROCEDURE f(a BIGINT)", of BIGINT. */
static int create(helios *h, const char *what, const char *export, const char *plugin) {
  char sql[8192];
  helios_error err = {0};
  snprintf(sql, sizeof sql, "CREATE %s RETURNS BIGINT LANGUAGE wasm EXPORT '%s' AS '%s'", what,
           export, plugin);
  int status = helios_exec(h, sql, NULL, NULL, &err);
  if (status) {
    fprintf(stderr, "%s: %s\n", sql, err.text);
  }
  return status;
}

static int create_all(helios *h, const char *plugin, const char *checked) {
  static const struct {
    const char *what, *export;
    bool checked;
  } all[] = {{"PROCEDURE plus(a BIGINT, b BIGINT)", "plus", false},
             {"PROCEDURE bytesum(t TEXT)", "bytesum", false},
             {"PROCEDURE textlen(t TEXT)", "textlen", false},
             {"PROCEDURE stateful(a BIGINT, b BIGINT)", "stateful", false},
             {"AGGREGATE w_total(x BIGINT)", "total", false},
             {"PROCEDURE c_plus(a BIGINT, b BIGINT)", "c_plus", true},
             {"PROCEDURE c_textlen(t TEXT)", "c_textlen", true},
             {"PROCEDURE c_stateful(a BIGINT, b BIGINT)", "c_stateful", true},
             {"AGGREGATE c_total(x BIGINT)", "c_total", true}};
  int status = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all && !status; i++) {
    status = create(h, all[i].what, all[i].export, all[i].checked ? checked : plugin);
  }
  return status;
}

static const struct {
  const char *name, *sql[3]; /* no function, the native one, ours */
  bool texts;
} queries[] = {
    {"scalar a+b",
     {"SELECT sum(a + b) FROM t", "SELECT sum(n_add(a, b)) FROM t",
      "SELECT sum(plus(a, b)) FROM t"},
     false},
    {"a+b, both strict",
     {"SELECT sum(a + b) FROM t", "SELECT sum(n_add_strict(a, b)) FROM t",
      "SELECT sum(plus(a, b)) FROM t"},
     false},
    {"scalar, writes memory",
     {"SELECT sum(1 + a + b) FROM t", "SELECT sum(1 + n_add(a, b)) FROM t",
      "SELECT sum(stateful(a, b)) FROM t"},
     false},
    {"1 KB text, all bytes",
     {"SELECT sum(length(x) * 120) FROM u", "SELECT sum(n_bytesum(x)) FROM u",
      "SELECT sum(bytesum(x)) FROM u"},
     true},
    {"1 KB text, length",
     {"SELECT sum(length(x)) FROM u", "SELECT sum(n_textlen(x)) FROM u",
      "SELECT sum(textlen(x)) FROM u"},
     true},
    {"aggregate step",
     {"SELECT sum(a) FROM t", "SELECT n_total(a) FROM t", "SELECT w_total(a) FROM t"},
     false},
    {"a+b, may fail",
     {"SELECT sum(a + b) FROM t", "SELECT sum(n_add(a, b)) FROM t",
      "SELECT sum(c_plus(a, b)) FROM t"},
     false},
    {"writes memory, may fail",
     {"SELECT sum(1 + a + b) FROM t", "SELECT sum(1 + n_add(a, b)) FROM t",
      "SELECT sum(c_stateful(a, b)) FROM t"},
     false},
    {"1 KB text, length, may fail",
     {"SELECT sum(length(x)) FROM u", "SELECT sum(n_textlen(x)) FROM u",
      "SELECT sum(c_textlen(x)) FROM u"},
     true},
    {"aggregate step, may fail",
     {"SELECT sum(a) FROM t", "SELECT n_total(a) FROM t", "SELECT c_total(a) FROM t"},
     false},
};

static int fill(sqlite3 *db, unsigned rows) {
  char sql[512];
  snprintf(sql, sizeof sql,
           "CREATE TABLE t(a, b); CREATE TABLE u(x);"
           "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %u)"
           " INSERT INTO t SELECT i, i * 7 FROM c;"
           "INSERT INTO u SELECT replace(hex(zeroblob(512)), '0', 'x') FROM t LIMIT %u",
           rows, rows / 10);
  sqlite3_create_function(db, "n_add", 2, SQLITE_UTF8, NULL, native_add, NULL, NULL);
  sqlite3_create_function(db, "n_add_strict", 2, SQLITE_UTF8, NULL, native_add_strict, NULL, NULL);
  sqlite3_create_function(db, "n_bytesum", 1, SQLITE_UTF8, NULL, native_bytesum, NULL, NULL);
  sqlite3_create_function(db, "n_textlen", 1, SQLITE_UTF8, NULL, native_textlen, NULL, NULL);
  sqlite3_create_function(db, "n_total", 1, SQLITE_UTF8, NULL, NULL, native_step, native_final);
  return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int bench_sql(const char *plugin, const char *checked, unsigned rounds, unsigned rows) {
  helios *h = NULL;
  helios_error err = {0};
  int status = helios_open(&h, ":memory:", NULL, &err);
  sqlite3 *db = status ? NULL : helios_db(h);
  if (status) {
    fprintf(stderr, "%s\n", err.text);
  } else {
    status = fill(db, rows);
  }
  status = status ? status : create_all(h, plugin, checked);
  for (size_t i = 0; i < sizeof queries / sizeof *queries && !status; i++) {
    status = compare_three(db, queries[i].name, queries[i].sql, rounds,
                           queries[i].texts ? rows / 10. : rows);
  }
  helios_close(h, NULL);
  return status;
}

int main(int argc, char **argv) {
  if (argc != 5 && argc != 6) {
    fprintf(stderr, "usage: bench_sql ROUNDS ROWS PLUGIN.so CHECKED.so [CASE]\n");
    return 2;
  }
  unsigned rounds = (unsigned)strtoul(argv[1], NULL, 10);
  only = argv[5];
  return (only == NULL && bench_load(argv[3], rounds)) ||
         bench_sql(argv[3], argv[4], rounds, (unsigned)strtoul(argv[2], NULL, 10));
}
