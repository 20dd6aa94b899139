/* authorize_ddl_test.c - CREATE, ALTER and DROP by a guest: what `ddl:<table>` allows, table by
 * table, what it never allows, and the ways around it. */
#include "authorize_kit.h"

#include "host/scan.h"

static const char *const schema =
    "CREATE TABLE orders(id INTEGER PRIMARY KEY, total REAL, note TEXT);"
    "INSERT INTO orders VALUES (1, 1.5, 'a'), (2, 2.5, 'b');"
    "CREATE TABLE secrets(k TEXT, v TEXT); INSERT INTO secrets VALUES ('key', 'value');"
    "CREATE TABLE seq(id INTEGER PRIMARY KEY AUTOINCREMENT);"
    "CREATE INDEX secrets_k ON secrets(k);"
    "CREATE VIEW leak AS SELECT v FROM secrets;"
    "CREATE TRIGGER audit AFTER INSERT ON orders BEGIN UPDATE secrets SET k = k; END;"
    "CREATE TABLE helios_thing(x); CREATE TABLE child(id TEXT);"
    "CREATE TEMP TABLE scratch(x); ATTACH ':memory:' AS other; CREATE TABLE other.far(x);"
    "ANALYZE";

static puppet *with(const char *const *caps) {
  return authorize_open(caps, schema);
}

static void refused(puppet *p, const char *sql) {
  int status = run(p, sql);
  if (status >= 0) {
    fail_msg("%s: %d", sql, status);
  }
}

static int64_t value(puppet *p, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(p->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
    fail_msg("%s: %s", sql, sqlite3_errmsg(p->db));
  }
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  int64_t v = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return v;
}

static void granted__create(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"ddl:mine", "ddl:also", NULL});
  allowed(p, "CREATE TABLE mine(a, b)");
  allowed(p, "create table if not exists main.mine(a)");
  allowed(p, "/* x */ CREATE TABLE\"Also\"(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT UNIQUE NOT "
             "NULL DEFAULT 'x' CHECK (length(b) > 0), c INT AS (a + 1), d TEXT REFERENCES mine(a)) "
             "STRICT");
  allowed(p, "CREATE INDEX mine_a ON mine(a) WHERE b > 1");
  allowed(p, "CREATE UNIQUE INDEX mine_lower ON mine(lower(b), a)");
  allowed(p, "CREATE INDEX IF NOT EXISTS mine_a ON mine(a)");
  assert_int_equal(value(p, "SELECT count(*) FROM sqlite_schema WHERE tbl_name IN ('mine', 'Also') "
                            "AND name NOT LIKE 'sqlite_%'"),
                   4);
  allowed(p, "DROP TABLE also");
  allowed(p, "CREATE TABLE also(x PRIMARY KEY, y) WITHOUT ROWID");
  done(p);
}

static void granted__first_autoincrement(void **state) {
  (void)state;
  puppet *p = puppet_open((const char *const[]){"ddl:mine", NULL}, puppet_shared());
  hrt_host_begin(p->env, 0, NULL, NULL);
  allowed(p, "CREATE TABLE mine(id INTEGER PRIMARY KEY AUTOINCREMENT)");
  assert_int_equal(value(p, "SELECT count(*) FROM sqlite_sequence"), 0);
  done(p);
}

static void granted__alter_and_drop(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"ddl:orders", "ddl:seq", NULL});
  allowed(p, "ALTER TABLE orders ADD COLUMN paid INTEGER NOT NULL DEFAULT 0");
  allowed(p, "ALTER TABLE orders ADD tax DEFAULT 4");
  allowed(p, "ALTER TABLE orders RENAME COLUMN note TO remark");
  allowed(p, "ALTER TABLE orders DROP COLUMN paid");
  allowed(p, "CREATE INDEX orders_total ON orders(total)");
  allowed(p, "DROP INDEX orders_total");
  allowed(p, "DROP INDEX IF EXISTS orders_total");
  assert_int_equal(value(p, "SELECT sum(tax) FROM orders"), 8);
  allowed(p, "DROP TABLE seq");
  allowed(p, "DROP TABLE orders"); /* with its trigger */
  allowed(p, "DROP TABLE IF EXISTS orders");
  assert_int_equal(value(p, "SELECT count(*) FROM sqlite_schema WHERE name IN ('orders', 'audit', "
                            "'seq')"),
                   0);
  done(p);
}

