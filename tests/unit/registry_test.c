/* registry_test.c - definitions as JSON, grants and limits, the catalog's tables, the plugin cache.
 */
#include "engine_kit.h"

#include <pthread.h>

#include "registry/catalog.h"
#include "registry/grants.h"
#include "registry/plugin_cache.h"

static hrt_definition def, back;
static helios_error err;

static void definition__json_round_trip(void **state) {
  (void)state;
  def = (hrt_definition){
      .param_count = 3,
      .params = {{.name = "id", .type = {"BIGINT", 0, 0}},
                 {.name = "q\"\\\n", .type = {"DECIMAL", 10, 2}},
                 {.name = "", .type = {"TEXT", 20, 0}}},
      .returns = {"VARCHAR", 7, 0},
      .capability_count = 2,
      .capabilities = {"read:orders", "env:ÄÖ"},
      .options_given =
          1u << HRT_OPTION_FUEL_LIMIT | 1u << HRT_OPTION_TIMEOUT | 1u << HRT_OPTION_LOG_LEVEL,
      .options = {[HRT_OPTION_FUEL_LIMIT] = INT64_MAX,
                  [HRT_OPTION_TIMEOUT] = 1,
                  [HRT_OPTION_LOG_LEVEL] = 0},
  };
  char *params = hrt_params_json(&def), *returns = hrt_returns_json(&def);
  char *capabilities = hrt_capabilities_json(&def), *options = hrt_options_json(&def);
  memset(&back, 0, sizeof back);
  assert_int_equal(hrt_params_read(&back, params, &err), 0);
  assert_int_equal(hrt_returns_read(&back, returns, &err), 0);
  assert_int_equal(hrt_capabilities_read(&back, capabilities, &err), 0);
  assert_int_equal(hrt_options_read(&back, options, &err), 0);
  assert_memory_equal(&def, &back, sizeof def);
  assert_string_equal(options,
                      "{\"fuel_limit\":\"9223372036854775807\",\"timeout\":1,\"log_level\":0}");
  hrt_free(params);
  hrt_free(returns);
  hrt_free(capabilities);
  hrt_free(options);
  def.returns.name[0] = 0;
  returns = hrt_returns_json(&def);
  assert_string_equal(returns, "null");
  assert_int_equal(hrt_returns_read(&back, returns, &err), 0);
  assert_string_equal(back.returns.name, "");
  hrt_free(returns);
}

static void definition__hostile_json(void **state) {
  (void)state;
  static const char *const params[] = {
      "",
      "[",
      "null",
      "{}",
      "7",
      "[7]",
      "[{}]",
      "[{\"type\":\"\"}]",
      "[{\"type\":7}]",
      "[{\"type\":\"A\",\"x\":1}]",
      "[{\"type\":\"A\",\"length\":-1}]",
      "[{\"type\":\"A\",\"length\":1e300}]",
      "[{\"type\":\"A\",\"length\":1.5}]",
      "[{\"type\":\"A\",\"scale\":4294967296}]",
      "[{\"name\":\"a\"}]",
      "[{\"type\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]"};
  static const char *const options[] = {"",
                                        "[]",
                                        "{\"fuel_limit\":-1}",
                                        "{\"fuel_limit\":\"x\"}",
                                        "{\"fuel_limit\":[]}",
                                        "{\"nothing\":1}",
                                        "{\"fuel_limit\":1,\"FUEL_LIMIT\":2}",
                                        "{\"timeout\":\"99999999999999999999s\"}",
                                        "{\"\":1}"};
  static const char *const lists[] = {"", "{}", "[1]", "[null]", "[[]]"};
  for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
    memset(&err, 0, sizeof err);
    assert_int_equal(hrt_params_read(&back, params[i], &err), HELIOS_E_BROKEN);
    assert_non_null(strstr(err.text, "damaged"));
  }
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    assert_int_equal(hrt_options_read(&back, options[i], NULL), HELIOS_E_BROKEN);
  }
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    assert_int_equal(hrt_capabilities_read(&back, lists[i], NULL), HELIOS_E_BROKEN);
  }
  assert_int_equal(hrt_returns_read(&back, "[]", NULL), HELIOS_E_BROKEN);
  assert_int_equal(hrt_returns_read(&back, "{\"name\":\"a\",\"type\":\"A\"}", NULL),
                   HELIOS_E_BROKEN);
  char many[8192] = "[";
  for (int i = 0; i <= HRT_PARAMS_MAX; i++) {
    strcat(many, i ? ",{\"type\":\"A\"}" : "{\"type\":\"A\"}");
  }
  assert_int_equal(hrt_params_read(&back, strcat(many, "]"), NULL), HELIOS_E_BROKEN);
  strcpy(many, "[\"");
  memset(many + 2, 'c', HRT_CAPABILITY_BYTES);
  strcpy(many + 2 + HRT_CAPABILITY_BYTES, "\"]");
  assert_int_equal(hrt_capabilities_read(&back, many, NULL), HELIOS_E_BROKEN);
}

