/* compiled_test.c - the engine's instances with what heliosc really makes: calls, traps and their
 * words, fuel, recursion, tables, reset; guard pages and explicit bounds, with and without -O3. */
#include "build_kit.h"

#include <time.h>

#include "instance/inst.h"

#define I32S_10 " i32 i32 i32 i32 i32 i32 i32 i32 i32 i32"

static const char MODULE[] =
    "(module\n"
    "  (import \"env\" \"twice\" (func $twice (param i64) (result i64)))\n"
    "  (memory (export \"memory\") 2 20)\n"
    "  (table $t 3 50 funcref) (elem (i32.const 0) $one $two)\n"
    "  (global $g (mut i64) (i64.const 5)) (global $v (mut f64) (f64.const 1.5))\n"
    "  (data (i32.const 100) \"hello\") (data (i32.const 70000) \"world\")\n"
    "  (type $i (func (result i32)))\n"
    "  (func $one (result i32) i32.const 1) (func $two (result i32) i32.const 2)\n"
    "  (func $load (export \"load\") (param i32) (result i32) local.get 0 i32.load8_u)\n"
    "  (func $far (export \"far\") (param i32) (result i64) local.get 0 i64.load "
    "offset=0xfffffff0)\n"
    "  (func $store (export \"store\") (param i32 i32) local.get 0 local.get 1 i32.store)\n"
    "  (func $next (export \"next\") (result i64)\n"
    "    global.get $g i64.const 1 i64.add global.set $g global.get $g)\n"
    "  (func $indirect (export \"indirect\") (param i32) (result i32)\n"
    "    local.get 0 call_indirect (type $i))\n"
    "  (func $table_copy (export \"table_copy\") (param i32 i32)\n"
    "    local.get 0 local.get 1 table.get $t table.set $t)\n"
    "  (func $table_grow (export \"table_grow\") (param i32) (result i32)\n"
    "    ref.null func local.get 0 table.grow $t)\n"
    "  (func $grow (export \"grow\") (param i32) (result i32) local.get 0 memory.grow)\n"
    "  (func $deep (export \"deep\") (param i32) (result i32)\n"
    "    (if (result i32) (i32.eqz (local.get 0)) (then i32.const 0)\n"
    "      (else local.get 0 i32.const 1 i32.sub call $deep i32.const 1 i32.add)))\n"
    "  (func $spin (export \"spin\") (loop $l br $l))\n"
    "  (func $count (export \"count\") (param i32) (result i32) (local i32)\n"
    "    (loop $l local.get 1 local.get 0 i32.xor local.set 1\n"
    "      local.get 0 i32.const 1 i32.sub local.tee 0 br_if $l) local.get 1)\n"
    "  (func $walk (export \"walk\") (param i32 i32)\n"
    "    (loop $l (drop (i32.load8_u (local.get 0)))\n"
    "      local.get 0 i32.const 1 i32.add local.tee 0 local.get 1 i32.ne br_if $l))\n"
    "  (func $down (export \"down\") (param i32)\n"
    "    (loop $l (i32.store (local.get 0) (i32.load offset=4 (local.get 0)))\n"
    "      local.get 0 i32.const -4 i32.add local.tee 0 i32.const -4 i32.ne br_if $l))\n"
    "  (func $sift (export \"sift\") (param i32 i32 i32) (result i32) (local i32)\n"
    "    (loop $l\n"
    "      (block $b local.get 0 local.get 2 i32.and i32.eqz br_if $b\n"
    "        local.get 3 local.get 0 i32.load8_u i32.add local.set 3\n"
    "        local.get 0 local.get 3 i32.store8)\n"
    "      local.get 0 i32.const 1 i32.add local.tee 0 local.get 1 i32.ne br_if $l)\n"
    "    local.get 3)\n"
    "  (func $run (export \"run\") (param i32 i32) (result i32) (local i32)\n" /* meter_run.c */
    "    local.get 0 i32.const 3 i32.mul local.tee 2 i32.const 8 i32.add\n"
    "    local.get 2 i32.load i32.const 1 i32.add i32.store\n"
    "    local.get 2 i32.const 20 i32.add local.get 1 i32.store8\n"
    "    local.get 1 local.get 2 i64.load offset=12 i64.store\n"
    "    local.get 1 local.get 2 i64.load offset=4 i64.store offset=9\n"
    "    local.get 2 i32.const -4 i32.add i32.load local.set 2 local.get 2)\n"
    "  (func $many (export \"many\") (param i32 i32) (result i32)\n"
    "    (local" I32S_10 I32S_10 I32S_10 I32S_10 I32S_10 I32S_10 I32S_10 ")\n"
    "    local.get 0 i32.load drop local.get 1 local.set 2 local.get 0 local.set 66\n"
    "    local.get 2 i32.load local.get 2 i32.load offset=8 i32.add local.set 3 local.get 3)\n"
    "  (func $stop (export \"stop\") unreachable)\n"
    "  (func $div (export \"div\") (param i32 i32) (result i32)\n"
    "    local.get 0 local.get 1 i32.div_s)\n"
    "  (func $host (export \"host\") (param i64) (result i64) local.get 0 call $twice)\n"
    "  (func $fill (export \"fill\") (param i32 i32 i32)\n"
    "    local.get 0 local.get 1 local.get 2 memory.fill)\n"
    "  (func (export \"signs_f32\") (param i32) (result i32)\n"
    "    local.get 0 i32x4.splat i32.const 5 i32x4.replace_lane 1\n"
    "    f32x4.convert_i32x4_u i8x16.bitmask)\n"
    "  (func (export \"signs_f64\") (param i32) (result i32)\n"
    "    local.get 0 i32x4.splat i32.const 5 i32x4.replace_lane 1\n"
    "    f64x2.convert_low_i32x4_u i16x8.bitmask)\n"
    "  (func $start i64.const 1000 global.set $g i32.const 300 i32.const 7 i32.store)\n"
    "  (start $start)\n"
    "  (func (export \"_initialize\") i32.const 131000 i32.const 9 i32.store))\n";

