/* meter_bound_test.c - loops that may end early, as machine code: what a call has used and where it
 * ends for want of fuel is what was counted by hand, whether its copy without checkpoints runs or
 * not. And a loop of which nobody knows the turns: what it holds in registers of numbers with a
 * point and of vectors is there behind a checkpoint that asks for fuel. */
#include "build_kit.h"

#include "instance/instance.h"

static const char MODULE[] =
    "(module (memory 1)\n"
    /* up to 40, or sooner: turns of 13 */
    "(func (export \"up\") (param $at i32) (param $i i32) (result i32)\n"
    "  (block $out (loop $again\n"
    "    (br_if $out (i32.eq (local.get $i) (local.get $at)))\n"
    "    (br_if $out (i32.ge_u (local.get $i) (i32.const 40)))\n"
    "    (local.set $i (i32.add (local.get $i) (i32.const 1)))\n"
    "    (br $again)))\n"
    "  (local.get $i))\n"
    /* down to 1 by 3; a way out in a block, another one returns: turns of 13, the last one of 9 */
    "(func (export \"down\") (param $at i32) (param $i i32) (result i32)\n"
    "  (loop $again\n"
    "    (block (br_if 0 (i32.ne (local.get $i) (local.get $at)))\n"
    "      (return (i32.add (local.get $i) (i32.const 1000))))\n"
    "    (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const -3)))\n"
    "                          (i32.const 1))))\n"
    "  (local.get $i))\n"
    /* ten numbers and two vectors, each of the one before */
    "(func (export \"live\") (param $n i32) (param $one i32) (result i32)\n"
    "  (local f64 f64 f64 f64 f64 f64 f64 f64 f64 f64) (local $v v128) (local $w v128)\n"
    "  (loop $again\n"
#define NEXT(i, of)                                                                                \
  "(local.set " #i " (f64.add (f64.const " #i ".25) (f64.mul (f64.const 0.5) (local.get " #of      \
  "))))\n"
    NEXT(2, 11) NEXT(3, 2) NEXT(4, 3) NEXT(5, 4) NEXT(6, 5) NEXT(7, 6) NEXT(8, 7) NEXT(9, 8)
        NEXT(10, 9) NEXT(11, 10)
#undef NEXT
            "    (local.set $v (i32x4.add (local.get $w) (i32x4.splat (local.get $n))))\n"
            "    (local.set $w (i32x4.mul (local.get $v) (v128.const i32x4 3 5 7 11)))\n"
            "    (br_if $again (local.tee $n (i32.sub (local.get $n) (local.get $one)))))\n"
            "  (i32.xor (i32.trunc_sat_f64_s (f64.mul (local.get 11) (f64.const 1e6)))\n"
            "    (i32.add (i32x4.extract_lane 0 (local.get $w)) (i32x4.extract_lane 3 (local.get "
            "$w)))))"
            ")\n";

static int begin(void **state) {
  return kit_begin_plugin(state, MODULE);
}

/* A call that begins with its loop, of which `turns` are whole. */
typedef struct expected {
  uint64_t header, turn, turns; /* units at the first header, between two of them */
  uint64_t all;                 /* without a limit */
  uint32_t result;
} expected;

static void check(uint32_t export, uint32_t at, uint32_t from, const expected *e, uint64_t limit,
                  int64_t slice) {
  hrt_instance_options options = {0};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  hsb_slot s[2] = {at, from};
  uint64_t used = e->header, turns = 0;
  while (turns < e->turns && used <= limit) {
    used += e->turn;
    turns++;
  }
  bool enough = used <= limit;
  assert_int_equal(hrt_instance_new(&i, kit_plugin, &options, &b, NULL), 0);
  b = (hrt_budget){.fuel_limit = limit, .slice_size = slice};
  assert_int_equal(hrt_call(i, export, s, &b, NULL), enough ? 0 : HELIOS_E_FUEL);
  assert_int_equal(b.fuel_used, enough ? e->all : limit + 1);
  if (enough) {
    assert_int_equal((uint32_t)s[0], e->result);
  }
  hrt_instance_free(i);
}

static void check_limits(uint32_t export, uint32_t at, uint32_t from, const expected *e) {
  static const int64_t slices[] = {0, 1, 100};
  for (size_t m = 0; m < sizeof slices / sizeof *slices; m++) {
    check(export, at, from, e, UINT64_C(1) << 40, slices[m]);
    for (uint64_t limit = 1; limit < e->all + 20; limit += 9) {
      check(export, at, from, e, limit, slices[m]);
    }
  }
}

static void up__costs_what_it_should(void **state) {
  (void)state;
  for (uint32_t from = 0; from < 60; from += 13) { /* beyond the end, too */
    for (uint32_t at = from; at < from + 45; at += 4) {
      bool early = at <= 40 || at == from;
      uint32_t last = early ? at : from < 40 ? 40 : from;
      uint64_t turns = last - from;
      expected e = {5, 13, turns, 13 * turns + (early ? 5 : 9), last};
      check_limits(0, at, from, &e);
    }
  }
}

static void down__costs_what_it_should(void **state) {
  (void)state;
  for (uint32_t from = 4; from < 100; from += 30) { /* all are 1 and some steps */
    for (uint32_t at = 1; at <= from; at += 6) {
      bool early = at != 1;
      uint64_t turns = (from - at) / 3;
      expected e = {4, 11, early ? turns : turns - 1, early ? 11 * turns + 4 + 4 : 11 * turns + 1,
                    early ? at + 1000 : 1};
      check_limits(1, at, from, &e);
    }
  }
}

static uint32_t live(int64_t slice) {
  hrt_instance_options options = {0};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  hsb_slot s[2] = {100000, 1};
  assert_int_equal(hrt_instance_new(&i, kit_plugin, &options, &b, NULL), 0);
  b = (hrt_budget){.slice_size = slice};
  assert_int_equal(hrt_call(i, 2, s, &b, NULL), 0);
  hrt_instance_free(i);
  return (uint32_t)s[0];
}

static void registers_are_kept(void **state) {
  hrt_plugin *of_any_cpu = kit_plugin;
  const uint32_t undisturbed = live(INT64_C(1) << 40);
  (void)state;
  assert_int_equal(live(100), undisturbed);
  kit_plugin = kit_plugin_built(
      MODULE, (hcc_build_options){.tier = HCC_TIER_OPTIMIZING, .target = "native"});
  assert_int_equal(live(100), undisturbed);
  hrt_plugin_unref(kit_plugin);
  kit_plugin = of_any_cpu;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(up__costs_what_it_should),
      cmocka_unit_test(down__costs_what_it_should),
      cmocka_unit_test(registers_are_kept),
  };
  return cmocka_run_group_tests_name("meter_bound", tests, begin, kit_end_plugin);
}
