/* sql_count_test.c - what copies.c, flatten.c and expand.c count, to the word: of short texts, in
 * which each clause that begins or ends something makes a difference. What SQLite does with long
 * ones is in sql_copies_test.c and deep_sql_test.c. */
#include "sql_text_kit.h"

#include "host/scan.h"

static puppet *p;

static int setup(void **state) {
  (void)state;
  p = open_text((const char *const[]){"query", NULL}, "CREATE TABLE t(c)");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  close_text(p);
  puppet_unshare();
  return 0;
}

/* Spaces behind it, so that it is not taken for one that is short. */
static void write_long(const char *sql) {
  begin(sql);
  repeat("          ", 12);
}

static int copies(uint64_t *copied) {
  return hrt_copies(copied, p->env, text, text_length);
}

typedef struct row {
  const char *sql;
  uint64_t words;
} row;

static void assert_copies(const row *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint64_t copied;
    write_long(rows[i].sql);
    assert_int_equal(copies(&copied), 0);
    if (copied != rows[i].words) {
      fail_msg("%s: %llu", rows[i].sql, (unsigned long long)copied);
    }
  }
}

static void copies__of_aliases(void **state) {
  static const row rows[] = {
      {"SELECT c AS a FROM t WHERE a", 4}, /* SELECT c AS a */
      {"SELECT c AS a FROM t WHERE t.a", 0},
      {"SELECT c AS a, d AS b FROM t WHERE a", 4},
      {"SELECT d AS b, c + c AS a FROM t WHERE a", 6},     /* , c + c AS a */
      {"SELECT c + c + c AS a, 1 AS a FROM t WHERE a", 8}, /* the longer one, */
      {"SELECT 1 AS a, c + c + c AS a FROM t WHERE a", 8}, /* wherever it stands */
      {"SELECT c FROM t WHERE c", 0},                      /* no alias */
      {"SELECT c AS a, a FROM t", 0},                      /* not seen in a column */
      {"SELECT c AS a, d IS DISTINCT FROM a FROM t", 0},   /* which is one, too */
      {"SELECT c AS a, (SELECT a) FROM t", 0},             /* and that */
      {"SELECT c AS a FROM t WHERE f(1, (SELECT a))", 4},  /* a subquery sees it, */
      {"SELECT c AS a FROM t ORDER BY d, (SELECT a)", 4},
      {"SELECT c AS a FROM t, (SELECT a FROM u)", 0},     /* but not in FROM, */
      {"SELECT c AS a FROM t JOIN (SELECT a FROM u)", 0}, /* nor behind JOIN */
      {"SELECT c AS a FROM (SELECT 1) WHERE a", 4},       /* behind that it does */
      {"SELECT 1 FROM t WHERE (SELECT c AS a FROM t) AND a", 0},
      {"SELECT 1 FROM (SELECT c AS a FROM t) WHERE a", 0}, /* nobody outside sees it */
      {"SELECT c AS a FROM t UNION SELECT d FROM t WHERE a", 0},
      {"SELECT c AS a FROM t WHERE (SELECT a AS b FROM t WHERE b)", 12}};
  (void)state;
  assert_copies(rows, sizeof rows / sizeof *rows);
}

static void copies__of_numbers(void **state) {
  static const row rows[] = {{"SELECT c + c FROM t ORDER BY 1", 4},       /* SELECT c + c */
                             {"SELECT c + c, c FROM t GROUP BY 2, 1", 8}, /* whichever it is */
                             {"SELECT c + c FROM t GROUP BY (1)", 4},
                             {"SELECT c + c FROM t ORDER BY d LIMIT 1", 0},
                             {"SELECT c + c FROM t WHERE 1", 0},
                             {"SELECT c + c FROM t UNION SELECT c FROM t ORDER BY 1", 2}};
  (void)state;
  assert_copies(rows, sizeof rows / sizeof *rows);
}

