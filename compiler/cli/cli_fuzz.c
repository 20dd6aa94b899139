/* cli_fuzz.c - heliosc fuzz: builds the program around the module, runs it in the jail, and tells
 * what it found. Believes nothing that the program writes: guest code ran in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "cli_module.h"
#include "fs.h"
#include "fuzz.h"
#include "hsb_abi.h"
#include "limits.h"
#include "manifest.h"
#include "wat.h"

#define SECONDS_DEFAULT 10u
#define SECONDS_MORE 60u /* for libFuzzer to stop by itself */
#define MANIFEST_MAX (8u << 20)
#define REPORT_MAX (64u << 20)
#define FIELDS 6

typedef struct fuzz {
  hcc_cli *cli;
  hcc_error *err;
  hcc_module *module;
  uint8_t *wasm;
  size_t size;
  hcc_fuzz_plan plan;
  hcc_temp temp;
  uint64_t runs, seconds, seed;
  uint64_t runs_done;
  uint32_t edges, edges_all, found;
} fuzz;

/* Kinds beyond the traps: fuzz/host.c. */
static const char *kind_text(unsigned long kind) {
  switch (kind) {
#define HSB_TRAP(name, code, text)                                                                 \
  case code:                                                                                       \
    return text;
#include "hsb_traps.def"
#undef HSB_TRAP
  case 100:
    return "result outside of its memory";
  case 101:
    return "text result is not valid UTF-8";
  case 102:
    return "write through a null pointer";
  case 103:
    return "two results for the same arguments, although declared deterministic";
  default:
    return "unknown finding";
  }
}

static int number(hcc_cli *cli, uint64_t *out, enum hcc_option_id id, uint64_t otherwise) {
  char *end, clean[80];
  const char *text = cli->values[id];
  *out = otherwise;
  if (text == NULL) {
    return -1;
  }
  *out = strtoull(text, &end, 10);
  if (*text >= '0' && *text <= '9' && *end == '\0' && *out > 0 && *out <= INT32_MAX) {
    return -1;
  }
  return hcc_cli_usage(cli, NULL, "--%s is a number from 1 to %d, not '%s'", hcc_options[id].name,
                       INT32_MAX, hcl_clean(clean, sizeof clean, text));
}

static int read_module(fuzz *f) {
  hcc_buf manifest;
  uint32_t procedures;
  hcc_buf_init(&manifest, MANIFEST_MAX);
  int status = hcc_cli_read(f->cli, &f->wasm, &f->size, f->cli->args[0], HCC_MAX_MODULE, f->err);
  if (status == 0 && !hcc_is_binary(f->wasm, f->size)) {
    status = hcc_cli_assemble(f->cli, &f->wasm, &f->size, f->err);
  }
  HCC_TRY(status);
  HCC_TRY(hcc_decode(&f->module, f->wasm, f->size, f->err));
  HCC_TRY(hcc_validate(f->module, f->err));
  HCC_TRY(hcc_manifest(&manifest, &procedures, f->module, f->err));
  hcc_buf_byte(&manifest, '\0');
  HCC_TRY(hcc_fuzz_plan_make(&f->plan, f->module, (const char *)manifest.data,
                             f->cli->values[HCC_OPTION_export], f->err));
out:
  hcc_buf_free(&manifest);
  return status;
}

static int build(fuzz *f, char program[HCC_PATH]) {
  hcc_build_result result;
  char input[HCC_PATH];
  hcc_build_options o = {.input = input,
                         .output = program,
                         .emit = HCC_EMIT_FUZZ,
                         .tier = HCC_TIER_BASELINE,
                         .bounds = HCC_BOUNDS_EXPLICIT,
                         .clang = f->cli->values[HCC_OPTION_clang],
                         .wasm2c = f->cli->values[HCC_OPTION_wasm2c],
                         .fuzz_export = f->cli->values[HCC_OPTION_export]};
  int status = hcc_path(input, f->err, "%s/m.wasm", f->temp.path);
  if (status != 0) {
    return status;
  }
  HCC_TRY(hcc_path(program, f->err, "%s/fuzz", f->temp.path));
  HCC_TRY(hcc_file_write(input, f->wasm, f->size, f->err));
  hcl_progress *progress = hcc_cli_progress(f->cli);
  o.progress = progress == NULL ? NULL : hcl_progress_step;
  o.progress_arg = progress;
  status = hcc_build(&result, &o, f->err);
  hcl_progress_end(progress);
out:
  return status;
}

