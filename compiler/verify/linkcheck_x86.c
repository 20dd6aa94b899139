/* linkcheck_x86.c - decodes one x86-64 instruction from the table linkcheck_x86.def: prefixes,
 * opcode map, ModRM with its displacement, immediate, then the rules about what may be in a
 * plugin. Must never read past `available` bytes, nor guess a length: an opcode without a row in
 * the table is an error. Includes nothing of the rest of the compiler. */
#include "linkcheck_x86.h"

enum { N = HCC_X86_N, O = HCC_X86_O, R = HCC_X86_R, D = HCC_X86_D };

enum form { /* bit 4: has ModRM */
            FORM_UNKNOWN,
            FORM_NONE,
            FORM_I8,
            FORM_I16,
            FORM_IZ,
            FORM_IV,
            FORM_R8,
            FORM_R32,
            FORM_ENTER,
            FORM_OFFS,
            FORM_M = 16,
            FORM_MREG, /* registers whatever mod says: mov to and from control registers */
            FORM_M_I8,
            FORM_M_IZ,
            FORM_G3_I8,
            FORM_G3_IZ,
};

/* Rules for what is allowed (first part) and reasons for what is not, with the text of a refusal */
#define RULES(X)                                                                                   \
  X(PLAIN, "instruction with a prefix that it must not have")                                      \
  X(ONLY_MEM, "instruction whose operand must be in memory")                                       \
  X(VECTOR_INDEX, "gather or scatter without a vector of indices")                                 \
  X(ONLY_REG, "bit test with an address that leaves its operand")                                  \
  X(SWAPS, "atomic exchange with memory")                                                          \
  X(PAUSES, "pause with a register")                                                               \
  X(GENERAL, "general register that there may not be")                                             \
  X(ONLY_REG0, "opcode group member that plugins must not hold")                                   \
  X(STOPS, "jump, return or trap with a prefix that it must not have")                             \
  X(CALLS, "call with a prefix that it must not have")                                             \
  X(PADS, "int3 with a prefix")                                                                    \
  X(GROUP4, "opcode group member that plugins must not hold")                                      \
  X(GROUP5, "far or prefixed indirect call or jump")                                               \
  X(GROUP8, "opcode group member that plugins must not hold")                                      \
  X(FENCES, "processor state instruction (fxsave, ldmxcsr, xrstor, wrfsbase and their group)")     \
  X(ENDBR64, "shadow stack instruction")                                                           \
  X(SYSCALL, "system call")                                                                        \
  X(INTERRUPT, "software interrupt or return from one")                                            \
  X(FAR, "far return")                                                                             \
  X(SEGMENT, "segment register access")                                                            \
  X(CONTROL, "control or debug register access")                                                   \
  X(PORT, "port input or output")                                                                  \
  X(PRIVILEGED, "privileged instruction")                                                          \
  X(SYSTEM, "system instruction (descriptor tables, virtual machines, protection keys, tiles)")    \
  X(MACHINE, "machine-specific instruction (msr, cpuid, rdrand, xsavec and their group)")          \
  X(CLOCK, "time stamp or performance counter")                                                    \
  X(FLAGS, "instruction that changes flags or modes of the host")                                  \
  X(X87, "x87 or MMX instruction")                                                                 \
  X(ATOMIC, "atomic instruction")                                                                  \
  X(UNDEFINED, "undefined instruction other than ud2")                                             \
  X(ABSOLUTE, "absolute address")                                                                  \
  X(RARE, "instruction that heliosc never emits")

enum rule {
#define X(name, text) RULE_##name,
  RULES(X)
#undef X
};

static const char *const rule_texts[] = {
#define X(name, text) text,
    RULES(X)
#undef X
};

struct op {
  uint8_t form, allowed, rule;
};

