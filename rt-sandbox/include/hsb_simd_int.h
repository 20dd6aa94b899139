/* hsb_simd_int.h - integer operators of v128: lanes, bits, arithmetic, comparisons, shifts.
 * Included by simde/wasm/simd128.h.
 *
 * Invariant: arithmetic wraps; signed lanes are computed in unsigned types, or in operations for
 * which clang defines the wrap. Shift counts are taken modulo the width of a lane. */
#ifndef HSB_SIMD_INT_H
#define HSB_SIMD_INT_H

/* --- lanes --- */

#define HSB_LANES(shape, lane_type)                                                                \
  HSB_INLINE lane_type simde_wasm_##shape##_extract_lane(simde_v128_t v, int lane) {               \
    return ((hsb_##shape)v)[lane];                                                                 \
  }                                                                                                \
  HSB_INLINE simde_v128_t simde_wasm_##shape##_replace_lane(simde_v128_t v, int lane,              \
                                                            lane_type value) {                     \
    hsb_##shape lanes = (hsb_##shape)v;                                                            \
    lanes[lane] = value;                                                                           \
    return (simde_v128_t)lanes;                                                                    \
  }
HSB_LANES(i8x16, int8_t)
HSB_LANES(u8x16, uint8_t)
HSB_LANES(i16x8, int16_t)
HSB_LANES(u16x8, uint16_t)
HSB_LANES(i32x4, int32_t)
HSB_LANES(i64x2, int64_t)
HSB_LANES(f32x4, float)
HSB_LANES(f64x2, double)

HSB_INLINE simde_v128_t simde_wasm_i8x16_splat(uint32_t x) {
  uint8_t n = (uint8_t)x;
  return (simde_v128_t)(hsb_u8x16){n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n};
}
HSB_INLINE simde_v128_t simde_wasm_i16x8_splat(uint32_t x) {
  uint16_t n = (uint16_t)x;
  return (simde_v128_t)(hsb_u16x8){n, n, n, n, n, n, n, n};
}
HSB_INLINE simde_v128_t simde_wasm_i32x4_splat(uint32_t n) {
  return (simde_v128_t)(hsb_u32x4){n, n, n, n};
}
HSB_INLINE simde_v128_t simde_wasm_i64x2_splat(uint64_t n) {
  return (simde_v128_t)(hsb_u64x2){n, n};
}
HSB_INLINE simde_v128_t simde_wasm_f32x4_splat(float n) {
  return (simde_v128_t)(hsb_f32x4){n, n, n, n};
}
HSB_INLINE simde_v128_t simde_wasm_f64x2_splat(double n) {
  return (simde_v128_t)(hsb_f64x2){n, n};
}
HSB_INLINE simde_v128_t simde_wasm_i64x2_make(int64_t low, int64_t high) {
  return (simde_v128_t)(hsb_i64x2){low, high};
}
#define simde_wasm_i8x16_const(...) ((simde_v128_t)(hsb_u8x16){__VA_ARGS__})

/* The indices must be constants, so this can't be a function. */
#define simde_wasm_i8x16_shuffle(a, b, ...)                                                        \
  ((simde_v128_t)__builtin_shufflevector((hsb_u8x16)(a), (hsb_u8x16)(b), __VA_ARGS__))

HSB_INLINE simde_v128_t simde_wasm_i8x16_swizzle(simde_v128_t v, simde_v128_t at) {
#if defined(__SSSE3__)
  /* pshufb gives 0 where bit 7 is set: that is every index above 15, after adding 0x70. */
  return _mm_shuffle_epi8(v, _mm_adds_epu8(at, _mm_set1_epi8(0x70)));
#elif defined(__aarch64__)
  simde_v128_t r;
  __asm__("tbl %0.16b, {%1.16b}, %2.16b" : "=w"(r) : "w"(v), "w"(at));
  return r;
#else
  hsb_u8x16 lanes = (hsb_u8x16)v, i = (hsb_u8x16)at, r;
  for (int k = 0; k < 16; k++)
    r[k] = i[k] < 16 ? lanes[i[k] & 15] : 0;
  return (simde_v128_t)r;
#endif
}

