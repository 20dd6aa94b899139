/* files.c - files of a call: the open ones, and file_open, file_read ... of helios_v1. Must never
 * leave one open when the call ends, nor act on a path that no grant covers. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/fs.h"
#include "plugin/alloc.h"
#include "plugin/hold.h"

#define PIECE (64u << 10) /* bytes between guest memory and a file at a time */

static struct hrt_files *files(hrt_host_env *env) {
  if (env->files == NULL && (env->files = hrt_alloc(sizeof *env->files)) != NULL) {
    for (unsigned i = 0; i < HRT_FILES_OPEN; i++) {
      env->files->open[i].fd = -1;
    }
  }
  env->touched = true;
  return env->files;
}

int hrt_files_add(unsigned *index, hrt_host_env *env, int fd, unsigned how, bool folder) {
  struct hrt_files *all = files(env);
  int status = all != NULL ? EMFILE : ENOMEM;
  for (unsigned i = 0; all != NULL && i < HRT_FILES_OPEN; i++) {
    if (all->open[i].fd < 0) {
      all->open[i] =
          (hrt_file){fd, folder, (how & HRT_FS_WRITE) != 0, (how & HRT_FS_APPEND) != 0, 0};
      *index = i;
      return 0;
    }
  }
  (void)hrt_fs_close(fd);
  return status;
}

hrt_file *hrt_files_at(hrt_host_env *env, uint32_t index) {
  bool open = env->files != NULL && index < HRT_FILES_OPEN && env->files->open[index].fd >= 0;
  return open ? &env->files->open[index] : NULL;
}

int hrt_files_close(hrt_host_env *env, uint32_t index) {
  hrt_file *f = hrt_files_at(env, index);
  if (f == NULL) {
    return EBADF;
  }
  int status = hrt_fs_close(f->fd);
  f->fd = -1;
  return status;
}

void hrt_files_free(hrt_host_env *env) {
  if (env->files != NULL) {
    for (uint32_t i = 0; i < HRT_FILES_OPEN; i++) {
      hrt_files_close(env, i);
    }
    hrt_free(env->files->list.bytes);
    hrt_free(env->files);
    env->files = NULL;
  }
}

/* Between two pieces: a slow disk must not keep a call beyond its time. What is done is what there
 * is; the call ends at the guest's next look. */
static bool goes_on(const hrt_host_env *env, uint64_t done) {
  return done == 0 || env->ctx == NULL || hrt_budget_look(hrt_host_budget(env->ctx)) == HELIOS_OK;
}

int hrt_files_read(uint64_t *done, hrt_host_env *env, const hrt_file *f, uint64_t at, uint32_t dst,
                   uint64_t cap) {
  cap = cap < HRT_FILE_IO ? cap : HRT_FILE_IO;
  uint8_t *piece = hrt_alloc(cap < PIECE ? cap + 1 : PIECE);
  int status = piece != NULL ? 0 : ENOMEM;
  *done = 0;
  if (at > INT64_MAX - HRT_FILE_IO) {
    status = EINVAL;
  }
  while (status == 0 && *done < cap && goes_on(env, *done)) {
    uint64_t want = cap - *done < PIECE ? cap - *done : PIECE;
    ssize_t n = pread(f->fd, piece, want, (off_t)(at + *done));
    if (n <= 0) {
      status = n == 0 ? 0 : errno;
      break;
    }
    if (!hrt_guest_write(env->instance, (guest_u32){dst + (uint32_t)*done}, piece, (uint64_t)n)) {
      status = EFAULT;
    } else {
      *done += (uint64_t)n;
    }
  }
  hrt_free(piece);
  return *done > 0 && status != EFAULT ? 0 : status;
}

/* A file that is appended to grows at its end, wherever that is. */
static int room(hrt_host_env *env, const hrt_file *f, uint64_t at, uint64_t n) {
  struct stat st;
  if (f->append) {
    if (fstat(f->fd, &st) != 0) {
      return errno;
    }
    at = (uint64_t)st.st_size;
  }
  return at > HRT_FILE_SIZE || n > HRT_FILE_SIZE - at || n > HRT_FILE_WRITTEN - files(env)->written
             ? EFBIG
             : 0;
}

