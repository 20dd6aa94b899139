/* host_files_test.c - file_open, file_read ... and the way to a file: what they do, what they
 * refuse, and that swapping links and folders at the same time gains nothing. All of it runs a
 * second time with openat2 taken away. */
#include "files_kit.h"
#include "locked_kit.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int __real_close(int fd);
int __wrap_close(int fd);

static int close_fails; /* the next one says this */

int __wrap_close(int fd) {
  int done = __real_close(fd);
  if (close_fails != 0) {
    errno = close_fails;
    close_fails = 0;
    done = -1;
  }
  return done;
}

static const char *const usual[] = {"filesystem:%D/in:ro", "filesystem:%D/out:rw", NULL};
static const char *const all_below[] = {"filesystem:%D:rw", NULL};

enum {
  W = HRT_FS_WRITE,
  C = HRT_FS_CREATE,
  X = HRT_FS_EXCLUSIVE,
  T = HRT_FS_TRUNCATE,
  A = HRT_FS_APPEND
};

static void file__read_write(void **state) {
  (void)state;
  files_kit k = {0};
  char text[64];
  fk_make(&k);
  fk_open(&k, usual);
  puppet *p = k.p;
  int in = fk_file(&k, "%D/in/a.txt", 0);
  assert_true(in > 0);
  assert_int_equal(CALL64(p, "file_size", (unsigned)in), 5);
  assert_int_equal(CALL(p, "file_read", (unsigned)in, 1, 3000, 10), 4);
  puppet_get(p, text, 3000, 4);
  assert_memory_equal(text, "ello", 4);
  assert_int_equal(CALL(p, "file_read", (unsigned)in, 5, 3000, 10), 0);
  assert_int_equal(CALL(p, "file_write", (unsigned)in, 0, TEXT(p, 3000, "x")), HSB_STATUS_HANDLE);
  assert_int_equal(fk_file(&k, "%D/out/b", W), HSB_STATUS_ABSENT);
  int out = fk_file(&k, "%D/out/b", C | X);
  assert_true(out > 0 && out != in);
  assert_int_equal(CALL(p, "file_write", (unsigned)out, 0, TEXT(p, 3000, "0123456789")), 10);
  assert_int_equal(CALL(p, "file_write", (unsigned)out, 4, TEXT(p, 3000, "xy")), 2);
  assert_int_equal(CALL(p, "file_close", (unsigned)out), 0);
  assert_int_equal(CALL(p, "file_close", (unsigned)out), HSB_STATUS_HANDLE);
  fk_read(&k, "%D/out/b", text, sizeof text);
  assert_string_equal(text, "0123xy6789");
  assert_int_equal(fk_file(&k, "%D/out/b", C | X), HSB_STATUS_EXISTS);
  out = fk_file(&k, "%D/out//./b", A);
  assert_int_equal(CALL(p, "file_write", (unsigned)out, 0, TEXT(p, 3000, "!")), 1);
  assert_int_equal(CALL64(p, "file_size", (unsigned)out), 11);
  assert_int_equal(CALL(p, "file_close", (unsigned)out), 0);
  out = fk_file(&k, "%D/out/b", T);
  assert_int_equal(CALL64(p, "file_size", (unsigned)out), 0);
  assert_int_equal(CALL(p, "file_remove", TEXT(p, 100, fk_text(&k, "%D/out/b"))), 0);
  assert_int_equal(CALL(p, "file_remove", TEXT(p, 100, fk_text(&k, "%D/out/b"))),
                   HSB_STATUS_ABSENT);
  fk_done(&k);
}

