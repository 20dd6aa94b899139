/* 02-memory_test.c - the system refuses memory: each mprotect, madvise and mmap of the engine, and
 * each call that makes an image's file, fails in turn, once and from then on. Whatever was asked
 * for is refused or done whole, an instance of which only a part could be made, changed or reset is
 * dead, and nothing leaks. The linker puts the functions below before libc's. */
#include "../unit/guest_kit.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

int __real_mprotect(void *at, size_t size, int access);
int __real_madvise(void *at, size_t size, int advice);
void *__real_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset);
int __real_memfd_create(const char *name, unsigned flags);
int __real_ftruncate(int fd, off_t size);
ssize_t __real_pwrite(int fd, const void *bytes, size_t size, off_t offset);
int __real_fcntl(int fd, int command, ...);
int __wrap_mprotect(void *at, size_t size, int access);
int __wrap_madvise(void *at, size_t size, int advice);
void *__wrap_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset);
int __wrap_memfd_create(const char *name, unsigned flags);
int __wrap_ftruncate(int fd, off_t size);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset);
int __wrap_fcntl(int fd, int command, ...);

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

/* What was there may be gone when it fails; and what is gone someone else takes at once. */
static char *stranger;
static int holes;

void *__wrap_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset) {
  if (!must_fail()) {
    return __real_mmap(at, size, access, flags, fd, offset);
  }
  if (flags & MAP_FIXED) {
    munmap(at, size);
    if (until == 0 && fd < 0) { /* not even PROT_NONE: the hole stays one */
      stranger = __real_mmap(at, 4096, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
      assert_ptr_equal(stranger, at);
      strcpy(stranger, "mine");
    }
    errno = ENOMEM;
  }
  return MAP_FAILED;
}

int __wrap_memfd_create(const char *name, unsigned flags) {
  return must_fail() ? -1 : __real_memfd_create(name, flags);
}

int __wrap_ftruncate(int fd, off_t size) {
  return must_fail() ? -1 : __real_ftruncate(fd, size);
}

/* Writes in two parts, so that each of them can fail. */
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset) {
  return must_fail() ? -1 : __real_pwrite(fd, bytes, size > 50000 ? 50000 : size, offset);
}

int __wrap_fcntl(int fd, int command, ...) {
  va_list args;
  va_start(args, command);
  long arg = va_arg(args, long);
  va_end(args);
  return must_fail() ? -1 : __real_fcntl(fd, command, arg);
}

