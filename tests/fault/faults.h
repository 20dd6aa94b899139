/* faults.h - makes the n-th thing that can fail fail: allocations and system calls of heliosc and
 * the engine (faults.def, wrapped by the linker), allocations of SQLite, cJSON and libcrypto (their
 * own hooks), system calls of SQLite (its table of them). One counter over all, so that a test can
 * walk through every one.
 *
 * Invariant: nothing fails outside of fault_arm ... fault_disarm. */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>

enum fault_kind {
  FAULT_OURS = 1,    /* what heliosc and the engine call themselves */
  FAULT_SQLITE = 2,  /* memory and system calls of SQLite */
  FAULT_LIBRARY = 4, /* memory of cJSON and libcrypto */
  FAULT_ALL = 7,
};

/* Hooks the libraries; before they are used for the first time. Fails the process if it can't. */
void fault_install(void);
/* From now on thing number n (0: the next) of these kinds fails, and if for_ever all after it. */
void fault_arm(long n, bool for_ever, unsigned kinds);
/* How many things were asked for since fault_arm. */
long fault_disarm(void);
/* Name of what failed first since fault_arm; NULL: nothing. */
const char *fault_hit(void);
/* Blocks of cJSON that are allocated now. (libcrypto keeps some for the thread's errors.) */
long fault_json_blocks(void);

#endif
