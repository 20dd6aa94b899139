/* body.c - procedures in SQL: LANGUAGE sql AS $$ ... $$. The statements of a body run one after the
 * other on the caller's connection, with the caller's rights, in a savepoint if there is more than
 * one; parameters are :name. The result is what the last statement gives.
 *
 * Invariants: a body holds queries and changes of rows only, so nothing in it changes the schema,
 * the transaction or the connection; a statement that was compiled with the application's rights is
 * never run with a procedure's; a body that fails undoes what its statements did. */
#include <string.h>
#include <strings.h>

#include "ddl/ddl.h"
#include "ddl/lexer.h"
#include "host/scan.h"
#include "plugin/alloc.h"
#include "plugin/nearest.h"
#include "sqlite/body.h"
#include "sqlite/tally.h"

#define STATEMENT_FUEL 400 /* as a guest's step */

struct part {
  size_t from;
  char *text; /* owned; the statement, with the colons that it does without */
  size_t length;
  uint32_t colons;
  size_t colon[HRT_BODY_COLONS]; /* where they are, in rising order */
  sqlite3_stmt *kept;            /* compiled for the application and not running, or NULL */
};

struct hrt_body {
  uint32_t count;
  struct part parts[HRT_BODY_PARTS];
};

/* ---- the text ---- */

static int fail_at(helios_error *err, size_t offset, const char *what, const hrt_token *t) {
  char escaped[HRT_ESCAPED];
  int status = hrt_fail(err, HELIOS_E_SYNTAX, "%s: \"%s\"", what,
                        hrt_escape(escaped, t->at, t->length < 60 ? t->length : 60));
  if (err) {
    err->offset = (uint32_t)offset;
  }
  return status;
}

/* An offset in the statement as one in the body. */
static size_t place(const struct part *p, size_t offset) {
  uint32_t before = 0;
  while (before < p->colons && p->colon[before] < offset) {
    before++;
  }
  return p->from + offset - before;
}

static int check_word(const struct part *p, helios_error *err) {
  static const char *const words[] = {"SELECT", "WITH",   "VALUES", "INSERT", "REPLACE",
                                      "UPDATE", "DELETE", "CALL",   NULL};
  hrt_lexer lexer;
  hrt_nearest near;
  hrt_lexer_init(&lexer, p->text, p->length);
  hrt_token t = hrt_lexer_next(&lexer);
  for (const char *const *w = words; *w; w++) {
    if (hrt_token_is(&t, *w)) {
      return 0;
    }
  }
  int status =
      fail_at(err, place(p, (size_t)(t.at - p->text)), "not for the body of a procedure", &t);
  hrt_nearest_begin(&near, t.at, t.length);
  for (const char *const *w = words; *w; w++) {
    hrt_nearest_try(&near, *w);
  }
  if (near.best) {
    hrt_hint(err, "did you mean %s?", near.best);
  }
  hrt_hint(err, "it takes SELECT, WITH, VALUES, INSERT, REPLACE, UPDATE, DELETE and CALL");
  return status;
}

