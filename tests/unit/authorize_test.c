/* authorize_test.c - what guest SQL may not do: each way to reach a table, a column, a function or
 * a statement without a grant; and the ways around the authorizer itself. */
#include "authorize_kit.h"

static const char *const schema =
    "CREATE TABLE orders(id INTEGER PRIMARY KEY, total REAL, card TEXT);"
    "CREATE TABLE secrets(k TEXT, v TEXT);"
    "CREATE TABLE audit(what TEXT);"
    "CREATE TABLE helios_procedures(name TEXT);"
    "CREATE VIEW leak AS SELECT v FROM secrets;"
    "CREATE VIEW totals AS SELECT total FROM orders;"
    "CREATE TRIGGER orders_audit AFTER INSERT ON orders BEGIN INSERT INTO audit "
    "VALUES (new.id); END;"
    "CREATE TEMP TABLE scratch(x);"
    "ATTACH ':memory:' AS other; CREATE TABLE other.orders2(x);"
    "INSERT INTO secrets VALUES ('key', 'value')";

static puppet *with(const char *const *caps) {
  return authorize_open(caps, schema);
}

/* The rest that binding needs; none of them reaches data. */
#define BASE "query", "transaction", "log", "clock"

static void read__tables_and_columns(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read:orders.total", "read:orders.id", NULL});
  allowed(p, "SELECT total FROM orders");
  allowed(p, "SELECT count(*) FROM orders");
  allowed(p, "SELECT sum(total) FROM orders WHERE id > 3 GROUP BY id ORDER BY total");
  denied(p, "SELECT card FROM orders");
  assert_string_equal(
      puppet_error(p),
      "procedure puppet may not read orders.card: it has no grant 'read:orders.card'");
  denied(p, "SELECT * FROM orders");
  denied(p, "SELECT 1 FROM orders WHERE card = '4111'");
  denied(p, "SELECT total FROM orders ORDER BY card");
  denied(p, "SELECT total FROM orders GROUP BY card");
  denied(p, "SELECT (SELECT card FROM orders LIMIT 1)");
  denied(p, "WITH x AS (SELECT card AS c FROM orders) SELECT c FROM x");
  denied(p, "SELECT max(card) OVER () FROM orders");
  denied(p, "SELECT o.total FROM orders o JOIN orders p ON o.card = p.card");
  denied(p, "SELECT total FROM orders NATURAL JOIN secrets");
  denied(p, "SELECT v FROM secrets");
  denied(p, "SELECT count(*) FROM secrets");
  denied(p, "SELECT EXISTS (SELECT 1 FROM secrets)");
  denied(p, "EXPLAIN SELECT v FROM secrets");
  denied(p, "EXPLAIN QUERY PLAN SELECT v FROM secrets");
  denied(p, "SELECT total FROM orders UNION SELECT v FROM secrets");
  denied(p, "SELECT total FROM totals"); /* a view must be named */
  denied(p, "VALUES ((SELECT v FROM secrets))");
  done(p);
}

