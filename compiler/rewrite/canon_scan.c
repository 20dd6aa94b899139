/* canon_scan.c - one walk over all bodies before anything is written: which types and data segments
 * they use and which functions change state. It never writes output. Owns: rw->impure,
 * rw->table_written. */
#include "callgraph.h"
#include "imports.h"
#include "rewrite_parts.h"

static int need_data(hcc__rw *rw, const hcc_instr *instr) {
  if (instr->a >= rw->m->data_count) {
    return hcc__rw_bug(rw, instr->begin);
  }
  rw->data_ids[instr->a] = HCC_RW_PENDING;
  return 0;
}

static int scan_call(hcc_buf *edges, hcc__rw *rw, uint32_t caller, const hcc_instr *instr) {
  hcc_edge e = {caller, instr->a}; /* of defined functions only */
  if (e.callee >= rw->m->func_count) {
    return hcc__rw_bug(rw, instr->begin);
  }
  if (rw->m->funcs[e.callee].imported) {
    rw->impure[caller] |= hcc_imports_writes(rw->m, e.callee);
  } else {
    hcc_buf_add(edges, &e, sizeof e);
  }
  return 0;
}

static int scan_instr(hcc_buf *edges, hcc__rw *rw, uint32_t func, const hcc_instr *instr) {
  if (instr->info->flags & HCC_OPF_WRITES) {
    rw->impure[func] = true;
  }
  int status = hcc__rw_note_table(rw, instr);
  if (status != 0) {
    return status;
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

int hcc__rw_scan(hcc__rw *rw) {
  hcc_buf edges;
  hcc_buf_init(&edges, SIZE_MAX);
  int status = 0;
  for (uint32_t f = 0; f < rw->m->func_count; f++) {
    HCC_TRY(scan_func(&edges, rw, f));
  }
  HCC_TRY(hcc_callgraph_spread(rw->impure, rw->m->func_count, &edges, rw->err));
out:
  hcc_buf_free(&edges);
  return status;
}
