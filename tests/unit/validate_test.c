/* validate_test.c - the validator: every opcode with right, missing and wrong operands; what the
 * specification's suite (tests/spec) does not look at: offsets, texts, limits, hostile sizes. */
#include "wasm_build.h"

#include "limits.h"

static int validate(const hcc_buf *b, hcc_error *err) {
  uint8_t *exact = wb_exact(b->data, b->size);
  hcc_module *m = NULL;
  *err = (hcc_error){0};
  assert_false(b->failed);
  int status = hcc_decode(&m, exact, b->size, err);
  if (status == 0) {
    status = hcc_validate(m, err);
  }
  assert_int_equal(status, err->code);
  assert_int_equal(status != 0, err->text[0] != '\0');
  hcc_module_free(m);
  free(exact);
  return status;
}

/* Frees b. */
static void expect(hcc_buf *b, int code, const char *text) {
  hcc_error err;
  int status = validate(b, &err);
  if (status != code || strstr(err.text, text) == NULL) {
    fail_msg("%d \"%s\", expected %d \"%s\"", status, err.text, code, text);
  }
  hcc_buf_free(b);
}

static void expect_code(const char *sig, const void *code, size_t size, int expected,
                        const char *text) {
  hcc_buf b;
  wb_function_module(&b, sig, code, size);
  expect(&b, expected, text);
}

static const uint32_t all_codes[] = {
#define HCC_OP(name, text, code, imm, sig, align, fuel, flags) code,
#include "opcodes.def"
#undef HCC_OP
};

#define OPS (sizeof all_codes / sizeof *all_codes)

/* Opcodes without a signature of their own, in the module of wb_function_module with immediates of
 * wb_op. NULL: control and locals, tested below and by the specification's suite. */
static const struct {
  uint32_t code;
  const char *sig;
} open_sigs[] = {
    {HCC_OP_UNREACHABLE, NULL},  {HCC_OP_BLOCK, NULL},        {HCC_OP_LOOP, NULL},
    {HCC_OP_IF, NULL},           {HCC_OP_ELSE, NULL},         {HCC_OP_END, NULL},
    {HCC_OP_BR, NULL},           {HCC_OP_BR_IF, NULL},        {HCC_OP_BR_TABLE, NULL},
    {HCC_OP_RETURN, NULL},       {HCC_OP_LOCAL_GET, NULL},    {HCC_OP_LOCAL_SET, NULL},
    {HCC_OP_LOCAL_TEE, NULL},    {HCC_OP_CALL, ":"},          {HCC_OP_CALL_INDIRECT, "i:"},
    {HCC_OP_DROP, "i:"},         {HCC_OP_SELECT, "vvi:v"},    {HCC_OP_SELECT_T, "iii:i"},
    {HCC_OP_GLOBAL_GET, ":i"},   {HCC_OP_GLOBAL_SET, "i:"},   {HCC_OP_TABLE_GET, "i:r"},
    {HCC_OP_TABLE_SET, "ir:"},   {HCC_OP_REF_NULL, ":r"},     {HCC_OP_REF_IS_NULL, "r:i"},
    {HCC_OP_TABLE_GROW, "ri:i"}, {HCC_OP_TABLE_FILL, "iri:"},
};

static const char *sig_of(uint32_t code) {
  const char *sig = hcc_op_info_of(code)->sig;
  if (sig != NULL) {
    return sig;
  }
  for (size_t i = 0; i < sizeof open_sigs / sizeof *open_sigs; i++) {
    if (open_sigs[i].code == code) {
      return open_sigs[i].sig;
    }
  }
  fail_msg("%s has no row", hcc_op_info_of(code)->name);
  return NULL;
}

/* A function of signature sig that puts its first count parameters on the stack and runs code. */
static void op_module(hcc_buf *out, const char *sig, size_t count, uint32_t code) {
  hcc_buf body;
  hcc_buf_init(&body, 1000);
  hcc_buf_byte(&body, 0);
  for (size_t i = 0; i < count; i++) {
    hcc_buf_byte(&body, HCC_OP_LOCAL_GET);
    hcc_buf_u32(&body, (uint32_t)i);
  }
  wb_op(&body, code);
  hcc_buf_byte(&body, HCC_OP_END);
  wb_function_module(out, sig, body.data, body.size);
  hcc_buf_free(&body);
}

