/* meter_near.c - finds the memory accesses whose address is that of an earlier one plus a constant,
 * as the fields of an element are. It never writes code.
 *
 * One walk computes the operand stack (meter_stack.c). A term stands for what some instruction has
 * left, and a value that is kept is one term plus a constant, or a number. If the code comes to an
 * access, those before it on its way were in bounds. A memory has at most HSB_PAGES_MAX pages, so
 * an address that is in bounds plus less than HCC_RW_WIDE does not wrap: the access may take the
 * earlier one's address and a greater constant offset, which is the same place, and one register
 * serves both.
 *
 * The same walk finds each select that chooses the lesser or greater of the two values that it
 * compares: clang knows those by instructions of their own, and of a chain of comparisons and
 * choices can't tell that the loop around it may be joined into vectors.
 *
 * What is found is no wall of the sandbox: an index and an offset of 32 bits each stay what they
 * are, and every access is checked like any other. */
#include <string.h>

#include "hsb_abi.h"
#include "rewrite_parts.h"

#define BASES_MAX 16

_Static_assert((uint64_t)HSB_PAGES_MAX *HSB_PAGE + HCC_RW_WIDE <= UINT64_C(1) << 32,
               "an address in bounds plus a constant must not wrap");

typedef hcc__rw_series series;

typedef struct walk {
  hcc_buf *out;
  uint32_t values; /* as in hcc__rw_locals */
  hcc__rw_held locals[HCC_RW_HELD];
  uint32_t at;      /* offset of the instruction at hand */
  uint32_t evicted; /* of the last one at which a local took the place of another */
  hcc__rw_stack stack;
  series base[BASES_MAX];
  uint32_t bases; /* the last BASES_MAX of them are there */
  uint32_t terms; /* that stand for something */
  struct {
    uint32_t code;
    series result, x, y;
  } compared; /* last; result.known: there is one */
  hcc__rw_run_walk run;
} walk;

/* Where ways meet nothing is known but what comes after. */
static void forget(walk *w) {
  w->stack.height = 0;
  w->bases = 0;
  w->compared.result.known = false;
  for (uint32_t i = 0; i < HCC_RW_HELD; i++) {
    w->locals[i].known = false;
  }
}

/* The value itself, or a term of its own for one that is neither a number nor a term plus one. */
static series named(walk *w, const series *value) {
  bool plain = value->terms == 0 || (value->terms == 1 && value->factor[0] == 1);
  if (value->known && plain) {
    return *value;
  }
  if (w->terms == UINT32_MAX) {
    forget(w);
    w->terms = 0;
  }
  return (series){.known = true, .terms = 1, .term = {++w->terms}, .factor = {1}};
}

/* Returns what the local has got. */
static series set_local(walk *w, uint32_t local, const series *value) {
  hcc__rw_held *held = &w->locals[local % HCC_RW_HELD];
  if (held->known && held->local != local) {
    w->evicted = w->at;
  }
  *held = (hcc__rw_held){local, true, named(w, value), w->at};
  return held->value;
}

static series get_local(walk *w, uint32_t local) {
  static const series unknown = {.known = false};
  hcc__rw_held *held = &w->locals[local % HCC_RW_HELD];
  if (!held->known || held->local != local) {
    set_local(w, local, &unknown);
    held->since = w->evicted; /* it was not set behind that */
  }
  return held->value;
}

/* Bytes between the address and the first one known to be in bounds that it can do with. */
static uint32_t above_base(walk *w, const series *address, uint64_t offset) {
  uint32_t known = w->bases < BASES_MAX ? w->bases : BASES_MAX;
  for (uint32_t i = 0; i < known; i++) {
    uint32_t above = address->add - w->base[i].add;
    if (hcc__rw_alike(&w->base[i], address) && above < HCC_RW_WIDE &&
        offset + above <= UINT32_MAX) {
      return above;
    }
  }
  w->base[w->bases++ % BASES_MAX] = *address;
  return 0;
}

int hcc__rw_value_of(const hcc_instr *i) {
  const char *stored = strchr(HCC_RW_VALUES, i->info->sig[1]);
  return stored != NULL ? (int)(stored - HCC_RW_VALUES) : -1;
}

static void access_at(walk *w, const hcc_instr *i, const series *address) {
  hcc__rw_near found = {.begin = i->begin};
  int stored = hcc__rw_value_of(i);
  if (address->terms != 0) { /* clang knows numbers */
    found.above = above_base(w, address, i->offset);
  }
  if (found.above != 0) {
    hcc_buf_add(w->out, &found, sizeof found);
    w->values |= stored >= 0 ? 1u << stored : 0;
  }
}

