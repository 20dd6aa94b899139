/* api.c - helios.h but for attach: scripts in which our statements stand beside SQLite's.
 *
 * Invariant: an error of the n-th statement of a script leaves those before it done and those after
 * it not begun, as sqlite3_exec does. */
#include <stdio.h>
#include <string.h>

#include "ddl/ddl.h"
#include "ddl/set.h"
#include "plugin/alloc.h"
#include "sqlite/flush.h"

const char *helios_version(void) {
  return HELIOS_VERSION;
}

sqlite3 *helios_db(helios *h) {
  return h->db;
}

void hrt_error_prefix(helios_error *err, const char *procedure) {
  char escaped[HRT_ESCAPED], whole[sizeof err->text];
  if (err == NULL) {
    return;
  }
  snprintf(whole, sizeof whole,
           "procedure %.200s: ", hrt_escape(escaped, procedure, strlen(procedure)));
  size_t used = strlen(whole), more = strlen(err->text);
  if (strncmp(err->text, whole, used) == 0 || /* it has called itself, or passes on what was said */
      (strncmp(err->text, whole, used - 2) == 0 && err->text[used - 2] == ' ')) { /* of it */
    return;
  }
  more = more < sizeof whole - used ? more : sizeof whole - used - 1;
  memcpy(whole + used, err->text, more);
  whole[used + more] = 0;
  memcpy(err->text, whole, sizeof whole);
}

bool hrt_within(const helios *h) {
  return !sqlite3_get_autocommit(h->db);
}

int hrt_lost(const helios *h, bool within, const char *doing, helios_error *err) {
  if (!within || hrt_within(h)) {
    return 0;
  }
  helios_error before = {0};
  if (err && err->code != HELIOS_OK) {
    before = *err;
    hrt_error_clear(err);
  }
  int status = hrt_fail(err, HELIOS_E_SQL, "%s ended the transaction%s%.160s", doing,
                        before.text[0] ? ": " : "", before.text);
  if (before.text[0]) {
    err->offset = before.offset;
  }
  return status;
}

void hrt_give_error(sqlite3_context *sql, helios *h, const helios_error *err) {
  h->last = *err;
  if (h->budget == NULL) { /* no procedure's SQL */
    hrt_advise(h, &h->last);
  }
  char *text = h->last.hint[0] ? sqlite3_mprintf("%s (%s)", h->last.text, h->last.hint)
                               : sqlite3_mprintf("%s", h->last.text);
  if (text == NULL) {
    sqlite3_result_error_nomem(sql);
    return;
  }
  sqlite3_result_error(sql, text, -1);
  sqlite3_free(text);
}

bool helios_is_ddl(const char *sql) {
  return hrt_ddl_is(sql, strlen(sql));
}

bool helios_complete(const char *sql) {
  size_t length = strlen(sql);
  if (!hrt_ddl_is(sql, length)) {
    return sqlite3_complete(sql) != 0;
  }
  size_t end;
  return hrt_ddl_extent(&end, sql, length) &&
         (hrt_ddl_blank(sql + end, length - end) || helios_complete(sql + end));
}

int helios_host_register(helios *h, const char *module, const char *name, const char *signature,
                         const char *capability, helios_host_fn *fn, void *arg,
                         void (*destroy)(void *arg), helios_error *err) {
  if (h == NULL || module == NULL || name == NULL || signature == NULL || fn == NULL) {
    if (destroy) {
      destroy(arg);
    }
    return hrt_fail(err, HELIOS_E_MISUSE,
                    "helios_host_register needs a handle, names, a signature and a function");
  }
  const hrt_custom_def d = {module, name, signature, capability, fn, arg, destroy};
  return hrt_custom_add(&h->conn, &d, err);
}

int helios_refresh(helios *h, helios_error *err) {
  h->synced = 0;
  return hrt_sync(h, err);
}

/* Is the message this error, with or without its hint? */
static bool says(const char *message, const helios_error *e) {
  size_t text = strlen(e->text), hint = strlen(e->hint);
  if (strncmp(message, e->text, text) != 0) {
    return false;
  }
  const char *rest = message + text;
  return rest[0] == 0 ||
         (hint > 0 && strncmp(rest, " (", 2) == 0 && strncmp(rest + 2, e->hint, hint) == 0 &&
          strcmp(rest + 2 + hint, ")") == 0);
}

int helios_step_error(helios *h, helios_error *err) {
  if (h->last.code != HELIOS_OK && says(sqlite3_errmsg(h->db), &h->last)) {
    if (err && err->code == HELIOS_OK) {
      *err = h->last;
    }
    return (int)h->last.code;
  }
  return hrt_db_fail(h->db, err);
}

static void pass_log(void *arg, hrt_log_level level, const char *procedure, const char *text) {
  helios *h = arg;
  h->log(h->log_arg, (helios_log_level)level, procedure, text);
}

void helios_set_log(helios *h, helios_log_fn *log, void *arg, helios_log_level level) {
  h->log = log;
  h->log_arg = arg;
  h->conn.log = log ? pass_log : NULL;
  h->conn.log_arg = h;
  h->conn.log_level = (hrt_log_level)level;
}

static int run_set(helios *h, sqlite3_stmt **stmt, const char *sql, size_t length, size_t *used,
                   helios_error *err) {
  hrt_set set;
  int status = hrt_set_parse(&set, sql, length, err);
  *used = set.end;
  if (status == 0) {
    status = hrt_set_apply(h, stmt, &set, err);
  }
  hrt_free(set.value);
  return status;
}

