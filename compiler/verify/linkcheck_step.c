/* linkcheck_step.c - what one instruction does to the abstract state. Instructions that clang uses
 * to move pointers, bound indices, check calls and keep the stack are known one by one; of the
 * others only linkcheck_effects.h is used: what they write is forgotten. Must never keep what they
 * may have changed. */
#include <string.h>

#include "linkcheck_effects.h"
#include "linkcheck_flow.h"

enum {
  TABLE_SIZE = 12, /* of a table in the instance: where its size is (wasm-rt.h) */
  TABLE_BYTES = 16,
  ELEMENT_SHIFT = 5,
  TYPE_BYTES = 32,
  FRAME_MAX = (256 << 10) + 4096 /* HSB_FRAME_MAX, and what is pushed */
};

/* --- values --- */

static void set(hcc_lc_walk *w, unsigned reg, hcc_lc_value v) {
  w->now.regs[reg] = v;
  if (w->now.flags.reg == reg && w->now.flags.kind != HCC_LC_FLAGS_SLOT) {
    w->now.flags.reg = HCC_X86_NONE;
  }
}

/* v + n, as a result of `size` bytes. */
static hcc_lc_value add(const hcc_lc_value *v, int64_t n, uint8_t size) {
  if (size == 8 && hcc_lc_is_place(v)) {
    return hcc_lc_place_at(v->kind, v->at + n);
  }
  bool number = v->kind == HCC_LC_NUMBER && n >= INT32_MIN && n <= UINT32_MAX;
  if (!number || size < 4 || (size == 8 && v->wide)) {
    return hcc_lc_unknown(size != 4);
  }
  int64_t low = v->low + n, high = v->high + n;
  if (low >= 0 && high <= UINT32_MAX) {
    return hcc_lc_range((uint32_t)low, (uint32_t)high);
  }
  if (size == 4 && high < 0) {
    return hcc_lc_range((uint32_t)low, (uint32_t)high);
  }
  if (size == 4 && low > UINT32_MAX) {
    return hcc_lc_range((uint32_t)low, (uint32_t)high);
  }
  return hcc_lc_unknown(size != 4);
}

static hcc_lc_value sum(const hcc_lc_value *a, const hcc_lc_value *b, uint8_t size) {
  bool jump = size == 8 && a->at == b->at;
  if (jump && a->kind == HCC_LC_JUMP_OFFSET && b->kind == HCC_LC_IMAGE) {
    return (hcc_lc_value){.kind = HCC_LC_JUMP, .low = a->low, .high = a->high, .at = a->at};
  }
  if (jump && a->kind == HCC_LC_IMAGE && b->kind == HCC_LC_JUMP_OFFSET) {
    return (hcc_lc_value){.kind = HCC_LC_JUMP, .low = b->low, .high = b->high, .at = b->at};
  }
  if (b->kind == HCC_LC_NUMBER && !b->wide && b->low == b->high) {
    return add(a, b->low, size);
  }
  if (a->kind == HCC_LC_NUMBER && b->kind == HCC_LC_NUMBER && !a->wide && !b->wide &&
      (uint64_t)a->high + b->high <= UINT32_MAX) {
    return hcc_lc_range(a->low + b->low, a->high + b->high);
  }
  return hcc_lc_unknown(size != 4);
}

/* All bits up to the highest one of n. */
static uint32_t fill(uint32_t n) {
  return n == 0 ? 0 : UINT32_MAX >> __builtin_clz(n);
}

/* --- the stack --- */

static int move_stack(hcc_lc_walk *w, hcc_lc_value v) {
  const hcc_lc_value *sp = &w->now.regs[HCC_X86_SP];
  if (!hcc_lc_on_stack(&v)) {
    return hcc_lc_walk_refuse(w, "stack pointer that can't be followed");
  }
  int64_t depth = v.at + (v.kind == HCC_LC_ALIGNED ? (int64_t)w->now.aligned_below : 0);
  if (v.at > 0 || depth < -FRAME_MAX) {
    return hcc_lc_walk_refuse(w, v.at > 0 ? "stack pointer above where the function began"
                                          : "frame that is too large");
  }
  if (v.kind != sp->kind && v.kind == HCC_LC_FRAME) {
    hcc_lc_slot_drop_below(&w->now, HCC_LC_ALIGNED, INT32_MAX);
  }
  bool down = v.kind == sp->kind && v.at < sp->at;
  set(w, HCC_X86_SP, v);
  if (!down) {
    hcc_lc_slot_drop_below(&w->now, v.kind, v.at);
  }
  return 0;
}

