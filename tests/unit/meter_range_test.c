/* meter_range_test.c - with explicit bounds, as machine code: loops that may end early and are
 * looked at before they begin. With guard pages nothing of that is there, so results, traps, what
 * is stored before them, fuel and the place where a call ends for want of it are compared with
 * those: at both ends of memory, with ends beyond it that no turn comes to, and where addresses
 * wrap. */
#include "build_kit.h"

#include "instance/inst.h"

static const char MODULE[] =
    "(module (memory 1 3)\n"
    /* below an end; bytes of an array */
    "(func (export \"below\") (param $i i32) (param $n i32) (param $p i32) (result i32) "
    "  (local $q i32) (local $k i32)\n"
    "(loop $l\n"
    "(if (i32.eq (i32.load8_u (i32.add (local.get $p) (local.get $i))) (i32.const 7)) "
    "  (then (return (local.get $i))))\n"
    "(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) "
    "  (local.get $n))))\n"
    "(i32.sub (local.get $i) (local.get $p)))\n"
    /* words, the end first; each is written over what lies 8 before it */
    "(func (export \"words\") (param $i i32) (param $n i32) (param $p i32) (result i32) "
    "  (local $q i32) (local $k i32)\n"
    "(loop $l\n"
    "(local.set $q (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 2))))\n"
    "(if (i32.eq (i32.load offset=8 (local.get $q)) (i32.const 7)) (then (return "
    "  (local.get $i))))\n"
    "(i32.store (local.get $q) (local.get $i))\n"
    "(br_if $l (i32.gt_u (local.get $n) (local.tee $i (i32.add (local.get $i) (i32.const "
    "  1))))))\n"
    "(i32.sub (local.get $i) (local.get $p)))\n"
    /* by what was read; the end has 3 to spare */
    "(func (export \"hops\") (param $i i32) (param $n i32) (param $p i32) (result i32) "
    "  (local $q i32) (local $k i32)\n"
    "(loop $l\n"
    "(local.set $k (i32.load8_u (local.get $i)))\n"
    "(if (i32.eq (i32.load8_u (i32.add (local.get $i) (i32.const 2))) (i32.const 7)) "
    "  (then (return (local.get $i))))\n"
    "(local.set $i (i32.add (i32.add (local.get $i) (local.get $k)) (i32.const 1)))\n"
    "(br_if $l (i32.lt_u (i32.add (local.get $i) (i32.const 3)) (local.get $n))))\n"
    "(i32.sub (local.get $i) (local.get $p)))\n"
    /* two arrays, while the count is not the end; the branch back stands in a block */
    "(func (export \"same\") (param $i i32) (param $n i32) (param $p i32) (result i32) "
    "  (local $q i32) (local $k i32)\n"
    "(local.set $q (i32.add (local.get $p) (i32.const 40)))\n"
    "(loop $l (block $out\n"
    "(if (i32.eq (i32.load8_u (local.get $p)) (i32.const 7)) (then (return (local.get "
    "  $i))))\n"
    "(br_if $out (i32.eq (i32.load8_u (local.get $q)) (i32.const 8)))\n"
    "(i32.store8 offset=1 (local.get $p) (local.get $i))\n"
    "(drop (local.tee $p (i32.add (local.get $p) (i32.const 1)))) (drop (local.tee $q "
    "  (i32.add (local.get $q) (i32.const 3))))\n"
    "(br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 2))) (local.get "
    "  $n))) (return (i32.const 9))))\n"
    "(i32.sub (local.get $i) (local.get $p)))\n"
    /* downwards */
    "(func (export \"down\") (param $i i32) (param $n i32) (param $p i32) (result i32) "
    "  (local $q i32) (local $k i32)\n"
    "(loop $l\n"
    "(if (i32.eq (i32.load (local.get $p)) (i32.const 7)) (then (return (local.get $i))))\n"
    "(i32.store offset=4 (local.get $p) (local.get $i)) (drop (local.tee $p (i32.add "
    "  (local.get $p) (i32.const -4))))\n"
    "(br_if $l (i32.ne (local.get $n) (local.tee $i (i32.add (local.get $i) (i32.const "
    "  -3))))))\n"
    "(i32.sub (local.get $i) (local.get $p)))\n"
    /* to a number, beyond the memory */
    "(func (export \"number\") (param $i i32) (param $n i32) (param $p i32) (result i32) "
    "  (local $q i32) (local $k i32)\n"
    "(loop $l\n"
    "(if (i32.eq (i32.load8_u (i32.add (i32.add (local.get $p) (local.get $i)) "
    "  (i32.const 5))) (i32.const 7)) (then (return (local.get $i))))\n"
    "(br_if $l (i32.ne (i32.const 65540) (local.tee $i (i32.add (local.get $i) "
    "  (i32.const 1))))))\n"
    "(i32.sub (local.get $i) (local.get $p)))\n"
    /* by any step */
    "(func (export \"steps\") (param $i i32) (param $n i32) (param $p i32) (result i32) "
    "  (local $q i32) (local $k i32)\n"
    "(loop $l\n"
    "(if (i32.eq (i32.load8_u (local.get $i)) (i32.const 7)) (then (return (local.get "
    "  $i))))\n"
    "(i32.store8 (local.get $i) (local.get $n))\n"
    "(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (local.get $p))) "
    "  (local.get $n))))\n"
    "(i32.sub (local.get $i) (local.get $p)))\n"
    /* in another loop, which it goes on with, or ends, or leaves with the function */
    "(func (export \"rows\") (param $i i32) (param $n i32) (param $p i32) (result i32) "
    "  (local $q i32) (local $k i32)\n"
    "(loop $row (local.set $k (i32.const 0)) (loop $l\n"
    "(local.set $q (i32.load8_u (i32.add (i32.add (local.get $p) (local.get $i)) "
    "  (local.get $k))))\n"
    "(if (i32.eq (local.get $q) (i32.const 7)) (then (return (local.get $i))))\n"
    "(drop (local.tee $k (i32.add (local.get $k) (i32.const 1))))\n"
    "(if (i32.eq (local.get $q) (i32.const 8)) (then (drop (local.tee $i (i32.add "
    "  (local.get $i) (i32.const 50))))\n"
    "  (br_if $row (i32.lt_u (local.get $i) (local.get $n))) (return (i32.const 3))))\n"
    "(br_if $l (i32.lt_u (local.get $k) (i32.const 40))))\n"
    "(br_if $row (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 40))) "
    "  (local.get $n))))\n"
    "(i32.sub (local.get $i) (local.get $p)))\n"
    /* memory grows in a turn: it is not looked at */
    "(func (export \"grows\") (param $i i32) (param $n i32) (param $p i32) (result i32) "
    "  (local $q i32) (local $k i32)\n"
    "(loop $l\n"
    "(if (i32.eq (i32.load8_u (local.get $i)) (i32.const 7)) (then (return (local.get "
    "  $i))))\n"
    "(drop (memory.grow (i32.eq (local.get $i) (local.get $p))))\n"
    "(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) "
    "  (local.get $n))))\n"
    "(i32.sub (local.get $i) (local.get $p)))\n"
    /* an offset that is far away */
    "(func (export \"far\") (param $i i32) (param $n i32) (param $p i32) (result i32) "
    "  (local $q i32) (local $k i32)\n"
    "(loop $l\n"
    "(if (i32.eq (i32.load8_u offset=0xffff0004 (i32.add (local.get $p) (local.get $i))) "
    "  (i32.const 7)) (then (return (local.get $i))))\n"
    "(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) "
    "  (local.get $n))))\n"
    "(i32.sub (local.get $i) (local.get $p)))\n"
    /* a fixed place, too, and one that is not known */
    "(func (export \"fixed\") (param $i i32) (param $n i32) (param $p i32) (result i32) "
    "  (local $q i32) (local $k i32)\n"
    "(loop $l\n"
    "(if (i32.eq (i32.load8_u (i32.add (local.get $p) (local.get $i))) (i32.const 7)) "
    "  (then (return (local.get $i))))\n"
    "(i32.store16 offset=2 (local.get $p)\n"
    "  (i32.add (i32.load16_u offset=2 (local.get $p)) (i32.load8_u (i32.load16_u "
    "  (local.get $i)))))\n"
    "(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) "
    "  (local.get $n))))\n"
    "(i32.sub (local.get $i) (local.get $p)))\n"
    /* n bytes to be v */
    "(func (export \"set\") (param $to i32) (param $v i32) (param $n i32)\n"
    "(memory.fill (local.get $to) (local.get $v) (local.get $n))))\n";

