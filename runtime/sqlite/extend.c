/* extend.c - CREATE EXTENSION: every procedure that a module's manifest names, by one statement,
 * and DROP EXTENSION.
 *
 * Invariant: all of its procedures are there, or none; the versions are made before anything is
 * written, as for one procedure. */
#include <string.h>

#include "plugin/alloc.h"
#include "registry/plugin_cache.h"
#include "sqlite/apply.h"
#include "sqlite/declare.h"

#define MEMBERS_MAX 64 /* procedures; each takes 300 KiB while it is made */

struct extension {
  uint32_t count;
  hrt_candidate *members[MEMBERS_MAX];
  hrt_ddl *statements[MEMBERS_MAX]; /* as if each were created by itself */
};

static void free_all(struct extension *x) {
  for (uint32_t i = 0; x && i < x->count; i++) {
    if (x->members[i]) {
      x->members[i]->file = (hrt_built){.so = NULL}; /* the extension's */
      x->members[i]->info = NULL;                    /* likewise */
    }
    hrt_candidate_free(x->members[i]);
    hrt_free(x->statements[i]);
  }
  hrt_free(x);
}

/* A member of the extension that c creates. */
static int add_member(struct extension *x, const hrt_candidate *c, const char *name, bool aggregate,
                      helios_error *err) {
  int status = 0;
  uint32_t n = x->count++;
  hrt_candidate *m = x->members[n] = hrt_alloc(sizeof *m);
  hrt_ddl *ddl = x->statements[n] = hrt_memdup(c->ddl, sizeof *ddl);
  if (m == NULL || ddl == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  ddl->action = HRT_DDL_CREATE;
  memcpy(ddl->def.name, name, sizeof ddl->def.name);
  ddl->def.aggregate = aggregate;
  m->h = c->h;
  m->ddl = ddl;
  m->def = ddl->def;
  m->file = c->file;
  m->info = c->info;
  HRT_TRY(hrt_candidate_begin(m, err));
  memcpy(m->def.module_hash, c->def.module_hash, sizeof m->def.module_hash);
  memcpy(m->def.plugin_options, c->def.plugin_options, sizeof m->def.plugin_options);
  m->plugin = hrt_plugin_cache_find(c->file.so_hash, c->h->trust_root);
  if (m->plugin == NULL) {
    HRT_TRY(hrt_fail(err, HELIOS_E_INTERNAL, "the plugin is not mapped any more"));
  }
  HRT_TRY(hrt_candidate_declare(m, err));
out:
  if (status != 0) {
    hrt_error_prefix(err, name);
  }
  return status;
}

static int check_twice(const struct extension *x, const char *name, helios_error *err) {
  char escaped[HRT_ESCAPED];
  for (uint32_t i = 0; i < x->count; i++) {
    if (sqlite3_stricmp(x->members[i]->def.name, name) == 0) {
      return hrt_fail(err, HELIOS_E_EXISTS, "the manifest names %s twice",
                      hrt_escape(escaped, name, strlen(name)));
    }
  }
  return 0;
}

static int add_members(struct extension *x, const hrt_candidate *c, helios_error *err) {
  const cJSON *list = hrt_manifest_procedures(c->info), *procedure;
  int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
  char name[HRT_NAME_BYTES];
  int status = 0;
  if (count == 0 || count > MEMBERS_MAX) {
    return hrt_fail(err, HELIOS_E_PLUGIN, "the module's manifest names %d procedures, not 1 to %d",
                    count, MEMBERS_MAX);
  }
  cJSON_ArrayForEach(procedure, list) {
    HRT_TRY(hrt_manifest_name(name, procedure, err));
    HRT_TRY(check_twice(x, name, err));
    HRT_TRY(add_member(x, c, name, hrt_manifest_is_aggregate(procedure), err));
  }
out:
  return status;
}

static int refuse_extension(const hrt_candidate *c, helios_error *err) {
  int64_t id;
  int status = hrt_catalog_extension(&id, c->h->catalog, c->ddl->def.name, err);
  return status == 0 && id != 0 ? hrt_fail(err, HELIOS_E_EXISTS, "it exists already") : status;
}

static int write_all(struct extension *x, hrt_candidate *c, helios_error *err) {
  int64_t id;
  int status = 0;
  HRT_TRY(refuse_extension(c, err));
  HRT_TRY(hrt_catalog_add_extension(&id, c->h->catalog, c->def.name, err));
  for (uint32_t i = 0; i < x->count; i++) {
    HRT_TRY(hrt_candidate_publish(x->members[i], hrt_write_create, err));
    HRT_TRY(hrt_catalog_add_member(c->h->catalog, x->members[i]->def.procedure_id, id, err));
  }
out:
  return status;
}

/* Everything between the savepoint and its end. */
static int in_savepoint(hrt_candidate *c, struct extension *x,
                        int (*write)(struct extension *, hrt_candidate *, helios_error *),
                        helios_error *err) {
  int status = 0;
  HRT_TRY(hrt_candidate_lock(c, err));
  status = write(x, c, err);
  if (status != 0) {
    hrt_catalog_rollback(c->h->catalog);
    goto out;
  }
  HRT_TRY(hrt_catalog_commit(c->h->catalog, err));
out:
  return status;
}

int hrt_apply_create_extension(hrt_candidate *c, helios_error *err) {
  int status = 0;
  struct extension *x = hrt_alloc(sizeof *x);
  if (x == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  c->def = c->ddl->def;
  if (hrt_definition_off(&c->def, HRT_OPTION_PRECOMPILE)) {
    HRT_TRY(hrt_fail(err, HELIOS_E_SYNTAX, "an extension's module must be read: precompile it"));
  }
  HRT_TRY(refuse_extension(c, err));
  HRT_TRY(hrt_candidate_load(c, err));
  HRT_TRY(add_members(x, c, err));
  HRT_TRY(in_savepoint(c, x, write_all, err));
out:
  free_all(x);
  return status;
}

static int drop_all(struct extension *x, hrt_candidate *c, helios_error *err) {
  char name[HRT_NAME_BYTES];
  bool found, deterministic;
  int64_t id, member;
  int status = 0;
  (void)x;
  HRT_TRY(hrt_catalog_extension(&id, c->h->catalog, c->ddl->def.name, err));
  for (;;) {
    HRT_TRY(hrt_catalog_member(name, &found, c->h->catalog, id, 0, err));
    if (!found) {
      break;
    }
    HRT_TRY(hrt_catalog_lookup(&member, &deterministic, c->h->catalog, name, err));
    HRT_TRY(hrt_candidate_drop(c, name, member, err));
  }
  HRT_TRY(hrt_catalog_drop_extension(c->h->catalog, id, err));
out:
  return status;
}

int hrt_apply_drop_extension(hrt_candidate *c, helios_error *err) {
  int64_t id;
  int status = hrt_catalog_extension(&id, c->h->catalog, c->ddl->def.name, err);
  if (status == 0 && id == 0) {
    const char *name = c->ddl->def.name;
    char escaped[HRT_ESCAPED];
    return c->ddl->if_exists ? 0
                             : hrt_fail(err, HELIOS_E_NOT_FOUND, "no such extension: %s",
                                        hrt_escape(escaped, name, strlen(name)));
  }
  return status ? status : in_savepoint(c, NULL, drop_all, err);
}
