/* users.c - who in the schemas calls a procedure, and where in a table. SQLite doesn't record it,
 * so the SQL of each object is cut into tokens: the name followed by '(' is a call, unless the word
 * before says that it is a table.
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

/* A token between its neighbours. */
typedef struct scan {
  hrt_lexer lexer;
  hrt_token before, now, next;
  const char *procedure;
} scan;

static void scan_begin(scan *s, const char *sql, const char *procedure) {
  *s = (scan){.procedure = procedure};
  hrt_lexer_init(&s->lexer, sql, strlen(sql));
  s->now = hrt_lexer_next(&s->lexer);
  s->next = hrt_lexer_next(&s->lexer);
}

static bool scan_more(const scan *s) {
  return s->now.kind != HRT_TOKEN_END && s->now.kind != HRT_TOKEN_UNTERMINATED;
}

static void scan_step(scan *s) {
  s->before = s->now;
  s->now = s->next;
  s->next = hrt_lexer_next(&s->lexer);
}

static bool is_call(const scan *s) {
  return is_name(&s->now, s->procedure) && hrt_token_punct(&s->next, '(') &&
         !names_table(&s->before);
}

static bool calls(const char *sql, const char *procedure) {
  scan s;
  for (scan_begin(&s, sql, procedure); scan_more(&s); scan_step(&s)) {
    if (is_call(&s)) {
      return true;
    }
  }
  return false;
}

/* ---- CREATE TABLE ---- */

static char *copy_part(const char *from, const char *to) {
  size_t length = (size_t)(to - from);
  char *copy = hrt_alloc(length + 1);
  if (copy) {
    memcpy(copy, from, length);
  }
  return copy;
}

