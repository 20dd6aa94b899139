/* apply.h - a statement on its way into the catalog; shared by apply.c, drop.c, rollout.c
 * and extend.c only.
 *
 * Invariant: between hrt_candidate_find and publish nothing is written. */
#ifndef HRT_APPLY_H
#define HRT_APPLY_H

#include "ddl/ddl.h"
#include "registry/json.h"
#include "sqlite/session.h"

typedef struct hrt_candidate {
  helios *h;
  const hrt_ddl *ddl;
  hrt_definition def;
  hrt_definition before; /* inside publish: what was current; version 0: nothing */
  char *body;            /* LANGUAGE sql: of a new version, or NULL */
  size_t body_length;
  uint8_t *module; /* precompile = false: of a new version, or NULL */
  size_t module_size;
  hrt_built file;     /* the plugin, if it is not the catalog's */
  bool rebuilt;       /* it was built again of the catalog's module */
  hrt_plugin *plugin; /* of the cache, until version has it */
  cJSON *info;        /* what the plugin says of itself, or NULL */
  hrt_version *version;
  sqlite3_stmt *guard; /* until writing begins */
  bool found;          /* def began as the row of this version: */
  uint32_t asked;
  int64_t seen_id, seen_stamp;
  uint32_t seen_version;
} hrt_candidate;

/* Writes it to the catalog, inside the savepoint. */
typedef int hrt_candidate_write(hrt_candidate *c, helios_error *err);

/* Begins with the row of a version (0: the current one) of the procedure that the DDL names. */
int hrt_candidate_find(hrt_candidate *c, uint32_t version, helios_error *err);
/* Makes the version and one instance of it, as a call would. */
int hrt_candidate_try(hrt_candidate *c, helios_error *err);
/* The savepoint: write, look at who depends on it, commit. With c->version it is what this
 * connection calls from now on. */
int hrt_candidate_publish(hrt_candidate *c, hrt_candidate_write *write, helios_error *err);

/* CREATE in steps: c->def is what the statement says; is the name free; the source to a plugin;
 * what the module says, and the version. */
int hrt_candidate_begin(hrt_candidate *c, helios_error *err);
int hrt_candidate_load(hrt_candidate *c, helios_error *err);
int hrt_candidate_declare(hrt_candidate *c, helios_error *err);
hrt_candidate_write hrt_write_create;
/* Opens the savepoint: from here on an interrupt ends this statement only. */
int hrt_candidate_lock(hrt_candidate *c, helios_error *err);
void hrt_candidate_free(hrt_candidate *c); /* takes NULL */

/* ---- drop.c ---- */
int hrt_apply_drop(hrt_candidate *c, helios_error *err);
/* Drops a procedure and, with CASCADE, who uses it. */
int hrt_candidate_drop(hrt_candidate *c, const char *name, int64_t id, helios_error *err);

/* ---- extend.c ---- */
int hrt_apply_create_extension(hrt_candidate *c, helios_error *err);
int hrt_apply_drop_extension(hrt_candidate *c, helios_error *err);

/* ---- rollout.c ---- */
int hrt_apply_canary(hrt_candidate *c, helios_error *err);
int hrt_apply_promote(hrt_candidate *c, helios_error *err);
int hrt_apply_rollback(hrt_candidate *c, helios_error *err);

#endif
