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

#include "cmdline.h"
#include "error.h"
#include "message.h"

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
  hcl_line line;
  enum hcc_command_id command;
  const char *const *values; /* NULL: not given; "" for a flag */
  const char *const *args;
  int arg_count;
  bool json, quiet, verbose;
  bool color_out, color_err;
  bool failed_output; /* stdout could not be written */
} hcc_cli;

extern const hcl_option hcc_options[HCC_OPTIONS];
extern const hcl_program hcc_program;

/* main() without the signals. */
int hcc_cli_main(int argc, char **argv);

/* The values of an option that may be given more than once, in their order; how many. */
uint32_t hcc_cli_values(const char **out, uint32_t most, const hcc_cli *cli, enum hcc_option_id id);

/* cli_out.c */
void hcc_cli_print(hcc_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Talk, on stderr: not with --quiet or --json. */
void hcc_cli_say(hcc_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The steps of a task that lasts; not with --quiet or --json. NULL: nothing will be shown. */
hcl_progress *hcc_cli_progress(const hcc_cli *cli);
/* Reports an error in `file` (may be NULL); its exit code. */
int hcc_cli_error(hcc_cli *cli, const hcc_error *err, const char *file);
/* The same, with another hint than the code's; "": the code's. */
int hcc_cli_error_hint(hcc_cli *cli, const hcc_error *err, const char *file, const char *hint);
/* A listener that prints what the tools of a source say, with the line of the source. */
hcc_listener hcc_cli_listener(hcc_cli *cli);
/* Not with --quiet. */
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

/* One a command */
#define HCC_COMMAND(name, arguments, least, most, summary, text) int hcc_cli_##name(hcc_cli *cli);
#include "commands.def"
#undef HCC_COMMAND

#endif
