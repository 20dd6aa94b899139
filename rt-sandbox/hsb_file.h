/* hsb_file.h - the plugin file: an ELF image followed by sections that are never mapped, a
 * directory of them and a footer with a MAC. Written by compiler/seal/pack.c, read by
 * runtime/plugin/read.c, which trusts no byte of it before the MAC is checked.
 *
 *   [ELF image, padded to 8][section bytes, each padded to 8]...[directory][footer]
 *
 * All integers little-endian. The MAC is HMAC-SHA256 over every byte before footer.mac.
 *
 * A signed plugin has more behind that, which neither the MAC nor a signature covers, so that
 * vendors sign independently:
 *
 *   [plugin as above][struct hsb_file_signature]...[struct hsb_file_trailer]
 *
 * A signature is Ed25519 over HSB_SIGNED_PREFIX with its NUL and the SHA-256 of the plugin. */
#ifndef HSB_FILE_H
#define HSB_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HSB_FILE_MAGIC "HELIOSP1"
#define HSB_FILE_SECTIONS_MAX 64

enum hsb_section_kind {
  HSB_SECTION_INFO = 1,   /* JSON: heliosc, clang and wasm2c versions, target, flags, manifest */
  HSB_SECTION_FUNCS = 2,  /* struct hsb_file_func[count], then the names they point into */
  HSB_SECTION_LINES = 3,  /* struct hsb_file_line[], ascending by pc */
  HSB_SECTION_WASM = 4,   /* the original module, byte for byte */
  HSB_SECTION_SCRIPT = 5, /* of a script engine's plugin: its custom section "helios.script" */
  HSB_SECTION_NAMES = 6,  /* names, a NUL behind each: exports that the script adds */
  HSB_SECTION_PLACES = 7, /* uint32_t rows, files; struct hsb_file_place[rows], ascending by offset;
                             names of the files, a NUL behind each. From the module's DWARF */
};

/* The export of an engine that runs a script: what each name of HSB_SECTION_NAMES means. */
#define HSB_SCRIPT_ENTRY "helios_call"
#define HSB_SCRIPT_MAX (4u << 20) /* bytes of a script */
#define HSB_SCRIPT_NAMES_MAX 1000u
#define HSB_SCRIPT_NAME_MAX 128u /* bytes of one */

struct hsb_file_entry {
  uint32_t kind; /* enum hsb_section_kind; unknown kinds are skipped */
  uint32_t reserved;
  uint64_t offset, length; /* from the beginning of the file */
};

struct hsb_file_footer {
  uint32_t size; /* sizeof, 80 */
  uint16_t major, minor;
  uint64_t elf_size;
  uint64_t directory_offset;
  uint32_t directory_count;
  uint32_t reserved;
  uint8_t mac[32];
  char magic[8];
  uint64_t file_size;
};

/* Header of HSB_SECTION_FUNCS: uint32_t count, uint32_t reserved; then count of these, ascending by
 * start; then the name bytes (offsets count from the end of the array). */
struct hsb_file_func {
  uint32_t start, end; /* of the body in the original .wasm; imports have none and are not listed */
  uint32_t func;       /* index in the original module */
  uint32_t name_offset, name_length; /* from the name section or an export; 0: none */
};

struct hsb_file_line {
  uint32_t pc;     /* from the lowest mapped address of the ELF image */
  uint32_t offset; /* in the original .wasm, or HSB_FILE_NO_OFFSET: not from an instruction */
};

#define HSB_FILE_NO_OFFSET UINT32_MAX

/* What stands from this offset of the original .wasm on: file and line of the source, or
 * HSB_FILE_NO_OFFSET. */
struct hsb_file_place {
  uint32_t offset, at;
};

#define HSB_FILE_PLACE_FILES 2048u
#define HSB_FILE_PLACE_LINE 0xfffffu /* the greatest */

static inline uint32_t hsb_file_place_at(uint32_t file, uint32_t line) {
  return file << 20 | line;
}

#define HSB_SIGNED_MAGIC "HELIOSG1"
#define HSB_SIGNED_PREFIX "HELIOS-PLUGIN-1"
#define HSB_SIGNED_MESSAGE (sizeof HSB_SIGNED_PREFIX + 32)
#define HSB_FILE_SIGNATURES_MAX 16

struct hsb_file_signature {
  uint8_t key[32]; /* public */
  uint8_t signature[64];
};

struct hsb_file_trailer {
  uint32_t count; /* of signatures, at least one */
  uint32_t reserved;
  uint64_t plugin_size;
  char magic[8]; /* where the footer of an unsigned plugin has its own */
  uint64_t file_size;
};

/* Where the plugin in a file's bytes ends, and how many signatures stand behind it; 0: it is not
 * signed. False: they are not where the trailer says. */
static inline bool hsb_signed_split(size_t *plugin_size, uint32_t *count, const uint8_t *bytes,
                                    size_t size) {
  struct hsb_file_trailer t;
  *plugin_size = size;
  *count = 0;
  if (size < sizeof t) {
    return true;
  }
  memcpy(&t, bytes + size - sizeof t, sizeof t);
  if (memcmp(t.magic, HSB_SIGNED_MAGIC, sizeof t.magic) != 0) {
    return true;
  }
  uint64_t rest = size - sizeof t, taken = t.count * (uint64_t)sizeof(struct hsb_file_signature);
  if (t.file_size != size || t.reserved != 0 || t.count == 0 || t.count > HSB_FILE_SIGNATURES_MAX ||
      taken > rest || t.plugin_size != rest - taken) {
    return false;
  }
  *plugin_size = (size_t)t.plugin_size;
  *count = t.count;
  return true;
}

#endif
