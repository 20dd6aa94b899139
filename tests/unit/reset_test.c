/* reset_test.c - after a reset nothing is left of the calls before it: memory, grown memory,
 * globals, tables, whoever wrote them and however many pages; and the number of mappings stays
 * small. Checks the whole memory against a copy each time. */
#include "guest_kit.h"

static hrt_plugin *plugin, *checked, *large; /* guard pages, explicit bounds, 200 wasm pages */

static int setup(void **state) {
  (void)state;
  plugin = kit_plugin("");
  checked = kit_plugin("-DFLAGS=HSB_PLUGIN_EXPLICIT_BOUNDS");
  large = kit_plugin("-UMEMORY_MIN -DMEMORY_MIN=200");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  hrt_plugin_unref(plugin);
  hrt_plugin_unref(checked);
  hrt_plugin_unref(large);
  return 0;
}

/* The state that a reset must bring back. */
struct copy {
  uint8_t *memory;
  uint64_t size;
  uint8_t instance[256];
};

static struct copy take(hrt_instance *i) {
  struct copy c = {.size = hrt_guest_size(i)};
  c.memory = malloc(c.size);
  assert_non_null(c.memory);
  assert_true(hrt_guest_read(c.memory, i, (guest_u32){0}, c.size));
  memcpy(c.instance, i->instance, i->abi->instance_size);
  return c;
}

static void same(hrt_instance *i, const struct copy *c) {
  assert_int_equal(hrt_guest_size(i), c->size);
  assert_int_equal(memcmp(i->memory, c->memory, c->size), 0);
  assert_memory_equal(i->instance, c->instance, i->abi->instance_size);
}

static void reset_is(hrt_instance *i, const struct copy *c) {
  helios_error err = {0};
  assert_int_equal(hrt_instance_reset(i, &err), 0);
  assert_int_equal(err.code, 0);
  same(i, c);
}

static uint32_t seed = 1;

static uint32_t random_below(uint32_t n) {
  seed = seed * 1664525u + 1013904223u;
  return (uint32_t)(((uint64_t)seed * n) >> 32);
}

static void reset__memory_globals_tables(void **state) {
  (void)state;
  hrt_plugin *plugins[] = {plugin, checked};
  for (int n = 0; n < 2; n++) {
    hrt_instance *i = kit_instance(plugins[n], NULL);
    struct copy c = take(i);
    for (int round = 0; round < 5; round++) {
      assert_int_equal(kit_call(i, KIT_COUNT, 0, 0, 0), 101);
      assert_int_equal(kit_call(i, KIT_COUNT, 0, 0, 0), 102);
      kit_call(i, KIT_POKE, 17, 'E', 0);
      kit_call(i, KIT_POKE, 200000, 1, 0);
      kit_call(i, KIT_TABLE_SET, 0, 99, 0);
      kit_call(i, KIT_TABLE_SET, 9, 99, 0);
      kit_call(i, KIT_TABLE_SET, 4999, 99, 0); /* grown part */
      reset_is(i, &c);
      assert_int_equal(kit_call(i, KIT_TABLE_GET, 0, 0, 0), 1234);
      assert_int_equal(kit_call(i, KIT_TABLE_GET, 9, 0, 0), 0);
      assert_int_equal(kit_call(i, KIT_TABLE_GET, 4999, 0, 0), 0);
    }
    hrt_instance_free(i);
    free(c.memory);
  }
}

static void reset__grown_memory_is_gone(void **state) {
  (void)state;
  hrt_plugin *plugins[] = {plugin, checked};
  for (int n = 0; n < 2; n++) {
    hrt_instance *i = kit_instance(plugins[n], NULL);
    struct copy c = take(i);
    for (int round = 0; round < 5; round++) {
      assert_int_equal(kit_call(i, KIT_GROW, 3, 0, 0), 4);
      assert_int_equal(kit_call(i, KIT_PEEK, 4 * 65536 + 5, 0, 0), 0);
      kit_call(i, KIT_POKE, 4 * 65536 + 5, 1, 0);
      assert_int_equal(hrt_guest_grow(i, 1), 7);
      assert_true(hrt_guest_write(i, (guest_u32){4 * 65536 - 2}, "abcd", 4)); /* across the base */
      reset_is(i, &c);
    }
    hrt_instance_free(i);
    free(c.memory);
  }
  hrt_instance *i = kit_instance(plugin, NULL);
  kit_call(i, KIT_GROW, 3, 0, 0);
  assert_int_equal(hrt_instance_reset(i, NULL), 0);
  kit_fails(i, KIT_PEEK, 4 * 65536, 0, HSB_TRAP_OOB, HELIOS_E_TRAP,
            "out of bounds memory access in \"peek\" at wasm offset 0x104");
  hrt_instance_free(i);
}

