/* rewrite_loops_test.c - which loops are counted, what of their addresses is foreseen, and their
 * second copy. A loop that is taken for counted and is not would run unmetered. */
#include "rewrite_kit.h"

/* What is known of the loop that the body of type (i32 i32)->() begins with. */
static void look_at_loop(bool *found, hcc__rw_turns *turns, hcc__rw_sure *sure, const uint8_t *code,
                         size_t size) {
  fixture f;
  load_two_params(&f, code, size);
  hcc__rw rw = {.m = f.m, .err = &f.err};
  hcc_reader r = {f.m->bytes, f.m->funcs[1].code.begin + 2, f.m->funcs[1].code.end};
  assert_int_equal(hcc__rw_turns_of(found, turns, &rw, r), 0);
  if (*found) {
    assert_int_equal(hcc__rw_sure_of(sure, &rw, turns, r), 0);
  }
  end(&f);
}

#define LOOK(found, turns, sure, ...)                                                              \
  look_at_loop(found, turns, sure, (const uint8_t[]){HCC_OP_LOOP, UNIT, __VA_ARGS__},              \
               sizeof((const uint8_t[]){HCC_OP_LOOP, UNIT, __VA_ARGS__}))
#define STEP(local, by)                                                                            \
  HCC_OP_LOCAL_GET, local, HCC_OP_I32_CONST, (by)&0x7f, HCC_OP_I32_ADD, HCC_OP_LOCAL_TEE, local
#define SUM(local, of, by)                                                                         \
  HCC_OP_LOCAL_GET, of, HCC_OP_I32_CONST, (by)&0x7f, HCC_OP_I32_ADD, HCC_OP_LOCAL_TEE, local
#define BY(local, other)                                                                           \
  HCC_OP_LOCAL_GET, local, HCC_OP_LOCAL_GET, other, HCC_OP_I32_ADD, HCC_OP_LOCAL_TEE, local
#define IF(local) HCC_OP_LOCAL_GET, local, HCC_OP_IF, UNIT
#define AGAIN HCC_OP_BR_IF, 0, HCC_OP_END
#define UNTIL(number) HCC_OP_I32_CONST, number, HCC_OP_I32_NE, AGAIN

static void turns__found(void **state) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure sure;
  (void)state;
  LOOK(&found, &t, &sure, STEP(0, -1), AGAIN);
  assert_true(found && t.usual && t.local == 0 && t.down && t.step == 1);
  assert_true(!t.until_local && t.until == 0);
  LOOK(&found, &t, &sure, HCC_OP_NOP, STEP(0, 16), UNTIL(32));
  assert_true(found && t.usual && !t.down && t.step == 16 && !t.until_local && t.until == 32);
  assert_int_equal(t.above, 16);
  LOOK(&found, &t, &sure, STEP(0, 3), UNTIL(9));
  assert_true(found && t.usual && t.local == 0 && t.step == 3 && t.above == 3 && t.until == 9);
  LOOK(&found, &t, &sure, STEP(0, -20), HCC_OP_DROP, SUM(1, 0, 1), AGAIN);
  assert_true(found && !t.usual && t.local == 0 && t.down && t.step == 20 && t.until == 0);
  LOOK(&found, &t, &sure, HCC_OP_LOCAL_GET, 1, STEP(0, -4), HCC_OP_I32_NE, AGAIN);
  assert_true(found && !t.usual && t.local == 0 && t.down && t.step == 4 && t.until_local &&
              t.until == 1);
  LOOK(&found, &t, &sure, STEP(0, 1), HCC_OP_DROP, HCC_OP_LOCAL_GET, 0, AGAIN);
  assert_true(found && !t.usual && t.local == 0 && !t.down && t.step == 1 && t.above == 1 &&
              t.until == 0);
  /* another local, before and behind the step */
  LOOK(&found, &t, &sure, SUM(1, 0, 7), HCC_OP_DROP, STEP(0, 8), HCC_OP_DROP, HCC_OP_LOCAL_GET, 1,
       UNTIL(15));
  assert_true(found && !t.usual && t.local == 0 && t.step == 8 && t.above == 7 && t.until == 15);
  LOOK(&found, &t, &sure, STEP(0, 8), HCC_OP_DROP, SUM(1, 0, -1), UNTIL(15));
  assert_true(found && !t.usual && t.local == 0 && t.step == 8 && t.above == 7 && t.until == 15);
}

/* One that goes on while its local is less, moving up, or greater, moving down. */
static void turns__by_order(void **state) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure sure;
  (void)state;
  for (uint32_t code = HCC_OP_I32_EQ; code <= HCC_OP_I32_GE_U; code++) {
    bool up = code == HCC_OP_I32_LT_S || code == HCC_OP_I32_LT_U || code == HCC_OP_I32_LE_S ||
              code == HCC_OP_I32_LE_U;
    bool orders = code >= HCC_OP_I32_LT_S, is = false;
    LOOK(&found, &t, &sure, STEP(0, 4), HCC_OP_LOCAL_GET, 1, (uint8_t)code, AGAIN);
    is = found && t.usual && !t.down && t.step == 4 && t.until_local && t.until == 1;
    assert_true(found == (up || code == HCC_OP_I32_NE) && is == found);
    assert_true(!found || (t.compare == code && !t.by_local));
    LOOK(&found, &t, &sure, STEP(0, -3), HCC_OP_I32_CONST, 9, (uint8_t)code, AGAIN);
    is = found && t.usual && t.down && t.step == 3 && !t.until_local && t.until == 9;
    assert_true(found == ((orders && !up) || code == HCC_OP_I32_NE) && is == found);
    LOOK(&found, &t, &sure, BY(0, 1), HCC_OP_I32_CONST, 40, (uint8_t)code, AGAIN);
    is = found && t.usual && !t.down && t.by_local && t.step == 1 && t.local == 0;
    assert_true(found == (orders && up) && is == found);
  }
  LOOK(&found, &t, &sure, BY(0, 1), HCC_OP_LOCAL_GET, 1, HCC_OP_I32_LT_U, AGAIN);
  assert_true(found && t.by_local && t.until_local && t.until == 1);
}

