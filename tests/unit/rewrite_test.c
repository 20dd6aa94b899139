/* rewrite_test.c - canon*.c, meter*.c and flow.c: small modules built byte by byte, rewritten,
 * decoded and validated again, and compared. What the rewritten code computes and uses is tested by
 * running it (tests/spec/node_meter.mjs, node_fuel.mjs). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fuel.h"
#include "hsb_abi.h"
#include "limits.h"
#include "rewrite_parts.h"

enum { UNIT = 0x40 }; /* block type of no value */

typedef struct fixture {
  hcc_buf in, out;
  hcc_module *m, *result;
  hcc_plan plan;
  hcc_error err;
} fixture;

static void begin(fixture *f) {
  static const uint8_t header[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  *f = (fixture){0};
  hcc_buf_init(&f->in, 1 << 24);
  hcc_buf_init(&f->out, 1 << 26);
  hcc_buf_add(&f->in, header, sizeof header);
}

static void end(fixture *f) {
  hcc_plan_free(&f->plan);
  hcc_module_free(f->m);
  hcc_module_free(f->result);
  hcc_buf_free(&f->in);
  hcc_buf_free(&f->out);
}

static void add_section(fixture *f, uint8_t id, const void *bytes, size_t size) {
  hcc_buf_byte(&f->in, id);
  hcc_buf_u32(&f->in, (uint32_t)size);
  hcc_buf_add(&f->in, bytes, size);
}

#define SECTION(f, id, ...)                                                                        \
  add_section(f, id, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* The code section: one body with no locals of its own, "end" added. */
static void add_body(fixture *f, const uint8_t *code, size_t size) {
  hcc_buf body;
  hcc_buf_init(&body, 1 << 24);
  hcc_buf_byte(&body, 1);
  hcc_buf_u32(&body, (uint32_t)size + 2);
  hcc_buf_byte(&body, 0);
  hcc_buf_add(&body, code, size);
  hcc_buf_byte(&body, HCC_OP_END);
  add_section(f, 10, body.data, body.size);
  hcc_buf_free(&body);
}

#define BODY(f, ...)                                                                               \
  add_body(f, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void load(fixture *f) {
  if (hcc_decode(&f->m, f->in.data, f->in.size, &f->err) != 0 || hcc_validate(f->m, &f->err) != 0) {
    fail_msg("the test's module is bad: %s at %llu", f->err.text,
             (unsigned long long)f->err.offset);
  }
}

static void rewrite(fixture *f, hcc_rewrite_options options) {
  load(f);
  if (hcc_rewrite(&f->out, &f->plan, f->m, &options, &f->err) != 0) {
    fail_msg("%s", f->err.text);
  }
  if (hcc_decode(&f->result, f->out.data, f->out.size, &f->err) != 0 ||
      hcc_validate(f->result, &f->err) != 0) {
    fail_msg("the result is bad: %s at %llu", f->err.text, (unsigned long long)f->err.offset);
  }
}

static const hcc_rewrite_options PLAIN = {0}, METER = {.meter = true}, MARKS = {.marks = true},
                                 BOTH = {.meter = true, .marks = true},
                                 ALL = {.meter = true, .marks = true, .helpers = true};

static bool has_bytes(const hcc_buf *b, const void *bytes, size_t size) {
  return memmem(b->data, b->size, bytes, size) != NULL;
}

/* The instructions of function `func` of the result, as bytes. */
static void assert_code(const fixture *f, uint32_t func, const uint8_t *code, size_t size) {
  hcc_range range = f->result->funcs[func].code;
  assert_int_equal(range.end - range.begin, size);
  assert_memory_equal(f->result->bytes + range.begin, code, size);
}

#define CODE(f, func, ...)                                                                         \
  assert_code(f, func, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void assert_name(const fixture *f, hcc_range name, const char *expected) {
  assert_int_equal(name.end - name.begin, strlen(expected));
  assert_memory_equal(f->result->bytes + name.begin, expected, strlen(expected));
}

static void assert_type(const fixture *f, uint32_t func, const char *params, const char *results) {
  const hcc_functype *type = &f->result->types[f->result->funcs[func].type];
  assert_int_equal(type->param_count, strlen(params));
  assert_int_equal(type->result_count, strlen(results));
  assert_memory_equal(type->params, params, strlen(params));
  assert_memory_equal(type->results, results, strlen(results));
}

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
  assert_type(&f, 0, "\x7f\x7e", "\x7e");
  assert_type(&f, 1, "\x7e", "\x7e");
  assert_type(&f, 2, "\x7f", "");
  assert_type(&f, 3, "\x7f\x7f", "\x7f");
  assert_type(&f, 3 + HCC_RW_ORDERS, "\x7e\x7e\x7e", "\x7f");
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

/* A table, a memory, and a body; its type is the module's only one. */
static void with_typed_body(fixture *f, const uint8_t *code, size_t size) {
  SECTION(f, 2, 1, 1, 'a', 1, 'b', 0, 0);
  SECTION(f, 3, 1, 0);
  SECTION(f, 4, 1, HCC_FUNCREF, 0, 1);
  SECTION(f, 5, 1, 0, 1);
  add_body(f, code, size);
}

/* A body of type (i32)->(). */
static void with_body(fixture *f, const uint8_t *code, size_t size) {
  begin(f);
  SECTION(f, 1, 1, 0x60, 1, HCC_I32, 0);
  with_typed_body(f, code, size);
}

#define WITH_BODY(f, ...)                                                                          \
  with_body(f, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

#define MARK(offset) HCC_OP_I32_CONST, offset, HCC_OP_CALL, 2
/* Keeps the fuel that is on the stack and asks for more below a number: local 1, and the import it
 * calls. */
#define CHECK_BELOW(fuel, ...)                                                                     \
  HCC_OP_LOCAL_TEE, 1, HCC_OP_I64_CONST, __VA_ARGS__, HCC_OP_I64_LT_S, HCC_OP_IF, UNIT,            \
      HCC_OP_LOCAL_GET, 1, HCC_OP_CALL, fuel, HCC_OP_LOCAL_SET, 1, HCC_OP_END
#define CHECK(fuel) CHECK_BELOW(fuel, 0)

static void marks__right_before_what_traps(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_LOAD, 2, 0, HCC_OP_DROP);
  rewrite(&f, MARKS);
  uint8_t at = (uint8_t)f.m->funcs[1].code.begin;
  assert_in_range(at, 1, 63);
  CODE(&f, 2, HCC_OP_I32_CONST, at, HCC_OP_CALL, 1, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST,
       (uint8_t)(at + 2), HCC_OP_CALL, 1, HCC_OP_I32_LOAD, 2, 0, HCC_OP_DROP, HCC_OP_END);
  end(&f);
}

static void marks__metered_loop_and_bulk(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_I32_CONST, 0, HCC_OP_I32_CONST, 0, HCC_OP_LOCAL_GET, 0,
            0xfc, 0x0b, 0, HCC_OP_END);
  rewrite(&f, BOTH);
  uint8_t at = (uint8_t)f.m->funcs[1].code.begin, fill = (uint8_t)(at + 8);
  assert_in_range(at, 1, 50);
  _Static_assert(HSB_FUEL_LOW == 1 << 14, "as below: there is a loop in it");
  CODE(&f, 3, MARK(at), HCC_OP_LOCAL_GET, 1, CHECK_BELOW(1, 0x80, 0x80, 1), HCC_OP_BLOCK, UNIT,
       HCC_OP_LOOP, UNIT, MARK(at), HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 4, HCC_OP_I64_SUB,
       CHECK(1), HCC_OP_I32_CONST, 0, HCC_OP_I32_CONST, 0, HCC_OP_LOCAL_GET, 0, MARK(fill),
       HCC_OP_LOCAL_TEE, 2, HCC_OP_LOCAL_GET, 1, HCC_OP_LOCAL_GET, 2, HCC_OP_I64_EXTEND_I32_U,
       HCC_OP_I64_CONST, 5, HCC_OP_I64_SHR_U, HCC_OP_I64_SUB, CHECK(1), MARK(fill), 0xfc, 0x0b, 0,
       HCC_OP_END, HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

/* The callee's entry is the checkpoint; an import's call is none. */
static void metered__loop_that_calls(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 1, HCC_OP_BR, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, CHECK(1), HCC_OP_BLOCK, UNIT, HCC_OP_LOOP, UNIT,
       HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 3, HCC_OP_I64_SUB,
       HCC_OP_LOCAL_SET, 1, HCC_OP_LOCAL_GET, 1, HCC_OP_CALL, 2, HCC_OP_LOCAL_SET, 1, HCC_OP_BR, 0,
       HCC_OP_END, HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 0, HCC_OP_BR, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, CHECK(1), HCC_OP_BLOCK, UNIT, HCC_OP_LOOP, UNIT,
       HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 0x80 | (3 + HCC_FUEL_HOST_CALL), 0, HCC_OP_I64_SUB,
       CHECK(1), HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_GET, 1, HCC_OP_CALL, 0, HCC_OP_LOCAL_SET, 1,
       HCC_OP_BR, 0, HCC_OP_END, HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

#define PAY(n) HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, (n)&0x7f, HCC_OP_I64_SUB, HCC_OP_LOCAL_SET, 1

/* Both arms owe at least 2 units, the loop's header pays them with its own 4. */
static void metered__arms_owe(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 0,
            HCC_OP_DROP, HCC_OP_ELSE, HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP,
            HCC_OP_DROP, HCC_OP_END, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, CHECK(1), HCC_OP_BLOCK, UNIT, PAY(-2), HCC_OP_LOOP, UNIT,
       HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 6, HCC_OP_I64_SUB, CHECK(1), HCC_OP_LOCAL_GET, 0,
       HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP, HCC_OP_ELSE, HCC_OP_LOCAL_GET, 0,
       HCC_OP_LOCAL_GET, 0, HCC_OP_DROP, HCC_OP_DROP, PAY(2), HCC_OP_END, HCC_OP_LOCAL_GET, 0,
       HCC_OP_BR_IF, 0, HCC_OP_END, PAY(2), HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

/* What is owed is paid before code that owes less comes to the same place, and before a table. */
static void metered__debts_meet(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_LOCAL_GET, 0,
            HCC_OP_BR_IF, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP, HCC_OP_END, HCC_OP_LOCAL_GET, 0,
            HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_TABLE, 1, 0, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 4, HCC_OP_I64_SUB, CHECK(1), HCC_OP_BLOCK,
       UNIT, HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_LOCAL_GET, 0, PAY(2),
       HCC_OP_BR_IF, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP, PAY(2), HCC_OP_END, HCC_OP_LOCAL_GET, 0,
       HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 0, PAY(2), HCC_OP_BR_TABLE, 1, 0, 0, HCC_OP_END,
       HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
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

static void metered__return_is_a_branch(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_BLOCK, UNIT, HCC_OP_BLOCK, UNIT, HCC_OP_RETURN, HCC_OP_END, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 1, HCC_OP_I64_SUB, CHECK(1), HCC_OP_BLOCK,
       UNIT, HCC_OP_BLOCK, UNIT, HCC_OP_BLOCK, UNIT, HCC_OP_BR, 2, HCC_OP_END, HCC_OP_END,
       HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

static void metered__locals_and_grow(void **state) {
  static const uint8_t code[] = {1,
                                 12,
                                 1,
                                 2,
                                 HCC_I64, /* locals 1 and 2 */
                                 HCC_OP_LOCAL_GET,
                                 2,
                                 HCC_OP_DROP,
                                 HCC_OP_LOCAL_GET,
                                 0,
                                 HCC_OP_MEMORY_GROW,
                                 0,
                                 HCC_OP_DROP,
                                 HCC_OP_END};
  fixture f;
  (void)state;
  begin(&f);
  SECTION(&f, 1, 1, 0x60, 1, HCC_I32, 0);
  SECTION(&f, 3, 1, 0);
  SECTION(&f, 5, 1, 0, 1);
  add_section(&f, 10, code, sizeof code);
  rewrite(&f, METER);
  assert_int_equal(f.result->funcs[1].local_count, 4); /* two more, for the pages and the result */
  CODE(&f, 1, HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 5, HCC_OP_I64_SUB, CHECK(0), HCC_OP_BLOCK,
       UNIT, HCC_OP_LOCAL_GET, 3, HCC_OP_DROP, HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_TEE, 4,
       HCC_OP_MEMORY_GROW, 0, HCC_OP_LOCAL_TEE, 5, HCC_OP_I32_CONST, 0x7f, HCC_OP_I32_NE, HCC_OP_IF,
       UNIT, HCC_OP_LOCAL_GET, 1, HCC_OP_LOCAL_GET, 4, HCC_OP_I64_EXTEND_I32_U, HCC_OP_I64_CONST,
       10, HCC_OP_I64_SHL, HCC_OP_I64_SUB, CHECK(0), HCC_OP_END, HCC_OP_LOCAL_GET, 5, HCC_OP_DROP,
       HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

/* Costs of the blocks of a body. */
static void assert_costs(const uint8_t *code, size_t size, const uint32_t *costs, size_t count,
                         bool polls) {
  fixture f;
  hcc__rw_locals locals;
  with_body(&f, code, size);
  load(&f);
  hcc__rw rw = {.m = f.m, .err = &f.err, .options.polls = polls};
  hcc_buf_init(&rw.costs, 1 << 20);
  assert_int_equal(hcc__flow_new(&rw.flow, &f.err), 0);
  assert_int_equal(hcc__rw_costs(&locals, &rw, &f.m->funcs[1]), 0);
  const hcc__rw_cost *actual = (const hcc__rw_cost *)(const void *)rw.costs.data;
  assert_int_equal(rw.costs.size, count * sizeof *actual);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(actual[i].fuel, costs[i]);
  }
  hcc_buf_free(&rw.costs);
  hcc__flow_free(&rw.flow);
  end(&f);
}

#define LIST(...) __VA_ARGS__
#define COSTS_IF(polls, code, costs)                                                               \
  assert_costs((const uint8_t[]){code}, sizeof((const uint8_t[]){code}),                           \
               (const uint32_t[]){costs}, sizeof((const uint32_t[]){costs}) / sizeof(uint32_t),    \
               polls)
#define COSTS(code, costs) COSTS_IF(false, LIST(code), LIST(costs))

static void costs__blocks(void **state) {
  (void)state;
  COSTS(HCC_OP_NOP, LIST(0));
  COSTS(LIST(HCC_OP_LOCAL_GET, 0, HCC_OP_DROP), LIST(2));
  /* what follows a block that no branch leaves for further out belongs to what stands before it */
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP, HCC_OP_END, HCC_OP_I32_CONST, 0,
             HCC_OP_DROP),
        LIST(4));
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_BR, 0, HCC_OP_END, HCC_OP_I32_CONST, 0, HCC_OP_DROP),
        LIST(3, 0));
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_I32_CONST, 0,
             HCC_OP_DROP, HCC_OP_END, HCC_OP_I32_CONST, 0, HCC_OP_DROP),
        LIST(4, 2, 0));
  /* behind a loop it goes on as before it, even though its label is branched to */
  COSTS(LIST(HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_END, HCC_OP_I32_CONST,
             0, HCC_OP_DROP),
        LIST(2, 2, 0));
  /* ... but one that a branch leaves for a label further out does */
  COSTS(LIST(HCC_OP_LOOP, UNIT, HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 1,
             HCC_OP_END, HCC_OP_I32_CONST, 0, HCC_OP_DROP, HCC_OP_END, HCC_OP_I32_CONST, 0,
             HCC_OP_DROP),
        LIST(2, 2, 2));
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_RETURN, HCC_OP_END,
             HCC_OP_I32_CONST, 0, HCC_OP_DROP),
        LIST(2, 1, 2));
  /* calls: function 1 is defined, 0 is imported */
  COSTS(LIST(HCC_OP_LOCAL_GET, 0, HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 1, HCC_OP_ELSE,
             HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 0, HCC_OP_END, HCC_OP_I32_CONST, 0, HCC_OP_DROP),
        LIST(4, 2, 2 + HCC_FUEL_HOST_CALL, 0));
}

static void costs__dead_code(void **state) {
  (void)state;
  COSTS(LIST(HCC_OP_RETURN, HCC_OP_I32_CONST, 0, HCC_OP_DROP), LIST(1, 0));
  /* a branch out of dead code leaves nothing */
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_UNREACHABLE, HCC_OP_BR, 0, HCC_OP_END, HCC_OP_I32_CONST, 0,
             HCC_OP_DROP),
        LIST(3, 0));
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_RETURN, HCC_OP_BLOCK, UNIT, HCC_OP_END, HCC_OP_LOOP, UNIT,
             HCC_OP_I32_CONST, 0, HCC_OP_IF, UNIT, HCC_OP_ELSE, HCC_OP_END, HCC_OP_END, HCC_OP_END),
        LIST(1, 0));
}

