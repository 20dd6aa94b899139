/* hotswap_test.c - versions swapped under load: no statement fails, no statement mixes versions,
 * and the code that nobody uses any more is unmapped. */
#include "engine_kit.h"

#include <pthread.h>
#include <stdatomic.h>

enum { READERS = 4, SWAPS = 1000, ROWS = 200 };

static atomic_bool stop;
static atomic_uint statements, seen[3];

struct reader {
  pthread_t thread;
  const char *path;
  char error[300];
};

/* Version of one statement over all rows, or 0 with a reason. */
static int one_statement(sqlite3_stmt *s, sqlite3 *db, char error[300]) {
  int version = 0, rows = 0, rc;
  while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
    int a = sqlite3_column_int(s, 0), mark = sqlite3_column_int(s, 1),
        again = sqlite3_column_int(s, 2);
    int now = mark - a * 10;
    if (now < 1 || now > 2 || (version && now != version) || again != mark) {
      snprintf(error, 300, "row %d: mark(%d) = %d, %d after version %d", rows, a, mark, again,
               version);
      return 0;
    }
    version = now;
    rows++;
  }
  if (rc != SQLITE_DONE || rows != ROWS) {
    snprintf(error, 300, "%d rows: %.200s", rows, sqlite3_errmsg(db));
    return 0;
  }
  return sqlite3_reset(s) == SQLITE_OK ? version : 0;
}

static void *read_loop(void *arg) {
  struct reader *r = arg;
  helios *h = NULL;
  helios_error err = {0};
  sqlite3_stmt *s = NULL;
  if (helios_open(&h, r->path, NULL, &err) != 0) {
    snprintf(r->error, sizeof r->error, "open: %.200s", err.text);
    return NULL;
  }
  sqlite3_busy_timeout(helios_db(h), 10000);
  if (sqlite3_prepare_v2(helios_db(h), "SELECT a, mark(a), mark(+a) FROM t", -1, &s, NULL) !=
      SQLITE_OK) {
    snprintf(r->error, sizeof r->error, "prepare: %.200s", sqlite3_errmsg(helios_db(h)));
  }
  while (s && !r->error[0] && !atomic_load(&stop)) {
    int version = one_statement(s, helios_db(h), r->error);
    atomic_fetch_add(&seen[version], 1);
    atomic_fetch_add(&statements, 1);
  }
  sqlite3_finalize(s);
  (void)helios_close(h, NULL);
  return NULL;
}

/* Executable mappings of the process. */
static int code_mappings(void) {
  char line[512];
  int n = 0;
  FILE *maps = fopen("/proc/self/maps", "r");
  assert_non_null(maps);
  while (fgets(line, sizeof line, maps)) {
    const char *mode = strchr(line, ' ');
    n += mode && mode[3] == 'x';
  }
  fclose(maps);
  return n;
}

static void swap__thousand_under_load(void **state) {
  (void)state;
  struct reader readers[READERS] = {0};
  char path[128];
  snprintf(path, sizeof path, "%s", ek_path("swap.db"));
  helios *h = ek_open("swap.db");
  ek_run(h,
         "PRAGMA journal_mode = WAL; CREATE TABLE t(a);"
         "INSERT INTO t SELECT value FROM (WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT "
         "value + 1 FROM c "
         "WHERE value < 200) SELECT value FROM c);"
         "CREATE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"
         "ALTER FUNCTION mark VERSION 2 AS '%D/two.so'",
         "wal");
  sqlite3_busy_timeout(helios_db(h), 10000);
  ek_close(h);
  assert_int_equal(hrt_plugin_count(), 0);
  int before = code_mappings();
  h = ek_open("swap.db");
  sqlite3_busy_timeout(helios_db(h), 10000);
  for (int i = 0; i < READERS; i++) {
    readers[i].path = path;
    assert_int_equal(pthread_create(&readers[i].thread, NULL, read_loop, &readers[i]), 0);
  }
  while (atomic_load(&statements) < READERS) {
    usleep(1000);
  }
  for (int i = 0; i < SWAPS; i++) {
    ek_run(h, i % 2 ? "ALTER FUNCTION mark USE VERSION 2" : "ALTER FUNCTION mark USE VERSION 1",
           "");
    /* The swap is visible to the next statement. */
    ek_run(h, "SELECT mark(5)", i % 2 ? "52" : "51");
  }
  atomic_store(&stop, true);
  for (int i = 0; i < READERS; i++) {
    pthread_join(readers[i].thread, NULL);
    assert_string_equal(readers[i].error, "");
  }
  assert_int_equal(hrt_plugin_count(), 1); /* the version that h used last */
  ek_close(h);
  assert_int_equal(hrt_plugin_count(), 0);
  assert_int_equal(code_mappings(), before);
  assert_int_equal(hrt_alloc_live(), 0);
  print_message("%u statements beside %d swaps: %u of version 1, %u of version 2\n",
                atomic_load(&statements), SWAPS, atomic_load(&seen[1]), atomic_load(&seen[2]));
  assert_int_equal(atomic_load(&seen[0]), 0);
  assert_true(atomic_load(&seen[1]) > 0 && atomic_load(&seen[2]) > 0);
}

