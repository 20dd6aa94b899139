/* canary.c - which version of a procedure answers: the commands use, canary, promote and rollback
 * of `helios procedure`. */
#include "procedure.h"

#include <string.h>

/* ALTER PROCEDURE name <words> <version> <rest>. */
static int with_version(shell *sh, const char *words, const char *rest, const char *what) {
  const char *version = sh->command_line.args[1];
  char clean[80], after[160];
  if (!sh_is_number(version)) {
    return sh_usage(sh, NULL, "a version is a number, not '%s'",
                    hcl_clean(clean, sizeof clean, version));
  }
  snprintf(after, sizeof after, "%s%s%s", words, version, rest);
  return sh_alter(sh, "ALTER PROCEDURE ", after, what);
}

int sh_cmd_procedure_use(shell *sh) {
  return with_version(sh, " USE VERSION ", "", "switched");
}

int sh_cmd_procedure_promote(shell *sh) {
  return sh_alter(sh, "ALTER PROCEDURE ", " PROMOTE", "promoted");
}

int sh_cmd_procedure_rollback(shell *sh) {
  return sh_alter(sh, "ALTER PROCEDURE ", " ROLLBACK", "rolled back");
}

/* "5", "0.5" or "5%". */
static bool is_rate(const char *text) {
  size_t n = strspn(text, "0123456789.");
  return n > 0 && n < 16 && (strcmp(text + n, "") == 0 || strcmp(text + n, "%") == 0);
}

/* ALTER PROCEDURE name <words> [source]; shown: what a terminal is told if it lasts. */
static int step(shell *sh, const char *words, const char *file, const char *shown) {
  sh_buf sql = {.data = NULL};
  int code = SH_EXIT_USAGE;
  sh_buf_text(&sql, "ALTER PROCEDURE ");
  sh_buf_quoted(&sql, sh->command_line.args[0], '"');
  sh_buf_text(&sql, words);
  if (file == NULL || sh_add_source(sh, &sql, file)) {
    code = sh_change(sh, &sql, shown, NULL);
  }
  sh_buf_free(&sql);
  return code;
}

static int transaction(shell *sh, const char *word) {
  sh_buf sql = {.data = NULL};
  sh_buf_text(&sql, word);
  int code = sh_change(sh, &sql, NULL, NULL);
  sh_buf_free(&sql);
  return code;
}

/* In a transaction: file becomes a version, the version that was current stays it, and the new one
 * is its canary. Nobody sees half of it. */
static int add_canary(shell *sh, const char *file, const char *rest) {
  const char *name = sh->command_line.args[0];
  char words[160];
  char *now = sh_ask(
      sh, "SELECT current_version FROM helios_procedures WHERE name = ?1 COLLATE NOCASE", name);
  char *next = sh_ask(sh,
                      "SELECT max(version) + 1 FROM helios_versions WHERE procedure = ?1 COLLATE "
                      "NOCASE",
                      name);
  int code = SH_EXIT_SQL;
  if (now == NULL || next == NULL) {
    sh_about(sh, SH_QUERY_PROCEDURE, (const char *const[SH_GIVEN]){name}); /* there is none */
  } else {
    snprintf(words, sizeof words, " VERSION %s AS ", next);
    code = step(sh, words, file, "compile");
  }
  if (code == 0) {
    snprintf(words, sizeof words, " USE VERSION %s", now);
    code = step(sh, words, NULL, NULL);
  }
  if (code == 0) {
    snprintf(words, sizeof words, " CANARY VERSION %s%s", next, rest);
    code = step(sh, words, NULL, NULL);
  }
  sqlite3_free(now);
  sqlite3_free(next);
  return code;
}

static int begin_canary(shell *sh, const char *file, const char *rest) {
  if (!sh_open(sh, sh->database)) {
    return SH_EXIT_USAGE;
  }
  int code = transaction(sh, "BEGIN");
  if (code == 0) {
    code = add_canary(sh, file, rest);
    int ended = transaction(sh, code == 0 ? "COMMIT" : "ROLLBACK");
    code = code == 0 ? ended : code;
  }
  if (code == 0) {
    sh_done(sh, "canary begun:", sh->command_line.args[0]);
  }
  return sh_close(sh, code);
}

int sh_cmd_procedure_canary(shell *sh) {
  const char *percent = sh_option(sh, SH_OPTION_percent);
  const char *rate = sh_option(sh, SH_OPTION_error_rate), *file = sh_option(sh, SH_OPTION_file);
  char rest[80];
  if (percent == NULL || !sh_is_number(percent)) {
    return sh_usage(sh, NULL, "helios procedure canary needs --percent, a number from 1 to 100");
  }
  if (rate != NULL && !is_rate(rate)) {
    return sh_usage(sh, NULL, "--error-rate is a number of percent: 1, 0.5");
  }
  if ((file == NULL) == (sh->command_line.arg_count < 2)) {
    return sh_usage(sh, NULL, "helios procedure canary needs VERSION, or --file for a new one");
  }
  int n = snprintf(rest, sizeof rest, " PERCENT %s", percent);
  if (rate != NULL) {
    snprintf(rest + n, sizeof rest - (size_t)n, " ROLLBACK ON ERROR RATE %.*s%%",
             (int)strspn(rate, "0123456789."), rate);
  }
  return file == NULL ? with_version(sh, " CANARY VERSION ", rest, "canary begun:")
                      : begin_canary(sh, file, rest);
}
