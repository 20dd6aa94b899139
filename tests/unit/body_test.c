/* body_test.c - LANGUAGE sql: what a body may hold, what it gives, its caller's rights, all or
 * nothing, limits. */
#include "engine_kit.h"

static void body__result_is_the_last_statements(void **state) {
  (void)state;
  helios *h = ek_open("b.db");
  ek_run(h,
         "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);"
         "CREATE PROCEDURE put(a BIGINT, b TEXT DEFAULT 'x') RETURNS BIGINT LANGUAGE sql AS $$\n"
         "  -- one row, and the number there are\n"
         "  INSERT INTO t VALUES (:a, :b);\n"
         "  SELECT count(*), 'not this' FROM t WHERE b = :b OR :b = ';';\n"
         "$$;"
         "CALL put(1); SELECT put(2, 'y'); CALL put(b => 'x', a => 3); SELECT * FROM t",
         "1\n1\n2\n1|x\n2|y\n3|x");
  ek_run(
      h,
      "SELECT language, export, plugin_options, strict, CAST(wasm AS TEXT) LIKE '%INSERT INTO t%' "
      "FROM helios_version JOIN helios_module ON hash = module_hash",
      "sql|put||1|1");
  ek_close(h);
  h = ek_open("b.db");
  ek_run(h, "SELECT put(NULL); SELECT count(*) FROM t; SELECT put(4)", "NULL\n3\n3");
  ek_run(h,
         "CREATE PROCEDURE nothing() LANGUAGE sql AS 'DELETE FROM t WHERE b = ''y''';"
         "CALL nothing(); SELECT count(*) FROM t; SELECT count(*) FROM helios_plugin",
         "NULL\n3\n0");
  ek_run(h,
         "CREATE PROCEDURE empty() RETURNS TEXT LANGUAGE sql AS 'SELECT b FROM t WHERE 0'; CALL "
         "empty()",
         "NULL");
  ek_run(h,
         "CREATE PROCEDURE made(a ANY) RETURNS TEXT CALLED ON NULL INPUT LANGUAGE sql AS 'INSERT "
         "INTO t(b) VALUES (ifnull(:a, 0)) RETURNING b'; SELECT made(NULL), made('z')",
         "0|z");
  ek_run(h, "ALTER PROCEDURE empty VERSION 2 AS $$ SELECT 'two' $$; CALL empty()", "two");
  ek_run(h, "ALTER PROCEDURE empty USE VERSION 1; CALL empty()", "NULL");
  ek_run(h,
         "DROP PROCEDURE put; DROP PROCEDURE nothing; DROP PROCEDURE made; DROP PROCEDURE empty;"
         "SELECT count(*) FROM helios_module",
         "0");
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

static void body__table(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE TABLE t(a INTEGER, b TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, NULL);"
         "CREATE FUNCTION above(least BIGINT) RETURNS TABLE (id BIGINT, name TEXT) LANGUAGE sql AS "
         "'SELECT a, b FROM t WHERE a > :least ORDER BY a';"
         "SELECT * FROM above(1); CALL above(2); SELECT count(*) FROM above(0) JOIN above(1) USING "
         "(id)",
         "2|y\n3|NULL\n3|NULL\n2");
  ek_fails(h, "CREATE FUNCTION one() RETURNS TABLE (a BIGINT) LANGUAGE sql AS 'SELECT a, b FROM t'",
           HELIOS_E_SIGNATURE, "the last statement has 2 columns, 1 are declared");
  ek_run(h, "CREATE FUNCTION bad() RETURNS TABLE (a BIGINT) LANGUAGE sql AS 'SELECT b FROM t'", "");
  ek_fails(h, "SELECT * FROM bad()", HELIOS_E_VALUE, "row 1, column a: expected BIGINT, got TEXT");
  ek_close(h);
}

