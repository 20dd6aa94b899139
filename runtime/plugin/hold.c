/* hold.c - see hold.h. Must never take a signal away that had come before, nor leave the thread
 * with another mask. */
#include "plugin/hold.h"

#include <errno.h>
#include <time.h>

static bool is_pending(int number) {
  sigset_t pending;
  return sigpending(&pending) == 0 && sigismember(&pending, number) == 1;
}

void hrt_hold_begin(hrt_hold *hold, int number) {
  sigemptyset(&hold->held);
  sigaddset(&hold->held, number);
  hold->pending = is_pending(number);
  pthread_sigmask(SIG_BLOCK, &hold->held, &hold->before);
}

void hrt_hold_end(const hrt_hold *hold, int number) {
  int error = errno;
  if (!hold->pending && is_pending(number)) {
    sigtimedwait(&hold->held, NULL, &(struct timespec){0, 0});
  }
  pthread_sigmask(SIG_SETMASK, &hold->before, NULL);
  errno = error;
}
