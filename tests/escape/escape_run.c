/* escape_run.c - runs files of the corpus: builds each with heliosc's own pipeline in each mode
 * (guard pages and explicit bounds, both tiers), loads it with the engine in a forked child, does
 * what corpus.h's directives say, and looks at the canaries after every step.
 *
 * A file passes in a mode if all ended as wanted - results, a named trap, a named refusal - nothing
 * around the sandbox has changed, and the child ended as it should.
 *
 * usage: escape_run [--reuse FOLDER] [--modes WORD] [--stop yes] FILE...
 *   --reuse: keep plugins in FOLDER and take those that are there; for mutate.py
 *   --modes: only modes whose name has this word
 *   --stop: at the first failure */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "build.h"
#include "canary.h"
#include "corpus.h"
#include "fs.h"
#include "hosts.h"

#define CHILD_SECONDS 20
#define CALL_MS 10000

struct mode {
  const char *name;
  enum hcc_tier tier;
  enum hcc_bounds bounds;
};

static const struct mode modes[] = {
    {"guard-O3", HCC_TIER_OPTIMIZING, HCC_BOUNDS_GUARD},
    {"explicit-O3", HCC_TIER_OPTIMIZING, HCC_BOUNDS_EXPLICIT},
    {"guard-O1", HCC_TIER_BASELINE, HCC_BOUNDS_GUARD},
    {"explicit-O1", HCC_TIER_BASELINE, HCC_BOUNDS_EXPLICIT},
};

/* What a child tells, whichever way it ends. */
struct report {
  unsigned step; /* begun */
  bool done;
  char text[400];
};

struct run {
  const struct corpus_file *file;
  struct report *report;
  hrt_plugin *plugin;
  hrt_instance *instance; /* NULL: the next step makes one */
  struct hsb_binding imports[HOSTS_MAX];
  hrt_budget budget; /* of all calls */
};

static char folder[HCC_PATH];

static void tell(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct run *r, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(r->report->text, sizeof r->report->text, format, args);
  va_end(args);
}

/* ---- steps, in the child ---- */

static volatile sig_atomic_t ticks_left; /* until the running call is cancelled; 0: it is not */
static int cancel;

static void on_tick(int signal) {
  (void)signal;
  if (ticks_left > 0 && --ticks_left == 0) {
    __atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
  }
}

static void set_timer(uint32_t microseconds) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_tick;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  struct itimerval value = {{0, microseconds}, {0, microseconds}};
  setitimer(ITIMER_REAL, &value, NULL);
}

static int make(hrt_instance **out, struct run *r, helios_error *err) {
  hrt_budget budget = {0};
  hrt_instance_options options = {.memory_limit_pages = (uint32_t)r->file->memory,
                                  .stack_bytes = (uint32_t)r->file->stack,
                                  .imports = r->imports};
  return hrt_instance_new(out, r->plugin, &options, &budget, err);
}

static bool ready(struct run *r) {
  helios_error err = {0};
  if (r->instance == NULL && make(&r->instance, r, &err) != 0) {
    tell(r, "no instance: %s", err.text);
    return false;
  }
  return true;
}

/* Did it end as the step wants? status: of what the step did. */
static bool ended(struct run *r, const struct corpus_step *s, int status, const helios_error *err) {
  if (s->want == WANT_VALUES ? status == 0 : false) {
    return true;
  }
  if (s->want == WANT_ERROR && (uint32_t)status == s->code && err->text[0] != '\0') {
    return true;
  }
  bool limit_trap =
      status == HELIOS_E_FUEL || status == HELIOS_E_DEADLINE || status == HELIOS_E_CANCELLED;
  if (s->want == WANT_TRAP && (status == HELIOS_E_TRAP || limit_trap) && err->trap == s->code) {
    return true;
  }
  tell(r, "line %u: %s: ended with status %d, trap %u: %s", s->line,
       s->name == NULL ? "new" : s->name, status, err->trap, err->text);
  return false;
}

/* Where a trap of an instruction happened is known in every mode. */
static bool has_place(struct run *r, const struct corpus_step *s, const helios_error *err) {
  bool of_an_instruction =
      s->want == WANT_TRAP && s->code >= HSB_TRAP_UNREACHABLE && s->code <= HSB_TRAP_STACK;
  if (!of_an_instruction ||
      (err->offset != HELIOS_NO_OFFSET && strstr(err->text, " in \"") != NULL)) {
    return true;
  }
  tell(r, "line %u: %s: the trap has no place: %s", s->line, s->name, err->text);
  return false;
}

