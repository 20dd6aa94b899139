/* meter_sure.c - finds the memory accesses of a counted loop whose addresses form an arithmetic
 * series, so that one look before the loop tells that none is out of bounds. It never writes code.
 *
 * One walk notes which locals the loop sets and how; a second one computes the operand stack with
 * values of the form
 *
 *     constant + sum of (factor * local as it is where the loop begins) + stride * turns so far
 *
 * modulo 2^32. Whatever does not fit is unknown. An access with a known address goes to a reach:
 * those that differ in nothing but the constant, their offset and size share one.
 *
 * What is found is no wall of the sandbox: guard pages and explicit compares check each access all
 * the same. It allows clang to treat an access as one that does not trap. */
#include <string.h>

#include "rewrite_parts.h"

#define LOCALS_MAX 24 /* that a loop sets */
#define STACK_MAX 48

typedef hcc__rw_series series;

typedef struct set_local {
  uint32_t local, sets;
  bool steps; /* to what it was plus a constant */
  uint32_t by;
  bool done;    /* in the turn at hand */
  series value; /* from there on, up to the next set */
} set_local;

typedef struct walk {
  hcc__rw_sure *out;
  set_local locals[LOCALS_MAX];
  uint32_t local_count;
  series stack[STACK_MAX];
  uint32_t height;   /* of what is known of the stack */
  hcc_instr last[3]; /* the youngest first */
} walk;

static const series UNKNOWN = {.known = false};

static series number(uint32_t value) {
  return (series){.known = true, .add = value};
}

static series sum(const series *x, const series *y, uint32_t factor) {
  series s = *x;
  s.known = x->known && y->known;
  s.add += factor * y->add;
  s.stride += factor * y->stride;
  for (uint32_t i = 0; i < y->terms && s.known; i++) {
    s.known = s.terms < HCC_RW_TERMS;
    if (s.known) {
      s.local[s.terms] = y->local[i];
      s.factor[s.terms++] = factor * y->factor[i];
    }
  }
  return s;
}

static series product(const series *x, uint32_t factor) {
  series zero = number(0);
  return sum(&zero, x, factor);
}

static void push(walk *w, series value) {
  if (w->height == STACK_MAX) {
    memmove(w->stack, w->stack + 1, sizeof *w->stack * (STACK_MAX - 1));
    w->height--;
  }
  w->stack[w->height++] = value;
}

static series pop(walk *w) {
  return w->height != 0 ? w->stack[--w->height] : UNKNOWN;
}

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
  if (l == NULL && w->local_count < LOCALS_MAX) {
    l = &w->locals[w->local_count++];
    *l = (set_local){.local = set->a};
  }
  if (l != NULL) {
    l->sets++;
    l->steps = hcc__rw_step(&l->by, set->a, w->last);
  }
  return l != NULL;
}

static bool note(walk *w, const hcc_instr *i) {
  bool room = !hcc__rw_sets_local(i) || note_set(w, i);
  w->last[2] = w->last[1];
  w->last[1] = w->last[0];
  w->last[0] = *i;
  return room;
}

/* --- what is on the stack --- */

static series value_of(walk *w, uint32_t local) {
  const set_local *l = find(w, local);
  series begin = {.known = true, .terms = 1, .local = {local}, .factor = {1}};
  if (l == NULL) {
    return begin;
  }
  begin.stride = l->by;
  begin.known = l->steps && l->sets == 1; /* else it is what the turn before has left */
  return l->done ? l->value : begin;
}

static void set(walk *w, uint32_t local, const series *value) {
  set_local *l = find(w, local);
  if (l != NULL) {
    l->value = *value;
    l->done = true;
  }
}

/* Do the two differ by a constant only? */
static bool alike(const series *x, const series *y) {
  bool are = x->stride == y->stride && x->terms == y->terms;
  for (uint32_t i = 0; i < x->terms && are; i++) {
    are = x->local[i] == y->local[i] && x->factor[i] == y->factor[i];
  }
  return are;
}

/* Takes an access at the address, up to `end` behind it, into reach r unless it is too far off. The
 * reach begins with the lowest of its addresses. */
