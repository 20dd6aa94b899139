/* main.c - the helios program: its tables as compiler/cmdline/ takes them, the command that a line
 * names, and the database that it is about. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell.h"

enum database { NONE, CREATE, EXISTING, OPTIONAL };

static const struct {
  int (*run)(shell *sh);
  enum database database;
} runs[] = {
#define SH_COMMAND(id, name, arguments, least, most, database, summary, text)                      \
  {sh_cmd_##id, database},
#include "commands.def"
#undef SH_COMMAND
};

static const hcl_command commands[] = {
#define SH_COMMAND(id, name, arguments, least, most, database, summary, text)                      \
  {name, arguments, summary, text, least, most},
#include "commands.def"
#undef SH_COMMAND
};

#define ON(command) (UINT32_C(1) << SH_COMMAND_##command)
#define ALL HCL_ALL
static const char mode_choices[] =
#define SH_MODE(name, whole, help) "|" #name
#include "modes.def"
#undef SH_MODE
    ;
#define SH_MODE_CHOICES (mode_choices + 1)
static const hcl_option options[] = {
#define SH_OPTION(id, letter, name, commands, value, choices, help)                                \
  {name, letter, commands, value, choices, help},
#include "options.def"
#undef SH_OPTION
};
_Static_assert(SH_OPTIONS <= HCL_OPTIONS_MAX && SH_COMMANDS <= 32, "hcl_line has room for them");

static const hcl_exit exits[] = {
#define SH_EXIT(code, meaning) {code, meaning},
#include "exits.def"
#undef SH_EXIT
};

static const hcl_row variables[] = {
#define SH_VARIABLE(name, meaning) {name, meaning},
#include "environment.def"
#undef SH_VARIABLE
};

static const hcl_row examples[] = {
    {"helios shop.db", "a prompt"},
    {"helios shop.db -c 'SELECT tax(100)'", "one statement"},
    {"helios --json shop.db < report.sql", "a script"},
    {"helios procedure list shop.db", "what is in it"},
    {"helios doctor shop.db", "is all well?"},
};

/* Is a first word, which is no command, the name of a database? */
static bool is_database(const char *word, const char *nearest) {
  return nearest == NULL || strpbrk(word, "./:") != NULL || access(word, F_OK) == 0;
}

#define COUNT(table) (sizeof(table) / sizeof *(table))
const hcl_program sh_program = {
    .name = "helios",
    .title = "a shell for SQLite databases with WebAssembly procedures",
    .version = HELIOS_VERSION,
    .commands = commands,
    .command_count = SH_COMMANDS,
    .options = options,
    .option_count = SH_OPTIONS,
    .exits = exits,
    .exit_count = COUNT(exits),
    .variables = variables,
    .variable_count = COUNT(variables),
    .examples = examples,
    .example_count = COUNT(examples),
    .standard = SH_COMMAND_shell,
    .standard_usage = "[DATABASE]",
    .help_option = SH_OPTION_help,
    .repeated = UINT64_C(1) << SH_OPTION_command,
    .see_also = "heliosc",
    .is_argument = is_database,
};

const char *sh_option(const shell *sh, enum sh_option_id id) {
  return sh->command_line.values[id];
}

/* --db, HELIOS_DB, or the first argument. The shell has no other argument: there the argument is
 * stronger than HELIOS_DB. */
static void find_database(shell *sh) {
  hcl_line *line = &sh->command_line;
  const char *named = getenv("HELIOS_DB");
  bool shells = line->command == SH_COMMAND_shell || line->command == SH_COMMAND_doctor;
  sh->database = sh_option(sh, SH_OPTION_db);
  if (sh->database == NULL && named != NULL && named[0] != '\0' &&
      !(shells && line->arg_count > 0)) {
    sh->database = named;
  } else if (sh->database == NULL && runs[line->command].database != NONE && line->arg_count > 0) {
    sh->database = line->args[0];
    line->args++;
    line->arg_count--;
  }
}

