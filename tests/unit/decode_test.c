/* decode_test.c - the decoder: what a module's fields become, sections in every wrong order,
 * hostile counts and sizes, limits at their edge, refused proposals, names that may hold anything.
 */
#include "wasm_build.h"

#include "limits.h"

/* The module refers to *exact; free both. */
static int decode(hcc_module **m, uint8_t **exact, const void *bytes, size_t size, hcc_error *err) {
  *exact = wb_exact(bytes, size);
  *m = NULL;
  *err = (hcc_error){0};
  int status = hcc_decode(m, *exact, size, err);
  assert_int_equal(status, err->code);
  assert_int_equal(status != 0, err->text[0] != '\0');
  assert_int_equal(status == 0, *m != NULL);
  return status;
}

static void expect(const void *bytes, size_t size, int code, const char *text) {
  hcc_module *m;
  uint8_t *exact;
  hcc_error err;
  int status = decode(&m, &exact, bytes, size, &err);
  if (status != code || strstr(err.text, text) == NULL) {
    fail_msg("%d \"%s\", expected %d \"%s\"", status, err.text, code, text);
  }
  hcc_module_free(m);
  free(exact);
}

/* Frees b. */
static void expect_buf(hcc_buf *b, int code, const char *text) {
  assert_false(b->failed);
  expect(b->data, b->size, code, text);
  hcc_buf_free(b);
}

static void expect_section(uint8_t id, const void *bytes, size_t size, int code, const char *text) {
  hcc_buf b;
  wb_begin(&b);
  wb_section(&b, id, bytes, size);
  expect_buf(&b, code, text);
}

static void header__forms(void **state) {
  (void)state;
  expect("", 0, HCC_E_MALFORMED, "unexpected end");
  expect(WB_BYTES("\0as"), HCC_E_MALFORMED, "unexpected end");
  expect(WB_BYTES("\0asM\1\0\0\0"), HCC_E_MALFORMED, "not WebAssembly");
  expect(WB_BYTES("(module)"), HCC_E_MALFORMED, "not WebAssembly");
  expect(WB_BYTES("\0asm\1\0\0"), HCC_E_MALFORMED, "unexpected end");
  expect(WB_BYTES("\0asm\2\0\0\0"), HCC_E_MALFORMED, "version");
  expect(WB_BYTES("\0asm\x0d\0\1\0"), HCC_E_PROPOSAL, "component model");
  expect(WB_BYTES("\0asm\1\0\0\0"), 0, "");
}

static void header__module_too_large(void **state) {
  hcc_error err = {0};
  hcc_module *m = NULL;
  uint8_t byte = 0;
  (void)state;
  assert_int_equal(hcc_decode(&m, &byte, (size_t)HCC_MAX_MODULE + 1, &err), HCC_E_LIMIT);
  assert_non_null(strstr(err.text, "67108864"));
  assert_int_equal(hcc_decode(&m, &byte, SIZE_MAX, NULL), HCC_E_LIMIT);
  assert_null(m);
  hcc_module_free(NULL);
}

static void sections__order_and_duplicates(void **state) {
  /* each empty form, in the order that is right */
  static const struct {
    uint8_t id, size;
  } order[] = {{1, 1}, {2, 1}, {3, 1},  {4, 1},  {5, 1}, {6, 1},
               {7, 1}, {9, 1}, {12, 1}, {10, 1}, {11, 1}};
  size_t count = sizeof order / sizeof *order;
  hcc_buf b;
  (void)state;
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < count; k++) {
      wb_begin(&b);
      wb_section(&b, 0, "\1x", 2);
      wb_section(&b, order[i].id, "\0", 1);
      wb_section(&b, 0, "\1y", 2);
      wb_section(&b, order[k].id, "\0", 1);
      expect_buf(&b, i < k ? 0 : HCC_E_MALFORMED,
                 i < k    ? ""
                 : i == k ? "a second"
                          : "out of order");
    }
  }
}

