/* flush_test.c - what was observed goes to the database: every record once, whoever writes it;
 * deferred writes; want of memory and of the lock; counters of connections that come and go. */
#include "engine_kit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "observe/observe.h"

static hrt_store *store_of(helios *h) {
  hrt_store *store = NULL;
  assert_int_equal(hrt_store_open(&store, sqlite3_db_filename(helios_db(h), "main"), 1, NULL), 0);
  hrt_store_close(store); /* the connection's own use keeps it */
  return store;
}

static helios *open_file(void) {
  helios *h = ek_open("f.db");
  ek_run(h,
         "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"
         "CREATE PROCEDURE trap() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so'",
         "");
  return h;
}

/* ---- threads ---- */

enum { THREADS = 4, CALLS = 300 };
static atomic_int failures;

static void *caller(void *arg) {
  const char *path = arg;
  for (int round = 0; round < 3; round++) {
    helios *h = NULL;
    helios_error err = {0};
    if (helios_open(&h, path, NULL, &err) != 0) {
      atomic_fetch_add(&failures, 1000000);
      return NULL;
    }
    sqlite3_busy_timeout(helios_db(h), 20000);
    for (int i = 0; i < CALLS / 3; i++) {
      memset(&err, 0, sizeof err);
      int status = helios_exec(h, "SELECT answer()", NULL, NULL, &err);
      atomic_fetch_add(&failures, status != 0);
      if (i % 20 == 0) {
        memset(&err, 0, sizeof err);
        status = helios_exec(h, "SELECT trap()", NULL, NULL, &err);
        atomic_fetch_add(&failures, status != HELIOS_E_TRAP);
        (void)helios_flush(h, NULL);
      }
    }
    (void)helios_close(h, NULL);
  }
  return NULL;
}

static void threads__every_record_once(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  helios *h = open_file();
  ek_run(h, "PRAGMA journal_mode = WAL", "wal");
  atomic_store(&failures, 0);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, caller, (void *)ek_path("f.db")), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
  }
  assert_int_equal(atomic_load(&failures), 0);
  ek_run(h, "SELECT procedure, calls, traps FROM helios_metrics", "answer|1200|0\ntrap|60|60");
  ek_run(h, "SELECT count(*), count(DISTINCT connection * 1000 + statement) FROM helios_traps",
         "60|60");
  ek_run(h, "SELECT count(*) FROM helios_audit_log WHERE event = 'trap'", "60");
  for (int i = 0; i < HRT_RING_COUNT; i++) {
    assert_int_equal(hrt_records_dropped(store_of(h), (hrt_ring_kind)i), 0);
  }
  ek_close(h);
  h = ek_open("f.db"); /* now all of it comes from the tables */
  ek_run(h, "SELECT count(*), count(DISTINCT connection * 1000 + statement) FROM helios_trap",
         "60|60");
  ek_run(h, "SELECT source, procedure, calls, traps FROM helios_metric",
         "0|answer|1200|0\n0|trap|60|60");
  ek_close(h);
}

/* ---- deferred writes ---- */

static int released;

static void release(void *arg) {
  (void)arg;
  released++;
}

static int write_number(sqlite3 *db, void *arg) {
  int *tries = arg;
  ++*tries;
  if (sqlite3_exec(db, "INSERT INTO done VALUES (1)", NULL, NULL, NULL) != SQLITE_OK) {
    return 1;
  }
  return *tries < 3; /* what it wrote in vain must not stay */
}

/* Past helios_exec, which would flush. */
static int count_done(helios *h) {
  sqlite3_stmt *s = NULL;
  assert_int_equal(sqlite3_prepare_v2(helios_db(h), "SELECT count(*) FROM done", -1, &s, NULL), 0);
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  int n = sqlite3_column_int(s, 0);
  sqlite3_finalize(s);
  return n;
}

