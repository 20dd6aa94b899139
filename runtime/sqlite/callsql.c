/* callsql.c - CALL name(arguments): the SELECT that SQLite runs for it, since a procedure's name
 * may be a word of SQLite, and arguments may be named: CALL f(b => 2).
 *
 * Invariants: calls procedures only, whatever SQLite has under that name; an argument's text is
 * copied as it is, so that errors in it have the place where it was written. */
#include <string.h>
#include <strings.h>

#include "ddl/ddl.h"
#include "ddl/literal.h"
#include "plugin/alloc.h"
#include "plugin/nearest.h"
#include "sqlite/session.h"

/* An argument as it was written: bytes of the statement, and where they went. */
struct argument {
  size_t from, length, to;
};

struct call {
  helios *h;
  const char *text; /* the whole statement */
  const hrt_ddl *ddl;
  hrt_definition def;
  struct argument arguments[HRT_PARAMS_MAX]; /* in the order of parameters; length 0: not given */
  uint32_t count;                            /* positional ones, which come first */
  bool named;
  hrt_lexer lexer;
  hrt_token token;
};

static int fail(const struct call *c, const hrt_token *t, helios_error *err, const char *format) {
  char name[HRT_NAME_BYTES], escaped[HRT_ESCAPED];
  if (hrt_token_copy(t, name, sizeof name) < 0) {
    name[0] = 0;
  }
  hrt_escape(escaped, name, strlen(name));
  int status = hrt_fail(err, HELIOS_E_SYNTAX, format, escaped);
  if (err) {
    err->offset = (uint32_t)(t->at - c->text);
  }
  return status;
}

static int need_procedure(helios *h, const char *name, helios_error *err) {
  char escaped[HRT_ESCAPED];
  int status = 0;
  if (hrt_entry_find(h, name) == NULL) {
    HRT_TRY(hrt_sync(h, err));
  }
  if (hrt_entry_find(h, name) == NULL) {
    status = hrt_fail(err, HELIOS_E_NOT_FOUND, "no such procedure: %s",
                      hrt_escape(escaped, name, strlen(name)));
  }
out:
  return status;
}

/* ---- named arguments ---- */

static void advance(struct call *c) {
  c->token = hrt_lexer_next(&c->lexer);
}

/* At name =>; takes it. */
static bool take_name(struct call *c, hrt_token *name) {
  hrt_lexer l = c->lexer;
  hrt_token equals = hrt_lexer_next(&l), above = hrt_lexer_next(&l);
  *name = c->token;
  if ((name->kind != HRT_TOKEN_WORD && name->kind != HRT_TOKEN_QUOTED) ||
      !hrt_token_punct(&equals, '=') || !hrt_token_punct(&above, '>') ||
      above.at != equals.at + 1) {
    return false;
  }
  c->lexer = l;
  advance(c);
  return true;
}

static int find_param(uint32_t *index, const struct call *c, const hrt_token *t,
                      helios_error *err) {
  char name[HRT_NAME_BYTES], escaped[HRT_ESCAPED];
  hrt_nearest near;
  bool fits = hrt_token_copy(t, name, sizeof name) > 0;
  for (uint32_t i = 0; fits && i < c->def.param_count; i++) {
    if (strcasecmp(c->def.params[i].name, name) == 0) {
      *index = i;
      return 0;
    }
  }
  int status = fail(c, t, err, "no parameter is called %s");
  hrt_nearest_begin(&near, t->body, t->body_length);
  for (uint32_t i = 0; i < c->def.param_count; i++) {
    hrt_nearest_try(&near, c->def.params[i].name);
  }
  if (near.best) {
    hrt_hint(err, "did you mean %s?", hrt_escape(escaped, near.best, strlen(near.best)));
  }
  return status;
}

/* One argument's expression, up to the ',' or ')' behind it. */
static void take_expression(struct call *c, struct argument *out) {
  const char *from = c->token.at, *to = from;
  for (unsigned depth = 0; c->token.kind != HRT_TOKEN_END; advance(c)) {
    if (depth == 0 && (hrt_token_punct(&c->token, ',') || hrt_token_punct(&c->token, ')'))) {
      break;
    }
    depth += hrt_token_punct(&c->token, '(');
    depth -= hrt_token_punct(&c->token, ')');
    to = c->token.at + c->token.length;
  }
  *out = (struct argument){.from = (size_t)(from - c->text), .length = (size_t)(to - from)};
}

