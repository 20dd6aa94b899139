/* tools.h - where clang, ld.lld, wasm2c and wat2wasm are, and which versions. tools.def lists them.
 *
 * Looked for in this order: option, environment (HELIOS_CLANG ...), the toolchain folder
 * (HELIOS_TOOLCHAIN, else toolchain/bin beside or above heliosc's folder, else
 * $XDG_DATA_HOME/helios/toolchain/bin), PATH. A path named by option or environment is taken or
 * refused, never passed over.
 * Invariant: a wasm2c older than 1.0.36 is never used: 1.0.32 pastes guest names into C. */
#ifndef HCC_TOOLS_H
#define HCC_TOOLS_H

#include "error.h"
#include "fs.h"

enum hcc_tool_id {
#define HCC_TOOL(id, program, environment, major, minor, patch, package) HCC_TOOL_##id,
#include "tools.def"
#undef HCC_TOOL
  HCC_TOOL_COUNT
};

typedef struct hcc_tool {
  char path[HCC_PATH];     /* as found */
  char real[HCC_PATH];     /* links followed: the file that identity and the jail mean */
  char identity[HCC_PATH]; /* real path, size and time of change: cheap, for the cache */
  const char *origin;      /* "option", the variable's name, "toolchain", "PATH"; static */
  char version[64];        /* "14.0.6"; empty until hcc_tool_version */
} hcc_tool;

const char *hcc_tool_program(enum hcc_tool_id id); /* "ld.lld" */
const char *hcc_tool_package(enum hcc_tool_id id); /* Debian's */

/* option may be NULL. Errors: TOOL_MISSING. Runs nothing. */
int hcc_tool_find(hcc_tool *out, enum hcc_tool_id id, const char *option, hcc_error *err);

/* The identity of any program; false if path is none. */
bool hcc_tool_identify(hcc_tool *out, const char *path);

/* Runs them with --version, side by side; TOOL_OLD if one is too old, TOOL_FAILED if it does not
 * say. tools[i] is of kind ids[i]; at most HCC_TOOL_COUNT. */
int hcc_tool_versions(hcc_tool *const *tools, const enum hcc_tool_id *ids, uint32_t count,
                      hcc_error *err);

/* The folder above the one that the program is in, where it keeps its libraries: jails let it read
 * that. */
void hcc_tool_root(char out[HCC_PATH], const hcc_tool *tool);

/* The first dotted number of text into out ("Debian clang version 14.0.6" gives "14.0.6"). */
bool hcc_version_parse(char out[64], unsigned numbers[3], const char *text);

#endif
