/* shadow_stale_test.c - a plain table becomes a shadow table after a guest's statement on it was
 * compiled, by another connection, by the application, by what is undone: no wildcard reaches it
 * any more, whichever way SQLite finds the new schema, and nothing is done twice. */
#include "authorize_kit.h"

#define BASE "query", "transaction", "log", "clock"

static char folder[64], path[96];
static sqlite3 *other; /* a second connection to the puppet's database */

static void exec_other(const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(other, sql, NULL, NULL, &message) != SQLITE_OK) {
    fail_msg("%s: %s", sql, message);
  }
}

#define PLAIN                                                                                      \
  "DROP TABLE IF EXISTS docs; DROP TABLE IF EXISTS docs_content;"                                  \
  "CREATE TABLE docs_content(id INTEGER PRIMARY KEY, c0); INSERT INTO docs_content VALUES (1, 2);"
#define VIRTUAL                                                                                    \
  "DROP TABLE docs_content; CREATE VIRTUAL TABLE docs USING fts5(a, b);"                           \
  "INSERT INTO docs VALUES ('hello', 'world');"

/* With all grants by a wildcard, on a file that has the plain table. */
static puppet *open_plain(const char *mode) {
  char sql[64];
  snprintf(folder, sizeof folder, "/tmp/helios-test-" MKTEMP);
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/db", folder);
  assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
  snprintf(sql, sizeof sql, "PRAGMA journal_mode = %s", mode);
  exec_other(sql);
  exec_other(PLAIN);
  puppet_database = path;
  puppet *p = authorize_open((const char *const[]){BASE, "read", "write", "ddl", NULL}, "");
  puppet_database = ":memory:";
  return p;
}

static void close_plain(puppet *p) {
  done(p);
  assert_int_equal(sqlite3_close(other), SQLITE_OK);
  remove(path);
  remove(folder);
}

static int prepared(puppet *p, const char *sql) {
  int s = CALL(p, "prepare", TEXT(p, 0, sql));
  assert_true(s > 0);
  return s;
}

static const char *const modes[] = {"delete", "wal"};
static const char *const plain_sql[] = {
    "SELECT c0 FROM docs_content",
    "SELECT count(*) FROM docs_content",
    "DELETE FROM docs_content",
    "UPDATE docs_content SET c0 = 'changed'",
    "INSERT INTO docs_content(id, c0) VALUES (77, 'x')",
    "WITH x AS (SELECT c0 FROM docs_content) SELECT count(*) FROM x",
};
enum { PLAIN_SQL = sizeof plain_sql / sizeof *plain_sql };

/* The statement waits: open and not stepped, open and reset, or kept. */
static void becomes_shadow(puppet *p, const char *sql, int wait, void (*change)(puppet *)) {
  int s = prepared(p, sql);
  if (wait > 0) {
    assert_true(CALL(p, "step", s) >= 0);
    assert_int_equal(wait == 1 ? CALL(p, "reset", s) : CALL(p, "finalize", s), 0);
  }
  change(p);
  s = wait == 2 ? CALL(p, "prepare", TEXT(p, 0, sql)) : s;
  int status = s > 0 ? CALL(p, "step", s) : s;
  if (status != HSB_STATUS_DENIED) {
    fail_msg("%s: %d", sql, status);
  }
  assert_non_null(strstr(puppet_error(p), "docs_content"));
  if (s > 0) {
    CALL(p, "finalize", s);
  }
  allowed(p, "SELECT a FROM docs WHERE docs MATCH 'hello' ORDER BY rank");
  allowed(p, "INSERT INTO docs(docs) VALUES ('integrity-check')");
}

static void change_by_other(puppet *p) {
  (void)p;
  exec_other(VIRTUAL);
}

static void change_by_own(puppet *p) {
  hrt_host_end(p->env);
  puppet_exec(p, VIRTUAL);
  hrt_host_begin(p->env, 0, NULL, NULL);
}

static void stale__another_connection(void **state) {
  (void)state;
  for (int n = 0; n < 2 * 3 * PLAIN_SQL; n++) {
    puppet *p = open_plain(modes[n % 2]);
    becomes_shadow(p, plain_sql[n / 6], n / 2 % 3, change_by_other);
    close_plain(p);
  }
}

static void stale__own_connection(void **state) {
  (void)state;
  for (int n = 0; n < PLAIN_SQL; n++) {
    puppet *p = open_plain("wal");
    becomes_shadow(p, plain_sql[n], 2, change_by_own);
    close_plain(p);
  }
}

/* And by what is undone: a savepoint, a transaction. */
static void stale__undone(void **state) {
  static const char *const begin[] = {"BEGIN; SAVEPOINT s;", "BEGIN;"};
  static const char *const undo[] = {"ROLLBACK TO s", "ROLLBACK"};
  (void)state;
  for (int n = 0; n < 2 * PLAIN_SQL; n++) {
    const char *sql = plain_sql[n / 2];
    puppet *p = open_plain("delete");
    exec_other(VIRTUAL);
    denied(p, sql);
    puppet_exec(p, begin[n % 2]);
    puppet_exec(p, PLAIN);
    allowed(p, sql);
    puppet_exec(p, undo[n % 2]);
    denied(p, sql);
    allowed(p, "SELECT a FROM docs WHERE docs MATCH 'hello' ORDER BY rank");
    close_plain(p);
  }
}

