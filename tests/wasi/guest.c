/* guest.c - a C program on wasi-libc as procedures: what tests/sql/wasi_test.py calls. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <heliosdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

HELIOS_ARENA(4096)

static char out[4096];
static int began;

__attribute__((constructor)) static void begin(void) {
  began = 42; /* by _initialize */
}

static hg_bytes text(void) {
  return hg_pack(out, (unsigned)strlen(out));
}

static const char *copy(const char *p, unsigned n) {
  static char path[2][1024];
  static int turn;
  char *to = path[turn ^= 1];
  snprintf(to, sizeof path[0], "%.*s", (int)n, p);
  return to;
}

HELIOS_PROCEDURE(initialized) int initialized(void) {
  return began;
}

HELIOS_PROCEDURE(say) hg_bytes say(const char *p, unsigned n) {
  printf("to %.*s\nhalf ", (int)n, p);
  fprintf(stderr, "careful\n");
  printf("a line");
  fflush(stdout);
  snprintf(out, sizeof out, "Hello, %.*s: %.2f", (int)n, p, 2.5);
  return text();
}

HELIOS_PROCEDURE(now) long long now(void) {
  return (long long)time(NULL);
}

HELIOS_PROCEDURE(nap) long long nap(long long ms) {
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
  clock_gettime(CLOCK_MONOTONIC, &after);
  return (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
}

HELIOS_PROCEDURE(dice) hg_bytes dice(void) {
  unsigned char bytes[16];
  out[0] = 0;
  getentropy(bytes, sizeof bytes);
  for (unsigned i = 0; i < sizeof bytes; i++) {
    sprintf(out + 2 * i, "%02x", bytes[i]);
  }
  return text();
}

HELIOS_PROCEDURE(variable) hg_bytes variable(const char *p, unsigned n) {
  const char *value = getenv(copy(p, n));
  snprintf(out, sizeof out, "%s", value != NULL ? value : "(not set)");
  return text();
}

HELIOS_PROCEDURE(variables) int variables(void) {
  extern char **environ;
  int count = 0;
  for (char **v = environ; v != NULL && *v != NULL; v++) {
    count++;
  }
  return count;
}

HELIOS_PROCEDURE(quit) int quit(int code) {
  printf("going");
  fflush(stdout);
  exit(code);
}

HELIOS_PROCEDURE(input) int input(void) {
  return getchar() == EOF && feof(stdin);
}

/* A file's text, or the error's. */
HELIOS_PROCEDURE(slurp) hg_bytes slurp(const char *p, unsigned n) {
  FILE *f = fopen(copy(p, n), "r");
  if (f == NULL) {
    snprintf(out, sizeof out, "error: %s", strerror(errno));
    return text();
  }
  size_t length = fread(out, 1, sizeof out - 1, f);
  out[length] = 0;
  fclose(f);
  return text();
}

/* Writes, appends, seeks, cuts, renames, lists, removes below a folder; "ok" or what failed. */
HELIOS_PROCEDURE(work) hg_bytes work(const char *p, unsigned n) {
  const char *folder = copy(p, n);
  char a[1100], b[1100], d[1100], got[32] = "";
  struct stat st;
  snprintf(a, sizeof a, "%s/a.txt", folder);
  snprintf(b, sizeof b, "%s/b.txt", folder);
  snprintf(d, sizeof d, "%s/sub", folder);
  const char *failed = NULL;
#define MUST(what)                                                                                 \
  if (failed == NULL && !(what)) {                                                                 \
    failed = #what;                                                                                \
  }
  FILE *f = fopen(a, "w+");
  MUST(f != NULL)
  MUST(fputs("0123456789", f) >= 0)
  MUST(fseek(f, 3, SEEK_SET) == 0 && fputc('x', f) == 'x')
  MUST(fseek(f, -4, SEEK_END) == 0 && fread(got, 1, 2, f) == 2 && strcmp(got, "67") == 0)
  MUST(ftell(f) == 8 && fclose(f) == 0)
  f = failed == NULL ? fopen(a, "a") : NULL;
  MUST(f != NULL && fputs("!!", f) >= 0 && fclose(f) == 0)
  MUST(stat(a, &st) == 0 && st.st_size == 12 && S_ISREG(st.st_mode))
  MUST(truncate(a, 5) == 0 && stat(a, &st) == 0 && st.st_size == 5)
  MUST(open(a, O_CREAT | O_EXCL | O_RDWR, 0600) < 0 && errno == EEXIST)
  MUST(mkdir(d, 0700) == 0 && mkdir(d, 0700) < 0 && errno == EEXIST)
  MUST(rename(a, b) == 0 && access(a, F_OK) < 0 && errno == ENOENT)
  DIR *dir = failed == NULL ? opendir(folder) : NULL;
  int names = 0;
  for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
    names += strcmp(e->d_name, "b.txt") == 0 || strcmp(e->d_name, "sub") == 0;
  }
  MUST(names == 2 && closedir(dir) == 0)
  MUST(rmdir(b) < 0 && unlink(d) < 0)
  MUST(unlink(b) == 0 && rmdir(d) == 0)
  MUST(symlink("b", a) < 0 && link(b, a) < 0)
  snprintf(out, sizeof out, "%s", failed == NULL ? "ok" : failed);
  return text();
}
