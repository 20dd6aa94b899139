/* rewrite_range_test.c - with explicit bounds: which loops that may end early are looked at before
 * they begin, what of their addresses is foreseen, and their two copies. An access that is taken
 * for another place than it has would read or write that, or trap. */
#include "rewrite_kit.h"

typedef struct looked {
  hcc__rw_range range;
  hcc__rw_sure sure;
} looked;

/* What is known of the loop that the body of type (i32 i32)->() begins with. */
static looked range_of(const uint8_t *code, size_t size) {
  fixture f;
  looked found;
  load_two_params(&f, code, size);
  hcc__rw rw = {.m = f.m, .err = &f.err, .options.looks = true};
  hcc_reader r = {f.m->bytes, f.m->funcs[1].code.begin + 2, f.m->funcs[1].code.end};
  assert_int_equal(hcc__rw_range_of(&found.range, &found.sure, &rw, r), 0);
  end(&f);
  return found;
}

#define RANGE(...)                                                                                 \
  range_of((const uint8_t[]){HCC_OP_LOOP, UNIT, __VA_ARGS__},                                      \
           sizeof((const uint8_t[]){HCC_OP_LOOP, UNIT, __VA_ARGS__}))
#define GET(local) HCC_OP_LOCAL_GET, local
#define SET(local) HCC_OP_LOCAL_SET, local
#define TEE(local) HCC_OP_LOCAL_TEE, local
#define N(number) HCC_OP_I32_CONST, (number)&0x7f
#define ADD HCC_OP_I32_ADD
#define STEP(local, by) GET(local), N(by), ADD, SET(local)
#define OUT(depth) HCC_OP_BR_IF, depth
#define AGAIN(depth) HCC_OP_BR_IF, depth
#define IF(local) GET(local), HCC_OP_IF, UNIT
#define BLOCK HCC_OP_BLOCK, UNIT
#define END HCC_OP_END
#define READ(address) address, LOAD(4), OUT(1) /* and may end */

/* factor * local + add, or a number if the factor is 0. */
static void assert_sum(const hcc__rw_series *s, uint32_t local, uint32_t factor, uint32_t add) {
  assert_true(s->known);
  assert_int_equal(s->terms, factor != 0);
  assert_int_equal(s->add, add);
  if (factor != 0) {
    assert_int_equal(s->term[0], local);
    assert_int_equal(s->factor[0], factor);
  }
}

static void assert_reach(const looked *f, uint32_t reach, uint32_t add, int32_t stride,
                         uint64_t end) {
  assert_true(reach < f->sure.reaches);
  assert_int_equal(f->sure.reach[reach].series.add, add);
  assert_int_equal((int32_t)f->sure.reach[reach].series.stride, stride);
  assert_int_equal(f->sure.reach[reach].end, end);
}