static int next_mark(sqlite3_stmt *s) {
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  assert_int_equal(sqlite3_column_int(s, 0), sqlite3_column_int(s, 1));
  return sqlite3_column_int(s, 0);
}

/* The calls of two statements in turn, and two places in each: every one finds its own
 * statement's version, also after the other statement has ended. */
static void statements__keep_their_version_in_turn(void **state) {
  (void)state;
  static const char sql[] = "SELECT mark(a), mark(+a) FROM t";
  sqlite3_stmt *old = NULL, *new = NULL;
  helios *h = ek_open("turns.db");
  ek_run(h,
         "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3), (4);"
         "CREATE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'",
         "");
  assert_int_equal(sqlite3_prepare_v2(helios_db(h), sql, -1, &old, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(helios_db(h), sql, -1, &new, NULL), SQLITE_OK);
  assert_int_equal(next_mark(old), 11);
  ek_run(h, "ALTER FUNCTION mark VERSION 2 AS '%D/two.so'; ALTER FUNCTION mark USE VERSION 2", "");
  assert_int_equal(next_mark(new), 12);
  assert_int_equal(next_mark(old), 21);
  assert_int_equal(next_mark(new), 22);
  assert_int_equal(sqlite3_reset(new), SQLITE_OK);
  assert_int_equal(next_mark(old), 31);
  assert_int_equal(next_mark(new), 12);
  assert_int_equal(next_mark(old), 41);
  assert_int_equal(sqlite3_step(old), SQLITE_DONE);
  assert_int_equal(sqlite3_reset(old), SQLITE_OK);
  assert_int_equal(next_mark(old), 12);
  sqlite3_finalize(old);
  sqlite3_finalize(new);
  ek_close(h);
}

/* A trigger that fires itself calls from one place at many depths. */
static void triggers__that_recurse_compute_by_one_version(void **state) {
  (void)state;
  helios *h = ek_open("recursion.db");
  ek_run(h,
         "PRAGMA recursive_triggers = ON; CREATE TABLE t(a, m);"
         "CREATE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"
         "CREATE TEMP TRIGGER down AFTER INSERT ON t WHEN new.a > 0 BEGIN"
         " INSERT INTO t VALUES (new.a - 1, mark(new.a)); UPDATE t SET m = mark(a) WHERE a = new.a;"
         " END;"
         "INSERT INTO t VALUES (5, mark(7))",
         "");
  ek_run(h, "SELECT group_concat(m) FROM (SELECT m FROM t ORDER BY a)", "11,11,21,31,41,51");
  ek_run(h, "INSERT INTO t VALUES (mark(0), mark(1)); SELECT count(*), sum(m) FROM t", "8|188");
  ek_close(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(swap__thousand_under_load),
      cmocka_unit_test(statements__keep_their_version_in_turn),
      cmocka_unit_test(triggers__that_recurse_compute_by_one_version)};
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
