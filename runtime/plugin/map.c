/* map.c - our own mapper: anonymous memory, a copy of the verified bytes, RELATIVE relocations,
 * then read-only or read-and-execute for good. Runs nothing of the image. Why not dlopen:
 * docs/plugin-abi.md.
 *
 * Invariant: no page is writable and executable at once, and after hrt_map_image none is
 * writable. */
#include "plugin/map.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "hsb_check.h"
#include "plugin/alloc.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

static void copy_segments(const struct hrt_map *map, const struct hrt_elf *elf,
                          const uint8_t *image) {
  for (uint32_t i = 0; i < elf->segment_count; i++) {
    const struct hrt_elf_segment *s = &elf->segments[i];
    memcpy(map->base + s->address, image + s->offset, s->file_size);
  }
}

static void relocate(const struct hrt_map *map, const struct hrt_elf *elf, const uint8_t *image) {
  for (uint64_t i = 0; i < elf->rela_count; i++) {
    Elf64_Rela rela;
    memcpy(&rela, image + elf->rela + i * sizeof rela, sizeof rela);
    uint64_t value = (uint64_t)(uintptr_t)map->base + (uint64_t)rela.r_addend;
    memcpy(map->base + rela.r_offset, &value, sizeof value);
  }
}

/* Pages between segments and around the image get no access. */
static int protect(struct hrt_map *map, const struct hrt_elf *elf, helios_error *err) {
  uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
  if (mprotect(map->region, map->region_size, PROT_NONE) != 0) {
    return hrt_fail(err, HELIOS_E_IO, "can't protect a plugin's pages: %s", strerror(errno));
  }
  for (uint32_t i = 0; i < elf->segment_count; i++) {
    const struct hrt_elf_segment *s = &elf->segments[i];
    uint64_t begin = s->address & ~(page - 1);
    uint64_t end = (s->address + s->memory_size + page - 1) & ~(page - 1);
    if (mprotect(map->base + begin, end - begin, s->execute ? PROT_READ | PROT_EXEC : PROT_READ)) {
      int status =
          hrt_fail(err, HELIOS_E_IO, "can't make a plugin's pages executable: %s", strerror(errno));
      hrt_hint(err,
               "a security policy (SELinux execmem, systemd MemoryDenyWriteExecute) forbids it");
      return status;
    }
    if (s->execute) {
      map->text_begin = (uintptr_t)map->base + s->address;
      map->text_end = map->text_begin + s->memory_size;
      __builtin___clear_cache((char *)map->text_begin, (char *)map->text_end);
    }
  }
  return 0;
}

int hrt_map_image(struct hrt_map *out, const struct hrt_elf *elf, const uint8_t *image,
                  const char *label, helios_error *err) {
  struct hrt_map map = {0};
  uint64_t size;
  int status = 0;
  if (!hsb_add64(&size, elf->span, elf->align)) {
    status = hrt_fail(err, HELIOS_E_PLUGIN, "image too large");
    goto out;
  }
  map.region = hrt_pages(size);
  map.region_size = size;
  if (map.region == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "no memory for a plugin of %llu bytes",
                      (unsigned long long)elf->span);
    goto out;
  }
  map.base = (uint8_t *)(((uintptr_t)map.region + elf->align - 1) & ~(uintptr_t)(elf->align - 1));
  copy_segments(&map, elf, image);
  relocate(&map, elf, image);
  HRT_TRY(protect(&map, elf, err));
  /* Only a label for perf, gdb and /proc; older kernels refuse it. */
  prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, map.region, map.region_size, label);
  *out = map;
  map.region = NULL;
out:
  hrt_map_release(&map);
  return status;
}

void hrt_map_release(struct hrt_map *map) {
  hrt_unmap(map->region, map->region_size);
  *map = (struct hrt_map){0};
}