/* Three times what stands left of it, from where the operand begins. */
static void copies__of_between(void **state) {
  static const row rows[] = {
      {"SELECT c FROM t WHERE c BETWEEN 1 AND 2", 6},                            /* WHERE c */
      {"SELECT c FROM t WHERE c BETWEEN 1 AND 2 AND c + c BETWEEN 3 AND 4", 18}, /* AND c + c */
      {"SELECT c FROM t WHERE c BETWEEN 1 AND 2 BETWEEN 3 AND 4", 24},
      {"SELECT c FROM t WHERE c BETWEEN 1 OR 2 AND 3", 6},
      {"SELECT c FROM t WHERE c OR c BETWEEN 1 AND 2", 6}, /* OR c */
      {"SELECT c FROM t WHERE CASE WHEN c AND c THEN 1 END BETWEEN 1 AND 2", 27},
      {"SELECT c FROM t WHERE f(c, c BETWEEN 1 AND 2)", 6}};
  (void)state;
  assert_copies(rows, sizeof rows / sizeof *rows);
}

/* All that follows WINDOW, for each OVER. */
static void copies__of_windows(void **state) {
  static const row rows[] = {
      {"SELECT sum(c) OVER w AS s FROM t WINDOW w AS (ORDER BY c)", 8},
      {"SELECT sum(c) OVER w AS s, sum(c) OVER w AS q FROM t WINDOW w AS (ORDER BY c)", 16},
      {"SELECT (SELECT sum(c) OVER w AS s FROM t WINDOW w AS ()), 1 AS q FROM t WINDOW v AS (ORDER "
       "BY c)",
       20}};
  (void)state;
  assert_copies(rows, sizeof rows / sizeof *rows);
}

static void copies__refused(void **state) {
  uint64_t copied;
  (void)state;
  for (unsigned names = 2000; names <= 2001; names++) { /* as many as SQLite takes */
    begin("SELECT 1 AS a");
    repeat(", %u AS b", names - 1);
    add(" FROM t");
    assert_int_equal(copies(&copied), names == 2000 ? 0 : HSB_STATUS_LIMIT);
  }
  for (unsigned depth = 126; depth <= 127; depth++) {
    write_long("SELECT 1");
    repeat("(", depth);
    assert_int_equal(copies(&copied), depth == 126 ? 0 : HSB_STATUS_LIMIT);
  }
  write_long("SELECT 1)))");
  assert_int_equal(copies(&copied), 0);
  /* the last word makes it too much */
  begin("SELECT 1");
  repeat("+1", 249997);
  add(" AS a FROM t ORDER BY a");
  assert_int_equal(copies(&copied), 0);
  assert_int_equal(copied, 499998);
  add(",a");
  assert_int_equal(copies(&copied), 0);
  add(",a");
  assert_int_equal(copies(&copied), HSB_STATUS_LIMIT);
}

/* ---- flatten.c ---- */

/* What a text is made of, by flatten.c's own terms. */
typedef struct flat {
  const char *sql;
  uint64_t longest, factor, copies, reads, asked, sources, grouped;
} flat;

static bool fits_by(const flat *f, uint64_t copied) {
  uint64_t column = (f->longest + copied + 10) * f->factor * f->copies;
  uint64_t asked = (f->asked + copied) * (f->sources + 1) * f->grouped;
  return column * (f->reads + copied + asked) <= HRT_FLAT_WORDS;
}

