/* fib.c - recursion: what a call costs with fuel, stack check and all. */
#include "kernel.h"

static __attribute__((noinline)) u32 fib(u32 n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

KERNEL(fib) {
  return fib(n);
}
