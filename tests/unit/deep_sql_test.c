/* deep_sql_test.c - SQL of a guest that SQLite would follow by recursion until the thread's stack
 * is gone is refused before it is compiled, and so is a schema that makes any SQL so; what is
 * only long is not. */
#include "sql_text_kit.h"

/* WITH in which each selects from the one before. */
static void chain(unsigned links) {
  char last[64];
  begin("WITH a0(x) AS (SELECT 1)");
  repeat(",a%u(x) AS(SELECT x+1 FROM a%u LIMIT 1)", links);
  snprintf(last, sizeof last, " SELECT x FROM a%u", links);
  add(last);
}

static puppet *open_puppet(void) {
  return open_text(
      (const char *const[]){"query", "read:u", "write:u", "read:t", "write:t", "ddl:u", NULL},
      "CREATE TABLE t(a); PRAGMA foreign_keys = on");
}

static int run_repeated(puppet *p, const char *head, const char *item, unsigned times,
                        const char *tail) {
  begin(head);
  repeat(item, times);
  add(tail);
  return run(p);
}

static int run_text(puppet *p, const char *sql) {
  return run_repeated(p, sql, "", 0, "");
}

static void with__a_long_chain(void **state) {
  (void)state;
  puppet *p = open_puppet();
  chain(20000);
  assert_int_equal(prepare(p), HSB_STATUS_LIMIT);
  assert_non_null(strstr(puppet_error(p), "nested"));
  chain(100);
  assert_true(prepare(p) > 0);
  close_text(p);
}

/* WITH in which each reads the one before in so many places, `item` with two numbers. */
static int doubling(puppet *p, const char *first, const char *item, unsigned links, bool backwards,
                    const char *last) {
  char link[128];
  begin("WITH ");
  if (!backwards) {
    add(first);
  }
  for (unsigned i = 1; i <= links; i++) {
    unsigned k = backwards ? links + 1 - i : i;
    snprintf(link, sizeof link, item, k, k - 1, k - 1);
    add(backwards && i == 1 ? "" : ",");
    add(link);
  }
  if (backwards) {
    add(",");
    add(first);
  }
  snprintf(link, sizeof link, last, links);
  add(link);
  int s = prepare(p);
  return s < 0 ? s : CALL(p, "finalize", s);
}

/* SQLite copies a SELECT of WITH for each of its readers. */
static void with__doubling(void **state) {
  static const char *const items[] = {
      "a%u(x) AS (SELECT p.x FROM a%u p, a%u q)",
      "\"A%u\" AS MATERIALIZED (SELECT p.x FROM a%u AS p LEFT JOIN [a%u] AS q ON p.x IN (q.x))",
      "a%u(x) AS NOT MATERIALIZED (SELECT 1 WHERE 1 IN a%u UNION ALL SELECT x FROM (a%u))",
      "a%u(x) AS (WITH b AS (SELECT x FROM a%u) SELECT b.x FROM b, (SELECT x FROM 'a%u'))",
      "a%u(x) AS (SELECT p.x FROM a%u p with, a%u WINDOW w AS (), a2 AS ())"};
  (void)state;
  puppet *p = open_puppet();
  for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
    for (unsigned order = 0; order < 2; order++) {
      int status =
          doubling(p, "a0(x) AS (SELECT 1)", items[i], 24, order == 1, " SELECT x FROM a%u");
      if (status != HSB_STATUS_LIMIT) {
        fail_msg("%s: %d %s", items[i], status, puppet_error(p));
      }
    }
    assert_non_null(strstr(puppet_error(p), "written out"));
  }
  assert_int_equal(
      doubling(p, "RECURSIVE a0(x) AS (SELECT 1)", items[0], 8, false, " SELECT x FROM a%u"), 0);
  close_text(p);
}

/* What only looks so. */
static void with__much_of_the_same(void **state) {
  (void)state;
  puppet *p = open_puppet();
  assert_int_equal(doubling(p, "a0(x) AS (SELECT 1)", "a%u(x) AS (SELECT x + 1 AS a%u FROM a%u)",
                            60, false, " SELECT x FROM a%u LIMIT 1"),
                   0);
  /* names of columns and tables that are those of others, and of inner ones */
  static const char *const sql[] = {
      "WITH a AS (SELECT 1 AS b, 2 AS k), b AS (SELECT a.b FROM a JOIN a AS q USING (b)) "
      "SELECT a.b, b.b FROM a, b",
      "WITH x AS (WITH y AS (SELECT 1 AS n) SELECT n FROM y), z AS (WITH y AS (SELECT n FROM x) "
      "SELECT n FROM y) SELECT n FROM z",
      "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 9) SELECT n FROM c",
      "SELECT a FROM t AS with WHERE a IN (WITH b AS (SELECT 1) SELECT * FROM b)"};
  for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
    if (run_text(p, sql[i]) < 0) {
      fail_msg("%s: %s", sql[i], puppet_error(p));
    }
  }
  close_text(p);
}

