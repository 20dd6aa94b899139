/* linear_test.c - instr, replace and trim of a guest's SQL give what SQLite's own give, for values
 * of all types, and end when the time is over; which texts are rewritten, and which not; patterns
 * of LIKE and GLOB are short for guests only. */
#include <malloc.h>
#include <sys/mman.h>

#include "interrupt_kit.h"
#include "puppet.h"

static const char *const everything[] = {"query", "read", "write", "ddl:u", NULL};

static puppet *open_puppet(void) {
  puppet *p = puppet_open(everything, puppet_shared());
  puppet_exec(p, "CREATE TABLE t(a); CREATE TABLE replace(a, b); INSERT INTO t VALUES ('abc')");
  hrt_host_begin(p->env, 0, NULL, NULL);
  return p;
}

static void close_puppet(puppet *p) {
  hrt_host_end(p->env);
  puppet_close(p);
}

static int run(puppet *p, const char *sql) {
  return (int)CALL64(p, "exec", TEXT(p, 0, sql), 0, 0);
}

/* ---- the same as SQLite's ---- */

static uint32_t seed = 1;

static uint32_t below(uint32_t n) {
  seed = seed * 1664525 + 1013904223;
  return (seed >> 8) % n;
}

static void bind_any(sqlite3_stmt *s, int index) {
  static const char bytes[] = {'a',    'b',    'a',    ' ',    'a',    0,
                               '\xc3', '\xa9', '\xe2', '\x82', '\xac', '1'};
  char text[24];
  uint32_t n = below(4) == 0 ? below(3) : below(sizeof text);
  for (uint32_t i = 0, few = 1 + below(sizeof bytes); i < n; i++) {
    text[i] = bytes[below(few)];
  }
  switch (below(10)) {
  case 0:
    sqlite3_bind_null(s, index);
    break;
  case 1:
    sqlite3_bind_int64(s, index, (int)below(300) - 11);
    break;
  case 2:
    sqlite3_bind_double(s, index, below(300) / 7.0);
    break;
  case 3:
    sqlite3_bind_zeroblob(s, index, (int)below(4));
    break;
  case 4:
  case 5:
    sqlite3_bind_blob(s, index, text, (int)n, SQLITE_TRANSIENT);
    break;
  default:
    sqlite3_bind_text(s, index, text, (int)n, SQLITE_TRANSIENT);
  }
}

static void same(sqlite3 *db, const char *call, const char *ours) {
  char sql[200];
  sqlite3_stmt *s = NULL;
  snprintf(sql, sizeof sql, "SELECT %s, %s, typeof(%s), typeof(%s)", call, ours, call, ours);
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
  for (int turn = 0; turn < 20000; turn++) {
    for (int i = 1; i <= sqlite3_bind_parameter_count(s); i++) {
      bind_any(s, i);
    }
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int n = sqlite3_column_bytes(s, 0);
    bool equal =
        sqlite3_column_type(s, 0) == sqlite3_column_type(s, 1) && n == sqlite3_column_bytes(s, 1) &&
        (n == 0 || memcmp(sqlite3_column_blob(s, 0), sqlite3_column_blob(s, 1), (size_t)n) == 0) &&
        strcmp((const char *)sqlite3_column_text(s, 2), (const char *)sqlite3_column_text(s, 3)) ==
            0;
    if (!equal) {
      fail_msg("%s: %s is %s", sqlite3_expanded_sql(s), sqlite3_column_text(s, 0),
               sqlite3_column_text(s, 1));
    }
    sqlite3_reset(s);
  }
  sqlite3_finalize(s);
}

static void results__are_those_of_sqlite(void **state) {
  static const char *const calls[] = {
      "instr(?1, ?2)", "replace(?1, ?2, ?3)", "trim(?1, ?2)", "ltrim(?1, ?2)", "rtrim(?1, ?2)",
      "trim(?1)",      "ltrim(?1)",           "rtrim(?1)"};
  char ours[100];
  (void)state;
  puppet *p = open_puppet();
  assert_int_equal(hrt_rewrite_register(&p->conn), SQLITE_OK);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    snprintf(ours, sizeof ours, "helios_%s", calls[i]);
    same(p->db, calls[i], ours);
  }
  close_puppet(p);
}

