/* host_wasi_test.c - WASI preview 1 called by a guest: descriptors and rights, edges of every
 * structure, what a call finds anew, what is never given away. tests/sql/wasi_test.py has real
 * programs. */
#include "files_kit.h"

#include "host/wasi.h"

static const char *const usual[] = {"filesystem:%D/in:ro", "filesystem:%D/out:rw", NULL};
static const char *const with_log[] = {"filesystem:%D/in:ro", "log", NULL};
static const char *const with_clock[] = {"clock", NULL};
static const char *const no_grant[] = {NULL};

enum { IN = 3, OUT = 4, FIRST = 5 };
enum { O_CREATE = 1, O_FOLDER = 2, O_EXCLUSIVE = 4, O_EMPTY = 8 };
#define ALL_RIGHTS 0x1fffffffu
#define READ_RIGHTS 2u
#define W(name) "wasi_snapshot_preview1." name

static uint32_t get32(puppet *p, uint32_t at) {
  uint32_t v = 0;
  puppet_get(p, &v, at, sizeof v);
  return v;
}

static uint64_t get64(puppet *p, uint32_t at) {
  uint64_t v = 0;
  puppet_get(p, &v, at, sizeof v);
  return v;
}

static void put_vec(puppet *p, uint32_t at, uint32_t base, uint32_t length) {
  uint32_t vec[2] = {base, length};
  puppet_put(p, at, vec, sizeof vec);
}

/* The descriptor, or the negative WASI number. */
static int path_open(puppet *p, unsigned fd, const char *path, unsigned oflags, uint64_t rights) {
  uint64_t n = puppet_put(p, 100, path, strlen(path));
  int number = CALL(p, W("path_open"), fd, 1, 100, n, oflags, rights, rights, 0, 3000);
  return number == 0 ? (int)get32(p, 3000) : -number;
}

static int transfer(puppet *p, const char *name, unsigned fd, uint32_t at, uint32_t n) {
  put_vec(p, 3100, at, n);
  return CALL(p, name, fd, 3100, 1, 3200);
}

static void fd__granted_paths(void **state) {
  (void)state;
  files_kit k = {0};
  char name[100] = "";
  fk_make(&k);
  fk_open(&k, usual);
  puppet *p = k.p;
  for (unsigned fd = 0; fd < 3; fd++) {
    assert_int_equal(CALL(p, W("fd_prestat_get"), fd, 3000), WASI_BADF);
  }
  for (unsigned fd = IN; fd <= OUT; fd++) {
    assert_int_equal(CALL(p, W("fd_prestat_get"), fd, 3000), 0);
    assert_int_equal(get32(p, 3000), 0);
    uint32_t n = get32(p, 3004);
    assert_int_equal(CALL(p, W("fd_prestat_dir_name"), fd, 3100, n - 1), WASI_NAMETOOLONG);
    assert_int_equal(CALL(p, W("fd_prestat_dir_name"), fd, 131072 - n + 1, n), WASI_FAULT);
    assert_int_equal(CALL(p, W("fd_prestat_dir_name"), fd, 3100, n), 0);
    puppet_get(p, name, 3100, n);
    name[n] = 0;
    assert_string_equal(name, fk_text(&k, fd == IN ? "%D/in" : "%D/out"));
    assert_int_equal(CALL(p, W("fd_fdstat_get"), fd, 3000), 0);
    assert_int_equal(get32(p, 3000) & 0xff, 3); /* a folder */
    assert_int_equal((get64(p, 3008) >> 6) & 1, fd == OUT);
    assert_int_equal(CALL(p, W("fd_close"), fd), 0); /* it stays */
  }
  assert_int_equal(CALL(p, W("fd_prestat_get"), FIRST, 3000), WASI_BADF);
  assert_int_equal(CALL(p, W("fd_prestat_get"), 0xffffffff, 3000), WASI_BADF);
  assert_int_equal(CALL(p, W("fd_prestat_get"), IN, 131069), WASI_FAULT);
  assert_int_equal(CALL(p, W("fd_prestat_get"), IN, 0xfffffffc), WASI_FAULT);
  assert_int_equal(CALL(p, W("fd_filestat_get"), IN, 3000), 0);
  assert_int_equal(get32(p, 3016) & 0xff, 3);
  assert_int_equal(get64(p, 3048), 0); /* no time without 'clock' */
  fk_done(&k);
}

