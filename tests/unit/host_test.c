/* host_test.c - host functions called by a guest: what they do, and what they do with hostile
 * pointers, handles, texts and orders of calls. */
#include "host_kit.h"

/* ---- what was logged ---- */

static char newest[HRT_LOG_BYTES]; /* the newest line's text, its last column */

static size_t log_count(puppet *p) {
  hrt_record *lines[HRT_RING_MOST];
  hrt_store *store = p->conn.observer.store;
  size_t n = hrt_records_take(lines, store, HRT_RING_LOGS, 0);
  for (size_t i = 0; i < n; i++) {
    snprintf(newest, sizeof newest, "%s", lines[i]->values[lines[i]->count - 1].as.text);
    hrt_record_give(store, lines[i]);
  }
  return n;
}

/* ---- hostile ranges: every function that takes one ---- */

struct range_case {
  const char *name;
  unsigned count, p, n; /* arguments; which are the range */
  uint64_t args[6];
};

#define STMT UINT64_MAX /* stands for an open statement with a row */

static const struct range_case ranges[] = {
    {"return_bytes", 3, 1, 2, {HSB_VALUE_TEXT}},
    {"fail", 3, 1, 2, {1}},
    {"error_message", 2, 0, 1, {0}},
    {"prepare", 2, 0, 1, {0}},
    {"bind_text", 4, 2, 3, {STMT, 1}},
    {"bind_blob", 4, 2, 3, {STMT, 1}},
    {"column_name", 4, 2, 3, {STMT, 0}},
    {"column_read", 5, 3, 4, {STMT, 0}},
    {"exec", 4, 0, 1, {0}},
    {"exec", 4, 2, 3, {100, 8}},
    {"query", 6, 0, 1, {0}},
    {"query", 6, 2, 3, {100, 8}},
    {"query", 6, 4, 5, {100, 8}},
    {"query_read", 3, 1, 2, {0}},
    {"savepoint", 2, 0, 1, {0}},
    {"release", 2, 0, 1, {0}},
    {"rollback_to", 2, 0, 1, {0}},
    {"log", 3, 1, 2, {1}},
    {"heliosdb.heliosdb_query", 4, 0, 1, {0, 0, 0, 64}},
    {"heliosdb.heliosdb_return", 3, 0, 1, {0, 0, HSB_VALUE_TEXT}},
    {"heliosdb.heliosdb_log", 3, 1, 2, {1}},
    {"env.heliosdb_query", 4, 0, 1, {0, 0, 0, 64}},
};

static void range__all(void **state) {
  (void)state;
  for (size_t c = 0; c < sizeof ranges / sizeof *ranges; c++) {
    puppet *p = open_all();
    uint64_t size = hrt_guest_size(p->instance);
    const uint64_t bad[][2] = {
        {size - 1, 2},   {size, 1},          {0xffffffff, 1}, {0xfffffff0, 32},
        {0, 0xffffffff}, {size, 0xffffffff}, {1, size},       {size / 2, size / 2 + 1}};
    puppet_put(p, 100, "SELECT 1", 8);
    CALL(p, "query", 100, 8, 0, 0, 0, 0); /* so that query_read has something */
    int stmt = prepare(p, "SELECT 1, ?1");
    if (strncmp(ranges[c].name, "column", 6) == 0) {
      CALL(p, "step", stmt);
    }
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
      uint64_t args[6], result = 0;
      helios_error err = {0};
      memcpy(args, ranges[c].args, sizeof args);
      args[0] = args[0] == STMT ? (uint64_t)stmt : args[0];
      args[ranges[c].p] = bad[b][0];
      args[ranges[c].n] = bad[b][1];
      int status = puppet_try(p, &result, &err, ranges[c].name, args, ranges[c].count);
      int32_t answer = (int32_t)result;
      if (status != 0 || (answer != HSB_STATUS_RANGE && answer != HSB_STATUS_LIMIT)) {
        fail_msg("%s(%llu, %llu): %d %s, answers %d", ranges[c].name, (unsigned long long)bad[b][0],
                 (unsigned long long)bad[b][1], status, err.text, answer);
      }
    }
    assert_false(hrt_instance_dead(p->instance));
    close_all(p);
  }
}

