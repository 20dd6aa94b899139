/* share.h - a loop whose turns do not hang on each other, shared by several threads.
 *
 * Invariant: when it returns, no thread of it is left; and its status and error are those of the
 * first turn that fails, whatever the number of threads. */
#ifndef HCC_SHARE_H
#define HCC_SHARE_H

#include <stdint.h>

#include "error.h"

/* One turn. May be called by any thread, each turn once, in ascending order of their beginning. */
typedef int hcc_share_turn(void *arg, uint32_t i, hcc_error *err);

/* Turns 0 to count-1, by at most `jobs` threads (0: one), the caller's among them. After a turn has
 * failed no other begins. Where no thread can be made the caller does all. */
int hcc_share(hcc_share_turn *turn, void *arg, uint32_t count, uint32_t jobs, hcc_error *err);

#endif
