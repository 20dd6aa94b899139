/* error.c - filling in a helios_error. Never allocates, never fails, never prints. Owns the rule
 * that the first, deepest error wins. */
#include "plugin/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int hrt_fail(helios_error *err, helios_code code, const char *format, ...) {
  if (err == NULL || err->code != HELIOS_OK) {
    return code;
  }
  va_list args;
  va_start(args, format);
  int length = vsnprintf(err->text, sizeof err->text, format, args);
  va_end(args);
  if (length <= 0) {
    snprintf(err->text, sizeof err->text, "error %d", (int)code);
  }
  err->code = code;
  err->trap = 0;
  err->offset = HELIOS_NO_OFFSET;
  err->guest_code = 0;
  err->hint[0] = '\0';
  return code;
}

void hrt_hint(helios_error *err, const char *format, ...) {
  if (err == NULL || err->hint[0] != '\0') {
    return;
  }
  va_list args;
  va_start(args, format);
  if (vsnprintf(err->hint, sizeof err->hint, format, args) < 0) {
    err->hint[0] = '\0';
  }
  va_end(args);
}

/* Writes one byte for people; returns how many characters. Backslash is escaped too, so that the
 * text can't pretend to be an escape. */
static size_t escape_byte(char *out, unsigned char byte) {
  static const char hex[] = "0123456789abcdef";
  if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
    out[0] = (char)byte;
    return 1;
  }
  out[0] = '\\';
  out[1] = 'x';
  out[2] = hex[byte >> 4];
  out[3] = hex[byte & 15];
  return 4;
}

const char *hrt_escape(char out[HRT_ESCAPED], const void *bytes, size_t length) {
  enum { SHOWN = 64 };
  _Static_assert(SHOWN * 4 + sizeof "..." <= HRT_ESCAPED, "the longest result fits");
  size_t used = 0;
  for (size_t i = 0; i < length && i < SHOWN; i++) {
    used += escape_byte(out + used, ((const unsigned char *)bytes)[i]);
  }
  memcpy(out + used, length > SHOWN ? "..." : "", length > SHOWN ? 4 : 1);
  return out;
}