/* A find across two pieces; a needle longer than what it is looked for in. */
static void results__at_the_edges(void **state) {
  static const char *const rows[] = {
      "SELECT instr(x || 'xy...', 'xy') = helios_instr(x || 'xy...', 'xy') FROM (SELECT "
      "substr(hex(zeroblob(600000)), 1, %d) AS x)",
      "SELECT instr(x'80', CAST(x'8000' AS TEXT)) = helios_instr(x'80', CAST(x'8000' AS TEXT)) + "
      "0 * %d"};
  char sql[200];
  (void)state;
  puppet *p = open_puppet();
  assert_int_equal(hrt_rewrite_register(&p->conn), SQLITE_OK);
  for (int n = -2; n < 6; n++) {
    sqlite3_stmt *s = NULL;
    snprintf(sql, sizeof sql, rows[n == 5], (1 << 20) + n);
    assert_int_equal(sqlite3_prepare_v2(p->db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(s, 0), 1);
    sqlite3_finalize(s);
  }
  close_puppet(p);
}

/* What stands behind a text or blob is not read: here are pages without access. */
static void results__at_the_end_of_pages(void **state) {
  enum { SIZE = (2 << 20) };
  static const size_t lengths[] = {1, 2, (1 << 20) + 1, (1 << 20) + 2};
  (void)state;
  puppet *p = open_puppet();
  sqlite3_stmt *s = NULL;
  char *pages = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(pages != MAP_FAILED);
  assert_int_equal(mprotect(pages + SIZE / 2 + 65536, SIZE / 2 - 65536, PROT_NONE), 0);
  assert_int_equal(hrt_rewrite_register(&p->conn), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(p->db, "SELECT helios_instr(?1, x'0102')", -1, &s, NULL),
                   SQLITE_OK);
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    const char *from = pages + SIZE / 2 + 65536 - lengths[i];
    assert_int_equal(sqlite3_bind_blob(s, 1, from, (int)lengths[i], SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(s, 0), 0);
    sqlite3_reset(s);
  }
  sqlite3_finalize(s);
  munmap(pages, SIZE);
  close_puppet(p);
}

/* A character of the set that is longer than what is left, whose bytes stand around that. */
static void results__of_half_characters(void **state) {
  static const char *const rows[] = {"'x' || CAST(x'a9' AS TEXT), 'x\xc3\xa9'",
                                     "CAST(x'c3a9' AS TEXT), CAST(x'c3c3a9' AS TEXT)",
                                     "CAST(x'c3' AS TEXT), CAST(x'c3a9' AS TEXT)",
                                     "CAST(x'c3c3a9' AS TEXT), CAST(x'c3c3a9' AS TEXT)"};
  static const char *const names[] = {"trim", "ltrim", "rtrim"};
  char sql[300];
  (void)state;
  puppet *p = open_puppet();
  assert_int_equal(hrt_rewrite_register(&p->conn), SQLITE_OK);
  for (size_t i = 0; i < 3 * sizeof rows / sizeof *rows; i++) {
    sqlite3_stmt *s = NULL;
    snprintf(sql, sizeof sql, "SELECT %s(%s) = helios_%s(%s)", names[i % 3], rows[i / 3],
             names[i % 3], rows[i / 3]);
    assert_int_equal(sqlite3_prepare_v2(p->db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    if (sqlite3_column_int(s, 0) != 1) {
      fail_msg("%s", sql);
    }
    sqlite3_finalize(s);
  }
  close_puppet(p);
}

/* SQLite compares with the limit in the same places. */
static void results__are_not_too_long(void **state) {
  static const char *const calls[] = {
      "replace(hex(zeroblob(5000)), '0', 'ab')", "replace(hex(zeroblob(4000)), '0', 'ab')",
      "replace(hex(zeroblob(4999)), '0', '')",   "replace(hex(zeroblob(5000)), 'x', '')",
      "trim('a', hex(zeroblob(400)))",           "trim('a', hex(zeroblob(450)))",
      "replace(hex(zeroblob(2500)), '0', 'ab')", "replace((SELECT b FROM replace), 'x', '')"};
  char sql[200];
  (void)state;
  puppet *p = open_puppet();
  assert_int_equal(hrt_rewrite_register(&p->conn), SQLITE_OK);
  puppet_exec(p,
              "INSERT INTO replace(b) VALUES (hex(zeroblob(5000)))"); /* just as long as may be */
  sqlite3_limit(p->db, SQLITE_LIMIT_LENGTH, 10000);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    snprintf(sql, sizeof sql, "SELECT length(%s)", calls[i]);
    int rc = sqlite3_exec(p->db, sql, NULL, NULL, NULL);
    snprintf(sql, sizeof sql, "SELECT length(helios_%s)", calls[i]);
    if (sqlite3_exec(p->db, sql, NULL, NULL, NULL) != rc) {
      fail_msg("%s: SQLite's is %d", sql, rc);
    }
  }
  close_puppet(p);
}

static void results__without_memory(void **state) {
  static const char *const sql[] = {
      "SELECT helios_replace(hex(zeroblob(1000)), '0', hex(zeroblob(3000)))",
      "SELECT helios_instr(CAST(hex(zeroblob(3000000)) AS BLOB), 'z')",
      "SELECT helios_instr(zeroblob(12000000), x'01')"};
  (void)state;
  puppet *p = open_puppet();
  assert_int_equal(hrt_rewrite_register(&p->conn), SQLITE_OK);
  puppet_exec(p, "PRAGMA hard_heap_limit = 11000000");
  for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
    assert_int_equal(sqlite3_exec(p->db, sql[i], NULL, NULL, NULL), SQLITE_NOMEM);
  }
  puppet_exec(p, "PRAGMA hard_heap_limit = 0");
  sqlite3_hard_heap_limit64(0);
  sqlite3_soft_heap_limit64(0);
  close_puppet(p);
}

/* A text without a NUL behind it, which SQLite needs memory for to put it there. */
static void results__without_memory_for_a_text(void **state) {
  enum { LENGTH = 5000 }; /* of which SQLite has none ready */
  char *bytes = calloc(1, 2 * LENGTH);
  sqlite3_stmt *s = NULL;
  (void)state;
  puppet *p = open_puppet();
  memset(bytes, 'a', 2 * LENGTH);
  assert_int_equal(hrt_rewrite_register(&p->conn), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(p->db, "SELECT helios_instr(?1, ?2)", -1, &s, NULL),
                   SQLITE_OK);
  assert_int_equal(sqlite3_bind_text(s, 1, bytes, LENGTH + 1, SQLITE_STATIC), SQLITE_OK);
  assert_int_equal(sqlite3_bind_text(s, 2, bytes, LENGTH, SQLITE_STATIC), SQLITE_OK);
  sqlite3_hard_heap_limit64(sqlite3_memory_used() + LENGTH / 2);
  assert_int_equal(sqlite3_step(s), SQLITE_NOMEM);
  sqlite3_hard_heap_limit64(0);
  sqlite3_soft_heap_limit64(0);
  sqlite3_finalize(s);
  free(bytes);
  close_puppet(p);
}

/* ---- an end ---- */

static void calls__end_in_time(void **state) {
  static const char *const calls[] = {
      "instr(x, substr(x, 1, 4000000) || 'b')",
      "trim(x, replace(hex(zeroblob(400000)), '0', 'b') || 'a')",
      "\"RTRIM\" (x, replace(hex(zeroblob(400000)), '0', 'b') || 'a')",
      "x IS NOT DISTINCT FROM ltrim(x, replace(hex(zeroblob(400000)), '0', 'b') || 'a')"};
  char sql[300];
  (void)state;
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    puppet *p = open_puppet();
    uint64_t result = 0;
    helios_error err = {0};
    snprintf(
        sql, sizeof sql,
        "WITH a(x) AS MATERIALIZED (SELECT replace(hex(zeroblob(4000000)), '0', 'a')) SELECT %s "
        "FROM a, (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3)",
        calls[i]);
    uint64_t begin = ik_now();
    p->budget.deadline_ns = i == 0 ? begin + 1000000 : begin + 400000000;
    int status = puppet_try(p, &result, &err, "exec", ARGS(TEXT(p, 0, sql), 0, 0));
    if (status != HELIOS_E_DEADLINE) {
      fail_msg("%s: %d %s %s", sql, status, err.text, p->env->last);
    }
    assert_true(ik_now() - begin < 3000000000u);
    close_puppet(p);
  }
}

