/* session.c - the database of a run of helios: opening, closing, Ctrl-C, log lines, where rows go;
 * and the commands shell and exec. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell.h"

#define BUSY_MS 5000 /* commands wait so long for a lock; the shell does not */

volatile sig_atomic_t sh_interrupted;
static sqlite3 *volatile interruptible;

static void on_interrupt(int number) {
  (void)number;
  sh_interrupted = 1;
  if (interruptible != NULL) {
    sqlite3_interrupt(interruptible);
  }
}

int sh_usage(shell *sh, const char *hint, const char *format, ...) {
  helios_error err = {.code = HELIOS_E_MISUSE, .offset = HELIOS_NO_OFFSET};
  va_list args;
  va_start(args, format);
  vsnprintf(err.text, sizeof err.text, format, args);
  va_end(args);
  snprintf(err.hint, sizeof err.hint, "%s",
           hint == NULL || hint[0] == '\0' ? "see helios --help" : hint);
  if (!sh->json) {
    err.code = HELIOS_OK; /* the code says nothing to a reader */
  }
  sh_error(sh, &err, NULL);
  return SH_EXIT_USAGE;
}

void sh_talk(const shell *sh, const char *format, ...) {
  if (!sh->quiet && !sh->json) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
  }
}

/* The library has cleaned the text of the line; the name may be the database's. */
static void log_line(void *arg, helios_log_level level, const char *procedure, const char *text) {
  static const char *const levels[] = {"debug", "info", "warn", "error"};
  const shell *sh = arg;
  if (!sh->quiet) {
    fflush(stdout);
    fprintf(stderr, "%s: ", levels[level & 3]);
    sh_print(stderr, procedure);
    fputs(": ", stderr);
    sh_print(stderr, text);
    fputc('\n', stderr);
  }
}

/* On the command line the path is where the error is; in a script that is the script's line. */
static void cant_open(shell *sh, const char *path, helios_error *err) {
  const char *source = sh->source;
  char text[sizeof err->text];
  if (sh->line == 0) {
    sh->source = path;
  } else {
    snprintf(text, sizeof text, "%s: %.300s", err->text, path);
    memcpy(err->text, text, sizeof text);
  }
  sh_error(sh, err, NULL);
  sh->source = source;
}

char *sh_hidden(shell *sh) {
  return sh_ask(sh,
                "SELECT group_concat(s.name, ', ') FROM sqlite_schema s JOIN pragma_module_list m "
                "ON m.name = s.name COLLATE NOCASE WHERE s.name LIKE 'helios\\_%' ESCAPE '\\'",
                NULL);
}

/* May the commands that ask about procedures believe the answers? */
static bool is_honest(shell *sh) {
  size_t command = sh->command_line.command;
  if (command == SH_COMMAND_shell || command == SH_COMMAND_exec || command == SH_COMMAND_doctor) {
    return true;
  }
  char *hidden = sh_hidden(sh);
  if (hidden != NULL) {
    sh_say_error(sh, "helios doctor says more",
                 "the database has tables that hide the engine's: %.200s", hidden);
  }
  sqlite3_free(hidden);
  return hidden == NULL;
}

bool sh_open(shell *sh, const char *path) {
  struct sigaction action = {.sa_handler = on_interrupt};
  helios_error err = {.code = HELIOS_OK};
  helios *h;
  if (helios_open(&h, path, NULL, &err) != HELIOS_OK) {
    cant_open(sh, path, &err);
    return false;
  }
  sh->h = h;
  sigemptyset(&action.sa_mask); /* no SA_RESTART: a prompt must hear of it */
  interruptible = helios_db(sh->h);
  sigaction(SIGINT, &action, NULL);
  helios_set_log(sh->h, log_line, sh, HELIOS_LOG_INFO);
  if (sh->command_line.command != SH_COMMAND_shell) {
    sqlite3_busy_timeout(helios_db(h), BUSY_MS);
  }
  if (!is_honest(sh)) {
    sh_close(sh, 0);
    return false;
  }
  return true;
}

