/* source.c - the table of languages, and what their builds share. Must run nothing itself.
 * Invariants: see source.h. */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "embedded.h"
#include "limits.h"
#include "reader.h"
#include "source_cache.h"

static const hcc_language languages[] = {
#define HCC_LANGUAGE(ID, name, endings, build, plugin, page) {name, endings, plugin, page, build},
#include "languages.def"
};
#define LANGUAGES (sizeof languages / sizeof *languages)

/* Does the file's name end so? An ending without a dot is the whole name. */
static bool ends(const char *name, const char *ending, size_t n) {
  size_t length = strlen(name);
  if (ending[0] != '.') {
    return length == n && memcmp(name, ending, n) == 0;
  }
  return length > n && memcmp(name + length - n, ending, n) == 0;
}

const hcc_language *hcc_language_of(size_t *stem, const char *path) {
  const char *name = hcc_base(path);
  for (size_t i = 0; i < LANGUAGES; i++) {
    for (const char *e = languages[i].endings; *e != '\0'; e += *e == '|') {
      size_t n = strcspn(e, "|");
      if (ends(name, e, n)) {
        *stem = strlen(path) - (e[0] == '.' ? n : 0);
        return &languages[i];
      }
      e += n;
    }
  }
  *stem = strlen(path);
  return NULL;
}

int hcc_source_stem(char out[HCC_PATH], const char *path, hcc_error *err) {
  char folder[HCC_PATH];
  size_t stem;
  const hcc_language *l = hcc_language_of(&stem, path);
  const char *slash = strrchr(path, '/');
  if (l == NULL || l == &languages[0] || stem < strlen(path)) {
    return hcc_path(out, err, "%.*s", (int)(stem < HCC_PATH ? stem : HCC_PATH), path);
  }
  int status = hcc_source_folder(folder, path, err);
  return status != 0 ? status
                     : hcc_path(out, err, "%.*s%s", slash == NULL ? 0 : (int)(slash - path + 1),
                                path, strrchr(folder, '/') + 1);
}

const char *hcc_plugin_ending(const char *path) {
  size_t stem;
  const hcc_language *l = hcc_language_of(&stem, path);
  return (l == NULL ? &languages[0] : l)->plugin;
}

int hcc_source_unknown(const char *path, hcc_error *err) {
  char known[256] = "", shown[HCC_ESCAPED];
  size_t stem, n = 0;
  if (hcc_language_of(&stem, path) != NULL) {
    return err->code;
  }
  err->code = HCC_OK; /* there is more to say */
  hcc_escape(shown, path, strlen(path));
  if (strlen(path) > 3 && strcmp(path + strlen(path) - 3, ".so") == 0) {
    return hcc_fail(err, HCC_E_USAGE, HCC_NO_OFFSET,
                    "%.120s is a plugin: give the source or module that it was built from", shown);
  }
  for (size_t i = 1; i < LANGUAGES && n < sizeof known; i++) {
    const char *e = languages[i].endings;
    n += (size_t)snprintf(known + n, sizeof known - n, "%s%.*s", i == 1 ? "" : ", ",
                          (int)strcspn(e, "|"), e);
  }
  return hcc_fail(err, HCC_E_LANGUAGE, HCC_NO_OFFSET,
                  "%s is no module, nor by its name a source: %s", shown, known);
}

bool hcc_is_source(const char *path) {
  size_t stem;
  const hcc_language *l = hcc_language_of(&stem, path);
  return l != NULL && l != &languages[0];
}

static void hear_and_keep(void *arg, const hcc_message *m) {
  const hcc_source_job *job = arg; /* the caller's, with this build's cache */
  hcc_source_cache_hear(job->cache, m);
  if (job->listener.hear != NULL) {
    job->listener.hear(job->listener.arg, m);
  }
}

/* Builds through the cache: it hears what is said, and keeps what was made. */
static int build_cached(hcc_module_bytes *out, const hcc_language *l, const hcc_source_job *job,
                        hcc_error *err) {
  hcc_source_job outer = *job, inner = *job;
  outer.cache = inner.cache = hcc_source_cache_begin(job, l->name);
  inner.listener = (hcc_listener){hear_and_keep, &outer};
  int status = l->build(out, &inner, err);
  if (status == 0) {
    hcc_source_cache_put(inner.cache, out);
  }
  hcc_source_cache_free(inner.cache);
  return status;
}

