/* helios.h - WebAssembly procedures for a SQLite connection. Attach to a connection, then its SQL
 * can call procedures, and helios_exec takes CREATE / ALTER / DROP PROCEDURE and CALL beside
 * SQLite's own words.
 *
 *   helios *h;
 *   helios_error err = {0};
 *   if (helios_open(&h, "shop.db", NULL, &err) == HELIOS_OK) {
 *     helios_exec(h, "CREATE PROCEDURE tax(total REAL) RETURNS REAL LANGUAGE wasm AS
 * '/procs/tax.wasm';" "SELECT id, tax(total) FROM orders", print_row, NULL, &err); helios_close(h);
 *   }
 *
 * Every function that can fail returns HELIOS_OK or a helios_code and then has filled *err (which
 * may be NULL; zero it, or the code in it stays). A handle is used by one thread at a time, as its
 * connection is; different connections are independent. Strings are UTF-8. */
#ifndef HELIOS_HELIOS_H
#define HELIOS_HELIOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helios/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;
typedef struct helios helios; /* a connection with procedures */

typedef enum helios_log_level {
  HELIOS_LOG_DEBUG = 0,
  HELIOS_LOG_INFO = 1,
  HELIOS_LOG_WARN = 2,
  HELIOS_LOG_ERROR = 3,
} helios_log_level;

/* A line that a procedure logged; text has no control characters and is valid during the call. */
typedef void helios_log_fn(void *arg, helios_log_level level, const char *procedure,
                           const char *text);

/* Zero means default. Grows at the end; size says how much of it the caller knows. */
typedef struct helios_options {
  uint32_t size;       /* sizeof(helios_options) */
  uint32_t pool;       /* idle instances kept for each version; 0: 10 */
  const char *heliosc; /* program that compiles .wasm; NULL: HELIOS_HELIOSC, beside this library,
                          PATH. Copied. */
  uint64_t max_memory; /* bytes; no procedure's limit is above these three; 0: no such ceiling */
  uint64_t max_fuel;   /* units a call */
  uint64_t max_timeout_ms; /* a call */
  const char *trust_root;  /* folder of NAME.pub: keys whose signature vouches for a plugin; NULL:
                              HELIOS_TRUST_ROOT, else ~/.config/helios/trust.d; "": none. Copied. */
  uint32_t no_rebuild;     /* 1: no call compiles a plugin anew that is not vouched for here */
} helios_options;
#define HELIOS_OPTIONS_INIT                                                                        \
  { sizeof(helios_options), 0, NULL, 0, 0, 0, NULL, 0 }

/* The version of this library, e.g. "0.1.0". */
HELIOS_API const char *helios_version(void);

/* Gives a connection its procedures: registers those of its catalog and the functions helios_ddl,
 * helios_refresh and helios_version, and takes the connection's authorizer (helios_set_authorizer
 * for the application's) and its progress handler, which an application can't have beside it: it
 * has sqlite3_interrupt. The handle lives until helios_detach or until the connection is closed,
 * whichever comes first. Attaching again gives the same handle. options may be NULL. */
HELIOS_API HELIOS_MUST_USE int helios_attach(helios **out, sqlite3 *db,
                                             const helios_options *options, helios_error *err);
/* Takes everything away again. Not while statements run: E_MISUSE, and nothing has changed. */
HELIOS_API int helios_detach(helios *h, helios_error *err);

/* Opens (and creates) a database file and attaches. */
HELIOS_API HELIOS_MUST_USE int helios_open(helios **out, const char *path,
                                           const helios_options *options, helios_error *err);
/* Closes the connection of a handle from helios_open. E_MISUSE while the application's statements
 * are not finalized; then h is still good. Takes NULL. */
HELIOS_API int helios_close(helios *h, helios_error *err);

HELIOS_API sqlite3 *helios_db(helios *h);

/* A row of a statement's result; read it with sqlite3_column_*. Nonzero ends helios_exec with
 * E_CANCELLED. */
typedef int helios_row_fn(void *arg, sqlite3_stmt *row);

/* Runs all statements of sql, ours and SQLite's, in order, up to the first error. row may be NULL.
 */
HELIOS_API int helios_exec(helios *h, const char *sql, helios_row_fn *row, void *arg,
                           helios_error *err);

/* The first statement of sql. SQL and CALL are compiled: *stmt is the caller's to step and
 * finalize. CREATE, ALTER and DROP of procedures are carried out at once, and *stmt is NULL, as for
 * blanks and comments. *tail (may be NULL): what follows the statement. err->offset counts from
 * sql. */
HELIOS_API HELIOS_MUST_USE int helios_prepare(helios *h, sqlite3_stmt **stmt, const char **tail,
                                              const char *sql, helios_error *err);
