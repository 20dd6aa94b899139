/* hold.h - a signal that the kernel raises in a thread for what that thread asks of it: SIGPIPE of
 * a write to nobody, SIGXFSZ of one beyond the program's RLIMIT_FSIZE. The call fails as well, so
 * the signal says nothing new, but it ends a program that does not handle it. */
#ifndef HRT_HOLD_H
#define HRT_HOLD_H

#include <signal.h>
#include <stdbool.h>

typedef struct hrt_hold {
  sigset_t held, before; /* the program's mask */
  bool pending;          /* it had come before us */
} hrt_hold;

void hrt_hold_begin(hrt_hold *hold, int number);
/* Takes away what came meanwhile. Leaves errno alone. */
void hrt_hold_end(const hrt_hold *hold, int number);

#endif
