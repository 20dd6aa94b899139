/* canon_const.c - constant expressions (core specification 3.3.10 and extended-const). Each becomes
 * one instruction: arithmetic is done here, global.get is replaced by the global's value. It
 * never trusts the stack's height. Owns: rw->stack. */
#include "rewrite_parts.h"

static int push(hcc__rw *rw, const hcc__rw_const *value) {
  hcc_buf_add(&rw->stack, value, sizeof *value);
  return rw->stack.failed ? hcc__rw_no_memory(rw) : 0;
}

static bool pop(hcc__rw_const *out, hcc__rw *rw) {
  if (rw->stack.size < sizeof *out) {
    return false;
  }
  rw->stack.size -= sizeof *out;
  *out = *(hcc__rw_const *)(void *)(rw->stack.data + rw->stack.size);
  return true;
}

static uint64_t add(uint64_t a, uint64_t b) {
  return a + b;
}

static uint64_t subtract(uint64_t a, uint64_t b) {
  return a - b;
}

static uint64_t multiply(uint64_t a, uint64_t b) {
  return a * b;
}

static const struct {
  uint32_t code;
  uint64_t (*apply)(uint64_t a, uint64_t b); /* modulo 2^64, hence modulo 2^32 too */
} operators[] = {
    {HCC_OP_I32_ADD, add}, {HCC_OP_I32_SUB, subtract}, {HCC_OP_I32_MUL, multiply},
    {HCC_OP_I64_ADD, add}, {HCC_OP_I64_SUB, subtract}, {HCC_OP_I64_MUL, multiply},
};

static int apply(hcc__rw *rw, const hcc_instr *instr) {
  hcc__rw_const a, b;
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
    if (operators[i].code == instr->code && pop(&b, rw) && pop(&a, rw)) {
      a.bits = operators[i].apply(a.bits, b.bits);
      return push(rw, &a);
    }
  }
  return hcc__rw_bug(rw, instr->begin);
}

static int step(hcc__rw *rw, const hcc_instr *instr) {
  hcc__rw_const value = {.kind = HCC_RW_RAW, .raw = {instr->begin, instr->end}};
  switch (instr->code) {
  case HCC_OP_I32_CONST:
    value = (hcc__rw_const){.kind = HCC_RW_I32, .bits = instr->value};
    break;
  case HCC_OP_I64_CONST:
    value = (hcc__rw_const){.kind = HCC_RW_I64, .bits = instr->value};
    break;
  case HCC_OP_REF_FUNC:
    value = (hcc__rw_const){.kind = HCC_RW_REF_FUNC, .func = instr->a};
    break;
  case HCC_OP_GLOBAL_GET:
    if (instr->a >= rw->global_count) {
      return hcc__rw_bug(rw, instr->begin);
    }
    value = rw->globals[instr->a];
    break;
  case HCC_OP_F32_CONST:
  case HCC_OP_F64_CONST:
  case HCC_OP_V128_CONST:
  case HCC_OP_REF_NULL:
    break;
  default:
    return apply(rw, instr);
  }
  return push(rw, &value);
}

int hcc__rw_const_eval(hcc__rw_const *out, hcc__rw *rw, hcc_reader *r) {
  hcc_instr instr = {0};
  int status;
  rw->stack.size = 0;
  HCC_TRY(hcc_instr_next(&instr, r, rw->err));
  while (instr.code != HCC_OP_END) {
    HCC_TRY(step(rw, &instr));
    HCC_TRY(hcc_instr_next(&instr, r, rw->err));
  }
  if (rw->stack.size != sizeof *out || !pop(out, rw)) {
    status = hcc__rw_bug(rw, instr.begin);
  }
out:
  return status;
}

void hcc__rw_const_put(hcc_buf *out, const hcc__rw *rw, const hcc__rw_const *value) {
  switch (value->kind) {
  case HCC_RW_I32:
    hcc_buf_byte(out, HCC_OP_I32_CONST);
    hcc_buf_s32(out, (int32_t)(uint32_t)value->bits);
    break;
  case HCC_RW_I64:
    hcc_buf_byte(out, HCC_OP_I64_CONST);
    hcc_buf_s64(out, (int64_t)value->bits);
    break;
  case HCC_RW_REF_FUNC:
    hcc_buf_byte(out, HCC_OP_REF_FUNC);
    hcc_buf_u32(out, hcc__rw_func(rw, value->func));
    break;
  case HCC_RW_RAW:
    hcc_buf_add(out, rw->m->bytes + value->raw.begin, value->raw.end - value->raw.begin);
    break;
  }
  hcc_buf_byte(out, HCC_OP_END);
}
