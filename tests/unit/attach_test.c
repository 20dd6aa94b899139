/* attach_test.c - the life of a handle: attached, again, taken away, closed while statements run,
 * and nothing of it left. */
#include "engine_kit.h"

/* A connection that is attached a second time: what the first one left for guest SQL is gone. */
static void api__attach_again(void **state) {
  (void)state;
  sqlite3 *db = NULL;
  ek_plugin("text.so",
            "-DANSWER=3 '-DSQL=\"DELETE FROM t WHERE instr(a, replace(61, 6, 7)) > 0\"'");
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  for (int turn = 0; turn < 3; turn++) {
    helios *h = NULL;
    assert_int_equal(helios_attach(&h, db, NULL, NULL), 0);
    ek_run(h,
           "CREATE TABLE t(a); INSERT INTO t VALUES (71), (17); CREATE PROCEDURE run() RETURNS "
           "BIGINT LANGUAGE wasm CAPABILITIES ('query', 'read', 'write') AS '%D/text.so'; SELECT "
           "run(); SELECT run(); DROP PROCEDURE run; DROP TABLE t",
           "1\n0");
    assert_int_equal(helios_detach(h, NULL), 0);
    assert_int_equal(sqlite3_exec(db, "SELECT helios_instr(1, 1)", NULL, NULL, NULL), SQLITE_ERROR);
    assert_string_equal(sqlite3_errmsg(db), "no such function: helios_instr");
  }
  assert_int_equal(sqlite3_exec(db, "SELECT helios_json_path(1)", NULL, NULL, NULL), SQLITE_ERROR);
  assert_string_equal(sqlite3_errmsg(db), "no such function: helios_json_path");
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void api__detach_and_misuse(void **state) {
  (void)state;
  helios *h = NULL, *again = NULL;
  helios_error err = {0};
  sqlite3 *db = NULL;
  assert_int_equal(helios_attach(NULL, NULL, NULL, &err), HELIOS_E_MISUSE);
  assert_true(err.text[0] != 0);
  memset(&err, 0, sizeof err);
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  assert_int_equal(helios_attach(&h, db, NULL, &err), 0);
  assert_int_equal(helios_attach(&again, db, NULL, &err), 0);
  assert_ptr_equal(h, again);
  assert_ptr_equal(helios_db(h), db);
  ek_run(h, EK_CREATE_ANSWER "SELECT answer()", "1");
  sqlite3_stmt *s;
  assert_int_equal(sqlite3_prepare_v2(db, "SELECT answer() FROM (VALUES (1), (2))", -1, &s, NULL),
                   SQLITE_OK);
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  assert_int_equal(helios_detach(h, &err), HELIOS_E_MISUSE);
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  sqlite3_finalize(s);
  memset(&err, 0, sizeof err);
  assert_int_equal(helios_detach(h, &err), 0);
  assert_int_equal(sqlite3_prepare_v2(db, "SELECT answer()", -1, &s, NULL), SQLITE_ERROR);
  assert_int_equal(hrt_plugin_count(), 0);
  assert_int_equal(helios_attach(&h, db, NULL, &err), 0);
  ek_run(h, "SELECT answer()", "1");
  assert_int_equal(sqlite3_close(db), SQLITE_OK); /* ends the session too */
  assert_int_equal(hrt_plugin_count(), 0);
  assert_int_equal(hrt_alloc_live(), 0);
  assert_int_equal(helios_detach(NULL, NULL), 0);
  assert_int_equal(helios_close(NULL, NULL), 0);
  assert_int_not_equal(helios_open(&h, "/no/such/folder/x.db", NULL, &err), 0);
}

/* Nothing but failures, and closed as a stock program would. */
static void close__after_failures_only(void **state) {
  (void)state;
  helios *h = NULL;
  helios_error err = {0};
  sqlite3 *db;
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  assert_int_equal(helios_attach(&h, db, NULL, &err), 0);
  ek_fails(h, "CREATE FUNCTION f() LANGUAGE wasm AS '/no/such/file'", HELIOS_E_NOT_FOUND, "file");
  ek_fails(h, "DROP FUNCTION f", HELIOS_E_NOT_FOUND, "f");
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* Locked while it was attached: works as soon as it can be read. */
static void attach__locked_database(void **state) {
  (void)state;
  helios *h = ek_open("l.db"), *late = NULL;
  helios_error err = {0};
  sqlite3 *db;
  ek_run(h, EK_CREATE_ANSWER "BEGIN EXCLUSIVE", "");
  assert_int_equal(sqlite3_open(ek_path("l.db"), &db), SQLITE_OK);
  assert_int_equal(helios_attach(&late, db, NULL, &err), 0);
  ek_fails(late, "SELECT answer()", HELIOS_E_SQL, "");
  ek_run(h, "COMMIT", "");
  ek_run(late, "SELECT answer()", "1");
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* A close that SQLite refuses leaves all usable; a zombie connection ends with its last statement.
 */
static void close__with_statements(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  helios_error err = {0};
  sqlite3_stmt *s;
  ek_run(h, EK_CREATE_ANSWER, "");
  assert_int_equal(sqlite3_prepare_v2(helios_db(h), "SELECT answer()", -1, &s, NULL), SQLITE_OK);
  assert_int_equal(helios_close(h, &err), HELIOS_E_MISUSE);
  ek_run(h, "SELECT answer()", "1");
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  sqlite3_close_v2(helios_db(h));
  assert_int_equal(sqlite3_column_int(s, 0), 1);
  sqlite3_finalize(s);
  assert_int_equal(hrt_plugin_count(), 0);
  assert_int_equal(hrt_alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(api__detach_and_misuse),  cmocka_unit_test(api__attach_again),
      cmocka_unit_test(close__with_statements),  cmocka_unit_test(close__after_failures_only),
      cmocka_unit_test(attach__locked_database),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
