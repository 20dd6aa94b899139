/* rewrite_bound_test.c - which loops that may end early are known to turn no more often than that,
 * and their two copies. One that is taken for such a loop and is not would run without checkpoints.
 */
#include "rewrite_kit.h"

/* What is known of the loop that the body of type (i32 i32)->() begins with. */
static hcc__rw_bound bound_of(const uint8_t *code, size_t size) {
  fixture f;
  hcc__rw_bound bound;
  hcc__rw_ways ways;
  load_two_params(&f, code, size);
  hcc__rw rw = {.m = f.m, .err = &f.err};
  hcc_reader r = {f.m->bytes, f.m->funcs[1].code.begin + 2, f.m->funcs[1].code.end};
  assert_int_equal(hcc__rw_bound_of(&bound, &ways, &rw, r), 0);
  end(&f);
  return bound;
}

#define BOUND(...)                                                                                 \
  bound_of((const uint8_t[]){HCC_OP_LOOP, UNIT, __VA_ARGS__},                                      \
           sizeof((const uint8_t[]){HCC_OP_LOOP, UNIT, __VA_ARGS__}))
#define GET(local) HCC_OP_LOCAL_GET, local
#define SET(local) HCC_OP_LOCAL_SET, local
#define N(number) HCC_OP_I32_CONST, (number)&0x7f
#define SUM(local, of, by) GET(of), N(by), HCC_OP_I32_ADD, SET(local)
#define STEP(local, by) SUM(local, local, by)
#define OUT(depth) HCC_OP_BR_IF, depth
#define AGAIN(depth) HCC_OP_BR_IF, depth
#define IF(local) GET(local), HCC_OP_IF, UNIT
#define BLOCK HCC_OP_BLOCK, UNIT
#define END HCC_OP_END

static void assert_bound(hcc__rw_bound b, uint32_t until, uint32_t above, int32_t step,
                         uint32_t beyond) {
  assert_true(b.found);
  assert_int_equal(b.local, 0);
  assert_int_equal(b.until, until);
  assert_int_equal(b.above, above);
  assert_int_equal(b.down, step < 0);
  assert_int_equal(b.step, step < 0 ? -step : step);
  assert_int_equal(b.beyond, beyond);
}

static void found__where_it_is_compared(void **state) {
  (void)state;
  /* before the step and behind it; at the branch back; with its operands exchanged */
  assert_bound(BOUND(GET(0), N(9), HCC_OP_I32_EQ, OUT(1), STEP(0, 3), GET(1), AGAIN(0), END), 9, 0,
               3, 0);
  assert_bound(BOUND(STEP(0, 3), N(9), GET(0), HCC_OP_I32_EQ, OUT(1), GET(1), AGAIN(0), END), 9, 3,
               3, 0);
  assert_bound(BOUND(GET(1), OUT(1), STEP(0, -2), GET(0), N(9), HCC_OP_I32_NE, AGAIN(0), END), 9,
               (uint32_t)-2, -2, 0);
  assert_bound(BOUND(GET(1), OUT(1), STEP(0, -1), GET(0), AGAIN(0), END), 0, UINT32_MAX, -1, 0);
  assert_bound(BOUND(GET(0), HCC_OP_I32_EQZ, OUT(1), STEP(0, -1), GET(1), AGAIN(0), END), 0, 0, -1,
               0);
  /* a copy of it; what was compared, in a local, also behind the step */
  assert_bound(BOUND(GET(0), SET(1), GET(1), N(5), HCC_OP_I32_EQ, OUT(1), SUM(0, 1, 1), GET(1),
                     LOAD(0), AGAIN(0), END),
               5, 0, 1, 0);
  assert_bound(BOUND(GET(0), N(5), HCC_OP_I32_NE, SET(1), STEP(0, 1), GET(1), AGAIN(0), END), 5, 0,
               1, 0);
  /* less than: of a step of 1 */
  assert_bound(BOUND(STEP(0, 1), GET(1), OUT(1), GET(0), N(5), HCC_OP_I32_LT_U, AGAIN(0), END), 5,
               1, 1, HCC_OP_I32_GT_U);
  assert_bound(BOUND(GET(0), N(5), HCC_OP_I32_GT_S, OUT(1), STEP(0, 1), GET(1), AGAIN(0), END), 6,
               0, 1, HCC_OP_I32_GT_S);
  assert_bound(BOUND(N(5), GET(0), HCC_OP_I32_LE_S, OUT(1), STEP(0, 1), GET(1), AGAIN(0), END), 5,
               0, 1, HCC_OP_I32_GT_S);
  assert_bound(BOUND(STEP(0, 1), N(5), GET(0), HCC_OP_I32_GE_U, AGAIN(0), END), 6, 1, 1,
               HCC_OP_I32_GT_U);
}