int hcc_source(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  size_t stem;
  const hcc_language *l = hcc_language_of(&stem, job->input);
  *out = (hcc_module_bytes){.bytes = NULL};
  if (l == NULL || l->build == NULL) {
    return hcc_fail(err, HCC_E_LANGUAGE, HCC_NO_OFFSET, "not a source that heliosc builds");
  }
  return build_cached(out, l, job, err);
}

hcc_jail hcc_source_jail(const hcc_source_job *job) {
  return (hcc_jail){.memory = job->memory,
                    .seconds = job->seconds,
                    .file = HCC_JAIL_FILE,
                    .writable = job->folder};
}

int hcc_source_sdk(const hcc_source_job *job, const char *prefix, hcc_error *err) {
  char path[HCC_PATH], folder[HCC_PATH];
  int status = 0;
  for (const struct hcc_embedded *e = hcc_embedded_sdk; e->name != NULL && status == 0; e++) {
    if (strncmp(e->name, prefix, strlen(prefix)) != 0) {
      continue;
    }
    HCC_TRY(hcc_path(path, err, "%s/sdk/%s", job->folder, e->name));
    memcpy(folder, path, sizeof folder);
    *strrchr(folder, '/') = '\0';
    HCC_TRY(hcc_dir_make(folder, 0700, err));
    HCC_TRY(hcc_file_write(path, e->bytes, e->size, err));
  }
out:
  return status;
}

int hcc_source_run(const hcc_run *run, bool (*tell)(void *arg, char *output, bool failed),
                   void *arg, hcc_error *err) {
  hcc_error failure = {.code = HCC_OK};
  hcc_ran *ran = calloc(1, sizeof *ran);
  if (ran == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for %s", run->tool);
  }
  int status = hcc_run_one(ran, run, &failure);
  bool said = tell != NULL && tell(arg, ran->output, status != 0);
  free(ran);
  if (status == 0) {
    return 0;
  }
  return said && failure.code == HCC_E_TOOL_FAILED
             ? hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET, "%s found errors in the source",
                        run->tool)
             : hcc_fail(err, failure.code, HCC_NO_OFFSET, "%s", failure.text);
}

int hcc_source_take(hcc_module_bytes *out, const hcc_source_job *job, hcc_error *err) {
  char path[HCC_PATH];
  int status = hcc_path(path, err, "%s/source.wasm", job->folder);
  return status != 0 ? status : hcc_file_read(&out->bytes, &out->size, path, HCC_MAX_MODULE, err);
}

int hcc_source_section(hcc_module_bytes *module, const char *name, const void *bytes, size_t size,
                       hcc_error *err) {
  hcc_buf head;
  uint32_t length = (uint32_t)strlen(name);
  hcc_buf_init(&head, 256);
  hcc_buf_u32(&head, length); /* counted before it is written */
  size_t content = head.size + length + size;
  hcc_buf_free(&head);
  hcc_buf_init(&head, 256);
  hcc_buf_byte(&head, 0);
  hcc_buf_u32(&head, (uint32_t)content);
  hcc_buf_u32(&head, length);
  hcc_buf_text(&head, name);
  size_t total = module->size + head.size + size;
  uint8_t *grown = head.failed || content > UINT32_MAX || total > HCC_MAX_MODULE
                       ? NULL
                       : realloc(module->bytes, total);
  if (grown == NULL) {
    hcc_buf_free(&head);
    return hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "the module is too large for section %s",
                    name);
  }
  memcpy(grown + module->size, head.data, head.size);
  memcpy(grown + module->size + head.size, bytes, size);
  module->bytes = grown;
  module->size = total;
  hcc_buf_free(&head);
  return 0;
}

