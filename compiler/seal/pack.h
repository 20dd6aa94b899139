/* pack.h - writes the plugin file of rt-sandbox/hsb_file.h: image, sections, directory, footer,
 * seal. The reader is runtime/plugin/read.c.
 *
 * Invariant: the same parts and key give the same bytes; padding is zero. */
#ifndef HCC_PACK_H
#define HCC_PACK_H

#include "buf.h"
#include "hsb_file.h"
#include "key.h"
#include "module.h"

typedef struct hcc_pack_section {
  uint32_t kind; /* enum hsb_section_kind, each once */
  const void *bytes;
  size_t size;
} hcc_pack_section;

/* Errors: LIMIT (a file beyond out->max), NO_MEMORY. */
int hcc_pack(hcc_buf *out, const uint8_t *image, size_t image_size,
             const hcc_pack_section *sections, uint32_t count, const uint8_t key[HCC_KEY_BYTES],
             hcc_error *err);

/* Is it a file of ours with a seal of this key? Then *footer is its footer. Errors: NOT_PLUGIN,
 * BAD_MAC. */
int hcc_unseal(struct hsb_file_footer *footer, const uint8_t *bytes, size_t size,
               const uint8_t key[HCC_KEY_BYTES], hcc_error *err);

/* The footer of a file whose seal has been checked. Errors: NOT_PLUGIN. */
int hcc_unseal_footer(struct hsb_file_footer *footer, const uint8_t *bytes, size_t size,
                      hcc_error *err);

/* A section of an unsealed file; NULL if absent or out of place. */
const uint8_t *hcc_pack_find(size_t *size, const uint8_t *bytes, size_t file_size,
                             const struct hsb_file_footer *footer, uint32_t kind);

/* The FUNCS section: where each function's body was and its name, of the name section or the first
 * export. Errors: LIMIT, NO_MEMORY. */
int hcc_funcs(hcc_buf *out, const hcc_module *m, hcc_error *err);

#endif
