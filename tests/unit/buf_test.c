/* buf_test.c - the growing buffer: bytes, LEB128 forms against known encodings, the maximum. */
#include "buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_bytes(hcc_buf *b, const char *bytes, size_t n) {
  assert_false(b->failed);
  assert_int_equal(b->size, n);
  assert_memory_equal(b->data, bytes, n);
  hcc_buf_free(b);
  assert_null(b->data);
  assert_int_equal(b->size, 0);
}

static void add__bytes_text_and_format(void **state) {
  hcc_buf b;
  (void)state;
  hcc_buf_init(&b, 100);
  hcc_buf_add(&b, "a\0b", 3);
  hcc_buf_byte(&b, 0xff);
  hcc_buf_text(&b, "text");
  hcc_buf_format(&b, "<%d %s>", -7, "x");
  hcc_buf_add(&b, NULL, 0);
  expect_bytes(&b,
               "a\0b\xff"
               "text<-7 x>",
               14);
}

static void leb__unsigned_known_forms(void **state) {
  hcc_buf b;
  (void)state;
  hcc_buf_init(&b, 100);
  hcc_buf_u32(&b, 0);
  hcc_buf_u32(&b, 127);
  hcc_buf_u32(&b, 128);
  hcc_buf_u32(&b, 624485);
  hcc_buf_u32(&b, UINT32_MAX);
  hcc_buf_u64(&b, UINT64_MAX);
  expect_bytes(&b,
               "\x00\x7f\x80\x01\xe5\x8e\x26\xff\xff\xff\xff\x0f"
               "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
               22);
}

static void leb__signed_known_forms(void **state) {
  hcc_buf b;
  (void)state;
  hcc_buf_init(&b, 100);
  hcc_buf_s32(&b, 0);
  hcc_buf_s32(&b, 63);
  hcc_buf_s32(&b, 64);
  hcc_buf_s32(&b, -1);
  hcc_buf_s32(&b, -64);
  hcc_buf_s32(&b, -65);
  hcc_buf_s32(&b, -123456);
  hcc_buf_s32(&b, INT32_MIN);
  hcc_buf_s64(&b, INT64_MIN);
  hcc_buf_s64(&b, INT64_MAX);
  expect_bytes(&b,
               "\x00\x3f\xc0\x00\x7f\x40\xbf\x7f\xc0\xbb\x78\x80\x80\x80\x80\x78"
               "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f"
               "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00",
               36);
}

static void max__exactly_full_is_fine(void **state) {
  hcc_buf b;
  (void)state;
  hcc_buf_init(&b, 4);
  hcc_buf_format(&b, "%s", "abcd");
  expect_bytes(&b, "abcd", 4);
}

static void max__failure_is_sticky_and_frees(void **state) {
  hcc_buf b;
  (void)state;
  hcc_buf_init(&b, 4);
  hcc_buf_text(&b, "abc");
  hcc_buf_text(&b, "de");
  assert_true(b.failed);
  assert_null(b.data);
  assert_int_equal(b.size, 0);
  hcc_buf_byte(&b, 1);
  hcc_buf_format(&b, "%d", 1);
  assert_true(b.failed);
  assert_int_equal(b.size, 0);
  hcc_buf_free(&b);
}

static void max__size_that_wraps(void **state) {
  hcc_buf b;
  (void)state;
  hcc_buf_init(&b, SIZE_MAX);
  hcc_buf_byte(&b, 1);
  volatile size_t whole = SIZE_MAX;
  hcc_buf_add(&b, "x", whole);
  assert_true(b.failed);
  assert_null(b.data);
}

static void grow__keeps_what_was_there(void **state) {
  hcc_buf b;
  (void)state;
  hcc_buf_init(&b, 1 << 20);
  for (int i = 0; i < 100000; i++) {
    hcc_buf_byte(&b, (uint8_t)(i * 7));
  }
  assert_int_equal(b.size, 100000);
  assert_true(b.capacity <= b.max);
  for (int i = 0; i < 100000; i++) {
    assert_int_equal(b.data[i], (uint8_t)(i * 7));
  }
  hcc_buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(add__bytes_text_and_format),
      cmocka_unit_test(leb__unsigned_known_forms),
      cmocka_unit_test(leb__signed_known_forms),
      cmocka_unit_test(max__exactly_full_is_fine),
      cmocka_unit_test(max__failure_is_sticky_and_frees),
      cmocka_unit_test(max__size_that_wraps),
      cmocka_unit_test(grow__keeps_what_was_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
