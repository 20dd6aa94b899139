/* wasm_build.h - builds small WebAssembly modules for tests. Static functions, so that each test
 * program takes what it needs. A buffer that fails makes the test fail. */
#ifndef WASM_BUILD_H
#define WASM_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "instr.h"

#define WB_UNUSED __attribute__((unused))
#define WB_BYTES(literal) (literal), sizeof(literal) - 1
#define WB_MAX ((size_t)200 << 20)

/* Bytes of exactly their size on the heap, so that AddressSanitizer sees a read behind the end. */
static WB_UNUSED uint8_t *wb_exact(const void *bytes, size_t size) {
  uint8_t *copy = malloc(size != 0 ? size : 1);
  assert_non_null(copy);
  if (size != 0) {
    memcpy(copy, bytes, size);
  }
  return copy;
}

static WB_UNUSED void wb_begin(hcc_buf *out) {
  hcc_buf_init(out, WB_MAX);
  hcc_buf_add(out, WB_BYTES("\0asm\1\0\0\0"));
}

static WB_UNUSED void wb_section(hcc_buf *out, uint8_t id, const void *bytes, size_t size) {
  hcc_buf_byte(out, id);
  hcc_buf_u32(out, (uint32_t)size);
  hcc_buf_add(out, bytes, size);
  assert_false(out->failed);
}

/* Frees content. */
static WB_UNUSED void wb_section_of(hcc_buf *out, uint8_t id, hcc_buf *content) {
  assert_false(content->failed);
  wb_section(out, id, content->data, content->size);
  hcc_buf_free(content);
}

/* A section of count items that are all the same. */
static WB_UNUSED void wb_repeat(hcc_buf *out, uint8_t id, uint32_t count, const void *item,
                                size_t size) {
  hcc_buf content;
  hcc_buf_init(&content, WB_MAX);
  hcc_buf_u32(&content, count);
  for (uint32_t i = 0; i < count; i++) {
    hcc_buf_add(&content, item, size);
  }
  wb_section_of(out, id, &content);
}

static WB_UNUSED uint8_t wb_letter(char letter) {
  static const char letters[] = "ijfdvre";
  static const uint8_t types[] = {HCC_I32,  HCC_I64,     HCC_F32,      HCC_F64,
                                  HCC_V128, HCC_FUNCREF, HCC_EXTERNREF};
  const char *found = strchr(letters, letter);
  assert_non_null(found);
  return types[found - letters];
}

/* A function type by its signature, such as "ij:f". */
static WB_UNUSED void wb_functype(hcc_buf *out, const char *sig) {
  const char *colon = strchr(sig, ':');
  hcc_buf_byte(out, 0x60);
  hcc_buf_u32(out, (uint32_t)(colon - sig));
  for (const char *p = sig; p < colon; p++) {
    hcc_buf_byte(out, wb_letter(*p));
  }
  hcc_buf_u32(out, (uint32_t)strlen(colon + 1));
  for (const char *p = colon + 1; *p != '\0'; p++) {
    hcc_buf_byte(out, wb_letter(*p));
  }
}

/* An instruction whose immediates are all zero, or the least that is well formed. */
static WB_UNUSED void wb_op(hcc_buf *out, uint32_t code) {
  static const struct {
    uint8_t size, bytes[2];
  } imms[] = {
      [HCC_IMM_NONE] = {0, {0}},         [HCC_IMM_BLOCK] = {1, {0x40}},
      [HCC_IMM_LABEL] = {1, {0}},        [HCC_IMM_BR_TABLE] = {2, {0}},
      [HCC_IMM_FUNC] = {1, {0}},         [HCC_IMM_CALL_INDIRECT] = {2, {0}},
      [HCC_IMM_LOCAL] = {1, {0}},        [HCC_IMM_GLOBAL] = {1, {0}},
      [HCC_IMM_TABLE] = {1, {0}},        [HCC_IMM_TABLE_COPY] = {2, {0}},
      [HCC_IMM_TABLE_INIT] = {2, {0}},   [HCC_IMM_ELEM] = {1, {0}},
      [HCC_IMM_DATA] = {1, {0}},         [HCC_IMM_MEMORY] = {1, {0}},
      [HCC_IMM_MEMORY_COPY] = {2, {0}},  [HCC_IMM_MEMORY_INIT] = {2, {0}},
      [HCC_IMM_MEMARG] = {2, {0}},       [HCC_IMM_MEMARG_LANE] = {3, {0}},
      [HCC_IMM_LANE] = {1, {0}},         [HCC_IMM_SHUFFLE] = {16, {0}},
      [HCC_IMM_I32] = {1, {0}},          [HCC_IMM_I64] = {1, {0}},
      [HCC_IMM_F32] = {4, {0}},          [HCC_IMM_F64] = {8, {0}},
      [HCC_IMM_V128] = {16, {0}},        [HCC_IMM_REF_TYPE] = {1, {0x70}},
      [HCC_IMM_SELECT] = {2, {1, 0x7f}},
  };
  const hcc_op_info *info = hcc_op_info_of(code);
  assert_non_null(info);
  if (code >= 0x100) {
    hcc_buf_byte(out, (uint8_t)(code >> 8));
    hcc_buf_u32(out, code & 0xff);
  } else {
    hcc_buf_byte(out, (uint8_t)code);
  }
  for (unsigned i = 0; i < imms[info->imm].size; i++) {
    hcc_buf_byte(out, i < 2 ? imms[info->imm].bytes[i] : 0);
  }
}

/* One function of the given signature in a module that has one of all else: function 0 of ()->()
 * may be referred to; tables 0 (funcref) and 1 (externref); a memory; global 0 (mutable i32); a
 * passive element and a passive data segment. The function has index 1, its code holds local
 * declarations too. */
static WB_UNUSED void wb_function_module(hcc_buf *out, const char *sig, const void *code,
                                         size_t size) {
  hcc_buf content;
  wb_begin(out);
  hcc_buf_init(&content, WB_MAX);
  hcc_buf_byte(&content, 2);
  wb_functype(&content, ":");
  wb_functype(&content, sig);
  wb_section_of(out, 1, &content);
  wb_section(out, 3, WB_BYTES("\2\0\1"));
  wb_section(out, 4, WB_BYTES("\2\x70\0\12\x6f\0\12"));
  wb_section(out, 5, WB_BYTES("\1\0\1"));
  wb_section(out, 6, WB_BYTES("\1\x7f\1\x41\0\x0b"));
  wb_section(out, 9, WB_BYTES("\1\1\0\1\0"));
  wb_section(out, 12, WB_BYTES("\1"));
  hcc_buf_init(&content, WB_MAX);
  hcc_buf_add(&content, WB_BYTES("\2\2\0\x0b"));
  hcc_buf_u32(&content, (uint32_t)size);
  hcc_buf_add(&content, code, size);
  wb_section_of(out, 10, &content);
  wb_section(out, 11, WB_BYTES("\1\1\3abc"));
}

#endif
