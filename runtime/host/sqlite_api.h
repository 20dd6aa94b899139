/* sqlite_api.h - the only way the engine includes SQLite. libhelios links sqlite3; the loadable
 * extension (-DHELIOS_EXTENSION) calls it only through the table that the host hands over, so that
 * it works inside any program's own copy of SQLite.
 *
 * Invariant: no other file includes <sqlite3.h> or <sqlite3ext.h>. */
#ifndef HRT_SQLITE_API_H
#define HRT_SQLITE_API_H

#ifdef HELIOS_EXTENSION
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#else
#include <sqlite3.h>
#endif

#endif