/* Polls: all that stands in a loop but in no inner one is charged at its header, as is what stands
 * in none at the entry. */
static void costs__polls(void **state) {
  (void)state;
#define ARM HCC_OP_LOCAL_GET, 0, HCC_OP_IF, UNIT, HCC_OP_I32_CONST, 0, HCC_OP_DROP, HCC_OP_END
#define INNER HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, ARM, HCC_OP_END
#define OUTER HCC_OP_LOOP, UNIT, ARM, INNER, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 1, HCC_OP_END
  COSTS(LIST(ARM, ARM), LIST(4, 2, 0, 2, 0));
  COSTS_IF(true, LIST(ARM, ARM), LIST(8, 0, 0, 0, 0));
  COSTS_IF(true, LIST(ARM, INNER, ARM), LIST(8, 0, 0, 6, 0, 0, 0, 0, 0));
  COSTS_IF(true, LIST(OUTER), LIST(0, 6, 0, 0, 6, 0, 0, 0, 0, 0));
#undef ARM
#undef INNER
#undef OUTER
}

/* --- counted loops --- */

/* A module that is read, with a body of type (i32 i32)->(). */
static void load_two_params(fixture *f, const uint8_t *code, size_t size) {
  begin(f);
  SECTION(f, 1, 1, 0x60, 2, HCC_I32, HCC_I32, 0);
  with_typed_body(f, code, size);
  load(f);
}

