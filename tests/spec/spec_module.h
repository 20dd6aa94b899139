/* spec_module.h - what the host of the specification's tests (spec_run.c) knows of a module besides
 * its plugin: imports and exports of all kinds, and where tables and globals lie in an instance.
 * Written as C by spec_build.c beside the glue; a plugin of heliosc has none of it.
 *
 * Invariant: indices count as in the original module, imports first. */
#ifndef SPEC_MODULE_H
#define SPEC_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "hsb_abi.h"

enum spec_kind { SPEC_FUNC, SPEC_TABLE, SPEC_MEMORY, SPEC_GLOBAL }; /* as in the binary format */

struct spec_limits {
  uint32_t min, max; /* max: UINT32_MAX if not has_max */
  bool has_max;
};

struct spec_table {
  char type; /* 'r' funcref, 'e' externref */
  struct spec_limits limits;
  uint32_t at; /* of the table's struct in the instance */
};

struct spec_global {
  char type; /* letter of hsb_abi.h */
  bool mutable;
  uint32_t at, size; /* in the instance */
};

struct spec_import {
  const char *module, *name;
  uint32_t module_size, name_size;
  enum spec_kind kind;
  uint32_t index; /* of that kind; of a function: in plugin->imports */
};

struct spec_export {
  const char *name;
  uint32_t name_size;
  enum spec_kind kind;
  uint32_t index; /* of that kind; of a function: in plugin->exports */
};

struct spec_module {
  const struct helios_plugin *plugin;
  const struct spec_import *imports;
  const struct spec_export *exports;
  const struct spec_table *tables;
  const struct spec_global *globals;
  const struct spec_limits *memory; /* NULL: none */
  uint32_t import_count, export_count, table_count, global_count;
  bool imports_memory;
};

/* struct hsb_host, and what spec_link.h asks for. */
struct spec_host {
  struct hsb_host abi;
  /* A function of another instance is about to run, or has returned. */
  void (*cross)(void *from, void *to);
  /* A table has been made by table_reserve; *size may be put right. */
  void (*table_made)(void *instance, uint32_t *size);
};

#endif
