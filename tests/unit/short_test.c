/* short_test.c - calls by the short way, through SQL: what is set once for many of them is right
 * for each, whatever comes between; and functions that know their trampoline by themselves. */
#include "engine_kit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "sqlite/session.h"

#define ROWS " FROM (VALUES (1), (2), (3))"
#define PLUS                                                                                       \
  "CREATE PROCEDURE plus(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' AS "        \
  "'%D/one.so';"
#define CREATE(what) "CREATE PROCEDURE " what " LANGUAGE wasm AS '%D/one.so';"

#define BURNS                                                                                      \
  "CREATE PROCEDURE little(n BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'burn' AS "               \
  "'%D/one.so' WITH (fuel_limit = 1000);"                                                          \
  "CREATE PROCEDURE much(n BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'burn' AS "                 \
  "'%D/one.so' WITH (fuel_limit = 9000000);"

/* Limits belong to the procedure, also where two are called in turn and a call asks for more fuel.
 */
static void limits__of_each_in_turn(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, BURNS "SELECT little(900), much(5000000), little(1000)" ROWS,
         "900|5000000|1000\n900|5000000|1000\n900|5000000|1000");
  ek_fails(h, "SELECT much(5000000), little(1001)" ROWS, HELIOS_E_FUEL, "fuel exhausted");
  ek_fails(h, "SELECT little(900), much(9000001)" ROWS, HELIOS_E_FUEL, "fuel exhausted");
  ek_run(h, "SELECT little(900), much(5000000)", "900|5000000");
  ek_close(h);
}

static sqlite3_stmt *prepared(helios *h, const char *sql) {
  sqlite3_stmt *s = NULL;
  assert_int_equal(sqlite3_prepare_v2(helios_db(h), sql, -1, &s, NULL), SQLITE_OK);
  return s;
}

/* One call of another statement, its first, comes between two of a statement. */
static void limits__of_each_statement(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, BURNS, "");
  sqlite3_stmt *s = prepared(h, "SELECT much(5000000)" ROWS);
  for (int n = 0; n < 3; n++) {
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    ek_run(h, "SELECT little(900)", "900");
  }
  sqlite3_finalize(s);
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* One more row of the statement that it was made with. */
static void pull(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc, (void)argv;
  sqlite3_stmt *s = sqlite3_user_data(sql);
  if (sqlite3_step(s) == SQLITE_ROW) {
    sqlite3_result_int64(sql, sqlite3_column_int64(s, 0));
  } else {
    sqlite3_result_error(sql, sqlite3_errmsg(sqlite3_db_handle(s)), -1);
  }
}

/* A statement that began by itself and goes on inside of a procedure's SQL uses the procedure's
 * fuel. */
static void limits__of_the_procedure_that_goes_on(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, BURNS, "");
  sqlite3_stmt *s = prepared(h, "SELECT much(3000) FROM (VALUES (1), (2), (3), (4), (5), (6))");
  assert_int_equal(
      sqlite3_create_function(helios_db(h), "pull", 0, SQLITE_UTF8, s, pull, NULL, NULL),
      SQLITE_OK);
  ek_run(h,
         "CREATE PROCEDURE outer_of() RETURNS BIGINT LANGUAGE sql AS 'SELECT pull()';"
         "SELECT pull(), pull()",
         "3000|3000");
  ek_run(h, "SELECT outer_of(), pull()", "3000|3000");
  ek_run(h, "ALTER PROCEDURE outer_of SET fuel_limit = 2000", "");
  ek_fails(h, "SELECT outer_of()", HELIOS_E_FUEL, "procedure much: fuel exhausted");
  sqlite3_finalize(s);
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* Every call's fuel counts once, whether it asked for more or not. */
static void fuel__is_counted(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         CREATE("burn(n BIGINT) RETURNS BIGINT") "SELECT count(*) FROM helios_statement;"
                                                 "SELECT sum(burn(column1)) FROM (VALUES (10), "
                                                 "(3000000), (20), (2000000), (30), (30))",
         "0\n5000090");
  ek_run(h, "SELECT calls, fuel, fuel_max FROM helios_statement", "6|5000090|3000000");
  ek_close(h);
}

