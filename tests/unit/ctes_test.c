/* ctes_test.c - names that a guest's statement makes by WITH and of which it reads no column: which
 * are taken for its own, which are not, and what memory that runs out does to that. */
#include "authorize_kit.h"

#include <malloc.h>

#define SECRETS "CREATE TABLE secrets(v); INSERT INTO secrets VALUES (1), (2);"

static puppet *with_schema(const char *schema) {
  return authorize_open((const char *const[]){"query", "read:seen", NULL}, schema);
}

/* A name of so many letters. */
static const char *name_of(char out[200], int length) {
  memset(out, 'n', (size_t)length);
  out[length] = 0;
  return out;
}

static void names__of_any_length(void **state) {
  (void)state;
  char sql[400], name[200];
  puppet *p = with_schema(SECRETS);
  for (int n = 1; n < 70; n++) {
    snprintf(sql, sizeof sql, "WITH %1$s AS (SELECT 1) SELECT count(*) FROM %1$s",
             name_of(name, n));
    int status = run(p, sql);
    if (status != (n < 64 ? 0 : HSB_STATUS_DENIED)) {
      fail_msg("%d letters: %d %s", n, status, puppet_error(p));
    }
  }
  done(p);
}

/* One that is too long to be kept is no other's that begins as it does. */
static void names__cut(void **state) {
  (void)state;
  char sql[400], name[200];
  puppet *p = with_schema("");
  hrt_host_end(p->env);
  snprintf(sql, sizeof sql, "CREATE TABLE %sx(a); CREATE TABLE secrets(v)", name_of(name, 63));
  puppet_exec(p, sql);
  hrt_host_begin(p->env, 0, NULL, NULL);
  snprintf(sql, sizeof sql,
           "WITH %1$s AS (SELECT 1) SELECT (SELECT count(*) FROM %1$s), count(*) FROM %1$sx", name);
  denied(p, sql);
  done(p);
}

/* A name without letters hides none of the others. */
static void names__empty(void **state) {
  (void)state;
  char sql[2000] = "WITH x AS (SELECT 1), \"\" AS (SELECT 1)";
  puppet *p = with_schema(SECRETS);
  for (char c = 'a'; c < 's'; c++) {
    sprintf(sql + strlen(sql), ", %c AS (SELECT 1)", c);
  }
  strcat(sql, " SELECT (SELECT count(*) FROM x)");
  for (char c = 'a'; c < 's'; c++) {
    sprintf(sql + strlen(sql), ", (SELECT count(*) FROM %c)", c);
  }
  allowed(p, sql);
  denied(p, "WITH x AS (SELECT 1), \"\" AS (SELECT 1) SELECT count(*) FROM x, secrets");
  done(p);
}

/* As many as expand.c takes, all as long as they may be. */
static void names__many_and_long(void **state) {
  (void)state;
  char *sql = malloc(100000);
  size_t n = 0;
  puppet *p = with_schema(SECRETS);
  for (int i = 0; i < HRT_WITH_NAMES - 1; i++) {
    n += (size_t)sprintf(sql + n, "%s n%062d AS (SELECT 1)", i > 0 ? "," : "WITH", i);
  }
  for (int i = 0; i < HRT_WITH_NAMES - 1; i++) {
    n += (size_t)sprintf(sql + n, "%s (SELECT count(*) FROM n%062d)", i > 0 ? " +" : " SELECT", i);
  }
  allowed(p, sql);
  free(sql);
  done(p);
}

static int no_connect(sqlite3 *db, void *arg, int argc, const char *const *argv, sqlite3_vtab **out,
                      char **message) {
  (void)db, (void)arg, (void)argc, (void)argv, (void)out, (void)message;
  return SQLITE_ERROR;
}

/* A table's in whatever schema, a module's; letters are the same in any case. */
static void names__taken(void **state) {
  static const sqlite3_module module = {.xConnect = no_connect};
  (void)state;
  puppet *p = with_schema(SECRETS "CREATE TABLE seen(a); CREATE VIEW shown AS SELECT 1 AS a;"
                                  "CREATE TEMP TABLE hidden(a); ATTACH ':memory:' AS b;"
                                  "CREATE TABLE b.other(a)");
  assert_int_equal(sqlite3_create_module(p->db, "guarded", &module, NULL), SQLITE_OK);
  static const char *const taken[] = {"secrets", "SECRETS", "shown",  "hidden",
                                      "other",   "guarded", "Guarded"};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
    char sql[200];
    snprintf(sql, sizeof sql, "WITH %1$s AS (SELECT 1) SELECT count(*) FROM %1$s", taken[i]);
    denied(p, sql);
    snprintf(sql, sizeof sql,
             "WITH x AS (SELECT 1), %1$s AS (SELECT 1) SELECT (SELECT count(*) FROM x), count(*) "
             "FROM %1$s",
             taken[i]);
    denied(p, sql);
  }
  denied(p, "SELECT (WITH x AS (SELECT 1), SECRETS AS (SELECT 1) SELECT count(*) FROM x), count(*) "
            "FROM secrets");
  done(p);
}

static const char *const good =
    "WITH x AS (SELECT 1), y AS (SELECT 2) SELECT (SELECT count(*) FROM x), count(*) FROM y";
static const char *const bad = "WITH x AS (SELECT 1) SELECT count(*) FROM secrets, x";

/* An allocation of ours. */
static void memory__ours(void **state) {
  (void)state;
  int status = HSB_STATUS_NOMEM;
  for (long n = 0; n < 60; n++) {
    puppet *p = with_schema(SECRETS);
    hrt_alloc_fail(n, 1);
    int of_bad = run(p, bad);
    hrt_alloc_fail(n, 1);
    status = run(p, good);
    hrt_alloc_fail(-1, 0);
    assert_true(of_bad < 0 && status <= 0);
    denied(p, bad);
    allowed(p, good);
    done(p);
  }
  assert_int_equal(status, 0); /* there are fewer */
}

/* SQLite's: what is known of the database takes more of it than the statement does. */
static void memory__of_sqlite(void **state) {
  (void)state;
  int status = HSB_STATUS_NOMEM;
  char *schema = malloc(20000);
  size_t n = (size_t)sprintf(schema, SECRETS);
  for (int i = 0; i < 200; i++) {
    n += (size_t)sprintf(schema + n, "CREATE TABLE a_table_with_a_long_name_%d(a);", i);
  }
  for (sqlite3_int64 more = 1000; status != 0; more += 500) {
    puppet *p = with_schema(schema);
    denied(p, "SELECT v FROM secrets");
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + more);
    int of_bad = run(p, bad);
    status = run(p, good);
    sqlite3_hard_heap_limit64(0);
    if (of_bad >= 0 || status > 0) {
      fail_msg("%lld bytes: %d, %d", more, of_bad, status);
    }
    denied(p, bad);
    allowed(p, good);
    done(p);
    assert_true(more < 1000000);
  }
  free(schema);
}

int main(void) {
  mallopt(M_PERTURB, 0xa5); /* memory that nobody has written has no zeros */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names__of_any_length), cmocka_unit_test(names__cut),
      cmocka_unit_test(names__empty),         cmocka_unit_test(names__many_and_long),
      cmocka_unit_test(names__taken),         cmocka_unit_test(memory__ours),
      cmocka_unit_test(memory__of_sqlite),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  puppet_unshare();
  return failed + (hrt_alloc_live() != 0);
}
