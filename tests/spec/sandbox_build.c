/* sandbox_build.c - see sandbox_build.h. Programs are run without a shell, in a temporary folder.
 */
#include "sandbox_build.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 64

/* Where a tool is: HELIOS_<NAME>, toolchain/bin in the source tree, PATH. */
static bool find_tool(char out[SANDBOX_PATH_MAX], const char *name) {
  char variable[64] = "HELIOS_";
  for (size_t i = 0; name[i]; i++)
    variable[7 + i] = (char)(name[i] >= 'a' ? name[i] - 'a' + 'A' : name[i]);
  const char *given = getenv(variable), *path = getenv("PATH");
  if (given && *given)
    return snprintf(out, SANDBOX_PATH_MAX, "%s", given) < SANDBOX_PATH_MAX;
  snprintf(out, SANDBOX_PATH_MAX, "%s/toolchain/bin/%s", HELIOS_SOURCE_DIR, name);
  if (access(out, X_OK) == 0)
    return true;
  while (path && *path) {
    size_t n = strcspn(path, ":");
    if (snprintf(out, SANDBOX_PATH_MAX, "%.*s/%s", (int)n, path, name) < SANDBOX_PATH_MAX &&
        access(out, X_OK) == 0)
      return true;
    path += n + (path[n] == ':');
  }
  return false;
}