/* What is known of the loop that the body of type (i32 i32)->() begins with. */
static void look_at_loop(bool *found, hcc__rw_turns *turns, hcc__rw_sure *sure, const uint8_t *code,
                         size_t size) {
  fixture f;
  load_two_params(&f, code, size);
  hcc__rw rw = {.m = f.m, .err = &f.err};
  hcc_reader r = {f.m->bytes, f.m->funcs[1].code.begin + 2, f.m->funcs[1].code.end};
  assert_int_equal(hcc__rw_turns_of(found, turns, &rw, r), 0);
  if (*found) {
    assert_int_equal(hcc__rw_sure_of(sure, &rw, r), 0);
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

/* A loop that is taken for counted and is not would run unmetered. */
static void turns__not_found(void **state) {
  static const struct {
    uint8_t size, code[32];
  } loops[] = {
#define LOOP(...)                                                                                  \
  {                                                                                                \
    sizeof((const uint8_t[]){HCC_OP_LOOP, UNIT, __VA_ARGS__}), {                                   \
      HCC_OP_LOOP, UNIT, __VA_ARGS__                                                               \
    }                                                                                              \
  }
      LOOP(STEP(0, 0), AGAIN), /* stays where it is */
      LOOP(STEP(0, 1), HCC_OP_DROP, SUM(1, 0, 1), HCC_OP_DROP, HCC_OP_LOCAL_GET, 0,
           HCC_OP_LOCAL_GET, 1, HCC_OP_I32_NE, AGAIN), /* both move */
      LOOP(SUM(1, 0, 1), AGAIN),                       /* does not move */
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
      LOOP(HCC_OP_BLOCK, UNIT, HCC_OP_END, STEP(0, 1), AGAIN),
      LOOP(HCC_OP_LOOP, UNIT, HCC_OP_END, STEP(0, 1), AGAIN),
      LOOP(HCC_OP_I32_CONST, 1, HCC_OP_I32_CONST, 1, HCC_OP_I32_ADD, HCC_OP_LOCAL_TEE, 0, AGAIN),
#undef LOOP
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

#define LOAD(...) HCC_OP_I32_LOAD, 0, __VA_ARGS__ /* offset */

#define HAS(f, ...)                                                                                \
  assert_true(has_bytes(&(f)->out, (const uint8_t[]){__VA_ARGS__},                                 \
                        sizeof((const uint8_t[]){__VA_ARGS__})))

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
  assert_int_equal(f.result->import_count, 5);
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

/* --- accesses near an earlier one --- */

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

#undef X
#undef Y
#undef PLUS
#undef READ
#undef WRITE

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

static void assert_callee(const fixture *f, uint32_t i, uint32_t type, uint32_t slot, char kind,
                          uint32_t number) {
  const hcc_plan_callee *c = &f->plan.callees[i];
  assert_true(i < f->plan.callee_count);
  assert_int_equal(c->type, type);
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
  assert_callee(&f, 0, none, 1, 'f', 2); /* the mark is 1 */
  assert_callee(&f, 1, none, 4, 'f', 3);
  assert_callee(&f, 2, i32, 2, 'e', 0);
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
  with_table(&f, 2, CODE_OF(HCC_OP_NOP), usual, sizeof usual);
  assert_int_equal(f.plan.callee_count, 0);
  end(&f);
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
  assert_callee(&f, 3, f.result->funcs[3].type, 7, 'f', 3);
  end(&f);
  with_table(&f, 1, CODE_OF(HCC_OP_NOP), five, sizeof five);
  assert_int_equal(f.plan.callee_count, 1);
  assert_callee(&f, 0, f.result->funcs[5].type, 2, 'e', 0);
  end(&f);
  with_table(&f, 1, CODE_OF(HCC_OP_NOP), beyond, sizeof beyond);
  assert_int_equal(f.plan.callee_count, 4);
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

static void table__has_all_bulk_instructions(void **state) {
  unsigned found = 0;
  (void)state;
  for (uint32_t code = 0; code < 0x10000; code++) {
    hcc_instr instr = {.code = code, .info = hcc_op_info_of(code)};
    if (instr.info != NULL && (instr.info->flags & HCC_OPF_BULK) != 0) {
      const hcc__rw_length *length = hcc__rw_length_of(&instr);
      assert_non_null(length);
      assert_int_equal(length->code, code);
      found++;
    }
  }
  assert_int_equal(found, 8);
}

/* What every loop and every recursion needs costs something (docs/metering.md). */
static void table__no_free_cycle(void **state) {
  static const uint32_t codes[] = {HCC_OP_BR,   HCC_OP_BR_IF,         HCC_OP_BR_TABLE, HCC_OP_IF,
                                   HCC_OP_CALL, HCC_OP_CALL_INDIRECT, HCC_OP_RETURN};
  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    assert_true(hcc_op_info_of(codes[i])->fuel >= 1);
  }
}

static void assert_published(const char *page, const char *format, ...) {
  char row[200];
  va_list args;
  va_start(args, format);
  vsnprintf(row, sizeof row, format, args);
  va_end(args);
  if (strstr(page, row) == NULL) {
    fail_msg("docs/metering.md lacks: %s", row);
  }
}

static void table__is_published(void **state) {
  char path[4096], page[65536];
  (void)state;
  snprintf(path, sizeof path, "%s/docs/metering.md", getenv("HELIOS_SOURCE"));
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  page[fread(page, 1, sizeof page - 1, file)] = '\0';
  fclose(file);
  assert_published(page, "| `call` of an import, on top of the instruction | %u |",
                   HCC_FUEL_HOST_CALL);
#define BULK(op, shift)                                                                            \
  assert_published(page, "| `%s` | n >> %u | before it |", hcc_op_info_of(HCC_OP_##op)->name,      \
                   shift);
#define GROW(op, shift)                                                                            \
  assert_published(page, "| `%s` | n << %u | after it, if it succeeded |",                         \
                   hcc_op_info_of(HCC_OP_##op)->name, shift);
  HCC_FUEL_BY_LENGTH(BULK, GROW)
  for (uint32_t code = 0; code < 0x10000; code++) { /* one unit, or in the list of free ones */
    const hcc_op_info *info = hcc_op_info_of(code);
    if (info != NULL && info->fuel == 0) {
      const char *row = strstr(page, "| `nop`, `block`, `loop`, `else`, `end` | 0 |");
      char name[64];
      snprintf(name, sizeof name, "`%s`", info->name);
      assert_non_null(row);
      assert_non_null(strstr(row, name));
      assert_true(strstr(row, name) < strchr(row, '\n'));
    } else if (info != NULL) {
      assert_int_equal(info->fuel, 1);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names__none_of_the_guest),
      cmocka_unit_test(names__imports_and_exports),
      cmocka_unit_test(import_kind__refused),
      cmocka_unit_test(types__equal_ones_are_one),
      cmocka_unit_test(types__block_keeps_its_own),
      cmocka_unit_test(callees__of_a_table_nobody_writes),
      cmocka_unit_test(callees__none_if_it_may_be_written),
      cmocka_unit_test(callees__few_of_a_type),
      cmocka_unit_test(marks__right_before_what_traps),
      cmocka_unit_test(marks__metered_loop_and_bulk),
      cmocka_unit_test(metered__loop_that_calls),
      cmocka_unit_test(metered__arms_owe),
      cmocka_unit_test(metered__debts_meet),
      cmocka_unit_test(plain__return_and_dead_code),
      cmocka_unit_test(plain__order_is_a_call),
      cmocka_unit_test(metered__return_is_a_branch),
      cmocka_unit_test(metered__locals_and_grow),
      cmocka_unit_test(costs__blocks),
      cmocka_unit_test(costs__dead_code),
      cmocka_unit_test(costs__polls),
      cmocka_unit_test(turns__found),
      cmocka_unit_test(turns__not_found),
      cmocka_unit_test(counted__looks),
      cmocka_unit_test(run__found),
      cmocka_unit_test(run__not_found),
      cmocka_unit_test(run__is_written_twice),
      cmocka_unit_test(run__so_many_in_a_body),
      cmocka_unit_test(sure__series),
      cmocka_unit_test(sure__set_twice),
      cmocka_unit_test(sure__one_reach),
      cmocka_unit_test(sure__unknown),
      cmocka_unit_test(near__found),
      cmocka_unit_test(near__forgotten),
      cmocka_unit_test(near__limits),
      cmocka_unit_test(order__found),
      cmocka_unit_test(order__not_found),
      cmocka_unit_test(segments__lifted),
      cmocka_unit_test(segments__kept),
      cmocka_unit_test(memory__maximum_of_ours_for_other_engines),
      cmocka_unit_test(globals__are_replaced_by_values),
      cmocka_unit_test(elements__renumbered),
      cmocka_unit_test(stateless__closure),
      cmocka_unit_test(output__too_large_is_an_error),
      cmocka_unit_test(nesting__deep),
      cmocka_unit_test(table__has_all_bulk_instructions),
      cmocka_unit_test(table__no_free_cycle),
      cmocka_unit_test(table__is_published),
  };
  return cmocka_run_group_tests_name("rewrite", tests, NULL, NULL);
}
