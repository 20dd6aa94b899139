/* rewrite_callees_test.c - canon_callees.c: whom a call_indirect can meet, and when nobody knows.
 */
#include "rewrite_kit.h"

/* An import, 0; functions 1 to 3 like it, of which 3 is the start function; 4, exported, and 5 give
 * an i32. Function 1 has `code`. The first segment is 1, 4, 0, 5 at 1; the second `second`. */
static void with_table(fixture *f, uint8_t tables, hcc_buf *code, const uint8_t *second,
                       size_t size) {
  begin(f);
  SECTION(f, 1, 2, 0x60, 0, 0, 0x60, 0, 1, HCC_I32);
  SECTION(f, 2, 1, 1, 'a', 1, 'b', 0, 0);
  SECTION(f, 3, 5, 0, 0, 0, 1, 1);
  if (tables == 1) {
    SECTION(f, 4, 1, HCC_FUNCREF, 0, 8);
  } else {
    SECTION(f, 4, 2, HCC_FUNCREF, 0, 8, HCC_FUNCREF, 0, 8);
  }
  SECTION(f, 7, 1, 1, 'a', 0, 4);
  SECTION(f, 8, 3);
  hcc_buf elems, bodies;
  hcc_buf_init(&elems, 100);
  hcc_buf_init(&bodies, 100);
  hcc_buf_add(&elems, (const uint8_t[]){2, 0, HCC_OP_I32_CONST, 1, HCC_OP_END, 4, 1, 4, 0, 5}, 10);
  hcc_buf_add(&elems, second, size);
  add_section(f, 9, elems.data, elems.size);
  hcc_buf_byte(&bodies, 5);
  hcc_buf_byte(&bodies, (uint8_t)(code->size + 2));
  hcc_buf_byte(&bodies, 0);
  hcc_buf_add(&bodies, code->data, code->size);
  hcc_buf_add(&bodies,
              (const uint8_t[]){HCC_OP_END, 2, 0, HCC_OP_END, 2, 0, HCC_OP_END, 4, 0,
                                HCC_OP_I32_CONST, 0, HCC_OP_END, 4, 0, HCC_OP_I32_CONST, 0,
                                HCC_OP_END},
              17);
  add_section(f, 10, bodies.data, bodies.size);
  hcc_buf_free(&elems);
  hcc_buf_free(&bodies);
  hcc_buf_free(code);
  rewrite(f, MARKS);
}

#define CODE_OF(...) code_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static hcc_buf *code_of(const uint8_t *code, size_t size) {
  static hcc_buf b;
  hcc_buf_init(&b, 100);
  hcc_buf_add(&b, code, size);
  return &b;
}

static void assert_callee(const fixture *f, uint32_t i, uint32_t type, uint32_t table,
                          uint32_t slot, char kind, uint32_t number) {
  const hcc_plan_callee *c = &f->plan.callees[i];
  assert_true(i < f->plan.callee_count);
  assert_int_equal(c->type, type);
  assert_int_equal(c->table, table);
  assert_int_equal(c->slot, slot);
  assert_int_equal(c->kind, kind);
  assert_int_equal(c->number, number);
}

/* 2 and 3 stand where 5 stood, and behind it. */
static const uint8_t usual[] = {0, HCC_OP_I32_CONST, 4, HCC_OP_END, 2, 2, 3};

/* By type: not the import, not the start function, whose names are others, and not whom a later
 * segment writes over. */
static void callees__of_a_table_nobody_writes(void **state) {
  fixture f;
  (void)state;
  with_table(&f, 1, CODE_OF(HCC_OP_NOP), usual, sizeof usual);
  uint32_t none = f.result->funcs[3].type, i32 = f.result->funcs[5].type;
  assert_int_equal(f.plan.callee_count, 3);
  assert_int_equal(f.plan.type_count, f.result->type_count);
  assert_callee(&f, 0, none, 0, 1, 'f', 2); /* the mark is 1 */
  assert_callee(&f, 1, none, 0, 4, 'f', 3);
  assert_callee(&f, 2, i32, 0, 2, 'e', 0);
  end(&f);
}

