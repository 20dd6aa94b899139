/* meter_test.c - what metering makes of compiled code. Loops within loops: where a call ends for
 * want of fuel, and what it has used then, depends on the limit alone, though checkpoints outside
 * of innermost loops ask for more before there is none (HSB_FUEL_LOW), whatever the slices are.
 * Accesses that share an address, and the greatest memory, on which that relies. */
#include "build_kit.h"

#include "instance/instance.h"

/* Chooses the first of the two if the comparison of these holds. */
#define CHOICE(code, p, q)                                                                         \
  "(func (export \"" #code p q "\") (param $a i32) (param $b i32) (result i32)\n"                  \
  "  (select (local.get $a) (local.get $b) (i32." #code " (local.get $" p ") (local.get $" q       \
  "))))\n"
#define CHOICES(X) X(lt, <) X(le, <=) X(gt, >) X(ge, >=)

static const char MODULE[] =
    "(module (memory 1)\n"
    "(func (export \"grid\") (param $rows i32) (param $columns i32) (result i32)\n"
    "  (local $x i32) (local $sum i32)\n"
    "  (loop $row\n"
    "    (local.set $x (i32.const 0))\n"
    "    (loop $column\n"
    "      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $x))))\n"
    "      (local.set $x (i32.add (local.get $x) (i32.const 3)))\n" /* not a power of two */
    "      (br_if $column (i32.lt_u (local.get $x) (local.get $columns))))\n"
    "    (br_if $row (local.tee $rows (i32.sub (local.get $rows) (i32.const 1)))))\n"
    "  (local.get $sum))\n"
    /* stores side by side, each type in a loop that is charged at once */
    "(func (export \"rows\") (param $n i32) (result i32) (local $at i32)\n"
    "  (loop (f64.store (local.get $at) (f64.const 1.5))\n"
    "    (i64.store (i32.add (local.get $at) (i32.const 8)) (i64.const -2))\n"
    "    (f32.store (i32.add (local.get $at) (i32.const 16)) (f32.const 3))\n"
    "    (i32.store (i32.add (local.get $at) (i32.const 20)) (i32.const 4))\n"
    "    (v128.store offset=1 (i32.add (local.get $at) (i32.const 23)) (v128.const i32x4 5 6 7 "
    "8))\n"
    "    (local.set $at (i32.add (local.get $at) (i32.const 48)))\n"
    "    (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))\n"
    "  (local.get $at))\n"
    "(func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))\n"
    /* behind the lower field: one that would be at 0 if addresses of 32 bits were added up */
    "(func (export \"fields\") (param $at i32) (result i32)\n"
    "  (drop (i32.load8_u (local.get $at)))\n"
    "  (i32.load8_u (i32.add (local.get $at) (i32.const 0xfff00))))\n"
    /* what is left behind an unrolled loop; the mask may not be where $n comes from */
    "(func (export \"rest\") (param $n i32) (param $mask i32) (result i32) (local $at i32)\n"
    "  (if (local.get $mask) (then\n"
    "    (local.set $n (i32.and (local.get $n) (i32.const 7)))))\n"
    "  (block (br_if 0 (i32.eqz (local.get $n)))\n"
    "    (loop (i32.store8 (local.get $at) (local.get $n))\n"
    "      (local.set $at (i32.add (local.get $at) (i32.const 1)))\n"
    "      (br_if 0 (local.tee $n (i32.add (local.get $n) (i32.const -1))))))\n"
    "  (local.get $at))\n"