/* A turn may have branches that stay in it. */
static void turns__branches(void **state) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure sure;
  (void)state;
  LOOK(&found, &t, &sure, STEP(0, 1), UNTIL(9));
  assert_true(found && !t.branches);
  LOOK(&found, &t, &sure, HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 1, HCC_OP_BR_IF, 0, HCC_OP_BLOCK,
       UNIT, HCC_OP_BR, 1, HCC_OP_END, HCC_OP_END, STEP(0, 4), UNTIL(32));
  assert_true(found && t.branches && t.usual && t.local == 0 && t.step == 4 && t.until == 32);
  LOOK(&found, &t, &sure, IF(1), HCC_OP_BR, 0, HCC_OP_ELSE, HCC_OP_NOP, HCC_OP_END, STEP(0, -1),
       AGAIN);
  assert_true(found && t.branches && t.usual && t.down && t.step == 1 && t.until == 0);
}

/* A loop that is taken for counted and is not would run unmetered. */
static void turns__not_found(void **state) {
  static const loop_code loops[] = {
      LOOP(STEP(0, 0), AGAIN), /* stays where it is */
      LOOP(STEP(0, 1), HCC_OP_DROP, SUM(1, 0, 1), HCC_OP_DROP, HCC_OP_LOCAL_GET, 0,
           HCC_OP_LOCAL_GET, 1, HCC_OP_I32_NE, AGAIN),             /* both move */
      LOOP(SUM(1, 0, 1), AGAIN),                                   /* does not move */
      LOOP(BY(0, 0), HCC_OP_I32_CONST, 9, HCC_OP_I32_LT_U, AGAIN), /* doubles */
      LOOP(BY(0, 1), AGAIN),
      LOOP(HCC_OP_I32_CONST, 1, HCC_OP_LOCAL_SET, 1, BY(0, 1), HCC_OP_I32_CONST, 9, HCC_OP_I32_LT_U,
           AGAIN), /* another step each turn */
      LOOP(HCC_OP_LOCAL_GET, 1, STEP(0, 1), HCC_OP_I32_LT_U, AGAIN),
      LOOP(STEP(0, 1), HCC_OP_DROP, HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_GET, 1, HCC_OP_I32_LT_U,
           AGAIN),
      LOOP(SUM(1, 0, 1), HCC_OP_DROP, BY(1, 0), HCC_OP_I32_CONST, 9, HCC_OP_I32_LT_U, AGAIN),
      LOOP(STEP(1, 1), HCC_OP_DROP, STEP(0, 1), HCC_OP_LOCAL_GET, 1, HCC_OP_I32_LT_U, AGAIN),
      LOOP(STEP(0, 1), HCC_OP_DROP, SUM(1, 0, 1), HCC_OP_DROP, SUM(1, 0, 1), AGAIN),
      LOOP(SUM(0, 1, 1), HCC_OP_DROP, SUM(1, 0, 1), AGAIN), /* each of the other */
      LOOP(HCC_OP_LOCAL_GET, 0, STEP(0, 1), HCC_OP_I32_NE, AGAIN),
      LOOP(HCC_OP_I32_CONST, 1, HCC_OP_LOCAL_SET, 0, STEP(0, 1), AGAIN), /* set twice */
      LOOP(STEP(0, 1), HCC_OP_LOCAL_GET, 0, HCC_OP_I32_NE, AGAIN),       /* its end moves with it */
      LOOP(STEP(0, 1), HCC_OP_BR_IF, 1, HCC_OP_END),                     /* leads out */
      LOOP(STEP(0, 1), HCC_OP_BR_IF, 0, HCC_OP_NOP, HCC_OP_END),
      LOOP(HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 1, STEP(0, 1), AGAIN),
      LOOP(HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, STEP(0, 1), AGAIN),
      LOOP(HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 0, STEP(0, 1), AGAIN),
      LOOP(HCC_OP_BLOCK, UNIT, STEP(0, 1), HCC_OP_DROP, HCC_OP_END, HCC_OP_LOCAL_GET, 0, AGAIN),
      LOOP(IF(1), STEP(0, 1), HCC_OP_DROP, HCC_OP_END, HCC_OP_LOCAL_GET, 0, AGAIN),
      LOOP(IF(1), HCC_OP_I32_CONST, 1, HCC_OP_LOCAL_SET, 0, HCC_OP_END, STEP(0, 1), AGAIN),
      LOOP(IF(0), HCC_OP_I32_CONST, 1, HCC_OP_LOCAL_SET, 1, HCC_OP_END, STEP(0, 1),
           HCC_OP_LOCAL_GET, 1, HCC_OP_I32_NE, AGAIN),          /* its end moves in some turns */
      LOOP(IF(1), HCC_OP_BR, 1, HCC_OP_END, STEP(0, 1), AGAIN), /* a turn without a step */
      LOOP(IF(1), HCC_OP_BR, 2, HCC_OP_END, STEP(0, 1), AGAIN), /* leads out */
      LOOP(HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 1, HCC_OP_BR_IF, 2, HCC_OP_END, STEP(0, 1), AGAIN),
      LOOP(HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 1, HCC_OP_BR_IF, 1, HCC_OP_END, STEP(0, 1), AGAIN),
      LOOP(HCC_OP_BLOCK, UNIT, HCC_OP_BR, 0, HCC_OP_NOP, HCC_OP_END, STEP(0, 1), AGAIN),
      LOOP(HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 1, HCC_OP_BR_TABLE, 1, 0, 0, HCC_OP_END,
           STEP(0, 1), AGAIN),
      LOOP(IF(1), HCC_OP_RETURN, HCC_OP_END, STEP(0, 1), AGAIN),
      LOOP(IF(1), HCC_OP_UNREACHABLE, HCC_OP_END, STEP(0, 1), AGAIN),
      LOOP(IF(1), HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 0, HCC_OP_END, STEP(0, 1),
           AGAIN),
      LOOP(HCC_OP_BLOCK, UNIT, STEP(0, 1), HCC_OP_BR_IF, 0, HCC_OP_END, HCC_OP_END),
      LOOP(HCC_OP_LOOP, UNIT, HCC_OP_END, STEP(0, 1), AGAIN),
      LOOP(HCC_OP_I32_CONST, 1, HCC_OP_I32_CONST, 1, HCC_OP_I32_ADD, HCC_OP_LOCAL_TEE, 0, AGAIN),
  };
  (void)state;
  for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
    bool found = true;
    hcc__rw_turns t;
    hcc__rw_sure sure;
    look_at_loop(&found, &t, &sure, loops[i].code, loops[i].size);
    assert_false(found);
  }
}

