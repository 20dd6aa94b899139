/* ctes.c - names that a guest's statement made by WITH. Where it reads one but no column of it, as
 * count(*) does, SQLite tells the authorizer a name that might be a table's too; so the statement
 * is denied, what its names could mean is looked up, and it is compiled once more.
 *
 * Must never learn a name that anything in the database or the program has. Bounded: all names that
 * expand.c finds are learned at once, and ROUNDS others one by one. */
#include <string.h>
#include <strings.h>

#include "host/internal.h"
#include "host/scan.h"
#include "plugin/alloc.h"

enum { ROUNDS = 8, NAMES = HRT_WITH_NAMES + 1, NAME_BYTES = sizeof((hrt_host_env *)0)->doubt };

/* The name in doubt, and those that may be asked for next. */
struct asked {
  size_t count;
  char name[NAMES][NAME_BYTES];
  bool taken[NAMES];
};

/* A word, or a quoted name with no quote in it. */
static void add(struct asked *a, const hrt_scan_token *t) {
  bool is_quoted = t->kind == HRT_SCAN_QUOTED && t->length >= 2;
  size_t n = is_quoted ? t->length - 2 : t->length;
  if (n > 0 && n < NAME_BYTES) {
    memcpy(a->name[a->count], t->at + is_quoted, n);
    a->name[a->count][n] = 0;
    a->count++;
  }
}

/* Marks those that a row of a PRAGMA has in this column. False: nobody can tell. */
static bool strike(struct asked *a, sqlite3 *db, const char *pragma, int column) {
  sqlite3_stmt *s = NULL;
  int rc = sqlite3_prepare_v3(db, pragma, -1, 0, &s, NULL);
  while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(s, column);
    for (size_t i = 0; text != NULL && i < a->count; i++) {
      a->taken[i] |= strcasecmp(text, a->name[i]) == 0;
    }
    rc = text != NULL ? SQLITE_OK : SQLITE_NOMEM;
  }
  sqlite3_finalize(s);
  return rc == SQLITE_DONE;
}

/* Not by the table-valued forms: a database may have a table called pragma_table_list. */
static bool look_up(struct asked *a, hrt_host_env *env) {
  hrt_host_env *active = hrt_host_suspend(env->conn);
  bool known = strike(a, env->conn->db, "PRAGMA table_list", 1) &&
               strike(a, env->conn->db, "PRAGMA module_list", 0);
  hrt_host_resume(env->conn, active);
  return known && !a->taken[0];
}

/* Adds those that are not taken to the list. */
static bool learn(char **ctes, const struct asked *a) {
  size_t at = 0, size = 1;
  while (*ctes != NULL && (*ctes)[at] != 0) {
    at += strlen(*ctes + at) + 1;
  }
  for (size_t i = 0; i < a->count; i++) {
    size += a->taken[i] ? 0 : strlen(a->name[i]) + 1;
  }
  char *more = hrt_alloc(at + size);
  if (more == NULL) {
    return false;
  }
  if (at > 0) {
    memcpy(more, *ctes, at);
  }
  for (size_t i = 0; i < a->count; i++) {
    if (!a->taken[i]) {
      size_t n = strlen(a->name[i]) + 1;
      memcpy(more + at, a->name[i], n);
      at += n;
    }
  }
  hrt_free(*ctes);
  *ctes = more;
  return true;
}

bool hrt_learn_ctes(char **ctes, uint32_t *round, hrt_host_env *env, const char *sql,
                    size_t length) {
  hrt_scan_token names[HRT_WITH_NAMES];
  size_t n = strlen(env->doubt);
  if (n == 0 || ++*round > ROUNDS) {
    return false;
  }
  struct asked *a = hrt_alloc(sizeof *a);
  if (a == NULL) {
    return false;
  }
  memcpy(a->name[a->count++], env->doubt, n + 1);
  size_t count = *round == 1 ? hrt_expand_names(names, sql, length) : 0;
  for (size_t i = 0; i < count; i++) {
    add(a, &names[i]);
  }
  bool learned = look_up(a, env) && learn(ctes, a);
  hrt_free(a);
  return learned;
}
