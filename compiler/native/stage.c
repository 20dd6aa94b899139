/* stage.c - translate, compile, link, check, pack: each stage reads what the one before it left in
 * the folder. Must not hand out an image that the link check has not passed. Invariants: stage.h.
 */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include "embedded.h"
#include "fs.h"
#include "fuzz.h"
#include "glue.h"
#include "hash.h"
#include "image.h"
#include "info.h"
#include "limits.h"
#include "lines.h"
#include "linkcheck.h"
#include "objects.h"
#include "pack.h"
#include "places.h"
#include "profile.h"
#include "translate.h"

#define INFO_MAX (160u << 20) /* 1,000 imports with two names of 64 KiB, escaped */

/* "p63.c", glue, library */
#define SOURCES_MAX (HCC_MAX_PARTS + 8u)

typedef struct work {
  const hcc_stage_input *in;
  hcc_build_result *result;
  hcc_error *err;
  hcc_buf canonical;
  hcc_plan plan;
  uint32_t parts;
  hcc_cc cc;
  char names[SOURCES_MAX][64];
  const char *sources[SOURCES_MAX];
  uint32_t source_count;
  uint8_t *image; /* that lld made */
  size_t image_size;
} work;

static void progress(const work *w, const char *step) {
  const hcc_build_options *o = w->in->options;
  if (o->progress != NULL) {
    o->progress(o->progress_arg, step);
  }
}

static void lap(double *total, double *since) {
  double now = hcc_now_ms();
  *total += now - *since;
  *since = now;
}

hcc_rewrite_options hcc_stage_rewrite_options(const hcc_build_options *o) {
  return (hcc_rewrite_options){.meter = !o->no_fuel || !o->no_polls,
                               .polls = o->no_fuel,
                               .loops = o->no_polls,
                               .marks = true,
                               .helpers = true,
                               .looks = o->bounds == HCC_BOUNDS_EXPLICIT,
                               .blocks = o->engine};
}

static int rewrite(work *w) {
  hcc_rewrite_options options = hcc_stage_rewrite_options(w->in->options);
  progress(w, "rewrite");
  return hcc_rewrite(&w->canonical, &w->plan, w->in->module, &options, w->err);
}

int hcc_stage_sandbox(const char *to, hcc_error *err) {
  char path[HCC_PATH], folder[HCC_PATH];
  int status = 0;
  for (const struct hcc_embedded *e = hcc_embedded; e->name != NULL && status == 0; e++) {
    HCC_TRY(hcc_path(path, err, "%s/rt/%s", to, e->name));
    memcpy(folder, path, sizeof folder);
    *strrchr(folder, '/') = '\0';
    HCC_TRY(hcc_dir_make(folder, 0700, err));
    HCC_TRY(hcc_file_write(path, e->bytes, e->size, err));
  }
out:
  return status;
}

static int open_file(FILE **out, const work *w, const char *name, const char *mode) {
  char path[HCC_PATH];
  int status = hcc_path(path, w->err, "%s/%s", w->in->folder, name);
  if (status == 0 && (*out = fopen(path, mode)) == NULL) {
    status = hcc_fail(w->err, HCC_E_IO, HCC_NO_OFFSET, "can't create %s", name);
  }
  return status;
}

static int close_file(const work *w, FILE *file, int status) {
  bool failed = ferror(file) != 0;
  if ((fclose(file) != 0 || failed) && status == 0) {
    status = hcc_fail(w->err, HCC_E_IO, HCC_NO_OFFSET, "can't write to the temporary folder");
  }
  return status;
}

/* The glue goes behind the only part, or in a file of its own beside several. */
static int write_glue(work *w) {
  FILE *file;
  hcc_glue_options options = {.explicit_bounds = w->cc.bounds == HCC_BOUNDS_EXPLICIT};
  int status = hcc_hash(options.module_hash, w->in->module->bytes, w->in->module->size, w->err);
  if (status != 0) {
    return status;
  }
  memcpy(w->result->module_hash, options.module_hash, sizeof options.module_hash);
  HCC_TRY(open_file(&file, w, w->parts == 1 ? "p0.c" : "plugin.c", "ae"));
  fputs(w->parts == 1 ? "" : "#include \"m.h\"\n", file);
  status = hcc_glue(file, w->in->module, &w->plan, &options, w->err);
  HCC_TRY(close_file(w, file, status));
  HCC_TRY(open_file(&file, w, "blob", "we"));
  hcc_glue_blob(file, w->in->module, &w->plan);
  HCC_TRY(close_file(w, file, 0));
out:
  return status;
}

