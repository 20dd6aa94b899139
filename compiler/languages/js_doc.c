/* js_doc.c - see js_doc.h. Types are those of js_types.def, `T[]`, `Array<...>`, `{...}` and names
 * with a capital letter (an object that is described elsewhere), each with `| null`, `?T` or `T=`.
 * Anything else is an error: a misspelt type would else be ANY in silence. */
#include "js_doc.h"

#include <string.h>

static const struct type {
  const char *name, *sql;
  char kind;
} types[] = {
#define HCC_JS_TYPE(name, sql, kind) {name, sql, kind},
#include "js_types.def"
#undef HCC_JS_TYPE
};

static const char known[] =
    "number, integer, bigint, boolean, string, Uint8Array, object, decimal, "
    "date, timestamp, Date, any: docs/sdk-javascript.md";

typedef struct text {
  const char *at, *end;
} text;

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

static void trim(text *t) {
  while (t->at < t->end && is_blank(*t->at)) {
    t->at++;
  }
  while (t->at < t->end && is_blank(t->end[-1])) {
    t->end--;
  }
}

static bool same(text t, const char *word) {
  return (size_t)(t.end - t.at) == strlen(word) && memcmp(t.at, word, strlen(word)) == 0;
}

static bool ends(text t, const char *with) {
  size_t n = strlen(with);
  return (size_t)(t.end - t.at) >= n && memcmp(t.end - n, with, n) == 0;
}

/* Takes the line's next word. */
static text word(text *line) {
  trim(line);
  text w = {line->at, line->at};
  while (w.end < line->end && !is_blank(*w.end)) {
    w.end++;
  }
  line->at = w.end;
  return w;
}

/* Takes {...} with what is nested in it; false: there is none. */
static bool braces(text *out, text *line) {
  unsigned open = 0;
  trim(line);
  if (line->at == line->end || *line->at != '{') {
    return false;
  }
  for (const char *at = line->at; at < line->end; at++) {
    open += *at == '{';
    open -= *at == '}';
    if (open == 0) {
      *out = (text){line->at + 1, at};
      line->at = at + 1;
      trim(out);
      return true;
    }
  }
  return false;
}

/* The part of a union before the next | that is nested in nothing. */
static text member(text *rest) {
  unsigned open = 0;
  text m = {rest->at, rest->at};
  for (; m.end < rest->end && (open > 0 || *m.end != '|'); m.end++) {
    bool opens = strchr("<({[", *m.end) != NULL, arrow = m.end > m.at && m.end[-1] == '=';
    open += opens;
    open -= open > 0 && !arrow && strchr(">)}]", *m.end) != NULL;
  }
  rest->at = m.end + (m.end < rest->end);
  trim(&m);
  return m;
}

static const struct type *find(text t) {
  static const struct type object = {"object", "JSON", '-'};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (same(t, types[i].name)) {
      return &types[i];
    }
  }
  bool named = t.at < t.end && *t.at >= 'A' && *t.at <= 'Z';
  return ends(t, "[]") || named || (t.at < t.end && *t.at == '{') ? &object : NULL;
}

typedef struct meaning {
  const char *sql; /* NULL: it has no value */
  char kind;
  bool nullable;
} meaning;

/* "number | null", "?string", "(number|string)=". False: a part of it is no type; *bad is that. */
static bool understand(meaning *out, text *bad, text t) {
  const struct type *first = NULL;
  *out = (meaning){.kind = '-'};
  if (t.at < t.end && *t.at == '?') {
    out->nullable = true;
    t.at++;
  }
  if (ends(t, "=")) {
    out->nullable = true;
    t.end--;
  }
  if (t.end - t.at > 1 && *t.at == '(' && t.end[-1] == ')') {
    t.at++;
    t.end--;
  }
  bool mixed = false;
  while (t.at < t.end) {
    *bad = member(&t);
    if (same(*bad, "null") || same(*bad, "undefined") || same(*bad, "void")) {
      out->nullable = true;
      continue;
    }
    const struct type *found = find(*bad);
    if (found == NULL) {
      return false;
    }
    mixed |= first != NULL && strcmp(first->sql, found->sql) != 0;
    first = found;
  }
  if (first != NULL) {
    out->sql = mixed ? "ANY" : first->sql;
    out->kind = mixed ? '-' : first->kind;
  }
  return true;
}

static void wrong_type(hcc_unit *u, const hcc_procedure *p, text t, unsigned line) {
  int n = t.end - t.at > 64 ? 64 : (int)(t.end - t.at);
  hcc_unit_wrong(u, (hcc_place){line, 0}, known,
                 "%s: the type '%.*s' is none that a procedure can have", p->function, n, t.at);
}

/* "total", "[total]", "[total=5]", "options.deep": what is nested in a parameter says nothing here.
 */
static text name_of(text line) {
  text w = word(&line);
  if (w.at < w.end && *w.at == '[') {
    w.at++;
  }
  const char *end = w.at;
  while (end < w.end && strchr("=].", *end) == NULL) {
    end++;
  }
  bool nested = end < w.end && *end == '.';
  return nested ? (text){w.at, w.at} : (text){w.at, end};
}

static void read_param(hcc_unit *u, hcc_procedure *p, text line, unsigned number) {
  text type, bad = {NULL, NULL};
  meaning m;
  bool typed = braces(&type, &line);
  text name = name_of(line);
  if (!typed || name.at == name.end) {
    return;
  }
  hcc_param *param = hcc_unit_find_param(p, name.at, (size_t)(name.end - name.at));
  if (param == NULL) {
    hcc_unit_wrong(u, (hcc_place){number, 0}, "names stand as in the function's parameters",
                   "%s has no parameter '%.*s'", p->function,
                   name.end - name.at > 64 ? 64 : (int)(name.end - name.at), name.at);
  } else if (!understand(&m, &bad, type) || m.sql == NULL) {
    wrong_type(u, p, bad, number);
  } else {
    param->sql = m.sql;
    param->kind = m.kind;
    param->nullable = m.nullable;
  }
}

static void read_returns(hcc_unit *u, hcc_procedure *p, text line, unsigned number) {
  text type, bad = {NULL, NULL};
  meaning m;
  if (!braces(&type, &line)) {
    return;
  }
  if (understand(&m, &bad, type)) {
    p->result = m.sql;
  } else {
    wrong_type(u, p, bad, number);
  }
}

static void read_line(hcc_unit *u, hcc_procedure *p, text line, unsigned number) {
  trim(&line);
  while (line.at < line.end && *line.at == '*') { /* the star of each line */
    line.at++;
  }
  text w = word(&line);
  if (same(w, "@param")) {
    read_param(u, p, line, number);
  } else if (same(w, "@returns") || same(w, "@return")) {
    read_returns(u, p, line, number);
  } else if (same(w, "@helios")) {
    hcc_unit_words(u, p, line.at, (size_t)(line.end - line.at), (hcc_place){number, 0});
  } else if (same(w, "@private")) {
    p->hidden = true;
  }
}

void hcc_js_doc(hcc_unit *u, hcc_procedure *p, const char *at, size_t size, unsigned line) {
  const char *end = at + size;
  while (at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    stop = stop == NULL ? end : stop;
    read_line(u, p, (text){at, stop}, line++);
    at = stop + (stop < end);
  }
}
