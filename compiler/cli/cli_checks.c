/* cli_checks.c - prints a check. See cli_checks.h. */
#include "cli_checks.h"

static const struct look {
  const char *word;
  enum hcl_style style;
} looks[] = {{"ok", HCL_STYLE_GOOD}, {"warn", HCL_STYLE_WARN}, {"fail", HCL_STYLE_ERROR}};

void hcc_cli_check(hcc_cli *cli, enum hcc_check result, const char *name, const char *text,
                   const char *fix) {
  const struct look *look = &looks[result];
  if (cli->json) {
    cJSON *o = hcc_cli_object("check");
    cJSON_AddStringToObject(o, "name", name);
    cJSON_AddStringToObject(o, "status", look->word);
    cJSON_AddStringToObject(o, "text", text);
    if (fix != NULL) {
      cJSON_AddStringToObject(o, "fix", fix);
    }
    hcc_cli_emit(cli, o);
    return;
  }
  if (cli->quiet && result == HCC_CHECK_OK) {
    return;
  }
  hcc_cli_print(cli, "%s%-4s%s  %-12s %s\n", hcl_style(cli->color_out, look->style), look->word,
                hcl_style(cli->color_out, HCL_STYLE_PLAIN), name, text);
  if (fix != NULL) {
    hcc_cli_print(cli, "%19sfix: %s\n", "", fix);
  }
}
