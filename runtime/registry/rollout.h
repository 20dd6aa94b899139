/* rollout.h - which versions of a procedure answer: the current one, the one before it, a canary.
 * They are columns of helios_procedure; docs/versions.md says what they mean.
 *
 * Invariant: a canary is never the current version. */
#ifndef HRT_ROLLOUT_H
#define HRT_ROLLOUT_H

#include "registry/catalog.h"

typedef struct hrt_rollout {
  int64_t procedure_id;
  uint32_t current, previous, canary; /* versions; previous and canary 0: none */
  uint32_t percent;                   /* of statements that the canary answers */
  double error_rate;                  /* percent of the canary's calls that ends it; 0: none does */
} hrt_rollout;

/* Errors: E_NOT_FOUND, E_BROKEN, E_SQL. */
int hrt_rollout_find(hrt_rollout *out, hrt_catalog *c, const char *name, helios_error *err);
/* Between hrt_catalog_begin and commit. A canary's row gets the new stamp: it is counted anew. */
int hrt_rollout_set(hrt_catalog *c, const hrt_rollout *r, helios_error *err);

/* Takes a canary out of the catalog if it is still the one that CANARY set with this stamp, by any
 * connection to the database and in its transaction. Errors: E_SQL. */
int hrt_rollout_end(bool *ended, sqlite3 *db, int64_t procedure_id, uint32_t canary, int64_t stamp,
                    helios_error *err);

#endif
