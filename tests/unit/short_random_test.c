/* short_random_test.c - the short way against the long one: two connections, one of whose modules
 * imports a function that it never calls, so that no call of it is short, are asked the same at
 * random: statements that take turns, limits that change, interrupts, traps, states. All rows,
 * errors and counts must be the same. Once with procedures that ask the host nothing, once with
 * such as ask for their arguments, give NULL and fail. And short calls that must be stopped. */
#include "engine_kit.h"

#include <pthread.h>
#include <time.h>

static const char source[] =
    "struct inst { struct hsb_memory mem; unsigned long long counter; };\n"
    "#define FN(n) static NOINLINE void n(void *i, hsb_slot *s)\n"
    "#define CTX struct hsb_ctx *c = hsb_ctx_of(i)\n"
    "static void pay(struct hsb_ctx *c, long long n) { long long f = c->fuel - n;\n"
    "  if (f < 0) f = c->host->refuel(c, f, 0x52); c->fuel = f; }\n"
    "#ifdef ASKS\n"
    "#define HOST(n) c->imports[n].fn(c, s, c->imports[n].env)\n"
    "static void fails(struct hsb_ctx *c, long long n) {\n"
    "  hsb_slot s[3] = {(hsb_slot)n, 16 + (unsigned)n % 7, 3}; HOST(0); }\n"
    "#define MAY_FAIL(n) if ((n) % 16 == 3) fails(c, n)\n"
    "#define MAY_BE_NULL(n) if ((n) % 8 == 6) HOST(1)\n"
    "#define MAY_ASK(n) if ((n) % 4 == 1) { s[0] = (n) % 64 != 1 ? 0 : 9; HOST(2); }\n"
    "#else\n"
    "#define MAY_FAIL(n)\n"
    "#define MAY_BE_NULL(n)\n"
    "#define MAY_ASK(n)\n"
    "#endif\n"
    "FN(plus) { CTX; pay(c, 7); MAY_ASK(s[1]); s[0] += s[1]; MAY_BE_NULL(s[0]); }\n"
    "FN(mark) { CTX; pay(c, 3); s[0] = s[0] * 10 + ANSWER; }\n"
    "FN(bump) { CTX; struct inst *in = i; pay(c, 5); s[0] = ++in->counter; }\n"
    "FN(burn) { CTX; pay(c, (long long)s[0]); }\n"
    "FN(count) { CTX; struct inst *in = i; pay(c, 11); MAY_FAIL(s[1] + 2); s[0] = ++in->counter * "
    "1000 + s[1]; }\n"
    "FN(maybe) { CTX; pay(c, 9); MAY_FAIL(s[0]); if (s[0] % 16 == 9) c->host->trap(c, "
    "HSB_TRAP_UNREACHABLE, 7);\n"
    "  if (s[0] % 16 == 5) s[0] = MEM(i)[0xfffffff0u]; }\n"
    "FN(grow) { CTX; struct inst *in = i; pay(c, 4); c->host->memory_grow(c, 1);\n"
    "  s[0] = ++in->counter * 1000 + in->mem.size / HSB_PAGE + ++MEM(i)[HSB_PAGE + 9]; }\n"
    "FN(turn) { CTX; while (s[0] == 3) pay(c, 1000); }\n"
    "FN(half) { double d; __builtin_memcpy(&d, s, 8); d /= 2; __builtin_memcpy(s, &d, 8); }\n"
    "FN(since) { CTX; struct inst *in = i; pay(c, 6); s[0] = in->counter += s[0]; }\n"
    "FN(calm) { CTX; pay(c, (long long)s[0] * 1000); if (s[0] % 16 == 11) c->host->trap(c, "
    "HSB_TRAP_UNREACHABLE, 7); }\n"
    "FN(third) { CTX; pay(c, 8); s[0] = s[0] * 100 + s[1] * 10 + s[2]; }\n"
    "FN(real) { double d = (double)(long long)s[0] / 4; __builtin_memcpy(s, &d, 8); }\n"
    "FN(halt) { CTX; double d; __builtin_memcpy(&d, s, 8); d += 1; __builtin_memcpy(s, &d, 8);\n"
    "  if (d > 20) c->host->trap(c, HSB_TRAP_UNREACHABLE, 7); }\n"
    "FN(sum_step) { CTX; struct inst *in = i; in->counter++; pay(c, 13);\n"
    "  if (s[1] % 64 == 33) c->host->trap(c, HSB_TRAP_UNREACHABLE, 7);\n"
    "  if (s[1] % 32 == 29) MAY_FAIL(s[1] - 10); s[0] += s[1]; }\n"
    "FN(sum_inverse) { CTX; struct inst *in = i; in->counter++; pay(c, 17); s[0] -= s[1]; }\n"
    "FN(sum_value) { CTX; struct inst *in = i; pay(c, 2); s[0] = s[0] * 1000 + in->counter; }\n"
    "static const struct hsb_import im[] = {\n"
    "#ifdef ASKS\n"
    "  {\"helios_v1\", \"fail\", \"iii:i\", 9, 4}, {\"helios_v1\", \"return_null\", \":i\", 9, "
    "11},\n"
    "  {\"helios_v1\", \"arg_i64\", \"i:j\", 9, 7},\n"
    "#endif\n"
    "#ifdef LONG\n"
    "  {\"helios_v1\", \"row_null\", \":i\", 9, 8}\n"
    "#endif\n"
    "};\n"
    "static const unsigned char blob[] = \"abcdefghi\";\n"
    "static const struct hsb_segment seg[] = {{16, 0, 9}};\n"
    "static void init(void *i) { (void)i; }\n"
    "static const struct hsb_export ex[] = {\n"
    "  {.name = \"mark\", .name_len = 4, .sig = \"j:j\", .call = mark, .flags = 1},\n"
    "  {.name = \"plus\", .name_len = 4, .sig = \"jj:j\", .call = plus, .flags = 1},\n"
    "  {.name = \"calm\", .name_len = 4, .sig = \"j:j\", .call = calm, .flags = 1},\n"
    "  {.name = \"third\", .name_len = 5, .sig = \"jjj:j\", .call = third, .flags = 1},\n"
    "  {.name = \"real\", .name_len = 4, .sig = \"j:d\", .call = real, .flags = 1},\n"
    "  {.name = \"halt\", .name_len = 4, .sig = \"d:d\", .call = halt, .flags = 1},\n"
    "  EXPORT(\"since\", \"j:j\", since), EXPORT(\"bump\", \":j\", bump), EXPORT(\"burn\", "
    "\"j:j\", burn), EXPORT(\"maybe\", \"j:j\", "
    "maybe),\n"
    "  EXPORT(\"turn\", \"j:j\", turn), EXPORT(\"grow\", \":j\", grow),\n"
    "  EXPORT(\"count\", \"ii:j\", count), EXPORT(\"half\", \"d:d\", half),\n"
    "  EXPORT(\"total_step\", \"jj:j\", sum_step), EXPORT(\"total_final\", \"j:j\", sum_value),\n"
    "  EXPORT(\"total_value\", \"j:j\", sum_value), EXPORT(\"total_inverse\", \"jj:j\", "
    "sum_inverse)};\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR,\n"
    "  .flags = HSB_PLUGIN_HAS_MEMORY | HSB_PLUGIN_METERED, .instance_size = sizeof(struct inst),\n"
    "  .memory_min = 1, .memory_max = 100, .export_count = COUNT(ex), .import_count = COUNT(im),\n"
    "  .segment_count = 1, .segments = seg, .blob = blob, .blob_size = 9,\n"
    "  .exports = ex, .imports = im, .init = init, .module_hash = HASH};\n";

