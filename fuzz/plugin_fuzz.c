/* plugin_fuzz.c - any bytes to the plugin reader, as they are and with a right seal, so that what
 * stands behind the seal is reached: structure, ELF image, mapping, struct helios_plugin. What
 * loads is looked at in all ways that run no code of it. */
#include <elf.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "hsb_file.h"
#include "mutate.h"
#include "plugin/check.h"
#include "plugin/plugin.h"

static const uint8_t key[HRT_KEY_BYTES] = {'f', 'u', 'z', 'z'};

static volatile unsigned touched;

static void touch(const void *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    touched += ((const uint8_t *)bytes)[i];
  }
}

static void look_at(const hrt_plugin *p) {
  const struct helios_plugin *abi = hrt_plugin_abi(p);
  char name[HRT_ESCAPED];
  size_t size;
  for (uint32_t i = 0; i < abi->export_count; i++) {
    const struct hsb_export *e = &abi->exports[i];
    touch(e->name, e->name_len);
    FZ_MUST(hrt_plugin_has_pc(p, (uintptr_t)e->call));
    FZ_MUST(hrt_plugin_export(p, e->name, e->name_len) <= (int)i);
    FZ_MUST(strchr(e->sig, ':') != NULL);
    touched += hrt_plugin_line(p, (uintptr_t)e->call);
  }
  for (uint32_t i = 0; i < abi->import_count; i++) {
    touch(abi->imports[i].module, abi->imports[i].module_len);
    touch(abi->imports[i].name, abi->imports[i].name_len);
    FZ_MUST(strchr(abi->imports[i].sig, ':') != NULL);
  }
  for (uint32_t i = 0; i < abi->segment_count; i++) {
    touch(abi->blob + abi->segments[i].blob_off, abi->segments[i].len);
  }
  for (uint32_t kind = 0; kind <= HSB_SECTION_PLACES; kind++) {
    const void *bytes = hrt_plugin_section(p, kind, &size);
    FZ_MUST(bytes != NULL || size == 0);
    touch(bytes, size);
  }
  for (uint32_t offset = 0; offset < 256; offset++) {
    FZ_MUST(strlen(hrt_plugin_func_name(p, offset * offset, name)) < sizeof name);
    uint32_t line = 0;
    FZ_MUST(!hrt_plugin_place(name, &line, p, offset * offset) || (line > 0 && *name != 0));
  }
}

static void load(const uint8_t *data, size_t size) {
  helios_error err = {0};
  hrt_plugin *p = NULL;
  int status = hrt_plugin_load(&p, data, size, key, &err);
  FZ_MUST((status == 0) == (p != NULL));
  FZ_MUST(status == 0 || (status == (int)err.code && err.text[0] != '\0'));
  if (p != NULL) {
    look_at(p);
    hrt_plugin_unref(p);
  }
  FZ_MUST(hrt_plugin_count() == 0);
}

static void seal(uint8_t *file, size_t size) {
  struct hsb_file_footer footer;
  unsigned length;
  size_t at = size - sizeof footer;
  memcpy(&footer, file + at, sizeof footer);
  memcpy(footer.magic, HSB_FILE_MAGIC, sizeof footer.magic);
  footer.file_size = size;
  memcpy(file + at, &footer, sizeof footer);
  FZ_MUST(HMAC(EVP_sha256(), key, sizeof key, file, at + offsetof(struct hsb_file_footer, mac),
               file + at + offsetof(struct hsb_file_footer, mac), &length) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  load(data, size);
  if (size >= sizeof(struct hsb_file_footer)) {
    uint8_t *file = malloc(size);
    if (file != NULL) {
      memcpy(file, data, size);
      seal(file, size);
      load(file, size);
    }
    free(file);
  }
  return 0;
}

/* Headers of the image, tables that they lead to, footer and directory. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
  uint64_t random = seed;
  struct hsb_file_footer footer;
  Elf64_Phdr segment;
  if (size < sizeof footer + sizeof(Elf64_Ehdr) + sizeof segment || fz_random(&random) % 8 == 0) {
    return LLVMFuzzerMutate != NULL ? LLVMFuzzerMutate(data, size, max_size) : size;
  }
  memcpy(&footer, data + size - sizeof footer, sizeof footer);
  for (uint64_t turns = 1 + fz_random(&random) % 3; turns > 0; turns--) {
    uint64_t which = fz_random(&random) % 6, n = fz_random(&random) % 10;
    size_t at = sizeof(Elf64_Ehdr) + n * sizeof segment;
    if (which == 0) {
      fz_mutate_in(data, size, 0, sizeof(Elf64_Ehdr), &random);
    } else if (which == 1) {
      fz_mutate_in(data, size, at, at + sizeof segment, &random);
    } else if (which == 2 && at + sizeof segment <= size) { /* what a segment holds */
      memcpy(&segment, data + at, sizeof segment);
      uint64_t length = segment.p_filesz < 1024 ? segment.p_filesz : 1024;
      if (segment.p_offset < size) {
        fz_mutate_in(data, size, segment.p_offset & ~UINT64_C(7), segment.p_offset + length,
                     &random);
      }
    } else if (which == 3) {
      fz_mutate_in(data, size, size - sizeof footer, size, &random);
    } else if (which == 4 && footer.directory_offset < size) {
      fz_mutate_in(data, size, footer.directory_offset & ~UINT64_C(7), size, &random);
    } else {
      fz_mutate_in(data, size, 0, size, &random);
    }
  }
  return size;
}
