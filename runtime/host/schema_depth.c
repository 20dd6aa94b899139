/* schema_depth.c - what a guest's CREATE and ALTER add to the stack that later statements need.
 * SQLite follows a column that is computed from another, a CHECK and an indexed expression by
 * recursion whenever a statement uses the table, and a foreign key that changes rows into the
 * foreign keys of these; whose statement, and on which thread, nobody knows then. So the schema
 * that guests make stays within HRT_SCHEMA_STACK.
 *
 * Must never count less than SQLite would follow; what is refused too much is only refused. */
#include <string.h>
#include <strings.h>

#include "host/internal.h"
#include "host/scan.h"

/* One expression being counted. */
typedef struct counter {
  int depth, inside; /* parentheses open; those around the expression, 0: none */
  bool column;       /* it computes a column */
  uint64_t count, columns, longest;
} counter;

/* Columns may be computed from each other, all in one chain; of the others only one is at work. */
static void end_expression(counter *c) {
  if (c->column) {
    c->columns += c->count;
  } else if (c->count > c->longest) {
    c->longest = c->count;
  }
  c->count = 0;
  c->inside = 0;
  c->column = false;
}

/* CHECK (...) and AS (...) of a table. A column that is one other, quoted, is a step too. */
static void count_table(counter *c, const hrt_scan_token *t, const hrt_scan_token *before) {
  bool open = hrt_scan_char(t, '('), close = hrt_scan_char(t, ')');
  c->depth += open - close;
  if (c->inside > 0 && c->depth < c->inside) {
    end_expression(c);
  } else if (c->inside > 0) {
    c->count += open || hrt_scan_operator(t);
  } else if (open && (hrt_scan_is(before, "CHECK") || hrt_scan_is(before, "AS"))) {
    c->column = hrt_scan_is(before, "AS");
    c->inside = c->depth;
    c->count = 1;
  }
}

/* What is indexed, one by one, and WHERE. */
static void count_index(counter *c, const hrt_scan_token *t) {
  bool open = hrt_scan_char(t, '('), close = hrt_scan_char(t, ')');
  c->depth += open - close;
  if ((c->depth == 1 && (open || hrt_scan_char(t, ','))) || (c->depth == 0 && close)) {
    end_expression(c);
  } else {
    c->count += open || hrt_scan_operator(t);
  }
}

static bool is_index(hrt_scan s) {
  hrt_scan_token t = hrt_scan_next(&s);
  for (int i = 0; i < 2; i++) { /* CREATE UNIQUE INDEX */
    t = hrt_scan_next(&s);
    if (hrt_scan_is(&t, "INDEX")) {
      return true;
    }
  }
  return false;
}

/* How deep an expression may be, and how many foreign keys change rows, by the statement alone. */
static void count(uint64_t *operators, uint64_t *limit, uint64_t *actions, const char *sql,
                  size_t length) {
  hrt_scan s = {sql, 0, length};
  hrt_scan_token t = hrt_scan_next(&s);
  counter c = {.depth = 0};
  while (hrt_scan_char(&t, ';')) {
    t = hrt_scan_next(&s);
  }
  bool index = is_index((hrt_scan){t.at, 0, length - (size_t)(t.at - sql)});
  for (hrt_scan_token before = t; t.kind != HRT_SCAN_END; before = t, t = hrt_scan_next(&s)) {
    index ? count_index(&c, &t) : count_table(&c, &t, &before);
    *actions += hrt_scan_is(&t, "CASCADE") || hrt_scan_is(&t, "SET");
  }
  end_expression(&c);
  *operators = c.columns + c.longest;
  *limit = index ? HRT_INDEX_OPERATORS : HRT_TABLE_OPERATORS;
}

static bool changes_rows(sqlite3_stmt *key, int column) {
  const char *action = (const char *)sqlite3_column_text(key, column);
  return action == NULL ||
         (strcasecmp(action, "NO ACTION") != 0 && strcasecmp(action, "RESTRICT") != 0);
}

/* Adds those of a table that is there; false: nobody can tell. */
static bool add_actions(uint64_t *actions, sqlite3 *db, const char *table) {
  enum { SEQUENCE = 1, ON_UPDATE = 5, ON_DELETE = 6 };
  sqlite3_stmt *key = NULL;
  char *sql = sqlite3_mprintf("PRAGMA main.foreign_key_list(%Q)", table);
  int rc = sql != NULL ? sqlite3_prepare_v2(db, sql, -1, &key, NULL) : SQLITE_NOMEM;
  while (rc == SQLITE_OK && (rc = sqlite3_step(key)) == SQLITE_ROW) {
    bool first = sqlite3_column_int(key, SEQUENCE) == 0;
    *actions += first && changes_rows(key, ON_UPDATE);
    *actions += first && changes_rows(key, ON_DELETE);
    rc = SQLITE_OK;
  }
  sqlite3_finalize(key);
  sqlite3_free(sql);
  return rc == SQLITE_DONE;
}

/* Of all tables that the procedure may have made. */
static bool add_present(uint64_t *actions, hrt_host_env *env) {
  static const char tables[] = "SELECT name FROM main.sqlite_master WHERE type = 'table'";
  sqlite3_stmt *row = NULL;
  hrt_host_env *active = hrt_host_suspend(env->conn);
  int rc = sqlite3_prepare_v2(env->conn->db, tables, -1, &row, NULL);
  while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(row, 0);
    bool told = name != NULL && (!hrt_caps_allow(env->caps, HRT_CAP_DDL, name, NULL) ||
                                 add_actions(actions, env->conn->db, name));
    rc = told ? SQLITE_OK : SQLITE_ERROR;
  }
  sqlite3_finalize(row);
  hrt_host_resume(env->conn, active);
  return rc == SQLITE_DONE;
}

int hrt_schema_depth(hrt_host_env *env, const char *sql, size_t length) {
  uint64_t operators, limit, actions = 0;
  count(&operators, &limit, &actions, sql, length);
  if (operators > limit) {
    return hrt_refuse(env, HSB_STATUS_LIMIT,
                      "the expressions of a schema may have at most %llu operators, and columns "
                      "that are computed all of them together",
                      (unsigned long long)limit);
  }
  if (actions == 0 || (add_present(&actions, env) && actions <= HRT_KEY_ACTIONS)) {
    return 0;
  }
  return hrt_refuse(env, HSB_STATUS_LIMIT,
                    "more than %d foreign keys of the tables of ddl would change rows",
                    HRT_KEY_ACTIONS);
}
