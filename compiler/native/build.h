/* build.h - the whole of `heliosc build` as one function: read, decode, validate, manifest,
 * import check, rewrite, translate, compile, link, link check, pack, seal; through the cache.
 *
 * Invariant: the output file is complete and sealed, or it is not there (an older one stays). */
#ifndef HCC_BUILD_H
#define HCC_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "message.h"

enum hcc_emit {
  HCC_EMIT_PLUGIN,
  HCC_EMIT_MODULE, /* as the toolchain made it */
  HCC_EMIT_WASM,   /* canonical, metered, unmarked */
  HCC_EMIT_C,
  HCC_EMIT_FUZZ, /* a program that fuzzes the module: fuzz.h */
};
enum hcc_tier { HCC_TIER_OPTIMIZING, HCC_TIER_BASELINE };
enum hcc_bounds { HCC_BOUNDS_GUARD, HCC_BOUNDS_EXPLICIT };

typedef struct hcc_build_options { /* zero is the default of everything */
  const char *input;               /* path, or "-" for stdin: a source by its name (languages.def),
                                      else .wasm or .wat by content */
  const char *output;              /* NULL: input with its suffix replaced */
  enum hcc_emit emit;
  enum hcc_tier tier;
  enum hcc_bounds bounds;
  bool tinygo; /* a Go source is compiled by TinyGo */
  bool wasm_opt, no_fuel, no_cache, no_embed, keep, quiet;
  bool no_polls; /* with no_fuel: nothing can end an endless loop. For measurements: no program
                    offers it */
  const char
      *target; /* x86_64, x86_64_v3, native, aarch64 ...; NULL: x86-64 baseline of the host */
  const char *clang, *wasm2c, *wat2wasm; /* NULL: found by tools.h */
  const char *const *includes;           /* of a C or C++ source: more folders to include from */
  uint32_t include_count;
  hcc_listener listener;              /* hears what the source's own tools say */
  bool engine;                        /* of scripts: compiled by its profile (profile.h) */
  const char *fuzz_export;            /* HCC_EMIT_FUZZ: this procedure only; NULL: all */
  uint32_t jobs;                      /* 0: number of processors */
  uint64_t jail_memory, jail_seconds; /* 0: defaults of limits.h */
  /* Called at each step for progress; may be NULL. */
  void (*progress)(void *arg, const char *step);
  void *progress_arg;
} hcc_build_options;

typedef struct hcc_build_result {
  char output[4096];
  char folder[4096]; /* of all intermediate files, if options->keep; else empty */
  uint64_t input_bytes, output_bytes, c_bytes;
  uint64_t module_before, module_after; /* bytes around wasm-opt; 0: it did not run */
  uint32_t functions, exports, imports;
  uint32_t customs;           /* of the imports: to be registered by an application; 0 if cached */
  char custom[200];           /* the first of them, "module.name" */
  bool cached, source_cached; /* the plugin, the module of a source */
  double ms_total, ms_source, ms_front, ms_engine, ms_translate, ms_compile, ms_link, ms_pack;
  uint64_t peak_kib; /* of the largest child process */
  uint8_t module_hash[32];
} hcc_build_result;

int hcc_build(hcc_build_result *out, const hcc_build_options *options, hcc_error *err);

#endif
