/* copies_test.c - loops that do nothing but copy, which heliosc replaces by one copy where that is
 * the same: bytes, locals, fuel and traps against the loop turn by turn, as the specification has
 * it. Ranges that overlap or touch, both ends of memory, every limit of fuel. */
#include "build_kit.h"

#include "instance/instance.h"

#define ADD(local, by)                                                                             \
  "(local.set $" local " (i32.add (local.get $" local ") (i32.const " by ")))\n"
#define AT(local, by) "(i32.add (local.get $" local ") (i32.const " by "))"
/* Copies, moves both addresses by as much, and says what is in the locals. */
#define COPY(name, accesses, last, bytes, end)                                                     \
  "(func (export \"" name "\") (param $to i32) (param $from i32) (param $n i32) (result i32)\n"    \
  "  (local $last i32)\n"                                                                          \
  "  (loop " accesses " (local.set $last " last ")\n" ADD("to", bytes) ADD(                        \
      "from",                                                                                      \
      bytes) " (br_if 0 " end "))\n"                                                               \
             "  (i32.xor (i32.xor (local.get $to) (i32.mul (local.get $from) (i32.const 3)))\n"    \
             "    (i32.xor (i32.mul (local.get $last) (i32.const 7)) (local.get $n))))\n"
/* $n counts down */
#define LOOP(name, accesses, bytes, step)                                                          \
  COPY(name, accesses, "(local.get $from)", bytes,                                                 \
       "(local.tee $n (i32.add (local.get $n) (i32.const " step ")))")
/* $n is what 7 above $from is in the last turn */
#define UNTIL(name, accesses, bytes)                                                               \
  COPY(name, accesses, AT("from", "7"), bytes, "(i32.ne (local.get $last) (local.get $n))")

static const char MODULE[] = "(module (memory 1)\n" LOOP(
    "bytes", "(i32.store8 (local.get $to) (i32.load8_u (local.get $from)))\n", "1", "-1")
    /* with and without offsets, wide and narrow */
    LOOP("mixed",
         "(i32.store offset=2 (local.get $to) (i32.load (local.get $from)))\n"
         "(i64.store offset=2 " AT(
             "to", "4") " (i64.load offset=4 (local.get $from)))\n"
                        "(i32.store16 offset=14 (local.get $to) (i32.load16_s offset=12 (local.get "
                        "$from)))\n"
                        "(f32.store offset=2 " AT(
                            "to", "14") " (f32.load offset=14 (local.get $from)))\n",
         "18", "-1") LOOP("vectors",
                          "(v128.store (local.get $to) (v128.load (local.get $from)))\n"
                          "(v128.store " AT("to", "16") " (v128.load " AT("from", "16") "))\n",
                          "32", "-2")
        UNTIL("until", "(i64.store (local.get $to) (i64.load (local.get $from)))\n", "8")
    /* no copies: a gap, another order, other bytes */
    LOOP("gap", "(i32.store8 (local.get $to) (i32.load8_u (local.get $from)))\n", "2",
         "-1") LOOP("crossed",
                    "(i32.store8 (local.get $to) (i32.load8_u offset=1 (local.get $from)))\n"
                    "(i32.store8 offset=1 (local.get $to) (i32.load8_u (local.get $from)))\n",
                    "2", "-1")
        LOOP("wider", "(i32.store16 (local.get $to) (i32.load8_s (local.get $from)))\n", "2", "-1")
    /* locals of other types are set to another one */
    "(func (export \"others\") (param $to i32) (param $from i32) (param $n i32)\n"
    "  (param $x f64) (param $y i64) (result f64 i64) (local $a f64) (local $b i64)\n"
    "  (loop (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))\n"
    "    (local.set $a (local.get $x)) (local.set $b (local.get $y))\n" ADD("to", "1")
        ADD("from", "1") "    (br_if 0 (local.tee $n (i32.add (local.get $n) (i32.const -1)))))\n"
                         "  (local.get $a) (local.get $b)))\n";

