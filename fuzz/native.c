/* native.c - see native.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "build.h"
#include "fs.h"
#include "instance/instance.h"
#include "module.h"
#include "native.h"
#include "rewrite.h"

#define TURNS 2u /* of each program, with other arguments */
#define SECONDS 20u

typedef struct job {
  const fz_native *module;
  FILE *out;
  hcc_buf wasm;
  fz_module plan;
  hrt_plugin *plugin;
  hrt_instance *instance;
} job;

static const char *trap_name(uint32_t code) {
  switch (code) {
#define HSB_TRAP(name, number, text)                                                               \
  case number:                                                                                     \
    return #name;
#include "hsb_traps.def"
#undef HSB_TRAP
  default:
    return "UNKNOWN";
  }
}

static int fail(const job *j, const char *what, const char *why) {
  fprintf(stderr, "module %" PRIu64 ": %s: %s\n", j->module->id, what, why);
  return 1;
}

static void path_of(char out[HCC_PATH], const job *j, const char *suffix) {
  snprintf(out, HCC_PATH, "%s/m%" PRIu64 "%s", j->module->folder, j->module->id, suffix);
}

static hcc_build_options options_of(uint32_t mode) {
  return (hcc_build_options){.tier = mode & FZ_BASELINE ? HCC_TIER_BASELINE : HCC_TIER_OPTIMIZING,
                             .bounds = mode & FZ_EXPLICIT ? HCC_BOUNDS_EXPLICIT : HCC_BOUNDS_GUARD,
                             .target = mode & FZ_NATIVE ? "native" : NULL,
                             .no_cache = true,
                             .no_embed = true,
                             .jobs = 1};
}

/* The module and, for engines that know nothing of a plan, the metered one. */
static int write_modules(job *j) {
  char path[HCC_PATH];
  hcc_error err = {0};
  hcc_module *m = NULL;
  hcc_plan plan = {0};
  hcc_buf metered;
  hcc_rewrite_options options = {.meter = true, .alone = true};
  hcc_buf_init(&metered, FZ_MODULE_MAX * 4);
  path_of(path, j, ".wasm");
  int status = hcc_file_write(path, j->wasm.data, j->wasm.size, &err) != 0 ||
               hcc_decode(&m, j->wasm.data, j->wasm.size, &err) != 0 ||
               hcc_validate(m, &err) != 0 || hcc_rewrite(&metered, &plan, m, &options, &err) != 0;
  path_of(path, j, ".metered.wasm");
  status = status || hcc_file_write(path, metered.data, metered.size, &err) != 0;
  hcc_plan_free(&plan);
  hcc_module_free(m);
  hcc_buf_free(&metered);
  return status ? fail(j, "module", err.text) : 0;
}

static int build(job *j) {
  char input[HCC_PATH], output[HCC_PATH];
  uint8_t key[HRT_KEY_BYTES], *bytes = NULL;
  size_t size;
  hcc_error err = {0};
  helios_error e = {0};
  hcc_build_result result;
  hcc_build_options options = options_of(j->module->mode);
  path_of(input, j, ".wasm");
  path_of(output, j, ".so");
  options.input = input;
  options.output = output;
  if (hcc_build(&result, &options, &err) != 0 ||
      hcc_file_read(&bytes, &size, output, 1u << 30, &err) != 0) {
    return fail(j, "build", err.text);
  }
  int status = hrt_key_load(key, &e) != 0 || hrt_plugin_load(&j->plugin, bytes, size, key, &e) != 0;
  free(bytes);
  remove(output);
  return status ? fail(j, "load", e.text) : 0;
}

static int renew(job *j, bool trapped) {
  helios_error err = {0};
  hrt_budget budget = {0};
  hrt_instance_options options = {0};
  if (j->instance != NULL && !trapped) {
    return hrt_instance_reset(j->instance, &err) == 0 ? 0 : fail(j, "reset", err.text);
  }
  hrt_instance_free(j->instance);
  j->instance = NULL;
  return hrt_instance_new(&j->instance, j->plugin, &options, &budget, &err) == 0
             ? 0
             : fail(j, "instance", err.text);
}

