/* io_test.c - every statement that changes the catalog when the n-th operation of SQLite on its
 * files fails, for every n, in both journal modes. After each: done, or an error and the catalog as
 * before (or after, where only the end of a commit failed); the connection works, the file is
 * whole. */
#include "steps.h"

#include "sqlite/session.h"
#include "vfs.h"

static struct fx_bytes before[STEPS]; /* the file that a step begins with */
static char catalog[STEPS + 1][sizeof ek_out];
static char now[sizeof ek_out];

static const struct mode {
  const char *name, *pragma;
} modes[] = {{"journal", "PRAGMA journal_mode = DELETE"}, {"wal", "PRAGMA journal_mode = WAL"}};

/* Runs all steps, closing the file between two of them. */
static void record(const struct mode *m) {
  steps_remove("f.db");
  for (int i = 0; i <= STEPS; i++) {
    helios *h = ek_open("f.db");
    ek_run(h, m->pragma, NULL);
    if (i > 0) {
      ek_run(h, steps[i - 1], NULL);
    }
    ek_close(h);
    steps_look(catalog[i], "f.db");
    if (i < STEPS) {
      fx_free(before[i]);
      before[i] = fx_read(ek_path("f.db"));
    }
  }
}

static helios *begin(int step) {
  steps_remove("f.db");
  ek_write("f.db", before[step].data, before[step].size);
  return ek_open("f.db");
}

static void end_transaction(helios *h) {
  if (!sqlite3_get_autocommit(helios_db(h))) {
    ek_run(h, "ROLLBACK", "");
  }
}

static void check(int step, const char *what, int status, const helios_error *err, helios *h) {
  if (status != 0 && ((int)err->code != status || err->text[0] == 0 ||
                      status == HELIOS_E_INTERNAL || status == HELIOS_E_BROKEN)) {
    fail_msg("%s: %d %s", what, status, err->text);
  }
  if (status != 0 && strstr(err->text, "disk I/O error") && !strstr(err->text, " (SQLITE_IOERR_")) {
    fail_msg("%s: %s: which operation?", what, err->text);
  }
  assert_int_equal(h->internal, 0);
  end_transaction(h);
  steps_look(now, "f.db");
  bool old = strcmp(now, catalog[step]) == 0, new = strcmp(now, catalog[step + 1]) == 0;
  if (status == 0 ? !new : !old && !new) {
    fail_msg("%s: %d %s: the catalog is neither old nor new:\n%s", what, status, err->text, now);
  }
  if (old) { /* on the same connection */
    helios_error again;
    if (ek_try(h, &again, steps[step]) != 0) {
      fail_msg("%s: a second time: %s", what, again.text);
    }
    steps_look(now, "f.db");
    assert_string_equal(now, catalog[step + 1]);
  }
}

static long rounds;

static void try_round(const struct mode *m, int step, long n, bool for_ever, enum vfs_what fate) {
  char what[200];
  helios_error err;
  helios *h = begin(step);
  vfs_arm(n, for_ever, fate);
  int status = ek_try(h, &err, steps[step]);
  vfs_disarm();
  snprintf(what, sizeof what, "%s, step %d, operation %ld%s, %s", m->name, step, n,
           for_ever ? " and on" : "", vfs_hit() ? vfs_hit() : "not met");
  if (getenv("HELIOS_FAULT")) {
    printf("  %s: %d %s\n", what, status, err.text);
  }
  check(step, what, status, &err, h);
  steps_usable(h);
  ek_close(h);
  rounds++;
}

static void each__operation_fails(void **state) {
  (void)state;
  const char *stride_text = getenv("HELIOS_FAULT_STRIDE");
  long stride = stride_text ? strtol(stride_text, NULL, 10) : 1;
  for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
    record(&modes[m]);
    for (int step = 0; step < STEPS; step++) {
      helios_error err;
      helios *h = begin(step);
      vfs_arm(0, false, VFS_COUNT);
      assert_int_equal(ek_try(h, &err, steps[step]), 0);
      long operations = vfs_disarm();
      ek_close(h);
      assert_in_range(operations, 4, 1000);
      for (long n = step % stride; n <= operations; n += stride) {
        try_round(&modes[m], step, n, false, VFS_FAIL);
        if (vfs_hit() && strcmp(vfs_hit(), "write") == 0) {
          try_round(&modes[m], step, n, false, VFS_FULL);
        }
        try_round(&modes[m], step, n, true, VFS_FAIL);
      }
    }
  }
  print_message("%ld rounds\n", rounds);
}

static int setup(void **state) {
  vfs_install();
  return ek_setup(state);
}

static int teardown(void **state) {
  for (int i = 0; i < STEPS; i++) {
    fx_free(before[i]);
  }
  steps_remove("f.db");
  return ek_teardown(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each__operation_fails)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
