/* heliosdb_mock.h - a host without a database, for testing procedures with the machine's own
 * compiler.
 *
 *   #include "proc.c"              the procedure, as it is
 *   #include <heliosdb_mock.h>     once in the program
 *
 *   int main(void) {
 *     double got = 0;
 *     hm_begin();
 *     hm_sql("SELECT tier FROM customers WHERE id = ?1");
 *     hm_row(1, hm_text("gold"));
 *     HM_CHECK(HM_CALL(got = discount(7, 100)) && got == 15);
 *     HM_CHECK(hm_bound(1).i64 == 7 && hm_logged("gold"));
 *     return hm_end();
 *   }
 *
 *   cc -I sdk/c proc_test.c -o proc_test && ./proc_test
 *
 * It answers SQL with the rows that the test gave for that text, keeps what was bound, run, logged
 * and given as rows (hm.given, hm.given_count), and has a clock that stands, random bytes that
 * repeat, values (kv) and session variables in memory. What it does not have (cryptography, files,
 * http) is a function that the test defines itself: the linker says which. Not for a database; must
 * never be compiled to wasm. */
#ifndef HELIOSDB_MOCK_H
#define HELIOSDB_MOCK_H

#ifdef __wasm__
#error "heliosdb_mock.h is for the machine's own compiler"
#endif

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heliosdb.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  HM_ANSWERS = 32,
  HM_ROWS = 64,
  HM_COLUMNS = 16,
  HM_LINES = 256,
  HM_PAIRS = 64,
  HM_PIECES = 1024
};

typedef struct hm_answer {
  const char *sql;
  const char *json; /* what hg_query gives */
  helios_value rows[HM_ROWS][HM_COLUMNS];
  int row_count, columns;
} hm_answer;

typedef struct hm_statement {
  const hm_answer *answer; /* NULL: closed */
  int at;                  /* rows given so far */
  helios_value bound[HM_COLUMNS + 1];
} hm_statement;

typedef struct hm_pair {
  char *key, *value;
  unsigned key_length, length;
} hm_pair;

static struct hm_state {
  jmp_buf landing;
  int calling, failed_checks;
  int error_code; /* of the last call, with */
  char error[512];
  int null_result;  /* the last call gave NULL by helios_null */
  long long now_us; /* what the clock says */
  int depth;        /* open transactions */
  int refuse_in;    /* the how manyth host call from now is refused; 0: none */
  int refuse_status;
  hm_answer answers[HM_ANSWERS];
  int answer_count;
  hm_statement statements[HM_ANSWERS];
  int statement_count, last_statement;
  char *ran[HM_LINES], *lines[HM_LINES];
  int ran_count, line_count;
  hm_pair kept[HM_PAIRS], session[HM_PAIRS];
  helios_value given[HM_ROWS][HM_COLUMNS]; /* rows that the procedure gave */
  int given_count, given_values;           /* of rows, of values of the one that is not ended */
  void *pieces[HM_PIECES];
  int piece_count;
  unsigned seed;
} hm;

/* ---- the test's side ---- */

static inline void hm_stop(const char *why) {
  fprintf(stderr, "heliosdb_mock: %s\n", why);
  exit(2);
}

static inline char *hm_copy(const void *p, unsigned n) {
  char *copy = (char *)malloc((size_t)n + 1);
  if (copy == NULL) {
    hm_stop("out of memory");
  }
  memcpy(copy, p, n);
  copy[n] = 0;
  return copy;
}

static inline void hm_clear_pairs(hm_pair *pairs) {
  for (int i = 0; i < HM_PAIRS; i++) {
    free(pairs[i].key);
    free(pairs[i].value);
    pairs[i].key = pairs[i].value = NULL;
  }
}

/* A host that knows nothing yet; keeps the count of checks that failed. */
static inline void hm_begin(void) {
  int failed = hm.failed_checks;
  for (int i = 0; i < hm.ran_count; i++) {
    free(hm.ran[i]);
  }
  for (int i = 0; i < hm.line_count; i++) {
    free(hm.lines[i]);
  }
  for (int i = 0; i < hm.piece_count; i++) {
    free(hm.pieces[i]);
  }
  hm_clear_pairs(hm.kept);
  hm_clear_pairs(hm.session);
  memset(&hm, 0, sizeof hm);
  memset(&hg_heap, 0, sizeof hg_heap);
  hm.failed_checks = failed;
  hm.now_us = 1700000000000000LL;
}

