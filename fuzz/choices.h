/* choices.h - decisions read from bytes: every byte string is a sequence of choices. Read from the
 * END of the input, so that a target whose input begins with data keeps it in place when the fuzzer
 * changes decisions. Behind the last byte all choices are 0, which must be the simplest one.
 *
 * Invariant: the same bytes give the same choices on every machine. */
#ifndef FUZZ_CHOICES_H
#define FUZZ_CHOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fz_choices {
  const uint8_t *bytes;
  size_t left;
} fz_choices;

static inline uint8_t fz_byte(fz_choices *c) {
  return c->left == 0 ? 0 : c->bytes[--c->left];
}

static inline uint64_t fz_bits(fz_choices *c, unsigned bytes) {
  uint64_t v = 0;
  for (unsigned i = 0; i < bytes; i++) {
    v = v << 8 | fz_byte(c);
  }
  return v;
}

/* A number below n; 0 for n = 0. */
static inline uint32_t fz_below(fz_choices *c, uint32_t n) {
  if (n <= 1) {
    return 0;
  }
  return (uint32_t)(n <= 256 ? fz_byte(c) : fz_bits(c, 3)) % n;
}

/* True n times in 256. */
static inline bool fz_chance(fz_choices *c, uint32_t n) {
  return n != 0 && 255u - fz_byte(c) < n;
}

/* splitmix64: bytes for choices where there is a seed and no fuzzer. */
static inline uint64_t fz_random(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static inline void fz_fill(uint8_t *bytes, size_t size, uint64_t seed) {
  for (size_t i = 0; i < size; i++) {
    bytes[i] = (uint8_t)(fz_random(&seed) >> 56);
  }
}

#endif