static void sections__ids_and_sizes(void **state) {
  (void)state;
  expect_section(13, "\0", 1, HCC_E_PROPOSAL, "exceptions");
  expect_section(14, "\0", 1, HCC_E_PROPOSAL, "stringref");
  expect_section(15, "\0", 1, HCC_E_MALFORMED, "section id 15");
  expect_section(0xff, "\0", 1, HCC_E_MALFORMED, "section id 255");
  expect_section(1, "\0\0", 2, HCC_E_MALFORMED, "type section size mismatch");
  expect_section(1, "", 0, HCC_E_MALFORMED, "unexpected end");
  expect_section(0, "", 0, HCC_E_MALFORMED, "unexpected end");
  expect_section(0, "\2x", 2, HCC_E_MALFORMED, "unexpected end");
  expect(WB_BYTES("\0asm\1\0\0\0\1\2\0"), HCC_E_MALFORMED, "unexpected end");
  expect(WB_BYTES("\0asm\1\0\0\0\1\xff\xff\xff\xff\x0f\0"), HCC_E_MALFORMED, "unexpected end");
  expect(WB_BYTES("\0asm\1\0\0\0\1"), HCC_E_MALFORMED, "unexpected end");
  expect(WB_BYTES("\0asm\1\0\0\0\1\x80\x80\x80\x80\x80\0"), HCC_E_MALFORMED, "too long");
}

static void sections__a_section_cannot_reach_into_the_next(void **state) {
  (void)state;
  /* a type section of 3 bytes whose type would go on behind it */
  expect(WB_BYTES("\0asm\1\0\0\0\1\3\1\x60\1\x7f\0"), HCC_E_MALFORMED, "types don't fit");
  /* a body whose locals would go on behind it */
  expect(WB_BYTES("\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\x0a\x05\1\1\1\1\x7f"), HCC_E_MALFORMED,
         "locals don't fit");
}

/* Counts that wrap when multiplied or added, in every section that has one. */
static void counts__hostile(void **state) {
  static const uint8_t ids[] = {1, 2, 3, 4, 5, 6, 7, 9, 10, 11};
  static const uint32_t counts[] = {1,          2,          1000,       UINT32_MAX,
                                    0xfffffffc, 0x80000000, 0x55555556, 0x10000000};
  (void)state;
  for (size_t i = 0; i < sizeof ids; i++) {
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
      hcc_module *m;
      uint8_t *exact;
      hcc_error err;
      hcc_buf content, b;
      hcc_buf_init(&content, 100);
      hcc_buf_u32(&content, counts[k]);
      wb_begin(&b);
      wb_section_of(&b, ids[i], &content);
      int status = decode(&m, &exact, b.data, b.size, &err);
      assert_true(status == HCC_E_MALFORMED || status == HCC_E_LIMIT ||
                  (ids[i] == 5 && status == HCC_E_PROPOSAL));
      assert_true(counts[k] > 1000 || status != HCC_E_LIMIT || ids[i] == 4);
      free(exact);
      hcc_buf_free(&b);
    }
  }
}

struct limit_row {
  const char *item;
  size_t size;
  uint32_t limit;
  uint8_t id;
  bool consistent; /* one with exactly the limit decodes */
  const char *text;
};

static void limits__at_their_edge(void **state) {
#define ROW(id, limit, consistent, item, text)                                                     \
  { item, sizeof(item) - 1, limit, id, consistent, text }
  static const struct limit_row rows[] = {
      ROW(1, HCC_MAX_TYPES, true, "\x60\0\0", "100001 types"),
      ROW(2, HCC_MAX_IMPORTS, true, "\0\0\0\0", "1001 imports"),
      ROW(3, HCC_MAX_FUNCS, false, "\0", "200001 functions"),
      ROW(4, HCC_MAX_TABLES, true, "\x70\0\1", "101 tables"),
      ROW(6, HCC_MAX_GLOBALS, true, "\x7f\0\x41\0\x0b", "10001 globals"),
      ROW(7, HCC_MAX_EXPORTS, true, "\0\0\0", "10001 exports"),
      ROW(9, HCC_MAX_SEGMENTS, true, "\1\0\0", "100001 element segments"),
      ROW(11, HCC_MAX_SEGMENTS, true, "\1\0", "100001 data segments"),
  };
#undef ROW
  hcc_buf b;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct limit_row *row = &rows[i];
    wb_begin(&b);
    wb_repeat(&b, row->id, row->limit, row->item, row->size);
    expect_buf(&b, row->consistent ? 0 : HCC_E_MALFORMED, row->consistent ? "" : "inconsistent");
    wb_begin(&b);
    wb_repeat(&b, row->id, row->limit + 1, row->item, row->size);
    expect_buf(&b, HCC_E_LIMIT, row->text);
  }
}

