/* signal_test.c - whose fault is it? The guest's becomes a trap; the host's stays the host's, with
 * the handler that was there before ours, or the default, and beside one that came after. Each case
 * is a forked child, because most of them die. */
#include "guest_kit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

int __real_sigaction(int signal, const struct sigaction *action, struct sigaction *old);
int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *old);

static int until = -1; /* calls of the engine's that still succeed; negative: all do */

int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *old) {
  if (until >= 0 && until-- == 0) {
    errno = EINVAL;
    return -1;
  }
  return __real_sigaction(signal, action, old);
}

static hrt_plugin *plugin;

static int setup(void **state) {
  (void)state;
  plugin = kit_plugin("");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  hrt_plugin_unref(plugin);
  return 0;
}

/* Runs body in a child; returns its wait status. 3: an assertion failed there. */
static int in_child(void (*body)(void)) {
  fflush(NULL);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    struct sigaction dfl;
    memset(&dfl, 0, sizeof dfl);
    dfl.sa_handler = SIG_DFL;
    sigaction(SIGSEGV, &dfl, NULL); /* a sanitizer's may be there */
    sigaction(SIGBUS, &dfl, NULL);
    alarm(30); /* a fault that is taken for nobody's comes again for ever */
    body();
    _exit(0);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return status;
}

static void dies_by(void (*body)(void), int signal) {
  int status = in_child(body);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), signal);
}

static void exits_with(void (*body)(void), int code) {
  int status = in_child(body);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), code);
}

static hrt_instance *instance_with(hsb_import_fn *fn) {
  struct hsb_binding b = {fn, NULL};
  hrt_instance *i = NULL;
  hrt_budget budget = {0};
  hrt_instance_options options = {.imports = &b};
  if (hrt_instance_new(&i, plugin, &options, &budget, NULL) != 0) {
    _exit(3);
  }
  return i;
}

static int call(hrt_instance *i, uint32_t n, uint64_t a) {
  hsb_slot s[3] = {a, 1, 1};
  hrt_budget budget = {0};
  return hrt_call(i, n, s, &budget, NULL);
}

static volatile uintptr_t nowhere = 8;

static void host_null_write(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx;
  (void)s;
  (void)env;
  *(volatile char *)nowhere = 1;
}

/* The address is the instance's own, but the instruction is the host's. */
static void host_guest_address(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)s;
  (void)env;
  *(volatile char *)(hrt_instance_of(ctx)->memory + (4u << 16)) = 1;
}

static void write_in_callback(void) {
  call(instance_with(host_null_write), KIT_IMPORT, 0);
}

static void write_guest_address_in_callback(void) {
  call(instance_with(host_guest_address), KIT_IMPORT, 0);
}

static void write_outside_of_a_call(void) {
  instance_with(kit_host_unused);
  *(volatile char *)nowhere = 1;
}

static void write_to_the_ctx_guard(void) {
  *(volatile char *)(instance_with(kit_host_unused)->memory + (4u << 16)) = 1;
}

static void host__faults_stay_host_faults(void **state) {
  (void)state;
  dies_by(write_in_callback, SIGSEGV);
  dies_by(write_guest_address_in_callback, SIGSEGV);
  dies_by(write_outside_of_a_call, SIGSEGV);
  dies_by(write_to_the_ctx_guard, SIGSEGV);
}

/* Host code runs in a guest call and faults in memory of another instance. */
static hrt_instance *other;

static void host_other_instance(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx;
  (void)s;
  (void)env;
  *(volatile char *)(other->memory + (4u << 16)) = 1;
}

static void write_other_instance(void) {
  other = instance_with(kit_host_unused);
  call(instance_with(host_other_instance), KIT_IMPORT, 0);
}

/* Guest code that was not entered through hrt_call. */
static void enter_without_a_call(void) {
  hrt_instance *i = instance_with(kit_host_unused);
  hsb_slot s[3] = {0xffffffff, 0, 0};
  i->abi->exports[KIT_PEEK].call(i->instance, s);
}

/* Guest code of one instance in a call of another: the address is in the wrong reservation. */
static void host_enters_other(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx;
  (void)env;
  s[0] = 0xffffffff;
  other->abi->exports[KIT_PEEK].call(other->instance, s);
}

