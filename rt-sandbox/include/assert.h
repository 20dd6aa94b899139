/* assert.h - for plugins: they have nobody to report to, so assertions of wasm2c's output are off.
 * (The one there is asks whether the runtime is initialised; ours has no such state.) */
#define assert(condition) ((void)0)
#ifndef static_assert
#define static_assert _Static_assert
#endif
