/* text.c - text of the database for terminals, tables and JSON. Must let no control character
 * through, nor one that hides or reorders what stands around it. */
#include <string.h>
#include <wchar.h>

#include "shell.h"

/* One character of UTF-8; 0 if the bytes are none. Overlong and surrogate forms are none. */
static size_t decode(uint32_t *out, const unsigned char *s, size_t length) {
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
  if (n == 0 || n > length) {
    return 0;
  }
  uint32_t c = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
  for (size_t i = 1; i < n; i++) {
    if (s[i] >> 6 != 2) {
      return 0;
    }
    c = c << 6 | (s[i] & 0x3f);
  }
  *out = c;
  return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : n;
}

/* Characters without a shape of their own: C1 controls, marks of direction, joiners, tags. */
static bool hidden(uint32_t c) {
  return (c >= 0x80 && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

static size_t put_escape(sh_buf *out, const char *format, unsigned value) {
  char text[16];
  int n = snprintf(text, sizeof text, format, value);
  sh_buf_add(out, text, (size_t)n);
  return (size_t)n;
}

size_t sh_show(sh_buf *out, const char *text, size_t length, bool lines) {
  const unsigned char *s = (const unsigned char *)text;
  size_t columns = 0;
  for (size_t i = 0, n; i < length; i += n) {
    uint32_t c;
    n = decode(&c, s + i, length - i);
    if (n == 0) {
      columns += put_escape(out, "\\x%02x", s[i]);
      n = 1;
    } else if ((c < 0x20 && !(lines && (c == '\n' || c == '\t'))) || c == 0x7f) {
      columns += put_escape(out, "^%c", c ^ 0x40);
    } else if (hidden(c)) {
      columns += put_escape(out, "\\u{%x}", c);
    } else {
      int width = wcwidth((wchar_t)c);
      sh_buf_add(out, text + i, n);
      columns += width < 0 ? 1 : (size_t)width;
    }
  }
  return columns;
}

void sh_print(FILE *out, const char *text) {
  sh_buf clean = {.data = NULL};
  sh_show(&clean, text, strlen(text), false);
  fputs(sh_buf_get(&clean), out);
  sh_buf_free(&clean);
}

static void json_escape(FILE *out, uint32_t c) {
  if (c < 0x10000) {
    fprintf(out, "\\u%04x", c);
  } else {
    fprintf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
            0xdc00 + ((c - 0x10000) & 0x3ff));
  }
}

/* What is not ASCII is written as it is if it is UTF-8 and shows; ASCII as it is but controls. */
static void json_bytes(FILE *out, const char *text, size_t length, bool escape) {
  const unsigned char *s = (const unsigned char *)text;
  for (size_t i = 0, n; i < length; i += n) {
    uint32_t c;
    n = decode(&c, s + i, length - i);
    if (n == 0) {
      fputs("\\ufffd", out); /* not UTF-8 */
      n = 1;
    } else if (escape && (c == '"' || c == '\\')) {
      fprintf(out, "\\%c", (char)c);
    } else if (c < 0x20 || c == 0x7f || hidden(c)) {
      json_escape(out, c);
    } else {
      fwrite(text + i, 1, n, out);
    }
  }
}

void sh_json_string(FILE *out, const char *text, size_t length) {
  fputc('"', out);
  json_bytes(out, text, length, true);
  fputc('"', out);
}

void sh_json_raw(FILE *out, const char *text, size_t length) {
  json_bytes(out, text, length, false);
}