static int asked, until;

static int probe(void *arg) {
  (void)arg;
  return asked++ >= until;
}

/* How often the budget is asked about a statement, which ends wherever it is over. */
static int asks_of(const char *sql) {
  int status = HELIOS_E_CANCELLED;
  for (until = 0; status != 0 && until < 200; until++) {
    puppet *p = open_puppet();
    uint64_t result = 0;
    helios_error err = {0};
    asked = 0;
    p->budget.probe = probe;
    status = puppet_try(p, &result, &err, "exec", ARGS(TEXT(p, 0, sql), 0, 0));
    assert_true(status == 0 || status == HELIOS_E_CANCELLED);
    close_puppet(p);
  }
  return asked;
}

static void calls__ask_while_they_run(void **state) {
  (void)state;
  assert_in_range(asks_of("SELECT instr(hex(zeroblob(4000000)), 'b')"), 7, 30);
  assert_in_range(asks_of("SELECT instr(hex(zeroblob(4000000)), hex(zeroblob(600000)) || 'b')"), 1,
                  2);
  assert_in_range(asks_of("SELECT replace(hex(zeroblob(500000)), '0000', '')"), 6, 30);
  assert_in_range(asks_of("SELECT ltrim(hex(zeroblob(500000)), '0')"), 15, 40);
}