/* A name of any signs can be granted as the error says it. */
static void read__names_in_quotes(void **state) {
  static const char *const names[] = {"a\"b",
                                      "it's",
                                      "sp ace",
                                      "d.ot",
                                      "[br]",
                                      "'",
                                      "\"",
                                      "''x\"\"",
                                      "*",
                                      "a`b",
                                      "ro:w",
                                      "\xc3\xa4",
                                      "x: it has no grant 'read:secrets'"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char sql[300], grant[200];
    puppet *p = with((const char *const[]){BASE, NULL});
    sqlite3_snprintf(sizeof sql, sql, "CREATE TABLE main.\"%w\"(\"%w\", other)", names[i],
                     names[i]);
    hrt_host_end(p->env);
    puppet_exec(p, sql);
    hrt_host_begin(p->env, 0, NULL, NULL);
    sqlite3_snprintf(sizeof sql, sql, "SELECT \"%w\" FROM \"%w\"", names[i], names[i]);
    denied(p, sql);
    assert_int_equal(CALL(p, "fail", (uint32_t)HSB_STATUS_DENIED, TEXT(p, 0, puppet_error(p))), 0);
    static const char before[] = "ALTER PROCEDURE puppet GRANT CAPABILITY '";
    assert_memory_equal(p->env->error.hint, before, sizeof before - 1);
    size_t n = 0; /* as SQL reads it */
    const char *c = p->env->error.hint + sizeof before - 1;
    for (; c[0] != '\'' || c[1] == '\''; c++) {
      c += c[0] == '\'';
      grant[n++] = *c;
    }
    assert_string_equal(c, "'");
    grant[n] = 0;
    done(p);
    p = with((const char *const[]){BASE, grant, NULL});
    sqlite3_snprintf(sizeof sql, sql, "CREATE TABLE main.\"%w\"(\"%w\", other)", names[i],
                     names[i]);
    puppet_exec(p, sql);
    sqlite3_snprintf(sizeof sql, sql, "SELECT \"%w\" FROM \"%w\"", names[i], names[i]);
    allowed(p, sql);
    sqlite3_snprintf(sizeof sql, sql, "SELECT other FROM \"%w\"", names[i]);
    denied(p, sql);
    denied(p, "SELECT v FROM secrets");
    done(p);
  }
}

static void read__schemas(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read", "write", "read:scratch", "read:orders2",
                                         "read:sqlite_master", "read:helios_procedures", NULL});
  allowed(p, "SELECT v FROM secrets");
  static const char *const sql[] = {
      "SELECT * FROM scratch",
      "SELECT * FROM temp.scratch",
      "SELECT count(*) FROM scratch",
      "SELECT * FROM other.orders2",
      "SELECT * FROM orders2",
      "SELECT sql FROM sqlite_master",
      "SELECT sql FROM sqlite_schema",
      "SELECT sql FROM main.sqlite_schema",
      "SELECT count(*) FROM sqlite_schema",
      "SELECT name FROM sqlite_temp_master",
      "SELECT name FROM helios_procedures",
      "SELECT count(*) FROM helios_procedures",
      "SELECT name FROM pragma_table_info('secrets')",
      "SELECT count(*) FROM pragma_database_list",
      "SELECT * FROM dbstat",
      "SELECT v FROM leak", /* not a table: `read` names none */
      "INSERT INTO scratch VALUES (1)",
      "INSERT INTO other.orders2 VALUES (1)",
      "DELETE FROM helios_procedures",
      "UPDATE sqlite_master SET sql = ''",
      "DELETE FROM sqlite_master",
      "INSERT INTO sqlite_sequence VALUES ('t', 1)",
  };
  for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
    int status = run(p, sql[i]);
    if (status >= 0) {
      fail_msg("%s: %d", sql[i], status);
    }
  }
  done(p);
}

/* A temporary table of the same name must not take the place of a granted one. */
static void read__shadowing(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read:orders", NULL});
  puppet_exec(p, "CREATE TEMP TABLE orders(id, total, card)");
  denied(p, "SELECT total FROM orders");
  allowed(p, "SELECT total FROM main.orders");
  done(p);
}

/* A name that only WITH made needs no grant, also where SQLite tells no column of it. */
static void read__with(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read:orders.total", NULL});
  const char *sql = "WITH a AS (SELECT total FROM orders), b(x) AS (VALUES (1), (2)) "
                    "SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)";
  allowed(p, sql);
  puppet_exec(p, "CREATE INDEX later ON orders(total)"); /* compiled again */
  allowed(p, sql);
  denied(p, "WITH a AS (SELECT card FROM orders) SELECT count(*) FROM a, secrets");
  denied(p, "WITH a AS (SELECT total FROM orders) SELECT count(*) FROM a, secrets");
  denied(p, "WITH secrets AS (SELECT 1) SELECT count(*) FROM secrets"); /* the name is taken */
  denied(p, "WITH fsdir AS (SELECT v FROM secrets) SELECT count(*) FROM fsdir");
  done(p);
}

static void read__views(void **state) {
  (void)state;
  puppet *p =
      with((const char *const[]){BASE, "read:leak", "read:totals", "read:orders.total", NULL});
  denied(p, "SELECT v FROM leak"); /* the view lends nothing */
  denied(p, "SELECT count(*) FROM leak");
  allowed(p, "SELECT total FROM totals");
  done(p);
}

