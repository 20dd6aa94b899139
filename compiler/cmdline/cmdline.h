/* cmdline.h - the command line of a program from its tables: parser, help, man page, completion.
 * Shared by heliosc and helios; knows neither. Prints nothing on its own: a wrong command line is a
 * text and a hint for the program to report.
 *
 * A command's name may be two words, "procedure list". Invariant: what the tables don't have is
 * refused, and no byte of an argument reaches the texts unescaped. */
#ifndef HCL_CMDLINE_H
#define HCL_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct hcl_command {
  const char *name, *arguments, *summary, *text;
  int least, most; /* arguments */
} hcl_command;

#define HCL_ALL UINT32_MAX /* commands of an option that each one takes */

typedef struct hcl_option {
  const char *name;
  char letter;       /* 0: none */
  uint32_t commands; /* bit n: command n */
  const char *value; /* NULL: a flag */
  const char *choices, *help;
} hcl_option;

typedef struct hcl_exit {
  int code;
  const char *meaning;
} hcl_exit;

typedef struct hcl_row {
  const char *term, *text;
} hcl_row;

typedef struct hcl_program {
  const char *name, *title, *version;
  const hcl_command *commands;
  const hcl_option *options;
  const hcl_exit *exits;
  const hcl_row *variables, *examples;
  const hcl_row *synonyms; /* of a choice: the word, and what it is taken for */
  size_t command_count, option_count, exit_count, variable_count, example_count, synonym_count;
  size_t standard;            /* the command of a line that names none */
  size_t help_option;         /* -h and --help */
  uint64_t repeated;          /* bit n: option n may be given more than once */
  const char *standard_usage; /* its arguments */
  const char *see_also;
  /* Is a first word that is no command an argument of the standard one? nearest: the command that
   * it may be meant as, or NULL. */
  bool (*is_argument)(const char *word, const char *nearest);
} hcl_program;

#define HCL_OPTIONS_MAX 64

typedef struct hcl_value {
  size_t option;
  const char *value;
} hcl_value;

typedef struct hcl_line {
  size_t command;
  const char *values[HCL_OPTIONS_MAX]; /* NULL: not given; "" for a flag, "-h" for that of help */
  const char *const *args;             /* behind the command */
  int arg_count;
  bool named; /* the line has a word */
  bool json, color_out, color_err;
  hcl_value *repeats; /* given by the caller: room for argc of them, if an option may repeat */
  int repeat_count;
  char text[192], hint[128]; /* what is wrong */
} hcl_line;

/* Fills *line from argv, which it reorders. False: text and maybe hint say what is wrong. */
bool hcl_parse(hcl_line *line, const hcl_program *p, int argc, char **argv);
/* Are the options and the number of arguments those of the command? */
bool hcl_fits(hcl_line *line, const hcl_program *p);
/* The command that the words name, and how many words that takes; command_count if none. */
size_t hcl_find(const hcl_program *p, const char *const *words, int count, int *taken);
/* Name of the program's command i, for hcl_nearest. */
const char *hcl_command_name(const void *program, size_t i);

/* help.c: in lines of 80 columns at most. */
/* The command help, which has the options man and all; its arguments name a command, or the first
 * word of several. False: text and maybe hint say that there is none. */
bool hcl_help(FILE *out, const hcl_program *p, hcl_line *line, size_t man, size_t all);
/* -h and --help: about the line's command, if of_command, else all; -h of no command is short. */
void hcl_help_option(FILE *out, const hcl_program *p, const hcl_line *line, bool of_command);
/* Text in lines, each begun with indent spaces (the first only if column is 0). */
void hcl_wrap(FILE *out, const char *text, int column, int indent);

/* man.c: a page for man(1). */
void hcl_man(FILE *out, const hcl_program *p);

/* completion.c: a script for bash, zsh or fish. False: another shell. */
bool hcl_completion(FILE *out, const hcl_program *p, const char *shell);

/* text.c */
/* The name whose first word is nearest to `word` within two edits, or begins with it; or NULL.
 * name(arg, i) for i from 0 until NULL; "" is skipped. */
const char *hcl_nearest(const char *word, const char *(*name)(const void *arg, size_t i),
                        const void *arg);
/* Printable ASCII stays, all else becomes \xNN; cut at size with "...". Returns out. */
const char *hcl_clean(char *out, size_t size, const char *text);

#define HCL_STYLES(X)                                                                              \
  X(PLAIN, "") X(BOLD, "1") X(ERROR, "1;31") X(WARN, "1;33") X(GOOD, "32") X(DIM, "2")
enum hcl_style {
#define X(name, code) HCL_STYLE_##name,
  HCL_STYLES(X)
#undef X
};
/* Escape sequence that begins a style, or "" without colour; HCL_STYLE_PLAIN ends one. */
const char *hcl_style(bool color, enum hcl_style style);
/* Is the terminal one for colours, by NO_COLOR, CLICOLOR_FORCE and TERM? */
bool hcl_color(int fd);

/* progress.c: shows steps on stderr, if it is a terminal, once they last. One at a time. */
typedef struct hcl_progress hcl_progress;
hcl_progress *hcl_progress_begin(bool color, unsigned first_ms); /* NULL: nothing will be shown */
void hcl_progress_step(void *progress, const char *step);        /* step: static text */
void hcl_progress_end(hcl_progress *progress);                   /* takes NULL */

#endif
