/* translate.h - canonical module to C: runs wasm2c in the jail and puts its rewritten text
 * (ctext.h) into as many files as shall be compiled side by side.
 *
 * The only place that knows wasm2c. It leaves in the folder: m.h, the declarations; p0.c ...
 * p<parts-1>.c; with several parts also m-impl.h. One part is a whole program of static functions;
 * glue.c's text may be appended to p0.c then, or stand in a file of its own that includes m.h.
 * Invariant: the same module and options give the same files, whatever machine and jobs. */
#ifndef HCC_TRANSLATE_H
#define HCC_TRANSLATE_H

#include "fs.h"
#include "rewrite.h"
#include "run.h"
#include "tools.h"

#define HCC_MAX_PARTS 64u

typedef struct hcc_translate_options {
  const char *folder; /* the build's own */
  const hcc_tool *wasm2c;
  const hcc_jail *jail;
  uint32_t seconds;
  uint32_t parts; /* 1 to HCC_MAX_PARTS; hcc_parts */
  uint32_t jobs;  /* threads; 0: one */
  bool fold;      /* less text for clang: fold.h */
  bool copies;    /* of small functions in place of their calls of themselves: recursion.h */
  bool direct;    /* functions that a table is known to hold are called by name */
  bool places;    /* with fold: no access is compared with the size of the memory */
} hcc_translate_options;

typedef struct hcc_translation {
  uint64_t c_bytes;
  uint64_t peak_kib;
} hcc_translation;

/* How many parts for a canonical module of this size. */
uint32_t hcc_parts(size_t module_size);
/* How much of all functions' text is in the parts up to this one. */
uint64_t hcc_part_end(uint64_t bytes, uint32_t parts, uint32_t part);

/* module: of hcc_rewrite, with marks. Errors: those of run.h, IO, INTERNAL, NO_MEMORY. */
int hcc_translate(hcc_translation *out, const uint8_t *module, size_t size, const hcc_plan *plan,
                  const hcc_translate_options *options, hcc_error *err);

#endif
