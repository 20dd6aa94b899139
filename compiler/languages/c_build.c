/* c_build.c - C and C++ to a module: libclang reads the prototypes, the glue is written, clang
 * compiles both and wasm-ld links them, all in the jail. A file with HELIOS_PROCEDURE or
 * HELIOS_MANIFEST has its exports itself and gets no glue. Invariants: see source.h. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limits.h"
#include "prototypes.h"
#include "sdk_unit.h"
#include "source.h"
#include "source_cache.h"

#define ARGS_MAX 96
#define GLUE_MAX (16u << 20)
#define FOLDERS_MAX 64 /* that headers lie in */
#define STACK                                                                                      \
  "262144" /* bytes of the module's own stack; it lies below its data, so an overflow traps */

#define SDK_HEADERS "sdk/c" /* in the job's folder */

/* wasi-libc and libc++, by their Debian packages. */
#define LIBC_HEADERS "/usr/include/wasm32-wasi"
#define LIBC_FOLDER "/usr/lib/wasm32-wasi"
#define LIBCXX_HEADERS "/include/wasm32-wasi/c++/v1" /* below LLVM's folder */

/* Of the reading and of the compiling; order counts. */
static const char *const common_flags[] = {
    "--target=wasm32-wasi", "-nostdlibinc",          ("-I" SDK_HEADERS), "-Wall",
    "-mbulk-memory",        "-mnontrapping-fptoint", "-msign-ext",       "-msimd128",
};
static const char *const c_flags[] = {"-xc", "-std=gnu2x", "-Werror=implicit-function-declaration"};
static const char *const cxx_flags[] = {"-xc++", "-std=c++17", "-fno-exceptions", "-fno-rtti",
                                        "-fno-threadsafe-statics"};
static const char *const compile_flags[] = {"-c",
                                            "-O3",
                                            "-w",
                                            "-fno-ident",
                                            "-fdebug-compilation-dir=.",
                                            "-ffunction-sections",
                                            "-fdata-sections"};
/* Of the source itself: its lines, by which a trap names its place. Its own folder is not in there.
 */
static const char *const line_flags[] = {"-gline-tables-only", "-gdwarf-4"};

typedef struct c_build {
  const hcc_source_job *job;
  hcc_error *err;
  bool cxx, libc, jumps; /* libc, jumps: the source includes its headers; setjmp.h */
  hcc_tool clang, wasm_ld;
  hcc_jail jail;
  char source[HCC_PATH], folder[HCC_PATH], root[HCC_PATH], own[HCC_PATH], libclang[HCC_PATH],
      llvm[HCC_PATH], resources[HCC_PATH], libcxx[HCC_PATH];
  char include_flags[HCC_INCLUDES_MAX + 1][HCC_PATH + 2];
  char prefix_map[2 * HCC_PATH];
  char includes[HCC_INCLUDES_MAX][HCC_PATH];
  const char *flags[ARGS_MAX]; /* of the reading */
  uint32_t flag_count;
  cJSON *json;
  hcc_sdk_unit unit;
} c_build;

static void add(c_build *b, const char *const *flags, size_t count) {
  for (size_t i = 0; i < count && b->flag_count + 1 < ARGS_MAX; i++) {
    b->flags[b->flag_count++] = flags[i];
  }
}
#define ADD(b, list) add((b), (list), sizeof(list) / sizeof *(list))

static void add_system(c_build *b, const char *folder) {
  const char *words[] = {"-isystem", folder};
  if (access(folder, R_OK) == 0) {
    ADD(b, words);
  }
}

