/* ctext.c - rewrites wasm2c's C text, line by line. Must refuse what it does not know: a new shape
 * means a wasm2c that this file was not written for. Invariants: see ctext.h. */
#include "ctext.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsb_abi.h"
#include "span.h"

typedef span line; /* without the newline */

typedef struct reader {
  const char *at, *end;
} reader;

static bool next_line(line *out, reader *r) {
  if (r->at >= r->end) {
    return false;
  }
  const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
  stop = stop == NULL ? r->end : stop;
  *out = (line){r->at, (size_t)(stop - r->at)};
  r->at = stop < r->end ? stop + 1 : stop;
  return true;
}

static bool has(line l, const char *text) {
  return memmem(l.at, l.size, text, strlen(text)) != NULL;
}

static bool ends(line l, char c) {
  return l.size > 0 && l.at[l.size - 1] == c;
}

static line trimmed(line l) {
  while (l.size > 0 && *l.at == ' ') {
    l.at++;
    l.size--;
  }
  return l;
}

static int refuse(hcc_error *err, const char *what, line l) {
  char text[HCC_ESCAPED];
  return hcc_fail(err, HCC_E_INTERNAL, HCC_NO_OFFSET, "wasm2c wrote %s: %s", what,
                  hcc_escape(text, l.at, l.size));
}

/* Digits, then nothing; at most 32 bits. */
static bool number(uint32_t *out, const char *at, size_t size) {
  uint64_t v = 0;
  for (size_t i = 0; i < size; i++) {
    if (at[i] < '0' || at[i] > '9' || v > UINT32_MAX) {
      return false;
    }
    v = v * 10 + (uint64_t)(at[i] - '0');
  }
  *out = (uint32_t)v;
  return size > 0 && v <= UINT32_MAX;
}

/* "var_iN = 123u;": the operand of a mark. Sets the variable's name too. */
static bool assignment(line *variable, uint32_t *value, line l) {
  const char *equals = span_begins(l, "var_i") ? span_find(l, " = ", '=') : NULL;
  if (equals == NULL || l.size < 3 || memcmp(l.at + l.size - 2, "u;", 2) != 0) {
    return false;
  }
  *variable = (line){l.at, (size_t)(equals - l.at)};
  return number(value, equals + 3, (size_t)(l.at + l.size - 2 - (equals + 3)));
}

#define MARK "w2c_h_mark(instance->w2c_h_instance, "

/* Is l the call of a mark with this variable? */
static bool mark_of(line l, line variable) {
  size_t n = strlen(MARK);
  return span_begins(l, MARK) && l.size == n + variable.size + 2 &&
         memcmp(l.at + n, variable.at, variable.size) == 0 && l.at[l.size - 2] == ')';
}

/* The next line of code with its mark, if it is one. Leaves out wasm2c's Segue blocks. */
static int next_code(bool *more, line *out, bool *is_mark, uint32_t *offset, reader *r,
                     hcc_error *err) {
  line l, variable, follower;
  *is_mark = false;
  while ((*more = next_line(&l, r))) {
    if (span_is(l, "#if WASM_RT_USE_SEGUE")) {
      while (next_line(&l, r) && !span_is(l, "#endif")) {
      }
      continue;
    }
    l = trimmed(l);
    if (l.size != 0) {
      break;
    }
  }
  *out = l;
  if (!*more) {
    return 0;
  }
  if (assignment(&variable, offset, l)) {
    reader ahead = *r;
    if (next_line(&follower, &ahead) && mark_of(trimmed(follower), variable)) {
      *is_mark = true;
      *r = ahead;
    }
  } else if (span_find(l, "w2c_h_mark", 'k') != NULL) {
    return refuse(err, "a mark without its offset", l);
  }
  return 0;
}

