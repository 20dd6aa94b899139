/* sql_copies_test.c - short SQL of a guest that SQLite would make long while it compiles it, where
 * nobody can interrupt it: it is compiled without the copies, or refused; and SQL that people and
 * programs write is neither. */
#include "sql_text_kit.h"

#include "host/compile_bounds.h"

#define MOST_MEMORY 300000000 /* of SQLite, while one is compiled */

static puppet *open_puppet(void) {
  begin("CREATE TABLE t(c0 INT");
  repeat(", c%u INT", 60);
  add(")");
  puppet *p =
      open_text((const char *const[]){"query", "read:t", "read:u", "read:v", "ddl:u", NULL}, text);
  sqlite3_hard_heap_limit64(MOST_MEMORY);
  return p;
}

static void close_puppet(puppet *p) {
  close_text(p);
  sqlite3_hard_heap_limit64(0);
  sqlite3_soft_heap_limit64(0);
}

/* What becomes of it. */
static int compile(puppet *p) {
  int s = prepare(p);
  return s < 0 ? s : CALL(p, "finalize", s);
}

/* `a = 1` puts 1 where a is, in what b is equal to, and so on. */
static void constants__doubling(void **state) {
  (void)state;
  puppet *p = open_puppet();
  begin("SELECT 1 FROM t WHERE c0 = 1");
  repeat(" AND c%u = c%u + c%u", 40);
  assert_int_equal(compile(p), 0);
  int s = CALL(p, "prepare", TEXT(p, 0, text));
  puppet_exec(p, "CREATE TABLE later(a)"); /* so that it is compiled again */
  assert_int_equal(CALL(p, "step", s), 0);
  close_puppet(p);
}

/* A computed column is compiled wherever it is read. */
static void columns__computed_often(void **state) {
  (void)state;
  puppet *p = open_puppet();
  begin("CREATE TABLE u(a INT, g AS (a");
  repeat("+1", 90);
  add("), h AS (g+g+g+g+g+g+g+g+g+g+g+g+g+g+g+g+g+g+g+g))");
  assert_true(run(p) >= 0);
  begin("SELECT 1 IN (1");
  repeat(",h", 200);
  add(") FROM u");
  assert_int_equal(compile(p), 0);
  begin("SELECT 1 IN (1");
  repeat(",h", 2000);
  add(") FROM u");
  sqlite3_hard_heap_limit64(8LL * MOST_MEMORY); /* would do without a bound */
  assert_int_equal(compile(p), HSB_STATUS_NOMEM);
  assert_int_equal(sqlite3_limit(p->db, SQLITE_LIMIT_VDBE_OP, -1), 250000000);
  close_puppet(p);
}

/* SELECT ... FROM (SELECT ...), so deep, each column of so many reads of the one below; `column` is
 * what names it. */
static void nested(const char *read, const char *as, unsigned depth, const char *last) {
  begin("");
  for (unsigned i = 0; i < depth; i++) {
    add("SELECT ");
    for (unsigned k = 0; k < 40; k++) {
      add(k > 0 ? "+" : "");
      add(read);
    }
    add(as);
    add(" FROM (");
  }
  add(last);
  repeat(")", depth);
}

/* Of the program that SQLite makes of it. */
static int steps(sqlite3 *db, const char *sql) {
  sqlite3_stmt *s = NULL;
  int n = 0;
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
  while (sqlite3_step(s) == SQLITE_ROW) {
    n++;
  }
  sqlite3_finalize(s);
  return n;
}

/* The application's own SQL is compiled as ever, as long as ever. */
static void bounds__only_of_guests(void **state) {
  (void)state;
  static const char merged[] = "EXPLAIN SELECT x FROM (SELECT c0 + c1 AS x FROM t) WHERE x > 1";
  puppet *p = open_puppet();
  int before = steps(p->db, merged);
  nested("x", " AS x", 6, "SELECT c0 AS x FROM t"); /* which is compiled without */
  assert_int_equal(compile(p), 0);
  assert_int_equal(steps(p->db, merged), before);
  sqlite3_limit(p->db, SQLITE_LIMIT_VDBE_OP, 1000);
  begin("SELECT 1 IN (1");
  repeat(",c%u", 60);
  repeat(",c1", 1000);
  add(") FROM t");
  assert_int_equal(compile(p), HSB_STATUS_NOMEM);
  assert_int_equal(sqlite3_limit(p->db, SQLITE_LIMIT_VDBE_OP, -1), 1000);
  close_puppet(p);
}