/* Where the body's text is not the statement's, the hint has what the place is. */
static void body__place_of_an_error_in_a_call(void **state) {
  (void)state;
  helios *h = ek_open("place.db");
  ek_run(h, "CREATE TABLE t(a, b)", "");
  ek_run(h,
         "CREATE PROCEDURE f(n BIGINT) RETURNS BIGINT LANGUAGE sql AS 'SELECT 1; SELECT b FROM t "
         "WHERE b = n AND a = 1'",
         "");
  ek_close(h);
  h = ek_open("place.db");
  ek_run(h, "ALTER TABLE t RENAME a TO c", "");
  ek_fails(h, "SELECT f(1)", HELIOS_E_SQL, "procedure f: no such column: a");
  assert_string_equal(ek_error.hint, "at \"a = 1\" (byte 42 of its body)");
  ek_run(h, "DROP TABLE t", "");
  ek_fails(h, "CALL f(1)", HELIOS_E_SQL, "procedure f: no such table: ");
  assert_string_equal(ek_error.hint, "in its statement \"SELECT b FROM t WHERE b = :n AND a = 1\"");
  ek_close(h);
}

static void body__checked_at_create(void **state) {
  (void)state;
  static const struct {
    const char *body;
    helios_code code;
    const char *text;
    uint32_t offset; /* in the body */
  } cases[] = {
      {"SELECT 1; CREATE TABLE x(a)", HELIOS_E_SYNTAX,
       "not for the body of a procedure: \"CREATE\"", 10},
      {"PRAGMA user_version", HELIOS_E_SYNTAX, "not for the body", 0},
      {"BEGIN", HELIOS_E_SYNTAX, "not for the body", 0},
      {"ATTACH 'x' AS y", HELIOS_E_SYNTAX, "not for the body", 0},
      {"SELEC 1", HELIOS_E_SYNTAX, "not for the body", 0},
      {"INSERT OR ROLLBACK INTO t VALUES (1)", HELIOS_E_SYNTAX, "ROLLBACK is not for",
       HELIOS_NO_OFFSET},
      {"  ; -- nothing", HELIOS_E_SYNTAX, "has no statement", HELIOS_NO_OFFSET},
      {"SELECT 1; SELECT nope FROM t", HELIOS_E_SQL, "no such column: nope", 17},
      {"SELECT * FROM missing", HELIOS_E_SQL, "no such table: missing", HELIOS_NO_OFFSET},
      {"SELECT :b", HELIOS_E_SYNTAX, "no such parameter: \":b\"", 7},
      {"SELECT ?", HELIOS_E_SYNTAX, "no such parameter: \"?\"", 7},
      {"SELECT $a", HELIOS_E_SYNTAX, "no such parameter: \"$a\"", 7},
      {"SELECT 'x", HELIOS_E_SYNTAX, "it never ends", 7},
      {"DELETE FROM t", HELIOS_E_SIGNATURE, "the last statement gives no result", HELIOS_NO_OFFSET},
      {"CALL nobody(1)", HELIOS_E_NOT_FOUND, "no such procedure: nobody", HELIOS_NO_OFFSET},
  };
  helios *h = ek_open(":memory:");
  ek_run(h, "CREATE TABLE t(a)", "");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char sql[256];
    snprintf(
        sql, sizeof sql,
        "CREATE PROCEDURE f(a BIGINT, xx BIGINT) RETURNS BIGINT LANGUAGE sql /* 12345 */ AS $$%s$$",
        cases[i].body);
    ek_fails(h, sql, cases[i].code, cases[i].text);
    uint32_t at = cases[i].offset == HELIOS_NO_OFFSET
                      ? HELIOS_NO_OFFSET
                      : cases[i].offset + (uint32_t)(strstr(sql, "$$") + 2 - sql);
    if (ek_error.offset != at) {
      fail_msg("%s: at %u, not %u", cases[i].body, ek_error.offset, at);
    }
  }
  ek_fails(h, "CREATE PROCEDURE f(name TEXT) LANGUAGE sql AS 'SELECT :nme'", HELIOS_E_SYNTAX,
           "no such parameter");
  assert_string_equal(ek_error.hint, "did you mean :name?");
  ek_fails(h, "CREATE PROCEDURE f() RETURNS TEXT LANGUAGE sql AS 'SELECT ''a'', :b'",
           HELIOS_E_SYNTAX, ":b");
  assert_int_equal(ek_error.offset, 65);
  ek_fails(h, "CREATE PROCEDURE f() LANGUAGE sql AS X'00'", HELIOS_E_SYNTAX, "a body is text");
  ek_fails(h, "CREATE PROCEDURE f() LANGUAGE sql WITH (memory_limit = '1MB') AS 'SELECT 1'",
           HELIOS_E_SYNTAX, "option memory_limit is not for LANGUAGE sql");
  ek_run(h, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'helios_%'", "0");
  ek_run(h, "CREATE PROCEDURE g() LANGUAGE sql AS 'SELECT 1'", "");
  ek_fails(h, "ALTER PROCEDURE g GRANT CAPABILITY 'log'", HELIOS_E_SYNTAX, "caller's rights");
  ek_fails(h, "CREATE VIEW v AS SELECT g(); SELECT * FROM v", HELIOS_E_SQL, "unsafe use of g()");
  ek_close(h);
}

