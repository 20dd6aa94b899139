/* generate_code.c - statements: what changes state, and control. Every loop draws on global 0 at
 * its head or counts to a constant with nothing inside that branches, loops or calls. */
#include "generate_parts.h"

void gen_label_push(gen *g, const uint8_t *types, uint32_t count) {
  g->labels[g->label_count++] = (gen_label){types, (uint8_t)count};
}

void gen_spend(gen *g) {
  gen_op(g, HCC_OP_GLOBAL_GET);
  hcc_buf_u32(&g->code, 0);
  gen_i32(g, 1);
  gen_op(g, HCC_OP_I32_SUB);
  gen_op(g, HCC_OP_GLOBAL_SET);
  hcc_buf_u32(&g->code, 0);
  gen_op(g, HCC_OP_GLOBAL_GET);
  hcc_buf_u32(&g->code, 0);
  gen_i32(g, 0);
  gen_op(g, HCC_OP_I32_LT_S);
}

static void local_set(gen *g, uint8_t type) {
  uint32_t local = gen_local(g, type, false);
  gen_op(g, HCC_OP_LOCAL_SET);
  hcc_buf_u32(&g->code, local);
}

/* Takes values off the stack, the last one first. */
static void keep(gen *g, const uint8_t *types, uint32_t count) {
  while (count-- > 0) {
    local_set(g, types[count]);
  }
}

static uint8_t any_type(gen *g) {
  return gen_types[fz_below(g->c, GEN_TYPES)];
}

static void set_local(gen *g) {
  uint8_t type = any_type(g);
  gen_expr(g, type);
  local_set(g, type);
}

static void set_global(gen *g) {
  uint32_t i = fz_below(g->c, GEN_TYPES);
  gen_expr(g, gen_types[i]);
  gen_op(g, HCC_OP_GLOBAL_SET);
  hcc_buf_u32(&g->code, 1 + i);
}

static void effect(gen *g) {
  gen_table_op(g, 0);
}

static void dropped(gen *g) {
  gen_expr(g, any_type(g));
  gen_op(g, HCC_OP_DROP);
}

void gen_call_of(gen *g, uint32_t helper) {
  const fz_sig *sig = &g->sigs[g->helper_sigs[helper]];
  if (g->by_itself) { /* local 0 less one */
    hcc_buf_add(&g->code, "\x20\0\x41\1\x6b", 5);
  }
  gen_exprs(g, sig->params + g->by_itself, sig->param_count - g->by_itself);
  gen_op(g, HCC_OP_CALL);
  hcc_buf_u32(&g->code, 1 + helper);
  keep(g, sig->results, sig->result_count);
}

void gen_call(gen *g) {
  gen_call_of(g, fz_below(g->c, g->helper_count));
}

static void call_indirect(gen *g) {
  uint32_t helper = fz_below(g->c, g->helper_count);
  uint32_t type = g->helper_sigs[helper];
  bool fits = !fz_chance(g->c, g->risk), more = helper < GEN_MORE && fz_below(g->c, 2) == 1;
  const fz_sig *sig = &g->sigs[type];
  gen_exprs(g, sig->params, sig->param_count);
  if (fits && more) { /* where put_elems has put it */
    gen_i32(g, (int32_t)(GEN_MORE - 1 - helper));
  } else if (fits) {
    gen_i32(g, helper < 8 ? (int32_t)helper : 0);
  } else {
    gen_expr(g, HCC_I32);
  }
  gen_op(g, HCC_OP_CALL_INDIRECT);
  hcc_buf_u32(&g->code, type);
  more = fz_chance(g->c, g->risk) ? !more : more;
  hcc_buf_u32(&g->code, more ? GEN_TABLE_MORE : GEN_TABLE_FUNCS);
  keep(g, sig->results, sig->result_count);
}

static void table_set(gen *g) {
  uint32_t table = gen_table_to_write(g);
  uint8_t type = table == GEN_TABLE_EXTERNS ? HCC_EXTERNREF : HCC_FUNCREF;
  bool fill = fz_below(g->c, 2) == 1;
  gen_masked(g, table == GEN_TABLE_FUNCS ? 11 : 3);
  gen_expr(g, type);
  if (fill) {
    gen_masked(g, 1);
  }
  gen_op(g, fill ? HCC_OP_TABLE_FILL : HCC_OP_TABLE_SET);
  hcc_buf_u32(&g->code, table);
}

