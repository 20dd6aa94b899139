/* validate_main.c - runs the decoder and the validator over the specification's test suite.
 *
 *   spec_validate SUITE_FOLDER WORK_FOLDER [WAST2JSON]
 *
 * wast2json turns each .wast file into modules and a list of commands. A module that the suite
 * calls good (module, assert_unlinkable, assert_uninstantiable) must be accepted; an
 * assert_malformed must be refused as malformed, an assert_invalid as invalid; a refusal by
 * proposal or limit counts as both, since the suite tests the forms that proposals later took.
 * A module in text form goes the way of a .wat, by wat2wasm, which stands beside wast2json; that
 * may refuse it too. Commands that run code are no business of this program. */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "limits.h"
#include "module.h"
#include "wat.h"

struct run {
  const char *suite, *work, *tool, *file; /* file: the .wast at hand, without its folder */
  char root[HCC_PATH];                    /* what wat2wasm may read */
  hcc_tool wat2wasm;
  unsigned passed, failed, texts, files;
};

enum verdict { ACCEPT, REFUSE };

static const struct {
  const char *type;
  enum verdict verdict;
} commands[] = {
    {"module", ACCEPT},           {"assert_unlinkable", ACCEPT}, {"assert_uninstantiable", ACCEPT},
    {"assert_malformed", REFUSE}, {"assert_invalid", REFUSE},
};

/* The whole file in fresh memory, NUL-terminated; NULL if it can't be read. */
static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  char *bytes = NULL;
  struct stat info;
  if (file == NULL || fstat(fileno(file), &info) != 0) {
    goto out;
  }
  *size = (size_t)info.st_size;
  bytes = malloc(*size + 1);
  if (bytes != NULL && fread(bytes, 1, *size, file) == *size) {
    bytes[*size] = '\0';
  } else {
    free(bytes);
    bytes = NULL;
  }
out:
  if (file != NULL) {
    fclose(file);
  }
  return bytes;
}

/* Exactly as large as the module, so that AddressSanitizer sees a read behind its end. */
static int judge(hcc_error *err, const char *bytes, size_t size) {
  uint8_t *exact = malloc(size != 0 ? size : 1);
  hcc_module *m = NULL;
  int status;
  if (exact == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory");
  }
  memcpy(exact, bytes, size);
  status = hcc_decode(&m, exact, size, err);
  if (status == 0) {
    status = hcc_validate(m, err);
  }
  hcc_module_free(m);
  free(exact);
  return status;
}

static int judge_text(hcc_error *err, const struct run *run, const char *bytes, size_t size) {
  hcc_jail jail = {.memory = HCC_JAIL_MEMORY,
                   .seconds = HCC_JAIL_SECONDS,
                   .file = HCC_JAIL_FILE,
                   .writable = run->work,
                   .readable = {run->root, NULL}};
  uint8_t *wasm = NULL;
  size_t wasm_size = 0;
  int status = hcc_wat(&wasm, &wasm_size, (const uint8_t *)bytes, size, run->work, &run->wat2wasm,
                       &jail, HCC_JAIL_SECONDS, err);
  if (status == 0) {
    status = judge(err, (const char *)wasm, wasm_size);
  } else if (status == HCC_E_WAT && strstr(err->text, "error: ") == NULL &&
             strstr(err->text, "not say why") == NULL) {
    status = HCC_E_TOOL_FAILED; /* it did not run */
  }
  free(wasm);
  return status;
}

static bool as_expected(enum verdict verdict, int status) {
  return verdict == ACCEPT
             ? status == 0
             : status == HCC_E_MALFORMED || status == HCC_E_INVALID || status == HCC_E_PROPOSAL ||
                   status == HCC_E_LIMIT || status == HCC_E_WAT;
}

static const char *string_of(const cJSON *object, const char *key) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
  return text != NULL ? text : "";
}