static int add_part(hrt_body *b, const char *text, size_t from, size_t to, helios_error *err) {
  if (hrt_ddl_blank(text + from, to - from)) {
    return 0;
  }
  if (b->count == HRT_BODY_PARTS) {
    return hrt_fail(err, HELIOS_E_LIMIT, "a body has at most %d statements", HRT_BODY_PARTS);
  }
  struct part *p = &b->parts[b->count++];
  p->from = from;
  p->length = to - from;
  p->text = hrt_memdup(text + from, to - from);
  return p->text ? check_word(p, err) : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

static int split(hrt_body *b, const char *text, size_t length, helios_error *err) {
  hrt_lexer lexer;
  hrt_token t;
  size_t from = 0;
  int status = 0;
  hrt_lexer_init(&lexer, text, length);
  do {
    t = hrt_lexer_next(&lexer);
    if (t.kind == HRT_TOKEN_UNTERMINATED) {
      return fail_at(err, (size_t)(t.at - text), "it never ends", &t);
    }
    if (hrt_token_punct(&t, ';') || t.kind == HRT_TOKEN_END) {
      HRT_TRY(add_part(b, text, from, (size_t)(t.at - text), err));
      from = lexer.position;
    }
  } while (t.kind != HRT_TOKEN_END);
  if (b->count == 0) {
    status = hrt_fail(err, HELIOS_E_SYNTAX, "the body has no statement");
  }
out:
  return status;
}

int hrt_body_make(hrt_body **out, const char *text, size_t length, helios_error *err) {
  int status = 0;
  hrt_body *b = NULL;
  if (length > HRT_BODY_BYTES || memchr(text, 0, length)) {
    return hrt_fail(err, HELIOS_E_LIMIT, "a body has at most %d bytes, and no NUL", HRT_BODY_BYTES);
  }
  if (hrt_scan_word(text, length, "rollback")) {
    return hrt_fail(err, HELIOS_E_SYNTAX,
                    "ROLLBACK is not for the body of a procedure: it would end its caller's "
                    "transaction");
  }
  b = hrt_alloc(sizeof *b);
  if (b == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    goto out;
  }
  HRT_TRY(split(b, text, length, err));
  *out = b;
  b = NULL;
out:
  hrt_body_free(b);
  return status;
}

void hrt_body_quiesce(hrt_body *b) {
  for (uint32_t i = 0; i < b->count; i++) {
    sqlite3_finalize(b->parts[i].kept);
    b->parts[i].kept = NULL;
  }
}

void hrt_body_free(hrt_body *b) {
  if (b) {
    hrt_body_quiesce(b);
    for (uint32_t i = 0; i < b->count; i++) {
      hrt_free(b->parts[i].text);
    }
    hrt_free(b);
  }
}

/* ---- statements ---- */

/* The window in which statements of the body are compiled and run, for their caller. */
struct window {
  hrt_budget *outer;
  hrt_host_env *active;
};

static struct window open_window(helios *h, hrt_host_env *caller) {
  struct window w = {h->conn.body, h->conn.active};
  h->conn.active = caller;
  h->conn.body = caller ? NULL : h->budget;
  h->conn.body_stop = HELIOS_OK;
  hrt_conn_watch(&h->conn);
  return w;
}

static void close_window(helios *h, struct window w) {
  h->conn.body = w.outer;
  h->conn.active = w.active;
}

static int prepare_call(helios *h, sqlite3_stmt **out, const char *text, size_t length,
                        helios_error *err) {
  int status = 0;
  hrt_ddl *ddl = hrt_alloc(sizeof *ddl);
  if (ddl == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  HRT_TRY(hrt_ddl_parse(ddl, text, length, err));
  HRT_TRY(hrt_call_prepare(h, out, text, ddl, err));
out:
  hrt_free(ddl);
  return status;
}

static bool is_call(const struct part *p) {
  hrt_lexer lexer;
  hrt_lexer_init(&lexer, p->text, p->length);
  hrt_token t = hrt_lexer_next(&lexer);
  return hrt_token_is(&t, "CALL");
}

static int prepare(helios *h, sqlite3_stmt **out, const struct part *p, helios_error *err) {
  if (is_call(p)) {
    return prepare_call(h, out, p->text, p->length, err);
  }
  if (sqlite3_prepare_v2(h->db, p->text, (int)p->length, out, NULL) == SQLITE_OK) {
    return 0;
  }
  int offset = sqlite3_error_offset(h->db);
  int status = hrt_db_fail(h->db, err);
  if (err && offset >= 0) {
    err->offset = (uint32_t)offset;
  }
  return status;
}

/* A name that is no column but a parameter gets its colon, as other databases read it. */
static bool add_colon(struct part *p, const hrt_signature *s, const helios_error *err) {
  static const char unknown[] = "no such column: ";
  const char *name = err->text + sizeof unknown - 1;
  size_t at = err->offset;
  bool found = false;
  if (strncmp(err->text, unknown, sizeof unknown - 1) != 0 || at >= p->length ||
      p->colons == HRT_BODY_COLONS) {
    return false;
  }
  for (uint32_t i = 0; i < s->argc && !found; i++) {
    found = s->names[i] && strcasecmp(s->names[i], name) == 0 &&
            strncasecmp(p->text + at, name, strlen(name)) == 0;
  }
  char *text = found ? hrt_realloc(p->text, p->length + 2) : NULL;
  if (text == NULL) {
    return false;
  }
  memmove(text + at + 1, text + at, p->length + 1 - at);
  text[at] = ':';
  p->text = text;
  p->length++;
  uint32_t n = p->colons++;
  for (; n > 0 && p->colon[n - 1] >= at; n--) {
    p->colon[n] = p->colon[n - 1] + 1;
  }
  p->colon[n] = at;
  return true;
}

static int prepare_named(helios *h, sqlite3_stmt **out, struct part *p, const hrt_signature *s,
                         helios_error *err) {
  helios_error e = {.offset = HELIOS_NO_OFFSET};
  int status;
  while ((status = prepare(h, out, p, &e)) != 0 && add_colon(p, s, &e)) {
    hrt_error_clear(&e);
  }
  if (status != 0 && err) {
    *err = e;
  }
  return status;
}

/* The same for a guest, whose grants the statement is judged by. */
static int prepare_for(hrt_host_env *caller, helios *h, sqlite3_stmt **out, struct part *p,
                       const hrt_signature *s, helios_error *err) {
  const char *outer = caller->ctes; /* of the guest's own statement, which runs */
  char *ctes = NULL;
  bool stepping = caller->stepping;
  uint32_t round = 0;
  int status;
  caller->stepping = false;
  do {
    hrt_error_clear(err);
    caller->ctes = ctes;
    caller->denied = false;
    caller->doubt[0] = 0;
    status = prepare_named(h, out, p, s, err);
  } while (status != 0 && caller->denied &&
           hrt_learn_ctes(&ctes, &round, caller, p->text, p->length));
  caller->ctes = outer;
  caller->stepping = stepping;
  hrt_free(ctes);
  return status;
}

/* In a call nobody sees the body's text beside the error. */
static void hint_place(helios_error *err, const struct part *p) {
  char excerpt[HRT_EXCERPT];
  if (err->code == HELIOS_E_SQL && err->offset != HELIOS_NO_OFFSET) {
    hrt_hint(err, "at \"%s\" (byte %zu of its body)",
             hrt_sql_excerpt(excerpt, p->text, p->length, err->offset), place(p, err->offset));
  } else if (err->code == HELIOS_E_SQL && !is_call(p)) {
    hrt_hint(err, "in its statement \"%s\"", hrt_sql_excerpt(excerpt, p->text, p->length, 0));
  }
}

/* err->offset is then one of the body's. called: it is to run. */
static int compile(sqlite3_stmt **out, const hrt_version *v, struct part *p, bool called,
                   hrt_host_env *caller, helios_error *err) {
  helios *h = v->h;
  struct window w = open_window(h, caller);
  uint64_t asked = h->conn.auth_calls;
  helios_error e = {.offset = HELIOS_NO_OFFSET};
  err = err ? err : &e;
  int status = caller ? prepare_for(caller, h, out, p, &v->signature, err)
                      : prepare_named(h, out, p, &v->signature, err);
  if (status == 0 && caller && h->conn.auth_calls == asked) {
    sqlite3_finalize(*out);
    status = hrt_fail(err, HELIOS_E_CAPABILITY, "the connection's authorizer was replaced");
  }
  if (status != 0) {
    *out = NULL;
    if (caller && caller->denied) {
      hrt_error_clear(err);
      status = hrt_fail(err, HELIOS_E_CAPABILITY, "%s", caller->last);
    } else {
      if (called) {
        hint_place(err, p);
      }
      err->offset = err->offset != HELIOS_NO_OFFSET ? (uint32_t)place(p, err->offset) : err->offset;
    }
  }
  close_window(h, w);
  return status;
}

static int find_param(uint32_t *index, const hrt_signature *s, const char *name) {
  for (uint32_t i = 0; i < s->argc; i++) {
    if (s->names[i] && name && name[0] == ':' && strcasecmp(s->names[i], name + 1) == 0) {
      *index = i;
      return 0;
    }
  }
  return HELIOS_E_SYNTAX;
}

/* Where :name stands, or a '?'. */
static size_t place_of(const struct part *p, const char *name) {
  size_t n = name ? strlen(name) : 1;
  const char *at = memmem(p->text, p->length, name ? name : "?", n);
  return place(p, at ? (size_t)(at - p->text) : 0);
}

static int check_params(const struct part *p, const hrt_signature *s, sqlite3_stmt *stmt,
                        helios_error *err) {
  hrt_nearest near;
  uint32_t index;
  for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); i++) {
    const char *name = sqlite3_bind_parameter_name(stmt, i);
    if (find_param(&index, s, name) == 0) {
      continue;
    }
    hrt_token t = {.at = name ? name : "?", .length = name ? strlen(name) : 1};
    int status = fail_at(err, place_of(p, name), "no such parameter", &t);
    hrt_nearest_begin(&near, name ? name + 1 : "", name ? strlen(name + 1) : 0);
    for (uint32_t k = 0; k < s->argc; k++) {
      if (s->names[k]) {
        hrt_nearest_try(&near, s->names[k]);
      }
    }
    if (near.best) {
      char escaped[HRT_ESCAPED];
      hrt_hint(err, "did you mean :%s?", hrt_escape(escaped, near.best, strlen(near.best)));
    }
    hrt_hint(err, "parameters are :name");
    return status;
  }
  return 0;
}