/* --- bits --- */

HSB_BINARY(v128_and, u64x2, a &b)
HSB_BINARY(v128_or, u64x2, a | b)
HSB_BINARY(v128_xor, u64x2, a ^ b)
HSB_BINARY(v128_andnot, u64x2, a & ~b)
HSB_UNARY(v128_not, u64x2, ~a)

HSB_INLINE simde_v128_t simde_wasm_v128_bitselect(simde_v128_t a, simde_v128_t b,
                                                  simde_v128_t mask) {
  return hsb_select(mask, a, b);
}

HSB_INLINE bool simde_wasm_v128_any_true(simde_v128_t v) {
#if defined(__SSE4_1__)
  return !_mm_testz_si128(v, v);
#elif defined(__SSE2__)
  return _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128())) != 0xffff;
#else
  return (v[0] | v[1]) != 0;
#endif
}

#define HSB_ALL_TRUE(shape)                                                                        \
  HSB_INLINE bool simde_wasm_##shape##_all_true(simde_v128_t v) {                                  \
    return !simde_wasm_v128_any_true((simde_v128_t)((hsb_##shape)v == 0));                         \
  }
HSB_ALL_TRUE(i8x16)
HSB_ALL_TRUE(i16x8)
HSB_ALL_TRUE(i32x4)
HSB_ALL_TRUE(i64x2)

#if defined(__SSE2__)
HSB_INLINE uint32_t simde_wasm_i8x16_bitmask(simde_v128_t v) {
  return (uint32_t)_mm_movemask_epi8(v);
}
HSB_INLINE uint32_t simde_wasm_i16x8_bitmask(simde_v128_t v) {
  return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(v, _mm_setzero_si128()));
}
HSB_INLINE uint32_t simde_wasm_i32x4_bitmask(simde_v128_t v) {
  return (uint32_t)_mm_movemask_ps((__m128)v);
}
HSB_INLINE uint32_t simde_wasm_i64x2_bitmask(simde_v128_t v) {
  return (uint32_t)_mm_movemask_pd((__m128d)v);
}
#else
#define HSB_BITMASK(shape, count)                                                                  \
  HSB_INLINE uint32_t simde_wasm_##shape##_bitmask(simde_v128_t v) {                               \
    hsb_##shape lanes = (hsb_##shape)v;                                                            \
    uint32_t mask = 0;                                                                             \
    for (int k = 0; k < (count); k++)                                                              \
      mask |= (uint32_t)(lanes[k] < 0) << k;                                                       \
    return mask;                                                                                   \
  }
HSB_BITMASK(i8x16, 16)
HSB_BITMASK(i16x8, 8)
HSB_BITMASK(i32x4, 4)
HSB_BITMASK(i64x2, 2)
#endif

HSB_INLINE simde_v128_t simde_wasm_i8x16_popcnt(simde_v128_t v) {
#if defined(__SSSE3__)
  const __m128i counts = _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m128i nibble = _mm_set1_epi8(15);
  __m128i low = _mm_shuffle_epi8(counts, v & nibble);
  return _mm_add_epi8(low, _mm_shuffle_epi8(counts, _mm_srli_epi16(v, 4) & nibble));
#else
  hsb_u8x16 n = (hsb_u8x16)v;
  n -= (n >> 1) & 0x55;
  n = (n & 0x33) + ((n >> 2) & 0x33);
  return (simde_v128_t)((n + (n >> 4)) & 0x0f);
#endif
}

/* --- arithmetic that wraps, minimum, maximum, comparisons, shifts: the same for all widths --- */

