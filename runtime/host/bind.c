/* bind.c - a plugin's imports to host functions, by module, name and signature. Must never bind a
 * function whose capability is missing: what is not granted is not linked. An interpreter imports
 * all that a script might want, so there such an import is bound to a refusal. */
#include <stdio.h>
#include <string.h>

#include "host/internal.h"
#include "plugin/nearest.h"

/* How a grant of each type is written. */
#define GRANT_NONE ""
#define GRANT_TABLE ":<table>"
#define GRANT_COLUMN ":<table>"
#define GRANT_PATH ":<path>"
#define GRANT_DOMAIN ":<domain>"
#define GRANT_NAME ":<NAME>"

static const struct {
  const char *name, *object;
} grant_names[] = {
#define HRT_CAP(NAME, short_name, long_name, scope, doc) {short_name, GRANT_##scope},
#include "capability/capability.def"
#undef HRT_CAP
};

/* One entry a row: sets the scene, charges, runs. Charging comes first, as it may not return. */
static inline void enter(struct hsb_ctx *ctx, hrt_host_env *env, uint64_t fuel) {
  env->ctx = ctx;
  env->instance = ctx->owner;
  env->asked++;
  hrt_charge(ctx, fuel);
}

/* The same for a procedure that is profiled. Counted first, as it may not return. */
static void timed(hsb_import_fn *fn, const char *module, const char *name, struct hsb_ctx *ctx,
                  hsb_slot *s, hrt_host_env *env) {
  hrt_series_use(env->series, module, name);
  uint64_t began = hrt_now_ns();
  fn(ctx, s, env);
  hrt_series_used(env->series, module, name, hrt_now_ns() - began);
}

/* In place of a function that an interpreter imports and its script is not granted. */
static void refuse(hrt_host_env *env, hsb_slot *s, const char *name, const char *sig,
                   int capability) {
  int status = hrt_denied(env, capability, NULL, "%s needs the capability '%s'", name,
                          grant_names[capability].name);
  char result = strchr(sig, ':')[1];
  if (result == 'i') {
    hrt_answer(s, status);
  } else if (result == 'j') {
    s[0] = (hsb_slot)(int64_t)status;
  } else {
    hrt_end_call(env, name, status);
  }
}

#define HSB_HOSTCALL(module, name, sig, capability, fuel, doc)                                     \
  static void call_##module##_##name(struct hsb_ctx *ctx, hsb_slot *s, void *env) {                \
    enter(ctx, env, fuel);                                                                         \
    hrt_hc_##name(env, s);                                                                         \
  }                                                                                                \
  static void refuse_##module##_##name(struct hsb_ctx *ctx, hsb_slot *s, void *env) {              \
    enter(ctx, env, fuel);                                                                         \
    refuse(env, s, #name, sig, HRT_CAP_##capability);                                              \
  }                                                                                                \
  static void timed_##module##_##name(struct hsb_ctx *ctx, hsb_slot *s, void *env) {               \
    timed(call_##module##_##name, #module, #name, ctx, s, env);                                    \
  }
#include "hsb_hostcalls.def"
#undef HSB_HOSTCALL