static void reset__host_writes(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(plugin, NULL);
  struct copy c = take(i);
  static uint8_t bytes[30000];
  memset(bytes, 0xee, sizeof bytes);
  for (int round = 0; round < 3; round++) {
    assert_true(hrt_guest_write(i, (guest_u32){4090}, bytes, sizeof bytes));
    assert_true(i->dirty);
    reset_is(i, &c);
    assert_true(hrt_guest_write(i, (guest_u32){0}, bytes, 1));
    reset_is(i, &c);
  }
  assert_int_equal(hrt_guest_grow(i, 1), 4);
  assert_true(hrt_guest_write(i, (guest_u32){4 * 65536}, bytes, 1)); /* grown: watched by nobody */
  assert_true(hrt_guest_write(i, (guest_u32){65536}, bytes, 0));
  assert_int_equal(hrt_ranges_pages(&i->hot), 9); /* of the 30,000 bytes */
  reset_is(i, &c);
  hrt_instance_free(i);
  free(c.memory);
  i = kit_instance(checked, NULL);
  assert_true(hrt_guest_write(i, (guest_u32){4090}, bytes, sizeof bytes));
  assert_int_equal(i->hot.count, 0); /* all is open */
  hrt_instance_free(i);
}

static void reset__random_writes(void **state) {
  (void)state;
  hrt_plugin *plugins[] = {plugin, checked, large};
  for (int n = 0; n < 3; n++) {
    hrt_instance *i = kit_instance(plugins[n], NULL);
    struct copy c = take(i);
    int before = fx_maps();
    for (int round = 0; round < 60; round++) {
      uint32_t writes = random_below(60), place = random_below((uint32_t)c.size);
      for (uint32_t w = 0; w < writes; w++) {
        uint32_t spread = round % 3 == 0 ? (uint32_t)c.size : 40000;
        uint32_t at = (place + random_below(spread)) % (uint32_t)c.size;
        uint8_t byte = (uint8_t)random_below(256);
        if (w % 4 == 3) {
          assert_true(hrt_guest_write(i, (guest_u32){at}, &byte, 1));
        } else {
          kit_call(i, KIT_POKE, at, byte, 0);
        }
        assert_int_equal(kit_call(i, KIT_PEEK, at, 0, 0), byte);
      }
      assert_in_range(fx_maps(), 0, before + 2 * HRT_RANGES + 4);
      reset_is(i, &c);
    }
    hrt_instance_free(i);
    free(c.memory);
  }
}

/* More pages than are worth copying: all is opened, dropped at reset, learned again later. */
static void reset__many_pages(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(large, NULL);
  struct copy c = take(i);
  for (int round = 0; round < 3; round++) {
    kit_call(i, KIT_FILL, 65536, 12000000, 0xaa);
    assert_int_equal(i->tracking, HRT_TRACK_OPEN);
    kit_call(i, KIT_POKE, 16, 'J', 0);
    reset_is(i, &c);
  }
  for (int n = 0; n < HRT_RELEARN; n++) {
    kit_call(i, KIT_POKE, 100000, 1, 0);
    assert_int_equal(hrt_instance_reset(i, NULL), 0);
  }
  assert_int_equal(i->tracking, HRT_TRACK_FAULTS);
  assert_true(i->resets < HRT_RELEARN);
  kit_call(i, KIT_POKE, 100000, 1, 0);
  assert_int_equal(hrt_ranges_pages(&i->hot), 1);
  reset_is(i, &c);
  hrt_instance_free(i);
  free(c.memory);
}

