/* stmt_test.c - statements of a guest: parameters, columns, handles, those that are kept compiled,
 * errors. */
#include "host_kit.h"

static void stmt__rows_and_columns(void **state) {
  (void)state;
  puppet *p = open_all();
  char text[32];
  int s = prepare(p, "SELECT a, b, c, d FROM t WHERE a >= ?1 ORDER BY a");
  assert_int_equal(CALL(p, "bind_i64", s, 1, 1), 0);
  assert_int_equal(CALL(p, "column_count", s), 4);
  assert_int_equal(CALL(p, "column_name", s, 2, 500, 10), 1);
  puppet_get(p, text, 500, 1);
  assert_int_equal(text[0], 'c');
  assert_int_equal(CALL(p, "step", s), 1);
  assert_int_equal(CALL(p, "column_type", s, 0), HSB_VALUE_I64);
  assert_int_equal(CALL(p, "column_type", s, 1), HSB_VALUE_F64);
  assert_int_equal(CALL(p, "column_type", s, 2), HSB_VALUE_TEXT);
  assert_int_equal(CALL(p, "column_type", s, 3), HSB_VALUE_BLOB);
  assert_int_equal(CALL64(p, "column_i64", s, 0), 1);
  double d = 1.5;
  uint64_t bits = 0;
  memcpy(&bits, &d, 8);
  assert_int_equal((uint64_t)CALL64(p, "column_f64", s, 1), bits);
  assert_int_equal(CALL(p, "column_len", s, 1), 8);
  assert_int_equal(CALL(p, "column_read", s, 1, 0, 600, 8), 8);
  puppet_get(p, &d, 600, 8);
  assert_true(d == 1.5);
  assert_int_equal(CALL(p, "column_read", s, 3, 1, 600, 8), 2); /* from byte 1 */
  puppet_get(p, text, 600, 2);
  assert_memory_equal(text, "\x01\xff", 2);
  assert_int_equal(CALL(p, "column_read", s, 3, 99, 600, 8), 0);
  assert_int_equal(CALL(p, "column_read", s, 2, 0, 600, 2), 3); /* more than fits */
  assert_int_equal(CALL(p, "step", s), 1);
  assert_int_equal(CALL(p, "column_len", s, 2), 7);
  assert_int_equal(CALL(p, "column_type", s, 3), HSB_VALUE_NULL);
  assert_int_equal(CALL(p, "column_len", s, 3), 0);
  assert_int_equal(CALL(p, "step", s), 1);
  assert_int_equal(CALL(p, "step", s), 0);
  assert_int_equal(CALL(p, "column_type", s, 0), HSB_STATUS_STATE);
  assert_int_equal(CALL(p, "reset", s), 0);
  assert_int_equal(CALL(p, "step", s), 1); /* parameters stay */
  assert_int_equal(CALL64(p, "column_i64", s, 0), 1);
  assert_int_equal(CALL(p, "finalize", s), 0);
  close_all(p);
}

static void stmt__parameters(void **state) {
  (void)state;
  puppet *p = open_all();
  char json[200];
  int s = prepare(p, "INSERT INTO t(a, b, c, d) VALUES (?, ?, ?, ?)");
  double d = 2.25;
  uint64_t bits = 0;
  memcpy(&bits, &d, 8);
  assert_int_equal(CALL(p, "bind_i64", s, 1, (uint64_t)INT64_MIN), 0);
  assert_int_equal(CALL(p, "bind_f64", s, 2, bits), 0);
  assert_int_equal(CALL(p, "bind_text", s, 3, TEXT(p, 700, "it's")), 0);
  assert_int_equal(CALL(p, "bind_blob", s, 4, 0, 0), 0);
  assert_int_equal(CALL(p, "bind_null", s, 5), HSB_STATUS_INDEX);
  assert_int_equal(CALL(p, "bind_null", s, 0), HSB_STATUS_INDEX);
  assert_int_equal(CALL(p, "bind_null", s, 0xffffffff), HSB_STATUS_INDEX);
  assert_int_equal(CALL(p, "bind_text", s, 3, puppet_put(p, 700, "\xc0\x80", 2) * 350, 2),
                   HSB_STATUS_UTF8);
  assert_int_equal(CALL(p, "step", s), 0);
  assert_int_equal(CALL(p, "bind_null", s, 1), HSB_STATUS_STATE); /* not reset */
  assert_int_equal(CALL(p, "finalize", s), 0);
  int n = CALL(p, "query", TEXT(p, 0, "SELECT a, b, c, d FROM t WHERE a < 0"), 0, 0, 1000,
               sizeof json - 1);
  puppet_get(p, json, 1000, (size_t)n);
  json[n] = 0;
  assert_string_equal(json, "[{\"a\":-9223372036854775808,\"b\":2.25,\"c\":\"it's\",\"d\":\"\"}]");
  close_all(p);
}

