/* json.c - rows to JSON text, and a JSON array of scalars to bound parameters. Must never grow the
 * text past HRT_RESULT_MAX, nor read past the parameters' end.
 *
 * INTEGER and REAL are numbers (infinities 9e999, as SQLite's own), TEXT is a string, BLOB a string
 * of hex digits, NULL null. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/date.h"
#include "host/internal.h"
#include "plugin/alloc.h"

static bool room(struct hrt_json *j, size_t more) {
  if (j->status != 0 || more <= j->room - j->length) {
    return j->status == 0;
  }
  if (more > HRT_RESULT_MAX - j->length) {
    j->status = HSB_STATUS_LIMIT;
    return false;
  }
  size_t size = j->room < 256 ? 512 : j->room * 2;
  while (size - j->length < more) {
    size *= 2;
  }
  uint8_t *bytes = hrt_realloc(j->bytes, size);
  if (bytes == NULL) {
    j->status = HSB_STATUS_NOMEM;
    return false;
  }
  j->bytes = bytes;
  j->room = size;
  return true;
}

void hrt_json_raw(struct hrt_json *j, const char *text, size_t length) {
  if (length > 0 && room(j, length)) {
    memcpy(j->bytes + j->length, text, length);
    j->length += length;
  }
}

static void escaped(struct hrt_json *j, char c) {
  char text[8];
  const char *known = "\"\"\\\\\bb\ff\nn\rr\tt";
  for (const char *k = known; *k != 0; k += 2) {
    if (*k == c) {
      hrt_json_raw(j, (char[]){'\\', k[1]}, 2);
      return;
    }
  }
  snprintf(text, sizeof text, "\\u%04x", (unsigned char)c);
  hrt_json_raw(j, text, 6);
}

static bool plain(char c) {
  return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

void hrt_json_string(struct hrt_json *j, const char *text, size_t length) {
  const char *at = text, *end = text + length;
  hrt_json_raw(j, "\"", 1);
  if (!hrt_utf8(text, length)) {
    end = text; /* no valid JSON holds these bytes */
    hrt_json_raw(j, "\xef\xbf\xbd", 3);
  }
  while (at < end) {
    const char *from = at;
    while (at < end && plain(*at)) {
      at++;
    }
    hrt_json_raw(j, from, (size_t)(at - from));
    if (at < end) {
      escaped(j, *at++);
    }
  }
  hrt_json_raw(j, "\"", 1);
}

static void hex(struct hrt_json *j, const uint8_t *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  hrt_json_raw(j, "\"", 1);
  for (size_t i = 0; i < length && j->status == 0; i++) {
    hrt_json_raw(j, (char[]){digits[bytes[i] >> 4], digits[bytes[i] & 15]}, 2);
  }
  hrt_json_raw(j, "\"", 1);
}

static void real(struct hrt_json *j, double v) {
  char text[HRT_SCRATCH];
  size_t n = hrt_double_text(text, v);
  if (n == 0) {
    hrt_json_raw(j, v < 0 ? "-9e999" : "9e999", v < 0 ? 6 : 5);
    return;
  }
  hrt_json_raw(j, text, n);
  if (strpbrk(text, ".e") == NULL) {
    hrt_json_raw(j, ".0", 2);
  }
}

void hrt_json_column(struct hrt_json *j, sqlite3_stmt *handle, int column) {
  char text[32];
  const void *bytes = NULL;
  switch (sqlite3_column_type(handle, column)) {
  case SQLITE_INTEGER:
    hrt_json_raw(j, text,
                 (size_t)snprintf(text, sizeof text, "%lld",
                                  (long long)sqlite3_column_int64(handle, column)));
    return;
  case SQLITE_FLOAT:
    real(j, sqlite3_column_double(handle, column));
    return;
  case SQLITE_TEXT:
    bytes = sqlite3_column_text(handle, column);
    if (bytes == NULL) {
      j->status = HSB_STATUS_NOMEM;
      return;
    }
    hrt_json_string(j, bytes, (size_t)sqlite3_column_bytes(handle, column));
    return;
  case SQLITE_BLOB:
    bytes = sqlite3_column_blob(handle, column);
    hex(j, bytes, bytes != NULL ? (size_t)sqlite3_column_bytes(handle, column) : 0);
    return;
  default:
    hrt_json_raw(j, "null", 4);
  }
}

/* ---- parameters ---- */

struct reader {
  const char *at, *end;
  hrt_host_env *env;
  sqlite3_stmt *handle;
  int index;
};

static void skip(struct reader *r) {
  while (r->at < r->end && memchr(" \t\r\n", *r->at, 4) != NULL) {
    r->at++;
  }
}

static bool eat(struct reader *r, const char *word) {
  size_t n = strlen(word);
  if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) {
    return false;
  }
  r->at += n;
  return true;
}

static int bad(struct reader *r) {
  return hrt_refuse(r->env, HSB_STATUS_JSON, NULL);
}

static bool hex4(uint32_t *out, struct reader *r) {
  uint32_t v = 0;
  for (int i = 0; i < 4; i++, r->at++) {
    const char *digits = "0123456789abcdef";
    const char *d = r->at < r->end && *r->at != 0 ? strchr(digits, *r->at | 0x20) : NULL;
    if (d == NULL || (*r->at < '0')) {
      return false;
    }
    v = v * 16 + (uint32_t)(d - digits);
  }
  *out = v;
  return true;
}

