/* hsb_float.h - floating-point operators of wasm that C has not, or has only as a call of libm.
 * Included by hsb_override.h and by the SIMD headers.
 *
 * Invariant: results are those of the wasm specification: -0 is below +0, a NaN among the operands
 * gives a quiet NaN (a canonical one if every NaN operand is canonical), rounding keeps the sign of
 * zero. The rounding mode is to nearest, ties to even; nothing changes it. */
#ifndef HSB_FLOAT_H
#define HSB_FLOAT_H

#include "hsb_cold.h"

#if defined(__x86_64__)
#define HSB_FLOAT_REGISTER "x"
#elif defined(__aarch64__)
#define HSB_FLOAT_REGISTER "w"
#elif defined(__riscv)
#define HSB_FLOAT_REGISTER "f"
#else
#define HSB_FLOAT_REGISTER "m"
#endif

/* Has the target an instruction for floor, ceil, trunc and nearest? Then clang uses it. */
#if defined(__SSE4_1__) || defined(__aarch64__)
#define HSB_HAS_ROUND 1
#else
#define HSB_HAS_ROUND 0
#endif

/* big: the least number that has no fraction; adding and taking it away rounds to an integer. */
#define HSB_FLOAT(f, type, bits, big, suffix)                                                      \
  HSB_INLINE bits hsb_bits##f(type x) {                                                            \
    bits b;                                                                                        \
    __builtin_memcpy(&b, &x, sizeof b);                                                            \
    return b;                                                                                      \
  }                                                                                                \
  HSB_INLINE type hsb_unbits##f(bits b) {                                                          \
    type x;                                                                                        \
    __builtin_memcpy(&x, &b, sizeof x);                                                            \
    return x;                                                                                      \
  }                                                                                                \
  /* Equal or unordered is the rare case; equal operands differ at most in the sign of zero. */    \
  HSB_INLINE type hsb_min##f(type x, type y) {                                                     \
    if (LIKELY(__builtin_islessgreater(x, y)))                                                     \
      return x < y ? x : y;                                                                        \
    return x == y ? hsb_unbits##f(hsb_bits##f(x) | hsb_bits##f(y)) : x + y;                        \
  }                                                                                                \
  HSB_INLINE type hsb_max##f(type x, type y) {                                                     \
    if (LIKELY(__builtin_islessgreater(x, y)))                                                     \
      return x > y ? x : y;                                                                        \
    return x == y ? hsb_unbits##f(hsb_bits##f(x) & hsb_bits##f(y)) : x + y;                        \
  }                                                                                                \
  /* To the nearest integer, ties to even, by rounding at the position of `big`. */                \
  HSB_INLINE type hsb_nearest##f(type x) {                                                         \
    type size = __builtin_fabs##suffix(x);                                                         \
    if (UNLIKELY(!(size < (big))))                                                                 \
      return __builtin_isnan(x) ? x + x : x;                                                       \
    return __builtin_copysign##suffix((size + (big)) - (big), x);                                  \
  }                                                                                                \
  HSB_INLINE type hsb_floor##f(type x) {                                                           \
    type r = hsb_nearest##f(x);                                                                    \
    return r > x ? r - 1 : r;                                                                      \
  }                                                                                                \
  HSB_INLINE type hsb_ceil##f(type x) {                                                            \
    type r = hsb_nearest##f(x);                                                                    \
    return r < x ? __builtin_copysign##suffix(r + 1, x) : r;                                       \
  }                                                                                                \
  HSB_INLINE type hsb_trunc##f(type x) {                                                           \
    type size = __builtin_fabs##suffix(x);                                                         \
    type r = hsb_nearest##f(size);                                                                 \
    return __builtin_copysign##suffix(r > size ? r - 1 : r, x);                                    \
  }

HSB_FLOAT(, double, uint64_t, 0x1p52, )
HSB_FLOAT(f, float, uint32_t, 0x1p23f, f)

/* A value that clang knows nothing of, so that it folds no operation on it away that has to make a
 * NaN quiet: constants that heliosc (ctext.c) wraps, and a conversion before its inverse. */
#define HSB_OPAQUE(letter, type)                                                                   \
  HSB_INLINE type hsb_opaque_##letter(type x) {                                                    \
    __asm__("" : "+" HSB_FLOAT_REGISTER(x));                                                       \
    return x;                                                                                      \
  }
HSB_OPAQUE(f, float)
HSB_OPAQUE(d, double)

#endif
