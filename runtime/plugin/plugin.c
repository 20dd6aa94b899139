/* plugin.c - a loaded plugin as the rest of the engine sees it: loading in the one safe order,
 * references, names and lines.
 *
 * Invariant: bytes are copied once and only the copy is verified and used, so that a caller whose
 * bytes change under us (a mapped file) can't swap code after the check. */
#include "plugin/plugin.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hsb_check.h"
#include "hsb_file.h"
#include "plugin/alloc.h"
#include "plugin/check.h"
#include "plugin/map.h"
#include "plugin/read.h"
#include "plugin/script.h"

struct hrt_plugin {
  atomic_uint refs;
  struct helios_plugin abi;
  struct hrt_map map;
  uint8_t *bytes; /* the whole file; the pages of the image are given back */
  size_t size;
  struct hrt_file file;
  hrt_voucher voucher;
  const struct hsb_file_line *lines;
  size_t line_count;
  const struct hsb_file_func *funcs;
  size_t func_count;
  const char *names; /* of functions */
  size_t names_size;
  const struct hsb_file_place *places;
  size_t place_count;
  const char *files; /* names of the places' files, a NUL behind each */
  uint32_t file_count;
  struct hsb_export *exports; /* the image's and the script's; NULL: abi.exports is the image's */
};

static atomic_size_t mapped;

/* Names are counted here, so that nothing is looked for behind the last. */
static int index_places(hrt_plugin *p, helios_error *err) {
  size_t size, names = 0, empty = 0;
  const uint32_t *head = hrt_file_section(&p->file, HSB_SECTION_PLACES, &size);
  if (head == NULL) {
    return 0;
  }
  if (size < 8 || !hsb_in_range(8, (uint64_t)head[0] * sizeof *p->places, size)) {
    return hrt_fail(err, HELIOS_E_PLUGIN, "damaged plugin: table of places");
  }
  p->places = (const struct hsb_file_place *)(const void *)(head + 2);
  p->place_count = head[0];
  p->files = (const char *)(p->places + p->place_count);
  p->file_count = head[1];
  size -= 8 + p->place_count * sizeof *p->places;
  for (size_t i = 0; i < size; i++) {
    names += p->files[i] == 0;
    empty += p->files[i] == 0 && (i == 0 || p->files[i - 1] == 0);
  }
  if (names != p->file_count || empty != 0 || (size > 0 && p->files[size - 1] != 0)) {
    return hrt_fail(err, HELIOS_E_PLUGIN, "damaged plugin: files of places");
  }
  return 0;
}

/* Sections that we look things up in. The others are handed out as they are. */
static int index_sections(hrt_plugin *p, helios_error *err) {
  size_t size;
  p->lines = hrt_file_section(&p->file, HSB_SECTION_LINES, &size);
  p->line_count = size / sizeof *p->lines;
  if (size % sizeof *p->lines != 0) {
    return hrt_fail(err, HELIOS_E_PLUGIN, "damaged plugin: table of lines");
  }
  const uint32_t *funcs = hrt_file_section(&p->file, HSB_SECTION_FUNCS, &size);
  if (funcs == NULL) {
    return 0;
  }
  if (size < 8 || !hsb_in_range(8, (uint64_t)funcs[0] * sizeof *p->funcs, size)) {
    return hrt_fail(err, HELIOS_E_PLUGIN, "damaged plugin: table of functions");
  }
  p->func_count = funcs[0];
  p->funcs = (const struct hsb_file_func *)(const void *)(funcs + 2);
  p->names = (const char *)(p->funcs + p->func_count);
  p->names_size = size - 8 - p->func_count * sizeof *p->funcs;
  return index_places(p, err);
}

static int take_copy(hrt_plugin *p, const void *bytes, size_t size, helios_error *err) {
  if (size == 0) {
    return hrt_fail(err, HELIOS_E_PLUGIN, "not a helios plugin: empty");
  }
  p->bytes = hrt_pages(size);
  if (p->bytes == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "no memory for a plugin of %zu bytes", size);
  }
  p->size = size;
  memcpy(p->bytes, bytes, size);
  return 0;
}

static int map_image(hrt_plugin *p, helios_error *err) {
  struct hrt_elf elf;
  int status;
  HRT_TRY(hrt_elf_parse(&elf, p->bytes, p->file.elf_size, err));
  HRT_TRY(hrt_map_image(&p->map, &elf, p->bytes, "helios plugin", err));
  HRT_TRY(hrt_plugin_check(&p->abi, &elf, &p->map, err));
  /* The image is mapped elsewhere now; its pages in the copy of the file are of no more use. */
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  madvise(p->bytes, p->file.elf_size & ~(page - 1), MADV_DONTNEED);
out:
  return status;
}