typedef struct copy_access {
  uint32_t to, from;    /* above the locals, offsets included */
  uint32_t load, store; /* bytes; what is missing is the sign */
} copy_access;

static const struct loop {
  copy_access access[4];
  uint32_t accesses, bytes, step; /* 0: until */
  uint32_t turn;                  /* what it costs */
} loops[] = {
    {{{0, 0, 1, 1}}, 1, 1, 1, 19},
    {{{2, 0, 4, 4}, {6, 4, 8, 8}, {14, 12, 2, 2}, {16, 14, 4, 4}}, 4, 18, 1, 35},
    {{{0, 0, 16, 16}, {16, 16, 16, 16}}, 2, 32, 2, 27},
    {{{0, 0, 8, 8}}, 1, 8, 0, 20},
    {{{0, 0, 1, 1}}, 1, 2, 1, 19},
    {{{0, 1, 1, 1}, {1, 0, 1, 1}}, 2, 2, 1, 23},
    {{{0, 0, 1, 2}}, 1, 2, 1, 19},
};
#define LOOPS (sizeof loops / sizeof *loops)
#define ENTRY 11u /* what stands behind the loop is charged at the entry */

static hrt_plugin *plugins[3];

static int begin(void **state) {
  int status = kit_begin(state);
  static const hcc_build_options kinds[] = {
      {.tier = HCC_TIER_OPTIMIZING},
      {.tier = HCC_TIER_BASELINE},
      {.tier = HCC_TIER_OPTIMIZING, .bounds = HCC_BOUNDS_EXPLICIT}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    plugins[i] = kit_plugin_built(MODULE, kinds[i]);
  }
  return status;
}

static int end(void **state) {
  for (size_t i = 0; i < sizeof plugins / sizeof *plugins; i++) {
    hrt_plugin_unref(plugins[i]);
  }
  return kit_end(state);
}

static uint8_t memory[HSB_PAGE], seen[HSB_PAGE];

static void fill(void) {
  for (uint32_t i = 0; i < HSB_PAGE; i++) {
    memory[i] = (uint8_t)(i * 167 + i / 251);
  }
}

/* Does an access in `memory`; false if it is out of bounds. */
static bool step(const copy_access *a, uint32_t to, uint32_t from) {
  uint8_t bytes[16] = {0};
  uint64_t at = (uint64_t)from + a->from, there = (uint64_t)to + a->to;
  if (at + a->load > HSB_PAGE) {
    return false;
  }
  memcpy(bytes, memory + at, a->load);
  memset(bytes + a->load, bytes[a->load - 1] >> 7 ? 0xff : 0, sizeof bytes - a->load);
  if (there + a->store > HSB_PAGE) {
    return false;
  }
  memcpy(memory + there, bytes, a->store);
  return true;
}

typedef struct call {
  uint32_t to, from, n;
  uint64_t limit; /* 0: none */
} call;

/* What must come of it, in `memory` as well. Addresses of these loops have no sums that wrap. */
static int expected(uint64_t *used, uint32_t *result, const struct loop *l, call c) {
  uint32_t last = 0;
  for (*used = ENTRY; c.limit == 0 || *used <= c.limit;) {
    *used += l->turn;
    if (c.limit != 0 && *used > c.limit) {
      break;
    }
    for (uint32_t i = 0; i < l->accesses; i++) {
      if (!step(&l->access[i], c.to, c.from)) {
        return HELIOS_E_TRAP;
      }
    }
    last = c.from + (l->step == 0 ? 7 : 0);
    c.to += l->bytes;
    c.from += l->bytes;
    c.n -= l->step;
    if (l->step == 0 ? last == c.n : c.n == 0) {
      *result = c.to ^ c.from * 3 ^ last * 7 ^ c.n;
      return 0;
    }
  }
  return HELIOS_E_FUEL;
}