static bool compare(struct run *r, const struct corpus_step *s, const char *sig,
                    const hsb_slot *slots) {
  unsigned n = 0;
  const char *results = strchr(sig, ':') + 1;
  for (; *results != '\0'; results++) {
    uint64_t mask = strchr("if", *results) != NULL ? UINT32_MAX : UINT64_MAX;
    for (int half = 0; half < (*results == 'v' ? 2 : 1); half++, n++) {
      if (n >= s->value_count || ((slots[n] ^ s->values[n]) & mask) != 0) {
        tell(r, "line %u: %s: result %u is 0x%llx", s->line, s->name, n,
             (unsigned long long)(slots[n] & mask));
        return false;
      }
    }
  }
  if (n != s->value_count) {
    tell(r, "line %u: %s has %u results", s->line, s->name, n);
  }
  return n == s->value_count;
}

static void drop_instance(struct run *r) {
  canary_watch_target(NULL);
  hrt_instance_free(r->instance);
  r->instance = NULL;
}

/* An instance that trapped must stay dead, for calls that begin the long way and the short one. */
static bool bury(struct run *r, const struct corpus_step *s, uint32_t index) {
  hsb_slot slots[CORPUS_VALUES + 1] = {0};
  hrt_budget first = {0}, more = {.slice = 1 << 20};
  bool dead = hrt_instance_dead(r->instance) &&
              hrt_call(r->instance, index, slots, &first, NULL) == HELIOS_E_MISUSE &&
              hrt_call(r->instance, index, slots, &more, NULL) == HELIOS_E_MISUSE &&
              hrt_instance_reset(r->instance, NULL) == HELIOS_E_MISUSE &&
              hrt_instance_checkpoint(r->instance, NULL) == HELIOS_E_MISUSE;
  if (!dead) {
    tell(r, "line %u: %s: an instance that trapped can be used again", s->line, s->name);
  }
  drop_instance(r);
  return dead;
}

static uint64_t in_ms(uint64_t ms) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec + ms * 1000000u;
}

/* The call, with a pattern on the stack above it. What is left of a slice goes on to the next call,
 * as it does in a statement. */
__attribute__((noinline)) static int call(const char **wrong, struct run *r, uint32_t index,
                                          hsb_slot *slots, helios_error *err) {
  volatile uint8_t room[2048];
  hrt_budget *budget = &r->budget;
  budget->fuel_limit = r->file->fuel;
  budget->fuel_used = 0;
  budget->deadline_ns = in_ms(r->file->time != 0 ? r->file->time : CALL_MS);
  budget->cancel = &cancel;
  __atomic_store_n(&cancel, 0, __ATOMIC_RELAXED);
  ticks_left = (sig_atomic_t)r->file->ticks;
  for (size_t n = 0; n < sizeof room; n++) {
    room[n] = (uint8_t)(n * 37);
  }
  int status = hrt_call(r->instance, index, slots, budget, err);
  *wrong = budget->depth != 0                      ? "the depth of calls is not what it was"
           : status == 0 && budget->fuel_used == 0 ? "it used no fuel"
                                                   : NULL;
  for (size_t n = 0; n < sizeof room; n++) {
    *wrong = room[n] == (uint8_t)(n * 37) ? *wrong : "the host's stack was changed";
  }
  return status;
}

static bool invoke(struct run *r, const struct corpus_step *s) {
  hsb_slot slots[CORPUS_VALUES + 1] = {0};
  helios_error err = {0};
  const char *wrong;
  int index = hrt_plugin_export(r->plugin, s->name, strlen(s->name));
  if (index < 0) {
    tell(r, "line %u: no export %s", s->line, s->name);
    return false;
  }
  memcpy(slots, s->arguments, s->argument_count * sizeof *slots);
  int status = call(&wrong, r, (uint32_t)index, slots, &err);
  if (wrong != NULL) {
    tell(r, "line %u: %s: %s", s->line, s->name, wrong);
    return false;
  }
  const char *sig = hrt_plugin_abi(r->plugin)->exports[index].sig;
  return ended(r, s, status, &err) && has_place(r, s, &err) &&
         (status != 0 || compare(r, s, sig, slots)) && (status == 0 || bury(r, s, (uint32_t)index));
}

static bool renew(struct run *r, const struct corpus_step *s) {
  helios_error err = {0};
  drop_instance(r);
  int status = make(&r->instance, r, &err);
  canary_watch_target(r->instance);
  return ended(r, s, status, &err);
}

