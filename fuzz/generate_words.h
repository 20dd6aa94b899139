/* generate_words.h - instructions in a word, for the files of the generator that write most of
 * theirs one by one. */
#ifndef FUZZ_GENERATE_WORDS_H
#define FUZZ_GENERATE_WORDS_H

#include "generate_parts.h"

static inline uint32_t pick(gen *g, uint32_t n) {
  return fz_below(g->c, n);
}

static inline void op_index(gen *g, uint32_t code, uint32_t index) {
  gen_op(g, code);
  hcc_buf_u32(&g->code, index);
}

static inline void get(gen *g, uint32_t local) {
  op_index(g, HCC_OP_LOCAL_GET, local);
}

static inline void set(gen *g, uint32_t local) {
  op_index(g, HCC_OP_LOCAL_SET, local);
}

static inline void by(gen *g, uint32_t code, int32_t right) {
  gen_i32(g, right);
  gen_op(g, code);
}

#endif
