/* signal.c - the one handler of SIGSEGV and SIGBUS, chained to what was there before.
 *
 * Invariant: a fault is ours only if the kernel raised it for an address in the reservation of the
 * instance that this thread is running, by an instruction of that instance's plugin. Then the page
 * is opened (track.c) or the thread goes on in hrt_guard_leave. All else goes to the handler
 * before ours, as if we were not there: a bug of the host stays a bug of the host.
 *
 * Async-signal-safe: thread-local reads (initial-exec), mprotect, no lock, no allocation. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "instance/inst.h"

static struct sigaction before_segv, before_bus;

static uintptr_t context_pc(const ucontext_t *uc) {
#if defined(__x86_64__)
  return (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
#else
  return (uintptr_t)uc->uc_mcontext.pc;
#endif
}

/* The interrupted thread continues as if it had called hrt_guard_leave(landing, code). */
static void land(ucontext_t *uc, struct hrt_landing *landing, uint32_t code) {
#if defined(__x86_64__)
  greg_t *r = uc->uc_mcontext.gregs;
  r[REG_RIP] = (greg_t)(uintptr_t)hrt_guard_leave;
  r[REG_RDI] = (greg_t)(uintptr_t)landing;
  r[REG_RSI] = (greg_t)code;
  r[REG_EFL] &= ~(greg_t)0x400; /* the ABI wants the direction flag clear */
#else
  uc->uc_mcontext.pc = (uintptr_t)hrt_guard_leave;
  uc->uc_mcontext.regs[0] = (uintptr_t)landing;
  uc->uc_mcontext.regs[1] = code;
#endif
}

static bool claim(int signal, const siginfo_t *info, ucontext_t *uc) {
  struct hrt_activation *a = hrt_thread.current;
  if (a == NULL || info->si_code <= 0 || info->si_code == SI_KERNEL) {
    return false; /* sent by kill, or without an address */
  }
  const hrt_instance *i = a->instance;
  uintptr_t address = (uintptr_t)info->si_addr, pc = context_pc(uc);
  if (address - (uintptr_t)i->reservation >= i->reservation_size ||
      !hrt_plugin_has_pc(i->plugin, pc)) {
    return false;
  }
  uint32_t trap = signal == SIGBUS ? HSB_TRAP_OUT_OF_MEMORY : hrt_track_fault(a->instance, address);
  if (trap != 0) {
    a->pc = pc;
    land(uc, &a->landing, trap);
  }
  return true;
}

/* Default action: put it back and return, so that the instruction faults again and the process
 * dies as it would have. A signal that was sent does not come again by itself. */
static void act_by_default(int signal, const siginfo_t *info) {
  struct sigaction dfl;
  memset(&dfl, 0, sizeof dfl);
  dfl.sa_handler = SIG_DFL;
  sigaction(signal, &dfl, NULL);
  if (info->si_code <= 0) {
    raise(signal);
  }
}

static void call_before(struct sigaction *before, int signal, siginfo_t *info, void *uc) {
  struct sigaction action = *before;
  sigset_t mask = action.sa_mask, old;
  if (action.sa_flags & (int)SA_RESETHAND) {
    before->sa_handler = SIG_DFL;
    before->sa_flags = 0;
  }
  if (!(action.sa_flags & SA_NODEFER)) {
    sigaddset(&mask, signal);
  }
  pthread_sigmask(SIG_BLOCK, &mask, &old);
  if (action.sa_flags & SA_SIGINFO) {
    action.sa_sigaction(signal, info, uc);
  } else {
    action.sa_handler(signal);
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void chain(int signal, siginfo_t *info, void *uc) {
  struct sigaction *before = signal == SIGSEGV ? &before_segv : &before_bus;
  bool plain = !(before->sa_flags & SA_SIGINFO);
  if (plain && before->sa_handler == SIG_IGN && info->si_code <= 0) {
    return; /* a fault of the kernel's can't be ignored */
  }
  if (plain && (before->sa_handler == SIG_DFL || before->sa_handler == SIG_IGN)) {
    act_by_default(signal, info);
  } else {
    call_before(before, signal, info, uc);
  }
}

static void handle(int signal, siginfo_t *info, void *uc) {
  int saved = errno;
  if (!claim(signal, info, uc)) {
    chain(signal, info, uc);
  }
  errno = saved;
}

/* Leaves `before` alone where ours is installed: by an earlier attempt that failed halfway. */
static int install(int signal, struct sigaction *before) {
  struct sigaction ours, now;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&ours.sa_mask);
  /* Read first: the handler may run on another thread before a combined call has written it. */
  if (sigaction(signal, NULL, &now) != 0) {
    return -1;
  }
  if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle) {
    return 0;
  }
  *before = now;
  return sigaction(signal, &ours, NULL);
}

int hrt_signal_install(helios_error *err) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static atomic_bool installed;
  int status = 0;
  if (atomic_load_explicit(&installed, memory_order_acquire)) {
    return 0;
  }
  pthread_mutex_lock(&lock);
  if (!atomic_load(&installed)) {
    if (install(SIGSEGV, &before_segv) != 0 || install(SIGBUS, &before_bus) != 0) {
      status = hrt_fail(err, HELIOS_E_IO, "can't install a signal handler: %s", strerror(errno));
    } else {
      atomic_store_explicit(&installed, true, memory_order_release);
    }
  }
  pthread_mutex_unlock(&lock);
  return status;
}
