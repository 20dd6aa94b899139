/* generate.c - the sections of a generated module and the frame of each function. */
#include "generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate_parts.h"

static void put_section(hcc_buf *out, uint8_t id, hcc_buf *content) {
  hcc_buf_byte(out, id);
  hcc_buf_u32(out, (uint32_t)content->size);
  hcc_buf_add(out, content->data, content->size);
  content->size = 0;
}

static void put_name(hcc_buf *b, const char *name) {
  hcc_buf_u32(b, (uint32_t)strlen(name));
  hcc_buf_text(b, name);
}

static fz_sig any_sig(fz_choices *c, uint32_t types) {
  fz_sig s = {.param_count = (uint8_t)fz_below(c, FZ_PARAMS + 1),
              .result_count = (uint8_t)fz_below(c, FZ_RESULTS + 1)};
  for (uint32_t i = 0; i < s.param_count; i++) {
    s.params[i] = gen_types[fz_below(c, types)];
  }
  for (uint32_t i = 0; i < s.result_count; i++) {
    s.results[i] = gen_types[fz_below(c, types)];
  }
  return s;
}

/* Types: the pool, then one for each program, then sum's. */
static void put_types(hcc_buf *out, hcc_buf *b, const gen *g, const fz_module *plan) {
  static const fz_sig sum = {.results = {HCC_I64}, .result_count = 1};
  uint32_t count = g->sig_count + plan->program_count + 1;
  hcc_buf_u32(b, count);
  for (uint32_t i = 0; i < count; i++) {
    const fz_sig *s = i < g->sig_count ? &g->sigs[i]
                      : i + 1 < count  ? &plan->programs[i - g->sig_count].sig
                                       : &sum;
    hcc_buf_byte(b, 0x60);
    hcc_buf_u32(b, s->param_count);
    hcc_buf_add(b, s->params, s->param_count);
    hcc_buf_u32(b, s->result_count);
    hcc_buf_add(b, s->results, s->result_count);
  }
  put_section(out, 1, b);
}

/* Functions: sum, helpers, programs, start. */
static void put_functions(hcc_buf *out, hcc_buf *b, const gen *g, const fz_module *plan) {
  uint32_t helpers = g->helper_count, programs = plan->program_count;
  hcc_buf_u32(b, helpers + programs + 2);
  hcc_buf_u32(b, g->sig_count + programs);
  for (uint32_t i = 0; i < helpers; i++) {
    hcc_buf_u32(b, g->helper_sigs[i]);
  }
  for (uint32_t i = 0; i < programs; i++) {
    hcc_buf_u32(b, g->sig_count + i);
  }
  hcc_buf_u32(b, 0);
  put_section(out, 3, b);
}

static void put_tables_and_memory(hcc_buf *out, hcc_buf *b) {
  static const uint8_t tables[] = {GEN_TABLES, 0x70, 1, 12, 20, 0x6f, 1, 6, 10, 0x70, 1, 4, 8};
  static const uint8_t memory[] = {1, 1, 1, 4};
  hcc_buf_add(b, tables, sizeof tables);
  put_section(out, 4, b);
  hcc_buf_add(b, memory, sizeof memory);
  put_section(out, 5, b);
}

static void put_globals(hcc_buf *out, gen *g) {
  hcc_buf *b = &g->code;
  hcc_buf_u32(b, GEN_GLOBALS);
  for (uint32_t i = 0; i < GEN_GLOBALS; i++) {
    uint8_t type = i == 0 ? HCC_I32 : gen_types[(i - 1) % GEN_TYPES];
    hcc_buf_byte(b, type);
    hcc_buf_byte(b, i <= GEN_TYPES);
    if (i == 0) {
      gen_i32(g, GEN_FUEL);
    } else if (type == HCC_FUNCREF && fz_below(g->c, 2) == 1) {
      gen_op(g, HCC_OP_REF_FUNC);
      hcc_buf_u32(b, 1 + fz_below(g->c, g->helper_count));
    } else {
      gen_const(g, type);
    }
    if (type == HCC_I64 && fz_below(g->c, 2) == 1) { /* extended constant expression */
      gen_const(g, type);
      gen_op(g, HCC_OP_I64_MUL);
    }
    gen_op(g, HCC_OP_END);
  }
  put_section(out, 6, b);
}

