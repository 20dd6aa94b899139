/* decode_names.c - function names of the name section (core specification, appendix, custom
 * sections). The section is advice: whatever is wrong with it is no error. Names are byte ranges
 * that may hold anything, checked to lie in the section only. */
#include "decode_internal.h"

static int decode_function_names(hcc__decoder *d, hcc_reader *r) {
  uint32_t count, index, length;
  hcc_range name;
  int status;
  HCC_TRY(hcc_read_u32(&count, r, NULL));
  for (uint32_t i = 0; i < count; i++) {
    HCC_TRY(hcc_read_u32(&index, r, NULL));
    HCC_TRY(hcc_read_u32(&length, r, NULL));
    HCC_TRY(hcc_read_range(&name, length, r, NULL));
    if (index < d->m->func_count) {
      d->m->funcs[index].name = name;
    }
  }
out:
  return status;
}

static int decode_subsections(hcc__decoder *d) {
  hcc_reader r = {d->m->bytes, d->names.begin, d->names.end};
  hcc_range body;
  uint32_t size;
  uint8_t id;
  int status = 0;
  while (r.pos < r.end) {
    HCC_TRY(hcc_read_byte(&id, &r, NULL));
    HCC_TRY(hcc_read_u32(&size, &r, NULL));
    HCC_TRY(hcc_read_range(&body, size, &r, NULL));
    if (id == 1) {
      hcc_reader functions = {r.bytes, body.begin, body.end};
      HCC_TRY(decode_function_names(d, &functions));
    }
  }
out:
  return status;
}

void hcc__decode_names(hcc__decoder *d) {
  hcc_module *m = d->m;
  if (decode_subsections(d) == 0) {
    return;
  }
  for (uint32_t i = 0; i < m->func_count; i++) {
    m->funcs[i].name = (hcc_range){0, 0};
  }
}
