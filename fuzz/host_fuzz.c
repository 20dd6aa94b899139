/* host_fuzz.c - the boundary between guest and host: every host function through its real binding,
 * from a guest whose memory and arguments are the input, on a real connection. After each read of
 * guest memory by the host the bytes are changed (link option --wrap), so that a function that
 * checks one fetch and uses another is led astray, the same way each time. */
#include "puppet.h"

#include <ftw.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mutate.h"

#define CALLS_MAX 24u
#define DATA 4096u /* where the input lies in guest memory; texts before it */
#define DATA_MAX 8192u

/* The folder that file functions may use, a file in it, one in a folder in it. */
static char folder_path[3][64];

static const char *const texts[] = {
    "SELECT a, b, c, d FROM t WHERE a >= ?1 ORDER BY a",
    "INSERT INTO t(a, b, c, d) VALUES (?, ?, ?, ?)",
    "SELECT ?1, ?2, typeof(?3)",
    "UPDATE t SET b = b + 1 WHERE a = :a",
    "DELETE FROM t WHERE a > 2",
    "SELECT count(*), group_concat(c) FROM t",
    "SELECT json_group_array(a) FROM t",
    "WITH x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x LIMIT 40) SELECT n, hex(n) FROM x",
    "CREATE TABLE u(x)",
    "ALTER TABLE u RENAME COLUMN x TO y",
    "DROP TABLE u",
    "app.tenant",
    "SELECT randomblob(100), zeroblob(9)",
    "SELECT * FROM sqlite_schema",
    "BEGIN",
    "ROLLBACK TO s",
    "[1, -2.5, null, \"x\", true]",
    "[1e999, \"\\ud800\", 9223372036854775808]",
    "{}",
    "s",
    "a \"quoted\" name",
    "\xc3\xa4\xf0\x9f\x98\x80",
    "\xff\xfe",
    "SELECT 1; SELECT 2",
    "",
    "a",
    "sub/../a",
    folder_path[0],
    folder_path[1],
    folder_path[2],
    "https://127.0.0.1:1/", /* where nobody listens */
    "GET",
    "Accept: a/b\nX: y\n",
};
#define TEXTS (sizeof texts / sizeof *texts)

static const struct function {
  const char *name, *sig;
} functions[] = {
#define HSB_HOSTCALL(module, name, sig, capability, fuel, text) {#module "." #name, sig},
#include "hsb_hostcalls.def"
#undef HSB_HOSTCALL
};
#define FUNCTIONS (sizeof functions / sizeof *functions)

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw) {
  (void)st;
  (void)kind;
  (void)ftw;
  return remove(path);
}