/* The question is asked where a turn begins: of any local that is below an end. */
static void found__below(void **state) {
  looked f = RANGE(READ(GET(0)), STEP(0, 1), GET(0), GET(1), HCC_OP_I32_LT_U, AGAIN(0), END);
  (void)state;
  assert_true(f.range.found);
  assert_int_equal(f.range.step, 0);
  assert_int_equal(f.range.local, 0);
  assert_sum(&f.range.count, 0, 1, 0);
  assert_sum(&f.range.until, 1, 1, 0);
  assert_int_equal(f.sure.count, 1);
  assert_int_equal(f.sure.first, HCC_RW_RUN_LOOKS);
  assert_reach(&f, 0, 0, 1, 8);
  /* the other way round, of a sum, of what is known no more; every fourth byte, and a fixed one */
  f = RANGE(READ(GET(0)), STEP(0, 5), N(9), GET(0), N(3), ADD, HCC_OP_I32_GT_U, AGAIN(0), END);
  assert_true(f.range.found);
  assert_sum(&f.range.count, 0, 1, 3);
  assert_sum(&f.range.until, 0, 0, 9);
  assert_reach(&f, 0, (uint32_t)-3, 1, 8);
  f = RANGE(READ(LIST(GET(0), N(2), HCC_OP_I32_SHL)), GET(1), LOAD(0), OUT(1), IF(1), STEP(0, 1),
            END, GET(0), N(9), HCC_OP_I32_LT_U, AGAIN(0), END);
  assert_true(f.range.found);
  assert_int_equal(f.sure.reaches, 2);
  assert_reach(&f, 0, 0, 4, 8);
  assert_reach(&f, 1, 0, 0, 4);
  /* what a local holds that is compared before it is kept; by another local */
  f = RANGE(READ(GET(0)), GET(0), GET(0), LOAD(0), ADD, TEE(0), N(9), HCC_OP_I32_LT_U, AGAIN(0),
            END);
  assert_true(f.range.found);
  assert_sum(&f.range.count, 0, 1, 0);
  f = RANGE(READ(GET(0)), GET(0), GET(1), ADD, TEE(0), N(9), HCC_OP_I32_LT_U, AGAIN(0), END);
  assert_true(f.range.found);
  assert_sum(&f.range.count, 0, 1, 0);
  /* not equal to a number, by steps of 1: below it; one with what the loop does not set in it */
  f = RANGE(READ(GET(0)), STEP(0, 1), GET(0), N(9), HCC_OP_I32_NE, AGAIN(0), END);
  assert_true(f.range.found);
  assert_int_equal(f.range.step, 0);
  assert_reach(&f, 0, 0, 1, 8);
  f = RANGE(READ(LIST(GET(1), GET(0), ADD)), STEP(0, 1), GET(0), GET(1), ADD, N(9), HCC_OP_I32_LT_U,
            AGAIN(0), END);
  assert_true(f.range.found);
  assert_int_equal(f.range.count.terms, 2);
  assert_reach(&f, 0, 0, 1, 8);
  assert_int_equal(f.sure.reach[0].series.terms, 0);
}

/* Or turns are counted, where each moves what is compared by the same step. */
static void found__by_steps(void **state) {
  looked f = RANGE(READ(GET(0)), STEP(0, 1), GET(0), GET(1), HCC_OP_I32_NE, AGAIN(0), END);
  (void)state;
  assert_true(f.range.found && !f.range.down);
  assert_int_equal(f.range.step, 1);
  assert_sum(&f.range.count, 0, 1, 1);
  assert_sum(&f.range.until, 1, 1, 0);
  assert_reach(&f, 0, 0, 1, 8);
  assert_sum(&f.sure.reach[0].series, 0, 1, 0);
  f = RANGE(READ(GET(0)), GET(1), STEP(0, -4), GET(0), HCC_OP_I32_NE, AGAIN(0), END);
  assert_true(f.range.found && f.range.down);
  assert_int_equal(f.range.step, 4);
  assert_reach(&f, 0, 0, -4, 8);
  /* before the step; of the other local, which is twice as fast; in a block, with code behind */
  f = RANGE(READ(GET(0)), GET(0), N(50), HCC_OP_I32_NE, SET(1), STEP(0, 2), GET(1), AGAIN(0), END);
  assert_true(f.range.found);
  assert_int_equal(f.range.step, 2);
  assert_sum(&f.range.count, 0, 1, 0);
  f = RANGE(READ(GET(1)), STEP(0, 3), STEP(1, 6), GET(0), N(50), HCC_OP_I32_NE, AGAIN(0), END);
  assert_true(f.range.found);
  assert_int_equal(f.range.step, 3);
  assert_reach(&f, 0, 0, 6, 8);
  f = RANGE(READ(GET(0)), BLOCK, STEP(0, 3), GET(0), N(50), HCC_OP_I32_NE, AGAIN(1), HCC_OP_BR, 2,
            END, HCC_OP_NOP, END);
  assert_true(f.range.found);
  assert_int_equal(f.range.step, 3);
}

