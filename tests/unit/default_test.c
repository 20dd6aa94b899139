/* default_test.c - DEFAULT values of parameters and named arguments of CALL, through helios.h. */
#include "engine_kit.h"

#define PLUS                                                                                       \
  "CREATE FUNCTION plus(a BIGINT, b BIGINT DEFAULT 10) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' " \
  "AS '%D/one.so';"

static void call__fewer_arguments(void **state) {
  (void)state;
  helios *h = ek_open("d.db");
  ek_run(h, PLUS "SELECT plus(1), plus(1, 2); SELECT plus(value) FROM json_each('[1,null,3]');",
         "11|3\n11\nNULL\n13");
  ek_run(h, "SELECT params FROM helios_version",
         "[{\"name\":\"a\",\"type\":\"BIGINT\"},"
         "{\"name\":\"b\",\"type\":\"BIGINT\",\"default\":\"10\"}]");
  ek_fails(h, "SELECT plus()", HELIOS_E_SQL, "wrong number of arguments");
  ek_close(h);
  h = ek_open("d.db");
  ek_run(h, "SELECT plus(5)", "15");
  ek_run(h,
         "CREATE OR REPLACE FUNCTION plus(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT "
         "'add' AS '%D/one.so'",
         "");
  ek_fails(h, "SELECT plus(5)", HELIOS_E_VALUE, "it takes 2 arguments, 1 were given");
  ek_run(h,
         "CREATE OR REPLACE FUNCTION plus(a BIGINT = -1, b BIGINT = NULL) RETURNS BIGINT LANGUAGE "
         "wasm EXPORT 'add' AS '%D/one.so'; SELECT plus(), plus(1), plus(1, 2)",
         "NULL|NULL|3");
  ek_run(h, "ALTER FUNCTION plus USE VERSION 1; SELECT plus(1)", "11");
  ek_fails(h, "SELECT plus()", HELIOS_E_VALUE, "it takes 1 to 2 arguments, 0 were given");
  ek_close(h);
}

static void default__every_literal(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"'it''s'", "it's"}, {"X'4142'", "AB"}, {"-12", "-12"},       {"+1.5", "1.5"},
      {"TRUE", "1"},       {"null", "NULL"},  {"2.5e-3", "0.0025"}, {"1E2", "100.0"},
  };
  helios *h = ek_open(":memory:");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char sql[256];
    snprintf(sql, sizeof sql,
             "CREATE OR REPLACE FUNCTION said(what %s DEFAULT %s) RETURNS %s LANGUAGE wasm EXPORT "
             "'echo' AS '%%D/one.so'; SELECT CAST(said() AS TEXT)",
             cases[i][0][0] == 'X' ? "BLOB" : "TEXT", cases[i][0],
             cases[i][0][0] == 'X' ? "BLOB" : "TEXT");
    ek_run(h, sql, cases[i][1]);
  }
  ek_close(h);
}

static void default__must_fit(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_fails(h,
           "CREATE FUNCTION plus(a BIGINT, b BIGINT DEFAULT 'ten') RETURNS BIGINT LANGUAGE wasm "
           "EXPORT 'add' AS '%D/one.so'",
           HELIOS_E_VALUE, "DEFAULT of parameter b: expected BIGINT, got TEXT");
  /* A stranger's catalog. */
  ek_run(h,
         PLUS "UPDATE helios_version SET stamp = stamp + 1, params = replace(params, '\"10\"', "
              "'\"(SELECT 1)\"'); "
              "UPDATE helios_meta SET value = 77 WHERE key = 'stamp'",
         "");
  ek_fails(h, "SELECT plus(1)", HELIOS_E_BROKEN, "bad DEFAULT");
  ek_run(h,
         "UPDATE helios_version SET stamp = stamp + 1, params = json_remove(json_set(params, "
         "'$[0].default', '1'), "
         "'$[1].default'); UPDATE helios_meta SET value = 78 WHERE key = 'stamp'; "
         "SELECT plus(1, 2)",
         "3");
  ek_fails(h, "SELECT plus(1)", HELIOS_E_VALUE, "it takes 2 arguments");
  ek_close(h);
}

static void call__named(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE FUNCTION take(a BIGINT DEFAULT 1, \"b c\" BIGINT = 2) RETURNS BIGINT LANGUAGE "
         "wasm EXPORT 'add' AS '%D/one.so';"
         "CALL take(); CALL take(10); CALL take(\"B C\" => 20); CALL take(a => (SELECT 5), "
         "\"b c\" => max(1, 7)); CALL take(3, \"b c\" => 4)",
         "3\n12\n21\n12\n7");
  ek_fails(h, "CALL take(1, 2, 3)", HELIOS_E_SQL, "wrong number of arguments");
  ek_fails(h, "CALL take(b => 1)", HELIOS_E_SYNTAX, "no parameter is called b");
  assert_int_equal(ek_error.offset, 10);
  ek_fails(h, "CALL take(1, a => 1)", HELIOS_E_SYNTAX, "parameter a was given before");
  assert_int_equal(ek_error.offset, 13);
  ek_fails(h, "CALL take(a => 1, 2)", HELIOS_E_SYNTAX, "without a name after one");
  ek_fails(h, "CALL take(a => )", HELIOS_E_SYNTAX, "expected an argument before \")\"");
  ek_fails(h, "CALL take(\"b c\" => nonsense)", HELIOS_E_SQL, "no such column: nonsense");
  assert_int_equal(ek_error.offset, 19);
  ek_run(h, PLUS, "");
  ek_fails(h, "CALL plus(b => 1)", HELIOS_E_VALUE, "parameter a has no value and no DEFAULT");
  ek_fails(h, "CALL plus(bb => 1)", HELIOS_E_SYNTAX, "no parameter is called bb");
  ek_close(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(call__fewer_arguments),
      cmocka_unit_test(default__every_literal),
      cmocka_unit_test(default__must_fit),
      cmocka_unit_test(call__named),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
