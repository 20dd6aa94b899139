/* scan.c - words of SQL text as SQLite's tokenizer cuts them. SQLite tells its authorizer nothing
 * of INSERT OR ROLLBACK, which ends the caller's transaction; so the word itself is looked for.
 * Must see every word that SQLite would see; a word more is only a refusal more. The
 * first words tell which statements may change the schema. */
#include "host/scan.h"

#include <string.h>
#include <strings.h>

static bool word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || (unsigned char)c >= 0x80;
}

/* Past a string that opens at `at`; a doubled quote only begins the next string. */
static size_t quoted(const char *sql, size_t at, size_t length) {
  char close = sql[at] == '[' ? ']' : sql[at];
  const char *end = memchr(sql + at + 1, close, length - at - 1);
  return end != NULL ? (size_t)(end - sql) + 1 : length;
}

/* Past a comment that opens at `at`, or `at` if none does. */
static size_t comment(const char *sql, size_t at, size_t length) {
  if (length - at < 2) {
    return at;
  }
  if (sql[at] == '-' && sql[at + 1] == '-') {
    const char *end = memchr(sql + at, '\n', length - at);
    return end != NULL ? (size_t)(end - sql) : length;
  }
  if (sql[at] == '/' && sql[at + 1] == '*') {
    for (size_t i = at + 2; i + 1 < length; i++) {
      if (sql[i] == '*' && sql[i + 1] == '/') {
        return i + 2;
      }
    }
    return length;
  }
  return at;
}

/* Past a parameter's name that opens at `at` with one of $ @ : #, as SQLite reads it: it may end in
 * brackets with anything but blanks in them, quotes too. */
static size_t parameter(const char *sql, size_t at, size_t length) {
  size_t i = at + 1, letters = 0;
  for (; i < length; i++) {
    bool colons = sql[i] == ':' && i + 1 < length && sql[i + 1] == ':';
    if (sql[i] == '(' && letters > 0) {
      while (i < length && sql[i] != ')' && strchr(" \t\n\v\f\r", sql[i]) == NULL) {
        i++;
      }
      return i < length ? i + 1 : length;
    }
    if (!word_char(sql[i]) && !colons) {
      return i;
    }
    letters += !colons;
    i += colons;
  }
  return i;
}

/* A byte order mark is a blank to SQLite where a word could begin. */
static bool is_mark(const char *sql, size_t at, size_t length) {
  return length - at >= 3 && memcmp(sql + at, "\xef\xbb\xbf", 3) == 0;
}

hrt_scan_token hrt_scan_next(hrt_scan *s) {
  for (size_t after = 0; s->at < s->length; s->at = after) {
    char c = s->sql[s->at];
    after = comment(s->sql, s->at, s->length);
    if (after != s->at) {
      continue;
    }
    if (is_mark(s->sql, s->at, s->length)) {
      after = s->at + 3;
      continue;
    }
    size_t from = s->at;
    if (c != 0 && strchr("$@:#", c) != NULL) {
      s->at = parameter(s->sql, from, s->length);
      return (hrt_scan_token){HRT_SCAN_OTHER, s->sql + from, s->at - from};
    }
    if (c != 0 && strchr("'\"`[", c) != NULL) {
      s->at = quoted(s->sql, from, s->length);
      return (hrt_scan_token){HRT_SCAN_QUOTED, s->sql + from, s->at - from};
    }
    if (word_char(c)) {
      while (s->at < s->length && word_char(s->sql[s->at])) {
        s->at++;
      }
      return (hrt_scan_token){HRT_SCAN_WORD, s->sql + from, s->at - from};
    }
    after = from + 1;
    if (c != 0 && strchr(" \t\n\v\f\r", c) == NULL) {
      s->at = after;
      return (hrt_scan_token){HRT_SCAN_OTHER, s->sql + from, 1};
    }
  }
  return (hrt_scan_token){HRT_SCAN_END, s->sql + s->length, 0};
}

bool hrt_scan_is(const hrt_scan_token *t, const char *word) {
  return t->kind == HRT_SCAN_WORD && t->length == strlen(word) &&
         strncasecmp(t->at, word, t->length) == 0;
}

bool hrt_scan_word(const char *sql, size_t length, const char *word) {
  hrt_scan s = {sql, 0, length};
  for (hrt_scan_token t = hrt_scan_next(&s); t.kind != HRT_SCAN_END; t = hrt_scan_next(&s)) {
    if (hrt_scan_is(&t, word)) {
      return true;
    }
  }
  return false;
}