static void range__last_byte(void **state) {
  (void)state;
  puppet *p = open_all();
  uint32_t size = (uint32_t)hrt_guest_size(p->instance);
  assert_int_equal(CALL(p, "log", 1, TEXT(p, size - 4, "last")), 0);
  assert_int_equal(log_count(p), 1);
  assert_string_equal(newest, "last");
  assert_int_equal(CALL(p, "log", 1, size, 0), 0); /* empty, at the very end */
  assert_int_equal(CALL(p, "log", 1, size + 1, 0), HSB_STATUS_RANGE);
  int s = prepare(p, "SELECT 'four'");
  CALL(p, "step", s);
  assert_int_equal(CALL(p, "column_read", s, 0, 0, size - 4, 4), 4);
  assert_int_equal(CALL(p, "column_read", s, 0, 0, 0xffffffff, 0), 4); /* cap 0: size only */
  close_all(p);
}

/* A buffer is written exactly as far as it is told. */
static void range__no_byte_more(void **state) {
  (void)state;
  puppet *p = open_all();
  char around[16];
  int s = prepare(p, "SELECT 'abcdefgh'");
  CALL(p, "step", s);
  puppet_put(p, 800, "################", 16);
  assert_int_equal(CALL(p, "column_read", s, 0, 2, 804, 4), 6);
  puppet_get(p, around, 800, 16);
  assert_memory_equal(around, "####cdef########", 16);
  close_all(p);
}

/* ---- JSON ---- */

static void query__json(void **state) {
  (void)state;
  puppet *p = open_all();
  char json[400];
  const char *sql = "SELECT 1 AS \"q\"\"x\", 'a\"b\\' || char(10, 1) AS t, 1e999 AS inf, -1e999 AS "
                    "ninf, 0.1 AS r, "
                    "3.0 AS w, x'00ff' AS b, NULL AS n, CAST(x'ff' AS TEXT) AS bad";
  int n = CALL(p, "query", TEXT(p, 0, sql), 0, 0, 2000, sizeof json - 1);
  assert_true(n > 0 && n < (int)sizeof json);
  puppet_get(p, json, 2000, (size_t)n);
  json[n] = 0;
  assert_string_equal(
      json, "[{\"q\\\"x\":1,\"t\":\"a\\\"b\\\\\\n\\u0001\",\"inf\":9e999,\"ninf\":-9e999,\"r\":0.1,"
            "\"w\":3.0,\"b\":\"00ff\",\"n\":null,\"bad\":\"\xef\xbf\xbd\"}]");
  assert_int_equal(CALL(p, "query", TEXT(p, 0, "SELECT a FROM t WHERE a > 99"), 0, 0, 2000, 10), 2);
  puppet_get(p, json, 2000, 2);
  assert_memory_equal(json, "[]", 2);
  close_all(p);
}

static void query__parameters(void **state) {
  (void)state;
  static const struct {
    const char *params;
    int status;
    const char *rows;
  } cases[] = {
      {"[1, -2.5, \"x\\u00e4\\ud83d\\ude00\\n\", null]", 0, "integer real text null"},
      {" [ true , false, 9223372036854775807, 9223372036854775808 ] ", 0,
       "integer integer integer real"},
      {"[1,2,3,4,5]", HSB_STATUS_INDEX, NULL},
      {"[]", 0, "null null null null"},
      {"[1,]", HSB_STATUS_JSON, NULL},
      {"[1 2]", HSB_STATUS_JSON, NULL},
      {"[1", HSB_STATUS_JSON, NULL},
      {"1", HSB_STATUS_JSON, NULL},
      {"[[1]]", HSB_STATUS_JSON, NULL},
      {"[{}]", HSB_STATUS_JSON, NULL},
      {"[\"open]", HSB_STATUS_JSON, NULL},
      {"[\"\\ud800\"]", HSB_STATUS_JSON, NULL},
      {"[\"\\x\"]", HSB_STATUS_JSON, NULL},
      {"[\"\\", HSB_STATUS_JSON, NULL},
      {"[\"a\nb\"]", HSB_STATUS_JSON, NULL},
      {"[\"\xff\"]", HSB_STATUS_JSON, NULL},
      {"[nul]", HSB_STATUS_JSON, NULL},
      {"[1]x", HSB_STATUS_JSON, NULL},
      {"[-]", HSB_STATUS_JSON, NULL},
      {"[.5]", HSB_STATUS_JSON, NULL},
  };
  puppet *p = open_all();
  char json[200], want[200];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int n =
        CALL(p, "query",
             TEXT(p, 0, "SELECT typeof(?)||' '||typeof(?)||' '||typeof(?)||' '||typeof(?) AS t"),
             TEXT(p, 500, cases[i].params), 1000, sizeof json);
    if (cases[i].rows == NULL) {
      if (n != cases[i].status) {
        fail_msg("%s: %d %s", cases[i].params, n, puppet_error(p));
      }
      continue;
    }
    if (n <= 0) {
      fail_msg("%s: %d %s", cases[i].params, n, puppet_error(p));
    }
    puppet_get(p, json, 1000, (size_t)n);
    json[n] = 0;
    snprintf(want, sizeof want, "[{\"t\":\"%s\"}]", cases[i].rows);
    assert_string_equal(json, want);
  }
  close_all(p);
}

