/* generate_ops.c - opcodes with a fixed signature: which there are for a type, their operands and
 * immediates, and canonical NaNs behind what may make one. */
#include <string.h>

#include "generate_parts.h"

const uint8_t gen_types[GEN_TYPES] = {HCC_I32,  HCC_I64,     HCC_F32,      HCC_F64,
                                      HCC_V128, HCC_FUNCREF, HCC_EXTERNREF};

static const uint16_t all_ops[] = {
#define HCC_OP(name, text, code, imm, sig, align, fuel, flags) code,
#include "opcodes.def"
#undef HCC_OP
};
#define ALL_OPS (sizeof all_ops / sizeof *all_ops)

/* Opcodes by the type of their result; without one under 0. */
static uint16_t by_result[256][ALL_OPS];
static uint32_t by_result_count[256];

uint8_t gen_type_of(char letter) {
  static const char letters[] = "ijfdvre";
  return gen_types[strchr(letters, letter) - letters];
}

void gen_ops_begin(void) {
  if (by_result_count[0] != 0) {
    return;
  }
  for (size_t i = 0; i < ALL_OPS; i++) {
    const char *sig = hcc_op_info_of(all_ops[i])->sig;
    if (sig != NULL) {
      const char *result = strchr(sig, ':') + 1;
      uint8_t type = *result == '\0' ? 0 : gen_type_of(*result);
      by_result[type][by_result_count[type]++] = all_ops[i];
    }
  }
}

void gen_op(gen *g, uint32_t code) {
  if (code >= 0x100) {
    hcc_buf_byte(&g->code, (uint8_t)(code >> 8));
    hcc_buf_u32(&g->code, code & 0xff);
  } else {
    hcc_buf_byte(&g->code, (uint8_t)code);
  }
}

void gen_i32(gen *g, int32_t v) {
  gen_op(g, HCC_OP_I32_CONST);
  hcc_buf_s32(&g->code, v);
}

static uint64_t edge(fz_choices *c) {
  static const uint64_t edges[] = {0,
                                   1,
                                   UINT64_MAX,
                                   2,
                                   7,
                                   0x7f,
                                   0x80,
                                   0xff,
                                   0x7fff,
                                   0x8000,
                                   0xffff,
                                   0x10000,
                                   0x7fffffff,
                                   0x80000000,
                                   0xffffffff,
                                   UINT64_C(0x100000000),
                                   INT64_MAX,
                                   UINT64_C(1) << 63,
                                   UINT64_C(0x0102030405060708),
                                   UINT64_C(0xfffffffffffffff0)};
  uint32_t kind = fz_below(c, 4);
  return kind == 0   ? edges[fz_below(c, sizeof edges / sizeof *edges)]
         : kind == 1 ? fz_byte(c)
         : kind == 2 ? (uint64_t) - (int64_t)fz_byte(c)
                     : fz_bits(c, 8);
}

static uint32_t edge_f32(fz_choices *c) {
  static const uint32_t edges[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000,
                                   0xff800000, 0x7fc00000, 0xffc00000, 0x7fa00000, 0x00000001,
                                   0x80000001, 0x7f7fffff, 0x4f000000, 0xcf000000, 0x4f800000,
                                   0x5f000000, 0xdf000000, 0x5f800000, 0x3f000000, 0x40200000,
                                   0x3fc00000, 0x4effffff, 0x4b000001, 0x007fffff};
  uint32_t kind = fz_below(c, 3);
  float small = (float)(int8_t)fz_byte(c) * 0.75f;
  uint32_t bits;
  memcpy(&bits, &small, sizeof bits);
  return kind == 0   ? edges[fz_below(c, sizeof edges / sizeof *edges)]
         : kind == 1 ? bits
                     : (uint32_t)fz_bits(c, 4);
}

