/* result.c - the result of a guest call to SQL. Must never give SQL a value that the declared type
 * does not allow, nor bytes that were not copied and checked. */
#include <string.h>

#include <cjson/cJSON.h>

#include "host/date.h"
#include "host/utf8.h"
#include "plugin/alloc.h"
#include "sqlite/marshal_private.h"

#define RESULT_MAX (64u << 20) /* bytes */
#define JSON_SUBTYPE 74        /* 'J', as SQLite's own JSON functions set it */

/* A value that the guest gave, in host memory. */
struct given {
  uint32_t type; /* enum hsb_value */
  uint64_t bits;
  uint8_t *bytes; /* NUL after the last; owned, given to SQLite or freed */
  uint64_t length;
};

static int misfit(const hrt_signature *s, uint32_t type, helios_error *err) {
  static const char *const names[] = {
#define HSB_VALUE(NAME, code, doc) [code] = #NAME,
#include "hsb_value.def"
#undef HSB_VALUE
  };
  return hrt_fail(err, HELIOS_E_VALUE, "result: expected %s, got %s",
                  hrt_type_name((hrt_type)s->returns),
                  type < sizeof names / sizeof *names ? names[type] : "an unknown value type");
}

/* Days and microseconds become the text that SQLite's own date functions give. */
static int date(sqlite3_context *sql, const hrt_signature *s, int64_t v, helios_error *err) {
  char text[HRT_SCRATCH];
  size_t n = s->returns == HRT_TYPE_DATE ? hrt_date_text(text, v) : hrt_timestamp_text(text, v);
  if (n == 0) {
    return hrt_fail(err, HELIOS_E_VALUE, "result: %lld is no %s of the years 0 to 9999",
                    (long long)v, hrt_type_name((hrt_type)s->returns));
  }
  sqlite3_result_text(sql, text, (int)n, SQLITE_TRANSIENT);
  return 0;
}

static int give_i64(sqlite3_context *sql, const hrt_signature *s, int64_t v, helios_error *err) {
  switch (s->returns) {
  case HRT_TYPE_BOOLEAN:
    sqlite3_result_int(sql, v != 0);
    return 0;
  case HRT_TYPE_REAL:
    sqlite3_result_double(sql, (double)v);
    return 0;
  case HRT_TYPE_DATE:
  case HRT_TYPE_TIMESTAMP:
    return date(sql, s, v, err);
  case HRT_TYPE_INTEGER:
  case HRT_TYPE_BIGINT:
  case HRT_TYPE_DECIMAL:
  case HRT_TYPE_ANY:
    sqlite3_result_int64(sql, v);
    return 0;
  default:
    return misfit(s, HSB_VALUE_I64, err);
  }
}

static int give_f64(sqlite3_context *sql, const hrt_signature *s, uint64_t bits,
                    helios_error *err) {
  double d = 0;
  memcpy(&d, &bits, sizeof d);
  if (s->returns != HRT_TYPE_REAL && s->returns != HRT_TYPE_DECIMAL && s->returns != HRT_TYPE_ANY) {
    return misfit(s, HSB_VALUE_F64, err);
  }
  sqlite3_result_double(sql, d);
  return 0;
}

