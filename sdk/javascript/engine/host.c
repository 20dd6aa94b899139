/* host.c - the host's functions for heliosdb.js: one function of JavaScript for each, with values
 * of JavaScript, and a HeliosError for a status. What they mean is in docs/guest-abi.md. Names and
 * conveniences are heliosdb.js's. */
#include <stdio.h>

#include "engine.h"

typedef JSValueConst *values;
#define FUNCTION(name) static JSValue name(JSContext *ctx, JSValueConst this, int argc, values v)

static JSValue error_class = JS_UNDEFINED;

static const struct {
  int status;
  const char *name;
} statuses[] = {
#define HSB_STATUS(NAME, code, text) {code, #NAME},
#include "hsb_status.def"
#undef HSB_STATUS
};

static const char *status_name(int status) {
  for (unsigned i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    if (statuses[i].status == status) {
      return statuses[i].name;
    }
  }
  return "ERROR";
}

JSValue je_status(int status) {
  char text[512];
  int n = hg_error_message(text, sizeof text);
  JSValue args[] = {JS_NewStringLen(je, text,
                                    n < 0     ? 0
                                    : n > 511 ? 511u
                                              : (unsigned)n),
                    JS_NewString(je, status_name(status)), JS_NewInt32(je, status)};
  JSValue error = JS_CallConstructor(je, error_class, 3, args);
  JS_FreeValue(je, args[0]);
  JS_FreeValue(je, args[1]);
  return JS_IsException(error) ? error : JS_Throw(je, error);
}

static JSValue done(int status) {
  return status < 0 ? je_status(status) : JS_NewInt32(je, status);
}

static int int_of(JSValueConst v) {
  int32_t n = 0;
  JS_ToInt32(je, &n, v);
  return n;
}

FUNCTION(set_error) {
  JS_FreeValue(ctx, error_class);
  error_class = JS_DupValue(ctx, v[0]);
  return JS_UNDEFINED;
}

static JSValue stringify = JS_UNDEFINED; /* heliosdb.js's, for what has BigInts in it */

FUNCTION(set_stringify) {
  JS_FreeValue(ctx, stringify);
  stringify = JS_DupValue(ctx, v[0]);
  return JS_UNDEFINED;
}

JSValue je_json(JSValueConst v) {
  JSValue text = JS_JSONStringify(je, v, JS_UNDEFINED, JS_UNDEFINED);
  if (JS_IsException(text)) {
    JSValue why = JS_GetException(je);
    text = JS_Call(je, stringify, JS_UNDEFINED, 1, &v);
    if (JS_IsException(text)) { /* it was something else */
      JS_FreeValue(je, JS_GetException(je));
      return JS_Throw(je, why);
    }
    JS_FreeValue(je, why);
  }
  return text;
}

/* A function whose arguments are texts or bytes: at most 4, of which the first `count` are read. */
static bool all_bytes(je_bytes b[4], values v, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if (je_bytes_of(&b[i], v[i]) != 0) {
      while (i > 0) {
        je_bytes_end(&b[--i]);
      }
      return false;
    }
  }
  return true;
}

static JSValue end_bytes(je_bytes b[4], unsigned count, JSValue result) {
  while (count > 0) {
    je_bytes_end(&b[--count]);
  }
  return result;
}

/* With one text or two: name(p, n) and name(p, n, p, n). */
#define ONE(name, call)                                                                            \
  FUNCTION(name) {                                                                                 \
    je_bytes b[4];                                                                                 \
    return all_bytes(b, v, 1) ? end_bytes(b, 1, done(call)) : JS_EXCEPTION;                        \
  }
#define TWO(name, call)                                                                            \
  FUNCTION(name) {                                                                                 \
    je_bytes b[4];                                                                                 \
    return all_bytes(b, v, 2) ? end_bytes(b, 2, done(call)) : JS_EXCEPTION;                        \
  }
#define NONE(name, call)                                                                           \
  FUNCTION(name) {                                                                                 \
    return done(call);                                                                             \
  }