/* A comment may only be that of a NaN constant: " /" "* nan:0x400000 *" "/", or -nan. */
static bool comments_known(line l) {
  reader r = {l.at, l.at + l.size};
  for (;;) {
    const char *at = memmem(r.at, (size_t)(r.end - r.at), "/*", 2);
    if (at == NULL) {
      return memmem(r.at, (size_t)(r.end - r.at), "//", 2) == NULL;
    }
    const char *stop = memmem(at + 2, (size_t)(r.end - at - 2), "*/", 2);
    line comment = {at + 2, stop == NULL ? 0 : (size_t)(stop - at - 2)};
    bool negative = span_begins(comment, " -nan");
    if (!negative && !span_begins(comment, " nan")) {
      return false;
    }
    for (const char *c = comment.at + (negative ? 5 : 4); c < stop; c++) {
      if (strchr(":0123456789abcdefx ", *c) == NULL || *c == '\0') {
        return false;
      }
    }
    r.at = stop + 2;
  }
}

/* FUNC_TYPE_T(w2c_m_t0) = "\x6c...": 32 bytes of a hash that wasm2c computes itself. */
static bool function_type(line l) {
  const char *quote = span_begins(l, "FUNC_TYPE_") ? memchr(l.at, '"', l.size) : NULL;
  if (quote == NULL || l.at + l.size - quote != 1 + 4 * 32 + 2 || !ends(l, ';') ||
      l.at[l.size - 2] != '"') {
    return false;
  }
  for (const char *c = quote + 1; c < l.at + l.size - 2; c++) {
    if (strchr("\\x0123456789abcdef", *c) == NULL || *c == '\0') {
      return false;
    }
  }
  return true;
}

static const bool plain_bytes[256] = {[' ' ... '!'] = true, ['%' ... '&'] = true,
                                      ['(' ... '?'] = true, ['A' ... '['] = true,
                                      [']' ... '_'] = true, ['a' ... '~'] = true};

static bool plain(line l) {
  bool slash = false;
  for (size_t i = 0; i < l.size; i++) {
    /* "c ? a : b" is wasm2c's; "??" begins a trigraph */
    if (!plain_bytes[(unsigned char)l.at[i]] ||
        (l.at[i] == '?' && i + 1 < l.size && l.at[i + 1] == '?')) {
      return false;
    }
    slash |= l.at[i] == '/';
  }
  return !slash || comments_known(l);
}

/* --- constants that clang must not see through --- */

/* Operands that make clang fold an operation away although it has to make a NaN quiet: x * 1, x /
 * 1, x * -1, x / -1, x + -0, -0 - x, x - 0; and a NaN, which it passes on as it is. Zero is too
 * common to hide it wherever it stands (measured: nbody +3 %), so it is before a subtraction only.
 */
static const char *const telling[] = {"-0.f", "1", "-1", "-0.0", "1.0", "-1.0"};

static bool is_telling(line value, line next) {
  for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
    if (span_is(value, telling[i])) {
      return true;
    }
  }
  bool zero = span_is(value, "0") || span_is(value, "0.0");
  return (zero && has(next, " -= ")) || span_begins(value, "f32_reinterpret_i32(0x") ||
         span_begins(value, "f64_reinterpret_i64(0x");
}

/* The bytes of "v128_const(0x00, 0x00, ... 0x80, 0x3f)". */
static bool lanes(uint8_t out[16], line value) {
  static const char stem[] = "v128_const(";
  const char *at = value.at + strlen(stem);
  if (!span_begins(value, stem) || value.size != strlen(stem) + (size_t)16 * 6 - 1) {
    return false;
  }
  for (size_t i = 0; i < 16; i++, at += 6) {
    char digits[] = {at[2], at[3], '\0'}, *stop;
    out[i] = (uint8_t)strtoul(digits, &stop, 16);
    if (at[0] != '0' || at[1] != 'x' || *stop != '\0') {
      return false;
    }
  }
  return true;
}

