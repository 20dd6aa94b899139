/* shadow_test.c - virtual tables that keep what they hold in tables of their own, used by guests:
 * with a grant on the virtual table they work, and nothing but them is opened by it. */
#include "authorize_kit.h"

#include <malloc.h>

static const char *const schema =
    "CREATE TABLE secrets(v); INSERT INTO secrets VALUES ('hidden');"
    "CREATE VIRTUAL TABLE docs USING fts5(title, body);"
    "INSERT INTO docs VALUES ('one', 'hello world'), ('two', 'goodbye');"
    "CREATE VIRTUAL TABLE mirror USING fts5(v, content = 'secrets', content_rowid = 'rowid');"
    "INSERT INTO mirror(mirror) VALUES ('rebuild');"
    "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1); INSERT INTO boxes VALUES (1, 0, 1);"
    "CREATE VIRTUAL TABLE old USING fts4(a); INSERT INTO old VALUES ('x y');"
    "CREATE VIRTUAL TABLE other USING fts5(a); INSERT INTO other VALUES ('z');";

/* As when the file was just opened: no virtual table is connected. */
static const char *const forget = "PRAGMA writable_schema = RESET";

static puppet *with(const char *const *caps, bool fresh) {
  puppet *p = authorize_open(caps, schema);
  if (fresh) {
    puppet_exec(p, forget);
  }
  return p;
}

#define BASE "query", "transaction", "log", "clock"

static const char *const reads[] = {
    "SELECT rank, bm25(docs), snippet(docs, 1, '<', '>', '', 5) FROM docs WHERE docs = 'hello'",
    "SELECT title FROM docs('hello')",
    "SELECT count(*) FROM docs",
    "SELECT body FROM docs WHERE rowid = 2",
    "SELECT id FROM boxes WHERE x0 < 1",
    "SELECT a FROM old WHERE a MATCH 'x'",
};
static const char *const writes[] = {
    "INSERT INTO docs VALUES ('three', 'more words')",
    "UPDATE docs SET body = 'changed' WHERE rowid = 1",
    "DELETE FROM docs WHERE rowid = 1",
    "INSERT INTO docs(docs) VALUES ('optimize')",
    "INSERT INTO docs(docs) VALUES ('integrity-check')",
    "INSERT INTO boxes VALUES (2, 3, 4)",
    "UPDATE boxes SET x1 = 9 WHERE id = 1",
    "DELETE FROM boxes",
    "INSERT INTO old VALUES ('z')",
    "DELETE FROM old",
};

typedef void judge(puppet *p, const char *sql);

static void each(puppet *p, judge *is, const char *const *sql, size_t count) {
  for (size_t i = 0; i < count; i++) {
    is(p, sql[i]);
  }
}

#define EACH(p, is, sql) each(p, is, sql, sizeof(sql) / sizeof *(sql))

static void shadow__with_a_grant(void **state) {
  (void)state;
  for (int fresh = 0; fresh < 2; fresh++) {
    puppet *p = with((const char *const[]){BASE, "read:docs", "read:boxes", "read:old",
                                           "write:docs", "write:boxes", "write:old", NULL},
                     fresh != 0);
    EACH(p, allowed, reads);
    EACH(p, allowed, writes);
    done(p);
    p = with((const char *const[]){BASE, "read", "write", NULL}, fresh != 0);
    EACH(p, allowed, reads);
    EACH(p, allowed, writes);
    done(p);
  }
}

static void shadow__read_only(void **state) {
  (void)state;
  for (int fresh = 0; fresh < 2; fresh++) {
    puppet *p =
        with((const char *const[]){BASE, "read:docs", "read:boxes", "read:old", NULL}, fresh != 0);
    EACH(p, allowed, reads);
    EACH(p, denied, writes);
    denied(p, "SELECT a FROM other WHERE other MATCH 'z'");
    denied(p, "SELECT count(*) FROM other");
    done(p);
  }
}

static void shadow__without_a_grant(void **state) {
  (void)state;
  for (int fresh = 0; fresh < 2; fresh++) {
    puppet *p = with((const char *const[]){BASE, "read:secrets", "write:secrets", NULL}, fresh);
    EACH(p, denied, reads);
    EACH(p, denied, writes);
    assert_string_equal(puppet_error(p),
                        "procedure puppet may not write old: it has no grant 'write:old'");
    done(p);
  }
}

