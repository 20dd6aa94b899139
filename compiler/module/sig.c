/* sig.c - the letters of value types. Invariants: see sig.h. */
#include "sig.h"

static char letter_of(uint8_t type) {
  switch (type) {
  case HCC_I32:
    return 'i';
  case HCC_I64:
    return 'j';
  case HCC_F32:
    return 'f';
  case HCC_F64:
    return 'd';
  case HCC_V128:
    return 'v';
  case HCC_FUNCREF:
    return 'r';
  default:
    return 'e';
  }
}

bool hcc_sig(char out[HCC_SIG], const hcc_functype *type) {
  if (type->param_count > HCC_MAX_PARAMS || type->result_count > HCC_MAX_RESULTS) {
    return false;
  }
  for (uint32_t i = 0; i < type->param_count; i++) {
    *out++ = letter_of(type->params[i]);
  }
  *out++ = ':';
  for (uint32_t i = 0; i < type->result_count; i++) {
    *out++ = letter_of(type->results[i]);
  }
  *out = '\0';
  return true;
}
