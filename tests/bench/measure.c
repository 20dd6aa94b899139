/* measure.c - see measure.h. */
#include "measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double measure_now_ns(void) {
  return now_ns(CLOCK_MONOTONIC);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(const double *values, unsigned n) {
  double sorted[MEASURE_ROUNDS_MAX];
  for (unsigned i = 0; i < n; i++) {
    sorted[i] = values[i];
  }
  qsort(sorted, n, sizeof *sorted, compare);
  return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static int one_round(measure_case *cases, size_t count, unsigned slot) {
  uint64_t expected = 0;
  for (size_t i = 0; i < count; i++) {
    double begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
    uint64_t got = cases[i].run(cases[i].arg);
    cases[i].ns[slot] = now_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
    if (i == 0) {
      expected = got;
    }
    if (got == UINT64_MAX || got != expected) {
      fprintf(stderr, "%s answered %" PRIu64 ", %s %" PRIu64 "\n", cases[i].name, got,
              cases[0].name, expected);
      return 1;
    }
  }
  return 0;
}

int measure(measure_case *cases, size_t count, unsigned rounds) {
  int status = one_round(cases, count, 0);
  if (rounds > MEASURE_ROUNDS_MAX) {
    rounds = MEASURE_ROUNDS_MAX;
  }
  for (unsigned r = 0; status == 0 && r < rounds; r++) {
    status = one_round(cases, count, r);
  }
  for (size_t i = 0; status == 0 && i < count; i++) {
    cases[i].median = median(cases[i].ns, rounds);
  }
  return status;
}
