/* fs.c - files for the compiler. Must never leave a half-written output, follow a link when it
 * removes, or make a file where only a link says. Invariants: see fs.h. */
#include "fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FIRST_READ (64u << 10)
#define TEMP_PREFIX "heliosc-"
#define REMOVE_ATTEMPTS 200
#define REMOVE_PAUSE_NS 1000000

int hcc_path(char out[HCC_PATH], hcc_error *err, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = vsnprintf(out, HCC_PATH, format, args);
  va_end(args);
  if (length < 0 || (size_t)length >= HCC_PATH) {
    return hcc_fail(err, HCC_E_IO, HCC_NO_OFFSET, "path is longer than %u bytes", HCC_PATH - 1);
  }
  return 0;
}

const char *hcc_base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

static int fail_io(hcc_error *err, const char *what, const char *path) {
  int cause = errno;
  char name[HCC_ESCAPED];
  return hcc_fail(err, HCC_E_IO, HCC_NO_OFFSET, "can't %s %s: %s", what,
                  hcc_escape(name, path, strlen(path)), strerror(cause));
}

/* Reads to the end of fd. The room doubles, so that a file that grows is no surprise. */
static int read_all(uint8_t **bytes, size_t *size, int fd, const char *path, size_t max,
                    hcc_error *err) {
  int status = 0;
  struct stat info;
  size_t room = FIRST_READ, used = 0;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
      (uint64_t)info.st_size <= max) {
    room = (size_t)info.st_size + 1;
  }
  uint8_t *data = malloc(room + 1);
  for (;;) {
    if (data == NULL) {
      HCC_TRY(hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to read a file"));
    }
    ssize_t n = read(fd, data + used, room - used);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      HCC_TRY(fail_io(err, "read", path));
    }
    used += (size_t)n;
    if (used > max) {
      HCC_TRY(hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "file is larger than %zu bytes", max));
    }
    if (n == 0) {
      break;
    }
    if (used == room) {
      room = room > SIZE_MAX / 4 ? room : room * 2;
      uint8_t *grown = realloc(data, room + 1);
      if (grown == NULL) {
        free(data);
      }
      data = grown;
    }
  }
  data[used] = 0;
  *bytes = data;
  *size = used;
  data = NULL;
out:
  free(data);
  return status;
}

int hcc_file_read(uint8_t **bytes, size_t *size, const char *path, size_t max, hcc_error *err) {
  if (strcmp(path, "-") == 0) {
    return read_all(bytes, size, STDIN_FILENO, path, max, err);
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return fail_io(err, "open", path);
  }
  int status = read_all(bytes, size, fd, path, max, err);
  close(fd);
  return status;
}

static int write_all(int fd, const void *bytes, size_t size, const char *path, hcc_error *err) {
  const uint8_t *at = bytes;
  while (size > 0) {
    ssize_t n = write(fd, at, size);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return fail_io(err, "write", path);
    }
    at += n;
    size -= (size_t)n;
  }
  return 0;
}

int hcc_file_write(const char *path, const void *bytes, size_t size, hcc_error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) {
    return fail_io(err, "create", path);
  }
  int status = write_all(fd, bytes, size, path, err);
  if (close(fd) != 0 && status == 0) {
    status = fail_io(err, "write", path);
  }
  return status;
}

static int replace(const char *temp, int fd, const char *path, const void *bytes, size_t size,
                   mode_t mode, bool durable, hcc_error *err) {
  int status;
  mode_t mask = umask(0);
  umask(mask);
  HCC_TRY(write_all(fd, bytes, size, path, err));
  if (fchmod(fd, mode & ~mask) != 0 || (durable && fsync(fd) != 0) || rename(temp, path) != 0) {
    HCC_TRY(fail_io(err, "write", path));
  }
out:
  return status;
}

