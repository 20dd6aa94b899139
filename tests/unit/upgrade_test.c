/* upgrade_test.c - catalogs of an older schema: who upgrades them, what waits for the DBA's word,
 * and that whatever stops it leaves the file as it was. docs/versions.md. */
#include "versions_kit.h"

static const char schema_1[] =
    "CREATE TABLE helios_meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE helios_procedure(id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    " kind TEXT NOT NULL CHECK (kind IN ('procedure', 'function')),"
    " deterministic INTEGER NOT NULL, current_version INTEGER NOT NULL, created TEXT NOT NULL);"
    "CREATE TABLE helios_module(hash BLOB NOT NULL PRIMARY KEY, wasm BLOB NOT NULL);"
    "CREATE TABLE helios_version("
    " procedure_id INTEGER NOT NULL REFERENCES helios_procedure(id),"
    " version INTEGER NOT NULL CHECK (version > 0), stamp INTEGER NOT NULL,"
    " language TEXT NOT NULL, export TEXT NOT NULL, params TEXT NOT NULL, returns TEXT NOT NULL,"
    " strict INTEGER NOT NULL, profile TEXT NOT NULL, capabilities TEXT NOT NULL,"
    " options TEXT NOT NULL, module_hash BLOB NOT NULL REFERENCES helios_module(hash),"
    " plugin_options TEXT NOT NULL, created TEXT NOT NULL,"
    " PRIMARY KEY (procedure_id, version)) WITHOUT ROWID;"
    "CREATE TABLE helios_plugin(module_hash BLOB NOT NULL REFERENCES helios_module(hash),"
    " target TEXT NOT NULL, options TEXT NOT NULL, so_hash BLOB NOT NULL, so BLOB NOT NULL,"
    " created TEXT NOT NULL, PRIMARY KEY (module_hash, target, options));"
    "INSERT INTO helios_meta SELECT key, iif(key = 'schema_version', 1, value) FROM n.helios_meta;"
    "INSERT INTO helios_procedure SELECT id, name, kind, deterministic, current_version, created"
    " FROM n.helios_procedure;"
    "INSERT INTO helios_module SELECT * FROM n.helios_module;"
    "INSERT INTO helios_version SELECT procedure_id, version, stamp, language, export, params,"
    " returns, strict, profile, capabilities, options, module_hash, plugin_options, created"
    " FROM n.helios_version;"
    "INSERT INTO helios_plugin SELECT module_hash, target, options, so_hash, so, created"
    " FROM n.helios_plugin; DETACH n";

