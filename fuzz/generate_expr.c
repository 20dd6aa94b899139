/* generate_expr.c - code that leaves one value of a given type on the stack. */
#include "generate_parts.h"

bool gen_enter(gen *g) {
  g->depth++;
  return --g->budget > 0 && g->depth < GEN_DEPTH && g->code.size < FZ_MODULE_MAX / 8;
}

void gen_leave(gen *g) {
  g->depth--;
}

/* A local of the type; a reserved one is always new. */
uint32_t gen_local(gen *g, uint8_t type, bool reserved) {
  uint32_t found[GEN_LOCALS], count = 0;
  for (uint32_t i = 0; i < g->local_count && !reserved; i++) {
    if (g->locals[i] == type && !g->reserved[i]) {
      found[count++] = i;
    }
  }
  bool room = g->local_count < GEN_LOCALS - (reserved ? 0u : 16u);
  if (count != 0 && !(room && count < 3 && fz_below(g->c, 4) == 1)) {
    return found[fz_below(g->c, count)];
  }
  /* 16 are kept for scratch and counters, and each type has its first before they run short */
  uint32_t local = g->local_count++;
  g->locals[local] = type;
  g->reserved[local] = reserved;
  return local;
}

void gen_masked(gen *g, uint32_t mask) {
  bool free = fz_chance(g->c, g->risk);
  gen_expr(g, HCC_I32);
  if (!free) {
    gen_i32(g, (int32_t)mask);
    gen_op(g, HCC_OP_I32_AND);
  }
}

void gen_exprs(gen *g, const uint8_t *types, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    gen_expr(g, types[i]);
  }
}

void gen_block_type(gen *g, uint8_t type) {
  hcc_buf_byte(&g->code, type);
}

static void local_get(gen *g, uint8_t type) {
  gen_op(g, HCC_OP_LOCAL_GET);
  hcc_buf_u32(&g->code, gen_local(g, type, false));
}

static void leaf(gen *g, uint8_t type) {
  if (fz_below(g->c, 2) == 0) {
    gen_const(g, type);
  } else {
    local_get(g, type);
  }
}

static uint32_t type_index(uint8_t type) {
  uint32_t i = 0;
  while (gen_types[i] != type) {
    i++;
  }
  return i;
}

static void global_get(gen *g, uint8_t type) {
  gen_op(g, HCC_OP_GLOBAL_GET);
  hcc_buf_u32(&g->code, 1 + type_index(type) + (fz_below(g->c, 4) == 1 ? GEN_TYPES : 0));
}

static void tee(gen *g, uint8_t type) {
  gen_expr(g, type);
  gen_op(g, HCC_OP_LOCAL_TEE);
  hcc_buf_u32(&g->code, gen_local(g, type, false));
}

static void select_one(gen *g, uint8_t type) {
  bool ref = type == HCC_FUNCREF || type == HCC_EXTERNREF;
  gen_expr(g, type);
  gen_expr(g, type);
  gen_expr(g, HCC_I32);
  if (ref || fz_below(g->c, 4) == 1) {
    gen_op(g, HCC_OP_SELECT_T);
    hcc_buf_u32(&g->code, 1);
    hcc_buf_byte(&g->code, type);
  } else {
    gen_op(g, HCC_OP_SELECT);
  }
}

static void op_local(gen *g, uint16_t code, uint32_t local) {
  gen_op(g, code);
  hcc_buf_u32(&g->code, local);
}

static void compare(gen *g) {
  static const uint16_t compares[] = {HCC_OP_I32_LT_S, HCC_OP_I32_LT_U, HCC_OP_I32_GT_S,
                                      HCC_OP_I32_GT_U, HCC_OP_I32_LE_S, HCC_OP_I32_LE_U,
                                      HCC_OP_I32_GE_S, HCC_OP_I32_GE_U, HCC_OP_I32_NE};
  gen_op(g, compares[fz_below(g->c, sizeof compares / sizeof *compares)]);
}

/* A byte within a range, as compilers write it, or something that looks much like it. */
static void compare_byte(gen *g) {
  static const int32_t masks[] = {255, 255, 255, 254, 256, 511};
  gen_expr(g, HCC_I32);
  gen_op(g, HCC_OP_I32_CONST);
  hcc_buf_s32(&g->code, masks[fz_below(g->c, sizeof masks / sizeof *masks)]);
  gen_op(g, HCC_OP_I32_AND);
  gen_op(g, HCC_OP_I32_CONST);
  hcc_buf_s32(&g->code, (int32_t)fz_below(g->c, 260));
  compare(g);
}

/* The lesser or greater of two locals, as compilers write it, or something that looks much like it.
 */
