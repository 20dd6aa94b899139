/* rewrite_shift_test.c - variables that are held with a constant added: which writes of a local
 * reach which reads, what is a gain, and what is written. */
#include "rewrite_kit.h"

/* How much each local.get, local.set and local.tee of the body of type (i32 i32)->() is shifted by.
 */
static uint32_t look_for_shifts(uint32_t *by, uint32_t room, bool costs, const uint8_t *code,
                                size_t size) {
  fixture f;
  hcc__rw_locals locals;
  hcc_instr i;
  uint32_t count = 0;
  load_two_params(&f, code, size);
  hcc__rw rw = {.m = f.m, .err = &f.err, .options = ALL};
  hcc_reader r = {f.m->bytes, f.m->funcs[1].code.begin, f.m->funcs[1].code.end};
  hcc_buf_init(&rw.shifts, SIZE_MAX);
  hcc_buf_init(&rw.costs, SIZE_MAX);
  assert_int_equal(hcc__flow_new(&rw.flow, &f.err), 0);
  if (costs) {
    assert_int_equal(hcc__rw_costs(&locals, &rw, &f.m->funcs[1]), 0);
  }
  assert_int_equal(hcc__rw_shifts_of(&rw, &f.m->funcs[1]), 0);
  while (r.pos < r.end) {
    assert_int_equal(hcc_instr_next(&i, &r, &f.err), 0);
    if (i.info->imm == HCC_IMM_LOCAL) {
      assert_true(count < room);
      by[count++] = hcc__rw_shift_at(&rw, &i);
    }
  }
  hcc__flow_free(&rw.flow);
  hcc_buf_free(&rw.costs);
  hcc_buf_free(&rw.shifts);
  end(&f);
  return count;
}

#define EXPECT_IN(costs, expected, ...)                                                            \
  do {                                                                                             \
    static const uint32_t want[] = {LIST expected};                                                \
    uint32_t by[sizeof want / sizeof *want];                                                       \
    const uint8_t code[] = {__VA_ARGS__};                                                          \
    assert_int_equal(look_for_shifts(by, sizeof want / sizeof *want, costs, code, sizeof code),    \
                     sizeof want / sizeof *want);                                                  \
    assert_memory_equal(by, want, sizeof want);                                                    \
  } while (0)
#define EXPECT(expected, ...) EXPECT_IN(false, expected, __VA_ARGS__)
#define GET(local) HCC_OP_LOCAL_GET, local
#define SET(local) HCC_OP_LOCAL_SET, local
#define TEE(local) HCC_OP_LOCAL_TEE, local
#define NUMBER(...) HCC_OP_I32_CONST, __VA_ARGS__
#define PLUS(...) NUMBER(__VA_ARGS__), HCC_OP_I32_ADD
#define KIB 0x80, 0x08 /* 1024 */
#define READ LOAD(0), HCC_OP_DROP
#define TURN HCC_OP_LOOP, UNIT
#define AGAIN HCC_OP_BR_IF, 0, HCC_OP_END
#define K 1024

/* An index that steps through a static array, up to a number. */
#define STEPS GET(0), PLUS(1), TEE(0), NUMBER(9), HCC_OP_I32_NE, AGAIN

static void shift__found(void **state) {
  (void)state;
  EXPECT((K, K, K, K), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, STEPS);
  /* the next element is as good, if the index goes on to it */
  EXPECT((K, K, K, K, K), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, GET(0),
         PLUS(0x81, 0x08), READ, STEPS);
  /* what is set nowhere in the loop is got before it */
  EXPECT((K, K, K, K, 0, 0, 0), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, STEPS, NUMBER(0),
         SET(0), GET(0), GET(0), HCC_OP_I32_LT_U, HCC_OP_DROP);
}