static void enter_other_without_a_call(void) {
  other = instance_with(kit_host_unused);
  call(instance_with(host_enters_other), KIT_IMPORT, 0);
}

static void host__not_every_guest_fault_is_ours(void **state) {
  (void)state;
  dies_by(write_other_instance, SIGSEGV);
  dies_by(enter_without_a_call, SIGSEGV);
  dies_by(enter_other_without_a_call, SIGSEGV);
}

static void guest_trap_then_crash(void) {
  if (call(instance_with(kit_host_unused), KIT_PEEK, 0xffffffff) != HELIOS_E_TRAP) {
    _exit(3);
  }
  *(volatile char *)nowhere = 1;
}

static void host__crash_after_a_trap(void **state) {
  (void)state;
  dies_by(guest_trap_then_crash, SIGSEGV);
}

/* ---- handlers of others ---- */

static volatile int hits;

static void by_info(int signal, siginfo_t *info, void *uc) {
  (void)uc;
  _exit(signal == SIGSEGV && info->si_addr == (void *)nowhere ? 40 : 3);
}

static void by_number(int signal) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  _exit(signal == SIGSEGV && sigismember(&mask, SIGSEGV) && sigismember(&mask, SIGUSR1) ? 41 : 3);
}

static void by_number_again(int signal) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  bool open = KIT_TSAN || !sigismember(&mask, SIGSEGV); /* TSan blocks all in every handler */
  _exit(signal == SIGSEGV && open ? 46 : 3);
}

static void count_and_repair(int signal) {
  (void)signal;
  hits++;
  nowhere = (uintptr_t)&hits + 0; /* not seen by the instruction that faulted */
}

static void install(void (*info)(int, siginfo_t *, void *), void (*number)(int), int flags) {
  struct sigaction a;
  memset(&a, 0, sizeof a);
  a.sa_flags = flags;
  if (info) {
    a.sa_sigaction = info;
    a.sa_flags |= SA_SIGINFO;
  } else {
    a.sa_handler = number;
  }
  sigaddset(&a.sa_mask, SIGUSR1);
  sigaction(SIGSEGV, &a, NULL);
}

static void trap_and_crash(void) {
  guest_trap_then_crash();
}

static void before_info(void) {
  install(by_info, NULL, 0);
  trap_and_crash();
}

static void before_number(void) {
  install(NULL, by_number, 0);
  trap_and_crash();
}

static void before_number_again(void) {
  install(NULL, by_number_again, (int)SA_NODEFER);
  trap_and_crash();
}

/* What faulted goes on, and does not see that there was a handler. */
static void repair(int signal, siginfo_t *info, void *uc) {
  (void)signal, (void)uc;
  if (mprotect(info->si_addr, 4096, PROT_READ | PROT_WRITE) != 0) {
    _exit(3);
  }
  errno = 1;
}

static void before_repairs(void) {
  char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  install(repair, NULL, 0);
  instance_with(kit_host_unused);
  errno = 77;
  *(volatile char *)page = 5;
  _exit(page[0] == 5 && errno == 77 ? 47 : 3);
}

static void before_once(void) {
  install(NULL, count_and_repair, (int)SA_RESETHAND);
  trap_and_crash(); /* the handler runs once, then the default kills */
}

static void before_ignored(void) {
  install(NULL, SIG_IGN, 0);
  instance_with(kit_host_unused);
  raise(SIGSEGV); /* ignored */
  _exit(44);
}

static void before_ignored_crash(void) {
  install(NULL, SIG_IGN, 0);
  trap_and_crash(); /* what the kernel raises can't be ignored */
}

/* Fails at each step, then works: the handler that was there before the first attempt is known. */
static void before_failed_attempts(void) {
  static const int steps[] = {0, 1, 2, 2}; /* the last finds ours in place of the first signal's */
  install(by_info, NULL, 0);
  for (int n = 0; n < 4; n++) {
    helios_error err = {0};
    until = steps[n];
    if (hrt_signal_install(&err) != HELIOS_E_IO ||
        strstr(err.text, "can't install a signal handler") == NULL) {
      _exit(3);
    }
  }
  until = -1;
  trap_and_crash();
}

static void sent_by_kill(void) {
  instance_with(kit_host_unused);
  raise(SIGSEGV);
}