/* Does what the last statement gives fit the declaration? */
static int check_columns(const hrt_version *v, int columns, helios_error *err) {
  if (v->columns && (uint32_t)columns != v->columns->count) {
    return hrt_fail(err, HELIOS_E_SIGNATURE, "the last statement has %d columns, %u are declared",
                    columns, v->columns->count);
  }
  if (v->columns == NULL && v->signature.returns != HRT_TYPE_VOID && columns == 0) {
    int status = hrt_fail(err, HELIOS_E_SIGNATURE, "the last statement gives no result");
    hrt_hint(err, "end with a SELECT, or leave RETURNS out");
    return status;
  }
  return 0;
}

int hrt_body_check(const hrt_version *v, helios_error *err) {
  hrt_body *b = v->body;
  int status = 0, columns = 0;
  for (uint32_t i = 0; i < b->count; i++) {
    sqlite3_stmt *s = NULL;
    HRT_TRY(compile(&s, v, &b->parts[i], false, NULL, err));
    status = check_params(&b->parts[i], &v->signature, s, err);
    columns = sqlite3_column_count(s);
    sqlite3_finalize(s);
    HRT_TRY(status);
  }
  HRT_TRY(check_columns(v, columns, err));
out:
  return status;
}

/* ---- a call ---- */

static int bind(sqlite3_stmt *s, int at, hrt_value *v) {
  double d;
  switch (v->type) {
  case HSB_VALUE_NULL:
    return sqlite3_bind_null(s, at);
  case HSB_VALUE_I64:
    return sqlite3_bind_int64(s, at, (sqlite3_int64)v->bits);
  case HSB_VALUE_F64:
    memcpy(&d, &v->bits, sizeof d);
    return sqlite3_bind_double(s, at, d);
  case HSB_VALUE_BLOB:
    return sqlite3_bind_blob64(s, at, v->bytes, v->length, SQLITE_TRANSIENT);
  default:
    return sqlite3_bind_text64(s, at, (const char *)v->bytes, v->length, SQLITE_TRANSIENT,
                               SQLITE_UTF8);
  }
}