static void flatten__counts(void **state) {
  static const flat rows[] = {
      {"SELECT x FROM (SELECT c AS x FROM t)", 4, 2, 1, 4, 1, 1, 1},
      {"SELECT x + 1 FROM (SELECT c + 1 AS x FROM t)", 6, 2, 1, 4, 1, 1, 1}, /* 1 is no name */
      {"SELECT \"x\" FROM (SELECT 'c' AS x FROM t)", 4, 2, 1, 4, 1, 1, 1},
      {"SELECT x FROM (SELECT c + c AS x, c FROM t)", 6, 3, 1, 6, 1, 1, 1},
      {"SELECT x FROM (SELECT 1 + 2 AS x)", 6, 1, 1, 2, 0, 1, 1}, /* ends at the bracket */
      {"SELECT x FROM (SELECT c AS x FROM t) WHERE x", 4, 2, 1, 5, 2, 1, 1},
      {"SELECT ((x + x + x)) FROM (SELECT c AS x FROM t)", 4, 2, 1, 6, 1, 1, 1}, /* in a column */
      {"SELECT x IS DISTINCT FROM x FROM (SELECT c AS x FROM t)", 4, 2, 1, 6, 1, 1, 1},
      {"SELECT (SELECT x FROM u WHERE x) FROM (SELECT c AS x FROM t)", 4, 2, 1, 6, 3, 1, 1},
      /* two that others read; those that nobody does */
      {"SELECT x FROM (SELECT c AS x FROM t), (SELECT d + d AS y FROM t)", 10, 6, 1, 8, 2, 2, 1},
      {"SELECT x FROM t JOIN (SELECT d + d AS y FROM t)", 6, 3, 1, 6, 2, 1, 1},
      {"SELECT x FROM (SELECT c AS x FROM t) ORDER BY 1, (SELECT d)", 4, 2, 1, 6, 2, 1, 1},
      {"SELECT x FROM (SELECT 1, (SELECT d + d AS y) AS x FROM t)", 11, 4, 1, 6, 1, 1, 1},
      {"WITH w AS (SELECT c AS x FROM t) SELECT x FROM w", 4, 2, 1, 7, 4, 1, 1},
      {"WITH w AS NOT MATERIALIZED (SELECT c AS x FROM t) SELECT x FROM w", 4, 2, 1, 8, 5, 1, 1},
      /* one for each term; with GROUP BY, which is not merged */
      {"SELECT x FROM (SELECT c AS x FROM t UNION ALL SELECT d FROM t)", 4, 2, 2, 8, 4, 1, 1},
      {"SELECT x FROM (VALUES (1), (2), (c))", 4, 1, 3, 3, 2, 3, 1},
      {"SELECT x FROM (SELECT c AS x FROM t GROUP BY c)", 4, 1, 1, 6, 3, 1, 2},
      {"SELECT x FROM (SELECT c AS x FROM t GROUP BY c UNION SELECT d FROM t)", 4, 2, 2, 9, 5, 1,
       1},
      {("SELECT x FROM (SELECT c + c AS x FROM t GROUP BY c), (SELECT c AS y FROM t GROUP BY c)"),
       10, 1, 1, 12, 6, 2, 3},
      {"SELECT x) FROM (SELECT c AS x FROM t)", 4, 2, 1, 4, 1, 1, 1}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *sql = rows[i].sql;
    uint64_t most = 0;
    while (fits_by(&rows[i], most + 1)) {
      most++;
    }
    if (!hrt_flatten_fits(sql, strlen(sql), most) || hrt_flatten_fits(sql, strlen(sql), most + 1)) {
      fail_msg("%s: not %llu", sql, (unsigned long long)most);
    }
    assert_false(hrt_flatten_fits(sql, strlen(sql), UINT64_C(1) << 63));
  }
}

static void flatten__nested(void **state) {
  (void)state;
  for (unsigned depth = 126; depth <= 127; depth++) {
    begin("SELECT x FROM (SELECT c AS x FROM t) WHERE ");
    repeat("(", depth);
    add("1");
    assert_int_equal(hrt_flatten_fits(text, text_length, 0), depth == 126);
  }
}

/* ---- expand.c ---- */

/* With so many copied words, which each name stands for, too. */
static int expand(const char *sql, uint64_t copied) {
  bool columns = strncmp(sql, "CREATE", 6) == 0;
  return hrt_expand_check(p->env, sql, strlen(sql), copied, columns);
}