/* What a failed sqlite3_step of this connection means: the full error of the procedure that failed,
 * or SQLite's own message as E_SQL. Returns err->code. */
HELIOS_API int helios_step_error(helios *h, helios_error *err);

/* Does sql begin with a statement that SQLite does not know and helios_exec does? */
HELIOS_API bool helios_is_ddl(const char *sql);
/* Does sql end with a complete statement? As sqlite3_complete, but it sees $tag$ quoting. */
HELIOS_API bool helios_complete(const char *sql);

/* Makes procedures callable that other connections created meanwhile. helios_exec and
 * helios_prepare do so when they meet an unknown function. */
HELIOS_API int helios_refresh(helios *h, helios_error *err);

/* The application's authorizer, as sqlite3_set_authorizer takes it. Set it here: an authorizer set
 * past this library makes SQL inside procedures fail (closed), since their grants can't be checked.
 * It is asked about the SQL of procedures too, after their grants. */
HELIOS_API void helios_set_authorizer(helios *h,
                                      int (*authorizer)(void *, int, const char *, const char *,
                                                        const char *, const char *),
                                      void *arg);

/* ---- host functions of the application ---- */

typedef struct helios_guest helios_guest; /* the instance that calls; good until fn returns */

/* values: the arguments, an i32 or the bits of an f32 in the low half; the result goes to
 * values[0]. Returns 0, or helios_guest_fail(...): then the procedure's call ends with that error.
 * May run SQL on the connection, as the application: no grant of the procedure judges it. Must
 * return: no longjmp, no exception through it. */
typedef int helios_host_fn(void *arg, helios_guest *guest, uint64_t *values);

/* Lets modules import fn as `module`.`name`, on this connection until its procedures are taken
 * away. signature: "iij:i" takes (i32, i32, i64) and gives an i32; i, j, f, d are i32, i64, f32,
 * f64. capability: what a procedure must be granted to import it, e.g. "custom:hash" (a name of
 * yours) or "network:api.example.com"; NULL: nothing. destroy (may be NULL) gets arg at the end, or
 * now if this fails. Register before the connection calls or creates a procedure that imports it.
 * Errors: E_EXISTS (also for names of the engine's: helios_*, wasi_*, heliosdb_* of env and
 * heliosdb), E_SIGNATURE, E_CAPABILITY, E_MISUSE, E_MEMORY. */
HELIOS_API HELIOS_MUST_USE int helios_host_register(helios *h, const char *module, const char *name,
                                                    const char *signature, const char *capability,
                                                    helios_host_fn *fn, void *arg,
                                                    void (*destroy)(void *arg), helios_error *err);

/* Copies from and to the guest's memory, the only ways to it. False: not within it, nothing is
 * copied. Costs the guest a unit of fuel for each 8 bytes. */
HELIOS_API bool helios_guest_read(helios_guest *guest, void *dst, uint64_t at, uint64_t length);
HELIOS_API bool helios_guest_write(helios_guest *guest, uint64_t at, const void *src,
                                   uint64_t length);
/* Units of fuel for work that the function did; taken when it returns. */
HELIOS_API void helios_guest_charge(helios_guest *guest, uint64_t units);
/* The procedure that calls. */
HELIOS_API const char *helios_guest_procedure(const helios_guest *guest);
/* The call is to fail with this code and text (E_GUEST). Returns what fn is to return. */
HELIOS_API int helios_guest_fail(helios_guest *guest, int code, const char *text);

/* Session variables: texts of this connection by name (words with a dot: "app.tenant"), which SQL
 * reads with helios_session(name), procedures with session_get. value NULL forgets the name. Not
 * undone by ROLLBACK. Errors: E_VALUE, E_LIMIT (256 names, 64 KiB a value), E_MEMORY. */
HELIOS_API HELIOS_MUST_USE int helios_session_set(helios *h, const char *name, const char *value,
                                                  helios_error *err);
/* NULL: there is none. Good until the next change of a session variable. */
HELIOS_API const char *helios_session_get(helios *h, const char *name);

/* Where log lines of procedures go, from this level on. NULL: nowhere. */
HELIOS_API void helios_set_log(helios *h, helios_log_fn *log, void *arg, helios_log_level level);

/* Writes log lines, audit records, traps and counters to the database now. It is done anyway: after
 * statements of helios_exec, once a second at most, and when the connection closes. E_MISUSE inside
 * of a transaction or on a database that can't be written, E_SQL while another connection writes:
 * then all stays in memory for later. */
HELIOS_API int helios_flush(helios *h, helios_error *err);

#ifdef __cplusplus
}
#endif

#endif
