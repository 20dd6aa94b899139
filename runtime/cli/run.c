/* run.c - runs statements and reports what goes wrong. */
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "shell.h"

static const char *const code_names[] = {
    [HELIOS_OK] = "SHELL", /* its own errors */
    [HELIOS_E_MISUSE] = "MISUSE",
    [HELIOS_E_MEMORY] = "MEMORY",
    [HELIOS_E_INTERNAL] = "INTERNAL",
    [HELIOS_E_IO] = "IO",
    [HELIOS_E_SQL] = "SQL",
    [HELIOS_E_SYNTAX] = "SYNTAX",
    [HELIOS_E_NOT_FOUND] = "NOT_FOUND",
    [HELIOS_E_EXISTS] = "EXISTS",
    [HELIOS_E_SIGNATURE] = "SIGNATURE",
    [HELIOS_E_PLUGIN] = "PLUGIN",
    [HELIOS_E_UNTRUSTED] = "UNTRUSTED",
    [HELIOS_E_COMPILE] = "COMPILE",
    [HELIOS_E_IMPORT] = "IMPORT",
    [HELIOS_E_CAPABILITY] = "CAPABILITY",
    [HELIOS_E_LIMIT] = "LIMIT",
    [HELIOS_E_TRAP] = "TRAP",
    [HELIOS_E_FUEL] = "FUEL",
    [HELIOS_E_DEADLINE] = "DEADLINE",
    [HELIOS_E_CANCELLED] = "CANCELLED",
    [HELIOS_E_GUEST] = "GUEST",
    [HELIOS_E_VALUE] = "VALUE",
    [HELIOS_E_DEPENDENCY] = "DEPENDENCY",
    [HELIOS_E_BROKEN] = "BROKEN",
};

static const char *code_name(helios_code code) {
  size_t count = sizeof code_names / sizeof *code_names;
  return (size_t)code < count && code_names[code] != NULL ? code_names[code] : "ERROR";
}

/* Only of these is the offset one in the statement. */
static bool has_caret(const helios_error *err) {
  return err->offset != HELIOS_NO_OFFSET && err->code != HELIOS_E_TRAP &&
         err->code != HELIOS_E_FUEL && err->code != HELIOS_E_DEADLINE &&
         err->code != HELIOS_E_CANCELLED && err->code != HELIOS_E_GUEST;
}

/* The line of sql that offset is in, and a caret under it. Long lines are cut around the place. */
static void caret(const char *sql, size_t offset) {
  enum { BEFORE = 50, AFTER = 25 };
  size_t begin = offset, end = offset;
  sh_buf line = {.data = NULL};
  while (begin > 0 && sql[begin - 1] != '\n' && offset - begin < BEFORE) {
    begin--;
  }
  while (begin < offset && ((unsigned char)sql[begin] >> 6) == 2) {
    begin++; /* not in the middle of a character */
  }
  while (sql[end] != '\0' && sql[end] != '\n' && end - offset < AFTER) {
    end++;
  }
  while (((unsigned char)sql[end] >> 6) == 2) {
    end++;
  }
  size_t column = sh_show(&line, sql + begin, offset - begin, false);
  sh_show(&line, sql + offset, end - offset, false);
  if (!line.failed && line.data != NULL) {
    fprintf(stderr, "  %s\n  %*s^\n", line.data, (int)column, "");
  }
  sh_buf_free(&line);
}

static void json_text(const char *name, const char *text) {
  fprintf(stderr, "\"%s\":\"", name);
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') {
      fprintf(stderr, "\\%c", c);
    } else if (c < 0x20 || c == 0x7f) {
      fprintf(stderr, "\\u%04x", c);
    } else {
      fputc(c, stderr);
    }
  }
  fputs("\"", stderr);
}

static void error_json(const shell *sh, const helios_error *err) {
  fputs("{\"v\":1,\"type\":\"error\",", stderr);
  json_text("code", code_name(err->code));
  fputc(',', stderr);
  json_text("text", err->text);
  if (err->hint[0] != '\0') {
    fputc(',', stderr);
    json_text("hint", err->hint);
  }
  if (err->offset != HELIOS_NO_OFFSET) {
    fprintf(stderr, ",\"offset\":%u", err->offset);
  }
  if (sh->source != NULL) {
    fputc(',', stderr);
    json_text("file", sh->source);
  }
  if (sh->line > 0) {
    fprintf(stderr, ",\"line\":%lu", sh->line);
  }
  fputs("}\n", stderr);
}

