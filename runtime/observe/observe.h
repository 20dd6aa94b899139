/* observe.h - what procedures did, in memory: the newest log lines, audit records and traps of a
 * database, counters of each version, values that procedures emit, and writes that wait for a
 * transaction of their own. Knows nothing of SQL; runtime/sqlite writes it down and shows it.
 *
 * Invariants: one store a database file in a process, shared by its connections (a database without
 * a file has a store a connection); every function may be called from any thread and takes a NULL
 * store, which drops; all is bounded, and what is lost is counted; reporting never fails its
 * caller. Texts are clean: one line of UTF-8 without control characters. */
#ifndef HRT_OBSERVE_H
#define HRT_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/error.h"

#define HRT_PROCEDURE_BYTES 128 /* of a procedure's name, with the NUL */

typedef enum hrt_log_level {
  HRT_LOG_DEBUG,
  HRT_LOG_INFO,
  HRT_LOG_WARN,
  HRT_LOG_ERROR,
} hrt_log_level;

typedef enum hrt_outcome {
#define HRT_OUTCOME(NAME, name, code, doc) HRT_OUTCOME_##NAME,
#include "observe/outcomes.def"
#undef HRT_OUTCOME
  HRT_OUTCOME_COUNT,
} hrt_outcome;

/* ---- stores: store.c ---- */

typedef struct hrt_store hrt_store;

/* The store of a database file, made if this process has none. path: as SQLite names it; NULL or
 * "": one of its own. seed: random, to tell this process from others that use the database; not 0.
 * Errors: E_MEMORY. */
int hrt_store_open(hrt_store **out, const char *path, uint64_t seed, helios_error *err);
void hrt_store_close(hrt_store *store); /* takes NULL */

/* A connection, as records name it. */
typedef struct hrt_observer {
  hrt_store *store;    /* or NULL */
  uint32_t connection; /* its number in the process */
  uint64_t statement;  /* number of its statement that runs */
} hrt_observer;
void hrt_observer_init(hrt_observer *o, hrt_store *store);

/* Who did something. */
typedef struct hrt_origin {
  const char *procedure; /* NULL: none */
  uint32_t version;      /* 0: none */
  uint64_t call;         /* in the statement; 0: none */
} hrt_origin;

/* ---- records: ring.c ---- */

void hrt_observe_log(const hrt_observer *o, const hrt_origin *who, hrt_log_level level,
                     const char *text);

typedef struct hrt_audit {
  const char *event;       /* "create", "grant", "use" ... */
  const char *module_hash; /* hex; NULL: unknown */
  const char *capability;  /* as in CAPABILITIES; NULL: none */
  const char *object;      /* table, path, domain, name; NULL: none */
  bool granted;            /* done; else refused */
  const char *detail;      /* NULL: nothing to say */
} hrt_audit;
void hrt_observe_audit(const hrt_observer *o, const hrt_origin *who, const hrt_audit *a);

/* err: of a call that trapped or that a limit ended. function: of the module; NULL: unknown. */
void hrt_observe_trap(const hrt_observer *o, const hrt_origin *who, const char *function,
                      const helios_error *err);

/* The record tables, in the order of tables.def. */
typedef enum hrt_ring_kind {
  HRT_RING_LOGS,
  HRT_RING_AUDIT_LOG,
  HRT_RING_TRAPS,
  HRT_RING_COUNT,
} hrt_ring_kind;

typedef enum hrt_datum_type { HRT_DATUM_NULL, HRT_DATUM_INTEGER, HRT_DATUM_TEXT } hrt_datum_type;
typedef struct hrt_datum {
  hrt_datum_type type;
  union {
    int64_t number;
    const char *text;
  } as;
} hrt_datum;

/* Immutable but for refs and row, which are the store's. */
typedef struct hrt_record {
  uint32_t refs;
  uint64_t serial; /* counts the ring's records from 1 */
  int64_t row;     /* id in the database's table; 0: not written */
  uint32_t count;
  hrt_datum values[]; /* by the columns of the table; the texts are behind them */
} hrt_record;

#define HRT_RING_MOST 512 /* records of a ring */
/* Records of a ring, oldest first, whose row is 0 or above `above`. out: room for HRT_RING_MOST;
 * give each back. above INT64_MAX: those not written only. Returns how many. */
size_t hrt_records_take(hrt_record **out, hrt_store *store, hrt_ring_kind kind, int64_t above);
void hrt_record_give(hrt_store *store, hrt_record *record);
/* A record that is in no ring, for the database alone; NULL: no memory. hrt_free it. */
hrt_record *hrt_audit_record(const hrt_observer *o, const hrt_origin *who, const hrt_audit *a);
/* What such a record says was not done after all: one in the ring, with the same time. */
void hrt_observe_undone(const hrt_observer *o, const hrt_record *record, const char *detail);
/* Says under which id a record is in the database (0: it is not). */
void hrt_record_written(hrt_store *store, hrt_ring_kind kind, hrt_record *record, int64_t row);
/* Records that nobody wrote before their place was needed, or that there was no memory for. */
uint64_t hrt_records_dropped(hrt_store *store, hrt_ring_kind kind);
/* Is any record not written? */
bool hrt_records_due(hrt_store *store);

/* ---- counters: counts.c ---- */

#define HRT_BUCKETS 36 /* bucket n: calls shorter than 2^n ns; the last: all longer ones */