static void limits__customs(void **state) {
  hcc_buf b;
  (void)state;
  wb_begin(&b);
  for (uint32_t i = 0; i < HCC_MAX_CUSTOMS; i++) {
    wb_section(&b, 0, "\1x", 2);
  }
  expect(b.data, b.size, 0, "");
  wb_section(&b, 0, "\1x", 2);
  expect_buf(&b, HCC_E_LIMIT, "1000 custom sections");
}

static void expect_params(uint32_t params, uint32_t results, int code, const char *text) {
  hcc_buf b, content;
  wb_begin(&b);
  hcc_buf_init(&content, WB_MAX);
  hcc_buf_add(&content, "\1\x60", 2);
  hcc_buf_u32(&content, params);
  for (uint32_t i = 0; i < params; i++) {
    hcc_buf_byte(&content, HCC_I32);
  }
  hcc_buf_u32(&content, results);
  for (uint32_t i = 0; i < results; i++) {
    hcc_buf_byte(&content, HCC_F64);
  }
  wb_section_of(&b, 1, &content);
  expect_buf(&b, code, text);
}

static void limits__params_and_results(void **state) {
  (void)state;
  expect_params(HCC_MAX_PARAMS, HCC_MAX_RESULTS, 0, "");
  expect_params(HCC_MAX_PARAMS + 1, 0, HCC_E_LIMIT, "1001 parameters");
  expect_params(0, HCC_MAX_RESULTS + 1, HCC_E_LIMIT, "1001 results");
}

/* A function (i32)->() with the given locals in two groups. */
static void expect_locals(uint32_t first, uint32_t second, int code, const char *text) {
  hcc_buf b, body;
  hcc_buf_init(&body, 100);
  hcc_buf_byte(&body, 2);
  hcc_buf_u32(&body, first);
  hcc_buf_byte(&body, HCC_I32);
  hcc_buf_u32(&body, second);
  hcc_buf_byte(&body, HCC_V128);
  hcc_buf_byte(&body, HCC_OP_END);
  wb_function_module(&b, "i:", body.data, body.size);
  hcc_buf_free(&body);
  expect_buf(&b, code, text);
}

static void limits__locals(void **state) {
  (void)state;
  expect_locals(1, HCC_MAX_LOCALS - 2, 0, "");
  expect_locals(1, HCC_MAX_LOCALS - 1, HCC_E_LIMIT, "50001 locals");
  expect_locals(UINT32_MAX, UINT32_MAX, HCC_E_LIMIT, "8589934591 locals");
  expect_locals(UINT32_MAX, 1, HCC_E_LIMIT, "4294967297 locals");
}

static void limits__body(void **state) {
  hcc_buf b, body;
  (void)state;
  for (uint32_t more = 0; more < 2; more++) {
    hcc_buf_init(&body, WB_MAX);
    hcc_buf_byte(&body, 0);
    while (body.size < HCC_MAX_BODY - 1 + more) {
      hcc_buf_byte(&body, HCC_OP_NOP);
    }
    hcc_buf_byte(&body, HCC_OP_END);
    wb_function_module(&b, ":", body.data, body.size);
    hcc_buf_free(&body);
    expect_buf(&b, more ? HCC_E_LIMIT : 0, more ? "8388609 bytes" : "");
  }
}

static void limits__table_elements_are_counted_together(void **state) {
  (void)state;
  expect_section(4, WB_BYTES("\1\x70\0\xc0\x84\x3d"), 0, "");
  expect_section(4, WB_BYTES("\1\x70\0\xc1\x84\x3d"), HCC_E_LIMIT, "1000001 elements");
  expect_section(4, WB_BYTES("\2\x70\0\xc0\x84\x3d\x6f\0\1"), HCC_E_LIMIT, "1000001 elements");
  expect_section(4, WB_BYTES("\2\x70\0\xff\xff\xff\xff\x0f\x6f\0\xff\xff\xff\xff\x0f"), HCC_E_LIMIT,
                 "4294967295 elements");
}

