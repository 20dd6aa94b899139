/* birth_test.c - births (birth.c): an instance begins as another of its plugin, limits and origin
 * was when it was ready, to the byte and the unit of fuel, and has nothing of it afterwards. Where
 * initialisation left what can't move or what not all would hear, each is initialised. */
#include "guest_kit.h"

#define ORIGIN "an origin"

/* Changes a global, memory, its size; uses fuel. */
#define BEGINS                                                                                     \
  "-DSTART='.start=begin' '-DBEGIN=in->counter += 5; MEM(i)[1000] = 7; hsb_ctx_of(i)->fuel -= "    \
  "900; hsb_ctx_of(i)->host->memory_grow(hsb_ctx_of(i), 2); MEM(i)[5 * 65536] = 9;"

static const uint64_t words[HRT_BIRTH_WORDS] = {1, 2, 3, 4, 5, 6};

struct how {
  const char *origin; /* NULL: none */
  uint32_t pages, stack_bytes;
  uint64_t fuel_limit;
};

static uint64_t fuel_of_last; /* that the last one took */

static int try_make(hrt_instance **out, hrt_plugin *p, struct how how, helios_error *err) {
  hrt_budget budget = {.fuel_used = 10, .fuel_limit = how.fuel_limit};
  hrt_instance_options options = {.imports = &kit_binding,
                                  .memory_limit_pages = how.pages,
                                  .stack_bytes = how.stack_bytes,
                                  .origin = how.origin,
                                  .origin_size = how.origin ? strlen(how.origin) : 0};
  int status = hrt_instance_new(out, p, &options, &budget, err);
  if (status == 0 && !hrt_instance_born(*out)) {
    hrt_instance_keep(*out, words, budget.fuel_used);
  }
  fuel_of_last = budget.fuel_used - 10;
  return status;
}

static hrt_instance *make(hrt_plugin *p, struct how how) {
  hrt_instance *i = NULL;
  helios_error err = {0};
  if (try_make(&i, p, how, &err) != 0) {
    fail_msg("%s", err.text);
  }
  return i;
}

static hrt_instance *another(hrt_plugin *p) {
  return make(p, (struct how){.origin = ORIGIN});
}

static bool is_born(const hrt_instance *i) {
  const uint64_t *born = hrt_instance_born(i);
  assert_true(born == NULL || memcmp(born, words, sizeof words) == 0);
  return born != NULL;
}

/* The bytes of memory, which differ nowhere. */
static void assert_alike(const hrt_instance *a, const hrt_instance *b) {
  static uint8_t x[8 * 65536], y[8 * 65536];
  uint64_t size = hrt_guest_size(a);
  assert_int_equal(size, hrt_guest_size(b));
  assert_true(hrt_guest_read(x, a, (guest_u32){0}, size));
  assert_true(hrt_guest_read(y, b, (guest_u32){0}, size));
  assert_memory_equal(x, y, size);
}

/* As initialised, and as it is after a call that writes everywhere and a reset. */
static void use(hrt_instance *i, uint64_t counter, uint64_t pages) {
  kit_call(i, KIT_TABLE_SET, 0, 77, 0); /* of what its init had open, and before all is open */
  assert_int_equal(hrt_instance_reset(i, NULL), 0);
  for (int turn = 0; turn < 3; turn++) {
    assert_int_equal(kit_call(i, KIT_COUNT, 0, 0, 0), counter + 1);
    assert_int_equal(kit_call(i, KIT_COUNT, 0, 0, 0), counter + 2);
    assert_int_equal(kit_call(i, KIT_SIZE, 0, 0, 0), pages);
    assert_int_equal(kit_call(i, KIT_PEEK, 1000, 0, 0), 7);
    assert_int_equal(kit_call(i, KIT_PEEK, 70000, 0, 0), 'g');
    assert_int_equal(kit_call(i, KIT_TABLE_GET, 0, 0, 0), 1234);
    assert_int_equal(kit_call(i, KIT_TABLE_GET, 4000, 0, 0), 0);
    kit_call(i, KIT_POKE, 1000, 8, 0);
    kit_call(i, KIT_POKE, 200000, 8, 0);
    kit_call(i, KIT_TABLE_SET, 0, 77, 0);
    kit_call(i, KIT_TABLE_SET, 4000, 78, 0);
    assert_int_equal(kit_call(i, KIT_GROW, 1, 0, 0), pages);
    assert_int_equal(hrt_instance_reset(i, NULL), 0);
  }
}

