/* host_state_test.c - what lasts beyond a call: kept values, session variables, metrics. What they
 * do and each way in which they refuse; tests/sql/state_test.py has them within statements. */
#include "puppet.h"

#define OUT 9000
#define END 131072u /* of the memory */

static const int64_t id = 7;

static puppet *open_kv(void) {
  puppet *p = puppet_open(puppet_everything, puppet_shared());
  puppet_exec(p, "CREATE TABLE helios_kv(procedure_id INTEGER NOT NULL, key BLOB NOT NULL, value "
                 "BLOB NOT NULL, PRIMARY KEY (procedure_id, key)) WITHOUT ROWID");
  p->env->procedure_id = &id;
  hrt_host_begin(p->env, 0, NULL, NULL);
  return p;
}

static void close_all(puppet *p) {
  hrt_host_end(p->env);
  puppet_close(p);
}

static const char *got(puppet *p, int length) {
  static char text[100];
  assert_in_range(length, 0, sizeof text - 1);
  puppet_get(p, text, OUT, (size_t)length);
  text[length] = 0;
  return text;
}

#define SET(p, key, value) CALL(p, "kv_set", TEXT(p, 0, key), TEXT(p, 2000, value))
#define GET(p, key, offset) CALL(p, "kv_get", TEXT(p, 0, key), offset, OUT, 99)

static void kv__values(void **state) {
  (void)state;
  puppet *p = open_kv();
  assert_int_equal(GET(p, "k", 0), HSB_STATUS_ABSENT);
  assert_int_equal(SET(p, "k", "a value"), 0);
  assert_string_equal(got(p, GET(p, "k", 0)), "a value");
  assert_string_equal(got(p, GET(p, "k", 2)), "value");
  assert_int_equal(GET(p, "k", 7), 0);
  assert_int_equal(GET(p, "k", UINT32_MAX), 0);
  assert_int_equal(CALL(p, "kv_get", TEXT(p, 0, "k"), 0, 0, 0), 7); /* its size */
  assert_int_equal(SET(p, "k", ""), 0);
  assert_int_equal(GET(p, "k", 0), 0); /* empty is not absent */
  assert_int_equal(GET(p, "K", 0), HSB_STATUS_ABSENT);
  assert_int_equal(CALL(p, "kv_delete", TEXT(p, 0, "k")), 1);
  assert_int_equal(CALL(p, "kv_delete", TEXT(p, 0, "k")), 0);
  assert_int_equal(GET(p, "k", 0), HSB_STATUS_ABSENT);
  assert_int_equal(CALL(p, "kv_set", 0, puppet_put(p, 0, "a\0b", 3), 0, 3), 0); /* any bytes */
  assert_int_equal(CALL(p, "kv_get", 0, 3, 0, OUT, 9), 3);
  assert_int_equal(CALL(p, "kv_get", 0, 1, 0, OUT, 9), HSB_STATUS_ABSENT);
  close_all(p);
}

static void kv__another_procedure(void **state) {
  (void)state;
  puppet *p = open_kv();
  static const int64_t other = 8;
  assert_int_equal(SET(p, "k", "seven"), 0);
  p->env->procedure_id = &other;
  assert_int_equal(GET(p, "k", 0), HSB_STATUS_ABSENT);
  assert_int_equal(CALL(p, "kv_list", 0, 0, 0, 0, OUT, 99), HSB_STATUS_ABSENT);
  assert_int_equal(CALL(p, "kv_delete", TEXT(p, 0, "k")), 0);
  p->env->procedure_id = &id;
  assert_string_equal(got(p, GET(p, "k", 0)), "seven");
  close_all(p);
}

/* All keys that a list by this prefix gives, with a bar behind each. */
static const char *listed(puppet *p, const char *prefix) {
  static char all[200];
  char key[100] = "";
  all[0] = 0;
  for (;;) {
    int n = CALL(p, "kv_list", TEXT(p, 0, prefix), TEXT(p, 500, key), OUT, 99);
    if (n < 0) {
      assert_int_equal(n, HSB_STATUS_ABSENT);
      return all;
    }
    snprintf(key, sizeof key, "%s", got(p, n));
    strcat(strcat(all, key), "|");
    assert_true(strlen(all) < 100);
  }
}

