/* linkcheck_effects.h - what an allowed x86-64 instruction changes: general registers, flags, bytes
 * of its operand in memory. Source: Intel SDM volume 2.
 *
 * Invariant: what an instruction may change is never left out; a test executes them and looks. */
#ifndef HCC_LINKCHECK_EFFECTS_H
#define HCC_LINKCHECK_EFFECTS_H

#include "linkcheck_x86.h"

typedef struct hcc_x86_effect {
  uint16_t writes;  /* general registers, a bit each */
  bool extends;     /* the upper halves of those are zero afterwards */
  bool keeps_flags; /* certainly; false says nothing */
  uint8_t stores;   /* bytes written from the address of its memory operand on; 0: none */
} hcc_x86_effect;

hcc_x86_effect hcc_x86_effect_of(const hcc_x86_insn *insn);

#endif
