/* meter_sure.c - finds the memory accesses of a counted loop whose addresses form an arithmetic
 * series, so that one look before the loop tells that none is out of bounds. It never writes code.
 *
 * One walk notes which locals the loop sets and how; a second one computes the operand stack
 * (meter_stack.c), whose terms stand for locals as they are where the loop begins. An access with a
 * known address goes to a reach: those that differ in nothing but the constant, their offset and
 * size share one.
 *
 * What is found is no wall of the sandbox: guard pages check each access all the same, and with
 * explicit bounds hsb_look.h compares the places that it is told of. It allows clang to treat an
 * access as one that does not trap. */
#include <string.h>

#include "rewrite_parts.h"

typedef hcc__rw_series series;

typedef struct set_local {
  uint32_t local, sets;
  bool steps; /* to what it was plus a constant, in each turn */
  uint32_t by;
  bool done;      /* in the turn at hand */
  series value;   /* from there on, up to the next set */
  uint32_t depth; /* blocks open where it was set */
} set_local;

typedef struct walk {
  hcc__rw_sure *out;
  const hcc__rw *rw;
  const hcc__rw_turns *turns;
  set_local locals[HCC_RW_SETS];
  uint32_t local_count;
  hcc__rw_stack stack;
  hcc_instr last[3]; /* the youngest first */
  uint32_t depth;    /* blocks open in the turn */
} walk;

static set_local *find(walk *w, uint32_t local) {
  for (uint32_t i = 0; i < w->local_count; i++) {
    if (w->locals[i].local == local) {
      return &w->locals[i];
    }
  }
  return NULL;
}

/* --- which locals the loop sets --- */

/* Returns false if there are too many. */
static bool note_set(walk *w, const hcc_instr *set) {
  set_local *l = find(w, set->a);
  if (l == NULL && w->local_count < HCC_RW_SETS) {
    l = &w->locals[w->local_count++];
    *l = (set_local){.local = set->a};
  }
  if (l != NULL) {
    l->sets++;
    l->steps = hcc__rw_step(&l->by, set->a, w->last) && w->depth == 0;
  }
  return l != NULL;
}

static bool note(walk *w, const hcc_instr *i) {
  bool room = !hcc__rw_sets_local(i) || note_set(w, i);
  w->depth = hcc__rw_depth(w->depth, i);
  w->last[2] = w->last[1];
  w->last[1] = w->last[0];
  w->last[0] = *i;
  return room;
}

/* --- what is on the stack --- */

static series value_of(walk *w, uint32_t local) {
  const set_local *l = find(w, local);
  series begin = {.known = true, .terms = 1, .term = {local}, .factor = {1}};
  if (l == NULL) {
    return begin;
  }
  begin.stride = l->by;
  begin.known = l->steps && l->sets == 1; /* else it is what the turn before has left */
  if (w->turns->by_local && w->turns->local == local) {
    begin.known = true;
    begin.stride = 0;
    begin.times = 1;
  }
  return l->done ? l->value : begin;
}

static void set(walk *w, uint32_t local, const series *value) {
  set_local *l = find(w, local);
  if (l != NULL) {
    l->value = *value;
    l->done = true;
    l->depth = w->depth;
  }
}

/* A way ends, or meets another one, which has not set what this one has. */
static void meet(walk *w) {
  for (uint32_t i = 0; i < w->local_count && w->depth != 0; i++) {
    w->locals[i].value.known &= w->locals[i].depth < w->depth;
  }
}

/* Takes an access at the address, up to `end` behind it, into reach r unless it is too far off. The
 * reach begins with the lowest of its addresses. */
static bool joins(hcc__rw_sure *out, uint32_t r, const series *address, uint64_t end) {
  series *lowest = &out->reach[r].series;
  uint32_t above = address->add - lowest->add, below = 0 - above, wide = out->reach[r].wide;
  bool lower = below < above;
  wide = lower ? wide + below : above > wide ? above : wide;
  if (!hcc__rw_alike(lowest, address) || wide >= HCC_RW_WIDE) {
    return false;
  }
  if (lower) {
    lowest->add = address->add;
    out->reach[r].end += below;
  } else {
    end += above;
  }
  out->reach[r].wide = wide;
  out->reach[r].end = end > out->reach[r].end ? end : out->reach[r].end;
  return true;
}

