/* imports.h - are the imports of a module ones that the engine can give? Host functions are those
 * of rt-sandbox/hsb_hostcalls.def; functions of other modules are an application's own and are
 * looked for when the plugin is loaded.
 *
 * Invariant: after hcc_imports_check every import is a function, and one that hsb_hostcalls.def
 * knows has its signature. */
#ifndef HCC_IMPORTS_H
#define HCC_IMPORTS_H

#include "module.h"

/* Errors: IMPORT_KIND, IMPORT_UNKNOWN (names that are the engine's: modules helios_* and wasi_*, in
 * env and heliosdb heliosdb_* and typing mistakes; with the nearest name), IMPORT_TYPE. */
int hcc_imports_check(const hcc_module *m, hcc_error *err);

#define HCC_CUSTOM_NAME 200
/* How many imports an application has to register; first: "module.name" of the first one. */
uint32_t hcc_imports_custom(char first[HCC_CUSTOM_NAME], const hcc_module *m);

/* The first import that is not about the call's own arguments, result and error. NULL: the module
 * computes the same from the same. */
const hcc_import *hcc_imports_impure(const hcc_module *m);
/* May a call of the imported function `func` change the guest's memory, globals or tables? */
bool hcc_imports_writes(const hcc_module *m, uint32_t func);

#endif