enum { OPS = 250000000 }; /* SQLite's own bound */

static int ops(puppet *p) {
  return sqlite3_limit(p->db, SQLITE_LIMIT_VDBE_OP, -1);
}

/* What the application's function and log find. */
static int found_ops;

static int note_ops(void *arg, struct helios_guest *guest, uint64_t *values) {
  (void)guest, (void)values;
  found_ops = ops(arg);
  return 0;
}

static void note_line(void *arg, hrt_log_level level, const char *procedure, const char *line) {
  (void)level, (void)procedure, (void)line;
  found_ops = ops(arg);
}

/* A guest's query of two rows, its first step made: the bounds are left for the next one. */
static int first_step(puppet *p) {
  int s = CALL(p, "prepare", TEXT(p, 0, "SELECT c0 FROM t"));
  assert_int_equal(ops(p), OPS);
  assert_int_equal(CALL(p, "step", s), 1);
  assert_int_equal(ops(p), HRT_SQL_OPS);
  return s;
}

static void call_custom(puppet *p) {
  const hrt_custom_def d = {"acme", "note", ":", NULL, note_ops, p, NULL};
  helios_error err = {0};
  hsb_slot slot = 0;
  assert_int_equal(hrt_custom_add(&p->conn, &d, &err), 0);
  const hrt_custom *c = hrt_custom_find(&p->conn, "acme", 4, "note", 4);
  hrt_custom_call(p->instance->ctx, &slot, (void *)c);
}

/* They are left to a guest's next query, and to nobody else. */
static void bounds__left_to_the_next_query(void **state) {
  (void)state;
  static const char merged[] = "EXPLAIN SELECT x FROM (SELECT c0 + c1 AS x FROM t) WHERE x > 1";
  puppet *p = open_puppet();
  p->conn.log = note_line;
  p->conn.log_arg = p;
  puppet_exec(p, "INSERT INTO t(c0) VALUES(1), (2)");
  int before = steps(p->db, merged), s = first_step(p);
  assert_int_equal(CALL(p, "step", s), 1); /* a further step */
  assert_int_equal(ops(p), OPS);
  assert_int_equal(CALL(p, "reset", s), 0);
  (void)first_step(p);
  assert_int_equal(CALL(p, "log", 3, TEXT(p, 0, "line")), 0);
  assert_int_equal(found_ops, OPS);
  found_ops = 0;
  (void)first_step(p);
  call_custom(p);
  assert_int_equal(found_ops, OPS);
  (void)first_step(p);
  hrt_host_resume(&p->conn, hrt_host_suspend(&p->conn));
  assert_int_equal(ops(p), OPS);
  (void)first_step(p);
  hrt_host_end(p->env);
  assert_int_equal(ops(p), OPS);
  assert_int_equal(steps(p->db, merged), before);
  close_puppet(p);
}

/* Those of the statement around a guest's are there again after it, and are not taken away. */
static void bounds__of_the_statement_around(void **state) {
  (void)state;
  puppet *p = open_puppet();
  puppet_exec(p, "INSERT INTO t(c0) VALUES(1), (2)");
  int s = CALL(p, "prepare", TEXT(p, 0, "SELECT c0 FROM t"));
  unsigned none = hrt_compile_open(&p->conn, false), off = p->conn.bounds;
  assert_int_equal(none, 0);
  assert_int_equal(CALL(p, "step", s), 1);
  assert_int_equal(p->conn.bounds, off);
  assert_int_equal(CALL(p, "step", s), 1);
  (void)CALL(p, "prepare", TEXT(p, 0, "SELECT c1 FROM t"));
  hrt_host_resume(&p->conn, hrt_host_suspend(&p->conn));
  hrt_host_end(p->env);
  assert_int_equal(p->conn.bounds, off);
  assert_int_equal(ops(p), HRT_SQL_OPS);
  hrt_compile_leave(&p->conn, none);
  hrt_compile_drop(&p->conn);
  assert_int_equal(ops(p), OPS);
  close_puppet(p);
}

