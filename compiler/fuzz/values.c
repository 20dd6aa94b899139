/* values.c - arguments from the fuzzer's bytes: edges of each type first of all. And back to SQL.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fuzz_host.h"

uint8_t hfz_choice(struct hfz_input *in) {
  return in->end > in->begin ? in->data[--in->end] : 0;
}

void hfz_take(void *out, struct hfz_input *in, size_t size) {
  size_t there = in->end - in->begin, n = there < size ? there : size;
  memset(out, 0, size);
  memcpy(out, in->data + in->begin, n);
  in->begin += n;
}

static int64_t integer(struct hfz_input *in) {
  static const int64_t edges[] = {0,
                                  1,
                                  -1,
                                  2,
                                  10,
                                  100,
                                  127,
                                  128,
                                  -128,
                                  255,
                                  256,
                                  32767,
                                  -32768,
                                  65535,
                                  65536,
                                  INT32_MAX,
                                  INT32_MIN,
                                  UINT32_MAX,
                                  INT64_C(1) << 32,
                                  INT64_MAX,
                                  INT64_MIN,
                                  INT64_MAX - 1};
  uint8_t kind = hfz_choice(in), which = hfz_choice(in);
  int64_t v = 0;
  switch (kind % 4) {
  case 0:
    hfz_take(&v, in, sizeof v);
    return v;
  case 1:
    return (int8_t)which;
  case 2:
    return edges[which % (sizeof edges / sizeof *edges)];
  default:
    hfz_take(&v, in, 4);
    return (int32_t)v;
  }
}

static double real(struct hfz_input *in) {
  static const double edges[] = {0.0,
                                 -0.0,
                                 1.0,
                                 -1.0,
                                 0.1,
                                 0.5,
                                 1e308,
                                 -1e308,
                                 5e-324,
                                 1e-300,
                                 1e15,
                                 1e300,
                                 INFINITY,
                                 -INFINITY,
                                 9007199254740993.0,
                                 9223372036854775808.0,
                                 -9223372036854775809.0,
                                 4294967296.0,
                                 2147483648.0,
                                 -2147483649.0,
                                 100.0,
                                 1e-7};
  uint8_t kind = hfz_choice(in), which = hfz_choice(in);
  double v = 0;
  switch (kind % 3) {
  case 0:
    hfz_take(&v, in, sizeof v);
    return isnan(v) ? 0 : v; /* SQL has no NaN */
  case 1:
    return (int8_t)which * 0.5;
  default:
    return edges[which % (sizeof edges / sizeof *edges)];
  }
}