static void check(hrt_plugin *plugin, uint32_t which, call c, int64_t slice) {
  hrt_instance_options options = {0};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  hsb_slot s[3] = {c.to, c.from, c.n};
  uint64_t used;
  uint32_t result = 0;
  fill();
  assert_int_equal(hrt_instance_new(&i, plugin, &options, &b, NULL), 0);
  assert_true(hrt_guest_write(i, (guest_u32){0}, memory, sizeof memory));
  b = (hrt_budget){.fuel_limit = c.limit, .slice_size = slice};
  int status = hrt_call(i, which, s, &b, NULL), want = expected(&used, &result, &loops[which], c);
  assert_int_equal(status, want);
  if (want != HELIOS_E_TRAP) {
    assert_int_equal(b.fuel_used, want == HELIOS_E_FUEL ? c.limit + 1 : used);
  }
  if (want == 0) {
    assert_int_equal((uint32_t)s[0], result);
  }
  assert_true(hrt_guest_read(seen, i, (guest_u32){0}, sizeof seen));
  assert_memory_equal(seen, memory, sizeof memory);
  hrt_instance_free(i);
}

static void each(call c, int64_t slice) {
  for (uint32_t which = 0; which < LOOPS; which++) {
    for (size_t p = 0; p < sizeof plugins / sizeof *plugins; p++) {
      call scaled = c;
      scaled.n *= loops[which].step;
      if (loops[which].step == 0) {
        scaled.n = c.from + (c.n - 1) * loops[which].bytes + 7;
      }
      check(plugins[p], which, scaled, slice);
    }
  }
}

static void ranges_that_overlap_or_not(void **state) {
  static const uint32_t turns[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33};
  static const int32_t apart[] = {-1000, -33, -32, -17, -16, -3, -1, 0,  1,  2,
                                  3,     7,   8,   15,  16,  17, 18, 32, 33, 700};
  (void)state;
  for (size_t n = 0; n < sizeof turns / sizeof *turns; n++) {
    for (size_t k = 0; k < sizeof apart / sizeof *apart; k++) {
      each((call){2000 + (uint32_t)apart[k], 2000, turns[n], 0}, 0);
    }
  }
}

static void locals_of_other_types(void **state) {
  (void)state;
  for (size_t p = 0; p < sizeof plugins / sizeof *plugins; p++) {
    hrt_instance_options options = {0};
    hrt_instance *i = NULL;
    hrt_budget b = {0};
    hsb_slot s[] = {0, 100, 30, UINT64_C(0x7ff4000000000001), UINT64_C(1) << 63};
    assert_int_equal(hrt_instance_new(&i, plugins[p], &options, &b, NULL), 0);
    assert_int_equal(hrt_call(i, LOOPS, s, &b, NULL), 0);
    assert_true(s[0] == UINT64_C(0x7ff4000000000001) && s[1] == UINT64_C(1) << 63);
    hrt_instance_free(i);
  }
}

static void ends_of_memory(void **state) {
  static const uint32_t places[] = {HSB_PAGE - 36, HSB_PAGE - 18, HSB_PAGE - 4,
                                    HSB_PAGE - 1,  HSB_PAGE,      UINT32_MAX - 100};
  (void)state;
  for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
    for (uint32_t turns = 1; turns < 40; turns += 3) {
      each((call){places[k], 100, turns, 0}, 0);
      each((call){100, places[k], turns, 0}, 0);
    }
  }
}

static void ends_where_the_limit_says(void **state) {
  static const int64_t slices[] = {0, 1, 50, 300};
  (void)state;
  for (size_t m = 0; m < sizeof slices / sizeof *slices; m++) {
    for (uint64_t limit = 1; limit < 400; limit += 6) {
      each((call){500, 100, 9, limit}, slices[m]);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranges_that_overlap_or_not),
      cmocka_unit_test(locals_of_other_types),
      cmocka_unit_test(ends_of_memory),
      cmocka_unit_test(ends_where_the_limit_says),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