/* With explicit bounds the copy of a counted loop has its accesses from imports of ours, and counts
 * its turns itself. */
static void counted__looks(void **state) {
  static const hcc_rewrite_options looks = {.meter = true, .marks = true, .looks = true};
  enum { FUEL = 1, MARK, LOOK_AT, SEEN };
  enum { TURNS = 2, DONE }; /* locals behind the parameter and the fuel */
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, LOAD(4), HCC_OP_DROP, HCC_OP_LOCAL_GET, 0,
            HCC_OP_I32_CONST, 8, HCC_OP_I32_ADD, HCC_OP_I32_CONST, 0, HCC_OP_I32_STORE, 0, 1,
            STEP(0, -4), AGAIN);
  rewrite(&f, looks);
  assert_int_equal(f.result->import_count, 6);
  assert_name(&f, f.result->imports[LOOK_AT].name, "look");
  assert_name(&f, f.result->imports[SEEN].name, "seen");
  assert_type(&f, LOOK_AT, "\x7f\x7f\x7e\x7f\x7e", "\x7f");
  assert_type(&f, SEEN, "\x7f\x7e\x7f", "");
  HAS(&f, HCC_OP_I32_CONST, 0, HCC_OP_I32_CONST, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 1,
      HCC_OP_I32_MUL, HCC_OP_I32_ADD, HCC_OP_LOCAL_GET, TURNS, HCC_OP_I32_CONST, 0x7c,
      HCC_OP_I64_CONST, 13, HCC_OP_CALL, LOOK_AT, HCC_OP_I32_EQZ, HCC_OP_BR_IF, 0, HCC_OP_I64_CONST,
      0, HCC_OP_LOCAL_SET, DONE);
#define SAW(offset)                                                                                \
  HCC_OP_I32_CONST, 0, HCC_OP_LOCAL_GET, DONE, HCC_OP_I32_CONST, offset, HCC_OP_CALL, SEEN,        \
      HCC_OP_I32_CONST, 0xfe, 0xff, 0xff, 0xff, 7, HCC_OP_CALL, MARK
  HAS(&f, HCC_OP_LOCAL_GET, 0, SAW(4), LOAD(4));
  HAS(&f, HCC_OP_I32_CONST, 8, HCC_OP_I32_ADD, HCC_OP_I32_CONST, 0, SAW(9), HCC_OP_I32_STORE, 0, 1);
#undef SAW
  HAS(&f, HCC_OP_LOCAL_TEE, 0, HCC_OP_DROP, HCC_OP_LOCAL_GET, DONE, HCC_OP_I64_CONST, 1,
      HCC_OP_I64_ADD, HCC_OP_LOCAL_TEE, DONE, HCC_OP_LOCAL_GET, TURNS, HCC_OP_I64_LT_U,
      HCC_OP_BR_IF, 0);
  /* the second copy looks at each turn; if that fails the turn's accesses are compared one by one
   */
  HAS(&f, HCC_OP_BLOCK, UNIT, HCC_OP_I32_CONST, 0, HCC_OP_I32_CONST, 0, HCC_OP_LOCAL_GET, 0,
      HCC_OP_I32_CONST, 1, HCC_OP_I32_MUL, HCC_OP_I32_ADD, HCC_OP_I64_CONST, 1, HCC_OP_I32_CONST,
      0x7c, HCC_OP_I64_CONST, 13, HCC_OP_CALL, LOOK_AT, HCC_OP_I32_EQZ, HCC_OP_BR_IF, 0,
      HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 0, HCC_OP_I64_CONST, 0, HCC_OP_I32_CONST, 4,
      HCC_OP_CALL, SEEN);
  HAS(&f, HCC_OP_LOCAL_TEE, 0, HCC_OP_BR_IF, 1, HCC_OP_BR, 2, HCC_OP_END, HCC_OP_LOCAL_GET, 0);
  HAS(&f, HCC_OP_LOCAL_TEE, 0, HCC_OP_UNREACHABLE, HCC_OP_END, HCC_OP_END);
  end(&f);
}