static void fd__reads_and_writes(void **state) {
  (void)state;
  files_kit k = {0};
  char text[32] = "";
  fk_make(&k);
  fk_open(&k, usual);
  puppet *p = k.p;
  int fd = path_open(p, OUT, "x", O_CREATE | O_EXCLUSIVE, 66);
  assert_int_equal(fd, FIRST);
  puppet_put(p, 4000, "abcdefghij", 10);
  put_vec(p, 3100, 4000, 4);
  put_vec(p, 3108, 0, 0);
  put_vec(p, 3116, 4004, 6);
  assert_int_equal(CALL(p, W("fd_write"), (unsigned)fd, 3100, 3, 3200), 0);
  assert_int_equal(get32(p, 3200), 10);
  assert_int_equal(CALL(p, W("fd_tell"), (unsigned)fd, 3200), 0);
  assert_int_equal(get64(p, 3200), 10);
  assert_int_equal(CALL(p, W("fd_seek"), (unsigned)fd, (uint64_t)-7, 2, 3200), 0);
  assert_int_equal(get64(p, 3200), 3);
  assert_int_equal(CALL(p, W("fd_seek"), (unsigned)fd, (uint64_t)-4, 1, 3200), WASI_INVAL);
  assert_int_equal(CALL(p, W("fd_seek"), (unsigned)fd, (uint64_t)INT64_MAX, 1, 3200), WASI_INVAL);
  assert_int_equal(CALL(p, W("fd_seek"), (unsigned)fd, 0, 3, 3200), WASI_INVAL);
  assert_int_equal(CALL(p, W("fd_seek"), 1, 0, 0, 3200), WASI_SPIPE);
  assert_int_equal(CALL(p, W("fd_seek"), OUT, 0, 0, 3200), WASI_ISDIR);
  assert_int_equal(transfer(p, W("fd_read"), (unsigned)fd, 5000, 3), 0);
  puppet_get(p, text, 5000, 3);
  assert_string_equal(text, "def");
  put_vec(p, 3100, 5000, 20);
  assert_int_equal(CALL(p, W("fd_pread"), (unsigned)fd, 3100, 1, 8, 3200), 0);
  assert_int_equal(get32(p, 3200), 2); /* to the end */
  assert_int_equal(CALL(p, W("fd_pread"), (unsigned)fd, 3100, 1, UINT64_MAX, 3200), WASI_INVAL);
  put_vec(p, 3100, 4000, 2);
  assert_int_equal(CALL(p, W("fd_pwrite"), (unsigned)fd, 3100, 1, 1, 3200), 0);
  assert_int_equal(CALL(p, W("fd_pwrite"), (unsigned)fd, 3100, 1, 1u << 30, 3200), WASI_FBIG);
  assert_int_equal(CALL(p, W("fd_filestat_set_size"), (unsigned)fd, 5), 0);
  assert_int_equal(CALL(p, W("fd_filestat_set_size"), (unsigned)fd, (1u << 30) + 1), WASI_FBIG);
  assert_int_equal(CALL(p, W("fd_fdstat_set_flags"), (unsigned)fd, 1), 0); /* append */
  assert_int_equal(CALL(p, W("fd_pwrite"), (unsigned)fd, 3100, 1, 0, 3200), 0);
  assert_int_equal(CALL(p, W("fd_fdstat_set_flags"), (unsigned)fd, 32), WASI_INVAL);
  assert_int_equal(CALL(p, W("fd_sync"), (unsigned)fd), 0);
  assert_int_equal(CALL(p, W("fd_close"), (unsigned)fd), 0);
  assert_int_equal(CALL(p, W("fd_close"), (unsigned)fd), WASI_BADF);
  fk_read(&k, "%D/out/x", text, sizeof text);
  assert_string_equal(text, "aabdeab");
  fk_done(&k);
}

