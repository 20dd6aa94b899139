/* cache.c - the build cache. Must never fail a build, and never give bytes without their seal.
 * Layout: <folder>/plugins/<2 hex>/<62 hex>, and sources/ alike. Invariants: see cache.h. */
#include "cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack.h"

#define ENTRY_MAX (UINT64_C(1) << 30)

static const char *const kinds[] = {"plugins", "sources"};

bool hcc_cache_folder(char out[HCC_PATH]) {
  const char *named = getenv("HELIOS_CACHE"), *cache = getenv("XDG_CACHE_HOME");
  const char *home = getenv("HOME");
  if (named != NULL && named[0] != '\0') {
    return hcc_path(out, NULL, "%s", named) == 0;
  }
  if (cache != NULL && cache[0] == '/') {
    return hcc_path(out, NULL, "%s/helios", cache) == 0;
  }
  return home != NULL && home[0] == '/' && hcc_path(out, NULL, "%s/.cache/helios", home) == 0;
}

/* The path of an entry; makes its folder if make. */
static bool entry_path(char out[HCC_PATH], bool source, const char *name, bool make) {
  char folder[HCC_PATH], part[HCC_PATH];
  return hcc_cache_folder(folder) &&
         hcc_path(part, NULL, "%s/%s/%.2s", folder, kinds[source], name) == 0 &&
         (!make || hcc_dir_make(part, 0700, NULL) == 0) &&
         hcc_path(out, NULL, "%s/%s", part, name + 2) == 0;
}

/* Of what stands under this name: a sealed entry in the place of another would be a plugin of
 * another module. The key of each kind and name is its own. */
static bool entry_seal(uint8_t out[HCC_HASH], bool source, const char *name, const void *bytes,
                       size_t size, const uint8_t key[HCC_KEY_BYTES]) {
  char purpose[64 + HCC_HASH_HEX];
  uint8_t own[HCC_HASH];
  unsigned n = 0, m = 0;
  int length = snprintf(purpose, sizeof purpose, "helios cache of %s 2 %s", kinds[source], name);
  bool made = HMAC(EVP_sha256(), key, HCC_KEY_BYTES, (const uint8_t *)purpose, (size_t)length, own,
                   &n) != NULL &&
              HMAC(EVP_sha256(), own, HCC_HASH, bytes, size, out, &m) != NULL;
  explicit_bzero(own, sizeof own);
  return made && n == HCC_HASH && m == HCC_HASH;
}

/* Takes the seal off *size. */
static bool check_seal(size_t *size, bool source, const char *name, const uint8_t *bytes,
                       const uint8_t key[HCC_KEY_BYTES]) {
  uint8_t seal[HCC_HASH];
  if (*size < HCC_HASH) {
    return false;
  }
  *size -= HCC_HASH;
  return entry_seal(seal, source, name, bytes, *size, key) &&
         CRYPTO_memcmp(seal, bytes + *size, HCC_HASH) == 0;
}

