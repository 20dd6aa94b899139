/* records.c - see records.h. Must never keep a statement: it runs on connections that are about to
 * close, and inside other statements. */
#include "registry/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/sqlite_error.h"

_Static_assert(HRT_COUNT_COUNT <= 32, "read_metric_text has a bit for each");

static int no_memory(helios_error *err) {
  return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

/* Runs text that is made for this, and frees it; NULL: there was no memory for it. */
static int run(sqlite3 *db, char *sql, helios_error *err) {
  int status = sql == NULL ? no_memory(err) : 0;
  if (status == 0 && sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
    status = hrt_db_fail(db, err);
  }
  sqlite3_free(sql);
  return status;
}

static int prepare(sqlite3_stmt **out, sqlite3 *db, char *sql, helios_error *err) {
  int status = sql == NULL ? no_memory(err) : 0;
  if (status == 0 && sqlite3_prepare_v2(db, sql, -1, out, NULL) != SQLITE_OK) {
    status = hrt_db_fail(db, err);
  }
  sqlite3_free(sql);
  return status;
}

/* ---- text ---- */

/* "a TEXT, b INTEGER", "a, b" or "?, ?". */
enum columns_as { AS_DECLARED, AS_NAMES, AS_PARAMETERS };

static void append_columns(sqlite3_str *s, hrt_table table, enum columns_as as) {
  uint32_t count;
  const hrt_table_column *c = hrt_table_columns(&count, table);
  for (uint32_t i = 0; i < count; i++) {
    const char *before = i > 0 ? ", " : "";
    if (as == AS_PARAMETERS) {
      sqlite3_str_appendf(s, "%s?", before);
    } else {
      sqlite3_str_appendf(s, "%s%s%s%s", before, c[i].name, as == AS_DECLARED ? " " : "",
                          as == AS_DECLARED ? c[i].type : "");
    }
  }
}

static char *create_text(sqlite3 *db, hrt_table table) {
  sqlite3_str *s = sqlite3_str_new(db);
  sqlite3_str_appendf(
      s, "CREATE TABLE IF NOT EXISTS main.%s(\n  id INTEGER PRIMARY KEY AUTOINCREMENT, ",
      hrt_table_stored(table));
  append_columns(s, table, AS_DECLARED);
  sqlite3_str_appendall(s, ")");
  return sqlite3_str_finish(s);
}

static char *insert_text(sqlite3 *db, hrt_table table) {
  sqlite3_str *s = sqlite3_str_new(db);
  sqlite3_str_appendf(s, "INSERT INTO main.%s(", hrt_table_stored(table));
  append_columns(s, table, AS_NAMES);
  sqlite3_str_appendall(s, ") VALUES (");
  append_columns(s, table, AS_PARAMETERS);
  sqlite3_str_appendall(s, ")");
  return sqlite3_str_finish(s);
}

static char *select_text(sqlite3 *db, hrt_table table) {
  sqlite3_str *s = sqlite3_str_new(db);
  sqlite3_str_appendall(s, "SELECT ");
  append_columns(s, table, AS_NAMES);
  sqlite3_str_appendf(s, " FROM main.%s ORDER BY id", hrt_table_stored(table));
  return sqlite3_str_finish(s);
}

/* ", calls INTEGER NOT NULL", ", calls" or ", ?", for each counter. */
static void append_counts(sqlite3_str *s, enum columns_as as) {
  for (int i = 0; i < HRT_COUNT_COUNT; i++) {
    sqlite3_str_appendf(s, ", %s%s", as == AS_PARAMETERS ? "?" : hrt_count_name(i),
                        as == AS_DECLARED ? " INTEGER NOT NULL" : "");
  }
}

static char *create_metric_text(sqlite3 *db) {
  sqlite3_str *s = sqlite3_str_new(db);
  sqlite3_str_appendall(s, "CREATE TABLE IF NOT EXISTS main.helios_metric(\n"
                           "  source INTEGER NOT NULL, -- process; 0: all that have ended\n"
                           "  procedure TEXT NOT NULL, version INTEGER NOT NULL");
  append_counts(s, AS_DECLARED);
  sqlite3_str_appendall(s, ",\n  buckets TEXT NOT NULL, -- JSON: calls shorter than 2^n ns\n"
                           "  PRIMARY KEY (source, procedure, version)) WITHOUT ROWID");
  return sqlite3_str_finish(s);
}

static char *write_metric_text(sqlite3 *db) {
  sqlite3_str *s = sqlite3_str_new(db);
  sqlite3_str_appendall(s, "INSERT OR REPLACE INTO main.helios_metric(source, procedure, version");
  append_counts(s, AS_NAMES);
  sqlite3_str_appendall(s, ", buckets) VALUES (?, ?, ?");
  append_counts(s, AS_PARAMETERS);
  sqlite3_str_appendall(s, ", ?)");
  return sqlite3_str_finish(s);
}

static bool has_count(sqlite3 *db, int which) {
  sqlite3_stmt *s = NULL;
  char *sql = sqlite3_mprintf("SELECT m.%s FROM main.helios_metric m", hrt_count_name(which));
  bool has = sql && sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK;
  sqlite3_finalize(s);
  sqlite3_free(sql);
  return has;
}

/* lacks: bit n: the table has no counter n, which is 0 then. */
static char *read_metric_text(sqlite3 *db, const char *where, uint32_t lacks) {
  sqlite3_str *s = sqlite3_str_new(db);
  sqlite3_str_appendall(s, "SELECT source, procedure, version");
  for (int i = 0; i < HRT_COUNT_COUNT; i++) {
    sqlite3_str_appendf(s, ", %s", lacks & 1u << i ? "0" : hrt_count_name(i));
  }
  sqlite3_str_appendf(s, ", buckets FROM main.helios_metric %s", where);
  return sqlite3_str_finish(s);
}

/* A table of an earlier engine lacks those that were added since. */
static int add_counts(sqlite3 *db, helios_error *err) {
  int status = 0;
  for (int i = 0; i < HRT_COUNT_COUNT && status == 0; i++) {
    if (!has_count(db, i)) {
      status = run(db,
                   sqlite3_mprintf("ALTER TABLE main.helios_metric ADD COLUMN %s INTEGER NOT NULL "
                                   "DEFAULT 0",
                                   hrt_count_name(i)),
                   err);
    }
  }
  return status;
}

int hrt_records_create(sqlite3 *db, helios_error *err) {
  int status = 0;
  for (int i = 0; i < HRT_RING_COUNT; i++) {
    HRT_TRY(run(db, create_text(db, (hrt_table)i), err));
  }
  HRT_TRY(run(db, create_metric_text(db), err));
  HRT_TRY(add_counts(db, err));
out:
  return status;
}

/* ---- records ---- */

static void bind(sqlite3_stmt *s, const hrt_record *r) {
  for (uint32_t i = 0; i < r->count; i++) {
    const hrt_datum *d = &r->values[i];
    if (d->type == HRT_DATUM_INTEGER) {
      sqlite3_bind_int64(s, (int)i + 1, d->as.number);
    } else if (d->type == HRT_DATUM_TEXT) {
      sqlite3_bind_text(s, (int)i + 1, d->as.text, -1, SQLITE_STATIC);
    } else {
      sqlite3_bind_null(s, (int)i + 1);
    }
  }
}

static int prune(sqlite3 *db, hrt_ring_kind kind, int64_t newest, helios_error *err) {
  return run(db,
             sqlite3_mprintf("DELETE FROM main.%s WHERE id <= %lld",
                             hrt_table_stored((hrt_table)kind), newest - HRT_RECORDS_KEPT),
             err);
}

int hrt_records_has(bool *out, sqlite3 *db, const hrt_record *record, int64_t row,
                    helios_error *err) {
  sqlite3_stmt *s = NULL;
  *out = false;
  int rc =
      sqlite3_prepare_v2(db,
                         "SELECT 1 FROM main.helios_audit WHERE id = ?1 AND time_us = ?2 UNION "
                         "ALL SELECT 1 WHERE ?1 < (SELECT min(id) FROM main.helios_audit)",
                         -1, &s, NULL);
  if (rc == SQLITE_ERROR) {
    return 0; /* it was made in the same transaction */
  }
  sqlite3_bind_int64(s, 1, row);
  sqlite3_bind_int64(s, 2, record->values[0].as.number);
  rc = rc == SQLITE_OK ? sqlite3_step(s) : rc;
  *out = rc == SQLITE_ROW;
  sqlite3_finalize(s);
  return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : hrt_db_fail(db, err);
}

int hrt_records_insert(int64_t *rows, sqlite3 *db, hrt_ring_kind kind, hrt_record *const *records,
                       size_t count, helios_error *err) {
  sqlite3_stmt *s = NULL;
  int status = 0;
  if (count == 0) {
    return 0;
  }
  HRT_TRY(prepare(&s, db, insert_text(db, (hrt_table)kind), err));
  for (size_t i = 0; i < count; i++) {
    bind(s, records[i]);
    if (sqlite3_step(s) != SQLITE_DONE) {
      status = hrt_db_fail(db, err);
      goto out;
    }
    rows[i] = sqlite3_last_insert_rowid(db);
    sqlite3_reset(s);
  }
  HRT_TRY(prune(db, kind, rows[count - 1], err));
out:
  sqlite3_finalize(s);
  return status;
}

/* Is this the reason: the table was never made? */
static bool is_missing(const helios_error *e) {
  return e->code == HELIOS_E_SQL && strncmp(e->text, "no such table", 13) == 0;
}

int hrt_prepare_if_there(sqlite3_stmt **out, sqlite3 *db, char *sql, helios_error *err) {
  helios_error e = {0};
  *out = NULL;
  int status = prepare(out, db, sql, &e);
  if (status != 0 && is_missing(&e)) {
    return 0;
  }
  return status == 0 ? 0 : hrt_fail(err, e.code, "%s", e.text);
}

int hrt_records_select(sqlite3_stmt **out, sqlite3_stmt **hold, int64_t *newest, sqlite3 *db,
                       hrt_ring_kind kind, helios_error *err) {
  int status = 0;
  char *sql = sqlite3_mprintf(
      "SELECT coalesce((SELECT seq FROM main.sqlite_sequence WHERE name = '%q'), 0)",
      hrt_table_stored((hrt_table)kind));
  *newest = 0;
  *out = NULL;
  HRT_TRY(hrt_prepare_if_there(hold, db, sql, err));
  if (*hold == NULL) {
    goto out;
  }
  if (sqlite3_step(*hold) != SQLITE_ROW) {
    status = hrt_db_fail(db, err);
    goto out;
  }
  *newest = sqlite3_column_int64(*hold, 0);
  HRT_TRY(hrt_prepare_if_there(out, db, select_text(db, (hrt_table)kind), err));
out:
  return status;
}

/* ---- counters ---- */

const char *hrt_buckets_text(char out[HRT_BUCKETS_TEXT], const hrt_counts *counts) {
  int last = HRT_BUCKETS;
  size_t used = 1;
  out[0] = '[';
  while (last > 0 && counts->buckets[last - 1] == 0) {
    last--;
  }
  for (int i = 0; i < last; i++) {
    used += (size_t)snprintf(out + used, HRT_BUCKETS_TEXT - used, "%s%llu", i > 0 ? "," : "",
                             (unsigned long long)counts->buckets[i]);
  }
  memcpy(out + used, "]", 2);
  return out;
}

static void read_buckets(hrt_counts *counts, const char *text) {
  for (int i = 0; i < HRT_BUCKETS && text && (*text == '[' || *text == ','); i++) {
    char *end;
    counts->buckets[i] = strtoull(text + 1, &end, 10);
    text = end > text + 1 ? end : NULL;
  }
}

static int write_row(sqlite3_stmt *s, sqlite3 *db, const hrt_metric_row *row, helios_error *err) {
  char buckets[HRT_BUCKETS_TEXT];
  hrt_counts counts = row->counts;
  sqlite3_bind_int64(s, 1, (int64_t)row->source);
  sqlite3_bind_text(s, 2, row->procedure, -1, SQLITE_STATIC);
  sqlite3_bind_int64(s, 3, row->version);
  for (int i = 0; i < HRT_COUNT_COUNT; i++) {
    sqlite3_bind_int64(s, 4 + i, (int64_t)*hrt_count_field(&counts, i));
  }
  sqlite3_bind_text(s, 4 + HRT_COUNT_COUNT, hrt_buckets_text(buckets, &counts), -1, SQLITE_STATIC);
  int status = sqlite3_step(s) == SQLITE_DONE ? 0 : hrt_db_fail(db, err);
  sqlite3_reset(s);
  sqlite3_clear_bindings(s);
  return status;
}

static void read_row(hrt_metric_row *row, sqlite3_stmt *s) {
  const char *name = (const char *)sqlite3_column_text(s, 1);
  *row = (hrt_metric_row){.source = (uint64_t)sqlite3_column_int64(s, 0),
                          .version = (uint32_t)sqlite3_column_int64(s, 2)};
  snprintf(row->procedure, sizeof row->procedure, "%s", name ? name : "");
  for (int i = 0; i < HRT_COUNT_COUNT; i++) {
    *hrt_count_field(&row->counts, i) = (uint64_t)sqlite3_column_int64(s, 3 + i);
  }
  read_buckets(&row->counts, (const char *)sqlite3_column_text(s, 3 + HRT_COUNT_COUNT));
}

int hrt_metrics_write(sqlite3 *db, const hrt_metric_row *rows, size_t count, helios_error *err) {
  sqlite3_stmt *s = NULL;
  int status = 0;
  HRT_TRY(prepare(&s, db, write_metric_text(db), err));
  for (size_t i = 0; i < count; i++) {
    HRT_TRY(write_row(s, db, &rows[i], err));
  }
out:
  sqlite3_finalize(s);
  return status;
}

/* row, with what source 0 has of its version added. */
static int add_ended(hrt_metric_row *row, sqlite3_stmt *s, sqlite3 *db, helios_error *err) {
  hrt_metric_row ended;
  sqlite3_bind_text(s, 1, row->procedure, -1, SQLITE_STATIC);
  sqlite3_bind_int64(s, 2, row->version);
  int rc = sqlite3_step(s);
  if (rc == SQLITE_ROW) {
    read_row(&ended, s);
    hrt_counts_add(&row->counts, &ended.counts);
  }
  row->source = 0;
  sqlite3_reset(s);
  return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : hrt_db_fail(db, err);
}

int hrt_metrics_fold(sqlite3 *db, uint64_t source, const hrt_metric_row *rows, size_t count,
                     helios_error *err) {
  sqlite3_stmt *s = NULL;
  int status = 0;
  HRT_TRY(prepare(
      &s, db, read_metric_text(db, "WHERE source = 0 AND procedure = ? AND version = ?", 0), err));
  for (size_t i = 0; i < count; i++) {
    hrt_metric_row sum = rows[i];
    HRT_TRY(add_ended(&sum, s, db, err));
    HRT_TRY(hrt_metrics_write(db, &sum, 1, err));
  }
  HRT_TRY(run(
      db, sqlite3_mprintf("DELETE FROM main.helios_metric WHERE source = %lld", (long long)source),
      err));
out:
  sqlite3_finalize(s);
  return status;
}

/* Also of a table that an earlier engine wrote last. *out is NULL if there is none. */
static int prepare_metrics(sqlite3_stmt **out, sqlite3 *db, helios_error *err) {
  static const char order[] = "ORDER BY procedure, version";
  helios_error e = {0};
  uint32_t lacks = 0;
  int status = hrt_prepare_if_there(out, db, read_metric_text(db, order, 0), &e);
  for (int i = 0; status == HELIOS_E_SQL && i < HRT_COUNT_COUNT; i++) {
    lacks |= has_count(db, i) ? 0 : 1u << i;
  }
  return status == 0 ? 0 : hrt_prepare_if_there(out, db, read_metric_text(db, order, lacks), err);
}

int hrt_metrics_read(sqlite3 *db, hrt_metric_row_fn *each, void *arg, helios_error *err) {
  sqlite3_stmt *s;
  hrt_metric_row row;
  int rc = SQLITE_DONE;
  int status = prepare_metrics(&s, db, err);
  while (s && (rc = sqlite3_step(s)) == SQLITE_ROW) {
    read_row(&row, s);
    if (!each(arg, &row)) {
      rc = SQLITE_DONE;
      break;
    }
  }
  if (status == 0 && rc != SQLITE_DONE) {
    status = hrt_db_fail(db, err);
  }
  sqlite3_finalize(s);
  return status;
}
