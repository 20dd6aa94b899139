/* image_test.c - images of memory (cow.c): instances share one only if it is theirs byte for byte,
 * nobody can change it, and a checkpoint after a checkpoint loses nothing of the first. Small
 * images are pages, large ones files that instances map. */
#include "guest_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define LARGE 100000u /* bytes that make an image a file */

ssize_t __real_pread(int fd, void *to, size_t size, off_t at);
ssize_t __wrap_pread(int fd, void *to, size_t size, off_t at);

static int reads = -1; /* of the engine's that still succeed; negative: all do */

ssize_t __wrap_pread(int fd, void *to, size_t size, off_t at) {
  if (reads >= 0 && reads-- == 0) {
    reads = 0;
    errno = EIO;
    return -1;
  }
  return __real_pread(fd, to, size, at);
}

static hrt_plugin *plugin, *twin;  /* the same code */
static hrt_plugin *wide, *checked; /* 200 wasm pages; and explicit bounds */

static int setup(void **state) {
  (void)state;
  plugin = kit_plugin("");
  twin = kit_plugin("");
  wide = kit_plugin("-UMEMORY_MIN -DMEMORY_MIN=200");
  checked = kit_plugin("-UMEMORY_MIN -DMEMORY_MIN=200 -DFLAGS=HSB_PLUGIN_EXPLICIT_BOUNDS");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  hrt_plugin_unref(plugin);
  hrt_plugin_unref(twin);
  hrt_plugin_unref(wide);
  hrt_plugin_unref(checked);
  return hrt_plugin_count() != 0;
}

static void checkpoint(hrt_instance *i) {
  assert_int_equal(hrt_instance_checkpoint(i, NULL), 0);
}

static void reset(hrt_instance *i) {
  assert_int_equal(hrt_instance_reset(i, NULL), 0);
}

static uint64_t peek(hrt_instance *i, uint32_t at) {
  return kit_call(i, KIT_PEEK, at, 0, 0);
}

/* An instance whose image is a file of these bytes. */
static hrt_instance *with_file(hrt_plugin *p, uint8_t byte) {
  hrt_instance *i = kit_instance(p, NULL);
  kit_call(i, KIT_FILL, 0, LARGE, byte);
  checkpoint(i);
  assert_true(i->image->fd >= 0);
  return i;
}

static void share__by_instances_that_are_alike(void **state) {
  (void)state;
  hrt_instance *a = kit_instance(plugin, NULL), *b = kit_instance(plugin, NULL);
  assert_ptr_equal(a->image, b->image);
  assert_int_equal(a->image->refs, 2);
  kit_call(b, KIT_POKE, 17, 'E', 0);
  checkpoint(b);
  assert_ptr_not_equal(a->image, b->image);
  assert_int_equal(a->image->refs, 1);
  kit_call(b, KIT_POKE, 17, 'F', 0);
  reset(b);
  assert_int_equal(peek(b, 17), 'E');
  assert_int_equal(peek(a, 17), 'e');
  hrt_instance_free(a);
  hrt_instance_free(b);
}

/* Which pages of an image are in use could be told from how long an access takes. */
static void share__not_between_plugins(void **state) {
  (void)state;
  hrt_instance *a = kit_instance(plugin, NULL), *b = kit_instance(twin, NULL);
  assert_ptr_not_equal(a->image, b->image);
  hrt_instance_free(a);
  hrt_instance_free(b);
}

/* What the one has written and the other not is compared too. */
static void share__not_with_what_was_written_elsewhere(void **state) {
  (void)state;
  hrt_instance *a = kit_instance(plugin, NULL), *b = kit_instance(plugin, NULL);
  kit_call(a, KIT_POKE, 150000, 5, 0);
  checkpoint(a);
  kit_call(b, KIT_POKE, 17, 'e', 0); /* as it was */
  checkpoint(b);
  assert_ptr_not_equal(a->image, b->image);
  kit_call(b, KIT_POKE, 150000, 6, 0);
  reset(b);
  assert_int_equal(peek(b, 150000), 0);
  hrt_instance_free(a);
  hrt_instance_free(b);
}

static void share__not_with_memory_of_another_size(void **state) {
  (void)state;
  hrt_instance *a = with_file(plugin, 1), *b = with_file(plugin, 1);
  kit_call(a, KIT_GROW, 2, 0, 0);
  checkpoint(a);
  assert_ptr_not_equal(a->image, b->image);
  assert_int_equal(a->image->pages, 6);
  assert_int_equal(peek(a, 6 * 65536 - 1), 0);
  kit_call(b, KIT_POKE, 17, 1, 0);
  checkpoint(b);
  assert_ptr_not_equal(a->image, b->image);
  assert_int_equal(b->image->pages, 4);
  kit_fails(b, KIT_PEEK, 4 * 65536, 0, HSB_TRAP_OOB, HELIOS_E_TRAP,
            "out of bounds memory access in \"peek\" at wasm offset 0x104");
  hrt_instance_free(a);
  hrt_instance_free(b);
}

