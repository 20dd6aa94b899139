/* build.c - `heliosc build` as one function. Decides what is to be built, asks the cache, runs the
 * front end, hands over to stage.c and puts the result in its place. Must leave no temporary file
 * behind and no half-written output. Invariants: see build.h. */
#include "build.h"

#include <openssl/evp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cache.h"
#include "embedded.h"
#include "hsb_abi.h"
#include "imports.h"
#include "info.h"
#include "limits.h"
#include "manifest.h"
#include "pack.h"
#include "script.h"
#include "sjlj.h"
#include "source.h"
#include "stage.h"
#include "tryout.h"
#include "wasmopt.h"
#include "wat.h"

#define MANIFEST_JSON_MAX (8u << 20)
#define FULL (256u << 10) /* bytes: less is none left, tools remove what they could not finish */

typedef struct build {
  const hcc_build_options *options;
  hcc_build_result *result;
  hcc_error *err;
  uint8_t *input; /* as read */
  size_t input_size;
  uint8_t *wasm; /* the module: input, or what wat2wasm made of it */
  size_t wasm_size;
  hcc_module *module;
  hcc_script script;
  hcc_tool tools[HCC_TOOL_COUNT];
  hcc_jail jails[HCC_TOOL_COUNT];
  char roots[HCC_TOOL_COUNT][HCC_PATH]; /* folders that the tools live in */
  const hcc_target *target;
  uint64_t seconds;
  hcc_temp temp;
  uint8_t key[HCC_KEY_BYTES];
  char cache_name[HCC_HASH_HEX];
  hcc_buf manifest, output;
} build;

static void progress(const build *b, const char *step) {
  if (b->options->progress != NULL) {
    b->options->progress(b->options->progress_arg, step);
  }
}

/* Signals that end a program make a build clean up first, if nobody else wants them. */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
#define ENDING (sizeof ending / sizeof *ending)

static void on_signal(int number) {
  (void)number;
  hcc_interrupted = 1;
}

static void catch_signals(struct sigaction before[ENDING]) {
  struct sigaction mine = {.sa_handler = on_signal};
  sigemptyset(&mine.sa_mask);
  hcc_interrupted = 0;
  for (size_t i = 0; i < ENDING; i++) {
    if (sigaction(ending[i], NULL, &before[i]) == 0 && before[i].sa_handler == SIG_DFL) {
      sigaction(ending[i], &mine, NULL);
    }
  }
}

static void restore_signals(const struct sigaction before[ENDING]) {
  for (size_t i = 0; i < ENDING; i++) {
    sigaction(ending[i], &before[i], NULL);
  }
}

/* The input's name with the suffix of what is made. */
static int name_output(build *b) {
  const char *input = b->options->input, *output = b->options->output;
  const char *suffixes[] = {hcc_plugin_ending(input), ".wasm", ".metered.wasm", ".c", ".fuzz"};
  if (output == NULL && strcmp(input, "-") == 0) {
    output = "-";
  }
  if (output != NULL) {
    return hcc_path(b->result->output, b->err, "%s", output);
  }
  char stem[HCC_PATH];
  int status = hcc_source_stem(stem, input, b->err);
  return status != 0
             ? status
             : hcc_path(b->result->output, b->err, "%s%s", stem, suffixes[b->options->emit]);
}

static bool needs_tools(const build *b) {
  return b->options->emit != HCC_EMIT_WASM && b->options->emit != HCC_EMIT_MODULE;
}

