/* date.h - the forms of dates and decimals that types.c needs; pure text and integers.
 *
 * Invariant: parse and print are inverse for years 0000 to 9999; outside of them nothing prints. */
#ifndef HRT_DATE_H
#define HRT_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* YYYY-MM-DD to days since 1970-01-01. Proleptic Gregorian, as SQLite's. */
bool hrt_date_parse(int64_t *days, const char *text, size_t length);
/* YYYY-MM-DD[( |T)HH:MM[:SS[.f{1,6}]]][Z|+HH:MM|-HH:MM] to µs since 1970-01-01 UTC. */
bool hrt_timestamp_parse(int64_t *us, const char *text, size_t length);

/* Sign, digits with at most one point, exponent: is it a decimal number? */
bool hrt_decimal_is(const char *text, size_t length);
/* The double nearest to such a text (terminated), whatever the locale. */
double hrt_decimal_double(char *text);
/* Sign and at most 18 digits as an integer. */
int64_t hrt_decimal_int(const char *text);

#endif
