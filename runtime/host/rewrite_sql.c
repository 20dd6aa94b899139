/* rewrite_sql.c - what of a guest's SQL SQLite gets in another form, by tokens. Each path of
 * json_set and json_insert that is not a short literal gets a call around it that looks at it
 * first: SQLite makes what a path names by a recursion that only the path's length ends. And
 * functions that SQLite takes long for get the names of ours (linear.def). A result column without
 * AS gets its own text for a name, so that it is called what it would be called without us.
 *
 * Must never change a text in any other way, nor leave a call of one of these as it is: what only
 * looks like one (a table, a name of WITH) is told by the words beside it that no call has. */
#include <string.h>
#include <strings.h>

#include "host/internal.h"
#include "plugin/alloc.h"

enum {
  STEPS = 1000,  /* of a path; each takes 160 bytes of stack at the most */
  NESTED = 128,  /* SQLite's parser takes fewer */
  NAMES = 65536, /* bytes that names of columns may add */
};

static const char call[] = HRT_JSON_PATH "(";

static size_t steps(const char *path, size_t length) {
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    n += path[i] == '.' || path[i] == '[';
  }
  return n;
}

/* helios_json_path(path): the path. */
static void look(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc;
  const char *path = (const char *)sqlite3_value_text(argv[0]);
  if (path != NULL && steps(path, (size_t)sqlite3_value_bytes(argv[0])) > STEPS) {
    sqlite3_result_error(sql, "a path of JSON has more than 1000 steps", -1);
  } else {
    sqlite3_result_value(sql, argv[0]);
  }
}

int hrt_rewrite_register(hrt_host_conn *conn) {
  int rc = hrt_linear_register(conn);
  if (rc == SQLITE_OK && !conn->has_json_path) {
    rc = sqlite3_create_function_v2(conn->db, HRT_JSON_PATH, 1,
                                    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                                    look, NULL, NULL, NULL);
    conn->has_json_path = rc == SQLITE_OK;
  }
  return rc;
}

int hrt_rewrite_remove(hrt_host_conn *conn) {
  int rc = hrt_linear_remove(conn);
  if (rc == SQLITE_OK && conn->has_json_path) {
    rc = sqlite3_create_function_v2(conn->db, HRT_JSON_PATH, 1, SQLITE_UTF8, NULL, NULL, NULL, NULL,
                                    NULL);
    conn->has_json_path = rc != SQLITE_OK;
  }
  conn->warm = false;
  return rc;
}

static bool is_name(const hrt_scan_token *t, const char *name) {
  size_t quote = t->kind == HRT_SCAN_QUOTED, length = strlen(name);
  return (t->kind == HRT_SCAN_WORD || quote) && t->length == length + 2 * quote &&
         strncasecmp(t->at + quote, name, length) == 0;
}

static bool is_linear(const hrt_scan_token *t) {
  bool is = false;
#define HRT_LINEAR(name, arguments, fn) is = is || is_name(t, name);
#include "host/linear.def"
#undef HRT_LINEAR
  return is;
}

bool hrt_rewrite_ours(const char *name) {
  hrt_scan_token t = {HRT_SCAN_WORD, name, strlen(name)};
  size_t ours = strlen(HRT_OURS);
  bool is = strncasecmp(name, HRT_OURS, ours) == 0;
  if (is) {
    t.at += ours;
    t.length -= ours;
  }
  return is && (is_linear(&t) || is_name(&t, "json_path"));
}

/* Does it make what a path names? */
static bool makes(const hrt_scan_token *t) {
  return is_name(t, "json_set") || is_name(t, "json_insert") || is_name(t, "jsonb_set") ||
         is_name(t, "jsonb_insert");
}

hrt_rewrite hrt_rewrite_of(const char *sql, size_t length) {
  hrt_scan s = {sql, 0, length};
  hrt_rewrite is = HRT_REWRITE_NOTHING;
  for (hrt_scan_token t = hrt_scan_next(&s); is != HRT_REWRITE_PATHS && t.kind != HRT_SCAN_END;) {
    hrt_scan_token after = hrt_scan_next(&s);
    if (hrt_scan_char(&after, '(')) {
      is = makes(&t) ? HRT_REWRITE_PATHS : is_linear(&t) ? HRT_REWRITE_NAMES : is;
    }
    t = after;
  }
  return is;
}

/* Behind the opening bracket of name(...): is it a name that WITH makes? No call has AS ( behind
 * it. */
static bool is_cte(hrt_scan s) {
  hrt_scan_token t = hrt_scan_next(&s);
  while (t.kind == HRT_SCAN_WORD || t.kind == HRT_SCAN_QUOTED || hrt_scan_char(&t, ',')) {
    t = hrt_scan_next(&s);
  }
  hrt_scan_token as = hrt_scan_next(&s), next = hrt_scan_next(&s);
  if (!hrt_scan_char(&t, ')') || !hrt_scan_is(&as, "AS")) {
    return false;
  }
  next = hrt_scan_is(&next, "NOT") ? hrt_scan_next(&s) : next;
  next = hrt_scan_is(&next, "MATERIALIZED") ? hrt_scan_next(&s) : next;
  return hrt_scan_char(&next, '(');
}

