/* map.h - an ELF image in memory, ready to run. */
#ifndef HRT_MAP_H
#define HRT_MAP_H

#include "plugin/elf.h"

struct hrt_map {
  uint8_t *base; /* of the image */
  uintptr_t text_begin, text_end;
  void *region; /* what was mapped; base is in it, aligned */
  size_t region_size;
};

/* Copies, relocates and protects. label: printable, shown in /proc/self/maps where the kernel can.
 * Errors: E_MEMORY, E_IO (the system refuses executable memory). */
int hrt_map_image(struct hrt_map *out, const struct hrt_elf *elf, const uint8_t *image,
                  const char *label, helios_error *err);
void hrt_map_release(struct hrt_map *map); /* takes one that was never mapped */

#endif