static int check_database(shell *sh) {
  enum database wanted = runs[sh->command_line.command].database;
  const hcl_command *c = &commands[sh->command_line.command];
  bool optional =
      wanted == NONE || wanted == OPTIONAL || sh->command_line.command == SH_COMMAND_shell;
  char clean[200];
  if (sh->database == NULL) {
    return optional ? 0 : sh_usage(sh, NULL, "helios %s needs %s", c->name, c->arguments);
  }
  bool file = strchr(sh->database, ':') == NULL; /* :memory: and file: are SQLite's */
  if (file && (wanted == EXISTING || wanted == OPTIONAL) && access(sh->database, F_OK) != 0) {
    return sh_usage(sh, "the database is --db, HELIOS_DB or the first argument", "no database '%s'",
                    hcl_clean(clean, sizeof clean, sh->database));
  }
  return 0;
}

static void settings(shell *sh) {
  bool whole =
      sh->command_line.command != SH_COMMAND_shell && sh->command_line.command != SH_COMMAND_exec;
  sh->out = stdout;
  sh->plain_out = isatty(STDOUT_FILENO) != 1;
  sh->quiet = sh_option(sh, SH_OPTION_quiet) != NULL;
  sh->timer = sh_option(sh, SH_OPTION_timer) != NULL;
  sh->bail = sh_option(sh, SH_OPTION_bail) != NULL || sh->command_line.command == SH_COMMAND_exec;
  sh->headers = sh_option(sh, SH_OPTION_headers) != NULL || whole;
  sh->mode = sh->json ? (whole ? SH_MODE_jsonl : SH_MODE_json) : SH_MODE_list;
  if (whole && !sh->plain_out && !sh->json) {
    sh->mode = SH_MODE_box;
  }
  if (sh_option(sh, SH_OPTION_mode) != NULL) {
    sh_set_mode(sh, sh_option(sh, SH_OPTION_mode));
  }
}

static int run(shell *sh, int argc, char **argv) {
  hcl_line *line = &sh->command_line;
  bool good = hcl_parse(line, &sh_program, argc, argv);
  sh->json = line->json;
  sh->color = line->color_err;
  if (!good) {
    return sh_usage(sh, line->hint, "%s", line->text);
  }
  if (sh_option(sh, SH_OPTION_help) != NULL) {
    hcl_help_option(stdout, &sh_program, line, line->named && line->command != SH_COMMAND_shell);
    return 0;
  }
  if (sh_option(sh, SH_OPTION_version) != NULL) {
    return sh_cmd_version(sh);
  }
  find_database(sh);
  if (!hcl_fits(line, &sh_program)) {
    bool named = sh->database != NULL && sh->database == getenv("HELIOS_DB");
    return sh_usage(sh, named ? "HELIOS_DB names the database already" : line->hint, "%s",
                    line->text);
  }
  int code = check_database(sh);
  if (code != 0) {
    return code;
  }
  settings(sh);
  return runs[line->command].run(sh);
}

int main(int argc, char **argv) {
  shell sh = {.out = stdout};
  if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
    setlocale(LC_CTYPE, ""); /* for the widths of characters */
  }
  signal(SIGXFSZ, SIG_IGN); /* a file beyond RLIMIT_FSIZE is an error like a full disk */
  sh.command_line.repeats = calloc((size_t)argc + 1, sizeof *sh.command_line.repeats);
  hcl_value *repeats = sh.command_line.repeats;
  int code = repeats == NULL ? SH_EXIT_USAGE : run(&sh, argc, argv);
  if ((fflush(stdout) != 0 || ferror(stdout)) && code != SH_EXIT_INTERRUPTED) {
    fputs("error: can't write to standard output\n", stderr);
    code = code == 0 ? SH_EXIT_SQL : code;
  }
  free(repeats);
  free(sh.null_text);
  return code;
}
