/* where_test.c - the place of a script, looked up in memory: found where memory says it as the two
 * interpreters do; and whatever memory holds, nothing outside of it is read and the look ends.
 * tests/cli has both with their interpreters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "instance/where.h"
#include "where_kit.h"

static hrt_instance instance;
static uint8_t *memory; /* one page of WebAssembly's, nothing before and behind */

static int setup(void **state) {
  (void)state;
  uint8_t *all = mmap(NULL, 3 * HSB_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memory = all + HSB_PAGE;
  instance.memory = memory;
  instance.pages = 1;
  return all == MAP_FAILED || mprotect(memory, HSB_PAGE, PROT_READ | PROT_WRITE) != 0;
}

static int teardown(void **state) {
  (void)state;
  return munmap(memory - HSB_PAGE, 3 * HSB_PAGE);
}

static void put(uint32_t at, uint32_t word) {
  where_put(memory, at, word);
}

static void make_quickjs(void) {
  memset(memory, 0, HSB_PAGE);
  instance.where = WHERE_RECORD;
  where_quickjs(memory);
}

/* A handler at 1024 of setjmp's within one of a loop at 1100, in `g` of b.py. */
static void make_micropython(void) {
  static const struct hsb_where_micropython w = {.magic = HSB_WHERE_MICROPYTHON,
                                                 .handler_at = 512,
                                                 .pools_at = 516,
                                                 .handler_id = 8,
                                                 .handler_state = 16,
                                                 .state_pc = 4,
                                                 .function_module = 4,
                                                 .function_code = 12,
                                                 .module_file = 8,
                                                 .pool_before = 4,
                                                 .pool_count = 12,
                                                 .pool_lengths = 16,
                                                 .pool_texts = 20};
  /* one parameter; 6 bytes of names and lines, 1 of cells; name 301, parameter 5; 8 bytes on 2
   * lines on, 4 bytes 1 line */
  static const uint8_t code[] = {1, 6 << 1 | 1, 0x82, 0x2d, 5, 8 | 2 << 5, 4 | 1 << 5, 0, 0};
  memset(memory, 0, HSB_PAGE);
  instance.where = WHERE_RECORD;
  memcpy(memory + WHERE_RECORD, &w, sizeof w);
  put(512, 1024), put(516, 2000);
  put(1024, 1100), put(1032, 7);    /* setjmp's */
  put(1116, 1200), put(1200, 1300); /* the loop's: its frame, its function */
  put(1204, 1400 + 9 + 10);         /* at byte 10 */
  put(1304, 1500), put(1312, 1400), put(1508, 300);
  memcpy(memory + 1400, code, sizeof code);
  put(2000, 2200), put(2004, 0x80000000 | 310), put(2012, 1); /* a pool that has neither name */
  put(2204, 300), put(2212, 2), put(2216, 2300), put(2220, 2310), put(2224, 2320);
  memcpy(memory + 2300, "\4\1", 2), memcpy(memory + 2310, "b.py", 4), memory[2320] = 'g';
}

static void is_at(const char *file, const char *function, uint32_t line) {
  hrt_place place;
  assert_true(hrt_where(&place, &instance));
  assert_string_equal(place.file, file);
  assert_string_equal(place.function, function);
  assert_int_equal(place.line, line);
}

static void is_nowhere(void) {
  hrt_place place;
  assert_false(hrt_where(&place, &instance));
}

static void where__quickjs(void **state) {
  (void)state;
  make_quickjs();
  is_at("a.js", "f", 12);
  put(1032, 3000 + 61);
  is_at("a.js", "f", 2);
  put(1032, 3000 + 60);
  is_at("a.js", "f", 12);
  put(1032, 3000 + 101); /* not in its code: where the function begins */
  is_at("a.js", "f", 9);
  put(1032, 3000);
  is_at("a.js", "f", 9);
  put(1404, 78); /* the property is not its name */
  is_at("a.js", "", 9);
  put(2104, 8), memcpy(memory + 2108, "heliosdb", 8);
  is_nowhere();
}

static void where__micropython(void **state) {
  (void)state;
  make_micropython();
  is_at("b.py", "g", 3);
  put(1204, 1400 + 9 + 12);
  is_at("b.py", "g", 4);
  put(1204, 1400 + 9);
  is_at("b.py", "g", 1);
  put(1108, 7); /* no loop at all */
  is_nowhere();
}

static void where__nobody_said(void **state) {
  (void)state;
  make_quickjs();
  instance.where = 0;
  is_nowhere();
  for (uint32_t at = HSB_PAGE - sizeof(struct hsb_where_quickjs) + 1; at < HSB_PAGE + 8; at++) {
    memset(memory + HSB_PAGE - 256, 'H', 256);
    if (at <= HSB_PAGE - 4) {
      put(at, HSB_WHERE_QUICKJS);
    }
    instance.where = at;
    is_nowhere();
  }
  instance.where = UINT32_MAX;
  is_nowhere();
}

/* Native frames without end, pools without end. */
static void where__circles_end(void **state) {
  (void)state;
  make_quickjs();
  put(1024, 1100), put(1300, 14);
  is_nowhere();
  make_micropython();
  put(2200, 2000), put(2204, 400);
  is_nowhere();
  make_micropython();
  put(1100, 1024), put(1108, 1);
  is_nowhere();
  make_micropython();
  memset(memory + 1400, 0xff, HSB_PAGE - 1400);
  is_nowhere();
}

static uint32_t seed = 1;

static uint32_t any(void) {
  static const uint32_t edges[] = {0,        1,         3,          HSB_PAGE - 4,   HSB_PAGE - 1,
                                   HSB_PAGE, INT32_MAX, 0x80000000, UINT32_MAX - 3, UINT32_MAX};
  seed = seed * 1664525u + 1013904223u;
  uint32_t n = seed >> 16;
  return n % 2 ? edges[n / 2 % (sizeof edges / sizeof *edges)] : n % 4 ? n : seed * 2654435761u;
}

/* Each word that the look meets, made another; two at a time. The guard pages are the judge. */
static void where__any_memory(void **state) {
  (void)state;
  hrt_place place;
  uint32_t found = 0;
  for (uint32_t round = 0; round < 20000; round++) {
    (round % 2 ? make_quickjs : make_micropython)();
    for (uint32_t n = 0; n < 2; n++) {
      uint32_t words = sizeof(struct hsb_where_quickjs) / 4, at = any() % (words + 350);
      put(at < words ? WHERE_RECORD + 4 * at : 1024 + 4 * (at - words), any());
    }
    found += hrt_where(&place, &instance);
    assert_true(strlen(place.file) < sizeof place.file &&
                strlen(place.function) < sizeof place.function);
  }
  assert_in_range(found, 1000, 19000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(where__quickjs),     cmocka_unit_test(where__micropython),
      cmocka_unit_test(where__nobody_said), cmocka_unit_test(where__circles_end),
      cmocka_unit_test(where__any_memory),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
