/* hsb_simd_convert.h - v128 operators between lanes of different kinds: widen, narrow, multiply
 * into wider lanes, integer <-> float. Included by simde/wasm/simd128.h.
 *
 * Invariant: no C conversion of a float is out of range of its target, which would be undefined:
 * saturation happens first. */
#ifndef HSB_SIMD_CONVERT_H
#define HSB_SIMD_CONVERT_H

/* --- widening, and products in wider lanes --- */

#define HSB_LOW_8 0, 1, 2, 3, 4, 5, 6, 7
#define HSB_HIGH_8 8, 9, 10, 11, 12, 13, 14, 15
#define HSB_LOW_4 0, 1, 2, 3
#define HSB_HIGH_4 4, 5, 6, 7
#define HSB_LOW_2 0, 1
#define HSB_HIGH_2 2, 3

#define HSB_HALF(v, wide, ...)                                                                     \
  __builtin_convertvector(__builtin_shufflevector(v, v, __VA_ARGS__), hsb_##wide)
#define HSB_WIDEN(wide, narrow, half, ...)                                                         \
  HSB_UNARY(wide##_extend_##half##_##narrow, narrow, HSB_HALF(a, wide, __VA_ARGS__))               \
  HSB_BINARY(wide##_extmul_##half##_##narrow, narrow,                                              \
             HSB_HALF(a, wide, __VA_ARGS__) * HSB_HALF(b, wide, __VA_ARGS__))
#define HSB_WIDEN_BOTH(wide, narrow, count)                                                        \
  HSB_WIDEN(wide, narrow, low, HSB_LOW_##count)                                                    \
  HSB_WIDEN(wide, narrow, high, HSB_HIGH_##count)

HSB_WIDEN_BOTH(i16x8, i8x16, 8)
HSB_WIDEN_BOTH(u16x8, u8x16, 8)
HSB_WIDEN_BOTH(i32x4, i16x8, 4)
HSB_WIDEN_BOTH(u32x4, u16x8, 4)
HSB_WIDEN_BOTH(i64x2, i32x4, 2)
HSB_WIDEN_BOTH(u64x2, u32x4, 2)

/* --- narrowing, saturating; operands are signed in all four --- */

#define HSB_CLAMP(v, type, low, high)                                                              \
  __builtin_elementwise_max(__builtin_elementwise_min(v, HSB_FILL(type, high)), HSB_FILL(type, low))
#define HSB_NARROW(name, from, pair, to, low, high, ...)                                           \
  HSB_BINARY(                                                                                      \
      name, from,                                                                                  \
      __builtin_convertvector(                                                                     \
          HSB_CLAMP((hsb_##pair)__builtin_shufflevector(a, b, __VA_ARGS__), pair, low, high),      \
          hsb_##to))
#if defined(__SSE2__)
HSB_BINARY(i8x16_narrow_i16x8, i16x8, _mm_packs_epi16((__m128i)a, (__m128i)b))
HSB_BINARY(u8x16_narrow_i16x8, i16x8, _mm_packus_epi16((__m128i)a, (__m128i)b))
HSB_BINARY(i16x8_narrow_i32x4, i32x4, _mm_packs_epi32((__m128i)a, (__m128i)b))
#else
HSB_NARROW(i8x16_narrow_i16x8, i16x8, i16x16, i8x16, INT8_MIN, INT8_MAX, HSB_LOW_8, HSB_HIGH_8)
HSB_NARROW(u8x16_narrow_i16x8, i16x8, i16x16, u8x16, 0, UINT8_MAX, HSB_LOW_8, HSB_HIGH_8)
HSB_NARROW(i16x8_narrow_i32x4, i32x4, i32x8, i16x8, INT16_MIN, INT16_MAX, HSB_LOW_8)
#endif
#if defined(__SSE4_1__)
HSB_BINARY(u16x8_narrow_i32x4, i32x4, _mm_packus_epi32((__m128i)a, (__m128i)b))
#else
HSB_NARROW(u16x8_narrow_i32x4, i32x4, i32x8, u16x8, 0, UINT16_MAX, HSB_LOW_8)
#endif

/* --- integer to float, float to float --- */

#define HSB_LOW_HALF(v) __builtin_shufflevector(v, v, 0, 1)
/* From unsigned: clang 14 takes the sign bits of the result for zero, which they are, in lanes of
 * any other size too, which they are not. It must not know where the bits come from. */
#define HSB_FROM_UNSIGNED(v, to) hsb_opaque_o((simde_v128_t) __builtin_convertvector(v, to))
HSB_UNARY(f32x4_convert_i32x4, i32x4, __builtin_convertvector(a, hsb_f32x4))
HSB_UNARY(f32x4_convert_u32x4, u32x4, HSB_FROM_UNSIGNED(a, hsb_f32x4))
HSB_UNARY(f64x2_convert_low_i32x4, i32x4, __builtin_convertvector(HSB_LOW_HALF(a), hsb_f64x2))
HSB_UNARY(f64x2_convert_low_u32x4, u32x4, HSB_FROM_UNSIGNED(HSB_LOW_HALF(a), hsb_f64x2))
HSB_UNARY(f64x2_promote_low_f32x4, f32x4, __builtin_convertvector(HSB_LOW_HALF(a), hsb_f64x2))
HSB_UNARY(f32x4_demote_f64x2_zero, f64x2,
          __builtin_shufflevector(__builtin_convertvector(a, hsb_f32x2), ((hsb_f32x2){0, 0}), 0, 1,
                                  2, 3))

/* --- float to integer, saturating; NaN gives 0 --- */

HSB_INLINE int32_t hsb_trunc_s(double x) {
  return x != x ? 0 : x <= -0x1p31 ? INT32_MIN : x >= 0x1p31 ? INT32_MAX : (int32_t)x;
}
HSB_INLINE uint32_t hsb_trunc_u(double x) {
  return !(x > 0) ? 0 : x >= 0x1p32 ? UINT32_MAX : (uint32_t)x;
}

HSB_UNARY(u32x4_trunc_sat_f64x2_zero, f64x2,
          ((hsb_u32x4){hsb_trunc_u(a[0]), hsb_trunc_u(a[1]), 0, 0}))

#if defined(__SSE2__)
/* cvttps gives 0x80000000 for what is out of range: right below it, and one less than wanted after
 * inverting, above. */
HSB_INLINE simde_v128_t simde_wasm_i32x4_trunc_sat_f32x4(simde_v128_t v) {
  __m128 x = (__m128)v;
  x = _mm_and_ps(x, _mm_cmpeq_ps(x, x));
  return _mm_cvttps_epi32(x) ^ (__m128i)_mm_cmpge_ps(x, _mm_set1_ps(0x1p31f));
}
/* In two parts: below 2^31 and the rest; the first is 0x80000000 wherever the second counts. */
HSB_INLINE simde_v128_t simde_wasm_u32x4_trunc_sat_f32x4(simde_v128_t v) {
  const __m128 half = _mm_set1_ps(0x1p31f);
  __m128 x = _mm_max_ps((__m128)v, _mm_setzero_ps()); /* the second operand if it is a NaN */
  __m128 rest = _mm_max_ps(_mm_sub_ps(x, half), _mm_setzero_ps());
  __m128i high = _mm_cvttps_epi32(rest) ^ (__m128i)_mm_cmpge_ps(rest, half);
  return _mm_add_epi32(_mm_cvttps_epi32(x), high);
}
HSB_INLINE simde_v128_t simde_wasm_i32x4_trunc_sat_f64x2_zero(simde_v128_t v) {
  __m128d x = (__m128d)v;
  x = _mm_and_pd(x, _mm_cmpeq_pd(x, x));
  return _mm_cvttpd_epi32(_mm_min_pd(x, _mm_set1_pd(2147483647.0)));
}
#else
#define HSB_TRUNC4(f)                                                                              \
  { f(a[0]), f(a[1]), f(a[2]), f(a[3]) }
HSB_UNARY(i32x4_trunc_sat_f32x4, f32x4, ((hsb_i32x4)HSB_TRUNC4(hsb_trunc_s)))
HSB_UNARY(u32x4_trunc_sat_f32x4, f32x4, ((hsb_u32x4)HSB_TRUNC4(hsb_trunc_u)))
HSB_UNARY(i32x4_trunc_sat_f64x2_zero, f64x2,
          ((hsb_i32x4){hsb_trunc_s(a[0]), hsb_trunc_s(a[1]), 0, 0}))
#endif

#endif
