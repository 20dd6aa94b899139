/* rewrite_near_test.c - accesses near an earlier one: those that take its address, those that are
 * compared together, and selects that are a minimum or a maximum. */
#include "rewrite_kit.h"

/* How far each access of the body of type (i32 i32)->() is above the one whose address it takes; 0
 * if it keeps its own. Stores put values of these types aside. */
static uint32_t look_for_near(uint32_t *above, uint32_t room, uint32_t *values, const uint8_t *code,
                              size_t size) {
  fixture f;
  load_two_params(&f, code, size);
  hcc__rw rw = {.m = f.m, .err = &f.err};
  hcc_reader r = {f.m->bytes, f.m->funcs[1].code.begin, f.m->funcs[1].code.end};
  uint32_t count = 0;
  hcc_buf_init(&rw.near, SIZE_MAX);
  *values = 0;
  assert_int_equal(hcc__rw_near_of(values, &rw, &f.m->funcs[1]), 0);
  const hcc__rw_near *near = (const hcc__rw_near *)(const void *)rw.near.data;
  const hcc__rw_near *last = near + rw.near.size / sizeof *near;
  while (r.pos < r.end) {
    hcc_instr i;
    assert_int_equal(hcc_instr_next(&i, &r, &f.err), 0);
    if (i.info->imm == HCC_IMM_MEMARG) {
      assert_true(count < room);
      above[count++] = near < last && near->begin == i.begin ? near++->above : 0;
    }
  }
  assert_ptr_equal(near, last);
  hcc_buf_free(&rw.near);
  end(&f);
  return count;
}

#define EXPECT_NEAR(values_expected, expected, ...)                                                \
  do {                                                                                             \
    static const uint32_t want[] = {LIST expected};                                                \
    uint32_t above[sizeof want / sizeof *want], values;                                            \
    const uint8_t code[] = {__VA_ARGS__};                                                          \
    assert_int_equal(look_for_near(above, sizeof want / sizeof *want, &values, code, sizeof code), \
                     sizeof want / sizeof *want);                                                  \
    assert_memory_equal(above, want, sizeof want);                                                 \
    assert_int_equal(values, values_expected);                                                     \
  } while (0)
#define X HCC_OP_LOCAL_GET, 0
#define Y HCC_OP_LOCAL_GET, 1
#define PLUS(...) HCC_OP_I32_CONST, __VA_ARGS__, HCC_OP_I32_ADD
#define READ LOAD(0), HCC_OP_DROP
#define WRITE HCC_OP_I32_STORE, 0, 0

static void near__found(void **state) {
  (void)state;
  EXPECT_NEAR(0, (0, 8, 0, 4), X, READ, X, PLUS(8), READ, Y, READ, Y, PLUS(4), READ);
  /* not below the first; from each that is known, the one found first */
  EXPECT_NEAR(0, (0, 0, 4, 4), X, PLUS(8), READ, X, PLUS(4), READ, X, PLUS(12), READ, X, PLUS(12),
              READ);
  /* through locals, subtraction, numbers on the left; a load's result is an address too */
  EXPECT_NEAR(0, (0, 0, 3, 4), X, LOAD(0), HCC_OP_LOCAL_TEE, 1, READ, Y, PLUS(5), HCC_OP_I32_CONST,
              2, HCC_OP_I32_SUB, READ, HCC_OP_I32_CONST, 4, Y, HCC_OP_I32_ADD, READ);
  /* stores, their values aside; select, drop and a branch that is not taken leave what is below */
  EXPECT_NEAR(1, (0, 4, 8), X, Y, WRITE, X, PLUS(4), Y, Y, Y, HCC_OP_SELECT, WRITE, X, PLUS(8), Y,
              HCC_OP_I32_EQZ, HCC_OP_BR_IF, 0, Y, HCC_OP_DROP, READ);
  EXPECT_NEAR(2, (0, 4), X, Y, WRITE, X, PLUS(4), HCC_OP_I64_CONST, 1, HCC_OP_I64_STORE, 0, 0);
}

