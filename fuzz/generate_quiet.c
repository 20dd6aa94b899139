/* generate_quiet.c - recursive functions in which nobody sees where fuel is spent: they compute
 * with i32 and call themselves, in loops too, some of whose turns do not. heliosc's copies of these
 * have fewer checkpoints. */
#include "generate_words.h"

static void value(gen *g, uint32_t depth) {
  static const uint32_t two[] = {HCC_OP_I32_ADD, HCC_OP_I32_SUB, HCC_OP_I32_MUL,   HCC_OP_I32_XOR,
                                 HCC_OP_I32_AND, HCC_OP_I32_SHL, HCC_OP_I32_SHR_U, HCC_OP_I32_LT_S};
  uint32_t kind = pick(g, depth == 0 ? 3 : 6);
  if (kind == 0) {
    gen_const(g, HCC_I32);
  } else if (kind < 3) {
    get(g, gen_local(g, HCC_I32, false));
  } else {
    value(g, depth - 1);
    value(g, depth - 1);
    gen_op(g, two[pick(g, sizeof two / sizeof *two)]);
  }
}

static void values(gen *g, const uint8_t *types, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (types[i] == HCC_I32) {
      value(g, 2);
    } else {
      gen_const(g, types[i]);
    }
  }
}

static void update(gen *g) {
  value(g, 2);
  set(g, gen_local(g, HCC_I32, false));
}

static void call(gen *g, uint32_t helper) {
  const fz_sig *sig = g->sig;
  get(g, 0);
  by(g, HCC_OP_I32_SUB, 1);
  values(g, sig->params + 1, sig->param_count - 1u);
  op_index(g, HCC_OP_CALL, 1 + helper);
  for (uint32_t i = sig->result_count; i-- > 0;) {
    set(g, gen_local(g, sig->results[i], false));
  }
}

/* A block, loop or if without a value. */
static void open(gen *g, uint32_t code) {
  gen_op(g, code);
  hcc_buf_byte(&g->code, 0x40);
}

/* The end of a turn: by how much less is left, and how much must be for another one. */
static void turn_again(gen *g, uint32_t left) {
  uint32_t kind = pick(g, 3);
  get(g, left);
  by(g, HCC_OP_I32_SUB, kind == 0 ? 1 + (int32_t)pick(g, 3) : 1);
  op_index(g, HCC_OP_LOCAL_TEE, left);
  if (kind != 2) {
    by(g, kind == 0 ? HCC_OP_I32_GT_S : HCC_OP_I32_GT_U, (int32_t)pick(g, 3));
  }
  op_index(g, HCC_OP_BR_IF, 0);
}

/* As many turns as the depth is, or fewer. Some go on before the call, or leave. What counts them
 * may be the depth itself. */
static void turns(gen *g, uint32_t helper) {
  uint32_t left = pick(g, 2) == 0 ? 0 : gen_local(g, HCC_I32, true), kind = pick(g, 4);
  if (left != 0) {
    get(g, 0);
    set(g, left);
  }
  open(g, HCC_OP_BLOCK);
  open(g, HCC_OP_LOOP);
  if (kind == 1) {
    value(g, 1);
    open(g, HCC_OP_IF);
  }
  call(g, helper);
  update(g);
  if (kind == 1) {
    gen_op(g, HCC_OP_END);
  } else if (kind == 2) {
    value(g, 1);
    op_index(g, HCC_OP_BR_IF, 1);
  }
  turn_again(g, left);
  gen_op(g, HCC_OP_END);
  gen_op(g, HCC_OP_END);
}

void gen_quiet(gen *g, uint32_t helper) {
  update(g);
  if (pick(g, 2) == 0) {
    turns(g, helper);
  } else {
    call(g, helper);
    update(g);
    call(g, helper);
  }
  values(g, g->sig->results, g->sig->result_count);
}
