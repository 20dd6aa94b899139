/* rewrite_canon_test.c - canon*.c: names, types, segments, globals and elements of a rewritten
 * module, its exports and what it knows of them. */
#include "rewrite_kit.h"

/* (import "EVIL" "EVIL1" (func (param i32))) (func (export "EVIL2") (export "EVIL3")) re-export of
 * the import, (start), a custom section, a memory and a global that are exported. */
static void named(fixture *f) {
  begin(f);
  SECTION(f, 0, 4, 'E', 'V', 'I', 'L', 'x');
  SECTION(f, 1, 2, 0x60, 1, HCC_I32, 0, 0x60, 0, 0);
  SECTION(f, 2, 1, 4, 'E', 'V', 'I', 'L', 5, 'E', 'V', 'I', 'L', '1', 0, 0);
  SECTION(f, 3, 1, 1);
  SECTION(f, 5, 1, 0, 1);
  SECTION(f, 6, 1, HCC_I32, 0, HCC_OP_I32_CONST, 0, HCC_OP_END);
  SECTION(f, 7, 5, 5, 'E', 'V', 'I', 'L', '2', 0, 1, 5, 'E', 'V', 'I', 'L', '3', 0, 1, 5, 'E', 'V',
          'I', 'L', '4', 0, 0, 5, 'E', 'V', 'I', 'L', '5', 2, 0, 5, 'E', 'V', 'I', 'L', '6', 3, 0);
  SECTION(f, 8, 1);
  BODY(f, HCC_OP_I32_CONST, 7, HCC_OP_CALL, 0);
  SECTION(f, 0, 5, 'E', 'V', 'I', 'L', '7');
}

static void names__none_of_the_guest(void **state) {
  const hcc_rewrite_options all[] = {PLAIN, METER, MARKS, BOTH};
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    fixture f;
    named(&f);
    rewrite(&f, all[i]);
    assert_false(has_bytes(&f.out, "EVIL", 4));
    assert_int_equal(f.result->custom_count, 0);
    end(&f);
  }
}

static void names__imports_and_exports(void **state) {
  fixture f;
  (void)state;
  named(&f);
  rewrite(&f, ALL);
  assert_int_equal(f.result->import_count, 3 + HCC_RW_HELPERS);
  assert_name(&f, f.result->imports[0].name, "i0");
  assert_name(&f, f.result->imports[1].name, "fuel");
  assert_name(&f, f.result->imports[2].name, "mark");
  assert_name(&f, f.result->imports[3].name, "min");
  assert_name(&f, f.result->imports[3 + HCC_RW_MAX].name, "max");
  assert_name(&f, f.result->imports[3 + HCC_RW_UMIN].name, "umin");
  assert_name(&f, f.result->imports[3 + HCC_RW_UMAX].name, "umax");
  assert_name(&f, f.result->imports[3 + HCC_RW_ORDERS].name, "copy");
  assert_name(&f, f.result->imports[3 + HCC_RW_ORDERS + 1].name, "more");
  assert_type(&f, 0, "\x7f\x7e", "\x7e");
  assert_type(&f, 1, "\x7e", "\x7e");
  assert_type(&f, 2, "\x7f", "");
  assert_type(&f, 3, "\x7f\x7f", "\x7f");
  assert_type(&f, 3 + HCC_RW_ORDERS, "\x7e\x7e\x7e", "\x7f");
  assert_type(&f, 3 + HCC_RW_ORDERS + 1, "\x7e\x7e", "\x7e");
  assert_int_equal(f.result->export_count, 3); /* each function once, no memory, no global */
  assert_name(&f, f.result->exports[0].name, "e0");
  assert_int_equal(f.result->exports[0].index, 0);
  assert_name(&f, f.result->exports[1].name, "e1");
  assert_int_equal(f.result->exports[1].index, 3 + HCC_RW_HELPERS);
  assert_name(&f, f.result->exports[2].name, "start");
  assert_int_equal(f.result->exports[2].index, 3 + HCC_RW_HELPERS);
  assert_int_equal(f.result->start, HCC_NO_START);
  assert_int_equal(f.plan.export_count, 2);
  assert_int_equal(f.plan.exports[0].func, 0);
  assert_int_equal(f.plan.exports[1].func, 1);
  assert_true(f.plan.metered);
  end(&f);
}