static int find_tools(build *b) {
  const hcc_build_options *o = b->options;
  const char *named[HCC_TOOL_COUNT] = {[HCC_TOOL_CLANG] = o->clang,
                                       [HCC_TOOL_WASM2C] = o->wasm2c,
                                       [HCC_TOOL_WAT2WASM] = o->wat2wasm};
  bool text = !hcc_is_binary(b->input, b->input_size);
  bool code = o->emit == HCC_EMIT_PLUGIN || o->emit == HCC_EMIT_FUZZ;
  bool needed[HCC_TOOL_COUNT] = {[HCC_TOOL_CLANG] = code,
                                 [HCC_TOOL_LLD] = code,
                                 [HCC_TOOL_WASM2C] = needs_tools(b),
                                 [HCC_TOOL_WAT2WASM] = text,
                                 [HCC_TOOL_WASM_OPT] = o->wasm_opt};
  int status = 0;
  for (int i = 0; i < HCC_TOOL_COUNT && status == 0; i++) {
    if (needed[i]) {
      status = hcc_tool_find(&b->tools[i], (enum hcc_tool_id)i, named[i], b->err);
    }
  }
  return status;
}

static void make_jails(build *b) {
  uint64_t memory = b->options->jail_memory;
  for (int i = 0; i < HCC_TOOL_COUNT; i++) {
    hcc_tool_root(b->roots[i], &b->tools[i]);
    b->jails[i] = (hcc_jail){.memory = memory == 0 ? HCC_JAIL_MEMORY : memory,
                             .seconds = b->seconds,
                             .file = HCC_JAIL_FILE,
                             .writable = b->temp.path,
                             .readable = {b->roots[i][0] == '\0' ? NULL : b->roots[i], NULL}};
  }
  if (b->roots[HCC_TOOL_LLD][0] != '\0') {
    b->jails[HCC_TOOL_CLANG].readable[1] = b->roots[HCC_TOOL_LLD];
  }
}

/* Wall clock: tools share processors with each other and with the rest of the machine. */
static uint32_t wall_seconds(const build *b) {
  uint64_t wall = b->seconds * 4;
  return wall > UINT32_MAX ? UINT32_MAX : (uint32_t)wall;
}

static void hash_text(EVP_MD_CTX *h, const char *text) {
  EVP_DigestUpdate(h, text, strlen(text) + 1);
}

/* -march=native means this processor: its name and features. */
static void hash_processor(EVP_MD_CTX *h) {
  static const char *const rows[] = {"model name", "flags", "CPU part", "Features", "isa"};
  uint8_t *text;
  size_t size;
  if (hcc_file_read(&text, &size, "/proc/cpuinfo", 16u << 20, NULL) != 0) {
    return;
  }
  char *end = strstr((char *)text, "\n\n"); /* the first of them */
  if (end != NULL) {
    *end = '\0';
  }
  for (char *save, *row = strtok_r((char *)text, "\n", &save); row != NULL;
       row = strtok_r(NULL, "\n", &save)) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      if (strncmp(row, rows[i], strlen(rows[i])) == 0) {
        hash_text(h, row);
      }
    }
  }
  free(text);
}

static void hash_tools(EVP_MD_CTX *h, const build *b) {
  hcc_tool self;
  for (int i = 0; i < HCC_TOOL_COUNT; i++) {
    hash_text(h, b->tools[i].identity);
  }
  /* heliosc itself, so that one that was built anew does not meet its predecessor's plugins */
  hash_text(h, hcc_tool_identify(&self, "/proc/self/exe") ? self.identity : "");
  for (const struct hcc_embedded *e = hcc_embedded; e->name != NULL; e++) {
    hash_text(h, e->name);
    EVP_DigestUpdate(h, e->bytes, e->size);
  }
}

