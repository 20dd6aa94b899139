/* spec_build.c - `spec_build FOLDER MODE...`: compiles modules of the specification's tests with
 * heliosc's own stages, many into one shared object a mode, FOLDER/<mode>.so, whose helios_plugin
 * is a table of struct spec_module. Lines of stdin:
 *
 *   script              the scripts' modules know each other by names of their own
 *   module FILE
 *   register N HEX      module N, as counted since the beginning, is known by this name (- if
 * empty)
 *
 * A MODE is BOUNDS-TIER-FUEL, (guard|explicit)-(optimizing|baseline)-(metered|polls), and perhaps
 * an instruction set of `sets` below. What heliosc does not do: modules that import more than
 * functions are rewritten first (spec_import.h), and where scripts share tables spec_link.h takes
 * part. Every image must pass the link check. Exits 1 with a message if a module or a mode fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cc.h"
#include "embedded.h"
#include "glue.h"
#include "limits.h"
#include "linkcheck.h"
#include "reader.h"
#include "sig.h"
#include "spec_import.h"
#include "spec_text.h"
#include "stage.h"
#include "translate.h"

#define MODULES_MAX 2000u
#define SECONDS 600u

static const struct {
  const char *name, *march, *undefine;
} sets[] = {
    {"ssse3", "-mssse3", ""},
    {"sse4.1", "-msse4.1", ""},
    {"v3", "-march=x86-64-v3", ""},
    {"v4", "-march=x86-64-v4", ""},
    {"portable", "-march=x86-64", "#undef __SSE2__\n#undef __SSSE3__\n#undef __SSE4_1__\n"},
};

typedef struct text {          /* what heliosc writes for a module, in pieces of p0.c and m.h */
  char *whole, *header, *body; /* body points into whole */
  size_t prelude;              /* bytes in front of the body */
} text;

typedef struct item {
  uint32_t script;
  uint8_t *file;
  hcc_module *original, *defined; /* the same if it imports functions only */
  hcc_buf defined_bytes, canonical_bytes;
  hcc_module *canonical; /* its globals have one constant each */
  hcc_plan plan;
  char name[129]; /* registered as, hex */
  text text;
} item;

typedef struct tool {
  const char *folder;
  hcc_tool wasm2c, clang, lld;
  item items[MODULES_MAX];
  uint32_t count, scripts;
  bool shares_tables[MODULES_MAX]; /* by script */
} tool;

typedef struct mode {
  const char *name;
  hcc_build_options options;
  hcc_target target;
  const char *undefine;
} mode;

static hcc_error failure;

static int fail(const char *what) {
  fprintf(stderr, "spec_build: %s: %s\n", what, failure.text);
  return 1;
}

/* --- modules --- */

static int load(hcc_module **out, const uint8_t *bytes, size_t size) {
  int status = hcc_decode(out, bytes, size, &failure);
  return status != 0 ? status : hcc_validate(*out, &failure);
}

static bool same_hex(const hcc_module *m, hcc_range name, const char *hex) {
  uint32_t n = name.end - name.begin;
  bool same = n == 0 ? strcmp(hex, "-") == 0 : strlen(hex) == (size_t)n * 2;
  for (uint32_t i = 0; i < n && same; i++) {
    char want[3];
    snprintf(want, sizeof want, "%02x", m->bytes[name.begin + i]);
    same = memcmp(hex + (size_t)i * 2, want, 2) == 0;
  }
  return same;
}

static bool same_name(const hcc_module *a, hcc_range x, const hcc_module *b, hcc_range y) {
  return x.end - x.begin == y.end - y.begin &&
         memcmp(a->bytes + x.begin, b->bytes + y.begin, x.end - x.begin) == 0;
}

