/* cli_parse.c - the tables of heliosc as compiler/cmdline/ takes them, and running the command that
 * a line names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static int (*const runs[])(hcc_cli *cli) = {
#define HCC_COMMAND(name, arguments, least, most, summary, text) hcc_cli_##name,
#include "commands.def"
#undef HCC_COMMAND
};

static const hcl_command commands[] = {
#define HCC_COMMAND(name, arguments, least, most, summary, text)                                   \
  {#name, arguments, summary, text, least, most},
#include "commands.def"
#undef HCC_COMMAND
};

#define ON(command) (1u << HCC_COMMAND_##command)
#define TRIES (ON(test) | ON(run) | ON(watch))
#define ALL HCL_ALL
static const char projects[] =
#define HCC_PROJECT(name, file, sdk, folder) "|" name
#include "languages.def"
    ;
#define HCC_PROJECTS (projects + 1)
static const hcl_row synonyms[] = {
#define HCC_ALSO(word, name) {word, name},
#include "languages.def"
};
const hcl_option hcc_options[HCC_OPTIONS] = {
#define HCC_OPTION(id, letter, name, commands, value, choices, help)                               \
  {name, letter, commands, value, choices, help},
#include "options.def"
#undef HCC_OPTION
};
_Static_assert(HCC_OPTIONS <= HCL_OPTIONS_MAX, "hcl_line has room for them");

static const hcl_exit exits[] = {
#define HCC_EXIT(code, meaning) {code, meaning},
#include "exits.def"
#undef HCC_EXIT
};

static const hcl_row variables[] = {
#define HCC_VARIABLE(name, meaning) {name, meaning},
#include "environment.def"
#undef HCC_VARIABLE
};

static const hcl_row examples[] = {
    {"heliosc add.c", "compile to add.so"},
    {"heliosc run add.c 1 2", "call it"},
    {"heliosc inspect add.wasm", "what is in it"},
    {"heliosc verify add.so", "seal and machine code"},
    {"heliosc doctor", "can this machine build?"},
};

/* Is a first word, which is no command, meant as a file to build? */
static bool is_file(const char *word, const char *nearest) {
  (void)nearest;
  return strcmp(word, "-") == 0 || strpbrk(word, "./") != NULL || access(word, F_OK) == 0;
}

#define BIT(option) (UINT64_C(1) << HCC_OPTION_##option)
#define REPEATED (BIT(include) | BIT(param) | BIT(grant))
#define COUNT(table) (sizeof(table) / sizeof *(table))
const hcl_program hcc_program = {
    .name = "heliosc",
    .title = "compiles WebAssembly procedures to native sandboxed plugins",
    .version = HELIOS_VERSION,
    .commands = commands,
    .command_count = HCC_COMMANDS,
    .options = hcc_options,
    .option_count = HCC_OPTIONS,
    .exits = exits,
    .exit_count = COUNT(exits),
    .variables = variables,
    .variable_count = COUNT(variables),
    .synonyms = synonyms,
    .synonym_count = COUNT(synonyms),
    .examples = examples,
    .example_count = COUNT(examples),
    .standard = HCC_COMMAND_build,
    .standard_usage = "FILE",
    .help_option = HCC_OPTION_help,
    .repeated = REPEATED,
    .see_also = "helios",
    .is_argument = is_file,
};

/* Fills *cli; -1 to go on, else an exit code (it has complained). */
static int parse(hcc_cli *cli, int argc, char **argv) {
  hcl_line *line = &cli->line;
  *cli = (hcc_cli){.command = HCC_COMMAND_help, .line.repeats = line->repeats};
  bool good = hcl_parse(line, &hcc_program, argc, argv);
  cli->json = line->json;
  cli->color_out = line->color_out;
  cli->color_err = line->color_err;
  if (!good) {
    return hcc_cli_usage(cli, line->hint, "%s", line->text);
  }
  cli->command = (enum hcc_command_id)line->command;
  cli->values = line->values;
  cli->args = line->args;
  cli->arg_count = line->arg_count;
  cli->quiet = line->values[HCC_OPTION_quiet] != NULL;
  cli->verbose = line->values[HCC_OPTION_verbose] != NULL;
  if (line->values[HCC_OPTION_version] != NULL) {
    return hcc_cli_version(cli);
  }
  if (line->values[HCC_OPTION_help] != NULL) {
    hcl_help_option(stdout, &hcc_program, line, line->named);
    return 0;
  }
  if (!line->named) {
    return hcc_cli_usage(cli, "heliosc FILE builds a plugin, heliosc --help shows all",
                         "no command");
  }
  return hcl_fits(line, &hcc_program) ? -1 : hcc_cli_usage(cli, line->hint, "%s", line->text);
}

uint32_t hcc_cli_values(const char **out, uint32_t most, const hcc_cli *cli,
                        enum hcc_option_id id) {
  uint32_t count = 0;
  for (int i = 0; i < cli->line.repeat_count; i++) {
    if (cli->line.repeats[i].option == (size_t)id && count < most) {
      out[count++] = cli->line.repeats[i].value;
    }
  }
  return count;
}

int hcc_cli_main(int argc, char **argv) {
  hcc_cli cli = {.line.repeats = calloc((size_t)argc + 1, sizeof *cli.line.repeats)};
  hcl_value *repeats = cli.line.repeats;
  int status = repeats == NULL ? hcc_code_exit(HCC_E_NO_MEMORY) : parse(&cli, argc, argv);
  if (status < 0) {
    status = runs[cli.command](&cli);
  }
  if ((fflush(stdout) != 0 || ferror(stdout) || cli.failed_output) && status == 0) {
    hcc_error err = {0};
    hcc_fail(&err, HCC_E_IO, HCC_NO_OFFSET, "can't write to standard output");
    cli.json = false;
    status = hcc_cli_error(&cli, &err, NULL);
  }
  free(repeats);
  return status;
}
