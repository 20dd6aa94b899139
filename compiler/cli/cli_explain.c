/* cli_explain.c - heliosc explain: the table of errors, for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"

static const struct row {
  const char *name;
  int number, exit;
} rows[] = {
#define HCC_ERROR(name, number, exit, title, hint) {#name, number, exit},
#include "errors.def"
#undef HCC_ERROR
};
#define ROWS (sizeof rows / sizeof *rows)

static void explain(hcc_cli *cli, const struct row *r) {
  enum hcc_code code = (enum hcc_code)r->number;
  char shown[16];
  snprintf(shown, sizeof shown, "H%04d", r->number);
  if (cli->json) {
    cJSON *o = hcc_cli_object("explanation");
    cJSON_AddStringToObject(o, "code", shown);
    cJSON_AddStringToObject(o, "name", r->name);
    cJSON_AddStringToObject(o, "title", hcc_code_title(code));
    cJSON_AddStringToObject(o, "hint", hcc_code_hint(code));
    cJSON_AddNumberToObject(o, "exit", r->exit);
    hcc_cli_emit(cli, o);
    return;
  }
  hcc_cli_print(cli, "%s%s%s  %s (exit code %d)\n", hcl_style(cli->color_out, HCL_STYLE_BOLD),
                shown, hcl_style(cli->color_out, HCL_STYLE_PLAIN), hcc_code_title(code), r->exit);
  hcl_wrap(stdout, hcc_code_hint(code), 0, 7);
}

/* "H0105", "h105" and "105" are the same. */
static const struct row *find(const char *text) {
  const char *digits = text + (*text == 'H' || *text == 'h');
  char *end;
  unsigned long number = strtoul(digits, &end, 10);
  for (size_t i = 0; i < ROWS; i++) {
    if (*digits >= '0' && *digits <= '9' && *end == '\0' &&
        (unsigned long)rows[i].number == number) {
      return &rows[i];
    }
  }
  return NULL;
}

int hcc_cli_explain(hcc_cli *cli) {
  char clean[80];
  if (cli->values[HCC_OPTION_all] != NULL) {
    for (size_t i = 0; i < ROWS; i++) {
      explain(cli, &rows[i]);
    }
    return 0;
  }
  if (cli->arg_count == 0) {
    return hcc_cli_usage(cli, "heliosc explain H0105, or heliosc explain --all", "no error code");
  }
  const struct row *r = find(cli->args[0]);
  if (r == NULL) {
    return hcc_cli_usage(cli, "heliosc explain --all lists them", "no error code '%s'",
                         hcl_clean(clean, sizeof clean, cli->args[0]));
  }
  explain(cli, r);
  return 0;
}
