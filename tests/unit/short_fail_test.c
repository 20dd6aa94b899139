/* short_fail_test.c - procedures that report bad arguments by fail(), which nearly all do that are
 * written with an SDK: their calls are short ones. The error, the NULL, the value that a call gives
 * through the host is that call's and no other's, whatever the row and whatever comes between. */
#include "versions_kit.h"

static const char source[] =
    "struct inst { struct hsb_memory mem; unsigned long long counter; };\n"
    "#define FN(n) static NOINLINE void n(void *i, hsb_slot *s)\n"
    "#define CTX struct hsb_ctx *c = hsb_ctx_of(i)\n"
    "#define HOST(n) c->imports[n].fn(c, s, c->imports[n].env)\n"
    "#define TEXT(a) (16 + 2 * (unsigned)((a) % 10))\n"
    "static void fails(struct hsb_ctx *c, long long a) {\n"
    "  hsb_slot s[3] = {(hsb_slot)a, TEXT(a), 2}; HOST(0); }\n"
    "FN(picky) { CTX; long long a = s[0]; if (a == (long long)s[1]) fails(c, a);\n"
    "  s[0] = a * 10 + ANSWER; }\n"
    "FN(counting) { CTX; struct inst *in = i; long long a = s[0]; in->counter++; MEM(i)[500]++;\n"
    "  if (a == (long long)s[1]) fails(c, a); s[0] = a * 100 + MEM(i)[500] * 10 + in->counter; }\n"
    "FN(doomed) { CTX; long long a = s[0]; if (a == (long long)s[1]) { fails(c, a);\n"
    "  c->host->trap(c, HSB_TRAP_UNREACHABLE, 7); } s[0] = a; }\n"
    "FN(again) { CTX; long long a = s[0]; if (a == (long long)s[1]) { fails(c, a + 1); fails(c, "
    "a);\n"
    "  } s[0] = a; }\n"
    "FN(undone) { CTX; long long a = s[0]; if (a == (long long)s[1]) { fails(c, a); s[0] = -a;\n"
    "  HOST(2); } s[0] = a; }\n"
    "FN(outside) { CTX; if (s[0] == s[1]) { s[0] = 1; s[1] = 65530; s[2] = 9; HOST(0);\n"
    "  s[0] = (long long)(int)s[0]; } }\n"
    "FN(nullish) { CTX; long long a = s[0], k = s[1]; if (a == k) { HOST(1); a = 0; }\n"
    "  if (a == k + 1) { s[0] = -a; HOST(2); } s[0] = a; }\n"
    "FN(counted) { CTX; hsb_slot a = s[0]; HOST(3); hsb_slot n = s[0]; s[0] = 1; HOST(4);\n"
    "  s[0] = a * 10000 + n * 1000 + s[0]; }\n"
    "FN(beyond) { CTX; hsb_slot a = s[0]; s[0] = a == s[1] ? 7 : 0; HOST(4); s[0] = s[0] + a; }\n"
    "FN(said) { CTX; hsb_slot a = s[0]; if (a == s[1]) { s[0] = 99; HOST(6); }\n"
    "  s[0] = 64; s[1] = 32; HOST(7); s[0] = a * 1000 + s[0]; }\n"
    "FN(words) { CTX; hsb_slot p = s[0], n = s[1]; unsigned char b = MEM(i)[p];\n"
    "  if (b == '!') { s[0] = n; s[1] = p; s[2] = n; HOST(0); }\n"
    "  if (b == '?') { s[0] = 3; s[1] = p + 1; s[2] = n - 1; HOST(5); }\n"
    "  s[0] = p << 32 | n; }\n"
    "FN(ended) { CTX; hsb_slot a = s[0]; if (a == s[1]) { s[1] = TEXT(a); s[2] = 2; HOST(8); }\n"
    "  s[0] = a; }\n"
    "FN(sum_step) { CTX; long long a = s[1]; if (a < 0) fails(c, -a);\n"
    "  if (a == 1000) c->host->trap(c, HSB_TRAP_UNREACHABLE, 7); s[0] += a; }\n"
    "FN(sum_inverse) { CTX; if (s[1] == 9) fails(c, 9); s[0] -= s[1]; }\n"
    "FN(sum_value) { CTX; if (s[0] == 77) fails(c, 7); if (s[0] == 0) HOST(1); }\n"
    "static const struct hsb_import im[] = {{\"helios_v1\", \"fail\", \"iii:i\", 9, 4},\n"
    "  {\"helios_v1\", \"return_null\", \":i\", 9, 11},\n"
    "  {\"helios_v1\", \"return_i64\", \"j:i\", 9, 10},\n"
    "  {\"helios_v1\", \"arg_count\", \":i\", 9, 9}, {\"helios_v1\", \"arg_i64\", \"i:j\", 9, 7},\n"
    "  {\"helios_v1\", \"return_bytes\", \"iii:i\", 9, 12},\n"
    "  {\"helios_v1\", \"arg_type\", \"i:i\", 9, 8},\n"
    "  {\"helios_v1\", \"error_message\", \"ii:i\", 9, 13},\n"
    "  {\"heliosdb\", \"heliosdb_error\", \"iii:\", 8, 14}};\n"
    "#if ANSWER == 1\n"
    "static const unsigned char blob[] = \"r0r1r2r3r4r5r6r7r8r9\";\n"
    "#else\n"
    "static const unsigned char blob[] = \"s0s1s2s3s4s5s6s7s8s9\";\n"
    "#endif\n"
    "static const struct hsb_segment seg[] = {{16, 0, 20}};\n"
    "static void init(void *i) { (void)i; }\n"
    "static const struct hsb_export ex[] = {\n"
    "  {.name = \"picky\", .name_len = 5, .sig = \"jj:j\", .call = picky, .flags = 1},\n"
    "  EXPORT(\"counting\", \"jj:j\", counting), EXPORT(\"doomed\", \"jj:j\", doomed),\n"
    "  EXPORT(\"again\", \"jj:j\", again), EXPORT(\"undone\", \"jj:j\", undone),\n"
    "  EXPORT(\"outside\", \"jj:j\", outside), EXPORT(\"nullish\", \"jj:j\", nullish),\n"
    "  EXPORT(\"counted\", \"jj:j\", counted), EXPORT(\"beyond\", \"jj:j\", beyond),\n"
    "  EXPORT(\"said\", \"jj:j\", said), EXPORT(\"words\", \"ii:j\", words), EXPORT(\"ended\", "
    "\"jj:j\", ended),\n"
    "  EXPORT(\"sum_step\", \"jj:j\", sum_step), EXPORT(\"sum_inverse\", \"jj:j\", sum_inverse),\n"
    "  EXPORT(\"sum_value\", \"j:j\", sum_value), EXPORT(\"sum_final\", \"j:j\", sum_value)};\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR,\n"
    "  .flags = HSB_PLUGIN_HAS_MEMORY | HSB_PLUGIN_METERED, .instance_size = sizeof(struct inst),\n"
    "  .memory_min = 1, .memory_max = 9, .export_count = COUNT(ex), .import_count = COUNT(im),\n"
    "  .segment_count = 1, .exports = ex, .imports = im, .segments = seg, .blob = blob,\n"
    "  .blob_size = 20, .init = init, .module_hash = HASH};\n";

