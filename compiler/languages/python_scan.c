/* python_scan.c - a tokenizer for what hcc_python_scan needs: strings and comments are passed over
 * as Python does, lines end where no bracket is open. Must never read behind the source.
 * Invariants: see python_scan.h. */
#include "python_scan.h"

#include <stdbool.h>
#include <string.h>

#define SOURCE_MAX_FUNCTIONS (1u << 22) /* bytes of a table */
#define DEPTH_MAX 200u

typedef struct cursor {
  hcc_py_scan *s;
  hcc_error *err;
  size_t at;
  unsigned line;
  size_t line_begin;
  char open[DEPTH_MAX]; /* brackets that are open */
  unsigned depth;
} cursor;

static hcc_place place_of(const cursor *c, size_t at) {
  return (hcc_place){c->line, (unsigned)(at - c->line_begin) + 1};
}

static int wrong(cursor *c, hcc_place place, const char *text) {
  c->s->place = place;
  return hcc_fail(c->err, HCC_E_SOURCE, HCC_NO_OFFSET, "%s", text);
}

/* The byte at an offset from here; 0 at the end. */
static char peek(const cursor *c, size_t more) {
  return c->at + more < c->s->size ? c->s->text[c->at + more] : '\0';
}

static bool at_end(const cursor *c) {
  return c->at >= c->s->size;
}

static void step(cursor *c) {
  if (peek(c, 0) == '\n') {
    c->line++;
    c->line_begin = c->at + 1;
  }
  c->at++;
}

static bool is_letter(char ch) {
  return ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z') || ch == '_' || (unsigned char)ch >= 0x80;
}

static bool is_word(char ch) {
  return is_letter(ch) || (ch >= '0' && ch <= '9');
}

static bool is_blank(char ch) {
  return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\f';
}

static bool same(const cursor *c, hcc_py_range r, const char *word) {
  return r.end - r.begin == strlen(word) &&
         memcmp(c->s->text + r.begin, word, r.end - r.begin) == 0;
}

static void comment(cursor *c) {
  while (!at_end(c) && peek(c, 0) != '\n') {
    c->at++;
  }
}

/* Blanks, and a backslash with the newline behind it; inside of brackets newlines and comments too.
 */
static void blanks(cursor *c, bool newlines) {
  for (;;) {
    if (is_blank(peek(c, 0)) && !at_end(c)) {
      c->at++;
    } else if (peek(c, 0) == '\\' &&
               (peek(c, 1) == '\n' || (peek(c, 1) == '\r' && peek(c, 2) == '\n'))) {
      c->at++;
      while (peek(c, 0) != '\n') {
        c->at++;
      }
      step(c);
    } else if (newlines && peek(c, 0) == '\n') {
      step(c);
    } else if (newlines && peek(c, 0) == '#') {
      comment(c);
    } else {
      return;
    }
  }
}

/* How long the prefix of a string is that begins here, r"..." or f'...'; SIZE_MAX: it is none. */
static size_t string_prefix(const cursor *c) {
  size_t n = 0;
  while (n < 3 && strchr("rRbBuUfF", peek(c, n)) != NULL && peek(c, n) != '\0') {
    n++;
  }
  return peek(c, n) == '"' || peek(c, n) == '\'' ? n : SIZE_MAX;
}

/* A string literal; *inside: between its quotes. In raw strings, too, a backslash keeps a quote
 * from ending it. */
static int string(hcc_py_range *inside, cursor *c) {
  hcc_place place = place_of(c, c->at);
  c->at += string_prefix(c);
  char quote = peek(c, 0);
  bool triple = peek(c, 1) == quote && peek(c, 2) == quote;
  c->at += triple ? 3 : 1;
  inside->begin = c->at;
  for (;;) {
    if (at_end(c) || (!triple && peek(c, 0) == '\n')) {
      return wrong(c, place, "a string that does not end");
    }
    if (peek(c, 0) == '\\' && c->at + 1 < c->s->size) {
      step(c);
      step(c);
    } else if (peek(c, 0) == quote && (!triple || (peek(c, 1) == quote && peek(c, 2) == quote))) {
      break;
    } else {
      step(c);
    }
  }
  inside->end = c->at;
  c->at += triple ? 3 : 1;
  return 0;
}

