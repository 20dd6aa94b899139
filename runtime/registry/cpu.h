/* cpu.h - can this processor run what a plugin was built for? Without the check a plugin for a
 * newer one ends the process with SIGILL in the middle of a call.
 *
 * Invariant: an unknown target is refused. */
#ifndef HRT_CPU_H
#define HRT_CPU_H

#include <stdbool.h>

#include "plugin/plugin.h"

/* target: as in `heliosc build --target`. "native" is this machine, since the key is. */
bool hrt_cpu_runs(const char *target);
/* Reads the target from the plugin's INFO section. Errors: E_PLUGIN. */
int hrt_cpu_check(const hrt_plugin *plugin, helios_error *err);

#endif