int sh_close(shell *sh, int code) {
  helios_error err = {.code = HELIOS_OK};
  interruptible = NULL;
  if (!sh_redirect(sh, NULL, false)) {
    code = code == 0 ? SH_EXIT_SQL : code;
  }
  if (helios_close(sh->h, &err) != HELIOS_OK) {
    sh_error(sh, &err, NULL);
    code = code == 0 ? SH_EXIT_SQL : code;
  }
  sh->h = NULL;
  return code;
}

bool sh_redirect(shell *sh, const char *path, bool once) {
  bool good = true;
  if (sh->out != stdout) {
    bool failed = ferror(sh->out) != 0;
    failed |= fclose(sh->out) != 0;
    sh->out = stdout;
    if (failed) {
      sh_say_error(sh, NULL, "can't write %.300s", sh->out_path);
      good = false;
    }
  }
  free(sh->out_path);
  sh->out_path = NULL;
  sh->once = false;
  if (path != NULL) {
    FILE *out = fopen(path, "we");
    sh->out_path = out == NULL ? NULL : strdup(path);
    if (sh->out_path == NULL) {
      sh_say_error(sh, NULL, "can't open %.300s: %s", path, strerror(errno));
      if (out != NULL) {
        fclose(out);
      }
      good = false;
    } else {
      sh->out = out;
      sh->once = once;
    }
  }
  sh->plain_out = isatty(fileno(sh->out)) != 1;
  return good;
}

/* What a run of statements means for the exit code. */
static int code_of(const shell *sh) {
  return sh_interrupted                       ? SH_EXIT_INTERRUPTED
         : sh->errors > 0 && !sh->interactive ? SH_EXIT_SQL
                                              : 0;
}

/* Statements and dot commands in a text. */
static void run_text(shell *sh, const char *text) {
  if (text[0] == '\0') {
    return; /* older libcs open no stream of nothing */
  }
  FILE *stream = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
  if (stream == NULL) {
    sh_say_error(sh, NULL, "can't read the statements: %s", strerror(errno));
    return;
  }
  sh_input(sh, stream);
  fclose(stream);
}

static void run_all(shell *sh) {
  const hcl_line *line = &sh->command_line;
  const char *file = sh_option(sh, SH_OPTION_file);
  for (int i = 0; i < line->repeat_count && !sh->quit && !sh_interrupted; i++) {
    run_text(sh, line->repeats[i].value);
  }
  if (file != NULL && !sh->quit && !sh_interrupted) {
    sh_file(sh, file);
  }
  if (line->repeat_count == 0 && file == NULL) {
    if (sh->interactive && !sh->quiet) {
      printf("helios %s, sqlite %s%s\n.help for commands, Ctrl-D to leave\n", helios_version(),
             sqlite3_libversion(), sh->database == NULL ? ", in memory" : "");
    }
    sh_input(sh, stdin);
  }
}

int sh_cmd_shell(shell *sh) {
  const char *file = sh_option(sh, SH_OPTION_file);
  char clean[200];
  bool scripted = sh->command_line.repeat_count > 0 || file != NULL;
  sh->interactive = !scripted && !sh->plain_out && isatty(STDIN_FILENO) == 1;
  if (sh->interactive && !sh->json && sh_option(sh, SH_OPTION_mode) == NULL) {
    sh->mode = SH_MODE_box;
  }
  if (file != NULL && strcmp(file, "-") != 0 && access(file, R_OK) != 0) {
    return sh_usage(sh, NULL, "can't read %s", hcl_clean(clean, sizeof clean, file));
  }
  if (!sh_open(sh, sh->database == NULL ? ":memory:" : sh->database)) {
    return SH_EXIT_USAGE;
  }
  run_all(sh);
  return sh_close(sh, code_of(sh));
}

int sh_cmd_exec(shell *sh) {
  if (!sh_open(sh, sh->database)) {
    return SH_EXIT_USAGE;
  }
  for (int i = 0; i < sh->command_line.arg_count && !sh->quit && !sh_interrupted; i++) {
    if (strcmp(sh->command_line.args[i], "-") == 0) {
      sh_input(sh, stdin);
    } else {
      run_text(sh, sh->command_line.args[i]);
    }
  }
  return sh_close(sh, code_of(sh));
}