/* Names of parameters may stand without their colon, where no column has that name. */
static void body__bare_names(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 10), (2, 20), (3, 30);"
         "CREATE FUNCTION f(least BIGINT, b BIGINT, most BIGINT) RETURNS BIGINT LANGUAGE sql AS "
         "$$ SELECT count(*) * 100 + Least + :most FROM t WHERE a BETWEEN least AND MOST AND b > "
         "10 $$;"
         "SELECT f(2, 0, 3), f(1, 0, 2)",
         "205|103");
  ek_fails(h, "CREATE FUNCTION g(least BIGINT) LANGUAGE sql AS $$ SELECT least, least + missing $$",
           HELIOS_E_SQL, "no such column: missing");
  assert_int_equal(ek_error.offset, 73);
  ek_run(h,
         "CREATE FUNCTION g(x BIGINT) RETURNS BIGINT LANGUAGE sql AS 'CALL f(x, b => 1, most => x "
         "+ 1)';"
         "CALL g(2)",
         "205");
  ek_close(h);
}

static void body__all_or_nothing(void **state) {
  (void)state;
  helios *h = ek_open("all.db");
  ek_run(h,
         "CREATE TABLE t(a INTEGER PRIMARY KEY);"
         "CREATE PROCEDURE twice(a BIGINT) LANGUAGE sql AS "
         "$$ INSERT INTO t VALUES (:a); INSERT INTO t VALUES (:a - 1) $$;"
         "CALL twice(1); SELECT a FROM t",
         "NULL\n0\n1");
  ek_fails(h, "CALL twice(2)", HELIOS_E_SQL, "UNIQUE constraint failed");
  assert_true(sqlite3_get_autocommit(helios_db(h)));
  ek_run(h, "SELECT count(*) FROM t", "2");
  ek_run(h, "BEGIN; CALL twice(11); SELECT count(*) FROM t", "NULL\n4");
  ek_fails(h, "CALL twice(12)", HELIOS_E_SQL, "UNIQUE constraint failed");
  ek_run(h, "SELECT count(*) FROM t; ROLLBACK; SELECT count(*) FROM t", "4\n2");
  /* Within a statement that writes. */
  ek_run(h, "CREATE TABLE u(b); INSERT INTO u SELECT twice(20); SELECT count(*) FROM t", "4");
  ek_fails(h, "INSERT INTO u SELECT twice(value) FROM json_each('[30, 20]')", HELIOS_E_SQL,
           "UNIQUE constraint failed");
  ek_run(h, "SELECT count(*) FROM t", "4");
  ek_close(h);
}