static int add_include(c_build *b, uint32_t i, const char *folder) {
  int status;
  char *real = realpath(folder, NULL), shown[HCC_ESCAPED];
  if (real == NULL) {
    return hcc_fail(b->err, HCC_E_IO, HCC_NO_OFFSET, "no folder %s",
                    hcc_escape(shown, folder, strlen(folder)));
  }
  status = hcc_path(b->includes[i], b->err, "%s", real);
  free(real);
  if (status == 0) {
    memcpy(b->include_flags[i], "-I", 2);
    memcpy(b->include_flags[i] + 2, b->includes[i], HCC_PATH);
    const char *flag[] = {b->include_flags[i]};
    ADD(b, flag);
    b->jail.readable[3 + i] = b->includes[i];
  }
  return status;
}

static int make_flags(c_build *b) {
  int status = 0;
  ADD(b, common_flags);
  if (b->cxx) {
    ADD(b, cxx_flags);
    HCC_TRY(hcc_path(b->libcxx, b->err, "%s" LIBCXX_HEADERS, b->llvm));
    add_system(b, b->libcxx);
  } else {
    ADD(b, c_flags);
  }
  add_system(b, LIBC_HEADERS);
  snprintf(b->prefix_map, sizeof b->prefix_map, "-ffile-prefix-map=%s/=", b->folder);
  const char *map[] = {b->prefix_map};
  ADD(b, map);
  for (uint32_t i = 0; i < b->job->include_count; i++) {
    HCC_TRY(add_include(b, i, b->job->includes[i]));
  }
out:
  return status;
}

static bool libclang_in(c_build *b, const char *root) {
  static const char *const names[] = {"libclang.so.1", "libclang.so"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (hcc_path(b->libclang, NULL, "%s/lib/%s", root, names[i]) == 0 &&
        access(b->libclang, R_OK) == 0) {
      return hcc_path(b->llvm, NULL, "%s", root) == 0;
    }
  }
  return false;
}

/* libclang beside clang: of the same release, and its headers with it. A clang that is a script has
 * none beside it: then Debian's newest. */
static int find_libclang(c_build *b) {
  glob_t found;
  bool there = libclang_in(b, b->root);
  if (!there && glob("/usr/lib/llvm-*", 0, NULL, &found) == 0) {
    for (size_t i = found.gl_pathc; i-- > 0 && !there;) {
      there = libclang_in(b, found.gl_pathv[i]);
    }
    globfree(&found);
  }
  return there ? 0
               : hcc_fail(b->err, HCC_E_TOOL_MISSING, HCC_NO_OFFSET,
                          "libclang is not here (package libclang-dev)");
}

/* Clang's own folder: headers and the builtins' library. libclang looks beside itself, where Debian
 * has none. */
static int find_resources(c_build *b) {
  static const char header[] = "/include/stddef.h";
  char pattern[HCC_PATH];
  glob_t found;
  int status = hcc_path(pattern, b->err, "%s/lib/clang/*%s", b->llvm, header);
  if (status != 0 || glob(pattern, 0, NULL, &found) != 0) {
    return hcc_fail(b->err, HCC_E_TOOL_MISSING, HCC_NO_OFFSET,
                    "clang's own headers are not here (package libclang-dev)");
  }
  const char *last = found.gl_pathv[found.gl_pathc - 1];
  status = hcc_path(b->resources, b->err, "%.*s", (int)(strlen(last) - strlen(header)), last);
  globfree(&found);
  return status;
}

static int prepare(c_build *b) {
  int status;
  const hcc_source_job *job = b->job;
  char *real;
  HCC_TRY(hcc_tool_find(&b->clang, HCC_TOOL_CLANG, job->tools[HCC_TOOL_CLANG], b->err));
  HCC_TRY(hcc_tool_find(&b->wasm_ld, HCC_TOOL_WASM_LD, NULL, b->err));
  hcc_tool_root(b->root, &b->clang);
  HCC_TRY(find_libclang(b));
  HCC_TRY(find_resources(b));
  HCC_TRY(hcc_source_folder(b->folder, job->input, b->err));
  HCC_TRY(hcc_source_folder(b->own, "/proc/self/exe", b->err));
  real = realpath(job->input, NULL);
  status = hcc_path(b->source, b->err, "%s", real == NULL ? job->input : real);
  free(real);
  HCC_TRY(status);
  b->jail = hcc_source_jail(job);
  b->jail.readable[0] = b->root;
  b->jail.readable[1] = b->folder;
  b->jail.readable[2] = b->own;
  HCC_TRY(make_flags(b));
out:
  return status;
}

