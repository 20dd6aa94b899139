/* table_test.c - procedures that RETURN TABLE: the virtual table, versions and shapes. The guest of
 * the engine's kit has no host functions, so rows come as JSON: echo gives back its text;
 * tests/sql/surface_test.py has row_*. */
#include "engine_kit.h"

#define ROWS(columns)                                                                              \
  "CREATE OR REPLACE FUNCTION lines(what TEXT DEFAULT '[[7,\"x\"]]') RETURNS TABLE (" columns      \
  ") LANGUAGE wasm EXPORT 'echo' AS '%D/one.so';"
#define TWO ROWS("id BIGINT, name TEXT")

static void table__select_and_call(void **state) {
  (void)state;
  helios *h = ek_open("t.db");
  ek_run(h, TWO "SELECT * FROM lines()", "7|x");
  ek_run(h, "CALL lines()", "7|x");
  ek_run(h, "CALL lines(what => '[[1,null],{\"name\":\"b\"},[9007199254740993,\"c\"]]')",
         "1|NULL\nNULL|b\n9007199254740993|c");
  ek_run(h, "SELECT name, id + 1 FROM lines('[[1,\"a\"],[2,\"b\"]]') WHERE id > 1", "b|3");
  ek_run(h, "SELECT what, name FROM lines WHERE what = '[[1,\"a\"]]'", "[[1,\"a\"]]|a");
  ek_run(h, "SELECT count(*) FROM lines(NULL)", "0"); /* strict */
  ek_run(h, "SELECT count(*) FROM lines('')", "0");
  ek_run(h, "SELECT count(*), rowid FROM lines('[[1,\"a\"],[2,\"b\"]]') ORDER BY 2 DESC", "2|1");
  ek_run(
      h, "SELECT returns FROM helios_version",
      "{\"table\":[{\"name\":\"id\",\"type\":\"BIGINT\"},{\"name\":\"name\",\"type\":\"TEXT\"}]}");
  ek_close(h);
  h = ek_open("t.db");
  ek_run(
      h,
      "SELECT j.value, l.id FROM json_each('[\"[[1,null]]\",\"[]\",\"[[2,null],[3,null]]\"]') j, "
      "lines(j.value) l",
      "[[1,null]]|1\n[[2,null],[3,null]]|2\n[[2,null],[3,null]]|3");
  ek_run(h,
         "SELECT a.id, b.id FROM lines('[[1,\"a\"],[2,\"b\"]]') a JOIN lines('[[2,\"c\"]]') b ON "
         "a.id = b.id",
         "2|2");
  ek_fails(h, "SELECT * FROM lines('x', 'y')", HELIOS_E_SQL, "too many arguments");
  ek_fails(h, "SELECT lines('x')", HELIOS_E_VALUE, "it returns a table");
  assert_string_equal(ek_error.hint, "SELECT * FROM lines(...)");
  ek_fails(h, "INSERT INTO lines VALUES (1, 2)", HELIOS_E_SQL, "may not be modified");
  ek_fails(h, "CREATE VIEW v AS SELECT * FROM lines(); SELECT * FROM v", HELIOS_E_SQL,
           "unsafe use of virtual table");
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

static void table__rows_must_fit(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"[[1]]", "row 1 has 1 of the 2 columns"},
      {"[[1,\"a\"],[2,\"b\",3]]", "row 2 has more than the 2 columns"},
      {"[[\"a\",\"b\"]]", "row 1, column id: expected BIGINT, got TEXT"},
      {"[[1,\"a\"],[1.5,\"a\"]]", "row 2, column id: expected BIGINT, got F64"},
      {"[{\"id\":1,\"nme\":2}]", "row 1: no column nme"},
      {"[{\"id\":1,\"id\":2}]", "row 1: no column id is declared, or it is given twice"},
      {"[1]", "row 1 is neither a JSON array nor an object"},
      {"{}", "the result is no table"},
      {"[[1,\"a\"]", "malformed JSON"},
      {"12", "the result is no table"},
      {"[[]]", "row 1 has 0 of the 2 columns"},
  };
  helios *h = ek_open(":memory:");
  ek_run(h, TWO, "");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char sql[256];
    snprintf(sql, sizeof sql, "SELECT * FROM lines('%s')", cases[i][0]);
    ek_fails(h, sql, HELIOS_E_VALUE, cases[i][1]);
  }
  ek_run(h, "SELECT id FROM lines('[{}]')", "NULL");
  ek_run(h,
         ROWS("a BOOLEAN, b DECIMAL, c JSON, d ANY, e DATE") "SELECT a, b, typeof(b), c, "
                                                             "json_type(json("
                                                             "c)), d, e FROM "
                                                             "lines('[[true,\"1.50\",[1,{}],{\"x\":"
                                                             "1},\"2024-01-31\"]]')",
         "1|1.5|real|[1,{}]|array|{\"x\":1}|2024-01-31");
  ek_close(h);
}

