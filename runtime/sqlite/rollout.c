/* rollout.c - ALTER ... CANARY, PROMOTE and ROLLBACK. docs/versions.md says what they mean.
 *
 * Invariant: a version that becomes the canary or current again has been made and instantiated
 * first, as any new one; what was decided before the savepoint is checked again in it. */
#include "registry/rollout.h"

#include <string.h>

#include "sqlite/apply.h"
#include "sqlite/declare.h"

static int read_rollout(hrt_rollout *out, hrt_candidate *c, helios_error *err) {
  return hrt_rollout_find(out, c->h->catalog, c->ddl->def.name, err);
}

static int changed(helios_error *err) {
  int status = hrt_fail(err, HELIOS_E_SQL, "another connection changed it meanwhile");
  hrt_hint(err, "try again");
  return status;
}

/* ---- CANARY ---- */

static int check_canary(hrt_candidate *c, helios_error *err) {
  const hrt_definition *current = &c->before, *canary = &c->def;
  if (canary->version == current->version) {
    int status = hrt_fail(err, HELIOS_E_EXISTS, "version %u is the current one", canary->version);
    hrt_hint(err, "in one transaction: VERSION %u AS ..., USE VERSION (the old one), CANARY",
             canary->version);
    return status;
  }
  if (!hrt_same_signature(current, canary)) {
    int status = hrt_fail(err, HELIOS_E_SIGNATURE,
                          "versions %u and %u have other parameters or another result",
                          current->version, canary->version);
    hrt_hint(err, "a canary answers the same calls: same number, types and result");
    return status;
  }
  return hrt_dependents_refuse(c->h, current, canary, err);
}

static int write_canary(hrt_candidate *c, helios_error *err) {
  hrt_rollout r;
  int status = 0;
  HRT_TRY(check_canary(c, err));
  HRT_TRY(read_rollout(&r, c, err));
  r.previous = 0; /* else a ROLLBACK that comes after the canary has ended by itself goes too far */
  r.canary = c->def.version;
  r.percent = c->ddl->canary_percent;
  r.error_rate = c->ddl->canary_error_rate;
  HRT_TRY(hrt_rollout_set(c->h->catalog, &r, err));
out:
  return status;
}

int hrt_apply_canary(hrt_candidate *c, helios_error *err) {
  int status = 0;
  HRT_TRY(hrt_candidate_find(c, c->ddl->def.version, err));
  HRT_TRY(hrt_candidate_try(c, err));
  hrt_version_unref(c->version); /* it does not become current */
  c->version = NULL;
  HRT_TRY(hrt_candidate_publish(c, write_canary, err));
out:
  return status;
}

/* ---- PROMOTE, ROLLBACK ---- */

static int write_promote(hrt_candidate *c, helios_error *err) {
  hrt_rollout r;
  int status = 0;
  HRT_TRY(read_rollout(&r, c, err));
  if (r.canary != c->def.version) {
    status = changed(err);
    goto out;
  }
  r = (hrt_rollout){.procedure_id = r.procedure_id, .current = r.canary, .previous = r.current};
  HRT_TRY(hrt_rollout_set(c->h->catalog, &r, err));
out:
  return status;
}

int hrt_apply_promote(hrt_candidate *c, helios_error *err) {
  hrt_rollout r;
  int status = 0;
  HRT_TRY(read_rollout(&r, c, err));
  if (r.canary == 0) {
    status = hrt_fail(err, HELIOS_E_NOT_FOUND, "no canary is running");
    hrt_hint(err, "USE VERSION makes a version current without one");
    goto out;
  }
  const hrt_entry *e = hrt_entry_find(c->h, c->ddl->def.name);
  if (e && e->trial && hrt_trial_failed(e->trial)) {
    status = hrt_fail(err, HELIOS_E_NOT_FOUND, "the canary has failed and runs no more");
    hrt_hint(err, "USE VERSION %u makes it current all the same", r.canary);
    goto out;
  }
  HRT_TRY(hrt_candidate_find(c, r.canary, err));
  HRT_TRY(hrt_candidate_try(c, err));
  HRT_TRY(hrt_candidate_publish(c, write_promote, err));
out:
  return status;
}

static int write_end(hrt_candidate *c, helios_error *err) {
  hrt_rollout r;
  int status = 0;
  HRT_TRY(read_rollout(&r, c, err));
  if (r.canary == 0) {
    status = changed(err);
    goto out;
  }
  r.canary = 0;
  HRT_TRY(hrt_rollout_set(c->h->catalog, &r, err));
out:
  return status;
}

/* Back to the version before; there is no one before that. */
static int write_back(hrt_candidate *c, helios_error *err) {
  hrt_rollout r;
  int status = 0;
  HRT_TRY(read_rollout(&r, c, err));
  if (r.canary || r.previous != c->def.version) {
    status = changed(err);
    goto out;
  }
  r = (hrt_rollout){.procedure_id = r.procedure_id, .current = r.previous};
  HRT_TRY(hrt_rollout_set(c->h->catalog, &r, err));
out:
  return status;
}

int hrt_apply_rollback(hrt_candidate *c, helios_error *err) {
  hrt_rollout r;
  int status = 0;
  HRT_TRY(read_rollout(&r, c, err));
  if (r.canary) {
    HRT_TRY(hrt_candidate_find(c, 0, err));
    HRT_TRY(hrt_candidate_publish(c, write_end, err));
    goto out;
  }
  if (r.previous == 0) {
    status = hrt_fail(err, HELIOS_E_NOT_FOUND, "there is no version to go back to");
    hrt_hint(err, "USE VERSION k goes to any version that helios_version lists");
    goto out;
  }
  HRT_TRY(hrt_candidate_find(c, r.previous, err));
  HRT_TRY(hrt_candidate_try(c, err));
  HRT_TRY(hrt_candidate_publish(c, write_back, err));
out:
  return status;
}