static void reset__clean_instances_do_nothing(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(plugin, NULL);
  assert_false(i->dirty);
  kit_call(i, KIT_STATELESS, 16, 0, 0);
  assert_false(i->dirty);
  kit_call(i, KIT_PEEK, 16, 0, 0);
  assert_true(i->dirty);
  assert_int_equal(hrt_instance_reset(i, NULL), 0);
  assert_false(i->dirty);
  assert_int_equal(i->resets, 1);
  assert_int_equal(hrt_instance_reset(i, NULL), 0);
  assert_int_equal(i->resets, 1);
  hrt_instance_free(i);
}

static void reset__learns_the_pages(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(plugin, NULL);
  assert_int_equal(hrt_ranges_pages(&i->hot), 0);
  for (int n = 0; n < 100; n++) {
    kit_call(i, KIT_POKE, 5000, 1, 0);
    kit_call(i, KIT_POKE, 100000, 1, 0);
    assert_int_equal(hrt_instance_reset(i, NULL), 0);
    assert_int_equal(hrt_ranges_pages(&i->hot), 2);
    assert_int_equal(i->hot.count, 2);
  }
  hrt_instance_free(i);
}

/* Written pages are watched as long as the process has mappings for that; then memory is open. */
static void reset__ranges_of_all_instances(void **state) {
  (void)state;
  enum { COUNT = HRT_RANGES_ALL / HRT_RANGES + 10 };
  static hrt_instance *all[COUNT];
  for (int round = 0; round < 2; round++) { /* freed ones have given theirs back */
    uint32_t ranges = 0, open = 0;
    for (int n = 0; n < COUNT; n++) {
      all[n] = kit_instance(plugin, NULL);
      for (uint32_t k = 0; k < HRT_RANGES; k++) {
        kit_call(all[n], KIT_POKE, k * 4 * HRT_TRACK_PAGE, 5, 0);
      }
      ranges += all[n]->hot.count;
      open += all[n]->tracking == HRT_TRACK_OPEN;
    }
    assert_int_equal(ranges, HRT_RANGES_ALL);
    assert_int_equal(open, 10);
    for (int n = 0; n < COUNT; n++) {
      assert_int_equal(hrt_instance_reset(all[n], NULL), 0);
      assert_int_equal(kit_call(all[n], KIT_PEEK, 0, 0, 0), 0);
      hrt_instance_free(all[n]);
    }
  }
}

static void checkpoint__is_what_reset_returns_to(void **state) {
  (void)state;
  hrt_plugin *plugins[] = {plugin, checked};
  for (int n = 0; n < 2; n++) {
    hrt_instance *i = kit_instance(plugins[n], NULL);
    kit_call(i, KIT_COUNT, 0, 0, 0);
    kit_call(i, KIT_POKE, 17, 'E', 0);
    kit_call(i, KIT_POKE, 150000, 5, 0);
    kit_call(i, KIT_TABLE_SET, 300, 6, 0);
    kit_call(i, KIT_GROW, 2, 0, 0);
    kit_call(i, KIT_POKE, 5 * 65536, 7, 0);
    assert_int_equal(hrt_instance_checkpoint(i, NULL), 0);
    struct copy c = take(i);
    for (int round = 0; round < 3; round++) {
      kit_call(i, KIT_COUNT, 0, 0, 0);
      kit_call(i, KIT_POKE, 17, 'F', 0);
      kit_call(i, KIT_POKE, 150000, 0, 0);
      kit_call(i, KIT_POKE, 5 * 65536, 0, 0);
      kit_call(i, KIT_POKE, 5 * 65536 + 9000, 1, 0);
      kit_call(i, KIT_TABLE_SET, 300, 0, 0);
      kit_call(i, KIT_TABLE_SET, 301, 1, 0);
      reset_is(i, &c);
      assert_int_equal(kit_call(i, KIT_TABLE_GET, 300, 0, 0), 6);
      assert_int_equal(kit_call(i, KIT_TABLE_GET, 301, 0, 0), 0);
    }
    /* zero again at a second checkpoint: the image must not keep the old bytes */
    kit_call(i, KIT_POKE, 150000, 0, 0);
    assert_int_equal(hrt_instance_checkpoint(i, NULL), 0);
    kit_call(i, KIT_POKE, 150000, 9, 0);
    assert_int_equal(hrt_instance_reset(i, NULL), 0);
    assert_int_equal(kit_call(i, KIT_PEEK, 150000, 0, 0), 0);
    hrt_instance_free(i);
    free(c.memory);
  }
}