/* How many turns it has if it goes on while its local is less, or greater; no local may come past
 * the last number. */
static void counted__by_order(void **state) {
  enum { TURNS = 2 };
  fixture f;
  (void)state;
#define WITH(compare, step, ...)                                                                   \
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, step, HCC_OP_I32_CONST, 50, compare, AGAIN);                    \
  rewrite(&f, METER);                                                                              \
  HAS(&f, __VA_ARGS__);                                                                            \
  end(&f)
#define END(extend) HCC_OP_I32_CONST, 50, extend
#define X(extend) HCC_OP_LOCAL_GET, 0, extend
#define BETWEEN(strict, limit, wraps, by, last)                                                    \
  HCC_OP_I64_SUB, HCC_OP_I64_CONST, strict, HCC_OP_I64_SUB, HCC_OP_LOCAL_TEE, TURNS,               \
      HCC_OP_I64_CONST, 0, HCC_OP_I64_LT_S, HCC_OP_BR_IF, 0, limit, HCC_OP_I64_CONST, 3, by,       \
      HCC_OP_I64_CONST, last, wraps, HCC_OP_BR_IF, 0, HCC_OP_LOCAL_GET, TURNS, HCC_OP_I64_CONST,   \
      3, HCC_OP_I64_DIV_U, HCC_OP_I64_CONST, 1, HCC_OP_I64_ADD, HCC_OP_LOCAL_SET, TURNS
#define S HCC_OP_I64_EXTEND_I32_S
#define U HCC_OP_I64_EXTEND_I32_U
  WITH(HCC_OP_I32_LT_U, LIST(STEP(0, 3)), END(U), X(U),
       BETWEEN(1, LIST(END(U)), HCC_OP_I64_GT_S, HCC_OP_I64_ADD,
               LIST(0x80, 0x80, 0x80, 0x80, 0x10))); /* 2^32 */
  WITH(HCC_OP_I32_LE_S, LIST(STEP(0, 3)), END(S), X(S),
       BETWEEN(0, LIST(END(S)), HCC_OP_I64_GT_S, HCC_OP_I64_ADD,
               LIST(0xff, 0xff, 0xff, 0xff, 0x07))); /* 2^31 - 1 */
  WITH(HCC_OP_I32_GT_U, LIST(STEP(0, -3)), X(U), END(U),
       BETWEEN(1, LIST(END(U)), HCC_OP_I64_LT_S, HCC_OP_I64_SUB, 0x7f)); /* -1 */
  WITH(HCC_OP_I32_GE_S, LIST(STEP(0, -3)), X(S), END(S),
       BETWEEN(0, LIST(END(S)), HCC_OP_I64_LT_S, HCC_OP_I64_SUB,
               LIST(0x80, 0x80, 0x80, 0x80, 0x78))); /* -2^31 */
#undef BETWEEN
#undef X
#undef END
#undef WITH
  /* by a local, if that is not 0, if it turns eight times or more, and if it reads */
  enum { FUEL_LEFT = 2, BY_TURNS };
#define TURN(access)                                                                               \
  HCC_OP_LOOP, UNIT, access, BY(0, 1), HCC_OP_LOCAL_GET, 1, HCC_OP_I32_LE_U, AGAIN
#define READ LIST(HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 2, HCC_OP_I32_SHL, LOAD(5), HCC_OP_DROP)
#define STEPS HCC_OP_LOCAL_GET, 1, U
#define BEGINS HCC_OP_LOCAL_GET, 1, U, HCC_OP_LOCAL_GET, 0, U, HCC_OP_I64_SUB
#define TWO_PARAMS(code, options)                                                                  \
  begin(&f);                                                                                       \
  SECTION(&f, 1, 1, 0x60, 2, HCC_I32, HCC_I32, 0);                                                 \
  with_typed_body(&f, (const uint8_t[]){code}, sizeof((const uint8_t[]){code}));                   \
  rewrite(&f, options)
  static const uint8_t begins[] = {BEGINS};
  TWO_PARAMS(LIST(TURN(READ)), METER);
  HAS(&f, BEGINS, HCC_OP_I64_CONST, 0, HCC_OP_I64_SUB, HCC_OP_LOCAL_TEE, BY_TURNS, STEPS,
      HCC_OP_I64_CONST, 7, HCC_OP_I64_MUL, HCC_OP_I64_LT_S, HCC_OP_BR_IF, 0, STEPS, STEPS,
      HCC_OP_I64_ADD, HCC_OP_I64_CONST, 0xff, 0xff, 0xff, 0xff, 0x0f, HCC_OP_I64_GT_S, HCC_OP_BR_IF,
      0, HCC_OP_LOCAL_GET, 1, HCC_OP_I32_EQZ, HCC_OP_BR_IF, 0, HCC_OP_LOCAL_GET, BY_TURNS,
      HCC_OP_I32_WRAP_I64, HCC_OP_LOCAL_GET, 1, HCC_OP_I32_DIV_U, HCC_OP_I64_EXTEND_I32_U,
      HCC_OP_I64_CONST, 1, HCC_OP_I64_ADD, HCC_OP_LOCAL_SET, BY_TURNS);
  /* as far as the last address is from the first */
  HAS(&f, HCC_OP_I64_EXTEND_I32_U, HCC_OP_LOCAL_GET, BY_TURNS, HCC_OP_I64_CONST, 1, HCC_OP_I64_SUB,
      STEPS, HCC_OP_I64_MUL, HCC_OP_I64_CONST, 4, HCC_OP_I64_MUL, HCC_OP_I64_ADD, HCC_OP_I64_CONST,
      9, HCC_OP_I64_ADD, HCC_OP_MEMORY_SIZE, 0);
  end(&f);
  TWO_PARAMS(LIST(TURN(READ)), ALL);
  HAS(&f, HCC_OP_I64_LE_U, HCC_OP_LOCAL_GET, BY_TURNS, HCC_OP_I64_CONST, 1, HCC_OP_I64_SUB, STEPS,
      HCC_OP_I64_MUL, HCC_OP_I64_CONST, 4, HCC_OP_I64_MUL, HCC_OP_I64_CONST, 0x80, 0x80, 0x80, 0x02,
      HCC_OP_I64_LE_U, HCC_OP_I32_AND, HCC_OP_SELECT); /* 2^22 */
  end(&f);
  static const hcc_rewrite_options looks = {.meter = true, .marks = true, .looks = true};
  TWO_PARAMS(LIST(TURN(READ)), looks);
  assert_false(has_bytes(&f.out, begins, sizeof begins));
  end(&f);
  TWO_PARAMS(LIST(TURN(HCC_OP_NOP)), METER);
  assert_false(has_bytes(&f.out, begins, sizeof begins));
  end(&f);
