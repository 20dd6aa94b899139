/* sqlite_error.h - what SQLite says of a connection's last error, as an error of the engine: the
 * only place where a result code of SQLite becomes a helios_code. */
#ifndef HRT_SQLITE_ERROR_H
#define HRT_SQLITE_ERROR_H

#include "host/sqlite_api.h"
#include "plugin/error.h"

/* E_CANCELLED after sqlite3_interrupt, E_MEMORY without memory (db NULL: there was none to open
 * it), else otherwise. */
helios_code hrt_db_code(sqlite3 *db, helios_code otherwise);

/* SQLite's text, and behind it the extended code where that says more: "disk I/O error
 * (SQLITE_IOERR_DELETE_NOENT)". */
#define HRT_DB_TEXT 512
const char *hrt_db_text(char out[HRT_DB_TEXT], sqlite3 *db);

/* SQL that did not compile, from a place on to the end of its line, cut and made fit to show. */
#define HRT_EXCERPT 168
const char *hrt_sql_excerpt(char out[HRT_EXCERPT], const char *sql, size_t length, size_t at);

/* Sets *err (may be NULL) from both, and returns the code. */
int hrt_db_fail_as(sqlite3 *db, helios_code otherwise, helios_error *err);
static inline int hrt_db_fail(sqlite3 *db, helios_error *err) {
  return hrt_db_fail_as(db, HELIOS_E_SQL, err);
}

#endif
