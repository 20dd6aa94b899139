/* declare.h - what CREATE leaves unsaid, taken from the module; and who uses a procedure. For
 * apply.c. */
#ifndef HRT_DECLARE_H
#define HRT_DECLARE_H

#include "plugin/plugin.h"
#include "registry/json.h"
#include "sqlite/session.h"

/* Completes d: parameters, result or columns, export, NULL rule and determinism from the module's
 * manifest, else the parameters and result of a numeric export from its wasm type. info: of
 * hrt_manifest_read. params_given: DDL has said them. Errors: E_SIGNATURE (they can't be told, or
 * it is an aggregate and d is none), E_NOT_FOUND (export), E_PLUGIN (manifest). */
int hrt_declare(hrt_definition *d, const hrt_plugin *plugin, const cJSON *info, bool params_given,
                helios_error *err);

/* What heliosc noted of the module, with its manifest; NULL: nothing, or no JSON. cJSON_Delete it.
 * After an error the module might be taken for another thing. */
int hrt_manifest_read(cJSON **out, const hrt_plugin *plugin, helios_error *err);
const char *hrt_manifest_text(const cJSON *object, const char *field); /* "": it has none */
const cJSON *hrt_manifest_procedures(const cJSON *info);               /* a list, or NULL; info's */
bool hrt_manifest_is_aggregate(const cJSON *procedure);
int hrt_manifest_name(char out[HRT_NAME_BYTES], const cJSON *procedure, helios_error *err);

/* ---- misfit.c ---- */

/* E_SIGNATURE, with what the module has in the hint, if d can't be meant for the procedure of the
 * manifest whose export it names. A module without a manifest, or with none for it: 0. */
int hrt_misfit_check(const hrt_definition *d, const hrt_plugin *plugin, const cJSON *info,
                     helios_error *err);

/* ---- users.c ---- */

/* A stored generated column whose expression calls the procedure. */
typedef struct hrt_stored {
  struct hrt_stored *next;
  char *column, *expression;
} hrt_stored;

/* A view, trigger, index or table whose SQL calls the procedure. */
typedef struct hrt_user {
  struct hrt_user *next;
  char *schema, *type, *name;
  bool stored; /* values of the procedure are kept there, or rows were let in by them */
  hrt_stored *columns;
} hrt_user;

/* All users; hrt_users_free them. Errors: E_SQL, E_MEMORY. */
int hrt_users_find(hrt_user **out, helios *h, const char *procedure, helios_error *err);
void hrt_users_free(hrt_user *users);
/* The first of the list, from here on, that is `stored`; or NULL. */
const hrt_user *hrt_users_stored(const hrt_user *users);

/* ---- dependents.c ---- */

/* Inside the savepoint, the new version written: what the database has stored by the one before
 * stays right, or E_DEPENDENCY. cascade: indexes are made anew, rows and columns verified. */
int hrt_dependents_check(helios *h, const hrt_definition *before, const hrt_definition *after,
                         bool cascade, helios_error *err);
/* The same for a version that is to answer beside the other: nothing may be stored. */
int hrt_dependents_refuse(helios *h, const hrt_definition *before, const hrt_definition *after,
                          helios_error *err);

#endif
