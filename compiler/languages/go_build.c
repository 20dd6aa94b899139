/* go_build.c - Go to a module. The generator of sdk/go, run by the user's own go, reads the package
 * and writes the wrappers and the manifest; go compiles both, or TinyGo if it is asked for. A file
 * alone gets a module of its own in the temporary folder, with heliosc's copy of the SDK; a project
 * keeps its go.mod, and the wrappers are laid over its folder (-overlay; for TinyGo, which knows
 * no such thing, by a folder of links), so that nothing is written into it. Runs outside of
 * the jail, as cargo does: go reads and writes the caches that whoever calls it knows. Must never
 * run what the source says: no cgo, no go:generate, no toolchain from elsewhere. Invariants: see
 * source.h. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "limits.h"
#include "source.h"
#include "source_cache.h"

#define WRAPPERS "heliosdb_exports.go"
#define DEBIAN_GO "/usr/lib/go-1.[2-9][0-9]/bin/go" /* 1.24 and newer among them */
#define ENV_MAX 24u
#define ARGS_MAX 24u

/* The module around a file alone: what it may import, all of it in heliosc. */
static const char alone_mod[] = "module procedure\n\ngo 1.24\n\n"
                                "require heliosdb v0.0.0\n"
                                "require github.com/heliosdb/wasm-sdk-go v0.0.0\n"
                                "replace heliosdb => ../sdk/go\n"
                                "replace github.com/heliosdb/wasm-sdk-go => ../sdk/go/reference\n";

/* Variables of the caller's that go is given: where its caches are, and where it may download from.
 */
static const char *const passed[] = {"HOME",      "GOCACHE",   "GOPATH",     "GOMODCACHE",
                                     "GOPROXY",   "GONOPROXY", "GOSUMDB",    "GONOSUMDB",
                                     "GOPRIVATE", "GOWORK",    "TINYGOROOT", "https_proxy"};

typedef struct go_build {
  const hcc_source_job *job;
  hcc_error *err;
  hcc_tool go, tinygo, wasm_opt; /* TinyGo runs wasm-opt */
  bool alone;
  char folder[HCC_PATH]; /* of the package, as go sees it */
  char own[HCC_PATH];    /* of what is generated */
  char name[HCC_PATH];   /* of the source, without its folder */
  char variables[ENV_MAX][HCC_PATH + 32];
  const char *argv[ENV_MAX + ARGS_MAX];
  uint32_t count;
} go_build;

static void add(go_build *b, const char *word) {
  if (b->count + 1 < ENV_MAX + ARGS_MAX) {
    b->argv[b->count++] = word;
    b->argv[b->count] = NULL;
  }
}

/* "env NAME=value ... PROGRAM", for one command. */
static void begin(go_build *b, const char *const *more, const char *program) {
  uint32_t n = 0;
  b->count = 0;
  add(b, "/usr/bin/env");
  for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
    const char *value = getenv(passed[i]);
    if (value != NULL && value[0] != '\0' && n < ENV_MAX) {
      snprintf(b->variables[n], sizeof b->variables[n], "%s=%s", passed[i], value);
      add(b, b->variables[n++]);
    }
  }
  if (getenv("HOME") == NULL && getenv("GOCACHE") == NULL && n < ENV_MAX) {
    snprintf(b->variables[n], sizeof b->variables[n], "GOCACHE=%s/cache", b->job->folder);
    add(b, b->variables[n++]);
  }
  add(b, "GOTOOLCHAIN=local");
  add(b, "CGO_ENABLED=0");
  add(b, "GOFLAGS=");
  for (; *more != NULL; more++) {
    add(b, *more);
  }
  add(b, program);
}

/* The user's name of a file that go names relative to its folder. */
static const char *shown_file(const go_build *b, const char *file, char path[HCC_PATH]) {
  const char *base = hcc_base(file);
  const char *input = b->job->input, *end = strrchr(input, '/');
  if (b->alone && strcmp(base, b->name) == 0) {
    return input;
  }
  if (strncmp(file, b->folder, strlen(b->folder)) == 0 && file[strlen(b->folder)] == '/') {
    file += strlen(b->folder) + 1;
  } else if (strncmp(file, "./", 2) == 0) {
    file += 2;
  }
  return !b->alone && end != NULL && file[0] != '/' &&
                 hcc_path(path, NULL, "%.*s/%s", (int)(end - input), input, file) == 0
             ? path
             : file;
}