static void insert__of_many_rows(void **state) {
  (void)state;
  puppet *p = open_puppet();
  begin("INSERT INTO t(a) VALUES (1)");
  repeat(",(-1.5e3),('SELECT'),(NULL)", 5000);
  int insert = prepare(p);
  assert_true(insert > 0);
  assert_int_equal(CALL(p, "step", insert), 0);
  close_text(p);
}

/* What is long is not kept compiled. */
static void prepare__long_texts(void **state) {
  (void)state;
  puppet *p = open_puppet();
  char head[40];
  for (unsigned i = 0; i < 2 * HRT_STMTS_IDLE; i++) {
    snprintf(head, sizeof head, "SELECT %u IN (1", i);
    begin(head);
    repeat(",a", 30000);
    add(") FROM t");
    int s = prepare(p);
    assert_true(s > 0);
    assert_int_equal(CALL(p, "step", s), 0);
    assert_int_equal(CALL(p, "finalize", s), 0);
  }
  assert_null(sqlite3_next_stmt(p->db, NULL));
  assert_int_equal(CALL(p, "finalize", CALL(p, "prepare", TEXT(p, 0, "SELECT a FROM t"))), 0);
  assert_non_null(sqlite3_next_stmt(p->db, NULL));
  close_text(p);
}

/* The application's limit of SQLite's memory ends what would take more, and only that. */
static void memory__hard_heap_limit(void **state) {
  static const char *const sql[] = {
      "SELECT json_array(x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x) FROM (SELECT "
      "hex(zeroblob(6000000)) AS x)",
      "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT "
      "json_group_array(hex(zeroblob(6000000 + n))) FROM c"};
  (void)state;
  puppet *p = open_puppet();
  puppet_exec(p, "PRAGMA hard_heap_limit = 100000000");
  for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
    assert_int_equal(run_text(p, sql[i]), HSB_STATUS_NOMEM);
  }
  assert_true(run_text(p, "SELECT a FROM t") >= 0);
  puppet_exec(p, "PRAGMA hard_heap_limit = 0");
  sqlite3_hard_heap_limit64(0);
  sqlite3_soft_heap_limit64(0);
  close_text(p);
}

/* Each column is computed from the one before; `link` has its name, or two. */
static void generated(const char *link, unsigned columns, const char *operators, unsigned times) {
  char column[64];
  begin("CREATE TABLE u(a INTEGER PRIMARY KEY, c0 AS (a)");
  for (unsigned i = 1; i <= columns; i++) {
    snprintf(column, sizeof column, link, i, i - 1);
    add(column);
    repeat(operators, times);
    add(")");
  }
  add(")");
}

/* A chain of columns is followed by any statement that reads the last one. */
static void create__columns_of_columns(void **state) {
  (void)state;
  puppet *p = open_puppet();
  generated(", c%u AS (c%u", 1900, "+1", 200);
  assert_int_equal(run(p), HSB_STATUS_LIMIT);
  assert_non_null(strstr(puppet_error(p), "expressions"));
  generated(", c%u INT GENERATED ALWAYS AS /**/ (\"c%u\"", 1900, "", 0);
  assert_int_equal(run(p), HSB_STATUS_LIMIT);
  generated(", c%u AS (\"abs\"(\"abs\"(\"abs\"(c%u", 500, ")", 3);
  assert_int_equal(run(p), HSB_STATUS_LIMIT);
  generated(", c%u AS (c%u", 20, "+1", 3);
  assert_true(run(p) >= 0);
  close_text(p);
}

static void create__check_and_index(void **state) {
  (void)state;
  puppet *p = open_puppet();
  assert_int_equal(run_repeated(p, "CREATE TABLE u(a, CHECK(a", "+1", 900, "))"), HSB_STATUS_LIMIT);
  assert_true(run_repeated(p, "CREATE TABLE u(a INTEGER NOT NULL DEFAULT -1, b VARCHAR(20)",
                           ", CHECK(a > 1 AND b IN ('x', 'y'))", 300, ")") >= 0);
  assert_int_equal(run_repeated(p, "CREATE INDEX i ON u(a", "+1", 900, ")"), HSB_STATUS_LIMIT);
  assert_int_equal(run_repeated(p, "CREATE INDEX i ON u(a) WHERE NOT NOT a", " NOT NULL", 900, ""),
                   HSB_STATUS_LIMIT);
  assert_true(run_repeated(p, "CREATE UNIQUE INDEX IF NOT EXISTS i ON u(a COLLATE nocase DESC, b",
                           ", a COLLATE nocase DESC", 60, ") WHERE a IS NOT NULL AND b > 3") >= 0);
  close_text(p);
}