/* Nothing holds beyond where ways meet, or for a local that is set. */
static void near__forgotten(void **state) {
  (void)state;
#define EMPTY HCC_OP_BLOCK, UNIT
  EXPECT_NEAR(0, (0, 0), X, READ, HCC_OP_LOOP, UNIT, X, PLUS(8), READ, HCC_OP_END);
  EXPECT_NEAR(0, (0, 4, 0), X, READ, EMPTY, X, PLUS(4), READ, HCC_OP_END, X, PLUS(8), READ);
  EXPECT_NEAR(0, (0, 4, 0), X, READ, Y, HCC_OP_IF, UNIT, X, PLUS(4), READ, HCC_OP_ELSE, X, PLUS(8),
              READ, HCC_OP_END);
  EXPECT_NEAR(0, (0, 0), X, READ, Y, HCC_OP_LOCAL_SET, 0, X, PLUS(8), READ);
  EXPECT_NEAR(0, (0, 0), X, READ, Y, X, HCC_OP_I32_SUB, PLUS(8), READ);
  EXPECT_NEAR(0, (0, 0), X, READ, HCC_OP_I32_CONST, 1, X, HCC_OP_I32_SUB, READ);
  EXPECT_NEAR(0, (0, 0), X, READ, X, HCC_OP_I32_CONST, 1, HCC_OP_I32_MUL, READ);
#undef EMPTY
}

/* How many runs the body of type (i32 i32)->() has, and the last one. */
static uint32_t look_for_runs(hcc__rw_run *last, const uint8_t *code, size_t size) {
  fixture f;
  uint32_t values = 0;
  load_two_params(&f, code, size);
  hcc__rw rw = {.m = f.m, .err = &f.err, .options.looks = true};
  hcc_buf_init(&rw.near, SIZE_MAX);
  hcc_buf_init(&rw.runs, SIZE_MAX);
  assert_int_equal(hcc__rw_near_of(&values, &rw, &f.m->funcs[1]), 0);
  const hcc__rw_run *runs = (const hcc__rw_run *)(const void *)rw.runs.data;
  uint32_t count = (uint32_t)(rw.runs.size / sizeof *runs);
  if (count != 0) {
    *last = runs[count - 1];
    last->begin -= (uint32_t)f.m->funcs[1].code.begin;
    last->end -= (uint32_t)f.m->funcs[1].code.begin;
  }
  hcc_buf_free(&rw.runs);
  hcc_buf_free(&rw.near);
  end(&f);
  return count;
}