#undef TWO_PARAMS
#undef BEGINS
#undef STEPS
#undef READ
#undef TURN
#undef U
#undef S
}

/* A loop may have more fuel than a slice, unless each turn may take so long that it should not. */
static void counted__asks_for_more(void **state) {
  enum { FUEL_LEFT = 1, TURNS, MORE = 3 + HCC_RW_ORDERS + 1 };
  fixture f;
  (void)state;
#define ASK(most)                                                                                  \
  HCC_OP_I64_LT_S, HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, FUEL_LEFT, HCC_OP_LOCAL_GET, TURNS,          \
      HCC_OP_I64_CONST, 5, HCC_OP_I64_MUL, HCC_OP_I64_CONST, 0, HCC_OP_LOCAL_GET, TURNS,           \
      HCC_OP_I64_CONST, most, HCC_OP_I64_LE_U, HCC_OP_SELECT, HCC_OP_CALL, MORE, HCC_OP_LOCAL_SET, \
      FUEL_LEFT, HCC_OP_END
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, STEP(0, -1), AGAIN);
  rewrite(&f, ALL);
  HAS(&f, ASK(LIST(0xd5, 0xaa, 0xd5, 0x02))); /* 2^25 / 6 */
  end(&f);
#undef ASK
  static const uint8_t asks[] = {HCC_OP_SELECT, HCC_OP_CALL, MORE};
  /* an address that is not known may be of a page that has to be found: 2^25 / 8206; if the memory
     is small it is not: (2^25 - 2^23) / 612, with the bit that says so */
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, LOAD(0), LOAD(0), HCC_OP_DROP, STEP(0, -1),
            AGAIN);
  rewrite(&f, ALL);
  HAS(&f, HCC_OP_I64_MUL, HCC_OP_LOCAL_GET, TURNS, HCC_OP_I64_CONST, 0xf9, 0x1f, HCC_OP_I64_GT_U,
      HCC_OP_I64_EXTEND_I32_U, HCC_OP_I64_CONST, HSB_FUEL_IF_SMALL, HCC_OP_I64_SHL, HCC_OP_I64_OR,
      HCC_OP_I64_CONST, 0, HCC_OP_LOCAL_GET, TURNS, HCC_OP_I64_CONST, 0xa0, 0xc1, 0x02,
      HCC_OP_I64_LE_U, HCC_OP_SELECT, HCC_OP_CALL, MORE);
  end(&f);
#define LOAD_8 LOAD(0), LOAD(0), LOAD(0), LOAD(0), LOAD(0), LOAD(0), LOAD(0), LOAD(0)
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, LOAD_8, LOAD_8, HCC_OP_DROP, STEP(0, -1),
            AGAIN);
  rewrite(&f, ALL); /* not even a slice */
  assert_false(has_bytes(&f.out, asks, sizeof asks));
  end(&f);
#undef LOAD_8
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, STEP(0, -1), AGAIN);
  rewrite(&f, BOTH);
  assert_false(has_bytes(&f.out, asks, sizeof asks));
  end(&f);
}

/* Where a turn has branches, what lies on each way is charged before the first turn, if there is
 * fuel for as many of the dearest, and the rest where it lies. With explicit bounds a run has looks
 * before those of the loop; in a large memory each turn is charged as ever then, in both copies,
 * and only the accesses differ. */