static void twice(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  hrt_host_charge(ctx, 100);
  s[0] *= 2;
}

static hrt_plugin *build(hcc_build_options options) {
  return kit_plugin_built(MODULE, options);
}

static hrt_plugin *plugins[3];

static int begin(void **state) {
  int status = kit_begin(state);
  plugins[0] = build((hcc_build_options){.tier = HCC_TIER_OPTIMIZING});
  plugins[1] = build((hcc_build_options){.bounds = HCC_BOUNDS_EXPLICIT});
  plugins[2] = build((hcc_build_options){.tier = HCC_TIER_BASELINE});
  return status;
}

static int end(void **state) {
  for (int n = 0; n < 3; n++) {
    hrt_plugin_unref(plugins[n]);
  }
  return kit_end(state) || hrt_plugin_count() != 0;
}

static hrt_instance *make(hrt_plugin *p) {
  static const struct hsb_binding bindings[] = {{twice, NULL}};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  helios_error err = {0};
  hrt_instance_options o = {.imports = bindings};
  if (hrt_instance_new(&i, p, &o, &b, &err) != 0) {
    fail_msg("new: %s", err.text);
  }
  return i;
}

static uint32_t export(hrt_instance *i, const char *name) {
  int n = hrt_plugin_export(hrt_instance_plugin(i), name, strlen(name));
  assert_true(n >= 0);
  return (uint32_t)n;
}

static uint64_t ask(hrt_instance *i, const char *name, uint64_t a, uint64_t b, uint64_t c) {
  hsb_slot s[3] = {a, b, c};
  hrt_budget budget = {0};
  helios_error err = {0};
  if (hrt_call(i, export(i, name), s, &budget, &err) != 0) {
    fail_msg("%s: %s", name, err.text);
  }
  return s[0];
}

static void calls__state_and_values(void **state) {
  (void)state;
  for (int n = 0; n < 3; n++) {
    hrt_instance *i = make(plugins[n]);
    assert_int_equal(ask(i, "load", 100, 0, 0), 'h');
    assert_int_equal(ask(i, "load", 70004, 0, 0), 'd');
    assert_int_equal(ask(i, "load", 300, 0, 0), 7);
    assert_int_equal(ask(i, "load", 131000, 0, 0), 9);
    assert_int_equal(ask(i, "many", 100, 300, 0), 7); /* not what local 2 was at first */
    assert_int_equal(ask(i, "next", 0, 0, 0), 1001);
    assert_int_equal(ask(i, "indirect", 1, 0, 0), 2);
    assert_int_equal(ask(i, "host", 21, 0, 0), 42);
    assert_int_equal(ask(i, "deep", 1000, 0, 0), 1000);
    assert_int_equal((uint32_t)ask(i, "table_grow", 10, 0, 0), 3);
    hrt_instance_free(i);
  }
}

