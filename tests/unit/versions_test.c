/* versions_test.c - canaries, PROMOTE, ROLLBACK, what a new version may not do to stored values.
 * docs/versions.md. */
#include "versions_kit.h"

#include <sys/wait.h>

#include "registry/trial.h"

/* Of so many statements, how many the canary answered. */
static int canaries(helios *h, int statements) {
  int n = 0;
  for (int i = 0; i < statements; i++) {
    ek_run(h, "SELECT mark(0), helios_version('mark')", NULL);
    assert_true(strcmp(ek_out, "1|1") == 0 || strcmp(ek_out, "2|2") == 0);
    n += ek_out[0] == '2';
  }
  return n;
}

/* ---- which version is what ---- */

static void rollout__columns(void **state) {
  (void)state;
  helios *h = ek_open("columns.db");
  ek_run(h, CREATE_MARK ROLLOUT, "1|NULL|NULL|NULL|NULL");
  ek_fails(h, "ALTER FUNCTION mark PROMOTE", HELIOS_E_NOT_FOUND, "no canary is running");
  ek_fails(h, "ALTER FUNCTION mark ROLLBACK", HELIOS_E_NOT_FOUND, "no version to go back to");
  ek_run(h, SECOND ROLLOUT, "2|1|NULL|NULL|NULL");
  ek_run(h, "ALTER FUNCTION mark USE VERSION 2;" ROLLOUT, "2|1|NULL|NULL|NULL");
  ek_run(h, "ALTER FUNCTION mark ROLLBACK; SELECT mark(0);" ROLLOUT, "1\n1|NULL|NULL|NULL|NULL");
  ek_fails(h, "ALTER FUNCTION mark ROLLBACK", HELIOS_E_NOT_FOUND, "no version to go back to");
  ek_run(h, "ALTER FUNCTION mark USE VERSION 2; ALTER FUNCTION mark USE VERSION 1;" ROLLOUT,
         "1|2|NULL|NULL|NULL");
  ek_run(h, CANARY("10 ROLLBACK ON ERROR RATE 2.5%") ROLLOUT, "1|NULL|2|10|2.5");
  ek_run(h, "ALTER FUNCTION mark SET timeout = '1s';" ROLLOUT, "1|NULL|2|10|2.5");
  ek_run(h, CANARY("20") ROLLOUT, "1|NULL|2|20|NULL");
  ek_run(h, "ALTER FUNCTION mark ROLLBACK;" ROLLOUT, "1|NULL|NULL|NULL|NULL");
  ek_fails(h, "ALTER FUNCTION mark ROLLBACK", HELIOS_E_NOT_FOUND, "no version to go back to");
  ek_run(h, CANARY("20") "ALTER FUNCTION mark PROMOTE; SELECT mark(0);" ROLLOUT,
         "2\n2|1|NULL|NULL|NULL");
  /* Whatever makes a version current ends a canary. */
  ek_run(
      h,
      "ALTER FUNCTION mark CANARY VERSION 1 PERCENT 5; ALTER FUNCTION mark USE VERSION 2;" ROLLOUT,
      "2|NULL|NULL|NULL|NULL");
  ek_run(h,
         "ALTER FUNCTION mark CANARY VERSION 1 PERCENT 5; ALTER FUNCTION mark SET SOURCE "
         "'%D/one.so';" ROLLOUT,
         "3|2|NULL|NULL|NULL");
  ek_run(h,
         "ALTER FUNCTION mark CANARY VERSION 2 PERCENT 100; SELECT mark(0); CREATE OR REPLACE "
         "FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS '%D/one.so';"
         "SELECT mark(0);" ROLLOUT,
         "2\n1\n4|3|NULL|NULL|NULL");
  ek_run(h, "ALTER FUNCTION mark CANARY VERSION 2 PERCENT 100; DROP FUNCTION mark;" ROLLOUT, "");
  ek_fails(h, "SELECT mark(0)", HELIOS_E_NOT_FOUND, "no such procedure");
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
  assert_int_equal(hrt_plugin_count(), 0);
}