/* Each kind of change of each table but the granted one. */
static void denied__other_tables(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"read", "write", "query", "ddl:mine", "random", NULL});
  static const char *const tables[] = {"secrets", "orders",       "seq",
                                       "mine2",   "helios_thing", "child"};
  static const char *const forms[] = {"CREATE TABLE IF NOT EXISTS %s(x)",
                                      "CREATE TABLE new_%s(x)",
                                      "DROP TABLE %s",
                                      "ALTER TABLE %s ADD COLUMN z",
                                      "ALTER TABLE %s DROP COLUMN id",
                                      "ALTER TABLE %s RENAME COLUMN id TO z",
                                      "ALTER TABLE %s RENAME TO mine",
                                      "CREATE INDEX mine_i ON %s(rowid)",
                                      "DROP INDEX secrets_k"};
  char sql[200];
  int64_t before = value(p, "SELECT count(*) FROM sqlite_schema");
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
      snprintf(sql, sizeof sql, forms[f], tables[t]);
      refused(p, sql);
    }
  }
  denied(p, "DROP TABLE secrets");
  assert_string_equal(puppet_error(p),
                      "procedure puppet may not drop secrets: it has no grant 'ddl:secrets'");
  denied(p, "CREATE INDEX mine_i ON secrets(v)");
  assert_string_equal(puppet_error(p),
                      "procedure puppet may not create an index of secrets: it has "
                      "no grant 'ddl:secrets'");
  assert_int_equal(value(p, "SELECT count(*) FROM sqlite_schema"), before);
  assert_int_equal(value(p, "SELECT count(*) FROM secrets WHERE v = 'value'"), 1);
  done(p);
}

/* What no grant reaches. */
static void denied__for_all(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"read", "write", "query", "ddl:*", "ddl:helios_thing",
                                         "ddl:sqlite_master", "ddl:far", "ddl:scratch", "ddl:leak",
                                         "random", "crypto", NULL});
  static const char *const sql[] = {
      "DROP TABLE helios_thing",
      "CREATE TABLE helios_new(x)",
      "CREATE TABLE \"HELIOS_new\"(x)",
      "ALTER TABLE helios_thing ADD COLUMN y",
      "CREATE INDEX i ON helios_thing(x)",
      "CREATE INDEX helios_i ON orders(total)",
      "ALTER TABLE orders RENAME TO helios_new",
      "ALTER TABLE orders RENAME TO o",
      "alter table orders /* x */ rename -- y\n to o",
      "DROP TABLE sqlite_stat1",
      "CREATE TABLE pragma_x(y)",
      "CREATE TABLE sqlite_x(y)",
      "DROP TABLE sqlite_master",
      "CREATE INDEX i ON sqlite_master(sql)",
      "ALTER TABLE sqlite_master ADD COLUMN x",
      "DELETE FROM sqlite_sequence",
      "INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 2, 'CREATE TABLE x(y)')",
      "UPDATE sqlite_master SET sql = ''",
      "SELECT sql FROM sqlite_master",
      "CREATE TABLE temp.x(y)",
      "CREATE TEMP TABLE x(y)",
      "CREATE TEMPORARY TABLE x(y)",
      "DROP TABLE scratch",
      "DROP TABLE temp.scratch",
      "ALTER TABLE scratch ADD COLUMN y",
      "CREATE INDEX temp.i ON scratch(x)",
      "CREATE TABLE other.x(y)",
      "DROP TABLE other.far",
      "DROP TABLE far",
      "CREATE INDEX other.i ON far(x)",
      "ALTER TABLE other.far ADD COLUMN y",
      "CREATE VIEW x AS SELECT 1",
      "DROP VIEW leak",
      "DROP TRIGGER audit",
      "CREATE TRIGGER x AFTER INSERT ON orders BEGIN SELECT 1; END",
      "CREATE VIRTUAL TABLE x USING fts5(y)",
      "REINDEX",
      "REINDEX secrets_k",
      "ANALYZE",
      "VACUUM",
      "EXPLAIN CREATE TABLE x(y)",
      "CREATE TABLE x AS SELECT 1",
      "CREATE TABLE x AS VALUES (1)",
      "CREATE TABLE x AS SELECT sql FROM sqlite_master",
      "CREATE TABLE x AS SELECT v FROM secrets",
      "CREATE TABLE x AS WITH y(z) AS (SELECT sql FROM sqlite_schema) SELECT z FROM y",
      "CREATE TABLE x(y CHECK (y IN (SELECT v FROM secrets)))",
      "CREATE TABLE x(y DEFAULT (load_extension('x')))",
      "CREATE INDEX i ON orders(load_extension(note))",
      "PRAGMA writable_schema = 1",
      "PRAGMA quick_check",
      "SELECT * FROM pragma_quick_check",
      "SELECT sqlite_rename_test('main', '', '', '', 0, '', 0)",
  };
  int64_t before = value(p, "SELECT count(*) + (SELECT count(*) FROM sqlite_temp_schema) + (SELECT "
                            "count(*) FROM other.sqlite_schema) FROM sqlite_schema");
  for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
    refused(p, sql[i]);
  }
  assert_int_equal(value(p, "SELECT count(*) + (SELECT count(*) FROM sqlite_temp_schema) + (SELECT "
                            "count(*) FROM other.sqlite_schema) FROM sqlite_schema"),
                   before);
  allowed(p, "DROP TABLE child"); /* any other table */
  done(p);
}

