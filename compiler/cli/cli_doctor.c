/* cli_doctor.c - heliosc doctor: can this machine build plugins, and would they run? Each check is
 * one row of a table. Must change nothing but make the folders of cache and key and a temporary
 * one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "allocator.h"
#include "cache.h"
#include "cc.h"
#include "cli.h"
#include "cli_checks.h"
#include "fuzz.h"
#include "hsb_abi.h"
#include "image.h"
#include "key.h"
#include "limits.h"
#include "linkcheck.h"
#include "linkcheck_x86.h"
#include "source.h"

typedef struct doctor {
  hcc_cli *cli;
  hcc_tool tools[HCC_TOOL_COUNT];
  bool usable[HCC_TOOL_COUNT];
  bool failed;
} doctor;

static void say(doctor *d, enum hcc_check result, const char *name, const char *text,
                const char *fix) {
  d->failed |= result == HCC_CHECK_FAIL;
  hcc_cli_check(d->cli, result, name, text, fix);
}

static void check_tool(doctor *d, enum hcc_tool_id id, const char *option, bool needed) {
  char clean[512], text[640], fix[160];
  hcc_error err = {0};
  hcc_tool *tool = &d->tools[id];
  const char *name = hcc_tool_program(id);
  if (hcc_tool_find(tool, id, option, &err) == 0 && hcc_tool_versions(&tool, &id, 1, &err) == 0) {
    snprintf(text, sizeof text, "%s, %s (%s)", tool->version,
             hcl_clean(clean, sizeof clean, tool->path), tool->origin);
    d->usable[id] = true;
    say(d, HCC_CHECK_OK, name, text, NULL);
    return;
  }
  snprintf(fix, sizeof fix, "install the Debian package %s, or set HELIOS_TOOLCHAIN",
           hcc_tool_package(id));
  say(d, needed ? HCC_CHECK_FAIL : HCC_CHECK_WARN, name, err.text, fix);
}

static void check_tools(doctor *d) {
  check_tool(d, HCC_TOOL_CLANG, d->cli->values[HCC_OPTION_clang], true);
  check_tool(d, HCC_TOOL_LLD, NULL, true);
  check_tool(d, HCC_TOOL_WASM2C, d->cli->values[HCC_OPTION_wasm2c], true);
  check_tool(d, HCC_TOOL_WAT2WASM, d->cli->values[HCC_OPTION_wat2wasm], false); /* for .wat only */
}

/* What only some languages or options need: found, or what it would take. */
static void check_optional(doctor *d, enum hcc_tool_id id, const char *needed_by) {
  char clean[512], fix[160];
  hcc_tool tool;
  if (hcc_tool_find(&tool, id, NULL, NULL) == 0) {
    say(d, HCC_CHECK_OK, hcc_tool_program(id), hcl_clean(clean, sizeof clean, tool.path), NULL);
    return;
  }
  snprintf(clean, sizeof clean, "not here; %s needs it", needed_by);
  snprintf(fix, sizeof fix, "install the package %s", hcc_tool_package(id));
  say(d, HCC_CHECK_WARN, hcc_tool_program(id), clean, fix);
}

/* rustc and cargo, as a build chooses them: the first rustc of PATH may have no WebAssembly. */
static void check_rust(doctor *d) {
  char clean[512];
  hcc_tool rustc, cargo;
  hcc_error err = {0};
  if (hcc_rust_tools(&rustc, &cargo, &err) != 0) {
    say(d, HCC_CHECK_WARN, "rustc", hcl_clean(clean, sizeof clean, err.text),
        "only Rust needs it: install the packages rustc and libstd-rust-dev-wasm32, or 'rustup "
        "target add wasm32-unknown-unknown'");
    check_optional(d, HCC_TOOL_CARGO, "a Rust project");
    return;
  }
  say(d, HCC_CHECK_OK, "rustc", hcl_clean(clean, sizeof clean, rustc.path), NULL);
  if (cargo.path[0] != '\0') {
    say(d, HCC_CHECK_OK, "cargo", hcl_clean(clean, sizeof clean, cargo.path), NULL);
  } else {
    check_optional(d, HCC_TOOL_CARGO, "a Rust project");
  }
}

/* A recursion in tail position. A compiler that makes a jump of it turns endless recursion into an
 * endless loop, which no stack check ever sees. */
static const char probe[] =
    "static __attribute__((noinline)) int recurse(int n, const int *p) {\n"
    "  return n == 0 ? *p : recurse(n - 1, p);\n"
    "}\n"
    "__attribute__((visibility(\"default\")))\n"
    "const struct { unsigned size, rest[29]; int (*init)(int, const int *); void *start; }\n"
    "helios_plugin = {136, {0}, recurse, 0};\n"; /* the shape of struct helios_plugin */

