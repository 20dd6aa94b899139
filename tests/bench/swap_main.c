/* swap_main.c - what a running engine does in time: a swap of versions becomes visible under load,
 * a statement is cancelled or meets its deadline, also after it has written much, two threads
 * against one, a canary's statements; and the memory that procedures take. Prints a line of JSON a
 * case; times are of the wall clock, since waiting is what counts here: on a busy machine look at
 * the low quantiles.
 *
 * usage: bench_swap ROUNDS */
#include "../unit/engine_kit.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "measure.h"

enum { SAMPLES = 1000, LOAD = 2, PROCEDURES = 200 };

static unsigned rounds;
static atomic_bool stop;
static double samples[SAMPLES];

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Quantiles of the first n samples, from ns. */
static void print_times(const char *name, unsigned n, double unit, const char *unit_name) {
  qsort(samples, n, sizeof *samples, ascending);
  printf("{\"bench\":\"swap\",\"name\":\"%s\",\"samples\":%u,\"unit\":\"%s\",\"q10\":%.3f,"
         "\"median\":%.3f,\"q99\":%.3f,\"most\":%.3f}\n",
         name, n, unit_name, samples[n / 10] / unit, samples[n / 2] / unit,
         samples[n * 99 / 100] / unit, samples[n - 1] / unit);
}

static double cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static long rss_kb(void) {
  char line[200];
  long kb = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f)) {
    (void)sscanf(line, "VmRSS: %ld", &kb);
  }
  if (f) {
    fclose(f);
  }
  return kb;
}

static sqlite3_stmt *prepare(helios *h, const char *sql) {
  sqlite3_stmt *s = NULL;
  assert_int_equal(helios_prepare(h, &s, NULL, sql, NULL), 0);
  return s;
}

static int run_int(sqlite3_stmt *s) {
  int value = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int(s, 0) : -1;
  sqlite3_reset(s);
  return value;
}

static helios *open_file(const char *name) {
  helios *h = ek_open(name);
  sqlite3_busy_timeout(helios_db(h), 10000);
  ek_run(h, "PRAGMA synchronous = NORMAL", "");
  return h;
}

static helios *make_marks(const char *name) {
  helios *h = ek_open(name);
  ek_run(h, "PRAGMA journal_mode = WAL", "wal");
  ek_run(
      h,
      "CREATE TABLE t(a); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i "
      "< 1000) INSERT INTO t SELECT i FROM c;"
      "CREATE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS '%D/one.so';"
      "ALTER FUNCTION mark VERSION 2 AS '%D/two.so'",
      "");
  ek_close(h);
  return open_file(name);
}

/* ---- swap ---- */

static void *read_on(void *arg) {
  helios *h = open_file("swap.db");
  sqlite3_stmt *s = prepare(h, "SELECT sum(mark(a)) FROM t");
  while (!atomic_load(&stop)) {
    (void)run_int(s);
  }
  sqlite3_finalize(s);
  ek_close(h);
  return arg;
}

/* From the return of ALTER on one connection to the result of the next statement on another, while
 * others read at full speed; and the ALTER itself. The readers take all processors, so the worst
 * is their time slices: what the statement itself costs is its own processor's time. */
static void bench_swap(void **state) {
  (void)state;
  static double altering[SAMPLES], cpu[SAMPLES];
  pthread_t threads[LOAD];
  unsigned n = rounds * 10 < SAMPLES ? rounds * 10 : SAMPLES;
  helios *h = make_marks("swap.db"), *other = open_file("swap.db");
  sqlite3_stmt *s = prepare(other, "SELECT mark(0)");
  atomic_store(&stop, false);
  for (int i = 0; i < LOAD; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, read_on, NULL), 0);
  }
  for (unsigned i = 0; i < n; i++) {
    double began = measure_now_ns();
    ek_run(h, i % 2 ? "ALTER FUNCTION mark USE VERSION 2" : "ALTER FUNCTION mark USE VERSION 1",
           "");
    double done = measure_now_ns(), cpu_began = cpu_ns();
    assert_int_equal(run_int(s), i % 2 ? 2 : 1);
    samples[i] = measure_now_ns() - done;
    cpu[i] = cpu_ns() - cpu_began;
    altering[i] = done - began;
  }
  print_times("swap: next statement of another connection", n, 1e3, "us");
  memcpy(samples, cpu, n * sizeof *samples);
  print_times("swap: processor's time of that statement", n, 1e3, "us");
  memcpy(samples, altering, n * sizeof *samples);
  print_times("swap: the ALTER", n, 1e6, "ms");
  for (unsigned i = 0; i < n; i++) {
    double began = measure_now_ns();
    assert_int_equal(run_int(s), n % 2 ? 1 : 2);
    samples[i] = measure_now_ns() - began;
  }
  print_times("swap: the same statement without a swap", n, 1e3, "us");
  atomic_store(&stop, true);
  for (int i = 0; i < LOAD; i++) {
    pthread_join(threads[i], NULL);
  }
  sqlite3_finalize(s);
  ek_close(other);
  ek_close(h);
}

