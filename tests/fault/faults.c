/* faults.c - see faults.h. Must never allocate or lock: it runs inside malloc, in the fault handler
 * and in children between fork and exec, which go on counting where their parent was. */
#include "faults.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_bool armed, for_ever;
static atomic_uint kinds;
static atomic_long counted, chosen, json_blocks;
static _Atomic(const char *) hit;

static bool fails(unsigned kind, const char *name) {
  if (!atomic_load_explicit(&armed, memory_order_relaxed) || (atomic_load(&kinds) & kind) == 0) {
    return false;
  }
  long n = atomic_fetch_add(&counted, 1), first = atomic_load(&chosen);
  const char *none = NULL;
  if (n < first || (n > first && !atomic_load(&for_ever))) {
    return false;
  }
  atomic_compare_exchange_strong(&hit, &none, name);
  return true;
}

void fault_arm(long n, bool ever, unsigned which) {
  atomic_store(&counted, 0);
  atomic_store(&chosen, n);
  atomic_store(&for_ever, ever);
  atomic_store(&kinds, which);
  atomic_store(&hit, NULL);
  atomic_store(&armed, true);
}

long fault_disarm(void) {
  atomic_store(&armed, false);
  return atomic_load(&counted);
}

const char *fault_hit(void) {
  return atomic_load(&hit);
}

long fault_json_blocks(void) {
  return atomic_load(&json_blocks);
}

/* ---- what the linker wraps ---- */

#define FAULT(result, name, failure, number, params, args)                                         \
  result __real_##name params;                                                                     \
  result __wrap_##name params;                                                                     \
  result __wrap_##name params {                                                                    \
    if (fails(FAULT_OURS, #name)) {                                                                \
      errno = number;                                                                              \
      return failure;                                                                              \
    }                                                                                              \
    return __real_##name args;                                                                     \
  }
#define FAULT_DONE(result, name, failure, number, params, args)                                    \
  result __real_##name params;                                                                     \
  result __wrap_##name params;                                                                     \
  result __wrap_##name params {                                                                    \
    bool failed = fails(FAULT_OURS, #name);                                                        \
    result done = __real_##name args;                                                              \
    errno = failed ? number : errno;                                                               \
    return failed ? (result)failure : done;                                                        \
  }
#include "faults.def"
#undef FAULT
#undef FAULT_DONE

/* ---- memory of cJSON and libcrypto ---- */

static void *json_malloc(size_t size) {
  void *block = fails(FAULT_LIBRARY, "malloc of cJSON") ? NULL : __real_malloc(size);
  atomic_fetch_add(&json_blocks, block != NULL);
  return block;
}

static void json_free(void *block) {
  atomic_fetch_sub(&json_blocks, block != NULL);
  free(block);
}

static void *crypto_realloc(void *old, size_t size, const char *file, int line) {
  (void)file, (void)line;
  return fails(FAULT_LIBRARY, "memory of libcrypto") ? NULL : __real_realloc(old, size);
}

static void *crypto_malloc(size_t size, const char *file, int line) {
  return size == 0 ? NULL : crypto_realloc(NULL, size, file, line);
}

static void crypto_free(void *block, const char *file, int line) {
  (void)file, (void)line;
  free(block);
}

/* ---- SQLite ---- */

static sqlite3_mem_methods memory;

static void *sqlite_malloc(int size) {
  return fails(FAULT_SQLITE, "malloc of SQLite") ? NULL : memory.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size) {
  return fails(FAULT_SQLITE, "realloc of SQLite") ? NULL : memory.xRealloc(old, size);
}

