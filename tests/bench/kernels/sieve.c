/* sieve.c - sieve of Eratosthenes: byte stores in strides, short loops. */
#include "kernel.h"

static unsigned char composite[1 << 20];

KERNEL(sieve) {
  u32 count = 0;
  for (u32 i = 0; i < n; i++) {
    composite[i] = 0;
  }
  for (u32 i = 2; i < n; i++) {
    if (composite[i]) {
      continue;
    }
    count++;
    if (i <= n / i) {
      for (u32 j = i * i; j < n; j += i) {
        composite[j] = 1;
      }
    }
  }
  return count;
}