static int push(hcc_lc_walk *w, const hcc_lc_value *v) {
  hcc_lc_value to = add(&w->now.regs[HCC_X86_SP], -8, 8), what = *v;
  if (move_stack(w, to) || hcc_lc_written(w, &to, 8)) {
    return 1;
  }
  hcc_lc_slot_put(&w->now, to.kind, to.at, 8, &what);
  return 0;
}

static int pop(hcc_lc_walk *w, unsigned reg) {
  hcc_lc_value sp = w->now.regs[HCC_X86_SP], v = hcc_lc_fetch(w, &sp);
  if (move_stack(w, add(&sp, 8, 8))) {
    return 1;
  }
  if (reg == HCC_X86_SP) {
    return hcc_lc_walk_refuse(w, "stack pointer that can't be followed");
  }
  set(w, reg, v);
  return 0;
}

/* Rounds the stack pointer down: from here on places are counted from there. */
static int align(hcc_lc_walk *w, int64_t mask) {
  hcc_lc_value sp = w->now.regs[HCC_X86_SP];
  if (sp.kind != HCC_LC_FRAME || w->now.aligned_below != INT32_MIN || mask >= 0 || mask < -4096 ||
      mask % 16 != 0) {
    return hcc_lc_walk_refuse(w, "stack pointer that can't be followed");
  }
  hcc_lc_slot_drop_below(&w->now, HCC_LC_FRAME, sp.at);
  w->now.aligned_below = sp.at;
  return move_stack(w, (hcc_lc_value){.kind = HCC_LC_ALIGNED});
}

/* --- instructions --- */

/* Whatever is not known better: forgets what it writes. */
static int other(hcc_lc_walk *w) {
  hcc_x86_effect e = hcc_x86_effect_of(&w->insn);
  if ((e.writes >> HCC_X86_SP & 1) != 0) {
    return hcc_lc_walk_refuse(w, "stack pointer that can't be followed");
  }
  if (e.stores != 0 && hcc_lc_store_operand(w, e.stores)) {
    return 1;
  }
  for (unsigned r = 0; r < HCC_X86_REGS; r++) {
    if ((e.writes >> r & 1) != 0) {
      set(w, r, hcc_lc_unknown(!e.extends));
    }
  }
  if (!e.keeps_flags) {
    w->now.flags.kind = HCC_LC_FLAGS_NONE;
  }
  return 0;
}

/* The result of a register, or of the memory operand, to a register. */
static int result(hcc_lc_walk *w, unsigned reg, hcc_lc_value v, bool keeps_flags) {
  if (reg == HCC_X86_SP) {
    if (move_stack(w, v)) {
      return 1;
    }
  } else {
    set(w, reg, v);
  }
  if (!keeps_flags) {
    w->now.flags.kind = HCC_LC_FLAGS_NONE;
  }
  return 0;
}

/* Makes the copies of a number known that this instruction makes. */
static void name(hcc_lc_walk *w, unsigned reg) {
  hcc_lc_value *v = &w->now.regs[reg];
  if (v->kind == HCC_LC_NUMBER && v->at == 0) {
    hcc_lc_name(&w->now, reg, (int32_t)(w->at + 1));
    if (w->now.flags.kind == HCC_LC_FLAGS_LIMIT && w->now.flags.reg == reg) {
      w->now.flags.name = v->at;
    }
  }
}