/* 1, -1, -0 or a signalling NaN, as f32 and as f64 */
static bool is_telling_f32(uint32_t bits) {
  uint32_t size = bits << 1;
  bool signalling = (bits & 0x7fc00000u) == 0x7f800000u && (bits & 0x3fffffu) != 0;
  return bits == 1u << 31 || size == 0x7fu << 24 || signalling;
}

static bool is_telling_f64(uint64_t bits) {
  uint64_t size = bits << 1, exponent_and_quiet = bits >> 51 & 0xfff;
  bool signalling = exponent_and_quiet == 0xffe && bits << 13 != 0;
  return bits == UINT64_C(1) << 63 || size == UINT64_C(0x3ff) << 53 || signalling;
}

/* Has a vector such a lane? */
static bool is_telling_vector(line value, line next) {
  uint8_t bytes[16];
  uint64_t wide[2];
  uint32_t narrow[4];
  if (!lanes(bytes, value)) {
    return false;
  }
  memcpy(wide, bytes, sizeof wide);
  memcpy(narrow, bytes, sizeof narrow);
  bool subtracted = has(next, "_f32x4_sub(") || has(next, "_f64x2_sub(");
  bool tells = (wide[0] | wide[1]) == 0 && subtracted;
  for (size_t i = 0; i < 4; i++) {
    tells |= is_telling_f32(narrow[i]) || is_telling_f64(wide[i / 2]);
  }
  return tells;
}

/* Writes "var_d1 = 1.0;" as "var_d1 = hsb_opaque_d(1.0);" if that constant tells. */
static bool write_opaque(hcc_buf *out, line l, reader rest) {
  char letter = span_begins(l, "var_") && l.size > 4 ? l.at[4] : '\0';
  bool known = letter == 'f' || letter == 'd' || letter == 'o';
  const char *equals = known ? span_find(l, " = ", '=') : NULL;
  if (equals == NULL || !ends(l, ';')) {
    return false;
  }
  line value = {equals + 3, (size_t)(l.at + l.size - 1 - (equals + 3))}, next = {"", 0};
  next_line(&next, &rest);
  bool tells = letter == 'o' ? is_telling_vector(value, next) : is_telling(value, next);
  if (tells) {
    hcc_buf_format(out, "%.*s = hsb_opaque_%c(%.*s); ", (int)(equals - l.at), l.at, letter,
                   (int)value.size, value.at);
  }
  return tells;
}

/* Writes a line of code. Imports get the instance itself, not a pointer to it that wasm2c keeps in
 * it: one load less, and the link check sees what they get. */
static void write_code(hcc_buf *out, line l) {
  static const char kept[] = "(instance->w2c_h_instance";
  const char *end = l.at + l.size, *at;
  while ((at = span_find(l, kept, '>')) != NULL) {
    hcc_buf_add(out, l.at, (size_t)(at - l.at));
    hcc_buf_text(out, "((struct w2c_h *)instance");
    l = (line){at + strlen(kept), (size_t)(end - at) - strlen(kept)};
  }
  hcc_buf_add(out, l.at, l.size);
  hcc_buf_byte(out, ' ');
}

/* --- comparisons of a byte --- */

/* Does the next line say this? */
static bool says(reader *r, const char *text) {
  line l;
  return next_line(&l, r) && span_is(trimmed(l), text);
}

/* What "var_i1 = 255u; var_i0 &= var_i1; var_i1 = 26u;" compares var_i0 with, below 256, and the
 * stack's depth: 1. l is the first of these lines. */
static bool masked_byte(uint32_t *depth, uint32_t *with, line l, reader *r) {
  line variable, again, next = {"", 0};
  uint32_t mask;
  char text[64];
  if (!assignment(&variable, &mask, l) || mask != 0xff ||
      !number(depth, variable.at + 5, variable.size - 5) || *depth == 0) {
    return false;
  }
  snprintf(text, sizeof text, "var_i%u &= var_i%u;", *depth - 1, *depth);
  return says(r, text) && next_line(&next, r) && assignment(&again, with, trimmed(next)) &&
         again.size == variable.size && memcmp(again.at, variable.at, again.size) == 0 &&
         *with <= 0xff;
}

