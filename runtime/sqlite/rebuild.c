/* rebuild.c - a version's plugin as this machine can run it: the catalog's, if someone trusted
 * vouches for it, else one compiled here from the catalog's module; and the DBA's statements about
 * both: helios_rebuild and helios_adopt.
 *
 * Invariants: what is compiled is the module whose hash the version names; a call never makes a
 * writer of the caller's transaction; what happened is in the audit log. */
#include <stdio.h>
#include <string.h>

#include "ddl/source.h"
#include "plugin/alloc.h"
#include "registry/plugin_cache.h"
#include "registry/vouch.h"
#include "sqlite/names.h"

static void note(helios *h, const hrt_definition *d, const char *event, const char *object,
                 const char *detail) {
  static const char digits[] = "0123456789abcdef";
  char hash[2 * HRT_HASH_BYTES + 1] = "";
  hrt_origin who = {.procedure = d->name, .version = d->version};
  for (int i = 0; i < HRT_HASH_BYTES; i++) {
    hash[2 * i] = digits[d->module_hash[i] >> 4];
    hash[2 * i + 1] = digits[d->module_hash[i] & 15];
  }
  hrt_audit record = {
      .event = event, .module_hash = hash, .object = object, .granted = true, .detail = detail};
  hrt_observe_audit(&h->conn.observer, &who, &record);
}

/* ---- the catalog's plugin ---- */

struct load {
  const char *root;
  hrt_plugin *plugin;
  uint8_t so_hash[HRT_HASH_BYTES];
};

static int load_blob(void *arg, const void *so, size_t size, helios_error *err) {
  struct load *l = arg;
  return hrt_plugin_cache_load(&l->plugin, l->so_hash, so, size, l->root, err);
}

static int check_origin(const hrt_plugin *plugin, const hrt_definition *d, helios_error *err) {
  return memcmp(hrt_plugin_abi(plugin)->module_hash, d->module_hash, HRT_HASH_BYTES) == 0
             ? 0
             : hrt_fail(err, HELIOS_E_BROKEN, "the plugin was not made from this version's module");
}

/* The plugin that the catalog has for d, if it is one to be run here. */
static int find_plugin(hrt_plugin **out, helios *h, const hrt_definition *d, helios_error *err) {
  struct load l = {.root = h->trust_root};
  uint8_t recorded[HRT_HASH_BYTES];
  int status = 0;
  HRT_TRY(hrt_catalog_plugin(recorded, h->catalog, d, NULL, NULL, err));
  l.plugin = hrt_plugin_cache_find(recorded, h->trust_root);
  if (l.plugin == NULL) {
    HRT_TRY(hrt_catalog_plugin(recorded, h->catalog, d, load_blob, &l, err));
    if (memcmp(recorded, l.so_hash, HRT_HASH_BYTES) != 0) {
      status =
          hrt_fail(err, HELIOS_E_BROKEN, "the plugin is not the one that the catalog recorded");
      goto out;
    }
    const hrt_voucher *who = hrt_plugin_voucher(l.plugin);
    if (!who->sealed) {
      note(h, d, "load", who->label, "the signature of this key vouched for the plugin");
    }
  }
  HRT_TRY(check_origin(l.plugin, d, err));
  *out = l.plugin;
  l.plugin = NULL;
out:
  hrt_plugin_cache_release(l.plugin);
  return status;
}

/* Is it the plugin that is no good here, and not the database or the machine? */
static bool is_unusable(int status) {
  return status == HELIOS_E_BROKEN || status == HELIOS_E_UNTRUSTED || status == HELIOS_E_PLUGIN;
}

/* ---- compiling it again ---- */

struct job {
  helios *h;
  const hrt_definition *d;
  hrt_built *out;
};

static int probe(void *arg) {
  return hrt_session_interrupted(arg);
}

static int compile(void *arg, const void *wasm, size_t size, helios_error *err) {
  struct job *j = arg;
  hrt_form form = hrt_definition_form(j->d);
  hrt_compile_options options = {.heliosc = j->h->heliosc,
                                 .tier = form.tier,
                                 .no_fuel = form.no_fuel,
                                 .probe = probe,
                                 .probe_arg = j->h};
  return hrt_compile(&j->out->so, &j->out->size, wasm, size, &options, err);
}

static int build(hrt_plugin **out, hrt_built *built, helios *h, const hrt_definition *d,
                 helios_error *err) {
  struct job j = {.h = h, .d = d, .out = built};
  hrt_plugin *plugin = NULL;
  int status = 0;
  HRT_TRY(hrt_catalog_module(h->catalog, d->module_hash, compile, &j, err));
  HRT_TRY(
      hrt_plugin_cache_load(&plugin, built->so_hash, built->so, built->size, h->trust_root, err));
  HRT_TRY(check_origin(plugin, d, err));
  *out = plugin;
  plugin = NULL;
out:
  hrt_plugin_cache_release(plugin);
  return status;
}