static void file__list(void **state) {
  (void)state;
  files_kit k = {0};
  char text[200] = "";
  fk_make(&k);
  fk_write(&k, "%D/in/b \"x\"", "");
  fk_write(&k, "%D/in/\xff\xfe", ""); /* no UTF-8: not in the list */
  fk_open(&k, usual);
  puppet *p = k.p;
  uint64_t n = puppet_put(p, 100, fk_text(&k, "%D/in"), strlen(k.at) + 3);
  assert_int_equal(CALL(p, "file_list", 100, n, 1, 3000, 200), HSB_STATUS_STATE);
  int length = CALL(p, "file_list", 100, n, 0, 3000, 10);
  assert_int_equal(length, 19);
  fk_write(&k, "%D/in/later", ""); /* the list goes on as it was read */
  assert_int_equal(CALL(p, "file_list", 100, n, 10, 3010, 190), 9);
  puppet_get(p, text, 3000, 19);
  bool either = strcmp(text, "[\"a.txt\",\"b \\\"x\\\"\"]") == 0 ||
                strcmp(text, "[\"b \\\"x\\\"\",\"a.txt\"]") == 0;
  assert_true(either);
  assert_int_equal(CALL(p, "file_list", TEXT(p, 100, fk_text(&k, "%D/in/a.txt")), 0, 3000, 10),
                   HSB_STATUS_ABSENT); /* no folder */
  assert_int_equal(CALL(p, "file_list", TEXT(p, 100, fk_text(&k, "%D/secret")), 0, 3000, 10),
                   HSB_STATUS_DENIED);
  fk_done(&k);
}

static void file__list_ends_with_the_call(void **state) {
  (void)state;
  files_kit k = {0};
  int cancelled = 1;
  fk_make(&k);
  fk_open(&k, usual);
  uint64_t n = puppet_put(k.p, 100, fk_text(&k, "%D/in"), strlen(k.at) + 3);
  k.p->budget.cancel = &cancelled;
  helios_error err = FAILS(k.p, HELIOS_E_CANCELLED, "file_list", 100, n, 0, 3000, 10);
  assert_non_null(strstr(err.text, "listed a folder"));
  fk_done(&k);
}

/* What is done of a long read or write when the call's time is over is all that there is. */
static void file__long_ones_end_with_the_call(void **state) {
  (void)state;
  files_kit k = {0};
  int cancelled = 1;
  fk_make(&k);
  fk_open(&k, usual);
  unsigned f = (unsigned)fk_file(&k, "%D/out/long", C);
  assert_int_equal(CALL(k.p, "file_write", f, 0, 0, 100000), 100000);
  k.p->budget.cancel = &cancelled;
  assert_int_equal(CALL(k.p, "file_read", f, 0, 0, 100000), 65536);
  assert_int_equal(CALL(k.p, "file_write", f, 0, 0, 100000), 65536);
  k.p->budget.cancel = NULL;
  assert_int_equal(CALL(k.p, "file_read", f, 65536, 0, 100000), 34464);
  fk_done(&k);
}

static void make_traps(const files_kit *k) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  fk_link(k, "%D/secret/s.txt", "%D/in/link");
  fk_link(k, "a.txt", "%D/in/inside");
  fk_link(k, "%D/secret", "%D/in/folder");
  fk_link(k, "/proc/self/root", "%D/in/root");
  fk_link(k, "%D/secret/new", "%D/out/dangling");
  fk_link(k, "%D/secret", "%D/out/folder");
  fk_folder(k, "%D/in/sub");
  assert_int_equal(mkfifo(fk_text(k, "%D/in/pipe"), 0600), 0);
  assert_int_equal(mkfifo(fk_text(k, "%D/out/pipe"), 0600), 0);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(name.sun_path, sizeof name.sun_path, "%s/in/socket", k->at);
  assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
  close(fd);
}

