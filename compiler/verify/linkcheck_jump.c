/* linkcheck_jump.c - where control goes: conditional and plain jumps, jump tables, calls and
 * returns, each by its rule in docs/link-check.md. Must never let one pass whose target is not
 * known. */
#include <string.h>

#include "linkcheck_flow.h"

/* Condition codes, the low half of the opcode */
enum { CC_B = 2, CC_AE = 3, CC_E = 4, CC_NE = 5, CC_BE = 6, CC_A = 7, CC_L = 12 };

/* --- what a condition says --- */

/* Signed conditions are unsigned ones between numbers without a sign. */
static unsigned unsigned_condition(unsigned cc, const hcc_lc_value *v, uint32_t limit) {
  static const uint8_t same[] = {CC_B, CC_AE, CC_BE, CC_A};
  bool plain = v->high <= INT32_MAX && limit <= INT32_MAX && !v->wide;
  return cc >= CC_L && plain ? same[cc - CC_L] : cc;
}

/* False if no number is left: the way can't be taken. */
static bool narrow(hcc_lc_value *v, unsigned cc, uint32_t limit) {
  uint64_t low = v->low, high = v->high, most = limit;
  switch (unsigned_condition(cc, v, limit)) {
  case CC_B:
    high = most == 0 ? 0 : most - 1 < high ? most - 1 : high;
    if (most == 0) {
      return false;
    }
    break;
  case CC_BE:
    high = most < high ? most : high;
    break;
  case CC_AE:
    low = most > low ? most : low;
    break;
  case CC_A:
    low = most + 1 > low ? most + 1 : low;
    break;
  case CC_E:
    low = most > low ? most : low;
    high = most < high ? most : high;
    break;
  case CC_NE:
    low += low == most;
    high -= high == most && high > 0;
    break;
  default:
    return true;
  }
  if (low > high) {
    return false;
  }
  v->low = (uint32_t)low;
  v->high = (uint32_t)high;
  return true;
}

/* A comparison of all 64 bits of a wide number: only an upper limit says something, of its copies
 * no more than of their low halves, which are all that they need have in common. */
static bool narrow_wide(hcc_lc_value *v, unsigned cc, uint32_t limit, bool itself) {
  if (cc != CC_B && cc != CC_BE && cc != CC_E) {
    return true;
  }
  v->wide &= !itself;
  return narrow(v, cc, limit);
}

/* A comparison of the low byte or two, which may be all there is of the number. The sign is another
 * then, so that signed conditions say nothing. */
static bool narrow_part(hcc_lc_value *v, unsigned cc, uint32_t limit, uint8_t bytes) {
  if (!v->wide && v->high <= (bytes == 1 ? UINT8_MAX : UINT16_MAX)) {
    return cc >= CC_L || narrow(v, cc, limit);
  }
  uint32_t part = cc == CC_B ? limit : cc == CC_BE || cc == CC_E ? limit + 1 : 0;
  if (part != 0 && part <= UINT16_MAX) {
    v->part = (uint16_t)part;
    v->word = bytes == 2;
  }
  return true;
}

static bool narrow_number(const hcc_lc_flags *f, hcc_lc_value *v, unsigned cc, bool itself) {
  return f->part != 0 ? narrow_part(v, cc, f->limit, f->part)
         : f->wide    ? narrow_wide(v, cc, f->limit, itself)
                      : narrow(v, cc, f->limit);
}

/* The compared number, in its register and wherever a copy of it is. */
static bool limit_numbers(hcc_lc_state *s, unsigned cc) {
  const hcc_lc_flags f = s->flags;
  bool possible = true;
  for (unsigned r = 0; r < HCC_X86_REGS; r++) {
    hcc_lc_value *v = &s->regs[r];
    bool copy = f.name != 0 && v->at == f.name;
    if (v->kind == HCC_LC_NUMBER && (copy || r == f.reg)) {
      possible &= narrow_number(&f, v, cc, r == f.reg);
    }
  }
  for (uint32_t i = 0; i < s->slot_count && f.name != 0; i++) {
    hcc_lc_value *v = &s->slots[i].value;
    if (v->kind == HCC_LC_NUMBER && v->at == f.name) {
      possible &= narrow_number(&f, v, cc, false);
    }
  }
  return possible;
}