/* A name that changes what it is, on the connection that changes it and on another one. */
static void table__changes_shape(void **state) {
  (void)state;
  helios *h = ek_open("s.db"), *other = ek_open("s.db");
  sqlite3_stmt *old;
  ek_run(h, TWO, "");
  ek_run(other, "SELECT * FROM lines()", "7|x");
  assert_int_equal(sqlite3_prepare_v2(helios_db(other), "SELECT * FROM lines()", -1, &old, NULL),
                   0);
  ek_run(h, ROWS("id BIGINT, title TEXT") "SELECT title FROM lines()", "x");
  assert_int_equal(sqlite3_step(old), SQLITE_ERROR);
  assert_string_equal(sqlite3_errmsg(helios_db(other)),
                      "procedure lines: its columns or parameters have changed");
  sqlite3_finalize(old);
  ek_run(other, "SELECT title FROM lines()", "x");
  ek_run(h,
         "CREATE OR REPLACE FUNCTION lines(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT "
         "'add' AS '%D/one.so'; SELECT lines(1, 2)",
         "3");
  ek_fails(h, "SELECT * FROM lines()", HELIOS_E_VALUE, "it returns one value, not a table");
  ek_fails(other, "SELECT title FROM lines()", HELIOS_E_VALUE, "it returns one value");
  ek_run(other, "CALL lines(2, 3)", "5");
  ek_run(h, "ALTER FUNCTION lines USE VERSION 1; SELECT name FROM lines()", "x");
  ek_run(other, "SELECT name FROM lines()", "x");
  ek_run(h, "DROP FUNCTION lines", "");
  ek_fails(h, "SELECT * FROM lines()", HELIOS_E_NOT_FOUND, "no such procedure: lines");
  ek_run(h, "CREATE TABLE lines(a); INSERT INTO lines VALUES (5); SELECT * FROM lines", "5");
  ek_close(h);
  ek_close(other);
}

/* What a cursor reads is of the version with which it began. */
static void table__keeps_its_version(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  sqlite3_stmt *s;
  ek_run(h, TWO, "");
  assert_int_equal(
      sqlite3_prepare_v2(helios_db(h),
                         "SELECT l.id FROM json_each('[1,2]') j, lines(iif(j.value = 1, "
                         "'[[1,\"a\"]]', '[[2,\"b\"]]')) l",
                         -1, &s, NULL),
      0);
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  ek_run(h, ROWS("other TEXT"), "");
  assert_int_equal(sqlite3_step(s), SQLITE_ROW); /* two columns fit the first version only */
  assert_int_equal(sqlite3_column_int(s, 0), 2);
  assert_int_equal(sqlite3_step(s), SQLITE_DONE);
  assert_int_equal(sqlite3_reset(s), 0);
  assert_int_equal(sqlite3_step(s), SQLITE_ERROR);
  sqlite3_finalize(s);
  ek_run(h, "SELECT other FROM lines('[[\"y\"]]')", "y");
  ek_close(h);
}

#define SAID(n)                                                                                    \
  "CREATE OR REPLACE FUNCTION said(a ANY) RETURNS TABLE (v BIGINT) LANGUAGE sql AS $$ SELECT " n   \
  " $$;"
#define SAID_TWO SAID("1") SAID("2") "ALTER FUNCTION said USE VERSION 1"

/* Steps through s; after the first row `swap` is carried out on `by`. All values are one. */
static int only_value(sqlite3_stmt *s, helios *by, const char *swap) {
  int value = 0, rows = 0, rc;
  while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
    value = value ? value : sqlite3_column_int(s, 0);
    for (int i = 0; i < sqlite3_column_count(s); i++) {
      assert_int_equal(sqlite3_column_int(s, i), value);
    }
    if (rows++ == 0 && swap) {
      ek_run(by, swap, "");
    }
  }
  assert_int_equal(rc, SQLITE_DONE);
  assert_true(rows > 1);
  sqlite3_reset(s);
  return value;
}

