/* rollout.c - see rollout.h.
 *
 * Invariant: what is read is checked here; a rate that is no number, or a percentage outside of 1
 * to 100, is a damaged catalog. */
#include "registry/rollout.h"

#include "host/sqlite_error.h"
#include "registry/catalog_private.h"

static bool take_version(uint32_t *out, sqlite3_stmt *s, int column) {
  int64_t version = sqlite3_column_int64(s, column);
  *out = (uint32_t)version;
  return version >= 0 && version <= UINT32_MAX;
}

static int read_row(hrt_rollout *r, sqlite3_stmt *s, helios_error *err) {
  int64_t percent = sqlite3_column_int64(s, 4);
  r->procedure_id = sqlite3_column_int64(s, 0);
  r->error_rate = sqlite3_column_double(s, 5);
  bool ok = take_version(&r->current, s, 1) && take_version(&r->previous, s, 2) &&
            take_version(&r->canary, s, 3);
  if (r->canary) {
    ok = ok && percent >= 1 && percent <= 100 && r->error_rate >= 0 && r->error_rate <= 100 &&
         r->canary != r->current;
    r->percent = (uint32_t)percent;
  }
  return ok ? 0 : hrt_fail(err, HELIOS_E_BROKEN, "the catalog is damaged: bad canary");
}

int hrt_rollout_find(hrt_rollout *out, hrt_catalog *c, const char *name, helios_error *err) {
  sqlite3_stmt *s;
  int64_t schema;
  bool deterministic;
  int row = 0;
  *out = (hrt_rollout){0};
  int status = hrt_catalog_version(&schema, c, err);
  if (status == 0 && schema >= 2) { /* a catalog of schema 1 has no canaries */
    status = hrt_sql_begin(&s, c, HRT_SQL_ROLLOUT, err);
    if (status == 0) {
      sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
      row = hrt_sql_step(c, s, err);
      status = row < 0 ? c->status : row > 0 ? read_row(out, s, err) : 0;
    }
    hrt_sql_end(c, HRT_SQL_ROLLOUT);
  }
  return status != 0 || row > 0
             ? status
             : hrt_catalog_lookup(&out->procedure_id, &deterministic, c, name, err);
}

static void bind_or_null(sqlite3_stmt *s, int at, uint32_t value) {
  if (value) {
    sqlite3_bind_int64(s, at, value);
  }
}

int hrt_rollout_set(hrt_catalog *c, const hrt_rollout *r, helios_error *err) {
  sqlite3_stmt *s;
  int status = hrt_sql_begin(&s, c, HRT_SQL_SET_ROLLOUT, err);
  if (status == 0) {
    sqlite3_bind_int64(s, 1, r->procedure_id);
    sqlite3_bind_int64(s, 2, r->current);
    bind_or_null(s, 3, r->previous);
    bind_or_null(s, 4, r->canary);
    bind_or_null(s, 5, r->canary ? r->percent : 0);
    if (r->canary && r->error_rate > 0) {
      sqlite3_bind_double(s, 6, r->error_rate);
    }
    status = hrt_sql_step(c, s, err) < 0 ? c->status : 0;
  }
  hrt_sql_end(c, HRT_SQL_SET_ROLLOUT);
  if (status == 0 && r->canary) {
    status = hrt_sql_run(c, HRT_SQL_TOUCH_VERSION, r->procedure_id, r->canary, err);
  }
  return status;
}

/* Not HRT_SQL: the connection may be another one than the catalog's. */
int hrt_rollout_end(bool *ended, sqlite3 *db, int64_t procedure_id, uint32_t canary, int64_t stamp,
                    helios_error *err) {
  char *sql = sqlite3_mprintf(
      "UPDATE main.helios_procedure SET canary_version = NULL, canary_percent = NULL, "
      "canary_error_rate = NULL WHERE id = %lld AND canary_version = %u AND EXISTS (SELECT 1 FROM "
      "main.helios_version WHERE procedure_id = %lld AND version = %u AND stamp = %lld)",
      procedure_id, canary, procedure_id, canary, stamp);
  int status = sql ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  *ended = false;
  if (status == 0 && sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
    status = hrt_db_fail(db, err);
  }
  if (status == 0 && sqlite3_changes(db) > 0) {
    *ended = true;
    if (sqlite3_exec(db,
                     "UPDATE main.helios_meta SET value = CASE key WHEN 'stamp' THEN "
                     "random() | 1 ELSE value + 1 END WHERE key IN ('stamp', 'generation')",
                     NULL, NULL, NULL) != SQLITE_OK) {
      status = hrt_db_fail(db, err);
    }
  }
  sqlite3_free(sql);
  return status;
}
