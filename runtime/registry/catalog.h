/* catalog.h - the helios_ tables of a connection's main database: read and written here and nowhere
 * else. docs/catalog.md says what they mean. catalog.c reads, catalog_write.c writes.
 *
 * Invariants: every statement names main., so a temporary table can't stand in for the catalog;
 * writes happen only between hrt_catalog_begin and _commit or _rollback, in a savepoint of the
 * caller's transaction; nothing here trusts what it reads beyond its type and size. */
#ifndef HRT_CATALOG_H
#define HRT_CATALOG_H

#include "host/sqlite_api.h"
#include "registry/definition.h"

#define HRT_CATALOG_SCHEMA                                                                         \
  2 /* helios_meta schema_version; a higher one is refused, a lower one is read */
#define HRT_CATALOG_SCHEMA_TEXT "2"
#if defined __x86_64__
#define HRT_TARGET "x86_64-linux"
#elif defined __aarch64__
#define HRT_TARGET "aarch64-linux"
#else
#define HRT_TARGET "unknown"
#endif

typedef struct hrt_catalog hrt_catalog; /* one a connection; holds prepared statements */

/* *internal is above zero while a statement of the catalog itself runs, for the authorizer. Reads
 * nothing. */
int hrt_catalog_new(hrt_catalog **out, sqlite3 *db, int *internal, helios_error *err);
void hrt_catalog_free(hrt_catalog *c); /* takes NULL */
/* Finalises the prepared statements. keep: from now on they are kept after use; not before it was
 * said. */
void hrt_catalog_quiesce(hrt_catalog *c, bool keep);

/* The stamp of the snapshot that the connection reads; 0 if there is no catalog. Errors: E_SQL. */
int hrt_catalog_stamp(int64_t *out, hrt_catalog *c, helios_error *err);
/* The same, and all that is read until the release is of this snapshot, in one read transaction.
 * Nothing is written until then. After an error nothing is held. */
int hrt_catalog_hold(int64_t *out, hrt_catalog *c, helios_error *err);
void hrt_catalog_release(hrt_catalog *c);

/* What SQLite must be told of each procedure, by its current version. Stops and returns what each
 * returns if that is not 0. */
typedef int hrt_catalog_each_fn(void *arg, const hrt_shape *shape);
int hrt_catalog_each(hrt_catalog *c, hrt_catalog_each_fn *each, void *arg, helios_error *err);

/* Reads a version of a procedure (0: the current one) with all it declares. Errors: E_NOT_FOUND,
 * E_BROKEN, E_SQL. */
int hrt_catalog_find(hrt_definition *out, hrt_catalog *c, const char *name, uint32_t version,
                     helios_error *err);
/* Does the name exist? Its id and whether it is deterministic. */
int hrt_catalog_lookup(int64_t *id, bool *deterministic, hrt_catalog *c, const char *name,
                       helios_error *err);

/* The compiled form of a version for this machine. Bytes are borrowed from SQLite until `use`
 * returns; its result is returned. With a NULL use only the hash is read. Errors: E_BROKEN if there
 * is none. */
typedef int hrt_catalog_plugin_fn(void *arg, const void *so, size_t size, helios_error *err);
int hrt_catalog_plugin(uint8_t so_hash[HRT_HASH_BYTES], hrt_catalog *c, const hrt_definition *d,
                       hrt_catalog_plugin_fn *use, void *arg, helios_error *err);

/* A version's module, its hash checked. Bytes are borrowed until `use` returns. Errors: E_BROKEN.
 */
int hrt_catalog_module(hrt_catalog *c, const uint8_t hash[HRT_HASH_BYTES],
                       hrt_catalog_plugin_fn *use, void *arg, helios_error *err);

/* Calls each with every version, of `name` only if that is not NULL. Stops and returns what each
 * returns if that is not 0; no statement runs meanwhile. Errors: E_NOT_FOUND (name). */
