/* utf8.c - is it UTF-8, and text made fit to show. Must never read past length nor write past
 * size. */
#include "host/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the sequence at p, 0 if it is none: shortest form, no surrogate, <= U+10FFFF. */
static size_t sequence(const uint8_t *p, size_t left) {
  static const struct {
    uint8_t mask, lead, count;
    uint32_t least;
  } forms[] = {
      {0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};
  for (size_t f = 0; f < 4; f++) {
    if ((p[0] & forms[f].mask) != forms[f].lead) {
      continue;
    }
    if (forms[f].count > left) {
      return 0;
    }
    uint32_t c = p[0] & (uint8_t)~forms[f].mask;
    for (size_t i = 1; i < forms[f].count; i++) {
      if ((p[i] & 0xc0) != 0x80) {
        return 0;
      }
      c = c << 6 | (p[i] & 0x3f);
    }
    bool ok = c >= forms[f].least && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
    return ok ? forms[f].count : 0;
  }
  return 0;
}

bool hrt_utf8(const void *bytes, size_t length) {
  const uint8_t *p = bytes, *end = p + length;
  while (p < end) {
    uint64_t eight;
    if (end - p >= 8 && (memcpy(&eight, p, 8), (eight & UINT64_C(0x8080808080808080)) == 0)) {
      p += 8;
      continue;
    }
    size_t n = sequence(p, (size_t)(end - p));
    if (n == 0) {
      return false;
    }
    p += n;
  }
  return true;
}

/* Controls of C0 and C1, and the marks that turn the direction of text around. */
static bool control(const uint8_t *p, size_t n) {
  if (n == 1) {
    return p[0] < 0x20 || p[0] == 0x7f;
  }
  if (n == 2) {
    return p[0] == 0xc2 && p[1] < 0xa0;
  }
  return n == 3 && p[0] == 0xe2 &&
         ((p[1] == 0x80 && ((p[2] >= 0xaa && p[2] <= 0xae) || p[2] == 0xa8 || p[2] == 0xa9)) ||
          (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

size_t hrt_clean(char *out, size_t size, const void *bytes, size_t length) {
  const uint8_t *p = bytes, *end = p + length;
  size_t to = 0;
  while (p < end) {
    size_t n = sequence(p, (size_t)(end - p));
    bool show = n > 0 && !control(p, n);
    size_t take = n > 0 ? n : 1, need = show ? n : take * 4;
    if (to + need + 1 > size) {
      break;
    }
    if (show) {
      memcpy(out + to, p, n);
      to += n;
    } else {
      for (size_t i = 0; i < take; i++) {
        to += (size_t)snprintf(out + to, size - to, "\\x%02x", p[i]);
      }
    }
    p += take;
  }
  out[to] = 0;
  return to;
}
