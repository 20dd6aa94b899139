/* flush.h - writing what was observed to the database, by a connection of the engine's own. */
#ifndef HRT_FLUSH_H
#define HRT_FLUSH_H

#include "sqlite/session.h"

typedef enum hrt_flush_when {
  HRT_FLUSH_AFTER, /* a statement is over; never waits */
  HRT_FLUSH_BEGIN, /* one begins; never waits, and only where a reader is in nobody's way (WAL) */
  HRT_FLUSH_CLOSE, /* the connection closes */
  HRT_FLUSH_NOW,   /* somebody asks for it */
} hrt_flush_when;

/* Writes what the store has, if it is time to and the database lets us. *written (may be NULL): how
 * many records. Fails nothing: an error (E_SQL, E_MISUSE inside of a transaction) means that all
 * stays in memory; it is for HRT_FLUSH_NOW. */
int hrt_flush(int64_t *written, helios *h, hrt_flush_when when, helios_error *err);

#endif