static const struct row {
  const char *module, *name, *sig;
  uint32_t module_len, name_len;
  int capability;
  hsb_import_fn *fn, *timed, *refuse;
} rows[] = {
#define HSB_HOSTCALL(module, name, sig, capability, fuel, doc)                                     \
  {#module,                                                                                        \
   #name,                                                                                          \
   sig,                                                                                            \
   sizeof #module - 1,                                                                             \
   sizeof #name - 1,                                                                               \
   HRT_CAP_##capability,                                                                           \
   call_##module##_##name,                                                                         \
   timed_##module##_##name,                                                                        \
   refuse_##module##_##name},
#include "hsb_hostcalls.def"
#undef HSB_HOSTCALL
};

#define ROWS (sizeof rows / sizeof *rows)

static bool is(const char *name, const char *bytes, uint32_t length) {
  return strlen(name) == length && memcmp(name, bytes, length) == 0;
}

/* "ij:d" for people: (i32, i64) -> f64. */
static const char *spell(char *out, size_t size, const char *sig) {
  static const char letters[] = "ijfdvre";
  static const char *const types[] = {"i32", "i64", "f32", "f64", "v128", "funcref", "externref"};
  size_t n = 0;
  const char *open = "(";
  for (const char *c = sig; *c != 0 && n < size; c++) {
    const char *letter = strchr(letters, *c);
    if (*c == ':') {
      n += (size_t)snprintf(out + n, size - n, "%s)%s", c == sig ? "(" : "",
                            c[1] != 0 ? " -> " : "");
      open = "";
    } else {
      n += (size_t)snprintf(out + n, size - n, "%s%s", open,
                            letter != NULL ? types[letter - letters] : "?");
      open = ", ";
    }
  }
  return out;
}

/* The nearest of all names: ours and the application's. */
static bool nearest(char *out, size_t size, const struct hsb_import *import,
                    const hrt_host_conn *conn) {
  hrt_nearest n;
  hrt_nearest_begin(&n, import->name, import->name_len);
  const char *module = NULL;
  for (size_t i = 0; i < ROWS; i++) {
    size_t before = n.best != NULL ? n.distance : SIZE_MAX;
    hrt_nearest_try(&n, rows[i].name);
    bool better = n.best == rows[i].name && n.distance < before;
    if (better || (n.best != NULL && strcmp(n.best, rows[i].name) == 0 &&
                   is(rows[i].module, import->module, import->module_len))) {
      module = rows[i].module;
    }
  }
  for (const hrt_custom *c = NULL; (c = hrt_custom_next(conn, c)) != NULL;) {
    hrt_nearest_try(&n, hrt_custom_name(c));
    module = n.best == hrt_custom_name(c) ? hrt_custom_module(c) : module;
  }
  if (n.best != NULL) {
    snprintf(out, size, "%s.%s", module, n.best);
  }
  return n.best != NULL;
}

static int unknown(const struct hsb_import *import, const hrt_host_conn *conn, helios_error *err) {
  char module[HRT_ESCAPED], name[HRT_ESCAPED], near[256], shown[HRT_ESCAPED];
  int status = hrt_fail(err, HELIOS_E_IMPORT, "unknown import %s.%s",
                        hrt_escape(module, import->module, import->module_len),
                        hrt_escape(name, import->name, import->name_len));
  if (nearest(near, sizeof near, import, conn)) {
    hrt_hint(err, "did you mean %s?", hrt_escape(shown, near, strlen(near)));
  } else {
    hrt_hint(err, "docs/guest-abi.md lists the functions that a procedure may import; an "
                  "application adds its own by helios_host_register");
  }
  return status;
}

/* `query` stands for any right to data. */
static bool has(const hrt_caps *caps, int capability) {
  if (capability == HRT_CAP_NONE || hrt_caps_any(caps, (hrt_cap_type)capability)) {
    return true;
  }
  return capability == HRT_CAP_QUERY &&
         (hrt_caps_any(caps, HRT_CAP_READ) || hrt_caps_any(caps, HRT_CAP_WRITE) ||
          hrt_caps_any(caps, HRT_CAP_DDL));
}

static int missing(const struct row *row, helios_error *err) {
  const char *name = grant_names[row->capability].name;
  int status = hrt_fail(err, HELIOS_E_CAPABILITY, "import %s.%s needs the capability '%s'",
                        row->module, row->name, name);
  if (row->capability == HRT_CAP_QUERY) {
    hrt_hint(err, "add CAPABILITIES ('read:<table>') or ('query')");
  } else {
    hrt_hint(err, "add CAPABILITIES ('%s%s')", name, grant_names[row->capability].object);
  }
  return status;
}

static int other_type(const char *module, const char *name, const char *sig,
                      const struct hsb_import *import, helios_error *err) {
  char want[128], have[128];
  return hrt_fail(err, HELIOS_E_IMPORT, "import %s.%s is %s, the module declares %s", module, name,
                  spell(want, sizeof want, sig), spell(have, sizeof have, import->sig));
}

/* One of the application's. */
static int resolve_custom(const hrt_custom **out, const struct hsb_import *import,
                          const hrt_caps *caps, const hrt_host_conn *conn, helios_error *err) {
  char module[HRT_ESCAPED], name[HRT_ESCAPED];
  const hrt_custom *c =
      hrt_custom_find(conn, import->module, import->module_len, import->name, import->name_len);
  if (c == NULL) {
    return unknown(import, conn, err);
  }
  hrt_escape(module, import->module, import->module_len);
  hrt_escape(name, import->name, import->name_len);
  if (strcmp(hrt_custom_sig(c), import->sig) != 0) {
    return other_type(module, name, hrt_custom_sig(c), import, err);
  }
  const char *grant = hrt_custom_missing(c, caps);
  if (grant != NULL) {
    int status = hrt_fail(err, HELIOS_E_CAPABILITY, "import %s.%s needs the capability '%s'",
                          module, name, grant);
    hrt_hint(err, "add CAPABILITIES ('%s')", grant);
    return status;
  }
  *out = c;
  return 0;
}

static bool is_row(const struct row *row, const struct hsb_import *import) {
  return row->name_len == import->name_len && row->module_len == import->module_len &&
         memcmp(row->name, import->name, import->name_len) == 0 &&
         memcmp(row->module, import->module, import->module_len) == 0;
}

/* One of ours: then *out is not NULL. */
static int resolve(const struct row **out, const struct hsb_import *import, const hrt_caps *caps,
                   bool script, helios_error *err) {
  for (size_t i = 0; i < ROWS; i++) {
    const struct row *row = &rows[i];
    if (!is_row(row, import)) {
      continue;
    }
    *out = row;
    return strcmp(row->sig, import->sig) != 0
               ? other_type(row->module, row->name, row->sig, import, err)
           : script || has(caps, row->capability) ? 0
                                                  : missing(row, err);
  }
  return 0;
}

static hsb_import_fn *function_of(const struct row *row, const hrt_caps *caps,
                                  const hrt_host_env *env) {
  return !has(caps, row->capability) ? row->refuse : env && env->profiling ? row->timed : row->fn;
}

int hrt_host_bind(struct hsb_binding *out, const struct helios_plugin *abi, const hrt_caps *caps,
                  const hrt_host_conn *conn, hrt_host_env *env, helios_error *err) {
  bool script = abi->flags & HSB_PLUGIN_SCRIPT;
  for (uint32_t i = 0; i < abi->import_count; i++) {
    const struct row *row = NULL;
    const hrt_custom *custom = NULL;
    int status = resolve(&row, &abi->imports[i], caps, script, err);
    if (status == 0 && row == NULL) {
      status = resolve_custom(&custom, &abi->imports[i], caps, conn, err);
    }
    if (status != 0) {
      return status;
    }
    if (out != NULL) {
      hsb_import_fn *fn = row == NULL ? NULL : function_of(row, caps, env);
      out[i] = fn != NULL ? (struct hsb_binding){fn, env}
                          : (struct hsb_binding){hrt_custom_call, (void *)custom};
    }
  }
  return 0;
}

/* Of the running call alone: its arguments, its result, its error. They make no other call and no
 * record, and keep nothing in the environment that hrt_host_end does not put right. */
static const char *const of_the_call[] = {"arg_count",
                                          "arg_type",
                                          "arg_i64",
                                          "arg_f64",
                                          "arg_len",
                                          "arg_read",
                                          "return_null",
                                          "return_i64",
                                          "return_f64",
                                          "return_bytes",
                                          "fail",
                                          "error_message",
                                          "heliosdb_get_param",
                                          "heliosdb_return",
                                          "heliosdb_error"};

static bool is_of_the_call(const struct row *row) {
  for (size_t i = 0; i < sizeof of_the_call / sizeof *of_the_call; i++) {
    if (strcmp(row->name, of_the_call[i]) == 0) {
      return true;
    }
  }
  return false;
}

bool hrt_host_confined(const struct helios_plugin *abi) {
  for (uint32_t i = 0; i < abi->import_count; i++) {
    const struct row *row = NULL;
    if (resolve(&row, &abi->imports[i], NULL, true, NULL) != 0 || row == NULL ||
        !is_of_the_call(row)) {
      return false;
    }
  }
  return true;
}

bool hrt_host_blind(const struct helios_plugin *abi, const hrt_caps *caps) {
  for (int type = 0; type < HRT_CAP_COUNT; type++) {
    if (hrt_caps_any(caps, (hrt_cap_type)type)) {
      return false;
    }
  }
  for (uint32_t i = 0; i < abi->import_count; i++) {
    const struct row *row = NULL;
    if (resolve(&row, &abi->imports[i], caps, true, NULL) != 0 || row == NULL) {
      return false; /* the application's */
    }
  }
  return true;
}

const struct hsb_import *hrt_host_asked(const struct helios_plugin *abi, const hrt_caps *caps) {
  for (uint32_t i = 0; i < abi->import_count; i++) {
    const struct row *row = NULL;
    if (resolve(&row, &abi->imports[i], caps, true, NULL) != 0 || row == NULL ||
        row->capability != HRT_CAP_NONE) {
      return &abi->imports[i];
    }
  }
  return NULL;
}
