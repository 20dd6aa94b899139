/* child.c - running another program and reading what it prints. See child.h. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int spawn(pid_t *pid, const char *const *argv, int out) {
  posix_spawn_file_actions_t actions;
  int failed = posix_spawn_file_actions_init(&actions);
  if (failed != 0) {
    return failed;
  }
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
  failed = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

int sh_child(sh_buf *out, const char *const *argv) {
  int ends[2], status;
  pid_t pid;
  char bytes[4096];
  ssize_t n;
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return 127;
  }
  int failed = spawn(&pid, argv, ends[1]);
  close(ends[1]);
  while (failed == 0 &&
         ((n = read(ends[0], bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR))) {
    sh_buf_add(out, bytes, n < 0 ? 0 : (size_t)n);
  }
  close(ends[0]);
  if (failed != 0) {
    return 127;
  }
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) {
      return 127;
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
