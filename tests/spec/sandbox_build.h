/* sandbox_build.h - from the text of a module to a loaded plugin, by wat2wasm, wasm2c and clang,
 * for the tests of rt-sandbox. The module is canonical already: exports "e0", "e1", ...; imports
 * from "h": "i0", ..., "fuel", "mark".
 *
 * (call $mark (i32.const N)) before an instruction gives it the offset N. */
#ifndef SANDBOX_BUILD_H
#define SANDBOX_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "hsb_abi.h"

#define SANDBOX_NO_TOOL 77
#define SANDBOX_PATH_MAX 512

typedef struct sandbox_source {
  const char *wat;
  const char *exports;           /* signatures (hsb_abi.h) of e0, e1, ..., a blank between them */
  const char *imports;           /* of i0, i1, ...; NULL: none */
  uint32_t pages_min, pages_max; /* of memory; max 0: there is none */
  bool explicit_bounds;
  const char *optimise; /* "-O1"; NULL: -O3 */
  bool no_override;     /* leave hsb_override.h out */
} sandbox_source;

typedef struct sandbox_plugin {
  const struct helios_plugin *plugin;
  void *library;
  char folder[SANDBOX_PATH_MAX]; /* temporary; has m.so */
} sandbox_plugin;

/* 0; SANDBOX_NO_TOOL; 1 when a tool fails, with its words on stderr unless quiet. Free it in any
 * case. */
int sandbox_build(sandbox_plugin *out, const sandbox_source *source, bool quiet);
void sandbox_free(sandbox_plugin *plugin);

/* Builds rt-sandbox's hsb_lib.c alone as a shared object, its functions under the prefix "own_",
 * and returns its handle, or NULL. */
void *sandbox_build_library(void);

/* The offset in the .wasm that the line table has for an address of the plugin; 0 if none. */
uint32_t sandbox_offset_of(const sandbox_plugin *plugin, uintptr_t pc);

#endif
