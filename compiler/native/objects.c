/* objects.c - see objects.h. Must never fail a build because of the cache. */
#include "objects.h"

#include <elf.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "embedded.h"
#include "fs.h"
#include "image.h"
#include "limits.h"
#include "pack.h"

static void hash_text(EVP_MD_CTX *h, const char *text) {
  EVP_DigestUpdate(h, text, strlen(text) + 1);
}

/* A file of the folder; one that is not there counts as empty. */
static void hash_file(EVP_MD_CTX *h, const char *folder, const char *name) {
  char path[HCC_PATH];
  uint8_t *bytes = NULL;
  size_t size = 0;
  uint64_t length;
  if (hcc_path(path, NULL, "%s/%s", folder, name) == 0) {
    (void)hcc_file_read(&bytes, &size, path, HCC_MAX_PLUGIN, NULL);
  }
  length = size;
  EVP_DigestUpdate(h, &length, sizeof length);
  EVP_DigestUpdate(h, bytes == NULL ? (const uint8_t *)"" : bytes, size);
  free(bytes);
}

/* All that an object is made from: clang, flags, rt-sandbox, the module's headers and image, the
 * profile, its own text, the key. */
static bool name_object(char out[HCC_HASH_HEX], const hcc_objects_job *job, const char *source) {
  static const char *const shared[] = {"m.h", "m-impl.h", "blob", "profile"};
  uint8_t hash[HCC_HASH];
  hcc_buf recipe;
  hcc_buf_init(&recipe, 1u << 16);
  hcc_cc_recipe(&recipe, job->cc);
  EVP_MD_CTX *h = EVP_MD_CTX_new();
  bool made = h != NULL && !recipe.failed && EVP_DigestInit_ex(h, EVP_sha256(), NULL) == 1;
  if (made) {
    hash_text(h, "object");
    hash_text(h, job->cc->clang->identity);
    EVP_DigestUpdate(h, recipe.data, recipe.size);
    for (const struct hcc_embedded *e = hcc_embedded; e->name != NULL; e++) {
      hash_text(h, e->name);
      EVP_DigestUpdate(h, e->bytes, e->size);
    }
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
      hash_file(h, job->cc->folder, shared[i]);
    }
    hash_text(h, source);
    hash_file(h, job->cc->folder, source);
    EVP_DigestUpdate(h, job->key, HCC_KEY_BYTES);
    made = EVP_DigestFinal_ex(h, hash, NULL) == 1;
    hcc_hex(out, hash);
  }
  EVP_MD_CTX_free(h);
  hcc_buf_free(&recipe);
  return made;
}

static bool object_path(char out[HCC_PATH], const hcc_objects_job *job, const char *source) {
  return hcc_path(out, NULL, "%s/%.*so", job->cc->folder, (int)strlen(source) - 1, source) == 0;
}

static bool take(const hcc_objects_job *job, const char *name, const char *source) {
  char path[HCC_PATH];
  uint8_t *bytes = NULL;
  size_t size;
  struct hsb_file_footer footer;
  bool there = hcc_cache_get(&bytes, &size, name, job->key) &&
               hcc_unseal_footer(&footer, bytes, size, NULL) == 0 &&
               object_path(path, job, source) &&
               hcc_file_write(path, bytes, footer.elf_size, NULL) == 0;
  free(bytes);
  return there;
}

static void keep(const hcc_objects_job *job, const char *name, const char *source) {
  char path[HCC_PATH];
  uint8_t *bytes = NULL;
  size_t size;
  hcc_buf sealed;
  hcc_buf_init(&sealed, HCC_MAX_PLUGIN);
  if (object_path(path, job, source) &&
      hcc_file_read(&bytes, &size, path, HCC_MAX_PLUGIN, NULL) == 0 &&
      hcc_pack(&sealed, bytes, size, NULL, 0, job->key, NULL) == 0) {
    hcc_cache_put(name, sealed.data, sealed.size, job->key);
  }
  hcc_buf_free(&sealed);
  free(bytes);
}

typedef struct object {
  char name[HCC_HASH_HEX];
  bool named, there;
} object;

int hcc_objects(uint64_t *peak_kib, const hcc_objects_job *job, const char *const *sources,
                uint32_t count, hcc_error *err) {
  object *objects = calloc(count + 1u, sizeof *objects);
  const char **missing = calloc(count + 1u, sizeof *missing);
  uint32_t left = 0;
  int status = 0;
  if (objects == NULL || missing == NULL) {
    HCC_TRY(hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to compile"));
  }
  for (uint32_t i = 0; i < count; i++) {
    objects[i].named = job->key != NULL && name_object(objects[i].name, job, sources[i]);
    objects[i].there = objects[i].named && take(job, objects[i].name, sources[i]);
    if (!objects[i].there) {
      missing[left++] = sources[i];
    }
  }
  HCC_TRY(hcc_cc_compile(peak_kib, job->cc, missing, left, err));
  for (uint32_t i = 0; i < count; i++) {
    if (objects[i].named && !objects[i].there) {
      keep(job, objects[i].name, sources[i]);
    }
  }
out:
  free(missing);
  free(objects);
  return status;
}

/* ---- which source has a function ---- */

/* The function symbol with the greatest address up to this one. */
static const char *symbol_at(const hcc_image *image, uint64_t address) {
  hcc_span symbols = hcc_image_section(image, ".symtab");
  hcc_span names = hcc_image_section(image, ".strtab");
  uint64_t best = 0;
  const char *name = NULL;
  for (size_t at = 0; at + sizeof(Elf64_Sym) <= symbols.size; at += sizeof(Elf64_Sym)) {
    Elf64_Sym s;
    memcpy(&s, symbols.at + at, sizeof s);
    bool good = ELF64_ST_TYPE(s.st_info) == STT_FUNC && s.st_value <= address &&
                s.st_value >= best && s.st_name < names.size &&
                memchr(names.at + s.st_name, 0, names.size - s.st_name) != NULL;
    if (good) {
      best = s.st_value;
      name = (const char *)names.at + s.st_name;
    }
  }
  return name;
}

/* Does the part define it? wasm2c writes the parameters of a definition with their names. */
static bool defines(const char *folder, uint32_t part, const char *symbol) {
  char path[HCC_PATH], head[200];
  uint8_t *text = NULL;
  size_t size;
  snprintf(head, sizeof head, " %.150s(w2c_m* instance", symbol);
  bool found = hcc_path(path, NULL, "%s/p%u.c", folder, part) == 0 &&
               hcc_file_read(&text, &size, path, HCC_MAX_PLUGIN, NULL) == 0 &&
               memmem(text, size, head, strlen(head)) != NULL;
  free(text);
  return found;
}

bool hcc_objects_find(uint32_t *part, const char *folder, uint32_t parts, uint64_t address) {
  char path[HCC_PATH];
  uint8_t *bytes = NULL;
  size_t size;
  hcc_image image;
  bool found = false;
  if (hcc_path(path, NULL, "%s/debug.so", folder) == 0 &&
      hcc_file_read(&bytes, &size, path, HCC_MAX_PLUGIN, NULL) == 0 &&
      hcc_image_open(&image, bytes, size, NULL) == 0) {
    const char *symbol = symbol_at(&image, address);
    for (uint32_t i = 0; symbol != NULL && i < parts && !found; i++) {
      *part = i;
      found = defines(folder, i, symbol);
    }
  }
  free(bytes);
  return found;
}