/* ---- statements ---- */

ONE(prepare, hg_prepare(b[0].at, b[0].size))
NONE(step, hg_step(int_of(v[0])))
NONE(reset, hg_reset(int_of(v[0])))
NONE(finalize, hg_finalize(int_of(v[0])))

FUNCTION(bind) {
  return je_bind(int_of(v[0]), (unsigned)int_of(v[1]), v[2]) != 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

struct column {
  int statement;
  unsigned index;
};

static int read_name(void *arg, void *dst, unsigned cap) {
  const struct column *c = arg;
  return hg_column_name(c->statement, c->index, dst, cap);
}

/* A text or bytes that a host function gives; absent: undefined. */
static JSValue given(je_reader *read, void *arg, bool text) {
  je_given b;
  int n = je_read(&b, read, arg);
  if (n < 0) {
    return n == -1000 ? JS_EXCEPTION : n == HG_E_ABSENT ? JS_UNDEFINED : je_status(n);
  }
  JSValue result = text ? je_text(b.at, (unsigned)n, "the host") : je_uint8(b.at, (unsigned)n);
  je_read_end(&b);
  return result;
}

FUNCTION(columns) {
  struct column c = {int_of(v[0]), 0};
  int count = hg_column_count(c.statement);
  JSValue names = count < 0 ? je_status(count) : JS_NewArray(ctx);
  for (; !JS_IsException(names) && (int)c.index < count; c.index++) {
    JSValue name = given(read_name, &c, true);
    if (JS_IsException(name) || JS_SetPropertyUint32(ctx, names, c.index, name) < 0) {
      JS_FreeValue(ctx, names);
      return JS_EXCEPTION;
    }
  }
  return names;
}

/* The row at hand as an object of these names. */
static JSValue row_object(int statement, const JSAtom *names, unsigned count) {
  JSValue row = JS_NewObject(je);
  for (unsigned c = 0; c < count && !JS_IsException(row); c++) {
    JSValue value = je_column(statement, c);
    if (JS_IsException(value) ||
        JS_DefinePropertyValue(je, row, names[c], value, JS_PROP_C_W_E) < 0) {
      JS_FreeValue(je, row);
      row = JS_EXCEPTION;
    }
  }
  return row;
}

#define COLUMNS 2000 /* SQLite's default limit */

static JSAtom names[COLUMNS];

/* Of the array that columns() gave. */
static int take_names(JSValueConst list) {
  JSValue length = JS_GetPropertyStr(je, list, "length");
  int count = int_of(length);
  for (int c = 0; c < count && c < COLUMNS; c++) {
    JSValue name = JS_GetPropertyUint32(je, list, (unsigned)c);
    names[c] = JS_ValueToAtom(je, name);
    JS_FreeValue(je, name);
  }
  return count < COLUMNS ? count : COLUMNS;
}

static void give_names(int count) {
  while (count > 0) {
    JS_FreeAtom(je, names[--count]);
  }
}

/* The statement's own. -1: exception. */
static int own_names(int statement) {
  struct column c = {statement, 0};
  int count = hg_column_count(statement);
  count = count < COLUMNS ? count : COLUMNS;
  for (; (int)c.index < count; c.index++) {
    JSValue name = given(read_name, &c, true);
    names[c.index] = JS_IsException(name) ? JS_ATOM_NULL : JS_ValueToAtom(je, name);
    JS_FreeValue(je, name);
    if (names[c.index] == JS_ATOM_NULL) {
      give_names((int)c.index);
      return -1;
    }
  }
  return count < 0 ? (je_status(count), -1) : count;
}

/* Rows of a statement with so many of names[], at most some or with 0 all, as an array. */
static JSValue all_rows(int statement, int count, int most) {
  int status = 0;
  JSValue all = JS_NewArray(je);
  for (unsigned n = 0; !JS_IsException(all) && (most == 0 || (int)n < most); n++) {
    status = hg_step(statement);
    if (status != 1) {
      break;
    }
    JSValue row = row_object(statement, names, (unsigned)count);
    if (JS_IsException(row) || JS_SetPropertyUint32(je, all, n, row) < 0) {
      JS_FreeValue(je, all);
      all = JS_EXCEPTION;
    }
  }
  if (status < 0) {
    JS_FreeValue(je, all);
    return je_status(status);
  }
  return all;
}

/* (statement, names, at most): steps and collects rows, an array of objects. */
FUNCTION(rows) {
  int count = take_names(v[1]);
  JSValue all = all_rows(int_of(v[0]), count, int_of(v[2]));
  give_names(count);
  return all;
}

static JSValue rows_of(int statement) {
  int count = own_names(statement);
  JSValue all = count < 0 ? JS_EXCEPTION : all_rows(statement, count, 0);
  give_names(count);
  return all;
}

static JSValue first_row(int statement) {
  int count = own_names(statement);
  int status = count < 0 ? 0 : hg_step(statement);
  JSValue row = count < 0     ? JS_EXCEPTION
                : status == 1 ? row_object(statement, names, (unsigned)count)
                : status == 0 ? JS_UNDEFINED
                              : je_status(status);
  give_names(count);
  return row;
}

static JSValue first_value(int statement) {
  int status = hg_step(statement);
  return status == 1 ? je_column(statement, 0) : status == 0 ? JS_UNDEFINED : je_status(status);
}

/* The elements of an array as parameters; undefined: none. */
static int bind_all(int statement, JSValueConst list) {
  int64_t count = 0;
  int status = JS_IsUndefined(list) ? 0 : je_length(je, &count, list);
  for (int64_t i = 0; i < count && status == 0; i++) {
    JSValue v = JS_GetPropertyUint32(je, list, (uint32_t)i);
    status = JS_IsException(v) ? -1 : je_bind(statement, (unsigned)i + 1, v);
    JS_FreeValue(je, v);
  }
  return status;
}

/* (sql, values): what `take` gets of the statement. */
static JSValue of_statement(values v, JSValue (*take)(int statement)) {
  je_bytes b;
  if (je_bytes_of(&b, v[0]) != 0) {
    return JS_EXCEPTION;
  }
  int statement = hg_prepare(b.at, b.size);
  je_bytes_end(&b);
  if (statement < 0) {
    return je_status(statement);
  }
  JSValue result = bind_all(statement, v[1]) != 0 ? JS_EXCEPTION : take(statement);
  hg_finalize(statement);
  return result;
}

FUNCTION(query) {
  return of_statement(v, rows_of);
}
FUNCTION(query_one) {
  return of_statement(v, first_row);
}
FUNCTION(query_value) {
  return of_statement(v, first_value);
}

/* Parameters as JSON: none of them has bytes. */
FUNCTION(exec) {
  je_bytes b[4];
  if (!all_bytes(b, v, 2)) {
    return JS_EXCEPTION;
  }
  long long changed = hg_exec(b[0].at, b[0].size, b[1].at, b[1].size);
  return end_bytes(b, 2, changed < 0 ? je_status((int)changed) : JS_NewInt64(ctx, changed));
}

/* ---- transactions, log, clock, randomness ---- */

NONE(begin, hg_begin())
NONE(commit, hg_commit())
NONE(rollback, hg_rollback())
ONE(savepoint, hg_savepoint(b[0].at, b[0].size))
ONE(release, hg_release(b[0].at, b[0].size))
ONE(rollback_to, hg_rollback_to(b[0].at, b[0].size))

FUNCTION(log_line) {
  je_bytes b[4];
  if (!all_bytes(b, v + 1, 1)) {
    return JS_EXCEPTION;
  }
  return end_bytes(b, 1, done(hg_log((enum hg_level)int_of(v[0]), b[0].at, b[0].size)));
}

FUNCTION(now_us) {
  long long now = hg_now_us();
  return now < 0 ? je_status((int)now) : JS_NewInt64(ctx, now);
}

FUNCTION(random_bytes) {
  unsigned n = (unsigned)int_of(v[0]);
  uint8_t *bytes = n > 1u << 20 ? NULL : js_malloc(ctx, n + 1);
  if (bytes == NULL) {
    return n > 1u << 20 ? JS_ThrowRangeError(ctx, "more than 1 MiB of random bytes") : JS_EXCEPTION;
  }
  int status = hg_random(bytes, n);
  JSValue result = status < 0 ? je_status(status) : je_uint8(bytes, n);
  js_free(ctx, bytes);
  return result;
}

/* 53 random bits as a double from 0 to below 1. */
FUNCTION(random_number) {
  uint64_t bits = 0;
  int status = hg_random(&bits, sizeof bits);
  return status < 0 ? je_status(status)
                    : JS_NewFloat64(ctx, (double)(bits >> 11) / 9007199254740992.0);
}

/* ---- cryptography ---- */

#define DIGEST 64

static JSValue digest(const void *bytes, int n) {
  return n < 0 ? je_status(n) : je_uint8(bytes, n > DIGEST ? DIGEST : (unsigned)n);
}

FUNCTION(hash) {
  uint8_t out[DIGEST];
  je_bytes b[4];
  if (!all_bytes(b, v + 1, 1)) {
    return JS_EXCEPTION;
  }
  int n = hg_hash((enum hg_hash_algorithm)int_of(v[0]), b[0].at, b[0].size, out, sizeof out);
  return end_bytes(b, 1, digest(out, n));
}

FUNCTION(hmac) {
  uint8_t out[DIGEST];
  je_bytes b[4];
  if (!all_bytes(b, v + 1, 2)) {
    return JS_EXCEPTION;
  }
  int n = hg_hmac((enum hg_hash_algorithm)int_of(v[0]), b[0].at, b[0].size, b[1].at, b[1].size, out,
                  sizeof out);
  return end_bytes(b, 2, digest(out, n));
}

FUNCTION(sign) {
  uint8_t out[DIGEST];
  je_bytes b[4];
  if (!all_bytes(b, v + 1, 2)) {
    return JS_EXCEPTION;
  }
  int n = hg_sign((enum hg_signature_algorithm)int_of(v[0]), b[0].at, b[0].size, b[1].at, b[1].size,
                  out, sizeof out);
  return end_bytes(b, 2, digest(out, n));
}

FUNCTION(verify) {
  je_bytes b[4];
  if (!all_bytes(b, v + 1, 3)) {
    return JS_EXCEPTION;
  }
  return end_bytes(b, 3,
                   done(hg_verify((enum hg_signature_algorithm)int_of(v[0]), b[0].at, b[0].size,
                                  b[1].at, b[1].size, b[2].at, b[2].size)));
}

/* ---- kept values, session, metrics, environment ---- */

static int read_kv(void *arg, void *dst, unsigned cap) {
  const je_bytes *b = arg;
  return hg_kv_get(b->at, b->size, 0, dst, cap);
}

static int read_key(void *arg, void *dst, unsigned cap) {
  const je_bytes *b = arg;
  return hg_kv_list(b[0].at, b[0].size, b[1].at, b[1].size, dst, cap);
}

static int read_session(void *arg, void *dst, unsigned cap) {
  const je_bytes *b = arg;
  return hg_session_get(b->at, b->size, dst, cap);
}

static int read_env(void *arg, void *dst, unsigned cap) {
  const je_bytes *b = arg;
  return hg_env_get(b->at, b->size, dst, cap);
}

/* name(texts...): what the host has of them. */
#define GET(name, count, read, text)                                                               \
  FUNCTION(name) {                                                                                 \
    je_bytes b[4];                                                                                 \
    return all_bytes(b, v, count) ? end_bytes(b, count, given(read, b, text)) : JS_EXCEPTION;      \
  }

GET(kv_get, 1, read_kv, false)
GET(kv_list, 2, read_key, true)
TWO(kv_set, hg_kv_set(b[0].at, b[0].size, b[1].at, b[1].size))
ONE(kv_delete, hg_kv_delete(b[0].at, b[0].size))
GET(session_get, 1, read_session, true)
TWO(session_set, hg_session_set(b[0].at, b[0].size, b[1].at, b[1].size))
GET(env_get, 1, read_env, true)

static JSValue metric(values v, bool add) {
  double amount;
  je_bytes b[4];
  if (JS_ToFloat64(je, &amount, v[1]) != 0 || !all_bytes(b, v, 1)) {
    return JS_EXCEPTION;
  }
  return end_bytes(b, 1,
                   done(add ? hg_metric_add(b[0].at, b[0].size, amount)
                            : hg_metric_set(b[0].at, b[0].size, amount)));
}

FUNCTION(metric_add) {
  return metric(v, true);
}
FUNCTION(metric_set) {
  return metric(v, false);
}

/* ---- files, http ---- */

FUNCTION(file_open) {
  je_bytes b[4];
  return all_bytes(b, v, 1)
             ? end_bytes(b, 1, done(hg_file_open(b[0].at, b[0].size, (unsigned)int_of(v[1]))))
             : JS_EXCEPTION;
}

FUNCTION(file_size) {
  long long n = hg_file_size(int_of(v[0]));
  return n < 0 ? je_status((int)n) : JS_NewInt64(ctx, n);
}

/* (file, offset, bytes): a Uint8Array, shorter at the end. */
FUNCTION(file_read) {
  int64_t offset = 0;
  JS_ToInt64(ctx, &offset, v[1]);
  unsigned n = (unsigned)int_of(v[2]);
  uint8_t *bytes = n > 16u << 20 ? NULL : js_malloc(ctx, n + 1);
  if (bytes == NULL) {
    return n > 16u << 20 ? JS_ThrowRangeError(ctx, "more than 16 MiB in one read") : JS_EXCEPTION;
  }
  int got = hg_file_read(int_of(v[0]), offset, bytes, n);
  JSValue result = got < 0 ? je_status(got) : je_uint8(bytes, (unsigned)got);
  js_free(ctx, bytes);
  return result;
}

FUNCTION(file_write) {
  int64_t offset = 0;
  je_bytes b[4];
  JS_ToInt64(ctx, &offset, v[1]);
  return all_bytes(b, v + 2, 1)
             ? end_bytes(b, 1, done(hg_file_write(int_of(v[0]), offset, b[0].at, b[0].size)))
             : JS_EXCEPTION;
}

NONE(file_close, hg_file_close(int_of(v[0])))
ONE(file_remove, hg_file_remove(b[0].at, b[0].size))

static int read_list(void *arg, void *dst, unsigned cap) {
  const je_bytes *b = arg;
  return hg_file_list(b->at, b->size, 0, dst, cap);
}

GET(file_list, 1, read_list, true)

FUNCTION(http) {
  je_bytes b[4];
  if (!all_bytes(b, v, 4)) {
    return JS_EXCEPTION;
  }
  return end_bytes(b, 4,
                   done(hg_http(b[0].at, b[0].size, b[1].at, b[1].size, b[2].at, b[2].size, b[3].at,
                                b[3].size)));
}

static int read_header(void *arg, void *dst, unsigned cap) {
  const je_bytes *b = arg;
  return hg_http_header(b->at, b->size, dst, cap);
}

static int read_body(void *arg, void *dst, unsigned cap) {
  (void)arg;
  return hg_http_read(0, dst, cap);
}

GET(http_header, 1, read_header, true)

FUNCTION(http_body) {
  return given(read_body, NULL, false);
}

/* ---- rows of RETURNS TABLE, text ---- */

FUNCTION(row) {
  for (int i = 0; i < argc; i++) {
    if (je_give(v[i], hg_script_type(-2 - i), true) != 0) {
      return JS_EXCEPTION;
    }
  }
  return done(hg_row_end());
}

FUNCTION(utf8_bytes) {
  je_bytes b[4];
  return all_bytes(b, v, 1) ? end_bytes(b, 1, je_uint8(b[0].at, b[0].size)) : JS_EXCEPTION;
}

FUNCTION(utf8_text) {
  je_bytes b[4];
  return all_bytes(b, v, 1) ? end_bytes(b, 1, je_text(b[0].at, b[0].size, "utf8")) : JS_EXCEPTION;
}

static const JSCFunctionListEntry functions[] = {
    JS_PROP_INT32_DEF("owns", 1, 0), /* Date, Math.random, console are the host's too */
    JS_CFUNC_DEF("setError", 1, set_error),
    JS_CFUNC_DEF("setStringify", 1, set_stringify),
    JS_CFUNC_DEF("prepare", 1, prepare),
    JS_CFUNC_DEF("bind", 3, bind),
    JS_CFUNC_DEF("step", 1, step),
    JS_CFUNC_DEF("columns", 1, columns),
    JS_CFUNC_DEF("rows", 3, rows),
    JS_CFUNC_DEF("reset", 1, reset),
    JS_CFUNC_DEF("finalize", 1, finalize),
    JS_CFUNC_DEF("query", 2, query),
    JS_CFUNC_DEF("queryOne", 2, query_one),
    JS_CFUNC_DEF("queryValue", 2, query_value),
    JS_CFUNC_DEF("exec", 2, exec),
    JS_CFUNC_DEF("begin", 0, begin),
    JS_CFUNC_DEF("commit", 0, commit),
    JS_CFUNC_DEF("rollback", 0, rollback),
    JS_CFUNC_DEF("savepoint", 1, savepoint),
    JS_CFUNC_DEF("release", 1, release),
    JS_CFUNC_DEF("rollbackTo", 1, rollback_to),
    JS_CFUNC_DEF("log", 2, log_line),
    JS_CFUNC_DEF("nowMicros", 0, now_us),
    JS_CFUNC_DEF("randomBytes", 1, random_bytes),
    JS_CFUNC_DEF("random", 0, random_number),
    JS_CFUNC_DEF("hash", 2, hash),
    JS_CFUNC_DEF("hmac", 3, hmac),
    JS_CFUNC_DEF("sign", 3, sign),
    JS_CFUNC_DEF("verify", 4, verify),
    JS_CFUNC_DEF("kvGet", 1, kv_get),
    JS_CFUNC_DEF("kvSet", 2, kv_set),
    JS_CFUNC_DEF("kvDelete", 1, kv_delete),
    JS_CFUNC_DEF("kvList", 2, kv_list),
    JS_CFUNC_DEF("sessionGet", 1, session_get),
    JS_CFUNC_DEF("sessionSet", 2, session_set),
    JS_CFUNC_DEF("metricAdd", 2, metric_add),
    JS_CFUNC_DEF("metricSet", 2, metric_set),
    JS_CFUNC_DEF("envGet", 1, env_get),
    JS_CFUNC_DEF("fileOpen", 2, file_open),
    JS_CFUNC_DEF("fileSize", 1, file_size),
    JS_CFUNC_DEF("fileRead", 3, file_read),
    JS_CFUNC_DEF("fileWrite", 3, file_write),
    JS_CFUNC_DEF("fileClose", 1, file_close),
    JS_CFUNC_DEF("fileRemove", 1, file_remove),
    JS_CFUNC_DEF("fileList", 1, file_list),
    JS_CFUNC_DEF("http", 4, http),
    JS_CFUNC_DEF("httpHeader", 1, http_header),
    JS_CFUNC_DEF("httpBody", 0, http_body),
    JS_CFUNC_DEF("row", 0, row),
    JS_CFUNC_DEF("utf8Bytes", 1, utf8_bytes),
    JS_CFUNC_DEF("utf8Text", 1, utf8_text),
};

JSValue je_host_object(void) {
  JSValue host = JS_NewObject(je);
  JS_SetPropertyFunctionList(je, host, functions, sizeof functions / sizeof *functions);
  return host;
}
