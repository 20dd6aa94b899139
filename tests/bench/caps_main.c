/* caps_main.c - what capability checks cost, and host functions themselves. Types are checked once,
 * when a module is linked: a host call has nothing to check. What is left at run time: an object (a
 * variable, a path, a domain) at each call that names one, and tables and columns when a statement
 * is compiled, not when it is taken from those kept. Prints lines of JSON, nanoseconds.
 *
 * usage: bench_caps [ROUNDS]   (HELIOS_SOURCE and clang as for the unit tests) */
#include "../unit/puppet.h"

#include "measure.h"

#define TIMES 2000
#define TEXTS 32 /* more than are kept */

static puppet *guest;
static sqlite3 *plain; /* no authorizer, no guest */
static hrt_caps *few, *many;

static uint64_t call(const char *name, const uint64_t *args, size_t count) {
  static int export = -1;
  static const char *last;
  hsb_slot s[8] = {0};
  if (last != name) {
    char full[64];
    snprintf(full, sizeof full, "helios_v1.%s", name);
    export = hrt_plugin_export(guest->plugin, full, strlen(full));
    last = name;
  }
  memcpy(s, args, count * sizeof *args);
  if (hrt_call(guest->instance, (uint32_t) export, s, &guest->budget, NULL) != 0) {
    return UINT64_MAX;
  }
  return (uint32_t)s[0];
}

/* ---- one look at the grants ---- */

static uint64_t allow(void *arg) {
  uint64_t yes = 0;
  const hrt_caps *caps = arg;
  for (int i = 0; i < TIMES; i++) {
    __asm__ volatile("" : "+r"(caps));
    yes += hrt_caps_allow(caps, HRT_CAP_ENV, "HELIOS_PUPPET", NULL);
  }
  return yes;
}

/* ---- a host call ---- */

static uint64_t no_object(void *arg) {
  (void)arg;
  for (int i = 0; i < TIMES; i++) {
    call("arg_count", NULL, 0);
  }
  return TIMES;
}

static uint64_t named_object(void *arg) {
  static const uint64_t args[] = {0, 13, 0, 0};
  guest->env->caps = arg;
  uint64_t yes = 0;
  for (int i = 0; i < TIMES; i++) {
    yes += call("env_get", args, 4) == 7;
  }
  guest->env->caps = guest->caps;
  return yes;
}

/* ---- a statement: prepare and finalize ---- */

static char texts[TEXTS][100];

static uint64_t prepare_plain(void *arg) {
  (void)arg;
  uint64_t done = 0;
  for (int i = 0; i < TIMES; i++) {
    sqlite3_stmt *s = NULL;
    done += sqlite3_prepare_v3(plain, texts[i % TEXTS], -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) ==
            SQLITE_OK;
    sqlite3_finalize(s);
  }
  return done;
}

static uint64_t prepare_guest(unsigned distinct) {
  uint64_t done = 0;
  for (unsigned i = 0; i < TIMES; i++) {
    const uint64_t text[] = {1000 + i % distinct * 100, strlen(texts[i % distinct])};
    uint64_t handle = call("prepare", text, 2);
    done += call("finalize", &handle, 1) == 0;
  }
  return done;
}

static uint64_t prepare_new(void *arg) {
  (void)arg;
  return prepare_guest(TEXTS);
}

static uint64_t prepare_kept(void *arg) {
  (void)arg;
  return prepare_guest(8);
}

/* ---- linking ---- */

static uint64_t link_all(void *arg) {
  const struct helios_plugin *abi = hrt_plugin_abi(guest->plugin);
  uint64_t done = 0;
  for (int i = 0; i < TIMES / 100; i++) {
    done += hrt_host_bind(NULL, abi, arg, &guest->conn, NULL, NULL) == 0;
  }
  return done;
}

/* ---- host functions: a call each ---- */

static const struct {
  const char *name, *shown;
  uint64_t args[7];
  size_t count;
  int result;
} functions[] = {
    {"session_get", "session_get", {100, 10, 8000, 100}, 4, 4},
    {"session_set", "session_set", {100, 10, 200, 4}, 4, 0},
    {"kv_set", "kv_set, 100 bytes, in a transaction", {300, 8, 0, 100}, 4, 0},
    {"kv_get", "kv_get, 100 bytes", {300, 8, 0, 8000, 100}, 5, 100},
    {"kv_list", "kv_list", {300, 1, 0, 0, 8000, 100}, 6, 8},
    {"metric_add", "metric_add", {100, 10, 0}, 3, 0},
    {"random", "random, 32 bytes", {8000, 32}, 2, 0},
    {"hash", "hash, SHA-256 of 1 KiB", {0, 0, 1024, 8000, 64}, 5, 32},
    {"hmac", "hmac, SHA-256 of 1 KiB", {0, 0, 32, 0, 1024, 8000, 64}, 7, 32},
    {"sign", "sign, Ed25519 of 1 KiB", {0, 0, 32, 0, 1024, 8000, 64}, 7, 64},
    {"verify", "verify, Ed25519 of 1 KiB", {0, 0, 32, 0, 1024, 0, 64}, 7, 0},
};
#define FUNCTIONS (sizeof functions / sizeof *functions)
#define FEW_TIMES 100

