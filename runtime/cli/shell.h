/* shell.h - the helios program: a shell for SQLite databases with procedures, and the operator's
 * commands. main.c has the tables and runs a command, session.c opens the database, input.c reads
 * statements (edit.c and complete.c from a terminal), run.c runs them, render.c and table.c show
 * rows, dot.c is the commands that are not SQL, query.c what several of them ask the database.
 * Uses the public API, sqlite3 and compiler/cmdline/ only.
 *
 * Rows go to stdout or where .output says, errors, log lines and times to stderr. Invariant: no
 * control character of the database reaches a terminal, whatever the mode, and JSON is valid,
 * whatever the data. */
#ifndef HELIOS_SHELL_H
#define HELIOS_SHELL_H

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>

#include "cmdline.h"
#include "helios/helios.h"

enum { SH_EXIT_SQL = 1, SH_EXIT_USAGE = 2, SH_EXIT_INTERRUPTED = 130 };

enum sh_mode {
#define SH_MODE(name, whole, help) SH_MODE_##name,
#include "modes.def"
#undef SH_MODE
  SH_MODES
};

enum sh_command_id {
#define SH_COMMAND(id, name, arguments, least, most, database, summary, text) SH_COMMAND_##id,
#include "commands.def"
#undef SH_COMMAND
  SH_COMMANDS
};

enum sh_option_id {
#define SH_OPTION(id, letter, name, commands, value, choices, help) SH_OPTION_##id,
#include "options.def"
#undef SH_OPTION
  SH_OPTIONS
};

typedef struct shell {
  hcl_line command_line;
  const char *database; /* NULL: none was named */
  helios *h;
  FILE *out;      /* of rows */
  char *out_path; /* .output; NULL: stdout */
  bool once;      /* out is for one statement */
  enum sh_mode mode;
  bool headers, timer, bail, json, quiet, changes, cost;
  bool interactive;   /* prompts: both ends are a terminal */
  bool plain_out;     /* out is no terminal */
  bool color;         /* of stderr */
  bool quit;          /* .quit, or an error with bail */
  int errors;         /* statements that failed */
  int depth;          /* of .read */
  char costed[24];    /* number of the statement whose cost was shown last */
  char *null_text;    /* .nullvalue; NULL: the mode's own */
  const char *source; /* file that statements come from, NULL: -c or a terminal */
  unsigned long line; /* where the statement begins, from 1; 0: not known */
} shell;

extern const hcl_program sh_program;

/* Set by Ctrl-C; a running statement is interrupted at once. */
extern volatile sig_atomic_t sh_interrupted;

/* One a command of commands.def; the exit code. */
#define SH_COMMAND(id, name, arguments, least, most, database, summary, text)                      \
  int sh_cmd_##id(shell *sh);
#include "commands.def"
#undef SH_COMMAND

/* The value of an option, NULL without it. */
const char *sh_option(const shell *sh, enum sh_option_id id);

/* session.c */
/* Opens the database and takes Ctrl-C. False: it has complained. */
bool sh_open(shell *sh, const char *path);
/* The database's own tables that have the names of the engine's virtual ones, and so would answer
 * in their place; to be freed by sqlite3_free; NULL: none. */
