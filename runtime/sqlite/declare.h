/* declare.h - what CREATE leaves unsaid, taken from the module; and who uses a procedure. For
 * apply.c. */
#ifndef HRT_DECLARE_H
#define HRT_DECLARE_H

#include "plugin/plugin.h"
#include "sqlite/session.h"

/* Completes d: parameters, result, export, NULL rule and determinism from the module's manifest,
 * else the parameters and result of a numeric export from its wasm type. params_given: DDL has said
 * them. Errors: E_SIGNATURE (they can't be told), E_NOT_FOUND (export), E_PLUGIN (manifest). */
int hrt_declare(hrt_definition *d, const hrt_plugin *plugin, bool params_given, helios_error *err);

/* A view, trigger, index or table whose SQL calls the procedure. */
typedef struct hrt_user {
  struct hrt_user *next;
  char *schema, *type, *name;
} hrt_user;

/* All users; hrt_users_free them. Errors: E_SQL, E_MEMORY. */
int hrt_users_find(hrt_user **out, helios *h, const char *procedure, helios_error *err);
void hrt_users_free(hrt_user *users);

#endif
