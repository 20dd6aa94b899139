/* cli_out.c - everything that heliosc prints: data, talk, errors, JSON. Must never pass on a byte
 * of a file or a name unescaped. Invariants: see cli.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "source.h"

#define PROGRESS_MS 200 /* what is over by then shows no steps */

void hcc_cli_print(hcc_cli *cli, const char *format, ...) {
  va_list args;
  va_start(args, format);
  if (vprintf(format, args) < 0) {
    cli->failed_output = true;
  }
  va_end(args);
}

void hcc_cli_say(hcc_cli *cli, const char *format, ...) {
  if (!cli->quiet && !cli->json) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
  }
}

hcl_progress *hcc_cli_progress(const hcc_cli *cli) {
  return cli->quiet || cli->json ? NULL : hcl_progress_begin(cli->color_err, PROGRESS_MS);
}

cJSON *hcc_cli_object(const char *type) {
  cJSON *object = cJSON_CreateObject();
  cJSON_AddNumberToObject(object, "v", 1);
  cJSON_AddStringToObject(object, "type", type);
  return object;
}

void hcc_cli_emit(hcc_cli *cli, cJSON *object) {
  char *text = cJSON_PrintUnformatted(object);
  if (text == NULL || printf("%s\n", text) < 0) {
    cli->failed_output = true;
  }
  cJSON_free(text);
  cJSON_Delete(object);
}

static void location(const hcc_error *err, const char *file) {
  char clean[1024];
  if (file == NULL) {
    return;
  }
  fprintf(stderr, " --> %s",
          strcmp(file, "-") == 0 ? "standard input" : hcl_clean(clean, sizeof clean, file));
  if (err->offset != HCC_NO_OFFSET) {
    fprintf(stderr, ":0x%llx", (unsigned long long)err->offset);
  }
  if (err->func != UINT32_MAX) {
    fprintf(stderr, " (func %u)", err->func);
  }
  fputc('\n', stderr);
}

static void report_text(const hcc_cli *cli, const hcc_error *err, const char *file,
                        const char *hint) {
  bool color = cli->color_err;
  fflush(stdout); /* what it is about comes first */
  fprintf(stderr, "%serror[H%04d]%s: %s%s%s\n", hcl_style(color, HCL_STYLE_ERROR), err->code,
          hcl_style(color, HCL_STYLE_PLAIN), hcl_style(color, HCL_STYLE_BOLD), err->text,
          hcl_style(color, HCL_STYLE_PLAIN));
  location(err, file);
  fprintf(stderr, "  hint: %s\n", hint);
}

static void report_json(hcc_cli *cli, const hcc_error *err, const char *file, const char *hint) {
  cJSON *o = hcc_cli_object("diagnostic");
  char code[16], clean[1024];
  snprintf(code, sizeof code, "H%04d", err->code);
  cJSON_AddStringToObject(o, "level", "error");
  cJSON_AddStringToObject(o, "code", code);
  cJSON_AddStringToObject(o, "title", hcc_code_title(err->code));
  cJSON_AddStringToObject(o, "text", err->text);
  cJSON_AddStringToObject(o, "hint", hint);
  if (file != NULL) {
    cJSON_AddStringToObject(o, "file", hcl_clean(clean, sizeof clean, file));
  }
  if (err->offset != HCC_NO_OFFSET) {
    cJSON_AddNumberToObject(o, "offset", (double)err->offset);
  }
  if (err->func != UINT32_MAX) {
    cJSON_AddNumberToObject(o, "func", err->func);
  }
  cJSON_AddNumberToObject(o, "exit", hcc_code_exit(err->code));
  hcc_cli_emit(cli, o);
}

static int report(hcc_cli *cli, const hcc_error *err, const char *file, const char *hint) {
  if (cli->json) {
    report_json(cli, err, file, hint);
  } else {
    report_text(cli, err, file, hint);
  }
  return hcc_code_exit(err->code);
}

int hcc_cli_error(hcc_cli *cli, const hcc_error *err, const char *file) {
  char hint[128];
  size_t stem;
  const hcc_language *l = file == NULL ? NULL : hcc_language_of(&stem, file);
  if (err->code != HCC_E_SOURCE || l == NULL) {
    return report(cli, err, file, hcc_code_hint(err->code));
  }
  snprintf(hint, sizeof hint, "mend what is said above; docs/sdk-%s.md", l->page);
  return report(cli, err, file, hint);
}

int hcc_cli_error_hint(hcc_cli *cli, const hcc_error *err, const char *file, const char *hint) {
  return hint[0] == '\0' ? hcc_cli_error(cli, err, file) : report(cli, err, file, hint);
}

int hcc_cli_usage(hcc_cli *cli, const char *hint, const char *format, ...) {
  hcc_error err = {.code = HCC_E_USAGE, .offset = HCC_NO_OFFSET, .func = UINT32_MAX};
  va_list args;
  va_start(args, format);
  vsnprintf(err.text, sizeof err.text, format, args);
  va_end(args);
  return report(cli, &err, NULL, hint == NULL || hint[0] == '\0' ? hcc_code_hint(err.code) : hint);
}

void hcc_cli_warn(hcc_cli *cli, const char *id, const char *text) {
  if (cli->json) {
    cJSON *o = hcc_cli_object("diagnostic");
    cJSON_AddStringToObject(o, "level", "warning");
    cJSON_AddStringToObject(o, "code", id);
    cJSON_AddStringToObject(o, "text", text);
    hcc_cli_emit(cli, o);
  } else if (!cli->quiet) {
    fprintf(stderr, "%swarning[%s]%s: %s\n", hcl_style(cli->color_err, HCL_STYLE_WARN), id,
            hcl_style(cli->color_err, HCL_STYLE_PLAIN), text);
  }
}

const char *hcc_cli_size(char out[HCC_CLI_SIZE], uint64_t bytes) {
  static const char *const units[] = {"KiB", "MiB", "GiB"};
  double value = (double)bytes / 1024;
  size_t unit = 0;
  if (bytes < 1024) {
    snprintf(out, HCC_CLI_SIZE, "%u B", (unsigned)bytes);
    return out;
  }
  for (; value >= 1024 && unit < 2; unit++) {
    value /= 1024;
  }
  snprintf(out, HCC_CLI_SIZE, "%.1f %s", value, units[unit]);
  return out;
}