static int open_files(void) {
  int n = 0;
  DIR *folder = opendir("/proc/self/fd");
  assert_non_null(folder);
  while (readdir(folder) != NULL) {
    n++;
  }
  closedir(folder);
  return n;
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

/* The host's write was refused, and nobody knows what it has opened: nothing works any more, though
 * there is memory again. */
static void is_spoiled(bool reset) {
  uint8_t byte = 5;
  uint64_t none;
  until = -1;
  assert_true(tested->spoiled);
  assert_false(hrt_guest_write(tested, (guest_u32){16}, &byte, 1));
  assert_int_equal(hrt_instance_checkpoint(tested, NULL), HELIOS_E_MISUSE);
  if (reset) {
    assert_int_equal(hrt_instance_reset(tested, NULL), HELIOS_E_MEMORY);
    assert_true(hrt_instance_dead(tested));
  } else {
    assert_int_equal(call(KIT_POKE, 16, 1, 0, &none), HELIOS_E_TRAP);
  }
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

static uint8_t filling[100000]; /* what makes an image a file: written to FILL_AT */
static uint32_t filled;
#define FILL_AT 100000u

/* At the checkpoint. */
static uint8_t expected(uint32_t at) {
  return at == 8192 ? 5 : at - FILL_AT < filled ? 3 : 0;
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
  if (!hrt_guest_write(tested, (guest_u32){FILL_AT}, filling, filled)) {
    is_spoiled(true);
    return;
  }
  if (!hrt_guest_write(tested, (guest_u32){8191}, two, 2)) {
    is_spoiled(false);
    return;
  }
  assert_int_equal(peek(8192), 5);
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
    assert_int_equal(peek(n * 4096), expected(n * 4096));
  }
  assert_int_equal(peek(5000), 1);
  assert_int_equal(peek(150000), expected(150000));
  assert_int_equal(call(KIT_TABLE_GET, 9, 0, 0, &none), 0);
  assert_int_equal(none, 0);
  assert_int_equal(call(KIT_TABLE_GET, 3000, 0, 0, &none), 0);
  assert_int_equal(none, 7);
  assert_int_equal(call(KIT_TABLE_GET, 4000, 0, 0, &none), 0);
  assert_int_equal(none, 0);
}

/* Frees the instance. What was a hole in its reservation is not touched: the rest stays, too. */
static void end_life(long live_before) {
  uint8_t *left = tested && tested->holed ? tested->reservation : NULL;
  uint64_t size = left ? tested->reservation_size : 0;
  assert_true((left != NULL) == (stranger != NULL));
  hrt_instance_free(tested);
  if (stranger != NULL) {
    assert_string_equal(stranger, "mine");
    stranger = NULL;
    holes++;
  }
  hrt_unmap(left, size);
  assert_int_equal(hrt_alloc_live(), live_before);
}

static const char *origin; /* NULL: the instance is initialised; else it begins as another did */

static hrt_instance_options options_of_one(void) {
  return (hrt_instance_options){.imports = &kit_binding,
                                .memory_limit_pages = 300,
                                .origin = origin,
                                .origin_size = origin ? strlen(origin) : 0};
}

/* One run of it in which call number `at` fails. Did it? */
static bool one(hrt_plugin *p, uint32_t pages, long at) {
  helios_error err = {0};
  hrt_budget budget = {0};
  hrt_instance_options options = options_of_one();
  long live_before = hrt_alloc_live();
  int files_before = open_files();
  refused = 0;
  until = at;
  tested = NULL;
  int status = hrt_instance_new(&tested, p, &options, &budget, &err);
  if (status == 0) {
    assert_int_equal(hrt_instance_born(tested) != NULL, origin != NULL);
    live(pages);
  } else {
    assert_null(tested);
    bool trapped = status == HELIOS_E_TRAP && err.trap == HSB_TRAP_OUT_OF_MEMORY;
    assert_true(trapped || status == HELIOS_E_MEMORY);
    assert_true(err.text[0] != '\0');
  }
  until = -1;
  end_life(live_before);
  assert_int_equal(open_files(), files_before);
  return refused > 0;
}

static void each_in_turn(const char *flags, uint32_t pages, bool file) {
  hrt_plugin *p = kit_plugin(flags);
  filled = file ? sizeof filling : 0;
  memset(filling, 3, sizeof filling);
  holes = 0;
  for (int sticky = 0; sticky < 2; sticky++) {
    long at = 0;
    for_ever = sticky != 0;
    while (one(p, pages, at)) {
      at += at < 40 ? 1 : 1 + at / 8; /* the many in the middle are faults like each other */
    }
    assert_true(at > 10);
  }
  assert_int_equal(holes, file);
  hrt_plugin_unref(p);
}

static void refused__guard(void **state) {
  (void)state;
  each_in_turn("", 20, false);
}

/* The image is a file. */
static void refused__guard_file(void **state) {
  (void)state;
  each_in_turn("", 20, true);
}

/* More pages than are watched one by one. */
static void refused__guard_many_pages(void **state) {
  (void)state;
  each_in_turn("-UMEMORY_MIN -DMEMORY_MIN=80", 1100, false);
}

static void refused__explicit(void **state) {
  (void)state;
  each_in_turn("-DFLAGS=HSB_PLUGIN_EXPLICIT_BOUNDS", 20, false);
}

static void refused__explicit_file(void **state) {
  (void)state;
  each_in_turn("-DFLAGS=HSB_PLUGIN_EXPLICIT_BOUNDS", 20, true);
}

/* Memory that is open by all that the engine knows faults all the same: a trap, not a repair that
 * may be asked for without end. */
static void taken__is_a_trap(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin("");
  uint64_t none;
  for (int part = 0; part < 3; part++) {
    tested = kit_instance(p, NULL);
    uint32_t export = part == 2 ? KIT_TABLE_SET : KIT_POKE;
    assert_int_equal(call(export, 5, 1, 0, &none), 0);
    uint8_t *at = part == 2 ? tested->tables[0].data : tested->memory;
    tested->tracking = part == 1 ? HRT_TRACK_OPEN : tested->tracking;
    assert_int_equal(__real_mprotect(at, 4096, PROT_READ), 0);
    assert_int_equal(call(export, 5, 1, 0, &none), HELIOS_E_TRAP);
    hrt_instance_free(tested);
  }
  hrt_plugin_unref(p);
}

/* An instance that begins as another did. */
static void refused__born(void **state) {
  (void)state;
  static const char *const kinds[] = {"", "-DFLAGS=HSB_PLUGIN_EXPLICIT_BOUNDS"};
  static const uint64_t words[HRT_BIRTH_WORDS];
  filled = 0;
  origin = "an origin";
  for (int n = 0; n < 2; n++) {
    hrt_plugin *p = kit_plugin(kinds[n]);
    hrt_instance *first;
    hrt_budget budget = {0};
    hrt_instance_options options = options_of_one();
    assert_int_equal(hrt_instance_new(&first, p, &options, &budget, NULL), 0);
    hrt_instance_keep(first, words, budget.fuel_used);
    for_ever = n != 0;
    long at = 0;
    while (one(p, 20, at)) {
      at++;
    }
    assert_true(at > 10);
    hrt_instance_free(first);
    hrt_plugin_unref(p);
  }
  origin = NULL;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(taken__is_a_trap),    cmocka_unit_test(refused__guard),
      cmocka_unit_test(refused__guard_file), cmocka_unit_test(refused__guard_many_pages),
      cmocka_unit_test(refused__explicit),   cmocka_unit_test(refused__explicit_file),
      cmocka_unit_test(refused__born),
  };
  return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