/* A function of the application, whatever its name: it may run SQL. */
static const char custom_source[] =
    "struct inst { struct hsb_memory mem; };\n"
    "static NOINLINE void ask(void *i, hsb_slot *s) { struct hsb_ctx *c = hsb_ctx_of(i);\n"
    "  c->imports[0].fn(c, s, c->imports[0].env); }\n"
    "static const struct hsb_import im[] = {{\"heliosdb\", \"fail\", \"j:j\", 8, 4}};\n"
    "static void init(void *i) { (void)i; }\n"
    "static const struct hsb_export ex[] = {EXPORT(\"ask\", \"j:j\", ask)};\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR,\n"
    "  .flags = HSB_PLUGIN_HAS_MEMORY | HSB_PLUGIN_METERED, .instance_size = sizeof(struct inst),\n"
    "  .memory_min = 1, .memory_max = 1, .export_count = COUNT(ex), .import_count = COUNT(im),\n"
    "  .exports = ex, .imports = im, .init = init, .module_hash = HASH};\n";

#define OF(name) "CREATE PROCEDURE " name "(a BIGINT, k BIGINT) RETURNS BIGINT" FIRST
#define FIRST " LANGUAGE wasm AS '%D/asks.so';"
#define ROWS 9

static helios *open_all(void) {
  helios *h = ek_open(":memory:");
  ek_run(h,
         OF("picky") OF("counting") OF("doomed") OF("again") OF("undone") OF("outside")
             OF("nullish") OF("counted") OF("beyond") OF("said") OF("ended"),
         "");
  ek_run(h,
         "CREATE PROCEDURE words(t TEXT) RETURNS TEXT" FIRST
         "CREATE AGGREGATE summed(a BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'sum' AS "
         "'%D/asks.so'; CREATE TABLE t(v); CREATE TABLE log(x, y);"
         "INSERT INTO t VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9)",
         "");
  return h;
}

