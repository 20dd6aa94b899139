/* values.c - values of the host as values of JavaScript, and back. Must never change a value on the
 * way: text that is not UTF-8, a BigInt beyond 64 bits are errors. docs/sdk-javascript.md has the
 * table. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"

#define EXACT 9007199254740991.0 /* 2^53 - 1: integers up to here are numbers */
#define DAY_MS 86400000.0

/* ---- to JavaScript ---- */

JSValue je_text(const char *bytes, unsigned size, const char *what) {
  JSValue text = je_string(je, bytes, size);
  return JS_IsUninitialized(text) ? JS_ThrowTypeError(je, "%s: the text is not valid UTF-8", what)
                                  : text;
}

JSValue je_uint8(const void *bytes, unsigned size) {
  JSValue buffer = JS_NewArrayBufferCopy(je, bytes, size);
  if (JS_IsException(buffer)) {
    return buffer;
  }
  JSValue arguments[] = {buffer, JS_UNDEFINED, JS_UNDEFINED}; /* offset, length: all of it */
  JSValue array = JS_NewTypedArray(je, 3, arguments, JS_TYPED_ARRAY_UINT8);
  JS_FreeValue(je, buffer);
  return array;
}

static JSValue integer(int64_t v, char kind) {
  bool exact = (double)v >= -EXACT && (double)v <= EXACT;
  return kind == 'i' || (!exact && kind != 'n') ? JS_NewBigInt64(je, v)
         : exact                                ? JS_NewInt64(je, v)
                                                : JS_NewFloat64(je, (double)v);
}

/* Days or microseconds as "2026-01-02" and "2026-01-02T03:04:05.000006Z", or as a Date. */
static JSValue moment(int64_t v, const je_param *p) {
  bool day = p->sql == HG_SQL_DATE;
  double ms = day ? (double)v * DAY_MS : (double)v / 1000;
  JSValue date = JS_NewDate(je, day ? ms : floor(ms));
  if (p->kind == 'd' || JS_IsException(date)) {
    return date;
  }
  JSAtom name = JS_NewAtom(je, "toISOString");
  JSValue text = JS_Invoke(je, date, name, 0, NULL);
  JS_FreeAtom(je, name);
  JS_FreeValue(je, date);
  const char *iso = JS_ToCString(je, text);
  JS_FreeValue(je, text);
  if (iso == NULL) {
    return JS_EXCEPTION;
  }
  size_t length = strlen(iso);
  char out[48];
  int64_t micro = v - (int64_t)floor(ms) * 1000;
  if (day) {
    snprintf(out, sizeof out, "%.*s", length > 14 ? (int)length - 14 : 0, iso);
  } else {
    snprintf(out, sizeof out, "%.*s%03dZ", length > 0 ? (int)length - 1 : 0, iso, (int)micro);
  }
  JS_FreeCString(je, iso);
  return JS_NewString(je, out);
}

static JSValue number(int64_t v, const je_param *p) {
  if (p->sql == HG_SQL_INTEGER && v != (int32_t)v) {
    return JS_ThrowRangeError(je, "%s: %lld does not fit an INTEGER of 32 bits", p->name,
                              (long long)v);
  }
  bool date = p->sql == HG_SQL_DATE || p->sql == HG_SQL_TIMESTAMP;
  return date && p->kind != 'n' && p->kind != 'i' ? moment(v, p) : integer(v, p->kind);
}

/* What JSON.parse says, with the parameter's name. */
static JSValue parse_json(const char *bytes, unsigned size, const je_param *p) {
  JSValue v = je_json_parse(je, bytes, size);
  if (!JS_IsUninitialized(v)) {
    return v;
  }
  JSValue text = je_string(je, bytes, size);
  if (JS_IsUninitialized(text)) {
    return JS_ThrowTypeError(je, "%s: the JSON is not valid UTF-8", p->name);
  }
  JS_FreeValue(je, text);
  v = JS_ParseJSON(je, bytes, size, p->name);
  if (JS_IsException(v)) {
    JS_FreeValue(je, JS_GetException(je));
    return JS_ThrowTypeError(je, "%s: the text is not JSON", p->name);
  }
  return v;
}

/* bytes: with a NUL behind them. */
static JSValue from_bytes(int type, const char *bytes, unsigned size, const je_param *p) {
  switch (type) {
  case HG_BLOB:
    return je_uint8(bytes, size);
  case HG_JSON:
    return parse_json(bytes, size, p);
  case HG_DECIMAL:
    return p->kind == 'n' ? JS_NewFloat64(je, strtod(bytes, NULL))
                          : JS_NewStringLen(je, bytes, size);
  default:
    return je_text(bytes, size, p->name);
  }
}

struct cell {
  int statement; /* 0: the arguments */
  unsigned index;
};

