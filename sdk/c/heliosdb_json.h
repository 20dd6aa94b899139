/* heliosdb_json.h - reading JSON in C and C++: a value is its text, and what is in it is a part of
 * that text. Header only, as heliosdb.h, and without a database.
 *
 *   double total = 0;
 *   helios_json items = helios_json_get(order, "items");
 *   for (helios_json i = helios_json_first(items); i.at != 0; i = helios_json_after(items, i)) {
 *     total += helios_json_f64(helios_json_get(i, "price"), 0);
 *   }
 *
 * What is not there, or not of the kind that is asked for, has `at` of 0 or gives what the caller
 * says. Text that is no JSON ends the call where it is met; what is not asked for is passed over
 * and not checked. Must never read behind the text. */
#ifndef HELIOSDB_JSON_H
#define HELIOSDB_JSON_H

#include "heliosdb.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HG_NO_JSON (HG_STRUCT(helios_json){0, 0})

__attribute__((noreturn)) static inline void hg_json_wrong(void) {
  helios_fail(HG_E_JSON, "not valid JSON");
}

static inline const char *hg_json_blanks(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) {
    at++;
  }
  return at;
}

/* Behind the string that begins at at. */
static inline const char *hg_json_string_end(const char *at, const char *end) {
  for (at++; at < end && *at != '"'; at++) {
    at += *at == '\\';
  }
  if (at >= end) {
    hg_json_wrong();
  }
  return at + 1;
}

/* Behind the object or array that begins at at. */
static inline const char *hg_json_nest_end(const char *at, const char *end) {
  unsigned depth = 0;
  while (at < end) {
    if (*at == '"') {
      at = hg_json_string_end(at, end);
      continue;
    }
    depth += *at == '{' || *at == '[';
    depth -= *at == '}' || *at == ']';
    at++;
    if (depth == 0) {
      return at;
    }
  }
  hg_json_wrong();
}

/* Behind the value that begins at at. */
static inline const char *hg_json_end(const char *at, const char *end) {
  const char *begin = at;
  if (at < end && *at == '"') {
    return hg_json_string_end(at, end);
  }
  if (at < end && (*at == '{' || *at == '[')) {
    return hg_json_nest_end(at, end);
  }
  while (at < end && (*at == '-' || *at == '+' || *at == '.' || (*at >= '0' && *at <= '9') ||
                      (*at >= 'a' && *at <= 'z') || *at == 'E')) {
    at++;
  }
  if (at == begin) {
    hg_json_wrong();
  }
  return at;
}

/* The value that begins behind blanks; *next: behind it and the blanks there. */
static inline helios_json hg_json_value(const char **next, const char *at, const char *end) {
  at = hg_json_blanks(at, end);
  const char *stop = hg_json_end(at, end);
  *next = hg_json_blanks(stop, end);
  return HG_STRUCT(helios_json){at, (unsigned)(stop - at)};
}

static inline const char *hg_json_stop(helios_json v) {
  return v.at == 0 ? 0 : v.at + v.length;
}

/* Without the blanks around it. */
static inline helios_json hg_json_trim(helios_json v) {
  const char *end = hg_json_stop(v), *at = v.at == 0 ? 0 : hg_json_blanks(v.at, end);
  while (at != 0 && end > at && (unsigned char)end[-1] <= ' ') {
    end--;
  }
  return HG_STRUCT(helios_json){at, at == 0 ? 0 : (unsigned)(end - at)};
}

/* Where the first part of an object or array begins; 0: v is none, or empty. */
static inline const char *hg_json_inside(helios_json v, char open) {
  const char *end = hg_json_stop(v), *at = v.at == 0 ? 0 : hg_json_blanks(v.at, end);
  if (at == 0 || at >= end || *at != open) {
    return 0;
  }
  at = hg_json_blanks(at + 1, end);
  if (at >= end) {
    hg_json_wrong();
  }
  return *at == (open == '{' ? '}' : ']') ? 0 : at;
}

