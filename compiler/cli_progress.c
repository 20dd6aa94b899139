/* cli_progress.c - which step a build is at, on a terminal, once the build has lasted. A thread of
 * its own draws, since the build is busy waiting for compilers. Must print nothing in a pipe, with
 * --quiet or --json, and nothing at all for a build that is quick. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define FIRST_MS 200 /* a build that is over by then shows nothing */
#define EACH_MS 100

struct hcc_progress {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  const char *step;
  bool over, color;
};

static void later(struct timespec *at, long ms) {
  at->tv_nsec += ms * 1000000;
  at->tv_sec += at->tv_nsec / 1000000000;
  at->tv_nsec %= 1000000000;
}

static void draw(const hcc_progress *p, unsigned long ms) {
  char line[96];
  int n = snprintf(line, sizeof line, "\r\033[K%s%10s%s  %lu.%lu s",
                   hcc_cli_style(p->color, HCC_STYLE_DIM), p->step,
                   hcc_cli_style(p->color, HCC_STYLE_PLAIN), ms / 1000, ms / 100 % 10);
  if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0) {
    return; /* it is only progress */
  }
}

static void *run(void *arg) {
  hcc_progress *p = arg;
  struct timespec at;
  unsigned long ms = FIRST_MS;
  bool shown = false;
  clock_gettime(CLOCK_MONOTONIC, &at);
  later(&at, FIRST_MS);
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

hcc_progress *hcc_progress_begin(hcc_cli *cli) {
  const char *term = getenv("TERM");
  if (cli->quiet || cli->json || isatty(STDERR_FILENO) != 1 ||
      (term != NULL && strcmp(term, "dumb") == 0)) {
    return NULL;
  }
  hcc_progress *p = calloc(1, sizeof *p);
  pthread_condattr_t attributes;
  if (p == NULL) {
    return NULL;
  }
  p->step = "start";
  p->color = cli->color_err;
  pthread_mutex_init(&p->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&p->wake, &attributes);
  pthread_condattr_destroy(&attributes);
  /* signals are for the thread that builds */
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

void hcc_progress_step(void *progress, const char *step) {
  hcc_progress *p = progress;
  if (p != NULL) {
    pthread_mutex_lock(&p->lock);
    p->step = step;
    pthread_mutex_unlock(&p->lock);
  }
}

void hcc_progress_end(hcc_progress *p) {
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
