/* help.c - help, from the tables of a program. Lines have at most 80 columns. */
#include <string.h>

#include "cmdline.h"

#define WIDTH 80
#define INDENT 28

void hcl_wrap(FILE *out, const char *text, int column, int indent) {
  while (*text != '\0') {
    int n = (int)strcspn(text, " ");
    if (column > indent && column + 1 + n > WIDTH) {
      fputc('\n', out);
      column = 0;
    }
    if (column < indent) {
      fprintf(out, "%*s", indent - column, "");
      column = indent;
    } else if (column > indent) {
      fputc(' ', out);
      column++;
    }
    fprintf(out, "%.*s", n, text);
    column += n;
    text += n + (text[n] == ' ');
  }
  fputc('\n', out);
}

static void heading(FILE *out, const char *text, bool color) {
  fprintf(out, "\n%s%s%s\n", hcl_style(color, HCL_STYLE_BOLD), text,
          hcl_style(color, HCL_STYLE_PLAIN));
}

/* A term in the left column and its text in the right one. */
static void row(FILE *out, const char *term, const char *text) {
  int width = (int)strlen(term) + 2;
  fprintf(out, "  %s", term);
  if (width >= INDENT) {
    fputc('\n', out);
    width = 0;
  }
  hcl_wrap(out, text, width, INDENT);
}

static void option_row(FILE *out, const hcl_option *o) {
  char term[64], text[256], letter[8] = "    ";
  if (o->letter != 0) {
    snprintf(letter, sizeof letter, "-%c, ", o->letter);
  }
  snprintf(term, sizeof term, "%s--%s%s%s", letter, o->name, o->value == NULL ? "" : "=",
           o->value == NULL ? "" : o->value);
  snprintf(text, sizeof text, "%s%s%s%s", o->help, o->choices == NULL ? "" : " (",
           o->choices == NULL ? "" : o->choices, o->choices == NULL ? "" : ")");
  row(out, term, text);
}

/* The options of one command, or those of every command. */
static void option_rows(FILE *out, const hcl_program *p, uint32_t commands, bool general) {
  for (size_t i = 0; i < p->option_count; i++) {
    const hcl_option *o = &p->options[i];
    if ((o->commands == HCL_ALL) == general && (o->commands & commands) != 0) {
      option_row(out, o);
    }
  }
}

static void command_row(FILE *out, const hcl_command *c) {
  char term[64];
  snprintf(term, sizeof term, "%s %s", c->name, strlen(c->arguments) > 14 ? "..." : c->arguments);
  row(out, term, c->summary);
}

static void overview(FILE *out, const hcl_program *p, bool color) {
  fprintf(out, "%s - %s\n", p->name, p->title);
  heading(out, "Examples", color);
  for (size_t i = 0; i < p->example_count; i++) {
    row(out, p->examples[i].term, p->examples[i].text);
  }
  heading(out, "Commands", color);
  for (size_t i = 0; i < p->command_count; i++) {
    command_row(out, &p->commands[i]);
  }
}

static void help_short(FILE *out, const hcl_program *p, bool color) {
  overview(out, p, color);
  fprintf(out, "\n%s help COMMAND shows its options, %s --help everything.\n", p->name, p->name);
}

/* Has the command options that not every one has? */
static bool has_own(const hcl_program *p, size_t command) {
  bool any = false;
  for (size_t i = 0; i < p->option_count; i++) {
    any |= p->options[i].commands != HCL_ALL && (p->options[i].commands >> command & 1) != 0;
  }
  return any;
}

static void help_all(FILE *out, const hcl_program *p, bool color) {
  char term[64];
  overview(out, p, color);
  for (size_t i = 0; i < p->command_count; i++) {
    if (has_own(p, i)) {
      snprintf(term, sizeof term, "Options of %s %s", p->name, p->commands[i].name);
      heading(out, term, color);
      option_rows(out, p, UINT32_C(1) << i, false);
    }
  }
  heading(out, "Options of every command", color);
  option_rows(out, p, HCL_ALL, true);
  heading(out, "Exit codes", color);
  for (size_t i = 0; i < p->exit_count; i++) {
    snprintf(term, sizeof term, "%d", p->exits[i].code);
    row(out, term, p->exits[i].meaning);
  }
  heading(out, "Environment", color);
  for (size_t i = 0; i < p->variable_count; i++) {
    row(out, p->variables[i].term, p->variables[i].text);
  }
}

static void help_command(FILE *out, const hcl_program *p, size_t command, bool color) {
  const hcl_command *c = &p->commands[command];
  fprintf(out, "%s %s [options]%s%s\n\n", p->name, c->name, c->arguments[0] == '\0' ? "" : " ",
          c->arguments);
  hcl_wrap(out, c->text, 0, 0);
  heading(out, "Options", color);
  option_rows(out, p, UINT32_C(1) << command, false);
  option_rows(out, p, UINT32_C(1) << command, true);
}

/* The commands that begin with this word: help on "procedure". False: there is none. */
static bool help_group(FILE *out, const hcl_program *p, const char *word, bool color) {
  size_t n = strlen(word);
  bool any = false;
  for (size_t i = 0; i < p->command_count; i++) {
    const hcl_command *c = &p->commands[i];
    if (strncmp(c->name, word, n) == 0 && c->name[n] == ' ') {
      if (!any) {
        fprintf(out, "%s %s COMMAND [options] ...\n", p->name, word);
        heading(out, "Commands", color);
      }
      any = true;
      command_row(out, c);
    }
  }
  return any;
}

bool hcl_help(FILE *out, const hcl_program *p, hcl_line *line, size_t man, size_t all) {
  char clean[80];
  int taken;
  if (line->values[man] != NULL) {
    hcl_man(out, p);
    return true;
  }
  if (line->values[all] != NULL) {
    help_all(out, p, line->color_out);
    return true;
  }
  if (line->arg_count == 0) {
    help_short(out, p, line->color_out);
    return true;
  }
  size_t command = hcl_find(p, line->args, line->arg_count, &taken);
  if (command < p->command_count) {
    help_command(out, p, command, line->color_out);
    return true;
  }
  if (line->arg_count == 1 && help_group(out, p, line->args[0], line->color_out)) {
    return true;
  }
  const char *nearest = hcl_nearest(line->args[0], hcl_command_name, p);
  line->hint[0] = '\0';
  if (nearest != NULL) {
    snprintf(line->hint, sizeof line->hint, "did you mean '%s help %s'?", p->name, nearest);
  }
  snprintf(line->text, sizeof line->text, "no command '%s'",
           hcl_clean(clean, sizeof clean, line->args[0]));
  return false;
}

void hcl_help_option(FILE *out, const hcl_program *p, const hcl_line *line, bool of_command) {
  if (of_command) {
    help_command(out, p, line->command, line->color_out);
  } else if (line->values[p->help_option][0] == '-') {
    help_short(out, p, line->color_out);
  } else {
    help_all(out, p, line->color_out);
  }
}
