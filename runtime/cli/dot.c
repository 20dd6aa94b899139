/* dot.c - the commands that are not SQL, from the table dot.def. They only read the database. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shell.h"

static const struct {
  const char *name, *help;
} modes[] = {
#define SH_MODE(name, whole, help) {#name, help},
#include "modes.def"
#undef SH_MODE
};

const char *sh_mode_name(const void *none, size_t i) {
  (void)none;
  return i < SH_MODES ? modes[i].name : NULL;
}

bool sh_set_mode(shell *sh, const char *name) {
  for (int i = 0; i < SH_MODES; i++) {
    if (strcmp(modes[i].name, name) == 0) {
      sh->mode = (enum sh_mode)i;
      return true;
    }
  }
  return false;
}

/* "on" and "off"; without one it is turned over. */
static void toggle(shell *sh, bool *flag, const char *name, const char *arg) {
  if (arg == NULL || strcmp(arg, "on") == 0 || strcmp(arg, "off") == 0) {
    *flag = arg == NULL ? !*flag : strcmp(arg, "on") == 0;
  } else {
    sh_say_error(sh, NULL, ".%s is on or off", name);
  }
}

static void dot_audit(shell *sh, const char *arg) {
  sh_about(sh, SH_QUERY_AUDIT, (const char *const[SH_GIVEN]){arg});
}

static void dot_bail(shell *sh, const char *arg) {
  toggle(sh, &sh->bail, "bail", arg);
}

static void dot_changes(shell *sh, const char *arg) {
  toggle(sh, &sh->changes, "changes", arg);
}

static void dot_cost(shell *sh, const char *arg) {
  toggle(sh, &sh->cost, "cost", arg);
}

static void dot_functions(shell *sh, const char *arg) {
  sh_query(sh, SH_QUERY_FUNCTIONS, (const char *const[SH_GIVEN]){arg});
}

