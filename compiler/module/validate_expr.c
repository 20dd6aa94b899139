/* validate_expr.c - drives the validator over an instruction sequence: a function's body or a
 * constant expression. It never calls itself. Invariants: see validate_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "validate_internal.h"

/* Up to the end that closes the sequence, which must be its last byte. */
static int validate_sequence(hcc__validator *v, hcc_range code, const hcc_functype *type) {
  hcc_reader r = {v->m->bytes, code.begin, code.end};
  int status;
  v->value_count = 0;
  v->frame_count = 0;
  v->in = (hcc_instr){.begin = code.begin};
  HCC_TRY(hcc__push_frame(v, HCC_OP_BLOCK, type));
  while (v->frame_count != 0) {
    HCC_TRY(hcc_instr_next(&v->in, &r, v->err));
    HCC_TRY(hcc__validate_instr(v));
  }
  if (r.pos != r.end) {
    status = hcc_fail(v->err, HCC_E_MALFORMED, r.pos, "instructions behind the final end");
  }
out:
  return status;
}

/* Decoding has checked that there are at most HCC_MAX_LOCALS, parameters included. */
static int set_locals(hcc__validator *v, const hcc_func *func, const hcc_functype *type) {
  hcc_reader r = {v->m->bytes, func->body.begin, func->code.begin};
  uint32_t groups, count;
  uint8_t local;
  int status;
  if (v->locals == NULL) {
    v->locals = malloc(HCC_MAX_LOCALS);
  }
  if (v->locals == NULL) {
    status = hcc_fail(v->err, HCC_E_NO_MEMORY, func->body.begin, "no memory for local types");
    goto out;
  }
  if (type->param_count != 0) {
    memcpy(v->locals, type->params, type->param_count);
  }
  v->local_count = type->param_count;
  HCC_TRY(hcc_read_u32(&groups, &r, v->err));
  for (uint32_t i = 0; i < groups; i++) {
    HCC_TRY(hcc_read_u32(&count, &r, v->err));
    HCC_TRY(hcc_read_type(&local, &r, v->err));
    if (count > HCC_MAX_LOCALS - v->local_count) {
      status =
          hcc_fail(v->err, HCC_E_LIMIT, func->body.begin, "more than %u locals", HCC_MAX_LOCALS);
      goto out;
    }
    memset(v->locals + v->local_count, local, count);
    v->local_count += count;
  }
out:
  return status;
}

int hcc__validate_function(hcc__validator *v, uint32_t index) {
  const hcc_func *func = &v->m->funcs[index];
  const hcc_functype *type = &v->m->types[func->type];
  hcc_functype body = {.results = type->results, .result_count = type->result_count};
  int status;
  v->constant = false;
  HCC_TRY(set_locals(v, func, type));
  HCC_TRY(validate_sequence(v, func->code, &body));
out:
  if (status != 0 && v->err != NULL) {
    v->err->func = index;
  }
  return status;
}

int hcc__validate_constant(hcc__validator *v, hcc_range expr, uint8_t type) {
  hcc_functype body = {.results = &type, .result_count = 1};
  v->constant = true;
  v->local_count = 0;
  return validate_sequence(v, expr, &body);
}
