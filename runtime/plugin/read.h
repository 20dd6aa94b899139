/* read.h - a plugin file (hsb_file.h) in memory: its seal and its directory. */
#ifndef HRT_READ_H
#define HRT_READ_H

#include <stddef.h>
#include <stdint.h>

#include "hsb_file.h"
#include "plugin/error.h"
#include "plugin/trust.h"

struct hrt_file {
  const uint8_t *bytes; /* borrowed; private to this process, 8-aligned */
  size_t size;          /* without signatures */
  size_t elf_size;
  const struct hsb_file_entry *entries;
  uint32_t entry_count;
};

/* Checks seal or signature, then the structure; *who vouched. bytes must not change meanwhile.
 * Errors: E_PLUGIN (not a plugin, damaged), E_UNTRUSTED, E_MEMORY, E_IO. */
int hrt_file_open(struct hrt_file *out, hrt_voucher *who, const uint8_t *bytes, size_t size,
                  const hrt_trust *trust, helios_error *err);
/* Bytes of the section of this kind, NULL and 0 if there is none. 8-aligned. */
const void *hrt_file_section(const struct hrt_file *file, uint32_t kind, size_t *size);

#endif
