/* fs_locks.c - closing a guest's file without harm to the program's locks: by POSIX, closing any
 * descriptor of a file gives up all locks that the process has on it, and a database that another
 * connection of the program uses is protected by nothing but such locks.
 *
 * Must never close a descriptor of a file that is locked while this process has it open elsewhere
 * too. Invariant: such a descriptor is parked, one for each file, until the locks are gone. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/fs.h"
#include "plugin/alloc.h"

struct parked {
  struct parked *next;
  struct stat file;
  int fd;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct parked *list;

/* By whichever process: asked like this, the kernel tells of our own locks too. */
static bool locked(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0;
}

/* Has this process another descriptor of the file? One that only names it holds no locks. */
static bool open_elsewhere(int fd, const struct stat *file) {
  DIR *folder = opendir("/proc/self/fd");
  struct stat st;
  bool found = folder == NULL; /* nobody knows */
  for (struct dirent *e; !found && (e = readdir(folder)) != NULL;) {
    int other = (int)strtol(e->d_name, NULL, 10); /* of "." and "..": 0, which harms nothing */
    found = other != fd && fstat(other, &st) == 0 && hrt_fs_same(&st, file) &&
            (fcntl(other, F_GETFL) & O_PATH) == 0;
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
  for (struct parked **at = &list; *at != NULL;) {
    struct parked *p = *at;
    if (hrt_fs_locked_here(p->fd)) {
      at = &p->next;
    } else {
      *at = p->next;
      close(p->fd);
      hrt_free(p);
    }
  }
}

bool hrt_fs_parked(const struct stat *file) {
  pthread_mutex_lock(&mutex);
  sweep();
  struct parked *p = list;
  while (p != NULL && !hrt_fs_same(&p->file, file)) {
    p = p->next;
  }
  pthread_mutex_unlock(&mutex);
  return p != NULL;
}

/* Without memory the descriptor stays open for good: that is the lesser harm. */
static void park(int fd) {
  struct parked *p = hrt_alloc(sizeof *p);
  if (p != NULL && fstat(fd, &p->file) == 0) {
    p->fd = fd;
    pthread_mutex_lock(&mutex);
    p->next = list;
    list = p;
    pthread_mutex_unlock(&mutex);
  } else {
    hrt_free(p);
  }
}

int hrt_fs_close(int fd) {
  if (hrt_fs_locked_here(fd)) {
    park(fd);
    return 0;
  }
  return close(fd) == 0 || errno == EINTR ? 0 : errno;
}
