/* steps.h - a life of procedures, as statements that io_test.c disturbs and crash_test.c ends; and
 * the catalog as text, without what differs from run to run. For engine_kit.h's plugins. */
#ifndef STEPS_H
#define STEPS_H

#include "../unit/engine_kit.h"

/* Each leaves another catalog than it found. */
static const char *const steps[] = {
    "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'",
    "CREATE FUNCTION plus(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' "
    "DETERMINISTIC AS '%D/one.so'",
    "BEGIN; CREATE TABLE t(a); CREATE INDEX i ON t(plus(a, 1)); INSERT INTO t VALUES (1), (2);"
    "CREATE VIEW v AS SELECT plus(a, 2) FROM t; COMMIT",
    "CREATE OR REPLACE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('log') AS "
    "'%D/two.so'",
    "ALTER PROCEDURE answer USE VERSION 1",
    "ALTER PROCEDURE answer USE VERSION 2",
    "ALTER PROCEDURE answer GRANT CAPABILITY 'clock', 'read:t'",
    "ALTER PROCEDURE answer VERSION 7 AS '%D/one.so'",
    "ALTER PROCEDURE answer REVOKE CAPABILITY 'clock'",
    "ALTER PROCEDURE answer SET timeout = '2s'",
    "ALTER PROCEDURE answer SET SECURITY PROFILE 'standard'",
    "ALTER PROCEDURE answer CANARY VERSION 2 PERCENT 10 ROLLBACK ON ERROR RATE 5%",
    "ALTER PROCEDURE answer PROMOTE",
    "ALTER PROCEDURE answer ROLLBACK",
    "CREATE PROCEDURE body(n BIGINT) RETURNS BIGINT LANGUAGE sql AS $$ SELECT n + 1 $$",
    "DELETE FROM helios_vouch",
    "SELECT helios_adopt()",
    "BEGIN; CREATE PROCEDURE second() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS "
    "'%D/two.so'; ALTER PROCEDURE second SET fuel_limit = 1000000; DROP PROCEDURE answer; COMMIT",
    "DROP FUNCTION plus CASCADE",
    "BEGIN; DROP PROCEDURE second; DROP PROCEDURE body; COMMIT",
    "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS '%D/two.so'",
    "CREATE EXTENSION pair LANGUAGE wasm AS '%D/one.so'",
    "DROP EXTENSION pair",
};
enum { STEPS = sizeof steps / sizeof *steps };

static const char *const steps_catalog =
    "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'helios%' AND name NOT LIKE 'sqlite%';"
    "SELECT name, kind, deterministic, current_version, previous_version, canary_version, "
    "canary_percent FROM helios_procedure;"
    "SELECT p.name, version, export, params, returns, strict, profile, capabilities, v.options, "
    "hex(module_hash), plugin_options FROM helios_version v JOIN helios_procedure p ON p.id = "
    "procedure_id ORDER BY 1, 2; SELECT count(*), sum(length(wasm)) FROM helios_module;"
    "SELECT hex(module_hash), options, hex(so_hash), length(so) FROM helios_plugin ORDER BY 1, 2;"
    "SELECT p.name, version FROM helios_vouch JOIN helios_procedure p ON p.id = procedure_id "
    "ORDER BY 1, 2";

/* The catalog of a file as stock SQLite sees it, which must also find it whole. */
FX void steps_look(char out[sizeof ek_out], const char *name) {
  sqlite3 *db = NULL;
  out[0] = 0;
  assert_int_equal(sqlite3_open(ek_path(name), &db), SQLITE_OK);
  int rc = sqlite3_exec(db, "PRAGMA quick_check", ek_sql_row, out, NULL);
  if (rc != SQLITE_OK || strcmp(out, "ok|\n") != 0) {
    fail_msg("integrity: %s %s", sqlite3_errmsg(db), out);
  }
  out[0] = 0;
  rc = sqlite3_exec(db, steps_catalog, ek_sql_row, out, NULL);
  if (rc != SQLITE_OK && strstr(sqlite3_errmsg(db), "no such table") == NULL) {
    fail_msg("catalog: %s", sqlite3_errmsg(db));
  }
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Can every version run, is every index that uses one whole, can there be another statement? */
FX void steps_usable(helios *h) {
  ek_run(h, "SELECT helios_rebuild()", "0");
  ek_run(h, "PRAGMA integrity_check", "ok");
  ek_run(h,
         "CREATE PROCEDURE last() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS '%D/one.so';"
         "SELECT last(); DROP PROCEDURE last",
         "1");
}

FX void steps_remove(const char *name) {
  char path[200];
  static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "%s/%s%s", ek_dir, name, suffixes[i]);
    unlink(path);
  }
}

#endif
