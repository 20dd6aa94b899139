/* hsb_cold.h - what generated code calls when something out of the ordinary happens; hsb_cold.c has
 * the bodies. All are kept out of line so that the paths that do not trap stay small.
 *
 * instance: the instance pointer. offset: byte offset in the original .wasm (callers pass __LINE__,
 * which the #line directives of heliosc make that offset). */
#ifndef HSB_COLD_H
#define HSB_COLD_H

#include "wasm-rt.h"

#define HSB_COLD __attribute__((cold, noinline))
/* nodebug: its instructions have the line of the caller, which is the offset in the .wasm. */
#define HSB_INLINE static inline __attribute__((always_inline, nodebug, unused))

/* The caller keeps its registers across a call that almost never happens: those of numbers with a
 * point and of vectors too, else a loop would hold in memory what it needs behind it. Not with AVX,
 * where clang 14 gives back half of each, nor on aarch64, where it knows no more. Such a function
 * returns nothing: clang before 17 restores the result register too. */
#if defined(__x86_64__) && !defined(__AVX__)
#define HSB_KEEP_REGISTERS __attribute__((preserve_all))
#elif defined(__x86_64__) || defined(__aarch64__)
#define HSB_KEEP_REGISTERS __attribute__((preserve_most))
#else
#define HSB_KEEP_REGISTERS
#endif

/* What each function and each checkpoint needs is no function, so that clang has none to put in
 * place. */

/* hsb_ctx_of(instance) */
#define HSB_CTX ((struct hsb_ctx *)((char *)instance - HSB_CTX_BYTES))

/* Sets low to whether the stack pointer is below the limit. Reading the register is cheaper than
 * __builtin_frame_address, which makes every function set up a frame pointer. On x86-64 clang sees
 * nothing but the instance go in, so that a function that it puts in place of a call does not ask
 * again: its locals are in the frame of the one that has asked. The limit is the same all the
 * while, for an instance that runs is not entered. */
#if defined(__x86_64__)
#define HSB_STACK_LOW(low)                                                                         \
  __asm__("cmp %c[limit](%[instance]), %%rsp"                                                      \
          : "=@ccb"(low)                                                                           \
          : [instance] "r"(instance), [limit] "i"(HSB_STACK_LIMIT))
/* From the instance; a number also where nothing is optimised. */
#define HSB_STACK_LIMIT ((int)__builtin_offsetof(struct hsb_ctx, stack_limit) - (int)HSB_CTX_BYTES)
#elif defined(__aarch64__)
#define HSB_STACK_LOW(low)                                                                         \
  uintptr_t hsb_sp;                                                                                \
  __asm__("mov %0, sp" : "=r"(hsb_sp));                                                            \
  low = hsb_sp < HSB_CTX->stack_limit
#else
#define HSB_STACK_LOW(low) low = (uintptr_t)__builtin_frame_address(0) < HSB_CTX->stack_limit
#endif

/* Ends the guest call with enum hsb_trap code. */
HSB_COLD _Noreturn void hsb_trap(void *instance, uint32_t code, uint32_t offset);

/* Trades the low fuel of a used-up slice for that of the next, left in ctx->fuel, or traps. */
HSB_COLD HSB_KEEP_REGISTERS void hsb_refuel_slow(void *instance, uint64_t fuel, uint32_t offset);

/* The fuel after it. */
#define HSB_REFUEL(fuel_left)                                                                      \
  (hsb_refuel_slow(instance, fuel_left, __LINE__), (uint64_t)HSB_CTX->fuel)

/* The same for a loop that would have so much at once; it may be less. */
HSB_COLD HSB_KEEP_REGISTERS void hsb_refuel_ahead(void *instance, uint64_t fuel, uint64_t wanted,
                                                  uint32_t offset);

#define HSB_REFUEL_AHEAD(fuel_left, wanted)                                                        \
  (hsb_refuel_ahead(instance, fuel_left, wanted, __LINE__), (uint64_t)HSB_CTX->fuel)

/* Element x of the table cannot be called as the type it was asked for: says which of the three
 * traps it is. */
HSB_COLD _Noreturn void hsb_call_trap(void *instance, const wasm_rt_funcref_table_t *table,
                                      uint32_t x, uint32_t offset);

/* memory.fill, memory.copy, memory.init of more than HSB_BULK_PIECE bytes, which are in range: in
 * pieces, with a poll of the host after each. */
HSB_COLD void hsb_bulk_fill(void *instance, uint8_t *to, uint32_t value, uint32_t n,
                            uint32_t offset);
HSB_COLD void hsb_bulk_copy(void *instance, uint8_t *to, const uint8_t *from, uint32_t n,
                            uint32_t offset);

/* memory.grow: the old size in pages, or UINT32_MAX. */
HSB_COLD uint32_t hsb_memory_grow(void *instance, uint32_t delta);

/* Makes table `index` of the instance: room from the host, min null elements. */
HSB_COLD void hsb_table_new(void *instance, uint32_t index, void **data, uint32_t *max_size,
                            uint32_t *size, uint32_t min, uint32_t max, uint32_t elem);

#endif
