/* wasi_fs.c - WASI preview 1's descriptors and paths, over fs.c. 0 to 2 are the log, then comes a
 * descriptor for each granted path in the order of the grants, then open files. Must never take a
 * right from what the guest says of it: rights follow from the grant. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/wasi.h"
#include "hsb_check.h"
#include "plugin/alloc.h"
#include "plugin/hold.h"

enum { UNKNOWN_KIND, CHARACTERS = 2, FOLDER = 3, REGULAR = 4 };
enum { O_CREATE = 1, O_FOLDER = 2, O_EXCLUSIVE = 4, O_EMPTY = 8 };
enum { FLAG_APPEND = 1, FLAGS_KNOWN = 31 };

#define STDIO 3u
#define RIGHT_WRITE UINT64_C(64) /* fd_write */
#define RIGHTS_ALL UINT64_C(0x1fffffff)
/* fd_datasync, fd_write, fd_allocate, the path calls and size calls that change something */
#define RIGHTS_CHANGE UINT64_C(0x7db1741)

/* What a descriptor is. */
typedef struct desc {
  bool stdio, write;
  const char *grant; /* a granted path */
  hrt_file *file;    /* an open file or folder */
  uint32_t index;    /* of file */
} desc;

/* The nth grant of a path; NULL: there is none. count: of those before. */
static const char *granted(bool *write, uint32_t *count, const hrt_host_env *env, uint32_t n) {
  *count = 0;
  for (size_t i = 0; i < hrt_caps_count(env->caps); i++) {
    hrt_cap_type type;
    const char *path = hrt_caps_object(&type, env->caps, i);
    if (type == HRT_CAP_FS_READ || type == HRT_CAP_FS_WRITE) {
      if ((*count)++ == n) {
        *write = type == HRT_CAP_FS_WRITE;
        return path;
      }
    }
  }
  return NULL;
}

static int find(desc *d, hrt_host_env *env, hsb_slot fd) {
  uint32_t n = hrt_u32(fd), grants = 0;
  *d = (desc){0};
  if (n < STDIO) {
    d->stdio = true;
    return WASI_OK;
  }
  d->grant = granted(&d->write, &grants, env, n - STDIO);
  if (d->grant != NULL) {
    return WASI_OK;
  }
  d->index = n - STDIO - grants;
  d->file = hrt_files_at(env, d->index);
  d->write = d->file != NULL && d->file->write;
  return d->file != NULL ? WASI_OK : WASI_BADF;
}

/* As find, for what only tells of the descriptor: 0, 1 and 2 are the same everywhere, and without a
 * grant there is no other. */
static int look(desc *d, hrt_host_env *env, hsb_slot fd) {
  int number = find(d, env, fd);
  if (d->stdio ||
      (!hrt_caps_any(env->caps, HRT_CAP_FS_READ) && !hrt_caps_any(env->caps, HRT_CAP_FS_WRITE))) {
    hrt_answers_alike(env);
  }
  return number;
}

static int find_file(desc *d, hrt_host_env *env, hsb_slot fd) {
  int number = find(d, env, fd);
  if (number == WASI_OK && d->stdio) {
    return WASI_SPIPE;
  }
  if (number == WASI_OK && (d->grant != NULL || d->file->folder)) {
    return WASI_ISDIR;
  }
  return number;
}

/* ---- reading and writing ---- */

struct vec {
  uint32_t at, length;
};

/* At most HRT_WASI_VECS; all lie in the guest's memory, and together are at most HRT_FILE_IO. */
static int vecs(struct vec *v, uint32_t *count, hrt_host_env *env, hsb_slot p, hsb_slot n) {
  uint64_t left = HRT_FILE_IO;
  *count = hrt_u32(n) < HRT_WASI_VECS ? hrt_u32(n) : HRT_WASI_VECS;
  if (!hrt_guest_read(v, env->instance, (guest_u32){hrt_u32(p)}, *count * sizeof *v)) {
    return WASI_FAULT;
  }
  for (uint32_t i = 0; i < *count; i++) {
    if (!hsb_in_range(v[i].at, v[i].length, hrt_guest_size(env->instance))) {
      return WASI_FAULT;
    }
    v[i].length = v[i].length < left ? v[i].length : (uint32_t)left;
    left -= v[i].length;
  }
  hrt_charge_bytes(env, HRT_FILE_IO - left);
  return WASI_OK;
}