/* What the guest says of its rights gives none. */
static void fd__rights_follow_the_grant(void **state) {
  (void)state;
  files_kit k = {0};
  fk_make(&k);
  fk_folder(&k, "%D/in/sub");
  fk_folder(&k, "%D/out/sub");
  fk_write(&k, "%D/in/sub/b", "b");
  fk_open(&k, usual);
  puppet *p = k.p;
  assert_int_equal(path_open(p, IN, "a.txt", 0, ALL_RIGHTS), -WASI_NOTCAPABLE);
  assert_int_equal(path_open(p, IN, "a.txt", O_EMPTY, READ_RIGHTS), -WASI_NOTCAPABLE);
  assert_int_equal(path_open(p, IN, "new", O_CREATE, READ_RIGHTS), -WASI_NOTCAPABLE);
  int fd = path_open(p, IN, "a.txt", 0, READ_RIGHTS);
  assert_int_equal(fd, FIRST);
  assert_int_equal(transfer(p, W("fd_write"), (unsigned)fd, 0, 1), WASI_BADF);
  assert_int_equal(CALL(p, W("fd_filestat_set_size"), (unsigned)fd, 0), WASI_NOTCAPABLE);
  int sub = path_open(p, IN, "sub", O_FOLDER, ALL_RIGHTS); /* a folder is read in any case */
  assert_true(sub > fd);
  assert_true(path_open(p, (unsigned)sub, "b", 0, READ_RIGHTS) > sub);
  assert_int_equal(path_open(p, (unsigned)sub, "c", O_CREATE, ALL_RIGHTS), -WASI_NOTCAPABLE);
  assert_int_equal(path_open(p, (unsigned)sub, "../a.txt", 0, READ_RIGHTS), -WASI_PERM);
  assert_int_equal(path_open(p, (unsigned)sub, "/etc/passwd", 0, READ_RIGHTS), -WASI_PERM);
  assert_int_equal(path_open(p, (unsigned)fd, "a", 0, READ_RIGHTS), -WASI_NOTDIR);
  assert_int_equal(path_open(p, 1, "a", 0, READ_RIGHTS), -WASI_NOTDIR);
  assert_int_equal(path_open(p, 99, "a", 0, READ_RIGHTS), -WASI_BADF);
  assert_int_equal(CALL(p, W("path_unlink_file"), IN, TEXT(p, 100, "a.txt")), WASI_NOTCAPABLE);
  assert_int_equal(CALL(p, W("path_create_directory"), IN, TEXT(p, 100, "d")), WASI_NOTCAPABLE);
  assert_int_equal(CALL(p, W("path_remove_directory"), IN, TEXT(p, 100, "sub")), WASI_NOTCAPABLE);
  uint64_t n = puppet_put(p, 100, "a.txt", 5);
  assert_int_equal(CALL(p, W("path_rename"), IN, 100, n, OUT, 100, n), WASI_NOTCAPABLE);
  n = puppet_put(p, 100, "sub", 3);
  assert_int_equal(CALL(p, W("path_rename"), OUT, 100, n, OUT, 101, 2), WASI_NOTSUP); /* a folder */
  assert_int_equal(CALL(p, W("path_remove_directory"), OUT, TEXT(p, 100, ".")), WASI_ACCES);
  fk_folder(&k, "%D/out/empty");
  assert_int_equal(CALL(p, W("path_remove_directory"), OUT, TEXT(p, 100, "empty/")), 0);
  assert_int_equal(CALL(p, W("path_symlink"), 100, 1, OUT, 101, 1), WASI_NOTCAPABLE);
  assert_int_equal(CALL(p, W("path_link"), OUT, 0, 100, 1, OUT, 101, 1), WASI_NOTCAPABLE);
  fk_done(&k);
}