static void import_kind__refused(void **state) {
  static const struct {
    uint8_t size, bytes[10];
  } imports[] = {
      {8, {1, 1, 'a', 1, 'b', 2, 0, 1}},              /* memory */
      {8, {1, 1, 'a', 1, 'b', 3, HCC_I32, 0}},        /* global */
      {9, {1, 1, 'a', 1, 'b', 1, HCC_FUNCREF, 0, 1}}, /* table */
  };
  (void)state;
  for (size_t i = 0; i < sizeof imports / sizeof *imports; i++) {
    fixture f;
    begin(&f);
    add_section(&f, 2, imports[i].bytes, imports[i].size);
    load(&f);
    assert_int_equal(hcc_rewrite(&f.out, &f.plan, f.m, &METER, &f.err), HCC_E_IMPORT_KIND);
    assert_true(f.err.text[0] != '\0');
    end(&f);
  }
}

static void types__equal_ones_are_one(void **state) {
  fixture f;
  (void)state;
  begin(&f); /* (i32)->(i32) three times, ()->() that nothing uses */
  SECTION(&f, 1, 4, 0x60, 1, HCC_I32, 1, HCC_I32, 0x60, 0, 0, 0x60, 1, HCC_I32, 1, HCC_I32, 0x60, 1,
          HCC_I32, 1, HCC_I32);
  SECTION(&f, 3, 1, 2);
  SECTION(&f, 4, 1, HCC_FUNCREF, 0, 1);
  BODY(&f, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 0, HCC_OP_CALL_INDIRECT, 3, 0);
  rewrite(&f, METER);
  assert_int_equal(f.result->type_count, 2); /* metered, and fuel's */
  assert_type(&f, 1, "\x7f\x7e", "\x7f\x7e");
  CODE(&f, 1, HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 3, HCC_OP_I64_SUB, HCC_OP_LOCAL_TEE, 1,
       HCC_OP_I64_CONST, 0, HCC_OP_I64_LT_S, HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 1, HCC_OP_CALL, 0,
       HCC_OP_LOCAL_SET, 1, HCC_OP_END, HCC_OP_BLOCK, HCC_I32, HCC_OP_LOCAL_GET, 0,
       HCC_OP_I32_CONST, 0, HCC_OP_LOCAL_SET, 2, HCC_OP_LOCAL_GET, 1, HCC_OP_LOCAL_GET, 2,
       HCC_OP_CALL_INDIRECT, (uint8_t)f.result->funcs[1].type, 0, HCC_OP_LOCAL_SET, 1, HCC_OP_END,
       HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

static void types__block_keeps_its_own(void **state) {
  fixture f;
  (void)state;
  begin(&f); /* a block (i32 i32)->(i32) in a function ()->(i32 i32) */
  SECTION(&f, 1, 2, 0x60, 2, HCC_I32, HCC_I32, 1, HCC_I32, 0x60, 0, 2, HCC_I32, HCC_I32);
  SECTION(&f, 3, 1, 1);
  BODY(&f, HCC_OP_I32_CONST, 1, HCC_OP_I32_CONST, 2, HCC_OP_BLOCK, 0, HCC_OP_I32_ADD, HCC_OP_END,
       HCC_OP_I32_CONST, 3);
  rewrite(&f, METER);
  assert_int_equal(f.result->type_count, 4); /* that, ()->(i32 i32), the metered one, fuel's */
  assert_type(&f, 1, "\x7e", "\x7f\x7f\x7e");
  end(&f);
}

static void plain__return_and_dead_code(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_BLOCK, UNIT, HCC_OP_RETURN, HCC_OP_LOOP, UNIT, HCC_OP_BR, 1, HCC_OP_END,
            HCC_OP_DROP, HCC_OP_END, HCC_OP_NOP);
  rewrite(&f, PLAIN);
  CODE(&f, 1, HCC_OP_BLOCK, UNIT, HCC_OP_RETURN, HCC_OP_END, HCC_OP_NOP, HCC_OP_END);
  end(&f);
}

static void plain__order_is_a_call(void **state) {
#define FIVE HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 5
  static const hcc_rewrite_options orders = {.helpers = true};
  enum { max = 1 + HCC_RW_MAX }; /* behind the guest's import */
  fixture f;
  (void)state;
  WITH_BODY(&f, FIVE, FIVE, HCC_OP_I32_GT_S, HCC_OP_SELECT, HCC_OP_DROP);
  rewrite(&f, orders);
  CODE(&f, 1 + HCC_RW_HELPERS, FIVE, FIVE, HCC_OP_I32_GT_S, HCC_OP_DROP, HCC_OP_CALL, max,
       HCC_OP_DROP, HCC_OP_END);
  end(&f);
  WITH_BODY(&f, FIVE, FIVE, HCC_OP_I32_GT_S, HCC_OP_SELECT, HCC_OP_DROP);
  rewrite(&f, PLAIN);
  CODE(&f, 1, FIVE, FIVE, HCC_OP_I32_GT_S, HCC_OP_SELECT, HCC_OP_DROP, HCC_OP_END);
  end(&f);
#undef FIVE
}

/* A memory, data: active at 8 "a"; passive "b"; active at 40 + 2 * 3 "cd", which
 * data.drop names; active at -1 "e". The body drops 2 and initialises from 1. */
static void segments(fixture *f) {
  begin(f);
  SECTION(f, 1, 1, 0x60, 0, 0);
  SECTION(f, 3, 1, 0);
  SECTION(f, 5, 1, 0, 1);
  SECTION(f, 12, 4);
  BODY(f, 0xfc, 0x09, 2, HCC_OP_I32_CONST, 0, HCC_OP_I32_CONST, 0, HCC_OP_I32_CONST, 1, 0xfc, 0x08,
       1, 0);
  SECTION(f, 11, 4, 0, HCC_OP_I32_CONST, 8, HCC_OP_END, 1, 'a', 1, 1, 'b', 0, HCC_OP_I32_CONST, 40,
          HCC_OP_I32_CONST, 2, HCC_OP_I32_CONST, 3, HCC_OP_I32_MUL, HCC_OP_I32_ADD, HCC_OP_END, 2,
          'c', 'd', 0, HCC_OP_I32_CONST, 0x7f, HCC_OP_END, 1, 'e');
}

static void segments__lifted(void **state) {
  fixture f;
  (void)state;
  segments(&f);
  rewrite(&f, PLAIN);
  assert_int_equal(f.plan.segment_count, 3);
  assert_int_equal(f.plan.segments[0].mem_off, 8);
  assert_int_equal(f.plan.segments[1].mem_off, 46);
  assert_int_equal(f.plan.segments[2].mem_off, 0xffffffff);
  hcc_range bytes = f.plan.segments[1].bytes;
  assert_int_equal(bytes.end - bytes.begin, 2);
  assert_memory_equal(f.in.data + bytes.begin, "cd", 2);
  assert_int_equal(f.result->data_count, 2); /* "b", and an empty one for data.drop */
  assert_true(f.result->has_data_count);
  assert_int_equal(f.result->datas[0].mode, HCC_PASSIVE);
  assert_int_equal(f.result->datas[0].bytes.end - f.result->datas[0].bytes.begin, 1);
  assert_int_equal(f.result->datas[1].mode, HCC_PASSIVE);
  assert_int_equal(f.result->datas[1].bytes.end, f.result->datas[1].bytes.begin);
  CODE(&f, 0, 0xfc, 0x09, 1, HCC_OP_I32_CONST, 0, HCC_OP_I32_CONST, 0, HCC_OP_I32_CONST, 1, 0xfc,
       0x08, 0, 0, HCC_OP_END);
  end(&f);
}

static void segments__kept(void **state) {
  fixture f;
  (void)state;
  segments(&f);
  rewrite(&f, (hcc_rewrite_options){.alone = true});
  assert_int_equal(f.plan.segment_count, 0);
  assert_int_equal(f.result->data_count, 4);
  assert_int_equal(f.result->datas[2].mode, HCC_ACTIVE);
  hcc_range offset = f.result->datas[2].offset; /* evaluated */
  assert_int_equal(offset.end - offset.begin, 3);
  assert_memory_equal(f.result->bytes + offset.begin, "\x41\x2e\x0b", 3);
  end(&f);
}

typedef struct memory_row {
  uint8_t size, section[8];
  bool has_max, near;
  uint32_t max, alone;
} memory_row;

/* A load and one four bytes above it, in such a memory, rewritten. */
static void rewrite_loads(fixture *f, const memory_row *row, hcc_rewrite_options options) {
  begin(f);
  SECTION(f, 1, 1, 0x60, 1, HCC_I32, 0);
  SECTION(f, 2, 1, 1, 'a', 1, 'b', 0, 0);
  SECTION(f, 3, 1, 0);
  add_section(f, 5, row->section, row->size);
  BODY(f, HCC_OP_LOCAL_GET, 0, LOAD(0), HCC_OP_DROP, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST, 4,
       HCC_OP_I32_ADD, LOAD(0), HCC_OP_DROP);
  rewrite(f, options);
}

/* Other engines would let a memory grow to where addresses wrap. */
static void memory__maximum_of_ours_for_other_engines(void **state) {
  static const memory_row rows[] = {
      {3, {1, 0, 1}, false, true, 0, HSB_PAGES_MAX},
      {4, {1, 1, 1, 3}, true, true, 3, 3},
      {4, {1, 1, 0, 0}, true, true, 0, 0},
      {6, {1, 1, 1, 0x80, 0x80, 4}, true, true, 65536, HSB_PAGES_MAX},
      {5, {1, 0, 0xf0, 0xff, 3}, false, true, 0, HSB_PAGES_MAX},
      {5, {1, 0, 0xf1, 0xff, 3}, false, false, 0, HSB_PAGES_MAX + 1},
      {8, {1, 1, 0x80, 0x80, 4, 0x80, 0x80, 4}, true, false, 65536, 65536},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    static const uint8_t near[] = {HCC_OP_I32_SUB, HCC_OP_I32_LOAD, 0, 4};
    fixture f;
    rewrite_loads(&f, &rows[i], PLAIN);
    assert_int_equal(f.result->memories[0].has_max, rows[i].has_max);
    assert_int_equal(f.result->memories[0].max, rows[i].max);
    assert_int_equal(has_bytes(&f.out, near, sizeof near), rows[i].near);
    end(&f);
    rewrite_loads(&f, &rows[i], (hcc_rewrite_options){.alone = true});
    assert_true(f.result->memories[0].has_max);
    assert_int_equal(f.result->memories[0].max, rows[i].alone);
    end(&f);
  }
}

/* Globals that refer to those before them, as later versions of the specification allow: the
 * rewrite knows, the validator does not yet. */
static void globals__are_replaced_by_values(void **state) {
  static const uint8_t section[] = {3,
                                    HCC_I64,
                                    0,
                                    HCC_OP_I64_CONST,
                                    5,
                                    HCC_OP_END,
                                    HCC_I64,
                                    1,
                                    HCC_OP_GLOBAL_GET,
                                    0,
                                    HCC_OP_I64_CONST,
                                    8,
                                    HCC_OP_I64_SUB,
                                    HCC_OP_END,
                                    HCC_F32,
                                    0,
                                    HCC_OP_F32_CONST,
                                    1,
                                    2,
                                    3,
                                    4,
                                    HCC_OP_END};
  fixture f;
  (void)state;
  begin(&f);
  add_section(&f, 6, section, sizeof section);
  assert_int_equal(hcc_decode(&f.m, f.in.data, f.in.size, &f.err), 0);
  assert_int_equal(hcc_rewrite(&f.out, &f.plan, f.m, &METER, &f.err), 0);
  assert_int_equal(hcc_decode(&f.result, f.out.data, f.out.size, &f.err), 0);
  assert_int_equal(hcc_validate(f.result, &f.err), 0);
  const uint8_t *init = f.result->bytes + f.result->globals[1].init.begin;
  assert_memory_equal(init, "\x42\x7d\x0b", 3); /* i64.const -3 */
  init = f.result->bytes + f.result->globals[2].init.begin;
  assert_memory_equal(init, "\x43\x01\x02\x03\x04\x0b", 6);
  end(&f);
}

static void elements__renumbered(void **state) {
  static const uint8_t section[] = {
      5, /* all with function 1: active, passive, active by table, active exprs, declarative exprs
          */
      0,
      HCC_OP_I32_CONST,
      0,
      HCC_OP_END,
      1,
      1,
      1,
      0,
      1,
      1,
      2,
      0,
      HCC_OP_I32_CONST,
      0,
      HCC_OP_END,
      0,
      1,
      1,
      4,
      HCC_OP_I32_CONST,
      0,
      HCC_OP_END,
      1,
      HCC_OP_REF_FUNC,
      1,
      HCC_OP_END,
      7,
      HCC_FUNCREF,
      2,
      HCC_OP_REF_FUNC,
      1,
      HCC_OP_END,
      HCC_OP_REF_NULL,
      HCC_FUNCREF,
      HCC_OP_END,
  };
  fixture f;
  (void)state;
  begin(&f);
  SECTION(&f, 1, 1, 0x60, 1, HCC_I32, 0);
  SECTION(&f, 2, 1, 1, 'a', 1, 'b', 0, 0);
  SECTION(&f, 3, 1, 0);
  SECTION(&f, 4, 1, HCC_FUNCREF, 0, 1);
  add_section(&f, 9, section, sizeof section);
  BODY(&f, HCC_OP_REF_FUNC, 1, HCC_OP_DROP);
  rewrite(&f, BOTH);
  assert_int_equal(f.result->elem_count, 5);
  for (uint32_t i = 0; i < 5; i++) {
    const hcc_elem *a = &f.m->elems[i], *b = &f.result->elems[i];
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->exprs, b->exprs);
    const uint8_t *item = f.result->bytes + b->items.begin;
    assert_int_equal(b->exprs ? item[1] : item[0], 3); /* two imports more */
  }
  end(&f);
}

