/* elf.h - what an ELF image of a plugin may hold, and where its parts lie. */
#ifndef HRT_ELF_H
#define HRT_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/error.h"

#define HRT_ELF_SEGMENTS 8 /* lld emits three or four PT_LOAD */

struct hrt_elf_segment {
  uint64_t offset, file_size;    /* in the image's file */
  uint64_t address, memory_size; /* from the image's base */
  bool write, execute;
};

struct hrt_elf {
  struct hrt_elf_segment segments[HRT_ELF_SEGMENTS]; /* ascending, no page shared */
  uint32_t segment_count;
  uint64_t span;                /* bytes of address space, whole pages */
  uint64_t align;               /* of the base; a power of two, at least a page */
  uint64_t rela, rela_count;    /* file offset of Elf64_Rela[] */
  uint64_t plugin, plugin_size; /* address and size of `helios_plugin` */
};

/* Parses and checks. Refuses all that heliosc does not emit. Errors: E_PLUGIN. */
int hrt_elf_parse(struct hrt_elf *out, const uint8_t *image, uint64_t size, helios_error *err);

/* Is [address, +length) of the image inside one segment? */
bool hrt_elf_holds(const struct hrt_elf *elf, uint64_t address, uint64_t length);

#endif