static void body__calls_others(void **state) {
  (void)state;
  helios *h = ek_open("calls.db"), *other = ek_open("calls.db");
  ek_run(h,
         EK_CREATE_ANSWER
         "CREATE FUNCTION plus(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' AS "
         "'%D/one.so';"
         "CREATE PROCEDURE sum3(a BIGINT, b BIGINT, c BIGINT) RETURNS BIGINT LANGUAGE sql AS $$\n"
         "  CALL plus(b => 1, a => 2);\n"
         "  SELECT plus(plus(:a, :b), :c) + answer() $$;"
         "SELECT sum3(1, 2, 3); CREATE PROCEDURE outmost(a BIGINT) RETURNS BIGINT LANGUAGE sql AS "
         "'CALL sum3(:a, 1, 1)'; CALL outmost(5)",
         "7\n8");
  ek_run(other, "SELECT sum3(1, 1, 1), outmost(2)", "4|5");
  ek_run(h, "ALTER PROCEDURE answer VERSION 2 AS '%D/two.so'; CALL outmost(5)", "9");
  ek_run(other, "SELECT outmost(2)", "6");
  ek_fails(h, "CALL outmost('x')", HELIOS_E_VALUE,
           "procedure outmost: parameter a: expected BIGINT, got TEXT");
  ek_run(h,
         "CREATE FUNCTION trap() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"
         "CREATE PROCEDURE traps() RETURNS BIGINT LANGUAGE sql AS 'SELECT trap()'",
         "");
  ek_fails(h, "CALL traps()", HELIOS_E_TRAP, "procedure traps: procedure trap: ");
  /* Itself: the depth is that of guests. */
  ek_run(h,
         "CREATE PROCEDURE down(n BIGINT) RETURNS BIGINT LANGUAGE sql AS "
         "'SELECT iif(:n = 0, 0, 1 + down(:n - 1))'; SELECT down(10)",
         "10");
  ek_fails(h, "SELECT down(16)", HELIOS_E_LIMIT, "calls are nested more than 16 deep");
  ek_run(h, "SELECT down(15)", "15");
  ek_fails(h,
           "CREATE PROCEDURE ddl() LANGUAGE sql AS $$ SELECT helios_ddl('DROP PROCEDURE down') $$; "
           "CALL ddl()",
           HELIOS_E_MISUSE, "a procedure can't change procedures");
  ek_close(h);
  ek_close(other);
}

static int count_all(unsigned kind, void *count, void *statement, void *text) {
  (void)kind, (void)text;
  *(unsigned *)count += strstr(sqlite3_sql(statement), "SELECT p.name, v.params") != NULL;
  return 0;
}

/* What other connections have made since is met when a body calls it. Else a CREATE does not read
 * the whole catalog: many of them in a transaction would read it as often. */
static void body__meets_others_when_needed(void **state) {
  (void)state;
  unsigned count = 0;
  helios *h = ek_open("meets.db"), *other = ek_open("meets.db");
  ek_run(h, "CREATE PROCEDURE one() RETURNS BIGINT LANGUAGE sql AS 'SELECT 1'", "");
  sqlite3_trace_v2(helios_db(h), SQLITE_TRACE_STMT, count_all, &count);
  ek_run(h,
         "BEGIN; CREATE PROCEDURE two() RETURNS BIGINT LANGUAGE sql AS 'SELECT one() + 1'; "
         "CREATE PROCEDURE three() RETURNS BIGINT LANGUAGE sql AS 'SELECT two() + 1'; COMMIT",
         "");
  assert_int_equal(count, 0);
  ek_run(other, "CREATE PROCEDURE four() RETURNS BIGINT LANGUAGE sql AS 'SELECT three() + 1'", "");
  ek_run(h, "CREATE PROCEDURE five() RETURNS BIGINT LANGUAGE sql AS 'SELECT four() + 1'", "");
  assert_int_equal(count, 1);
  ek_fails(h, "CREATE PROCEDURE six() RETURNS BIGINT LANGUAGE sql AS 'SELECT eight()'",
           HELIOS_E_SQL, "no such function: eight");
  /* so it is with a version that another one has added */
  ek_run(other,
         "CREATE PROCEDURE six() RETURNS BIGINT LANGUAGE sql AS 'SELECT five() + 1'; "
         "ALTER PROCEDURE one VERSION 2 AS 'SELECT six()'; ALTER PROCEDURE one USE VERSION 1",
         "");
  ek_run(h, "ALTER PROCEDURE one USE VERSION 2; ALTER PROCEDURE one USE VERSION 1; SELECT five()",
         "5");
  ek_close(h);
  ek_close(other);
}

