/* generate.h - WebAssembly modules from choices: valid by construction, likely to trap somewhere,
 * always at an end soon. They use every opcode of opcodes.def, by that table.
 *
 * What a module looks like: a memory, three tables, globals of each type, passive and active
 * segments, helper functions that call each other, and programs: exports "p0" .. "p<n-1>" with
 * parameters and results of i, j, f, d. Export "sum" folds memory, globals and tables into an i64.
 * It has no imports. Of the two tables of functions none, either or both are never written.
 *
 * Invariants: the module validates; a call ends because recursion and loops draw on global 0 or
 * count to a constant; what floating point leaves open (the bits of a NaN that an operator makes)
 * is made canonical at once, so that all engines must agree on every bit. */
#ifndef FUZZ_GENERATE_H
#define FUZZ_GENERATE_H

#include "buf.h"
#include "choices.h"

#define FZ_PARAMS 5
#define FZ_RESULTS 3
#define FZ_PROGRAMS 256u
#define FZ_MODULE_MAX (4u << 20)

typedef struct fz_sig {
  uint8_t params[FZ_PARAMS], results[FZ_RESULTS]; /* enum hcc_type */
  uint8_t param_count, result_count;
} fz_sig;

typedef struct fz_program {
  fz_sig sig;
} fz_program;

typedef struct fz_module {
  fz_program programs[FZ_PROGRAMS];
  uint32_t program_count;
} fz_module;

/* Writes the module to out, which the caller has initialised. False: no memory. */
bool fz_generate(hcc_buf *out, fz_module *plan, uint32_t programs, fz_choices *c);

/* A value for a parameter of this type: bits, never a NaN, often an edge. */
uint64_t fz_argument(uint8_t type, fz_choices *c);

#endif