/* mov between registers: numbers become known as copies. */
static int copy(hcc_lc_walk *w, unsigned to, unsigned from) {
  hcc_lc_value *v = &w->now.regs[from];
  if (w->insn.size == 2) {
    return other(w);
  }
  if (to != from) {
    name(w, from);
  }
  hcc_lc_value copied = *v;
  if (w->insn.size == 4) {
    bool half = copied.kind == HCC_LC_NUMBER || copied.kind == HCC_LC_INDEX;
    copied = half ? copied : hcc_lc_unknown(false);
    copied.wide = false;
  }
  return result(w, to, copied, true);
}

static int load_register(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  if (!i->memory) {
    return copy(w, i->reg, i->rm);
  }
  hcc_lc_value a = hcc_lc_address(w);
  if (i->size == 8) {
    return result(w, i->reg, hcc_lc_fetch(w, &a), true);
  }
  if (i->size == 4 && hcc_lc_on_stack(&a)) {
    const hcc_lc_value *slot = hcc_lc_slot_get(&w->now, a.kind, a.at, 4);
    if (slot == NULL) {
      slot = hcc_lc_slot_get(&w->now, a.kind, a.at, 8);
    }
    if (slot != NULL && (slot->kind == HCC_LC_NUMBER || slot->kind == HCC_LC_INDEX)) {
      hcc_lc_value v = *slot;
      v.wide = false;
      return result(w, i->reg, v, true);
    }
  }
  return other(w);
}

static int store_register(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  if (!i->memory) {
    return copy(w, i->rm, i->reg);
  }
  hcc_lc_value a = hcc_lc_address(w);
  if (hcc_lc_written(w, &a, i->size)) {
    return 1;
  }
  if (hcc_lc_on_stack(&a) && i->size >= 4) {
    hcc_lc_value v = w->now.regs[i->reg];
    if (i->size == 4 && v.kind != HCC_LC_NUMBER && v.kind != HCC_LC_INDEX) {
      v = hcc_lc_unknown(false);
    }
    v.wide &= i->size == 8;
    hcc_lc_slot_put(&w->now, a.kind, a.at, i->size, &v);
  }
  return 0;
}

/* movslq: an entry of a jump table, if that is what the address can be. */
static int load_signed(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  if (!i->memory || i->size != 8 || i->base >= HCC_X86_REGS || i->index >= HCC_X86_REGS ||
      i->scale != 4 || i->displacement != 0) {
    return other(w);
  }
  const hcc_lc_value *table = &w->now.regs[i->base], *n = &w->now.regs[i->index];
  if (table->kind != HCC_LC_IMAGE || n->kind != HCC_LC_NUMBER || n->wide || n->high == UINT32_MAX) {
    return other(w);
  }
  hcc_lc_value v = {.kind = HCC_LC_JUMP_OFFSET, .low = n->low, .high = n->high, .at = table->at};
  return result(w, i->reg, v, true);
}

static int load_address(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  if (i->base == HCC_X86_IP) {
    hcc_lc_value at = hcc_lc_address(w);
    return result(w, i->reg, i->size == 8 ? at : hcc_lc_unknown(i->size != 4), true);
  }
  hcc_lc_value v = hcc_lc_range(0, 0);
  if (i->index == HCC_X86_NONE && i->base != HCC_X86_NONE && i->displacement == 0) {
    return copy(w, i->reg, i->base);
  }
  if (i->index != HCC_X86_NONE) {
    v = w->now.regs[i->index];
    bool small = v.kind == HCC_LC_NUMBER && !v.wide && v.high <= UINT32_MAX / 8;
    if (i->scale != 1 && !small) {
      return other(w);
    }
    if (i->scale != 1) {
      v = hcc_lc_range(v.low * i->scale, v.high * i->scale);
    }
  }
  if (i->base != HCC_X86_NONE) {
    v = i->index == HCC_X86_NONE ? w->now.regs[i->base] : sum(&w->now.regs[i->base], &v, i->size);
  }
  if (i->displacement == 0 && (v.kind == HCC_LC_JUMP || hcc_lc_is_place(&v)) && i->size == 8) {
    return result(w, i->reg, v, true);
  }
  return result(w, i->reg, add(&v, i->displacement, i->size), true);
}