static void body__limits(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE PROCEDURE many(n BIGINT) RETURNS BIGINT LANGUAGE sql WITH (fuel_limit = 1000000) "
         "AS 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < :n) SELECT "
         "count(*) FROM c'; CALL many(100)",
         "100");
  ek_fails(h, "CALL many(100000000)", HELIOS_E_FUEL, "procedure many: fuel exhausted");
  ek_run(h,
         "ALTER PROCEDURE many SET fuel_limit = 1000000000000; ALTER PROCEDURE many SET timeout "
         "= '30ms'",
         "");
  ek_fails(h, "CALL many(1000000000000)", HELIOS_E_DEADLINE, "time limit exceeded");
  ek_run(h,
         "CREATE PROCEDURE outmost() RETURNS BIGINT LANGUAGE sql WITH (fuel_limit = 20000) AS "
         "'SELECT many(100)'; CALL outmost()",
         "100");
  ek_run(h,
         "CREATE OR REPLACE PROCEDURE outmost() RETURNS BIGINT LANGUAGE sql WITH (fuel_limit = "
         "900) AS 'SELECT many(1) + many(1) + many(1)'",
         "");
  ek_fails(h, "CALL outmost()", HELIOS_E_FUEL, "fuel exhausted");
  /* The application's own statements have no limit. */
  ek_run(h,
         "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000) SELECT "
         "count(*) FROM c",
         "1000000");
  ek_close(h);
}

/* A procedure that calls one in SQL lends it no more than it has. */
static void body__has_its_callers_rights(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_plugin("calls.so", "-DANSWER=3 '-DSQL=\"SELECT writes()\"'");
  ek_run(h,
         "CREATE TABLE t(a);"
         "CREATE PROCEDURE writes() RETURNS BIGINT LANGUAGE sql AS "
         "'INSERT INTO t VALUES (1); SELECT count(*) FROM t'; CALL writes();"
         "CREATE PROCEDURE run() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('query') AS "
         "'%D/calls.so'; SELECT run() < 0; SELECT count(*) FROM t",
         "1\n1\n1");
  ek_run(h,
         "ALTER PROCEDURE run GRANT CAPABILITY 'write:t', 'read:t'; SELECT run() < 0; "
         "SELECT count(*) FROM t",
         "0\n2");
  ek_run(h,
         "ALTER PROCEDURE run REVOKE CAPABILITY 'write:t'; CALL writes(); SELECT run() < 0; "
         "SELECT count(*) FROM t",
         "3\n1\n3");
  ek_close(h);
}

/* Names made by WITH of which no column is used, parameters without a colon and named arguments,
 * in a body that a guest's SQL calls. */
