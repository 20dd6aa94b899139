/* key.c - finds and reads the key that seals this machine's plugins. Never takes a key that
 * someone else could have put there or can read: the checks are made on the opened file, not on
 * its path. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/config.h"
#include "plugin/hold.h"
#include "plugin/plugin.h"

#define TAIL ".XXXXXX" /* of a file that is not whole yet */

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

/* *found: is there a file at all? */
static int load(uint8_t key[HRT_KEY_BYTES], bool *found, const char *path, helios_error *err) {
  char shown[HRT_ESCAPED];
  int status = 0;
  hrt_escape(shown, path, strlen(path));
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  *found = fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
  if (fd >= 0) {
    status = read_key(fd, key, shown, err);
    close(fd);
  } else if (*found) {
    status = hrt_fail(err, HELIOS_E_IO, "key %s: %s", shown, strerror(errno));
  }
  return status;
}

int hrt_key_load(uint8_t key[HRT_KEY_BYTES], helios_error *err) {
  char path[PATH_MAX], shown[HRT_ESCAPED];
  bool found;
  int status;
  HRT_TRY(key_path(path, err));
  HRT_TRY(load(key, &found, path, err));
  if (!found) {
    status = hrt_fail(err, HELIOS_E_UNTRUSTED, "no local key at %s",
                      hrt_escape(shown, path, strlen(path)));
    hrt_hint(err, "the first 'heliosc build' makes it; HELIOS_KEY names another");
  }
out:
  return status;
}

/* The folders above path that are missing. */
static bool make_folders(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    bool there = mkdir(path, 0700) == 0 || errno == EEXIST;
    *slash = '/';
    if (!there) {
      return false;
    }
  }
  return true;
}

/* Writes a whole key under another name and links it: whoever links first has made the key. */
static bool write_key(char *path) {
  char temp[PATH_MAX + sizeof TAIL];
  uint8_t key[HRT_KEY_BYTES];
  if (!make_folders(path) || RAND_bytes(key, sizeof key) != 1) {
    return false;
  }
  memcpy(temp, path, strlen(path));
  memcpy(temp + strlen(path), TAIL, sizeof TAIL);
  int fd = mkostemp(temp, O_CLOEXEC); /* mode 0600, O_EXCL */
  if (fd < 0) {
    return false;
  }
  hrt_hold hold;
  hrt_hold_begin(&hold, SIGXFSZ);
  bool made = write(fd, key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0 &&
              (link(temp, path) == 0 || errno == EEXIST);
  hrt_hold_end(&hold, SIGXFSZ);
  int why = errno;
  explicit_bzero(key, sizeof key);
  close(fd);
  unlink(temp);
  errno = why;
  return made;
}

int hrt_key_make(uint8_t key[HRT_KEY_BYTES], helios_error *err) {
  char path[PATH_MAX], shown[HRT_ESCAPED];
  bool found;
  int status;
  HRT_TRY(key_path(path, err));
  HRT_TRY(load(key, &found, path, err));
  if (found) {
    goto out;
  }
  if (!write_key(path)) {
    status = hrt_fail(err, HELIOS_E_IO, "can't make the local key %s: %s",
                      hrt_escape(shown, path, strlen(path)), strerror(errno));
    hrt_hint(err, "grants are vouched for by this machine's key; HELIOS_KEY names another file");
    goto out;
  }
  HRT_TRY(load(key, &found, path, err));
  status = found ? 0 : hrt_fail(err, HELIOS_E_IO, "the local key is gone again");
out:
  return status;
}