/* The right to change a table's schema is no right to its rows, and the other way round. */
static void apart__from_rows(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"ddl:orders", NULL});
  denied(p, "SELECT total FROM orders");
  denied(p, "DELETE FROM orders");
  denied(p, "INSERT INTO orders VALUES (9, 9, '')");
  allowed(p, "ALTER TABLE orders ADD COLUMN z");
  done(p);
  p = with((const char *const[]){"read", "write", "query", NULL});
  denied(p, "ALTER TABLE orders ADD COLUMN z");
  denied(p, "DROP TABLE orders");
  done(p);
}

/* What SQLite compiles only when others use the table, by their rights, or asks nobody about. */
static void functions__compiled_later(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"ddl:mine", "ddl:orders", "random", "clock", NULL});
  allowed(p, "CREATE TABLE mine(a DEFAULT 'DEFAULT (1)', b DEFAULT/**/ 7)");
  static const char *const sql[] = {
      "CREATE TABLE orders(a DEFAULT (app()))",
      "CREATE TABLE orders(a DEFAULT/* x */ ( 1))",
      "ALTER TABLE mine ADD c DEFAULT (app())",
      "ALTER TABLE mine ADD c CHECK (app(c))",
      "ALTER TABLE mine ADD c AS (app(a))",
      "ALTER TABLE mine ADD c GENERATED ALWAYS AS\n(app(a))",
      "ALTER TABLE mine ADD c REFERENCES secrets(k)",
      "ALTER TABLE mine ADD c \xef\xbb\xbfREFERENCES secrets(k)",
      "ALTER TABLE mine ADD c DEFAULT \xef\xbb\xbf(app())",
      "ALTER TABLE mine ADD c REFERENCES \"secrets\"",
      "ALTER TABLE mine ADD c REFERENCES [secrets](k)",
      "ALTER TABLE mine ADD c REFERENCES 'secrets'",
      "ALTER TABLE mine ADD c REFERENCES helios_thing",
      "ALTER TABLE mine ADD c REFERENCES /* x */ secrets",
      "ALTER TABLE mine ADD c REFERENCES \"mine\"\"\"",
      "ALTER TABLE mine ADD c REFERENCES",
  };
  for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
    denied(p, sql[i]);
  }
  denied(p, "ALTER TABLE mine ADD c REFERENCES secrets");
  assert_string_equal(puppet_error(p),
                      "procedure puppet may not refer to secrets: it has no grant 'ddl:secrets'");
  allowed(p, "ALTER TABLE mine ADD c VARCHAR(20) REFERENCES \"orders\"(id) ON DELETE CASCADE");
  done(p);
}

/* Functions of the new parts are judged like those of any SQL. */
static void functions__judged(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"ddl:mine", NULL});
  denied(p, "CREATE TABLE mine(a CHECK (a > random()))");
  denied(p, "CREATE TABLE mine(a AS (datetime('now')))");
  allowed(p,
          "CREATE TABLE mine(a DEFAULT -1.5, t DEFAULT CURRENT_TIMESTAMP, b CHECK (abs(b) > 1))");
  denied(p, "CREATE INDEX i ON mine(load_extension(a))");
  denied(p, "CREATE INDEX i ON mine(a) WHERE random() > 1");
  done(p);
}

static void transaction__undone(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"ddl:mine", "transaction", NULL});
  assert_int_equal(CALL(p, "begin"), 0);
  allowed(p, "CREATE TABLE mine(a)");
  assert_int_equal(CALL(p, "rollback"), 0);
  assert_int_equal(value(p, "SELECT count(*) FROM sqlite_schema WHERE name = 'mine'"), 0);
  allowed(p, "CREATE TABLE mine(a)");
  done(p);
}

