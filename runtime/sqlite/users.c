/* users.c - who in the schema calls a procedure. SQLite doesn't record it, so the SQL of each
 * object is cut into tokens: the name followed by '(' is a call, unless the word before says that
 * it is a table.
 *
 * Invariant: reads only; finds too much rather than too little. */
#include <string.h>
#include <strings.h>

#include "ddl/lexer.h"
#include "plugin/alloc.h"
#include "sqlite/declare.h"

static bool names_table(const hrt_token *before) {
  static const char *const words[] = {"TABLE", "ON", "INTO", "REFERENCES", "EXISTS", "JOIN", NULL};
  for (const char *const *w = words; *w; w++) {
    if (hrt_token_is(before, *w)) {
      return true;
    }
  }
  return false;
}

static bool is_name(const hrt_token *t, const char *name) {
  char text[HRT_NAME_BYTES];
  return (t->kind == HRT_TOKEN_WORD || t->kind == HRT_TOKEN_QUOTED) &&
         hrt_token_copy(t, text, sizeof text) > 0 && strcasecmp(text, name) == 0;
}

static bool calls(const char *sql, const char *name) {
  hrt_lexer lexer;
  hrt_lexer_init(&lexer, sql, strlen(sql));
  hrt_token before = {0}, t = hrt_lexer_next(&lexer);
  while (t.kind != HRT_TOKEN_END && t.kind != HRT_TOKEN_UNTERMINATED) {
    hrt_token next = hrt_lexer_next(&lexer);
    if (is_name(&t, name) && hrt_token_punct(&next, '(') && !names_table(&before)) {
      return true;
    }
    before = t;
    t = next;
  }
  return false;
}

void hrt_users_free(hrt_user *users) {
  while (users) {
    hrt_user *next = users->next;
    hrt_free(users->schema);
    hrt_free(users->type);
    hrt_free(users->name);
    hrt_free(users);
    users = next;
  }
}

static int add_user(hrt_user **list, sqlite3_stmt *row, helios_error *err) {
  hrt_user *u = hrt_alloc(sizeof *u);
  if (u) {
    u->next = *list;
    *list = u;
    u->schema = hrt_strdup((const char *)sqlite3_column_text(row, 0));
    u->type = hrt_strdup((const char *)sqlite3_column_text(row, 1));
    u->name = hrt_strdup((const char *)sqlite3_column_text(row, 2));
  }
  return u && u->schema && u->type && u->name ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

int hrt_users_find(hrt_user **out, helios *h, const char *procedure, helios_error *err) {
  static const char sql[] =
      "SELECT 'main', type, name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL UNION ALL "
      "SELECT 'temp', type, name, sql FROM temp.sqlite_schema WHERE sql IS NOT NULL";
  sqlite3_stmt *s = NULL;
  hrt_user *users = NULL;
  int status = 0, rc = SQLITE_DONE;
  h->internal++;
  if (sqlite3_prepare_v2(h->db, sql, -1, &s, NULL) != SQLITE_OK) {
    status = hrt_fail(err, HELIOS_E_SQL, "%s", sqlite3_errmsg(h->db));
  }
  while (status == 0 && (rc = sqlite3_step(s)) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(s, 3);
    if (text && calls(text, procedure)) {
      status = add_user(&users, s, err);
    }
  }
  if (status == 0 && rc != SQLITE_DONE) {
    status = hrt_fail(err, HELIOS_E_SQL, "%s", sqlite3_errmsg(h->db));
  }
  sqlite3_finalize(s);
  h->internal--;
  if (status != 0) {
    hrt_users_free(users);
    users = NULL;
  }
  *out = users;
  return status;
}
