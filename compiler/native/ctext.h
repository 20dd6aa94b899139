/* ctext.h - rewrites the C that wasm2c 1.0.36 writes: where its lines come from becomes the offset
 * in the guest's module, and every shape that is not expected is refused.
 *
 * A file is its prelude (constant text and the include of its header) and chunks: declarations,
 * data, and functions, each from column 0 to column 0. Rewritten, a chunk is one line of C for
 * each mark (rewrite.h), under "#line <offset> \"w\"", so that every address that clang makes of it
 * has the offset of a mark; 0 means no instruction (initialisation).
 * Invariant: after the prelude no string, character constant, comment or directive of the input
 * gets through, but for the hashes of function types. The names in a canonical module are ours, so
 * no byte of the guest's choosing can be in the text at all; this is the second lock. */
#ifndef HCC_CTEXT_H
#define HCC_CTEXT_H

#include "buf.h"
#include "error.h"
#include "fold.h"

typedef struct hcc_chunk {
  const char *begin;
  size_t size;
  char kind;      /* 'f' fN, 'e' eN_k, else '-': not a translated function */
  uint32_t index; /* N */
} hcc_chunk;

typedef struct hcc_ctext {
  size_t prelude; /* bytes */
  hcc_chunk *chunks;
  uint32_t count, functions;
} hcc_ctext;

/* text must outlive *out. Errors: INTERNAL (unexpected shape), NO_MEMORY. */
int hcc_ctext_split(hcc_ctext *out, const char *text, size_t size, hcc_error *err);
void hcc_ctext_free(hcc_ctext *t);

/* Writes one chunk, with its expressions folded if fold is not NULL; whether there was memory is
 * left to out->failed. Errors: INTERNAL, NO_MEMORY. */
int hcc_ctext_write(hcc_buf *out, const hcc_chunk *chunk, hcc_fold *fold, hcc_error *err);

#endif