/* Calls and prints "trap":"..." or "values":[...],"fuel":n, which is so in slices of any size. */
static bool call(job *j, const char *name, hsb_slot *slots, uint32_t results, int64_t slice) {
  struct timespec now;
  helios_error err = {0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  hrt_budget budget = {.deadline_ns = (uint64_t)(now.tv_sec + SECONDS) * 1000000000u,
                       .slice_size = slice};
  int index = hrt_plugin_export(j->plugin, name, strlen(name));
  if (hrt_call(j->instance, (uint32_t)index, slots, &budget, &err) != 0) {
    fprintf(j->out, "\"trap\":\"%s\"", trap_name(err.trap));
    return false;
  }
  fputs("\"values\":[", j->out);
  for (uint32_t i = 0; i < results; i++) {
    fprintf(j->out, "%s\"%" PRIu64 "\"", i == 0 ? "" : ",", slots[i]);
  }
  fprintf(j->out, "],\"fuel\":\"%" PRIu64 "\"", budget.fuel_used);
  return true;
}

static void print_letters(FILE *out, const char *key, const uint8_t *types, uint32_t count) {
  fprintf(out, "\"%s\":\"", key);
  for (uint32_t i = 0; i < count; i++) {
    putc("dfji"[types[i] - HCC_F64], out);
  }
  fputs("\",", out);
}

static int run(job *j, uint32_t program, uint32_t turn, fz_choices *c) {
  static const int64_t slices[] = {0, 0, 0, 1, 60, 500, 5000};
  const fz_sig *sig = &j->plan.programs[program].sig;
  hsb_slot slots[8] = {0};
  char name[16];
  snprintf(name, sizeof name, "p%u", program);
  fprintf(j->out, "%s{\"name\":\"%s\",", program + turn == 0 ? "" : ",", name);
  print_letters(j->out, "params", sig->params, sig->param_count);
  print_letters(j->out, "results", sig->results, sig->result_count);
  fputs("\"args\":[", j->out);
  for (uint32_t i = 0; i < sig->param_count; i++) {
    slots[i] = fz_argument(sig->params[i], c);
    fprintf(j->out, "%s\"%" PRIu64 "\"", i == 0 ? "" : ",", slots[i]);
  }
  fputs("],", j->out);
  bool whole =
      call(j, name, slots, sig->result_count, slices[fz_below(c, sizeof slices / sizeof *slices)]);
  if (whole) {
    fputs(",\"sum\":{", j->out);
    whole = call(j, "sum", slots, 1, 0);
    fputs("}", j->out);
  }
  fputs("}", j->out);
  return renew(j, !whole);
}

int fz_native_run(FILE *out, const fz_native *module, fz_choices *c) {
  hcc_build_options mode = options_of(module->mode);
  job *j = calloc(1, sizeof *j);
  if (j == NULL) {
    return 1;
  }
  *j = (job){.module = module, .out = out};
  hcc_buf_init(&j->wasm, FZ_MODULE_MAX);
  int status = !fz_generate(&j->wasm, &j->plan, module->programs, c) || write_modules(j) ||
               build(j) || renew(j, true);
  fprintf(out, "{\"seed\":%" PRIu64 ",\"mode\":\"%s %s%s\",\"runs\":[", module->id,
          mode.tier == HCC_TIER_BASELINE ? "O1" : "O3",
          mode.bounds == HCC_BOUNDS_EXPLICIT ? "explicit" : "guard",
          mode.target != NULL ? " native" : "");
  for (uint32_t i = 0; i < TURNS * module->programs && status == 0; i++) {
    status = run(j, i / TURNS, i % TURNS, c);
  }
  fputs("]}\n", out);
  fflush(out);
  hrt_instance_free(j->instance);
  hrt_plugin_unref(j->plugin);
  hcc_buf_free(&j->wasm);
  free(j);
  return status;
}
