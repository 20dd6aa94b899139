/* compile_fuzz.c - compile and run: the input is decisions of the module generator. The module goes
 * through heliosc's whole pipeline, with wasm2c and clang in their jails as always, its programs
 * run in the engine, and Node, Node on the metered module and wabt's spectest-interp must do the
 * same: results bit for bit, kinds of traps, memory, globals and tables, fuel. The judge is
 * differential.py, one for all inputs; without Node or spectest-interp the target exits with 77. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "mutate.h"
#include "native.h"

#define PROGRAMS 8u /* of a module, at most: what a run costs is the build */

extern char **environ;

static hcc_temp folder;
static FILE *asked, *answered;

static void clean_up(void) {
  fclose(asked);
  fclose(answered);
  hcc_temp_free(&folder, false);
}

static void set_default(const char *name, const char *in, const char *file) {
  char path[HCC_PATH];
  snprintf(path, sizeof path, "%s/%s", in, file);
  setenv(name, path, 0);
}

static void start_judge(const char *source) {
  int to[2], from[2];
  char script[HCC_PATH];
  pid_t pid;
  posix_spawn_file_actions_t ends;
  snprintf(script, sizeof script, "%s/fuzz/differential.py", source);
  char name[] = "python3", option[] = "--judge",
       *argv[] = {name, script, option, folder.path, NULL};
  FZ_MUST(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
  posix_spawn_file_actions_init(&ends);
  posix_spawn_file_actions_adddup2(&ends, to[0], 0);
  posix_spawn_file_actions_adddup2(&ends, from[1], 1);
  FZ_MUST(posix_spawnp(&pid, name, &ends, NULL, argv, environ) == 0);
  posix_spawn_file_actions_destroy(&ends);
  close(to[0]);
  close(from[1]);
  asked = fdopen(to[1], "w");
  answered = fdopen(from[0], "r");
  FZ_MUST(asked != NULL && answered != NULL);
}

static void answer(char line[200]) {
  FZ_MUST(fgets(line, 200, answered) != NULL);
  if (strncmp(line, "skipped", 7) == 0) {
    fputs(line, stderr);
    exit(77);
  }
}

/* Once. */
static void set_up(void) {
  const char *source = getenv("HELIOS_SOURCE") != NULL ? getenv("HELIOS_SOURCE") : ".";
  char line[200];
  hcc_error err = {0};
  if (asked != NULL) {
    return;
  }
  FZ_MUST(hcc_temp_make(&folder, &err) == 0);
  set_default("HELIOS_KEY", folder.path, "key");
  set_default("HELIOS_TOOLCHAIN", source, "toolchain");
  FZ_MUST(signal(SIGPIPE, SIG_IGN) != SIG_ERR); /* a judge that is gone is seen by its answer */
  start_judge(source);
  atexit(clean_up);
  answer(line); /* it is ready */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint64_t id;
  char line[200];
  fz_choices c = {data, size};
  set_up();
  fz_native module = {.folder = folder.path, .id = id++, .mode = fz_below(&c, FZ_MODES)};
  module.programs = 1 + fz_below(&c, PROGRAMS);
  FZ_MUST(fz_native_run(asked, &module, &c) == 0);
  answer(line);
  FZ_MUST(strcmp(line, "same\n") == 0);
  return 0;
}