static const char *hint_for(const go_build *b, const char *text) {
  if (strstr(text, "heliosdb") != NULL && strstr(text, "not in std") != NULL) {
    return "the project's go.mod needs the SDK: `heliosc new --lang go NAME` shows how";
  }
  if (strstr(text, "goroutine without a scheduler") != NULL) {
    return "with --tinygo there are no goroutines; build without it to have them";
  }
  if (strstr(text, "could not find wasm-opt") != NULL) {
    return "TinyGo runs wasm-opt, of package binaryen";
  }
  if (strstr(text, "no required module provides") != NULL ||
      strstr(text, "is not in std") != NULL) {
    return b->alone
               ? "a file alone imports the standard library and heliosdb; other modules need a "
                 "go.mod: heliosc build go.mod"
               : "go get adds it to go.mod";
  }
  return NULL;
}

/* A line "file.go:3:5: text"; the column may be missing. */
static bool tell(go_build *b, char *line) {
  char path[HCC_PATH], *end, *colon = strstr(line, ".go:");
  if (colon == NULL) {
    return false;
  }
  colon += 3;
  *colon = '\0';
  unsigned long row = strtoul(colon + 1, &end, 10), column = 0;
  if (*end == ':' && end[1] >= '0' && end[1] <= '9') {
    column = strtoul(end + 1, &end, 10);
  }
  if (row == 0 || *end != ':') {
    return false;
  }
  end += strspn(end, ": ");
  end += strncmp(end, "error: ", 7) == 0 ? 7 : 0;
  hcc_message m = {.level = "error",
                   .file = shown_file(b, line, path),
                   .line = (unsigned)row,
                   .column = (unsigned)column,
                   .text = end,
                   .hint = hint_for(b, end)};
  if (b->job->listener.hear != NULL) {
    b->job->listener.hear(b->job->listener.arg, &m);
  }
  return true;
}

/* One that is about no place in particular. */
static void tell_plain(go_build *b, const char *text) {
  hcc_message m = {
      .level = "error", .file = b->job->input, .text = text, .hint = hint_for(b, text)};
  if (strncmp(text, "error: ", 7) == 0) {
    m.text += 7;
  }
  if (b->job->listener.hear != NULL) {
    b->job->listener.hear(b->job->listener.arg, &m);
  }
}

/* What go said of a build that failed. */
static bool tell_all(void *arg, char *output, bool failed) {
  go_build *b = arg;
  uint32_t told = 0, plain = 0;
  for (char *save, *line = strtok_r(output, "\n", &save); line != NULL && failed;
       line = strtok_r(NULL, "\n", &save)) {
    if (tell(b, line)) {
      told++;
    } else if (told == 0 && line[0] != '#' && strncmp(line, "exit status", 11) != 0) {
      tell_plain(b, line);
      plain++;
    }
  }
  return told + plain > 0;
}

static int run(go_build *b, const char *folder) {
  hcc_run job = {.tool = "go", .argv = b->argv, .folder = folder, .seconds = b->job->wall_seconds};
  return hcc_source_run(&job, tell_all, b, b->err);
}

/* What PATH is for TinyGo, which runs the go that is found there. */
static void path_with_go(char out[2 * HCC_PATH], const go_build *b) {
  const char *others = getenv("PATH");
  snprintf(out, 2 * HCC_PATH, "PATH=%.*s:%.*s", (int)(hcc_base(b->go.path) - b->go.path),
           b->go.path, (int)HCC_PATH, others == NULL ? "/usr/bin:/bin" : others);
}

/* "go version go1.24.4 linux/amd64", "tinygo version 0.39.0 linux/amd64 (using go ...". */
static int ask_version(go_build *b, unsigned numbers[3], hcc_tool *tool, const char *before) {
  char path[2 * HCC_PATH];
  const char *argv[] = {"/usr/bin/env", "GOTOOLCHAIN=local", "HOME=/", path,
                        tool->path,     "version",           NULL};
  hcc_run job = {
      .tool = hcc_base(tool->path), .argv = argv, .folder = b->job->folder, .seconds = 20};
  hcc_ran ran;
  char *at;
  path_with_go(path, b);
  int status = hcc_run_one(&ran, &job, b->err);
  if (status != 0) {
    return status;
  }
  at = strstr(ran.output, before);
  return at != NULL && hcc_version_parse(tool->version, numbers, at + strlen(before))
             ? 0
             : hcc_fail(b->err, HCC_E_TOOL_FAILED, HCC_NO_OFFSET, "%s does not say its version",
                        tool->path);
}

