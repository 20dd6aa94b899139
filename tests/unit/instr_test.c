/* instr_test.c - the opcode table and the instruction reader: every row read back, every truncation
 * refused, every opcode without a row refused, refused proposals named. */
#include "wasm_build.h"

#include "limits.h"

static const uint32_t all_codes[] = {
#define HCC_OP(name, text, code, imm, sig, align, fuel, flags) code,
#include "opcodes.def"
#undef HCC_OP
};

#define OPS (sizeof all_codes / sizeof *all_codes)

static int next(hcc_instr *out, const void *bytes, size_t size, hcc_error *err) {
  uint8_t *exact = wb_exact(bytes, size);
  hcc_reader r = {.bytes = exact, .end = (uint32_t)size};
  *err = (hcc_error){0};
  int status = hcc_instr_next(out, &r, err);
  assert_int_equal(r.pos, status == 0 ? out->end : 0);
  assert_int_equal(status, err->code);
  free(exact);
  return status;
}

static hcc_instr read_good(const void *bytes, size_t size) {
  hcc_instr in;
  hcc_error err;
  assert_int_equal(next(&in, bytes, size, &err), 0);
  assert_int_equal(in.begin, 0);
  assert_int_equal(in.end, size);
  return in;
}

static void expect_bad(const void *bytes, size_t size, int code, const char *text) {
  hcc_instr in;
  hcc_error err;
  assert_int_equal(next(&in, bytes, size, &err), code);
  if (strstr(err.text, text) == NULL) {
    fail_msg("\"%s\" has no \"%s\"", err.text, text);
  }
}

static void table__counts(void **state) {
  size_t simd = 0, misc = 0;
  (void)state;
  for (size_t i = 0; i < OPS; i++) {
    simd += all_codes[i] >= 0xfd00;
    misc += all_codes[i] >= 0xfc00 && all_codes[i] < 0xfd00;
    assert_true(i == 0 || all_codes[i] > all_codes[i - 1]);
  }
  assert_int_equal(simd, 236);
  assert_int_equal(misc, 18);
  assert_int_equal(OPS, 172 + 5 + 6 + 18 + 236); /* MVP, sign extension, references, misc, SIMD */
}

static void table__rows_are_sound(void **state) {
  (void)state;
  for (size_t i = 0; i < OPS; i++) {
    const hcc_op_info *info = hcc_op_info_of(all_codes[i]);
    assert_non_null(info);
    assert_int_equal(info->code, all_codes[i]);
    assert_true(info->sig == NULL || (strchr(info->sig, ':') != NULL &&
                                      strspn(info->sig, "ijfdvre:") == strlen(info->sig)));
    assert_in_range(info->fuel, 0, 1);
    assert_in_range(info->align, 0, 4);
    for (size_t k = 0; k < i; k++) {
      assert_string_not_equal(info->name, hcc_op_info_of(all_codes[k])->name);
    }
  }
}

static void table__flags_follow_from_the_kind(void **state) {
  (void)state;
  for (size_t i = 0; i < OPS; i++) {
    const hcc_op_info *info = hcc_op_info_of(all_codes[i]);
    bool access = info->imm == HCC_IMM_MEMARG || info->imm == HCC_IMM_MEMARG_LANE;
    if (access) {
      assert_true(info->flags & HCC_OPF_TRAPS);
      assert_int_equal(!!(info->flags & HCC_OPF_WRITES), strstr(info->name, "store") != NULL);
    }
    bool bulk = info->flags & HCC_OPF_BULK;
    if (bulk) {
      assert_true(info->flags & HCC_OPF_WRITES);
      assert_true(info->sig == NULL || strchr(info->sig, ':')[-1] == 'i'); /* the length */
    }
    if (strstr(info->name, "div_") || strstr(info->name, "rem_")) {
      assert_true(info->flags & HCC_OPF_TRAPS);
    }
    if (strstr(info->name, "trunc_sat")) {
      assert_int_equal(info->flags, 0);
    }
    bool structural = info->fuel == 0;
    assert_int_equal(structural, info->code == HCC_OP_NOP || info->code == HCC_OP_BLOCK ||
                                     info->code == HCC_OP_LOOP || info->code == HCC_OP_ELSE ||
                                     info->code == HCC_OP_END);
  }
}