typedef int transfer(uint64_t *done, hrt_host_env *env, const hrt_file *f, uint64_t at, uint32_t p,
                     uint64_t n);

/* Until one is short. What was done before an error counts, the error comes again. */
static int each(uint32_t *total, hrt_host_env *env, const hrt_file *f, uint64_t at,
                const struct vec *v, uint32_t count, transfer *move) {
  *total = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t done = 0;
    int number = v[i].length > 0 ? move(&done, env, f, at + *total, v[i].at, v[i].length) : 0;
    if (number != 0) {
      return *total > 0 ? WASI_OK : hrt_wasi_number(number);
    }
    *total += (uint32_t)done;
    if (done < v[i].length) {
      break;
    }
  }
  return WASI_OK;
}

static int file_io(hrt_host_env *env, hsb_slot *s, bool at_offset, transfer *move) {
  desc d;
  struct vec v[HRT_WASI_VECS];
  uint32_t count = 0, total = 0;
  int number = find_file(&d, env, s[0]);
  if (number == WASI_OK) {
    number = vecs(v, &count, env, s[1], s[2]);
  }
  if (number != WASI_OK) {
    return number;
  }
  uint64_t at = at_offset ? s[3] : d.file->at;
  number = at > INT64_MAX ? WASI_INVAL : each(&total, env, d.file, at, v, count, move);
  if (number == WASI_OK && !at_offset) {
    d.file->at += total;
  }
  if (number == WASI_OK && !hrt_wasi_put32(env, s[at_offset ? 4 : 3], total)) {
    number = WASI_FAULT;
  }
  return number;
}

static int print(hrt_host_env *env, hsb_slot *s) {
  struct vec v[HRT_WASI_VECS];
  uint32_t count = 0, total = 0;
  int number = vecs(v, &count, env, s[1], s[2]);
  for (uint32_t i = 0; number == WASI_OK && i < count; i++) {
    number = hrt_wasi_print(env, hrt_u32(s[0]) - 1, v[i].at, v[i].length);
    total += v[i].length;
  }
  return number == WASI_OK && !hrt_wasi_put32(env, s[3], total) ? WASI_FAULT : number;
}

void hrt_hc_fd_write(hrt_host_env *env, hsb_slot *s) {
  uint32_t fd = hrt_u32(s[0]);
  s[0] = (hsb_slot)(fd == 1 || fd == 2 ? print(env, s)
                    : fd == 0          ? WASI_BADF
                                       : file_io(env, s, false, hrt_files_write));
}

void hrt_hc_fd_read(hrt_host_env *env, hsb_slot *s) {
  uint32_t fd = hrt_u32(s[0]);
  if (fd == 0) {
    s[0] = hrt_wasi_put32(env, s[3], 0) ? WASI_OK : WASI_FAULT;
  } else {
    s[0] = (hsb_slot)(fd < STDIO ? WASI_BADF : file_io(env, s, false, hrt_files_read));
  }
}

void hrt_hc_fd_pread(hrt_host_env *env, hsb_slot *s) {
  s[0] = (hsb_slot)file_io(env, s, true, hrt_files_read);
}

void hrt_hc_fd_pwrite(hrt_host_env *env, hsb_slot *s) {
  s[0] = (hsb_slot)file_io(env, s, true, hrt_files_write);
}

/* ---- descriptors ---- */

static int seek(uint64_t *to, const hrt_file *f, int64_t by, uint32_t whence) {
  struct stat st = {0};
  int64_t base = whence == 0 ? 0 : (int64_t)f->at, at = 0;
  if (whence > 2) {
    return WASI_INVAL;
  }
  if (whence == 2) {
    if (fstat(f->fd, &st) != 0) {
      return hrt_wasi_number(errno);
    }
    base = st.st_size;
  }
  if (__builtin_add_overflow(base, by, &at) || at < 0) {
    return WASI_INVAL;
  }
  *to = (uint64_t)at;
  return WASI_OK;
}