static void refuse__paths(void **state) {
  (void)state;
  static const struct {
    const char *path;
    unsigned flags;
    int status;
  } cases[] = {
      {"%D/secret/s.txt", 0, HSB_STATUS_DENIED},
      {"%D/inside", 0, HSB_STATUS_DENIED}, /* only begins like a granted path */
      {"%D/in/../secret/s.txt", 0, HSB_STATUS_DENIED},
      {"%D/in/..", 0, HSB_STATUS_DENIED},
      {"%D/in/sub/../../secret/s.txt", 0, HSB_STATUS_DENIED},
      {"/", 0, HSB_STATUS_DENIED},
      {"", 0, HSB_STATUS_DENIED},
      {"in/a.txt", 0, HSB_STATUS_DENIED},
      {"a.txt", 0, HSB_STATUS_DENIED},
      {"/etc/passwd", 0, HSB_STATUS_DENIED},
      {"%D/in/a.txt", W, HSB_STATUS_DENIED},
      {"%D/in/a.txt", T, HSB_STATUS_DENIED},
      {"%D/in/new", C, HSB_STATUS_DENIED},
      {"%D/in/link", 0, HSB_STATUS_DENIED},
      {"%D/in/inside", 0, HSB_STATUS_DENIED},
      {"%D/in/folder/s.txt", 0, HSB_STATUS_DENIED},
      {"%D/in/root/etc/passwd", 0, HSB_STATUS_DENIED},
      {"%D/out/dangling", C, HSB_STATUS_DENIED},
      {"%D/out/dangling", C | X, HSB_STATUS_DENIED},
      {"%D/out/folder/new", C, HSB_STATUS_DENIED},
      {"%D/in/pipe", 0, HSB_STATUS_IO},
      {"%D/out/pipe", W, HSB_STATUS_IO},
      {"%D/out/pipe", C, HSB_STATUS_IO},
      {"%D/in/socket", 0, HSB_STATUS_IO},
      {"%D/in", 0, HSB_STATUS_IO}, /* a folder */
      {"%D/in/sub", 0, HSB_STATUS_IO},
      {"%D/in/a.txt/", 0, HSB_STATUS_ABSENT},
      {"%D/in/a.txt/b", 0, HSB_STATUS_ABSENT},
      {"%D/out/new/", C, HSB_STATUS_IO},
      {"%D/in/none", 0, HSB_STATUS_ABSENT},
      {"%D/in/none/none", 0, HSB_STATUS_ABSENT},
      {"%D/in/\xc0\x80", 0, HSB_STATUS_UTF8},
      {"%D/in/a.txt", 32, HSB_STATUS_TYPE},
      {"%D/in/a.txt", 0x80000000, HSB_STATUS_TYPE},
  };
  files_kit k = {0};
  fk_make(&k);
  make_traps(&k);
  fk_open(&k, usual);
  int before = fk_descriptors();
  alarm(20); /* a pipe that is opened would wait for ever */
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int status = fk_file(&k, cases[i].path, cases[i].flags);
    /* without openat2 a link in the way is no folder */
    bool absent = status == HSB_STATUS_ABSENT && strstr(cases[i].path, "/in/") != NULL;
    bool link = strstr(cases[i].path, "folder/") || strstr(cases[i].path, "root/");
    if (status != cases[i].status && !(link && (absent || status == HSB_STATUS_ABSENT))) {
      fail_msg("%s %u: %d %s", cases[i].path, cases[i].flags, status, puppet_error(k.p));
    }
  }
  alarm(0);
  assert_int_equal(fk_descriptors(), before);
  assert_int_equal(access(fk_text(&k, "%D/secret/new"), F_OK), -1);
  assert_int_equal(access(fk_text(&k, "%D/in/new"), F_OK), -1);
  assert_int_equal(CALL(k.p, "file_remove", TEXT(k.p, 100, fk_text(&k, "%D/out/folder/s.txt"))) < 0,
                   true);
  assert_int_equal(access(fk_text(&k, "%D/secret/s.txt"), F_OK), 0);
  puppet_put(k.p, 100, "/a\0b", 4);
  assert_int_equal(CALL(k.p, "file_open", 100, 4, 0), HSB_STATUS_UTF8);
  fk_done(&k);
}

static void refuse__long_paths(void **state) {
  (void)state;
  files_kit k = {0};
  char name[400], path[1200];
  fk_make(&k);
  fk_open(&k, all_below);
  memset(name, 'n', sizeof name);
  snprintf(path, sizeof path, "%%D/%.256s", name);
  assert_int_equal(fk_file(&k, path, C), HSB_STATUS_LIMIT);
  snprintf(path, sizeof path, "%%D/%.255s", name);
  assert_true(fk_file(&k, path, C) > 0);
  memset(path, 'p', 1024);
  assert_int_equal(CALL(k.p, "file_open", puppet_put(k.p, 100, path, 1024) * 0 + 100, 1024, 0),
                   HSB_STATUS_LIMIT);
  fk_done(&k);
}