/* Arguments as values of their declared types. */
static int bind_all(const hrt_request *r, sqlite3_stmt *stmt, helios_error *err) {
  const hrt_signature *s = &r->version->signature;
  int status = 0;
  for (int i = 1; i <= sqlite3_bind_parameter_count(stmt) && status == 0; i++) {
    uint32_t index = 0;
    hrt_value v = {.type = HSB_VALUE_NULL};
    HRT_TRY(find_param(&index, s, sqlite3_bind_parameter_name(stmt, i)) == 0
                ? 0
                : hrt_fail(err, HELIOS_E_BROKEN, "the body has a parameter that is not declared"));
    hrt_type type = (hrt_type)s->types[index];
    if (!hrt_value_of(&v, type, r->argv[index])) {
      status = hrt_marshal_misfit(s, index, r->argv[index], err);
    } else if ((status = hrt_value_as(&v, type, "parameter", err)) == 0 &&
               bind(stmt, i, &v) != SQLITE_OK) {
      status = hrt_db_fail(r->version->h->db, err);
    }
    hrt_value_clear(&v);
  }
out:
  return status;
}

/* Why a statement ended early. */
static int step_failed(helios *h, const hrt_host_env *caller, int rc, helios_error *err) {
  helios_code stop = caller ? caller->stop : h->conn.body_stop;
  if ((rc & 0xff) == SQLITE_INTERRUPT) {
    stop = stop == HELIOS_OK ? HELIOS_E_CANCELLED : stop;
    return hrt_fail(err, stop, "%s in a statement of the procedure",
                    stop == HELIOS_E_DEADLINE ? "time limit exceeded"
                    : stop == HELIOS_E_FUEL   ? "fuel exhausted"
                                              : "cancelled");
  }
  return helios_step_error(h, err);
}

