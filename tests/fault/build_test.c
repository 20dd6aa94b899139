/* build_test.c - hcc_build when the n-th thing below it fails, for every n: once, and from then on
 * for ever, in the children between fork and exec too. After each round: an error that says
 * something and an output file that is as before, or the right one; no temporary folder, file,
 * descriptor or child is left; the cache and the key are whole or not there.
 *
 * The tools are quick: scripts that give what the real ones gave for this module.
 *
 * HELIOS_FAULT=1: says what failed and what came of it. HELIOS_FAULT_STRIDE=N: every N-th only. */
#include "../unit/build_kit.h"

#include <dirent.h>
#include <sys/wait.h>

#include "faults.h"

#define NEVER (1L << 40)
#define OLD "an older output"

static const char module[] =
    "(module (memory (export \"memory\") 1) (data (i32.const 16) \"some data\")"
    " (table 2 funcref) (elem (i32.const 0) 0)"
    " (func (export \"add\") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))"
    " (func (export \"any\") (param i32 i64) (result i64)" /* the compiler knows whom it meets */
    "  (call_indirect (param i64 i64) (result i64) (local.get 1) (i64.const 1) (local.get 0)))"
    " (func $fib (export \"fib\") (param i64) (result i64)" /* it makes copies of this one */
    "  (if (result i64) (i64.lt_u (local.get 0) (i64.const 2)) (then (local.get 0))"
    "   (else (i64.add (call $fib (i64.sub (local.get 0) (i64.const 1)))"
    "                  (call $fib (i64.sub (local.get 0) (i64.const 2))))))))";

static uint8_t *expected; /* the right output */
static size_t expected_size;

/* ---- tools that only copy ---- */

static void write_tool(const char *name, const char *recorded) {
  char script[1024], path[256];
  int size =
      snprintf(script, sizeof script,
               "#!/bin/sh\n[ \"$1\" = --version ] && { echo %s 99.0.0; exit; }\n"
               "last=\nfor a; do\n  [ \"$last\" = -o ] && cp \"%s/$a\" \"$a\"\n  last=$a\ndone\n"
               "cp %s/m.h . 2>&-\nexit 0\n",
               name, recorded, recorded);
  snprintf(path, sizeof path, "tools/bin/%s", name);
  kit_write(path, script, (size_t)size);
  assert_int_equal(chmod(kit_path(path), 0755), 0);
}

static void use_tool(const char *variable, const char *name, const char *recorded) {
  char path[64];
  write_tool(name, recorded);
  snprintf(path, sizeof path, "tools/bin/%s", name);
  setenv(variable, kit_path(path), 1);
}

/* Builds once with the real tools and keeps what they made where the copies may read. */
static void record(void) {
  hcc_build_result r;
  char command[10000], recorded[256];
  kit_must_build(&r, module, (hcc_build_options){.keep = true});
  assert_int_equal(hcc_dir_make(kit_path("tools/bin"), 0755, NULL), 0);
  snprintf(recorded, sizeof recorded, "%s", kit_path("tools/made"));
  snprintf(command, sizeof command, "mv '%s' '%s'", r.folder, recorded);
  assert_int_equal(system(command), 0);
  use_tool("HELIOS_CLANG", "clang", recorded);
  use_tool("HELIOS_LLD", "ld.lld", recorded);
  use_tool("HELIOS_WASM2C", "wasm2c", recorded);
  use_tool("HELIOS_WAT2WASM", "wat2wasm", recorded);
}

static int setup(void **state) {
  fault_install();
  kit_begin(state);
  record();
  hcc_dir_remove(kit_path("cache"));
  hcc_build_result r;
  kit_must_build(&r, module, (hcc_build_options){.jobs = 2});
  expected = kit_read(kit_path("m.so"), &expected_size);
  return 0;
}

static int teardown(void **state) {
  free(expected);
  return kit_end(state);
}

/* ---- a round ---- */

typedef struct scenario {
  const char *name;
  bool cached; /* the cache has it already */
  bool no_key; /* the first build of a machine */
  long until;  /* what comes after this many is as in the others */
} scenario;

