/* cli_parse.c - the command line by the tables commands.def and options.def, and running the
 * command. Must accept nothing that the tables don't have; a name that is nearly one of theirs gets
 * that one as a hint. Invariant: after success each value of an option with choices is one of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const hcc_command hcc_commands[HCC_COMMANDS] = {
#define HCC_COMMAND(name, arguments, least, most, summary, text)                                   \
  {#name, arguments, summary, text, least, most, hcc_cli_##name},
#include "commands.def"
#undef HCC_COMMAND
};

#define ON(command) (1u << HCC_COMMAND_##command)
#define ALL UINT32_MAX
const hcc_option hcc_options[HCC_OPTIONS] = {
#define HCC_OPTION(id, letter, name, commands, value, choices, help)                               \
  {name, letter, commands, value, choices, help},
#include "options.def"
#undef HCC_OPTION
};

/* Optimal string alignment distance of short names, 3 if it is more than 2. */
static int distance(const char *a, const char *b) {
  enum { MAX = 32 };
  int rows[3][MAX + 1];
  size_t n = strlen(a), m = strlen(b);
  if (n > MAX || m > MAX) {
    return 3;
  }
  for (size_t j = 0; j <= m; j++) {
    rows[0][j] = (int)j;
  }
  for (size_t i = 1; i <= n; i++) {
    int *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    now[0] = (int)i;
    for (size_t j = 1; j <= m; j++) {
      int best = last[j - 1] + (a[i - 1] != b[j - 1]);
      best = last[j] + 1 < best ? last[j] + 1 : best;
      best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        best = before[j - 2] + 1 < best ? before[j - 2] + 1 : best;
      }
      now[j] = best;
    }
  }
  return rows[n % 3][m];
}