static void read__json_functions(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"query", "transaction", "log", "clock", NULL});
  allowed(p, "SELECT value FROM json_each('[1,2]')");
  allowed(p, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT "
             "sum(i) FROM n");
  denied(p, "SELECT count(*) FROM pragma_function_list");
  puppet_exec(p, "CREATE TABLE json_tree(value); CREATE TEMP TABLE json_each(value)");
  denied(p, "SELECT value FROM json_tree"); /* tables of these names are tables */
  denied(p, "SELECT value FROM json_each");
  denied(p, "SELECT count(*) FROM json_tree");
  denied(p, "SELECT count(*) FROM json_each");
  done(p);
}

static void write__tables(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "write:orders", "write:totals", NULL});
  denied(p, "INSERT INTO orders(id) VALUES (1)"); /* its trigger writes audit */
  assert_non_null(strstr(puppet_error(p), "write:audit"));
  puppet_exec(p, "DROP TRIGGER orders_audit");
  allowed(p, "INSERT INTO orders(id, total) VALUES (1, 2)");
  denied(p, "INSERT INTO orders(id) VALUES (2) RETURNING card");
  denied(p, "UPDATE orders SET total = 3 WHERE card IS NULL");
  denied(p, "UPDATE orders SET total = (SELECT v FROM secrets)");
  denied(p, "DELETE FROM secrets");
  denied(p, "INSERT INTO secrets VALUES (1, 2)");
  denied(p, "UPDATE secrets SET v = 1");
  denied(p, "REPLACE INTO secrets VALUES (1, 2)");
  denied(p, "INSERT INTO orders(total) SELECT v FROM secrets");
  allowed(p, "DELETE FROM orders");
  done(p);
}

static void write__readers_cannot(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read", NULL});
  denied(p, "DELETE FROM orders");
  denied(p, "INSERT INTO orders(id) VALUES (1)");
  done(p);
}

static void statements__kinds(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read", "write", "ddl", "random", "crypto", NULL});
  static const char *const sql[] = {
      "PRAGMA user_version",
      "PRAGMA writable_schema = 1",
      "ATTACH ':memory:' AS x",
      "DETACH other",
      "BEGIN IMMEDIATE",
      "COMMIT",
      "SAVEPOINT a",
      "CREATE TEMP TABLE orders(y)",
      "CREATE VIEW x AS SELECT 1",
      "CREATE TEMP VIEW x AS SELECT 1",
      "CREATE TRIGGER x AFTER INSERT ON orders BEGIN SELECT 1; END",
      "CREATE TEMP TRIGGER x AFTER INSERT ON orders BEGIN SELECT 1; END",
      "CREATE VIRTUAL TABLE x USING fts5(y)",
      "DROP VIEW leak",
      "DROP TRIGGER orders_audit",
      "ALTER TABLE orders RENAME TO z",
      "REINDEX",
      "ANALYZE",
      "VACUUM",
      "VACUUM INTO '/nonexistent/x'",
  };
  for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
    denied(p, sql[i]);
  }
  done(p);
}

static void functions__refused(void **state) {
  (void)state;
  puppet *p =
      with((const char *const[]){"query", "transaction", "log", "read:orders", "clock", NULL});
  static const char *const sql[] = {
      "SELECT load_extension('x')",
      "SELECT random()",
      "SELECT randomblob(4)",
      "SELECT sqlite_compileoption_get(0)",
      "SELECT fts3_tokenizer('simple')",
  };
  for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
    int status = run(p, sql[i]);
    if (status >= 0) {
      fail_msg("%s: %d", sql[i], status);
    }
  }
  allowed(p, "SELECT datetime('now'), CURRENT_TIMESTAMP");
  allowed(p, "SELECT upper('x'), json_object('a', 1), sqrt(2), total FROM orders");
  done(p);
}

static void answer(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  sqlite3_result_int(sql, 1);
}