static void if_void(gen *g) {
  gen_expr(g, HCC_I32);
  gen_op(g, HCC_OP_IF);
  hcc_buf_byte(&g->code, 0x40);
  gen_label_push(g, NULL, 0);
  gen_statements(g);
  if (fz_below(g->c, 2) == 1) {
    gen_op(g, HCC_OP_ELSE);
    gen_statements(g);
  }
  gen_op(g, HCC_OP_END);
  g->label_count--;
}

static void block_void(gen *g) {
  gen_op(g, HCC_OP_BLOCK);
  hcc_buf_byte(&g->code, 0x40);
  gen_label_push(g, NULL, 0);
  gen_statements(g);
  gen_statements(g);
  gen_op(g, HCC_OP_END);
  g->label_count--;
}

/* block, loop or if of a type with parameters and results. */
static void block_typed(gen *g) {
  static const uint32_t codes[] = {HCC_OP_BLOCK, HCC_OP_LOOP, HCC_OP_IF};
  uint32_t code = codes[fz_below(g->c, 3)], type = fz_below(g->c, g->sig_count);
  const fz_sig *sig = &g->sigs[type];
  bool loop = code == HCC_OP_LOOP;
  if (loop) { /* to leave by when there is no more */
    gen_op(g, HCC_OP_BLOCK);
    hcc_buf_byte(&g->code, 0x40);
    gen_label_push(g, NULL, 0);
  }
  gen_exprs(g, sig->params, sig->param_count);
  if (code == HCC_OP_IF) {
    gen_expr(g, HCC_I32);
  }
  gen_op(g, code);
  hcc_buf_s32(&g->code, (int32_t)type);
  gen_label_push(g, loop ? sig->params : sig->results, loop ? sig->param_count : sig->result_count);
  if (loop) {
    gen_spend(g);
    gen_op(g, HCC_OP_BR_IF);
    hcc_buf_u32(&g->code, 1);
  }
  for (int arm = 0; arm < (code == HCC_OP_IF ? 2 : 1); arm++) {
    if (arm == 1) {
      gen_op(g, HCC_OP_ELSE);
    }
    keep(g, sig->params, sig->param_count);
    gen_statements(g);
    gen_exprs(g, sig->results, sig->result_count);
  }
  gen_op(g, HCC_OP_END);
  g->label_count--;
  keep(g, sig->results, sig->result_count);
  if (loop) {
    gen_op(g, HCC_OP_END);
    g->label_count--;
  }
}

/* Goes round while a condition holds and fuel lasts. */
static void loop_fueled(gen *g) {
  gen_op(g, HCC_OP_BLOCK);
  hcc_buf_byte(&g->code, 0x40);
  gen_label_push(g, NULL, 0);
  gen_op(g, HCC_OP_LOOP);
  hcc_buf_byte(&g->code, 0x40);
  gen_label_push(g, NULL, 0);
  gen_spend(g);
  gen_op(g, HCC_OP_BR_IF);
  hcc_buf_u32(&g->code, 1);
  gen_statements(g);
  gen_expr(g, HCC_I32);
  gen_op(g, HCC_OP_BR_IF);
  hcc_buf_u32(&g->code, 0);
  gen_op(g, HCC_OP_END);
  gen_op(g, HCC_OP_END);
  g->label_count -= 2;
}

/* The counter moves on; again if it has not come to its end. */
static void next_turn(gen *g, uint32_t counter, bool down) {
  gen_op(g, HCC_OP_LOCAL_GET);
  hcc_buf_u32(&g->code, counter);
  gen_i32(g, down ? -1 : 1);
  gen_op(g, HCC_OP_I32_ADD);
  gen_op(g, HCC_OP_LOCAL_TEE);
  hcc_buf_u32(&g->code, counter);
  if (!down) {
    gen_i32(g, 1 + (int32_t)fz_below(g->c, 20));
    gen_op(g, fz_below(g->c, 2) == 0 ? HCC_OP_I32_LT_U : HCC_OP_I32_NE);
  }
  gen_op(g, HCC_OP_BR_IF);
  hcc_buf_u32(&g->code, 0);
}

/* From 0 to a constant, or as often as some bits of a value say; nothing in between that ends it:
 * what compilers emit, and may unroll. */