static const char *const direct[] = {
    "SELECT block FROM docs_data",
    "SELECT c1 FROM docs_content",
    "SELECT count(*) FROM docs_content",
    "SELECT count(*) FROM main.docs_content",
    "SELECT (SELECT c0 FROM docs_content) FROM docs WHERE docs MATCH 'hello'",
    "SELECT title FROM docs WHERE body IN (SELECT c1 FROM docs_content)",
    "INSERT INTO docs_data VALUES (77, x'00')",
    "UPDATE docs_data SET block = x'ff' WHERE id = 10",
    "DELETE FROM docs_idx",
    "DELETE FROM boxes_node",
    "UPDATE boxes_rowid SET nodeno = 5",
    "DELETE FROM old_segdir",
    "INSERT INTO docs SELECT c0, c1 FROM docs_content",
    "WITH x AS (SELECT c0 FROM docs_content) SELECT count(*) FROM x, docs",
    "PRAGMA data_version",
    "PRAGMA main.data_version",
    "DROP TABLE docs_data",
    "DROP TABLE docs",
    "ALTER TABLE docs_content ADD COLUMN x",
    "CREATE INDEX i ON docs_content(c0)",
    "CREATE VIRTUAL TABLE mine USING fts5(a)",
    "CREATE VIRTUAL TABLE mine USING fts5vocab(docs, 'row')",
};

/* Neither a wildcard nor the right to the virtual table is one to its shadow tables. */
static void shadow__directly(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read", "write", "ddl", NULL}, false);
  EACH(p, denied, direct);
  done(p);
  p = with((const char *const[]){BASE, "read:docs", "write:docs", "read:boxes", "write:boxes",
                                 "read:old", "write:old", NULL},
           true);
  EACH(p, denied, direct);
  done(p);
  p = with((const char *const[]){BASE, "read:docs_content", NULL}, true);
  allowed(p, "SELECT c1 FROM docs_content");
  denied(p, "SELECT title FROM docs");
  done(p);
}

/* MATCH looks at all columns, so who may read one can't ask it. */
static void shadow__columns(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read:docs.title", NULL}, false);
  denied(p, "SELECT title FROM docs WHERE docs MATCH 'hello'");
  denied(p, "SELECT title FROM docs('hello')");
  denied(p, "SELECT title FROM docs WHERE title MATCH 'one'");
  assert_string_equal(puppet_error(p),
                      "procedure puppet may not read all of docs: it has no grant 'read:docs'");
  denied(p, "SELECT title FROM docs");
  denied(p, "SELECT body FROM docs");
  done(p);
}

/* What another table holds is read by its own grant, as through a view. */
static void shadow__content_of_another_table(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read:mirror", NULL}, false);
  denied(p, "SELECT v FROM mirror WHERE mirror MATCH 'hidden'");
  denied(p, "SELECT v FROM mirror");
  done(p);
  p = with((const char *const[]){BASE, "read:mirror", "read:secrets", NULL}, true);
  allowed(p, "SELECT v FROM mirror WHERE mirror MATCH 'hidden'");
  done(p);
}

/* A kept statement, compiled anew because the application has changed the schema meanwhile. */
static void shadow__schema_changes(void **state) {
  (void)state;
  const char *sql = "SELECT title FROM docs WHERE docs MATCH 'goodbye'";
  puppet *p = with((const char *const[]){BASE, "read", NULL}, false);
  for (int i = 0; i < 3; i++) {
    int s = CALL(p, "prepare", TEXT(p, 0, sql));
    assert_true(s > 0);
    assert_int_equal(CALL(p, "step", s), 1);
    assert_int_equal(CALL(p, "finalize", s), 0);
    hrt_host_end(p->env);
    puppet_exec(p, i == 0 ? "CREATE TABLE more(x)" : forget);
    hrt_host_begin(p->env, 0, NULL, NULL);
  }
  hrt_host_end(p->env);
  puppet_exec(p, "CREATE VIRTUAL TABLE late USING fts5(a)");
  hrt_host_begin(p->env, 0, NULL, NULL);
  denied(p, "SELECT c0 FROM late_content");
  allowed(p, "SELECT a FROM late");
  hrt_shadows_clear(&p->conn); /* then they are looked up again */
  EACH(p, denied, direct);
  hrt_host_end(p->env);
  puppet_exec(p, "DROP TABLE late; CREATE TABLE late_content(c0)");
  hrt_host_begin(p->env, 0, NULL, NULL);
  allowed(p, "SELECT c0 FROM late_content");
  done(p);
}