/* A database as the engine before schema 2 left it. */
static void make_old(const char *name) {
  sqlite3 *db;
  char attach[200];
  helios *h = open_two("new.db");
  ek_close(h);
  unlink(ek_path(name));
  assert_int_equal(sqlite3_open(ek_path(name), &db), SQLITE_OK);
  snprintf(attach, sizeof attach, "ATTACH '%s' AS n", ek_path("new.db"));
  assert_int_equal(sqlite3_exec(db, attach, NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, schema_1, NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  unlink(ek_path("new.db"));
}

static unsigned long long digest(const char *name) {
  unsigned long long sum = 14695981039346656037u;
  FILE *f = fopen(ek_path(name), "rb");
  assert_non_null(f);
  for (int c; (c = fgetc(f)) != EOF;) {
    sum = (sum ^ (unsigned)c) * 1099511628211u;
  }
  fclose(f);
  return sum;
}

#define SCHEMA "SELECT value FROM helios_meta WHERE key = 'schema_version'"

static void upgrade__by_the_first_ddl(void **state) {
  (void)state;
  make_old("old.db");
  unsigned long long before = digest("old.db");
  helios *h = ek_open("old.db"), *other = ek_open("old.db");
  ek_run(h, "SELECT mark(4);" SCHEMA, "41\n1"); /* calls just work */
  ek_fails(h, "ALTER FUNCTION mark ROLLBACK", HELIOS_E_NOT_FOUND, "no version");
  ek_fails(h, "ALTER FUNCTION mark USE VERSION 7", HELIOS_E_NOT_FOUND, "no version 7");
  ek_fails(h, "ALTER FUNCTION mark CANARY VERSION 1 PERCENT 3", HELIOS_E_EXISTS, "current");
  assert_true(digest("old.db") == before);
  ek_run(other, "SELECT mark(4)", "41");
  ek_run(
      h,
      "PRAGMA foreign_keys = ON; BEGIN; ALTER FUNCTION mark USE VERSION 2; SELECT mark(4);" SCHEMA
      "; ROLLBACK; SELECT mark(4);" SCHEMA,
      "42\n2\n41\n1");
  ek_run(h, "ALTER FUNCTION mark USE VERSION 2; SELECT mark(4);" SCHEMA ";" ROLLOUT,
         "42\n2\n2|1|NULL|NULL|NULL");
  ek_run(h, "PRAGMA foreign_key_check; PRAGMA integrity_check", "ok");
  ek_run(other, "SELECT mark(4); ALTER FUNCTION mark ROLLBACK; SELECT mark(4)", "42\n41");
  ek_run(h,
         "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE name LIKE "
         "'helios_old%')",
         "NULL");
  ek_close(h);
  ek_close(other);
}

/* Nobody has vouched for grants then: they wait for the DBA's word. */
static void upgrade__grants_are_adopted(void **state) {
  (void)state;
  make_old("old.db");
  helios *h = ek_open("old.db");
  ek_run(h, "UPDATE helios_version SET capabilities = '[\"log\"]' WHERE version = 1", "");
  ek_close(h);
  h = ek_open("old.db");
  ek_fails(h, "SELECT mark(4)", HELIOS_E_BROKEN, "");
  ek_run(h, SCHEMA ";SELECT helios_upgrade()", "1\n2");
  ek_fails(h, "SELECT mark(4)", HELIOS_E_BROKEN, "");
  ek_run(h, "SELECT helios_adopt() IS NULL; SELECT mark(4)", NULL);
  assert_non_null(strstr(ek_out, "41"));
  ek_close(h);
}

static void upgrade__by_helios_upgrade(void **state) {
  (void)state;
  make_old("old.db");
  helios *h = ek_open("old.db");
  ek_run(h, "SELECT helios_upgrade(); SELECT mark(4);" SCHEMA, "2\n41\n2");
  ek_run(h, "SELECT helios_upgrade();" CANARY("100") "SELECT mark(4)", "2\n42");
  ek_close(h);
  h = ek_open(":memory:");
  ek_run(h, "SELECT helios_upgrade(); SELECT count(*) FROM sqlite_schema", "NULL\n0");
  ek_close(h);
}

/* Whatever stops it leaves the file as it was. */
static void upgrade__fails_without_a_trace(void **state) {
  (void)state;
  make_old("old.db");
  helios *h = ek_open("old.db"), *other = ek_open("old.db");
  ek_run(h, "CREATE TABLE helios_old_version(a)", "");
  unsigned long long before = digest("old.db");
  ek_fails(h, "SELECT helios_upgrade()", HELIOS_E_SQL, "helios_old_version");
  ek_fails(h, "ALTER FUNCTION mark USE VERSION 2", HELIOS_E_SQL, "helios_old_version");
  assert_true(digest("old.db") == before);
  ek_run(h, "SELECT mark(4); DROP TABLE helios_old_version", "41");
  before = digest("old.db");
  ek_fails(h, "SELECT helios_upgrade() FROM helios_procedure", HELIOS_E_SQL, "locked");
  assert_true(digest("old.db") == before);
  ek_run(other, "BEGIN IMMEDIATE", "");
  ek_fails(h, "SELECT helios_upgrade()", HELIOS_E_SQL, "locked");
  ek_run(other, "ROLLBACK", "");
  assert_true(digest("old.db") == before);
  ek_run(h, "SELECT helios_upgrade()", "2");
  ek_run(h, "UPDATE helios_meta SET value = 3 WHERE key = 'schema_version'", "");
  ek_fails(h, "SELECT helios_upgrade()", HELIOS_E_BROKEN, "schema version 3");
  ek_close(h);
  ek_close(other);
}

/* Version 2 got helios_vouch and the metrics' rows when it was there already. */
static void upgrade__what_came_later(void **state) {
  (void)state;
  static const char *const ways[] = {"ALTER FUNCTION mark USE VERSION 2", "SELECT helios_upgrade()",
                                     "SELECT helios_adopt()"};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    helios *h = open_two("later.db");
    ek_run(h, "SELECT mark(4); SELECT helios_flush() > 0", NULL);
    ek_close(h);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(ek_path("later.db"), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "DROP TABLE helios_vouch;"
                     "ALTER TABLE helios_metric DROP COLUMN rows;"
                     "UPDATE helios_version SET capabilities = '[\"log\"]' WHERE version = 1",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    h = ek_open("later.db");
    ek_fails(h, "SELECT mark(4)", HELIOS_E_BROKEN, "were not given on this machine");
    ek_run(h, ways[i], NULL);
    ek_run(h, "SELECT count(*) FROM helios_vouch", NULL);
    ek_run(h, "SELECT helios_adopt('mark') >= 0; ALTER FUNCTION mark USE VERSION 1; SELECT mark(4)",
           "1\n41");
    ek_run(h, "SELECT helios_flush() > 0; SELECT sum(calls) >= 2, sum(rows) FROM helios_metrics",
           "1\n1|0");
    ek_close(h);
    assert_int_equal(unlink(ek_path("later.db")), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(upgrade__by_the_first_ddl),
      cmocka_unit_test(upgrade__grants_are_adopted),
      cmocka_unit_test(upgrade__by_helios_upgrade),
      cmocka_unit_test(upgrade__fails_without_a_trace),
      cmocka_unit_test(upgrade__what_came_later),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