static bool grants(const char *profile, const char *capability, hrt_cap_type type,
                   const char *object) {
  hrt_caps *caps = NULL;
  memset(&def, 0, sizeof def);
  snprintf(def.profile, sizeof def.profile, "%s", profile);
  if (capability) {
    snprintf(def.capabilities[0], HRT_CAPABILITY_BYTES, "%s", capability);
    def.capability_count = 1;
  }
  memset(&err, 0, sizeof err);
  assert_int_equal(hrt_grants_make(&caps, &def, &err), 0);
  bool allowed = hrt_caps_allow(caps, type, object, NULL);
  hrt_caps_free(caps);
  return allowed;
}

static void grants__profile_and_list(void **state) {
  (void)state;
  assert_false(grants("", NULL, HRT_CAP_READ, "t"));
  assert_false(grants("minimal", NULL, HRT_CAP_READ, "t"));
  assert_false(grants("minimal", NULL, HRT_CAP_LOG, NULL));
  assert_true(grants("minimal", "log", HRT_CAP_LOG, NULL));
  assert_true(grants("database_only", NULL, HRT_CAP_READ, "t"));
  assert_false(grants("database_only", NULL, HRT_CAP_WRITE, "t"));
  assert_true(grants("STANDARD", NULL, HRT_CAP_WRITE, "t"));
  assert_false(grants("standard", NULL, HRT_CAP_DDL, "t"));
  assert_true(grants("elevated", NULL, HRT_CAP_DDL, "t"));
  assert_false(grants("elevated", NULL, HRT_CAP_NETWORK, "example.com"));
  assert_false(grants("elevated", NULL, HRT_CAP_FS_READ, "/etc"));
  hrt_caps *caps = NULL;
  memset(&err, 0, sizeof err);
  snprintf(def.profile, sizeof def.profile, "standrd");
  assert_int_equal(hrt_grants_make(&caps, &def, &err), HELIOS_E_NOT_FOUND);
  assert_string_equal(err.hint, "did you mean 'standard'?");
  assert_null(caps);
}

static void grants__add_and_revoke(void **state) {
  (void)state;
  memset(&def, 0, sizeof def);
  memset(&err, 0, sizeof err);
  assert_int_equal(hrt_grants_add(&def, "DATABASE_READ('Orders')", &err), 0);
  assert_int_equal(hrt_grants_add(&def, "read:orders", &err), 0); /* the same */
  assert_int_equal(hrt_grants_add(&def, "log", &err), 0);
  assert_int_equal(def.capability_count, 2);
  assert_int_equal(hrt_grants_revoke(&def, "READ:ORDERS", &err), 0);
  assert_int_equal(def.capability_count, 1);
  assert_string_equal(def.capabilities[0], "log");
  assert_int_equal(hrt_grants_revoke(&def, "read:orders", &err), HELIOS_E_NOT_FOUND);
  assert_int_equal(hrt_grants_add(&def, "nonsense", NULL), HELIOS_E_CAPABILITY);
  char text[32];
  for (int i = 0; i < HRT_CAPABILITIES_MAX - 1; i++) {
    snprintf(text, sizeof text, "read:t%d", i);
    assert_int_equal(hrt_grants_add(&def, text, NULL), 0);
  }
  assert_int_equal(hrt_grants_add(&def, "clock", NULL), HELIOS_E_LIMIT);
}

