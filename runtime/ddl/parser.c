/* parser.c - recursive descent over lexer.h's tokens; docs/sql.md has the grammar. This file has
 * the statements; parse_create.c, parse_alter.c and parse_source.c the longer parts of them.
 *
 * Invariants: every error has the byte offset of its token; nothing that was written is ignored. */
#include <string.h>

#include "ddl/parse.h"

static int parse_drop(hrt_parser *p) {
  int status = 0;
  p->ddl->action = HRT_DDL_DROP;
  if (hrt_parse_accept_word(p, "IF")) {
    HRT_TRY(hrt_parse_need_word(p, "EXISTS"));
    p->ddl->if_exists = true;
  }
  HRT_TRY(hrt_parse_name(p, p->ddl->def.name, "the procedure's name"));
  p->ddl->cascade = hrt_parse_accept_word(p, "CASCADE");
  if (!p->ddl->cascade) {
    (void)hrt_parse_accept_word(p, "RESTRICT");
  }
out:
  return status;
}

/* The arguments are any SQL expressions: only their brackets are counted here. */
static int parse_call(hrt_parser *p) {
  unsigned depth = 1;
  int status = 0;
  p->ddl->action = HRT_DDL_CALL;
  HRT_TRY(hrt_parse_name(p, p->ddl->def.name, "the procedure's name"));
  p->ddl->call = hrt_parse_offset(p, &p->token);
  HRT_TRY(hrt_parse_need_punct(p, '('));
  for (;;) {
    if (p->token.kind == HRT_TOKEN_UNTERMINATED || hrt_parse_at_end(p)) {
      return hrt_parse_expected(p, "')'");
    }
    depth += hrt_token_punct(&p->token, '(');
    depth -= hrt_token_punct(&p->token, ')');
    if (depth == 0) {
      break;
    }
    hrt_parse_advance(p);
  }
  p->ddl->call_length = hrt_parse_offset(p, &p->token) + 1 - p->ddl->call;
  hrt_parse_advance(p);
out:
  return status;
}

static int parse_object(hrt_parser *p, int (*rest)(hrt_parser *p)) {
  static const char *const words[] = {"PROCEDURE", "FUNCTION", "AGGREGATE", NULL};
  p->ddl->def.function = hrt_token_is(&p->token, "FUNCTION");
  p->ddl->def.aggregate = hrt_token_is(&p->token, "AGGREGATE");
  for (const char *const *word = words; *word; word++) {
    if (hrt_parse_accept_word(p, *word)) {
      return rest(p);
    }
  }
  return hrt_parse_expected_word(p, "PROCEDURE, FUNCTION or AGGREGATE", words);
}

static int parse_drop_extension(hrt_parser *p) {
  int status = parse_drop(p);
  p->ddl->action = HRT_DDL_DROP_EXTENSION;
  return status;
}

/* CREATE and DROP: the word was read. */
static bool accept_extension(hrt_parser *p) {
  return !p->ddl->or_replace && hrt_parse_accept_word(p, "EXTENSION");
}

static int parse_statement(hrt_parser *p) {
  static const char *const words[] = {"CREATE", "ALTER", "DROP", "CALL", NULL};
  int status = 0;
  if (hrt_parse_accept_word(p, "CREATE")) {
    if (hrt_parse_accept_word(p, "OR")) {
      HRT_TRY(hrt_parse_need_word(p, "REPLACE"));
      p->ddl->or_replace = true;
    }
    HRT_TRY(accept_extension(p) ? hrt_parse_create_extension(p)
                                : parse_object(p, hrt_parse_create));
  } else if (hrt_parse_accept_word(p, "ALTER")) {
    HRT_TRY(parse_object(p, hrt_parse_alter));
  } else if (hrt_parse_accept_word(p, "DROP")) {
    HRT_TRY(accept_extension(p) ? parse_drop_extension(p) : parse_object(p, parse_drop));
  } else if (hrt_parse_accept_word(p, "CALL")) {
    HRT_TRY(parse_call(p));
  } else {
    HRT_TRY(hrt_parse_expected_word(p, "CREATE, ALTER, DROP or CALL", words));
  }
  if (!hrt_parse_at_end(p)) {
    HRT_TRY(hrt_parse_expected(p, "the end of the statement"));
  }
out:
  return status;
}

int hrt_ddl_parse(hrt_ddl *out, const char *text, size_t length, helios_error *err) {
  hrt_parser p = {.ddl = out, .err = err};
  memset(out, 0, sizeof *out);
  out->whole = text;
  if (length > UINT32_MAX / 2) {
    return hrt_fail(err, HELIOS_E_SYNTAX, "the statement is longer than 2 GiB");
  }
  hrt_lexer_init(&p.lexer, text, length);
  hrt_parse_advance(&p);
  int status = parse_statement(&p);
  out->end = p.lexer.position;
  return status;
}