static void canary__refused(void **state) {
  (void)state;
  helios *h = open_two("refused.db");
  ek_fails(h, "ALTER FUNCTION mark CANARY VERSION 1 PERCENT 10", HELIOS_E_EXISTS,
           "version 1 is the current one");
  ek_fails(h, "ALTER FUNCTION mark CANARY VERSION 9 PERCENT 10", HELIOS_E_NOT_FOUND,
           "no version 9");
  ek_fails(h, "ALTER FUNCTION nothing CANARY VERSION 2 PERCENT 10", HELIOS_E_NOT_FOUND,
           "no such procedure");
  ek_run(h,
         "CREATE OR REPLACE FUNCTION mark(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm "
         "DETERMINISTIC EXPORT 'add' AS '%D/one.so'; ALTER FUNCTION mark USE VERSION 1",
         "");
  ek_fails(h, "ALTER FUNCTION mark CANARY VERSION 3 PERCENT 10", HELIOS_E_SIGNATURE,
           "other parameters");
  ek_run(h, "SELECT mark(0);" ROLLOUT, "1\n1|3|NULL|NULL|NULL");
  ek_close(h);
}

/* ---- which statements get it ---- */

static void canary__exact_share_of_statements(void **state) {
  (void)state;
  helios *h = open_two("share.db");
  static const int shares[] = {1, 10, 33, 50, 99, 100};
  for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
    char sql[100];
    snprintf(sql, sizeof sql, "ALTER FUNCTION mark CANARY VERSION 2 PERCENT %d", shares[i]);
    ek_run(h, sql, "");
    assert_int_equal(canaries(h, 100), shares[i]);
    assert_int_equal(canaries(h, 100), shares[i]);
  }
  ek_run(h, CANARY("50"), "");
  assert_int_equal(canaries(h, 10), 5); /* evenly spread */
  ek_close(h);
}

/* Versions of LANGUAGE sql have canaries too. */
static void canary__of_sql(void **state) {
  (void)state;
  int ones = 0;
  helios *h = ek_open("body.db");
  ek_run(h,
         "CREATE FUNCTION said() RETURNS BIGINT LANGUAGE sql AS 'SELECT 1';"
         "CREATE OR REPLACE FUNCTION said() RETURNS BIGINT LANGUAGE sql AS 'SELECT 2';"
         "ALTER FUNCTION said USE VERSION 1; ALTER FUNCTION said CANARY VERSION 2 PERCENT 30",
         "");
  for (int i = 0; i < 100; i++) {
    ek_run(h, "SELECT said() = helios_version('said'), said()", NULL);
    assert_memory_equal(ek_out, "1|", 2);
    ones += ek_out[2] == '1';
  }
  assert_int_equal(ones, 70);
  ek_close(h);
}

/* The choice holds for all rows, places and triggers of a statement; a prepared one chooses each
 * time it runs. */
static void canary__statement_never_mixes(void **state) {
  (void)state;
  sqlite3_stmt *s = NULL;
  int seen[3] = {0};
  helios *h = open_two("mix.db");
  ek_run(h,
         "CREATE TABLE t(a); CREATE TABLE log(m);"
         "CREATE TRIGGER tr AFTER UPDATE ON t BEGIN INSERT INTO log VALUES (mark(new.a)); END;"
         "INSERT INTO t VALUES (0), (0), (0);" CANARY("50"),
         "");
  assert_int_equal(sqlite3_prepare_v2(helios_db(h),
                                      "SELECT mark(a), mark(+a), helios_version('mark') FROM t", -1,
                                      &s, NULL),
                   SQLITE_OK);
  for (int i = 0; i < 20; i++) {
    int version = 0;
    for (int row = 0; row < 3; row++) {
      assert_int_equal(sqlite3_step(s), SQLITE_ROW);
      version = version ? version : sqlite3_column_int(s, 0);
      for (int c = 0; c < 3; c++) {
        assert_int_equal(sqlite3_column_int(s, c), version);
      }
    }
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
    sqlite3_reset(s);
    seen[version]++;
  }
  assert_int_equal(seen[1], 10);
  assert_int_equal(seen[2], 10);
  sqlite3_finalize(s);
  ek_close(h);
}

/* Triggers choose with their statement, also where it does not call the function itself; a
 * statement that is run again, or whose place in memory is used again, chooses again. */
