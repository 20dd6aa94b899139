/* soak.c - two processes of eight threads on one database, in WAL and in rollback-journal mode:
 * calls, swaps, canaries, rollbacks, grants, traps and cancelled statements, all at once.
 *
 * usage: soak SECONDS   (for both journal modes together)
 *
 * Checked: every statement ends as it may end; every row is right and all rows of a statement are
 * of one version; what was granted in a statement's transaction is what its procedure could do; at
 * the end nothing is left of memory, mappings, descriptors and plugins, and resident memory stood
 * still meanwhile. Prints a line of numbers a process. */
#include "../unit/engine_kit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

enum { PROCESSES = 2, THREADS = 8, VERSIONS = 4, ROWS = 50, REOPEN = 300, BUSY_MS = 20000 };
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

typedef struct worker worker;
struct worker {
  pthread_t thread;
  const char *name;
  int (*turn)(worker *w); /* 0, or error says what is wrong */
  helios *h;
  sqlite3_stmt *rows; /* of read_rows */
  unsigned seed;
  unsigned long done, refused, again;
  char error[600];
};

/* Nothing here is about power cuts; more transactions meet without fsync. */
#define SETTINGS "PRAGMA cache_size = -500; PRAGMA synchronous = OFF"

static char database[128];
static bool reopens;           /* see soak__rollback_journal */
static atomic_bool stop, over; /* over: of the canceller, who goes last */
static atomic_ulong traps;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static unsigned pick(worker *w, unsigned n) {
  w->seed = w->seed * 1664525 + 1013904223;
  return (w->seed >> 8) % n;
}

static int wrong(worker *w, const char *what, const helios_error *err) {
  snprintf(w->error, sizeof w->error, "%s: %.150s: %d %.200s (%.100s)", w->name, what, err->code,
           err->text, err->hint);
  return 1;
}

/* ---- statements ---- */

struct result {
  char text[256]; /* values joined by '|', rows by ' ' */
};

static int take_row(void *arg, sqlite3_stmt *s) {
  struct result *r = arg;
  for (int i = 0; i < sqlite3_column_count(s); i++) {
    const char *text = (const char *)sqlite3_column_text(s, i);
    size_t used = strlen(r->text);
    snprintf(r->text + used, sizeof r->text - used, "%s%s",
             i      ? "|"
             : used ? " "
                    : "",
             text ? text : "NULL");
  }
  return 0;
}

/* Locked all the same: the lock was taken for longer than the timeout, or two statements wait for
 * each other. The statement has done nothing and may be given again. */
static bool is_busy(const helios_error *err) {
  return err->code == HELIOS_E_SQL && strstr(err->text, "locked") != NULL;
}

static int run(worker *w, struct result *r, helios_error *err, const char *sql) {
  int status;
  for (int i = 0; i < 100; i++) {
    *err = (helios_error){0};
    r->text[0] = 0;
    status = helios_exec(w->h, sql, take_row, r, err);
    if (status == 0 || !is_busy(err) || !sqlite3_get_autocommit(helios_db(w->h))) {
      break;
    }
    w->again++;
  }
  return status;
}

/* SQLite's own wait grows to 100 ms, in which nobody would take the lock. */
static int wait_for_lock(void *arg, int times) {
  (void)arg;
  usleep(200);
  return times < BUSY_MS * 5;
}

static int open_connection(worker *w) {
  helios_error err = {0};
  if (helios_open(&w->h, database, NULL, &err) != 0) {
    return wrong(w, "open", &err);
  }
  sqlite3_busy_handler(helios_db(w->h), wait_for_lock, NULL);
  int rc; /* it reads the schema, so it may find the database locked */
  while ((rc = sqlite3_exec(helios_db(w->h), SETTINGS, NULL, NULL, NULL)) == SQLITE_BUSY) {
    w->again++;
  }
  if (rc != SQLITE_OK) {
    snprintf(err.text, sizeof err.text, "%s", sqlite3_errmsg(helios_db(w->h)));
    (void)helios_close(w->h, NULL);
    return wrong(w, SETTINGS, &err);
  }
  return 0;
}

