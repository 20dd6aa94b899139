/* records.h - the tables of what was observed (helios_log, helios_audit, helios_trap,
 * helios_metric): made, written, read. docs/observability.md says who writes them and when.
 *
 * Invariants: all text of SQL is made of tables.def and counts.def; a table keeps the newest
 * HRT_RECORDS_KEPT records; an id is never used twice; what is read is as hostile as any table. */
#ifndef HRT_RECORDS_H
#define HRT_RECORDS_H

#include "host/sqlite_api.h"
#include "observe/tables.h"

#define HRT_RECORDS_KEPT 10000 /* rows of a record table */

/* Compiles sql, which sqlite3_mprintf made and which is freed here; NULL is E_MEMORY. *out: NULL if
 * a table that it names is not there. */
int hrt_prepare_if_there(sqlite3_stmt **out, sqlite3 *db, char *sql, helios_error *err);

/* Makes the tables that are not there. Errors: E_SQL, E_MEMORY. */
int hrt_records_create(sqlite3 *db, helios_error *err);
/* Adds records, oldest first, and drops the oldest rows. rows: their ids. Errors: E_SQL, E_MEMORY.
 */
/* Is an audit record in the table, under this id? A table that is not there holds none. Errors:
 * E_SQL. */
int hrt_records_has(bool *out, sqlite3 *db, const hrt_record *record, int64_t row,
                    helios_error *err);
int hrt_records_insert(int64_t *rows, sqlite3 *db, hrt_ring_kind kind, hrt_record *const *records,
                       size_t count, helios_error *err);
/* The rows of a record table by its columns, oldest first, and the highest id that the snapshot
 * knows of. *out, *hold: NULL if there is no such table. hold keeps the snapshot until out was
 * stepped; then finalize it. Both are the caller's, also after an error. */
int hrt_records_select(sqlite3_stmt **out, sqlite3_stmt **hold, int64_t *newest, sqlite3 *db,
                       hrt_ring_kind kind, helios_error *err);

/* Counters of one version: of `source`, a number of a process; 0: of all that have ended. */
typedef struct hrt_metric_row {
  uint64_t source;
  char procedure[HRT_PROCEDURE_BYTES];
  uint32_t version;
  hrt_counts counts;
} hrt_metric_row;
/* Writes rows in place of those with the same key. Errors: E_SQL, E_MEMORY. */
int hrt_metrics_write(sqlite3 *db, const hrt_metric_row *rows, size_t count, helios_error *err);
/* Adds rows to those of source 0, and takes away what `source` had written. */
int hrt_metrics_fold(sqlite3 *db, uint64_t source, const hrt_metric_row *rows, size_t count,
                     helios_error *err);
/* Calls each with every row; none if there is no table. Stops when it returns false. */
typedef bool hrt_metric_row_fn(void *arg, const hrt_metric_row *row);
int hrt_metrics_read(sqlite3 *db, hrt_metric_row_fn *each, void *arg, helios_error *err);
/* "[0,3,12]": buckets without the zeros at the end. */
#define HRT_BUCKETS_TEXT (HRT_BUCKETS * 21 + 3)
const char *hrt_buckets_text(char out[HRT_BUCKETS_TEXT], const hrt_counts *counts);

#endif
