/* cli_help.c - the commands help, version and completion: what compiler/cmdline/ makes of the
 * tables. */
#include <stdio.h>

#include "cli.h"
#include "hsb_abi.h"

int hcc_cli_help(hcc_cli *cli) {
  hcl_line *line = &cli->line;
  return hcl_help(stdout, &hcc_program, line, HCC_OPTION_man, HCC_OPTION_all)
             ? 0
             : hcc_cli_usage(cli, line->hint, "%s", line->text);
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

int hcc_cli_completion(hcc_cli *cli) {
  char clean[80];
  if (hcl_completion(stdout, &hcc_program, cli->args[0])) {
    return 0;
  }
  return hcc_cli_usage(cli, NULL, "no completion for '%s'; there is bash, zsh and fish",
                       hcl_clean(clean, sizeof clean, cli->args[0]));
}
