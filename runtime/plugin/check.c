/* check.c - validates struct helios_plugin after mapping, before anything of it is used or run.
 * The bytes are sealed by our own compiler; these checks are against its bugs and its other
 * versions.
 *
 * Invariant: after hrt_plugin_check every pointer lies in the image (functions in its code), every
 * count, string and offset is in range. Nothing later checks again. */
#include "plugin/check.h"

#include <stddef.h>
#include <string.h>

#include "hsb_check.h"

#define SIZE_1_0 (offsetof(struct helios_plugin, start) + sizeof(void *))
#define KNOWN_FLAGS                                                                                \
  (HSB_PLUGIN_METERED | HSB_PLUGIN_EXPLICIT_BOUNDS | HSB_PLUGIN_HAS_MEMORY | HSB_PLUGIN_IMPURE)
#define SIG_MAX 2001 /* 1000 parameters, 1000 results and the colon: the limits of the JS API */

struct checker {
  const struct hrt_elf *elf;
  const struct hrt_map *map;
  helios_error *err;
};

static int refuse(const struct checker *c, const char *what) {
  return hrt_fail(c->err, HELIOS_E_PLUGIN, "damaged plugin: %s", what);
}

static bool holds(const struct checker *c, const void *at, uint64_t length) {
  uintptr_t base = (uintptr_t)c->map->base, p = (uintptr_t)at;
  return p >= base && hrt_elf_holds(c->elf, p - base, length);
}

static bool holds_array(const struct checker *c, const void *at, uint64_t count, uint64_t size) {
  uint64_t bytes;
  return count == 0 ||
         (hsb_mul64(&bytes, count, size) && holds(c, at, bytes) && (uintptr_t)at % 8 == 0);
}

static bool is_code(const struct checker *c, uintptr_t at) {
  return at >= c->map->text_begin && at < c->map->text_end;
}

/* A NUL-terminated signature with one colon, all inside the image. */
static bool is_sig(const struct checker *c, const char *sig) {
  unsigned colons = 0;
  for (size_t i = 0; i <= SIG_MAX; i++) {
    if (!holds(c, sig, i + 1)) { /* from its beginning: no pointer is made before it is known */
      return false;
    }
    if (sig[i] == '\0') {
      return colons == 1;
    }
    colons += sig[i] == ':';
    if (strchr("ijfdvre:", sig[i]) == NULL) {
      return false;
    }
  }
  return false;
}

static int check_exports(const struct checker *c, const struct helios_plugin *p) {
  if (!holds_array(c, p->exports, p->export_count, sizeof *p->exports)) {
    return refuse(c, "table of exports");
  }
  for (uint32_t i = 0; i < p->export_count; i++) {
    const struct hsb_export *e = &p->exports[i];
    if (!holds(c, e->name, e->name_len) || !is_sig(c, e->sig) || !is_code(c, (uintptr_t)e->call) ||
        (e->flags & ~HSB_EXPORT_STATELESS) != 0) {
      return refuse(c, "an export");
    }
  }
  return 0;
}

static int check_imports(const struct checker *c, const struct helios_plugin *p) {
  if (!holds_array(c, p->imports, p->import_count, sizeof *p->imports)) {
    return refuse(c, "table of imports");
  }
  for (uint32_t i = 0; i < p->import_count; i++) {
    const struct hsb_import *m = &p->imports[i];
    if (!holds(c, m->module, m->module_len) || !holds(c, m->name, m->name_len) ||
        !is_sig(c, m->sig)) {
      return refuse(c, "an import");
    }
  }
  return 0;
}

/* Where a segment goes in memory is the guest's affair and traps later; where it comes from is
 * the compiler's. */
static int check_segments(const struct checker *c, const struct helios_plugin *p) {
  if (!holds_array(c, p->segments, p->segment_count, sizeof *p->segments) ||
      (p->blob_size != 0 && !holds(c, p->blob, p->blob_size)) ||
      (p->segment_count != 0 && !(p->flags & HSB_PLUGIN_HAS_MEMORY))) {
    return refuse(c, "table of data segments");
  }
  for (uint32_t i = 0; i < p->segment_count; i++) {
    if (!hsb_in_range(p->segments[i].blob_off, p->segments[i].len, p->blob_size)) {
      return refuse(c, "a data segment");
    }
  }
  return 0;
}

static int check_layout(const struct checker *c, const struct helios_plugin *p) {
  if (p->instance_size == 0 || p->instance_size > HSB_INSTANCE_MAX) {
    return refuse(c, "size of an instance");
  }
  if (p->flags & HSB_PLUGIN_HAS_MEMORY) {
    if (!hsb_in_range(p->memory_offset, sizeof(struct hsb_memory), p->instance_size) ||
        p->memory_offset % _Alignof(struct hsb_memory) != 0) {
      return refuse(c, "place of the memory");
    }
    if (p->memory_min > p->memory_max || p->memory_max > 65536) {
      return refuse(c, "size of the memory");
    }
  }
  if (p->slice != 0 && (p->slice < HSB_FUEL_SLICE || p->slice > HSB_FUEL_SLICE_MOST)) {
    return refuse(c, "size of a slice");
  }
  if (!is_code(c, (uintptr_t)p->init) || (p->start && !is_code(c, (uintptr_t)p->start))) {
    return refuse(c, "init or start");
  }
  return 0;
}

/* Size first, then version, then flags: only then do the other fields mean what we think. */
static int negotiate(const struct checker *c, struct helios_plugin *out) {
  const struct hrt_elf *elf = c->elf;
  const uint8_t *at = c->map->base + elf->plugin;
  uint32_t size = 0;
  if (elf->plugin % _Alignof(struct helios_plugin) != 0 || elf->plugin_size < SIZE_1_0) {
    return refuse(c, "helios_plugin is too short");
  }
  memcpy(&size, at, sizeof size);
  if (size < SIZE_1_0 || size > elf->plugin_size) {
    return refuse(c, "helios_plugin does not have the size it says");
  }
  *out = (struct helios_plugin){0};
  memcpy(out, at, size < sizeof *out ? size : sizeof *out);
  if (out->abi_major != HSB_ABI_MAJOR || out->abi_minor > HSB_ABI_MINOR) {
    int status = hrt_fail(c->err, HELIOS_E_PLUGIN, "plugin is for ABI %u.%u, this engine has %d.%d",
                          out->abi_major, out->abi_minor, HSB_ABI_MAJOR, HSB_ABI_MINOR);
    hrt_hint(c->err, "build it again with the heliosc of this version");
    return status;
  }
  return out->flags & ~KNOWN_FLAGS ? refuse(c, "unknown flags") : 0;
}

int hrt_plugin_check(struct helios_plugin *out, const struct hrt_elf *elf,
                     const struct hrt_map *map, helios_error *err) {
  const struct checker c = {elf, map, err};
  int status;
  HRT_TRY(negotiate(&c, out));
  HRT_TRY(check_layout(&c, out));
  HRT_TRY(check_exports(&c, out));
  HRT_TRY(check_imports(&c, out));
  HRT_TRY(check_segments(&c, out));
out:
  return status;
}
