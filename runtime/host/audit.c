/* audit.c - audit records of what a procedure tried to use. Must never fail its caller, nor write
 * guest bytes that were not made fit to show. */
#include <stdarg.h>
#include <string.h>

#include "host/internal.h"
#include "plugin/alloc.h"

static const char *const capabilities[] = {
#define HRT_CAP(NAME, short_name, long_name, scope, doc) short_name,
#include "capability/capability.def"
#undef HRT_CAP
};

void hrt_hash_hex(char out[HRT_HASH_HEX], const uint8_t hash[32]) {
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < 32; i++) {
    out[2 * i] = digits[hash[i] >> 4];
    out[2 * i + 1] = digits[hash[i] & 15];
  }
  out[64] = 0;
}

hrt_origin hrt_origin_of(const hrt_host_env *env) {
  return (hrt_origin){.procedure = env->procedure, .version = env->version, .call = env->call};
}

void hrt_audit_use(hrt_host_env *env, int capability, const char *object, bool granted,
                   const char *detail) {
  char hash[HRT_HASH_HEX], shown[256], said[sizeof env->last];
  hrt_origin who = hrt_origin_of(env);
  hrt_audit a = {.event = "use", .granted = granted};
  if (env->instance) {
    hrt_hash_hex(hash, hrt_plugin_abi(hrt_instance_plugin(env->instance))->module_hash);
    a.module_hash = hash;
  }
  if (capability != HRT_CAP_NONE) {
    a.capability = capabilities[capability];
  }
  if (object) {
    hrt_clean(shown, sizeof shown, object, strlen(object));
    a.object = shown;
  }
  if (detail) {
    hrt_clean(said, sizeof said, detail, strlen(detail));
    a.detail = said;
  }
  hrt_observe_audit(&env->conn->observer, &who, &a);
}

int hrt_denied(hrt_host_env *env, int capability, const char *object, const char *format, ...) {
  va_list list;
  va_start(list, format);
  (void)sqlite3_vsnprintf((int)sizeof env->last, env->last, format, list);
  va_end(list);
  hrt_audit_use(env, capability, object, false, env->last);
  return HSB_STATUS_DENIED;
}

void hrt_audit_sql(hrt_host_env *env) {
  hrt_audit_use(env, env->refused_capability, env->refused[0] ? env->refused : NULL, false,
                env->last);
}
