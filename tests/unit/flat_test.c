/* flat_test.c - memory of a connection that goes on for long: after a warm-up, as much after 2N
 * rounds as after N. Counted are SQLite's bytes, our blocks and malloc's bytes. What grows all the
 * same is SQLite's own, and shown beside a plain connection: pages in its cache, and names of
 * functions, which it keeps until the connection closes.
 *
 * HELIOS_FLAT=N: rounds, instead of 300. */
#include "engine_kit.h"

#include <malloc.h>

enum {
  ROUNDS = 300,
  WARM_UP = 600, /* more than the newest records that a store keeps */
  FILE_KINDS = 8,
};

struct used {
  long long sqlite;
  long blocks;
  size_t bytes; /* of malloc; 0 under a sanitizer */
};

static struct used used(void) {
  struct mallinfo2 info = mallinfo2();
  return (struct used){sqlite3_memory_used(), hrt_alloc_live(), info.uordblks};
}

static int rounds(void) {
  const char *wanted = getenv("HELIOS_FLAT");
  return wanted ? (int)strtol(wanted, NULL, 10) : ROUNDS;
}

struct kind {
  helios_code code; /* the error */
  const char *sql;
};

static const struct kind kinds[] = {
    {HELIOS_E_TRAP, "SELECT trap()"},
    {HELIOS_E_TRAP, "SELECT wild()"},
    {HELIOS_E_TRAP, "CALL wild()"},
    {HELIOS_E_FUEL, "SELECT burn(1000000)"},
    {HELIOS_OK, "SELECT denied()"}, /* these three give the status that a host function gave */
    {HELIOS_OK, "SELECT wrong()"},
    {HELIOS_OK, "SELECT unique_twice()"},
    {HELIOS_E_SQL, "SELECT body()"},
    {HELIOS_E_TRAP, "SELECT body_trap()"},
    {HELIOS_E_VALUE, "SELECT typed('x')"},
    {HELIOS_E_VALUE, "SELECT * FROM lines('[[1]]')"},
    {HELIOS_E_VALUE, "SELECT * FROM lines('{')"},
    {HELIOS_E_SQL, "SELECT trap(1)"},
    {HELIOS_E_SQL, "SELECT nosuch()"},
    {HELIOS_E_NOT_FOUND, "CALL nosuch()"},
    {HELIOS_E_SQL, "CALL answer(1)"},
    {HELIOS_E_SYNTAX, "CALL answer("},
    {HELIOS_E_SQL, "SELECT answer() FROM nosuch"},
    {HELIOS_E_EXISTS, EK_CREATE_ANSWER},
    {HELIOS_E_NOT_FOUND, "CREATE PROCEDURE y() RETURNS BIGINT LANGUAGE wasm AS '%D/not_there.so'"},
    {HELIOS_E_NOT_FOUND,
     "CREATE PROCEDURE y() RETURNS BIGINT LANGUAGE wasm EXPORT 'none' AS '%D/one.so'"},
    {HELIOS_E_SIGNATURE,
     "CREATE PROCEDURE y(x TEXT) RETURNS BIGINT LANGUAGE wasm EXPORT 'burn' AS '%D/one.so'"},
    {HELIOS_E_SYNTAX, "CREATE PROCEDURE y( RETURNS"},
    {HELIOS_E_CAPABILITY, "CREATE PROCEDURE y() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('zz') "
                          "EXPORT 'answer' AS '%D/one.so'"},
    {HELIOS_E_SQL, "CREATE PROCEDURE y() RETURNS BIGINT LANGUAGE sql AS 'SELECT * FROM nosuch'"},
    {HELIOS_E_EXISTS,
     "CREATE PROCEDURE abs() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS '%D/one.so'"},
    {HELIOS_E_NOT_FOUND, "ALTER PROCEDURE nosuch VERSION 2 AS '%D/two.so'"},
    {HELIOS_E_NOT_FOUND, "ALTER PROCEDURE answer USE VERSION 9"},
    {HELIOS_E_CAPABILITY, "ALTER PROCEDURE answer GRANT CAPABILITY 'zz'"},
    {HELIOS_E_SYNTAX, "ALTER PROCEDURE answer SET zz = 1"},
    {HELIOS_E_NOT_FOUND, "DROP PROCEDURE nosuch"},
    {HELIOS_E_NOT_FOUND, "SELECT helios_ddl('DROP PROCEDURE nosuch')"},
    {HELIOS_E_VALUE, "SET x = 1"},
    {HELIOS_E_NOT_FOUND, "SHOW app.zz"},
    {HELIOS_E_NOT_FOUND, "SELECT helios_rebuild('zz')"},
    {HELIOS_E_NOT_FOUND, "SELECT helios_adopt('zz')"},
    {HELIOS_E_NOT_FOUND, "CREATE EXTENSION e LANGUAGE wasm AS '%D/not_there.so'"},
};

