/* tools_test.c - where tools are looked for and in which order, versions, the refusal of an old
 * wasm2c; children: output, limits, clean environment; the jail: what it refuses. */
#include "build_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "jail.h"
#include "run.h"
#include "tools.h"

/* A program that prints text and exits. */
static void script(const char *name, const char *body) {
  char text[1024];
  snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
  kit_write(name, text, strlen(text));
  assert_int_equal(chmod(kit_path(name), 0755), 0);
}

static void folder(const char *name) {
  assert_int_equal(hcc_dir_make(kit_path(name), 0755, NULL), 0);
}

static void forget(void) {
  unsetenv("HELIOS_WASM2C");
  setenv("HELIOS_TOOLCHAIN", kit_path("none"), 1);
  setenv("XDG_DATA_HOME", kit_path("data"), 1);
  setenv("PATH", "/usr/bin:/bin", 1);
}

static void find__order(void **state) {
  (void)state;
  hcc_tool t;
  char path[4096];
  forget();
  folder("path"), folder("chain/bin"), folder("data/helios/toolchain/bin");
  script("path/wasm2c", "echo 1.0.36");
  snprintf(path, sizeof path, "%s:/usr/bin", kit_path("path"));
  setenv("PATH", path, 1);
  assert_int_equal(hcc_tool_find(&t, HCC_TOOL_WASM2C, NULL, NULL), 0);
  assert_string_equal(t.path, kit_path("path/wasm2c"));
  assert_string_equal(t.origin, "PATH");
  script("data/helios/toolchain/bin/wasm2c", "echo 1.0.36");
  assert_int_equal(hcc_tool_find(&t, HCC_TOOL_WASM2C, NULL, NULL), 0);
  assert_string_equal(t.path, kit_path("data/helios/toolchain/bin/wasm2c"));
  script("chain/bin/wasm2c", "echo 1.0.36");
  setenv("HELIOS_TOOLCHAIN", kit_path("chain"), 1);
  assert_int_equal(hcc_tool_find(&t, HCC_TOOL_WASM2C, NULL, NULL), 0);
  assert_string_equal(t.path, kit_path("chain/bin/wasm2c"));
  assert_string_equal(t.origin, "toolchain");
  script("named", "echo 1.0.36");
  setenv("HELIOS_WASM2C", kit_path("named"), 1);
  assert_int_equal(hcc_tool_find(&t, HCC_TOOL_WASM2C, NULL, NULL), 0);
  assert_string_equal(t.path, kit_path("named"));
  assert_string_equal(t.origin, "HELIOS_WASM2C");
  assert_int_equal(hcc_tool_find(&t, HCC_TOOL_WASM2C, kit_path("path/wasm2c"), NULL), 0);
  assert_string_equal(t.origin, "option");
  forget();
}

static void find__named_but_missing_is_an_error(void **state) {
  (void)state;
  hcc_tool t;
  hcc_error err = {.code = HCC_OK};
  forget();
  setenv("XDG_DATA_HOME", kit_path("no-data"), 1);
  assert_int_equal(hcc_tool_find(&t, HCC_TOOL_CLANG, "/no/clang", &err), HCC_E_TOOL_MISSING);
  assert_non_null(strstr(err.text, "/no/clang"));
  setenv("HELIOS_WASM2C", kit_folder, 1); /* a folder is no program */
  assert_int_equal(hcc_tool_find(&t, HCC_TOOL_WASM2C, NULL, NULL), HCC_E_TOOL_MISSING);
  unsetenv("HELIOS_WASM2C");
  setenv("PATH", ".:", 1); /* the folder one is in is not searched */
  assert_int_equal(hcc_tool_find(&t, HCC_TOOL_WASM2C, NULL, NULL), HCC_E_TOOL_MISSING);
  forget();
}

static void identity__changes_with_the_file(void **state) {
  (void)state;
  hcc_tool a, b;
  script("tool", "echo 1.0.36");
  assert_true(hcc_tool_identify(&a, kit_path("tool")));
  struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
  assert_int_equal(utimensat(AT_FDCWD, kit_path("tool"), times, 0), 0);
  assert_true(hcc_tool_identify(&b, kit_path("tool")));
  assert_string_not_equal(a.identity, b.identity);
}