/* What one foreign key does makes the next one do something. */
static void create__foreign_keys(void **state) {
  static const char head[] = "CREATE TABLE u(a PRIMARY KEY";
  (void)state;
  puppet *p = open_puppet();
  assert_int_equal(
      run_repeated(p, head, ", FOREIGN KEY(a) REFERENCES u(a) ON DELETE CASCADE", 10000, ")"),
      HSB_STATUS_LIMIT);
  assert_non_null(strstr(puppet_error(p), "foreign keys"));
  assert_true(
      run_repeated(p, head, ", FOREIGN KEY(a) REFERENCES u(a) ON DELETE RESTRICT", 200, ")") >= 0);
  close_text(p);
}

/* One at a time is no way around it. */
static void alter__foreign_keys(void **state) {
  (void)state;
  puppet *p = open_puppet();
  char sql[100];
  int added = 0, status = run_text(p, "CREATE TABLE u(a PRIMARY KEY)");
  while (status >= 0 && added < 200) {
    snprintf(sql, sizeof sql,
             "ALTER TABLE u ADD c%d REFERENCES u(a) ON DELETE SET NULL ON UPDATE CASCADE", added++);
    status = run_text(p, sql);
  }
  assert_int_equal(status, HSB_STATUS_LIMIT);
  assert_in_range(added, 20, 100);
  assert_true(run_text(p, "DELETE FROM u") >= 0);
  assert_true(run_text(p, "ALTER TABLE u ADD d REFERENCES u(a)") >= 0);
  close_text(p);
}

/* Each is computed twice for the next one. */
static void create__columns_doubling(void **state) {
  (void)state;
  puppet *p = open_puppet();
  for (unsigned columns = 8; columns <= 40; columns += 32) {
    begin("CREATE TABLE u(a INTEGER, c0 AS (a)");
    repeat(", c%u INT AS (c%u+\"C%u\")", columns);
    add(")");
    int status = run(p);
    assert_true(columns == 8 ? status >= 0 : status == HSB_STATUS_LIMIT);
    assert_int_equal(run_text(p, "DROP TABLE IF EXISTS u"), 0);
  }
  assert_non_null(strstr(puppet_error(p), "computed columns"));
  close_text(p);
}

/* All that a schema may have at once, where guest code has left as little as it may. */
static void *on_least_stack(void *arg) {
  puppet *p = open_puppet();
  (void)arg;
  generated(", c%u AS (c%u", HRT_TABLE_OPERATORS / 2 - 1, "", 0);
  text_length--; /* its last bracket */
  repeat(", FOREIGN KEY(a) REFERENCES u(a) ON DELETE CASCADE ON UPDATE CASCADE",
         HRT_KEY_ACTIONS / 2);
  add(")");
  puppet_exec(p, text);
  begin("CREATE INDEX i ON u(c99");
  repeat("+1", HRT_INDEX_OPERATORS - 1);
  add(")");
  puppet_exec(p, text);
  assert_true(run_text(p, "INSERT INTO u(a) VALUES (1), (2)") >= 0);
  assert_true(run_text(p, "UPDATE u SET a = c99 + 3") >= 0);
  assert_true(run_text(p, "DELETE FROM u WHERE c99 > 0 AND c98 < 100") >= 0);
  begin("SELECT json_set('{}', '$' || replace(hex(zeroblob(1000)), '00', '.a'), 1)");
  assert_true(run(p) >= 0);
  close_text(p);
  return NULL;
}

/* On a thread with a small stack. */
static void *on_small_stack(void *arg) {
  puppet *p = open_puppet();
  (void)arg;
  begin("SELECT abs(1)");
  repeat("+abs(1)", 900);
  assert_int_equal(prepare(p), HSB_STATUS_LIMIT);
  begin("SELECT abs(1)");
  repeat("+abs(1)", 90);
  assert_true(prepare(p) > 0);
  assert_true(run_repeated(p, "SELECT a FROM t ORDER BY a", " COLLATE nocase, a", 60, "") >= 0);
  /* LIKE calls itself at each % */
  begin("SELECT replace(hex(zeroblob(9000)), '0', 'a') LIKE "
        "replace(hex(zeroblob(4000)), '0', '%a')");
  int like = prepare(p);
  assert_true(like > 0);
  assert_int_equal(CALL(p, "step", like), HSB_STATUS_SQL);
  assert_non_null(strstr(puppet_error(p), "too complex"));
  close_text(p);
  return NULL;
}

