/* budget_test.c - fuel is exact whatever the slices, time and cancellation end a guest within
 * milliseconds, nested calls share one budget, host functions charge it. */
#include "guest_kit.h"

#include "instance/charge.h"

#include <pthread.h>
#include <time.h>

static hrt_plugin *plugin;

static int setup(void **state) {
  (void)state;
  plugin = kit_plugin("");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  hrt_plugin_unref(plugin);
  return 0;
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int burn(hrt_instance *i, hrt_budget *b, uint64_t n, uint64_t k, helios_error *err) {
  hsb_slot s[2] = {n, k};
  return hrt_call(i, KIT_BURN, s, b, err);
}

static void fuel__is_exact_whatever_the_slice(void **state) {
  (void)state;
  static const int64_t slices[] = {0, 1, 7, 1000, 1 << 20, INT64_C(1) << 40};
  static const uint64_t limits[] = {1, 2, 999, 1000, 12345};
  for (size_t n = 0; n < sizeof slices / sizeof *slices; n++) {
    for (size_t m = 0; m < sizeof limits / sizeof *limits; m++) {
      for (uint64_t k = 1; k < 30; k += 9) {
        hrt_instance *i = kit_instance(plugin, NULL);
        hrt_budget b = {.fuel_limit = limits[m], .slice_size = slices[n]};
        helios_error err = {0};
        assert_int_equal(burn(i, &b, limits[m], k, &err), 0); /* just enough */
        assert_int_equal(b.fuel_used, limits[m]);
        assert_int_equal(burn(i, &b, 1, 1, &err), HELIOS_E_FUEL); /* one more */
        assert_int_equal(b.fuel_used, limits[m] + 1);
        assert_int_equal(err.trap, HSB_TRAP_FUEL);
        assert_string_equal(err.text, "fuel exhausted in \"burn\" at wasm offset 0x52");
        assert_non_null(strstr(err.hint, "fuel_limit"));
        hrt_instance_free(i);
      }
    }
  }
}

/* Where it stops depends on nothing but the limit: at the first checkpoint above it. By how much is
 * not said. */
static void fuel__stops_at_the_first_checkpoint_above(void **state) {
  (void)state;
  for (int64_t slice = 1; slice < 5000; slice = slice * 3 + 1) {
    hrt_instance *i = kit_instance(plugin, NULL);
    hrt_budget b = {.fuel_limit = 10000, .slice_size = slice};
    assert_int_equal(burn(i, &b, 1000000, 7, NULL), HELIOS_E_FUEL);
    assert_int_equal(b.fuel_used, 10001);
    hrt_instance_free(i);
    i = kit_instance(plugin, NULL);
    b = (hrt_budget){.fuel_limit = 10003, .slice_size = slice};
    assert_int_equal(burn(i, &b, 10003, 7, NULL), 0);
    assert_int_equal(b.fuel_used, 10003);
    hrt_instance_free(i);
  }
}

static void fuel__many_calls_one_budget(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(plugin, NULL);
  hrt_budget b = {.fuel_limit = 100000};
  for (int n = 0; n < 1000; n++) {
    assert_int_equal(burn(i, &b, 100, 3, NULL), 0);
    assert_int_equal(b.fuel_used, 100 * (n + 1));
  }
  assert_int_equal(burn(i, &b, 1, 1, NULL), HELIOS_E_FUEL);
  hrt_instance_free(i);
}

static void fuel__no_limit_is_counted_too(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(plugin, NULL);
  hrt_budget b = {0};
  assert_int_equal(burn(i, &b, 5000000, 1, NULL), 0);
  assert_int_equal(b.fuel_used, 5000000);
  hrt_instance_free(i);
}

static void fuel__overdrawn_at_the_end_stops_the_next_call(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(plugin, NULL);
  hrt_budget b = {.fuel_limit = 10, .fuel_used = 11};
  helios_error err = {0};
  hsb_slot s[1] = {0};
  assert_int_equal(hrt_call(i, KIT_EMPTY, s, &b, &err), HELIOS_E_FUEL);
  assert_string_equal(err.text, "fuel exhausted before a call");
  assert_false(hrt_instance_dead(i));
  hrt_instance_free(i);
}

static void fuel__a_limit_that_is_lowered(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(plugin, NULL);
  hrt_budget b = {0};
  assert_int_equal(burn(i, &b, 100, 1, NULL), 0);
  b.fuel_limit = 99; /* although there is much left of the slice */
  assert_int_equal(burn(i, &b, 0, 1, NULL), HELIOS_E_FUEL);
  b.fuel_limit = 100;
  assert_int_equal(burn(i, &b, 0, 1, NULL), 0);
  b.fuel_limit = 110;
  assert_int_equal(burn(i, &b, 11, 1, NULL), HELIOS_E_FUEL);
  assert_int_equal(b.fuel_used, 111);
  hrt_instance_free(i);
}

/* The best of some attempts: on a busy machine any one of them may be held up. */
enum { ATTEMPTS = 20 };

/* How long after its deadline this loop ends. */
static uint64_t overtime(uint32_t loop) {
  hrt_instance *i = kit_instance(plugin, NULL);
  hrt_budget b = {.deadline_ns = now_ns() + 30000000};
  helios_error err = {0};
  hsb_slot s[1] = {0};
  assert_int_equal(hrt_call(i, loop, s, &b, &err), HELIOS_E_DEADLINE);
  uint64_t end = now_ns();
  assert_int_equal(err.trap, HSB_TRAP_DEADLINE);
  assert_non_null(strstr(err.text, "time limit exceeded in \"spin"));
  assert_true(end >= b.deadline_ns);
  assert_true(hrt_instance_dead(i));
  hrt_instance_free(i);
  return end - b.deadline_ns;
}

static void time__deadline_ends_a_loop(void **state) {
  (void)state;
  static const uint32_t loops[] = {KIT_SPIN, KIT_SPIN_DRY};
  static const uint64_t most[] = {10000000, 100000000}; /* the second seldom lets us look */
  for (int n = 0; n < 2; n++) {
    uint64_t best = UINT64_MAX;
    for (int turn = 0; turn < ATTEMPTS && best >= most[n]; turn++) {
      uint64_t took = overtime(loops[n]);
      best = took < best ? took : best;
    }
    assert_true(best < most[n]);
  }
}

static void time__a_passed_deadline_stops_before_the_call(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(plugin, NULL);
  hrt_budget b = {.deadline_ns = 1};
  helios_error err = {0};
  hsb_slot s[1] = {0};
  assert_int_equal(hrt_call(i, KIT_EMPTY, s, &b, &err), HELIOS_E_DEADLINE);
  assert_int_equal(b.depth, 0);
  assert_false(hrt_instance_dead(i));
  hrt_instance_free(i);
}

enum { MANY = 100000000 }; /* calls, of which 20 ms have two million */

/* Short calls use hardly any fuel, but a statement of a million of them must end too. */
static void time__deadline_ends_many_short_calls(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(plugin, NULL);
  uint64_t best = UINT64_MAX;
  for (int turn = 0; turn < ATTEMPTS && best >= 10000000; turn++) {
    hrt_budget b = {.deadline_ns = now_ns() + 20000000};
    hsb_slot s[1] = {0};
    int status = 0;
    for (unsigned n = 0; status == 0 && n < MANY; n++) {
      status = hrt_call(i, KIT_EMPTY, s, &b, NULL);
    }
    assert_int_equal(status, HELIOS_E_DEADLINE);
    uint64_t took = now_ns() - b.deadline_ns;
    best = took < best ? took : best;
  }
  assert_true(best < 10000000);
  hrt_instance_free(i);
}

static int flag;
static uint64_t cancelled_at;

static void *cancel_soon(void *arg) {
  (void)arg;
  struct timespec t = {.tv_nsec = 30000000};
  nanosleep(&t, NULL);
  cancelled_at = now_ns();
  __atomic_store_n(&flag, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

static void cancel__from_another_thread(void **state) {
  (void)state;
  uint64_t best = UINT64_MAX;
  for (int turn = 0; turn < ATTEMPTS && best >= 10000000; turn++) {
    pthread_t t;
    hrt_instance *i = kit_instance(plugin, NULL);
    hrt_budget b = {.cancel = &flag};
    helios_error err = {0};
    hsb_slot s[1] = {0};
    flag = 0;
    assert_int_equal(pthread_create(&t, NULL, cancel_soon, NULL), 0);
    assert_int_equal(hrt_call(i, KIT_SPIN, s, &b, &err), HELIOS_E_CANCELLED);
    uint64_t end = now_ns();
    pthread_join(t, NULL);
    best = end - cancelled_at < best ? end - cancelled_at : best;
    assert_string_equal(err.text, "cancelled in \"spin\" at wasm offset 0x42");
    hrt_instance_free(i);
  }
  assert_true(best < 10000000);
}

static int probe(void *arg) {
  return ++*(int *)arg == 5;
}

static void cancel__probe(void **state) {
  (void)state;
  int asked = 0;
  hrt_instance *i = kit_instance(plugin, NULL);
  hrt_budget b = {.probe = probe, .probe_arg = &asked};
  hsb_slot s[1] = {0};
  assert_int_equal(hrt_call(i, KIT_SPIN, s, &b, NULL), HELIOS_E_CANCELLED);
  assert_int_equal(asked, 5);
  hrt_instance_free(i);
}

/* ---- host functions ---- */

static uint64_t seen_used;

/* env: by the short way, as host functions do. */
static void host_charges(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  if (env) {
    hrt_charge(ctx, s[0]);
  } else {
    hrt_host_charge(ctx, s[0]);
  }
  seen_used = hrt_host_budget(ctx)->fuel_used;
}

static void charges_exactly(void *way) {
  struct hsb_binding binding = {host_charges, way};
  hrt_instance *i = kit_instance(plugin, &binding);
  hrt_budget b = {.fuel_limit = 1000};
  helios_error err = {0};
  hsb_slot s[1] = {400};
  assert_int_equal(hrt_call(i, KIT_IMPORT, s, &b, NULL), 0);
  assert_int_equal(seen_used, 400);
  s[0] = 600;
  assert_int_equal(hrt_call(i, KIT_IMPORT, s, &b, NULL), 0);
  assert_int_equal(b.fuel_used, 1000);
  s[0] = 1;
  assert_int_equal(hrt_call(i, KIT_IMPORT, s, &b, &err), HELIOS_E_FUEL);
  assert_string_equal(err.text, "fuel exhausted");
  hrt_instance_free(i);
  i = kit_instance(plugin, &binding);
  b = (hrt_budget){.fuel_limit = 1 << 20}; /* far from the limit */
  for (uint64_t n = 1; n <= 100; n++) {
    s[0] = n % 2 ? 4096 : 5000;
    assert_int_equal(hrt_call(i, KIT_IMPORT, s, &b, NULL), 0);
    assert_int_equal(seen_used, n / 2 * 9096 + n % 2 * 4096);
    assert_int_equal(b.fuel_used, seen_used);
  }
  b = (hrt_budget){.fuel_limit = UINT64_MAX};
  s[0] = UINT64_MAX;
  assert_int_equal(hrt_call(i, KIT_IMPORT, s, &b, NULL), 0);
  assert_int_equal(b.fuel_used, UINT64_MAX);
  s[0] = 5;
  assert_int_equal(hrt_call(i, KIT_IMPORT, s, &b, NULL), 0);
  assert_int_equal(b.fuel_used, UINT64_MAX);
  hrt_instance_free(i);
}

static void host__charges_exactly(void **state) {
  (void)state;
  charges_exactly(NULL);
  charges_exactly(&plugin);
}

/* More than any slice is no less than any slice. */
static void host__charges_more_than_there_is(void **state) {
  (void)state;
  static const uint64_t units[] = {UINT64_MAX, INT64_MAX, UINT64_C(1) << 40, 1000001, 4097};
  for (unsigned n = 0; n < 10; n++) {
    struct hsb_binding binding = {host_charges, n % 2 ? &plugin : NULL};
    hrt_instance *i = kit_instance(plugin, &binding);
    hrt_budget b = {.fuel_limit = units[n / 2] == 4097 ? 4096 : 1000000};
    hsb_slot s[1] = {units[n / 2]};
    assert_int_equal(hrt_call(i, KIT_IMPORT, s, &b, NULL), HELIOS_E_FUEL);
    hrt_instance_free(i);
  }
}

static void host_polls(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  ctx->host->poll(ctx, 0x77);
  s[0]++;
}

/* Amid a bulk operation: what others want ends the call. */
static void poll__ends_the_call(void **state) {
  (void)state;
  struct hsb_binding binding = {host_polls, NULL};
  for (int cancels = 0; cancels < 2; cancels++) {
    int wanted = 0;
    hrt_instance *i = kit_instance(plugin, &binding);
    hrt_budget b = {.cancel = &wanted};
    helios_error err = {0};
    hsb_slot s[1] = {1};
    assert_int_equal(hrt_call(i, KIT_IMPORT, s, &b, &err), 0);
    assert_int_equal(s[0], 2);
    wanted = cancels;
    b.deadline_ns = !cancels;
    assert_int_equal(hrt_call(i, KIT_IMPORT, s, &b, &err),
                     cancels ? HELIOS_E_CANCELLED : HELIOS_E_DEADLINE);
    assert_int_equal(err.offset, 0x77);
    assert_true(hrt_instance_dead(i));
    hrt_instance_free(i);
  }
}

static uint64_t outer_seen[2];

static void host_burns_in(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  hrt_budget *b = hrt_host_budget(ctx);
  outer_seen[0] = b->fuel_used;
  s[0] = (uint64_t)burn(env, b, s[0], 3, NULL);
  outer_seen[1] = hrt_host_budget(ctx)->fuel_used;
}

static void nested__one_budget(void **state) {
  (void)state;
  hrt_instance *inner = kit_instance(plugin, NULL);
  struct hsb_binding binding = {host_burns_in, inner};
  hrt_instance *outer = kit_instance(plugin, &binding);
  hrt_budget b = {.fuel_limit = 5000};
  hsb_slot s[2] = {3000};
  assert_int_equal(burn(outer, &b, 1000, 1, NULL), 0);
  assert_int_equal(hrt_call(outer, KIT_IMPORT, s, &b, NULL), 0);
  assert_int_equal(s[0], 0);
  assert_int_equal(outer_seen[0], 1000);
  assert_int_equal(outer_seen[1], 4000);
  assert_int_equal(b.fuel_used, 4000);
  s[0] = 1002;
  assert_int_equal(hrt_call(outer, KIT_IMPORT, s, &b, NULL), 0);
  assert_int_equal(s[0], HELIOS_E_FUEL);
  assert_int_equal(b.fuel_used, 5001);
  assert_int_equal(burn(outer, &b, 0, 1, NULL), HELIOS_E_FUEL);
  assert_int_equal(b.depth, 0);
  hrt_instance_free(inner);
  hrt_instance_free(outer);
}

static void host_burns_and_charges(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  hrt_budget *b = hrt_host_budget(ctx);
  uint64_t units = s[0];
  s[0] = (uint64_t)burn(env, b, 3000, 1, NULL);
  hrt_host_charge(ctx, units);
}

/* What an inner call leaves of the limit is all that the outer one has. */
static void nested__inner_use_counts_for_the_outer_call(void **state) {
  (void)state;
  for (uint64_t units = 1999; units <= 2001; units++) {
    hrt_instance *inner = kit_instance(plugin, NULL);
    struct hsb_binding binding = {host_burns_and_charges, inner};
    hrt_instance *outer = kit_instance(plugin, &binding);
    hrt_budget b = {.fuel_limit = 5000};
    hsb_slot s[1] = {units};
    assert_int_equal(hrt_call(outer, KIT_IMPORT, s, &b, NULL), units == 2001 ? HELIOS_E_FUEL : 0);
    hrt_instance_free(inner);
    hrt_instance_free(outer);
  }
}

static void host_calls_until_it_fails(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  hrt_budget *b = hrt_host_budget(ctx);
  hsb_slot none[1] = {0};
  int status = 0;
  for (uint64_t most = now_ns() + 5000000000u; status == 0 && now_ns() < most;) {
    status = hrt_call(env, KIT_EMPTY, none, b, NULL);
  }
  s[0] = (uint64_t)status;
}

/* As time__deadline_ends_many_short_calls, within a call. */
static void nested__deadline_ends_many_short_calls(void **state) {
  (void)state;
  hrt_instance *inner = kit_instance(plugin, NULL);
  struct hsb_binding binding = {host_calls_until_it_fails, inner};
  hrt_instance *outer = kit_instance(plugin, &binding);
  hrt_budget b = {.deadline_ns = now_ns() + 20000000};
  hsb_slot s[1] = {0};
  assert_int_equal(hrt_call(outer, KIT_IMPORT, s, &b, NULL), 0);
  assert_int_equal(s[0], HELIOS_E_DEADLINE);
  hrt_instance_free(inner);
  hrt_instance_free(outer);
}

static hrt_budget shared;

/* Does not ask for the budget: what the outer call has used so far must count all the same. */
static void host_burns_shared(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx;
  s[0] = (uint64_t)burn(env, &shared, s[0], 1, NULL);
}

static void nested__outer_use_counts_without_asking(void **state) {
  (void)state;
  for (uint64_t n = 1999; n <= 2001; n++) {
    hrt_instance *inner = kit_instance(plugin, NULL);
    struct hsb_binding binding = {host_burns_shared, inner};
    hrt_instance *outer = kit_instance(plugin, &binding);
    hsb_slot s[2] = {3000, n};
    shared = (hrt_budget){.fuel_limit = 5000};
    assert_int_equal(hrt_call(outer, KIT_BURN_IMPORT, s, &shared, NULL), 0);
    assert_int_equal(s[0], n == 2001 ? HELIOS_E_FUEL : 0);
    assert_int_equal(shared.fuel_used, 3000 + n);
    hrt_instance_free(inner);
    hrt_instance_free(outer);
  }
}

static hrt_budget wanting;
static uint32_t want; /* what the guest's code says that a loop wants */
static int64_t got, next;

/* As hsb_refuel_ahead, and then as any checkpoint. */
static void host_wants(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)s, (void)env;
  ctx->wanted = want;
  got = hrt_refuel(ctx, ctx->fuel, 0);
  struct timespec t = {.tv_nsec = 12000000}; /* a loop that takes its time */
  nanosleep(&t, NULL);
  next = hrt_refuel(ctx, ctx->fuel, 0);
}

static void wants(uint32_t fuel, uint64_t limit) {
  struct hsb_binding binding = {host_wants, NULL};
  hrt_instance *i = kit_instance(plugin, &binding);
  hsb_slot s[2] = {0};
  want = fuel;
  wanting = (hrt_budget){.fuel_limit = limit, .slice_size = HSB_FUEL_SLICE};
  assert_int_equal(hrt_call(i, KIT_IMPORT, s, &wanting, NULL), 0);
  hrt_instance_free(i);
}

/* A loop has as much as it wants, once, no more than the limit leaves, and nothing if it wants more
 * than it may. What it took says nothing of how large slices should be. */
static void fuel__wanted_by_a_loop(void **state) {
  (void)state;
  int64_t usual = HSB_FUEL_SLICE + HSB_FUEL_LOW;
  wants(HSB_FUEL_AHEAD, 0);
  assert_int_equal(got, usual + HSB_FUEL_AHEAD);
  assert_int_equal(next, usual);
  assert_int_equal(wanting.slice_size, HSB_FUEL_SLICE);
  wants(HSB_FUEL_AHEAD, 1000000);
  assert_int_equal(got, 1000000);
  assert_int_equal(next, 1000000); /* there is no more */
  wants(HSB_FUEL_AHEAD + 1, 0);
  assert_int_equal(got, usual);
  assert_true(next < usual); /* it took too long for a slice */
  assert_true(wanting.slice_size < HSB_FUEL_SLICE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fuel__is_exact_whatever_the_slice),
      cmocka_unit_test(fuel__stops_at_the_first_checkpoint_above),
      cmocka_unit_test(fuel__many_calls_one_budget),
      cmocka_unit_test(fuel__no_limit_is_counted_too),
      cmocka_unit_test(fuel__overdrawn_at_the_end_stops_the_next_call),
      cmocka_unit_test(time__deadline_ends_a_loop),
      cmocka_unit_test(time__a_passed_deadline_stops_before_the_call),
      cmocka_unit_test(time__deadline_ends_many_short_calls),
      cmocka_unit_test(cancel__from_another_thread),
      cmocka_unit_test(cancel__probe),
      cmocka_unit_test(host__charges_exactly),
      cmocka_unit_test(host__charges_more_than_there_is),
      cmocka_unit_test(poll__ends_the_call),
      cmocka_unit_test(nested__one_budget),
      cmocka_unit_test(nested__inner_use_counts_for_the_outer_call),
      cmocka_unit_test(nested__outer_use_counts_without_asking),
      cmocka_unit_test(nested__deadline_ends_many_short_calls),
      cmocka_unit_test(fuel__a_limit_that_is_lowered),
      cmocka_unit_test(fuel__wanted_by_a_loop),
  };
  return cmocka_run_group_tests_name("budget", tests, setup, teardown);
}