/* Four bytes on the stack that were compared. What else may lie there stays as it is. */
static bool limit_slot(hcc_lc_state *s, unsigned cc) {
  hcc_lc_flags f = s->flags;
  const hcc_lc_value *there = hcc_lc_slot_get(s, f.reg, f.name, 4);
  hcc_lc_value v = there != NULL ? *there : hcc_lc_unknown(false);
  if (v.kind != HCC_LC_NUMBER || hcc_lc_slot_get(s, f.reg, f.name, 8) != NULL) {
    return true;
  }
  if (!narrow(&v, cc, f.limit)) {
    return false;
  }
  hcc_lc_slot_put(s, f.reg, f.name, 4, &v);
  return true;
}

/* What the flags say once condition cc holds. False if it can't. */
static bool assume(hcc_lc_walk *w, hcc_lc_state *s, unsigned cc) {
  uint8_t reg = w->now.flags.reg;
  switch (w->now.flags.kind) {
  case HCC_LC_FLAGS_LIMIT:
    return limit_numbers(s, cc);
  case HCC_LC_FLAGS_SLOT:
    return limit_slot(s, cc);
  case HCC_LC_FLAGS_SIZE:
    if (cc == CC_B && reg != HCC_X86_NONE && s->regs[reg].kind == HCC_LC_NUMBER &&
        !s->regs[reg].wide) {
      s->regs[reg] = (hcc_lc_value){.kind = HCC_LC_INDEX, .at = (int32_t)w->now.flags.limit};
    }
    return true;
  case HCC_LC_FLAGS_TYPE:
    if (cc == CC_E && reg != HCC_X86_NONE && s->regs[reg].kind == HCC_LC_ELEMENT) {
      s->regs[reg].kind = HCC_LC_TYPED;
    }
    return true;
  default:
    return true;
  }
}

/* --- jumps --- */

int hcc_lc_jump_if(hcc_lc_walk *w) {
  unsigned cc = w->insn.opcode & 15;
  int64_t to = (int64_t)w->at + w->insn.target;
  if (w->now.flags.kind == HCC_LC_FLAGS_NONE) {
    return hcc_lc_walk_to(w, to, &w->now);
  }
  hcc_lc_state taken;
  memcpy(&taken, &w->now, hcc_lc_state_size(&w->now));
  if (assume(w, &taken, cc) && hcc_lc_walk_to(w, to, &taken)) {
    return 1;
  }
  w->stopped = !assume(w, &w->now, cc ^ 1);
  return 0;
}

int hcc_lc_jump(hcc_lc_walk *w) {
  w->stopped = true;
  return hcc_lc_walk_to(w, (int64_t)w->at + w->insn.target, &w->now);
}

int hcc_lc_jump_indirect(hcc_lc_walk *w, const hcc_lc_value *to) {
  hcc_lc *lc = w->flow->lc;
  w->stopped = true;
  if (to->kind != HCC_LC_JUMP) {
    return hcc_lc_walk_refuse(w, "indirect jump that goes by no bounded jump table");
  }
  uint64_t table = (uint32_t)to->at + (uint64_t)to->low * 4;
  uint64_t bytes = ((uint64_t)to->high - to->low + 1) * 4;
  const Elf64_Phdr *home = hcc_lc_load(lc, table, bytes);
  if (home == NULL || home->p_flags != PF_R) {
    return hcc_lc_walk_refuse(w, "jump table that is not in read-only data");
  }
  const uint8_t *entry = lc->bytes + home->p_offset + (table - home->p_vaddr);
  int32_t last = 0;
  for (uint64_t i = 0; i < bytes; i += 4) {
    int32_t offset;
    memcpy(&offset, entry + i, sizeof offset);
    if (i > 0 && offset == last) {
      continue;
    }
    last = offset;
    if (++w->flow->steps > w->flow->steps_max) {
      return hcc_lc_walk_refuse(w, "too tangled to be followed: jump tables");
    }
    if (hcc_lc_walk_to(w, (int64_t)to->at + offset - (int64_t)lc->text.p_vaddr, &w->now)) {
      return 1;
    }
  }
  return 0;
}

