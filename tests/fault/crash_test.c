/* crash_test.c - processes that live through all steps and are ended by SIGKILL at a random
 * operation on a file, in the middle of a write too, in both journal modes. After each: the file is
 * whole, the catalog is as after the last step that was acknowledged, or as after the next one;
 * every version runs.
 *
 * HELIOS_CRASH_ROUNDS=N: kills a mode (100). HELIOS_CRASH_SEED=N: other places. */
#include "steps.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vfs.h"

static char catalog[STEPS + 1][sizeof ek_out];
static char now[sizeof ek_out];

static const char *const modes[] = {"PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = WAL"};

/* Step after step on one connection; a byte to `acks` for each that is done. */
static int live(const char *mode, int acks) {
  helios *h = NULL;
  helios_error err;
  if (helios_open(&h, ek_path("c.db"), NULL, NULL) != 0 || ek_try(h, &err, mode) != 0) {
    return 2;
  }
  for (int i = 0; i < STEPS; i++) {
    if (ek_try(h, &err, steps[i]) != 0) {
      fprintf(stderr, "step %d: %s\n", i, err.text);
      return 1;
    }
    if (write(acks, "", 1) != 1) {
      return 2;
    }
  }
  return helios_close(h, NULL) == 0 ? 0 : 1;
}

/* The steps that a process which ends at operation n has acknowledged; *killed: did it get there?
 */
static int die_at(const char *mode, long n, bool *killed) {
  int fds[2], state;
  char bytes[STEPS + 1];
  ssize_t got;
  int acknowledged = 0;
  assert_int_equal(pipe(fds), 0);
  steps_remove("c.db");
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    close(fds[0]);
    vfs_arm(n, false, VFS_KILL);
    _exit(live(mode, fds[1]));
  }
  close(fds[1]);
  while ((got = read(fds[0], bytes, sizeof bytes)) > 0) {
    acknowledged += (int)got;
  }
  close(fds[0]);
  assert_int_equal(waitpid(pid, &state, 0), pid);
  *killed = WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL;
  if (!*killed && !(WIFEXITED(state) && WEXITSTATUS(state) == 0)) {
    fail_msg("operation %ld: the process ended with %x", n, (unsigned)state);
  }
  return acknowledged;
}

static void check(const char *mode, long n, int acknowledged) {
  helios *h = ek_open("c.db"); /* which recovers it */
  ek_run(h, "SELECT count(*) FROM sqlite_schema", NULL);
  steps_look(now, "c.db");
  bool old = strcmp(now, catalog[acknowledged]) == 0;
  bool new = acknowledged < STEPS &&strcmp(now, catalog[acknowledged + 1]) == 0;
  if (!old && !new) {
    fail_msg("%s, operation %ld, step %d: the catalog is neither old nor new:\n%s", mode, n,
             acknowledged, now);
  }
  steps_usable(h);
  ek_close(h);
}

/* Operations of a whole life; learns the catalog after each step. */
static long rehearse(const char *mode) {
  helios *h;
  steps_remove("c.db");
  vfs_arm(0, false, VFS_COUNT);
  h = ek_open("c.db");
  ek_run(h, mode, NULL);
  long operations = vfs_disarm();
  steps_look(catalog[0], "c.db");
  for (int i = 0; i < STEPS; i++) {
    vfs_arm(0, false, VFS_COUNT);
    ek_run(h, steps[i], NULL);
    operations += vfs_disarm();
    steps_look(catalog[i + 1], "c.db");
    assert_string_not_equal(catalog[i], catalog[i + 1]);
  }
  ek_close(h);
  return operations;
}

static void kill__at_random(void **state) {
  (void)state;
  const char *rounds_text = getenv("HELIOS_CRASH_ROUNDS"), *seed = getenv("HELIOS_CRASH_SEED");
  long rounds = rounds_text ? strtol(rounds_text, NULL, 10) : 100, kills = 0;
  uint64_t random = seed ? strtoull(seed, NULL, 10) : 1;
  for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
    long operations = rehearse(modes[m]);
    print_message("%s: %ld operations\n", modes[m], operations);
    for (long i = 0; i < rounds; i++) {
      bool killed;
      random = random * 6364136223846793005u + 1442695040888963407u;
      /* One in each part of equal length: no part of the life is left out. */
      long n = (i * operations + (long)(random >> 33) % operations) / rounds;
      check(modes[m], n, die_at(modes[m], n, &killed));
      kills += killed;
    }
  }
  print_message("%ld kills\n", kills);
  assert_true(kills >= 2 * rounds * 9 / 10);
}

static int setup(void **state) {
  vfs_install();
  return ek_setup(state);
}

static int teardown(void **state) {
  steps_remove("c.db");
  return ek_teardown(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(kill__at_random)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
