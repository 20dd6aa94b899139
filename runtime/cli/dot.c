/* dot.c - the commands that are not SQL, from the table dot.def. They only read the database. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shell.h"

static const char *const mode_names[] = {
#define SH_MODE(name, whole) #name,
#include "modes.def"
#undef SH_MODE
};

bool sh_set_mode(shell *sh, const char *name) {
  for (int i = 0; i < SH_MODES; i++) {
    if (strcmp(mode_names[i], name) == 0) {
      sh->mode = (enum sh_mode)i;
      return true;
    }
  }
  return false;
}

/* Runs sql with the pattern as its parameter ?1 ('%' without one) and shows the rows. */
static void query(shell *sh, const char *sql, const char *pattern) {
  char *text = sqlite3_mprintf("WITH given(pattern) AS (SELECT %Q) %s",
                               pattern == NULL ? "%" : pattern, sql);
  if (text == NULL) {
    sh_say_error(sh, "no memory");
    return;
  }
  sh_run(sh, text);
  sqlite3_free(text);
}

static bool has_table(shell *sh, const char *name) {
  sqlite3_stmt *stmt = NULL;
  bool found = sqlite3_prepare_v2(helios_db(sh->h), "SELECT 1 FROM sqlite_schema WHERE name = ?1",
                                  -1, &stmt, NULL) == SQLITE_OK &&
               sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
               sqlite3_step(stmt) == SQLITE_ROW;
  sqlite3_finalize(stmt);
  return found;
}

/* "on" and "off"; without one it is turned over. */
static void toggle(shell *sh, bool *flag, const char *name, const char *arg) {
  if (arg == NULL || strcmp(arg, "on") == 0 || strcmp(arg, "off") == 0) {
    *flag = arg == NULL ? !*flag : strcmp(arg, "on") == 0;
  } else {
    sh_say_error(sh, ".%s is on or off", name);
  }
}

static void dot_bail(shell *sh, const char *arg) {
  toggle(sh, &sh->bail, "bail", arg);
}

static void dot_headers(shell *sh, const char *arg) {
  toggle(sh, &sh->headers, "headers", arg);
}

static void dot_timer(shell *sh, const char *arg) {
  toggle(sh, &sh->timer, "timer", arg);
}

static void dot_log(shell *sh, const char *arg) {
  bool on = !sh->quiet;
  toggle(sh, &on, "log", arg);
  sh->quiet = !on;
}

static void dot_mode(shell *sh, const char *arg) {
  if (arg == NULL) {
    printf("%s\n", mode_names[sh->mode]);
  } else if (!sh_set_mode(sh, arg)) {
    sh_say_error(sh, "no mode %.40s: list, csv, json, box, column, markdown", arg);
  }
}

static void dot_quit(shell *sh, const char *arg) {
  (void)arg;
  sh->quit = true;
}

static void dot_read(shell *sh, const char *arg) {
  if (arg == NULL) {
    sh_say_error(sh, ".read needs a file");
  } else {
    sh_file(sh, arg);
  }
}

static void dot_tables(shell *sh, const char *arg) {
  query(
      sh,
      "SELECT name FROM sqlite_schema, given WHERE type IN ('table', 'view') AND name LIKE pattern "
      "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'helios\\_%' ESCAPE '\\' "
      "ORDER BY name",
      arg);
}

static void dot_schema(shell *sh, const char *arg) {
  enum sh_mode mode = sh->mode;
  sh->mode = SH_MODE_list;
  query(sh,
        "SELECT sql || ';' FROM sqlite_schema, given WHERE sql NOT NULL AND tbl_name LIKE pattern "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'helios\\_%' ESCAPE '\\' "
        "ORDER BY tbl_name, type <> 'table', type, name",
        arg);
  sh->mode = mode;
}

static void dot_procedures(shell *sh, const char *arg) {
  if (!has_table(sh, "helios_procedure")) {
    return; /* the first CREATE PROCEDURE makes it */
  }
  query(
      sh,
      "SELECT p.name || '(' || ifnull((SELECT group_concat(json_extract(value, '$.name') || ' ' || "
      "json_extract(value, '$.type'), ', ') FROM json_each(v.params)), '') || ')' AS procedure, "
      "ifnull(json_extract(v.returns, '$.type'), '') AS returns, p.current_version || ' of ' || "
      "(SELECT count(*) FROM helios_version o WHERE o.procedure_id = p.id) AS version, "
      "ifnull(v.profile, '') AS profile, ifnull((SELECT group_concat(value, ', ') FROM "
      "json_each(v.capabilities)), '') AS capabilities FROM given "
      "JOIN helios_procedure p ON p.name LIKE given.pattern "
      "JOIN helios_version v ON v.procedure_id = p.id AND v.version = p.current_version "
      "ORDER BY p.name",
      arg);
}

static void dot_help(shell *sh, const char *arg);

static const struct dot {
  const char *name, *arguments, *help;
  int most;
  void (*run)(shell *sh, const char *arg);
} dots[] = {
#define SH_DOT(name, arguments, most, help) {#name, arguments, help, most, dot_##name},
#include "dot.def"
#undef SH_DOT
};
#define DOTS (sizeof dots / sizeof *dots)

static void dot_help(shell *sh, const char *arg) {
  (void)sh;
  (void)arg;
  for (size_t i = 0; i < DOTS; i++) {
    char term[48];
    snprintf(term, sizeof term, ".%s %s", dots[i].name, dots[i].arguments);
    printf("%-24s %s\n", term, dots[i].help);
  }
}

/* The command that the word is, or the only one that it begins. */
static const struct dot *find(const char *word, size_t n) {
  const struct dot *found = NULL;
  for (size_t i = 0; i < DOTS; i++) {
    if (strncmp(dots[i].name, word, n) == 0) {
      if (dots[i].name[n] == '\0') {
        return &dots[i];
      }
      if (found != NULL) {
        return NULL;
      }
      found = &dots[i];
    }
  }
  return found;
}

/* The argument: the rest of the line without blanks and quotes around it. */
static char *argument(const char *from) {
  while (isspace((unsigned char)*from)) {
    from++;
  }
  size_t n = strlen(from);
  while (n > 0 && isspace((unsigned char)from[n - 1])) {
    n--;
  }
  if (n >= 2 && (*from == '\'' || *from == '"') && from[n - 1] == *from) {
    from++;
    n -= 2;
  }
  return strndup(from, n);
}

void sh_dot(shell *sh, const char *line) {
  size_t n = strcspn(line + 1, " \t\r\n");
  const struct dot *d = n == 0 ? NULL : find(line + 1, n);
  char *arg = argument(line + 1 + n);
  if (arg == NULL) {
    sh_say_error(sh, "no memory");
  } else if (d == NULL) {
    sh_say_error(sh, "no command .%.*s; .help lists them", n > 40 ? 40 : (int)n, line + 1);
  } else if (d->most == 0 && *arg != '\0') {
    sh_say_error(sh, ".%s takes no argument", d->name);
  } else {
    d->run(sh, *arg == '\0' ? NULL : arg);
  }
  free(arg);
}
