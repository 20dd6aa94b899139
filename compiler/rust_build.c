/* rust_build.c - Rust to a module. A file alone is compiled by rustc in the jail, with heliosc's
 * own copy of the SDK. A project is built by cargo in its own folder and outside of the jail: cargo
 * writes there, reads registries that the user has set up, and runs build scripts, as whoever calls
 * it knows. Invariants: see source.h. */
#include <cJSON.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limits.h"
#include "source.h"
#include "source_cache.h"

#define TRIPLE "wasm32-unknown-unknown"

static const char *const rustc_flags[] = {
    "--edition",
    "2021",
    "--target",
    TRIPLE,
    "-C",
    "opt-level=3",
    "-C",
    "panic=abort",
    "-C",
    "lto",
    "-C",
    "strip=debuginfo",
    "--error-format=json",
    "--color=never",
};
#define FLAGS (sizeof rustc_flags / sizeof *rustc_flags)
#define RLIB_FLAGS 8 /* the first of them: a library is neither linked nor stripped */

typedef struct rust_build {
  const hcc_source_job *job;
  hcc_error *err;
  hcc_tool rustc, wasm_ld;
  hcc_jail jail;
  char folder[HCC_PATH], roots[2][HCC_PATH], linker[HCC_PATH + 16], source[HCC_PATH];
} rust_build;

/* Has this rustc the standard library for wasm? *roots: its sysroot, for the jail. */
static bool usable(rust_build *b, const char *path) {
  const char *argv[] = {path,       "--print", "sysroot", "--print", "target-libdir",
                        "--target", TRIPLE,    NULL};
  hcc_run run = {.tool = "rustc", .argv = argv, .seconds = 20};
  hcc_ran ran;
  struct stat info;
  if (hcc_run_one(&ran, &run, NULL) != 0) {
    return false;
  }
  char *end = strchr(ran.output, '\n');
  if (end == NULL) {
    return false;
  }
  *end++ = '\0';
  end[strcspn(end, "\n")] = '\0';
  return hcc_path(b->roots[0], NULL, "%s", ran.output) == 0 && stat(end, &info) == 0 &&
         S_ISDIR(info.st_mode);
}

/* Each rustc that may be asked, in order: HELIOS_RUSTC alone, or the first that tools.h finds and
 * then those of PATH. Until visit says that it is the one. */
static bool each_rustc(rust_build *b, bool (*visit)(rust_build *, const char *path)) {
  const char *named = getenv("HELIOS_RUSTC");
  if (hcc_tool_find(&b->rustc, HCC_TOOL_RUSTC, NULL, NULL) == 0 && visit(b, b->rustc.path)) {
    return true;
  }
  const char *at = named != NULL && named[0] != '\0' ? "" : getenv("PATH");
  while (at != NULL && *at != '\0') {
    char path[HCC_PATH];
    size_t n = strcspn(at, ":");
    if (*at == '/' && hcc_path(path, NULL, "%.*s/rustc", (int)n, at) == 0 &&
        access(path, X_OK) == 0 && visit(b, path)) {
      return hcc_tool_identify(&b->rustc, path);
    }
    at += n + (at[n] == ':');
  }
  return false;
}

/* The first that can: an option or variable decides; else each of PATH, as the first may be a
 * rustup without the target while Debian's has it. */
static int find_rustc(rust_build *b) {
  const char *named = getenv("HELIOS_RUSTC");
  if (each_rustc(b, usable)) {
    return 0;
  }
  int status = hcc_tool_find(&b->rustc, HCC_TOOL_RUSTC, NULL, b->err);
  if (status != 0 || (named != NULL && named[0] != '\0')) {
    return status; /* rustc itself says what it has not */
  }
  return hcc_fail(b->err, HCC_E_TOOL_MISSING, HCC_NO_OFFSET,
                  "no rustc here has " TRIPLE " (packages rustc and libstd-rust-dev-wasm32)");
}

/* ---- the cache: source_cache.h. Nothing is run to name a build: that takes a tenth of a second.
 */

/* A rustc of rustup's is any that its settings name. */
static void name_rustup(hcc_source_cache *c) {
  static const char *const parts[] = {"settings.toml", "toolchains", "toolchains/*/bin/rustc",
                                      "toolchains/*/lib/rustlib/" TRIPLE "/lib"};
  const struct passwd *user = getpwuid(geteuid()); /* run.h's children have no HOME */
  char pattern[HCC_PATH];
  for (size_t i = 0; user != NULL && i < sizeof parts / sizeof *parts; i++) {
    glob_t found;
    if (hcc_path(pattern, NULL, "%s/.rustup/%s", user->pw_dir, parts[i]) != 0 ||
        glob(pattern, 0, NULL, &found) != 0) {
      continue;
    }
    for (size_t k = 0; k < found.gl_pathc; k++) {
      hcc_source_cache_file(c, found.gl_pathv[k]);
    }
    globfree(&found);
  }
}