static int read_cell(void *arg, void *dst, unsigned cap) {
  const struct cell *c = arg;
  return c->statement == 0 ? hg_arg_read((int)c->index, 0, dst, cap)
                           : hg_column_read(c->statement, (int)c->index, 0, dst, cap);
}

/* maybe_null: if there are none, JE_UNFIT. */
static JSValue bytes_of_cell(int type, struct cell *c, const je_param *p, bool maybe_null) {
  je_given bytes;
  int n = je_read(&bytes, read_cell, c);
  if (n < 0) {
    return n == -1000 ? JS_EXCEPTION : je_status(n);
  }
  if (n == 0 && maybe_null) {
    return JE_UNFIT;
  }
  JSValue v = from_bytes(type, bytes.at, (unsigned)n, p);
  je_read_end(&bytes);
  return v;
}

/* One whose value tells that it is not NULL, and whose type is the declared one: the host is asked
 * once. JE_UNFIT: any other. */
static JSValue plain_argument(struct cell *c, const je_param *p) {
  int64_t n;
  double d;
  switch (p->sql) {
  case HG_SQL_INTEGER:
  case HG_SQL_BIGINT:
    n = hg_arg_i64((int)c->index);
    return n != 0 ? number(n, p) : JE_UNFIT;
  case HG_SQL_REAL:
    d = hg_arg_f64((int)c->index);
    return d != 0 ? JS_NewFloat64(je, d) : JE_UNFIT;
  case HG_SQL_TEXT:
    return bytes_of_cell(HG_TEXT, c, p, true);
  case HG_SQL_JSON:
    return bytes_of_cell(HG_JSON, c, p, true);
  default:
    return JE_UNFIT;
  }
}

JSValue je_argument(unsigned i, const je_param *p, bool *null) {
  struct cell c = {0, i};
  JSValue v = plain_argument(&c, p);
  *null = false;
  if (!JS_IsUninitialized(v)) {
    return v;
  }
  int type = hg_arg_type((int)i);
  *null = type == HG_NULL;
  switch (type) {
  case HG_NULL:
    return JS_NULL;
  case HG_BOOLEAN:
    return JS_NewBool(je, hg_arg_i64((int)i) != 0);
  case HG_I64:
    return number(hg_arg_i64((int)i), p);
  case HG_F64:
    return JS_NewFloat64(je, hg_arg_f64((int)i));
  default:
    return type < 0 ? je_status(type) : bytes_of_cell(type, &c, p, false);
  }
}

JSValue je_column(int statement, unsigned c) {
  static const je_param plain = {.sql = HG_SQL_ANY, .kind = '-', .name = "column"};
  struct cell cell = {statement, c};
  int type = hg_column_type(statement, (int)c);
  switch (type) {
  case HG_NULL:
    return JS_NULL;
  case HG_I64:
    return integer(hg_column_i64(statement, (int)c), '-');
  case HG_F64:
    return JS_NewFloat64(je, hg_column_f64(statement, (int)c));
  default:
    return type < 0 ? je_status(type) : bytes_of_cell(type, &cell, &plain, false);
  }
}

/* ---- from JavaScript ---- */

int je_bytes_of(je_bytes *out, JSValueConst v) {
  size_t size = 0, offset = 0, width;
  *out = (je_bytes){.at = NULL};
  if (!JS_IsObject(v)) {
    out->at = out->text = JS_ToCStringLen(je, &size, v);
    out->size = (unsigned)size;
    return out->text == NULL ? -1 : 0;
  }
  JSClassID class = JS_GetClassID(v);
  if (class == je_classes.buffer) {
    out->at = JS_GetArrayBuffer(je, &size, v);
  } else if (class >= je_classes.first_array && class <= je_classes.last_array) {
    size_t whole;
    JSValue buffer = JS_GetTypedArrayBuffer(je, v, &offset, &size, &width);
    const uint8_t *bytes = JS_IsException(buffer) ? NULL : JS_GetArrayBuffer(je, &whole, buffer);
    out->at = bytes == NULL ? NULL : bytes + offset;
    JS_FreeValue(je, buffer);
  } else {
    JS_ThrowTypeError(je, "expected a string or bytes (Uint8Array), got another object");
  }
  out->size = (unsigned)size;
  return out->at == NULL ? -1 : 0;
}

void je_bytes_end(je_bytes *b) {
  if (b->text != NULL) {
    JS_FreeCString(je, b->text);
  }
}

/* Where a value goes: the result, the next value of a row, a parameter. */
struct sink {
  enum { RESULT, ROW, PARAMETER } kind;
  int statement;
  unsigned index;
};

static int checked(int status) {
  if (status < 0) {
    je_status(status);
  }
  return status < 0 ? -1 : 0;
}

