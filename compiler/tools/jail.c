/* jail.c - resource limits, a seccomp filter written by hand and Landlock rules, for the children
 * that read hostile input. Must not allocate or lock: it runs between fork and exec. Invariants:
 * see jail.h. */
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#endif

#define X32_BIT 0x40000000u /* x86-64: another ABI behind the same architecture number */
#define NEW_SPACES                                                                                 \
  (CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |       \
   CLONE_NEWCGROUP)

static const uint16_t denied[] = {
#define HCC_DENY(name) SYS_##name,
#include "jail_calls.def"
#undef HCC_DENY
};
#define DENIED (sizeof denied / sizeof *denied)

#define AT(field) ((uint32_t)offsetof(struct seccomp_data, field))
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define REFUSE RETURN(SECCOMP_RET_ERRNO | EPERM)
#define ALLOW RETURN(SECCOMP_RET_ALLOW)

/* If the call is `number`: allowed when its first argument is this process, or 0 if zero_too. */
#define ONLY_SELF(number, self, zero_too)                                                          \
  IF_EQUAL((number), 0, 5), LOAD(args[0]), IF_EQUAL((self), 2, 0),                                 \
      IF_EQUAL((zero_too) ? 0u : (self), 1, 0), REFUSE, ALLOW

/* Seccomp programs see the low half of an argument at args[n] on these little-endian machines. */
static int enter_seccomp(void) {
#ifdef ARCH
  uint32_t self = (uint32_t)getpid();
  struct sock_filter head[] = {
      LOAD(arch),
      IF_EQUAL(ARCH, 1, 0),
      RETURN(SECCOMP_RET_KILL_PROCESS),
      LOAD(nr),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
      REFUSE,
      ONLY_SELF(SYS_kill, self, false),
      ONLY_SELF(SYS_tgkill, self, false),
      ONLY_SELF(SYS_prlimit64, self, true),
      IF_EQUAL(SYS_clone3, 0, 1), /* its flags are out of sight; libc falls back to clone */
      RETURN(SECCOMP_RET_ERRNO | ENOSYS),
      IF_EQUAL(SYS_clone, 0, 4),
      LOAD(args[0]),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_SPACES, 0, 1),
      REFUSE,
      ALLOW,
  };
  enum { HEAD = sizeof head / sizeof *head };
  struct sock_filter all[HEAD + 2 * DENIED + 1];
  size_t n = 0;
  for (; n < HEAD; n++) {
    all[n] = head[n];
  }
  for (size_t i = 0; i < DENIED; i++) {
    all[n++] = (struct sock_filter)IF_EQUAL(denied[i], 0, 1);
    all[n++] = (struct sock_filter)REFUSE;
  }
  all[n++] = (struct sock_filter)ALLOW;
  struct sock_fprog program = {.len = (unsigned short)n, .filter = all};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
#else
  return 0;
#endif
}

/* Rights by the ABI version they came with (linux/landlock.h of newer kernels has all names). */
#define FS_EXECUTE (1u << 0)
#define FS_WRITE_FILE (1u << 1)
#define FS_READ_FILE (1u << 2)
#define FS_READ_DIR (1u << 3)
#define FS_ALL_1 ((1u << 13) - 1)
#define FS_REFER_2 (1u << 13)
#define FS_TRUNCATE_3 (1u << 14)
#define NET_TCP_4 3u
#define FS_IOCTL_5 (1u << 15)
#define SCOPE_ALL_6 3u
#define FS_READ (FS_EXECUTE | FS_READ_FILE | FS_READ_DIR)
#define FS_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE_3 | FS_IOCTL_5)

struct ruleset { /* struct landlock_ruleset_attr of ABI 6 */
  uint64_t fs, net, scoped;
};

static const char *const system_folders[] = {
    "/usr", "/lib",       "/lib64", "/bin", "/sbin",        "/etc",
    "/opt", "/nix/store", "/gnu",   "/sys", "/dev/urandom", "/proc",
};

/* A path that is not there needs no rule. */
static int allow_path(int rules, const char *path, uint64_t rights) {
  struct stat info;
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) {
    return 0;
  }
  if (fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode)) {
    rights &= FS_FILE;
  }
  struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
  long status = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  close(fd);
  return (int)status;
}

static int add_rules(int rules, const hcc_jail *jail, uint64_t all) {
  int status = 0;
  for (size_t i = 0; i < sizeof system_folders / sizeof *system_folders; i++) {
    status |= allow_path(rules, system_folders[i], FS_READ);
  }
  for (size_t i = 0; i < sizeof jail->readable / sizeof *jail->readable; i++) {
    if (jail->readable[i] != NULL) {
      status |= allow_path(rules, jail->readable[i], FS_READ);
    }
  }
  status |= allow_path(rules, "/dev/null", all & (FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE_3));
  if (jail->writable != NULL) {
    status |= allow_path(rules, jail->writable, all);
  }
  return status;
}

static int enter_landlock(const hcc_jail *jail, int abi) {
  struct ruleset handled = {
      .fs = FS_ALL_1 | (abi >= 2 ? FS_REFER_2 : 0) | (abi >= 3 ? FS_TRUNCATE_3 : 0) |
            (abi >= 5 ? FS_IOCTL_5 : 0),
      .net = abi >= 4 ? NET_TCP_4 : 0,
      .scoped = abi >= 6 ? SCOPE_ALL_6 : 0,
  };
  size_t size = abi >= 6 ? sizeof handled : abi >= 4 ? offsetof(struct ruleset, scoped) : 8;
  int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
  if (rules < 0) {
    return -1;
  }
  int status = add_rules(rules, jail, handled.fs);
  if (status == 0) {
    status = (int)syscall(SYS_landlock_restrict_self, rules, 0);
  }
  close(rules);
  return status;
}

void hcc_jail_probe(hcc_jail_support *out) {
  long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  *out = (hcc_jail_support){.landlock = abi > 0 ? (int)abi : 0};
#ifdef ARCH
  uint32_t action = SECCOMP_RET_ERRNO;
  out->seccomp = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
#endif
}

/* Never raises a limit that is lower already. */
static int limit(int resource, uint64_t value) {
  struct rlimit now;
  if (getrlimit((__rlimit_resource_t)resource, &now) != 0) {
    return -1;
  }
  rlim_t least = now.rlim_max < value ? now.rlim_max : (rlim_t)value;
  struct rlimit next = {.rlim_cur = least, .rlim_max = least};
  return setrlimit((__rlimit_resource_t)resource, &next);
}

const char *hcc_jail_enter(const hcc_jail *jail, const hcc_jail_support *support) {
  if (limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_CPU, jail->seconds) != 0 ||
      limit(RLIMIT_FSIZE, jail->file) != 0 || limit(RLIMIT_AS, jail->memory) != 0) {
    return "set resource limits";
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return "give up new privileges";
  }
  if (support->landlock > 0 && enter_landlock(jail, support->landlock) != 0) {
    return "enter Landlock";
  }
  if (support->seccomp && enter_seccomp() != 0) {
    return "enter seccomp";
  }
  return NULL;
}
