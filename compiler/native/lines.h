/* lines.h - line tables (.debug_line, DWARF 4 or 5 as clang writes it): of a linked image to the
 * map of the plugin file, which address comes from which offset in the .wasm; and of a module, if
 * it has one, which offset comes from which line of a source (places.h).
 *
 * Invariant: what it gives is ascending by pc without repetition, every pc lies in the code, and no
 * byte of the table is read unchecked. */
#ifndef HCC_LINES_H
#define HCC_LINES_H

#include "hsb_file.h"
#include "image.h"

typedef struct hcc_line_tables {
  hcc_span lines, strings, line_strings; /* .debug_line, .debug_str, .debug_line_str */
  uint8_t address_bytes;
  uint64_t code, code_end; /* addresses that count */
  uint32_t rows_max;       /* a longer table is one that can't be read */
  /* What a row says of a line of a file, whose name stays where it is; HSB_FILE_NO_OFFSET: nothing.
   * Line 0, "compiler-made", is dropped in a file of which something is said. */
  uint32_t (*value)(void *arg, const char *file, uint64_t line);
  void *arg;
} hcc_line_tables;

/* *out is malloc'ed. Errors: INTERNAL (a table that clang does not write), NO_MEMORY. */
int hcc_line_rows(struct hsb_file_line **out, uint32_t *count, const hcc_line_tables *tables,
                  hcc_error *err);

/* The same of an image: lines of the file "w" are offsets (ctext.h); other files and gaps give
 * HSB_FILE_NO_OFFSET. */
int hcc_lines(struct hsb_file_line **out, uint32_t *count, const hcc_image *image, hcc_error *err);

#endif