/* Functions ()->(): 0 imported; 1 writes a global; 2 calls 1; 3 calls 4; 4 calls 3; 5 calls 0;
 * 6 calls through a table; 7 calls 2 and 3; 8 reads memory. All exported. */
static void stateless__closure(void **state) {
  static const uint8_t exports[] = {9,   1,   'a', 0, 0,   1,   'b', 0, 1,   1,   'c', 0, 2,
                                    1,   'd', 0,   3, 1,   'e', 0,   4, 1,   'f', 0,   5, 1,
                                    'g', 0,   6,   1, 'h', 0,   7,   1, 'i', 0,   8};
  static const uint8_t code[] = {
      8,
      6,
      0,
      HCC_OP_I32_CONST,
      0,
      HCC_OP_GLOBAL_SET,
      0,
      HCC_OP_END,
      4,
      0,
      HCC_OP_CALL,
      1,
      HCC_OP_END,
      4,
      0,
      HCC_OP_CALL,
      4,
      HCC_OP_END,
      4,
      0,
      HCC_OP_CALL,
      3,
      HCC_OP_END,
      4,
      0,
      HCC_OP_CALL,
      0,
      HCC_OP_END,
      7,
      0,
      HCC_OP_I32_CONST,
      0,
      HCC_OP_CALL_INDIRECT,
      0,
      0,
      HCC_OP_END,
      6,
      0,
      HCC_OP_CALL,
      2,
      HCC_OP_CALL,
      3,
      HCC_OP_END,
      8,
      0,
      HCC_OP_I32_CONST,
      0,
      HCC_OP_I32_LOAD,
      0,
      0,
      HCC_OP_DROP,
      HCC_OP_END,
  };
  static const bool stateless[] = {false, false, false, true, true, false, false, false, true};
  fixture f;
  (void)state;
  begin(&f);
  SECTION(&f, 1, 1, 0x60, 0, 0);
  SECTION(&f, 2, 1, 1, 'a', 1, 'b', 0, 0);
  SECTION(&f, 3, 8, 0, 0, 0, 0, 0, 0, 0, 0);
  SECTION(&f, 4, 1, HCC_FUNCREF, 0, 1);
  SECTION(&f, 5, 1, 0, 1);
  SECTION(&f, 6, 1, HCC_I32, 1, HCC_OP_I32_CONST, 0, HCC_OP_END);
  add_section(&f, 7, exports, sizeof exports);
  add_section(&f, 10, code, sizeof code);
  rewrite(&f, METER);
  assert_int_equal(f.plan.export_count, 9);
  for (uint32_t i = 0; i < 9; i++) {
    assert_int_equal(f.plan.exports[i].func, i);
    assert_int_equal(f.plan.exports[i].stateless, stateless[i]);
  }
  end(&f);
}