static void version__parse(void **state) {
  (void)state;
  static const struct {
    const char *text, *version;
  } cases[] = {
      {"Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\n", "14.0.6"},
      {"1.0.36\n", "1.0.36"},
      {"1.0.36 (git~1.0.36)", "1.0.36"},
      {"Debian LLD 14.0.6 (compatible with GNU linkers)", "14.0.6"},
      {"Ubuntu LLD 18.1.3 (compatible)", "18.1.3"},
      {"clang version 19.1.7 (https://x/y.z 1a2b)", "19.1.7"},
      {"no number", NULL},
      {"", NULL},
      {"99999999999999999999999999999999999.1", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[64];
    unsigned numbers[3];
    bool found = hcc_version_parse(out, numbers, cases[i].text);
    assert_int_equal(found, cases[i].version != NULL);
    if (found) {
      assert_string_equal(out, cases[i].version);
    }
  }
}

static int version_of(const char *body, enum hcc_tool_id id, hcc_error *err) {
  hcc_tool t;
  hcc_tool *tools[] = {&t};
  script("old", body);
  assert_true(hcc_tool_identify(&t, kit_path("old")));
  return hcc_tool_versions(tools, &id, 1, err);
}

static void version__old_wasm2c_is_refused(void **state) {
  (void)state;
  hcc_error err = {.code = HCC_OK};
  assert_int_equal(version_of("echo 1.0.32", HCC_TOOL_WASM2C, &err), HCC_E_TOOL_OLD);
  assert_non_null(strstr(err.text, "1.0.36"));
  assert_int_equal(version_of("echo 1.0.35", HCC_TOOL_WASM2C, NULL), HCC_E_TOOL_OLD);
  assert_int_equal(version_of("echo 0.9.99", HCC_TOOL_WASM2C, NULL), HCC_E_TOOL_OLD);
  assert_int_equal(version_of("echo 1.0.36", HCC_TOOL_WASM2C, NULL), 0);
  assert_int_equal(version_of("echo 1.1.0", HCC_TOOL_WASM2C, NULL), 0);
  assert_int_equal(version_of("echo hello", HCC_TOOL_WASM2C, NULL), HCC_E_TOOL_FAILED);
  assert_int_equal(version_of("exit 1", HCC_TOOL_WASM2C, NULL), HCC_E_TOOL_FAILED);
  assert_int_equal(version_of("echo clang version 13.0.1", HCC_TOOL_CLANG, NULL), HCC_E_TOOL_OLD);
}

static int run_script(hcc_ran *ran, const char *body, const hcc_jail *jail, uint32_t seconds,
                      hcc_error *err) {
  char path[256];
  script("s", body);
  snprintf(path, sizeof path, "%s", kit_path("s"));
  const char *argv[] = {path, NULL};
  hcc_run run = {.tool = "tool", .argv = argv, .jail = jail, .seconds = seconds};
  return hcc_run_one(ran, &run, err);
}

static void run__captures_and_judges(void **state) {
  (void)state;
  hcc_ran ran;
  hcc_error err = {.code = HCC_OK};
  assert_int_equal(run_script(&ran, "echo out; echo more >&2", NULL, 0, &err), 0);
  assert_string_equal(ran.output, "out\nmore\n");
  assert_true(ran.peak_kib > 100);
  assert_int_equal(
      run_script(&ran, "echo note; echo x.c:1: error: bad thing; exit 3", NULL, 0, &err),
      HCC_E_TOOL_FAILED);
  assert_string_equal(err.text, "tool: x.c:1: error: bad thing");
  err.code = HCC_OK;
  assert_int_equal(run_script(&ran, "kill -SEGV $$", NULL, 0, &err), HCC_E_TOOL_FAILED);
  assert_non_null(strstr(err.text, "signal 11"));
  err.code = HCC_OK; /* escapes of a terminal do not get out */
  assert_int_equal(run_script(&ran, "printf 'error: \\033[2J'; exit 1", NULL, 0, &err),
                   HCC_E_TOOL_FAILED);
  assert_null(strchr(err.text, 033));
  const char *missing[] = {"/no/such/program", NULL};
  hcc_run run = {.tool = "tool", .argv = missing};
  assert_int_equal(hcc_run_one(&ran, &run, NULL), HCC_E_TOOL_FAILED);
}

static void run__time_is_limited(void **state) {
  (void)state;
  hcc_ran ran;
  double begin = hcc_now_ms();
  assert_int_equal(run_script(&ran, "sleep 60 & sleep 60", NULL, 1, NULL), HCC_E_TOOL_LIMIT);
  assert_true(hcc_now_ms() - begin < 5000);
}

static void run__environment_is_clean(void **state) {
  (void)state;
  hcc_ran ran;
  setenv("CPATH", "/evil", 1);
  setenv("HELIOS_SECRET", "1", 1);
  assert_int_equal(run_script(&ran, "env", NULL, 0, NULL), 0);
  assert_null(strstr(ran.output, "evil"));
  assert_null(strstr(ran.output, "HELIOS"));
  const char *argv[] = {"/usr/bin/env", NULL};
  hcc_run run = {.tool = "env", .argv = argv, .variable = "ONE=more"};
  assert_int_equal(hcc_run_one(&ran, &run, NULL), 0);
  assert_string_equal(ran.output, "PATH=/usr/bin:/bin\nLC_ALL=C\nTMPDIR=.\nONE=more\n");
  unsetenv("CPATH");
  unsetenv("HELIOS_SECRET");
}

static void run__one_failure_ends_all(void **state) {
  (void)state;
  const char *quick[] = {"/bin/false", NULL}, *slow[] = {"/bin/sleep", "60", NULL};
  hcc_run runs[3] = {{.tool = "slow", .argv = slow},
                     {.tool = "quick", .argv = quick},
                     {.tool = "slow", .argv = slow}};
  hcc_ran ran[3];
  double begin = hcc_now_ms();
  assert_int_equal(hcc_run_all(ran, runs, 3, 2, NULL), HCC_E_TOOL_FAILED);
  assert_true(hcc_now_ms() - begin < 5000);
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
  assert_int_equal(errno, ECHILD);
}

/* Runs probe in a jail; it returns 0 if it got what it must not get. */
static int in_jail(int (*probe)(void)) {
  static char writable[256];
  snprintf(writable, sizeof writable, "%s", kit_path("tmp"));
  hcc_jail jail = {
      .memory = UINT64_C(1) << 46, .seconds = 5, .file = 1 << 20, .writable = writable};
  hcc_jail_support support;
  hcc_jail_probe(&support);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    const char *what = hcc_jail_enter(&jail, &support);
    _exit(what != NULL ? 99 : probe() == 0 ? 1 : 0);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 200 + WTERMSIG(status);
}

static void ignore(int number) {
  struct sigaction action = {.sa_handler = SIG_IGN};
  sigaction(number, &action, NULL);
}

static int got(long result) {
  return result >= 0 ? 0 : -1;
}
static int try_inet(void) {
  return got(socket(AF_INET, SOCK_STREAM, 0));
}
static int try_unix(void) {
  return got(socket(AF_UNIX, SOCK_STREAM, 0));
}
static int try_pair(void) {
  int ends[2];
  return got(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}
static int try_ring(void) {
  char params[120] = {0};
  return got(syscall(SYS_io_uring_setup, 4, params));
}
static int try_ptrace(void) {
  return got(syscall(SYS_ptrace, 16 /* PTRACE_ATTACH */, getppid(), 0, 0));
}
static int try_kill_parent(void) {
  return got(kill(getppid(), 0));
}
static int try_kill_group(void) {
  return got(kill(0, 0));
}
static int try_mount(void) {
  return got(syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, ""));
}
static int try_unshare(void) {
  return got(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */));
}
static int try_keyctl(void) {
  return got(syscall(SYS_keyctl, 0, -3, 1));
}
static int try_bpf(void) {
  return got(syscall(SYS_bpf, 0, "", 0));
}
static int try_write_outside(void) {
  return got(open(kit_path("outside"), O_CREAT | O_WRONLY, 0600));
}
static int try_read_key(void) {
  return got(open(kit_path("secret"), O_RDONLY));
}
static int try_big_file(void) {
  ignore(SIGXFSZ);
  int fd = open(kit_path("tmp/big"), O_CREAT | O_RDWR, 0600);
  return fd < 0 ? 0 : ftruncate(fd, 2 << 20);
}