#define RUNS_OF(last, ...)                                                                         \
  look_for_runs(last, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define READ_AT(...) LOAD(__VA_ARGS__), HCC_OP_DROP

static void assert_look(const hcc__rw_run *run, uint32_t l, uint32_t local, uint32_t low,
                        uint64_t end, uint32_t ends) {
  assert_true(l < run->looks);
  assert_int_equal(run->look[l].local, local);
  assert_int_equal(run->look[l].low, low);
  assert_int_equal(run->look[l].end, end);
  assert_int_equal(run->look[l].ends, ends);
}

static void run__found(void **state) {
  hcc__rw_run run;
  (void)state;
  /* from the statement of its first access to that of its last */
  assert_int_equal(RUNS_OF(&run, Y, HCC_OP_DROP, X, READ_AT(4), X, READ_AT(8), Y, HCC_OP_DROP), 1);
  assert_true(run.begin == 3 && run.end == 15 && !run.split && run.looks == 1);
  assert_look(&run, 0, 0, 0, 12, 2);
  /* the lowest address and the highest end, in any order; a sum that is below the local */
  assert_int_equal(RUNS_OF(&run, X, PLUS(16), READ, X, PLUS(0x78), READ_AT(3), X, READ_AT(17)), 1);
  assert_look(&run, 0, 0, (uint32_t)-8, 29, 3);
  /* the value that a local.tee leaves is the first one of the run */
  assert_int_equal(RUNS_OF(&run, Y, Y, HCC_OP_I32_MUL, HCC_OP_LOCAL_TEE, 0, READ, X, READ_AT(4)),
                   1);
  assert_true(run.begin == 5 && run.end == 17 && run.split);
  assert_look(&run, 0, 0, 0, 8, 2);
  /* two locals; what is left on the stack below */
  assert_int_equal(RUNS_OF(&run, X, X, HCC_OP_BR_IF, 0, X, READ, Y, READ, X, READ_AT(4), Y,
                           READ_AT(8), HCC_OP_DROP),
                   1);
  assert_true(run.begin == 6 && run.end == 30 && run.looks == 2);
  assert_look(&run, 0, 0, 0, 8, 2);
  assert_look(&run, 1, 1, 0, 12, 2);
  /* a local that is set in between: what it held where the run begins */
  assert_int_equal(RUNS_OF(&run, X, LOAD(4), X, READ_AT(8), HCC_OP_LOCAL_SET, 0, X, READ, X,
                           READ_AT(4), X, READ_AT(8)),
                   2);
  assert_int_equal(run.begin, 13);
  assert_look(&run, 0, 0, 0, 12, 3);
}

static void run__not_found(void **state) {
  hcc__rw_run run;
  (void)state;
  assert_int_equal(RUNS_OF(&run, X, READ, Y, READ_AT(4)), 0);
  assert_int_equal(RUNS_OF(&run, X, X, LOAD(0), WRITE), 0); /* clang knows equal ones */
  assert_int_equal(RUNS_OF(&run, X, READ, Y, HCC_OP_BR_IF, 0, X, READ_AT(8)), 0);
  assert_int_equal(RUNS_OF(&run, X, READ, X, X, HCC_OP_CALL, 0, X, READ_AT(8)), 0);
  assert_int_equal(RUNS_OF(&run, X, READ, X, X, X, 0xfc, 10, 0, 0 /* memory.copy */, X, READ_AT(8)),
                   0);
  assert_int_equal(RUNS_OF(&run, X, READ, X, PLUS(0x80, 0x80, 0xc0, 0x00), READ), 0); /* 2^20 */
  /* what was there before is taken off the stack */
  assert_int_equal(RUNS_OF(&run, Y, X, HCC_OP_BR_IF, 0, X, LOAD(0), HCC_OP_I32_ADD, X, LOAD(8),
                           HCC_OP_I32_ADD, HCC_OP_DROP),
                   0);
  /* it does not come back to where it began */
  assert_int_equal(RUNS_OF(&run, X, LOAD(0), X, LOAD(8), HCC_OP_I32_ADD, HCC_OP_BR_IF, 0), 0);
}

/* Runs are large: those of a body are no more than so many, the first ones. */
static void run__so_many_in_a_body(void **state) {
  static const uint8_t code[] = {X, READ, X, READ_AT(4), HCC_OP_BLOCK, UNIT, HCC_OP_END};
  hcc__rw_run run;
  hcc_buf body;
  (void)state;
  hcc_buf_init(&body, 1 << 24);
  for (uint32_t i = 0; i < HCC_RW_RUNS + 100; i++) {
    hcc_buf_add(&body, code, sizeof code);
  }
  assert_int_equal(look_for_runs(&run, body.data, body.size), HCC_RW_RUNS);
  assert_int_equal(run.begin, (HCC_RW_RUNS - 1) * sizeof code);
  hcc_buf_free(&body);
}

static void run__is_written_twice(void **state) {
  static const hcc_rewrite_options looks = {.meter = true, .marks = true, .looks = true};
  enum { FUEL = 1, MARK_AT, LOOK_AT, SEEN };
  fixture f;
  (void)state;
#define SAW(offset)                                                                                \
  HCC_OP_I32_CONST, 0, HCC_OP_I64_CONST, 0, HCC_OP_I32_CONST, offset, HCC_OP_CALL, SEEN,           \
      HCC_OP_I32_CONST, 0xfe, 0xff, 0xff, 0xff, 7, HCC_OP_CALL, MARK_AT
  WITH_BODY(&f, X, HCC_OP_LOCAL_TEE, 0, READ_AT(4), X, HCC_OP_I32_CONST, 7, HCC_OP_I32_STORE8, 0,
            9);
  rewrite(&f, looks);
  HAS(&f, HCC_OP_LOCAL_SET, 0, HCC_OP_I32_CONST, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 0,
      HCC_OP_I32_ADD, HCC_OP_I64_CONST, 1, HCC_OP_I32_CONST, 0, HCC_OP_I64_CONST, 10, HCC_OP_CALL,
      LOOK_AT, HCC_OP_IF, UNIT, X, SAW(4), READ_AT(4), X, HCC_OP_I32_CONST, 7, SAW(9),
      HCC_OP_I32_STORE8, 0, 9, HCC_OP_ELSE, X, HCC_OP_I32_CONST);
  HAS(&f, HCC_OP_I32_STORE8, 0, 9, HCC_OP_UNREACHABLE, HCC_OP_END);
#undef SAW
  end(&f);
}

/* Of the one select in the body. */
static int look_for_order(const uint8_t *code, size_t size) {
  fixture f;
  uint32_t values = 0;
  int found = -1;
  load_two_params(&f, code, size);
  hcc__rw rw = {.m = f.m, .err = &f.err};
  hcc_reader r = {f.m->bytes, f.m->funcs[1].code.begin, f.m->funcs[1].code.end};
  hcc_buf_init(&rw.near, SIZE_MAX);
  assert_int_equal(hcc__rw_near_of(&values, &rw, &f.m->funcs[1]), 0);
  while (r.pos < r.end) {
    hcc_instr i;
    assert_int_equal(hcc_instr_next(&i, &r, &f.err), 0);
    const hcc__rw_near *near = hcc__rw_near_at(&rw, &i);
    if (near != NULL) {
      assert_int_equal(i.code, HCC_OP_SELECT);
      found = (int)near->order;
    }
  }
  hcc_buf_free(&rw.near);
  end(&f);
  return found;
}

#define ORDER(...)                                                                                 \
  look_for_order((const uint8_t[]){__VA_ARGS__, HCC_OP_SELECT, HCC_OP_DROP},                       \
                 sizeof((const uint8_t[]){__VA_ARGS__, HCC_OP_SELECT, HCC_OP_DROP}))

static void order__found(void **state) {
  (void)state;
  assert_int_equal(ORDER(X, Y, X, Y, HCC_OP_I32_LT_S), HCC_RW_MIN);
  assert_int_equal(ORDER(X, Y, X, Y, HCC_OP_I32_LE_S), HCC_RW_MIN);
  assert_int_equal(ORDER(X, Y, X, Y, HCC_OP_I32_GT_S), HCC_RW_MAX);
  assert_int_equal(ORDER(X, Y, X, Y, HCC_OP_I32_GE_S), HCC_RW_MAX);
  assert_int_equal(ORDER(X, Y, X, Y, HCC_OP_I32_LT_U), HCC_RW_UMIN);
  assert_int_equal(ORDER(X, Y, X, Y, HCC_OP_I32_LE_U), HCC_RW_UMIN);
  assert_int_equal(ORDER(X, Y, X, Y, HCC_OP_I32_GT_U), HCC_RW_UMAX);
  assert_int_equal(ORDER(X, Y, X, Y, HCC_OP_I32_GE_U), HCC_RW_UMAX);
  assert_int_equal(ORDER(X, Y, Y, X, HCC_OP_I32_LT_S), HCC_RW_MAX);
  assert_int_equal(ORDER(X, Y, Y, X, HCC_OP_I32_GE_U), HCC_RW_UMIN);
  /* a load, a number; the condition through a local */
  assert_int_equal(
      ORDER(X, Y, LOAD(0), HCC_OP_LOCAL_TEE, 1, X, Y, HCC_OP_I32_LT_S, HCC_OP_LOCAL_TEE, 1),
      HCC_RW_MIN);
  assert_int_equal(ORDER(X, HCC_OP_I32_CONST, 5, X, HCC_OP_I32_CONST, 5, HCC_OP_I32_LT_S),
                   HCC_RW_MIN);
}

static void order__not_found(void **state) {
  (void)state;
  assert_int_equal(ORDER(X, Y, X, Y, HCC_OP_I32_NE), -1);
  assert_int_equal(ORDER(X, Y, X, Y, HCC_OP_I32_LT_S, HCC_OP_I32_EQZ), -1);
  assert_int_equal(ORDER(X, Y, X, X, HCC_OP_I32_LT_S), -1);
  assert_int_equal(ORDER(X, X, X, Y, HCC_OP_I32_LT_S), -1);
  assert_int_equal(ORDER(X, Y, X, PLUS(1), Y, HCC_OP_I32_LT_S), -1);
  assert_int_equal(ORDER(X, Y, X, PLUS(1), HCC_OP_LOCAL_SET, 0, X, Y, HCC_OP_I32_LT_S), -1);
  assert_int_equal(ORDER(X, LOAD(0), Y, X, LOAD(0), Y, HCC_OP_I32_LT_S), -1);
  assert_int_equal(
      ORDER(X, Y, HCC_OP_LOCAL_GET, 0, Y, HCC_OP_I32_LT_S, HCC_OP_BLOCK, UNIT, HCC_OP_END),
      -1); /* as far as the walk knows */
}

static void near__limits(void **state) {
  (void)state;
  /* numbers are clang's business; 2^20 - 1 is near, 2^20 is not; an offset has 32 bits */
  EXPECT_NEAR(0, (0, 0), HCC_OP_I32_CONST, 0, READ, HCC_OP_I32_CONST, 4, READ);
  EXPECT_NEAR(0, (0, (1 << 20) - 1, 0), X, READ, X, PLUS(0xff, 0xff, 0x3f), READ, X,
              PLUS(0x80, 0x80, 0xc0, 0x00), READ);
  EXPECT_NEAR(0, (0, 1, 0), X, READ, X, PLUS(1), LOAD(0xfe, 0xff, 0xff, 0xff, 0x0f), HCC_OP_DROP, X,
              PLUS(1), LOAD(0xff, 0xff, 0xff, 0xff, 0x0f), HCC_OP_DROP);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(run__found),
      cmocka_unit_test(run__not_found),
      cmocka_unit_test(run__is_written_twice),
      cmocka_unit_test(run__so_many_in_a_body),
      cmocka_unit_test(near__found),
      cmocka_unit_test(near__forgotten),
      cmocka_unit_test(near__limits),
      cmocka_unit_test(order__found),
      cmocka_unit_test(order__not_found),
  };
  return cmocka_run_group_tests_name("rewrite_near", tests, NULL, NULL);
}