/* A compiled statement that SQLite compiles again is judged again, as what it was. */
static void prepared__again(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"ddl:mine", "ddl:more", "write:mine", "read:mine", NULL});
  int create = CALL(p, "prepare", TEXT(p, 0, "CREATE TABLE IF NOT EXISTS mine(a)"));
  assert_true(create > 0);
  allowed(p, "CREATE TABLE more(a)");
  assert_int_equal(CALL(p, "step", create), 0);
  int insert = CALL(p, "prepare", TEXT(p, 0, "INSERT INTO mine(a) VALUES (1)"));
  assert_true(insert > 0);
  assert_int_equal(CALL(p, "step", insert), 0);
  allowed(p, "ALTER TABLE mine ADD COLUMN b");
  assert_int_equal(CALL(p, "reset", insert), 0);
  assert_int_equal(CALL(p, "step", insert), 0);
  assert_int_equal(CALL(p, "reset", create), 0);
  assert_int_equal(CALL(p, "step", create), 0);
  assert_int_equal(run(p, "INSERT INTO mine(a) VALUES (2), (3)"), 2);
  allowed(p, "DROP TABLE more"); /* changes no row, whatever the statement before did */
  assert_int_equal(value(p, "SELECT count(*) FROM mine"), 4);
  done(p);
}

/* Of a connection whose authorizer was replaced, nothing is compiled - also what would do nothing.
 */
static void replaced__nothing(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"ddl:orders", NULL});
  sqlite3_set_authorizer(p->db, NULL, NULL);
  denied(p, "DROP TABLE orders");
  denied(p, "CREATE TABLE IF NOT EXISTS orders(a)");
  denied(p, "DROP INDEX IF EXISTS none");
  sqlite3_set_authorizer(p->db, hrt_host_authorizer, &p->conn);
  allowed(p, "DROP INDEX IF EXISTS none");
  done(p);
}

static void scan__first_words(void **state) {
  (void)state;
  static const struct {
    const char *sql;
    hrt_ddl_text kind;
  } cases[] = {
      {"CREATE TABLE x(y)", HRT_DDL_TEXT_CREATE},
      {" ;\n-- c\n create /* */ unique index", HRT_DDL_TEXT_CREATE},
      {"CREATE INDEX", HRT_DDL_TEXT_CREATE},
      {"CREATE UNIQUE TABLE", HRT_DDL_TEXT_CREATE}, /* SQLite refuses it */
      {"CREATE TEMP TABLE x(y)", HRT_DDL_TEXT_NONE},
      {"CREATE VIEW x AS SELECT 'TABLE'", HRT_DDL_TEXT_NONE},
      {"CREATE UNIQUE", HRT_DDL_TEXT_NONE},
      {"CREATE", HRT_DDL_TEXT_NONE},
      {"", HRT_DDL_TEXT_NONE},
      {"ALTER TABLE x ADD y", HRT_DDL_TEXT_ALTER},
      {"ALTER TABLE x RENAME y TO z", HRT_DDL_TEXT_ALTER},
      {"ALTER TABLE x RENAME COLUMN \"y\" TO z", HRT_DDL_TEXT_ALTER},
      {"ALTER TABLE x RENAME TO z", HRT_DDL_TEXT_RENAME},
      {"ALTER TABLE \"x\" rename/**/to[z]", HRT_DDL_TEXT_RENAME},
      {"ALTER TABLE x RENAME 'y' TO z", HRT_DDL_TEXT_ALTER},
      {"'x' CREATE TABLE", HRT_DDL_TEXT_NONE},
      {"ALTER TABLE x ADD rename DEFAULT 'RENAME TO'", HRT_DDL_TEXT_ALTER},
      {"ALTER INDEX x", HRT_DDL_TEXT_NONE},
      {"DROP TABLE x", HRT_DDL_TEXT_DROP},
      {"DROP INDEX x", HRT_DDL_TEXT_DROP},
      {"DROP VIEW x", HRT_DDL_TEXT_NONE},
      {"EXPLAIN DROP TABLE x", HRT_DDL_TEXT_NONE},
      {"SELECT 1 -- CREATE TABLE", HRT_DDL_TEXT_NONE},
      {"CREATETABLE x", HRT_DDL_TEXT_NONE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (hrt_scan_ddl(cases[i].sql, strlen(cases[i].sql)) != cases[i].kind) {
      fail_msg("%s", cases[i].sql);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(granted__create),         cmocka_unit_test(granted__first_autoincrement),
      cmocka_unit_test(granted__alter_and_drop), cmocka_unit_test(denied__other_tables),
      cmocka_unit_test(denied__for_all),         cmocka_unit_test(apart__from_rows),
      cmocka_unit_test(functions__judged),       cmocka_unit_test(functions__compiled_later),
      cmocka_unit_test(transaction__undone),     cmocka_unit_test(prepared__again),
      cmocka_unit_test(replaced__nothing),       cmocka_unit_test(scan__first_words),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
