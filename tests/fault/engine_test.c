/* engine_test.c - the engine's public API when the n-th thing below it fails, for every n: once,
 * and from then on for ever. After each round: an error that says something, or the right result;
 * the catalog as it was before, or as the statement makes it; the connection works; nothing of
 * memory, address space, descriptors or plugins is left.
 *
 * HELIOS_FAULT=name: only that scenario, with what failed and what came of it.
 * HELIOS_FAULT_STRIDE=N: every N-th only, which is quick. */
#include "../unit/engine_kit.h"
#include "build.h"
#include "faults.h"
#include "sqlite/session.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

/* With the kinds of a scenario: an error on the file may be met once more, for FTS5 keeps a page of
 * it until it rolls back. */
enum { LINGERS = 8 };

typedef struct scenario {
  const char *name;
  const char *before;   /* SQL on the connection; nothing fails yet */
  const char *sql;      /* what is tried, or: */
  const char *expected; /* its rows, if it succeeds */
  unsigned kinds;
  bool in_transaction; /* left open: rolled back before the catalog is looked at */
  /* Changes *h from or to NULL if it closes or opens it. */
  int (*run)(helios **h, helios_error *err);
} scenario;

static int run_open(helios **h, helios_error *err) {
  ek_out[0] = 0;
  return helios_open(h, ek_path("f.db"), NULL, err);
}

static int run_close(helios **h, helios_error *err) {
  int status = helios_close(*h, err);
  *h = status == 0 ? NULL : *h;
  return status;
}

static int run_detach(helios **h, helios_error *err) {
  sqlite3 *db = helios_db(*h);
  int status = helios_detach(*h, err);
  if (status == 0) {
    *h = NULL;
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
  }
  return status;
}

/* The loadable extension, which has an engine of its own: only SQLite's part can fail. */
static int run_extension(helios **h, helios_error *err) {
  sqlite3 *db = NULL;
  char path[512], *message = NULL;
  (void)h;
  snprintf(path, sizeof path, "%s/helios_sqlite.so", getenv("HELIOS_BIN"));
  int rc = sqlite3_open(ek_path("f.db"), &db);
  if (rc == SQLITE_OK) {
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    rc = sqlite3_load_extension(db, path, NULL, &message);
  }
  if (rc == SQLITE_OK) {
    rc = sqlite3_exec(db, "SELECT answer()", NULL, NULL, &message);
  }
  if (rc != SQLITE_OK) {
    hrt_fail(err, HELIOS_E_SQL, "%s", message ? message : sqlite3_errstr(rc));
  }
  sqlite3_free(message);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  return rc == SQLITE_OK ? 0 : HELIOS_E_SQL;
}

#define NEVER (1L << 40)
#define FILLER "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 3) "

/* Guest SQL: the status that is no error. */
#define DOES(sql, status) "does('" sql "', " status ")"
#define DOCS                                                                                       \
  "CREATE VIRTUAL TABLE docs USING fts5(a); INSERT INTO docs VALUES ('one'), ('two'), ('three');"
#define FORGET "PRAGMA writable_schema = RESET;"
#define SHORT                                                                                      \
  "CREATE PROCEDURE bump() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"                           \
  "CREATE PROCEDURE stash() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"                          \
  "CREATE PROCEDURE mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"                   \
  "CREATE PROCEDURE echo(a TEXT) RETURNS TEXT LANGUAGE wasm AS '%D/one.so';"                       \
  "CREATE PROCEDURE wild() RETURNS INTEGER LANGUAGE wasm AS '%D/one.so';"                          \
  "CREATE PROCEDURE burn(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"                   \
  "CREATE AGGREGATE w_total(x BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'total' AS '%D/one.so';"

struct call {
  helios *h;
  helios_error *err;
  int status;
};

static void *call_in_thread(void *arg) {
  struct call *c = arg;
  helios_error again;
  c->status = ek_try(c->h, c->err, "SELECT answer()");
  fault_disarm();
  if (c->status != 0 && ek_try(c->h, &again, "SELECT answer()") != 0) {
    c->status = HELIOS_E_INTERNAL; /* one failure of the system's spoilt the thread for good */
  }
  return NULL;
}

/* The first call of a thread looks for its stack. */
static int run_thread(helios **h, helios_error *err) {
  struct call c = {*h, err, 0};
  pthread_t thread;
  if (pthread_create(&thread, NULL, call_in_thread, &c) != 0) {
    return hrt_fail(err, HELIOS_E_IO, "no thread");
  }
  pthread_join(thread, NULL);
  return c.status;
}