/* A comparison of a register, or of its low bytes if `part` is not 0, with a number. */
static void limit(hcc_lc_walk *w, unsigned reg, int64_t n, uint8_t part) {
  const hcc_lc_value *v = &w->now.regs[reg];
  bool all = part == 0 && w->insn.size == 8;
  w->now.flags.kind = HCC_LC_FLAGS_NONE;
  if (v->kind != HCC_LC_NUMBER || (all && n < 0)) {
    return;
  }
  w->now.flags.kind = HCC_LC_FLAGS_LIMIT;
  w->now.flags.reg = (uint8_t)reg;
  w->now.flags.wide = all && v->wide; /* else the low halves decide */
  w->now.flags.part = part;
  w->now.flags.limit = (uint32_t)n & (part == 1 ? UINT8_MAX : part == 2 ? UINT16_MAX : UINT32_MAX);
  w->now.flags.name = v->at;
}

/* A comparison of four bytes of the stack with a number. */
static void limit_slot(hcc_lc_walk *w) {
  hcc_lc_value a = hcc_lc_address(w);
  if (hcc_lc_on_stack(&a) && w->insn.size == 4 && w->insn.opcode != 0x80 &&
      hcc_lc_stack_place(w, &a, 4)) {
    w->now.flags = (hcc_lc_flags){.kind = HCC_LC_FLAGS_SLOT,
                                  .reg = a.kind,
                                  .limit = (uint32_t)w->insn.immediate,
                                  .name = a.at};
  }
}

/* cmp: with a number, with the size of a table, of an element's type. */
static int compare_immediate(hcc_lc_walk *w, bool byte) {
  const hcc_x86_insn *i = &w->insn;
  w->now.flags.kind = HCC_LC_FLAGS_NONE;
  if (i->memory) {
    limit_slot(w);
  } else if (!byte || i->rex || i->rm < 4) {
    limit(w, i->rm, i->immediate, byte ? 1 : i->size == 2 ? 2 : 0);
  }
  return 0;
}

/* A type is named by an address in read-only data, which code makes, or loads from a word of data
 * that is relocated to one. */
static bool is_type(const hcc_lc_walk *w, const hcc_lc_value *v) {
  const hcc_lc *lc = w->flow->lc;
  uint64_t at = (uint32_t)v->at;
  if (v->kind == HCC_LC_CONSTANT ? !hcc_lc_relocated(lc, at, &at) : v->kind != HCC_LC_IMAGE) {
    return false;
  }
  const Elf64_Phdr *home = hcc_lc_load(lc, at, TYPE_BYTES);
  return home != NULL && home->p_flags == PF_R;
}

/* A table of the instance, and not what the host tells of the memory, whose pointer leads there. */
static bool is_table(const hcc_lc_flow *flow, int64_t at) {
  return at >= 0 && at % 8 == 0 && at + TABLE_BYTES <= flow->instance_size &&
         !hcc_lc_in_memory_struct(flow, (uint32_t)at, TABLE_BYTES);
}

static int compare(hcc_lc_walk *w, bool memory_first) {
  const hcc_x86_insn *i = &w->insn;
  w->now.flags.kind = HCC_LC_FLAGS_NONE;
  if (!i->memory) {
    const hcc_lc_value *other_reg = &w->now.regs[memory_first ? i->reg : i->rm];
    if (i->size >= 4 && other_reg->kind == HCC_LC_NUMBER && !other_reg->wide &&
        other_reg->low == other_reg->high) {
      limit(w, memory_first ? i->rm : i->reg, other_reg->low, 0);
    }
    return 0;
  }
  hcc_lc_value a = hcc_lc_address(w);
  if (!memory_first && i->size == 4 && a.kind == HCC_LC_INSTANCE &&
      is_table(w->flow, (int64_t)a.at - TABLE_SIZE)) {
    w->now.flags.kind = HCC_LC_FLAGS_SIZE;
    w->now.flags.reg = i->reg;
    w->now.flags.limit = (uint32_t)(a.at - TABLE_SIZE);
  } else if (memory_first && i->size == 8 && a.kind == HCC_LC_ELEMENT && a.low == 0 &&
             is_type(w, &w->now.regs[i->reg])) {
    w->now.flags.kind = HCC_LC_FLAGS_TYPE;
    w->now.flags.reg = i->base;
  }
  return 0;
}

