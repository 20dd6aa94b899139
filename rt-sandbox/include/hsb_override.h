/* hsb_override.h - takes over wasm2c's prelude. heliosc includes it into every generated file right
 * after the prelude; from there on each name that can trap or touch memory is ours.
 *
 * In every function that uses these names, `instance` is the instance pointer and __LINE__ is the
 * offset of the instruction in the original .wasm. A trap of the prelude's own kind would need
 * wasm_rt_trap, which does not exist, so one that is not taken over here fails at link.
 *
 * Invariant: `struct w2c_h *` is the instance too: imports get it as their first argument. */
#ifndef HSB_OVERRIDE_H
#define HSB_OVERRIDE_H

#include "hsb_cold.h"
#include "hsb_float.h"
#include "hsb_memory.h"
#include "hsb_table.h"
#ifdef HSB_SIMD128_H
#include "hsb_simd_memory.h"
#endif

/* Used late: the prelude's division and conversion macros expand to it. */
#undef TRAP
#define TRAP(name) (hsb_trap(instance, HSB_TRAP_##name, __LINE__), 0)

/* A deep recursion ends here rather than at the end of the stack. The limit has room below it for
 * the frame of the function that checks, in case it stands above its frame, and for the host. */
#undef FUNC_PROLOGUE
#define FUNC_PROLOGUE                                                                              \
  bool hsb_low;                                                                                    \
  HSB_STACK_LOW(hsb_low);                                                                          \
  HSB_LOOKS_BEGIN;                                                                                 \
  if (UNLIKELY(hsb_low))                                                                           \
  hsb_trap(instance, HSB_TRAP_STACK, __LINE__)
#undef FUNC_EPILOGUE
#define FUNC_EPILOGUE

/* The prelude's would write their first operand twice. */
#undef I32_ROTL
#undef I32_ROTR
#undef I64_ROTL
#undef I64_ROTR
#define I32_ROTL(x, y) __builtin_rotateleft32(x, y)
#define I32_ROTR(x, y) __builtin_rotateright32(x, y)
#define I64_ROTL(x, y) __builtin_rotateleft64(x, y)
#define I64_ROTR(x, y) __builtin_rotateright64(x, y)

#define w2c_h_fuel(self, fuel) HSB_REFUEL(fuel)
#define w2c_h_more(self, fuel, wanted) HSB_REFUEL_AHEAD(fuel, wanted)

/* What selects the lesser or greater of two: clang sees through a chain of these. */
#define w2c_h_min(self, x, y) ((u32)__builtin_elementwise_min((s32)(x), (s32)(y)))
#define w2c_h_max(self, x, y) ((u32)__builtin_elementwise_max((s32)(x), (s32)(y)))
#define w2c_h_umin(self, x, y) __builtin_elementwise_min(x, y)
#define w2c_h_umax(self, x, y) __builtin_elementwise_max(x, y)

/* Bytes that a loop copies: all at once, if that is the same. */
#define w2c_h_copy(self, to, from, n) hsb_loop_copy(HSB_HERE(&instance->w2c_M0), to, from, n)

/* A byte that no comparison makes an int of (compiler/native/ctext.c). */
typedef unsigned _BitInt(8) hsb_bits8;

/* A function that stands in place of its own calls (compiler/native/recursion.h). */
#define HSB_COPY static inline __attribute__((always_inline))

/* What its base case has in place of a call: it gives up. */
#define HSB_AGAIN(callee, ...)                                                                     \
  ({                                                                                               \
    goto hsb_again;                                                                                \
    callee(__VA_ARGS__);                                                                           \
  })

/* Functions whose copies have no checkpoint at their entry (compiler/native/recursion_fuel.h):
 * HSB_LATE has the offset that it would have. What it would have looked at is kept until it is
 * looked at, HSB_SPENT: in *hsb_unseen, which HSB_UNSEEN is in the function itself, or, where
 * nothing is charged in between, in the fuel. What was used since is charged, but no reason to end.
 */
#define HSB_LATE enum { hsb_begin = __LINE__ }
#define HSB_UNSEEN u64 hsb_none = 0, *const hsb_unseen = &hsb_none
#define HSB_SPENT(left, unseen)                                                                    \
  if ((s64)(unseen) < 0) {                                                                         \
    const u64 hsb_since = (unseen) - (left);                                                       \
    hsb_refuel_slow(instance, unseen, hsb_begin);                                                  \
    unseen = 0;                                                                                    \
    left = (u64)HSB_CTX->fuel - hsb_since;                                                         \
  }

/* What such a function has given back, and where in it the fuel is: its end has looked at that and
 * asked for more, so it is zero or more, or the call has ended (HSB_SPENT, hsb_refuel_slow). */
#define HSB_LOOKED(given, fuel)                                                                    \
  ({                                                                                               \
    const __auto_type hsb_given = given;                                                           \
    if ((s64)(hsb_given fuel) < 0) {                                                               \
      __builtin_unreachable();                                                                     \
    }                                                                                              \
    hsb_given;                                                                                     \
  })

/* A loop's checkpoint in such a function. */
#define HSB_ASK(self, left)                                                                        \
  ({                                                                                               \
    HSB_SPENT(left, *hsb_unseen)                                                                   \
    HSB_REFUEL(left);                                                                              \
  })

#define wasm_rt_is_initialized() true

#undef FMIN
#undef FMAX
#define FMIN(x, y) _Generic((x), float : hsb_minf, default : hsb_min)(x, y)
#define FMAX(x, y) _Generic((x), float : hsb_maxf, default : hsb_max)(x, y)

#if HSB_HAS_ROUND
#define wasm_floor(x) __builtin_floor(x)
#define wasm_floorf(x) __builtin_floorf(x)
#define wasm_ceil(x) __builtin_ceil(x)
#define wasm_ceilf(x) __builtin_ceilf(x)
#define wasm_trunc(x) __builtin_trunc(x)
#define wasm_truncf(x) __builtin_truncf(x)
#define wasm_nearbyint(x) __builtin_nearbyint(x)
#define wasm_nearbyintf(x) __builtin_nearbyintf(x)
#else
#define wasm_floor(x) hsb_floor(x)
#define wasm_floorf(x) hsb_floorf(x)
#define wasm_ceil(x) hsb_ceil(x)
#define wasm_ceilf(x) hsb_ceilf(x)
#define wasm_trunc(x) hsb_trunc(x)
#define wasm_truncf(x) hsb_truncf(x)
#define wasm_nearbyint(x) hsb_nearest(x)
#define wasm_nearbyintf(x) hsb_nearestf(x)
#endif
#define wasm_fabs(x) __builtin_fabs(x)
#define wasm_fabsf(x) __builtin_fabsf(x)
#define wasm_sqrt(x) __builtin_sqrt(x)
#define wasm_sqrtf(x) __builtin_sqrtf(x)

/* The operands of demote and promote: the conversion itself quiets a NaN. */
#define wasm_quiet(x) hsb_opaque_d(x)
#define wasm_quietf(x) (x)

/* br_table. clang must not know more of the index than the code shows: it would leave out the bound
 * of the jump table, or compare another copy, and the link check could not see it. clang-format
 * would part the macro's name from its argument. */
HSB_INLINE u64 hsb_opaque_i(u64 i) {
  __asm__ volatile("" : "+r"(i));
  return i;
}
/* clang-format off */
#define switch(i) switch (hsb_opaque_i(i))
/* clang-format on */

#endif
