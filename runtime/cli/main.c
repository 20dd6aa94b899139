/* main.c - the helios program: options, opening the database, signals, exit codes. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell.h"

enum { EXIT_SQL = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

enum option_id {
#define SH_OPTION(id, letter, name, value, help) OPTION_##id,
#include "options.def"
#undef SH_OPTION
  OPTIONS
};

static const struct option {
  char letter;
  const char *name, *value, *help;
} options[] = {
#define SH_OPTION(id, letter, name, value, help) {letter, name, value, help},
#include "options.def"
#undef SH_OPTION
};

struct arguments {
  const char *values[OPTIONS];
  const char *database;
  char **commands; /* values of -c in order */
  int command_count;
};

volatile sig_atomic_t sh_interrupted;
static sqlite3 *volatile interruptible;

static void on_interrupt(int number) {
  (void)number;
  sh_interrupted = 1;
  if (interruptible != NULL) {
    sqlite3_interrupt(interruptible);
  }
}

static void help(void) {
  puts("helios [options] [DATABASE]\n\nA shell for SQLite databases with WebAssembly procedures. "
       "Without DATABASE: one\nin memory. Without -c and -f: statements from standard input.\n\n"
       "  helios shop.db                        a prompt\n"
       "  helios shop.db -c 'SELECT tax(100)'   one statement\n"
       "  helios --json shop.db < report.sql    a script\n");
  for (int i = 0; i < OPTIONS; i++) {
    char term[40], letter[8] = "    ";
    if (options[i].letter != 0) {
      snprintf(letter, sizeof letter, "-%c, ", options[i].letter);
    }
    snprintf(term, sizeof term, "%s--%s%s%s", letter, options[i].name,
             options[i].value == NULL ? "" : "=", options[i].value == NULL ? "" : options[i].value);
    printf("  %-20s %s\n", term, options[i].help);
  }
  puts(
      "\nExit code: 0 done, 1 a statement failed, 2 wrong usage or no such file, 130 interrupted.");
}

static int usage(const char *format, const char *word) {
  sh_buf clean = {.data = NULL};
  sh_show(&clean, word, strlen(word), false);
  fputs("error: ", stderr);
  fprintf(stderr, format, clean.data == NULL ? "" : clean.data);
  fputs("\n  hint: see helios --help\n", stderr);
  sh_buf_free(&clean);
  return EXIT_USAGE;
}

static int take_value(struct arguments *a, int id, const char *value) {
  if (id == OPTION_command) {
    a->commands[a->command_count++] = (char *)(uintptr_t)value;
  }
  a->values[id] = value;
  return 0;
}

static int find_option(const char *word) {
  size_t n = strcspn(word + 2, "=");
  for (int i = 0; i < OPTIONS; i++) {
    bool long_form = word[1] == '-' && strlen(options[i].name) == n &&
                     strncmp(options[i].name, word + 2, n) == 0;
    bool short_form = word[1] != '-' && word[1] == options[i].letter;
    if (long_form || short_form) {
      return i;
    }
  }
  return -1;
}

/* argv[*at] begins with '-'. */
static int take_option(struct arguments *a, int argc, char **argv, int *at) {
  const char *word = argv[*at];
  int id = find_option(word);
  if (id < 0) {
    return usage("no option %s", word);
  }
  const char *joined = word[1] == '-' ? strchr(word, '=') : word[2] == '\0' ? NULL : word + 1;
  if (options[id].value == NULL) {
    return joined != NULL ? usage("%s takes no value", word) : take_value(a, id, "");
  }
  if (joined != NULL) {
    return take_value(a, id, joined + 1);
  }
  if (*at + 1 >= argc) {
    return usage("%s needs a value", word);
  }
  return take_value(a, id, argv[++*at]);
}

static int parse(struct arguments *a, int argc, char **argv) {
  bool over = false;
  int status = 0;
  for (int at = 1; at < argc && status == 0; at++) {
    if (!over && strcmp(argv[at], "--") == 0) {
      over = true;
    } else if (!over && argv[at][0] == '-' && argv[at][1] != '\0') {
      status = take_option(a, argc, argv, &at);
    } else if (a->database != NULL) {
      status = usage("more than one database: %s", argv[at]);
    } else {
      a->database = argv[at];
    }
  }
  return status;
}

static void log_line(void *arg, helios_log_level level, const char *procedure, const char *text) {
  static const char *const levels[] = {"debug", "info", "warn", "error"};
  const shell *sh = arg;
  if (!sh->quiet) {
    fflush(stdout);
    fprintf(stderr, "%s: %s: %s\n", levels[level & 3], procedure, text);
  }
}

