/* config.h - files of the user's configuration that decide what is trusted: where they are, and
 * whether someone else could have written them.
 *
 * Invariant: judged is the opened file, never its path. */
#ifndef HRT_CONFIG_H
#define HRT_CONFIG_H

#include <linux/limits.h>
#include <sys/stat.h>

#include "plugin/error.h"

/* The path that `variable` names, else $XDG_CONFIG_HOME/helios/leaf, else
 * $HOME/.config/helios/leaf. *found is false if none of them is set. Errors: E_UNTRUSTED (too
 * long). */
int hrt_config_path(char path[PATH_MAX], bool *found, const char *variable, const char *leaf,
                    helios_error *err);
/* Why what was opened can't be trusted, or NULL. forbidden: mode bits. */
const char *hrt_config_unsafe(const struct stat *st, mode_t type, mode_t forbidden);

#endif
