/* fs_locks.c - closing a guest's file without harm to the program's locks: by POSIX, closing any
 * descriptor of a file gives up all locks that the process has on it, and a database that another
 * connection of the program uses is protected by nothing but such locks.
 *
 * Must never close a descriptor of a file that is locked while this process has it open elsewhere
 * too; what the system does not tell is taken for so. Invariant: such a descriptor is parked, one
 * for each file, until the locks are gone. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/fs.h"

enum { PARKED = 256 }; /* files; beyond them a descriptor stays open for good: the lesser harm */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int parked[PARKED];
static size_t count;

/* By whichever process: asked like this, the kernel tells of our own locks too. Whoever has locked
 * it is 0 if nobody has, and -1 if an open file has, which keeps its locks. */
static bool locked(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_pid > 0;
}

/* A descriptor that only names a file holds no locks. */
static bool is_open(int fd, const struct stat *file) {
  struct stat st;
  if (fstat(fd, &st) != 0) {
    return errno != EBADF; /* closed by now */
  }
  int flags = fcntl(fd, F_GETFL);
  return hrt_fs_same(&st, file) && (flags < 0 || (flags & O_PATH) == 0);
}

/* Has this process another descriptor of the file? */
static bool open_elsewhere(int fd, const struct stat *file) {
  DIR *folder = opendir("/proc/self/fd");
  bool found = folder == NULL;
  while (!found) {
    errno = 0;
    struct dirent *e = readdir(folder);
    if (e == NULL) {
      found = errno != 0;
      break;
    }
    int other = (int)strtol(e->d_name, NULL, 10); /* of "." and "..": 0, which harms nothing */
    found = other != fd && is_open(other, file);
  }
  if (folder != NULL) {
    closedir(folder);
  }
  return found;
}

bool hrt_fs_locked_here(int fd) {
  struct stat st;
  return locked(fd) && (fstat(fd, &st) != 0 || open_elsewhere(fd, &st));
}

/* Closes what is not locked any more. */
static void sweep(void) {
  for (size_t i = 0; i < count;) {
    if (hrt_fs_locked_here(parked[i])) {
      i++;
    } else {
      close(parked[i]);
      parked[i] = parked[--count];
    }
  }
}

bool hrt_fs_parked(const struct stat *file) {
  struct stat st;
  bool found = false;
  pthread_mutex_lock(&mutex);
  sweep();
  for (size_t i = 0; i < count && !found; i++) {
    found = fstat(parked[i], &st) != 0 || hrt_fs_same(&st, file);
  }
  pthread_mutex_unlock(&mutex);
  return found;
}

static void park(int fd) {
  pthread_mutex_lock(&mutex);
  if (count < PARKED) {
    parked[count++] = fd;
  }
  pthread_mutex_unlock(&mutex);
}

int hrt_fs_close(int fd) {
  if (hrt_fs_locked_here(fd)) {
    park(fd);
    return 0;
  }
  return close(fd) == 0 || errno == EINTR ? 0 : errno;
}
