/* capability.h - what a procedure may touch: parsing, formatting, checking of grants. Knows
 * nothing of SQL engines. capability.def has the types with short and long names.
 *
 * Invariant: what is not granted is denied; an unknown capability is an error, never ignored. */
#ifndef HRT_CAPABILITY_H
#define HRT_CAPABILITY_H

#include <stdbool.h>
#include <stddef.h>

#include "plugin/error.h"

typedef enum hrt_cap_type {
#define HRT_CAP(NAME, short_name, long_name, scope, doc) HRT_CAP_##NAME,
#include "capability/capability.def"
#undef HRT_CAP
  HRT_CAP_COUNT,
} hrt_cap_type;

typedef struct hrt_caps hrt_caps; /* a set of grants, immutable once built */

/* Parses 'read:orders', 'write:fraud_alerts', "DATABASE_READ('orders')", 'log' ... and adds it.
 * Errors: E_CAPABILITY (unknown or malformed, with a did-you-mean hint), E_MEMORY. */
int hrt_caps_new(hrt_caps **out, helios_error *err);
void hrt_caps_free(hrt_caps *c); /* takes NULL */
int hrt_caps_add(hrt_caps *c, const char *text, size_t length, helios_error *err);
size_t hrt_caps_count(const hrt_caps *c);
/* Canonical short form of grant n, e.g. "read:orders"; owned by c. */
const char *hrt_caps_text(const hrt_caps *c, size_t n);
/* Its type and its object (table, path, domain, name; NULL: any, or none); owned by c. */
const char *hrt_caps_object(hrt_cap_type *type, const hrt_caps *c, size_t n);

/* How a grant of a table, or of a column (NULL, "": of all), is written between the quotes of a
 * text in SQL: read:"it''s". False: out is too small. */
bool hrt_caps_spell(char *out, size_t size, hrt_cap_type type, const char *table,
                    const char *column);

/* Is `type` granted for this object? table/column may be NULL where the type has no scope. For a
 * domain, column "private" asks for addresses of private networks too.
 * Table names compare case-insensitively (ASCII), as SQLite's do. */
bool hrt_caps_allow(const hrt_caps *c, hrt_cap_type type, const char *object, const char *column);
/* Is there a grant of this type that names this very object (`read:*` names none)? */
bool hrt_caps_named(const hrt_caps *c, hrt_cap_type type, const char *object);
/* Are all grants of need among those of c, or part of wider ones? */
bool hrt_caps_cover(const hrt_caps *c, const hrt_caps *need);
/* Is there any grant of this type, whatever its scope? */
bool hrt_caps_any(const hrt_caps *c, hrt_cap_type type);

#endif