static void deferred__until_it_is_done(void **state) {
  (void)state;
  helios *h = open_file();
  int tries = 0;
  released = 0;
  ek_run(h, "CREATE TABLE done(a)", "");
  assert_true(hrt_defer(store_of(h), (hrt_deferred){write_number, release, &tries}));
  for (int i = 1; i <= 4; i++) {
    assert_int_equal(helios_flush(h, NULL), 0);
    assert_int_equal(tries, i < 3 ? i : 3);
    assert_int_equal(released, i >= 3);
    assert_int_equal(count_done(h), i >= 3);
  }
  ek_close(h);
}

static void deferred__after_a_statement(void **state) {
  (void)state;
  helios *h = open_file();
  int tries = 2;
  released = 0;
  ek_run(h, "CREATE TABLE done(a)", "");
  assert_true(hrt_defer(store_of(h), (hrt_deferred){write_number, release, &tries}));
  ek_run(h, "BEGIN", "");
  ek_run(h, "SELECT answer()", "1");
  assert_int_equal(released, 0); /* not inside of a transaction */
  struct timespec hurry = {0, 20000000};
  nanosleep(&hurry, NULL);
  ek_run(h, "COMMIT", "");
  assert_int_equal(released, 1);
  ek_run(h, "SELECT count(*) FROM done", "1");
  ek_close(h);
}

/* ---- when it can't be ---- */

