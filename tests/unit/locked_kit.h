/* locked_kit.h - for tests of what keeps the locks of a file: unit/host_files, fault/locks. Behind
 * cmocka.h. */
#ifndef LOCKED_KIT_H
#define LOCKED_KIT_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

/* Is some process but the asking one locking the file? POSIX locks are not a child's. */
static inline bool locked(const char *path) {
  pid_t child = fork();
  if (child == 0) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    _exit(fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 ? 2 : lock.l_type != F_UNLCK);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
  return WEXITSTATUS(status) == 1;
}

#endif
