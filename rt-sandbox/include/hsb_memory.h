/* hsb_memory.h - loads, stores and bulk operations on linear memory. Included by hsb_override.h.
 *
 * Linear memory begins HSB_SPAN after the instance and never moves, so no base is loaded from
 * anywhere. addr is u32 index + u32 constant offset, computed in 64 bits: below 8 GiB.
 *
 * Invariant: without HSB_EXPLICIT_BOUNDS an access reads or writes nothing but
 * [base, base + HSB_MEMORY_RESERVE), and one that is out of bounds faults even if its result is
 * unused, unless its line is HSB_SURE: heliosc has looked at it before, and clang may drop or join
 * it; with HSB_EXPLICIT_BOUNDS, addr + size of the access is compared with the size of the memory
 * first, or, if its line is HSB_SEEN, goes where hsb_look.h has seen so many bytes in bounds. */
#ifndef HSB_MEMORY_H
#define HSB_MEMORY_H

#include "hsb_copy.h"

HSB_INLINE u8 *hsb_base(void *instance) {
  return (u8 *)instance + HSB_SPAN;
}

/* What every accessor takes before its own arguments; HSB_HERE supplies it. */
#ifdef HSB_EXPLICIT_BOUNDS
#include "hsb_look.h"
#define HSB_AT void *instance, const wasm_rt_memory_t *mem, hsb_place seen, uint32_t line
#define HSB_HERE(mem) instance, mem, hsb_at, __LINE__
#define HSB_AGAIN instance, mem, seen, line
#define HSB_ADDRESS (line == HSB_SEEN ? seen.at : hsb_base(instance) + addr)
#else
#define HSB_AT void *instance, const wasm_rt_memory_t *mem, uint32_t line
#define HSB_HERE(mem) instance, mem, __LINE__
#define HSB_AGAIN instance, mem, line
#define HSB_ADDRESS (hsb_base(instance) + addr)
#define HSB_LOOKS_BEGIN
#endif

/* What heliosc writes in place of these names where clang shall be quick
 * (compiler/native/access.h): places in memory, and such that are read though nobody wants what is
 * there. */
#define HSB_PLACE(type)                                                                            \
  typedef type hsb_##type __attribute__((aligned(1)));                                             \
  typedef volatile type hsb_v##type __attribute__((aligned(1)));
HSB_PLACE(u8)
HSB_PLACE(s8)
HSB_PLACE(u16)
HSB_PLACE(s16)
HSB_PLACE(u32)
HSB_PLACE(s32)
HSB_PLACE(u64)
HSB_PLACE(f32)
HSB_PLACE(f64)

#ifdef HSB_EXPLICIT_BOUNDS
#define HSB_CHECK(bytes)                                                                           \
  if (UNLIKELY(line == HSB_SEEN ? (bytes) > seen.size : addr + (bytes) > mem->size))               \
  hsb_trap(instance, HSB_TRAP_OOB, line)
#define HSB_FORCE(reg, value) (void)0
#else
#define HSB_CHECK(bytes) (void)mem, (void)line
#define HSB_FORCE(reg, value)                                                                      \
  if (line != HSB_SURE)                                                                            \
  __asm__ volatile("" ::reg(value))
#endif

#define HSB_LOAD(name, raw, wide, result, reg)                                                     \
  HSB_INLINE result hsb_##name(HSB_AT, u64 addr) {                                                 \
    HSB_CHECK(sizeof(raw));                                                                        \
    raw value;                                                                                     \
    __builtin_memcpy(&value, HSB_ADDRESS, sizeof value);                                           \
    result extended = (result)(wide)value;                                                         \
    HSB_FORCE(reg, extended);                                                                      \
    return extended;                                                                               \
  }

/* A volatile load stays too, and may be the operand of another instruction. Not of a float: where
 * its bits are wanted clang would read an integer instead, and forget the line. */
