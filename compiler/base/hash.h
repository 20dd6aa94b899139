/* hash.h - SHA-256 by libcrypto, in the shapes that the compiler needs. */
#ifndef HCC_HASH_H
#define HCC_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define HCC_HASH 32
#define HCC_HASH_HEX 65

/* Errors: NO_MEMORY. */
int hcc_hash(uint8_t out[HCC_HASH], const void *bytes, size_t size, hcc_error *err);
void hcc_hex(char out[HCC_HASH_HEX], const uint8_t hash[HCC_HASH]);
/* False if text is not 64 digits. */
bool hcc_unhex(uint8_t out[HCC_HASH], const char *text);

#endif
