/* linkcheck_x86.h - the link check's own x86-64 instruction decoder: how long an instruction is,
 * where it leads, what its operands are, and whether a plugin may hold it. It knows the length of
 * more than it allows, so that tests can compare it with a disassembler over foreign code. 64-bit
 * mode only. Source: Intel SDM volume 2, appendix A (opcode maps) and sections 2.1-2.7 (prefixes,
 * VEX, EVEX).
 *
 * Invariant: an instruction without a refusal has exactly the length the processor gives it. */
#ifndef HCC_LINKCHECK_X86_H
#define HCC_LINKCHECK_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hcc_x86_flow {
  HCC_X86_NEXT, /* goes on behind itself (conditional jumps too) */
  HCC_X86_CALL, /* goes on behind itself if the callee returns */
  HCC_X86_STOP, /* never goes on: jmp, ret, ud2 */
  HCC_X86_PAD,  /* int3, which only padding may hold */
};

/* Opcode maps: one byte, 0F, 0F 38, 0F 3A; the same behind VEX; behind EVEX, with two more */
enum hcc_x86_map {
  HCC_X86_ONE,
  HCC_X86_TWO,
  HCC_X86_THREE,
  HCC_X86_FOUR,
  HCC_X86_V1,
  HCC_X86_V2,
  HCC_X86_V3,
  HCC_X86_E1,
  HCC_X86_E2,
  HCC_X86_E3,
  HCC_X86_E5,
  HCC_X86_E6,
  HCC_X86_MAPS
};

/* The mandatory prefix, as a bit: none, 66, F3, F2 */
enum { HCC_X86_N = 1, HCC_X86_O = 2, HCC_X86_R = 4, HCC_X86_D = 8 };

/* General registers by number; two more for operands */
enum {
  HCC_X86_AX,
  HCC_X86_CX,
  HCC_X86_DX,
  HCC_X86_BX,
  HCC_X86_SP,
  HCC_X86_BP,
  HCC_X86_SI,
  HCC_X86_DI,
  HCC_X86_REGS = 16,
  HCC_X86_IP = 16, /* as a base: displacement counts from the end of the instruction */
  HCC_X86_NONE = 17
};

typedef struct hcc_x86_insn {
  uint8_t length;      /* 1..15 */
  uint8_t flow;        /* enum hcc_x86_flow */
  bool branches;       /* target is where a direct jump or call leads */
  bool addresses;      /* target is a RIP-relative address */
  int64_t target;      /* from the first byte of the instruction */
  const char *refusal; /* why a plugin may not hold it; NULL if it may */
  uint8_t map, opcode, mandatory;
  uint8_t size;         /* of a plain operand: 2, 4 or 8 bytes */
  uint8_t vector;       /* length of a vector: 16, 32 or 64 bytes */
  bool rex;             /* byte registers 4-7 are spl, bpl, sil, dil and not ah, ch, dh, bh */
  bool memory;          /* the r/m operand is in memory */
  uint8_t reg, rm;      /* of ModRM; rm: if it is no memory. Without ModRM rm is in the opcode */
  uint8_t vvvv;         /* the third register of VEX and EVEX */
  uint8_t base, index;  /* of the address; an index may be of vectors */
  uint8_t scale;        /* 1, 2, 4 or 8 */
  int32_t displacement; /* with EVEX and one byte: still to be scaled */
  bool short_displacement;
  int64_t immediate;
} hcc_x86_insn;

/* 0, or 1 if its length can't be told: no such opcode, or it runs past the end (`available`). */
int hcc_x86_decode(hcc_x86_insn *out, const uint8_t *bytes, size_t available);

#endif