/* Parses one statement of ours. *stmt stays NULL unless it is a CALL. */
static int run_ours(helios *h, sqlite3_stmt **stmt, const char *sql, size_t length, size_t *used,
                    helios_error *err) {
  int status = 0;
  if (hrt_set_is(sql, length)) {
    return run_set(h, stmt, sql, length, used, err);
  }
  hrt_ddl *ddl = hrt_alloc(sizeof *ddl);
  if (ddl == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  HRT_TRY(hrt_ddl_parse(ddl, sql, length, err));
  *used = ddl->end;
  if (ddl->action != HRT_DDL_CALL) {
    HRT_TRY(hrt_apply(h, ddl, err));
  } else if (stmt == NULL) {
    status = hrt_fail(err, HELIOS_E_SYNTAX, "CALL is not for helios_ddl: write SELECT");
  } else {
    HRT_TRY(hrt_call_prepare(h, stmt, sql, ddl, err));
  }
out:
  hrt_free(ddl);
  return status;
}

int hrt_run_ddl(helios *h, const char *sql, size_t length, size_t *used, helios_error *err) {
  return run_ours(h, NULL, sql, length, used, err);
}

static int prepare_theirs(helios *h, sqlite3_stmt **stmt, const char **tail, const char *sql,
                          helios_error *err) {
  if (sqlite3_prepare_v2(h->db, sql, -1, stmt, tail) != SQLITE_OK) {
    int offset = sqlite3_error_offset(h->db);
    int status = hrt_db_fail(h->db, err);
    err->offset = offset >= 0 ? (uint32_t)offset : HELIOS_NO_OFFSET;
    return status;
  }
  return 0;
}

static int prepare(helios *h, sqlite3_stmt **stmt, const char **tail, const char *sql,
                   helios_error *err) {
  size_t length = strlen(sql), used = 0;
  if (!hrt_ddl_is(sql, length)) {
    return prepare_theirs(h, stmt, tail, sql, err);
  }
  int status = run_ours(h, stmt, sql, length, &used, err);
  *tail = sql + used;
  return status;
}

/* A name that another connection's DDL may have made. */
static bool unknown_name(const helios_error *e) {
  return e->code == HELIOS_E_SQL && strncmp(e->text, "no such ", 8) == 0;
}

/* There was no such name: the catalog may have it by now. OK: there are new ones. Else status, or
 * why the catalog could not be read at this moment. */
static int meet(helios *h, int status, helios_error *e) {
  helios_error why = {0};
  uint64_t known = h->registered;
  int read = hrt_sync(h, &why);
  if (read == 0 && h->registered > known) {
    hrt_error_clear(e);
    return HELIOS_OK;
  }
  if (read == HELIOS_E_SQL || read == HELIOS_E_CANCELLED || read == HELIOS_E_MEMORY) {
    *e = why;
    return read;
  }
  return status;
}

int helios_prepare(helios *h, sqlite3_stmt **stmt, const char **tail, const char *sql,
                   helios_error *err) {
  const char *rest;
  helios_error e = {0};
  *stmt = NULL;
  h->last.code = HELIOS_OK;
  hrt_catalog_undo(h->catalog);
  int status = prepare(h, stmt, &rest, sql, &e);
  if (status != 0 && unknown_name(&e)) {
    status = meet(h, status, &e);
    status = status == HELIOS_OK ? prepare(h, stmt, &rest, sql, &e) : status;
  }
  if (status == 0 && tail) {
    *tail = rest;
  }
  if (status != 0 && err && err->code == HELIOS_OK) {
    *err = e;
    hrt_advise(h, err);
    status = (int)err->code;
  }
  return status;
}

static int run_rows(helios *h, sqlite3_stmt *stmt, helios_row_fn *row, void *arg,
                    helios_error *err) {
  int rc;
  while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    if (row && row(arg, stmt) != 0) {
      return hrt_fail(err, HELIOS_E_CANCELLED, "stopped by the caller");
    }
  }
  return rc == SQLITE_DONE ? 0 : helios_step_error(h, err);
}

int helios_flush(helios *h, helios_error *err) {
  return hrt_flush(NULL, h, HRT_FLUSH_NOW, err);
}

int helios_exec(helios *h, const char *sql, helios_row_fn *row, void *arg, helios_error *err) {
  int status = 0;
  const char *at = sql;
  while (status == 0 && *at) {
    sqlite3_stmt *stmt;
    const char *tail = at;
    status = helios_prepare(h, &stmt, &tail, at, err);
    if (status != 0 && err && err->offset != HELIOS_NO_OFFSET &&
        (err->code == HELIOS_E_SQL || err->code == HELIOS_E_SYNTAX)) { /* else one in the .wasm */
      err->offset += (uint32_t)(at - sql);
    }
    if (stmt) {
      status = run_rows(h, stmt, row, arg, err);
      sqlite3_finalize(stmt);
    }
    if (tail == at) {
      break; /* only blanks were left */
    }
    at = tail;
  }
  (void)hrt_flush(NULL, h, HRT_FLUSH_AFTER, NULL);
  return status;
}

int helios_open(helios **out, const char *path, const helios_options *options, helios_error *err) {
  sqlite3 *db = NULL;
  int status = 0;
  if (out == NULL || path == NULL) {
    return hrt_fail(err, HELIOS_E_MISUSE, "helios_open needs a path and a place for the handle");
  }
  if (sqlite3_open(path, &db) != SQLITE_OK) {
    status = hrt_db_fail(db, err);
  } else {
    status = helios_attach(out, db, options, err);
  }
  if (status != 0) {
    sqlite3_close(db);
  }
  return status;
}

int helios_close(helios *h, helios_error *err) {
  if (h == NULL) {
    return HELIOS_OK;
  }
  sqlite3 *db = h->db;
  hrt_session_quiesce(h);
  if (sqlite3_close(db) != SQLITE_OK) {
    return hrt_db_fail_as(db, HELIOS_E_MISUSE, err);
  }
  return HELIOS_OK;
}
