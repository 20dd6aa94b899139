/* share_test.c - turns that threads share: each is done once, and the first that fails is the one
 * that is told of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "share.h"

#define TURNS 100u

typedef struct record {
  atomic_uint done[TURNS];
  uint32_t bad; /* this turn and those behind it fail */
  atomic_uint with_signals;
  pthread_t caller;
} record;

static int turn(void *arg, uint32_t i, hcc_error *err) {
  record *r = arg;
  sigset_t blocked;
  atomic_fetch_add(&r->done[i], 1);
  pthread_sigmask(SIG_BLOCK, NULL, &blocked);
  if (!pthread_equal(pthread_self(), r->caller) && sigismember(&blocked, SIGTERM) != 1) {
    atomic_fetch_add(&r->with_signals, 1);
  }
  return i < r->bad ? 0 : hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "turn %u", i);
}

static void share__each_turn_once(void **state) {
  (void)state;
  static const uint32_t jobs[] = {0, 1, 2, 7, 1000};
  for (size_t n = 0; n < sizeof jobs / sizeof *jobs; n++) {
    record r = {.bad = TURNS, .caller = pthread_self()};
    hcc_error err = {.code = HCC_OK};
    assert_int_equal(hcc_share(turn, &r, TURNS, jobs[n], &err), 0);
    for (uint32_t i = 0; i < TURNS; i++) {
      assert_int_equal(r.done[i], 1);
    }
    assert_int_equal(err.code, HCC_OK);
    assert_int_equal(r.with_signals, 0);
    assert_int_equal(hcc_share(turn, &r, 0, jobs[n], &err), 0);
  }
}

static void share__the_first_failure_is_told(void **state) {
  (void)state;
  for (uint32_t round = 0; round < 50; round++) {
    record r = {.bad = 1 + round, .caller = pthread_self()};
    hcc_error err = {.code = HCC_OK};
    char text[32];
    snprintf(text, sizeof text, "turn %u", r.bad);
    assert_int_equal(hcc_share(turn, &r, TURNS, round % 5, &err), HCC_E_LIMIT);
    assert_string_equal(err.text, text);
    for (uint32_t i = 0; i <= r.bad; i++) {
      assert_int_equal(r.done[i], 1);
    }
    assert_int_equal(r.done[r.bad + 5], 0); /* nobody goes on */
  }
  record r = {.bad = 0, .caller = pthread_self()};
  assert_int_equal(hcc_share(turn, &r, 3, 2, NULL), HCC_E_LIMIT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(share__each_turn_once),
      cmocka_unit_test(share__the_first_failure_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
