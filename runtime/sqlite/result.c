/* result.c - the result of a guest call to SQL. Must never give SQL a value that the declared type
 * does not allow, nor bytes that were not copied and checked. */
#include <string.h>

#include "plugin/alloc.h"
#include "sqlite/plain.h"

/* Bytes of guest memory as a value. */
static int fetch(hrt_value *v, hrt_host_env *env, uint32_t at, uint32_t length, helios_error *err) {
  if (length > HRT_VALUE_MAX) {
    return hrt_fail(err, HELIOS_E_LIMIT, "result: %u bytes; the limit is %u", length,
                    HRT_VALUE_MAX);
  }
  if ((uint64_t)at + length > hrt_guest_size(env->instance)) {
    return hrt_fail(err, HELIOS_E_VALUE, "result: %u bytes at %u are outside of the guest's memory",
                    length, at);
  }
  v->bytes = hrt_alloc((size_t)length + 1);
  if (v->bytes == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  v->length = length;
  if (!hrt_guest_read(v->bytes, env->instance, (guest_u32){at}, length)) {
    hrt_free(v->bytes);
    v->bytes = NULL;
    return hrt_fail(err, HELIOS_E_VALUE, "result: outside of the guest's memory");
  }
  return 0;
}

static int packed(hrt_value *v, const hrt_signature *s, hrt_host_env *env, hsb_slot slot,
                  helios_error *err) {
  static const uint8_t types[HRT_TYPE_COUNT] = {[HRT_TYPE_TEXT] = HSB_VALUE_TEXT,
                                                [HRT_TYPE_BLOB] = HSB_VALUE_BLOB,
                                                [HRT_TYPE_JSON] = HSB_VALUE_JSON,
                                                [HRT_TYPE_DECIMAL] = HSB_VALUE_DECIMAL};
  v->type = types[s->returns];
  return fetch(v, env, (uint32_t)(slot >> 32), (uint32_t)slot, err);
}

static int cell(hrt_value *v, hrt_host_env *env, hsb_slot slot, helios_error *err) {
  struct hrt_cell cell;
  if (!hrt_guest_read(&cell, env->instance, (guest_u32){(uint32_t)slot}, sizeof cell)) {
    return hrt_fail(err, HELIOS_E_VALUE, "result: a cell at %u is outside of the guest's memory",
                    (uint32_t)slot);
  }
  *v = (hrt_value){.type = cell.type, .bits = cell.bits};
  return hrt_value_has_bytes(cell.type) ? fetch(v, env, (uint32_t)cell.bits, cell.length, err) : 0;
}

/* What return_*, fail or heliosdb_return gave. */
static int given(hrt_value *v, const hrt_signature *s, hrt_host_env *env, helios_error *err) {
  if (env->given == HRT_GIVEN_ERROR) {
    *err = env->error;
    return env->error.code;
  }
  *v = (hrt_value){env->value_type, env->bits, env->bytes, env->length};
  env->bytes = NULL;
  if (s->returns == HRT_TYPE_VOID && v->type != HSB_VALUE_NULL) {
    hrt_value_clear(v);
    int status = hrt_fail(err, HELIOS_E_VALUE,
                          "the procedure gave a result, the declaration has no RETURNS");
    hrt_hint(err, "add RETURNS");
    return status;
  }
  return 0;
}

int hrt_marshal_value(hrt_value *v, const hrt_signature *s, hrt_host_env *env,
                      const hsb_slot *slots, helios_error *err) {
  *v = (hrt_value){.type = HSB_VALUE_NULL};
  if (__builtin_expect(env->given != HRT_GIVEN_NOTHING, 0)) {
    return given(v, s, env, err);
  }
  switch (s->result_mode) {
  case MODE_BYTES:
    return packed(v, s, env, slots[0], err);
  case MODE_CELL:
    return cell(v, env, slots[0], err);
  case MODE_I64:
  case MODE_I32:
  case MODE_BOOL:
    v->type = HSB_VALUE_I64;
    v->bits = s->result_mode == MODE_I64 ? slots[0] : (uint64_t)(int32_t)slots[0];
    return 0;
  default:
    return 0;
  }
}

/* A number of the declared type. */
static bool given_plain(const hrt_signature *s, const hrt_host_env *env) {
  return env->given == HRT_GIVEN_VALUE &&
         ((env->value_type == HSB_VALUE_I64 && s->returns == HRT_TYPE_BIGINT) ||
          (env->value_type == HSB_VALUE_F64 && s->returns == HRT_TYPE_REAL));
}

static void give_plain(sqlite3_context *sql, const hrt_host_env *env) {
  double d;
  if (env->value_type == HSB_VALUE_I64) {
    sqlite3_result_int64(sql, (int64_t)env->bits);
  } else {
    memcpy(&d, &env->bits, sizeof d);
    sqlite3_result_double(sql, d);
  }
}

int hrt_marshal_result(sqlite3_context *sql, const hrt_signature *s, hrt_host_env *env,
                       const hsb_slot *slots, helios_error *err) {
  hrt_value v;
  double d = 0;
  float f = 0;
  bool real = env->given == HRT_GIVEN_NOTHING;
  if (real && s->whole) {
    hrt_whole_out(sql, s, slots);
    return 0;
  }
  if (__builtin_expect(real && s->result_mode == MODE_F64, 1)) {
    memcpy(&d, &slots[0], sizeof d);
    sqlite3_result_double(sql, d);
    return 0;
  }
  if (real && s->result_mode == MODE_F32) {
    memcpy(&f, &slots[0], sizeof f);
    sqlite3_result_double(sql, (double)f);
    return 0;
  }
  if (given_plain(s, env)) {
    give_plain(sql, env);
    return 0;
  }
  int status = hrt_marshal_value(&v, s, env, slots, err);
  if (status == 0) {
    status = hrt_value_as(&v, (hrt_type)s->returns, "result", err);
  }
  if (status == 0) {
    hrt_value_give(sql, &v);
  }
  return status;
}