const char *hcc_cli_nearest(const char *word, const char *(*name)(size_t i)) {
  const char *best = NULL, *candidate;
  int least = 3;
  for (size_t i = 0; (candidate = name(i)) != NULL; i++) {
    int d = distance(word, candidate);
    if (d < least && d < (int)strlen(candidate)) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

static const char *command_name(size_t i) {
  return i < HCC_COMMANDS ? hcc_commands[i].name : NULL;
}

static const char *option_name(size_t i) {
  return i < HCC_OPTIONS ? hcc_options[i].name : NULL;
}

/* "did you mean '<before><nearest>'?" into out, or NULL. */
static const char *suggest(char out[64], const char *word, const char *before,
                           const char *(*name)(size_t i)) {
  const char *nearest = hcc_cli_nearest(word, name);
  if (nearest == NULL) {
    return NULL;
  }
  snprintf(out, 64, "did you mean '%s%s'?", before, nearest);
  return out;
}

static int unknown_option(hcc_cli *cli, const char *shown, const char *name) {
  char hint[64], clean[80];
  return hcc_cli_usage(cli, suggest(hint, name, "--", option_name), "unknown option '%s'",
                       hcc_cli_clean(clean, sizeof clean, shown));
}

static bool is_choice(const char *choices, const char *value) {
  size_t n = strlen(value);
  for (; *choices != '\0'; choices += strcspn(choices, "|"), choices += *choices == '|') {
    if (strcspn(choices, "|") == n && strncmp(choices, value, n) == 0) {
      return true;
    }
  }
  return false;
}

static int set(hcc_cli *cli, const hcc_option *o, const char *value) {
  char clean[80];
  if (o->choices != NULL && !is_choice(o->choices, value)) {
    return hcc_cli_usage(cli, NULL, "--%s is one of %s, not '%s'", o->name, o->choices,
                         hcc_cli_clean(clean, sizeof clean, value));
  }
  cli->values[o - hcc_options] = value;
  return -1;
}

static const hcc_option *by_name(const char *name, size_t length) {
  for (size_t i = 0; i < HCC_OPTIONS; i++) {
    if (strlen(hcc_options[i].name) == length && memcmp(hcc_options[i].name, name, length) == 0) {
      return &hcc_options[i];
    }
  }
  return NULL;
}

static const hcc_option *by_letter(char letter) {
  for (size_t i = 0; i < HCC_OPTIONS; i++) {
    if (hcc_options[i].letter == letter && letter != 0) {
      return &hcc_options[i];
    }
  }
  return NULL;
}

/* argv[*at] is "--name", "--name=value" or "--name" "value". */
static int long_option(hcc_cli *cli, int argc, char **argv, int *at) {
  const char *name = argv[*at] + 2;
  size_t length = strcspn(name, "=");
  const hcc_option *o = by_name(name, length);
  char bare[40];
  if (o == NULL) {
    snprintf(bare, sizeof bare, "%.*s", (int)(length < 39 ? length : 39), name);
    return unknown_option(cli, argv[*at], bare);
  }
  if (o->value == NULL) {
    return name[length] == '=' ? hcc_cli_usage(cli, NULL, "--%s takes no value", o->name)
                               : set(cli, o, "");
  }
  if (name[length] == '=') {
    return set(cli, o, name + length + 1);
  }
  if (*at + 1 >= argc) {
    return hcc_cli_usage(cli, NULL, "--%s needs %s", o->name, o->value);
  }
  return set(cli, o, argv[++*at]);
}

/* argv[*at] is letters: flags, the last one maybe with a value behind it. */
static int short_options(hcc_cli *cli, int argc, char **argv, int *at) {
  char shown[3] = "-";
  int status = -1;
  for (const char *p = argv[*at] + 1; *p != '\0' && status < 0; p++) {
    const hcc_option *o = by_letter(*p);
    shown[1] = *p;
    if (o == NULL) {
      return unknown_option(cli, shown, shown + 1);
    }
    if (o->value != NULL) {
      if (p[1] == '\0' && *at + 1 >= argc) {
        return hcc_cli_usage(cli, NULL, "-%c needs %s", o->letter, o->value);
      }
      return set(cli, o, p[1] != '\0' ? p + 1 : argv[++*at]);
    }
    status = set(cli, o, "");
    if (o == &hcc_options[HCC_OPTION_help]) {
      cli->values[HCC_OPTION_help] = "-h";
    }
  }
  return status;
}

/* Options are set, all else is moved to the front of argv; *count is how many. */
static int options(hcc_cli *cli, int argc, char **argv, int *count) {
  int status = -1;
  *count = 0;
  for (int at = 1; at < argc && status < 0; at++) {
    if (strcmp(argv[at], "--") == 0) {
      for (at++; at < argc; at++) {
        argv[(*count)++] = argv[at];
      }
    } else if (strncmp(argv[at], "--", 2) == 0) {
      status = long_option(cli, argc, argv, &at);
    } else if (argv[at][0] == '-' && argv[at][1] != '\0') {
      status = short_options(cli, argc, argv, &at);
    } else {
      argv[(*count)++] = argv[at];
    }
  }
  return status;
}

/* How to report comes before what to report: errors of the rest obey these. */
static void early(hcc_cli *cli, int argc, char **argv) {
  const char *force = getenv("CLICOLOR_FORCE"), *no = getenv("NO_COLOR"), *term = getenv("TERM");
  bool forced = force != NULL && force[0] != '\0' && strcmp(force, "0") != 0;
  bool off = (no != NULL && no[0] != '\0') || (term != NULL && strcmp(term, "dumb") == 0);
  cli->color_out = forced || (!off && isatty(STDOUT_FILENO) == 1);
  cli->color_err = forced || (!off && isatty(STDERR_FILENO) == 1);
  for (int at = 1; at < argc && strcmp(argv[at], "--") != 0; at++) {
    cli->json |= strcmp(argv[at], "--json") == 0;
    if (strcmp(argv[at], "--color=always") == 0) {
      cli->color_out = cli->color_err = true;
    } else if (strcmp(argv[at], "--color=never") == 0) {
      cli->color_out = cli->color_err = false;
    }
  }
}

/* Is the first word, which is no command, meant as a file to build? */
static bool is_file(const char *word) {
  return strcmp(word, "-") == 0 || strpbrk(word, "./") != NULL || access(word, F_OK) == 0;
}

static int find_command(hcc_cli *cli, const char *word) {
  char hint[64], clean[80];
  for (size_t i = 0; i < HCC_COMMANDS; i++) {
    if (strcmp(hcc_commands[i].name, word) == 0) {
      cli->command = (enum hcc_command_id)i;
      cli->args++;
      cli->arg_count--;
      return -1;
    }
  }
  if (is_file(word)) {
    cli->command = HCC_COMMAND_build;
    return -1;
  }
  return hcc_cli_usage(cli, suggest(hint, word, "heliosc ", command_name),
                       "no command and no file '%s'", hcc_cli_clean(clean, sizeof clean, word));
}

/* Do the options and arguments fit the command? */
static int fits(hcc_cli *cli) {
  const hcc_command *c = &hcc_commands[cli->command];
  char clean[80];
  for (size_t i = 0; i < HCC_OPTIONS; i++) {
    if (cli->values[i] != NULL && (hcc_options[i].commands >> cli->command & 1) == 0) {
      return hcc_cli_usage(cli, NULL, "heliosc %s has no option --%s", c->name,
                           hcc_options[i].name);
    }
  }
  if (cli->arg_count < c->least) {
    return hcc_cli_usage(cli, NULL, "heliosc %s needs %s", c->name, c->arguments);
  }
  if (cli->arg_count > c->most) {
    return hcc_cli_usage(cli, NULL, "one argument too many: '%s'",
                         hcc_cli_clean(clean, sizeof clean, cli->args[c->most]));
  }
  return -1;
}

int hcc_cli_parse(hcc_cli *cli, int argc, char **argv) {
  int count;
  *cli = (hcc_cli){.command = HCC_COMMAND_help};
  early(cli, argc, argv);
  int status = options(cli, argc, argv, &count);
  cli->args = (const char *const *)argv;
  cli->arg_count = count;
  cli->quiet = cli->values[HCC_OPTION_quiet] != NULL;
  cli->verbose = cli->values[HCC_OPTION_verbose] != NULL;
  if (status < 0 && count > 0) {
    status = find_command(cli, argv[0]);
  }
  if (status >= 0) {
    return status;
  }
  if (cli->values[HCC_OPTION_version] != NULL) {
    return hcc_cli_version(cli);
  }
  if (cli->values[HCC_OPTION_help] != NULL) {
    if (count == 0 && cli->values[HCC_OPTION_help][0] == '-') {
      hcc_cli_help_short(cli);
    } else if (count == 0) {
      hcc_cli_help_all(cli);
    } else {
      hcc_cli_help_command(cli, cli->command);
    }
    return 0;
  }
  if (count == 0) {
    return hcc_cli_usage(cli, "heliosc FILE builds a plugin, heliosc --help shows all",
                         "no command");
  }
  return fits(cli);
}

int hcc_cli_main(int argc, char **argv) {
  hcc_cli cli;
  int status = hcc_cli_parse(&cli, argc, argv);
  if (status < 0) {
    status = hcc_commands[cli.command].run(&cli);
  }
  if ((fflush(stdout) != 0 || cli.failed_output) && status == 0) {
    hcc_error err = {0};
    hcc_fail(&err, HCC_E_IO, HCC_NO_OFFSET, "can't write to standard output");
    cli.json = false;
    status = hcc_cli_error(&cli, &err, NULL);
  }
  return status;
}
