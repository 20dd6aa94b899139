/* cli_help.c - the commands help, version and completion: what compiler/cmdline/ makes of the
 * tables. */
#include <stdio.h>

#include "cli.h"
#include "hsb_abi.h"

static const char *command_name(const void *arg, size_t i) {
  const hcl_program *p = arg;
  return i < p->command_count ? p->commands[i].name : NULL;
}

int hcc_cli_help(hcc_cli *cli) {
  char clean[80], hint[64];
  int taken;
  if (cli->values[HCC_OPTION_man] != NULL) {
    hcl_man(stdout, &hcc_program);
    return 0;
  }
  if (cli->values[HCC_OPTION_all] != NULL) {
    hcl_help_all(stdout, &hcc_program, cli->color_out);
    return 0;
  }
  if (cli->arg_count == 0) {
    hcl_help_short(stdout, &hcc_program, cli->color_out);
    return 0;
  }
  size_t command = hcl_find(&hcc_program, cli->args, cli->arg_count, &taken);
  if (command < HCC_COMMANDS) {
    hcl_help_command(stdout, &hcc_program, command, cli->color_out);
    return 0;
  }
  const char *nearest = hcl_nearest(cli->args[0], command_name, &hcc_program);
  snprintf(hint, sizeof hint, "did you mean 'heliosc help %s'?", nearest == NULL ? "" : nearest);
  return hcc_cli_usage(cli, nearest == NULL ? NULL : hint, "no command '%s'",
                       hcl_clean(clean, sizeof clean, cli->args[0]));
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
