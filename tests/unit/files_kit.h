/* files_kit.h - for tests of files: a folder of their own, a puppet with grants in it, descriptors
 * counted. */
#ifndef FILES_KIT_H
#define FILES_KIT_H

#include "puppet.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/fs.h"

#define FK_TEMPLATE                                                                                \
  "/tmp/helios-files-XX"                                                                           \
  "XX"                                                                                             \
  "XX"

typedef struct files_kit {
  char at[64]; /* the folder: in/, out/, secret/ */
  puppet *p;
} files_kit;

/* "%D" in text is the kit's folder. */
FX const char *fk_text(const files_kit *k, const char *text) {
  static char out[4][2048];
  static unsigned turn;
  char *to = out[turn++ % 4];
  size_t n = 0;
  for (const char *c = text; *c != 0 && n < sizeof out[0] - 70; c++) {
    if (c[0] == '%' && c[1] == 'D') {
      n += (size_t)snprintf(to + n, 64, "%s", k->at);
      c++;
    } else {
      to[n++] = *c;
    }
  }
  to[n] = 0;
  return to;
}

FX void fk_write(const files_kit *k, const char *path, const char *text) {
  int fd = open(fk_text(k, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
}

FX void fk_read(const files_kit *k, const char *path, char *out, size_t size) {
  int fd = open(fk_text(k, path), O_RDONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  ssize_t n = read(fd, out, size - 1);
  assert_true(n >= 0);
  out[n] = 0;
  close(fd);
}

FX void fk_folder(const files_kit *k, const char *path) {
  assert_int_equal(mkdir(fk_text(k, path), 0700), 0);
}

FX void fk_link(const files_kit *k, const char *to, const char *path) {
  char target[2048];
  snprintf(target, sizeof target, "%s", fk_text(k, to));
  assert_int_equal(symlink(target, fk_text(k, path)), 0);
}

FX void fk_make(files_kit *k) {
  snprintf(k->at, sizeof k->at, "%s", FK_TEMPLATE);
  assert_non_null(mkdtemp(k->at));
  fk_folder(k, "%D/in");
  fk_folder(k, "%D/out");
  fk_folder(k, "%D/secret");
  fk_write(k, "%D/in/a.txt", "hello");
  fk_write(k, "%D/secret/s.txt", "secret");
}

/* Grants with %D; up to 6. */
FX void fk_open(files_kit *k, const char *const *grants) {
  const char *list[8] = {0};
  char text[7][300];
  for (size_t i = 0; grants[i] != NULL && i < 7; i++) {
    snprintf(text[i], sizeof text[i], "%s", fk_text(k, grants[i]));
    list[i] = text[i];
  }
  k->p = puppet_open(list, puppet_shared());
  hrt_host_begin(k->p->env, 0, NULL, NULL);
}

static int fk_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw) {
  (void)st;
  (void)kind;
  (void)ftw;
  return remove(path);
}

FX void fk_done(files_kit *k) {
  hrt_host_end(k->p->env);
  puppet_close(k->p);
  assert_int_equal(nftw(k->at, fk_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

FX int fk_descriptors(void) {
  int n = 0;
  for (int fd = 0; fd < 256; fd++) {
    n += fcntl(fd, F_GETFD) >= 0;
  }
  return n;
}

/* file_open of a path with %D. */
FX int fk_file(files_kit *k, const char *path, unsigned flags) {
  const char *text = fk_text(k, path);
  return CALL(k->p, "file_open", TEXT(k->p, 100, text), flags);
}

#endif