/* What one call can't take goes the long way, and the next is a short one again. */
static void between__long_ones(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         PLUS CREATE("bump() RETURNS BIGINT") CREATE("mark(a BIGINT) RETURNS BIGINT")
             CREATE("trap() RETURNS BIGINT") CREATE("echo(a TEXT) RETURNS TEXT"),
         "");
  ek_run(h,
         "SELECT plus(x, 1), mark(x), bump(), echo(x) FROM (SELECT 1 AS x UNION ALL SELECT NULL "
         "UNION ALL SELECT '3' UNION ALL SELECT 4)",
         "2|11|1|1\nNULL|NULL|1|NULL\n4|31|1|3\n5|41|1|4");
  ek_run(h, "SELECT plus(mark(x), plus(bump(), bump())) FROM (SELECT 1 AS x UNION ALL SELECT 2)",
         "13\n23");
  ek_fails(h, "SELECT plus(1, 2), trap()" ROWS, HELIOS_E_TRAP, "unreachable");
  ek_fails(h, "SELECT plus('x', 2)" ROWS, HELIOS_E_VALUE, "parameter a");
  ek_run(h, "SELECT plus(1, 2), bump()" ROWS, "3|1\n3|1\n3|1");
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* A module that imports only what keeps a procedure deterministic: the call's own arguments and
 * results. It says so with no flag. */
static const char host_source[] =
    "struct inst { struct hsb_memory mem; };\n"
    "#define FN(n) static NOINLINE void n(void *i, hsb_slot *s)\n"
    "#define HOST(n) struct hsb_ctx *c = hsb_ctx_of(i); c->imports[n].fn(c, s, c->imports[n].env)\n"
    "FN(picky) { if (s[0] % 2 == 0) return; s[0] = 7; s[1] = 16; s[2] = 3; HOST(0); s[0] = -1; }\n"
    "FN(even) { if (s[0] % 2 == 0) return; HOST(1); s[0] = -1; }\n"
    "FN(counted) { HOST(2); }\n"
    "FN(summed_step) { s[0] += s[1]; if (s[1] != 0) return; s[0] = 7; s[1] = 16; s[2] = 3; "
    "HOST(0); "
    "}\n"
    "FN(summed_final) { (void)i, (void)s; }\n"
    "static const struct hsb_import im[] = {{\"helios_v1\", \"fail\", \"iii:i\", 9, 4},\n"
    "  {\"helios_v1\", \"return_null\", \":i\", 9, 11}, {\"helios_v1\", \"arg_count\", \":i\", 9, "
    "9}};\n"
    "static const unsigned char blob[] = \"odd\";\n"
    "static const struct hsb_segment seg[] = {{16, 0, 3}};\n"
    "static void init(void *i) { (void)i; }\n"
    "static const struct hsb_export ex[] = {EXPORT(\"picky\", \"j:j\", picky), EXPORT(\"even\", "
    "\"j:j\", even),\n"
    "  EXPORT(\"counted\", \"j:j\", counted), EXPORT(\"summed_step\", \"jj:j\", summed_step),\n"
    "  EXPORT(\"summed_final\", \"j:j\", summed_final)};\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR,\n"
    "  .flags = HSB_PLUGIN_HAS_MEMORY | HSB_PLUGIN_METERED, .instance_size = sizeof(struct inst),\n"
    "  .memory_min = 1, .memory_max = 1, .export_count = COUNT(ex), .import_count = COUNT(im),\n"
    "  .segment_count = 1, .exports = ex, .imports = im, .segments = seg, .blob = blob,\n"
    "  .blob_size = 3, .init = init, .module_hash = HASH};\n";

#define HOST(what) "CREATE " what " LANGUAGE wasm AS '%D/host.so';"

