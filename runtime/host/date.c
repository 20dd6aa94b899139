/* date.c - ISO 8601 dates and timestamps to integers and back. Must never accept a day that the
 * calendar does not have. */
#include "host/date.h"

#include <stdio.h>

#include "host/types.h"

#define DAY_US INT64_C(86400000000)

struct reader {
  const char *at, *end;
  bool ok;
};

static int digits(struct reader *r, int count) {
  int v = 0;
  for (int i = 0; i < count; i++) {
    if (r->at == r->end || *r->at < '0' || *r->at > '9') {
      r->ok = false;
      return 0;
    }
    v = v * 10 + (*r->at++ - '0');
  }
  return v;
}

static bool eat(struct reader *r, char c) {
  if (r->ok && r->at < r->end && *r->at == c) {
    r->at++;
    return true;
  }
  return false;
}

static void need(struct reader *r, char c) {
  if (!eat(r, c)) {
    r->ok = false;
  }
}

/* Days since 1970-01-01; the year begins in March, so that a leap day is its last. */
static int64_t days_of(int64_t y, int64_t m, int64_t d) {
  y -= m <= 2;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t of_era = y - era * 400;
  int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil(int64_t days, int64_t *y, int64_t *m, int64_t *d) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t of_era = days - era * 146097;
  int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  int64_t month = (5 * of_year + 2) / 153;
  *d = of_year - (153 * month + 2) / 5 + 1;
  *m = month < 10 ? month + 3 : month - 9;
  *y = year + era * 400 + (*m <= 2);
}

static int64_t read_date(struct reader *r) {
  int64_t y = digits(r, 4);
  need(r, '-');
  int64_t m = digits(r, 2);
  need(r, '-');
  int64_t d = digits(r, 2);
  if (!r->ok) {
    return 0;
  }
  int64_t days = days_of(y, m, d), y2 = 0, m2 = 0, d2 = 0;
  civil(days, &y2, &m2, &d2);
  r->ok = y == y2 && m == m2 && d == d2;
  return days;
}

bool hrt_date_parse(int64_t *days, const char *text, size_t length) {
  struct reader r = {text, text + length, true};
  int64_t v = read_date(&r);
  if (!r.ok || r.at != r.end) {
    return false;
  }
  *days = v;
  return true;
}

static int64_t fraction(struct reader *r) {
  int64_t us = 0;
  int n = 0;
  for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++, n++) {
    us = n < 6 ? us * 10 + (*r->at - '0') : us;
  }
  r->ok = r->ok && n > 0 && n <= 6;
  for (; n < 6; n++) {
    us *= 10;
  }
  return us;
}

static int64_t clock_us(struct reader *r) {
  int64_t h = digits(r, 2), s = 0, us = 0;
  need(r, ':');
  int64_t m = digits(r, 2);
  if (eat(r, ':')) {
    s = digits(r, 2);
    if (eat(r, '.')) {
      us = fraction(r);
    }
  }
  r->ok = r->ok && h < 24 && m < 60 && s < 60;
  return ((h * 60 + m) * 60 + s) * 1000000 + us;
}

static int64_t zone_us(struct reader *r) {
  if (eat(r, 'Z')) {
    return 0;
  }
  int64_t sign = eat(r, '+') ? 1 : eat(r, '-') ? -1 : 0;
  if (sign == 0) {
    return 0;
  }
  int64_t h = digits(r, 2);
  need(r, ':');
  int64_t m = digits(r, 2);
  r->ok = r->ok && h <= 14 && m < 60;
  return sign * (h * 60 + m) * 60000000;
}

bool hrt_timestamp_parse(int64_t *us, const char *text, size_t length) {
  struct reader r = {text, text + length, true};
  int64_t v = read_date(&r) * DAY_US;
  if (eat(&r, ' ') || eat(&r, 'T')) {
    v += clock_us(&r);
    v -= zone_us(&r);
  }
  if (!r.ok || r.at != r.end) {
    return false;
  }
  *us = v;
  return true;
}

static bool printable(int64_t days) {
  return days >= -719528 && days <= 2932896; /* 0000-01-01 to 9999-12-31 */
}

size_t hrt_date_text(char *out, int64_t days) {
  int64_t y = 0, m = 0, d = 0;
  if (!printable(days)) {
    return 0;
  }
  civil(days, &y, &m, &d);
  return (size_t)snprintf(out, HRT_SCRATCH, "%04d-%02d-%02d", (int)y, (int)m, (int)d);
}

size_t hrt_timestamp_text(char *out, int64_t us) {
  int64_t days = us / DAY_US - (us % DAY_US < 0), rest = us - days * DAY_US;
  size_t n = hrt_date_text(out, days);
  if (n == 0) {
    return 0;
  }
  int s = (int)(rest / 1000000), f = (int)(rest % 1000000);
  n += (size_t)snprintf(out + n, HRT_SCRATCH - n, " %02d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  if (f != 0) {
    n += (size_t)snprintf(out + n, HRT_SCRATCH - n, ".%06d", f);
  }
  return n;
}