/* A grant of everything is not a grant of what the kernel makes up, nor of devices. */
static void refuse__made_up(void **state) {
  (void)state;
  static const char *const paths[] = {"/proc/self/environ",
                                      "/proc/self/mem",
                                      "/proc/self/maps",
                                      "/proc/self/fd/0",
                                      "/proc/self/root/etc/passwd",
                                      "/proc/self/cwd/x",
                                      "/sys/kernel/uevent_helper",
                                      "/dev/null",
                                      "/dev/zero",
                                      "/dev/mem",
                                      "/dev/tty"};
  static const char *const everything[] = {"filesystem:/:rw", "filesystem:/proc:rw",
                                           "filesystem:/dev:rw", NULL};
  files_kit k = {0};
  fk_make(&k);
  fk_open(&k, everything);
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    for (unsigned flags = 0; flags < 2; flags++) {
      int status = fk_file(&k, paths[i], flags);
      if (status >= 0) {
        fail_msg("%s is open", paths[i]);
      }
    }
  }
  assert_true(fk_file(&k, "%D/in/a.txt", 0) > 0);
  fk_done(&k);
}

static void guard__database(void **state) {
  (void)state;
  files_kit k = {0};
  fk_make(&k);
  fk_open(&k, all_below);
  sqlite3 *before = k.p->conn.db, *db = NULL;
  assert_int_equal(sqlite3_open(fk_text(&k, "%D/out/x.db"), &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = wal; CREATE TABLE t(a)", 0, 0, 0), 0);
  char attach[300];
  snprintf(attach, sizeof attach, "ATTACH '%s/out/y.db' AS y; CREATE TABLE y.u(a)", k.at);
  assert_int_equal(sqlite3_exec(db, attach, 0, 0, 0), 0);
  k.p->conn.db = db;
  char one[100];
  snprintf(one, sizeof one, "%s/out/x.db", k.at);
  assert_int_equal(link(one, fk_text(&k, "%D/out/harmless")), 0);
  fk_write(&k, "%D/out/x.dbase", "not ours");
  static const char *const paths[] = {
      "%D/out/x.db",         "%D/out/x.db-wal",    "%D/out/x.db-shm",     "%D/out/harmless",
      "%D/out/x.db-journal", "%D/out/y.db",        "%D/out/y.db-journal", "%D/out/x.db-mj12345678",
      "%D/out/../out/x.db",  "%D/out/./x.db-wal2",
  };
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    for (unsigned flags = 0; flags <= HRT_FS_ALL; flags++) {
      if (fk_file(&k, paths[i], flags) != HSB_STATUS_DENIED) {
        fail_msg("%s %u: %s", paths[i], flags, puppet_error(k.p));
      }
    }
    int status = CALL(k.p, "file_remove", TEXT(k.p, 100, fk_text(&k, paths[i])));
    assert_int_equal(status, HSB_STATUS_DENIED);
  }
  assert_true(fk_file(&k, "%D/out/x.dbase", 0) > 0);
  k.p->conn.db = before;
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  fk_done(&k);
}

static void guard__key(void **state) {
  (void)state;
  files_kit k = {0};
  char path[200], old[4096];
  const char *had = getenv("HELIOS_KEY");
  snprintf(old, sizeof old, "%s", had != NULL ? had : "");
  fk_make(&k);
  fk_folder(&k, "%D/out/helios");
  fk_folder(&k, "%D/out/helios/trust");
  fk_write(&k, "%D/out/helios/local.key", "key");
  fk_open(&k, all_below);
  snprintf(path, sizeof path, "%s/out/helios/local.key", k.at);
  assert_int_equal(setenv("HELIOS_KEY", path, 1), 0);
  assert_int_equal(link(path, fk_text(&k, "%D/out/harmless")), 0);
  assert_int_equal(fk_file(&k, "%D/out/helios/local.key", 0), HSB_STATUS_DENIED);
  assert_int_equal(fk_file(&k, "%D/out/harmless", 0), HSB_STATUS_DENIED);
  assert_int_equal(fk_file(&k, "%D/out/helios/trust/my.pub", C), HSB_STATUS_DENIED);
  assert_int_equal(fk_file(&k, "%D/out/other", C) > 0, true);
  snprintf(path, sizeof path, "%s/out/helios/trust/new", k.at);
  assert_int_equal(setenv("HELIOS_KEY", path, 1), 0); /* elsewhere: only the file itself */
  assert_int_equal(fk_file(&k, "%D/out/helios/trust/new", C), HSB_STATUS_DENIED);
  assert_int_equal(fk_file(&k, "%D/out/helios/trust/other", C) > 0, true);
  fk_folder(&k, "%D/out/roots");
  fk_folder(&k, "%D/out/roots/in");
  snprintf(path, sizeof path, "%s/out/roots", k.at);
  assert_int_equal(setenv("HELIOS_TRUST_ROOT", path, 1), 0);
  assert_int_equal(fk_file(&k, "%D/out/roots/evil.pub", C), HSB_STATUS_DENIED);
  assert_int_equal(fk_file(&k, "%D/out/roots/in/x", C), HSB_STATUS_DENIED);
  assert_int_equal(unsetenv("HELIOS_TRUST_ROOT"), 0);
  if (had != NULL) {
    setenv("HELIOS_KEY", old, 1);
  } else {
    unsetenv("HELIOS_KEY");
  }
  fk_done(&k);
}

static sqlite3 *another_database(const files_kit *k, const char *mode) {
  sqlite3 *db = NULL;
  char sql[200];
  assert_int_equal(sqlite3_open(fk_text(k, "%D/in/other.db"), &db), SQLITE_OK);
  snprintf(sql, sizeof sql, "PRAGMA journal_mode = %s; CREATE TABLE IF NOT EXISTS t(a)", mode);
  assert_int_equal(sqlite3_exec(db, sql, 0, 0, 0), SQLITE_OK);
  return db;
}

/* Closing a file gives up every lock that the process has on it: a grant to read a database that
 * another connection of the program uses must not take away that one's locks. */
static void lock__of_another_connection(void **state) {
  (void)state;
  files_kit k = {0};
  char path[200];
  fk_make(&k);
  int before = fk_descriptors();
  fk_open(&k, usual);
  sqlite3 *db = another_database(&k, "delete");
  snprintf(path, sizeof path, "%s", fk_text(&k, "%D/in/other.db"));
  assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE; INSERT INTO t VALUES (1)", 0, 0, 0), 0);
  assert_true(locked(path));
  int descriptors = 0;
  for (int i = 0; i < 20; i++) { /* it is not opened, and no descriptors are lost by trying */
    assert_int_equal(fk_file(&k, "%D/in/other.db", 0), HSB_STATUS_DENIED);
    assert_true(locked(path));
    descriptors = i == 0 ? fk_descriptors() : descriptors;
  }
  assert_int_equal(fk_descriptors(), descriptors);
  assert_int_equal(sqlite3_exec(db, "COMMIT", 0, 0, 0), SQLITE_OK);
  assert_false(locked(path));
  int f = fk_file(&k, "%D/in/other.db", 0); /* nobody locks it now */
  assert_true(f > 0);
  assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_OK);
  assert_int_equal(CALL(k.p, "file_close", (unsigned)f), 0);
  assert_true(locked(path));
  assert_int_equal(sqlite3_exec(db, "COMMIT", 0, 0, 0), SQLITE_OK);
  assert_true(fk_file(&k, "%D/in/other.db", 0) > 0);
  assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_OK);
  hrt_host_end(k.p->env);
  assert_true(locked(path));
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  hrt_host_begin(k.p->env, 0, NULL, NULL);
  assert_true(fk_file(&k, "%D/in/a.txt", 0) > 0); /* what was kept for the locks is closed now */
  hrt_host_end(k.p->env);
  assert_int_equal(fk_descriptors(), before);
  fk_done(&k);
}

