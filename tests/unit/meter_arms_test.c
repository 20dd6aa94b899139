/* meter_arms_test.c - counted loops whose turns have branches, as machine code: what a call has
 * used and where it ends for want of fuel is what was counted by hand, whether there is fuel for
 * all turns before the first one or each has its checkpoint. */
#include "build_kit.h"

#include "instance/instance.h"

static const char MODULE[] =
    "(module (memory 1)\n"
    /* down to 0: header and end 9, arms of 4 and 6 */
    "(func (export \"arms\") (param $n i32) (param $mask i32) (result i32) (local $s i32)\n"
    "  (loop $again\n"
    "    (if (i32.and (local.get $n) (local.get $mask))\n"
    "      (then (local.set $s (i32.add (local.get $s) (i32.const 3))))\n"
    "      (else (local.set $s (i32.mul (i32.xor (local.get $s) (local.get $n)) (i32.const 5)))))\n"
    "    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))\n"
    "  (local.get $s))\n"
    /* from 0 by 3 while it is less: 15 for a turn, 8 for all but what is left out at once, 4 for
       what half of those leave out */
    "(func (export \"less\") (param $n i32) (param $floor i32) (result i32)\n"
    "  (local $i i32) (local $s i32)\n"
    "  (loop $again\n"
    "    (block $none (block $some\n"
    "      (br_if $none (i32.lt_u (i32.and (i32.mul (local.get $i) (i32.const 7)) (i32.const 63))\n"
    "                             (local.get $floor)))\n"
    "      (br_if $some (i32.and (local.get $i) (i32.const 1)))\n"
    "      (local.set $s (i32.add (local.get $s) (i32.const 5))))\n"
    "      (local.set $s (i32.add (local.get $s) (local.get $i))))\n"
    "    (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 3)))\n"
    "                            (local.get $n))))\n"
    "  (local.get $s))\n"
    /* an index of static arrays and where it ends, both held as addresses (meter_shift.c), in a
       loop that turns once: 33 for a turn, 4 for what may be left out */
    "(func (export \"places\") (param $n i32) (param $x i32) (result i32)\n"
    "  (local $i i32) (local $end i32) (local $s i32)\n"
    "  (local.set $end (i32.const 0))\n"
    "  (loop $once\n"
    "    (local.set $i (i32.const 0))\n"
    "    (local.set $end (i32.add (local.get $end) (local.get $n)))\n"
    "    (loop $again\n"
    "      (local.set $s (i32.add (local.get $s) (i32.const 1)))\n"
    "      (i32.store8 offset=1 (i32.add (local.get $i) (i32.const 2048)) (local.get $s))\n"
    "      (if (i32.and (i32.load8_u (i32.add (local.get $i) (i32.const 2048))) (i32.const 4))\n"
    "        (then (local.set $s (i32.add (local.get $s) (i32.const 3)))))\n"
    "      (drop (i32.load8_u (i32.add (local.get $i) (i32.const 2048))))\n"
    "      (drop (i32.load8_u (i32.add (local.get $end) (i32.const 4096))))\n"
    "      (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1)))\n"
    "                            (local.get $end))))\n"
    "    (br_if $once (i32.const 0)))\n"
    "  (i32.add (local.get $s) (i32.load8_u (i32.add (local.get $end) (i32.const 2048)))))\n"
    /* such a loop, turns of 13 and 15, and one that may end early behind it, turns of 13 */
    "(func (export \"both\") (param $n i32) (param $at i32) (result i32)\n"
    "  (local $s i32) (local $i i32)\n"
    "  (loop $again\n"
    "    (if (i32.and (local.get $n) (i32.const 1))\n"
    "      (then (local.set $s (i32.add (local.get $s) (i32.const 3))))\n"
    "      (else (local.set $s (i32.mul (i32.xor (local.get $s) (local.get $n)) (i32.const 5)))))\n"
    "    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))\n"
    "  (block $out (loop $again\n"
    "    (br_if $out (i32.eq (local.get $i) (local.get $at)))\n"
    "    (br_if $out (i32.ge_u (local.get $i) (i32.const 40)))\n"
    "    (local.set $i (i32.add (local.get $i) (i32.const 1)))\n"
    "    (br $again)))\n"
    "  (i32.add (local.get $s) (local.get $i)))\n"
    ")\n";

static int begin(void **state) {
  return kit_begin_plugin(state, MODULE);
}

static int begin_explicit(void **state) {
  return kit_begin_explicit(state, MODULE);
}

#define TURNS 60000u

/* What was counted by hand: units before the loop, and of a turn up to its checkpoint. */
typedef struct counted {
  uint64_t before, header, turns;
  uint32_t result;
  uint8_t turn[TURNS]; /* units of each turn */
} counted;