/* A copy of a column wherever it is read, level by level. */
static void subqueries__doubling(void **state) {
  static const char *const forms[][3] = {
      {"x", " AS x", "SELECT c0 AS x FROM t"},
      {"x", " x", "SELECT c0 x FROM t UNION ALL SELECT c1 FROM t"},
      {"\"C0\"", " AS 'c0'", "SELECT * FROM t"},
      {"(SELECT q.x)", " AS x", "SELECT c0 AS x FROM t) AS q, (SELECT c1 AS y FROM t"}};
  (void)state;
  puppet *p = open_puppet();
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    nested(forms[i][0], forms[i][1], 6, forms[i][2]);
    if (i == 3) { /* q is the name of the innermost only */
      nested(forms[i][0], forms[i][1], 1, forms[i][2]);
    }
    if (compile(p) != 0) {
      fail_msg("%s: %s", text, puppet_error(p));
    }
  }
  close_puppet(p);
}

/* The same by names: WITH, in any order. */
static void subqueries__of_with(void **state) {
  static const char *const items[] = {
      ", a%u AS (SELECT x+x+x+x AS x FROM a%u)",
      ", a%u(x) AS NOT MATERIALIZED (SELECT x+x+x+x FROM a%u WHERE x > 0)"};
  (void)state;
  puppet *p = open_puppet();
  for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
    begin("WITH a0 AS (SELECT c0 AS x FROM t)");
    repeat(items[i], 30);
    add(" SELECT x FROM a30 WHERE x > 1");
    assert_int_equal(compile(p), 0);
  }
  close_puppet(p);
}

/* What is asked of rows and of terms of UNION ALL is asked of each. */
static void subqueries__of_many_terms(void **state) {
  (void)state;
  puppet *p = open_puppet();
  begin("SELECT 1 FROM (VALUES (0)");
  repeat(",(%u)", 3000);
  add(") WHERE column1 IN (1");
  repeat(",column1", 3000);
  add(")");
  assert_int_equal(compile(p), 0);
  begin("SELECT x FROM (SELECT c0 AS x FROM t");
  repeat(" UNION ALL SELECT c1 FROM t", 400);
  add(") WHERE x IN (1");
  repeat(",x+1", 8000);
  add(")");
  assert_int_equal(compile(p), 0);
  close_puppet(p);
}

/* And a view's columns, which have many words. */
static void subqueries__of_views(void **state) {
  (void)state;
  puppet *p = open_puppet();
  begin("CREATE VIEW v AS SELECT c0");
  repeat("+c%u", 60);
  add(" AS x FROM t");
  puppet_exec(p, text);
  begin("SELECT 1 IN (1");
  repeat(",x", 200000);
  add(") FROM v");
  if (compile(p) != 0) {
    fail_msg("%s", puppet_error(p));
  }
  close_puppet(p);
}

/* What LIMIT is for: prepare takes all memory without it. */
static void refused(puppet *p) {
  int status = compile(p);
  if (status != HSB_STATUS_LIMIT) {
    text[100] = 0;
    fail_msg("%d: %s", status, text);
  }
}

static void add_long(void) {
  add("c0 IN (1");
  repeat(",%u", 5000);
  add(")");
}

/* A column is copied where its alias is read; what reads it may have an alias, too. */
static void aliases__doubling(void **state) {
  static const char *const columns[] = {" (SELECT a%u+a%u+a%u+1 AS a%u FROM t WHERE",
                                        " (SELECT \"A%u\"+a%u+a%u+1 'a%u' FROM t ORDER BY",
                                        " (SELECT (a%u)+(a%u)+a%u+1 a%u FROM t WHERE"};
  (void)state;
  puppet *p = open_puppet();
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    begin("SELECT c0+c1 AS a0 FROM t WHERE");
    for (unsigned k = 0; k < 14; k++) {
      char piece[128];
      snprintf(piece, sizeof piece, columns[i], k, k, k, k + 1);
      add(piece);
    }
    add(" a14");
    repeat(")", 14);
    refused(p);
  }
  close_puppet(p);
}

static void aliases__read_often(void **state) {
  static const char *const forms[][3] = {{" AS a FROM t WHERE 1 IN (1", ",a", ")"},
                                         {" a FROM t GROUP BY 1 IN (1", ",a", ")"},
                                         {" 'A' FROM t ORDER BY 1 IN (1", ",\"a\"", ")"},
                                         {" AS a FROM t JOIN u ON 1 IN (1", ",a", ")"},
                                         {" FROM t ORDER BY 1", ",1", ""},
                                         {" FROM t GROUP BY (1)", ",(1)", ""}};
  (void)state;
  puppet *p = open_puppet();
  puppet_exec(p, "CREATE TABLE u(x)");
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    begin("SELECT ");
    add_long();
    add(forms[i][0]);
    repeat(forms[i][1], 1000);
    add(forms[i][2]);
    refused(p);
  }
  close_puppet(p);
}