static void ops__right_operands(void **state) {
  (void)state;
  for (size_t i = 0; i < OPS; i++) {
    const char *sig = sig_of(all_codes[i]);
    if (sig != NULL) {
      hcc_buf b;
      op_module(&b, sig, (size_t)(strchr(sig, ':') - sig), all_codes[i]);
      expect(&b, 0, "");
    }
  }
}

static void ops__one_operand_missing(void **state) {
  (void)state;
  for (size_t i = 0; i < OPS; i++) {
    const char *sig = sig_of(all_codes[i]);
    if (sig != NULL && sig[0] != ':') {
      hcc_buf b;
      op_module(&b, sig, (size_t)(strchr(sig, ':') - sig) - 1, all_codes[i]);
      expect(&b, HCC_E_INVALID, "type mismatch");
    }
  }
}

static void ops__each_operand_of_another_type(void **state) {
  (void)state;
  for (size_t i = 0; i < OPS; i++) {
    const char *sig = sig_of(all_codes[i]);
    if (sig == NULL || all_codes[i] == HCC_OP_DROP) {
      continue;
    }
    size_t count = (size_t)(strchr(sig, ':') - sig);
    for (size_t k = 0; k < count; k++) {
      char wrong[16];
      hcc_buf b;
      snprintf(wrong, sizeof wrong, "%s", sig);
      wrong[k] = wrong[k] == 'i' ? 'd' : 'i';
      op_module(&b, wrong, count, all_codes[i]);
      expect(&b, HCC_E_INVALID, "type mismatch");
    }
  }
}

static void ops__one_result_not_expected(void **state) {
  (void)state;
  for (size_t i = 0; i < OPS; i++) {
    const char *sig = sig_of(all_codes[i]);
    if (sig != NULL && sig[strlen(sig) - 1] != ':') {
      char wrong[16];
      hcc_buf b;
      snprintf(wrong, sizeof wrong, "%s", sig);
      *strchr(wrong, ':') = '\0';
      strcat(wrong, ":");
      op_module(&b, wrong, strlen(wrong) - 1, all_codes[i]);
      expect(&b, HCC_E_INVALID, "type mismatch: end expects 0 values, found 1 more");
    }
  }
}

static void alignment__natural_and_one_more(void **state) {
  (void)state;
  for (size_t i = 0; i < OPS; i++) {
    const hcc_op_info *info = hcc_op_info_of(all_codes[i]);
    if (info->imm != HCC_IMM_MEMARG && info->imm != HCC_IMM_MEMARG_LANE) {
      continue;
    }
    for (uint8_t more = 0; more < 2; more++) {
      hcc_buf b;
      size_t tail = info->imm == HCC_IMM_MEMARG_LANE ? 3 : 2;
      op_module(&b, info->sig, (size_t)(strchr(info->sig, ':') - info->sig), info->code);
      /* behind it: end, then the data section of 8 bytes */
      b.data[b.size - 9 - tail] = (uint8_t)(info->align + more);
      expect(&b, more ? HCC_E_INVALID : 0, more ? "alignment" : "");
    }
  }
}

static void lanes__last_and_one_more(void **state) {
  (void)state;
  for (size_t i = 0; i < OPS; i++) {
    const hcc_op_info *info = hcc_op_info_of(all_codes[i]);
    unsigned lanes = info->imm == HCC_IMM_SHUFFLE ? 32 : 16u >> info->align;
    if (info->imm != HCC_IMM_LANE && info->imm != HCC_IMM_MEMARG_LANE &&
        info->imm != HCC_IMM_SHUFFLE) {
      continue;
    }
    for (unsigned lane = lanes - 1; lane <= lanes; lane++) {
      hcc_buf b;
      op_module(&b, info->sig, (size_t)(strchr(info->sig, ':') - info->sig), info->code);
      b.data[b.size - 10] = (uint8_t)lane;
      expect(&b, lane == lanes ? HCC_E_INVALID : 0, lane == lanes ? "invalid lane index" : "");
    }
  }
}