/* A database with a WAL is locked as long as it is open, by this process and others. */
static void lock__of_several_processes(void **state) {
  (void)state;
  files_kit k = {0};
  char path[200];
  int ready[2];
  fk_make(&k);
  fk_open(&k, usual);
  sqlite3 *db = another_database(&k, "wal");
  snprintf(path, sizeof path, "%s", fk_text(&k, "%D/in/other.db"));
  assert_int_equal(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) { /* it ends with this process; locks what the other one has locked, too */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool done = fcntl(fd, F_SETLK, &lock) == 0 && write(ready[1], "x", 1) == 1;
    _exit(done ? (int)pause() : 1);
  }
  char byte;
  assert_int_equal(read(ready[0], &byte, 1), 1);
  assert_int_equal(fk_file(&k, "%D/in/other.db", 0), HSB_STATUS_DENIED);
  assert_int_equal(fk_file(&k, "%D/in/other.db-shm", 0), HSB_STATUS_DENIED);
  kill(child, SIGKILL);
  assert_int_equal(waitpid(child, NULL, 0), child);
  assert_true(locked(path));
  assert_true(locked(fk_text(&k, "%D/in/other.db-shm")));
  close(ready[0]);
  close(ready[1]);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  fk_done(&k);
}

/* What only another process locks may be read: nothing here is given up by that, though this one
 * has named the file. */
