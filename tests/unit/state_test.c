/* state_test.c - how long a procedure's state lives, through SQL: a call, a statement, a
 * connection; what ends it; and that nothing of it is readable by the next user of an instance. */
#include "engine_kit.h"

#define THREE " FROM (VALUES (1), (2), (3))"
#define CREATE_BUMP(state)                                                                         \
  "CREATE PROCEDURE bump() RETURNS BIGINT LANGUAGE wasm " state " AS '%D/one.so';"

static void call__is_the_default(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, CREATE_BUMP("") "SELECT bump(), bump()" THREE, "1|1\n1|1\n1|1");
  ek_run(h, "ALTER PROCEDURE bump SET state = statement; ALTER PROCEDURE bump SET state = call",
         "");
  ek_run(h, "SELECT bump(), bump()" THREE, "1|1\n1|1\n1|1");
  ek_close(h);
}

static void statement__is_one_state_of_all_its_calls(void **state) {
  (void)state;
  sqlite3_stmt *a, *b;
  helios *h = ek_open(":memory:");
  ek_run(h, CREATE_BUMP("WITH (state = statement)") "SELECT bump(), bump()" THREE, "1|2\n3|4\n5|6");
  ek_run(h, "SELECT bump(); SELECT bump()" THREE, "1\n1\n2\n3");
  sqlite3 *db = helios_db(h);
  assert_int_equal(sqlite3_prepare_v2(db, "SELECT bump()" THREE, -1, &a, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(db, "SELECT bump()" THREE, -1, &b, NULL), SQLITE_OK);
  for (int i = 1; i <= 3; i++) { /* in turn: each has its own */
    assert_int_equal(sqlite3_step(a), SQLITE_ROW);
    assert_int_equal(sqlite3_step(b), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(a, 0), i);
    assert_int_equal(sqlite3_column_int(b, 0), i);
  }
  assert_int_equal(sqlite3_reset(a), SQLITE_OK);
  assert_int_equal(sqlite3_step(a), SQLITE_ROW);
  assert_int_equal(sqlite3_column_int(a, 0), 1);
  sqlite3_finalize(a);
  sqlite3_finalize(b);
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

static void connection__lives_as_long_as_its_version(void **state) {
  (void)state;
  helios *h = ek_open("c.db"), *other = ek_open("c.db");
  ek_run(h, CREATE_BUMP("WITH (state = 'connection')") "SELECT bump(), bump()" THREE,
         "1|2\n3|4\n5|6");
  ek_run(h, "SELECT bump(); BEGIN; SELECT bump(); ROLLBACK; CALL bump()", "7\n8\n9");
  ek_run(other, "SELECT helios_refresh(); SELECT bump(), bump()", "NULL\n1|2");
  ek_run(h, "SELECT bump()", "10");
  ek_run(h, "ALTER PROCEDURE bump VERSION 2 AS '%D/two.so'; SELECT bump()", "1");
  ek_run(h, "SELECT bump(); ALTER PROCEDURE bump SET timeout = '1s'; SELECT bump()", "2\n1");
  ek_run(h, "ALTER PROCEDURE bump SET state = call; SELECT bump(), bump()", "1|1");
  ek_close(h);
  ek_run(other, "SELECT bump(), bump()", "1|1");
  ek_close(other);
  assert_int_equal(hrt_alloc_live(), 0);
  assert_int_equal(hrt_plugin_count(), 0);
}

/* A trap ends the state, and the instance is not used again; an error of SQL's does not. */
static void connection__ends_with_a_trap(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE PROCEDURE burn(n BIGINT) RETURNS BIGINT LANGUAGE wasm WITH (state = connection, "
         "fuel_limit = 1000) AS '%D/one.so';"
         "CREATE PROCEDURE tally(t TEXT) RETURNS BIGINT LANGUAGE wasm WITH (state = connection, "
         "memory_limit = '1MB') AS '%D/one.so'",
         "");
  ek_run(h, "SELECT burn(10)", "10");
  ek_fails(h, "SELECT burn(2000)", HELIOS_E_FUEL, "fuel");
  ek_run(h, "SELECT burn(10)", "10");
  ek_run(h, "SELECT tally('abc'), tally('de')", "1000003|2000002");
  ek_fails(h, "SELECT tally(zeroblob(5000000))", HELIOS_E_VALUE, "expected TEXT");
  ek_fails(h, "SELECT tally(hex(zeroblob(5000000)))", HELIOS_E_LIMIT, "memory limit");
  ek_run(h, "SELECT tally('x')", "3000001");
  ek_close(h);
}

/* Arguments that need more room than there is do not cost the state. */
static void state__survives_a_larger_arena(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE PROCEDURE tally(t TEXT) RETURNS BIGINT LANGUAGE wasm WITH (state = connection) AS "
         "'%D/one.so'; SELECT tally('abc'), tally(hex(zeroblob(100000))), "
         "tally(hex(zeroblob(200000)))",
         "1000003|2200000|3400000");
  ek_run(h, "SELECT tally('de')", "4000002");
  ek_run(h,
         "ALTER PROCEDURE tally SET state = statement; SELECT tally(hex(zeroblob(value))) FROM "
         "json_each('[100000, 1, 200000]')",
         "1200000\n2000002\n3400000");
  ek_run(h, "SELECT tally('abc')", "1000003");
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

static void manifest__says_it_too(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE PROCEDURE keeper LANGUAGE wasm AS '%D/one.so'; SELECT keeper(), keeper(); "
         "SELECT options FROM helios_version",
         "1|2\n{\"state\":1}");
  ek_run(h,
         "CREATE OR REPLACE PROCEDURE keeper LANGUAGE wasm WITH (state = call) AS '%D/one.so'; "
         "SELECT keeper(), keeper()",
         "1|1");
  ek_fails(h,
           "CREATE FUNCTION f() RETURNS BIGINT LANGUAGE wasm DETERMINISTIC EXPORT 'bump' "
           "WITH (state = statement) AS '%D/one.so'",
           HELIOS_E_SYNTAX, "deterministic procedure can't keep state");
  ek_fails(h,
           "CREATE FUNCTION f() RETURNS BIGINT LANGUAGE wasm EXPORT 'bump' "
           "WITH (state = session) AS '%D/one.so'",
           HELIOS_E_SYNTAX, "call|statement|connection");
  ek_close(h);
}

/* Two procedures of one module share no instance; memory, globals and grown pages of a call, of a
 * statement that ended and of a trapped call are gone for the next. */
static void nothing__of_the_user_before(void **state) {
  (void)state;
  static const char *const with[] = {"", "WITH (state = statement)"};
  for (int i = 0; i < 2; i++) {
    char sql[400];
    helios *h = ek_open(":memory:");
    snprintf(sql, sizeof sql,
             "CREATE PROCEDURE stash() RETURNS BIGINT LANGUAGE wasm %s AS '%%D/one.so';"
             "CREATE PROCEDURE sum() RETURNS BIGINT LANGUAGE wasm EXPORT 'sum' %s AS '%%D/one.so'",
             with[i], with[i]);
    char *at = strstr(sql, "PROCEDURE sum()");
    assert_non_null(at);
    memcpy(at, "PROCEDURE suu()", 15); /* sum is a function of SQLite */
    ek_run(h, sql, "");
    ek_run(h, "SELECT suu(); SELECT stash(), suu(); SELECT stash(); SELECT suu()",
           "63\n0|63\n0\n63");
    ek_run(h, "ALTER PROCEDURE stash SET timeout = '5s'; SELECT stash()", "0");
    ek_run(h,
           "CREATE OR REPLACE PROCEDURE stash() RETURNS BIGINT LANGUAGE wasm EXPORT 'sum' AS "
           "'%D/one.so'; SELECT stash(); ALTER PROCEDURE stash USE VERSION 1; SELECT stash()",
           "63\n0");
    ek_close(h);
  }
}

/* Every instance of a pool that was used is as new. */
static void pool__holds_fresh_instances_only(void **state) {
  (void)state;
  sqlite3_stmt *s[5];
  helios *h = ek_open(":memory:");
  ek_run(h, CREATE_BUMP("WITH (state = statement)"), "");
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 5; i++) {
      assert_int_equal(sqlite3_prepare_v2(helios_db(h), "SELECT bump()" THREE, -1, &s[i], NULL),
                       SQLITE_OK);
      assert_int_equal(sqlite3_step(s[i]), SQLITE_ROW);
      assert_int_equal(sqlite3_column_int(s[i], 0), 1);
    }
    for (int i = 0; i < 5; i++) {
      assert_int_equal(sqlite3_step(s[i]), SQLITE_ROW);
      assert_int_equal(sqlite3_column_int(s[i], 0), 2);
      sqlite3_finalize(s[i]);
    }
  }
  ek_close(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(call__is_the_default),
      cmocka_unit_test(statement__is_one_state_of_all_its_calls),
      cmocka_unit_test(connection__lives_as_long_as_its_version),
      cmocka_unit_test(connection__ends_with_a_trap),
      cmocka_unit_test(state__survives_a_larger_arena),
      cmocka_unit_test(manifest__says_it_too),
      cmocka_unit_test(nothing__of_the_user_before),
      cmocka_unit_test(pool__holds_fresh_instances_only),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
