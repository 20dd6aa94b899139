/* rust_build.c - Rust to a module. A file alone is compiled by rustc in the jail, with heliosc's
 * own copy of the SDK. A project is built by cargo in its own folder and outside of the jail: cargo
 * writes there, reads registries that the user has set up, and runs build scripts, as whoever calls
 * it knows. Invariants: see source.h. */
#include <cJSON.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limits.h"
#include "module.h"
#include "rust_target.h"
#include "source.h"
#include "source_cache.h"

/* Of the procedure and of the SDK below it; then what only the procedure is built with. */
static const char *const common_flags[] = {"--edition",           "2021",         "-C",
                                           "opt-level=3",         "-C",           "panic=abort",
                                           "--error-format=json", "--color=never"};
static const char *const module_flags[] = {
    "--crate-type", "cdylib", "--crate-name",    "procedure", "-C",
    "lto",          "-C",     "strip=debuginfo", "-L",        "."};
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* The SDK in the job's folder: the attribute's own crate, which rustc runs, and the library. */
#define MACROS "libheliosdb_wasm_macros.so"
#define LIBRARY "libheliosdb_wasm_sdk.rlib"

typedef struct rust_build {
  const hcc_source_job *job;
  hcc_error *err;
  hcc_rust_target target;
  const char *triple; /* the target's name that rustc knows */
  hcc_tool rustc, wasm_ld;
  hcc_jail jail;
  char folder[HCC_PATH], roots[2][HCC_PATH], linker[HCC_PATH + 16], source[HCC_PATH];
  char shown[HCC_PATH]; /* of a message */
  char made[HCC_PATH];  /* cargo's folder of what it makes */
} rust_build;

/* Has this rustc the standard library for a target of this name? *roots: its sysroot, for the jail.
 */
static bool has_target(rust_build *b, const char *path, const char *triple) {
  const char *argv[] = {path,       "--print", "sysroot", "--print", "target-libdir",
                        "--target", triple,    NULL};
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

static bool usable(rust_build *b, const char *path) {
  for (size_t i = 0; i < HCC_RUST_NAMES && b->target.names[i] != NULL; i++) {
    b->triple = b->target.names[i];
    if (has_target(b, path, b->triple)) {
      return true;
    }
  }
  return false;
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
                  "no rustc here has %s (packages rustc and libstd-rust-dev-wasm32)",
                  b->target.names[0]);
}

/* ---- the cache: source_cache.h. Nothing is run to name a build: that takes a tenth of a second.
 */

