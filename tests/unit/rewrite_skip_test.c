/* rewrite_skip_test.c - which loops are known to have turns that may be short. One that is taken
 * for such a loop and is not would do something else in turns that are looked at in a row. */
#include "rewrite_kit.h"

/* What is known of the loop that the body of type (i32 i32)->() begins with. */
static bool find(hcc__rw_skip *skip, const uint8_t *code, size_t size) {
  fixture f;
  bool found = false;
  load_two_params(&f, code, size);
  hcc__rw rw = {.m = f.m, .err = &f.err};
  hcc_reader r = {f.m->bytes, f.m->funcs[1].code.begin + 2, f.m->funcs[1].code.end};
  assert_int_equal(hcc__rw_skip_of(&found, skip, &rw, r), 0);
  end(&f);
  return found;
}

#define GET(local) HCC_OP_LOCAL_GET, local
#define SET(local) HCC_OP_LOCAL_SET, local
#define TEE(local) HCC_OP_LOCAL_TEE, local
#define N(number) HCC_OP_I32_CONST, (number)&0x7f
#define STEP(local, by) GET(local), N(by), HCC_OP_I32_ADD, SET(local)
#define BR_IF(depth) HCC_OP_BR_IF, depth
#define BLOCK HCC_OP_BLOCK, UNIT
#define ASK GET(0), LOAD(0)
#define LAST GET(0), N(3), HCC_OP_I32_ADD, TEE(0), GET(1), HCC_OP_I32_NE, BR_IF(0)
#define INNER HCC_OP_LOOP, UNIT, GET(1), BR_IF(0), END
#define END HCC_OP_END

static void found(void **state) {
  static const uint8_t one[] = {HCC_OP_LOOP, UNIT, BLOCK, ASK, BR_IF(0), INNER, END, LAST, END};
  /* two blocks; a question that keeps what it has read; two steps, of which one is down */
  static const uint8_t two[] = {HCC_OP_LOOP, UNIT,     BLOCK,       BLOCK,    ASK,
                                TEE(1),      BR_IF(1), GET(1),      BR_IF(0), INNER,
                                END,         END,      STEP(1, -1), LAST,     END};
  hcc__rw_skip s;
  (void)state;
  assert_true(find(&s, one, sizeof one));
  assert_int_equal(s.blocks, 1);
  assert_int_equal(s.fuel, 3 + 7);
  assert_int_equal(s.steps, 1);
  assert_int_equal(s.step[0].local, 0);
  assert_int_equal(s.step[0].by, 3);
  assert_true(find(&s, two, sizeof two));
  assert_int_equal(s.blocks, 2);
  assert_int_equal(s.fuel, 4 + 4 + 7);
  assert_int_equal(s.steps, 2);
  assert_int_equal(s.step[0].local, 1);
  assert_int_equal(s.step[0].by, UINT32_MAX);
}

static void not_found(void **state) {
  static const loop_code loops[] = {
      LOOP(ASK, BR_IF(0), BLOCK, INNER, END, LAST, END), /* the question is not in the block */
      LOOP(BLOCK, BLOCK, ASK, BR_IF(0), INNER, END, END, LAST, END), /* leads to the inner one */
      LOOP(BLOCK, ASK, BR_IF(1), INNER, END, LAST, END),             /* to the next turn */
      LOOP(BLOCK, ASK, BR_IF(2), INNER, END, LAST, END),             /* out of the loop */
      LOOP(BLOCK, ASK, HCC_OP_BR_TABLE, 0, 0, END, LAST, END),
      LOOP(BLOCK, GET(0), GET(1), HCC_OP_I32_STORE, 0, 0, ASK, BR_IF(0), END, LAST, END),
      LOOP(BLOCK, GET(0), GET(1), HCC_OP_CALL, 0, ASK, BR_IF(0), END, LAST, END),
      LOOP(BLOCK, GET(1), ASK, BR_IF(0), HCC_OP_DROP, END, LAST, END), /* a value stays */
      LOOP(BLOCK, ASK, BR_IF(0), END, GET(0), GET(1), HCC_OP_CALL, 0, LAST, END),
      LOOP(BLOCK, ASK, BR_IF(0), END, GET(1), SET(0), LAST, END), /* can't be undone */
      LOOP(BLOCK, ASK, BR_IF(0), END, GET(1), N(3), HCC_OP_I32_ADD, SET(0), LAST, END),
      LOOP(BLOCK, ASK, BR_IF(0), END, GET(1), N(3), HCC_OP_I32_SUB, SET(1), LAST, END),
      LOOP(BLOCK, ASK, BR_IF(0), END, GET(1), GET(1), HCC_OP_I32_ADD, SET(1), LAST, END),
      LOOP(BLOCK, ASK, BR_IF(0), END, STEP(0, 1), LAST, END), /* twice */
      LOOP(BLOCK, ASK, BR_IF(0), END, LAST, STEP(0, 1), END), /* more behind it */
      LOOP(BLOCK, ASK, BR_IF(0), END, GET(0), BR_IF(1), END),
      LOOP(BLOCK, ASK, BR_IF(0), END, STEP(0, 1), END),
  };
  hcc__rw_skip s;
  (void)state;
  for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
    if (find(&s, loops[i].code, loops[i].size)) {
      fail_msg("loop %zu", i);
    }
  }
}

/* A question or a loop that is too long. */
static void not_found__too_large(void **state) {
  static const uint8_t head[] = {HCC_OP_LOOP, UNIT, BLOCK, ASK}, leave[] = {BR_IF(0)},
                       tail[] = {END, LAST, END};
  hcc__rw_skip s;
  (void)state;
  for (uint32_t more = 0; more < 20; more++) {
    for (uint32_t large = 0; large < 2; large++) {
      uint8_t code[6000];
      size_t size = sizeof head;
      memcpy(code, head, size);
      for (uint32_t i = 0; i < more; i++) {
        code[size++] = HCC_OP_I32_EQZ;
      }
      memcpy(code + size, leave, sizeof leave);
      size += sizeof leave;
      memset(code + size, HCC_OP_NOP, large ? 4100 : 4000);
      size += large ? 4100 : 4000;
      memcpy(code + size, tail, sizeof tail);
      assert_int_equal(find(&s, code, size + sizeof tail), more <= 14 && large == 0);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(found),
      cmocka_unit_test(not_found),
      cmocka_unit_test(not_found__too_large),
  };
  return cmocka_run_group_tests_name("rewrite_skip", tests, NULL, NULL);
}
