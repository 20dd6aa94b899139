/* extension.c - entry of the loadable extension: `.load helios_sqlite`, sqlite3_load_extension. The
 * shared object stays mapped (its signal handler may not go away).
 *
 * Invariant: on failure *message says why and the connection is as before. */
#ifdef HELIOS_EXTENSION
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include <string.h>

#include "sqlite/session.h"

/* SQLite finds the first by the file's name, the second by default. */
HELIOS_API int sqlite3_heliossqlite_init(sqlite3 *db, char **message,
                                         const sqlite3_api_routines *api);
HELIOS_API int sqlite3_extension_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);

int sqlite3_heliossqlite_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
  helios *h;
  helios_error err = {0};
  SQLITE_EXTENSION_INIT2(api);
  if (helios_attach(&h, db, NULL, &err) != HELIOS_OK) {
    if (message) {
      *message = sqlite3_mprintf("%s", err.text);
    }
    return SQLITE_ERROR;
  }
  return SQLITE_OK_LOAD_PERMANENTLY;
}

int sqlite3_extension_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
  return sqlite3_heliossqlite_init(db, message, api);
}
#else
typedef int hrt_not_an_extension; /* ISO C wants a declaration */
#endif