static void counted__looks_with_branches(void **state) {
  static const hcc_rewrite_options looks = {.meter = true, .marks = true, .looks = true};
  static const hcc_rewrite_options guarded = {.meter = true, .marks = true, .helpers = true};
  enum { FUEL_LEFT = 1, TURNS, DONE };
  enum { FUEL = 1, MARK, LOOK_AT, SEEN };
  fixture f;
  (void)state;
#define TURN                                                                                       \
  HCC_OP_LOOP, UNIT, IF(0), HCC_OP_LOCAL_GET, 0, LOAD(4), HCC_OP_DROP, HCC_OP_END, STEP(0, -4),    \
      AGAIN
#define ASKS(limit, less)                                                                          \
  limit, less, HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, FUEL_LEFT, HCC_OP_CALL, FUEL, HCC_OP_LOCAL_SET,  \
      FUEL_LEFT, HCC_OP_END
#define ALL_TURNS(dearest, least)                                                                  \
  HCC_OP_LOCAL_GET, TURNS, HCC_OP_I64_CONST, dearest, HCC_OP_I64_MUL, HCC_OP_I64_LT_S,             \
      HCC_OP_BR_IF, 0, HCC_OP_LOCAL_GET, FUEL_LEFT, HCC_OP_LOCAL_GET, TURNS, HCC_OP_I64_CONST,     \
      least, HCC_OP_I64_MUL, HCC_OP_I64_SUB, HCC_OP_LOCAL_SET, FUEL_LEFT, HCC_OP_LOOP, UNIT
#define CHARGED                                                                                    \
  HCC_OP_I64_SUB, HCC_OP_LOCAL_TEE, FUEL_LEFT, ASKS(LIST(HCC_OP_I64_CONST, 0), HCC_OP_I64_LT_S),   \
      IF(0)
  WITH_BODY(&f, TURN);
  rewrite(&f, looks);
  HAS(&f, ALL_TURNS(10, 7));
  end(&f);
  kit_pages = 65; /* more than HSB_FUEL_SMALL */
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, LOAD(4), HCC_OP_DROP, STEP(0, -4), AGAIN);
  rewrite(&f, looks);
  HAS(&f, ALL_TURNS(8, 8));
  end(&f);
  WITH_BODY(&f, TURN);
  kit_pages = 1;
  rewrite(&f, looks);
  HAS(&f, HCC_OP_I32_CONST, 4, HCC_OP_I32_CONST, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 1,
      HCC_OP_I32_MUL, HCC_OP_I32_ADD, HCC_OP_LOCAL_GET, TURNS, HCC_OP_I32_CONST, 0x7c,
      HCC_OP_I64_CONST, 8, HCC_OP_CALL, LOOK_AT, HCC_OP_I32_EQZ, HCC_OP_BR_IF, 0, HCC_OP_I64_CONST,
      0, HCC_OP_LOCAL_SET, DONE);
  HAS(&f, ASKS(LIST(HCC_OP_I64_CONST, 0x80, 0x80, 0x01), HCC_OP_I64_LT_U), HCC_OP_LOOP, UNIT);
  HAS(&f, CHARGED, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 4, HCC_OP_LOCAL_GET, DONE,
      HCC_OP_I32_CONST, 4, HCC_OP_CALL, SEEN);
  HAS(&f, HCC_OP_LOCAL_TEE, 0, HCC_OP_DROP, HCC_OP_LOCAL_GET, DONE, HCC_OP_I64_CONST, 1,
      HCC_OP_I64_ADD, HCC_OP_LOCAL_TEE, DONE, HCC_OP_LOCAL_GET, TURNS, HCC_OP_I64_LT_U,
      HCC_OP_BR_IF, 0, HCC_OP_END, HCC_OP_BR, 1, HCC_OP_END);
  HAS(&f, HCC_OP_LOCAL_TEE, 0, HCC_OP_BR_IF, 0, HCC_OP_END, HCC_OP_END);
  end(&f);
  WITH_BODY(&f, TURN);
  rewrite(&f, guarded);
  HAS(&f, ALL_TURNS(10, 7));
  end(&f);
#undef CHARGED
#undef ALL_TURNS
#undef ASKS
#undef TURN
}

static void sure__series(void **state) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure s;
  (void)state;
  /* 4 x + 8, offsets 1 and 5: one reach; then x after its step */
  LOOK(&found, &t, &s, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 2, HCC_OP_I32_SHL, HCC_OP_I32_CONST,
       8, HCC_OP_I32_ADD, LOAD(5), HCC_OP_DROP, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 4,
       HCC_OP_I32_MUL, HCC_OP_I32_CONST, 8, HCC_OP_I32_ADD, LOAD(1), HCC_OP_DROP, STEP(0, -2),
       LOAD(0), HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 1, HCC_OP_I32_SUB, LOAD(0), HCC_OP_I32_ADD,
       HCC_OP_DROP, HCC_OP_NOP, HCC_OP_END);
  assert_false(found); /* the step is not last */
  LOOK(&found, &t, &s, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 2, HCC_OP_I32_SHL, HCC_OP_I32_CONST,
       8, HCC_OP_I32_ADD, LOAD(5), HCC_OP_DROP, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 4,
       HCC_OP_I32_MUL, HCC_OP_I32_CONST, 8, HCC_OP_I32_ADD, LOAD(1), HCC_OP_DROP, STEP(0, -2),
       AGAIN);
  assert_true(found);
  assert_int_equal(s.reaches, 1);
  assert_int_equal(s.count, 2);
  assert_int_equal(s.reach[0].end, 9);
  const hcc__rw_series *x = &s.reach[0].series;
  assert_true(x->terms == 1 && x->term[0] == 0 && x->factor[0] == 4 && x->add == 8);
  assert_int_equal((int32_t)x->stride, -8);
}

/* Addresses that move by a local: multiples of it, upwards. */
static void sure__by_local(void **state) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure s;
  (void)state;