/* Calls that ask the host for what is of the call are never short: each finds its own. */
static void host__is_asked_in_every_row(void **state) {
  (void)state;
  ek_plugin_of("host.so", host_source, "-DHOSTED");
  helios *h = ek_open(":memory:");
  ek_run(h,
         HOST("PROCEDURE picky(a BIGINT) RETURNS BIGINT")
             HOST("PROCEDURE even(a BIGINT) RETURNS BIGINT")
                 HOST("PROCEDURE counted(a BIGINT) RETURNS BIGINT")
                     HOST("AGGREGATE summed(a BIGINT) RETURNS BIGINT"),
         "");
  ek_run(h, "SELECT even(column1), counted(column1) FROM (VALUES (2), (4), (5), (6))",
         "2|1\n4|1\nNULL|1\n6|1");
  ek_fails(h, "SELECT picky(column1) FROM (VALUES (2), (4), (5))", HELIOS_E_GUEST, "odd");
  ek_run(h, "SELECT summed(column1)" ROWS, "6");
  ek_fails(h, "SELECT summed(column1) FROM (VALUES (2), (4), (0))", HELIOS_E_GUEST, "odd");
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* What is set up is a statement's. The next one's pin may have the same address, and has it not set
 * up where its first call is not its own: helios_version only asks. */
static void armed__while_the_statement_is(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, PLUS, "");
  for (int n = 0; n < 50; n++) {
    ek_run(h, "SELECT plus(1, 2)" ROWS, "3\n3\n3");
    assert_null(h->armed);
    ek_run(h, "SELECT helios_version('plus'), plus(1, 2)", "1|3");
  }
  ek_close(h);
}

/* A call with fewer arguments than there are goes the long way, which adds them. */
static void defaults__in_every_row(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE PROCEDURE plus(a BIGINT, b BIGINT DEFAULT 5) RETURNS BIGINT LANGUAGE wasm EXPORT "
         "'add' AS '%D/one.so'; SELECT plus(column1), plus(column1, 2)" ROWS,
         "6|3\n7|4\n8|5");
  ek_close(h);
}

/* Each failure is counted where its version is, and SQLite has the code that its kind has. */
static void errors__of_short_calls(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, CREATE("trap() RETURNS BIGINT") BURNS, "");
  ek_fails(h, "SELECT iif(column1 < 3, little(900), trap())" ROWS, HELIOS_E_TRAP, "unreachable");
  ek_fails(h, "SELECT little(column1 * 400)" ROWS, HELIOS_E_FUEL, "fuel exhausted");
  ek_run(h,
         "SELECT procedure, version, calls, errors, traps, fuel_errors FROM helios_metrics WHERE "
         "errors > 0 ORDER BY 1",
         "little|1|5|1|0|1\ntrap|1|1|1|1|0");
  ek_close(h);
}

/* Memory that runs out is an error of that name, and the next statement finds all as it was. */
static void errors__without_memory(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h, PLUS CREATE("echo(a TEXT) RETURNS TEXT") CREATE("bump() RETURNS BIGINT"), "");
  int rc = SQLITE_NOMEM;
  for (int n = 0; n < 60; n++) {
    helios_error err;
    ek_run(h, "ALTER PROCEDURE plus SET timeout = '5s'; ALTER PROCEDURE echo SET timeout = '5s'",
           NULL); /* so that nothing is kept of them */
    hrt_alloc_fail(n, 1);
    sqlite3_stmt *s = NULL;
    rc =
        sqlite3_prepare_v2(helios_db(h), "SELECT plus(1, 2), echo('x'), bump()" ROWS, -1, &s, NULL);
    for (int row = 0; row < 3 && rc != SQLITE_NOMEM; row++) {
      rc = sqlite3_step(s);
    }
    hrt_alloc_fail(-1, 0);
    sqlite3_finalize(s);
    assert_true(rc == SQLITE_ROW || rc == SQLITE_NOMEM);
    assert_int_equal(ek_try(h, &err, "SELECT plus(1, 2), echo('x'), bump()" ROWS), 0);
    assert_string_equal(ek_out, "3|x|1\n3|x|1\n3|x|1");
  }
  assert_int_equal(rc, SQLITE_ROW); /* there are fewer */
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* A statement of a procedure's that calls another is still the procedure's afterwards: its time
 * ends it, its authorizer is asked, and what it used is not taken off the other's limit. */
