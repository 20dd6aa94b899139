/* share.c - see share.h. Must never leave a thread behind, and lets no signal reach its own. */
#include "share.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define MAX_THREADS 64u

typedef struct loop {
  hcc_share_turn *turn;
  void *arg;
  uint32_t count;
  atomic_uint next;
  atomic_bool failed;
} loop;

typedef struct worker {
  loop *loop;
  pthread_t thread;
  uint32_t turn; /* that failed */
  int status;
  hcc_error error;
} worker;

static void *work(void *arg) {
  worker *w = arg;
  loop *l = w->loop;
  while (w->status == 0 && !atomic_load(&l->failed)) {
    w->turn = atomic_fetch_add(&l->next, 1);
    if (w->turn >= l->count) {
      return NULL;
    }
    w->status = l->turn(l->arg, w->turn, &w->error);
  }
  if (w->status != 0) {
    atomic_store(&l->failed, true);
  }
  return NULL;
}

/* Gives how many there are. Signals are for the thread that called. */
static uint32_t start(worker *workers, uint32_t wanted) {
  sigset_t all, before;
  uint32_t n = 0;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  while (n < wanted && pthread_create(&workers[n].thread, NULL, work, &workers[n]) == 0) {
    n++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return n;
}

int hcc_share(hcc_share_turn *turn, void *arg, uint32_t count, uint32_t jobs, hcc_error *err) {
  loop l = {.turn = turn, .arg = arg, .count = count};
  worker workers[MAX_THREADS];
  uint32_t most = jobs < count ? jobs : count;
  most = most > MAX_THREADS ? MAX_THREADS : most;
  for (uint32_t i = 0; i < MAX_THREADS; i++) {
    workers[i] = (worker){.loop = &l, .error = {.code = HCC_OK}};
  }
  worker *own = &workers[0], *first = own;
  uint32_t others = most > 1 ? start(workers + 1, most - 1) : 0;
  work(own);
  for (uint32_t i = 1; i <= others; i++) {
    pthread_join(workers[i].thread, NULL);
    bool earlier = first->status == 0 || workers[i].turn < first->turn;
    first = workers[i].status != 0 && earlier ? &workers[i] : first;
  }
  if (first->status != 0 && err != NULL && err->code == HCC_OK) {
    *err = first->error;
  }
  return first->status;
}