static void found__on_all_ways(void **state) {
  (void)state;
  /* a way that leaves does not come back; the branch back in a block */
  assert_bound(BOUND(BLOCK, GET(1), OUT(0), STEP(0, -3), HCC_OP_BR, 2, END, STEP(0, 4), GET(0),
                     N(9), HCC_OP_I32_NE, AGAIN(0), END),
               9, 4, 4, 0);
  assert_bound(
      BOUND(BLOCK, GET(1), OUT(0), STEP(0, 4), GET(0), N(9), HCC_OP_I32_NE, AGAIN(1), END, END), 9,
      4, 4, 0);
  /* an if after it, of which one arm leaves */
  assert_bound(BOUND(GET(0), N(9), HCC_OP_I32_EQ, OUT(1), IF(1), GET(1), SET(1), HCC_OP_ELSE,
                     HCC_OP_RETURN, END, STEP(0, 1), HCC_OP_BR, 0, END),
               9, 0, 1, 0);
}

static void not_found(void **state) {
  static const loop_code loops[] = {
#define ENDS GET(0), N(9), HCC_OP_I32_NE, AGAIN(0), END
      LOOP(STEP(0, 1), GET(0), N(9), HCC_OP_I32_EQ, OUT(1), END), /* leads nowhere */
      LOOP(GET(1), AGAIN(0), STEP(0, 1), ENDS),                   /* twice */
      LOOP(STEP(0, 1), GET(1), AGAIN(0), GET(0), N(9), HCC_OP_I32_EQ, OUT(1), END), /* behind */
      LOOP(STEP(0, 0), ENDS), LOOP(SUM(0, 1, 1), ENDS), /* another local's */
      LOOP(GET(0), LOAD(0), SET(0), ENDS), LOOP(N(1), SET(0), STEP(0, 1), ENDS),
      LOOP(STEP(0, 1), GET(0), GET(1), HCC_OP_I32_NE, AGAIN(0), END),
      LOOP(STEP(0, 1), GET(0), N(9), HCC_OP_I32_EQ, AGAIN(0), END),
      LOOP(GET(0), N(9), HCC_OP_I32_NE, OUT(1), STEP(0, 1), GET(1), AGAIN(0), END),
      LOOP(GET(0), N(9), HCC_OP_I32_LT_U, OUT(1), STEP(0, 1), GET(1), AGAIN(0), END),
      LOOP(STEP(0, 2), GET(0), N(9), HCC_OP_I32_LT_U, AGAIN(0), END), /* may step over it */
      LOOP(STEP(0, -1), GET(0), N(9), HCC_OP_I32_LT_U, AGAIN(0), END),
      LOOP(STEP(0, 1), GET(0), N(-1), HCC_OP_I32_LE_U, AGAIN(0), END), /* always */
      LOOP(STEP(0, 1), GET(0), HCC_OP_I32_CONST, 0xff, 0xff, 0xff, 0xff, 7, HCC_OP_I32_LE_S,
           AGAIN(0), END),
      LOOP(GET(0), N(3), HCC_OP_I32_MUL, N(9), HCC_OP_I32_EQ, OUT(1), STEP(0, 1), GET(1), AGAIN(0),
           END),
      LOOP(N(9), GET(0), HCC_OP_I32_SUB, N(9), HCC_OP_I32_EQ, OUT(1), STEP(0, 1), GET(1), AGAIN(0),
           END),                          /* falls */
      LOOP(IF(1), STEP(0, 1), END, ENDS), /* in some turns */
      LOOP(IF(1), STEP(0, 1), HCC_OP_ELSE, STEP(0, 2), END, ENDS),
      LOOP(BLOCK, GET(1), OUT(0), STEP(0, 1), END, ENDS),
      LOOP(BLOCK, GET(1), OUT(0), GET(0), N(9), HCC_OP_I32_EQ, OUT(2), END, STEP(0, 1), GET(1),
           AGAIN(0), END),
      LOOP(IF(1), GET(0), N(9), HCC_OP_I32_EQ, OUT(2), END, STEP(0, 1), GET(1), AGAIN(0), END),
      LOOP(GET(1), GET(0), N(9), HCC_OP_I32_NE, SET(1), STEP(0, 1), AGAIN(0),
           END), /* what it was */
      LOOP(GET(1), GET(0), N(9), HCC_OP_I32_NE, SET(1), AGAIN(0), STEP(0, 1), END),
      LOOP(IF(1), GET(0), N(9), HCC_OP_I32_NE, SET(1), END, STEP(0, 1), GET(1), AGAIN(0), END),
      /* a test that another way to the same end has not passed; a step of another length */
      LOOP(BLOCK, BLOCK, GET(1), OUT(0), GET(0), N(9), HCC_OP_I32_EQ, OUT(3), HCC_OP_BR, 1, END,
           END, STEP(0, 1), GET(1), AGAIN(0), END),
      LOOP(BLOCK, BLOCK, GET(1), OUT(0), STEP(0, 1), HCC_OP_BR, 1, END, STEP(0, 2), END, ENDS),
      LOOP(BLOCK, BLOCK, GET(1), OUT(0), STEP(0, 1), HCC_OP_BR, 1, END, END, ENDS),
      LOOP(GET(0), N(9), HCC_OP_I32_EQ, OUT(1), IF(1), STEP(0, 1), END, GET(1), AGAIN(0), END),
      LOOP(GET(0), N(9), HCC_OP_I32_EQ, OUT(1), SUM(0, 1, 1), GET(1), AGAIN(0), END),
      LOOP(GET(0), GET(1), LOAD(0), HCC_OP_I32_EQ, OUT(1), STEP(0, 1), GET(1), AGAIN(0), END),
      LOOP(GET(1), LOAD(0), GET(0), HCC_OP_I32_EQ, OUT(1), STEP(0, 1), GET(1), AGAIN(0), END),
      LOOP(STEP(0, 1), GET(1), GET(0), N(9), HCC_OP_I32_NE, SET(1), AGAIN(0), END),
      LOOP(BLOCK, GET(0), N(9), HCC_OP_I32_NE, SET(1), GET(0), OUT(0), N(1), SET(1), END,
           STEP(0, 1), GET(1), AGAIN(0), END),
      LOOP(STEP(0, 1), GET(0), GET(0), GET(0), HCC_OP_CALL_INDIRECT, 0, 0, ENDS),
      LOOP(STEP(0, 1), GET(0), GET(0), HCC_OP_CALL, 0, ENDS),
      LOOP(STEP(0, 1), HCC_OP_LOOP, UNIT, END, ENDS),
      LOOP(STEP(0, 1), BLOCK, GET(1), HCC_OP_BR_TABLE, 0, 0, END, ENDS),
      LOOP(STEP(0, 1), GET(0), GET(0), GET(0), 0xfc, 0x0b, 0, ENDS), /* memory.fill */
#undef ENDS
  };
  (void)state;
  for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
    if (bound_of(loops[i].code, loops[i].size).found) {
      fail_msg("loop %zu", i);
    }
  }
}

