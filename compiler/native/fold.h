/* fold.h - wasm2c gives each value on WebAssembly's stack a variable, which clang parses, stores
 * and loads again before it finds that it needs none. Here a line "var_j1 = 2ull;" is not written,
 * but its value where the variable is read: "var_p1 -= 2ull;". A fifth of clang's time. As much
 * again is what else it would have to take apart: accesses of memory are places (access.h), and a
 * call's results are read where they are wanted from one variable for each type, "tmp_ij.i0".
 *
 * The code is quicker for it too. Guests' compilers put what is used once before what is used
 * twice, for only so a stack serves both, and clang keeps the order that it reads; what is used
 * twice is what others wait for. A value that waits comes behind it again, as it was in the guest's
 * source.
 *
 * A value that waits is text of constants, locals, variables of the stack, results of the last call
 * and integer operations that can't trap. What reads or writes anything else (memory, globals,
 * calls) stays where it is and in its order. Invariants: a value that waits is written out before
 * what it is made of changes, and all are before any line that is not known here: labels, jumps,
 * braces. The number in a name is the depth on the stack, so a value made at a depth ends those at
 * it and above; one at depth d is made of variables at d and above, so they are written out from
 * below. */
#ifndef HCC_FOLD_H
#define HCC_FOLD_H

#include "buf.h"

#define HCC_FOLD_DEPTH 64u /* bits of waits */
#define HCC_FOLD_TEXT 512u

typedef struct hcc_fold {
  struct hcc_waiting {
    char letter; /* type of the variable */
    uint32_t size;
    char text[HCC_FOLD_TEXT];
  } waiting[HCC_FOLD_DEPTH];
  uint64_t waits; /* a bit for each depth at which something does */
  bool places;    /* accesses are places: guard pages stand for the comparison with the size */
  bool sure;      /* the access that comes is known to be in bounds */
  char call[HCC_FOLD_TEXT]; /* in the braces around a call with several results: of what type */
  bool skipping;            /* the next line has been written with this */
  hcc_buf results;          /* declarations of the function's variables for results */
  hcc_buf operand, value;   /* of the line at hand */
  hcc_buf out;
} hcc_fold;

void hcc_fold_init(hcc_fold *f, bool places);
/* A function, whose text this is: nothing waits. */
void hcc_fold_begin(hcc_fold *f, const char *text, size_t size);
void hcc_fold_free(hcc_fold *f);

/* A line of a translated function without indentation, and the line behind it. f->out is what to
 * write for it, perhaps nothing yet; f->out.failed if there was no memory. */
void hcc_fold_line(hcc_fold *f, const char *line, size_t size, const char *next, size_t next_size);

#endif
