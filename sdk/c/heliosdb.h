/* heliosdb.h - writing procedures in C or C++. Header only, freestanding, no libc.
 *
 * A plain function is a procedure (docs/sdk-c.md):
 *
 *   #include <heliosdb.h>
 *   double add_tax(double total, double rate) { return total * (1 + rate); }
 *
 *   heliosc build proc.c
 *
 * The first part of this file is for such functions: values, errors, memory, statements that fail
 * the call by themselves. The second part, hg_..., is the guest ABI as it is (docs/guest-abi.md).
 * Its macros HELIOS_PROCEDURE and HELIOS_MANIFEST make a module without heliosc's help:
 *
 *   clang --target=wasm32 -nostdlib -O2 -I sdk/c -Wl,--no-entry proc.c -o proc.wasm
 *
 * Part of the guest; must never include a header of the engine. */
#ifndef HELIOSDB_H
#define HELIOSDB_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what a module exports ---- */

/* Before a function's definition: exports it under its name. A file with this macro or
 * HELIOS_MANIFEST is built as it stands: heliosc adds no glue. */
#ifdef __wasm__
#define HELIOS_PROCEDURE(name) __attribute__((export_name(#name), annotate("helios export")))
#else
#define HELIOS_PROCEDURE(name)
#endif

/* Once in a module whose procedures take text or bytes: room for the arguments of a call. Larger
 * ones still work, slower. */
#define HELIOS_ARENA(bytes)                                                                        \
  static __attribute__((aligned(16))) char hg_arena_[bytes];                                       \
  __attribute__((export_name("helios_arena"))) long long helios_arena(void);                       \
  long long helios_arena(void) {                                                                   \
    return hg_pack(hg_arena_, sizeof hg_arena_);                                                   \
  }

/* Once in a module: its signatures as JSON (docs/manifest.md), written as it is:
 * HELIOS_MANIFEST({"v": 1, "procedures": [...]}) */
