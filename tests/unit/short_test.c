/* short_test.c - calls by the short way, through SQL: what is set once for many of them is right
 * for each, whatever comes between; and functions that know their trampoline by themselves. */
#include "engine_kit.h"

#include "sqlite/session.h"

#define ROWS " FROM (VALUES (1), (2), (3))"
#define PLUS                                                                                       \
  "CREATE PROCEDURE plus(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' AS "        \
  "'%D/one.so';"
#define CREATE(what) "CREATE PROCEDURE " what " LANGUAGE wasm AS '%D/one.so';"

/* Limits belong to the procedure, also where two are called in turn and a call asks for more fuel.
 */
static void limits__of_each_in_turn(void **state) {
  (void)state;
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE PROCEDURE little(n BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'burn' AS "
         "'%D/one.so' WITH (fuel_limit = 1000);"
         "CREATE PROCEDURE much(n BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'burn' AS "
         "'%D/one.so' WITH (fuel_limit = 9000000);"
         "SELECT little(900), much(5000000), little(1000)" ROWS,
         "900|5000000|1000\n900|5000000|1000\n900|5000000|1000");
  ek_fails(h, "SELECT much(5000000), little(1001)" ROWS, HELIOS_E_FUEL, "fuel exhausted");
  ek_fails(h, "SELECT little(900), much(9000001)" ROWS, HELIOS_E_FUEL, "fuel exhausted");
  ek_run(h, "SELECT little(900), much(5000000)", "900|5000000");
  ek_close(h);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(limits__of_each_in_turn),
      cmocka_unit_test(fuel__is_counted),
      cmocka_unit_test(between__long_ones),
      cmocka_unit_test(thunks__one_each_while_there_are),
      cmocka_unit_test(thunks__each_calls_its_own),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