enum { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP };

/* A register and a number. */
static int arithmetic_immediate(hcc_lc_walk *w, unsigned op, unsigned reg) {
  const hcc_x86_insn *i = &w->insn;
  const hcc_lc_value *v = &w->now.regs[reg];
  int64_t n = i->immediate;
  bool number = v->kind == HCC_LC_NUMBER && i->size >= 4 && (i->size == 4 || n >= 0);
  uint32_t bits = (uint32_t)n;
  if (op == ADD || op == SUB) {
    if (i->size < 4) {
      return other(w);
    }
    return result(w, reg, add(v, op == ADD ? n : -n, i->size), false);
  }
  if (op == AND && reg == HCC_X86_SP) {
    return i->size == 8 ? align(w, n) : other(w);
  }
  if (op == AND && number) {
    return result(w, reg, hcc_lc_range(0, bits < v->high ? bits : v->high), false);
  }
  if (op == XOR && number && (i->size == 4 || !v->wide)) {
    return result(w, reg, hcc_lc_range(0, fill(v->high | bits)), false);
  }
  if (op == OR && number && (i->size == 4 || !v->wide)) {
    return result(w, reg, hcc_lc_range(v->low > bits ? v->low : bits, fill(v->high | bits)), false);
  }
  return other(w);
}

/* Two registers, or a register and memory: to register `to`. */
static int arithmetic(hcc_lc_walk *w, unsigned op, unsigned to, const hcc_lc_value *b) {
  const hcc_x86_insn *i = &w->insn;
  const hcc_lc_value *a = &w->now.regs[to];
  bool numbers = a->kind == HCC_LC_NUMBER && b->kind == HCC_LC_NUMBER &&
                 (i->size == 4 || (!a->wide && !b->wide));
  if (i->size < 4) {
    return other(w);
  }
  switch (op) {
  case ADD:
    return result(w, to, sum(a, b, i->size), false);
  case AND:
    if (numbers) {
      return result(w, to, hcc_lc_range(0, a->high < b->high ? a->high : b->high), false);
    }
    return other(w);
  case OR:
  case XOR:
    if (op == XOR && !i->memory && i->reg == i->rm) {
      return result(w, to, hcc_lc_range(0, 0), false);
    }
    return numbers ? result(w, to, hcc_lc_range(0, fill(a->high | b->high)), false) : other(w);
  default:
    return other(w);
  }
}

/* add table(instance), reg: the element of an index. */
static int arithmetic_memory(hcc_lc_walk *w, unsigned op) {
  const hcc_x86_insn *i = &w->insn;
  const hcc_lc_value *v = &w->now.regs[i->reg];
  hcc_lc_value a = hcc_lc_address(w);
  if (op == ADD && i->size == 8 && v->kind == HCC_LC_OFFSET && a.kind == HCC_LC_INSTANCE &&
      a.at == v->at) {
    w->flow->tables[(uint32_t)a.at / 8] = w->at + 1;
    return result(w, i->reg, (hcc_lc_value){.kind = HCC_LC_ELEMENT, .at = a.at}, false);
  }
  return other(w);
}

/* Opcodes 00 to 3d: the operation is in bits 3 to 5, the operands in bits 0 to 2. */
static int arithmetic_opcode(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  unsigned op = i->opcode >> 3 & 7;
  switch (i->opcode & 7) {
  case 1:
    if (op == CMP) {
      return compare(w, true);
    }
    return i->memory ? other(w) : arithmetic(w, op, i->rm, &w->now.regs[i->reg]);
  case 3:
    if (op == CMP) {
      return compare(w, false);
    }
    return i->memory ? arithmetic_memory(w, op) : arithmetic(w, op, i->reg, &w->now.regs[i->rm]);
  case 4:
  case 5:
    if (op == CMP) {
      w->insn.rm = HCC_X86_AX;
      return compare_immediate(w, (i->opcode & 7) == 4);
    }
    return (i->opcode & 7) == 5 ? arithmetic_immediate(w, op, HCC_X86_AX) : other(w);
  default:
    return other(w);
  }
}