/* A buffer that is too small never makes a statement run twice. */
static void query__never_twice(void **state) {
  (void)state;
  puppet *p = open_all();
  char json[64];
  const char *sql = "INSERT INTO t(c) VALUES ('new') RETURNING c";
  int n = CALL(p, "query", TEXT(p, 0, sql), 0, 0, 1000, 3);
  assert_int_equal(n, 13);
  assert_int_equal(value(p, "SELECT count(*) FROM t WHERE c = 'new'"), 1);
  assert_int_equal(CALL(p, "query_read", 0, 1000, 64), 13);
  puppet_get(p, json, 1000, 13);
  assert_memory_equal(json, "[{\"c\":\"new\"}]", 13);
  assert_int_equal(CALL(p, "query_read", 10, 1000, 64), 3);
  assert_int_equal(CALL(p, "query_read", 0xffffffff, 1000, 64), 0);
  /* and from the nine: the same call again delivers the kept rows */
  uint32_t length = 3;
  puppet_put(p, 900, &length, 4);
  assert_int_equal(CALL(p, "heliosdb.heliosdb_query", TEXT(p, 0, sql), 1000, 900),
                   HSB_STATUS_BUFFER);
  puppet_get(p, &length, 900, 4);
  assert_int_equal(length, 13);
  assert_int_equal(CALL(p, "heliosdb.heliosdb_query", TEXT(p, 0, sql), 1000, 900), 0);
  assert_int_equal(value(p, "SELECT count(*) FROM t WHERE c = 'new'"), 2);
  assert_int_equal(CALL(p, "heliosdb.heliosdb_query", TEXT(p, 0, sql), 1000, 900),
                   0); /* paid: runs */
  assert_int_equal(value(p, "SELECT count(*) FROM t WHERE c = 'new'"), 3);
  close_all(p);
}

static void query__limits(void **state) {
  (void)state;
  puppet *p = open_all();
  assert_int_equal(CALL(p, "query", TEXT(p, 0, "SELECT zeroblob(70000000) AS z"), 0, 0, 0, 0),
                   HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "query",
                        TEXT(p, 0,
                             "SELECT hex(zeroblob(20000000)) AS z UNION ALL SELECT "
                             "hex(zeroblob(20000001))"),
                        0, 0, 0, 0),
                   HSB_STATUS_LIMIT);
  assert_int_equal(sqlite3_limit(p->db, SQLITE_LIMIT_LENGTH, -1), 1000000000); /* put back */
  close_all(p);
}

/* ---- transactions ---- */

static void tx__nesting(void **state) {
  (void)state;
  puppet *p = open_all();
  assert_int_equal(CALL(p, "begin"), 0);
  CALL64(p, "exec", TEXT(p, 0, "INSERT INTO t(a) VALUES (10)"), 0, 0);
  assert_int_equal(CALL(p, "begin"), 0);
  CALL64(p, "exec", TEXT(p, 0, "INSERT INTO t(a) VALUES (11)"), 0, 0);
  assert_int_equal(CALL(p, "rollback"), 0);
  assert_int_equal(CALL(p, "commit"), 0);
  assert_int_equal(CALL(p, "commit"), HSB_STATUS_STATE);
  assert_int_equal(CALL(p, "rollback"), HSB_STATUS_STATE);
  assert_int_equal(value(p, "SELECT count(*) FROM t WHERE a >= 10"), 1);
  assert_int_equal(sqlite3_get_autocommit(p->db), 1);
  close_all(p);
}

