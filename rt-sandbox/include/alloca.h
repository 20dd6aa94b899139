/* alloca.h - for plugins. wasm2c's prelude includes it for tail calls, which heliosc refuses:
 * empty, so that a use would not compile. */
