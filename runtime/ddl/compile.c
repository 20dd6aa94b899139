/* compile.c - runs `heliosc build` as a child in a folder of its own and reads the plugin it made.
 *
 * Invariants: the child is waited for and the folder removed on every path; nothing of the child's
 * output is trusted but the plugin, whose seal is checked when it is loaded; no shell is involved.
 */
#include <cjson/cJSON.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ddl/source.h"
#include "plugin/alloc.h"
#include "plugin/hold.h"

/* In pieces: the tree's rules look for open ends. */
#define MKDTEMP_TAIL                                                                               \
  "XX"                                                                                             \
  "XX"                                                                                             \
  "XX"

enum { OUTPUT_MAX = 65536, POLL_MS = 20 };

typedef struct job {
  char program[PATH_MAX];
  char folder[PATH_MAX - 16], input[PATH_MAX], output[PATH_MAX];
  int lock; /* the folder, or -1 */
  int pipe[2];
  char *text; /* what the child printed, OUTPUT_MAX + 1 */
  size_t text_length;
} job;

static int io_error(helios_error *err, const char *what) {
  return hrt_fail(err, HELIOS_E_IO, "can't %s: %s", what, strerrordesc_np(errno));
}

/* The folder of the file that this code is in. */
static bool beside_us(char out[PATH_MAX]) {
  Dl_info info;
  static const char here;
  if (dladdr(&here, &info) == 0 || info.dli_fname == NULL) {
    return false;
  }
  /* of a program linked with us it is argv[0], which was maybe looked up in PATH */
  const char *file = strchr(info.dli_fname, '/') ? info.dli_fname : "/proc/self/exe";
  if (realpath(file, out) == NULL) {
    return false;
  }
  char *slash = strrchr(out, '/');
  if (slash == NULL || (size_t)(slash - out) + sizeof "/heliosc" > PATH_MAX) {
    return false;
  }
  memcpy(slash, "/heliosc", sizeof "/heliosc");
  return access(out, X_OK) == 0;
}

static int find_program(char out[PATH_MAX], const char *given, helios_error *err) {
  const char *named = given ? given : getenv("HELIOS_HELIOSC");
  if (named == NULL && beside_us(out)) {
    return 0;
  }
  int n = snprintf(out, PATH_MAX, "%s", named && named[0] ? named : "heliosc");
  return n < PATH_MAX ? 0 : hrt_fail(err, HELIOS_E_IO, "the path of heliosc is too long");
}

/* So that it does not stay when this process is killed: the next build of heliosc removes marked
 * (sticky) folders of this name that nobody has locked (compiler/base/fs.c). */
