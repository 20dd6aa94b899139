/* fs.h - files below granted paths: found, opened, removed, renamed. Shared by files.c (helios_v1)
 * and wasi_fs.c; docs/guest-abi.md says what a guest may expect, docs/wasi.md the WASI side of it.
 *
 * Invariants: a path is followed component by component from a granted folder and never through a
 * symbolic link; what is opened is a regular file or a folder, checked on the descriptor; the
 * database, its side files and the engine's key are never given away, whatever the grants.
 * Results are errno values, 0 for success. */
#ifndef HRT_HOST_FS_H
#define HRT_HOST_FS_H

#include <sys/stat.h>

#include "host/internal.h"

#define HRT_PATH_BYTES 1024           /* of a path that a guest gives */
#define HRT_NAME_BYTES 255            /* of one component */
#define HRT_FILES_OPEN 10             /* in one call */
#define HRT_FILE_IO (16u << 20)       /* bytes of one read or write */
#define HRT_FILE_SIZE (1u << 30)      /* a file does not grow beyond */
#define HRT_FILE_WRITTEN (256u << 20) /* bytes that one call may write in all */

static inline bool hrt_fs_same(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* How a file is opened; the numbers are ABI (file_open). */
enum {
  HRT_FS_WRITE = 1,
  HRT_FS_CREATE = 2,
  HRT_FS_EXCLUSIVE = 4,
  HRT_FS_TRUNCATE = 8,
  HRT_FS_APPEND = 16,
  HRT_FS_ALL = 31,
  HRT_FS_FOLDER = 32, /* only a folder will do; WASI's */
};

/* A name in an opened folder. */
typedef struct hrt_place {
  int folder;                    /* owned; O_PATH */
  char name[HRT_NAME_BYTES + 1]; /* "": the folder itself */
  bool itself;                   /* it is the granted path, not below it */
  bool slash;                    /* the path ended with a slash: only a folder will do */
} hrt_place;

/* `path` (relative) below a granted path, or below an opened folder. The place is to be left also
 * after an error. EPERM: "..", an absolute path; ELOOP or ENOTDIR: a symbolic link in the way. */
int hrt_fs_below_grant(hrt_place *out, const char *grant, const char *path);
int hrt_fs_below(hrt_place *out, int folder, const char *path);
void hrt_fs_leave(hrt_place *place);

/* how: HRT_FS_*. st may be NULL. EACCES: a file that is never given away; EOPNOTSUPP: neither a
 * regular file nor a folder. */
int hrt_fs_open(int *fd, hrt_host_env *env, const hrt_place *place, unsigned how, struct stat *st);
int hrt_fs_stat(hrt_host_env *env, const hrt_place *place, struct stat *st);
int hrt_fs_remove(hrt_host_env *env, const hrt_place *place, bool folder);
int hrt_fs_make_folder(hrt_host_env *env, const hrt_place *place);
int hrt_fs_rename(hrt_host_env *env, const hrt_place *from, const hrt_place *to); /* files only */

/* fs_guard.c: may this file, this name in this folder never be touched? */
bool hrt_fs_guarded(hrt_host_env *env, const struct stat *st);
bool hrt_fs_guarded_name(hrt_host_env *env, int folder, const char *name);

/* fs_locks.c: closing a file that this process has locked elsewhere would give up those locks. */
bool hrt_fs_locked_here(int fd);
bool hrt_fs_parked(const struct stat *file); /* still open for the sake of such locks? */
int hrt_fs_close(int fd);                    /* at once, or when the locks are gone */

/* ---- open files of a call: files.c ---- */

typedef struct hrt_file {
  int fd; /* -1: free */
  bool folder, write, append;
  uint64_t at; /* WASI's position */
} hrt_file;

struct hrt_files {
  hrt_file open[HRT_FILES_OPEN];
  uint64_t written;     /* bytes by this call */
  struct hrt_json list; /* of the last file_list */
};

/* Takes fd, also on failure (ENOMEM, EMFILE). */
int hrt_files_add(unsigned *index, hrt_host_env *env, int fd, unsigned how, bool folder);
hrt_file *hrt_files_at(hrt_host_env *env, uint32_t index); /* NULL if it is not open */
int hrt_files_close(hrt_host_env *env, uint32_t index);
/* At most HRT_FILE_IO bytes; *done: how many. Charges nothing. */
int hrt_files_read(uint64_t *done, hrt_host_env *env, const hrt_file *f, uint64_t at, uint32_t dst,
                   uint64_t cap);
int hrt_files_write(uint64_t *done, hrt_host_env *env, const hrt_file *f, uint64_t at, uint32_t p,
                    uint64_t n);

#endif