static void not_found(void **state) {
  static const struct {
    uint8_t size, code[48];
  } loops[] = {
#define LOOP(...)                                                                                  \
  {                                                                                                \
    sizeof((const uint8_t[]){HCC_OP_LOOP, UNIT, __VA_ARGS__}), {                                   \
      HCC_OP_LOOP, UNIT, __VA_ARGS__                                                               \
    }                                                                                              \
  }
#define BELOW(local, number) GET(local), N(number), HCC_OP_I32_LT_U, AGAIN(0)
#define DIFFERS(local, number) GET(local), N(number), HCC_OP_I32_NE, AGAIN(0)
      LOOP(STEP(0, 1), BELOW(0, 9), END),                           /* accesses nothing */
      LOOP(READ(GET(1)), STEP(0, 1), BELOW(0, 9), END),             /* nothing that moves */
      LOOP(READ(GET(0)), STEP(0, 1), BELOW(0, 9), HCC_OP_NOP, END), /* more comes behind */
      LOOP(READ(GET(0)), BLOCK, STEP(0, 1), GET(0), N(9), HCC_OP_I32_LT_U, AGAIN(1), END, END),
      LOOP(READ(GET(0)), GET(1), AGAIN(0), STEP(0, 1), BELOW(0, 9), END), /* two ways back */
      LOOP(READ(GET(0)), STEP(0, 1), GET(0), N(9), HCC_OP_I32_LT_S, AGAIN(0), END),
      LOOP(READ(GET(0)), STEP(0, 1), GET(0), N(9), HCC_OP_I32_EQ, AGAIN(0), END),
      LOOP(READ(GET(0)), STEP(0, 1), N(9), GET(0), HCC_OP_I32_LT_U, AGAIN(0), END),
      LOOP(READ(GET(0)), STEP(0, 1), GET(1), AGAIN(0), END),
      LOOP(READ(GET(1)), STEP(0, 1), BELOW(1, 9), END), /* what stands still */
      LOOP(READ(GET(0)), STEP(1, 1), DIFFERS(0, 9), END),
      /* the end moves, or is not known; the count is of two that move, or of a multiple */
      LOOP(READ(GET(0)), STEP(1, 1), GET(0), GET(1), HCC_OP_I32_LT_U, AGAIN(0), END),
      LOOP(READ(GET(0)), STEP(0, 1), GET(0), GET(1), LOAD(0), HCC_OP_I32_LT_U, AGAIN(0), END),
      LOOP(READ(GET(0)), STEP(0, 1), STEP(1, 1), GET(0), GET(1), ADD, N(9), HCC_OP_I32_LT_U,
           AGAIN(0), END),
      LOOP(READ(GET(0)), STEP(0, 1), GET(0), N(2), HCC_OP_I32_SHL, N(9), HCC_OP_I32_LT_U, AGAIN(0),
           END),
      LOOP(READ(GET(0)), GET(0), LOAD(0), SET(0), GET(0), LOAD(0), N(9), HCC_OP_I32_LT_U, AGAIN(0),
           END),
      LOOP(READ(GET(0)), GET(0), N(9), HCC_OP_I32_LT_U, GET(1), SET(0), AGAIN(0), END), /* was */
      /* the address is of what the turn has made, or another way has; behind where ways meet */
      LOOP(GET(0), LOAD(0), SET(1), READ(GET(1)), DIFFERS(1, 9), END),
      LOOP(IF(1), STEP(0, 1), END, READ(GET(0)), BELOW(0, 9), END),
      LOOP(GET(1), LOAD(0), SET(1), READ(LIST(GET(1), GET(0), ADD)), STEP(0, 1), BELOW(0, 9), END),
      /* no steps, or not the same in each turn, or another local's; the end is not fixed */
      LOOP(READ(GET(0)), STEP(1, 3), GET(1), N(5), ADD, SET(0), DIFFERS(1, 9), END),
      LOOP(READ(GET(0)), STEP(0, 2), STEP(1, 1), GET(0), GET(1), HCC_OP_I32_NE, AGAIN(0), END),
      LOOP(READ(GET(0)), GET(1), SET(0), DIFFERS(0, 9), END),
      LOOP(READ(GET(0)), IF(1), STEP(0, 1), END, DIFFERS(0, 9), END),
      LOOP(READ(GET(0)), STEP(0, 2), STEP(1, 1), GET(0), GET(1), HCC_OP_I32_NE, GET(1), LOAD(0),
           SET(1), AGAIN(0), END),
      LOOP(READ(GET(0)), GET(0), GET(0), LOAD(0), ADD, SET(0), DIFFERS(0, 9), END),
      LOOP(READ(GET(0)), GET(0), HCC_OP_I32_CONST, 0x80, 0x80, 0xc1, 0, ADD, SET(0), DIFFERS(0, 9),
           END), /* too far */
      LOOP(READ(GET(0)), HCC_OP_LOOP, UNIT, END, STEP(0, 1), BELOW(0, 9), END),
      LOOP(READ(GET(0)), GET(0), GET(0), HCC_OP_CALL, 0, STEP(0, 1), BELOW(0, 9), END),
      LOOP(READ(GET(0)), GET(0), HCC_OP_MEMORY_GROW, 0, SET(1), STEP(0, 1), BELOW(0, 9), END),
#undef LOOP
  };
  (void)state;
  for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
    if (range_of(loops[i].code, loops[i].size).range.found) {
      fail_msg("loop %zu", i);
    }
  }
}

