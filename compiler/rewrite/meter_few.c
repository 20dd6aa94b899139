/* meter_few.c - guesses which loops turn a few times only: those that a mask counts, as what is
 * left behind a loop that was unrolled (n & 7). It never writes code.
 *
 * No more than a guess: it follows the code as it is written, not as it runs. What is made of it
 * asks for the number of turns before it relies on it. */
#include "rewrite_parts.h"

void hcc__rw_few_note(hcc__rw_few *few, const hcc_instr *i) {
  if (hcc__rw_sets_local(i)) {
    few->known[i->a % HCC_RW_FEW_LOCALS].local = i->a;
    few->known[i->a % HCC_RW_FEW_LOCALS].most = few->masked;
  }
  few->masked = i->code == HCC_OP_I32_AND ? few->number : 0;
  few->number = i->code == HCC_OP_I32_CONST ? (uint32_t)i->value : 0;
}

static uint32_t most_of(const hcc__rw_few *few, uint32_t local) {
  uint32_t at = local % HCC_RW_FEW_LOCALS;
  return few->known[at].local == local && few->known[at].most <= HCC_RW_FEW ? few->known[at].most
                                                                            : 0;
}

uint32_t hcc__rw_few_of(const hcc__rw_few *few, const hcc__rw_turns *t) {
  return t->by_local ? 0 : most_of(few, t->until_local ? t->until : t->local) / t->step;
}
