/* hsb_lib.c - the four functions that clang may call on its own, for plugins: they have no libc;
 * and what they share with copies of another kind. Compiled with -fno-builtin, so that clang does
 * not turn a loop here into a call of itself; what a plugin does not use the linker drops.
 *
 * Invariant: the callers have checked the ranges; nothing outside [p, p + n) is touched. */
#include "hsb_copy.h"

/* Sixteen bytes: at any address, aliasing anything. */
typedef uint8_t block __attribute__((vector_size(16), aligned(1), may_alias));

#define AT HSB_PLACE_AT
#define AT_CONST HSB_CONST_AT

/* From here on x86's string instructions win over loops of blocks (measured: 1-2 KiB). */
#define STRING_MIN 2048

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

/* The last block is read first, since the loop may overwrite it. */
void hsb_copy_up(void *to, const void *from, size_t n) {
  block tail = AT_CONST(block, from, n - 16);
  size_t i = 0;
  for (; n - i > 64; i += 64) {
    block a = AT_CONST(block, from, i), b = AT_CONST(block, from, i + 16);
    block c = AT_CONST(block, from, i + 32), d = AT_CONST(block, from, i + 48);
    AT(block, to, i) = a;
    AT(block, to, i + 16) = b;
    AT(block, to, i + 32) = c;
    AT(block, to, i + 48) = d;
  }
  for (; n - i > 16; i += 16)
    AT(block, to, i) = AT_CONST(block, from, i);
  AT(block, to, n - 16) = tail;
}

/* 17 bytes and more, downwards: right if `from` is not inside (to, to + n). */
static inline void copy_down(void *to, const void *from, size_t n) {
  block head = AT_CONST(block, from, 0);
  size_t i = n;
  for (; i > 64; i -= 64) {
    block a = AT_CONST(block, from, i - 16), b = AT_CONST(block, from, i - 32);
    block c = AT_CONST(block, from, i - 48), d = AT_CONST(block, from, i - 64);
    AT(block, to, i - 16) = a;
    AT(block, to, i - 32) = b;
    AT(block, to, i - 48) = c;
    AT(block, to, i - 64) = d;
  }
  for (; i > 16; i -= 16)
    AT(block, to, i - 16) = AT_CONST(block, from, i - 16);
  AT(block, to, 0) = head;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  if (n <= 16) {
    hsb_copy_small(to, from, n);
    return to;
  }
#if defined(__x86_64__)
  if (n >= STRING_MIN) {
    void *d = to;
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(n) : : "memory");
    return to;
  }
#endif
  hsb_copy_up(to, from, n);
  return to;
}

void *memmove(void *to, const void *from, size_t n) {
  if ((uintptr_t)to - (uintptr_t)from >= n && (uintptr_t)from - (uintptr_t)to >= n)
    return memcpy(to, from, n);
  if (n <= 16)
    hsb_copy_small(to, from, n);
  else if ((uintptr_t)to < (uintptr_t)from)
    hsb_copy_up(to, from, n);
  else
    copy_down(to, from, n);
  return to;
}

void *memset(void *to, int value, size_t n) {
  uint8_t byte = (uint8_t)value;
  if (n < 16) {
    uint64_t pattern = byte * UINT64_C(0x0101010101010101);
    if (n >= 8) {
      AT(hsb_word64, to, 0) = pattern;
      AT(hsb_word64, to, n - 8) = pattern;
    } else if (n >= 4) {
      AT(hsb_word32, to, 0) = (uint32_t)pattern;
      AT(hsb_word32, to, n - 4) = (uint32_t)pattern;
    } else {
      for (size_t i = 0; i < n; i++)
        AT(uint8_t, to, i) = byte;
    }
    return to;
  }
#if defined(__x86_64__)
  if (n >= STRING_MIN) {
    void *d = to;
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(value) : "memory");
    return to;
  }
#endif
  block pattern = (block){0} + byte;
  size_t i = 0;
  for (; n - i > 64; i += 64) {
    AT(block, to, i) = pattern;
    AT(block, to, i + 16) = pattern;
    AT(block, to, i + 32) = pattern;
    AT(block, to, i + 48) = pattern;
  }
  for (; n - i > 16; i += 16)
    AT(block, to, i) = pattern;
  AT(block, to, n - 16) = pattern;
  return to;
}

int memcmp(const void *a, const void *b, size_t n) {
  const uint8_t *p = a, *q = b;
  size_t i = 0;
  while (n - i >= 8 && AT_CONST(hsb_word64, p, i) == AT_CONST(hsb_word64, q, i))
    i += 8;
  for (; i < n; i++) {
    if (p[i] != q[i])
      return p[i] < q[i] ? -1 : 1;
  }
  return 0;
}
