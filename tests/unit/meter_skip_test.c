/* meter_skip_test.c - loops whose turns may be short, as machine code: what a call has used, where
 * it ends for want of fuel or by a trap, is what was counted by hand, whether such turns are looked
 * at in a row or each has its checkpoint. */
#include "build_kit.h"

#include "instance/instance.h"

/* Marks are bytes from 1,024 on to the end of the memory. A turn whose mark is 0 has an inner loop
 * of x + 1 turns. */
static const char MODULE[] =
    "(module (memory 1)\n"
    "(data (i32.const 1024) \"\\01\\01\\00\\01\\00\\00\\01\\01\\01\\01\\01\\01\\01\\00\\01\\01\")\n"
    "(data (i32.const 65520) "
    "\"\\01\\01\\01\\01\\01\\01\\01\\01\\01\\01\\01\\01\\01\\01\\01\\01\")\n"
    /* what stands behind the block is charged with what stands before it */
    "(func (export \"marks\") (param $n i32) (param $x i32) (result i32)\n"
    "  (local $i i32) (local $j i32) (local $s i32)\n"
    "  (loop $again\n"
    "    (block $short\n"
    "      (br_if $short (i32.load8_u offset=1024 (local.get $i)))\n"
    "      (local.set $j (local.get $x))\n"
    "      (loop $inner\n"
    "        (local.set $s (i32.xor (i32.mul (local.get $s) (i32.const 5)) (local.get $i)))\n"
    "        (br_if $inner (i32.ge_s (local.tee $j (i32.sub (local.get $j) (i32.const 1)))\n"
    "                                (i32.const 0)))))\n"
    "    (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1)))\n"
    "                          (local.get $n))))\n"
    "  (local.get $s))\n"
    /* here it is not, for a branch leaves both; two locals are stepped, the question keeps one */
    "(func (export \"both\") (param $n i32) (param $x i32) (result i32)\n"
    "  (local $i i32) (local $j i32) (local $s i32) (local $at i32) (local $mark i32)\n"
    "  (local.set $at (i32.const 1000))\n"
    "  (block $out (loop $again\n"
    "    (block $short (block $none\n"
    "      (br_if $short (local.tee $mark (i32.load8_u offset=24 (local.get $at))))\n"
    "      (br_if $none (i32.eqz (local.get $x)))\n"
    "      (br_if $out (i32.eq (local.get $x) (i32.const 9)))\n"
    "      (local.set $j (local.get $x))\n"
    "      (loop $inner\n"
    "        (local.set $s (i32.xor (i32.mul (local.get $s) (i32.const 5)) (local.get $at)))\n"
    "        (br_if $inner (i32.ge_s (local.tee $j (i32.sub (local.get $j) (i32.const 1)))\n"
    "                                (i32.const 0))))\n"
    "      (br $short))\n"
    "      (local.set $s (i32.add (local.get $s) (i32.const 7))))\n"
    "    (local.set $at (i32.add (local.get $at) (i32.const 1)))\n"
    "    (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))\n"
    "                            (local.get $n)))))\n"
    "  (i32.add (i32.add (local.get $s) (local.get $i))\n"
    "           (i32.add (local.get $at) (local.get $mark))))\n"
    ")\n";

static int begin(void **state) {
  return kit_begin_plugin(state, MODULE);
}

static int begin_explicit(void **state) {
  return kit_begin_explicit(state, MODULE);
}

static int begin_baseline(void **state) {
  return kit_begin_built(state, MODULE, (hcc_build_options){.tier = HCC_TIER_BASELINE});
}

/* What the guest does, by hand: it stops at the first checkpoint that finds more used than that. */
typedef struct guest {
  uint64_t limit, used;
  uint32_t s, i, at, mark;
  bool ends, traps;
} guest;

static bool goes_on(guest *g, uint32_t units) {
  g->used += units;
  g->ends = g->used > g->limit;
  return !g->ends;
}

static bool mark_at(guest *g, uint32_t place) {
  static const uint8_t marks[] = {1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1};
  uint32_t at = place - 1024;
  g->traps = place > 0xffff;
  g->mark = at < sizeof marks ? marks[at] : place >= 65520;
  return !g->traps;
}

static bool inner(guest *g, uint32_t turns, uint32_t by) {
  bool on = true;
  for (uint32_t j = 0; j < turns && on; j++) {
    on = goes_on(g, 13);
    g->s = (g->s * 5) ^ by;
  }
  return on;
}