static void canary__triggers_follow_their_statement(void **state) {
  (void)state;
  static const char *const updates[] = {"UPDATE t SET a = a * mark(a)", "UPDATE t SET a = 0"};
  sqlite3_stmt *s = NULL;
  helios *h = open_two("triggers.db");
  ek_run(h,
         "CREATE TABLE t(a); CREATE TABLE log(run, m); CREATE TABLE run(n); INSERT INTO run VALUES "
         "(0);"
         "CREATE TRIGGER tr AFTER UPDATE ON t BEGIN"
         " INSERT INTO log SELECT n, mark(new.a) FROM run; END;"
         "INSERT INTO t VALUES (0), (0), (0);" CANARY("50"),
         "");
  for (size_t u = 0; u < 2; u++) {
    for (int i = 0; i < 20; i++) {
      ek_run(h, updates[u], "");
      ek_run(h, "UPDATE run SET n = n + 1", "");
    }
    assert_int_equal(sqlite3_prepare_v2(helios_db(h), updates[u], -1, &s, NULL), SQLITE_OK);
    for (int i = 0; i < 20; i++) {
      assert_int_equal(sqlite3_step(s), SQLITE_DONE);
      sqlite3_reset(s);
      ek_run(h, "UPDATE run SET n = n + 1", "");
    }
    sqlite3_finalize(s);
  }
  ek_run(h,
         "SELECT count(*), sum(m = 1), sum(m = 2) FROM (SELECT m FROM log GROUP BY run HAVING"
         " count(DISTINCT m) = 1 AND count(*) = 3)",
         "80|40|40");
  ek_close(h);
}

static void canary__in_a_transaction(void **state) {
  (void)state;
  helios *a = open_two("tx.db"), *b = ek_open("tx.db");
  ek_run(a, "BEGIN;" CANARY("100") "SELECT mark(0)", "2");
  ek_run(b, "SELECT mark(0)", "1");
  ek_run(a, "ROLLBACK; SELECT mark(0)", "1");
  ek_run(a, CANARY("100") "SELECT mark(0)", "2");
  ek_run(b, "SELECT mark(0); ALTER FUNCTION mark PROMOTE", "2");
  ek_run(a, "SELECT mark(0);" ROLLOUT, "2\n2|1|NULL|NULL|NULL");
  ek_run(b, "ALTER FUNCTION mark ROLLBACK; SELECT mark(0)", "1");
  ek_run(a, "SELECT mark(0)", "1");
  ek_close(a);
  ek_close(b);
}

/* Another process: what it commits, this one's next statement has. */
static void swap__of_another_process(void **state) {
  (void)state;
  static const char *const steps[][2] = {{"ALTER FUNCTION mark USE VERSION 2", "2"},
                                         {"ALTER FUNCTION mark USE VERSION 1", "1"},
                                         {CANARY("100"), "2"},
                                         {"ALTER FUNCTION mark ROLLBACK", "1"},
                                         {CANARY("100") "ALTER FUNCTION mark PROMOTE", "2"},
                                         {"ALTER FUNCTION mark ROLLBACK", "1"}};
  ek_close(open_two("process.db"));
  int go[2], done[2], status;
  char byte = 0;
  assert_int_equal(pipe(go) | pipe(done), 0);
  pid_t child = fork(); /* before anyone has the file open */
  assert_true(child >= 0);
  if (child == 0) {
    helios *h = ek_open("process.db");
    helios_error err;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
      bool ok = read(go[0], &byte, 1) == 1 && ek_try(h, &err, steps[i][0]) == 0;
      if (!ok || write(done[1], &byte, 1) != 1) {
        _exit(1);
      }
    }
    _exit(0);
  }
  helios *h = ek_open("process.db");
  ek_run(h, "SELECT mark(0)", "1");
  close(done[1]);
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    assert_int_equal(write(go[1], &byte, 1), 1);
    assert_int_equal(read(done[0], &byte, 1), 1); /* the child's end, if it has failed */
    ek_run(h, "SELECT mark(0)", steps[i][1]);
  }
  ek_close(h);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  close(go[0]), close(go[1]), close(done[0]);
}

/* ---- automatic rollback ---- */