int hrt_files_write(uint64_t *done, hrt_host_env *env, const hrt_file *f, uint64_t at, uint32_t p,
                    uint64_t n) {
  hrt_hold hold;
  *done = 0;
  n = n < HRT_FILE_IO ? n : HRT_FILE_IO;
  int status = f->write ? room(env, f, at, n) : EBADF;
  uint8_t *piece = status == 0 ? hrt_alloc(n < PIECE ? n + 1 : PIECE) : NULL;
  if (status == 0 && piece == NULL) {
    status = ENOMEM;
  }
  while (status == 0 && *done < n && goes_on(env, *done)) {
    uint64_t want = n - *done < PIECE ? n - *done : PIECE;
    if (!hrt_guest_read(piece, env->instance, (guest_u32){p + (uint32_t)*done}, want)) {
      status = EFAULT;
      break;
    }
    hrt_hold_begin(&hold, SIGXFSZ);
    ssize_t wrote = pwrite(f->fd, piece, want, (off_t)(at + *done));
    hrt_hold_end(&hold, SIGXFSZ);
    status = wrote > 0 ? 0 : wrote == 0 ? EIO : errno;
    *done += wrote > 0 ? (uint64_t)wrote : 0;
  }
  files(env)->written += *done;
  hrt_free(piece);
  return *done > 0 && status != EFAULT ? 0 : status;
}

/* ---- helios_v1 ---- */

static int status_of(int number) {
  switch (number) {
  case 0:
    return 0;
  case ENOENT:
  case ENOTDIR:
    return HSB_STATUS_ABSENT;
  case EEXIST:
    return HSB_STATUS_EXISTS;
  case EPERM:
  case EACCES:
  case ELOOP:
  case EROFS:
    return HSB_STATUS_DENIED;
  case EMFILE:
  case EFBIG:
  case ENAMETOOLONG:
    return HSB_STATUS_LIMIT;
  case ENOMEM:
    return HSB_STATUS_NOMEM;
  case EBADF:
    return HSB_STATUS_HANDLE;
  case EFAULT:
    return HSB_STATUS_RANGE;
  default:
    return HSB_STATUS_IO;
  }
}

static const char *reason(int number) {
  switch (number) {
  case EPERM:
    return "the path leads out of what is granted";
  case EACCES:
    return "no access";
  case ELOOP:
    return "a symbolic link";
  case EMFILE:
    return "too many open files";
  case EOPNOTSUPP:
    return "neither a regular file nor a folder";
  default:
    return strerrordesc_np(number);
  }
}

static int refuse(hrt_host_env *env, int number, const char *path) {
  char shown[160];
  const char *why = reason(number);
  hrt_clean(shown, sizeof shown, path, strlen(path));
  if (number == EPERM || number == EACCES || number == ELOOP) {
    return hrt_denied(env, HRT_CAP_FS_READ, path, "%s: %s", shown, why);
  }
  return hrt_refuse(env, status_of(number), "%s: %s", shown, why != NULL ? why : "failed");
}

/* The closest granted path above; what is left of the path is below it. */
static const char *granted(hrt_host_env *env, hrt_cap_type type, const char *path) {
  const char *best = NULL;
  for (size_t i = 0; i < hrt_caps_count(env->caps); i++) {
    hrt_cap_type held;
    const char *object = hrt_caps_object(&held, env->caps, i);
    bool fits = held == type || (type == HRT_CAP_FS_READ && held == HRT_CAP_FS_WRITE);
    size_t n = fits ? strlen(object) : 0;
    if (fits && strncmp(path, object, n) == 0 && (n == 1 || path[n] == 0 || path[n] == '/') &&
        (best == NULL || n > strlen(best))) {
      best = object;
    }
  }
  return best;
}

/* The place that (p, n) names, if a grant of this type covers it. path: what (p, n) holds, for
 * messages; to be freed by the caller, as the place is to be left, also after an error. */