enum { OPEN = 4 };
typedef struct side {
  helios *h;
  const char *plugin;
  sqlite3_stmt *open[OPEN];
  char said[65536];
} side;

static uint64_t seed;
static uint32_t any(uint32_t below) {
  seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(seed >> 33) % below;
}

static void say(side *s, const char *text) {
  size_t used = strlen(s->said);
  snprintf(s->said + used, sizeof s->said - used, "%s|", text ? text : "NULL");
}

static void say_row(side *s, sqlite3_stmt *stmt) {
  for (int i = 0; i < sqlite3_column_count(stmt); i++) {
    say(s, (const char *)sqlite3_column_text(stmt, i));
  }
}

/* In sql, %P stands for the side's plugin. */
static void run(side *s, const char *sql) {
  char all[4096];
  size_t used = 0;
  helios_error err = {0};
  for (const char *c = sql; *c; c++) {
    bool plugin = c[0] == '%' && c[1] == 'P';
    used += (size_t)snprintf(all + used, sizeof all - used, plugin ? "%s" : "%.1s",
                             plugin ? s->plugin : c);
    c += plugin;
  }
  if (ek_try(s->h, &err, all) != 0) {
    say(s, err.text);
  }
  say(s, ek_out);
}

/* More rows of a statement than one, or its end. */
static void go_on(side *s, int n, uint32_t rows) {
  int rc = s->open[n] ? SQLITE_ROW : SQLITE_DONE;
  while (rc == SQLITE_ROW && rows-- > 0) {
    rc = sqlite3_step(s->open[n]);
    if (rc == SQLITE_ROW) {
      say_row(s, s->open[n]);
    }
  }
  if (rc != SQLITE_ROW) {
    say(s, rc == SQLITE_DONE ? "done" : sqlite3_errmsg(helios_db(s->h)));
    sqlite3_finalize(s->open[n]);
    s->open[n] = NULL;
  }
}