static size_t put_utf8(char *out, uint32_t c) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = n; i-- > 1; c >>= 6) {
    out[i] = (char)(0x80 | (c & 0x3f));
  }
  out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
  return n;
}

/* After \u: one character, from a pair of surrogates where it takes two. */
static bool unicode(uint32_t *out, struct reader *r) {
  uint32_t low = 0;
  if (!hex4(out, r)) {
    return false;
  }
  if (*out >= 0xd800 && *out < 0xdc00) {
    if (!eat(r, "\\u") || !hex4(&low, r) || low < 0xdc00 || low > 0xdfff) {
      return false;
    }
    *out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
    return true;
  }
  return *out < 0xdc00 || *out > 0xdfff;
}

/* After a backslash. Returns bytes written to out (at most 4), 0 if it is no escape. */
static size_t unescape(char *out, struct reader *r) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  uint32_t c = 0;
  if (r->at == r->end) {
    return 0;
  }
  char kind = *r->at++;
  if (kind == 'u') {
    return unicode(&c, r) ? put_utf8(out, c) : 0;
  }
  const char *found = kind != 0 ? strchr(from, kind) : NULL;
  if (found == NULL) {
    return 0;
  }
  *out = to[found - from];
  return 1;
}

/* A string's bytes to `out`, which has room for its extent. False if it does not end. */
static bool string(size_t *length, char *out, struct reader *r) {
  size_t n = 0;
  while (r->at < r->end && *r->at != '"') {
    if ((unsigned char)*r->at < 0x20) {
      return false;
    }
    if (*r->at != '\\') {
      out[n++] = *r->at++;
      continue;
    }
    r->at++;
    size_t more = unescape(out + n, r);
    if (more == 0) {
      return false;
    }
    n += more;
  }
  *length = n;
  return eat(r, "\"");
}

/* Bytes up to the quote that ends the string that r is in. */
static size_t extent(const struct reader *r) {
  const char *c = r->at;
  while (c < r->end && *c != '"') {
    c += *c == '\\' && r->end - c > 1 ? 2 : 1;
  }
  return (size_t)(c - r->at);
}

static int bind_string(struct reader *r) {
  size_t length = 0;
  char *text = hrt_alloc(extent(r) + 1);
  if (text == NULL) {
    return hrt_refuse(r->env, HSB_STATUS_NOMEM, NULL);
  }
  int status = 0;
  if (!string(&length, text, r) || !hrt_utf8(text, length)) {
    status = bad(r);
  } else {
    int rc = sqlite3_bind_text(r->handle, r->index, text, (int)length, SQLITE_TRANSIENT);
    status = rc == SQLITE_OK ? 0 : hrt_sql_status(r->env, rc);
  }
  hrt_free(text);
  return status;
}

/* JSON's grammar of numbers; text: a terminated copy. */
static bool number(char text[64], bool *whole, struct reader *r) {
  const char *from = r->at;
  eat(r, "-");
  const char *first = r->at;
  while (r->at < r->end &&
         ((*r->at >= '0' && *r->at <= '9') || memchr(".eE+-", *r->at, 5) != NULL)) {
    r->at++;
  }
  size_t n = (size_t)(r->at - from);
  if (n == 0 || n >= 64 || r->at == first || *first < '0' || *first > '9') {
    return false;
  }
  memcpy(text, from, n);
  text[n] = 0;
  *whole = strpbrk(text, ".eE") == NULL;
  return hrt_decimal_is(text, n);
}

/* Through SQLite's own reader of numbers, which no locale changes. */
static int bind_number(struct reader *r) {
  char text[64];
  bool whole = false;
  if (!number(text, &whole, r)) {
    return bad(r);
  }
  errno = 0;
  long long v = whole ? strtoll(text, NULL, 10) : 0;
  int rc = 0;
  if (whole && errno == 0) {
    rc = sqlite3_bind_int64(r->handle, r->index, v);
  } else {
    rc = sqlite3_bind_double(r->handle, r->index, hrt_decimal_double(text));
  }
  return rc == SQLITE_OK ? 0 : hrt_sql_status(r->env, rc);
}

static int scalar(struct reader *r) {
  int rc = SQLITE_OK;
  r->index++;
  if (r->index > sqlite3_bind_parameter_count(r->handle)) {
    return hrt_refuse(r->env, HSB_STATUS_INDEX, "more parameters than the statement has");
  }
  if (eat(r, "null")) {
    rc = sqlite3_bind_null(r->handle, r->index);
  } else if (eat(r, "true")) {
    rc = sqlite3_bind_int(r->handle, r->index, 1);
  } else if (eat(r, "false")) {
    rc = sqlite3_bind_int(r->handle, r->index, 0);
  } else if (eat(r, "\"")) {
    return bind_string(r);
  } else {
    return bind_number(r);
  }
  return rc == SQLITE_OK ? 0 : hrt_sql_status(r->env, rc);
}

int hrt_json_bind(hrt_host_env *env, sqlite3_stmt *handle, const char *text, size_t length) {
  struct reader r = {text, text + length, env, handle, 0};
  int status = 0;
  skip(&r);
  if (!eat(&r, "[")) {
    return bad(&r);
  }
  skip(&r);
  while (status == 0 && !eat(&r, "]")) {
    if (r.index > 0 && !eat(&r, ",")) {
      return bad(&r);
    }
    skip(&r);
    status = scalar(&r);
    skip(&r);
  }
  skip(&r);
  return status != 0 || r.at == r.end ? status : bad(&r);
}