static void put_exports(hcc_buf *out, hcc_buf *b, const gen *g, const fz_module *plan) {
  char name[16];
  hcc_buf_u32(b, plan->program_count + 1);
  put_name(b, "sum");
  hcc_buf_byte(b, HCC_FUNC);
  hcc_buf_u32(b, 0);
  for (uint32_t i = 0; i < plan->program_count; i++) {
    snprintf(name, sizeof name, "p%u", i);
    put_name(b, name);
    hcc_buf_byte(b, HCC_FUNC);
    hcc_buf_u32(b, 1 + g->helper_count + i);
  }
  put_section(out, 7, b);
}

static void put_elems(hcc_buf *out, gen *g) {
  hcc_buf *b = &g->code;
  uint32_t places = g->helper_count < 8 ? g->helper_count : 8;
  hcc_buf_u32(b, GEN_ELEMS);
  hcc_buf_byte(b, 0); /* active, table 0, at 0: helper n at place n */
  gen_i32(g, 0);
  gen_op(g, HCC_OP_END);
  hcc_buf_u32(b, places);
  for (uint32_t i = 0; i < places; i++) {
    hcc_buf_u32(b, 1 + i);
  }
  hcc_buf_byte(b, 1); /* passive, functions */
  hcc_buf_byte(b, 0);
  hcc_buf_u32(b, 8);
  for (uint32_t i = 0; i < 8; i++) {
    hcc_buf_u32(b, 1 + fz_below(g->c, g->helper_count));
  }
  hcc_buf_add(b, "\5\x6f\2\xd0\x6f\x0b\xd0\x6f\x0b", 9); /* passive, two null externrefs */
  hcc_buf_byte(b, 3);                                    /* declarative */
  hcc_buf_byte(b, 0);
  hcc_buf_u32(b, g->helper_count);
  for (uint32_t i = 0; i < g->helper_count; i++) {
    hcc_buf_u32(b, 1 + i);
  }
  hcc_buf_byte(b, 2); /* active, of the other table: helpers in another order */
  hcc_buf_u32(b, GEN_TABLE_MORE);
  gen_i32(g, 0);
  gen_op(g, HCC_OP_END);
  hcc_buf_byte(b, 0);
  hcc_buf_u32(b, GEN_MORE);
  for (uint32_t i = GEN_MORE; i > 0; i--) {
    hcc_buf_u32(b, i);
  }
  put_section(out, 9, b);
}

/* Active ones for the most part, of which one overlaps another; all fit. */
static void put_datas(hcc_buf *out, gen *g) {
  hcc_buf *b = &g->code;
  hcc_buf_u32(b, GEN_DATAS);
  for (uint32_t i = 0; i < GEN_DATAS; i++) {
    uint32_t length = 16 + fz_below(g->c, 40);
    bool passive = i == 1 || i == 3;
    hcc_buf_byte(b, passive);
    if (!passive) {
      gen_i32(g, (int32_t)(i == 0 ? fz_below(g->c, 64) : fz_below(g->c, 0x7fff)));
      gen_op(g, HCC_OP_END);
    }
    hcc_buf_u32(b, length);
    for (uint32_t k = 0; k < length; k++) {
      hcc_buf_byte(b, fz_byte(g->c));
    }
  }
  put_section(out, 11, b);
}

static void begin_function(gen *g, const fz_sig *sig, int32_t budget) {
  static const uint8_t risks[] = {0, 0, 3, 24};
  g->code.size = 0;
  g->sig = sig;
  g->local_count = 0;
  memset(g->reserved, 0, sizeof g->reserved);
  for (size_t i = 0; i < sizeof g->scratch / sizeof *g->scratch; i++) {
    g->scratch[i] = -1;
  }
  for (uint32_t i = 0; i < sig->param_count; i++) {
    g->locals[g->local_count++] = sig->params[i];
  }
  g->label_count = g->depth = 0;
  g->counted = g->by_itself = false;
  g->counter = g->loops = -1;
  g->budget = budget;
  g->risk = risks[fz_below(g->c, sizeof risks)];
  gen_label_push(g, sig->results, sig->result_count);
}

/* The body with its size and locals to the code section. */
static void end_function(hcc_buf *section, gen *g) {
  hcc_buf locals;
  hcc_buf_init(&locals, 4096);
  gen_op(g, HCC_OP_END);
  hcc_buf_u32(&locals, g->local_count - g->sig->param_count);
  for (uint32_t i = g->sig->param_count; i < g->local_count; i++) {
    hcc_buf_u32(&locals, 1);
    hcc_buf_byte(&locals, g->locals[i]);
  }
  hcc_buf_u32(section, (uint32_t)(locals.size + g->code.size));
  hcc_buf_add(section, locals.data, locals.size);
  hcc_buf_add(section, g->code.data, g->code.size);
  hcc_buf_free(&locals);
}