static const char *const places[] = {
    "SELECT (SELECT v FROM said(j.value)) FROM json_each('[1,2,3]') j",
    "SELECT v FROM said(1) UNION ALL SELECT v FROM said(2) UNION ALL SELECT v FROM said(3)",
    "SELECT a.v, b.v, (SELECT v FROM said(b.v)) FROM json_each('[1,2]') j, said(j.value) a,"
    " said(a.v) b",
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + (SELECT v > 0 FROM said(n)) FROM c"
    " WHERE n < 3) SELECT (SELECT v FROM said(n)), helios_version('said') FROM c",
};
enum { PLACES = sizeof places / sizeof *places };

/* However often a statement opens the table, and whoever swaps versions meanwhile. */
static void table__one_version_a_statement(void **state) {
  (void)state;
  helios *h = ek_open("one.db"), *other = ek_open("one.db");
  ek_run(h, "PRAGMA journal_mode = WAL", "wal");
  ek_run(h, SAID_TWO, "");
  ek_run(other, "SELECT v FROM said(0)", "1");
  for (int i = 0; i < PLACES; i++) {
    for (int k = 0; k < 2; k++) {
      sqlite3_stmt *s, *waits;
      helios *by = k ? other : h; /* who does not see others' commits while a statement waits */
      assert_int_equal(sqlite3_prepare_v2(helios_db(h), places[i], -1, &s, NULL), 0);
      assert_int_equal(sqlite3_prepare_v2(helios_db(h), places[1], -1, &waits, NULL), 0);
      assert_int_equal(k ? SQLITE_ROW : sqlite3_step(waits), SQLITE_ROW);
      assert_int_equal(only_value(s, by, "ALTER FUNCTION said USE VERSION 2"), 1);
      assert_int_equal(only_value(s, by, "ALTER FUNCTION said USE VERSION 1"), 2);
      assert_int_equal(only_value(waits, by, NULL), 1);
      sqlite3_finalize(s);
      sqlite3_finalize(waits);
    }
  }
  ek_close(h);
  ek_close(other);
  assert_int_equal(hrt_alloc_live(), 0);
}

static void table__canary_share(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, SAID_TWO "; ALTER FUNCTION said CANARY VERSION 2 PERCENT 30", "");
  for (int i = 0; i < PLACES; i++) {
    sqlite3_stmt *s;
    int seen[3] = {0};
    assert_int_equal(sqlite3_prepare_v2(helios_db(h), places[i], -1, &s, NULL), 0);
    for (int n = 0; n < 100; n++) {
      seen[only_value(s, h, n % 2 ? "SELECT 1 WHERE 0" : NULL)]++;
    }
    assert_int_equal(seen[1], 70);
    assert_int_equal(seen[2], 30);
    sqlite3_finalize(s);
  }
  ek_run(h, "ALTER FUNCTION said PROMOTE; SELECT v FROM said(0)", "2");
  ek_run(h, SAID("'1'") "ALTER FUNCTION said USE VERSION 2", "");
  ek_fails(h,
           "CREATE OR REPLACE FUNCTION said(b ANY) RETURNS TABLE (v BIGINT) LANGUAGE sql AS"
           " $$ SELECT 4 $$; ALTER FUNCTION said USE VERSION 2;"
           "ALTER FUNCTION said CANARY VERSION 4 PERCENT 10",
           HELIOS_E_SIGNATURE, "other parameters");
  ek_close(h);
}

/* A trigger closes its cursors with each row. */
static void table__triggers_follow_their_statement(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE FUNCTION lines(what TEXT) RETURNS TABLE (id BIGINT) LANGUAGE wasm DETERMINISTIC"
         " EXPORT 'echo' AS '%D/one.so'; ALTER FUNCTION lines VERSION 2 AS '%D/two.so';"
         "ALTER FUNCTION lines USE VERSION 1; ALTER FUNCTION lines CANARY VERSION 2 PERCENT 50;"
         "CREATE TABLE t(a); CREATE TABLE log(id);"
         "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log SELECT id FROM lines(new.a); "
         "END;"
         "INSERT INTO t VALUES ('[[1],[2]]'), ('[[3]]'), ('[[4]]');"
         "SELECT group_concat(id) FROM log; SELECT calls, rows FROM helios_metrics",
         "1,2,3,4\n3|4");
  ek_run(h,
         "SELECT count(DISTINCT statement), sum(calls) FROM helios_statement;"
         "INSERT INTO t VALUES ('[[1]]'), ('[[3]]'); INSERT INTO t VALUES ('[[1]]'), ('[[3]]');"
         "SELECT sum(calls % 3 + rows) FROM helios_metrics; SELECT calls FROM helios_statement",
         "1|3\n12\n2");
  ek_close(h);
}