/* The name in the cache: all that the bytes of the plugin depend on, the key included. */
static int name_entry(build *b) {
  uint8_t hash[HCC_HASH];
  const hcc_build_options *o = b->options;
  hcc_cc cc = {.target = b->target, .tier = o->tier, .bounds = o->bounds, .engine = o->engine};
  uint8_t switches[] = {HSB_ABI_MAJOR, HSB_ABI_MINOR, o->no_fuel,
                        o->no_embed,   o->no_polls,   o->engine};
  hcc_buf recipe;
  hcc_buf_init(&recipe, 1u << 16);
  hcc_cc_recipe(&recipe, &cc);
  EVP_MD_CTX *h = EVP_MD_CTX_new();
  bool made = h != NULL && !recipe.failed && EVP_DigestInit_ex(h, EVP_sha256(), NULL) == 1;
  if (made) {
    hash_text(h, "heliosc " HELIOS_VERSION);
    hash_text(h, b->target->name);
    EVP_DigestUpdate(h, switches, sizeof switches);
    EVP_DigestUpdate(h, recipe.data, recipe.size);
    EVP_DigestUpdate(h, b->key, sizeof b->key);
    hash_tools(h, b);
    if (strcmp(b->target->name, "native") == 0) {
      hash_processor(h);
    }
    made =
        EVP_DigestUpdate(h, b->input, b->input_size) == 1 && EVP_DigestFinal_ex(h, hash, NULL) == 1;
  }
  EVP_MD_CTX_free(h);
  hcc_buf_free(&recipe);
  if (!made) {
    return hcc_fail(b->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "libcrypto can't compute a hash");
  }
  hcc_hex(b->cache_name, hash);
  return 0;
}

/* Writes the output, unless somebody has asked us to stop. */
static int deliver(build *b, const void *bytes, size_t size) {
  if (hcc_interrupted) {
    return hcc_fail(b->err, HCC_E_INTERRUPTED, HCC_NO_OFFSET, "interrupted");
  }
  b->result->output_bytes = size;
  mode_t mode = b->options->emit == HCC_EMIT_FUZZ ? 0755 : 0644;
  return hcc_file_output(b->result->output, bytes, size, mode, true, b->err);
}

/* A plugin of the cache, counts and hash from its own sections. */
static int deliver_cached(bool *done, build *b) {
  uint8_t *bytes = NULL;
  size_t size, info_size;
  struct hsb_file_footer footer;
  *done = false;
  if (!hcc_cache_get(&bytes, &size, b->cache_name, b->key)) {
    return 0;
  }
  int status = hcc_unseal_footer(&footer, bytes, size, b->err);
  if (status == 0) {
    const uint8_t *info = hcc_pack_find(&info_size, bytes, size, &footer, HSB_SECTION_INFO);
    *done = info != NULL && hcc_info_counts(b->result, (const char *)info, info_size);
  }
  if (*done) {
    b->result->cached = true;
    progress(b, "cached");
    status = deliver(b, bytes, size);
  }
  free(bytes);
  return status;
}

/* Takes the place of the module so far; bytes are the build's then. */
static void replace_module(build *b, uint8_t *bytes, size_t size) {
  if (b->wasm != b->input) {
    free(b->wasm);
  }
  b->wasm = bytes;
  b->wasm_size = size;
}

static int optimise(build *b) {
  uint8_t *after = NULL;
  size_t size;
  progress(b, "wasm-opt");
  int status =
      hcc_wasm_opt(&after, &size, b->wasm, b->wasm_size, b->temp.path, &b->tools[HCC_TOOL_WASM_OPT],
                   &b->jails[HCC_TOOL_WASM_OPT], wall_seconds(b), b->err);
  if (status != 0) {
    return status;
  }
  b->result->module_before = b->wasm_size;
  b->result->module_after = size;
  replace_module(b, after, size);
  return 0;
}

static int load_module(build *b) {
  hcc_module_free(b->module);
  b->module = NULL;
  int status = hcc_decode(&b->module, b->wasm, b->wasm_size, b->err);
  return status != 0 ? status : hcc_validate(b->module, b->err);
}

/* A module with setjmp becomes one without; that one is the module from here on. */
static int lower_setjmp(build *b) {
  hcc_buf lowered;
  if (!hcc_sjlj_wanted(b->module)) {
    return 0;
  }
  hcc_buf_init(&lowered, HCC_MAX_MODULE);
  int status = hcc_sjlj(&lowered, b->module, b->err);
  if (status != 0) {
    hcc_buf_free(&lowered);
    return status;
  }
  replace_module(b, lowered.data, lowered.size);
  return load_module(b);
}

