/* lookup.c - which version answers a statement: the current one of the statement's snapshot, or the
 * canary for as many statements as its percentage says. docs/versions.md.
 *
 * Invariants: what is chosen was current in the snapshot, or is the canary of it; a canary that
 * can't run, or has failed its trial, answers nothing; nor does one of a function that an index, a
 * CHECK or a generated column uses. */
#include <string.h>

#include "plugin/alloc.h"
#include "registry/rollout.h"
#include "sqlite/declare.h"
#include "sqlite/session.h"

static bool same(const hrt_version *v, const hrt_definition *d) {
  return v && v->procedure_id == d->procedure_id && v->number == d->version && v->stamp == d->stamp;
}

static void set_chooser(hrt_entry *e, hrt_running in) {
  e->h->choices -= e->chosen.in.stmt != NULL;
  e->h->choices += in.stmt != NULL;
  e->chosen.in = in;
}

void hrt_entry_forget(hrt_entry *e) {
  set_chooser(e, (hrt_running){.stmt = NULL});
  hrt_version_unref(e->version);
  hrt_version_unref(e->canary);
  hrt_trial_leave(e->trial);
  e->version = e->canary = NULL;
  e->trial = NULL;
  e->stamp = 0;
}

/* ---- the canary ---- */

/* A virtual table is made of all that is written. */
static bool same_param(const hrt_param *a, const hrt_param *b, bool table) {
  return strcmp(a->type.name, b->type.name) == 0 &&
         (!table || (strcmp(a->name, b->name) == 0 && strcmp(a->fallback, b->fallback) == 0 &&
                     a->type.length == b->type.length && a->type.scale == b->type.scale));
}

static bool same_column(const hrt_column *a, const hrt_column *b) {
  return strcmp(a->name, b->name) == 0 && strcmp(a->type.name, b->type.name) == 0 &&
         a->type.length == b->type.length && a->type.scale == b->type.scale;
}

bool hrt_same_signature(const hrt_definition *a, const hrt_definition *b) {
  bool same = a->param_count == b->param_count && strcmp(a->returns.name, b->returns.name) == 0 &&
              hrt_definition_required(a) == hrt_definition_required(b) &&
              a->column_count == b->column_count;
  for (uint32_t i = 0; same && i < a->param_count; i++) {
    same = same_param(&a->params[i], &b->params[i], a->column_count > 0);
  }
  for (uint32_t i = 0; same && i < a->column_count; i++) {
    same = same_column(&a->columns[i], &b->columns[i]);
  }
  return same;
}

static int join(hrt_entry *e, const hrt_rollout *r, const hrt_definition *d, helios_error *err) {
  const char *file = sqlite3_db_filename(e->h->db, "main");
  hrt_trial *trial;
  uint32_t random;
  sqlite3_randomness(sizeof random, &random);
  hrt_trial_of of = {.file = file ? file : "",
                     .procedure_id = d->procedure_id,
                     .stamp = d->stamp,
                     .version = d->version,
                     .turn = random % 100,
                     .percent = r->percent,
                     .error_rate = r->error_rate};
  int status = hrt_trial_join(&trial, &of, err);
  if (status == 0) {
    hrt_trial_leave(e->trial);
    e->trial = trial;
  }
  return status;
}

/* A canary that could not be loaded: once is enough. */
static bool is_on_trial(const hrt_entry *e, const hrt_definition *d) {
  const hrt_trial_of *of = e->trial && !e->canary ? hrt_trial_of_what(e->trial) : NULL;
  return of && of->stamp == d->stamp && of->version == d->version &&
         of->procedure_id == d->procedure_id;
}

bool hrt_cannot_run(int status) {
  return status != HELIOS_E_MEMORY && status != HELIOS_E_SQL && status != HELIOS_E_IO &&
         status != HELIOS_E_INTERNAL && status != HELIOS_E_CANCELLED;
}

