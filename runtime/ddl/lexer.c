/* lexer.c - see lexer.h. Follows SQLite's tokeniser (tokenize.c) where the two meet: bytes >= 0x80
 * are letters, '--' runs to the end of the line, an open comment ends with the text. */
#include "ddl/lexer.h"

#include <string.h>
#include <strings.h>

static bool is_space(unsigned char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool is_word(unsigned char c) {
  return is_letter(c) || is_digit(c) || c == '$';
}

void hrt_lexer_init(hrt_lexer *lexer, const char *text, size_t length) {
  *lexer = (hrt_lexer){.text = text, .length = length};
}

/* The byte at position + ahead, or NUL at the end. */
static unsigned char peek(const hrt_lexer *l, size_t ahead) {
  return ahead < l->length - l->position ? (unsigned char)l->text[l->position + ahead] : 0;
}

/* Skips spaces and comments. False if a block comment has no end. */
static bool skip_blank(hrt_lexer *l) {
  while (l->position < l->length) {
    if (is_space(peek(l, 0))) {
      l->position++;
    } else if (peek(l, 0) == '-' && peek(l, 1) == '-') {
      const char *end = memchr(l->text + l->position, '\n', l->length - l->position);
      l->position = end ? (size_t)(end - l->text) + 1 : l->length;
    } else if (peek(l, 0) == '/' && peek(l, 1) == '*') {
      size_t from = l->position + 2;
      const char *end = memmem(l->text + from, l->length - from, "*/", 2);
      if (end == NULL) {
        return false;
      }
      l->position = (size_t)(end - l->text) + 2;
    } else {
      break;
    }
  }
  return true;
}

static hrt_token take(hrt_lexer *l, hrt_token_kind kind, size_t length, size_t prefix,
                      size_t suffix) {
  const char *at = l->text + l->position;
  hrt_token t = {kind, at, length, at + prefix, length - prefix - suffix};
  l->position += length;
  return t;
}

static hrt_token take_rest(hrt_lexer *l) {
  return take(l, HRT_TOKEN_UNTERMINATED, l->length - l->position, 0, 0);
}

/* A quoted token whose opening quote is `prefix` bytes long. A doubled closing quote stands for
 * itself, except in [x]. */
static hrt_token take_quoted(hrt_lexer *l, hrt_token_kind kind, size_t prefix, char close) {
  size_t end = l->position + prefix;
  while (end < l->length) {
    if (l->text[end] == close) {
      bool doubled = close != ']' && end + 1 < l->length && l->text[end + 1] == close;
      if (!doubled) {
        return take(l, kind, end + 1 - l->position, prefix, 1);
      }
      end++;
    }
    end++;
  }
  return take_rest(l);
}

/* $tag$ body $tag$; a '$' that opens none is punctuation. */
static hrt_token take_dollar(hrt_lexer *l) {
  size_t tag = 1;
  while (is_letter(peek(l, tag)) || is_digit(peek(l, tag))) {
    tag++;
  }
  if (peek(l, tag) != '$') {
    return take(l, HRT_TOKEN_PUNCT, 1, 0, 0);
  }
  tag++;
  const char *open = l->text + l->position;
  size_t left = l->length - l->position - tag;
  const char *close = memmem(open + tag, left, open, tag);
  if (close == NULL) {
    return take_rest(l);
  }
  return take(l, HRT_TOKEN_DOLLAR, (size_t)(close - open) + tag, tag, tag);
}

static size_t run(const hrt_lexer *l, bool (*in)(unsigned char)) {
  size_t n = 1;
  while (l->position + n < l->length && in(peek(l, n))) {
    n++;
  }
  return n;
}

static bool is_number(unsigned char c) {
  return is_digit(c) || is_letter(c) || c == '.';
}

hrt_token hrt_lexer_next(hrt_lexer *l) {
  if (!skip_blank(l)) {
    return take_rest(l);
  }
  if (l->position >= l->length) {
    return (hrt_token){HRT_TOKEN_END, l->text + l->length, 0, l->text + l->length, 0};
  }
  unsigned char c = peek(l, 0);
  if ((c == 'x' || c == 'X') && peek(l, 1) == '\'') {
    return take_quoted(l, HRT_TOKEN_BLOB, 2, '\'');
  }
  if (c == '\'') {
    return take_quoted(l, HRT_TOKEN_STRING, 1, '\'');
  }
  if (c == '"' || c == '`' || c == '[') {
    return take_quoted(l, HRT_TOKEN_QUOTED, 1, c == '[' ? ']' : (char)c);
  }
  if (c == '$') {
    return take_dollar(l);
  }
  if (is_letter(c)) {
    return take(l, HRT_TOKEN_WORD, run(l, is_word), 0, 0);
  }
  if (is_digit(c)) {
    return take(l, HRT_TOKEN_NUMBER, run(l, is_number), 0, 0);
  }
  return take(l, HRT_TOKEN_PUNCT, 1, 0, 0);
}

bool hrt_token_is(const hrt_token *token, const char *word) {
  return token->kind == HRT_TOKEN_WORD && strlen(word) == token->length &&
         strncasecmp(token->at, word, token->length) == 0;
}

bool hrt_token_punct(const hrt_token *token, char byte) {
  return token->kind == HRT_TOKEN_PUNCT && token->at[0] == byte;
}

ptrdiff_t hrt_token_copy(const hrt_token *token, char *out, size_t size) {
  bool quoted = token->kind == HRT_TOKEN_STRING || token->kind == HRT_TOKEN_QUOTED;
  char quote = quoted ? token->at[0] : 0;
  size_t used = 0;
  for (size_t i = 0; i < token->body_length; i++) {
    char c = token->body[i];
    if (c == 0 || used + 1 >= size) {
      return -1;
    }
    out[used++] = c;
    if (quoted && quote != '[' && c == quote) {
      i++; /* the second of a doubled quote */
    }
  }
  if (size == 0) {
    return -1;
  }
  out[used] = 0;
  return (ptrdiff_t)used;
}