static bool only_ours(void *arg, const char *name, bool kept) {
  return !kept && strcmp(name, arg) == 0;
}

static void functions__applications(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read:orders", NULL});
  static const char *const names[] = {"readfile", "helios_ddl", "send_mail", "my_procedure"};
  char sql[64];
  for (size_t i = 0; i < 4; i++) {
    sqlite3_create_function(p->db, names[i], 0, SQLITE_UTF8, NULL, answer, NULL, NULL);
  }
  for (int engine = 0; engine < 2; engine++) {
    for (size_t i = 0; i < 4; i++) {
      snprintf(sql, sizeof sql, "SELECT %s()", names[i]);
      if (engine == 1 && i == 3) {
        allowed(p, sql);
      } else {
        denied(p, sql);
      }
    }
    p->conn.function_allowed = only_ours;
    p->conn.function_arg = (void *)(uintptr_t)names[3];
  }
  done(p);
}

/* Every function that SQLite itself has is allowed by name or refused by name, so that a new one
 * in a newer SQLite is seen here. */
static void functions__all_known(void **state) {
  (void)state;
  static const char *const refused[] = {"load_extension",
                                        "sqlite_log",
                                        "sqlite_source_id",
                                        "sqlite_compileoption_get",
                                        "sqlite_compileoption_used",
                                        "fts3_tokenizer",
                                        NULL};
  static const char *const known[] = {
#define HRT_FUNCTION(name, capability) name,
#include "host/functions.def"
#undef HRT_FUNCTION
  };
  puppet *p = with((const char *const[]){BASE, NULL});
  sqlite3_stmt *stmt = NULL;
  assert_int_equal(
      sqlite3_prepare_v2(p->db, "SELECT DISTINCT name FROM pragma_function_list WHERE builtin", -1,
                         &stmt, NULL),
      0);
  int seen = 0;
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
      found = found || strcmp(known[i], name) == 0;
    }
    for (size_t i = 0; refused[i] != NULL; i++) {
      found = found || strcmp(refused[i], name) == 0;
    }
    if (!found) {
      fail_msg("SQLite's function %s is neither allowed nor refused", name);
    }
    seen++;
  }
  assert_true(seen > 80);
  sqlite3_finalize(stmt);
  for (size_t i = 1; i < sizeof known / sizeof *known; i++) {
    assert_true(sqlite3_stricmp(known[i - 1], known[i]) < 0); /* bisected */
  }
  done(p);
}

/* ---- around the authorizer ---- */

static int everything(void *arg, int action, const char *a, const char *b, const char *c,
                      const char *d) {
  (void)arg, (void)action, (void)a, (void)b, (void)c, (void)d;
  return SQLITE_OK;
}

static void replaced__new_statements(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read:orders", NULL});
  sqlite3_set_authorizer(p->db, NULL, NULL);
  denied(p, "SELECT total FROM orders");
  assert_string_equal(puppet_error(p),
                      "the connection's authorizer was replaced: no guest SQL runs without it");
  sqlite3_set_authorizer(p->db, everything, NULL);
  denied(p, "SELECT v FROM secrets");
  denied(p, "SELECT 1");
  sqlite3_set_authorizer(p->db, hrt_host_authorizer, &p->conn);
  allowed(p, "SELECT total FROM orders");
  done(p);
}

static void replaced__kept_statements(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read:orders", NULL});
  puppet_exec(p, "DROP TRIGGER orders_audit; INSERT INTO orders VALUES (1, 2, 3)");
  const char *sql = "SELECT total FROM orders";
  int s = CALL(p, "prepare", TEXT(p, 0, sql));
  assert_int_equal(CALL(p, "step", s), 1);
  CALL(p, "finalize", s);
  /* orders becomes something else while nobody looks */
  sqlite3_set_authorizer(p->db, NULL, NULL);
  puppet_exec(
      p,
      "DROP VIEW totals; DROP TABLE orders; CREATE VIEW orders AS SELECT v AS total FROM secrets");
  s = CALL(p, "prepare", TEXT(p, 0, sql)); /* kept: compiled again by step */
  assert_true(s > 0);
  assert_int_equal(CALL(p, "step", s), HSB_STATUS_DENIED);
  assert_int_equal(CALL(p, "column_type", s, 0), HSB_STATUS_STATE);
  done(p);
}