/* Loads the canary of d into e->canary. One that can't run is NULL, and its trial has failed. */
static int load_canary(hrt_entry *e, const hrt_definition *d, bool fits, helios_error *err) {
  helios_error why = {0};
  hrt_version *v = NULL;
  int status = fits ? hrt_version_load(&v, e->h, d, &why)
                    : hrt_fail(&why, HELIOS_E_SIGNATURE, "it has other parameters");
  if (status != 0 && !hrt_cannot_run(status)) {
    return hrt_fail(err, status, "%s", why.text);
  }
  hrt_version_unref(e->canary);
  e->canary = v;
  if (v == NULL) {
    if (hrt_trial_fail(e->trial)) {
      hrt_canary_failed(e->h, e->name, e->trial, &why);
    }
    return 0;
  }
  v->trial = hrt_trial_ref(e->trial);
  v->simple = false; /* its calls are counted */
  return 0;
}

/* current: the definition of e->version. */
static int look_up_canary(hrt_entry *e, const hrt_definition *current, helios_error *err) {
  hrt_rollout r;
  hrt_definition *d = NULL;
  int status = 0;
  HRT_TRY(hrt_rollout_find(&r, e->h->catalog, e->name, err));
  if (r.canary == 0) {
    hrt_version_unref(e->canary);
    hrt_trial_leave(e->trial);
    e->canary = NULL;
    e->trial = NULL;
    goto out;
  }
  d = hrt_alloc(sizeof *d);
  if (d == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    goto out;
  }
  HRT_TRY(hrt_catalog_find(d, e->h->catalog, e->name, r.canary, err));
  if (!same(e->canary, d) && !is_on_trial(e, d)) {
    HRT_TRY(join(e, &r, d, err));
    HRT_TRY(load_canary(e, d, hrt_same_signature(current, d), err));
  }
out:
  hrt_free(d);
  return status;
}

/* May it answer now? An index made since it began would hold values of two versions. */
static bool is_free(hrt_entry *e) {
  hrt_user *users = NULL;
  bool found = e->version->deterministic && (hrt_users_find(&users, e->h, e->name, NULL) != 0 ||
                                             hrt_users_stored(users) != NULL);
  hrt_users_free(users);
  return !found;
}

/* ---- one choice a statement ---- */

/* A pin made in a trigger is gone with the trigger's row, and the next row would choose again. So a
 * choice holds while the statement that fires it is in the same step. */
void hrt_choices_check(helios *h) {
  for (hrt_entry *e = h->entries; e; e = e->next) {
    if (e->chosen.in.stmt && !hrt_running_still(h, &e->chosen.in)) {
      set_chooser(e, (hrt_running){.stmt = NULL});
    }
  }
}

static hrt_version *choose(hrt_entry *e) {
  if (e->canary == NULL) {
    return e->version;
  }
  if (!hrt_running_still(e->h, &e->chosen.in)) {
    set_chooser(e, hrt_running_writer(e->h));
    e->chosen.canary = hrt_trial_next(e->trial) && is_free(e);
  }
  return e->chosen.canary ? e->canary : e->version;
}

/* ---- the catalog of the snapshot ---- */

/* Brings e up to the catalog with this stamp. */
static int look_up(hrt_entry *e, int64_t stamp, helios_error *err) {
  hrt_version *v = NULL;
  int status = 0;
  hrt_definition *d = hrt_alloc(sizeof *d);
  if (d == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  HRT_TRY(hrt_catalog_find(d, e->h->catalog, e->name, 0, err));
  if (!same(e->version, d)) {
    HRT_TRY(hrt_version_load(&v, e->h, d, err));
    hrt_version_unref(e->version);
    e->version = v;
  }
  HRT_TRY(look_up_canary(e, d, err));
  e->stamp = stamp;
out:
  if (status != 0) {
    hrt_entry_forget(e);
  }
  hrt_free(d);
  return status;
}

int hrt_resolve(hrt_version **out, hrt_entry *e, helios_error *err) {
  helios *h = e->h;
  int64_t stamp;
  int status = 0;
  hrt_aside_step();
  HRT_TRY(hrt_catalog_stamp(&stamp, h->catalog, err));
  if (stamp != h->synced) {
    (void)hrt_sync(h, NULL);
  }
  if (stamp == 0 || stamp != e->stamp || e->version == NULL) {
    HRT_TRY(hrt_catalog_hold(&stamp, h->catalog, err));
    status = look_up(e, stamp, err);
    hrt_catalog_release(h->catalog);
    HRT_TRY(status);
  }
  *out = choose(e);
out:
  return status;
}