/* A version 2 whose `mark` traps: it is the export `trap` behind the same signature. */
static helios *open_trapping(const char *name, const char *how) {
  char sql[200];
  helios *h = ek_open(name);
  ek_run(h,
         "CREATE FUNCTION f() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS '%D/one.so';"
         "CREATE OR REPLACE FUNCTION f() RETURNS BIGINT LANGUAGE wasm EXPORT 'trap' AS '%D/one.so';"
         "ALTER FUNCTION f USE VERSION 1",
         "");
  snprintf(sql, sizeof sql, "ALTER FUNCTION f CANARY VERSION 2 PERCENT %s", how);
  ek_run(h, sql, "");
  return h;
}

/* Errors in so many statements. */
static int failures(helios *h, int statements) {
  helios_error err;
  int n = 0;
  for (int i = 0; i < statements; i++) {
    int status = ek_try(h, &err, "SELECT f()");
    assert_true(status == 0 || status == HELIOS_E_TRAP);
    n += status != 0;
  }
  return n;
}

static void trial__ends_the_canary(void **state) {
  (void)state;
  static const struct {
    const char *how;
    int statements, errors;
  } cases[] = {
      {"100", 40, 40},
      {"100 ROLLBACK ON ERROR RATE 0.001%", 40, 1},
      {"100 ROLLBACK ON ERROR RATE 1%", 40, 1},
      {"100 ROLLBACK ON ERROR RATE 10%", 40, 3},
      {"50 ROLLBACK ON ERROR RATE 50%", 100, 11},
      {"100 ROLLBACK ON ERROR RATE 100%", 40, 40},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    helios *h = open_trapping("trial.db", cases[i].how);
    assert_int_equal(failures(h, cases[i].statements), cases[i].errors);
    ek_close(h);
    assert_int_equal(hrt_alloc_live(), 0);
    unlink(ek_path("trial.db"));
  }
}

/* What one connection counted holds for the others of the process; a new CANARY begins anew. */
static void trial__shared_by_connections(void **state) {
  (void)state;
  helios *a = open_trapping("shared.db", "100 ROLLBACK ON ERROR RATE 10%");
  helios *b = ek_open("shared.db");
  assert_int_equal(failures(a, 2), 2);
  assert_int_equal(failures(b, 5), 1);
  assert_int_equal(failures(a, 5), 0);
  ek_run(a, "ALTER FUNCTION f CANARY VERSION 2 PERCENT 100 ROLLBACK ON ERROR RATE 5%", "");
  assert_int_equal(failures(b, 5), 2);
  ek_close(a);
  ek_close(b);
}

/* The catalog follows: here with the next DDL statement, since only this connection has the
 * database; unless the canary was set anew. */