static void add_name(hcc_buf *out, const char *name) {
  hcc_buf_u32(out, (uint32_t)strlen(name));
  hcc_buf_add(out, name, strlen(name));
}

/* An import of each name, and for each a function that calls it and is exported. */
static void calls_imports(fixture *f, const char *const names[][2], uint32_t count) {
  hcc_buf imports, funcs, exports, code;
  hcc_buf *const all[] = {&imports, &funcs, &exports, &code};
  static const uint8_t ids[] = {2, 3, 7, 10};
  for (uint32_t k = 0; k < 4; k++) {
    hcc_buf_init(all[k], 1 << 20);
    hcc_buf_u32(all[k], count);
  }
  for (uint32_t i = 0; i < count; i++) {
    add_name(&imports, names[i][0]);
    add_name(&imports, names[i][1]);
    hcc_buf_add(&imports, "\0\0", 2);
    hcc_buf_byte(&funcs, 0);
    add_name(&exports, (const char[]){(char)('a' + i), 0});
    hcc_buf_add(&exports, (const uint8_t[]){0, (uint8_t)(count + i)}, 2);
    hcc_buf_add(&code, (const uint8_t[]){4, 0, HCC_OP_CALL, (uint8_t)i, HCC_OP_END}, 5);
  }
  begin(f);
  SECTION(f, 1, 1, 0x60, 0, 0);
  for (uint32_t k = 0; k < 4; k++) {
    add_section(f, ids[k], all[k]->data, all[k]->size);
    hcc_buf_free(all[k]);
  }
}