static int set_up(shell *sh, const struct arguments *a) {
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
  bool scripted = a->command_count > 0 || a->values[OPTION_file] != NULL;
  sh->plain_out = isatty(STDOUT_FILENO) != 1;
  sh->interactive = !scripted && !sh->plain_out && isatty(STDIN_FILENO) == 1;
  sh->color = isatty(STDERR_FILENO) == 1 && (no_color == NULL || no_color[0] == '\0') &&
              (term == NULL || strcmp(term, "dumb") != 0);
  sh->mode = sh->interactive ? SH_MODE_box : SH_MODE_list;
  sh->json = a->values[OPTION_json] != NULL;
  sh->headers = a->values[OPTION_headers] != NULL;
  sh->timer = a->values[OPTION_timer] != NULL;
  sh->bail = a->values[OPTION_bail] != NULL;
  sh->quiet = a->values[OPTION_quiet] != NULL;
  if (sh->json) {
    sh->mode = SH_MODE_json;
  }
  if (a->values[OPTION_mode] != NULL && !sh_set_mode(sh, a->values[OPTION_mode])) {
    return usage("no mode %s: list, csv, json, box, column, markdown", a->values[OPTION_mode]);
  }
  return 0;
}

static void catch_interrupt(shell *sh) {
  struct sigaction action = {.sa_handler = on_interrupt};
  sigemptyset(&action.sa_mask); /* no SA_RESTART: a prompt must hear of it */
  interruptible = helios_db(sh->h);
  sigaction(SIGINT, &action, NULL);
}

static void run_all(shell *sh, const struct arguments *a) {
  for (int i = 0; i < a->command_count && !sh->quit && !sh_interrupted; i++) {
    FILE *stream =
        a->commands[i][0] == '\0' ? NULL : fmemopen(a->commands[i], strlen(a->commands[i]), "r");
    if (stream != NULL) {
      sh_input(sh, stream);
      fclose(stream);
    }
  }
  if (a->values[OPTION_file] != NULL && !sh->quit && !sh_interrupted) {
    sh_file(sh, a->values[OPTION_file]);
  }
  if (a->command_count == 0 && a->values[OPTION_file] == NULL) {
    if (sh->interactive && !sh->quiet) {
      printf("helios %s, sqlite %s%s\n.help for commands, Ctrl-D to leave\n", helios_version(),
             sqlite3_libversion(), a->database == NULL ? ", in memory" : "");
    }
    sh_input(sh, stdin);
  }
}

static int run(shell *sh, const struct arguments *a) {
  helios_error err = {.code = HELIOS_OK};
  const char *file = a->values[OPTION_file];
  if (file != NULL && access(file, R_OK) != 0) {
    return usage("can't read %s", file);
  }
  if (helios_open(&sh->h, a->database == NULL ? ":memory:" : a->database, NULL, &err) !=
      HELIOS_OK) {
    sh->source = a->database;
    sh_error(sh, &err, NULL);
    return EXIT_USAGE;
  }
  catch_interrupt(sh);
  helios_set_log(sh->h, log_line, sh, HELIOS_LOG_INFO);
  run_all(sh, a);
  interruptible = NULL;
  int code = sh_interrupted ? EXIT_INTERRUPTED : sh->errors > 0 && !sh->interactive ? EXIT_SQL : 0;
  if (helios_close(sh->h, &err) != HELIOS_OK) {
    sh_error(sh, &err, NULL);
    code = code == 0 ? EXIT_SQL : code;
  }
  if (fflush(stdout) != 0 || ferror(stdout)) {
    fputs("error: can't write to standard output\n", stderr);
    code = code == 0 ? EXIT_SQL : code;
  }
  return code;
}

int main(int argc, char **argv) {
  shell sh = {.line = 0};
  struct arguments a = {.database = NULL};
  if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
    setlocale(LC_CTYPE, ""); /* for the widths of characters */
  }
  a.commands = calloc((size_t)argc + 1, sizeof *a.commands);
  int code = a.commands == NULL ? EXIT_USAGE : parse(&a, argc, argv);
  if (code == 0 && a.values[OPTION_help] != NULL) {
    help();
  } else if (code == 0 && a.values[OPTION_version] != NULL) {
    printf("helios %s (sqlite %s)\n", helios_version(), sqlite3_libversion());
  } else if (code == 0 && (code = set_up(&sh, &a)) == 0) {
    code = run(&sh, &a);
  }
  free(a.commands);
  return code;
}