/* In a database of UTF-16. */
static int run_utf16(helios **h, helios_error *err) {
  helios *other = NULL;
  (void)h;
  int status = helios_open(&other, ek_path("u.db"), NULL, err);
  if (status == 0) {
    status = ek_try(other, err,
                    "SELECT all_of('SELECT block FROM docs_data', -2), " DOES(
                        "WITH x AS (SELECT a FROM docs) SELECT count(*) FROM x",
                        "0") ", " DOES("WITH log AS (SELECT 1) SELECT count(*) FROM log", "-2"));
  }
  if (other) {
    assert_int_equal(helios_close(other, NULL), 0);
  }
  return status;
}

/* That it does is no failure here. */
static int run_trap(helios **h, helios_error *err) {
  int status = ek_try(*h, err, FILLER "SELECT iif(x < 3, plus(x, x), wild()) FROM c");
  if (status == HELIOS_E_TRAP) {
    status = ek_try(*h, err, FILLER "SELECT plus(x, x) FROM c");
  }
  return status;
}

/* Its memory is set aside. */
static int run_swells(helios **h, helios_error *err) {
  int status = ek_try(*h, err, "SELECT swells()");
  return status == HELIOS_E_TRAP ? ek_try(*h, err, "SELECT answer()") : status;
}

static const scenario scenarios[] = {
    {"open", NULL, NULL, NULL, FAULT_ALL, false, run_open},
    {"close", "SELECT hosts('one'), answer()", NULL, NULL, FAULT_ALL, false, run_close},
    {"detach", "SELECT hosts('one'), answer()", NULL, NULL, FAULT_ALL, false, run_detach},
    {"extension", NULL, NULL, NULL, FAULT_SQLITE, false, run_extension},
    {"thread", "SELECT answer()", NULL, NULL, FAULT_OURS, false, run_thread},
    {"first create",
     "DROP FUNCTION plus CASCADE; DROP PROCEDURE answer; DROP FUNCTION hosts; DROP FUNCTION keeps; "
     "DROP "
     "FUNCTION files; DROP FUNCTION ask; DROP FUNCTION does; DROP TABLE helios_meta; DROP TABLE "
     "helios_version; DROP "
     "TABLE "
     "helios_procedure; DROP "
     "TABLE helios_module; DROP TABLE helios_plugin",
     "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'", "", FAULT_ALL, false,
     NULL},
    {"create", NULL,
     "CREATE FUNCTION said LANGUAGE wasm CAPABILITIES ('log') WITH (timeout = '5s') AS '%D/one.so'",
     "", FAULT_ALL, false, NULL},
    {"create from wasm", NULL,
     "CREATE FUNCTION bump() RETURNS BIGINT LANGUAGE wasm AS '%D/fake.wasm'", "",
     FAULT_OURS | FAULT_LIBRARY, false, NULL},
    {"create or replace", NULL,
     "CREATE OR REPLACE PROCEDURE answer(x BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'mark' AS "
     "'%D/two.so'; SELECT answer(3)",
     "32", FAULT_ALL, false, NULL},
    {"create in SELECT", NULL,
     "SELECT helios_ddl('CREATE FUNCTION bump() RETURNS BIGINT LANGUAGE wasm AS ''%D/one.so''')",
     "NULL", FAULT_ALL, false, NULL},
    {"alter version", NULL, "ALTER PROCEDURE answer VERSION 7 AS '%D/two.so'", "", FAULT_ALL, false,
     NULL},
    {"use version", NULL, "ALTER PROCEDURE answer USE VERSION 2; SELECT answer()", "2", FAULT_ALL,
     false, NULL},
    {"canary", NULL, "ALTER PROCEDURE answer CANARY VERSION 2 PERCENT 100; SELECT answer()", "2",
     FAULT_ALL, false, NULL},
    {"promote", "BEGIN",
     "ALTER PROCEDURE answer CANARY VERSION 2 PERCENT 1; ALTER PROCEDURE answer PROMOTE; SELECT "
     "answer(); COMMIT",
     "2", FAULT_ALL, true, NULL},
    {"rollback", "BEGIN",
     "ALTER PROCEDURE answer USE VERSION 2; ALTER PROCEDURE answer ROLLBACK; SELECT answer(); "
     "COMMIT",
     "1", FAULT_ALL, true, NULL},
    {"cascade", "BEGIN",
     "CREATE TABLE s(a, b AS (plus(a, 0)) STORED, CHECK (plus(a, 1) > 0)); CREATE INDEX i ON "
     "s(plus(a, 2)); INSERT INTO s VALUES (4); ALTER FUNCTION plus SET SOURCE '%D/two.so' CASCADE; "
     "SELECT b FROM s; COMMIT",
     "4", FAULT_ALL, true, NULL},
    {"set", NULL, "ALTER PROCEDURE answer SET fuel_limit = 1000000", "", FAULT_ALL, false, NULL},
    {"grant", NULL, "ALTER PROCEDURE answer GRANT CAPABILITY DATABASE_READ('log')", "", FAULT_ALL,
     false, NULL},
    {"revoke", NULL, "ALTER FUNCTION hosts REVOKE CAPABILITY 'query'", "", FAULT_ALL, false, NULL},
    {"drop", NULL, "DROP PROCEDURE answer", "", FAULT_ALL, false, NULL},
    {"drop cascade", NULL, "DROP FUNCTION plus CASCADE", "", FAULT_ALL, false, NULL},
    {"rolled back", NULL,
     "BEGIN; ALTER PROCEDURE answer USE VERSION 2; SELECT answer(); ROLLBACK; SELECT answer()",
     "2\n1", FAULT_ALL, true, NULL},
    {"committed", "BEGIN", "ALTER PROCEDURE answer USE VERSION 2; SELECT answer(); COMMIT", "2",
     FAULT_ALL, true, NULL},
    {"call", NULL, "CALL answer()", "1", FAULT_ALL, false, NULL},
    {"select", "SELECT answer()", FILLER "SELECT answer() + x FROM c", "2\n3\n4", FAULT_ALL, false,
     NULL},
    {"select cold", NULL, "SELECT hosts(NULL), answer()", "NULL|1", FAULT_ALL, false, NULL},
    {"view", NULL, "SELECT a FROM v", "5", FAULT_ALL, false, NULL},
    {"host functions", NULL, "SELECT hosts('one'); SELECT count(*) FROM log",
     "[{\"count(*)\":1,\"answer()\":1}]\n1", FAULT_ALL, false, NULL},
    {"host functions again", "SELECT hosts('one')", "SELECT hosts('one')",
     "[{\"count(*)\":2,\"answer()\":1}]", FAULT_ALL, false, NULL},
    {"files", "SELECT files('%D/files/x')", "SELECT files('%D/files/x')", "17", FAULT_ALL, false,
     NULL},
    {"request", "SELECT ask()", "SELECT ask()", "-21", FAULT_ALL, false, NULL},
    {"kept values", NULL, "SELECT keeps(); SELECT length(value) FROM helios_kv", "690\n700",
     FAULT_ALL, false, NULL},
    {"kept values again", "SELECT keeps()", "SELECT keeps()", "690", FAULT_ALL, false, NULL},
    {"much memory",
     "CREATE FUNCTION swells() RETURNS BIGINT LANGUAGE wasm WITH (memory_limit = '60MB') AS "
     "'%D/swells.so'",
     NULL, NULL, FAULT_ALL, false, run_swells},
    {"session variables", "SET app.x = '1'",
     "SET app.y = 'two'; SHOW ALL; RESET app.y; SELECT helios_session('app.x')",
     "app.x|1\napp.y|two\n1", FAULT_ALL, false, NULL},
    {"trap", "CREATE PROCEDURE wild() RETURNS INTEGER LANGUAGE wasm AS '%D/one.so'",
     "SELECT coalesce(answer(), wild())", "1", FAULT_ALL, false, NULL},
    {"flush", "SELECT answer(), hosts('one')", "SELECT helios_flush() IS 99", "0", FAULT_ALL, false,
     NULL},
    {"observed", "SELECT answer(), hosts('one'); SELECT helios_flush()",
     "SELECT count(*) FROM helios_versions WHERE reason IS NULL; SELECT calls FROM helios_metrics "
     "WHERE procedure = 'hosts'; SELECT count(*) FROM helios_logs WHERE time_us > 0; "
     "SELECT helios_prometheus() LIKE '%_total%'",
     "8\n1\n1\n1", FAULT_ALL, false, NULL},
    {"table", NULL,
     "CREATE FUNCTION lines(what TEXT) RETURNS TABLE (id BIGINT, name TEXT) LANGUAGE wasm EXPORT "
     "'echo' AS '%D/one.so'; SELECT id, name FROM lines('[[7,\"x\"],[8,null]]')",
     "7|x\n8|NULL", FAULT_ALL, false, NULL},
    {"sql", NULL,
     "CREATE PROCEDURE body(n BIGINT) RETURNS BIGINT LANGUAGE sql AS $$ DELETE FROM log; CALL "
     "answer(); SELECT answer() + n $$; CALL body(4)",
     "5", FAULT_ALL, false, NULL},
    {"sql again",
     "CREATE PROCEDURE body() RETURNS BIGINT LANGUAGE sql AS 'DELETE FROM log; SELECT answer()'; "
     "CALL body()",
     "CALL body()", "1", FAULT_ALL, false, NULL},
    {"create extension", NULL,
     "CREATE EXTENSION pair LANGUAGE wasm AS '%D/two.so'; SELECT said('x'), keeper()", "x|1",
     FAULT_ALL, false, NULL},
    {"shadow tables", DOCS, /* may be done twice: each commits */
     "SELECT " DOES("REPLACE INTO docs(rowid, a) VALUES (9, ''nine'')", "0") ", " DOES(
         "DELETE FROM docs WHERE docs MATCH ''nobody''",
         "0") ", " DOES("UPDATE docs SET a = ''zwei'' WHERE rowid = 2", "0"),
     "1|0|1", FAULT_ALL | LINGERS, false, NULL},
    {"shadow tables, not connected", DOCS FORGET,
     "SELECT " DOES("SELECT a FROM docs WHERE docs = ''one''",
                    "0") ", " DOES("SELECT block FROM docs_data", "-2"),
     "0|-2", FAULT_ALL, false, NULL},
    {"names made by WITH", DOCS,
     "SELECT " DOES(
         "WITH x AS (SELECT 1), \"y z\" AS (SELECT a FROM docs) SELECT count(*) FROM x, [y z]",
         "0"),
     "0", FAULT_ALL, false, NULL},
    {"names made by WITH that are taken", DOCS,
     "SELECT " DOES("WITH x AS (SELECT 1) SELECT count(*) FROM x, log", "-2"), "-2", FAULT_ALL,
     false, NULL},
    {"UTF-16", NULL, NULL, "-2|0|-2", FAULT_ALL, false, run_utf16},
    {"text functions", DOCS,
     "SELECT " DOES("SELECT instr(a, ''o''), replace(a, ''e'', ''ee''), json_set(''{}'', ''$.a'', "
                    "a) FROM docs",
                    "0"),
     "0", FAULT_ALL, false, NULL},
    {"short calls", SHORT, FILLER "SELECT plus(x, x), bump(), mark(x), echo(x) FROM c",
     "2|1|11|1\n4|1|21|2\n6|1|31|3", FAULT_ALL, false, NULL},
    {"short calls that take the system to forget", SHORT, FILLER "SELECT stash() FROM c", "0\n0\n0",
     FAULT_ALL, false, NULL},
    {"short calls that want more fuel", SHORT, FILLER "SELECT burn(x * 1000000) FROM c",
     "1000000\n2000000\n3000000", FAULT_ALL, false, NULL},
    {"short calls, one of which traps", SHORT, NULL, NULL, FAULT_ALL, false, run_trap},
    {"short calls that ask",
     "CREATE PROCEDURE asks(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/asks.so';"
     "CREATE AGGREGATE asked(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/asks.so'",
     FILLER "SELECT asks(x) FROM c;" FILLER "SELECT asked(x) FROM c", "2\n4\n6\n12", FAULT_ALL,
     false, NULL},
    {"aggregate", SHORT, FILLER "SELECT w_total(x), w_total(plus(x, x)) FROM c GROUP BY x % 2",
     "2|4\n4|8", FAULT_ALL, false, NULL},
    {"refresh", NULL, "SELECT helios_refresh(), names FROM helios_connection", "NULL|7", FAULT_ALL,
     false, NULL},
};

enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

static struct fx_bytes template;   /* the database that each round begins with */
static char whole[sizeof ek_out];  /* its catalog, all columns */
static char after[sizeof ek_out];  /* what the scenario makes of it, without times and stamps */
static char before[sizeof ek_out]; /* the same of the state it begins with */

/* ---- looking at the database, without the engine ---- */

static const char *const all_columns =
    "SELECT group_concat(sql, ';') FROM sqlite_schema; SELECT * FROM helios_meta; "
    "SELECT * FROM helios_procedure; SELECT * FROM helios_version; "
    "SELECT hash, hex(wasm) FROM helios_module; "
    "SELECT module_hash, target, options, so_hash, length(so) FROM helios_plugin; "
    "SELECT * FROM log";
static const char *const lasting_columns =
    "SELECT name, sql FROM sqlite_schema; "
    "SELECT name, kind, deterministic, current_version, previous_version, canary_version "
    "FROM helios_procedure; "
    "SELECT p.name, version, export, params, returns, strict, profile, capabilities, v.options, "
    "hex(module_hash), plugin_options FROM helios_version v JOIN helios_procedure p ON p.id = "
    "procedure_id ORDER BY 1, 2; SELECT count(*), sum(length(wasm)) FROM helios_module; "
    "SELECT hex(module_hash), options, hex(so_hash), length(so) FROM helios_plugin ORDER BY 1, 2";

