/* value.c - see value.h. Must never let a value through that the declared type does not allow, nor
 * bytes that were not checked. */
#include "host/value.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "host/date.h"
#include "host/utf8.h"
#include "plugin/alloc.h"

#define JSON_SUBTYPE 74 /* 'J', as SQLite's own JSON functions set it */

void hrt_value_clear(hrt_value *v) {
  hrt_free(v->bytes);
  *v = (hrt_value){.type = HSB_VALUE_NULL};
}

static int misfit(uint32_t type, hrt_type declared, const char *what, helios_error *err) {
  static const char *const names[] = {
#define HSB_VALUE(NAME, code, doc) [code] = #NAME,
#include "hsb_value.def"
#undef HSB_VALUE
  };
  return hrt_fail(err, HELIOS_E_VALUE, "%s: expected %s, got %s", what, hrt_type_name(declared),
                  type < sizeof names / sizeof *names ? names[type] : "an unknown value type");
}

static bool set_text(hrt_value *v, const char *text, size_t length) {
  uint8_t *copy = hrt_memdup(text, length);
  hrt_free(v->bytes);
  *v = (hrt_value){.type = HSB_VALUE_TEXT, .bytes = copy, .length = length};
  return copy != NULL;
}

/* Days and microseconds become the text that SQLite's own date functions give. */
static int date(hrt_value *v, hrt_type declared, const char *what, helios_error *err) {
  char text[HRT_SCRATCH];
  int64_t n = (int64_t)v->bits;
  size_t length = declared == HRT_TYPE_DATE ? hrt_date_text(text, n) : hrt_timestamp_text(text, n);
  if (length == 0) {
    return hrt_fail(err, HELIOS_E_VALUE, "%s: %lld is no %s of the years 0 to 9999", what,
                    (long long)n, hrt_type_name(declared));
  }
  return set_text(v, text, length) ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

static void set_double(hrt_value *v, double d) {
  hrt_value_clear(v);
  v->type = HSB_VALUE_F64;
  memcpy(&v->bits, &d, sizeof d);
}

static int as_integer(hrt_value *v, hrt_type declared, const char *what, helios_error *err) {
  switch (declared) {
  case HRT_TYPE_BOOLEAN:
    v->bits = v->bits != 0;
    break;
  case HRT_TYPE_REAL:
    set_double(v, (double)(int64_t)v->bits);
    return 0;
  case HRT_TYPE_DATE:
  case HRT_TYPE_TIMESTAMP:
    return date(v, declared, what, err);
  case HRT_TYPE_INTEGER:
  case HRT_TYPE_BIGINT:
  case HRT_TYPE_DECIMAL:
  case HRT_TYPE_ANY:
    break;
  default:
    return misfit(v->type, declared, what, err);
  }
  v->type = HSB_VALUE_I64;
  return 0;
}

static int as_double(const hrt_value *v, hrt_type declared, const char *what, helios_error *err) {
  bool fits = declared == HRT_TYPE_REAL || declared == HRT_TYPE_DECIMAL || declared == HRT_TYPE_ANY;
  return fits ? 0 : misfit(v->type, declared, what, err);
}

/* As a NUMERIC column would keep it: a number where that is exact, else its text. */
static int as_decimal(hrt_value *v, const char *what, helios_error *err) {
  char shown[HRT_ESCAPED];
  char *text = hrt_alloc(v->length + 3);
  if (text == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  size_t n = hrt_decimal(text, (const char *)v->bytes, v->length);
  text[n] = 0;
  if (n == 0) {
    hrt_free(text);
    return hrt_fail(err, HELIOS_E_VALUE, "%s: expected DECIMAL, got the text %s", what,
                    hrt_escape(shown, v->bytes, v->length));
  }
  if (n <= 16 && memchr(text, 'e', n) == NULL) { /* 15 digits and a point */
    bool whole = memchr(text, '.', n) == NULL;
    if (whole) {
      hrt_value_clear(v);
      v->type = HSB_VALUE_I64;
      v->bits = (uint64_t)hrt_decimal_int(text);
    } else {
      set_double(v, hrt_decimal_double(text));
    }
    hrt_free(text);
    return 0;
  }
  hrt_free(v->bytes);
  *v = (hrt_value){.type = HSB_VALUE_TEXT, .bytes = (uint8_t *)text, .length = n};
  return 0;
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
static int as_text(hrt_value *v, hrt_type declared, const char *what, helios_error *err) {
  const char *text = (const char *)v->bytes;
  int64_t n = 0;
  if (!hrt_utf8(text, v->length)) {
    return hrt_fail(err, HELIOS_E_VALUE, "%s: expected %s, got bytes that are not UTF-8", what,
                    hrt_type_name(declared));
  }
  if (declared == HRT_TYPE_DECIMAL || v->type == HSB_VALUE_DECIMAL) {
    return as_decimal(v, what, err);
  }
  if ((declared == HRT_TYPE_DATE && !hrt_date_parse(&n, text, v->length)) ||
      (declared == HRT_TYPE_TIMESTAMP && !hrt_timestamp_parse(&n, text, v->length))) {
    return misfit(v->type, declared, what, err);
  }
  bool json = declared == HRT_TYPE_JSON || v->type == HSB_VALUE_JSON;
  if (json && !is_json(text, v->length)) {
    return hrt_fail(err, HELIOS_E_VALUE, "%s: expected JSON, got text that is not JSON", what);
  }
  v->type = json ? HSB_VALUE_JSON : HSB_VALUE_TEXT;
  return 0;
}

static int as_bytes(hrt_value *v, hrt_type declared, const char *what, helios_error *err) {
  static const uint16_t takes_text = 1 << HRT_TYPE_TEXT | 1 << HRT_TYPE_JSON |
                                     1 << HRT_TYPE_DECIMAL | 1 << HRT_TYPE_ANY |
                                     1 << HRT_TYPE_DATE | 1 << HRT_TYPE_TIMESTAMP;
  if (v->bytes != NULL && textual(v->type) && (takes_text >> declared & 1) != 0) {
    return as_text(v, declared, what, err);
  }
  if (v->bytes != NULL && v->type == HSB_VALUE_BLOB &&
      (declared == HRT_TYPE_BLOB || declared == HRT_TYPE_ANY)) {
    return 0;
  }
  return misfit(v->type, declared, what, err);
}

int hrt_value_as(hrt_value *v, hrt_type declared, const char *what, helios_error *err) {
  int status = 0;
  switch (v->type) {
  case HSB_VALUE_NULL:
    break;
  case HSB_VALUE_BOOLEAN:
    v->bits = (v->bits & 0xff) != 0;
    status = as_integer(v, declared, what, err);
    break;
  case HSB_VALUE_I64:
    status = as_integer(v, declared, what, err);
    break;
  case HSB_VALUE_F64:
    status = as_double(v, declared, what, err);
    break;
  default:
    status = as_bytes(v, declared, what, err);
  }
  if (status != 0) {
    hrt_value_clear(v);
  }
  return status;
}

bool hrt_value_of(hrt_value *out, hrt_type type, sqlite3_value *v) {
  char scratch[HRT_SCRATCH];
  struct hrt_cell cell;
  const void *bytes;
  bool ok = hrt_to_cell(&cell, &bytes, type, v, scratch);
  *out = (hrt_value){.type = cell.type, .bits = cell.bits, .length = cell.length};
  if (ok && bytes != NULL) {
    out->bytes = hrt_memdup(bytes, cell.length);
    ok = out->bytes != NULL;
  }
  return ok;
}

static void give_double(sqlite3_context *sql, const hrt_value *v) {
  double d;
  memcpy(&d, &v->bits, sizeof d);
  sqlite3_result_double(sql, d);
}

static void put(sqlite3_context *sql, const hrt_value *v, void (*owner)(void *)) {
  switch (v->type) {
  case HSB_VALUE_NULL:
    sqlite3_result_null(sql);
    break;
  case HSB_VALUE_I64:
    sqlite3_result_int64(sql, (int64_t)v->bits);
    break;
  case HSB_VALUE_F64:
    give_double(sql, v);
    break;
  case HSB_VALUE_BLOB:
    sqlite3_result_blob64(sql, v->bytes, v->length, owner);
    break;
  default:
    sqlite3_result_text64(sql, (const char *)v->bytes, v->length, owner, SQLITE_UTF8);
    if (v->type == HSB_VALUE_JSON) {
      sqlite3_result_subtype(sql, JSON_SUBTYPE);
    }
  }
}

void hrt_value_give(sqlite3_context *sql, hrt_value *v) {
  put(sql, v, hrt_free);
  *v = (hrt_value){.type = HSB_VALUE_NULL};
}

void hrt_value_copy(sqlite3_context *sql, const hrt_value *v) {
  put(sql, v, SQLITE_TRANSIENT);
}
