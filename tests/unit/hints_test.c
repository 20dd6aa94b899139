/* hints_test.c - what is said of a name that nothing has, or of a call with other arguments than it
 * takes: which one is near, which parameters it has. */
#include "engine_kit.h"

/* SQLite says what is wrong with the call of a function; the hint is what it could be. */
static void exec__hints_of_functions(void **state) {
  (void)state;
  static const struct {
    const char *sql, *text, *hint;
  } cases[] = {
      {"SELECT plus()", "wrong number of arguments to function plus()",
       "plus(a BIGINT, b BIGINT DEFAULT 1, c BIGINT DEFAULT NULL)"},
      {"SELECT 1; SELECT PLUS(1, 2, 3, 4)", "wrong number of arguments to function PLUS()",
       "plus(a BIGINT, b BIGINT DEFAULT 1, c BIGINT DEFAULT NULL)"},
      {"CALL \"a b\"()", "wrong number of arguments to function a b()", "a b(BIGINT)"},
      {"SELECT pluss(1)", "no such function: pluss", "did you mean plus?"},
      {"SELECT quite_another(1)", "no such function: quite_another", ""},
      {"SELECT abs()", "wrong number of arguments to function abs()", ""},
      {"SELECT * FROM square(2)", "no such table: square", "did you mean squares?"},
      {"SELECT * FROM plus1(2)", "no such table: plus1", ""},
  };
  helios *h = ek_open(":memory:");
  ek_run(
      h,
      "CREATE PROCEDURE plus(a BIGINT, b BIGINT DEFAULT 1, c BIGINT DEFAULT NULL) RETURNS BIGINT "
      "LANGUAGE sql AS $$ SELECT :a + :b $$; "
      "CREATE PROCEDURE squares(n BIGINT) RETURNS TABLE (square BIGINT) LANGUAGE sql AS "
      "$$ SELECT :n * :n $$; "
      "CREATE PROCEDURE \"a b\"(BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'mark' AS "
      "'%D/one.so'",
      "");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ek_fails(h, cases[i].sql, HELIOS_E_SQL, cases[i].text);
    assert_string_equal(ek_error.hint, cases[i].hint);
  }
  ek_close(h);
}

/* Whatever names a procedure that is not there says which one is near, if that is still there. */
static void exec__hints_of_procedures(void **state) {
  (void)state;
  static const char *const cases[] = {
      "DROP PROCEDURE pluss",
      "ALTER PROCEDURE pluss USE VERSION 1",
      "ALTER PROCEDURE pluss SET timeout = '1s'",
      "ALTER PROCEDURE pluss GRANT CAPABILITY 'log'",
      "ALTER PROCEDURE pluss REVOKE CAPABILITY 'log'",
      "ALTER PROCEDURE pluss VERSION 2 AS $$ SELECT 1 $$",
      "ALTER PROCEDURE pluss CANARY VERSION 2 PERCENT 5",
      "ALTER PROCEDURE pluss PROMOTE",
      "ALTER PROCEDURE pluss ROLLBACK",
      "ALTER PROCEDURE pluss REBUILD",
      "CALL pluss(1)",
      "SELECT helios_ddl('DROP PROCEDURE pluss')",
      "SELECT helios_adopt('pluss')",
      "SELECT helios_rebuild('pluss')",
      "SELECT helios_version('pluss')",
  };
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE PROCEDURE plus(a BIGINT) RETURNS BIGINT LANGUAGE sql AS $$ SELECT :a + 1 $$; "
         "CREATE PROCEDURE other() RETURNS BIGINT LANGUAGE sql AS $$ SELECT 1 $$",
         "");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ek_fails(h, cases[i], HELIOS_E_NOT_FOUND, "no such procedure: pluss");
    assert_string_equal(ek_error.text, "no such procedure: pluss");
    assert_string_equal(ek_error.hint, "did you mean plus?");
  }
  ek_fails(h, "DROP PROCEDURE quite_another", HELIOS_E_NOT_FOUND, "no such procedure");
  assert_string_equal(ek_error.hint, "");
  ek_run(h, "DROP PROCEDURE plus", "");
  ek_fails(h, "DROP PROCEDURE plus", HELIOS_E_NOT_FOUND, "no such procedure: plus");
  assert_string_equal(ek_error.hint, "");
  ek_fails(h, "DROP PROCEDURE pluss", HELIOS_E_NOT_FOUND, "no such procedure: pluss");
  assert_string_equal(ek_error.hint, "");
  ek_fails(h, "SELECT pluss(1)", HELIOS_E_SQL, "no such function: pluss");
  assert_string_equal(ek_error.hint, "");
  ek_close(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exec__hints_of_functions),
      cmocka_unit_test(exec__hints_of_procedures),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
