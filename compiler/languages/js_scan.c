/* js_scan.c - see js_scan.h. */
#include "js_scan.h"

#include <string.h>

void hcc_js_begin(hcc_js_scan *s, const char *text, size_t size) {
  *s = (hcc_js_scan){.at = text, .end = text + size, .line_begin = text, .line = 1};
}

bool hcc_js_is(const hcc_js_token *t, const char *text) {
  return t->kind != HCC_JS_STRING && t->size == strlen(text) && memcmp(t->at, text, t->size) == 0;
}

static char peek(const hcc_js_scan *s, size_t n) {
  return n < (size_t)(s->end - s->at) ? s->at[n] : '\0';
}

static void skip(hcc_js_scan *s, size_t n) {
  for (; n > 0 && s->at < s->end; n--) {
    if (*s->at++ == '\n') {
      s->line++;
      s->line_begin = s->at;
    }
  }
}

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || c == '\\' || (unsigned char)c >= 0x80;
}

/* A comment; a doc comment is remembered in t. */
static void skip_comment(hcc_js_scan *s, hcc_js_token *t) {
  const char *begin = s->at;
  unsigned line = s->line;
  if (s->at[1] == '/') {
    while (s->at < s->end && *s->at != '\n') {
      skip(s, 1);
    }
    return;
  }
  skip(s, 2);
  while (s->at < s->end && !(peek(s, 0) == '*' && peek(s, 1) == '/')) {
    skip(s, 1);
  }
  if (s->at - begin > 3 && begin[2] == '*') {
    t->doc = begin + 3;
    t->doc_size = (size_t)(s->at - begin) - 3;
    t->doc_line = line;
  }
  skip(s, 2);
}

static void skip_blank(hcc_js_scan *s, hcc_js_token *t) {
  while (s->at < s->end) {
    bool comment = *s->at == '/' && (peek(s, 1) == '/' || peek(s, 1) == '*');
    if (comment) {
      skip_comment(s, t);
    } else if (is_space(*s->at)) {
      skip(s, 1);
    } else {
      return;
    }
  }
}

/* To behind the quote, or to the end of the line if there is none. */
static void skip_string(hcc_js_scan *s) {
  char quote = *s->at;
  skip(s, 1);
  while (s->at < s->end && *s->at != quote && *s->at != '\n') {
    skip(s, *s->at == '\\' ? 2 : 1);
  }
  skip(s, s->at < s->end && *s->at == quote);
}

/* A template's text, from behind its first quote or behind the } of an expression, to behind the
 * last quote or behind the next ${. */
static void skip_template(hcc_js_scan *s) {
  while (s->at < s->end && *s->at != '`') {
    if (*s->at == '$' && peek(s, 1) == '{' && s->nested < HCC_JS_NESTED) {
      skip(s, 2);
      s->marks[s->nested++] = s->braces++;
      return;
    }
    skip(s, *s->at == '\\' ? 2 : 1);
  }
  skip(s, 1);
}

static void skip_regexp(hcc_js_scan *s) {
  bool set = false;
  skip(s, 1);
  while (s->at < s->end && *s->at != '\n' && (set || *s->at != '/')) {
    set = *s->at == '[' || (set && *s->at != ']');
    skip(s, *s->at == '\\' ? 2 : 1);
  }
  skip(s, s->at < s->end && *s->at == '/');
  while (s->at < s->end && is_word(*s->at)) {
    skip(s, 1);
  }
}

/* Words behind which a slash begins a regular expression. */
static bool is_operator(const hcc_js_token *t) {
  static const char *const words[] = {"return", "typeof", "case",  "in",        "of",
                                      "delete", "void",   "throw", "new",       "else",
                                      "do",     "await",  "yield", "instanceof"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (hcc_js_is(t, words[i])) {
      return true;
    }
  }
  return false;
}

/* A brace: the } that ends a template's expression goes on with the template. */
static void skip_brace(hcc_js_scan *s, hcc_js_token *t) {
  bool open = *s->at == '{';
  skip(s, 1);
  if (open) {
    s->braces++;
  } else if (s->braces > 0) {
    s->braces--;
    if (s->nested > 0 && s->marks[s->nested - 1] == s->braces) {
      s->nested--;
      skip_template(s);
      t->kind = HCC_JS_OTHER;
    }
  }
}

hcc_js_token hcc_js_next(hcc_js_scan *s) {
  hcc_js_token t = {.kind = HCC_JS_END};
  skip_blank(s, &t);
  t.at = s->at;
  t.line = s->line;
  t.column = (unsigned)(s->at - s->line_begin) + 1;
  if (s->at >= s->end) {
    return t;
  }
  char c = *s->at;
  if (is_word(c)) {
    t.kind = c >= '0' && c <= '9' ? HCC_JS_OTHER : HCC_JS_WORD;
    while (s->at < s->end && (is_word(*s->at) || (t.kind == HCC_JS_OTHER && *s->at == '.'))) {
      skip(s, 1);
    }
  } else if (c == '"' || c == '\'') {
    t.kind = HCC_JS_STRING;
    skip_string(s);
  } else if (c == '`' || (c == '/' && !s->value)) {
    t.kind = HCC_JS_OTHER;
    if (c == '`') {
      skip(s, 1);
      skip_template(s);
    } else {
      skip_regexp(s);
    }
  } else {
    t.kind = HCC_JS_SIGN;
    if (c == '{' || c == '}') {
      skip_brace(s, &t);
    } else {
      skip(s, c == '=' && peek(s, 1) == '>' ? 2 : 1);
    }
  }
  t.size = (size_t)(s->at - t.at);
  s->value = t.kind == HCC_JS_OTHER || t.kind == HCC_JS_STRING ||
             (t.kind == HCC_JS_WORD && !is_operator(&t)) ||
             (t.kind == HCC_JS_SIGN && (c == ')' || c == ']' || c == '}'));
  return t;
}