/* Does the record say all of these? */
static bool says(const hrt_record *r, const char *const *texts) {
  for (; *texts; texts++) {
    bool found = false;
    for (uint32_t i = 0; i < r->count; i++) {
      const hrt_datum *d = &r->values[i];
      found = found || (d->type == HRT_DATUM_TEXT && strstr(d->as.text, *texts) != NULL);
    }
    if (!found) {
      return false;
    }
  }
  return true;
}

/* A refusal is a number to the guest, and a record for the DBA. */
static void audit__refusals(void **state) {
  (void)state;
  static const char *const expected[][4] = {{"filesystem", "/in/a.txt", "the grant is for reading"},
                                            {"filesystem", "/in/../secret", "not to be opened"},
                                            {"filesystem", "/in/a.txt", "the grant is for reading"},
                                            {"network", "sock_send", "there are no sockets"},
                                            {"filesystem", "path_symlink", "there are no links"}};
  enum { EXPECTED = sizeof expected / sizeof *expected };
  files_kit k = {0};
  hrt_record *records[HRT_RING_MOST];
  fk_make(&k);
  fk_open(&k, usual);
  puppet *p = k.p;
  assert_int_equal(path_open(p, IN, "a.txt", O_CREATE, ALL_RIGHTS), -WASI_NOTCAPABLE);
  assert_int_equal(path_open(p, IN, "../secret", 0, READ_RIGHTS), -WASI_PERM);
  assert_int_equal(CALL(p, W("path_unlink_file"), IN, TEXT(p, 100, "a.txt")), WASI_NOTCAPABLE);
  assert_int_equal(CALL(p, W("sock_send"), 3, 100, 1, 0, 104), WASI_NOTCAPABLE);
  assert_int_equal(CALL(p, W("path_symlink"), 100, 1, OUT, 101, 1), WASI_NOTCAPABLE);
  assert_int_equal(path_open(p, IN, "nothing", 0, READ_RIGHTS), -WASI_NOENT); /* no refusal */
  hrt_store *store = p->conn.observer.store;
  size_t n = hrt_records_take(records, store, HRT_RING_AUDIT_LOG, 0);
  assert_int_equal(n, EXPECTED);
  for (size_t i = 0; i < n; i++) {
    assert_true(says(records[i], expected[i]));
    hrt_record_give(store, records[i]);
  }
  fk_done(&k);
}

static void fd__database_by_rename(void **state) {
  (void)state;
  files_kit k = {0};
  sqlite3 *db = NULL;
  fk_make(&k);
  fk_write(&k, "%D/out/forged", "a journal that would be played back");
  fk_open(&k, usual);
  puppet *p = k.p;
  sqlite3 *before = p->conn.db;
  assert_int_equal(sqlite3_open(fk_text(&k, "%D/out/x.db"), &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "CREATE TABLE t(a)", 0, 0, 0), SQLITE_OK);
  p->conn.db = db;
  puppet_put(p, 100, "forged", 6);
  puppet_put(p, 200, "x.db-journal", 12);
  assert_int_equal(CALL(p, W("path_rename"), OUT, 100, 6, OUT, 200, 12), WASI_ACCES);
  assert_int_equal(CALL(p, W("path_rename"), OUT, 100, 6, OUT, 200, 4), WASI_ACCES);
  assert_int_equal(CALL(p, W("path_rename"), OUT, 200, 4, OUT, 100, 6), WASI_ACCES);
  assert_int_equal(CALL(p, W("path_unlink_file"), OUT, 200, 4), WASI_ACCES);
  assert_int_equal(CALL(p, W("path_filestat_get"), OUT, 0, 200, 4, 3000), WASI_ACCES);
  assert_int_equal(path_open(p, OUT, "x.db", 0, READ_RIGHTS), -WASI_ACCES);
  assert_int_equal(path_open(p, OUT, "x.db-wal", O_CREATE, ALL_RIGHTS), -WASI_ACCES);
  assert_int_equal(access(fk_text(&k, "%D/out/x.db-journal"), F_OK), -1);
  p->conn.db = before;
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  fk_done(&k);
}

