/* parse.c - what every part of the parser is made of: the token under the eye, names, numbers, and
 * errors that say where. See parse.h.
 *
 * Invariant: every error has the byte offset of its token. */
#include <string.h>

#include "ddl/parse.h"
#include "plugin/nearest.h"

uint32_t hrt_parse_offset(const hrt_parser *p, const hrt_token *t) {
  return (uint32_t)(t->at - p->lexer.text);
}

void hrt_parse_advance(hrt_parser *p) {
  p->token = hrt_lexer_next(&p->lexer);
}

bool hrt_parse_at_end(const hrt_parser *p) {
  return p->token.kind == HRT_TOKEN_END || hrt_token_punct(&p->token, ';');
}

int hrt_parse_fail(hrt_parser *p, const hrt_token *t, const char *what, const char *expected) {
  char escaped[HRT_ESCAPED];
  int status;
  if (t->kind == HRT_TOKEN_UNTERMINATED) {
    status = hrt_fail(p->err, HELIOS_E_SYNTAX, "syntax error at byte %u: %s never ends",
                      hrt_parse_offset(p, t),
                      hrt_escape(escaped, t->at, t->length < 16 ? t->length : 16));
  } else if (t->kind == HRT_TOKEN_END || hrt_token_punct(t, ';')) {
    status = hrt_fail(p->err, HELIOS_E_SYNTAX, "syntax error at the end of the statement: %s%s",
                      what, expected);
  } else {
    status =
        hrt_fail(p->err, HELIOS_E_SYNTAX, "syntax error at \"%s\" (byte %u): %s%s",
                 hrt_escape(escaped, t->at, t->length), hrt_parse_offset(p, t), what, expected);
  }
  if (p->err != NULL) {
    p->err->offset = hrt_parse_offset(p, t);
  }
  return status;
}

int hrt_parse_expected(hrt_parser *p, const char *what) {
  return hrt_parse_fail(p, &p->token, "expected ", what);
}

int hrt_parse_expected_word(hrt_parser *p, const char *what, const char *const *words) {
  int status = hrt_parse_expected(p, what);
  hrt_nearest near;
  if (p->token.kind != HRT_TOKEN_WORD) {
    return status;
  }
  hrt_nearest_begin(&near, p->token.at, p->token.length);
  for (; *words; words++) {
    hrt_nearest_try(&near, *words);
  }
  if (near.best != NULL) {
    hrt_hint(p->err, "did you mean %s?", near.best);
  }
  return status;
}

int hrt_parse_unsupported(hrt_parser *p, const char *clause) {
  int status = hrt_fail(p->err, HELIOS_E_SYNTAX, "not supported yet: %s", clause);
  if (p->err != NULL) {
    p->err->offset = hrt_parse_offset(p, &p->token);
  }
  return status;
}

bool hrt_parse_accept_word(hrt_parser *p, const char *word) {
  if (!hrt_token_is(&p->token, word)) {
    return false;
  }
  hrt_parse_advance(p);
  return true;
}

bool hrt_parse_accept_punct(hrt_parser *p, char byte) {
  if (!hrt_token_punct(&p->token, byte)) {
    return false;
  }
  hrt_parse_advance(p);
  return true;
}

int hrt_parse_need_word(hrt_parser *p, const char *word) {
  const char *const words[] = {word, NULL};
  return hrt_parse_accept_word(p, word) ? 0 : hrt_parse_expected_word(p, word, words);
}

int hrt_parse_need_punct(hrt_parser *p, char byte) {
  const char what[] = {'\'', byte, '\'', 0};
  return hrt_parse_accept_punct(p, byte) ? 0 : hrt_parse_expected(p, what);
}

static bool is_name(const hrt_token *t) {
  return t->kind == HRT_TOKEN_WORD || t->kind == HRT_TOKEN_QUOTED;
}

static bool printable(const char *text) {
  for (; *text; text++) {
    if ((unsigned char)*text < 0x20 || *text == 0x7f) {
      return false;
    }
  }
  return true;
}

int hrt_parse_copy(hrt_parser *p, char *out, size_t size, const char *what) {
  if (hrt_token_copy(&p->token, out, size) <= 0 || !printable(out)) {
    return hrt_parse_fail(p, &p->token, what, " is empty, too long or has control characters");
  }
  hrt_parse_advance(p);
  return 0;
}

int hrt_parse_name(hrt_parser *p, char out[HRT_NAME_BYTES], const char *what) {
  return is_name(&p->token) ? hrt_parse_copy(p, out, HRT_NAME_BYTES, what)
                            : hrt_parse_expected(p, what);
}

int hrt_parse_string(hrt_parser *p, char *out, size_t size, const char *what) {
  return p->token.kind == HRT_TOKEN_STRING ? hrt_parse_copy(p, out, size, what)
                                           : hrt_parse_expected(p, what);
}

int hrt_parse_uint(hrt_parser *p, uint32_t *out, uint32_t max, const char *what) {
  uint64_t value = 0;
  const hrt_token *t = &p->token;
  if (t->kind != HRT_TOKEN_NUMBER) {
    return hrt_parse_expected(p, what);
  }
  for (size_t i = 0; i < t->length; i++) {
    if (t->at[i] < '0' || t->at[i] > '9' || value > max) {
      return hrt_parse_expected(p, what);
    }
    value = value * 10 + (uint64_t)(t->at[i] - '0');
  }
  if (value > max) {
    return hrt_parse_expected(p, what);
  }
  *out = (uint32_t)value;
  hrt_parse_advance(p);
  return 0;
}