static void lock__of_another_process(void **state) {
  (void)state;
  files_kit k = {0};
  int ready[2];
  char byte;
  fk_make(&k);
  fk_open(&k, usual);
  assert_int_equal(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(fk_text(&k, "%D/in/a.txt"), O_RDWR | O_CLOEXEC);
    bool done = fcntl(fd, F_SETLK, &lock) == 0 && write(ready[1], "x", 1) == 1;
    _exit(done ? (int)pause() : 1);
  }
  assert_int_equal(read(ready[0], &byte, 1), 1);
  int before = 0, named = open(fk_text(&k, "%D/in/a.txt"), O_PATH | O_CLOEXEC);
  assert_true(named >= 0);
  for (int i = 0; i < 20; i++) {
    int f = fk_file(&k, "%D/in/a.txt", 0);
    assert_true(f > 0);
    assert_int_equal(CALL(k.p, "file_close", (unsigned)f), 0);
    before = i == 0 ? fk_descriptors() : before;
  }
  assert_int_equal(fk_descriptors(), before);
  kill(child, SIGKILL);
  assert_int_equal(waitpid(child, NULL, 0), child);
  close(named);
  close(ready[0]);
  close(ready[1]);
  fk_done(&k);
}

/* A lock of an open file is not given up with another one of it. */
static void lock__of_an_open_file(void **state) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  files_kit k = {0};
  (void)state;
  fk_make(&k);
  fk_open(&k, usual);
  int fd = open(fk_text(&k, "%D/in/a.txt"), O_RDWR | O_CLOEXEC);
  assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
  int f = fk_file(&k, "%D/in/a.txt", 0);
  assert_true(f > 0);
  assert_int_equal(CALL(k.p, "file_close", (unsigned)f), 0);
  assert_true(locked(fk_text(&k, "%D/in/a.txt")));
  close(fd);
  fk_done(&k);
}

static void same__file(void **state) {
  struct stat a = {.st_dev = 1, .st_ino = 2}, b = {.st_dev = 3, .st_ino = 2};
  struct stat c = {.st_dev = 1, .st_ino = 4}, d = {.st_dev = 1, .st_ino = 2, .st_size = 5};
  (void)state;
  assert_false(hrt_fs_same(&a, &b));
  assert_false(hrt_fs_same(&a, &c));
  assert_true(hrt_fs_same(&a, &d));
}

/* What close says is what a guest gets, but that a signal came: closed it is. */
static void close__fails(void **state) {
  files_kit k = {0};
  (void)state;
  fk_make(&k);
  fk_open(&k, usual);
  int f = fk_file(&k, "%D/in/a.txt", 0);
  close_fails = EINTR;
  assert_int_equal(CALL(k.p, "file_close", (unsigned)f), 0);
  assert_int_equal(close_fails, 0);
  f = fk_file(&k, "%D/in/a.txt", 0);
  close_fails = EIO;
  assert_true(CALL(k.p, "file_close", (unsigned)f) < 0);
  fk_done(&k);
}