typedef int hrt_catalog_version_fn(void *arg, const char *name, uint32_t version,
                                   helios_error *err);
int hrt_catalog_versions(hrt_catalog *c, const char *name, hrt_catalog_version_fn *each, void *arg,
                         helios_error *err);

/* The schema version of the catalog; 0 if there is none. Errors: E_BROKEN (a newer one), E_SQL. */
int hrt_catalog_version(int64_t *out, hrt_catalog *c, helios_error *err);
/* Is it of this schema, but from before the table helios_vouch was added? */
int hrt_catalog_lacks(bool *out, hrt_catalog *c, helios_error *err);

/* Opens the savepoint, makes the tables if there are none, upgrades an older schema, and counts
 * generation and stamp up; from here the write lock is held. Errors: E_SQL (locked, read-only,
 * inside a writing statement ...).
 */
int hrt_catalog_begin(hrt_catalog *c, helios_error *err);
int hrt_catalog_commit(hrt_catalog *c, helios_error *err);
void hrt_catalog_rollback(hrt_catalog *c);
/* What a rollback could not do because the outer statement was interrupted. Before each statement.
 */
void hrt_catalog_undo(hrt_catalog *c);

/* All below: between begin and commit (hrt_catalog_put_plugin also as a statement of its own). */

/* A new procedure; sets d->procedure_id. */
int hrt_catalog_add_procedure(hrt_catalog *c, hrt_definition *d, helios_error *err);
/* A new version (d->version 0: the next number, written back); makes it the current one.
 * Errors: E_EXISTS. */
int hrt_catalog_add_version(hrt_catalog *c, hrt_definition *d, helios_error *err);
/* Errors: E_NOT_FOUND. */
int hrt_catalog_use_version(hrt_catalog *c, int64_t procedure_id, uint32_t version,
                            helios_error *err);
/* Profile, capabilities and options of an existing version. */
int hrt_catalog_update_version(hrt_catalog *c, const hrt_definition *d, helios_error *err);
/* Makes it another version for connections that have it in hand. */
int hrt_catalog_touch(hrt_catalog *c, const hrt_definition *d, helios_error *err);
int hrt_catalog_put_module(hrt_catalog *c, const uint8_t hash[HRT_HASH_BYTES], const void *wasm,
                           size_t size, helios_error *err);
int hrt_catalog_put_plugin(hrt_catalog *c, const hrt_definition *d,
                           const uint8_t so_hash[HRT_HASH_BYTES], const void *so, size_t size,
                           helios_error *err);
/* Removes the procedure, its versions, what it kept, and modules and plugins that nothing else
 * uses. */
int hrt_catalog_drop(hrt_catalog *c, int64_t procedure_id, helios_error *err);

/* ---- extensions ---- */
/* *id is 0 if there is none of this name. */
int hrt_catalog_extension(int64_t *id, hrt_catalog *c, const char *name, helios_error *err);
/* The one whose name is nearest, for a hint; "": none is near, or they could not be read. */
void hrt_catalog_near_extension(char out[HRT_NAME_BYTES], hrt_catalog *c, const char *name);
/* The extension that the procedure belongs to, or "". */
int hrt_catalog_extension_of(char out[HRT_NAME_BYTES], hrt_catalog *c, const char *procedure,
                             helios_error *err);
/* Name number n (from 0) of its procedures; *found says whether there are so many. */
int hrt_catalog_member(char out[HRT_NAME_BYTES], bool *found, hrt_catalog *c, int64_t id,
                       uint32_t n, helios_error *err);
/* Between begin and commit. */
int hrt_catalog_add_extension(int64_t *id, hrt_catalog *c, const char *name, helios_error *err);
int hrt_catalog_add_member(hrt_catalog *c, int64_t procedure_id, int64_t id, helios_error *err);
int hrt_catalog_drop_extension(hrt_catalog *c, int64_t id, helios_error *err);

#endif