/* Why neither the plugin nor a compiler helps. */
static int broken(const helios_error *reason, const helios_error *failure, helios_error *err) {
  int status = hrt_fail(err, HELIOS_E_BROKEN, "%.250s; building it again: %.200s", reason->text,
                        failure->text);
  hrt_hint(err, "%s", failure->hint[0] ? failure->hint : reason->hint);
  return status;
}

/* As build, and says what is broken if it fails. */
static int rebuild(hrt_plugin **out, hrt_built *built, helios *h, const hrt_definition *d,
                   const helios_error *reason, helios_error *err) {
  helios_error failure = {0};
  hrt_catalog_release(h->catalog); /* it may take a minute */
  int status = build(out, built, h, d, &failure);
  if (status == 0) {
    note(h, d, "rebuild", NULL, reason->text);
  } else if (status == HELIOS_E_CANCELLED || status == HELIOS_E_MEMORY || status == HELIOS_E_SQL) {
    status = hrt_fail(err, status, "%s", failure.text);
  } else {
    status = broken(reason, &failure, err);
  }
  return status;
}

void hrt_built_free(hrt_built *built) {
  hrt_free(built->so);
  *built = (hrt_built){.so = NULL};
}

/* In autocommit mode, as a statement of its own; if it can't be, the next process builds again. */
static void keep(helios *h, const hrt_definition *d, const hrt_built *built) {
  if (sqlite3_get_autocommit(h->db) && sqlite3_db_readonly(h->db, "main") == 0) {
    (void)hrt_catalog_put_plugin(h->catalog, d, built->so_hash, built->so, built->size, NULL);
  }
}

struct body {
  hrt_version **out;
  helios *h;
  const hrt_definition *d;
};

static int take_body(void *arg, const void *text, size_t size, helios_error *err) {
  const struct body *b = arg;
  return hrt_version_make_sql(b->out, b->h, b->d, text, size, err);
}

int hrt_version_obtain(hrt_version **out, helios *h, const hrt_definition *d, hrt_built *built,
                       helios_error *err) {
  hrt_built own = {.so = NULL};
  hrt_built *made = built ? built : &own;
  helios_error reason = {0};
  hrt_plugin *plugin = NULL;
  if (d->sql) {
    struct body body = {out, h, d};
    return hrt_catalog_module(h->catalog, d->module_hash, take_body, &body, err);
  }
  int status = find_plugin(&plugin, h, d, &reason);
  if (status != 0 && (!is_unusable(status) || (h->no_rebuild && built == NULL))) {
    hrt_fail(err, is_unusable(status) ? HELIOS_E_BROKEN : status, "%s", reason.text);
    hrt_hint(err, "%s",
             is_unusable(status) ? "SELECT helios_rebuild() builds it again from its module"
                                 : reason.hint);
    return is_unusable(status) ? HELIOS_E_BROKEN : status;
  }
  if (status != 0) {
    HRT_TRY(rebuild(&plugin, made, h, d, &reason, err));
    if (built == NULL) {
      keep(h, d, made);
    }
  }
  status = hrt_version_make(out, h, d, plugin, err);
out:
  hrt_built_free(&own);
  return status;
}

int hrt_version_load(hrt_version **out, helios *h, const hrt_definition *d, helios_error *err) {
  int status = hrt_vouch_check(h->catalog, d, err);
  return status ? status : hrt_version_obtain(out, h, d, NULL, err);
}

int hrt_version_state(char label[HRT_LABEL_BYTES], helios *h, const char *name, uint32_t version,
                      helios_error *reason) {
  hrt_plugin *plugin = NULL;
  hrt_version *v = NULL;
  int status = 0;
  label[0] = 0;
  hrt_definition *d = hrt_alloc(sizeof *d);
  if (d == NULL) {
    return hrt_fail(reason, HELIOS_E_MEMORY, "out of memory");
  }
  HRT_TRY(hrt_vouch_find(d, h->catalog, name, version, reason));
  if (d->sql) {
    HRT_TRY(hrt_version_obtain(&v, h, d, NULL, reason));
  } else {
    HRT_TRY(find_plugin(&plugin, h, d, reason));
    memcpy(label, hrt_plugin_voucher(plugin)->label, HRT_LABEL_BYTES);
    HRT_TRY(hrt_version_make(&v, h, d, plugin, reason));
  }
out:
  hrt_version_unref(v);
  hrt_free(d);
  return status;
}

/* ---- the DBA's statements ---- */

/* What both do for each version. Between find and write nothing is written. */
struct pass {
  helios *h;
  hrt_definition *d;
  sqlite3_int64 count;
  bool adopt;
};

static int write_built(helios *h, const hrt_definition *d, const hrt_built *built,
                       helios_error *err) {
  int status = 0;
  HRT_TRY(hrt_catalog_begin(h->catalog, err));
  status = hrt_catalog_put_plugin(h->catalog, d, built->so_hash, built->so, built->size, err);
  if (status != 0) {
    hrt_catalog_rollback(h->catalog);
    goto out;
  }
  HRT_TRY(hrt_catalog_commit(h->catalog, err));
out:
  return status;
}