static const struct op ops[HCC_X86_MAPS][256] = {
#define X86(map, first, last, form, prefixes, rule)                                                \
  [HCC_X86_##map][first... last] = {FORM_##form, prefixes, RULE_##rule},
#include "linkcheck_x86.def"
#undef X86
};

struct decoder {
  const uint8_t *bytes;
  unsigned at, end;
  uint8_t rex, modrm;
  uint8_t high; /* W, R, X, B of REX, or the same of VEX and EVEX, which invert the last three */
  bool vector_index; /* of an address: no general register (SDM volume 2, 2.3.12) */
  bool far_reg;      /* EVEX: reg is one of the upper sixteen */
  bool has_66;
  uint8_t rep;       /* 0xf2 or 0xf3, the last one */
  uint8_t mandatory; /* N, O, R or D */
  hcc_x86_insn *out;
};

static void refuse(struct decoder *d, const char *text) {
  if (d->out->refusal == NULL) {
    d->out->refusal = text;
  }
}

static bool take(struct decoder *d, uint8_t *byte) {
  if (d->at >= d->end) {
    return false;
  }
  *byte = d->bytes[d->at++];
  return true;
}

/* Reads a signed little-endian number of 1, 2, 4 or 8 bytes. */
static bool take_signed(struct decoder *d, unsigned size, int64_t *value) {
  uint64_t bits = 0;
  if (size > d->end - d->at) {
    return false;
  }
  for (unsigned i = 0; i < size; i++) {
    bits |= (uint64_t)d->bytes[d->at + i] << (8 * i);
  }
  d->at += size;
  unsigned shift = 64 - 8 * size;
  *value = size == 0 ? 0 : (int64_t)(bits << shift) >> shift;
  return true;
}

/* Is `byte` a legacy prefix? Notes it. */
static bool legacy_prefix(struct decoder *d, uint8_t byte) {
  switch (byte) {
  case 0x66:
    d->has_66 = true;
    return true;
  case 0xf2:
  case 0xf3:
    if (d->rep != 0) {
      refuse(d, "more than one repeat prefix");
    }
    d->rep = byte;
    return true;
  case 0x2e: /* ignored in 64-bit mode; compilers pad with it */
  case 0x3e: /* the same; notrack */
    return true;
  case 0x26:
  case 0x36:
  case 0x64:
  case 0x65:
    refuse(d, "segment override");
    return true;
  case 0x67:
    refuse(d, "address size override");
    return true;
  case 0xf0:
    refuse(d, "lock prefix");
    return true;
  default:
    return false;
  }
}

static void prefixes(struct decoder *d) {
  for (; d->at < d->end; d->at++) {
    uint8_t byte = d->bytes[d->at];
    if ((byte & 0xf0) == 0x40) {
      if (d->rex != 0) {
        refuse(d, "two REX prefixes");
      }
      d->rex = byte;
      continue;
    }
    if (!legacy_prefix(d, byte)) {
      return;
    }
    if (d->rex != 0) {
      refuse(d, "REX prefix that is not next to the opcode");
      d->rex = 0;
    }
  }
}

/* Behind C5: one byte stands for three. */
static bool short_vex(struct decoder *d, uint8_t p, uint8_t *map) {
  *map = HCC_X86_V1;
  d->mandatory = (uint8_t)(1u << (p & 3));
  d->high = (uint8_t)(~p >> 5 & 4);
  d->out->vvvv = (uint8_t)(~p >> 3 & 15);
  d->out->vector = (p & 4) != 0 ? 32 : 16;
  return true;
}

/* Behind C4, C5 or 62: the rest of a VEX or EVEX prefix. */
static bool vector_prefix(struct decoder *d, uint8_t first, uint8_t *map) {
  static const uint8_t vex_maps[4] = {HCC_X86_MAPS, HCC_X86_V1, HCC_X86_V2, HCC_X86_V3};
  static const uint8_t evex_maps[8] = {HCC_X86_MAPS, HCC_X86_E1, HCC_X86_E2, HCC_X86_E3,
                                       HCC_X86_MAPS, HCC_X86_E5, HCC_X86_E6, HCC_X86_MAPS};
  uint8_t p0, p1 = 0, p2 = 0;
  if (d->rex != 0 || d->has_66 || d->rep != 0) {
    refuse(d, "prefix before a vector prefix");
  }
  if (!take(d, &p0)) {
    return false;
  }
  if (first == 0xc5) {
    return short_vex(d, p0, map);
  }
  if (!take(d, &p1) || (first == 0x62 && !take(d, &p2))) {
    return false;
  }
  d->mandatory = (uint8_t)(1u << (p1 & 3));
  d->high = (uint8_t)((p1 >> 4 & 8) | (~p0 >> 5 & 7));
  d->out->vvvv = (uint8_t)(~p1 >> 3 & 15);
  if (first == 0xc4) {
    d->out->vector = (p1 & 4) != 0 ? 32 : 16;
    *map = (p0 & 0x1f) < 4 ? vex_maps[p0 & 0x1f] : HCC_X86_MAPS;
    return *map != HCC_X86_MAPS;
  }
  d->far_reg = (p0 & 0x10) == 0;
  d->out->vector = (p2 & 0x60) == 0 ? 16 : (p2 & 0x60) == 0x20 ? 32 : 64;
  *map = evex_maps[p0 & 7];
  return *map != HCC_X86_MAPS && (p0 & 8) == 0 && (p1 & 4) != 0;
}

static bool opcode(struct decoder *d, const struct op **op) {
  uint8_t code, map = HCC_X86_ONE;
  d->mandatory = d->rep == 0xf3 ? R : d->rep == 0xf2 ? D : d->has_66 ? O : N;
  d->high = d->rex & 15;
  d->out->vector = 16;
  if (!take(d, &code)) {
    return false;
  }
  if (code == 0xc4 || code == 0xc5 || code == 0x62) {
    if (!vector_prefix(d, code, &map) || !take(d, &code)) {
      return false;
    }
  } else if (code == 0x0f) {
    map = HCC_X86_TWO;
    if (!take(d, &code)) {
      return false;
    }
    if (code == 0x38 || code == 0x3a) {
      map = code == 0x38 ? HCC_X86_THREE : HCC_X86_FOUR;
      if (!take(d, &code)) {
        return false;
      }
    }
  }
  *op = &ops[map][code];
  d->out->map = map;
  d->out->opcode = code;
  d->out->mandatory = d->mandatory;
  d->out->size = (d->high & 8) != 0 ? 8 : d->has_66 ? 2 : 4;
  d->out->rm = (uint8_t)((code & 7) | (d->high & 1) << 3);
  return (*op)->form != FORM_UNKNOWN;
}

/* The base and index of an address in memory; returns whether it has a wide displacement only. */
static bool address(struct decoder *d, unsigned mod, unsigned rm, uint8_t sib) {
  hcc_x86_insn *out = d->out;
  unsigned base = rm == 4 ? sib & 7 : rm;
  bool alone = mod == 0 && base == 5;
  out->memory = true;
  out->rm = HCC_X86_NONE;
  out->index = HCC_X86_NONE;
  out->scale = (uint8_t)(1u << (sib >> 6));
  out->base = (uint8_t)(base | (d->high & 1) << 3);
  if (alone) {
    out->base = rm == 5 ? HCC_X86_IP : HCC_X86_NONE;
  }
  unsigned index = (sib >> 3 & 7) | (d->high & 2) << 2;
  if (rm == 4 && index != 4 && !d->vector_index) { /* r12 is one */
    out->index = (uint8_t)index;
  }
  if (out->base == HCC_X86_NONE && out->index == HCC_X86_NONE && !d->vector_index) {
    refuse(d, "absolute address");
  }
  return alone;
}

/* ModRM, SIB and displacement (SDM volume 2, tables 2-2 and 2-3) */
static bool operand(struct decoder *d, bool registers) {
  uint8_t sib = 0;
  int64_t displacement;
  if (!take(d, &d->modrm)) {
    return false;
  }
  unsigned mod = d->modrm >> 6, rm = d->modrm & 7;
  d->out->reg = (uint8_t)((d->modrm >> 3 & 7) | (d->high & 4) << 1);
  d->out->rm = (uint8_t)(rm | (d->high & 1) << 3);
  if (mod == 3 || registers) {
    return true;
  }
  if (rm == 4 && !take(d, &sib)) {
    return false;
  }
  bool wide = address(d, mod, rm, sib) || mod == 2;
  if (!take_signed(d, wide ? 4 : mod, &displacement)) {
    return false;
  }
  d->out->displacement = (int32_t)displacement;
  d->out->short_displacement = mod == 1;
  if (d->out->base == HCC_X86_IP) {
    d->out->addresses = true;
    d->out->target = displacement;
  }
  return true;
}

static unsigned immediate_size(const struct decoder *d, uint8_t form) {
  bool wide = (d->rex & 8) != 0;
  bool test = ((d->modrm >> 3) & 7) < 2; /* group 3: only test has one */
  unsigned z = d->has_66 && !wide ? 2 : 4;
  switch (form) {
  case FORM_I8:
  case FORM_R8:
  case FORM_M_I8:
    return 1;
  case FORM_I16:
    return 2;
  case FORM_IZ:
  case FORM_M_IZ:
    return z;
  case FORM_IV:
    return wide ? 8 : z;
  case FORM_R32:
    return 4;
  case FORM_ENTER:
    return 3;
  case FORM_OFFS:
    return 8;
  case FORM_G3_I8:
    return test ? 1 : 0;
  case FORM_G3_IZ:
    return test ? z : 0;
  default:
    return 0;
  }
}

/* inc, dec, call, far call, jmp, far jmp, push, none */
static bool group5(struct decoder *d, unsigned reg) {
  bool plain = d->mandatory == N;
  if (reg == 2 || reg == 4) {
    d->out->flow = reg == 2 ? HCC_X86_CALL : HCC_X86_STOP;
  }
  return reg < 2 || ((reg == 2 || reg == 4 || reg == 6) && plain);
}

/* Is an instruction with an allowed prefix allowed? Sets flow. */
static bool obeys(struct decoder *d, uint8_t rule) {
  unsigned mod = d->modrm >> 6, reg = (d->modrm >> 3) & 7;
  switch (rule) {
  case RULE_ONLY_MEM:
    return mod != 3;
  case RULE_VECTOR_INDEX:
    return mod != 3 && (d->modrm & 7) == 4;
  case RULE_ONLY_REG:
  case RULE_SWAPS:
    return mod == 3;
  case RULE_PAUSES: /* some processors exchange registers, some do nothing */
    return d->mandatory != R || (d->rex & 1) == 0;
  case RULE_GENERAL: /* without a mandatory prefix, or with 66 at 78 and 79, reg is a vector */
    return !d->far_reg || (d->out->opcode != 0xc5 && (d->mandatory & (N | O)) != 0);
  case RULE_ONLY_REG0:
    return reg == 0;
  case RULE_STOPS:
    d->out->flow = HCC_X86_STOP;
    return true;
  case RULE_CALLS:
    d->out->flow = HCC_X86_CALL;
    return true;
  case RULE_PADS:
    d->out->flow = HCC_X86_PAD;
    return d->at == 1; /* no prefix of any kind */
  case RULE_GROUP4:
    return reg < 2;
  case RULE_GROUP5:
    return group5(d, reg);
  case RULE_GROUP8:
    return reg >= 4;
  case RULE_FENCES:
    return mod == 3 && reg >= 5;
  case RULE_ENDBR64:
    return d->modrm == 0xfa;
  default:
    return true;
  }
}

static void judge(struct decoder *d, const struct op *op) {
  if ((op->allowed & d->mandatory) == 0 || !obeys(d, op->rule)) {
    refuse(d, rule_texts[op->rule]);
  }
}

int hcc_x86_decode(hcc_x86_insn *out, const uint8_t *bytes, size_t available) {
  struct decoder d = {.bytes = bytes, .end = available < 15 ? (unsigned)available : 15, .out = out};
  const struct op *op;
  *out = (hcc_x86_insn){0};
  prefixes(&d);
  if (!opcode(&d, &op)) {
    return 1;
  }
  d.vector_index = op->rule == RULE_VECTOR_INDEX;
  if (op->form >= FORM_M && !operand(&d, op->form == FORM_MREG)) {
    return 1;
  }
  if (!take_signed(&d, immediate_size(&d, op->form), &out->immediate)) {
    return 1;
  }
  out->length = (uint8_t)d.at;
  out->rex = d.rex != 0;
  if (op->form == FORM_R8 || op->form == FORM_R32) {
    out->branches = true;
    out->target = out->immediate;
  }
  out->target += d.at;
  judge(&d, op);
  return 0;
}
