/* key.c - reads or makes the local key. Must never write over one, and never use one that someone
 * else may know. Invariants: see key.h. */
#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(hcc_error *err, const char *path, const char *why) {
  char name[HCC_ESCAPED];
  return hcc_fail(err, HCC_E_KEY, HCC_NO_OFFSET, "key %s %s", hcc_escape(name, path, strlen(path)),
                  why);
}

int hcc_config_path(char out[HCC_PATH], const char *variable, const char *leaf, hcc_error *err) {
  const char *named = secure_getenv(variable);
  const char *config = secure_getenv("XDG_CONFIG_HOME"), *home = secure_getenv("HOME");
  if (named != NULL && named[0] != '\0') {
    return hcc_path(out, err, "%s", named);
  }
  if (config != NULL && config[0] == '/') {
    return hcc_path(out, err, "%s/helios/%s", config, leaf);
  }
  if (home != NULL && home[0] != '\0') {
    return hcc_path(out, err, "%s/.config/helios/%s", home, leaf);
  }
  return hcc_fail(err, HCC_E_KEY, HCC_NO_OFFSET, "neither %s, XDG_CONFIG_HOME nor HOME is set",
                  variable);
}

int hcc_key_path(char out[HCC_PATH], hcc_error *err) {
  return hcc_config_path(out, "HELIOS_KEY", "local.key", err);
}

static const char *unsafe(const struct stat *info) {
  if (!S_ISREG(info->st_mode)) {
    return "is not a regular file";
  }
  if (info->st_uid != geteuid() && info->st_uid != 0) {
    return "belongs to another user";
  }
  if ((info->st_mode & 077) != 0) {
    return "can be read or written by others";
  }
  return info->st_size == HCC_KEY_BYTES ? NULL : "is not 32 bytes long";
}

/* *found: is there a file at all? */
static int read_key(bool *found, uint8_t key[HCC_KEY_BYTES], const char *path, hcc_error *err) {
  struct stat info;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  *found = fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
  if (fd < 0) {
    return *found ? fail(err, path, strerror(errno)) : 0;
  }
  const char *why = fstat(fd, &info) != 0 ? "can't be looked at" : unsafe(&info);
  if (why == NULL && read(fd, key, HCC_KEY_BYTES) != HCC_KEY_BYTES) {
    why = "can't be read";
  }
  close(fd);
  return why == NULL ? 0 : fail(err, path, why);
}

static int not_made(hcc_error *err, const char *path, const char *why) {
  char name[HCC_ESCAPED];
  return hcc_fail(err, HCC_E_KEY, HCC_NO_OFFSET, "key %s can't be made: %s",
                  hcc_escape(name, path, strlen(path)), why);
}

static int make_folder(const char *path, hcc_error *err) {
  char folder[HCC_PATH];
  hcc_error why = {0};
  int status = hcc_path(folder, err, "%s", path);
  char *slash = strrchr(folder, '/');
  if (status != 0 || slash == NULL || slash == folder) {
    return status;
  }
  *slash = '\0';
  return hcc_dir_make(folder, 0700, &why) == 0 ? 0 : not_made(err, path, why.text);
}

int hcc_key_can_be_made(hcc_error *err) {
  char path[HCC_PATH], folder[HCC_PATH];
  int status = hcc_key_path(path, err);
  HCC_TRY(status);
  HCC_TRY(make_folder(path, err));
  HCC_TRY(hcc_path(folder, err, "%s", path));
  char *slash = strrchr(folder, '/');
  if (slash != NULL) {
    slash[slash == folder] = '\0';
    status = access(folder, W_OK | X_OK) == 0 ? 0 : not_made(err, path, strerror(errno));
  }
out:
  return status;
}

/* Writes a whole key under another name and links it: whoever links first has made the key. */
static int make_key(const char *path, hcc_error *err) {
  char temp[HCC_PATH];
  uint8_t key[HCC_KEY_BYTES];
  int status = make_folder(path, err);
  if (status != 0 || (status = hcc_path(temp, err, "%s.XXXXXX", path)) != 0) {
    return status;
  }
  if (RAND_bytes(key, sizeof key) != 1) {
    return not_made(err, path, "no random bytes");
  }
  int fd = mkostemp(temp, O_CLOEXEC); /* mode 0600, O_EXCL */
  if (fd < 0) {
    return not_made(err, path, strerror(errno));
  }
  bool written = write(fd, key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0;
  if (!written || (link(temp, path) != 0 && errno != EEXIST)) {
    status = not_made(err, path, strerror(errno));
  }
  explicit_bzero(key, sizeof key);
  close(fd);
  unlink(temp);
  return status;
}

int hcc_key_load(uint8_t key[HCC_KEY_BYTES], bool create, hcc_error *err) {
  char path[HCC_PATH];
  bool found;
  int status = hcc_key_path(path, err);
  if (status == 0) {
    status = read_key(&found, key, path, err);
  }
  if (status != 0 || found) {
    return status;
  }
  if (!create) {
    return fail(err, path, "is not there");
  }
  status = make_key(path, err);
  if (status == 0) {
    status = read_key(&found, key, path, err);
  }
  return status == 0 && !found ? fail(err, path, "is gone again") : status;
}