/* Arithmetic that wasm has no instruction for. */
static bool find_builtins(char out[HCC_PATH], const c_build *b) {
  return hcc_path(out, NULL, "%s/lib/wasi/libclang_rt.builtins-wasm32.a", b->resources) == 0 &&
         access(out, R_OK) == 0;
}

/* ---- the cache: source_cache.h ---- */

/* What a module depends on besides the files that the compiler reads. */
static void name_build(const c_build *b) {
  static const char *const libraries[] = {LIBC_FOLDER "/libc.a", LIBC_FOLDER "/libc++.a",
                                          LIBC_FOLDER "/libc++abi.a"};
  hcc_source_cache *c = b->job->cache;
  char builtins[HCC_PATH];
  for (uint32_t i = 0; i < b->flag_count; i++) {
    hcc_source_cache_word(c, b->flags[i]);
  }
  for (size_t i = 0; i < sizeof compile_flags / sizeof *compile_flags; i++) {
    hcc_source_cache_word(c, compile_flags[i]);
  }
  hcc_source_cache_word(c, b->clang.identity);
  hcc_source_cache_word(c, b->wasm_ld.identity);
  hcc_source_cache_file(c, b->libclang);
  hcc_source_cache_file(c, b->resources);
  hcc_source_cache_file(c, find_builtins(builtins, b) ? builtins : "");
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
    hcc_source_cache_file(c, libraries[i]);
  }
}

/* Is path below folder? Then what follows. */
static const char *below(const char *path, const char *folder) {
  size_t n = strlen(folder);
  return n > 0 && strncmp(path, folder, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

/* Folders that headers are looked for in; the user's behind the installed ones. */
typedef struct search {
  char folders[FOLDERS_MAX][HCC_PATH];
  uint32_t count, installed;
} search;

/* False if there are too many. */
static bool add_folder(search *s, const char *folder) {
  for (uint32_t i = 0; i < s->count; i++) {
    if (strcmp(s->folders[i], folder) == 0) {
      return true;
    }
  }
  return s->count < FOLDERS_MAX && hcc_path(s->folders[s->count++], NULL, "%s", folder) == 0;
}

static bool is_installed(const c_build *b, const char *path) {
  return below(path, "sdk/c") != NULL || below(path, LIBC_HEADERS) != NULL ||
         below(path, b->llvm) != NULL;
}

/* False if there are too many. A quoted #include begins in the folder of the file that it stands
 * in. */
static bool find_folders(search *s, const c_build *b, const cJSON *files) {
  char folder[HCC_PATH];
  const cJSON *file;
  bool all = add_folder(s, "sdk/c") && add_folder(s, b->libcxx) && add_folder(s, LIBC_HEADERS) &&
             hcc_path(folder, NULL, "%s/include", b->resources) == 0 && add_folder(s, folder);
  s->installed = s->count;
  for (uint32_t i = 0; all && i < b->job->include_count; i++) {
    all = add_folder(s, b->includes[i]);
  }
  cJSON_ArrayForEach(file, files) {
    const char *path = file->valuestring, *slash = strrchr(path, '/');
    if (all && slash != NULL && !is_installed(b, path)) {
      all = hcc_path(folder, NULL, "%.*s", (int)(slash - path), path) == 0 && add_folder(s, folder);
    }
  }
  return all;
}

/* The name by which a header was asked for, seen from each folder that it lies below: a file of
 * that name in one of the user's folders could have been read instead. */
static void note_absent(const c_build *b, const search *s, const char *header) {
  char candidate[HCC_PATH];
  for (uint32_t i = 0; i < s->count; i++) {
    const char *name = below(header, s->folders[i]);
    for (uint32_t k = s->installed; name != NULL && k < s->count; k++) {
      if (hcc_path(candidate, NULL, "%s/%s", s->folders[k], name) == 0) {
        hcc_source_cache_absent(b->job->cache, candidate);
      }
    }
  }
}

static void note_reads(const c_build *b) {
  const cJSON *file, *files = cJSON_GetObjectItemCaseSensitive(b->json, "files");
  search *s = calloc(1, sizeof *s);
  if (s == NULL || !find_folders(s, b, files)) {
    hcc_source_cache_unfit(b->job->cache);
  }
  files = s == NULL ? NULL : files;
  cJSON_ArrayForEach(file, files) {
    const char *path = file->valuestring;
    if (!is_installed(b, path)) {
      hcc_source_cache_reads(b->job->cache, path);
    } else if (path[0] == '/') {
      hcc_source_cache_installed(b->job->cache, path);
    }
    note_absent(b, s, path);
  }
  free(s);
}

static const char *text_of(const cJSON *o, const char *name) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);
  return cJSON_IsString(v) ? v->valuestring : NULL;
}