/* Text becomes a binary module; then decode, validate, manifest, imports. */
static int front(build *b) {
  int status = 0;
  progress(b, "decode");
  if (b->input_size == 0) { /* which is a module in the text format, but never meant as one */
    hcc_fail(b->err, HCC_E_MALFORMED, 0, "the file is empty");
    HCC_TRY(hcc_source_unknown(b->options->input, b->err));
  } else if (!hcc_is_binary(b->input, b->input_size)) {
    status = hcc_wat(&b->wasm, &b->wasm_size, b->input, b->input_size, b->temp.path,
                     &b->tools[HCC_TOOL_WAT2WASM], &b->jails[HCC_TOOL_WAT2WASM], wall_seconds(b),
                     b->err);
    HCC_TRY(status == HCC_E_MALFORMED ? hcc_source_unknown(b->options->input, b->err) : status);
  } else {
    b->wasm = b->input;
    b->wasm_size = b->input_size;
  }
  HCC_TRY(load_module(b));
  HCC_TRY(hcc_script_find(&b->script, b->module, b->err));
  if (b->options->wasm_opt && !b->script.present) { /* engines are optimised when they are made */
    HCC_TRY(optimise(b));
    HCC_TRY(load_module(b));
  }
  HCC_TRY(lower_setjmp(b));
  HCC_TRY(hcc_script_find(&b->script, b->module, b->err));
  HCC_TRY(hcc_imports_check(b->module, b->err));
  uint32_t procedures;
  HCC_TRY(hcc_manifest(&b->manifest, &procedures, b->module, b->err));
  hcc_buf_byte(&b->manifest, '\0');
  b->result->functions = b->module->func_count - b->module->imported_funcs;
  b->result->imports = b->module->import_count;
  b->result->customs = hcc_imports_custom(b->result->custom, b->module);
  for (uint32_t i = 0; i < b->module->export_count; i++) {
    b->result->exports += b->module->exports[i].kind == HCC_FUNC;
  }
  HCC_TRY(hcc_hash(b->result->module_hash, b->wasm, b->wasm_size, b->err));
out:
  return status;
}

static int emit_wasm(build *b) {
  hcc_plan plan = {.metered = false};
  hcc_rewrite_options options = hcc_stage_rewrite_options(b->options);
  options.marks = false;
  options.helpers = false;
  options.looks = false;
  options.alone = true;
  int status = hcc_rewrite(&b->output, &plan, b->module, &options, b->err);
  hcc_plan_free(&plan);
  return status;
}

static int ask_versions(build *b) {
  hcc_tool *tools[] = {&b->tools[HCC_TOOL_WASM2C], &b->tools[HCC_TOOL_CLANG],
                       &b->tools[HCC_TOOL_LLD]};
  enum hcc_tool_id ids[] = {HCC_TOOL_WASM2C, HCC_TOOL_CLANG, HCC_TOOL_LLD};
  return hcc_tool_versions(tools, ids, b->options->emit == HCC_EMIT_C ? 1 : 3, b->err);
}

static uint32_t processors(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count > 256 ? 256 : (uint32_t)count;
}

static int run_stages(build *b) {
  hcc_build_options options = *b->options;
  options.jobs = options.jobs == 0 ? processors() : options.jobs;
  hcc_stage_input in = {.options = &options,
                        .module = b->module,
                        .manifest = (const char *)b->manifest.data,
                        .folder = b->temp.path,
                        .tools = b->tools,
                        .target = b->target,
                        .jails = b->jails,
                        .seconds = wall_seconds(b),
                        .key = b->key};
  int status = ask_versions(b);
  if (status != 0) {
    return status;
  }
  if (b->options->emit == HCC_EMIT_C) {
    return hcc_stage_c(&b->output, b->result, &in, b->err);
  }
  return b->options->emit == HCC_EMIT_FUZZ ? hcc_stage_fuzz(&b->output, b->result, &in, b->err)
                                           : hcc_stage_plugin(&b->output, b->result, &in, b->err);
}

