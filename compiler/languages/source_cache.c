/* source_cache.c - what a module was built from, as a name and as a list of files. An entry is JSON
 * ({"reads": {path: hash}, "installed": {path: state}, "absent": {path: ""}, "messages": [...]}), a
 * NUL, and the module. Must never take an entry whose list does not hold. Invariants: see
 * source_cache.h. */
#include "source_cache.h"

#include <cJSON.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "cache.h"
#include "limits.h"

#define READ_MAX (64u << 20) /* bytes of a source or header */
#define STATE HCC_SOURCE_STATE
#define HEAD_MAX (16u << 20)

struct hcc_source_cache {
  EVP_MD_CTX *hash;
  const hcc_source_job *job;
  struct timespec begin; /* by the clock that files are stamped with */
  uint8_t key[HCC_KEY_BYTES];
  char name[HCC_HASH_HEX]; /* empty: not asked for yet */
  cJSON *reads, *installed, *absent, *messages;
  bool unfit; /* for keeping */
};

void hcc_source_cache_word(hcc_source_cache *c, const char *word) {
  if (c != NULL) {
    c->unfit |= EVP_DigestUpdate(c->hash, word, strlen(word) + 1) != 1;
  }
}

void hcc_source_cache_unfit(hcc_source_cache *c) {
  if (c != NULL) {
    c->unfit = true;
  }
}

/* What stat says of a file that is installed by a package. */
static void state_of(char out[STATE], const struct stat *s) {
  snprintf(out, STATE, "%lld %lld.%09ld %lld.%09ld %llu", (long long)s->st_size,
           (long long)s->st_mtim.tv_sec, s->st_mtim.tv_nsec, (long long)s->st_ctim.tv_sec,
           s->st_ctim.tv_nsec, (unsigned long long)s->st_ino);
}

void hcc_source_cache_state(char out[STATE], const char *path) {
  struct stat info;
  out[0] = '\0';
  if (stat(path, &info) == 0) {
    state_of(out, &info);
  }
}

void hcc_source_cache_file(hcc_source_cache *c, const char *path) {
  char state[STATE];
  hcc_source_cache_state(state, path);
  hcc_source_cache_word(c, path);
  hcc_source_cache_word(c, state);
}

/* Was it changed since the build began, or in the same tick of the clock? */
static bool is_young(const hcc_source_cache *c, const struct stat *s) {
  return s->st_ctim.tv_sec > c->begin.tv_sec ||
         (s->st_ctim.tv_sec == c->begin.tv_sec && s->st_ctim.tv_nsec >= c->begin.tv_nsec);
}

/* The hash of a file's content; *bytes is for the caller to free. */
static bool hash_file(char hex[HCC_HASH_HEX], uint8_t **bytes, size_t *size, const char *path) {
  uint8_t hash[HCC_HASH];
  *bytes = NULL;
  if (hcc_file_read(bytes, size, path, READ_MAX, NULL) != 0 ||
      hcc_hash(hash, *bytes, *size, NULL) != 0) {
    return false;
  }
  hcc_hex(hex, hash);
  return true;
}

static void free_all(hcc_source_cache *c) {
  EVP_MD_CTX_free(c->hash);
  cJSON_Delete(c->reads);
  cJSON_Delete(c->installed);
  cJSON_Delete(c->absent);
  cJSON_Delete(c->messages);
  explicit_bzero(c->key, sizeof c->key);
  free(c);
}

void hcc_source_cache_free(hcc_source_cache *c) {
  if (c != NULL) {
    free_all(c);
  }
}

/* Takes the time from which on a change is young. A source that was just saved would be as young as
 * what is changed in the next moment: then the clock's tick, at most 10 ms, is waited for. */
