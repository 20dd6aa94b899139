/* js_build.c - JavaScript to a module: the script, the files beside it that it imports, the types
 * of its procedures, and QuickJS. Runs nothing: what the script does when it is evaluated shows
 * tryout.h, in the jail. Invariants: see source.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsb_file.h"
#include "js_read.h"
#include "reader.h"

#define FILES_MAX 256

typedef struct js_build {
  const hcc_source_job *job;
  hcc_script_unit unit;
  char folder[HCC_PATH];
  char names[FILES_MAX][256]; /* as the engine resolves them */
  unsigned lines[FILES_MAX], columns[FILES_MAX];
  uint32_t from[FILES_MAX]; /* the file that imports it */
  uint32_t count, current;
} js_build;

/* As QuickJS does: beside the file that imports, with . and .. taken away. False: it leaves the
 * folder, or is too long. */
static bool resolve(char out[256], const char *base, const char *at, size_t size) {
  const char *slash = strrchr(base, '/');
  size_t n = slash == NULL ? 0 : (size_t)(slash - base);
  if (n + size + 2 > 256) {
    return false;
  }
  memcpy(out, base, n);
  for (const char *end = at + size; at < end;) {
    const char *stop = memchr(at, '/', (size_t)(end - at));
    stop = stop == NULL ? end : stop;
    size_t length = (size_t)(stop - at);
    if (length == 2 && memcmp(at, "..", 2) == 0) {
      if (n == 0) {
        return false;
      }
      while (n > 0 && out[n - 1] != '/') {
        n--;
      }
      n -= n > 0;
    } else if (length > 0 && !(length == 1 && *at == '.')) {
      if (n > 0) {
        out[n++] = '/';
      }
      memcpy(out + n, at, length);
      n += length;
    }
    at = stop + (stop < end);
  }
  out[n] = '\0';
  return n > 0;
}

static void add_import(void *arg, const char *at, size_t size, unsigned line, unsigned column) {
  js_build *b = arg;
  char name[256];
  int shown = size > 64 ? 64 : (int)size;
  bool ours = (size == 8 && memcmp(at, "heliosdb", 8) == 0) ||
              (size == 17 && memcmp(at, "heliosdb-wasm-sdk", 17) == 0);
  if (ours) {
    return;
  }
  if (size == 0 || *at != '.' || memchr(at, '\0', size) != NULL || memchr(at, '\\', size) != NULL) {
    hcc_unit_wrong(&b->unit.said, (hcc_place){line, column},
                   "a bundler (esbuild --bundle --format=esm --external:heliosdb) puts packages "
                   "into one file",
                   "can't import '%.*s': only heliosdb and files by ./name.js", shown, at);
    return;
  }
  if (!resolve(name, b->names[b->current], at, size)) {
    hcc_unit_wrong(&b->unit.said, (hcc_place){line, column},
                   "files lie beside the script or in folders below",
                   "can't import '%.*s', which leaves the script's folder", shown, at);
    return;
  }
  for (uint32_t i = 0; i < b->count; i++) {
    if (strcmp(b->names[i], name) == 0) {
      return;
    }
  }
  if (b->count == FILES_MAX) {
    hcc_unit_wrong(&b->unit.said, (hcc_place){line, column}, NULL, "more than %d files", FILES_MAX);
    return;
  }
  memcpy(b->names[b->count], name, sizeof name);
  b->lines[b->count] = line;
  b->columns[b->count] = column;
  b->from[b->count++] = b->current;
}

static int read_file(js_build *b, const char *shown, hcc_error *err) {
  char path[HCC_PATH];
  uint8_t *text = NULL;
  size_t size = 0;
  hcc_error failure = {.code = HCC_OK};
  bool main = b->current == 0;
  int status = main ? hcc_path(path, err, "%s", b->job->input)
                    : hcc_path(path, err, "%s/%s", b->folder, b->names[b->current]);
  if (status != 0) {
    return status;
  }
  if (hcc_file_read(&text, &size, path, HSB_SCRIPT_MAX, &failure) != 0) {
    if (main) {
      return hcc_fail(err, failure.code, HCC_NO_OFFSET, "%s", failure.text);
    }
    b->unit.said.file = b->from[b->current] == 0 ? b->job->input : b->names[b->from[b->current]];
    hcc_unit_wrong(&b->unit.said, (hcc_place){b->lines[b->current], b->columns[b->current]}, NULL,
                   "can't import %s: %s", b->names[b->current], failure.text);
    return 0;
  }
  b->unit.said.file = shown;
  if (!hcc_is_utf8(text, size)) {
    hcc_unit_wrong(&b->unit.said, (hcc_place){0, 0}, NULL, "the file is not UTF-8");
  } else {
    hcc_js_read(&b->unit, (const char *)text, size, main, add_import, b);
    hcc_script_file(&b->unit, b->names[b->current], text, size);
  }
  free(text);
  return 0;
}

int hcc_build_js(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  js_build *b = calloc(1, sizeof *b);
  if (b == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to build");
  }
  int status;
  b->job = job;
  hcc_script_unit_begin(&b->unit, job->input, &job->listener);
  HCC_TRY(hcc_source_folder(b->folder, job->input, err));
  snprintf(b->names[0], sizeof b->names[0], "%s", hcc_base(job->input));
  b->count = 1;
  for (b->current = 0; b->current < b->count; b->current++) {
    HCC_TRY(read_file(b, b->current == 0 ? job->input : b->names[b->current], err));
  }
  HCC_TRY(hcc_script_finish(out, &b->unit, HCC_ENGINE_quickjs, err));
out:
  hcc_script_unit_free(&b->unit);
  free(b);
  return status;
}
