/* read.c - the structure and the seal of a plugin file. Where the seal lies is fixed (the footer
 * at the end, behind it signatures at most), so that nothing but magic and size is looked at before
 * it is checked.
 *
 * Invariant: a struct hrt_file exists only for bytes that someone trusted vouches for and whose
 * directory lies inside them. */
#include "plugin/read.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <string.h>

#include "hsb_check.h"

_Static_assert(sizeof(struct hsb_file_footer) == 80, "the format says so");
_Static_assert(sizeof(struct hsb_file_entry) == 24, "the format says so");

static int damaged(helios_error *err, const char *what) {
  return hrt_fail(err, HELIOS_E_PLUGIN, "damaged plugin: %s", what);
}

static int read_footer(struct hsb_file_footer *footer, const uint8_t *bytes, size_t size,
                       helios_error *err) {
  if (size < sizeof *footer) {
    return hrt_fail(err, HELIOS_E_PLUGIN, "not a helios plugin: too short");
  }
  memcpy(footer, bytes + size - sizeof *footer, sizeof *footer);
  if (memcmp(footer->magic, HSB_FILE_MAGIC, sizeof footer->magic) != 0) {
    return hrt_fail(err, HELIOS_E_PLUGIN, "not a helios plugin: no footer");
  }
  if (footer->file_size != size) {
    return damaged(err, "its length is not what it says");
  }
  return 0;
}

static int check_seal(const struct hsb_file_footer *footer, const uint8_t *bytes, size_t size,
                      const uint8_t key[32], helios_error *err) {
  uint8_t mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  size_t covered = size - sizeof *footer + offsetof(struct hsb_file_footer, mac);
  if (!HMAC(EVP_sha256(), key, 32, bytes, covered, mac, &length) || length != sizeof footer->mac) {
    return hrt_fail(err, HELIOS_E_MEMORY, "libcrypto can't compute the seal");
  }
  if (CRYPTO_memcmp(mac, footer->mac, sizeof footer->mac) != 0) {
    int status = hrt_fail(err, HELIOS_E_UNTRUSTED, "the plugin's seal does not match");
    hrt_hint(err, "it was changed, or made with another key; build it again here from its .wasm");
    return status;
  }
  return 0;
}

static int no_key(const hrt_trust *trust, helios_error *err) {
  const helios_error *why = trust->no_key;
  int status = why ? hrt_fail(err, why->code, "%s", why->text)
                   : hrt_fail(err, HELIOS_E_UNTRUSTED, "no local key");
  if (why) {
    hrt_hint(err, "%s", why->hint);
  }
  return status;
}

/* The seal, else one of `count` signatures behind it. */
static int find_voucher(hrt_voucher *who, const struct hsb_file_footer *footer,
                        const uint8_t *bytes, size_t size, uint32_t count, const hrt_trust *trust,
                        helios_error *err) {
  helios_error unsealed = {0};
  int status = trust->key ? check_seal(footer, bytes, size, trust->key, &unsealed)
                          : no_key(trust, &unsealed);
  if (status == 0) {
    *who = (hrt_voucher){.sealed = true, .label = "this machine"};
  } else if (count > 0 && status == HELIOS_E_UNTRUSTED) {
    status = hrt_trust_signed(who, trust->root, bytes, size, count, err);
  } else {
    hrt_fail(err, unsealed.code, "%s", unsealed.text);
    hrt_hint(err, "%s", unsealed.hint);
  }
  return status;
}

static int check_structure(const struct hsb_file_footer *footer, const struct hrt_file *file,
                           helios_error *err) {
  uint64_t end = file->size - sizeof *footer, length, after;
  if (footer->size != sizeof *footer || footer->reserved != 0) {
    return damaged(err, "footer of another size");
  }
  if (footer->major != 1) {
    return hrt_fail(err, HELIOS_E_PLUGIN, "plugin file format %u.%u is not known here",
                    footer->major, footer->minor);
  }
  if (footer->directory_count > HSB_FILE_SECTIONS_MAX ||
      !hsb_mul64(&length, footer->directory_count, sizeof(struct hsb_file_entry)) ||
      !hsb_add64(&after, footer->directory_offset, length) || after != end ||
      footer->directory_offset % 8 != 0) {
    return damaged(err, "directory out of place");
  }
  if (footer->elf_size > footer->directory_offset) {
    return damaged(err, "image out of place");
  }
  return 0;
}

static int check_entries(const struct hrt_file *file, uint64_t end, helios_error *err) {
  for (uint32_t i = 0; i < file->entry_count; i++) {
    const struct hsb_file_entry *e = &file->entries[i];
    if (!hsb_in_range(e->offset, e->length, end) || e->offset < file->elf_size ||
        e->offset % 8 != 0) {
      return damaged(err, "section out of place");
    }
    for (uint32_t j = 0; j < i; j++) {
      if (file->entries[j].kind == e->kind) {
        return damaged(err, "two sections of one kind");
      }
    }
  }
  return 0;
}

int hrt_file_open(struct hrt_file *out, hrt_voucher *who, const uint8_t *bytes, size_t size,
                  const hrt_trust *trust, helios_error *err) {
  struct hsb_file_footer footer;
  uint32_t signatures;
  int status;
  HRT_TRY(hrt_trust_split(&size, &signatures, bytes, size, err));
  HRT_TRY(read_footer(&footer, bytes, size, err));
  HRT_TRY(find_voucher(who, &footer, bytes, size, signatures, trust, err));
  *out = (struct hrt_file){.bytes = bytes, .size = size};
  HRT_TRY(check_structure(&footer, out, err));
  out->elf_size = footer.elf_size;
  out->entries = (const struct hsb_file_entry *)(const void *)(bytes + footer.directory_offset);
  out->entry_count = footer.directory_count;
  HRT_TRY(check_entries(out, footer.directory_offset, err));
out:
  return status;
}

const void *hrt_file_section(const struct hrt_file *file, uint32_t kind, size_t *size) {
  for (uint32_t i = 0; i < file->entry_count; i++) {
    if (file->entries[i].kind == kind) {
      *size = file->entries[i].length;
      return file->bytes + file->entries[i].offset;
    }
  }
  *size = 0;
  return NULL;
}
