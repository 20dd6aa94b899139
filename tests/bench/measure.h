/* measure.h - interleaved timing: run A, B, C, A, B, C ... and report medians and ratios of
 * medians. Times are of this thread's processor, so that other work on the machine counts little.
 * Ratios hold when the machine's speed drifts; single absolute times do not. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stddef.h>
#include <stdint.h>

#define MEASURE_ROUNDS_MAX 101

typedef struct measure_case {
  const char *name;
  /* Does the work once. Returns a checksum that must be the same for all cases, or UINT64_MAX on
   * failure. */
  uint64_t (*run)(void *arg);
  void *arg;
  double ns[MEASURE_ROUNDS_MAX], median;
} measure_case;

double measure_now_ns(void);
/* Runs one warm-up and `rounds` counted rounds of all cases in turn. 0, or 1 if a case failed or
 * answered differently from the first (stderr says which). */
int measure(measure_case *cases, size_t count, unsigned rounds);

#endif