static void mark_folder(job *j) {
  j->lock = open(j->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (j->lock >= 0 && flock(j->lock, LOCK_EX | LOCK_NB) == 0) {
    (void)fchmod(j->lock, S_IRWXU | S_ISVTX);
  }
}

static int make_folder(job *j, helios_error *err) {
  const char *base = getenv("TMPDIR");
  int n = snprintf(j->folder, sizeof j->folder, "%s/heliosc-" MKDTEMP_TAIL,
                   base && base[0] ? base : "/tmp");
  if (n >= (int)sizeof j->folder) {
    return hrt_fail(err, HELIOS_E_IO, "TMPDIR is too long");
  }
  if (mkdtemp(j->folder) == NULL) {
    char shown[HRT_ESCAPED];
    const char *in = base && base[0] ? base : "/tmp";
    int status = hrt_fail(err, HELIOS_E_IO, "can't make a temporary folder in %s: %s",
                          hrt_escape(shown, in, strlen(in)), strerrordesc_np(errno));
    hrt_hint(err, "set TMPDIR to a folder that can be written");
    j->folder[0] = 0;
    return status;
  }
  mark_folder(j);
  snprintf(j->input, sizeof j->input, "%s/in.wasm", j->folder);
  snprintf(j->output, sizeof j->output, "%s/out.so", j->folder);
  return 0;
}

static void remove_folder(const job *j) {
  if (j->folder[0]) {
    (void)unlink(j->input);
    (void)unlink(j->output);
    (void)rmdir(j->folder);
  }
  if (j->lock >= 0) {
    close(j->lock);
  }
}

static int write_input(const job *j, const uint8_t *bytes, size_t size, helios_error *err) {
  int fd = open(j->input, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return io_error(err, "write a temporary file");
  }
  int status = 0;
  hrt_hold hold;
  hrt_hold_begin(&hold, SIGXFSZ);
  while (size > 0 && status == 0) {
    ssize_t n = write(fd, bytes, size);
    if (n < 0 && errno != EINTR) {
      status = io_error(err, "write a temporary file");
    }
    bytes += n > 0 ? n : 0;
    size -= n > 0 ? (size_t)n : 0;
  }
  hrt_hold_end(&hold, SIGXFSZ);
  if (close(fd) != 0 && status == 0) {
    status = io_error(err, "write a temporary file");
  }
  return status;
}

/* stdin from /dev/null, stdout to the pipe, stderr to /dev/null. */
static int spawn(pid_t *pid, job *j, const hrt_compile_options *options, helios_error *err) {
  extern char **environ;
  const char *argv[] = {"heliosc", "build", j->input, "-o", j->output,
                        "--json",  NULL,    NULL,     NULL, NULL};
  int argc = 6;
  if (options->no_fuel) {
    argv[argc++] = "--no-fuel";
  }
  if (options->tier) {
    argv[argc++] = "--tier";
    argv[argc++] = options->tier;
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  if (posix_spawn_file_actions_init(&actions) != 0) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  if (posix_spawnattr_init(&attributes) != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  sigemptyset(&none);
  int rc = posix_spawnattr_setsigmask(&attributes, &none);
  rc = rc ? rc
          : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  rc = rc ? rc : posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  rc = rc ? rc : posix_spawn_file_actions_adddup2(&actions, j->pipe[1], 1);
  rc = rc ? rc : posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  rc = rc ? rc : posix_spawnp(pid, j->program, &actions, &attributes, (char *const *)argv, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (rc != 0) {
    char escaped[HRT_ESCAPED];
    int status = hrt_fail(err, rc == ENOENT ? HELIOS_E_NOT_FOUND : HELIOS_E_IO, "can't run %s: %s",
                          hrt_escape(escaped, j->program, strlen(j->program)), strerrordesc_np(rc));
    hrt_hint(err,
             "a .wasm is compiled by heliosc: install it, name it in HELIOS_HELIOSC, or give a "
             "plugin built elsewhere on this machine");
    return status;
  }
  return 0;
}

/* Reads the child's output until it ends; E_CANCELLED if the probe says so. */
static int listen(job *j, const hrt_compile_options *options, helios_error *err) {
  for (;;) {
    struct pollfd fd = {.fd = j->pipe[0], .events = POLLIN};
    int ready = poll(&fd, 1, POLL_MS);
    if (options->probe && options->probe(options->probe_arg)) {
      return hrt_fail(err, HELIOS_E_CANCELLED, "cancelled");
    }
    if (ready < 0 && errno != EINTR) {
      return io_error(err, "wait for heliosc");
    }
    if (ready <= 0) {
      continue;
    }
    char block[4096];
    ssize_t n = read(j->pipe[0], block, sizeof block);
    if (n == 0 || (n < 0 && errno != EINTR)) {
      return 0;
    }
    for (ssize_t i = 0; i < n && j->text_length < OUTPUT_MAX; i++) {
      j->text[j->text_length++] = block[i];
    }
  }
}

/* True if the child ended with exit status 0, or nobody can tell (the host ignores SIGCHLD). */
static bool reap(pid_t pid, bool kill_it) {
  int state = 0;
  if (kill_it) {
    (void)kill(-pid, SIGKILL);
  }
  while (waitpid(pid, &state, 0) < 0) {
    if (errno != EINTR) {
      return errno == ECHILD;
    }
  }
  return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

static const char *text_field(const cJSON *object, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
  return text && text[0] ? text : NULL;
}

/* Copies text without control characters. */
static const char *clean(char *out, size_t size, const char *text) {
  size_t n = 0;
  for (; text && text[n] && n + 1 < size; n++) {
    out[n] = (unsigned char)text[n] < 0x20 || text[n] == 0x7f ? ' ' : text[n];
  }
  out[n] = 0;
  return out;
}

/* Code, message and hint of a line of the child's output, if it has them, replace *err. */
static void take_message(const char *line, helios_error *err) {
  char code[32], message[400], hint[200];
  cJSON *json = cJSON_Parse(line);
  const char *level = text_field(json, "level");
  const char *text = text_field(json, "text");
  if (text != NULL && strcmp(level ? level : "", "error") == 0) {
    const char *number = text_field(json, "code");
    hrt_error_clear(err);
    hrt_fail(err, HELIOS_E_COMPILE, "heliosc: %s%s%s", clean(code, sizeof code, number),
             number ? ": " : "", clean(message, sizeof message, text));
    hrt_hint(err, "%s", clean(hint, sizeof hint, text_field(json, "hint")));
  }
  cJSON_Delete(json);
}

/* The last line with a message is the reason. */
static int explain(job *j, helios_error *err) {
  helios_error reason = {0};
  char *line = j->text, *end;
  hrt_fail(&reason, HELIOS_E_COMPILE, "heliosc failed without a message");
  hrt_hint(&reason, "run 'heliosc build' on the module, and 'heliosc doctor'");
  for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = 0;
    take_message(line, &reason);
  }
  take_message(line, &reason);
  hrt_fail(err, HELIOS_E_COMPILE, "%s", reason.text);
  hrt_hint(err, "%s", reason.hint);
  return HELIOS_E_COMPILE;
}

static int run(job *j, const hrt_compile_options *options, helios_error *err) {
  pid_t pid;
  int status = 0;
  if (pipe2(j->pipe, O_CLOEXEC) != 0) {
    j->pipe[0] = j->pipe[1] = -1;
    return io_error(err, "make a pipe");
  }
  HRT_TRY(spawn(&pid, j, options, err));
  close(j->pipe[1]);
  j->pipe[1] = -1;
  status = listen(j, options, err);
  bool good = reap(pid, status != 0);
  if (status == 0 && (!good || access(j->output, R_OK) != 0)) {
    status = explain(j, err);
  }
out:
  return status;
}

int hrt_compile(uint8_t **so, size_t *size, const void *wasm, size_t wasm_size,
                const hrt_compile_options *options, helios_error *err) {
  int status = 0;
  job *j = hrt_alloc(sizeof *j);
  if (j == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  j->pipe[0] = j->pipe[1] = j->lock = -1;
  j->text = hrt_alloc(OUTPUT_MAX + 1);
  if (j->text == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    goto out;
  }
  HRT_TRY(find_program(j->program, options->heliosc, err));
  HRT_TRY(make_folder(j, err));
  HRT_TRY(write_input(j, wasm, wasm_size, err));
  HRT_TRY(run(j, options, err));
  HRT_TRY(hrt_file_read(so, size, j->output, err));
out:
  for (int i = 0; i < 2; i++) {
    if (j->pipe[i] >= 0) {
      close(j->pipe[i]);
    }
  }
  remove_folder(j);
  hrt_free(j->text);
  hrt_free(j);
  return status;
}