/* The plugin of the script's engine, which is built like any other and then is in the cache. */
static int build_engine(uint8_t **plugin, size_t *size, build *b) {
  char input[HCC_PATH], output[HCC_PATH];
  hcc_build_options options = *b->options;
  hcc_build_result *r = b->result, engine;
  double begin = hcc_now_ms();
  int status = 0;
  HCC_TRY(hcc_path(input, b->err, "%s/engine.wasm", b->temp.path));
  HCC_TRY(hcc_path(output, b->err, "%s/engine.so", b->temp.path));
  HCC_TRY(hcc_file_write(input, b->wasm, b->script.engine_size, b->err));
  options.input = input;
  options.output = output;
  options.no_embed = options.engine = true;
  options.keep = options.wasm_opt = false;
  HCC_TRY(hcc_build(&engine, &options, b->err));
  r->cached = engine.cached;
  r->c_bytes = engine.c_bytes;
  r->peak_kib = engine.peak_kib;
  r->ms_translate = engine.ms_translate;
  r->ms_compile = engine.ms_compile;
  r->ms_link = engine.ms_link;
  r->ms_engine = hcc_now_ms() - begin;
  HCC_TRY(hcc_file_read(plugin, size, output, HCC_MAX_PLUGIN, b->err));
out:
  return status;
}

/* Is code for this target code for this machine? */
static bool runs_here(const build *b) {
  const hcc_target *host;
  return hcc_target_find(&host, NULL, NULL) == 0 &&
         (b->target == host || strcmp(b->target->name, "native") == 0);
}

/* What the script does when an instance is made, now: docs/script-engines.md. */
static int try_script(build *b) {
  char path[HCC_PATH];
  int status = 0;
  if (!runs_here(b)) {
    return 0;
  }
  progress(b, "try");
  HCC_TRY(hcc_path(path, b->err, "%s/script.so", b->temp.path));
  HCC_TRY(hcc_file_write(path, b->output.data, b->output.size, b->err));
  HCC_TRY(hcc_tryout("script.so", b->temp.path, &b->jails[HCC_TOOL_CLANG], wall_seconds(b),
                     &b->options->listener, b->err));
out:
  return status;
}

static int run_script(build *b) {
  uint8_t *engine = NULL;
  size_t size;
  hcc_script_job job = {.module = b->module,
                        .script = &b->script,
                        .manifest = (const char *)b->manifest.data,
                        .no_embed = b->options->no_embed,
                        .key = b->key};
  memcpy(job.hash, b->result->module_hash, sizeof job.hash);
  int status = build_engine(&engine, &size, b);
  if (status == 0) {
    double begin = hcc_now_ms();
    progress(b, "pack");
    status = hcc_script_pack(&b->output, engine, size, &job, b->err);
    b->result->ms_pack = hcc_now_ms() - begin;
  }
  if (status == 0) {
    status = try_script(b);
  }
  free(engine);
  return status;
}

/* Everything that is not in the cache. */
static int build_anew(build *b, bool store) {
  int status = 0;
  double begin = hcc_now_ms();
  HCC_TRY(b->temp.path[0] != '\0' ? 0 : hcc_temp_make(&b->temp, b->err));
  make_jails(b);
  HCC_TRY(front(b));
  b->result->ms_front += hcc_now_ms() - begin;
  if (b->options->emit == HCC_EMIT_MODULE) {
    HCC_TRY(deliver(b, b->wasm, b->wasm_size));
    goto out;
  }
  bool script = b->script.present && b->options->emit == HCC_EMIT_PLUGIN;
  HCC_TRY(script ? run_script(b) : needs_tools(b) ? run_stages(b) : emit_wasm(b));
  HCC_TRY(deliver(b, b->output.data, b->output.size));
  if (store && !script) { /* what is worth to be kept of a script is its engine */
    hcc_cache_put(b->cache_name, b->output.data, b->output.size, b->key);
  }
out:
  return status;
}

