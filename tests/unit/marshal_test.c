/* marshal_test.c - SQL values to slots and back: every type, exact conversion only, errors that
 * name the parameter, hostile results, the argument arena. Through SQL functions, as the engine
 * does. */
#include "puppet.h"

#include "host/date.h"
#include "sqlite/plain.h"

static const char *const grants[] = {"read", "query", "transaction", "log", "clock", NULL};

struct function {
  puppet *p;
  hrt_signature sig;
  const char *export;
  /* Runs in the call, before the export; may use host functions. */
  void (*during)(puppet *p);
  int called;
};

/* Whatever the short way takes it must pass as the long one does. */
static bool is_short(const struct function *f, const hsb_slot *slots, int status,
                     sqlite3_value **argv) {
  hsb_slot plain[HRT_PLAIN_SLOTS] = {0};
  if (!f->sig.plain || !hrt_plain_in(plain, &f->sig, f->p->env, argv)) {
    return false;
  }
  assert_int_equal(status, 0);
  assert_memory_equal(plain, slots, sizeof plain);
  return true;
}

/* The engine's trampoline, without pools and versions. */
static void trampoline(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  struct function *f = sqlite3_user_data(sql);
  hsb_slot slots[HRT_SLOTS_MAX] = {0};
  helios_error err = {0};
  int export = hrt_plugin_export(f->p->plugin, f->export, strlen(f->export));
  hrt_host_begin(f->p->env, argc, argv, f->sig.types);
  int status = hrt_marshal_args(slots, &f->sig, f->p->env, argv, &err);
  bool brief = is_short(f, slots, status, argv);
  if (status == 0) {
    f->called++;
    if (f->during != NULL) {
      f->during(f->p);
    }
    status = hrt_call(f->p->instance, (uint32_t) export, slots, &f->p->budget, &err);
  }
  if (status == 0 && brief && f->p->env->given == HRT_GIVEN_NOTHING) {
    status = hrt_plain_out(sql, &f->sig, f->p->env, slots, &err);
  } else if (status == 0) {
    status = hrt_marshal_result(sql, &f->sig, f->p->env, slots, &err);
  }
  hrt_host_end(f->p->env);
  if (status == HRT_MARSHAL_NULL) {
    assert_int_equal(err.code, 0);
    sqlite3_result_null(sql);
  } else if (status != 0) {
    assert_int_equal(err.code, status);
    char text[600];
    snprintf(text, sizeof text, "%d %s", status, err.text);
    sqlite3_result_error(sql, text, -1);
  }
}

static const char *wasm_of(puppet *p, const char *export) {
  int n = hrt_plugin_export(p->plugin, export, strlen(export));
  assert_true(n >= 0);
  return hrt_plugin_abi(p->plugin)->exports[n].sig;
}

/* Registers f(params) RETURNS returns over an export. params: "BIGINT,TEXT". */
static void define(struct function *f, puppet *p, const char *export, const char *params,
                   const char *returns, bool on_null) {
  helios_error err = {0};
  char list[200], *save = NULL;
  *f = (struct function){.p = p, .export = export};
  hrt_signature_init(&f->sig, on_null);
  snprintf(list, sizeof list, "%s", params);
  for (char *t = strtok_r(list, ",", &save); t != NULL; t = strtok_r(NULL, ",", &save)) {
    char name[2] = {(char)('a' + f->sig.argc), 0};
    assert_int_equal(hrt_signature_add(&f->sig, name, t, &err), 0);
  }
  if (returns != NULL) {
    assert_int_equal(hrt_signature_returns(&f->sig, returns, &err), 0);
  }
  if (hrt_signature_match(&f->sig, wasm_of(p, export), true, &err) != 0) {
    fail_msg("%s", err.text);
  }
  assert_int_equal(sqlite3_create_function(p->db, "f", -1, SQLITE_UTF8, f, trampoline, NULL, NULL),
                   SQLITE_OK);
}

static void undefine(struct function *f) {
  hrt_signature_clear(&f->sig);
}

