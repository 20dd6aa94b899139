/* hsb_simd_memory.h - v128 loads and stores on linear memory. Included by hsb_override.h when the
 * module has SIMD.
 *
 * Invariant: that of hsb_memory.h. */
#ifndef HSB_SIMD_MEMORY_H
#define HSB_SIMD_MEMORY_H

#define HSB_V128_LOAD(name, read, bytes)                                                           \
  HSB_INLINE v128 hsb_##name(HSB_AT, u64 addr) {                                                   \
    HSB_CHECK(bytes);                                                                              \
    v128 value = simde_wasm_##read(HSB_ADDRESS);                                                   \
    HSB_FORCE(HSB_FLOAT_REGISTER, value);                                                          \
    return value;                                                                                  \
  }
#define HSB_V128_LANE(bits)                                                                        \
  HSB_INLINE v128 hsb_v128_load##bits##_lane(HSB_AT, u64 addr, v128 v, int lane) {                 \
    HSB_CHECK(bits / 8);                                                                           \
    v128 value = simde_wasm_v128_load##bits##_lane(HSB_ADDRESS, v, lane);                          \
    HSB_FORCE(HSB_FLOAT_REGISTER, value);                                                          \
    return value;                                                                                  \
  }                                                                                                \
  HSB_INLINE void hsb_v128_store##bits##_lane(HSB_AT, u64 addr, v128 v, int lane) {                \
    HSB_CHECK(bits / 8);                                                                           \
    simde_wasm_v128_store##bits##_lane(HSB_ADDRESS, v, lane);                                      \
  }

HSB_V128_LOAD(v128_load, v128_load, 16)
HSB_V128_LOAD(v128_load8_splat, v128_load8_splat, 1)
HSB_V128_LOAD(v128_load16_splat, v128_load16_splat, 2)
HSB_V128_LOAD(v128_load32_splat, v128_load32_splat, 4)
HSB_V128_LOAD(v128_load64_splat, v128_load64_splat, 8)
HSB_V128_LOAD(i16x8_load8x8, i16x8_load8x8, 8)
HSB_V128_LOAD(u16x8_load8x8, u16x8_load8x8, 8)
HSB_V128_LOAD(i32x4_load16x4, i32x4_load16x4, 8)
HSB_V128_LOAD(u32x4_load16x4, u32x4_load16x4, 8)
HSB_V128_LOAD(i64x2_load32x2, i64x2_load32x2, 8)
HSB_V128_LOAD(u64x2_load32x2, u64x2_load32x2, 8)
HSB_V128_LOAD(v128_load32_zero, v128_load32_zero, 4)
HSB_V128_LOAD(v128_load64_zero, v128_load64_zero, 8)
HSB_V128_LANE(8)
HSB_V128_LANE(16)
HSB_V128_LANE(32)
HSB_V128_LANE(64)

HSB_INLINE void hsb_v128_store(HSB_AT, u64 addr, v128 value) {
  HSB_CHECK(16);
  simde_wasm_v128_store(HSB_ADDRESS, value);
}

#define v128_load(mem, addr) hsb_v128_load(HSB_HERE(mem), addr)
#define v128_load8_splat(mem, addr) hsb_v128_load8_splat(HSB_HERE(mem), addr)
#define v128_load16_splat(mem, addr) hsb_v128_load16_splat(HSB_HERE(mem), addr)
#define v128_load32_splat(mem, addr) hsb_v128_load32_splat(HSB_HERE(mem), addr)
#define v128_load64_splat(mem, addr) hsb_v128_load64_splat(HSB_HERE(mem), addr)
#define i16x8_load8x8(mem, addr) hsb_i16x8_load8x8(HSB_HERE(mem), addr)
#define u16x8_load8x8(mem, addr) hsb_u16x8_load8x8(HSB_HERE(mem), addr)
#define i32x4_load16x4(mem, addr) hsb_i32x4_load16x4(HSB_HERE(mem), addr)
#define u32x4_load16x4(mem, addr) hsb_u32x4_load16x4(HSB_HERE(mem), addr)
#define i64x2_load32x2(mem, addr) hsb_i64x2_load32x2(HSB_HERE(mem), addr)
#define u64x2_load32x2(mem, addr) hsb_u64x2_load32x2(HSB_HERE(mem), addr)
#define v128_load32_zero(mem, addr) hsb_v128_load32_zero(HSB_HERE(mem), addr)
#define v128_load64_zero(mem, addr) hsb_v128_load64_zero(HSB_HERE(mem), addr)
#define v128_store(mem, addr, value) hsb_v128_store(HSB_HERE(mem), addr, value)