static void fd__names_in_pieces(void **state) {
  (void)state;
  files_kit k = {0};
  char name[8], text[260];
  bool seen[60] = {false};
  fk_make(&k);
  for (int i = 0; i < 60; i++) {
    snprintf(name, sizeof name, "f%02d", i);
    snprintf(text, sizeof text, "%%D/out/%s", name);
    fk_write(&k, text, "");
  }
  fk_open(&k, usual);
  puppet *p = k.p;
  uint64_t cookie = 0;
  for (int rounds = 0; rounds < 200; rounds++) {
    assert_int_equal(CALL(p, W("fd_readdir"), OUT, 4000, 70, cookie, 3000), 0);
    uint32_t used = get32(p, 3000), at = 0;
    assert_true(used <= 70);
    while (at + 24 <= used && at + 24 + get32(p, 4000 + at + 16) <= used) {
      uint32_t n = get32(p, 4000 + at + 16);
      puppet_get(p, text, 4000 + at + 24, n < 200 ? n : 200);
      if (n == 3 && text[0] == 'f') {
        int i = (text[1] - '0') * 10 + text[2] - '0';
        assert_true(i >= 0 && i < 60 && !seen[i]);
        seen[i] = true;
        assert_int_equal(get32(p, 4000 + at + 20) & 0xff, 4);
      }
      cookie = get64(p, 4000 + at);
      at += 24 + n;
    }
    if (used < 70) {
      break;
    }
    assert_true(at > 0);
  }
  for (int i = 0; i < 60; i++) {
    assert_true(seen[i]);
  }
  assert_int_equal(CALL(p, W("fd_readdir"), OUT, 4000, 70, UINT64_MAX, 3000), WASI_INVAL);
  assert_int_equal(CALL(p, W("fd_readdir"), OUT, 131000, 1000, 0, 3000), WASI_FAULT);
  assert_int_equal(CALL(p, W("fd_readdir"), 1, 4000, 70, 0, 3000), WASI_NOTDIR);
  fk_done(&k);
}

static void fd__vectors(void **state) {
  (void)state;
  files_kit k = {0};
  fk_make(&k);
  fk_open(&k, with_log);
  puppet *p = k.p;
  for (uint32_t i = 0; i < 200; i++) {
    put_vec(p, 8000 + 8 * i, 4000, 1);
  }
  assert_int_equal(CALL(p, W("fd_write"), 1, 8000, 200, 3200), 0);
  assert_int_equal(get32(p, 3200), HRT_WASI_VECS); /* a short write */
  put_vec(p, 8000, 131071, 2);
  assert_int_equal(CALL(p, W("fd_write"), 1, 8000, 1, 3200), WASI_FAULT);
  put_vec(p, 8000, 0xffffffff, 0xffffffff);
  assert_int_equal(CALL(p, W("fd_write"), 2, 8000, 2, 3200), WASI_FAULT);
  assert_int_equal(CALL(p, W("fd_write"), 1, 0xfffffff8, 0xffffffff, 3200), WASI_FAULT);
  assert_int_equal(CALL(p, W("fd_write"), 1, 8008, 1, 131070), WASI_FAULT);
  assert_int_equal(CALL(p, W("fd_write"), 0, 8008, 1, 3200), WASI_BADF);
  assert_int_equal(CALL(p, W("fd_read"), 1, 8008, 1, 3200), WASI_BADF);
  assert_int_equal(CALL(p, W("fd_read"), 0, 8008, 1, 3200), 0);
  assert_int_equal(get32(p, 3200), 0);
  fk_done(&k);
}

static char logged[8][HRT_LOG_BYTES];
static size_t lines, total;

static void keep(void *arg, hrt_log_level level, const char *procedure, const char *text) {
  (void)arg;
  (void)procedure;
  snprintf(logged[lines % 8], sizeof logged[0], "%d %s", (int)level, text);
  total += strlen(text);
  lines++;
}