/* ---- the text ---- */

static void check_texts(const char *const rows[][2], size_t count) {
  puppet *p = open_puppet();
  for (size_t i = 0; i < count; i++) {
    const char *sql = rows[i][0], *wanted = rows[i][1] ? rows[i][1] : sql;
    char *out = NULL;
    size_t length = 0;
    assert_int_equal(hrt_rewrite_sql(&out, &length, p->env, sql, strlen(sql)), 0);
    if (length != strlen(wanted) || memcmp(out, wanted, length) != 0) {
      fail_msg("%s: %.*s", sql, (int)length, out);
    }
    hrt_free(out);
  }
  close_puppet(p);
}

static void text__calls_are_ours(void **state) {
  static const char *const rows[][2] = {
      {"SELECT 1 FROM t, trim(1)", "SELECT 1 FROM t, helios_trim(1)"},
      {"SELECT [ltrim](rtrim(a)) AS materialized",
       "SELECT [helios_ltrim](helios_rtrim(a)) AS materialized"},
      {"SELECT trim(a, b) AS \"(\"", "SELECT helios_trim(a, b) AS \"(\""},
      {"INSERT INTO replace(a, b) VALUES (trim(1), 2)",
       "INSERT INTO replace(a, b) VALUES (helios_trim(1), 2)"},
      {"REPLACE INTO main.replace(a) SELECT 1", NULL},
      {"REPLACE INTO \"trim\"(a) SELECT 1", NULL},
      {("WITH replace(a) AS (SELECT 1), trim(b, c) AS NOT MATERIALIZED (SELECT 1, 2), instr(q) AS "
        "MATERIALIZED (SELECT 1) SELECT * FROM replace"),
       NULL},
      {"SELECT * FROM instr(1) JOIN trim(2) WHERE 1 IN replace(1)", NULL},
      {"SELECT 'instr(' , trim, /* trim( */ replace FROM t", NULL},
      {"SELECT trim(a) IN (1) AS b", "SELECT helios_trim(a) IN (1) AS b"},
      {"WITH trim(\"a\", [b]) AS (SELECT 1, 2) SELECT * FROM trim", NULL},
      {"SELECT trimmed(a), \"replacement\"(b), tri(c), json_setting(a, b)", NULL},
      {")) SELECT trim(a) AS b", ")) SELECT helios_trim(a) AS b"}};
  (void)state;
  check_texts(rows, sizeof rows / sizeof *rows);
}