/* What stands left of BETWEEN is copied, and so what stands left in the copy. */
static void between__in_a_chain(void **state) {
  static const char *const begins[] = {"", "CASE WHEN c1 AND c2 OR c3 THEN c4 END = "};
  static const char *const links[] = {" BETWEEN 0 AND 1", " NOT BETWEEN 0 OR 1 AND 1"};
  (void)state;
  puppet *p = open_puppet();
  for (size_t i = 0; i < 4; i++) {
    begin("SELECT 1 FROM t WHERE ");
    add_long();
    add(begins[i % 2][0] != 0 ? " AND " : "");
    add(begins[i % 2]);
    if (i % 2 != 0) {
      add_long();
    }
    repeat(links[i / 2], 100);
    refused(p);
  }
  close_puppet(p);
}

static void windows__named(void **state) {
  (void)state;
  puppet *p = open_puppet();
  begin("SELECT 1");
  repeat(",sum(c0) OVER w", 500);
  add(" FROM t WINDOW w AS (ORDER BY ");
  add_long();
  add(")");
  refused(p);
  close_puppet(p);
}

/* A subquery in FROM does not see the aliases of its reader, nor a column those beside it. */
static void aliases__out_of_sight(void **state) {
  (void)state;
  puppet *p = open_puppet();
  begin("");
  repeat("SELECT coalesce(x, 0) + x + x * x AS x FROM (", 12);
  add("SELECT c0 AS x FROM t");
  repeat(")", 12);
  assert_int_equal(compile(p), 0);
  begin("SELECT c0 AS c1");
  repeat(", c1 + c2 + c3 AS c%u", 59);
  add(" FROM t WHERE c1 BETWEEN 1 AND 2");
  repeat(" AND c%u BETWEEN 1 AND 20", 59);
  assert_int_equal(compile(p), 0);
  begin("SELECT 1 IN (1"); /* long is not much */
  repeat(",%u", 150000);
  add(")");
  assert_int_equal(compile(p), 0);
  close_puppet(p);
}

static void memory__none_to_count_with(void **state) {
  static const char sql[] =
      "WITH a AS (SELECT c0 + c1 AS x, c1 AS y FROM t) SELECT x, y FROM a WHERE "
      "x BETWEEN 1 AND 2 AND y IN (3, 4)";
  uint64_t copied;
  (void)state;
  puppet *p = open_puppet();
  hrt_alloc_fail(0, 1);
  assert_int_equal(hrt_copies(&copied, p->env, sql, strlen(sql)), HSB_STATUS_NOMEM);
  hrt_alloc_fail(-1, 0);
  assert_int_equal(hrt_copies(&copied, p->env, sql, strlen(sql)), 0);
  close_puppet(p);
}

