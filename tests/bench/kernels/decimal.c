/* decimal.c - money: decimal text to scaled 64-bit integers, tax and rounding half to even, sums in
 * base 10^9 limbs, and back to text: division and long multiplication. */
#include "kernel.h"
#include "random.h"

#define BASE 1000000000u
#define LIMBS 8

typedef struct big {
  u32 limb[LIMBS];
} big;

static long long parse(const char *s, u32 *scale) {
  long long value = 0;
  int negative = *s == '-', point = 0;
  *scale = 0;
  for (s += negative; *s; s++) {
    if (*s == '.') {
      point = 1;
    } else {
      value = value * 10 + (*s - '0');
      *scale += (u32)point;
    }
  }
  return negative ? -value : value;
}

static char *format(char *end, long long value, u32 scale) {
  int negative = value < 0;
  u64 v = negative ? 0 - (u64)value : (u64)value;
  *--end = 0;
  for (u32 digits = 0; v != 0 || digits <= scale; digits++, v /= 10) {
    if (digits == scale && scale != 0) {
      *--end = '.';
    }
    *--end = (char)('0' + v % 10);
  }
  if (negative) {
    *--end = '-';
  }
  return end;
}

static long long divide_even(long long value, long long by) {
  long long q = value / by, r = value % by, twice = (r < 0 ? -r : r) * 2;
  if (twice > by || (twice == by && (q & 1))) {
    q += value < 0 ? -1 : 1;
  }
  return q;
}

static void multiply_add(big *b, u32 by, u32 add) {
  u64 carry = add;
  for (u32 i = 0; i < LIMBS; i++) {
    carry += (u64)b->limb[i] * by;
    b->limb[i] = (u32)(carry % BASE);
    carry /= BASE;
  }
}

KERNEL(decimal) {
  u32 state = 11, hash = 0;
  big total = {{1}};
  char text[32];
  for (u32 i = 0; i < n; i++) {
    u32 scale;
    long long cents = (long long)(next_random(&state) % 100000000) - 20000000;
    char *shown = format(text + sizeof text, cents, 2);
    long long value = parse(shown, &scale);
    long long taxed = divide_even(value * (1000 + (long long)(state % 300)), 1000);
    char *s = format(text + sizeof text, taxed, scale);
    while (*s) {
      hash = hash * 31 + (unsigned char)*s++;
    }
    multiply_add(&total, 1009 + state % 64, (u32)(taxed & 0xffff));
  }
  return hash ^ total.limb[0] ^ total.limb[LIMBS - 1];
}
