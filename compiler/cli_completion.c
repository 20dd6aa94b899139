/* cli_completion.c - completion scripts for bash, zsh and fish, from the tables. The texts of the
 * tables hold no single quote but around words; quoting here counts on escape(). */
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* The text inside single quotes of a shell (bash, zsh); fish needs a backslash instead. */
static void quoted(hcc_cli *cli, const char *text, bool fish) {
  hcc_cli_print(cli, "'");
  for (; *text != '\0'; text++) {
    if (*text == '\'') {
      hcc_cli_print(cli, fish ? "\\'" : "'\\''");
    } else if (*text == '[' || *text == ']' || *text == ':') {
      hcc_cli_print(cli, fish ? "%c" : "\\%c", *text);
    } else {
      hcc_cli_print(cli, "%c", *text);
    }
  }
  hcc_cli_print(cli, "'");
}

static void words(hcc_cli *cli, const char *choices) {
  for (; *choices != '\0'; choices++) {
    hcc_cli_print(cli, "%c", *choices == '|' ? ' ' : *choices);
  }
}

static void bash_options(hcc_cli *cli, uint32_t commands) {
  for (size_t i = 0; i < HCC_OPTIONS; i++) {
    const hcc_option *o = &hcc_options[i];
    if ((o->commands & commands) != 0) {
      hcc_cli_print(cli, "--%s%s ", o->name, o->value == NULL ? "" : "=");
    }
  }
}

static void bash(hcc_cli *cli) {
  hcc_cli_print(
      cli, "# bash completion for heliosc\n_heliosc() {\n"
           "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= w\n"
           "  [[ $cur == = ]] && cur=\n"
           "  [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
           "  case $prev in\n");
  for (size_t i = 0; i < HCC_OPTIONS; i++) {
    if (hcc_options[i].choices != NULL) {
      hcc_cli_print(cli, "  --%s) COMPREPLY=($(compgen -W \"", hcc_options[i].name);
      words(cli, hcc_options[i].choices);
      hcc_cli_print(cli, "\" -- \"$cur\")); return ;;\n");
    }
  }
  hcc_cli_print(cli, "  esac\n  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                     "    [[ $w != -* ]] && { command=$w; break; }\n  done\n  local options\n"
                     "  case $command in\n");
  for (size_t i = 0; i < HCC_COMMANDS; i++) {
    hcc_cli_print(cli, "  %s) options=\"", hcc_commands[i].name);
    bash_options(cli, UINT32_C(1) << i);
    hcc_cli_print(cli, "\" ;;\n");
  }
  hcc_cli_print(cli, "  *) options=\"");
  bash_options(cli, UINT32_C(1) << HCC_COMMAND_build);
  hcc_cli_print(cli, "\" ;;\n  esac\n  if [[ $cur == -* ]]; then\n"
                     "    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
                     "    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
                     "  elif [[ -z $command ]]; then\n    COMPREPLY=($(compgen -W \"");
  for (size_t i = 0; i < HCC_COMMANDS; i++) {
    hcc_cli_print(cli, "%s ", hcc_commands[i].name);
  }
  hcc_cli_print(cli, "\" -f -- \"$cur\"))\n  elif [[ $command == completion ]]; then\n"
                     "    COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$cur\"))\n"
                     "  elif [[ $command == cache ]]; then\n"
                     "    COMPREPLY=($(compgen -W \"list clear verify path\" -- \"$cur\"))\n"
                     "  else\n    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\n"
                     "complete -o filenames -F _heliosc heliosc\n");
}

static void zsh_option(hcc_cli *cli, const hcc_option *o) {
  char text[256];
  snprintf(text, sizeof text, "--%s%s", o->name, o->value == NULL ? "" : "=");
  hcc_cli_print(cli, "      %s", text);
  hcc_cli_print(cli, "'['");
  quoted(cli, o->help, false);
  hcc_cli_print(cli, "']");
  if (o->choices != NULL) {
    hcc_cli_print(cli, ":%s:(", o->value);
    words(cli, o->choices);
    hcc_cli_print(cli, ")");
  } else if (o->value != NULL) {
    hcc_cli_print(cli, ":%s:_files", o->value);
  }
  hcc_cli_print(cli, "' \\\n");
}