void hrt_hc_fd_seek(hrt_host_env *env, hsb_slot *s) {
  desc d;
  uint64_t to = 0;
  int number = find_file(&d, env, s[0]);
  if (number == WASI_OK) {
    number = seek(&to, d.file, (int64_t)s[1], hrt_u32(s[2]));
  }
  if (number == WASI_OK && !hrt_wasi_put64(env, s[3], to)) {
    number = WASI_FAULT;
  }
  if (number == WASI_OK) {
    d.file->at = to;
  }
  s[0] = (hsb_slot)number;
}

void hrt_hc_fd_tell(hrt_host_env *env, hsb_slot *s) {
  desc d;
  int number = find_file(&d, env, s[0]);
  if (number == WASI_OK && !hrt_wasi_put64(env, s[1], d.file->at)) {
    number = WASI_FAULT;
  }
  s[0] = (hsb_slot)number;
}

/* Closing the log or a granted path changes nothing: they belong to the procedure. */
void hrt_hc_fd_close(hrt_host_env *env, hsb_slot *s) {
  desc d;
  int number = find(&d, env, s[0]);
  if (number == WASI_OK && d.file != NULL) {
    number = hrt_wasi_number(hrt_files_close(env, d.index));
  }
  s[0] = (hsb_slot)number;
}

static int synced(hrt_host_env *env, hsb_slot fd) {
  desc d;
  int number = find(&d, env, fd);
  if (number == WASI_OK && d.file != NULL && d.write && !d.file->folder) {
    number = hrt_wasi_number(fsync(d.file->fd) == 0 ? 0 : errno);
  }
  return number;
}

void hrt_hc_fd_sync(hrt_host_env *env, hsb_slot *s) {
  s[0] = (hsb_slot)synced(env, s[0]);
}

void hrt_hc_fd_datasync(hrt_host_env *env, hsb_slot *s) {
  s[0] = (hsb_slot)synced(env, s[0]);
}

void hrt_hc_fd_advise(hrt_host_env *env, hsb_slot *s) {
  desc d;
  s[0] = (hsb_slot)find_file(&d, env, s[0]);
}

void hrt_hc_fd_fdstat_get(hrt_host_env *env, hsb_slot *s) {
  struct {
    uint8_t kind, pad;
    uint16_t flags;
    uint8_t pad2[4];
    uint64_t rights, inheriting;
  } stat = {0};
  desc d;
  _Static_assert(sizeof stat == 24, "WASI's layout");
  int number = look(&d, env, s[0]);
  if (number != WASI_OK) {
    s[0] = (hsb_slot)number;
    return;
  }
  bool folder = !d.stdio && (d.grant != NULL || d.file->folder);
  stat.kind = d.stdio ? CHARACTERS : folder ? FOLDER : REGULAR;
  stat.flags = d.file != NULL && d.file->append ? FLAG_APPEND : 0;
  stat.rights = d.stdio ? (hrt_u32(s[0]) == 0 ? 2 : RIGHT_WRITE)
                        : RIGHTS_ALL & ~(d.write ? 0 : RIGHTS_CHANGE);
  stat.inheriting = folder ? stat.rights : 0;
  bool put = hrt_guest_write(env->instance, (guest_u32){hrt_u32(s[1])}, &stat, sizeof stat);
  s[0] = put ? WASI_OK : WASI_FAULT;
}

void hrt_hc_fd_fdstat_set_flags(hrt_host_env *env, hsb_slot *s) {
  desc d;
  uint32_t flags = hrt_u32(s[1]);
  int number = flags & ~(uint32_t)FLAGS_KNOWN ? WASI_INVAL : look(&d, env, s[0]);
  if (number == WASI_OK && d.file != NULL && !d.file->folder) {
    bool append = flags & FLAG_APPEND;
    int have = fcntl(d.file->fd, F_GETFL);
    if (have < 0 || fcntl(d.file->fd, F_SETFL, append ? have | O_APPEND : have & ~O_APPEND) != 0) {
      number = hrt_wasi_number(errno);
    } else {
      d.file->append = append;
    }
  }
  s[0] = (hsb_slot)number;
}