/* One that is too long, too deep, or sets too much is none. */
static void not_found__too_large(void **state) {
  static const uint8_t turn[] = {STEP(0, 1), GET(0), N(9), HCC_OP_I32_NE, AGAIN(0), END};
  (void)state;
  for (uint32_t large = 0; large < 2; large++) {
    uint8_t code[1200] = {HCC_OP_LOOP, UNIT};
    size_t size = 2;
    for (; size < (large ? 1100 : 900); size++) {
      code[size] = HCC_OP_NOP;
    }
    memcpy(code + size, turn, sizeof turn);
    assert_int_equal(bound_of(code, size + sizeof turn).found, !large);
  }
  for (uint32_t depth = 6; depth < 9; depth++) {
    uint8_t code[64] = {HCC_OP_LOOP, UNIT};
    size_t size = 2;
    for (uint32_t i = 0; i < depth; i++) {
      code[size++] = HCC_OP_BLOCK;
      code[size++] = UNIT;
    }
    for (uint32_t i = 0; i < depth; i++) {
      code[size++] = END;
    }
    memcpy(code + size, turn, sizeof turn);
    assert_int_equal(bound_of(code, size + sizeof turn).found, depth < 8);
  }
}

/* Both copies stand in an if of ours, which branches that leave lead past. */
static void two_copies(void **state) {
  enum { FUEL_LEFT = 1 };
  fixture f;
  (void)state;
#define TURN(by)                                                                                   \
  HCC_OP_LOOP, UNIT, GET(0), N(9), HCC_OP_I32_EQ, OUT(1), STEP(0, by), GET(0), AGAIN(0), END
#define DISTANCE N(9), GET(0), N(0), HCC_OP_I32_ADD, HCC_OP_I32_SUB, HCC_OP_I64_EXTEND_I32_U
  WITH_BODY(&f, TURN(1));
  rewrite(&f, METER);
  HAS(&f, GET(FUEL_LEFT), DISTANCE, HCC_OP_I64_CONST, 1, HCC_OP_I64_ADD, HCC_OP_I64_CONST, 10,
      HCC_OP_I64_MUL, HCC_OP_I64_GE_S, HCC_OP_IF, UNIT);
  HAS(&f, HCC_OP_LOOP, UNIT, GET(FUEL_LEFT), HCC_OP_I64_CONST, 10, HCC_OP_I64_SUB, SET(FUEL_LEFT),
      GET(0), N(9), HCC_OP_I32_EQ, OUT(2));
  HAS(&f, HCC_OP_ELSE);
  HAS(&f, HCC_OP_LOOP, UNIT, GET(FUEL_LEFT), HCC_OP_I64_CONST, 10, HCC_OP_I64_SUB, HCC_OP_LOCAL_TEE,
      FUEL_LEFT, HCC_OP_I64_CONST, 0, HCC_OP_I64_LT_S);
  end(&f);
  WITH_BODY(&f, TURN(3));
  rewrite(&f, METER);
  HAS(&f, DISTANCE, HCC_OP_I64_CONST, 3, HCC_OP_I64_DIV_U);
  HAS(&f, HCC_OP_I64_GE_S, DISTANCE, HCC_OP_I64_CONST, 3, HCC_OP_I64_REM_U, HCC_OP_I64_EQZ,
      HCC_OP_I32_AND, HCC_OP_IF, UNIT);
  end(&f);
#undef DISTANCE
#undef TURN
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, GET(0), N(9), HCC_OP_I32_GE_U, OUT(1), STEP(0, 1), HCC_OP_BR, 0,
            END);
  rewrite(&f, METER);
  HAS(&f, HCC_OP_I64_GE_S, GET(0), N(0), HCC_OP_I32_ADD, N(9), HCC_OP_I32_GT_U, HCC_OP_I32_EQZ,
      HCC_OP_I32_AND, HCC_OP_IF, UNIT);
  end(&f);
}