static int translate(work *w) {
  hcc_translation done;
  hcc_translate_options options = {.folder = w->in->folder,
                                   .wasm2c = &w->in->tools[HCC_TOOL_WASM2C],
                                   .jail = &w->in->jails[HCC_TOOL_WASM2C],
                                   .seconds = w->in->seconds,
                                   .parts = w->parts,
                                   .jobs = w->cc.jobs,
                                   .fold = w->cc.tier == HCC_TIER_BASELINE || !w->cc.engine,
                                   .copies = w->cc.tier != HCC_TIER_BASELINE && !w->cc.engine,
                                   .direct = !w->cc.engine,
                                   .places = w->cc.bounds == HCC_BOUNDS_GUARD};
  progress(w, "translate");
  int status =
      hcc_translate(&done, w->canonical.data, w->canonical.size, &w->plan, &options, w->err);
  if (status == 0) {
    w->result->c_bytes = done.c_bytes;
    w->result->peak_kib = done.peak_kib;
    status = write_glue(w);
  }
  return status;
}

#define PROFILES_MAX 8u

/* What is known of script engines: sdk/engine/<engine>.profile, all of them, as functions are known
 * by what they are. */
static void list_profiles(const char *texts[PROFILES_MAX + 1]) {
  static const char suffix[] = ".profile";
  uint32_t n = 0;
  for (const struct hcc_embedded *e = hcc_embedded_sdk; e->name != NULL; e++) {
    size_t length = strlen(e->name);
    if (length > strlen(suffix) && strcmp(e->name + length - strlen(suffix), suffix) == 0 &&
        n < PROFILES_MAX) {
      texts[n++] = (const char *)e->bytes;
    }
  }
  texts[n] = NULL;
}

static int write_profile(work *w) {
  const char *texts[PROFILES_MAX + 1];
  char path[HCC_PATH];
  hcc_profile_fit fit;
  hcc_buf text;
  int status = 0;
  hcc_rewrite_options options = hcc_stage_rewrite_options(w->in->options);
  hcc_buf_init(&text, HCC_MAX_PLUGIN);
  if (!options.blocks || w->cc.tier != HCC_TIER_OPTIMIZING) {
    goto out;
  }
  list_profiles(texts);
  HCC_TRY(hcc_profile(&text, &fit, w->in->module, &w->plan, texts, hcc_rewrite_imports(&options),
                      w->err));
  if (fit.functions != 0) {
    HCC_TRY(hcc_path(path, w->err, "%s/profile", w->in->folder));
    HCC_TRY(hcc_file_write(path, text.data, text.size, w->err));
    w->cc.profiled = true;
  }
out:
  hcc_buf_free(&text);
  return status;
}

static void add_source(work *w, const char *name) {
  if (w->source_count < SOURCES_MAX) {
    char *slot = w->names[w->source_count];
    snprintf(slot, sizeof w->names[0], "%s", name);
    w->sources[w->source_count++] = slot;
  }
}

static void list_sources(work *w) {
  char name[64];
  for (uint32_t i = 0; i < w->parts; i++) {
    snprintf(name, sizeof name, "p%u.c", i);
    add_source(w, name);
  }
  if (w->parts > 1) {
    add_source(w, "plugin.c");
  }
  for (const struct hcc_embedded *e = hcc_embedded; e->name != NULL; e++) {
    size_t n = strlen(e->name);
    if (n > 2 && strcmp(e->name + n - 2, ".c") == 0) {
      snprintf(name, sizeof name, "rt/%s", e->name);
      add_source(w, name);
    }
  }
}

static int read_file(uint8_t **bytes, size_t *size, const work *w, const char *name) {
  char path[HCC_PATH];
  int status = hcc_path(path, w->err, "%s/%s", w->in->folder, name);
  return status != 0 ? status : hcc_file_read(bytes, size, path, HCC_MAX_PLUGIN, w->err);
}

static bool same_section(const hcc_image *a, const hcc_image *b, const char *name) {
  hcc_span x = hcc_image_section(a, name), y = hcc_image_section(b, name);
  return x.size == y.size && memcmp(x.at, y.at, x.size) == 0;
}

