/* source.h - from a source file to a module: which language it is in, and the toolchain of each.
 *
 * Invariant: the module that comes back is as untrusted as any other. Where a toolchain runs
 * jailed, and where it can't, docs/sdk-c.md says. */
#ifndef HCC_SOURCE_H
#define HCC_SOURCE_H

#include "fs.h"
#include "message.h"
#include "run.h"
#include "tools.h"

#define HCC_INCLUDES_MAX 8u

struct hcc_source_cache; /* source_cache.h */

typedef struct hcc_source_job {
  const char *input;                 /* as given */
  const char *folder;                /* temporary */
  const char *tools[HCC_TOOL_COUNT]; /* paths by option, or NULL */
  const char *const *includes;       /* more folders for #include */
  uint32_t include_count;
  uint64_t memory, seconds; /* of the jail */
  uint32_t wall_seconds;
  hcc_listener listener;
  bool no_cache;
  bool tinygo;                    /* Go by TinyGo */
  struct hcc_source_cache *cache; /* hcc_source's; NULL: none */
} hcc_source_job;

typedef struct hcc_module_bytes {
  uint8_t *bytes; /* malloc'ed */
  size_t size;
  bool cached; /* it was there */
} hcc_module_bytes;

/* A row of languages.def. */
typedef struct hcc_language {
  const char *name, *endings, *plugin, *page;
  int (*build)(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);
} hcc_language;

/* The language of a file by its name; NULL: none of the table. *stem: bytes of path before its
 * ending. */
const hcc_language *hcc_language_of(size_t *stem, const char *path);
/* The path of what a source becomes, without an ending: of "a/tax.c" "a/tax", of "tax/Cargo.toml"
 * "tax/tax". */
int hcc_source_stem(char out[HCC_PATH], const char *path, hcc_error *err);
/* Of a file that turned out to be no module: says what heliosc takes if it does not know the name's
 * ending, else leaves the error as it is. */
int hcc_source_unknown(const char *path, hcc_error *err);
/* The ending of the plugin that is built of path. */
const char *hcc_plugin_ending(const char *path);
/* Is path a source, that is: something else than a module? */
bool hcc_is_source(const char *path);

/* Builds a source. Errors: SOURCE (the listener has heard why), LANGUAGE, TOOL_MISSING, those of
 * run.h. */
int hcc_source(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);

/* Where a toolchain is one of the jail's: readable is what it may read besides the system's. */
hcc_jail hcc_source_jail(const hcc_source_job *job);
/* Writes an embedded file or folder, "sdk/c/heliosdb.h", below the job's folder. */
int hcc_source_sdk(const hcc_source_job *job, const char *prefix, hcc_error *err);
/* Runs a source's compiler. tell hears what it said, and is true if there was an error of the
 * source: then that is the error, else run.h's. tell may be NULL. */
int hcc_source_run(const hcc_run *run, bool (*tell)(void *arg, char *output, bool failed),
                   void *arg, hcc_error *err);
/* The module that the compiler left in the job's folder: "source.wasm". */
int hcc_source_take(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);
/* Puts a custom section behind a module. */
int hcc_source_section(hcc_module_bytes *module, const char *name, const void *bytes, size_t size,
                       hcc_error *err);
/* Of what a compiler left for debuggers keeps the first table of lines, which is that of the first
 * object that was linked: those of libraries are larger than many a module. */
int hcc_source_lines(hcc_module_bytes *module, hcc_error *err);
/* Says in the section "producers", instead of what stands there, what language the source is in and
 * which clang it was; NULL: none. */
int hcc_source_language(hcc_module_bytes *module, const char *language, const hcc_tool *clang,
                        hcc_error *err);
/* The folder that path lies in, absolute. */
int hcc_source_folder(char out[HCC_PATH], const char *path, hcc_error *err);

/* c_build.c, rust_build.c, go_build.c, as_build.c, js_build.c, python_build.c */
int hcc_build_c(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);
int hcc_build_cxx(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);
/* Which rustc and cargo it takes, for a file alone. cargo->path: "" if there is none. Errors:
 * TOOL_MISSING, and what the name of a target may be wrong with. */
int hcc_rust_tools(hcc_tool *rustc, hcc_tool *cargo, hcc_error *err);
int hcc_build_rust(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);
int hcc_build_cargo(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);
int hcc_build_go(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);
int hcc_build_gomod(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);
int hcc_build_as(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);
int hcc_build_python(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);
int hcc_build_asconfig(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);
int hcc_build_js(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err);

#endif
