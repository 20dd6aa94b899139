/* script.h - plugins of an interpreter with a script: the exports that the script adds. */
#ifndef HRT_SCRIPT_H
#define HRT_SCRIPT_H

#include "hsb_abi.h"
#include "plugin/error.h"
#include "plugin/read.h"

/* If the file has a script: *out is the image's exports and one for each of its names, which is
 * what abi->exports is from then on, and abi->flags has HSB_PLUGIN_SCRIPT. The names stay the
 * file's. Errors: E_PLUGIN, E_MEMORY. hrt_free *out with the plugin. */
int hrt_script_exports(struct hsb_export **out, struct helios_plugin *abi,
                       const struct hrt_file *file, helios_error *err);

#endif
