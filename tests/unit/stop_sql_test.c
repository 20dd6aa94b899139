/* stop_sql_test.c - through SQL: time limit and sqlite3_interrupt from another thread stop whatever
 * a procedure does, host calls, its own SQL and nested procedures included, in builds with fuel and
 * without; the connection works afterwards. Nested calls draw on one budget; how deep they nest is
 * limited, and the error says so. stop_test.c has the shapes of pure computing.
 *
 * Prints how late each end came; what is asserted is generous, for machines that are busy. */
#include "engine_kit.h"
#include "interrupt_kit.h"

#include "build.h"
#include "instance/instance.h"

#define MS UINT64_C(1000000)
#define LATE (500 * MS)
#define BEGIN_MS 50

/* clang-format off */
static const char module[] =
    "(module\n"
    "(import \"helios_v1\" \"exec\" (func $exec (param i32 i32 i32 i32) (result i64)))\n"
    "(import \"helios_v1\" \"query\" (func $query (param i32 i32 i32 i32 i32 i32) (result i32)))\n"
    "(import \"helios_v1\" \"log\" (func $log (param i32 i32 i32) (result i32)))\n"
    "(import \"helios_v1\" \"begin\" (func $begin (result i32)))\n"
    "(import \"helios_v1\" \"rollback\" (func $rollback (result i32)))\n"
    "(import \"helios_v1\" \"error_message\" (func $message (param i32 i32) (result i32)))\n"
    "(import \"env\" \"heliosdb_error\" (func $error (param i32 i32 i32)))\n"
    "(memory (export \"memory\") 2 2000) (table $t 100 1000 funcref)\n"
    "(data (i32.const 1024) \"SELECT count(*) FROM big\")\n"
    "(data (i32.const 1088) \"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c\")\n"
    "(data (i32.const 1216) \"SELECT spin()\") (data (i32.const 1248) \"SELECT again()\")\n"
    "(data (i32.const 1280) \"INSERT INTO big VALUES (1)\")\n"
    "(data (i32.const 1312) \"SELECT short()\") (data (i32.const 1344) \"SELECT writes()\")\n"
    "(func $run (param i32 i32) (result i64) (local $r i64)\n" /* an error of the SQL is one of the call */
    "  (local.set $r (call $exec (local.get 0) (local.get 1) (i32.const 0) (i32.const 0)))\n"
    "  (if (i64.lt_s (local.get $r) (i64.const 0)) (then\n"
    "    (call $error (i32.const 1) (i32.const 8192) (call $message (i32.const 8192) (i32.const 4096)))))\n"
    "  (local.get $r))\n"
    "(func (export \"spin\") (result i64) (loop (br 0)) (i64.const 0))\n"
    "(func (export \"grow\") (result i64) (loop (drop (memory.grow (i32.const 1))) (br 0)) (i64.const 0))\n"
    "(func (export \"fill\") (result i64) (loop (memory.fill (i32.const 65536) (i32.const 7) (i32.const 65536)) (br 0)) (i64.const 0))\n"
    "(func (export \"tables\") (result i64) (loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 100)) (br 0)) (i64.const 0))\n"
    "(func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))"
    " (call $deep (i32.sub (local.get 0) (i32.const 1))))))\n"
    "(func (export \"recursion\") (result i64) (call $deep (i32.const 1000)) (i64.const 0))\n"
    "(func (export \"logs\") (result i64) (loop (drop (call $log (i32.const 0) (i32.const 1024) (i32.const 8))) (br 0)) (i64.const 0))\n"
    "(func (export \"queries\") (result i64) (loop (drop (call $query (i32.const 1024) (i32.const 24) (i32.const 0) (i32.const 0)"
    " (i32.const 8192) (i32.const 100))) (br 0)) (i64.const 0))\n"
    "(func (export \"long_sql\") (result i64) (loop (drop (call $exec (i32.const 1088) (i32.const 86) (i32.const 0) (i32.const 0))) (br 0)) (i64.const 0))\n"
    "(func (export \"transactions\") (result i64) (loop (drop (call $begin)) (drop (call $run (i32.const 1280) (i32.const 26)))"
    " (drop (call $rollback)) (br 0)) (i64.const 0))\n"
    "(func (export \"in_transaction\") (result i64) (drop (call $begin)) (drop (call $run (i32.const 1280) (i32.const 26)))"
    " (loop br 0) (i64.const 0))\n"
    "(func (export \"nested\") (result i64) (loop (drop (call $exec (i32.const 1216) (i32.const 13) (i32.const 0) (i32.const 0))) (br 0)) (i64.const 0))\n"
    "(func (export \"again\") (result i64) (call $run (i32.const 1248) (i32.const 14)))\n"
    "(func (export \"calls_short\") (result i64) (call $exec (i32.const 1312) (i32.const 14) (i32.const 0) (i32.const 0)))\n"
    "(func $much (export \"much\") (result i64) (drop (memory.grow (i32.const 1700)))"
    " (memory.fill (i32.const 131072) (i32.const 7) (i32.const 111411200)) (i64.extend_i32_u (memory.size)))\n"
    "(func (export \"writes\") (result i64) (drop (call $much)) (loop br 0) (i64.const 0))\n"
    "(func (export \"inside\") (result i64) (drop (call $much)) (call $run (i32.const 1344) (i32.const 15)))\n"
    ")";