static void close_all(helios *h) {
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

static sqlite3_stmt *prepared(helios *h, const char *sql) {
  sqlite3_stmt *s = NULL;
  assert_int_equal(sqlite3_prepare_v2(helios_db(h), sql, -1, &s, NULL), SQLITE_OK);
  return s;
}

/* The statement's last step failed so, by fail. */
static void assert_failed(helios *h, const char *text, int code) {
  helios_error err = {0};
  assert_string_equal(sqlite3_errmsg(helios_db(h)), text);
  assert_int_equal(helios_step_error(h, &err), HELIOS_E_GUEST);
  assert_string_equal(err.text, text);
  assert_int_equal(err.guest_code, code);
}

/* One row of s; columns: what each has. */
static void assert_row(sqlite3_stmt *s, int count, const sqlite3_int64 *columns) {
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  for (int i = 0; i < count; i++) {
    assert_int_equal(sqlite3_column_type(s, i), SQLITE_INTEGER);
    assert_int_equal(sqlite3_column_int64(s, i), columns[i]);
  }
}

/* Fails on row k of n, or not if k is 0. */
static void fail_on(helios *h, sqlite3_stmt *s, sqlite3_int64 n, sqlite3_int64 k) {
  char text[64];
  sqlite3_reset(s);
  sqlite3_bind_int64(s, 1, k);
  sqlite3_bind_int64(s, 2, n);
  for (sqlite3_int64 row = 1; row <= n && row != k; row++) {
    assert_row(s, 2, (const sqlite3_int64[]){row * 10 + 1, row * 100 + 11});
  }
  if (k == 0) {
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
  } else {
    assert_int_equal(sqlite3_step(s), SQLITE_ERROR);
    snprintf(text, sizeof text, "procedure picky: r%d", (int)k);
    assert_failed(h, text, (int)k);
  }
}

static void fail__on_each_row(void **state) {
  (void)state;
  helios *h = open_all();
  sqlite3_stmt *s = prepared(h, "SELECT picky(v, ?1), counting(v, 0) FROM t WHERE v <= ?2");
  for (sqlite3_int64 n = 1; n <= ROWS; n++) {
    for (sqlite3_int64 k = 0; k <= n; k++) {
      fail_on(h, s, n, k);
      ek_run(h, "SELECT picky(column1, 3) FROM (VALUES (1), (2), (4))", "11\n21\n41");
      fail_on(h, s, n, k);
    }
  }
  sqlite3_finalize(s);
  close_all(h);
}

/* Of two that fail the first in the row, of two rows the first. */
static void fail__of_two_in_turn(void **state) {
  (void)state;
  char text[64];
  helios *h = open_all();
  sqlite3_stmt *s = prepared(h, "SELECT picky(v, ?1), counting(v, ?2) FROM t");
  for (int a = 1; a <= ROWS + 1; a++) {
    for (int b = 1; b <= ROWS + 1; b++) {
      int k = a <= b ? a : b, row = 1;
      sqlite3_reset(s);
      sqlite3_bind_int(s, 1, a);
      sqlite3_bind_int(s, 2, b);
      for (; row <= ROWS && row < k; row++) {
        assert_row(s, 2, (const sqlite3_int64[]){row * 10 + 1, row * 100 + 11});
      }
      assert_int_equal(sqlite3_step(s), k <= ROWS ? SQLITE_ERROR : SQLITE_DONE);
      if (k <= ROWS) {
        snprintf(text, sizeof text, "procedure %s: r%d", a <= b ? "picky" : "counting", k);
        assert_failed(h, text, k);
      }
    }
  }
  sqlite3_finalize(s);
  close_all(h);
}

/* Two statements take turns; one has failed, the other goes on. */
static void fail__between_rows_of_another(void **state) {
  (void)state;
  helios *h = open_all();
  sqlite3_stmt *good = prepared(h, "SELECT picky(v, 0), counting(v, 0) FROM t");
  sqlite3_stmt *bad = prepared(h, "SELECT picky(v, 4), counting(v, 0) FROM t");
  for (int row = 1; row <= ROWS; row++) {
    const sqlite3_int64 columns[] = {row * 10 + 1, row * 100 + 11};
    assert_row(good, 2, columns);
    if (row % 4 == 0) {
      assert_int_equal(sqlite3_step(bad), SQLITE_ERROR);
      assert_failed(h, "procedure picky: r4", 4);
      sqlite3_reset(bad);
    } else {
      assert_row(bad, 2, (const sqlite3_int64[]){row % 4 * 10 + 1, row % 4 * 100 + 11});
    }
  }
  assert_int_equal(sqlite3_step(good), SQLITE_DONE);
  sqlite3_finalize(good);
  sqlite3_finalize(bad);
  close_all(h);
}

/* What a call gives through the host is the call's; the last that it gives counts. */
static void given__is_of_the_call(void **state) {
  (void)state;
  helios *h = open_all();
  ek_run(h, "SELECT nullish(v, 3), undone(v, 2), picky(v, 0) FROM t WHERE v < 6",
         "1|1|11\n2|-2|21\nNULL|3|31\n-4|4|41\n5|5|51");
  ek_run(h, "SELECT outside(v, 2), counted(v, 6), said(v, 2) FROM t WHERE v < 4",
         "1|12006|1000\n-3|22006|2014\n3|32006|3000");
  ek_fails(h, "SELECT again(v, 3) FROM t", HELIOS_E_GUEST, "procedure again: r3");
  ek_fails(h, "SELECT beyond(v, 3) FROM t", HELIOS_E_GUEST, "arg_i64");
  ek_run(h, "SELECT beyond(v, 10) FROM t WHERE v < 4", "2\n4\n6");
  ek_fails(h, "SELECT doomed(v, 3) FROM t", HELIOS_E_TRAP, "unreachable");
  ek_run(h, "SELECT doomed(v, 10), again(v, 10) FROM t WHERE v < 3", "1|1\n2|2");
  close_all(h);
}

/* As the SDKs do it: the host function does not return, and the instance is gone. */
static void fail__ends_the_call(void **state) {
  (void)state;
  helios *h = open_all();
  for (int k = 1; k <= ROWS; k++) {
    char sql[100], text[64];
    snprintf(sql, sizeof sql, "SELECT picky(v, 0), ended(v, %d) FROM t", k);
    snprintf(text, sizeof text, "procedure ended: r%d", k);
    ek_fails(h, sql, HELIOS_E_GUEST, text);
    assert_int_equal(ek_error.guest_code, k);
    ek_run(h, "SELECT ended(v, 0) FROM t WHERE v < 4", "1\n2\n3");
  }
  close_all(h);
}

static void texts__fail_and_are_given(void **state) {
  (void)state;
  helios *h = open_all();
  ek_run(h,
         "SELECT words(column1), picky(1, 0) FROM (VALUES ('ab'), ('?cd'), (''), ('ef'), (NULL), "
         "(12), ('?'))",
         "ab|11\ncd|11\n|11\nef|11\nNULL|11\n12|11\n|11");
  ek_fails(h, "SELECT words(column1) FROM (VALUES ('ab'), ('ef'), ('!no'), ('x'))", HELIOS_E_GUEST,
           "procedure words: !no");
  assert_int_equal(ek_error.guest_code, 3);
  ek_run(h, "SELECT words(column1) FROM (VALUES ('ab'), ('ef'), ('?z'))", "ab\nef\nz");
  close_all(h);
}

/* Arguments that take a call the long way, and those that end it before it begins. */
static void arguments__of_all_kinds(void **state) {
  (void)state;
  helios *h = open_all();
  ek_run(h, "SELECT picky(column1, 9), counted(column1, 9) FROM (VALUES (1), ('2'), (NULL), (4.0))",
         "11|12009\n21|22009\nNULL|NULL\n41|42009");
  for (int kind = 0; kind < 4; kind++) {
    static const char *const third[] = {"3", "'3'", "3.0", "'3x'"};
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT picky(column1, 3) FROM (VALUES (1), (NULL), ('2'), (%s))",
             third[kind]);
    if (kind == 3) {
      ek_fails(h, sql, HELIOS_E_VALUE, "parameter a");
    } else {
      ek_fails(h, sql, HELIOS_E_GUEST, "procedure picky: r3");
    }
    ek_run(h, "SELECT picky(column1, 3) FROM (VALUES (1), (NULL), ('2'))", "11\nNULL\n21");
  }
  ek_fails(h, "SELECT picky(v, 5), picky(v || 'x', 3) FROM t", HELIOS_E_VALUE, "parameter a");
  close_all(h);
}

