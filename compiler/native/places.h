/* places.h - where the instructions of a module come from: from the DWARF line table that its
 * compiler left in it, if there is one, to the section PLACES of the plugin file.
 *
 * Invariant: the table is advice. One that can't be read is as none; no name of a folder is kept.
 */
#ifndef HCC_PLACES_H
#define HCC_PLACES_H

#include "buf.h"
#include "module.h"

/* Nothing is added if the module has no table. Errors: NO_MEMORY. */
int hcc_places(hcc_buf *out, const hcc_module *m, hcc_error *err);

#endif