static const scenario scenarios[] = {{"anew", false, false, NEVER},
                                     {"from the cache", true, false, NEVER},
                                     {"the first of all", false, true, 200}};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

static int descriptors(void) {
  int n = 0;
  DIR *dir = opendir("/proc/self/fd");
  assert_non_null(dir);
  while (readdir(dir) != NULL) {
    n++;
  }
  closedir(dir);
  return n;
}

static int perform(hcc_error *err) {
  hcc_build_result r;
  char input[256], output[256];
  snprintf(input, sizeof input, "%s", kit_path("m.in"));
  snprintf(output, sizeof output, "%s", kit_path("m.so"));
  *err = (hcc_error){.code = HCC_OK};
  hcc_build_options options = {.input = input, .output = output, .jobs = 2};
  return hcc_build(&r, &options, err);
}

static void prepare(const scenario *s) {
  if (!s->cached) {
    hcc_dir_remove(kit_path("cache"));
  }
  if (s->no_key) {
    unlink(kit_path("local.key"));
  }
  kit_write("m.so", OLD, sizeof OLD);
}

static bool is_expected(const scenario *s) {
  size_t size;
  uint8_t *bytes = kit_read(kit_path("m.so"), &size);
  bool same = s->no_key ? size == expected_size /* another seal */
                        : size == expected_size && memcmp(bytes, expected, size) == 0;
  free(bytes);
  return same;
}

static bool is_old(void) {
  size_t size;
  uint8_t *bytes = kit_read(kit_path("m.so"), &size);
  bool old = size == sizeof OLD && memcmp(bytes, OLD, size) == 0;
  free(bytes);
  return old;
}

static void check_left(const char *what, int fds) {
  if (kit_count("tmp") != 0 || descriptors() != fds || waitpid(-1, NULL, WNOHANG) != -1) {
    fail_msg("%s: left: %u in tmp, %d descriptors of %d", what, kit_count("tmp"), descriptors(),
             fds);
  }
}

static void try_round(const scenario *s, long n, bool for_ever) {
  char what[200];
  hcc_error err;
  prepare(s);
  int fds = descriptors();
  fault_arm(n, for_ever, FAULT_ALL);
  int status = perform(&err);
  fault_disarm();
  snprintf(what, sizeof what, "%s, fault %ld%s, %s", s->name, n, for_ever ? " and on" : "",
           fault_hit() ? fault_hit() : "not met");
  if (getenv("HELIOS_FAULT")) {
    printf("  %s: %d %s\n", what, status, err.text);
  }
  bool wrong_reason = status == HCC_E_LIMIT || status == HCC_E_MALFORMED || status == HCC_E_INVALID;
  if (status != 0 && ((int)err.code != status || err.text[0] == 0 || wrong_reason)) {
    fail_msg("%s: %d, %d \"%s\"", what, status, err.code, err.text);
  }
  if (status == 0 ? !is_expected(s) : !is_old() && !is_expected(s)) {
    fail_msg("%s: %d %s: the output is wrong", what, status, err.text);
  }
  check_left(what, fds);
  if (perform(&err) != 0 || !is_expected(s)) { /* through what the cache and the key are now */
    fail_msg("%s: a second time: %s", what, err.text);
  }
}

static void faults__each_once_and_for_ever(void **state) {
  (void)state;
  const char *step = getenv("HELIOS_FAULT_STRIDE");
  long stride = step ? strtol(step, NULL, 10) : 1;
  for (int i = 0; i < SCENARIOS; i++) {
    const scenario *s = &scenarios[i];
    hcc_error err;
    prepare(s);
    fault_arm(NEVER, false, FAULT_ALL);
    assert_int_equal(perform(&err), 0);
    long operations = fault_disarm();
    for (long n = 0; n <= operations && n < s->until; n += stride) {
      try_round(s, n, false);
      try_round(s, n, true);
    }
    print_message("  %s: %ld things fail\n", s->name, operations);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(faults__each_once_and_for_ever)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