/* The exit code of the test program. */
static inline int hm_end(void) {
  int failed = hm.failed_checks;
  hm_begin();
  hm.failed_checks = 0;
  if (failed > 0) {
    fprintf(stderr, "%d checks failed\n", failed);
  }
  return failed > 0;
}

#define HM_CHECK(condition)                                                                        \
  ((condition) ? (void)0                                                                           \
               : (void)(hm.failed_checks++, fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__,  \
                                                    __LINE__, #condition, hm.error)))

/* Makes a call: 1, or 0 if it failed; then hm.error_code and hm.error say how. */
#define HM_CALL(expression)                                                                        \
  (hm_call_begins(),                                                                               \
   setjmp(hm.landing) == 0 ? ((void)(expression), hm_call_ends()) : hm_call_ends())

static inline void hm_call_begins(void) {
  hm.calling = 1;
  hm.error_code = 0;
  hm.error[0] = 0;
  hm.null_result = 0;
}
static inline int hm_call_ends(void) {
  hm.calling = 0;
  hm.depth = 0;
  hm.statement_count = 0;
  return hm.error[0] == 0;
}

static inline helios_value hm_null(void) {
  helios_value v;
  memset(&v, 0, sizeof v);
  return v;
}
static inline helios_value hm_i64(long long n) {
  helios_value v = hm_null();
  v.type = HG_I64;
  v.length = 8;
  v.i64 = n;
  return v;
}
static inline helios_value hm_f64(double n) {
  helios_value v = hm_null();
  v.type = HG_F64;
  v.length = 8;
  v.f64 = n;
  return v;
}
static inline helios_value hm_bytes(enum hg_type type, const void *p, unsigned n) {
  helios_value v = hm_null();
  v.type = type;
  v.length = n;
  v.at = (const char *)p;
  return v;
}
static inline helios_value hm_text(const char *text) {
  return hm_bytes(HG_TEXT, text, (unsigned)strlen(text));
}

/* What follows is about statements with exactly this text. */
static inline void hm_sql(const char *sql) {
  if (hm.answer_count == HM_ANSWERS) {
    hm_stop("too many statements");
  }
  hm.answers[hm.answer_count++].sql = sql;
}

static inline hm_answer *hm_newest(void) {
  if (hm.answer_count == 0) {
    hm_stop("hm_sql comes first");
  }
  return &hm.answers[hm.answer_count - 1];
}

/* The next row of the statement that hm_sql named: its values. */
#define hm_row(count, ...) hm_add_row(count, (const helios_value[]){__VA_ARGS__})
static inline void hm_add_row(int count, const helios_value *values) {
  hm_answer *a = hm_newest();
  if (a->row_count == HM_ROWS || count > HM_COLUMNS) {
    hm_stop("too many rows or columns");
  }
  a->columns = count;
  memcpy(a->rows[a->row_count++], values, (size_t)count * sizeof *values);
}

/* What hg_query gives for it. */
static inline void hm_json(const char *json) {
  hm_newest()->json = json;
}

/* The n-th host call from now, counted from 1, is refused with this status. */
static inline void hm_refuse(int n, int status) {
  hm.refuse_in = n;
  hm.refuse_status = status;
}

/* A parameter of the statement that was prepared last, from 1. */
static inline helios_value hm_bound(int i) {
  return i < 1 || i > HM_COLUMNS ? hm_null() : hm.statements[hm.last_statement].bound[i];
}

/* How often statements with this in their text were run. */
static inline int hm_ran(const char *part) {
  int count = 0;
  for (int i = 0; i < hm.ran_count; i++) {
    count += strstr(hm.ran[i], part) != NULL;
  }
  return count;
}

/* How many log lines have this in them. */
static inline int hm_logged(const char *part) {
  int count = 0;
  for (int i = 0; i < hm.line_count; i++) {
    count += strstr(hm.lines[i], part) != NULL;
  }
  return count;
}

/* ---- the host's side ---- */

static inline void hm_say(const char *text) {
  snprintf(hm.error, sizeof hm.error, "%s", text);
}

/* Is this call refused? */
static inline int hm_refused(void) {
  return hm.refuse_in > 0 && --hm.refuse_in == 0;
}
#define HM_GATE()                                                                                  \
  do {                                                                                             \
    if (hm_refused()) {                                                                            \
      return hm.refuse_status;                                                                     \
    }                                                                                              \
  } while (0)

static inline int hm_give(void *dst, unsigned cap, const void *p, unsigned offset, unsigned n) {
  if (offset < n) {
    memcpy(dst, (const char *)p + offset, n - offset < cap ? n - offset : cap);
  }
  return offset < n ? (int)(n - offset) : 0;
}

char *hg_more_memory(unsigned long long bytes) {
  char *piece =
      bytes > 1u << 30 || hm.piece_count == HM_PIECES ? NULL : (char *)malloc((size_t)bytes);
  if (piece != NULL) {
    hm.pieces[hm.piece_count++] = piece;
  }
  return piece;
}

void heliosdb_error(int code, const char *message, unsigned n) {
  hm.error_code = code;
  snprintf(hm.error, sizeof hm.error, "%.*s", (int)n, message);
  if (!hm.calling) {
    hm_stop("helios_fail outside of HM_CALL");
  }
  longjmp(hm.landing, 1);
}
int hg_fail(int code, const char *p, unsigned n) {
  hm.error_code = code;
  snprintf(hm.error, sizeof hm.error, "%.*s", (int)n, p);
  return 0;
}
int hg_error_message(char *dst, unsigned cap) {
  static const char text[] = "refused by the mock host";
  return hm_give(dst, cap, text, 0, sizeof text - 1);
}
int hg_return_null(void) {
  hm.null_result = 1;
  return 0;
}

static inline void hm_keep_line(char **list, int *count, const char *p, unsigned n) {
  if (*count < HM_LINES) {
    list[(*count)++] = hm_copy(p, n);
  }
}

static inline const hm_answer *hm_answer_to(const char *sql, unsigned n) {
  for (int i = hm.answer_count - 1; i >= 0; i--) {
    if (strlen(hm.answers[i].sql) == n && memcmp(hm.answers[i].sql, sql, n) == 0) {
      return &hm.answers[i];
    }
  }
  fprintf(stderr, "heliosdb_mock: hm_sql did not name: %.*s\n", (int)n, sql);
  return NULL;
}

int hg_prepare(const char *sql, unsigned n) {
  HM_GATE();
  const hm_answer *a = hm_answer_to(sql, n);
  if (a == NULL || hm.statement_count == HM_ANSWERS) {
    return HG_E_SQL;
  }
  hm.last_statement = hm.statement_count++;
  hm_statement *s = &hm.statements[hm.last_statement];
  memset(s, 0, sizeof *s);
  s->answer = a;
  return hm.statement_count;
}
static inline hm_statement *hm_open(int handle) {
  hm_statement *s = handle < 1 || handle > hm.statement_count ? NULL : &hm.statements[handle - 1];
  return s == NULL || s->answer == NULL ? NULL : s;
}
/* With a copy of its bytes, as the host's is. */
static inline helios_value hm_own(helios_value v) {
  if (v.type == HG_TEXT || v.type == HG_BLOB || v.type == HG_JSON || v.type == HG_DECIMAL) {
    if (hm.piece_count == HM_PIECES) {
      hm_stop("too many texts bound or given");
    }
    v.at = hm_copy(v.at, v.length);
    hm.pieces[hm.piece_count++] = (void *)v.at;
  }
  return v;
}
static inline int hm_bind(int handle, unsigned i, helios_value v) {
  HM_GATE();
  hm_statement *s = hm_open(handle);
  if (s == NULL || i < 1 || i > HM_COLUMNS) {
    return s == NULL ? HG_E_HANDLE : HG_E_INDEX;
  }
  s->bound[i] = hm_own(v);
  return 0;
}
int hg_bind_null(int stmt, unsigned i) {
  return hm_bind(stmt, i, hm_null());
}
int hg_bind_i64(int stmt, unsigned i, long long v) {
  return hm_bind(stmt, i, hm_i64(v));
}
int hg_bind_f64(int stmt, unsigned i, double v) {
  return hm_bind(stmt, i, hm_f64(v));
}
int hg_bind_text(int stmt, unsigned i, const char *p, unsigned n) {
  return hm_bind(stmt, i, hm_bytes(HG_TEXT, p, n));
}
int hg_bind_blob(int stmt, unsigned i, const void *p, unsigned n) {
  return hm_bind(stmt, i, hm_bytes(HG_BLOB, p, n));
}
static inline int hm_add_value(helios_value v) {
  HM_GATE();
  if (hm.given_count == HM_ROWS || hm.given_values == HM_COLUMNS) {
    hm_stop("too many rows or columns");
  }
  hm.given[hm.given_count][hm.given_values++] = hm_own(v);
  return 0;
}
int hg_row_null(void) {
  return hm_add_value(hm_null());
}
int hg_row_i64(long long v) {
  return hm_add_value(hm_i64(v));
}
int hg_row_f64(double v) {
  return hm_add_value(hm_f64(v));
}
int hg_row_bytes(enum hg_type type, const void *p, unsigned n) {
  return hm_add_value(hm_bytes(type, p, n));
}
int hg_row_end(void) {
  HM_GATE();
  hm.given_count++;
  hm.given_values = 0;
  return 0;
}
int hg_step(int stmt) {
  HM_GATE();
  hm_statement *s = hm_open(stmt);
  if (s == NULL) {
    return HG_E_HANDLE;
  }
  if (s->at == 0) {
    hm_keep_line(hm.ran, &hm.ran_count, s->answer->sql, (unsigned)strlen(s->answer->sql));
  }
  s->at += s->at <= s->answer->row_count;
  return s->at <= s->answer->row_count;
}
int hg_column_count(int stmt) {
  hm_statement *s = hm_open(stmt);
  return s == NULL ? HG_E_HANDLE : s->answer->columns;
}
static inline const helios_value *hm_cell(int stmt, unsigned c) {
  hm_statement *s = hm_open(stmt);
  if (s == NULL || s->at < 1 || s->at > s->answer->row_count || (int)c >= s->answer->columns) {
    return NULL;
  }
  return &s->answer->rows[s->at - 1][c];
}
int hg_column_type(int stmt, unsigned c) {
  HM_GATE();
  const helios_value *v = hm_cell(stmt, c);
  return v == NULL ? HG_E_STATE : (int)v->type;
}
long long hg_column_i64(int stmt, unsigned c) {
  const helios_value *v = hm_cell(stmt, c);
  if (v == NULL) {
    heliosdb_error(HG_E_INDEX, "no such column or row", 21);
  }
  return v->type == HG_F64 ? (long long)v->f64 : v->type == HG_I64 ? v->i64 : 0;
}
double hg_column_f64(int stmt, unsigned c) {
  const helios_value *v = hm_cell(stmt, c);
  if (v == NULL) {
    heliosdb_error(HG_E_INDEX, "no such column or row", 21);
  }
  return v->type == HG_F64 ? v->f64 : v->type == HG_I64 ? (double)v->i64 : 0;
}
int hg_column_len(int stmt, unsigned c) {
  HM_GATE();
  const helios_value *v = hm_cell(stmt, c);
  return v == NULL ? HG_E_STATE : (int)v->length;
}
int hg_column_read(int stmt, unsigned c, unsigned offset, void *dst, unsigned cap) {
  HM_GATE();
  const helios_value *v = hm_cell(stmt, c);
  if (v == NULL) {
    return HG_E_STATE;
  }
  return v->type == HG_I64 || v->type == HG_F64 ? hm_give(dst, cap, &v->i64, offset, 8)
                                                : hm_give(dst, cap, v->at, offset, v->length);
}
int hg_reset(int stmt) {
  hm_statement *s = hm_open(stmt);
  if (s == NULL) {
    return HG_E_HANDLE;
  }
  s->at = 0;
  return 0;
}
int hg_finalize(int stmt) {
  hm_statement *s = hm_open(stmt);
  if (s == NULL) {
    return HG_E_HANDLE;
  }
  s->answer = NULL; /* what was bound can still be asked for */
  return 0;
}
long long hg_exec(const char *sql, unsigned n, const char *params, unsigned params_n) {
  (void)params;
  (void)params_n;
  HM_GATE();
  const hm_answer *a = hm_answer_to(sql, n);
  hm_keep_line(hm.ran, &hm.ran_count, sql, n);
  return a == NULL ? HG_E_SQL : a->row_count;
}
int hg_query(const char *sql, unsigned n, const char *params, unsigned params_n, char *dst,
             unsigned cap) {
  (void)params;
  (void)params_n;
  HM_GATE();
  const hm_answer *a = hm_answer_to(sql, n);
  hm_keep_line(hm.ran, &hm.ran_count, sql, n);
  const char *json = a == NULL || a->json == NULL ? "[]" : a->json;
  return a == NULL ? HG_E_SQL : hm_give(dst, cap, json, 0, (unsigned)strlen(json));
}

int hg_begin(void) {
  HM_GATE();
  hm.depth++;
  return 0;
}
static inline int hm_close(void) {
  HM_GATE();
  return hm.depth == 0 ? HG_E_STATE : (hm.depth--, 0);
}
int hg_commit(void) {
  return hm_close();
}
int hg_rollback(void) {
  return hm_close();
}

int hg_log(enum hg_level level, const char *p, unsigned n) {
  HM_GATE();
  if ((int)level < 0 || level > HG_ERROR) {
    return HG_E_LEVEL;
  }
  hm_keep_line(hm.lines, &hm.line_count, p, n);
  return 0;
}
long long hg_now_us(void) {
  return hm.now_us;
}
int hg_random(void *dst, unsigned n) {
  HM_GATE();
  for (unsigned i = 0; i < n; i++) {
    hm.seed = hm.seed * 1103515245u + 12345u;
    ((unsigned char *)dst)[i] = (unsigned char)(hm.seed >> 16);
  }
  return 0;
}

/* ---- values and session variables ---- */

static inline hm_pair *hm_find(hm_pair *pairs, const void *key, unsigned n) {
  for (int i = 0; i < HM_PAIRS; i++) {
    if (pairs[i].key != NULL && pairs[i].key_length == n && memcmp(pairs[i].key, key, n) == 0) {
      return &pairs[i];
    }
  }
  return NULL;
}
static inline int hm_remove(hm_pair *pairs, const void *key, unsigned n) {
  hm_pair *p = hm_find(pairs, key, n);
  if (p == NULL) {
    return 0;
  }
  free(p->key);
  free(p->value);
  p->key = p->value = NULL;
  return 1;
}
static inline int hm_put(hm_pair *pairs, const void *key, unsigned n, const void *value,
                         unsigned value_n) {
  hm_remove(pairs, key, n);
  for (int i = 0; i < HM_PAIRS; i++) {
    if (pairs[i].key == NULL) {
      pairs[i].key = hm_copy(key, n);
      pairs[i].value = hm_copy(value, value_n);
      pairs[i].key_length = n;
      pairs[i].length = value_n;
      return 0;
    }
  }
  return HG_E_LIMIT;
}
int hg_kv_get(const void *key, unsigned key_n, unsigned offset, void *dst, unsigned cap) {
  HM_GATE();
  hm_pair *p = hm_find(hm.kept, key, key_n);
  return p == NULL ? HG_E_ABSENT : hm_give(dst, cap, p->value, offset, p->length);
}
int hg_kv_set(const void *key, unsigned key_n, const void *value, unsigned value_n) {
  HM_GATE();
  return hm_put(hm.kept, key, key_n, value, value_n);
}
int hg_kv_delete(const void *key, unsigned key_n) {
  HM_GATE();
  return hm_remove(hm.kept, key, key_n);
}
int hg_session_get(const char *name, unsigned n, char *dst, unsigned cap) {
  HM_GATE();
  hm_pair *p = hm_find(hm.session, name, n);
  return p == NULL ? HG_E_ABSENT : hm_give(dst, cap, p->value, 0, p->length);
}
int hg_session_set(const char *name, unsigned n, const char *value, unsigned value_n) {
  HM_GATE();
  return hm_put(hm.session, name, n, value, value_n);
}

#ifdef __cplusplus
}
#endif

#endif
