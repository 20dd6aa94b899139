/* sqlite_error_test.c - an error of SQLite's becomes one of the engine's: the code, the text, the
 * extended code behind it; and every way out of the engine says the same. */
#include "engine_kit.h"

#include "host/sqlite_error.h"
#include "registry/records.h"
#include "registry/rollout.h"

static void fail_with(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc;
  sqlite3_result_error_code(sql, sqlite3_value_int(argv[0]));
}

static void define_failing(sqlite3 *db) {
  assert_int_equal(sqlite3_create_function_v2(db, "fail_with", 1, SQLITE_UTF8, NULL, fail_with,
                                              NULL, NULL, NULL),
                   SQLITE_OK);
}

static sqlite3 *open_failing(void) {
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  define_failing(db);
  return db;
}

static void fail_by(sqlite3 *db, int code) {
  char sql[64];
  snprintf(sql, sizeof sql, "SELECT fail_with(%d)", code);
  assert_int_not_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static const struct {
  int rc;
  helios_code code;
  const char *text;
} cases[] = {
    {SQLITE_IOERR, HELIOS_E_SQL, "disk I/O error"},
    {SQLITE_IOERR_DELETE_NOENT, HELIOS_E_SQL, "disk I/O error (SQLITE_IOERR_DELETE_NOENT)"},
    {SQLITE_IOERR | 99 << 8, HELIOS_E_SQL, "disk I/O error (extended result code 25354)"},
    {SQLITE_CANTOPEN_ISDIR, HELIOS_E_SQL, "unable to open database file (SQLITE_CANTOPEN_ISDIR)"},
    {SQLITE_CORRUPT_INDEX, HELIOS_E_SQL, "database disk image is malformed (SQLITE_CORRUPT_INDEX)"},
    {SQLITE_BUSY_SNAPSHOT, HELIOS_E_SQL, "database is locked (SQLITE_BUSY_SNAPSHOT)"},
    {SQLITE_CONSTRAINT_CHECK, HELIOS_E_SQL, "constraint failed"},
    {SQLITE_FULL, HELIOS_E_SQL, "database or disk is full"},
    {SQLITE_INTERRUPT, HELIOS_E_CANCELLED, "interrupted"},
    {SQLITE_NOMEM, HELIOS_E_MEMORY, "out of memory"},
};

static void code_and_text(void **state) {
  (void)state;
  sqlite3 *db = open_failing();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int extended = 0; extended < 2; extended++) {
      helios_error err = {0};
      sqlite3_extended_result_codes(db, extended);
      fail_by(db, cases[i].rc);
      assert_int_equal(hrt_db_fail(db, &err), cases[i].code);
      assert_int_equal(err.code, cases[i].code);
      assert_string_equal(err.text, cases[i].text);
    }
  }
  fail_by(db, SQLITE_ERROR);
  assert_int_equal(hrt_db_fail_as(db, HELIOS_E_MISUSE, NULL), HELIOS_E_MISUSE);
  fail_by(db, SQLITE_NOMEM);
  assert_int_equal(hrt_db_fail_as(db, HELIOS_E_MISUSE, NULL), HELIOS_E_MEMORY);
  assert_int_equal(hrt_db_fail(NULL, NULL), HELIOS_E_MEMORY);
  sqlite3_close(db);
}

/* A text that fills the buffer leaves room for the code, which is what says more. */
static void text__long(void **state) {
  (void)state;
  char text[HRT_DB_TEXT], sql[2048];
  sqlite3 *db = open_failing();
  int n = snprintf(sql, sizeof sql, "SELECT \"%01000d\"", 0);
  assert_in_range(n, 1000, sizeof sql);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK); /* a string, for SQLite */
  snprintf(sql, sizeof sql, "SELECT * FROM \"%01000d\"", 0);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_ERROR);
  assert_in_range(strlen(hrt_db_text(text, db)), 400, sizeof text - 1);
  sqlite3_close(db);
}

/* ---- ways out of the engine ---- */

static int stop_at_once(void *arg) {
  (void)arg;
  return 1;
}

static void tables__interrupted(void **state) {
  (void)state;
  sqlite3 *db = NULL;
  bool ended = false;
  helios_error err = {0};
  helios *h = ek_open("i.db");
  ek_run(h, "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'", "");
  ek_close(h);
  assert_int_equal(sqlite3_open(ek_path("i.db"), &db), SQLITE_OK);
  assert_int_equal(hrt_records_create(db, &err), 0);
  sqlite3_progress_handler(db, 1, stop_at_once, NULL);
  assert_int_equal(hrt_rollout_end(&ended, db, 1, 1, 1, &err), HELIOS_E_CANCELLED);
  assert_string_equal(err.text, "interrupted");
  err = (helios_error){0};
  assert_int_equal(hrt_records_create(db, &err), HELIOS_E_CANCELLED);
  sqlite3_close(db);
}

static void exec__names_the_code(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  define_failing(helios_db(h));
  ek_fails(h, "SELECT fail_with(5898)", HELIOS_E_SQL, "disk I/O error (SQLITE_IOERR_DELETE_NOENT)");
  ek_fails(h, "SELECT fail_with(9)", HELIOS_E_CANCELLED, "interrupted");
  ek_fails(h, "SELECT fail_with(7)", HELIOS_E_MEMORY, "out of memory");
  ek_close(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(code_and_text),
      cmocka_unit_test(text__long),
      cmocka_unit_test(tables__interrupted),
      cmocka_unit_test(exec__names_the_code),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