static bool name_rustc(rust_build *b, const char *path) {
  char root[HCC_PATH], library[HCC_PATH];
  hcc_source_cache *c = b->job->cache;
  hcc_tool tool;
  if (hcc_tool_identify(&tool, path)) {
    const char *slash = strrchr(tool.real, '/');
    hcc_source_cache_word(c, tool.identity);
    hcc_tool_root(root, &tool);
    if (hcc_path(library, NULL, "%s/lib/rustlib/" TRIPLE "/lib", root) == 0) {
      hcc_source_cache_file(c, library);
    }
    if (slash != NULL && strcmp(slash, "/rustup") == 0) {
      name_rustup(c);
    }
  }
  return false; /* and the next */
}

static void name_build(rust_build *b) {
  hcc_source_cache *c = b->job->cache;
  each_rustc(b, name_rustc);
  hcc_source_cache_word(c, b->wasm_ld.identity);
  for (size_t i = 0; i < FLAGS; i++) {
    hcc_source_cache_word(c, rustc_flags[i]);
  }
}

static void note_file(hcc_source_cache *c, const char *file) {
  char other[HCC_PATH];
  const char *slash = strrchr(file, '/');
  size_t n = strlen(file);
  hcc_source_cache_reads(c, file);
  if (n > 3 && strcmp(file + n - 3, ".rs") == 0) {
    bool folder = slash != NULL && strcmp(slash, "/mod.rs") == 0;
    if (hcc_path(other, NULL, folder ? "%.*s.rs" : "%.*s/mod.rs",
                 (int)(folder ? (size_t)(slash - file) : n - 3), file) == 0) {
      hcc_source_cache_absent(c, other);
    }
  }
}

/* The next name of rustc's list: a space or backslash of it has a backslash before. *at is left
 * behind it; false at the end of the line. */
static bool next_name(char name[HCC_PATH], const char **at) {
  size_t n = 0;
  while (**at == ' ') {
    ++*at;
  }
  for (; **at != ' ' && **at != '\n' && **at != '\0' && n + 1 < HCC_PATH; ++*at) {
    *at += **at == '\\' && (*at)[1] != '\0';
    name[n++] = **at;
  }
  name[n] = '\0';
  return n > 0;
}

/* The files that rustc read: the first line of its list, "source.wasm: a.rs b.rs". */
static void note_reads(const rust_build *b) {
  char path[HCC_PATH], name[HCC_PATH];
  uint8_t *text = NULL;
  size_t size, files = 0;
  if (hcc_path(path, NULL, "%s/source.d", b->job->folder) == 0 &&
      hcc_file_read(&text, &size, path, 1u << 20, NULL) == 0) {
    const char *at = strstr((const char *)text, ": ");
    for (at = at == NULL ? "" : at + 1; next_name(name, &at); files++) {
      note_file(b->job->cache, name);
    }
  }
  if (files == 0) {
    hcc_source_cache_unfit(b->job->cache);
  }
  free(text);
}

static int prepare(rust_build *b) {
  int status;
  HCC_TRY(find_rustc(b));
  hcc_tool_root(b->roots[1], &b->rustc);
  HCC_TRY(hcc_source_folder(b->folder, b->job->input, b->err));
  HCC_TRY(hcc_path(b->source, b->err, "%s/%s", b->folder,
                   strrchr(b->job->input, '/') == NULL ? b->job->input
                                                       : strrchr(b->job->input, '/') + 1));
  snprintf(b->linker, sizeof b->linker, "linker=%s", b->wasm_ld.path);
  b->jail = hcc_source_jail(b->job);
  b->jail.readable[0] = b->roots[0];
  b->jail.readable[1] = b->roots[1];
  b->jail.readable[2] = b->folder;
  HCC_TRY(hcc_source_sdk(b->job, "rust/", b->err));
out:
  return status;
}