/* typeof and value of an expression, or "error N text". */
static const char *eval(puppet *p, const char *expression) {
  static char out[700];
  char sql[400];
  sqlite3_stmt *stmt = NULL;
  snprintf(sql, sizeof sql, "SELECT typeof(v) || ' ' || ifnull(quote(v), '') FROM (SELECT %s AS v)",
           expression);
  assert_int_equal(sqlite3_prepare_v2(p->db, sql, -1, &stmt, NULL), SQLITE_OK);
  if (sqlite3_step(stmt) == SQLITE_ROW) {
    snprintf(out, sizeof out, "%s", (const char *)sqlite3_column_text(stmt, 0));
  } else {
    snprintf(out, sizeof out, "error %s", sqlite3_errmsg(p->db));
  }
  sqlite3_finalize(stmt);
  return out;
}

struct io {
  const char *in, *out;
};

static void check(const char *export, const char *params, const char *returns,
                  const struct io *cases) {
  puppet *p = puppet_open(grants, puppet_shared());
  struct function f;
  define(&f, p, export, params, returns, false);
  for (; cases->in != NULL; cases++) {
    assert_string_equal(eval(p, cases->in), cases->out);
  }
  undefine(&f);
  puppet_close(p);
}

#define END                                                                                        \
  { NULL, NULL }

static void arg__bigint(void **state) {
  (void)state;
  check("same_j", "BIGINT", "BIGINT",
        (const struct io[]){
            {"f(7)", "integer 7"},
            {"f(-9223372036854775808)", "integer -9223372036854775808"},
            {"f(3.0)", "integer 3"},
            {"f('12')", "integer 12"},
            {"f('1e3')", "integer 1000"},
            {"f(1.5)", "error 21 parameter a: expected BIGINT, got REAL"},
            {"f(9223372036854775808.0)", "error 21 parameter a: expected BIGINT, got REAL"},
            {"f('12a')", "error 21 parameter a: expected BIGINT, got TEXT"},
            {"f('')", "error 21 parameter a: expected BIGINT, got TEXT"},
            {"f(x'31')", "error 21 parameter a: expected BIGINT, got BLOB"},
            {"f(NULL)", "null NULL"},
            END,
        });
}

static void arg__i32(void **state) {
  (void)state;
  check(
      "same_i", "INTEGER", "INTEGER",
      (const struct io[]){
          {"f(-5)", "integer -5"},
          {"f(2147483647)", "integer 2147483647"},
          {"f(2147483648)", "error 21 parameter a: 2147483648 does not fit the procedure's i32"},
          {"f(-2147483649)", "error 21 parameter a: -2147483649 does not fit the procedure's i32"},
          END,
      });
  check("same_i", "BOOLEAN", "BOOLEAN",
        (const struct io[]){
            {"f(TRUE)", "integer 1"},
            {"f(0)", "integer 0"},
            {"f(4294967296)", "integer 1"},
            {"f('TRUE')", "integer 1"},
            {"f('false')", "integer 0"},
            {"f('yes')", "error 21 parameter a: expected BOOLEAN, got TEXT"},
            {"f(0.5)", "error 21 parameter a: expected BOOLEAN, got REAL"},
            END,
        });
}

static void arg__real(void **state) {
  (void)state;
  check("same_d", "REAL", "REAL",
        (const struct io[]){
            {"f(1.5)", "real 1.5"},
            {"f(2)", "real 2.0"},
            {"f('2.5')", "real 2.5"},
            {"f(1e999)", "real Inf"},
            {"f('x')", "error 21 parameter a: expected REAL, got TEXT"},
            {"f(x'00')", "error 21 parameter a: expected REAL, got BLOB"},
            END,
        });
  check("same_f", "REAL", "REAL",
        (const struct io[]){{"f(0.5)", "real 0.5"}, {"f(0.1) = 0.1", "integer 0"}, END});
  check("same_d", "DECIMAL", "DECIMAL",
        (const struct io[]){{"f('599.99')", "real 599.99"},
                            {"f(12)", "real 12.0"},
                            {"f(x'31')", "error 21 parameter a: expected DECIMAL, got BLOB"},
                            END});
}