static bool take(struct run *r, const struct corpus_step *s) {
  helios_error err = {0};
  int status = 0;
  if (s->action == DO_NEW) {
    return renew(r, s);
  }
  if (s->action == DO_TIMER) {
    set_timer(s->code);
    return true;
  }
  if (r->instance == NULL) {
    if (!ready(r)) {
      return false;
    }
    canary_watch_target(r->instance);
  }
  switch (s->action) {
  case DO_RESET:
    status = hrt_instance_reset(r->instance, &err);
    break;
  case DO_CHECKPOINT:
    status = hrt_instance_checkpoint(r->instance, &err);
    break;
  default:
    return invoke(r, s);
  }
  if (status != 0) {
    tell(r, "line %u: %s", s->line, err.text);
  }
  return status == 0;
}

/* ---- a child ---- */

static bool load(struct run *r, const char *path) {
  uint8_t key[HRT_KEY_BYTES], *bytes;
  size_t size;
  hcc_error why = {.code = HCC_OK};
  helios_error err = {0};
  if (hcc_file_read(&bytes, &size, path, 1u << 30, &why) != 0) {
    tell(r, "%s", why.text);
    return false;
  }
  bool loaded =
      hrt_key_load(key, &err) == 0 && hrt_plugin_load(&r->plugin, bytes, size, key, &err) == 0;
  if (!loaded) {
    tell(r, "load: %s", err.text);
  }
  free(bytes);
  return loaded && hosts_bind(r->imports, r->plugin);
}

/* Two instances beside the one under test, made before and after it, and one that it may call;
 * none if the file is about instances that can't be made. */
static bool neighbours(struct run *r) {
  hrt_instance *others[3];
  if (r->file->steps[0].action == DO_NEW && r->file->steps[0].want != WANT_VALUES) {
    return true;
  }
  helios_error err = {0};
  for (int n = 0; n < 3; n++) {
    if (make(&others[n], r, &err) != 0 || (n == 0 && !ready(r))) {
      tell(r, "no instance: %s", err.text);
      return false;
    }
  }
  canary_watch_neighbour(others[0]);
  canary_watch_neighbour(others[1]);
  canary_watch_target(r->instance);
  hosts_set_callee(others[2]);
  return true;
}

/* Signals as a program has them that installs none, no core, and an end to it all. */
static void plain_process(void) {
  struct sigaction plain;
  memset(&plain, 0, sizeof plain);
  plain.sa_handler = SIG_DFL;
  sigaction(SIGSEGV, &plain, NULL);
  sigaction(SIGBUS, &plain, NULL);
  struct rlimit none = {0, 0}, seconds = {CHILD_SECONDS, CHILD_SECONDS};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_CPU, &seconds);
}

static bool steps(struct run *r) {
  for (unsigned n = 0; n < r->file->step_count; n++) {
    r->report->step = n;
    if (!take(r, &r->file->steps[n])) {
      return false;
    }
    const char *broken = canary_broken();
    if (broken != NULL) {
      tell(r, "line %u: %s was changed", r->file->steps[n].line, broken);
      return false;
    }
  }
  return true;
}

static void child(struct run *r, const char *path) {
  plain_process();
  canary_begin();
  bool fine = load(r, path);
  if (fine && r->file->address != 0) {
    struct rlimit limit = {r->file->address, r->file->address};
    fine = setrlimit(RLIMIT_AS, &limit) == 0;
  }
  r->report->done = fine && neighbours(r) && steps(r);
  fflush(stdout);
  _exit(0);
}

/* ---- a file in a mode ---- */

static bool judge(const struct corpus_file *file, const struct report *report, int status,
                  char why[500]) {
  const struct corpus_step *last = &file->steps[report->step];
  if (WIFSIGNALED(status)) {
    bool wanted = last->want == WANT_CRASH && (uint32_t)WTERMSIG(status) == last->code;
    snprintf(why, 500, "line %u: the host died by signal %d", last->line, WTERMSIG(status));
    return wanted;
  }
  snprintf(why, 500, "%s", report->text[0] ? report->text : "the host ended early");
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 && report->done;
}

static bool execute(const struct corpus_file *file, const char *path, char why[500]) {
  struct run r = {.file = file};
  int status;
  r.report =
      mmap(NULL, sizeof *r.report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (r.report == MAP_FAILED) {
    snprintf(why, 500, "no memory");
    return false;
  }
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    child(&r, path);
  }
  bool fine = pid > 0 && waitpid(pid, &status, 0) == pid && judge(file, r.report, status, why);
  munmap(r.report, sizeof *r.report);
  return fine;
}

