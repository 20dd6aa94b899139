/* types.c - names of SQL types, and SQL values seen as one of them. Dates are in date.c, decimals
 * in decimal.c. Must never change a value on the way: what has no exact form in the type is
 * refused. */
#include "host/types.h"

#include <string.h>
#include <strings.h>

#include "host/date.h"
#include "plugin/nearest.h"

static const char *const names[HRT_TYPE_COUNT + 1] = {
#define HRT_TYPE(NAME, canonical) canonical,
#include "host/types.def"
    "nothing",
};

static const struct {
  const char *spelling;
  hrt_type type;
} aliases[] = {
#define HRT_TYPE(NAME, canonical) {canonical, HRT_TYPE_##NAME},
#include "host/types.def"
#define HRT_TYPE_ALIAS(spelling, NAME) {spelling, HRT_TYPE_##NAME},
#include "host/types.def"
};

#define ALIASES (sizeof aliases / sizeof *aliases)

bool hrt_type_find(hrt_type *out, const char *name, size_t length) {
  for (size_t i = 0; i < ALIASES; i++) {
    if (strlen(aliases[i].spelling) == length &&
        strncasecmp(aliases[i].spelling, name, length) == 0) {
      *out = aliases[i].type;
      return true;
    }
  }
  return false;
}

const char *hrt_type_nearest(const char *name, size_t length) {
  hrt_nearest n;
  hrt_nearest_begin(&n, name, length);
  for (size_t i = 0; i < ALIASES; i++) {
    hrt_nearest_try(&n, aliases[i].spelling);
  }
  return n.best;
}

const char *hrt_type_name(hrt_type type) {
  return names[type];
}

const char *hrt_storage_name(sqlite3_value *v) {
  static const char *const storage[] = {"?", "INTEGER", "REAL", "TEXT", "BLOB", "NULL"};
  int type = sqlite3_value_type(v);
  return storage[type >= SQLITE_INTEGER && type <= SQLITE_NULL ? type : 0];
}

static bool exact_i64(int64_t *out, double v) {
  if (!(v >= -9223372036854775808.0 && v < 9223372036854775808.0) || (double)(int64_t)v != v) {
    return false;
  }
  *out = (int64_t)v;
  return true;
}

/* 12, 12.0, '12' */
static bool number_i64(int64_t *out, sqlite3_value *v) {
  switch (sqlite3_value_numeric_type(v)) {
  case SQLITE_INTEGER:
    *out = sqlite3_value_int64(v);
    return true;
  case SQLITE_FLOAT:
    return exact_i64(out, sqlite3_value_double(v));
  default:
    return false;
  }
}

static bool word(const char *text, size_t length, const char *is) {
  return strlen(is) == length && strncasecmp(text, is, length) == 0;
}

static bool text_i64(int64_t *out, hrt_type type, sqlite3_value *v) {
  const char *text = (const char *)sqlite3_value_text(v);
  size_t length = (size_t)sqlite3_value_bytes(v);
  if (text == NULL) {
    return false; /* out of memory */
  }
  if (type == HRT_TYPE_DATE) {
    return hrt_date_parse(out, text, length);
  }
  if (type == HRT_TYPE_TIMESTAMP) {
    return hrt_timestamp_parse(out, text, length);
  }
  if (type == HRT_TYPE_BOOLEAN && (word(text, length, "true") || word(text, length, "false"))) {
    *out = length == 4;
    return true;
  }
  return false;
}

bool hrt_to_i64(int64_t *out, hrt_type type, sqlite3_value *v) {
  int64_t n = 0;
  int storage = sqlite3_value_type(v);
  if (storage == SQLITE_INTEGER && type != HRT_TYPE_BOOLEAN) {
    *out = sqlite3_value_int64(v);
    return true;
  }
  if (storage == SQLITE_TEXT && text_i64(out, type, v)) {
    return true;
  }
  if (!number_i64(&n, v)) {
    return false;
  }
  *out = type == HRT_TYPE_BOOLEAN ? n != 0 : n;
  return true;
}

bool hrt_to_f64(double *out, hrt_type type, sqlite3_value *v) {
  (void)type;
  int storage = sqlite3_value_numeric_type(v);
  if (storage != SQLITE_FLOAT && storage != SQLITE_INTEGER) {
    return false;
  }
  *out = sqlite3_value_double(v);
  return true;
}