static void trial__ended_by_ddl(void **state) {
  (void)state;
  helios *h = open_trapping(":memory:", "100 ROLLBACK ON ERROR RATE 10%");
  assert_int_equal(failures(h, 5), 3);
  ek_run(h, ROLLOUT, "1|NULL|2|100|10.0");
  ek_run(h, "CREATE PROCEDURE other() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS '%D/one.so'",
         "");
  ek_run(h, ROLLOUT " WHERE name = 'f'", "1|NULL|NULL|NULL|NULL");
  ek_run(h, "ALTER FUNCTION f CANARY VERSION 2 PERCENT 100 ROLLBACK ON ERROR RATE 10%", "");
  assert_int_equal(failures(h, 5), 3);
  ek_run(h, "ALTER FUNCTION f CANARY VERSION 2 PERCENT 100 ROLLBACK ON ERROR RATE 5%", "");
  ek_run(h, "ALTER PROCEDURE other SET timeout = '1s';" ROLLOUT " WHERE name = 'f'",
         "1|NULL|2|100|5.0");
  assert_int_equal(failures(h, 5), 2);
  ek_fails(h, "ALTER FUNCTION f PROMOTE", HELIOS_E_NOT_FOUND, "the canary has failed");
  ek_run(h, "ALTER FUNCTION f ROLLBACK; SELECT f();" ROLLOUT " WHERE name = 'f'",
         "1\n1|NULL|NULL|NULL|NULL");
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* In a file the engine's own connection does it, and other connections follow; one that sets the
 * canary anew before that keeps it. */
static void trial__ended_by_the_next_flush(void **state) {
  (void)state;
  helios *h = open_trapping("flush.db", "100 ROLLBACK ON ERROR RATE 10%");
  helios *other = ek_open("flush.db");
  assert_int_equal(failures(h, 5), 3);
  ek_run(h, "SELECT helios_flush() IS NULL; SELECT f();" ROLLOUT, NULL);
  assert_non_null(strstr(ek_out, "1|NULL|NULL|NULL|NULL"));
  ek_run(other,
         "SELECT f(); SELECT event, procedure, version, granted, detail FROM helios_audit_log "
         "WHERE event = 'rollback'",
         "1\nrollback|f|2|1|the canary failed 3 of 3 calls");
  ek_run(h, "BEGIN; ALTER FUNCTION f CANARY VERSION 2 PERCENT 100 ROLLBACK ON ERROR RATE 10%", "");
  assert_int_equal(failures(h, 5), 3);
  ek_run(h, "ALTER FUNCTION f CANARY VERSION 2 PERCENT 100; COMMIT; SELECT helios_flush() IS NULL",
         NULL);
  ek_run(other, ROLLOUT, "1|NULL|2|100|NULL");
  ek_close(other);
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* Which version answered. */
static void canary__metrics_by_version(void **state) {
  (void)state;
  helios *h = open_two("metrics.db");
  ek_run(h, CANARY("25"), "");
  assert_int_equal(canaries(h, 100), 25);
  ek_run(h, "SELECT version, calls FROM helios_metrics WHERE procedure = 'mark' ORDER BY version",
         "1|75\n2|25");
  ek_close(h);
}

/* Neither the caller's doing nor cancellation is the canary's fault. */
static void trial__counts_its_own_errors_only(void **state) {
  (void)state;
  hrt_trial *t, *other;
  uint64_t calls, errors;
  const hrt_trial_of of = {
      .file = "x", .procedure_id = 1, .version = 2, .percent = 100, .error_rate = 10};
  assert_int_equal(hrt_trial_join(&t, &of, NULL), 0);
  assert_int_equal(hrt_trial_join(&other, &of, NULL), 0);
  assert_ptr_equal(t, other);
  for (int i = 0; i < 97; i++) {
    assert_false(hrt_trial_count(t, false));
  }
  for (int i = 0; i < 10; i++) {
    assert_false(hrt_trial_count(t, true)); /* 10 of 107 */
  }
  assert_true(hrt_trial_count(t, true)); /* 11 of 108 */
  assert_false(hrt_trial_count(t, true));
  assert_true(hrt_trial_failed(other));
  assert_false(hrt_trial_next(other));
  hrt_trial_counts(t, &calls, &errors);
  assert_int_equal(calls, 109);
  assert_int_equal(errors, 12);
  hrt_trial_leave(t);
  hrt_trial_leave(other);
  helios *h = open_two("own.db");
  ek_run(h, CANARY("100 ROLLBACK ON ERROR RATE 1%"), "");
  for (int i = 0; i < 30; i++) {
    ek_fails(h, "SELECT mark('x')", HELIOS_E_VALUE, "");
  }
  ek_run(h, "SELECT mark(0)", "2");
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* A canary that can't be loaded answers nothing, and the current version all. */
static void trial__unloadable_canary(void **state) {
  (void)state;
  helios *h = open_two("broken.db");
  ek_run(h,
         CANARY("100") "UPDATE helios_plugin SET so = zeroblob(1000), so_hash = zeroblob(32) WHERE "
                       "module_hash = (SELECT module_hash FROM helios_version WHERE version = 2)",
         "");
  ek_close(h);
  h = ek_open("broken.db");
  assert_int_equal(canaries(h, 10), 0);
  ek_run(h, "ALTER FUNCTION mark ROLLBACK; SELECT mark(0)", "1");
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

static void rollout__damaged_catalog(void **state) {
  (void)state;
  static const char *const changes[] = {"canary_version = -1",     "canary_version = 1",
                                        "canary_percent = 0",      "canary_percent = 'x'",
                                        "canary_percent = 101",    "canary_error_rate = -1",
                                        "canary_error_rate = 1e9", "previous_version = 1e15"};
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    char sql[200];
    helios *h = open_two("damaged.db");
    ek_run(h, CANARY("10") "SELECT mark(0) IS NULL", "0");
    snprintf(sql, sizeof sql, "UPDATE helios_procedure SET %s", changes[i]);
    ek_run(h, sql, "");
    ek_close(h);
    h = ek_open("damaged.db");
    ek_fails(h, "SELECT mark(0)", HELIOS_E_BROKEN, "bad canary");
    ek_close(h);
    unlink(ek_path("damaged.db"));
  }
}

/* ---- stored values ---- */

static const char tables[] =
    "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1), (2), (3);"
    "CREATE TABLE g(a INTEGER, v INTEGER GENERATED ALWAYS AS (mark(a)) VIRTUAL);"
    "INSERT INTO g(a) VALUES (1), (2); CREATE INDEX gi ON g(v);"
    "CREATE TABLE d(a, b DEFAULT (mark(7))); CREATE VIEW w AS SELECT mark(a) AS m FROM t;"
    "CREATE TRIGGER tr AFTER DELETE ON d BEGIN INSERT INTO t VALUES (mark(old.a)); END;";

static void dependents__block_replacement(void **state) {
  (void)state;
  static const struct {
    const char *make, *name, *drop;
  } users[] = {
      {"CREATE INDEX i ON t(mark(a))", "the index i ", "DROP INDEX i"},
      {"CREATE INDEX \"i x\" ON t(a) WHERE \"mark\"(a) > 5", "the index i x ",
       "DROP INDEX \"i x\""},
      {"CREATE TABLE c(a CHECK (a > 5 AND mark(a) > 0))", "the table c ", "DROP TABLE c"},
      {"CREATE TABLE c(a, CONSTRAINT x CHECK (abs(mark (a)) > 0))", "the table c ", "DROP TABLE c"},
      {"CREATE TABLE c(a INTEGER, b AS (mark(a)))", "the table c ", "DROP TABLE c"},
      {"CREATE TABLE c(a INTEGER, b AS (1 + mark(a)) STORED)", "the table c ", "DROP TABLE c"},
      {"CREATE TEMP TABLE c(a INTEGER, b AS (mark(a)))", "the table c ", "DROP TABLE c"},
      {"ATTACH ':memory:' AS other; CREATE TABLE other.c(a, b AS (mark(a)))", "the table c ",
       "DETACH other"},
  };
  static const char *const changes[] = {
      "ALTER FUNCTION mark USE VERSION 2",
      "ALTER FUNCTION mark VERSION 3 AS '%D/two.so'",
      "ALTER FUNCTION mark SET SOURCE '%D/two.so'",
      ("CREATE OR REPLACE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS "
       "'%D/two.so'"),
      "ALTER FUNCTION mark ROLLBACK",
      "ALTER FUNCTION mark CANARY VERSION 2 PERCENT 1",
  };
  helios *h = open_two("block.db");
  ek_run(h, "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1), (2)", "");
  for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
    ek_run(h, users[i].make, "");
    for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
      ek_fails(h, changes[k], HELIOS_E_DEPENDENCY, users[i].name);
    }
    ek_run(h, "SELECT mark(0);" ROLLOUT "; SELECT max(version) FROM helios_version",
           "1\n1|2|NULL|NULL|NULL\n2");
    ek_run(h, "ALTER FUNCTION mark SET timeout = '2s'; ALTER FUNCTION mark SET SOURCE '%D/one.so'",
           ""); /* the same code */
    ek_run(h, users[i].drop, "");
    ek_run(h, "DROP FUNCTION mark;" CREATE_MARK SECOND "ALTER FUNCTION mark USE VERSION 1", "");
  }
  ek_close(h);
}

/* Views, triggers and defaults follow. */
static void dependents__that_follow(void **state) {
  (void)state;
  helios *h = open_two("follow.db");
  ek_run(h, tables, "");
  ek_run(h, "DROP TABLE g; ALTER FUNCTION mark USE VERSION 2; SELECT sum(m) FROM w", "66");
  ek_run(h, "INSERT INTO d(a) VALUES (9); SELECT b FROM d; DELETE FROM d; SELECT max(a) FROM t",
         "72\n92");
  ek_close(h);
}

static void dependents__cascade(void **state) {
  (void)state;
  helios *h = open_two("cascade.db");
  ek_run(h, tables, "");
  ek_run(h,
         "CREATE INDEX i ON t(mark(a)); CREATE INDEX p ON t(a) WHERE mark(a) > 21;"
         "CREATE TABLE c(a INTEGER CHECK (mark(a) < 100)); INSERT INTO c VALUES (9)",
         "");
  ek_run(h, "SELECT a FROM t INDEXED BY i WHERE mark(a) = 21", "2");
  ek_run(h, "ALTER FUNCTION mark USE VERSION 2 CASCADE; PRAGMA integrity_check", "ok");
  ek_run(h, "SELECT a FROM t INDEXED BY i WHERE mark(a) = 22", "2");
  ek_run(h, "SELECT a FROM t INDEXED BY i WHERE mark(a) = 21", "");
  ek_run(h,
         "SELECT a FROM g INDEXED BY gi WHERE v = 22; SELECT count(*) FROM t INDEXED BY p WHERE "
         "mark(a) > 21",
         "2\n2");
  ek_run(h,
         "BEGIN; ALTER FUNCTION mark ROLLBACK CASCADE; SELECT a FROM t INDEXED BY i WHERE "
         "mark(a) = 21; ROLLBACK; SELECT a FROM t INDEXED BY i WHERE mark(a) = 22; PRAGMA "
         "integrity_check",
         "2\n2\nok");
  ek_run(h,
         "ALTER FUNCTION mark SET SOURCE '%D/one.so' CASCADE; PRAGMA integrity_check;"
         "SELECT mark(0), a FROM t INDEXED BY i WHERE mark(a) = 11",
         "ok\n1|1");
  ek_run(h, "REINDEX; PRAGMA integrity_check", "ok");
  ek_close(h);
}

/* CASCADE changes nothing where a row does not stand the new version. */
static void dependents__cascade_refused(void **state) {
  (void)state;
  static const struct {
    const char *make, *text;
    helios_code code;
  } users[] = {
      {"CREATE TABLE c(a INTEGER CHECK (mark(a) < 22)); INSERT INTO c VALUES (2)", "table c",
       HELIOS_E_DEPENDENCY},
      {"CREATE TABLE c(a INTEGER, b TEXT AS (mark(a)) STORED); INSERT INTO c VALUES (2)",
       "stored column b", HELIOS_E_DEPENDENCY},
      {"CREATE TABLE c(a INTEGER, \"b \"\"x\" AS (mark(a) / 2) STORED); INSERT INTO c VALUES (4)",
       "stored column b \"x", HELIOS_E_DEPENDENCY},
      {"CREATE TABLE c(a INTEGER); INSERT INTO c VALUES (1), (2);"
       "CREATE UNIQUE INDEX u ON c(mark(a) % 2 * a)",
       "UNIQUE", HELIOS_E_SQL},
  };
  for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
    helios *h = open_two("stand.db");
    ek_run(h, users[i].make, "");
    ek_run(h, "CREATE INDEX z ON c(mark(a))", "");
    ek_fails(h, "ALTER FUNCTION mark USE VERSION 2 CASCADE", users[i].code, users[i].text);
    ek_run(h,
           "SELECT mark(0); PRAGMA integrity_check; SELECT count(*) FROM c WHERE mark(a) % 10 = 1",
           i < 3 ? "1\nok\n1" : "1\nok\n2");
    ek_close(h);
    unlink(ek_path("stand.db"));
  }
  /* A stored column that does not change is fine. */
  helios *h = open_two("stand.db");
  ek_run(h, "CREATE TABLE c(a INTEGER, b REAL AS (mark(a) / 10) STORED); INSERT INTO c VALUES (4)",
         "");
  ek_run(h, "ALTER FUNCTION mark USE VERSION 2 CASCADE; SELECT a, b FROM c", "4|4.0");
  ek_close(h);
}