/* They fail in SQL that a procedure runs: one in SQL, a guest. */
static void inside__of_other_procedures(void **state) {
  (void)state;
  helios *h = open_all();
  ek_run(h,
         "CREATE PROCEDURE inner_of(k BIGINT) RETURNS BIGINT LANGUAGE sql AS "
         "'SELECT sum(picky(v, k)) + summed(v) FROM t WHERE v < 5';"
         "CREATE PROCEDURE run() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('write:log', "
         "'read:t', 'query') AS '%D/runs.so'",
         "");
  ek_run(h, "SELECT picky(v, 9), inner_of(7), counting(v, 0) FROM t WHERE v < 3",
         "11|114|111\n21|114|211");
  ek_fails(h, "SELECT picky(v, 9), inner_of(v + 1), counting(v, 0) FROM t WHERE v > 1",
           HELIOS_E_GUEST, "procedure inner_of: procedure picky: r3");
  ek_fails(h, "SELECT picky(v, 2), inner_of(7) FROM t", HELIOS_E_GUEST, "procedure picky: r2");
  ek_run(h, "SELECT picky(1, 9), run(), picky(2, 9); SELECT count(*), sum(x) FROM log",
         "11|-1|21\n0|NULL");
  ek_run(h,
         "DELETE FROM t WHERE v = 4; SELECT picky(v, 9), run() FROM t WHERE v < 3;"
         "SELECT count(*), sum(x) FROM log",
         "11|8\n21|8\n16|82");
  close_all(h);
}