static void tx__names(void **state) {
  (void)state;
  puppet *p = open_all();
  assert_int_equal(CALL(p, "savepoint", TEXT(p, 0, "one")), 0);
  CALL64(p, "exec", TEXT(p, 0, "INSERT INTO t(a) VALUES (10)"), 0, 0);
  assert_int_equal(CALL(p, "savepoint", TEXT(p, 0, "two; DROP TABLE t")), 0);
  CALL64(p, "exec", TEXT(p, 0, "INSERT INTO t(a) VALUES (11)"), 0, 0);
  assert_int_equal(CALL(p, "rollback_to", TEXT(p, 0, "ONE")), 0);
  assert_int_equal(CALL(p, "rollback_to", TEXT(p, 0, "two; DROP TABLE t")), HSB_STATUS_STATE);
  assert_int_equal(CALL(p, "release", TEXT(p, 0, "one")), 0);
  assert_int_equal(CALL(p, "release", TEXT(p, 0, "one")), HSB_STATUS_STATE);
  assert_int_equal(CALL(p, "savepoint", 0, 0), HSB_STATUS_UTF8);
  assert_int_equal(CALL(p, "savepoint", 0, puppet_put(p, 0, "a\0b", 3)), HSB_STATUS_UTF8);
  assert_int_equal(CALL(p, "savepoint", 0, 64), HSB_STATUS_LIMIT);
  assert_int_equal(value(p, "SELECT count(*) FROM t WHERE a >= 10"), 0);
  close_all(p);
}

/* The caller's transaction and savepoints are out of reach; what is left open is undone. */
static void tx__callers(void **state) {
  (void)state;
  puppet *p = open_all();
  puppet_exec(p, "BEGIN; INSERT INTO t(a) VALUES (20); SAVEPOINT helios_0; SAVEPOINT mine");
  assert_int_equal(CALL(p, "rollback_to", TEXT(p, 0, "mine")), HSB_STATUS_STATE);
  assert_int_equal(CALL(p, "rollback"), HSB_STATUS_STATE);
  static const char *const sql[] = {"COMMIT", "END", "BEGIN", "SAVEPOINT x", "RELEASE mine"};
  for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
    assert_int_equal(CALL64(p, "exec", TEXT(p, 0, sql[i]), 0, 0), HSB_STATUS_DENIED);
  }
  assert_int_equal(CALL64(p, "exec", TEXT(p, 0, "ROLLBACK"), 0, 0), HSB_STATUS_DENIED);
  CALL(p, "begin");
  CALL(p, "begin");
  CALL64(p, "exec", TEXT(p, 0, "INSERT INTO t(a) VALUES (21)"), 0, 0);
  hrt_host_end(p->env);
  assert_int_equal(p->conn.savepoints, 0);
  puppet_exec(p, "RELEASE mine; COMMIT");
  assert_int_equal(value(p, "SELECT count(*) FROM t WHERE a >= 20"), 1);
  hrt_host_begin(p->env, 0, NULL, NULL);
  close_all(p);
}

static void tx__depth(void **state) {
  (void)state;
  puppet *p = open_all();
  for (int i = 0; i < HRT_TX_DEPTH; i++) {
    assert_int_equal(CALL(p, "begin"), 0);
  }
  assert_int_equal(CALL(p, "begin"), HSB_STATUS_LIMIT);
  close_all(p);
}

/* Rolling back under an open statement of the call resets it. */
static void tx__open_statement(void **state) {
  (void)state;
  puppet *p = open_all();
  CALL(p, "begin");
  int s = prepare(p, "INSERT INTO t(c) VALUES ('x'), ('y') RETURNING a");
  assert_int_equal(CALL(p, "step", s), 1);
  assert_int_equal(CALL(p, "rollback"), 0);
  assert_int_equal(CALL(p, "column_type", s, 0), HSB_STATUS_STATE);
  assert_int_equal(value(p, "SELECT count(*) FROM t"), 3);
  close_all(p);
}

/* ---- results, errors, log, clock ---- */