static void file__cannot_be_changed(void **state) {
  (void)state;
  hrt_instance *i = with_file(plugin, 1);
  assert_int_equal(pwrite(i->image->fd, "x", 1, 0), -1);
  assert_int_equal(errno, EPERM);
  assert_int_equal(ftruncate(i->image->fd, 0), -1);
  assert_int_equal(ftruncate(i->image->fd, 1 << 20), -1);
  hrt_instance_free(i);
}

/* Pages that calls wrote before are closed like all others, and open again. */
static void file__is_what_reset_returns_to(void **state) {
  (void)state;
  hrt_instance *i = with_file(plugin, 1);
  for (uint8_t round = 1; round < 4; round++) {
    assert_int_equal(hrt_ranges_pages(&i->hot), 0);
    kit_call(i, KIT_FILL, 0, 5000, 77);
    reset(i);
    assert_int_equal(peek(i, 0), round);
    assert_int_equal(peek(i, 4999), round);
    kit_call(i, KIT_FILL, 0, LARGE, round + 1u);
    checkpoint(i);
  }
  hrt_instance_free(i);
}

/* Memory with long and short runs of zeros; every other page is hot, so that there are more strips
 * than fit. */
static void strips__all_of_it_comes_back(void **state) {
  (void)state;
  static uint8_t before[4 * 65536];
  hrt_instance *i = kit_instance(plugin, NULL);
  kit_call(i, KIT_FILL, 0, sizeof before, 0);
  for (uint32_t at = 0; at < sizeof before; at += 1536) { /* 3 KiB of zeros, 64 bytes, 5 bytes */
    kit_call(i, KIT_FILL, at, at % 4096 == 0 ? 5 : at % 1024 == 0 ? 64 : 0, 7);
    kit_call(i, KIT_FILL, at + 700, at > 100000 && at % 3 == 0 ? 1 : 0, 9);
  }
  checkpoint(i);
  memcpy(before, i->memory, sizeof before);
  for (uint32_t step = 1; step < 9; step++) { /* fewer pages are hot, then other ones */
    for (uint32_t page = 0; page < sizeof before / 4096; page += step) {
      kit_call(i, KIT_FILL, page * 4096, 4096, 0xa5);
    }
    reset(i);
    assert_true(i->strips.known && i->strips.count > 0 && i->strips.count <= HRT_STRIPS);
    assert_memory_equal(i->memory, before, sizeof before);
  }
  kit_call(i, KIT_FILL, 0, sizeof before, 1); /* what was zero is not any more */
  checkpoint(i);
  kit_call(i, KIT_FILL, 0, sizeof before, 2);
  reset(i);
  assert_int_equal(peek(i, 2000), 1);
  assert_int_equal(peek(i, sizeof before - 1), 1);
  hrt_instance_free(i);
}

/* What is between two hot pages is not written: it is closed. */
static void strips__leave_out_what_is_not_hot(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(plugin, NULL);
  kit_call(i, KIT_FILL, 4096, 4096, 1);
  kit_call(i, KIT_FILL, 50 * 4096, 4096, 1);
  checkpoint(i);
  for (int n = 0; n < 3; n++) {
    kit_call(i, KIT_POKE, 4096, 2, 0);
    kit_call(i, KIT_POKE, 50 * 4096, 2, 0);
    reset(i);
    assert_int_equal(i->hot.count, 2);
    assert_int_equal(peek(i, 4096), 1);
    assert_int_equal(peek(i, 50 * 4096), 1);
  }
  hrt_instance_free(i);
}

/* More pages than are restored one by one. */
static void file__all_of_it_comes_back(void **state) {
  (void)state;
  hrt_instance *i = with_file(wide, 1);
  kit_call(i, KIT_FILL, 0, 200 * 65536, 77);
  assert_int_equal(i->tracking, HRT_TRACK_OPEN);
  reset(i);
  assert_int_equal(peek(i, 0), 1);
  assert_int_equal(peek(i, LARGE - 1), 1);
  assert_int_equal(peek(i, LARGE), 0);
  assert_int_equal(peek(i, 200 * 65536 - 1), 0);
  hrt_instance_free(i);
}