static bool decimal_bytes(const void **out, size_t *length, sqlite3_value *v,
                          char scratch[HRT_SCRATCH]) {
  const char *text = NULL;
  size_t n = 0;
  switch (sqlite3_value_type(v)) {
  case SQLITE_FLOAT:
    n = hrt_double_text(scratch, sqlite3_value_double(v));
    text = scratch;
    break;
  case SQLITE_INTEGER:
    text = (const char *)sqlite3_value_text(v);
    n = (size_t)sqlite3_value_bytes(v);
    break;
  case SQLITE_TEXT:
    text = (const char *)sqlite3_value_text(v);
    n = text != NULL ? (size_t)sqlite3_value_bytes(v) : 0;
    if (!hrt_decimal_is(text, n)) {
      return false;
    }
    break;
  default:
    return false;
  }
  if (text == NULL || n == 0) {
    return false;
  }
  *out = text;
  *length = n;
  return true;
}

bool hrt_to_bytes(const void **out, size_t *length, hrt_type type, sqlite3_value *v,
                  char scratch[HRT_SCRATCH]) {
  int storage = sqlite3_value_type(v);
  if (type == HRT_TYPE_DECIMAL) {
    return decimal_bytes(out, length, v, scratch);
  }
  bool number = storage == SQLITE_INTEGER || storage == SQLITE_FLOAT;
  if (storage == SQLITE_NULL || (type == HRT_TYPE_BLOB && number) ||
      (type != HRT_TYPE_BLOB && type != HRT_TYPE_ANY && storage == SQLITE_BLOB)) {
    return false;
  }
  const void *bytes =
      storage == SQLITE_BLOB ? sqlite3_value_blob(v) : (const void *)sqlite3_value_text(v);
  size_t n = (size_t)sqlite3_value_bytes(v);
  if (bytes == NULL && n > 0) {
    return false; /* out of memory */
  }
  *out = bytes != NULL ? bytes : "";
  *length = n;
  return true;
}

uint32_t hrt_value_type(hrt_type type, sqlite3_value *v) {
  static const uint8_t storage[] = {
      0, HSB_VALUE_I64, HSB_VALUE_F64, HSB_VALUE_TEXT, HSB_VALUE_BLOB, HSB_VALUE_NULL};
  static const uint8_t declared[HRT_TYPE_COUNT] = {
      [HRT_TYPE_BOOLEAN] = HSB_VALUE_BOOLEAN, [HRT_TYPE_INTEGER] = HSB_VALUE_I64,
      [HRT_TYPE_BIGINT] = HSB_VALUE_I64,      [HRT_TYPE_REAL] = HSB_VALUE_F64,
      [HRT_TYPE_DECIMAL] = HSB_VALUE_DECIMAL, [HRT_TYPE_TEXT] = HSB_VALUE_TEXT,
      [HRT_TYPE_BLOB] = HSB_VALUE_BLOB,       [HRT_TYPE_JSON] = HSB_VALUE_JSON,
      [HRT_TYPE_DATE] = HSB_VALUE_I64,        [HRT_TYPE_TIMESTAMP] = HSB_VALUE_I64};
  int is = sqlite3_value_type(v);
  if (is == SQLITE_NULL || type >= HRT_TYPE_ANY) {
    return storage[is];
  }
  return declared[type];
}

bool hrt_to_cell(struct hrt_cell *cell, const void **bytes, hrt_type type, sqlite3_value *v,
                 char scratch[HRT_SCRATCH]) {
  int64_t n = 0;
  double d = 0;
  size_t length = 0;
  bool ok = true;
  *bytes = NULL;
  *cell = (struct hrt_cell){.type = hrt_value_type(type, v)};
  switch (cell->type) {
  case HSB_VALUE_NULL:
    break;
  case HSB_VALUE_BOOLEAN:
  case HSB_VALUE_I64:
    ok = hrt_to_i64(&n, type, v);
    cell->bits = (uint64_t)n;
    break;
  case HSB_VALUE_F64:
    ok = hrt_to_f64(&d, type, v);
    memcpy(&cell->bits, &d, sizeof d);
    break;
  default:
    ok = hrt_to_bytes(bytes, &length, type, v, scratch);
    cell->length = (uint32_t)length;
  }
  return ok;
}