static const char procedures[] = EK_CREATE_ANSWER
    "CREATE TABLE log(a UNIQUE); INSERT INTO log VALUES (1);"
    "CREATE PROCEDURE trap() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"
    "CREATE PROCEDURE wild() RETURNS INTEGER LANGUAGE wasm AS '%D/one.so';"
    "CREATE PROCEDURE burn(n BIGINT) RETURNS BIGINT LANGUAGE wasm WITH (fuel_limit = 1000) AS "
    "'%D/one.so';"
    "CREATE PROCEDURE typed(n BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'mark' AS '%D/one.so';"
    "CREATE FUNCTION lines(what TEXT) RETURNS TABLE (id BIGINT, name TEXT) LANGUAGE wasm EXPORT "
    "'echo' AS '%D/one.so';"
    "CREATE PROCEDURE denied() RETURNS BIGINT LANGUAGE wasm EXPORT 'run' CAPABILITIES ('query') AS "
    "'%D/inserts.so';"
    "CREATE PROCEDURE unique_twice() RETURNS BIGINT LANGUAGE wasm EXPORT 'run' CAPABILITIES "
    "('write:log') AS '%D/inserts.so';"
    "CREATE PROCEDURE wrong() RETURNS BIGINT LANGUAGE wasm EXPORT 'run' CAPABILITIES ('query') AS "
    "'%D/wrong.so';"
    "CREATE PROCEDURE body() RETURNS BIGINT LANGUAGE sql AS 'INSERT INTO log VALUES (1); SELECT 1';"
    "CREATE PROCEDURE body_trap() RETURNS BIGINT LANGUAGE sql AS 'SELECT trap()'";

static void fail_often(helios *h, const struct kind *kind, int times) {
  helios_error err;
  for (int i = 0; i < times; i++) {
    int status = ek_try(h, &err, kind->sql);
    if (status != (int)kind->code) {
      fail_msg("%s: %d %s", kind->sql, status, err.text);
    }
  }
}

/* malloc's own count moves a little: texts have other lengths. */
static void assert_flat(const char *what, struct used first, struct used last, int n) {
  if (first.sqlite != last.sqlite || first.blocks != last.blocks ||
      last.bytes > first.bytes + (size_t)n + 4096) {
    fail_msg("%s: SQLite %lld, %lld, blocks %ld, %ld, bytes %zu, %zu in %d rounds", what,
             first.sqlite, last.sqlite, first.blocks, last.blocks, first.bytes, last.bytes, n);
  }
}

static void fail_flat(const char *file, size_t count) {
  helios *h = ek_open(file);
  /* the pages of records that were written are soon as many as the cache takes */
  ek_run(h, "PRAGMA cache_size = 10; PRAGMA synchronous = OFF", NULL);
  ek_run(h, procedures, "");
  for (size_t i = 0; i < count; i++) {
    fail_often(h, &kinds[i], WARM_UP);
    ek_run(h, "SELECT helios_flush() IS 99, (SELECT count(*) FROM helios_traps) IS 99", NULL);
    struct used first = used();
    fail_often(h, &kinds[i], rounds());
    ek_run(h, "SELECT helios_flush() IS 99, (SELECT count(*) FROM helios_traps) IS 99", NULL);
    assert_flat(kinds[i].sql, first, used(), rounds());
  }
  ek_close(h);
}

