/* grants.h - what a definition grants and allows: its profile, capabilities and limits put
 * together.
 *
 * Invariants: without a profile or CAPABILITIES nothing is granted; limits are never off; an
 * unknown profile is an error. */
#ifndef HRT_GRANTS_H
#define HRT_GRANTS_H

#include "capability/capability.h"
#include "registry/definition.h"

/* Of one call. Never 0. */
typedef struct hrt_limits {
  uint64_t fuel;   /* units */
  uint64_t memory; /* bytes */
  uint64_t timeout_ms;
} hrt_limits;

/* Without a profile and WITH. */
#define HRT_DEFAULT_FUEL UINT64_C(10000000000)
#define HRT_DEFAULT_MEMORY (UINT64_C(16) << 20)
#define HRT_DEFAULT_TIMEOUT_MS 10000

/* The grants of d: its profile's and its own. Errors: E_CAPABILITY, E_NOT_FOUND (profile),
 * E_MEMORY. */
int hrt_grants_make(hrt_caps **out, const hrt_definition *d, helios_error *err);
/* The limits of d, none above a field of ceiling that is not 0. Errors: E_NOT_FOUND (profile). */
int hrt_limits_make(hrt_limits *out, const hrt_definition *d, const hrt_limits *ceiling,
                    helios_error *err);
/* Takes the grant that text spells out of d's own list. Errors: E_NOT_FOUND (it is not in the
 * list), E_CAPABILITY. */
int hrt_grants_revoke(hrt_definition *d, const char *text, helios_error *err);
/* Adds a grant to d's own list in its canonical form, once. Errors: E_CAPABILITY, E_LIMIT. */
int hrt_grants_add(hrt_definition *d, const char *text, helios_error *err);

#endif