static void limit__open_and_sizes(void **state) {
  (void)state;
  files_kit k = {0};
  fk_make(&k);
  fk_open(&k, usual);
  puppet *p = k.p;
  unsigned f = (unsigned)fk_file(&k, "%D/out/b", C);
  for (int i = 0; i < 9; i++) {
    assert_true(fk_file(&k, "%D/in/a.txt", 0) > 0);
  }
  assert_int_equal(fk_file(&k, "%D/in/a.txt", 0), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "file_write", f, 1u << 30, 0, 1), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "file_write", f, (1u << 30) - 4, 0, 4), 4);
  assert_int_equal(CALL(p, "file_write", f, UINT64_MAX, 0, 1), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "file_write", f, (uint64_t)INT64_MAX, 0, 1), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "file_read", f, UINT64_MAX, 0, 1), HSB_STATUS_IO);
  assert_int_equal(CALL(p, "file_read", f, (uint64_t)INT64_MAX, 0, 1), HSB_STATUS_IO);
  assert_int_equal(CALL(p, "file_write", f, 0, 0, (16u << 20) + 1), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "file_write", f, 0, 131071, 2), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "file_read", f, 0, 131071, 2), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "file_read", f, 0, 0xffffffff, 0xffffffff), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "file_read", 0, 0, 0, 1), HSB_STATUS_HANDLE);
  assert_int_equal(CALL(p, "file_read", 11, 0, 0, 1), HSB_STATUS_HANDLE);
  assert_int_equal(CALL(p, "file_read", 0xffffffff, 0, 0, 1), HSB_STATUS_HANDLE);
  assert_int_equal(CALL64(p, "file_size", 0), HSB_STATUS_HANDLE);
  /* what one call writes in all */
  assert_int_equal(CALL(p, "grow", 254), 2);
  assert_int_equal(CALL(p, "file_close", f), 0);
  f = (unsigned)fk_file(&k, "%D/out/c", C);
  for (int i = 0; i < 15; i++) {
    assert_int_equal(CALL(p, "file_write", f, 0, 0, 16u << 20), 16 << 20);
  }
  assert_int_equal(CALL(p, "file_write", f, 0, 0, 16u << 20), HSB_STATUS_LIMIT);
  hrt_host_end(p->env);
  hrt_host_begin(p->env, 0, NULL, NULL);
  f = (unsigned)fk_file(&k, "%D/out/c", W);
  assert_int_equal(CALL(p, "file_write", f, 0, 0, 16u << 20), 16 << 20);
  fk_done(&k);
}

static void end__everything_closed(void **state) {
  (void)state;
  files_kit k = {0};
  fk_make(&k);
  int before = fk_descriptors();
  fk_open(&k, usual);
  assert_true(fk_file(&k, "%D/in/a.txt", 0) > 0);
  assert_true(fk_file(&k, "%D/out/b", C) > 0);
  hrt_host_end(k.p->env);
  assert_int_equal(fk_descriptors(), before);
  assert_int_equal(fk_file(&k, "%D/in/a.txt", 0), HSB_STATUS_STATE); /* between calls */
  assert_int_equal(fk_descriptors(), before);
  hrt_host_begin(k.p->env, 0, NULL, NULL);
  assert_int_equal(CALL(k.p, "file_read", 1, 0, 0, 1), HSB_STATUS_HANDLE); /* of an earlier call */
  assert_true(fk_file(&k, "%D/in/a.txt", 0) > 0);
  FAILS(k.p, HELIOS_E_GUEST, "env.heliosdb_error", 1, 0, 0);
  hrt_host_end(k.p->env);
  assert_int_equal(fk_descriptors(), before);
  fk_done(&k);
}

static void audit__refusals(void **state) {
  (void)state;
  files_kit k = {0};
  hrt_record *records[HRT_RING_MOST];
  fk_make(&k);
  fk_open(&k, usual);
  assert_int_equal(fk_file(&k, "%D/secret/s.txt", 0), HSB_STATUS_DENIED);
  assert_non_null(strstr(puppet_error(k.p), "it has no grant 'filesystem:"));
  hrt_store *store = k.p->conn.observer.store;
  size_t n = hrt_records_take(records, store, HRT_RING_AUDIT_LOG, 0);
  assert_int_equal(n, 1);
  bool capability = false, object = false;
  for (uint32_t i = 0; i < records[0]->count; i++) {
    const hrt_datum *d = &records[0]->values[i];
    bool text = d->type == HRT_DATUM_TEXT;
    capability = capability || (text && strcmp(d->as.text, "filesystem") == 0);
    object = object || (text && strcmp(d->as.text, fk_text(&k, "%D/secret/s.txt")) == 0);
  }
  assert_true(capability && object);
  hrt_record_give(store, records[0]);
  fk_done(&k);
}

