/* tally.h - what a statement's calls of one procedure cost, counted in its pin: calls, fuel, the
 * time of some, failures. tally.c adds it to the store when the statement ends.
 *
 * Invariant: what a call adds here is a decrement, an addition and a comparison, of memory that
 * only this statement's thread touches; the clock is read for one call in HRT_TALLY_PERIOD, or for
 * all of a version WITH (profiling = true). */
#ifndef HRT_TALLY_H
#define HRT_TALLY_H

#include "sqlite/session.h"

#define HRT_TALLY_PERIOD 256

typedef struct hrt_tally {
  struct hrt_tally *next, *prev; /* of the connection */
  const void *pin;
  int aux;
  uint32_t until;     /* calls to the next one that is timed, that one included */
  uint32_t set;       /* what `until` was last set to */
  uint64_t calls;     /* when it was set */
  uint64_t statement; /* number on the connection */
  uint64_t fuel, fuel_max;
  uint64_t errors;
  uint64_t timed, time_ns;
  uint64_t first_ns; /* time of the first call, for the statement's cost; 0: not taken */
} hrt_tally;

/* The first call of a statement. sql: of that call; NULL: of a virtual table. pin, aux: what SQLite
 * keeps with the statement, and where. */
void hrt_tally_begin(hrt_tally *t, hrt_version *v, sqlite3_context *sql, const void *pin, int aux);
/* The statement is over. */
void hrt_tally_end(hrt_tally *t, hrt_version *v);
static inline uint64_t hrt_tally_clock(void) {
  return hrt_now_ns();
}
void hrt_tally_time(hrt_tally *t, hrt_version *v, uint64_t ns);
/* `until` has come to 0. */
void hrt_tally_again(hrt_tally *t, const hrt_version *v);

/* A call that can't call SQL: begins (false: it is to be timed), has been timed, or was none after
 * all. */
static inline bool hrt_tally_short(hrt_tally *t) {
  return --t->until != 0;
}
static inline void hrt_tally_timed(hrt_tally *t, hrt_version *v, uint64_t ns) {
  hrt_tally_time(t, v, ns);
  hrt_tally_again(t, v);
}
static inline void hrt_tally_short_not(hrt_tally *t) {
  t->until++;
}
/* Any other call. */
typedef struct hrt_tally_call {
  uint64_t began; /* 0: its time is not taken */
  bool sampled;   /* it is one to be timed; else it is the statement's first */
} hrt_tally_call;
hrt_tally_call hrt_tally_call_begin(hrt_tally *t, const hrt_version *v);
void hrt_tally_call_end(hrt_tally *t, hrt_version *v, hrt_tally_call call);
static inline void hrt_tally_fuel(hrt_tally *t, uint64_t used) {
  t->fuel += used;
  if (__builtin_expect(used > t->fuel_max, 0)) {
    t->fuel_max = used;
  }
}
/* Calls so far, the running one included. */
static inline uint64_t hrt_tally_calls(const hrt_tally *t) {
  return t->calls + (t->set - t->until);
}
/* A call failed: counted by its class; a trap or a limit leaves records. */
void hrt_tally_error(hrt_tally *t, hrt_version *v, const helios_error *err);
/* One failed because no version could be had. A version that is refused leaves a record. */
void hrt_tally_unpinned(helios *h, const char *procedure, const helios_error *err);

/* What one procedure cost in one statement, for helios_statement. */
typedef struct hrt_cost {
  char procedure[HRT_NAME_BYTES];
  uint32_t version;
  uint64_t calls, errors, fuel, fuel_max, timed, time_ns, firsts, first_ns;
} hrt_cost;
#define HRT_COSTS_MOST 64
/* Of the last statement that called procedures, with those it called in turn. */
typedef struct hrt_costs {
  uint64_t statement;
  uint32_t count;
  hrt_cost at[HRT_COSTS_MOST];
} hrt_costs;

#endif