#define COMPARE_MAX 96

/* Such lines with "var_i0 = var_i0 < var_i1;" behind them become one line, a comparison of eight
 * bits: one of 32 bits clang would give another mask, which costs an instruction. */
static void take_byte_compare(char text[COMPARE_MAX], line *l, reader *r) {
  static const char *const compares[] = {"<", "<=", ">", ">="};
  uint32_t depth, with;
  reader behind = *r;
  if (!masked_byte(&depth, &with, *l, &behind)) {
    return;
  }
  for (size_t i = 0; i < sizeof compares / sizeof *compares; i++) {
    reader last = behind;
    uint32_t to = depth - 1;
    snprintf(text, COMPARE_MAX, "var_i%u = var_i%u %s var_i%u;", to, to, compares[i], depth);
    if (says(&last, text)) {
      int n = snprintf(text, COMPARE_MAX, "var_i%u = (hsb_bits8)var_i%u %s (hsb_bits8)%uu;", to, to,
                       compares[i], with);
      *l = (line){text, (size_t)n};
      *r = last;
      return;
    }
  }
}

static int first_mark(uint32_t *offset, const hcc_chunk *chunk, hcc_error *err) {
  reader r = {chunk->begin, chunk->begin + chunk->size};
  line l;
  bool more = true, is_mark = false;
  while (more && !is_mark) {
    int status = next_code(&more, &l, &is_mark, offset, &r, err);
    if (status != 0) {
      return status;
    }
  }
  if (!is_mark) {
    *offset = 0;
  }
  return 0;
}

/* The line in its folded form, with what waits before it. */
static int fold_line(line *out, hcc_fold *fold, line l, reader rest, hcc_error *err) {
  line next = {"", 0};
  if (next_line(&next, &rest)) {
    next = trimmed(next);
  }
  hcc_fold_line(fold, l.at, l.size, next.at, next.size);
  *out = (line){(const char *)fold->out.data, fold->out.size};
  return fold->out.failed ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for a line")
                          : 0;
}

/* Writes a line that has been looked at; the text behind it is not read, but for the next line. */
static int write_line(hcc_buf *out, line l, reader rest, hcc_fold *fold, hcc_error *err) {
  line folded = l;
  int status = fold == NULL ? 0 : fold_line(&folded, fold, l, rest, err);
  if (status == 0 && !write_opaque(out, l, rest) && folded.size > 0) {
    write_code(out, folded);
  }
  return status;
}

static void write_offset(hcc_buf *out, uint32_t offset) {
  char digits[10];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + offset % 10);
    offset /= 10;
  } while (offset != 0);
  span_put(out, "#line @ \"w\"\n", &(span){digits + at, sizeof digits - at});
}

int hcc_ctext_write(hcc_buf *out, const hcc_chunk *chunk, hcc_fold *fold, hcc_error *err) {
  reader r = {chunk->begin, chunk->begin + chunk->size};
  line l;
  bool more = true, is_mark = false;
  uint32_t offset = 0;
  int status = first_mark(&offset, chunk, err);
  if (status != 0) {
    return status;
  }
  fold = chunk->kind == '-' ? NULL : fold;
  if (fold != NULL) {
    hcc_fold_begin(fold, chunk->begin, chunk->size);
  }
  write_offset(out, offset);
  while ((status = next_code(&more, &l, &is_mark, &offset, &r, err)) == 0 && more) {
    if (is_mark) {
      hcc_buf_byte(out, '\n');
      write_offset(out, offset);
      if (fold != NULL) {
        fold->sure = offset == HSB_SURE;
      }
    } else if (!function_type(l) && !plain(l)) {
      return refuse(err, "an unexpected line", l);
    } else {
      char compare[COMPARE_MAX];
      take_byte_compare(compare, &l, &r);
      if ((status = write_line(out, l, r, fold, err)) != 0) {
        return status;
      }
    }
  }
  hcc_buf_byte(out, '\n');
  return status;
}

