/* sql_copies_test.c - short SQL of a guest that SQLite would make long while it compiles it, where
 * nobody can interrupt it: it is compiled without the copies, or refused; and SQL that people and
 * programs write is neither. */
#include "puppet.h"

#define TEXT_BYTES (1u << 20)
#define MOST_MEMORY 300000000 /* of SQLite, while one is compiled */

static char *text; /* of one statement */
static size_t n;

static void add(const char *piece) {
  size_t length = strlen(piece);
  assert_true(n + length < TEXT_BYTES);
  memcpy(text + n, piece, length + 1);
  n += length;
}

static void begin(const char *piece) {
  n = 0;
  add(piece);
}

/* Each %u is the number of the turn less one, then the turn. */
static void repeat(const char *format, unsigned times) {
  char piece[512];
  for (unsigned i = 1; i <= times; i++) {
    snprintf(piece, sizeof piece, format, i, i - 1, i - 1, i - 1);
    add(piece);
  }
}

static void open_columns(puppet *p) {
  begin("CREATE TABLE t(c0 INT");
  repeat(", c%u INT", 60);
  add(")");
  puppet_exec(p, text);
}

static puppet *open_puppet(void) {
  puppet *p = puppet_open((const char *const[]){"query", "read:*", "write:*", "ddl:u", NULL},
                          puppet_shared());
  text = malloc(TEXT_BYTES);
  assert_non_null(text);
  open_columns(p);
  sqlite3_hard_heap_limit64(MOST_MEMORY);
  assert_true(hrt_guest_grow(p->instance, 20) != UINT32_MAX);
  hrt_host_begin(p->env, 0, NULL, NULL);
  return p;
}

static void close_puppet(puppet *p) {
  hrt_host_end(p->env);
  puppet_close(p);
  free(text);
  sqlite3_hard_heap_limit64(0);
  sqlite3_soft_heap_limit64(0);
}

static int prepare(puppet *p) {
  int s = CALL(p, "prepare", TEXT(p, 0, text));
  return s < 0 ? s : CALL(p, "finalize", s);
}

static int run(puppet *p) {
  return (int)CALL64(p, "exec", TEXT(p, 0, text), 0, 0);
}

/* `a = 1` puts 1 where a is, in what b is equal to, and so on. */
static void constants__doubling(void **state) {
  (void)state;
  puppet *p = open_puppet();
  begin("SELECT 1 FROM t WHERE c0 = 1");
  repeat(" AND c%u = c%u + c%u", 40);
  assert_int_equal(prepare(p), 0);
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
  assert_int_equal(prepare(p), 0);
  begin("SELECT 1 IN (1");
  repeat(",h", 2000);
  add(") FROM u");
  sqlite3_hard_heap_limit64(8LL * MOST_MEMORY); /* would do without a bound */
  assert_int_equal(prepare(p), HSB_STATUS_NOMEM);
  assert_int_equal(sqlite3_limit(p->db, SQLITE_LIMIT_VDBE_OP, -1), 250000000);
  close_puppet(p);
}

/* The application's own SQL is compiled as ever, as long as ever. */
static void bounds__only_of_guests(void **state) {
  (void)state;
  puppet *p = open_puppet();
  sqlite3_limit(p->db, SQLITE_LIMIT_VDBE_OP, 1000);
  begin("SELECT 1 IN (1");
  repeat(",c%u", 60);
  repeat(",c1", 1000);
  add(") FROM t");
  assert_int_equal(prepare(p), HSB_STATUS_NOMEM);
  assert_int_equal(sqlite3_limit(p->db, SQLITE_LIMIT_VDBE_OP, -1), 1000);
  close_puppet(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(constants__doubling),
      cmocka_unit_test(columns__computed_often),
      cmocka_unit_test(bounds__only_of_guests),
  };
  int failed = cmocka_run_group_tests_name("sql_copies", tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