static void expect_name(uint32_t length, int code, const char *text) {
  hcc_buf b, content;
  hcc_buf_init(&content, WB_MAX);
  hcc_buf_byte(&content, 1);
  hcc_buf_u32(&content, length);
  for (uint32_t i = 0; i < length; i++) {
    hcc_buf_byte(&content, 'n');
  }
  hcc_buf_add(&content, "\0\0\0", 3);
  wb_begin(&b);
  wb_section_of(&b, 2, &content);
  expect_buf(&b, code, text);
}

static void limits__name(void **state) {
  (void)state;
  expect_name(HCC_MAX_NAME, 0, "");
  expect_name(HCC_MAX_NAME + 1, HCC_E_LIMIT, "65537 bytes");
  expect_section(2, WB_BYTES("\1\xff\xff\xff\xff\x0fxxxx"), HCC_E_MALFORMED, "unexpected end");
}

static void names__must_be_utf8(void **state) {
  (void)state;
  expect_section(2, WB_BYTES("\1\1\xff\1x\0\0"), HCC_E_MALFORMED, "UTF-8");
  expect_section(2, WB_BYTES("\1\1x\2\xc0\x80\0\0"), HCC_E_MALFORMED, "UTF-8");
  expect_section(7, WB_BYTES("\1\3\xed\xa0\x80\0\0"), HCC_E_MALFORMED, "UTF-8");
  expect_section(0, WB_BYTES("\1\x80"), HCC_E_MALFORMED, "UTF-8");
  expect_section(2, WB_BYTES("\1\4*/\0\n\1x\0\0"), 0, "");
}

static void refused__proposals_are_named(void **state) {
  static const struct {
    const char *bytes;
    size_t size;
    uint8_t id;
    const char *proposal;
  } rows[] = {
#define ROW(id, literal, proposal) {literal, sizeof(literal) - 1, id, proposal}
      ROW(5, "\1\4\1", "memory64"),
      ROW(5, "\1\5\1\2", "memory64"),
      ROW(4, "\1\x70\4\1", "memory64"),
      ROW(5, "\1\3\1\2", "threads"),
      ROW(5, "\1\2\1", "threads"),
      ROW(5, "\1\x08\1\0", "custom page sizes"),
      ROW(5, "\2\0\1\0\1", "multi-memory"),
      ROW(2, "\2\0\0\2\0\1\0\0\2\0\1", "multi-memory"),
      ROW(11, "\1\2\1\x41\0\x0b\0", "multi-memory"),
      ROW(1, "\1\x5f\0\0", "GC"),
      ROW(1, "\1\x5e\x7f\0", "GC"),
      ROW(1, "\1\x4e\0\0", "GC"),
      ROW(1, "\1\x50\0\0", "GC"),
      ROW(1, "\1\x60\1\x6e\0", "GC"),
      ROW(1, "\1\x60\1\x64\0", "function references"),
      ROW(1, "\1\x60\1\x69\0", "exceptions"),
      ROW(1, "\1\x60\1\x67\0", "stringref"),
      ROW(1, "\1\x5d\0\0", "stack switching"),
      ROW(4, "\1\x40\0\x70\0\1\xd0\x70\x0b", "function references"),
      ROW(4, "\1\x63\x70\0\1", "function references"),
      ROW(2, "\1\0\0\4\0\0", "exceptions"),
      ROW(7, "\1\0\4\0", "exceptions"),
      ROW(6, "\1\x7f\2\x41\0\x0b", "threads"),
      ROW(6, "\1\x7f\0\xfb\0\0\x0b", "GC"),
      ROW(9, "\1\5\x6e\0", "GC"),
#undef ROW
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    expect_section(rows[i].id, rows[i].bytes, rows[i].size, HCC_E_PROPOSAL, rows[i].proposal);
  }
}