static void callees__none_if_it_may_be_written(void **state) {
  enum { I = HCC_OP_I32_CONST, SET = HCC_OP_TABLE_SET, NUL = 0xd0, REF = HCC_FUNCREF };
  static const uint8_t writes[][11] = {
      {I, 0, NUL, REF, SET, 0},
      {NUL, REF, I, 0, 0xfc, 0x0f, 0, HCC_OP_DROP},
      {I, 0, NUL, REF, I, 0, 0xfc, 0x11, 0},
      {I, 0, I, 0, I, 0, 0xfc, 0x0e, 0, 0},
      {I, 0, I, 0, I, 0, 0xfc, 0x0c, 0, 0},
  };
  static const uint8_t sizes[] = {6, 8, 9, 10, 10};
  fixture f;
  (void)state;
  for (size_t i = 0; i < sizeof sizes; i++) {
    with_table(&f, 1, code_of(writes[i], sizes[i]), usual, sizeof usual);
    assert_int_equal(f.plan.callee_count, 0);
    end(&f);
  }
}

/* 2 and 3 stand in the other table, 4 at the same place as in the first one. */
static const uint8_t other[] = {2, 1, HCC_OP_I32_CONST, 0, HCC_OP_END, 0, 3, 2, 4, 3};

static void callees__of_each_table(void **state) {
  fixture f;
  (void)state;
  with_table(&f, 2, CODE_OF(HCC_OP_NOP), other, sizeof other);
  uint32_t none = f.result->funcs[3].type, i32 = f.result->funcs[5].type;
  assert_int_equal(f.plan.callee_count, 5);
  assert_callee(&f, 0, none, 0, 1, 'f', 2);
  assert_callee(&f, 1, none, 1, 0, 'f', 3);
  assert_callee(&f, 2, i32, 0, 2, 'e', 0);
  assert_callee(&f, 3, i32, 0, 4, 'f', 6);
  assert_callee(&f, 4, i32, 1, 1, 'e', 0);
  end(&f);
}

/* Each of the five that write a table, and to which of two. */
static void callees__not_of_a_table_that_is_written(void **state) {
  enum { I = HCC_OP_I32_CONST, SET = HCC_OP_TABLE_SET, NUL = 0xd0, REF = HCC_FUNCREF };
  static const struct {
    uint8_t code[11], size, written;
  } writes[] = {
      {{I, 0, NUL, REF, SET, 0}, 6, 0},
      {{I, 0, NUL, REF, SET, 1}, 6, 1},
      {{NUL, REF, I, 0, 0xfc, 0x0f, 0, HCC_OP_DROP}, 8, 0},
      {{NUL, REF, I, 0, 0xfc, 0x0f, 1, HCC_OP_DROP}, 8, 1},
      {{I, 0, NUL, REF, I, 0, 0xfc, 0x11, 0}, 9, 0},
      {{I, 0, NUL, REF, I, 0, 0xfc, 0x11, 1}, 9, 1},
      {{I, 0, I, 0, I, 0, 0xfc, 0x0e, 0, 1}, 10, 0},
      {{I, 0, I, 0, I, 0, 0xfc, 0x0e, 1, 0}, 10, 1},
      {{I, 0, I, 0, I, 0, 0xfc, 0x0c, 1, 0}, 10, 0},
      {{I, 0, I, 0, I, 0, 0xfc, 0x0c, 0, 1}, 10, 1},
  };
  fixture f;
  (void)state;
  for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
    with_table(&f, 2, code_of(writes[i].code, writes[i].size), other, sizeof other);
    assert_int_equal(f.plan.callee_count, writes[i].written == 0 ? 2 : 3);
    for (uint32_t c = 0; c < f.plan.callee_count; c++) {
      assert_int_equal(f.plan.callees[c].table, 1 - writes[i].written);
    }
    end(&f);
  }
}