static int put_null(const struct sink *s) {
  return checked(s->kind == RESULT ? hg_return_null()
                 : s->kind == ROW  ? hg_row_null()
                                   : hg_bind_null(s->statement, (int)s->index));
}

static int put_i64(const struct sink *s, int64_t v) {
  return checked(s->kind == RESULT ? hg_return_i64(v)
                 : s->kind == ROW  ? hg_row_i64(v)
                                   : hg_bind_i64(s->statement, (int)s->index, v));
}

static int put_f64(const struct sink *s, double v) {
  return checked(s->kind == RESULT ? hg_return_f64(v)
                 : s->kind == ROW  ? hg_row_f64(v)
                                   : hg_bind_f64(s->statement, (int)s->index, v));
}

static int put_bytes(const struct sink *s, int type, const void *p, unsigned n) {
  return checked(s->kind == RESULT ? hg_return_bytes(type, p, n)
                 : s->kind == ROW  ? hg_row_bytes(type, p, n)
                 : type == HG_BLOB ? hg_bind_blob(s->statement, (int)s->index, p, n)
                                   : hg_bind_text(s->statement, (int)s->index, p, n));
}

/* The text of a value, as it is or as JSON. */
static int put_text(const struct sink *s, int type, JSValueConst v, bool json) {
  je_bytes b;
  JSValue text = json ? je_json(v) : JS_DupValue(je, v);
  if (JS_IsUndefined(text)) {
    JS_ThrowTypeError(je, "the value has no JSON: a function or symbol");
    text = JS_EXCEPTION;
  }
  if (JS_IsException(text) || je_bytes_of(&b, text) != 0) {
    JS_FreeValue(je, text);
    return -1;
  }
  int status = put_bytes(s, type, b.at, b.size);
  je_bytes_end(&b);
  JS_FreeValue(je, text);
  return status;
}

static int check_integer(double v, int declared) {
  if (declared == HG_SQL_INTEGER && (v < INT32_MIN || v > INT32_MAX)) {
    JS_ThrowRangeError(je, "%.0f does not fit an INTEGER of 32 bits", v);
    return -1;
  }
  return 0;
}

static int put_number(const struct sink *s, JSValueConst v, int declared) {
  double d;
  JS_ToFloat64(je, &d, v);
  bool whole = floor(d) == d && fabs(d) <= EXACT && !(d == 0 && signbit(d));
  if (check_integer(d, declared) != 0) {
    return -1;
  }
  return whole && declared != HG_SQL_REAL ? put_i64(s, (int64_t)d) : put_f64(s, d);
}

static int put_bigint(const struct sink *s, JSValueConst v, int declared) {
  int64_t n;
  if (declared == HG_SQL_DECIMAL) {
    return put_text(s, HG_DECIMAL, v, false);
  }
  if (JS_VALUE_GET_TAG(v) == JS_TAG_SHORT_BIG_INT && declared != HG_SQL_INTEGER) {
    return put_i64(s, JS_VALUE_GET_SHORT_BIG_INT(v));
  }
  JS_ToBigInt64(je, &n, v);
  JSValue again = JS_NewBigInt64(je, n);
  bool same = JS_StrictEq(je, v, again);
  JS_FreeValue(je, again);
  if (!same) {
    JS_ThrowRangeError(je, "the BigInt is beyond 64 bits");
    return -1;
  }
  return check_integer((double)n, declared) != 0 ? -1 : put_i64(s, n);
}

static int put_date(const struct sink *s, JSValueConst v, int declared) {
  double ms;
  JSAtom value = JS_NewAtom(je, "valueOf");
  JSValue number = JS_Invoke(je, v, value, 0, NULL);
  JS_FreeAtom(je, value);
  int status = JS_ToFloat64(je, &ms, number);
  JS_FreeValue(je, number);
  if (status == 0 && !(ms == ms)) {
    JS_ThrowRangeError(je, "the Date is not valid");
    status = -1;
  }
  if (status != 0) {
    return -1;
  }
  if (declared == HG_SQL_DATE || declared == HG_SQL_TIMESTAMP) {
    return put_i64(s, declared == HG_SQL_DATE ? (int64_t)floor(ms / DAY_MS) : (int64_t)ms * 1000);
  }
  JSAtom iso = JS_NewAtom(je, "toISOString");
  JSValue text = JS_Invoke(je, v, iso, 0, NULL);
  JS_FreeAtom(je, iso);
  status = JS_IsException(text) ? -1 : put_text(s, HG_TEXT, text, false);
  JS_FreeValue(je, text);
  return status;
}

