/* vfs.c - see vfs.h. */
#include "vfs.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static sqlite3_vfs *real, shim;
static long counter, at;
static bool armed, ever;
static enum vfs_what fate;
static const char *hit;

typedef struct file {
  sqlite3_file base;
  sqlite3_file *real; /* behind this struct */
} file;

static sqlite3_file *of(sqlite3_file *f) {
  return ((file *)f)->real;
}

/* Is this operation the one? */
static bool struck(const char *name) {
  if (!armed) {
    return false;
  }
  long n = counter++;
  bool now = fate != VFS_COUNT && (n == at || (ever && n > at));
  if (now && hit == NULL) {
    hit = name;
  }
  return now;
}

static void end_if_asked(void) {
  if (fate == VFS_KILL) {
    (void)kill(getpid(), SIGKILL);
    for (;;) {
      (void)pause();
    }
  }
}

/* What an operation that failed says; does not return if it is the end. */
static int failure(int code) {
  end_if_asked();
  return code;
}

/* ---- a file ---- */

static int f_close(sqlite3_file *f) {
  return of(f)->pMethods ? of(f)->pMethods->xClose(of(f)) : SQLITE_OK;
}

static int f_read(sqlite3_file *f, void *to, int size, sqlite3_int64 offset) {
  return of(f)->pMethods->xRead(of(f), to, size, offset);
}

static int f_write(sqlite3_file *f, const void *from, int size, sqlite3_int64 offset) {
  if (struck("write")) {
    (void)of(f)->pMethods->xWrite(of(f), from, size / 2, offset);
    return failure(fate == VFS_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE);
  }
  return of(f)->pMethods->xWrite(of(f), from, size, offset);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size) {
  return struck("truncate") ? failure(SQLITE_IOERR_TRUNCATE)
                            : of(f)->pMethods->xTruncate(of(f), size);
}

static int f_sync(sqlite3_file *f, int flags) {
  return struck("sync") ? failure(SQLITE_IOERR_FSYNC) : of(f)->pMethods->xSync(of(f), flags);
}

static int f_size(sqlite3_file *f, sqlite3_int64 *size) {
  return of(f)->pMethods->xFileSize(of(f), size);
}

static int f_lock(sqlite3_file *f, int level) {
  return struck("lock") ? failure(SQLITE_IOERR_LOCK) : of(f)->pMethods->xLock(of(f), level);
}

static int f_unlock(sqlite3_file *f, int level) {
  return of(f)->pMethods->xUnlock(of(f), level);
}

static int f_reserved(sqlite3_file *f, int *out) {
  return struck("look for a lock") ? failure(SQLITE_IOERR_CHECKRESERVEDLOCK)
                                   : of(f)->pMethods->xCheckReservedLock(of(f), out);
}

static int f_control(sqlite3_file *f, int what, void *arg) {
  return of(f)->pMethods->xFileControl(of(f), what, arg);
}

static int f_sector(sqlite3_file *f) {
  return of(f)->pMethods->xSectorSize(of(f));
}

static int f_characteristics(sqlite3_file *f) {
  return of(f)->pMethods->xDeviceCharacteristics(of(f));
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out) {
  return struck("map shared memory") ? failure(SQLITE_IOERR_SHMMAP)
                                     : of(f)->pMethods->xShmMap(of(f), page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *f, int offset, int n, int flags) {
  return (flags & SQLITE_SHM_LOCK) && struck("lock shared memory")
             ? failure(SQLITE_IOERR_SHMLOCK)
             : of(f)->pMethods->xShmLock(of(f), offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *f) {
  of(f)->pMethods->xShmBarrier(of(f));
}

static int f_shm_unmap(sqlite3_file *f, int remove) {
  return of(f)->pMethods->xShmUnmap(of(f), remove);
}

/* Version 2: without the mapped reads of 3, so that all reads and writes come this way. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_characteristics,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

/* ---- the file system ---- */

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out) {
  file *mine = (file *)f;
  (void)v;
  mine->base.pMethods = NULL;
  mine->real = (sqlite3_file *)(void *)(mine + 1);
  mine->real->pMethods = NULL;
  if (struck("open")) {
    return failure(SQLITE_CANTOPEN);
  }
  int rc = real->xOpen(real, name, mine->real, flags, out);
  if (mine->real->pMethods) {
    mine->base.pMethods = &methods;
  }
  return rc;
}

static int v_delete(sqlite3_vfs *v, const char *name, int sync) {
  (void)v;
  return struck("remove") ? failure(SQLITE_IOERR_DELETE) : real->xDelete(real, name, sync);
}

static int v_access(sqlite3_vfs *v, const char *name, int flags, int *out) {
  (void)v;
  return struck("look") ? failure(SQLITE_IOERR_ACCESS) : real->xAccess(real, name, flags, out);
}

void vfs_install(void) {
  real = sqlite3_vfs_find(NULL);
  if (real == NULL) {
    abort();
  }
  shim = *real;
  shim.zName = "faults";
  shim.pNext = NULL;
  shim.szOsFile = (int)sizeof(file) + real->szOsFile;
  shim.xOpen = v_open;
  shim.xDelete = v_delete;
  shim.xAccess = v_access;
  if (sqlite3_vfs_register(&shim, 1) != SQLITE_OK) {
    abort();
  }
}

void vfs_arm(long n, bool for_ever, enum vfs_what what) {
  counter = 0;
  at = n;
  ever = for_ever;
  fate = what;
  hit = NULL;
  armed = true;
}

long vfs_disarm(void) {
  armed = false;
  return counter;
}

const char *vfs_hit(void) {
  return hit;
}
