/* api_test.c - the engine through helios.h: DDL, calls, versions, transactions, errors, limits,
 * life of a connection. */
#include "engine_kit.h"
#include "interrupt_kit.h"

#include <pthread.h>
#include <time.h>

#include "observe/observe.h"
#include "registry/plugin_cache.h"

static void create__call_and_reopen(void **state) {
  (void)state;
  helios *h = ek_open("a.db");
  ek_run(h, EK_CREATE_ANSWER "SELECT answer(); CALL answer()", "1\n1");
  ek_run(h,
         "CREATE FUNCTION plus(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' AS "
         "'%D/one.so';"
         "SELECT plus(value, 10) FROM json_each('[1,2,null,3]'); CALL plus(2, (SELECT 3))",
         "11\n12\nNULL\n13\n5");
  ek_close(h);
  h = ek_open("a.db");
  ek_run(h, "SELECT answer(), plus(1, 2)", "1|3");
  ek_run(h, "DROP PROCEDURE answer; DROP FUNCTION IF EXISTS nothing;", "");
  ek_fails(h, "SELECT answer()", HELIOS_E_NOT_FOUND, "no such procedure: answer");
  ek_run(h, "SELECT plus(1, 2)", "3");
  ek_close(h);
  assert_int_equal(hrt_plugin_count(), 0);
}

static void create__signature_from_manifest_and_module(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, "CREATE FUNCTION said LANGUAGE wasm AS '%D/one.so'; SELECT said('hello'), said(NULL)",
         "hello|NULL");
  ek_run(h, "CREATE FUNCTION plus LANGUAGE wasm EXPORT 'add' AS '%D/one.so'; SELECT plus(40, 2)",
         "42");
  ek_run(h, "SELECT params, returns FROM helios_version ORDER BY procedure_id",
         "[{\"name\":\"what\",\"type\":\"TEXT\"}]|{\"type\":\"TEXT\"}\n"
         "[{\"name\":\"\",\"type\":\"BIGINT\"},{\"name\":\"\",\"type\":\"BIGINT\"}]|{\"type\":"
         "\"BIGINT\"}");
  ek_fails(h, "CREATE FUNCTION e LANGUAGE wasm EXPORT 'wild2' AS '%D/one.so'", HELIOS_E_NOT_FOUND,
           "wild2");
  ek_close(h);
}

static void versions__alter_use_replace(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, EK_CREATE_ANSWER "ALTER PROCEDURE answer VERSION 2 AS '%D/two.so'; SELECT answer()",
         "2");
  ek_run(h, "ALTER PROCEDURE answer USE VERSION 1; SELECT answer()", "1");
  ek_run(h, "ALTER PROCEDURE answer USE VERSION 2; SELECT answer()", "2");
  ek_fails(h, "ALTER PROCEDURE answer VERSION 2 AS '%D/one.so'", HELIOS_E_EXISTS,
           "version 2 exists");
  ek_fails(h, "ALTER PROCEDURE answer USE VERSION 7", HELIOS_E_NOT_FOUND, "no version 7");
  ek_fails(h, "ALTER PROCEDURE nobody USE VERSION 1", HELIOS_E_NOT_FOUND,
           "no such procedure: nobody");
  ek_run(h, "ALTER PROCEDURE answer SET SOURCE '%D/one.so'; SELECT answer()", "1");
  ek_run(h, "SELECT current_version FROM helios_procedure", "3");
  ek_fails(h, EK_CREATE_ANSWER, HELIOS_E_EXISTS, "exists already");
  ek_run(h,
         "CREATE OR REPLACE PROCEDURE ANSWER(x BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'mark' "
         "AS '%D/two.so'; SELECT answer(4)",
         "42");
  ek_fails(h, "SELECT answer()", HELIOS_E_VALUE, "takes 1 arguments");
  ek_run(h, "ALTER PROCEDURE answer USE VERSION 1; SELECT answer()", "1");
  ek_run(h,
         "SELECT count(*) FROM helios_version; SELECT count(*) FROM helios_module; "
         "SELECT name FROM helios_procedure",
         "4\n2\nanswer");
  ek_run(h,
         "DROP PROCEDURE answer; SELECT count(*) FROM helios_module; SELECT count(*) FROM "
         "helios_plugin",
         "0\n0");
  ek_close(h);
}

/* All of the database as SQL text would need the shell: a digest of every table will do. */
static void digest(helios *h, char *out) {
  ek_run(h,
         "SELECT group_concat(sql, ';') FROM sqlite_schema; SELECT * FROM helios_meta; "
         "SELECT * FROM helios_procedure; SELECT * FROM helios_version; SELECT hash, hex(wasm) "
         "FROM helios_module;"
         "SELECT module_hash, target, options, so_hash, length(so) FROM helios_plugin",
         NULL);
  memcpy(out, ek_out, sizeof ek_out);
}

