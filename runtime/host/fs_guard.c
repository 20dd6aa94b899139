/* fs_guard.c - the files that no grant reaches: the databases of the connection with their side
 * files, and what the engine keeps for itself (its key, its trust root). Must never rely
 * on a path alone: a hard link, or the same folder under another name, is the same file.
 *
 * Invariant: a name that is not there yet is guarded too, because a journal that a guest makes up
 * would be played back into the database. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/fs.h"
#include "plugin/config.h"

#define OWN_FILES 2 /* of the engine's own: before the databases */
#define UP_MAX 64   /* folders above a place that are looked at */

static bool file_is(const char *path, const char *suffix, const struct stat *st) {
  char whole[PATH_MAX];
  struct stat other;
  int n = snprintf(whole, sizeof whole, "%s%s", path, suffix);
  return n > 0 && n < (int)sizeof whole && stat(whole, &other) == 0 && hrt_fs_same(&other, st);
}

/* Is it in the folder of `path`, and called like it or like a side file of it ("x.db-wal")? */
static bool name_is(const char *path, const struct stat *folder, const char *name) {
  char upper[PATH_MAX];
  struct stat st;
  const char *base = strrchr(path, '/');
  if (base == NULL || (size_t)(base - path) >= sizeof upper) {
    return false;
  }
  snprintf(upper, sizeof upper, "%.*s", base == path ? 1 : (int)(base - path), path);
  size_t n = strlen(++base);
  return strncmp(name, base, n) == 0 && (name[n] == 0 || name[n] == '-') && stat(upper, &st) == 0 &&
         hrt_fs_same(&st, folder);
}

static const char *config(char path[PATH_MAX], const char *variable, const char *leaf) {
  bool found = false;
  helios_error none = {0};
  return hrt_config_path(path, &found, variable, leaf, &none) == 0 && found ? path : "";
}

/* Name of the nth database; NULL: no more. Before 3.39 SQLite tells only what one asks for. */
static const char *schema_name(sqlite3 *db, int n) {
#if SQLITE_VERSION_NUMBER >= 3039000
  if (sqlite3_libversion_number() >= 3039000) {
    return sqlite3_db_name(db, n);
  }
#endif
  return n == 0 ? "main" : NULL;
}

/* The nth file of the engine's or the connection's; NULL: no more. "": none under this number. */
static const char *own_file(char path[PATH_MAX], hrt_host_env *env, int n) {
  if (n < OWN_FILES) {
    return n == 0 ? config(path, "HELIOS_KEY", "local.key")
                  : config(path, "HELIOS_TRUST_ROOT", "trust.d");
  }
  const char *schema = schema_name(env->conn->db, n - OWN_FILES);
  const char *file = schema != NULL ? sqlite3_db_filename(env->conn->db, schema) : NULL;
  return schema == NULL ? NULL : file != NULL ? file : "";
}

bool hrt_fs_guarded(hrt_host_env *env, const struct stat *st) {
  static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
  char key[PATH_MAX];
  const char *file;
  for (int n = 0; (file = own_file(key, env, n)) != NULL; n++) {
    size_t count = n < OWN_FILES ? 1 : sizeof suffixes / sizeof *suffixes;
    for (size_t s = 0; *file != 0 && s < count; s++) {
      if (file_is(file, suffixes[s], st)) {
        return true;
      }
    }
  }
  return false;
}

/* Is the folder fd, or one above it, the one that `path` names? */
static bool below(const char *path, int fd) {
  char up[3 * UP_MAX + 2] = ".";
  struct stat own, st, above;
  if (*path == 0 || stat(path, &own) != 0) {
    return false;
  }
  if (fstat(fd, &st) != 0) {
    return true;
  }
  for (int i = 0; i < UP_MAX; i++) {
    if (hrt_fs_same(&own, &st)) {
      return true;
    }
    memcpy(up + (size_t)3 * (size_t)i, "../", 4);
    if (fstatat(fd, up, &above, 0) != 0) {
      return true;
    }
    if (hrt_fs_same(&above, &st)) {
      return false; /* the root */
    }
    st = above;
  }
  return true; /* deeper than anyone needs */
}

/* The trust root, and the folder of the engine's own that holds both by default. */
static bool in_own_folder(int fd) {
  static const char tail[] = "/helios/local.key";
  char path[PATH_MAX];
  if (below(config(path, "HELIOS_TRUST_ROOT", "trust.d"), fd)) {
    return true;
  }
  size_t n = strlen(config(path, "HELIOS_KEY", "local.key"));
  if (n < sizeof tail || strcmp(path + n - (sizeof tail - 1), tail) != 0) {
    return false;
  }
  path[n - strlen("/local.key")] = 0;
  return below(path, fd);
}

bool hrt_fs_guarded_name(hrt_host_env *env, int folder, const char *name) {
  char path[PATH_MAX];
  struct stat st;
  const char *file;
  if (fstat(folder, &st) != 0 || in_own_folder(folder)) {
    return true;
  }
  for (int n = 0; (file = own_file(path, env, n)) != NULL; n++) {
    if (*file != 0 && name_is(file, &st, name)) {
      return true;
    }
  }
  return false;
}
