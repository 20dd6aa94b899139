/* linkcheck_effects.c - reads linkcheck_effects.def. Invariant: linkcheck_effects.h. */
#include "linkcheck_effects.h"

enum { N = HCC_X86_N, O = HCC_X86_O, R = HCC_X86_R, D = HCC_X86_D };

/* Where results go; several may be true of one instruction. */
enum to {
  TO_REG = 1,
  TO_RM = 2,
  TO_MEM = 4,
  TO_VVVV = 8,
  TO_OPREG = 16,
  TO_A = 32,
  TO_D = 64,
  TO_SP = 128,
  TO_BP = 256,
  TO_STRING = 512,
  TO_GROUP1 = 1024,
  TO_GROUP3 = 2048,
  TO_GROUP4 = 4096,
  TO_GROUP8 = 8192,
  TO_REGRM = TO_REG | TO_RM,
  TO_REGVVVV = TO_REG | TO_VVVV,
  TO_AOPREG = TO_A | TO_OPREG,
  TO_OPREGSP = TO_OPREG | TO_SP,
  TO_RMSP = TO_RM | TO_SP,
  TO_SPBP = TO_SP | TO_BP
};

/* Numbers are themselves. */
enum bytes {
  BYTES_OPV = 64,
  BYTES_OPB,
  BYTES_BYW,
  BYTES_MASK,
  BYTES_VL,
  BYTES_NARROW,
  BYTES_MOVE,
  BYTES_EXTRACT1,
  BYTES_EXTRACT2,
  BYTES_1 = 1,
  BYTES_4 = 4,
  BYTES_8 = 8,
  BYTES_16 = 16,
  BYTES_32 = 32
};

