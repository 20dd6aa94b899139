/* cli_new.c - heliosc new: writes a project from the templates of sdk/templates. Must not write
 * over anything: the folder must not be there yet. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "cli.h"
#include "embedded.h"
#include "fs.h"

#define PLACEHOLDER "procedure_name"
#define FILE_MAX (1u << 20)

/* Letters, digits, '_': it is a function's name in C and in Rust, and a word of SQL. */
static bool is_name(const char *name) {
  bool good = name[0] != '\0' && strlen(name) <= 60 && !(name[0] >= '0' && name[0] <= '9') &&
              name[0] != '_';
  for (const char *c = name; *c != '\0'; c++) {
    good &= (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_';
  }
  return good;
}

/* Text with the placeholder replaced. */
static void fill(hcc_buf *out, const char *text, size_t size, const char *name) {
  const char *end = text + size;
  while (text < end) {
    const char *at = memmem(text, (size_t)(end - text), PLACEHOLDER, strlen(PLACEHOLDER));
    hcc_buf_add(out, text, (size_t)((at == NULL ? end : at) - text));
    if (at == NULL) {
      return;
    }
    hcc_buf_text(out, name);
    text = at + strlen(PLACEHOLDER);
  }
}

/* One file of a template or of an SDK, at its place in the project. */
static int write_file(const struct hcc_embedded *e, const char *place, const char *name,
                      bool is_template, hcc_error *err) {
  char path[HCC_PATH], folder[HCC_PATH];
  hcc_buf where, text;
  hcc_buf_init(&where, HCC_PATH);
  hcc_buf_init(&text, FILE_MAX);
  fill(&where, place, strlen(place), name);
  hcc_buf_byte(&where, '\0');
  if (is_template) {
    fill(&text, (const char *)e->bytes, e->size, name);
  } else {
    hcc_buf_add(&text, e->bytes, e->size);
  }
  int status = where.failed || text.failed
                   ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for a template")
                   : hcc_path(path, err, "%s/%s", name, (const char *)where.data);
  HCC_TRY(status);
  memcpy(folder, path, sizeof folder);
  *strrchr(folder, '/') = '\0';
  HCC_TRY(hcc_dir_make(folder, 0777, err));
  HCC_TRY(hcc_file_replace(path, text.data, text.size, 0666, false, err));
out:
  hcc_buf_free(&where);
  hcc_buf_free(&text);
  return status;
}

static const struct project {
  const char *language, *file, *sdk, *folder;
} projects[] = {
#define HCC_PROJECT(name, file, sdk, folder) {name, file, sdk, folder},
#include "languages.def"
};

/* language: one of the table, as the command line's choices are. */
static const struct project *project_of(const char *language) {
  const struct project *p = projects;
  while (strcmp(p->language, language) != 0) {
    p++;
  }
  return p;
}

static int write_project(const struct project *p, const char *name, hcc_error *err) {
  char prefix[64], place[HCC_PATH];
  int status = 0;
  size_t n = (size_t)snprintf(prefix, sizeof prefix, "templates/%s/", p->language);
  size_t m = strlen(p->sdk);
  for (const struct hcc_embedded *e = hcc_embedded_sdk; e->name != NULL; e++) {
    if (strncmp(e->name, prefix, n) == 0) {
      HCC_TRY(write_file(e, e->name + n, name, true, err));
    } else if (strncmp(e->name, p->sdk, m) == 0) {
      HCC_TRY(hcc_path(place, err, "%s/%s", p->folder, e->name + m));
      HCC_TRY(write_file(e, place, name, false, err));
    }
  }
out:
  return status;
}

int hcc_cli_new(hcc_cli *cli) {
  hcc_error err = {.offset = HCC_NO_OFFSET, .func = UINT32_MAX};
  const char *name = cli->args[0], *language = cli->values[HCC_OPTION_lang];
  char clean[128];
  if (!is_name(name)) {
    return hcc_cli_usage(cli, "small letters, digits and _, at most 60: it names the function too",
                         "'%s' is no name for a project", hcl_clean(clean, sizeof clean, name));
  }
  if (mkdir(name, 0777) != 0) {
    const char *why = errno == EEXIST ? "it is there already" : strerror(errno);
    hcc_fail(&err, HCC_E_IO, HCC_NO_OFFSET, "can't make the folder %s: %s", name, why);
    return hcc_cli_error(cli, &err, NULL);
  }
  const struct project *p = project_of(language == NULL ? "c" : language);
  if (write_project(p, name, &err) != 0) {
    return hcc_cli_error(cli, &err, NULL);
  }
  if (cli->json) {
    cJSON *o = hcc_cli_object("result");
    cJSON_AddStringToObject(o, "command", "new");
    cJSON_AddStringToObject(o, "folder", name);
    hcc_cli_emit(cli, o);
  }
  hcc_cli_say(cli, "made %s; next: cd %s && heliosc test %s%s\n", name, name,
              p->file[0] == '.' ? name : "", p->file);
  return 0;
}