static void forms__malformed(void **state) {
  (void)state;
  expect_section(1, WB_BYTES("\1\x61\0\0"), HCC_E_MALFORMED, "type form");
  expect_section(1, WB_BYTES("\1\x60\1\x40\0"), HCC_E_MALFORMED, "value type");
  expect_section(2, WB_BYTES("\1\0\0\5\0"), HCC_E_MALFORMED, "import kind");
  expect_section(4, WB_BYTES("\1\x7f\0\0"), HCC_E_MALFORMED, "reference type");
  expect_section(5, WB_BYTES("\1\x10\0"), HCC_E_MALFORMED, "limits flags");
  expect_section(5, WB_BYTES("\1\x81\0\0"), HCC_E_MALFORMED, "limits flags");
  expect_section(6, WB_BYTES("\1\x7f\4\x41\0\x0b"), HCC_E_MALFORMED, "mutability");
  expect_section(6, WB_BYTES("\1\x7f\0\x41\0"), HCC_E_MALFORMED, "unexpected end");
  expect_section(7, WB_BYTES("\1\0\5\0"), HCC_E_MALFORMED, "export kind");
  expect_section(9, WB_BYTES("\1\x08\x41\0\x0b\0"), HCC_E_MALFORMED, "element segment flags");
  expect_section(9, WB_BYTES("\1\1\1\0"), HCC_E_MALFORMED, "element kind");
  expect_section(11, WB_BYTES("\1\3\x41\0\x0b\0"), HCC_E_MALFORMED, "data segment flags");
}

static void counts__between_sections(void **state) {
  (void)state;
  expect(WB_BYTES("\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0"), HCC_E_MALFORMED, "1 functions, 0 bodies");
  expect_section(10, WB_BYTES("\1\2\0\x0b"), HCC_E_MALFORMED, "0 functions, 1 bodies");
  expect_section(12, WB_BYTES("\1"), HCC_E_MALFORMED, "1 segments declared, 0 there");
  expect(WB_BYTES("\0asm\1\0\0\0\x0c\1\0\x0b\3\1\1\0"), HCC_E_MALFORMED,
         "0 segments declared, 1 there");
}

static void add_whole(hcc_buf *b) {
  wb_begin(b);
  wb_section(b, 0, WB_BYTES("\1anything"));
  wb_section(b, 1, WB_BYTES("\2\x60\0\0\x60\2\x7f\x7e\1\x7d"));
  wb_section(b, 2, WB_BYTES("\4\1m\1f\0\1\1m\1t\1\x6f\1\2\3\1m\1y\2\0\4\1m\1g\3\x7e\1"));
  wb_section(b, 3, WB_BYTES("\2\0\1"));
  wb_section(b, 4, WB_BYTES("\1\x70\0\5"));
  wb_section(b, 6, WB_BYTES("\1\x70\0\xd2\2\x0b"));
  wb_section(b, 7, WB_BYTES("\2\1a\0\1\0\2\0"));
  wb_section(b, 8, WB_BYTES("\1"));
  wb_section(b, 9, WB_BYTES("\2\2\1\x41\0\x0b\0\2\1\2\5\x70\1\xd0\x70\x0b"));
  wb_section(b, 12, WB_BYTES("\2"));
  wb_section(b, 10, WB_BYTES("\2\2\0\x0b\6\1\3\x7d\x20\2\x0b"));
  wb_section(b, 11, WB_BYTES("\2\0\x41\7\x0b\3abc\1\1z"));
  wb_section(b, 0, WB_BYTES("\4name\0\2\1m\1\x0c\3\0\1i\1\1\0\2\3\xff*/"));
}

static void expect_range(const hcc_module *m, hcc_range range, const char *bytes, size_t size) {
  assert_int_equal(range.end - range.begin, size);
  assert_memory_equal(m->bytes + range.begin, bytes, size);
}