/* What makes SQLite read the schema again is the guest's own text. */
static void stale__found_while_compiled(void **state) {
  (void)state;
  for (int n = 0; n < 2; n++) {
    puppet *p = open_plain(modes[n]);
    allowed(p, "SELECT c0 FROM docs_content");
    exec_other(VIRTUAL);
    denied(p, "SELECT c1 FROM docs_content");
    exec_other(PLAIN);
    allowed(p, "SELECT c0 FROM docs_content");
    close_plain(p);
  }
}

/* Others write all the time, and change what has nothing to do with it: nothing is refused. */
static void stale__others_write(void **state) {
  static const char *const sql[] = {
      "SELECT a FROM docs WHERE docs MATCH 'hello' ORDER BY rank",
      "INSERT INTO docs VALUES ('hello', 'again')",
      "UPDATE plain SET x = x + 1",
      "SELECT x, (SELECT count(*) FROM docs('hello')) FROM plain",
  };
  (void)state;
  for (int n = 0; n < 2; n++) {
    puppet *p = open_plain(modes[n]);
    exec_other(VIRTUAL);
    exec_other("CREATE TABLE plain(x); INSERT INTO plain VALUES (1)");
    for (int turn = 0; turn < 12; turn++) {
      allowed(p, sql[turn % 4]);
      exec_other(turn % 3 ? "INSERT INTO docs VALUES ('hello', 'other')"
                          : "DROP TABLE IF EXISTS more; CREATE TABLE more(y)");
    }
    int64_t x = CALL64(p, "exec", TEXT(p, 0, "UPDATE plain SET x = x + 1 WHERE x = 4"), 0, 0);
    assert_int_equal(x, 1); /* each was done once */
    close_plain(p);
  }
}

/* FTS5 compiles its own SQL in the middle of a statement that writes, of a schema that is not yet
 * committed: no row is written twice. */
static void stale__what_writes_is_done_once(void **state) {
  (void)state;
  for (int n = 0; n < 4; n++) {
    puppet *p = open_plain(modes[n % 2]);
    exec_other(VIRTUAL "CREATE TABLE plain(id INTEGER PRIMARY KEY, x);"
                       "INSERT INTO plain VALUES (1, 10), (2, 20), (3, 30), (4, 40)");
    puppet_exec(p, n < 2 ? "BEGIN; CREATE TABLE more(y)" : "BEGIN");
    int64_t rows = CALL64(p, "exec",
                          TEXT(p, 0,
                               "UPDATE plain SET x = CASE WHEN id = 3 THEN (SELECT count(*) FROM "
                               "docs('hello') WHERE rank < plain.x) ELSE x + 1 END"),
                          0, 0);
    if (rows != 4) {
      fail_msg("%d %s", (int)rows, puppet_error(p));
    }
    puppet_exec(p, "COMMIT");
    allowed(p, "DELETE FROM plain WHERE id * 10 + 1 = x");
    assert_int_equal(CALL64(p, "exec", TEXT(p, 0, "DELETE FROM plain WHERE x = 1"), 0, 0), 1);
    assert_int_equal(CALL64(p, "exec", TEXT(p, 0, "DELETE FROM plain"), 0, 0), 0);
    close_plain(p);
  }
}

static int schema_version(puppet *p) {
  sqlite3_stmt *s = NULL;
  assert_int_equal(sqlite3_prepare_v2(p->db, "PRAGMA schema_version", -1, &s, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  int version = sqlite3_column_int(s, 0);
  sqlite3_finalize(s);
  return version;
}

/* Another schema comes to the number of one that was undone. */
static void stale__the_same_number(void **state) {
  (void)state;
  char sql[64];
  puppet *p = open_plain("delete");
  exec_other(VIRTUAL);
  puppet_exec(p, "BEGIN");
  puppet_exec(p, PLAIN);
  allowed(p, "SELECT c0 FROM docs_content");
  snprintf(sql, sizeof sql, "PRAGMA schema_version = %d", schema_version(p));
  puppet_exec(p, "ROLLBACK");
  exec_other(sql);
  denied(p, "SELECT c0 FROM docs_content");
  denied(p, "SELECT count(c0) FROM docs_content");
  close_plain(p);
}

/* What drops a table can't while another statement holds the schema. */
static void stale__ddl(void **state) {
  (void)state;
  puppet *p = open_plain("wal");
  exec_other("CREATE TABLE one(x); CREATE TABLE two(x)");
  int s = prepared(p, "DROP TABLE one");
  exec_other("CREATE TABLE three(x)");
  assert_int_equal(CALL(p, "step", s), 0);
  CALL(p, "finalize", s);
  s = prepared(p, "DROP TABLE docs_content");
  exec_other(VIRTUAL);
  assert_int_equal(CALL(p, "step", s), HSB_STATUS_DENIED);
  close_plain(p);
}

/* A statement that has given its last row begins anew with the next step. */
static void stale__from_the_beginning(void **state) {
  (void)state;
  puppet *p = open_plain("wal");
  int s = prepared(p, "SELECT c0 FROM docs_content");
  assert_int_equal(CALL(p, "step", s), 1);
  assert_int_equal(CALL(p, "step", s), 0);
  exec_other(VIRTUAL);
  assert_int_equal(CALL(p, "step", s), HSB_STATUS_DENIED);
  close_plain(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stale__another_connection),
      cmocka_unit_test(stale__own_connection),
      cmocka_unit_test(stale__undone),
      cmocka_unit_test(stale__found_while_compiled),
      cmocka_unit_test(stale__others_write),
      cmocka_unit_test(stale__what_writes_is_done_once),
      cmocka_unit_test(stale__from_the_beginning),
      cmocka_unit_test(stale__the_same_number),
      cmocka_unit_test(stale__ddl),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