static int add_column(hrt_user *u, const hrt_token *name, const char *from, const char *to,
                      helios_error *err) {
  char text[HRT_NAME_BYTES];
  hrt_stored *s = hrt_alloc(sizeof *s);
  if (s) {
    s->next = u->columns;
    u->columns = s;
    s->column = hrt_token_copy(name, text, sizeof text) > 0 ? hrt_strdup(text) : NULL;
    s->expression = copy_part(from, to);
  }
  return s && s->column && s->expression ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

/* Brackets whose content is an expression: what stands before them, and at which depth they are. */
typedef struct place {
  char kind; /* 0: none; Check, As, Default */
  int depth;
  const char *from;
  bool used;
} place;

static char kind_of(const hrt_token *before) {
  return hrt_token_is(before, "CHECK")     ? 'C'
         : hrt_token_is(before, "AS")      ? 'A'
         : hrt_token_is(before, "DEFAULT") ? 'D'
                                           : 0;
}

/* The end of an expression. A default is computed for new rows only. */
static int leave(hrt_user *u, place *p, const scan *s, const hrt_token *column, bool *used,
                 helios_error *err) {
  int status = 0;
  if (p->used) {
    *used = true;
    u->stored |= p->kind != 'D';
    if (p->kind == 'A' && hrt_token_is(&s->next, "STORED")) {
      status = add_column(u, column, p->from, s->now.at, err);
    }
  }
  *p = (place){0};
  return status;
}

/* Where in a table's SQL the procedure is called. *used: anywhere. */
static int scan_table(hrt_user *u, const char *sql, const char *procedure, bool *used,
                      helios_error *err) {
  scan s;
  hrt_token column = {0};
  place p = {0};
  int depth = 0, status = 0;
  for (scan_begin(&s, sql, procedure); scan_more(&s) && status == 0; scan_step(&s)) {
    bool begins = hrt_token_punct(&s.before, '(') || hrt_token_punct(&s.before, ',');
    if (depth == 1 && begins) {
      column = s.now;
    }
    if (hrt_token_punct(&s.now, '(')) {
      depth++;
      if (p.kind == 0 && kind_of(&s.before)) {
        p = (place){kind_of(&s.before), depth, s.now.at + 1, false};
      }
    } else if (hrt_token_punct(&s.now, ')')) {
      if (p.kind && p.depth == depth) {
        status = leave(u, &p, &s, &column, used, err);
      }
      depth--;
    } else if (is_call(&s)) {
      p.used = true;
      *used |= p.kind == 0;
      u->stored |= p.kind == 0; /* unknown: too much rather than too little */
    }
  }
  return status;
}

/* ---- the list ---- */

static void user_free(hrt_user *u) {
  while (u->columns) {
    hrt_stored *next = u->columns->next;
    hrt_free(u->columns->column);
    hrt_free(u->columns->expression);
    hrt_free(u->columns);
    u->columns = next;
  }
  hrt_free(u->schema);
  hrt_free(u->type);
  hrt_free(u->name);
  hrt_free(u);
}

void hrt_users_free(hrt_user *users) {
  while (users) {
    hrt_user *next = users->next;
    user_free(users);
    users = next;
  }
}

const hrt_user *hrt_users_stored(const hrt_user *users) {
  while (users && !users->stored) {
    users = users->next;
  }
  return users;
}

/* One object of the schema: type, name, sql. */
static int look(hrt_user **list, const char *schema, sqlite3_stmt *row, const char *procedure,
                helios_error *err) {
  const char *type = (const char *)sqlite3_column_text(row, 0);
  const char *sql = (const char *)sqlite3_column_text(row, 2);
  bool used = false;
  int status = 0;
  if (type == NULL || sql == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  hrt_user *u = hrt_alloc(sizeof *u);
  if (u) {
    u->schema = hrt_strdup(schema);
    u->type = hrt_strdup(type);
    u->name = hrt_strdup((const char *)sqlite3_column_text(row, 1));
  }
  if (u == NULL || u->schema == NULL || u->type == NULL || u->name == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  } else if (strcmp(type, "table") == 0) {
    status = scan_table(u, sql, procedure, &used, err);
  } else {
    used = calls(sql, procedure);
    u->stored = strcmp(type, "index") == 0;
  }
  if (status == 0 && used) {
    u->next = *list;
    *list = u;
  } else if (u) {
    user_free(u);
  }
  return status;
}

/* Can the name be found in SQL as it is? A quote in it would be doubled there. */
static bool is_plain(const char *name) {
  return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == 0;
}

/* Objects of one database; most are left out by SQLite already. */
static int find_in(hrt_user **list, helios *h, const char *schema, const char *procedure,
                   helios_error *err) {
  sqlite3_stmt *s = NULL;
  int status = 0, rc = SQLITE_DONE;
  char *sql = sqlite3_mprintf("SELECT type, name, sql FROM \"%w\".sqlite_schema "
                              "WHERE sql IS NOT NULL AND (%d OR instr(lower(sql), lower(%Q)))",
                              schema, !is_plain(procedure), procedure);
  if (sql == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  if (sqlite3_prepare_v2(h->db, sql, -1, &s, NULL) != SQLITE_OK) {
    status = hrt_db_fail(h->db, err);
  }
  while (status == 0 && (rc = sqlite3_step(s)) == SQLITE_ROW) {
    status = look(list, schema, s, procedure, err);
  }
  if (status == 0 && rc != SQLITE_DONE) {
    status = hrt_db_fail(h->db, err);
  }
  sqlite3_finalize(s);
  sqlite3_free(sql);
  return status;
}

int hrt_users_find(hrt_user **out, helios *h, const char *procedure, helios_error *err) {
  hrt_user *users = NULL;
  const char *schema;
  int status = 0;
  h->internal++;
  for (int i = 0; status == 0 && (schema = sqlite3_db_name(h->db, i)) != NULL; i++) {
    status = find_in(&users, h, schema, procedure, err);
  }
  h->internal--;
  if (status != 0) {
    hrt_users_free(users);
    users = NULL;
  }
  *out = users;
  return status;
}