static void error__offset_function_and_text(void **state) {
  hcc_buf b;
  hcc_error err;
  (void)state;
  /* i32.const 1; f64.const 0; i32.add; drop */
  wb_function_module(&b, ":", WB_BYTES("\0\x41\1\x44\0\0\0\0\0\0\0\0\x6a\x1a\x0b"));
  assert_int_equal(validate(&b, &err), HCC_E_INVALID);
  assert_string_equal(err.text, "type mismatch: i32.add expects i32, found f64");
  assert_int_equal(err.func, 1);
  assert_int_equal(b.data[err.offset], HCC_OP_I32_ADD);
  assert_int_equal(err.offset, b.size - 8 - 3);
  hcc_buf_free(&b);
  expect_code(":", WB_BYTES("\0\x6a\x1a\x0b"), HCC_E_INVALID,
              "type mismatch: i32.add expects i32, found nothing");
}

static void error__may_be_null(void **state) {
  hcc_buf b;
  hcc_module *m = NULL;
  (void)state;
  wb_function_module(&b, ":i", WB_BYTES("\0\x0b"));
  assert_int_equal(hcc_decode(&m, b.data, b.size, NULL), 0);
  assert_int_equal(hcc_validate(m, NULL), HCC_E_INVALID);
  hcc_module_free(m);
  hcc_buf_free(&b);
}

static void control__forms(void **state) {
  (void)state;
  expect_code(":i", WB_BYTES("\0\x41\1\x04\x7f\x41\1\x05\x41\2\x0b\x0b"), 0, "");
  expect_code(":i", WB_BYTES("\0\x41\1\x04\x7f\x41\1\x0b\x0b"), HCC_E_INVALID, "if without else");
  expect_code(":", WB_BYTES("\0\x05\x0b"), HCC_E_MALFORMED, "else without if");
  expect_code(":", WB_BYTES("\0\x41\1\x04\x40\x05\x05\x0b\x0b"), HCC_E_MALFORMED,
              "else without if");
  expect_code(":", WB_BYTES("\0\x02\x40\x0b"), HCC_E_MALFORMED, "unexpected end");
  expect_code(":", WB_BYTES("\0\x0b\x01"), HCC_E_MALFORMED, "behind the final end");
  expect_code(":", WB_BYTES("\0\x0c\1\x0b"), HCC_E_INVALID, "unknown label 1");
  expect_code(":", WB_BYTES("\0\x0c\0\x0b"), 0, "");
  expect_code(":", WB_BYTES("\0\x02\5\x0b\x0b"), HCC_E_INVALID, "unknown type 5");
  expect_code("i:", WB_BYTES("\0\x20\0\x02\1\x1a\x0b\x0b"), 0, "");
  expect_code("i:", WB_BYTES("\0\x20\0\x03\1\x0c\0\x0b\x0b"), 0, "");
  expect_code(":", WB_BYTES("\0\x41\0\x0e\1\0\1\x0b"), HCC_E_INVALID, "unknown label 1");
  expect_code(":", WB_BYTES("\0\x02\x7f\x41\0\x41\0\x0e\1\0\1\x0b\x1a\x0b"), HCC_E_INVALID,
              "br_table's label 1");
}