static int bracket(cursor *c) {
  static const char opening[] = "([{", closing[] = ")]}";
  char ch = peek(c, 0);
  const char *open = strchr(opening, ch), *close = strchr(closing, ch);
  if (open != NULL && c->depth == DEPTH_MAX) {
    return wrong(c, place_of(c, c->at), "too many brackets within each other");
  }
  if (open != NULL) {
    c->open[c->depth++] = closing[open - opening];
  } else if (close != NULL && (c->depth == 0 || c->open[--c->depth] != ch)) {
    return wrong(c, place_of(c, c->at), "a bracket that closes nothing");
  }
  c->at++;
  return 0;
}

/* One token: a string, a word, a bracket, or a byte that means nothing here. */
static int token(cursor *c) {
  hcc_py_range inside;
  if (string_prefix(c) != SIZE_MAX) {
    return string(&inside, c);
  }
  if (is_word(peek(c, 0))) {
    while (is_word(peek(c, 0)) && !at_end(c)) {
      c->at++;
    }
    return 0;
  }
  if (peek(c, 0) != '\0' && strchr("([{)]}", peek(c, 0)) != NULL) {
    return bracket(c);
  }
  step(c);
  return 0;
}

static hcc_py_range word(cursor *c) {
  hcc_py_range r = {c->at, c->at};
  while (is_word(peek(c, 0)) && !at_end(c)) {
    c->at++;
  }
  r.end = c->at;
  return r;
}

/* Up to one of the bytes of `ends` at this depth of brackets; without blanks at its end. */
static int expression(hcc_py_range *out, cursor *c, const char *ends) {
  unsigned depth = c->depth;
  int status = 0;
  blanks(c, true);
  *out = (hcc_py_range){c->at, c->at};
  while (!at_end(c) && !(c->depth == depth && strchr(ends, peek(c, 0)) != NULL)) {
    HCC_TRY(token(c));
    out->end = c->at;
    blanks(c, c->depth > 0);
  }
out:
  return status;
}

static int parameter(cursor *c, hcc_py_function *f, bool *star) {
  hcc_py_param p = {.place = place_of(c, c->at), .kind = *star ? HCC_PY_STAR : HCC_PY_PLAIN};
  int status = 0;
  while (peek(c, 0) == '*') {
    *star = true;
    p.kind = HCC_PY_STAR;
    c->at++;
  }
  bool slash = peek(c, 0) == '/';
  c->at += slash;
  blanks(c, true);
  p.name = word(c);
  blanks(c, true);
  if (peek(c, 0) == ':') {
    c->at++;
    HCC_TRY(expression(&p.annotation, c, ",=)"));
  }
  if (peek(c, 0) == '=') {
    c->at++;
    HCC_TRY(expression(&p.fallback, c, ",)"));
  }
  if (peek(c, 0) != ',' && peek(c, 0) != ')') {
    HCC_TRY(wrong(c, place_of(c, c->at), "not a parameter"));
  }
  if (p.name.end > p.name.begin) {
    hcc_buf_add(&c->s->params, &p, sizeof p);
    f->param_count++;
  } else if (!slash && p.kind == HCC_PY_PLAIN) {
    HCC_TRY(wrong(c, p.place, "not a parameter"));
  }
out:
  return status;
}

static int parameters(cursor *c, hcc_py_function *f) {
  bool star = false;
  int status = 0;
  HCC_TRY(bracket(c));
  for (;;) {
    blanks(c, true);
    if (peek(c, 0) == ')') {
      break;
    }
    HCC_TRY(parameter(c, f, &star));
    if (peek(c, 0) == ',') {
      c->at++;
    }
  }
  HCC_TRY(bracket(c));
out:
  return status;
}

