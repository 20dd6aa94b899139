/* trial.h - how a canary does in this process: which statements it answers, how many of its calls
 * failed, and whether that is more than it may. Shared by the connections to one database.
 *
 * Invariants: a trial that has failed never becomes good again; what is counted belongs to one
 * version of one procedure of one file as one CANARY statement set it (its stamp). */
#ifndef HRT_TRIAL_H
#define HRT_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "plugin/error.h"

/* Fewer calls than these count as so many: one error in the first call is no rate of 100 %. */
#define HRT_TRIAL_CALLS 20

typedef struct hrt_trial hrt_trial;

/* What is tried. */
typedef struct hrt_trial_of {
  const char *file; /* of the database; "": nobody else has it */
  int64_t procedure_id, stamp;
  uint32_t version;
  uint32_t turn;     /* where in the hundred it begins here: random, for processes of a statement */
  uint32_t percent;  /* 1 to 100 */
  double error_rate; /* 0: no rate ends it */
} hrt_trial_of;

/* The trial, shared if the process has it. Errors: E_MEMORY. */
int hrt_trial_join(hrt_trial **out, const hrt_trial_of *of, helios_error *err);
hrt_trial *hrt_trial_ref(hrt_trial *t);
void hrt_trial_leave(hrt_trial *t); /* takes NULL */

/* Does the canary answer this statement? Of any hundred in a row, as many as its percentage. */
bool hrt_trial_next(hrt_trial *t);
/* A call of the canary ended. True: it was the one that failed the trial. */
bool hrt_trial_count(hrt_trial *t, bool error);
/* It can't even be loaded. True: this failed it. */
bool hrt_trial_fail(hrt_trial *t);
/* What it is of; while it is held. */
const hrt_trial_of *hrt_trial_of_what(const hrt_trial *t);
bool hrt_trial_failed(const hrt_trial *t);
void hrt_trial_counts(const hrt_trial *t, uint64_t *calls, uint64_t *errors);

#endif
