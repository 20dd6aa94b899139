/* rewrite_kit.h - for the tests of compiler/rewrite: small modules built byte by byte, rewritten,
 * decoded and validated again, and compared. What the rewritten code computes and uses is tested by
 * running it (tests/spec/node_meter.mjs, node_fuel.mjs). */
#ifndef REWRITE_KIT_H
#define REWRITE_KIT_H

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

static inline void begin(fixture *f) {
  static const uint8_t header[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  *f = (fixture){0};
  hcc_buf_init(&f->in, 1 << 24);
  hcc_buf_init(&f->out, 1 << 26);
  hcc_buf_add(&f->in, header, sizeof header);
}

static inline void end(fixture *f) {
  hcc_plan_free(&f->plan);
  hcc_module_free(f->m);
  hcc_module_free(f->result);
  hcc_buf_free(&f->in);
  hcc_buf_free(&f->out);
}

static inline void add_section(fixture *f, uint8_t id, const void *bytes, size_t size) {
  hcc_buf_byte(&f->in, id);
  hcc_buf_u32(&f->in, (uint32_t)size);
  hcc_buf_add(&f->in, bytes, size);
}

#define SECTION(f, id, ...)                                                                        \
  add_section(f, id, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* The code section: one body with no locals of its own, "end" added. */
static inline void add_body(fixture *f, const uint8_t *code, size_t size) {
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

static inline void load(fixture *f) {
  if (hcc_decode(&f->m, f->in.data, f->in.size, &f->err) != 0 || hcc_validate(f->m, &f->err) != 0) {
    fail_msg("the test's module is bad: %s at %llu", f->err.text,
             (unsigned long long)f->err.offset);
  }
}

static inline void rewrite(fixture *f, hcc_rewrite_options options) {
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

static inline bool has_bytes(const hcc_buf *b, const void *bytes, size_t size) {
  return memmem(b->data, b->size, bytes, size) != NULL;
}

/* The instructions of function `func` of the result, as bytes. */
static inline void assert_code(const fixture *f, uint32_t func, const uint8_t *code, size_t size) {
  hcc_range range = f->result->funcs[func].code;
  assert_int_equal(range.end - range.begin, size);
  assert_memory_equal(f->result->bytes + range.begin, code, size);
}

#define CODE(f, func, ...)                                                                         \
  assert_code(f, func, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void assert_name(const fixture *f, hcc_range name, const char *expected) {
  assert_int_equal(name.end - name.begin, strlen(expected));
  assert_memory_equal(f->result->bytes + name.begin, expected, strlen(expected));
}

static inline void assert_type(const fixture *f, uint32_t func, const char *params,
                               const char *results) {
  const hcc_functype *type = &f->result->types[f->result->funcs[func].type];
  assert_int_equal(type->param_count, strlen(params));
  assert_int_equal(type->result_count, strlen(results));
  assert_memory_equal(type->params, params, strlen(params));
  assert_memory_equal(type->results, results, strlen(results));
}

/* Of the memory, 127 at most. */
static uint8_t kit_pages = 1;

/* A table, a memory, and a body; its type is the module's only one. */
static inline void with_typed_body(fixture *f, const uint8_t *code, size_t size) {
  SECTION(f, 2, 1, 1, 'a', 1, 'b', 0, 0);
  SECTION(f, 3, 1, 0);
  SECTION(f, 4, 1, HCC_FUNCREF, 0, 1);
  SECTION(f, 5, 1, 0, kit_pages);
  add_body(f, code, size);
}

/* A body of type (i32)->(). */
static inline void with_body(fixture *f, const uint8_t *code, size_t size) {
  begin(f);
  SECTION(f, 1, 1, 0x60, 1, HCC_I32, 0);
  with_typed_body(f, code, size);
}

#define WITH_BODY(f, ...)                                                                          \
  with_body(f, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* A module that is read, with a body of type (i32 i32)->(). */
static inline void load_two_params(fixture *f, const uint8_t *code, size_t size) {
  begin(f);
  SECTION(f, 1, 1, 0x60, 2, HCC_I32, HCC_I32, 0);
  with_typed_body(f, code, size);
  load(f);
}

/* One of a table of loops, from its opcode on. */
typedef struct loop_code {
  uint8_t size, code[40];
} loop_code;

#define LOOP(...)                                                                                  \
  {                                                                                                \
    sizeof((const uint8_t[]){HCC_OP_LOOP, UNIT, __VA_ARGS__}), {                                   \
      HCC_OP_LOOP, UNIT, __VA_ARGS__                                                               \
    }                                                                                              \
  }

#define LOAD(...) HCC_OP_I32_LOAD, 0, __VA_ARGS__ /* offset */

#define HAS(f, ...)                                                                                \
  assert_true(has_bytes(&(f)->out, (const uint8_t[]){__VA_ARGS__},                                 \
                        sizeof((const uint8_t[]){__VA_ARGS__})))

#define LIST(...) __VA_ARGS__

#endif