/* The lines of the image with debug information, which must be the same code. */
static int read_lines(struct hsb_file_line **lines, uint32_t *count, const work *w,
                      const uint8_t *plugin, size_t plugin_size) {
  uint8_t *debug = NULL;
  size_t size;
  hcc_image with, without;
  int status = read_file(&debug, &size, w, "debug.so");
  if (status != 0) {
    return status;
  }
  HCC_TRY(hcc_image_open(&with, debug, size, w->err));
  HCC_TRY(hcc_image_open(&without, plugin, plugin_size, w->err));
  if (!same_section(&with, &without, ".text") || !same_section(&with, &without, ".rodata") ||
      with.code != without.code) {
    HCC_TRY(hcc_fail(w->err, HCC_E_INTERNAL, HCC_NO_OFFSET, "two links of the same are different"));
  }
  HCC_TRY(hcc_lines(lines, count, &with, w->err));
out:
  free(debug);
  return status;
}

/* A module of one part is not worth it: its plugin is in the cache. */
static int compile(work *w, const char *const *sources, uint32_t count) {
  hcc_objects_job job = {.cc = &w->cc,
                         .key = w->parts > 1 && !w->in->options->no_cache ? w->in->key : NULL};
  progress(w, "compile");
  return hcc_objects(&w->result->peak_kib, &job, sources, count, w->err);
}

static int compile_and_link(work *w, const char *const *sources, uint32_t count, double *since) {
  int status;
  HCC_TRY(compile(w, sources, count));
  lap(&w->result->ms_compile, since);
  progress(w, "link");
  HCC_TRY(hcc_cc_link(&w->result->peak_kib, &w->cc, w->sources, w->source_count, w->err));
  lap(&w->result->ms_link, since);
  free(w->image);
  w->image = NULL;
  HCC_TRY(read_file(&w->image, &w->image_size, w, "plugin.so"));
out:
  return status;
}

/* The image, checked. The optimiser may know bounds of a jump table that its code does not show:
 * then the part that has the function, or all of them, is compiled without such tables. */
static int make_image(work *w, double *since) {
  hcc_linkcheck_report report;
  bool plain[HCC_MAX_PARTS] = {false}; /* parts without tables */
  uint32_t first = 0, count = w->source_count;
  int status, refused;
  for (;;) {
    HCC_TRY(compile_and_link(w, w->sources + first, count, since));
    progress(w, "check");
    refused = hcc_linkcheck(&report, w->image, w->image_size);
    if (!refused || !report.control_flow || (w->cc.no_jump_tables && count == w->source_count)) {
      break;
    }
    w->cc.no_jump_tables = true;
    bool found = hcc_objects_find(&first, w->in->folder, w->parts, report.offset) && !plain[first];
    plain[first] = true;
    first = found ? first : 0;
    count = found ? 1 : w->source_count;
  }
  if (refused) {
    HCC_TRY(hcc_fail(w->err, report.no_memory ? HCC_E_NO_MEMORY : HCC_E_LINKCHECK, HCC_NO_OFFSET,
                     "at 0x%llx of the image: %s", (unsigned long long)report.offset, report.text));
  }
out:
  return status;
}

static int pack(hcc_buf *out, work *w) {
  struct hsb_file_line *lines = NULL;
  uint32_t line_count = 0;
  hcc_buf info, funcs, places;
  hcc_buf_init(&info, INFO_MAX);
  hcc_buf_init(&places, HCC_MAX_PLUGIN);
  hcc_buf_init(&funcs, HCC_MAX_PLUGIN);
  int status;
  progress(w, "pack");
  HCC_TRY(read_lines(&lines, &line_count, w, w->image, w->image_size));
  HCC_TRY(hcc_info(&info, w->result, w->in, &w->cc, w->err));
  HCC_TRY(hcc_funcs(&funcs, w->in->module, w->err));
  HCC_TRY(hcc_places(&places, w->in->module, w->err));
  hcc_pack_section sections[5] = {
      {HSB_SECTION_INFO, info.data, info.size},
      {HSB_SECTION_FUNCS, funcs.data, funcs.size},
      {HSB_SECTION_LINES, lines, line_count * sizeof *lines},
  };
  uint32_t count = 3;
  if (places.size > 0) {
    sections[count++] = (hcc_pack_section){HSB_SECTION_PLACES, places.data, places.size};
  }
  if (!w->in->options->no_embed) {
    const hcc_module *m = w->in->module;
    sections[count++] = (hcc_pack_section){HSB_SECTION_WASM, m->bytes, m->size};
  }
  HCC_TRY(hcc_pack(out, w->image, w->image_size, sections, count, w->in->key, w->err));
out:
  hcc_buf_free(&places);
  hcc_buf_free(&funcs);
  hcc_buf_free(&info);
  free(lines);
  return status;
}