static void table__canary_rolls_back(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         SAID("1") SAID("abs(-9223372036854775808)") "ALTER FUNCTION said USE VERSION 1;"
                                                     "ALTER FUNCTION said CANARY VERSION 2 PERCENT "
                                                     "100 ROLLBACK ON ERROR RATE 5%",
         "");
  ek_fails(h, "SELECT v FROM said(0)", HELIOS_E_SQL, "integer overflow");
  ek_fails(h, "SELECT v FROM said(0)", HELIOS_E_SQL, "integer overflow");
  ek_run(h, "SELECT v FROM said(0), (SELECT 1)", "1");
  ek_run(h, "SELECT event, version FROM helios_audit_log ORDER BY time_us DESC LIMIT 1",
         "rollback|2");
  ek_close(h);
}

static void table__names_that_are_taken(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
#define NAMED(name)                                                                                \
  "CREATE FUNCTION " name "(a TEXT) RETURNS TABLE (b TEXT) LANGUAGE wasm EXPORT 'echo' AS "        \
  "'%D/one.so'"
  ek_fails(h, NAMED("json_each"), HELIOS_E_EXISTS, "table-valued function of this name already");
  ek_fails(h, NAMED("pragma_table_info"), HELIOS_E_EXISTS, "table-valued function");
  ek_fails(h, "CREATE TABLE t(a); " NAMED("t"), HELIOS_E_EXISTS, "table or view of this name");
  ek_fails(h, "CREATE VIEW w AS SELECT 1; " NAMED("W"), HELIOS_E_EXISTS, "table or view");
  ek_fails(h,
           "CREATE FUNCTION f(a BIGINT) RETURNS TABLE (b TEXT) LANGUAGE wasm EXPORT 'wild' AS "
           "'%D/one.so'",
           HELIOS_E_SIGNATURE, "");
  ek_fails(h,
           "CREATE FUNCTION f() RETURNS TABLE (b FROB) LANGUAGE wasm EXPORT 'answer' AS "
           "'%D/one.so'",
           HELIOS_E_SIGNATURE, "unknown type FROB");
  ek_close(h);
}

/* A column and a parameter of one name, from a stranger's catalog. */
static void table__damaged_catalog(void **state) {
  (void)state;
  static const char *const damages[][2] = {
      {"'{\"table\":[]}'", "bad result type"},
      {"'{\"table\":[{\"type\":\"TEXT\"}]}'", "bad result type"},
      {"'{\"table\":[{\"name\":\"a\",\"type\":\"TEXT\"}],\"x\":1}'", "bad result type"},
      {"'{\"table\":[{\"name\":\"what\",\"type\":\"TEXT\"}]}'", "duplicate column name: what"},
      {"'{\"table\":[{\"name\":\"a\",\"type\":\"x); DROP TABLE t\"}]}'", "unknown type"},
  };
  for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
    char sql[512];
    helios *h = ek_open("damaged.db");
    ek_run(h, TWO, "");
    snprintf(sql, sizeof sql,
             "UPDATE helios_version SET stamp = stamp + 1, returns = %s; UPDATE helios_meta SET "
             "value = value + 1 WHERE key = 'stamp'",
             damages[i][0]);
    ek_run(h, sql, "");
    ek_close(h);
    h = ek_open("damaged.db");
    helios_error err = {0};
    assert_int_not_equal(ek_try(h, &err, "SELECT * FROM lines()"), 0);
    if (strstr(err.text, damages[i][1]) == NULL) {
      fail_msg("%s\n said: %s", damages[i][0], err.text);
    }
    ek_run(h, "DROP FUNCTION lines", "");
    ek_close(h);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(table__select_and_call),
      cmocka_unit_test(table__rows_must_fit),
      cmocka_unit_test(table__changes_shape),
      cmocka_unit_test(table__keeps_its_version),
      cmocka_unit_test(table__names_that_are_taken),
      cmocka_unit_test(table__damaged_catalog),
      cmocka_unit_test(table__one_version_a_statement),
      cmocka_unit_test(table__canary_share),
      cmocka_unit_test(table__triggers_follow_their_statement),
      cmocka_unit_test(table__canary_rolls_back),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
