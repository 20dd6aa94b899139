/* bind_test.c - imports: every function of the table is refused without its capability and with
 * another type, and bound with it; unknown names get the nearest. */
#include "puppet.h"

struct row {
  const char *module, *name, *sig, *capability;
};

static const struct row rows[] = {
#define HSB_HOSTCALL(module, name, sig, capability, fuel, doc) {#module, #name, sig, #capability},
#include "hsb_hostcalls.def"
#undef HSB_HOSTCALL
};

#define ROWS (sizeof rows / sizeof *rows)

static int bind(const char *module, const char *name, const char *sig, const hrt_caps *caps,
                helios_error *err) {
  struct hsb_import import = {module, name, sig, (uint32_t)strlen(module), (uint32_t)strlen(name)};
  struct helios_plugin abi = {.import_count = 1, .imports = &import};
  struct hsb_binding binding = {0};
  int status = hrt_host_bind(&binding, &abi, caps, NULL, NULL, err);
  assert_true((status == 0) == (binding.fn != NULL));
  return status;
}

/* What meets a row's capability; "read" also gives QUERY. hint: what the refusal tells to add. */
static const struct grant {
  const char *name, *grant, *hint;
} grants[] = {
    {"QUERY", "query", "'query'"},
    {"TRANSACTION", "transaction", "'transaction'"},
    {"LOG", "log", "'log'"},
    {"CLOCK", "clock", "'clock'"},
    {"RANDOM", "random", "'random'"},
    {"CRYPTO", "crypto", "'crypto'"},
    {"ENV", "env:A", "'env:<NAME>'"},
    {"WRITE", "write:t", "'write:<table>'"},
    {"FS_READ", "filesystem:/:ro", "'filesystem:<path>'"},
    {"FS_WRITE", "filesystem:/:rw", "'filesystem:<path>'"},
    {"NETWORK", "network:a.b", "'network:<domain>'"},
};

static const struct grant *grant_of(const char *capability) {
  for (size_t i = 0; i < sizeof grants / sizeof *grants; i++) {
    if (strcmp(grants[i].name, capability) == 0) {
      return &grants[i];
    }
  }
  fail_msg("no grant known for %s", capability);
  return NULL;
}

/* Is this grant enough for a row? */
static bool is_enough(const char *capability, const char *grant) {
  return strcmp(grant, grant_of(capability)->grant) == 0 ||
         (strcmp(capability, "FS_READ") == 0 && strcmp(grant, "filesystem:/:rw") == 0) ||
         (strcmp(capability, "QUERY") == 0 &&
          (strcmp(grant, "read:t.c") == 0 || strcmp(grant, "write:t") == 0 ||
           strcmp(grant, "ddl:t") == 0));
}

static void check_row(const struct row *row) {
  static const char *const all[] = {
      "query",           "transaction", "log",     "clock", "random",
      "crypto",          "read:t.c",    "write:t", "ddl:t", "filesystem:/:rw",
      "filesystem:/:ro", "network:a.b", "env:A",   NULL};
  char quoted[40];
  helios_error err = {0};
  assert_int_equal(bind(row->module, row->name, row->sig, NULL, &err), HELIOS_E_CAPABILITY);
  const struct grant *g = grant_of(row->capability);
  snprintf(quoted, sizeof quoted, "'%.*s'", (int)strcspn(g->grant, ":"), g->grant);
  assert_non_null(strstr(err.text, quoted));
  assert_non_null(strstr(err.hint, g->hint));
  for (size_t i = 0; all[i] != NULL; i++) { /* every other grant is not enough */
    hrt_caps *caps = puppet_caps((const char *const[]){all[i], NULL});
    err = (helios_error){0};
    assert_int_equal(bind(row->module, row->name, row->sig, caps, &err),
                     is_enough(row->capability, all[i]) ? 0 : HELIOS_E_CAPABILITY);
    hrt_caps_free(caps);
  }
}

static void capability__every_row(void **state) {
  (void)state;
  size_t guarded = 0;
  for (size_t i = 0; i < ROWS; i++) {
    helios_error err = {0};
    if (strcmp(rows[i].capability, "NONE") == 0) {
      assert_int_equal(bind(rows[i].module, rows[i].name, rows[i].sig, NULL, &err), 0);
    } else {
      check_row(&rows[i]);
      guarded++;
    }
  }
  assert_true(guarded >= 45);
}

static void type__every_row(void **state) {
  (void)state;
  for (size_t i = 0; i < ROWS; i++) {
    helios_error err = {0};
    assert_int_equal(bind(rows[i].module, rows[i].name, "vfd:j", NULL, &err), HELIOS_E_IMPORT);
    assert_non_null(strstr(err.text, "the module declares (v128, f32, f64) -> i64"));
  }
  helios_error err = {0};
  assert_int_equal(bind("helios_v1", "log", "ii:i", NULL, &err), HELIOS_E_IMPORT);
  assert_string_equal(
      err.text,
      "import helios_v1.log is (i32, i32, i32) -> i32, the module declares (i32, i32) -> i32");
}

