/* imports.h - are the imports of a module ones that the engine can give? Host functions are those
 * of rt-sandbox/hsb_hostcalls.def; functions of other modules are an application's own and are
 * looked for when the plugin is loaded.
 *
 * Invariant: after hcc_imports_check every import is a function, and one that hsb_hostcalls.def
 * knows has its signature. */
#ifndef HCC_IMPORTS_H
#define HCC_IMPORTS_H

#include "module.h"

/* Errors: IMPORT_KIND, IMPORT_UNKNOWN (in the reserved modules helios_v1 and heliosdb, with the
 * nearest name), IMPORT_TYPE. */
int hcc_imports_check(const hcc_module *m, hcc_error *err);

#endif
