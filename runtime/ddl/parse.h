/* parse.h - shared by the parser's files only: its state, and how they look at tokens and refuse.
 *
 * Invariant: a function that answers with a status has set *err, with the offset of the token that
 * it could not take, whenever that is not 0. */
#ifndef HRT_DDL_PARSE_H
#define HRT_DDL_PARSE_H

#include "ddl/ddl.h"
#include "ddl/lexer.h"

typedef struct hrt_parser {
  hrt_lexer lexer;
  hrt_token token; /* the one under the eye */
  hrt_ddl *ddl;
  uint32_t clauses_seen; /* bits of parse_create.c's clauses[] */
  hrt_token clause_at[16];
  bool null_rule_given; /* STRICT or CALLED */
  helios_error *err;
} hrt_parser;

/* ---- parse.c ---- */
uint32_t hrt_parse_offset(const hrt_parser *p, const hrt_token *t);
void hrt_parse_advance(hrt_parser *p);
bool hrt_parse_at_end(const hrt_parser *p);

/* "syntax error at ...: <what><expected>". */
int hrt_parse_fail(hrt_parser *p, const hrt_token *t, const char *what, const char *expected);
/* "expected <what>" at the token under the eye. */
int hrt_parse_expected(hrt_parser *p, const char *what);
/* The same, with a hint when the token is nearly one of the words (NULL after the last). */
int hrt_parse_expected_word(hrt_parser *p, const char *what, const char *const *words);
/* "not supported yet: <clause>". */
int hrt_parse_unsupported(hrt_parser *p, const char *clause);

/* accept: takes the token if it is that; need: else an error. */
bool hrt_parse_accept_word(hrt_parser *p, const char *word);
bool hrt_parse_accept_punct(hrt_parser *p, char byte);
int hrt_parse_need_word(hrt_parser *p, const char *word);
int hrt_parse_need_punct(hrt_parser *p, char byte);

/* The token's text without quotes; printable and not empty. */
int hrt_parse_copy(hrt_parser *p, char *out, size_t size, const char *what);
int hrt_parse_name(hrt_parser *p, char out[HRT_NAME_BYTES], const char *what);
int hrt_parse_string(hrt_parser *p, char *out, size_t size, const char *what);
int hrt_parse_uint(hrt_parser *p, uint32_t *out, uint32_t max, const char *what);

/* ---- parse_source.c ---- */
int hrt_parse_source(hrt_parser *p);

/* ---- parse_create.c ---- */
int hrt_parse_create(hrt_parser *p);
int hrt_parse_create_extension(hrt_parser *p);
int hrt_parse_profile(hrt_parser *p);
int hrt_parse_capability(hrt_parser *p); /* one in '..' */
int hrt_parse_option(hrt_parser *p);

/* ---- parse_alter.c ---- */
int hrt_parse_alter(hrt_parser *p);

#endif