static bool begin_time(hcc_source_cache *c) {
  struct stat info;
  bool known = stat(c->job->input, &info) == 0;
  for (int wait = 0; wait < 12; wait++) {
    if (clock_gettime(CLOCK_REALTIME_COARSE, &c->begin) != 0) {
      return false;
    }
    if (!known || !is_young(c, &info)) {
      break;
    }
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  return true;
}

static bool prepare(hcc_source_cache *c) {
  c->hash = EVP_MD_CTX_new();
  c->reads = cJSON_CreateObject();
  c->installed = cJSON_CreateObject();
  c->absent = cJSON_CreateObject();
  c->messages = cJSON_CreateArray();
  return c->hash != NULL && c->reads != NULL && c->installed != NULL && c->absent != NULL &&
         c->messages != NULL && EVP_DigestInit_ex(c->hash, EVP_sha256(), NULL) == 1 &&
         begin_time(c) && hcc_key_load(c->key, true, NULL) == 0;
}

hcc_source_cache *hcc_source_cache_begin(const hcc_source_job *job, const char *language) {
  char folder[HCC_PATH], hex[HCC_HASH_HEX];
  uint8_t *bytes = NULL;
  size_t size;
  hcc_tool self;
  if (job->no_cache || !hcc_cache_folder(folder)) {
    return NULL;
  }
  hcc_source_cache *c = calloc(1, sizeof *c);
  if (c == NULL) {
    return NULL;
  }
  c->job = job;
  if (!prepare(c) || hcc_source_folder(folder, job->input, NULL) != 0 ||
      !hash_file(hex, &bytes, &size, job->input) || !hcc_tool_identify(&self, "/proc/self/exe")) {
    free(bytes);
    free_all(c);
    return NULL;
  }
  free(bytes);
  const char *words[] = {
      "heliosc " HELIOS_VERSION, self.identity, language, job->input, folder, hex};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    hcc_source_cache_word(c, words[i]);
  }
  for (uint32_t i = 0; i < job->include_count; i++) {
    char *real = realpath(job->includes[i], NULL);
    hcc_source_cache_word(c, real == NULL ? "" : real);
    free(real);
  }
  return c;
}

/* ---- is an entry what would be built now? ---- */

static const cJSON *field(const cJSON *o, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(o, name);
}

static bool same_reads(const cJSON *reads) {
  const cJSON *v;
  cJSON_ArrayForEach(v, reads) {
    char hex[HCC_HASH_HEX];
    uint8_t *bytes = NULL;
    size_t size;
    bool same = cJSON_IsString(v) && hash_file(hex, &bytes, &size, v->string) &&
                strcmp(hex, v->valuestring) == 0;
    free(bytes);
    if (!same) {
      return false;
    }
  }
  return cJSON_IsObject(reads);
}

static bool same_installed(const cJSON *installed) {
  const cJSON *v;
  cJSON_ArrayForEach(v, installed) {
    struct stat info;
    char state[STATE];
    if (!cJSON_IsString(v) || stat(v->string, &info) != 0) {
      return false;
    }
    state_of(state, &info);
    if (strcmp(state, v->valuestring) != 0) {
      return false;
    }
  }
  return cJSON_IsObject(installed);
}

static bool still_absent(const cJSON *absent) {
  const cJSON *v;
  cJSON_ArrayForEach(v, absent) {
    if (access(v->string, F_OK) == 0) {
      return false;
    }
  }
  return cJSON_IsObject(absent);
}

static const char *text_of(const cJSON *o, const char *name) {
  const cJSON *v = field(o, name);
  return cJSON_IsString(v) ? v->valuestring : NULL;
}

static unsigned number_of(const cJSON *o, const char *name) {
  const cJSON *v = field(o, name);
  return cJSON_IsNumber(v) && v->valuedouble > 0 && v->valuedouble < 1e9 ? (unsigned)v->valuedouble
                                                                         : 0;
}

