/* rewrite.h - canonicalise and meter: turns a validated module into the one that wasm2c sees.
 * canon.c writes sections, meter.c writes function bodies.
 *
 * What comes out (docs/metering.md has it in full):
 *  - no custom section, no name, no export and no import of the guest's choosing: imports are
 *    "h"."i<N>", then "h"."fuel" (i64)->(i64) if metered, "h"."mark" (i32)->() if marked, then
 *    "h"."min", "max", "umin", "umax" (i32 i32)->(i32), "copy" (i64 i64 i64)->(i32) and "more"
 *    (i64 i64)->(i64) if helped, then "h"."look" (i32 i32 i64 i32 i64)->(i32), "h"."seen" (i32
 *    i64 i32)->() and "h"."below" (i32 i64)->(i32) if it looks;
 *  - exports are "e<N>" for the N-th distinct exported function, in order of function index, and
 *    "start" for the start function (the start section is gone);
 *  - structurally equal function types are one type;
 *  - active data segments are gone (plan.segments); one that instructions refer to stays as an
 *    empty passive one;
 *  - metered: every function type takes one more i64, the fuel, as its last parameter and returns
 *    what is left of it as its last result.
 * Invariant: it is valid, and apart from fuel means what the input means. */
#ifndef HCC_REWRITE_H
#define HCC_REWRITE_H

#include "buf.h"
#include "module.h"

typedef struct hcc_plan_export {
  uint32_t func;  /* original index */
  bool stateless; /* its call graph changes no memory, global or table, and has no indirect
                     call and no call of an import that may */
} hcc_plan_export;

typedef struct hcc_plan_segment {
  uint64_t mem_off;
  hcc_range bytes;
} hcc_plan_segment;

/* A function that stands in a table for as long as an instance lives. */
typedef struct hcc_plan_callee {
  uint32_t type, table, slot; /* new index; which table; where in it */
  char kind;                  /* of its name in wasm2c's text: 'f', or 'e' if it is exported */
  uint32_t number;            /* with it: new index; which export */
} hcc_plan_callee;

/* Quarters of a nanosecond that the system takes to find all pages of a small memory: 1,024 of
 * them, 2 ms. */
#define HCC_RW_SMALL_PAGES (INT64_C(1) << 23)

/* What the rewrite did, for the C around wasm2c's output (glue.c, translate.c). */
typedef struct hcc_plan {
  bool metered, polls;      /* as the options were */
  hcc_plan_export *exports; /* index N is "e<N>" */
  uint32_t export_count;
  hcc_plan_segment *segments;
  uint32_t segment_count;
  uint32_t type_count;      /* of the new module */
  hcc_plan_callee *callees; /* by type, table, slot: all of a type in a table or none */
  uint32_t callee_count;
  uint64_t unit_time; /* quarters of a nanosecond that a unit of fuel may take at worst while memory
                         has no more than HSB_FUEL_SMALL bytes; 0: not metered */
} hcc_plan;

typedef struct hcc_rewrite_options {
  bool meter;  /* thread and charge fuel */
  bool polls;  /* with meter: charge at checkpoints only, all at once what one turn may cost:
                  enough to look at clock and cancellation in time, no measure of what ran */
  bool loops;  /* without meter: loops whose turns are known are written twice all the same, so that
                  what fuel costs can be measured */
  bool marks;  /* call "h"."mark" with the original offset at the beginning of each function and
                  before each instruction that may trap; translate.c makes #line of them */
  bool blocks; /* with meter and marks: where each block begins, too (profile.h) */
  bool helpers; /* a choice of the lesser or greater of two i32 calls "h"."min", "max", "umin" or
                   "umax", by which clang knows it; a loop that copies asks "h"."copy" to do it;
                   one that needs more fuel than a slice has asks "h"."more" for it */
  bool looks; /* with marks: the accesses of a counted loop, or of a run of straight-line code, are
                 those of "h"."look" and "h"."seen", which compare them with the memory before it
                 (explicit bounds) */
  bool alone; /* for engines that know nothing of a plan or of our limits (--emit=wasm): active
                 data segments stay where they are and the plan has none; a memory's maximum is
                 no more than HSB_PAGES_MAX */
} hcc_rewrite_options;

/* How many imports of ours it has. */
uint32_t hcc_rewrite_imports(const hcc_rewrite_options *options);
/* Writes the new module to out and what was done to plan (hcc_plan_free). m must be valid.
 * Errors: LIMIT (the result is too large), NO_MEMORY, INTERNAL. */
int hcc_rewrite(hcc_buf *out, hcc_plan *plan, const hcc_module *m,
                const hcc_rewrite_options *options, hcc_error *err);
void hcc_plan_free(hcc_plan *plan);

#endif
