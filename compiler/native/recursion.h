/* recursion.h - copies of a small function in place of its calls of itself, so that several
 * activations share a frame, a call and a look at the stack. gcc does this at -O3, clang does not.
 *
 * Most activations of a recursion are its base case: they return before they call. So what the
 * innermost copies call is that case, in place of its call too; where it turns out to be none, it
 * gives up and calls the function. It is there if all that the function does but call itself is to
 * read and compute: what it has done until then is done again.
 *
 * Text only: each copy has the function's charges too, and its checkpoints, unless recursion_fuel.h
 * says that they can be later; so results, traps, their offsets and fuel are what they are without.
 * Only how deep a recursion gets before
 * the stack is used up differs, which no two compilers agree on anyway.
 * Invariant: what is written is linear in the limit in recursion.c, however often a function calls
 * itself. */
#ifndef HCC_RECURSION_H
#define HCC_RECURSION_H

#include "ctext.h"

/* The text from that byte on is a function, a chunk as hcc_ctext_write writes it: gives it copies,
 * unless it is large, uses a global or does not call itself. Whether there was memory is left to
 * out->failed. */
void hcc_recursion_copy(hcc_buf *out, size_t from);

#endif
