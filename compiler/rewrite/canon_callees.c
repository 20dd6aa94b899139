/* canon_callees.c - whom a call_indirect can meet: where no instruction writes a table, what stands
 * in it is known, and of a type that few of its functions have each can be called by name, which
 * clang inlines. Must list nothing that is not in the table for as long as the instance lives: no
 * table is imported, and none exported. Whoever is not listed is found in the table, as always.
 * Owns: plan->callees. */
#include <stdlib.h>
#include <string.h>

#include "rewrite_parts.h"

enum {
  CALLEES_MAX = 4,  /* of a type in a table: each costs a comparison */
  OF_TYPE_MAX = 16, /* of a type in all tables: each call has the text for all of them */
};

int hcc__rw_note_table(hcc__rw *rw, const hcc_instr *instr) {
  uint32_t table;
  switch (instr->code) {
  case HCC_OP_TABLE_SET:
  case HCC_OP_TABLE_COPY: /* to the first one, from the second one */
  case HCC_OP_TABLE_GROW:
  case HCC_OP_TABLE_FILL:
    table = instr->a;
    break;
  case HCC_OP_TABLE_INIT: /* of a segment, the first one */
    table = instr->b;
    break;
  default:
    return 0;
  }
  if (table >= HCC_MAX_TABLES) {
    return hcc__rw_bug(rw, instr->begin);
  }
  rw->table_written[table] = true;
  return 0;
}

static int put_slot(uint32_t *slot, hcc__rw *rw, const hcc_elem *elem, hcc_reader *r) {
  uint32_t func = HCC_RW_NONE;
  int status = 0;
  if (elem->exprs) {
    hcc__rw_const value;
    HCC_TRY(hcc__rw_const_eval(&value, rw, r));
    func = value.kind == HCC_RW_REF_FUNC ? value.func : HCC_RW_NONE;
  } else {
    HCC_TRY(hcc_read_u32(&func, r, rw->err));
  }
  *slot = func < rw->m->func_count && !rw->m->funcs[func].imported && func != rw->m->start
              ? func
              : HCC_RW_NONE;
out:
  return status;
}

/* Active segments in their order. One that does not fit ends the instantiation, and with it all. */
static int fill(uint32_t *slots, hcc__rw *rw, uint32_t table) {
  uint32_t size = rw->m->tables[table].limits.min;
  int status = 0;
  for (uint32_t e = 0; e < rw->m->elem_count; e++) {
    const hcc_elem *elem = &rw->m->elems[e];
    hcc_reader offset = {rw->m->bytes, elem->offset.begin, elem->offset.end};
    hcc_reader items = {rw->m->bytes, elem->items.begin, elem->items.end};
    hcc__rw_const at;
    if (elem->mode != HCC_ACTIVE || elem->table != table) {
      continue;
    }
    HCC_TRY(hcc__rw_const_eval(&at, rw, &offset));
    uint64_t first = (uint32_t)at.bits;
    for (uint32_t i = 0; i < elem->count && first + i < size; i++) {
      HCC_TRY(put_slot(&slots[first + i], rw, elem, &items));
    }
  }
out:
  return status;
}

static int by_func(const void *a, const void *b) {
  const hcc_plan_export *x = a, *y = b;
  return (x->func > y->func) - (x->func < y->func);
}

static hcc_plan_callee callee(const hcc_plan *plan, const hcc__rw *rw, uint32_t table,
                              uint32_t slot, uint32_t func) {
  hcc_plan_export key = {.func = func};
  hcc_plan_callee c = {.type = hcc__rw_type(rw, HCC_RW_FUNC, rw->m->funcs[func].type),
                       .table = table,
                       .slot = slot,
                       .kind = 'f',
                       .number = hcc__rw_func(rw, func)};
  const hcc_plan_export *e = bsearch(&key, plan->exports, plan->export_count, sizeof key, by_func);
  if (e != NULL) {
    c.kind = 'e';
    c.number = (uint32_t)(e - plan->exports);
  }
  return c;
}

static int by_type(const void *a, const void *b) {
  const hcc_plan_callee *x = a, *y = b;
  if (x->type != y->type) {
    return x->type < y->type ? -1 : 1;
  }
  if (x->table != y->table) {
    return x->table < y->table ? -1 : 1;
  }
  return (x->slot > y->slot) - (x->slot < y->slot);
}

/* Leaves types that few have in a table. */
static void choose(hcc_plan *plan) {
  hcc_plan_callee *c = plan->callees;
  uint32_t kept = 0, of_type = 0;
  for (uint32_t i = 0, end; i < plan->callee_count; i = end) {
    for (end = i;
         end < plan->callee_count && c[end].type == c[i].type && c[end].table == c[i].table;) {
      end++;
    }
    uint32_t count = end - i;
    of_type = kept != 0 && c[kept - 1].type == c[i].type ? of_type : 0;
    if (count <= CALLEES_MAX && of_type + count <= OF_TYPE_MAX) {
      of_type += count;
      memmove(c + kept, c + i, count * sizeof *c);
      kept += count;
    }
  }
  plan->callee_count = kept;
}

/* Those of a table that nobody writes. */
static int list(hcc_plan *plan, uint32_t *slots, hcc__rw *rw, uint32_t table) {
  uint32_t size = rw->m->tables[table].limits.min;
  int status = 0;
  for (uint32_t i = 0; i < size; i++) {
    slots[i] = HCC_RW_NONE;
  }
  HCC_TRY(fill(slots, rw, table));
  for (uint32_t i = 0; i < size; i++) {
    if (slots[i] != HCC_RW_NONE) {
      plan->callees[plan->callee_count++] = callee(plan, rw, table, i, slots[i]);
    }
  }
out:
  return status;
}

static bool is_known(const hcc__rw *rw, uint32_t table) {
  return rw->m->tables[table].type == HCC_FUNCREF && !rw->table_written[table];
}

int hcc__rw_callees(hcc_plan *plan, hcc__rw *rw) {
  const hcc_module *m = rw->m;
  size_t all = 0; /* places of tables that are known: no more than HCC_MAX_TABLE_ELEMENTS */
  uint32_t *slots = NULL;
  int status = 0;
  plan->type_count = rw->type_count;
  for (uint32_t t = 0; t < m->table_count; t++) {
    all += is_known(rw, t) ? m->tables[t].limits.min : 0;
  }
  if (all == 0) {
    goto out;
  }
  slots = malloc(all * sizeof *slots);
  plan->callees = calloc(all, sizeof *plan->callees);
  if (slots == NULL || plan->callees == NULL) {
    HCC_TRY(hcc__rw_no_memory(rw));
  }
  for (uint32_t t = 0; t < m->table_count; t++) {
    HCC_TRY(is_known(rw, t) ? list(plan, slots, rw, t) : 0);
  }
  qsort(plan->callees, plan->callee_count, sizeof *plan->callees, by_type);
  choose(plan);
out:
  free(slots);
  return status;
}