static const char *const words[] = {"NULL",
                                    "0",
                                    "-1",
                                    "'",
                                    "\"",
                                    "%s%n%d",
                                    "a\\b",
                                    "\n",
                                    "\t",
                                    " ",
                                    "{}",
                                    "[]",
                                    "1e999",
                                    "2024-02-30",
                                    "9223372036854775808",
                                    "99999999999999999999999999",
                                    "\xc3\xa9",
                                    "\xf0\x9f\x98\x80",
                                    "\xff\xfe",
                                    "\xed\xa0\x80",
                                    "\xc0\x80",
                                    "\xe2\x80\xae",
                                    "../../etc/passwd",
                                    "<b>",
                                    "';--",
                                    "0x10",
                                    "true",
                                    "nan",
                                    "inf",
                                    "-0",
                                    "1,5",
                                    "a=b&c=d",
                                    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
#define WORDS (sizeof words / sizeof *words)
static const char *const documents[] = {"null",
                                        "0",
                                        "-1",
                                        "\"\"",
                                        "\"x\"",
                                        "{}",
                                        "[]",
                                        "[1,2,3]",
                                        "{\"a\":1,\"b\":[true,null]}",
                                        "{\"a\":{\"b\":{\"c\":{}}}}",
                                        "[[[[[[[[[[]]]]]]]]]]",
                                        "1e308",
                                        "\"\\u0000\"",
                                        "\"\\ud83d\\ude00\"",
                                        "{\"a\":1,\"a\":2}",
                                        "9223372036854775808"};
#define DOCUMENTS (sizeof documents / sizeof *documents)

/* Bytes as they come, a word, nothing, one byte many times; a NUL only among the first. */
static void text(struct hfz_value *v, struct hfz_input *in, uint8_t *room, size_t space) {
  uint8_t kind = hfz_choice(in), which = hfz_choice(in);
  size_t n = which;
  v->bytes = room;
  if (kind % 4 == 0) {
    n = n < space ? n : space;
    hfz_take(room, in, n);
  } else if (kind % 4 == 1) {
    const char *word = words[which % WORDS];
    n = strlen(word) < space ? strlen(word) : space;
    memcpy(room, word, n);
  } else if (kind % 4 == 2) {
    n = (size_t)which * hfz_choice(in);
    n = n < space ? n : space;
    memset(room, kind, n);
  } else {
    n = 0;
  }
  v->length = (uint32_t)n;
}

static void document(struct hfz_value *v, struct hfz_input *in, uint8_t *room, size_t space) {
  const char *chosen = documents[hfz_choice(in) % DOCUMENTS];
  v->length = (uint32_t)(strlen(chosen) < space ? strlen(chosen) : 0);
  memcpy(room, chosen, v->length);
  v->bytes = room;
}

static void decimal(struct hfz_value *v, struct hfz_input *in, uint8_t *room, size_t space) {
  char digits[96];
  uint8_t kind = hfz_choice(in);
  long long n = integer(in);
  int length = kind % 3 == 0 ? snprintf(digits, sizeof digits, "%lld", n)
               : kind % 3 == 1
                   ? snprintf(digits, sizeof digits, "%lld.%02d", n, kind % 100)
                   : snprintf(digits, sizeof digits, "%lld%019lld.5", n / 2, n & INT64_MAX);
  v->length = (uint32_t)((size_t)length < space ? length : 0);
  memcpy(room, digits, v->length);
  v->bytes = room;
}

static void any(struct hfz_value *out, struct hfz_input *in, bool nulls, uint8_t **room,
                const uint8_t *room_end) {
  static const char letters[] = "jdtosnj";
  uint8_t which = hfz_choice(in);
  if (nulls && which % 8 == 7) {
    out->type = HFZ_NULL;
  } else {
    hfz_value(out, in, letters[which % 7], false, room, room_end);
  }
}

void hfz_value(struct hfz_value *out, struct hfz_input *in, char letter, bool nulls, uint8_t **room,
               const uint8_t *room_end) {
  size_t space = (size_t)(room_end - *room);
  *out = (struct hfz_value){.type = HFZ_I64, .letter = letter};
  if (nulls && letter != 'a' && hfz_choice(in) % 8 == 7) {
    out->type = HFZ_NULL;
    return;
  }
  switch (letter) {
  case 'a':
    any(out, in, nulls, room, room_end);
    return;
  case 'b':
    out->i = hfz_choice(in) & 1;
    out->type = HFZ_BOOLEAN;
    return;
  case 'i':
    out->i = (int32_t)integer(in);
    return;
  case 'D': /* from the year 1 to 9999 */
    out->i = integer(in) % 700000;
    return;
  case 'S': /* whole seconds: what datetime() can write */
    out->i = integer(in) % (700000 * INT64_C(86400)) * 1000000;
    return;
  case 'f':
    out->d = (float)real(in);
    out->type = HFZ_F64;
    return;
  case 'd':
    out->d = real(in);
    out->type = HFZ_F64;
    return;
  case 't':
  case 'o':
    out->type = letter == 't' ? HFZ_TEXT : HFZ_BLOB;
    text(out, in, *room, space);
    break;
  case 's':
    out->type = HFZ_JSON;
    document(out, in, *room, space);
    break;
  case 'n':
    out->type = HFZ_DECIMAL;
    decimal(out, in, *room, space);
    break;
  default:
    out->i = integer(in);
    return;
  }
  uint32_t whole = (out->length + 7) & ~7u;
  *room += whole < space ? whole : space;
}

bool hfz_utf8(const uint8_t *p, size_t size) {
  for (size_t i = 0; i < size;) {
    uint8_t c = p[i];
    size_t more = c < 0x80                ? 0
                  : c >= 0xc2 && c < 0xe0 ? 1
                  : (c & 0xf0) == 0xe0    ? 2
                  : c >= 0xf0 && c < 0xf5 ? 3
                                          : 9;
    if (more == 9 || more >= size - i) {
      return false;
    }
    for (size_t k = 1; k <= more; k++) {
      if ((p[i + k] & 0xc0) != 0x80) {
        return false;
      }
    }
    if ((c == 0xe0 && p[i + 1] < 0xa0) || (c == 0xed && p[i + 1] > 0x9f) ||
        (c == 0xf0 && p[i + 1] < 0x90) || (c == 0xf4 && p[i + 1] > 0x8f)) {
      return false;
    }
    i += 1 + more;
  }
  return true;
}

static size_t bytes_sql(char *out, size_t size, const struct hfz_value *v, bool is_text) {
  bool plain = is_text;
  for (uint32_t i = 0; i < v->length && plain; i++) {
    plain = v->bytes[i] >= 0x20 && v->bytes[i] < 0x7f;
  }
  size_t n = 0;
#define PUT(...)                                                                                   \
  n += (size_t)snprintf(n < size ? out + n : NULL, n < size ? size - n : 0, __VA_ARGS__)
  PUT(plain ? "'" : is_text ? "CAST(X'" : "X'");
  for (uint32_t i = 0; i < v->length; i++) {
    if (!plain) {
      PUT("%02x", v->bytes[i]);
    } else if (v->bytes[i] == '\'') {
      PUT("''");
    } else {
      PUT("%c", v->bytes[i]);
    }
  }
  PUT(plain ? "'" : is_text ? "' AS TEXT)" : "'");
#undef PUT
  return n;
}

size_t hfz_sql(char *out, size_t size, const struct hfz_value *v) {
  long long i = v->i;
  switch (v->type) {
  case HFZ_NULL:
    return (size_t)snprintf(out, size, "NULL");
  case HFZ_F64:
    return (size_t)(isinf(v->d) ? snprintf(out, size, v->d < 0 ? "-9e999" : "9e999")
                                : snprintf(out, size, "%.17g%s", v->d,
                                           v->d == floor(v->d) && fabs(v->d) < 1e15 ? ".0" : ""));
  case HFZ_TEXT:
  case HFZ_JSON:
  case HFZ_DECIMAL:
    return bytes_sql(out, size, v, true);
  case HFZ_BLOB:
    return bytes_sql(out, size, v, false);
  default:
    if (v->letter == 'D' || v->letter == 'S') {
      return (size_t)snprintf(
          out, size, v->letter == 'D' ? "date(%lld, 'unixepoch')" : "datetime(%lld, 'unixepoch')",
          v->letter == 'D' ? i * 86400 : i / 1000000);
    }
    /* the least integer has no literal of its own */
    return (size_t)(i == INT64_MIN ? snprintf(out, size, "-9223372036854775807 - 1")
                                   : snprintf(out, size, "%lld", i));
  }
}