static int rebuild_one(struct pass *p, helios_error *err) {
  helios_error reason = {0};
  hrt_built built = {.so = NULL};
  hrt_plugin *plugin = NULL;
  int status = p->d->sql ? 0 : find_plugin(&plugin, p->h, p->d, &reason);
  if (status != 0) {
    HRT_TRY(is_unusable(status) ? rebuild(&plugin, &built, p->h, p->d, &reason, err)
                                : hrt_fail(err, status, "%s", reason.text));
    HRT_TRY(write_built(p->h, p->d, &built, err));
    p->count++;
  }
out:
  hrt_plugin_cache_release(plugin);
  hrt_built_free(&built);
  return status;
}

static int adopt_one(struct pass *p, helios_error *err) {
  helios_error reason = {0};
  helios *h = p->h;
  int status = hrt_vouch_check(h->catalog, p->d, &reason);
  if (status != HELIOS_E_BROKEN) {
    return status ? hrt_fail(err, status, "%s", reason.text) : 0;
  }
  status = hrt_vouch_write(h->catalog, p->d, err);
  if (status == 0) { /* connections that hold what the row was before must see that it is another */
    status = hrt_catalog_touch(h->catalog, p->d, err);
  }
  if (status == 0) {
    char *grants = hrt_capabilities_json(p->d);
    note(h, p->d, "adopt", p->d->profile[0] ? p->d->profile : NULL, grants);
    hrt_free(grants);
    p->count++;
  }
  return status;
}

static int each_version(void *arg, const char *name, uint32_t version, helios_error *err) {
  struct pass *p = arg;
  int status = hrt_catalog_find(p->d, p->h->catalog, name, version, err);
  if (status == 0) {
    status = p->adopt ? adopt_one(p, err) : rebuild_one(p, err);
  }
  if (status != 0) {
    hrt_error_prefix(err, name);
  }
  return status;
}

static int each_rebuild(helios *h, struct pass *p, const char *name, helios_error *err) {
  return hrt_catalog_versions(h->catalog, name, each_version, p, err);
}

/* Tables and views in the file that stand before the engine's own of the same name: what the DBA
 * saw before the word was given may have been theirs. */
static int refuse_disguise(helios *h, helios_error *err) {
  char shown[HRT_ESCAPED];
  hrt_names modules;
  sqlite3_stmt *s = NULL;
  int rc = SQLITE_OK;
  int status = hrt_names_read(&modules, h, HRT_NAMES_MODULES, err);
  h->internal++;
  if (status == 0) {
    rc = sqlite3_prepare_v2(h->db,
                            "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view') "
                            "AND name LIKE 'helios%'",
                            -1, &s, NULL);
  }
  while (status == 0 && rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(s, 0);
    if (name && hrt_names_has(&modules, name)) {
      status =
          hrt_fail(err, HELIOS_E_BROKEN, "the file has a %s of its own, which hides the engine's",
                   hrt_escape(shown, name, strlen(name)));
      hrt_hint(err, "drop it, look at helios_versions again, then adopt");
    }
    rc = SQLITE_OK;
  }
  if (status == 0 && rc != SQLITE_DONE) {
    status = hrt_db_fail(h->db, err);
  }
  sqlite3_finalize(s);
  h->internal--;
  hrt_names_clear(&modules);
  return status;
}

static int each_adopt(helios *h, struct pass *p, const char *name, helios_error *err) {
  int status = refuse_disguise(h, err);
  if (status != 0 || (status = hrt_catalog_begin(h->catalog, err)) != 0) {
    return status;
  }
  status = hrt_catalog_versions(h->catalog, name, each_version, p, err);
  if (status != 0) {
    hrt_catalog_rollback(h->catalog);
    return status;
  }
  return hrt_catalog_commit(h->catalog, err);
}

static int run_pass(sqlite3_int64 *count, helios *h, const char *name, bool adopt,
                    helios_error *err) {
  struct pass p = {.h = h, .adopt = adopt};
  int status;
  if (h->budget) {
    return hrt_fail(err, HELIOS_E_MISUSE, "a procedure can't change procedures");
  }
  p.d = hrt_alloc(sizeof *p.d);
  if (p.d == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  hrt_session_anchor(h);
  hrt_catalog_undo(h->catalog);
  status = adopt ? each_adopt(h, &p, name, err) : each_rebuild(h, &p, name, err);
  *count = p.count;
  hrt_free(p.d);
  return status;
}

int hrt_rebuild_all(sqlite3_int64 *count, helios *h, const char *name, helios_error *err) {
  return run_pass(count, h, name, false, err);
}

int hrt_adopt_all(sqlite3_int64 *count, helios *h, const char *name, helios_error *err) {
  return run_pass(count, h, name, true, err);
}