static void begins_as_the_first(const char *flags) {
  hrt_plugin *p = kit_plugin(flags);
  hrt_instance *a = another(p);
  uint64_t fuel = fuel_of_last;
  hrt_instance *b = another(p);
  assert_false(is_born(a));
  assert_true(is_born(b));
  assert_int_equal(fuel_of_last, fuel);
  assert_true(fuel >= 900);
  assert_int_equal(hrt_guest_peak(a), hrt_guest_peak(b));
  assert_alike(a, b);
  assert_ptr_equal(a->image, b->image);
  kit_call(a, KIT_POKE, 3000, 1, 0);
  assert_int_equal(kit_call(b, KIT_PEEK, 3000, 0, 0), 0);
  assert_int_equal(hrt_instance_reset(a, NULL), 0);
  use(b, 105, 6);
  use(a, 105, 6);
  hrt_instance_free(a); /* the other one has what it needs */
  hrt_instance *c = another(p);
  assert_true(is_born(c));
  assert_alike(b, c);
  use(c, 105, 6);
  kit_call(c, KIT_POKE, 3000, 5, 0);
  assert_int_equal(hrt_instance_checkpoint(c, NULL), 0); /* its own from now on */
  hrt_instance *d = another(p);
  assert_int_equal(kit_call(d, KIT_PEEK, 3000, 0, 0), 0);
  assert_int_equal(hrt_instance_reset(c, NULL), 0);
  assert_int_equal(kit_call(c, KIT_PEEK, 3000, 0, 0), 5);
  hrt_instance_free(b);
  hrt_instance_free(c);
  hrt_instance_free(d);
  hrt_plugin_unref(p);
  assert_int_equal(hrt_plugin_count(), 0);
}

static void birth__of_small_memory(void **state) {
  (void)state;
  begins_as_the_first(BEGINS "'");
}

static void birth__of_a_file(void **state) {
  (void)state;
  begins_as_the_first(BEGINS "for (unsigned n = 0; n < 100000; n++) MEM(i)[80000 + n] = 1;'");
}

static void birth__without_guard_pages(void **state) {
  (void)state;
  begins_as_the_first(BEGINS "' -DFLAGS=HSB_PLUGIN_EXPLICIT_BOUNDS");
}

static void birth__without_memory_of_its_own(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin("-UHAS_MEMORY -DHAS_MEMORY=0 -UMEMORY_MIN -DMEMORY_MIN=0 "
                             "'-DSTART=.start=begin' '-DBEGIN=in->counter += 5;'");
  hrt_instance *a = another(p), *b = another(p);
  assert_true(is_born(b));
  assert_int_equal(hrt_guest_size(b), 0);
  assert_int_equal(kit_call(b, KIT_COUNT, 0, 0, 0), 106);
  assert_int_equal(hrt_instance_reset(b, NULL), 0);
  assert_int_equal(kit_call(b, KIT_COUNT, 0, 0, 0), 106);
  hrt_instance_free(a);
  hrt_instance_free(b);
  hrt_plugin_unref(p);
}

/* Whoever holds it keeps it; the last one takes it along. */
static void birth__ends_with_its_last_user(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin(BEGINS "'");
  hrt_instance *a = another(p);
  hrt_birth *held = hrt_instance_birth(a);
  assert_non_null(held);
  hrt_instance_free(a);
  a = another(p);
  assert_true(is_born(a));
  hrt_birth_give(held);
  hrt_instance_free(a);
  a = another(p);
  assert_false(is_born(a));
  hrt_instance_free(a);
  hrt_plugin_unref(p);
  hrt_birth_give(NULL);
}

/* A trap, and the next one is as new. */
static void birth__after_a_trap(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin(BEGINS "'");
  hrt_instance *a = another(p), *b = another(p);
  kit_call(b, KIT_POKE, 1000, 99, 0);
  kit_fails(b, KIT_TRAP, HSB_TRAP_UNREACHABLE, 0, HSB_TRAP_UNREACHABLE, HELIOS_E_TRAP,
            "unreachable instruction executed in \"trap\" at wasm offset 0x77");
  hrt_instance_free(b);
  b = another(p);
  assert_true(is_born(b));
  assert_alike(a, b);
  hrt_instance_free(a);
  hrt_instance_free(b);
  hrt_plugin_unref(p);
}

static void birth__only_of_its_like(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin(BEGINS "'"), *twin = kit_plugin(BEGINS "'");
  const struct how first = {.origin = ORIGIN},
                   others[] = {{.origin = ORIGIN "s"},
                               {.origin = "an 0rigin"},
                               {.origin = ""},
                               {.origin = NULL},
                               {.origin = ORIGIN, .pages = 100},
                               {.origin = ORIGIN, .stack_bytes = 1 << 17}};
  hrt_instance *a = make(p, first), *b = make(twin, first);
  assert_false(is_born(b));
  hrt_instance_free(b);
  for (size_t n = 0; n < sizeof others / sizeof *others; n++) {
    b = make(p, others[n]);
    assert_false(is_born(b));
    hrt_instance_free(b);
  }
  hrt_instance_free(a);
  hrt_plugin_unref(p);
  hrt_plugin_unref(twin);
}