static void traps__and_failures_mixed(void **state) {
  (void)state;
  helios *h = open_all();
  for (int k = 1; k <= ROWS; k++) {
    char sql[200], text[64];
    snprintf(sql, sizeof sql, "SELECT picky(v, %d), doomed(v, %d) FROM t", k, 10 - k);
    snprintf(text, sizeof text, "procedure picky: r%d", k);
    if (k <= 10 - k) {
      ek_fails(h, sql, HELIOS_E_GUEST, text);
    } else {
      ek_fails(h, sql, HELIOS_E_TRAP, "procedure doomed: unreachable");
    }
    ek_run(h, "SELECT picky(v, 0), doomed(v, 0), counting(v, 0) FROM t WHERE v < 3",
           "11|1|111\n21|2|211");
  }
  close_all(h);
}

static void aggregates__fail_on_each_row(void **state) {
  (void)state;
  helios *h = open_all();
  for (int k = 1; k <= ROWS; k++) {
    char sql[200], text[64];
    snprintf(sql, sizeof sql, "SELECT summed(CASE v WHEN %d THEN -v ELSE v END) FROM t", k);
    snprintf(text, sizeof text, "procedure summed: r%d", k);
    ek_fails(h, sql, HELIOS_E_GUEST, text);
    assert_int_equal(ek_error.guest_code, k);
    strcat(sql, " GROUP BY v % 2");
    ek_fails(h, sql, HELIOS_E_GUEST, text);
    ek_run(h, "SELECT summed(v), summed(picky(v, 0)) FROM t", "45|459");
  }
  ek_run(h, "SELECT summed(v - v), summed(v) FROM t GROUP BY v % 3", "NULL|18\nNULL|12\nNULL|15");
  ek_fails(h, "SELECT summed(column1) FROM (VALUES (70), (NULL), ('7'))", HELIOS_E_GUEST,
           "procedure summed: r7");
  ek_fails(h, "SELECT summed(column1) FROM (VALUES (70), (1000), (-7))", HELIOS_E_TRAP, "unreach");
  ek_run(h, "SELECT summed(v) OVER (ORDER BY v ROWS 1 PRECEDING) FROM t WHERE v < 5", "1\n3\n5\n7");
  ek_fails(h,
           "SELECT summed(column2) OVER (ORDER BY column1) FROM (VALUES (1, 75), (2, 1), (3, 1))",
           HELIOS_E_GUEST, "procedure summed: r7");
  ek_fails(h, "SELECT summed(v) OVER (ORDER BY v DESC ROWS 1 PRECEDING) FROM t", HELIOS_E_GUEST,
           "procedure summed: r9");
  close_all(h);
}