static void destroy(hrt_plugin *p) {
  if (p) {
    hrt_map_release(&p->map);
    hrt_unmap(p->bytes, p->size);
    hrt_free(p->exports);
    hrt_free(p);
  }
}

int hrt_plugin_load_trusted(hrt_plugin **out, const void *bytes, size_t size,
                            const hrt_trust *trust, helios_error *err) {
  int status;
  hrt_plugin *p = hrt_alloc(sizeof *p);
  if (p == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "no memory for a plugin");
    goto out;
  }
  HRT_TRY(take_copy(p, bytes, size, err));
  HRT_TRY(hrt_file_open(&p->file, &p->voucher, p->bytes, size, trust, err));
  HRT_TRY(map_image(p, err));
  HRT_TRY(index_sections(p, err));
  HRT_TRY(hrt_script_exports(&p->exports, &p->abi, &p->file, err));
  atomic_init(&p->refs, 1);
  atomic_fetch_add(&mapped, 1);
  *out = p;
  p = NULL;
out:
  destroy(p);
  return status;
}

int hrt_plugin_load(hrt_plugin **out, const void *bytes, size_t size,
                    const uint8_t key[HRT_KEY_BYTES], helios_error *err) {
  hrt_trust trust = {.key = key, .root = ""};
  return hrt_plugin_load_trusted(out, bytes, size, &trust, err);
}

const hrt_voucher *hrt_plugin_voucher(const hrt_plugin *p) {
  return &p->voucher;
}

hrt_plugin *hrt_plugin_ref(hrt_plugin *p) {
  atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
  return p;
}

void hrt_plugin_unref(hrt_plugin *p) {
  if (p && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1) {
    destroy(p);
    atomic_fetch_sub(&mapped, 1);
  }
}

size_t hrt_plugin_count(void) {
  return atomic_load(&mapped);
}

const struct helios_plugin *hrt_plugin_abi(const hrt_plugin *p) {
  return &p->abi;
}

int hrt_plugin_export(const hrt_plugin *p, const char *name, size_t length) {
  for (uint32_t i = 0; i < p->abi.export_count; i++) {
    const struct hsb_export *e = &p->abi.exports[i];
    if (e->name_len == length && memcmp(e->name, name, length) == 0) {
      return (int)i;
    }
  }
  return -1;
}

const void *hrt_plugin_section(const hrt_plugin *p, uint32_t kind, size_t *size) {
  return hrt_file_section(&p->file, kind, size);
}

int hrt_plugin_has_pc(const hrt_plugin *p, uintptr_t pc) {
  return pc >= p->map.text_begin && pc < p->map.text_end;
}

uint32_t hrt_plugin_line(const hrt_plugin *p, uintptr_t pc) {
  size_t low = 0, high = p->line_count;
  if (!hrt_plugin_has_pc(p, pc)) {
    return HELIOS_NO_OFFSET;
  }
  uintptr_t relative = pc - (uintptr_t)p->map.base;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (p->lines[middle].pc <= relative) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low > 0 ? p->lines[low - 1].offset : HELIOS_NO_OFFSET;
}

bool hrt_plugin_place(char file[HRT_ESCAPED], uint32_t *line, const hrt_plugin *p,
                      uint32_t offset) {
  size_t low = 0, high = p->place_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (p->places[middle].offset <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  uint32_t at = low > 0 ? p->places[low - 1].at : HSB_FILE_NO_OFFSET;
  uint32_t index = at >> 20;
  *line = at & HSB_FILE_PLACE_LINE;
  if (at == HSB_FILE_NO_OFFSET || index >= p->file_count || *line == 0) {
    return false;
  }
  const char *name = p->files;
  for (; index > 0; index--) {
    name += strlen(name) + 1;
  }
  hrt_escape(file, name, strlen(name));
  return true;
}

static const struct hsb_file_func *func_at(const hrt_plugin *p, uint32_t offset) {
  size_t low = 0, high = p->func_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (p->funcs[middle].end <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < p->func_count && p->funcs[low].start <= offset ? &p->funcs[low] : NULL;
}

const char *hrt_plugin_func_name(const hrt_plugin *p, uint32_t offset, char out[HRT_ESCAPED]) {
  const struct hsb_file_func *f = func_at(p, offset);
  if (f == NULL) {
    snprintf(out, HRT_ESCAPED, "unknown function");
  } else if (f->name_length == 0 || !hsb_in_range(f->name_offset, f->name_length, p->names_size)) {
    snprintf(out, HRT_ESCAPED, "func %u", f->func);
  } else {
    hrt_escape(out, p->names + f->name_offset, f->name_length);
  }
  return out;
}
