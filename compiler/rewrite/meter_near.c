/* meter_near.c - finds the memory accesses whose address is that of an earlier one plus a constant,
 * as the fields of an element are. It never writes code.
 *
 * One walk computes the operand stack with values of the form
 *
 *     what some instruction has left + constant        modulo 2^32
 *
 * If the code comes to an access, those before it on its way were in bounds. A memory has at most
 * HSB_PAGES_MAX pages, so an address that is in bounds plus less than HCC_RW_WIDE does not wrap:
 * the access may take the earlier one's address and a greater constant offset, which is the same
 * place, and one register serves both.
 *
 * What is found is no wall of the sandbox: an index and an offset of 32 bits each stay what they
 * are, and every access is checked like any other. */
#include <string.h>

#include "hsb_abi.h"
#include "rewrite_parts.h"

#define LOCALS_MAX 64 /* that are known at a time */
#define STACK_MAX 32
#define BASES_MAX 16

_Static_assert((uint64_t)HSB_PAGES_MAX *HSB_PAGE + HCC_RW_WIDE <= UINT64_C(1) << 32,
               "an address in bounds plus a constant must not wrap");

/* 0: the number 0. Every other one stands for what some instruction has left. */
typedef struct value {
  uint32_t id, add;
} value;

typedef struct walk {
  hcc_buf *out;
  uint32_t values; /* as in hcc__rw_locals */
  struct {
    uint32_t local;
    bool known;
    value value;
  } locals[LOCALS_MAX]; /* a local has the place of its index modulo LOCALS_MAX */
  value stack[STACK_MAX];
  uint32_t height; /* of what is known of the stack */
  value base[BASES_MAX];
  uint32_t bases; /* the last BASES_MAX of them are there */
  uint32_t ids;
} walk;

/* Where ways meet nothing is known but what comes after. */
static void forget(walk *w) {
  w->height = 0;
  w->bases = 0;
  for (uint32_t i = 0; i < LOCALS_MAX; i++) {
    w->locals[i].known = false;
  }
}

/* A value that is like no other one. */
static value fresh(walk *w) {
  if (w->ids == UINT32_MAX) {
    forget(w);
    w->ids = 0;
  }
  return (value){.id = ++w->ids};
}

static void push(walk *w, value v) {
  if (w->height == STACK_MAX) {
    memmove(w->stack, w->stack + 1, sizeof *w->stack * (STACK_MAX - 1));
    w->height--;
  }
  w->stack[w->height++] = v;
}

static value pop(walk *w) {
  return w->height != 0 ? w->stack[--w->height] : fresh(w);
}

static void set_local(walk *w, uint32_t local, value v) {
  uint32_t at = local % LOCALS_MAX;
  w->locals[at].local = local;
  w->locals[at].known = true;
  w->locals[at].value = v;
}

static void get_local(walk *w, uint32_t local) {
  uint32_t at = local % LOCALS_MAX;
  if (!w->locals[at].known || w->locals[at].local != local) {
    set_local(w, local, fresh(w));
  }
  push(w, w->locals[at].value);
}

static void add(walk *w, uint32_t sign) {
  value y = pop(w), x = pop(w), sum = x;
  sum.add += sign * y.add;
  if (y.id != 0) {
    sum = fresh(w);
    if (x.id == 0 && sign == 1) {
      sum.id = y.id;
      sum.add = x.add + y.add;
    }
  }
  push(w, sum);
}

/* Bytes between the address and the first one known to be in bounds that it can do with. */
static uint32_t above_base(walk *w, value address, uint64_t offset) {
  uint32_t known = w->bases < BASES_MAX ? w->bases : BASES_MAX;
  for (uint32_t i = 0; i < known; i++) {
    uint32_t above = address.add - w->base[i].add;
    if (w->base[i].id == address.id && above < HCC_RW_WIDE && offset + above <= UINT32_MAX) {
      return above;
    }
  }
  w->base[w->bases++ % BASES_MAX] = address;
  return 0;
}

int hcc__rw_value_of(const hcc_instr *i) {
  const char *stored = strchr(HCC_RW_VALUES, i->info->sig[1]);
  return stored != NULL ? (int)(stored - HCC_RW_VALUES) : -1;
}

static void access_at(walk *w, const hcc_instr *i, value address) {
  hcc__rw_near found = {.begin = i->begin};
  int stored = hcc__rw_value_of(i);
  if (address.id != 0) { /* clang knows numbers */
    found.above = above_base(w, address, i->offset);
  }
  if (found.above != 0) {
    hcc_buf_add(w->out, &found, sizeof found);
    w->values |= stored >= 0 ? 1u << stored : 0;
  }
}

/* By its signature: the lowest operand of an access is its address. */
static void step_fixed(walk *w, const hcc_instr *i) {
  const char *results = strchr(i->info->sig, ':');
  value lowest = {.id = 0};
  for (const char *p = i->info->sig; p < results; p++) {
    lowest = pop(w);
  }
  for (const char *p = results + 1; *p != 0; p++) {
    push(w, fresh(w));
  }
  if (i->info->imm == HCC_IMM_MEMARG || i->info->imm == HCC_IMM_MEMARG_LANE) {
    access_at(w, i, lowest);
  }
}

static void step(walk *w, const hcc_instr *i) {
  value top;
  switch (i->code) {
  case HCC_OP_LOOP:
  case HCC_OP_ELSE:
  case HCC_OP_END:
    forget(w);
    break;
  case HCC_OP_I32_CONST:
    push(w, (value){.add = (uint32_t)i->value});
    break;
  case HCC_OP_LOCAL_GET:
    get_local(w, i->a);
    break;
  case HCC_OP_LOCAL_SET:
    set_local(w, i->a, pop(w));
    break;
  case HCC_OP_LOCAL_TEE:
    top = pop(w);
    set_local(w, i->a, top);
    push(w, top);
    break;
  case HCC_OP_DROP:
  case HCC_OP_BR_IF:
    pop(w);
    break;
  case HCC_OP_SELECT:
  case HCC_OP_SELECT_T:
    pop(w);
    pop(w);
    pop(w);
    push(w, fresh(w));
    break;
  case HCC_OP_I32_ADD:
    add(w, 1);
    break;
  case HCC_OP_I32_SUB:
    add(w, UINT32_MAX);
    break;
  default:
    if (i->info->sig != NULL) {
      step_fixed(w, i);
    } else {
      w->height = 0; /* other branches, calls, what has to do with tables */
    }
    break;
  }
}

int hcc__rw_near_of(uint32_t *values, hcc__rw *rw, const hcc_func *func) {
  walk w = {.out = &rw->near};
  hcc_reader r = {rw->m->bytes, func->code.begin, func->code.end};
  hcc_instr i;
  int status = 0;
  rw->near.size = 0;
  while (r.pos < r.end) {
    HCC_TRY(hcc_instr_next(&i, &r, rw->err));
    step(&w, &i);
  }
  *values |= w.values;
  status = rw->near.failed ? hcc__rw_no_memory(rw) : 0;
out:
  return status;
}