/* A new version comes while a statement runs: it keeps its own, and its errors. */
static void versions__change_in_the_middle(void **state) {
  (void)state;
  helios *h = open_all();
  for (int k = 2; k <= ROWS; k++) {
    char text[64];
    sqlite3_stmt *s = prepared(h, "SELECT picky(v, ?1), counting(v, 0) FROM t");
    sqlite3_bind_int(s, 1, k);
    ek_run(h, "ALTER PROCEDURE picky SET SOURCE '%D/asks.so'", "");
    for (int row = 1; row < k; row++) {
      assert_row(s, 2, (const sqlite3_int64[]){row * 10 + 1, row * 100 + 11});
      if (row == k / 2) {
        ek_run(h, "ALTER PROCEDURE picky SET SOURCE '%D/asks2.so'; SELECT picky(4, 0)", "42");
      }
    }
    assert_int_equal(sqlite3_step(s), SQLITE_ERROR);
    snprintf(text, sizeof text, "procedure picky: r%d", k);
    assert_failed(h, text, k);
    ek_fails(h, "SELECT picky(v, 6) FROM t", HELIOS_E_GUEST, "procedure picky: s6");
    sqlite3_finalize(s);
  }
  close_all(h);
}

/* A canary's calls are counted, and so its failures, whatever the row. */
static void versions__canary(void **state) {
  (void)state;
  helios *h = open_all();
  ek_run(h,
         "ALTER PROCEDURE picky VERSION 2 AS '%D/asks2.so'; ALTER PROCEDURE picky USE VERSION 1;"
         "ALTER PROCEDURE picky CANARY VERSION 2 PERCENT 100",
         "");
  sqlite3_stmt *s = prepared(h, "SELECT picky(v, 7) FROM t");
  assert_row(s, 1, (const sqlite3_int64[]){12});
  ek_fails(h, "SELECT picky(v, 5) FROM t", HELIOS_E_GUEST, "procedure picky: s5");
  ek_run(h, "ALTER PROCEDURE picky PROMOTE; SELECT picky(v, 9) FROM t WHERE v < 3", "12\n22");
  for (int row = 2; row < 7; row++) {
    assert_row(s, 1, (const sqlite3_int64[]){row * 10 + 2});
  }
  assert_int_equal(sqlite3_step(s), SQLITE_ERROR);
  assert_failed(h, "procedure picky: s7", 7);
  sqlite3_finalize(s);
  ek_fails(h, "SELECT picky(v, 8) FROM t", HELIOS_E_GUEST, "procedure picky: s8");
  close_all(h);
}