int hcc_file_replace(const char *path, const void *bytes, size_t size, mode_t mode, bool durable,
                     hcc_error *err) {
  char temp[HCC_PATH];
  const char *slash = strrchr(path, '/');
  int folder = slash == NULL ? 0 : (int)(slash - path) + 1;
  int status = hcc_path(temp, err, "%.*s.heliosc-XXXXXX", folder, path);
  if (status != 0) {
    return status;
  }
  int fd = mkostemp(temp, O_CLOEXEC);
  if (fd < 0) {
    return fail_io(err, "create", path);
  }
  status = replace(temp, fd, path, bytes, size, mode, durable, err);
  if (status != 0) {
    unlink(temp);
  }
  close(fd);
  return status;
}

/* What a user's path names; of a link: what it leads to. */
typedef struct place {
  struct stat info;
  bool there, link;
} place;

/* A link that leads nowhere is an error: files are made where the user says, not where links do. */
static int look(place *at, const char *path, hcc_error *err) {
  at->there = lstat(path, &at->info) == 0;
  if (!at->there && errno != ENOENT) {
    return fail_io(err, "create", path);
  }
  at->link = at->there && S_ISLNK(at->info.st_mode);
  return at->link && stat(path, &at->info) != 0 ? fail_io(err, "follow the link", path) : 0;
}

static bool same_file(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Standard output by another name? */
static bool is_output(const place *at) {
  struct stat output;
  return at->there && fstat(STDOUT_FILENO, &output) == 0 && same_file(&at->info, &output);
}

/* A device or pipe, which would be gone if a file took its place. */
static bool is_special(const place *at) {
  return at->there && !S_ISREG(at->info.st_mode) && !S_ISDIR(at->info.st_mode);
}

/* A link stays, and what it leads to is replaced: what the kernel has found, which may forbid to
 * follow a link of somebody else that realpath follows. */
static int replace_named(const place *at, const char *path, const void *bytes, size_t size,
                         mode_t mode, bool durable, hcc_error *err) {
  int status = 0;
  struct stat info;
  char *real = at->link ? realpath(path, NULL) : NULL;
  if (at->link && (real == NULL || lstat(real, &info) != 0)) {
    HCC_TRY(fail_io(err, "follow the link", path));
  }
  if (at->link && !same_file(&info, &at->info)) {
    errno = EBUSY;
    HCC_TRY(fail_io(err, "follow the link", path));
  }
  HCC_TRY(hcc_file_replace(real != NULL ? real : path, bytes, size, mode, durable, err));
out:
  free(real);
  return status;
}

int hcc_file_update(const char *path, const void *bytes, size_t size, mode_t mode, bool durable,
                    hcc_error *err) {
  place at;
  char name[HCC_ESCAPED];
  int status = look(&at, path, err);
  if (status == 0 && is_special(&at)) {
    status = hcc_fail(err, HCC_E_IO, HCC_NO_OFFSET, "can't replace %s: it is no file",
                      hcc_escape(name, path, strlen(path)));
  }
  if (status == 0 && at.there) {
    mode = at.info.st_mode & 0777;
  }
  return status == 0 ? replace_named(&at, path, bytes, size, mode, durable, err) : status;
}

static int write_special(const char *path, const void *bytes, size_t size, hcc_error *err) {
  int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) {
    return fail_io(err, "write", path);
  }
  int status = write_all(fd, bytes, size, path, err);
  close(fd);
  return status;
}

int hcc_file_output(const char *path, const void *bytes, size_t size, mode_t mode, bool durable,
                    hcc_error *err) {
  place at = {0};
  bool dash = strcmp(path, "-") == 0;
  int status = dash ? 0 : look(&at, path, err);
  if (status != 0) {
    return status;
  }
  if (dash || is_output(&at)) {
    return write_all(STDOUT_FILENO, bytes, size, path, err);
  }
  return is_special(&at) ? write_special(path, bytes, size, err)
                         : replace_named(&at, path, bytes, size, mode, durable, err);
}

