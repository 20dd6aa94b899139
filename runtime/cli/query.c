/* query.c - what several commands ask the database, from the table queries.def. Must change
 * nothing; what was given is always a parameter, never part of the SQL. */
#include <string.h>

#include "shell.h"

/* A list of parameters or columns, which is JSON in the catalog, as SQL writes it. */
#define PARAMETERS(json)                                                                           \
  "ifnull((SELECT group_concat(ltrim(ifnull(json_extract(value, '$.name'), '') || ' ' || "         \
  "json_extract(value, '$.type')) || ifnull(' = ' || json_extract(value, '$.default'), ''), "      \
  "', ') FROM json_each(" json ")), '')"
#define RETURNS                                                                                    \
  "iif(json_type(p.returns, '$.table') IS NULL, ifnull(json_extract(p.returns, '$.type'), ''), "   \
  "'TABLE(' || " PARAMETERS("json_extract(p.returns, '$.table')") " || ')')"

static const struct query {
  sh_shape shape;
  const char *sql, *json_sql;
} queries[] = {
#define SH_QUERY(id, type, json, sql, json_sql) {{type, json}, sql, json_sql},
#include "queries.def"
#undef SH_QUERY
};

static int bind(sqlite3_stmt *stmt, int at, const char *text) {
  return text == NULL || at > sqlite3_bind_parameter_count(stmt)
             ? SQLITE_OK
             : sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

/* given may be NULL, and so may each of its values. */
static int bind_all(sqlite3_stmt *stmt, const char *const given[SH_GIVEN]) {
  int status = SQLITE_OK;
  for (int i = 0; i < SH_GIVEN && given != NULL && status == SQLITE_OK; i++) {
    status = bind(stmt, i + 1, given[i]);
  }
  return status;
}

void sh_query(shell *sh, enum sh_query_id id, const char *const given[SH_GIVEN]) {
  const struct query *q = &queries[id];
  bool shaped = sh->mode == SH_MODE_jsonl;
  const char *sql = shaped && q->json_sql != NULL ? q->json_sql : q->sql;
  helios_error err = {.code = HELIOS_OK};
  sqlite3_stmt *stmt = NULL;
  int status = helios_prepare(sh->h, &stmt, NULL, sql, &err);
  if (status == HELIOS_OK && bind_all(stmt, given) != SQLITE_OK) {
    status = helios_step_error(sh->h, &err);
  }
  if (status == HELIOS_OK) {
    status = sh_step(sh, stmt, shaped ? &q->shape : NULL, &err);
  }
  sqlite3_finalize(stmt);
  if (status != HELIOS_OK) {
    err.offset = HELIOS_NO_OFFSET; /* our SQL is not the user's */
    sh_error(sh, &err, NULL);
  }
  fflush(sh->out);
}

char *sh_ask(shell *sh, const char *sql, const char *first) {
  sqlite3_stmt *stmt = NULL;
  char *answer = NULL;
  if (sqlite3_prepare_v2(helios_db(sh->h), sql, -1, &stmt, NULL) == SQLITE_OK &&
      bind(stmt, 1, first) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW &&
      sqlite3_column_type(stmt, 0) != SQLITE_NULL) {
    answer = sqlite3_mprintf("%s", sqlite3_column_text(stmt, 0));
  }
  sqlite3_finalize(stmt);
  return answer;
}

const char *sh_why(shell *sh, helios_error *err) {
  (void)helios_step_error(sh->h, err);
  return err->text;
}

bool sh_knows(shell *sh, enum sh_query_id id, const char *name) {
  char *sql = sqlite3_mprintf("SELECT 1 FROM helios_procedures WHERE name = ?1 COLLATE NOCASE "
                              "UNION ALL SELECT 1 FROM (%s)",
                              queries[id].sql);
  char *known = sql == NULL ? NULL : sh_ask(sh, sql, name);
  if (sql == NULL) {
    sh_say_error(sh, NULL, "no memory");
  } else if (known == NULL) {
    helios_error err = {.offset = HELIOS_NO_OFFSET};
    sqlite3_free(sh_ask(sh, "SELECT helios_version(?1)", name)); /* says which name is near */
    sh_why(sh, &err);
    sh_error(sh, &err, NULL);
  }
  bool knows = known != NULL;
  sqlite3_free(known);
  sqlite3_free(sql);
  return knows;
}

void sh_about(shell *sh, enum sh_query_id id, const char *const given[SH_GIVEN]) {
  enum sh_mode mode = sh->mode;
  if (given[0] != NULL && !sh_knows(sh, id, given[0])) {
    return;
  }
  if (id == SH_QUERY_PROCEDURE && (mode == SH_MODE_box || mode == SH_MODE_list)) {
    sh->mode = SH_MODE_line; /* too wide for a row */
  }
  sh_query(sh, id, given);
  sh->mode = mode;
}