static bool joins(hcc__rw_sure *out, uint32_t r, const series *address, uint64_t end) {
  series *lowest = &out->reach[r].series;
  uint32_t above = address->add - lowest->add, below = 0 - above, wide = out->reach[r].wide;
  bool lower = below < above;
  wide = lower ? wide + below : above > wide ? above : wide;
  if (!alike(lowest, address) || wide >= HCC_RW_WIDE) {
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

static void access_at(walk *w, const hcc_instr *i, const series *address) {
  hcc__rw_sure *out = w->out;
  uint64_t end = i->offset + (UINT64_C(1) << i->info->align);
  uint32_t r = 0;
  int32_t stride = (int32_t)address->stride;
  if (!address->known || stride > HCC_RW_STRIDE || stride < -HCC_RW_STRIDE ||
      out->count == HCC_RW_ACCESSES || i->offset > UINT32_MAX - HCC_RW_WIDE) {
    return;
  }
  while (r < out->reaches && !joins(out, r, address, end)) {
    r++;
  }
  if (r == out->reaches && r < HCC_RW_REACHES) {
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

/* By its signature: the lowest operand of an access is its address. */
static void step_fixed(walk *w, const hcc_instr *i) {
  const char *results = strchr(i->info->sig, ':');
  series lowest = UNKNOWN;
  for (const char *p = i->info->sig; p < results; p++) {
    lowest = pop(w);
  }
  for (const char *p = results + 1; *p != 0; p++) {
    push(w, UNKNOWN);
  }
  if (i->info->imm == HCC_IMM_MEMARG || i->info->imm == HCC_IMM_MEMARG_LANE) {
    access_at(w, i, &lowest);
  }
}

static void step_arithmetic(walk *w, const hcc_instr *i) {
  series y = pop(w), x = pop(w);
  bool constant = y.known && y.terms == 0 && y.stride == 0;
  switch (i->code) {
  case HCC_OP_I32_ADD:
    push(w, sum(&x, &y, 1));
    break;
  case HCC_OP_I32_SUB:
    push(w, sum(&x, &y, UINT32_MAX));
    break;
  case HCC_OP_I32_SHL:
    push(w, constant ? product(&x, 1u << (y.add & 31)) : UNKNOWN);
    break;
  default:
    push(w, constant ? product(&x, y.add) : UNKNOWN);
    break;
  }
}

static void step(walk *w, const hcc_instr *i) {
  series top = UNKNOWN;
  switch (i->code) {
  case HCC_OP_I32_CONST:
    push(w, number((uint32_t)i->value));
    break;
  case HCC_OP_LOCAL_GET:
    push(w, value_of(w, i->a));
    break;
  case HCC_OP_LOCAL_SET:
  case HCC_OP_LOCAL_TEE:
    top = pop(w);
    set(w, i->a, &top);
    if (i->code == HCC_OP_LOCAL_TEE) {
      push(w, top);
    }
    break;
  case HCC_OP_DROP:
    pop(w);
    break;
  case HCC_OP_SELECT:
  case HCC_OP_SELECT_T:
    pop(w);
    pop(w);
    pop(w);
    push(w, UNKNOWN);
    break;
  case HCC_OP_I32_ADD:
  case HCC_OP_I32_SUB:
  case HCC_OP_I32_SHL:
  case HCC_OP_I32_MUL:
    step_arithmetic(w, i);
    break;
  default:
    if (i->info->sig != NULL) {
      step_fixed(w, i);
    } else {
      w->height = 0; /* what has to do with tables: all is unknown */
    }
    break;
  }
}

uint32_t hcc__rw_above(const hcc__rw_sure *sure, uint32_t access) {
  return sure->access[access].add - sure->reach[sure->access[access].reach].series.add;
}

int hcc__rw_sure_of(hcc__rw_sure *out, const hcc__rw *rw, hcc_reader r) {
  walk w = {.out = out};
  hcc_reader again = r;
  hcc_instr i = {.code = HCC_OP_NOP};
  bool room = true;
  int status = 0;
  memset(out, 0, sizeof *out);
  while (room && i.code != HCC_OP_END) {
    HCC_TRY(hcc_instr_next(&i, &r, rw->err));
    room = note(&w, &i);
  }
  while (room && again.pos < r.pos) {
    HCC_TRY(hcc_instr_next(&i, &again, rw->err));
    step(&w, &i);
  }
out:
  return status;
}