static uint64_t call_often(void *arg) {
  size_t n = (size_t)arg;
  uint64_t right = 0;
  for (int i = 0; i < FEW_TIMES; i++) {
    right +=
        (int)call(functions[n].name, functions[n].args, functions[n].count) == functions[n].result;
  }
  return right == FEW_TIMES ? FEW_TIMES : UINT64_MAX;
}

static int report(measure_case *cases, size_t count, unsigned rounds, double times) {
  int status = measure(cases, count, rounds);
  for (size_t i = 0; i < count && status == 0; i++) {
    printf("{\"bench\":\"caps\",\"name\":\"%s\",\"ns\":%.1f}\n", cases[i].name,
           cases[i].median / times);
  }
  return status;
}

static void open_all(void) {
  static const char schema[] = "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)";
  helios_error err = {0};
  guest = puppet_open(puppet_everything, puppet_shared());
  puppet_exec(guest, schema);
  hrt_host_begin(guest->env, 0, NULL, NULL);
  static const int64_t id = 7;
  guest->env->procedure_id = &id;
  puppet_exec(guest,
              "CREATE TABLE helios_kv(procedure_id INTEGER NOT NULL, key BLOB NOT NULL, value "
              "BLOB NOT NULL, PRIMARY KEY (procedure_id, key)) WITHOUT ROWID; BEGIN");
  puppet_put(guest, 100, "app.tenant", 10);
  puppet_put(guest, 200, "acme", 4);
  puppet_put(guest, 300, "settings", 8);
  assert_int_equal(hrt_variable_set(&guest->conn, "app.tenant", 10, "acme", 4, &err), 0);
  assert_int_equal(sqlite3_open(":memory:", &plain), SQLITE_OK);
  assert_int_equal(sqlite3_exec(plain, schema, NULL, NULL, NULL), SQLITE_OK);
  for (int i = 0; i < TEXTS; i++) {
    snprintf(texts[i], sizeof texts[i], "SELECT b, c + %d FROM t WHERE a = ?1", i);
    puppet_put(guest, 1000 + (uint32_t)i * 100, texts[i], strlen(texts[i]));
  }
  setenv("HELIOS_PUPPET", "a value", 1);
  puppet_put(guest, 0, "HELIOS_PUPPET", 13);
  few = puppet_caps((const char *const[]){"env:HELIOS_PUPPET", NULL});
  many = puppet_caps((const char *const[]){"log", NULL});
  for (int i = 0; i < 254; i++) {
    char text[40];
    snprintf(text, sizeof text, "env:HELIOS_%d", i);
    assert_int_equal(hrt_caps_add(many, text, strlen(text), &err), 0);
  }
  assert_int_equal(hrt_caps_add(many, "env:HELIOS_PUPPET", 17, &err), 0);
}

int main(int argc, char **argv) {
  unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 21;
  open_all();
  measure_case looks[] = {{.name = "look at 1 grant", .run = allow, .arg = few},
                          {.name = "look at 256 grants", .run = allow, .arg = many}};
  measure_case calls[] = {
      {.name = "call of arg_count", .run = no_object},
      {.name = "call of env_get, 1 grant", .run = named_object, .arg = few},
      {.name = "call of env_get, 256 grants", .run = named_object, .arg = many}};
  measure_case texts_of[] = {{.name = "compile, C API without authorizer", .run = prepare_plain},
                             {.name = "compile, guest with authorizer", .run = prepare_new},
                             {.name = "kept statement of a guest", .run = prepare_kept}};
  measure_case links[] = {
      {.name = "link every host function", .run = link_all, .arg = guest->caps}};
  int status = report(looks, 2, rounds, TIMES);
  status = status ? status : report(calls, 3, rounds, TIMES);
  status = status ? status : report(texts_of, 3, rounds, TIMES);
  status = status ? status : report(links, 1, rounds, TIMES / 100);
  for (size_t n = 0; n < FUNCTIONS && status == 0; n++) {
    measure_case one = {.name = functions[n].shown, .run = call_often, .arg = (void *)n};
    status = report(&one, 1, rounds, FEW_TIMES);
  }
  hrt_host_end(guest->env);
  hrt_caps_free(few);
  hrt_caps_free(many);
  puppet_close(guest);
  sqlite3_close(plain);
  hrt_plugin *shared = puppet_shared();
  hrt_plugin_unref(shared);
  hrt_plugin_unref(shared);
  return status;
}
