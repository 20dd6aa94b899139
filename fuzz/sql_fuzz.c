/* sql_fuzz.c - statements and a plugin file, mutated together, against a database in memory. The
 * input is SQL up to the first NUL, then the bytes of the file "in.so", which are sealed if they
 * are of even length; "one.so" and "two.so" are good plugins. After each run the catalog must be
 * whole, and a statement of ours that failed must have left it as it was. */
#include "engine_kit.h"

#include <ctype.h>
#include <signal.h>
#include <time.h>

#include "mutate.h"

#define SQL_MAX 4096u
#define STATEMENTS_MAX 24u
#define MILLISECONDS 300

static sqlite3 *volatile interrupted;

static void on_timer(int number) {
  (void)number;
  if (interrupted != NULL) {
    sqlite3_interrupt(interrupted);
  }
}

/* SQL of the input's own may run for ever. */
static void start_timer(void) {
  static timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
  struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
  FZ_MUST(sigaction(SIGUSR2, &action, NULL) == 0);
  FZ_MUST(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  struct itimerspec each = {{0, MILLISECONDS * 1000000}, {0, MILLISECONDS * 1000000}};
  FZ_MUST(timer_settime(timer, 0, &each, NULL) == 0);
}

static int no_files(void *arg, int action, const char *a, const char *b, const char *c,
                    const char *d) {
  (void)arg, (void)a, (void)b, (void)c, (void)d;
  return action == SQLITE_ATTACH || action == SQLITE_PRAGMA ? SQLITE_DENY : SQLITE_OK;
}

static void clean_up(void) {
  void *state = NULL;
  ek_teardown(&state);
}

/* Once: the folder with plugins becomes the working folder. */
static void set_up(void) {
  static bool done;
  void *state = NULL;
  if (done) {
    return;
  }
  done = true;
  char *source = realpath(getenv("HELIOS_SOURCE") != NULL ? getenv("HELIOS_SOURCE") : ".", NULL);
  setenv("HELIOS_SOURCE", source, 1);
  free(source);
  FZ_MUST(ek_setup(&state) == 0 && chdir(ek_dir) == 0);
  atexit(clean_up);
  start_timer();
}

/* One value of the first row as text, in a buffer of its own. */
static const char *ask(helios *h, const char *sql) {
  static char out[8192];
  sqlite3_stmt *s = NULL;
  out[0] = 0;
  if (sqlite3_prepare_v2(helios_db(h), sql, -1, &s, NULL) == SQLITE_OK &&
      sqlite3_step(s) == SQLITE_ROW && sqlite3_column_text(s, 0) != NULL) {
    snprintf(out, sizeof out, "%s", (const char *)sqlite3_column_text(s, 0));
  }
  sqlite3_finalize(s);
  return out;
}

/* All of the catalog but blobs, as text. Empty if there is none. */
static const char *catalog(helios *h) {
  return ask(h, "SELECT group_concat(x, char(10)) FROM (SELECT quote(id) || quote(name) || "
                "quote(kind) || quote(deterministic) || quote(current_version) AS x FROM "
                "helios_procedure UNION ALL SELECT quote(procedure_id) || quote(version) || "
                "quote(stamp) || quote(params) || quote(options) || quote(capabilities) || "
                "quote(hex(module_hash)) FROM helios_version UNION ALL SELECT hex(hash) FROM "
                "helios_module UNION ALL SELECT hex(module_hash) || hex(so_hash) FROM "
                "helios_plugin UNION ALL SELECT key || quote(value) FROM helios_meta)");
}

static void check_catalog(helios *h) {
  static const char *const none[] = {
      "SELECT 1 FROM helios_version v WHERE NOT EXISTS (SELECT 1 FROM helios_procedure p "
      "WHERE p.id = v.procedure_id)",
      "SELECT 1 FROM helios_procedure p WHERE NOT EXISTS (SELECT 1 FROM helios_version v "
      "WHERE v.procedure_id = p.id AND v.version = p.current_version)",
      "SELECT 1 FROM helios_version v WHERE NOT EXISTS (SELECT 1 FROM helios_module m "
      "WHERE m.hash = v.module_hash)",
      "SELECT 1 FROM helios_version v WHERE NOT EXISTS (SELECT 1 FROM helios_plugin g "
      "WHERE g.module_hash = v.module_hash AND g.options = v.plugin_options)",
      "SELECT 1 FROM helios_plugin g WHERE NOT EXISTS (SELECT 1 FROM helios_version v "
      "WHERE g.module_hash = v.module_hash AND g.options = v.plugin_options)",
      "SELECT 1 FROM helios_module m WHERE NOT EXISTS (SELECT 1 FROM helios_version v "
      "WHERE m.hash = v.module_hash)",
      "SELECT 1 FROM helios_procedure GROUP BY lower(name) HAVING count(*) > 1",
  };
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    if (*ask(h, none[i]) != 0) {
      fprintf(stderr, "catalog: %s\n", none[i]);
      FZ_MUST(false);
    }
  }
}

