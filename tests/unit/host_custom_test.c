/* host_custom_test.c - host functions that an application registers: what they are given, what they
 * may do, how they refuse and are refused. examples/custom_hash is the same from C to SQL. */
#include "engine_kit.h"

static const char source[] =
    "struct inst { struct hsb_memory mem; };\n"
    "#define FN(n, k) static NOINLINE void n(void *i, hsb_slot *s) {\\\n"
    "  struct hsb_ctx *c = hsb_ctx_of(i); c->imports[k].fn(c, s, c->imports[k].env); }\n"
    "FN(take, 0) FN(mix, 1) FN(none, 2)\n"
    "static NOINLINE void dirty(void *i, hsb_slot *s) {\n"
    "  s[0] |= 0xdeadull << 32; s[1] |= 0xbeefull << 32; take(i, s); }\n"
    "static void init(void *i) { (void)i; }\n"
    "static const struct hsb_import im[] = {{\"acme\", \"take\", \"iii:i\", 4, 4},\n"
    "  {\"acme\", \"mix\", \"jfd:d\", 4, 3}, {\"acme\", \"none\", \":\", 4, 4}};\n"
    "static const struct hsb_export ex[] = {EXPORT(\"take\", \"iii:i\", take),\n"
    "  EXPORT(\"mix\", \"jfd:d\", mix), EXPORT(\"none\", \":\", none),\n"
    "  EXPORT(\"dirty\", \"iii:i\", dirty)};\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR,\n"
    "  .flags = HSB_PLUGIN_HAS_MEMORY | HSB_PLUGIN_METERED | HSB_PLUGIN_IMPURE,\n"
    "  .instance_size = sizeof(struct inst), .memory_offset = 0, .memory_min = 1, .memory_max = "
    "1,\n"
    "  .export_count = COUNT(ex), .import_count = COUNT(im), .exports = ex, .imports = im,\n"
    "  .init = init, .module_hash = HASH};\n";

#define CREATE(name, signature, capabilities)                                                      \
  "CREATE FUNCTION " name signature " LANGUAGE wasm " capabilities " AS '%D/custom.so';"
#define TAKE CREATE("take", "(a INT, b INT, c INT) RETURNS INT", "")

static int setup(void **state) {
  int status = ek_setup(state);
  ek_plugin_of("custom.so", source, "");
  return status;
}

/* ---- functions of the application ---- */

static struct {
  helios *h;
  uint64_t seen[3];
  int calls, destroyed;
  int (*then)(helios_guest *guest, uint64_t *values); /* what take does */
  bool returned;
} app;

static int take(void *arg, helios_guest *guest, uint64_t *values) {
  assert_ptr_equal(arg, &app);
  memcpy(app.seen, values, sizeof app.seen);
  app.calls++;
  int status = app.then ? app.then(guest, values) : 0;
  app.returned = true;
  return status;
}

static int mix(void *arg, helios_guest *guest, uint64_t *values) {
  float f = 0;
  double d = 0;
  (void)arg, (void)guest;
  uint32_t bits = (uint32_t)values[1];
  memcpy(&f, &bits, sizeof f);
  memcpy(&d, &values[2], sizeof d);
  d += (double)f + (double)(int64_t)values[0];
  memcpy(&values[0], &d, sizeof d);
  return 0;
}

static int none(void *arg, helios_guest *guest, uint64_t *values) {
  (void)arg, (void)guest, (void)values;
  return 0;
}

static void destroy(void *arg) {
  assert_ptr_equal(arg, &app);
  app.destroyed++;
}

static void add(helios *h, const char *name, const char *sig, const char *capability,
                helios_host_fn *fn) {
  helios_error err = {0};
  if (helios_host_register(h, "acme", name, sig, capability, fn, &app, destroy, &err) != 0) {
    fail_msg("%s: %s", name, err.text);
  }
}

static helios *open_with(const char *capability) {
  helios *h = ek_open(":memory:");
  memset(&app, 0, sizeof app);
  app.h = h;
  add(h, "take", "iii:i", capability, take);
  add(h, "mix", "jfd:d", NULL, mix);
  add(h, "none", ":", NULL, none);
  return h;
}

/* ---- what it is given ---- */

static void call__values(void **state) {
  (void)state;
  helios *h = open_with(NULL);
  ek_run(h,
         TAKE CREATE("mix", "(a BIGINT, b REAL, c REAL) RETURNS REAL", "") CREATE("none", "()", "")
             CREATE("dirty", "(a INT, b INT, c INT) RETURNS INT", ""),
         "");
  ek_run(h, "SELECT mix(-3, 0.5, 100.25), none()", "97.75|NULL");
  ek_run(h, "SELECT take(7, -1, 2)", "7");
  assert_true(app.seen[0] == 7 && app.seen[1] == UINT32_MAX && app.seen[2] == 2);
  ek_run(h, "SELECT dirty(7, -1, 2)", "7"); /* the upper halves are nobody's */
  assert_true(app.seen[0] == 7 && app.seen[1] == UINT32_MAX);
  ek_close(h);
  assert_int_equal(app.destroyed, 3);
}

