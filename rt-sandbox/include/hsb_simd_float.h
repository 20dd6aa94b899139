/* hsb_simd_float.h - floating-point operators of v128. Included by simde/wasm/simd128.h.
 *
 * Invariant: those of hsb_float.h, lane by lane. Each target gets sequences without a branch. */
#ifndef HSB_SIMD_FLOAT_H
#define HSB_SIMD_FLOAT_H

/* Sign bits, or all the others. */
#define HSB_SIGN_f32x4 ((simde_v128_t)HSB_FILL(u32x4, 0x80000000u))
#define HSB_SIGN_f64x2 ((simde_v128_t)HSB_FILL(u64x2, 0x8000000000000000u))

#define HSB_FLOAT_LANES(shape)                                                                     \
  HSB_BINARY(shape##_add, shape, a + b)                                                            \
  HSB_BINARY(shape##_sub, shape, a - b)                                                            \
  HSB_BINARY(shape##_mul, shape, a *b)                                                             \
  HSB_BINARY(shape##_div, shape, a / b)                                                            \
  HSB_BINARY(shape##_eq, shape, a == b)                                                            \
  HSB_BINARY(shape##_ne, shape, a != b)                                                            \
  HSB_BINARY(shape##_lt, shape, a < b)                                                             \
  HSB_BINARY(shape##_gt, shape, a > b)                                                             \
  HSB_BINARY(shape##_le, shape, a <= b)                                                            \
  HSB_BINARY(shape##_ge, shape, a >= b)                                                            \
  HSB_UNARY(shape##_neg, shape, (simde_v128_t)a ^ HSB_SIGN_##shape)                                \
  HSB_UNARY(shape##_abs, shape, (simde_v128_t)a & ~HSB_SIGN_##shape)
HSB_FLOAT_LANES(f32x4)
HSB_FLOAT_LANES(f64x2)

/* --- square root, minimum and maximum --- */

#if defined(__SSE2__)

HSB_UNARY(f32x4_sqrt, f32x4, _mm_sqrt_ps((__m128)a))
HSB_UNARY(f64x2_sqrt, f64x2, _mm_sqrt_pd((__m128d)a))
/* minps and maxps return their second operand unless the first is truly less, or greater. */
HSB_BINARY(f32x4_pmin, f32x4, _mm_min_ps((__m128)b, (__m128)a))
HSB_BINARY(f32x4_pmax, f32x4, _mm_max_ps((__m128)b, (__m128)a))
HSB_BINARY(f64x2_pmin, f64x2, _mm_min_pd((__m128d)b, (__m128d)a))
HSB_BINARY(f64x2_pmax, f64x2, _mm_max_pd((__m128d)b, (__m128d)a))

/* The two orders of operands differ in zeros of both signs and in NaN. For the minimum, or-ing them
 * keeps the minus and the NaN; for the maximum, r - (r ^ other) does (+0 - -0 is +0, and the
 * difference of a NaN is quiet). What is a NaN then loses its payload: it becomes canonical. */
#define HSB_MIN_MAX(shape, n, suffix, shift)                                                       \
  HSB_INLINE simde_v128_t hsb_##shape##_canonical(__m128##n v) {                                   \
    simde_v128_t nan = (simde_v128_t)_mm_cmpunord_##suffix(v, v);                                  \
    return ((simde_v128_t)v | nan) & ~shift;                                                       \
  }                                                                                                \
  HSB_INLINE simde_v128_t simde_wasm_##shape##_min(simde_v128_t va, simde_v128_t vb) {             \
    __m128##n a = (__m128##n)va, b = (__m128##n)vb;                                                \
    simde_v128_t both =                                                                            \
        (simde_v128_t)_mm_min_##suffix(a, b) | (simde_v128_t)_mm_min_##suffix(b, a);               \
    return hsb_##shape##_canonical((__m128##n)both);                                               \
  }                                                                                                \
  HSB_INLINE simde_v128_t simde_wasm_##shape##_max(simde_v128_t va, simde_v128_t vb) {             \
    __m128##n a = (__m128##n)va, b = (__m128##n)vb;                                                \
    simde_v128_t r = (simde_v128_t)_mm_max_##suffix(a, b);                                         \
    simde_v128_t differ = r ^ (simde_v128_t)_mm_max_##suffix(b, a);                                \
    return hsb_##shape##_canonical((__m128##n)(r | differ) - (__m128##n)differ);                   \
  }
HSB_MIN_MAX(f32x4, , ps, (simde_v128_t)((hsb_u32x4)nan >> 10))
HSB_MIN_MAX(f64x2, d, pd, (simde_v128_t)((hsb_u64x2)nan >> 13))

#else

#define HSB_PSEUDO(shape)                                                                          \
  HSB_BINARY(shape##_pmin, shape,                                                                  \
             hsb_select((simde_v128_t)(b < a), (simde_v128_t)b, (simde_v128_t)a))                  \
  HSB_BINARY(shape##_pmax, shape,                                                                  \
             hsb_select((simde_v128_t)(a < b), (simde_v128_t)b, (simde_v128_t)a))
HSB_PSEUDO(f32x4)
HSB_PSEUDO(f64x2)

#define HSB_EACH2(f) ((hsb_f64x2){f(a[0]), f(a[1])})
#define HSB_EACH4(f) ((hsb_f32x4){f(a[0]), f(a[1]), f(a[2]), f(a[3])})
HSB_UNARY(f32x4_sqrt, f32x4, HSB_EACH4(__builtin_sqrtf))
HSB_UNARY(f64x2_sqrt, f64x2, HSB_EACH2(__builtin_sqrt))

#if defined(__aarch64__)
#define HSB_MIN_MAX(name, op, lanes)                                                               \
  HSB_INLINE simde_v128_t simde_wasm_##name(simde_v128_t a, simde_v128_t b) {                      \
    simde_v128_t r;                                                                                \
    __asm__(op " %0." lanes ", %1." lanes ", %2." lanes : "=w"(r) : "w"(a), "w"(b));               \
    return r;                                                                                      \
  }
HSB_MIN_MAX(f32x4_min, "fmin", "4s")
HSB_MIN_MAX(f32x4_max, "fmax", "4s")
HSB_MIN_MAX(f64x2_min, "fmin", "2d")
HSB_MIN_MAX(f64x2_max, "fmax", "2d")
#else
#define HSB_PAIR2(f) ((hsb_f64x2){f(a[0], b[0]), f(a[1], b[1])})
#define HSB_PAIR4(f) ((hsb_f32x4){f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])})
HSB_BINARY(f32x4_min, f32x4, HSB_PAIR4(hsb_minf))
HSB_BINARY(f32x4_max, f32x4, HSB_PAIR4(hsb_maxf))
HSB_BINARY(f64x2_min, f64x2, HSB_PAIR2(hsb_min))
HSB_BINARY(f64x2_max, f64x2, HSB_PAIR2(hsb_max))
#endif
#endif

/* --- rounding --- */

#if HSB_HAS_ROUND
#define HSB_ROUNDING(shape, int_shape, big)                                                        \
  HSB_UNARY(shape##_ceil, shape, __builtin_elementwise_ceil(a))                                    \
  HSB_UNARY(shape##_floor, shape, __builtin_elementwise_floor(a))                                  \
  HSB_UNARY(shape##_trunc, shape, __builtin_elementwise_trunc(a))                                  \
  HSB_UNARY(shape##_nearest, shape, __builtin_elementwise_roundeven(a))
#else
/* As hsb_float.h does it. Lanes from `big` on, infinities and NaN get +0 added instead, which only
 * quiets. (mask & one) is 1 where the mask is set. */
#define HSB_ROUNDING(shape, int_shape, big)                                                        \
  HSB_INLINE simde_v128_t hsb_##shape##_signed(hsb_##shape v, hsb_##shape sign) {                  \
    return hsb_select(HSB_SIGN_##shape, (simde_v128_t)sign, (simde_v128_t)v);                      \
  }                                                                                                \
  HSB_UNARY(shape##_nearest, shape,                                                                \
            hsb_select((simde_v128_t)((hsb_##shape)simde_wasm_##shape##_abs(va) < (big)),          \
                       hsb_##shape##_signed(                                                       \
                           ((hsb_##shape)simde_wasm_##shape##_abs(va) + (big)) - (big), a),        \
                       (simde_v128_t)(a + 0)))                                                     \
  HSB_INLINE hsb_##shape hsb_##shape##_one_if(hsb_##int_shape mask) {                              \
    hsb_##shape one = HSB_FILL(shape, 1);                                                          \
    return (hsb_##shape)(mask & (hsb_##int_shape)one);                                             \
  }                                                                                                \
  HSB_INLINE simde_v128_t simde_wasm_##shape##_floor(simde_v128_t va) {                            \
    hsb_##shape r = (hsb_##shape)simde_wasm_##shape##_nearest(va);                                 \
    return (simde_v128_t)(r - hsb_##shape##_one_if(r > (hsb_##shape)va));                          \
  }                                                                                                \
  HSB_INLINE simde_v128_t simde_wasm_##shape##_ceil(simde_v128_t va) {                             \
    hsb_##shape a = (hsb_##shape)va, r = (hsb_##shape)simde_wasm_##shape##_nearest(va);            \
    return hsb_##shape##_signed(r + hsb_##shape##_one_if(r < a), a);                               \
  }                                                                                                \
  HSB_INLINE simde_v128_t simde_wasm_##shape##_trunc(simde_v128_t va) {                            \
    simde_v128_t size = simde_wasm_##shape##_abs(va);                                              \
    return hsb_##shape##_signed((hsb_##shape)simde_wasm_##shape##_floor(size), (hsb_##shape)va);   \
  }
#endif
HSB_ROUNDING(f32x4, i32x4, 0x1p23f)
HSB_ROUNDING(f64x2, i64x2, 0x1p52)

#endif
