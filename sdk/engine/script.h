/* script.h - what heliosc puts into helios.script, for the glue of every interpreter: files, the
 * main one first, and what the source says of the procedures' types. docs/script-engines.md.
 *
 *   u32 0x31534c48 ("HLS1"), u32 files, then for each: u32 name bytes, u32 bytes, name, contents,
 * NUL
 *
 * The file "helios:types" has a line for each procedure: NAME TAB PARAMETER:KIND[?] TAB ... - the
 * kind is a letter of the language's, '?' a parameter that may be NULL.
 *
 * Header only, freestanding. Invariant: what hs_find gives lies inside the script. */
#ifndef HELIOS_ENGINE_SCRIPT_H
#define HELIOS_ENGINE_SCRIPT_H

#include <heliosdb.h>

typedef struct hs_script {
  const char *bytes;
  unsigned size;
} hs_script;

typedef struct hs_file {
  const char *name, *text; /* a NUL behind the text */
  unsigned name_length, length;
} hs_file;

static inline unsigned hs_u32(const char *at) {
  const unsigned char *b = (const unsigned char *)at;
  return (unsigned)b[0] | (unsigned)b[1] << 8 | (unsigned)b[2] << 16 | (unsigned)b[3] << 24;
}

/* File n; false: there is none, or the script is cut. */
static inline bool hs_file_at(hs_file *out, const hs_script *s, unsigned n) {
  unsigned at = 8;
  if (s->size < 8 || hs_u32(s->bytes) != 0x31534c48 || n >= hs_u32(s->bytes + 4)) {
    return false;
  }
  for (unsigned i = 0;; i++) {
    if (s->size - at < 8) {
      return false;
    }
    out->name_length = hs_u32(s->bytes + at);
    out->length = hs_u32(s->bytes + at + 4);
    at += 8;
    unsigned left = s->size - at;
    if (out->name_length > left || out->length >= left - out->name_length) {
      return false;
    }
    out->name = s->bytes + at;
    out->text = out->name + out->name_length;
    at += out->name_length + out->length + 1;
    if (i == n) {
      return out->text[out->length] == 0;
    }
  }
}

static inline bool hs_same(const char *a, unsigned n, const char *b, unsigned m) {
  for (unsigned i = 0; n == m && i < n; i++) {
    if (a[i] != b[i]) {
      return false;
    }
  }
  return n == m;
}

static inline bool hs_find(hs_file *out, const hs_script *s, const char *name, unsigned length) {
  for (unsigned i = 0; hs_file_at(out, s, i); i++) {
    if (hs_same(out->name, out->name_length, name, length)) {
      return true;
    }
  }
  return false;
}

/* What the source says of a parameter. */
typedef struct hs_param {
  const char *name; /* not terminated */
  unsigned name_length;
  char kind;
  bool nullable;
} hs_param;

static inline unsigned hs_until(const char *text, unsigned length, char a, char b) {
  unsigned n = 0;
  while (n < length && text[n] != a && text[n] != b) {
    n++;
  }
  return n;
}

/* The parameters of a procedure, as many as fit max. -1: the script does not have it. */
static inline int hs_types(hs_param *out, unsigned max, const hs_script *s, const char *name,
                           unsigned name_length) {
  hs_file f;
  unsigned count = 0;
  if (!hs_find(&f, s, "helios:types", 12)) {
    return -1;
  }
  while (f.length > 0) {
    unsigned line = hs_until(f.text, f.length, '\n', '\n');
    unsigned word = hs_until(f.text, line, '\t', '\t'), at = word;
    bool mine = hs_same(f.text, word, name, name_length);
    while (mine && at < line && count < max) {
      const char *p = f.text + at + 1;
      unsigned n = hs_until(p, line - at - 1, '\t', '\t'), colon = hs_until(p, n, ':', ':');
      out[count].name = p;
      out[count].name_length = colon;
      out[count].kind = colon + 1 < n ? p[colon + 1] : '-';
      out[count++].nullable = n > 0 && p[n - 1] == '?';
      at += n + 1;
    }
    if (mine) {
      return (int)count;
    }
    f.text += line;
    f.length -= line;
    if (f.length > 0) {
      f.text++;
      f.length--;
    }
  }
  return -1;
}

#endif
