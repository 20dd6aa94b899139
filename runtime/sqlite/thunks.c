/* thunks.c - functions for SQLite that know their trampoline by their own address: to ask SQLite
 * for it (sqlite3_user_data) costs a fifth of what a call of a small procedure costs over native
 * code. The first 256 trampolines of the process have one each, all others share one that asks.
 *
 * Invariant: a thunk is its trampoline's from before SQLite knows it until SQLite has dropped the
 * function, so it is never run for another. Threads take and give thunks at any time. */
#include "sqlite/session.h"

/* clang-format off */
#define ROW(F, high) \
  F(high##0) F(high##1) F(high##2) F(high##3) F(high##4) F(high##5) F(high##6) F(high##7) \
  F(high##8) F(high##9) F(high##a) F(high##b) F(high##c) F(high##d) F(high##e) F(high##f)
#define ALL(F) \
  ROW(F, 0x0) ROW(F, 0x1) ROW(F, 0x2) ROW(F, 0x3) ROW(F, 0x4) ROW(F, 0x5) \
  ROW(F, 0x6) ROW(F, 0x7) ROW(F, 0x8) ROW(F, 0x9) ROW(F, 0xa) ROW(F, 0xb) \
  ROW(F, 0xc) ROW(F, 0xd) ROW(F, 0xe) ROW(F, 0xf)
/* clang-format on */

/* NULL: free. The last one is of those that share a thunk, and stays NULL. */
static hrt_trampoline *owners[HRT_THUNKS + 1];

/* Who runs a thunk is on a thread that SQLite has let into the connection since it was taken. */
static inline hrt_trampoline *owner(uint32_t n) {
  return __atomic_load_n(&owners[n], __ATOMIC_RELAXED);
}

#define THUNK(n)                                                                                   \
  static void call_##n(sqlite3_context *sql, int argc, sqlite3_value **argv) {                     \
    (void)argc;                                                                                    \
    hrt_trampoline_run(sql, owner(n), argv);                                                       \
  }                                                                                                \
  static void step_##n(sqlite3_context *sql, int argc, sqlite3_value **argv) {                     \
    (void)argc;                                                                                    \
    hrt_aggregate_run(sql, owner(n), argv);                                                        \
  }
ALL(THUNK)

#define ENTRY(n) {call_##n, step_##n},
static const hrt_thunk thunks[HRT_THUNKS] = {ALL(ENTRY)};

static void call_any(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc;
  hrt_trampoline_run(sql, sqlite3_user_data(sql), argv);
}

static void step_any(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc;
  hrt_aggregate_run(sql, sqlite3_user_data(sql), argv);
}

const hrt_thunk *hrt_thunk_take(hrt_trampoline *t) {
  static const hrt_thunk any = {call_any, step_any};
  for (uint32_t n = 0; n < HRT_THUNKS; n++) {
    hrt_trampoline *nobody = NULL;
    if (owner(n) == NULL && __atomic_compare_exchange_n(&owners[n], &nobody, t, false,
                                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
      t->thunk = n;
      return &thunks[n];
    }
  }
  t->thunk = HRT_THUNKS;
  return &any;
}

void hrt_thunk_give(const hrt_trampoline *t) {
  __atomic_store_n(&owners[t->thunk], NULL, __ATOMIC_RELEASE);
}