/* The module that a source becomes takes the place of the input. */
static int build_source(build *b) {
  hcc_module_bytes module;
  const hcc_build_options *o = b->options;
  hcc_source_job job = {.input = o->input,
                        .folder = b->temp.path,
                        .tools = {[HCC_TOOL_CLANG] = o->clang},
                        .tinygo = o->tinygo,
                        .includes = o->includes,
                        .include_count = o->include_count,
                        .memory = o->jail_memory == 0 ? HCC_JAIL_MEMORY : o->jail_memory,
                        .seconds = b->seconds,
                        .wall_seconds = wall_seconds(b),
                        .listener = o->listener,
                        .no_cache = o->no_cache};
  double begin = hcc_now_ms();
  int status = hcc_temp_make(&b->temp, b->err);
  if (status != 0) {
    return status;
  }
  progress(b, "source");
  status = hcc_source(&module, &job, b->err);
  b->input = module.bytes;
  b->input_size = module.size;
  b->result->source_cached = status == 0 && module.cached;
  b->result->ms_source = hcc_now_ms() - begin;
  return status;
}

static int run(build *b) {
  int status;
  bool cached = false;
  bool plugin = b->options->emit == HCC_EMIT_PLUGIN, store = plugin && !b->options->no_cache;
  HCC_TRY(name_output(b));
  HCC_TRY(hcc_target_find(&b->target, b->options->target, b->err));
  b->seconds = b->options->jail_seconds == 0 ? HCC_JAIL_SECONDS : b->options->jail_seconds;
  HCC_TRY(
      hcc_is_source(b->options->input)
          ? build_source(b)
          : hcc_file_read(&b->input, &b->input_size, b->options->input, HCC_MAX_MODULE, b->err));
  b->result->input_bytes = b->input_size;
  HCC_TRY(find_tools(b));
  HCC_TRY(plugin ? hcc_key_load(b->key, true, b->err) : 0);
  if (store) {
    HCC_TRY(name_entry(b));
    HCC_TRY(deliver_cached(&cached, b));
  }
  HCC_TRY(cached ? 0 : build_anew(b, store));
out:
  return status;
}

/* A tool that does not notice that the disk is full leaves a part, of which the next one says what
 * is wrong; or it stops. Neither is the module's fault or ours. */
static int blame_disk(const build *b, int status) {
  struct statvfs disk;
  bool unsure = status == HCC_E_INTERNAL || status == HCC_E_TOOL_FAILED ||
                status == HCC_E_MALFORMED || status == HCC_E_WAT;
  if (!unsure || b->temp.path[0] == '\0' || statvfs(b->temp.path, &disk) != 0 ||
      (uint64_t)disk.f_bavail * disk.f_frsize >= FULL) {
    return status;
  }
  if (b->err != NULL) {
    b->err->code = HCC_OK;
  }
  return hcc_fail(b->err, HCC_E_IO, HCC_NO_OFFSET, "no space left in %.180s", b->temp.path);
}

int hcc_build(hcc_build_result *out, const hcc_build_options *options, hcc_error *err) {
  struct sigaction before[ENDING];
  double begin = hcc_now_ms();
  build *b = calloc(1, sizeof *b);
  if (b == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to build");
  }
  *out = (hcc_build_result){.cached = false};
  b->options = options;
  b->result = out;
  b->err = err;
  hcc_buf_init(&b->manifest, MANIFEST_JSON_MAX);
  hcc_buf_init(&b->output, HCC_MAX_PLUGIN);
  catch_signals(before);
  int status = blame_disk(b, run(b));
  if (options->keep) {
    memcpy(out->folder, b->temp.path, sizeof out->folder);
  }
  hcc_temp_free(&b->temp, options->keep);
  restore_signals(before);
  hcc_module_free(b->module);
  hcc_buf_free(&b->manifest);
  hcc_buf_free(&b->output);
  if (b->wasm != b->input) {
    free(b->wasm);
  }
  free(b->input);
  explicit_bzero(b->key, sizeof b->key);
  free(b);
  out->ms_total = hcc_now_ms() - begin;
  return status;
}
