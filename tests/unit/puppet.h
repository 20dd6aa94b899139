/* puppet.h - a guest whose exports are the host functions themselves ("helios_v1.step" ...), so
 * that a test can call each with any arguments, and a few for marshalling. A real plugin in a real
 * instance over a real database; bound by bind.c as any other. */
#ifndef PUPPET_H
#define PUPPET_H

#include "fixture.h"

#include "host/host.h"
#include "host/internal.h"
#include "instance/instance.h"
#include "plugin/alloc.h"

static const char puppet_source[] =
    "struct inst { struct hsb_memory mem; };\n"
    "enum {\n"
    "#define HSB_HOSTCALL(m, n, s, c, f, d) K_##m##_##n,\n"
    "#include \"hsb_hostcalls.def\"\n"
    "#undef HSB_HOSTCALL\n"
    "};\n"
    "#define HSB_HOSTCALL(m, n, s, c, f, d) static NOINLINE void f_##m##_##n(void *i, hsb_slot *v) "
    "{\\\n"
    "  struct hsb_ctx *x = hsb_ctx_of(i); x->imports[K_##m##_##n].fn(x, v, "
    "x->imports[K_##m##_##n].env); }\n"
    "#include \"hsb_hostcalls.def\"\n"
    "#undef HSB_HOSTCALL\n"
    "#define FN(n) static NOINLINE void n(void *i, hsb_slot *s)\n"
    "FN(same) { (void)i; (void)s; }\n"
    "FN(pack) { (void)i; s[0] = s[0] << 32 | (unsigned)s[1]; }\n"
    "FN(arena) { (void)i; s[0] = ARENA; }\n"
    "FN(grow) { struct hsb_ctx *c = hsb_ctx_of(i); s[0] = c->host->memory_grow(c, (unsigned)s[0]); "
    "}\n"
    "static void init(void *i) { (void)i; }\n"
    "static const struct hsb_export ex[] = {\n"
    "#define HSB_HOSTCALL(m, n, s, c, f, d) EXPORT(#m \".\" #n, s, f_##m##_##n),\n"
    "#include \"hsb_hostcalls.def\"\n"
    "#undef HSB_HOSTCALL\n"
    "  EXPORT(\"same_j\", \"j:j\", same), EXPORT(\"same_d\", \"d:d\", same), EXPORT(\"same_i\", "
    "\"i:i\", same),\n"
    "  EXPORT(\"same_f\", \"f:f\", same), EXPORT(\"pack\", \"ii:j\", pack), EXPORT(\"second\", "
    "\"iiii:j\", same),\n"
    "  EXPORT(\"nothing\", \":\", same), EXPORT(\"grow\", \"i:i\", grow), EXPORT(ARENA_NAME, "
    "\":j\", arena)};\n"
    "static const struct hsb_import im[] = {\n"
    "#define HSB_HOSTCALL(m, n, s, c, f, d) {#m, #n, s, sizeof #m - 1, sizeof #n - 1},\n"
    "#include \"hsb_hostcalls.def\"\n"
    "};\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR,\n"
    "  .flags = HSB_PLUGIN_HAS_MEMORY | HSB_PLUGIN_METERED | HSB_PLUGIN_IMPURE,\n"
    "  .instance_size = sizeof(struct inst), .memory_offset = 0, .memory_min = 2, .memory_max = "
    "1000,\n"
    "  .export_count = COUNT(ex), .import_count = COUNT(im), .exports = ex, .imports = im,\n"
    "  .init = init};\n";

typedef struct puppet {
  sqlite3 *db;
  hrt_plugin *plugin;
  hrt_instance *instance;
  hrt_host_env *env;
  hrt_caps *caps;
  hrt_budget budget;
  hrt_host_conn conn;
} puppet;

/* Compiled once a program; "-DARENA=0x...": what helios_arena gives. */
FX hrt_plugin *puppet_plugin(const char *flags) {
  char all[300];
  snprintf(all, sizeof all, "%s %s",
           strstr(flags, "ARENA=") ? "'-DARENA_NAME=\"helios_arena\"'"
                                   : "-DARENA=0 '-DARENA_NAME=\"no_arena\"'",
           flags);
  struct fx_bytes elf = fx_compile(puppet_source, all);
  struct fx_bytes file = fx_pack(elf, NULL, 0);
  hrt_plugin *plugin = fx_load(file);
  fx_free(elf);
  fx_free(file);
  return plugin;
}

FX hrt_plugin *puppet_shared(void) {
  static hrt_plugin *plugin;
  if (plugin == NULL) {
    plugin = puppet_plugin("");
  }
  return hrt_plugin_ref(plugin);
}

/* Behind all tests: nothing of theirs is left. */
FX void puppet_unshare(void) {
  hrt_plugin *shared = puppet_shared();
  hrt_plugin_unref(shared);
  hrt_plugin_unref(shared);
}

FX void puppet_exec(puppet *p, const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(p->db, sql, NULL, NULL, &message) != SQLITE_OK) {
    fail_msg("%s: %s", sql, message);
  }
}

FX hrt_caps *puppet_caps(const char *const *list) {
  helios_error err = {0};
  hrt_caps *caps = NULL;
  assert_int_equal(hrt_caps_new(&caps, &err), 0);
  for (; *list != NULL; list++) {
    if (hrt_caps_add(caps, *list, strlen(*list), &err) != 0) {
      fail_msg("%s", err.text);
    }
  }
  return caps;
}

