/* meter_stack.c - what is known of the operand stack while meter_near.c and meter_sure.c walk over
 * code: values of the form
 *
 *     constant + sum of (factor * what a term stands for) + (stride + times * step) * turns so far
 *
 * modulo 2^32. What terms stand for is up to who walks. It never writes code.
 *
 * Invariant: what does not fit, or lies deeper than HCC_RW_STACK values, is unknown; it is never
 * taken for something else. */
#include <string.h>

#include "rewrite_parts.h"

typedef hcc__rw_series series;

static const series UNKNOWN = {.known = false};

static series number(uint32_t value) {
  return (series){.known = true, .add = value};
}

/* x + factor * y */
static series sum(const series *x, const series *y, uint32_t factor) {
  series s = *x;
  s.known = x->known && y->known;
  s.add += factor * y->add;
  s.stride += factor * y->stride;
  s.times += factor * y->times;
  for (uint32_t i = 0; i < y->terms && s.known; i++) {
    s.known = s.terms < HCC_RW_TERMS;
    if (s.known) {
      s.term[s.terms] = y->term[i];
      s.factor[s.terms++] = factor * y->factor[i];
    }
  }
  return s;
}

static series product(const series *x, uint32_t factor) {
  series zero = number(0);
  return sum(&zero, x, factor);
}

bool hcc__rw_alike(const series *x, const series *y) {
  bool are = x->stride == y->stride && x->times == y->times && x->terms == y->terms;
  for (uint32_t i = 0; i < x->terms && are; i++) {
    are = x->term[i] == y->term[i] && x->factor[i] == y->factor[i];
  }
  return are;
}

void hcc__rw_push(hcc__rw_stack *s, series value) {
  if (s->height == HCC_RW_STACK) {
    memmove(s->value, s->value + 1, sizeof *s->value * (HCC_RW_STACK - 1));
    s->height--;
  }
  s->value[s->height++] = value;
}

series hcc__rw_pop(hcc__rw_stack *s) {
  return s->height != 0 ? s->value[--s->height] : UNKNOWN;
}

static void step_arithmetic(hcc__rw_stack *s, const hcc_instr *i) {
  series y = hcc__rw_pop(s), x = hcc__rw_pop(s), result = UNKNOWN;
  bool constant = y.known && y.terms == 0 && y.stride == 0 && y.times == 0;
  if (i->code == HCC_OP_I32_ADD) {
    result = sum(&x, &y, 1);
  } else if (i->code == HCC_OP_I32_SUB) {
    result = sum(&x, &y, UINT32_MAX);
  } else if (constant && s->products) {
    result = product(&x, i->code == HCC_OP_I32_SHL ? 1u << (y.add & 31) : y.add);
  }
  hcc__rw_push(s, result);
}

/* By its signature. Returns the lowest operand: of an access, its address. */
static series step_fixed(hcc__rw_stack *s, const hcc_instr *i) {
  const char *results = strchr(i->info->sig, ':');
  series lowest = UNKNOWN;
  for (const char *p = i->info->sig; p < results; p++) {
    lowest = hcc__rw_pop(s);
  }
  for (const char *p = results + 1; *p != 0; p++) {
    hcc__rw_push(s, UNKNOWN);
  }
  return lowest;
}

bool hcc__rw_operands(series *address, hcc__rw_stack *s, const hcc_instr *i) {
  bool accesses = i->info->imm == HCC_IMM_MEMARG || i->info->imm == HCC_IMM_MEMARG_LANE;
  switch (i->code) {
  case HCC_OP_I32_CONST:
    hcc__rw_push(s, number((uint32_t)i->value));
    break;
  case HCC_OP_DROP:
  case HCC_OP_BR_IF:
    hcc__rw_pop(s);
    break;
  case HCC_OP_SELECT:
  case HCC_OP_SELECT_T:
    hcc__rw_pop(s);
    hcc__rw_pop(s);
    hcc__rw_pop(s);
    hcc__rw_push(s, UNKNOWN);
    break;
  case HCC_OP_I32_ADD:
  case HCC_OP_I32_SUB:
  case HCC_OP_I32_SHL:
  case HCC_OP_I32_MUL:
    step_arithmetic(s, i);
    break;
  default:
    if (i->info->sig != NULL) {
      *address = step_fixed(s, i);
    } else {
      s->height = 0; /* other branches, calls, what has to do with tables */
    }
    break;
  }
  return accesses;
}