/* The constant that a global of a registered module has, for an import of the script's last one. */
static spec_value value_of(const tool *t, const hcc_module *m, const hcc_import *import) {
  spec_value none = {NULL, 0};
  for (uint32_t i = t->count; i > 0; i--) {
    const item *from = &t->items[i - 1];
    const hcc_module *o = from->original;
    bool reference = import->type == HCC_FUNCREF || import->type == HCC_EXTERNREF;
    if (from->script != t->scripts || !same_hex(m, import->module, from->name) || reference) {
      continue;
    }
    for (uint32_t e = 0; e < o->export_count; e++) {
      if (o->exports[e].kind == HCC_GLOBAL && same_name(o, o->exports[e].name, m, import->name) &&
          o->globals[o->exports[e].index].type == import->type) {
        hcc_range r = from->canonical->globals[o->exports[e].index].init;
        return (spec_value){from->canonical->bytes + r.begin, r.end - r.begin};
      }
    }
  }
  return none;
}

static int define_imports(tool *t, item *it) {
  const hcc_module *m = it->original;
  spec_value *values = calloc(m->global_count + 1u, sizeof *values);
  uint32_t n = 0;
  if (values == NULL) {
    return 1;
  }
  for (uint32_t i = 0; i < m->import_count; i++) {
    if (m->imports[i].kind == HCC_GLOBAL) {
      values[n++] = value_of(t, m, &m->imports[i]);
    }
  }
  int status = spec_define_imports(&it->defined_bytes, m, values, &failure);
  free(values);
  /* Not validated again: its constant expressions name globals that are no imports any more. */
  return status != 0
             ? status
             : hcc_decode(&it->defined, it->defined_bytes.data, it->defined_bytes.size, &failure);
}

/* Canonical and metered or not, as a build with these options would have it. */
static int rewrite(item *it, const hcc_build_options *options) {
  hcc_rewrite_options how = hcc_stage_rewrite_options(options);
  hcc_plan_free(&it->plan);
  hcc_buf_free(&it->canonical_bytes);
  hcc_buf_init(&it->canonical_bytes, HCC_MAX_CANONICAL);
  return hcc_rewrite(&it->canonical_bytes, &it->plan, it->defined, &how, &failure);
}