/* clang 14 takes what a conversion from unsigned gives for positive in every lane of every shape.
 */
static void calls__signs_of_converted_lanes(void **state) {
  (void)state;
  for (int n = 0; n < 3; n++) {
    hrt_instance *i = make(plugins[n]);
    assert_int_equal(ask(i, "signs_f32", 0x97a11009, 0, 0), 0x2242);
    assert_int_equal(ask(i, "signs_f64", 0xffffffff, 0, 0), 0x6);
    hrt_instance_free(i);
  }
}

static void calls__reset_brings_all_back(void **state) {
  (void)state;
  for (int n = 0; n < 3; n++) {
    hrt_instance *i = make(plugins[n]);
    for (int round = 0; round < 4; round++) {
      assert_int_equal(ask(i, "next", 0, 0, 0), 1001);
      ask(i, "store", 100, 0x41414141, 0);
      ask(i, "store", 131000, 0, 0);
      ask(i, "table_copy", 0, 1, 0);
      assert_int_equal((uint32_t)ask(i, "table_grow", 10, 0, 0), 3);
      ask(i, "table_copy", 12, 1, 0);
      assert_int_equal(ask(i, "indirect", 0, 0, 0), 2);
      assert_int_equal((uint32_t)ask(i, "grow", 3, 0, 0), 2);
      ask(i, "fill", 200, 3 * 65536, 0x77);
      assert_int_equal(hrt_instance_reset(i, NULL), 0);
      assert_int_equal(ask(i, "load", 100, 0, 0), 'h');
      assert_int_equal(ask(i, "load", 131000, 0, 0), 9);
      assert_int_equal(ask(i, "load", 65536, 0, 0), 0);
      assert_int_equal(ask(i, "indirect", 0, 0, 0), 1);
    }
    hrt_instance_free(i);
  }
}

static void trap_is(hrt_plugin *p, const char *name, uint64_t a, uint64_t b, uint32_t trap,
                    const char *text) {
  hrt_instance *i = make(p);
  hsb_slot s[3] = {a, b, 0xffffffff};
  hrt_budget budget = {0};
  helios_error err = {0};
  char wanted[200];
  assert_int_equal(hrt_call(i, export(i, name), s, &budget, &err), HELIOS_E_TRAP);
  assert_int_equal(err.trap, trap);
  assert_true(err.offset != HELIOS_NO_OFFSET && err.offset > 8);
  snprintf(wanted, sizeof wanted, "%s in \"%s\" at wasm offset 0x%x", text, name, err.offset);
  assert_string_equal(err.text, wanted);
  assert_true(hrt_instance_dead(i));
  hrt_instance_free(i);
}

static void traps__say_what_and_where(void **state) {
  (void)state;
  for (int n = 0; n < 3; n++) {
    hrt_plugin *p = plugins[n];
    trap_is(p, "load", 131072, 0, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "load", 0xffffffff, 0, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "far", 0xffffffff, 0, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "far", 0, 0, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "store", 131069, 1, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "walk", 131000, 131073, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "walk", 131000, 130999, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "walk", 0xfffffff0, 16, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "down", 131068, 0, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "sift", 131000, 131073, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "sift", 131000, 130999, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "fill", 131070, 1, HSB_TRAP_OOB, "out of bounds memory access");
    trap_is(p, "indirect", 3, 0, HSB_TRAP_CALL_UNDEFINED, "undefined element in indirect call");
    trap_is(p, "indirect", 2, 0, HSB_TRAP_CALL_NULL, "uninitialized element in indirect call");
    trap_is(p, "table_copy", 3, 0, HSB_TRAP_TABLE_OOB, "out of bounds table access");
    trap_is(p, "stop", 0, 0, HSB_TRAP_UNREACHABLE, "unreachable instruction executed");
    trap_is(p, "div", 1, 0, HSB_TRAP_DIV_BY_ZERO, "integer divide by zero");
    trap_is(p, "div", 0x80000000, 0xffffffff, HSB_TRAP_INT_OVERFLOW, "integer overflow");
    trap_is(p, "deep", 10000000, 0, HSB_TRAP_STACK, "call stack exhausted");
  }
}

static uint64_t used_by(hrt_plugin *p, const char *name, uint64_t a, int64_t slice) {
  hrt_instance *i = make(p);
  hsb_slot s[1] = {a};
  hrt_budget budget = {.slice_size = slice};
  assert_int_equal(hrt_call(i, export(i, name), s, &budget, NULL), 0);
  hrt_instance_free(i);
  return budget.fuel_used;
}

