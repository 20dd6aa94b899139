/* mutate.h - what custom mutators share: changes of one machine word in a structured file, where a
 * flip of single bytes seldom gives a value that means something. */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include <stdint.h>
#include <string.h>

#include "choices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
/* libFuzzer's own mutations; absent in a replay. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

#define FZ_MUST(condition)                                                                         \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      __builtin_trap();                                                                            \
    }                                                                                              \
  } while (0)

/* A new value for a word: an edge, a neighbour, another word of the file, one bit. */
static inline uint64_t fz_mutate_value(uint64_t old, uint64_t other, size_t size, uint64_t r) {
  const uint64_t values[] = {0,          1,          UINT64_MAX, size,       size - 1, size + 1,
                             old + 1,    old - 1,    old + 8,    old - 8,    old * 2,  old << 32,
                             old + 4096, old - 4096, 1u << 31,   UINT32_MAX, other,    ~old};
  uint64_t pick = r % (sizeof values / sizeof *values + 4);
  return pick < sizeof values / sizeof *values ? values[pick] : old ^ UINT64_C(1) << (r >> 32) % 64;
}

/* Changes the width bytes at `at`, which are in range. */
static inline void fz_mutate_word(uint8_t *data, size_t size, size_t at, unsigned width,
                                  uint64_t *random) {
  uint64_t old = 0, other = 0, r = fz_random(random);
  memcpy(&old, data + at, width);
  memcpy(&other, data + r % (size - width + 1), width);
  uint64_t value = fz_mutate_value(old, other, size, fz_random(random));
  memcpy(data + at, &value, width);
}

/* The same at a random place that is aligned to the width, in [low, high). */
static inline void fz_mutate_in(uint8_t *data, size_t size, size_t low, size_t high,
                                uint64_t *random) {
  unsigned width = 1u << fz_random(random) % 4;
  high = high < size ? high : size;
  if (low + width <= high) {
    size_t places = (high - low) / width;
    fz_mutate_word(data, size, low + fz_random(random) % places * width, width, random);
  }
}

#endif
