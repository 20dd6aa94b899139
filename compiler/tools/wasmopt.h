/* wasmopt.h - runs binaryen's wasm-opt over a module, in the jail: smaller, and often a little
 * faster. Invariant: what comes back is as untrusted as any other module. */
#ifndef HCC_WASMOPT_H
#define HCC_WASMOPT_H

#include "run.h"
#include "tools.h"

/* *wasm is malloc'ed. Errors: those of run.h. */
int hcc_wasm_opt(uint8_t **wasm, size_t *wasm_size, const uint8_t *bytes, size_t size,
                 const char *folder, const hcc_tool *tool, const hcc_jail *jail, uint32_t seconds,
                 hcc_error *err);

#endif