/* An index that is made while a canary runs has values of the current version only. */
static void dependents__made_beside_a_canary(void **state) {
  (void)state;
  helios *h = open_two("beside.db");
  ek_run(h, "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2);" CANARY("100") "SELECT mark(0)",
         "2");
  ek_run(h, "CREATE INDEX i ON t(mark(a)); INSERT INTO t VALUES (3); PRAGMA integrity_check", "ok");
  ek_run(h, "SELECT mark(0); SELECT a FROM t WHERE mark(a) = 31", "1\n3");
  ek_fails(h, "ALTER FUNCTION mark PROMOTE", HELIOS_E_DEPENDENCY, "the index i ");
  ek_run(h, "ALTER FUNCTION mark PROMOTE CASCADE; SELECT a FROM t WHERE mark(a) = 32", "3");
  ek_close(h);
}

/* ---- where functions may stand ---- */

static void places__impure_refused(void **state) {
  (void)state;
  static const struct {
    const char *sql, *text;
  } cases[] = {
      {"CREATE INDEX i ON t(soft(a))", "non-deterministic functions prohibited in index"},
      {"CREATE INDEX i ON t(a) WHERE soft(a)", "non-deterministic functions prohibited in partial"},
      {"CREATE TABLE g(a, b AS (soft(a)))", "non-deterministic functions prohibited in generated"},
      {"CREATE VIEW v AS SELECT soft(a) FROM t; SELECT * FROM v", "unsafe use of soft()"},
      {"CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT soft(1); END; INSERT INTO t VALUES (1)",
       "unsafe use of soft()"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    helios *h = ek_open("places.db");
    ek_run(h,
           "CREATE TABLE t(a); INSERT INTO t VALUES (4);"
           "CREATE FUNCTION soft(a BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'mark' AS "
           "'%D/one.so'; SELECT soft(a) FROM t WHERE soft(a) > 4",
           "41");
    ek_fails(h, cases[i].sql, HELIOS_E_SQL, cases[i].text);
    ek_close(h);
    unlink(ek_path("places.db"));
  }
}

/* Written by one connection, read by another that has just been opened. */
static void places__deterministic(void **state) {
  (void)state;
  helios *h = open_two("pure.db");
  ek_run(h, tables, "");
  ek_run(h,
         "CREATE INDEX i ON t(mark(a)); CREATE TABLE c(a CHECK (mark(a) < 100), b AS (mark(a)) "
         "STORED); INSERT INTO c VALUES (3)",
         "");
  ek_fails(h, "INSERT INTO c VALUES (10)", HELIOS_E_SQL, "CHECK constraint failed");
  ek_close(h);
  h = ek_open("pure.db");
  ek_run(
      h,
      "SELECT b FROM c; SELECT sum(m) FROM w; SELECT a FROM g WHERE v = 11; PRAGMA integrity_check",
      "31\n63\n1\nok");
  ek_run(h,
         "INSERT INTO t SELECT value FROM json_each('[4,5,6]'); SELECT a FROM t WHERE mark(a) = 61",
         "6");
  ek_run(h, "REINDEX i; PRAGMA integrity_check", "ok");
  ek_close(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rollout__columns),
                                     cmocka_unit_test(canary__refused),
                                     cmocka_unit_test(canary__exact_share_of_statements),
                                     cmocka_unit_test(canary__of_sql),
                                     cmocka_unit_test(canary__statement_never_mixes),
                                     cmocka_unit_test(canary__triggers_follow_their_statement),
                                     cmocka_unit_test(canary__in_a_transaction),
                                     cmocka_unit_test(swap__of_another_process),
                                     cmocka_unit_test(trial__ends_the_canary),
                                     cmocka_unit_test(trial__shared_by_connections),
                                     cmocka_unit_test(trial__ended_by_ddl),
                                     cmocka_unit_test(trial__ended_by_the_next_flush),
                                     cmocka_unit_test(canary__metrics_by_version),
                                     cmocka_unit_test(trial__counts_its_own_errors_only),
                                     cmocka_unit_test(trial__unloadable_canary),
                                     cmocka_unit_test(rollout__damaged_catalog),
                                     cmocka_unit_test(dependents__block_replacement),
                                     cmocka_unit_test(dependents__that_follow),
                                     cmocka_unit_test(dependents__cascade),
                                     cmocka_unit_test(dependents__cascade_refused),
                                     cmocka_unit_test(dependents__made_beside_a_canary),
                                     cmocka_unit_test(places__impure_refused),
                                     cmocka_unit_test(places__deterministic)};
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