/* Host functions that write nothing in the guest change no state of it; others may. */
static void stateless__host_functions(void **state) {
  static const char *const names[][2] = {
      {"helios_v1", "fail"},      {"helios_v1", "arg_i64"},       {"helios_v1", "return_bytes"},
      {"helios_v1", "arg_count"}, {"helios_v1", "return_null"},   {"heliosdb", "heliosdb_error"},
      {"helios_v1", "arg_read"},  {"helios_v1", "error_message"}, {"helios_v1", "log"},
      {"helios_v1", "failure"},   {"heliosdb", "fail"},           {"acme", "fail"},
      {"env", "heliosdb_error"}};
  enum { NAMES = sizeof names / sizeof *names, STATELESS = 6 };
  fixture f;
  (void)state;
  calls_imports(&f, names, NAMES);
  rewrite(&f, METER);
  assert_int_equal(f.plan.export_count, NAMES);
  for (uint32_t i = 0; i < NAMES; i++) {
    assert_int_equal(f.plan.exports[i].func, NAMES + i);
    assert_int_equal(f.plan.exports[i].stateless, i < STATELESS);
  }
  end(&f);
}

static void output__too_large_is_an_error(void **state) {
  (void)state;
  for (size_t max = 0; max < 60; max++) { /* wherever it becomes too large */
    fixture f;
    WITH_BODY(&f, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP);
    load(&f);
    hcc_buf_free(&f.out);
    hcc_buf_init(&f.out, max);
    int status = hcc_rewrite(&f.out, &f.plan, f.m, &BOTH, &f.err);
    assert_true(status == HCC_E_LIMIT || status == HCC_E_NO_MEMORY);
    assert_int_equal(status, f.err.code);
    assert_null(f.plan.exports);
    assert_null(f.plan.segments);
    end(&f);
  }
}