/* Grants that bind every host function; two of env: all that tests read. */
static const char *const puppet_everything[] = {"read",
                                                "write",
                                                "query",
                                                "ddl",
                                                "transaction",
                                                "log",
                                                "clock",
                                                "random",
                                                "crypto",
                                                "filesystem:/nowhere:rw",
                                                "network:a.b",
                                                "env:HELIOS_PUPPET",
                                                "env:HELIOS_PUPPET_UNSET",
                                                NULL};

/* The database of the puppets that are opened next. */
static const char *puppet_database = ":memory:";

/* caps: NULL-terminated; what the guest may, though every host function is bound. */
FX puppet *puppet_open(const char *const *caps, hrt_plugin *plugin) {
  puppet *p = calloc(1, sizeof *p);
  helios_error err = {0};
  assert_non_null(p);
  assert_int_equal(sqlite3_open(puppet_database, &p->db), SQLITE_OK);
  hrt_host_conn_init(&p->conn, p->db);
  hrt_store *store;
  assert_int_equal(hrt_store_open(&store, NULL, 1, &err), 0);
  hrt_observer_init(&p->conn.observer, store);
  assert_int_equal(sqlite3_set_authorizer(p->db, hrt_host_authorizer, &p->conn), SQLITE_OK);
  p->plugin = plugin;
  p->caps = puppet_caps(caps);
  hrt_caps *all = puppet_caps(puppet_everything);
  assert_int_equal(hrt_host_env_new(&p->env, &p->conn, p->caps, "puppet", &err), 0);
  const struct helios_plugin *abi = hrt_plugin_abi(plugin);
  struct hsb_binding *bindings = calloc(abi->import_count, sizeof *bindings);
  assert_non_null(bindings);
  if (hrt_host_bind(bindings, abi, all, &p->conn, p->env, &err) != 0) {
    fail_msg("%s", err.text);
  }
  hrt_caps_free(all);
  hrt_instance_options options = {.imports = bindings, .user = p->env};
  if (hrt_instance_new(&p->instance, plugin, &options, &p->budget, &err) != 0 ||
      hrt_host_ready(p->env, p->instance, &p->budget, &err) != 0) {
    fail_msg("%s", err.text);
  }
  free(bindings);
  return p;
}

FX void puppet_close(puppet *p) {
  hrt_host_env_free(p->env);
  hrt_instance_free(p->instance);
  hrt_plugin_unref(p->plugin);
  hrt_host_conn_clear(&p->conn);
  hrt_store_close(p->conn.observer.store);
  assert_int_equal(sqlite3_close(p->db), SQLITE_OK);
  hrt_caps_free(p->caps);
  free(p);
}

FX int puppet_try(puppet *p, uint64_t *result, helios_error *err, const char *name,
                  const uint64_t *args, size_t count) {
  char full[64];
  hsb_slot s[16] = {0};
  snprintf(full, sizeof full, strchr(name, '.') ? "%s" : "helios_v1.%s", name);
  int export = hrt_plugin_export(p->plugin, full, strlen(full));
  if (export < 0) {
    export = hrt_plugin_export(p->plugin, name, strlen(name));
  }
  if (export < 0) {
    fail_msg("no export %s", name);
  }
  memcpy(s, args, count * sizeof *args);
  int status = hrt_call(p->instance, (uint32_t) export, s, &p->budget, err);
  *result = s[0];
  return status;
}

/* An i32 result; the test fails if the call does. */
FX int puppet_call(puppet *p, const char *name, const uint64_t *args, size_t count) {
  uint64_t result = 0;
  helios_error err = {0};
  if (puppet_try(p, &result, &err, name, args, count) != 0) {
    fail_msg("%s: %s", name, err.text);
  }
  return (int32_t)(uint32_t)result;
}

FX int64_t puppet_call64(puppet *p, const char *name, const uint64_t *args, size_t count) {
  uint64_t result = 0;
  helios_error err = {0};
  if (puppet_try(p, &result, &err, name, args, count) != 0) {
    fail_msg("%s: %s", name, err.text);
  }
  return (int64_t)result;
}

/* What a call that must end so says. */
FX helios_error puppet_fails(puppet *p, int code, const char *name, const uint64_t *args,
                             size_t count) {
  uint64_t result = 0;
  helios_error err = {0};
  assert_int_equal(puppet_try(p, &result, &err, name, args, count), code);
  return err;
}

#define ARGS(...)                                                                                  \
  (const uint64_t[]){0, ##__VA_ARGS__} + 1, sizeof((const uint64_t[]){0, ##__VA_ARGS__}) / 8 - 1
#define CALL(p, name, ...) puppet_call(p, name, ARGS(__VA_ARGS__))
#define CALL64(p, name, ...) puppet_call64(p, name, ARGS(__VA_ARGS__))
#define FAILS(p, code, name, ...) puppet_fails(p, code, name, ARGS(__VA_ARGS__))

/* Puts text at `at` and gives its length, for (p, n) arguments. */
FX uint64_t puppet_put(puppet *p, uint32_t at, const void *bytes, size_t length) {
  assert_true(hrt_guest_write(p->instance, (guest_u32){at}, bytes, length));
  return length;
}
#define TEXT(p, at, text) (at), puppet_put(p, at, text, strlen(text))

FX void puppet_get(puppet *p, void *out, uint32_t at, size_t length) {
  assert_true(hrt_guest_read(out, p->instance, (guest_u32){at}, length));
}

/* The text of error_message. */
FX const char *puppet_error(puppet *p) {
  static char text[600];
  int n = CALL(p, "error_message", 60000, 599);
  assert_true(n >= 0 && n < 600);
  puppet_get(p, text, 60000, (size_t)n);
  text[n] = 0;
  return text;
}

#endif