/* clang-format on */

static const char *const shapes[] = {"spin",         "grow",           "fill",    "tables",
                                     "recursion",    "logs",           "queries", "long_sql",
                                     "transactions", "in_transaction", "nested"};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void build(const char *name, bool no_fuel) {
  hcc_build_result result;
  hcc_error err = {0};
  char input[128], output[128];
  snprintf(input, sizeof input, "%s", ek_path("stop.wat"));
  snprintf(output, sizeof output, "%s", ek_path(name));
  hcc_build_options options = {
      .input = input, .output = output, .no_cache = true, .no_fuel = no_fuel};
  if (hcc_build(&result, &options, &err) != 0) {
    fail_msg("%s: %s", name, err.text);
  }
}

static int setup(void **state) {
  char toolchain[512];
  ek_setup(state);
  snprintf(toolchain, sizeof toolchain, "%s/toolchain", getenv("HELIOS_SOURCE"));
  setenv("HELIOS_TOOLCHAIN", toolchain, 0);
  ek_write("stop.wat", module, sizeof module - 1);
  build("stop.so", false);
  build("free.so", true);
  return 0;
}

/* so: "stop" or "free". */
static void create(helios *h, const char *name, const char *so, const char *with) {
  char sql[600];
  snprintf(sql, sizeof sql,
           "CREATE OR REPLACE PROCEDURE %s() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('query', "
           "'read:big', 'write:big', 'transaction', 'log') WITH (fuel_limit = 1000000000000%s) AS "
           "'%%D/%s.so'",
           name, with, so);
  ek_run(h, sql, "");
}

static helios *open_with(const char *so, const char *with) {
  helios *h = ek_open(":memory:");
  ek_run(
      h,
      "CREATE TABLE big(a); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT "
      "5000) INSERT INTO big SELECT x FROM c",
      "");
  for (int i = 0; i < SHAPES; i++) {
    create(h, shapes[i], so, with);
  }
  return h;
}

/* How late the end of SELECT shape() came. */
static uint64_t lateness(helios *h, const char *shape, bool interrupt) {
  char sql[64];
  helios_error err;
  struct ik_interrupt k;
  snprintf(sql, sizeof sql, "SELECT %s()", shape);
  uint64_t asked = ik_now() + BEGIN_MS * MS;
  if (interrupt) {
    ik_begin(&k, helios_db(h), BEGIN_MS);
  }
  int status = ek_try(h, &err, sql);
  uint64_t ended = ik_now();
  if (interrupt) {
    ik_end(&k);
    asked = k.first;
  }
  if (status != (interrupt ? HELIOS_E_CANCELLED : HELIOS_E_DEADLINE)) {
    fail_msg("%s: %d %s", shape, status, err.text);
  }
  assert_true(sqlite3_get_autocommit(helios_db(h)));
  ek_run(h, "SELECT count(*) FROM big", "5000");
  return ended > asked ? ended - asked : 0;
}

static void all_stop(const char *so, bool interrupt) {
  helios *h = open_with(so, interrupt ? "" : ", timeout = '50ms'");
  uint64_t worst = 0, sum = 0;
  const char *name = "";
  for (int i = 0; i < SHAPES; i++) {
    uint64_t late = lateness(h, shapes[i], interrupt);
    for (int more = 0; more < 3 && late > LATE; more++) {
      late = lateness(h, shapes[i], interrupt);
    }
    name = late > worst ? shapes[i] : name;
    worst = late > worst ? late : worst;
    sum += late;
  }
  print_message("%s by %s: %.2f ms late on average, %.2f at worst (%s)\n", so,
                interrupt ? "interrupt" : "timeout", (double)sum / SHAPES / 1e6,
                (double)worst / 1e6, name);
  ek_close(h);
  assert_true(worst <= LATE);
  assert_int_equal(hrt_alloc_live(), 0);
}

static void stop__by_timeout(void **state) {
  (void)state;
  all_stop("stop", false);
  all_stop("free", false);
}

static void stop__by_interrupt(void **state) {
  (void)state;
  all_stop("stop", true);
  all_stop("free", true);
}

/* What an interrupted call wrote can't stay for the application to commit: as when SQLite
 * interrupts a write, all of the transaction is rolled back. */
static void stop__in_the_applications_transaction(void **state) {
  (void)state;
  helios *h = open_with("stop", "");
  helios_error err;
  struct ik_interrupt k;
  ek_run(h, "BEGIN; INSERT INTO big VALUES (1)", "");
  ik_begin(&k, helios_db(h), BEGIN_MS);
  assert_int_equal(ek_try(h, &err, "SELECT in_transaction()"), HELIOS_E_CANCELLED);
  ik_end(&k);
  assert_true(sqlite3_get_autocommit(helios_db(h)));
  ek_run(h, "SELECT count(*) FROM big", "5000");
  ek_close(h);
}

