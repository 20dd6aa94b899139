/* interrupt_kit.h - for tests of sqlite3_interrupt: a thread that interrupts a connection after a
 * while, and again until it is ended: an interrupt that comes before the statement runs, as on a
 * busy machine, is lost. */
#ifndef INTERRUPT_KIT_H
#define INTERRUPT_KIT_H

#include "fixture.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

struct ik_interrupt {
  pthread_t thread;
  sqlite3 *db;
  unsigned ms;
  atomic_bool over;
  uint64_t first; /* when it came, in ns */
};

FX uint64_t ik_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

FX void *ik_work(void *arg) {
  struct ik_interrupt *k = arg;
  usleep(k->ms * 1000);
  k->first = ik_now();
  for (sqlite3_interrupt(k->db); !atomic_load(&k->over); usleep(1000)) {
    if (ik_now() - k->first > 200000000u) {
      sqlite3_interrupt(k->db);
    }
  }
  return NULL;
}

FX void ik_begin(struct ik_interrupt *k, sqlite3 *db, unsigned ms) {
  *k = (struct ik_interrupt){.db = db, .ms = ms};
  assert_int_equal(pthread_create(&k->thread, NULL, ik_work, k), 0);
}

FX void ik_end(struct ik_interrupt *k) {
  atomic_store(&k->over, true);
  pthread_join(k->thread, NULL);
}

#endif