char *sh_hidden(shell *sh);
/* Closes it; the exit code, with that of what was done before. */
int sh_close(shell *sh, int code);
/* Where rows go; NULL: stdout. False: it has complained. */
bool sh_redirect(shell *sh, const char *path, bool once);
/* Wrong usage: exit code 2. hint may be NULL. */
int sh_usage(shell *sh, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Talk, on stderr: not with --quiet or --json. */
void sh_talk(const shell *sh, const char *format, ...) __attribute__((format(printf, 2, 3)));

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
const char *sh_buf_get(const sh_buf *b); /* never NULL */
/* As an SQL text 'it''s', or a name "a""b". */
void sh_buf_quoted(sh_buf *b, const char *text, char quote);

/* cut.c: the length of the first statement of text, its ';' included. *complete: it has one;
 * else the length is that of the text. *blank: nothing but spaces and comments. */
size_t sh_cut(const char *text, size_t length, bool *complete, bool *blank);

/* text.c */
/* Appends text without control characters: ^X, and \u{202e} for the ones that hide or reorder.
 * lines: newline and tab stay. Returns the columns that it takes on a terminal. */
size_t sh_show(sh_buf *out, const char *text, size_t length, bool lines);
/* Prints the same. */
void sh_print(FILE *out, const char *text);
/* Prints a JSON string (RFC 8259); bytes that are not UTF-8 become U+FFFD, hidden characters \u. */
void sh_json_string(FILE *out, const char *text, size_t length);
/* Prints JSON without blanks between its parts the same way: nothing hidden or invalid in it. */
void sh_json_raw(FILE *out, const char *text, size_t length);

/* run.c: runs the statements in sql, which lies at sh->line, and reports what fails. */
void sh_run(shell *sh, const char *sql);
/* Steps a statement to its end and shows its rows, in mode jsonl by shape, which may be NULL;
 * HELIOS_OK, or *err is filled. */
typedef struct sh_shape sh_shape;
int sh_step(shell *sh, sqlite3_stmt *stmt, const sh_shape *shape, helios_error *err);
void sh_error(shell *sh, const helios_error *err, const char *sql);
/* hint may be NULL. */
void sh_say_error(shell *sh, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* query.c: what the commands ask the database, from queries.def. */
enum sh_query_id {
#define SH_QUERY(id, type, json, sql, json_sql) SH_QUERY_##id,
#include "queries.def"
#undef SH_QUERY
  SH_QUERIES
};
#define SH_GIVEN 3
/* Shows the rows of a query in the mode of the shell, or complains; given are its ?1 to ?3, NULL
 * for none. */
void sh_query(shell *sh, enum sh_query_id id, const char *const given[SH_GIVEN]);
/* Is there a procedure of that name, or of one that is gone a row for the query? Else it has
 * complained. */
bool sh_knows(shell *sh, enum sh_query_id id, const char *name);
/* sh_query for what is asked about one procedure, which it must know: given[0]; NULL: about all. */
void sh_about(shell *sh, enum sh_query_id id, const char *const given[SH_GIVEN]);
/* The single value of a query of the database as text, to be freed by sqlite3_free; NULL: none. */
char *sh_ask(shell *sh, const char *sql, const char *first);
/* Why there is none: err's text. */
const char *sh_why(shell *sh, helios_error *err);

/* input.c: statements and dot commands up to the end of the stream. */
void sh_input(shell *sh, FILE *stream);
int sh_file(shell *sh, const char *path); /* 0, or 1 if it can't be opened */

/* edit.c: lines of a terminal, with history. NULL: none; the lines are read as they are then. */
typedef struct sh_editor sh_editor;
sh_editor *sh_edit_begin(shell *sh);
void sh_edit_end(sh_editor *e); /* takes NULL */
/* A line, valid until the next one; NULL at the end, and after Ctrl-C with sh_interrupted. */
const char *sh_edit_line(sh_editor *e, const char *prompt, size_t *length);
/* A statement to remember. */
void sh_edit_remember(sh_editor *e, const char *statement, size_t length);

/* complete.c: what may stand at the end of line[0, length) instead of its last word. */
typedef struct sh_words {
  char **words;
  size_t count, room;
  size_t typed; /* bytes of the line that they replace */
} sh_words;
void sh_complete(shell *sh, sh_words *out, const char *line, size_t length, bool first);
void sh_words_free(sh_words *w);

/* dot.c: a line that begins with a dot. */
void sh_dot(shell *sh, const char *line);
/* The names and arguments of its commands, by number; NULL behind the last. */
const char *sh_dot_name(const void *none, size_t i);
const char *sh_dot_arguments(size_t i);
/* False if there is no such mode. */
bool sh_set_mode(shell *sh, const char *name);
const char *sh_mode_name(const void *none, size_t i); /* NULL behind the last */

/* render.c: shows the rows of one statement. */
typedef struct sh_view sh_view;
struct sh_shape {   /* of the objects of mode jsonl; NULL: their columns, nothing else */
  const char *type; /* "type" of each, beside "v" */
  const char *json; /* names of columns that hold JSON, "a b" */
};
sh_view *sh_view_new(shell *sh, sqlite3_stmt *stmt, const sh_shape *shape); /* NULL: no memory */
bool sh_view_row(sh_view *v, sqlite3_stmt *stmt);                           /* false: no memory */
void sh_view_end(sh_view *v); /* shows what is left; frees it; takes NULL */

/* table.c: a whole result for modes box, column, markdown. */
typedef struct sh_table sh_table;
sh_table *sh_table_new(enum sh_mode mode, int columns);
bool sh_table_cell(sh_table *t, const char *text, size_t length, bool number);
void sh_table_print(const sh_table *t, FILE *out);
void sh_table_free(sh_table *t);

#endif