static void look(char *out, const char *sql) {
  sqlite3 *db = NULL;
  out[0] = 0;
  assert_int_equal(sqlite3_open(ek_path("f.db"), &db), SQLITE_OK);
  int rc = sqlite3_exec(db, sql, ek_sql_row, out, NULL);
  if (rc != SQLITE_OK && strstr(sqlite3_errmsg(db), "no such table") == NULL) {
    fail_msg("catalog: %s", sqlite3_errmsg(db));
  }
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- what must not be left ---- */

struct holdings {
  long blocks, json;
  sqlite3_int64 sqlite;
  long descriptors;
  long temporary; /* files */
  long children;
  size_t plugins;
  long thunks; /* of the process's that nobody has */
};

/* Takes all that there are and gives them back. */
static long thunks(void) {
  static hrt_trampoline all[HRT_THUNKS];
  long n = 0;
  for (uint32_t i = 0; i < HRT_THUNKS; i++) {
    (void)hrt_thunk_take(&all[i]);
    n += all[i].thunk < HRT_THUNKS;
  }
  for (uint32_t i = 0; i < HRT_THUNKS; i++) {
    hrt_thunk_give(&all[i]);
  }
  return n;
}

static int entries(const char *folder) {
  int n = 0;
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  while (readdir(dir) != NULL) {
    n++;
  }
  closedir(dir);
  return n;
}

static struct holdings holdings(void) {
  return (struct holdings){.blocks = hrt_alloc_live(),
                           .json = fault_json_blocks(),
                           .sqlite = sqlite3_memory_used(),
                           .descriptors = entries("/proc/self/fd"),
                           .temporary = entries(ek_path("tmp")),
                           .children = waitpid(-1, NULL, WNOHANG) != -1,
                           .plugins = hrt_plugin_count(),
                           .thunks = thunks()};
}

/* ---- a round ---- */

static void begin_file(void) {
  unlink(ek_path("f.db-journal"));
  ek_write("f.db", template.data, template.size);
}

/* Is anything of the last statement still going on? */
static void assert_idle(const helios *h) {
  assert_int_equal(h->internal, 0);
  assert_null(h->budget);
  assert_null(h->conn.active);
  assert_int_equal(h->conn.savepoints, 0);
  for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(h->db, s)) != NULL;) {
    assert_int_equal(sqlite3_stmt_busy(s), 0);
  }
}