/* Where a module's custom section of this name begins and ends; false: there is none. */
static bool find_section(hcc_range *out, const hcc_module_bytes *m, const char *name) {
  hcc_reader r = {m->bytes, 8, (uint32_t)m->size};
  uint8_t id;
  uint32_t size;
  hcc_range contents, label;
  for (out->begin = r.pos;
       hcc_read_byte(&id, &r, NULL) == 0 && hcc_read_u32(&size, &r, NULL) == 0 &&
       hcc_read_range(&contents, size, &r, NULL) == 0;
       out->begin = r.pos) {
    hcc_reader inside = {m->bytes, contents.begin, contents.end};
    out->end = contents.end;
    if (id == 0 && hcc_read_u32(&size, &inside, NULL) == 0 && size == strlen(name) &&
        hcc_read_range(&label, size, &inside, NULL) == 0 &&
        memcmp(m->bytes + label.begin, name, size) == 0) {
      return true;
    }
  }
  return false;
}

/* A field of "producers" with one value and its version. */
static void add_producer(hcc_buf *out, const char *field, const char *value, const char *version) {
  const char *texts[] = {field, value, version};
  for (int i = 0; i < 3; i++) {
    hcc_buf_u32(out, (uint32_t)strlen(texts[i]));
    hcc_buf_text(out, texts[i]);
    if (i == 0) {
      hcc_buf_byte(out, 1);
    }
  }
}

static void drop_section(hcc_module_bytes *module, const char *name) {
  hcc_range old;
  while (module->size >= 8 && find_section(&old, module, name)) {
    memmove(module->bytes + old.begin, module->bytes + old.end, module->size - old.end);
    module->size -= old.end - old.begin;
  }
}

/* Bytes of the first table in there; 0: there is none that is whole. */
static uint32_t first_table(const uint8_t *at, uint32_t size) {
  uint32_t length = 0;
  if (size >= 4) {
    memcpy(&length, at, 4);
  }
  return size >= 4 && length <= size - 4 ? length + 4 : 0;
}

int hcc_source_lines(hcc_module_bytes *module, hcc_error *err) {
  static const char *const dropped[] = {
      ".debug_abbrev", ".debug_info",     ".debug_str",      ".debug_loc",     ".debug_ranges",
      ".debug_types",  ".debug_pubnames", ".debug_pubtypes", ".debug_aranges", ".debug_macinfo"};
  static const char name[] = ".debug_line";
  uint8_t *kept = NULL;
  hcc_range whole;
  int status = 0;
  for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++) {
    drop_section(module, dropped[i]);
  }
  if (module->size < 8 || !find_section(&whole, module, name)) {
    return 0;
  }
  /* behind the id, the size and the name with its own size, one byte */
  hcc_reader r = {module->bytes, whole.begin + 1, whole.end};
  uint32_t size;
  HCC_TRY(hcc_read_u32(&size, &r, err));
  uint32_t begin = r.pos + (uint32_t)sizeof name; /* the byte and the name without its NUL */
  uint32_t n = first_table(module->bytes + begin, whole.end - begin);
  kept = malloc(n + 1);
  if (kept == NULL) {
    HCC_TRY(hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for a section"));
  }
  memcpy(kept, module->bytes + begin, n);
  drop_section(module, name);
  HCC_TRY(n == 0 ? 0 : hcc_source_section(module, name, kept, n, err));
out:
  free(kept);
  return status;
}

int hcc_source_language(hcc_module_bytes *module, const char *language, const hcc_tool *clang,
                        hcc_error *err) {
  static const char name[] = "producers";
  hcc_buf text;
  drop_section(module, name); /* a library's, not the source's */
  hcc_buf_init(&text, 256);
  hcc_buf_byte(&text, clang == NULL ? 1 : 2); /* fields */
  add_producer(&text, "language", language, "");
  if (clang != NULL) {
    add_producer(&text, "processed-by", "clang", clang->version);
  }
  int status = text.failed
                   ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for a section")
                   : hcc_source_section(module, name, text.data, text.size, err);
  hcc_buf_free(&text);
  return status;
}

int hcc_source_folder(char out[HCC_PATH], const char *path, hcc_error *err) {
  char *real = realpath(path, NULL);
  if (real == NULL) {
    char shown[HCC_ESCAPED];
    return hcc_fail(err, HCC_E_IO, HCC_NO_OFFSET, "can't find %s",
                    hcc_escape(shown, path, strlen(path)));
  }
  char *slash = strrchr(real, '/');
  slash[slash == real] = '\0';
  int status = hcc_path(out, err, "%s", real);
  free(real);
  return status;
}