static void fuel__same_on_every_build_and_slice(void **state) {
  (void)state;
  uint64_t loop = used_by(plugins[0], "count", 100000, 0);
  uint64_t deep = used_by(plugins[0], "deep", 500, 0), host = used_by(plugins[0], "host", 1, 0);
  assert_in_range(loop, 900000, 1200000);
  assert_true(host >= 102);
  for (int n = 0; n < 3; n++) {
    for (int64_t slice = 4096; slice < INT64_C(1) << 30; slice *= 64) {
      assert_int_equal(used_by(plugins[n], "count", 100000, slice), loop);
      assert_int_equal(used_by(plugins[n], "deep", 500, slice), deep);
      assert_int_equal(used_by(plugins[n], "host", 1, slice), host);
    }
  }
}

/* Loops whose turns are counted before they begin: charged and run as any other. */
static void counted__runs_and_costs(void **state) {
  (void)state;
  for (int n = 0; n < 3; n++) {
    for (uint64_t turns = 1; turns < 40; turns++) {
      hrt_instance *i = make(plugins[n]);
      hsb_slot s[2] = {131072 - turns, 131072};
      hrt_budget budget = {0};
      assert_int_equal(hrt_call(i, export(i, "walk"), s, &budget, NULL), 0);
      assert_int_equal(budget.fuel_used, turns * 10);
      s[0] = 4 * turns - 4;
      budget.fuel_used = 0;
      assert_int_equal(hrt_call(i, export(i, "down"), s, &budget, NULL), 0);
      assert_int_equal(budget.fuel_used, turns * 11);
      hrt_instance_free(i);
    }
  }
}

/* Such a loop with a branch: what a turn does not read may be out of bounds. */
static void counted__runs_with_branches(void **state) {
  (void)state;
  for (int n = 0; n < 3; n++) {
    for (uint64_t turns = 1; turns < 100; turns++) {
      hrt_instance *i = make(plugins[n]);
      hsb_slot s[3] = {131000, 131000 + turns, 0x10000};
      hrt_budget budget = {0};
      uint64_t within = turns < 72 ? turns : 72;
      assert_int_equal(hrt_call(i, export(i, "sift"), s, &budget, NULL), 0);
      assert_int_equal(s[0], 9);
      assert_int_equal(budget.fuel_used, turns * 12 + within * 8 + 1);
      assert_int_equal(ask(i, "load", 131000 + within - 1, 0, 0), 9);
      hrt_instance_free(i);
    }
  }
}

typedef struct outcome {
  int status;
  uint32_t trap, offset, result;
  uint64_t fuel;
  uint8_t memory[2 * HSB_PAGE];
} outcome;

static void run_at(outcome *o, hrt_plugin *p, uint32_t a, uint32_t b) {
  hrt_instance *i = make(p);
  hsb_slot s[2] = {a, b};
  hrt_budget budget = {0};
  helios_error err = {0};
  memset(o, 0, sizeof *o);
  ask(i, "fill", 0, 0x21, sizeof o->memory);
  o->status = hrt_call(i, export(i, "run"), s, &budget, &err);
  o->trap = err.trap;
  o->offset = err.offset;
  o->result = o->status == 0 ? (uint32_t)s[0] : 0;
  o->fuel = budget.fuel_used;
  memcpy(o->memory, i->memory, sizeof o->memory);
  hrt_instance_free(i);
}

/* Accesses that are compared together: the one that traps, what is stored before it, results and
 * fuel are those of guard pages, at both ends of memory and where an address wraps. */
static void run__traps_where_guard_pages_do(void **state) {
  static const uint32_t firsts[] = {0, 1, 2, 100, 0x55555554, 0x55555555, 0x55555556, 43682};
  static const uint32_t others[] = {0, 99, 300, 131055, 131056, 131064, 131065, 0xfffffff0};
  static outcome guard, other;
  uint32_t offsets = 0, last = 0;
  (void)state;
  for (uint32_t f = 0; f < 7 + 12; f++) {
    for (size_t b = 0; b < sizeof others / sizeof *others; b++) {
      uint32_t a = f < 7 ? firsts[f] : firsts[7] + f - 7;
      run_at(&guard, plugins[0], a, others[b]);
      offsets += guard.offset != last && guard.status != 0;
      last = guard.offset;
      for (int n = 1; n < 3; n++) {
        run_at(&other, plugins[n], a, others[b]);
        assert_memory_equal(&other, &guard, sizeof guard);
      }
    }
  }
  assert_true(offsets > 7); /* different ones trap */
}