/* Text of an error on stderr, as SQLite's messages may quote what is in the database. */
static void shown(const char *before, const char *text, const char *after) {
  sh_buf clean = {.data = NULL};
  sh_show(&clean, text, strlen(text), false);
  fprintf(stderr, "%s%s%s", before, clean.data == NULL ? "" : clean.data, after);
  sh_buf_free(&clean);
}

void sh_error(shell *sh, const helios_error *err, const char *sql) {
  sh->errors++;
  sh->quit |= sh->bail;
  fflush(stdout); /* rows before what went wrong after them */
  if (sh->json) {
    error_json(sh, err);
    return;
  }
  fprintf(stderr, "%serror%s: ", sh->color ? "\033[1;31m" : "", sh->color ? "\033[0m" : "");
  shown("", err->text, "");
  fprintf(stderr, err->code == HELIOS_OK ? "\n" : " (%s)\n", code_name(err->code));
  if (sh->source != NULL) {
    shown(" --> ", sh->source, "");
    fprintf(stderr, sh->line > 0 ? ":%lu\n" : "\n", sh->line);
  }
  if (sql != NULL && has_caret(err) && err->offset <= strlen(sql)) {
    caret(sql, err->offset);
  }
  if (err->hint[0] != '\0') {
    shown("  hint: ", err->hint, "\n");
  }
}

void sh_say_error(shell *sh, const char *format, ...) {
  helios_error err = {.code = HELIOS_OK, .offset = HELIOS_NO_OFFSET};
  va_list args;
  va_start(args, format);
  vsnprintf(err.text, sizeof err.text, format, args);
  va_end(args);
  sh_error(sh, &err, NULL);
}

static double seconds(const struct timespec *a, const struct timespec *b) {
  return (double)(b->tv_sec - a->tv_sec) + (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

static double processor(const struct timeval *a, const struct timeval *b) {
  return (double)(b->tv_sec - a->tv_sec) + (double)(b->tv_usec - a->tv_usec) / 1e6;
}

/* Steps a statement to its end, or to an error. */
static int step(shell *sh, sqlite3_stmt *stmt, helios_error *err) {
  sh_view *view = sqlite3_column_count(stmt) > 0 ? sh_view_new(sh, stmt) : NULL;
  bool room = view != NULL || sqlite3_column_count(stmt) == 0;
  int status = SQLITE_ROW;
  while (room && status == SQLITE_ROW) {
    status = sqlite3_step(stmt);
    if (status == SQLITE_ROW && view != NULL) {
      room = sh_view_row(view, stmt);
    }
  }
  sh_view_end(view);
  if (!room) {
    *err = (helios_error){
        .code = HELIOS_E_MEMORY, .offset = HELIOS_NO_OFFSET, .text = "no memory for the rows"};
    return 1;
  }
  return status == SQLITE_DONE ? 0 : helios_step_error(sh->h, err);
}

static int run(shell *sh, const char *sql, helios_error *err) {
  while (*sql != '\0') {
    sqlite3_stmt *stmt = NULL;
    const char *tail = sql;
    int status = helios_prepare(sh->h, &stmt, &tail, sql, err);
    if (status == HELIOS_OK && stmt != NULL) {
      status = step(sh, stmt, err);
    }
    sqlite3_finalize(stmt);
    if (status != HELIOS_OK || tail == sql) {
      return status;
    }
    sql = tail;
  }
  return HELIOS_OK;
}

void sh_run(shell *sh, const char *sql) {
  helios_error err = {.code = HELIOS_OK};
  struct timespec a, b;
  struct rusage x, y;
  clock_gettime(CLOCK_MONOTONIC, &a);
  getrusage(RUSAGE_SELF, &x);
  if (run(sh, sql, &err) != HELIOS_OK) {
    sh_error(sh, &err, sql);
  }
  if (sh->timer) {
    clock_gettime(CLOCK_MONOTONIC, &b);
    getrusage(RUSAGE_SELF, &y);
    fflush(stdout);
    fprintf(stderr, "time: %.6f s, user %.6f, system %.6f\n", seconds(&a, &b),
            processor(&x.ru_utime, &y.ru_utime), processor(&x.ru_stime, &y.ru_stime));
  }
}
