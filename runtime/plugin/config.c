/* config.c - see config.h. */
#include "plugin/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int hrt_config_path(char path[PATH_MAX], bool *found, const char *variable, const char *leaf,
                    helios_error *err) {
  const char *file = secure_getenv(variable);
  const char *config = secure_getenv("XDG_CONFIG_HOME"), *home = secure_getenv("HOME");
  int length = 0;
  *found = true;
  if (file && *file) {
    length = snprintf(path, PATH_MAX, "%s", file);
  } else if (config && *config == '/') {
    length = snprintf(path, PATH_MAX, "%s/helios/%s", config, leaf);
  } else if (home && *home) {
    length = snprintf(path, PATH_MAX, "%s/.config/helios/%s", home, leaf);
  } else {
    *found = false;
  }
  if (length < 0 || length >= PATH_MAX) {
    return hrt_fail(err, HELIOS_E_UNTRUSTED, "path of %s is too long", leaf);
  }
  return 0;
}

const char *hrt_config_unsafe(const struct stat *st, mode_t type, mode_t forbidden) {
  if ((st->st_mode & S_IFMT) != type) {
    return type == S_IFDIR ? "is not a folder" : "is not a regular file";
  }
  if (st->st_uid != geteuid() && st->st_uid != 0) {
    return "belongs to another user";
  }
  if (st->st_mode & forbidden) {
    return forbidden & S_IROTH ? "can be read or written by others" : "can be written by others";
  }
  return NULL;
}
