/* audit.c - audit records of what a statement changed, or tried to change: who may do what is
 * decided by such statements, so each leaves one, also one that is refused.
 *
 * Invariant: never fails its caller. A record says that the statement was carried out; whether its
 * transaction was committed stands in the catalog. */
#include <stdio.h>
#include <string.h>

#include "sqlite/audit.h"

static const char *const events[] = {
    [HRT_DDL_CREATE] = "create",
    [HRT_DDL_ADD_VERSION] = "add version",
    [HRT_DDL_USE_VERSION] = "use version",
    [HRT_DDL_SET_OPTION] = "set",
    [HRT_DDL_SET_PROFILE] = "set profile",
    [HRT_DDL_GRANT] = "grant",
    [HRT_DDL_REVOKE] = "revoke",
    [HRT_DDL_CANARY] = "canary",
    [HRT_DDL_PROMOTE] = "promote",
    [HRT_DDL_ROLLBACK] = "rollback",
    [HRT_DDL_REBUILD] = "rebuild",
    [HRT_DDL_DROP] = "drop",
    [HRT_DDL_CREATE_EXTENSION] = "create extension",
    [HRT_DDL_DROP_EXTENSION] = "drop extension",
};

enum { LIST_BYTES = 1024 };

/* "read:orders, log"; cut where it gets too long. NULL: none. */
static const char *list(char out[LIST_BYTES], const hrt_definition *d) {
  size_t used = 0;
  for (uint32_t i = 0; i < d->capability_count && used < LIST_BYTES; i++) {
    used += (size_t)snprintf(out + used, LIST_BYTES - used, "%s%s", i > 0 ? ", " : "",
                             d->capabilities[i]);
  }
  return d->capability_count > 0 ? out : NULL;
}

/* What the statement is about, beside the procedure. NULL: nothing. */
static const char *object(const hrt_ddl *ddl) {
  const hrt_definition *d = &ddl->def;
  for (int i = 0; ddl->action == HRT_DDL_SET_OPTION && i < HRT_OPTION_COUNT; i++) {
    if (d->options_given & 1u << i) {
      return hrt_option_name((hrt_option)i);
    }
  }
  return d->profile[0] ? d->profile : NULL;
}

void hrt_audit_ddl(helios *h, const hrt_ddl *ddl, const hrt_definition *made, int status,
                   const helios_error *err) {
  static const uint8_t none[HRT_HASH_BYTES];
  char hash[HRT_HASH_HEX], capabilities[LIST_BYTES];
  hrt_origin who = {.procedure = ddl->def.name, .version = made->version};
  hrt_audit a = {.event = events[ddl->action],
                 .capability = list(capabilities, &ddl->def),
                 .object = object(ddl),
                 .granted = status == 0,
                 .detail = status != 0 ? err->text : NULL};
  if (memcmp(made->module_hash, none, sizeof none) != 0) {
    hrt_hash_hex(hash, made->module_hash);
    a.module_hash = hash;
  }
  h->conn.observer.statement = 0;
  hrt_observe_audit(&h->conn.observer, &who, &a);
}

void hrt_audit_function(helios *h, const char *event, const char *procedure, int64_t count,
                        const helios_error *err) {
  char detail[64];
  hrt_origin who = {.procedure = procedure};
  hrt_audit a = {.event = event, .granted = err->code == HELIOS_OK, .detail = err->text};
  if (a.granted) {
    snprintf(detail, sizeof detail, "%lld versions", (long long)count);
    a.detail = detail;
  }
  h->conn.observer.statement = 0;
  hrt_observe_audit(&h->conn.observer, &who, &a);
}
