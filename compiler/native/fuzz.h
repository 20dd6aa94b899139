/* fuzz.h - what `heliosc fuzz` calls and how: the procedures of a module with their types, and the
 * program around it that calls them (fuzz/, which is embedded in heliosc). fuzz.c lists them;
 * fuzz_cc.c compiles and links.
 *
 * Invariant: nothing of the guest's but numbers and letters of ours gets into C. */
#ifndef HCC_FUZZ_H
#define HCC_FUZZ_H

#include "cc.h"
#include "module.h"
#include "rewrite.h"
#include "stage.h"

#define HCC_FUZZ_PROGRAM "fuzz"
#define HCC_FUZZ_PARAMS 64u
#define HCC_FUZZ_NAME 132u
#define HCC_FUZZ_FUEL UINT64_C(10000000) /* of one call */

typedef struct hcc_fuzz_procedure {
  char name[HCC_FUZZ_NAME];         /* in SQL; cut */
  char params[HCC_FUZZ_PARAMS + 1]; /* letters as in fuzz/fuzz_host.h */
  char returns;
  uint32_t export; /* index among the exported functions */
  bool pulls, cells, nulls, deterministic;
} hcc_fuzz_procedure;

typedef struct hcc_fuzz_plan {
  hcc_fuzz_procedure *procedures;
  uint32_t count;
} hcc_fuzz_plan;

/* The procedures of the manifest (JSON of manifest.h), or without one the exports that take and
 * return numbers. only: a procedure or an export, NULL for all. Errors: USAGE (none), NO_MEMORY. */
int hcc_fuzz_plan_make(hcc_fuzz_plan *out, const hcc_module *m, const char *manifest,
                       const char *only, hcc_error *err);
void hcc_fuzz_plan_free(hcc_fuzz_plan *plan);

/* Is clang's libFuzzer installed? TOOL_MISSING if not, with the package in the text. */
int hcc_fuzz_runtime(const hcc_tool *clang, hcc_error *err);

/* Compiles the sources in cc->folder, and our own, to the program HCC_FUZZ_PROGRAM there. */
int hcc_fuzz_program(uint64_t *peak_kib, const hcc_stage_input *in, const hcc_plan *plan,
                     const hcc_cc *cc, const char *const *sources, uint32_t count, hcc_error *err);

#endif
