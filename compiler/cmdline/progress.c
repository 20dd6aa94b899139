/* progress.c - which step a task is at, on a terminal, once the task has lasted. A thread of its
 * own draws, since the task is busy waiting for compilers. Must print nothing in a pipe, and
 * nothing at all for a task that is quick. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmdline.h"

#define EACH_MS 100

struct hcl_progress {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  const char *step;
  unsigned first_ms; /* a task that is over by then shows nothing */
  bool over, color;
};

static void later(struct timespec *at, long ms) {
  at->tv_sec += ms / 1000;
  at->tv_nsec += ms % 1000 * 1000000;
  at->tv_sec += at->tv_nsec / 1000000000;
  at->tv_nsec %= 1000000000;
}

static void draw(const hcl_progress *p, unsigned long ms) {
  char line[96];
  int n =
      snprintf(line, sizeof line, "\r\033[K%s%10s%s  %lu.%lu s", hcl_style(p->color, HCL_STYLE_DIM),
               p->step, hcl_style(p->color, HCL_STYLE_PLAIN), ms / 1000, ms / 100 % 10);
  if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0) {
    return; /* it is only progress */
  }
}

static void *run(void *arg) {
  hcl_progress *p = arg;
  struct timespec at;
  unsigned long ms = p->first_ms;
  bool shown = false;
  clock_gettime(CLOCK_MONOTONIC, &at);
  later(&at, p->first_ms);
  pthread_mutex_lock(&p->lock);
  while (!p->over) {
    if (pthread_cond_timedwait(&p->wake, &p->lock, &at) == 0) {
      continue;
    }
    draw(p, ms);
    shown = true;
    later(&at, EACH_MS);
    ms += EACH_MS;
  }
  pthread_mutex_unlock(&p->lock);
  if (shown && write(STDERR_FILENO, "\r\033[K", 4) < 0) {
    return NULL;
  }
  return NULL;
}

hcl_progress *hcl_progress_begin(bool color, unsigned first_ms) {
  const char *term = getenv("TERM");
  if (isatty(STDERR_FILENO) != 1 || (term != NULL && strcmp(term, "dumb") == 0)) {
    return NULL;
  }
  hcl_progress *p = calloc(1, sizeof *p);
  pthread_condattr_t attributes;
  if (p == NULL) {
    return NULL;
  }
  p->step = "start";
  p->color = color;
  p->first_ms = first_ms;
  pthread_mutex_init(&p->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&p->wake, &attributes);
  pthread_condattr_destroy(&attributes);
  /* signals are for the thread that works */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int failed = pthread_create(&p->thread, NULL, run, p);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed != 0) {
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
    return NULL;
  }
  return p;
}

void hcl_progress_step(void *progress, const char *step) {
  hcl_progress *p = progress;
  if (p != NULL) {
    pthread_mutex_lock(&p->lock);
    p->step = step;
    pthread_mutex_unlock(&p->lock);
  }
}

void hcl_progress_end(hcl_progress *p) {
  if (p == NULL) {
    return;
  }
  pthread_mutex_lock(&p->lock);
  p->over = true;
  pthread_cond_signal(&p->wake);
  pthread_mutex_unlock(&p->lock);
  pthread_join(p->thread, NULL);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  free(p);
}
