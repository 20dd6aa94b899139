/* manifest.h - the custom section "helios.manifest": what a module's procedures are called in SQL,
 * their types, and the capabilities they want. JSON; docs/manifest.md is its description.
 *
 * Strict: an unknown field, a field twice, a wrong kind of value, text behind the end are errors.
 * Invariant: each procedure of a manifest that was read names an exported function whose
 * WebAssembly type fits its SQL signature. */
#ifndef HCC_MANIFEST_H
#define HCC_MANIFEST_H

#include "buf.h"
#include "module.h"

/* Appends the manifest as JSON in one line, fields in a fixed order and defaults filled in, or
 * "null" if the module has none; *procedures is how many there are. Errors: MANIFEST,
 * MANIFEST_TYPE, NO_MEMORY. */
int hcc_manifest(hcc_buf *out, uint32_t *procedures, const hcc_module *m, hcc_error *err);

/* The type of sqltypes.def, in any case of letters, as the manifest writes it; NULL: there is none.
 */
const char *hcc_manifest_type(const char *name);
/* A name of a parameter, column or procedure. */
bool hcc_manifest_is_name(const char *text);

#endif