static void host_raises(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx;
  (void)s;
  (void)env;
  raise(SIGSEGV);
}

static void sent_in_a_call(void) {
  call(instance_with(host_raises), KIT_IMPORT, 0);
}

/* A sent signal that claims an address of the running guest's memory. */
static pid_t spinner;

static void *forge(void *arg) {
  siginfo_t info;
  struct timespec t = {.tv_nsec = 20000000};
  nanosleep(&t, NULL);
  memset(&info, 0, sizeof info);
  info.si_code = SI_QUEUE;
  info.si_addr = ((hrt_instance *)arg)->memory + (4u << 16);
  syscall(SYS_rt_tgsigqueueinfo, getpid(), spinner, SIGSEGV, &info);
  return NULL;
}

static void forged(void) {
  pthread_t t;
  hrt_instance *i = instance_with(kit_host_unused);
  hsb_slot s[1] = {0};
  hrt_budget budget = {.fuel_limit = UINT64_C(4) << 30};
  spinner = gettid();
  pthread_create(&t, NULL, forge, i);
  hrt_call(i, KIT_SPIN_DRY, s, &budget, NULL);
  pthread_join(t, NULL); /* on a busy machine it may come after the call */
}

static void count(int signal) {
  (void)signal;
  hits++;
}

/* Does our handler take a fault with this code, by an instruction of the plugin, at an address
 * behind the guest's memory? The one before it counts those that it does not. */
static bool takes(const hrt_instance *i, int code) {
  struct sigaction ours;
  siginfo_t info;
  ucontext_t uc;
  int before = hits;
  memset(&info, 0, sizeof info);
  memset(&uc, 0, sizeof uc);
  uintptr_t pc = (uintptr_t)i->abi->exports[KIT_PEEK].call;
#if defined(__x86_64__)
  uc.uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
#else
  uc.uc_mcontext.pc = pc;
#endif
  info.si_code = code;
  info.si_addr = i->memory + (4u << 16);
  sigaction(SIGSEGV, NULL, &ours);
  ours.sa_sigaction(SIGSEGV, &info, &uc);
  return hits == before;
}

static void host_asks(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)s, (void)env;
  const hrt_instance *i = hrt_instance_of(ctx);
  _exit(takes(i, SEGV_MAPERR) && takes(i, SEGV_ACCERR) && !takes(i, SI_KERNEL) &&
                !takes(i, SI_USER) && !takes(i, SI_QUEUE)
            ? 48
            : 3);
}

/* The kernel's codes with an address, no others. */
static void codes_of_faults(void) {
  install(NULL, count, 0);
  call(instance_with(host_asks), KIT_IMPORT, 0);
}

static void chain__handlers_before_ours(void **state) {
  (void)state;
  exits_with(before_info, 40);
  exits_with(before_number, 41);
  dies_by(before_once, SIGSEGV);
  exits_with(before_number_again, 46);
  exits_with(before_repairs, 47);
  exits_with(before_ignored, 44);
  dies_by(before_ignored_crash, SIGSEGV);
  exits_with(before_failed_attempts, 40);
  dies_by(sent_by_kill, SIGSEGV);
  dies_by(sent_in_a_call, SIGSEGV);
  dies_by(forged, SIGSEGV);
  exits_with(codes_of_faults, 48);
}

/* One that came after ours and passes on what is not its own. */
static struct sigaction below;

static void pass_on(int signal, siginfo_t *info, void *uc) {
  hits++;
  below.sa_sigaction(signal, info, uc);
}

static void after_passes_on(void) {
  hrt_instance *i = instance_with(kit_host_unused);
  sigaction(SIGSEGV, NULL, &below);
  install(pass_on, NULL, 0);
  if (call(i, KIT_PEEK, 0xffffffff) != HELIOS_E_TRAP || hits != 1) {
    _exit(3);
  }
  i = instance_with(kit_host_unused); /* installs nothing again */
  if (call(i, KIT_PEEK, 0xffffffff) != HELIOS_E_TRAP || hits != 2) {
    _exit(3);
  }
  *(volatile char *)nowhere = 1;
}

static void chain__a_handler_after_ours(void **state) {
  (void)state;
  dies_by(after_passes_on, SIGSEGV);
}

