/* names_test.c - which names a procedure can't have since a function of the connection has them:
 * all that SQLite lists, none else; and a CREATE asks for its own name only, however many there
 * are. */
#include "engine_kit.h"
#include "sqlite/session.h"

static void function(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc, (void)argv;
  sqlite3_result_int(sql, 1);
}

static void add_function(sqlite3 *db, const char *name, int nargs) {
  assert_int_equal(
      sqlite3_create_function(db, name, nargs, SQLITE_UTF8, NULL, function, NULL, NULL), SQLITE_OK);
}

static bool is_taken(helios *h, const char *name) {
  bool taken;
  assert_int_equal(hrt_function_taken(&taken, h, name, NULL), 0);
  return taken;
}

/* Of any kind, with any number of arguments. */
static void taken__all_that_sqlite_lists(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  sqlite3_stmt *s;
  int n = 0;
  add_function(helios_db(h), "od\"d na'me;", 3);
  add_function(helios_db(h), "no such function: x", 1);
  add_function(helios_db(h), "\xc3\xa4", -1);
  assert_int_equal(sqlite3_prepare_v2(helios_db(h), "PRAGMA function_list", -1, &s, NULL),
                   SQLITE_OK);
  while (sqlite3_step(s) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(s, 0);
    bool ours = strncmp(name, "helios_", 7) != 0 && hrt_entry_find(h, name) != NULL;
    if (!ours && !is_taken(h, name)) {
      fail_msg("%s", name);
    }
    n++;
  }
  assert_true(n > 100);
  sqlite3_finalize(s);
  ek_close(h);
}

static void taken__in_any_case_and_no_other(void **state) {
  static const char *const free[] = {"raise", "cast",  "select",   "uppe", "upperr",
                                     "a\"b",  "a b;c", "upper'()", "",     "no such function: y"};
  (void)state;
  helios *h = ek_open(":memory:");
  assert_true(is_taken(h, "UPPER") && is_taken(h, "Row_Number") && is_taken(h, "likelihood"));
  for (size_t i = 0; i < sizeof free / sizeof *free; i++) {
    if (is_taken(h, free[i])) {
      fail_msg("%s", free[i]);
    }
  }
  ek_fails(h, "CREATE PROCEDURE Upper(a TEXT) RETURNS TEXT LANGUAGE sql AS 'SELECT a'",
           HELIOS_E_EXISTS, "this connection has a function of this name already");
  add_function(helios_db(h), "late", 2);
  ek_fails(h, "CREATE PROCEDURE late(a TEXT) RETURNS TEXT LANGUAGE sql AS 'SELECT a'",
           HELIOS_E_EXISTS, "this connection has a function of this name already");
  ek_close(h);
}

/* What SQLite needs at most meanwhile. */
static long memory_of(helios *h, const char *sql) {
  sqlite3_int64 before = sqlite3_memory_used();
  sqlite3_memory_highwater(1);
  ek_run(h, sql, "");
  return (long)(sqlite3_memory_highwater(0) - before);
}

#define CREATE(name) "CREATE PROCEDURE " name "(a TEXT) RETURNS TEXT LANGUAGE sql AS 'SELECT a'"

/* A list of all of them takes as much memory, and time, as there are. */
static void create__does_not_read_all_names(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  char name[32];
  ek_run(h, CREATE("first"), "");
  long few = memory_of(h, CREATE("second"));
  for (int i = 0; i < 4000; i++) {
    snprintf(name, sizeof name, "function_%d", i);
    add_function(helios_db(h), name, 1);
  }
  long many = memory_of(h, CREATE("third"));
  print_message("%ld and %ld bytes of SQLite's for a CREATE\n", few, many);
  assert_true(many < few + 200000);
  ek_close(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(taken__all_that_sqlite_lists),
      cmocka_unit_test(taken__in_any_case_and_no_other),
      cmocka_unit_test(create__does_not_read_all_names),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
