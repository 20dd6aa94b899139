/* flush.c - what was observed goes to the database: when, by which connection, in which
 * transaction. See docs/observability.md.
 *
 * Invariants: the application's statement neither fails nor waits for it; the second connection
 * holds no lock when we return; a record is in the database once or still in the store; triggers of
 * a stranger's schema don't run. */
#include "sqlite/flush.h"

#include <stdlib.h>

#include "plugin/alloc.h"
#include "plugin/hold.h"
#include "registry/records.h"
#include "sqlite/audit.h"

enum {
  PAUSE_US = 1000000, /* between two flushes after statements */
  HURRY_US = 10000,   /* the same when a ring fills, or a deferred write waits */
  WAIT_MS = 250,      /* for the write lock, where we may wait */
};

/* One flush: too large for the stack. */
struct flush {
  sqlite3 *db; /* the second connection */
  hrt_store *store;
  bool last; /* the store ends with this */
  hrt_record *records[HRT_RING_COUNT][HRT_RING_MOST];
  int64_t rows[HRT_RING_MOST];
  size_t counts[HRT_RING_COUNT];
  hrt_metric_row *metrics;
  size_t metric_count, metric_room;
  hrt_deferred done[HRT_DEFERRED_MOST], again[HRT_DEFERRED_MOST];
  size_t done_count, again_count;
};

/* ---- is it time, and possible? ---- */

static bool is_busy(helios *h) {
  for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(h->db, s)) != NULL;) {
    if (sqlite3_stmt_busy(s)) {
      return true;
    }
  }
  return false;
}

/* Our own locks must not be in the second connection's way. */
static bool possible(helios *h, hrt_flush_when when) {
  const char *path = sqlite3_db_filename(h->db, "main");
  return path && *path && h->budget == NULL && sqlite3_get_autocommit(h->db) &&
         sqlite3_db_readonly(h->db, "main") == 0 &&
         (when == HRT_FLUSH_NOW || when == HRT_FLUSH_BEGIN || !is_busy(h));
}

static bool begin(helios *h, hrt_flush_when when) {
  hrt_store *store = h->conn.observer.store;
  bool hurry = hrt_store_hurry(store);
  switch (when) {
  case HRT_FLUSH_BEGIN:
    return hurry && hrt_store_write_begin(store, PAUSE_US);
  case HRT_FLUSH_AFTER:
    return (hurry || hrt_records_due(store)) &&
           hrt_store_write_begin(store, hurry ? HURRY_US : PAUSE_US);
  default:
    return hrt_store_write_begin(store, 0);
  }
}

/* ---- the second connection ---- */

static sqlite3_vfs *vfs_of(sqlite3 *db) {
  sqlite3_vfs *vfs = NULL;
  (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
  return vfs;
}

/* Is the connection's file still the one of its name? 0, 1, or -1: nobody can tell. */
static int moved(sqlite3 *db) {
  int yes = 0;
  int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &yes);
  return rc != SQLITE_OK ? -1 : yes != 0;
}

/* The one of the time before, if its file is still the one of that name. */
static sqlite3 *take_kept(hrt_store *store, sqlite3_vfs *vfs) {
  sqlite3 *db = hrt_store_writer_take(store);
  if (db && (vfs_of(db) != vfs || moved(db) != 0)) {
    sqlite3_close(db);
    db = NULL;
  }
  return db;
}

