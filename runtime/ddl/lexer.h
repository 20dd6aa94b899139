/* lexer.h - tokens of SQL text, as SQLite cuts them, plus $tag$ quoting. Shared by the DDL parser,
 * by the scan for statements that are ours, and by the search for uses of a procedure in a schema.
 *
 * Invariants: never reads outside [text, text + length); always ends (each call consumes at least a
 * byte or answers HRT_TOKEN_END). Allocates nothing. */
#ifndef HRT_DDL_LEXER_H
#define HRT_DDL_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "plugin/error.h"

typedef enum hrt_token_kind {
  HRT_TOKEN_END,
  HRT_TOKEN_WORD,   /* identifier or keyword as written */
  HRT_TOKEN_QUOTED, /* "x", `x` or [x] */
  HRT_TOKEN_STRING, /* 'x' */
  HRT_TOKEN_BLOB,   /* X'..', not checked for hex digits */
  HRT_TOKEN_DOLLAR, /* $tag$ .. $tag$ */
  HRT_TOKEN_NUMBER,
  HRT_TOKEN_PUNCT,        /* any other byte */
  HRT_TOKEN_UNTERMINATED, /* a quote or comment without its end; reaches to the end of the text */
} hrt_token_kind;

typedef struct hrt_token {
  hrt_token_kind kind;
  const char *at; /* the whole token, with its quotes */
  size_t length;
  const char *body; /* between the quotes; == at if there are none */
  size_t body_length;
} hrt_token;

typedef struct hrt_lexer {
  const char *text;
  size_t length, position;
} hrt_lexer;

void hrt_lexer_init(hrt_lexer *lexer, const char *text, size_t length);
/* Skips spaces and comments and takes the next token. */
hrt_token hrt_lexer_next(hrt_lexer *lexer);

/* Is the token this unquoted word (ASCII, any case)? */
bool hrt_token_is(const hrt_token *token, const char *word);
/* Is the token this punctuation byte? */
bool hrt_token_punct(const hrt_token *token, char byte);

/* Copies the body without doubled quotes into out, with a NUL. Returns its length, or -1 if it does
 * not fit in size bytes or has a NUL in it. */
ptrdiff_t hrt_token_copy(const hrt_token *token, char *out, size_t size);

#endif