/* As a NUMERIC column would keep it: a number where that is exact, else its text. */
static int give_decimal(sqlite3_context *sql, struct given *g, helios_error *err) {
  char small[HRT_SCRATCH];
  char *text = g->length + 3 <= sizeof small ? small : hrt_alloc(g->length + 3);
  if (text == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  size_t n = hrt_decimal(text, (const char *)g->bytes, g->length);
  int status = 0;
  if (n == 0) {
    char shown[HRT_ESCAPED];
    status = hrt_fail(err, HELIOS_E_VALUE, "result: expected DECIMAL, got the text %s",
                      hrt_escape(shown, g->bytes, g->length));
  } else if (n <= 16 && memchr(text, 'e', n) == NULL) { /* 15 digits and a point */
    text[n] = 0;
    if (memchr(text, '.', n) == NULL) {
      sqlite3_result_int64(sql, hrt_decimal_int(text));
    } else {
      sqlite3_result_double(sql, hrt_decimal_double(text));
    }
  } else {
    sqlite3_result_text64(sql, text, n, SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  if (text != small) {
    hrt_free(text);
  }
  return status;
}

static void give_owned(sqlite3_context *sql, struct given *g, bool blob) {
  if (blob) {
    sqlite3_result_blob64(sql, g->bytes, g->length, hrt_free);
  } else {
    sqlite3_result_text64(sql, (const char *)g->bytes, g->length, hrt_free, SQLITE_UTF8);
  }
  g->bytes = NULL;
}

static bool textual(uint32_t type) {
  return type == HSB_VALUE_TEXT || type == HSB_VALUE_JSON || type == HSB_VALUE_DECIMAL;
}

/* SQLite pastes what has its JSON subtype into other JSON unseen. */
static bool is_json(const char *text, uint64_t length) {
  cJSON *json = cJSON_ParseWithLengthOpts(text, length + 1, NULL, true); /* up to the NUL */
  cJSON_Delete(json);
  return json != NULL && memchr(text, 0, length) == NULL;
}

/* Text of a date must be one, and JSON must be JSON. */
static int give_text(sqlite3_context *sql, const hrt_signature *s, struct given *g,
                     helios_error *err) {
  const char *text = (const char *)g->bytes;
  int64_t v = 0;
  if (!hrt_utf8(text, g->length)) {
    return hrt_fail(err, HELIOS_E_VALUE, "result: expected %s, got bytes that are not UTF-8",
                    hrt_type_name((hrt_type)s->returns));
  }
  if (s->returns == HRT_TYPE_DECIMAL || g->type == HSB_VALUE_DECIMAL) {
    return give_decimal(sql, g, err);
  }
  if ((s->returns == HRT_TYPE_DATE && !hrt_date_parse(&v, text, g->length)) ||
      (s->returns == HRT_TYPE_TIMESTAMP && !hrt_timestamp_parse(&v, text, g->length))) {
    return misfit(s, g->type, err);
  }
  if ((s->returns == HRT_TYPE_JSON || g->type == HSB_VALUE_JSON) && !is_json(text, g->length)) {
    return hrt_fail(err, HELIOS_E_VALUE, "result: expected JSON, got text that is not JSON");
  }
  give_owned(sql, g, false);
  if (s->returns == HRT_TYPE_JSON || g->type == HSB_VALUE_JSON) {
    sqlite3_result_subtype(sql, JSON_SUBTYPE);
  }
  return 0;
}

static int give_bytes(sqlite3_context *sql, const hrt_signature *s, struct given *g,
                      helios_error *err) {
  static const uint16_t takes_text = 1 << HRT_TYPE_TEXT | 1 << HRT_TYPE_JSON |
                                     1 << HRT_TYPE_DECIMAL | 1 << HRT_TYPE_ANY |
                                     1 << HRT_TYPE_DATE | 1 << HRT_TYPE_TIMESTAMP;
  if (textual(g->type) && (takes_text >> s->returns & 1) != 0) {
    return give_text(sql, s, g, err);
  }
  if (g->type == HSB_VALUE_BLOB && (s->returns == HRT_TYPE_BLOB || s->returns == HRT_TYPE_ANY)) {
    give_owned(sql, g, true);
    return 0;
  }
  return misfit(s, g->type, err);
}

/* Gives *g to SQL; its bytes are gone afterwards. */
static int give(sqlite3_context *sql, const hrt_signature *s, struct given *g, helios_error *err) {
  int status = 0;
  switch (g->type) {
  case HSB_VALUE_NULL:
    sqlite3_result_null(sql);
    break;
  case HSB_VALUE_BOOLEAN:
    g->bits = (g->bits & 0xff) != 0;
    status = give_i64(sql, s, (int64_t)g->bits, err);
    break;
  case HSB_VALUE_I64:
    status = give_i64(sql, s, (int64_t)g->bits, err);
    break;
  case HSB_VALUE_F64:
    status = give_f64(sql, s, g->bits, err);
    break;
  default:
    status = g->bytes != NULL ? give_bytes(sql, s, g, err) : misfit(s, g->type, err);
  }
  hrt_free(g->bytes);
  g->bytes = NULL;
  return status;
}

/* Bytes of guest memory as a value. */
static int fetch(struct given *g, hrt_host_env *env, uint32_t at, uint32_t length,
                 helios_error *err) {
  if (length > RESULT_MAX) {
    return hrt_fail(err, HELIOS_E_LIMIT, "result: %u bytes; the limit is %u", length, RESULT_MAX);
  }
  if ((uint64_t)at + length > hrt_guest_size(env->instance)) {
    return hrt_fail(err, HELIOS_E_VALUE, "result: %u bytes at %u are outside of the guest's memory",
                    length, at);
  }
  g->bytes = hrt_alloc((size_t)length + 1);
  if (g->bytes == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  g->length = length;
  if (!hrt_guest_read(g->bytes, env->instance, (guest_u32){at}, length)) {
    hrt_free(g->bytes);
    g->bytes = NULL;
    return hrt_fail(err, HELIOS_E_VALUE, "result: outside of the guest's memory");
  }
  return 0;
}

static int give_packed(sqlite3_context *sql, const hrt_signature *s, hrt_host_env *env,
                       hsb_slot slot, helios_error *err) {
  static const uint8_t types[HRT_TYPE_COUNT] = {[HRT_TYPE_TEXT] = HSB_VALUE_TEXT,
                                                [HRT_TYPE_BLOB] = HSB_VALUE_BLOB,
                                                [HRT_TYPE_JSON] = HSB_VALUE_JSON,
                                                [HRT_TYPE_DECIMAL] = HSB_VALUE_DECIMAL};
  struct given g = {.type = types[s->returns]};
  int status = fetch(&g, env, (uint32_t)(slot >> 32), (uint32_t)slot, err);
  return status != 0 ? status : give(sql, s, &g, err);
}

static int give_cell(sqlite3_context *sql, const hrt_signature *s, hrt_host_env *env, hsb_slot slot,
                     helios_error *err) {
  struct hrt_cell cell;
  if (!hrt_guest_read(&cell, env->instance, (guest_u32){(uint32_t)slot}, sizeof cell)) {
    return hrt_fail(err, HELIOS_E_VALUE, "result: a cell at %u is outside of the guest's memory",
                    (uint32_t)slot);
  }
  struct given g = {.type = cell.type, .bits = cell.bits};
  int status = 0;
  if (textual(cell.type) || cell.type == HSB_VALUE_BLOB) {
    status = fetch(&g, env, (uint32_t)cell.bits, cell.length, err);
  }
  return status != 0 ? status : give(sql, s, &g, err);
}

/* What return_*, fail or heliosdb_return gave. */
static int give_given(sqlite3_context *sql, const hrt_signature *s, hrt_host_env *env,
                      helios_error *err) {
  if (env->given == HRT_GIVEN_ERROR) {
    *err = env->error;
    return env->error.code;
  }
  struct given g = {env->value_type, env->bits, env->bytes, env->length};
  env->bytes = NULL;
  if (s->returns == HRT_TYPE_VOID && g.type != HSB_VALUE_NULL) {
    hrt_free(g.bytes);
    int status = hrt_fail(err, HELIOS_E_VALUE,
                          "the procedure gave a result, the declaration has no RETURNS");
    hrt_hint(err, "add RETURNS");
    return status;
  }
  return give(sql, s, &g, err);
}

int hrt_marshal_result(sqlite3_context *sql, const hrt_signature *s, hrt_host_env *env,
                       const hsb_slot *slots, helios_error *err) {
  if (__builtin_expect(env->given != HRT_GIVEN_NOTHING, 0)) {
    return give_given(sql, s, env, err);
  }
  double d = 0;
  float f = 0;
  switch (s->result_mode) {
  case MODE_F64:
    memcpy(&d, &slots[0], sizeof d);
    sqlite3_result_double(sql, d);
    return 0;
  case MODE_I64:
    return give_i64(sql, s, (int64_t)slots[0], err);
  case MODE_I32:
  case MODE_BOOL:
    return give_i64(sql, s, (int32_t)slots[0], err);
  case MODE_F32:
    memcpy(&f, &slots[0], sizeof f);
    sqlite3_result_double(sql, (double)f);
    return 0;
  case MODE_BYTES:
    return give_packed(sql, s, env, slots[0], err);
  case MODE_CELL:
    return give_cell(sql, s, env, slots[0], err);
  default:
    sqlite3_result_null(sql);
    return 0;
  }
}