static int reads_and_writes(helios_guest *guest, uint64_t *values) {
  char bytes[4] = "";
  const uint64_t end = 65536;
  assert_string_equal(helios_guest_procedure(guest), "take");
  assert_true(helios_guest_write(guest, values[0], "abcd", 4));
  assert_true(helios_guest_read(guest, bytes, values[0] + 1, 2));
  assert_memory_equal(bytes, "bc", 3);
  assert_true(helios_guest_read(guest, bytes, end, 0));
  assert_true(helios_guest_read(guest, bytes, end - 1, 1));
  static const struct {
    uint64_t at, length;
  } outside[] = {{65536, 1},
                 {65535, 2},
                 {UINT32_MAX, 1},
                 {UINT64_C(1) << 32, 1},
                 {(UINT64_C(1) << 32) + 8, 1},
                 {UINT64_MAX, 1},
                 {UINT64_MAX, UINT64_MAX},
                 {8, UINT64_MAX},
                 {8, UINT64_MAX - 7}};
  for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
    assert_false(helios_guest_write(guest, outside[i].at, "x", outside[i].length));
    memset(bytes, 'k', sizeof bytes);
    assert_false(helios_guest_read(guest, bytes, outside[i].at, outside[i].length));
    assert_memory_equal(bytes, "kkkk", 4);
  }
  values[0] = 1;
  return 0;
}

static void call__memory(void **state) {
  (void)state;
  helios *h = open_with(NULL);
  app.then = reads_and_writes;
  ek_run(h, TAKE "SELECT take(100, 0, 0)", "1");
  ek_close(h);
}

/* ---- what it may do ---- */

static int fails(helios_guest *guest, uint64_t *values) {
  (void)values;
  return helios_guest_fail(guest, -77, "no\nroom \xff here");
}

static int fails_and_goes_on(helios_guest *guest, uint64_t *values) {
  (void)helios_guest_fail(guest, 3, NULL);
  values[0] = 1;
  return 0;
}

static int only_a_number(helios_guest *guest, uint64_t *values) {
  (void)guest, (void)values;
  return 9;
}

static void call__fails(void **state) {
  (void)state;
  static const struct {
    int (*then)(helios_guest *, uint64_t *);
    int code;
    const char *text;
  } cases[] = {{fails, -77, "procedure take: no\\x0aroom \\xff here"},
               {fails_and_goes_on, 3, "procedure take: a host function of the application failed"},
               {only_a_number, 9, "procedure take: a host function of the application failed"}};
  helios *h = open_with(NULL);
  helios_error err;
  ek_run(h, TAKE, "");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    app.then = cases[i].then;
    assert_int_equal(ek_try(h, &err, "SELECT take(1, 2, 3)"), HELIOS_E_GUEST);
    assert_int_equal(err.guest_code, cases[i].code);
    assert_string_equal(err.text, cases[i].text);
    app.then = NULL;
    ek_run(h, "SELECT take(1, 2, 3)", "1"); /* the connection goes on */
  }
  ek_close(h);
}

static int charges(helios_guest *guest, uint64_t *values) {
  helios_guest_charge(guest, values[1] == 1 ? UINT64_MAX : values[1]);
  helios_guest_charge(guest, values[1]);
  return 0;
}

static void call__fuel(void **state) {
  (void)state;
  helios *h = open_with(NULL);
  helios_error err;
  app.then = charges;
  ek_run(h, TAKE "ALTER FUNCTION take SET fuel_limit = 100000", "");
  ek_run(h, "SELECT take(1, 1000, 0)", "1");
  assert_int_equal(ek_try(h, &err, "SELECT take(1, 60000, 0)"), HELIOS_E_FUEL);
  assert_true(app.returned); /* ended behind it, not in it */
  assert_int_equal(ek_try(h, &err, "SELECT take(1, 1, 0)"), HELIOS_E_FUEL);
  ek_run(h, "SELECT take(1, 1000, 0)", "1");
  ek_close(h);
}

static int runs_sql(helios_guest *guest, uint64_t *values) {
  sqlite3_stmt *s = NULL;
  (void)guest;
  app.then = NULL; /* the call within it does nothing more */
  assert_int_equal(sqlite3_prepare_v2(app.h ? helios_db(app.h) : NULL,
                                      "SELECT sum(x) + take(5, 0, 0) FROM secrets", -1, &s, NULL),
                   SQLITE_OK);
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  values[0] = (uint64_t)sqlite3_column_int64(s, 0);
  sqlite3_finalize(s);
  helios_error err = {0};
  assert_int_equal(helios_exec(app.h, "DROP FUNCTION take", NULL, NULL, &err), HELIOS_E_MISUSE);
  assert_int_equal(helios_session_set(app.h, "helios.who", "app", NULL), 0);
  return 0;
}