enum {
  BELOW,
  WORDS,
  HOPS,
  SAME,
  DOWN,
  NUMBER,
  STEPS,
  ROWS,
  GROWS,
  FAR,
  FIXED,
  SET,
  FUNCTIONS = SET
};
enum { GUARD, EXPLICIT, BASELINE, PLUGINS };
static hrt_plugin *plugins[PLUGINS];

static int begin(void **state) {
  static const hcc_build_options options[PLUGINS] = {
      [GUARD] = {.tier = HCC_TIER_OPTIMIZING},
      [EXPLICIT] = {.tier = HCC_TIER_OPTIMIZING, .bounds = HCC_BOUNDS_EXPLICIT},
      [BASELINE] = {.tier = HCC_TIER_BASELINE, .bounds = HCC_BOUNDS_EXPLICIT},
  };
  int status = kit_begin(state);
  for (int p = 0; p < PLUGINS; p++) {
    hcc_build_result r;
    kit_must_build(&r, MODULE, options[p]);
    plugins[p] = kit_plugin_of(kit_path("m.so"));
  }
  return status;
}

static int end(void **state) {
  for (int p = 0; p < PLUGINS; p++) {
    hrt_plugin_unref(plugins[p]);
  }
  return kit_end(state);
}

typedef struct call {
  uint32_t function, i, n, p;
  uint32_t seven, eight; /* where those bytes are; all others are 1 */
  uint64_t limit;
  int64_t slice;
} call;