static void tell(rust_build *b, const cJSON *o) {
  const cJSON *spans = cJSON_GetObjectItemCaseSensitive(o, "spans"), *span = NULL;
  const cJSON *level = cJSON_GetObjectItemCaseSensitive(o, "level");
  const cJSON *text = cJSON_GetObjectItemCaseSensitive(o, "message");
  hcc_message m = {.level = "note", .text = cJSON_IsString(text) ? text->valuestring : "?"};
  cJSON_ArrayForEach(span, spans) {
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(span, "is_primary"))) {
      break;
    }
  }
  const cJSON *file = cJSON_GetObjectItemCaseSensitive(span, "file_name");
  const cJSON *line = cJSON_GetObjectItemCaseSensitive(span, "line_start");
  const cJSON *column = cJSON_GetObjectItemCaseSensitive(span, "column_start");
  if (cJSON_IsString(level) && strstr(level->valuestring, "error") != NULL) {
    m.level = "error";
  } else if (cJSON_IsString(level) && strcmp(level->valuestring, "warning") == 0) {
    m.level = "warning";
  }
  if (cJSON_IsString(file)) {
    m.file = strcmp(file->valuestring, b->source) == 0 ? b->job->input : file->valuestring;
    m.line = cJSON_IsNumber(line) ? (unsigned)line->valueint : 0;
    m.column = cJSON_IsNumber(column) ? (unsigned)column->valueint : 0;
  }
  if (b->job->listener.hear != NULL && span != NULL) {
    b->job->listener.hear(b->job->listener.arg, &m);
  }
}

/* What rustc said: an object a line, as many as the output holds. *said: was there an error? */
static void tell_all(bool *said, rust_build *b, char *output) {
  *said = false;
  for (char *save, *line = strtok_r(output, "\n", &save); line != NULL;
       line = strtok_r(NULL, "\n", &save)) {
    cJSON *o = cJSON_Parse(line);
    const cJSON *level = cJSON_GetObjectItemCaseSensitive(o, "level");
    *said |= cJSON_IsString(level) && strcmp(level->valuestring, "error") == 0;
    if (o != NULL) {
      tell(b, o);
    }
    cJSON_Delete(o);
  }
}