int hcc_dir_make(const char *path, mode_t mode, hcc_error *err) {
  char part[HCC_PATH];
  struct stat info;
  int status = hcc_path(part, err, "%s", path);
  if (status != 0) {
    return status;
  }
  for (char *at = part + 1;; at++) {
    if (*at != '/' && *at != '\0') {
      continue;
    }
    char end = *at;
    *at = '\0';
    if (mkdir(part, mode) != 0 && (errno != EEXIST || stat(part, &info) != 0)) {
      return fail_io(err, "make folder", part);
    }
    if (end == '\0') {
      return 0;
    }
    *at = end;
  }
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at) {
  (void)info, (void)type, (void)at;
  remove(path);
  return 0;
}

/* More than once, as a tool that was just killed may still finish its last system call in there. */
void hcc_dir_remove(const char *path) {
  for (int attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (rmdir(path) == 0 || errno != ENOTEMPTY) {
      return;
    }
    nanosleep(&(struct timespec){.tv_nsec = REMOVE_PAUSE_NS}, NULL);
  }
}

/* The folders of builds are marked (sticky) from the start and locked at once; a marked folder of
 * ours that nobody has locked is a leftover. */
static void remove_stale(const char *base) {
  char path[HCC_PATH];
  struct stat info;
  DIR *dir = opendir(base);
  if (dir == NULL) {
    return;
  }
  for (struct dirent *e; (e = readdir(dir)) != NULL;) {
    if (strncmp(e->d_name, TEMP_PREFIX, strlen(TEMP_PREFIX)) != 0 ||
        hcc_path(path, NULL, "%s/%s", base, e->d_name) != 0) {
      continue;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
      continue;
    }
    if (fstat(fd, &info) == 0 && info.st_uid == geteuid() && (info.st_mode & S_ISVTX) != 0 &&
        flock(fd, LOCK_EX | LOCK_NB) == 0) {
      hcc_dir_remove(path);
    }
    close(fd);
  }
  closedir(dir);
}

/* Makes and locks a folder. Before it is locked another build may take it for a leftover: then the
 * lock or the folder is lost, and it is false with errno EEXIST, as if the name were in use. */
static bool make_locked(hcc_temp *out, const char *path) {
  struct stat locked, named;
  if (mkdir(path, S_IRWXU | S_ISVTX) != 0) {
    return false;
  }
  errno = EEXIST; /* nothing sets it if another folder has the name */
  out->lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (out->lock >= 0 && flock(out->lock, LOCK_EX | LOCK_NB) == 0 &&
      fstat(out->lock, &locked) == 0 && lstat(path, &named) == 0 && locked.st_dev == named.st_dev &&
      locked.st_ino == named.st_ino) {
    return true;
  }
  int error = errno;
  if (out->lock >= 0) {
    close(out->lock);
    out->lock = -1;
  }
  rmdir(path);
  errno = error == EWOULDBLOCK || error == ENOENT ? EEXIST : error;
  return false;
}

int hcc_temp_make(hcc_temp *out, hcc_error *err) {
  const char *base = getenv("TMPDIR");
  if (base == NULL || base[0] != '/') {
    base = "/tmp";
  }
  *out = (hcc_temp){.lock = -1};
  remove_stale(base);
  char path[HCC_PATH];
  uint64_t name;
  for (int attempt = 0; attempt < 100; attempt++) {
    if (getrandom(&name, sizeof name, 0) != (ssize_t)sizeof name) {
      return fail_io(err, "name a folder in", base);
    }
    int status = hcc_path(path, err, "%s/" TEMP_PREFIX "%016" PRIx64, base, name);
    if (status != 0) {
      return status;
    }
    if (make_locked(out, path)) {
      memcpy(out->path, path, sizeof path);
      return 0;
    }
    if (errno != EEXIST) {
      break;
    }
  }
  return fail_io(err, "make a folder in", base);
}

void hcc_temp_free(hcc_temp *t, bool keep) {
  if (t->path[0] == '\0') {
    return;
  }
  if (keep) { /* from now on it belongs to the user */
    chmod(t->path, S_IRWXU);
  } else {
    hcc_dir_remove(t->path);
  }
  if (t->lock >= 0) {
    close(t->lock);
  }
  *t = (hcc_temp){.lock = -1};
}
