/* cli_call.h - the SQL that calls a procedure once and gives one value: what a function returns,
 * the rows of RETURNS TABLE as a JSON array of arrays, an aggregate over rows that are given. What
 * `heliosc test` and `run` share.
 *
 * Invariant: names are quoted and values literals, as cli_scratch.h has it. */
#ifndef HCC_CLI_CALL_H
#define HCC_CLI_CALL_H

#include "cli_scratch.h"

/* arguments, NUL-terminated: "1, 'a'"; for an aggregate rows of them, "(1, 'a'), (2, 'b')", or ""
 * for none. Returns as hcc_scratch_call. */
int hcc_call(hcc_answer *out, hcc_scratch *s, const cJSON *procedure, const hcc_buf *arguments);

#endif