static void arg__text(void **state) {
  (void)state;
  check("pack", "TEXT", "TEXT",
        (const struct io[]){
            {"f('')", "text ''"},
            {"f('zwei \xc3\xa4')", "text 'zwei \xc3\xa4'"},
            {"f(12)", "text '12'"},
            {"f(1.5)", "text '1.5'"},
            {"f(x'41')", "error 21 parameter a: expected TEXT, got BLOB"},
            {"f(CAST(x'ff' AS TEXT))",
             "error 21 result: expected TEXT, got bytes that are not UTF-8"},
            {"length(f(printf('%.5000c', 'x')))", "integer 5000"},
            {"length(f(printf('%.300000c', 'x')))", "integer 300000"},
            END,
        });
  check("pack", "BLOB", "BLOB",
        (const struct io[]){{"f(x'00ff')", "blob X'00FF'"},
                            {"f('a')", "blob X'61'"},
                            {"f(x'')", "blob X''"},
                            {"f(1)", "error 21 parameter a: expected BLOB, got INTEGER"},
                            {"length(f(zeroblob(3000000)))", "integer 3000000"},
                            {"length(f(zeroblob(30000000)))",
                             "error 15 arguments of 30000008 bytes do not fit the memory limit"},
                            END});
  check("pack", "JSON", "JSON",
        (const struct io[]){
            {"f('{\"a\":1}')", "text '{\"a\":1}'"},
            {"json_array(f('[1]'))", "text '[[1]]'"}, /* the JSON subtype */
            {"f('')", "error 21 result: expected JSON, got text that is not JSON"},
            {"f('{bad')", "error 21 result: expected JSON, got text that is not JSON"},
            {"f('1 2')", "error 21 result: expected JSON, got text that is not JSON"},
            {"f(' {\"a\": 1} ')", "text ' {\"a\": 1} '"},
            END});
  check("pack", "DECIMAL", "DECIMAL",
        (const struct io[]){
            {"f('0012.50')", "real 12.5"},
            {"f('+7')", "integer 7"},
            {"f(-0.001)", "real -0.001"},
            {"f('123456789012345678901234567890.12')", "text '123456789012345678901234567890.12'"},
            {"f('.5')", "real 0.5"},
            {"f('1.2.3')", "error 21 parameter a: expected DECIMAL, got TEXT"},
            {"f('')", "error 21 parameter a: expected DECIMAL, got TEXT"},
            {"f(x'31')", "error 21 parameter a: expected DECIMAL, got BLOB"},
            END});
}

static void arg__two_texts(void **state) {
  (void)state;
  /* "second" hands back its first two slots: the first text's address as an i64 */
  puppet *p = puppet_open(grants, puppet_shared());
  struct function f;
  define(&f, p, "second", "TEXT,TEXT", "BIGINT", false);
  eval(p, "f('first', 'second')");
  char text[24];
  puppet_get(p, text, p->env->arena, 16);
  assert_memory_equal(text, "first\0\0\0second", 14);
  assert_string_equal(eval(p, "f(NULL, x'00')"), "null NULL"); /* NULL beats a misfit */
  assert_string_equal(eval(p, "f(x'00', NULL)"), "null NULL");
  assert_int_equal(f.called, 1);
  undefine(&f);
  puppet_close(p);
}

