/* args.c - the call's arguments, pulled by the guest as their declared types. The values were
 * checked against those types by marshal.c before the call. */
#include <string.h>

#include "host/internal.h"

static sqlite3_value *at(const hrt_host_env *env, uint32_t index) {
  return index < (uint32_t)env->argc ? env->argv[index] : NULL;
}

static hrt_type type_of(const hrt_host_env *env, uint32_t index) {
  return env->types != NULL ? (hrt_type)env->types[index] : HRT_TYPE_ANY;
}

/* The bytes a guest sees: 8 for numbers, none for NULL. Returns a value type or a status. */
static int bytes_of(const void **out, size_t *length, hrt_host_env *env, uint32_t index,
                    char scratch[HRT_SCRATCH]) {
  sqlite3_value *v = at(env, index);
  if (v == NULL) {
    return hrt_refuse(env, HSB_STATUS_INDEX, "no argument %u", index);
  }
  hrt_type type = type_of(env, index);
  uint32_t is = hrt_value_type(type, v);
  bool ok = true;
  *out = scratch;
  *length = 8;
  if (is == HSB_VALUE_NULL) {
    *length = 0;
  } else if (is == HSB_VALUE_F64) {
    double d = 0;
    ok = hrt_to_f64(&d, type, v);
    memcpy(scratch, &d, sizeof d);
  } else if (is == HSB_VALUE_I64 || is == HSB_VALUE_BOOLEAN) {
    int64_t n = 0;
    ok = hrt_to_i64(&n, type, v);
    memcpy(scratch, &n, sizeof n);
  } else {
    ok = hrt_to_bytes(out, length, type, v, scratch);
  }
  return ok ? (int)is : hrt_refuse(env, HSB_STATUS_TYPE, NULL);
}

void hrt_hc_arg_count(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, env->argc);
}

void hrt_hc_arg_type(hrt_host_env *env, hsb_slot *s) {
  uint32_t index = hrt_u32(s[0]);
  sqlite3_value *v = at(env, index);
  hrt_answer(s, v != NULL ? (int)hrt_value_type(type_of(env, index), v)
                          : hrt_refuse(env, HSB_STATUS_INDEX, "no argument %u", index));
}

void hrt_hc_arg_i64(hrt_host_env *env, hsb_slot *s) {
  sqlite3_value *v = at(env, hrt_u32(s[0]));
  if (v == NULL) {
    hrt_end_call(env, "arg_i64", HSB_STATUS_INDEX);
  }
  int64_t n = 0;
  if (!hrt_to_i64(&n, type_of(env, hrt_u32(s[0])), v) && sqlite3_value_type(v) != SQLITE_NULL) {
    hrt_end_call(env, "arg_i64", HSB_STATUS_TYPE);
  }
  s[0] = (hsb_slot)n;
}

void hrt_hc_arg_f64(hrt_host_env *env, hsb_slot *s) {
  sqlite3_value *v = at(env, hrt_u32(s[0]));
  if (v == NULL) {
    hrt_end_call(env, "arg_f64", HSB_STATUS_INDEX);
  }
  double d = 0;
  if (!hrt_to_f64(&d, type_of(env, hrt_u32(s[0])), v) && sqlite3_value_type(v) != SQLITE_NULL) {
    hrt_end_call(env, "arg_f64", HSB_STATUS_TYPE);
  }
  memcpy(&s[0], &d, sizeof d);
}

void hrt_hc_arg_len(hrt_host_env *env, hsb_slot *s) {
  char scratch[HRT_SCRATCH];
  const void *bytes = NULL;
  size_t length = 0;
  int is = bytes_of(&bytes, &length, env, hrt_u32(s[0]), scratch);
  hrt_answer(s, is < 0 ? is : (int64_t)length);
}

void hrt_hc_arg_read(hrt_host_env *env, hsb_slot *s) {
  char scratch[HRT_SCRATCH];
  const void *bytes = NULL;
  size_t length = 0;
  int is = bytes_of(&bytes, &length, env, hrt_u32(s[0]), scratch);
  hrt_answer(s, is < 0 ? is : hrt_give_from(env, s[1], s[2], s[3], bytes, length));
}

/* (index, dst, len in/out): 0, 1 for NULL, BUFFER if it does not fit (nothing is written then). */
void hrt_hc_heliosdb_get_param(hrt_host_env *env, hsb_slot *s) {
  char scratch[HRT_SCRATCH];
  const void *bytes = NULL;
  size_t length = 0;
  uint32_t cap = 0;
  if (!hrt_guest_read(&cap, env->instance, (guest_u32){hrt_u32(s[2])}, sizeof cap)) {
    hrt_answer(s, hrt_refuse(env, HSB_STATUS_RANGE, NULL));
    return;
  }
  int is = bytes_of(&bytes, &length, env, hrt_u32(s[0]), scratch);
  if (is >= 0 && length > cap) {
    is = hrt_refuse(env, HSB_STATUS_BUFFER, NULL);
  } else if (is >= 0) {
    int given = hrt_give(env, s[1], cap, bytes, length);
    is = given < 0 ? given : is == HSB_VALUE_NULL;
  }
  uint32_t there = (uint32_t)length;
  if ((is >= 0 || is == HSB_STATUS_BUFFER) &&
      !hrt_guest_write(env->instance, (guest_u32){hrt_u32(s[2])}, &there, sizeof there)) {
    is = hrt_refuse(env, HSB_STATUS_RANGE, NULL);
  }
  hrt_answer(s, is);
}