/* number, with an audit record if the grants are why: path (p, n) below d, or d itself. */
static int judged(int number, hrt_host_env *env, const desc *d, hsb_slot p, hsb_slot n,
                  bool write) {
  char path[256] = "", object[600];
  uint32_t length = hrt_u32(n) < sizeof path ? hrt_u32(n) : (uint32_t)sizeof path - 1;
  bool refused = number == WASI_NOTCAPABLE || number == WASI_ACCES || number == WASI_PERM ||
                 number == WASI_LOOP;
  if (!refused || !env->in_call) {
    return number;
  }
  if (hrt_guest_read(path, env->instance, (guest_u32){hrt_u32(p)}, length)) {
    path[length] = 0;
  }
  sqlite3_snprintf((int)sizeof object, object, "%.300s%s%s",
                   d->grant != NULL ? d->grant : "(an open folder)", path[0] ? "/" : "", path);
  hrt_audit_use(env, write ? HRT_CAP_FS_WRITE : HRT_CAP_FS_READ, object, false,
                number == WASI_NOTCAPABLE ? "by WASI: the grant is for reading"
                                          : "by WASI: what is there is not to be opened");
  return number;
}

static int set_size(int fd, off_t size) {
  hrt_hold hold;
  hrt_hold_begin(&hold, SIGXFSZ);
  int number = ftruncate(fd, size) == 0 ? 0 : errno;
  hrt_hold_end(&hold, SIGXFSZ);
  return number;
}

void hrt_hc_fd_filestat_set_size(hrt_host_env *env, hsb_slot *s) {
  desc d;
  int number = find_file(&d, env, s[0]);
  if (number == WASI_OK) {
    number = !d.write               ? WASI_NOTCAPABLE
             : s[1] > HRT_FILE_SIZE ? WASI_FBIG
                                    : hrt_wasi_number(set_size(d.file->fd, (off_t)s[1]));
  }
  s[0] = (hsb_slot)judged(number, env, &d, 0, 0, true);
}

void hrt_hc_fd_prestat_get(hrt_host_env *env, hsb_slot *s) {
  desc d;
  int number = look(&d, env, s[0]);
  if (number == WASI_OK && d.grant == NULL) {
    number = WASI_BADF;
  }
  if (number == WASI_OK &&
      (!hrt_wasi_put32(env, s[1], 0) ||
       !hrt_wasi_put32(env, (uint64_t)hrt_u32(s[1]) + 4, (uint32_t)strlen(d.grant)))) {
    number = WASI_FAULT;
  }
  s[0] = (hsb_slot)number;
}

void hrt_hc_fd_prestat_dir_name(hrt_host_env *env, hsb_slot *s) {
  desc d;
  int number = find(&d, env, s[0]);
  if (number == WASI_OK && d.grant == NULL) {
    number = WASI_BADF;
  } else if (number == WASI_OK && hrt_u32(s[2]) < strlen(d.grant)) {
    number = WASI_NAMETOOLONG;
  } else if (number == WASI_OK && !hrt_guest_write(env->instance, (guest_u32){hrt_u32(s[1])},
                                                   d.grant, strlen(d.grant))) {
    number = WASI_FAULT;
  }
  s[0] = (hsb_slot)number;
}

/* ---- stat ---- */

struct filestat {
  uint64_t device, inode;
  uint8_t kind, pad[7];
  uint64_t links, size, accessed, modified, changed;
};
_Static_assert(sizeof(struct filestat) == 64, "WASI's layout");

