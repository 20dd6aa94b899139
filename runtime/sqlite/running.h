/* running.h - which statement of SQLite's runs, where SQLite does not say: a virtual table is not
 * told who opens it, and each run of a trigger has auxiliary data of its own.
 *
 * Invariant: stmt is compared only, never followed; hrt_running_check forgets those that end before
 * another statement can have their place in memory. */
#ifndef HRT_RUNNING_H
#define HRT_RUNNING_H

#include <stdbool.h>

#include "host/sqlite_api.h"

/* A statement within one sqlite3_step of it: its count of steps stands still meanwhile. */
typedef struct hrt_running {
  const sqlite3_stmt *stmt; /* NULL: none */
  int steps;
} hrt_running;

struct helios;
/* The one inside of sqlite3_step now, whose procedure is called: the innermost. None if the
 * application's own functions run statements in a statement, so that nobody can tell. */
hrt_running hrt_running_now(struct helios *h);
/* One that writes and has begun: it may be firing triggers. */
hrt_running hrt_running_writer(struct helios *h);
/* Is it still in the same step? It may have been freed. */
bool hrt_running_still(struct helios *h, const hrt_running *r);
static inline bool hrt_running_same(const hrt_running *a, const hrt_running *b) {
  return a->stmt && a->stmt == b->stmt && a->steps == b->steps;
}
/* Before a statement is compiled, whose place in memory may be that of one that is gone. */
void hrt_running_check(struct helios *h);

#endif