static void say_again(const hcc_source_cache *c, const cJSON *messages) {
  const cJSON *o;
  cJSON_ArrayForEach(o, messages) {
    hcc_message m = {.level = text_of(o, "level"),
                     .file = text_of(o, "file"),
                     .line = number_of(o, "line"),
                     .column = number_of(o, "column"),
                     .text = text_of(o, "text"),
                     .hint = text_of(o, "hint")};
    if (m.level != NULL && m.text != NULL && c->job->listener.hear != NULL) {
      c->job->listener.hear(c->job->listener.arg, &m);
    }
  }
}

/* An entry, whose seal is right: the list before the module. */
static bool take(hcc_module_bytes *out, const hcc_source_cache *c, const uint8_t *bytes,
                 size_t size) {
  size_t head = strnlen((const char *)bytes, size);
  cJSON *list = head < size ? cJSON_ParseWithLength((const char *)bytes, head) : NULL;
  bool good = still_absent(field(list, "absent")) && same_installed(field(list, "installed")) &&
              same_reads(field(list, "reads"));
  if (good) {
    *out = (hcc_module_bytes){.bytes = malloc(size), .size = size - head - 1, .cached = true};
    good = out->bytes != NULL;
  }
  if (good) {
    memcpy(out->bytes, bytes + head + 1, out->size);
    say_again(c, field(list, "messages"));
  }
  cJSON_Delete(list);
  return good;
}

bool hcc_source_cache_get(hcc_module_bytes *out, hcc_source_cache *c) {
  uint8_t hash[HCC_HASH], *bytes = NULL;
  size_t size;
  if (c == NULL || c->unfit || EVP_DigestFinal_ex(c->hash, hash, NULL) != 1) {
    return false;
  }
  hcc_hex(c->name, hash);
  bool found = hcc_cache_get_source(&bytes, &size, c->name, c->key) && take(out, c, bytes, size);
  free(bytes);
  c->unfit |= found; /* it is kept already */
  return found;
}

/* ---- what a build read ---- */

/* Words that let a text depend on what no list of files shows. */
static bool depends_on_more(const uint8_t *text, size_t size) {
  static const char *const words[] = {"__DATE__", "__TIME__", "__TIMESTAMP__", "__has_include",
                                      "incbin"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (memmem(text, size, words[i], strlen(words[i])) != NULL) {
      return true;
    }
  }
  return false;
}

static bool is_there(const cJSON *o, const char *path) {
  return field(o, path) != NULL;
}

void hcc_source_cache_reads(hcc_source_cache *c, const char *path) {
  char hex[HCC_HASH_HEX];
  uint8_t *bytes = NULL;
  size_t size;
  struct stat info;
  if (c == NULL || c->unfit || is_there(c->reads, path)) {
    return;
  }
  c->unfit = !hash_file(hex, &bytes, &size, path) || stat(path, &info) != 0 || is_young(c, &info) ||
             depends_on_more(bytes, size) || cJSON_AddStringToObject(c->reads, path, hex) == NULL;
  free(bytes);
}

void hcc_source_cache_installed(hcc_source_cache *c, const char *path) {
  struct stat info;
  char state[STATE];
  if (c == NULL || c->unfit || is_there(c->installed, path)) {
    return;
  }
  c->unfit = stat(path, &info) != 0 || is_young(c, &info);
  if (!c->unfit) {
    state_of(state, &info);
    c->unfit = cJSON_AddStringToObject(c->installed, path, state) == NULL;
  }
}

void hcc_source_cache_absent(hcc_source_cache *c, const char *path) {
  if (c != NULL && !c->unfit && access(path, F_OK) != 0 && !is_there(c->absent, path)) {
    c->unfit = cJSON_AddStringToObject(c->absent, path, "") == NULL;
  }
}

void hcc_source_cache_hear(hcc_source_cache *c, const hcc_message *m) {
  if (c == NULL || c->unfit) {
    return;
  }
  cJSON *o = cJSON_CreateObject();
  bool made = cJSON_AddStringToObject(o, "level", m->level) != NULL &&
              cJSON_AddStringToObject(o, "text", m->text) != NULL &&
              cJSON_AddNumberToObject(o, "line", m->line) != NULL &&
              cJSON_AddNumberToObject(o, "column", m->column) != NULL &&
              (m->file == NULL || cJSON_AddStringToObject(o, "file", m->file) != NULL) &&
              (m->hint == NULL || cJSON_AddStringToObject(o, "hint", m->hint) != NULL) &&
              cJSON_AddItemToArray(c->messages, o) != 0;
  if (!made) {
    cJSON_Delete(o);
    c->unfit = true;
  }
}