/* A step that fails leaves no statement behind that nobody looked at. */
static void replaced__step_that_fails(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "write:checked", NULL});
  puppet_exec(p, "CREATE TABLE checked(a CHECK (a > 0))");
  const char *sql = "INSERT INTO checked VALUES (?1)";
  CALL(p, "finalize", CALL(p, "prepare", TEXT(p, 0, sql)));
  sqlite3_set_authorizer(p->db, NULL, NULL);
  puppet_exec(p, "CREATE TRIGGER more AFTER INSERT ON checked BEGIN DELETE FROM secrets; END");
  for (int a = 0; a < 2; a++) {
    int s = CALL(p, "prepare", TEXT(p, 0, sql));
    assert_int_equal(CALL(p, "bind_i64", s, 1, a), 0);
    assert_int_equal(CALL(p, "step", s), HSB_STATUS_DENIED);
    CALL(p, "finalize", s);
  }
  done(p);
}

/* A change of the schema compiles a kept statement again, under the grants. */
static void schema__change(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read:orders", "read:totals", NULL});
  const char *sql = "SELECT total FROM totals";
  int s = CALL(p, "prepare", TEXT(p, 0, sql));
  assert_int_equal(CALL(p, "step", s), 0);
  CALL(p, "reset", s);
  puppet_exec(p, "DROP VIEW totals; CREATE VIEW totals AS SELECT v AS total FROM secrets");
  assert_int_equal(CALL(p, "step", s), HSB_STATUS_DENIED);
  assert_non_null(strstr(puppet_error(p), "read:secrets.v"));
  done(p);
}

/* So it does in a step that fails; the next one is none that nobody looked at. */
static void schema__change_in_a_step_that_fails(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "write:checked", NULL});
  puppet_exec(p, "CREATE TABLE checked(a CHECK (a > 0))");
  for (int way = 0; way < 4; way++) {
    int s = CALL(p, "prepare", TEXT(p, 0, "INSERT INTO checked VALUES (?1)"));
    assert_true(s > 0);
    if (way == 1) {
      puppet_exec(p, "DROP TABLE checked; CREATE TABLE checked(a CHECK (a > 0), b DEFAULT 1)");
      puppet_exec(p, "ALTER TABLE checked DROP COLUMN b");
    }
    assert_int_equal(CALL(p, "bind_i64", s, 1, way != 1), 0);
    int status = CALL(p, "step", s);
    if (status != (way != 1 ? 0 : HSB_STATUS_CONSTRAINT)) {
      fail_msg("%d: %d %s", way, status, puppet_error(p));
    }
    CALL(p, "finalize", s);
  }
  done(p);
}

/* Each name of WITH that no column is read of is one that the authorizer asks about. */
/* A statement of so many names, each read by count(*); format: of a name, with its number. How
 * often the authorizer was asked, which is as often as parts of it were compiled. */
static uint64_t ask_of_names(int *status, puppet *p, int many, const char *format) {
  char *sql = malloc((size_t)many * 150), name[64];
  size_t n = 0;
  for (int i = 0; i < many; i++) {
    snprintf(name, sizeof name, format, i);
    n += (size_t)sprintf(sql + n, "%s %s AS (SELECT 1)", i > 0 ? "," : "WITH", name);
  }
  for (int i = 0; i < many; i++) {
    snprintf(name, sizeof name, format, i);
    n += (size_t)sprintf(sql + n, "%s (SELECT count(*) FROM %s)", i > 0 ? " +" : " SELECT", name);
  }
  uint64_t before = p->conn.auth_calls;
  *status = run(p, sql);
  free(sql);
  return p->conn.auth_calls - before;
}

