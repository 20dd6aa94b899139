/* allowance.c - fuel and time of a call. An outermost call has a budget of its own; a call nested
 * in it (procedure -> SQL -> procedure) draws on that one, tightened to its own limits while it
 * runs.
 *
 * Invariant: after hrt_allowance_end the outer call's limits are what they were; what was used
 * stays used. */
#include <time.h>

#include "sqlite/session.h"

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Asked at the end of each fuel slice. The clock of a call that only computes starts here, so that
 * short calls never read it. */
static int probe(void *arg) {
  hrt_allowance *a = arg;
  if (a->own.deadline_ns == 0) {
    a->own.deadline_ns = now_ns() + a->timeout_ns;
  }
  return hrt_interrupted(a->h);
}

static uint64_t tighter(uint64_t a, uint64_t b) {
  return a == 0 || (b != 0 && b < a) ? b : a;
}

void hrt_allowance_begin(hrt_allowance *a, helios *h, const hrt_version *v) {
  uint64_t timeout_ns =
      v->limits.timeout_ms > UINT64_MAX / 4000000 ? UINT64_MAX / 4 : v->limits.timeout_ms * 1000000;
  a->h = h;
  if (h->budget == NULL) {
    a->own = (hrt_budget){.fuel_limit = v->limits.fuel,
                          .deadline_ns = v->timed ? now_ns() + timeout_ns : 0,
                          .probe = probe,
                          .probe_arg = a};
    a->timeout_ns = timeout_ns;
    a->budget = h->budget = &a->own;
    return;
  }
  hrt_budget *b = a->budget = h->budget;
  uint64_t fuel =
      b->fuel_used > UINT64_MAX - v->limits.fuel ? UINT64_MAX : b->fuel_used + v->limits.fuel;
  a->outer_fuel = b->fuel_limit;
  a->outer_deadline = b->deadline_ns;
  b->fuel_limit = tighter(b->fuel_limit, fuel);
  b->deadline_ns = tighter(b->deadline_ns, now_ns() + timeout_ns);
}

void hrt_allowance_end(hrt_allowance *a) {
  if (a->budget == &a->own) {
    a->h->budget = NULL;
  } else {
    a->budget->fuel_limit = a->outer_fuel;
    a->budget->deadline_ns = a->outer_deadline;
  }
}