static void nested_trap(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx;
  (void)env;
  s[0] = (uint64_t)call(other, KIT_PEEK, 0xffffffff);
  *(volatile char *)nowhere = 1;
}

static void crash_after_nested_trap(void) {
  other = instance_with(kit_host_unused);
  call(instance_with(nested_trap), KIT_IMPORT, 0);
}

static void nested__crash_after_inner_trap(void **state) {
  (void)state;
  dies_by(crash_after_nested_trap, SIGSEGV);
}

/* ---- SIGBUS ---- */

/* A page of a file that has no such page: SIGBUS for who touches it. */
static void no_page_at(void *at) {
  int fd = memfd_create("empty", MFD_CLOEXEC);
  int fixed = at ? MAP_FIXED : 0;
  void *page = mmap(at, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | fixed, fd, 0);
  close(fd);
  if (page == MAP_FAILED) {
    _exit(3);
  }
  nowhere = (uintptr_t)page;
}

static void bus_in_callback(void) {
  hrt_instance *i = instance_with(host_null_write);
  no_page_at(NULL);
  call(i, KIT_IMPORT, 0);
}

static void bus_outside_of_a_call(void) {
  instance_with(kit_host_unused);
  no_page_at(NULL);
  *(volatile char *)nowhere = 1;
}

static void by_bus(int signal, siginfo_t *info, void *uc) {
  (void)uc;
  _exit(signal == SIGBUS && info->si_addr == (void *)nowhere && info->si_code == BUS_ADRERR ? 42
                                                                                            : 3);
}

static void bus_before(void) {
  struct sigaction a;
  memset(&a, 0, sizeof a);
  a.sa_sigaction = by_bus;
  a.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &a, NULL);
  bus_in_callback();
}

/* The system can't give a page of the guest's memory: a trap, and the process goes on. */
static void bus_of_the_guest(void) {
  hrt_instance *i = instance_with(kit_host_unused), *next = instance_with(kit_host_unused);
  no_page_at(i->memory + 8192);
  hsb_slot s[3] = {8192, 0, 0};
  hrt_budget budget = {0};
  helios_error err = {0};
  if (hrt_call(i, KIT_PEEK, s, &budget, &err) != HELIOS_E_TRAP ||
      err.trap != HSB_TRAP_OUT_OF_MEMORY || !hrt_instance_dead(i) ||
      call(next, KIT_PEEK, 16) != 0) {
    _exit(3);
  }
}

static void bus__is_the_hosts_but_in_guest_memory(void **state) {
  (void)state;
  dies_by(bus_in_callback, SIGBUS);
  dies_by(bus_outside_of_a_call, SIGBUS);
  exits_with(bus_before, 42);
  exits_with(bus_of_the_guest, 0);
}

/* ---- fork ---- */

static int child_of(void (*body)(hrt_instance *i), hrt_instance *i) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    body(i);
    _exit(0);
  }
  return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static void trap_in(hrt_instance *i) {
  call(i, KIT_POKE, 100);
  if (call(i, KIT_PEEK, 0xffffffff) != HELIOS_E_TRAP) {
    _exit(3);
  }
  i = instance_with(kit_host_unused);
  if (call(i, KIT_PEEK, 0xffffffff) != HELIOS_E_TRAP) {
    _exit(3);
  }
}

static void crash_in(hrt_instance *i) {
  (void)i;
  *(volatile char *)nowhere = 1;
}

static int in_callback; /* of the child of a running call */

static void host_forks(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)s, (void)env;
  in_callback = child_of(crash_in, hrt_instance_of(ctx));
}

/* Children of a process with instances, outside of a call and in one: each is on its own. */
static void forks(void) {
  hrt_instance *i = instance_with(host_forks);
  int trapped = child_of(trap_in, i), crashed = child_of(crash_in, i);
  bool good = WIFEXITED(trapped) && WEXITSTATUS(trapped) == 0 && WIFSIGNALED(crashed) &&
              WTERMSIG(crashed) == SIGSEGV;
  good = good && call(i, KIT_IMPORT, 0) == 0 && WIFSIGNALED(in_callback) &&
         WTERMSIG(in_callback) == SIGSEGV;
  hsb_slot s[3] = {100, 0, 0};
  hrt_budget budget = {0};
  good = good && hrt_call(i, KIT_PEEK, s, &budget, NULL) == 0 &&
         s[0] == 0; /* the child wrote its own */
  _exit(good ? 0 : 3);
}