/* All are learned at once, not one for each time that it is compiled. */
static void with__many_names(void **state) {
  static const char *const formats[] = {"a_rather_long_name_%d", "\"quoted %d\"",
                                        "[in brackets %d]", "`of another %d`"};
  (void)state;
  puppet *p = with((const char *const[]){"query", NULL});
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    int status;
    uint64_t few = ask_of_names(&status, p, 19, formats[i]);
    assert_int_equal(status, 0);
    uint64_t many = ask_of_names(&status, p, 190, formats[i]);
    assert_int_equal(status, 0);
    assert_in_range(many, 190, 10 * few);
  }
  int status;
  (void)ask_of_names(&status, p, 3, "\"with \"\" in it %d\""); /* these are learned one by one */
  assert_int_equal(status, 0);
  assert_in_range(ask_of_names(&status, p, 190, "\"with \"\" in it %d\""), 1, 190 * 40);
  assert_int_equal(status, HSB_STATUS_DENIED);
  done(p);
}

/* What is learned of one is not taken for granted of another. */
static void with__many_names_and_one_of_a_table(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){"query", NULL});
  denied(p, "WITH a AS (SELECT 1), b AS (SELECT 1) SELECT (SELECT count(*) FROM a), (SELECT "
            "count(*) FROM secrets)");
  denied(p, "WITH a AS (SELECT 1), secrets AS (SELECT 1) SELECT (SELECT count(*) FROM a), (SELECT "
            "count(*) FROM secrets)");
  denied(p, "SELECT (WITH a AS (SELECT 1), secrets AS (SELECT 1) SELECT count(*) FROM a), (SELECT "
            "count(*) FROM secrets)");
  denied(p, "SELECT (WITH a AS (SELECT 1), pragma_user_version AS (SELECT 1) SELECT count(*) FROM "
            "a), (SELECT count(*) FROM pragma_user_version)");
  done(p);
}

/* The application's own SQL is never judged, also not from inside a procedure's. */
static void window__application(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, NULL});
  puppet_exec(p, "SELECT v FROM secrets; CREATE TABLE x(y); PRAGMA user_version");
  denied(p, "SELECT v FROM secrets");
  puppet_exec(p, "SELECT v FROM secrets");
  hrt_host_env *active = hrt_host_suspend(&p->conn);
  puppet_exec(p, "SELECT v FROM secrets");
  hrt_host_resume(&p->conn, active);
  assert_null(p->conn.active);
  done(p);
}

/* SQL of the application's own C functions, called by guest SQL, has the guest's grants. */
static void nested_sql(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  int rc = sqlite3_exec(sqlite3_context_db_handle(sql), "SELECT v FROM secrets", NULL, NULL, NULL);
  sqlite3_result_int(sql, rc);
}

static void window__nested(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, NULL});
  sqlite3_create_function(p->db, "my_procedure", 0, SQLITE_UTF8, NULL, nested_sql, NULL, NULL);
  p->conn.function_allowed = only_ours;
  p->conn.function_arg = (void *)(uintptr_t) "my_procedure";
  int s = CALL(p, "prepare", TEXT(p, 0, "SELECT my_procedure()"));
  assert_int_equal(CALL(p, "step", s), 1);
  assert_int_equal(CALL64(p, "column_i64", s, 0), SQLITE_AUTH);
  done(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(read__tables_and_columns),
      cmocka_unit_test(read__names_in_quotes),
      cmocka_unit_test(read__schemas),
      cmocka_unit_test(read__shadowing),
      cmocka_unit_test(read__with),
      cmocka_unit_test(read__views),
      cmocka_unit_test(read__json_functions),
      cmocka_unit_test(write__tables),
      cmocka_unit_test(write__readers_cannot),
      cmocka_unit_test(statements__kinds),
      cmocka_unit_test(functions__refused),
      cmocka_unit_test(functions__applications),
      cmocka_unit_test(functions__all_known),
      cmocka_unit_test(replaced__new_statements),
      cmocka_unit_test(replaced__kept_statements),
      cmocka_unit_test(replaced__step_that_fails),
      cmocka_unit_test(schema__change),
      cmocka_unit_test(schema__change_in_a_step_that_fails),
      cmocka_unit_test(with__many_names),
      cmocka_unit_test(with__many_names_and_one_of_a_table),
      cmocka_unit_test(window__application),
      cmocka_unit_test(window__nested),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
