/* demangle.h - the name of a function as its author wrote it, from the one that rustc or clang gave
 * to the linker: "ledger::deep" of _ZN6ledger4deep17h206ca54d7057d63dE. For messages only.
 *
 * Invariant: what is not of that form, in whatever way, comes out as it is. */
#ifndef HCC_DEMANGLE_H
#define HCC_DEMANGLE_H

#include "buf.h"

/* Appends the name. Of C++ only plain names, without their parameters; of Rust the older scheme. */
void hcc_demangle(hcc_buf *out, const uint8_t *name, size_t size);

#endif