/* Measured of SQLite 3.40: 1.2 KiB for NOT BETWEEN at its limit of depth; 0.5 for a link of WITH or
 * a term of UNION; 50 bytes for COLLATE, which its limit of depth does not count. */
enum { DEEPEST_STACK = 1200, SELECT_STACK = 1024, COLLATE_STACK = 160 };

static bool is_select(const hrt_scan_token *t) {
  static const char *const words[] = {"SELECT", "VALUES", "UNION", "EXCEPT", "INTERSECT"};
  bool is = false;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    is |= hrt_scan_is(t, words[i]);
  }
  return is;
}

bool hrt_scan_any(const hrt_scan_token *t, const char *const *words) {
  bool is = false;
  for (; *words != NULL; words++) {
    is |= hrt_scan_is(t, *words);
  }
  return is;
}

bool hrt_scan_char(const hrt_scan_token *t, char c) {
  return t->kind == HRT_SCAN_OTHER && *t->at == c;
}

bool hrt_scan_name(const hrt_scan_token *t) {
  return t->kind == HRT_SCAN_WORD || t->kind == HRT_SCAN_QUOTED;
}

bool hrt_scan_same(const hrt_scan_token *a, const hrt_scan_token *b) {
  size_t qa = a->kind == HRT_SCAN_QUOTED, qb = b->kind == HRT_SCAN_QUOTED;
  return a->length - 2 * qa == b->length - 2 * qb &&
         strncasecmp(a->at + qa, b->at + qb, a->length - 2 * qa) == 0;
}

uint32_t hrt_scan_hash(const hrt_scan_token *t) {
  size_t quote = t->kind == HRT_SCAN_QUOTED;
  uint32_t hash = 2166136261u;
  for (size_t i = quote; i + quote < t->length; i++) {
    uint32_t letter = (unsigned char)t->at[i];
    hash = (hash ^ (letter | 0x20u)) * 16777619u;
  }
  return hash;
}

/* Numbers are none; nor are parentheses, of which the parser itself takes 100. */
bool hrt_scan_operator(const hrt_scan_token *t) {
  return t->kind == HRT_SCAN_WORD ? *t->at < '0' || *t->at > '9'
                                  : t->kind == HRT_SCAN_OTHER && strchr(",();.?", *t->at) == NULL;
}

uint64_t hrt_scan_stack(const char *sql, size_t length, int depth) {
  hrt_scan s = {sql, 0, length};
  uint64_t operators = 0, selects = 0, collates = 0;
  for (hrt_scan_token t = hrt_scan_next(&s); t.kind != HRT_SCAN_END; t = hrt_scan_next(&s)) {
    operators += hrt_scan_operator(&t);
    selects += is_select(&t);
    collates += hrt_scan_is(&t, "COLLATE");
  }
  uint64_t stack = operators * HRT_SCAN_OPERATOR_STACK, deepest = (uint64_t)depth * DEEPEST_STACK;
  return (depth > 0 && stack > deepest ? deepest : stack) + selects * SELECT_STACK +
         collates * COLLATE_STACK;
}

static bool renames(hrt_scan s) {
  bool rename = false;
  for (hrt_scan_token t = hrt_scan_next(&s); t.kind != HRT_SCAN_END; t = hrt_scan_next(&s)) {
    if (rename && hrt_scan_is(&t, "TO")) {
      return true;
    }
    rename = hrt_scan_is(&t, "RENAME");
  }
  return false;
}

hrt_ddl_text hrt_scan_ddl(const char *sql, size_t length) {
  hrt_scan s = {sql, 0, length};
  hrt_scan_token verb = hrt_scan_next(&s);
  while (verb.kind == HRT_SCAN_OTHER && *verb.at == ';') {
    verb = hrt_scan_next(&s);
  }
  hrt_scan_token object = hrt_scan_next(&s);
  bool create = hrt_scan_is(&verb, "CREATE");
  if (create && hrt_scan_is(&object, "UNIQUE")) {
    object = hrt_scan_next(&s);
  }
  bool is_table = hrt_scan_is(&object, "TABLE");
  if (hrt_scan_is(&verb, "ALTER") && is_table) {
    return renames(s) ? HRT_DDL_TEXT_RENAME : HRT_DDL_TEXT_ALTER;
  }
  bool known = is_table || hrt_scan_is(&object, "INDEX");
  return create && known                       ? HRT_DDL_TEXT_CREATE
         : hrt_scan_is(&verb, "DROP") && known ? HRT_DDL_TEXT_DROP
                                               : HRT_DDL_TEXT_NONE;
}