/* Behind a comma; 0: it was the last. */
static inline const char *hg_json_more(const char *at, const char *end, char close) {
  if (at < end && *at == ',') {
    return at + 1;
  }
  if (at >= end || *at != close) {
    hg_json_wrong();
  }
  return 0;
}

static inline unsigned hg_json_hex(const char *at) {
  unsigned value = 0;
  for (int i = 0; i < 4; i++) {
    char c = at[i];
    unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                     : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                            : 16;
    if (digit > 15) {
      hg_json_wrong();
    }
    value = value << 4 | digit;
  }
  return value;
}

static inline char *hg_json_utf8(char *to, unsigned c) {
  if (c < 0x80) {
    *to++ = (char)c;
    return to;
  }
  if (c < 0x800) {
    *to++ = (char)(0xc0 | c >> 6);
  } else {
    if (c < 0x10000) {
      *to++ = (char)(0xe0 | c >> 12);
    } else {
      *to++ = (char)(0xf0 | c >> 18);
      *to++ = (char)(0x80 | (c >> 12 & 63));
    }
    *to++ = (char)(0x80 | (c >> 6 & 63));
  }
  *to++ = (char)(0x80 | (c & 63));
  return to;
}

/* The character of an escape at *at, which is behind the backslash, and *at behind it. */
static inline unsigned hg_json_escape(const char **at, const char *end) {
  static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
  char c = *(*at)++;
  for (unsigned i = 0; c != 'u' && i < sizeof names - 1; i++) {
    if (names[i] == c) {
      return (unsigned char)means[i];
    }
  }
  if (c != 'u' || end - *at < 4) {
    hg_json_wrong();
  }
  unsigned high = hg_json_hex(*at);
  *at += 4;
  if (high < 0xd800 || high > 0xdfff) {
    return high;
  }
  unsigned low = high < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u'
                     ? hg_json_hex(*at + 2)
                     : 0;
  if (low < 0xdc00 || low > 0xdfff) {
    hg_json_wrong(); /* half of a pair is no character */
  }
  *at += 6;
  return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* The string's text: as it lies there if it has no escapes, else in memory of the call. Another
 * value's text; of null, and of what is not there, `at` is 0. */
static inline helios_text helios_json_text(helios_json v) {
  v = hg_json_trim(v);
  const char *at = v.at, *end = hg_json_stop(v);
  if (at == 0 || v.length == 0 || *at == 'n') {
    return HG_STRUCT(helios_text){0, 0};
  }
  if (*at != '"') {
    return HG_STRUCT(helios_text){v.at, v.length};
  }
  end = hg_json_string_end(at, end) - 1;
  at++;
  const char *plain = at;
  while (plain < end && *plain != '\\') {
    plain++;
  }
  if (plain == end) {
    return HG_STRUCT(helios_text){at, (unsigned)(end - at)};
  }
  char *text = (char *)helios_alloc((unsigned)(end - at)), *to = text;
  while (at < end) {
    if (*at != '\\') {
      *to++ = *at++;
    } else {
      at++;
      to = hg_json_utf8(to, hg_json_escape(&at, end));
    }
  }
  return HG_STRUCT(helios_text){text, (unsigned)(to - text)};
}

/* An object's member; of two of one name the first. */
static inline helios_json helios_json_get(helios_json object, const char *name) {
  const char *end = hg_json_stop(object), *at = hg_json_inside(object, '{');
  unsigned length = hg_length(name);
  while (at != 0) {
    helios_json key = hg_json_value(&at, at, end);
    if (*key.at != '"' || at >= end || *at != ':') {
      hg_json_wrong();
    }
    helios_text text = helios_json_text(key);
    helios_json value = hg_json_value(&at, at + 1, end);
    if (hg_same(text.at, text.length, name, length)) {
      return value;
    }
    at = hg_json_more(at, end, '}');
  }
  return HG_NO_JSON;
}

/* An array's first element, and the one after another of it. */
static inline helios_json helios_json_first(helios_json array) {
  const char *at = hg_json_inside(array, '[');
  return at == 0 ? HG_NO_JSON : hg_json_value(&at, at, hg_json_stop(array));
}

static inline helios_json helios_json_after(helios_json array, helios_json element) {
  const char *end = hg_json_stop(array);
  const char *at = hg_json_more(hg_json_blanks(element.at + element.length, end), end, ']');
  return at == 0 ? HG_NO_JSON : hg_json_value(&at, at, end);
}

/* ---- numbers ---- */

#define HG_JSON_DIGITS 800 /* no double's half way to the next has more */
#define HG_JSON_WORDS 192  /* 32 bits each: 10^800 shifted, or 800 digits and 2^1140 */

/* A number's digits without leading zeros, and the power of ten behind them. */
typedef struct hg_json_digits {
  unsigned char digit[HG_JSON_DIGITS];
  int count, exponent;
  bool negative, whole; /* whole: neither point nor exponent was there */
} hg_json_digits;

static inline bool hg_json_is_digit(const char *at, const char *end) {
  return at < end && *at >= '0' && *at <= '9';
}

static inline const char *hg_json_exponent(int *out, const char *at, const char *end) {
  int value = 0;
  bool negative = at < end && *at == '-';
  at += at < end && (*at == '-' || *at == '+');
  if (!hg_json_is_digit(at, end)) {
    hg_json_wrong();
  }
  for (; hg_json_is_digit(at, end); at++) {
    value = value < 100000000 ? value * 10 + (*at - '0') : value;
  }
  *out += negative ? -value : value;
  return at;
}

static inline const char *hg_json_take_digits(hg_json_digits *d, const char *at, const char *end,
                                              int point) {
  if (!hg_json_is_digit(at, end)) {
    hg_json_wrong();
  }
  for (; hg_json_is_digit(at, end); at++) {
    if (d->count < HG_JSON_DIGITS) {
      d->digit[d->count] = (unsigned char)(*at - '0');
      d->count += d->count > 0 || *at != '0';
      d->exponent -= point;
    } else { /* only whether there is more than the half matters */
      d->digit[HG_JSON_DIGITS - 1] |= *at != '0';
      d->exponent += 1 - point;
    }
  }
  return at;
}

/* Is v a number? */
__attribute__((noinline, unused)) static bool hg_json_read(hg_json_digits *d, helios_json v) {
  v = hg_json_trim(v);
  const char *at = v.at, *end = hg_json_stop(v);
  d->count = d->exponent = 0;
  d->negative = at != 0 && at < end && *at == '-';
  if (d->negative) {
    at++;
  }
  if (at == 0 || !hg_json_is_digit(at, end)) {
    return false;
  }
  at = hg_json_take_digits(d, at, end, 0);
  d->whole = at == end;
  if (at < end && *at == '.') {
    at = hg_json_take_digits(d, at + 1, end, 1);
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    at = hg_json_exponent(&d->exponent, at + 1, end);
  }
  if (at != end) {
    hg_json_wrong();
  }
  return true;
}

typedef struct hg_json_big { /* a whole number, the least word first */
  unsigned word[HG_JSON_WORDS];
  int count;
} hg_json_big;

static inline void hg_json_big_multiply(hg_json_big *n, unsigned by, unsigned carry) {
  for (int i = 0; i < n->count; i++) {
    unsigned long long product = (unsigned long long)n->word[i] * by + carry;
    n->word[i] = (unsigned)product;
    carry = (unsigned)(product >> 32);
  }
  if (carry != 0) {
    n->word[n->count++] = carry;
  }
}

/* Is there a rest? */
static inline bool hg_json_big_divide(hg_json_big *n, unsigned by) {
  unsigned long long rest = 0;
  for (int i = n->count; i-- > 0;) {
    rest = rest << 32 | n->word[i];
    n->word[i] = (unsigned)(rest / by);
    rest %= by;
  }
  while (n->count > 0 && n->word[n->count - 1] == 0) {
    n->count--;
  }
  return rest != 0;
}

static inline double hg_json_two(int power) { /* 2^power, -1074 to 1023 */
  unsigned long long bits =
      power < -1022 ? 1ull << (power + 1074) : (unsigned long long)(power + 1023) << 52;
  double d;
  __builtin_memcpy(&d, &bits, sizeof d);
  return d;
}

/* The double next to n * 2^power and a little more, if more; ties to even. */
static inline double hg_json_round(const hg_json_big *n, int power, bool more) {
  int bits = n->count * 32 - __builtin_clz(n->word[n->count - 1]);
  int drop = bits - 53;
  if (power + bits < -1021) { /* below the least normal one: fewer bits are there */
    drop = -1074 - power;
  }
  if (drop > bits + 1) {
    return 0;
  }
  unsigned long long kept = 0;
  bool half = false;
  for (int i = n->count * 32; i-- > 0;) {
    bool bit = n->word[i / 32] >> (i % 32) & 1;
    if (i >= drop) {
      kept = kept << 1 | bit;
    } else if (i == drop - 1) {
      half = bit;
    } else {
      more |= bit;
    }
  }
  for (; drop < 0; drop++) { /* it has less than 53 */
    kept <<= 1;
    power--;
  }
  kept += half && (more || (kept & 1));
  power += drop;
  return power > 971 || (power == 971 && kept >> 53 != 0) ? (double)__builtin_inf()
                                                          : (double)kept * hg_json_two(power);
}

/* Exactly, for what the short way can't. */
__attribute__((noinline, unused)) static double hg_json_slow(const hg_json_digits *d) {
  hg_json_big n;
  bool more = false;
  int power = d->exponent, tens = d->exponent;
  n.count = 0;
  if (d->count + tens > 310) {
    return (double)__builtin_inf();
  }
  if (d->count + tens < -330) {
    return 0;
  }
  for (int i = 0; i < d->count; i++) {
    hg_json_big_multiply(&n, 10, d->digit[i]);
  }
  for (; tens > 0; tens--) { /* 10^n is 5^n * 2^n */
    hg_json_big_multiply(&n, 5, 0);
  }
  for (int i = 0; tens < 0 && i < 36; i++) { /* 1,152 bits that the divisions by 5 may take */
    hg_json_big_multiply(&n, 1u << 31, 0);
    hg_json_big_multiply(&n, 2, 0);
    power -= 32;
  }
  for (; tens < 0; tens += 13) {
    unsigned by = 1220703125; /* 5^13 */
    for (int left = -tens; left < 13; left++) {
      by /= 5;
    }
    more |= hg_json_big_divide(&n, by);
  }
  return hg_json_round(&n, power, more);
}

/* A number, to the nearest double; otherwise, if it is none. */
static inline double helios_json_f64(helios_json v, double otherwise) {
  static const double ten[] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  hg_json_digits d;
  if (!hg_json_read(&d, v)) {
    return otherwise;
  }
  double value = 0;
  if (d.count > 0 && d.count <= 15 && d.exponent >= -22 &&
      d.exponent <= 22) { /* both are exact, so the result is right */
    long long whole = 0;
    for (int i = 0; i < d.count; i++) {
      whole = whole * 10 + d.digit[i];
    }
    value = d.exponent < 0 ? (double)whole / ten[-d.exponent] : (double)whole * ten[d.exponent];
  } else if (d.count > 0) {
    value = hg_json_slow(&d);
  }
  return d.negative ? -value : value;
}

/* A whole number of 64 bits, written as such; otherwise, if it is none. */
static inline long long helios_json_i64(helios_json v, long long otherwise) {
  hg_json_digits d;
  unsigned long long n = 0, most = 9223372036854775807ull;
  if (!hg_json_read(&d, v) || !d.whole || d.count > 19) {
    return otherwise;
  }
  for (int i = 0; i < d.count; i++) {
    n = n * 10 + d.digit[i];
  }
  if (n > most + d.negative) {
    return otherwise;
  }
  return d.negative ? (long long)(0 - n) : (long long)n;
}

static inline bool helios_json_bool(helios_json v, bool otherwise) {
  v = hg_json_trim(v);
  helios_text t = {v.at, v.length};
  return helios_same(t, HELIOS_TEXT("true"))    ? true
         : helios_same(t, HELIOS_TEXT("false")) ? false
                                                : otherwise;
}

#ifdef __cplusplus
}
#endif
#endif
