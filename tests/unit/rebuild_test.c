/* rebuild_test.c - a plugin that nobody vouches for here is built again at the call, by a heliosc
 * that is a script: what is kept where, what forbids it, what ends it. */
#include "engine_kit.h"
#include "interrupt_kit.h"

#include <unistd.h>

/* The module of one.so in the catalog, under a hash that it has; its plugin is gone. */
static void lose_plugin(void) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(ek_path("r.db"), &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "DELETE FROM helios_plugin", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int kept(void) {
  sqlite3 *db;
  sqlite3_stmt *s;
  assert_int_equal(sqlite3_open(ek_path("r.db"), &db), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM helios_plugin", -1, &s, NULL), 0);
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  int count = sqlite3_column_int(s, 0);
  sqlite3_finalize(s);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  return count;
}

/* A heliosc that does this; $4 is where the plugin goes. */
static void use_heliosc(const char *does) {
  char script[512];
  int size = snprintf(script, sizeof script, "#!/bin/sh\n%s\n", does);
  ek_write("heliosc.tmp", script, (size_t)size);
  assert_int_equal(chmod(ek_path("heliosc.tmp"), 0755), 0);
  assert_int_equal(rename(ek_path("heliosc.tmp"), ek_path("heliosc")), 0);
  setenv("HELIOS_HELIOSC", ek_path("heliosc"), 1);
}

static const char *copy_of(const char *name) {
  static char does[256];
  snprintf(does, sizeof does, "cp '%s' \"$4\"", ek_path(name));
  return does;
}

static int begin(void **state) {
  (void)state;
  helios *h = ek_open("r.db");
  ek_run(h, EK_CREATE_ANSWER "SELECT answer()", "1");
  ek_close(h);
  lose_plugin();
  use_heliosc(copy_of("one.so"));
  return 0;
}

static int end(void **state) {
  (void)state;
  return unlink(ek_path("r.db"));
}

static void call__builds_and_keeps(void **state) {
  (void)state;
  helios *h = ek_open("r.db");
  ek_run(h, "SELECT answer()", "1");
  assert_int_equal(kept(), 1);
  ek_close(h);
  use_heliosc("exit 1");
  h = ek_open("r.db");
  ek_run(h, "SELECT answer()", "1");
  ek_close(h);
}

static void call__makes_no_writer_of_a_transaction(void **state) {
  (void)state;
  helios *h = ek_open("r.db");
  ek_run(h, "BEGIN; SELECT answer(); COMMIT", "1");
  assert_int_equal(kept(), 0);
  ek_run(h, "SELECT answer()", "1"); /* it is mapped: nothing is to be built */
  ek_close(h);
}

/* Someone else writes: the call does not wait for it, and runs. */
static void call__runs_while_another_writes(void **state) {
  (void)state;
  sqlite3 *db;
  helios *h = ek_open("r.db");
  assert_int_equal(sqlite3_open(ek_path("r.db"), &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  ek_run(h, "SELECT answer()", "1");
  assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  assert_int_equal(kept(), 0);
  ek_close(h);
}

static void option__forbids_it_at_calls(void **state) {
  (void)state;
  helios *h = NULL;
  helios_error err;
  helios_options options = HELIOS_OPTIONS_INIT;
  options.no_rebuild = 1;
  assert_int_equal(helios_open(&h, ek_path("r.db"), &options, NULL), 0);
  assert_int_equal(ek_try(h, &err, "SELECT answer()"), HELIOS_E_BROKEN);
  assert_non_null(strstr(err.text, "no compiled form"));
  assert_non_null(strstr(err.hint, "helios_rebuild()"));
  assert_int_equal(kept(), 0);
  ek_run(h, "SELECT helios_rebuild('answer'), answer()", "1|1");
  assert_int_equal(kept(), 1);
  ek_close(h);
}

static void alter__rebuild(void **state) {
  (void)state;
  helios *h = ek_open("r.db");
  ek_fails(h, "ALTER PROCEDURE nothing REBUILD", HELIOS_E_NOT_FOUND, "no such procedure: nothing");
  assert_int_equal(kept(), 0);
  ek_run(h, "BEGIN; ALTER PROCEDURE answer REBUILD; ROLLBACK", "");
  assert_int_equal(kept(), 0);
  ek_run(h, "ALTER PROCEDURE answer REBUILD; ALTER PROCEDURE answer REBUILD; SELECT answer()", "1");
  assert_int_equal(kept(), 1);
  setenv("HELIOS_HELIOSC", ek_path("none"), 1);
  ek_run(h, "DELETE FROM helios_plugin", "");
  ek_fails(h, "ALTER PROCEDURE answer REBUILD", HELIOS_E_BROKEN, "procedure answer:");
  ek_run(h,
         "SELECT granted FROM helios_audit_log WHERE event = 'rebuild' AND capability IS NULL AND "
         "detail IS NOT NULL ORDER BY time_us DESC LIMIT 1",
         "0");
  ek_close(h);
}

static void what__heliosc_gives_is_not_trusted(void **state) {
  (void)state;
  helios *h = ek_open("r.db");
  use_heliosc(copy_of("two.so")); /* of another module */
  ek_fails(h, "SELECT answer()", HELIOS_E_BROKEN, "not made from this version's module");
  use_heliosc("echo nonsense >\"$4\"");
  ek_fails(h, "SELECT answer()", HELIOS_E_BROKEN, "not a helios plugin");
  use_heliosc("exit 3");
  ek_fails(h, "SELECT answer()", HELIOS_E_BROKEN, "heliosc failed");
  setenv("HELIOS_HELIOSC", ek_path("none"), 1);
  ek_fails(h, "SELECT answer()", HELIOS_E_BROKEN, "no compiled form");
  assert_int_equal(kept(), 0);
  ek_close(h);
}

static void ddl__writes_it_with_its_own_change(void **state) {
  (void)state;
  helios *h = ek_open("r.db");
  ek_run(h, "BEGIN; ALTER PROCEDURE answer SET timeout = '1s'; ROLLBACK", "");
  assert_int_equal(kept(), 0);
  ek_run(h, "ALTER PROCEDURE answer SET timeout = '1s'; SELECT answer()", "1");
  assert_int_equal(kept(), 1);
  ek_run(h, "SELECT count(*) FROM helios_audit_log WHERE event = 'rebuild'", "2");
  ek_close(h);
}

static void interrupt__ends_it(void **state) {
  (void)state;
  struct ik_interrupt k;
  helios *h = ek_open("r.db");
  use_heliosc("sleep 30");
  ik_begin(&k, helios_db(h), 300);
  ek_fails(h, "SELECT answer()", HELIOS_E_CANCELLED, "");
  ik_end(&k);
  assert_true(ik_now() - k.first < UINT64_C(10000000000));
  use_heliosc(copy_of("one.so"));
  ek_run(h, "SELECT answer()", "1");
  ek_close(h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(call__builds_and_keeps),
      TEST(call__makes_no_writer_of_a_transaction),
      TEST(call__runs_while_another_writes),
      TEST(option__forbids_it_at_calls),
      TEST(alter__rebuild),
      TEST(what__heliosc_gives_is_not_trusted),
      TEST(ddl__writes_it_with_its_own_change),
      TEST(interrupt__ends_it),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