static int put_object(const struct sink *s, JSValueConst v, int declared) {
  JSClassID class = JS_GetClassID(v);
  je_bytes b;
  if (class == je_classes.buffer ||
      (class >= je_classes.first_array && class <= je_classes.last_array)) {
    return je_bytes_of(&b, v) != 0 ? -1 : put_bytes(s, HG_BLOB, b.at, b.size);
  }
  if (class == je_classes.date) {
    return put_date(s, v, declared);
  }
  if (class == je_classes.promise) {
    JS_ThrowTypeError(je, "a promise: a procedure has nothing to wait for, leave async out");
    return -1;
  }
  if (JS_IsFunction(je, v)) {
    JS_ThrowTypeError(je, "a function is no value of SQL");
    return -1;
  }
  return put_text(s, HG_JSON, v, true);
}

static int put(const struct sink *s, JSValueConst v, int declared) {
  if (JS_IsNull(v) || JS_IsUndefined(v)) {
    return put_null(s);
  }
  if (declared == HG_SQL_JSON) {
    return put_text(s, HG_JSON, v, true);
  }
  if (JS_IsBool(v)) {
    return put_i64(s, JS_ToBool(je, v));
  }
  if (JS_IsNumber(v)) {
    return put_number(s, v, declared);
  }
  if (JS_IsBigInt(je, v)) {
    return put_bigint(s, v, declared);
  }
  if (JS_IsString(v)) {
    return put_text(s, declared == HG_SQL_DECIMAL ? HG_DECIMAL : HG_TEXT, v, false);
  }
  if (JS_IsObject(v)) {
    return put_object(s, v, declared);
  }
  JS_ThrowTypeError(je, "a symbol is no value of SQL");
  return -1;
}

int je_give(JSValueConst v, int declared, bool row) {
  const struct sink s = {.kind = row ? ROW : RESULT};
  return put(&s, v, declared);
}

int je_bind(int statement, unsigned i, JSValueConst v) {
  const struct sink s = {PARAMETER, statement, i};
  return put(&s, v, HG_SQL_ANY);
}

/* ---- rows ---- */

/* A row is an array of values, or an object with a property for each column. */
static int give_row(JSValueConst row) {
  char name[256];
  int array = JS_IsArray(je, row), status = array < 0 ? -1 : 0;
  if (!JS_IsObject(row)) {
    JS_ThrowTypeError(je, "a row is an array or an object");
    return -1;
  }
  for (unsigned c = 0; status == 0; c++) {
    int n = hg_script_column(c, name, sizeof name - 1);
    if (n < 0) {
      break;
    }
    name[n] = 0;
    JSValue v = array ? JS_GetPropertyUint32(je, row, c) : JS_GetPropertyStr(je, row, name);
    status = JS_IsException(v) ? -1 : je_give(v, hg_script_type(-2 - (int)c), true);
    JS_FreeValue(je, v);
  }
  return status == 0 ? checked(hg_row_end()) : -1;
}

/* iterator.next(): 1 with *value, 0 at the end, -1 exception. */
static int next_of(JSValue *value, JSValueConst iterator, JSAtom next) {
  JSValue step = JS_Invoke(je, iterator, next, 0, NULL);
  if (JS_IsException(step)) {
    return -1;
  }
  JSValue done = JS_GetPropertyStr(je, step, "done");
  int end = JS_IsException(done) ? -1 : JS_ToBool(je, done);
  JS_FreeValue(je, done);
  *value = end == 0 ? JS_GetPropertyStr(je, step, "value") : JS_UNDEFINED;
  JS_FreeValue(je, step);
  return end < 0 || JS_IsException(*value) ? -1 : !end;
}

int je_give_table(JSValueConst v) {
  JSValue row = JS_UNDEFINED, global, symbols, method, iterator;
  int status = 1;
  if (JS_IsNull(v) || JS_IsUndefined(v)) {
    return 0; /* no rows, or those of row() */
  }
  global = JS_GetGlobalObject(je);
  symbols = JS_GetPropertyStr(je, global, "Symbol");
  JSValue symbol = JS_GetPropertyStr(je, symbols, "iterator");
  JSAtom key = JS_ValueToAtom(je, symbol), next = JS_NewAtom(je, "next");
  method = JS_GetProperty(je, v, key);
  iterator = JS_IsFunction(je, method)
                 ? JS_Call(je, method, v, 0, NULL)
                 : JS_ThrowTypeError(je, "rows are an array or what a generator gives");
  while (status == 1) {
    status = JS_IsException(iterator) ? -1 : next_of(&row, iterator, next);
    if (status == 1) {
      status = give_row(row) == 0 ? 1 : -1;
      JS_FreeValue(je, row);
    }
  }
  JS_FreeValue(je, iterator);
  JS_FreeValue(je, method);
  JS_FreeAtom(je, next);
  JS_FreeAtom(je, key);
  JS_FreeValue(je, symbol);
  JS_FreeValue(je, symbols);
  JS_FreeValue(je, global);
  return status;
}
