/* emit.h - writes instructions of ours into a body, one function for each form of immediate. Must
 * never be given a number of the guest's that was not looked at. A buffer that has no memory stays
 * failed (buf.h), so nothing is returned. Encoding: WebAssembly core specification, 5.4. */
#ifndef HCC_EMIT_H
#define HCC_EMIT_H

#include "buf.h"
#include "instr.h"

static inline void emit(hcc_buf *out, uint32_t code) {
  hcc_buf_byte(out, (uint8_t)code);
}

static inline void emit_index(hcc_buf *out, uint32_t code, uint32_t index) {
  emit(out, code);
  hcc_buf_u32(out, index);
}

static inline void emit_i32(hcc_buf *out, uint32_t value) {
  emit(out, HCC_OP_I32_CONST);
  hcc_buf_s32(out, (int32_t)value);
}

static inline void emit_i64(hcc_buf *out, int64_t value) {
  emit(out, HCC_OP_I64_CONST);
  hcc_buf_s64(out, value);
}

/* An operator whose right operand is a constant. */
static inline void emit_by(hcc_buf *out, uint32_t code, int64_t right) {
  emit_i64(out, right);
  emit(out, code);
}

/* A block, loop or if without results. */
static inline void emit_open(hcc_buf *out, uint32_t code) {
  emit(out, code);
  hcc_buf_byte(out, 0x40);
}

#endif