static void run_module(struct run *run, int line, const cJSON *command, enum verdict verdict) {
  char path[4096];
  hcc_error err = {0};
  size_t size = 0;
  bool is_text = strcmp(string_of(command, "module_type"), "text") == 0;
  snprintf(path, sizeof path, "%s/%s", run->work, string_of(command, "filename"));
  char *bytes = read_file(path, &size);
  if (bytes == NULL) {
    printf("FAIL %s:%d: can't read %s\n", run->file, line, path);
    run->failed++;
    return;
  }
  int status = is_text ? judge_text(&err, run, bytes, size) : judge(&err, bytes, size);
  run->texts += is_text;
  if (as_expected(verdict, status) && (status == 0) == (err.text[0] == '\0')) {
    run->passed++;
  } else {
    printf("FAIL %s:%d: suite says \"%s\", heliosc says %d \"%s\" at %llu\n", run->file, line,
           verdict == ACCEPT ? "valid" : string_of(command, "text"), status, err.text,
           (unsigned long long)err.offset);
    run->failed++;
  }
  free(bytes);
}

static void run_command(struct run *run, const cJSON *command) {
  const char *type = string_of(command, "type");
  int line = (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(command, "line"));
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(type, commands[i].type) == 0) {
      run_module(run, line, command, commands[i].verdict);
    }
  }
}

static bool convert(const struct run *run, const char *json) {
  char wast[4096];
  int status;
  snprintf(wast, sizeof wast, "%s/%s", run->suite, run->file);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    execlp(run->tool, run->tool, wast, "-o", json, (char *)NULL);
    _exit(127);
  }
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

static void run_file(struct run *run) {
  char json[4096];
  cJSON *root = NULL;
  char *text = NULL;
  size_t size;
  snprintf(json, sizeof json, "%s/%s.json", run->work, run->file);
  if (!convert(run, json) || (text = read_file(json, &size)) == NULL ||
      (root = cJSON_Parse(text)) == NULL) {
    printf("FAIL %s: %s can't convert it\n", run->file, run->tool);
    run->failed++;
    goto out;
  }
  const cJSON *command;
  cJSON_ArrayForEach(command, cJSON_GetObjectItemCaseSensitive(root, "commands")) {
    run_command(run, command);
  }
  run->files++;
out:
  cJSON_Delete(root);
  free(text);
}

static int is_wast(const struct dirent *entry) {
  size_t length = strlen(entry->d_name);
  return length > 5 && strcmp(entry->d_name + length - 5, ".wast") == 0;
}

/* HELIOS_WAST2JSON, else the toolchain folder's, else the one of PATH. */
static const char *find_tool(const char *toolchain) {
  const char *tool = getenv("HELIOS_WAST2JSON");
  if (tool != NULL && *tool != '\0') {
    return tool;
  }
  return toolchain != NULL && access(toolchain, X_OK) == 0 ? toolchain : "wast2json";
}

static int find_wat2wasm(struct run *run) {
  char path[HCC_PATH];
  hcc_error err = {0};
  const char *slash = strrchr(run->tool, '/');
  snprintf(path, sizeof path, "%.*swat2wasm", slash == NULL ? 0 : (int)(slash + 1 - run->tool),
           run->tool);
  int status = hcc_tool_find(&run->wat2wasm, HCC_TOOL_WAT2WASM, slash == NULL ? NULL : path, &err);
  if (status != 0) {
    fprintf(stderr, "%s\n", err.text);
    return status;
  }
  hcc_tool_root(run->root, &run->wat2wasm);
  return 0;
}

int main(int argc, char **argv) {
  struct dirent **entries = NULL;
  if (argc < 3) {
    fprintf(stderr, "usage: spec_validate SUITE_FOLDER WORK_FOLDER [WAST2JSON]\n");
    return 2;
  }
  struct run run = {.suite = argv[1], .work = argv[2], .tool = find_tool(argv[3])};
  int count = scandir(run.suite, &entries, is_wast, alphasort);
  if (count <= 0 || (mkdir(run.work, 0777) != 0 && errno != EEXIST)) {
    fprintf(stderr, "no suite in %s, or can't make %s\n", run.suite, run.work);
    return 1;
  }
  if (find_wat2wasm(&run) != 0) {
    return 1;
  }
  for (int i = 0; i < count; i++) {
    run.file = entries[i]->d_name;
    run_file(&run);
    free(entries[i]);
  }
  free(entries);
  printf("%u files: %u passed, %u failed, 0 skipped; %u of these are text\n", run.files, run.passed,
         run.failed, run.texts);
  return run.failed == 0 && run.passed > 0 ? 0 : 1;
}