static void unreachable__operands_are_open(void **state) {
  (void)state;
  expect_code(":i", WB_BYTES("\0\0\x6a\x0b"), 0, "");
  expect_code(":", WB_BYTES("\0\0\x1b\x1a\x0b"), 0, "");
  expect_code(":i", WB_BYTES("\0\0\x43\0\0\0\0\x6a\x0b"), HCC_E_INVALID, "expects i32, found f32");
  expect_code(":", WB_BYTES("\0\0\x41\0\x0b"), HCC_E_INVALID, "1 more");
  expect_code(":d", WB_BYTES("\0\0\x41\0\x0d\0\x0b"), 0, "");
  expect_code(":", WB_BYTES("\0\0\xd1\x1a\x0b"), 0, "");
  /* br_if leaves the label's type, known from then on */
  expect_code(":", WB_BYTES("\0\x02\x7f\0\x0d\0\x8c\x1a\x41\0\x0b\x1a\x0b"), HCC_E_INVALID,
              "f32.neg expects f32, found i32");
  expect_code(":", WB_BYTES("\0\0\x1b\xd1\x1a\x0b"), 0, "");
  expect_code(":", WB_BYTES("\0\0\xd0\x70\x41\0\x1b\x1a\x0b"), HCC_E_INVALID, "number or vector");
}

static void indices__just_behind_the_end(void **state) {
  (void)state;
  expect_code(":", WB_BYTES("\0\x10\2\x0b"), HCC_E_INVALID, "unknown function 2");
  expect_code(":", WB_BYTES("\0\x20\0\x1a\x0b"), HCC_E_INVALID, "unknown local 0");
  expect_code(":", WB_BYTES("\1\2\x7f\x20\2\x1a\x0b"), HCC_E_INVALID, "unknown local 2");
  expect_code(":", WB_BYTES("\1\2\x7f\x20\1\x1a\x0b"), 0, "");
  expect_code(":", WB_BYTES("\0\x23\1\x1a\x0b"), HCC_E_INVALID, "unknown global 1");
  expect_code(":", WB_BYTES("\0\xfc\x10\2\x1a\x0b"), HCC_E_INVALID, "unknown table 2");
  expect_code(":", WB_BYTES("\0\xfc\x0d\1\x0b"), HCC_E_INVALID, "unknown element segment 1");
  expect_code(":", WB_BYTES("\0\xfc\x09\1\x0b"), HCC_E_INVALID, "unknown data segment 1");
  expect_code("i:", WB_BYTES("\0\x20\0\x11\2\0\x0b"), HCC_E_INVALID, "unknown type 2");
  expect_code("i:", WB_BYTES("\0\x20\0\x11\0\2\x0b"), HCC_E_INVALID, "unknown table 2");
  expect_code("i:", WB_BYTES("\0\x20\0\x11\0\1\x0b"), HCC_E_INVALID,
              "call_indirect expects funcref, found externref");
  expect_code("iii:", WB_BYTES("\0\x20\0\x20\1\x20\2\xfc\x0e\0\1\x0b"), HCC_E_INVALID,
              "table.copy expects funcref, found externref");
  expect_code(":", WB_BYTES("\0\xd2\0\x1a\xd2\0\x1a\x0b"), 0, "");
  expect_code(":", WB_BYTES("\0\xd2\1\x1a\x0b"), HCC_E_INVALID, "undeclared function reference 1");
}

/* A module of one section behind types ()->() and (i32)->(), with the given others. */
static void expect_sections(int code, const char *text, size_t count, ...) {
  hcc_buf b;
  va_list args;
  wb_begin(&b);
  va_start(args, count);
  for (size_t i = 0; i < count; i++) {
    int id = va_arg(args, int);
    const char *bytes = va_arg(args, const char *);
    size_t size = va_arg(args, size_t);
    wb_section(&b, (uint8_t)id, bytes, size);
  }
  va_end(args);
  expect(&b, code, text);
}

#define S(id, literal) (int)(id), (literal), sizeof(literal) - 1

static void module__memory_and_table_sizes(void **state) {
  (void)state;
  expect_sections(0, "", 1, S(5, "\1\1\0\x80\x80\4"));
  expect_sections(0, "", 1, S(5, "\1\0\x80\x80\4"));
  expect_sections(HCC_E_INVALID, "at most 65536 pages, found 65537", 1, S(5, "\1\0\x81\x80\4"));
  expect_sections(HCC_E_INVALID, "at most 65536 pages, found 65537", 1, S(5, "\1\1\0\x81\x80\4"));
  expect_sections(HCC_E_INVALID, "minimum 2", 1, S(5, "\1\1\2\1"));
  expect_sections(HCC_E_INVALID, "minimum 2", 1, S(4, "\1\x70\1\2\1"));
  expect_sections(HCC_E_INVALID, "minimum 2", 1, S(2, "\1\0\0\1\x70\1\2\1"));
}