static int open_second(sqlite3 **out, helios *h, int wait_ms, helios_error *err) {
  sqlite3_vfs *vfs = vfs_of(h->db);
  *out = take_kept(h->conn.observer.store, vfs);
  if (*out == NULL) {
    int rc =
        sqlite3_open_v2(sqlite3_db_filename(h->db, "main"), out,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, vfs ? vfs->zName : NULL);
    if (rc != SQLITE_OK) {
      int status = hrt_db_fail(*out, err);
      sqlite3_close(*out);
      *out = NULL;
      return status;
    }
    (void)sqlite3_db_config(*out, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(*out, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  }
  sqlite3_busy_timeout(*out, wait_ms);
  return 0;
}

static int run(sqlite3 *db, const char *sql, helios_error *err) {
  return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : hrt_db_fail(db, err);
}

/* The first column of the first row is this text. */
static bool says(sqlite3 *db, const char *sql, const char *expected) {
  sqlite3_stmt *s = NULL;
  bool yes = false;
  if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(s, 0);
    yes = text && sqlite3_stricmp(text, expected) == 0;
  }
  sqlite3_finalize(s);
  return yes;
}

/* Where the journal is a rollback journal, a connection that does nothing holds no lock, and is
 * kept: SQLite's close of a file (unixClose in os_unix.c of 3.40.1) looks whether this
 * process holds locks, and closes the descriptor after it let go of the mutex; a lock that another
 * thread takes in between is gone with the descriptor (POSIX), and another process may write at the
 * same time. In WAL mode every connection holds a lock on the file, also when it does nothing:
 * there the descriptor stays, but the application could not leave WAL mode beside us. */
static void put_away(hrt_store *store, sqlite3 *db) {
  if (db && !sqlite3_get_autocommit(db)) {
    (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  }
  if (db && sqlite3_get_autocommit(db) && !says(db, "PRAGMA main.journal_mode", "wal")) {
    (void)sqlite3_db_release_memory(db);
    hrt_store_writer_keep(store, db, sqlite3_close);
  } else {
    sqlite3_close(db);
  }
}

/* ---- what is written ---- */

static int write_records(struct flush *f, helios_error *err) {
  for (int kind = 0; kind < HRT_RING_COUNT; kind++) {
    size_t n = hrt_records_take(f->records[kind], f->store, (hrt_ring_kind)kind, INT64_MAX);
    f->counts[kind] = n;
    int status = hrt_records_insert(f->rows, f->db, (hrt_ring_kind)kind, f->records[kind], n, err);
    if (status != 0) {
      return status;
    }
    /* Before COMMIT: a reader who sees the row must not see the ring's too. */
    for (size_t i = 0; i < n; i++) {
      hrt_record_written(f->store, (hrt_ring_kind)kind, f->records[kind][i], f->rows[i]);
    }
  }
  return 0;
}

static void collect(void *arg, const char *procedure, uint32_t version, const hrt_counts *counts) {
  struct flush *f = arg;
  if (counts->calls == 0) {
    return;
  }
  if (f->metric_count == f->metric_room) {
    size_t room = f->metric_room ? 2 * f->metric_room : 16;
    hrt_metric_row *more = hrt_realloc(f->metrics, room * sizeof *more);
    if (more == NULL) {
      return; /* written the next time */
    }
    f->metrics = more;
    f->metric_room = room;
  }
  hrt_metric_row *row = &f->metrics[f->metric_count++];
  *row = (hrt_metric_row){.source = hrt_store_seed(f->store), .version = version};
  sqlite3_snprintf((int)sizeof row->procedure, row->procedure, "%s", procedure);
  row->counts = *counts;
}

static int write_metrics(struct flush *f, helios_error *err) {
  hrt_series_each(f->store, collect, f);
  return f->last
             ? hrt_metrics_fold(f->db, hrt_store_seed(f->store), f->metrics, f->metric_count, err)
             : hrt_metrics_write(f->db, f->metrics, f->metric_count, err);
}

/* Each in a savepoint: one that fails takes nothing else with it. */
static int run_deferred(struct flush *f, helios_error *err) {
  hrt_deferred d;
  int status = 0;
  while (status == 0 && f->done_count + f->again_count < HRT_DEFERRED_MOST &&
         hrt_deferred_take(&d, f->store)) {
    status = run(f->db, "SAVEPOINT helios_deferred", err);
    bool done = status == 0 && d.run(f->db, d.arg) == 0;
    if (status == 0 && !done) {
      status = run(f->db, "ROLLBACK TO helios_deferred", err);
    }
    if (status == 0) {
      status = run(f->db, "RELEASE helios_deferred", err);
    }
    if (done) {
      f->done[f->done_count++] = d;
    } else {
      f->again[f->again_count++] = d;
    }
  }
  return status;
}

static int write_all(struct flush *f, helios_error *err) {
  int status = 0;
  HRT_TRY(run(f->db, "BEGIN IMMEDIATE", err));
  HRT_TRY(hrt_records_create(f->db, err));
  HRT_TRY(write_records(f, err));
  HRT_TRY(write_metrics(f, err));
  HRT_TRY(run_deferred(f, err));
  HRT_TRY(run(f->db, "COMMIT", err));
out:
  return status;
}

/* ---- after it ---- */

static void hand_back(struct flush *f, hrt_deferred d) {
  if (!hrt_defer(f->store, d) && d.release) { /* others took the room */
    d.release(d.arg);
  }
}

static void settle(struct flush *f, bool done) {
  for (int kind = 0; kind < HRT_RING_COUNT; kind++) {
    for (size_t i = 0; i < f->counts[kind]; i++) {
      if (!done) {
        hrt_record_written(f->store, (hrt_ring_kind)kind, f->records[kind][i], 0);
      }
      hrt_record_give(f->store, f->records[kind][i]);
    }
  }
  for (size_t i = 0; i < f->done_count; i++) {
    if (!done) {
      hand_back(f, f->done[i]);
    } else if (f->done[i].release) {
      f->done[i].release(f->done[i].arg);
    }
  }
  for (size_t i = 0; i < f->again_count; i++) {
    hand_back(f, f->again[i]);
  }
  if (done && f->last) {
    hrt_series_reset(f->store);
  }
}

static int flush_by(struct flush *f, helios *h, hrt_flush_when when, helios_error *err) {
  bool may_wait = when == HRT_FLUSH_CLOSE || when == HRT_FLUSH_NOW;
  int status = 0;
  if (moved(h->db) == 1) { /* the file of that name is another database */
    HRT_TRY(hrt_fail(err, HELIOS_E_SQL, "the file was moved"));
  }
  HRT_TRY(open_second(&f->db, h, may_wait ? WAIT_MS : 0, err));
  if (!says(f->db, "SELECT value FROM main.helios_meta WHERE key = 'schema_version'",
            HRT_CATALOG_SCHEMA_TEXT)) {
    status = hrt_fail(err, HELIOS_E_NOT_FOUND, "the database has no procedures");
    goto out;
  }
  if (when == HRT_FLUSH_BEGIN && !says(f->db, "PRAGMA main.journal_mode", "wal")) {
    status = hrt_fail(err, HELIOS_E_SQL, "the database is in use");
    goto out;
  }
  status = write_all(f, err);
  settle(f, status == 0);
out:
  put_away(f->store, f->db);
  return status;
}

int hrt_flush(int64_t *written, helios *h, hrt_flush_when when, helios_error *err) {
  if (when == HRT_FLUSH_BEGIN && !hrt_store_hurry(h->conn.observer.store)) {
    return 0; /* the common case, at the begin of every statement */
  }
  if (!possible(h, when)) {
    return hrt_fail(err, HELIOS_E_MISUSE, "the connection is in a transaction, or can't write");
  }
  (void)hrt_audit_settle(h, NULL); /* no transaction is there that it could end */
  if (!begin(h, when)) {
    return hrt_fail(err, HELIOS_E_SQL, "it is being written");
  }
  int status = 0;
  hrt_hold hold;
  hrt_store *store = h->conn.observer.store;
  struct flush *f = hrt_alloc(sizeof *f);
  if (f == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    goto out;
  }
  f->store = store;
  f->last = when == HRT_FLUSH_CLOSE && hrt_store_retire(store);
  hrt_hold_begin(&hold, SIGXFSZ); /* a program that only reads may not be ended by it */
  status = flush_by(f, h, when, err);
  hrt_hold_end(&hold, SIGXFSZ);
  if (written && status == 0) {
    *written = (int64_t)(f->counts[0] + f->counts[1] + f->counts[2]);
  }
out:
  hrt_store_write_end(store);
  if (f) {
    hrt_free(f->metrics);
    hrt_free(f);
  }
  return status;
}
