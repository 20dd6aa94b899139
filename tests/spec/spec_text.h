/* spec_text.h - puts the C of many modules into one file: what heliosc wrote for each (translate.h,
 * glue.h), with the names that every module has made different, and the tables of spec_module.h.
 *
 * Invariant: a name gets a number and nothing else of the text is changed. */
#ifndef SPEC_TEXT_H
#define SPEC_TEXT_H

#include <stdio.h>

#include "module.h"

/* Writes text, of size bytes, of module `number`. */
void spec_text_renamed(FILE *to, uint32_t number, const char *text, size_t size);

/* Writes "static const struct spec_module spec<number>". m: the original module. */
void spec_text_tables(FILE *to, uint32_t number, const hcc_module *m);

#endif