/* A helper that is small and calls itself, if it can with local 0 less one: heliosc
 * puts copies of it in place of these calls, unless it uses a global. */
static void put_recursion(gen *g, uint32_t helper) {
  g->budget = (g->by_itself ? 3 : 6) + (int32_t)fz_below(g->c, 10);
  for (uint32_t calls = 1 + fz_below(g->c, 2); calls > 0; calls--) {
    gen_statement(g);
    gen_call_of(g, helper);
  }
}

/* What is on the stack is not 0: zeros. */
static void return_if(gen *g, const fz_sig *sig) {
  gen_op(g, HCC_OP_IF);
  hcc_buf_byte(&g->code, 0x40);
  gen_label_push(g, NULL, 0);
  for (uint32_t i = 0; i < sig->result_count; i++) {
    gen_const(g, sig->results[i]);
  }
  gen_op(g, HCC_OP_RETURN);
  gen_op(g, HCC_OP_END);
  g->label_count--;
}

/* helper: its number, or -1 for a program. */
static void write_function(hcc_buf *section, gen *g, const fz_sig *sig, int32_t helper) {
  bool depth = sig->param_count != 0 && sig->params[0] == HCC_I32;
  bool small = helper >= 0 && fz_below(g->c, depth ? 2 : 4) == 0;
  begin_function(g, sig, 12 + (int32_t)fz_below(g->c, helper >= 0 ? 60 : 200));
  g->by_itself = small && depth;
  if (g->by_itself) { /* local 0 is its depth: at most 7 */
    g->reserved[0] = true;
    hcc_buf_add(&g->code, "\x20\0\x41\7\x71\x22\0\x45", 8);
    return_if(g, sig);
  } else if (helper >= 0) { /* fuel is short */
    gen_spend(g);
    return_if(g, sig);
  }
  if (g->by_itself && fz_below(g->c, 3) == 0) {
    gen_quiet(g, (uint32_t)helper);
    end_function(section, g);
    return;
  }
  if (small) {
    put_recursion(g, (uint32_t)helper);
  }
  for (uint32_t left = 12; left > 0 && g->budget > 0 && !small; left--) {
    gen_statement(g);
  }
  gen_exprs(g, sig->results, sig->result_count);
  end_function(section, g);
}

/* h = rotl(h, 7) * K + what is on the stack. Local 0 is h. */
static void mix(gen *g) {
  static const uint8_t code[] = {0x20, 0, 0x42, 7, 0x89};
  hcc_buf_add(&g->code, code, sizeof code);
  gen_op(g, HCC_OP_I64_CONST);
  hcc_buf_s64(&g->code, INT64_C(0x5851f42d4c957f2d));
  gen_op(g, HCC_OP_I64_MUL);
  gen_op(g, HCC_OP_I64_ADD);
  hcc_buf_add(&g->code, "\x21\0", 2);
}

static void mix_global(gen *g, uint32_t global, uint8_t type) {
  hcc_buf *b = &g->code;
  gen_op(g, HCC_OP_GLOBAL_GET);
  hcc_buf_u32(b, global);
  switch (type) {
  case HCC_I32:
    gen_op(g, HCC_OP_I64_EXTEND_I32_U);
    break;
  case HCC_F32:
    gen_op(g, HCC_OP_I32_REINTERPRET_F32);
    gen_op(g, HCC_OP_I64_EXTEND_I32_U);
    break;
  case HCC_F64:
    gen_op(g, HCC_OP_I64_REINTERPRET_F64);
    break;
  case HCC_V128:
    gen_op(g, HCC_OP_I64X2_EXTRACT_LANE);
    hcc_buf_byte(b, 0);
    mix(g);
    gen_op(g, HCC_OP_GLOBAL_GET);
    hcc_buf_u32(b, global);
    gen_op(g, HCC_OP_I64X2_EXTRACT_LANE);
    hcc_buf_byte(b, 1);
    break;
  case HCC_FUNCREF:
  case HCC_EXTERNREF:
    gen_op(g, HCC_OP_REF_IS_NULL);
    gen_op(g, HCC_OP_I64_EXTEND_I32_U);
    break;
  default:
    break;
  }
  mix(g);
}

/* for (i = 0; i < limit; i += step) mix(value of i); local 1 is i. */
static void mix_each(gen *g, const uint8_t *value, size_t value_size, const uint8_t *limit,
                     size_t limit_size, int32_t step) {
  hcc_buf *b = &g->code;
  hcc_buf_add(b, "\x41\0\x21\1\x03\x40\x20\1", 8);
  hcc_buf_add(b, value, value_size);
  mix(g);
  hcc_buf_add(b, "\x20\1", 2);
  gen_i32(g, step);
  hcc_buf_add(b, "\x6a\x22\1", 3);
  hcc_buf_add(b, limit, limit_size);
  hcc_buf_add(b, "\x49\x0d\0\x0b", 4);
}