static bool mentions(const char *sql, const char *word) {
  for (size_t i = 0; sql[i] != 0; i++) {
    if (strncasecmp(sql + i, word, strlen(word)) == 0) {
      return true;
    }
  }
  return false;
}

/* Runs one statement; where the next begins, or NULL after the last. */
static const char *statement(helios *h, const char *sql, bool watched) {
  static char before[8192];
  helios_error err = {0};
  sqlite3_stmt *s = NULL;
  const char *tail = NULL;
  bool ours = helios_is_ddl(sql) && watched;
  if (ours) {
    snprintf(before, sizeof before, "%s", catalog(h));
  }
  interrupted = helios_db(h);
  int status = helios_prepare(h, &s, &tail, sql, &err);
  interrupted = s != NULL ? helios_db(h) : NULL; /* not the checks */
  FZ_MUST((status == 0) == (err.code == 0) && (status == 0 || err.text[0] != 0));
  FZ_MUST(status == 0 || err.offset == HELIOS_NO_OFFSET || err.offset <= strlen(sql));
  if (ours && status != 0) {
    FZ_MUST(strcmp(before, catalog(h)) == 0);
  }
  for (int rows = 0; s != NULL && rows < 100 && sqlite3_step(s) == SQLITE_ROW; rows++) {
    for (int i = 0; i < sqlite3_column_count(s); i++) {
      sqlite3_column_text(s, i);
    }
  }
  sqlite3_finalize(s);
  interrupted = NULL;
  return status == 0 && tail != NULL && *tail != 0 && tail > sql ? tail : NULL;
}

static void run(const char *sql) {
  helios_options options = HELIOS_OPTIONS_INIT;
  helios *h = NULL;
  helios_error err = {0};
  options.max_timeout_ms = 50;
  options.max_fuel = 1000000;
  options.max_memory = 4u << 20;
  FZ_MUST(helios_open(&h, ":memory:", &options, &err) == 0);
  helios_set_authorizer(h, no_files, NULL);
  sqlite3_limit(helios_db(h), SQLITE_LIMIT_LENGTH, 1 << 20);
  bool watched = !mentions(sql, "helios") && !mentions(sql, "schema");
  const char *at = sql;
  for (unsigned n = 0; at != NULL && n < STATEMENTS_MAX; n++) {
    at = statement(h, at, watched);
  }
  if (watched) {
    sqlite3_exec(helios_db(h), "ROLLBACK", NULL, NULL, NULL);
    check_catalog(h);
  }
  FZ_MUST(helios_close(h, &err) == 0);
  FZ_MUST(hrt_plugin_count() == 0);
}

static void write_plugin(const uint8_t *bytes, size_t size) {
  struct fx_bytes file = {malloc(size + 1), size};
  FZ_MUST(file.data != NULL);
  memcpy(file.data, bytes, size);
  if (size % 2 == 0 && size >= sizeof(struct hsb_file_footer)) {
    struct hsb_file_footer footer;
    memcpy(&footer, file.data + size - sizeof footer, sizeof footer);
    memcpy(footer.magic, HSB_FILE_MAGIC, sizeof footer.magic);
    footer.file_size = size;
    memcpy(file.data + size - sizeof footer, &footer, sizeof footer);
    fx_seal(file, fx_key);
  }
  ek_write("in.so", file.data, size);
  fx_free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  set_up();
  size_t length = strnlen((const char *)data, size);
  length = length < SQL_MAX ? length : SQL_MAX;
  char *sql = malloc(length + 1);
  FZ_MUST(sql != NULL);
  memcpy(sql, data, length);
  sql[length] = 0;
  if (length + 1 < size) {
    write_plugin(data + length + 1, size - length - 1);
  } else {
    unlink("in.so");
  }
  run(sql);
  free(sql);
  return 0;
}