static void limits__least_of_all(void **state) {
  (void)state;
  static const struct {
    const char *profile;
    int64_t fuel, memory, timeout; /* WITH; 0: not given */
    hrt_limits ceiling, expected;
  } cases[] = {
      {"", 0, 0, 0, {0}, {HRT_DEFAULT_FUEL, 16 << 20, 10000}},
      {"", 5, 64 << 20, 60000, {0}, {5, 64 << 20, 60000}},
      {"", 5, 64 << 20, 60000, {4, 1 << 20, 10}, {4, 1 << 20, 10}},
      {"minimal", 0, 0, 0, {0}, {HRT_DEFAULT_FUEL, 4 << 20, 500}},
      {"minimal", 7, 64 << 20, 60000, {0}, {7, 4 << 20, 500}},
      {"minimal", 0, 1 << 20, 5, {0}, {HRT_DEFAULT_FUEL, 1 << 20, 5}},
      {"elevated", 0, 0, 0, {0, 32 << 20, 0}, {HRT_DEFAULT_FUEL, 32 << 20, 30000}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hrt_limits limits;
    memset(&def, 0, sizeof def);
    snprintf(def.profile, sizeof def.profile, "%s", cases[i].profile);
    def.options[HRT_OPTION_FUEL_LIMIT] = cases[i].fuel;
    def.options[HRT_OPTION_MEMORY_LIMIT] = cases[i].memory;
    def.options[HRT_OPTION_TIMEOUT] = cases[i].timeout;
    def.options_given = (cases[i].fuel ? 1u << HRT_OPTION_FUEL_LIMIT : 0) |
                        (cases[i].memory ? 1u << HRT_OPTION_MEMORY_LIMIT : 0) |
                        (cases[i].timeout ? 1u << HRT_OPTION_TIMEOUT : 0);
    assert_int_equal(hrt_limits_make(&limits, &def, &cases[i].ceiling, NULL), 0);
    assert_int_equal(limits.fuel, cases[i].expected.fuel);
    assert_int_equal(limits.memory, cases[i].expected.memory);
    assert_int_equal(limits.timeout_ms, cases[i].expected.timeout_ms);
  }
}

struct each {
  int count, args[8];
  char names[8][HRT_NAME_BYTES];
};

static int note(void *arg, const hrt_shape *shape) {
  struct each *e = arg;
  snprintf(e->names[e->count], HRT_NAME_BYTES, "%s", shape->name);
  e->args[e->count++] = shape->most;
  return 0;
}

static int give(void *arg, const void *so, size_t size, helios_error *e) {
  (void)e;
  return size == 6 && memcmp(so, "plugin", 6) == 0 ? *(int *)arg : 1;
}

static void catalog__writes_and_reads(void **state) {
  (void)state;
  sqlite3 *db;
  hrt_catalog *c;
  int internal = 0, give_status = 0;
  int64_t first, second, id;
  uint8_t hash[HRT_HASH_BYTES] = {7}, so_hash[HRT_HASH_BYTES] = {8}, read[HRT_HASH_BYTES];
  bool deterministic;
  struct each each = {0};
  memset(&err, 0, sizeof err);
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  assert_int_equal(hrt_catalog_new(&c, db, &internal, &err), 0);
  hrt_catalog_quiesce(c, true);
  assert_int_equal(hrt_catalog_stamp(&first, c, &err), 0);
  assert_int_equal(first, 0);
  assert_int_equal(hrt_catalog_each(c, note, &each, &err), 0);
  assert_int_equal(each.count, 0);
  assert_int_equal(hrt_catalog_find(&def, c, "f", 0, &err), HELIOS_E_NOT_FOUND);
  memset(&err, 0, sizeof err);
  memset(&def, 0, sizeof def);
  strcpy(def.name, "f");
  strcpy(def.export_name, "e");
  strcpy(def.plugin_options, "tier=optimizing");
  def.param_count = 1;
  strcpy(def.params[0].type.name, "TEXT");
  memcpy(def.module_hash, hash, sizeof hash);
  /* Taken back, it never was. */
  assert_int_equal(hrt_catalog_begin(c, &err), 0);
  assert_int_equal(hrt_catalog_add_procedure(c, &def, &err), 0);
  hrt_catalog_rollback(c);
  assert_int_equal(hrt_catalog_stamp(&first, c, &err), 0);
  assert_int_equal(first, 0);
  assert_true(sqlite3_get_autocommit(db));
  /* Kept. */
  assert_int_equal(hrt_catalog_begin(c, &err), 0);
  assert_int_equal(hrt_catalog_put_module(c, hash, "module", 6, &err), 0);
  assert_int_equal(hrt_catalog_put_plugin(c, &def, so_hash, "plugin", 6, &err), 0);
  assert_int_equal(hrt_catalog_add_procedure(c, &def, &err), 0);
  assert_int_equal(hrt_catalog_add_version(c, &def, &err), 0);
  assert_int_equal(def.version, 1);
  assert_int_equal(hrt_catalog_commit(c, &err), 0);
  assert_int_equal(hrt_catalog_stamp(&first, c, &err), 0);
  assert_int_not_equal(first, 0);
  assert_int_equal(hrt_catalog_find(&back, c, "F", 0, &err), 0);
  assert_int_equal(back.stamp, first);
  back.stamp = def.stamp;
  assert_memory_equal(&def, &back, sizeof def);
  assert_int_equal(hrt_catalog_plugin(read, c, &back, give, &give_status, &err), 0);
  assert_memory_equal(read, so_hash, sizeof read);
  give_status = 99;
  assert_int_equal(hrt_catalog_plugin(read, c, &back, give, &give_status, &err), 99);
  /* Versions: a given number, the next one, one that exists, one that does not. */
  assert_int_equal(hrt_catalog_begin(c, &err), 0);
  def.version = 7;
  assert_int_equal(hrt_catalog_add_version(c, &def, &err), 0);
  def.version = 0;
  def.param_count = 0;
  assert_int_equal(hrt_catalog_add_version(c, &def, &err), 0);
  assert_int_equal(def.version, 8);
  assert_int_equal(hrt_catalog_add_version(c, &def, &err), HELIOS_E_EXISTS);
  memset(&err, 0, sizeof err);
  assert_int_equal(hrt_catalog_use_version(c, def.procedure_id, 2, &err), HELIOS_E_NOT_FOUND);
  memset(&err, 0, sizeof err);
  assert_int_equal(hrt_catalog_use_version(c, def.procedure_id, 7, &err), 0);
  strcpy(back.profile, "minimal");
  assert_int_equal(hrt_catalog_update_version(c, &back, &err), 0);
  assert_int_equal(hrt_catalog_commit(c, &err), 0);
  assert_int_equal(hrt_catalog_stamp(&second, c, &err), 0);
  assert_int_not_equal(first, second);
  assert_int_equal(hrt_catalog_find(&back, c, "f", 1, &err), 0);
  assert_string_equal(back.profile, "minimal");
  assert_int_equal(back.stamp, second);
  assert_int_equal(hrt_catalog_find(&back, c, "f", 0, &err), 0);
  assert_int_equal(back.version, 7);
  assert_int_equal(hrt_catalog_each(c, note, &each, &err), 0);
  assert_int_equal(each.count, 1);
  assert_int_equal(each.args[0], 1);
  assert_int_equal(hrt_catalog_lookup(&id, &deterministic, c, "f", &err), 0);
  assert_int_equal(id, def.procedure_id);
  /* Gone, with what only it used. */
  assert_int_equal(hrt_catalog_begin(c, &err), 0);
  assert_int_equal(hrt_catalog_drop(c, id, &err), 0);
  assert_int_equal(hrt_catalog_commit(c, &err), 0);
  assert_int_equal(hrt_catalog_lookup(&id, &deterministic, c, "f", &err), HELIOS_E_NOT_FOUND);
  assert_int_equal(internal, 0);
  hrt_catalog_free(c);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  assert_int_equal(hrt_alloc_live(), 0);
}

/* A temporary table of the same name is not the catalog. */
static void catalog__temp_tables_do_not_shadow(void **state) {
  (void)state;
  sqlite3 *db;
  hrt_catalog *c;
  int internal = 0;
  int64_t stamp;
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  assert_int_equal(
      sqlite3_exec(db,
                   "CREATE TEMP TABLE helios_meta(key, value);"
                   "INSERT INTO helios_meta VALUES ('stamp', 5), ('schema_version', 2)",
                   NULL, NULL, NULL),
      SQLITE_OK);
  assert_int_equal(hrt_catalog_new(&c, db, &internal, NULL), 0);
  assert_int_equal(hrt_catalog_stamp(&stamp, c, NULL), 0);
  assert_int_equal(stamp, 0);
  hrt_catalog_free(c);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static struct fx_bytes shared_file;

/* arg: what to return when it goes wrong. */
static void *load_and_release(void *arg) {
  uint8_t hash[HRT_HASH_BYTES];
  hrt_plugin *p = NULL, *again = NULL;
  for (int i = 0; i < 20; i++) {
    if (hrt_plugin_cache_load(&p, hash, shared_file.data, shared_file.size, "", NULL) != 0) {
      return arg;
    }
    again = hrt_plugin_cache_find(hash, "");
    if (again != p) {
      return arg;
    }
    hrt_plugin_cache_release(p);
    if (hrt_plugin_abi(again)->export_count == 0) {
      return arg;
    }
    hrt_plugin_cache_release(again);
  }
  return NULL;
}

static void plugin_cache__shares_and_unmaps(void **state) {
  (void)state;
  pthread_t threads[4];
  uint8_t hash[HRT_HASH_BYTES] = {0};
  shared_file = fx_read(ek_path("one.so"));
  assert_null(hrt_plugin_cache_find(hash, ""));
  for (int i = 0; i < 4; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, load_and_release, &shared_file), 0);
  }
  for (int i = 0; i < 4; i++) {
    void *failed = NULL;
    pthread_join(threads[i], &failed);
    assert_null(failed);
  }
  assert_int_equal(hrt_plugin_count(), 0);
  shared_file.data[100] ^= 1;
  hrt_plugin *p = NULL;
  assert_int_not_equal(
      hrt_plugin_cache_load(&p, hash, shared_file.data, shared_file.size, "", NULL), 0);
  assert_null(hrt_plugin_cache_find(hash, ""));
  hrt_plugin_cache_release(NULL);
  fx_free(shared_file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(definition__json_round_trip),
      cmocka_unit_test(definition__hostile_json),
      cmocka_unit_test(grants__profile_and_list),
      cmocka_unit_test(grants__add_and_revoke),
      cmocka_unit_test(limits__least_of_all),
      cmocka_unit_test(catalog__writes_and_reads),
      cmocka_unit_test(catalog__temp_tables_do_not_shadow),
      cmocka_unit_test(plugin_cache__shares_and_unmaps),
  };
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