#define SQLITE_CALL(result, name, failure, number, params, args)                                   \
  static result(*sqlite_real_##name) params;                                                       \
  static result sqlite_##name params {                                                             \
    if (fails(FAULT_SQLITE, #name " of SQLite")) {                                                 \
      errno = number;                                                                              \
      return failure;                                                                              \
    }                                                                                              \
    return sqlite_real_##name args;                                                                \
  }

#define SQLITE_CALLS(X)                                                                            \
  X(int, open, -1, EIO, (const char *path, int flags, int mode), (path, flags, mode))              \
  X(int, access, -1, EIO, (const char *path, int mode), (path, mode))                              \
  X(int, stat, -1, EIO, (const char *path, struct stat *out), (path, out))                         \
  X(int, fstat, -1, EIO, (int fd, struct stat *out), (fd, out))                                    \
  X(int, ftruncate, -1, EIO, (int fd, off_t size), (fd, size))                                     \
  X(ssize_t, read, -1, EIO, (int fd, void *to, size_t n), (fd, to, n))                             \
  X(ssize_t, pread, -1, EIO, (int fd, void *to, size_t n, off_t at), (fd, to, n, at))              \
  X(ssize_t, pread64, -1, EIO, (int fd, void *to, size_t n, off_t at), (fd, to, n, at))            \
  X(ssize_t, write, -1, ENOSPC, (int fd, const void *from, size_t n), (fd, from, n))               \
  X(ssize_t, pwrite, -1, ENOSPC, (int fd, const void *from, size_t n, off_t at),                   \
    (fd, from, n, at))                                                                             \
  X(ssize_t, pwrite64, -1, ENOSPC, (int fd, const void *from, size_t n, off_t at),                 \
    (fd, from, n, at))                                                                             \
  X(int, unlink, -1, EIO, (const char *path), (path))                                              \
  X(int, openDirectory, SQLITE_CANTOPEN, EIO, (const char *path, int *fd), (path, fd))             \
  X(void *, mmap, MAP_FAILED, ENOMEM, (void *p, size_t n, int a, int f, int fd, off_t o),          \
    (p, n, a, f, fd, o))
SQLITE_CALLS(SQLITE_CALL)

static int (*sqlite_real_fcntl)(int fd, int what, struct flock *lock);

/* Takes locks; giving one back does not fail on a file that is here. */
static int sqlite_fcntl(int fd, int what, struct flock *lock) {
  if (what == F_SETLK && lock->l_type != F_UNLCK && fails(FAULT_SQLITE, "fcntl of SQLite")) {
    errno = EIO;
    return -1;
  }
  return sqlite_real_fcntl(fd, what, lock);
}

/* SQLite calls these two by name, so they are its own here; a test need not wait for a disk. */
static int synced(void) {
  if (fails(FAULT_SQLITE, "fsync of SQLite")) {
    errno = EIO;
    return -1;
  }
  return 0;
}

__attribute__((visibility("default"))) int fdatasync(int fd) {
  (void)fd;
  return synced();
}

static void need(bool good, const char *what) {
  if (!good) {
    fprintf(stderr, "faults: can't hook %s\n", what);
    exit(2);
  }
}

void fault_install(void) {
  cJSON_Hooks hooks = {json_malloc, json_free};
  need(CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) == 1, "libcrypto");
  cJSON_InitHooks(&hooks);
  need(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory) == SQLITE_OK, "SQLite");
  sqlite3_mem_methods ours = memory;
  ours.xMalloc = sqlite_malloc;
  ours.xRealloc = sqlite_realloc;
  need(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK, "SQLite's memory");
  /* else small blocks come from a store that never fails */
  need(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK, "SQLite's lookaside");
  need(sqlite3_initialize() == SQLITE_OK, "SQLite");
  sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
#define HOOK(result, name, failure, number, params, args)                                          \
  sqlite_real_##name = (result(*) params)vfs->xGetSystemCall(vfs, #name);                          \
  if (sqlite_real_##name != NULL) {                                                                \
    vfs->xSetSystemCall(vfs, #name, (sqlite3_syscall_ptr)sqlite_##name);                           \
  }
  SQLITE_CALLS(HOOK)
#undef HOOK
  sqlite_real_fcntl = (int (*)(int, int, struct flock *))(void *)vfs->xGetSystemCall(vfs, "fcntl");
  vfs->xSetSystemCall(vfs, "fcntl", (sqlite3_syscall_ptr)sqlite_fcntl);
}