static int place(hrt_place *out, struct hrt_bytes *path, hrt_host_env *env, hrt_cap_type type,
                 hsb_slot p, hsb_slot n) {
  char shown[160];
  *out = (hrt_place){.folder = -1};
  path->heap = NULL;
  if (!env->in_call) {
    return hrt_refuse(env, HSB_STATUS_STATE, "files can't be used before the first call");
  }
  int status = hrt_bytes_read(path, env, p, n, HRT_PATH_BYTES - 1);
  if (status != 0) {
    return status;
  }
  const char *text = (const char *)path->at;
  hrt_clean(shown, sizeof shown, text, path->length);
  if (!hrt_utf8(text, path->length) || strlen(text) != path->length) {
    return hrt_refuse(env, HSB_STATUS_UTF8, NULL);
  }
  const char *grant = granted(env, type, text);
  if (grant == NULL) {
    return hrt_denied(env, (int)type, text,
                      "procedure %s may not %s %s: it has no grant 'filesystem:%s%s'",
                      env->procedure, type == HRT_CAP_FS_WRITE ? "write" : "read", shown,
                      *text == '/' ? shown : "/...", type == HRT_CAP_FS_WRITE ? ":rw" : ":ro");
  }
  const char *rest = text + strlen(grant);
  int number = hrt_fs_below_grant(out, grant, rest + strspn(rest, "/"));
  return number == 0 ? 0 : refuse(env, number, text);
}

static int open_path(hrt_host_env *env, hsb_slot p, hsb_slot n, uint32_t how) {
  hrt_place at;
  struct hrt_bytes path;
  struct stat st;
  unsigned index = 0;
  int fd = -1;
  if (how & ~(uint32_t)HRT_FS_ALL) {
    return hrt_refuse(env, HSB_STATUS_TYPE, "unknown flags");
  }
  how |= how & (HRT_FS_CREATE | HRT_FS_TRUNCATE | HRT_FS_APPEND) ? HRT_FS_WRITE : 0u;
  int status =
      place(&at, &path, env, how & HRT_FS_WRITE ? HRT_CAP_FS_WRITE : HRT_CAP_FS_READ, p, n);
  if (status == 0) {
    int number = hrt_fs_open(&fd, env, &at, how, &st);
    if (number == 0 && S_ISDIR(st.st_mode)) {
      close(fd);
      number = EISDIR;
    }
    number = number == 0 ? hrt_files_add(&index, env, fd, how, false) : number;
    status = number == 0 ? (int)index + 1 : refuse(env, number, (const char *)path.at);
  }
  hrt_fs_leave(&at);
  hrt_bytes_free(&path);
  return status;
}

void hrt_hc_file_open(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, open_path(env, s[0], s[1], hrt_u32(s[2])));
}

static hrt_file *find(int *status, hrt_host_env *env, hsb_slot handle) {
  hrt_file *f = hrt_files_at(env, hrt_u32(handle) - 1);
  if (f == NULL || f->folder) {
    *status = hrt_refuse(env, HSB_STATUS_HANDLE, "no such open file");
    return NULL;
  }
  return f;
}

void hrt_hc_file_read(hrt_host_env *env, hsb_slot *s) {
  uint64_t done = 0;
  int status = 0;
  hrt_file *f = find(&status, env, s[0]);
  if (f != NULL) {
    uint32_t cap = hrt_u32(s[3]);
    status = hrt_bytes_check(env, s[2], s[3], UINT32_MAX);
    if (status == 0) {
      hrt_charge_bytes(env, cap < HRT_FILE_IO ? cap : HRT_FILE_IO);
      int number = hrt_files_read(&done, env, f, s[1], hrt_u32(s[2]), cap);
      status = number == 0 ? (int)done : refuse(env, number, "file_read");
    }
  }
  hrt_answer(s, status);
}

void hrt_hc_file_write(hrt_host_env *env, hsb_slot *s) {
  uint64_t done = 0;
  int status = 0;
  hrt_file *f = find(&status, env, s[0]);
  if (f != NULL) {
    status = hrt_bytes_check(env, s[2], s[3], HRT_FILE_IO);
    if (status == 0) {
      hrt_charge_bytes(env, hrt_u32(s[3]));
      int number = hrt_files_write(&done, env, f, s[1], hrt_u32(s[2]), hrt_u32(s[3]));
      status = number == 0 ? (int)done : refuse(env, number, "file_write");
    }
  }
  hrt_answer(s, status);
}