/* A rustc of rustup's is any that its settings name. */
static void name_rustup(hcc_source_cache *c) {
  static const char *const parts[] = {"settings.toml", "toolchains", "toolchains/*/bin/rustc",
                                      "toolchains/*/lib/rustlib/wasm32-*/lib"};
  const struct passwd *user = getpwuid(geteuid()); /* run.h's children have no HOME */
  char pattern[HCC_PATH];
  if (user == NULL) {
    hcc_source_cache_unfit(c);
  }
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
    for (size_t i = 0; i < HCC_RUST_NAMES && b->target.names[i] != NULL; i++) {
      if (hcc_path(library, NULL, "%s/lib/rustlib/%s/lib", root, b->target.names[i]) == 0) {
        hcc_source_cache_file(c, library);
      }
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
  hcc_source_cache_word(c, b->target.names[0]);
  hcc_source_cache_word(c, b->wasm_ld.identity);
  for (size_t i = 0; i < COUNT(common_flags); i++) {
    hcc_source_cache_word(c, common_flags[i]);
  }
  for (size_t i = 0; i < COUNT(module_flags); i++) {
    hcc_source_cache_word(c, module_flags[i]);
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
  HCC_TRY(hcc_path(b->source, b->err, "%s/%s", b->folder, hcc_base(b->job->input)));
  snprintf(b->linker, sizeof b->linker, "linker=%s", b->wasm_ld.path);
  b->jail = hcc_source_jail(b->job);
  b->jail.readable[0] = b->roots[0];
  b->jail.readable[1] = b->roots[1];
  b->jail.readable[2] = b->folder;
  HCC_TRY(hcc_source_sdk(b->job, "rust/", b->err));
out:
  return status;
}

/* rustc names files of the source's folder without it (--remap-path-prefix); people see them as
 * they named the source. */
static const char *shown_file(rust_build *b, const char *file) {
  const char *slash = strrchr(b->job->input, '/');
  if (file[0] == '/' || slash == NULL ||
      hcc_path(b->shown, NULL, "%.*s%s", (int)(slash - b->job->input + 1), b->job->input, file) !=
          0) {
    return file;
  }
  return b->shown;
}

/* What a constant said that could not be: rustc has it as the label of a place. */
static const char *panic_of(const cJSON *spans, const char *otherwise) {
  const cJSON *span;
  cJSON_ArrayForEach(span, spans) {
    const cJSON *label = cJSON_GetObjectItemCaseSensitive(span, "label");
    if (cJSON_IsString(label) && strstr(label->valuestring, "evaluated program panicked") != NULL) {
      return label->valuestring;
    }
  }
  return otherwise;
}

/* What rustc can't know of us. */
static const struct {
  const char *said, *hint;
} hints[] = {
    {"attribute `heliosdb_procedure`", "use heliosdb_wasm_sdk::*;"},
    {"unresolved import `heliosdb`", "use heliosdb_wasm_sdk::*;"},
    {"heliosdb_wasm_sdk::call::Argument", "what parameters may be: docs/sdk-rust.md, Types"},
};

static const char *hint_of(const char *text) {
  for (size_t i = 0; i < COUNT(hints); i++) {
    if (strstr(text, hints[i].said) != NULL) {
      return hints[i].hint;
    }
  }
  return NULL;
}

static void tell(rust_build *b, const cJSON *o) {
  const cJSON *spans = cJSON_GetObjectItemCaseSensitive(o, "spans"), *span = NULL;
  const cJSON *level = cJSON_GetObjectItemCaseSensitive(o, "level");
  const cJSON *text = cJSON_GetObjectItemCaseSensitive(o, "message");
  hcc_message m = {.level = "note", .text = cJSON_IsString(text) ? text->valuestring : "?"};
  m.text = panic_of(spans, m.text);
  m.hint = hint_of(m.text);
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
    m.file = shown_file(b, file->valuestring);
    m.line = cJSON_IsNumber(line) ? (unsigned)line->valueint : 0;
    m.column = cJSON_IsNumber(column) ? (unsigned)column->valueint : 0;
  }
  if (b->job->listener.hear != NULL && span != NULL) {
    b->job->listener.hear(b->job->listener.arg, &m);
  }
}

/* What rustc said: an object a line, as many as the output holds. Was there an error? */
static bool tell_all(void *arg, char *output, bool failed) {
  rust_build *b = arg;
  bool said = false;
  (void)failed;
  for (char *save, *line = strtok_r(output, "\n", &save); line != NULL;
       line = strtok_r(NULL, "\n", &save)) {
    cJSON *o = cJSON_Parse(line);
    const cJSON *level = cJSON_GetObjectItemCaseSensitive(o, "level");
    said |= cJSON_IsString(level) && strcmp(level->valuestring, "error") == 0;
    if (o != NULL) {
      tell(b, o);
    }
    cJSON_Delete(o);
  }
  return said;
}

static void add(const char **argv, uint32_t *n, const char *const *words, size_t count) {
  for (size_t i = 0; i < count; i++) {
    argv[(*n)++] = words[i];
  }
}

static void add_common(const rust_build *b, const char **argv, uint32_t *n) {
  const char *target[] = {"--target", b->triple};
  add(argv, n, common_flags, COUNT(common_flags));
  add(argv, n, target, COUNT(target));
}

/* Runs rustc with these words. ours: of the SDK, where nothing is the source's fault. */
static int rustc(rust_build *b, const char *const *argv, bool ours) {
  hcc_run run = {.tool = "rustc",
                 .argv = argv,
                 .folder = b->job->folder,
                 .jail = &b->jail,
                 .seconds = b->job->wall_seconds};
  return hcc_source_run(&run, ours ? NULL : tell_all, b, b->err);
}

/* One crate of the SDK, from the cache or compiled. */
static int build_crate(rust_build *b, const char *file, const char *const *words, size_t count) {
  int status;
  char compiler[HCC_PATH], state[HCC_SOURCE_STATE], path[HCC_PATH];
  const char *argv[40] = {b->rustc.path}, *key[44];
  uint32_t n = 1, keys = 0;
  add(argv, &n, words, count);
  HCC_TRY(hcc_path(path, b->err, "%s/%s", b->job->folder, file));
  HCC_TRY(hcc_path(compiler, b->err, "%s/bin/rustc", b->roots[0]));
  hcc_source_cache_state(state, compiler); /* rustup's own rustc is one for all releases */
  add(key, &keys, argv + 1, n - 1);
  key[keys++] = b->rustc.identity;
  key[keys++] = b->roots[0];
  key[keys++] = state;
  if (hcc_source_cache_fetch(b->job->cache, key, keys, path)) {
    goto out;
  }
  HCC_TRY(rustc(b, argv, true));
  hcc_source_cache_store(b->job->cache, key, keys, path);
out:
  return status;
}

static int build_sdk(rust_build *b) {
  static const char *const macros[] = {"--edition",
                                       "2021",
                                       "--crate-type",
                                       "proc-macro",
                                       "--crate-name",
                                       "heliosdb_wasm_macros",
                                       "-C",
                                       "strip=symbols",
                                       "-o",
                                       MACROS,
                                       "sdk/rust/macros/src/lib.rs"};
  static const char *const library[] = {"--crate-type",
                                        "rlib",
                                        "--crate-name",
                                        "heliosdb_wasm_sdk",
                                        "--extern",
                                        ("heliosdb_wasm_macros=" MACROS),
                                        "-o",
                                        LIBRARY,
                                        "sdk/rust/src/lib.rs"};
  const char *words[40];
  uint32_t n = 0;
  int status;
  HCC_TRY(build_crate(b, MACROS, macros, COUNT(macros)));
  add_common(b, words, &n);
  add(words, &n, library, COUNT(library));
  HCC_TRY(build_crate(b, LIBRARY, words, n));
out:
  return status;
}

static int build_module(rust_build *b) {
  char remap[HCC_PATH + 32];
  const char *argv[48] = {b->rustc.path};
  const char *rest[] = {"-C",
                        b->linker,
                        remap,
                        "--extern",
                        "heliosdb_wasm_sdk=" LIBRARY,
                        "-o",
                        "source.wasm",
                        "--emit",
                        "link,dep-info=source.d",
                        b->source,
                        NULL};
  uint32_t n = 1;
  snprintf(remap, sizeof remap, "--remap-path-prefix=%s/=", b->folder);
  add_common(b, argv, &n);
  add(argv, &n, module_flags, COUNT(module_flags));
  add(argv, &n, rest, COUNT(rest));
  return rustc(b, argv, false);
}

/* A source without the attribute compiles, too. */
static int need_procedure(const hcc_module_bytes *made, hcc_error *err) {
  hcc_module *m = NULL;
  uint32_t own = 0;
  int status = hcc_decode(&m, made->bytes, made->size, err);
  if (status != 0) {
    return status;
  }
  for (uint32_t i = 0; i < m->export_count; i++) {
    const char *name = (const char *)m->bytes + m->exports[i].name.begin;
    size_t n = m->exports[i].name.end - m->exports[i].name.begin;
    own += m->exports[i].kind == HCC_FUNC && n > 0 && name[0] != '_' &&
           (n < 7 || memcmp(name, "helios_", 7) != 0);
  }
  hcc_module_free(m);
  return own > 0 ? 0
                 : hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET,
                            "no function is a procedure: write #[heliosdb_procedure] before it");
}