static counted c;

static void arms(uint32_t n, uint32_t mask) {
  c = (counted){.before = 1, .header = 9};
  for (uint32_t i = n; i != 0; i--) {
    bool first = (i & mask) != 0;
    c.result = first ? c.result + 3 : (c.result ^ i) * 5;
    c.turn[c.turns++] = first ? 9 + 4 : 9 + 6;
  }
}

static void less(uint32_t n, uint32_t floor) {
  uint32_t i = 0;
  c = (counted){.before = 1, .header = 15};
  do {
    bool none = (i * 7 & 63) < floor, some = (i & 1) != 0;
    c.result += none ? 0 : some ? i : i + 5;
    c.turn[c.turns++] = none ? 15 : some ? 15 + 8 : 15 + 12;
    i += 3;
  } while (i < n);
}

static void places(uint32_t n, uint32_t x) {
  uint8_t before = 0, stored = 0;
  c = (counted){.before = 16, .header = 33};
  (void)x;
  for (uint32_t i = 0; i < n; i++) {
    bool more = (before & 4) != 0;
    stored = (uint8_t)++c.result;
    c.result += more ? 3 : 0;
    c.turn[c.turns++] = more ? 33 + 4 : 33;
    before = stored;
  }
  c.result += stored;
}

static void check(uint32_t export, uint32_t n, uint32_t x, uint64_t limit, int64_t slice) {
  hrt_instance_options options = {0};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  hsb_slot s[2] = {n, x};
  uint64_t used = c.before, turns = 0;
  while (turns < c.turns && used + c.header <= limit) {
    used += c.turn[turns++];
  }
  bool enough = turns == c.turns;
  assert_int_equal(hrt_instance_new(&i, kit_plugin, &options, &b, NULL), 0);
  b = (hrt_budget){.fuel_limit = limit, .slice_size = slice};
  assert_int_equal(hrt_call(i, export, s, &b, NULL), enough ? 0 : HELIOS_E_FUEL);
  assert_int_equal(b.fuel_used, enough ? used : limit + 1);
  if (enough) {
    assert_int_equal((uint32_t)s[0], c.result);
  }
  hrt_instance_free(i);
}

static void check_limits(uint32_t export, uint32_t n, uint32_t x) {
  static const int64_t slices[] = {0, 1, 100};
  uint64_t all = c.before + 37 * c.turns;
  for (size_t m = 0; m < sizeof slices / sizeof *slices; m++) {
    check(export, n, x, UINT64_C(1) << 40, slices[m]);
    for (uint64_t limit = c.before; limit < all + 20; limit += 7) {
      check(export, n, x, limit, slices[m]);
    }
  }
}

static void each(uint32_t export, void (*count)(uint32_t n, uint32_t x)) {
  static const uint32_t xs[] = {0, 1, 6, 29, 64};
  for (uint32_t n = 1; n < 60; n += n < 12 ? 1 : 9) {
    for (size_t k = 0; k < sizeof xs / sizeof *xs; k++) {
      count(n, xs[k]);
      check_limits(export, n, xs[k]);
    }
  }
  for (uint32_t n = 1000; n < 60000; n += 23456) { /* more than one slice, more than all */
    count(n, 6);
    check(export, n, 6, UINT64_C(1) << 40, 0);
    check(export, n, 6, 11 * c.turns, 0);
  }
}

static void arms__cost_what_they_should(void **state) {
  (void)state;
  each(0, arms);
}

static void less__costs_what_it_should(void **state) {
  (void)state;
  each(1, less);
}

static void places__cost_what_they_should(void **state) {
  (void)state;
  each(2, places);
}

static void both__cost_what_they_should(void **state) {
  (void)state;
  arms(10, 1);
  hrt_instance_options options = {0};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  hsb_slot s[2] = {10, 20};
  assert_int_equal(hrt_instance_new(&i, kit_plugin, &options, &b, NULL), 0);
  assert_int_equal(hrt_call(i, 3, s, &b, NULL), 0);
  assert_int_equal((uint32_t)s[0], c.result + 20);
  assert_int_equal(b.fuel_used, 3 + 5 * 13 + 5 * 15 + 20 * 13 + 4);
  hrt_instance_free(i);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arms__cost_what_they_should),
      cmocka_unit_test(less__costs_what_it_should),
      cmocka_unit_test(places__cost_what_they_should),
      cmocka_unit_test(both__cost_what_they_should),
  };
  int failed = cmocka_run_group_tests_name("meter_arms", tests, begin, kit_end_plugin);
  return failed +
         cmocka_run_group_tests_name("meter_arms_explicit", tests, begin_explicit, kit_end_plugin);
}
