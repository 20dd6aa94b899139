/* caps_main.c - what capability checks cost. Types are checked once, when a module is linked: a
 * host call has nothing to check. What is left at run time: an object (a variable, a path, a
 * domain) at each call that names one, and tables and columns when a statement is compiled, not
 * when it is taken from those kept. Prints lines of JSON, nanoseconds.
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
