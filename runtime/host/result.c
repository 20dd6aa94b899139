/* result.c - the result or the error that the guest gives through host functions. Bytes are copied
 * when they are given: the guest may do with its memory what it likes afterwards. */
#include <stdio.h>
#include <string.h>

#include "host/internal.h"
#include "host/value.h"
#include "plugin/alloc.h"

static int begin(hrt_host_env *env) {
  if (!env->in_call) {
    return hrt_refuse(env, HSB_STATUS_STATE, "no call is running");
  }
  hrt_free(env->bytes);
  env->bytes = NULL;
  env->length = 0;
  return 0;
}

static int give(hrt_host_env *env, uint32_t type, uint64_t bits) {
  int status = begin(env);
  if (status == 0) {
    env->given = HRT_GIVEN_VALUE;
    env->value_type = type;
    env->bits = bits;
  }
  return status;
}

void hrt_hc_return_null(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, give(env, HSB_VALUE_NULL, 0));
}

void hrt_hc_return_i64(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, give(env, HSB_VALUE_I64, s[0]));
}

void hrt_hc_return_f64(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, give(env, HSB_VALUE_F64, s[0]));
}

static int give_bytes(hrt_host_env *env, uint32_t type, hsb_slot p, hsb_slot n) {
  if (!hrt_value_has_bytes(type)) {
    return hrt_refuse(env, HSB_STATUS_TYPE, "value type %u has no bytes", type);
  }
  struct hrt_bytes b;
  int status = hrt_bytes_read(&b, env, p, n, HRT_RESULT_MAX);
  if (status != 0) {
    return status;
  }
  uint8_t *copy = b.heap != NULL ? b.heap : hrt_memdup(b.small, b.length);
  if (copy == NULL) {
    status = hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  } else if (type != HSB_VALUE_BLOB && !hrt_utf8(copy, b.length)) {
    status = hrt_refuse(env, HSB_STATUS_UTF8, NULL);
  } else {
    status = give(env, type, 0);
  }
  if (status != 0) {
    hrt_free(copy);
    return status;
  }
  env->bytes = copy;
  env->length = b.length;
  env->touched = true;
  return 0;
}

void hrt_hc_return_bytes(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, give_bytes(env, hrt_u32(s[0]), s[1], s[2]));
}

/* (p, n, type): numbers as 8 bytes, BOOLEAN as 1 or 8. */
void hrt_hc_heliosdb_return(hrt_host_env *env, hsb_slot *s) {
  uint32_t n = hrt_u32(s[1]), type = hrt_u32(s[2]);
  uint64_t bits = 0;
  int status = 0;
  if (hrt_value_has_bytes(type)) {
    status = give_bytes(env, type, s[0], s[1]);
  } else if (type > HSB_VALUE_BOOLEAN || n != (type == HSB_VALUE_NULL                ? 0u
                                               : type == HSB_VALUE_BOOLEAN && n == 1 ? 1u
                                                                                     : 8u)) {
    status = hrt_refuse(env, HSB_STATUS_TYPE, "value type %u does not have %u bytes", type, n);
  } else if (!hrt_guest_read(&bits, env->instance, (guest_u32){hrt_u32(s[0])}, n)) {
    status = hrt_refuse(env, HSB_STATUS_RANGE, NULL);
  } else {
    status = give(env, type, bits);
  }
  hrt_answer(s, status);
}

/* The grant that the host's own text of the last refusal names, with the quote behind it, or NULL;
 * a guest's text names none. In a table's name, which stands before it, a quote may follow these
 * words; in the grant it is doubled. */
static const char *named_grant(const hrt_host_env *env) {
  static const char before[] = "it has no grant '";
  const char *grant = NULL;
  for (const char *c = env->last; (c = strstr(c, before)) != NULL;) {
    c += strlen(before);
    grant = *c != '\'' ? c : grant;
  }
  size_t n = grant != NULL ? strlen(grant) : 0;
  return n > 1 && grant[n - 1] == '\'' ? grant : NULL;
}

static void hint_grant(helios_error *err, const hrt_host_env *env) {
  char hint[sizeof err->hint];
  const char *grant = named_grant(env);
  int length = grant != NULL
                   ? snprintf(hint, sizeof hint, "ALTER PROCEDURE %s GRANT CAPABILITY '%s",
                              env->procedure, grant)
                   : 0;
  if (length > 0 && (size_t)length < sizeof hint) {
    hrt_hint(err, "%s", hint);
  } else {
    hrt_hint(err,
             "grant it: ALTER PROCEDURE ... GRANT CAPABILITY '...'; a table is 'read:<table>'");
  }
}

/* If the guest passes on what the host said of its SQL: where that was. */
static void hint_place(helios_error *err, const hrt_host_env *env) {
  if (env->last[0] == 0 || env->excerpt[0] == 0 || strstr(err->text, env->last) == NULL) {
    return;
  }
  if (env->placed) {
    hrt_hint(err, "at \"%s\" (byte %u of its SQL)", env->excerpt, env->place);
  } else {
    hrt_hint(err, "in its SQL \"%s\"", env->excerpt);
  }
}

/* The guest's own error as an engine error. */
static int guest_error(helios_error *err, hrt_host_env *env, hsb_slot code, hsb_slot p,
                       hsb_slot n) {
  char text[sizeof err->text];
  struct hrt_bytes b;
  int status = hrt_bytes_read(&b, env, p, n, HRT_SQL_MAX);
  if (status != 0) {
    return status;
  }
  hrt_clean(text, sizeof text, b.at, b.length);
  hrt_bytes_free(&b);
  *err = (helios_error){0};
  hrt_fail(err, HELIOS_E_GUEST, "%s", text[0] != 0 ? text : "the procedure failed without a text");
  err->guest_code = (int32_t)hrt_u32(code);
  if (err->guest_code == HSB_STATUS_DENIED) {
    hint_grant(err, env);
  } else {
    hint_place(err, env);
  }
  return 0;
}

void hrt_hc_fail(hrt_host_env *env, hsb_slot *s) {
  helios_error err;
  int status = guest_error(&err, env, s[0], s[1], s[2]);
  if (status == 0) {
    status = begin(env);
  }
  if (status == 0) {
    env->given = HRT_GIVEN_ERROR;
    env->error = err;
  }
  hrt_answer(s, status);
}

void hrt_hc_heliosdb_error(hrt_host_env *env, hsb_slot *s) {
  helios_error err;
  int status = guest_error(&err, env, s[0], s[1], s[2]);
  if (status != 0) {
    hrt_end_call(env, "heliosdb_error", status);
  }
  hrt_host_fail(env->ctx, &err);
}

void hrt_hc_error_message(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, hrt_give(env, s[0], s[1], env->last, strlen(env->last)));
}