static int check_version(go_build *b) {
  unsigned numbers[3] = {0};
  int status = ask_version(b, numbers, &b->go, " go");
  if (status != 0) {
    return status;
  }
  if (numbers[0] == 1 && numbers[1] < 24) {
    return hcc_fail(
        b->err, HCC_E_TOOL_OLD, HCC_NO_OFFSET,
        "%s is Go %s, which can't export functions to WebAssembly: 1.24 or newer is needed "
        "(packages golang-1.24-go and golang-1.24-src of Debian 13, or go.dev/dl)",
        b->go.path, b->go.version);
  }
  return 0;
}

/* The one that is named, or of the toolchain, or of PATH; else the newest of Debian's packages,
 * which are not in PATH while an older golang-go is. */
static int find_go(go_build *b) {
  glob_t found;
  int status = hcc_tool_find(&b->go, HCC_TOOL_GO, NULL, b->err);
  bool named = status == 0 && strcmp(b->go.origin, "PATH") != 0;
  if (status == 0 && (named || (status = check_version(b)) != HCC_E_TOOL_OLD)) {
    return named ? check_version(b) : status;
  }
  if (glob(DEBIAN_GO, 0, NULL, &found) != 0) {
    return status;
  }
  if (hcc_tool_identify(&b->go, found.gl_pathv[found.gl_pathc - 1])) {
    *b->err = (hcc_error){.offset = HCC_NO_OFFSET, .func = UINT32_MAX};
    status = check_version(b);
  }
  globfree(&found);
  return status;
}

/* And what it runs. */
static int find_tinygo(go_build *b) {
  hcc_error missing = {.code = HCC_OK};
  unsigned numbers[3] = {0};
  int status;
  HCC_TRY(hcc_tool_find(&b->tinygo, HCC_TOOL_TINYGO, NULL, b->err));
  HCC_TRY(ask_version(b, numbers, &b->tinygo, "tinygo version "));
  if (numbers[0] == 0 && numbers[1] < 39) {
    HCC_TRY(hcc_fail(b->err, HCC_E_TOOL_OLD, HCC_NO_OFFSET,
                     "%s is TinyGo %s; 0.39 or newer is needed (tinygo.org)", b->tinygo.path,
                     b->tinygo.version));
  }
  hcc_tool_find(&b->wasm_opt, HCC_TOOL_WASM_OPT, NULL, &missing); /* TinyGo says if it needs it */
out:
  return status;
}

static int prepare(go_build *b) {
  int status;
  HCC_TRY(hcc_source_sdk(b->job, "go/", b->err));
  HCC_TRY(hcc_path(b->own, b->err, "%s/module", b->job->folder));
  HCC_TRY(hcc_dir_make(b->own, 0700, b->err));
  HCC_TRY(hcc_path(b->name, b->err, "%s", hcc_base(b->job->input)));
  if (!b->alone) {
    HCC_TRY(hcc_source_folder(b->folder, b->job->input, b->err));
    goto out;
  }
  memcpy(b->folder, b->own, sizeof b->folder);
out:
  return status;
}

static int put_file(const go_build *b, const char *name, const void *bytes, size_t size) {
  char path[HCC_PATH];
  int status = hcc_path(path, b->err, "%s/%s", b->own, name);
  return status != 0 ? status : hcc_file_write(path, bytes, size, b->err);
}

/* The folder of a file alone: its go.mod and a copy of it. */
static int lay_out(const go_build *b) {
  uint8_t *bytes = NULL;
  size_t size;
  int status = hcc_file_read(&bytes, &size, b->job->input, HCC_MAX_MODULE, b->err);
  if (status != 0) {
    return status;
  }
  HCC_TRY(put_file(b, "go.mod", alone_mod, strlen(alone_mod)));
  HCC_TRY(put_file(b, b->name, bytes, size));
out:
  free(bytes);
  return status;
}

/* Wrappers and manifest, into b->own. go keeps the generator compiled. */
static int generate(go_build *b) {
  static const char *const more[] = {"GOPROXY=off", "GOWORK=off", NULL};
  char sdk[HCC_PATH];
  int status = hcc_path(sdk, b->err, "%s/sdk/go", b->job->folder);
  begin(b, more, b->go.path);
  add(b, "run");
  add(b, "-trimpath");
  add(b, "./gen");
  if (b->job->tinygo && !b->alone) {
    add(b, "-link");
  }
  add(b, b->folder);
  add(b, b->own);
  return status != 0 ? status : run(b, sdk);
}

/* What lays the wrappers over the folder of a project. Paths are JSON strings: only quotes and
 * backslashes would need more. */
