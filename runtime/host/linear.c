/* linear.c - instr, replace, trim as SQLite 3.40 has them, byte for byte: helios_instr ... take
 * their place in a guest's SQL (rewrite_sql.c). SQLite's own take time by the product of two
 * lengths and ask nobody; these search by memmem, and ask the budget in between.
 *
 * Must never give another result than SQLite, nor allocate more than the connection's limit of
 * length. */
#include <string.h>

#include "host/internal.h"

enum {
  TRIM_LEFT = 1,
  TRIM_RIGHT = 2,
  PIECE = 1 << 20, /* bytes searched between two looks at the budget */
  STEPS = 1 << 16, /* matches, bytes compared between them */
};

typedef struct text {
  const unsigned char *at;
  size_t length;
} text;

typedef struct job {
  sqlite3_context *sql;
  size_t steps; /* since the last look */
  bool stopped; /* the statement has its error */
} job;

static bool is_stopped(job *j) {
  j->steps = 0;
  if (!j->stopped && hrt_conn_stops(sqlite3_user_data(j->sql))) {
    j->stopped = true;
    sqlite3_result_error_code(j->sql, SQLITE_INTERRUPT);
  }
  return j->stopped;
}

static bool is_stopped_at(job *j, size_t steps) {
  j->steps += steps;
  return j->steps >= STEPS && is_stopped(j);
}

/* Where needle, which is not empty, is; NULL: nowhere, or stopped. */
static const unsigned char *search(job *j, text in, text needle) {
  size_t step = needle.length < PIECE / 4 ? PIECE : needle.length * 4;
  const unsigned char *found = NULL;
  while (found == NULL && in.length >= needle.length) {
    bool last = in.length - needle.length < step;
    found = memmem(in.at, last ? in.length : step + needle.length, needle.at, needle.length);
    if (last || found != NULL || is_stopped(j)) {
      break;
    }
    in.at += step;
    in.length -= step;
  }
  return found;
}

static bool continues(unsigned char c) {
  return (c & 0xc0) == 0x80;
}

static text text_of(sqlite3_value *v) {
  const unsigned char *at = sqlite3_value_text(v);
  return (text){at, (size_t)sqlite3_value_bytes(v)};
}

/* ---- instr ---- */

/* Characters begin at each byte that continues none; SQLite looks at these, and at the first. */
static int64_t find_text(job *j, text in, text needle) {
  bool at_first_only = continues(*needle.at);
  if (at_first_only) {
    return in.length >= needle.length && memcmp(in.at, needle.at, needle.length) == 0;
  }
  const unsigned char *found = search(j, in, needle);
  int64_t n = found != NULL;
  for (const unsigned char *c = in.at + 1; found != NULL && c <= found; c++) {
    n += !continues(*c);
  }
  return n;
}

static int64_t find_bytes(job *j, text in, text needle) {
  const unsigned char *found = search(j, in, needle);
  return found != NULL ? found - in.at + 1 : 0;
}

/* One is a blob, the other is not: SQLite compares copies as text. */
static void find_mixed(job *j, sqlite3_value **argv) {
  sqlite3_value *in = sqlite3_value_dup(argv[0]), *needle = sqlite3_value_dup(argv[1]);
  text a = in != NULL ? text_of(in) : (text){NULL, 0};
  text b = needle != NULL ? text_of(needle) : (text){NULL, 0};
  if (a.at == NULL || b.at == NULL) {
    sqlite3_result_error_nomem(j->sql);
  } else {
    int64_t n = b.length > 0 ? find_text(j, a, b) : 1;
    if (!j->stopped) {
      sqlite3_result_int64(j->sql, n);
    }
  }
  sqlite3_value_free(in);
  sqlite3_value_free(needle);
}

static void find(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  job j = {sql, 0, false};
  int type = sqlite3_value_type(argv[0]), needle_type = sqlite3_value_type(argv[1]);
  (void)argc;
  if (type == SQLITE_NULL || needle_type == SQLITE_NULL) {
    return;
  }
  if (sqlite3_value_bytes(argv[1]) == 0) {
    sqlite3_result_int64(sql, 1);
    return;
  }
  bool blob = type == SQLITE_BLOB, blobs = blob && needle_type == SQLITE_BLOB;
  if (!blobs && (blob || needle_type == SQLITE_BLOB)) {
    find_mixed(&j, argv);
    return;
  }
  text in = blobs ? (text){sqlite3_value_blob(argv[0]), (size_t)sqlite3_value_bytes(argv[0])}
                  : text_of(argv[0]);
  text needle = blobs ? (text){sqlite3_value_blob(argv[1]), (size_t)sqlite3_value_bytes(argv[1])}
                      : text_of(argv[1]);
  if (needle.at == NULL || (in.length > 0 && in.at == NULL)) {
    sqlite3_result_error_nomem(sql);
    return;
  }
  int64_t n = blobs ? find_bytes(&j, in, needle) : find_text(&j, in, needle);
  if (!j.stopped) {
    sqlite3_result_int64(sql, n);
  }
}

/* ---- replace ---- */

static size_t count(job *j, text in, text pattern) {
  size_t n = 0;
  const unsigned char *found = search(j, in, pattern), *end = in.at + in.length;
  while (found != NULL && !is_stopped_at(j, 1)) {
    n++;
    in = (text){found + pattern.length, (size_t)(end - found) - pattern.length};
    found = search(j, in, pattern);
  }
  return n;
}