static int close_connection(worker *w) {
  helios_error err = {0};
  sqlite3_finalize(w->rows);
  w->rows = NULL;
  return helios_close(w->h, &err) ? wrong(w, "close", &err) : 0;
}

/* ---- calls ---- */

/* mark(a) of version v is 10 a + v. */
static int read_rows(worker *w) {
  static const char sql[] = "SELECT a, mark(a), mark(+a), helios_version('mark') FROM t";
  helios_error err = {0};
  int rows = 0, rc, version = 0;
  bool once = pick(w, 4) == 0;
  if (w->rows == NULL && helios_prepare(w->h, &w->rows, NULL, sql, &err) != 0) {
    w->again += is_busy(&err);
    return is_busy(&err) ? 0 : wrong(w, sql, &err);
  }
  for (; (rc = sqlite3_step(w->rows)) == SQLITE_ROW; rows++) {
    int a = sqlite3_column_int(w->rows, 0), v = sqlite3_column_int(w->rows, 3);
    version = version ? version : v;
    if (v != version || sqlite3_column_int(w->rows, 1) != 10 * a + v ||
        sqlite3_column_int(w->rows, 2) != 10 * a + v) {
      snprintf(w->error, sizeof w->error, "row %d of version %d: mark(%d) = %d, %d by %d", rows,
               version, a, sqlite3_column_int(w->rows, 1), sqlite3_column_int(w->rows, 2), v);
      return 1;
    }
  }
  if (rc != SQLITE_DONE) {
    (void)helios_step_error(w->h, &err);
  }
  sqlite3_reset(w->rows);
  if (once) {
    sqlite3_finalize(w->rows);
    w->rows = NULL;
  }
  if (rc == SQLITE_BUSY) {
    w->again++;
    return 0;
  }
  return rc != SQLITE_DONE || rows != ROWS ? wrong(w, sql, &err) : 0;
}

/* Rows, and those of a trigger: all by one version. */
static int write_rows(worker *w) {
  helios_error err;
  struct result r;
  usleep(2000); /* SQLite's locks are not fair: who waits sleeps longer each time */
  if (run(w, &r, &err,
          "BEGIN IMMEDIATE; DELETE FROM log; DELETE FROM echo;"
          "INSERT INTO log SELECT a, mark(a) FROM t WHERE a <= 5;"
          "SELECT count(*), count(DISTINCT log.m % 10), sum(echo.m = 10 * log.m + log.m % 10) FROM "
          "log JOIN echo ON echo.of = log.m; COMMIT") != 0) {
    (void)sqlite3_exec(helios_db(w->h), "ROLLBACK", NULL, NULL, NULL);
    return wrong(w, "write", &err);
  }
  if (strcmp(r.text, "5|1|5") != 0) {
    snprintf(w->error, sizeof w->error, "write: %s", r.text);
    return 1;
  }
  return 0;
}

/* What traps fails and nothing else; the canary of `frail` may. */
static int call_traps(worker *w) {
  static const char *const sql[] = {"SELECT trap()", "SELECT wild()", "SELECT frail()"};
  helios_error err;
  struct result r;
  unsigned which = pick(w, 3);
  int status = run(w, &r, &err, sql[which]);
  atomic_fetch_add(&traps, status == HELIOS_E_TRAP);
  if (status != HELIOS_E_TRAP && (which < 2 || status != 0 || strcmp(r.text, "1") != 0)) {
    return wrong(w, sql[which], &err);
  }
  w->refused += status != 0;
  return 0;
}

/* The procedure can write exactly when the grant stands in the same snapshot. */
static int call_granted(worker *w) {
  helios_error err;
  struct result r;
  usleep(2000);
  if (run(w, &r, &err,
          "BEGIN IMMEDIATE; SELECT run(), capabilities LIKE '%write:notes%' FROM helios_version v "
          "JOIN helios_procedure p ON p.id = v.procedure_id AND p.current_version = v.version "
          "WHERE p.name = 'run'; DELETE FROM notes; COMMIT") != 0) {
    (void)sqlite3_exec(helios_db(w->h), "ROLLBACK", NULL, NULL, NULL);
    return wrong(w, "granted", &err);
  }
  if (strcmp(r.text, "1|1") != 0 && strcmp(r.text, "-2|0") != 0) {
    snprintf(w->error, sizeof w->error, "granted: %s", r.text);
    return 1;
  }
  w->refused += r.text[0] == '-';
  return 0;
}

