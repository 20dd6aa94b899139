/* cli_help.c - help and version, from the tables. Lines have at most 80 columns. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "hsb_abi.h"

#define WIDTH 80
#define INDENT 28

static const struct pair {
  int code;
  const char *text;
} exits[] = {
#define HCC_EXIT(code, meaning) {code, meaning},
#include "exits.def"
#undef HCC_EXIT
};

static const struct variable {
  const char *name, *meaning;
} variables[] = {
#define HCC_VARIABLE(name, meaning) {name, meaning},
#include "environment.def"
#undef HCC_VARIABLE
};

void hcc_cli_wrap(hcc_cli *cli, const char *text, int column, int indent) {
  while (*text != '\0') {
    int n = (int)strcspn(text, " ");
    if (column > indent && column + 1 + n > WIDTH) {
      hcc_cli_print(cli, "\n");
      column = 0;
    }
    if (column < indent) {
      hcc_cli_print(cli, "%*s", indent - column, "");
      column = indent;
    } else if (column > indent) {
      hcc_cli_print(cli, " ");
      column++;
    }
    hcc_cli_print(cli, "%.*s", n, text);
    column += n;
    text += n + (text[n] == ' ');
  }
  hcc_cli_print(cli, "\n");
}

static void heading(hcc_cli *cli, const char *text) {
  hcc_cli_print(cli, "\n%s%s%s\n", hcc_cli_style(cli->color_out, HCC_STYLE_BOLD), text,
                hcc_cli_style(cli->color_out, HCC_STYLE_PLAIN));
}

/* A term in the left column and its text in the right one. */
static void row(hcc_cli *cli, const char *term, const char *text) {
  int width = (int)strlen(term) + 2;
  hcc_cli_print(cli, "  %s", term);
  if (width >= INDENT) {
    hcc_cli_print(cli, "\n");
    width = 0;
  }
  hcc_cli_wrap(cli, text, width, INDENT);
}

static void option_row(hcc_cli *cli, const hcc_option *o) {
  char term[64], text[256], letter[8] = "    ";
  if (o->letter != 0) {
    snprintf(letter, sizeof letter, "-%c, ", o->letter);
  }
  snprintf(term, sizeof term, "%s--%s%s%s", letter, o->name, o->value == NULL ? "" : "=",
           o->value == NULL ? "" : o->value);
  snprintf(text, sizeof text, "%s%s%s%s", o->help, o->choices == NULL ? "" : " (",
           o->choices == NULL ? "" : o->choices, o->choices == NULL ? "" : ")");
  row(cli, term, text);
}

/* The options of one command, or those of every command. */
static void option_rows(hcc_cli *cli, uint32_t commands, bool general) {
  for (size_t i = 0; i < HCC_OPTIONS; i++) {
    const hcc_option *o = &hcc_options[i];
    if ((o->commands == UINT32_MAX) == general && (o->commands & commands) != 0) {
      option_row(cli, o);
    }
  }
}

static void command_rows(hcc_cli *cli) {
  heading(cli, "Commands");
  for (size_t i = 0; i < HCC_COMMANDS; i++) {
    char term[64];
    const hcc_command *c = &hcc_commands[i];
    snprintf(term, sizeof term, "%s %s", c->name, strlen(c->arguments) > 14 ? "..." : c->arguments);
    row(cli, term, c->summary);
  }
}

static void examples(hcc_cli *cli) {
  hcc_cli_print(cli, "heliosc - compiles WebAssembly procedures to native sandboxed plugins\n");
  heading(cli, "Examples");
  row(cli, "heliosc add.wasm", "compile to add.so");
  row(cli, "heliosc inspect add.wasm", "what is in it");
  row(cli, "heliosc verify add.so", "seal and machine code");
  row(cli, "heliosc doctor", "can this machine build?");
}

void hcc_cli_help_short(hcc_cli *cli) {
  examples(cli);
  command_rows(cli);
  hcc_cli_print(cli, "\nheliosc help COMMAND shows its options, heliosc --help everything.\n");
}

void hcc_cli_help_all(hcc_cli *cli) {
  examples(cli);
  command_rows(cli);
  for (size_t i = 0; i < HCC_COMMANDS; i++) {
    uint32_t bit = UINT32_C(1) << i;
    bool any = false;
    for (size_t o = 0; o < HCC_OPTIONS; o++) {
      any |= hcc_options[o].commands != UINT32_MAX && (hcc_options[o].commands & bit) != 0;
    }
    if (any) {
      char title[40];
      snprintf(title, sizeof title, "Options of heliosc %s", hcc_commands[i].name);
      heading(cli, title);
      option_rows(cli, bit, false);
    }
  }
  heading(cli, "Options of every command");
  option_rows(cli, UINT32_MAX, true);
  heading(cli, "Exit codes");
  for (size_t i = 0; i < sizeof exits / sizeof *exits; i++) {
    char term[16];
    snprintf(term, sizeof term, "%d", exits[i].code);
    row(cli, term, exits[i].text);
  }
  heading(cli, "Environment");
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
    row(cli, variables[i].name, variables[i].meaning);
  }
}

void hcc_cli_help_command(hcc_cli *cli, enum hcc_command_id command) {
  const hcc_command *c = &hcc_commands[command];
  hcc_cli_print(cli, "heliosc %s [options]%s%s\n\n", c->name, c->arguments[0] == '\0' ? "" : " ",
                c->arguments);
  hcc_cli_wrap(cli, c->text, 0, 0);
  heading(cli, "Options");
  option_rows(cli, UINT32_C(1) << command, false);
  option_rows(cli, UINT32_C(1) << command, true);
}