/* out has room for it. */
static void put(unsigned char *out, job *j, text in, text pattern, text by) {
  const unsigned char *found = search(j, in, pattern), *end = in.at + in.length;
  while (found != NULL && !is_stopped_at(j, 1)) {
    size_t before = (size_t)(found - in.at);
    memcpy(out, in.at, before);
    memcpy(out + before, by.at, by.length);
    out += before + by.length;
    in = (text){found + pattern.length, (size_t)(end - found) - pattern.length};
    found = search(j, in, pattern);
  }
  memcpy(out, in.at, j->stopped ? 0 : in.length);
}

static void replace(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  job j = {sql, 0, false};
  (void)argc;
  text in = text_of(argv[0]), pattern = in.at != NULL ? text_of(argv[1]) : in;
  if (in.at == NULL || pattern.at == NULL) {
    return;
  }
  if (*pattern.at == 0) {
    sqlite3_result_value(sql, argv[0]);
    return;
  }
  text by = text_of(argv[2]);
  if (by.at == NULL) {
    return;
  }
  uint64_t n = count(&j, in, pattern);
  uint64_t length = in.length - n * pattern.length + n * by.length;
  int limit = sqlite3_limit(sqlite3_context_db_handle(sql), SQLITE_LIMIT_LENGTH, -1);
  if (j.stopped) {
    return;
  }
  if (in.length >= (uint64_t)limit || length > (uint64_t)limit) {
    sqlite3_result_error_toobig(sql);
    return;
  }
  unsigned char *out = sqlite3_malloc64(length + 1);
  if (out == NULL) {
    sqlite3_result_error_nomem(sql);
    return;
  }
  put(out, &j, in, pattern, by);
  if (j.stopped) {
    sqlite3_free(out);
  } else {
    out[length] = 0;
    sqlite3_result_text64(sql, (const char *)out, length, sqlite3_free, SQLITE_UTF8);
  }
}

/* ---- trim ---- */

/* A character of a set, as SQLite cuts it; a set ends at a NUL. */
static size_t character(const unsigned char *at) {
  size_t n = 1;
  while (*at >= 0xc0 && continues(at[n])) {
    n++;
  }
  return n;
}

/* Bytes of the first character of the set that `in` begins with (right: ends with); 0: none does,
 * or stopped. */
static size_t match(job *j, text in, const unsigned char *set, bool right) {
  for (size_t n; *set != 0; set += n) {
    n = character(set);
    const unsigned char *at = right ? in.at + in.length - n : in.at;
    if (n <= in.length && memcmp(at, set, n) == 0) {
      return is_stopped_at(j, n) ? 0 : n;
    }
    if (is_stopped_at(j, n)) {
      return 0;
    }
  }
  return 0;
}

/* SQLite makes a table of a set's characters, of 12 bytes each. */
static bool is_too_big(sqlite3_context *sql, const unsigned char *set) {
  uint64_t n = 0;
  for (; *set != 0; set += character(set)) {
    n++;
  }
  return n * 12 > (uint64_t)sqlite3_limit(sqlite3_context_db_handle(sql), SQLITE_LIMIT_LENGTH, -1);
}

static void trim(sqlite3_context *sql, int argc, sqlite3_value **argv, int sides) {
  job j = {sql, 0, false};
  text in = text_of(argv[0]);
  const unsigned char *set = argc == 1 ? (const unsigned char *)" " : NULL;
  if (in.at == NULL || (set == NULL && (set = sqlite3_value_text(argv[1])) == NULL)) {
    return;
  }
  if (argc == 2 && is_too_big(sql, set)) {
    sqlite3_result_error_toobig(sql);
    return;
  }
  for (size_t n = sides & TRIM_LEFT; n > 0 && in.length > 0;) {
    n = match(&j, in, set, false);
    in = (text){in.at + n, in.length - n};
  }
  for (size_t n = sides & TRIM_RIGHT; n > 0 && in.length > 0;) {
    n = match(&j, in, set, true);
    in.length -= n;
  }
  if (!j.stopped) {
    sqlite3_result_text64(sql, (const char *)in.at, in.length, SQLITE_TRANSIENT, SQLITE_UTF8);
  }
}

static void trim_both(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  trim(sql, argc, argv, TRIM_LEFT | TRIM_RIGHT);
}

static void trim_left(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  trim(sql, argc, argv, TRIM_LEFT);
}

static void trim_right(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  trim(sql, argc, argv, TRIM_RIGHT);
}

static const struct {
  const char *name;
  int arguments;
  void (*fn)(sqlite3_context *, int, sqlite3_value **);
} rows[] = {
#define HRT_LINEAR(name, arguments, fn) {HRT_OURS name, arguments, fn},
#include "host/linear.def"
#undef HRT_LINEAR
};

/* Each once: SQLite takes none again while statements run. */
int hrt_linear_register(hrt_host_conn *conn) {
  int rc = SQLITE_OK;
  while (conn->linears < sizeof rows / sizeof *rows && rc == SQLITE_OK) {
    uint32_t i = conn->linears;
    rc = sqlite3_create_function_v2(conn->db, rows[i].name, rows[i].arguments,
                                    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, conn,
                                    rows[i].fn, NULL, NULL, NULL);
    conn->linears += rc == SQLITE_OK;
  }
  return rc;
}

int hrt_linear_remove(hrt_host_conn *conn) {
  int rc = SQLITE_OK;
  while (conn->linears > 0 && rc == SQLITE_OK) {
    uint32_t i = conn->linears - 1;
    rc = sqlite3_create_function_v2(conn->db, rows[i].name, rows[i].arguments, SQLITE_UTF8, NULL,
                                    NULL, NULL, NULL, NULL);
    conn->linears -= rc == SQLITE_OK;
  }
  return rc;
}