static void begin(work *w, hcc_build_result *result, const hcc_stage_input *in, hcc_error *err) {
  memset(w, 0, sizeof *w);
  w->in = in;
  w->result = result;
  w->err = err;
  hcc_buf_init(&w->canonical, HCC_MAX_CANONICAL);
  w->cc = (hcc_cc){.folder = in->folder,
                   .clang = &in->tools[HCC_TOOL_CLANG],
                   .lld = &in->tools[HCC_TOOL_LLD],
                   .jail = &in->jails[HCC_TOOL_CLANG],
                   .target = in->target,
                   .tier = in->options->tier,
                   .bounds = in->options->bounds,
                   .engine = in->options->engine,
                   .jobs = in->options->jobs,
                   .seconds = in->seconds};
}

int hcc_stage_plugin(hcc_buf *out, hcc_build_result *result, const hcc_stage_input *in,
                     hcc_error *err) {
  int status;
  double since = hcc_now_ms();
  work *w = malloc(sizeof *w);
  if (w == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to build");
  }
  begin(w, result, in, err);
  HCC_TRY(rewrite(w));
  w->parts = hcc_parts(w->canonical.size);
  w->cc.tier = hcc_cc_tier(w->cc.tier, w->canonical.size, in->options->engine);
  lap(&result->ms_front, &since);
  HCC_TRY(translate(w));
  HCC_TRY(write_profile(w));
  HCC_TRY(hcc_stage_sandbox(in->folder, err));
  list_sources(w);
  lap(&result->ms_translate, &since);
  HCC_TRY(make_image(w, &since));
  HCC_TRY(pack(out, w));
  lap(&result->ms_pack, &since);
out:
  hcc_buf_free(&w->canonical);
  hcc_plan_free(&w->plan);
  free(w->image);
  free(w);
  return status;
}

int hcc_stage_fuzz(hcc_buf *out, hcc_build_result *result, const hcc_stage_input *in,
                   hcc_error *err) {
  int status;
  uint8_t *program = NULL;
  size_t size;
  work *w = malloc(sizeof *w);
  if (w == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to build");
  }
  begin(w, result, in, err);
  w->cc.covered = true;
  HCC_TRY(rewrite(w));
  w->parts = hcc_parts(w->canonical.size);
  HCC_TRY(translate(w));
  HCC_TRY(hcc_stage_sandbox(w->in->folder, err));
  list_sources(w);
  progress(w, "compile");
  HCC_TRY(
      hcc_fuzz_program(&result->peak_kib, in, &w->plan, &w->cc, w->sources, w->source_count, err));
  HCC_TRY(read_file(&program, &size, w, HCC_FUZZ_PROGRAM));
  hcc_buf_add(out, program, size);
  HCC_TRY(out->failed ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the program")
                      : 0);
out:
  free(program);
  hcc_buf_free(&w->canonical);
  hcc_plan_free(&w->plan);
  free(w);
  return status;
}

/* Adds a file, with the include of its header in the header's own words. */
static int add_text(hcc_buf *out, const work *w, const char *name) {
  static const char include[] = "#include \"m.h\"\n";
  uint8_t *text;
  size_t size;
  int status = read_file(&text, &size, w, name);
  if (status != 0) {
    return status;
  }
  const char *at = strstr((const char *)text, include);
  if (at != NULL) {
    hcc_buf_add(out, text, (size_t)(at - (const char *)text));
    status = add_text(out, w, "m.h");
    at += strlen(include);
    hcc_buf_add(out, at, strlen(at));
  } else {
    hcc_buf_add(out, text, size);
  }
  free(text);
  return status;
}

int hcc_stage_c(hcc_buf *out, hcc_build_result *result, const hcc_stage_input *in, hcc_error *err) {
  int status;
  double since = hcc_now_ms();
  work *w = malloc(sizeof *w);
  if (w == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to translate");
  }
  begin(w, result, in, err);
  HCC_TRY(rewrite(w));
  w->parts = 1;
  HCC_TRY(translate(w));
  HCC_TRY(add_text(out, w, "p0.c"));
  if (out->failed) {
    HCC_TRY(hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the C text"));
  }
  lap(&result->ms_translate, &since);
out:
  hcc_buf_free(&w->canonical);
  hcc_plan_free(&w->plan);
  free(w);
  return status;
}
