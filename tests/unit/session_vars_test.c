/* session_vars_test.c - SET, SHOW and RESET in scripts, and session variables by the public API. */
#include "engine_kit.h"

#include "ddl/set.h"

static void refused(helios *h, const char *sql, int code, const char *text, const char *hint) {
  helios_error err;
  assert_int_equal(ek_try(h, &err, sql), code);
  if (strstr(err.text, text) == NULL || strstr(err.hint, hint) == NULL) {
    fail_msg("%s: %s (%s)", sql, err.text, err.hint);
  }
}

static void set__values(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  static const struct {
    const char *sql, *value;
  } cases[] = {
      {"SET app.x = 'it''s'", "it's"}, {"set App.X to zw\xc3\xb6lf", "zw\xc3\xb6lf"},
      {"SET app.x = 12", "12"},        {"SET app.x = -1.5e3 -- yes\n", "-1.5e3"},
      {"SET app . x = +7", "7"},       {"SET app.x = on", "on"},
      {"SET app.x = ''", ""},          {"/* a */ SET app.x TO 'two\nlines';", "two\nlines"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ek_run(h, cases[i].sql, "");
    assert_string_equal(helios_session_get(h, "app.x"), cases[i].value);
    ek_run(h, "SHOW app.x; SELECT helios_session('app.x') = helios_session('APP.X')", NULL);
    char expected[40];
    snprintf(expected, sizeof expected, cases[i].value[0] ? "%s\n1" : "%s1", cases[i].value);
    assert_string_equal(ek_out, expected);
  }
  ek_run(h, "SET app.x TO DEFAULT", "");
  assert_null(helios_session_get(h, "app.x"));
  ek_close(h);
}

static void show__all_and_reset(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, "SHOW ALL", "");
  ek_run(h, "SET b.c = 1; SET a.b.c = 'x''y'; SET helios.region = 'eu'; SHOW ALL",
         "b.c|1\na.b.c|x'y\nhelios.region|eu");
  ek_run(h, "RESET a.b.c; RESET a.b.c; SHOW ALL", "b.c|1\nhelios.region|eu");
  ek_run(h, "RESET ALL; SHOW ALL", "");
  for (int i = 0; i < 256; i++) { /* as many as there may be, in one statement of SQLite's */
    char name[16];
    snprintf(name, sizeof name, "a.b%d", i);
    assert_int_equal(helios_session_set(h, name, "v", NULL), HELIOS_OK);
  }
  ek_run(h, "SHOW ALL", NULL);
  assert_non_null(strstr(ek_out, "a.b255|v"));
  ek_close(h);
}

static void set__refused(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, "SET app.tenant = 'acme'", "");
  refused(h, "SET tenant = 1", HELIOS_E_VALUE, "\"tenant\" is no name", "with a dot");
  refused(h, "SHOW app.tenent", HELIOS_E_NOT_FOUND, "no session variable app.tenent",
          "did you mean app.tenant?");
  refused(h, "SET app.x", HELIOS_E_SYNTAX, "at the end of the statement: expected '=' or TO", "");
  refused(h, "SET app.x =", HELIOS_E_SYNTAX, "expected a text, a number or a word", "");
  refused(h, "SET app.x = -'a'", HELIOS_E_SYNTAX, "expected a text, a number or a word", "");
  refused(h, "SET app.x = 'a' 'b'", HELIOS_E_SYNTAX, "expected the end of the statement", "");
  refused(h, "SET app. = 1", HELIOS_E_SYNTAX, "expected a name like app.tenant", "");
  refused(h, "SET 'app.x' = 1", HELIOS_E_SYNTAX, "expected a name like app.tenant", "");
  refused(h, "SHOW", HELIOS_E_SYNTAX, "expected a name like app.tenant", "");
  refused(h, "RESET ALL app.x", HELIOS_E_SYNTAX, "expected the end of the statement", "");
  refused(h, "SELECT 1; SET app.x = 'a", HELIOS_E_SYNTAX, "never ends", "");
  assert_string_equal(helios_session_get(h, "app.tenant"), "acme");
  assert_null(helios_session_get(h, "app.x"));
  ek_close(h);
}

static void api__misuse_and_limits(void **state) {
  (void)state;
  helios_error err = {0};
  helios *h = ek_open(":memory:");
  assert_int_equal(helios_session_set(NULL, "a.b", "x", &err), HELIOS_E_MISUSE);
  err = (helios_error){0};
  assert_int_equal(helios_session_set(h, NULL, "x", &err), HELIOS_E_MISUSE);
  assert_null(helios_session_get(NULL, "a.b"));
  assert_null(helios_session_get(h, NULL));
  err = (helios_error){0};
  assert_int_equal(helios_session_set(h, "a.b", "\xff", &err), HELIOS_E_VALUE);
  assert_int_equal(helios_session_set(h, "a.b", "v", NULL), HELIOS_OK);
  assert_int_equal(helios_session_set(h, "a.b", NULL, NULL), HELIOS_OK);
  assert_null(helios_session_get(h, "a.b"));
  assert_true(helios_is_ddl("  set a.b = 1") && helios_is_ddl("SHOW ALL") &&
              helios_is_ddl("reset all") && !helios_is_ddl("settle") && !helios_is_ddl("\"set\""));
  assert_true(helios_complete("SET a.b = ';';") && !helios_complete("SET a.b = ';'"));
  ek_close(h);
}

/* Every beginning of a statement, and every byte of it replaced, gives an answer and no harm. */
static void parser__survives_damage(void **state) {
  (void)state;
  static const char sql[] = "SET a.b TO 'it''s' ;", bytes[] = "'\"$;.\0=x\xff";
  char copy[sizeof sql];
  for (size_t i = 0; i < sizeof sql; i++) {
    for (size_t k = 0; k < sizeof bytes; k++) {
      hrt_set set;
      helios_error err = {0};
      memcpy(copy, sql, sizeof sql);
      copy[i] = bytes[k];
      size_t length = k == 0 ? i : sizeof sql - 1;
      int status = hrt_set_parse(&set, copy, length, &err);
      assert_true((status == 0) == (err.text[0] == 0) && set.end <= length);
      assert_true(status == 0 || set.value == NULL);
      hrt_free(set.value);
    }
  }
}

static void memory__every_failure(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  helios_error err;
  for (long n = 0; n < 6; n++) {
    hrt_alloc_fail(n, 1);
    int status = ek_try(h, &err, "SET app.x = 'value'");
    hrt_alloc_fail(-1, 0);
    assert_int_equal(status, n < 4 ? HELIOS_E_MEMORY : 0);
    assert_true((helios_session_get(h, "app.x") != NULL) == (status == 0));
  }
  ek_close(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(set__values),
      cmocka_unit_test(show__all_and_reset),
      cmocka_unit_test(set__refused),
      cmocka_unit_test(api__misuse_and_limits),
      cmocka_unit_test(parser__survives_damage),
      cmocka_unit_test(memory__every_failure),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
