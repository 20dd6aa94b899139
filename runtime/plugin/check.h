/* check.h - is struct helios_plugin of a mapped image one that this engine can use? */
#ifndef HRT_CHECK_H
#define HRT_CHECK_H

#include "hsb_abi.h"
#include "plugin/map.h"

/* Copies the struct to *out (fields that the plugin does not have are 0) and checks it and all it
 * points to. Errors: E_PLUGIN. */
int hrt_plugin_check(struct helios_plugin *out, const struct hrt_elf *elf,
                     const struct hrt_map *map, helios_error *err);

#endif
