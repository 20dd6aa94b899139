/* help.c - the commands help, version and completion: what compiler/cmdline/ makes of the
 * tables. */
#include "shell.h"

static const char *command_name(const void *none, size_t i) {
  (void)none;
  return i < SH_COMMANDS ? sh_program.commands[i].name : NULL;
}

int sh_cmd_help(shell *sh) {
  const hcl_line *line = &sh->command_line;
  char clean[80], hint[64];
  int taken;
  if (sh_option(sh, SH_OPTION_man) != NULL) {
    hcl_man(stdout, &sh_program);
    return 0;
  }
  if (sh_option(sh, SH_OPTION_all) != NULL) {
    hcl_help_all(stdout, &sh_program, line->color_out);
    return 0;
  }
  if (line->arg_count == 0) {
    hcl_help_short(stdout, &sh_program, line->color_out);
    return 0;
  }
  size_t command = hcl_find(&sh_program, line->args, line->arg_count, &taken);
  if (command < SH_COMMANDS) {
    hcl_help_command(stdout, &sh_program, command, line->color_out);
    return 0;
  }
  if (line->arg_count == 1 && hcl_help_group(stdout, &sh_program, line->args[0], line->color_out)) {
    return 0;
  }
  const char *nearest = hcl_nearest(line->args[0], command_name, NULL);
  snprintf(hint, sizeof hint, "did you mean 'helios help %s'?", nearest == NULL ? "" : nearest);
  return sh_usage(sh, nearest == NULL ? NULL : hint, "no command '%s'",
                  hcl_clean(clean, sizeof clean, line->args[0]));
}

int sh_cmd_version(shell *sh) {
  if (sh->json) {
    printf("{\"v\":1,\"type\":\"version\",\"helios\":\"%s\",\"sqlite\":\"%s\"}\n", helios_version(),
           sqlite3_libversion());
  } else {
    printf("helios %s (sqlite %s)\n", helios_version(), sqlite3_libversion());
  }
  return 0;
}

int sh_cmd_completion(shell *sh) {
  const char *name = sh->command_line.args[0];
  char clean[80];
  return hcl_completion(stdout, &sh_program, name)
             ? 0
             : sh_usage(sh, NULL, "no completion for '%s'; there is bash, zsh and fish",
                        hcl_clean(clean, sizeof clean, name));
}