static void open_one(side *s, int n, const char *sql) {
  sqlite3_finalize(s->open[n]);
  s->open[n] = NULL;
  if (sqlite3_prepare_v2(helios_db(s->h), sql, -1, &s->open[n], NULL) != SQLITE_OK) {
    say(s, sqlite3_errmsg(helios_db(s->h)));
  }
}

#define RECURSIVE                                                                                  \
  "WITH RECURSIVE r(n, m) AS (SELECT 1, 1 UNION ALL SELECT plus(n, 1), mark(bump()) FROM r "       \
  "WHERE n < 40) SELECT sum(n), sum(m), summed(n) FROM r"
static const char *const statements[] = {
    "SELECT plus(v, 1), bump(), mark(v), keeper() FROM t",
    "SELECT plus(mark(v), plus(bump(), keeper())), plus(w, v) FROM t",
    "SELECT plus(w, 2), mark(w), half(w), half(v), counted(w) FROM t",
    "SELECT counted(w), counted(v), bump() FROM t",
    "SELECT summed(v) OVER (ORDER BY rowid ROWS 2 PRECEDING), plus(v, v) FROM t",
    "SELECT summed(plus(v, mark(v))), sum(bump()) FROM t GROUP BY v % 5",
    "SELECT summed(w), summed(plus(v, keeper())) FROM t GROUP BY v % 3",
    "SELECT maybe(v), plus(v, bump()) FROM t",
    "SELECT since(v), since(w), half(since(v)) FROM t",
    "SELECT calm(v), third(v, w, 3), third(1, v, v) FROM t WHERE v < 11",
    "SELECT calm(w), real_of(v), real_of(w) FROM t WHERE v < 25",
    "SELECT halt(v), halt(w), since(1) FROM t WHERE v < 20",
    "SELECT calm(v * 16), halt(v), since(v) FROM t",
    "SELECT maybe(plus(v, rowid)) FROM t",
    "SELECT little(v * 20), much(v * 30000) FROM t",
    "SELECT much(v * 9000), plus(v, 3), keeper() FROM t",
    "SELECT inner_of(v), plus(v, 1), keeper() FROM t",
    "SELECT summed(inner_of(v)), plus(summed(v), 1) FROM t",
    "INSERT INTO log(x) SELECT plus(v, bump()) FROM t LIMIT 5",
    "UPDATE t SET w = plus(v, keeper()) WHERE v % 4 = 1",
    RECURSIVE,
    "SELECT much(v * 90000), keeper() FROM t",
    "SELECT much(v * 90000), inner_of(v) FROM t",
    "SELECT counted(w) FROM t",
    "SELECT grow() FROM t",
    "SELECT grow(), plus(grow(), grow()), counted('12') FROM t",
    "SELECT maybe(v * 16 + v % 7 % 6) FROM t",
    "SELECT bump(), counted('12') FROM t WHERE w IS NOT NULL",
    "SELECT little(v * 20) FROM t",
    "SELECT little(w * 20), little(v) FROM t",
    "SELECT summed(v) FROM t",
    "SELECT summed(v * 11) OVER (ORDER BY rowid) FROM t",
    "SELECT helios_version('plus'), plus(v, 1), helios_version('summed') FROM t",
    "SELECT maybe(v + 10) FROM t WHERE v % 16 <> 15",
    "SELECT summed(v), summed(w) FROM t WHERE v < 31",
    "SELECT plus(a.v, b.v) FROM t AS a, t AS b WHERE maybe(plus(a.rowid, b.rowid)) > 3 LIMIT 90",
};