typedef struct hrt_counts {
  uint64_t calls; /* failed ones included */
  uint64_t rows;  /* of procedures that return tables */
  uint64_t errors[HRT_OUTCOME_COUNT];
  uint64_t fuel, fuel_max;       /* of a call, with the calls nested in it */
  uint64_t memory_max;           /* bytes of linear memory */
  uint64_t timed;                /* calls whose time was taken */
  uint64_t time_ns, time_max_ns; /* of these */
  uint64_t buckets[HRT_BUCKETS];
} hrt_counts;

hrt_outcome hrt_outcome_of(int code); /* of a helios_code that is not OK */
const char *hrt_outcome_name(hrt_outcome outcome);
void hrt_counts_add(hrt_counts *to, const hrt_counts *from);
/* One call's time. */
void hrt_counts_time(hrt_counts *counts, uint64_t ns);

/* The counters of one version, as long as the store lives. */
typedef struct hrt_series hrt_series;
/* NULL: no store, no memory or too many versions. */
hrt_series *hrt_series_of(hrt_store *store, const char *procedure, uint32_t version);
void hrt_series_add(hrt_series *series, const hrt_counts *counts); /* takes NULL */
/* What this process counted since its store was opened. Zeros for NULL. */
void hrt_series_read(hrt_counts *out, hrt_series *series);
/* Calls each with every series. No function of the store may be called from it. */
typedef void hrt_series_fn(void *arg, const char *procedure, uint32_t version,
                           const hrt_counts *counts);
void hrt_series_each(hrt_store *store, hrt_series_fn *each, void *arg);
/* A host function was called by a version that is profiled. */
void hrt_series_use(hrt_series *series, const char *module, const char *name); /* takes NULL */
/* And returned. */
void hrt_series_used(hrt_series *series, const char *module, const char *name, uint64_t ns);
typedef struct hrt_use {
  struct hrt_use *next;
  char module[64], name[64];
  uint64_t calls, time_ns, time_max_ns;
} hrt_use;
typedef void hrt_use_fn(void *arg, const char *procedure, uint32_t version, const hrt_use *use);
void hrt_uses_each(hrt_store *store, hrt_use_fn *each, void *arg);
/* Back to zero: what it counted is written down, and nobody else knows the store. */
void hrt_series_reset(hrt_store *store);
uint64_t hrt_store_seed(const hrt_store *store);

/* ---- values that procedures emit: metrics.c ---- */

typedef enum hrt_metric_kind { HRT_METRIC_COUNTER, HRT_METRIC_GAUGE } hrt_metric_kind;
#define HRT_METRICS_MOST 1024 /* of a store */
#define HRT_METRICS_OF_ONE 64 /* of a procedure */
#define HRT_METRIC_BYTES 64   /* of a name, with the NUL */
typedef enum hrt_metric_result {
  HRT_METRIC_DONE,
  HRT_METRIC_TOO_MANY,   /* or a name that is empty or too long */
  HRT_METRIC_OTHER_KIND, /* the name has another kind already */
  HRT_METRIC_NO_MEMORY,  /* or no store */
} hrt_metric_result;
/* COUNTER: adds value, GAUGE: sets it. */
hrt_metric_result hrt_observe_metric(hrt_store *store, const char *procedure, const char *name,
                                     hrt_metric_kind kind, double value);
typedef void hrt_metric_fn(void *arg, const char *procedure, const char *name, hrt_metric_kind kind,
                           double value);
void hrt_metrics_each(hrt_store *store, hrt_metric_fn *each, void *arg);

/* ---- who writes it down: store.c ---- */

/* Is a ring half full of what is not written, or does a deferred write wait? Cheap. */
bool hrt_store_hurry(const hrt_store *store);
/* May the caller write what the store has to the database? Not while another thread does, nor less
 * than `pause_us` after the last time that it was done. True: hrt_store_write_end must follow. */
bool hrt_store_write_begin(hrt_store *store, int64_t pause_us);
void hrt_store_write_end(hrt_store *store);
/* The connection of who wrote before, for who writes now: between hrt_store_write_begin and _end
 * only. NULL: none was kept. The store closes what it keeps at its end. */
struct sqlite3;
struct sqlite3 *hrt_store_writer_take(hrt_store *store);
void hrt_store_writer_keep(hrt_store *store, struct sqlite3 *writer,
                           int (*close_writer)(struct sqlite3 *));
/* If the caller is its last user: makes it a store of nobody else's for ever, and returns true. */
bool hrt_store_retire(hrt_store *store);

/* ---- writes that wait: store.c ---- */

/* Runs once, later, in a transaction of the engine's own connection to the database, on whatever
 * thread writes next. Nonzero: nothing of it stays, and it is tried again the next time. */
typedef int hrt_deferred_fn(struct sqlite3 *db, void *arg);
typedef struct hrt_deferred {
  hrt_deferred_fn *run;
  void (*release)(void *arg); /* when it is done, or the store ends without it; may be NULL */
  void *arg;
} hrt_deferred;
#define HRT_DEFERRED_MOST 32
/* False: too many, or no store; then arg is still the caller's. */
bool hrt_defer(hrt_store *store, hrt_deferred d);
/* Takes the oldest; false: there is none. What could not be done is handed in again. */
bool hrt_deferred_take(hrt_deferred *out, hrt_store *store);

#endif