static void name__unknown(void **state) {
  (void)state;
  static const struct {
    const char *module, *name, *hint;
  } cases[] = {
      {"helios_v1", "prepaer", "did you mean helios_v1.prepare?"},
      {"heliosdb", "heliosdb_qury", "did you mean heliosdb.heliosdb_query?"},
      {"env", "heliosdb_qury", "did you mean env.heliosdb_query?"},
      {"helios_v2", "prepare", "did you mean helios_v1.prepare?"},
      {"env", "log", "did you mean helios_v1.log?"},
      {"", "",
       "docs/guest-abi.md lists the functions that a procedure may import; an application adds its "
       "own by helios_host_register"},
      {"wasi_snapshot_preview1", "path_opne", "did you mean wasi_snapshot_preview1.path_open?"},
      {"wasi_unstable", "zzzzzzzzzz",
       "docs/guest-abi.md lists the functions that a procedure may import; an application adds its "
       "own by helios_host_register"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    helios_error err = {0};
    assert_int_equal(bind(cases[i].module, cases[i].name, ":i", NULL, &err), HELIOS_E_IMPORT);
    assert_string_equal(err.hint, cases[i].hint);
  }
}

static void name__odd_bytes(void **state) {
  (void)state;
  struct hsb_import import = {"helios_v1", "log\0x", "iii:i", 9, 5};
  struct helios_plugin abi = {.import_count = 1, .imports = &import};
  helios_error err = {0};
  assert_int_equal(hrt_host_bind(NULL, &abi, NULL, NULL, NULL, &err), HELIOS_E_IMPORT);
  assert_string_equal(err.text, "unknown import helios_v1.log\\x00x");
  char big[5000];
  memset(big, '\n', sizeof big);
  import.name = big;
  import.name_len = sizeof big;
  err = (helios_error){0};
  assert_int_equal(hrt_host_bind(NULL, &abi, NULL, NULL, NULL, &err), HELIOS_E_IMPORT);
}

/* No import at all is always fine; the first bad one stops. */
static void list__none_and_first(void **state) {
  (void)state;
  struct hsb_import imports[] = {{"helios_v1", "arg_count", ":i", 9, 9}, {"a", "b", ":", 1, 1}};
  struct helios_plugin abi = {.import_count = 0};
  helios_error err = {0};
  assert_int_equal(hrt_host_bind(NULL, &abi, NULL, NULL, NULL, &err), 0);
  abi.imports = imports;
  abi.import_count = 2;
  assert_int_equal(hrt_host_bind(NULL, &abi, NULL, NULL, NULL, &err), HELIOS_E_IMPORT);
  assert_string_equal(err.text, "unknown import a.b");
}

static void arena__offered(void **state) {
  (void)state;
  static const struct {
    const char *flags;
    uint32_t at, size;
    int code;
  } cases[] = {
      {"-DARENA=0x0000100000000800ull", 0x1000, 0x800, 0},
      {"-DARENA=0x0000100100000800ull", 0x1008, 0x7f9, 0}, /* made 8-aligned */
      {"-DARENA=0x0001ffff00000001ull", 0, 0, HELIOS_E_SIGNATURE},
      {"-DARENA=0x0002000000000001ull", 0, 0, HELIOS_E_SIGNATURE},
      {"-DARENA=0xffffffffffffffffull", 0, 0, HELIOS_E_SIGNATURE},
      {"-DARENA=0", 0, 0, HELIOS_E_SIGNATURE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    helios_error err = {0};
    hrt_plugin *plugin = puppet_plugin(cases[i].flags);
    hrt_host_conn conn = {0};
    hrt_host_env *env = NULL;
    hrt_instance *instance = NULL;
    hrt_budget budget = {0};
    hrt_caps *caps = puppet_caps(puppet_everything);
    struct hsb_binding bindings[ROWS];
    assert_int_equal(hrt_host_env_new(&env, &conn, caps, "x", &err), 0);
    assert_int_equal(hrt_host_bind(bindings, hrt_plugin_abi(plugin), caps, &conn, env, &err), 0);
    hrt_instance_options options = {.imports = bindings, .user = env};
    assert_int_equal(hrt_instance_new(&instance, plugin, &options, &budget, &err), 0);
    assert_int_equal(hrt_host_ready(env, instance, &budget, &err), cases[i].code);
    if (cases[i].code == 0) {
      assert_int_equal(env->arena, cases[i].at);
      assert_int_equal(env->arena_size, cases[i].size);
      uint64_t before = hrt_guest_size(instance);
      assert_true(hrt_arena_room(env, 0x10000)); /* too small: pages of the host's own, for good */
      assert_int_equal(hrt_instance_reset(instance, &err), 0);
      assert_int_equal(env->arena, before);
      assert_true(env->arena_size >= 0x10000 &&
                  hrt_guest_size(instance) == before + env->arena_size);
      assert_false(hrt_arena_room(env, UINT32_MAX));
    }
    hrt_host_env_free(env);
    hrt_instance_free(instance);
    hrt_plugin_unref(plugin);
    hrt_caps_free(caps);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(capability__every_row), cmocka_unit_test(type__every_row),
      cmocka_unit_test(name__unknown),         cmocka_unit_test(name__odd_bytes),
      cmocka_unit_test(list__none_and_first),  cmocka_unit_test(arena__offered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