#define HSB_WRAPPING(i, u, mask)                                                                   \
  HSB_BINARY(i##_add, u, a + b)                                                                    \
  HSB_BINARY(i##_sub, u, a - b)                                                                    \
  HSB_UNARY(i##_neg, u, 0 - a)                                                                     \
  HSB_UNARY(i##_abs, i, __builtin_elementwise_abs(a))                                              \
  HSB_BINARY(i##_eq, u, a == b)                                                                    \
  HSB_BINARY(i##_ne, u, a != b)                                                                    \
  HSB_BINARY(i##_lt, i, a < b)                                                                     \
  HSB_BINARY(i##_gt, i, a > b)                                                                     \
  HSB_BINARY(i##_le, i, a <= b)                                                                    \
  HSB_BINARY(i##_ge, i, a >= b)                                                                    \
  HSB_SHIFT(i##_shl, u, <<, mask)                                                                  \
  HSB_SHIFT(i##_shr, i, >>, mask)                                                                  \
  HSB_SHIFT(u##_shr, u, >>, mask)
#define HSB_SHIFT(name, shape, op, mask)                                                           \
  HSB_INLINE simde_v128_t simde_wasm_##name(simde_v128_t v, uint32_t count) {                      \
    hsb_##shape lanes = (hsb_##shape)v;                                                            \
    return (simde_v128_t)(lanes op HSB_FILL(shape, count & (mask)));                               \
  }
#define HSB_ORDERED(i, u)                                                                          \
  HSB_BINARY(i##_min, i, __builtin_elementwise_min(a, b))                                          \
  HSB_BINARY(i##_max, i, __builtin_elementwise_max(a, b))                                          \
  HSB_BINARY(u##_min, u, __builtin_elementwise_min(a, b))                                          \
  HSB_BINARY(u##_max, u, __builtin_elementwise_max(a, b))                                          \
  HSB_BINARY(u##_lt, u, a < b)                                                                     \
  HSB_BINARY(u##_gt, u, a > b)                                                                     \
  HSB_BINARY(u##_le, u, a <= b)                                                                    \
  HSB_BINARY(u##_ge, u, a >= b)

HSB_WRAPPING(i8x16, u8x16, 7)
HSB_WRAPPING(i16x8, u16x8, 15)
HSB_WRAPPING(i32x4, u32x4, 31)
HSB_WRAPPING(i64x2, u64x2, 63)
HSB_ORDERED(i8x16, u8x16)
HSB_ORDERED(i16x8, u16x8)
HSB_ORDERED(i32x4, u32x4)
HSB_BINARY(i16x8_mul, u16x8, a *b)
HSB_BINARY(i32x4_mul, u32x4, a *b)
HSB_BINARY(i64x2_mul, u64x2, a *b)

/* --- saturating arithmetic --- */

#if defined(__SSE2__)
#define HSB_SATURATING(i, u, n)                                                                    \
  HSB_BINARY(i##_add_sat, i, _mm_adds_epi##n((__m128i)a, (__m128i)b))                              \
  HSB_BINARY(i##_sub_sat, i, _mm_subs_epi##n((__m128i)a, (__m128i)b))                              \
  HSB_BINARY(u##_add_sat, u, _mm_adds_epu##n((__m128i)a, (__m128i)b))                              \
  HSB_BINARY(u##_sub_sat, u, _mm_subs_epu##n((__m128i)a, (__m128i)b))                              \
  HSB_BINARY(u##_avgr, u, _mm_avg_epu##n((__m128i)a, (__m128i)b))
HSB_SATURATING(i8x16, u8x16, 8)
HSB_SATURATING(i16x8, u16x8, 16)
#else
/* A sum overflows if its sign differs from that of both operands; it then becomes the bound on the
 * side of the first operand. */
#define HSB_SATURATING(i, u, top)                                                                  \
  HSB_INLINE simde_v128_t simde_wasm_##i##_add_sat(simde_v128_t va, simde_v128_t vb) {             \
    hsb_##u a = (hsb_##u)va, b = (hsb_##u)vb, r = a + b;                                           \
    hsb_##i over = (hsb_##i)((a ^ r) & (b ^ r)) >> (top);                                          \
    hsb_##u bound = (hsb_##u)((hsb_##i)a >> (top)) ^ ((1u << (top)) - 1);                          \
    return hsb_select((simde_v128_t)over, (simde_v128_t)bound, (simde_v128_t)r);                   \
  }                                                                                                \
  HSB_INLINE simde_v128_t simde_wasm_##i##_sub_sat(simde_v128_t va, simde_v128_t vb) {             \
    hsb_##u a = (hsb_##u)va, b = (hsb_##u)vb, r = a - b;                                           \
    hsb_##i over = (hsb_##i)((a ^ b) & (a ^ r)) >> (top);                                          \
    hsb_##u bound = (hsb_##u)((hsb_##i)a >> (top)) ^ ((1u << (top)) - 1);                          \
    return hsb_select((simde_v128_t)over, (simde_v128_t)bound, (simde_v128_t)r);                   \
  }                                                                                                \
  HSB_BINARY(u##_add_sat, u, (a + b) | (hsb_##u)((hsb_##u)(a + b) < a))                            \
  HSB_BINARY(u##_sub_sat, u, (a - b) & (hsb_##u)(a > b))                                           \
  HSB_BINARY(u##_avgr, u, (a | b) - ((a ^ b) >> 1))
HSB_SATURATING(i8x16, u8x16, 7)
HSB_SATURATING(i16x8, u16x8, 15)
#endif

/* --- products and sums over wider lanes --- */

HSB_INLINE simde_v128_t simde_wasm_i32x4_dot_i16x8(simde_v128_t va, simde_v128_t vb) {
#if defined(__SSE2__)
  return _mm_madd_epi16(va, vb);
#else
  hsb_i32x8 p = __builtin_convertvector((hsb_i16x8)va, hsb_i32x8) *
                __builtin_convertvector((hsb_i16x8)vb, hsb_i32x8);
  return (simde_v128_t)((hsb_u32x4)__builtin_shufflevector(p, p, 0, 2, 4, 6) +
                        (hsb_u32x4)__builtin_shufflevector(p, p, 1, 3, 5, 7));
#endif
}

HSB_INLINE simde_v128_t simde_wasm_i16x8_q15mulr_sat(simde_v128_t va, simde_v128_t vb) {
#if defined(__SSSE3__)
  /* Only -1 * -1 saturates: pmulhrsw gives 0x8000 for it, and for nothing else. */
  __m128i r = _mm_mulhrs_epi16(va, vb);
  return r ^ _mm_cmpeq_epi16(r, _mm_set1_epi16(INT16_MIN));
#else
  hsb_i32x8 p = __builtin_convertvector((hsb_i16x8)va, hsb_i32x8) *
                __builtin_convertvector((hsb_i16x8)vb, hsb_i32x8);
  p = __builtin_elementwise_min((p + 0x4000) >> 15, HSB_FILL(i32x8, INT16_MAX));
  return (simde_v128_t) __builtin_convertvector(p, hsb_i16x8);
#endif
}

#if defined(__SSSE3__)
HSB_UNARY(i16x8_extadd_pairwise_i8x16, i8x16, _mm_maddubs_epi16(_mm_set1_epi8(1), (__m128i)a))
HSB_UNARY(u16x8_extadd_pairwise_u8x16, u8x16, _mm_maddubs_epi16((__m128i)a, _mm_set1_epi8(1)))
#else
HSB_UNARY(i16x8_extadd_pairwise_i8x16, i16x8, ((hsb_i16x8)((hsb_u16x8)a << 8) >> 8) + (a >> 8))
HSB_UNARY(u16x8_extadd_pairwise_u8x16, u16x8, (a & 0xff) + (a >> 8))
#endif
HSB_UNARY(i32x4_extadd_pairwise_i16x8, i32x4, ((hsb_i32x4)((hsb_u32x4)a << 16) >> 16) + (a >> 16))
HSB_UNARY(u32x4_extadd_pairwise_u16x8, u32x4, (a & 0xffff) + (a >> 16))

#endif