/* The same of a procedure in SQL whose last statement is interrupted. */
static void stop__in_a_body(void **state) {
  (void)state;
  for (int begun = 0; begun < 2; begun++) {
    helios *h = open_with("stop", "");
    helios_error err;
    struct ik_interrupt k;
    ek_run(h,
           "CREATE PROCEDURE writes_and_spins() RETURNS BIGINT LANGUAGE sql AS "
           "$$ INSERT INTO big VALUES (1); SELECT spin() $$",
           "");
    if (begun) {
      ek_run(h, "BEGIN; INSERT INTO big VALUES (1)", "");
    }
    ik_begin(&k, helios_db(h), BEGIN_MS);
    assert_int_equal(ek_try(h, &err, "SELECT writes_and_spins()"), HELIOS_E_CANCELLED);
    ik_end(&k);
    assert_true(sqlite3_get_autocommit(helios_db(h)));
    ek_run(h, "SELECT count(*) FROM big", "5000");
    ek_close(h);
  }
}

static void nested__depth_is_limited(void **state) {
  (void)state;
  helios_error err;
  helios *h = ek_open(":memory:");
  ek_run(h, "CREATE TABLE big(a)", "");
  create(h, "again", "stop", "");
  assert_int_equal(ek_try(h, &err, "SELECT again()"), HELIOS_E_GUEST);
  assert_string_equal(err.text, "procedure again: calls are nested more than 16 deep through SQL");
  ek_run(h, "SELECT count(*) FROM big", "0");
  ek_fails(h, "SELECT again() UNION ALL SELECT again()", HELIOS_E_GUEST, "16 deep");
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* The inner call's own limit is an error that the outer call can live with; the outer's limit ends
 * both. */
static void nested__one_budget(void **state) {
  (void)state;
  helios *h = open_with("stop", "");
  ek_run(h,
         "CREATE PROCEDURE short() RETURNS BIGINT LANGUAGE wasm EXPORT 'recursion' CAPABILITIES "
         "('query', 'transaction', 'log') WITH (fuel_limit = 100000) AS '%D/stop.so'",
         "");
  create(h, "calls_short", "stop", "");
  ek_run(h, "SELECT calls_short()", "-1");
  create(h, "nested", "stop", ", timeout = '100ms'");
  uint64_t late = UINT64_MAX;
  for (int turn = 0; turn < 4 && late > LATE; turn++) {
    uint64_t end = ik_now() + 100 * MS;
    ek_fails(h, "SELECT nested()", HELIOS_E_DEADLINE, "time limit");
    late = ik_now() - end;
  }
  assert_true(late <= LATE);
  ek_run(h, "ALTER PROCEDURE nested SET fuel_limit = 1000000", "");
  ek_fails(h, "SELECT nested()", HELIOS_E_FUEL, "fuel");
  ek_run(h, "SELECT calls_short()", "-1");
  ek_close(h);
}

/* What a guest wrote is given back after the statement has ended, a piece with each statement that
 * calls a procedure, and all of it with the connection. */
static void stop__after_much_was_written(void **state) {
  (void)state;
  const uint64_t much = 1702 * UINT64_C(65536), piece = UINT64_C(32) << 20;
  static const char *const last[] = {"SELECT writes()", "SELECT inside()"};
  for (uint64_t n = 0; n < 2; n++) {
    helios *h = open_with("stop", "");
    helios_error err;
    struct ik_interrupt k;
    for (int i = 0; i < 3; i++) {
      static const char *const names[] = {"much", "writes", "inside"};
      create(h, names[i], "stop", ", memory_limit = '120MB'");
    }
    for (int i = 0; i < 3; i++) {
      ek_run(h, "SELECT much()", "1702");
      assert_in_range(hrt_aside_bytes(), 0, much - piece); /* by how long it took */
    }
    hrt_aside_all();
    ik_begin(&k, helios_db(h), 200);
    assert_int_equal(ek_try(h, &err, last[n]), HELIOS_E_CANCELLED);
    ik_end(&k);
    uint64_t left = (n + 1) * much - piece;
    assert_int_equal(hrt_aside_bytes(), left);
    ek_run(h, "SELECT count(*) FROM big", "5000");
    assert_int_equal(hrt_aside_bytes(), left);
    ek_run(h, "SELECT helios_version('spin')", "1");
    assert_int_equal(hrt_aside_bytes(), left - piece);
    ek_close(h);
    assert_int_equal(hrt_aside_bytes(), 0);
    assert_int_equal(hrt_alloc_live(), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stop__by_timeout),
      cmocka_unit_test(stop__by_interrupt),
      cmocka_unit_test(stop__in_the_applications_transaction),
      cmocka_unit_test(stop__in_a_body),
      cmocka_unit_test(nested__depth_is_limited),
      cmocka_unit_test(nested__one_budget),
      cmocka_unit_test(stop__after_much_was_written),
  };
  return cmocka_run_group_tests(tests, setup, ek_teardown);
}
