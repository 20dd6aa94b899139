/* double.c - doubles from and to decimal digits, exactly; MicroPython's own ways are wrong in the
 * last digits. A guess in doubles is compared with the digits as large integers, and moved until it
 * is right. What is printed has the fewest digits (15 to 17, and no zeros at their end) that give
 * the same double again.
 *
 * Must be given a number to read: digits, maybe a point and more digits, maybe an exponent. */
#include <float.h>
#include <math.h>

#include "engine.h"
#include "py/formatfloat.h"
#include "py/parsenum.h"

#define WORDS 256      /* of 32 bits: 10^1145 and 2^1077 fit */
#define DIGITS 780     /* as many can decide; what follows them only by being there */
#define EXACT_POWER 22 /* the greatest power of ten that a double is */

typedef struct large {
  uint32_t at[WORDS];
  int words;
} large;

static large digits, left, right;

/* a = a * by + add */
static void multiply(large *a, uint32_t by, uint32_t add) {
  uint64_t carry = add;
  for (int i = 0; i < a->words; i++) {
    carry += (uint64_t)a->at[i] * by;
    a->at[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry != 0 && a->words < WORDS) {
    a->at[a->words++] = (uint32_t)carry;
  }
}

static void times_ten(large *a, int power) {
  for (; power >= 9; power -= 9) {
    multiply(a, 1000000000, 0);
  }
  for (; power > 0; power--) {
    multiply(a, 10, 0);
  }
}

static void times_two(large *a, int power) {
  for (; power >= 31; power -= 31) {
    multiply(a, 1u << 31, 0);
  }
  multiply(a, 1u << power, 0);
}

static large *set(large *a, uint64_t v) {
  a->at[0] = (uint32_t)v;
  a->at[1] = (uint32_t)(v >> 32);
  a->words = v >> 32 != 0 ? 2 : 1;
  return a;
}

static void copy(large *to, const large *from) {
  memcpy(to->at, from->at, (size_t)from->words * sizeof *from->at);
  to->words = from->words;
}

static int compare(const large *a, const large *b) {
  for (int i = (a->words > b->words ? a->words : b->words) - 1; i >= 0; i--) {
    uint32_t x = i < a->words ? a->at[i] : 0, y = i < b->words ? b->at[i] : 0;
    if (x != y) {
      return x < y ? -1 : 1;
    }
  }
  return 0;
}

/* digits * 10^power against the middle between the double with these bits and the next. */
static int compare_to_middle(uint64_t bits, int power) {
  int e = (int)(bits >> 52), two = (e > 1 ? e : 1) - 1076;
  uint64_t m = (bits & 0xfffffffffffffu) | (e == 0 ? 0 : 1ull << 52);
  copy(&left, &digits);
  set(&right, 2 * m + 1);
  times_ten(power > 0 ? &left : &right, power > 0 ? power : -power);
  times_two(two > 0 ? &right : &left, two > 0 ? two : -two);
  return compare(&left, &right);
}

/* The nearest; of two that are as near, the even one. */
static double settle(double guess, int power) {
  uint64_t bits;
  double v;
  memcpy(&bits, &guess, sizeof bits);
  for (;;) {
    int above = compare_to_middle(bits, power);
    if (above > 0 && bits < 0x7ff0000000000000u) {
      bits++;
      continue;
    }
    if (above >= 0 || bits == 0) {
      bits += above == 0 ? bits & 1 : 0;
      break;
    }
    int below = compare_to_middle(bits - 1, power);
    if (below > 0 || (below == 0 && (bits & 1) == 0)) {
      break;
    }
    bits--;
  }
  memcpy(&v, &bits, sizeof v);
  return v;
}

/* v * 10^power, nearly; exact if both and the result are. */
static double scale(double v, int power) {
  static const double tens[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  for (; power > EXACT_POWER; power -= EXACT_POWER) {
    v *= tens[EXACT_POWER];
  }
  for (; power < -EXACT_POWER; power += EXACT_POWER) {
    v /= tens[EXACT_POWER];
  }
  return power < 0 ? v / tens[-power] : v * tens[power];
}

static bool is_exact(uint64_t m, int power) {
  return m >> 53 == 0 && power >= -EXACT_POWER && power <= EXACT_POWER;
}

static double limited(double v) {
  return v < DBL_MAX ? v : DBL_MAX;
}

double hp_double_of(uint64_t m, int power) {
  if (is_exact(m, power)) {
    return scale((double)m, power);
  }
  if (m == 0 || power < -360 || power > 310) {
    return m == 0 || power < 0 ? 0 : (double)INFINITY;
  }
  set(&digits, m);
  return settle(limited(scale((double)m, power)), power);
}

/* ---- reading ---- */

static int read_exponent(const char *at, const char *end) {
  int e = 0;
  bool minus = at < end && *at == '-';
  at += at < end && (*at == '+' || *at == '-');
  for (; at < end; at++) {
    e = e < 100000 ? e * 10 + (*at - '0') : e;
  }
  return minus ? -e : e;
}

/* The digits of a number as they come. */
typedef struct reading {
  uint64_t first; /* 18 of them */
  int count;      /* without zeros in front */
  int power;      /* of ten, for all DIGITS as one integer */
  bool more;      /* that were left out are not 0 */
} reading;

static void read_digit(reading *r, unsigned digit) {
  if (r->count == 0 && digit == 0) {
    return;
  }
  if (r->count < 18) {
    r->first = r->first * 10 + digit;
  }
  if (r->count < DIGITS) {
    multiply(&digits, 10, digit);
  } else {
    r->more |= digit != 0;
    r->power++;
  }
  r->count++;
}

double hp_read_double(const char *at, size_t length) {
  const char *end = at + length;
  reading r = {0};
  bool point = false;
  digits.words = 0;
  for (; at < end && (*at == '.' || (*at >= '0' && *at <= '9')); at++) {
    if (*at == '.') {
      point = true;
    } else {
      r.power -= point;
      read_digit(&r, (unsigned)(*at - '0'));
    }
  }
  r.power += at < end ? read_exponent(at + 1, end) : 0;
  if (r.count == 0 || r.power + r.count < -330) {
    return 0;
  }
  if (r.power + r.count > 310) {
    return (double)INFINITY;
  }
  if (r.count <= 18 && is_exact(r.first, r.power)) {
    return scale((double)r.first, r.power);
  }
  if (r.more) {
    multiply(&digits, 10, 1);
    r.power--;
  }
  int known = r.count < DIGITS + r.more ? r.count : DIGITS + r.more;
  return settle(limited(scale((double)r.first, r.power + (known > 18 ? known - 18 : 0))), r.power);
}

/* float("0.1"), and numbers in a source. MicroPython's own takes what is not so plain. */
mp_obj_t hp_old_parse_decimal(const char *at, size_t length, bool imaginary, bool complex,
                              mp_lexer_t *lexer);

static size_t digits_at(const char *at, size_t length) {
  size_t n = 0;
  while (n < length && at[n] >= '0' && at[n] <= '9') {
    n++;
  }
  return n;
}

mp_obj_t mp_parse_num_decimal(const char *at, size_t length, bool imaginary, bool complex,
                              mp_lexer_t *lexer) {
  size_t sign = length > 0 && (*at == '-' || *at == '+');
  size_t n = sign + digits_at(at + sign, length - sign);
  bool plain = n > sign;
  if (n < length && at[n] == '.') {
    size_t behind = digits_at(at + n + 1, length - n - 1);
    plain = plain || behind > 0;
    n += 1 + behind;
  }
  if (n < length && (at[n] | 32) == 'e') {
    n += 1 + (n + 1 < length && (at[n + 1] == '-' || at[n + 1] == '+'));
    size_t power = digits_at(at + n, length - n);
    plain = plain && power > 0;
    n += power;
  }
  if (n == length && !plain && n > sign) { /* a point alone, or with an exponent */
    mp_raise_ValueError(MP_ERROR_TEXT("invalid syntax for number"));
  }
  if (!plain || n != length || complex) {
    return hp_old_parse_decimal(at, length, imaginary, complex, lexer);
  }
  double v = hp_read_double(at + sign, length - sign);
  return mp_obj_new_float(*at == '-' ? -v : v);
}

/* ---- printing ---- */

typedef struct decimal {
  uint64_t m;
  int power; /* of ten */
} decimal;

/* A number of so many digits that is v when it is read. ten: of v's first digit, nearly. */
static bool with_digits(decimal *out, double v, int count, int ten) {
  const double least = scale(1, count - 1);
  double x = scale(v, count - 1 - ten);
  ten += x >= least * 10 ? 1 : x < least ? -1 : 0;
  out->power = ten - count + 1;
  uint64_t middle = (uint64_t)(scale(v, -out->power) + 0.5);
  for (uint64_t by = 0; by < (count == 17 ? 100 : 4); by++) {
    for (int side = 0; side < (by == 0 ? 1 : 2); side++) {
      out->m = side == 0 ? middle + by : middle - by;
      if (hp_double_of(out->m, out->power) == v) {
        return true;
      }
    }
  }
  return false;
}

/* The digits of m; how many. */
static int spell(char *out, uint64_t m) {
  char back[24];
  int n = 0;
  for (; m > 0; m /= 10) {
    back[n++] = (char)('0' + m % 10);
  }
  for (int i = 0; i < n; i++) {
    out[i] = back[n - 1 - i];
  }
  return n;
}

static char *lay_out_exponent(char *out, int ten) {
  unsigned e = (unsigned)(ten < 0 ? -ten : ten);
  *out++ = 'e';
  *out++ = ten < 0 ? '-' : '+';
  if (e >= 100) {
    *out++ = (char)('0' + e / 100);
  }
  *out++ = (char)('0' + e / 10 % 10);
  *out++ = (char)('0' + e % 10);
  return out;
}

/* As repr of CPython: with an exponent from 1e16 up and below 1e-4. */
static char *lay_out(char *out, const char *figures, int n, int ten) {
  bool scientific = ten < -4 || ten >= 16;
  int point = scientific ? 1 : ten + 1; /* so many digits are before it */
  if (point <= 0) {
    memcpy(out, "0.0000", 2 + (size_t)-point);
    out += 2 - point;
  }
  for (int i = 0; i < n || i < point; i++) {
    if (i == point && i > 0) {
      *out++ = '.';
    }
    *out++ = i < n ? figures[i] : '0';
  }
  return scientific ? lay_out_exponent(out, ten) : out;
}

/* For objfloat.c as the build makes it, which puts ".0" behind what has no point. */
void hp_double_text(double v, char *out);
void hp_double_text(double v, char *out) {
  char figures[24];
  decimal d = {0, 0};
  int two, count = 15;
  if (!isfinite(v) || v == 0) {
    mp_format_float(v, out, 32, 'g', 16, '\0');
    return;
  }
  if (v < 0) {
    *out++ = '-';
    v = -v;
  }
  frexp(v, &two);
  int ten = (int)floor((two - 1) * 0.30102999566398120);
  while (count < 17 && !with_digits(&d, v, count, ten)) {
    count++;
  }
  if (count == 17 && !with_digits(&d, v, count, ten)) {
    mp_format_float(v, out, 31, 'g', 17, '\0');
    return;
  }
  for (; d.m % 10 == 0; d.m /= 10) {
    d.power++;
  }
  int n = spell(figures, d.m);
  *lay_out(out, figures, n, d.power + n - 1) = '\0';
}