/* A column without AS keeps the name that SQLite would give it, where it surely has no alias. */
static void text__names_of_columns(void **state) {
  static const char *const rows[][2] = {
      {"SELECT instr(a, 'b'), \"trim\" (a) FROM t",
       ("SELECT helios_instr(a, 'b') AS \"instr(a, 'b')\", "
        "\"helios_trim\" (a) AS \"\"\"trim\"\" (a)\" FROM t")},
      {"SELECT 1 IS DISTINCT FROM trim(a)",
       "SELECT 1 IS DISTINCT FROM helios_trim(a) AS \"1 IS DISTINCT FROM trim(a)\""},
      {"SELECT json_set('{}', trim(a), 1)",
       ("SELECT json_set('{}',helios_json_path( helios_trim(a)), 1) AS "
        "\"json_set('{}', trim(a), 1)\"")},
      {"SELECT 1 AS b, jsonb_set(a, b, 1) AS c", /* which SQLite has since 3.45 */
       "SELECT 1 AS b, jsonb_set(a,helios_json_path( b), 1) AS c"},
      {"SELECT jsonb_insert(a, b, 1) AS c", "SELECT jsonb_insert(a,helios_json_path( b), 1) AS c"},
      {"SELECT DISTINCT trim(a) /* c */ , 1 -- x",
       "SELECT DISTINCT helios_trim(a) AS \"trim(a) /* c */\" /* c */ , 1 -- x"},
      {"SELECT 1, trim(a) -- x", "SELECT 1, helios_trim(a) AS \"trim(a) -- x\" -- x"},
      {"SELECT trim(a);", "SELECT helios_trim(a) AS \"trim(a)\";"},
      {"SELECT trim(a) b, trim(a) AS c, trim(a) 'd' FROM t",
       "SELECT helios_trim(a) b, helios_trim(a) AS c, helios_trim(a) 'd' FROM t"},
      {"SELECT trim(a) LIKE b, ? || trim(a) || ? e",
       "SELECT helios_trim(a) LIKE b AS \"trim(a) LIKE b\", ? || helios_trim(a) || ? e"},
      {"SELECT trim(a) || glob b, trim(a) AND like 'c'",
       "SELECT helios_trim(a) || glob b, helios_trim(a) AND like 'c'"},
      {"SELECT CASE trim(a) WHEN 1 THEN 2 END, CASE trim(a) WHEN 1 THEN 2 END end",
       ("SELECT CASE helios_trim(a) WHEN 1 THEN 2 END AS \"CASE trim(a) WHEN 1 THEN 2 END\", "
        "CASE helios_trim(a) WHEN 1 THEN 2 END end")},
      {"SELECT CASE trim(a) WHEN 1 THEN 2 END end, CASE trim(a) WHEN 1 THEN 2 END",
       ("SELECT CASE helios_trim(a) WHEN 1 THEN 2 END end, "
        "CASE helios_trim(a) WHEN 1 THEN 2 END AS \"CASE trim(a) WHEN 1 THEN 2 END\"")},
      {"SELECT trim(a) || ? LIKE 1",
       "SELECT helios_trim(a) || ? LIKE 1 AS \"trim(a) || ? LIKE 1\""},
      {"SELECT trim(a) ISNULL, trim(b) NOTNULL, trim(c) NOT NULL",
       ("SELECT helios_trim(a) ISNULL AS \"trim(a) ISNULL\", "
        "helios_trim(b) NOTNULL AS \"trim(b) NOTNULL\", "
        "helios_trim(c) NOT NULL AS \"trim(c) NOT NULL\"")},
      {"SELECT trim(a) IS NULL", "SELECT helios_trim(a) IS NULL AS \"trim(a) IS NULL\""},
      {"DELETE FROM t RETURNING a, trim(a) || b",
       "DELETE FROM t RETURNING a, helios_trim(a) || b AS \"trim(a) || b\""},
      {"SELECT 1 IN (SELECT trim(a)), a FROM t",
       "SELECT 1 IN (SELECT helios_trim(a) AS \"trim(a)\") AS \"1 IN (SELECT trim(a))\", a FROM t"},
      {"SELECT trim(a) WINDOW w AS (ORDER BY a)", "SELECT helios_trim(a) WINDOW w AS (ORDER BY a)"},
      {"SELECT trim(a)+window", "SELECT helios_trim(a)+window AS \"trim(a)+window\""}};
  (void)state;
  check_texts(rows, sizeof rows / sizeof *rows);
}

