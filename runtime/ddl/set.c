/* set.c - see set.h.
 *
 *   SET name {= | TO} {'text' | number | word | DEFAULT}
 *   SHOW {name | ALL}
 *   RESET {name | ALL}
 *
 * Must never take a statement that it has not understood to its end. */
#include "ddl/set.h"

#include <string.h>

#include "ddl/parse.h"
#include "plugin/alloc.h"

bool hrt_set_is(const char *text, size_t length) {
  hrt_lexer lexer;
  hrt_lexer_init(&lexer, text, length);
  hrt_token t = hrt_lexer_next(&lexer);
  return hrt_token_is(&t, "SET") || hrt_token_is(&t, "SHOW") || hrt_token_is(&t, "RESET");
}

/* word.word... */
static int parse_name(hrt_set *out, hrt_parser *p) {
  size_t used = 0;
  for (;;) {
    if (p->token.kind != HRT_TOKEN_WORD) {
      return hrt_parse_expected(p, "a name like app.tenant");
    }
    if (p->token.length + used + 2 > sizeof out->name) {
      return hrt_parse_fail(p, &p->token, "", "the name is too long");
    }
    memcpy(out->name + used, p->token.at, p->token.length);
    used += p->token.length;
    hrt_parse_advance(p);
    if (!hrt_parse_accept_punct(p, '.')) {
      break;
    }
    out->name[used++] = '.';
  }
  out->name[used] = 0;
  return 0;
}

/* A quoted text may have a quote doubled in it, so it gets no longer. */
static int take_value(hrt_set *out, hrt_parser *p, const char *sign) {
  size_t before = strlen(sign), room = p->token.body_length + before + 1;
  out->value = hrt_alloc(room);
  if (out->value == NULL) {
    return hrt_fail(p->err, HELIOS_E_MEMORY, "out of memory");
  }
  memcpy(out->value, sign, before);
  ptrdiff_t length = hrt_token_copy(&p->token, out->value + before, room - before);
  if (length < 0) {
    return hrt_parse_fail(p, &p->token, "", "a NUL in the text");
  }
  out->value_length = before + (size_t)length;
  hrt_parse_advance(p);
  return 0;
}

static int parse_value(hrt_set *out, hrt_parser *p) {
  const char *sign = "";
  if (hrt_parse_accept_word(p, "DEFAULT")) {
    out->action = HRT_SET_RESET;
    return 0;
  }
  if (hrt_parse_accept_punct(p, '-')) {
    sign = "-";
  } else {
    (void)hrt_parse_accept_punct(p, '+');
  }
  bool number = p->token.kind == HRT_TOKEN_NUMBER;
  bool text = p->token.kind == HRT_TOKEN_STRING || p->token.kind == HRT_TOKEN_WORD;
  return number || (text && *sign == 0) ? take_value(out, p, sign)
                                        : hrt_parse_expected(p, "a text, a number or a word");
}

static int parse_set(hrt_set *out, hrt_parser *p) {
  int status = parse_name(out, p);
  if (status == 0 && !hrt_parse_accept_punct(p, '=') && !hrt_parse_accept_word(p, "TO")) {
    status = hrt_parse_expected(p, "'=' or TO");
  }
  return status != 0 ? status : parse_value(out, p);
}

static int parse_statement(hrt_set *out, hrt_parser *p) {
  if (hrt_parse_accept_word(p, "SET")) {
    out->action = HRT_SET_SET;
    return parse_set(out, p);
  }
  out->action = hrt_parse_accept_word(p, "SHOW") ? HRT_SET_SHOW : HRT_SET_RESET;
  if (out->action == HRT_SET_RESET) {
    (void)hrt_parse_accept_word(p, "RESET");
  }
  out->all = hrt_parse_accept_word(p, "ALL");
  return out->all ? 0 : parse_name(out, p);
}

int hrt_set_parse(hrt_set *out, const char *text, size_t length, helios_error *err) {
  hrt_parser p = {.err = err};
  *out = (hrt_set){.value = NULL};
  if (length > UINT32_MAX / 2) {
    return hrt_fail(err, HELIOS_E_SYNTAX, "the statement is longer than 2 GiB");
  }
  hrt_lexer_init(&p.lexer, text, length);
  hrt_parse_advance(&p);
  int status = parse_statement(out, &p);
  if (status == 0 && !hrt_parse_at_end(&p)) {
    status = hrt_parse_expected(&p, "the end of the statement");
  }
  if (status != 0) {
    hrt_free(out->value);
    out->value = NULL;
  }
  out->end = p.lexer.position;
  return status;
}