/* ---- cancel ---- */

/* The spinner's connection while it may be interrupted; latencies of this process. */
static struct {
  pthread_mutex_t lock;
  helios *h;
  double asked; /* when it was interrupted last; 0: not yet */
  double sum, most;
  unsigned long count, resent;
} spin = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int call_spin(worker *w) {
  helios_error err;
  struct result r;
  pthread_mutex_lock(&spin.lock);
  spin.h = w->h;
  spin.asked = 0;
  pthread_mutex_unlock(&spin.lock);
  int status = run(w, &r, &err, "SELECT spin()");
  pthread_mutex_lock(&spin.lock);
  double took = now_ms() - spin.asked;
  spin.h = NULL;
  if (status == HELIOS_E_CANCELLED && spin.asked > 0) {
    spin.sum += took;
    spin.most = took > spin.most ? took : spin.most;
    spin.count++;
  }
  pthread_mutex_unlock(&spin.lock);
  w->refused++;
  return status != HELIOS_E_CANCELLED ? wrong(w, "SELECT spin()", &err) : 0;
}

/* Interrupts it; sends again what came before the statement ran. */
static int cancel(worker *w) {
  usleep(1000 + pick(w, 4000));
  pthread_mutex_lock(&spin.lock);
  if (spin.h) {
    spin.resent += spin.asked > 0;
    spin.asked = now_ms(); /* of the last one: what comes before the statement runs is lost */
    sqlite3_interrupt(helios_db(spin.h));
  }
  pthread_mutex_unlock(&spin.lock);
  return 0;
}

/* ---- DDL ---- */

/* What a change may meet because others change too. */
static bool is_race(const helios_error *err) {
  static const char *const texts[] = {
      "changed it meanwhile", "no canary is running",  "no version to go back to",
      "is the current one",   "the canary has failed", "is not among",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (strstr(err->text, texts[i])) {
      return true;
    }
  }
  return false;
}

static const char *const changes[] = {
    "ALTER FUNCTION mark USE VERSION %u",
    "ALTER FUNCTION mark USE VERSION %u",
    "ALTER FUNCTION mark CANARY VERSION %u PERCENT 50",
    "ALTER FUNCTION mark CANARY VERSION %u PERCENT 5 ROLLBACK ON ERROR RATE 1%%",
    "ALTER FUNCTION mark PROMOTE",
    "ALTER FUNCTION mark ROLLBACK",
    "ALTER FUNCTION frail CANARY VERSION 2 PERCENT 50 ROLLBACK ON ERROR RATE 20%%",
    "ALTER FUNCTION frail ROLLBACK",
    "ALTER PROCEDURE run GRANT CAPABILITY 'write:notes'",
    "ALTER PROCEDURE run REVOKE CAPABILITY 'write:notes'",
};

static int change(worker *w) {
  helios_error err;
  struct result r;
  char sql[160];
  snprintf(sql, sizeof sql, changes[pick(w, sizeof changes / sizeof *changes)],
           1 + pick(w, VERSIONS));
  int status = run(w, &r, &err, sql);
  if (status != 0 && !is_race(&err)) {
    return wrong(w, sql, &err);
  }
  w->refused += status != 0;
  return 0;
}

/* ---- a process ---- */

enum { CANCELLER = 6 };
static const struct {
  const char *name;
  int (*turn)(worker *w);
} roles[THREADS] = {{"reader", read_rows},   {"reader 2", read_rows},   {"writer", write_rows},
                    {"trapper", call_traps}, {"granted", call_granted}, {"spinner", call_spin},
                    {"canceller", cancel},   {"changer", change}};

static void *work(void *arg) {
  worker *w = arg;
  bool connects = w->turn != roles[CANCELLER].turn;
  const atomic_bool *end = connects ? &stop : &over;
  while (!atomic_load(end) && !w->error[0]) {
    if (connects && open_connection(w) != 0) {
      break;
    }
    for (int i = 0;
         (i < REOPEN || !reopens) && (w->done == 0 || !atomic_load(end)) && w->turn(w) == 0; i++) {
      w->done++;
    }
    if (connects && close_connection(w) != 0) {
      break;
    }
  }
  return NULL;
}

