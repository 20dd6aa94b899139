/* deep_sql_test.c - SQL of a guest that SQLite would follow by recursion until the thread's stack
 * is gone is refused before it is compiled; what is only long is not. */
#include "puppet.h"

#define TEXT_BYTES (1u << 20)

static char *text; /* of one statement */

static void add(size_t *n, const char *piece) {
  size_t length = strlen(piece);
  assert_true(*n + length < TEXT_BYTES);
  memcpy(text + *n, piece, length + 1);
  *n += length;
}

static void repeat(size_t *n, const char *piece, unsigned times) {
  for (unsigned i = 0; i < times; i++) {
    add(n, piece);
  }
}

/* WITH in which each selects from the one before. */
static void chain(unsigned links) {
  char link[64];
  size_t n = 0;
  add(&n, "WITH a0(x) AS (SELECT 1)");
  for (unsigned i = 1; i <= links; i++) {
    snprintf(link, sizeof link, ",a%u(x) AS(SELECT x+1 FROM a%u LIMIT 1)", i, i - 1);
    add(&n, link);
  }
  snprintf(link, sizeof link, " SELECT x FROM a%u", links);
  add(&n, link);
}

static puppet *open_puppet(void) {
  puppet *p = puppet_open((const char *const[]){"query", "write:t", NULL}, puppet_shared());
  text = malloc(TEXT_BYTES);
  assert_non_null(text);
  puppet_exec(p, "CREATE TABLE t(a)");
  assert_true(hrt_guest_grow(p->instance, 20) != UINT32_MAX);
  hrt_host_begin(p->env, 0, NULL, NULL);
  return p;
}

static void close_puppet(puppet *p) {
  hrt_host_end(p->env);
  puppet_close(p);
  free(text);
}

static int prepare(puppet *p) {
  return CALL(p, "prepare", TEXT(p, 0, text));
}

static void with__a_long_chain(void **state) {
  (void)state;
  puppet *p = open_puppet();
  chain(20000);
  assert_int_equal(prepare(p), HSB_STATUS_LIMIT);
  assert_non_null(strstr(puppet_error(p), "nested"));
  chain(100);
  assert_true(prepare(p) > 0);
  close_puppet(p);
}

static void insert__of_many_rows(void **state) {
  (void)state;
  puppet *p = open_puppet();
  size_t n = 0;
  add(&n, "INSERT INTO t(a) VALUES (1)");
  repeat(&n, ",(-1.5e3),('SELECT'),(NULL)", 5000);
  int insert = prepare(p);
  assert_true(insert > 0);
  assert_int_equal(CALL(p, "step", insert), 0);
  close_puppet(p);
}

/* On a thread with a small stack. */
static void *on_small_stack(void *arg) {
  puppet *p = open_puppet();
  size_t n = 0;
  (void)arg;
  add(&n, "SELECT abs(1)");
  repeat(&n, "+abs(1)", 900);
  assert_int_equal(prepare(p), HSB_STATUS_LIMIT);
  n = 0;
  add(&n, "SELECT abs(1)");
  repeat(&n, "+abs(1)", 90);
  assert_true(prepare(p) > 0);
  /* LIKE calls itself at each % */
  n = 0;
  add(&n, "SELECT replace(hex(zeroblob(9000)), '0', 'a') LIKE "
          "replace(hex(zeroblob(4000)), '0', '%a')");
  int like = prepare(p);
  assert_true(like > 0);
  assert_int_equal(CALL(p, "step", like), HSB_STATUS_SQL);
  assert_non_null(strstr(puppet_error(p), "too complex"));
  close_puppet(p);
  return NULL;
}

static void expression__on_a_small_stack(void **state) {
  (void)state;
  pthread_attr_t attr;
  pthread_t thread;
  assert_int_equal(pthread_attr_init(&attr), 0);
  assert_int_equal(pthread_attr_setstacksize(&attr, 640u << 10), 0);
  assert_int_equal(pthread_create(&thread, &attr, on_small_stack, NULL), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  pthread_attr_destroy(&attr);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(with__a_long_chain),
      cmocka_unit_test(insert__of_many_rows),
      cmocka_unit_test(expression__on_a_small_stack),
  };
  int failed = cmocka_run_group_tests_name("deep_sql", tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