static void locked__all_stays(void **state) {
  (void)state;
  helios *h = open_file();
  sqlite3 *other = NULL;
  helios_error err = {0};
  ek_fails(h, "SELECT trap()", HELIOS_E_TRAP, "unreachable");
  assert_int_equal(sqlite3_open(ek_path("f.db"), &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(helios_flush(h, &err), HELIOS_E_SQL);
  ek_run(h, "SELECT count(*) FROM helios_traps", "1");
  assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(helios_flush(h, NULL), 0);
  ek_run(h, "SELECT count(*) FROM helios_traps", "1");
  ek_run(h, "BEGIN", "");
  memset(&err, 0, sizeof err);
  assert_int_equal(helios_flush(h, &err), HELIOS_E_MISUSE);
  ek_run(h, "COMMIT", "");
  sqlite3_close(other);
  ek_close(h);
}

/* ---- the connection that writes ---- */

/* Descriptors of this file that the process has open; *sum: their numbers added. */
static int descriptors(int *sum, const char *name) {
  char target[512];
  int n = 0;
  *sum = 0;
  DIR *dir = opendir("/proc/self/fd");
  assert_non_null(dir);
  for (struct dirent *e; (e = readdir(dir)) != NULL;) {
    ssize_t length = readlinkat(dirfd(dir), e->d_name, target, sizeof target - 1);
    target[length > 0 ? length : 0] = 0;
    if (strcmp(target, ek_path(name)) == 0) {
      *sum += atoi(e->d_name);
      n++;
    }
  }
  closedir(dir);
  return n;
}

/* Closing a descriptor can cost another thread its lock; see put_away in flush.c. */
static void writer__is_kept_in_a_rollback_journal(void **state) {
  (void)state;
  int sum, before;
  helios *h = open_file(), *other;
  assert_int_equal(helios_flush(h, NULL), 0);
  assert_int_equal(descriptors(&before, "f.db"), 2);
  for (int i = 0; i < 3; i++) {
    ek_fails(h, "SELECT trap()", HELIOS_E_TRAP, "unreachable");
    assert_int_equal(helios_flush(h, NULL), 0);
    assert_int_equal(descriptors(&sum, "f.db"), 2);
    assert_int_equal(sum, before);
  }
  other = ek_open("f.db"); /* it outlives the handle that wrote first */
  ek_close(h);
  ek_fails(other, "SELECT trap()", HELIOS_E_TRAP, "unreachable");
  assert_int_equal(helios_flush(other, NULL), 0);
  ek_run(other, "SELECT count(*) FROM helios_trap", "4");
  ek_close(other);
  assert_int_equal(descriptors(&sum, "f.db"), 0);
}

/* After a write that failed too. */
static void writer__has_no_lock(void **state) {
  (void)state;
  helios *h = open_file();
  sqlite3 *other = NULL;
  ek_fails(h, "SELECT trap()", HELIOS_E_TRAP, "unreachable");
  assert_int_equal(helios_flush(h, NULL), 0);
  assert_int_equal(sqlite3_open(ek_path("f.db"), &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN; SELECT * FROM helios_meta", NULL, NULL, NULL), 0);
  ek_fails(h, "SELECT trap()", HELIOS_E_TRAP, "unreachable");
  assert_int_equal(helios_flush(h, NULL), HELIOS_E_SQL); /* can't commit beside a reader */
  assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  ek_run(h, "PRAGMA journal_mode = WAL", "wal");
  assert_int_equal(helios_flush(h, NULL), 0);
  sqlite3_close(other);
  ek_run(h, "PRAGMA journal_mode = DELETE", "delete");
  ek_run(h, "PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE mine(a)", "exclusive");
  ek_run(h, "SELECT count(*) FROM helios_trap", "2");
  ek_close(h);
}

/* The file of that name is another one: what is observed of it goes there. */
static void writer__of_a_file_that_was_moved(void **state) {
  (void)state;
  helios *h = open_file(), *fresh;
  ek_fails(h, "SELECT trap()", HELIOS_E_TRAP, "unreachable");
  assert_int_equal(helios_flush(h, NULL), 0);
  assert_int_equal(rename(ek_path("f.db"), ek_path("old.db")), 0);
  fresh = open_file();
  ek_fails(fresh, "SELECT trap()", HELIOS_E_TRAP, "unreachable");
  assert_int_equal(helios_flush(fresh, NULL), 0);
  ek_run(fresh, "SELECT count(*) FROM helios_trap", "1");
  ek_run(h, "SELECT count(*) FROM helios_trap", "1");
  ek_close(fresh);
  ek_close(h);
  unlink(ek_path("old.db"));
}

/* What was observed of a file that was moved is not for the other database that has its name now.
 */
static void moved__the_other_file_stays_as_it_is(void **state) {
  (void)state;
  helios *h = open_file();
  struct fx_bytes copy = fx_read(ek_path("f.db"));
  ek_fails(h, "SELECT trap()", HELIOS_E_TRAP, "unreachable");
  assert_int_equal(rename(ek_path("f.db"), ek_path("old.db")), 0);
  ek_write("f.db", copy.data, copy.size);
  assert_int_not_equal(helios_flush(h, NULL), 0);
  ek_close(h);
  struct fx_bytes now = fx_read(ek_path("f.db"));
  assert_int_equal(now.size, copy.size);
  assert_memory_equal(now.data, copy.data, copy.size);
  fx_free(now);
  fx_free(copy);
  unlink(ek_path("old.db"));
}

static void memory__none_for_each_allocation(void **state) {
  (void)state;
  helios *h = open_file();
  static const char *const asked[] = {
      "SELECT count(*) > 0 FROM helios_traps",    "SELECT count(*) > 0 FROM helios_metrics",
      "SELECT count(*) > 0 FROM helios_versions", "SELECT count(*) > 0 FROM helios_procedures",
      "SELECT count(*) = 0 FROM helios_grants",   "SELECT helios_prometheus() <> ''",
      "SELECT helios_flush() IS NOT 77"};
  int rounds = 0;
  for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
    int status = 1;
    for (long n = 0; status != 0; n++) {
      helios_error err;
      ek_fails(h, "SELECT trap()", HELIOS_E_TRAP, "unreachable");
      hrt_alloc_fail(n, 1);
      status = ek_try(h, &err, asked[i]);
      hrt_alloc_fail(-1, 0);
      if (status != 0) {
        assert_int_equal(status, HELIOS_E_MEMORY);
      } else {
        assert_string_equal(ek_out, "1");
      }
      rounds++;
      if (rounds % 32 == 0) { /* before the ring is full, however quick the machine is */
        assert_int_equal(helios_flush(h, NULL), 0);
      }
      status = status != 0 || n < 3; /* a flush that finds no memory is no error */
    }
  }
  assert_true(rounds > 20);
  ek_run(h, "SELECT helios_flush() IS NULL", "0");
  char expected[32];
  snprintf(expected, sizeof expected, "%d", rounds);
  ek_run(h, "SELECT count(*) FROM helios_traps", expected);
  ek_close(h);
}

static int clean(void **state) {
  (void)state;
  unlink(ek_path("f.db"));
  unlink(ek_path("f.db-wal"));
  unlink(ek_path("f.db-shm"));
  return hrt_alloc_live() == 0 ? 0 : -1;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, NULL, clean)

/* Of many records in a transaction those are undone that a savepoint took back, and no others. */
static void audit__savepoint(void **state) {
  helios *h = ek_open(":memory:");
  (void)state;
#define SET(s) "ALTER PROCEDURE answer SET timeout = '" s "';"
  ek_run(h,
         "BEGIN;" EK_CREATE_ANSWER SET("1s") "SAVEPOINT s;" SET("2s")
             SET("3s") "ROLLBACK TO s;" SET("4s") SET("5s") "COMMIT",
         "");
  ek_run(h, "SELECT granted, count(*) FROM helios_audit_log WHERE event = 'set' GROUP BY granted",
         "0|2\n1|3");
  ek_run(h, "BEGIN;" SET("6s") SET("7s") "ROLLBACK;" SET("8s"), "");
  ek_run(h, "SELECT granted, count(*) FROM helios_audit_log WHERE event = 'set' GROUP BY granted",
         "0|4\n1|4");
#undef SET
  ek_close(h);
}

/* What is said to be done was committed; what was not leaves a record too. */
static void audit__goes_with_its_transaction(void **state) {
  (void)state;
  static const char *const names[] = {"tx.db", ":memory:"};
  static const char look[] = "SELECT event, granted, detail FROM helios_audit_log ORDER BY time_us";
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    helios *h = i == 0 ? ek_open(names[i]) : ek_open(":memory:");
    ek_run(h, "BEGIN; " EK_CREATE_ANSWER "ROLLBACK", ""); /* the tables too */
    ek_run(h, look, "create|0|rolled back with its transaction");
    ek_run(h,
           "BEGIN; " EK_CREATE_ANSWER "SELECT count(*), sum(granted) FROM helios_audit_log; COMMIT",
           "2|1");
    ek_run(h,
           "BEGIN; SAVEPOINT s; ALTER PROCEDURE answer GRANT CAPABILITY 'log'; ROLLBACK TO s;"
           "ALTER PROCEDURE answer SET timeout = '1s'; COMMIT;"
           "ALTER PROCEDURE answer SET timeout = '2s'",
           "");
    static const char all[] = "create|0|rolled back with its transaction\ncreate|1|NULL\n"
                              "grant|0|rolled back with its transaction\nset|1|NULL\nset|1|NULL";
    ek_run(h, look, all);
    ek_run(h, "SELECT helios_flush() IS NOT NULL", i == 0 ? "1" : "0");
    ek_run(h, look, all);
    ek_run(h, "BEGIN; DROP PROCEDURE answer", "");
    ek_close(h); /* which rolls back */
    if (i == 0) {
      h = ek_open(names[i]);
      ek_run(h, look, NULL);
      assert_non_null(strstr(ek_out, all));
      ek_run(h, "SELECT count(*) FROM helios_audit_log WHERE event = 'drop' AND granted = 1", "0");
      ek_close(h);
    }
    assert_int_equal(hrt_alloc_live(), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(threads__every_record_once),
      CASE(deferred__until_it_is_done),
      CASE(deferred__after_a_statement),
      CASE(locked__all_stays),
      CASE(memory__none_for_each_allocation),
      CASE(audit__goes_with_its_transaction),
      CASE(audit__savepoint),
      CASE(writer__is_kept_in_a_rollback_journal),
      CASE(writer__has_no_lock),
      CASE(writer__of_a_file_that_was_moved),
      CASE(moved__the_other_file_stays_as_it_is),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
