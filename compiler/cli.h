/* cli.h - the heliosc program: parsed command line, output, and one function a command. The only
 * part of the compiler that prints.
 *
 * Data goes to stdout, talk to stderr; with --json one object a line goes to stdout and nothing
 * to stderr. Invariant: no byte of a file or of a name reaches a terminal unescaped. */
#ifndef HCC_CLI_H
#define HCC_CLI_H

#include <cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"

enum hcc_command_id {
#define HCC_COMMAND(name, arguments, least, most, summary, text) HCC_COMMAND_##name,
#include "commands.def"
#undef HCC_COMMAND
  HCC_COMMANDS
};

enum hcc_option_id {
#define HCC_OPTION(id, letter, name, commands, value, choices, help) HCC_OPTION_##id,
#include "options.def"
#undef HCC_OPTION
  HCC_OPTIONS
};

typedef struct hcc_cli {
  enum hcc_command_id command;
  const char *values[HCC_OPTIONS]; /* NULL: not given; "" for a flag */
  const char *const *args;
  int arg_count;
  bool json, quiet, verbose;
  bool color_out, color_err;
  bool failed_output; /* stdout could not be written */
} hcc_cli;

typedef struct hcc_command {
  const char *name, *arguments, *summary, *text;
  int least, most;
  int (*run)(hcc_cli *cli); /* exit code */
} hcc_command;

typedef struct hcc_option {
  const char *name;
  char letter;
  uint32_t commands; /* bit n: command n */
  const char *value, *choices, *help;
} hcc_option;

extern const hcc_command hcc_commands[HCC_COMMANDS];
extern const hcc_option hcc_options[HCC_OPTIONS];

/* main() without the signals. */
int hcc_cli_main(int argc, char **argv);

/* cli_parse.c: fills *cli; -1 to go on, else an exit code (it has complained). */
int hcc_cli_parse(hcc_cli *cli, int argc, char **argv);
/* The name nearest to `word` within two edits, or NULL. names[i] until NULL. */
const char *hcc_cli_nearest(const char *word, const char *(*name)(size_t i));

/* cli_out.c */
#define HCC_CLI_STYLES(X)                                                                          \
  X(PLAIN, "") X(BOLD, "1") X(ERROR, "1;31") X(WARN, "1;33") X(GOOD, "32") X(DIM, "2")
enum hcc_style {
#define X(name, code) HCC_STYLE_##name,
  HCC_CLI_STYLES(X)
#undef X
};
/* Escape sequence that begins a style, or "" without colour; HCC_STYLE_PLAIN ends one. */
const char *hcc_cli_style(bool color, enum hcc_style style);
/* printable ASCII stays, all else becomes \xNN; cut at size with "...". Returns out. */
const char *hcc_cli_clean(char *out, size_t size, const char *text);
void hcc_cli_print(hcc_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Talk, on stderr: not with --quiet or --json. */
void hcc_cli_say(hcc_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Reports an error in `file` (may be NULL); its exit code. */
int hcc_cli_error(hcc_cli *cli, const hcc_error *err, const char *file);
void hcc_cli_warn(hcc_cli *cli, const char *id, const char *text);
/* Wrong usage: exit code 2. hint may be NULL. */
int hcc_cli_usage(hcc_cli *cli, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* {"v":1,"type":type}, or NULL without memory, which the functions of cJSON take. */
cJSON *hcc_cli_object(const char *type);
void hcc_cli_emit(hcc_cli *cli, cJSON *object); /* one line on stdout; frees it */
/* 12.4 KiB */
#define HCC_CLI_SIZE 24
const char *hcc_cli_size(char out[HCC_CLI_SIZE], uint64_t bytes);

/* cli_help.c, cli_man.c, cli_completion.c */
void hcc_cli_help_command(hcc_cli *cli, enum hcc_command_id command);
void hcc_cli_help_all(hcc_cli *cli);
void hcc_cli_help_short(hcc_cli *cli);
void hcc_cli_man(hcc_cli *cli);
/* Prints text in lines of at most 80 columns, each begun with indent spaces (the first only if
 * column is 0). */
void hcc_cli_wrap(hcc_cli *cli, const char *text, int column, int indent);

/* cli_progress.c: shows steps on a terminal once they last. One at a time. */
typedef struct hcc_progress hcc_progress;
hcc_progress *hcc_progress_begin(hcc_cli *cli);           /* NULL if nothing shall be shown */
void hcc_progress_step(void *progress, const char *step); /* step: static text */
void hcc_progress_end(hcc_progress *progress);            /* takes NULL */

/* One a command */
#define HCC_COMMAND(name, arguments, least, most, summary, text) int hcc_cli_##name(hcc_cli *cli);
#include "commands.def"
#undef HCC_COMMAND

#endif
