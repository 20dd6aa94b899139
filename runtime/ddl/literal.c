/* literal.c - see literal.h. The lexer cuts 1.5e-3 at its sign, as it knows no numbers, so numbers
 * are put together here. */
#include "ddl/literal.h"

#include "host/date.h"

static bool is_hex(const char *at, size_t length) {
  for (size_t i = 0; i < length; i++) {
    char c = at[i];
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
      return false;
    }
  }
  return length % 2 == 0;
}

static bool is_sign(const hrt_token *t) {
  return hrt_token_punct(t, '-') || hrt_token_punct(t, '+');
}

/* A number without its sign, from *t on; the lexer stands behind its first token. */
static bool take_number(hrt_lexer *l, const hrt_token *t) {
  const char *end = t->at + t->length;
  if (t->kind != HRT_TOKEN_NUMBER) {
    return false;
  }
  if (end[-1] == 'e' || end[-1] == 'E') {
    hrt_token sign = hrt_lexer_next(l), digits = hrt_lexer_next(l);
    if (!is_sign(&sign) || sign.at != end || digits.kind != HRT_TOKEN_NUMBER ||
        digits.at != end + 1) {
      return false;
    }
    end = digits.at + digits.length;
  }
  return hrt_decimal_is(t->at, (size_t)(end - t->at));
}

static bool take_word(const hrt_token *t) {
  return hrt_token_is(t, "NULL") || hrt_token_is(t, "TRUE") || hrt_token_is(t, "FALSE") ||
         t->kind == HRT_TOKEN_STRING ||
         (t->kind == HRT_TOKEN_BLOB && is_hex(t->body, t->body_length));
}

bool hrt_literal_take(size_t *length, hrt_lexer *lexer, hrt_token *token) {
  hrt_lexer l = *lexer;
  hrt_token t = *token;
  bool found = false;
  if (is_sign(&t)) {
    t = hrt_lexer_next(&l);
    found = take_number(&l, &t);
  } else {
    found = take_word(&t) || take_number(&l, &t);
  }
  if (found) {
    *length = (size_t)(l.text + l.position - token->at);
    *token = hrt_lexer_next(&l);
    *lexer = l;
  }
  return found;
}

bool hrt_literal_is(const char *text, size_t length) {
  hrt_lexer lexer;
  size_t taken;
  hrt_lexer_init(&lexer, text, length);
  hrt_token t = hrt_lexer_next(&lexer);
  return hrt_literal_take(&taken, &lexer, &t) && t.kind == HRT_TOKEN_END;
}
