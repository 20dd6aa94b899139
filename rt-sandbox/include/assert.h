/* assert.h - for plugins: they have nobody to report to, so assertions of wasm2c's output are off.
 * (The one there is asks whether the runtime is initialised; ours has no such state.) */
#ifndef HSB_ASSERT_H
#define HSB_ASSERT_H

#define HSB_UNCHECKED(condition) ((void)0)
#define assert HSB_UNCHECKED
#define static_assert _Static_assert

#endif