/* A connection on which the scenario's statement comes next; NULL if that is to open one. */
static helios *prepare(const scenario *s) {
  helios *h = NULL;
  begin_file();
  if (s->run != run_open && s->run != run_extension) {
    h = ek_open("f.db");
    if (s->before) {
      ek_run(h, s->before, NULL);
    }
  }
  return h;
}

static int perform(helios **h, const scenario *s, helios_error *err) {
  memset(err, 0, sizeof *err);
  return s->run ? s->run(h, err) : ek_try(*h, err, s->sql);
}

/* How often something can fail in it. Also learns what it makes of the catalog. */
static long rehearse(const scenario *s) {
  helios_error err;
  helios *h = prepare(s);
  look(whole, all_columns);
  look(before, lasting_columns);
  fault_arm(NEVER, false, s->kinds);
  int status = perform(&h, s, &err);
  long operations = fault_disarm();
  if (status != 0 || (s->expected && strcmp(ek_out, s->expected) != 0)) {
    fail_msg("%s: \"%s\" %s", s->name, ek_out, err.text);
  }
  look(after, lasting_columns);
  if (h) {
    ek_close(h);
  }
  return operations;
}

static char now[sizeof ek_out];

static const char *first_difference(const char *a, const char *b) {
  while (*a && *a == *b) {
    a++, b++;
  }
  return a;
}

