/* run.h - runs the tools: child processes in a jail, several at a time, with what they print
 * captured, a limit on their time, and what they used.
 *
 * A child gets a clean environment (nothing of the caller's reaches clang), no controlling
 * terminal, /dev/null for input, and dies with its parent. Invariant: when a function returns, no
 * child that it started is left. */
#ifndef HCC_RUN_H
#define HCC_RUN_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "jail.h"

typedef struct hcc_run {
  const char *tool;        /* for messages */
  const char *const *argv; /* argv[0] is a path; NULL ends it */
  const char *folder;      /* to run in; NULL: this one */
  const char *variable;    /* "NAME=value", more than the environment that all get; NULL: none */
  const hcc_jail *jail;    /* NULL: none, for the tools' --version */
  uint32_t seconds;        /* wall clock; 0: no limit */
} hcc_run;

#define HCC_RUN_OUTPUT 32768u /* bytes: some thirty errors of rustc */

typedef struct hcc_ran {
  char output[HCC_RUN_OUTPUT]; /* stdout and stderr, cut; escapes are the reader's business */
  uint64_t peak_kib;
  double ms;
} hcc_ran;

/* Set by a signal handler: running children are killed and INTERRUPTED is returned. */
extern volatile sig_atomic_t hcc_interrupted;

/* Runs all, at most `jobs` at a time (0: one). Errors: TOOL_FAILED with the tool's first complaint,
 * TOOL_LIMIT, INTERRUPTED, IO. After an error the others are killed. */
int hcc_run_all(hcc_ran *out, const hcc_run *runs, uint32_t count, uint32_t jobs, hcc_error *err);
int hcc_run_one(hcc_ran *out, const hcc_run *run, hcc_error *err);

double hcc_now_ms(void); /* monotonic */

#endif