/* Not all accesses need be known. */
static void found__some(void **state) {
  looked f = RANGE(READ(GET(0)), READ(LIST(GET(0), LOAD(0))), STEP(0, 1), BELOW(0, 9), END);
  (void)state;
  assert_true(f.range.found);
  assert_int_equal(f.sure.count, 2); /* that of the inner load, too */
  f = RANGE(READ(GET(0)), STEP(0, 1), READ(GET(0)), DIFFERS(0, 9), END);
  assert_true(f.range.found);
  assert_int_equal(f.sure.count, 2);
  assert_reach(&f, 0, 0, 1, 9);
  f = RANGE(READ(GET(0)), IF(1), STEP(0, 1), END, READ(GET(0)), BELOW(0, 9), END);
  assert_true(f.range.found);
  assert_int_equal(f.sure.count, 1);
  f = RANGE(READ(GET(1)), IF(1), STEP(0, 1), END, READ(GET(0)), STEP(1, 2), DIFFERS(1, 9), END);
  assert_true(f.range.found);
  assert_int_equal(f.sure.count, 1);
  /* all that moves in the sum moves in the address: as often, or not */
  f = RANGE(READ(LIST(GET(0), GET(1), ADD)), READ(LIST(GET(0), GET(0), ADD, GET(1), ADD)),
            STEP(0, 1), STEP(1, 1), GET(0), GET(1), ADD, N(9), HCC_OP_I32_LT_U, AGAIN(0), END);
  assert_true(f.range.found);
  assert_int_equal(f.sure.count, 1);
  assert_reach(&f, 0, 0, 1, 8);
  f = RANGE(READ(LIST(GET(0), N(4), HCC_OP_I32_MUL)), READ(GET(0)), STEP(0, 1), GET(0), N(2),
            HCC_OP_I32_MUL, N(9), HCC_OP_I32_LT_U, AGAIN(0), END);
  assert_false(f.range.found);
}

enum { FUEL = 1, MARK, LOOK_AT, SEEN, IS_BELOW };
enum { LEFT = 1, TURNS, DONE }; /* locals behind the parameter */
static const hcc_rewrite_options LOOKS = {.meter = true, .marks = true, .looks = true};
#define SAW(offset)                                                                                \
  N(4), GET(DONE), N(offset), HCC_OP_CALL, SEEN, HCC_OP_I32_CONST, 0xfe, 0xff, 0xff, 0xff, 7,      \
      HCC_OP_CALL, MARK
#define TIMES(local, factor) GET(local), N(factor), HCC_OP_I32_MUL, ADD
#define COUNT N(0), TIMES(0, 1), HCC_OP_I64_EXTEND_I32_U

/* Before it: is a turn below the end, and all that can be read in bounds? In it: the question
 * first, a charge each turn, and what was seen; branches out lead past the blocks. */