/* After a statement that failed: as before to the byte, or as after it. True: as before. */
static bool check_catalog(const scenario *s, const char *what) {
  look(now, all_columns);
  bool unchanged = strcmp(now, whole) == 0;
  look(now, lasting_columns);
  if (!unchanged && strcmp(now, after) != 0) {
    fail_msg("%s, %s: the catalog is neither as before it: %.300s\nnor as after it: %.300s",
             s->name, what, first_difference(now, before), first_difference(now, after));
  }
  return unchanged;
}

static void check_works(helios **h, const scenario *s, const char *what, int status) {
  helios_error err;
  if (!sqlite3_get_autocommit((*h)->db)) {
    assert_true(s->in_transaction);
    ek_run(*h, "ROLLBACK", "");
  }
  if (status == 0) {
    look(now, lasting_columns);
    if (strcmp(now, after) != 0) {
      fail_msg("%s, %s: not done: %s", s->name, what, first_difference(now, after));
    }
    ek_run(*h, s->run == run_open ? "SELECT answer()" : "SELECT 1", "1");
    return;
  }
  if (!check_catalog(s, what) || s->run == run_open) {
    return;
  }
  if (s->in_transaction && s->before) {
    ek_run(*h, s->before, NULL);
  }
  int again = perform(h, s, &err);
  if (again != 0 && s->kinds & LINGERS) {
    again = perform(h, s, &err);
  }
  if (again != 0 || (s->expected && strcmp(ek_out, s->expected) != 0)) {
    fail_msg("%s, %s: a second time: \"%s\" %s", s->name, what, ek_out, err.text);
  }
}

static void check_error(const scenario *s, const char *what, int status, const helios_error *err) {
  if ((int)err->code != status || err->text[0] == 0 || status == HELIOS_E_INTERNAL) {
    fail_msg("%s, %s: %d, %d: \"%s\"", s->name, what, status, err->code, err->text);
  }
}

static void try_round(const scenario *s, long n, bool for_ever) {
  char what[100], rows[sizeof now];
  helios_error err;
  helios *h = prepare(s);
  fault_arm(n, for_ever, s->kinds);
  int status = perform(&h, s, &err);
  fault_disarm();
  snprintf(what, sizeof what, "fault %ld%s, %s", n, for_ever ? " and on" : "",
           fault_hit() ? fault_hit() : "not met");
  if (getenv("HELIOS_FAULT")) {
    printf("  %s: %d %s\n", what, status, err.text);
  }
  if (status != 0) {
    check_error(s, what, status, &err);
  } else if (s->expected && strcmp(ek_out, s->expected) != 0) {
    memcpy(rows, ek_out, sizeof rows);
    fail_msg("%s, %s: gave \"%s\"", s->name, what, rows);
  }
  if (h) {
    assert_idle(h);
    check_works(&h, s, what, status);
  }
  if (h) {
    ek_close(h);
  }
}

static void check_holdings(const scenario *s, long n, const struct holdings *first) {
  struct holdings last = holdings();
  if (memcmp(&last, first, sizeof last) != 0) {
    fail_msg("%s, fault %ld: blocks %ld, %ld, of SQLite %lld, of cJSON %ld, %ld, descriptors "
             "%ld, %ld, temporary files %ld, children %ld, plugins %zu, thunks %ld",
             s->name, n, first->blocks, last.blocks, last.sqlite - first->sqlite, first->json,
             last.json, first->descriptors, last.descriptors, last.temporary - first->temporary,
             last.children, last.plugins, last.thunks);
  }
}

static void faults__each_once_and_for_ever(void **state) {
  (void)state;
  const char *only = getenv("HELIOS_FAULT"), *step = getenv("HELIOS_FAULT_STRIDE");
  long rounds = 0, stride = step ? strtol(step, NULL, 10) : 1;
  for (int i = 0; i < SCENARIOS; i++) {
    const scenario *s = &scenarios[i];
    if (only && strcmp(only, s->name) != 0) {
      continue;
    }
    (void)rehearse(s); /* what stays for the process's life is there now */
    long operations = rehearse(s);
    struct holdings first = holdings();
    for (long n = i % stride; n <= operations; n += stride) {
      try_round(s, n, false);
      check_holdings(s, n, &first);
      try_round(s, n, true);
      check_holdings(s, n, &first);
    }
    print_message("  %s: %ld things fail\n", s->name, operations);
    rounds += 2 * (operations / stride);
  }
  print_message("%ld rounds\n", rounds);
}

/* ---- the application's transaction ---- */

/* In a transaction, with a catalog that another connection has changed. changed: the transaction
 * has a record of its own to be settled, and the connection has met that change. */