static void kv__lists(void **state) {
  (void)state;
  puppet *p = open_kv();
  static const char *const keys[] = {"b", "a", "ab", "abc", "b/1", "b/10", "b/2", "c", "\xff\xff"};
  assert_string_equal(listed(p, ""), "");
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    assert_int_equal(SET(p, keys[i], ""), 0);
  }
  assert_string_equal(listed(p, ""), "a|ab|abc|b|b/1|b/10|b/2|c|\xff\xff|");
  assert_string_equal(listed(p, "b/"), "b/1|b/10|b/2|");
  assert_string_equal(listed(p, "ab"), "ab|abc|");
  assert_string_equal(listed(p, "\xff"), "\xff\xff|");
  assert_string_equal(listed(p, "x"), "");
  /* a cursor before the prefix, behind it, and one that is no key */
  assert_string_equal(got(p, CALL(p, "kv_list", TEXT(p, 0, "b/"), TEXT(p, 500, "a"), OUT, 99)),
                      "b/1");
  assert_int_equal(CALL(p, "kv_list", TEXT(p, 0, "b/"), TEXT(p, 500, "c"), OUT, 99),
                   HSB_STATUS_ABSENT);
  assert_string_equal(got(p, CALL(p, "kv_list", TEXT(p, 0, "b/"), TEXT(p, 500, "b/11"), OUT, 99)),
                      "b/2");
  close_all(p);
}

static void kv__limits(void **state) {
  (void)state;
  puppet *p = open_kv();
  assert_int_equal(CALL(p, "kv_set", 0, 1024, 0, 65536), 0);
  assert_int_equal(CALL(p, "kv_get", 0, 1024, 65000, OUT, 99), 536);
  assert_int_equal(CALL(p, "kv_list", 0, 1024, 0, 1023, OUT, 99), 1024);
  assert_int_equal(CALL(p, "kv_list", 0, 0, 0, 1024, OUT, 99), HSB_STATUS_ABSENT);
  static const char *const names[] = {"kv_get", "kv_set", "kv_delete"};
  static const size_t counts[] = {5, 4, 2};
  for (int i = 0; i < 3; i++) {
    const struct {
      uint64_t at, n;
      int status;
    } cases[] = {{0, 0, HSB_STATUS_LIMIT},
                 {0, 1025, HSB_STATUS_LIMIT},
                 {0, UINT32_MAX, HSB_STATUS_LIMIT},
                 {END - 1, 2, HSB_STATUS_RANGE},
                 {UINT32_MAX, 1, HSB_STATUS_RANGE}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
      const uint64_t args[5] = {cases[k].at, cases[k].n, 0, 0, 0};
      assert_int_equal(puppet_call(p, names[i], args, counts[i]), cases[k].status);
    }
  }
  assert_int_equal(CALL(p, "kv_set", 0, 1, 0, 65537), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "kv_set", 0, 1, END - 1, 2), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "kv_get", 0, 1024, 0, END, 1), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "kv_list", 0, 1025, 0, 0, OUT, 9), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "kv_list", 0, 0, 0, 1025, OUT, 9), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "kv_list", 0, 0, END, 1, OUT, 9), HSB_STATUS_RANGE);
  close_all(p);
}

static void kv__1025_keys(void **state) {
  (void)state;
  puppet *p = open_kv();
  char key[16];
  for (int i = 0; i < HRT_KV_KEYS; i++) {
    snprintf(key, sizeof key, "%d", i);
    assert_int_equal(SET(p, key, "1"), 0);
  }
  assert_int_equal(SET(p, "one more", "1"), HSB_STATUS_LIMIT);
  assert_string_equal(puppet_error(p), "a procedure keeps at most 1024 keys");
  assert_int_equal(SET(p, "5", "two"), 0); /* those there are may change */
  assert_string_equal(got(p, GET(p, "5", 0)), "two");
  assert_int_equal(CALL(p, "kv_delete", TEXT(p, 0, "6")), 1);
  assert_int_equal(SET(p, "one more", "1"), 0);
  close_all(p);
}

