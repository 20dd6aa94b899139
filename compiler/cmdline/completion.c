/* completion.c - completion scripts for bash, zsh and fish, from the tables of a program. The names
 * of the tables are letters and '-'; texts are quoted by quoted(). A command's arguments that are
 * words, "list|clear", are completed to these. */
#include <string.h>

#include "cmdline.h"

/* The text inside single quotes of a shell (bash, zsh); fish needs a backslash instead. */
static void quoted(FILE *out, const char *text, bool fish) {
  fputc('\'', out);
  for (; *text != '\0'; text++) {
    if (*text == '\'') {
      fputs(fish ? "\\'" : "'\\''", out);
    } else if (*text == '[' || *text == ']' || *text == ':') {
      fprintf(out, fish ? "%c" : "\\%c", *text);
    } else {
      fputc(*text, out);
    }
  }
  fputc('\'', out);
}

/* "[a|b]" as words. */
static void words(FILE *out, const char *choices) {
  for (; *choices != '\0'; choices++) {
    if (strchr("[]", *choices) == NULL) {
      fputc(*choices == '|' ? ' ' : *choices, out);
    }
  }
}

/* The command's first word, if no command before it has the same one. */
static int first_word(const hcl_program *p, size_t index) {
  const char *name = p->commands[index].name;
  int n = (int)strcspn(name, " ");
  for (size_t i = 0; i < index; i++) {
    if (strncmp(p->commands[i].name, name, (size_t)n) == 0 &&
        (p->commands[i].name[n] == ' ' || p->commands[i].name[n] == '\0')) {
      return 0;
    }
  }
  return n;
}

static bool is_pair(const hcl_command *c) {
  return strchr(c->name, ' ') != NULL;
}

/* The second words of the commands that begin like this one. */
static void verbs(FILE *out, const hcl_program *p, size_t index) {
  const char *name = p->commands[index].name;
  size_t n = strcspn(name, " ") + 1;
  for (size_t i = 0; i < p->command_count; i++) {
    if (strncmp(p->commands[i].name, name, n) == 0) {
      fprintf(out, "%s ", p->commands[i].name + n);
    }
  }
}

static void first_words(FILE *out, const hcl_program *p) {
  for (size_t i = 0; i < p->command_count; i++) {
    int n = first_word(p, i);
    if (n > 0) {
      fprintf(out, "%.*s ", n, p->commands[i].name);
    }
  }
}

static void bash_options(FILE *out, const hcl_program *p, size_t command) {
  for (size_t i = 0; i < p->option_count; i++) {
    const hcl_option *o = &p->options[i];
    if ((o->commands >> command & 1) != 0) {
      fprintf(out, "--%s%s ", o->name, o->value == NULL ? "" : "=");
    }
  }
}

/* Sets options and words, the arguments that the command takes. */
static void bash_commands(FILE *out, const hcl_program *p) {
  fputs("  local options words=\n  case $command in\n", out);
  for (size_t i = 0; i < p->command_count; i++) {
    const hcl_command *c = &p->commands[i];
    fprintf(out, "  \"%s\") options=\"", c->name);
    bash_options(out, p, i);
    fputc('"', out);
    if (strchr(c->arguments, '|') != NULL) {
      fputs("; words=\"", out);
      words(out, c->arguments);
      fputc('"', out);
    }
    fputs(" ;;\n", out);
    if (is_pair(c) && first_word(p, i) > 0) {
      fprintf(out, "  %.*s) options=; words=\"", first_word(p, i), c->name);
      verbs(out, p, i);
      fputs("\" ;;\n", out);
    }
  }
  fputs("  *) options=\"", out);
  bash_options(out, p, p->standard);
  fputs("\" ;;\n  esac\n", out);
}

/* The pattern of first words that have a second one. */
static void bash_pairs(FILE *out, const hcl_program *p) {
  for (size_t i = 0; i < p->command_count; i++) {
    if (is_pair(&p->commands[i]) && first_word(p, i) > 0) {
      fprintf(out, "|%.*s", first_word(p, i), p->commands[i].name);
    }
  }
}

static void bash(FILE *out, const hcl_program *p) {
  fprintf(out,
          "# bash completion for %s\n_%s() {\n"
          "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= w\n"
          "  [[ $cur == = ]] && cur=\n"
          "  [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
          "  case $prev in\n",
          p->name, p->name);
  for (size_t i = 0; i < p->option_count; i++) {
    if (p->options[i].choices != NULL) {
      fprintf(out, "  --%s) COMPREPLY=($(compgen -W \"", p->options[i].name);
      words(out, p->options[i].choices);
      fputs("\" -- \"$cur\")); return ;;\n", out);
    }
  }
  fputs(
      "  esac\n  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    [[ $w == -* ]] && continue\n"
      "    case $command in\n    '') command=$w ;;\n    --",
      out);
  bash_pairs(out, p);
  fputs(") command=\"$command $w\" ;;\n    esac\n  done\n", out);
  bash_commands(out, p);
  fputs("  if [[ $cur == -* ]]; then\n    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
        "    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
        "  elif [[ -z $command ]]; then\n    COMPREPLY=($(compgen -W \"",
        out);
  first_words(out, p);
  fprintf(out,
          "\" -f -- \"$cur\"))\n  elif [[ -n $words ]]; then\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "  else\n    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\n"
          "complete -o filenames -F _%s %s\n",
          p->name, p->name);
}