static const char *command_name(size_t i) {
  return i < HCC_COMMANDS ? hcc_commands[i].name : NULL;
}

int hcc_cli_help(hcc_cli *cli) {
  char clean[80], hint[64];
  if (cli->values[HCC_OPTION_man] != NULL) {
    hcc_cli_man(cli);
    return 0;
  }
  if (cli->values[HCC_OPTION_all] != NULL) {
    hcc_cli_help_all(cli);
    return 0;
  }
  if (cli->arg_count == 0) {
    hcc_cli_help_short(cli);
    return 0;
  }
  for (size_t i = 0; i < HCC_COMMANDS; i++) {
    if (strcmp(hcc_commands[i].name, cli->args[0]) == 0) {
      hcc_cli_help_command(cli, (enum hcc_command_id)i);
      return 0;
    }
  }
  const char *nearest = hcc_cli_nearest(cli->args[0], command_name);
  snprintf(hint, sizeof hint, "did you mean 'heliosc help %s'?", nearest == NULL ? "" : nearest);
  return hcc_cli_usage(cli, nearest == NULL ? NULL : hint, "no command '%s'",
                       hcc_cli_clean(clean, sizeof clean, cli->args[0]));
}

int hcc_cli_version(hcc_cli *cli) {
  if (cli->json) {
    cJSON *o = hcc_cli_object("version");
    cJSON_AddStringToObject(o, "heliosc", HELIOS_VERSION);
    cJSON_AddNumberToObject(o, "abi_major", HSB_ABI_MAJOR);
    cJSON_AddNumberToObject(o, "abi_minor", HSB_ABI_MINOR);
    hcc_cli_emit(cli, o);
    return 0;
  }
  hcc_cli_print(cli, "heliosc %s (plugin abi %d.%d)\n", HELIOS_VERSION, HSB_ABI_MAJOR,
                HSB_ABI_MINOR);
  return 0;
}

static void roff(hcc_cli *cli, const char *text) {
  if (*text == '.' || *text == '\'') {
    hcc_cli_print(cli, "\\&");
  }
  for (; *text != '\0'; text++) {
    switch (*text) {
    case '\\':
      hcc_cli_print(cli, "\\e");
      break;
    case '-':
      hcc_cli_print(cli, "\\-");
      break;
    default:
      hcc_cli_print(cli, "%c", *text);
    }
  }
}

static void roff_item(hcc_cli *cli, const char *term, const char *text) {
  hcc_cli_print(cli, ".TP\n\\fB");
  roff(cli, term);
  hcc_cli_print(cli, "\\fR\n");
  roff(cli, text);
  hcc_cli_print(cli, "\n");
}

static void roff_option(hcc_cli *cli, const hcc_option *o) {
  hcc_cli_print(cli, ".TP\n");
  if (o->letter != 0) {
    hcc_cli_print(cli, "\\fB\\-%c\\fR, ", o->letter);
  }
  hcc_cli_print(cli, "\\fB\\-\\-");
  roff(cli, o->name);
  hcc_cli_print(cli, "\\fR");
  if (o->value != NULL) {
    hcc_cli_print(cli, "=\\fI%s\\fR", o->value);
  }
  hcc_cli_print(cli, "\n");
  roff(cli, o->help);
  if (o->choices != NULL) {
    hcc_cli_print(cli, " (");
    roff(cli, o->choices);
    hcc_cli_print(cli, ")");
  }
  hcc_cli_print(cli, "\n");
}

static void roff_command(hcc_cli *cli, size_t index) {
  const hcc_command *c = &hcc_commands[index];
  hcc_cli_print(cli, ".SS \"heliosc %s ", c->name);
  roff(cli, c->arguments);
  hcc_cli_print(cli, "\"\n");
  roff(cli, c->text);
  hcc_cli_print(cli, "\n");
  for (size_t i = 0; i < HCC_OPTIONS; i++) {
    const hcc_option *o = &hcc_options[i];
    if (o->commands != UINT32_MAX && (o->commands >> index & 1) != 0) {
      roff_option(cli, o);
    }
  }
}

void hcc_cli_man(hcc_cli *cli) {
  hcc_cli_print(
      cli,
      ".TH HELIOSC 1 \"\" \"heliosc %s\" \"heliosc\"\n.SH NAME\nheliosc \\- compile WebAssembly "
      "procedures to native sandboxed plugins\n.SH SYNOPSIS\n.B heliosc\n.RI [ options ] "
      "FILE\n.br\n.B heliosc\n.I command\n.RI [ options ] [ arguments ]\n.SH COMMANDS\n",
      HELIOS_VERSION);
  for (size_t i = 0; i < HCC_COMMANDS; i++) {
    roff_command(cli, i);
  }
  hcc_cli_print(cli, ".SH OPTIONS\nEvery command takes these.\n");
  for (size_t i = 0; i < HCC_OPTIONS; i++) {
    if (hcc_options[i].commands == UINT32_MAX) {
      roff_option(cli, &hcc_options[i]);
    }
  }
  hcc_cli_print(cli, ".SH EXIT STATUS\n");
  for (size_t i = 0; i < sizeof exits / sizeof *exits; i++) {
    char term[16];
    snprintf(term, sizeof term, "%d", exits[i].code);
    roff_item(cli, term, exits[i].text);
  }
  hcc_cli_print(cli, ".SH ENVIRONMENT\n");
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
    roff_item(cli, variables[i].name, variables[i].meaning);
  }
  hcc_cli_print(cli, ".SH SEE ALSO\n.BR helios (1)\n");
}
