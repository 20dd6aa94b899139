/* cc.c - runs clang and ld.lld. Must never pass a word of the user's or the guest's to them: every
 * argument is in cc_flags.def, in the table of targets, or a file name of ours. Invariants: cc.h.
 */
#include "cc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocator.h"
#include "hsb_abi.h"

#define MAX_ARGS 96u

/* Go's runtime alone makes a module this large: a minute of clang -O3. The engines of scripts are
 * compiled once on a machine, and have their blocks marked too. */
#define LARGE (1536u << 10)
#define LARGE_ENGINE (1792u << 10)

const hcc_flag hcc_flags[] = {
#define HCC_FLAG(stage, when, text, why) {HCC_STAGE_##stage, HCC_WHEN_##when, text, why},
#include "cc_flags.def"
#undef HCC_FLAG
    {HCC_STAGE_CC, 0, NULL, NULL},
};

static const hcc_target targets[] = {
    {"x86_64", "x86_64-linux-gnu", "-march=x86-64", "elf_x86_64", HCC_WHEN_X86},
    {"x86_64_v2", "x86_64-linux-gnu", "-march=x86-64-v2", "elf_x86_64", HCC_WHEN_X86},
    {"x86_64_v3", "x86_64-linux-gnu", "-march=x86-64-v3", "elf_x86_64", HCC_WHEN_X86},
    {"x86_64_v4", "x86_64-linux-gnu", "-march=x86-64-v4", "elf_x86_64",
     HCC_WHEN_X86 | HCC_WHEN_WIDE},
    {"aarch64", "aarch64-linux-gnu", "-march=armv8-a", "aarch64linux", HCC_WHEN_ARM},
#if defined(__x86_64__)
    {"native", "x86_64-linux-gnu", "-march=native", "elf_x86_64", HCC_WHEN_X86 | HCC_WHEN_HOST},
#elif defined(__aarch64__)
    {"native", "aarch64-linux-gnu", "-mcpu=native", "aarch64linux", HCC_WHEN_ARM},
#endif
};
#define TARGETS (sizeof targets / sizeof *targets)

#if defined(__aarch64__)
#define HOST "aarch64"
#else
#define HOST "x86_64"
#endif

static bool same_name(const char *a, const char *b) {
  for (; *a != '\0' || *b != '\0'; a++, b++) {
    if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b)) {
      return false;
    }
  }
  return true;
}

int hcc_target_find(const hcc_target **out, const char *name, hcc_error *err) {
  char known[160] = "", shown[HCC_ESCAPED];
  name = name == NULL || name[0] == '\0' ? HOST : name;
  for (size_t i = 0; i < TARGETS; i++) {
    if (same_name(targets[i].name, name)) {
      *out = &targets[i];
      return 0;
    }
    size_t n = strlen(known);
    snprintf(known + n, sizeof known - n, "%s%s", i == 0 ? "" : ", ", targets[i].name);
  }
  return hcc_fail(err, HCC_E_USAGE, HCC_NO_OFFSET, "no target \"%s\"; there are %s",
                  hcc_escape(shown, name, strlen(name)), known);
}

enum hcc_tier hcc_cc_tier(enum hcc_tier asked, size_t size, bool engine) {
  return size > (engine ? LARGE_ENGINE : LARGE) ? HCC_TIER_BASELINE : asked;
}