static void print(puppet *p, unsigned fd, const char *text) {
  puppet_put(p, 4000, text, strlen(text));
  assert_int_equal(transfer(p, W("fd_write"), fd, 4000, (uint32_t)strlen(text)), 0);
}

static void log__lines(void **state) {
  (void)state;
  files_kit k = {0};
  fk_make(&k);
  fk_open(&k, with_log);
  puppet *p = k.p;
  p->conn.log = keep;
  lines = total = 0;
  print(p, 1, "one\ntw");
  print(p, 2, "\x1b[31mred\n");
  print(p, 1, "o\n\nrest");
  assert_int_equal(lines, 3);
  assert_string_equal(logged[0], "1 one");
  assert_string_equal(logged[1], "2 \\x1b[31mred");
  assert_string_equal(logged[2], "1 two");
  hrt_host_end(p->env);
  assert_int_equal(lines, 4);
  assert_string_equal(logged[3], "1 rest");
  hrt_host_begin(p->env, 0, NULL, NULL);
  total = 0;
  assert_int_equal(transfer(p, W("fd_write"), 1, 20000, 20000), 0); /* one line without an end */
  hrt_host_end(p->env);
  hrt_host_begin(p->env, 0, NULL, NULL);
  assert_int_equal(lines, 4 + 3);
  lines = 0;
  p->conn.log = NULL;
  fk_done(&k);
  fk_make(&k);
  fk_open(&k, no_grant);
  k.p->conn.log = keep;
  print(k.p, 1, "secret\n");
  assert_int_equal(lines, 0);
  fk_done(&k);
}

/* 8,192 lines in one call cost 8,192 log calls. */
static void log__lines_cost(void **state) {
  (void)state;
  files_kit k = {0};
  fk_make(&k);
  fk_open(&k, with_log);
  k.p->conn.log = keep;
  lines = 0;
  for (uint32_t at = 20000; at < 20000 + 16384; at += 2) {
    puppet_put(k.p, at, "a\n", 2);
  }
  put_vec(k.p, 3100, 20000, 16384);
  k.p->budget.fuel_limit = k.p->budget.fuel_used + 500000;
  FAILS(k.p, HELIOS_E_FUEL, W("fd_write"), 1, 3100, 1, 3200);
  assert_true(lines > 1000 && lines < 3000);
  fk_done(&k);
}

static uint64_t now(puppet *p, unsigned clock) {
  assert_int_equal(CALL(p, W("clock_time_get"), clock, 0, 3000), 0);
  return get64(p, 3000);
}

static void call__begins_anew(void **state) {
  (void)state;
  files_kit k = {0};
  fk_make(&k);
  fk_open(&k, no_grant);
  puppet *p = k.p;
  uint64_t first = now(p, 0);
  assert_int_equal(first, 1000000);
  assert_int_equal(now(p, 1), first + 1000);
  assert_int_equal(CALL(p, W("random_get"), 3000, 8), 0);
  uint64_t drawn = get64(p, 3000);
  assert_int_equal(CALL(p, W("random_get"), 3000, 8), 0);
  assert_true(get64(p, 3000) != drawn);
  hrt_host_end(p->env);
  hrt_host_begin(p->env, 0, NULL, NULL);
  assert_int_equal(now(p, 3), first);
  assert_int_equal(CALL(p, W("random_get"), 3000, 8), 0);
  assert_int_equal(get64(p, 3000), drawn);
  p->env->keeps = true; /* an instance that remembers: time does not go back */
  uint64_t last = now(p, 0);
  hrt_host_end(p->env);
  hrt_host_begin(p->env, 0, NULL, NULL);
  assert_true(now(p, 0) > last);
  assert_int_equal(CALL(p, W("clock_time_get"), 4, 0, 3000), WASI_INVAL);
  assert_int_equal(CALL(p, W("clock_time_get"), 0, 0, 131065), WASI_FAULT);
  assert_int_equal(CALL(p, W("random_get"), 131065, 8), WASI_FAULT);
  assert_int_equal(CALL(p, W("random_get"), 0, 0xffffffff), WASI_FAULT);
  fk_done(&k);
}