/* Is there a string where the body begins? */
static int docstring(cursor *c, hcc_py_function *f) {
  cursor ahead = *c;
  blanks(&ahead, true);
  return string_prefix(&ahead) == SIZE_MAX ? 0 : string(&f->docstring, &ahead);
}

/* Behind "def". */
static int function(cursor *c, hcc_py_function *f) {
  int status = 0;
  blanks(c, false);
  f->place = place_of(c, c->at);
  f->name = word(c);
  blanks(c, false);
  if (f->name.end == f->name.begin || peek(c, 0) != '(') {
    HCC_TRY(wrong(c, place_of(c, c->at), "not a function: def NAME(...):"));
  }
  f->first_param = (uint32_t)(c->s->params.size / sizeof(hcc_py_param));
  HCC_TRY(parameters(c, f));
  blanks(c, false);
  if (peek(c, 0) == '-' && peek(c, 1) == '>') {
    c->at += 2;
    HCC_TRY(expression(&f->result, c, ":\n"));
  }
  if (peek(c, 0) != ':') {
    HCC_TRY(wrong(c, place_of(c, c->at), "':' expected"));
  }
  c->at++;
  HCC_TRY(docstring(c, f));
  hcc_buf_add(&c->s->functions, f, sizeof *f);
out:
  return status;
}

/* To the newline that ends the line, brackets closed; behind it. */
static int rest_of_line(cursor *c) {
  int status = 0;
  while (!at_end(c)) {
    blanks(c, c->depth > 0);
    if (peek(c, 0) == '#') {
      comment(c);
    } else if (peek(c, 0) == '\n' && c->depth == 0) {
      step(c);
      break;
    } else if (!at_end(c)) {
      HCC_TRY(token(c));
    }
  }
  if (c->depth > 0) {
    HCC_TRY(wrong(c, place_of(c, c->at), "a bracket is open at the end of the file"));
  }
out:
  return status;
}

/* One line of the source, as Python counts them. */
static int logical_line(cursor *c, hcc_py_range *comments) {
  size_t begin = c->at;
  while (peek(c, 0) == ' ' || peek(c, 0) == '\t') {
    c->at++;
  }
  bool top = c->at == begin;
  int status = 0;
  if (peek(c, 0) == '#') {
    comment(c);
    comments->begin =
        comments->end == begin && comments->end > comments->begin ? comments->begin : begin;
    step(c);
    comments->end = c->at < c->s->size ? c->at : c->s->size;
    return 0;
  }
  cursor word_at = *c;
  hcc_py_range first = word(&word_at);
  bool decorator = top && peek(c, 0) == '@';
  if (top && same(c, first, "async")) {
    HCC_TRY(wrong(c, place_of(c, c->at),
                  "there is no async: the host's functions don't wait; def NAME(...):"));
  }
  if (top && same(c, first, "def")) {
    hcc_py_function f = {.comment = comments->end == begin ? *comments : (hcc_py_range){0, 0}};
    c->at = word_at.at;
    HCC_TRY(function(c, &f));
  }
  HCC_TRY(rest_of_line(c));
  *comments = decorator && comments->end == begin ? (hcc_py_range){comments->begin, c->at}
                                                  : (hcc_py_range){0, 0};
out:
  return status;
}

int hcc_python_scan(hcc_py_scan *out, const char *text, size_t size, hcc_error *err) {
  cursor c = {.s = out, .err = err, .line = 1};
  hcc_py_range comments = {0, 0};
  int status = 0;
  *out = (hcc_py_scan){.text = text, .size = size};
  hcc_buf_init(&out->functions, SOURCE_MAX_FUNCTIONS);
  hcc_buf_init(&out->params, SOURCE_MAX_FUNCTIONS);
  if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
    c.at = c.line_begin = 3;
  }
  while (!at_end(&c)) {
    HCC_TRY(logical_line(&c, &comments));
  }
  if (out->functions.failed || out->params.failed) {
    status = hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the source's functions");
  }
out:
  return status;
}

void hcc_python_scan_free(hcc_py_scan *s) {
  hcc_buf_free(&s->functions);
  hcc_buf_free(&s->params);
}
