/* vouch_test.c - grants that were not given on this machine: each column of a version that is
 * changed behind the engine's back, the word itself forged or moved, and what each change means
 * without grants. */
#include "engine_kit.h"

#include "sqlite/session.h"

/* Stock SQL, on a connection of its own. */
static void tamper(const char *sql) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(ek_path("v.db"), &db), SQLITE_OK);
  char *message = NULL;
  if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
    fail_msg("%s: %s", sql, message);
  }
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int begin(void **state) {
  (void)state;
  helios *h = ek_open("v.db");
  ek_run(h,
         "CREATE PROCEDURE granted() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer'"
         " CAPABILITIES ('log', 'read:orders') WITH (timeout = '1s') AS '%D/one.so';"
         "CREATE PROCEDURE pure() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS '%D/one.so';"
         "CREATE PROCEDURE other() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer'"
         " CAPABILITIES ('log') AS '%D/two.so'; SELECT granted(), pure(), other()",
         "1|1|2");
  ek_close(h);
  return 0;
}

static int end(void **state) {
  (void)state;
  return unlink(ek_path("v.db"));
}

static void must_run(const char *sql, const char *expected) {
  helios *h = ek_open("v.db");
  ek_run(h, sql, expected);
  ek_close(h);
}

static void must_break(const char *sql) {
  helios *h = ek_open("v.db");
  ek_fails(h, sql, HELIOS_E_BROKEN, "its grants were not given on this machine");
  ek_close(h);
}

#define VERSION_OF(name)                                                                           \
  " WHERE procedure_id = (SELECT id FROM helios_procedure WHERE name = '" name "')"

static void each__changed_column_is_noticed(void **state) {
  (void)state;
  static const char *const changes[] = {
      "export = 'mark'",
      "params = '[{\"name\":\"a\",\"type\":\"TEXT\"}]'",
      "returns = '{\"type\":\"INTEGER\"}'",
      "strict = 0",
      "profile = 'elevated'",
      "capabilities = '[\"log\",\"write:*\"]'",
      "capabilities = '[\"log\"]'",
      "capabilities = '[\"read:orders\",\"log\"]'",
      "options = '{\"timeout\":1000000}'",
      "options = '{}'",
      "version = 2",
      "module_hash = (SELECT module_hash FROM helios_version" VERSION_OF("other") ")"};
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    char sql[512];
    snprintf(
        sql, sizeof sql,
        "CREATE TABLE saved AS SELECT * FROM helios_version;"
        "UPDATE helios_version SET %s" VERSION_OF(
            "granted") ";"
                       "UPDATE helios_procedure SET current_version = %d WHERE name = 'granted';"
                       "UPDATE helios_meta SET value = value + 1 WHERE key = 'stamp'",
        changes[i], i == 10 ? 2 : 1);
    tamper(sql);
    must_break(i == 1 ? "SELECT granted('a')" : "SELECT granted()");
    tamper("DELETE FROM helios_version; INSERT INTO helios_version SELECT * FROM saved;"
           "DROP TABLE saved; UPDATE helios_procedure SET current_version = 1");
    must_run("SELECT granted()", "1");
  }
}

static void procedure__belongs_to_it(void **state) {
  (void)state;
  static const char *const changes[] = {"name = 'renamed'", "kind = 'function'",
                                        "deterministic = 1"};
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    char sql[256];
    snprintf(sql, sizeof sql, "UPDATE helios_procedure SET %s WHERE name = 'granted'", changes[i]);
    tamper(sql);
    must_break(i == 0 ? "SELECT renamed()" : "SELECT granted()");
    tamper("UPDATE helios_procedure SET name = 'granted', kind = 'procedure', deterministic = 0 "
           "WHERE name IN ('granted', 'renamed')");
    must_run("SELECT granted()", "1");
  }
}

/* Not even after the change was made and the row had been vouched for with what it had before. */
static void word__forged_moved_or_gone(void **state) {
  (void)state;
  static const char *const changes[] = {
      "DELETE FROM helios_vouch",
      "UPDATE helios_vouch SET mac = zeroblob(32)",
      "UPDATE helios_vouch SET mac = X''",
      "UPDATE helios_vouch SET mac = 'text of thirty-two bytes, is it?'",
      "UPDATE helios_vouch SET mac = zeroblob(1000000)",
      "UPDATE helios_vouch SET mac = 5",
      "UPDATE helios_vouch SET mac = (SELECT mac FROM helios_vouch" VERSION_OF("other") ")"};
  tamper("CREATE TABLE words AS SELECT * FROM helios_vouch");
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    tamper(changes[i]);
    must_break("SELECT granted()");
    tamper("DELETE FROM helios_vouch; INSERT INTO helios_vouch SELECT * FROM words");
  }
  must_run("SELECT granted(), other()", "1|2");
}