/* Audit records that the connection's store holds, a block each. */
static long records(helios *h) {
  hrt_record *all[HRT_RING_MOST];
  hrt_store *store;
  assert_int_equal(hrt_store_open(&store, sqlite3_db_filename(helios_db(h), "main"), 1, NULL), 0);
  size_t n = hrt_records_take(all, store, HRT_RING_AUDIT_LOG, 0);
  for (size_t i = 0; i < n; i++) {
    hrt_record_give(store, all[i]);
  }
  hrt_store_close(store);
  return (long)n;
}

static void create__failure_changes_nothing(void **state) {
  (void)state;
  static const struct {
    const char *sql;
    helios_code code;
    const char *text;
  } cases[] = {
      {"CREATE FUNCTION f() LANGUAGE wasm AS '/no/such/file.wasm'", HELIOS_E_NOT_FOUND,
       "/no/such/file.wasm"},
      {"CREATE FUNCTION f() LANGUAGE wasm AS '%D'", HELIOS_E_IO, "directory"},
      {"CREATE FUNCTION f() LANGUAGE wasm AS '/dev/zero'", HELIOS_E_IO, "/dev/zero"},
      {"CREATE FUNCTION f() LANGUAGE wasm AS '%D/key'", HELIOS_E_PLUGIN, "neither"},
      {"CREATE FUNCTION f() LANGUAGE wasm AS '%D/stranger.so'", HELIOS_E_UNTRUSTED, ""},
      {"CREATE FUNCTION f() LANGUAGE wasm AS '%D/damaged.so'", HELIOS_E_UNTRUSTED, ""},
      {"CREATE FUNCTION f() LANGUAGE wasm AS '%D/cut.so'", HELIOS_E_PLUGIN, ""},
      {"CREATE FUNCTION f() LANGUAGE wasm AS X'0'", HELIOS_E_SYNTAX, "hex"},
      {"CREATE FUNCTION f() LANGUAGE wasm AS 'AGFzb%%'", HELIOS_E_SYNTAX, "base64"},
      {"CREATE FUNCTION f() LANGUAGE wasm AS 'AGFzbQEAAAA='", HELIOS_E_NOT_FOUND, "no-heliosc"},
      {"CREATE FUNCTION f() LANGUAGE wasm AS '%D/one.so'", HELIOS_E_NOT_FOUND,
       "no exported function \"f\""},
      {"CREATE FUNCTION add(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'",
       HELIOS_E_SIGNATURE, ""},
      {"CREATE FUNCTION add(a BIGINT, b TEXT) RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'",
       HELIOS_E_SIGNATURE, "b"},
      {"CREATE FUNCTION add(a BIGINT, b FROB) RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'",
       HELIOS_E_SIGNATURE, "FROB"},
      {"CREATE FUNCTION add(a BIGINT, b BIGINT) RETURNS TEXT LANGUAGE wasm AS '%D/none.so'",
       HELIOS_E_NOT_FOUND, ""},
      {"CREATE FUNCTION add(a BIGINT, b BIGINT) LANGUAGE wasm AS '%D/one.so'", HELIOS_E_SIGNATURE,
       ""},
      {"CREATE FUNCTION run() RETURNS BIGINT LANGUAGE wasm AS '%D/sql.so'", HELIOS_E_CAPABILITY,
       "query"},
      {"CREATE FUNCTION run() RETURNS BIGINT LANGUAGE wasm DETERMINISTIC CAPABILITIES ('query') AS "
       "'%D/sql.so'",
       HELIOS_E_IMPORT, "deterministic"},
      {"CREATE FUNCTION bump() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('reed:t') AS '%D/one.so'",
       HELIOS_E_CAPABILITY, "reed"},
      {"CREATE FUNCTION bump() RETURNS BIGINT LANGUAGE wasm SECURITY PROFILE 'standart' AS "
       "'%D/one.so'",
       HELIOS_E_NOT_FOUND, "standart"},
      {"CREATE FUNCTION lower(a TEXT) RETURNS TEXT LANGUAGE wasm EXPORT 'echo' AS '%D/one.so'",
       HELIOS_E_EXISTS, "lower"},
      {"CREATE FUNCTION helios_x() RETURNS BIGINT LANGUAGE wasm EXPORT 'bump' AS '%D/one.so'",
       HELIOS_E_EXISTS, "reserved"},
      {"CREATE FUNCTION answer() RETURNS BIGINT LANGUAGE wasm AS '%D/two.so'", HELIOS_E_EXISTS,
       "exists"},
      {"CREATE OR REPLACE FUNCTION answer() RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS "
       "'%D/two.so'",
       HELIOS_E_EXISTS, "deterministic"},
      {"ALTER PROCEDURE answer VERSION 2 AS '%D/damaged.so'", HELIOS_E_UNTRUSTED, ""},
      {"ALTER PROCEDURE answer GRANT CAPABILITY 'frob'", HELIOS_E_CAPABILITY, "frob"},
      {"ALTER PROCEDURE answer REVOKE CAPABILITY 'log'", HELIOS_E_NOT_FOUND, "log"},
      {"ALTER PROCEDURE answer SET SECURITY PROFILE 'huge'", HELIOS_E_NOT_FOUND, "huge"},
      {"ALTER PROCEDURE answer SET compilation_tier = baseline", HELIOS_E_BROKEN, "no-heliosc"},
      {"DROP PROCEDURE nobody", HELIOS_E_NOT_FOUND, "nobody"},
  };
  static char before[sizeof ek_out], after[sizeof ek_out];
  struct fx_bytes good = fx_read(ek_path("one.so"));
  good.data[good.size / 2] ^= 1;
  ek_write("damaged.so", good.data, good.size);
  good.data[good.size / 2] ^= 1;
  ek_write("cut.so", good.data, good.size - 1);
  fx_seal(good, (const uint8_t[32]){9});
  ek_write("stranger.so", good.data, good.size);
  fx_free(good);
  ek_plugin("sql.so", "-DANSWER=3 '-DSQL=\"SELECT 1\"'");
  helios *h = ek_open("f.db");
  ek_run(h, EK_CREATE_ANSWER "SELECT answer()", "1");
  size_t plugins = hrt_plugin_count();
  long live = hrt_alloc_live() - records(h);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    digest(h, before);
    ek_fails(h, cases[i].sql, cases[i].code, cases[i].text);
    digest(h, after);
    assert_string_equal(before, after);
    assert_int_equal(hrt_plugin_count(), plugins);
    ek_run(h, "SELECT answer()", "1");
  }
  assert_int_equal(hrt_alloc_live() - records(h), live);
  ek_close(h);
  assert_int_equal(hrt_plugin_count(), 0);
}

