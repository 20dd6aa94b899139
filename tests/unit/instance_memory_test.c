/* instance_memory_test.c - memory and tables of an instance: growth within its limits, and what the
 * host reads and writes there. */
#include "guest_kit.h"

static void memory__grows_to_the_limit(void **state) {
  (void)state;
  hrt_plugin *plugins[] = {kit_guarded, kit_checked};
  for (int n = 0; n < 2; n++) {
    hrt_instance *i = kit_instance(plugins[n], NULL);
    assert_int_equal(kit_call(i, KIT_GROW, 0, 0, 0), 4);
    assert_int_equal(kit_call(i, KIT_GROW, 1, 0, 0), 4);
    assert_int_equal(kit_call(i, KIT_SIZE, 0, 0, 0), 5);
    kit_call(i, KIT_POKE, 5 * 65536 - 1, 3, 0);
    assert_int_equal(kit_call(i, KIT_PEEK, 5 * 65536 - 1, 0, 0), 3);
    assert_int_equal((uint32_t)kit_call(i, KIT_GROW, 252, 0, 0), UINT32_MAX);
    assert_int_equal((uint32_t)kit_call(i, KIT_GROW, UINT32_MAX, 0, 0), UINT32_MAX);
    assert_int_equal(kit_call(i, KIT_GROW, 251, 0, 0), 5);
    assert_int_equal(hrt_guest_size(i), 256 * 65536);
    assert_int_equal((uint32_t)kit_call(i, KIT_GROW, 1, 0, 0), UINT32_MAX);
    assert_int_equal(hrt_guest_grow(i, 1), -1);
    hrt_instance_free(i);
  }
}

/* Whatever the limit allows. */
static void memory__not_above_the_modules_maximum(void **state) {
  (void)state;
  hrt_instance *i = NULL;
  hrt_budget budget = {0};
  hrt_instance_options options = {.imports = &kit_binding, .memory_limit_pages = 2000};
  assert_int_equal(hrt_instance_new(&i, kit_guarded, &options, &budget, NULL), 0);
  assert_int_equal((uint32_t)kit_call(i, KIT_GROW, 997, 0, 0), UINT32_MAX);
  assert_int_equal(kit_call(i, KIT_GROW, 996, 0, 0), 4);
  assert_int_equal(hrt_guest_size(i), 1000 * 65536);
  assert_int_equal(hrt_guest_grow(i, 1), -1);
  hrt_instance_free(i);
}

static void *reserve(struct hsb_ctx *ctx, uint32_t index, uint32_t min, uint32_t max,
                     uint32_t elem) {
  return ctx->host->table_reserve(ctx, index, min, &max, elem);
}

/* Called while the instance begins, when it has one table, and later. */
static void host_reserves(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  const hrt_instance *i = hrt_instance_of(ctx);
  uint32_t room = (uint32_t)((HRT_TABLES_RESERVE - i->tables_used) / 8);
  (void)env;
  s[0]++;
  if (i->ready) {
    assert_null(reserve(ctx, i->table_count, 1, 1, 8));
    return;
  }
  assert_null(reserve(ctx, 0, 1, 1, 8)); /* there already */
  assert_null(reserve(ctx, 2, 1, 1, 8)); /* out of turn */
  assert_null(reserve(ctx, 1, 2, 1, 8));
  assert_null(reserve(ctx, 1, 1, 1, 0));
  assert_null(reserve(ctx, 1, room + 1, UINT32_MAX, 8)); /* into what lies behind the tables */
  assert_null(reserve(ctx, 1, room + 1, room + 1, 8));
  assert_int_equal(i->table_count, 1);
  for (uint32_t n = 1; n < 50; n++) {
    uint8_t *next = i->reservation + i->tables_used;
    assert_ptr_equal(reserve(ctx, n, 1, 1, 8), next);
  }
  room = (uint32_t)((HRT_TABLES_RESERVE - i->tables_used) / 8);
  assert_non_null(reserve(ctx, 50, room, UINT32_MAX, 8)); /* all that is left */
  assert_int_equal(i->tables_used, HRT_TABLES_RESERVE);
  assert_null(reserve(ctx, 51, 1, 1, 8));
}

static void table__reserves_what_there_is_room_for(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin("-DINIT='hsb_slot s[1] = {0}; "
                             "c->imports[0].fn(c, s, c->imports[0].env); in->counter = s[0];'");
  struct hsb_binding binding = {host_reserves, NULL};
  hrt_instance *i = kit_instance(p, &binding);
  assert_int_equal(kit_call(i, KIT_COUNT, 0, 0, 0), 2);
  hrt_instance_free(i);
  hrt_plugin_unref(p);
  i = kit_instance(kit_guarded, &binding);
  assert_int_equal(kit_call(i, KIT_IMPORT, 0, 0, 0), 1);
  hrt_instance_free(i);
}

static void guest__reads_and_writes_are_checked(void **state) {
  (void)state;
  hrt_plugin *plugins[] = {kit_guarded, kit_checked};
  for (int n = 0; n < 2; n++) {
    hrt_instance *i = kit_instance(plugins[n], NULL);
    char b[8] = "";
    uint64_t size = hrt_guest_size(i);
    assert_true(hrt_guest_read(b, i, (guest_u32){16}, 5));
    assert_string_equal(b, "hello");
    assert_true(hrt_guest_write(i, (guest_u32){4095}, "xyz", 3));
    assert_int_equal(kit_call(i, KIT_PEEK, 4097, 0, 0), 'z');
    assert_true(hrt_guest_write(i, (guest_u32){(uint32_t)size - 3}, "xyz", 3));
    assert_false(hrt_guest_write(i, (guest_u32){(uint32_t)size - 2}, "xyz", 3));
    assert_false(hrt_guest_write(i, (guest_u32){UINT32_MAX}, "x", 1));
    assert_false(hrt_guest_write(i, (guest_u32){1}, "x", UINT64_MAX));
    assert_false(hrt_guest_read(b, i, (guest_u32){(uint32_t)size - 2}, 3));
    assert_false(hrt_guest_read(b, i, (guest_u32){0}, UINT64_MAX));
    assert_true(hrt_guest_read(b, i, (guest_u32){(uint32_t)size}, 0));
    assert_false(hrt_guest_read(b, i, (guest_u32){(uint32_t)size + 1}, 0));
    assert_true(hrt_guest_starts_zero(i, (guest_u32){21}, 1000));
    assert_false(hrt_guest_starts_zero(i, (guest_u32){20}, 1));
    assert_false(hrt_guest_starts_zero(i, (guest_u32){8}, UINT64_MAX)); /* ends before it begins */
    assert_int_equal(hrt_guest_grow(i, 2), 4);
    assert_true(hrt_guest_write(i, (guest_u32){(uint32_t)size - 2}, "xyz", 3));
    assert_int_equal(kit_call(i, KIT_PEEK, size, 0, 0), 'z');
    hrt_instance_free(i);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory__grows_to_the_limit),
      cmocka_unit_test(memory__not_above_the_modules_maximum),
      cmocka_unit_test(table__reserves_what_there_is_room_for),
      cmocka_unit_test(guest__reads_and_writes_are_checked),
  };
  return cmocka_run_group_tests(tests, kit_begin_both, kit_end_both);
}
