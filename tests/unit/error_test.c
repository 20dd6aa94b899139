/* error_test.c - every error code is explained; guest bytes come out escaped. */
#include "error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const enum hcc_code codes[] = {
#define HCC_ERROR(name, number, exit, title, hint) HCC_E_##name,
#include "errors.def"
#undef HCC_ERROR
};

#define CODES (sizeof codes / sizeof *codes)

static void codes__each_has_title_hint_and_exit(void **state) {
  (void)state;
  for (size_t i = 0; i < CODES; i++) {
    assert_true(strlen(hcc_code_title(codes[i])) > 0);
    assert_true(strlen(hcc_code_hint(codes[i])) > 0);
    assert_string_not_equal(hcc_code_title(codes[i]), "unknown error");
    assert_in_range(hcc_code_exit(codes[i]), 1, 255);
  }
}

static void codes__are_distinct(void **state) {
  (void)state;
  for (size_t i = 0; i < CODES; i++) {
    for (size_t k = 0; k < i; k++) {
      assert_int_not_equal(codes[i], codes[k]);
      assert_string_not_equal(hcc_code_title(codes[i]), hcc_code_title(codes[k]));
    }
  }
}

static void codes__unknown_and_ok(void **state) {
  (void)state;
  assert_string_equal(hcc_code_title((enum hcc_code)9999), "unknown error");
  assert_string_equal(hcc_code_hint((enum hcc_code)9999), "");
  assert_int_equal(hcc_code_exit((enum hcc_code)9999), 70);
  assert_int_equal(hcc_code_exit(HCC_OK), 0);
}

static void fail__sets_all_and_keeps_the_first(void **state) {
  hcc_error err = {0};
  (void)state;
  assert_int_equal(hcc_fail(&err, HCC_E_LIMIT, 7, "%d things", 3), HCC_E_LIMIT);
  assert_int_equal(hcc_fail(&err, HCC_E_IO, 9, "other"), HCC_E_IO);
  assert_int_equal(err.code, HCC_E_LIMIT);
  assert_int_equal(err.offset, 7);
  assert_int_equal(err.func, UINT32_MAX);
  assert_string_equal(err.text, "3 things");
  assert_int_equal(hcc_fail(NULL, HCC_E_IO, 0, "nowhere"), HCC_E_IO);
}

static void fail__long_text_is_cut(void **state) {
  hcc_error err = {0};
  char text[1000];
  (void)state;
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  hcc_fail(&err, HCC_E_IO, HCC_NO_OFFSET, "%s", text);
  assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void expect_escape(const char *bytes, size_t n, const char *text) {
  char out[HCC_ESCAPED];
  assert_ptr_equal(hcc_escape(out, bytes, n), out);
  assert_string_equal(out, text);
}

static void escape__hostile_bytes(void **state) {
  (void)state;
  expect_escape("", 0, "");
  expect_escape("plain */ name", 13, "plain */ name");
  expect_escape("a\0b\n\x1b[2J\\", 9, "a\\x00b\\x0a\\x1b[2J\\x5c");
  expect_escape("\x7f\x80\xff", 3, "\\x7f\\x80\\xff");
}

static void escape__worst_case_fits(void **state) {
  char bytes[65536], out[HCC_ESCAPED];
  (void)state;
  memset(bytes, 0xee, sizeof bytes);
  hcc_escape(out, bytes, sizeof bytes);
  assert_int_equal(strlen(out), 64 * 4 + 3);
  assert_string_equal(out + 64 * 4, "...");
  hcc_escape(out, bytes, 64);
  assert_int_equal(strlen(out), 64 * 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes__each_has_title_hint_and_exit),
      cmocka_unit_test(codes__are_distinct),
      cmocka_unit_test(codes__unknown_and_ok),
      cmocka_unit_test(fail__sets_all_and_keeps_the_first),
      cmocka_unit_test(fail__long_text_is_cut),
      cmocka_unit_test(escape__hostile_bytes),
      cmocka_unit_test(escape__worst_case_fits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
