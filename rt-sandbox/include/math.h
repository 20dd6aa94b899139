/* math.h - for plugins: the names that wasm2c's prelude and output use.
 *
 * Invariant: nothing that is really used becomes a call of libm. floor, ceil, trunc and nearbyint
 * are named by the prelude's wasm_* functions only, which hsb_float.h takes over: they are unused,
 * and a plugin that called them would not link. */
#ifndef HSB_MATH_H
#define HSB_MATH_H

#define NAN __builtin_nanf("")
#define INFINITY __builtin_inff()
#define isnan(x) __builtin_isnan(x)
#define signbit(x) __builtin_signbit(x)
#define copysign __builtin_copysign
#define copysignf __builtin_copysignf
#define fabs __builtin_fabs
#define fabsf __builtin_fabsf
#define sqrt __builtin_sqrt
#define sqrtf __builtin_sqrtf
#define floor __builtin_floor
#define floorf __builtin_floorf
#define ceil __builtin_ceil
#define ceilf __builtin_ceilf
#define trunc __builtin_trunc
#define truncf __builtin_truncf
#define nearbyint __builtin_nearbyint
#define nearbyintf __builtin_nearbyintf

#endif
