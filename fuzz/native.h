/* native.h - a generated module as machine code: made from choices, built as `heliosc build` does,
 * each of its programs run in the engine, and what came out as one line of JSON, for
 * differential.py to hold other engines against.
 *
 * Invariant: what a module does, and in which mode it is built, follows from the choices and the
 * mode alone. */
#ifndef FUZZ_NATIVE_H
#define FUZZ_NATIVE_H

#include <stdio.h>

#include "generate.h"

/* Bits of a mode; without any: optimizing, guard pages, the baseline processor. */
#define FZ_BASELINE 1u
#define FZ_EXPLICIT 2u
#define FZ_NATIVE 4u /* for this processor */
#define FZ_MODES 8u

typedef struct fz_native {
  const char *folder; /* <folder>/m<id>.wasm and .metered.wasm are left there */
  uint64_t id;
  uint32_t mode, programs;
} fz_native;

/* Prints the line to out. Nonzero: the module could not be made, built or run, as stderr says. */
int fz_native_run(FILE *out, const fz_native *module, fz_choices *c);

#endif
