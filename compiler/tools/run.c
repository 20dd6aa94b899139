/* run.c - child processes for the tools. Must never leave one behind, and must not wait for
 * children that are not its own. Invariants: see run.h. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_FIRST_NS 100000L /* doubles up to ... */
#define POLL_LAST_NS 2000000L
#define NOT_RUN 127

volatile sig_atomic_t hcc_interrupted;

typedef struct child {
  pid_t pid; /* 0: none */
  int log;
  double begin;
} child;

double hcc_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void complain(const char *what) {
  const char *why = strerrorname_np(errno);
  dprintf(STDERR_FILENO, "can't %s: %s", what, why == NULL ? "unknown" : why);
  _exit(NOT_RUN);
}

/* In the child: only async-signal-safe calls, as the parent may have threads. (dprintf is not by
 * the letter; it is called only when all is lost.) */
static void become(const hcc_run *run, const hcc_jail_support *support, int log, pid_t parent) {
  const char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "TMPDIR=.", run->variable,
                                     NULL};
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
      dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) {
    _exit(NOT_RUN);
  }
  if (close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) != 0) {
    /* Older than Linux 5.11: everything of ours is O_CLOEXEC already. */
    errno = 0;
  }
  if (run->folder != NULL && chdir(run->folder) != 0) {
    complain("enter the temporary folder");
  }
  if (run->jail != NULL) {
    const char *what = hcc_jail_enter(run->jail, support);
    if (what != NULL) {
      complain(what);
    }
  }
  execve(run->argv[0], (char *const *)run->argv, (char *const *)environment);
  complain("run it");
}

static int start(child *c, const hcc_run *run, const hcc_jail_support *support, hcc_error *err) {
  int log = memfd_create("helios-tool", MFD_CLOEXEC);
  pid_t parent = getpid();
  pid_t pid = log < 0 ? -1 : fork();
  if (pid < 0) {
    int cause = errno;
    if (log >= 0) {
      close(log);
    }
    return hcc_fail(err, HCC_E_IO, HCC_NO_OFFSET, "can't start %s: %s", run->tool, strerror(cause));
  }
  if (pid == 0) {
    become(run, support, log, parent);
  }
  *c = (child){.pid = pid, .log = log, .begin = hcc_now_ms()};
  return 0;
}

/* The child and what it started: it is a session of its own. */
static void stop(child *c) {
  if (c->pid == 0) {
    return;
  }
  kill(-c->pid, SIGKILL);
  kill(c->pid, SIGKILL); /* in case it has not called setsid yet */
  while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) {
  }
  close(c->log);
  c->pid = 0;
}

/* The line a person should see: the first that says error, else the first. */
static void complaint(char out[HCC_ESCAPED], const char *output) {
  const char *at = strstr(output, "error:");
  at = at == NULL ? output : at;
  while (at > output && at[-1] != '\n') {
    at--;
  }
  size_t length = strcspn(at, "\n");
  size_t kept = 0;
  for (size_t i = 0; i < length && kept < 150; i++) {
    out[kept++] = at[i] >= 0x20 && at[i] < 0x7f ? at[i] : '?';
  }
  out[kept] = '\0';
}

/* What programs say when RLIMIT_AS stops them: LLVM, libstdc++, the loader, libc. */
static bool memory_ran_out(const char *output) {
  static const char *const complaints[] = {"out of memory", "bad_alloc", "failed to map segment",
                                           "annot allocate memory", "cannot create shared object"};
  for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++) {
    if (strstr(output, complaints[i]) != NULL) {
      return true;
    }
  }
  return false;
}