/* Undone with the procedure's own transaction; nothing of it is left running. */
static void kv__transactions(void **state) {
  (void)state;
  puppet *p = open_kv();
  assert_int_equal(SET(p, "k", "one"), 0);
  assert_int_equal(CALL(p, "begin"), 0);
  assert_int_equal(SET(p, "k", "two"), 0);
  assert_string_equal(got(p, GET(p, "k", 0)), "two");
  assert_int_equal(CALL(p, "rollback"), 0);
  assert_string_equal(got(p, GET(p, "k", 0)), "one");
  assert_int_equal(CALL(p, "begin"), 0);
  assert_int_equal(SET(p, "k", "three"), 0);
  hrt_host_end(p->env); /* left open */
  hrt_host_begin(p->env, 0, NULL, NULL);
  assert_string_equal(got(p, GET(p, "k", 0)), "one");
  close_all(p);
}

static void kv__wrong_state(void **state) {
  (void)state;
  puppet *p = open_kv();
  hrt_host_end(p->env);
  assert_int_equal(SET(p, "k", "v"), HSB_STATUS_STATE);
  assert_int_equal(GET(p, "k", 0), HSB_STATUS_STATE);
  assert_int_equal(CALL(p, "session_get", TEXT(p, 0, "a.b"), 0, 0), HSB_STATUS_STATE);
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "a.b"), 0, 0), HSB_STATUS_STATE);
  hrt_host_begin(p->env, 0, NULL, NULL);
  puppet_exec(p, "PRAGMA query_only = 1");
  assert_int_equal(SET(p, "k", "v"), HSB_STATUS_SQL);
  assert_string_equal(puppet_error(p), "attempt to write a readonly database");
  assert_int_equal(GET(p, "k", 0), HSB_STATUS_ABSENT);
  puppet_exec(p, "PRAGMA query_only = 0; DROP TABLE helios_kv");
  assert_int_equal(GET(p, "k", 0), HSB_STATUS_SQL);
  close_all(p);
}

/* Fuel that ends amid giving a long value leaves no statement running. */
static void kv__out_of_fuel(void **state) {
  (void)state;
  puppet *p = open_kv();
  assert_int_equal(CALL(p, "kv_set", 0, 1, 0, 60000), 0);
  p->budget.fuel_limit = p->budget.fuel_used + 3000;
  FAILS(p, HELIOS_E_FUEL, "kv_get", 0, 1, 0, 1000, 60000);
  hrt_host_end(p->env);
  for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(p->db, s)) != NULL;) {
    assert_int_equal(sqlite3_stmt_busy(s), 0);
  }
  puppet_close(p);
}

/* ---- session variables ---- */

static const char *variable(puppet *p, const char *name) {
  const hrt_variable *v = hrt_variable_find(&p->conn, name, strlen(name));
  return v != NULL ? v->value : NULL;
}