static int add_module(tool *t, const char *path) {
  static const hcc_build_options usual = {.no_fuel = false};
  size_t size;
  int status;
  if (t->count == MODULES_MAX) {
    return hcc_fail(&failure, HCC_E_LIMIT, HCC_NO_OFFSET, "too many modules");
  }
  item *it = &t->items[t->count];
  it->script = t->scripts;
  hcc_buf_init(&it->defined_bytes, HCC_MAX_MODULE);
  HCC_TRY(hcc_file_read(&it->file, &size, path, HCC_MAX_MODULE, &failure));
  HCC_TRY(load(&it->original, it->file, size));
  it->defined = it->original;
  if (!spec_imports_only_functions(it->original)) {
    HCC_TRY(define_imports(t, it));
  }
  t->shares_tables[t->scripts] |= it->original->imported_tables != 0;
  HCC_TRY(rewrite(it, &usual));
  uint8_t *copy = malloc(it->canonical_bytes.size + 1); /* for good: rewritten later */
  if (copy == NULL) {
    HCC_TRY(hcc_fail(&failure, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory"));
  }
  memcpy(copy, it->canonical_bytes.data, it->canonical_bytes.size);
  HCC_TRY(hcc_decode(&it->canonical, copy, it->canonical_bytes.size, &failure));
  t->count++;
out:
  return status;
}

static int read_modules(tool *t) {
  char line[HCC_PATH];
  while (fgets(line, sizeof line, stdin) != NULL) {
    char *save = NULL, *verb = strtok_r(line, " \n", &save), *word = strtok_r(NULL, " \n", &save);
    if (verb != NULL && strcmp(verb, "script") == 0) {
      t->scripts++;
    } else if (verb != NULL && word != NULL && strcmp(verb, "module") == 0) {
      if (add_module(t, word) != 0) {
        return fail(word);
      }
    } else if (verb != NULL && word != NULL && strcmp(verb, "register") == 0) {
      const char *hex = strtok_r(NULL, " \n", &save);
      uint32_t n = (uint32_t)strtoul(word, NULL, 10);
      if (n < t->count) {
        snprintf(t->items[n].name, sizeof t->items[n].name, "%s", hex == NULL ? "" : hex);
      }
    }
  }
  return ferror(stdin) != 0;
}

/* --- from a module to C --- */

static int read_text(char **out, const tool *t, const char *name) {
  char path[HCC_PATH];
  size_t size;
  uint8_t *bytes = NULL;
  int status = hcc_path(path, &failure, "%s/%s", t->folder, name);
  status = status != 0 ? status : hcc_file_read(&bytes, &size, path, 1u << 30, &failure);
  free(*out);
  *out = (char *)bytes;
  return status;
}

static int translate(tool *t, item *it, const hcc_build_options *options) {
  static const char takes_over[] = "#include \"hsb_override.h\"\n";
  hcc_translation done;
  hcc_translate_options how = {.folder = t->folder,
                               .wasm2c = &t->wasm2c,
                               .seconds = SECONDS,
                               .parts = 1,
                               .fold = options->tier == HCC_TIER_BASELINE,
                               .places = options->bounds == HCC_BOUNDS_GUARD};
  int status;
  HCC_TRY(rewrite(it, options));
  HCC_TRY(hcc_translate(&done, it->canonical_bytes.data, it->canonical_bytes.size, &it->plan, &how,
                        &failure));
  HCC_TRY(read_text(&it->text.whole, t, "p0.c"));
  HCC_TRY(read_text(&it->text.header, t, "m.h"));
  char *body = strstr(it->text.whole, takes_over);
  if (body == NULL) {
    HCC_TRY(hcc_fail(&failure, HCC_E_INTERNAL, HCC_NO_OFFSET, "p0.c has another form"));
  }
  it->text.body = body + strlen(takes_over);
  it->text.prelude = (size_t)(it->text.body - it->text.whole);
out:
  return status;
}

static FILE *create(const tool *t, const char *format, uint32_t number) {
  char name[64], path[HCC_PATH];
  snprintf(name, sizeof name, format, number);
  if (hcc_path(path, &failure, "%s/%s", t->folder, name) != 0) {
    return NULL;
  }
  FILE *f = fopen(path, "we");
  if (f == NULL) {
    hcc_fail(&failure, HCC_E_IO, HCC_NO_OFFSET, "can't create %s", name);
  }
  return f;
}

static int put_glue(FILE *to, item *it, uint32_t number, bool explicit_bounds) {
  char *glue = NULL;
  size_t size = 0;
  hcc_glue_options options = {.explicit_bounds = explicit_bounds};
  FILE *f = open_memstream(&glue, &size);
  if (f == NULL) {
    return 1;
  }
  int status = hcc_glue(f, it->defined, &it->plan, &options, &failure);
  if (fclose(f) != 0 && status == 0) {
    status = 1;
  }
  if (status == 0) {
    spec_text_renamed(to, number, glue, size);
  }
  free(glue);
  return status;
}

/* The files that the C of a module reads: its header and its data. */
static int put_files(const tool *t, const item *it, uint32_t number) {
  FILE *header = create(t, "m%u.h", number), *blob = create(t, "blob%u", number);
  if (header != NULL) {
    spec_text_renamed(header, number, it->text.header, strlen(it->text.header));
  }
  if (blob != NULL) {
    hcc_glue_blob(blob, it->defined, &it->plan);
  }
  int status = header == NULL || blob == NULL;
  status |= header != NULL && fclose(header) != 0;
  status |= blob != NULL && fclose(blob) != 0;
  return status;
}

/* May they stand in one file? */
static bool together(const tool *t, const item *a, const item *b) {
  return t->shares_tables[a->script] == t->shares_tables[b->script] &&
         a->text.prelude == b->text.prelude &&
         memcmp(a->text.whole, b->text.whole, a->text.prelude) == 0;
}

/* The prelude of all, with every module's header in the place of one. */
static void put_prelude(FILE *to, const tool *t, const item *first, const mode *m) {
  static const char include[] = "#include \"m.h\"\n";
  const char *at = strstr(first->text.whole, include), *rest = at + strlen(include);
  fputs(m->undefine, to);
  fwrite(first->text.whole, 1, (size_t)(at - first->text.whole), to);
  for (uint32_t i = 0; i < t->count; i++) {
    if (together(t, first, &t->items[i])) {
      fprintf(to, "#include \"m%u.h\"\n", i);
    }
  }
  fwrite(rest, 1, (size_t)(first->text.body - rest), to);
  fprintf(to, "#include \"%s/spec_%s.h\"\n", SPEC_DIR,
          t->shares_tables[first->script] ? "link" : "module");
}

/* One file of all modules that may stand together with the first; sets done[] for these. */
static int put_group(tool *t, uint32_t first, uint32_t group, const mode *m, bool *done) {
  FILE *to = create(t, "g%u.c", group);
  int status = to == NULL;
  if (status != 0) {
    return status;
  }
  put_prelude(to, t, &t->items[first], m);
  for (uint32_t i = first; i < t->count && status == 0; i++) {
    item *it = &t->items[i];
    if (together(t, &t->items[first], it)) {
      done[i] = true;
      HCC_TRY(put_files(t, it, i));
      spec_text_renamed(to, i, it->text.body, strlen(it->text.body));
      HCC_TRY(put_glue(to, it, i, m->options.bounds == HCC_BOUNDS_EXPLICIT));
      spec_text_tables(to, i, it->original);
    }
  }
out:
  return fclose(to) != 0 || status != 0;
}

/* g0.c ... and the table of all modules, in s.c. */
static int put_sources(uint32_t *groups, tool *t, const mode *m) {
  bool *done = calloc(t->count + 1u, sizeof *done);
  int status = done == NULL;
  *groups = 0;
  for (uint32_t i = 0; i < t->count && status == 0; i++) {
    if (!done[i]) {
      status = put_group(t, i, (*groups)++, m, done);
    }
  }
  free(done);
  FILE *to = status == 0 ? create(t, "s.c", 0) : NULL;
  if (to == NULL) {
    return 1;
  }
  fprintf(to, "#include \"%s/spec_module.h\"\n", SPEC_DIR);
  for (uint32_t i = 0; i < t->count; i++) {
    fprintf(to, "extern const struct spec_module spec%u;\n", i);
  }
  fputs("__attribute__((visibility(\"default\"), used))\n"
        "const struct spec_module *const helios_plugin[] = {\n",
        to);
  for (uint32_t i = 0; i < t->count; i++) {
    fprintf(to, "  &spec%u,\n", i);
  }
  fputs("  0};\n", to);
  return fclose(to) != 0;
}

/* --- from C to a shared object --- */

static uint32_t list_sources(char names[][64], const char **sources, uint32_t groups) {
  uint32_t n = 0;
  for (; n < groups && n < 64; n++) {
    snprintf(names[n], 64, "g%u.c", n);
  }
  snprintf(names[n++], 64, "s.c");
  for (const struct hcc_embedded *e = hcc_embedded; e->name != NULL; e++) {
    if (strlen(e->name) > 2 && strcmp(e->name + strlen(e->name) - 2, ".c") == 0) {
      snprintf(names[n++], 64, "rt/%s", e->name);
    }
  }
  for (uint32_t i = 0; i < n; i++) {
    sources[i] = names[i];
  }
  return n;
}

static int check_and_keep(const tool *t, const mode *m) {
  char from[HCC_PATH], to[HCC_PATH];
  uint8_t *image = NULL;
  size_t size;
  hcc_linkcheck_report report;
  int status;
  HCC_TRY(hcc_path(from, &failure, "%s/plugin.so", t->folder));
  HCC_TRY(hcc_path(to, &failure, "%s/%s.so", t->folder, m->name));
  HCC_TRY(hcc_file_read(&image, &size, from, HCC_MAX_PLUGIN, &failure));
  bool shares = false;
  for (uint32_t i = 0; i <= t->scripts; i++) {
    shares |= t->shares_tables[i];
  }
  /* Control flow is judged by what helios_plugin says of one module's imports; here it stands for
   * many modules. spec/accept judges that of whole plugins. */
  if (!shares && hcc_linkcheck(&report, image, size) != 0 && !report.control_flow) {
    HCC_TRY(hcc_fail(&failure, HCC_E_LINKCHECK, HCC_NO_OFFSET, "%s", report.text));
  }
  status = rename(from, to);
out:
  free(image);
  return status;
}

static int compile(tool *t, const mode *m) {
  static char names[72][64];
  const char *sources[72];
  uint32_t groups, count;
  uint64_t peak = 0;
  hcc_cc cc = {.folder = t->folder,
               .clang = &t->clang,
               .lld = &t->lld,
               .target = &m->target,
               .tier = m->options.tier,
               .bounds = m->options.bounds,
               .jobs = 1,
               .seconds = SECONDS};
  int status;
  HCC_TRY(put_sources(&groups, t, m));
  count = list_sources(names, sources, groups);
  HCC_TRY(hcc_cc_compile(&peak, &cc, sources, count, &failure));
  HCC_TRY(hcc_cc_link(&peak, &cc, sources, count, &failure));
  HCC_TRY(check_and_keep(t, m));
out:
  return status;
}

/* --- modes --- */

static int parse_mode(mode *m, const char *name) {
  const hcc_target *target;
  const char *set = strrchr(name, '-');
  *m = (mode){.name = name, .undefine = ""};
  m->options.bounds = strstr(name, "explicit-") != NULL ? HCC_BOUNDS_EXPLICIT : HCC_BOUNDS_GUARD;
  m->options.tier = strstr(name, "-baseline") != NULL ? HCC_TIER_BASELINE : HCC_TIER_OPTIMIZING;
  m->options.no_fuel = strstr(name, "-polls") != NULL;
  bool arm = strstr(name, "-aarch64") != NULL;
  if (hcc_target_find(&target, arm ? "aarch64" : NULL, &failure) != 0) {
    return 1;
  }
  m->target = *target;
  for (size_t i = 0; set != NULL && i < sizeof sets / sizeof *sets; i++) {
    if (strcmp(set + 1, sets[i].name) == 0) {
      m->target.march = sets[i].march;
      m->undefine = sets[i].undefine;
    }
  }
  return 0;
}

/* What the C of a module depends on; both tiers compile the same. */
static unsigned text_of(const hcc_build_options *o) {
  return 2 * (o->bounds == HCC_BOUNDS_GUARD) + o->no_fuel;
}
#define TEXTS 4u

static int translate_all(tool *t, const hcc_build_options *options) {
  for (uint32_t k = 0; k < t->count; k++) {
    if (translate(t, &t->items[k], options) != 0) {
      return 1;
    }
  }
  return 0;
}

static int run_modes(tool *t, char **names, int count) {
  for (unsigned kind = 0; kind < TEXTS; kind++) {
    bool translated = false;
    for (int i = 0; i < count; i++) {
      mode m;
      if (parse_mode(&m, names[i]) != 0) {
        return fail(names[i]);
      }
      if (text_of(&m.options) != kind) {
        continue;
      }
      if ((!translated && translate_all(t, &m.options) != 0) || compile(t, &m) != 0) {
        return fail(names[i]);
      }
      translated = true;
    }
  }
  return 0;
}

/* With its version, on which flags depend. */
static int find_tools(tool *t) {
  static const enum hcc_tool_id clang = HCC_TOOL_CLANG;
  hcc_tool *versioned = &t->clang;
  int status;
  HCC_TRY(hcc_tool_find(&t->wasm2c, HCC_TOOL_WASM2C, NULL, &failure));
  HCC_TRY(hcc_tool_find(&t->clang, HCC_TOOL_CLANG, NULL, &failure));
  HCC_TRY(hcc_tool_find(&t->lld, HCC_TOOL_LLD, NULL, &failure));
  HCC_TRY(hcc_tool_versions(&versioned, &clang, 1, &failure));
out:
  return status;
}

int main(int argc, char **argv) {
  static tool t;
  if (argc < 3) {
    return 2;
  }
  t.folder = argv[1];
  if (find_tools(&t) != 0) {
    printf("skipped: %s\n", failure.text);
    return 77;
  }
  if (hcc_stage_sandbox(t.folder, &failure) != 0) {
    return fail("rt-sandbox");
  }
  return read_modules(&t) != 0 || run_modes(&t, argv + 2, argc - 2) != 0;
}