static void loop_counted(gen *g) {
  if (g->counted || g->local_count >= GEN_LOCALS - 7) { /* 6 of scratch and this one */
    set_local(g);
    return;
  }
  uint32_t counter = gen_local(g, HCC_I32, true);
  bool down = fz_below(g->c, 3) == 0;
  if (down) {
    gen_expr(g, HCC_I32);
    gen_i32(g, 1 + (int32_t)fz_below(g->c, 20));
    gen_op(g, HCC_OP_I32_AND);
    gen_op(g, HCC_OP_LOCAL_TEE);
    hcc_buf_u32(&g->code, counter);
    gen_op(g, HCC_OP_IF);
    hcc_buf_byte(&g->code, 0x40);
    gen_label_push(g, NULL, 0);
  } else {
    gen_i32(g, 0);
    gen_op(g, HCC_OP_LOCAL_SET);
    hcc_buf_u32(&g->code, counter);
  }
  g->counter = (int32_t)counter;
  g->counted = true;
  gen_op(g, HCC_OP_LOOP);
  hcc_buf_byte(&g->code, 0x40);
  gen_label_push(g, NULL, 0);
  gen_statements(g);
  next_turn(g, counter, down);
  gen_op(g, HCC_OP_END);
  g->label_count--;
  if (down) {
    gen_op(g, HCC_OP_END);
    g->label_count--;
  }
  g->counted = false;
}

static void loop_known(gen *g) {
  if (!gen_loop(g)) {
    set_local(g);
  }
}

static void walk(gen *g) {
  if (!gen_walk(g)) {
    set_local(g);
  }
}

static bool same_types(const gen_label *a, const gen_label *b) {
  bool same = a->count == b->count;
  for (uint32_t i = 0; same && i < a->count; i++) {
    same = a->types[i] == b->types[i];
  }
  return same;
}

/* br, br_if or br_table to labels that are there. The function's own is one of them. */
static void branch(gen *g) {
  uint32_t depth = fz_below(g->c, g->label_count), kind = fz_below(g->c, 4);
  const gen_label *label = &g->labels[g->label_count - 1 - depth];
  gen_exprs(g, label->types, label->count);
  if (kind == 3) {
    gen_op(g, HCC_OP_BR);
    hcc_buf_u32(&g->code, depth);
    return;
  }
  gen_expr(g, HCC_I32);
  if (kind != 2) {
    gen_op(g, HCC_OP_BR_IF);
    hcc_buf_u32(&g->code, depth);
    keep(g, label->types, label->count);
    return;
  }
  uint32_t fitting[GEN_LABELS], count = 0;
  for (uint32_t i = 0; i < g->label_count; i++) {
    if (same_types(&g->labels[g->label_count - 1 - i], label)) {
      fitting[count++] = i;
    }
  }
  uint32_t targets = fz_below(g->c, 6);
  gen_op(g, HCC_OP_BR_TABLE);
  hcc_buf_u32(&g->code, targets);
  for (uint32_t i = 0; i < targets; i++) {
    hcc_buf_u32(&g->code, fitting[fz_below(g->c, count)]);
  }
  hcc_buf_u32(&g->code, depth);
}

static void leave_function(gen *g) {
  if (fz_chance(g->c, g->risk)) {
    gen_op(g, HCC_OP_UNREACHABLE);
  } else if (fz_below(g->c, 2) == 0) {
    gen_exprs(g, g->sig->results, g->sig->result_count);
    gen_op(g, HCC_OP_RETURN);
  } else {
    gen_op(g, HCC_OP_NOP);
  }
}

void gen_statement(gen *g) {
  static void (*const straight[])(gen *) = {set_local, set_global, effect,   effect,
                                            effect,    dropped,    table_set};
  static void (*const control[])(gen *) = {
      set_local,    set_global,   effect,        effect,      effect,        dropped,
      table_set,    if_void,      block_void,    block_typed, block_typed,   loop_fueled,
      loop_counted, loop_counted, loop_known,    loop_known,  loop_known,    walk,
      walk,         gen_call,     call_indirect, branch,      leave_function};
  static void (*const alone[])(gen *) = {set_local, set_local, set_local, set_local,
                                         dropped,   if_void,   branch,    effect};
  if (g->by_itself && gen_enter(g)) {
    alone[fz_below(g->c, sizeof alone / sizeof *alone)](g);
  } else if (g->by_itself) {
    set_local(g);
  } else if (!gen_enter(g) || g->counted || g->label_count > GEN_LABELS - 4) {
    if (g->budget > 0) {
      straight[fz_below(g->c, sizeof straight / sizeof *straight)](g);
    }
  } else {
    control[fz_below(g->c, sizeof control / sizeof *control)](g);
  }
  gen_leave(g);
}

void gen_statements(gen *g) {
  for (uint32_t count = fz_below(g->c, 4); count > 0; count--) {
    gen_statement(g);
  }
}

/* What start does: it must not trap, or nothing else would run. */
void gen_start(gen *g) {
  set_global(g);
  set_local(g);
  set_global(g);
}