static void transaction__ddl_rolls_back(void **state) {
  (void)state;
  helios *h = ek_open("t.db"), *other = ek_open("t.db");
  ek_run(h, "PRAGMA journal_mode = WAL;" EK_CREATE_ANSWER, "wal");
  ek_run(other, "SELECT answer()", "1");
  ek_run(h, "BEGIN; ALTER PROCEDURE answer VERSION 2 AS '%D/two.so'; SELECT answer()", "2");
  ek_run(other, "SELECT answer()", "1");
  ek_run(h, "ROLLBACK; SELECT answer()", "1");
  /* Another connection writes what would be the same next generation with other content. */
  ek_run(h, "BEGIN; ALTER PROCEDURE answer VERSION 2 AS '%D/two.so'; SELECT answer(); ROLLBACK",
         "2");
  ek_run(other, "ALTER PROCEDURE answer VERSION 5 AS '%D/one.so'", "");
  ek_run(h, "SELECT answer(); SELECT current_version FROM helios_procedure", "1\n5");
  ek_run(h, "BEGIN; ALTER PROCEDURE answer VERSION 6 AS '%D/two.so'; SELECT answer(); COMMIT", "2");
  ek_run(other, "SELECT answer()", "2");
  ek_run(h, "BEGIN; SAVEPOINT s; DROP PROCEDURE answer", "");
  ek_fails(h, "SELECT answer()", HELIOS_E_NOT_FOUND, "no such procedure");
  ek_run(h, "ROLLBACK TO s; SELECT answer(); COMMIT; SELECT answer()", "2\n2");
  ek_close(h);
  ek_close(other);
}

static void transaction__first_create_rolls_back(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, "BEGIN;" EK_CREATE_ANSWER "SELECT answer(); ROLLBACK", "1");
  ek_run(h, "SELECT count(*) FROM sqlite_schema", "0");
  ek_fails(h, "SELECT answer()", HELIOS_E_NOT_FOUND, "no such procedure: answer");
  ek_run(h, EK_CREATE_ANSWER "SELECT answer()", "1");
  ek_close(h);
}

static void connections__see_each_other(void **state) {
  (void)state;
  helios *a = ek_open("s.db"), *b = ek_open("s.db");
  ek_run(a, "PRAGMA journal_mode = WAL", NULL);
  ek_run(b, "BEGIN; SELECT count(*) FROM sqlite_schema", "0");
  ek_run(a, EK_CREATE_ANSWER, "");
  ek_fails(b, "SELECT answer()", HELIOS_E_SQL, "no such function");
  ek_run(b, "COMMIT; SELECT answer()", "1"); /* found by helios_exec */
  sqlite3_stmt *s;
  assert_int_equal(sqlite3_prepare_v2(helios_db(b), "SELECT mark(1)", -1, &s, NULL), SQLITE_ERROR);
  ek_run(a, "CREATE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'", "");
  ek_run(b, "SELECT helios_refresh()", "NULL");
  assert_int_equal(sqlite3_prepare_v2(helios_db(b), "SELECT mark(1)", -1, &s, NULL), SQLITE_OK);
  sqlite3_finalize(s);
  ek_close(a);
  ek_close(b);
}