/* A few inputs to begin with: each decision the same all over. */
static int write_corpus(const fuzz *f) {
  char path[HCC_PATH];
  uint8_t bytes[96];
  int status = hcc_path(path, f->err, "%s/corpus", f->temp.path);
  if (status != 0) {
    return status;
  }
  HCC_TRY(hcc_dir_make(path, 0700, f->err));
  for (unsigned i = 0; i < 16 && status == 0; i++) {
    HCC_TRY(hcc_path(path, f->err, "%s/corpus/%u", f->temp.path, i));
    memset(bytes, (int)i, sizeof bytes);
    HCC_TRY(hcc_file_write(path, bytes, sizeof bytes, f->err));
  }
out:
  return status;
}

static int run(const fuzz *f, const char *program) {
  char runs[40], seconds[40], seed[40];
  const char *replay = f->cli->values[HCC_OPTION_replay];
  hcc_ran ran;
  hcc_jail jail = {.memory = HCC_JAIL_MEMORY,
                   .seconds = f->seconds + SECONDS_MORE,
                   .file = HCC_JAIL_FILE,
                   .writable = f->temp.path};
  snprintf(runs, sizeof runs, "-runs=%lld", f->runs == 0 ? -1LL : (long long)f->runs);
  snprintf(seconds, sizeof seconds, "-max_total_time=%llu", (unsigned long long)f->seconds);
  snprintf(seed, sizeof seed, "-seed=%llu", (unsigned long long)f->seed);
  const char *all[] = {program,
                       runs,
                       seconds,
                       seed,
                       "-use_value_profile=1",
                       "-max_len=2048",
                       "-rss_limit_mb=0",
                       "-artifact_prefix=./crash-",
                       "corpus",
                       NULL};
  const char *one[] = {program, "-runs=1", "-rss_limit_mb=0", "input", NULL};
  hcc_run fuzzer = {.tool = "the fuzzer",
                    .argv = replay == NULL ? all : one,
                    .folder = f->temp.path,
                    .jail = &jail,
                    .seconds = (uint32_t)(f->seconds + SECONDS_MORE)};
  if (replay != NULL) {
    uint8_t *bytes = NULL;
    char path[HCC_PATH];
    size_t size;
    int status = hcc_file_read(&bytes, &size, replay, 1u << 20, f->err);
    status = status != 0 ? status : hcc_path(path, f->err, "%s/input", f->temp.path);
    status = status != 0 ? status : hcc_file_write(path, bytes, size, f->err);
    free(bytes);
    if (status != 0) {
      return status;
    }
  }
  return hcc_run_one(&ran, &fuzzer, f->err);
}

/* The function whose body an offset of the module lies in: "func 3". */
static void place_text(char *out, size_t size, const fuzz *f, unsigned long offset) {
  out[0] = '\0';
  for (uint32_t i = f->module->imported_funcs; i < f->module->func_count; i++) {
    hcc_range body = f->module->funcs[i].body, name = f->module->funcs[i].name;
    if (offset >= body.begin && offset < body.end) {
      char shown[HCC_ESCAPED], number_text[24];
      snprintf(number_text, sizeof number_text, "func %u", i);
      hcc_escape(shown, f->module->bytes + name.begin, name.end - name.begin);
      snprintf(out, size, " in \"%s\" at wasm offset 0x%lx",
               name.end > name.begin ? shown : number_text, offset);
    }
  }
}