static void jail__refuses(void **state) {
  (void)state;
  static const struct {
    const char *what;
    int (*probe)(void);
  } probes[] = {
      {"AF_INET socket", try_inet},
      {"AF_UNIX socket", try_unix},
      {"socketpair", try_pair},
      {"io_uring", try_ring},
      {"ptrace", try_ptrace},
      {"kill parent", try_kill_parent},
      {"kill group", try_kill_group},
      {"mount", try_mount},
      {"unshare", try_unshare},
      {"keyctl", try_keyctl},
      {"bpf", try_bpf},
      {"large file", try_big_file},
  };
  hcc_jail_support support;
  hcc_jail_probe(&support);
  if (!support.seccomp) {
    skip();
  }
  for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
    int result = in_jail(probes[i].probe);
    if (result != 0) {
      fail_msg("%s: %d", probes[i].what, result);
    }
  }
}

static int may_write_inside(void) {
  int fd = open(kit_path("tmp/inside"), O_CREAT | O_WRONLY, 0600);
  return fd >= 0 && write(fd, "x", 1) == 1 ? -1 : 0;
}
static int may_read_system(void) {
  return open("/etc/passwd", O_RDONLY) >= 0 && open("/dev/null", O_WRONLY) >= 0 ? -1 : 0;
}
static int may_raise(void) {
  ignore(SIGUSR1);
  return raise(SIGUSR1) == 0 ? -1 : 0;
}
static int may_fork(void) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    _exit(7);
  }
  return pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7 ? -1 : 0;
}