static bool wide_host(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

/* Newer ones make one round, and have no such option. */
static bool makes_rounds(const hcc_tool *clang) {
  return clang != NULL && clang->version[0] != '\0' && strtoul(clang->version, NULL, 10) < 17;
}

static uint32_t when_of(const hcc_cc *cc) {
  return HCC_WHEN_ALL | cc->target->arch |
         (cc->tier == HCC_TIER_BASELINE ? HCC_WHEN_BASELINE : HCC_WHEN_OPTIMIZING) |
         (cc->tier == HCC_TIER_BASELINE && makes_rounds(cc->clang) ? HCC_WHEN_ROUNDS : 0) |
         (cc->bounds == HCC_BOUNDS_EXPLICIT ? HCC_WHEN_EXPLICIT : 0) |
         (cc->bounds == HCC_BOUNDS_GUARD && !cc->engine ? HCC_WHEN_OPERANDS : 0) |
         (cc->profiled ? HCC_WHEN_PROFILED : 0) | (cc->covered ? HCC_WHEN_COVERED : 0) |
         (cc->no_jump_tables ? HCC_WHEN_NO_TABLES : 0) |
         ((cc->target->arch & HCC_WHEN_HOST) != 0 && wide_host() ? HCC_WHEN_WIDE : 0);
}

static uint32_t add_flags(const char **argv, uint32_t n, enum hcc_stage stage, uint32_t when) {
  for (const hcc_flag *f = hcc_flags; f->text != NULL; f++) {
    if (f->stage == stage && (f->when & when) != 0 && n + 16 < MAX_ARGS) {
      argv[n++] = f->text;
    }
  }
  return n;
}

static uint32_t add_target(const char **argv, uint32_t n, const hcc_target *target,
                           char triple[64]) {
  snprintf(triple, 64, "--target=%s", target->triple);
  argv[n++] = triple;
  argv[n++] = target->march;
  return n;
}

void hcc_cc_recipe(hcc_buf *out, const hcc_cc *cc) {
  const char *argv[MAX_ARGS];
  char triple[64];
  uint32_t n = add_target(argv, 0, cc->target, triple);
  n = add_flags(argv, n, HCC_STAGE_CC, when_of(cc));
  for (uint32_t i = 0; i < n; i++) {
    hcc_buf_format(out, "%s%s", i == 0 ? "clang " : " ", argv[i]);
  }
  n = add_flags(argv, 0, HCC_STAGE_LD, when_of(cc) | HCC_WHEN_STRIPPED);
  for (uint32_t i = 0; i < n; i++) {
    hcc_buf_format(out, "%s%s", i == 0 ? "; ld.lld " : " ", argv[i]);
  }
}

/* "rt/hsb_lib.c" to "rt/hsb_lib.o" */
static int object_name(char out[64], const char *source, hcc_error *err) {
  size_t n = strlen(source);
  if (n < 3 || n >= 64 || source[n - 1] != 'c' || source[n - 2] != '.') {
    return hcc_fail(err, HCC_E_INTERNAL, HCC_NO_OFFSET, "a source with a strange name");
  }
  memcpy(out, source, n + 1);
  out[n - 1] = 'o';
  return 0;
}

typedef struct command {
  const char *argv[MAX_ARGS];
  char triple[64], object[64];
} command;

static void raise_peak(uint64_t *peak_kib, const hcc_ran *ran, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    *peak_kib = ran[i].peak_kib > *peak_kib ? ran[i].peak_kib : *peak_kib;
  }
}

static int compile_command(command *c, const hcc_cc *cc, const char *source, hcc_error *err) {
  bool library = strcmp(source, "rt/hsb_lib.c") == 0;
  uint32_t n = 0;
  c->argv[n++] = cc->clang->path;
  n = add_target(c->argv, n, cc->target, c->triple);
  n = add_flags(c->argv, n, HCC_STAGE_CC, when_of(cc) | (library ? HCC_WHEN_LIBRARY : 0));
  c->argv[n++] = "-o";
  c->argv[n++] = c->object;
  c->argv[n++] = source;
  c->argv[n] = NULL;
  return object_name(c->object, source, err);
}

/* A frame that is too large is the module's fault, not clang's. */
static int explain(const hcc_ran *ran, uint32_t count, const hcc_error *failure, hcc_error *err) {
  for (uint32_t i = 0; i < count; i++) {
    if (strstr(ran[i].output, "stack frame size") != NULL) {
      return hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET,
                      "a function needs more than %u KiB of stack for its locals",
                      HSB_FRAME_MAX >> 10);
    }
  }
  return hcc_fail(err, failure->code, HCC_NO_OFFSET, "%s", failure->text);
}