/* Is there a call in the code? */
static bool has_call(const uint8_t *code, size_t size) {
#ifdef __aarch64__
  for (size_t at = 0; at + 4 <= size; at += 4) {
    if ((code[at + 3] & 0xfc) == 0x94) {
      return true;
    }
  }
  return false;
#else
  hcc_x86_insn insn;
  for (size_t at = 0; at < size && hcc_x86_decode(&insn, code + at, size - at) == 0;
       at += insn.length) {
    if (insn.flow == HCC_X86_CALL) {
      return true;
    }
  }
  return false;
#endif
}

static int compile_probe(doctor *d, const char *folder, uint8_t **bytes, size_t *size,
                         hcc_error *err) {
  static const char *const sources[] = {"p0.c"};
  char path[HCC_PATH], clang_root[HCC_PATH], lld_root[HCC_PATH];
  uint64_t peak = 0;
  hcc_jail jail = {.memory = HCC_JAIL_MEMORY,
                   .seconds = 60,
                   .file = HCC_JAIL_FILE,
                   .writable = folder,
                   .readable = {clang_root, lld_root}};
  hcc_cc cc = {.folder = folder,
               .clang = &d->tools[HCC_TOOL_CLANG],
               .lld = &d->tools[HCC_TOOL_LLD],
               .jail = &jail,
               .tier = HCC_TIER_OPTIMIZING,
               .jobs = 1,
               .seconds = 60};
  int status;
  hcc_tool_root(clang_root, cc.clang);
  hcc_tool_root(lld_root, cc.lld);
  HCC_TRY(hcc_target_find(&cc.target, NULL, err));
  HCC_TRY(hcc_path(path, err, "%s/p0.c", folder));
  HCC_TRY(hcc_file_write(path, probe, strlen(probe), err));
  HCC_TRY(hcc_cc_compile(&peak, &cc, sources, 1, err));
  HCC_TRY(hcc_cc_link(&peak, &cc, sources, 1, err));
  HCC_TRY(hcc_path(path, err, "%s/plugin.so", folder));
  HCC_TRY(hcc_file_read(bytes, size, path, HCC_JAIL_FILE, err));
out:
  return status;
}

/* Compiles with the flags of cc_flags.def in the jail, and looks at what came out. */
static void check_flags(doctor *d) {
  hcc_temp temp = {.path = ""};
  hcc_error err = {0};
  hcc_image image;
  hcc_linkcheck_report report;
  uint8_t *bytes = NULL;
  size_t size;
  if (!d->usable[HCC_TOOL_CLANG] || !d->usable[HCC_TOOL_LLD]) {
    say(d, HCC_CHECK_WARN, "flags", "not checked without clang and ld.lld", NULL);
    return;
  }
  if (hcc_temp_make(&temp, &err) != 0 || compile_probe(d, temp.path, &bytes, &size, &err) != 0) {
    say(d, HCC_CHECK_FAIL, "flags", err.text, hcc_code_hint(err.code));
  } else if (hcc_linkcheck(&report, bytes, size) != 0) {
    say(d, HCC_CHECK_FAIL, "flags", report.text, "use clang and lld of the same release");
  } else if (hcc_image_open(&image, bytes, size, &err) != 0 ||
             !has_call(hcc_image_section(&image, ".text").at,
                       hcc_image_section(&image, ".text").size)) {
    say(d, HCC_CHECK_FAIL, "flags", "clang ignores -fno-optimize-sibling-calls",
        "use clang 14 or newer: endless recursion would never end");
  } else {
    say(d, HCC_CHECK_OK, "flags", "clang and ld.lld honour the security flags", NULL);
  }
  free(bytes);
  hcc_temp_free(&temp, false);
}

static void check_allocator(doctor *d) {
  const char *variable = hcc_allocator_variable();
  bool there = variable != NULL;
  say(d, there ? HCC_CHECK_OK : HCC_CHECK_WARN, "allocator",
      there ? strchr(variable, '=') + 1
            : HCC_ALLOCATOR_LIBRARY " is not here; clang is slower without",
      there ? NULL : "install the package " HCC_ALLOCATOR_PACKAGE);
}

/* For heliosc fuzz only. */
static void check_fuzzer(doctor *d) {
  hcc_error err = {0};
  if (!d->usable[HCC_TOOL_CLANG]) {
    say(d, HCC_CHECK_WARN, "fuzzer", "not checked without clang", NULL);
  } else if (hcc_fuzz_runtime(&d->tools[HCC_TOOL_CLANG], &err) == 0) {
    say(d, HCC_CHECK_OK, "fuzzer", "clang has libFuzzer", NULL);
  } else {
    say(d, HCC_CHECK_WARN, "fuzzer", err.text, "only heliosc fuzz needs it");
  }
}

static void check_jail(doctor *d) {
  hcc_jail_support support;
  char text[128];
  hcc_jail_probe(&support);
  snprintf(text, sizeof text, "limits%s%s", support.seccomp ? ", seccomp" : "",
           support.landlock > 0 ? ", Landlock" : "");
  bool whole = support.seccomp && support.landlock > 0;
  say(d, whole ? HCC_CHECK_OK : HCC_CHECK_WARN, "jail", text,
      whole ? NULL : "a kernel from 5.13 with Landlock and seccomp on confines the tools better");
}

