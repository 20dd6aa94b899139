/* script.c - see script.h. An interpreter is compiled once for all scripts, so its image can't have
 * their names: they stand in a section of the file, each for the image's export HSB_SCRIPT_ENTRY.
 *
 * Invariant: every name lies in the file's section, and the table is as long as abi->export_count.
 */
#include "plugin/script.h"

#include <string.h>

#include "plugin/alloc.h"

static const struct hsb_export *entry_of(const struct helios_plugin *abi) {
  static const char name[] = HSB_SCRIPT_ENTRY;
  for (uint32_t i = 0; i < abi->export_count; i++) {
    const struct hsb_export *e = &abi->exports[i];
    if (e->name_len == sizeof name - 1 && memcmp(e->name, name, e->name_len) == 0) {
      return strcmp(e->sig, ":") == 0 ? e : NULL;
    }
  }
  return NULL;
}

/* How many names; 0: the section is damaged. */
static uint32_t count_names(const char *names, size_t size) {
  uint32_t count = 0;
  for (size_t at = 0; at < size; count++) {
    const char *end = memchr(names + at, 0, size - at);
    size_t length = end ? (size_t)(end - names) - at : 0;
    if (length == 0 || length > HSB_SCRIPT_NAME_MAX || count == HSB_SCRIPT_NAMES_MAX) {
      return 0;
    }
    at += length + 1;
  }
  return count;
}

int hrt_script_exports(struct hsb_export **out, struct helios_plugin *abi,
                       const struct hrt_file *file, helios_error *err) {
  size_t script_size, size;
  const void *script = hrt_file_section(file, HSB_SECTION_SCRIPT, &script_size);
  const char *names = hrt_file_section(file, HSB_SECTION_NAMES, &size);
  if (script == NULL && names == NULL) {
    return 0;
  }
  const struct hsb_export *entry = entry_of(abi);
  uint32_t count = names ? count_names(names, size) : 0;
  if (script == NULL || script_size > HSB_SCRIPT_MAX || entry == NULL || count == 0) {
    return hrt_fail(err, HELIOS_E_PLUGIN, "damaged plugin: its script");
  }
  struct hsb_export *all = hrt_calloc((size_t)abi->export_count + count, sizeof *all);
  if (all == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  memcpy(all, abi->exports, abi->export_count * sizeof *all);
  for (uint32_t i = 0; i < count; i++) {
    struct hsb_export *e = &all[abi->export_count + i];
    *e = *entry;
    e->name = names;
    e->name_len = (uint32_t)strlen(names);
    names += e->name_len + 1;
  }
  *out = all;
  abi->exports = all;
  abi->export_count += count;
  abi->flags |= HSB_PLUGIN_SCRIPT;
  return 0;
}
