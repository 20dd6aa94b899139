/* key.c - finds and reads the key that seals this machine's plugins. Never takes a key that
 * someone else could have put there or can read: the checks are made on the opened file, not on
 * its path. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/plugin.h"

#define KEY_PATH 4096 /* what Linux takes */

static int key_path(char path[KEY_PATH], helios_error *err) {
  const char *file = secure_getenv("HELIOS_KEY");
  const char *config = secure_getenv("XDG_CONFIG_HOME"), *home = secure_getenv("HOME");
  int length;
  if (file && *file) {
    length = snprintf(path, KEY_PATH, "%s", file);
  } else if (config && *config == '/') {
    length = snprintf(path, KEY_PATH, "%s/helios/local.key", config);
  } else if (home && *home) {
    length = snprintf(path, KEY_PATH, "%s/.config/helios/local.key", home);
  } else {
    int status = hrt_fail(err, HELIOS_E_UNTRUSTED, "no local key: HELIOS_KEY and HOME are not set");
    hrt_hint(err, "set HELIOS_KEY to the key file that heliosc seals with");
    return status;
  }
  if (length < 0 || length >= KEY_PATH) {
    return hrt_fail(err, HELIOS_E_UNTRUSTED, "path of the local key is too long");
  }
  return 0;
}

/* Why the file can't be trusted, or NULL. */
static const char *unsafe(const struct stat *st) {
  if (!S_ISREG(st->st_mode)) {
    return "is not a regular file";
  }
  if (st->st_uid != geteuid() && st->st_uid != 0) {
    return "belongs to another user";
  }
  if (st->st_mode & 077) {
    return "can be read or written by others";
  }
  return st->st_size == HRT_KEY_BYTES ? NULL : "is not 32 bytes long";
}

static int read_key(int fd, uint8_t key[HRT_KEY_BYTES], const char *shown, helios_error *err) {
  struct stat st;
  if (fstat(fd, &st) != 0) {
    return hrt_fail(err, HELIOS_E_IO, "key %s: %s", shown, strerror(errno));
  }
  const char *why = unsafe(&st);
  if (why) {
    int status = hrt_fail(err, HELIOS_E_UNTRUSTED, "key %s %s", shown, why);
    hrt_hint(err, "it must be 32 random bytes, mode 0600, owned by the user of this process");
    return status;
  }
  if (pread(fd, key, HRT_KEY_BYTES, 0) != HRT_KEY_BYTES) {
    return hrt_fail(err, HELIOS_E_IO, "key %s can't be read", shown);
  }
  return 0;
}

int hrt_key_load(uint8_t key[HRT_KEY_BYTES], helios_error *err) {
  char path[KEY_PATH], shown[HRT_ESCAPED];
  int status, fd = -1;
  HRT_TRY(key_path(path, err));
  hrt_escape(shown, path, strlen(path));
  fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd >= 0) {
    status = read_key(fd, key, shown, err);
  } else if (errno == ENOENT || errno == ENOTDIR) {
    status = hrt_fail(err, HELIOS_E_UNTRUSTED, "no local key at %s", shown);
    hrt_hint(err, "the first 'heliosc build' makes it; HELIOS_KEY names another");
  } else {
    status = hrt_fail(err, HELIOS_E_IO, "key %s: %s", shown, strerror(errno));
  }
out:
  if (fd >= 0) {
    close(fd);
  }
  return status;
}