#ifdef HSB_OPERANDS
#define HSB_LOAD_INT(name, raw, wide, result)                                                      \
  HSB_INLINE result hsb_##name(HSB_AT, u64 addr) {                                                 \
    const void *at = hsb_base(instance) + addr;                                                    \
    (void)mem;                                                                                     \
    return (result)(wide)(line == HSB_SURE ? *(const hsb_##raw *)at : *(const hsb_v##raw *)at);    \
  }
#else
#define HSB_LOAD_INT(name, raw, wide, result) HSB_LOAD(name, raw, wide, result, "r")
#endif

#define HSB_STORE(name, raw, type)                                                                 \
  HSB_INLINE void hsb_##name(HSB_AT, u64 addr, type value) {                                       \
    HSB_CHECK(sizeof(raw));                                                                        \
    raw narrow = (raw)value;                                                                       \
    __builtin_memcpy(HSB_ADDRESS, &narrow, sizeof narrow);                                         \
  }

HSB_LOAD_INT(i32_load, u32, u32, u32)
HSB_LOAD_INT(i64_load, u64, u64, u64)
HSB_LOAD(f32_load, f32, f32, f32, HSB_FLOAT_REGISTER)
HSB_LOAD(f64_load, f64, f64, f64, HSB_FLOAT_REGISTER)
HSB_LOAD_INT(i32_load8_s, s8, s32, u32)
HSB_LOAD_INT(i64_load8_s, s8, s64, u64)
HSB_LOAD_INT(i32_load8_u, u8, u32, u32)
HSB_LOAD_INT(i64_load8_u, u8, u64, u64)
HSB_LOAD_INT(i32_load16_s, s16, s32, u32)
HSB_LOAD_INT(i64_load16_s, s16, s64, u64)
HSB_LOAD_INT(i32_load16_u, u16, u32, u32)
HSB_LOAD_INT(i64_load16_u, u16, u64, u64)
HSB_LOAD_INT(i64_load32_s, s32, s64, u64)
HSB_LOAD_INT(i64_load32_u, u32, u64, u64)
HSB_STORE(i32_store, u32, u32)
HSB_STORE(i64_store, u64, u64)
HSB_STORE(f32_store, f32, f32)
HSB_STORE(f64_store, f64, f64)
HSB_STORE(i32_store8, u8, u32)
HSB_STORE(i32_store16, u16, u32)
HSB_STORE(i64_store8, u8, u64)
HSB_STORE(i64_store16, u16, u64)
HSB_STORE(i64_store32, u32, u64)

#define i32_load(mem, addr) hsb_i32_load(HSB_HERE(mem), addr)
#define i64_load(mem, addr) hsb_i64_load(HSB_HERE(mem), addr)
#define f32_load(mem, addr) hsb_f32_load(HSB_HERE(mem), addr)
#define f64_load(mem, addr) hsb_f64_load(HSB_HERE(mem), addr)
#define i32_load8_s(mem, addr) hsb_i32_load8_s(HSB_HERE(mem), addr)
#define i64_load8_s(mem, addr) hsb_i64_load8_s(HSB_HERE(mem), addr)
#define i32_load8_u(mem, addr) hsb_i32_load8_u(HSB_HERE(mem), addr)
#define i64_load8_u(mem, addr) hsb_i64_load8_u(HSB_HERE(mem), addr)
#define i32_load16_s(mem, addr) hsb_i32_load16_s(HSB_HERE(mem), addr)
#define i64_load16_s(mem, addr) hsb_i64_load16_s(HSB_HERE(mem), addr)
#define i32_load16_u(mem, addr) hsb_i32_load16_u(HSB_HERE(mem), addr)
#define i64_load16_u(mem, addr) hsb_i64_load16_u(HSB_HERE(mem), addr)
#define i64_load32_s(mem, addr) hsb_i64_load32_s(HSB_HERE(mem), addr)
#define i64_load32_u(mem, addr) hsb_i64_load32_u(HSB_HERE(mem), addr)
#define i32_store(mem, addr, value) hsb_i32_store(HSB_HERE(mem), addr, value)
#define i64_store(mem, addr, value) hsb_i64_store(HSB_HERE(mem), addr, value)
#define f32_store(mem, addr, value) hsb_f32_store(HSB_HERE(mem), addr, value)
#define f64_store(mem, addr, value) hsb_f64_store(HSB_HERE(mem), addr, value)
#define i32_store8(mem, addr, value) hsb_i32_store8(HSB_HERE(mem), addr, value)
#define i32_store16(mem, addr, value) hsb_i32_store16(HSB_HERE(mem), addr, value)
#define i64_store8(mem, addr, value) hsb_i64_store8(HSB_HERE(mem), addr, value)
#define i64_store16(mem, addr, value) hsb_i64_store16(HSB_HERE(mem), addr, value)
#define i64_store32(mem, addr, value) hsb_i64_store32(HSB_HERE(mem), addr, value)

