/* observe.c - the commands logs, audit, traps and metrics: what procedures did, from the engine's
 * virtual tables. Only reads. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shell.h"

#define FOLLOW_MS 300

/* "1h", "30s" as microseconds; -1 if it is none. */
static int64_t duration(const char *text) {
  static const struct {
    const char *unit;
    double us;
  } units[] = {{"ms", 1e3},   {"s", 1e6},       {"sec", 1e6},   {"m", 60e6},      {"min", 60e6},
               {"h", 3600e6}, {"hour", 3600e6}, {"d", 86400e6}, {"day", 86400e6}, {"w", 604800e6}};
  char *end;
  double value = strtod(text, &end);
  for (size_t i = 0; i < sizeof units / sizeof *units && end != text; i++) {
    if (strcmp(end, units[i].unit) == 0 && value >= 0 && value * units[i].us < 9e18) {
      return (int64_t)(value * units[i].us);
    }
  }
  return -1;
}

/* The time of --last as text for a query; false: wrong usage. */
static bool since(shell *sh, char out[24]) {
  const char *last = sh_option(sh, SH_OPTION_last);
  struct timespec now;
  char clean[80];
  snprintf(out, 24, "0");
  if (last == NULL) {
    return true;
  }
  int64_t length = duration(last);
  if (length < 0) {
    sh_usage(sh, "for example 30s, 10min, 1h, 7d", "--last is a time, not '%s'",
             hcl_clean(clean, sizeof clean, last));
    return false;
  }
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t at = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - length;
  snprintf(out, 24, "%lld", at < 0 ? 0LL : (long long)at);
  return true;
}

static int show(shell *sh, enum sh_query_id id) {
  char from[24];
  if (!since(sh, from) || !sh_open(sh, sh->database)) {
    return SH_EXIT_USAGE;
  }
  const char *const given[SH_GIVEN] = {sh_option(sh, SH_OPTION_procedure), from,
                                       sh_option(sh, SH_OPTION_level)};
  sh_about(sh, id, given);
  return sh_close(sh, sh_interrupted ? SH_EXIT_INTERRUPTED : sh->errors > 0 ? SH_EXIT_SQL : 0);
}

int sh_cmd_audit(shell *sh) {
  return show(sh, SH_QUERY_AUDIT);
}

int sh_cmd_traps(shell *sh) {
  return show(sh, SH_QUERY_TRAPS);
}

/* Shows what query gives from `from` on, if there is a line behind the number in last, which
 * becomes that of the last line there is: of one snapshot, so that no line is lost or shown twice.
 */
static void show_lines(shell *sh, enum sh_query_id query, const char *from, char last[24]) {
  const char *const given[SH_GIVEN] = {sh_option(sh, SH_OPTION_procedure), from,
                                       sh_option(sh, SH_OPTION_level)};
  char before[24];
  snprintf(before, sizeof before, "%s", last);
  sqlite3_exec(helios_db(sh->h), "BEGIN", NULL, NULL, NULL);
  char *now = sh_ask(sh, "SELECT max(id) FROM helios_log", NULL);
  snprintf(last, 24, "%s", now == NULL ? before : now);
  if (query == SH_QUERY_LOGS || strcmp(before, last) != 0) {
    sh_query(sh, query, given);
  }
  sqlite3_exec(helios_db(sh->h), "COMMIT", NULL, NULL, NULL);
  sqlite3_free(now);
}

/* Lines as they come, by the numbers that the database gives them. Ctrl-C ends it, and that is no
 * error. */
static void follow(shell *sh, const char *from) {
  const struct timespec pause = {.tv_nsec = FOLLOW_MS * 1000000L};
  char last[24] = "0", before[24];
  show_lines(sh, SH_QUERY_LOGS, from, last);
  sh->headers = false;
  sh->mode = sh->mode == SH_MODE_jsonl ? sh->mode : SH_MODE_list;
  while (!sh_interrupted && sh->errors == 0 && !ferror(sh->out)) {
    nanosleep(&pause, NULL);
    memcpy(before, last, sizeof before);
    show_lines(sh, SH_QUERY_NEW_LOGS, before, last);
  }
}

int sh_cmd_logs(shell *sh) {
  const char *name = sh_option(sh, SH_OPTION_procedure);
  char from[24];
  if (sh_option(sh, SH_OPTION_follow) == NULL) {
    return show(sh, SH_QUERY_LOGS);
  }
  if (!since(sh, from) || !sh_open(sh, sh->database)) {
    return SH_EXIT_USAGE;
  }
  if (name == NULL || sh_knows(sh, SH_QUERY_LOGS, name)) {
    follow(sh, from);
  }
  return sh_close(sh, sh->errors > 0 ? SH_EXIT_SQL : 0);
}

/* Writes text to path so that a reader finds the old or the new one, never a part. */
static bool replace(shell *sh, const char *path, const char *text) {
  char *temporary = sqlite3_mprintf("%s.%d.new", path, (int)getpid());
  FILE *out = temporary == NULL ? NULL : fopen(temporary, "wex");
  bool good = out != NULL;
  if (good) {
    good = fputs(text, out) >= 0 && fflush(out) == 0 && fchmod(fileno(out), 0644) == 0;
    good = fclose(out) == 0 && good;
    good = good && rename(temporary, path) == 0;
  }
  if (!good) {
    sh_say_error(sh, NULL, "can't write %.300s: %s", path, strerror(errno));
    if (out != NULL) {
      unlink(temporary);
    }
  }
  sqlite3_free(temporary);
  return good;
}

/* The text, without what could harm a terminal; the lines stay. */
static void print_lines(const shell *sh, const char *text) {
  sh_buf clean = {.data = NULL};
  if (sh->plain_out) {
    fputs(text, stdout);
    return;
  }
  sh_show(&clean, text, strlen(text), true);
  fputs(sh_buf_get(&clean), stdout);
  sh_buf_free(&clean);
}

int sh_cmd_metrics(shell *sh) {
  const char *path = sh_option(sh, SH_OPTION_output);
  if (!sh_open(sh, sh->database)) {
    return SH_EXIT_USAGE;
  }
  if (sh->json) {
    sh_query(sh, SH_QUERY_METRICS, NULL);
    return sh_close(sh, sh->errors > 0 ? SH_EXIT_SQL : 0);
  }
  char *text = sh_ask(sh, "SELECT helios_prometheus()", NULL);
  if (text == NULL) {
    helios_error err = {0};
    sh_say_error(sh, NULL, "%s", sh_why(sh, &err));
  } else if (path != NULL) {
    replace(sh, path, text);
  } else {
    print_lines(sh, text);
  }
  sqlite3_free(text);
  return sh_close(sh, sh->errors > 0 ? SH_EXIT_SQL : 0);
}