/* 1 a row, 0 done, else negative and the error is set. */
static int step(const hrt_request *r, sqlite3_stmt *s, helios_error *err) {
  helios *h = r->version->h;
  struct window w = open_window(h, r->caller);
  sqlite3_stmt *outer = h->conn.running;
  h->conn.running = s;
  int rc = sqlite3_step(s);
  h->conn.running = outer;
  int answer = rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
  if (answer < 0) {
    (void)step_failed(h, r->caller, rc, err);
  }
  close_window(h, w);
  return answer;
}

/* The row's values to r->rows. */
static int add_row(const hrt_request *r, sqlite3_stmt *s, helios_error *err) {
  hrt_rows *rows = r->rows;
  int status = check_columns(r->version, sqlite3_column_count(s), err);
  for (uint32_t i = 0; i < rows->columns && status == 0; i++) {
    hrt_value v;
    if (!hrt_value_of(&v, (hrt_type)rows->types[i], sqlite3_column_value(s, (int)i)) &&
        !hrt_value_of(&v, HRT_TYPE_ANY, sqlite3_column_value(s, (int)i))) {
      return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    }
    status = hrt_rows_add(rows, &v, err);
  }
  return status != 0 ? status : hrt_rows_end(rows, err);
}

/* The row's first value is the result. */
static int give(const hrt_request *r, sqlite3_stmt *s, helios_error *err) {
  hrt_type type = (hrt_type)r->version->signature.returns;
  hrt_value v;
  if (type == HRT_TYPE_VOID || sqlite3_column_count(s) == 0) {
    return 0;
  }
  if (!hrt_value_of(&v, type, sqlite3_column_value(s, 0)) &&
      !hrt_value_of(&v, HRT_TYPE_ANY, sqlite3_column_value(s, 0))) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  int status = hrt_value_as(&v, type, "result", err);
  if (status == 0) {
    hrt_value_give(r->sql, &v);
  }
  return status;
}

/* All rows of a statement; those of the last one are the result. */
static int run_rows(const hrt_request *r, sqlite3_stmt *s, bool last, helios_error *err) {
  int row, status = 0;
  while ((row = step(r, s, err)) > 0) {
    if (last && r->rows) {
      HRT_TRY(add_row(r, s, err));
    } else if (last) {
      return give(r, s, err);
    }
  }
  status = row < 0 ? (int)err->code : 0;
out:
  return status;
}

/* A call costs fuel and is looked at also if no statement of it is long. */
static int charge(helios *h, helios_error *err) {
  hrt_budget *b = h->budget;
  b->fuel_used += STATEMENT_FUEL;
  helios_code stop =
      b->fuel_limit && b->fuel_used > b->fuel_limit ? HELIOS_E_FUEL : hrt_budget_look(b);
  return stop == HELIOS_OK ? 0
                           : hrt_fail(err, stop, "%s",
                                      stop == HELIOS_E_FUEL       ? "fuel exhausted"
                                      : stop == HELIOS_E_DEADLINE ? "time limit exceeded"
                                                                  : "cancelled");
}

static int run_part(const hrt_request *r, struct part *p, bool last, helios_error *err) {
  hrt_version *v = r->version;
  helios *h = v->h;
  sqlite3_stmt *s = NULL;
  int status = 0;
  HRT_TRY(charge(h, err));
  if (p->kept && !r->caller) {
    s = p->kept;
    p->kept = NULL; /* a call nested in this one has its own */
  } else {
    HRT_TRY(compile(&s, v, p, true, r->caller, err));
  }
  HRT_TRY(bind_all(r, s, err));
  HRT_TRY(run_rows(r, s, last, err));
out:
  if (s) {
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
  }
  if (status == 0 && !r->caller && p->kept == NULL && h->anchored && !h->closing && !is_call(p)) {
    p->kept = s;
    s = NULL;
  }
  sqlite3_finalize(s);
  return status;
}