static void read__every_row_and_every_truncation(void **state) {
  (void)state;
  for (size_t i = 0; i < OPS; i++) {
    hcc_buf b;
    hcc_instr in;
    hcc_error err;
    hcc_buf_init(&b, 100);
    wb_op(&b, all_codes[i]);
    in = read_good(b.data, b.size);
    assert_int_equal(in.code, all_codes[i]);
    assert_ptr_equal(in.info, hcc_op_info_of(all_codes[i]));
    for (size_t size = 0; size < b.size; size++) {
      assert_int_equal(next(&in, b.data, size, &err), HCC_E_MALFORMED);
      assert_true(err.offset <= size);
    }
    hcc_buf_free(&b);
  }
}

static bool has_row(uint32_t code) {
  for (size_t i = 0; i < OPS; i++) {
    if (all_codes[i] == code) {
      return true;
    }
  }
  return false;
}

static void expect_refused(uint8_t prefix, uint32_t op) {
  hcc_instr in;
  hcc_error err;
  hcc_buf b;
  hcc_buf_init(&b, 100);
  if (prefix != 0) {
    hcc_buf_byte(&b, prefix);
    hcc_buf_u32(&b, op);
  } else {
    hcc_buf_byte(&b, (uint8_t)op);
  }
  hcc_buf_add(&b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  int status = next(&in, b.data, b.size, &err);
  assert_true(status == HCC_E_MALFORMED || status == HCC_E_PROPOSAL);
  assert_true(status != HCC_E_PROPOSAL || strstr(err.text, " proposal") != NULL);
  hcc_buf_free(&b);
}

static void read__every_code_without_row(void **state) {
  (void)state;
  for (uint32_t op = 0; op < 256; op++) {
    bool prefix = op >= 0xfb && op <= 0xfe;
    if (!prefix && !has_row(op)) {
      assert_null(hcc_op_info_of(op));
      expect_refused(0, op);
    }
  }
  for (uint32_t op = 0; op < 0x400; op++) {
    expect_refused(0xfb, op);
    expect_refused(0xfe, op);
    if (op >= 0x100 || !has_row(0xfc00 + op)) {
      expect_refused(0xfc, op);
    }
    if (op >= 0x100 || !has_row(0xfd00 + op)) {
      expect_refused(0xfd, op);
    }
  }
  expect_refused(0xfc, UINT32_MAX);
  expect_refused(0xfd, UINT32_MAX);
  assert_null(hcc_op_info_of(UINT32_MAX));
  assert_null(hcc_op_info_of(0xfe00));
  assert_null(hcc_op_info_of(0xfbff));
}

static void refused__proposals_are_named(void **state) {
  static const struct {
    const char *bytes, *proposal;
    size_t size;
  } rows[] = {
#define ROW(literal, proposal) {literal, proposal, sizeof(literal) - 1}
      ROW("\x06\x40", "exceptions"),
      ROW("\x07\0", "exceptions"),
      ROW("\x08\0", "exceptions"),
      ROW("\x19", "exceptions"),
      ROW("\x1f\x40\0", "exceptions"),
      ROW("\x12\0", "tail calls"),
      ROW("\x13\0\0", "tail calls"),
      ROW("\x15\0", "tail calls"),
      ROW("\x14\0", "function references"),
      ROW("\xd4", "function references"),
      ROW("\xd5\0", "function references"),
      ROW("\xd3", "GC"),
      ROW("\xfb\0\0", "GC"),
      ROW("\xfb\x80\x01", "stringref"),
      ROW("\xfe\0\2\0", "threads"),
      ROW("\xfd\x80\2", "relaxed SIMD"),
      ROW("\xfc\x13", "wide arithmetic"),
      ROW("\xe0\0", "stack switching"),
      ROW("\x28\x42\0\0", "multi-memory"),
      ROW("\x3f\1", "multi-memory"),
      ROW("\xfc\x0a\0\1", "multi-memory"),
      ROW("\xd0\x6e", "GC"),
      ROW("\xd0\x69", "exceptions"),
      ROW("\x02\x64", "function references"),
      ROW("\x1c\1\x6c", "GC"),
#undef ROW
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    expect_bad(rows[i].bytes, rows[i].size, HCC_E_PROPOSAL, rows[i].proposal);
  }
}

static void imm__block_types(void **state) {
  (void)state;
  assert_int_equal(read_good(WB_BYTES("\x02\x40")).block, -1);
  assert_int_equal(read_good(WB_BYTES("\x02\x7f")).block, -HCC_I32 - 1);
  assert_int_equal(read_good(WB_BYTES("\x03\x6f")).block, -HCC_EXTERNREF - 1);
  assert_int_equal(read_good(WB_BYTES("\x04\x3f")).block, 63);
  assert_int_equal(read_good(WB_BYTES("\x04\xff\xff\xff\xff\x0f")).block, UINT32_MAX);
  expect_bad(WB_BYTES("\x02\x7a"), HCC_E_MALFORMED, "value type 0x7a");
  expect_bad(WB_BYTES("\x02\xff\x7f"), HCC_E_MALFORMED, "block type");
  expect_bad(WB_BYTES("\x02\x80\x80\x80\x80\x20"), HCC_E_MALFORMED, "too large");
}

static void imm__integers_at_their_edges(void **state) {
  (void)state;
  assert_int_equal(read_good(WB_BYTES("\x41\x7f")).value, UINT64_MAX);
  assert_int_equal(read_good(WB_BYTES("\x41\x80\x80\x80\x80\x78")).value,
                   (uint64_t)(int64_t)INT32_MIN);
  assert_int_equal(read_good(WB_BYTES("\x41\xff\xff\xff\xff\x07")).value, INT32_MAX);
  expect_bad(WB_BYTES("\x41\xff\xff\xff\xff\x0f"), HCC_E_MALFORMED, "too large");
  expect_bad(WB_BYTES("\x41\x80\x80\x80\x80\x70"), HCC_E_MALFORMED, "too large");
  expect_bad(WB_BYTES("\x41\x80\x80\x80\x80\x80\x00"), HCC_E_MALFORMED, "too long");
  assert_int_equal(read_good(WB_BYTES("\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f")).value,
                   (uint64_t)INT64_MIN);
  assert_int_equal(read_good(WB_BYTES("\x42\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00")).value,
                   INT64_MAX);
  expect_bad(WB_BYTES("\x42\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), HCC_E_MALFORMED,
             "too large");
  assert_int_equal(read_good(WB_BYTES("\x20\xff\xff\xff\xff\x0f")).a, UINT32_MAX);
  expect_bad(WB_BYTES("\x20\xff\xff\xff\xff\x1f"), HCC_E_MALFORMED, "too large");
  expect_bad(WB_BYTES("\x20\x80\x80\x80\x80\x80\x00"), HCC_E_MALFORMED, "too long");
}

static void imm__floats_keep_their_bits(void **state) {
  (void)state;
  assert_int_equal(read_good(WB_BYTES("\x43\x01\x02\xa0\x7f")).value, 0x7fa00201);
  assert_int_equal(read_good(WB_BYTES("\x44\1\2\3\4\5\6\xf4\xff")).value, 0xfff4060504030201);
}

static void imm__memory_access(void **state) {
  (void)state;
  hcc_instr in = read_good(WB_BYTES("\x29\3\xff\xff\xff\xff\x0f"));
  assert_int_equal(in.a, 3);
  assert_int_equal(in.offset, UINT32_MAX);
  in = read_good(WB_BYTES("\xfd\x54\0\7\x0f"));
  assert_int_equal(in.offset, 7);
  assert_int_equal(in.lane, 15);
  expect_bad(WB_BYTES("\x28\x20\0"), HCC_E_MALFORMED, "alignment");
  expect_bad(WB_BYTES("\x28\x80\x01\0"), HCC_E_MALFORMED, "alignment");
  expect_bad(WB_BYTES("\x28\2\x80\x80\x80\x80\x10"), HCC_E_MALFORMED, "too large");
  expect_bad(WB_BYTES("\x3f\x80\0"), HCC_E_MALFORMED, "zero byte");
}

static void imm__br_table(void **state) {
  (void)state;
  hcc_instr in = read_good(WB_BYTES("\x0e\3\0\x81\1\2\5"));
  assert_int_equal(in.target_count, 3);
  assert_int_equal(in.targets, 2);
  expect_bad(WB_BYTES("\x0e\xff\xff\xff\xff\x0f\0"), HCC_E_LIMIT, "65520");
  expect_bad(WB_BYTES("\x0e\xfc\xff\xff\xff\x0f\0"), HCC_E_LIMIT, "65520");
  expect_bad(WB_BYTES("\x0e\xf0\xff\3\0"), HCC_E_MALFORMED, "don't fit");
}

static void imm__select(void **state) {
  (void)state;
  hcc_instr in = read_good(WB_BYTES("\x1c\2\x7f\x70"));
  assert_int_equal(in.target_count, 2);
  assert_int_equal(in.targets, 2);
  expect_bad(WB_BYTES("\x1c\1\x40"), HCC_E_MALFORMED, "value type");
  expect_bad(WB_BYTES("\x1c\xff\xff\xff\xff\x0f\x7f"), HCC_E_LIMIT, "types of select");
}

static void expr__ends_where_its_block_ends(void **state) {
  static const uint8_t bytes[] = {0x02, 0x40, 0x41, 0x0b, 0x0b, 0x0b, 0x01};
  hcc_reader r = {.bytes = bytes, .end = sizeof bytes};
  hcc_range range;
  hcc_error err = {0};
  (void)state;
  assert_int_equal(hcc_expr_next(&range, &r, &err), 0);
  assert_int_equal(range.begin, 0);
  assert_int_equal(range.end, 6);
  assert_int_equal(hcc_expr_next(&range, &r, &err), HCC_E_MALFORMED);
  assert_int_equal(r.pos, 6);
  assert_int_equal(err.offset, 7);
}

static void utf8__edges(void **state) {
  static const struct {
    const char *bytes;
    bool good;
  } rows[] = {
      {"", true},
      {"plain", true},
      {"\x7f", true},
      {"\xc2\x80", true},
      {"\xdf\xbf", true},
      {"\xe0\xa0\x80", true},
      {"\xed\x9f\xbf", true},
      {"\xee\x80\x80", true},
      {"\xf0\x90\x80\x80", true},
      {"\xf4\x8f\xbf\xbf", true},
      {"\x80", false},
      {"\xc0\x80", false},
      {"\xc1\xbf", false},
      {"\xc2", false},
      {"\xc2\x41", false},
      {"\xe0\x9f\xbf", false},
      {"\xed\xa0\x80", false},
      {"\xe2\x82", false},
      {"\xf0\x8f\xbf\xbf", false},
      {"\xf4\x90\x80\x80", false},
      {"\xf5\x80\x80\x80", false},
      {"\xff", false},
      {"a\xfe", false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t size = strlen(rows[i].bytes);
    uint8_t *exact = wb_exact(rows[i].bytes, size);
    assert_int_equal(hcc_is_utf8(exact, size), rows[i].good);
    free(exact);
  }
  assert_true(hcc_is_utf8((const uint8_t *)"a\0b", 3));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(table__counts),
      cmocka_unit_test(table__rows_are_sound),
      cmocka_unit_test(table__flags_follow_from_the_kind),
      cmocka_unit_test(read__every_row_and_every_truncation),
      cmocka_unit_test(read__every_code_without_row),
      cmocka_unit_test(refused__proposals_are_named),
      cmocka_unit_test(imm__block_types),
      cmocka_unit_test(imm__integers_at_their_edges),
      cmocka_unit_test(imm__floats_keep_their_bits),
      cmocka_unit_test(imm__memory_access),
      cmocka_unit_test(imm__br_table),
      cmocka_unit_test(imm__select),
      cmocka_unit_test(expr__ends_where_its_block_ends),
      cmocka_unit_test(utf8__edges),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