/* Bulk operations check the whole range before the first byte, in both modes. */
HSB_INLINE u8 *hsb_range(HSB_AT, u32 at, u32 n) {
  if (UNLIKELY((u64)at + n > mem->size))
    hsb_trap(instance, HSB_TRAP_OOB, line);
  return hsb_base(instance) + at;
}

HSB_INLINE void hsb_memory_fill(HSB_AT, u32 to, u32 value, u32 n) {
  u8 *target = hsb_range(HSB_AGAIN, to, n);
  if (UNLIKELY(n > HSB_BULK_PIECE))
    hsb_bulk_fill(instance, target, value, n, line);
  else
    __builtin_memset(target, (int)value, n);
}

HSB_INLINE void hsb_memory_copy(HSB_AT, u32 to, u32 from, u32 n) {
  u8 *target = hsb_range(HSB_AGAIN, to, n);
  const u8 *source = hsb_range(HSB_AGAIN, from, n);
  if (UNLIKELY(n > HSB_BULK_PIECE))
    hsb_bulk_copy(instance, target, source, n, line);
  else
    __builtin_memmove(target, source, n);
}

/* Copies n bytes as a loop would that goes upwards, and returns whether it did: not if some of them
 * are out of bounds, or are written before the loop reads them, or if they take so long that the
 * host has to be asked in between. No sum wraps, whatever heliosc may have taken for an address. */
HSB_INLINE u32 hsb_loop_copy(HSB_AT, u64 to, u64 from, u64 n) {
  (void)line;
  if (UNLIKELY(n > HSB_BULK_PIECE || (to | from) >> 40 || to + n > mem->size ||
               from + n > mem->size || to - from < n))
    return 0;
  if (n <= 16)
    hsb_copy_small(hsb_base(instance) + to, hsb_base(instance) + from, n);
  else
    hsb_copy_up(hsb_base(instance) + to, hsb_base(instance) + from, n);
  return 1;
}

HSB_INLINE void hsb_memory_init(HSB_AT, const u8 *data, u32 size, u32 to, u32 from, u32 n) {
  u8 *target = hsb_range(HSB_AGAIN, to, n);
  if (UNLIKELY((u64)from + n > size))
    hsb_trap(instance, HSB_TRAP_OOB, line);
  if (UNLIKELY(n > HSB_BULK_PIECE))
    hsb_bulk_copy(instance, target, data + from, n, line);
  else
    __builtin_memcpy(target, data + from, n);
}

#define memory_fill(mem, to, value, n) hsb_memory_fill(HSB_HERE(mem), to, value, n)
#define memory_copy(mem, from_mem, to, from, n) hsb_memory_copy(HSB_HERE(mem), to, from, n)
#define memory_init(mem, data, size, to, from, n)                                                  \
  hsb_memory_init(HSB_HERE(mem), data, size, to, from, n)

#define wasm_rt_grow_memory(mem, delta) hsb_memory_grow(instance, delta)

/* The host has made the memory before it calls init. */
#define wasm_rt_allocate_memory(mem, min, max, is64)                                               \
  ((mem)->pages >= (min) ? (void)0 : hsb_trap(instance, HSB_TRAP_OUT_OF_MEMORY, __LINE__))
#define wasm_rt_free_memory(mem) ((void)(mem))

#endif
