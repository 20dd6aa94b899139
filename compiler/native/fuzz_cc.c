/* fuzz_cc.c - the program that fuzzes a module: table.c for it, then clang three times, in the
 * jail. Invariants: see fuzz.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "embedded.h"
#include "fs.h"
#include "fuzz.h"

#define NULL_PAGE 1024u /* wasm-ld puts nothing below */
#define TABLE_MAX (16u << 20)

/* Is the module a compiler's, with nothing of its own where null pointers lead? */
static bool has_null_page(const hcc_module *m, const hcc_plan *plan) {
  bool compiled = false;
  for (uint32_t i = 0; i < m->custom_count; i++) {
    hcc_range name = m->customs[i].name;
    compiled |= name.end - name.begin == 9 && memcmp(m->bytes + name.begin, "producers", 9) == 0;
  }
  for (uint32_t i = 0; i < plan->segment_count; i++) {
    compiled &= plan->segments[i].mem_off >= NULL_PAGE;
  }
  return compiled;
}

static int write_table(const hcc_cc *cc, const hcc_fuzz_plan *plan, bool null_page,
                       hcc_error *err) {
  char path[HCC_PATH];
  hcc_buf b;
  hcc_buf_init(&b, TABLE_MAX);
  hcc_buf_text(&b, "#include \"fuzz_host.h\"\nconst struct hfz_procedure hfz_procedures[] = {\n");
  for (uint32_t i = 0; i < plan->count; i++) {
    const hcc_fuzz_procedure *p = &plan->procedures[i];
    hcc_buf_format(&b, "  {%u, \"%s\", '%c', %d, %d, %d, %d},\n", p->export, p->params, p->returns,
                   p->pulls, p->cells, p->nulls, p->deterministic);
  }
  hcc_buf_format(&b,
                 "};\nconst uint32_t hfz_procedure_count = %u;\nconst bool hfz_null_guard = %d;\n"
                 "const uint64_t hfz_fuel = %llu;\n",
                 plan->count, null_page, (unsigned long long)HCC_FUZZ_FUEL);
  int status = hcc_path(path, err, "%s/fz/table.c", cc->folder);
  if (status == 0) {
    status = b.failed ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for a table")
                      : hcc_file_write(path, b.data, b.size, err);
  }
  hcc_buf_free(&b);
  return status;
}

static int write_host(const hcc_cc *cc, hcc_error *err) {
  char path[HCC_PATH];
  int status = hcc_path(path, err, "%s/fz", cc->folder);
  if (status != 0) {
    return status;
  }
  HCC_TRY(hcc_dir_make(path, 0700, err));
  for (const struct hcc_embedded *e = hcc_embedded_fuzz; e->name != NULL; e++) {
    HCC_TRY(hcc_path(path, err, "%s/fz/%s", cc->folder, e->name));
    HCC_TRY(hcc_file_write(path, e->bytes, e->size, err));
  }
out:
  return status;
}

/* "p0.c" to "p0.o", for a response file. */
static int write_objects(const hcc_cc *cc, const char *const *sources, uint32_t count,
                         hcc_error *err) {
  char path[HCC_PATH];
  hcc_buf list;
  hcc_buf_init(&list, 1u << 16);
  for (uint32_t i = 0; i < count; i++) {
    hcc_buf_format(&list, "%.*so\n", (int)strlen(sources[i]) - 1, sources[i]);
  }
  int status = hcc_path(path, err, "%s/objects", cc->folder);
  if (status == 0) {
    status = list.failed ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to link")
                         : hcc_file_write(path, list.data, list.size, err);
  }
  hcc_buf_free(&list);
  return status;
}

static int run_clang(uint64_t *peak_kib, const hcc_cc *cc, const char *const *argv,
                     hcc_error *err) {
  hcc_ran ran;
  hcc_run run = {.tool = "clang",
                 .argv = argv,
                 .folder = cc->folder,
                 .jail = cc->jail,
                 .seconds = cc->seconds};
  int status = hcc_run_one(&ran, &run, err);
  *peak_kib = ran.peak_kib > *peak_kib ? ran.peak_kib : *peak_kib;
  return status;
}

int hcc_fuzz_runtime(const hcc_tool *clang, hcc_error *err) {
  static const char *const places[] = {"lib/linux/libclang_rt.fuzzer-x86_64.a",
                                       "lib/linux/libclang_rt.fuzzer-aarch64.a",
                                       "lib/x86_64-pc-linux-gnu/libclang_rt.fuzzer.a",
                                       "lib/x86_64-unknown-linux-gnu/libclang_rt.fuzzer.a",
                                       "lib/aarch64-unknown-linux-gnu/libclang_rt.fuzzer.a"};
  char path[HCC_PATH];
  hcc_ran ran;
  const char *argv[] = {clang->path, "-print-resource-dir", NULL};
  hcc_run run = {.tool = "clang", .argv = argv, .seconds = 60};
  int status = hcc_run_one(&ran, &run, err);
  if (status != 0) {
    return status;
  }
  ran.output[strcspn(ran.output, "\n")] = '\0';
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    if (hcc_path(path, NULL, "%s/%s", ran.output, places[i]) == 0 && access(path, R_OK) == 0) {
      return 0;
    }
  }
  int major = (int)strcspn(clang->version, ".");
  return hcc_fail(err, HCC_E_TOOL_MISSING, HCC_NO_OFFSET,
                  "clang has no libFuzzer; it is in the Debian package libclang-rt-%.*s-dev", major,
                  clang->version);
}

int hcc_fuzz_program(uint64_t *peak_kib, const hcc_stage_input *in, const hcc_plan *plan,
                     const hcc_cc *cc, const char *const *sources, uint32_t count, hcc_error *err) {
  const char *guest[128], *clang = cc->clang->path;
  char linker[HCC_PATH + 16];
  uint32_t n = 0;
  hcc_fuzz_plan procedures;
  int status =
      hcc_fuzz_plan_make(&procedures, in->module, in->manifest, in->options->fuzz_export, err);
  for (uint32_t i = 0; i < count && n + 1 < sizeof guest / sizeof *guest; i++) {
    if (strcmp(sources[i], "rt/hsb_lib.c") != 0) { /* this program has a libc */
      guest[n++] = sources[i];
    }
  }
  HCC_TRY(status);
  HCC_TRY(hcc_fuzz_runtime(cc->clang, err));
  HCC_TRY(write_host(cc, err));
  HCC_TRY(write_table(cc, &procedures, has_null_page(in->module, plan), err));
  HCC_TRY(write_objects(cc, guest, n, err));
  HCC_TRY(hcc_cc_compile(peak_kib, cc, guest, n, err));
  const char *host[] = {clang, "-std=gnu11", "-D_GNU_SOURCE", "-O2",        "-w",         "-Irt",
                        "-c",  "fz/host.c",  "fz/values.c",   "fz/stubs.c", "fz/table.c", NULL};
  HCC_TRY(run_clang(peak_kib, cc, host, err));
  snprintf(linker, sizeof linker, "--ld-path=%s", cc->lld->path);
  const char *link[] = {
      clang,
      "-fsanitize=fuzzer",
      "-no-pie", /* comparisons are known by their address: those of the code then stay */
      linker,
      "-o",
      HCC_FUZZ_PROGRAM,
      "host.o",
      "values.o",
      "stubs.o",
      "table.o",
      "@objects",
      "-lm",
      NULL};
  HCC_TRY(run_clang(peak_kib, cc, link, err));
out:
  hcc_fuzz_plan_free(&procedures);
  return status;
}