/* A pipe would make us wait, and a device never end. */
static bool is_file(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static bool get(uint8_t **bytes, size_t *size, bool source, const char *name,
                const uint8_t key[HCC_KEY_BYTES]) {
  char path[HCC_PATH];
  struct hsb_file_footer footer;
  if (!entry_path(path, source, name, false) || !is_file(path) ||
      hcc_file_read(bytes, size, path, ENTRY_MAX, NULL) != 0) {
    return false;
  }
  if (!check_seal(size, source, name, *bytes, key) ||
      (!source && hcc_unseal(&footer, *bytes, *size, key, NULL) != 0)) {
    unlink(path);
    free(*bytes);
    *bytes = NULL;
    return false;
  }
  utimensat(AT_FDCWD, path, NULL, 0); /* for hcc_cache_trim */
  return true;
}

static void put(bool source, const char *name, const void *bytes, size_t size,
                const uint8_t key[HCC_KEY_BYTES]) {
  char path[HCC_PATH];
  uint8_t seal[HCC_HASH];
  hcc_buf whole;
  hcc_buf_init(&whole, ENTRY_MAX);
  hcc_buf_add(&whole, bytes, size);
  if (entry_seal(seal, source, name, bytes, size, key)) {
    hcc_buf_add(&whole, seal, sizeof seal);
    if (!whole.failed && entry_path(path, source, name, true) &&
        hcc_file_replace(path, whole.data, whole.size, 0600, false, NULL) == 0) {
      hcc_cache_trim(HCC_CACHE_MAX);
    }
  }
  hcc_buf_free(&whole);
}

bool hcc_cache_get(uint8_t **bytes, size_t *size, const char name[HCC_HASH_HEX],
                   const uint8_t key[HCC_KEY_BYTES]) {
  return get(bytes, size, false, name, key);
}

void hcc_cache_put(const char name[HCC_HASH_HEX], const void *bytes, size_t size,
                   const uint8_t key[HCC_KEY_BYTES]) {
  put(false, name, bytes, size, key);
}

bool hcc_cache_get_source(uint8_t **bytes, size_t *size, const char name[HCC_HASH_HEX],
                          const uint8_t key[HCC_KEY_BYTES]) {
  return get(bytes, size, true, name, key);
}

void hcc_cache_put_source(const char name[HCC_HASH_HEX], const void *bytes, size_t size,
                          const uint8_t key[HCC_KEY_BYTES]) {
  put(true, name, bytes, size, key);
}

/* Entries of one folder; false when visit has had enough. */
static bool walk_folder(const char *folder, bool source,
                        bool (*visit)(void *, const hcc_cache_entry *), void *arg) {
  char path[HCC_PATH];
  struct stat info;
  bool more = true;
  DIR *dir = opendir(folder);
  if (dir == NULL) {
    return true;
  }
  for (struct dirent *e; more && (e = readdir(dir)) != NULL;) {
    if (hcc_path(path, NULL, "%s/%s", folder, e->d_name) == 0 && lstat(path, &info) == 0 &&
        S_ISREG(info.st_mode)) {
      hcc_cache_entry entry = {path, (uint64_t)info.st_size, info.st_mtim.tv_sec, source};
      more = visit(arg, &entry);
    }
  }
  closedir(dir);
  return more;
}

void hcc_cache_walk(bool (*visit)(void *arg, const hcc_cache_entry *entry), void *arg) {
  char folder[HCC_PATH], part[HCC_PATH];
  if (!hcc_cache_folder(folder)) {
    return;
  }
  for (unsigned i = 0; i < 512; i++) {
    if (hcc_path(part, NULL, "%s/%s/%02x", folder, kinds[i / 256], i % 256) != 0 ||
        !walk_folder(part, i >= 256, visit, arg)) {
      return;
    }
  }
}

typedef struct listing {
  struct old {
    char *path;
    uint64_t size;
    int64_t used;
  } * entries;
  size_t count, room;
  uint64_t bytes;
} listing;

static bool list_entry(void *arg, const hcc_cache_entry *entry) {
  listing *l = arg;
  if (l->count == l->room) {
    size_t room = l->room == 0 ? 256 : l->room * 2;
    struct old *grown = reallocarray(l->entries, room, sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    l->entries = grown;
    l->room = room;
  }
  char *path = strdup(entry->path);
  if (path == NULL) {
    return false;
  }
  l->entries[l->count++] = (struct old){path, entry->size, entry->used};
  l->bytes += entry->size;
  return true;
}

static int by_use(const void *a, const void *b) {
  const struct old *x = a, *y = b;
  return x->used != y->used ? (x->used < y->used ? -1 : 1) : strcmp(x->path, y->path);
}

void hcc_cache_trim(uint64_t max) {
  listing l = {.entries = NULL};
  hcc_cache_walk(list_entry, &l);
  if (l.count > 0) {
    qsort(l.entries, l.count, sizeof *l.entries, by_use);
  }
  for (size_t i = 0; i < l.count; i++) {
    if (l.bytes > max && unlink(l.entries[i].path) == 0) {
      l.bytes -= l.entries[i].size;
    }
    free(l.entries[i].path);
  }
  free(l.entries);
}