/* A statement that began before a swap ends with the version that it began with. */
static void statement__keeps_its_version(void **state) {
  (void)state;
  helios *h = ek_open("p.db"), *other = ek_open("p.db");
  ek_run(h,
         "PRAGMA journal_mode = WAL; CREATE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm "
         "AS '%D/one.so';"
         "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3), (4)",
         "wal");
  sqlite3_stmt *s;
  assert_int_equal(sqlite3_prepare_v2(helios_db(h), "SELECT mark(a) FROM t", -1, &s, NULL),
                   SQLITE_OK);
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  assert_int_equal(sqlite3_column_int(s, 0), 11);
  ek_run(other, "ALTER FUNCTION mark VERSION 2 AS '%D/two.so'; SELECT mark(2)", "22");
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  assert_int_equal(sqlite3_column_int(s, 0), 21);
  ek_run(h, "SELECT mark(9)", "91"); /* same read transaction, same snapshot */
  ek_run(other, "DROP FUNCTION mark", "");
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  assert_int_equal(sqlite3_column_int(s, 0), 31);
  assert_int_equal(hrt_plugin_count(), 1);
  assert_int_equal(sqlite3_reset(s), SQLITE_OK);
  assert_int_equal(sqlite3_step(s), SQLITE_ERROR);
  assert_non_null(strstr(sqlite3_errmsg(helios_db(h)), "no such procedure: mark"));
  sqlite3_finalize(s);
  assert_int_equal(hrt_plugin_count(), 0);
  ek_close(h);
  ek_close(other);
}

static void call__traps_and_goes_on(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE PROCEDURE trap() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"
         "CREATE PROCEDURE wild() RETURNS INTEGER LANGUAGE wasm AS '%D/one.so';"
         "CREATE PROCEDURE bump() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'",
         "");
  for (int i = 0; i < 3; i++) {
    ek_fails(h, "SELECT trap()", HELIOS_E_TRAP,
             "procedure trap: unreachable instruction executed in");
    ek_fails(h, "SELECT wild()", HELIOS_E_TRAP, "procedure wild: out of bounds memory access");
    ek_run(h, "SELECT bump() FROM (VALUES (1), (2), (3))", "1\n1\n1");
  }
  ek_run(h, "CREATE TABLE t(a); INSERT INTO t VALUES (1)", "");
  ek_fails(h, "INSERT INTO t VALUES (2), (trap())", HELIOS_E_TRAP, "unreachable");
  ek_run(h, "SELECT * FROM t", "1");
  ek_close(h);
}

static void limits__fuel_time_memory(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE PROCEDURE spin() RETURNS BIGINT LANGUAGE wasm WITH (fuel_limit = 1000000) AS "
         "'%D/one.so'",
         "");
  ek_fails(h, "SELECT spin()", HELIOS_E_FUEL, "fuel exhausted");
  ek_run(h,
         "ALTER PROCEDURE spin SET fuel_limit = 1000000000000; ALTER PROCEDURE spin SET timeout = "
         "'50ms'",
         "");
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  ek_fails(h, "SELECT spin()", HELIOS_E_DEADLINE, "time limit exceeded");
  clock_gettime(CLOCK_MONOTONIC, &b);
  assert_in_range((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000, 45, 2000);
  ek_run(h,
         "CREATE PROCEDURE burn(n BIGINT) RETURNS BIGINT LANGUAGE wasm WITH (fuel_limit = 1000) AS "
         "'%D/one.so';"
         "SELECT burn(900) FROM (VALUES (1), (2), (3))",
         "900\n900\n900"); /* fuel is for a call */
  ek_fails(h, "SELECT burn(1100)", HELIOS_E_FUEL, "fuel exhausted");
  ek_fails(h,
           "CREATE PROCEDURE bump() RETURNS BIGINT LANGUAGE wasm WITH (memory_limit = '64KB') AS "
           "'%D/one.so'; "
           "ALTER PROCEDURE bump SET memory_limit = 'x'",
           HELIOS_E_SYNTAX, "memory_limit");
  ek_close(h);
}

