/* rust_target.h - which of Rust's targets for WebAssembly a source is built for: the one that
 * CARGO_BUILD_TARGET names or, for a project, cargo's configuration; else the one without a system.
 *
 * Invariant: what is named and is WebAssembly, but none of these, is an error and never another. */
#ifndef HCC_RUST_TARGET_H
#define HCC_RUST_TARGET_H

#include <stdbool.h>

#include "error.h"

/* A target has one name or two: rustc 1.78 gave wasm32-wasi another. */
#define HCC_RUST_NAMES 2u

typedef struct hcc_rust_target {
  const char *names[HCC_RUST_NAMES]; /* static; the one that was asked for first */
} hcc_rust_target;

/* folder: of the project, absolute; NULL: a file alone, which has no configuration. */
int hcc_rust_target_find(hcc_rust_target *out, const char *folder, hcc_error *err);

#endif
