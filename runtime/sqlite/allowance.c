/* allowance.c - fuel and time of a call. An outermost call has a budget of its own; a call nested
 * in it (procedure -> SQL -> procedure) draws on that one, tightened to its own limits while it
 * runs.
 *
 * Invariants: after hrt_allowance_end the outer call's limits are what they were; what was used
 * stays used. Between outermost calls nothing is used. */
#include "hsb_check.h"
#include "sqlite/session.h"

/* Asked about once a millisecond of computing or of SQL, and after a hundred host calls. The clock
 * of a call starts here, so that short calls never read it. */
static int probe(void *arg) {
  helios *h = arg;
  if (h->own.deadline_ns == 0) {
    h->own.deadline_ns = hrt_now_ns() + h->timeout_ns;
  }
  return hrt_session_interrupted(h);
}

void hrt_allowance_init(helios *h) {
  h->own = (hrt_budget){.probe = probe, .probe_arg = h};
}

static uint64_t tighter(uint64_t a, uint64_t b) {
  return a == 0 || b < a ? b : a;
}

/* The outermost call's clock starts now at the latest: it runs while the nested call does. */
static void begin_nested(hrt_allowance *a, helios *h, const hrt_version *v) {
  hrt_budget *b = h->budget;
  uint64_t fuel, now = hrt_now_ns();
  if (!hsb_add64(&fuel, b->fuel_used, v->limits.fuel)) {
    fuel = UINT64_MAX;
  }
  if (b->deadline_ns == 0) {
    b->deadline_ns = now + h->timeout_ns;
  }
  a->nested = true;
  a->outer_fuel = b->fuel_limit;
  a->outer_deadline = b->deadline_ns;
  b->fuel_limit = tighter(b->fuel_limit, fuel);
  b->deadline_ns = tighter(b->deadline_ns, now + v->timeout_ns);
}

void hrt_allowance_begin(hrt_allowance *a, helios *h, const hrt_version *v) {
  if (h->budget) {
    begin_nested(a, h, v);
    return;
  }
  a->nested = false;
  h->armed = NULL;
  hrt_allowance_set(h, v);
  h->budget = &h->own;
}

void hrt_allowance_end(const hrt_allowance *a, helios *h) {
  if (a->nested) {
    h->budget->fuel_limit = a->outer_fuel;
    h->budget->deadline_ns = a->outer_deadline;
  } else {
    h->budget = NULL;
    h->own.fuel_used = 0;
    h->own.deadline_ns = 0;
  }
}
