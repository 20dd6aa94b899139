/* procedure.h - what the commands `helios procedure ...` share. procedure.c and canary.c.
 *
 * Invariant: no word that was given is part of SQL but quoted, or checked to be a number, a type or
 * an option. */
#ifndef HELIOS_SHELL_PROCEDURE_H
#define HELIOS_SHELL_PROCEDURE_H

#include "shell.h"

/* Runs one of our statements; the exit code. step: what a terminal is told if it lasts; count: of
 * its row; both may be NULL. */
int sh_change(shell *sh, const sh_buf *sql, const char *step, sqlite3_int64 *count);
/* Says what was done: a line of talk, or the procedure as it is now. */
void sh_done(shell *sh, const char *what, const char *name);
/* Opens the database, runs `before`, the procedure's name and `after`, says so; the exit code. */
int sh_alter(shell *sh, const char *before, const char *after, const char *what);
/* The module or plugin in file as a source of SQL, "-" is standard input. False: it has complained.
 */
bool sh_add_source(shell *sh, sh_buf *sql, const char *file);
bool sh_is_number(const char *text);

#endif