int hcc_build_rust(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  int status;
  rust_build *b = calloc(1, sizeof *b);
  if (b == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to build");
  }
  b->job = job;
  b->err = err;
  HCC_TRY(hcc_tool_find(&b->wasm_ld, HCC_TOOL_WASM_LD, NULL, err));
  HCC_TRY(hcc_rust_target_find(&b->target, NULL, err));
  name_build(b);
  if (hcc_source_cache_get(out, job->cache)) {
    goto out;
  }
  HCC_TRY(prepare(b));
  HCC_TRY(build_sdk(b));
  HCC_TRY(build_module(b));
  note_reads(b);
  HCC_TRY(hcc_source_take(out, job, err));
  HCC_TRY(need_procedure(out, err));
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

int hcc_rust_tools(hcc_tool *rustc, hcc_tool *cargo, hcc_error *err) {
  hcc_error none = {.code = HCC_OK};
  int status;
  rust_build *b = calloc(1, sizeof *b);
  if (b == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to look for rustc");
  }
  HCC_TRY(hcc_rust_target_find(&b->target, NULL, err));
  if (!each_rustc(b, usable)) {
    HCC_TRY(hcc_tool_find(&b->rustc, HCC_TOOL_RUSTC, NULL, err));
    HCC_TRY(hcc_fail(err, HCC_E_TOOL_MISSING, HCC_NO_OFFSET, "%.150s has no %s", b->rustc.path,
                     b->target.names[0]));
  }
  *rustc = b->rustc;
  b->err = &none;
  if (find_cargo(cargo, b) != 0) {
    cargo->path[0] = '\0';
  }
out:
  free(b);
  return status;
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
  bool newer = strstr(failure.text, "parse lock file") != NULL;
  return hcc_fail(b->err, failure.code == HCC_E_TOOL_FAILED ? HCC_E_SOURCE : failure.code,
                  HCC_NO_OFFSET, "%s%s%s", failure.text,
                  newer
                      ? ": a newer cargo wrote it; delete it, or let HELIOS_RUSTC name that one's "
                        "rustc, with the target "
                      : "",
                  newer ? b->triple : "");
}

/* cargo keeps what it made in the project's target/helios, and so builds only what has changed; in
 * the temporary folder, if that can't be written. */
static int find_target(rust_build *b) {
  if (hcc_path(b->made, NULL, "%s/target/helios", b->folder) == 0 &&
      hcc_dir_make(b->made, 0777, NULL) == 0 && access(b->made, W_OK) == 0) {
    return 0;
  }
  return hcc_path(b->made, b->err, "%s/target", b->job->folder);
}

/* Two builds of a project at once take turns. The lock goes with the descriptor. */
static int lock_target(const rust_build *b) {
  char path[HCC_PATH];
  int fd =
      hcc_path(path, NULL, "%s/.heliosc", b->made) == 0 && hcc_dir_make(b->made, 0777, NULL) == 0
          ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)
          : -1;
  if (fd >= 0) {
    flock(fd, LOCK_EX);
  }
  return fd;
}