static void two_copies__below(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, READ(GET(0)), STEP(0, 5), BELOW(0, 9), END);
  rewrite(&f, LOOKS);
  assert_int_equal(f.result->import_count, 6);
  assert_name(&f, f.result->imports[IS_BELOW].name, "below");
  assert_type(&f, IS_BELOW, "\x7f\x7e", "\x7f");
  HAS(&f, BLOCK, BLOCK, N(9), HCC_OP_I64_EXTEND_I32_U, SET(TURNS), COUNT, TEE(DONE), GET(TURNS),
      HCC_OP_I64_GE_U, HCC_OP_BR_IF, 0, N(4), N(0), GET(TURNS), N(1), HCC_OP_I64_CONST, 8,
      HCC_OP_CALL, LOOK_AT, HCC_OP_I32_EQZ, HCC_OP_BR_IF, 0);
  HAS(&f, HCC_OP_LOOP, UNIT, BLOCK, N(4), COUNT, TEE(DONE), HCC_OP_CALL, IS_BELOW, HCC_OP_BR_IF, 0,
      HCC_OP_BR, 2, END);
  HAS(&f, GET(0), SAW(4), LOAD(4), OUT(4));
  HAS(&f, GET(0), N(9), HCC_OP_I32_LT_U, HCC_OP_DROP, HCC_OP_BR, 0, END, END);
  HAS(&f, HCC_OP_BR, 1, END); /* past the other copy */
  HAS(&f, GET(0), N(9), HCC_OP_I32_LT_U, AGAIN(0), END);
  end(&f);
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, READ(GET(0)), STEP(0, 5), BELOW(0, 9), END);
  rewrite(&f, METER);
  assert_int_equal(f.result->import_count, 1 + 1);
  end(&f);
  /* one that turns no more often than nine times needs no checkpoints */
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, READ(GET(0)), STEP(0, 1), BELOW(0, 9), END);
  rewrite(&f, LOOKS);
  HAS(&f, HCC_OP_I32_AND, HCC_OP_I32_EQZ, HCC_OP_BR_IF, 0, N(9), HCC_OP_I64_EXTEND_I32_U);
  HAS(&f, HCC_OP_BR, 2, END, GET(LEFT), HCC_OP_I64_CONST, 11, HCC_OP_I64_SUB, SET(LEFT), GET(0),
      SAW(4));
  end(&f);
}

static void two_copies__by_steps(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, READ(GET(0)), STEP(0, -4), DIFFERS(0, 9), END);
  rewrite(&f, LOOKS);
  HAS(&f, N(-4), TIMES(0, 1), N(9), HCC_OP_I32_SUB, HCC_OP_I64_EXTEND_I32_U, TEE(TURNS),
      HCC_OP_I64_CONST, 4, HCC_OP_I64_REM_U, HCC_OP_I64_CONST, 0, HCC_OP_I64_NE, HCC_OP_BR_IF, 0,
      GET(TURNS), HCC_OP_I64_CONST, 4, HCC_OP_I64_DIV_U, HCC_OP_I64_CONST, 1, HCC_OP_I64_ADD,
      TEE(TURNS), HCC_OP_I64_CONST, 8, HCC_OP_I64_LT_U, HCC_OP_BR_IF, 0, N(4), N(0), TIMES(0, 1),
      GET(TURNS), N(-4), HCC_OP_I64_CONST, 8, HCC_OP_CALL, LOOK_AT, HCC_OP_I32_EQZ, HCC_OP_BR_IF, 0,
      HCC_OP_I64_CONST, 0, SET(DONE));
  HAS(&f, HCC_OP_DROP, GET(DONE), HCC_OP_I64_CONST, 1, HCC_OP_I64_ADD, TEE(DONE), GET(TURNS),
      HCC_OP_I64_LT_U, AGAIN(0));
  end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(found__below),      cmocka_unit_test(found__by_steps),
      cmocka_unit_test(found__some),       cmocka_unit_test(not_found),
      cmocka_unit_test(two_copies__below), cmocka_unit_test(two_copies__by_steps),
  };
  return cmocka_run_group_tests_name("rewrite_range", tests, NULL, NULL);
}