static void stmt__handles(void **state) {
  (void)state;
  puppet *p = open_all();
  static const uint32_t wrong[] = {0, 1, 63, 64, 65, 4096, 0x7fffffff, 0x80000000, 0xffffffff};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(CALL(p, "step", wrong[i]), HSB_STATUS_HANDLE);
  }
  int s = prepare(p, "SELECT 1");
  assert_int_equal(CALL(p, "finalize", s), 0);
  assert_int_equal(CALL(p, "finalize", s), HSB_STATUS_HANDLE);
  int again = prepare(p, "SELECT 1"); /* same slot, same statement, other handle */
  assert_int_not_equal(again, s);
  static const char *const calls[] = {"step", "reset", "finalize", "column_count"};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    assert_int_equal(CALL(p, calls[i], s), HSB_STATUS_HANDLE);
  }
  assert_int_equal(CALL(p, "bind_null", s, 1), HSB_STATUS_HANDLE);
  assert_int_equal(CALL(p, "bind_text", s, 1, 0, 0), HSB_STATUS_HANDLE);
  assert_int_equal(CALL(p, "column_type", s, 0), HSB_STATUS_HANDLE);
  assert_int_equal(CALL(p, "column_name", s, 0, 0, 0), HSB_STATUS_HANDLE);
  assert_int_equal(CALL(p, "column_read", s, 0, 0, 0, 0), HSB_STATUS_HANDLE);
  assert_int_equal(CALL(p, "column_name", again, 1, 0, 0), HSB_STATUS_INDEX);
  assert_int_equal(CALL(p, "column_name", again, 0xffffffff, 0, 0), HSB_STATUS_INDEX);
  assert_int_equal(CALL(p, "step", again), 1);
  assert_int_equal(CALL(p, "column_type", again, 1), HSB_STATUS_INDEX);
  assert_int_equal(CALL(p, "column_len", again, 0x80000000), HSB_STATUS_INDEX);
  helios_error err = FAILS(p, HELIOS_E_GUEST, "column_i64", again, 7);
  assert_int_equal(err.guest_code, HSB_STATUS_INDEX);
  assert_true(hrt_instance_dead(p->instance));
  close_all(p);
}

static void stmt__65_open(void **state) {
  (void)state;
  puppet *p = open_all();
  char sql[40];
  for (int i = 0; i < 64; i++) {
    snprintf(sql, sizeof sql, "SELECT a, %d FROM t", i);
    assert_int_equal(CALL(p, "step", prepare(p, sql)), 1);
  }
  assert_int_equal(CALL(p, "prepare", TEXT(p, 0, "SELECT 64")), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "exec", TEXT(p, 0, "DELETE FROM t"), 0, 0), HSB_STATUS_LIMIT);
  hrt_host_end(p->env);
  hrt_host_begin(p->env, 0, NULL, NULL);
  for (sqlite3_stmt *s = sqlite3_next_stmt(p->db, NULL); s != NULL;
       s = sqlite3_next_stmt(p->db, s)) {
    assert_int_equal(sqlite3_stmt_busy(s), 0); /* kept ones are reset */
  }
  assert_true(CALL(p, "prepare", TEXT(p, 0, "SELECT 64")) > 0);
  close_all(p);
}

static int kept(puppet *p) {
  int n = 0;
  for (sqlite3_stmt *s = sqlite3_next_stmt(p->db, NULL); s != NULL;
       s = sqlite3_next_stmt(p->db, s)) {
    n++;
  }
  return n;
}

