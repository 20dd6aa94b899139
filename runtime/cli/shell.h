/* shell.h - the helios program: a shell for SQLite databases with procedures. main.c reads options,
 * input.c statements, run.c runs them, render.c and table.c show rows, dot.c is the commands that
 * are not SQL. Uses the public API and sqlite3 only.
 *
 * Rows go to stdout, errors, log lines and times to stderr. Invariant: no control character of the
 * database reaches a terminal, whatever the mode. */
#ifndef HELIOS_SHELL_H
#define HELIOS_SHELL_H

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>

#include "helios/helios.h"

enum sh_mode {
#define SH_MODE(name, whole) SH_MODE_##name,
#include "modes.def"
#undef SH_MODE
  SH_MODES
};

typedef struct shell {
  helios *h;
  enum sh_mode mode;
  bool headers, timer, bail, json, quiet;
  bool interactive;   /* prompts: both ends are a terminal */
  bool plain_out;     /* stdout is no terminal */
  bool color;         /* of stderr */
  bool quit;          /* .quit, or an error with bail */
  int errors;         /* statements that failed */
  int depth;          /* of .read */
  const char *source; /* file that statements come from, NULL: -c or a terminal */
  unsigned long line; /* where the statement begins, from 1; 0: not known */
} shell;

/* Set by Ctrl-C; a running statement is interrupted at once. */
extern volatile sig_atomic_t sh_interrupted;

/* buf.c: a growing text. After a failed allocation it is empty and failed. */
typedef struct sh_buf {
  char *data; /* NUL-terminated; NULL when empty */
  size_t size, room;
  bool failed;
} sh_buf;
void sh_buf_add(sh_buf *b, const char *text, size_t n);
void sh_buf_text(sh_buf *b, const char *text);
void sh_buf_clear(sh_buf *b); /* keeps the room */
void sh_buf_free(sh_buf *b);

/* cut.c: the length of the first statement of text, its ';' included. *complete: it has one;
 * else the length is that of the text. *blank: nothing but spaces and comments. */
size_t sh_cut(const char *text, size_t length, bool *complete, bool *blank);

/* text.c */
/* Appends text without control characters: ^X, and \u{202e} for the ones that hide or reorder.
 * lines: newline and tab stay. Returns the columns that it takes on a terminal. */
size_t sh_show(sh_buf *out, const char *text, size_t length, bool lines);

/* run.c: runs the statements in sql, which lies at sh->line. */
void sh_run(shell *sh, const char *sql);
void sh_error(shell *sh, const helios_error *err, const char *sql);
void sh_say_error(shell *sh, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* input.c: statements and dot commands up to the end of the stream. */
void sh_input(shell *sh, FILE *stream);
int sh_file(shell *sh, const char *path); /* 0, or 1 if it can't be opened */

/* dot.c: a line that begins with a dot. */
void sh_dot(shell *sh, const char *line);
/* False if there is no such mode. */
bool sh_set_mode(shell *sh, const char *name);

/* render.c: shows the rows of one statement. */
typedef struct sh_view sh_view;
sh_view *sh_view_new(shell *sh, sqlite3_stmt *stmt); /* NULL without memory */
bool sh_view_row(sh_view *v, sqlite3_stmt *stmt);    /* false without memory */
void sh_view_end(sh_view *v);                        /* shows what is left; frees it; takes NULL */

/* table.c: a whole result for modes box, column, markdown. */
typedef struct sh_table sh_table;
sh_table *sh_table_new(enum sh_mode mode, int columns);
bool sh_table_cell(sh_table *t, const char *text, size_t length, bool number);
void sh_table_print(const sh_table *t);
void sh_table_free(sh_table *t);

#endif
