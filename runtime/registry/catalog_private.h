/* catalog_private.h - shared by the files that read and write the catalog: statements of a
 * connection.
 *
 * Invariant: between hrt_sql_begin and hrt_sql_end no other statement of the catalog begins: it is
 * E_BROKEN. */
#ifndef HRT_CATALOG_PRIVATE_H
#define HRT_CATALOG_PRIVATE_H

#include "registry/catalog.h"

typedef enum hrt_sql {
#define HRT_SQL(NAME, text) HRT_SQL_##NAME,
#include "registry/statements.def"
#undef HRT_SQL
  HRT_SQL_COUNT,
} hrt_sql;

struct hrt_catalog {
  sqlite3 *db;
  int *internal;
  bool keep;      /* statements after use */
  bool outermost; /* our savepoint is the transaction */
  uint32_t depth; /* of begin inside of begin */
  bool writing;   /* between hrt_catalog_begin and _commit or _rollback: statements stay */
  /* Statements between begin and end. One at a time: a catalog of views, triggers or checks that
   * call procedures would make the engine read it while it reads it. */
  uint32_t open, refused;
  bool undo_due; /* a rollback was asked for and is still to be done */
  bool held; /* between hrt_catalog_hold and _release: STAMP stands on its row, if there is one */
  int64_t held_stamp;
  int64_t schema; /* of the catalog, as it was seen last */
  int status;     /* of the last statement that failed */
  sqlite3_stmt *statements[HRT_SQL_COUNT];
};

/* Compiles a statement that must not fail for want of memory later. */
int hrt_sql_ready(hrt_catalog *c, hrt_sql which, helios_error *err);
/* A statement ready to be bound; hrt_sql_end must follow, also after an error. */
int hrt_sql_begin(sqlite3_stmt **out, hrt_catalog *c, hrt_sql which, helios_error *err);
/* 1: a row, 0: done; else negative, and the error and c->status are set. */
int hrt_sql_step(hrt_catalog *c, sqlite3_stmt *s, helios_error *err);
void hrt_sql_end(hrt_catalog *c, hrt_sql which);
/* Runs a statement without results that has up to two integer parameters. */
int hrt_sql_run(hrt_catalog *c, hrt_sql which, int64_t a, int64_t b, helios_error *err);
/* Reads schema_version into c->schema. Errors: E_BROKEN (there is none, or a newer one). */
int hrt_catalog_schema(hrt_catalog *c, helios_error *err);
/* Makes the tables of this schema that are not there. */
int hrt_catalog_create(hrt_catalog *c, helios_error *err);
/* Brings an older schema up to this one; in the savepoint. Errors: E_SQL, E_BROKEN. */
int hrt_catalog_migrate(hrt_catalog *c, helios_error *err);
/* Sets *err from the connection. Returns E_SQL; E_CANCELLED by sqlite3_interrupt, E_MEMORY. */
int hrt_sql_fail(hrt_catalog *c, helios_error *err);

#endif