static int take_argument(struct call *c, helios_error *err) {
  hrt_token name;
  uint32_t index = c->count;
  int status = 0;
  if (take_name(c, &name)) {
    c->named = true;
    HRT_TRY(find_param(&index, c, &name, err));
    if (c->arguments[index].length) {
      return fail(c, &name, err, "parameter %s was given before");
    }
  } else if (c->named) {
    return fail(c, &c->token, err, "an argument without a name after one that has one: %s");
  } else if (c->count++ == HRT_PARAMS_MAX) {
    return fail(c, &c->token, err, "more than 100 arguments before %s");
  }
  const hrt_token at = c->token;
  take_expression(c, &c->arguments[index]);
  if (c->arguments[index].length == 0) {
    HRT_TRY(fail(c, &at, err, "expected an argument before \"%s\""));
  }
out:
  return status;
}

static int take_arguments(struct call *c, helios_error *err) {
  int status = 0;
  hrt_lexer_init(&c->lexer, c->text, c->ddl->call + c->ddl->call_length);
  c->lexer.position = c->ddl->call;
  advance(c);
  advance(c); /* '(' */
  while (!hrt_token_punct(&c->token, ')') && c->token.kind != HRT_TOKEN_END) {
    HRT_TRY(take_argument(c, err));
    if (!hrt_token_punct(&c->token, ',')) {
      break;
    }
    advance(c);
  }
out:
  return status;
}

/* Named arguments in the parameters' order, and DEFAULTs for those that were left out. */
static int write_named(struct call *c, sqlite3_str *sql, helios_error *err) {
  char escaped[HRT_ESCAPED];
  if (c->count > c->def.param_count) {
    return hrt_fail(err, HELIOS_E_VALUE, "it takes %u arguments, %u were given", c->def.param_count,
                    c->count);
  }
  for (uint32_t i = 0; i < c->def.param_count; i++) {
    struct argument *a = &c->arguments[i];
    const hrt_param *p = &c->def.params[i];
    sqlite3_str_appendall(sql, i ? ", " : "(");
    a->to = (size_t)sqlite3_str_length(sql);
    if (a->length) {
      sqlite3_str_append(sql, c->text + a->from, (int)a->length);
    } else if (hrt_literal_is(p->fallback, strlen(p->fallback))) {
      sqlite3_str_appendall(sql, p->fallback);
    } else {
      return hrt_fail(err, HELIOS_E_VALUE, "parameter %s has no value and no DEFAULT",
                      hrt_escape(escaped, p->name, strlen(p->name)));
    }
  }
  sqlite3_str_appendchar(sql, 1, ')');
  return 0;
}

static int write_arguments(struct call *c, sqlite3_str *sql, helios_error *err) {
  if (c->named) {
    return write_named(c, sql, err);
  }
  c->count = 1;
  c->arguments[0] =
      (struct argument){c->ddl->call, c->ddl->call_length, (size_t)sqlite3_str_length(sql)};
  sqlite3_str_append(sql, c->text + c->ddl->call, (int)c->ddl->call_length);
  return 0;
}

/* ---- the statement ---- */

/* Where in the user's text is what SQLite complains about? */
static uint32_t place(const struct call *c, int offset) {
  uint32_t count = c->named ? c->def.param_count : 1;
  for (uint32_t i = 0; i < count && offset >= 0; i++) {
    const struct argument *a = &c->arguments[i];
    if (a->length && (size_t)offset >= a->to && (size_t)offset - a->to < a->length) {
      return (uint32_t)(a->from + ((size_t)offset - a->to));
    }
  }
  return HELIOS_NO_OFFSET;
}

static int compile(struct call *c, sqlite3_stmt **stmt, const char *sql, helios_error *err) {
  if (sqlite3_prepare_v2(c->h->db, sql, -1, stmt, NULL) == SQLITE_OK) {
    return 0;
  }
  int offset = sqlite3_error_offset(c->h->db);
  int status = hrt_db_fail(c->h->db, err);
  if (err) {
    err->offset = place(c, offset);
  }
  return status;
}

int hrt_call_prepare(helios *h, sqlite3_stmt **stmt, const char *text, const hrt_ddl *ddl,
                     helios_error *err) {
  sqlite3_str *sql = NULL;
  char *whole = NULL;
  int status = 0;
  struct call *c = hrt_alloc(sizeof *c);
  if (c == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  c->h = h;
  c->text = text;
  c->ddl = ddl;
  HRT_TRY(need_procedure(h, ddl->def.name, err));
  HRT_TRY(hrt_catalog_find(&c->def, h->catalog, ddl->def.name, 0, err));
  HRT_TRY(take_arguments(c, err));
  sql = sqlite3_str_new(h->db);
  sqlite3_str_appendf(sql, "SELECT %s\"%w\"", c->def.column_count ? "* FROM " : "", ddl->def.name);
  status = write_arguments(c, sql, err);
  whole = sqlite3_str_finish(sql);
  if (status == 0 && whole == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  if (status == 0) {
    status = compile(c, stmt, whole, err);
  }
out:
  sqlite3_free(whole);
  hrt_free(c);
  return status;
}