static void flat__failing_calls(void **state) {
  (void)state;
  fail_flat(":memory:", sizeof kinds / sizeof *kinds);
}

/* Records of them go to the file. */
static void flat__failing_calls_of_a_file(void **state) {
  (void)state;
  fail_flat("flat.db", FILE_KINDS);
}

/* CREATE, CALL, DROP of a name. */
static void come_and_go(helios *h, const char *name) {
  char sql[400];
  snprintf(sql, sizeof sql,
           "CREATE PROCEDURE %s() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS '%%D/one.so'; "
           "SELECT %s(); DROP PROCEDURE %s",
           name, name, name);
  ek_run(h, sql, "1");
}

static void flat__create_and_drop(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  struct used first = {0};
  for (int i = 0; i < WARM_UP + rounds(); i++) {
    if (i == WARM_UP) {
      first = used();
    }
    come_and_go(h, "again");
  }
  assert_flat("the same name", first, used(), rounds());
  ek_close(h);
}

static void none(void *arg) {
  (void)arg;
}

static void nothing(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)sql, (void)argc, (void)argv;
}

/* What SQLite alone takes for functions. Most of it stays when they are removed. */
static long long kept_by_sqlite(int from, int to, bool removed) {
  sqlite3 *db = NULL;
  char name[32];
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  long long before = 0;
  for (int i = 0; i < to; i++) {
    before = i == from ? sqlite3_memory_used() : before;
    snprintf(name, sizeof name, "name%06d", i);
    sqlite3_create_function_v2(db, name, 0, SQLITE_UTF8, NULL, nothing, NULL, NULL, none);
    if (removed) {
      sqlite3_create_function(db, name, 0, SQLITE_UTF8, NULL, NULL, NULL, NULL);
    }
  }
  long long grown = sqlite3_memory_used() - before;
  sqlite3_close(db);
  return grown;
}

/* A name that a connection has met stays: SQLite keeps its functions' names until sqlite3_close. We
 * keep what the name belongs to. */
static void flat__but_for_new_names(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  struct used first = {0};
  int n = rounds();
  char name[32];
  for (int i = 0; i < 2 * n; i++) {
    if (i == n) {
      first = used();
    }
    snprintf(name, sizeof name, "name%06d", i);
    come_and_go(h, name);
  }
  struct used last = used();
  long long alone = kept_by_sqlite(n, 2 * n, false), left = kept_by_sqlite(n, 2 * n, true);
  print_message("  a name: %lld bytes of SQLite's, %lld if removed, %lld with us; %ld blocks, %ld "
                "bytes of all\n",
                alone / n, left / n, (last.sqlite - first.sqlite) / n,
                (last.blocks - first.blocks) / n, ((long)last.bytes - (long)first.bytes) / n);
  assert_true(left > 64L * n);
  assert_in_range(last.sqlite - first.sqlite, alone - 64, alone + 64);
  assert_true(last.blocks - first.blocks <= 3L * n);
  assert_true(last.bytes <= first.bytes + 1300 * (size_t)n);
  ek_close(h);
}

static int setup(void **state) {
  ek_setup(state);
  ek_plugin("inserts.so", "-DANSWER=3 '-DSQL=\"INSERT INTO log VALUES (1)\"'");
  ek_plugin("wrong.so", "-DANSWER=4 '-DSQL=\"SELECT nosuch FROM nosuch\"'");
  return 0;
}

int main(int argc, char **argv) {
  (void)argc;
  if (getenv("GLIBC_TUNABLES") == NULL) { /* what malloc has in its caches counts as used */
    setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
    execv("/proc/self/exe", argv);
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(flat__failing_calls), cmocka_unit_test(flat__failing_calls_of_a_file),
      cmocka_unit_test(flat__create_and_drop), cmocka_unit_test(flat__but_for_new_names)};
  return cmocka_run_group_tests(tests, setup, ek_teardown);
}