static unsigned number_of(const cJSON *o, const char *name) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);
  return cJSON_IsNumber(v) && v->valuedouble > 0 && v->valuedouble < 1e9 ? (unsigned)v->valuedouble
                                                                         : 0;
}

/* The header of the SDK is ours, whatever the folder it was written to. */
static const char *shown_file(const c_build *b, const char *file) {
  return file != NULL && strcmp(file, b->source) == 0 ? b->job->input : file;
}

static void tell(c_build *b, const cJSON *d, uint32_t *errors) {
  hcc_message m = {.level = text_of(d, "level"),
                   .file = shown_file(b, text_of(d, "file")),
                   .line = number_of(d, "line"),
                   .column = number_of(d, "column"),
                   .text = text_of(d, "text")};
  bool header = strstr(m.text, "file not found") != NULL;
  if (header) {
    m.hint = access(LIBC_HEADERS, R_OK) == 0
                 ? "folders besides the source's own are named with --include"
                 : "headers of the C library are in the Debian package wasi-libc";
  }
  *errors += strcmp(m.level, "error") == 0;
  if (b->job->listener.hear != NULL) {
    b->job->listener.hear(b->job->listener.arg, &m);
  }
}

static int diagnose(c_build *b) {
  const cJSON *d;
  uint32_t errors = 0;
  cJSON_ArrayForEach(d, cJSON_GetObjectItemCaseSensitive(b->json, "diagnostics")) {
    tell(b, d, &errors);
  }
  return errors == 0 ? 0
                     : hcc_fail(b->err, HCC_E_SOURCE, HCC_NO_OFFSET, "%u error%s in the source",
                                errors, errors == 1 ? "" : "s");
}

/* Does the source include a header whose path begins so? */
static bool includes(const cJSON *json, const char *path) {
  const cJSON *file;
  cJSON_ArrayForEach(file, cJSON_GetObjectItemCaseSensitive(json, "files")) {
    if (strncmp(file->valuestring, path, strlen(path)) == 0) {
      return true;
    }
  }
  return false;
}

static int read_source(c_build *b) {
  int status;
  hcc_prototypes_job job = {.source = b->source,
                            .libclang = b->libclang,
                            .flags = b->flags,
                            .folder = b->job->folder,
                            .jail = &b->jail,
                            .seconds = b->job->wall_seconds};
  const char *reading[] = {"-fparse-all-comments", "-resource-dir", b->resources};
  uint32_t count = b->flag_count;
  ADD(b, reading);
  status = hcc_prototypes_read(&b->json, &job, b->err);
  b->flags[b->flag_count = count] = NULL;
  HCC_TRY(status);
  HCC_TRY(diagnose(b));
  b->libc = includes(b->json, LIBC_HEADERS "/");
  b->jumps = includes(b->json, SDK_HEADERS "/setjmp.h");
  HCC_TRY(hcc_sdk_unit_read(&b->unit, b->json, b->job->input, &b->job->listener, b->err));
out:
  return status;
}