static helios *open_in_transaction(bool changed) {
  begin_file();
  helios *h = ek_open("f.db"), *other = ek_open("f.db");
  ek_run(other,
         "CREATE FUNCTION more(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' AS "
         "'%D/one.so'",
         "");
  ek_close(other);
  ek_run(h, "BEGIN; INSERT INTO log VALUES (1)", "");
  if (changed) {
    ek_run(h, "ALTER PROCEDURE answer USE VERSION 2", "");
  }
  return h;
}

/* Does it name what ends a transaction? */
static bool tells(const helios_error *err) {
  static const char *const words[] = {"memory", "I/O", "full", "open", "transaction"};
  bool does = false;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    does = does || strstr(err->text, words[i]) != NULL;
  }
  return does;
}

struct within {
  const char *sql;
  bool changed, plain; /* plain: by SQLite's own interface */
};

static int perform_within(helios *h, const struct within *w, helios_error *err) {
  if (!w->plain) {
    return ek_try(h, err, w->sql);
  }
  int rc = sqlite3_exec(helios_db(h), w->sql, NULL, NULL, NULL);
  return rc == SQLITE_OK ? 0 : hrt_fail(err, HELIOS_E_SQL, "%s", sqlite3_errmsg(helios_db(h)));
}

/* Returns false if there was no n-th thing. */
static bool try_within(const struct within *w, long n) {
  helios_error err = {0};
  helios *h = open_in_transaction(w->changed);
  fault_arm(n, false, FAULT_SQLITE);
  int status = perform_within(h, w, &err);
  bool met = fault_disarm() > n, lost = sqlite3_get_autocommit(helios_db(h));
  if (lost && (status == 0 || !tells(&err))) {
    fail_msg("%s, fault %ld, %s: the transaction is gone: %d %s", w->sql, n, fault_hit(), status,
             err.text);
  }
  ek_close(h);
  return met;
}

/* SQLite rolls back all of a transaction if any statement in it, though it only reads, finds no
 * memory. Where the engine reads for itself, and can do without, it may not hide that: what comes
 * next in the transaction would be done outside of it. */
static void transaction__is_not_lost_in_silence(void **state) {
  static const struct within rows[] = {{"ALTER PROCEDURE answer ROLLBACK", true, false},
                                       {"DROP PROCEDURE answr", true, false},
                                       {"DROP EXTENSION pare", true, false},
                                       {"SELECT count(*) FROM helios_audit_log", true, false},
                                       {"SELECT count(*) FROM helios_audit_log", true, true},
                                       {"SELECT 1", true, false},
                                       {"SELECT answer()", false, false},
                                       {"SELECT answer()", false, true},
                                       {"SELECT answr()", false, false},
                                       {"SELECT answer(1, 2)", false, false},
                                       {"SELECT more(1, 2)", false, false},
                                       {"CALL answer()", true, false}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    long n = 0;
    while (try_within(&rows[i], n)) {
      n++;
    }
    print_message("  %s: %ld things fail\n", rows[i].sql, n);
  }
}

/* ---- once in a process ---- */

static void handler_before(int number) {
  _exit(number == SIGSEGV ? 40 : 3);
}

/* The first open installs the handler of faults. After a failure a second one does, and a fault of
 * the host's still goes to the handler that was there before. */
static void first_open(long n, bool for_ever) {
  helios *h = NULL;
  helios_error err = {0};
  struct sigaction old = {.sa_handler = handler_before};
  sigaction(SIGSEGV, &old, NULL);
  alarm(20);
  fault_arm(n, for_ever, FAULT_OURS);
  int status = helios_open(&h, ":memory:", NULL, &err);
  fault_disarm();
  if ((status == 0) != (h != NULL) || (status != 0 && err.text[0] == 0) ||
      (h == NULL && helios_open(&h, ":memory:", NULL, &err) != 0)) {
    _exit(3);
  }
  /* no page is there, and it is not NULL, which the sanitizer would see */
  *(volatile char *)(uintptr_t)(n + 64) = 1;
}

static void first__open_of_a_process(void **state) {
  (void)state;
  enum { OPERATIONS = 20 }; /* more than there are: open has little of its own */
  for (long n = 0; n < 2 * OPERATIONS; n++) {
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
      first_open(n / 2, n % 2);
    }
    int end = 0;
    assert_int_equal(waitpid(pid, &end, 0), pid);
    if (!WIFEXITED(end) || WEXITSTATUS(end) != 40) {
      fail_msg("fault %ld: ended by %x", n / 2, end);
    }
  }
}