/* Nor if it would need more than a slice, most likely. */
static void one_copy(void **state) {
  static const uint8_t both[] = {HCC_OP_I64_GE_S, HCC_OP_IF};
  fixture f;
  (void)state;
#define UNTIL(...)                                                                                 \
  HCC_OP_LOOP, UNIT, GET(0), HCC_OP_I32_CONST, __VA_ARGS__, HCC_OP_I32_EQ, OUT(1), STEP(0, 1),     \
      GET(0), AGAIN(0), END
  WITH_BODY(&f, UNTIL(0x80, 0xc0, 0)); /* 8,192 of 10 units */
  rewrite(&f, METER);
  assert_true(has_bytes(&f.out, both, sizeof both));
  end(&f);
  WITH_BODY(&f, UNTIL(0x80, 0x80, 1));
  rewrite(&f, METER);
  assert_false(has_bytes(&f.out, both, sizeof both));
  end(&f);
  WITH_BODY(&f, UNTIL(9));
  rewrite(&f, PLAIN);
  assert_false(has_bytes(&f.out, both, 1));
  end(&f);
#undef UNTIL
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(found__where_it_is_compared),
      cmocka_unit_test(found__on_all_ways),
      cmocka_unit_test(not_found),
      cmocka_unit_test(not_found__too_large),
      cmocka_unit_test(two_copies),
      cmocka_unit_test(one_copy),
  };
  return cmocka_run_group_tests_name("rewrite_bound", tests, NULL, NULL);
}
