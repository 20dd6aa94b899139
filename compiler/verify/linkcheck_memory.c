/* linkcheck_memory.c - what the link check knows of memory: where an operand lies, what a load
 * gives, and where a store may go. Must never let a store pass whose address is known to be none of
 * the function's own: the return address, the context, the host's tables, the
 * image. Of stores to addresses that are not known nothing is said (docs/link-check.md). */
#include "linkcheck_effects.h"
#include "linkcheck_flow.h"

/* The plugin ABI: the context before the instance (hsb_abi.h) */
enum {
  CTX = -4096,
  CTX_WANTED = CTX + 4,
  CTX_FUEL = CTX + 16,
  CTX_HOST = CTX + 24,
  CTX_IMPORTS = CTX + 32,
  HOST_FIRST = 8, /* trap, refuel, memory_grow, table_reserve, poll */
  HOST_LAST = 40,
  BINDING_BYTES = 16,
  ELEMENT_FUNC = 8,
  STRING_MAX = 512, /* turns of a string instruction that are followed */
  RETURN_BYTES = 8, /* of the return address; behind it are arguments, which are the callee's */
  RED_ZONE = 128    /* what lies further below the stack pointer is a signal handler's */
};

hcc_lc_value hcc_lc_address(const hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  if (i->base == HCC_X86_IP) {
    return hcc_lc_place_at(HCC_LC_IMAGE, (int64_t)w->flow->lc->text.p_vaddr + w->at + i->target);
  }
  if (i->base == HCC_X86_NONE || i->index != HCC_X86_NONE) {
    return hcc_lc_unknown(true);
  }
  hcc_lc_value v = w->now.regs[i->base];
  if (v.kind == HCC_LC_NUMBER || v.kind == HCC_LC_ENTRY) {
    return hcc_lc_unknown(true);
  }
  if (hcc_lc_is_place(&v)) {
    return hcc_lc_place_at(v.kind, (int64_t)v.at + i->displacement);
  }
  v.low = (uint32_t)i->displacement; /* of the others: how far behind */
  return v;
}

bool hcc_lc_on_stack(const hcc_lc_value *a) {
  return a->kind == HCC_LC_FRAME || a->kind == HCC_LC_ALIGNED;
}

hcc_lc_value hcc_lc_fetch(const hcc_lc_walk *w, const hcc_lc_value *a) {
  const hcc_lc_value *slot;
  switch (a->kind) {
  case HCC_LC_FRAME:
  case HCC_LC_ALIGNED:
    slot = hcc_lc_slot_get(&w->now, a->kind, a->at, 8);
    return slot != NULL ? *slot : hcc_lc_unknown(true);
  case HCC_LC_INSTANCE:
    if (a->at == CTX_HOST || a->at == CTX_IMPORTS) {
      return (hcc_lc_value){.kind = a->at == CTX_HOST ? HCC_LC_HOST : HCC_LC_IMPORTS};
    }
    return hcc_lc_unknown(true);
  case HCC_LC_IMAGE:
    return hcc_lc_place_at(HCC_LC_CONSTANT, a->at);
  case HCC_LC_HOST:
    if (a->low >= HOST_FIRST && a->low <= HOST_LAST && a->low % 8 == 0) {
      return (hcc_lc_value){.kind = HCC_LC_HOST_CALL};
    }
    return hcc_lc_unknown(true);
  case HCC_LC_IMPORTS:
    if (a->low % BINDING_BYTES == 0 && a->low / BINDING_BYTES < w->flow->import_count) {
      return (hcc_lc_value){.kind = HCC_LC_HOST_CALL};
    }
    return hcc_lc_unknown(true);
  case HCC_LC_TYPED:
    return a->low == ELEMENT_FUNC ? (hcc_lc_value){.kind = HCC_LC_CALLEE} : hcc_lc_unknown(true);
  default:
    return hcc_lc_unknown(true);
  }
}

/* Of an aligned frame two bases are known, whose distance is not: each has its own part of the
 * stack, so that no place has two names. Nothing below the red zone stays what it is. */
bool hcc_lc_stack_place(const hcc_lc_walk *w, const hcc_lc_value *a, uint32_t bytes) {
  const hcc_lc_value *sp = &w->now.regs[HCC_X86_SP];
  bool near = sp->kind == a->kind ? a->at >= sp->at - RED_ZONE : sp->kind == HCC_LC_ALIGNED;
  return near &&
         (a->kind == HCC_LC_FRAME ? a->at >= w->now.aligned_below : (int64_t)a->at + bytes <= 0);
}