static void fork__children_are_on_their_own(void **state) {
  (void)state;
  exits_with(forks, 0);
}

/* ---- a foreign alternate stack ---- */

static uint8_t *alternate;
static size_t alternate_size;

static void on_alternate(int signal) {
  uint8_t here;
  _exit(signal == SIGSEGV && &here > alternate && &here < alternate + alternate_size ? 43 : 3);
}

/* As small as the system allows, with room for a small handler, and its end made visible. */
static void set_alternate(void) {
  alternate_size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 4096;
  alternate =
      mmap(NULL, alternate_size + 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(alternate, 4096, PROT_NONE);
  alternate += 4096;
  stack_t alt = {.ss_sp = alternate, .ss_size = alternate_size};
  if (sigaltstack(&alt, NULL) != 0) {
    _exit(3);
  }
}

static void crash_on_alternate(void) {
  install(NULL, on_alternate, (int)SA_ONSTACK);
  set_alternate();
  guest_trap_then_crash();
}

static volatile bool deeper = true;

static void overflow(volatile char *above) {
  volatile char room[4096];
  room[0] = above ? above[0] : 0;
  if (deeper) {
    overflow(room);
  }
  room[1] = room[0];
}

/* The host's own stack overflows: its handler, on its alternate stack, hears of it. */
static void host_overflows(void) {
  install(NULL, on_alternate, (int)SA_ONSTACK);
  set_alternate();
  instance_with(kit_host_unused);
  overflow(NULL);
}

static void host_overflows_without(void) {
  instance_with(kit_host_unused);
  overflow(NULL);
}

/* Page faults and traps of the guest, and one that came after ours, on that stack. */
static void guest_on_alternate(void) {
  set_alternate();
  after_passes_on();
}

static void altstack__foreign(void **state) {
  (void)state;
  exits_with(crash_on_alternate, 43);
  exits_with(host_overflows, 43);
  dies_by(host_overflows_without, SIGSEGV);
  dies_by(guest_on_alternate, SIGSEGV);
}

/* ---- state after a trap ---- */

static void trap__keeps_mask_and_errno(void **state) {
  (void)state;
  sigset_t set, now;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, NULL);
  hrt_instance *i = kit_instance(plugin, NULL);
  errno = 77;
  assert_int_equal(call(i, KIT_PEEK, 0xffffffff), HELIOS_E_TRAP);
  assert_int_equal(errno, 77);
  sigprocmask(SIG_BLOCK, NULL, &now);
  assert_true(sigismember(&now, SIGUSR2));
  assert_false(sigismember(&now, SIGSEGV));
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  hrt_instance_free(i);
}

static void trap__on_an_alternate_stack(void **state) {
  (void)state;
  stack_t alt = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16}, old;
  assert_non_null(alt.ss_sp);
  assert_int_equal(sigaltstack(&alt, &old), 0);
  for (int n = 0; n < 50; n++) { /* the alternate stack must be free again each time */
    hrt_instance *i = kit_instance(plugin, NULL);
    kit_call(i, KIT_POKE, 200000, 1, 0);
    assert_int_equal(call(i, KIT_POKE, 0xffffffff), HELIOS_E_TRAP);
    hrt_instance_free(i);
  }
  assert_int_equal(sigaltstack(&old, NULL), 0);
  free(alt.ss_sp);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(host__faults_stay_host_faults),
      cmocka_unit_test(host__not_every_guest_fault_is_ours),
      cmocka_unit_test(host__crash_after_a_trap),
      cmocka_unit_test(chain__handlers_before_ours),
      cmocka_unit_test(chain__a_handler_after_ours),
      cmocka_unit_test(nested__crash_after_inner_trap),
      cmocka_unit_test(bus__is_the_hosts_but_in_guest_memory),
      cmocka_unit_test(fork__children_are_on_their_own),
      cmocka_unit_test(altstack__foreign),
      cmocka_unit_test(trap__keeps_mask_and_errno),
      cmocka_unit_test(trap__on_an_alternate_stack),
  };
  return cmocka_run_group_tests_name("signal", tests, setup, teardown);
}
