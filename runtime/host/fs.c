/* fs.c - see fs.h. Must never follow a symbolic link below a granted path, open a device or a pipe,
 * or act on a path twice: what was looked at is the descriptor that is used.
 *
 * The way to a name: openat2 with RESOLVE_BENEATH where the kernel has it, else one openat with
 * O_NOFOLLOW a component. The last component is opened from its folder, in one step either way. */
#include "host/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define WALK (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static bool dots(const char *name, size_t n) {
  return n == 2 && name[0] == '.' && name[1] == '.';
}

/* Cuts a relative path into clean ways: no empty component, no ".", no "..". way: room for
 * HRT_PATH_BYTES. Leaves the last component in place->name. */
static int cut(char *way, hrt_place *place, const char *path) {
  size_t used = 0, length = strlen(path);
  if (length >= HRT_PATH_BYTES) {
    return ENAMETOOLONG;
  }
  if (path[0] == '/') {
    return EPERM;
  }
  place->slash = length > 0 && path[length - 1] == '/';
  for (const char *at = path; *at != 0;) {
    size_t n = strcspn(at, "/");
    if (n > HRT_NAME_BYTES) {
      return ENAMETOOLONG;
    }
    if (dots(at, n)) {
      return EPERM;
    }
    if (n > 0 && !(n == 1 && *at == '.')) {
      size_t last = strlen(place->name);
      if (last > 0) {
        used += (size_t)snprintf(way + used, HRT_PATH_BYTES - used, used > 0 ? "/%s" : "%s",
                                 place->name);
      }
      memcpy(place->name, at, n);
      place->name[n] = 0;
    }
    at += n + (at[n] == '/');
  }
  way[used] = 0;
  return 0;
}

/* From an opened folder down; way: as cut made it. */
static int walk(int *out, int folder, char *way) {
  int at = openat(folder, ".", WALK), status = at < 0 ? errno : 0;
  for (char *name = way; status == 0 && *name != 0;) {
    size_t n = strcspn(name, "/");
    bool more = name[n] == '/';
    name[n] = 0;
    int next = openat(at, name, WALK);
    status = next < 0 ? errno : 0;
    close(at);
    at = next;
    name += n + more;
  }
  *out = status == 0 ? at : -1;
  return status;
}

static int descend(int *out, int folder, char *way) {
  struct open_how how = {.flags = WALK,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  long fd = syscall(SYS_openat2, folder, *way != 0 ? way : ".", &how, sizeof how);
  if (fd >= 0) {
    *out = (int)fd;
    return 0;
  }
  if (errno != ENOSYS && errno != EPERM && errno != EAGAIN) {
    return errno;
  }
  return walk(out, folder, way); /* an old kernel, or a filter that does not know the call */
}

int hrt_fs_below(hrt_place *out, int folder, const char *path) {
  char way[HRT_PATH_BYTES];
  *out = (hrt_place){.folder = -1};
  int status = cut(way, out, path);
  return status == 0 ? descend(&out->folder, folder, way) : status;
}

/* The granted path itself is the administrator's: symbolic links in it are followed, but for its
 * last component when the path names it and nothing below. */
int hrt_fs_below_grant(hrt_place *out, const char *grant, const char *path) {
  char way[HRT_PATH_BYTES], upper[HRT_PATH_BYTES];
  const char *last = strrchr(grant, '/');
  *out = (hrt_place){.folder = -1};
  int status = last != NULL && strlen(grant) < sizeof upper ? cut(way, out, path) : ENAMETOOLONG;
  if (status != 0) {
    return status;
  }
  bool itself = out->itself = *out->name == 0 && last[1] != 0;
  if (itself) {
    snprintf(out->name, sizeof out->name, "%s", last + 1);
  }
  snprintf(upper, sizeof upper, "%.*s", itself ? (int)(last - grant) : (int)strlen(grant), grant);
  int root = open(*upper != 0 ? upper : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    return errno;
  }
  status = descend(&out->folder, root, way);
  close(root);
  return status;
}

void hrt_fs_leave(hrt_place *place) {
  if (place->folder >= 0) {
    close(place->folder);
  }
  place->folder = -1;
}

/* Files that the kernel makes up: other processes' memory and environment, settings, keys. */
static bool made_up(int fd) {
  static const uint64_t kinds[] = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,      DEBUGFS_MAGIC,
                                   TRACEFS_MAGIC,       SECURITYFS_MAGIC, CGROUP_SUPER_MAGIC,
                                   CGROUP2_SUPER_MAGIC, BPF_FS_MAGIC,     DEVPTS_SUPER_MAGIC,
                                   SELINUX_MAGIC,       PSTOREFS_MAGIC,   EFIVARFS_MAGIC};
  struct statfs fs;
  if (fstatfs(fd, &fs) != 0) {
    return true;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if ((uint64_t)(unsigned long)fs.f_type == kinds[i]) {
      return true;
    }
  }
  return false;
}

