/* script.h - modules that are an interpreter with a script: `helios.script` and `helios.manifest`
 * behind all other sections. What stands before them is the engine, which is compiled once for all
 * its scripts; docs/script-engines.md.
 *
 * Invariant: a plugin that is made here has the code of the engine's own plugin, byte for byte. */
#ifndef HCC_SCRIPT_H
#define HCC_SCRIPT_H

#include "buf.h"
#include "key.h"
#include "module.h"

typedef struct hcc_script {
  bool present;
  hcc_range bytes;      /* of the script, in the module */
  uint32_t engine_size; /* the module's first bytes are the engine */
} hcc_script;

/* Errors: MALFORMED (two of them, not at the end), LIMIT, MANIFEST (no helios_call to run it). */
int hcc_script_find(hcc_script *out, const hcc_module *m, hcc_error *err);

/* The name of its main file, as the interpreter's own form has it: behind "HLS1" and two lengths
 * (sdk/engine/script.h), or up to a tab. Empty if it is neither. */
hcc_range hcc_script_name(const hcc_module *m, const hcc_script *script);

/* The function type that a procedure of a script has, ":"; NULL: the module has no script or no
 * entry. */
const hcc_export *hcc_script_entry(const hcc_module *m);

/* Adds both sections to an engine. Errors: LIMIT, NO_MEMORY. */
int hcc_script_module(hcc_buf *out, const uint8_t *engine, size_t engine_size, const void *script,
                      size_t script_size, const char *manifest, hcc_error *err);

/* The plugin of m, which has this script, from that of its engine. manifest: of hcc_manifest.
 * Errors: NOT_PLUGIN, INTERNAL, LIMIT, NO_MEMORY. */
typedef struct hcc_script_job {
  const hcc_module *module;
  const hcc_script *script;
  const char *manifest;
  uint8_t hash[32]; /* of the module */
  bool no_embed;
  const uint8_t *key;
} hcc_script_job;
int hcc_script_pack(hcc_buf *out, const uint8_t *engine_plugin, size_t size,
                    const hcc_script_job *job, hcc_error *err);

#endif