static int find_modules(glob_t *found, const rust_build *b) {
  char pattern[HCC_PATH];
  int status = hcc_path(pattern, b->err, "%s/%s/release/*.wasm", b->made, b->triple);
  *found = (glob_t){.gl_pathc = 0};
  if (status == 0) {
    glob(pattern, 0, NULL, found);
  }
  return status;
}

/* cargo puts back what it need not build, so what is there after it ran is of this run. */
static int forget_modules(const rust_build *b) {
  glob_t found;
  int status = find_modules(&found, b);
  for (size_t i = 0; i < found.gl_pathc; i++) {
    unlink(found.gl_pathv[i]);
  }
  globfree(&found);
  return status;
}

/* The one module that cargo made. */
static int take_module(hcc_module_bytes *out, const rust_build *b) {
  glob_t found;
  int status = find_modules(&found, b);
  if (status == 0 && found.gl_pathc != 1) {
    status =
        hcc_fail(b->err, HCC_E_SOURCE, HCC_NO_OFFSET,
                 found.gl_pathc == 0 ? "cargo made no module: [lib] needs crate-type = [\"cdylib\"]"
                                     : "cargo made more than one module");
  } else if (status == 0) {
    status = hcc_file_read(&out->bytes, &out->size, found.gl_pathv[0], HCC_MAX_MODULE, b->err);
  }
  globfree(&found);
  return status;
}

/* cargo's variable for the linker of a target: CARGO_TARGET_WASM32_WASI_LINKER=... */
static void say_linker(char *out, size_t size, const rust_build *b) {
  char name[64];
  size_t n = 0;
  for (; b->triple[n] != '\0' && n + 1 < sizeof name; n++) {
    char c = b->triple[n];
    name[n] = c == '-' ? '_' : (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  name[n] = '\0';
  snprintf(out, size, "CARGO_TARGET_%s_LINKER=%s", name, b->wasm_ld.path);
}

int hcc_build_cargo(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  int status;
  hcc_tool cargo;
  char compiler[HCC_PATH + 8], linker[HCC_PATH + 64], home[HCC_PATH];
  int lock = -1;
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
                        NULL,
                        "--target-dir",
                        b->made,
                        "--message-format=short",
                        NULL};
  HCC_TRY(hcc_tool_find(&b->wasm_ld, HCC_TOOL_WASM_LD, NULL, err));
  HCC_TRY(hcc_source_folder(b->folder, job->input, err));
  HCC_TRY(hcc_rust_target_find(&b->target, b->folder, err));
  HCC_TRY(prepare(b));
  HCC_TRY(find_cargo(&cargo, b));
  argv[4] = cargo.path;
  argv[9] = b->triple;
  HCC_TRY(hcc_path(home, err, "HOME=%s", own == NULL ? "/" : own));
  HCC_TRY(find_target(b));
  lock = lock_target(b);
  snprintf(compiler, sizeof compiler, "RUSTC=%s", b->rustc.path);
  say_linker(linker, sizeof linker, b);
  HCC_TRY(forget_modules(b));
  HCC_TRY(run_cargo(b, argv));
  HCC_TRY(take_module(out, b));
  HCC_TRY(need_procedure(out, err));
out:
  if (lock >= 0) {
    close(lock);
  }
  free(b);
  return status;
}