static uint64_t edge_f64(fz_choices *c) {
  static const uint64_t edges[] = {0,
                                   UINT64_C(1) << 63,
                                   UINT64_C(0x3ff0000000000000),
                                   UINT64_C(0xbff0000000000000),
                                   UINT64_C(0x7ff0000000000000),
                                   UINT64_C(0xfff0000000000000),
                                   UINT64_C(0x7ff8000000000000),
                                   UINT64_C(0xfff8000000000000),
                                   UINT64_C(0x7ff4000000000000),
                                   1,
                                   UINT64_C(0x7fefffffffffffff),
                                   UINT64_C(0x41e0000000000000),
                                   UINT64_C(0xc1e0000000000000),
                                   UINT64_C(0xc1e0000000200000),
                                   UINT64_C(0x41f0000000000000),
                                   UINT64_C(0x43e0000000000000),
                                   UINT64_C(0xc3e0000000000000),
                                   UINT64_C(0x43f0000000000000),
                                   UINT64_C(0x47efffffefffffff),
                                   UINT64_C(0x47effffff0000000),
                                   UINT64_C(0x3fe0000000000000),
                                   UINT64_C(0x4004000000000000),
                                   UINT64_C(0x4330000000000001),
                                   UINT64_C(0x000fffffffffffff)};
  uint32_t kind = fz_below(c, 3);
  double small = (int8_t)fz_byte(c) * 0.75;
  uint64_t bits;
  memcpy(&bits, &small, sizeof bits);
  return kind == 0   ? edges[fz_below(c, sizeof edges / sizeof *edges)]
         : kind == 1 ? bits
                     : fz_bits(c, 8);
}

uint64_t fz_argument(uint8_t type, fz_choices *c) {
  if (type == HCC_F32) {
    uint32_t bits = edge_f32(c);
    return (bits & 0x7fffffff) > 0x7f800000 ? 0 : bits;
  }
  if (type == HCC_F64) {
    uint64_t bits = edge_f64(c);
    return (bits & INT64_MAX) > UINT64_C(0x7ff0000000000000) ? 0 : bits;
  }
  return type == HCC_I32 ? (uint32_t)edge(c) : edge(c);
}

static void add_little(hcc_buf *b, uint64_t v, unsigned bytes) {
  for (unsigned i = 0; i < bytes; i++) {
    hcc_buf_byte(b, (uint8_t)(v >> 8 * i));
  }
}

static void vector(gen *g) {
  unsigned lane = 1u << fz_below(g->c, 5); /* 16: two halves of eight */
  for (unsigned at = 0; at<16; at += lane> 8 ? 8 : lane) {
    uint64_t v = lane == 4 ? edge_f32(g->c) : lane == 8 ? edge_f64(g->c) : edge(g->c);
    add_little(&g->code, v, lane > 8 ? 8 : lane);
  }
}

void gen_const(gen *g, uint8_t type) {
  switch (type) {
  case HCC_I32:
    gen_i32(g, (int32_t)edge(g->c));
    break;
  case HCC_I64:
    gen_op(g, HCC_OP_I64_CONST);
    hcc_buf_s64(&g->code, (int64_t)edge(g->c));
    break;
  case HCC_F32:
    gen_op(g, HCC_OP_F32_CONST);
    add_little(&g->code, edge_f32(g->c), 4);
    break;
  case HCC_F64:
    gen_op(g, HCC_OP_F64_CONST);
    add_little(&g->code, edge_f64(g->c), 8);
    break;
  case HCC_V128:
    gen_op(g, HCC_OP_V128_CONST);
    vector(g);
    break;
  default:
    gen_op(g, HCC_OP_REF_NULL);
    hcc_buf_byte(&g->code, type);
  }
}

/* Does the operator leave open which NaN it gives? */
static bool makes_nan(const hcc_op_info *info) {
  static const char *const exact[] = {"abs", "neg", "copysign", "pmin", "pmax", "splat", "const",
                                      "eq",  "ne",  "lt",       "gt",   "le",   "ge"};
  static const char *const families[] = {"load", "reinterpret", "convert", "extract_", "replace_"};
  if (info->name[0] != 'f' || info->sig[strlen(info->sig) - 1] == ':') {
    return false;
  }
  const char *what = strchr(info->name, '.') + 1;
  for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
    if (strcmp(what, exact[i]) == 0) {
      return false;
    }
  }
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
    if (strncmp(what, families[i], strlen(families[i])) == 0) {
      return false;
    }
  }
  return true;
}

