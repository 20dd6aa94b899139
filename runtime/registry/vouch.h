/* vouch.h - this machine's word for the grants of a version: a MAC under the local key over all
 * that its row declares, in helios_vouch. docs/trust.md says what it can and can't do.
 *
 * Invariant: a version with grants, or of SQL, runs only if the word is there and fits the row as
 * it was read.
 */
#ifndef HRT_VOUCH_H
#define HRT_VOUCH_H

#include "registry/catalog.h"

/* Is d, as the catalog has it, vouched for, or in need of no one's word? Errors: E_BROKEN, and
 * E_SQL, E_MEMORY. */
int hrt_vouch_check(hrt_catalog *c, const hrt_definition *d, helios_error *err);
/* hrt_catalog_find and the check of what it found, of one snapshot: another connection may come
 * between two reads. Not while the catalog is held. */
int hrt_vouch_find(hrt_definition *out, hrt_catalog *c, const char *name, uint32_t version,
                   helios_error *err);
/* Writes the word for d, or takes it away if none is needed; makes the local key if there is none.
 * Between hrt_catalog_begin and _commit. Errors: E_UNTRUSTED, E_IO (key), E_SQL, E_MEMORY. */
int hrt_vouch_write(hrt_catalog *c, const hrt_definition *d, helios_error *err);

#endif