/* A name as SQL writes it: quoted unless it is a plain word. */
static void sql_name(char *out, size_t size, const char *name) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  char clean[4 * HCC_FUZZ_NAME];
  hcl_clean(clean, sizeof clean, name);
  bool word = strspn(clean, plain) == strlen(clean) && strcspn(clean, "0123456789") != 0;
  snprintf(out, size, word ? "%s" : "\"%s\"", clean);
}

/* <module>-<n>.input beside where we stand, or in the folder of --inputs. */
static int write_input(char path[HCC_PATH], const fuzz *f, const char *hex) {
  const char *folder = f->cli->values[HCC_OPTION_inputs], *slash = strrchr(f->cli->args[0], '/');
  const char *base = slash == NULL ? f->cli->args[0] : slash + 1;
  size_t size = strlen(hex) / 2;
  uint8_t *bytes = malloc(size + 1);
  if (bytes == NULL) {
    return hcc_fail(f->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for an input");
  }
  for (size_t i = 0; i < size; i++) {
    char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
    bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
  }
  int status = hcc_path(path, f->err, "%s%s%.*s-%u.input", folder == NULL ? "" : folder,
                        folder == NULL ? "" : "/", (int)strcspn(base, "."), base, f->found);
  if (status == 0) {
    status = hcc_file_write(path, bytes, size, f->err);
  }
  free(bytes);
  return status;
}

static void show(fuzz *f, const char *kind, const char *place, const char *sql, const char *path) {
  char clean[1024], file[1024];
  const hcc_cli *cli = f->cli;
  hcl_clean(clean, sizeof clean, sql);
  hcl_clean(file, sizeof file, path);
  if (cli->json) {
    cJSON *o = hcc_cli_object("finding");
    cJSON_AddStringToObject(o, "text", kind);
    cJSON_AddStringToObject(o, "place", place);
    cJSON_AddStringToObject(o, "sql", sql);
    cJSON_AddStringToObject(o, "input", file);
    hcc_cli_emit(f->cli, o);
    return;
  }
  hcc_cli_print(f->cli, "%s%s%s%s\n  %s\n  input: %s\n", hcl_style(cli->color_out, HCL_STYLE_ERROR),
                kind, hcl_style(cli->color_out, HCL_STYLE_PLAIN), place, clean, file);
}

/* found, kind, procedure, offset, input, arguments */
static int take_finding(fuzz *f, char *const fields[FIELDS]) {
  char place[512], name[4 * HCC_FUZZ_NAME + 8], path[HCC_PATH] = "";
  unsigned long kind = strtoul(fields[1], NULL, 10), procedure = strtoul(fields[2], NULL, 10);
  if (procedure >= f->plan.count) {
    return 0;
  }
  f->found++;
  const char *replay = f->cli->values[HCC_OPTION_replay];
  int status =
      replay == NULL ? write_input(path, f, fields[4]) : hcc_path(path, f->err, "%s", replay);
  if (status != 0) {
    return status;
  }
  place_text(place, sizeof place, f, strtoul(fields[3], NULL, 10));
  sql_name(name, sizeof name, f->plan.procedures[procedure].name);
  size_t size = strlen(name) + strlen(fields[5]) + 16;
  char *sql = malloc(size);
  if (sql == NULL) {
    return hcc_fail(f->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for a statement");
  }
  snprintf(sql, size, "SELECT %s(%s)", name, fields[5]);
  show(f, kind_text(kind), place, sql, path);
  free(sql);
  return 0;
}

static int take_line(fuzz *f, char *line) {
  char *fields[FIELDS] = {NULL}, *save = NULL;
  size_t n = 0;
  for (char *at = line; at != NULL && n < FIELDS; at = save) {
    save = strchr(at, '\t');
    if (save != NULL) {
      *save++ = '\0';
    }
    fields[n++] = at;
  }
  if (n == FIELDS && strcmp(fields[0], "found") == 0) {
    return take_finding(f, fields);
  }
  if (n == 4 && strcmp(fields[0], "stats") == 0) {
    f->runs_done = strtoull(fields[1], NULL, 10);
    f->edges = (uint32_t)strtoul(fields[2], NULL, 10);
    f->edges_all = (uint32_t)strtoul(fields[3], NULL, 10);
  } else if (n == 2 && strcmp(fields[0], "error") == 0) {
    char clean[128];
    return hcc_fail(f->err, HCC_E_USAGE, HCC_NO_OFFSET, "can't fuzz it: %s",
                    hcl_clean(clean, sizeof clean, fields[1]));
  }
  return 0;
}

static int take_report(fuzz *f) {
  char path[HCC_PATH];
  uint8_t *text = NULL;
  size_t size;
  int status = hcc_path(path, f->err, "%s/found", f->temp.path);
  HCC_TRY(status);
  HCC_TRY(hcc_file_read(&text, &size, path, REPORT_MAX, f->err));
  for (char *save = NULL, *line = strtok_r((char *)text, "\n", &save); line != NULL && status == 0;
       line = strtok_r(NULL, "\n", &save)) {
    status = take_line(f, line);
  }
out:
  free(text);
  return status;
}

static void summary(fuzz *f, double seconds) {
  hcc_cli *cli = f->cli;
  if (cli->json) {
    cJSON *o = hcc_cli_object("result");
    cJSON_AddStringToObject(o, "command", "fuzz");
    cJSON_AddNumberToObject(o, "procedures", f->plan.count);
    cJSON_AddNumberToObject(o, "runs", (double)f->runs_done);
    cJSON_AddNumberToObject(o, "seconds", (double)(int64_t)(seconds * 10) / 10);
    cJSON_AddNumberToObject(o, "edges", f->edges);
    cJSON_AddNumberToObject(o, "edges_total", f->edges_all);
    cJSON_AddNumberToObject(o, "found", f->found);
    hcc_cli_emit(cli, o);
    return;
  }
  hcc_cli_say(cli, "%u procedure%s, %llu calls in %.1f s, %u of %u edges reached, %u found\n",
              f->plan.count, f->plan.count == 1 ? "" : "s", (unsigned long long)f->runs_done,
              seconds, f->edges, f->edges_all, f->found);
}

static int fuzz_module(fuzz *f) {
  char program[HCC_PATH];
  int status;
  HCC_TRY(read_module(f));
  HCC_TRY(hcc_temp_make(&f->temp, f->err));
  HCC_TRY(build(f, program));
  HCC_TRY(write_corpus(f));
  double begin = hcc_now_ms();
  HCC_TRY(run(f, program));
  double seconds = (hcc_now_ms() - begin) / 1e3;
  HCC_TRY(take_report(f));
  summary(f, seconds);
out:
  return status;
}

int hcc_cli_fuzz(hcc_cli *cli) {
  hcc_error err = {.code = HCC_OK, .offset = HCC_NO_OFFSET, .func = UINT32_MAX};
  fuzz f = {.cli = cli, .err = &err};
  bool counted = cli->values[HCC_OPTION_runs] != NULL;
  int status = number(cli, &f.runs, HCC_OPTION_runs, 0);
  status = status < 0 ? number(cli, &f.seconds, HCC_OPTION_seconds,
                               counted ? HCC_JAIL_SECONDS : SECONDS_DEFAULT)
                      : status;
  status = status < 0 ? number(cli, &f.seed, HCC_OPTION_seed, 1) : status;
  if (status >= 0) {
    return status;
  }
  status = fuzz_module(&f);
  hcc_temp_free(&f.temp, false);
  hcc_fuzz_plan_free(&f.plan);
  hcc_module_free(f.module);
  free(f.wasm);
  return status != 0 ? hcc_cli_error(cli, &err, cli->args[0]) : f.found != 0;
}