/* ---- the template ---- */

/* NAME.wat of this folder to NAME.so. */
static void build(const char *name) {
  hcc_build_result result;
  hcc_error err = {0};
  char input[512], file[32], output[128], toolchain[512];
  snprintf(input, sizeof input, "%s/tests/fault/%s.wat", getenv("HELIOS_SOURCE"), name);
  snprintf(file, sizeof file, "%s.so", name);
  snprintf(toolchain, sizeof toolchain, "%s/toolchain", getenv("HELIOS_SOURCE"));
  snprintf(output, sizeof output, "%s", ek_path(file));
  setenv("HELIOS_TOOLCHAIN", toolchain, 0);
  hcc_build_options options = {.input = input, .output = output, .no_cache = true};
  if (hcc_build(&result, &options, &err) != 0) {
    fail_msg("%s.wat: %s", name, err.text);
  }
}

/* Where every text that SQLite gives must be converted, which takes memory. */
static void make_utf16(void) {
  helios *h = ek_open("u.db");
  ek_run(
      h,
      "PRAGMA encoding = 'UTF-16le'; CREATE TABLE log(a);"
      "CREATE FUNCTION does(a TEXT, b BIGINT) RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('query', "
      "'read:docs', 'write:docs') AS '%D/sql.so';"
      "CREATE FUNCTION all_of(a TEXT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'does' "
      "CAPABILITIES "
      "('query', 'read') AS '%D/sql.so';" DOCS,
      "");
  ek_close(h);
}

static int setup(void **state) {
  static const char module[] = "\0asm\1\0\0\0";
  ek_setup(state);
  assert_int_equal(mkdir(ek_path("tmp"), 0700), 0);
  setenv("TMPDIR", ek_path("tmp"), 1);
  build("hosts");
  build("keeps");
  build("swells");
  build("files");
  build("ask");
  build("sql");
  build("asks");
  assert_int_equal(mkdir(ek_path("files"), 0700), 0);
  ek_write("fake.wasm", module, 8);
  ek_write("no-heliosc", "#!/bin/sh\ncp \"${0%/*}/one.so\" \"$4\"\n", 35);
  assert_int_equal(chmod(ek_path("no-heliosc"), 0700), 0);
  helios *h = ek_open("f.db");
  ek_run(
      h,
      "PRAGMA synchronous = NORMAL; CREATE TABLE log(a);" EK_CREATE_ANSWER
      "ALTER PROCEDURE answer VERSION 2 AS '%D/two.so'; ALTER PROCEDURE answer USE VERSION 1;"
      "CREATE FUNCTION hosts(a TEXT) RETURNS JSON LANGUAGE wasm CAPABILITIES ('query', "
      "'read:log', 'write:log', 'transaction', 'log') AS '%D/hosts.so';"
      "CREATE FUNCTION keeps() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('query', 'write:log', "
      "'ddl:made', 'log', 'crypto', 'random') AS '%D/keeps.so';"
      "CREATE FUNCTION files(a TEXT) RETURNS BIGINT LANGUAGE wasm CAPABILITIES "
      "('filesystem:%D/files:rw', 'log') AS '%D/files.so';"
      "CREATE FUNCTION does(a TEXT, b BIGINT) RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('query', "
      "'read:docs', 'write:docs') AS '%D/sql.so';"
      "CREATE FUNCTION ask() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('network:127.0.0.1') AS "
      "'%D/ask.so';"
      "CREATE FUNCTION plus(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC EXPORT "
      "'add' AS '%D/one.so'; CREATE VIEW v AS SELECT plus(2, 3) AS a",
      "");
  ek_close(h);
  make_utf16();
  template = fx_read(ek_path("f.db"));
  return 0;
}

static int teardown(void **state) {
  static const char *const left[] = {"files/x", "files/one", "files/two"};
  fx_free(template);
  for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
    unlink(ek_path(left[i]));
  }
  rmdir(ek_path("files"));
  rmdir(ek_path("tmp"));
  return ek_teardown(state);
}

int main(void) {
  const struct CMUnitTest first[] = {cmocka_unit_test(first__open_of_a_process)};
  const struct CMUnitTest tests[] = {cmocka_unit_test(faults__each_once_and_for_ever),
                                     cmocka_unit_test(transaction__is_not_lost_in_silence)};
  fault_install();
  int failed = cmocka_run_group_tests(first, NULL, NULL);
  return failed + cmocka_run_group_tests(tests, setup, teardown);
}
