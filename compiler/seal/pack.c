/* pack.c - the plugin file. Must not leave a byte of it unsealed or undefined. Invariants: pack.h.
 */
#include "pack.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "hsb_check.h"

#define SEALED(footer_at) ((footer_at) + offsetof(struct hsb_file_footer, mac))

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file's integers are little-endian");

static bool seal(uint8_t mac[32], const uint8_t *bytes, size_t size, const uint8_t *key) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (HMAC(EVP_sha256(), key, HCC_KEY_BYTES, bytes, size, digest, &length) == NULL ||
      length != 32) {
    return false;
  }
  memcpy(mac, digest, 32);
  return true;
}

static void pad(hcc_buf *b) {
  static const uint8_t zeros[8];
  hcc_buf_add(b, zeros, (8 - b->size % 8) % 8);
}

int hcc_pack(hcc_buf *out, const uint8_t *image, size_t image_size,
             const hcc_pack_section *sections, uint32_t count, const uint8_t key[HCC_KEY_BYTES],
             hcc_error *err) {
  struct hsb_file_entry directory[HSB_FILE_SECTIONS_MAX];
  struct hsb_file_footer footer = {.size = sizeof footer,
                                   .major = 1,
                                   .elf_size = image_size,
                                   .directory_count = count,
                                   .magic = HSB_FILE_MAGIC};
  if (count > HSB_FILE_SECTIONS_MAX) {
    return hcc_fail(err, HCC_E_INTERNAL, HCC_NO_OFFSET, "too many sections");
  }
  hcc_buf_add(out, image, image_size);
  for (uint32_t i = 0; i < count; i++) {
    pad(out);
    directory[i] = (struct hsb_file_entry){
        .kind = sections[i].kind, .offset = out->size, .length = sections[i].size};
    hcc_buf_add(out, sections[i].bytes, sections[i].size);
  }
  pad(out);
  footer.directory_offset = out->size;
  hcc_buf_add(out, directory, count * sizeof *directory);
  size_t footer_at = out->size;
  footer.file_size = footer_at + sizeof footer;
  hcc_buf_add(out, &footer, sizeof footer);
  if (out->no_memory) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the plugin");
  }
  if (out->failed) {
    return hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "the plugin is larger than %zu bytes",
                    out->max);
  }
  size_t mac_at = SEALED(footer_at);
  if (!seal(out->data + mac_at, out->data, mac_at, key)) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "libcrypto can't compute the seal");
  }
  return 0;
}

int hcc_unseal_footer(struct hsb_file_footer *footer, const uint8_t *bytes, size_t size,
                      hcc_error *err) {
  uint64_t directory, end;
  if (size < sizeof *footer) {
    return hcc_fail(err, HCC_E_NOT_PLUGIN, HCC_NO_OFFSET, "too short for a plugin");
  }
  memcpy(footer, bytes + size - sizeof *footer, sizeof *footer);
  if (memcmp(footer->magic, HSB_FILE_MAGIC, sizeof footer->magic) != 0 ||
      footer->file_size != size || footer->size != sizeof *footer || footer->major != 1 ||
      footer->directory_count > HSB_FILE_SECTIONS_MAX ||
      !hsb_mul64(&directory, footer->directory_count, sizeof(struct hsb_file_entry)) ||
      !hsb_add64(&end, footer->directory_offset, directory) || end != size - sizeof *footer ||
      footer->elf_size > footer->directory_offset) {
    return hcc_fail(err, HCC_E_NOT_PLUGIN, HCC_NO_OFFSET, "no footer of a plugin");
  }
  return 0;
}

int hcc_unseal(struct hsb_file_footer *footer, const uint8_t *bytes, size_t size,
               const uint8_t key[HCC_KEY_BYTES], hcc_error *err) {
  uint8_t mac[32];
  int status = hcc_unseal_footer(footer, bytes, size, err);
  if (status != 0) {
    return status;
  }
  if (!seal(mac, bytes, SEALED(size - sizeof *footer), key) ||
      CRYPTO_memcmp(mac, footer->mac, sizeof mac) != 0) {
    return hcc_fail(err, HCC_E_BAD_MAC, HCC_NO_OFFSET, "the seal does not match");
  }
  return 0;
}

const uint8_t *hcc_pack_find(size_t *size, const uint8_t *bytes, size_t file_size,
                             const struct hsb_file_footer *footer, uint32_t kind) {
  *size = 0;
  for (uint32_t i = 0; i < footer->directory_count; i++) {
    struct hsb_file_entry entry;
    memcpy(&entry, bytes + footer->directory_offset + i * sizeof entry, sizeof entry);
    if (entry.kind == kind) {
      bool inside = hsb_in_range(entry.offset, entry.length, file_size);
      *size = inside ? (size_t)entry.length : 0;
      return inside ? bytes + entry.offset : NULL;
    }
  }
  return NULL;
}

/* The name of each function: the name section's, else its first export's. */
static void names_of(hcc_range *names, const hcc_module *m) {
  for (uint32_t i = 0; i < m->func_count; i++) {
    names[i] = m->funcs[i].name;
  }
  for (uint32_t i = 0; i < m->export_count; i++) {
    const hcc_export *export = &m->exports[i];
    if (export->kind == HCC_FUNC && names[export->index].end == names[export->index].begin) {
      names[export->index] = export->name;
    }
  }
}

int hcc_funcs(hcc_buf *out, const hcc_module *m, hcc_error *err) {
  uint32_t head[2] = {m->func_count - m->imported_funcs, 0};
  hcc_buf text;
  hcc_range *names = calloc((size_t)m->func_count + 1, sizeof *names);
  if (names == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for names");
  }
  names_of(names, m);
  hcc_buf_init(&text, UINT32_MAX);
  hcc_buf_add(out, head, sizeof head);
  for (uint32_t i = m->imported_funcs; i < m->func_count; i++) {
    size_t at = text.size;
    hcc_demangle(&text, m->bytes + names[i].begin, names[i].end - names[i].begin);
    struct hsb_file_func row = {.start = m->funcs[i].body.begin,
                                .end = m->funcs[i].body.end,
                                .func = i,
                                .name_offset = (uint32_t)at,
                                .name_length = (uint32_t)(text.size - at)};
    hcc_buf_add(out, &row, sizeof row);
  }
  if (text.size > 0) {
    hcc_buf_add(out, text.data, text.size);
  }
  bool no_memory = out->no_memory || text.no_memory, failed = out->failed || text.failed;
  hcc_buf_free(&text);
  free(names);
  if (no_memory) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the names");
  }
  return failed ? hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "too many names") : 0;
}
