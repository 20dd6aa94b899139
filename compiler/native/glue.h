/* glue.h - the C that turns wasm2c's output into a plugin: the import stubs, an entry function for
 * each export, the tables of names, the data image and the object `helios_plugin` (hsb_abi.h).
 *
 * Invariant: the only bytes of the guest's that it writes are those of names, each as an octal
 * escape in a string literal. */
#ifndef HCC_GLUE_H
#define HCC_GLUE_H

#include <stdio.h>

#include "rewrite.h"

typedef struct hcc_glue_options {
  bool explicit_bounds;
  uint8_t module_hash[32];
} hcc_glue_options;

/* Writes the text; m.h (with fuel and marks imported) must come before it, and a file "blob" with
 * the bytes of all plan->segments, in order, stand where it is compiled. Write errors are left to
 * ferror. Errors: LIMIT. */
int hcc_glue(FILE *file, const hcc_module *m, const hcc_plan *plan, const hcc_glue_options *options,
             hcc_error *err);

/* Writes the bytes of the segments, one after the other. */
void hcc_glue_blob(FILE *file, const hcc_module *m, const hcc_plan *plan);

#endif