/* SQL as people and programs write it is compiled with all that SQLite can do. */
static void subqueries__as_people_write_them(void **state) {
  static const char *const sql[] = {
      "SELECT a, b FROM t WHERE c = ?1 ORDER BY b LIMIT 10",
      "SELECT x FROM (SELECT a + b AS x FROM t) WHERE x > 3",
      "SELECT count(*) FROM (SELECT DISTINCT a FROM t WHERE b IN (SELECT b FROM u))",
      "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 99) SELECT n FROM "
      "c",
      /* TPC-H 8 */
      "select o_year, sum(case when nation = 'BRAZIL' then volume else 0 end) / sum(volume) as "
      "share "
      "from (select strftime('%Y', o_orderdate) as o_year, l_extendedprice * (1 - l_discount) as "
      "volume, n2.n_name as nation from part, supplier, lineitem, orders, customer, nation n1, "
      "nation n2, region where p_partkey = l_partkey and s_suppkey = l_suppkey and l_orderkey = "
      "o_orderkey and o_custkey = c_custkey and c_nationkey = n1.n_nationkey and n1.n_regionkey = "
      "r_regionkey and r_name = 'AMERICA' and s_nationkey = n2.n_nationkey and o_orderdate between "
      "'1995-01-01' and '1996-12-31' and p_type = 'ECONOMY') as all_nations group by o_year order "
      "by "
      "o_year",
      /* TPC-H 13, 15 */
      "select c_count, count(*) as custdist from (select c_custkey, count(o_orderkey) as c_count "
      "from "
      "customer left outer join orders on c_custkey = o_custkey and o_comment not like '%s%r%' "
      "group "
      "by c_custkey) as c_orders group by c_count order by custdist desc, c_count desc",
      "with revenue as (select l_suppkey as supplier_no, sum(l_extendedprice * (1 - l_discount)) "
      "as "
      "total_revenue from lineitem where l_shipdate >= '1996-01-01' group by l_suppkey) select "
      "s_suppkey, s_name, total_revenue from supplier, revenue where s_suppkey = supplier_no and "
      "total_revenue = (select max(total_revenue) from revenue) order by s_suppkey",
      /* TPC-DS 11 */
      "with year_total as (select c_customer_id customer_id, c_first_name first, d_year dyear, "
      "sum(ss_ext_list_price - ss_ext_discount_amt) year_total, 's' sale_type from customer, "
      "store_sales, date_dim where c_customer_sk = ss_customer_sk and ss_sold_date_sk = d_date_sk "
      "group by c_customer_id, c_first_name, d_year union all select c_customer_id, c_first_name, "
      "d_year, sum(ws_ext_list_price - ws_ext_discount_amt), 'w' from customer, web_sales, "
      "date_dim "
      "where c_customer_sk = ws_bill_customer_sk and ws_sold_date_sk = d_date_sk group by "
      "c_customer_id, c_first_name, d_year) select a.customer_id, b.first from year_total a, "
      "year_total b where a.customer_id = b.customer_id and a.sale_type = 's' and b.sale_type = "
      "'w' "
      "and a.year_total > 0 and case when b.year_total > 0 then a.year_total / b.year_total else 0 "
      "end > 1 order by 1, 2 limit 100",
      "SELECT t0_.id AS id_0, t0_.name AS name_1, t1_.id AS id_2 FROM orders t0_ INNER JOIN lines "
      "t1_ "
      "ON t0_.id = t1_.order_id LEFT JOIN (SELECT p.id AS id, p.sku AS sku FROM parts p WHERE "
      "p.live "
      "= 1) t2_ ON t1_.part_id = t2_.id WHERE (t0_.id IN (?, ?, ?, ?)) AND EXISTS (SELECT 1 FROM "
      "tags "
      "g WHERE g.order_id = t0_.id) ORDER BY t0_.name ASC",
      "SELECT region, rank() OVER (ORDER BY total DESC) AS place FROM (SELECT region, sum(amount) "
      "AS "
      "total FROM (SELECT s.region AS region, s.amount * r.rate AS amount FROM sales s JOIN rates "
      "r "
      "ON r.day = s.day) GROUP BY region) WHERE total > 0",
      "INSERT INTO u(a, b) SELECT x, y + 1 FROM (SELECT a AS x, b * 2 AS y FROM t) WHERE true ON "
      "CONFLICT(a) DO UPDATE SET b = excluded.b RETURNING a",
      "SELECT k, CASE WHEN v > 10 THEN 'high' WHEN v > 5 THEN 'mid' ELSE 'low' END AS class FROM "
      "(SELECT k, coalesce(a, 0) + coalesce(b, 0) AS v FROM (SELECT id AS k, a, b FROM t)) ORDER "
      "BY "
      "class"};
  (void)state;
  puppet *p = open_puppet();
  for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
    uint64_t copied;
    assert_int_equal(hrt_copies(&copied, p->env, sql[i], strlen(sql[i])), 0);
    if (!hrt_flatten_fits(sql[i], strlen(sql[i]), copied)) {
      fail_msg("%llu copied: %s", (unsigned long long)copied, sql[i]);
    }
  }
  close_puppet(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aliases__doubling),
      cmocka_unit_test(aliases__read_often),
      cmocka_unit_test(between__in_a_chain),
      cmocka_unit_test(windows__named),
      cmocka_unit_test(aliases__out_of_sight),
      cmocka_unit_test(memory__none_to_count_with),
      cmocka_unit_test(constants__doubling),
      cmocka_unit_test(columns__computed_often),
      cmocka_unit_test(bounds__only_of_guests),
      cmocka_unit_test(subqueries__doubling),
      cmocka_unit_test(subqueries__of_with),
      cmocka_unit_test(subqueries__of_many_terms),
      cmocka_unit_test(subqueries__of_views),
      cmocka_unit_test(subqueries__as_people_write_them),
      cmocka_unit_test(bounds__left_to_the_next_query),
      cmocka_unit_test(bounds__of_the_statement_around),
  };
  int failed = cmocka_run_group_tests_name("sql_copies", tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