static void marks(guest *g, uint32_t n, uint32_t x) {
  bool on = true;
  g->used = 1; /* what stands at the end is charged at the entry */
  do {
    on = goes_on(g, 3 + 7) && mark_at(g, 1024 + g->i);
    if (on && g->mark == 0) {
      g->used += 2;
      on = inner(g, x + 1, g->i);
    }
    g->i++;
  } while (on && g->i != n);
}

static void both(guest *g, uint32_t n, uint32_t x) {
  bool on = true, out = false;
  g->used = 2 + 7; /* with what stands at the end */
  g->at = 1000;
  do {
    on = goes_on(g, 4) && mark_at(g, 24 + g->at);
    if (on && g->mark == 0) {
      g->used += x == 0 || x == 9 ? 3 + 4 : 3 + 4 + 2 + 1; /* with the branch behind the loop */
      out = x == 9;
      g->s = x == 0 ? g->s + 7 : g->s;
      on = x == 0 || out || inner(g, x + 1, g->at);
    }
    if (on && !out) {
      g->used += 4 + 7;
      g->at++;
      g->i++;
    }
  } while (on && !out && g->i < n);
  g->s += g->i + g->at + g->mark;
}

static void (*const guests[])(guest *g, uint32_t n, uint32_t x) = {marks, both};

static void check(uint32_t which, uint32_t n, uint32_t x, uint64_t limit, int64_t slice) {
  hrt_instance_options options = {0};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  hsb_slot s[2] = {n, x};
  guest g = {.limit = limit};
  guests[which](&g, n, x);
  assert_int_equal(hrt_instance_new(&i, kit_plugin, &options, &b, NULL), 0);
  b = (hrt_budget){.fuel_limit = limit, .slice_size = slice};
  int status = g.ends ? HELIOS_E_FUEL : g.traps ? HELIOS_E_TRAP : 0;
  assert_int_equal(hrt_call(i, which, s, &b, NULL), status);
  if (!g.traps) {
    assert_int_equal(b.fuel_used, g.ends ? limit + 1 : g.used);
  }
  if (status == 0) {
    assert_int_equal((uint32_t)s[0], g.s);
  }
  hrt_instance_free(i);
}

static void each(uint32_t which) {
  static const uint32_t xs[] = {0, 1, 2, 9};
  static const int64_t slices[] = {0, 1, 20000};
  for (uint32_t n = 1; n < 20; n++) {
    for (size_t k = 0; k < sizeof xs / sizeof *xs; k++) {
      check(which, n, xs[k], UINT64_C(1) << 40, 0);
      for (uint64_t limit = 2; limit < 16 + 40 * n; limit += 5) {
        check(which, n, xs[k], limit, 0);
      }
    }
  }
  /* where fuel becomes low, and the last slice begins */
  for (uint64_t limit = 16300; limit < 16500; limit++) {
    check(which, 1000, 9 * which, limit, slices[limit % 3]);
    check(which, 3000, 1, limit, slices[limit % 3]);
    check(which, 9000, 2, 2 * limit, slices[limit % 3]);
  }
}

static void marks__cost_what_they_should(void **state) {
  (void)state;
  each(0);
}

static void both__cost_what_they_should(void **state) {
  (void)state;
  each(1);
}

/* Beyond the memory a question traps, in whatever turn in a row; if fuel is spent before, it ends
 * for that. */
static void traps__where_they_should(void **state) {
  (void)state;
  for (uint32_t which = 0; which < 2; which++) {
    guest g = {.limit = UINT64_C(1) << 40};
    guests[which](&g, 70000, 0);
    assert_true(g.traps);
    check(which, 70000, 0, g.limit, 0);
    for (uint64_t limit = g.used - 150; limit < g.used + 20; limit++) {
      check(which, 70000, 0, limit, 0);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(marks__cost_what_they_should),
      cmocka_unit_test(both__cost_what_they_should),
      cmocka_unit_test(traps__where_they_should),
  };
  int failed = cmocka_run_group_tests_name("meter_skip", tests, begin, kit_end_plugin);
  failed +=
      cmocka_run_group_tests_name("meter_skip_baseline", tests, begin_baseline, kit_end_plugin);
  return failed +
         cmocka_run_group_tests_name("meter_skip_explicit", tests, begin_explicit, kit_end_plugin);
}