/* ---- canary ---- */

static void bench_canary(void **state) {
  (void)state;
  static const char *const shares[] = {NULL, "1", "100"};
  unsigned n = rounds * 50 < SAMPLES ? rounds * 50 : SAMPLES;
  helios *h = make_marks("canary.db");
  for (int i = 0; i < 100; i++) { /* a schema to look through */
    char sql[200];
    snprintf(sql, sizeof sql, "CREATE TABLE table%d(a INTEGER, b TEXT CHECK (length(b) < 9), c)",
             i);
    ek_run(h, sql, "");
  }
  sqlite3_stmt *s = prepare(h, "SELECT mark(0)");
  for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
    char name[80], sql[100];
    snprintf(sql, sizeof sql, "ALTER FUNCTION mark CANARY VERSION 1 PERCENT %s", shares[k]);
    ek_run(h, shares[k] ? sql : "SELECT 1", NULL);
    snprintf(name, sizeof name, "canary: a statement, %s %%, 100 tables",
             shares[k] ? shares[k] : "0");
    (void)run_int(s);
    for (unsigned i = 0; i < n; i++) {
      double began = measure_now_ns();
      (void)run_int(s);
      samples[i] = measure_now_ns() - began;
    }
    print_times(name, n, 1e3, "us");
  }
  sqlite3_finalize(s);
  ek_close(h);
}

/* ---- cancel, deadline ---- */

static _Atomic int64_t interrupted_at;

static void *interrupt_soon(void *db) {
  usleep(3000);
  atomic_store(&interrupted_at, (int64_t)measure_now_ns());
  sqlite3_interrupt(db);
  return NULL;
}

static void bench_stop(void **state) {
  (void)state;
  unsigned n = rounds * 2 < SAMPLES ? rounds * 2 : SAMPLES;
  helios *h = ek_open(":memory:");
  ek_run(
      h,
      "CREATE PROCEDURE spin() RETURNS BIGINT LANGUAGE wasm WITH (fuel_limit = 1000000000000000) "
      "AS '%D/one.so'",
      "");
  for (unsigned i = 0; i < n; i++) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, helios_db(h)), 0);
    ek_fails(h, "SELECT spin()", HELIOS_E_CANCELLED, "cancelled");
    samples[i] = measure_now_ns() - (double)atomic_load(&interrupted_at);
    pthread_join(thread, NULL);
  }
  print_times("cancel: sqlite3_interrupt to the statement's error", n, 1e6, "ms");
  ek_run(h, "ALTER PROCEDURE spin SET timeout = '10ms'", "");
  for (unsigned i = 0; i < n; i++) {
    double began = measure_now_ns();
    ek_fails(h, "SELECT spin()", HELIOS_E_DEADLINE, "time limit");
    samples[i] = measure_now_ns() - began - 10e6;
  }
  print_times("deadline: after the 10 ms", n, 1e6, "ms");
  ek_close(h);
}

/* ---- what a guest wrote has to be given back ---- */

static const char writer_source[] =
    "struct inst { struct hsb_memory mem; };\n"
    "static NOINLINE void write_all(void *i, hsb_slot *s) {\n"
    "  struct hsb_ctx *c = hsb_ctx_of(i); unsigned long long end = s[0] << 20;\n"
    "  long long f = c->fuel;\n"
    "  c->host->memory_grow(c, (unsigned)(s[0] * 16));\n"
    "  for (unsigned long long at = 0;; at += at < end ? 4096 : 0) {\n"
    "    if (at < end) MEM(i)[at] = 1;\n"
    "    if (--f < 0) f = c->host->refuel(c, f, 0x42); } }\n"
    "static void init(void *i) { (void)i; }\n"
    "static const struct hsb_export ex[] = {EXPORT(\"write_all\", \"j:j\", write_all)};\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR,\n"
    "  .flags = HSB_PLUGIN_HAS_MEMORY | HSB_PLUGIN_METERED,\n"
    "  .instance_size = sizeof(struct inst), .memory_min = 1, .memory_max = 65536,\n"
    "  .export_count = 1, .exports = ex, .init = init, .module_hash = HASH};\n";

struct writer {
  sqlite3 *db;
  long kb;
};

static void *interrupt_written(void *arg) {
  const struct writer *w = arg;
  while (rss_kb() < w->kb - 1024) { /* the system counts in lots */
    usleep(500);
  }
  usleep(3000);
  atomic_store(&interrupted_at, (int64_t)measure_now_ns());
  sqlite3_interrupt(w->db);
  return NULL;
}

/* From sqlite3_interrupt to the error of a statement whose guest has written so much, and how much
 * of that the system has back by then. */