/* As the application: no grant of the procedure judges it, a nested call has its own instance. */
static void call__sql(void **state) {
  (void)state;
  helios *h = open_with(NULL);
  ek_run(h, "CREATE TABLE secrets(x); INSERT INTO secrets VALUES (10), (20);" TAKE, "");
  app.then = runs_sql;
  ek_run(h, "SELECT take(1, 2, 3)", "35");
  assert_int_equal(app.calls, 2);
  assert_string_equal(helios_session_get(h, "helios.who"), "app");
  ek_close(h);
}

/* ---- who may import it ---- */

static void import__capability(void **state) {
  (void)state;
  static const struct {
    const char *need, *grant;
    bool enough;
  } cases[] = {{"custom:take", "custom:take", true},
               {"custom:take", "custom:Take", false},
               {"custom:take", "custom:other", false},
               {"crypto", "crypto", true},
               {"crypto", "log", false},
               {"network:api.acme.com", "network:*.acme.com", true},
               {"network:api.acme.com", "network:acme.com", false},
               {"read:orders", "read:*", true},
               {"read:orders", "read:orders", true},
               {"read:orders", "read:orders.id", false},
               {"read:orders.id", "read:orders", true},
               {"read:*", "read:orders", false},
               {"read", "read", true},
               {"filesystem:/data:ro", "filesystem:/:rw", true},
               {"filesystem:/data:rw", "filesystem:/data:ro", false},
               {"CUSTOM_FUNCTION('take')", "custom:take", true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    helios *h = open_with(cases[i].need);
    char sql[300];
    helios_error err;
    snprintf(sql, sizeof sql,
             "CREATE FUNCTION take(a INT, b INT, c INT) RETURNS INT LANGUAGE wasm "
             "CAPABILITIES ('%s') AS '%%D/custom.so'",
             cases[i].grant);
    int status = ek_try(h, &err, sql);
    if (status != (cases[i].enough ? 0 : HELIOS_E_CAPABILITY)) {
      fail_msg("%s by %s: %d %s", cases[i].need, cases[i].grant, status, err.text);
    }
    ek_close(h);
  }
  helios *h = open_with("custom:take");
  ek_fails(h, TAKE, HELIOS_E_CAPABILITY, "import acme.take needs the capability 'custom:take'");
  assert_string_equal(ek_error.hint, "add CAPABILITIES ('custom:take')");
  ek_close(h);
}

/* A connection that has not registered it can't call it, and says so; later it can. */
static void import__not_there(void **state) {
  (void)state;
  memset(&app, 0, sizeof app);
  helios *h = ek_open("f.db");
  ek_fails(h, TAKE, HELIOS_E_IMPORT, "unknown import acme.take");
  assert_non_null(strstr(ek_error.hint, "helios_host_register"));
  add(h, "take", "iij:i", NULL, take);
  ek_fails(
      h, TAKE, HELIOS_E_IMPORT,
      "import acme.take is (i32, i32, i64) -> i32, the module declares (i32, i32, i32) -> i32");
  ek_close(h);
  h = ek_open("f.db");
  add(h, "take", "iii:i", NULL, take);
  ek_fails(h, TAKE, HELIOS_E_IMPORT, "unknown import acme.mix");
  add(h, "mixed", "jfd:d", NULL, mix);
  ek_fails(h, TAKE, HELIOS_E_IMPORT, "unknown import acme.mix");
  assert_string_equal(ek_error.hint, "did you mean acme.mixed?");
  add(h, "mix", "jfd:d", NULL, mix);
  add(h, "none", ":", NULL, none);
  ek_run(h, TAKE "SELECT take(1, 2, 3)", "1");
  ek_close(h);
  h = ek_open("f.db");
  ek_fails(h, "SELECT take(1, 2, 3)", HELIOS_E_IMPORT, "unknown import acme.take");
  add(h, "take", "iii:i", NULL, take);
  add(h, "mix", "jfd:d", NULL, mix);
  add(h, "none", ":", NULL, none);
  ek_run(h, "SELECT take(1, 2, 3)", "1");
  ek_close(h);
}

static void register__refused(void **state) {
  (void)state;
  helios *h = open_with(NULL);
  char longest[65];
  memset(longest, 'n', sizeof longest - 1);
  longest[sizeof longest - 1] = 0;
  const struct {
    const char *module, *name, *sig, *capability;
    int code;
  } cases[] = {
      {"helios_v1", "log", "iii:i", NULL, HELIOS_E_EXISTS},
      {"helios_v9", "x", ":", NULL, HELIOS_E_EXISTS},
      {"HELIOS_v1", "x", ":", NULL, HELIOS_E_EXISTS},
      {"wasi_snapshot_preview1", "fd_write", "iiii:i", NULL, HELIOS_E_EXISTS},
      {"wasi_anything", "x", ":", NULL, HELIOS_E_EXISTS},
      {"env", "heliosdb_query", "iiii:i", NULL, HELIOS_E_EXISTS},
      {"heliosdb", "heliosdb_new", ":", NULL, HELIOS_E_EXISTS},
      {"acme", "take", "iii:i", NULL, HELIOS_E_EXISTS},
      {"", "x", ":", NULL, HELIOS_E_MISUSE},
      {"acme", "", ":", NULL, HELIOS_E_MISUSE},
      {"acme", "a b", ":", NULL, HELIOS_E_MISUSE},
      {"acm\xc3\xa9", "x", ":", NULL, HELIOS_E_MISUSE},
      {"acme", longest, ":", NULL, HELIOS_E_MISUSE},
      {longest, "x", ":", NULL, HELIOS_E_MISUSE},
      {"acme", "x", "", NULL, HELIOS_E_SIGNATURE},
      {"acme", "x", "i", NULL, HELIOS_E_SIGNATURE},
      {"acme", "x", "i:ii", NULL, HELIOS_E_SIGNATURE},
      {"acme", "x", "v:", NULL, HELIOS_E_SIGNATURE},
      {"acme", "x", "i:r", NULL, HELIOS_E_SIGNATURE},
      {"acme", "x", "iiiiiiiiiiiiiiiii:", NULL, HELIOS_E_SIGNATURE},
      {"acme", "x", ":", "custon:x", HELIOS_E_CAPABILITY},
      {"acme", "x", ":", "custom", HELIOS_E_CAPABILITY},
      {"acme", "x", ":", "", HELIOS_E_CAPABILITY},
  };
  int destroyed = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    helios_error err = {0};
    int status = helios_host_register(h, cases[i].module, cases[i].name, cases[i].sig,
                                      cases[i].capability, none, &app, destroy, &err);
    if (status != cases[i].code || err.text[0] == 0) {
      fail_msg("%s.%s: %d %s", cases[i].module, cases[i].name, status, err.text);
    }
    assert_int_equal(app.destroyed, ++destroyed);
  }
  assert_int_equal(helios_host_register(NULL, "a", "b", ":", NULL, none, &app, destroy, NULL),
                   HELIOS_E_MISUSE);
  assert_int_equal(helios_host_register(h, "a", "b", ":", NULL, NULL, NULL, NULL, NULL),
                   HELIOS_E_MISUSE);
  /* what is the application's own */
  assert_int_equal(helios_host_register(h, "env", "mine", ":", NULL, none, NULL, NULL, NULL), 0);
  assert_int_equal(helios_host_register(h, "heliosdb", "custom_hash", "iiiiiiiiiiiiiiii:d",
                                        "custom:x", none, NULL, NULL, NULL),
                   0);
  ek_close(h);
}

