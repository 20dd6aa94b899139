/* as_build.c - TypeScript to a module by AssemblyScript's asc, which node runs in the jail with
 * heliosc's own copy of the SDK: sdk/assemblyscript/build.mjs is what it runs. Also what a
 * project's asconfig.json names as transforms is code that runs there. Must find node and asc
 * without running them. Invariants: see source.h. */
#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limits.h"
#include "source_cache.h"

/* node reserves address space for a 4 GiB memory and its guards for each module that it runs
 * itself, 10 GiB each and several of them; what it may use is the heap's limit. */
#define NODE_SPACE (UINT64_C(128) << 30)
#define NODE_HEAP "--max-old-space-size=2048"

typedef struct as_build {
  const hcc_source_job *job;
  hcc_error *err;
  hcc_tool node, asc;
  hcc_jail jail;
  char folder[HCC_PATH],
      root[HCC_PATH]; /* the source's; the project's: the one with a package.json */
  char package[HCC_PATH], modules[HCC_PATH],
      node_root[HCC_PATH]; /* asc's, and the folder it is in */
} as_build;

/* The next folder up; false at the top. */
static bool up(char folder[HCC_PATH]) {
  char *slash = strrchr(folder, '/');
  if (slash == NULL || folder[1] == '\0') {
    return false;
  }
  slash[slash == folder] = '\0';
  return true;
}

static bool has(const char *folder, const char *name) {
  char path[HCC_PATH];
  return hcc_path(path, NULL, "%s/%s", folder, name) == 0 && access(path, R_OK) == 0;
}

static int find_root(as_build *b) {
  int status = hcc_source_folder(b->folder, b->job->input, b->err);
  if (status != 0) {
    return status;
  }
  memcpy(b->root, b->folder, sizeof b->root);
  do {
    if (has(b->root, "package.json") || has(b->root, "asconfig.json")) {
      return 0;
    }
  } while (up(b->root));
  memcpy(b->root, b->folder, sizeof b->root);
  return 0;
}

/* The asc of the project, or of a folder above it, as npm installs it; else HELIOS_ASC, the
 * toolchain's, PATH's. */
static int find_asc(as_build *b) {
  char folder[HCC_PATH], path[HCC_PATH];
  const char *named = getenv("HELIOS_ASC");
  hcc_error missing = {.code = HCC_OK};
  memcpy(folder, b->folder, sizeof folder);
  bool found = false;
  if (named == NULL || named[0] == '\0') {
    do {
      found = hcc_path(path, NULL, "%s/node_modules/assemblyscript/bin/asc.js", folder) == 0 &&
              access(path, R_OK) == 0 && hcc_tool_identify(&b->asc, path);
    } while (!found && up(folder));
  }
  int status = found ? 0 : hcc_tool_find(&b->asc, HCC_TOOL_ASC, NULL, &missing);
  if (status != 0) {
    return hcc_fail(b->err, missing.code, HCC_NO_OFFSET,
                    "%s: npm install assemblyscript@0.28, here or with --global", missing.text);
  }
  hcc_tool_root(b->package, &b->asc);
  memcpy(b->modules, b->package, sizeof b->modules);
  up(b->modules);
  return has(b->package, "dist/asc.js")
             ? 0
             : hcc_fail(b->err, HCC_E_TOOL_MISSING, HCC_NO_OFFSET,
                        "asc lies in no package assemblyscript: %s", b->asc.real);
}

static int find_tools(as_build *b) {
  int status;
  HCC_TRY(find_root(b));
  HCC_TRY(hcc_tool_find(&b->node, HCC_TOOL_NODE, NULL, b->err));
  HCC_TRY(find_asc(b));
out:
  return status;
}

/* ---- the cache: source_cache.h ---- */

/* Files of a package of npm all have the same time, so: those whose size can't stay the same. */
static void name_build(as_build *b) {
  static const char *const parts[] = {
      "assemblyscript/dist/asc.js", "assemblyscript/dist/assemblyscript.js",
      "assemblyscript/package.json", "binaryen/index.js", "binaryen/package.json"};
  char path[HCC_PATH];
  hcc_source_cache_word(b->job->cache, b->node.identity);
  hcc_source_cache_word(b->job->cache, b->root);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (hcc_path(path, NULL, "%s/%s", b->modules, parts[i]) == 0) {
      hcc_source_cache_file(b->job->cache, path);
    }
  }
}