static void result__given(void **state) {
  (void)state;
  puppet *p = open_all();
  assert_int_equal(CALL(p, "return_i64", 5), 0);
  assert_int_equal(p->env->given, HRT_GIVEN_VALUE);
  assert_int_equal(CALL(p, "return_bytes", HSB_VALUE_TEXT, TEXT(p, 0, "text")), 0);
  assert_memory_equal(p->env->bytes, "text", 4);
  assert_int_equal(CALL(p, "return_bytes", HSB_VALUE_I64, 0, 8), HSB_STATUS_TYPE);
  assert_int_equal(CALL(p, "return_bytes", 99, 0, 8), HSB_STATUS_TYPE);
  assert_int_equal(CALL(p, "return_bytes", HSB_VALUE_TEXT, 0, puppet_put(p, 0, "\xed\xa0\x80", 3)),
                   HSB_STATUS_UTF8);
  assert_int_equal(CALL(p, "return_bytes", HSB_VALUE_BLOB, 0, 3), 0);
  assert_int_equal(CALL(p, "return_null"), 0);
  assert_null(p->env->bytes);
  int64_t v = -7;
  puppet_put(p, 16, &v, 8);
  assert_int_equal(CALL(p, "env.heliosdb_return", 16, 8, HSB_VALUE_I64), 0);
  assert_int_equal((int64_t)p->env->bits, -7);
  assert_int_equal(CALL(p, "env.heliosdb_return", 16, 1, HSB_VALUE_BOOLEAN), 0);
  static const uint64_t wrong[][2] = {
      {4, HSB_VALUE_I64}, {9, HSB_VALUE_F64}, {1, HSB_VALUE_NULL}, {8, 8}, {8, 0xffffffff}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(CALL(p, "env.heliosdb_return", 16, wrong[i][0], wrong[i][1]), HSB_STATUS_TYPE);
  }
  assert_int_equal(CALL(p, "env.heliosdb_return", 0xfffffffc, 8, HSB_VALUE_I64), HSB_STATUS_RANGE);
  hrt_host_end(p->env);
  assert_int_equal(p->env->given, HRT_GIVEN_NOTHING);
  assert_int_equal(CALL(p, "return_i64", 5), HSB_STATUS_STATE); /* no call runs */
  assert_int_equal(CALL(p, "prepare", TEXT(p, 0, "SELECT 1")), HSB_STATUS_STATE);
  assert_int_equal(CALL(p, "begin"), HSB_STATUS_STATE);
  puppet_close(p);
}

static void result__errors(void **state) {
  (void)state;
  puppet *p = open_all();
  assert_int_equal(CALL(p, "fail", 42, TEXT(p, 0, "no\nsuch\x1b[31m \xff customer")), 0);
  assert_int_equal(p->env->given, HRT_GIVEN_ERROR);
  assert_int_equal(p->env->error.code, HELIOS_E_GUEST);
  assert_int_equal(p->env->error.guest_code, 42);
  assert_string_equal(p->env->error.text, "no\\x0asuch\\x1b[31m \\xff customer");
  helios_error err =
      FAILS(p, HELIOS_E_GUEST, "heliosdb.heliosdb_error", (uint32_t)-3, TEXT(p, 0, "stop"));
  assert_int_equal(err.guest_code, -3);
  assert_string_equal(err.text, "stop");
  close_all(p);
}

/* What the guest's error says of SQL that did not compile; in the text of the guest's alone it is
 * not. */
static const char *hint_for(puppet *p, const char *sql, const char *said) {
  int status = CALL(p, "prepare", TEXT(p, 0, sql));
  if (status >= 0) {
    fail_msg("%s: %d", sql, status);
  }
  assert_null(strstr(puppet_error(p), "byte"));
  char text[600];
  snprintf(text, sizeof text, "%s%s", said, puppet_error(p));
  assert_int_equal(CALL(p, "fail", (uint32_t)status, TEXT(p, 0, text)), 0);
  assert_string_equal(p->env->error.text, text);
  return p->env->error.hint;
}