static int judge(const hcc_ran *ran, const hcc_run *run, int wait_status, hcc_error *err) {
  char text[HCC_ESCAPED];
  complaint(text, ran->output);
  int sig = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
  if (sig == SIGXCPU || sig == SIGKILL) {
    return hcc_fail(err, HCC_E_TOOL_LIMIT, HCC_NO_OFFSET, "%s used up its time", run->tool);
  }
  if (sig == SIGXFSZ) {
    return hcc_fail(err, HCC_E_TOOL_LIMIT, HCC_NO_OFFSET, "%s wrote too large a file", run->tool);
  }
  if (wait_status != 0 && memory_ran_out(ran->output)) {
    return hcc_fail(err, HCC_E_TOOL_LIMIT, HCC_NO_OFFSET, "%s used up its memory", run->tool);
  }
  if (sig != 0) {
    return hcc_fail(err, HCC_E_TOOL_FAILED, HCC_NO_OFFSET, "%s was ended by signal %d", run->tool,
                    sig);
  }
  if (WEXITSTATUS(wait_status) != 0) {
    return hcc_fail(err, HCC_E_TOOL_FAILED, HCC_NO_OFFSET, "%s: %s", run->tool,
                    text[0] != '\0' ? text : "it failed and does not say why");
  }
  return 0;
}

/* *ended: has it? Then its results are in *out and the status is its verdict. */
static int poll_child(bool *ended, child *c, hcc_ran *out, const hcc_run *run, hcc_error *err) {
  struct rusage used;
  int wait_status = 0;
  siginfo_t info = {.si_pid = 0};
  *ended = false;
  out->ms = hcc_now_ms() - c->begin;
  int looked = waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT);
  if (looked == 0 && info.si_pid == 0) {
    if (run->seconds != 0 && out->ms > run->seconds * 1e3) {
      return hcc_fail(err, HCC_E_TOOL_LIMIT, HCC_NO_OFFSET, "%s took more than %u s", run->tool,
                      run->seconds);
    }
    return 0;
  }
  kill(-c->pid, SIGKILL); /* what it left behind; its number is still taken */
  if (looked != 0 || wait4(c->pid, &wait_status, 0, &used) < 0) {
    return hcc_fail(err, HCC_E_INTERNAL, HCC_NO_OFFSET, "lost %s: %s", run->tool, strerror(errno));
  }
  *ended = true;
  ssize_t n = pread(c->log, out->output, sizeof out->output - 1, 0);
  out->output[n > 0 ? n : 0] = '\0';
  out->peak_kib = (uint64_t)used.ru_maxrss;
  close(c->log);
  c->pid = 0;
  return judge(out, run, wait_status, err);
}

typedef struct pool {
  child *children; /* one a run; pid 0 before and after its life */
  uint32_t started, live;
} pool;

/* One look at all of them. */
static int step(pool *p, hcc_ran *out, const hcc_run *runs, uint32_t count, uint32_t jobs,
                const hcc_jail_support *support, hcc_error *err) {
  while (p->started < count && p->live < jobs) {
    int status = start(&p->children[p->started], &runs[p->started], support, err);
    if (status != 0) {
      return status;
    }
    p->started++;
    p->live++;
  }
  for (uint32_t i = 0; i < p->started; i++) {
    bool ended = false;
    if (p->children[i].pid == 0) {
      continue;
    }
    int status = poll_child(&ended, &p->children[i], &out[i], &runs[i], err);
    p->live -= ended;
    if (status != 0) {
      return status;
    }
  }
  if (hcc_interrupted) {
    return hcc_fail(err, HCC_E_INTERRUPTED, HCC_NO_OFFSET, "interrupted");
  }
  return 0;
}

int hcc_run_all(hcc_ran *out, const hcc_run *runs, uint32_t count, uint32_t jobs, hcc_error *err) {
  int status = 0;
  hcc_jail_support support;
  long pause = POLL_FIRST_NS;
  pool p = {.children = calloc(count + 1u, sizeof *p.children)};
  if (p.children == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for %u children", count);
  }
  hcc_jail_probe(&support);
  memset(out, 0, count * sizeof *out);
  for (;;) {
    HCC_TRY(step(&p, out, runs, count, jobs == 0 ? 1 : jobs, &support, err));
    if (p.live == 0 && p.started == count) {
      break;
    }
    nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
    pause = pause < POLL_LAST_NS ? pause * 2 : pause;
  }
out:
  for (uint32_t i = 0; i < p.started; i++) {
    stop(&p.children[i]);
  }
  free(p.children);
  return status;
}

int hcc_run_one(hcc_ran *out, const hcc_run *run, hcc_error *err) {
  return hcc_run_all(out, run, 1, 1, err);
}