static void select_by_order(gen *g) {
  uint32_t locals[] = {gen_local(g, HCC_I32, false), gen_local(g, HCC_I32, false)};
  gen_expr(g, HCC_I32);
  op_local(g, HCC_OP_LOCAL_TEE, locals[0]);
  op_local(g, HCC_OP_LOCAL_GET, locals[1]);
  if (fz_below(g->c, 4) == 1) { /* the local is another, the value on the stack is not */
    gen_expr(g, HCC_I32);
    op_local(g, HCC_OP_LOCAL_SET, locals[fz_below(g->c, 2)]);
  }
  uint32_t first = fz_below(g->c, 2);
  op_local(g, HCC_OP_LOCAL_GET, locals[first]);
  op_local(g, HCC_OP_LOCAL_GET, locals[!first]);
  compare(g);
  gen_op(g, HCC_OP_SELECT);
}

static void if_else(gen *g, uint8_t type) {
  gen_expr(g, HCC_I32);
  gen_op(g, HCC_OP_IF);
  gen_block_type(g, type);
  gen_label_push(g, &gen_types[type_index(type)], 1);
  gen_expr(g, type);
  gen_op(g, HCC_OP_ELSE);
  gen_statements(g);
  gen_expr(g, type);
  gen_op(g, HCC_OP_END);
  g->label_count--;
}

static void block(gen *g, uint8_t type) {
  gen_op(g, HCC_OP_BLOCK);
  gen_block_type(g, type);
  gen_label_push(g, &gen_types[type_index(type)], 1);
  gen_statements(g);
  gen_expr(g, type);
  if (fz_below(g->c, 2) == 1) { /* early, with the value; without it, on with another one */
    gen_expr(g, HCC_I32);
    gen_op(g, HCC_OP_BR_IF);
    hcc_buf_u32(&g->code, 0);
    gen_op(g, HCC_OP_DROP);
    gen_expr(g, type);
  }
  gen_op(g, HCC_OP_END);
  g->label_count--;
}

/* A call, then the local that took a result, or any other. */
static void called(gen *g, uint8_t type) {
  if (!g->counted) {
    gen_call(g);
  }
  local_get(g, type);
}

static void table_get(gen *g, uint8_t type) {
  gen_masked(g, type == HCC_FUNCREF ? 3 : 5);
  gen_op(g, HCC_OP_TABLE_GET);
  hcc_buf_u32(&g->code, type == HCC_EXTERNREF    ? GEN_TABLE_EXTERNS
                        : fz_below(g->c, 2) == 0 ? GEN_TABLE_FUNCS
                                                 : GEN_TABLE_MORE);
}

static void is_null(gen *g) {
  gen_expr(g, fz_below(g->c, 3) == 0 ? HCC_EXTERNREF : HCC_FUNCREF);
  gen_op(g, HCC_OP_REF_IS_NULL);
}

static void table_grow(gen *g) {
  uint32_t table = gen_table_to_write(g);
  gen_expr(g, table == GEN_TABLE_EXTERNS ? HCC_EXTERNREF : HCC_FUNCREF);
  gen_masked(g, 3);
  gen_op(g, HCC_OP_TABLE_GROW);
  hcc_buf_u32(&g->code, table);
}

/* What there is for one type only. */
static void special(gen *g, uint8_t type) {
  if (type == HCC_I32) {
    static void (*const any[])(gen * g) = {is_null, table_grow, compare_byte};
    any[fz_below(g->c, sizeof any / sizeof *any)](g);
  } else if (type == HCC_FUNCREF || type == HCC_EXTERNREF) {
    table_get(g, type);
  } else {
    gen_table_op(g, type);
  }
}

void gen_expr(gen *g, uint8_t type) {
  if (!gen_enter(g)) {
    leaf(g, type);
    gen_leave(g);
    return;
  }
  bool room = g->label_count < GEN_LABELS - 2;
  uint32_t kind = fz_below(g->c, g->by_itself ? 13 : 24);
  if (kind < 3) {
    leaf(g, type);
  } else if (kind < 13) {
    gen_table_op(g, type);
  } else if (kind < 15) {
    global_get(g, type);
  } else if (kind == 15) {
    tee(g, type);
  } else if (kind == 16) {
    (type == HCC_I32 && fz_below(g->c, 2) == 1) ? select_by_order(g) : select_one(g, type);
  } else if (kind == 17 && room && !g->counted) {
    if_else(g, type);
  } else if (kind == 18 && room && !g->counted) {
    block(g, type);
  } else if (kind == 19) {
    called(g, type);
  } else if (kind < 22) {
    special(g, type);
  } else {
    local_get(g, type);
  }
  gen_leave(g);
}