static int burn_inside(void *arg, helios_guest *guest, uint64_t *values) {
  char sql[64];
  snprintf(sql, sizeof sql, "SELECT burn(%d)", (int)values[0]);
  return sqlite3_exec(arg, sql, NULL, NULL, NULL) == SQLITE_OK
             ? 0
             : helios_guest_fail(guest, 3, sqlite3_errmsg(arg));
}

/* A call that can run SQL is never a short one: what that uses is the call's, in each row. */
static void custom__calls_are_long(void **state) {
  (void)state;
  helios *h = open_all();
  helios_error err = {0};
  assert_int_equal(helios_host_register(h, "heliosdb", "fail", "j:j", NULL, burn_inside,
                                        helios_db(h), NULL, &err),
                   0);
  ek_run(h,
         "CREATE PROCEDURE burn(n BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"
         "CREATE PROCEDURE ask(n BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/custom.so' WITH "
         "(fuel_limit = 9000); SELECT ask(column1) FROM (VALUES (10), (4000), (8000))",
         "10\n4000\n8000");
  ek_fails(h, "SELECT ask(column1) FROM (VALUES (10), (20), (9001))", HELIOS_E_GUEST,
           "procedure burn: fuel exhausted");
  close_all(h);
}

/* Failures of each row count, and none of those before. */
static void counts__of_failures(void **state) {
  (void)state;
  helios *h = open_all();
  for (int k = 1; k <= ROWS; k++) {
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT picky(v, %d) FROM t", k);
    ek_fails(h, sql, HELIOS_E_GUEST, "procedure picky");
  }
  ek_run(h, "SELECT calls, errors FROM helios_metrics WHERE procedure = 'picky'", "45|9");
  close_all(h);
}

static int setup(void **state) {
  int status = ek_setup(state);
  ek_plugin_of("asks.so", source, "-DANSWER=1");
  ek_plugin_of("asks2.so", source, "-DANSWER=2");
  ek_plugin_of("custom.so", custom_source, "-DCUSTOM");
  ek_plugin("runs.so",
            "-DANSWER=1 '-DSQL=\"INSERT INTO log(x) SELECT v FROM t WHERE picky(v, 4)\"'");
  return status;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fail__on_each_row),
      cmocka_unit_test(fail__of_two_in_turn),
      cmocka_unit_test(fail__between_rows_of_another),
      cmocka_unit_test(given__is_of_the_call),
      cmocka_unit_test(fail__ends_the_call),
      cmocka_unit_test(texts__fail_and_are_given),
      cmocka_unit_test(arguments__of_all_kinds),
      cmocka_unit_test(inside__of_other_procedures),
      cmocka_unit_test(traps__and_failures_mixed),
      cmocka_unit_test(aggregates__fail_on_each_row),
      cmocka_unit_test(versions__change_in_the_middle),
      cmocka_unit_test(versions__canary),
      cmocka_unit_test(custom__calls_are_long),
      cmocka_unit_test(counts__of_failures),
  };
  return cmocka_run_group_tests(tests, setup, ek_teardown);
}
