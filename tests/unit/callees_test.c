/* callees_test.c - call_indirect where heliosc knows whom a table holds and calls them by name:
 * results, traps and fuel against the same module with instructions that could write the tables,
 * whose callees nobody knows. Each place of the tables and beyond them, as each type. */
#include "build_kit.h"

#include "instance/instance.h"

/* Places: 1 to 5 of the first segment, of which the second takes 5; the others are null. Of $v
 * there are more than are called by name. $again calls through the table, too. The other table has
 * some of them at other places, and one with none. */
#define MODULE(writer)                                                                             \
  "(module (type $a (func (param i32) (result i32))) (type $b (func (param i64) (result f64 "      \
  "i64)))"                                                                                         \
  "  (type $v (func)) (table 16 funcref) (table $externs 2 externref) (table $other 8 funcref)"    \
  "  (global $g (mut i32) (i32.const 0))"                                                          \
  "  (elem (table $other) (i32.const 0) func $half $pair $next $again $traps)"                     \
  "  (elem (i32.const 1) $next $pair $half $set $set)"                                             \
  "  (elem (i32.const 5) $again $set $set $set $set $set $traps)"                                  \
  "  (func $next (type $a) (i32.add (local.get 0) (i32.const 1)))"                                 \
  "  (func $half (type $a) (i32.div_u (i32.const 100) (local.get 0)))"                             \
  "  (func $again (export \"again\") (type $a)"                                                    \
  "    (if (result i32) (local.get 0)"                                                             \
  "      (then (call_indirect (type $a) (i32.sub (local.get 0) (i32.const 1)) (i32.const 5)))"     \
  "      (else (i32.const 77))))"                                                                  \
  "  (func $pair (type $b) (f64.convert_i64_u (local.get 0)) (i64.mul (local.get 0) (i64.const "   \
  "3)))"                                                                                           \
  "  (func $set (type $v) (global.set $g (i32.add (global.get $g) (i32.const 1))))"                \
  "  (func $traps (type $a) (unreachable))"                                                        \
  "  (func (export \"a\") (param i32 i32) (result i32)"                                            \
  "    (i32.add (call_indirect (type $a) (local.get 1) (local.get 0)) (i32.const 1)))"             \
  "  (func (export \"b\") (param i32 i64) (result f64 i64)"                                        \
  "    (call_indirect (type $b) (local.get 1) (local.get 0)))"                                     \
  "  (func (export \"v\") (param i32) (result i32)"                                                \
  "    (call_indirect (type $v) (local.get 0)) (global.get $g))"                                   \
  "  (func (export \"o\") (param i32 i32) (result i32)"                                            \
  "    (i32.add (call_indirect $other (type $a) (local.get 1) (local.get 0)) (i32.const 1)))"      \
  "  (func (export \"ob\") (param i32 i64) (result f64 i64)"                                       \
  "    (call_indirect $other (type $b) (local.get 1) (local.get 0)))" writer ")"

#define WRITES "(func (table.set (i32.const 0) (ref.null func)))"
#define WRITES_OTHER "(func (table.set $other (i32.const 0) (ref.null func)))"

enum { KINDS = 3, PLACES = 18, EXPORTS = 6 };

/* Of both tables, of the other one, of the first one: called by name. */
enum { BOTH, OTHER, FIRST, KNOWN };

static hrt_plugin *known[KNOWN][KINDS], *unknown[KINDS];

static int begin(void **state) {
  static const hcc_build_options kinds[KINDS] = {
      {.tier = HCC_TIER_OPTIMIZING},
      {.tier = HCC_TIER_BASELINE},
      {.tier = HCC_TIER_OPTIMIZING, .bounds = HCC_BOUNDS_EXPLICIT}};
  static const char fixed[] = MODULE("");
  static const char first[] = MODULE(WRITES);
  static const char other[] = MODULE(WRITES_OTHER);
  static const char written[] = MODULE(WRITES WRITES_OTHER);
  static const char *const fixed_ones[KNOWN] = {fixed, first, other};
  int status = kit_begin(state);
  for (size_t i = 0; i < KINDS; i++) {
    for (size_t k = 0; k < KNOWN; k++) {
      known[k][i] = kit_plugin_built(fixed_ones[k], kinds[i]);
    }
    unknown[i] = kit_plugin_built(written, kinds[i]);
  }
  return status;
}