#define SHIFTED(by) HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, by, HCC_OP_I32_SHL, LOAD(0), HCC_OP_DROP
  LOOK(&found, &t, &s, SHIFTED(2), SHIFTED(20), SHIFTED(21), HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST,
       8, HCC_OP_I32_ADD, LOAD(5), HCC_OP_DROP, HCC_OP_I32_CONST, 8, HCC_OP_LOCAL_GET, 0,
       HCC_OP_I32_SUB, LOAD(0), HCC_OP_DROP, BY(0, 1), LOAD(0), HCC_OP_LOCAL_GET, 1,
       HCC_OP_I32_LT_U, AGAIN);
  assert_false(found); /* what is compared is not the step's */
  LOOK(&found, &t, &s, SHIFTED(2), SHIFTED(20), SHIFTED(21), HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST,
       8, HCC_OP_I32_ADD, LOAD(5), HCC_OP_DROP, HCC_OP_I32_CONST, 8, HCC_OP_LOCAL_GET, 0,
       HCC_OP_I32_SUB, LOAD(0), HCC_OP_DROP, BY(0, 1), HCC_OP_LOCAL_GET, 1, HCC_OP_I32_LT_U, AGAIN);
  assert_true(found && t.by_local);
  assert_int_equal(s.count, 3);
  assert_int_equal(s.reaches, 3);
  assert_int_equal(s.reach[0].series.times, 4);
  assert_int_equal(s.reach[1].series.times, 1 << 20);
  assert_int_equal(s.reach[2].series.times, 1);
  assert_int_equal(s.reach[2].series.stride, 0);
  assert_int_equal(s.reach[2].end, 5 + 4);
#undef SHIFTED
}

/* A local that is set twice is what the last set before says; ahead of the first, unknown. */
static void sure__set_twice(void **state) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure s;
  (void)state;
  LOOK(&found, &t, &s, HCC_OP_LOCAL_GET, 1, LOAD(0), HCC_OP_DROP, HCC_OP_LOCAL_GET, 0,
       HCC_OP_I32_CONST, 8, HCC_OP_I32_ADD, HCC_OP_LOCAL_TEE, 1, LOAD(0), HCC_OP_DROP,
       HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 16, HCC_OP_I32_ADD, HCC_OP_LOCAL_SET, 1,
       HCC_OP_LOCAL_GET, 1, LOAD(1), HCC_OP_DROP, STEP(0, 4), AGAIN);
  assert_true(found);
  assert_int_equal(s.count, 2);
  assert_int_equal(s.reaches, 1);
  assert_int_equal(s.reach[0].series.add, 8);
  assert_int_equal(s.reach[0].end, 8 + 1 + 4);
  assert_int_equal(s.access[0].add, 8);
  assert_int_equal(s.access[1].add, 16);
  const hcc__rw_series *x = &s.reach[0].series;
  assert_true(x->terms == 1 && x->term[0] == 0 && x->factor[0] == 1 && x->stride == 4);
  /* a step of it is one of what the turn before has left */
  LOOK(&found, &t, &s, HCC_OP_LOCAL_GET, 1, HCC_OP_I32_CONST, 4, HCC_OP_I32_ADD, HCC_OP_LOCAL_TEE,
       1, LOAD(0), HCC_OP_DROP, HCC_OP_LOCAL_GET, 1, HCC_OP_I32_CONST, 4, HCC_OP_I32_ADD,
       HCC_OP_LOCAL_TEE, 1, LOAD(0), HCC_OP_DROP, STEP(0, 4), AGAIN);
  assert_true(found);
  assert_int_equal(s.count, 0);
}

/* Addresses that differ by a constant share a reach, from the lowest on; one too far off does not.
 */
static void sure__one_reach(void **state) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure s;
  (void)state;
#define AT(...)                                                                                    \
  HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, __VA_ARGS__, HCC_OP_I32_ADD, LOAD(2), HCC_OP_DROP
  LOOK(&found, &t, &s, AT(32), AT(16), AT(40), AT(0x7c) /* -4 */, STEP(0, 4), AGAIN);
  assert_int_equal(s.reaches, 1);
  assert_int_equal((int32_t)s.reach[0].series.add, -4);
  assert_int_equal(s.reach[0].end, 44 + 2 + 4);
  assert_int_equal(s.count, 4);
  assert_int_equal(s.access[1].add - s.reach[0].series.add, 20);
  LOOK(&found, &t, &s, AT(0), AT(0xff, 0xff, 0x3f), AT(0x7f) /* -1 */, AT(0x80, 0x80, 0xc0, 0x00),
       STEP(0, 4), AGAIN); /* 2^20 - 1 is near, but not to -1, nor is 2^20 to 0 */
  assert_int_equal(s.reaches, 3);
  assert_int_equal(s.reach[0].series.add, 0);
  assert_int_equal(s.reach[0].end, (1 << 20) - 1 + 2 + 4);
  assert_int_equal((int32_t)s.reach[1].series.add, -1);
  assert_int_equal(s.reach[2].series.add, 1 << 20);
#undef AT
}

/* An address that the loop computes in another way is not foreseen. */
static void sure__unknown(void **state) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure s;
  (void)state;
  LOOK(&found, &t, &s, HCC_OP_LOCAL_GET, 0, LOAD(0), LOAD(0), HCC_OP_DROP, STEP(0, 1), AGAIN);
  assert_true(found);
  assert_int_equal(s.count, 1); /* not that whose address was loaded */
  LOOK(&found, &t, &s, HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_MUL, LOAD(0),
       HCC_OP_DROP, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 1, HCC_OP_I32_SHR_U, LOAD(0),
       HCC_OP_DROP, STEP(0, 1), AGAIN);
  assert_true(found);
  assert_int_equal(s.count, 0);
}

