/* tools.c - finds the toolchain. Must never run a program to find it: a cached build has no time
 * for that. Invariants: see tools.h. */
#include "tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

#define VERSION_SECONDS 20

static const struct tool_row {
  const char *program, *environment, *package;
  unsigned oldest[3];
} rows[] = {
#define HCC_TOOL(id, program, environment, major, minor, patch, package)                           \
  {program, environment, package, {major, minor, patch}},
#include "tools.def"
#undef HCC_TOOL
};

const char *hcc_tool_program(enum hcc_tool_id id) {
  return rows[id].program;
}

const char *hcc_tool_package(enum hcc_tool_id id) {
  return rows[id].package;
}

/* Is path a program? Then takes it. */
static bool take(hcc_tool *out, const char *path, const char *origin) {
  struct stat info;
  char *real = NULL;
  bool taken = stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0 &&
               (real = realpath(path, NULL)) != NULL &&
               hcc_path(out->real, NULL, "%s", real) == 0 &&
               /* a relative path would change its meaning in the temporary folder */
               hcc_path(out->path, NULL, "%s", path[0] == '/' ? path : real) == 0 &&
               hcc_path(out->identity, NULL, "%s %lld %lld.%09ld", real, (long long)info.st_size,
                        (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec) == 0;
  free(real);
  out->origin = origin;
  out->version[0] = '\0';
  return taken;
}

bool hcc_tool_identify(hcc_tool *out, const char *path) {
  return take(out, path, "");
}

static bool take_in(hcc_tool *out, const char *folder, const char *below, const char *program,
                    const char *origin) {
  char path[HCC_PATH];
  return folder != NULL && folder[0] != '\0' &&
         hcc_path(path, NULL, "%s%s/%s", folder, below, program) == 0 && take(out, path, origin);
}

/* The folder of the running program. */
static bool own_folder(char out[HCC_PATH]) {
  ssize_t n = readlink("/proc/self/exe", out, HCC_PATH - 1);
  if (n <= 0) {
    return false;
  }
  out[n] = '\0';
  char *slash = strrchr(out, '/');
  if (slash != NULL) {
    *slash = '\0';
  }
  return slash != NULL;
}

/* The folder that the environment names, or NULL. */
static const char *named_toolchain(void) {
  const char *named = getenv("HELIOS_TOOLCHAIN");
  return named != NULL && named[0] != '\0' ? named : NULL;
}

static bool take_toolchain(hcc_tool *out, const char *program) {
  static const char origin[] = "toolchain";
  char folder[HCC_PATH];
  const char *named = named_toolchain();
  if (take_in(out, named, "/bin", program, origin) || take_in(out, named, "", program, origin)) {
    return true;
  }
  /* beside the program, beside its bin/, and for a program in build/<preset>/bin of a checkout;
   * HELIOS_TOOLCHAIN takes the place of these */
  if (named == NULL && own_folder(folder) &&
      (take_in(out, folder, "/toolchain/bin", program, origin) ||
       take_in(out, folder, "/../toolchain/bin", program, origin) ||
       take_in(out, folder, "/../../../toolchain/bin", program, origin))) {
    return true;
  }
  const char *data = getenv("XDG_DATA_HOME");
  if (data != NULL && data[0] == '/') {
    return take_in(out, data, "/helios/toolchain/bin", program, origin);
  }
  return take_in(out, getenv("HOME"), "/.local/share/helios/toolchain/bin", program, origin);
}

/* Empty and relative parts of PATH are skipped: the folder one happens to be in is not trusted. */
static bool take_path(hcc_tool *out, const char *program) {
  const char *at = getenv("PATH");
  while (at != NULL && *at != '\0') {
    char folder[HCC_PATH];
    size_t n = strcspn(at, ":");
    if (*at == '/' && hcc_path(folder, NULL, "%.*s", (int)n, at) == 0 &&
        take_in(out, folder, "", program, "PATH")) {
      return true;
    }
    at += n + (at[n] == ':');
  }
  return false;
}

/* A program that was asked for by name: an option or a variable. */
static int take_named(hcc_tool *out, enum hcc_tool_id id, const char *path, const char *origin,
                      hcc_error *err) {
  char name[HCC_ESCAPED];
  if (take(out, path, origin) ||
      (strchr(path, '/') == NULL && path[0] != '\0' && take_path(out, path))) {
    out->origin = origin;
    return 0;
  }
  return hcc_fail(err, HCC_E_TOOL_MISSING, HCC_NO_OFFSET, "%s for %s is not a program: %s", origin,
                  rows[id].program, hcc_escape(name, path, strlen(path)));
}

static int not_found(enum hcc_tool_id id, hcc_error *err) {
  char name[HCC_ESCAPED];
  const char *named = named_toolchain();
  hcc_escape(name, named, named != NULL ? strlen(named) : 0);
  return hcc_fail(err, HCC_E_TOOL_MISSING, HCC_NO_OFFSET, "%s is not here (package %s)%s%s%s",
                  rows[id].program, rows[id].package, named != NULL ? "; HELIOS_TOOLCHAIN, " : "",
                  name, named != NULL ? ", has none" : "");
}

int hcc_tool_find(hcc_tool *out, enum hcc_tool_id id, const char *option, hcc_error *err) {
  const char *variable = getenv(rows[id].environment);
  *out = (hcc_tool){.origin = ""};
  if (option != NULL) {
    return take_named(out, id, option, "option", err);
  }
  if (variable != NULL && variable[0] != '\0') {
    return take_named(out, id, variable, rows[id].environment, err);
  }
  if (take_toolchain(out, rows[id].program) || take_path(out, rows[id].program)) {
    return 0;
  }
  return not_found(id, err);
}

void hcc_tool_root(char out[HCC_PATH], const hcc_tool *tool) {
  memcpy(out, tool->real, HCC_PATH);
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(out, '/');
    if (slash != NULL && slash != out) {
      *slash = '\0';
    }
  }
}

