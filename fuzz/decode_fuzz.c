/* decode_fuzz.c - fuzz target: any bytes through decoder and validator. Besides what sanitizers
 * see, it stops when a promise of module.h, instr.h or error.h is broken. */
#include <string.h>

#include "instr.h"

#define MUST(condition)                                                                            \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      __builtin_trap();                                                                            \
    }                                                                                              \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_error(int status, const hcc_error *err, size_t size) {
  MUST(status == (int)err->code);
  MUST((status == 0) == (err->text[0] == '\0'));
  MUST(status == 0 || status == HCC_E_MALFORMED || status == HCC_E_INVALID ||
       status == HCC_E_LIMIT || status == HCC_E_PROPOSAL);
  MUST(status == 0 || err->offset <= size || err->offset == HCC_NO_OFFSET);
  for (const char *p = err->text; *p != '\0'; p++) {
    MUST(*p >= 0x20 && *p < 0x7f);
  }
}

static void check_range(hcc_range range, size_t size) {
  MUST(range.begin <= range.end && range.end <= size);
}

static void check_ranges(const hcc_module *m) {
  for (uint32_t i = 0; i < m->func_count; i++) {
    check_range(m->funcs[i].body, m->size);
    check_range(m->funcs[i].code, m->size);
    check_range(m->funcs[i].name, m->size);
  }
  for (uint32_t i = 0; i < m->elem_count; i++) {
    check_range(m->elems[i].offset, m->size);
    check_range(m->elems[i].items, m->size);
  }
  for (uint32_t i = 0; i < m->data_count; i++) {
    check_range(m->datas[i].offset, m->size);
    check_range(m->datas[i].bytes, m->size);
  }
  for (uint32_t i = 0; i < m->custom_count; i++) {
    check_range(m->customs[i].name, m->size);
    check_range(m->customs[i].bytes, m->size);
  }
}

/* What later stages rely on: a valid body is whole instructions with blocks that match. */
static void check_bodies(const hcc_module *m) {
  for (uint32_t i = m->imported_funcs; i < m->func_count; i++) {
    hcc_reader r = {m->bytes, m->funcs[i].code.begin, m->funcs[i].code.end};
    hcc_range code;
    hcc_error err = {0};
    MUST(hcc_expr_next(&code, &r, &err) == 0);
    MUST(r.pos == r.end);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  hcc_error err = {0};
  hcc_module *m = NULL;
  int status = hcc_decode(&m, bytes, size, &err);
  MUST((status == 0) == (m != NULL));
  if (status == 0) {
    check_ranges(m);
    status = hcc_validate(m, &err);
    if (status == 0) {
      check_bodies(m);
    }
  }
  check_error(status, &err, size);
  hcc_module_free(m);
  return 0;
}