static void dot_grants(shell *sh, const char *arg) {
  sh_about(sh, SH_QUERY_GRANTS, (const char *const[SH_GIVEN]){arg});
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

static void dot_logs(shell *sh, const char *arg) {
  sh_about(sh, SH_QUERY_LOGS, (const char *const[SH_GIVEN]){arg});
}

static void dot_metrics(shell *sh, const char *arg) {
  sh_about(sh, SH_QUERY_METRICS, (const char *const[SH_GIVEN]){arg});
}

static void dot_mode(shell *sh, const char *arg) {
  char hint[64];
  if (arg == NULL) {
    fprintf(sh->out, "%s\n", modes[sh->mode].name);
  } else if (!sh_set_mode(sh, arg)) {
    const char *nearest = hcl_nearest(arg, sh_mode_name, NULL);
    snprintf(hint, sizeof hint, nearest == NULL ? ".help mode lists them" : "did you mean '%s'?",
             nearest);
    sh_say_error(sh, hint, "no mode %.40s", arg);
  }
}

static void dot_nullvalue(shell *sh, const char *arg) {
  char *text = arg == NULL ? NULL : strdup(arg);
  if (arg != NULL && text == NULL) {
    sh_say_error(sh, NULL, "no memory");
    return;
  }
  free(sh->null_text);
  sh->null_text = text;
}

static void dot_once(shell *sh, const char *arg) {
  sh_redirect(sh, arg, true);
}

static void dot_output(shell *sh, const char *arg) {
  sh_redirect(sh, arg, false);
}

static void dot_open(shell *sh, const char *arg) {
  helios *before = sh->h;
  helios_error err = {.code = HELIOS_OK};
  if (sh_open(sh, arg) && helios_close(before, &err) != HELIOS_OK) {
    sh_error(sh, &err, NULL);
  }
}

static void dot_quit(shell *sh, const char *arg) {
  (void)arg;
  sh->quit = true;
}

static void dot_read(shell *sh, const char *arg) {
  sh_file(sh, arg);
}

static void dot_tables(shell *sh, const char *arg) {
  sh_query(sh, SH_QUERY_TABLES, (const char *const[SH_GIVEN]){arg});
}

static void dot_schema(shell *sh, const char *arg) {
  enum sh_mode mode = sh->mode;
  sh->mode = mode == SH_MODE_json || mode == SH_MODE_jsonl ? mode : SH_MODE_list;
  sh_query(sh, SH_QUERY_SCHEMA, (const char *const[SH_GIVEN]){arg});
  sh->mode = mode;
}

static void dot_procedure(shell *sh, const char *arg) {
  sh_about(sh, SH_QUERY_PROCEDURE, (const char *const[SH_GIVEN]){arg});
}

static void dot_procedures(shell *sh, const char *arg) {
  sh_query(sh, SH_QUERY_PROCEDURES, (const char *const[SH_GIVEN]){arg});
}

static void dot_traps(shell *sh, const char *arg) {
  sh_about(sh, SH_QUERY_TRAPS, (const char *const[SH_GIVEN]){arg});
}

static void dot_versions(shell *sh, const char *arg) {
  sh_about(sh, SH_QUERY_VERSIONS, (const char *const[SH_GIVEN]){arg});
}

static void dot_help(shell *sh, const char *arg);

static const struct dot {
  const char *name, *arguments, *help, *more;
  int least;
  void (*run)(shell *sh, const char *arg);
} dots[] = {
#define SH_DOT(name, arguments, least, help, more)                                                 \
  {#name, arguments, help, more, least, dot_##name},
#include "dot.def"
#undef SH_DOT
};
#define DOTS (sizeof dots / sizeof *dots)

const char *sh_dot_name(const void *none, size_t i) {
  (void)none;
  return i < DOTS ? dots[i].name : NULL;
}

const char *sh_dot_arguments(size_t i) {
  return dots[i].arguments;
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

static void unknown(shell *sh, const char *word, size_t n) {
  char bare[40], hint[64];
  snprintf(bare, sizeof bare, "%.*s", n > 39 ? 39 : (int)n, word);
  const char *nearest = hcl_nearest(bare, sh_dot_name, NULL);
  snprintf(hint, sizeof hint, nearest == NULL ? ".help lists them" : "did you mean '.%s'?",
           nearest);
  sh_say_error(sh, hint, "no command .%s", bare);
}

static void help_on(shell *sh, const char *word) {
  const struct dot *d = find(word, strlen(word));
  if (d == NULL) {
    unknown(sh, word, strlen(word));
    return;
  }
  fprintf(sh->out, ".%s%s%s\n%s%s%s\n", d->name, d->arguments[0] == '\0' ? "" : " ", d->arguments,
          d->help, d->more[0] == '\0' ? "" : "\n", d->more);
  for (int i = 0; i < SH_MODES && d->run == dot_mode; i++) {
    fprintf(sh->out, "  %-10s %s\n", modes[i].name, modes[i].help);
  }
}

static void dot_help(shell *sh, const char *arg) {
  if (arg != NULL) {
    help_on(sh, arg + (*arg == '.'));
    return;
  }
  for (size_t i = 0; i < DOTS; i++) {
    char term[48];
    snprintf(term, sizeof term, ".%s %s", dots[i].name, dots[i].arguments);
    fprintf(sh->out, "%-24s %s\n", term, dots[i].help);
  }
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
    sh_say_error(sh, NULL, "no memory");
  } else if (d == NULL) {
    unknown(sh, line + 1, n);
  } else if (d->arguments[0] == '\0' && *arg != '\0') {
    sh_say_error(sh, NULL, ".%s takes no argument", d->name);
  } else if (d->least > 0 && *arg == '\0') {
    sh_say_error(sh, NULL, ".%s needs %s", d->name, d->arguments);
  } else {
    d->run(sh, *arg == '\0' ? NULL : arg);
  }
  free(arg);
}