/* Is name( a table, by the words before it? IS DISTINCT FROM is an operator. */
static bool is_table(const hrt_scan_token *before, const hrt_scan_token *first) {
  return hrt_scan_is(before, "INTO") || hrt_scan_is(before, "IN") || hrt_scan_is(before, "JOIN") ||
         hrt_scan_char(before, '.') ||
         (hrt_scan_is(before, "FROM") && !hrt_scan_is(first, "DISTINCT"));
}

/* Is what comes next a literal path, all of the argument? */
static bool is_short(hrt_scan s) {
  hrt_scan_token path = hrt_scan_next(&s), after = hrt_scan_next(&s);
  return path.kind == HRT_SCAN_QUOTED && *path.at == '\'' && steps(path.at, path.length) <= STEPS &&
         (hrt_scan_char(&after, ',') || hrt_scan_char(&after, ')'));
}

/* What is open in brackets. */
typedef struct level {
  bool are;         /* the arguments of one of these functions */
  bool is_looked;   /* a look is around this one */
  uint32_t n;       /* of this one, from 0: paths are the odd ones */
  bool columns;     /* in the list of SELECT or RETURNING */
  bool changed;     /* this column has got another text */
  int cases;        /* of it: CASE without its END */
  const char *from; /* where it begins; NULL: not yet */
} level;

typedef struct text {
  char *bytes;
  size_t length, room; /* room: for names */
  const char *rest;    /* of the guest's, not copied yet */
} text;

typedef struct walk {
  hrt_scan s;
  hrt_scan_token t, before, second, third; /* this one, and those before it */
  size_t depth;
  level open[NESTED];
} walk;

static void put(text *out, const char *bytes, size_t n) {
  memcpy(out->bytes + out->length, bytes, n);
  out->length += n;
}

static void insert(text *out, const char *before, const char *piece) {
  put(out, out->rest, (size_t)(before - out->rest));
  put(out, piece, strlen(piece));
  out->rest = before;
}

/* All columns are that this stands in. */
static void change(walk *w) {
  for (size_t i = 0; i <= w->depth; i++) {
    w->open[i].changed = true;
  }
}

/* ---- names of columns: an expression without AS is named by its text ---- */

/* Is the word behind a sign or a word that takes one more operand? LIKE, GLOB and the like may be
 * names of columns themselves, if there is no operand before them. */
static bool is_operand(const walk *w) {
  static const char *const words[] = {"AND",  "OR",      "NOT",    "IS", "IN",
                                      "FROM", "COLLATE", "ESCAPE", NULL};
  static const char *const likes[] = {"LIKE", "GLOB", "REGEXP", "MATCH", NULL};
  const hrt_scan_token *sign = &w->second, *left = &w->third;
  return (sign->kind == HRT_SCAN_OTHER && strchr("|&+-*/%<>=~.", *sign->at) != NULL) ||
         hrt_scan_any(sign, words) ||
         (hrt_scan_any(sign, likes) &&
          (hrt_scan_char(left, ')') || (hrt_scan_name(left) && !hrt_scan_any(left, words))));
}

/* Can an expression end with this token? */
static bool ends(const hrt_scan_token *t) {
  return t->kind != HRT_SCAN_OTHER || strchr(")?$@:#", *t->at) != NULL;
}

/* Does the column surely end without an alias? */
static bool is_bare(const walk *w) {
  static const char *const words[] = {"NULL", "ISNULL", "NOTNULL", NULL};
  const hrt_scan_token *last = &w->before;
  if (last->kind == HRT_SCAN_OTHER) {
    return ends(last);
  }
  return (*last->at >= '0' && *last->at <= '9') || hrt_scan_any(last, words) || is_operand(w) ||
         (hrt_scan_is(last, "END") && w->open[w->depth].cases == 0);
}

/* The text that SQLite takes for a name ends where the next token begins, blanks dropped. */
static void name_column(text *out, const walk *w) {
  const char *from = w->open[w->depth].from, *end = w->t.at;
  size_t quotes = 0, least = sizeof " AS \"\"";
  while (end > from && strchr(" \t\n\v\f\r", end[-1]) != NULL) {
    end--;
  }
  for (const char *c = from; c < end; c++) {
    quotes += *c == '"';
  }
  size_t room = (size_t)(end - from) + quotes + least;
  if (room > out->room) {
    return;
  }
  out->room -= room;
  insert(out, w->before.at + w->before.length, " AS \"");
  for (const char *c = from; c < end; c++) {
    put(out, c, 1);
    put(out, c, *c == '"');
  }
  put(out, "\"", 1);
}