static void bench_written(void **state) {
  (void)state;
  static const unsigned sizes[] = {64, 256, 600, 1024, 2048};
  unsigned n = rounds < SAMPLES ? rounds : SAMPLES;
  ek_plugin_of("writer.so", writer_source, "");
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE PROCEDURE write_all(n BIGINT) RETURNS BIGINT LANGUAGE wasm WITH (fuel_limit = "
         "1000000000000000, memory_limit = '4000MB', timeout = '60s') AS '%D/writer.so'",
         "");
  long empty = rss_kb();
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    char sql[100], name[100];
    long given = 0;
    snprintf(sql, sizeof sql, "SELECT write_all(%u)", sizes[k]);
    for (unsigned i = 0; i < n; i++) {
      pthread_t thread;
      struct writer w = {helios_db(h), empty + (long)sizes[k] * 1024};
      assert_int_equal(pthread_create(&thread, NULL, interrupt_written, &w), 0);
      ek_fails(h, sql, HELIOS_E_CANCELLED, "cancelled");
      samples[i] = measure_now_ns() - (double)atomic_load(&interrupted_at);
      pthread_join(thread, NULL);
      given += w.kb - rss_kb();
    }
    snprintf(name, sizeof name, "cancel: after %u MiB were written, %ld of them back at the return",
             sizes[k], given / n / 1024);
    print_times(name, n, 1e6, "ms");
  }
  ek_close(h);
}

/* ---- two threads ---- */

enum { WINDOW_MS = 50 };

struct caller {
  pthread_t thread;
  double calls, cpu_ns;
  char line[64]; /* a cache line between them */
};

static void *call_on(void *arg) {
  struct caller *c = arg;
  helios *h = open_file("threads.db");
  sqlite3_stmt *s = prepare(h, "SELECT sum(mark(a)) FROM t");
  (void)run_int(s);
  double end = measure_now_ns() + WINDOW_MS * 1e6, began = cpu_ns();
  for (c->calls = 0; measure_now_ns() < end; c->calls += 1000) {
    (void)run_int(s);
  }
  c->cpu_ns = (cpu_ns() - began) / c->calls;
  sqlite3_finalize(s);
  ek_close(h);
  return NULL;
}

/* Calls a second, and in *each the processor's time of one. */
static double calls_a_second(unsigned threads, double *each) {
  struct caller callers[LOAD] = {0};
  double calls = 0, cpu = 0;
  for (unsigned i = 0; i < threads; i++) {
    assert_int_equal(pthread_create(&callers[i].thread, NULL, call_on, &callers[i]), 0);
  }
  for (unsigned i = 0; i < threads; i++) {
    pthread_join(callers[i].thread, NULL);
    calls += callers[i].calls;
    cpu += callers[i].cpu_ns / threads;
  }
  *each = *each > 0 && *each < cpu ? *each : cpu;
  return calls / (WINDOW_MS / 1e3);
}

/* The best window of each, since others use the processors too. What threads do to each other shows
 * in the processor's time of a call also on a busy machine. */
static void bench_threads(void **state) {
  (void)state;
  double one = 0, two = 0, cpu_one = 0, cpu_two = 0;
  ek_close(make_marks("threads.db"));
  for (unsigned i = 0; i < rounds; i++) {
    double a = calls_a_second(1, &cpu_one), b = calls_a_second(LOAD, &cpu_two);
    one = a > one ? a : one;
    two = b > two ? b : two;
  }
  printf("{\"bench\":\"swap\",\"name\":\"threads\",\"one_calls_s\":%.0f,\"two_calls_s\":%.0f,"
         "\"ratio\":%.2f,\"one_cpu_ns\":%.1f,\"two_cpu_ns\":%.1f}\n",
         one, two, two / one, cpu_one, cpu_two);
}

/* ---- memory ---- */

/* Of a connection: procedures that it knows; those that it has called, each with an idle instance.
 */
static void bench_memory(void **state) {
  (void)state;
  char sql[200];
  helios *h = ek_open("memory.db");
  for (int i = 0; i < PROCEDURES; i++) {
    snprintf(sql, sizeof sql,
             "CREATE PROCEDURE p%d(a BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'mark' AS "
             "'%%D/one.so'",
             i);
    ek_run(h, sql, "");
  }
  ek_close(h);
  long empty = rss_kb();
  h = ek_open("memory.db");
  long known = rss_kb();
  for (int i = 0; i < PROCEDURES; i++) {
    snprintf(sql, sizeof sql, "SELECT p%d(1)", i);
    ek_run(h, sql, "11");
  }
  long called = rss_kb();
  printf("{\"bench\":\"swap\",\"name\":\"memory\",\"procedures\":%d,\"known_kb\":%.1f,"
         "\"called_kb\":%.1f}\n",
         PROCEDURES, (double)(known - empty) / PROCEDURES, (double)(called - known) / PROCEDURES);
  ek_close(h);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bench_memory),  cmocka_unit_test(bench_swap),
      cmocka_unit_test(bench_canary),  cmocka_unit_test(bench_stop),
      cmocka_unit_test(bench_written), cmocka_unit_test(bench_threads)};
  rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
  if (rounds == 0) {
    fprintf(stderr, "usage: bench_swap ROUNDS\n");
    return 2;
  }
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