static void stmt__cache(void **state) {
  (void)state;
  puppet *p = open_all();
  char sql[40];
  for (int call = 0; call < 100; call++) {
    int s = prepare(p, "SELECT c FROM t WHERE a = ?1");
    assert_int_equal(CALL(p, "step", s), 0); /* nothing stayed bound */
    CALL(p, "reset", s);
    CALL(p, "bind_i64", s, 1, 1);
    assert_int_equal(CALL(p, "step", s), 1);
    hrt_host_end(p->env);
    hrt_host_begin(p->env, 0, NULL, NULL);
  }
  assert_int_equal(kept(p), 1);
  for (int i = 0; i < 40; i++) {
    snprintf(sql, sizeof sql, "SELECT %d", i);
    CALL(p, "finalize", prepare(p, sql));
  }
  assert_int_equal(kept(p), HRT_STMTS_IDLE);
  close_all(p);
}

/* What one call bound is not there in the next, whichever way it was bound. */
static void stmt__nothing_stays_bound(void **state) {
  (void)state;
  static const char *const ways[] = {"bind_i64", "bind_f64", "bind_text", "bind_blob"};
  puppet *p = open_all();
  char sql[300] = "SELECT coalesce(?1, ?2, ?70, 'none') || ifnull(?2, '')";
  char text[32];
  puppet_put(p, 700, "bytes", 5);
  for (int round = 0; round < 12; round++) {
    int s = prepare(p, sql);
    if (round % 3 == 0) {
      for (uint64_t way = 0; way < 4; way++) {
        uint64_t index = way == 0 ? 70 : way == 1 ? 1 : 2;
        assert_int_equal(CALL(p, ways[way], s, index, 700, 5), 0);
      }
    } else if (round % 3 == 1) {
      assert_int_equal(CALL(p, "bind_i64", s, 1, 5), 0); /* only light ones */
    }
    assert_int_equal(CALL(p, "step", s), 1);
    int n = CALL(p, "column_read", s, 0, 0, 800, 32);
    puppet_get(p, text, 800, (size_t)n);
    text[n] = 0;
    if (round % 3 > 0) {
      assert_string_equal(text, round % 3 == 1 ? "5" : "none");
    }
    hrt_host_end(p->env);
    hrt_host_begin(p->env, 0, NULL, NULL);
  }
  close_all(p);
}

/* What a call binds is there, whatever an earlier call bound to the same parameter of a kept
 * statement; the last way is a JSON array of parameters. */
static void stmt__each_way_after_each(void **state) {
  (void)state;
  static const char *const ways[] = {"bind_null", "bind_i64",  "bind_f64",
                                     "bind_text", "bind_blob", "query"};
  static const char *const types[] = {"nullnull", "nullinteger", "nullreal",
                                      "nulltext", "nullblob",    "nulltext"};
  enum { WAYS = sizeof ways / sizeof *ways };
  static const char sql[] = "SELECT typeof(?2) || typeof(?1) AS t";
  puppet *p = open_all();
  char text[64];
  puppet_put(p, 700, "[\"x\"]", 5);
  for (int round = 0; round < 2 * WAYS * WAYS; round++) {
    int first = round % 2 == 0, way = first ? round / 2 % WAYS : round / 2 / WAYS;
    int n;
    if (strcmp(ways[way], "query") == 0) {
      n = CALL(p, "query", TEXT(p, 0, sql), 700, 5, 800, sizeof text - 1);
    } else {
      int s = prepare(p, sql);
      CALL(p, "bind_i64", s, 2, 1); /* of an earlier call, too, when that way is JSON's */
      CALL(p, "bind_null", s, 2);
      assert_int_equal(CALL(p, ways[way], s, 1, 700, 5), 0);
      assert_int_equal(CALL(p, "step", s), 1);
      n = CALL(p, "column_read", s, 0, 0, 800, sizeof text - 1);
    }
    assert_in_range(n, 1, sizeof text - 1);
    puppet_get(p, text, 800, (size_t)n);
    text[n] = 0;
    assert_non_null(strstr(text, types[way]));
    hrt_host_end(p->env);
    hrt_host_begin(p->env, 0, NULL, NULL);
  }
  assert_int_equal(kept(p), 1);
  close_all(p);
}