typedef struct outcome {
  int status;
  uint32_t trap, offset, result;
  uint64_t fuel;
  uint8_t memory[HSB_PAGE];
} outcome;

static void set(hrt_instance *i, uint32_t to, uint8_t value, uint32_t n) {
  hrt_budget b = {0};
  hsb_slot s[3] = {to, value, n};
  assert_int_equal(hrt_call(i, SET, s, &b, NULL), 0);
}

static void run(outcome *o, hrt_plugin *plugin, const call *c) {
  hrt_instance_options options = {0};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  helios_error err = {0};
  hsb_slot s[3] = {c->i, c->n, c->p};
  memset(o, 0, sizeof *o);
  assert_int_equal(hrt_instance_new(&i, plugin, &options, &b, NULL), 0);
  set(i, 0, 1, HSB_PAGE);
  set(i, c->eight, 8, 1);
  set(i, c->seven, 7, 1);
  b = (hrt_budget){.fuel_limit = c->limit, .slice_size = c->slice};
  o->status = hrt_call(i, c->function, s, &b, &err);
  o->trap = err.trap;
  o->offset = err.offset;
  o->result = o->status == 0 ? (uint32_t)s[0] : 0;
  o->fuel = err.trap == 0 || o->status == HELIOS_E_FUEL ? b.fuel_used : 0; /* of a trap: slices */
  memcpy(o->memory, i->memory, sizeof o->memory);
  hrt_instance_free(i);
}

static unsigned ended[3]; /* with a result, a trap, for want of fuel */

static void check(const call *c) {
  static outcome guard, other;
  run(&guard, plugins[GUARD], c);
  ended[guard.status == 0 ? 0 : guard.status == HELIOS_E_FUEL ? 2 : 1]++;
  for (int p = EXPLICIT; p < PLUGINS; p++) {
    run(&other, plugins[p], c);
    if (memcmp(&guard, &other, sizeof guard) != 0) {
      fail_msg("%u(%u, %u, %u), 7 at %u, 8 at %u, limit %u: %d at %x and %u of %u for %d at %x and "
               "%u of %u",
               c->function, c->i, c->n, c->p, c->seven, c->eight, (unsigned)c->limit, other.status,
               other.offset, other.result, (unsigned)other.fuel, guard.status, guard.offset,
               guard.result, (unsigned)guard.fuel);
    }
  }
}

