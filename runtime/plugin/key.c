/* key.c - finds and reads the key that seals this machine's plugins. Never takes a key that
 * someone else could have put there or can read: the checks are made on the opened file, not on
 * its path. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "plugin/config.h"
#include "plugin/plugin.h"

static int key_path(char path[PATH_MAX], helios_error *err) {
  bool found;
  int status = hrt_config_path(path, &found, "HELIOS_KEY", "local.key", err);
  if (status == 0 && !found) {
    status = hrt_fail(err, HELIOS_E_UNTRUSTED, "no local key: HELIOS_KEY and HOME are not set");
    hrt_hint(err, "set HELIOS_KEY to the key file that heliosc seals with");
  }
  return status;
}

/* Why the file can't be trusted, or NULL. */
static const char *unsafe(const struct stat *st) {
  const char *why = hrt_config_unsafe(st, S_IFREG, 077);
  return why != NULL || st->st_size == HRT_KEY_BYTES ? why : "is not 32 bytes long";
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
  char path[PATH_MAX], shown[HRT_ESCAPED];
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