/* A temporary table or one of another schema of a shadow table's name is none. */
static void shadow__elsewhere(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read", "write", NULL}, false);
  puppet_exec(p, "CREATE TEMP TABLE docs_content(id, c0, c1); ATTACH ':memory:' AS b; CREATE TABLE "
                 "b.docs_data(id, block)");
  denied(p, "SELECT c1 FROM docs_content");
  denied(p, "SELECT block FROM b.docs_data");
  EACH(p, allowed, reads);
  done(p);
}

/* Whose shadow tables another schema has says nothing of the main one's. */
static void shadow__of_another_schema(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read", "write", NULL}, false);
  puppet_exec(p, "CREATE TABLE mine_data(x); CREATE TABLE plain_data(x);"
                 "ATTACH ':memory:' AS b; CREATE VIRTUAL TABLE b.plain USING fts5(a);"
                 "CREATE VIRTUAL TABLE temp.mine USING fts5(a)");
  allowed(p, "SELECT x FROM plain_data");
  allowed(p, "UPDATE main.mine_data SET x = 2");
  EACH(p, denied, direct);
  done(p);
}

/* The schema's version is a number that anybody can set. */
static void shadow__any_schema_version(void **state) {
  static const char *const versions[] = {"0", "-1", "1", "2147483647", "-2147483648"};
  (void)state;
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    char sql[4096];
    snprintf(sql, sizeof sql, "%s PRAGMA schema_version = %s", schema, versions[i]);
    puppet *p = authorize_open((const char *const[]){BASE, "read", "write", NULL}, sql);
    EACH(p, denied, direct);
    EACH(p, allowed, reads);
    done(p);
  }
}

/* One more virtual table, named by so many bytes; what becomes of a guest that writes it. */
static void add_named(puppet *p, size_t bytes, char letter, int wanted) {
  size_t room = bytes + 100;
  char *sql = malloc(room);
  snprintf(sql, room, "CREATE VIRTUAL TABLE %0*d USING fts5(a)", (int)bytes, 0);
  char *name = strchr(sql, '0');
  memset(name, letter, bytes);
  hrt_host_end(p->env);
  puppet_exec(p, sql);
  hrt_host_begin(p->env, 0, NULL, NULL);
  snprintf(sql, room, "INSERT INTO %0*d VALUES (1)", (int)bytes, 0);
  memset(strchr(sql, '0'), letter, bytes);
  int status = run(p, sql);
  if (status != wanted) {
    fail_msg("%zu bytes: %d %s", bytes, status, puppet_error(p));
  }
  free(sql);
}

/* Nobody reaches the shadow tables of one whose name is too long. */
static void shadow__long_names(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read", "write", NULL}, false);
  add_named(p, HRT_SHADOW_OWNER - 1, 'x', 1);
  add_named(p, HRT_SHADOW_OWNER, 'y', HSB_STATUS_DENIED);
  add_named(p, HRT_SHADOW_OWNER + 4000, 'z', HSB_STATUS_DENIED);
  EACH(p, denied, direct);
  allowed(p, "SELECT title FROM docs('hello')");
  hrt_host_end(p->env);
  puppet_exec(p, "CREATE VIRTUAL TABLE \"\" USING fts5(a)"); /* SQLite takes it */
  hrt_host_begin(p->env, 0, NULL, NULL);
  allowed(p, "INSERT INTO \"\" VALUES (1)");
  denied(p, "SELECT block FROM _data");
  done(p);
}

