/* run.c - runs statements and reports what goes wrong. */
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

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
  fprintf(stderr, ",\"%s\":", name);
  sh_json_string(stderr, text, strlen(text));
}

static void error_json(const shell *sh, const helios_error *err) {
  fputs("{\"v\":1,\"type\":\"error\"", stderr);
  json_text("code", code_name(err->code));
  json_text("text", err->text);
  if (err->hint[0] != '\0') {
    json_text("hint", err->hint);
  }
  if (err->offset != HELIOS_NO_OFFSET) {
    fprintf(stderr, ",\"offset\":%u", err->offset);
  }
  if (sh->source != NULL) {
    json_text("file", sh->source);
  }
  if (sh->line > 0) {
    fprintf(stderr, ",\"line\":%lu", sh->line);
  }
  fputs("}\n", stderr);
}

/* A call of add(1, 2): a procedure may have the name, but SQL wants it in quotes. */
static void hint_keyword(helios_error *err, const char *sql) {
  const char *at =
      sql == NULL || err->code != HELIOS_E_SQL || !has_caret(err) ? "" : sql + err->offset;
  int n = (int)strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
  if (err->hint[0] == '\0' && n > 0 && n < 40 && at[n] == '(' &&
      strstr(err->text, ": syntax error") != NULL && sqlite3_keyword_check(at, n)) {
    snprintf(err->hint, sizeof err->hint,
             "%.*s is a word of SQL: a procedure of that name is called by \"%.*s\"(...)", n, at, n,
             at);
  }
}

void sh_error(shell *sh, const helios_error *given, const char *sql) {
  helios_error own = *given;
  const helios_error *err = &own;
  hint_keyword(&own, sql);
  sh->errors++;
  sh->quit |= sh->bail;
  fflush(stdout); /* rows before what went wrong after them */
  if (sh->json) {
    error_json(sh, err);
    return;
  }
  fprintf(stderr, "%serror%s: ", sh->color ? "\033[1;31m" : "", sh->color ? "\033[0m" : "");
  sh_print(stderr, err->text);
  fprintf(stderr, err->code == HELIOS_OK ? "\n" : " (%s)\n", code_name(err->code));
  if (sh->source != NULL) {
    fputs(" --> ", stderr);
    sh_print(stderr, sh->source);
    fprintf(stderr, sh->line > 0 ? ":%lu\n" : "\n", sh->line);
  }
  if (sql != NULL && has_caret(err) && err->offset <= strlen(sql)) {
    caret(sql, err->offset);
  }
  if (err->hint[0] != '\0') {
    fputs("  hint: ", stderr);
    sh_print(stderr, err->hint);
    fputc('\n', stderr);
  }
}

void sh_say_error(shell *sh, const char *hint, const char *format, ...) {
  helios_error err = {.code = HELIOS_OK, .offset = HELIOS_NO_OFFSET};
  va_list args;
  va_start(args, format);
  vsnprintf(err.text, sizeof err.text, format, args);
  va_end(args);
  snprintf(err.hint, sizeof err.hint, "%s", hint == NULL ? "" : hint);
  sh_error(sh, &err, NULL);
}

static double seconds(const struct timespec *a, const struct timespec *b) {
  return (double)(b->tv_sec - a->tv_sec) + (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

static double processor(const struct timeval *a, const struct timeval *b) {
  return (double)(b->tv_sec - a->tv_sec) + (double)(b->tv_usec - a->tv_usec) / 1e6;
}

int sh_step(shell *sh, sqlite3_stmt *stmt, const sh_shape *shape, helios_error *err) {
  int columns = sqlite3_column_count(stmt), status = SQLITE_ROW;
  sh_view *view = columns > 0 ? sh_view_new(sh, stmt, shape) : NULL;
  bool room = view != NULL || columns == 0;
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
    return HELIOS_E_MEMORY;
  }
  return status == SQLITE_DONE ? HELIOS_OK : helios_step_error(sh->h, err);
}

static int run(shell *sh, const char *sql, helios_error *err) {
  while (*sql != '\0') {
    sqlite3_stmt *stmt = NULL;
    const char *tail = sql;
    int status = helios_prepare(sh->h, &stmt, &tail, sql, err);
    if (status == HELIOS_OK && stmt != NULL) {
      status = sh_step(sh, stmt, NULL, err);
    }
    sqlite3_finalize(stmt);
    if (status != HELIOS_OK || tail == sql) {
      return status;
    }
    sql = tail;
  }
  return HELIOS_OK;
}

static void show_time(const struct timespec *begin, const struct rusage *used) {
  struct timespec now;
  struct rusage usage;
  clock_gettime(CLOCK_MONOTONIC, &now);
  getrusage(RUSAGE_SELF, &usage);
  fprintf(stderr, "time: %.6f s, user %.6f, system %.6f\n", seconds(begin, &now),
          processor(&used->ru_utime, &usage.ru_utime), processor(&used->ru_stime, &usage.ru_stime));
}

/* What the procedures of the statement cost, if it called any: helios_statement keeps the last one
 * that did. On stderr, since it is no row of the statement. */
static void show_cost(shell *sh) {
  char *number = sh_ask(sh, "SELECT max(statement) FROM helios_statement", NULL);
  if (number != NULL && strcmp(number, sh->costed) != 0) {
    shell aside = *sh;
    aside.out = stderr;
    aside.plain_out = isatty(STDERR_FILENO) != 1;
    aside.headers = true;
    snprintf(sh->costed, sizeof sh->costed, "%s", number);
    sh_query(&aside, SH_QUERY_STATEMENT, NULL);
  }
  sqlite3_free(number);
}

void sh_run(shell *sh, const char *sql) {
  helios_error err = {.code = HELIOS_OK};
  sqlite3 *db = helios_db(sh->h);
  sqlite3_int64 changed = sqlite3_total_changes64(db);
  struct timespec begin;
  struct rusage used;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  getrusage(RUSAGE_SELF, &used);
  if (run(sh, sql, &err) != HELIOS_OK) {
    sh_error(sh, &err, sql);
  }
  fflush(sh->out);
  if (sh->timer) {
    show_time(&begin, &used);
  }
  if (sh->cost) {
    show_cost(sh);
  }
  if (sh->changes) {
    fprintf(stderr, "changes: %lld, total %lld\n", sqlite3_total_changes64(db) - changed,
            sqlite3_total_changes64(db));
  }
  if (sh->once) {
    sh_redirect(sh, NULL, false);
  }
}