static void zsh_option(FILE *out, const hcl_option *o) {
  fprintf(out, "      --%s%s'['", o->name, o->value == NULL ? "" : "=");
  quoted(out, o->help, false);
  fputs("']", out);
  if (o->choices != NULL) {
    fprintf(out, ":%s:(", o->value);
    words(out, o->choices);
    fputc(')', out);
  } else if (o->value != NULL) {
    fprintf(out, ":%s:_files", o->value);
  }
  fputs("' \\\n", out);
}

static void zsh_command(FILE *out, const hcl_program *p, size_t index) {
  const hcl_command *c = &p->commands[index];
  fprintf(out, "  \"%s\")\n    _arguments \\\n", c->name);
  for (size_t o = 0; o < p->option_count; o++) {
    if ((p->options[o].commands >> index & 1) != 0) {
      zsh_option(out, &p->options[o]);
    }
  }
  if (strchr(c->arguments, '|') != NULL) {
    fputs("      '*:argument:(", out);
    words(out, c->arguments);
    fputs(")' ;;\n", out);
  } else {
    fputs("      '*:file:_files' ;;\n", out);
  }
}

static void zsh(FILE *out, const hcl_program *p) {
  fprintf(out,
          "#compdef %s\n_%s() {\n  local -a commands\n  local command=$words[2]\n  commands=(\n",
          p->name, p->name);
  for (size_t i = 0; i < p->command_count; i++) {
    int n = first_word(p, i);
    if (n > 0) {
      fprintf(out, "    %.*s:", n, p->commands[i].name);
      quoted(out, is_pair(&p->commands[i]) ? "more commands" : p->commands[i].summary, false);
      fputc('\n', out);
    }
  }
  fputs("  )\n  if (( CURRENT == 2 )); then\n"
        "    _describe command commands\n    _files\n    return\n  fi\n  case $command in\n",
        out);
  for (size_t i = 0; i < p->command_count; i++) {
    if (is_pair(&p->commands[i]) && first_word(p, i) > 0) {
      fprintf(out, "  %.*s)\n    if (( CURRENT == 3 )); then compadd -- ", first_word(p, i),
              p->commands[i].name);
      verbs(out, p, i);
      fputs("; return; fi\n    command=\"$words[2] $words[3]\" ;;\n", out);
    }
  }
  fputs("  esac\n  case $command in\n", out);
  for (size_t i = 0; i < p->command_count; i++) {
    zsh_command(out, p, i);
  }
  fputs("  *)\n    _arguments \\\n", out);
  for (size_t o = 0; o < p->option_count; o++) {
    if ((p->options[o].commands >> p->standard & 1) != 0) {
      zsh_option(out, &p->options[o]);
    }
  }
  fprintf(out, "      '*:file:_files' ;;\n  esac\n}\ncompdef _%s %s\n", p->name, p->name);
}

/* " -n '<the line has these words>'" */
static void fish_when(FILE *out, const hcl_program *p, const hcl_option *o) {
  const char *before = " -n '";
  for (size_t i = 0; i < p->command_count; i++) {
    const hcl_command *c = &p->commands[i];
    if ((o->commands >> i & 1) == 0) {
      continue;
    }
    fprintf(out, "%s__fish_seen_subcommand_from %s", before,
            is_pair(c) ? strchr(c->name, ' ') + 1 : c->name);
    before = "; or ";
  }
  fputc('\'', out);
}

static void fish_option(FILE *out, const hcl_program *p, const hcl_option *o) {
  fprintf(out, "complete -c %s", p->name);
  if (o->commands != HCL_ALL) {
    fish_when(out, p, o);
  }
  if (o->letter != 0) {
    fprintf(out, " -s %c", o->letter);
  }
  fprintf(out, " -l %s%s", o->name, o->value == NULL ? "" : " -r");
  if (o->choices != NULL) {
    fputs(" -f -a '", out);
    words(out, o->choices);
    fputc('\'', out);
  }
  fputs(" -d ", out);
  quoted(out, o->help, true);
  fputc('\n', out);
}

static void fish_command(FILE *out, const hcl_program *p, size_t index) {
  const hcl_command *c = &p->commands[index];
  int n = (int)strcspn(c->name, " ");
  if (is_pair(c)) {
    if (first_word(p, index) > 0) {
      fprintf(out, "complete -c %s -n __fish_use_subcommand -a %.*s\n", p->name, n, c->name);
    }
    fprintf(out, "complete -c %s -n '__fish_seen_subcommand_from %.*s' -f -a %s -d ", p->name, n,
            c->name, c->name + n + 1);
  } else {
    fprintf(out, "complete -c %s -n __fish_use_subcommand -a %s -d ", p->name, c->name);
  }
  quoted(out, c->summary, true);
  fputc('\n', out);
  if (strchr(c->arguments, '|') != NULL) {
    fprintf(out, "complete -c %s -n '__fish_seen_subcommand_from %s' -f -a '", p->name, c->name);
    words(out, c->arguments);
    fputs("'\n", out);
  }
}

static void fish(FILE *out, const hcl_program *p) {
  fprintf(out, "# fish completion for %s\n", p->name);
  for (size_t i = 0; i < p->command_count; i++) {
    fish_command(out, p, i);
  }
  for (size_t i = 0; i < p->option_count; i++) {
    fish_option(out, p, &p->options[i]);
  }
}

bool hcl_completion(FILE *out, const hcl_program *p, const char *shell) {
  static const struct {
    const char *name;
    void (*print)(FILE *out, const hcl_program *p);
  } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
  for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
    if (strcmp(shells[i].name, shell) == 0) {
      shells[i].print(out, p);
      return true;
    }
  }
  return false;
}
