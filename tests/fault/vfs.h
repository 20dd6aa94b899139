/* vfs.h - SQLite's own VFS with every operation that changes a file, makes one durable, opens,
 * removes, locks or maps it counted, so that a test can make the n-th one fail or end the process
 * there with SIGKILL, in the middle of a write.
 *
 * Invariant: nothing happens to an operation outside of vfs_arm ... vfs_disarm. */
#ifndef VFS_H
#define VFS_H

#include <stdbool.h>

enum vfs_what {
  VFS_COUNT, /* only */
  VFS_FAIL,  /* SQLITE_IOERR_* or CANTOPEN; a write has done half */
  VFS_FULL,  /* writes say that the disk is full; all else is VFS_FAIL */
  VFS_KILL,
};

/* Makes it the default. Fails the process if it can't. */
void vfs_install(void);
/* Operation number n (0: the next) fares so, and if for_ever all after it. */
void vfs_arm(long n, bool for_ever, enum vfs_what what);
/* Operations since vfs_arm. */
long vfs_disarm(void);
/* Name of the operation that fared so first; NULL: none. */
const char *vfs_hit(void);

#endif
