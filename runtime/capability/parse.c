/* parse.c - capability text to a grant: 'read:orders', 'filesystem:/data:ro',
 * "DATABASE_READ('orders', 'total')", 'log'. One grammar for every place that takes capabilities.
 *
 * Must never accept what it doesn't understand whole: a grant with a typing mistake is an error
 * with a hint, not a smaller or larger grant. */

#include <string.h>
#include <strings.h>

#include "capability/grant.h"
#include "plugin/alloc.h"
#include "plugin/nearest.h"

const struct hrt_cap_row hrt_cap_rows[HRT_CAP_COUNT] = {
#define HRT_CAP(NAME, short_name, long_name, scope, doc)                                           \
  {short_name, long_name, doc, HRT_SCOPE_##scope},
#include "capability/capability.def"
#undef HRT_CAP
};

struct parser {
  const char *at, *end;
  helios_error *err;
  const char *whole; /* for messages */
  size_t whole_length;
};

static int bad(struct parser *p, const char *why) {
  char text[HRT_ESCAPED];
  return hrt_fail(p->err, HELIOS_E_CAPABILITY, "capability '%s': %s",
                  hrt_escape(text, p->whole, p->whole_length), why);
}

static int odd_name(struct parser *p) {
  int status =
      bad(p, "a name of other signs than letters, digits, _ and $ stands in double quotes");
  hrt_hint(p->err, "'read:\"my table\".\"a \"\"column\"\"\"'");
  return status;
}

static bool space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip(struct parser *p) {
  while (p->at < p->end && space(*p->at)) {
    p->at++;
  }
}

static bool word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || (unsigned char)c >= 0x80;
}

static bool eat(struct parser *p, char c) {
  if (p->at < p->end && *p->at == c) {
    p->at++;
    return true;
  }
  return false;
}

static int copy(char **out, const char *bytes, size_t length, struct parser *p) {
  *out = hrt_memdup(bytes, length);
  return *out != NULL ? 0 : hrt_fail(p->err, HELIOS_E_MEMORY, "out of memory");
}

/* name or "name with ""quotes""" */
static int identifier(char **out, struct parser *p) {
  char buf[HRT_GRANT_TEXT_MAX];
  size_t n = 0;
  if (eat(p, '"')) {
    for (;;) {
      if (p->at == p->end) {
        return bad(p, "a quoted name does not end");
      }
      char c = *p->at++;
      if (c == '"' && !eat(p, '"')) {
        break;
      }
      buf[n++] = c;
    }
  } else {
    while (p->at < p->end && word_char(*p->at)) {
      buf[n++] = *p->at++;
    }
  }
  return n > 0 ? copy(out, buf, n, p) : bad(p, "expected a name");
}

/* "*", table, or table.column */
static int table(struct hrt_grant *g, struct parser *p) {
  int status = 0;
  if (eat(p, '*')) {
    return 0;
  }
  HRT_TRY(identifier(&g->object, p));
  if (hrt_cap_rows[g->type].scope == HRT_SCOPE_COLUMN && eat(p, '.') && !eat(p, '*')) {
    HRT_TRY(identifier(&g->column, p));
  }
out:
  return status;
}

static bool dots(const char *component, size_t n) {
  return (n == 1 && component[0] == '.') || (n == 2 && component[0] == '.' && component[1] == '.');
}

/* Absolute; slashes collapsed; no "." or "..". */
static int path(struct hrt_grant *g, struct parser *p, const char *end) {
  char buf[HRT_GRANT_TEXT_MAX];
  size_t n = 0;
  if (p->at == end || *p->at != '/') {
    return bad(p, "the path must be absolute");
  }
  while (p->at < end) {
    const char *from = ++p->at;
    while (p->at < end && *p->at != '/') {
      p->at++;
    }
    size_t length = (size_t)(p->at - from);
    if (dots(from, length)) {
      return bad(p, "'.' and '..' have no place in a granted path");
    }
    if (length > 0) {
      buf[n++] = '/';
      memcpy(buf + n, from, length);
      n += length;
    }
  }
  return n > 0 ? copy(&g->object, buf, n, p) : copy(&g->object, "/", 1, p);
}