static void remove_folder(void) {
  nftw(folder_path[0], remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* All but the machine's files: the folder, as it is at the start, made anew for each input. */
static const char *const *grants(void) {
  static char read_write[80], read_only[80];
  static const char *list[] = {
      "read",   "write",  "query",    "transaction",       "ddl",      "log",     "clock",
      "random", "crypto", "env:HOME", "network:127.0.0.1", read_write, read_only, NULL};
  if (folder_path[0][0] == 0) {
    snprintf(folder_path[0], sizeof folder_path[0], "/tmp/helios-fuzz-%s",
             "XX"
             "XX"
             "XX");
    FZ_MUST(mkdtemp(folder_path[0]) != NULL);
    snprintf(folder_path[1], sizeof folder_path[1], "%.40s/a", folder_path[0]);
    snprintf(folder_path[2], sizeof folder_path[2], "%.40s/sub/b", folder_path[0]);
    snprintf(read_write, sizeof read_write, "filesystem:%s:rw", folder_path[0]);
    snprintf(read_only, sizeof read_only, "filesystem:%s/sub:ro", folder_path[0]);
    FZ_MUST(atexit(remove_folder) == 0);
  }
  remove_folder();
  FZ_MUST(mkdir(folder_path[0], 0700) == 0);
  FILE *f = fopen(folder_path[1], "w");
  FZ_MUST(f != NULL && fputs("bytes", f) >= 0);
  fclose(f);
  return list;
}

static struct {
  fz_choices *c; /* NULL: nobody turns bytes */
  hrt_instance *instance;
} turning;

bool __real_hrt_guest_read(void *dst, const hrt_instance *i, guest_u32 at, uint64_t len);
bool __wrap_hrt_guest_read(void *dst, const hrt_instance *i, guest_u32 at, uint64_t len);

/* The bytes are another's as soon as they were read. */
bool __wrap_hrt_guest_read(void *dst, const hrt_instance *i, guest_u32 at, uint64_t len) {
  bool whole = __real_hrt_guest_read(dst, i, at, len);
  if (whole && len > 0 && len < DATA_MAX && turning.c != NULL && i == turning.instance) {
    uint8_t bytes[8], kind = fz_byte(turning.c);
    uint32_t n = len < sizeof bytes ? (uint32_t)len : sizeof bytes;
    memset(bytes, kind & 1 ? 0xff : kind, sizeof bytes);
    if (kind & 2) {
      FZ_MUST(hrt_guest_write(turning.instance, (guest_u32){at.v + (uint32_t)len - n}, bytes, n));
    } else {
      FZ_MUST(hrt_guest_write(turning.instance, at, bytes, n));
    }
  }
  return whole;
}

static uint32_t text_at(uint32_t index) {
  return 64 + index * 128;
}

static void fill_memory(puppet *p, const uint8_t *data, size_t size) {
  for (uint32_t i = 0; i < TEXTS; i++) {
    FZ_MUST(hrt_guest_write(p->instance, (guest_u32){text_at(i)}, texts[i], strlen(texts[i])));
  }
  size = size < DATA_MAX ? size : DATA_MAX;
  FZ_MUST(hrt_guest_write(p->instance, (guest_u32){DATA}, data, size));
}

/* Arguments of a call. Half of them are a range that fits together: a text, or part of the input.
 */
static void arguments(hsb_slot *s, const char *sig, fz_choices *c) {
  static const uint32_t edges[] = {0,      1,          2,          3,          7,
                                   64,     4095,       65535,      131071,     131072,
                                   131073, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8};
  for (unsigned i = 0; sig[i] != ':'; i++) {
    uint32_t kind = fz_below(c, 8);
    if (sig[i] == 'i' && sig[i + 1] == 'i' && kind < 4) {
      uint32_t text = fz_below(c, TEXTS);
      bool whole = kind < 3;
      s[i] = whole ? text_at(text) : DATA + fz_below(c, 512);
      s[i + 1] = whole ? strlen(texts[text]) : fz_below(c, 256);
      i++;
    } else if (sig[i] == 'i' || kind < 4) {
      s[i] = kind < 6 ? fz_below(c, 6) : kind == 6 ? edges[fz_below(c, 15)] : fz_bits(c, 4);
    } else {
      s[i] = fz_bits(c, 8);
    }
  }
}

/* A status that a guest may see, or a count. */
static bool known_status(int32_t status) {
  switch (status) {
#define HSB_STATUS(name, code, text) case code:
#include "hsb_status.def"
#undef HSB_STATUS
    return true;
  default:
    return status >= 0;
  }
}

static hrt_budget budget_of_a_call(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (hrt_budget){.fuel_limit = 10000000,
                      .deadline_ns = (uint64_t)(now.tv_sec + 2) * 1000000000u};
}

/* False: the call was ended, and the instance with it. */
static bool call(puppet *p, fz_choices *c) {
  const struct function *f = &functions[fz_below(c, FUNCTIONS)];
  hsb_slot s[16] = {0};
  helios_error err = {0};
  arguments(s, f->sig, c);
  int export = hrt_plugin_export(p->plugin, f->name, strlen(f->name));
  p->budget = budget_of_a_call();
  turning.c = fz_below(c, 2) == 1 ? c : NULL;
  turning.instance = p->instance;
  int status = hrt_call(p->instance, (uint32_t) export, s, &p->budget, &err);
  turning.c = NULL;
  FZ_MUST(status == (int)err.code);
  bool is_status = strcmp(strchr(f->sig, ':'), ":i") == 0;
  FZ_MUST(status != 0 || !is_status || known_status((int32_t)(uint32_t)s[0]));
  return status == 0;
}

static void run(puppet *p, fz_choices *c, const uint8_t *data, size_t size) {
  sqlite3_stmt *row = NULL;
  sqlite3_value *argv[4];
  static const uint8_t types[] = {HRT_TYPE_ANY, HRT_TYPE_ANY, HRT_TYPE_ANY, HRT_TYPE_ANY};
  FZ_MUST(sqlite3_prepare_v2(p->db, "SELECT 42, 'text \xc3\xa4', x'00ff00', NULL", -1, &row,
                             NULL) == SQLITE_OK);
  FZ_MUST(sqlite3_step(row) == SQLITE_ROW);
  for (int i = 0; i < 4; i++) {
    argv[i] = sqlite3_value_dup(sqlite3_column_value(row, i));
    FZ_MUST(argv[i] != NULL);
  }
  sqlite3_finalize(row);
  fill_memory(p, data, size);
  for (uint32_t calls = 1 + fz_below(c, 3), alive = 1; calls > 0 && alive; calls--) {
    hrt_host_begin(p->env, (int)fz_below(c, 5), argv, types);
    for (uint32_t n = fz_below(c, CALLS_MAX); n > 0 && alive; n--) {
      alive = call(p, c);
    }
    hrt_host_end(p->env);
    FZ_MUST(p->conn.active == NULL);
  }
  for (int i = 0; i < 4; i++) {
    sqlite3_value_free(argv[i]);
  }
}

static const int64_t procedure_id = 7;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fz_choices c = {data, size};
  puppet *p = puppet_open(grants(), puppet_shared());
  puppet_exec(p,
              "CREATE TABLE t(a INTEGER PRIMARY KEY, b REAL, c TEXT, d BLOB);"
              "INSERT INTO t VALUES (1, 1.5, 'one', x'0001ff'), (2, -0.0, 'zwei', NULL);"
              "CREATE TABLE helios_kv(procedure_id INTEGER NOT NULL, key BLOB NOT NULL, value BLOB "
              "NOT NULL, PRIMARY KEY (procedure_id, key)) WITHOUT ROWID");
  p->env->procedure_id = &procedure_id;
  run(p, &c, data, size);
  FZ_MUST(p->env->files == NULL);         /* and closed */
  FZ_MUST(sqlite3_get_autocommit(p->db)); /* what a call leaves open is rolled back */
  puppet_close(p);
  return 0;
}
