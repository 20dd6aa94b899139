/* lines.h - from the line table of a linked image (.debug_line, DWARF 4 or 5 as clang writes it)
 * to the map of the plugin file: which address comes from which offset in the .wasm.
 *
 * Invariant: what it gives is ascending by pc without repetition, every pc lies in the code, and no
 * byte of the table is read unchecked. */
#ifndef HCC_LINES_H
#define HCC_LINES_H

#include "hsb_file.h"
#include "image.h"

/* *out is malloc'ed. Lines of the file "w" are offsets (ctext.h); other files and gaps give
 * HSB_FILE_NO_OFFSET. Errors: INTERNAL (a table that clang does not write), NO_MEMORY. */
int hcc_lines(struct hsb_file_line **out, uint32_t *count, const hcc_image *image, hcc_error *err);

#endif