/* ---- races ---- */

static struct {
  atomic_bool stop;
  char a[100], b[100];
} swap;

static void *swapper(void *arg) {
  (void)arg;
  while (!atomic_load(&swap.stop)) {
    syscall(SYS_renameat2, AT_FDCWD, swap.a, AT_FDCWD, swap.b, 2u /* RENAME_EXCHANGE */);
  }
  return NULL;
}

/* One thread swaps two names as fast as it can; what is opened is never the secret. */
static void swap_while_opening(const char *a, const char *b, const char *path, unsigned flags) {
  files_kit k = {0};
  pthread_t thread;
  int opened = 0, refused = 0;
  fk_make(&k);
  fk_folder(&k, "%D/in/sub");
  fk_write(&k, "%D/in/sub/s.txt", "public");
  fk_write(&k, "%D/in/s.txt", "public");
  fk_link(&k, "%D/secret", "%D/in/link");
  fk_link(&k, "%D/secret/s.txt", "%D/in/file");
  assert_int_equal(mkfifo(fk_text(&k, "%D/in/pipe"), 0600), 0);
  fk_open(&k, (const char *const[]){"filesystem:%D/in:rw", NULL});
  snprintf(swap.a, sizeof swap.a, "%s", fk_text(&k, a));
  snprintf(swap.b, sizeof swap.b, "%s", fk_text(&k, b));
  atomic_store(&swap.stop, false);
  assert_int_equal(pthread_create(&thread, NULL, swapper, NULL), 0);
  alarm(60);
  for (int i = 0; i < 100000 && (i < 3000 || opened < 100 || refused < 100); i++) {
    char text[6] = "";
    int f = fk_file(&k, path, flags);
    if (f > 0) {
      opened++;
      assert_int_equal(CALL(k.p, "file_read", (unsigned)f, 0, 3000, 6), 6);
      puppet_get(k.p, text, 3000, 6);
      assert_memory_equal(text, "public", 6);
      assert_int_equal(CALL(k.p, "file_close", (unsigned)f), 0);
    } else {
      refused++;
    }
  }
  alarm(0);
  atomic_store(&swap.stop, true);
  pthread_join(thread, NULL);
  assert_true(opened > 0 && refused > 0);
  fk_done(&k);
}

static void race__folder_and_link(void **state) {
  (void)state;
  swap_while_opening("%D/in/sub", "%D/in/link", "%D/in/sub/s.txt", 0);
}

static void race__file_and_link(void **state) {
  (void)state;
  swap_while_opening("%D/in/s.txt", "%D/in/file", "%D/in/s.txt", 0);
}

static void race__file_and_pipe(void **state) {
  (void)state;
  swap_while_opening("%D/in/s.txt", "%D/in/pipe", "%D/in/s.txt", W);
}

static int without_openat2(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                 prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0
             ? 0
             : -1;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(file__read_write),
      cmocka_unit_test(file__list),
      cmocka_unit_test(file__list_ends_with_the_call),
      cmocka_unit_test(file__long_ones_end_with_the_call),
      cmocka_unit_test(refuse__paths),
      cmocka_unit_test(refuse__long_paths),
      cmocka_unit_test(refuse__made_up),
      cmocka_unit_test(guard__database),
      cmocka_unit_test(guard__key),
      cmocka_unit_test(lock__of_another_connection),
      cmocka_unit_test(lock__of_several_processes),
      cmocka_unit_test(lock__of_another_process),
      cmocka_unit_test(lock__of_an_open_file),
      cmocka_unit_test(same__file),
      cmocka_unit_test(close__fails),
      cmocka_unit_test(limit__open_and_sizes),
      cmocka_unit_test(end__everything_closed),
      cmocka_unit_test(audit__refusals),
      cmocka_unit_test(race__folder_and_link),
      cmocka_unit_test(race__file_and_link),
      cmocka_unit_test(race__file_and_pipe),
  };
  int failed = cmocka_run_group_tests_name("openat2", tests, NULL, NULL);
  if (without_openat2() != 0) {
    print_error("no seccomp here: the way without openat2 can't be tested\n");
    return 1;
  }
  failed += cmocka_run_group_tests_name("component by component", tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