/* What a leak would make grow. */
typedef struct usage {
  long rss_kb;
  int maps, code, files;
  size_t blocks;
} usage;

static usage measure(void) {
  char line[512];
  usage u = {.blocks = hrt_alloc_live()};
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f)) {
    (void)sscanf(line, "VmRSS: %ld", &u.rss_kb);
  }
  if (f) {
    fclose(f);
  }
  f = fopen("/proc/self/maps", "r");
  while (f && fgets(line, sizeof line, f)) {
    const char *mode = strchr(line, ' ');
    u.maps++;
    u.code += mode && mode[3] == 'x';
  }
  if (f) {
    fclose(f);
  }
  DIR *dir = opendir("/proc/self/fd");
  while (dir && readdir(dir)) {
    u.files++;
  }
  if (dir) {
    closedir(dir);
  }
  return u;
}

/* Samples resident memory; growth of the last quarter's mean over the second's, in KB. */
static long watch(double seconds) {
  double sums[4] = {0}, began = now_ms(), at;
  int counts[4] = {0};
  while ((at = (now_ms() - began) / (seconds * 1e3)) < 1) {
    int quarter = (int)(at * 4);
    sums[quarter] += (double)measure().rss_kb;
    counts[quarter]++;
    usleep(100000);
  }
  return counts[1] && counts[3] ? (long)(sums[3] / counts[3] - sums[1] / counts[1]) : 0;
}

static int judge(const char *mode, const usage *before, const usage *after, long growth) {
  int bad = 0;
  bad |= after->blocks != before->blocks || hrt_plugin_count() != 0;
  bad |= after->code != before->code || after->files != before->files;
  bad |= !SANITIZED && after->maps > before->maps + 8; /* arenas of malloc */
  bad |= !SANITIZED && growth > 4096;
  printf(
      "%s: %zu blocks, %d mappings of code, %d mappings, %d files before; %zu, %d, %d, %d after, "
      "%zu plugins; resident memory grew by %ld KB\n",
      mode, before->blocks, before->code, before->maps, before->files, after->blocks, after->code,
      after->maps, after->files, hrt_plugin_count(), growth);
  return bad;
}

static int report(const char *mode, int number, const worker *workers) {
  int bad = 0;
  printf("%s, process %d:", mode, number);
  for (unsigned i = 0; i < THREADS; i++) {
    const worker *w = &workers[i];
    printf(" %s %lu (%lu refused, %lu again)", w->name, w->done, w->refused, w->again);
    if (w->error[0] || w->done == 0) {
      printf("\n  WRONG: %s\n", w->error[0] ? w->error : "nothing done");
      bad = 1;
    }
  }
  printf("\n  %lu cancels, %.2f ms each, %.2f at most, %lu sent again; %lu traps\n", spin.count,
         spin.count ? spin.sum / (double)spin.count : 0, spin.most, spin.resent,
         atomic_load(&traps));
  return bad;
}

/* All threads for a while; what they did adds up in workers. */
static int run_round(worker *workers, double length, long *growth) {
  atomic_store(&stop, false);
  atomic_store(&over, false);
  for (unsigned i = 0; i < THREADS; i++) {
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
      return 1;
    }
  }
  *growth = watch(length);
  atomic_store(&stop, true);
  for (unsigned i = 0; i < THREADS; i++) {
    if (i != CANCELLER) {
      pthread_join(workers[i].thread, NULL);
    }
  }
  atomic_store(&over, true);
  pthread_join(workers[CANCELLER].thread, NULL);
  return 0;
}

/* The first round warms up what the process keeps: stacks, arenas of malloc. */
static int run_process(int number, const char *mode, double length) {
  static worker workers[THREADS];
  long growth;
  for (unsigned i = 0; i < THREADS; i++) {
    workers[i] =
        (worker){.name = roles[i].name, .turn = roles[i].turn, .seed = (unsigned)number * 1000 + i};
  }
  int bad = run_round(workers, length / 10, &growth);
  usage before = measure();
  bad |= run_round(workers, length * 0.9, &growth);
  usage after = measure();
  bad |= report(mode, number, workers);
  bad |= judge(mode, &before, &after, growth);
  fflush(stdout);
  return bad;
}

