/* canon_scan.c - one walk over all bodies before anything is written: which types and data segments
 * they use and which functions change state. It never writes output. Owns: rw->impure. */
#include <stdlib.h>
#include <string.h>

#include "rewrite_parts.h"

/* Direct calls of defined functions. */
typedef struct edge {
  uint32_t caller, callee;
} edge;

static int need_data(hcc__rw *rw, const hcc_instr *instr) {
  if (instr->a >= rw->m->data_count) {
    return hcc__rw_bug(rw, instr->begin);
  }
  rw->data_ids[instr->a] = HCC_RW_PENDING;
  return 0;
}

static int scan_call(hcc_buf *edges, hcc__rw *rw, uint32_t caller, const hcc_instr *instr) {
  edge e = {caller, instr->a};
  if (e.callee >= rw->m->func_count) {
    return hcc__rw_bug(rw, instr->begin);
  }
  if (rw->m->funcs[e.callee].imported) {
    rw->impure[caller] = true;
  } else {
    hcc_buf_add(edges, &e, sizeof e);
  }
  return 0;
}

static int scan_instr(hcc_buf *edges, hcc__rw *rw, uint32_t func, const hcc_instr *instr) {
  if (instr->info->flags & HCC_OPF_WRITES) {
    rw->impure[func] = true;
  }
  switch (instr->info->imm) {
  case HCC_IMM_BLOCK:
    return instr->block < 0 ? 0
                            : hcc__rw_need(rw, HCC_RW_BLOCK, (uint32_t)instr->block, instr->begin);
  case HCC_IMM_CALL_INDIRECT:
    rw->impure[func] = true;
    return hcc__rw_need(rw, HCC_RW_FUNC, instr->a, instr->begin);
  case HCC_IMM_DATA:
  case HCC_IMM_MEMORY_INIT:
    return need_data(rw, instr);
  case HCC_IMM_FUNC:
    return instr->code == HCC_OP_CALL ? scan_call(edges, rw, func, instr) : 0;
  default:
    return 0;
  }
}

static int scan_func(hcc_buf *edges, hcc__rw *rw, uint32_t index) {
  const hcc_func *func = &rw->m->funcs[index];
  hcc_reader r = {rw->m->bytes, func->code.begin, func->code.end};
  int status;
  HCC_TRY(hcc__rw_need(rw, HCC_RW_FUNC, func->type, func->body.begin));
  if (func->imported) {
    rw->impure[index] = true;
    goto out;
  }
  if (rw->options.meter && rw->m->types[func->type].result_count > 1) {
    HCC_TRY(hcc__rw_need(rw, HCC_RW_RESULTS, func->type, func->body.begin));
  }
  while (r.pos < r.end) {
    hcc_instr instr;
    HCC_TRY(hcc_instr_next(&instr, &r, rw->err));
    HCC_TRY(scan_instr(edges, rw, index, &instr));
  }
out:
  return status;
}

/* The callers of f are callers[first[f] .. first[f + 1]). Room: func_count + 1, count. */
static void group_by_callee(uint32_t *first, uint32_t *callers, const edge *edges, size_t count,
                            uint32_t func_count) {
  memset(first, 0, ((size_t)func_count + 1) * sizeof *first);
  for (size_t i = 0; i < count; i++) {
    first[edges[i].callee]++;
  }
  uint32_t sum = 0;
  for (uint32_t f = 0; f <= func_count; f++) { /* first[f]: end of its group, for now */
    sum += first[f];
    first[f] = sum;
  }
  for (size_t i = count; i > 0; i--) {
    callers[--first[edges[i - 1].callee]] = edges[i - 1].caller;
  }
}

/* Whoever calls an impure function is impure. Each function is queued at most once. */
static void spread(bool *impure, uint32_t *queue, const uint32_t *first, const uint32_t *callers,
                   uint32_t func_count) {
  uint32_t queued = 0;
  for (uint32_t f = 0; f < func_count; f++) {
    if (impure[f]) {
      queue[queued++] = f;
    }
  }
  for (uint32_t i = 0; i < queued; i++) {
    for (uint32_t at = first[queue[i]]; at < first[queue[i] + 1]; at++) {
      if (!impure[callers[at]]) {
        impure[callers[at]] = true;
        queue[queued++] = callers[at];
      }
    }
  }
}

static int close_impure(hcc__rw *rw, const hcc_buf *edges) {
  size_t count = edges->size / sizeof(edge), n = rw->m->func_count;
  uint32_t *first = calloc(n + 1, sizeof *first), *queue = calloc(n + 1, sizeof *queue);
  uint32_t *callers = calloc(count + 1, sizeof *callers);
  int status = 0;
  if (first == NULL || queue == NULL || callers == NULL) {
    status = hcc__rw_no_memory(rw);
    goto out;
  }
  group_by_callee(first, callers, (const edge *)(const void *)edges->data, count,
                  rw->m->func_count);
  spread(rw->impure, queue, first, callers, rw->m->func_count);
out:
  free(callers);
  free(queue);
  free(first);
  return status;
}

int hcc__rw_scan(hcc__rw *rw) {
  hcc_buf edges;
  hcc_buf_init(&edges, SIZE_MAX);
  int status = 0;
  for (uint32_t f = 0; f < rw->m->func_count; f++) {
    HCC_TRY(scan_func(&edges, rw, f));
  }
  if (edges.failed) {
    status = hcc__rw_no_memory(rw);
    goto out;
  }
  HCC_TRY(close_impure(rw, &edges));
out:
  hcc_buf_free(&edges);
  return status;
}