static int end(void **state) {
  for (size_t i = 0; i < KINDS; i++) {
    for (size_t k = 0; k < KNOWN; k++) {
      hrt_plugin_unref(known[k][i]);
    }
    hrt_plugin_unref(unknown[i]);
  }
  return kit_end(state);
}

typedef struct outcome {
  int status, trap;
  uint64_t fuel, slots[2];
} outcome;

static outcome call(hrt_plugin *plugin, uint32_t which, uint32_t place, uint64_t argument,
                    uint64_t limit) {
  hrt_instance_options options = {0};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  helios_error err = {0};
  hsb_slot s[2] = {which == 0 ? argument : place, argument};
  assert_int_equal(hrt_instance_new(&i, plugin, &options, &b, NULL), 0);
  b = (hrt_budget){.fuel_limit = limit};
  outcome o = {.status = hrt_call(i, which, s, &b, &err)};
  o.trap = (int)err.trap;
  o.fuel = b.fuel_used;
  if (o.status == 0) {
    o.slots[0] = s[0];
    o.slots[1] = which == 2 || which == 5 ? s[1] : 0;
  }
  hrt_instance_free(i);
  return o;
}

/* Returns whether the call came to its end. */
static bool same_outcome(hrt_plugin *x, hrt_plugin *y, uint32_t which, uint32_t place,
                         uint64_t argument, uint64_t limit) {
  outcome a = call(x, which, place, argument, limit), b = call(y, which, place, argument, limit);
  assert_int_equal(a.status, b.status);
  assert_int_equal(a.trap, b.trap);
  assert_int_equal(a.slots[0], b.slots[0]);
  assert_int_equal(a.slots[1], b.slots[1]);
  if (a.status != HELIOS_E_TRAP) {
    assert_int_equal(a.fuel, b.fuel);
  }
  return a.status == 0;
}

/* All limits where both tables are known; else whether the right one is. */
static void each_place_as_each_type(void **state) {
  static const uint64_t limits[] = {0, 1, 4, 9, 12, 30};
  enum { ALL = PLACES * EXPORTS * 3 };
  (void)state;
  for (size_t n = 0; n < KINDS * KNOWN; n++) {
    size_t of_limits = n / KINDS == BOTH ? sizeof limits / sizeof *limits : 1;
    unsigned done = 0;
    for (uint32_t i = 0; i < ALL * of_limits; i++) {
      uint32_t argument = i % 3 * 4; /* 0 divides by zero */
      done += same_outcome(known[n / KINDS][n % KINDS], unknown[n % KINDS], i / 3 % EXPORTS,
                           i / 3 / EXPORTS % PLACES, argument, limits[i / ALL]);
    }
    assert_in_range(done, 30, ALL * of_limits - 30);
  }
}

/* What it is compared with is right, too. */
static void results(void **state) {
  (void)state;
  for (size_t n = 0; n < KINDS * KNOWN; n++) {
    hrt_plugin *p = known[n / KINDS][n % KINDS];
    assert_int_equal(call(p, 1, 1, 41, 0).slots[0], 43);
    assert_int_equal(call(p, 1, 3, 4, 0).slots[0], 26);
    assert_int_equal(call(p, 1, 5, 9, 0).slots[0], 78);
    assert_int_equal(call(p, 2, 2, 5, 0).slots[1], 15);
    assert_int_equal(call(p, 3, 6, 0, 0).slots[0], 1);
    assert_int_equal(call(p, 1, 3, 0, 0).status, HELIOS_E_TRAP);
    assert_int_equal(call(p, 1, 0, 0, 0).status, HELIOS_E_TRAP);
    assert_int_equal(call(p, 1, 2, 0, 0).status, HELIOS_E_TRAP);
    assert_int_equal(call(p, 1, 17, 0, 0).status, HELIOS_E_TRAP);
    assert_int_equal(call(p, 4, 0, 4, 0).slots[0], 26);
    assert_int_equal(call(p, 4, 2, 41, 0).slots[0], 43);
    assert_int_equal(call(p, 5, 1, 5, 0).slots[1], 15);
    assert_int_equal(call(p, 4, 1, 0, 0).status, HELIOS_E_TRAP);
    assert_int_equal(call(p, 4, 8, 0, 0).status, HELIOS_E_TRAP);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(results),
      cmocka_unit_test(each_place_as_each_type),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
