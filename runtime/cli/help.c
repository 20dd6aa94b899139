/* help.c - the commands help, version and completion: what compiler/cmdline/ makes of the
 * tables. */
#include "shell.h"

int sh_cmd_help(shell *sh) {
  hcl_line *line = &sh->command_line;
  return hcl_help(stdout, &sh_program, line, SH_OPTION_man, SH_OPTION_all)
             ? 0
             : sh_usage(sh, line->hint, "%s", line->text);
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
