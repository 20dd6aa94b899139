/* dependents.c - what a database has stored by a function's values: indexes, CHECK constraints,
 * generated columns. A version that computes others would leave them wrong. docs/versions.md.
 *
 * Invariants: without CASCADE nothing stored is left to a version that may compute other values;
 * with it, what is left has been computed or verified by the new one. The SQL here runs as the
 * application's own, since it calls procedures. */
#include <string.h>

#include "sqlite/declare.h"

/* The same code: it can't compute other values. */
static bool equivalent(const hrt_definition *a, const hrt_definition *b) {
  for (uint32_t i = 0; i < a->param_count && i < b->param_count; i++) {
    if (strcmp(a->params[i].fallback, b->params[i].fallback) != 0) {
      return false;
    }
  }
  return memcmp(a->module_hash, b->module_hash, HRT_HASH_BYTES) == 0 &&
         strcmp(a->export_name, b->export_name) == 0 && a->called_on_null == b->called_on_null &&
         hrt_same_signature(a, b);
}

static int refuse(const hrt_user *user, const char *hint, helios_error *err) {
  char name[HRT_ESCAPED];
  int status = hrt_fail(err, HELIOS_E_DEPENDENCY, "the %s %s has values of it", user->type,
                        hrt_escape(name, user->name, strlen(user->name)));
  hrt_hint(err, "%s", hint);
  return status;
}

int hrt_dependents_refuse(helios *h, const hrt_definition *before, const hrt_definition *after,
                          helios_error *err) {
  hrt_user *users = NULL;
  int status = 0;
  if (!equivalent(before, after)) {
    status = hrt_users_find(&users, h, after->name, err);
    const hrt_user *stored = hrt_users_stored(users);
    if (status == 0 && stored) {
      status = refuse(stored, "a canary would store values of two versions there", err);
    }
  }
  hrt_users_free(users);
  return status;
}

/* ---- CASCADE ---- */

/* Runs a statement made by sqlite3_mprintf, frees it, and gives the first value of its first row;
 * *first: NULL if it has no row. sqlite3_free it. */
static int run(char **first, helios *h, char *sql, helios_error *err) {
  sqlite3_stmt *s = NULL;
  int status = sql ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  *first = NULL;
  if (status == 0 && sqlite3_prepare_v2(h->db, sql, -1, &s, NULL) != SQLITE_OK) {
    status = hrt_db_fail(h->db, err);
  }
  int rc = status == 0 ? sqlite3_step(s) : SQLITE_DONE;
  if (rc == SQLITE_ROW) {
    *first = sqlite3_mprintf("%s", sqlite3_column_text(s, 0));
    status = *first ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  } else if (rc != SQLITE_DONE) {
    status = hrt_db_fail(h->db, err);
  }
  sqlite3_finalize(s);
  sqlite3_free(sql);
  return status;
}

/* An index, or all of a table's: one on a generated column does not name the function. */
static int reindex(helios *h, const hrt_user *user, helios_error *err) {
  char *none;
  helios_error why = {0};
  int status =
      run(&none, h, sqlite3_mprintf("REINDEX \"%w\".\"%w\"", user->schema, user->name), &why);
  sqlite3_free(none);
  return status ? hrt_fail(err, status, "the %s %.60s can't be reindexed: %.300s", user->type,
                           user->name, why.text)
                : 0;
}

/* CHECK constraints, and NOT NULL of generated columns. */
static int check_rows(helios *h, const hrt_user *table, helios_error *err) {
  char *answer;
  int status = 0;
  HRT_TRY(run(&answer, h,
              sqlite3_mprintf("PRAGMA \"%w\".quick_check(\"%w\")", table->schema, table->name),
              err));
  if (answer && strcmp(answer, "ok") != 0) {
    status = hrt_fail(err, HELIOS_E_DEPENDENCY,
                      "rows of the table %.60s do not stand the new version: %.200s", table->name,
                      answer);
    hrt_hint(err, "change the rows first, in the same transaction");
  }
out:
  sqlite3_free(answer);
  return status;
}

/* Rows whose stored generated column would be another value now. */
static int compare_stored(helios *h, const hrt_user *table, helios_error *err) {
  char *found = NULL;
  int status = 0;
  for (const hrt_stored *s = table->columns; s && status == 0; s = s->next) {
    status = run(&found, h,
                 sqlite3_mprintf(
                     "SELECT 1 FROM \"%w\".\"%w\" WHERE \"%w\" COLLATE BINARY IS NOT (%s) LIMIT 1",
                     table->schema, table->name, s->column, s->expression),
                 err);
    if (status == 0 && found) {
      status = hrt_fail(err, HELIOS_E_DEPENDENCY,
                        "the stored column %.60s of the table %.60s has values of it", s->column,
                        table->name);
      hrt_hint(
          err,
          "in one transaction: copy the table's other columns, drop it, replace the function, make "
          "the table again");
    }
    sqlite3_free(found);
    found = NULL;
  }
  return status;
}

static int bring_along(helios *h, const hrt_user *user, helios_error *err) {
  int status = 0;
  HRT_TRY(reindex(h, user, err));
  if (strcmp(user->type, "table") == 0) {
    HRT_TRY(compare_stored(h, user, err));
    HRT_TRY(check_rows(h, user, err));
  }
out:
  return status;
}

int hrt_dependents_check(helios *h, const hrt_definition *before, const hrt_definition *after,
                         bool cascade, helios_error *err) {
  hrt_user *users = NULL;
  int status = 0;
  if (equivalent(before, after)) {
    return 0;
  }
  HRT_TRY(hrt_users_find(&users, h, after->name, err));
  for (const hrt_user *u = hrt_users_stored(users); u && status == 0;
       u = hrt_users_stored(u->next)) {
    status =
        cascade ? bring_along(h, u, err)
                : refuse(u, "CASCADE at the end reindexes what uses it and verifies the rows", err);
  }
out:
  hrt_users_free(users);
  return status;
}