/* Fuel that would not have been enough is not enough, and the message is the same. */
static void birth__needs_its_fuel(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin("-DSTART='.start=begin' '-DBEGIN=struct hsb_ctx *c = hsb_ctx_of(i);"
                             "c->fuel = step(i, c->fuel, 900, 0x52);'");
  helios_error first = {0}, second = {0};
  hrt_instance *a = NULL, *b = NULL;
  struct how little = {.origin = ORIGIN, .fuel_limit = 800};
  assert_int_equal(try_make(&a, p, little, &first), HELIOS_E_FUEL);
  a = another(p);
  assert_int_equal(try_make(&b, p, little, &second), HELIOS_E_FUEL);
  assert_string_equal(second.text, first.text);
  little.fuel_limit = 910;
  b = make(p, little);
  assert_true(is_born(b));
  hrt_instance_free(a);
  hrt_instance_free(b);
  hrt_plugin_unref(p);
}

static void never_born(const char *flags, const uint64_t *given) {
  hrt_plugin *p = kit_plugin(flags);
  hrt_instance *all[2];
  for (int n = 0; n < 2; n++) {
    hrt_budget budget = {0};
    hrt_instance_options options = {.imports = &kit_binding, .origin = "", .origin_size = 0};
    assert_int_equal(hrt_instance_new(&all[n], p, &options, &budget, NULL), 0);
    assert_false(is_born(all[n]));
    hrt_instance_keep(all[n], given, budget.fuel_used);
    assert_null(hrt_instance_birth(all[n]));
  }
  hrt_instance_free(all[0]);
  hrt_instance_free(all[1]);
  hrt_plugin_unref(p);
}

/* An address in it, a changed table; or somebody heard what not all would hear. */
static void birth__not_of_what_cant_move(void **state) {
  (void)state;
  static const char *const begins[] = {
      "in->counter = (unsigned long long)in->mem.data + 4096;",
      "in->table[0] = 5;",
      "in->table[0] = 1235;", /* as long as before */
      "in->table[9] = 5;",
      "in->table[400] = 5;",
  };
  char flags[200];
  for (size_t n = 0; n < sizeof begins / sizeof *begins; n++) {
    snprintf(flags, sizeof flags, "-DSTART='.start=begin' '-DBEGIN=%s'", begins[n]);
    never_born(flags, words);
  }
  never_born("-UTAIL -DTAIL=4 '-DSTART=.start=begin' '-DBEGIN=((char *)i)[sizeof *in + 1] = 5;'",
             words);
  never_born(BEGINS "'", NULL);
}

/* Not while it is not as at its checkpoint: changed; dead, by code that changes nothing; or nobody
 * knows. */
static void birth__of_a_checkpoint(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin("");
  for (int n = 0; n < 4; n++) {
    hrt_instance *i;
    hrt_budget budget = {0};
    hrt_instance_options options = {.imports = &kit_binding, .origin = "", .origin_size = 0};
    assert_int_equal(hrt_instance_new(&i, p, &options, &budget, NULL), 0);
    if (n == 0) {
      kit_call(i, KIT_POKE, 1, 1, 0);
    } else if (n == 1) {
      hsb_slot s[2] = {0x7fffffff};
      assert_int_equal(hrt_call(i, KIT_STATELESS, s, &budget, NULL), HELIOS_E_TRAP);
      assert_true(hrt_instance_dead(i) && !i->dirty);
    }
    i->spoiled = n == 2;
    hrt_instance_keep(i, words, 0);
    hrt_birth *b = hrt_instance_birth(i);
    assert_int_equal(b != NULL, n == 3);
    hrt_birth_give(b);
    hrt_instance_free(i);
  }
  hrt_plugin_unref(p);
}

/* Each allocation fails once: an instance, born or not, or an error; never a leak. */
static void birth__without_memory(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin(BEGINS "'");
  long before = hrt_alloc_live();
  for (int with = 0; with < 2; with++) {
    hrt_instance *first = with ? another(p) : NULL;
    int failed = 0, made = 0;
    for (long n = 0; made < 3; n++) {
      hrt_instance *i = NULL;
      assert_true(n < 1000);
      hrt_alloc_fail(n, 1);
      int status = try_make(&i, p, (struct how){.origin = ORIGIN}, NULL);
      hrt_alloc_fail(-1, 0);
      failed += status != 0;
      if (status == 0) {
        hrt_birth *b = hrt_instance_birth(i);
        made += b != NULL;
        use(i, 105, 6);
        hrt_birth_give(b);
        hrt_instance_free(i);
      }
    }
    assert_true(failed > 0);
    hrt_instance_free(first);
  }
  assert_int_equal(hrt_alloc_live(), before);
  hrt_plugin_unref(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(birth__of_small_memory),
      cmocka_unit_test(birth__of_a_file),
      cmocka_unit_test(birth__without_guard_pages),
      cmocka_unit_test(birth__without_memory_of_its_own),
      cmocka_unit_test(birth__after_a_trap),
      cmocka_unit_test(birth__ends_with_its_last_user),
      cmocka_unit_test(birth__only_of_its_like),
      cmocka_unit_test(birth__needs_its_fuel),
      cmocka_unit_test(birth__not_of_what_cant_move),
      cmocka_unit_test(birth__of_a_checkpoint),
      cmocka_unit_test(birth__without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