/* The name of a translated function in its first line, " w2c_m_f12(w2c_m* instance": 'f', 12. */
static void name_chunk(hcc_chunk *c, line first) {
  static const char stem[] = " w2c_m_";
  const char *at = memmem(first.at, first.size, stem, strlen(stem));
  const char *stop = at == NULL ? NULL : memchr(at, '(', (size_t)(first.at + first.size - at));
  if (stop == NULL) {
    return;
  }
  at += strlen(stem);
  const char *tail = memchr(at + 1, '_', (size_t)(stop - at - 1));
  const char *digits_end = tail == NULL ? stop : tail;
  if ((*at == 'f' || *at == 'e') && number(&c->index, at + 1, (size_t)(digits_end - at - 1))) {
    c->kind = *at;
  }
}

static bool add(hcc_ctext *t, uint32_t *room, hcc_chunk c) {
  if (t->count == *room) {
    uint32_t more = *room == 0 ? 256 : *room * 2;
    hcc_chunk *grown = more < *room ? NULL : reallocarray(t->chunks, more, sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    t->chunks = grown;
    *room = more;
  }
  t->chunks[t->count++] = c;
  t->functions += c.kind != '-';
  return true;
}

/* One chunk from its first line on: to the line "}" or "};" if it opens a brace, else to the end of
 * the declaration. Long lists of parameters go on over indented lines. */
static int take_chunk(hcc_chunk *out, line first, reader *r, hcc_error *err) {
  line l = first;
  bool translated = false;
  while (!ends(l, '{') && !ends(l, ';') && next_line(&l, r)) {
    if (l.size == 0 || *l.at != ' ') {
      return refuse(err, "a declaration without an end", first);
    }
  }
  bool closed = ends(l, ';');
  *out = (hcc_chunk){.begin = first.at, .size = (size_t)(l.at + l.size - first.at), .kind = '-'};
  while (!closed && next_line(&l, r)) {
    out->size = (size_t)(l.at + l.size - out->begin);
    translated |= span_is(l, "  FUNC_PROLOGUE;");
    closed = span_is(l, "}") || span_is(l, "};");
  }
  if (!closed) {
    return refuse(err, "a function without an end", first);
  }
  if (translated) {
    name_chunk(out, first);
  }
  return 0;
}

/* Is this a whole line of comment that wasm2c puts before an export? It is left out. */
static bool export_comment(line l) {
  return span_begins(l, "/* export: 'e") || span_is(l, "/* export: 'start' */");
}

int hcc_ctext_split(hcc_ctext *out, const char *text, size_t size, hcc_error *err) {
  int status = 0;
  uint32_t room = 0;
  reader r = {text, text + size};
  line l;
  hcc_ctext t = {.prelude = 0};
  /* All that is about this module has its name in it; the constant text has not. */
  while (next_line(&l, &r) && (span_begins(l, "#") || !has(l, "w2c_m"))) {
    t.prelude = (size_t)(r.at - text);
  }
  r.at = text + t.prelude;
  while (next_line(&l, &r)) {
    hcc_chunk chunk = {.begin = NULL};
    if (l.size == 0 || export_comment(l)) {
      continue;
    }
    if (*l.at == ' ' || *l.at == '#' || *l.at == '}') {
      HCC_TRY(refuse(err, "an unexpected line", l));
    }
    HCC_TRY(take_chunk(&chunk, l, &r, err));
    if (!add(&t, &room, chunk)) {
      HCC_TRY(hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the C text"));
    }
  }
  *out = t;
  t.chunks = NULL;
out:
  free(t.chunks);
  return status;
}

void hcc_ctext_free(hcc_ctext *t) {
  free(t->chunks);
  *t = (hcc_ctext){.prelude = 0};
}