static void result__place_in_sql(void **state) {
  static const struct {
    const char *sql, *hint;
  } cases[] = {
      {"SELECT 1, nme FROM t", "at \"nme FROM t\" (byte 10 of its SQL)"},
      {"SELECT 1 FORM t", "at \"t\" (byte 14 of its SQL)"},
      {"SELECT a\n FROM gone", "in its SQL \"SELECT a\""},
      {"SELECT 1,\n  nme -- \x1b[31m\n FROM t", "at \"nme -- \\x1b[31m\" (byte 12 of its SQL)"},
      {"SELECT nme + 'a text that is longer than what is shown'",
       "at \"nme + 'a text that is longer than what i...\" (byte 7 of its SQL)"},
      {"SELECT nme + '123456789012345678901234567890\xc3\xa4'",
       "at \"nme + '123456789012345678901234567890\xc3\xa4'\" (byte 7 of its SQL)"},
      {"SELECT nme + '12345678901234567890123456789012\xc3\xa4'",
       "at \"nme + '12345678901234567890123456789012...\" (byte 7 of its SQL)"},
      {"SELECT instr('a', 'b'), nme",
       "in its SQL \"SELECT instr('a', 'b'), nme\""}, /* is changed for SQLite */
      {"SELECT nme, instr('a', 'b')", "in its SQL \"SELECT nme, instr('a', 'b')\""},
  };
  (void)state;
  puppet *p = open_all();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_string_equal(hint_for(p, cases[i].sql, "so: "), cases[i].hint);
  }
  /* an error of the guest's that is not that one */
  assert_true(CALL(p, "prepare", TEXT(p, 0, "SELECT nme")) < 0);
  assert_int_equal(CALL(p, "fail", 1, TEXT(p, 0, "something else")), 0);
  assert_string_equal(p->env->error.hint, "");
  assert_true(CALL(p, "prepare", TEXT(p, 0, "SELECT nme")) < 0);
  assert_int_equal(CALL(p, "arg_type", 9), HSB_STATUS_INDEX);
  assert_int_equal(CALL(p, "fail", 1, TEXT(p, 0, puppet_error(p))), 0);
  assert_string_equal(p->env->error.hint, "");
  /* one of an earlier call */
  assert_true(CALL(p, "prepare", TEXT(p, 0, "SELECT nme")) < 0);
  hrt_host_end(p->env);
  hrt_host_begin(p->env, 0, NULL, NULL);
  assert_int_equal(CALL(p, "fail", 1, TEXT(p, 0, "no such column: nme")), 0);
  assert_string_equal(p->env->error.hint, "");
  close_all(p);
}

/* What a host function refused in one call is not the next one's to read, nor is its result. */
static void result__ends_with_its_call(void **state) {
  (void)state;
  puppet *p = open_all();
  assert_int_equal(CALL(p, "arg_type", 9), HSB_STATUS_INDEX);
  assert_true(CALL(p, "error_message", 500, 100) > 0);
  hrt_host_end(p->env);
  hrt_host_begin(p->env, 0, NULL, NULL);
  assert_int_equal(CALL(p, "error_message", 500, 100), 0);
  assert_int_equal(CALL(p, "return_i64", 7), 0);
  assert_int_equal(p->env->given, HRT_GIVEN_VALUE);
  hrt_host_end(p->env);
  assert_int_equal(p->env->given, HRT_GIVEN_NOTHING);
  close_all(p);
}

static int logged;
static char log_text[100];

static void sink(void *arg, hrt_log_level level, const char *procedure, const char *text) {
  assert_ptr_equal(arg, log_text);
  assert_string_equal(procedure, "puppet");
  logged = (int)level + 1;
  snprintf(log_text, sizeof log_text, "%s", text);
}

static void log__lines(void **state) {
  (void)state;
  puppet *p = open_all();
  p->conn.log = sink;
  p->conn.log_arg = log_text;
  logged = 0;
  assert_int_equal(CALL(p, "log", HRT_LOG_WARN,
                        TEXT(p, 0,
                             "a\tb \xe2\x80\xae"
                             "c")),
                   0);
  assert_int_equal(logged, 3);
  assert_string_equal(log_text, "a\\x09b \\xe2\\x80\\xaec");
  assert_int_equal(CALL(p, "log", 4, 0, 1), HSB_STATUS_LEVEL);
  assert_int_equal(CALL(p, "log", 0xffffffff, 0, 1), HSB_STATUS_LEVEL);
  p->conn.log_level = HRT_LOG_WARN;
  assert_int_equal(CALL(p, "env.heliosdb_log", HRT_LOG_INFO, 0, 1), 0);
  assert_int_equal(logged, 3);
  for (int i = 0; i < 300; i++) {
    assert_int_equal(CALL(p, "log", HRT_LOG_ERROR, 0, 1), 0);
  }
  assert_int_equal(log_count(p), 301);
  char *big = calloc(1, 100000);
  memset(big, 'x', 100000);
  assert_int_equal(CALL(p, "log", 3, 0, puppet_put(p, 0, big, 100000)), 0);
  assert_int_equal(log_count(p), 302);
  assert_int_equal(strlen(newest), HRT_LOG_BYTES - 1);
  free(big);
  close_all(p);
}