/* A path gets a look at it unless it is a short literal and nothing else. */
static void text__paths(void **state) {
  static const char *const rows[][2] = {
      {"SELECT json_set(a, '$.x', 1, '$.y', trim, '$.z', 2)", NULL},
      {"SELECT json_set(a, '$.x', 1, b, 2) AS c",
       "SELECT json_set(a, '$.x', 1,helios_json_path( b), 2) AS c"},
      {"SELECT json_set(a, \"b\", 1) AS c", "SELECT json_set(a,helios_json_path( \"b\"), 1) AS c"},
      {"SELECT json_set(a, '$.x' || b, 1) AS c",
       "SELECT json_set(a,helios_json_path( '$.x' || b), 1) AS c"},
      {"SELECT json_set(a, b, 1)",
       "SELECT json_set(a,helios_json_path( b), 1) AS \"json_set(a, b, 1)\""}};
  (void)state;
  check_texts(rows, sizeof rows / sizeof *rows);
  static const char sql[] = "SELECT json_set(a, b, 1), trim(a), f(b)";
  assert_int_equal(hrt_rewrite_of(sql, sizeof sql - 1), HRT_REWRITE_PATHS);
  static const char names[] = "SELECT trim(a), f(b)";
  assert_int_equal(hrt_rewrite_of(names, sizeof names - 1), HRT_REWRITE_NAMES);
  puppet *p = open_puppet();
  for (size_t steps = 1000; steps <= 1001; steps++) {
    char text[2100] = "SELECT json_set(a, '$", *out = NULL;
    size_t length = 0;
    for (size_t i = 0; i < steps; i++) {
      strcat(text, i % 2 == 0 ? "." : "[");
    }
    strcat(text, "', 1) AS b");
    assert_int_equal(hrt_rewrite_sql(&out, &length, p->env, text, strlen(text)), 0);
    assert_int_equal(length > strlen(text), steps > 1000);
    hrt_free(out);
  }
  close_puppet(p);
}

/* The room that a text gets is enough for what it may become, whatever that is. */
static void text__room(void **state) {
  static const char *const rows[][2] = {{"SELECT 1", ", json_set(a,b,1) AS c"},
                                        {"SELECT 1", "||trim(a)"},
                                        {"SELECT 1", ", trim(a)||2"}};
  (void)state;
  puppet *p = open_puppet();
  char *sql = malloc(600000);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *out = NULL;
    size_t length = 0, n = (size_t)sprintf(sql, "%s", rows[i][0]);
    for (int j = 0; j < 20000; j++) {
      n += (size_t)sprintf(sql + n, "%s", rows[i][1]);
    }
    assert_int_equal(hrt_rewrite_sql(&out, &length, p->env, sql, n), 0);
    assert_true(length > n && length <= malloc_usable_size(out));
    hrt_free(out);
  }
  free(sql);
  close_puppet(p);
}

/* Too deep, or no memory: a status, and nothing is left behind. */
static void text__refused(void **state) {
  char sql[200] = "SELECT trim(a), ", *out = NULL;
  size_t length = 0;
  (void)state;
  puppet *p = open_puppet();
  memset(sql + strlen(sql), '(', 127);
  long live = hrt_alloc_live();
  assert_int_equal(hrt_rewrite_sql(&out, &length, p->env, sql, strlen(sql)), 0);
  hrt_free(out);
  out = NULL;
  strcat(sql, "(");
  assert_int_equal(hrt_rewrite_sql(&out, &length, p->env, sql, strlen(sql)), HSB_STATUS_LIMIT);
  assert_int_equal(hrt_alloc_live(), live);
  for (size_t n = 1; n < 100; n++) { /* brackets that nobody opened */
    memset(sql, ')', n);
    strcpy(sql + n, "SELECT trim(a) AS b");
    assert_int_equal(hrt_rewrite_sql(&out, &length, p->env, sql, strlen(sql)), 0);
    assert_int_equal(length, strlen(sql) + strlen(HRT_OURS));
    hrt_free(out);
    out = NULL;
  }
  hrt_alloc_fail(0, 1);
  assert_int_equal(hrt_rewrite_sql(&out, &length, p->env, sql, 15), HSB_STATUS_NOMEM);
  hrt_alloc_fail(-1, 0);
  assert_null(out);
  assert_int_equal(hrt_alloc_live(), live);
  close_puppet(p);
}