static void stmt__texts(void **state) {
  (void)state;
  puppet *p = open_all();
  static const struct {
    const char *sql;
    int status;
  } cases[] = {
      {"", HSB_STATUS_SQL},
      {"  -- nothing\n /* at all */ ;", HSB_STATUS_SQL},
      {"SELECT 1; SELECT 2", HSB_STATUS_SQL},
      {"SELECT 1; x", HSB_STATUS_SQL},
      {"SELEC 1", HSB_STATUS_SQL},
      {"SELECT nope FROM t", HSB_STATUS_SQL},
      {"SELECT * FROM missing", HSB_STATUS_SQL},
      {"SELECT '\xff'", HSB_STATUS_UTF8},
      {"INSERT OR ROLLBACK INTO t(a) VALUES (1)", HSB_STATUS_DENIED},
      {"INSERT or/**/rollBACK INTO t(a) VALUES (1)", HSB_STATUS_DENIED},
      {"INSERT OR \xef\xbb\xbfROLLBACK INTO t(a) VALUES (1)", HSB_STATUS_DENIED},
      {"WITH c AS (SELECT $a(') AS q) INSERT OR ROLLBACK INTO t(a) SELECT 'x'", HSB_STATUS_DENIED},
      {"WITH c AS (SELECT :a::b(\") AS q) INSERT OR ROLLBACK INTO t(a) SELECT \"x\"",
       HSB_STATUS_DENIED},
      {"WITH c AS (SELECT @a(/*) AS q) INSERT OR ROLLBACK INTO t(a) SELECT 1", HSB_STATUS_DENIED},
      {"SELECT $a(rollback2), @rollback", HSB_STATUS_SQL},
      {"SELECT 'rollback', \"rollback\" FROM (SELECT 1 AS rollback2) -- rollback", HSB_STATUS_SQL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int status = CALL(p, "prepare", TEXT(p, 0, cases[i].sql));
    bool quoted = strstr(cases[i].sql, "rollback2") != NULL;
    if (quoted ? status == HSB_STATUS_DENIED : status != cases[i].status) {
      fail_msg("%s: %d, %s", cases[i].sql, status, puppet_error(p));
    }
  }
  assert_int_equal(CALL(p, "prepare", 0, puppet_put(p, 0, "SELECT 1\0; DROP", 15)), HSB_STATUS_SQL);
  assert_string_equal(puppet_error(p), "a NUL byte in the statement");
  prepare(p, "SELECT 1;  -- and a comment\n ;");
  assert_int_equal(CALL(p, "prepare", 0, (1 << 20) + 1), HSB_STATUS_LIMIT);
  close_all(p);
}

static void fail_with(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc;
  sqlite3_result_error_code(sql, sqlite3_value_int(argv[0]));
}

/* The guest hears which operation on the file failed. */
static void stmt__extended_code(void **state) {
  (void)state;
  puppet *p = open_all();
  assert_int_equal(
      sqlite3_create_function(p->db, "abs", 1, SQLITE_UTF8, NULL, fail_with, NULL, NULL),
      SQLITE_OK);
  assert_int_equal(CALL64(p, "exec", TEXT(p, 0, "SELECT abs(5898)"), 0, 0), HSB_STATUS_SQL);
  assert_string_equal(puppet_error(p), "disk I/O error (SQLITE_IOERR_DELETE_NOENT)");
  close_all(p);
}

static void stmt__constraint_and_busy(void **state) {
  (void)state;
  puppet *p = open_all();
  assert_int_equal(CALL64(p, "exec", TEXT(p, 0, "INSERT INTO t(a) VALUES (1)"), 0, 0),
                   HSB_STATUS_CONSTRAINT);
  assert_string_equal(puppet_error(p), "UNIQUE constraint failed: t.a");
  assert_int_equal(CALL64(p, "exec", TEXT(p, 0, "UPDATE t SET b = 0 WHERE a > 1"), 0, 0), 2);
  assert_int_equal(CALL64(p, "exec", TEXT(p, 0, "SELECT * FROM t"), 0, 0), 0);
  close_all(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stmt__rows_and_columns),
      cmocka_unit_test(stmt__parameters),
      cmocka_unit_test(stmt__handles),
      cmocka_unit_test(stmt__65_open),
      cmocka_unit_test(stmt__cache),
      cmocka_unit_test(stmt__nothing_stays_bound),
      cmocka_unit_test(stmt__each_way_after_each),
      cmocka_unit_test(stmt__texts),
      cmocka_unit_test(stmt__constraint_and_busy),
      cmocka_unit_test(stmt__extended_code),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