static bool all_zero(puppet *p, uint32_t at, uint32_t length) {
  char bytes[512];
  puppet_get(p, bytes, at, length);
  return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* Stateless calls are not followed by a reset, and yet a guest never sees earlier arguments. */
static void arena__nothing_stays(void **state) {
  (void)state;
  puppet *p = puppet_open(grants, puppet_shared());
  struct function f;
  char text[8];
  define(&f, p, "second", "TEXT,TEXT", "BIGINT", false);
  eval(p, "f(printf('%.200c', 'x'), printf('%.250c', 'y'))");
  assert_true(p->env->arena_zero);
  uint32_t arena = p->env->arena;
  assert_false(all_zero(p, arena, 450));
  eval(p, "f('a', 'b')");
  puppet_get(p, text, arena, 8);
  assert_memory_equal(text, "a\0\0\0\0\0\0\0", 8);
  puppet_get(p, text, arena + 8, 8);
  assert_memory_equal(text, "b\0\0\0\0\0\0\0", 8);
  assert_true(all_zero(p, arena + 16, 500));
  /* a reset leaves it zero, and so does a larger arena, whose checkpoint would keep the rest */
  eval(p, "f('cc', zeroblob(9) || printf('%.100000c', 'z'))");
  assert_int_not_equal(p->env->arena, arena);
  assert_true(all_zero(p, arena, 500));
  assert_true(hrt_arena_clear(p->env, 0));
  assert_true(all_zero(p, p->env->arena, 500));
  undefine(&f);
  puppet_close(p);
}

static void arg__dates(void **state) {
  (void)state;
  check("same_j", "DATE", "BIGINT",
        (const struct io[]){{"f('1970-01-02')", "integer 1"},
                            {"f('2024-02-29')", "integer 19782"},
                            {"f('2023-02-29')", "error 21 parameter a: expected DATE, got TEXT"},
                            {"f('1969-12-31')", "integer -1"},
                            {"f(20000)", "integer 20000"},
                            {"f('2024-1-1')", "error 21 parameter a: expected DATE, got TEXT"},
                            END});
  check("same_j", "TIMESTAMP", "BIGINT",
        (const struct io[]){
            {"f('1970-01-01 00:00:01')", "integer 1000000"},
            {"f('1970-01-01T00:00:00.000001Z')", "integer 1"},
            {"f('1970-01-01 01:00+01:00')", "integer 0"},
            {"f('1970-01-01')", "integer 0"},
            {"f('1970-01-01 24:00')", "error 21 parameter a: expected TIMESTAMP, got TEXT"},
            {"f('1970-01-01 00:00:00.1234567')",
             "error 21 parameter a: expected TIMESTAMP, got TEXT"},
            END});
  check("same_j", "DATE", "DATE",
        (const struct io[]){
            {"f('2026-11-20')", "text '2026-11-20'"},
            {"f(-719528)", "text '0000-01-01'"},
            {"f(2932896)", "text '9999-12-31'"},
            {"f(2932897)", "error 21 result: 2932897 is no DATE of the years 0 to 9999"},
            END});
  check("same_j", "TIMESTAMP", "TIMESTAMP",
        (const struct io[]){{"f('2026-11-20 11:47:36.120')", "text '2026-11-20 11:47:36.120000'"},
                            {"f(-1)", "text '1969-12-31 23:59:59.999999'"},
                            END});
}

static void date__round_trip(void **state) {
  (void)state;
  char text[HRT_SCRATCH];
  for (int64_t day = -719528; day <= 2932896; day += 13) {
    int64_t back = 0;
    size_t n = hrt_date_text(text, day);
    assert_int_equal(n, 10);
    assert_true(hrt_date_parse(&back, text, n));
    assert_int_equal(back, day);
  }
}

/* ---- hostile results ---- */

static void result__packed_ranges(void **state) {
  (void)state;
  check("same_j", "BIGINT", "TEXT",
        (const struct io[]){
            {"f((131071 << 32) | 2)",
             "error 21 result: 2 bytes at 131071 are outside of the guest's memory"},
            {"f(-1)", "error 15 result: 4294967295 bytes; the limit is 67108864"},
            {"f(-4294967296 | 16)",
             "error 21 result: 16 bytes at 4294967295 are outside of the guest's memory"},
            {"f((4294967280 << 32) | 32)",
             "error 21 result: 32 bytes at 4294967280 are outside of the guest's memory"},
            {"f(131072 << 32)", "text ''"}, /* empty, at the very end */
            END,
        });
}

static void put_cell(puppet *p, uint32_t at, uint32_t type, uint32_t length, uint64_t bits) {
  struct {
    uint32_t type, length;
    uint64_t bits;
  } cell = {type, length, bits};
  puppet_put(p, at, &cell, sizeof cell);
}

static void result__cells(void **state) {
  (void)state;
  puppet *p = puppet_open(grants, puppet_shared());
  struct function f;
  double d = 2.5;
  uint64_t bits = 0;
  memcpy(&bits, &d, 8);
  /* an i32 given as ANY is the address of a cell: pass INTEGER, return ANY */
  define(&f, p, "same_i", "INTEGER", "ANY", false);
  puppet_put(p, 512, "bytes\xff", 6);
  put_cell(p, 0, HSB_VALUE_NULL, 0, 0);
  put_cell(p, 16, HSB_VALUE_I64, 0, (uint64_t)-3);
  put_cell(p, 32, HSB_VALUE_F64, 0, bits);
  put_cell(p, 48, HSB_VALUE_TEXT, 5, 512);
  put_cell(p, 64, HSB_VALUE_BLOB, 6, 512);
  put_cell(p, 80, HSB_VALUE_TEXT, 6, 512);
  put_cell(p, 96, 99, 0, 0);
  put_cell(p, 112, HSB_VALUE_TEXT, 5, 0xffffffffu);
  put_cell(p, 128, HSB_VALUE_BOOLEAN, 0, 1);
  put_cell(p, 144, HSB_VALUE_DECIMAL, 2, 512);
  static const struct io cases[] = {
      {"f(0)", "null NULL"},
      {"f(16)", "integer -3"},
      {"f(32)", "real 2.5"},
      {"f(48)", "text 'bytes'"},
      {"f(64)", "blob X'6279746573FF'"},
      {"f(80)", "error 21 result: expected ANY, got bytes that are not UTF-8"},
      {"f(96)", "error 21 result: expected ANY, got an unknown value type"},
      {"f(112)", "error 21 result: 5 bytes at 4294967295 are outside of the guest's memory"},
      {"f(128)", "integer 1"},
      {"f(144)", "error 21 result: expected DECIMAL, got the text by"},
      {"f(131060)", "error 21 result: a cell at 131060 is outside of the guest's memory"},
      {"f(-1)", "error 21 result: a cell at 4294967295 is outside of the guest's memory"},
      END};
  for (const struct io *c = cases; c->in != NULL; c++) {
    assert_string_equal(eval(p, c->in), c->out);
  }
  undefine(&f);
  puppet_close(p);
}

/* Cells in: ANY sees storage classes, CALLED ON NULL INPUT sees NULLs. */
static void arg__cells(void **state) {
  (void)state;
  check("same_i", "ANY", "ANY",
        (const struct io[]){{"f(5)", "integer 5"},
                            {"f(1.5)", "real 1.5"},
                            {"f('text')", "text 'text'"},
                            {"f(x'00')", "blob X'00'"},
                            {"f(NULL)", "null NULL"},
                            {"length(f(zeroblob(200000)))", "integer 200000"},
                            END});
  puppet *p = puppet_open(grants, puppet_shared());
  struct function f;
  define(&f, p, "same_i", "TEXT", "ANY", true);
  assert_string_equal(eval(p, "f(NULL)"), "null NULL");
  assert_int_equal(f.called, 1);
  assert_string_equal(eval(p, "f('a')"), "text 'a'");
  assert_string_equal(eval(p, "f(x'00')"), "error 21 parameter a: expected TEXT, got BLOB");
  undefine(&f);
  puppet_close(p);
}

/* ---- results by host functions ---- */

static void give_text(puppet *p) {
  CALL(p, "return_bytes", HSB_VALUE_TEXT, TEXT(p, 0, "given"));
}
static void give_i64(puppet *p) {
  CALL(p, "return_i64", 41);
}
static void give_null(puppet *p) {
  CALL(p, "return_null");
}
static void give_error(puppet *p) {
  CALL(p, "fail", 7, TEXT(p, 0, "no stock"));
}

static void result__given(void **state) {
  (void)state;
  static const struct {
    void (*during)(puppet *);
    const char *export, *params, *returns, *call, *out;
  } cases[] = {
      {give_text, "nothing", "", "TEXT", "f()", "text 'given'"},
      {give_text, "nothing", "", "BIGINT", "f()", "error 21 result: expected BIGINT, got TEXT"},
      {give_text, "nothing", "", "DATE", "f()", "error 21 result: expected DATE, got TEXT"},
      {give_i64, "nothing", "", "BIGINT", "f()", "integer 41"},
      {give_i64, "nothing", "", "REAL", "f()", "real 41.0"},
      {give_i64, "nothing", "", "TEXT", "f()", "error 21 result: expected TEXT, got I64"},
      {give_i64, "nothing", "", NULL, "f()",
       "error 21 the procedure gave a result, the declaration has no RETURNS"},
      {give_i64, "same_j", "BIGINT", "BIGINT", "f(1)", "integer 41"}, /* beats the export's own */
      {give_null, "same_j", "BIGINT", "BIGINT", "f(1)", "null NULL"},
      {give_error, "same_j", "BIGINT", "BIGINT", "f(1)", "error 20 no stock"},
      {NULL, "nothing", "", "BIGINT", "f()", "null NULL"},
      {NULL, "nothing", "", NULL, "f()", "null NULL"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    puppet *p = puppet_open(grants, puppet_shared());
    struct function f;
    define(&f, p, cases[i].export, cases[i].params, cases[i].returns, false);
    f.during = cases[i].during;
    assert_string_equal(eval(p, cases[i].call), cases[i].out);
    f.during = NULL; /* nothing of the last call is left */
    if (cases[i].params[0] != 0) {
      assert_string_equal(eval(p, "f(5)"), "integer 5");
    }
    undefine(&f);
    puppet_close(p);
  }
}

/* ---- arguments that the guest pulls ---- */

static char pulled[600];

static void note(const char *format, ...) {
  size_t n = strlen(pulled);
  va_list list;
  va_start(list, format);
  vsnprintf(pulled + n, sizeof pulled - n, format, list);
  va_end(list);
}

static void pull(puppet *p) {
  int count = CALL(p, "arg_count");
  char bytes[40] = {0};
  pulled[0] = 0;
  for (int i = 0; i < count; i++) {
    int length = CALL(p, "arg_len", i), n = CALL(p, "arg_read", i, 0, 3000, 16);
    uint32_t cap = 16, there = 0;
    assert_int_equal(n, length);
    puppet_get(p, bytes, 3000, 16);
    puppet_put(p, 2900, &cap, 4);
    int got = CALL(p, "heliosdb.heliosdb_get_param", i, 3100, 2900);
    puppet_get(p, &there, 2900, 4);
    assert_int_equal(there, length);
    assert_int_equal(got,
                     length > 16 ? HSB_STATUS_BUFFER : CALL(p, "arg_type", i) == HSB_VALUE_NULL);
    note("%d:%d ", CALL(p, "arg_type", i), length);
  }
  assert_int_equal(CALL(p, "arg_type", count), HSB_STATUS_INDEX);
  assert_int_equal(CALL(p, "arg_len", 0xffffffff), HSB_STATUS_INDEX);
  assert_int_equal(CALL(p, "arg_read", count, 0, 0, 0), HSB_STATUS_INDEX);
  assert_int_equal(CALL(p, "heliosdb.heliosdb_get_param", count, 3100, 2900), HSB_STATUS_INDEX);
  assert_int_equal(CALL(p, "heliosdb.heliosdb_get_param", 0, 3100, 0xfffffffe), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "arg_read", 4, 0, 0xfffffff0, 32), HSB_STATUS_RANGE);
  assert_int_equal(CALL64(p, "arg_i64", 0), 7);
  double d = 0;
  int64_t bits = CALL64(p, "arg_f64", 1);
  memcpy(&d, &bits, 8);
  assert_true(d == 2.0);
  assert_int_equal(CALL(p, "arg_read", 4, 5, 3000, 16), 2); /* from an offset */
  puppet_get(p, bytes, 3000, 2);
  assert_memory_equal(bytes, "ld", 2);
}

static void arg__pulled(void **state) {
  (void)state;
  puppet *p = puppet_open(grants, puppet_shared());
  struct function f;
  define(&f, p, "nothing", "BIGINT,REAL,DECIMAL,BOOLEAN,TEXT,BLOB,ANY,TEXT", "TEXT", true);
  f.during = pull;
  eval(p, "f('7', 2, 12.50, 1, 'a world', x'00', NULL, printf('%.40c', 'x'))");
  assert_string_equal(pulled, "1:8 2:8 6:4 7:8 3:7 4:1 0:0 3:40 ");
  assert_string_equal(eval(p, "f('x', 2, 12.50, 1, 'a world', x'00', NULL, '')"),
                      "error 21 parameter a: expected BIGINT, got TEXT");
  undefine(&f);
  puppet_close(p);
}

/* A procedure's transaction inside a running statement. */
static void in_tx(puppet *p) {
  note("%d ", CALL(p, "begin"));
  note("%lld ", (long long)CALL64(p, "exec", TEXT(p, 0, "INSERT INTO log_table VALUES (1)"), 0, 0));
  note("%d ", CALL(p, "rollback"));
}

static void tx__inside_statements(void **state) {
  (void)state;
  static const char *const writer[] = {"read", "write", "transaction", "log", "clock", NULL};
  puppet *p = puppet_open(writer, puppet_shared());
  struct function f;
  puppet_exec(p,
              "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3); CREATE TABLE log_table(x)");
  define(&f, p, "same_j", "BIGINT", "BIGINT", false);
  f.during = in_tx;
  pulled[0] = 0;
  puppet_exec(p, "SELECT f(a) FROM t");
  assert_string_equal(pulled, "0 1 0 0 1 0 0 1 0 ");
  pulled[0] = 0;
  puppet_exec(p, "UPDATE t SET a = f(a) WHERE a = 1"); /* SQLite opens no savepoint under a write */
  assert_string_equal(pulled, "-12 1 -10 ");
  assert_int_equal(sqlite3_get_autocommit(p->db), 1);
  undefine(&f);
  puppet_close(p);
}

/* ---- signatures ---- */

static void match__table(void **state) {
  (void)state;
  static const struct {
    const char *params, *returns, *wasm, *text; /* NULL: fits */
  } cases[] = {
      {"BIGINT,DECIMAL", "DECIMAL", "jd:d", NULL},
      {"BIGINT,DECIMAL", "DECIMAL", "jii:j", NULL},
      {"INTEGER", "BOOLEAN", "i:i", NULL},
      {"TEXT,BLOB,JSON", "JSON", "iiiiii:j", NULL},
      {"ANY", "ANY", "i:i", NULL},
      {"BIGINT,TEXT", "TEXT", ":", NULL},
      {"BIGINT", "TEXT", ":j", NULL},
      {"", NULL, ":", NULL},
      {"BIGINT", "REAL", "d:d", "parameter a BIGINT: expected i64 or i32, the export has f64"},
      {"TEXT", "TEXT", "i:j", "parameter a TEXT: expected (i32, i32), the export has i32"},
      {"REAL,REAL", "REAL", "d:d", "parameter b REAL: expected f64 or f32, the export has nothing"},
      {"REAL", "REAL", "dd:d", "the export takes more than the 1 parameters declared"},
      {"", "REAL", "d:d", "the export takes more than the 0 parameters declared"},
      {"REAL", "TEXT", "d:d", "result TEXT: expected i64, the export has f64"},
      {"REAL", NULL, "d:d", "the export gives f64, the declaration has no RETURNS"},
      {"REAL", "REAL", "d:dd", "the export has more than one result"},
      {"BLOB", "BLOB", "vv:v", "parameter a BLOB: expected (i32, i32), the export has v128"},
      {"BOOLEAN", "BIGINT", "r:j", "parameter a BOOLEAN: expected i32, the export has funcref"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hrt_signature s;
    helios_error err = {0};
    char list[100], *save = NULL;
    hrt_signature_init(&s, false);
    snprintf(list, sizeof list, "%s", cases[i].params);
    for (char *t = strtok_r(list, ",", &save); t != NULL; t = strtok_r(NULL, ",", &save)) {
      char name[2] = {(char)('a' + s.argc), 0};
      assert_int_equal(hrt_signature_add(&s, name, t, &err), 0);
    }
    if (cases[i].returns != NULL) {
      assert_int_equal(hrt_signature_returns(&s, cases[i].returns, &err), 0);
    }
    int status = hrt_signature_match(&s, cases[i].wasm, true, &err);
    assert_int_equal(status, cases[i].text != NULL ? HELIOS_E_SIGNATURE : 0);
    assert_string_equal(err.text, cases[i].text != NULL ? cases[i].text : "");
    hrt_signature_clear(&s);
  }
}

static void match__types(void **state) {
  (void)state;
  hrt_signature s;
  helios_error err = {0};
  hrt_signature_init(&s, false);
  assert_int_equal(hrt_signature_add(&s, NULL, "BIGNIT", &err), HELIOS_E_SIGNATURE);
  assert_string_equal(err.text, "unknown type BIGNIT");
  assert_string_equal(err.hint, "did you mean BIGINT?");
  err = (helios_error){0};
  assert_int_equal(hrt_signature_add(&s, NULL, "double precision", &err), 0);
  assert_int_equal(s.types[0], HRT_TYPE_REAL);
  for (int i = 1; i < HRT_ARGS_MAX; i++) {
    assert_int_equal(hrt_signature_add(&s, NULL, "INT", &err), 0);
  }
  assert_int_equal(hrt_signature_add(&s, NULL, "INT", &err), HELIOS_E_SIGNATURE);
  hrt_signature_clear(&s);
  hrt_signature_init(&s, false);
  err = (helios_error){0};
  assert_int_equal(hrt_signature_add(&s, NULL, "TEXT", &err), 0);
  assert_int_equal(hrt_signature_match(&s, "ii:", false, &err), HELIOS_E_SIGNATURE);
  assert_string_equal(err.text, "text and bytes need memory, the module has none");
  hrt_signature_clear(&s);
}

static void match__exports(void **state) {
  (void)state;
  static const struct {
    const char *wasm;
    bool ok;
  } cases[] = {{"ijfd:d", true}, {":", true},   {":i", true},   {"v:i", false},
               {"i:ii", false},  {"r:", false}, {"j:r", false}, {"", false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hrt_signature s;
    hrt_signature_init(&s, false);
    assert_int_equal(hrt_signature_of_export(&s, cases[i].wasm), cases[i].ok);
    hrt_signature_clear(&s);
  }
}

static void decimal__forms(void **state) {
  (void)state;
  static const struct io cases[] = {
      {"1", "1"},       {"+1", "1"},     {"-0", "-0"},     {"007", "7"},
      {"0.50", "0.50"}, {".5", "0.5"},   {"5.", "5"},      {"1e5", "1e5"},
      {"1E-5", "1e-5"}, {"-.0", "-0.0"}, {"", ""},         {"-", ""},
      {".", ""},        {"1e", ""},      {"1e+", ""},      {"1x", ""},
      {"0x10", ""},     {"1 ", ""},      {"NaN", ""},      {"1e1234567", ""},
      {"--1", ""},      {"1,5", ""},     {"\xd9\xa1", ""}, END};
  char out[40];
  for (const struct io *c = cases; c->in != NULL; c++) {
    size_t n = hrt_decimal(out, c->in, strlen(c->in));
    out[n] = 0;
    assert_string_equal(out, c->out);
  }
  static const double doubles[] = {
      0.1, 599.99, 1e300, -2.5e-10, 5e-324, 1.7976931348623157e308, 123456789.125};
  for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
    char text[HRT_SCRATCH];
    assert_true(hrt_double_text(text, doubles[i]) > 0);
    assert_true(strtod(text, NULL) == doubles[i]);
  }
  char text[HRT_SCRATCH];
  assert_int_equal(hrt_double_text(text, 0.0 / 0.0 * -1), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arg__bigint),
      cmocka_unit_test(arg__i32),
      cmocka_unit_test(arg__real),
      cmocka_unit_test(arg__text),
      cmocka_unit_test(arg__two_texts),
      cmocka_unit_test(arena__nothing_stays),
      cmocka_unit_test(arg__dates),
      cmocka_unit_test(date__round_trip),
      cmocka_unit_test(result__packed_ranges),
      cmocka_unit_test(result__cells),
      cmocka_unit_test(arg__cells),
      cmocka_unit_test(result__given),
      cmocka_unit_test(arg__pulled),
      cmocka_unit_test(tx__inside_statements),
      cmocka_unit_test(match__table),
      cmocka_unit_test(match__types),
      cmocka_unit_test(match__exports),
      cmocka_unit_test(decimal__forms),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