static int run_parts(const hrt_request *r, helios_error *err) {
  hrt_body *b = r->version->body;
  int status = 0;
  for (uint32_t i = 0; i < b->count && status == 0; i++) {
    status = run_part(r, &b->parts[i], i + 1 == b->count, err);
  }
  return status;
}

/* ---- all or nothing ---- */

/* Compiled before there is anything to undo: there may be no memory then. */
static const char *const own_texts[] = {
    "SAVEPOINT helios_body",
    "RELEASE helios_body",
    "ROLLBACK TO helios_body",
    "ROLLBACK",
    "DELETE FROM main.helios_meta WHERE 0",
};
enum own { SAVE, KEEP, UNDO, ABANDON, BREAK };
_Static_assert(sizeof own_texts / sizeof *own_texts == HRT_BODY_OWN, "one each");

static int own_ready(helios *h, helios_error *err) {
  int status = 0;
  h->internal++;
  for (int i = 0; i < HRT_BODY_OWN && status == 0; i++) {
    if (h->body_own[i] == NULL &&
        sqlite3_prepare_v3(h->db, own_texts[i], -1, SQLITE_PREPARE_PERSISTENT, &h->body_own[i],
                           NULL) != SQLITE_OK) {
      status = hrt_db_fail(h->db, err);
    }
  }
  h->internal--;
  return status;
}

void hrt_body_own_quiesce(helios *h) {
  for (int i = 0; i < HRT_BODY_OWN; i++) {
    sqlite3_finalize(h->body_own[i]);
    h->body_own[i] = NULL;
  }
}

static int run_own(helios *h, enum own which) {
  struct window w = {h->conn.body, h->conn.active};
  h->conn.active = NULL;
  h->conn.body = NULL;
  h->internal++;
  int rc = sqlite3_step(h->body_own[which]);
  sqlite3_reset(h->body_own[which]);
  h->internal--;
  close_window(h, w);
  return rc;
}

/* After sqlite3_interrupt no statement runs while an outer one does, a rollback neither. A
 * statement that may write and is interrupted rolls back the whole transaction: what SQLite does
 * when an INSERT is interrupted. */
static void undo(helios *h) {
  if (sqlite3_get_autocommit(h->db)) {
    return; /* an inner one has undone all */
  }
  if (run_own(h, UNDO) == SQLITE_DONE && run_own(h, KEEP) == SQLITE_DONE) {
    return;
  }
  (void)run_own(h, BREAK);
  if (!sqlite3_get_autocommit(h->db)) {
    (void)run_own(h, ABANDON);
  }
}

/* Inside a statement that writes SQLite opens no savepoint; what fails there fails that statement,
 * which undoes all of it. */
static int run_whole(const hrt_request *r, helios_error *err) {
  helios *h = r->version->h;
  int status = own_ready(h, err);
  if (status != 0) {
    return status;
  }
  int rc = run_own(h, SAVE);
  if (rc != SQLITE_DONE && rc != SQLITE_BUSY) {
    return hrt_db_fail(h->db, err);
  }
  status = run_parts(r, err);
  if (rc == SQLITE_DONE && status == 0 && run_own(h, KEEP) != SQLITE_DONE) {
    status = hrt_db_fail(h->db, err);
  }
  if (rc == SQLITE_DONE && status != 0) {
    undo(h);
  }
  if (h->closing || !h->anchored) {
    hrt_body_own_quiesce(h);
  }
  return status;
}

static bool is_null(const hrt_request *r) {
  const hrt_signature *s = &r->version->signature;
  for (uint32_t i = 0; i < s->argc && !s->called_on_null; i++) {
    if (sqlite3_value_type(r->argv[i]) == SQLITE_NULL) {
      return true;
    }
  }
  return false;
}

int hrt_body_run(const hrt_request *r, helios_error *err) {
  helios *h = r->version->h;
  if (is_null(r)) {
    return 0;
  }
  if (h->budget->depth >= HRT_BODY_DEPTH) {
    int status = hrt_fail(err, HELIOS_E_LIMIT, "calls are nested more than %u deep through SQL",
                          h->budget->depth);
    hrt_hint(err, "a procedure that calls itself?");
    return status;
  }
  h->budget->depth++;
  int status = r->version->body->count > 1 ? run_whole(r, err) : run_parts(r, err);
  h->budget->depth--;
  if (status != 0) {
    err->offset = HELIOS_NO_OFFSET; /* nobody sees the body here */
  }
  return status;
}