static void check_whole_declarations(const hcc_module *m) {
  assert_int_equal(m->type_count, 2);
  assert_int_equal(m->types[1].param_count, 2);
  assert_int_equal(m->types[1].params[1], HCC_I64);
  assert_int_equal(m->types[1].results[0], HCC_F32);
  assert_int_equal(m->import_count, 4);
  expect_range(m, m->imports[0].module, WB_BYTES("m"));
  expect_range(m, m->imports[3].name, WB_BYTES("g"));
  assert_int_equal(m->imports[0].kind, HCC_FUNC);
  assert_int_equal(m->imports[3].type, HCC_I64);
  assert_true(m->imports[3].mutable);
  assert_int_equal(m->table_count, 2);
  assert_int_equal(m->imported_tables, 1);
  assert_int_equal(m->tables[0].type, HCC_EXTERNREF);
  assert_true(m->tables[0].limits.has_max);
  assert_int_equal(m->tables[0].limits.max, 3);
  assert_int_equal(m->tables[1].limits.min, 5);
  assert_int_equal(m->memory_count, 1);
  assert_int_equal(m->imported_memories, 1);
  assert_int_equal(m->memories[0].min, 4);
  assert_int_equal(m->global_count, 2);
  assert_true(m->globals[0].imported && m->globals[0].mutable);
  assert_false(m->globals[1].imported || m->globals[1].mutable);
  expect_range(m, m->globals[1].init, WB_BYTES("\xd2\2\x0b"));
  assert_int_equal(m->export_count, 2);
  assert_int_equal(m->exports[1].kind, HCC_MEMORY);
  assert_int_equal(m->start, 1);
}

static void check_whole_code(const hcc_module *m) {
  assert_int_equal(m->func_count, 3);
  assert_int_equal(m->imported_funcs, 1);
  assert_true(m->funcs[0].imported);
  assert_int_equal(m->funcs[0].type, 1);
  assert_int_equal(m->funcs[2].type, 1);
  assert_int_equal(m->funcs[2].local_count, 3);
  expect_range(m, m->funcs[2].body, WB_BYTES("\1\3\x7d\x20\2\x0b"));
  expect_range(m, m->funcs[2].code, WB_BYTES("\x20\2\x0b"));
  expect_range(m, m->funcs[0].name, WB_BYTES("i"));
  expect_range(m, m->funcs[1].name, WB_BYTES("\0"));
  expect_range(m, m->funcs[2].name, WB_BYTES("\xff*/"));
  assert_false(m->funcs[0].declared_ref);
  assert_true(m->funcs[1].declared_ref && m->funcs[2].declared_ref);
  assert_int_equal(m->elem_count, 2);
  assert_int_equal(m->elems[0].mode, HCC_ACTIVE);
  assert_int_equal(m->elems[0].table, 1);
  assert_int_equal(m->elems[0].count, 2);
  assert_false(m->elems[0].exprs);
  expect_range(m, m->elems[0].items, WB_BYTES("\1\2"));
  assert_true(m->elems[1].exprs);
  assert_int_equal(m->elems[1].mode, HCC_PASSIVE);
  assert_true(m->has_data_count);
  assert_int_equal(m->data_count, 2);
  expect_range(m, m->datas[0].offset, WB_BYTES("\x41\7\x0b"));
  expect_range(m, m->datas[0].bytes, WB_BYTES("abc"));
  assert_int_equal(m->datas[1].mode, HCC_PASSIVE);
  assert_int_equal(m->custom_count, 2);
  expect_range(m, m->customs[0].name, WB_BYTES("a"));
  expect_range(m, m->customs[0].bytes, WB_BYTES("nything"));
}

static void whole__every_field(void **state) {
  hcc_buf b;
  hcc_module *m;
  uint8_t *exact;
  hcc_error err;
  (void)state;
  add_whole(&b);
  if (decode(&m, &exact, b.data, b.size, &err) != 0) {
    fail_msg("%s at %u", err.text, (unsigned)err.offset);
  }
  check_whole_declarations(m);
  check_whole_code(m);
  hcc_module_free(m);
  free(exact);
  hcc_buf_free(&b);
}

static void whole__every_truncation(void **state) {
  hcc_buf b;
  hcc_module *m;
  uint8_t *exact;
  hcc_error err;
  unsigned good = 0;
  (void)state;
  add_whole(&b);
  for (size_t size = 0; size < b.size; size++) {
    int status = decode(&m, &exact, b.data, size, &err);
    assert_true(status == 0 || status == HCC_E_MALFORMED);
    assert_true(status == 0 || err.offset <= size);
    good += status == 0;
    hcc_module_free(m);
    free(exact);
  }
  /* behind the header, custom, type, import, and data section; elsewhere bodies are missing */
  assert_int_equal(good, 5);
  hcc_buf_free(&b);
}