static void shift__not_found(void **state) {
  (void)state;
  /* a step, nothing in the memory, no sum */
  EXPECT((0, 0, 0, 0), NUMBER(0), SET(0), TURN, GET(0), PLUS(0xff, 0x07), READ, STEPS);
  EXPECT((0, 0, 0, 0), NUMBER(0), SET(0), TURN, GET(0), PLUS(0x80, 0x80, 0x04), READ, STEPS);
  EXPECT((0, 0, 0, 0), NUMBER(0), SET(0), TURN, GET(0), NUMBER(KIB), HCC_OP_I32_SUB, READ, STEPS);
  /* in no loop */
  EXPECT((0, 0), NUMBER(0), SET(0), GET(0), PLUS(KIB), READ);
  /* as much is lost: it is compared, stored, an address itself, or made anew in each turn */
  EXPECT((0, 0, 0, 0), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, GET(0), PLUS(1), TEE(0),
         NUMBER(9), HCC_OP_I32_LT_U, AGAIN);
  EXPECT((0, 0, 0, 0, 0), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), GET(0), HCC_OP_I32_STORE, 0,
         0, STEPS);
  EXPECT((0, 0, 0, 0, 0), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, GET(0), READ, STEPS);
  EXPECT((0, 0, 0), TURN, GET(1), LOAD(0), TEE(0), PLUS(KIB), READ, GET(0), AGAIN);
  /* what it is where the function begins */
  EXPECT((0, 0, 0), TURN, GET(0), PLUS(KIB), READ, STEPS);
  /* of code that can't run nothing is known */
  EXPECT((0, 0, 0, 0), HCC_OP_RETURN, NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, STEPS);
}

/* A loop whose turns wait for what was read: it is worth as many instructions more. */
static void shift__computed(void **state) {
  (void)state;
#define BY_READ GET(0), PLUS(KIB), LOAD(0), GET(0), HCC_OP_I32_ADD, TEE(0)
#define LESS NUMBER(9), HCC_OP_I32_LT_U, AGAIN
  EXPECT((K, K, K, K), NUMBER(0), SET(0), TURN, BY_READ, LESS);
  EXPECT((K, K, 0, K, 0, K), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), LOAD(0), SET(1), GET(0),
         GET(1), HCC_OP_I32_ADD, TEE(0), LESS);
  /* by what is the same in all turns */
  EXPECT((0, 0, 0, 0, 0), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, GET(0), GET(1),
         HCC_OP_I32_ADD, TEE(0), LESS);
#undef BY_READ
#undef LESS
}

/* One local after the other, and several locals for one. */
static void shift__webs(void **state) {
  (void)state;
  /* what is in the local behind the loop has to do with the loop only if it is read */
  EXPECT((K, K, K, K, 0, 0), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, STEPS, NUMBER(5),
         SET(0), GET(0), HCC_OP_DROP);
  EXPECT((K, K, K, K, 0, K, K), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, STEPS, GET(1),
         HCC_OP_IF, UNIT, NUMBER(5), SET(0), HCC_OP_END, GET(0), HCC_OP_DROP);
  /* both arms; a way that leaves the block early; a table of them */
  EXPECT((0, K, K, K, K, K), GET(1), HCC_OP_IF, UNIT, NUMBER(1), SET(0), HCC_OP_ELSE, NUMBER(2),
         SET(0), HCC_OP_END, TURN, GET(0), PLUS(KIB), READ, STEPS);
  EXPECT((K, 0, K, K, K, K), HCC_OP_BLOCK, UNIT, NUMBER(1), SET(0), GET(1), HCC_OP_BR_IF, 0,
         NUMBER(2), SET(0), HCC_OP_END, TURN, GET(0), PLUS(KIB), READ, STEPS);
  EXPECT((K, 0, K, K, K, K), HCC_OP_BLOCK, UNIT, NUMBER(1), SET(0), HCC_OP_BLOCK, UNIT, GET(1),
         HCC_OP_BR_TABLE, 1, 0, 1, HCC_OP_END, NUMBER(2), SET(0), HCC_OP_END, TURN, GET(0),
         PLUS(KIB), READ, STEPS);
  /* one of them is what the function begins with */
  EXPECT((0, 0, 0, 0, 0), GET(1), HCC_OP_IF, UNIT, NUMBER(1), SET(0), HCC_OP_END, TURN, GET(0),
         PLUS(KIB), READ, STEPS);
  /* copies to and fro: the sum is of one, the other holds the like */
  EXPECT((K, K, K, K, K, K, K), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, GET(0), PLUS(1),
         TEE(1), SET(0), GET(1), PLUS(KIB), READ, GET(0), AGAIN);
}

