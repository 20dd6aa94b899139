/* linkcheck_x86.h - the link check's own x86-64 instruction decoder: how long an instruction is,
 * where it leads, and whether a plugin may hold it. It knows the length of more than it allows, so
 * that tests can compare it with a disassembler over foreign code. 64-bit mode only.
 * Source: Intel SDM volume 2, appendix A (opcode maps) and sections 2.1-2.7 (prefixes, VEX, EVEX).
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

typedef struct hcc_x86_insn {
  uint8_t length;      /* 1..15 */
  uint8_t flow;        /* enum hcc_x86_flow */
  bool branches;       /* target is where a direct jump or call leads */
  bool addresses;      /* target is a RIP-relative address */
  int64_t target;      /* from the first byte of the instruction */
  const char *refusal; /* why a plugin may not hold it; NULL if it may */
} hcc_x86_insn;

/* 0, or 1 if its length can't be told: no such opcode, or it runs past the end (`available`). */
int hcc_x86_decode(hcc_x86_insn *out, const uint8_t *bytes, size_t available);

#endif