/* Compares lane by lane and puts the one quiet NaN where a lane is not equal to itself. */
static void canonical(gen *g, const hcc_op_info *info) {
  bool wide = strncmp(info->name, "f64", 3) == 0,
       vector =
           strchr(info->name, 'x') != NULL && strchr(info->name, 'x') < strchr(info->name, '.');
  uint8_t type = vector ? HCC_V128 : wide ? HCC_F64 : HCC_F32;
  if (g->scratch[type] < 0) {
    g->scratch[type] = (int16_t)gen_local(g, type, true);
  }
  uint32_t local = (uint32_t)g->scratch[type];
  gen_op(g, HCC_OP_LOCAL_SET);
  hcc_buf_u32(&g->code, local);
  gen_op(g, vector ? HCC_OP_V128_CONST : wide ? HCC_OP_F64_CONST : HCC_OP_F32_CONST);
  for (unsigned i = 0; i < (vector ? 16u : 1u); i += wide ? 8 : 4) {
    add_little(&g->code, wide ? UINT64_C(0x7ff8000000000000) : 0x7fc00000, wide ? 8 : 4);
  }
  for (int i = 0; i < 3; i++) {
    gen_op(g, HCC_OP_LOCAL_GET);
    hcc_buf_u32(&g->code, local);
  }
  gen_op(g, vector ? (wide ? HCC_OP_F64X2_NE : HCC_OP_F32X4_NE)
            : wide ? HCC_OP_F64_NE
                   : HCC_OP_F32_NE);
  gen_op(g, vector ? HCC_OP_V128_BITSELECT : HCC_OP_SELECT);
}

uint32_t gen_table_to_write(gen *g) {
  uint32_t table = fz_below(g->c, GEN_TABLES);
  return g->fixed[table] ? GEN_TABLE_EXTERNS : table;
}

