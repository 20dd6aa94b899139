/* cli_watch.c - heliosc watch: rebuilds when a source changes and swaps the procedures of a
 * database. Looks at times of files, a few times a second: works on every file system, and a save
 * is seldom more often. Must go on after a build that failed. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli_scratch.h"
#include "run.h"
#include "source.h"

#define LOOK_NS 150000000L

static volatile sig_atomic_t ended;

static void on_signal(int number) {
  (void)number;
  ended = 1;
}

static bool matters(const char *name) {
  static const char *const headers[] = {".h", ".hpp", ".toml", ".wat", ".wasm"};
  size_t n = strlen(name);
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    size_t m = strlen(headers[i]);
    if (n > m && strcmp(name + n - m, headers[i]) == 0) {
      return true;
    }
  }
  return hcc_is_source(name);
}

/* The newest change of a source in a folder. */
static int64_t newest(const char *folder) {
  int64_t latest = 0;
  DIR *dir = opendir(folder);
  for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
    struct stat info;
    if (matters(e->d_name) && fstatat(dirfd(dir), e->d_name, &info, 0) == 0) {
      int64_t at = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
      latest = at > latest ? at : latest;
    }
  }
  if (dir != NULL) {
    closedir(dir);
  }
  return latest;
}

static int64_t last_change(const char *folder) {
  static const char *const inner[] = {"src", "assembly"};
  char below[HCC_PATH];
  int64_t latest = newest(folder);
  for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
    int64_t there = hcc_path(below, NULL, "%s/%s", folder, inner[i]) == 0 ? newest(below) : 0;
    latest = there > latest ? there : latest;
  }
  return latest;
}

static void swapped(hcc_cli *cli, const char *names, double ms) {
  char clean[1024];
  hcl_clean(clean, sizeof clean, names);
  if (cli->json) {
    cJSON *o = hcc_cli_object("swapped");
    cJSON_AddStringToObject(o, "procedures", clean);
    cJSON_AddNumberToObject(o, "ms", (double)(int64_t)ms);
    hcc_cli_emit(cli, o);
    fflush(stdout);
  } else {
    hcc_cli_say(cli, "swapped in %s  %.0f ms\n", clean, ms);
  }
}

static void rebuild(hcc_scratch *s) {
  char names[256];
  double begin = hcc_now_ms();
  if (hcc_scratch_build(s, s->cli->args[0]) == 0 &&
      hcc_scratch_create(s, names, sizeof names) == 0) {
    swapped(s->cli, names, hcc_now_ms() - begin);
  }
}

static void watch(hcc_scratch *s, const char *folder) {
  int64_t seen = 0;
  while (!ended) {
    int64_t now = last_change(folder);
    if (now != seen) {
      seen = now;
      rebuild(s);
    }
    nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
  }
}

int hcc_cli_watch(hcc_cli *cli) {
  hcc_scratch s;
  char folder[HCC_PATH];
  struct sigaction action = {.sa_handler = on_signal};
  sigemptyset(&action.sa_mask);
  if (cli->values[HCC_OPTION_db] == NULL) {
    return hcc_cli_usage(cli, "heliosc watch proc.c --db app.db", "watch needs --db");
  }
  int status = hcc_scratch_begin(&s, cli);
  if (status == 0 && (hcc_source_folder(folder, cli->args[0], &s.err) != 0 ||
                      hcc_path(s.database, &s.err, "%s", cli->values[HCC_OPTION_db]) != 0)) {
    status = hcc_cli_error(cli, &s.err, cli->args[0]);
  }
  if (status == 0) {
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    watch(&s, folder);
  }
  hcc_scratch_end(&s);
  return status;
}