/* What build.mjs says of the files it looked for. */
static void note_reads(const as_build *b) {
  char path[HCC_PATH];
  uint8_t *text = NULL;
  size_t size;
  hcc_source_cache *c = b->job->cache;
  if (hcc_path(path, NULL, "%s/source.reads", b->job->folder) != 0 ||
      hcc_file_read(&text, &size, path, 1u << 20, NULL) != 0) {
    hcc_source_cache_unfit(c);
    return;
  }
  for (char *save, *line = strtok_r((char *)text, "\n", &save); line != NULL;
       line = strtok_r(NULL, "\n", &save)) {
    if (line[0] == '+') {
      hcc_source_cache_reads(c, line + 1);
    } else if (line[0] == '-') {
      hcc_source_cache_absent(c, line + 1);
    } else {
      hcc_source_cache_unfit(c);
    }
  }
  free(text);
}

/* ---- the build ---- */

static int prepare(as_build *b) {
  int status;
  HCC_TRY(hcc_source_sdk(b->job, "assemblyscript/", b->err));
  hcc_tool_root(b->node_root, &b->node);
  b->jail = hcc_source_jail(b->job);
  b->jail.memory = b->jail.memory > NODE_SPACE ? b->jail.memory : NODE_SPACE;
  b->jail.readable[0] = b->node_root;
  b->jail.readable[1] = b->modules;
  b->jail.readable[2] = b->root;
out:
  return status;
}

/* What build.mjs is to do, as JSON; cJSON_free frees it. `as`: what the input is to it. */
static char *describe(const as_build *b, const char *as) {
  const char *inside = b->folder + strlen(b->root), *name = hcc_base(b->job->input);
  char path[HCC_PATH];
  cJSON *o = cJSON_CreateObject();
  inside += *inside == '/';
  if (hcc_path(path, NULL, "%s%s%s", inside, *inside == '\0' ? "" : "/", name) == 0) {
    cJSON_AddStringToObject(o, as, path);
  }
  cJSON_AddStringToObject(o, "asc", b->package);
  cJSON_AddStringToObject(o, "root", b->root);
  char *text = cJSON_PrintUnformatted(o);
  cJSON_Delete(o);
  return text;
}

static unsigned number_of(const cJSON *o, const char *name) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);
  return cJSON_IsNumber(v) && v->valuedouble > 0 && v->valuedouble < 1e9 ? (unsigned)v->valuedouble
                                                                         : 0;
}

/* One object a line, as many as the output holds. Was there an error? */
static bool tell_all(void *arg, char *output, bool failed) {
  const as_build *b = arg;
  bool said = false;
  (void)failed;
  for (char *save, *line = strtok_r(output, "\n", &save); line != NULL;
       line = strtok_r(NULL, "\n", &save)) {
    cJSON *o = cJSON_Parse(line);
    const char *level = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "level"));
    hcc_message m = {.level = level == NULL ? "note" : level,
                     .file = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "file")),
                     .text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "text")),
                     .line = number_of(o, "line"),
                     .column = number_of(o, "column")};
    said |= strcmp(m.level, "error") == 0;
    if (m.text != NULL && b->job->listener.hear != NULL) {
      b->job->listener.hear(b->job->listener.arg, &m);
    }
    cJSON_Delete(o);
  }
  return said;
}

static int run_asc(as_build *b, const char *as) {
  char *description = describe(b, as);
  const char *argv[] = {b->node.path, NODE_HEAP, "sdk/assemblyscript/build.mjs", description, NULL};
  hcc_run run = {.tool = "asc",
                 .argv = argv,
                 .folder = b->job->folder,
                 .jail = &b->jail,
                 .seconds = b->job->wall_seconds};
  if (description == NULL) {
    return hcc_fail(b->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for asc");
  }
  int status = hcc_source_run(&run, tell_all, b, b->err);
  cJSON_free(description);
  return status;
}

static int build(hcc_module_bytes *out, const hcc_source_job *job, const char *as, hcc_error *err) {
  int status;
  as_build *b = calloc(1, sizeof *b);
  if (b == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to build");
  }
  b->job = job;
  b->err = err;
  HCC_TRY(find_tools(b));
  name_build(b);
  if (hcc_source_cache_get(out, job->cache)) {
    goto out;
  }
  HCC_TRY(prepare(b));
  HCC_TRY(run_asc(b, as));
  note_reads(b);
  HCC_TRY(hcc_source_take(out, job, err));
  HCC_TRY(hcc_source_language(out, "AssemblyScript", NULL, err));
out:
  free(b);
  return status;
}

int hcc_build_as(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  return build(out, job, "entry", err);
}

int hcc_build_asconfig(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  return build(out, job, "config", err);
}