/* --- calls --- */

/* Is the stack aligned to 16 bytes, as a function may count on when it is called? It was so then,
 * and 8 bytes of return address lie below that; and it is where it was aligned. */
static bool stack_aligned(const hcc_lc_walk *w) {
  const hcc_lc_value *sp = &w->now.regs[HCC_X86_SP];
  return sp->at % 16 == (sp->kind == HCC_LC_FRAME ? -8 : 0);
}

static bool is_instance(const hcc_lc_value *v) {
  return v->kind == HCC_LC_INSTANCE && v->at == 0;
}

/* After a call: what it need not keep is not known any more. */
static void forget(hcc_lc_walk *w, uint16_t kept) {
  const hcc_lc_value *sp = &w->now.regs[HCC_X86_SP];
  for (unsigned r = 0; r < HCC_X86_REGS; r++) {
    if ((kept >> r & 1) == 0) {
      w->now.regs[r] = hcc_lc_unknown(true);
    }
  }
  w->now.flags.kind = HCC_LC_FLAGS_NONE;
  hcc_lc_slot_drop_below(&w->now, sp->kind, sp->at);
  hcc_lc_slot_drop_numbers(&w->now);
}

int hcc_lc_call(hcc_lc_walk *w) {
  const hcc_lc_function *callee =
      hcc_lc_function_at(w->flow, (uint32_t)((int64_t)w->at + w->insn.target));
  uint16_t instance = 0;
  if (callee == NULL) {
    return hcc_lc_walk_refuse(w, "call that leads to no function");
  }
  if (!stack_aligned(w)) {
    return hcc_lc_walk_refuse(w, "call with a stack that is not aligned");
  }
  for (unsigned r = 0; r < HCC_X86_REGS; r++) {
    instance |= (uint16_t)(is_instance(&w->now.regs[r]) ? 1u << r : 0u);
  }
  if (hcc_lc_walk_site(w, callee, instance)) {
    return 1;
  }
  w->stopped = !callee->returns;
  forget(w, callee->keeps);
  return 0;
}

int hcc_lc_call_indirect(hcc_lc_walk *w, const hcc_lc_value *to) {
  const hcc_lc_value *di = &w->now.regs[HCC_X86_DI], *si = &w->now.regs[HCC_X86_SI];
  if (to->kind != HCC_LC_CALLEE && to->kind != HCC_LC_HOST_CALL) {
    return hcc_lc_walk_refuse(w, "indirect call of neither a checked element nor the host");
  }
  if (!stack_aligned(w)) {
    return hcc_lc_walk_refuse(w, "call with a stack that is not aligned");
  }
  bool result = (di->kind == HCC_LC_FRAME || di->kind == HCC_LC_ALIGNED) && is_instance(si);
  if (to->kind == HCC_LC_CALLEE && !is_instance(di) && !result) {
    return hcc_lc_walk_refuse(w, "call of an element without the instance");
  }
  if (to->kind == HCC_LC_HOST_CALL && (di->kind != HCC_LC_INSTANCE || di->at != -4096)) {
    return hcc_lc_walk_refuse(w, "call of the host without its context");
  }
  forget(w, HCC_LC_KEPT);
  return 0;
}

int hcc_lc_return(hcc_lc_walk *w) {
  const hcc_lc_value *sp = &w->now.regs[HCC_X86_SP];
  uint16_t kept = w->function->keeps;
  hcc_lc_state entry;
  w->stopped = true;
  if (sp->kind != HCC_LC_FRAME || sp->at != 0) {
    return hcc_lc_walk_refuse(w, "return with something left on the stack");
  }
  hcc_lc_enter(&entry, w->instance, kept);
  for (unsigned r = 0; r < HCC_X86_REGS; r++) {
    if ((kept >> r & 1) != 0 && !hcc_lc_same(&entry.regs[r], &w->now.regs[r])) {
      return hcc_lc_walk_refuse(w, "return without restoring a register");
    }
  }
  return 0;
}
