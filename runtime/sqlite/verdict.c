/* verdict.c - a canary that failed its trial goes out of the catalog. That needs a transaction
 * which the failed statement can't give: it is handed to the store's deferred writes, and done by
 * the next DDL statement of a connection that knows of it, whichever comes first.
 *
 * Invariants: a canary that somebody has set anew meanwhile is another one, and stays; a failed
 * call waits for nothing here. */
#include <stdio.h>
#include <strings.h>

#include "plugin/alloc.h"
#include "registry/rollout.h"
#include "sqlite/session.h"

struct verdict {
  int64_t procedure_id, stamp;
  uint32_t version;
};

static int take_out(sqlite3 *db, void *arg) {
  const struct verdict *v = arg;
  bool ended;
  return hrt_rollout_end(&ended, db, v->procedure_id, v->version, v->stamp, NULL);
}

static void defer(helios *h, const hrt_trial_of *of) {
  struct verdict *v = hrt_alloc(sizeof *v);
  if (v) { /* else the next DDL statement does it */
    *v = (struct verdict){of->procedure_id, of->stamp, of->version};
    if (!hrt_defer(h->conn.observer.store, (hrt_deferred){take_out, hrt_free, v})) {
      hrt_free(v);
    }
  }
}

void hrt_canary_failed(helios *h, const char *procedure, const hrt_trial *trial,
                       const helios_error *why) {
  char detail[HRT_ESCAPED];
  uint64_t calls, errors;
  const hrt_trial_of *of = hrt_trial_of_what(trial);
  hrt_origin who = {.procedure = procedure, .version = of->version};
  hrt_audit audit = {.event = "rollback", .granted = true, .detail = detail};
  hrt_trial_counts(trial, &calls, &errors);
  if (calls > 0) {
    snprintf(detail, sizeof detail, "the canary failed %llu of %llu calls",
             (unsigned long long)errors, (unsigned long long)calls);
  } else {
    snprintf(detail, sizeof detail, "the canary can't be loaded: %.150s", why ? why->text : "");
  }
  hrt_observe_audit(&h->conn.observer, &who, &audit);
  defer(h, of);
}

int hrt_verdicts_carry_out(helios *h, const char *besides, helios_error *err) {
  int status = 0;
  h->internal++;
  for (const hrt_entry *e = h->entries; e && status == 0; e = e->next) {
    bool ended;
    if (e->trial && hrt_trial_failed(e->trial) && strcasecmp(e->name, besides) != 0) {
      const hrt_trial_of *of = hrt_trial_of_what(e->trial);
      status = hrt_rollout_end(&ended, h->db, of->procedure_id, of->version, of->stamp, err);
    }
  }
  h->internal--;
  return status;
}