/* The words of the grammar, by the tables that the engine is made from. */
static const char *const words[] = {
    "CREATE ",
    "OR REPLACE ",
    "PROCEDURE ",
    "FUNCTION ",
    "AGGREGATE ",
    "EXTENSION ",
    "ALTER ",
    "DROP ",
    "IF EXISTS ",
    "CASCADE ",
    "CALL ",
    "RETURNS ",
    "RETURNS TABLE ",
    "LANGUAGE wasm ",
    "EXPORT '",
    "DETERMINISTIC ",
    "STRICT ",
    "CALLED ON NULL INPUT ",
    "SECURITY PROFILE '",
    "CAPABILITIES (",
    "WITH (",
    "AS '",
    "AS X'",
    "AS $wasm$",
    "$wasm$",
    "VERSION ",
    "USE VERSION ",
    "SET SOURCE ",
    "SET ",
    "CANARY VERSION ",
    "PERCENT ",
    "ROLLBACK ON ERROR RATE ",
    "PROMOTE ",
    "ROLLBACK ",
    "GRANT CAPABILITY ",
    "REVOKE CAPABILITY ",
    "BEGIN; ",
    "COMMIT; ",
    "SAVEPOINT s; ",
    "RELEASE s; ",
    "ROLLBACK TO s; ",
    "SELECT ",
    "answer()",
    "mark(1)",
    "add(1, 2)",
    "bump()",
    "said('x')",
    "trap()",
    "wild()",
    "burn(10)",
    "spin()",
    "answer",
    "mark",
    "add",
    "bump",
    "echo",
    "said",
    "trap",
    "wild",
    "one.so",
    "two.so",
    "in.so",
    "no.so",
    "'",
    "\"",
    ";",
    "(",
    ")",
    ",",
    "--",
    "/*",
    "*/",
    "NULL",
    "1",
    "0",
    "-1",
    "9223372036854775807",
    "1e999",
    "x BIGINT",
    "CREATE TABLE t(a); ",
    "INSERT INTO t VALUES (1), (2); ",
    "FROM t",
    "CREATE VIEW v AS SELECT ",
    "CREATE INDEX i ON t(",
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN ",
    "EXPLAIN ",
#define HRT_OPTION(id, name, kind, choices, doc) name, name " = ",
#include "registry/options.def"
#undef HRT_OPTION
#define HRT_PROFILE(id, name, grants, memory, time, doc) name,
#include "registry/profiles.def"
#undef HRT_PROFILE
#define HRT_CAP(id, short_name, long_name, scope, doc)                                             \
  short_name, long_name "('t')", short_name ":*",
#include "capability/capability.def"
#undef HRT_CAP
#define HRT_TYPE(id, name) name " ",
#define HRT_TYPE_ALIAS(spelling, id) spelling " ",
#include "host/types.def"
};
#define WORDS (sizeof words / sizeof *words)

/* Where a word begins, at or behind a random place. */
static size_t boundary(const uint8_t *sql, size_t length, uint64_t *random) {
  size_t at = length == 0 ? 0 : fz_random(random) % (length + 1);
  while (at > 0 && at < length && isalnum(sql[at]) && isalnum(sql[at - 1])) {
    at++;
  }
  return at;
}

/* Puts text in the place of [from, to) of what lies in data. */
static size_t splice(uint8_t *data, size_t size, size_t max, size_t from, size_t to,
                     const void *text, size_t n) {
  if (size - (to - from) + n > max) {
    return size;
  }
  memmove(data + from + n, data + to, size - to);
  memcpy(data + from, text, n);
  return size - (to - from) + n;
}

static size_t mutate_sql(uint8_t *data, size_t size, size_t max, uint64_t *random) {
  size_t length = strnlen((const char *)data, size);
  size_t from = boundary(data, length, random), to = boundary(data, length, random);
  const char *word = words[fz_random(random) % WORDS];
  uint8_t copy[256];
  if (from > to) {
    size_t other = from;
    from = to;
    to = other;
  }
  size_t n = to - from < sizeof copy ? to - from : sizeof copy;
  memcpy(copy, data + from, n);
  switch (fz_random(random) % 4) {
  case 0: /* a word more */
    return splice(data, size, max, from, from, word, strlen(word));
  case 1: /* a few less */
    return splice(data, size, max, from, from + n, "", 0);
  case 2: /* a word for others */
    return splice(data, size, max, from, from + n % 12, word, strlen(word));
  default: { /* a piece again, elsewhere */
    size_t at = boundary(data, length, random);
    return splice(data, size, max, at, at, copy, n);
  }
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
  uint64_t random = seed;
  size_t length = strnlen((const char *)data, size);
  uint64_t kind = fz_random(&random) % 10;
  if (kind == 0 && LLVMFuzzerMutate != NULL) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  if (kind < 3 && length + 64 < size) {
    fz_mutate_in(data, size, length + 1, size, &random);
    return size;
  }
  for (uint64_t turns = 1 + fz_random(&random) % 3; turns > 0; turns--) {
    size = mutate_sql(data, size, max_size, &random);
  }
  return size;
}