/* Is this descriptor one that a guest may have? */
static int check(hrt_host_env *env, int fd, struct stat *st) {
  if (fstat(fd, st) != 0) {
    return errno;
  }
  if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) {
    return S_ISLNK(st->st_mode) ? ELOOP : EOPNOTSUPP;
  }
  return hrt_fs_guarded(env, st) || made_up(fd) ? EACCES : 0;
}

/* Looks at a name without opening what it names: a pipe or a device does not notice. */
static int look(hrt_host_env *env, const hrt_place *place, struct stat *st) {
  if (hrt_fs_guarded_name(env, place->folder, place->name)) {
    return EACCES;
  }
  int fd =
      openat(place->folder, *place->name != 0 ? place->name : ".", O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    return errno;
  }
  int status = check(env, fd, st);
  close(fd);
  if (status == 0 && place->slash && !S_ISDIR(st->st_mode)) {
    status = ENOTDIR;
  }
  return status;
}

static int open_flags(unsigned how, bool folder) {
  int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  if (folder) {
    return flags | O_RDONLY | O_DIRECTORY;
  }
  flags |= how & HRT_FS_WRITE ? O_RDWR : O_RDONLY;
  return how & HRT_FS_APPEND ? flags | O_APPEND : flags;
}

/* After the look: is what there was, or what is to be made, what was asked for? */
static int fits(const hrt_place *place, unsigned how, int looked, const struct stat *st) {
  if (looked == ENOENT) {
    return !(how & HRT_FS_CREATE) ? ENOENT : place->slash || (how & HRT_FS_FOLDER) ? EISDIR : 0;
  }
  if (looked != 0) {
    return looked;
  }
  if ((how & HRT_FS_CREATE) && (how & HRT_FS_EXCLUSIVE)) {
    return EEXIST;
  }
  if (S_ISDIR(st->st_mode)) {
    return how & (HRT_FS_WRITE | HRT_FS_CREATE | HRT_FS_TRUNCATE | HRT_FS_APPEND) ? EISDIR : 0;
  }
  return how & HRT_FS_FOLDER ? ENOTDIR : 0;
}

/* Empties only after the checks: O_TRUNC would have come before them. What was looked at and is
 * still the same file need not be judged a second time. */
int hrt_fs_open(int *out, hrt_host_env *env, const hrt_place *place, unsigned how,
                struct stat *st) {
  struct stat seen = {0}, own;
  st = st != NULL ? st : &own;
  int looked = look(env, place, &seen), status = fits(place, how, looked, &seen);
  *out = -1;
  if (status != 0) {
    return status;
  }
  if (looked == 0 && hrt_fs_parked(&seen)) {
    return EACCES;
  }
  int flags = open_flags(how, looked == 0 && S_ISDIR(seen.st_mode));
  flags |= looked == ENOENT ? O_CREAT | O_EXCL : 0;
  int fd = openat(place->folder, *place->name != 0 ? place->name : ".", flags, 0600);
  if (fd < 0) {
    return errno == ENXIO ? EOPNOTSUPP : errno;
  }
  status = fstat(fd, st) == 0 ? 0 : errno;
  if (status == 0 && (looked != 0 || !hrt_fs_same(st, &seen))) {
    status = check(env, fd, st);
  }
  if (status == 0 && hrt_fs_locked_here(fd)) {
    status = EACCES;
  }
  if (status == 0 && (how & HRT_FS_TRUNCATE) && S_ISREG(st->st_mode)) {
    status = ftruncate(fd, 0) == 0 ? 0 : errno;
    st->st_size = 0;
  }
  if (status != 0) {
    (void)hrt_fs_close(fd);
    return status;
  }
  *out = fd;
  return 0;
}

int hrt_fs_stat(hrt_host_env *env, const hrt_place *place, struct stat *st) {
  return look(env, place, st);
}

int hrt_fs_remove(hrt_host_env *env, const hrt_place *place, bool folder) {
  struct stat st;
  bool own = *place->name == 0 || (folder && place->itself);
  int status = own ? EACCES : look(env, place, &st);
  if (status != 0) {
    return status;
  }
  return unlinkat(place->folder, place->name, folder ? AT_REMOVEDIR : 0) == 0 ? 0 : errno;
}

int hrt_fs_make_folder(hrt_host_env *env, const hrt_place *place) {
  if (*place->name == 0 || place->itself || hrt_fs_guarded_name(env, place->folder, place->name)) {
    return EACCES;
  }
  return mkdirat(place->folder, place->name, 0700) == 0 ? 0 : errno;
}

/* Folders stay where they are: moving one could bring the database's into another's reach. */
int hrt_fs_rename(hrt_host_env *env, const hrt_place *from, const hrt_place *to) {
  struct stat st;
  int status = look(env, from, &st);
  if (status == 0 && !S_ISREG(st.st_mode)) {
    status = EOPNOTSUPP;
  }
  if (status == 0) {
    status = *to->name == 0 || to->slash ? EISDIR : look(env, to, &st);
    status = status == ENOENT ? 0 : status;
  }
  if (status != 0) {
    return status;
  }
  return renameat(from->folder, from->name, to->folder, to->name) == 0 ? 0 : errno;
}
