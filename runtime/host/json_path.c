/* json_path.c - paths of json_set and json_insert in a guest's SQL. SQLite makes what a path names
 * by a recursion that only the path's length ends, and a path may be computed; so each that is not
 * a short literal gets a call of a function around it that looks at it first.
 *
 * Must never change a text in any other way. */
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

int hrt_json_path_register(sqlite3 *db) {
  return sqlite3_create_function_v2(db, HRT_JSON_PATH, 1,
                                    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                                    look, NULL, NULL, NULL);
}

static bool is_name(const hrt_scan_token *t, const char *name) {
  size_t quote = t->kind == HRT_SCAN_QUOTED, length = strlen(name);
  return (t->kind == HRT_SCAN_WORD || quote) && t->length == length + 2 * quote &&
         strncasecmp(t->at + quote, name, length) == 0;
}

/* Does it make what a path names? */
static bool makes(const hrt_scan_token *t) {
  return is_name(t, "json_set") || is_name(t, "json_insert") || is_name(t, "jsonb_set") ||
         is_name(t, "jsonb_insert");
}

bool hrt_json_path_is_in(const char *sql, size_t length) {
  hrt_scan s = {sql, 0, length};
  bool is = false;
  for (hrt_scan_token t = hrt_scan_next(&s); !is && t.kind != HRT_SCAN_END;) {
    hrt_scan_token after = hrt_scan_next(&s);
    is = makes(&t) && hrt_scan_char(&after, '(');
    t = after;
  }
  return is;
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
  hrt_scan_token before = {HRT_SCAN_END, sql, 0};
  size_t depth = 0;
  for (hrt_scan_token t = hrt_scan_next(&s); t.kind != HRT_SCAN_END; t = hrt_scan_next(&s)) {
    if (hrt_scan_char(&t, '(')) {
      if (++depth == NESTED) {
        return false;
      }
      open[depth] = (arguments){.are = makes(&before)};
    } else if (hrt_scan_char(&t, ',') || hrt_scan_char(&t, ')')) {
      end_argument(out, &open[depth], &t, s);
      depth -= *t.at == ')' && depth > 0;
    }
    before = t;
  }
  insert(out, sql + length, "");
  return true;
}

int hrt_json_path_guard(char **guarded, size_t *guarded_length, hrt_host_env *env, const char *sql,
                        size_t length) {
  size_t commas = 0;
  for (size_t i = 0; i < length; i++) {
    commas += sql[i] == ',';
  }
  text out = {hrt_alloc(length + commas * sizeof call + 1), 0, sql};
  if (out.bytes == NULL) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  if (!surround(&out, sql, length)) {
    hrt_free(out.bytes);
    return hrt_refuse(env, HSB_STATUS_LIMIT, "the statement is nested too deep");
  }
  *guarded = out.bytes;
  *guarded_length = out.length;
  return 0;
}