/* CALL takes names that are words of SQLite, calls procedures only, and says so itself. */
static void call__procedures_only(void **state) {
  (void)state;
  helios_error err;
  helios *h = ek_open(":memory:");
  ek_fails(h, "CALL nobody(1)", HELIOS_E_NOT_FOUND, "no such procedure: nobody");
  ek_run(
      h,
      "CREATE PROCEDURE \"add\"(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'; "
      "CREATE PROCEDURE \"a \"\"b\"(a BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'mark' "
      "AS '%D/one.so'",
      "");
  ek_run(h, "CALL add(2, (SELECT 3))", "5");
  ek_run(h, "CALL [a \"b](1); CALL \"a \"\"b\"(abs(-2))", "11\n21");
  ek_fails(h, "CALL nothing(1)", HELIOS_E_NOT_FOUND, "no such procedure: nothing");
  ek_fails(h, "CALL lower('A')", HELIOS_E_NOT_FOUND, "no such procedure: lower");
  assert_int_not_equal(ek_try(h, &err, "CALL ad(1, 2)"), 0);
  assert_string_equal(err.hint, "did you mean add?");
  ek_fails(h, "SELECT 1; CALL add(1, nope)", HELIOS_E_SQL, "no such column: nope");
  assert_int_not_equal(ek_try(h, &err, "SELECT 1; CALL add(1, nope)"), 0);
  assert_int_equal(err.offset, strlen("SELECT 1; CALL add(1, "));
  ek_fails(h, "CALL add(1)", HELIOS_E_SQL, "wrong number of arguments");
  assert_string_equal(ek_error.hint, "add(a BIGINT, b BIGINT)");
  ek_run(h, "DROP PROCEDURE add", "");
  ek_fails(h, "CALL add(1, 2)", HELIOS_E_NOT_FOUND, "no such procedure: add");
  ek_close(h);
}

/* The offset of a trap is the module's, wherever in the script the call stands. */
static void exec__trap_offset(void **state) {
  (void)state;
  helios_error err;
  helios *h = ek_open(":memory:");
  ek_plugin("init.so", "-DANSWER=1 -DSTART=trap");
  ek_run(h, "CREATE PROCEDURE trap() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'", "");
  assert_int_equal(ek_try(h, &err, "SELECT 1; SELECT trap()"), HELIOS_E_TRAP);
  assert_int_equal(err.offset, 0x77);
  assert_int_equal(
      ek_try(h, &err,
             "SELECT 1; CREATE PROCEDURE p() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' "
             "AS '%D/init.so'"),
      HELIOS_E_TRAP);
  assert_int_equal(err.offset, 0x77);
  ek_close(h);
}

static void interrupt__ends_a_call(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(
      h,
      "CREATE PROCEDURE spin() RETURNS BIGINT LANGUAGE wasm WITH (fuel_limit = 1000000000000000) "
      "AS '%D/one.so'",
      "");
  struct ik_interrupt k;
  ik_begin(&k, helios_db(h), 50);
  ek_fails(h, "SELECT spin()", HELIOS_E_CANCELLED, "cancelled");
  ik_end(&k);
  sqlite3_stmt *s;
  assert_int_equal(sqlite3_prepare_v2(helios_db(h), "SELECT spin()", -1, &s, NULL), SQLITE_OK);
  ik_begin(&k, helios_db(h), 50);
  assert_int_equal(sqlite3_step(s), SQLITE_INTERRUPT);
  ik_end(&k);
  sqlite3_finalize(s);
  ek_run(h, "SELECT 1", "1");
  ek_close(h);
}

static void nested__procedure_sql_procedure(void **state) {
  (void)state;
  ek_plugin("nest.so", "-DANSWER=4 '-DSQL=\"INSERT INTO log VALUES (answer())\"'");
  ek_plugin("self.so", "-DANSWER=5 '-DSQL=\"SELECT run()\"'");
  ek_plugin("meta.so", "-DANSWER=6 '-DSQL=\"SELECT wasm FROM helios_module\"'");
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE TABLE log(a);" EK_CREATE_ANSWER "CREATE PROCEDURE run() RETURNS BIGINT LANGUAGE "
         "wasm CAPABILITIES ('write:log') AS '%D/nest.so';"
         "SELECT run(); SELECT * FROM log",
         "1\n1");
  ek_run(h, "BEGIN; CALL run(); ROLLBACK; SELECT count(*) FROM log", "1\n1");
  ek_run(h,
         "CREATE OR REPLACE PROCEDURE run() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('query') AS "
         "'%D/nest.so';"
         "SELECT run() < 0; SELECT count(*) FROM log",
         "1\n1"); /* not granted: a status */
  ek_run(h, "ALTER PROCEDURE run GRANT CAPABILITY DATABASE_WRITE('log'); SELECT run()", "1");
  ek_run(h, "ALTER PROCEDURE run REVOKE CAPABILITY 'write:log'; SELECT run() < 0", "1");
  ek_run(
      h,
      "CREATE OR REPLACE PROCEDURE run() RETURNS BIGINT LANGUAGE wasm SECURITY PROFILE 'elevated' "
      "AS '%D/meta.so'; SELECT run() < 0",
      "1"); /* the catalog is nobody's */
  helios_error err;
  int status = ek_try(
      h, &err,
      "CREATE OR REPLACE PROCEDURE run() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('query') "
      "AS '%D/self.so'; SELECT run()");
  assert_true(status == 0 || status == HELIOS_E_LIMIT || status == HELIOS_E_TRAP);
  ek_run(h, "SELECT answer()", "1");
  ek_close(h);
}