static void clock__now(void **state) {
  (void)state;
  puppet *p = open_all();
  int64_t now = CALL64(p, "now_us"), then = CALL64(p, "heliosdb.heliosdb_now");
  assert_true(now > INT64_C(1700000000000000) && then >= now && then < now + 60000000);
  close_all(p);
}

/* ---- budget ---- */

static void budget__fuel_and_time_in_sql(void **state) {
  (void)state;
  const char *sql =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS m FROM n";
  uint64_t result = 0;
  for (int kind = 0; kind < 4; kind++) {
    puppet *p = open_all();
    int cancel = kind == 2;
    helios_error err = {0};
    uint64_t used = p->budget.fuel_used;
    p->budget.fuel_limit = kind == 0 ? used + 5000000 : 0;
    p->budget.deadline_ns = kind == 1 ? 1 : 0;
    p->budget.cancel = &cancel;
    if (kind == 3) {
      int s = prepare(p, "SELECT 1"); /* so that the window is known to work */
      assert_int_equal(CALL(p, "step", s), 1);
      p->budget.deadline_ns = 1;
    }
    int status = puppet_try(p, &result, &err, "query", ARGS(TEXT(p, 0, sql), 0, 0, 0, 0));
    static const int want[] = {HELIOS_E_FUEL, HELIOS_E_DEADLINE, HELIOS_E_CANCELLED,
                               HELIOS_E_DEADLINE};
    if (status != want[kind]) {
      fail_msg("%d: %d %s", kind, status, err.text);
    }
    assert_null(p->conn.active);
    close_all(p);
  }
}

static void budget__bytes_cost(void **state) {
  (void)state;
  puppet *p = open_all();
  uint64_t before = p->budget.fuel_used;
  CALL(p, "log", 1, 0, 80);
  uint64_t small = p->budget.fuel_used - before;
  before = p->budget.fuel_used;
  CALL(p, "log", 1, 0, 8080);
  assert_int_equal(p->budget.fuel_used - before - small, 1000);
  close_all(p);
}

/* ---- memory of the host ---- */

static void memory__every_failure(void **state) {
  (void)state;
  for (long n = 0; n < 12; n++) {
    puppet *p = open_all();
    char big[3000];
    memset(big, 'x', sizeof big);
    memcpy(big, "[\"", 2);
    memcpy(big + sizeof big - 2, "\"]", 2);
    puppet_put(p, 2000, big, sizeof big);
    hrt_alloc_fail(n, 1);
    int status = CALL(p, "query", TEXT(p, 0, "SELECT ?1 AS x"), 2000, sizeof big, 8000, 4000);
    int begin = CALL(p, "begin"), log = CALL(p, "log", 1, 2000, sizeof big);
    int given = CALL(p, "return_bytes", HSB_VALUE_TEXT, 2000, sizeof big);
    hrt_alloc_fail(-1, 0);
    assert_true(status > 0 || status == HSB_STATUS_NOMEM);
    assert_true(begin == 0 || begin == HSB_STATUS_NOMEM);
    assert_true(log == 0 || log == HSB_STATUS_NOMEM);
    assert_true(given == 0 || given == HSB_STATUS_NOMEM);
    close_all(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(range__all),
      cmocka_unit_test(range__last_byte),
      cmocka_unit_test(range__no_byte_more),
      cmocka_unit_test(query__json),
      cmocka_unit_test(query__parameters),
      cmocka_unit_test(query__never_twice),
      cmocka_unit_test(query__limits),
      cmocka_unit_test(tx__nesting),
      cmocka_unit_test(tx__names),
      cmocka_unit_test(tx__callers),
      cmocka_unit_test(tx__depth),
      cmocka_unit_test(tx__open_statement),
      cmocka_unit_test(result__given),
      cmocka_unit_test(result__errors),
      cmocka_unit_test(result__place_in_sql),
      cmocka_unit_test(result__ends_with_its_call),
      cmocka_unit_test(log__lines),
      cmocka_unit_test(clock__now),
      cmocka_unit_test(budget__fuel_and_time_in_sql),
      cmocka_unit_test(budget__bytes_cost),
      cmocka_unit_test(memory__every_failure),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