static void zsh(hcc_cli *cli) {
  hcc_cli_print(cli, "#compdef heliosc\n_heliosc() {\n  local -a commands\n  commands=(\n");
  for (size_t i = 0; i < HCC_COMMANDS; i++) {
    hcc_cli_print(cli, "    %s:", hcc_commands[i].name);
    quoted(cli, hcc_commands[i].summary, false);
    hcc_cli_print(cli, "\n");
  }
  hcc_cli_print(cli, "  )\n  if (( CURRENT == 2 )); then\n"
                     "    _describe command commands\n    _files\n    return\n  fi\n"
                     "  case $words[2] in\n");
  for (size_t i = 0; i < HCC_COMMANDS; i++) {
    hcc_cli_print(cli, "  %s%s)\n    _arguments \\\n",
                  i == HCC_COMMAND_build ? "*.wasm|*.wat|" : "", hcc_commands[i].name);
    for (size_t o = 0; o < HCC_OPTIONS; o++) {
      if ((hcc_options[o].commands >> i & 1) != 0) {
        zsh_option(cli, &hcc_options[o]);
      }
    }
    hcc_cli_print(cli, "      '*:file:_files' ;;\n");
  }
  hcc_cli_print(cli, "  esac\n}\ncompdef _heliosc heliosc\n");
}

static void fish_option(hcc_cli *cli, const hcc_option *o) {
  hcc_cli_print(cli, "complete -c heliosc");
  if (o->commands != UINT32_MAX) {
    hcc_cli_print(cli, " -n '__fish_seen_subcommand_from");
    for (size_t i = 0; i < HCC_COMMANDS; i++) {
      if ((o->commands >> i & 1) != 0) {
        hcc_cli_print(cli, " %s", hcc_commands[i].name);
      }
    }
    hcc_cli_print(cli, "'");
  }
  if (o->letter != 0) {
    hcc_cli_print(cli, " -s %c", o->letter);
  }
  hcc_cli_print(cli, " -l %s%s", o->name, o->value == NULL ? "" : " -r");
  if (o->choices != NULL) {
    hcc_cli_print(cli, " -f -a '");
    words(cli, o->choices);
    hcc_cli_print(cli, "'");
  }
  hcc_cli_print(cli, " -d ");
  quoted(cli, o->help, true);
  hcc_cli_print(cli, "\n");
}

static void fish(hcc_cli *cli) {
  hcc_cli_print(cli, "# fish completion for heliosc\n");
  for (size_t i = 0; i < HCC_COMMANDS; i++) {
    hcc_cli_print(cli, "complete -c heliosc -n __fish_use_subcommand -a %s -d ",
                  hcc_commands[i].name);
    quoted(cli, hcc_commands[i].summary, true);
    hcc_cli_print(cli, "\n");
  }
  hcc_cli_print(cli, "complete -c heliosc -n '__fish_seen_subcommand_from completion' -f -a 'bash "
                     "zsh fish'\ncomplete -c heliosc -n '__fish_seen_subcommand_from cache' -f -a "
                     "'list clear verify path'\n");
  for (size_t i = 0; i < HCC_OPTIONS; i++) {
    fish_option(cli, &hcc_options[i]);
  }
}

int hcc_cli_completion(hcc_cli *cli) {
  static const struct {
    const char *name;
    void (*print)(hcc_cli *cli);
  } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
  char clean[80];
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(shells[i].name, cli->args[0]) == 0) {
      shells[i].print(cli);
      return 0;
    }
  }
  return hcc_cli_usage(cli, NULL, "no completion for '%s'; there is bash, zsh and fish",
                       hcc_cli_clean(clean, sizeof clean, cli->args[0]));
}