#define TEXT(code, c)                                                                              \
  CHOICE(code##_s, "a", "b")                                                                       \
  CHOICE(code##_s, "b", "a") CHOICE(code##_u, "a", "b") CHOICE(code##_u, "b", "a")
    CHOICES(TEXT) ")\n";
#undef TEXT

static int begin(void **state) {
  return kit_begin_plugin(state, MODULE);
}

/* The result goes to s[0]. */
static int limited(uint64_t *used, uint32_t export, hsb_slot *s, uint64_t limit, int64_t slice) {
  hrt_instance_options options = {0};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  assert_int_equal(hrt_instance_new(&i, kit_plugin, &options, &b, NULL), 0);
  b = (hrt_budget){.fuel_limit = limit, .slice_size = slice};
  int status = hrt_call(i, export, s, &b, NULL);
  *used = b.fuel_used;
  hrt_instance_free(i);
  return status;
}

static int grid(uint64_t *used, uint32_t rows, uint64_t limit, int64_t slice) {
  hsb_slot s[2] = {rows, 600};
  return limited(used, 0, s, limit, slice);
}

/* Calls `rest`; what it must use follows from what it costs without a turn, and each turn. */
static void rest(uint32_t n, uint32_t mask, uint64_t none, uint64_t limit, int64_t slice) {
  const uint64_t turn = 12, turns = mask ? n & 7 : n;
  hsb_slot s[2] = {n, mask};
  uint64_t used, want = none;
  for (uint64_t k = 0; k < turns && (limit == 0 || want <= limit); k++) {
    want += turn;
  }
  bool enough = limit == 0 || want <= limit;
  assert_int_equal(limited(&used, 4, s, limit, slice), enough ? 0 : HELIOS_E_FUEL);
  assert_int_equal(used, enough ? want : limit + 1);
  if (enough) {
    assert_int_equal(s[0], turns);
  }
}

/* Loops that seem to turn a few times only are charged at once as well, if they do. */
static void few_turns_cost_what_they_should(void **state) {
  static const int64_t slices[] = {0, 1, 30, 100};
  (void)state;
  for (uint32_t mask = 0; mask < 2; mask++) {
    hsb_slot s[2] = {0, mask};
    uint64_t none;
    assert_int_equal(limited(&none, 4, s, 0, 0), 0);
    for (uint32_t n = 0; n < 20; n++) {
      for (size_t m = 0; m < sizeof slices / sizeof *slices; m++) {
        rest(n, mask, none, 0, slices[m]);
        for (uint64_t limit = none; limit < none + 12 * (n + 1); limit += 5) {
          rest(n, mask, none, limit, slices[m]);
        }
      }
    }
  }
}

static void ends_where_the_limit_says(void **state) {
  static const uint32_t rows[] = {1, 5, 8, 9, 40, 400};
  static const int64_t slices[] = {0, 1, 100, HSB_FUEL_LOW, INT64_C(1) << 20, INT64_C(1) << 40};
  (void)state;
  for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
    uint64_t whole, used, first[3] = {0};
    assert_int_equal(grid(&whole, rows[n], 0, 0), 0);
    for (size_t m = 0; m < sizeof slices / sizeof *slices; m++) {
      assert_int_equal(grid(&used, rows[n], whole, slices[m]), 0);
      assert_int_equal(used, whole);
      for (uint32_t k = 0; k < 3; k++) { /* a little short, by a row or so, by half */
        uint64_t limit = k == 0 ? whole - 20 : k == 1 ? whole * 9 / 10 : whole / 2;
        assert_int_equal(grid(&used, rows[n], limit, slices[m]), HELIOS_E_FUEL);
        assert_in_range(used, limit + 1, limit + 20); /* the next checkpoint */
        first[k] = m == 0 ? used : first[k];
        assert_int_equal(used, first[k]);
      }
    }
  }
}

static void choices_are_what_they_should_be(void **state) {
  static const uint32_t numbers[] = {0, 1, 7, INT32_MAX, (uint32_t)INT32_MIN, UINT32_MAX};
  const size_t count = sizeof numbers / sizeof *numbers;
  (void)state;
  for (size_t n = 0; n < count * count; n++) {
    uint32_t a = numbers[n / count], b = numbers[n % count], export = 5;
    uint64_t used;
#define EXPECT(condition)                                                                          \
  do {                                                                                             \
    hsb_slot s[2] = {a, b};                                                                        \
    assert_int_equal(limited(&used, export ++, s, 0, 0), 0);                                       \
    assert_int_equal((uint32_t)s[0], (condition) ? a : b);                                         \
    assert_int_equal(used, 6);                                                                     \
  } while (0)
#define RUN(code, c)                                                                               \
  EXPECT((int32_t)a c(int32_t) b);                                                                 \
  EXPECT((int32_t)b c(int32_t) a);                                                                 \
  EXPECT(a c b);                                                                                   \
  EXPECT(b c a);
    CHOICES(RUN)
#undef RUN
#undef EXPECT
  }
}

static void stores_land_where_they_should(void **state) {
  static const uint8_t row[48] = {
      0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0xfe, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0x40, 0x40,
      4, 0, 0, 0, 5, 0, 0,    0,    6,    0,   0,   0,   7,   0,   0,   0,   8, 0, 0,    0};
  static const uint32_t turns[] = {1, 7, 8, 100}; /* from 8 on at once */
  (void)state;
  for (size_t n = 0; n < sizeof turns / sizeof *turns; n++) {
    hrt_instance_options options = {0};
    hrt_instance *i = NULL;
    hrt_budget b = {0};
    hsb_slot s[2] = {turns[n]};
    uint8_t bytes[sizeof row];
    assert_int_equal(hrt_instance_new(&i, kit_plugin, &options, &b, NULL), 0);
    assert_int_equal(hrt_call(i, 1, s, &b, NULL), 0);
    assert_int_equal(s[0], 48 * turns[n]);
    for (uint32_t k = 0; k <= turns[n]; k++) {
      static const uint8_t none[sizeof row];
      assert_true(hrt_guest_read(bytes, i, (guest_u32){48 * k}, sizeof bytes));
      assert_memory_equal(bytes, k < turns[n] ? row : none, sizeof row);
    }
    hrt_instance_free(i);
  }
}

/* The module allows 65,536 pages. An address in bounds and 2^20 - 1 more has 32 bits, then. */
static void memory__is_a_mib_less_than_addresses_reach(void **state) {
  hrt_instance_options options = {.memory_limit_pages = 65536};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  hsb_slot s[2] = {HSB_PAGES_MAX};
  (void)state;
  assert_int_equal(hrt_instance_new(&i, kit_plugin, &options, &b, NULL), 0);
  assert_int_equal(hrt_call(i, 2, s, &b, NULL), 0);
  assert_int_equal((uint32_t)s[0], UINT32_MAX); /* one too many: there is one page already */
  s[0] = HSB_PAGES_MAX - 1;
  assert_int_equal(hrt_call(i, 2, s, &b, NULL), 0);
  assert_int_equal(s[0], 1);
  s[0] = 0xffefffff; /* the last byte */
  assert_int_equal(hrt_call(i, 3, s, &b, NULL), HELIOS_E_TRAP);
  hrt_instance_free(i);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ends_where_the_limit_says),
      cmocka_unit_test(few_turns_cost_what_they_should),
      cmocka_unit_test(choices_are_what_they_should_be),
      cmocka_unit_test(stores_land_where_they_should),
      cmocka_unit_test(memory__is_a_mib_less_than_addresses_reach),
  };
  return cmocka_run_group_tests(tests, begin, kit_end_plugin);
}