/* Where there are more names than are kept, no guest's SQL runs. */
static void shadow__too_many_names(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read", "write", NULL}, false);
  add_named(p, 4000, 'x', HSB_STATUS_DENIED);
  add_named(p, 60000, 'y', HSB_STATUS_DENIED);
  add_named(p, 60000, 'z', HSB_STATUS_DENIED);
  add_named(p, 60000, 'w', HSB_STATUS_LIMIT);
  assert_string_equal(puppet_error(p), "the database has too many shadow tables");
  assert_int_equal(run(p, "SELECT 1"), HSB_STATUS_LIMIT);
  done(p);
}

/* The names that are kept, and no others: there is an end behind them. */
static void shadow__names(void **state) {
  (void)state;
  sqlite3_stmt *s = NULL;
  int count = 0;
  puppet *p = with((const char *const[]){BASE, NULL}, false);
  allowed(p, "SELECT 1");
  for (const char *name = p->conn.shadows; *name != 0; name += strlen(name) + 1) {
    count++;
  }
  hrt_host_end(p->env);
  assert_int_equal(
      sqlite3_prepare_v2(p->db, "SELECT count(*) FROM pragma_table_list WHERE type = 'shadow'", -1,
                         &s, NULL),
      SQLITE_OK);
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  assert_int_equal(sqlite3_column_int(s, 0), count);
  sqlite3_finalize(s);
  hrt_host_begin(p->env, 0, NULL, NULL);
  done(p);
}

/* What may be done through a virtual table: only in a step, to what is its own, by its own grant.
 */
static void shadow__through(void **state) {
  (void)state;
  char owner[HRT_SHADOW_OWNER];
  puppet *p = with((const char *const[]){BASE, "read:docs", "write:boxes", NULL}, false);
  puppet_exec(p, "CREATE TABLE docs_mine(a)");
  allowed(p, "SELECT title FROM docs");
  assert_null(hrt_shadow_owner(owner, p->env, "docs_data"));
  assert_false(hrt_shadow_through(p->env, HRT_CAP_READ, "docs_data"));
  p->env->stepping = true;
  assert_string_equal(hrt_shadow_owner(owner, p->env, "docs_data"), "docs");
  assert_string_equal(hrt_shadow_owner(owner, p->env, "DOCS_data"), "DOCS");
  assert_true(hrt_shadow_through(p->env, HRT_CAP_READ, "docs_data"));
  assert_false(hrt_shadow_through(p->env, HRT_CAP_WRITE, "docs_data"));
  assert_true(hrt_shadow_through(p->env, HRT_CAP_READ, "boxes_node"));
  assert_true(hrt_shadow_through(p->env, HRT_CAP_WRITE, "boxes_node"));
  assert_false(hrt_shadow_through(p->env, HRT_CAP_READ, "old_segdir"));
  assert_false(hrt_shadow_through(p->env, HRT_CAP_READ, "docs_mine"));
  assert_false(hrt_shadow_through(p->env, HRT_CAP_READ, "docs"));
  p->env->stepping = false;
  done(p);
}

/* An allocation of ours that fails. */
static void shadow__without_memory(void **state) {
  (void)state;
  int status = HSB_STATUS_NOMEM;
  for (long n = 0; n < 60; n++) {
    puppet *p = with((const char *const[]){BASE, "read", "write", NULL}, false);
    hrt_alloc_fail(n, 1);
    int of_direct = run(p, direct[0]);
    hrt_alloc_fail(n, 1);
    status = run(p, reads[0]);
    hrt_alloc_fail(-1, 0);
    assert_true(of_direct < 0 && (status == 0 || status == HSB_STATUS_NOMEM));
    EACH(p, denied, direct);
    allowed(p, reads[0]);
    done(p);
  }
  assert_int_equal(status, 0); /* there are fewer */
}

/* ---- a virtual table that can be connected the second time only ---- */

static int connects;

static int flaky_connect(sqlite3 *db, void *arg, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **message) {
  (void)arg, (void)argc, (void)argv, (void)message;
  int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(a)");
  *out = rc == SQLITE_OK && connects++ > 0 ? calloc(1, sizeof **out) : NULL;
  return rc != SQLITE_OK ? rc : *out != NULL ? SQLITE_OK : SQLITE_NOMEM;
}