static void register__memory(void **state) {
  (void)state;
  int status = HELIOS_E_MEMORY;
  for (long n = 0; status != 0; n++) {
    helios *h = ek_open(":memory:");
    helios_error err = {0};
    memset(&app, 0, sizeof app);
    hrt_alloc_fail(n, 1);
    status =
        helios_host_register(h, "acme", "take", "iii:i", "custom:take", take, &app, destroy, &err);
    hrt_alloc_fail(-1, 0);
    assert_true(status == 0 || status == HELIOS_E_MEMORY);
    assert_int_equal(app.destroyed, status != 0);
    ek_close(h);
    assert_int_equal(app.destroyed, 1);
    assert_true(n < 10);
  }
}

/* It goes with the connection at the latest, also of a handle that is not ours to close. */
static void life__detach(void **state) {
  (void)state;
  helios *h = open_with(NULL);
  sqlite3 *db = helios_db(h);
  ek_run(h, TAKE "SELECT take(1, 2, 3)", "1");
  assert_int_equal(helios_detach(h, NULL), 0);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  assert_int_equal(app.destroyed, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(call__values),      cmocka_unit_test(call__memory),
      cmocka_unit_test(call__fails),       cmocka_unit_test(call__fuel),
      cmocka_unit_test(call__sql),         cmocka_unit_test(import__capability),
      cmocka_unit_test(import__not_there), cmocka_unit_test(register__refused),
      cmocka_unit_test(register__memory),  cmocka_unit_test(life__detach),
  };
  return cmocka_run_group_tests(tests, setup, ek_teardown);
}
