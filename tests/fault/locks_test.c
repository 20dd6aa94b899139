/* locks_test.c - a file that this process has locked elsewhere is closed while the n-th thing
 * fails, and all from it on, for every n: the locks are there after it, nobody gets the file, and
 * once they are given up the descriptor is closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/locked_kit.h"
#include "faults.h"
#include "host/fs.h"

#define TEMPLATE                                                                                   \
  "/tmp/helios-locks-XX"                                                                           \
  "XX"                                                                                             \
  "XX"

static char path[] = TEMPLATE;

static int setup(void **state) {
  (void)state;
  int fd = mkstemp(path);
  return fd < 0 || close(fd) != 0;
}

static int teardown(void **state) {
  (void)state;
  return unlink(path);
}

static int open_file(void) {
  int fd = open(path, O_RDWR | O_CLOEXEC);
  assert_true(fd >= 0);
  return fd;
}

/* Things that can fail in it. */
static long close_amid_faults(long n, bool for_ever) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  struct stat st;
  int holder = open_file(), fd = open_file();
  assert_int_equal(fstat(fd, &st), 0);
  assert_int_equal(fcntl(holder, F_SETLK, &lock), 0);
  fault_arm(n, for_ever, FAULT_OURS);
  int status = hrt_fs_close(fd);
  long operations = fault_disarm();
  if (status != 0 || !locked(path) || !hrt_fs_parked(&st)) {
    fail_msg("fault %ld%s, %s: %d", n, for_ever ? " and on" : "", fault_hit(), status);
  }
  close(holder);
  assert_false(hrt_fs_parked(&st));
  assert_int_equal(fcntl(fd, F_GETFD), -1);
  return operations;
}

static void close__whatever_fails(void **state) {
  (void)state;
  for (int for_ever = 0; for_ever < 2; for_ever++) {
    long n = 0;
    while (n < close_amid_faults(n, for_ever != 0)) {
      n++;
    }
    assert_in_range(n, 6, 200);
  }
}

/* Which file is open still is not told: it may be the one that is asked for. */
static void parked__nobody_knows_which(void **state) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  struct stat other;
  int holder = open_file(), fd = open_file();
  (void)state;
  assert_int_equal(stat("/", &other), 0);
  assert_int_equal(fcntl(holder, F_SETLK, &lock), 0);
  assert_int_equal(hrt_fs_close(fd), 0);
  assert_false(hrt_fs_parked(&other));
  fault_arm(0, true, FAULT_OURS);
  bool parked = hrt_fs_parked(&other);
  fault_disarm();
  assert_true(parked);
  close(holder);
  assert_false(hrt_fs_parked(&other));
}

/* What is beyond the room for them stays open for good, and locked. */
static void close__of_many(void **state) {
  enum { MANY = 260 };
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  char name[sizeof path + 8];
  int holders[MANY], fds[MANY];
  unsigned left = 0;
  struct stat st;
  (void)state;
  for (int i = 0; i < MANY; i++) {
    snprintf(name, sizeof name, "%s.%d", path, i);
    holders[i] = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    fds[i] = open(name, O_RDWR | O_CLOEXEC);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(fcntl(holders[i], F_SETLK, &lock), 0);
    assert_int_equal(hrt_fs_close(fds[i]), 0);
  }
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(fstat(holders[i], &st), 0);
    if (i == 0 || i >= 255) { /* each looks at all of them */
      assert_int_equal(hrt_fs_parked(&st), i < 256);
    }
    close(holders[i]);
  }
  assert_false(hrt_fs_parked(&st));
  for (int i = 0; i < MANY; i++) {
    if (fcntl(fds[i], F_GETFD) >= 0) {
      close(fds[i]);
      left++;
    }
  }
  assert_int_equal(left, MANY - 256);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(close__whatever_fails),
                                     cmocka_unit_test(parked__nobody_knows_which),
                                     cmocka_unit_test(close__of_many)};
  return cmocka_run_group_tests_name("locks", tests, setup, teardown);
}
