/* alloc_test.c - the engine's errors and allocations: first error wins, guest bytes are escaped,
 * any allocation can be made to fail, and what is live is counted. */
#include "plugin/alloc.h"
#include "plugin/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void fail__first_error_wins(void **state) {
  (void)state;
  helios_error err = {0};
  assert_int_equal(hrt_fail(&err, HELIOS_E_IO, "first %d", 1), HELIOS_E_IO);
  assert_int_equal(hrt_fail(&err, HELIOS_E_MEMORY, "second"), HELIOS_E_MEMORY);
  hrt_hint(&err, "do %s", "this");
  hrt_hint(&err, "not that");
  assert_int_equal(err.code, HELIOS_E_IO);
  assert_string_equal(err.text, "first 1");
  assert_string_equal(err.hint, "do this");
  assert_int_equal(err.offset, HELIOS_NO_OFFSET);
  hrt_error_clear(&err);
  assert_int_equal(err.code, HELIOS_OK);
  assert_string_equal(err.text, "");
  assert_int_equal(hrt_fail(NULL, HELIOS_E_IO, "x"), HELIOS_E_IO);
}

static void fail__empty_and_overlong_texts(void **state) {
  (void)state;
  helios_error err = {0};
  hrt_fail(&err, HELIOS_E_IO, "%s", "");
  assert_string_equal(err.text, "error 4");
  char longer[2000];
  memset(longer, 'a', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  hrt_error_clear(&err);
  hrt_fail(&err, HELIOS_E_IO, "%s", longer);
  assert_int_equal(strlen(err.text), sizeof err.text - 1);
  hrt_hint(&err, "%s", longer);
  assert_int_equal(strlen(err.hint), sizeof err.hint - 1);
}

static void escape__guest_bytes(void **state) {
  (void)state;
  char out[HRT_ESCAPED];
  assert_string_equal(hrt_escape(out, "a\n\x1b[\\\x80", 6), "a\\x0a\\x1b[\\x5c\\x80");
  assert_string_equal(hrt_escape(out, "", 0), "");
  unsigned char many[200];
  memset(many, 0, sizeof many);
  hrt_escape(out, many, sizeof many);
  assert_int_equal(strlen(out), 64 * 4 + 3);
  assert_string_equal(out + 64 * 4, "...");
  hrt_escape(out, many, 64);
  assert_int_equal(strlen(out), 64 * 4);
}

static void alloc__counts_and_zeroes(void **state) {
  (void)state;
  long before = hrt_alloc_live();
  unsigned char *zero = hrt_alloc(100);
  void *copy = hrt_memdup("xy", 2), *pages = hrt_pages(8192), *grown = hrt_realloc(NULL, 3);
  assert_int_equal(hrt_alloc_live(), before + 4);
  for (int i = 0; i < 100; i++) {
    assert_int_equal(zero[i], 0);
  }
  assert_memory_equal(copy, "xy", 3);
  grown = hrt_realloc(grown, 300);
  assert_int_equal(hrt_alloc_live(), before + 4);
  assert_null(hrt_calloc(SIZE_MAX / 2, 3));
  hrt_free(zero);
  hrt_free(copy);
  hrt_free(grown);
  hrt_free(NULL);
  hrt_unmap(pages, 8192);
  hrt_unmap(NULL, 1);
  assert_int_equal(hrt_alloc_live(), before);
}

static void alloc__fails_where_asked(void **state) {
  (void)state;
  hrt_alloc_fail(1, 2);
  void *a = hrt_alloc(1), *b = hrt_alloc(1), *c = hrt_pages(4096), *d = hrt_strdup("d");
  assert_non_null(a);
  assert_null(b);
  assert_null(c);
  assert_non_null(d);
  hrt_alloc_fail(0, 1);
  assert_null(hrt_realloc(a, 10));
  hrt_alloc_fail(0, 1);
  hrt_alloc_fail(-1, 0);
  void *e = hrt_reserve(4096);
  assert_non_null(e);
  hrt_free(a);
  hrt_free(d);
  hrt_unmap(e, 4096);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fail__first_error_wins),   cmocka_unit_test(fail__empty_and_overlong_texts),
      cmocka_unit_test(escape__guest_bytes),      cmocka_unit_test(alloc__counts_and_zeroes),
      cmocka_unit_test(alloc__fails_where_asked),
  };
  return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
