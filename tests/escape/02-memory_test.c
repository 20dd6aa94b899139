/* 02-memory_test.c - the system refuses memory: each mprotect, madvise and mmap of the engine fails
 * in turn, once and from then on. Whatever was asked for is refused or done whole, an instance of
 * which only a part could be made, changed or reset is dead, and nothing leaks. The linker puts the
 * functions below before libc's. */
#include "../unit/guest_kit.h"

#include <errno.h>
#include <sys/mman.h>

int __real_mprotect(void *at, size_t size, int access);
int __real_madvise(void *at, size_t size, int advice);
void *__real_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset);
int __wrap_mprotect(void *at, size_t size, int access);
int __wrap_madvise(void *at, size_t size, int advice);
void *__wrap_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset);

static long until = -1; /* calls that still succeed; negative: all do */
static bool for_ever;
static long refused;

static bool must_fail(void) {
  if (until < 0 || until-- > 0) {
    return false;
  }
  until = for_ever ? 0 : -1;
  refused++;
  errno = ENOMEM;
  return true;
}

int __wrap_mprotect(void *at, size_t size, int access) {
  return must_fail() ? -1 : __real_mprotect(at, size, access);
}

int __wrap_madvise(void *at, size_t size, int advice) {
  return must_fail() ? -1 : __real_madvise(at, size, advice);
}

void *__wrap_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset) {
  return must_fail() ? MAP_FAILED : __real_mmap(at, size, access, flags, fd, offset);
}

static hrt_instance *tested;

/* 0, or the code of the failure: no memory, or the trap that says so. */
static int call(uint32_t export, uint64_t a, uint64_t b, uint64_t c, uint64_t *result) {
  hsb_slot s[3] = {a, b, c};
  hrt_budget budget = {0};
  helios_error err = {0};
  int status = hrt_call(tested, export, s, &budget, &err);
  if (status != 0) {
    assert_int_equal(status, HELIOS_E_TRAP);
    assert_int_equal(err.trap, HSB_TRAP_OUT_OF_MEMORY);
    assert_true(hrt_instance_dead(tested));
  }
  *result = s[0];
  return status;
}

static uint64_t peek(uint32_t at) {
  long before = until;
  uint64_t value;
  until = -1;
  assert_int_equal(call(KIT_PEEK, at, 0, 0, &value), 0);
  until = before;
  return value;
}

/* A page more, or none and all as before. */
static int grow(void) {
  uint64_t old, size;
  long before = until;
  if (call(KIT_GROW, 1, 0, 0, &old) != 0) {
    return 1;
  }
  before = until;
  until = -1;
  assert_int_equal(call(KIT_SIZE, 0, 0, 0, &size), 0);
  until = before;
  if ((uint32_t)old == UINT32_MAX) {
    return 0;
  }
  assert_int_equal(size, old + 1);
  return call(KIT_POKE, (uint32_t)(size * HSB_PAGE - 1), 1, 0, &old);
}

/* Writes, grows, makes a checkpoint, writes again and resets: what is there at the end is what was
 * there at the checkpoint, or the instance is dead. pages: how many are written. */
static void live(uint32_t pages) {
  uint64_t none;
  helios_error err = {0};
  uint8_t two[2] = {5, 5};
  if (call(KIT_POKE, 5000, 1, 0, &none) != 0 || call(KIT_TABLE_SET, 3000, 7, 0, &none) != 0 ||
      grow() != 0) {
    return;
  }
  if (hrt_guest_write(tested, (guest_u32){8191}, two, 2)) {
    assert_int_equal(peek(8192), 5);
  } else {
    until = -1;
    return;
  }
  int status = hrt_instance_checkpoint(tested, &err);
  assert_true((status == 0) != hrt_instance_dead(tested));
  if (status != 0) {
    assert_int_equal(status, HELIOS_E_MEMORY);
    return;
  }
  for (uint32_t n = 0; n < pages; n++) {
    if (call(KIT_POKE, n * 4096, 9, 0, &none) != 0) {
      return;
    }
  }
  if (call(KIT_TABLE_SET, 9, 9, 0, &none) != 0 || grow() != 0 ||
      call(KIT_TABLE_SET, 4000, 9, 0, &none) != 0) {
    return;
  }
  status = hrt_instance_reset(tested, &err);
  assert_true((status == 0) != hrt_instance_dead(tested));
  if (status != 0) {
    assert_int_equal(status, HELIOS_E_MEMORY);
    return;
  }
  until = -1;
  for (uint32_t n = 0; n < pages; n++) {
    assert_int_equal(peek(n * 4096), n == 2 ? 5 : 0);
  }
  assert_int_equal(peek(5000), 1);
  assert_int_equal(call(KIT_TABLE_GET, 9, 0, 0, &none), 0);
  assert_int_equal(none, 0);
  assert_int_equal(call(KIT_TABLE_GET, 3000, 0, 0, &none), 0);
  assert_int_equal(none, 7);
  assert_int_equal(call(KIT_TABLE_GET, 4000, 0, 0, &none), 0);
  assert_int_equal(none, 0);
}

/* One run of it in which call number `at` fails. Did it? */
static bool one(hrt_plugin *p, uint32_t pages, long at) {
  helios_error err = {0};
  hrt_budget budget = {0};
  hrt_instance_options options = {.imports = &kit_binding, .memory_limit_pages = 300};
  long live_before = hrt_alloc_live();
  refused = 0;
  until = at;
  tested = NULL;
  int status = hrt_instance_new(&tested, p, &options, &budget, &err);
  if (status == 0) {
    live(pages);
  } else {
    assert_null(tested);
    bool trapped = status == HELIOS_E_TRAP && err.trap == HSB_TRAP_OUT_OF_MEMORY;
    assert_true(trapped || status == HELIOS_E_MEMORY);
    assert_true(err.text[0] != '\0');
  }
  until = -1;
  hrt_instance_free(tested);
  assert_int_equal(hrt_alloc_live(), live_before);
  return refused > 0;
}

static void each_in_turn(const char *flags, uint32_t pages) {
  hrt_plugin *p = kit_plugin(flags);
  for (int sticky = 0; sticky < 2; sticky++) {
    long at = 0;
    for_ever = sticky != 0;
    while (one(p, pages, at)) {
      at += at < 40 ? 1 : 1 + at / 8; /* the many in the middle are faults like each other */
    }
    assert_true(at > 10);
  }
  hrt_plugin_unref(p);
}

static void refused__guard(void **state) {
  (void)state;
  each_in_turn("", 20);
}

/* More pages than are watched one by one. */
static void refused__guard_many_pages(void **state) {
  (void)state;
  each_in_turn("-UMEMORY_MIN -DMEMORY_MIN=80", 1100);
}

static void refused__explicit(void **state) {
  (void)state;
  each_in_turn("-DFLAGS=HSB_PLUGIN_EXPLICIT_BOUNDS", 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refused__guard),
      cmocka_unit_test(refused__guard_many_pages),
      cmocka_unit_test(refused__explicit),
  };
  return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
