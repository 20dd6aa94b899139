/* hsb_check.h - checked 64-bit size arithmetic, the only way sizes that a guest or a file can
 * influence are computed. Freestanding; used by every layer.
 *
 * Invariant: on overflow the function returns false and *out is not used. */
#ifndef HSB_CHECK_H
#define HSB_CHECK_H

#include <stdbool.h>
#include <stdint.h>

static inline bool hsb_add64(uint64_t *out, uint64_t a, uint64_t b) {
  return !__builtin_add_overflow(a, b, out);
}

static inline bool hsb_mul64(uint64_t *out, uint64_t a, uint64_t b) {
  return !__builtin_mul_overflow(a, b, out);
}

/* Is [off, off+len) inside [0, size)? True for an empty range at the end. Never overflows. */
static inline bool hsb_in_range(uint64_t off, uint64_t len, uint64_t size) {
  return off <= size && len <= size - off;
}

#endif
