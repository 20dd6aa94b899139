/* plugin_cache.c - see plugin_cache.h. One mutex guards the list; it is held while a plugin is
 * loaded, so that two connections that meet a new version at once map it once. */
#include "registry/plugin_cache.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

#include "plugin/alloc.h"
#include "registry/cpu.h"

typedef struct entry {
  struct entry *next;
  uint8_t so_hash[HRT_HASH_BYTES];
  hrt_plugin *plugin; /* the cache's one reference */
  size_t users;
} entry;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static entry *entries;

int hrt_sha256(uint8_t out[HRT_HASH_BYTES], const void *bytes, size_t size, helios_error *err) {
  return SHA256(bytes, size, out) ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "no memory for a hash");
}

/* A key may have been trusted by another connection, or earlier. */
static bool trusted(const hrt_plugin *plugin, const char *root) {
  const hrt_voucher *who = hrt_plugin_voucher(plugin);
  return who->sealed || hrt_trust_has(root, who->key);
}

/* With the lock held. */
static hrt_plugin *use_locked(const uint8_t so_hash[HRT_HASH_BYTES], const char *root) {
  for (entry *e = entries; e; e = e->next) {
    if (memcmp(e->so_hash, so_hash, HRT_HASH_BYTES) == 0 && trusted(e->plugin, root)) {
      e->users++;
      return e->plugin;
    }
  }
  return NULL;
}

hrt_plugin *hrt_plugin_cache_find(const uint8_t so_hash[HRT_HASH_BYTES], const char *root) {
  pthread_mutex_lock(&lock);
  hrt_plugin *plugin = use_locked(so_hash, root);
  pthread_mutex_unlock(&lock);
  return plugin;
}

/* With the lock held. */
static int load_locked(hrt_plugin **out, const uint8_t so_hash[HRT_HASH_BYTES], const void *so,
                       size_t size, const char *root, helios_error *err) {
  uint8_t key[HRT_KEY_BYTES];
  helios_error no_key = {0};
  hrt_trust trust = {.key = key, .no_key = &no_key, .root = root};
  int status = 0;
  entry *e = hrt_alloc(sizeof *e);
  if (e == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  if (hrt_key_load(key, &no_key) != 0) {
    trust.key = NULL;
  }
  HRT_TRY(hrt_plugin_load_trusted(&e->plugin, so, size, &trust, err));
  HRT_TRY(hrt_cpu_check(e->plugin, err));
  memcpy(e->so_hash, so_hash, HRT_HASH_BYTES);
  e->users = 1;
  e->next = entries;
  entries = e;
  *out = e->plugin;
  e = NULL;
out:
  explicit_bzero(key, sizeof key);
  if (e) {
    hrt_plugin_unref(e->plugin);
  }
  hrt_free(e);
  return status;
}

int hrt_plugin_cache_load(hrt_plugin **out, uint8_t so_hash[HRT_HASH_BYTES], const void *so,
                          size_t size, const char *root, helios_error *err) {
  int status = hrt_sha256(so_hash, so, size, err);
  if (status != 0) {
    return status;
  }
  pthread_mutex_lock(&lock);
  *out = use_locked(so_hash, root);
  if (*out == NULL) {
    status = load_locked(out, so_hash, so, size, root, err);
  }
  pthread_mutex_unlock(&lock);
  return status;
}

void hrt_plugin_cache_release(hrt_plugin *plugin) {
  entry *unused = NULL;
  pthread_mutex_lock(&lock);
  for (entry **at = &entries; plugin && *at; at = &(*at)->next) {
    entry *e = *at;
    if (e->plugin == plugin) {
      if (--e->users == 0) {
        *at = e->next;
        unused = e;
      }
      break;
    }
  }
  pthread_mutex_unlock(&lock);
  if (unused) {
    hrt_plugin_unref(unused->plugin);
    hrt_free(unused);
  }
}