/* Runs words[0..] (a tool's name, then arguments) in the folder. */
static int run(const char *folder, bool quiet, const char *const *words) {
  char path[SANDBOX_PATH_MAX];
  int status = 0;
  if (!find_tool(path, words[0]))
    return SANDBOX_NO_TOOL;
  pid_t child = fork();
  if (child == 0) {
    if (chdir(folder) || (quiet && !freopen("/dev/null", "w", stderr)))
      _exit(127);
    execv(path, (char *const *)words);
    _exit(127);
  }
  if (child < 0 || waitpid(child, &status, 0) < 0)
    return 1;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

static FILE *open_in(const char *folder, const char *name, const char *mode) {
  char path[2 * SANDBOX_PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return fopen(path, mode);
}

/* What heliosc does to wasm2c's output: the override after the prelude, #line for marks. A `{` that
 * wasm2c puts before a call with several results must not count as a line. */
static void rewrite_lines(FILE *to, FILE *from, bool override) {
  char line[4096], before[4096] = "";
  unsigned long mark = 0;
  bool marked = false;
  while (fgets(line, sizeof line, from)) {
    if (strstr(line, "w2c_h_mark(")) {
      mark = strtoul(strrchr(before, '=') + 1, NULL, 10);
      marked = true;
    } else {
      if (marked)
        fprintf(to, "#line %lu\n", mark);
      marked = marked && strspn(line, " {\n") == strlen(line);
      fputs(line, to);
    }
    if (override && strstr(line, "-impl.h\""))
      fputs("#include \"hsb_override.h\"\n", to);
    snprintf(before, sizeof before, "%s", line);
  }
}

static int rewrite(const char *folder, const char *name, const char *to_name, bool override) {
  FILE *from = open_in(folder, name, "r"), *to = open_in(folder, to_name, "w");
  if (from && to)
    rewrite_lines(to, from, override);
  int bad = !from || !to;
  if (from)
    fclose(from);
  if (to)
    bad |= fclose(to) != 0;
  return bad;
}

/* --- the C around the module --- */

static const char glue_head[] =
    "#include \"m-impl.h\"\n"
    "#include \"hsb_override.h\"\n"
    "static hsb_slot of_f(f32 x) { u32 b; __builtin_memcpy(&b, &x, 4); return b; }\n"
    "static hsb_slot of_d(f64 x) { u64 b; __builtin_memcpy(&b, &x, 8); return b; }\n"
    "static f32 f_of(hsb_slot s) { f32 x; u32 b = (u32)s; __builtin_memcpy(&x, &b, 4); return x; "
    "}\n"
    "static f64 d_of(hsb_slot s) { f64 x; __builtin_memcpy(&x, &s, 8); return x; }\n"
    "#define GET_i(s) ((u32)*(s))\n#define GET_j(s) (*(s))\n#define GET_e(s) ((void *)*(s))\n"
    "#define GET_f(s) f_of(*(s))\n#define GET_d(s) d_of(*(s))\n"
    "#define GET_v(s) ({ v128 v_; __builtin_memcpy(&v_, s, 16); v_; })\n"
    "#define GET_r(s) wasm_rt_funcref_null_value\n"
    "#define PUT_i(s, x) (*(s) = (x))\n#define PUT_j(s, x) (*(s) = (x))\n"
    "#define PUT_e(s, x) (*(s) = (hsb_slot)(x))\n#define PUT_r(s, x) (*(s) = (hsb_slot)(x).func)\n"
    "#define PUT_f(s, x) (*(s) = of_f(x))\n#define PUT_d(s, x) (*(s) = of_d(x))\n"
    "#define PUT_v(s, x) ({ v128 v_ = x; __builtin_memcpy(s, &v_, 16); })\n";

static const char *c_type(char letter) {
  static const char *const names[] = {['i'] = "u32",
                                      ['j'] = "u64",
                                      ['f'] = "f32",
                                      ['d'] = "f64",
                                      ['v'] = "v128",
                                      ['r'] = "wasm_rt_funcref_t",
                                      ['e'] = "wasm_rt_externref_t"};
  return names[(unsigned char)letter];
}

static unsigned slots(char letter) {
  return letter == 'v' ? 2 : 1;
}

/* "e<n>": a function like hsb_export.call. */
static void glue_export(FILE *f, unsigned n, const char *sig, size_t length) {
  const char *colon = memchr(sig, ':', length), *end = sig + length;
  unsigned at = 0, results = (unsigned)(end - colon - 1);
  fprintf(f, "static void call%u(void *instance, hsb_slot *s) {\n  ", n);
  if (results)
    fprintf(f, "__auto_type r = ");
  fprintf(f, "w2c_m_e%u(instance", n);
  for (const char *p = sig; p < colon; at += slots(*p++))
    fprintf(f, ", GET_%c(s + %u)", *p, at);
  fprintf(f, ");\n");
  at = 0;
  for (unsigned i = 0; i < results; at += slots(colon[1 + i++])) {
    char letter = colon[1 + i];
    fprintf(f, "  PUT_%c(s + %u, r", letter, at);
    if (results > 1)
      fprintf(f, ".%c%u", letter == 'v' ? 'o' : letter, i);
    fprintf(f, ");\n");
  }
  fprintf(f, "}\n");
}

/* "i<n>", with at most one result: through ctx->imports. */
static void glue_import(FILE *f, unsigned n, const char *sig, size_t length) {
  const char *colon = memchr(sig, ':', length);
  bool result = colon + 1 < sig + length;
  unsigned at = 0;
  fprintf(f, "%s w2c_h_i%u(struct w2c_h *instance", result ? c_type(colon[1]) : "void", n);
  for (const char *p = sig; p < colon; p++)
    fprintf(f, ", %s p%u", c_type(*p), (unsigned)(p - sig));
  fprintf(f, ") {\n  struct hsb_ctx *ctx = hsb_ctx_of(instance);\n  hsb_slot s[32];\n");
  for (const char *p = sig; p < colon; at += slots(*p++))
    fprintf(f, "  PUT_%c(s + %u, p%u);\n", *p, at, (unsigned)(p - sig));
  fprintf(f, "  ctx->imports[%u].fn(ctx, s, ctx->imports[%u].env);\n", n, n);
  if (result)
    fprintf(f, "  return GET_%c(s);\n", colon[1]);
  fprintf(f, "}\n");
}

typedef void glue_one(FILE *f, unsigned n, const char *sig, size_t length);

static unsigned each(FILE *f, glue_one *one, const char *sigs) {
  unsigned n = 0;
  while (sigs && *sigs) {
    size_t length = strcspn(sigs, " ");
    one(f, n++, sigs, length);
    sigs += length + (sigs[length] == ' ');
  }
  return n;
}

static int write_glue(const char *folder, const sandbox_source *source) {
  FILE *f = open_in(folder, "glue.c", "w");
  if (!f)
    return 1;
  fputs(glue_head, f);
  bool has_h = strstr(source->wat, "(import ") != NULL;
  each(f, glue_import, source->imports);
  unsigned exports = each(f, glue_export, source->exports);
  fprintf(f, "static void init(void *instance) { wasm2c_m_instantiate(instance%s); }\n",
          has_h ? ", instance" : "");
  fprintf(f, "static const struct hsb_export exports[] = {\n");
  for (unsigned i = 0; i < exports; i++)
    fprintf(f, "  {.call = call%u},\n", i);
  fprintf(f,
          "  {0}};\n__attribute__((visibility(\"default\")))\n"
          "const struct helios_plugin helios_plugin = {\n"
          "  .size = sizeof(struct helios_plugin), .instance_size = sizeof(w2c_m),\n"
          "  .export_count = %u, .exports = exports, .init = init,\n",
          exports);
  if (source->pages_max)
    fprintf(f,
            "  .flags = HSB_PLUGIN_HAS_MEMORY, .memory_offset = offsetof(w2c_m, w2c_M0),\n"
            "  .memory_min = %u, .memory_max = %u,\n",
            source->pages_min, source->pages_max);
  fprintf(f, "};\n");
  return fclose(f) != 0;
}

/* --- the tools, one after the other --- */

#define SANDBOX HELIOS_SOURCE_DIR "/rt-sandbox"

static int compile(const char *folder, const sandbox_source *source, bool quiet) {
  const char *words[WORDS_MAX] = {
    "clang",
    source->optimise ? source->optimise : "-O3",
    "-w",
    "-gline-tables-only",
    "-ffreestanding",
    "-nostdlib",
    "-nostdlibinc",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-fno-optimize-sibling-calls",
    "-fno-strict-aliasing",
    "-fno-math-errno",
    "-ffp-contract=off",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-builtin",
    "-fuse-ld=lld",
    "-Wl,-z,defs",
    "-Wl,-z,now",
    "-Wl,-z,relro",
    "-Wl,--gc-sections",
    "-I" SANDBOX,
    "-I" SANDBOX "/include",
#if defined(__x86_64__)
    "-falign-loops=32",
    "-fcf-protection=none",
    "-mllvm",
    "-x86-cmov-converter=false",
#endif
    "r0.c",
    "r1.c",
    "glue.c",
    SANDBOX "/hsb_cold.c",
    SANDBOX "/hsb_lib.c",
    "-o",
    "m.so"
  };
  size_t n = 0;
  while (words[n])
    n++;
  if (source->explicit_bounds)
    words[n] = "-DHSB_EXPLICIT_BOUNDS";
  return run(folder, quiet, words);
}

static int build_in(sandbox_plugin *out, const sandbox_source *source, bool quiet) {
  static const char *const to_wasm[] = {"wat2wasm", "m.wat", "-o", "m.wasm", NULL};
  static const char *const to_c[] = {"wasm2c",          "m.wasm", "-n",  "m",
                                     "--num-outputs=2", "-o",     "m.c", NULL};
  FILE *f = open_in(out->folder, "m.wat", "w");
  if (!f)
    return 1;
  fputs(source->wat, f);
  int status = fclose(f) != 0;
  status = status ? status : run(out->folder, quiet, to_wasm);
  status = status ? status : run(out->folder, quiet, to_c);
  status = status ? status : rewrite(out->folder, "m_0.c", "r0.c", !source->no_override);
  status = status ? status : rewrite(out->folder, "m_1.c", "r1.c", !source->no_override);
  status = status ? status : write_glue(out->folder, source);
  return status ? status : compile(out->folder, source, quiet);
}

int sandbox_build(sandbox_plugin *out, const sandbox_source *source, bool quiet) {
  char path[2 * SANDBOX_PATH_MAX];
  memset(out, 0, sizeof *out);
  snprintf(out->folder, sizeof out->folder, "/tmp/sandbox-XXXXXX");
  if (!mkdtemp(out->folder)) {
    out->folder[0] = '\0';
    return 1;
  }
  int status = build_in(out, source, quiet);
  if (status)
    return status;
  snprintf(path, sizeof path, "%s/m.so", out->folder);
  out->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  out->plugin = out->library ? dlsym(out->library, "helios_plugin") : NULL;
  return out->plugin == NULL;
}

static void remove_folder(const char *folder) {
  const char *const words[] = {"rm", "-rf", folder, NULL};
  if (folder[0])
    run("/", true, words);
}

void sandbox_free(sandbox_plugin *plugin) {
  if (plugin->library)
    dlclose(plugin->library);
  plugin->library = NULL;
  remove_folder(plugin->folder);
  plugin->folder[0] = '\0';
}

void *sandbox_build_library(void) {
  static const char *const words[] = {"clang",
                                      "-O3",
                                      "-ffreestanding",
                                      "-fno-builtin",
                                      "-fPIC",
                                      "-shared",
                                      "-nostdlib",
                                      "-fuse-ld=lld",
                                      "-Wl,-z,defs",
                                      "-Dmemcpy=own_memcpy",
                                      "-Dmemmove=own_memmove",
                                      "-Dmemset=own_memset",
                                      "-Dmemcmp=own_memcmp",
                                      "-I" SANDBOX "/include",
                                      SANDBOX "/hsb_lib.c",
                                      "-o",
                                      "lib.so",
                                      NULL};
  char folder[] = "/tmp/sandbox-XXXXXX", path[64];
  void *library = NULL;
  if (!mkdtemp(folder))
    return NULL;
  snprintf(path, sizeof path, "%s/lib.so", folder);
  if (run(folder, false, words) == 0)
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  remove_folder(folder);
  return library;
}

uint32_t sandbox_offset_of(const sandbox_plugin *plugin, uintptr_t pc) {
  struct link_map *map = NULL;
  char command[2 * SANDBOX_PATH_MAX], line[1024] = "";
  if (dlinfo(plugin->library, RTLD_DI_LINKMAP, &map))
    return 0;
  snprintf(command, sizeof command, "addr2line -e %s/m.so 0x%lx", plugin->folder,
           (unsigned long)(pc - map->l_addr));
  FILE *answer = popen(command, "r");
  if (!answer)
    return 0;
  char *got = fgets(line, sizeof line, answer), *colon = strrchr(line, ':');
  pclose(answer);
  return got && colon ? (uint32_t)strtoul(colon + 1, NULL, 10) : 0;
}