static void jail__lets_work(void **state) {
  (void)state;
  assert_int_equal(in_jail(may_write_inside), 0);
  assert_int_equal(in_jail(may_read_system), 0);
  assert_int_equal(in_jail(may_raise), 0);
  assert_int_equal(in_jail(may_fork), 0);
}

static void jail__files_by_landlock(void **state) {
  (void)state;
  hcc_jail_support support;
  hcc_jail_probe(&support);
  if (support.landlock == 0) {
    skip();
  }
  kit_write("secret", "x", 1);
  assert_int_equal(in_jail(try_write_outside), 0);
  assert_int_equal(access(kit_path("outside"), F_OK), -1);
  assert_int_equal(in_jail(try_read_key), 0);
}

static void jail__limits_a_tool(void **state) {
  (void)state;
  hcc_ran ran;
  char writable[256];
  snprintf(writable, sizeof writable, "%s", kit_folder);
  hcc_jail jail = {.memory = 64u << 20, .seconds = 1, .file = 1 << 20, .writable = writable};
  assert_int_equal(run_script(&ran, "while :; do :; done", &jail, 30, NULL), HCC_E_TOOL_LIMIT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(find__order),
      cmocka_unit_test(find__named_but_missing_is_an_error),
      cmocka_unit_test(identity__changes_with_the_file),
      cmocka_unit_test(version__parse),
      cmocka_unit_test(version__old_wasm2c_is_refused),
      cmocka_unit_test(run__captures_and_judges),
      cmocka_unit_test(run__time_is_limited),
      cmocka_unit_test(run__environment_is_clean),
      cmocka_unit_test(run__one_failure_ends_all),
      cmocka_unit_test(jail__refuses),
      cmocka_unit_test(jail__lets_work),
      cmocka_unit_test(jail__files_by_landlock),
      cmocka_unit_test(jail__limits_a_tool),
  };
  return cmocka_run_group_tests(tests, kit_begin, kit_end);
}
