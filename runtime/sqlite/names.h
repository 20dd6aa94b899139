/* names.h - which names SQLite itself knows, asked of it in a way that no database file can answer:
 * a table called pragma_function_list would stand before SQLite's own.
 *
 * Invariant: a list holds every name that there was when it was read. */
#ifndef HRT_NAMES_H
#define HRT_NAMES_H

#include "sqlite/session.h"

typedef struct hrt_names {
  char **names; /* sorted, whatever the case */
  size_t count;
  bool read;
} hrt_names;

typedef enum hrt_names_of {
  HRT_NAMES_FUNCTIONS,
  HRT_NAMES_MODULES, /* of virtual tables */
  HRT_NAMES_COUNT,
} hrt_names_of;

/* Errors: E_SQL, E_MEMORY. hrt_names_clear it, also after an error. */
int hrt_names_read(hrt_names *out, helios *h, hrt_names_of of, helios_error *err);
/* Is there such a name? */
int hrt_names_find(bool *out, helios *h, hrt_names_of of, const char *name, helios_error *err);
bool hrt_names_has(const hrt_names *names, const char *name);
void hrt_names_clear(hrt_names *names);

#endif