static const char *const changes[] = {
    "ALTER PROCEDURE little SET fuel_limit = 400",
    "ALTER PROCEDURE little SET fuel_limit = 100000",
    "ALTER PROCEDURE much SET fuel_limit = 500000",
    "ALTER PROCEDURE much SET fuel_limit = 50000000",
    "ALTER PROCEDURE keeper SET state = call",
    "ALTER PROCEDURE keeper SET state = statement",
    "ALTER PROCEDURE keeper SET state = connection",
    "ALTER PROCEDURE grow SET state = call",
    "ALTER PROCEDURE grow SET state = statement",
    "ALTER PROCEDURE plus SET profiling = true",
    "ALTER PROCEDURE plus SET profiling = false",
    "ALTER PROCEDURE mark SET timeout = '50s'",
};

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define WASM(what, name) "CREATE " what " LANGUAGE wasm EXPORT '" name "' AS '%D/%P';"

static void begin(side *s) {
  s->h = ek_open(":memory:");
  run(s, WASM("PROCEDURE plus(a BIGINT, b BIGINT) RETURNS BIGINT", "plus")
             WASM("PROCEDURE mark(a BIGINT) RETURNS BIGINT", "mark")
                 WASM("PROCEDURE bump() RETURNS BIGINT", "bump")
                     WASM("PROCEDURE maybe(a BIGINT) RETURNS BIGINT", "maybe")
                         WASM("PROCEDURE half(a REAL) RETURNS REAL", "half")
                             WASM("PROCEDURE counted(a TEXT) RETURNS BIGINT", "count"));
  run(s, WASM("PROCEDURE little(a BIGINT) RETURNS BIGINT", "burn")
             WASM("PROCEDURE much(a BIGINT) RETURNS BIGINT", "burn")
                 WASM("PROCEDURE grow() RETURNS BIGINT",
                      "grow") "CREATE PROCEDURE keeper() RETURNS BIGINT LANGUAGE wasm EXPORT "
                              "'bump' AS '%D/%P' "
                              "WITH (fuel_limit = 900);" WASM(
                                  "AGGREGATE summed(a BIGINT) RETURNS BIGINT", "total"));
  run(s, WASM("PROCEDURE since(a BIGINT) RETURNS BIGINT", "since")
             WASM("PROCEDURE third(a BIGINT, b BIGINT, c BIGINT) RETURNS BIGINT", "third")
                 WASM("PROCEDURE real_of(a BIGINT) RETURNS REAL", "real")
                     WASM("PROCEDURE halt(a REAL) RETURNS REAL",
                          "halt") "CREATE PROCEDURE calm(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS "
                                  "'%D/%P' WITH (fuel_limit = 100000);");
  run(s, "CREATE TABLE t(v, w); CREATE TABLE log(x, y);"
         "CREATE PROCEDURE inner_of(a BIGINT) RETURNS BIGINT LANGUAGE sql AS "
         "'SELECT plus(mark(a), summed(v)) FROM t WHERE v < 9';"
         "CREATE TEMP TRIGGER also AFTER INSERT ON log BEGIN UPDATE log SET y = plus(new.x, "
         "mark(new.x)) "
         "WHERE rowid = new.rowid; END;"
         "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 30) "
         "INSERT INTO t SELECT n * 7 % 31, CASE n % 7 WHEN 0 THEN NULL WHEN 1 THEN '12' WHEN 2 "
         "THEN 2.0 ELSE n END FROM r;");
  for (int n = 0; n < OPEN; n++) {
    s->open[n] = NULL;
  }
}

static void act(side *s, uint32_t what, int n, uint32_t number) {
  if (what < 8) {
    open_one(s, n, statements[number % COUNT(statements)]);
    go_on(s, n, number % 5);
  } else if (what < 24) {
    go_on(s, n, number % 40);
  } else if (what < 26 && s->open[n]) {
    sqlite3_reset(s->open[n]);
  } else if (what < 28) {
    run(s, changes[number % COUNT(changes)]);
  } else if (what == 28) {
    sqlite3_interrupt(helios_db(s->h));
  } else {
    run(s, statements[number % COUNT(statements)]);
  }
}