/* Hands the four lists over to one object. */
static cJSON *list_of(hcc_source_cache *c) {
  cJSON *list = cJSON_CreateObject();
  bool made = cJSON_AddItemToObject(list, "reads", c->reads) != 0;
  c->reads = made ? NULL : c->reads;
  made = cJSON_AddItemToObject(list, "installed", c->installed) != 0;
  c->installed = made ? NULL : c->installed;
  made = cJSON_AddItemToObject(list, "absent", c->absent) != 0;
  c->absent = made ? NULL : c->absent;
  made = cJSON_AddItemToObject(list, "messages", c->messages) != 0;
  c->messages = made ? NULL : c->messages;
  return list;
}

void hcc_source_cache_put(hcc_source_cache *c, const hcc_module_bytes *module) {
  if (c == NULL || c->name[0] == '\0') {
    return;
  }
  hcc_source_cache_reads(c, c->job->input);
  if (c->unfit) {
    return;
  }
  cJSON *list = list_of(c);
  char *text = cJSON_PrintUnformatted(list);
  cJSON_Delete(list);
  hcc_buf entry;
  hcc_buf_init(&entry, HEAD_MAX + (size_t)HCC_MAX_MODULE);
  if (text != NULL) {
    hcc_buf_add(&entry, text, strlen(text) + 1);
    hcc_buf_add(&entry, module->bytes, module->size);
  }
  if (text != NULL && !entry.failed) {
    hcc_cache_put_source(c->name, entry.data, entry.size, c->key);
  }
  cJSON_free(text);
  hcc_buf_free(&entry);
}

/* ---- files that builds share ---- */

static bool name_shared(char name[HCC_HASH_HEX], const char *const *words, uint32_t count) {
  static const char purpose[] = "shared file of heliosc " HELIOS_VERSION;
  uint8_t hash[HCC_HASH];
  hcc_tool self;
  EVP_MD_CTX *h = EVP_MD_CTX_new();
  bool made = h != NULL && hcc_tool_identify(&self, "/proc/self/exe") &&
              EVP_DigestInit_ex(h, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(h, purpose, sizeof purpose) == 1 &&
              EVP_DigestUpdate(h, self.identity, strlen(self.identity) + 1) == 1;
  for (uint32_t i = 0; made && i < count; i++) {
    made = EVP_DigestUpdate(h, words[i], strlen(words[i]) + 1) == 1;
  }
  made = made && EVP_DigestFinal_ex(h, hash, NULL) == 1;
  EVP_MD_CTX_free(h);
  if (made) {
    hcc_hex(name, hash);
  }
  return made;
}

bool hcc_source_cache_fetch(const hcc_source_cache *c, const char *const *words, uint32_t count,
                            const char *path) {
  char name[HCC_HASH_HEX];
  uint8_t *bytes = NULL;
  size_t size;
  bool found = c != NULL && name_shared(name, words, count) &&
               hcc_cache_get_source(&bytes, &size, name, c->key) &&
               hcc_file_write(path, bytes, size, NULL) == 0;
  free(bytes);
  return found;
}

void hcc_source_cache_store(const hcc_source_cache *c, const char *const *words, uint32_t count,
                            const char *path) {
  char name[HCC_HASH_HEX];
  uint8_t *bytes = NULL;
  size_t size;
  if (c != NULL && name_shared(name, words, count) &&
      hcc_file_read(&bytes, &size, path, READ_MAX, NULL) == 0) {
    hcc_cache_put_source(name, bytes, size, c->key);
  }
  free(bytes);
}