static void session__get_and_set(void **state) {
  (void)state;
  puppet *p = open_kv();
  helios_error err = {0};
  assert_int_equal(CALL(p, "session_get", TEXT(p, 0, "app.tenant"), OUT, 99), HSB_STATUS_ABSENT);
  assert_int_equal(hrt_variable_set(&p->conn, "app.tenant", 10, "acme", 4, &err), 0);
  assert_string_equal(got(p, CALL(p, "session_get", TEXT(p, 0, "app.tenant"), OUT, 99)), "acme");
  assert_string_equal(got(p, CALL(p, "session_get", TEXT(p, 0, "APP.Tenant"), OUT, 99)), "acme");
  assert_int_equal(CALL(p, "session_get", TEXT(p, 0, "app.tenan"), OUT, 99), HSB_STATUS_ABSENT);
  assert_int_equal(CALL(p, "session_get", TEXT(p, 0, "app.tenant2"), OUT, 99), HSB_STATUS_ABSENT);
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "app.x"), TEXT(p, 2000, "")), 0);
  assert_int_equal(CALL(p, "session_get", TEXT(p, 0, "app.x"), OUT, 99), 0);
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "APP.X"), TEXT(p, 2000, "zw\xc3\xb6lf")), 0);
  assert_string_equal(variable(p, "app.x"), "zw\xc3\xb6lf");
  assert_int_equal(p->conn.variable_count, 2);
  assert_int_equal(hrt_variable_set(&p->conn, "app.tenant", 10, NULL, 0, &err), 0);
  assert_int_equal(hrt_variable_set(&p->conn, "app.tenant", 10, NULL, 0, &err), 0);
  assert_null(variable(p, "app.tenant"));
  assert_string_equal(variable(p, "app.x"), "zw\xc3\xb6lf");
  close_all(p);
}

static void session__refused(void **state) {
  (void)state;
  puppet *p = open_kv();
  char longest[200];
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = 0;
  static const char *const names[] = {"",    "tenant", ".a",   "a.",         "a..b", "a b.c",
                                      "a.1", "1.a",    "a.b;", "a.\xc3\xa4", "a-b.c"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_int_equal(CALL(p, "session_set", TEXT(p, 0, names[i]), 0, 0), HSB_STATUS_NAME);
    assert_int_equal(CALL(p, "session_get", TEXT(p, 0, names[i]), 0, 0), HSB_STATUS_ABSENT);
  }
  assert_int_equal(CALL(p, "session_set", 0, puppet_put(p, 0, "a.b\0c", 5), 0, 0), HSB_STATUS_NAME);
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "helios.tenant_id"), 0, 0), HSB_STATUS_DENIED);
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "Helios.x"), 0, 0), HSB_STATUS_DENIED);
  assert_string_equal(puppet_error(p),
                      "procedure puppet may not change Helios.x: it is not its own");
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "a.b"), TEXT(p, 2000, "\xff")),
                   HSB_STATUS_UTF8);
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "a.b"), 2000, puppet_put(p, 2000, "a\0", 2)),
                   HSB_STATUS_UTF8);
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, longest), 0, 0), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "a.b"), 0, 65537), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "a.b"), END, 1), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "session_set", END, 1, 0, 0), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "session_get", END - 1, 2, 0, 0), HSB_STATUS_RANGE);
  assert_int_equal(p->conn.variable_count, 0);
  close_all(p);
}

static void session__257(void **state) {
  (void)state;
  puppet *p = open_kv();
  char name[16];
  for (int i = 0; i < HRT_VARIABLES; i++) {
    snprintf(name, sizeof name, "a.b%d", i);
    assert_int_equal(CALL(p, "session_set", TEXT(p, 0, name), TEXT(p, 2000, name)), 0);
  }
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "a.more"), 0, 0), HSB_STATUS_LIMIT);
  assert_string_equal(puppet_error(p), "more than 256 session variables");
  assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "a.b255"), TEXT(p, 2000, "new")), 0);
  assert_string_equal(variable(p, "a.b255"), "new");
  assert_string_equal(variable(p, "a.b0"), "a.b0");
  close_all(p);
}

/* ---- metrics ---- */

static char seen[400];

static void see(void *arg, const char *procedure, const char *name, hrt_metric_kind kind,
                double value) {
  (void)arg;
  size_t used = strlen(seen);
  snprintf(seen + used, sizeof seen - used, "%s %s %d %g|", procedure, name, kind, value);
}

static uint64_t bits_of(double v) {
  uint64_t bits = 0;
  memcpy(&bits, &v, sizeof bits);
  return bits;
}