static void nested__goes_on_as_before(void **state) {
  (void)state;
  ek_plugin("far.so",
            "-DANSWER=3 '-DSQL=\"SELECT answer(), (WITH RECURSIVE c(x) AS (SELECT 1 UNION "
            "ALL SELECT x + 1 FROM c WHERE x < 100000000) SELECT count(*) FROM c)\"'");
  ek_plugin("burns.so", "-DANSWER=3 -DBURN=5000 '-DSQL=\"SELECT little(900)\"'");
  helios *h = ek_open(":memory:");
  ek_run(h,
         BURNS EK_CREATE_ANSWER
         "CREATE PROCEDURE far() RETURNS BIGINT LANGUAGE wasm EXPORT 'run' CAPABILITIES ('query') "
         "WITH (timeout = '100ms') AS '%D/far.so';"
         "CREATE PROCEDURE burns() RETURNS BIGINT LANGUAGE wasm EXPORT 'run' CAPABILITIES "
         "('query') AS '%D/burns.so'",
         "");
  ek_fails(h, "SELECT far()", HELIOS_E_DEADLINE, "time limit");
  ek_run(h, "SELECT burns()" ROWS, "0\n0\n0");
  ek_close(h);
}

#define F(what) "CREATE " what " LANGUAGE wasm EXPORT 'mark' AS '%D/one.so'"

/* Another connection makes something else of a name: whatever does not fit is refused. */
static void fits__what_another_connection_makes(void **state) {
  static const struct {
    const char *met, *made, *call, *said;
  } cases[] = {
      {F("FUNCTION f(a BIGINT) RETURNS BIGINT"),
       "CREATE AGGREGATE f(a BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'total' AS '%D/one.so'",
       "SELECT f(1)", "it was no aggregate when this connection met it"},
      {"CREATE AGGREGATE f(a BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'total' AS '%D/one.so'",
       F("FUNCTION f(a BIGINT) RETURNS BIGINT"), "SELECT f(1)",
       "it was an aggregate when this connection met it"},
      {F("FUNCTION f(a BIGINT) RETURNS BIGINT"),
       "CREATE FUNCTION f(a TEXT) RETURNS TABLE (b TEXT) LANGUAGE wasm EXPORT 'echo' AS "
       "'%D/one.so'",
       "SELECT f(1)", "it returns a table"},
      {"CREATE FUNCTION f(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' AS "
       "'%D/one.so'",
       F("FUNCTION f(a BIGINT) RETURNS BIGINT"), "SELECT f(1, 2)", "it takes 1 arguments, 2 were"},
      {F("FUNCTION f(a BIGINT) RETURNS BIGINT"),
       "CREATE FUNCTION f(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' AS "
       "'%D/one.so'",
       "SELECT f(1)", "it takes 2 arguments, 1 were"},
      {F("FUNCTION f(a BIGINT) RETURNS BIGINT") " DETERMINISTIC",
       "CREATE FUNCTION f(a BIGINT) RETURNS BIGINT LANGUAGE sql AS 'SELECT a'", "SELECT f(1)",
       "it was deterministic when this connection met it"},
      {F("FUNCTION f(a BIGINT) RETURNS BIGINT") " DETERMINISTIC",
       "CREATE FUNCTION f(a BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'mark' CAPABILITIES "
       "('query') "
       "AS '%D/reads.so'",
       "SELECT f(1)", "it was deterministic when this connection met it"},
  };
  (void)state;
  ek_plugin("reads.so", "-DANSWER=3 '-DSQL=\"SELECT 1\"'");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    helios *one = ek_open("fits.db"), *two = ek_open("fits.db");
    ek_run(one, cases[i].met, "");
    ek_run(one, "SELECT 1 WHERE 0", "");
    ek_run(two, "DROP FUNCTION f", "");
    ek_run(two, cases[i].made, "");
    ek_fails(one, cases[i].call, strstr(cases[i].said, "met it") ? HELIOS_E_BROKEN : HELIOS_E_VALUE,
             cases[i].said);
    ek_run(two, "DROP FUNCTION f", "");
    ek_close(two);
    ek_close(one);
  }
  assert_int_equal(hrt_alloc_live(), 0);
}

