/* cli_build.c - heliosc build: options to hcc_build_options, progress, the summary. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "build.h"
#include "cli.h"
#include "hash.h"
#include "source.h"

/* A whole number without sign, at most max; size: K, M, G behind it multiply. */
static bool number(uint64_t *out, const char *text, uint64_t max, bool size) {
  static const char units[] = "KMG";
  char *end;
  if (*text < '0' || *text > '9') {
    return false;
  }
  unsigned long long value = strtoull(text, &end, 10);
  const char *unit = *end == '\0' ? NULL : strchr(units, *end);
  unsigned shift = unit == NULL ? 0 : 10 * (unsigned)(unit - units + 1);
  if ((*end != '\0' && (unit == NULL || !size || end[1] != '\0')) || value == 0 ||
      value > max >> shift) {
    return false;
  }
  *out = (uint64_t)value << shift;
  return true;
}

/* The value of an option as a number; 0 if it is not given. */
static int number_option(hcc_cli *cli, uint64_t *out, enum hcc_option_id id, uint64_t max,
                         bool size) {
  char clean[80];
  *out = 0;
  if (cli->values[id] == NULL || number(out, cli->values[id], max, size)) {
    return -1;
  }
  return hcc_cli_usage(cli, NULL, "--%s is a number from 1 to %llu%s, not '%s'",
                       hcc_options[id].name, (unsigned long long)max,
                       size ? ", or with K, M, G" : "",
                       hcl_clean(clean, sizeof clean, cli->values[id]));
}

static bool is(const hcc_cli *cli, enum hcc_option_id id, const char *value) {
  return cli->values[id] != NULL && strcmp(cli->values[id], value) == 0;
}

typedef struct includes_of {
  const char *folders[HCC_INCLUDES_MAX];
  uint32_t count;
} includes_of;

static int fill(hcc_cli *cli, hcc_build_options *o, includes_of *includes) {
  uint64_t jobs;
  *includes = (includes_of){.count = 0};
  includes->count = hcc_cli_values(includes->folders, HCC_INCLUDES_MAX, cli, HCC_OPTION_include);
  *o = (hcc_build_options){.input = cli->args[0],
                           .output = cli->values[HCC_OPTION_output],
                           .target = cli->values[HCC_OPTION_target],
                           .clang = cli->values[HCC_OPTION_clang],
                           .wasm2c = cli->values[HCC_OPTION_wasm2c],
                           .wat2wasm = cli->values[HCC_OPTION_wat2wasm],
                           .tinygo = cli->values[HCC_OPTION_tinygo] != NULL,
                           .wasm_opt = cli->values[HCC_OPTION_wasm_opt] != NULL,
                           .no_fuel = cli->values[HCC_OPTION_no_fuel] != NULL,
                           .no_cache = cli->values[HCC_OPTION_no_cache] != NULL,
                           .no_embed = cli->values[HCC_OPTION_no_embed] != NULL,
                           .keep = cli->values[HCC_OPTION_keep] != NULL,
                           .quiet = cli->quiet,
                           .includes = includes->folders,
                           .include_count = includes->count,
                           .listener = hcc_cli_listener(cli)};
  o->emit = is(cli, HCC_OPTION_emit, "wasm")     ? HCC_EMIT_WASM
            : is(cli, HCC_OPTION_emit, "c")      ? HCC_EMIT_C
            : is(cli, HCC_OPTION_emit, "module") ? HCC_EMIT_MODULE
                                                 : HCC_EMIT_PLUGIN;
  o->tier = is(cli, HCC_OPTION_tier, "baseline") ? HCC_TIER_BASELINE : HCC_TIER_OPTIMIZING;
  o->bounds = is(cli, HCC_OPTION_bounds, "explicit") ? HCC_BOUNDS_EXPLICIT : HCC_BOUNDS_GUARD;
  int status = number_option(cli, &jobs, HCC_OPTION_jobs, 1024, false);
  o->jobs = (uint32_t)jobs;
  if (status < 0) {
    status = number_option(cli, &o->jail_memory, HCC_OPTION_jail_memory, UINT64_C(1) << 46, true);
  }
  if (status < 0) {
    status = number_option(cli, &o->jail_seconds, HCC_OPTION_jail_time, 86400, false);
  }
  return status;
}

/* The phases of a build; one row feeds --time and --json. */
#define PHASES(X) X(source) X(front) X(translate) X(compile) X(link) X(pack) X(total)

