/* linkcheck_state.c - abstract states: values, slots of the stack, joining. Invariant:
 * linkcheck_state.h. */
#include "linkcheck_state.h"

#include <stddef.h>
#include <string.h>

hcc_lc_value hcc_lc_unknown(bool wide) {
  return (hcc_lc_value){.kind = HCC_LC_NUMBER, .wide = wide, .high = UINT32_MAX};
}

hcc_lc_value hcc_lc_range(uint32_t low, uint32_t high) {
  return (hcc_lc_value){.kind = HCC_LC_NUMBER, .low = low, .high = high};
}

bool hcc_lc_same(const hcc_lc_value *a, const hcc_lc_value *b) {
  /* not memcmp: the bits beside wide and word are nobody's */
  return a->kind == b->kind && a->wide == b->wide && a->word == b->word && a->part == b->part &&
         a->low == b->low && a->high == b->high && a->at == b->at;
}

bool hcc_lc_is_place(const hcc_lc_value *v) {
  return v->kind == HCC_LC_INSTANCE || v->kind == HCC_LC_FRAME || v->kind == HCC_LC_ALIGNED ||
         v->kind == HCC_LC_IMAGE;
}

hcc_lc_value hcc_lc_place_at(uint8_t kind, int64_t at) {
  bool fits = at >= INT32_MIN && at <= INT32_MAX;
  return fits ? (hcc_lc_value){.kind = kind, .at = (int32_t)at} : hcc_lc_unknown(true);
}

void hcc_lc_enter(hcc_lc_state *s, uint16_t instance, uint16_t kept) {
  s->slot_count = 0;
  s->flags = (hcc_lc_flags){.kind = HCC_LC_FLAGS_NONE};
  s->aligned_below = INT32_MIN;
  for (unsigned r = 0; r < HCC_X86_REGS; r++) {
    s->regs[r] = hcc_lc_unknown(true);
    if ((instance >> r & 1) != 0) {
      s->regs[r] = (hcc_lc_value){.kind = HCC_LC_INSTANCE};
    } else if ((kept >> r & 1) != 0) {
      s->regs[r] = (hcc_lc_value){.kind = HCC_LC_ENTRY, .at = (int32_t)r};
    }
  }
  s->regs[HCC_X86_SP] = (hcc_lc_value){.kind = HCC_LC_FRAME};
}

size_t hcc_lc_state_size(const hcc_lc_state *s) {
  return offsetof(hcc_lc_state, slots) + s->slot_count * sizeof s->slots[0];
}

/* The first slot that is not before (base, at). */
static uint32_t place(const hcc_lc_state *s, uint8_t base, int64_t at) {
  uint32_t low = 0, high = s->slot_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const hcc_lc_slot *slot = &s->slots[middle];
    if (slot->base < base || (slot->base == base && slot->at < at)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static void remove_slots(hcc_lc_state *s, uint32_t first, uint32_t end) {
  memmove(&s->slots[first], &s->slots[end], (s->slot_count - end) * sizeof s->slots[0]);
  s->slot_count -= end - first;
}

const hcc_lc_value *hcc_lc_slot_get(const hcc_lc_state *s, uint8_t base, int32_t at,
                                    uint8_t bytes) {
  uint32_t i = place(s, base, at);
  bool there = i < s->slot_count && s->slots[i].base == base && s->slots[i].at == at;
  return there && s->slots[i].bytes == bytes ? &s->slots[i].value : NULL;
}

void hcc_lc_slot_forget(hcc_lc_state *s, uint8_t base, int32_t at, uint32_t bytes) {
  uint32_t first = place(s, base, (int64_t)at - 7), end;
  while (first < s->slot_count && s->slots[first].base == base &&
         (int64_t)s->slots[first].at + s->slots[first].bytes <= at) {
    first++;
  }
  for (end = first; end < s->slot_count && s->slots[end].base == base &&
                    s->slots[end].at < (int64_t)at + bytes;) {
    end++;
  }
  if (end > first) {
    remove_slots(s, first, end);
  }
}

void hcc_lc_slot_drop_below(hcc_lc_state *s, uint8_t base, int32_t at) {
  uint32_t first = place(s, base, INT32_MIN), end = place(s, base, at);
  if (end > first) {
    remove_slots(s, first, end);
  }
}

void hcc_lc_slot_drop_numbers(hcc_lc_state *s) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < s->slot_count; i++) {
    uint8_t kind = s->slots[i].value.kind;
    if (kind != HCC_LC_NUMBER && kind != HCC_LC_INDEX) {
      s->slots[kept++] = s->slots[i];
    }
  }
  s->slot_count = kept;
}

/* Numbers without a bound are not worth it. */
static bool worth(const hcc_lc_value *v) {
  return v->kind != HCC_LC_NUMBER || (!v->wide && v->high != UINT32_MAX);
}

void hcc_lc_slot_put(hcc_lc_state *s, uint8_t base, int32_t at, uint8_t bytes,
                     const hcc_lc_value *v) {
  hcc_lc_slot slot = {.at = at, .base = base, .bytes = bytes, .value = *v};
  hcc_lc_slot_forget(s, base, at, bytes);
  if (!worth(v) || s->slot_count == HCC_LC_SLOTS) {
    return;
  }
  uint32_t i = place(s, base, at);
  memmove(&s->slots[i + 1], &s->slots[i], (s->slot_count - i) * sizeof s->slots[0]);
  s->slots[i] = slot;
  s->slot_count++;
}