/* Can it be looked at? A step that is a local is looked at by itself, upwards. */
static bool is_series(const series *address) {
  int32_t stride = (int32_t)address->stride;
  bool constant = stride <= HCC_RW_STRIDE && stride >= -HCC_RW_STRIDE && address->times == 0;
  return address->known && (constant || (stride == 0 && address->times <= HCC_RW_STRIDE));
}

void hcc__rw_sure_add(hcc__rw_sure *out, const hcc_instr *i, const series *address) {
  uint64_t end = i->offset + (UINT64_C(1) << i->info->align);
  uint32_t r = 0;
  if (!is_series(address) || out->count == HCC_RW_ACCESSES ||
      i->offset > UINT32_MAX - HCC_RW_WIDE) {
    return;
  }
  while (r < out->reaches && !joins(out, r, address, end)) {
    r++;
  }
  if (r == out->reaches && r < HCC_RW_REACHES - out->first) {
    out->reach[out->reaches].series = *address;
    out->reach[out->reaches++].end = end;
  }
  if (r < out->reaches) {
    out->access[out->count].begin = i->begin;
    out->access[out->count].reach = r;
    out->access[out->count].stored = hcc__rw_value_of(i);
    out->access[out->count++].add = address->add;
  }
}

static void step(walk *w, const hcc_instr *i) {
  series top;
  bool accesses = false;
  if (i->code == HCC_OP_END || i->code == HCC_OP_ELSE) {
    meet(w);
  }
  w->depth = hcc__rw_depth(w->depth, i);
  switch (i->code) {
  case HCC_OP_LOCAL_GET:
    hcc__rw_push(&w->stack, value_of(w, i->a));
    break;
  case HCC_OP_LOCAL_SET:
  case HCC_OP_LOCAL_TEE:
    top = hcc__rw_pop(&w->stack);
    set(w, i->a, &top);
    if (i->code == HCC_OP_LOCAL_TEE) {
      hcc__rw_push(&w->stack, top);
    }
    break;
  default:
    accesses = hcc__rw_operands(&top, &w->stack, i);
    if (accesses) {
      hcc__rw_sure_add(w->out, i, &top);
    }
    break;
  }
  const series *address = accesses ? &top : NULL;
  hcc__rw_copy_step(&w->out->copy, i, address);
  w->out->time += hcc__rw_time_of(i, address);
  w->out->small += hcc__rw_time_in_small(w->rw, i, address);
}

uint32_t hcc__rw_above(const hcc__rw_sure *sure, uint32_t access) {
  return sure->access[access].add - sure->reach[sure->access[access].reach].series.add;
}

int hcc__rw_sure_of(hcc__rw_sure *out, const hcc__rw *rw, const hcc__rw_turns *turns,
                    hcc_reader r) {
  walk w = {.out = out, .rw = rw, .turns = turns, .stack.products = true};
  hcc_reader again = r;
  hcc_instr i = {.code = HCC_OP_NOP};
  bool room = true, more = true;
  int status = 0;
  memset(out, 0, sizeof *out);
  out->first = turns->branches ? HCC_RW_RUN_LOOKS : 0;
  while (room && more) {
    HCC_TRY(hcc_instr_next(&i, &r, rw->err));
    more = i.code != HCC_OP_END || w.depth != 0;
    room = note(&w, &i);
  }
  w.depth = 0;
  while (room && again.pos < r.pos) {
    HCC_TRY(hcc_instr_next(&i, &again, rw->err));
    step(&w, &i);
  }
  for (uint32_t l = 0; room && l < w.local_count; l++) {
    hcc__rw_copy_local(&out->copy, w.locals[l].local, &w.locals[l].value);
  }
  hcc__rw_copy_end(&out->copy);
  out->copy.found &= !turns->by_local;
out:
  return status;
}
