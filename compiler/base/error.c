/* error.c - makes and explains errors. It never allocates, never prints and never lets a guest byte
 * through unescaped. Owns: the tables made of errors.def. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

struct row {
  enum hcc_code code;
  int exit;
  const char *title, *hint;
};

static const struct row rows[] = {
    {HCC_OK, 0, "no error", ""},
#define HCC_ERROR(name, number, exit, title, hint) {HCC_E_##name, exit, title, hint},
#include "errors.def"
#undef HCC_ERROR
};

int hcc_fail(hcc_error *err, enum hcc_code code, uint64_t offset, const char *format, ...) {
  if (err != NULL && err->code == HCC_OK) {
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->code = code;
    err->offset = offset;
    err->func = UINT32_MAX;
  }
  return (int)code;
}

static const struct row *row_of(enum hcc_code code) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].code == code) {
      return &rows[i];
    }
  }
  return NULL;
}

const char *hcc_code_title(enum hcc_code code) {
  const struct row *row = row_of(code);
  return row != NULL ? row->title : "unknown error";
}

const char *hcc_code_hint(enum hcc_code code) {
  const struct row *row = row_of(code);
  return row != NULL ? row->hint : "";
}

int hcc_code_exit(enum hcc_code code) {
  const struct row *row = row_of(code);
  return row != NULL ? row->exit : hcc_code_exit(HCC_E_INTERNAL);
}

const char *hcc_escape(char out[HCC_ESCAPED], const void *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  const uint8_t *in = bytes;
  size_t shown = length < 64 ? length : 64, at = 0;
  for (size_t i = 0; i < shown; i++) {
    if (in[i] >= 0x20 && in[i] < 0x7f && in[i] != '\\') {
      out[at++] = (char)in[i];
    } else {
      out[at++] = '\\';
      out[at++] = 'x';
      out[at++] = digits[in[i] >> 4];
      out[at++] = digits[in[i] & 15];
    }
  }
  for (size_t i = 0; shown < length && i < 3; i++) {
    out[at++] = '.';
  }
  out[at] = '\0';
  return out;
}