static void body__of_a_guest(void **state) {
  (void)state;
  static const char *const bodies[][2] = {
      {"WITH c(x) AS (SELECT a FROM t) SELECT count(*) FROM c", "3"},
      {"WITH c AS (SELECT 1), d AS (SELECT 2 UNION ALL SELECT 5) SELECT count(*) FROM c, d", "2"},
      {"CALL plus2(b => 2, a => 40)", "42"},
      {"SELECT plus2(n, 1)", "6"},
      {"WITH hidden AS (SELECT 1) SELECT count(*) FROM secrets", "-2"},
  };
  helios *h = ek_open(":memory:");
  ek_plugin("calls.so", "-DANSWER=3 '-DSQL=\"SELECT body(5)\"'");
  ek_run(h,
         "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3); CREATE TABLE secrets(k);"
         "CREATE FUNCTION plus2(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' AS"
         " '%D/one.so'",
         "");
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    char sql[512];
    snprintf(sql, sizeof sql,
             "CREATE OR REPLACE FUNCTION body(n BIGINT) RETURNS BIGINT LANGUAGE sql AS $$ %s $$;"
             "CREATE OR REPLACE PROCEDURE run() RETURNS BIGINT LANGUAGE wasm CAPABILITIES "
             "('query', 'read:t') AS '%%D/calls.so'",
             bodies[i][0]);
    ek_run(h, sql, "");
    bool denied = bodies[i][1][0] == '-';
    ek_run(h, "SELECT run() < 0", denied ? "1" : "0");
    if (!denied) {
      ek_run(h, "SELECT body(5)", bodies[i][1]);
    }
  }
  ek_close(h);
}

/* The pipeline of the HeliosDB documents: one statement over several procedures. */
static void body__pipeline(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(
      h,
      "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, visits INTEGER);"
      "INSERT INTO users VALUES (1, 'ann', 4), (2, 'bob', 0), (3, 'cy', 9);"
      "CREATE TABLE analysis_log(note TEXT);"
      "CREATE FUNCTION fetch_user(id BIGINT) RETURNS JSON LANGUAGE sql AS "
      "$$ SELECT json_object('name', name, 'visits', visits) FROM users WHERE id = :id $$;"
      "CREATE FUNCTION score(visits BIGINT, base BIGINT DEFAULT 10) RETURNS BIGINT LANGUAGE wasm "
      "EXPORT 'add' AS '%D/one.so';"
      "CREATE FUNCTION label(what TEXT) RETURNS TEXT LANGUAGE wasm EXPORT 'echo' AS '%D/one.so';"
      "CREATE PROCEDURE analyze_user_churn(user_id INTEGER) RETURNS JSON LANGUAGE sql AS $$\n"
      "  INSERT INTO analysis_log VALUES ('user ' || :user_id);\n"
      "  WITH user_data AS (SELECT fetch_user(user_id) AS data),\n"
      "       scored AS (SELECT data, score(json_extract(data, '$.visits')) AS points FROM "
      "user_data)\n"
      "  SELECT json_object('user', label(json_extract(data, '$.name')), 'points', points,\n"
      "                     'data', json(data)) FROM scored;\n"
      "$$;"
      "SELECT analyze_user_churn(id) FROM users; CALL analyze_user_churn(user_id => 3);"
      "SELECT count(*) FROM analysis_log",
      "{\"user\":\"ann\",\"points\":14,\"data\":{\"name\":\"ann\",\"visits\":4}}\n"
      "{\"user\":\"bob\",\"points\":10,\"data\":{\"name\":\"bob\",\"visits\":0}}\n"
      "{\"user\":\"cy\",\"points\":19,\"data\":{\"name\":\"cy\",\"visits\":9}}\n"
      "{\"user\":\"cy\",\"points\":19,\"data\":{\"name\":\"cy\",\"visits\":9}}\n"
      "4");
  ek_close(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(body__result_is_the_last_statements),
      cmocka_unit_test(body__table),
      cmocka_unit_test(body__place_of_an_error_in_a_call),
      cmocka_unit_test(body__checked_at_create),
      cmocka_unit_test(body__bare_names),
      cmocka_unit_test(body__all_or_nothing),
      cmocka_unit_test(body__calls_others),
      cmocka_unit_test(body__meets_others_when_needed),
      cmocka_unit_test(body__limits),
      cmocka_unit_test(body__has_its_callers_rights),
      cmocka_unit_test(body__of_a_guest),
      cmocka_unit_test(body__pipeline),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