static int group1(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  unsigned op = i->reg & 7;
  if (op == CMP) {
    return compare_immediate(w, i->opcode == 0x80);
  }
  if (i->memory || i->opcode == 0x80) {
    return other(w);
  }
  return arithmetic_immediate(w, op, i->rm);
}

/* Shifts of a register by a constant. */
static int shift(hcc_lc_walk *w, int64_t by) {
  const hcc_x86_insn *i = &w->insn;
  const hcc_lc_value *v = &w->now.regs[i->memory ? 0 : i->rm];
  unsigned op = i->reg & 7, n = (unsigned)by & (i->size == 8 ? 63 : 31);
  bool left = op == 4, right = op == 5 || (op == 7 && v->high <= INT32_MAX);
  if (i->memory || i->size < 4) {
    return other(w);
  }
  if (left && i->size == 8 && n == ELEMENT_SHIFT && v->kind == HCC_LC_INDEX) {
    return result(w, i->rm, (hcc_lc_value){.kind = HCC_LC_OFFSET, .at = v->at}, false);
  }
  if (v->kind == HCC_LC_NUMBER && v->wide && op == 5 && n > 32) {
    return result(w, i->rm, hcc_lc_range(0, UINT32_MAX >> (n - 32)), false);
  }
  if (v->kind != HCC_LC_NUMBER || (v->wide && i->size == 8) || n > 31) {
    return other(w);
  }
  if (right) {
    return result(w, i->rm, hcc_lc_range(v->low >> n, v->high >> n), false);
  }
  if (left && v->high <= UINT32_MAX >> n) {
    return result(w, i->rm, hcc_lc_range(v->low << n, v->high << n), false);
  }
  return other(w);
}

static int leave(hcc_lc_walk *w) {
  return move_stack(w, w->now.regs[HCC_X86_BP]) || pop(w, HCC_X86_BP);
}

/* FF: inc, dec, call, far call, jmp, far jmp, push */
static int group5(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  unsigned op = i->reg & 7;
  hcc_lc_value a = i->memory ? hcc_lc_address(w) : hcc_lc_unknown(true);
  hcc_lc_value v = i->memory ? hcc_lc_fetch(w, &a) : w->now.regs[i->rm];
  switch (op) {
  case 0:
  case 1:
    return i->memory || i->size < 4 ? other(w)
                                    : result(w, i->rm, add(&v, op == 0 ? 1 : -1, i->size), false);
  case 2:
    return hcc_lc_call_indirect(w, &v);
  case 4:
    return hcc_lc_jump_indirect(w, &v);
  case 6:
    return push(w, &v);
  default:
    return other(w);
  }
}

static int move_immediate(hcc_lc_walk *w, unsigned reg) {
  int64_t n = w->insn.immediate;
  if (w->insn.size < 4) {
    return other(w);
  }
  if (w->insn.size == 8 && (n < 0 || n > UINT32_MAX)) {
    return result(w, reg, hcc_lc_unknown(true), true);
  }
  return result(w, reg, hcc_lc_range((uint32_t)n, (uint32_t)n), true);
}

static int step_low(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  hcc_lc_value v;
  switch (i->opcode) {
  case 0x50 ... 0x57:
    v = w->now.regs[i->rm];
    return push(w, &v);
  case 0x58 ... 0x5f:
    return pop(w, i->rm);
  case 0x63:
    return load_signed(w);
  case 0x68:
  case 0x6a:
    v = hcc_lc_unknown(true);
    return push(w, &v);
  case 0x70 ... 0x7f:
    return hcc_lc_jump_if(w);
  default:
    return i->opcode < 0x40 ? arithmetic_opcode(w) : other(w);
  }
}