void hrt_hc_file_size(hrt_host_env *env, hsb_slot *s) {
  struct stat st = {0};
  int status = 0;
  hrt_file *f = find(&status, env, s[0]);
  if (f != NULL && fstat(f->fd, &st) != 0) {
    status = refuse(env, errno, "file_size");
  }
  s[0] = (hsb_slot)(status != 0 ? status : (int64_t)st.st_size);
}

void hrt_hc_file_close(hrt_host_env *env, hsb_slot *s) {
  int status = 0;
  if (find(&status, env, s[0]) != NULL) {
    int number = hrt_files_close(env, hrt_u32(s[0]) - 1);
    status = number == 0 ? 0 : refuse(env, number, "file_close");
  }
  hrt_answer(s, status);
}

void hrt_hc_file_remove(hrt_host_env *env, hsb_slot *s) {
  hrt_place at;
  struct hrt_bytes path;
  int status = place(&at, &path, env, HRT_CAP_FS_WRITE, s[0], s[1]);
  if (status == 0) {
    int number = hrt_fs_remove(env, &at, false);
    status = number == 0 ? 0 : refuse(env, number, (const char *)path.at);
  }
  hrt_fs_leave(&at);
  hrt_bytes_free(&path);
  hrt_answer(s, status);
}

/* ---- file_list ---- */

struct entry { /* of getdents64 */
  uint64_t inode;
  int64_t next;
  uint16_t length;
  uint8_t type;
  char name[];
};

static void put_names(struct hrt_json *list, const char *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    const struct entry *e = (const struct entry *)(const void *)(bytes + at);
    size_t n = strlen(e->name);
    if (strcmp(e->name, ".") != 0 && strcmp(e->name, "..") != 0 && hrt_utf8(e->name, n)) {
      hrt_json_raw(list, list->length > 1 ? "," : "", list->length > 1);
      hrt_json_string(list, e->name, n);
    }
    at += e->length;
  }
}

/* Ends when the list is full, or the call's time over. */
static int list_folder(struct hrt_json *list, helios_code *stop, const hrt_host_env *env, int fd) {
  _Alignas(struct entry) char bytes[8192];
  long n;
  hrt_json_raw(list, "[", 1);
  while ((n = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0) {
    *stop = hrt_budget_look(hrt_host_budget(env->ctx));
    if (*stop != HELIOS_OK || list->status != 0) {
      return 0;
    }
    put_names(list, bytes, (size_t)n);
  }
  hrt_json_raw(list, "]", 1);
  return n == 0 ? 0 : errno;
}

static int list_path(helios_code *stop, hrt_host_env *env, hsb_slot p, hsb_slot n) {
  hrt_place at;
  struct hrt_bytes path;
  struct hrt_files *all = files(env);
  int fd = -1, status = all != NULL ? 0 : hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  if (status != 0) {
    return status;
  }
  all->list.length = 0;
  all->list.status = 0;
  status = place(&at, &path, env, HRT_CAP_FS_READ, p, n);
  if (status == 0) {
    int number = hrt_fs_open(&fd, env, &at, HRT_FS_FOLDER, NULL);
    number = number == 0 ? list_folder(&all->list, stop, env, fd) : number;
    status = number != 0             ? refuse(env, number, (const char *)path.at)
             : all->list.status != 0 ? hrt_refuse(env, all->list.status, NULL)
                                     : 0;
  }
  if (fd >= 0) {
    close(fd);
  }
  all->list.length = status == 0 && *stop == HELIOS_OK ? all->list.length : 0;
  hrt_fs_leave(&at);
  hrt_bytes_free(&path);
  return status;
}

/* From byte 0 the folder is read, from any other the list that was read before. */
void hrt_hc_file_list(hrt_host_env *env, hsb_slot *s) {
  helios_code stop = HELIOS_OK;
  int status = 0;
  if (hrt_u32(s[2]) == 0) {
    status = list_path(&stop, env, s[0], s[1]);
  } else if (env->files == NULL || env->files->list.length == 0) {
    status = hrt_refuse(env, HSB_STATUS_STATE, "no folder was read");
  }
  if (stop != HELIOS_OK) {
    hrt_stop_call(env, stop, "while the procedure listed a folder");
  }
  if (status == 0) {
    status = hrt_give_from(env, s[2], s[3], s[4], env->files->list.bytes, env->files->list.length);
  }
  hrt_answer(s, status);
}