void hcc_lc_name(hcc_lc_state *s, unsigned reg, int32_t name) {
  if (s->flags.kind == HCC_LC_FLAGS_LIMIT && s->flags.name == name) {
    s->flags.name = 0;
  }
  for (unsigned r = 0; r < HCC_X86_REGS; r++) {
    if (s->regs[r].kind == HCC_LC_NUMBER && s->regs[r].at == name) {
      s->regs[r].at = 0;
    }
  }
  for (uint32_t i = 0; i < s->slot_count; i++) {
    if (s->slots[i].value.kind == HCC_LC_NUMBER && s->slots[i].value.at == name) {
      s->slots[i].value.at = 0;
    }
  }
  s->regs[reg].at = name;
}

/* What the low byte (or two) is less than; 0: not known. */
static uint16_t part_of(const hcc_lc_value *v, bool word) {
  if (v->part != 0 && v->word == word) {
    return v->part;
  }
  return v->high < (word ? UINT16_MAX : UINT8_MAX) ? (uint16_t)(v->high + 1) : 0;
}

static void join_parts(hcc_lc_value *v, const hcc_lc_value *a, const hcc_lc_value *b, bool widen) {
  bool word = a->part != 0 ? a->word : b->word;
  uint16_t x = part_of(a, word), y = part_of(b, word);
  v->part = 0;
  if ((a->part | b->part) != 0 && x != 0 && y != 0 && !(widen && y > x)) {
    v->part = x > y ? x : y;
  }
  v->word = v->part != 0 && word;
}

/* What both are. */
static hcc_lc_value both(const hcc_lc_value *a, const hcc_lc_value *b, bool widen) {
  if (a->kind != HCC_LC_NUMBER || b->kind != HCC_LC_NUMBER) {
    bool jump = a->kind == HCC_LC_JUMP || a->kind == HCC_LC_JUMP_OFFSET;
    if (jump && a->kind == b->kind && a->at == b->at) {
      hcc_lc_value v = *a;
      v.low = b->low < a->low ? b->low : a->low;
      v.high = b->high > a->high ? b->high : a->high;
      return v;
    }
    /* An index is a number of 32 bits. */
    return hcc_lc_unknown((a->kind == HCC_LC_NUMBER ? a->wide : a->kind != HCC_LC_INDEX) ||
                          (b->kind == HCC_LC_NUMBER ? b->wide : b->kind != HCC_LC_INDEX));
  }
  hcc_lc_value v = *a;
  v.wide = a->wide || b->wide;
  v.at = a->at == b->at ? a->at : 0;
  join_parts(&v, a, b, widen);
  if (b->low < a->low) {
    v.low = widen ? 0 : b->low;
  }
  if (b->high > a->high) {
    v.high = widen ? UINT32_MAX : b->high;
  }
  return v;
}

/* Keeps the slots that are in both, in place. */
static bool join_slots(hcc_lc_state *into, const hcc_lc_state *from, bool widen) {
  uint32_t kept = 0, j = 0;
  bool changed = false;
  for (uint32_t i = 0; i < into->slot_count; i++) {
    hcc_lc_slot slot = into->slots[i];
    while (j < from->slot_count &&
           (from->slots[j].base < slot.base ||
            (from->slots[j].base == slot.base && from->slots[j].at < slot.at))) {
      j++;
    }
    bool there = j < from->slot_count && from->slots[j].base == slot.base &&
                 from->slots[j].at == slot.at && from->slots[j].bytes == slot.bytes;
    if (there && !hcc_lc_same(&slot.value, &from->slots[j].value)) {
      hcc_lc_value v = both(&slot.value, &from->slots[j].value, widen);
      changed |= !hcc_lc_same(&v, &slot.value);
      slot.value = v;
    }
    if (there && worth(&slot.value)) {
      into->slots[kept++] = slot;
    }
  }
  changed |= kept != into->slot_count;
  into->slot_count = kept;
  return changed;
}

bool hcc_lc_join(hcc_lc_state *into, const hcc_lc_state *from, bool widen, bool *changed) {
  *changed = false;
  if (!hcc_lc_same(&into->regs[HCC_X86_SP], &from->regs[HCC_X86_SP]) ||
      into->aligned_below != from->aligned_below) {
    return false;
  }
  if (into->slot_count == from->slot_count && memcmp(into, from, hcc_lc_state_size(from)) == 0) {
    return true; /* the usual case */
  }
  for (unsigned r = 0; r < HCC_X86_REGS; r++) {
    if (!hcc_lc_same(&into->regs[r], &from->regs[r])) {
      hcc_lc_value v = both(&into->regs[r], &from->regs[r], widen);
      *changed |= !hcc_lc_same(&v, &into->regs[r]);
      into->regs[r] = v;
    }
  }
  if (into->flags.kind != HCC_LC_FLAGS_NONE &&
      memcmp(&into->flags, &from->flags, sizeof into->flags) != 0) {
    into->flags = (hcc_lc_flags){.kind = HCC_LC_FLAGS_NONE};
    *changed = true;
  }
  *changed |= join_slots(into, from, widen);
  return true;
}