static void write_sum(hcc_buf *section, gen *g) {
  static const fz_sig sig = {.results = {HCC_I64}, .result_count = 1};
  static const uint8_t load[] = {0x29, 3, 0}, bytes[] = {0x3f, 0, 0x41, 16, 0x74};
  begin_function(g, &sig, 0);
  gen_local(g, HCC_I64, true);
  gen_local(g, HCC_I32, true);
  mix_each(g, load, sizeof load, bytes, sizeof bytes, 8);
  for (uint8_t i = 0; i < GEN_TABLES; i++) { /* which elements are null, and how many there are */
    const uint8_t element[] = {0x25, i, 0xd1, 0xad}, size[] = {0xfc, 0x10, i};
    mix_each(g, element, sizeof element, size, sizeof size, 1);
    hcc_buf_add(&g->code, size, sizeof size);
    gen_op(g, HCC_OP_I64_EXTEND_I32_U);
    mix(g);
  }
  for (uint32_t i = 0; i <= GEN_TYPES; i++) {
    mix_global(g, i, i == 0 ? HCC_I32 : gen_types[i - 1]);
  }
  hcc_buf_add(&g->code, "\x20\0", 2);
  end_function(section, g);
}

static void put_code(hcc_buf *out, hcc_buf *b, gen *g, const fz_module *plan) {
  hcc_buf_u32(b, 2 + g->helper_count + plan->program_count);
  write_sum(b, g);
  for (uint32_t i = 0; i < g->helper_count; i++) {
    write_function(b, g, &g->sigs[g->helper_sigs[i]], (int32_t)i);
  }
  for (uint32_t i = 0; i < plan->program_count; i++) {
    write_function(b, g, &plan->programs[i].sig, -1);
  }
  begin_function(g, &g->sigs[0], 20);
  g->risk = 0;
  g->counted = true;
  gen_start(g);
  end_function(b, g);
  put_section(out, 10, b);
}

static void begin(gen *g, fz_module *plan, uint32_t programs, fz_choices *c) {
  *g = (gen){.c = c, .sig_count = 6 + fz_below(c, GEN_SIGS - 6)};
  for (uint32_t i = 1; i < g->sig_count; i++) {
    g->sigs[i] = any_sig(c, GEN_TYPES);
    if (i % 2 == 0 && g->sigs[i].param_count != 0) { /* may be a recursion's depth */
      g->sigs[i].params[0] = HCC_I32;
    }
  }
  g->helper_count = GEN_MORE + programs / 8 + fz_below(c, 3);
  for (uint32_t i = 0; i < g->helper_count; i++) {
    g->helper_sigs[i] = (uint8_t)fz_below(c, g->sig_count);
  }
  g->fixed[GEN_TABLE_FUNCS] = fz_below(c, 2) == 1;
  g->fixed[GEN_TABLE_MORE] = fz_below(c, 2) == 1;
  plan->program_count = programs;
  for (uint32_t i = 0; i < programs; i++) {
    plan->programs[i].sig = any_sig(c, 4);
  }
}

bool fz_generate(hcc_buf *out, fz_module *plan, uint32_t programs, fz_choices *c) {
  gen *g = malloc(sizeof *g);
  hcc_buf b;
  if (g == NULL) {
    return false;
  }
  gen_ops_begin();
  hcc_buf_init(&b, FZ_MODULE_MAX);
  begin(g, plan, programs, c);
  hcc_buf_init(&g->code, FZ_MODULE_MAX);
  hcc_buf_add(out, "\0asm\1\0\0\0", 8);
  put_types(out, &b, g, plan);
  put_functions(out, &b, g, plan);
  put_tables_and_memory(out, &b);
  put_globals(out, g);
  put_exports(out, &b, g, plan);
  hcc_buf_u32(&b, 1 + g->helper_count + programs);
  put_section(out, 8, &b);
  put_elems(out, g);
  hcc_buf_u32(&b, GEN_DATAS);
  put_section(out, 12, &b);
  put_code(out, &b, g, plan);
  g->code.size = 0;
  put_datas(out, g);
  bool whole = !out->failed && !b.failed && !g->code.failed;
  hcc_buf_free(&g->code);
  hcc_buf_free(&b);
  free(g);
  return whole;
}