/* api.example.com, *.example.com; ":private" after it: also at an address of a private network. */
static int domain(struct hrt_grant *g, struct parser *p, const char *whole_end) {
  static const char suffix[] = ":private";
  const size_t tail = sizeof suffix - 1;
  const char *from = p->at, *end = whole_end;
  bool is_private = (size_t)(end - from) > tail && memcmp(end - tail, suffix, tail) == 0;
  end -= is_private ? tail : 0;
  bool label = false; /* inside a label that has a character */
  if (end - p->at > 2 && p->at[0] == '*' && p->at[1] == '.') {
    p->at += 2;
  }
  for (; p->at < end; p->at++) {
    bool dot = *p->at == '.';
    bool ok = dot ? label
                  : ((word_char(*p->at) && (unsigned char)*p->at < 0x80 && *p->at != '$') ||
                     (*p->at == '-' && label));
    if (!ok) {
      return bad(p, "expected a domain like api.example.com or *.example.com");
    }
    label = !dot;
  }
  if (!label) {
    return bad(p, "expected a domain like api.example.com or *.example.com");
  }
  int status = copy(&g->object, from, (size_t)(end - from), p);
  for (char *c = g->object; status == 0 && *c != 0; c++) {
    *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
  }
  p->at = whole_end;
  return status == 0 && is_private ? copy(&g->column, "private", 7, p) : status;
}

static int variable(struct hrt_grant *g, struct parser *p, const char *end) {
  const char *from = p->at;
  while (p->at < end && word_char(*p->at) && *p->at != '$' && (unsigned char)*p->at < 0x80) {
    p->at++;
  }
  if (p->at == from || (*from >= '0' && *from <= '9')) {
    return bad(p, "expected the name of an environment variable");
  }
  return copy(&g->object, from, (size_t)(p->at - from), p);
}

/* What stands after "name:", or between the quotes of a long form; ends at `end`. */
static int scope(struct hrt_grant *g, struct parser *p, const char *end) {
  const char *whole_end = p->end;
  int status = 0;
  p->end = end;
  switch (hrt_cap_rows[g->type].scope) {
  case HRT_SCOPE_NONE:
    status = bad(p, "this capability takes no object");
    break;
  case HRT_SCOPE_TABLE:
  case HRT_SCOPE_COLUMN:
    status = table(g, p);
    break;
  case HRT_SCOPE_PATH:
    status = path(g, p, end);
    break;
  case HRT_SCOPE_DOMAIN:
    status = domain(g, p, end);
    break;
  case HRT_SCOPE_NAME:
    status = variable(g, p, end);
    break;
  }
  bool is_table = hrt_cap_rows[g->type].scope == HRT_SCOPE_TABLE ||
                  hrt_cap_rows[g->type].scope == HRT_SCOPE_COLUMN;
  if (status == 0 && p->at != end) {
    status = is_table && *p->at != '.' ? odd_name(p) : bad(p, "something is left over at the end");
  }
  p->end = whole_end;
  return status;
}

static bool ends_with(const struct parser *p, const char *suffix) {
  size_t n = strlen(suffix);
  return (size_t)(p->end - p->at) >= n && memcmp(p->end - n, suffix, n) == 0;
}

static int short_scope(struct hrt_grant *g, struct parser *p) {
  const char *end = p->end;
  if (hrt_cap_rows[g->type].scope == HRT_SCOPE_PATH) {
    if (ends_with(p, ":rw")) {
      g->type = HRT_CAP_FS_WRITE;
      end -= 3;
    } else if (ends_with(p, ":ro")) {
      end -= 3;
    }
  }
  int status = scope(g, p, end);
  if (status == 0) {
    p->at = p->end;
  }
  return status;
}