static void check_address_space(doctor *d) {
  struct rlimit limit;
  char text[128], size[HCC_CLI_SIZE];
  void *space =
      mmap(NULL, HSB_RESERVE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space != MAP_FAILED) {
    munmap(space, HSB_RESERVE);
    snprintf(text, sizeof text, "%s can be reserved for each instance",
             hcc_cli_size(size, HSB_RESERVE));
    say(d, HCC_CHECK_OK, "memory", text, NULL);
  } else {
    snprintf(text, sizeof text, "%s can't be reserved", hcc_cli_size(size, HSB_RESERVE));
    say(d, HCC_CHECK_FAIL, "memory", text, "raise 'ulimit -v', or build with --bounds=explicit");
  }
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    snprintf(text, sizeof text, "address space is limited to %s",
             hcc_cli_size(size, limit.rlim_cur));
    say(d, HCC_CHECK_WARN, "limit", text, "each instance takes 8 GiB of it: ulimit -v unlimited");
  } else {
    say(d, HCC_CHECK_OK, "limit", "address space is not limited", NULL);
  }
  long page = sysconf(_SC_PAGESIZE);
  snprintf(text, sizeof text, "pages of %ld bytes", page);
  say(d, page == 4096 ? HCC_CHECK_OK : HCC_CHECK_WARN, "page size", text,
      page == 4096 ? NULL : "plugins are laid out for 4096");
}

static void check_key(doctor *d) {
  char path[HCC_PATH], clean[512];
  uint8_t key[HCC_KEY_BYTES];
  hcc_error err = {0};
  bool named = hcc_key_path(path, &err) == 0;
  if (named && hcc_key_load(key, false, &err) == 0) {
    say(d, HCC_CHECK_OK, "key", hcl_clean(clean, sizeof clean, path), NULL);
  } else if (named && access(path, F_OK) != 0) {
    err = (hcc_error){0};
    named = hcc_key_can_be_made(&err) == 0;
    say(d, named ? HCC_CHECK_OK : HCC_CHECK_FAIL, "key",
        named ? "none yet; the first build makes it" : err.text,
        named ? NULL : "set HELIOS_KEY, XDG_CONFIG_HOME or HOME to what this user can write");
  } else {
    say(d, HCC_CHECK_FAIL, "key", err.text, hcc_code_hint(HCC_E_KEY));
  }
  explicit_bzero(key, sizeof key);
}

static void check_folders(doctor *d) {
  char path[HCC_PATH], clean[512], text[1024];
  hcc_temp temp = {.path = ""};
  hcc_error err = {0};
  bool named = hcc_cache_folder(path);
  bool there = named && hcc_dir_make(path, 0700, &err) == 0 && access(path, W_OK | X_OK) == 0;
  hcl_clean(clean, sizeof clean,
            named ? path : "HELIOS_CACHE, XDG_CACHE_HOME and HOME are not set");
  snprintf(text, sizeof text, "%s%s%s; every build is anew", clean, named ? ": " : "",
           !named               ? ""
           : err.code != HCC_OK ? err.text
                                : "can't be written");
  say(d, there ? HCC_CHECK_OK : HCC_CHECK_WARN, "cache", there ? clean : text,
      there ? NULL : "set HELIOS_CACHE to a folder that can be written");
  err = (hcc_error){0};
  there = hcc_temp_make(&temp, &err) == 0;
  say(d, there ? HCC_CHECK_OK : HCC_CHECK_FAIL, "temporary", there ? "can be written" : err.text,
      there ? NULL : "set TMPDIR to a folder that can be written");
  hcc_temp_free(&temp, false);
}

int hcc_cli_doctor(hcc_cli *cli) {
  doctor d = {.cli = cli};
  check_tools(&d);
  check_optional(&d, HCC_TOOL_WASM_LD, "C, C++ and Rust");
  check_rust(&d);
  check_optional(&d, HCC_TOOL_NODE, "TypeScript");
  check_optional(&d, HCC_TOOL_ASC, "TypeScript, where the project has none");
  check_optional(&d, HCC_TOOL_GO, "Go");
  check_optional(&d, HCC_TOOL_TINYGO, "build --tinygo");
  check_optional(&d, HCC_TOOL_WASM_OPT, "build --wasm-opt");
  check_allocator(&d);
  check_flags(&d);
  check_fuzzer(&d);
  check_jail(&d);
  check_address_space(&d);
  check_key(&d);
  check_folders(&d);
  if (cli->json) {
    cJSON *o = hcc_cli_object("result");
    cJSON_AddStringToObject(o, "command", "doctor");
    cJSON_AddBoolToObject(o, "ok", !d.failed);
    hcc_cli_emit(cli, o);
  }
  return d.failed ? 1 : 0;
}
