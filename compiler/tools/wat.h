/* wat.h - text modules: what does not begin with "\0asm" is handed to wat2wasm, in the jail.
 * Invariant: the bytes that come back are as untrusted as any other module. */
#ifndef HCC_WAT_H
#define HCC_WAT_H

#include "fs.h"
#include "run.h"
#include "tools.h"

bool hcc_is_binary(const uint8_t *bytes, size_t size);

/* Assembles text; *wasm is malloc'ed. Names and (@custom ...) sections are kept. Errors: MALFORMED
 * (not text either), WAT with wat2wasm's first complaint, those of run.h. */
int hcc_wat(uint8_t **wasm, size_t *wasm_size, const uint8_t *text, size_t size, const char *folder,
            const hcc_tool *wat2wasm, const hcc_jail *jail, uint32_t seconds, hcc_error *err);

#endif
