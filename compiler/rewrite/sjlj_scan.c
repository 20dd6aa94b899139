/* sjlj_scan.c - one walk over the module before anything is written: which types are equal, what
 * the table holds, which functions may throw. It never writes output. Owns: classes, throws,
 * table. */
#include <stdlib.h>
#include <string.h>

#include "callgraph.h"
#include "sjlj_parts.h"

typedef struct sorted_type {
  const hcc_functype *type;
  uint32_t index;
} sorted_type;

static int compare_counts(uint32_t a, uint32_t b) {
  return a < b ? -1 : a > b;
}

static int compare_shapes(const hcc_functype *x, const hcc_functype *y) {
  int order = compare_counts(x->param_count, y->param_count);
  order = order != 0 ? order : compare_counts(x->result_count, y->result_count);
  if (order == 0 && x->param_count != 0) {
    order = memcmp(x->params, y->params, x->param_count);
  }
  if (order == 0 && x->result_count != 0) {
    order = memcmp(x->results, y->results, x->result_count);
  }
  return order;
}

static int compare_types(const void *a, const void *b) {
  const sorted_type *x = a, *y = b;
  int order = compare_shapes(x->type, y->type);
  return order != 0 ? order : compare_counts(x->index, y->index);
}

static int find_classes(hcc__sj *sj) {
  uint32_t count = sj->m->type_count, first = 0;
  sorted_type *sorted = malloc(((size_t)count + 1) * sizeof *sorted);
  if (sorted == NULL) {
    return hcc__sj_no_memory(sj);
  }
  for (uint32_t i = 0; i < count; i++) {
    sorted[i] = (sorted_type){&sj->m->types[i], i};
  }
  qsort(sorted, count, sizeof *sorted, compare_types);
  for (uint32_t i = 0; i < count; i++) {
    first =
        i != 0 && compare_shapes(sorted[i - 1].type, sorted[i].type) == 0 ? first : sorted[i].index;
    sj->classes[sorted[i].index] = first;
  }
  free(sorted);
  return 0;
}

bool hcc__sj_invokes(const hcc__sj *sj, uint32_t invoke, uint32_t type) {
  const hcc_functype *i = &sj->m->types[invoke], *t = &sj->m->types[type];
  return i->param_count == t->param_count + 1 && i->result_count == t->result_count &&
         (t->param_count == 0 || memcmp(i->params + 1, t->params, t->param_count) == 0) &&
         (t->result_count == 0 || memcmp(i->results, t->results, t->result_count) == 0);
}

/* A function whose address is taken may be called through the table by its type. */
static int take_address(hcc_buf *edges, const hcc__sj *sj, uint32_t func, uint64_t offset) {
  if (func >= sj->m->func_count) {
    return hcc__sj_bug(sj, offset);
  }
  hcc_edge e = {sj->m->func_count + sj->classes[sj->m->funcs[func].type], func};
  hcc_buf_add(edges, &e, sizeof e);
  return 0;
}

static int scan_call(hcc_buf *edges, const hcc__sj *sj, uint32_t caller, const hcc_instr *i) {
  hcc_edge e = {caller, i->a};
  if (i->a >= sj->m->func_count) {
    return hcc__sj_bug(sj, i->begin);
  }
  hcc_buf_add(edges, &e, sizeof e);
  return 0;
}

static int scan_indirect(hcc_buf *edges, const hcc__sj *sj, uint32_t caller, const hcc_instr *i) {
  if (i->a >= sj->m->type_count) {
    return hcc__sj_bug(sj, i->begin);
  }
  hcc_edge e = {caller, sj->m->func_count + sj->classes[i->a]};
  hcc_buf_add(edges, &e, sizeof e);
  return 0;
}

static int scan_ref(hcc_buf *edges, hcc__sj *sj, const hcc_instr *i) {
  int status = take_address(edges, sj, i->a, i->begin);
  if (status == 0) {
    sj->named[i->a] = true;
  }
  return status;
}