static void put_wait(puppet *p, uint32_t at, uint64_t user, uint8_t tag, uint32_t id,
                     uint64_t timeout, uint16_t flags) {
  uint8_t sub[48] = {0};
  memcpy(sub, &user, 8);
  sub[8] = tag;
  memcpy(sub + 16, &id, 4);
  memcpy(sub + 24, &timeout, 8);
  memcpy(sub + 40, &flags, 2);
  puppet_put(p, at, sub, sizeof sub);
}

static void poll__waits(void **state) {
  (void)state;
  files_kit k = {0};
  fk_make(&k);
  fk_open(&k, no_grant);
  puppet *p = k.p;
  uint64_t begun = now(p, 1);
  put_wait(p, 4000, 7, 0, 1, UINT64_C(3600000000000), 0);
  put_wait(p, 4048, 8, 0, 1, UINT64_C(5000000000), 0);
  assert_int_equal(CALL(p, W("poll_oneoff"), 4000, 5000, 2, 3000), 0);
  assert_int_equal(get32(p, 3000), 1); /* the shorter one only, and no time went by */
  assert_int_equal(get64(p, 5000), 8);
  assert_true(now(p, 1) - begun >= UINT64_C(5000000000));
  put_wait(p, 4000, 9, 0, 1, now(p, 1) - 1, 1); /* absolute, and over */
  assert_int_equal(CALL(p, W("poll_oneoff"), 4000, 5000, 1, 3000), 0);
  assert_int_equal(get32(p, 5008) & 0xffff, 0);
  put_wait(p, 4000, 9, 0, 77, 1, 0);
  assert_int_equal(CALL(p, W("poll_oneoff"), 4000, 5000, 1, 3000), 0);
  assert_int_equal(get32(p, 5008) & 0xffff, WASI_INVAL);
  put_wait(p, 4000, 1, 1, 0, 0, 0); /* standard input: at its end */
  put_wait(p, 4048, 2, 2, 1, 0, 0);
  put_wait(p, 4096, 3, 9, 1, 0, 0); /* no such kind */
  put_wait(p, 4144, 4, 0, 1, UINT64_MAX, 0);
  assert_int_equal(CALL(p, W("poll_oneoff"), 4000, 5000, 4, 3000), 0);
  assert_int_equal(get32(p, 3000), 3);
  assert_int_equal(get32(p, 5024) & 0xffff, 1); /* hung up */
  assert_int_equal(get32(p, 5064 + 8) & 0xffff, WASI_INVAL);
  assert_int_equal(CALL(p, W("poll_oneoff"), 4000, 5000, 0, 3000), WASI_INVAL);
  assert_int_equal(CALL(p, W("poll_oneoff"), 4000, 5000, 65, 3000), WASI_INVAL);
  assert_int_equal(CALL(p, W("poll_oneoff"), 131050, 5000, 1, 3000), WASI_FAULT);
  put_wait(p, 4000, 4, 0, 1, UINT64_MAX, 0);
  assert_int_equal(CALL(p, W("poll_oneoff"), 4000, 5000, 1, 3000), 0); /* no clock: at once */
  fk_done(&k);
}

static void poll__ends_with_the_call(void **state) {
  (void)state;
  files_kit k = {0};
  int cancelled = 1;
  fk_make(&k);
  fk_open(&k, with_clock);
  put_wait(k.p, 4000, 4, 0, 1, UINT64_MAX, 0);
  k.p->budget.cancel = &cancelled;
  alarm(20);
  helios_error err = FAILS(k.p, HELIOS_E_CANCELLED, W("poll_oneoff"), 4000, 5000, 1, 3000);
  alarm(0);
  assert_non_null(strstr(err.text, "cancelled"));
  fk_done(&k);
}

static void call__ends_itself(void **state) {
  (void)state;
  files_kit k = {0};
  fk_make(&k);
  fk_open(&k, no_grant);
  helios_error err = FAILS(k.p, HELIOS_E_GUEST, W("proc_exit"), 7);
  assert_int_equal(err.guest_code, 7);
  assert_string_equal(err.text, "the procedure ended itself: exit code 7");
  fk_done(&k);
}

