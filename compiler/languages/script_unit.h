/* script_unit.h - what a script means as procedures, for the languages that an interpreter runs:
 * the language's own reader adds procedures, parameters and files, this makes the module of them:
 * the files and types of helios.script (sdk/engine/script.h), the manifest, the engine.
 *
 * Invariant: all that is wrong was said to the listener, with its place; then no module is made. */
#ifndef HCC_SCRIPT_UNIT_H
#define HCC_SCRIPT_UNIT_H

#include <cJSON.h>

#include "buf.h"
#include "engines.h"
#include "hsb_file.h"
#include "source.h"
#include "unit.h"

#define HCC_SCRIPT_PARAMS 100u /* as the engine's HRT_PARAMS_MAX */

typedef struct hcc_script_unit {
  hcc_unit said;
  struct hcc_script_procedure {
    hcc_procedure said;
    hcc_place at;
  } procedures[HSB_SCRIPT_NAMES_MAX];
  uint32_t procedure_count;
  hcc_buf files;
  uint32_t file_count;
} hcc_script_unit;

void hcc_script_unit_begin(hcc_script_unit *u, const char *file, const hcc_listener *listener);
void hcc_script_unit_free(hcc_script_unit *u);

/* NULL: there are too many (it was said), or no memory. */
hcc_procedure *hcc_script_add(hcc_script_unit *u, const char *name, size_t n, hcc_place at);
hcc_param *hcc_script_add_param(hcc_script_unit *u, hcc_procedure *p, const char *name, size_t n,
                                hcc_place at);
/* A file of the script, the main one first. */
void hcc_script_file(hcc_script_unit *u, const char *name, const void *bytes, size_t size);

/* The module. Errors: SOURCE, LIMIT, NO_MEMORY, those of hcc_engine. */
int hcc_script_finish(hcc_module_bytes *out, hcc_script_unit *u, enum hcc_engine_id engine,
                      hcc_error *err);

#endif
