/* cache.h - built plugins, and modules of sources, by what they were built from. HELIOS_CACHE, else
 * $XDG_CACHE_HOME/helios, else $HOME/.cache/helios.
 *
 * An entry is a sealed plugin file and a seal of the entry. Its name is the hash of all that went
 * into it, the key included; what is read is used only if it was put under this name here, so an
 * entry that is damaged, planted or another's is a miss, never a plugin. Entries are replaced
 * whole. Invariant: the cache is only ever a help - if it can't be used, builds go on without it.
 */
#ifndef HCC_CACHE_H
#define HCC_CACHE_H

#include "hash.h"
#include "key.h"

#define HCC_CACHE_MAX (UINT64_C(1) << 30) /* bytes; the oldest entries go when it is exceeded */

/* False if there is no place for a cache. */
bool hcc_cache_folder(char out[HCC_PATH]);

/* The entry for a name, unsealed: malloc'ed bytes, or false. A damaged one is removed. */
bool hcc_cache_get(uint8_t **bytes, size_t *size, const char name[HCC_HASH_HEX],
                   const uint8_t key[HCC_KEY_BYTES]);
void hcc_cache_put(const char name[HCC_HASH_HEX], const void *bytes, size_t size,
                   const uint8_t key[HCC_KEY_BYTES]);

typedef struct hcc_cache_entry {
  const char *path;
  uint64_t size;
  int64_t used; /* seconds since 1970 */
  bool source;  /* a module of a source */
} hcc_cache_entry;

/* The same for what source_cache.h keeps: any bytes, sealed by a key of their own that comes from
 * this machine's, so that such an entry is never taken for a plugin. */
bool hcc_cache_get_source(uint8_t **bytes, size_t *size, const char name[HCC_HASH_HEX],
                          const uint8_t key[HCC_KEY_BYTES]);
void hcc_cache_put_source(const char name[HCC_HASH_HEX], const void *bytes, size_t size,
                          const uint8_t key[HCC_KEY_BYTES]);

/* Calls visit for every entry; stops when it returns false. For `heliosc cache`. */
void hcc_cache_walk(bool (*visit)(void *arg, const hcc_cache_entry *entry), void *arg);

/* Removes the least recently used entries until at most max bytes are left. */
void hcc_cache_trim(uint64_t max);

#endif