static int scan_instr(hcc_buf *edges, hcc__sj *sj, uint32_t caller, const hcc_instr *i) {
  switch (i->code) {
  case HCC_OP_CALL:
    return scan_call(edges, sj, caller, i);
  case HCC_OP_CALL_INDIRECT:
    return scan_indirect(edges, sj, caller, i);
  case HCC_OP_REF_FUNC:
    return scan_ref(edges, sj, i);
  case HCC_OP_TABLE_SET:
  case HCC_OP_TABLE_GROW:
  case HCC_OP_TABLE_FILL:
  case HCC_OP_TABLE_COPY:
  case HCC_OP_TABLE_INIT:
    sj->table_size = 0;
    return 0;
  default:
    return 0;
  }
}

static int scan_code(hcc_buf *edges, hcc__sj *sj, uint32_t caller, hcc_range code) {
  hcc_reader r = {sj->m->bytes, code.begin, code.end};
  int status = 0;
  while (r.pos < r.end) {
    hcc_instr i;
    HCC_TRY(hcc_instr_next(&i, &r, sj->err));
    HCC_TRY(scan_instr(edges, sj, caller, &i));
  }
out:
  return status;
}

/* One item of an element segment: the function, or NONE for ref.null. */
static int read_item(uint32_t *out, const hcc__sj *sj, const hcc_elem *elem, hcc_reader *r) {
  hcc_instr i, end;
  int status = 0;
  if (!elem->exprs) {
    return hcc_read_u32(out, r, sj->err);
  }
  HCC_TRY(hcc_instr_next(&i, r, sj->err));
  *out = i.code == HCC_OP_REF_FUNC ? i.a : HCC_SJ_NONE;
  do {
    HCC_TRY(hcc_instr_next(&end, r, sj->err));
  } while (end.code != HCC_OP_END);
out:
  return status;
}

/* Where an active segment of table 0 begins; NONE if that is not one constant. */
static uint32_t segment_begin(const hcc__sj *sj, const hcc_elem *elem) {
  hcc_reader r = {sj->m->bytes, elem->offset.begin, elem->offset.end};
  hcc_instr value, end;
  bool constant = elem->mode == HCC_ACTIVE && elem->table == 0 &&
                  hcc_instr_next(&value, &r, NULL) == 0 && value.code == HCC_OP_I32_CONST &&
                  hcc_instr_next(&end, &r, NULL) == 0 && end.code == HCC_OP_END;
  return constant ? (uint32_t)value.value : HCC_SJ_NONE;
}

static int scan_elem(hcc_buf *edges, hcc__sj *sj, const hcc_elem *elem) {
  hcc_reader r = {sj->m->bytes, elem->items.begin, elem->items.end};
  uint32_t at = segment_begin(sj, elem);
  int status = 0;
  if (at == HCC_SJ_NONE && elem->mode == HCC_ACTIVE) {
    sj->table_size = 0;
  }
  for (uint32_t i = 0; i < elem->count; i++) {
    uint32_t func = HCC_SJ_NONE;
    HCC_TRY(read_item(&func, sj, elem, &r));
    HCC_TRY(func == HCC_SJ_NONE ? 0 : take_address(edges, sj, func, elem->items.begin));
    if (at != HCC_SJ_NONE && (uint64_t)at + i < sj->table_size) {
      sj->table[at + i] = func;
    }
  }
out:
  return status;
}

int hcc__sj_scan(hcc__sj *sj) {
  const hcc_module *m = sj->m;
  hcc_buf edges;
  int status;
  hcc_buf_init(&edges, SIZE_MAX);
  HCC_TRY(find_classes(sj));
  for (uint32_t i = 0; i < m->elem_count; i++) {
    HCC_TRY(scan_elem(&edges, sj, &m->elems[i]));
  }
  for (uint32_t i = 0; i < m->global_count; i++) {
    HCC_TRY(scan_code(&edges, sj, 0, m->globals[i].init));
  }
  for (uint32_t f = 0; f < m->func_count; f++) {
    HCC_TRY(m->funcs[f].imported ? 0 : scan_code(&edges, sj, f, m->funcs[f].code));
    sj->throws[f] = sj->kinds[f] == HCC_SJ_THROW;
  }
  HCC_TRY(hcc_callgraph_spread(sj->throws, m->func_count + m->type_count, &edges, sj->err));
out:
  hcc_buf_free(&edges);
  return status;
}
