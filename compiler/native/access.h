/* access.h - loads and stores of linear memory as clang reads them quickest: in place of
 * "i64_load(&instance->w2c_M0, (u64)(var_l2) + 8u)" it is "*(hsb_vu64 *)(base + var_l2 + 8u)", with
 * no function to put in place, no address of a memory and no line as a number. For guard pages
 * only: there is no comparison with the size.
 *
 * Invariant, as in hsb_memory.h: the address is base, an index of 32 bits and a constant of 32
 * bits, each widened without its sign; a load is volatile, so that it faults though nobody reads
 * it, unless it is known to be in bounds. */
#ifndef HCC_ACCESS_H
#define HCC_ACCESS_H

#include "buf.h"

/* Both add nothing and say no if the text is anything else: it stays as it is then.
 * "i64_load(&instance->w2c_M0, ADDRESS)" */
bool hcc_access_load(hcc_buf *out, const char *text, size_t size, bool sure);
/* "i64_store(&instance->w2c_M0, ADDRESS, VALUE);" */
bool hcc_access_store(hcc_buf *out, const char *line, size_t size);

#endif