/* A store to the instance or its context, of which code may write the fuel and how much of it it
 * wants; what the host tells of the memory is the host's. */
static int written_instance(hcc_lc_walk *w, int32_t at, uint32_t bytes) {
  if (at < 0) {
    bool fuel = (at == CTX_FUEL && bytes == 8) || (at == CTX_WANTED && bytes == 4);
    return fuel ? 0 : hcc_lc_walk_refuse(w, "store to the context, and not to its fuel");
  }
  if (hcc_lc_in_memory_struct(w->flow, (uint32_t)at, bytes)) {
    return hcc_lc_walk_refuse(w, "store to what the host tells of the memory");
  }
  for (uint32_t word = (uint32_t)at / 8; word <= ((uint32_t)at + bytes - 1) / 8; word++) {
    if (word >= w->flow->instance_size / 8) {
      break;
    }
    if (hcc_lc_walk_store(w, word)) {
      return 1;
    }
  }
  return 0;
}

static int written_stack(hcc_lc_walk *w, const hcc_lc_value *a, uint32_t bytes) {
  if (w->now.flags.kind == HCC_LC_FLAGS_SLOT) {
    w->now.flags.kind = HCC_LC_FLAGS_NONE;
  }
  if (a->kind == HCC_LC_FRAME && a->at < RETURN_BYTES && (int64_t)a->at + bytes > 0) {
    return hcc_lc_walk_refuse(w, "store to the return address");
  }
  if (!hcc_lc_stack_place(w, a, bytes)) {
    return hcc_lc_walk_refuse(w, "store far below the stack pointer, or across the two parts of "
                                 "an aligned frame");
  }
  hcc_lc_slot_forget(&w->now, a->kind, a->at, bytes);
  return 0;
}

int hcc_lc_written(hcc_lc_walk *w, const hcc_lc_value *a, uint32_t bytes) {
  switch (a->kind) {
  case HCC_LC_NUMBER:
  case HCC_LC_ELEMENT: /* table.set */
    return 0;
  case HCC_LC_INSTANCE:
    return written_instance(w, a->at, bytes);
  case HCC_LC_FRAME:
  case HCC_LC_ALIGNED:
    return written_stack(w, a, bytes);
  default: /* the image, the host's tables, an element that was checked */
    return hcc_lc_walk_refuse(w, "store to what code must not write");
  }
}

/* EVEX counts a displacement of one byte in steps: of what it stores, but for moves that compress
 * and for conversions to half precision, whose steps are smaller. */
int hcc_lc_store_operand(hcc_lc_walk *w, uint32_t bytes) {
  hcc_x86_insn *i = &w->insn;
  hcc_lc_value a;
  if (i->short_displacement && i->map >= HCC_X86_E1) {
    bool whole = i->map == HCC_X86_E1 || (i->map == HCC_X86_E2 && i->opcode < 0x63) ||
                 (i->map == HCC_X86_E3 && i->opcode != 0x1d);
    int32_t d = i->displacement;
    i->displacement = whole || d < 0 ? d * (int32_t)bytes : 0;
    bytes += whole ? 0 : (uint32_t)(d < 0 ? -d : d) * bytes;
  }
  a = hcc_lc_address(w);
  return hcc_lc_written(w, &a, bytes);
}

/* movs and stos, with a count in rcx if they are repeated: a store from rdi on. */
int hcc_lc_store_string(hcc_lc_walk *w) {
  const hcc_lc_value *to = &w->now.regs[HCC_X86_DI], *n = &w->now.regs[HCC_X86_CX];
  bool repeated = w->insn.mandatory == HCC_X86_R;
  bool known = n->kind == HCC_LC_NUMBER && !n->wide && n->low == n->high && n->low <= STRING_MAX;
  uint32_t bytes = (w->insn.opcode & 1) == 0 ? 1 : w->insn.size;
  bool memory = to->kind == HCC_LC_INSTANCE && to->at >= (int64_t)w->flow->instance_size;
  if (to->kind == HCC_LC_NUMBER || to->kind == HCC_LC_ENTRY || memory) {
    return 0;
  }
  if (repeated && !known) {
    return hcc_lc_walk_refuse(w, "string of unknown length to a known place");
  }
  bytes *= repeated ? n->low : 1;
  return bytes == 0 ? 0 : hcc_lc_written(w, to, bytes);
}