static int step_one(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  switch (i->opcode) {
  case 0x80:
  case 0x81:
  case 0x83:
    return group1(w);
  case 0xa4:
  case 0xa5:
  case 0xaa:
  case 0xab:
    return hcc_lc_store_string(w) || other(w);
  case 0x85: /* test of a register with itself is a comparison with zero */
    w->now.flags.kind = HCC_LC_FLAGS_NONE;
    if (!i->memory && i->reg == i->rm && i->size >= 4) {
      limit(w, i->rm, 0, 0);
    }
    return 0;
  case 0x89:
    return store_register(w);
  case 0x8b:
    return load_register(w);
  case 0x8d:
    return load_address(w);
  case 0xb8 ... 0xbf:
    return move_immediate(w, i->rm);
  case 0xc1:
    return shift(w, i->immediate);
  case 0xc3:
    return hcc_lc_return(w);
  case 0xc7:
    return i->memory ? other(w) : move_immediate(w, i->rm);
  case 0xc9:
    return leave(w);
  case 0xd1:
    return shift(w, 1);
  case 0xe8:
    return hcc_lc_call(w);
  case 0xe9:
  case 0xeb:
    return hcc_lc_jump(w);
  case 0xff:
    return group5(w);
  default:
    return step_low(w);
  }
}

/* movzx: of a byte or two; the other operand stays as it is if it is that small. */
static int extend(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  bool byte = i->opcode == 0xb6;
  hcc_lc_value v = hcc_lc_range(0, byte ? UINT8_MAX : UINT16_MAX);
  if (i->size < 4) {
    return other(w);
  }
  if (!i->memory && (!byte || i->rex || i->rm < 4)) {
    const hcc_lc_value *from = &w->now.regs[i->rm];
    bool number = from->kind == HCC_LC_NUMBER;
    if (number && from->high <= v.high) {
      v = *from;
      v.wide = false;
    } else if (number && from->part != 0 && from->word != byte) {
      v = hcc_lc_range(0, from->part - 1u);
    }
  }
  return result(w, i->reg, v, true);
}

/* Counts of bits. bsf and bsr leave their result as it was if there is no bit, and so do tzcnt and
 * lzcnt on processors that take them for those. */
static int scan(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  const hcc_lc_value *from = &w->now.regs[i->memory ? 0 : i->rm], *to = &w->now.regs[i->reg];
  bool counts = i->opcode == 0xb8;
  bool some = !i->memory && from->kind == HCC_LC_NUMBER && from->low > 0;
  if (i->size < 4 || (!counts && !some && (to->kind != HCC_LC_NUMBER || to->wide))) {
    return other(w);
  }
  uint32_t most = i->size * 8u;
  if (!counts && !some && to->high > most) {
    most = to->high;
  }
  return result(w, i->reg, hcc_lc_range(0, most), false);
}

static int step_two(hcc_lc_walk *w) {
  const hcc_x86_insn *i = &w->insn;
  switch (i->opcode) {
  case 0x0b:
    w->stopped = true;
    return 0;
  case 0x80 ... 0x8f:
    return hcc_lc_jump_if(w);
  case 0x90 ... 0x9f: /* setcc: the rest of the register stays */
    if (!i->memory && (i->rex || i->rm < 4) && w->now.regs[i->rm].kind == HCC_LC_NUMBER &&
        !w->now.regs[i->rm].wide && w->now.regs[i->rm].high <= UINT8_MAX) {
      set(w, i->rm, hcc_lc_range(0, 1));
      return 0;
    }
    return other(w);
  case 0xb6:
  case 0xb7:
    return extend(w);
  case 0xb8:
  case 0xbc:
  case 0xbd:
    return scan(w);
  default:
    return other(w);
  }
}

int hcc_lc_step(hcc_lc_walk *w) {
  if (w->insn.memory && !w->context) {
    hcc_lc_value a = hcc_lc_address(w);
    w->context = a.kind == HCC_LC_INSTANCE && a.at < 0;
  }
  switch (w->insn.map) {
  case HCC_X86_ONE:
    return step_one(w);
  case HCC_X86_TWO:
    return step_two(w);
  default:
    return other(w);
  }
}
