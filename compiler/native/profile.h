/* profile.h - how often the blocks of a script engine run, for clang. sdk/engine/<engine>.profile
 * says it by function, and a function is known by its instructions: a profile of another version of
 * the engine serves the functions that have not changed, and no other. docs/script-engines.md.
 *
 * A profile is text. A line that begins with # is a comment; any other is one function:
 *   <hash of its instructions, hexadecimal> <number of blocks> <block>:<how often> <block>:<how
 * often> ... Blocks are those of flow.h, in order; one that never ran is left out.
 *
 * Invariant: a profile decides on speed only. Whatever it says, the plugin means the same. */
#ifndef HCC_PROFILE_H
#define HCC_PROFILE_H

#include "buf.h"
#include "hsb_file.h"
#include "rewrite.h"

typedef struct hcc_profile_fit {
  uint64_t all, fits; /* sums of counts: of the texts, of the functions that the module has */
  uint32_t functions; /* of the module that have some */
} hcc_profile_fit;

/* What clang's -fprofile-sample-use reads, for C whose lines are offsets in m with blocks marked
 * (rewrite.h). plan: of the rewrite. texts: profiles, NULL ends them. added: imports of our own
 * before the module's functions. Errors: NO_MEMORY, INTERNAL (m is not valid). */
int hcc_profile(hcc_buf *out, hcc_profile_fit *fit, const hcc_module *m, const hcc_plan *plan,
                const char *const *texts, uint32_t added, hcc_error *err);

typedef struct hcc_profile_count {
  uint64_t pc, count; /* of one instruction; ascending by pc */
} hcc_profile_count;

/* Adds a profile of m from counts of the machine instructions of its plugin. Same errors. */
int hcc_profile_make(hcc_buf *out, const hcc_module *m, const struct hsb_file_line *lines,
                     uint32_t line_count, const hcc_profile_count *counts, uint32_t count,
                     hcc_error *err);

#endif