/* What the first image holds and no call has written since is in the second one. */
static void checkpoint__keeps_the_one_before(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(plugin, NULL);
  kit_call(i, KIT_POKE, 150000, 5, 0);
  kit_call(i, KIT_TABLE_SET, 300, 6, 0);
  checkpoint(i);
  kit_call(i, KIT_POKE, 200000, 7, 0);
  checkpoint(i);
  kit_call(i, KIT_POKE, 150000, 9, 0);
  kit_call(i, KIT_POKE, 200000, 9, 0);
  kit_call(i, KIT_TABLE_SET, 300, 9, 0);
  reset(i);
  assert_int_equal(peek(i, 150000), 5);
  assert_int_equal(peek(i, 200000), 7);
  assert_int_equal(kit_call(i, KIT_TABLE_GET, 300, 0, 0), 6);
  hrt_instance_free(i);
}

/* Of the instance's memory. */
static uint32_t pages_touched(const hrt_instance *i) {
  uint32_t count = 0;
  int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  for (uint32_t page = 0; page < i->pages * 16; page++) {
    uint64_t entry;
    off_t at = (off_t)(((uintptr_t)i->memory / 4096 + page) * sizeof entry);
    assert_int_equal(pread(fd, &entry, sizeof entry, at), sizeof entry);
    count += entry >> 62 != 0;
  }
  close(fd);
  return count;
}

/* Nobody knows which of its pages an instance with explicit bounds has written. An image needs no
 * look at those that were never touched, and there may be 4 GiB of them. */
static void checkpoint__touches_nothing(void **state) {
  (void)state;
  int lowest = dup(0);
  close(lowest);
  hrt_instance *i = kit_instance(checked, NULL);
  assert_int_equal(dup(0), lowest); /* no descriptor stays behind */
  close(lowest);
  assert_in_range(pages_touched(i), 1, 100);
  kit_call(i, KIT_FILL, 0, LARGE, 1);
  checkpoint(i); /* in a file */
  kit_call(i, KIT_POKE, 199 * 65536, 5, 0);
  checkpoint(i);
  assert_in_range(pages_touched(i), 0, 100);
  kit_call(i, KIT_FILL, 0, 200 * 65536, 9);
  reset(i);
  assert_int_equal(peek(i, 0), 1);
  assert_int_equal(peek(i, LARGE - 1), 1);
  assert_int_equal(peek(i, LARGE), 0);
  assert_int_equal(peek(i, 199 * 65536), 5);
  assert_int_equal(peek(i, 70000), 1);
  hrt_instance_free(i);
}

/* All of it, with what was filled far up before its checkpoint. */
static void comes_back(hrt_instance *i) {
  kit_call(i, KIT_FILL, 0, 200 * 65536, 9);
  reset(i);
  assert_int_equal(peek(i, 17), 'e');
  assert_int_equal(peek(i, 150 * 65536), 1);
  assert_int_equal(peek(i, 150 * 65536 + LARGE), 0);
}

/* The same where the system does not say: no descriptor is left. */
static void checkpoint__looks_itself(void **state) {
  (void)state;
  struct rlimit limit, none;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  none = (struct rlimit){0, limit.rlim_max};
  hrt_instance *i = kit_instance(checked, NULL);
  kit_call(i, KIT_FILL, 150 * 65536, LARGE, 1);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  checkpoint(i);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  assert_int_equal(i->image->fd, -1);
  comes_back(i);
  hrt_instance_free(i);
}

/* Nor where it says no more after some of it, which is not what it had said before. */
static void checkpoint__looks_at_what_nobody_said(void **state) {
  (void)state;
  for (int n = 0; n < 5; n++) {
    hrt_instance *i = kit_instance(checked, NULL);
    kit_call(i, KIT_FILL, 150 * 65536, LARGE, 1);
    reads = n;
    checkpoint(i);
    assert_int_equal(reads, 0);
    reads = -1;
    comes_back(i);
    hrt_instance_free(i);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(share__by_instances_that_are_alike),
      cmocka_unit_test(share__not_between_plugins),
      cmocka_unit_test(share__not_with_what_was_written_elsewhere),
      cmocka_unit_test(share__not_with_memory_of_another_size),
      cmocka_unit_test(file__cannot_be_changed),
      cmocka_unit_test(file__is_what_reset_returns_to),
      cmocka_unit_test(strips__all_of_it_comes_back),
      cmocka_unit_test(strips__leave_out_what_is_not_hot),
      cmocka_unit_test(file__all_of_it_comes_back),
      cmocka_unit_test(checkpoint__keeps_the_one_before),
      cmocka_unit_test(checkpoint__touches_nothing),
      cmocka_unit_test(checkpoint__looks_itself),
      cmocka_unit_test(checkpoint__looks_at_what_nobody_said),
  };
  return cmocka_run_group_tests_name("image", tests, setup, teardown);
}
