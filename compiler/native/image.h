/* image.h - reads what heliosc needs of the ELF images that lld writes: sections by name, and the
 * range that is mapped as code. The plugin is checked by linkcheck.c and by the engine; this only
 * finds things. Invariant: every range it gives lies inside the bytes it was given. */
#ifndef HCC_IMAGE_H
#define HCC_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

typedef struct hcc_image {
  const uint8_t *bytes; /* borrowed */
  size_t size;
  uint64_t sections; /* offset of the section headers */
  uint32_t section_count;
  uint64_t names, names_size; /* offset of .shstrtab */
  uint64_t code, code_end;    /* addresses of the executable segment */
} hcc_image;

typedef struct hcc_span {
  const uint8_t *at;
  size_t size;
} hcc_span;

/* Errors: INTERNAL (not what lld writes). */
int hcc_image_open(hcc_image *out, const uint8_t *bytes, size_t size, hcc_error *err);

/* The section's bytes; an absent one is empty. */
hcc_span hcc_image_section(const hcc_image *image, const char *name);

#endif
