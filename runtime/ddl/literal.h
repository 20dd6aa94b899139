/* literal.h - literals of SQL: NULL, TRUE, FALSE, numbers with or without a sign, 'text', X'..'.
 *
 * Invariant: what is taken for a literal is nothing else for SQLite, so it can stand in a statement
 * of the engine's own also when it comes from a stranger's catalog. */
#ifndef HRT_DDL_LITERAL_H
#define HRT_DDL_LITERAL_H

#include "ddl/lexer.h"

/* Takes the literal that begins with *token, the one that the lexer gave last; *token is then the
 * one behind it. *length: its bytes. False: there is none, and nothing was taken. */
bool hrt_literal_take(size_t *length, hrt_lexer *lexer, hrt_token *token);
/* Is the whole text one literal? */
bool hrt_literal_is(const char *text, size_t length);

#endif