/* Four of a type are few, five are not; what does not fit is not in the table. */
static void callees__few_of_a_type(void **state) {
  static const uint8_t four[] = {0, HCC_OP_I32_CONST, 5, HCC_OP_END, 3, 2, 2, 2};
  static const uint8_t five[] = {0, HCC_OP_I32_CONST, 4, HCC_OP_END, 4, 2, 2, 2, 2};
  static const uint8_t beyond[] = {0, HCC_OP_I32_CONST, 7, HCC_OP_END, 3, 2, 2, 2};
  fixture f;
  (void)state;
  with_table(&f, 1, CODE_OF(HCC_OP_NOP), four, sizeof four);
  assert_int_equal(f.plan.callee_count, 6);
  assert_callee(&f, 3, f.result->funcs[3].type, 0, 7, 'f', 3);
  end(&f);
  with_table(&f, 1, CODE_OF(HCC_OP_NOP), five, sizeof five);
  assert_int_equal(f.plan.callee_count, 1);
  assert_callee(&f, 0, f.result->funcs[5].type, 0, 2, 'e', 0);
  end(&f);
  with_table(&f, 1, CODE_OF(HCC_OP_NOP), beyond, sizeof beyond);
  assert_int_equal(f.plan.callee_count, 4);
  end(&f);
}

/* What stands in no table, and where there is none: the last one is at 4 GiB. */
static void callees__of_active_segments(void **state) {
  static const uint8_t others[][7] = {
      {1, 0, 2, 2, 2}, {3, 0, 2, 2, 2}, {0, HCC_OP_I32_CONST, 0x7f, HCC_OP_END, 2, 2, 2}};
  static const uint8_t sizes[] = {5, 5, 7};
  fixture f;
  (void)state;
  for (size_t i = 0; i < sizeof sizes; i++) {
    with_table(&f, 1, CODE_OF(HCC_OP_NOP), others[i], sizes[i]);
    assert_int_equal(f.plan.callee_count, 3); /* of the first segment */
    end(&f);
  }
}

/* A null is no function, not even the first. */
static void callees__not_of_null(void **state) {
  fixture f;
  (void)state;
  begin(&f);
  SECTION(&f, 1, 1, 0x60, 0, 0);
  SECTION(&f, 3, 1, 0);
  SECTION(&f, 4, 1, HCC_FUNCREF, 0, 2);
  SECTION(&f, 9, 1, 4, HCC_OP_I32_CONST, 0, HCC_OP_END, 2, HCC_OP_REF_NULL, HCC_FUNCREF, HCC_OP_END,
          HCC_OP_REF_FUNC, 0, HCC_OP_END);
  BODY(&f, HCC_OP_NOP);
  rewrite(&f, PLAIN);
  assert_int_equal(f.plan.callee_count, 1);
  assert_int_equal(f.plan.callees[0].slot, 1);
  end(&f);
}

/* Sixteen of a type in all tables: those of the fifth are too many. */
static void callees__few_in_all_tables(void **state) {
#define TABLE HCC_FUNCREF, 0, 4
#define FOUR(table) 2, table, HCC_OP_I32_CONST, 0, HCC_OP_END, 0, 4, 0, 0, 0, 0
  fixture f;
  (void)state;
  begin(&f);
  SECTION(&f, 1, 1, 0x60, 0, 0);
  SECTION(&f, 3, 1, 0);
  SECTION(&f, 4, 5, TABLE, TABLE, TABLE, TABLE, TABLE);
  SECTION(&f, 9, 5, FOUR(0), FOUR(1), FOUR(2), FOUR(3), FOUR(4));
  BODY(&f, HCC_OP_NOP);
  rewrite(&f, PLAIN);
  assert_int_equal(f.plan.callee_count, 16);
  assert_int_equal(f.plan.callees[15].table, 3);
  end(&f);
#undef TABLE
#undef FOUR
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(callees__of_a_table_nobody_writes),
      cmocka_unit_test(callees__none_if_it_may_be_written),
      cmocka_unit_test(callees__of_each_table),
      cmocka_unit_test(callees__not_of_a_table_that_is_written),
      cmocka_unit_test(callees__few_of_a_type),
      cmocka_unit_test(callees__of_active_segments),
      cmocka_unit_test(callees__not_of_null),
      cmocka_unit_test(callees__few_in_all_tables),
  };
  return cmocka_run_group_tests_name("rewrite_callees", tests, NULL, NULL);
}
