/* grant.h - one grant, and the table of types; shared by caps.c and parse.c only.
 *
 * Invariant: a grant that parsed has a canonical text, and the same text means the same grant. */
#ifndef HRT_GRANT_H
#define HRT_GRANT_H

#include "capability/capability.h"

enum hrt_scope {
  HRT_SCOPE_NONE,
  HRT_SCOPE_TABLE,
  HRT_SCOPE_COLUMN,
  HRT_SCOPE_PATH,
  HRT_SCOPE_DOMAIN,
  HRT_SCOPE_NAME,
};

struct hrt_cap_row {
  const char *short_name, *long_name, *doc;
  enum hrt_scope scope;
};

extern const struct hrt_cap_row hrt_cap_rows[HRT_CAP_COUNT];

struct hrt_grant {
  hrt_cap_type type;
  char *object; /* table, path, domain or name; NULL: any table, or no scope */
  char *column; /* NULL: all; of a domain "private" or NULL */
  char *text;   /* canonical, e.g. "read:orders.total" */
};

#define HRT_GRANT_TEXT_MAX 512 /* bytes of a capability as written */

/* Errors: E_CAPABILITY, E_MEMORY. On error *g holds nothing to clear. */
int hrt_grant_parse(struct hrt_grant *g, const char *text, size_t length, helios_error *err);
void hrt_grant_clear(struct hrt_grant *g);

#endif
