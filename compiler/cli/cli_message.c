/* cli_message.c - shows what the tools of a source say: level, text, place, the line itself with a
 * caret, hint; or one object a line with --json. Must not pass on a byte of the source unescaped.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define LINE_MAX_SHOWN 200

/* The line of a file that a message is about; false if it can't be read or would not fit. */
static bool read_line(char out[LINE_MAX_SHOWN], const char *path, unsigned line) {
  FILE *file = fopen(path, "re");
  bool whole = false;
  for (unsigned n = 0; file != NULL && n < line && fgets(out, LINE_MAX_SHOWN, file) != NULL;) {
    whole = strchr(out, '\n') != NULL;
    n += whole;
    whole = whole && n == line;
  }
  if (file != NULL) {
    fclose(file);
  }
  out[strcspn(out, "\n")] = '\0';
  return whole;
}

static void show_line(const hcc_message *m) {
  char line[LINE_MAX_SHOWN], clean[4 * LINE_MAX_SHOWN];
  if (m->file == NULL || m->line == 0 || !read_line(line, m->file, m->line)) {
    return;
  }
  for (char *c = line; *c != '\0'; c++) {
    *c = *c == '\t' ? ' ' : *c;
  }
  hcl_clean(clean, sizeof clean, line);
  fprintf(stderr, "  | %s\n", clean);
  if (strcmp(clean, line) == 0 && m->column > 0 && m->column <= strlen(line)) {
    fprintf(stderr, "  | %*s\n", (int)m->column, "^");
  }
}

static void show(const hcc_cli *cli, const hcc_message *m) {
  char text[1024], clean[1024];
  enum hcl_style style = strcmp(m->level, "error") == 0     ? HCL_STYLE_ERROR
                         : strcmp(m->level, "warning") == 0 ? HCL_STYLE_WARN
                                                            : HCL_STYLE_BOLD;
  fprintf(stderr, "%s%s%s: %s\n", hcl_style(cli->color_err, style), m->level,
          hcl_style(cli->color_err, HCL_STYLE_PLAIN), hcl_clean(text, sizeof text, m->text));
  if (m->file != NULL) {
    fprintf(stderr, " --> %s", hcl_clean(clean, sizeof clean, m->file));
    fprintf(stderr, m->column > 0 ? ":%u:%u\n" : m->line > 0 ? ":%u\n" : "\n", m->line, m->column);
    show_line(m);
  }
  if (m->hint != NULL) {
    fprintf(stderr, "  hint: %s\n", m->hint);
  }
}

static void emit(hcc_cli *cli, const hcc_message *m) {
  char clean[1024];
  cJSON *o = hcc_cli_object("diagnostic");
  cJSON_AddStringToObject(o, "level", m->level);
  cJSON_AddStringToObject(o, "code", "source");
  cJSON_AddStringToObject(o, "text", hcl_clean(clean, sizeof clean, m->text));
  if (m->file != NULL) {
    cJSON_AddStringToObject(o, "file", hcl_clean(clean, sizeof clean, m->file));
  }
  if (m->line > 0) {
    cJSON_AddNumberToObject(o, "line", m->line);
  }
  if (m->column > 0) {
    cJSON_AddNumberToObject(o, "column", m->column);
  }
  if (m->hint != NULL) {
    cJSON_AddStringToObject(o, "hint", m->hint);
  }
  hcc_cli_emit(cli, o);
}

static void hear(void *arg, const hcc_message *m) {
  hcc_cli *cli = arg;
  if (cli->json) {
    emit(cli, m);
  } else if (!cli->quiet || strcmp(m->level, "error") == 0) {
    show(cli, m);
  }
}

hcc_listener hcc_cli_listener(hcc_cli *cli) {
  return (hcc_listener){hear, cli};
}