static void compare(side *s) {
  assert_null(strstr(s[0].said, "unsafe use")); /* the trigger runs */
  if (strcmp(s[0].said, s[1].said) != 0) {
    size_t at = 0;
    while (s[0].said[at] == s[1].said[at]) {
      at++;
    }
    at = at > 200 ? at - 200 : 0;
    fail_msg("by the short way\n...%.400s\nby the long way\n...%.400s", s[0].said + at,
             s[1].said + at);
  }
  s[0].said[0] = s[1].said[0] = 0;
}

static void as_long(const char *plugin, const char *other, const char *flags) {
  const char *turns = getenv("SHORT_TURNS"), *first = getenv("SHORT_SEED");
  char all[100];
  ek_plugin_of(plugin, source, flags);
  snprintf(all, sizeof all, "%s -DLONG", flags);
  ek_plugin_of(other, source, all);
  static side s[2];
  s[0] = (side){.plugin = plugin};
  s[1] = (side){.plugin = other};
  seed = first ? strtoull(first, NULL, 10) : 1;
  for (int k = 0; k < 2; k++) {
    begin(&s[k]);
  }
  compare(s);
  for (int left = turns ? atoi(turns) : 1500; left > 0; left--) {
    uint32_t what = any(32), number = any(1u << 20);
    int n = (int)any(OPEN);
    for (int k = 0; k < 2; k++) {
      act(&s[k], what, n, number);
    }
    compare(s);
  }
  for (int k = 0; k < 2; k++) {
    for (int n = 0; n < OPEN; n++) {
      sqlite3_finalize(s[k].open[n]);
    }
    run(&s[k],
        "SELECT procedure, version, host_function, calls FROM helios_profile ORDER BY 1, 2, 3");
    run(&s[k],
        "SELECT procedure, version, calls, errors, fuel, fuel_max, timed FROM helios_metrics "
        "ORDER BY 1, 2");
    assert_non_null(strstr(ek_out, "plus"));
    ek_close(s[k].h);
  }
  compare(s);
  assert_int_equal(hrt_alloc_live(), 0);
}

static void short__as_long(void **state) {
  (void)state;
  as_long("short.so", "long.so", "-DANSWER=1");
}

static void short__as_long_with_host_functions(void **state) {
  (void)state;
  as_long("asks.so", "asks_long.so", "-DANSWER=1 -DASKS");
}

static void *interrupt(void *db) {
  nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
  sqlite3_interrupt(db);
  return NULL;
}

/* A short call that does not end by itself; the next ones have all of their time. */
static void short__is_stopped(void **state) {
  (void)state;
  pthread_t thread;
  const char *const turn = "SELECT turn(column1) FROM (VALUES (1), (2), (3), (4))";
  const char *const after = "SELECT burn(column1 * 3000000) FROM (VALUES (1), (1), (2), (1))";
  ek_plugin_of("short.so", source, "-DANSWER=1");
  helios *h = ek_open(":memory:");
  ek_run(h,
         "CREATE PROCEDURE turn(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/short.so' WITH "
         "(timeout = '20ms', fuel_limit = 1000000000000000);"
         "CREATE PROCEDURE burn(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '%D/short.so' WITH "
         "(timeout = '50s')",
         "");
  ek_fails(h, turn, HELIOS_E_DEADLINE, "time limit exceeded");
  ek_run(h, after, "3000000\n3000000\n6000000\n3000000");
  ek_run(h, "ALTER PROCEDURE turn SET timeout = '50s'", "");
  for (int n = 0; n < 3; n++) {
    assert_int_equal(pthread_create(&thread, NULL, interrupt, helios_db(h)), 0);
    ek_fails(h, turn, HELIOS_E_CANCELLED, "cancelled");
    pthread_join(thread, NULL);
    ek_run(h, after, "3000000\n3000000\n6000000\n3000000");
  }
  ek_close(h);
  assert_int_equal(hrt_alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(short__as_long),
                                     cmocka_unit_test(short__as_long_with_host_functions),
                                     cmocka_unit_test(short__is_stopped)};
  return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