static void check_all(const uint32_t *functions, size_t count, const call *from) {
  static const uint32_t ns[] = {0, 2, 9, 40, 65500, 65535, 65536, 65537, 70000, UINT32_MAX};
  static const uint32_t sevens[] = {12, 65440, 65535};
  for (size_t f = 0; f < count; f++) {
    for (size_t n = 0; n < sizeof ns / sizeof *ns; n++) {
      for (size_t s = 0; s < sizeof sevens / sizeof *sevens; s++) {
        call c = *from;
        c.function = functions[f];
        c.n = ns[n];
        c.seven = sevens[s];
        check(&c);
      }
    }
  }
}

/* Near both ends of memory; ends of all sizes, with and without what ends the loop early. */
static void ends_where_it_should(void **state) {
  static const uint32_t functions[] = {BELOW, WORDS, HOPS, NUMBER, ROWS, GROWS, FAR, FIXED};
  static const uint32_t is[] = {0, 3, 65490, 65536, UINT32_MAX - 1};
  static const uint32_t ps[] = {0, 30, 65500, 0u - 65496, UINT32_MAX};
  (void)state;
  for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
    for (size_t p = 0; p < sizeof ps / sizeof *ps; p++) {
      call c = {.i = is[i], .p = ps[p], .eight = 65480, .limit = 4000000};
      check_all(functions, sizeof functions / sizeof *functions, &c);
    }
  }
  assert_true(ended[0] > 100 && ended[1] > 100);
}

/* Counted by steps, up and down: so many turns, from a place so near an end of memory. */
static void steps__end_where_they_should(void **state) {
  static const uint32_t ps[] = {0,     2,     4,     8,     40,    200,   65300, 65400,
                                65440, 65492, 65495, 65496, 65528, 65532, 65536, UINT32_MAX - 3};
  static const uint32_t sevens[] = {0, 3, 100, 65404, 65535};
  (void)state;
  for (uint32_t turns = 0; turns < 60; turns += turns < 14 ? 1 : 7) {
    for (size_t p = 0; p < sizeof ps / sizeof *ps; p++) {
      for (size_t s = 0; s < sizeof sevens / sizeof *sevens; s++) {
        call c = {.function = SAME,
                  .i = 5,
                  .n = 5 + 2 * turns,
                  .p = ps[p],
                  .seven = sevens[s],
                  .eight = 65500,
                  .limit = 100000};
        check(&c);
        c.n++; /* never comes to it */
        check(&c);
        c = (call){.function = DOWN,
                   .i = 2,
                   .n = 2 - 3 * turns,
                   .p = ps[p],
                   .seven = sevens[s],
                   .limit = 100000};
        check(&c);
      }
    }
  }
}

/* By a step that is a local: 0 goes on for ever. */
static void any_step__ends_where_it_should(void **state) {
  static const uint32_t steps[] = {0, 1, 2, 700, 65535, 65536, 1u << 31, UINT32_MAX};
  (void)state;
  for (size_t p = 0; p < sizeof steps / sizeof *steps; p++) {
    for (uint32_t i = 65526; i < 65540; i++) {
      uint32_t functions[] = {STEPS};
      call c = {.i = i, .p = steps[p], .limit = 300000};
      check_all(functions, 1, &c);
    }
  }
}

/* A call that ends for want of fuel ends where it would, whatever is given out at a time. */
static void fuel__ends_where_it_should(void **state) {
  static const int64_t slices[] = {0, 1, 100};
  (void)state;
  ended[2] = 0;
  for (uint32_t f = 0; f < FUNCTIONS; f++) {
    for (uint64_t limit = 1; limit < 700; limit += 11) {
      for (size_t s = 0; s < sizeof slices / sizeof *slices; s++) {
        call c = {.function = f,
                  .i = 0,
                  .n = 60,
                  .p = f == STEPS ? 2 : 65400,
                  .seven = 65450,
                  .eight = 65420,
                  .limit = limit,
                  .slice = slices[s]};
        check(&c);
        c.p = f == STEPS ? 3 : 65500; /* its last turns are out of bounds */
        c.seven = 0;
        check(&c);
      }
    }
  }
  assert_true(ended[2] > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ends_where_it_should),
      cmocka_unit_test(steps__end_where_they_should),
      cmocka_unit_test(any_step__ends_where_it_should),
      cmocka_unit_test(fuel__ends_where_it_should),
  };
  return cmocka_run_group_tests_name("meter_range", tests, begin, end);
}
