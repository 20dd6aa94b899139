/* cut.c - where a statement ends: at a ';' that is in no quote, no comment, no $tag$ quote and no
 * body of a trigger. Only cuts; what the statement means is others' business. $tag$ quotes are
 * seen in CREATE and ALTER only: elsewhere $ begins a parameter. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "shell.h"

struct cutter {
  const char *text;
  size_t length, at;
  unsigned words; /* at the beginning: CREATE [TEMP] TRIGGER */
  bool create, dollars, trigger;
  bool after_semicolon, after_end; /* in a trigger */
};

static bool is_word(char c) {
  return isalnum((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

/* Behind `end`, or the end of the text. */
static size_t behind(const struct cutter *c, size_t from, const char *end) {
  size_t n = strlen(end);
  const char *found = from < c->length ? memmem(c->text + from, c->length - from, end, n) : NULL;
  return found == NULL ? c->length : (size_t)(found - c->text) + n;
}

/* "$tag$": behind its end; 0 if it is none. */
static size_t dollar(const struct cutter *c) {
  size_t n = 1;
  char tag[64];
  while (c->at + n < c->length && is_word(c->text[c->at + n])) {
    n++;
  }
  if (c->at + n >= c->length || c->text[c->at + n] != '$' || n + 2 > sizeof tag) {
    return 0;
  }
  memcpy(tag, c->text + c->at, n + 1);
  tag[n + 1] = '\0';
  return behind(c, c->at + n + 1, tag);
}

static bool word_is(const struct cutter *c, size_t n, const char *word) {
  return strlen(word) == n && strncasecmp(c->text + c->at, word, n) == 0;
}

static void word(struct cutter *c, size_t n) {
  c->words++;
  if (c->words == 1 && word_is(c, n, "EXPLAIN")) {
    c->words = 0;
  } else if (c->words == 1) {
    c->create = word_is(c, n, "CREATE");
    c->dollars = c->create || word_is(c, n, "ALTER");
  } else if (c->create && c->words <= 3) {
    c->trigger |= word_is(c, n, "TRIGGER");
  }
  c->after_end = c->trigger && c->after_semicolon && word_is(c, n, "END");
  c->after_semicolon = false;
}

/* Past spaces and comments? */
static bool skip(struct cutter *c) {
  char now = c->text[c->at], next = c->at + 1 < c->length ? c->text[c->at + 1] : '\0';
  if (isspace((unsigned char)now)) {
    c->at++;
  } else if (now == '-' && next == '-') {
    c->at = behind(c, c->at, "\n");
  } else if (now == '/' && next == '*') {
    c->at = behind(c, c->at + 2, "*/");
  } else {
    return false;
  }
  return true;
}

/* Past one token; true if it ends the statement. */
static bool token(struct cutter *c) {
  char now = c->text[c->at];
  size_t n = 0, end = 0;
  if (now == ';') {
    c->at++;
    bool ends = !c->trigger || c->after_end;
    c->after_semicolon = true;
    c->after_end = false;
    return ends;
  }
  while (c->at + n < c->length &&
         (is_word(c->text[c->at + n]) || (n > 0 && c->text[c->at + n] == '$'))) {
    n++;
  }
  if (n > 0) {
    word(c, n);
    c->at += n;
    return false;
  }
  c->after_end = c->after_semicolon = false;
  c->words += c->words == 0;
  if (now == '\'' || now == '"' || now == '`') {
    end = behind(c, c->at + 1, (char[]){now, '\0'}); /* a doubled one begins the next */
  } else if (now == '[') {
    end = behind(c, c->at, "]");
  } else if (now == '$' && c->dollars) {
    end = dollar(c);
  }
  c->at = end == 0 ? c->at + 1 : end;
  return false;
}

size_t sh_cut(const char *text, size_t length, bool *complete, bool *blank) {
  struct cutter c = {.text = text, .length = length};
  *complete = false;
  *blank = true;
  while (c.at < length && !*complete) {
    if (!skip(&c)) {
      *blank = *blank && text[c.at] == ';';
      *complete = token(&c);
    }
  }
  return c.at;
}