static int rustc(rust_build *b, size_t flags, const char *const *more, bool ours) {
  const char *argv[64];
  size_t n = 0;
  hcc_ran *ran = calloc(1, sizeof *ran);
  hcc_error failure = {.code = HCC_OK};
  bool said;
  if (ran == NULL) {
    return hcc_fail(b->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for rustc");
  }
  argv[n++] = b->rustc.path;
  for (size_t i = 0; i < flags; i++) {
    argv[n++] = rustc_flags[i];
  }
  for (; *more != NULL && n < 60; more++) {
    argv[n++] = *more;
  }
  argv[n] = NULL;
  hcc_run run = {.tool = "rustc",
                 .argv = argv,
                 .folder = b->job->folder,
                 .jail = &b->jail,
                 .seconds = b->job->wall_seconds};
  int status = hcc_run_one(ran, &run, &failure);
  if (!ours) {
    tell_all(&said, b, ran->output);
  }
  if (status != 0 && (ours || !said)) {
    status = hcc_fail(b->err, failure.code, HCC_NO_OFFSET, "%s", failure.text);
  } else if (status != 0) {
    status = hcc_fail(b->err, HCC_E_SOURCE, HCC_NO_OFFSET, "rustc found errors in the source");
  }
  free(ran);
  return status;
}

int hcc_build_rust(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  int status;
  char path[HCC_PATH];
  rust_build *b = calloc(1, sizeof *b);
  if (b == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to build");
  }
  b->job = job;
  b->err = err;
  const char *library[] = {"--crate-type",        "rlib", "--crate-name",
                           "heliosdb_wasm_sdk",   "-o",   "libheliosdb_wasm_sdk.rlib",
                           "sdk/rust/src/lib.rs", NULL};
  const char *module[] = {
      "--crate-type", "cdylib",      "--crate-name", "procedure",
      "-C",           b->linker,     "--extern",     "heliosdb_wasm_sdk=libheliosdb_wasm_sdk.rlib",
      "-o",           "source.wasm", "--emit",       "link,dep-info=source.d",
      b->source,      NULL};
  HCC_TRY(hcc_tool_find(&b->wasm_ld, HCC_TOOL_WASM_LD, NULL, err));
  name_build(b);
  if (hcc_source_cache_get(out, job->cache)) {
    goto out;
  }
  HCC_TRY(prepare(b));
  HCC_TRY(rustc(b, RLIB_FLAGS, library, true));
  HCC_TRY(rustc(b, FLAGS, module, false));
  note_reads(b);
  HCC_TRY(hcc_path(path, err, "%s/source.wasm", job->folder));
  HCC_TRY(hcc_file_read(&out->bytes, &out->size, path, HCC_MAX_MODULE, err));
out:
  free(b);
  return status;
}

/* ---- cargo ---- */

/* A line of --message-format=short: "src/lib.rs:3:5: error[E0425]: cannot find ..." */
static void tell_short(rust_build *b, char *line) {
  char *file = line, *at = strstr(line, ": "), *text;
  char *column = at == NULL ? NULL : memrchr(line, ':', (size_t)(at - line));
  char *row = column == NULL ? NULL : memrchr(line, ':', (size_t)(column - line));
  if (row == NULL || (text = strstr(at + 2, ": ")) == NULL || b->job->listener.hear == NULL) {
    return;
  }
  *at = *row = '\0';
  hcc_message m = {.level = strncmp(at + 2, "error", 5) == 0 ? "error" : "warning",
                   .file = file,
                   .line = (unsigned)strtoul(row + 1, NULL, 10),
                   .column = (unsigned)strtoul(column + 1, NULL, 10),
                   .text = text + 2};
  b->job->listener.hear(b->job->listener.arg, &m);
}

/* The one beside rustc, if there is one: a newer cargo asks an older rustc for what it has not. */
static int find_cargo(hcc_tool *out, rust_build *b) {
  char path[HCC_PATH];
  const char *named = getenv("HELIOS_CARGO");
  size_t folder = (size_t)(strrchr(b->rustc.path, '/') - b->rustc.path);
  if ((named == NULL || named[0] == '\0') &&
      hcc_path(path, NULL, "%.*s/cargo", (int)folder, b->rustc.path) == 0 &&
      hcc_tool_identify(out, path)) {
    return 0;
  }
  return hcc_tool_find(out, HCC_TOOL_CARGO, NULL, b->err);
}

static int run_cargo(rust_build *b, const char *const *argv) {
  hcc_error failure = {.code = HCC_OK};
  hcc_ran *ran = calloc(1, sizeof *ran);
  if (ran == NULL) {
    return hcc_fail(b->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for cargo");
  }
  hcc_run run = {
      .tool = "cargo", .argv = argv, .folder = b->folder, .seconds = b->job->wall_seconds};
  int status = hcc_run_one(ran, &run, &failure);
  for (char *save, *line = strtok_r(ran->output, "\n", &save); line != NULL;
       line = strtok_r(NULL, "\n", &save)) {
    tell_short(b, line);
  }
  free(ran);
  if (status == 0) {
    return 0;
  }
  return hcc_fail(b->err, failure.code == HCC_E_TOOL_FAILED ? HCC_E_SOURCE : failure.code,
                  HCC_NO_OFFSET, "%s", failure.text);
}

/* The one module that cargo made. */
static int take_module(hcc_module_bytes *out, const rust_build *b) {
  char pattern[HCC_PATH];
  glob_t found;
  int status = hcc_path(pattern, b->err, "%s/target/" TRIPLE "/release/*.wasm", b->job->folder);
  if (status != 0 || glob(pattern, 0, NULL, &found) != 0) {
    return hcc_fail(b->err, HCC_E_SOURCE, HCC_NO_OFFSET,
                    "cargo made no module: [lib] needs crate-type = [\"cdylib\"]");
  }
  status = found.gl_pathc == 1
               ? hcc_file_read(&out->bytes, &out->size, found.gl_pathv[0], HCC_MAX_MODULE, b->err)
               : hcc_fail(b->err, HCC_E_SOURCE, HCC_NO_OFFSET, "cargo made more than one module");
  globfree(&found);
  return status;
}

int hcc_build_cargo(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  int status;
  hcc_tool cargo;
  char target[HCC_PATH + 16], compiler[HCC_PATH + 8], linker[HCC_PATH + 64], home[HCC_PATH];
  rust_build *b = calloc(1, sizeof *b);
  if (b == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to build");
  }
  b->job = job;
  b->err = err;
  const char *own = getenv("HOME");
  const char *argv[] = {"/usr/bin/env",
                        compiler,
                        linker,
                        home,
                        NULL,
                        "build",
                        "--release",
                        "--offline",
                        "--target",
                        TRIPLE,
                        "--target-dir",
                        target,
                        "--message-format=short",
                        NULL};
  HCC_TRY(hcc_tool_find(&b->wasm_ld, HCC_TOOL_WASM_LD, NULL, err));
  HCC_TRY(prepare(b));
  HCC_TRY(find_cargo(&cargo, b));
  argv[4] = cargo.path;
  HCC_TRY(hcc_path(home, err, "HOME=%s", own == NULL ? "/" : own));
  snprintf(target, sizeof target, "%s/target", job->folder);
  snprintf(compiler, sizeof compiler, "RUSTC=%s", b->rustc.path);
  snprintf(linker, sizeof linker, "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=%s", b->wasm_ld.path);
  HCC_TRY(run_cargo(b, argv));
  HCC_TRY(take_module(out, b));
out:
  free(b);
  return status;
}