static void metric__emitted(void **state) {
  (void)state;
  puppet *p = open_kv();
  assert_int_equal(CALL(p, "metric_add", TEXT(p, 0, "orders"), bits_of(2)), 0);
  assert_int_equal(CALL(p, "metric_add", TEXT(p, 0, "orders"), bits_of(0.5)), 0);
  assert_int_equal(CALL(p, "metric_set", TEXT(p, 0, "queue.length"), bits_of(-3)), 0);
  assert_int_equal(CALL(p, "metric_set", TEXT(p, 0, "queue.length"), bits_of(9)), 0);
  assert_int_equal(CALL(p, "metric_set", TEXT(p, 0, "orders"), bits_of(1)), HSB_STATUS_TYPE);
  assert_string_equal(puppet_error(p), "orders is a counter of this procedure");
  assert_int_equal(CALL(p, "metric_add", TEXT(p, 0, "orders"), bits_of(-1)), HSB_STATUS_TYPE);
  assert_int_equal(CALL(p, "metric_add", TEXT(p, 0, "orders"), bits_of(__builtin_nan(""))),
                   HSB_STATUS_TYPE);
  assert_int_equal(CALL(p, "metric_set", TEXT(p, 0, "g"), bits_of(__builtin_inf())),
                   HSB_STATUS_TYPE);
  static const char *const names[] = {"", "a b", "a\"b", "1a", "a\n", "\xc3\xa4"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_int_equal(CALL(p, "metric_add", TEXT(p, 0, names[i]), 0), HSB_STATUS_NAME);
  }
  assert_int_equal(CALL(p, "metric_add", 0, 64, 0), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "metric_add", END, 1, 0), HSB_STATUS_RANGE);
  seen[0] = 0;
  hrt_metrics_each(p->conn.observer.store, see, NULL);
  assert_string_equal(seen, "puppet queue.length 1 9|puppet orders 0 2.5|");
  for (int i = 2; i < HRT_METRICS_OF_ONE; i++) {
    char name[16];
    snprintf(name, sizeof name, "m%d", i);
    assert_int_equal(CALL(p, "metric_add", TEXT(p, 0, name), 0), 0);
  }
  assert_int_equal(CALL(p, "metric_add", TEXT(p, 0, "more"), 0), HSB_STATUS_LIMIT);
  close_all(p);
}

static void memory__every_failure(void **state) {
  (void)state;
  for (long n = 0; n < 8; n++) {
    puppet *p = open_kv();
    hrt_alloc_fail(n, 1);
    int kv = CALL(p, "kv_set", TEXT(p, 0, "k"), 0, 600), get = GET(p, "k", 500);
    int set = CALL(p, "session_set", TEXT(p, 0, "a.b"), 0, 0);
    hrt_alloc_fail(-1, 0);
    assert_true(kv == 0 || kv == HSB_STATUS_NOMEM);
    assert_int_equal(get, kv == 0 ? 100 : HSB_STATUS_ABSENT);
    assert_true(set == 0 || set == HSB_STATUS_NOMEM);
    assert_int_equal((kv != 0) + (set != 0), n < 5);
    assert_int_equal(p->conn.variable_count, set == 0);
    assert_int_equal(SET(p, "k", "v"), 0);
    assert_int_equal(CALL(p, "session_set", TEXT(p, 0, "a.b"), 0, 0), 0);
    close_all(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kv__values),
      cmocka_unit_test(kv__another_procedure),
      cmocka_unit_test(kv__lists),
      cmocka_unit_test(kv__limits),
      cmocka_unit_test(kv__1025_keys),
      cmocka_unit_test(kv__transactions),
      cmocka_unit_test(kv__wrong_state),
      cmocka_unit_test(kv__out_of_fuel),
      cmocka_unit_test(session__get_and_set),
      cmocka_unit_test(session__refused),
      cmocka_unit_test(session__257),
      cmocka_unit_test(metric__emitted),
      cmocka_unit_test(memory__every_failure),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