static bool rejected(const struct corpus_file *file, int status, const hcc_error *err,
                     char why[500]) {
  char code[8];
  snprintf(code, sizeof code, "H%04d", status);
  snprintf(why, 500, "build ended with %s: %s", code, err->text);
  return strcmp(code, file->reject) == 0 && strstr(err->text, file->reject_text) != NULL;
}

static const char *base_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

static bool in_mode(const struct corpus_file *file, const char *path, const struct mode *mode,
                    bool reuse, char why[500]) {
  char plugin[HCC_PATH];
  hcc_build_result result;
  hcc_error err = {.code = HCC_OK};
  if (hcc_path(plugin, &err, "%s/%s.%s.so", folder, base_of(path), mode->name) != 0) {
    return false;
  }
  hcc_build_options options = {.input = path,
                               .output = plugin,
                               .tier = mode->tier,
                               .bounds = mode->bounds,
                               .no_cache = true,
                               .jobs = 1};
  bool there = reuse && access(plugin, R_OK) == 0;
  int status = there ? 0 : hcc_build(&result, &options, &err);
  if (file->reject != NULL) {
    return rejected(file, status, &err, why);
  }
  if (status != 0) {
    snprintf(why, 500, "build: H%04d %s", status, err.text);
    return false;
  }
  bool fine = execute(file, plugin, why);
  if (!reuse) {
    unlink(plugin);
  }
  return fine;
}

static unsigned one_file(const char *path, const char *only, bool reuse, unsigned *runs,
                         unsigned *invokes) {
  struct corpus_file file;
  unsigned failed = 0, before = *runs;
  if (!corpus_read(&file, path)) {
    corpus_free(&file);
    return 1;
  }
#if defined(__SANITIZE_ADDRESS__)
  if (file.address != 0) { /* the sanitizer itself needs more */
    corpus_free(&file);
    return 0;
  }
#endif
  for (size_t n = 0; n < sizeof modes / sizeof *modes; n++) {
    char why[500] = "";
    if (!corpus_has_mode(&file, modes[n].name) || strstr(modes[n].name, only) == NULL ||
        (file.reject != NULL && *runs > before)) { /* a front end has no modes */
      continue;
    }
    ++*runs;
    *invokes += file.step_count;
    if (!in_mode(&file, path, &modes[n], reuse, why)) {
      failed++;
      printf("FAILED %s (%s): %s\n", base_of(path), modes[n].name, why);
    }
  }
  corpus_free(&file);
  return failed;
}

static bool begin(const char *reuse) {
  char path[HCC_PATH];
  const char *source = getenv("HELIOS_SOURCE");
  if (source != NULL && getenv("HELIOS_TOOLCHAIN") == NULL &&
      hcc_path(path, NULL, "%s/toolchain", source) == 0 && access(path, R_OK) == 0) {
    setenv("HELIOS_TOOLCHAIN", path, 1);
  }
  if (reuse != NULL) {
    if (hcc_dir_make(reuse, 0700, NULL) != 0 || hcc_path(folder, NULL, "%s", reuse) != 0) {
      return false;
    }
  } else {
    strcpy(folder, "/tmp/helios-escape-"
                   "XX"
                   "XX"
                   "XX");
    if (mkdtemp(folder) == NULL) {
      return false;
    }
  }
  return hcc_path(path, NULL, "%s/local.key", folder) == 0 && setenv("HELIOS_KEY", path, 1) == 0;
}

int main(int argc, char **argv) {
  const char *reuse = NULL, *only = "";
  bool stop = false;
  unsigned failed = 0, runs = 0, invokes = 0, files = 0;
  int n = 1;
  for (; n + 1 < argc && argv[n][0] == '-'; n += 2) {
    if (strcmp(argv[n], "--reuse") == 0) {
      reuse = argv[n + 1];
    } else if (strcmp(argv[n], "--modes") == 0) {
      only = argv[n + 1];
    } else if (strcmp(argv[n], "--stop") == 0) {
      stop = true;
    }
  }
  if (n >= argc || !begin(reuse)) {
    printf("usage: escape_run [--reuse FOLDER] [--modes WORD] [--stop yes] FILE...\n");
    return 2;
  }
  for (; n < argc && !(stop && failed > 0); n++, files++) {
    failed += one_file(argv[n], only, reuse != NULL, &runs, &invokes);
  }
  if (reuse == NULL) {
    hcc_dir_remove(folder);
  }
  printf("%u files, %u runs, %u steps, %u failed\n", files, runs, invokes, failed);
  return failed != 0 || runs == 0;
}