static void module__constant_expressions(void **state) {
  (void)state;
  expect_sections(0, "", 1, S(6, "\1\x7f\0\x41\3\x41\4\x6a\x41\2\x6c\x41\1\x6b\x0b"));
  expect_sections(0, "", 1, S(6, "\1\x7e\0\x42\3\x42\4\x7c\x42\2\x7e\x42\1\x7d\x0b"));
  expect_sections(0, "", 2, S(2, "\1\0\0\3\x7f\0"), S(6, "\1\x7f\0\x23\0\x0b"));
  expect_sections(HCC_E_INVALID, "global 0 is mutable", 2, S(2, "\1\0\0\3\x7f\1"),
                  S(6, "\1\x7f\0\x23\0\x0b"));
  expect_sections(HCC_E_INVALID, "unknown global 0", 1, S(6, "\2\x7f\0\x41\0\x0b\x7f\0\x23\0\x0b"));
  expect_sections(HCC_E_INVALID, "constant expression required, found i32.div_s", 1,
                  S(6, "\1\x7f\0\x41\3\x41\4\x6d\x0b"));
  expect_sections(HCC_E_INVALID, "constant expression required, found block", 1,
                  S(6, "\1\x7f\0\x02\x40\x0b\x41\0\x0b"));
  expect_sections(HCC_E_INVALID, "expects i32, found i64", 1, S(6, "\1\x7f\0\x42\0\x0b"));
  expect_sections(HCC_E_INVALID, "found nothing", 1, S(6, "\1\x7f\0\x0b"));
  expect_sections(HCC_E_INVALID, "1 more", 1, S(6, "\1\x7f\0\x41\0\x41\0\x0b"));
}

static void module__types_functions_and_start(void **state) {
  (void)state;
  expect_sections(HCC_E_INVALID, "unknown type 0", 1, S(2, "\1\0\0\0\0"));
  expect_sections(HCC_E_INVALID, "unknown type 1", 3, S(1, "\1\x60\0\0"), S(3, "\1\1"),
                  S(10, "\1\2\0\x0b"));
  expect_sections(HCC_E_INVALID, "unknown function 0", 1, S(8, "\0"));
  expect_sections(HCC_E_INVALID, "start function 0", 4, S(1, "\1\x60\1\x7f\0"), S(3, "\1\0"),
                  S(8, "\0"), S(10, "\1\2\0\x0b"));
  expect_sections(0, "", 4, S(1, "\1\x60\0\0"), S(3, "\1\0"), S(8, "\0"), S(10, "\1\2\0\x0b"));
}

static void module__exports(void **state) {
  (void)state;
  expect_sections(HCC_E_INVALID, "unknown memory 0", 1, S(7, "\1\1m\2\0"));
  expect_sections(HCC_E_INVALID, "unknown function 7", 1, S(7, "\1\1f\0\7"));
  expect_sections(0, "", 2, S(5, "\1\0\0"), S(7, "\3\0\2\0\1a\2\0\2aa\2\0"));
  expect_sections(HCC_E_INVALID, "duplicate export name ''", 2, S(5, "\1\0\0"),
                  S(7, "\2\0\2\0\0\2\0"));
  expect_sections(HCC_E_INVALID, "duplicate export name '*/\\x00\\x0a'", 2, S(5, "\1\0\0"),
                  S(7, "\2\4*/\0\n\2\0\4*/\0\n\2\0"));
}