static void result_json(hcc_cli *cli, const hcc_build_result *r) {
  char hash[HCC_HASH_HEX], clean[1024];
  cJSON *o = hcc_cli_object("result"), *ms;
  hcc_hex(hash, r->module_hash);
  cJSON_AddStringToObject(o, "command", "build");
  cJSON_AddStringToObject(o, "output", hcl_clean(clean, sizeof clean, r->output));
  cJSON_AddStringToObject(o, "sha256", hash);
  cJSON_AddNumberToObject(o, "input_bytes", (double)r->input_bytes);
  cJSON_AddNumberToObject(o, "output_bytes", (double)r->output_bytes);
  cJSON_AddNumberToObject(o, "c_bytes", (double)r->c_bytes);
  cJSON_AddNumberToObject(o, "functions", r->functions);
  cJSON_AddNumberToObject(o, "exports", r->exports);
  cJSON_AddNumberToObject(o, "imports", r->imports);
  if (r->module_before > 0) {
    cJSON_AddNumberToObject(o, "module_before", (double)r->module_before);
    cJSON_AddNumberToObject(o, "module_after", (double)r->module_after);
  }
  cJSON_AddBoolToObject(o, "cached", r->cached);
  cJSON_AddBoolToObject(o, "source_cached", r->source_cached);
  cJSON_AddNumberToObject(o, "peak_kib", (double)r->peak_kib);
  ms = cJSON_AddObjectToObject(o, "ms");
#define X(name) cJSON_AddNumberToObject(ms, #name, (double)(int64_t)(r->ms_##name * 100) / 100);
  PHASES(X)
#undef X
  hcc_cli_emit(cli, o);
}

static void summary(hcc_cli *cli, const hcc_build_result *r) {
  char clean[1024], size[HCC_CLI_SIZE];
  const char *output =
      strcmp(r->output, "-") == 0 ? "standard output" : hcl_clean(clean, sizeof clean, r->output);
  hcc_cli_say(cli, "%s%s%s  %s  %u function%s  %.0f ms%s\n",
              hcl_style(cli->color_err, HCL_STYLE_BOLD), output,
              hcl_style(cli->color_err, HCL_STYLE_PLAIN), hcc_cli_size(size, r->output_bytes),
              r->functions, r->functions == 1 ? "" : "s", r->ms_total, r->cached ? "  cached" : "");
  if (r->module_before > 0) {
    char before[HCC_CLI_SIZE], after[HCC_CLI_SIZE];
    hcc_cli_say(cli, "%12s  %s to %s, %+.1f %%\n", "wasm-opt",
                hcc_cli_size(before, r->module_before), hcc_cli_size(after, r->module_after),
                100.0 * ((double)r->module_after / (double)r->module_before - 1));
  }
  if (cli->values[HCC_OPTION_time] != NULL) {
#define X(name) hcc_cli_say(cli, "%12s  %8.1f ms\n", #name, r->ms_##name);
    PHASES(X)
#undef X
  }
  if (cli->verbose || cli->values[HCC_OPTION_time] != NULL) {
    char c[HCC_CLI_SIZE], peak[HCC_CLI_SIZE];
    hcc_cli_say(cli, "%12s  %11s, largest tool %s\n", "C", hcc_cli_size(c, r->c_bytes),
                hcc_cli_size(peak, r->peak_kib * 1024));
  }
}

static void kept(hcc_cli *cli, const hcc_build_result *r) {
  char clean[1024];
  if (cli->values[HCC_OPTION_keep] != NULL && r->folder[0] != '\0') {
    hcc_cli_say(cli, "kept %s\n", hcl_clean(clean, sizeof clean, r->folder));
  }
}

/* Would the plugin take the place of the module it is made from? */
static bool same_file(const char *input, const char *output) {
  struct stat in, out;
  return output != NULL && stat(input, &in) == 0 && stat(output, &out) == 0 &&
         S_ISREG(in.st_mode) && in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

/* Not an error: the engine looks again, when it loads the plugin. */
static void warn_customs(hcc_cli *cli, const hcc_build_result *r) {
  char text[300];
  if (r->customs > 0) {
    snprintf(text, sizeof text,
             "%s is no host function of the engine: an application must "
             "register it%s",
             r->custom, r->customs > 1 ? ", and others" : "");
    hcc_cli_warn(cli, "custom-import", text);
  }
}

int hcc_cli_build(hcc_cli *cli) {
  hcc_build_options options;
  hcc_build_result result = {.cached = false};
  hcc_error err = {.code = HCC_OK, .offset = HCC_NO_OFFSET, .func = UINT32_MAX};
  includes_of includes;
  int status = fill(cli, &options, &includes);
  if (status >= 0) {
    return status;
  }
  bool to_stdout =
      options.output != NULL ? strcmp(options.output, "-") == 0 : strcmp(options.input, "-") == 0;
  if (cli->json && to_stdout) {
    return hcc_cli_usage(cli, "name a file with -o", "--json and a plugin on standard output");
  }
  if (same_file(options.input, options.output)) {
    return hcc_cli_usage(cli, "name another file with -o", "the output is the input");
  }
  if (options.no_fuel) {
    hcc_cli_warn(cli, "no-fuel", "built without fuel: its fuel limit has no effect");
  }
  hcl_progress *progress = hcc_cli_progress(cli);
  options.progress = progress == NULL ? NULL : hcl_progress_step;
  options.progress_arg = progress;
  status = hcc_build(&result, &options, &err);
  hcl_progress_end(progress);
  if (status != 0) {
    kept(cli, &result);
    return hcc_cli_error(cli, &err, options.input);
  }
  warn_customs(cli, &result);
  if (cli->json) {
    result_json(cli, &result);
  } else {
    summary(cli, &result);
    kept(cli, &result);
  }
  return 0;
}