int hcc_cc_compile(uint64_t *peak_kib, const hcc_cc *cc, const char *const *sources, uint32_t count,
                   hcc_error *err) {
  int status = 0;
  const char *variable = hcc_allocator_variable();
  command *commands = calloc(count + 1u, sizeof *commands);
  hcc_run *runs = calloc(count + 1u, sizeof *runs);
  hcc_ran *ran = calloc(count + 1u, sizeof *ran);
  if (commands == NULL || runs == NULL || ran == NULL) {
    HCC_TRY(hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to compile"));
  }
  for (uint32_t i = 0; i < count; i++) {
    HCC_TRY(compile_command(&commands[i], cc, sources[i], err));
    runs[i] = (hcc_run){.tool = "clang",
                        .argv = commands[i].argv,
                        .folder = cc->folder,
                        .variable = variable,
                        .jail = cc->jail,
                        .seconds = cc->seconds};
  }
  hcc_error failure = {.code = HCC_OK};
  status = hcc_run_all(ran, runs, count, cc->jobs, &failure);
  raise_peak(peak_kib, ran, count);
  HCC_TRY(status == 0 ? 0 : explain(ran, count, &failure, err));
out:
  free(ran);
  free(runs);
  free(commands);
  return status;
}

/* The names of the objects go in a file: there may be many. */
static int write_link_inputs(const hcc_cc *cc, const char *const *sources, uint32_t count,
                             hcc_error *err) {
  static const char exports[] = "{ global: helios_plugin; local: *; };\n";
  char path[HCC_PATH], object[64];
  hcc_buf list;
  hcc_buf_init(&list, 1u << 16);
  int status = hcc_path(path, err, "%s/exports.map", cc->folder);
  if (status != 0) {
    goto out;
  }
  HCC_TRY(hcc_file_write(path, exports, strlen(exports), err));
  for (uint32_t i = 0; i < count; i++) {
    HCC_TRY(object_name(object, sources[i], err));
    hcc_buf_format(&list, "%s\n", object);
  }
  HCC_TRY(hcc_path(path, err, "%s/objects", cc->folder));
  HCC_TRY(list.failed ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to link")
                      : hcc_file_write(path, list.data, list.size, err));
out:
  hcc_buf_free(&list);
  return status;
}

static void link_command(const char **argv, const hcc_cc *cc, uint32_t when, const char *output) {
  uint32_t n = 0;
  argv[n++] = cc->lld->path;
  argv[n++] = "-m";
  argv[n++] = cc->target->emulation;
  n = add_flags(argv, n, HCC_STAGE_LD, when_of(cc) | when);
  argv[n++] = "-o";
  argv[n++] = output;
  argv[n++] = "@objects";
  argv[n] = NULL;
}

int hcc_cc_link(uint64_t *peak_kib, const hcc_cc *cc, const char *const *sources, uint32_t count,
                hcc_error *err) {
  const char *debug[MAX_ARGS], *plugin[MAX_ARGS];
  hcc_ran ran[2];
  hcc_run run = {.tool = "ld.lld", .folder = cc->folder, .jail = cc->jail, .seconds = cc->seconds};
  int status = write_link_inputs(cc, sources, count, err);
  if (status != 0) {
    return status;
  }
  link_command(debug, cc, 0, "debug.so");
  link_command(plugin, cc, HCC_WHEN_STRIPPED, "plugin.so");
  hcc_run runs[2] = {run, run};
  runs[0].argv = debug;
  runs[1].argv = plugin;
  status = hcc_run_all(ran, runs, 2, cc->jobs, err);
  raise_peak(peak_kib, ran, 2);
  return status;
}