/* Before a loop that is written twice other code of ours reads locals. */
static void shift__not_of_counted_loops(void **state) {
  (void)state;
  EXPECT_IN(true, (0, 0, 0, 0), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, STEPS);
  EXPECT_IN(true, (0, 0, 0, 0, K, K, K, K), NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, STEPS,
            NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), LOAD(0), HCC_OP_BR_IF, 1, STEPS);
}

static void shift__is_written(void **state) {
  static const hcc_rewrite_options engine = {
      .meter = true, .marks = true, .helpers = true, .blocks = true};
  static const hcc_rewrite_options bounds = {
      .meter = true, .marks = true, .helpers = true, .looks = true};
  const hcc_rewrite_options *others[] = {&BOTH, &engine, &bounds};
  fixture f;
  (void)state;
#define SOME_LOOP                                                                                  \
  NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), LOAD(0), HCC_OP_BR_IF, 1, GET(0), PLUS(1), TEE(0),   \
      NUMBER(9), HCC_OP_I32_NE, AGAIN
#define LESS_KIB NUMBER(0x80, 0x78), HCC_OP_I32_ADD
  WITH_BODY(&f, SOME_LOOP);
  rewrite(&f, ALL);
  HAS(&f, NUMBER(0), PLUS(KIB), SET(0));
  HAS(&f, GET(0), LESS_KIB, PLUS(KIB));
  HAS(&f, GET(0), LESS_KIB, PLUS(1), PLUS(KIB), TEE(0), LESS_KIB, NUMBER(9), HCC_OP_I32_NE);
  end(&f);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    WITH_BODY(&f, SOME_LOOP);
    rewrite(&f, *others[i]);
    HAS(&f, GET(0), PLUS(1), TEE(0), NUMBER(9), HCC_OP_I32_NE);
    end(&f);
  }
#undef SOME_LOOP
#undef LESS_KIB
}

/* Of a body that is too large nothing is known; it takes no time either. */
static void shift__of_a_large_body(void **state) {
  static const uint8_t loop[] = {NUMBER(0), SET(0), TURN, GET(0), PLUS(KIB), READ, STEPS};
  static const uint8_t more[] = {TURN, GET(0), AGAIN};
  hcc_buf body;
  (void)state;
  for (uint32_t large = 0; large < 2; large++) {
    uint32_t loops = large != 0 ? 1u << 17 : 1000, *by = calloc(loops + 4, sizeof *by);
    assert_non_null(by);
    hcc_buf_init(&body, 1 << 24);
    hcc_buf_add(&body, loop, sizeof loop);
    for (uint32_t i = 0; i < loops; i++) {
      hcc_buf_add(&body, more, sizeof more);
    }
    assert_int_equal(look_for_shifts(by, loops + 4, false, body.data, body.size), loops + 4);
    assert_int_equal(by[0], large != 0 ? 0 : K);
    assert_int_equal(by[loops + 3], large != 0 ? 0 : K);
    hcc_buf_free(&body);
    free(by);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shift__found),
      cmocka_unit_test(shift__not_found),
      cmocka_unit_test(shift__computed),
      cmocka_unit_test(shift__webs),
      cmocka_unit_test(shift__not_of_counted_loops),
      cmocka_unit_test(shift__is_written),
      cmocka_unit_test(shift__of_a_large_body),
  };
  return cmocka_run_group_tests_name("rewrite_shift", tests, NULL, NULL);
}