/* Last words on fd 2, and on 1, are the error's text, whatever is granted, and only of the call
 * that said them. */
static void tells_why(uint32_t fd) {
  static const char words[] = "a warning\npanic: out of cheese\n\ngoroutine 1 [running]:\n";
  files_kit k = {0};
  fk_make(&k);
  fk_open(&k, no_grant);
  puppet_put(k.p, 4000, words, sizeof words - 1);
  put_vec(k.p, 3000, 4000, sizeof words - 1);
  assert_int_equal(CALL(k.p, W("fd_write"), fd, 3000, 1, 3100), 0);
  helios_error trap = {.code = HELIOS_E_TRAP, .text = "unreachable instruction executed"};
  hrt_host_explain(k.p->env, &trap);
  assert_string_equal(trap.text, "panic: out of cheese; unreachable instruction executed");
  helios_error err = FAILS(k.p, HELIOS_E_GUEST, W("proc_exit"), 2);
  assert_string_equal(err.text, "panic: out of cheese (exit code 2)");
  fk_done(&k);
}

static void call__tells_why(void **state) {
  (void)state;
  tells_why(1);
  tells_why(2);
}

static void call__none_runs(void **state) {
  (void)state;
  files_kit k = {0};
  fk_make(&k);
  fk_open(&k, usual);
  hrt_host_end(k.p->env); /* as in _initialize */
  assert_int_equal(path_open(k.p, IN, "a.txt", 0, READ_RIGHTS), -WASI_NOTCAPABLE);
  assert_int_equal(CALL(k.p, W("fd_readdir"), IN, 4000, 70, 0, 3000), WASI_NOTCAPABLE);
  assert_int_equal(CALL(k.p, W("fd_prestat_get"), IN, 3000), 0);
  fk_done(&k);
}

static void memory__every_failure(void **state) {
  (void)state;
  for (long n = 0; n < 8; n++) {
    files_kit k = {0};
    fk_make(&k);
    fk_open(&k, (const char *const[]){"filesystem:%D/out:rw", "log", NULL});
    puppet *p = k.p;
    put_vec(p, 3100, 4000, 1);
    hrt_alloc_fail(n, 1);
    int printed = CALL(p, W("fd_write"), 1, 3100, 1, 3200);
    int timed = CALL(p, W("clock_time_get"), 0, 0, 3000);
    int fd = path_open(p, 3, "x", O_CREATE, 66);
    int wrote = fd > 0 ? CALL(p, W("fd_write"), (unsigned)fd, 3100, 1, 3200) : WASI_NOMEM;
    int listed = CALL(p, W("fd_readdir"), 3, 4000, 70, 0, 3000);
    hrt_alloc_fail(-1, 0);
    assert_true(printed == 0 || printed == WASI_NOMEM);
    assert_true(timed == 0 || timed == WASI_NOMEM);
    assert_true(fd > 0 || fd == -WASI_NOMEM);
    assert_true(wrote == 0 || wrote == WASI_NOMEM);
    assert_true(listed == 0 || listed == WASI_NOMEM);
    fk_done(&k);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fd__granted_paths),
      cmocka_unit_test(fd__reads_and_writes),
      cmocka_unit_test(fd__rights_follow_the_grant),
      cmocka_unit_test(audit__refusals),
      cmocka_unit_test(fd__database_by_rename),
      cmocka_unit_test(fd__names_in_pieces),
      cmocka_unit_test(fd__vectors),
      cmocka_unit_test(log__lines),
      cmocka_unit_test(log__lines_cost),
      cmocka_unit_test(call__begins_anew),
      cmocka_unit_test(poll__waits),
      cmocka_unit_test(poll__ends_with_the_call),
      cmocka_unit_test(call__ends_itself),
      cmocka_unit_test(call__tells_why),
      cmocka_unit_test(call__none_runs),
      cmocka_unit_test(memory__every_failure),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