/* No assertion but that nothing crashes and that errors are whole: the sanitizers watch. */
static void whole__every_byte_changed(void **state) {
  static const uint8_t values[] = {0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0xfc, 0xfd, 0xff};
  hcc_buf b;
  hcc_module *m;
  uint8_t *exact;
  hcc_error err;
  (void)state;
  add_whole(&b);
  for (size_t at = 0; at < b.size; at++) {
    uint8_t kept = b.data[at];
    for (size_t i = 0; i < sizeof values; i++) {
      b.data[at] = values[i];
      if (decode(&m, &exact, b.data, b.size, &err) == 0) {
        int status = hcc_validate(m, &err);
        assert_int_equal(status, err.code);
      }
      hcc_module_free(m);
      free(exact);
    }
    b.data[at] = kept;
  }
  hcc_buf_free(&b);
}

/* A module of one function with the given name section. */
static void expect_function_name(const void *section, size_t size, const char *name) {
  hcc_buf b;
  hcc_module *m;
  uint8_t *exact;
  hcc_error err;
  wb_function_module(&b, ":", WB_BYTES("\0\x0b"));
  wb_section(&b, 0, section, size);
  assert_int_equal(decode(&m, &exact, b.data, b.size, &err), 0);
  expect_range(m, m->funcs[0].name, name, strlen(name));
  hcc_module_free(m);
  free(exact);
  hcc_buf_free(&b);
}

static void name_section__is_advice(void **state) {
  (void)state;
  expect_function_name(WB_BYTES("\4name\1\4\1\0\1f"), "f");
  expect_function_name(WB_BYTES("\4name"), "");
  expect_function_name(WB_BYTES("\4name\1\5\1\0\1f\0"), "f");
  expect_function_name(WB_BYTES("\4name\7\1x\1\4\1\0\1f"), "f");
  expect_function_name(WB_BYTES("\4name\1\7\2\0\1f\x7f\1g"), "f");
  expect_function_name(WB_BYTES("\4name\1\4\2\0\1f"), "");
  expect_function_name(WB_BYTES("\4name\1\4\1\0\7f"), "");
  expect_function_name(WB_BYTES("\4name\1\4\1\0\1f\1\x7f"), "");
  expect_function_name(WB_BYTES("\4name\1\xff\xff\xff\xff\x0f\1\0\1f"), "");
  expect_function_name(WB_BYTES("\4name\1\x09\xff\xff\xff\xff\x0f\0\1f\0"), "");
}

static void error__offset_and_function(void **state) {
  hcc_buf b;
  hcc_module *m;
  uint8_t *exact;
  hcc_error err;
  (void)state;
  wb_function_module(&b, ":", WB_BYTES("\1\1\x40\x0b"));
  assert_int_equal(decode(&m, &exact, b.data, b.size, &err), HCC_E_MALFORMED);
  assert_int_equal(err.func, 1);
  assert_int_equal(b.data[err.offset], 0x40);
  assert_int_equal(err.offset, b.size - 8 - 2);
  free(exact);
  hcc_buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(header__forms),
      cmocka_unit_test(header__module_too_large),
      cmocka_unit_test(sections__order_and_duplicates),
      cmocka_unit_test(sections__ids_and_sizes),
      cmocka_unit_test(sections__a_section_cannot_reach_into_the_next),
      cmocka_unit_test(counts__hostile),
      cmocka_unit_test(limits__at_their_edge),
      cmocka_unit_test(limits__customs),
      cmocka_unit_test(limits__params_and_results),
      cmocka_unit_test(limits__locals),
      cmocka_unit_test(limits__body),
      cmocka_unit_test(limits__table_elements_are_counted_together),
      cmocka_unit_test(limits__name),
      cmocka_unit_test(names__must_be_utf8),
      cmocka_unit_test(refused__proposals_are_named),
      cmocka_unit_test(forms__malformed),
      cmocka_unit_test(counts__between_sections),
      cmocka_unit_test(whole__every_field),
      cmocka_unit_test(whole__every_truncation),
      cmocka_unit_test(whole__every_byte_changed),
      cmocka_unit_test(name_section__is_advice),
      cmocka_unit_test(error__offset_and_function),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