#ifdef __wasm__
#define HELIOS_MANIFEST(...) HG_MANIFEST_(#__VA_ARGS__)
#define HG_MANIFEST_(text)                                                                         \
  __asm__(".section .custom_section.helios.manifest,\"\",@\n.ascii " #text "\n.text\n");           \
  extern __attribute__((annotate("helios export"))) const char hg_has_manifest
#else
#define HELIOS_MANIFEST(...) extern const char hg_has_manifest
#endif

/* A literal and its length, for the (p, n) of functions below. */
#define HG_LIT(literal) (literal), (unsigned)(sizeof(literal) - 1)

/* Text or bytes as a result. What it points to must stay until the procedure has returned, so:
 * static or global memory. */
typedef long long hg_bytes;
static inline hg_bytes hg_pack(const void *p, unsigned n) {
  return (hg_bytes)((unsigned long long)(__UINTPTR_TYPE__)p << 32 | n);
}

/* ---- types and statuses ---- */

enum hg_type {
  HG_NULL = 0,
  HG_I64 = 1,
  HG_F64 = 2,
  HG_TEXT = 3,
  HG_BLOB = 4,
  HG_JSON = 5,
  HG_DECIMAL = 6,
  HG_BOOLEAN = 7,
};

/* Every negative number is an error, known or not. */
enum hg_status {
  HG_OK = 0,
  HG_E_SQL = -1,
  HG_E_DENIED = -2,
  HG_E_RANGE = -3,
  HG_E_BUFFER = -4,
  HG_E_HANDLE = -5,
  HG_E_INDEX = -6,
  HG_E_TYPE = -7,
  HG_E_UTF8 = -8,
  HG_E_LIMIT = -9,
  HG_E_STATE = -10,
  HG_E_CONSTRAINT = -11,
  HG_E_BUSY = -12,
  HG_E_NOMEM = -13,
  HG_E_JSON = -14,
  HG_E_LEVEL = -15,
  HG_E_ABSENT = -16,
  HG_E_ALGORITHM = -17,
  HG_E_KEY = -18,
  HG_E_EXISTS = -19,
  HG_E_IO = -20,
  HG_E_NETWORK = -21,
  HG_E_NAME = -22,
};

/* algorithms of hg_hash and hg_hmac; BLAKE3 is refused so far */
enum hg_hash_algorithm {
  HG_SHA256 = 0,
  HG_SHA512 = 1,
  HG_BLAKE3 = 2,
  HG_SHA384 = 3,
  HG_SHA3_256 = 4,
  HG_BLAKE2B = 5,
  HG_SHA1 = 6,
};

/* of hg_sign and hg_verify */
enum hg_signature_algorithm { HG_ED25519 = 0 };

enum hg_level { HG_DEBUG, HG_INFO, HG_WARN, HG_ERROR };

/* A value of any type: parameters and results of type ANY, and every parameter of a procedure that
 * is CALLED ON NULL INPUT, are pointers to one. */
typedef struct hg_cell {
  unsigned type; /* enum hg_type */
  unsigned length;
  union {
    long long i64;
    double f64;
    const char *at;
  };
} hg_cell;

/* ---- host functions ---- */

#ifdef __wasm__
#define HG_IMPORT(module, name) __attribute__((import_module(#module), import_name(#name)))
#else
#define HG_IMPORT(module, name) /* heliosdb_mock.h has these functions */
#endif

/* arguments, where they are pulled: index from 0; statuses or sizes */
HG_IMPORT(helios_v1, arg_count) int hg_arg_count(void);
HG_IMPORT(helios_v1, arg_type) int hg_arg_type(unsigned index);
HG_IMPORT(helios_v1, arg_i64) long long hg_arg_i64(unsigned index);
HG_IMPORT(helios_v1, arg_f64) double hg_arg_f64(unsigned index);
HG_IMPORT(helios_v1, arg_len) int hg_arg_len(unsigned index);
HG_IMPORT(helios_v1, arg_read)
int hg_arg_read(unsigned index, unsigned offset, void *dst, unsigned cap);

/* the result; beats what the procedure itself returns */
HG_IMPORT(helios_v1, return_null) int hg_return_null(void);
HG_IMPORT(helios_v1, return_i64) int hg_return_i64(long long v);
HG_IMPORT(helios_v1, return_f64) int hg_return_f64(double v);
HG_IMPORT(helios_v1, return_bytes)
int hg_return_bytes(enum hg_type type, const void *p, unsigned n);
HG_IMPORT(helios_v1, fail) int hg_fail(int code, const char *p, unsigned n);
HG_IMPORT(helios_v1, error_message) int hg_error_message(char *dst, unsigned cap);

/* rows of a procedure that RETURNS TABLE: its values in order, then hg_row_end */
HG_IMPORT(helios_v1, row_null) int hg_row_null(void);
HG_IMPORT(helios_v1, row_i64) int hg_row_i64(long long v);
HG_IMPORT(helios_v1, row_f64) int hg_row_f64(double v);
HG_IMPORT(helios_v1, row_bytes) int hg_row_bytes(enum hg_type type, const void *p, unsigned n);
HG_IMPORT(helios_v1, row_end) int hg_row_end(void);

/* statements */
HG_IMPORT(helios_v1, prepare) int hg_prepare(const char *sql, unsigned n);
HG_IMPORT(helios_v1, bind_null) int hg_bind_null(int stmt, unsigned index);
HG_IMPORT(helios_v1, bind_i64) int hg_bind_i64(int stmt, unsigned index, long long v);
HG_IMPORT(helios_v1, bind_f64) int hg_bind_f64(int stmt, unsigned index, double v);
HG_IMPORT(helios_v1, bind_text)
int hg_bind_text(int stmt, unsigned index, const char *p, unsigned n);
HG_IMPORT(helios_v1, bind_blob)
int hg_bind_blob(int stmt, unsigned index, const void *p, unsigned n);
HG_IMPORT(helios_v1, step) int hg_step(int stmt); /* 1 row, 0 done */
HG_IMPORT(helios_v1, column_count) int hg_column_count(int stmt);
HG_IMPORT(helios_v1, column_name)
int hg_column_name(int stmt, unsigned column, char *dst, unsigned cap);
HG_IMPORT(helios_v1, column_type) int hg_column_type(int stmt, unsigned column);
HG_IMPORT(helios_v1, column_i64) long long hg_column_i64(int stmt, unsigned column);
HG_IMPORT(helios_v1, column_f64) double hg_column_f64(int stmt, unsigned column);
HG_IMPORT(helios_v1, column_len) int hg_column_len(int stmt, unsigned column);
HG_IMPORT(helios_v1, column_read)
int hg_column_read(int stmt, unsigned column, unsigned offset, void *dst, unsigned cap);
HG_IMPORT(helios_v1, reset) int hg_reset(int stmt);
HG_IMPORT(helios_v1, finalize) int hg_finalize(int stmt);

/* one statement at once; params: a JSON array, or 0, 0 */
HG_IMPORT(helios_v1, exec)
long long hg_exec(const char *sql, unsigned n, const char *params, unsigned params_n);
HG_IMPORT(helios_v1, query)
int hg_query(const char *sql, unsigned n, const char *params, unsigned params_n, char *dst,
             unsigned cap);
HG_IMPORT(helios_v1, query_read) int hg_query_read(unsigned offset, char *dst, unsigned cap);

HG_IMPORT(helios_v1, begin) int hg_begin(void);
HG_IMPORT(helios_v1, commit) int hg_commit(void);
HG_IMPORT(helios_v1, rollback) int hg_rollback(void);
HG_IMPORT(helios_v1, savepoint) int hg_savepoint(const char *name, unsigned n);
HG_IMPORT(helios_v1, release) int hg_release(const char *name, unsigned n);
HG_IMPORT(helios_v1, rollback_to) int hg_rollback_to(const char *name, unsigned n);

HG_IMPORT(helios_v1, log) int hg_log(enum hg_level level, const char *p, unsigned n);
HG_IMPORT(helios_v1, now_us) long long hg_now_us(void);

/* randomness, cryptography, environment */
HG_IMPORT(helios_v1, random) int hg_random(void *dst, unsigned n);
HG_IMPORT(helios_v1, hash)
int hg_hash(enum hg_hash_algorithm algorithm, const void *p, unsigned n, void *dst, unsigned cap);
HG_IMPORT(helios_v1, hmac)
int hg_hmac(enum hg_hash_algorithm algorithm, const void *key, unsigned key_n, const void *p,
            unsigned n, void *dst, unsigned cap);
HG_IMPORT(helios_v1, sign)
int hg_sign(enum hg_signature_algorithm algorithm, const void *secret_key, unsigned key_n,
            const void *p, unsigned n, void *dst, unsigned cap);
HG_IMPORT(helios_v1, verify) /* 1 it is right, 0 it is not */
int hg_verify(enum hg_signature_algorithm algorithm, const void *public_key, unsigned key_n,
              const void *p, unsigned n, const void *signature, unsigned signature_n);
HG_IMPORT(helios_v1, env_get)
int hg_env_get(const char *name, unsigned n, char *dst, unsigned cap);

/* files, by absolute path below a grant filesystem:<path> */
enum hg_file { HG_WRITE = 1, HG_CREATE = 2, HG_NEW = 4, HG_EMPTY = 8, HG_APPEND = 16 };
HG_IMPORT(helios_v1, file_open) int hg_file_open(const char *path, unsigned n, unsigned flags);
HG_IMPORT(helios_v1, file_read)
int hg_file_read(int file, long long offset, void *dst, unsigned cap);
HG_IMPORT(helios_v1, file_write)
int hg_file_write(int file, long long offset, const void *p, unsigned n);
HG_IMPORT(helios_v1, file_size) long long hg_file_size(int file);
HG_IMPORT(helios_v1, file_close) int hg_file_close(int file);
HG_IMPORT(helios_v1, file_remove) int hg_file_remove(const char *path, unsigned n);
HG_IMPORT(helios_v1, file_list)
int hg_file_list(const char *path, unsigned n, unsigned offset, char *dst, unsigned cap);

/* HTTPS to a host with a grant network:<domain>; headers are lines "Name: value". The response's
 * status; it is kept until the next request. */
HG_IMPORT(helios_v1, http)
int hg_http(const char *method, unsigned method_n, const char *url, unsigned url_n,
            const char *headers, unsigned headers_n, const void *body, unsigned body_n);
HG_IMPORT(helios_v1, http_header)
int hg_http_header(const char *name, unsigned n, char *dst, unsigned cap);
HG_IMPORT(helios_v1, http_read) int hg_http_read(unsigned offset, void *dst, unsigned cap);

/* For interpreters, also while the instance is made: docs/script-engines.md. */
enum hg_sqltype {
  HG_SQL_NOTHING = 0,
  HG_SQL_BOOLEAN = 1,
  HG_SQL_INTEGER = 2,
  HG_SQL_BIGINT = 3,
  HG_SQL_REAL = 4,
  HG_SQL_DECIMAL = 5,
  HG_SQL_TEXT = 6,
  HG_SQL_BLOB = 7,
  HG_SQL_JSON = 8,
  HG_SQL_DATE = 9,
  HG_SQL_TIMESTAMP = 10,
  HG_SQL_ANY = 11,
  HG_SQL_TABLE = 12,
};
HG_IMPORT(helios_v1, script_read) int hg_script_read(unsigned offset, void *dst, unsigned cap);
HG_IMPORT(helios_v1, script_export) int hg_script_export(void *dst, unsigned cap);
HG_IMPORT(helios_v1, script_type) int hg_script_type(int index);
HG_IMPORT(helios_v1, script_column) int hg_script_column(unsigned index, void *dst, unsigned cap);
HG_IMPORT(helios_v1, script_where) int hg_script_where(const void *record);
/* what the procedure keeps in the database, undone with the caller's transaction */
HG_IMPORT(helios_v1, kv_get)
int hg_kv_get(const void *key, unsigned key_n, unsigned offset, void *dst, unsigned cap);
HG_IMPORT(helios_v1, kv_set)
int hg_kv_set(const void *key, unsigned key_n, const void *value, unsigned value_n);
HG_IMPORT(helios_v1, kv_delete)
int hg_kv_delete(const void *key, unsigned key_n); /* 1: it was there */
HG_IMPORT(helios_v1, kv_list) /* the first key with the prefix that comes after `after` */
int hg_kv_list(const void *prefix, unsigned prefix_n, const void *after, unsigned after_n,
               void *dst, unsigned cap);

/* variables of the connection: text by name */
HG_IMPORT(helios_v1, session_get)
int hg_session_get(const char *name, unsigned n, char *dst, unsigned cap);
HG_IMPORT(helios_v1, session_set)
int hg_session_set(const char *name, unsigned n, const char *value, unsigned value_n);

HG_IMPORT(helios_v1, metric_add) int hg_metric_add(const char *name, unsigned n, double v);
HG_IMPORT(helios_v1, metric_set) int hg_metric_set(const char *name, unsigned n, double v);

/* the nine functions of the HeliosDB design; *_len is in/out */
HG_IMPORT(heliosdb, heliosdb_query)
int heliosdb_query(const char *query, unsigned query_len, char *result, unsigned *result_len);
HG_IMPORT(heliosdb, heliosdb_get_param)
int heliosdb_get_param(unsigned index, void *value, unsigned *value_len);
HG_IMPORT(heliosdb, heliosdb_return)
int heliosdb_return(const void *value, unsigned value_len, unsigned value_type);
HG_IMPORT(heliosdb, heliosdb_log)
int heliosdb_log(unsigned level, const char *message, unsigned message_len);
HG_IMPORT(heliosdb, heliosdb_begin_tx) int heliosdb_begin_tx(void);
HG_IMPORT(heliosdb, heliosdb_commit_tx) int heliosdb_commit_tx(void);
HG_IMPORT(heliosdb, heliosdb_rollback_tx) int heliosdb_rollback_tx(void);
HG_IMPORT(heliosdb, heliosdb_now) long long heliosdb_now(void);
HG_IMPORT(heliosdb, heliosdb_error)
__attribute__((noreturn)) void heliosdb_error(int code, const char *message, unsigned message_len);

/* ---- helpers ---- */

/* Fails the call with the text of the last error. */
static inline int hg_fail_last(int code) {
  char text[512];
  int n = hg_error_message(text, sizeof text);
  return hg_fail(code, text,
                 n < 0                  ? 0u
                 : n > (int)sizeof text ? (unsigned)sizeof text
                                        : (unsigned)n);
}

/* Are these the same bytes? */
static inline int hg_same(const char *p, unsigned n, const char *q, unsigned m) {
  if (n != m) {
    return 0;
  }
  for (unsigned i = 0; i < n; i++) {
    if (p[i] != q[i]) {
      return 0;
    }
  }
  return 1;
}

/* Text in a buffer of yours; what does not fit is dropped. */
typedef struct hg_text {
  char *at;
  unsigned length, room;
} hg_text;

static inline void hg_put(hg_text *t, const char *p, unsigned n) {
  for (unsigned i = 0; i < n && t->length < t->room; i++) {
    t->at[t->length++] = p[i];
  }
}

static inline void hg_put_u64(hg_text *t, unsigned long long v, unsigned least_digits) {
  char digits[20];
  unsigned n = 0;
  do {
    digits[sizeof digits - ++n] = (char)('0' + v % 10);
    v /= 10;
  } while (v != 0 || (n < least_digits && n < sizeof digits));
  hg_put(t, digits + sizeof digits - n, n);
}

static inline void hg_put_i64(hg_text *t, long long v) {
  if (v < 0) {
    hg_put(t, "-", 1);
  }
  hg_put_u64(t, v < 0 ? 0 - (unsigned long long)v : (unsigned long long)v, 1);
}

/* A double with 0 to 9 decimals, rounded half away from zero; beyond 10^15 the text "?". */
static inline void hg_put_f64(hg_text *t, double v, unsigned decimals) {
  unsigned long long scale = 1;
  for (unsigned i = 0; i < decimals && i < 9; i++) {
    scale *= 10;
  }
  double size = v < 0 ? -v : v;
  if (!(size < 1e15)) {
    hg_put(t, "?", 1);
    return;
  }
  if (v < 0) {
    hg_put(t, "-", 1);
  }
  unsigned long long whole = (unsigned long long)size;
  unsigned long long part = (unsigned long long)((size - (double)whole) * (double)scale + 0.5);
  hg_put_u64(t, part >= scale ? whole + 1 : whole, 1);
  if (scale > 1) {
    hg_put(t, ".", 1);
    hg_put_u64(t, part >= scale ? part - scale : part, decimals < 9 ? decimals : 9);
  }
}

static inline int hg_log_text(enum hg_level level, const hg_text *t) {
  return hg_log(level, t->at, t->length);
}

/* ---- plain functions: values ---- */

/* Text and bytes have a length; text need not end with a NUL. `at` is 0: as a result, NULL. What a
 * result points to must stay until the function has returned: static memory, a literal, an
 * argument, or helios_alloc's. */
typedef struct helios_text {
  const char *at;
  unsigned length;
} helios_text;
typedef struct helios_json { /* text of one JSON value */
  const char *at;
  unsigned length;
} helios_json;
typedef struct helios_decimal { /* digits, exactly: -12.50 */
  const char *at;
  unsigned length;
} helios_decimal;
typedef struct helios_blob {
  const void *at;
  unsigned length;
} helios_blob;
typedef double helios_decimal_f64;  /* DECIMAL, as a double: good for 15 digits */
typedef long long helios_date;      /* days since 1970-01-01 */
typedef long long helios_timestamp; /* microseconds since 1970-01-01 UTC */
typedef hg_cell helios_value;       /* a value of any type */

#ifdef __cplusplus
#define HG_STRUCT(type) type
#else
#define HG_STRUCT(type) (type)
#endif

/* A literal as helios_text. */
#define HELIOS_TEXT(literal) (HG_STRUCT(helios_text){(literal), (unsigned)(sizeof(literal) - 1)})

static inline int helios_same(helios_text a, helios_text b) {
  return hg_same(a.at, a.length, b.at, b.length);
}

/* ---- plain functions: errors, NULL, memory ---- */

static inline unsigned hg_length(const char *text) {
  unsigned n = 0;
  while (text[n] != 0) {
    n++;
  }
  return n;
}

/* Ends the call with an error of yours. */
__attribute__((noreturn)) static inline void helios_fail(int code, const char *message) {
  heliosdb_error(code, message, hg_length(message));
}

/* Ends the call with the host's last error. */
__attribute__((noreturn)) static inline void helios_fail_last(int code) {
  char text[512];
  int n = hg_error_message(text, sizeof text);
  heliosdb_error(code, text,
                 n < 0                  ? 0u
                 : n > (int)sizeof text ? (unsigned)sizeof text
                                        : (unsigned)n);
}

/* A status of the host: ends the call if it is an error. */
static inline int helios_check(int status) {
  if (status < 0) {
    helios_fail_last(status);
  }
  return status;
}

/* `return helios_null();` from a function that returns a number: the result is NULL. */
static inline int helios_null(void) {
  helios_check(hg_return_null());
  return 0;
}

/* Memory of this call, in one definition for all files of a module. */
#define HG_HEAP_BYTES 65536u
typedef struct hg_heap_state {
  char *begin, *at, *end; /* the newest piece, which is the largest */
} hg_heap_state;
__attribute__((weak)) hg_heap_state hg_heap;
__attribute__((weak, aligned(16))) char hg_heap_first[HG_HEAP_BYTES];

#ifdef __wasm__
static inline char *hg_more_memory(unsigned long long bytes) {
  unsigned long long pages = (bytes + 65535) / 65536;
  __SIZE_TYPE__ had =
      pages > 65535 ? ~(__SIZE_TYPE__)0 : __builtin_wasm_memory_grow(0, (__SIZE_TYPE__)pages);
  return had == ~(__SIZE_TYPE__)0 ? (char *)0 : (char *)(had * 65536);
}
#else
char *hg_more_memory(unsigned long long bytes);
#endif

/* n bytes until the end of the call, 16-aligned; ends the call if there are none. */
static inline void *helios_alloc(unsigned n) {
  unsigned long long bytes = ((unsigned long long)n + 15) / 16 * 16;
  if (hg_heap.at == (char *)0) {
    hg_heap.begin = hg_heap.at = hg_heap_first;
    hg_heap.end = hg_heap_first + HG_HEAP_BYTES;
  }
  if (bytes > (unsigned long long)(hg_heap.end - hg_heap.at)) {
    unsigned long long half = (unsigned long long)(hg_heap.end - hg_heap.begin) / 2;
    unsigned long long piece = (half > bytes ? half : bytes) + 65535;
    piece -= piece % 65536;
    char *more = hg_more_memory(piece);
    if (more == (char *)0) {
      helios_fail(HG_E_NOMEM, "out of memory");
    }
    if (more != hg_heap.end) { /* else it goes on where the last piece ends */
      hg_heap.begin = hg_heap.at = more;
    }
    hg_heap.end = more + piece;
  }
  char *taken = hg_heap.at;
  hg_heap.at += bytes;
  return taken;
}

/* ---- plain functions: SQL; each ends the call if the host refuses ---- */

typedef struct helios_stmt {
  int handle;
} helios_stmt;

static inline helios_stmt helios_prepare(const char *sql) {
  helios_stmt s = {helios_check(hg_prepare(sql, hg_length(sql)))};
  return s;
}
static inline void helios_bind_null(helios_stmt s, unsigned i) {
  helios_check(hg_bind_null(s.handle, i));
}
static inline void helios_bind_i64(helios_stmt s, unsigned i, long long v) {
  helios_check(hg_bind_i64(s.handle, i, v));
}
static inline void helios_bind_f64(helios_stmt s, unsigned i, double v) {
  helios_check(hg_bind_f64(s.handle, i, v));
}
static inline void helios_bind_text(helios_stmt s, unsigned i, helios_text v) {
  helios_check(hg_bind_text(s.handle, i, v.at, v.length));
}
static inline void helios_bind_blob(helios_stmt s, unsigned i, helios_blob v) {
  helios_check(hg_bind_blob(s.handle, i, v.at, v.length));
}
/* 1: a row is there, 0: no more. */
static inline int helios_step(helios_stmt s) {
  return helios_check(hg_step(s.handle));
}
static inline int helios_column_is_null(helios_stmt s, unsigned c) {
  return helios_check(hg_column_type(s.handle, c)) == HG_NULL;
}
static inline long long helios_column_i64(helios_stmt s, unsigned c) {
  return hg_column_i64(s.handle, c);
}
static inline double helios_column_f64(helios_stmt s, unsigned c) {
  return hg_column_f64(s.handle, c);
}
/* A copy that stays until the end of the call, with a NUL behind it; `at` is 0 for NULL. */
static inline helios_text helios_column_text(helios_stmt s, unsigned c) {
  helios_text t = {0, 0};
  if (!helios_column_is_null(s, c)) {
    t.length = (unsigned)helios_check(hg_column_len(s.handle, c));
    char *copy = (char *)helios_alloc(t.length + 1);
    helios_check(hg_column_read(s.handle, c, 0, copy, t.length));
    copy[t.length] = 0;
    t.at = copy;
  }
  return t;
}
static inline helios_blob helios_column_blob(helios_stmt s, unsigned c) {
  helios_text t = helios_column_text(s, c);
  helios_blob b = {t.at, t.length};
  return b;
}
static inline void helios_reset(helios_stmt s) {
  helios_check(hg_reset(s.handle));
}
static inline void helios_finalize(helios_stmt s) {
  helios_check(hg_finalize(s.handle));
}

/* ---- plain functions: rows of RETURNS TABLE; the values of one in order, then its end ---- */

static inline void helios_row_null(void) {
  helios_check(hg_row_null());
}
static inline void helios_row_i64(long long v) {
  helios_check(hg_row_i64(v));
}
static inline void helios_row_f64(double v) {
  helios_check(hg_row_f64(v));
}
static inline void helios_row_text(helios_text v) {
  helios_check(hg_row_bytes(HG_TEXT, v.at, v.length));
}
static inline void helios_row_blob(helios_blob v) {
  helios_check(hg_row_bytes(HG_BLOB, v.at, v.length));
}
static inline void helios_row_json(helios_json v) {
  helios_check(hg_row_bytes(HG_JSON, v.at, v.length));
}
static inline void helios_row_decimal(helios_decimal v) {
  helios_check(hg_row_bytes(HG_DECIMAL, v.at, v.length));
}
static inline void helios_row_end(void) {
  helios_check(hg_row_end());
}

/* A log line. */
static inline void helios_log(enum hg_level level, helios_text line) {
  helios_check(hg_log(level, line.at, line.length));
}

/* ---- for the glue that heliosc writes ---- */

/* An argument with a NUL behind it. One that has a NUL inside would be cut: refused. */
static inline const char *hg_terminated(const char *p, unsigned n, const char *refusal) {
  char *copy = (char *)helios_alloc(n + 1);
  for (unsigned i = 0; i < n; i++) {
    if (p[i] == 0) {
      helios_fail(HG_E_TYPE, refusal);
    }
    copy[i] = p[i];
  }
  copy[n] = 0;
  return copy;
}
static inline hg_bytes hg_result(const void *p, unsigned n) {
  if (p == (const void *)0) {
    hg_return_null();
    return 0;
  }
  return hg_pack(p, n);
}
static inline int hg_int32(long long v) {
  if (v < -2147483647 - 1 || v > 2147483647) {
    helios_fail(HG_E_TYPE, "an argument is beyond the range of int");
  }
  return (int)v;
}
/* Between calls of a procedure whose memory stays. */
static inline void hg_heap_reset(void) {
  hg_heap.at = hg_heap.begin;
}

#ifdef __cplusplus
}
#endif

#endif