static void fuel__limit_ends_the_call(void **state) {
  (void)state;
  uint64_t need = used_by(plugins[0], "count", 1000, 0), stopped = 0;
  for (int n = 0; n < 3; n++) {
    hrt_instance *i = make(plugins[n]);
    hsb_slot s[1] = {1000};
    hrt_budget enough = {.fuel_limit = need}, short_of = {.fuel_limit = need - 20};
    helios_error err = {0};
    assert_int_equal(hrt_call(i, export(i, "count"), s, &enough, NULL), 0);
    s[0] = 1000;
    assert_int_equal(hrt_call(i, export(i, "count"), s, &short_of, &err), HELIOS_E_FUEL);
    assert_int_equal(err.trap, HSB_TRAP_FUEL);
    assert_non_null(strstr(err.text, "fuel exhausted in \"count\" at wasm offset"));
    stopped = stopped ? stopped : short_of.fuel_used;
    assert_int_equal(short_of.fuel_used, stopped);
    assert_true(stopped > need - 20 && stopped <= need);
    hrt_instance_free(i);
  }
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void time__deadline_ends_a_loop(void **state) {
  (void)state;
  for (int n = 0; n < 3; n++) {
    uint64_t best = UINT64_MAX;
    for (int turn = 0; turn < 20 && best >= 10000000; turn++) { /* a busy machine may hold us up */
      hrt_instance *i = make(plugins[n]);
      hsb_slot s[1] = {0};
      helios_error err = {0};
      hrt_budget b = {.deadline_ns = now_ns() + 20000000u};
      assert_int_equal(hrt_call(i, export(i, "spin"), s, &b, &err), HELIOS_E_DEADLINE);
      uint64_t took = now_ns() - b.deadline_ns;
      best = took < best ? took : best;
      assert_non_null(strstr(err.text, "time limit exceeded in \"spin\" at wasm offset"));
      hrt_instance_free(i);
    }
    assert_true(best < 10000000);
  }
}

/* What wasm2c writes in ways of its own: a NaN with a sign; vectors of functions that are not
 * exported; and constants that clang would fold although they have to quiet a signalling NaN. */
static void builds__odd_shapes_of_c(void **state) {
  (void)state;
  static const char text[] =
      "(module (func $v (result v128) (v128.const i32x4 1 2 3 4))\n"
      "  (func (export \"lane\") (result i32) (i32x4.extract_lane 2 (call $v)))\n"
      "  (func (export \"nan\") (result f32) (f32.const -nan:0x400000))\n"
      "  (func (export \"quiet\") (param i64) (result i64) (i64.reinterpret_f64\n"
      "    (f64.mul (f64.reinterpret_i64 (local.get 0)) (f64.const 1)))))\n";
  for (int tier = 0; tier < 2; tier++) {
    hcc_build_result r;
    kit_host h;
    hsb_slot s[1] = {0};
    kit_must_build(&r, text,
                   (hcc_build_options){.tier = tier ? HCC_TIER_BASELINE : HCC_TIER_OPTIMIZING});
    kit_load(&h, kit_path("m.so"), NULL);
    assert_true(kit_call(&h, "lane", s));
    assert_int_equal(s[0], 3);
    assert_true(kit_call(&h, "nan", s));
    assert_int_equal(s[0], 0xffc00000);
    s[0] = 0x7ff4000000000000;
    assert_true(kit_call(&h, "quiet", s));
    assert_int_equal(s[0], 0x7ffc000000000000);
    kit_unload(&h);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls__state_and_values),
      cmocka_unit_test(calls__signs_of_converted_lanes),
      cmocka_unit_test(calls__reset_brings_all_back),
      cmocka_unit_test(traps__say_what_and_where),
      cmocka_unit_test(fuel__same_on_every_build_and_slice),
      cmocka_unit_test(counted__runs_and_costs),
      cmocka_unit_test(counted__runs_with_branches),
      cmocka_unit_test(run__traps_where_guard_pages_do),
      cmocka_unit_test(fuel__limit_ends_the_call),
      cmocka_unit_test(time__deadline_ends_a_loop),
      cmocka_unit_test(builds__odd_shapes_of_c),
  };
  return cmocka_run_group_tests_name("compiled", tests, begin, end);
}