static void immediates(gen *g, const hcc_op_info *info) {
  static const uint32_t far[] = {0,       1,       16,         0x7fff,     0xfff0,     0xffff,
                                 0x10000, 0x40000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
  hcc_buf *b = &g->code;
  fz_choices *c = g->c;
  uint32_t table;
  switch (info->imm) {
  case HCC_IMM_MEMARG:
  case HCC_IMM_MEMARG_LANE:
    hcc_buf_u32(b, fz_below(c, info->align + 1u));
    hcc_buf_u32(b, fz_chance(c, g->risk) ? far[fz_below(c, sizeof far / sizeof *far)]
                                         : fz_below(c, 256));
    if (info->imm == HCC_IMM_MEMARG_LANE) {
      hcc_buf_byte(b, (uint8_t)fz_below(c, 16u >> info->align));
    }
    break;
  case HCC_IMM_LANE:
    hcc_buf_byte(b, (uint8_t)fz_below(c, 16u >> info->align));
    break;
  case HCC_IMM_SHUFFLE:
    for (int i = 0; i < 16; i++) {
      hcc_buf_byte(b, (uint8_t)fz_below(c, 32));
    }
    break;
  case HCC_IMM_MEMORY_COPY:
    hcc_buf_byte(b, 0); /* and the other one */
    /* fallthrough */
  case HCC_IMM_MEMORY:
    hcc_buf_byte(b, 0);
    break;
  case HCC_IMM_MEMORY_INIT:
    hcc_buf_u32(b, fz_chance(c, g->risk) ? 2 * fz_below(c, 2) : 1 + 2 * fz_below(c, 2));
    hcc_buf_byte(b, 0);
    break;
  case HCC_IMM_DATA:
    hcc_buf_u32(b, fz_below(c, GEN_DATAS));
    break;
  case HCC_IMM_ELEM:
    hcc_buf_u32(b, fz_below(c, GEN_ELEMS));
    break;
  case HCC_IMM_TABLE:
    hcc_buf_u32(b, fz_below(c, GEN_TABLES));
    break;
  case HCC_IMM_TABLE_COPY: /* both of one type */
    table = gen_table_to_write(g);
    hcc_buf_u32(b, table);
    hcc_buf_u32(b, table == GEN_TABLE_EXTERNS ? table
                   : fz_below(c, 2) == 0      ? GEN_TABLE_FUNCS
                                              : GEN_TABLE_MORE);
    break;
  case HCC_IMM_TABLE_INIT:
    table = gen_table_to_write(g);
    hcc_buf_u32(b, table == GEN_TABLE_EXTERNS ? GEN_ELEM_EXTERNS
                   : fz_chance(c, g->risk)    ? GEN_ELEM_ACTIVE
                                              : GEN_ELEM_FUNCS);
    hcc_buf_u32(b, table);
    break;
  case HCC_IMM_FUNC: /* ref.func: of a helper, all of them are declared */
    hcc_buf_u32(b, 1 + fz_below(c, g->helper_count));
    break;
  default:
    break;
  }
}

/* A number that every conversion that may trap takes. */
static void convertible(gen *g, uint8_t type) {
  gen_masked(g, 0xffff);
  gen_op(g, type == HCC_F32 ? HCC_OP_F32_CONVERT_I32_S : HCC_OP_F64_CONVERT_I32_S);
}

static void divisor(gen *g, uint8_t type) {
  bool wide = type == HCC_I64;
  gen_expr(g, type);
  if (!fz_chance(g->c, g->risk)) { /* 1 to 255, odd */
    gen_op(g, wide ? HCC_OP_I64_CONST : HCC_OP_I32_CONST);
    hcc_buf_s32(&g->code, 254);
    gen_op(g, wide ? HCC_OP_I64_AND : HCC_OP_I32_AND);
    gen_op(g, wide ? HCC_OP_I64_CONST : HCC_OP_I32_CONST);
    hcc_buf_s32(&g->code, 1);
    gen_op(g, wide ? HCC_OP_I64_OR : HCC_OP_I32_OR);
  }
}

/* Places and lengths of bulk instructions that mostly fit. */
static void bulk_operand(gen *g, const hcc_op_info *info, unsigned index) {
  bool table = info->imm == HCC_IMM_TABLE_COPY || info->imm == HCC_IMM_TABLE_INIT;
  if (info->code == HCC_OP_MEMORY_GROW) {
    gen_masked(g, 1);
  } else if (info->code == HCC_OP_MEMORY_FILL && index == 1) {
    gen_expr(g, HCC_I32);
  } else if (index == 2) {
    gen_masked(g, table ? 1 : info->imm == HCC_IMM_MEMORY_INIT ? 7 : 511);
  } else {
    bool source = index == 1 && info->imm != HCC_IMM_MEMORY_COPY;
    gen_masked(g, table ? 1 : source ? 7 : 0x7fff);
  }
}

/* Often what the rewrite joins: one local and a constant, in a counted loop its counter's multiple.
 */
static void address(gen *g) {
  uint32_t kind = fz_below(g->c, 4);
  if (kind == 0) {
    gen_masked(g, 0x7fff);
    return;
  }
  if (g->scratch[0] < 0) {
    g->scratch[0] = (int16_t)gen_local(g, HCC_I32, true);
  }
  if (kind == 1) {
    gen_masked(g, 0x7fff);
    gen_op(g, HCC_OP_LOCAL_TEE);
    hcc_buf_u32(&g->code, (uint32_t)g->scratch[0]);
    return;
  }
  gen_op(g, HCC_OP_LOCAL_GET);
  if (kind == 3 && g->counter >= 0) {
    hcc_buf_u32(&g->code, (uint32_t)g->counter);
    gen_i32(g, (int32_t)fz_below(g->c, 6));
    gen_op(g, HCC_OP_I32_SHL);
  } else {
    hcc_buf_u32(&g->code, (uint32_t)g->scratch[0]);
  }
  int32_t below = g->risk != 0 ? 8 : 0; /* or it must not trap */
  int32_t near = (int32_t)fz_below(g->c, 64) - below;
  gen_i32(g, fz_chance(g->c, g->risk) ? (int32_t)fz_bits(g->c, 4) : near);
  gen_op(g, HCC_OP_I32_ADD);
}

static void operand(gen *g, const hcc_op_info *info, unsigned index) {
  uint8_t type = gen_type_of(info->sig[index]);
  bool traps = (info->flags & HCC_OPF_TRAPS) != 0, plain = info->imm == HCC_IMM_NONE;
  if (info->flags & HCC_OPF_BULK) {
    bulk_operand(g, info, index);
  } else if ((info->imm == HCC_IMM_MEMARG || info->imm == HCC_IMM_MEMARG_LANE) && index == 0) {
    address(g);
  } else if (traps && plain && info->sig[1] == ':' && !fz_chance(g->c, g->risk)) {
    convertible(g, type);
  } else if (traps && plain && index == 1) {
    divisor(g, type);
  } else {
    gen_expr(g, type);
  }
}

void gen_table_op(gen *g, uint8_t result) {
  if (by_result_count[result] == 0) {
    gen_const(g, result);
    return;
  }
  uint32_t at = fz_below(g->c, by_result_count[result]);
  const hcc_op_info *info = hcc_op_info_of(by_result[result][at]);
  if (info->flags & HCC_OPF_CONST && info->sig[0] == ':' && info->imm != HCC_IMM_FUNC) {
    gen_const(g, result);
    return;
  }
  for (unsigned i = 0; info->sig[i] != ':'; i++) {
    operand(g, info, i);
  }
  gen_op(g, info->code);
  immediates(g, info);
  if (makes_nan(info)) {
    canonical(g, info);
  }
}