static uint64_t ns(struct timespec t) {
  return t.tv_sec < 0 ? 0 : (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Times of files tell the time: with 'clock' only. */
static int put_stat(hrt_host_env *env, hsb_slot at, const struct stat *st) {
  struct filestat out = {.device = 1,
                         .inode = st->st_ino,
                         .kind = S_ISDIR(st->st_mode)   ? FOLDER
                                 : S_ISREG(st->st_mode) ? REGULAR
                                                        : CHARACTERS,
                         .links = 1,
                         .size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0};
  if (hrt_caps_any(env->caps, HRT_CAP_CLOCK)) {
    out.accessed = ns(st->st_atim);
    out.modified = ns(st->st_mtim);
    out.changed = ns(st->st_ctim);
  }
  bool put = hrt_guest_write(env->instance, (guest_u32){hrt_u32(at)}, &out, sizeof out);
  return put ? WASI_OK : WASI_FAULT;
}

static int grant_stat(hrt_host_env *env, const char *grant, struct stat *st) {
  hrt_place at;
  int number = hrt_fs_below_grant(&at, grant, "");
  number = number == 0 ? hrt_fs_stat(env, &at, st) : number;
  hrt_fs_leave(&at);
  return number;
}

void hrt_hc_fd_filestat_get(hrt_host_env *env, hsb_slot *s) {
  desc d;
  struct stat st = {.st_mode = S_IFCHR};
  int number = find(&d, env, s[0]), host = 0;
  if (number == WASI_OK && d.grant != NULL) {
    host = grant_stat(env, d.grant, &st);
  } else if (number == WASI_OK && d.file != NULL) {
    host = fstat(d.file->fd, &st) == 0 ? 0 : errno;
  }
  number = number == WASI_OK ? hrt_wasi_number(host) : number;
  s[0] = (hsb_slot)(number == WASI_OK ? put_stat(env, s[1], &st) : number);
}

/* ---- paths ---- */

/* The place of path (p, n) below descriptor fd; to be left also after an error. A WASI number. */
static int place(hrt_place *out, desc *d, hrt_host_env *env, hsb_slot fd, hsb_slot p, hsb_slot n,
                 bool write) {
  char path[HRT_PATH_BYTES];
  uint32_t length = hrt_u32(n);
  *out = (hrt_place){.folder = -1};
  int number = env->in_call ? find(d, env, fd) : WASI_NOTCAPABLE;
  if (number != WASI_OK) {
    return number;
  }
  if (d->stdio || (d->file != NULL && !d->file->folder)) {
    return WASI_NOTDIR;
  }
  if (length >= sizeof path) {
    return WASI_NAMETOOLONG;
  }
  if (!hrt_guest_read(path, env->instance, (guest_u32){hrt_u32(p)}, length)) {
    return WASI_FAULT;
  }
  path[length] = 0;
  if (strlen(path) != length || !hrt_utf8(path, length)) {
    return WASI_ILSEQ;
  }
  if (length == 0) {
    return WASI_NOENT;
  }
  if (write && !d->write) {
    return WASI_NOTCAPABLE;
  }
  return hrt_wasi_number(d->grant != NULL ? hrt_fs_below_grant(out, d->grant, path)
                                          : hrt_fs_below(out, d->file->fd, path));
}

static unsigned how_of(uint32_t oflags, uint64_t rights, uint32_t fdflags) {
  unsigned how = 0;
  if (oflags & O_FOLDER) {
    return oflags & O_CREATE ? HRT_FS_FOLDER | HRT_FS_CREATE : HRT_FS_FOLDER;
  }
  how |= rights & RIGHT_WRITE ? HRT_FS_WRITE : 0u;
  how |= oflags & O_CREATE ? HRT_FS_CREATE : 0u;
  how |= oflags & O_EXCLUSIVE ? HRT_FS_EXCLUSIVE : 0u;
  how |= oflags & O_EMPTY ? HRT_FS_TRUNCATE | HRT_FS_WRITE : 0u;
  how |= fdflags & FLAG_APPEND ? HRT_FS_APPEND : 0u;
  return how;
}

/* A folder is open for changes below it if what it was opened from is. */
static int open_at(uint32_t *fd, hrt_host_env *env, const desc *d, const hrt_place *at,
                   unsigned how) {
  struct stat st;
  unsigned index = 0;
  uint32_t grants = 0;
  bool write = false;
  int handle = -1, number = hrt_fs_open(&handle, env, at, how, &st);
  if (number == 0) {
    bool folder = S_ISDIR(st.st_mode);
    how = folder && d->write ? HRT_FS_WRITE : how;
    number = hrt_files_add(&index, env, handle, how, folder);
  }
  granted(&write, &grants, env, UINT32_MAX);
  *fd = STDIO + grants + index;
  return hrt_wasi_number(number);
}

void hrt_hc_path_open(hrt_host_env *env, hsb_slot *s) {
  hrt_place at;
  desc d;
  uint32_t fd = 0;
  unsigned how = how_of(hrt_u32(s[4]), s[5], hrt_u32(s[7]));
  bool change = how & (HRT_FS_WRITE | HRT_FS_CREATE | HRT_FS_TRUNCATE);
  int number = place(&at, &d, env, s[0], s[2], s[3], change);
  if (number == WASI_OK) {
    number = open_at(&fd, env, &d, &at, how);
  }
  if (number == WASI_OK && !hrt_wasi_put32(env, s[8], fd)) {
    find(&d, env, fd);
    hrt_files_close(env, d.index);
    number = WASI_FAULT;
  }
  hrt_fs_leave(&at);
  s[0] = (hsb_slot)judged(number, env, &d, s[2], s[3], change);
}

void hrt_hc_path_filestat_get(hrt_host_env *env, hsb_slot *s) {
  hrt_place at;
  desc d;
  struct stat st;
  int number = place(&at, &d, env, s[0], s[2], s[3], false);
  if (number == WASI_OK) {
    number = hrt_wasi_number(hrt_fs_stat(env, &at, &st));
  }
  hrt_fs_leave(&at);
  s[0] = (hsb_slot)(number == WASI_OK ? put_stat(env, s[4], &st)
                                      : judged(number, env, &d, s[2], s[3], false));
}

static int removed(hrt_host_env *env, const hsb_slot *s, bool folder) {
  hrt_place at;
  desc d;
  int number = place(&at, &d, env, s[0], s[1], s[2], true);
  if (number == WASI_OK) {
    number = hrt_wasi_number(hrt_fs_remove(env, &at, folder));
  }
  hrt_fs_leave(&at);
  return judged(number, env, &d, s[1], s[2], true);
}

void hrt_hc_path_unlink_file(hrt_host_env *env, hsb_slot *s) {
  s[0] = (hsb_slot)removed(env, s, false);
}

void hrt_hc_path_remove_directory(hrt_host_env *env, hsb_slot *s) {
  s[0] = (hsb_slot)removed(env, s, true);
}

void hrt_hc_path_create_directory(hrt_host_env *env, hsb_slot *s) {
  hrt_place at;
  desc d;
  int number = place(&at, &d, env, s[0], s[1], s[2], true);
  if (number == WASI_OK) {
    number = hrt_wasi_number(hrt_fs_make_folder(env, &at));
  }
  hrt_fs_leave(&at);
  s[0] = (hsb_slot)judged(number, env, &d, s[1], s[2], true);
}

void hrt_hc_path_rename(hrt_host_env *env, hsb_slot *s) {
  hrt_place from, to = {.folder = -1};
  desc d, d_to = {0};
  int number = place(&from, &d, env, s[0], s[1], s[2], true);
  bool first = number != WASI_OK;
  if (number == WASI_OK) {
    number = place(&to, &d_to, env, s[3], s[4], s[5], true);
  }
  if (number == WASI_OK) {
    number = hrt_wasi_number(hrt_fs_rename(env, &from, &to));
  }
  hrt_fs_leave(&from);
  hrt_fs_leave(&to);
  s[0] = (hsb_slot)(first ? judged(number, env, &d, s[1], s[2], true)
                          : judged(number, env, &d_to, s[4], s[5], true));
}

/* ---- fd_readdir ---- */

struct dirent_host { /* of getdents64 */
  uint64_t inode;
  int64_t next;
  uint16_t length;
  uint8_t type;
  char name[];
};

struct dirent_wasi {
  uint64_t next, inode;
  uint32_t length;
  uint8_t kind, pad[3];
};
_Static_assert(sizeof(struct dirent_wasi) == 24, "WASI's layout");

/* As much of a name's record as fits into what is left of the buffer. */
static size_t put_name(uint8_t *to, size_t room, const struct dirent_host *e) {
  uint8_t record[sizeof(struct dirent_wasi) + 256];
  size_t n = strnlen(e->name, 255), whole = sizeof(struct dirent_wasi) + n;
  struct dirent_wasi head = {.next = (uint64_t)e->next,
                             .inode = e->inode,
                             .length = (uint32_t)n,
                             .kind = e->type == 4   ? FOLDER
                                     : e->type == 8 ? REGULAR
                                                    : UNKNOWN_KIND};
  memcpy(record, &head, sizeof head);
  memcpy(record + sizeof head, e->name, n);
  whole = whole < room ? whole : room;
  memcpy(to, record, whole);
  return whole;
}

/* The position of the folder's descriptor is the cookie; the kernel checks it. */
static int names(size_t *used, uint8_t *to, size_t room, int fd, uint64_t cookie) {
  _Alignas(struct dirent_host) char bytes[4096];
  long n = 0;
  *used = 0;
  if (cookie > INT64_MAX || lseek(fd, (off_t)cookie, SEEK_SET) < 0) {
    return WASI_INVAL;
  }
  while (*used < room && (n = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0) {
    for (long at = 0; at < n && *used < room;) {
      const struct dirent_host *e = (const struct dirent_host *)(const void *)(bytes + at);
      *used += put_name(to + *used, room - *used, e);
      at += e->length;
    }
  }
  return n < 0 ? hrt_wasi_number(errno) : WASI_OK;
}

static int read_folder(size_t *used, hrt_host_env *env, hrt_file *f, const hsb_slot *s) {
  size_t room = hrt_u32(s[2]) < 65536 ? hrt_u32(s[2]) : 65536;
  if (!hsb_in_range(hrt_u32(s[1]), hrt_u32(s[2]), hrt_guest_size(env->instance))) {
    return WASI_FAULT;
  }
  uint8_t *buffer = hrt_alloc(room + 1);
  int number = buffer != NULL ? names(used, buffer, room, f->fd, s[3]) : WASI_NOMEM;
  if (number == WASI_OK &&
      !hrt_guest_write(env->instance, (guest_u32){hrt_u32(s[1])}, buffer, *used)) {
    number = WASI_FAULT;
  }
  hrt_free(buffer);
  return number;
}

/* A granted path is read through a descriptor of its own for the time of the call. */
void hrt_hc_fd_readdir(hrt_host_env *env, hsb_slot *s) {
  desc d;
  size_t used = 0;
  hrt_file once = {.fd = -1};
  int number = env->in_call ? find(&d, env, s[0]) : WASI_NOTCAPABLE;
  if (number == WASI_OK && (d.stdio || (d.file != NULL && !d.file->folder))) {
    number = WASI_NOTDIR;
  }
  hrt_charge_bytes(env, hrt_u32(s[2]) < 65536 ? hrt_u32(s[2]) : 65536);
  if (number == WASI_OK && d.grant != NULL) {
    hrt_place at;
    int host = hrt_fs_below_grant(&at, d.grant, "");
    host = host == 0 ? hrt_fs_open(&once.fd, env, &at, HRT_FS_FOLDER, NULL) : host;
    hrt_fs_leave(&at);
    number = hrt_wasi_number(host);
  }
  if (number == WASI_OK) {
    number = read_folder(&used, env, d.grant != NULL ? &once : d.file, s);
  }
  if (once.fd >= 0) {
    close(once.fd);
  }
  if (number == WASI_OK && !hrt_wasi_put32(env, s[4], (uint32_t)used)) {
    number = WASI_FAULT;
  }
  s[0] = (hsb_slot)number;
}