/* What was made under a name of ours by the application does not run from the schema. */
static void text__not_in_the_schema(void **state) {
  static const char *const calls[] = {"helios_trim('a')", "helios_json_path('$.a')",
                                      "helios_instr('a', 'b')", "helios_replace('a', 'b', 'c')"};
  char sql[200];
  (void)state;
  puppet *p = open_puppet();
  assert_int_equal(hrt_rewrite_register(&p->conn), SQLITE_OK);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    snprintf(sql, sizeof sql, "DROP VIEW IF EXISTS w; CREATE VIEW w AS SELECT %s", calls[i]);
    assert_int_equal(sqlite3_exec(p->db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(p->db, "SELECT * FROM w", NULL, NULL, NULL), SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(p->db), "unsafe use of"));
  }
  close_puppet(p);
}

/* Names take 64 KiB at most; what is longer keeps ours. */
static void text__long_names(void **state) {
  (void)state;
  puppet *p = open_puppet();
  char *sql = malloc(400000), *out = NULL;
  size_t n = (size_t)sprintf(sql, "SELECT 1"), length = 0, named = 0;
  for (int i = 0; i < 10000; i++) {
    n += (size_t)sprintf(sql + n, ", trim('\"\"\"', %d)", i);
  }
  assert_int_equal(hrt_rewrite_sql(&out, &length, p->env, sql, n), 0);
  assert_in_range(length, n + 10000 * strlen(HRT_OURS), n + 10000 * strlen(HRT_OURS) + 65536);
  for (size_t i = 0; i + 4 < length; i++) {
    named += memcmp(out + i, " AS ", 4) == 0;
  }
  assert_in_range(named, 1500, 5000);
  hrt_free(out);
  free(sql);
  close_puppet(p);
}

/* An error names the function that the guest wrote. */
static void text__of_errors(void **state) {
  static const char *const rows[][2] = {
      {"SELECT trim()", "wrong number of arguments to function trim()"},
      {"SELECT replace(1, 2)", "wrong number of arguments to function replace()"},
      {"SELECT instr(1, 2) OVER ()", "instr() may not be used as a window function"},
      {"SELECT trim(a), helios_strange() FROM t", "no such function: helios_strange"}};
  (void)state;
  puppet *p = open_puppet();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(run(p, rows[i][0]), HSB_STATUS_SQL);
    assert_string_equal(puppet_error(p), rows[i][1]);
  }
  close_puppet(p);
}

static void text__runs(void **state) {
  static const char *const sql[] = {
      "SELECT instr(a, 'b'), \"replace\"(a, 'b', 'c'), trim(a), ltrim(a), rtrim(a, 'c') FROM t",
      "REPLACE INTO replace(a, b) VALUES (1, 2)",
      "INSERT INTO main.replace(a) SELECT trim(a) FROM t",
      "WITH replace(a) AS (SELECT 1), trim(b) AS (SELECT 2) SELECT a, b FROM replace, trim",
      "CREATE TABLE u(a, CHECK (trim(a) <> ''))"};
  (void)state;
  puppet *p = open_puppet();
  for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
    if (run(p, sql[i]) < 0) {
      fail_msg("%s: %s", sql[i], puppet_error(p));
    }
  }
  assert_int_equal(run(p, "SELECT trim(a) OVER () FROM t"), HSB_STATUS_SQL);
  assert_int_equal(run(p, "SELECT instr(a) FROM t"), HSB_STATUS_SQL);
  hrt_host_end(p->env);
  puppet_exec(p, "INSERT INTO u VALUES (1)"); /* no name of ours is in the schema */
  hrt_host_begin(p->env, 0, NULL, NULL);
  close_puppet(p);
}

/* ---- LIKE ---- */