static void expand__counts(void **state) {
  static const struct {
    const char *sql;
    uint64_t names, words; /* that are written out; other words */
  } rows[] = {{"WITH a AS (SELECT 1) SELECT 1 FROM a", 1, 11}, /* 8, and SELECT 1 ) for a */
              {"WITH a AS (SELECT 1) SELECT 1 FROM a, a", 2, 16},
              {"WITH a AS (SELECT 1) SELECT 1 FROM a JOIN a", 2, 16},
              {"WITH a AS (SELECT 1) SELECT 1 FROM (a, (a))", 2, 20},
              {"WITH a AS (SELECT 1) SELECT 1 WHERE 1 IN a", 1, 13},
              {"WITH a AS (SELECT 1) SELECT 1 FROM a ORDER BY 1, a", 1, 16}, /* a column */
              {"WITH a AS (SELECT 1) SELECT f(1, a), (a) FROM a", 1, 20},
              {"WITH \"A\" AS (SELECT 1) SELECT 1 FROM a, b", 1, 13},
              {"WITH a(x) AS (SELECT 1) SELECT 1 FROM a", 1, 14},
              {"WITH a AS NOT MATERIALIZED (SELECT 1) SELECT 1 FROM a", 1, 13},
              {"WITH a AS (SELECT 1) SELECT 1) FROM a", 1, 12},
              /* through others, in any order */
              {"WITH a AS (SELECT 1), b AS (SELECT 1 FROM a, a) SELECT 1 FROM b", 3, 25},
              {"WITH b AS (SELECT 1 FROM a, a), a AS (SELECT 1) SELECT 1 FROM b", 3, 25},
              /* itself it is not written into */
              {"WITH RECURSIVE a AS (SELECT 1) SELECT 1 FROM a", 1, 12},
              {"WITH RECURSIVE a AS (SELECT 1 UNION SELECT 1 FROM a) SELECT 1 FROM a", 1, 17},
              /* in its brackets only */
              {"SELECT (WITH a AS (SELECT 1 + 1) SELECT 1 FROM a) FROM a", 1, 18},
              {"WITH b AS (WITH a AS (SELECT 1) SELECT 1 FROM a) SELECT 1 FROM b, a", 2, 22},
              {"WITH a AS (SELECT 1) SELECT sum(1) OVER w FROM a WINDOW w AS (ORDER BY c)", 1, 24},
              /* the last column */
              {"CREATE TABLE u(a INT, b AS (a + a), c AS (b + b))", 3, 12},
              {"CREATE TABLE u(a INT, c AS (b + b), b AS (a + a), CHECK (c))", 3, 12}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *sql = rows[i].sql;
    uint64_t limit = *sql == 'C' ? HRT_EXPANDED_COLUMNS : HRT_EXPANDED_WORDS;
    uint64_t most = (limit - rows[i].words) / rows[i].names;
    if (expand(sql, most) != 0 || expand(sql, most + 1) != HSB_STATUS_LIMIT) {
      fail_msg("%s: not %llu", sql, (unsigned long long)most);
    }
  }
}

/* IS DISTINCT FROM reads no table, nor do the columns behind it. */
static void expand__distinct_from(void **state) {
  static const char *const texts[] = {
      ("WITH a AS (SELECT c IS DISTINCT FROM b FROM t), b AS (SELECT c FROM a) SELECT c FROM b"),
      ("WITH a AS (SELECT 1 IS NOT DISTINCT FROM c, b FROM t), b AS (SELECT c FROM a) SELECT 1 "
       "FROM b"),
      ("WITH a AS (SELECT 1 FROM t JOIN t AS u ON 1 IS DISTINCT FROM b), b AS (SELECT c FROM a) "
       "SELECT 1 FROM b")};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    begin(texts[i]);
    if (expand(text, 0) != 0) {
      fail_msg("%s", texts[i]);
    }
  }
}

static void expand__refused(void **state) {
  (void)state;
  for (unsigned names = 199; names <= 200; names++) {
    begin("WITH a AS (SELECT 1)");
    repeat(", b%u AS (SELECT 1)", names - 1);
    add(" SELECT 1 FROM a");
    assert_int_equal(expand(text, 0), names == 199 ? 0 : HSB_STATUS_LIMIT);
  }
  for (unsigned depth = 127; depth <= 128; depth++) {
    begin("WITH a AS (SELECT 1) SELECT 1");
    repeat("(", depth);
    assert_int_equal(expand(text, 0), depth == 127 ? 0 : HSB_STATUS_LIMIT);
  }
  hrt_alloc_fail(0, 1);
  assert_int_equal(expand("WITH a AS (SELECT 1) SELECT 1 FROM a", 0), HSB_STATUS_NOMEM);
  hrt_alloc_fail(-1, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(copies__of_aliases),    cmocka_unit_test(copies__of_numbers),
      cmocka_unit_test(copies__of_between),    cmocka_unit_test(copies__of_windows),
      cmocka_unit_test(copies__refused),       cmocka_unit_test(flatten__counts),
      cmocka_unit_test(flatten__nested),       cmocka_unit_test(expand__counts),
      cmocka_unit_test(expand__distinct_from), cmocka_unit_test(expand__refused),
  };
  return cmocka_run_group_tests_name("sql_count", tests, setup, teardown);
}