static void thunks__one_each_while_there_are(void **state) {
  (void)state;
  static hrt_trampoline all[HRT_THUNKS + 2];
  const hrt_thunk *of[HRT_THUNKS + 2];
  for (uint32_t n = 0; n < HRT_THUNKS + 2; n++) {
    of[n] = hrt_thunk_take(&all[n]);
    assert_true(n == 0 || n == HRT_THUNKS + 1 || of[n]->call != of[n - 1]->call);
    assert_true(n == 0 || n == HRT_THUNKS + 1 || of[n]->step != of[n - 1]->step);
  }
  assert_ptr_equal(of[HRT_THUNKS], of[HRT_THUNKS + 1]);
  hrt_thunk_give(&all[HRT_THUNKS]); /* has none */
  hrt_thunk_give(&all[7]);
  assert_ptr_equal(hrt_thunk_take(&all[HRT_THUNKS]), of[7]);
  hrt_thunk_give(&all[HRT_THUNKS]);
  all[HRT_THUNKS].thunk = HRT_THUNKS;
  for (uint32_t n = 0; n < HRT_THUNKS; n++) {
    if (n != 7) {
      hrt_thunk_give(&all[n]);
    }
  }
}

#define TOTAL                                                                                      \
  "CREATE AGGREGATE w_total(x BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'total' AS '%D/one.so';"

/* Two connections with a function of the same name, and one that finds no thunk. */
static void thunks__each_calls_its_own(void **state) {
  (void)state;
  static hrt_trampoline all[HRT_THUNKS];
  helios *one = ek_open(":memory:"), *two = ek_open(":memory:");
  ek_run(one, CREATE("answer() RETURNS BIGINT") TOTAL, "");
  ek_run(two, "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS '%D/two.so';" TOTAL, "");
  for (uint32_t n = 0; n < HRT_THUNKS; n++) {
    (void)hrt_thunk_take(&all[n]);
  }
  helios *three = ek_open(":memory:");
  ek_run(three, "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';" TOTAL, "");
  for (uint32_t n = 0; n < HRT_THUNKS; n++) {
    hrt_thunk_give(&all[n]);
  }
  helios *of[] = {one, two, three};
  for (int n = 0; n < 6; n++) {
    ek_run(of[n % 3], "SELECT answer()" ROWS, n % 3 == 1 ? "2\n2\n2" : "1\n1\n1");
    ek_run(of[n % 3], "SELECT w_total(column1) FROM (VALUES (1), (20), (300))", "321");
  }
  for (int n = 0; n < 3; n++) {
    ek_close(of[n]);
  }
  assert_int_equal(hrt_alloc_live(), 0);
}

static void *step(void *arg) {
  sqlite3_stmt *s = arg;
  bool right = sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int(s, 0) == 3;
  return right ? arg : NULL;
}

