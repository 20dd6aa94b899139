/* man.c - a page for man(1), from the tables of a program. Must let no text of the tables be taken
 * for a command of roff. */
#include <string.h>

#include "cmdline.h"

static void roff(FILE *out, const char *text) {
  if (*text == '.' || *text == '\'') {
    fputs("\\&", out);
  }
  for (; *text != '\0'; text++) {
    if (*text == '\\') {
      fputs("\\e", out);
    } else if (*text == '-') {
      fputs("\\-", out);
    } else {
      fputc(*text, out);
    }
  }
}

static void item(FILE *out, const char *term, const char *text) {
  fputs(".TP\n\\fB", out);
  roff(out, term);
  fputs("\\fR\n", out);
  roff(out, text);
  fputc('\n', out);
}

static void option(FILE *out, const hcl_option *o) {
  fputs(".TP\n", out);
  if (o->letter != 0) {
    fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
  }
  fputs("\\fB\\-\\-", out);
  roff(out, o->name);
  fputs("\\fR", out);
  if (o->value != NULL) {
    fprintf(out, "=\\fI%s\\fR", o->value);
  }
  fputc('\n', out);
  roff(out, o->help);
  if (o->choices != NULL) {
    fputs(" (", out);
    roff(out, o->choices);
    fputc(')', out);
  }
  fputc('\n', out);
}

static void command(FILE *out, const hcl_program *p, size_t index) {
  const hcl_command *c = &p->commands[index];
  fprintf(out, ".SS \"%s %s ", p->name, c->name);
  roff(out, c->arguments);
  fputs("\"\n", out);
  roff(out, c->text);
  fputc('\n', out);
  for (size_t i = 0; i < p->option_count; i++) {
    const hcl_option *o = &p->options[i];
    if (o->commands != HCL_ALL && (o->commands >> index & 1) != 0) {
      option(out, o);
    }
  }
}

static void head(FILE *out, const hcl_program *p) {
  fputs(".TH ", out);
  for (const char *c = p->name; *c != '\0'; c++) {
    fputc(*c - 'a' + 'A', out); /* names are lower case letters */
  }
  fprintf(out, " 1 \"\" \"%s %s\" \"heliosc\"\n.SH NAME\n%s \\- ", p->name, p->version, p->name);
  roff(out, p->title);
  fprintf(out, "\n.SH SYNOPSIS\n.B %s\n.RI [ options ] ", p->name);
  roff(out, p->standard_usage);
  fprintf(out, "\n.br\n.B %s\n.I command\n.RI [ options ] [ arguments ]\n", p->name);
}

void hcl_man(FILE *out, const hcl_program *p) {
  head(out, p);
  fputs(".SH COMMANDS\n", out);
  for (size_t i = 0; i < p->command_count; i++) {
    command(out, p, i);
  }
  fputs(".SH OPTIONS\nEvery command takes these.\n", out);
  for (size_t i = 0; i < p->option_count; i++) {
    if (p->options[i].commands == HCL_ALL) {
      option(out, &p->options[i]);
    }
  }
  fputs(".SH EXIT STATUS\n", out);
  for (size_t i = 0; i < p->exit_count; i++) {
    char term[16];
    snprintf(term, sizeof term, "%d", p->exits[i].code);
    item(out, term, p->exits[i].meaning);
  }
  fputs(".SH ENVIRONMENT\n", out);
  for (size_t i = 0; i < p->variable_count; i++) {
    item(out, p->variables[i].term, p->variables[i].text);
  }
  fprintf(out, ".SH SEE ALSO\n.BR %s (1)\n", p->see_also);
}