/* wasm2c has a name for each lane. */
#define HSB_LOAD8(mem, addr, v, lane) hsb_v128_load8_lane(HSB_HERE(mem), addr, v, lane)
#define HSB_LOAD16(mem, addr, v, lane) hsb_v128_load16_lane(HSB_HERE(mem), addr, v, lane)
#define HSB_LOAD32(mem, addr, v, lane) hsb_v128_load32_lane(HSB_HERE(mem), addr, v, lane)
#define HSB_LOAD64(mem, addr, v, lane) hsb_v128_load64_lane(HSB_HERE(mem), addr, v, lane)
#define HSB_STORE8(mem, addr, v, lane) hsb_v128_store8_lane(HSB_HERE(mem), addr, v, lane)
#define HSB_STORE16(mem, addr, v, lane) hsb_v128_store16_lane(HSB_HERE(mem), addr, v, lane)
#define HSB_STORE32(mem, addr, v, lane) hsb_v128_store32_lane(HSB_HERE(mem), addr, v, lane)
#define HSB_STORE64(mem, addr, v, lane) hsb_v128_store64_lane(HSB_HERE(mem), addr, v, lane)
#define v128_load8_lane0(mem, addr, v) HSB_LOAD8(mem, addr, v, 0)
#define v128_load8_lane1(mem, addr, v) HSB_LOAD8(mem, addr, v, 1)
#define v128_load8_lane2(mem, addr, v) HSB_LOAD8(mem, addr, v, 2)
#define v128_load8_lane3(mem, addr, v) HSB_LOAD8(mem, addr, v, 3)
#define v128_load8_lane4(mem, addr, v) HSB_LOAD8(mem, addr, v, 4)
#define v128_load8_lane5(mem, addr, v) HSB_LOAD8(mem, addr, v, 5)
#define v128_load8_lane6(mem, addr, v) HSB_LOAD8(mem, addr, v, 6)
#define v128_load8_lane7(mem, addr, v) HSB_LOAD8(mem, addr, v, 7)
#define v128_load8_lane8(mem, addr, v) HSB_LOAD8(mem, addr, v, 8)
#define v128_load8_lane9(mem, addr, v) HSB_LOAD8(mem, addr, v, 9)
#define v128_load8_lane10(mem, addr, v) HSB_LOAD8(mem, addr, v, 10)
#define v128_load8_lane11(mem, addr, v) HSB_LOAD8(mem, addr, v, 11)
#define v128_load8_lane12(mem, addr, v) HSB_LOAD8(mem, addr, v, 12)
#define v128_load8_lane13(mem, addr, v) HSB_LOAD8(mem, addr, v, 13)
#define v128_load8_lane14(mem, addr, v) HSB_LOAD8(mem, addr, v, 14)
#define v128_load8_lane15(mem, addr, v) HSB_LOAD8(mem, addr, v, 15)
#define v128_load16_lane0(mem, addr, v) HSB_LOAD16(mem, addr, v, 0)
#define v128_load16_lane1(mem, addr, v) HSB_LOAD16(mem, addr, v, 1)
#define v128_load16_lane2(mem, addr, v) HSB_LOAD16(mem, addr, v, 2)
#define v128_load16_lane3(mem, addr, v) HSB_LOAD16(mem, addr, v, 3)
#define v128_load16_lane4(mem, addr, v) HSB_LOAD16(mem, addr, v, 4)
#define v128_load16_lane5(mem, addr, v) HSB_LOAD16(mem, addr, v, 5)
#define v128_load16_lane6(mem, addr, v) HSB_LOAD16(mem, addr, v, 6)
#define v128_load16_lane7(mem, addr, v) HSB_LOAD16(mem, addr, v, 7)
#define v128_load32_lane0(mem, addr, v) HSB_LOAD32(mem, addr, v, 0)
#define v128_load32_lane1(mem, addr, v) HSB_LOAD32(mem, addr, v, 1)
#define v128_load32_lane2(mem, addr, v) HSB_LOAD32(mem, addr, v, 2)
#define v128_load32_lane3(mem, addr, v) HSB_LOAD32(mem, addr, v, 3)
#define v128_load64_lane0(mem, addr, v) HSB_LOAD64(mem, addr, v, 0)
#define v128_load64_lane1(mem, addr, v) HSB_LOAD64(mem, addr, v, 1)
#define v128_store8_lane0(mem, addr, v) HSB_STORE8(mem, addr, v, 0)
#define v128_store8_lane1(mem, addr, v) HSB_STORE8(mem, addr, v, 1)
#define v128_store8_lane2(mem, addr, v) HSB_STORE8(mem, addr, v, 2)
#define v128_store8_lane3(mem, addr, v) HSB_STORE8(mem, addr, v, 3)
#define v128_store8_lane4(mem, addr, v) HSB_STORE8(mem, addr, v, 4)
#define v128_store8_lane5(mem, addr, v) HSB_STORE8(mem, addr, v, 5)
#define v128_store8_lane6(mem, addr, v) HSB_STORE8(mem, addr, v, 6)
#define v128_store8_lane7(mem, addr, v) HSB_STORE8(mem, addr, v, 7)
#define v128_store8_lane8(mem, addr, v) HSB_STORE8(mem, addr, v, 8)
#define v128_store8_lane9(mem, addr, v) HSB_STORE8(mem, addr, v, 9)
#define v128_store8_lane10(mem, addr, v) HSB_STORE8(mem, addr, v, 10)
#define v128_store8_lane11(mem, addr, v) HSB_STORE8(mem, addr, v, 11)
#define v128_store8_lane12(mem, addr, v) HSB_STORE8(mem, addr, v, 12)
#define v128_store8_lane13(mem, addr, v) HSB_STORE8(mem, addr, v, 13)
#define v128_store8_lane14(mem, addr, v) HSB_STORE8(mem, addr, v, 14)
#define v128_store8_lane15(mem, addr, v) HSB_STORE8(mem, addr, v, 15)
#define v128_store16_lane0(mem, addr, v) HSB_STORE16(mem, addr, v, 0)
#define v128_store16_lane1(mem, addr, v) HSB_STORE16(mem, addr, v, 1)
#define v128_store16_lane2(mem, addr, v) HSB_STORE16(mem, addr, v, 2)
#define v128_store16_lane3(mem, addr, v) HSB_STORE16(mem, addr, v, 3)
#define v128_store16_lane4(mem, addr, v) HSB_STORE16(mem, addr, v, 4)
#define v128_store16_lane5(mem, addr, v) HSB_STORE16(mem, addr, v, 5)
#define v128_store16_lane6(mem, addr, v) HSB_STORE16(mem, addr, v, 6)
#define v128_store16_lane7(mem, addr, v) HSB_STORE16(mem, addr, v, 7)
#define v128_store32_lane0(mem, addr, v) HSB_STORE32(mem, addr, v, 0)
#define v128_store32_lane1(mem, addr, v) HSB_STORE32(mem, addr, v, 1)
#define v128_store32_lane2(mem, addr, v) HSB_STORE32(mem, addr, v, 2)
#define v128_store32_lane3(mem, addr, v) HSB_STORE32(mem, addr, v, 3)
#define v128_store64_lane0(mem, addr, v) HSB_STORE64(mem, addr, v, 0)
#define v128_store64_lane1(mem, addr, v) HSB_STORE64(mem, addr, v, 1)

#endif