static int write_overlay(const go_build *b) {
  char text[2 * HCC_PATH + 64];
  if (strpbrk(b->folder, "\"\\") != NULL || strpbrk(b->own, "\"\\") != NULL) {
    return hcc_fail(b->err, HCC_E_USAGE, HCC_NO_OFFSET, "the folder's name has a quote in it");
  }
  snprintf(text, sizeof text, "{\"Replace\": {\"%s/" WRAPPERS "\": \"%s/" WRAPPERS "\"}}",
           b->folder, b->own);
  return put_file(b, "overlay.json", text, strlen(text));
}

static int compile_go(go_build *b, const char *output) {
  static const char *const alone[] = {"GOOS=wasip1", "GOARCH=wasm", "GOPROXY=off", "GOWORK=off",
                                      NULL};
  static const char *const project[] = {"GOOS=wasip1", "GOARCH=wasm", NULL};
  char overlay[HCC_PATH];
  int status;
  HCC_TRY(hcc_path(overlay, b->err, "%s/overlay.json", b->own));
  HCC_TRY(b->alone ? 0 : write_overlay(b));
  begin(b, b->alone ? alone : project, b->go.path);
  add(b, "build");
  add(b, "-buildmode=c-shared");
  add(b, "-trimpath");
  add(b, "-buildvcs=false");
  add(b, "-ldflags=-w"); /* no DWARF; names of functions stay (-s), for what a trap says */
  if (!b->alone) {
    add(b, "-overlay");
    add(b, overlay);
  }
  add(b, "-o");
  add(b, output);
  add(b, ".");
  HCC_TRY(run(b, b->folder));
out:
  return status;
}

/* TinyGo runs the go of PATH, and wasm-opt. Without a scheduler: the one for WebAssembly costs each
 * call 13 µs. */
static int compile_tinygo(go_build *b, const char *output) {
  char path[2 * HCC_PATH], opt[HCC_PATH + 16];
  const char *more[4] = {path};
  uint32_t n = 1;
  path_with_go(path, b);
  if (b->wasm_opt.path[0] != '\0') {
    snprintf(opt, sizeof opt, "WASMOPT=%s", b->wasm_opt.path);
    more[n++] = opt;
  }
  if (b->alone) {
    more[n++] = "GOPROXY=off";
  }
  begin(b, more, b->tinygo.path);
  add(b, "build");
  add(b, "-target=wasip1");
  add(b, "-buildmode=c-shared");
  add(b, "-opt=2");
  add(b, "-scheduler=none");
  add(b, "-no-debug");
  add(b, "-o");
  add(b, output);
  add(b, ".");
  return run(b, b->own);
}

static int compile(go_build *b) {
  char output[HCC_PATH];
  int status = hcc_path(output, b->err, "%s/source.wasm", b->job->folder);
  return status != 0 ? status : b->job->tinygo ? compile_tinygo(b, output) : compile_go(b, output);
}

/* The module with the manifest as its last section. */
static int take(hcc_module_bytes *out, const go_build *b) {
  char path[HCC_PATH];
  uint8_t *manifest = NULL;
  size_t size;
  int status = hcc_path(path, b->err, "%s/manifest.json", b->own);
  HCC_TRY(status);
  HCC_TRY(hcc_file_read(&manifest, &size, path, HCC_MAX_MODULE, b->err));
  HCC_TRY(hcc_source_take(out, b->job, b->err));
  HCC_TRY(hcc_source_section(out, "helios.manifest", manifest, size, b->err));
out:
  free(manifest);
  return status;
}

static int build(hcc_module_bytes *out, const hcc_source_job *job, bool alone, hcc_error *err) {
  int status;
  go_build *b = calloc(1, sizeof *b);
  if (b == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to build");
  }
  b->job = job;
  b->err = err;
  b->alone = alone;
  HCC_TRY(find_go(b));
  HCC_TRY(job->tinygo ? find_tinygo(b) : 0);
  if (alone) { /* a project reads what go alone can say */
    hcc_source_cache_word(job->cache, b->go.identity);
    hcc_source_cache_word(job->cache, b->tinygo.identity);
    hcc_source_cache_word(job->cache, b->wasm_opt.identity);
    if (hcc_source_cache_get(out, job->cache)) {
      goto out;
    }
  }
  HCC_TRY(prepare(b));
  HCC_TRY(alone ? lay_out(b) : 0);
  HCC_TRY(generate(b));
  HCC_TRY(compile(b));
  HCC_TRY(take(out, b));
out:
  free(b);
  return status;
}

int hcc_build_go(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  return build(out, job, true, err);
}

int hcc_build_gomod(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  return build(out, job, false, err);
}