/* Someone set an authorizer past us: SQL of procedures can't be checked, so it is refused. */
static int allow_all(void *a, int b, const char *c, const char *d, const char *e, const char *f) {
  (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
  return SQLITE_OK;
}

static int deny_log(void *a, int b, const char *c, const char *d, const char *e, const char *f) {
  (void)a, (void)d, (void)e, (void)f;
  return b == SQLITE_INSERT && c && strcmp(c, "log") == 0 ? SQLITE_DENY : SQLITE_OK;
}

static void authorizer__chained_and_fails_closed(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE TABLE log(a);" EK_CREATE_ANSWER "CREATE PROCEDURE run() RETURNS BIGINT LANGUAGE "
         "wasm CAPABILITIES ('write:log') AS '%D/nest.so';"
         "SELECT run()",
         "1");
  helios_set_authorizer(h, deny_log, NULL);
  ek_fails(h, "INSERT INTO log VALUES (1)", HELIOS_E_SQL, "not authorized");
  ek_run(h, "ALTER PROCEDURE run SET timeout = '9s'; SELECT run() < 0", "1");
  helios_set_authorizer(h, NULL, NULL);
  ek_run(h, "ALTER PROCEDURE run SET timeout = '8s'; SELECT run()", "1");
  sqlite3_set_authorizer(helios_db(h), allow_all, NULL);
  ek_run(h, "ALTER PROCEDURE run SET timeout = '7s'; SELECT run() < 0", "1");
  ek_close(h);
}

static void drop__dependencies(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS '%D/one.so';"
         "CREATE TABLE t(a); CREATE TABLE mark2(mark); CREATE INDEX i ON t(mark(a)); INSERT INTO t "
         "VALUES (5);"
         "CREATE VIEW v AS SELECT \"MARK\"(a) AS m FROM t; CREATE TEMP VIEW w AS SELECT mark (1);"
         "SELECT m FROM v; SELECT a FROM t WHERE mark(a) = 51",
         "51\n5");
  ek_fails(h, "DROP FUNCTION mark", HELIOS_E_DEPENDENCY, "uses it");
  ek_run(h,
         "DROP FUNCTION mark CASCADE; SELECT name FROM sqlite_schema WHERE type IN ('view', "
         "'index') AND "
         "name NOT LIKE 'sqlite%'; SELECT count(*) FROM sqlite_temp_schema",
         "0");
  ek_run(h,
         "CREATE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS '%D/one.so';"
         "CREATE TABLE u(a, b AS (mark(a))); INSERT INTO u VALUES (6); SELECT b FROM u",
         "61");
  ek_fails(h, "DROP FUNCTION mark CASCADE", HELIOS_E_DEPENDENCY, "table u");
  ek_run(h, "SELECT b FROM u", "61");
  ek_close(h);
}

static void flags__only_pure_in_schema(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, EK_CREATE_ANSWER "CREATE VIEW v AS SELECT answer()", "");
  ek_fails(h, "SELECT * FROM v", HELIOS_E_SQL, "unsafe use of answer()");
  ek_close(h);
}

static void exec__scripts(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, " ;; -- nothing\n /* */ ", "");
  ek_run(h, "SELECT 1; /* ; */ SELECT ';' ;" EK_CREATE_ANSWER " -- x\n CALL answer(); SELECT 3",
         "1\n;\n1\n3");
  helios_error err;
  const char *sql = "SELECT 1; CREATE FUNCTON f";
  assert_int_equal(ek_try(h, &err, sql), HELIOS_E_SQL); /* not ours by its words */
  sql = "SELECT 1;\nALTER FUNCTION f USE VERSON 1; SELECT 2";
  assert_int_equal(ek_try(h, &err, sql), HELIOS_E_SYNTAX);
  assert_int_equal(err.offset, strstr(sql, "VERSON") - sql);
  assert_string_equal(ek_out, "1");
  assert_true(helios_is_ddl(" create procedure x"));
  assert_false(helios_is_ddl("SELECT 1"));
  assert_true(helios_complete("SELECT 1;"));
  assert_false(helios_complete("CREATE FUNCTION f AS $$ ;"));
  assert_true(helios_complete("CREATE FUNCTION f AS $$ ; $$;"));
  assert_false(helios_complete("CREATE FUNCTION f AS $$ ; $$; SELECT 1"));
  assert_true(helios_complete("CREATE FUNCTION f AS $$ ; $$; SELECT 1;"));
  ek_close(h);
}

