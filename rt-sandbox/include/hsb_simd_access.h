/* hsb_simd_access.h - loads and stores of v128 through a pointer. Included by
 * simde/wasm/simd128.h.
 *
 * Invariant: exactly as many bytes are touched as the name says, at any alignment. The caller
 * answers for the address (hsb_simd_memory.h). */
#ifndef HSB_SIMD_ACCESS_H
#define HSB_SIMD_ACCESS_H

#define HSB_READ(type)                                                                             \
  ({                                                                                               \
    type value_;                                                                                   \
    __builtin_memcpy(&value_, p, sizeof value_);                                                   \
    value_;                                                                                        \
  })

HSB_INLINE simde_v128_t simde_wasm_v128_load(const void *p) {
  return HSB_READ(simde_v128_t);
}

HSB_INLINE void simde_wasm_v128_store(void *p, simde_v128_t v) {
  __builtin_memcpy(p, &v, sizeof v);
}

#define HSB_LOAD_LANES(bits, shape, type)                                                          \
  HSB_INLINE simde_v128_t simde_wasm_v128_load##bits##_splat(const void *p) {                      \
    return (simde_v128_t)(HSB_FILL(shape, HSB_READ(type)));                                        \
  }                                                                                                \
  HSB_INLINE simde_v128_t simde_wasm_v128_load##bits##_lane(const void *p, simde_v128_t v,         \
                                                            int lane) {                            \
    hsb_##shape lanes = (hsb_##shape)v;                                                            \
    lanes[lane] = HSB_READ(type);                                                                  \
    return (simde_v128_t)lanes;                                                                    \
  }                                                                                                \
  HSB_INLINE void simde_wasm_v128_store##bits##_lane(void *p, simde_v128_t v, int lane) {          \
    type value = ((hsb_##shape)v)[lane];                                                           \
    __builtin_memcpy(p, &value, sizeof value);                                                     \
  }
HSB_LOAD_LANES(8, u8x16, uint8_t)
HSB_LOAD_LANES(16, u16x8, uint16_t)
HSB_LOAD_LANES(32, u32x4, uint32_t)
HSB_LOAD_LANES(64, u64x2, uint64_t)

HSB_INLINE simde_v128_t simde_wasm_v128_load32_zero(const void *p) {
  return (simde_v128_t)(hsb_u32x4){HSB_READ(uint32_t), 0, 0, 0};
}
HSB_INLINE simde_v128_t simde_wasm_v128_load64_zero(const void *p) {
  return (simde_v128_t)(hsb_u64x2){HSB_READ(uint64_t), 0};
}

#define HSB_LOAD_WIDEN(name, half, wide)                                                           \
  HSB_INLINE simde_v128_t simde_wasm_##name(const void *p) {                                       \
    return (simde_v128_t) __builtin_convertvector(HSB_READ(hsb_##half), hsb_##wide);               \
  }
HSB_LOAD_WIDEN(i16x8_load8x8, i8x8, i16x8)
HSB_LOAD_WIDEN(u16x8_load8x8, u8x8, u16x8)
HSB_LOAD_WIDEN(i32x4_load16x4, i16x4, i32x4)
HSB_LOAD_WIDEN(u32x4_load16x4, u16x4, u32x4)
HSB_LOAD_WIDEN(i64x2_load32x2, i32x2, i64x2)
HSB_LOAD_WIDEN(u64x2_load32x2, u32x2, u64x2)

#endif