static int flaky_create(sqlite3 *db, void *arg, int argc, const char *const *argv,
                        sqlite3_vtab **out, char **message) {
  connects = 1;
  return flaky_connect(db, arg, argc, argv, out, message);
}

static int flaky_disconnect(sqlite3_vtab *t) {
  free(t);
  return SQLITE_OK;
}

static int flaky_plan(sqlite3_vtab *t, sqlite3_index_info *info) {
  (void)t, (void)info;
  return SQLITE_OK;
}

static int flaky_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out) {
  (void)t;
  *out = calloc(1, sizeof **out);
  return *out != NULL ? SQLITE_OK : SQLITE_NOMEM;
}

static int flaky_close(sqlite3_vtab_cursor *c) {
  free(c);
  return SQLITE_OK;
}

static int flaky_filter(sqlite3_vtab_cursor *c, int index, const char *text, int argc,
                        sqlite3_value **argv) {
  (void)c, (void)index, (void)text, (void)argc, (void)argv;
  return SQLITE_OK;
}

static int flaky_eof(sqlite3_vtab_cursor *c) {
  (void)c;
  return 1;
}

static const sqlite3_module flaky = {.xCreate = flaky_create,
                                     .xConnect = flaky_connect,
                                     .xBestIndex = flaky_plan,
                                     .xDisconnect = flaky_disconnect,
                                     .xDestroy = flaky_disconnect,
                                     .xOpen = flaky_open,
                                     .xClose = flaky_close,
                                     .xFilter = flaky_filter,
                                     .xEof = flaky_eof};

/* Connecting it failed when its columns were known already. */
static void shadow__connected_half(void **state) {
  (void)state;
  puppet *p = with((const char *const[]){BASE, "read", NULL}, false);
  hrt_host_end(p->env);
  assert_int_equal(sqlite3_create_module(p->db, "flaky", &flaky, NULL), SQLITE_OK);
  puppet_exec(p, "CREATE VIRTUAL TABLE f USING flaky");
  puppet_exec(p, forget);
  connects = 0;
  hrt_host_begin(p->env, 0, NULL, NULL);
  assert_true(run(p, "SELECT a FROM f") < 0);
  allowed(p, "SELECT a FROM f");
  EACH(p, denied, direct);
  done(p);
}

/* The application has been interrupted before a guest's first SQL, which looks for the names. */
static void shadow__interrupted(void **state) {
  (void)state;
  sqlite3_stmt *s = NULL;
  helios_error err = {0};
  uint64_t result;
  puppet *p = with((const char *const[]){BASE, "read", NULL}, false);
  assert_int_equal(sqlite3_prepare_v2(p->db, "VALUES (1), (2)", -1, &s, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  sqlite3_interrupt(p->db);
  int status = puppet_try(p, &result, &err, "exec",
                          (uint64_t[]){TEXT(p, 0, "SELECT title FROM docs"), 0, 0}, 4);
  assert_int_equal(status, HELIOS_E_CANCELLED);
  sqlite3_finalize(s);
  done(p);
}

int main(void) {
  mallopt(M_PERTURB, 0xa5); /* memory that nobody has written has no zeros */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shadow__with_a_grant),
      cmocka_unit_test(shadow__read_only),
      cmocka_unit_test(shadow__without_a_grant),
      cmocka_unit_test(shadow__directly),
      cmocka_unit_test(shadow__columns),
      cmocka_unit_test(shadow__content_of_another_table),
      cmocka_unit_test(shadow__schema_changes),
      cmocka_unit_test(shadow__elsewhere),
      cmocka_unit_test(shadow__of_another_schema),
      cmocka_unit_test(shadow__any_schema_version),
      cmocka_unit_test(shadow__long_names),
      cmocka_unit_test(shadow__too_many_names),
      cmocka_unit_test(shadow__interrupted),
      cmocka_unit_test(shadow__connected_half),
      cmocka_unit_test(shadow__names),
      cmocka_unit_test(shadow__through),
      cmocka_unit_test(shadow__without_memory),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  puppet_unshare();
  failed += hrt_alloc_live() != 0;
  return failed;
}