/* No instruction takes less than its fuel; memory takes longer the further apart its places are, a
 * place that is not known as long as a page that the system has to find. */
static void sure__time(void **state) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure s;
  (void)state;
#define STORES(step)                                                                               \
  HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 1, HCC_OP_I32_STORE8, 0, 0, STEP(0, step), AGAIN
  LOOK(&found, &t, &s, STORES(1));
  assert_int_equal(s.time, 8 + 2 + 2 * 1); /* the end is one, too */
  LOOK(&found, &t, &s, STORES(-64));
  assert_int_equal(s.time, 8 + 2 + 2 * 64);
#undef STORES
  LOOK(&found, &t, &s, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 13, HCC_OP_I32_SHL, LOAD(0),
       HCC_OP_DROP, STEP(0, 1), AGAIN);
  assert_int_equal(s.time, 10 + 2 + 2 * 4096);
  LOOK(&found, &t, &s, HCC_OP_LOCAL_GET, 0, LOAD(0), LOAD(0), HCC_OP_DROP, STEP(0, 1), AGAIN);
  assert_int_equal(s.time, 8 + 2 + 2 * 1 + 2 + 2 * 4096);
  LOOK(&found, &t, &s, HCC_OP_LOCAL_GET, 1, HCC_OP_LOCAL_GET, 1, HCC_OP_I32_DIV_U, HCC_OP_DROP,
       STEP(0, 1), AGAIN);
  assert_int_equal(s.time, 9 + 192);
  for (uint32_t code = 0; code < 0x10000; code++) { /* but for what is none */
    hcc_instr i = {.code = code};
    assert_true(hcc__rw_time_of(&i, NULL) >= 1);
  }
}

/* What a local holds is known where each way to there has set it alike: in the arm that sets it,
 * not in the other one, nor behind both. */
static void sure__branches(void **state) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure s;
  (void)state;
#define AT(local, offset) HCC_OP_LOCAL_GET, local, LOAD(offset), HCC_OP_DROP
#define SETS(by) HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, by, HCC_OP_I32_ADD, HCC_OP_LOCAL_SET, 1
  LOOK(&found, &t, &s, SETS(8), AT(1, 0), IF(0), AT(1, 4), SETS(16), AT(1, 8), HCC_OP_ELSE,
       AT(1, 12), AT(0, 20), HCC_OP_END, AT(1, 16), AT(0, 24), STEP(0, 4), AT(0, 28), UNTIL(64));
  assert_false(found); /* what is compared is not the step's */
  LOOK(&found, &t, &s, SETS(8), AT(1, 0), IF(0), AT(1, 4), SETS(16), AT(1, 8), HCC_OP_ELSE,
       AT(1, 12), AT(0, 20), HCC_OP_END, AT(1, 16), AT(0, 24), STEP(0, 4), UNTIL(64));
  assert_true(found);
  assert_int_equal(s.first, HCC_RW_RUN_LOOKS);
  assert_int_equal(s.reaches, 1);
  assert_int_equal(s.count, 5);
  static const uint32_t adds[] = {8, 8, 16, 0, 0};
  for (uint32_t i = 0; i < s.count; i++) {
    assert_int_equal(s.access[i].add, adds[i]);
  }
  assert_int_equal(s.reach[0].series.stride, 4);
  assert_int_equal(s.reach[0].end, 16 + 8 + 4);
  /* a step in some turns is none */
  LOOK(&found, &t, &s, IF(0), HCC_OP_LOCAL_GET, 1, HCC_OP_I32_CONST, 4, HCC_OP_I32_ADD,
       HCC_OP_LOCAL_SET, 1, HCC_OP_END, AT(1, 0), STEP(0, 4), UNTIL(64));
  assert_true(found);
  assert_int_equal(s.count, 0);
#undef SETS
#undef AT
}

/* No more looks than are left behind those of runs. */
static void sure__branches_and_runs(void **state) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure s;
  (void)state;
#define AT(factor)                                                                                 \
  HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, factor, HCC_OP_I32_MUL, LOAD(0), HCC_OP_DROP
  LOOK(&found, &t, &s, IF(1), AT(1), AT(2), AT(3), AT(4), AT(5), AT(3), HCC_OP_END, STEP(0, 4),
       UNTIL(64));
  assert_true(found);
  assert_int_equal(s.first + s.reaches, HCC_RW_REACHES);
  assert_int_equal(s.count, 5);
  LOOK(&found, &t, &s, AT(1), AT(2), AT(3), AT(4), AT(5), AT(3), STEP(0, 4), UNTIL(64));
  assert_int_equal(s.first, 0);
  assert_int_equal(s.reaches, 5);
#undef AT
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(turns__found),
      cmocka_unit_test(turns__not_found),
      cmocka_unit_test(turns__by_order),
      cmocka_unit_test(counted__by_order),
      cmocka_unit_test(sure__by_local),
      cmocka_unit_test(counted__looks),
      cmocka_unit_test(sure__series),
      cmocka_unit_test(sure__set_twice),
      cmocka_unit_test(sure__one_reach),
      cmocka_unit_test(sure__unknown),
      cmocka_unit_test(sure__time),
      cmocka_unit_test(counted__asks_for_more),
      cmocka_unit_test(turns__branches),
      cmocka_unit_test(sure__branches),
      cmocka_unit_test(sure__branches_and_runs),
      cmocka_unit_test(counted__looks_with_branches),
  };
  return cmocka_run_group_tests_name("rewrite_loops", tests, NULL, NULL);
}