/* As deep as is allowed, with a br_table as large as is allowed, in each turn of which all blocks
 * are left: neither recursion nor quadratic work. */
static void nesting__deep(void **state) {
  enum { DEPTH = HCC_MAX_NESTING - 4, TARGETS = HCC_MAX_BR_TABLE - 1 };
  fixture f;
  hcc_buf code;
  (void)state;
  hcc_buf_init(&code, 1 << 20);
  for (unsigned i = 0; i < DEPTH; i++) {
    hcc_buf_byte(&code, HCC_OP_BLOCK);
    hcc_buf_byte(&code, UNIT);
  }
  hcc_buf_byte(&code, HCC_OP_LOCAL_GET);
  hcc_buf_byte(&code, 0);
  hcc_buf_byte(&code, HCC_OP_BR_TABLE);
  hcc_buf_u32(&code, TARGETS);
  for (unsigned i = 0; i <= TARGETS; i++) {
    hcc_buf_u32(&code, i % DEPTH);
  }
  for (unsigned i = 0; i < DEPTH; i++) {
    hcc_buf_byte(&code, HCC_OP_END);
  }
  with_body(&f, code.data, code.size);
  rewrite(&f, BOTH);
  hcc_buf_free(&code);
  end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names__none_of_the_guest),
      cmocka_unit_test(names__imports_and_exports),
      cmocka_unit_test(import_kind__refused),
      cmocka_unit_test(types__equal_ones_are_one),
      cmocka_unit_test(types__block_keeps_its_own),
      cmocka_unit_test(plain__return_and_dead_code),
      cmocka_unit_test(plain__order_is_a_call),
      cmocka_unit_test(segments__lifted),
      cmocka_unit_test(segments__kept),
      cmocka_unit_test(memory__maximum_of_ours_for_other_engines),
      cmocka_unit_test(globals__are_replaced_by_values),
      cmocka_unit_test(elements__renumbered),
      cmocka_unit_test(stateless__closure),
      cmocka_unit_test(stateless__host_functions),
      cmocka_unit_test(output__too_large_is_an_error),
      cmocka_unit_test(nesting__deep),
  };
  return cmocka_run_group_tests_name("rewrite_canon", tests, NULL, NULL);
}