static bool digit(char c) {
  return c >= '0' && c <= '9';
}

bool hcc_version_parse(char out[64], unsigned numbers[3], const char *text) {
  for (const char *at = text; *at != '\0'; at++) {
    size_t n = strspn(at, "0123456789.");
    bool word_begins = at == text || strchr(" \n\t(v", at[-1]) != NULL;
    if (!digit(*at) || !word_begins || n > 30 || memchr(at, '.', n) == NULL) {
      continue;
    }
    snprintf(out, 64, "%.*s", (int)n, at);
    numbers[0] = numbers[1] = numbers[2] = 0;
    sscanf(out, "%u.%u.%u", &numbers[0], &numbers[1], &numbers[2]);
    return true;
  }
  return false;
}

static int compare(const unsigned a[3], const unsigned b[3]) {
  for (int i = 0; i < 3; i++) {
    if (a[i] != b[i]) {
      return a[i] < b[i] ? -1 : 1;
    }
  }
  return 0;
}

static int read_version(hcc_tool *tool, enum hcc_tool_id id, const char *output, hcc_error *err) {
  unsigned numbers[3];
  const struct tool_row *row = &rows[id];
  if (!hcc_version_parse(tool->version, numbers, output)) {
    return hcc_fail(err, HCC_E_TOOL_FAILED, HCC_NO_OFFSET, "%s does not say its version",
                    row->program);
  }
  if (compare(numbers, row->oldest) < 0) {
    return hcc_fail(err, HCC_E_TOOL_OLD, HCC_NO_OFFSET, "%s is %s, needed is %u.%u.%u or newer",
                    row->program, tool->version, row->oldest[0], row->oldest[1], row->oldest[2]);
  }
  return 0;
}

int hcc_tool_versions(hcc_tool *const *tools, const enum hcc_tool_id *ids, uint32_t count,
                      hcc_error *err) {
  const char *argv[HCC_TOOL_COUNT][3];
  hcc_run runs[HCC_TOOL_COUNT] = {{0}};
  hcc_ran *ran = calloc(HCC_TOOL_COUNT, sizeof *ran);
  if (ran == NULL || count > HCC_TOOL_COUNT) {
    free(ran);
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to ask for versions");
  }
  for (uint32_t i = 0; i < count; i++) {
    argv[i][0] = tools[i]->path;
    argv[i][1] = "--version";
    argv[i][2] = NULL;
    runs[i] = (hcc_run){.tool = rows[ids[i]].program, .argv = argv[i], .seconds = VERSION_SECONDS};
  }
  int status = hcc_run_all(ran, runs, count, count, err);
  for (uint32_t i = 0; i < count && status == 0; i++) {
    status = read_version(tools[i], ids[i], ran[i].output, err);
  }
  free(ran);
  return status;
}