static void ddl__inside_select(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "SELECT helios_ddl('CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS "
         "''%D/one.so''');"
         "SELECT answer(); SELECT helios_version() <> ''",
         "NULL\n1\n1");
  ek_fails(h, "SELECT helios_ddl('CALL answer()')", HELIOS_E_SYNTAX, "CALL");
  ek_fails(h, "SELECT helios_ddl('DROP PROCEDURE answer; DROP TABLE t')", HELIOS_E_SYNTAX,
           "one statement");
  ek_fails(h, "SELECT helios_ddl(NULL)", HELIOS_E_SYNTAX, "one statement");
  ek_run(h, "CREATE TABLE t(a)", "");
  ek_fails(h, "INSERT INTO t SELECT helios_ddl('DROP PROCEDURE answer')", HELIOS_E_SQL,
           "in progress");
  ek_run(h, "SELECT answer(); SELECT helios_ddl('DROP PROCEDURE answer;')", "1\nNULL");
  ek_fails(h, "CREATE VIEW v AS SELECT helios_ddl('x'); SELECT * FROM v", HELIOS_E_SQL,
           "unsafe use");
  ek_close(h);
}

/* What a stranger's database may hold. */
static void catalog__hostile_rows(void **state) {
  (void)state;
  static const struct {
    const char *change, *text;
  } cases[] = {
      {"UPDATE helios_version SET params = 'x'", "no such function"},
      {"UPDATE helios_version SET params = '[{\"type\":\"BIGINT\"}]'", "wrong number of arguments"},
      {"UPDATE helios_version SET returns = '7'", "damaged"},
      {"UPDATE helios_version SET capabilities = '{}'", "damaged"},
      {"UPDATE helios_version SET capabilities = '[\"everything\"]'", "everything"},
      {"UPDATE helios_version SET options = '{\"fuel_limit\":-1}'", "damaged"},
      {"UPDATE helios_version SET options = '{\"frob\":1}'", "damaged"},
      {"UPDATE helios_version SET options = '{\"state\":3}'", "damaged"},
      {"UPDATE helios_version SET options = '{\"log_level\":9007199254740992}'", "damaged"},
      {"UPDATE helios_version SET module_hash = x'00'", "damaged"},
      {"UPDATE helios_version SET export = 'nothing'", "no exported function"},
      {"UPDATE helios_version SET export = CAST(zeroblob(500) AS TEXT)", "damaged"},
      {"UPDATE helios_procedure SET current_version = 9", "no such"},
      {"UPDATE helios_plugin SET so = x'00'", "plugin"},
      {"UPDATE helios_plugin SET so_hash = zeroblob(32)", "recorded"},
      {"UPDATE helios_plugin SET so = zeroblob(100000)", "plugin"},
      {"UPDATE helios_plugin SET module_hash = zeroblob(32); UPDATE helios_version SET module_hash "
       "= zeroblob(32)",
       "not made from"},
      {"DELETE FROM helios_plugin", "no compiled form"},
      {"DELETE FROM helios_version", "no such"},
      {"DELETE FROM helios_meta WHERE key = 'stamp'", "no such"},
      {"UPDATE helios_meta SET value = 3 WHERE key = 'schema_version'", "schema version 3"},
      {"DROP TABLE helios_version", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    helios *h = ek_open("h.db");
    helios_error err = {0}, err2;
    ek_run(h, EK_CREATE_ANSWER "SELECT answer()", "1");
    ek_run(h, cases[i].change, "");
    ek_close(h);
    int status = helios_open(&h, ek_path("h.db"), NULL, &err);
    if (status == 0) {
      status = ek_try(h, &err, "SELECT answer()");
      ek_run(h, "SELECT 1", "1");
      assert_int_not_equal(ek_try(h, &err2, "SELECT answer()"), 0);
      ek_close(h);
    }
    if (status == 0 || strstr(err.text, cases[i].text) == NULL) {
      fail_msg("%s\n  gave %d: %s", cases[i].change, status, err.text);
    }
    assert_int_equal(hrt_plugin_count(), 0);
    assert_int_equal(unlink(ek_path("h.db")), 0);
  }
}

/* A stranger's database can't take the place of a function that is there. */
static void catalog__never_replaces_functions(void **state) {
  (void)state;
  helios *h = ek_open("n.db");
  ek_run(h,
         "CREATE FUNCTION said LANGUAGE wasm AS '%D/one.so'; UPDATE helios_procedure SET name = "
         "'lower'",
         "");
  ek_close(h);
  h = ek_open("n.db");
  ek_run(h, "SELECT lower('ABC')", "abc");
  ek_close(h);
}

/* Every allocation of a whole life fails once: no crash, no leak, nothing mapped. */
static void memory__each_allocation_fails(void **state) {
  (void)state;
  helios_error err;
  for (long n = 0;; n++) {
    helios *h = NULL;
    memset(&err, 0, sizeof err);
    unlink(ek_path("m.db"));
    hrt_alloc_fail(n, 1);
    int status = helios_open(&h, ek_path("m.db"), NULL, &err);
    if (status == 0) {
      status =
          ek_try(h, &err,
                 "CREATE FUNCTION said LANGUAGE wasm CAPABILITIES ('log') AS '%D/one.so';"
                 "SELECT said('abc') FROM (VALUES (1), (2)); ALTER FUNCTION said USE VERSION 1;"
                 "CREATE VIEW v AS SELECT said('x'); DROP FUNCTION said CASCADE");
    }
    hrt_alloc_fail(-1, 0);
    if (h) {
      ek_run(h, "SELECT 1", "1");
      ek_close(h);
    }
    assert_int_equal(hrt_alloc_live(), 0);
    assert_int_equal(hrt_plugin_count(), 0);
    assert_true(status == 0 || err.text[0] != 0);
    if (status == 0 && n > 40) {
      break;
    }
    assert_true(n < 2000);
  }
}

static void stop_me(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc, (void)argv;
  sqlite3_interrupt(sqlite3_context_db_handle(sql));
  sqlite3_result_int(sql, 0);
}

/* The flag stands already when the connection asks for the first time: no statement can be compiled
 * to ask it with. */
static void interrupt__before_the_first_look(void **state) {
  (void)state;
  static const char create[] = "CREATE PROCEDURE burn(n BIGINT) RETURNS BIGINT LANGUAGE wasm WITH "
                               "(fuel_limit = 1000000000000) AS '%D/one.so'";
  helios *h = ek_open("first.db");
  ek_run(h, create, "");
  ek_close(h); /* it has looked, in CREATE */
  h = ek_open("first.db");
  sqlite3_create_function(helios_db(h), "stop_me", 0, SQLITE_UTF8, NULL, stop_me, NULL, NULL);
  ek_fails(h, "SELECT helios_version('burn'), stop_me(), burn(10000000000)", HELIOS_E_CANCELLED,
           "cancelled");
  ek_run(h, "SELECT 1", "1");
  ek_close(h);
}

static int interrupt_when(unsigned kind, void *part, void *statement, void *text) {
  (void)kind, (void)text;
  if (strstr(sqlite3_sql(statement), part) != NULL) {
    sqlite3_interrupt(sqlite3_db_handle(statement));
  }
  return 0;
}

/* While the catalog is written: the CREATE fails and leaves nothing behind, also when it runs
 * inside a statement that the interrupt ends too. */
static void interrupt__of_ddl_leaves_nothing(void **state) {
  (void)state;
  static const char *const parts[] = {"CREATE TABLE IF NOT EXISTS main.helios_plugin",
                                      "UPDATE main.helios_meta",
                                      "INTO main.helios_procedure",
                                      "INTO main.helios_version",
                                      "INTO main.helios_plugin",
                                      "SET current_version",
                                      "SELECT ifnull(max(version)"};
  static const char *const creates[] = {
      "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'",
      "SELECT helios_ddl('CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS "
      "''%D/one.so''')"};
  for (size_t i = 0; i < 2 * sizeof parts / sizeof *parts; i++) {
    helios *h = ek_open(":memory:");
    helios_error err;
    sqlite3_trace_v2(helios_db(h), SQLITE_TRACE_STMT, interrupt_when, (void *)parts[i / 2]);
    assert_int_not_equal(ek_try(h, &err, creates[i % 2]), 0);
    sqlite3_trace_v2(helios_db(h), 0, NULL, NULL);
    ek_run(h, "SELECT count(*) FROM sqlite_schema", "0");
    assert_true(sqlite3_get_autocommit(helios_db(h)));
    ek_run(h, EK_CREATE_ANSWER "SELECT answer()", "1");
    ek_close(h);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(create__call_and_reopen),
      cmocka_unit_test(create__signature_from_manifest_and_module),
      cmocka_unit_test(versions__alter_use_replace),
      cmocka_unit_test(create__failure_changes_nothing),
      cmocka_unit_test(transaction__ddl_rolls_back),
      cmocka_unit_test(transaction__first_create_rolls_back),
      cmocka_unit_test(connections__see_each_other),
      cmocka_unit_test(statement__keeps_its_version),
      cmocka_unit_test(call__traps_and_goes_on),
      cmocka_unit_test(call__procedures_only),
      cmocka_unit_test(exec__trap_offset),
      cmocka_unit_test(limits__fuel_time_memory),
      cmocka_unit_test(interrupt__ends_a_call),
      cmocka_unit_test(interrupt__before_the_first_look),
      cmocka_unit_test(interrupt__of_ddl_leaves_nothing),
      cmocka_unit_test(nested__procedure_sql_procedure),
      cmocka_unit_test(authorizer__chained_and_fails_closed),
      cmocka_unit_test(drop__dependencies),
      cmocka_unit_test(flags__only_pure_in_schema),
      cmocka_unit_test(exec__scripts),
      cmocka_unit_test(ddl__inside_select),
      cmocka_unit_test(catalog__hostile_rows),
      cmocka_unit_test(catalog__never_replaces_functions),
      cmocka_unit_test(memory__each_allocation_fails),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
