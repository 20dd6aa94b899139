/* parse.c - a command line by a program's tables. Must accept nothing that the tables don't have; a
 * name that is nearly one of theirs gets that one as a hint. Invariant: after success each value of
 * an option with choices is one of them. */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "cmdline.h"

static bool wrong(hcl_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(hcl_line *line, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(line->text, sizeof line->text, format, args);
  va_end(args);
  return false;
}

static const char *option_name(const void *arg, size_t i) {
  const hcl_program *p = arg;
  return i < p->option_count ? p->options[i].name : NULL;
}

const char *hcl_command_name(const void *arg, size_t i) {
  const hcl_program *p = arg;
  return i < p->command_count ? p->commands[i].name : NULL;
}

/* Commands of two words that begin with the same one. */
struct group {
  const hcl_program *p;
  const char *word;
};

/* The second word of a command of the group, or "". */
static const char *verb_of(const struct group *g, const hcl_command *c) {
  size_t n = strlen(g->word);
  return strncmp(c->name, g->word, n) == 0 && c->name[n] == ' ' ? c->name + n + 1 : "";
}

static const char *verb_name(const void *arg, size_t i) {
  const struct group *g = arg;
  return i < g->p->command_count ? verb_of(g, &g->p->commands[i]) : NULL;
}

static void did_you_mean(hcl_line *line, const char *before, const char *nearest) {
  if (nearest != NULL) {
    snprintf(line->hint, sizeof line->hint, "did you mean '%s%.*s'?", before,
             (int)strcspn(nearest, " "), nearest);
  }
}

static bool unknown_option(hcl_line *line, const hcl_program *p, const char *shown,
                           const char *name) {
  char clean[80];
  did_you_mean(line, "--", hcl_nearest(name, option_name, p));
  return wrong(line, "unknown option '%s'", hcl_clean(clean, sizeof clean, shown));
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

/* What a word stands for, if it is not a choice itself. */
static const char *meant(const hcl_program *p, const hcl_option *o, const char *value) {
  for (size_t i = 0; i < p->synonym_count && !is_choice(o->choices, value); i++) {
    if (strcmp(p->synonyms[i].term, value) == 0 && is_choice(o->choices, p->synonyms[i].text)) {
      return p->synonyms[i].text;
    }
  }
  return value;
}

static bool set(hcl_line *line, const hcl_program *p, const hcl_option *o, const char *value) {
  char clean[80];
  size_t id = (size_t)(o - p->options);
  value = o->choices == NULL ? value : meant(p, o, value);
  if (o->choices != NULL && !is_choice(o->choices, value)) {
    return wrong(line, "--%s is one of %s, not '%s'", o->name, o->choices,
                 hcl_clean(clean, sizeof clean, value));
  }
  if ((p->repeated >> id & 1) != 0) {
    line->repeats[line->repeat_count++] = (hcl_value){id, value};
  }
  line->values[id] = value;
  return true;
}

static const hcl_option *by_name(const hcl_program *p, const char *name, size_t length) {
  for (size_t i = 0; i < p->option_count; i++) {
    if (strlen(p->options[i].name) == length && memcmp(p->options[i].name, name, length) == 0) {
      return &p->options[i];
    }
  }
  return NULL;
}

static const hcl_option *by_letter(const hcl_program *p, char letter) {
  for (size_t i = 0; i < p->option_count; i++) {
    if (p->options[i].letter == letter && letter != 0) {
      return &p->options[i];
    }
  }
  return NULL;
}

/* argv[*at] is "--name", "--name=value" or "--name" "value". */
static bool long_option(hcl_line *line, const hcl_program *p, int argc, char **argv, int *at) {
  const char *name = argv[*at] + 2;
  size_t length = strcspn(name, "=");
  const hcl_option *o = by_name(p, name, length);
  char bare[40];
  if (o == NULL) {
    snprintf(bare, sizeof bare, "%.*s", (int)(length < 39 ? length : 39), name);
    return unknown_option(line, p, argv[*at], bare);
  }
  if (o->value == NULL) {
    return name[length] == '=' ? wrong(line, "--%s takes no value", o->name) : set(line, p, o, "");
  }
  if (name[length] == '=') {
    return set(line, p, o, name + length + 1);
  }
  if (*at + 1 >= argc) {
    return wrong(line, "--%s needs %s", o->name, o->value);
  }
  return set(line, p, o, argv[++*at]);
}

/* argv[*at] is letters: flags, the last one maybe with a value behind it. */
static bool short_options(hcl_line *line, const hcl_program *p, int argc, char **argv, int *at) {
  char shown[3] = "-";
  bool good = true;
  for (const char *c = argv[*at] + 1; *c != '\0' && good; c++) {
    const hcl_option *o = by_letter(p, *c);
    shown[1] = *c;
    if (o == NULL) {
      return unknown_option(line, p, shown, shown + 1);
    }
    if (o->value != NULL) {
      if (c[1] == '\0' && *at + 1 >= argc) {
        return wrong(line, "-%c needs %s", o->letter, o->value);
      }
      return set(line, p, o, c[1] != '\0' ? c + 1 : argv[++*at]);
    }
    good = set(line, p, o, o == &p->options[p->help_option] ? "-h" : "");
  }
  return good;
}

/* Options are set, all else is moved to the front of argv, behind argv[0]: the C library takes the
 * program's name from there. *count is how many. */
static bool options(hcl_line *line, const hcl_program *p, int argc, char **argv, int *count) {
  bool good = true;
  *count = 0;
  for (int at = 1; at < argc && good; at++) {
    if (strcmp(argv[at], "--") == 0) {
      for (at++; at < argc; at++) {
        argv[++*count] = argv[at];
      }
    } else if (strncmp(argv[at], "--", 2) == 0) {
      good = long_option(line, p, argc, argv, &at);
    } else if (argv[at][0] == '-' && argv[at][1] != '\0') {
      good = short_options(line, p, argc, argv, &at);
    } else {
      argv[++*count] = argv[at];
    }
  }
  return good;
}

/* How to report comes before what to report: errors of the rest obey these. */
static void early(hcl_line *line, int argc, char **argv) {
  line->color_out = hcl_color(STDOUT_FILENO);
  line->color_err = hcl_color(STDERR_FILENO);
  for (int at = 1; at < argc && strcmp(argv[at], "--") != 0; at++) {
    line->json |= strcmp(argv[at], "--json") == 0;
    if (strcmp(argv[at], "--color=always") == 0) {
      line->color_out = line->color_err = true;
    } else if (strcmp(argv[at], "--color=never") == 0) {
      line->color_out = line->color_err = false;
    }
  }
}

/* Is the name `first`, or `first second`? */
static bool names_command(const char *name, const char *first, const char *second) {
  size_t n = strlen(first);
  if (strncmp(name, first, n) != 0) {
    return false;
  }
  return name[n] == '\0' || (name[n] == ' ' && second != NULL && strcmp(name + n + 1, second) == 0);
}

size_t hcl_find(const hcl_program *p, const char *const *words, int count, int *taken) {
  for (size_t i = 0; i < p->command_count; i++) {
    const char *name = p->commands[i].name;
    if (names_command(name, words[0], count > 1 ? words[1] : NULL)) {
      *taken = strchr(name, ' ') == NULL ? 1 : 2;
      return i;
    }
  }
  return p->command_count;
}

/* Is the word the first one of commands of two? Then the second one is missing or wrong. */
static bool wrong_verb(hcl_line *line, const hcl_program *p) {
  struct group g = {p, line->args[0]};
  const char *verb = line->arg_count > 1 ? line->args[1] : NULL, *nearest = NULL;
  char clean[80], before[48];
  bool any = false;
  for (size_t i = 0; i < p->command_count; i++) {
    any |= verb_of(&g, &p->commands[i])[0] != '\0';
  }
  if (!any) {
    return false;
  }
  snprintf(line->hint, sizeof line->hint, "%s help %.20s lists them", p->name, g.word);
  if (verb == NULL) {
    wrong(line, "%s %.20s needs a command", p->name, g.word);
    return true;
  }
  nearest = hcl_nearest(verb, verb_name, &g);
  snprintf(before, sizeof before, "%s %.20s ", p->name, g.word);
  did_you_mean(line, before, nearest);
  wrong(line, "no command '%.20s %s'", g.word, hcl_clean(clean, sizeof clean, verb));
  return true;
}

static bool find_command(hcl_line *line, const hcl_program *p) {
  const char *word = line->args[0];
  char clean[80], before[40];
  int taken = 0;
  size_t found = hcl_find(p, line->args, line->arg_count, &taken);
  if (found < p->command_count) {
    line->command = found;
    line->args += taken;
    line->arg_count -= taken;
    return true;
  }
  if (wrong_verb(line, p)) {
    return false;
  }
  const char *nearest = hcl_nearest(word, hcl_command_name, p);
  if (p->is_argument(word, nearest)) {
    return true;
  }
  snprintf(before, sizeof before, "%s ", p->name);
  did_you_mean(line, before, nearest);
  return wrong(line, "no command and no file '%s'", hcl_clean(clean, sizeof clean, word));
}

bool hcl_fits(hcl_line *line, const hcl_program *p) {
  const hcl_command *c = &p->commands[line->command];
  char clean[80];
  int word = (int)strcspn(c->name, " ");
  snprintf(line->hint, sizeof line->hint, "see '%s help %.*s'", p->name, word, c->name);
  for (size_t i = 0; i < p->option_count; i++) {
    if (line->values[i] != NULL && (p->options[i].commands >> line->command & 1) == 0) {
      return wrong(line, "%s %s has no option --%s", p->name, c->name, p->options[i].name);
    }
  }
  if (line->arg_count < c->least) {
    return wrong(line, "%s %s needs %s", p->name, c->name, c->arguments);
  }
  if (line->arg_count > c->most) {
    return wrong(line, "one argument too many: '%s'",
                 hcl_clean(clean, sizeof clean, line->args[c->most]));
  }
  line->hint[0] = 0;
  return true;
}

bool hcl_parse(hcl_line *line, const hcl_program *p, int argc, char **argv) {
  int count;
  hcl_value *repeats = line->repeats;
  *line = (hcl_line){.command = p->standard, .repeats = repeats};
  early(line, argc, argv);
  if (!options(line, p, argc, argv, &count)) {
    return false;
  }
  line->args = (const char *const *)argv + 1;
  line->arg_count = count;
  line->named = count > 0;
  return count == 0 || find_command(line, p);
}
