/* simd128.h - the 128-bit vector operators of wasm, under the names that wasm2c emits. It takes the
 * place of SIMDe's header of this name, for plugins only.
 *
 * Most operators are plain C over clang's vector types, right on every target; where a target has
 * an instruction that clang does not find by itself, it is named under #if. The operators stand in
 *   hsb_simd_int.h      integer arithmetic, comparisons, shifts, bit operations, lanes
 *   hsb_simd_float.h    floating-point arithmetic, comparisons, rounding
 *   hsb_simd_convert.h  widening, narrowing, integer <-> float
 *   hsb_simd_access.h   loads and stores through a pointer; hsb_simd_memory.h checks addresses
 *
 * Invariant: no operator touches memory but those of the last file, none traps, none calls libm. */
#ifndef HSB_SIMD128_H
#define HSB_SIMD128_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__SSE4_1__)
#include <smmintrin.h>
#elif defined(__SSSE3__)
#include <tmmintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "hsb_float.h"

#define HSB_VECTOR(lane) __attribute__((vector_size(16))) lane

/* What wasm calls v128: the same type as x86's __m128i, so that no cast is a conversion. */
typedef HSB_VECTOR(long long) simde_v128_t;

typedef HSB_VECTOR(int8_t) hsb_i8x16;
typedef HSB_VECTOR(uint8_t) hsb_u8x16;
typedef HSB_VECTOR(int16_t) hsb_i16x8;
typedef HSB_VECTOR(uint16_t) hsb_u16x8;
typedef HSB_VECTOR(int32_t) hsb_i32x4;
typedef HSB_VECTOR(uint32_t) hsb_u32x4;
typedef HSB_VECTOR(int64_t) hsb_i64x2;
typedef HSB_VECTOR(uint64_t) hsb_u64x2;
typedef HSB_VECTOR(float) hsb_f32x4;
typedef HSB_VECTOR(double) hsb_f64x2;

/* Halves, and pairs of vectors, as steps of a computation. */
#define HSB_SIZED(lane, bytes) __attribute__((vector_size(bytes))) lane
typedef HSB_SIZED(int8_t, 8) hsb_i8x8;
typedef HSB_SIZED(uint8_t, 8) hsb_u8x8;
typedef HSB_SIZED(int16_t, 8) hsb_i16x4;
typedef HSB_SIZED(uint16_t, 8) hsb_u16x4;
typedef HSB_SIZED(int32_t, 8) hsb_i32x2;
typedef HSB_SIZED(uint32_t, 8) hsb_u32x2;
typedef HSB_SIZED(float, 8) hsb_f32x2;
typedef HSB_SIZED(int16_t, 32) hsb_i16x16;
typedef HSB_SIZED(int32_t, 32) hsb_i32x8;

HSB_OPAQUE(o, simde_v128_t)

/* The same value in all lanes. */
#define HSB_FILL(shape, value) ((hsb_##shape){0} + (__typeof__(((hsb_##shape){0})[0]))(value))

/* Where mask has a bit, a; elsewhere b. */
HSB_INLINE simde_v128_t hsb_select(simde_v128_t mask, simde_v128_t a, simde_v128_t b) {
  return (a & mask) | (b & ~mask);
}

/* simde_wasm_<name>(v128, v128), of lanes `shape`: expression of a and b. */
#define HSB_BINARY(name, shape, expression)                                                        \
  HSB_INLINE simde_v128_t simde_wasm_##name(simde_v128_t va, simde_v128_t vb) {                    \
    hsb_##shape a = (hsb_##shape)va, b = (hsb_##shape)vb;                                          \
    return (simde_v128_t)(expression);                                                             \
  }
/* simde_wasm_<name>(v128): expression of a. */
#define HSB_UNARY(name, shape, expression)                                                         \
  HSB_INLINE simde_v128_t simde_wasm_##name(simde_v128_t va) {                                     \
    hsb_##shape a = (hsb_##shape)va;                                                               \
    return (simde_v128_t)(expression);                                                             \
  }

#include "hsb_simd_int.h"

#include "hsb_simd_float.h"

#include "hsb_simd_access.h"
#include "hsb_simd_convert.h"

#endif