static void without_grants__no_word(void **state) {
  (void)state;
  tamper("DELETE FROM helios_vouch");
  must_run("SELECT pure()", "1");
  tamper("UPDATE helios_version SET profile = 'minimal'" VERSION_OF("pure"));
  must_run("SELECT pure()", "1");
  tamper("UPDATE helios_version SET profile = 'standard'" VERSION_OF("pure"));
  must_break("SELECT pure()");
}

static void sql__has_its_callers_rights(void **state) {
  (void)state;
  must_run("CREATE PROCEDURE body() RETURNS BIGINT LANGUAGE sql AS 'SELECT 5'; SELECT body()", "5");
  tamper("DELETE FROM helios_vouch" VERSION_OF("body"));
  helios *h = ek_open("v.db");
  ek_fails(h, "SELECT body()", HELIOS_E_BROKEN, "its statements were not given on this machine");
  ek_run(h, "SELECT helios_adopt('body'); SELECT body()", "1\n5");
  ek_close(h);
}

static void alter__vouches_for_what_was_looked_at_only(void **state) {
  (void)state;
  tamper("UPDATE helios_version SET capabilities = '[\"log\",\"write:*\"]'" VERSION_OF("granted"));
  static const char *const statements[] = {"ALTER PROCEDURE granted GRANT CAPABILITY 'clock'",
                                           "ALTER PROCEDURE granted REVOKE CAPABILITY 'log'",
                                           "ALTER PROCEDURE granted SET timeout = '2s'",
                                           "ALTER PROCEDURE granted SET SECURITY PROFILE 'minimal'",
                                           "ALTER PROCEDURE granted USE VERSION 1",
                                           "ALTER PROCEDURE granted VERSION 2 AS '%D/two.so'",
                                           "ALTER PROCEDURE granted SET SOURCE '%D/two.so'"};
  for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
    must_break(statements[i]);
  }
  must_run("SELECT helios_adopt('GRANTED'); SELECT helios_adopt('granted'); SELECT granted()",
           "1\n0\n1");
  must_run("ALTER PROCEDURE granted REVOKE CAPABILITY 'write:*'; SELECT granted()", "1");
  must_run("SELECT count(*) FROM helios_vouch", "2");
  must_run("ALTER PROCEDURE granted REVOKE CAPABILITY 'log'; SELECT granted()", "1");
  must_run("SELECT count(*) FROM helios_vouch", "1"); /* nothing to vouch for any more */
  must_run("DROP PROCEDURE other; SELECT count(*) FROM helios_vouch", "0");
}

static void adopt__takes_all_back_if_one_fails(void **state) {
  (void)state;
  helios *h;
  tamper(
      "DELETE FROM helios_vouch; UPDATE helios_version SET capabilities = '{'" VERSION_OF("other"));
  h = ek_open("v.db");
  ek_fails(h, "SELECT helios_adopt()", HELIOS_E_BROKEN, "procedure other: ");
  ek_fails(h, "SELECT helios_adopt(NULL)", HELIOS_E_VALUE, "NULL");
  ek_run(h, "SELECT count(*) FROM helios_vouch", "0");
  ek_run(h, "BEGIN; SELECT helios_adopt('granted'); ROLLBACK; SELECT count(*) FROM helios_vouch",
         "1\n0");
  ek_run(h, "SELECT helios_adopt('granted'), granted()", "1|1");
  ek_close(h);
}

/* Connections that have the version in hand follow the word too: it may stand for fewer grants. */
static void adopt__reaches_open_connections(void **state) {
  (void)state;
  helios *h = ek_open("v.db"), *dba;
  ek_run(h, "ALTER PROCEDURE granted SET debug_mode = true; SELECT granted()", "1");
  int64_t before = hrt_entry_find(h, "granted")->version->stamp;
  tamper("UPDATE helios_version SET capabilities = '[\"clock\"]'" VERSION_OF("granted"));
  dba = ek_open("v.db");
  ek_run(dba, "SELECT helios_adopt()", "1");
  ek_close(dba);
  ek_run(h, "SELECT granted()", "1");
  const hrt_version *v = hrt_entry_find(h, "granted")->version;
  assert_int_not_equal(v->stamp, before);
  assert_false(hrt_caps_any(v->caps, HRT_CAP_LOG));
  assert_true(hrt_caps_any(v->caps, HRT_CAP_CLOCK));
  ek_close(h);
}

