/* audit.c - audit records of what a statement changed, or tried to change: who may do what is
 * decided by such statements, so each leaves one, also one that is refused.
 *
 * Invariant: never fails its caller, who has not lost the transaction by it. What stands in the
 * table as done was committed: inside of a transaction a record is a row of the same transaction,
 * and one that is rolled back leaves a record that says so, when we next look. */
#include "sqlite/audit.h"

#include <stdio.h>
#include <string.h>

#include "plugin/alloc.h"
#include "registry/records.h"

/* A record in a transaction that has not ended when it was written. */
struct hrt_pending {
  struct hrt_pending *next;
  hrt_record *record;
  int64_t row;
};

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

static void pending_free(struct hrt_pending *p) {
  hrt_free(p->record);
  hrt_free(p);
}

/* As a row of the running transaction. False: it is not there. */
static bool write_along(helios *h, const hrt_origin *who, const hrt_audit *a) {
  struct hrt_pending *p = hrt_alloc(sizeof *p);
  hrt_record *record = p ? hrt_audit_record(&h->conn.observer, who, a) : NULL;
  int status = HELIOS_E_MEMORY;
  if (record) {
    p->record = record;
    h->internal++;
    status = hrt_records_insert(&p->row, h->db, HRT_RING_AUDIT_LOG, &record, 1, NULL);
    h->internal--;
  }
  if (status != 0) {
    hrt_free(record);
    hrt_free(p);
    return false;
  }
  p->next = h->pending;
  h->pending = p;
  return true;
}

int hrt_audit_settle(helios *h, helios_error *err) {
  bool within = hrt_within(h);
  for (struct hrt_pending **at = &h->pending; *at;) {
    struct hrt_pending *p = *at;
    bool there;
    h->internal++;
    int status = hrt_records_has(&there, h->db, p->record, p->row, NULL);
    h->internal--;
    if (status != 0) {
      at = &p->next;
      continue;
    }
    if (there && hrt_within(h)) {
      break; /* what is older is there, too: a savepoint takes the newest back */
    }
    if (!there) {
      hrt_observe_undone(&h->conn.observer, p->record, "rolled back with its transaction");
    }
    *at = p->next;
    pending_free(p);
  }
  return hrt_lost(h, within, "looking for its audit records", err);
}

void hrt_audit_forget(helios *h) {
  while (h->pending) {
    struct hrt_pending *p = h->pending;
    h->pending = p->next;
    pending_free(p);
  }
}

int hrt_audit_ddl(helios *h, const hrt_ddl *ddl, const hrt_definition *made, int status,
                  helios_error *err) {
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
  bool along = status == 0 && hrt_within(h);
  if (along && write_along(h, &who, &a)) {
    return 0;
  }
  if (along && hrt_lost(h, true, "writing its audit record", err) != 0) {
    status = (int)err->code;
    a.granted = false;
    a.detail = err->text;
  }
  hrt_observe_audit(&h->conn.observer, &who, &a);
  return status;
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