static const struct row {
  uint16_t to;
  uint8_t prefixes, bytes;
} rows[HCC_X86_MAPS][256] = {
#define X86_WRITES(map, first, last, prefixes, to, bytes)                                          \
  [HCC_X86_##map][first... last] = {TO_##to, prefixes, BYTES_##bytes},
#include "linkcheck_effects.def"
#undef X86_WRITES
};

/* What a group's member does, which the reg field of ModRM names. */
static uint16_t member(const hcc_x86_insn *i, uint16_t to) {
  unsigned reg = i->reg & 7;
  switch (to) {
  case TO_GROUP1: /* the last is cmp */
    return reg == 7 ? 0 : TO_RM;
  case TO_GROUP3: /* test, test, not, neg, then multiplication and division */
    return reg < 2 ? 0 : reg < 4 ? TO_RM : TO_A | TO_D;
  case TO_GROUP4: /* inc, dec; of FF: call, call, jmp, jmp, push */
    return reg < 2 ? TO_RM : i->opcode == 0xff && (reg == 2 || reg == 6) ? TO_SP : 0;
  case TO_GROUP8: /* bt, bts, btr, btc */
    return reg == 4 ? 0 : TO_RM;
  case TO_AOPREG: /* xchg of rax with itself is nop */
    return i->rm == HCC_X86_AX ? 0 : to;
  default:
    return to;
  }
}

/* Words to bytes, doublewords to bytes, quadwords to bytes, doublewords to words, quadwords to
 * words, quadwords to doublewords: VPMOVWB, DB, QB, DW, QW, QD of the Intel SDM, volume 2. */
static uint8_t narrowed(const hcc_x86_insn *i) {
  static const uint8_t parts[8] = {2, 4, 8, 2, 4, 2, 1, 1};
  return (uint8_t)(i->vector / parts[i->opcode & 7]);
}

/* KMOVW, KMOVB, KMOVQ, KMOVD. */
static uint8_t mask(const hcc_x86_insn *i) {
  bool wide = i->size == 8, prefix = i->mandatory == O;
  return wide ? (prefix ? 4 : 8) : prefix ? 1 : 2;
}

static uint8_t count(const hcc_x86_insn *i, uint8_t bytes) {
  switch (bytes) {
  case BYTES_OPV:
    return i->size;
  case BYTES_OPB:
    return (i->opcode & 1) == 0 ? 1 : i->size;
  case BYTES_BYW:
    return i->size == 8 ? 8 : 4;
  case BYTES_MASK:
    return mask(i);
  case BYTES_VL:
    return i->vector;
  case BYTES_NARROW:
    return narrowed(i);
  case BYTES_MOVE:
    return i->mandatory == R ? 4 : i->mandatory == D ? 8 : i->vector;
  case BYTES_EXTRACT1:
    return i->memory ? 1 : 4;
  case BYTES_EXTRACT2:
    return i->memory ? 2 : 4;
  default:
    return bytes;
  }
}

/* A general register as a bit; ah, ch, dh and bh are in the first four. */
static uint16_t bit(const hcc_x86_insn *i, uint8_t reg, uint8_t bytes) {
  bool high = bytes == 1 && !i->rex && reg >= 4 && reg < 8;
  return (uint16_t)(1u << ((high ? reg - 4 : reg) & 15));
}

static uint16_t written(const hcc_x86_insn *i, uint16_t to, uint8_t bytes) {
  uint16_t mask = 0;
  mask |= (to & TO_REG) != 0 ? bit(i, i->reg, bytes) : 0;
  mask |= (to & TO_RM) != 0 && !i->memory ? bit(i, i->rm, bytes) : 0;
  mask |= (to & TO_VVVV) != 0 ? bit(i, i->vvvv, bytes) : 0;
  mask |= (to & TO_OPREG) != 0 ? bit(i, i->rm, bytes) : 0;
  mask |= (to & TO_A) != 0 ? 1u << HCC_X86_AX : 0;
  mask |= (to & TO_D) != 0 ? 1u << HCC_X86_DX : 0;
  mask |= (to & TO_SP) != 0 ? 1u << HCC_X86_SP : 0;
  mask |= (to & TO_BP) != 0 ? 1u << HCC_X86_BP : 0;
  if ((to & TO_STRING) != 0) {
    mask |= 1u << HCC_X86_SI | 1u << HCC_X86_DI | 1u << HCC_X86_CX;
  }
  return mask;
}

/* mov, lea, extensions, push, pop, conditional moves, nop, branches; vectors unless they compare */
static bool keeps_flags(const hcc_x86_insn *i) {
  uint8_t o = i->opcode;
  switch (i->map) {
  case HCC_X86_ONE:
    return (o >= 0x50 && o <= 0x5f) || o == 0x63 || o == 0x68 || o == 0x6a ||
           (o >= 0x70 && o <= 0x7f) || (o >= 0x86 && o <= 0x8d) || (o >= 0x90 && o <= 0x99) ||
           (o >= 0xb0 && o <= 0xbf) || o == 0xc6 || o == 0xc7 || o == 0xe9 || o == 0xeb;
  case HCC_X86_TWO:
    return (o >= 0x10 && o <= 0x2d) || (o >= 0x40 && o <= 0x9f) || o == 0xb6 || o == 0xb7 ||
           o == 0xbe || o == 0xbf || o == 0xc2 || (o >= 0xc4 && o != 0xc7 && o <= 0xfe);
  case HCC_X86_V1:
  case HCC_X86_E1:
    return o != 0x2e && o != 0x2f && o != 0x98 && o != 0x99;
  case HCC_X86_V2:
  case HCC_X86_E2:
    return o >= 0x18 && o <= 0xf0;
  default:
    return false;
  }
}

hcc_x86_effect hcc_x86_effect_of(const hcc_x86_insn *i) {
  hcc_x86_effect e = {.keeps_flags = keeps_flags(i)};
  const struct row *row = &rows[i->map][i->opcode];
  if ((row->prefixes & i->mandatory) == 0) {
    return e;
  }
  uint16_t to = member(i, row->to);
  uint8_t bytes = count(i, row->bytes);
  e.writes = written(i, to, bytes);
  bool scan = i->map == HCC_X86_TWO && (i->opcode == 0xbc || i->opcode == 0xbd);
  e.extends = bytes == 4 && (to & TO_SP) == 0 && !scan; /* of zero they may leave what was there */
  if (i->memory && (to & (TO_RM | TO_MEM)) != 0) {
    e.stores = bytes;
  }
  return e;
}
