/* scan.c - words of SQL text as SQLite's tokenizer cuts them. SQLite tells its authorizer nothing
 * of INSERT OR ROLLBACK, which ends the caller's transaction; so the word itself is looked for.
 * Must see every word that SQLite would see; a word more is only a refusal more. */
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

bool hrt_scan_word(const char *sql, size_t length, const char *word) {
  size_t n = strlen(word), at = 0;
  while (at < length) {
    size_t after = comment(sql, at, length);
    if (after != at) {
      at = after;
    } else if (strchr("'\"`[", sql[at]) != NULL && sql[at] != 0) {
      at = quoted(sql, at, length);
    } else if (word_char(sql[at])) {
      size_t from = at;
      while (at < length && word_char(sql[at])) {
        at++;
      }
      if (at - from == n && strncasecmp(sql + from, word, n) == 0) {
        return true;
      }
    } else {
      at++;
    }
  }
  return false;
}
