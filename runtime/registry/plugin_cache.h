/* plugin_cache.h - plugins mapped in this process, shared by all connections, keyed by the SHA-256
 * of the file's bytes.
 *
 * Invariants: a key is computed here from the bytes that were verified and mapped, never taken from
 * a catalog; an entry is in the list exactly while someone uses it, so code that nobody uses is
 * unmapped; who gets a plugin trusts the one who vouched for it, now. root: the trust root, see
 * hrt_trust. */
#ifndef HRT_PLUGIN_CACHE_H
#define HRT_PLUGIN_CACHE_H

#include "plugin/plugin.h"
#include "registry/definition.h"

/* The plugin of this hash if it is mapped, for hrt_plugin_cache_release; else NULL. */
hrt_plugin *hrt_plugin_cache_find(const uint8_t so_hash[HRT_HASH_BYTES], const char *root);
/* Verifies and maps, or finds it mapped; writes its hash. Errors: those of hrt_key_load and
 * hrt_plugin_load. Release what it gives. Thread-safe. */
int hrt_plugin_cache_load(hrt_plugin **out, uint8_t so_hash[HRT_HASH_BYTES], const void *so,
                          size_t size, const char *root, helios_error *err);
void hrt_plugin_cache_release(hrt_plugin *plugin); /* takes NULL */

/* Errors: E_MEMORY, for libcrypto allocates. */
int hrt_sha256(uint8_t out[HRT_HASH_BYTES], const void *bytes, size_t size, helios_error *err);

#endif