static int write_glue(c_build *b) {
  char path[HCC_PATH];
  hcc_buf text;
  hcc_buf_init(&text, GLUE_MAX);
  int status = hcc_path(path, b->err, "%s/glue.c", b->job->folder);
  if (status == 0) {
    hcc_sdk_glue(&text, &b->unit, b->libc);
    status = text.failed ? hcc_fail(b->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for glue")
                         : hcc_file_write(path, text.data, text.size, b->err);
  }
  hcc_buf_free(&text);
  return status;
}

static hcc_run a_run(const c_build *b, const char *tool, const char *const *argv) {
  return (hcc_run){.tool = tool,
                   .argv = argv,
                   .folder = b->job->folder,
                   .jail = &b->jail,
                   .seconds = b->job->wall_seconds};
}

/* What is compiled; no path: the source itself. */
enum unit { SOURCE, GLUE, JUMPS, UNITS };
static const struct {
  const char *object, *path;
} units[UNITS] = {{"source.o", NULL}, {"glue.o", "glue.c"}, {"setjmp.o", SDK_HEADERS "/setjmp.c"}};

static bool has_unit(const c_build *b, enum unit unit) {
  return unit == GLUE ? !b->unit.raw : unit == JUMPS ? b->jumps : true;
}

/* argv of one compilation. */
static void compile_command(const char **argv, const c_build *b, enum unit unit) {
  uint32_t n = 0;
  argv[n++] = b->clang.path;
  for (uint32_t i = 0; i < b->flag_count; i++) {
    bool language =
        b->flags[i][0] == '-' && (b->flags[i][1] == 'x' || strncmp(b->flags[i], "-std", 4) == 0);
    if (unit == SOURCE || !language) {
      argv[n++] = b->flags[i];
    }
  }
  for (size_t i = 0; i < sizeof compile_flags / sizeof *compile_flags; i++) {
    argv[n++] = compile_flags[i];
  }
  for (size_t i = 0; unit == SOURCE && i < sizeof line_flags / sizeof *line_flags; i++) {
    argv[n++] = line_flags[i];
  }
  if (b->jumps) { /* lowered by sjlj.h */
    argv[n++] = "-mllvm";
    argv[n++] = "-enable-emscripten-sjlj";
  }
  if (unit == JUMPS && !b->libc) {
    argv[n++] = "-DHELIOS_NO_LIBC";
  }
  argv[n++] = "-o";
  argv[n++] = units[unit].object;
  argv[n++] = unit == SOURCE ? b->source : units[unit].path;
  argv[n] = NULL;
}

static int compile(c_build *b) {
  const char *argv[UNITS][ARGS_MAX + 24];
  hcc_run runs[UNITS];
  hcc_ran ran[UNITS];
  uint32_t count = 0;
  for (enum unit unit = SOURCE; unit < UNITS; unit++) {
    if (has_unit(b, unit)) {
      compile_command(argv[unit], b, unit);
      runs[count++] = a_run(b, "clang", argv[unit]);
    }
  }
  return hcc_run_all(ran, runs, count, 2, b->err);
}

static uint32_t add_library(const char **argv, uint32_t n, const char *path) {
  if (access(path, R_OK) == 0) {
    argv[n++] = path;
  }
  return n;
}

/* What the linker says is the source's fault: a symbol that is nowhere. */
static int link_failed(c_build *b, const hcc_error *failure) {
  const char *said = strstr(failure->text, "error: ");
  hcc_message m = {.level = "error",
                   .file = b->job->input,
                   .text = said == NULL ? failure->text : said + strlen("error: ")};
  if (failure->code != HCC_E_TOOL_FAILED) {
    return hcc_fail(b->err, failure->code, HCC_NO_OFFSET, "%s", failure->text);
  }
  m.hint = b->libc ? "functions of your own must be in this file"
                   : "functions of the C library come with its headers: #include them";
  if (b->job->listener.hear != NULL) {
    b->job->listener.hear(b->job->listener.arg, &m);
  }
  return hcc_fail(b->err, HCC_E_SOURCE, HCC_NO_OFFSET, "it does not link");
}

static int link_module(c_build *b) {
  char builtins[HCC_PATH];
  const char *argv[32] = {b->wasm_ld.path, "--no-entry", "--stack-first", "-z", "stack-size=" STACK,
                          "--gc-sections", "-o",         "source.wasm"};
  uint32_t n = 8;
  for (enum unit unit = SOURCE; unit < UNITS; unit++) {
    if (has_unit(b, unit)) {
      argv[n++] = units[unit].object;
    }
  }
  if (b->jumps) {
    argv[n++] = "--export-table"; /* else the linker leaves it out, and functions with it */
  }
  if (b->libc) {
    if (b->cxx) {
      n = add_library(argv, n, LIBC_FOLDER "/libc++.a");
      n = add_library(argv, n, LIBC_FOLDER "/libc++abi.a");
    }
    n = add_library(argv, n, LIBC_FOLDER "/libc.a");
  }
  if (find_builtins(builtins, b)) {
    argv[n++] = builtins;
  }
  argv[n] = NULL;
  hcc_run run = a_run(b, "wasm-ld", argv);
  hcc_ran ran;
  hcc_error failure = {.code = HCC_OK};
  int status = hcc_run_one(&ran, &run, &failure);
  return status == 0 ? 0 : link_failed(b, &failure);
}

/* Puts the manifest behind the module, as a custom section. */
static int add_manifest(hcc_module_bytes *out, const c_build *b) {
  size_t stem;
  char stem_name[HCC_PATH];
  const char *slash = strrchr(b->source, '/');
  hcc_language_of(&stem, slash + 1);
  int status = hcc_path(stem_name, b->err, "%.*s", (int)(stem < 128 ? stem : 128), slash + 1);
  char *json = hcc_unit_manifest(&b->unit.said, stem_name);
  HCC_TRY(status);
  HCC_TRY(json == NULL
              ? hcc_fail(b->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the manifest")
              : 0);
  HCC_TRY(hcc_source_section(out, "helios.manifest", json, strlen(json), b->err));
out:
  cJSON_free(json);
  return status;
}

static int build(hcc_module_bytes *out, const hcc_source_job *job, bool cxx, hcc_error *err) {
  int status;
  char path[HCC_PATH];
  c_build *b = calloc(1, sizeof *b);
  if (b == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to build");
  }
  b->job = job;
  b->err = err;
  b->cxx = cxx;
  HCC_TRY(prepare(b));
  name_build(b);
  if (hcc_source_cache_get(out, job->cache)) {
    goto out;
  }
  HCC_TRY(hcc_source_sdk(job, "c/", err));
  HCC_TRY(read_source(b));
  note_reads(b);
  HCC_TRY(b->unit.raw ? 0 : write_glue(b));
  HCC_TRY(compile(b));
  HCC_TRY(link_module(b));
  HCC_TRY(hcc_path(path, err, "%s/source.wasm", job->folder));
  HCC_TRY(hcc_file_read(&out->bytes, &out->size, path, HCC_MAX_MODULE, err));
  HCC_TRY(hcc_source_lines(out, err));
  HCC_TRY(hcc_source_language(out, cxx ? "C++" : "C", &b->clang, err));
  HCC_TRY(b->unit.raw ? 0 : add_manifest(out, b));
out:
  hcc_sdk_unit_free(&b->unit);
  cJSON_Delete(b->json);
  free(b);
  return status;
}

int hcc_build_c(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  return build(out, job, false, err);
}

int hcc_build_cxx(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  return build(out, job, true, err);
}