/* 'text' with '' for a quote in it, as SQL has it; inner: to parse what it says. */
static int quoted(struct parser *inner, char text[HRT_GRANT_TEXT_MAX], struct parser *p) {
  size_t n = 0;
  skip(p);
  if (!eat(p, '\'')) {
    return bad(p, "expected a quoted name");
  }
  for (;;) {
    if (p->at == p->end) {
      return bad(p, "a quote does not end");
    }
    char c = *p->at++;
    if (c == '\'' && !eat(p, '\'')) {
      break;
    }
    text[n++] = c;
  }
  skip(p);
  *inner = *p;
  inner->at = text;
  inner->end = text + n;
  return 0;
}

/* ('orders'), ('orders', 'total') */
static int long_scope(struct hrt_grant *g, struct parser *p) {
  char text[HRT_GRANT_TEXT_MAX];
  struct parser inner;
  int status = 0;
  HRT_TRY(quoted(&inner, text, p));
  HRT_TRY(scope(g, &inner, inner.end));
  if (hrt_cap_rows[g->type].scope == HRT_SCOPE_COLUMN && g->column == NULL && eat(p, ',')) {
    HRT_TRY(quoted(&inner, text, p));
    HRT_TRY(identifier(&g->column, &inner));
    if (inner.at != inner.end) {
      HRT_TRY(odd_name(p));
    }
    if (g->object == NULL) {
      HRT_TRY(bad(p, "expected a table and a column"));
    }
  }
  if (!eat(p, ')')) {
    HRT_TRY(bad(p, "expected ')'"));
  }
out:
  return status;
}

static int unknown(struct parser *p, const char *name, size_t length) {
  hrt_nearest n;
  hrt_nearest_begin(&n, name, length);
  for (size_t i = 0; i < HRT_CAP_COUNT; i++) {
    hrt_nearest_try(&n, hrt_cap_rows[i].short_name);
    hrt_nearest_try(&n, hrt_cap_rows[i].long_name);
  }
  int status = bad(p, "unknown capability");
  if (n.best != NULL) {
    hrt_hint(p->err, "did you mean '%s'?", n.best);
  }
  return status;
}

static int type(struct hrt_grant *g, bool *is_long, struct parser *p) {
  const char *from = p->at;
  while (p->at < p->end && word_char(*p->at)) {
    p->at++;
  }
  size_t n = (size_t)(p->at - from);
  for (size_t i = 0; i < HRT_CAP_COUNT; i++) {
    const struct hrt_cap_row *row = &hrt_cap_rows[i];
    *is_long = strlen(row->long_name) == n && strncasecmp(row->long_name, from, n) == 0;
    if (*is_long || (strlen(row->short_name) == n && strncasecmp(row->short_name, from, n) == 0)) {
      g->type = (hrt_cap_type)i;
      return 0;
    }
  }
  return unknown(p, from, n);
}

static bool plain(const char *name) {
  for (const char *c = name; *c != 0; c++) {
    if (!word_char(*c)) {
      return false;
    }
  }
  return true;
}

static char *put_name(char *to, const char *name) {
  if (plain(name)) {
    return stpcpy(to, name);
  }
  *to++ = '"';
  for (; *name != 0; name++) {
    if (*name == '"') {
      *to++ = '"';
    }
    *to++ = *name;
  }
  *to++ = '"';
  *to = 0;
  return to;
}

/* Text of bounded length, within a literal of SQL. */
struct spelled {
  char *out;
  size_t size, length;
};

static void spell(struct spelled *s, char c) {
  for (int i = 0; i < (c == '\'' ? 2 : 1); i++) {
    if (s->length < s->size) {
      s->out[s->length] = c;
    }
    s->length++;
  }
}