/* ---- the whole ---- */

static void make_database(const char *mode) {
  char sql[100];
  helios *h = ek_open(mode);
  snprintf(sql, sizeof sql, "PRAGMA journal_mode = %s", mode);
  ek_run(h, sql, mode);
  ek_run(
      h,
      "CREATE TABLE t(a); CREATE TABLE log(a, m); CREATE TABLE echo(of, m); CREATE TABLE notes(a);"
      "CREATE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS '%D/one.so';"
      "ALTER FUNCTION mark VERSION 2 AS '%D/two.so'; ALTER FUNCTION mark VERSION 3 AS "
      "'%D/three.so'; ALTER FUNCTION mark VERSION 4 AS '%D/four.so';"
      "CREATE TRIGGER tr AFTER INSERT ON log BEGIN INSERT INTO echo VALUES (new.m, mark(new.m)); "
      "END;"
      "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 50)"
      " INSERT INTO t SELECT i FROM c;"
      "CREATE PROCEDURE trap() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"
      "CREATE PROCEDURE wild() RETURNS INTEGER LANGUAGE wasm AS '%D/one.so';"
      "CREATE PROCEDURE spin() RETURNS BIGINT LANGUAGE wasm WITH (timeout = '10min', fuel_limit = "
      "9000000000000000000) AS '%D/one.so';"
      "CREATE PROCEDURE frail() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS '%D/one.so';"
      "CREATE OR REPLACE PROCEDURE frail() RETURNS BIGINT LANGUAGE wasm EXPORT 'trap' AS "
      "'%D/one.so'; ALTER PROCEDURE frail USE VERSION 1;"
      "CREATE PROCEDURE run() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('query') AS "
      "'%D/note.so'",
      "");
  ek_close(h);
}

static void soak(const char *mode, double seconds) {
  pid_t children[PROCESSES];
  int status;
  make_database(mode);
  snprintf(database, sizeof database, "%s", ek_path(mode));
  fflush(stdout);
  for (int i = 0; i < PROCESSES; i++) {
    children[i] = fork();
    assert_true(children[i] >= 0);
    if (children[i] == 0) {
      _exit(run_process(i, mode, seconds));
    }
  }
  for (int i = 0; i < PROCESSES; i++) {
    assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
  }
  helios *h = ek_open(mode);
  ek_run(h, "ALTER FUNCTION frail USE VERSION 1; SELECT frail(); PRAGMA integrity_check", "1\nok");
  ek_close(h);
  unlink(database);
}

static double seconds = 20;

static void soak__wal(void **state) {
  (void)state;
  reopens = true;
  soak("wal", seconds / 2);
}

/* Connections stay open: one that closes while another thread takes a lock can make this process
 * lose it, which is SQLite's (see put_away in runtime/sqlite/flush.c), and an application's matter.
 */
static void soak__rollback_journal(void **state) {
  (void)state;
  reopens = false;
  soak("delete", seconds / 2);
}

/* What the system said of an error of input or output; the worker's error has only SQLite's words.
 */
static void log_error(void *arg, int code, const char *text) {
  (void)arg;
  if ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN) {
    fprintf(stderr, "  SQLite: %d %s\n", code, text);
  }
}

static int set_up(void **state) {
  (void)sqlite3_config(SQLITE_CONFIG_LOG, log_error, NULL);
  int status = ek_setup(state);
  ek_plugin("three.so", "-DANSWER=3");
  ek_plugin("four.so", "-DANSWER=4");
  ek_plugin("note.so", "-DANSWER=5 '-DSQL=\"INSERT INTO notes VALUES (1)\"'");
  return status;
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(soak__wal),
                                     cmocka_unit_test(soak__rollback_journal)};
  seconds = argc > 1 ? strtod(argv[1], NULL) : seconds;
  return cmocka_run_group_tests(tests, set_up, ek_teardown);
}