static void new__writes_of_init_are_in_the_image(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin("-DINIT='MEM(i)[3] = 9; MEM(i)[4*65536-1] = 8; "
                             "c->host->memory_grow(c, 1); MEM(i)[5*65536-1] = 7; "
                             "in->table[4000] = 5;'");
  hrt_instance *i = kit_instance(p, NULL);
  struct copy c = take(i);
  assert_int_equal(c.size, 5 * 65536);
  assert_int_equal(c.memory[3], 9);
  assert_int_equal(c.memory[4 * 65536 - 1], 8);
  assert_int_equal(c.memory[5 * 65536 - 1], 7);
  kit_call(i, KIT_FILL, 0, 5 * 65536, 0x55);
  kit_call(i, KIT_TABLE_SET, 4000, 0, 0);
  reset_is(i, &c);
  assert_int_equal(kit_call(i, KIT_TABLE_GET, 4000, 0, 0), 5);
  hrt_instance_free(i);
  hrt_plugin_unref(p);
  free(c.memory);
}

/* Ranges against a plain map of pages. */
static void ranges__hold_all_that_was_added(void **state) {
  (void)state;
  enum { PAGES = 500 };
  for (int round = 0; round < 300; round++) {
    struct hrt_ranges r = {0};
    bool added[PAGES] = {false};
    uint32_t adds = 1 + random_below(60);
    for (uint32_t n = 0; n < adds; n++) {
      uint32_t first = random_below(PAGES - 10), end = first + 1 + random_below(9);
      struct hrt_range got = hrt_ranges_add(&r, first, end);
      assert_true(got.first <= first && got.end >= end);
      memset(added + first, true, end - first);
    }
    assert_in_range(r.count, 1, HRT_RANGES);
    for (uint32_t n = 1; n < r.count; n++) {
      assert_true(r.at[n].first > r.at[n - 1].end + HRT_RANGE_GAP);
    }
    for (uint32_t page = 0; page < PAGES; page++) {
      assert_true(!added[page] || hrt_ranges_hold(&r, page, page + 1));
    }
  }
}

static void ranges__join_only_what_is_close(void **state) {
  (void)state;
  struct hrt_ranges r = {0};
  for (uint32_t n = 0; n < HRT_RANGES; n++) {
    hrt_ranges_add(&r, n * 10, n * 10 + 1);
  }
  assert_int_equal(r.count, HRT_RANGES);
  assert_int_equal(hrt_ranges_pages(&r), HRT_RANGES);
  assert_false(hrt_ranges_hold(&r, 5, 6));
  hrt_ranges_add(&r, 4, 5); /* full: joins the closest, 0 */
  assert_int_equal(r.count, HRT_RANGES);
  assert_true(hrt_ranges_hold(&r, 0, 5));
  assert_false(hrt_ranges_hold(&r, 5, 6));
  hrt_ranges_add(&r, 5, 95);
  assert_true(hrt_ranges_hold(&r, 0, 95));
  assert_int_equal(r.count, HRT_RANGES - 9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reset__memory_globals_tables),
      cmocka_unit_test(reset__grown_memory_is_gone),
      cmocka_unit_test(reset__host_writes),
      cmocka_unit_test(reset__random_writes),
      cmocka_unit_test(reset__many_pages),
      cmocka_unit_test(reset__clean_instances_do_nothing),
      cmocka_unit_test(reset__learns_the_pages),
      cmocka_unit_test(reset__ranges_of_all_instances),
      cmocka_unit_test(checkpoint__is_what_reset_returns_to),
      cmocka_unit_test(new__writes_of_init_are_in_the_image),
      cmocka_unit_test(ranges__hold_all_that_was_added),
      cmocka_unit_test(ranges__join_only_what_is_close),
  };
  return cmocka_run_group_tests_name("reset", tests, setup, teardown);
}