static void spell_name(struct spelled *s, const char *name) {
  bool quote = !plain(name);
  if (quote) {
    spell(s, '"');
  }
  for (; *name != 0; name++) {
    if (*name == '"') {
      spell(s, '"');
    }
    spell(s, *name);
  }
  if (quote) {
    spell(s, '"');
  }
}

bool hrt_caps_spell(char *out, size_t size, hrt_cap_type type, const char *table,
                    const char *column) {
  struct spelled s = {out, size, 0};
  for (const char *c = hrt_cap_rows[type].short_name; *c != 0; c++) {
    spell(&s, *c);
  }
  spell(&s, ':');
  spell_name(&s, table);
  if (column != NULL && *column != 0) {
    spell(&s, '.');
    spell_name(&s, column);
  }
  spell(&s, 0);
  return s.length <= size;
}

/* Writes g->text. */
static int canonical(struct hrt_grant *g, struct parser *p) {
  /* every byte of the text may double when quoted; names, quotes and suffix fit in 64 */
  char buf[2 * HRT_GRANT_TEXT_MAX + 64];
  enum hrt_scope kind = hrt_cap_rows[g->type].scope;
  char *to = stpcpy(buf, hrt_cap_rows[g->type].short_name);
  if (kind == HRT_SCOPE_TABLE || kind == HRT_SCOPE_COLUMN) {
    *to++ = ':';
    to = g->object != NULL ? put_name(to, g->object) : stpcpy(to, "*");
    if (g->column != NULL) {
      *to++ = '.';
      to = put_name(to, g->column);
    }
  } else if (kind != HRT_SCOPE_NONE) {
    *to++ = ':';
    to = stpcpy(to, g->object);
  }
  if (kind == HRT_SCOPE_DOMAIN && g->column != NULL) {
    to = stpcpy(stpcpy(to, ":"), g->column);
  }
  if (kind == HRT_SCOPE_PATH) {
    to = stpcpy(to, g->type == HRT_CAP_FS_WRITE ? ":rw" : ":ro");
  }
  return copy(&g->text, buf, (size_t)(to - buf), p);
}

static int whole(struct hrt_grant *g, struct parser *p) {
  bool is_long = false;
  int status = 0;
  HRT_TRY(type(g, &is_long, p));
  enum hrt_scope kind = hrt_cap_rows[g->type].scope;
  if (!is_long && eat(p, ':')) {
    HRT_TRY(short_scope(g, p));
  } else if (is_long && (skip(p), eat(p, '('))) {
    HRT_TRY(long_scope(g, p));
  } else if (kind == HRT_SCOPE_PATH || kind == HRT_SCOPE_DOMAIN || kind == HRT_SCOPE_NAME) {
    HRT_TRY(bad(p, "this capability needs an object, e.g. 'network:api.example.com'"));
  }
  if (p->at != p->end) {
    HRT_TRY(bad(p, "something is left over at the end"));
  }
  HRT_TRY(canonical(g, p));
out:
  return status;
}

int hrt_grant_parse(struct hrt_grant *g, const char *text, size_t length, helios_error *err) {
  struct parser p = {text, text + length, err, text, length};
  *g = (struct hrt_grant){0};
  if (length > HRT_GRANT_TEXT_MAX) {
    return bad(&p, "longer than 512 bytes");
  }
  for (size_t i = 0; i < length; i++) {
    if ((unsigned char)text[i] < 0x20 && !space(text[i])) {
      return bad(&p, "a control character");
    }
  }
  skip(&p);
  while (p.end > p.at && space(p.end[-1])) {
    p.end--;
  }
  int status = whole(g, &p);
  if (status != 0) {
    hrt_grant_clear(g);
  }
  return status;
}

void hrt_grant_clear(struct hrt_grant *g) {
  hrt_free(g->object);
  hrt_free(g->column);
  hrt_free(g->text);
  *g = (struct hrt_grant){0};
}