/* What was set up on one thread serves others, on stacks of their own. */
static void threads__step_in_turn(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  pthread_attr_t little;
  ek_run(h, PLUS, "");
  sqlite3_stmt *s =
      prepared(h, "SELECT plus(1, 2) FROM (VALUES (1), (2), (3), (4), (5), (6), (7))");
  assert_int_equal(pthread_attr_init(&little), 0);
  assert_int_equal(pthread_attr_setstacksize(&little, 1u << 18), 0);
  for (int n = 0; n < 3; n++) {
    pthread_t thread;
    void *right = NULL;
    assert_non_null(step(s));
    assert_int_equal(pthread_create(&thread, &little, step, s), 0);
    pthread_join(thread, &right);
    assert_non_null(right);
  }
  pthread_attr_destroy(&little);
  sqlite3_finalize(s);
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

static atomic_int held[HRT_THUNKS], held_twice;

/* Takes a few thunks and gives them back, again and again. */
static void *take_and_give(void *arg) {
  hrt_trampoline few[3];
  (void)arg;
  for (int turn = 0; turn < 60000; turn++) {
    for (int n = 0; n < 3; n++) {
      (void)hrt_thunk_take(&few[n]);
      held_twice += atomic_fetch_add(&held[few[n].thunk], 1) != 0;
    }
    for (int n = 0; n < 3; n++) {
      held[few[n].thunk]--;
      hrt_thunk_give(&few[n]);
    }
  }
  return NULL;
}

static void thunks__never_two_owners(void **state) {
  (void)state;
  pthread_t threads[4];
  for (int n = 0; n < 4; n++) {
    assert_int_equal(pthread_create(&threads[n], NULL, take_and_give, NULL), 0);
  }
  for (int n = 0; n < 4; n++) {
    pthread_join(threads[n], NULL);
  }
  assert_int_equal(held_twice, 0);
}

enum { CROWD = 4, EACH = 90 };
struct crowd {
  pthread_t thread;
  int number;
  bool right;
};

/* Opens a connection with more functions than its share of the thunks, calls them all, closes it.
 */
static void *crowd_member(void *arg) {
  struct crowd *c = arg;
  char sql[200], expected[2] = {(char)('1' + c->number % 2), 0};
  bool good = true;
  for (int turn = 0; turn < 2; turn++) {
    helios_error err = {0};
    helios *h = NULL;
    good = good && helios_open(&h, ":memory:", NULL, &err) == 0;
    for (int n = 0; n < EACH && good; n++) {
      snprintf(sql, sizeof sql,
               "CREATE PROCEDURE f%d() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS '%s/%s.so'",
               n, ek_dir, c->number % 2 ? "two" : "one");
      good = helios_exec(h, sql, NULL, NULL, &err) == 0;
    }
    for (int n = 0; n < EACH && good; n++) {
      sqlite3_stmt *s = NULL;
      snprintf(sql, sizeof sql, "SELECT f%d()" ROWS, n);
      good = sqlite3_prepare_v2(helios_db(h), sql, -1, &s, NULL) == SQLITE_OK;
      for (int row = 0; row < 3 && good; row++) {
        good = sqlite3_step(s) == SQLITE_ROW &&
               strcmp((const char *)sqlite3_column_text(s, 0), expected) == 0;
      }
      sqlite3_finalize(s);
    }
    good = h && helios_close(h, NULL) == 0 && good;
  }
  c->right = good;
  return NULL;
}

/* Threads take and give thunks while others call by theirs. */
static void thunks__of_many_threads(void **state) {
  (void)state;
  struct crowd all[CROWD];
  for (int n = 0; n < CROWD; n++) {
    all[n] = (struct crowd){.number = n};
    assert_int_equal(pthread_create(&all[n].thread, NULL, crowd_member, &all[n]), 0);
  }
  for (int n = 0; n < CROWD; n++) {
    pthread_join(all[n].thread, NULL);
    assert_true(all[n].right);
  }
  assert_int_equal(hrt_alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(limits__of_each_in_turn),
      cmocka_unit_test(limits__of_each_statement),
      cmocka_unit_test(limits__of_the_procedure_that_goes_on),
      cmocka_unit_test(fuel__is_counted),
      cmocka_unit_test(between__long_ones),
      cmocka_unit_test(host__is_asked_in_every_row),
      cmocka_unit_test(armed__while_the_statement_is),
      cmocka_unit_test(defaults__in_every_row),
      cmocka_unit_test(errors__of_short_calls),
      cmocka_unit_test(errors__without_memory),
      cmocka_unit_test(nested__goes_on_as_before),
      cmocka_unit_test(fits__what_another_connection_makes),
      cmocka_unit_test(threads__step_in_turn),
      cmocka_unit_test(thunks__one_each_while_there_are),
      cmocka_unit_test(thunks__each_calls_its_own),
      cmocka_unit_test(thunks__never_two_owners),
      cmocka_unit_test(thunks__of_many_threads),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
