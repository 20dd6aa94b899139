/* rewrite_sql.c - what of a guest's SQL SQLite gets in another form, by tokens. Each path of
 * json_set and json_insert that is not a short literal gets a call around it that looks at it
 * first: SQLite makes what a path names by a recursion that only the path's length ends. And
 * functions that SQLite takes long for get the names of ours (linear.def).
 *
 * Must never change a text in any other way, nor leave a call of one of these as it is: what only
 * looks like one (a table, a name of WITH) is told by the words beside it that no call has. */
#include <string.h>
#include <strings.h>

#include "host/internal.h"
#include "plugin/alloc.h"

enum {
  STEPS = 1000, /* of a path; each takes 160 bytes of stack at the most */
  NESTED = 128, /* SQLite's parser takes fewer */
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
  return rc != SQLITE_OK
             ? rc
             : sqlite3_create_function_v2(conn->db, HRT_JSON_PATH, 1,
                                          SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                          NULL, look, NULL, NULL, NULL);
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
typedef struct arguments {
  bool are;       /* of one of these functions */
  bool is_looked; /* a look is around this one */
  uint32_t n;     /* of this one, from 0: paths are the odd ones */
} arguments;

typedef struct text {
  char *bytes;
  size_t length;
  const char *rest; /* of the guest's, not copied yet */
} text;

static void insert(text *out, const char *before, const char *piece) {
  size_t n = (size_t)(before - out->rest), more = strlen(piece);
  memcpy(out->bytes + out->length, out->rest, n);
  memcpy(out->bytes + out->length + n, piece, more);
  out->length += n + more;
  out->rest = before;
}

/* At a comma or a closing bracket of `a`, with s behind it. */
static void end_argument(text *out, arguments *a, const hrt_scan_token *t, hrt_scan s) {
  if (a->is_looked) {
    insert(out, t->at, ")");
    a->is_looked = false;
  }
  if (a->are && *t->at == ',' && ++a->n % 2 == 1 && !is_short(s)) {
    insert(out, t->at + 1, call);
    a->is_looked = true;
  }
}

/* out has room. False: nested too deep. */
static bool surround(text *out, const char *sql, size_t length) {
  arguments open[NESTED] = {{false, false, 0}};
  hrt_scan s = {sql, 0, length};
  hrt_scan_token before = {HRT_SCAN_END, sql, 0}, second = before, third = before;
  size_t depth = 0;
  for (hrt_scan_token t = hrt_scan_next(&s); t.kind != HRT_SCAN_END; t = hrt_scan_next(&s)) {
    if (hrt_scan_char(&t, '(')) {
      if (++depth == NESTED) {
        return false;
      }
      open[depth] = (arguments){.are = makes(&before)};
      if (is_linear(&before) && !is_table(&second, &third) && !is_cte(s)) {
        insert(out, before.at + (before.kind == HRT_SCAN_QUOTED), HRT_OURS);
      }
    } else if (hrt_scan_char(&t, ',') || hrt_scan_char(&t, ')')) {
      end_argument(out, &open[depth], &t, s);
      depth -= *t.at == ')' && depth > 0;
    }
    third = second;
    second = before;
    before = t;
  }
  insert(out, sql + length, "");
  return true;
}

int hrt_rewrite_sql(char **out_sql, size_t *out_length, hrt_host_env *env, const char *sql,
                    size_t length) {
  size_t commas = 0, brackets = 0;
  for (size_t i = 0; i < length; i++) {
    commas += sql[i] == ',';
    brackets += sql[i] == '(';
  }
  text out = {hrt_alloc(length + commas * sizeof call + brackets * sizeof HRT_OURS + 1), 0, sql};
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