/* A path of as many steps, computed, in each of these. */
static void json__a_long_path(void **state) {
  static const char *const forms[] = {
      "SELECT length(json_set('{}', '$'||replace(hex(zeroblob(%u)), '00', '.a'), 1))",
      ("SELECT length(\"json_insert\"('[1,{}]', '$.c', (2), "
       "'$[1]' || replace(hex(zeroblob(%u)), '00', '[0]'), 1))"),
      ("SELECT length(json_set(json_set ('{}', '$.a', 1), '$.b', "
       "json_set('{}', (SELECT '$' || replace(hex(zeroblob(%u)), '00', '.a')), 1)))"),
      "INSERT INTO t VALUES (json_set('{}', '$'||replace(hex(zeroblob(%u)), '00', '.a'), 1))"};
  (void)state;
  puppet *p = open_puppet();
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    int s = 0;
    for (unsigned steps = 1001; steps < 400000; steps += 300000) {
      snprintf(text, TEXT_BYTES, forms[i], steps);
      assert_true((s = prepare(p)) > 0);
      assert_int_equal(CALL(p, "step", s), HSB_STATUS_SQL);
      assert_non_null(strstr(puppet_error(p), "1000 steps"));
    }
    snprintf(text, TEXT_BYTES, forms[i], 999); /* and one more, in one of them */
    assert_true((s = prepare(p)) > 0);
    if (CALL(p, "step", s) < 0) {
      fail_msg("%s: %s", text, puppet_error(p));
    }
  }
  close_text(p);
}

static void json__a_long_literal(void **state) {
  (void)state;
  puppet *p = open_puppet();
  assert_int_equal(run_repeated(p, "SELECT json_set('{}', '$", ".a", 200000, "', 1)"),
                   HSB_STATUS_SQL);
  assert_int_equal(run_text(p, "CREATE TABLE u(a, b AS (json_set('{}', a, 1)))"), HSB_STATUS_LIMIT);
  assert_int_equal(run_text(p, "CREATE INDEX i ON u(json_insert('{}', a, 1))"), HSB_STATUS_LIMIT);
  close_text(p);
}

static void json__a_bound_path(void **state) {
  (void)state;
  puppet *p = open_puppet();
  begin("$");
  repeat(".a", 300000);
  int s = CALL(p, "prepare", TEXT(p, TEXT_BYTES, "SELECT json_set('{}', ?1, 1) AS j"));
  assert_true(s > 0);
  assert_int_equal(CALL(p, "bind_text", s, 1, TEXT(p, 0, text)), 0);
  assert_int_equal(CALL(p, "step", s), HSB_STATUS_SQL);
  assert_int_equal(CALL(p, "bind_text", s, 1, TEXT(p, 0, "$.b")), 0);
  assert_int_equal(CALL(p, "step", s), 1);
  assert_int_equal(CALL(p, "column_len", s, 0), strlen("{\"b\":1}"));
  assert_int_equal(CALL(p, "reset", s), 0);
  assert_int_equal(CALL(p, "bind_null", s, 1), 0);
  assert_int_equal(CALL(p, "step", s), 1);
  close_text(p);
}

static void with_stack(size_t bytes, void *(*run_there)(void *)) {
  pthread_attr_t attr;
  pthread_t thread;
  assert_int_equal(pthread_attr_init(&attr), 0);
  assert_int_equal(pthread_attr_setstacksize(&attr, bytes), 0);
  assert_int_equal(pthread_create(&thread, &attr, run_there, NULL), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  pthread_attr_destroy(&attr);
}

/* COLLATE, which SQLite counts into no depth. */
static void *on_middle_stack(void *arg) {
  puppet *p = open_puppet();
  (void)arg;
  assert_int_equal(run_repeated(p, "SELECT 1", " COLLATE a", 100000, ""), HSB_STATUS_LIMIT);
  close_text(p);
  return NULL;
}

static void collate__a_long_chain(void **state) {
  (void)state;
  with_stack(1800u << 10, on_middle_stack);
}

static void expression__on_a_small_stack(void **state) {
  (void)state;
  with_stack(640u << 10, on_small_stack);
}

static void schema__on_the_least_stack(void **state) {
  (void)state;
  with_stack(416u << 10, on_least_stack);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(with__a_long_chain),
      cmocka_unit_test(insert__of_many_rows),
      cmocka_unit_test(expression__on_a_small_stack),
      cmocka_unit_test(create__columns_of_columns),
      cmocka_unit_test(create__check_and_index),
      cmocka_unit_test(create__foreign_keys),
      cmocka_unit_test(alter__foreign_keys),
      cmocka_unit_test(schema__on_the_least_stack),
      cmocka_unit_test(json__a_long_path),
      cmocka_unit_test(json__a_long_literal),
      cmocka_unit_test(json__a_bound_path),
      cmocka_unit_test(collate__a_long_chain),
      cmocka_unit_test(with__doubling),
      cmocka_unit_test(prepare__long_texts),
      cmocka_unit_test(memory__hard_heap_limit),
      cmocka_unit_test(with__much_of_the_same),
      cmocka_unit_test(create__columns_doubling),
  };
  int failed = cmocka_run_group_tests_name("deep_sql", tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
