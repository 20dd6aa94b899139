/* front_alloc_test.c - the compiler's front end when the N-th allocation fails, for every N: an
 * error that says so, nothing leaked, nothing half made. The allocator is wrapped by the linker. */
#include "../unit/wasm_build.h"
#include "rewrite.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static long left = -1; /* allocations that still succeed; -1: all */

static bool fails(void) {
  if (left < 0) {
    return false;
  }
  if (left == 0) {
    return true;
  }
  left--;
  return false;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
  return fails() ? NULL : __real_realloc(old, size);
}

/* A module that has an item in every section and needs both stacks to grow. */
static void add_module(hcc_buf *b) {
  hcc_buf code;
  wb_begin(b);
  wb_section(b, 0, WB_BYTES("\1x"));
  wb_section(b, 1, WB_BYTES("\1\x60\0\0"));
  wb_section(b, 2, WB_BYTES("\1\1m\1f\0\0"));
  wb_section(b, 3, WB_BYTES("\1\0"));
  wb_section(b, 4, WB_BYTES("\1\x70\0\5"));
  wb_section(b, 5, WB_BYTES("\1\0\1"));
  wb_section(b, 6, WB_BYTES("\1\x7f\0\x41\0\x0b"));
  wb_section(b, 7, WB_BYTES("\1\1a\0\1"));
  wb_section(b, 9, WB_BYTES("\1\0\x41\0\x0b\1\1"));
  hcc_buf_init(&code, 10000);
  hcc_buf_add(&code, WB_BYTES("\1\1\x7f"));
  for (int i = 0; i < 200; i++) {
    hcc_buf_add(&code, WB_BYTES("\x41\0\x02\x40"));
  }
  for (int i = 0; i < 200; i++) {
    hcc_buf_add(&code, WB_BYTES("\x0b\x1a"));
  }
  /* an index that steps through a static array */
  hcc_buf_add(&code, WB_BYTES("\x41\0\x21\0\x03\x40\x20\0\x41\x80\x08\x6a\x2d\0\0\x0d\1"));
  hcc_buf_add(&code, WB_BYTES("\x20\0\x41\1\x6a\x22\0\x41\x09\x47\x0d\0\x0b\x0b"));
  hcc_buf content;
  hcc_buf_init(&content, 10000);
  hcc_buf_byte(&content, 1);
  hcc_buf_u32(&content, (uint32_t)code.size);
  hcc_buf_add(&content, code.data, code.size);
  hcc_buf_free(&code);
  wb_section_of(b, 10, &content);
  wb_section(b, 11, WB_BYTES("\1\0\x41\0\x0b\1z"));
}

static void front(bool looks) {
  const hcc_rewrite_options all = {.meter = true, .marks = true, .looks = looks, .helpers = true};
  hcc_buf b;
  long n = 0;
  int status = HCC_E_NO_MEMORY;
  add_module(&b);
  for (; status != 0; n++) {
    hcc_error err = {0};
    hcc_module *m = NULL;
    hcc_plan plan = {0};
    hcc_buf out;
    hcc_buf_init(&out, 1 << 20);
    left = n;
    status = hcc_decode(&m, b.data, b.size, &err);
    assert_int_equal(status == 0, m != NULL);
    if (status == 0) {
      status = hcc_validate(m, &err);
    }
    if (status == 0) {
      status = hcc_rewrite(&out, &plan, m, &all, &err);
    }
    left = -1;
    assert_true(status == 0 || status == HCC_E_NO_MEMORY);
    assert_int_equal(status, err.code);
    assert_int_equal(status != 0, err.text[0] != '\0');
    hcc_plan_free(&plan);
    hcc_buf_free(&out);
    hcc_module_free(m);
    assert_true(n < 1000);
  }
  assert_in_range(n, 15, 100); /* it has seen failures in all stages */
  hcc_buf_free(&b);
}

/* With looks before accesses, and with shifted indices. */
static void front__every_allocation_fails_once(void **state) {
  (void)state;
  front(true);
  front(false);
}

static void buf__failure_frees(void **state) {
  hcc_buf b;
  (void)state;
  hcc_buf_init(&b, 100000);
  hcc_buf_text(&b, "some");
  left = 0;
  for (int i = 0; i < 1000; i++) {
    hcc_buf_u32(&b, UINT32_MAX);
  }
  left = -1;
  assert_true(b.failed);
  assert_null(b.data);
  assert_int_equal(b.size, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(front__every_allocation_fails_once),
      cmocka_unit_test(buf__failure_frees),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
