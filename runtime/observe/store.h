/* store.h - what a store is, for the files of observe/ only.
 *
 * Invariant: path, refs and next belong to the lock of store.c's list; all else to `mutex`, which
 * is held for a few hundred nanoseconds and never while SQL runs. */
#ifndef HRT_STORE_H
#define HRT_STORE_H

#include <pthread.h>

#include "observe/observe.h"

struct hrt_ring {
  hrt_record *at[HRT_RING_MOST]; /* record n is at[n % size] */
  uint32_t size;
  uint64_t serial;    /* of the newest */
  uint64_t dropped;   /* never written */
  uint32_t unwritten; /* now in the ring */
};

struct hrt_series {
  hrt_series *next;
  hrt_store *store;
  uint32_t version;
  char procedure[HRT_PROCEDURE_BYTES];
  hrt_counts counts;
  hrt_use *uses; /* of host functions */
};

struct hrt_metric {
  struct hrt_metric *next;
  hrt_metric_kind kind;
  double value;
  char procedure[HRT_PROCEDURE_BYTES];
  char name[HRT_METRIC_BYTES];
};

struct hrt_store {
  hrt_store *next;
  char *path; /* NULL: shared by nobody */
  uint32_t refs;
  pthread_mutex_t mutex;
  uint64_t seed;
  int hurry;        /* a ring is half full, or a deferred write waits; read without the mutex */
  bool writing;     /* someone writes it to the database */
  int64_t tried_us; /* when that ended last, by the monotonic clock */
  struct sqlite3 *writer; /* kept for who writes next, or NULL */
  int (*close_writer)(struct sqlite3 *writer);
  struct hrt_ring rings[HRT_RING_COUNT];
  hrt_series *series;
  uint32_t series_count;
  struct hrt_metric *metrics;
  uint32_t metric_count;
  hrt_deferred deferred[HRT_DEFERRED_MOST];
  uint32_t deferred_count;
};

/* Brings `hurry` up to date; with the mutex held. */
void hrt_store_look(hrt_store *store);

/* At the end of the store, when nobody else uses it. */
void hrt_rings_init(hrt_store *store);
void hrt_rings_free(hrt_store *store);
void hrt_series_free(hrt_store *store);
void hrt_metrics_free(hrt_store *store);

#endif