static void module__segments(void **state) {
  (void)state;
  expect_sections(HCC_E_INVALID, "unknown memory 0", 1, S(11, "\1\0\x41\0\x0b\0"));
  expect_sections(0, "", 1, S(11, "\1\1\0"));
  expect_sections(HCC_E_INVALID, "found i64", 2, S(5, "\1\0\0"), S(11, "\1\0\x42\0\x0b\0"));
  expect_sections(HCC_E_INVALID, "unknown table 0", 1, S(9, "\1\0\x41\0\x0b\0"));
  expect_sections(HCC_E_INVALID, "unknown function 0", 2, S(4, "\1\x70\0\0"),
                  S(9, "\1\0\x41\0\x0b\1\0"));
  expect_sections(HCC_E_INVALID, "table 0 expects externref, found funcref", 2, S(4, "\1\x6f\0\0"),
                  S(9, "\1\0\x41\0\x0b\0"));
  expect_sections(HCC_E_INVALID, "expects externref, found funcref", 1,
                  S(9, "\1\5\x6f\1\xd0\x70\x0b"));
  expect_sections(0, "", 1, S(9, "\1\5\x6f\1\xd0\x6f\x0b"));
}

static void data_count__needed_by_instructions(void **state) {
  (void)state;
  expect_sections(HCC_E_MALFORMED, "data count section required", 4, S(1, "\1\x60\0\0"),
                  S(3, "\1\0"), S(10, "\1\5\0\xfc\x09\0\x0b"), S(11, "\1\1\0"));
}

static void expect_nesting(uint32_t depth, int code, const char *text) {
  hcc_buf body, b;
  hcc_buf_init(&body, WB_MAX);
  hcc_buf_byte(&body, 0);
  for (uint32_t i = 0; i < depth; i++) {
    hcc_buf_add(&body, "\x02\x40", 2);
  }
  for (uint32_t i = 0; i <= depth; i++) {
    hcc_buf_byte(&body, HCC_OP_END);
  }
  wb_function_module(&b, ":", body.data, body.size);
  hcc_buf_free(&body);
  expect(&b, code, text);
}

static void limit__nesting(void **state) {
  (void)state;
  expect_nesting(HCC_MAX_NESTING, 0, "");
  expect_nesting(HCC_MAX_NESTING + 1, HCC_E_LIMIT, "nested more than 10000");
}

/* Calls of a function with 1,000 results fill the operand stack. */
static void limit__operands(void **state) {
  char sig[1002];
  hcc_buf body, b;
  (void)state;
  memset(sig, 'i', sizeof sig);
  sig[0] = ':';
  sig[1001] = '\0';
  for (unsigned more = 0; more < 2; more++) {
    hcc_buf_init(&body, WB_MAX);
    hcc_buf_byte(&body, 0);
    for (uint32_t i = 0; i < HCC_MAX_OPERANDS / 1000 + more; i++) {
      hcc_buf_add(&body, "\x10\1", 2);
    }
    hcc_buf_add(&body, "\0\x0b", 2);
    wb_function_module(&b, sig, body.data, body.size);
    hcc_buf_free(&body);
    expect(&b, more ? HCC_E_LIMIT : 0, more ? "1000000 operands" : "");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ops__right_operands),
      cmocka_unit_test(ops__one_operand_missing),
      cmocka_unit_test(ops__each_operand_of_another_type),
      cmocka_unit_test(ops__one_result_not_expected),
      cmocka_unit_test(alignment__natural_and_one_more),
      cmocka_unit_test(lanes__last_and_one_more),
      cmocka_unit_test(error__offset_function_and_text),
      cmocka_unit_test(error__may_be_null),
      cmocka_unit_test(control__forms),
      cmocka_unit_test(unreachable__operands_are_open),
      cmocka_unit_test(indices__just_behind_the_end),
      cmocka_unit_test(module__memory_and_table_sizes),
      cmocka_unit_test(module__constant_expressions),
      cmocka_unit_test(module__types_functions_and_start),
      cmocka_unit_test(module__exports),
      cmocka_unit_test(module__segments),
      cmocka_unit_test(data_count__needed_by_instructions),
      cmocka_unit_test(limit__nesting),
      cmocka_unit_test(limit__operands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