static void end_column(text *out, walk *w) {
  level *l = &w->open[w->depth];
  if (l->columns && l->changed && l->from != NULL && is_bare(w)) {
    name_column(out, w);
  }
  l->changed = false;
  l->cases = 0;
  l->from = NULL;
}

/* WINDOW begins a clause, or is an alias: the column keeps our text for its name, as do those that
 * follow. Behind a sign it is a name of a column. */
static void word(text *out, walk *w) {
  static const char *const clauses[] = {"WHERE", "GROUP",  "HAVING",    "ORDER", "LIMIT",
                                        "UNION", "EXCEPT", "INTERSECT", NULL};
  level *l = &w->open[w->depth];
  bool from = hrt_scan_is(&w->t, "FROM") && !hrt_scan_is(&w->before, "DISTINCT");
  if (from || hrt_scan_any(&w->t, clauses)) {
    end_column(out, w);
    l->columns = false;
  }
  l->columns = l->columns && !(hrt_scan_is(&w->t, "WINDOW") && ends(&w->before));
  l->cases += hrt_scan_is(&w->t, "CASE") - hrt_scan_is(&w->t, "END");
  if (hrt_scan_is(&w->t, "SELECT") || hrt_scan_is(&w->t, "RETURNING")) {
    *l = (level){.are = l->are, .is_looked = l->is_looked, .n = l->n, .columns = true};
  }
}

static void begin_column(walk *w) {
  static const char *const before[] = {"SELECT", "RETURNING", "DISTINCT", "ALL", NULL};
  level *l = &w->open[w->depth];
  if (l->columns && l->from == NULL && !hrt_scan_any(&w->t, before)) {
    l->from = w->t.at;
    l->changed = false;
  }
}

/* ---- calls ---- */

/* At a comma or a closing bracket. */
static void end_argument(text *out, walk *w) {
  level *l = &w->open[w->depth];
  if (l->is_looked) {
    insert(out, w->t.at, ")");
    l->is_looked = false;
  }
  if (l->are && *w->t.at == ',' && ++l->n % 2 == 1 && !is_short(w->s)) {
    insert(out, w->t.at + 1, call);
    l->is_looked = true;
    change(w);
  }
}

static void open(text *out, walk *w) {
  if (is_linear(&w->before) && !is_table(&w->second, &w->third) && !is_cte(w->s)) {
    insert(out, w->before.at + (w->before.kind == HRT_SCAN_QUOTED), HRT_OURS);
    change(w);
  }
  w->open[++w->depth] = (level){.are = makes(&w->before)};
}

static void token(text *out, walk *w) {
  begin_column(w);
  if (hrt_scan_char(&w->t, '(')) {
    open(out, w);
  } else if (hrt_scan_char(&w->t, ',') || hrt_scan_char(&w->t, ')')) {
    end_column(out, w);
    end_argument(out, w);
    w->depth -= *w->t.at == ')' && w->depth > 0;
  } else if (hrt_scan_char(&w->t, ';')) {
    end_column(out, w);
  } else if (w->t.kind == HRT_SCAN_WORD) {
    word(out, w);
  }
}

/* out has room. False: nested too deep. */
static bool surround(text *out, const char *sql, size_t length) {
  walk w = {.s = {sql, 0, length}, .depth = 0};
  w.before = w.second = w.third = (hrt_scan_token){HRT_SCAN_END, sql, 0};
  for (w.t = hrt_scan_next(&w.s); w.t.kind != HRT_SCAN_END; w.t = hrt_scan_next(&w.s)) {
    if (hrt_scan_char(&w.t, '(') && w.depth + 1 == NESTED) {
      return false;
    }
    token(out, &w);
    w.third = w.second;
    w.second = w.before;
    w.before = w.t;
  }
  end_column(out, &w);
  insert(out, sql + length, "");
  return true;
}

void hrt_rewrite_hide(char *message) {
  for (char *c = message; (c = strstr(c, HRT_OURS)) != NULL;) {
    char *name = c + strlen(HRT_OURS);
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    hrt_scan_token t = {HRT_SCAN_WORD, name, length};
    if (is_linear(&t)) {
      memmove(c, name, strlen(name) + 1);
    } else {
      c = name;
    }
  }
}

int hrt_rewrite_sql(char **out_sql, size_t *out_length, hrt_host_env *env, const char *sql,
                    size_t length) {
  size_t commas = 0, brackets = 0;
  for (size_t i = 0; i < length; i++) {
    commas += sql[i] == ',';
    brackets += sql[i] == '(';
  }
  size_t most = length + commas * sizeof call + brackets * sizeof HRT_OURS + NAMES + 1;
  text out = {hrt_alloc(most), 0, NAMES, sql};
  if (out.bytes == NULL) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  if (!surround(&out, sql, length)) {
    hrt_free(out.bytes);
    return hrt_refuse(env, HSB_STATUS_LIMIT, "the statement is nested too deep");
  }
  *out_sql = out.bytes;
  *out_length = out.length;
  return 0;
}