static series pop_named(walk *w) {
  series value = hcc__rw_pop(&w->stack);
  return named(w, &value);
}

static series push_new(walk *w) {
  static const series unknown = {.known = false};
  series value = named(w, &unknown);
  hcc__rw_push(&w->stack, value);
  return value;
}

static void compare(walk *w, const hcc_instr *i) {
  w->compared.y = pop_named(w);
  w->compared.x = pop_named(w);
  w->compared.code = i->code;
  w->compared.result = push_new(w);
}

static bool same(const series *x, const series *y) {
  return x->known && y->known && hcc__rw_alike(x, y) && x->add == y->add;
}

/* Of what was compared, by the opcode; the first operand is chosen if it holds. */
static enum hcc__rw_order order_of(uint32_t code, bool swapped) {
  bool without_sign = code == HCC_OP_I32_LT_U || code == HCC_OP_I32_LE_U ||
                      code == HCC_OP_I32_GT_U || code == HCC_OP_I32_GE_U;
  bool greater = code == HCC_OP_I32_GT_S || code == HCC_OP_I32_GE_S || code == HCC_OP_I32_GT_U ||
                 code == HCC_OP_I32_GE_U;
  if (without_sign) {
    return greater != swapped ? HCC_RW_UMAX : HCC_RW_UMIN;
  }
  return greater != swapped ? HCC_RW_MAX : HCC_RW_MIN;
}

static void choose(walk *w, const hcc_instr *i) {
  series condition = pop_named(w), y = pop_named(w), x = pop_named(w);
  bool straight = same(&x, &w->compared.x) && same(&y, &w->compared.y);
  bool swapped = same(&x, &w->compared.y) && same(&y, &w->compared.x);
  if (same(&condition, &w->compared.result) && (straight || swapped)) {
    hcc__rw_near found = {.begin = i->begin, .order = order_of(w->compared.code, swapped)};
    hcc_buf_add(w->out, &found, sizeof found);
  }
  push_new(w);
}

static void step(walk *w, const hcc_instr *i) {
  series top;
  bool accesses = false;
  w->at = i->begin;
  switch (i->code) {
  case HCC_OP_LOOP:
  case HCC_OP_ELSE:
  case HCC_OP_END:
    forget(w);
    break;
  case HCC_OP_LOCAL_GET:
    hcc__rw_push(&w->stack, get_local(w, i->a));
    break;
  case HCC_OP_LOCAL_SET:
  case HCC_OP_LOCAL_TEE:
    top = hcc__rw_pop(&w->stack);
    top = set_local(w, i->a, &top);
    if (i->code == HCC_OP_LOCAL_TEE) {
      hcc__rw_push(&w->stack, top);
    }
    break;
  case HCC_OP_I32_LT_S:
  case HCC_OP_I32_LT_U:
  case HCC_OP_I32_GT_S:
  case HCC_OP_I32_GT_U:
  case HCC_OP_I32_LE_S:
  case HCC_OP_I32_LE_U:
  case HCC_OP_I32_GE_S:
  case HCC_OP_I32_GE_U:
    compare(w, i);
    break;
  case HCC_OP_SELECT:
    choose(w, i);
    break;
  default:
    accesses = hcc__rw_operands(&top, &w->stack, i);
    if (accesses) {
      top = named(w, &top);
      access_at(w, i, &top);
    }
    break;
  }
  if (w->run.out != NULL) {
    hcc__rw_run_step(&w->run, i, accesses ? &top : NULL);
  }
}

/* An instance of ours can't have such a memory, but another engine's can. */
static bool may_wrap(const hcc_module *m) {
  return m->memory_count != 0 && m->memories[0].min > HSB_PAGES_MAX;
}

int hcc__rw_near_of(uint32_t *values, hcc__rw *rw, const hcc_func *func) {
  walk w = {.out = &rw->near,
            .run = {.out = rw->options.looks ? &rw->runs : NULL,
                    .held = w.locals,
                    .begin = func->code.begin}};
  hcc_reader r = {rw->m->bytes, func->code.begin, func->code.end};
  hcc_instr i;
  int status = 0;
  rw->near.size = rw->runs.size = 0;
  while (r.pos < r.end && !may_wrap(rw->m)) {
    HCC_TRY(hcc_instr_next(&i, &r, rw->err));
    step(&w, &i);
  }
  *values |= w.values;
  status = rw->near.failed || rw->runs.failed ? hcc__rw_no_memory(rw) : 0;
out:
  return status;
}

const hcc__rw_near *hcc__rw_near_at(const hcc__rw *rw, const hcc_instr *i) {
  return hcc__rw_record_at(&rw->near, sizeof(hcc__rw_near), i);
}
