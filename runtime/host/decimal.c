/* decimal.c - decimal numbers as text: check, canonical form, shortest form of a double. Must not
 * depend on the locale of the program around it. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/date.h"
#include "host/types.h"

/* The parts of [sign] digits [. digits] [e [sign] digits]. */
struct parts {
  bool negative;
  const char *whole, *part, *exponent; /* exponent with its sign */
  size_t whole_n, part_n, exponent_n;
};

static size_t run(const char *at, const char *end) {
  const char *from = at;
  while (at < end && *at >= '0' && *at <= '9') {
    at++;
  }
  return (size_t)(at - from);
}

static bool split(struct parts *p, const char *text, size_t length) {
  const char *at = text, *end = text + length;
  *p = (struct parts){0};
  if (at < end && (*at == '-' || *at == '+')) {
    p->negative = *at++ == '-';
  }
  p->whole = at;
  at += p->whole_n = run(at, end);
  if (at < end && *at == '.') {
    p->part = ++at;
    at += p->part_n = run(at, end);
  }
  if (p->whole_n + p->part_n == 0) {
    return false;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    p->exponent = ++at;
    at += at < end && (*at == '-' || *at == '+');
    size_t n = run(at, end);
    if (n == 0 || n > 6) {
      return false;
    }
    at += n;
    p->exponent_n = (size_t)(at - p->exponent);
  }
  return at == end;
}

bool hrt_decimal_is(const char *text, size_t length) {
  struct parts p;
  return text != NULL && split(&p, text, length);
}

size_t hrt_decimal(char *out, const char *text, size_t length) {
  struct parts p;
  char *to = out;
  if (!split(&p, text, length)) {
    return 0;
  }
  while (p.whole_n > 1 && *p.whole == '0') {
    p.whole++;
    p.whole_n--;
  }
  if (p.negative) {
    *to++ = '-';
  }
  if (p.whole_n == 0) {
    *to++ = '0';
  }
  memcpy(to, p.whole, p.whole_n);
  to += p.whole_n;
  if (p.part_n > 0) {
    *to++ = '.';
    memcpy(to, p.part, p.part_n);
    to += p.part_n;
  }
  if (p.exponent_n > 0) {
    *to++ = 'e';
    memcpy(to, p.exponent, p.exponent_n);
    to += p.exponent_n;
  }
  return (size_t)(to - out);
}

/* Whatever the locale writes between digits becomes '.'. */
static size_t point(char *text) {
  char *to = text;
  for (const char *c = text; *c != 0; c++) {
    if ((*c >= '0' && *c <= '9') || *c == '-' || *c == '+' || *c == 'e') {
      *to++ = *c;
    } else if (to > text && to[-1] != '.') {
      *to++ = '.';
    }
  }
  *to = 0;
  return (size_t)(to - text);
}

double hrt_decimal_double(char *text) {
  char *end = NULL;
  double v = strtod(text, &end);
  char *dot = strchr(text, '.');
  if (dot != NULL && end == dot) { /* another point here */
    *dot = localeconv()->decimal_point[0];
    v = strtod(text, NULL);
    *dot = '.';
  }
  return v;
}

int64_t hrt_decimal_int(const char *text) {
  return strtoll(text, NULL, 10);
}

size_t hrt_double_text(char *out, double v) {
  if (!isfinite(v)) {
    return 0;
  }
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(out, HRT_SCRATCH, "%.*g", digits, v);
    if (digits == 17 || strtod(out, NULL) == v) {
      break;
    }
  }
  return point(out);
}