/* The first grant on a machine makes its key, as the first build does. */
static void key__is_made_by_ddl(void **state) {
  (void)state;
  struct stat st;
  char path[128];
  snprintf(path, sizeof path, "%s/deep", ek_dir);
  setenv("XDG_CONFIG_HOME", path, 1);
  unsetenv("HELIOS_KEY");
  must_break("SELECT granted()");
  helios *h = ek_open("v.db");
  ek_run(h, "SELECT helios_adopt('granted')", "1");
  ek_close(h);
  snprintf(path, sizeof path, "%s/deep/helios/local.key", ek_dir);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_size, 32);
  assert_int_equal(st.st_mode & 0777, 0600);
  unlink(path);
  snprintf(path, sizeof path, "%s/deep/helios", ek_dir);
  rmdir(path);
  snprintf(path, sizeof path, "%s/deep", ek_dir);
  rmdir(path);
  setenv("HELIOS_KEY", ek_path("key"), 1);
}

static void version__wants_more_than_the_old_one(void **state) {
  (void)state;
  ek_plugin("writes.so", "-DANSWER=3 '-DSQL=\"DELETE FROM orders\"'");
  helios *h = ek_open("v.db");
  ek_run(h, "ALTER PROCEDURE granted REVOKE CAPABILITY 'read:orders'", "");
  ek_fails(h, "ALTER PROCEDURE granted VERSION 2 AS '%D/writes.so'", HELIOS_E_CAPABILITY, "needs");
  ek_run(h, "ALTER PROCEDURE granted GRANT CAPABILITY 'write:orders'", "");
  ek_run(h, "ALTER PROCEDURE granted VERSION 2 AS '%D/writes.so'; SELECT granted()", "3");
  ek_close(h);
}

/* ---- another connection that comes between the two reads ---- */

static struct {
  helios *h;
  int left; /* turns */
} between;

static int change_between(unsigned event, void *unused, void *stmt, void *text) {
  (void)event, (void)unused, (void)text;
  if (between.left > 0 && strstr(sqlite3_sql(stmt), "SELECT mac FROM main.helios_vouch") != NULL) {
    between.left--;
    ek_run(between.h,
           between.left % 2 ? "ALTER PROCEDURE granted SET timeout = '3s'"
                            : "ALTER PROCEDURE granted SET timeout = '4s'",
           "");
  }
  return 0;
}

/* named: a table of the schema takes the name by which a connection hears of its end, so that it
 * keeps no statements. */
static void comes_between(bool named, const char *sql, const char *result, const char *refused) {
  helios *h = ek_open("v.db");
  ek_run(h, "PRAGMA journal_mode = WAL", "wal");
  ek_run(h, named ? "CREATE TABLE IF NOT EXISTS helios_connection(a)" : "SELECT 1", NULL);
  ek_close(h);
  between.h = ek_open("v.db");
  between.left = 20;
  h = ek_open("v.db");
  assert_int_equal(sqlite3_trace_v2(helios_db(h), SQLITE_TRACE_STMT, change_between, NULL), 0);
  if (refused) {
    ek_fails(h, sql, HELIOS_E_SQL, refused);
  } else {
    ek_run(h, sql, result);
  }
  assert_true(between.left < 20);
  between.left = 0;
  ek_close(h);
  ek_close(between.h);
}

/* A definition and what vouches for it are of one snapshot. */
static void snapshot__of_a_call(void **state) {
  (void)state;
  for (int named = 0; named < 2; named++) {
    comes_between(named, "SELECT granted()", "1", NULL);
  }
}

static void snapshot__of_a_change(void **state) {
  (void)state;
  for (int named = 0; named < 2; named++) {
    comes_between(named, "ALTER PROCEDURE granted SET timeout = '2s'", NULL,
                  "another connection changed it meanwhile");
  }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(each__changed_column_is_noticed),
      TEST(procedure__belongs_to_it),
      TEST(word__forged_moved_or_gone),
      TEST(without_grants__no_word),
      TEST(sql__has_its_callers_rights),
      TEST(alter__vouches_for_what_was_looked_at_only),
      TEST(adopt__takes_all_back_if_one_fails),
      TEST(adopt__reaches_open_connections),
      TEST(key__is_made_by_ddl),
      TEST(version__wants_more_than_the_old_one),
      TEST(snapshot__of_a_call),
      TEST(snapshot__of_a_change),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
