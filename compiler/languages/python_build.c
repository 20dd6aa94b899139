/* python_build.c - a Python script to a module: MicroPython's, which heliosc has in itself, with
 * the script and its manifest behind it (docs/script-engines.md). Runs nothing: what the script
 * does when it is evaluated shows tryout.h, in the jail. Invariants: see source.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsb_file.h"
#include "limits.h"
#include "python_engine.h"
#include "python_unit.h"
#include "reader.h"
#include "script.h"
#include "source.h"
#include "source_cache.h"

#define MANIFEST_MAX (1u << 20)

typedef struct python_build {
  const hcc_source_job *job;
  hcc_error *err;
  char *text;
  size_t size;
  char file[128], name[128]; /* of the script: with and without its ending */
  hcc_py_scan scan;
  hcc_buf manifest, script, module;
} python_build;

static size_t bytes_between(const unsigned char *begin, const unsigned char *end) {
  return (size_t)((uintptr_t)end - (uintptr_t)begin);
}

static int say(python_build *b, unsigned line, unsigned column, const char *text) {
  hcc_message m = {
      .level = "error", .file = b->job->input, .line = line, .column = column, .text = text};
  if (b->job->listener.hear != NULL) {
    b->job->listener.hear(b->job->listener.arg, &m);
  }
  return hcc_fail(b->err, HCC_E_SOURCE, HCC_NO_OFFSET, "1 error in the source");
}

/* The last part of the path, which errors show. */
static int name_script(python_build *b) {
  const char *base = hcc_base(b->job->input);
  size_t stem;
  hcc_language_of(&stem, base);
  if (strlen(base) >= sizeof b->file || strpbrk(base, "\t\n") != NULL) {
    return hcc_fail(b->err, HCC_E_SOURCE, HCC_NO_OFFSET,
                    "the file's name is too long, or has a tab or a newline");
  }
  snprintf(b->file, sizeof b->file, "%s", base);
  snprintf(b->name, sizeof b->name, "%.*s", (int)stem, base);
  return 0;
}

/* The offset's line, for a message. */
static unsigned line_at(const python_build *b, size_t offset) {
  unsigned line = 1;
  for (size_t i = 0; i < offset; i++) {
    line += b->text[i] == '\n';
  }
  return line;
}

static int check_bytes(python_build *b) {
  if (b->size > HSB_SCRIPT_MAX) {
    return hcc_fail(b->err, HCC_E_LIMIT, HCC_NO_OFFSET, "the script is larger than %u bytes",
                    HSB_SCRIPT_MAX);
  }
  const char *nul = memchr(b->text, 0, b->size);
  if (nul != NULL) {
    return say(b, line_at(b, (size_t)(nul - b->text)), 0, "a NUL byte in the source");
  }
  return hcc_is_utf8((const uint8_t *)b->text, b->size)
             ? 0
             : say(b, 0, 0, "the source is not valid UTF-8");
}

static int scan(python_build *b) {
  hcc_error failure = {.code = HCC_OK};
  int status = hcc_python_scan(&b->scan, b->text, b->size, &failure);
  if (failure.code == HCC_E_SOURCE) {
    return say(b, b->scan.place.line, b->scan.place.column, failure.text);
  }
  return status == 0 ? 0 : hcc_fail(b->err, failure.code, HCC_NO_OFFSET, "%s", failure.text);
}

static int make_module(hcc_module_bytes *out, python_build *b) {
  int status = 0;
  HCC_TRY(hcc_python_unit(&b->manifest, &b->script, &b->scan, b->job->input, b->name,
                          &b->job->listener, b->err));
  hcc_buf_add(&b->script, b->text, b->size);
  if (b->script.failed) {
    HCC_TRY(hcc_fail(b->err, HCC_E_LIMIT, HCC_NO_OFFSET, "the script is larger than %u bytes",
                     HSB_SCRIPT_MAX));
  }
  HCC_TRY(hcc_script_module(&b->module, hcc_python_engine,
                            bytes_between(hcc_python_engine, hcc_python_engine_end), b->script.data,
                            b->script.size, (const char *)b->manifest.data, b->err));
  out->bytes = b->module.data;
  out->size = b->module.size;
  b->module.data = NULL;
out:
  return status;
}

int hcc_build_python(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  python_build b = {.job = job, .err = err};
  int status;
  hcc_buf_init(&b.manifest, MANIFEST_MAX);
  hcc_buf_init(&b.script, HSB_SCRIPT_MAX);
  hcc_buf_init(&b.module, HCC_MAX_MODULE);
  if (bytes_between(hcc_python_engine, hcc_python_engine_end) == 0) {
    return hcc_fail(err, HCC_E_TOOL_MISSING, HCC_NO_OFFSET,
                    "this heliosc was built without Python: Debian's source package micropython "
                    "was not in toolchain/src");
  }
  HCC_TRY(name_script(&b));
  hcc_source_cache_word(job->cache, b.file);
  if (hcc_source_cache_get(out, job->cache)) {
    goto out;
  }
  HCC_TRY(hcc_file_read((uint8_t **)&b.text, &b.size, job->input, HCC_MAX_MODULE, err));
  hcc_source_cache_reads(job->cache, job->input);
  HCC_TRY(check_bytes(&b));
  HCC_TRY(scan(&b));
  hcc_buf_format(&b.script, "%s", b.file);
  HCC_TRY(make_module(out, &b));
out:
  if (status != 0 && out->bytes != NULL) {
    free(out->bytes);
    *out = (hcc_module_bytes){.bytes = NULL};
  }
  hcc_python_scan_free(&b.scan);
  hcc_buf_free(&b.manifest);
  hcc_buf_free(&b.script);
  hcc_buf_free(&b.module);
  free(b.text);
  return status;
}
