/* upgrade.c - how a catalog of an older schema becomes one of this schema. Version 2 added the
 * canary's columns, extensions, kept values and the kind 'aggregate'; a CHECK can't be altered, so
 * the tables are made anew. Tables that version 2 got later are made where they are missing.
 *
 * Invariant: runs in the savepoint of hrt_catalog_begin only, whose rollback takes all of it back.
 */
#include "registry/catalog.h"
#include "registry/catalog_private.h"

/* Version 1 to 2, before and after the tables of this schema are made. Children go first: DROP
 * TABLE deletes rows where foreign keys are enforced. */
static const char before_2[] =
    "CREATE TABLE main.helios_old_procedure AS SELECT * FROM main.helios_procedure;\n"
    "CREATE TABLE main.helios_old_version AS SELECT * FROM main.helios_version;\n"
    "DROP TABLE main.helios_version;\n"
    "DROP TABLE main.helios_procedure;\n";
static const char after_2[] =
    "INSERT INTO main.helios_procedure(id, name, kind, deterministic, current_version, created)\n"
    "  SELECT id, name, kind, deterministic, current_version, created\n"
    "  FROM main.helios_old_procedure;\n"
    "INSERT INTO main.helios_version(procedure_id, version, stamp, language, export, params,\n"
    "  returns, strict, profile, capabilities, options, module_hash, plugin_options, created)\n"
    "  SELECT procedure_id, version, stamp, language, export, params, returns, strict, profile,\n"
    "  capabilities, options, module_hash, plugin_options, created FROM main.helios_old_version;\n"
    "DROP TABLE main.helios_old_version;\n"
    "DROP TABLE main.helios_old_procedure;\n"
    "UPDATE main.helios_meta SET value = 2 WHERE key = 'schema_version';\n";

static int run(hrt_catalog *c, const char *sql, helios_error *err) {
  (*c->internal)++;
  int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
  int status = rc == SQLITE_OK ? 0 : hrt_sql_fail(c, err);
  (*c->internal)--;
  return status;
}

int hrt_catalog_migrate(hrt_catalog *c, helios_error *err) {
  bool lacks = false;
  int status = hrt_catalog_schema(c, err);
  if (status == 0 && c->schema == HRT_CATALOG_SCHEMA) {
    status = hrt_catalog_lacks(&lacks, c, err);
    return status == 0 && lacks ? hrt_catalog_create(c, err) : status;
  }
  HRT_TRY(status);
  HRT_TRY(run(c, before_2, err));
  HRT_TRY(hrt_catalog_create(c, err));
  HRT_TRY(run(c, after_2, err));
out:
  if (status != 0 && c->schema == 1) {
    hrt_hint(err, "the catalog is of schema 1 and stays so; with no other statement running: "
                  "SELECT helios_upgrade()");
  }
  return status;
}