static void like__short_patterns_for_guests(void **state) {
  static const char *const forms[] = {"'a' LIKE hex(zeroblob(%d))", "'a' GLOB hex(zeroblob(%d))",
                                      "like(hex(zeroblob(%d)), 'a')"};
  char sql[100];
  (void)state;
  puppet *p = open_puppet();
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    strcpy(sql, "SELECT ");
    snprintf(sql + 7, sizeof sql - 7, forms[i], 500);
    assert_int_equal(run(p, sql), 0);
    snprintf(sql + 7, sizeof sql - 7, forms[i], 501);
    assert_int_equal(run(p, sql), HSB_STATUS_SQL);
    assert_non_null(strstr(puppet_error(p), "too complex"));
    puppet_exec(p, sql);
    struct hrt_window outer = hrt_window_open(p->env), inner = hrt_window_open(p->env);
    hrt_window_close(p->env, inner);
    p->conn.active = NULL;
    assert_int_equal(sqlite3_exec(p->db, sql, NULL, NULL, NULL), SQLITE_ERROR);
    hrt_window_close(p->env, outer);
    puppet_exec(p, sql);
  }
  sqlite3_limit(p->db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 10);
  assert_int_equal(run(p, "SELECT 'a' LIKE '12345678901'"), HSB_STATUS_SQL);
  assert_int_equal(sqlite3_limit(p->db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, -1), 10);
  close_puppet(p);
}

/* Where memory runs out as they are registered, what is missing comes with the next statement, also
 * while one of the application's runs, in which SQLite lets nobody register a function again. */
static void names__after_memory_ran_out(void **state) {
  static const char *const sql = "SELECT instr(replace(trim('xy'), 'x', 'z'), 'z'), trim(1, 2), "
                                 "ltrim(1), ltrim(1, 2), rtrim(1), rtrim(1, 2)";
  int status = HSB_STATUS_NOMEM;
  unsigned rounds = 0;
  (void)state;
  for (sqlite3_int64 more = 0; status != 0; more += 40) {
    sqlite3_stmt *s = NULL;
    puppet *p = open_puppet();
    assert_int_equal(sqlite3_prepare_v2(p->db, "VALUES (1), (2)", -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + more);
    status = run(p, sql);
    sqlite3_hard_heap_limit64(0);
    assert_true(status == 0 || status == HSB_STATUS_NOMEM);
    int again = run(p, sql);
    if (again != 0) {
      fail_msg("with %lld bytes: %d, %s", more, again, puppet_error(p));
    }
    sqlite3_finalize(s);
    close_puppet(p);
    rounds++;
  }
  assert_in_range(rounds, 10, 10000);
}

/* A table may have the name of one of SQLite's table-valued functions. */
static void names__beside_a_table_json_each(void **state) {
  (void)state;
  puppet *p = open_puppet();
  puppet_exec(p, "CREATE TABLE json_each(a)");
  for (int i = 0; i < 2; i++) {
    assert_int_equal(run(p, "SELECT instr(a, 'b') FROM t"), 0);
    assert_int_equal(run(p, "UPDATE t SET a = json_set('{}', '$.a', '.', 1)"), HSB_STATUS_SQL);
    assert_int_equal(run(p, "UPDATE t SET a = json_set('{}', '$.' || 'a', 1)"), 1);
  }
  close_puppet(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(results__are_those_of_sqlite),
      cmocka_unit_test(results__at_the_edges),
      cmocka_unit_test(results__at_the_end_of_pages),
      cmocka_unit_test(results__of_half_characters),
      cmocka_unit_test(results__are_not_too_long),
      cmocka_unit_test(results__without_memory),
      cmocka_unit_test(results__without_memory_for_a_text),
      cmocka_unit_test(text__calls_are_ours),
      cmocka_unit_test(text__names_of_columns),
      cmocka_unit_test(text__paths),
      cmocka_unit_test(text__room),
      cmocka_unit_test(text__refused),
      cmocka_unit_test(text__not_in_the_schema),
      cmocka_unit_test(text__long_names),
      cmocka_unit_test(text__of_errors),
      cmocka_unit_test(text__runs),
      cmocka_unit_test(calls__end_in_time),
      cmocka_unit_test(calls__ask_while_they_run),
      cmocka_unit_test(like__short_patterns_for_guests),
      cmocka_unit_test(names__after_memory_ran_out),
      cmocka_unit_test(names__beside_a_table_json_each),
  };
  int failed = cmocka_run_group_tests_name("linear", tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
