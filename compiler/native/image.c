/* image.c - sections of an ELF image. Must not trust an offset in it. Invariants: see image.h. */
#include "image.h"

#include <elf.h>
#include <string.h>

#include "hsb_check.h"

static int refuse(hcc_error *err, const char *what) {
  return hcc_fail(err, HCC_E_INTERNAL, HCC_NO_OFFSET, "ld.lld wrote an odd image: %s", what);
}

static bool section_at(Elf64_Shdr *out, const hcc_image *image, uint32_t n) {
  if (n >= image->section_count) {
    return false;
  }
  memcpy(out, image->bytes + image->sections + n * sizeof *out, sizeof *out);
  return out->sh_type == SHT_NOBITS || hsb_in_range(out->sh_offset, out->sh_size, image->size);
}

static int find_code(hcc_image *image, const Elf64_Ehdr *header, hcc_error *err) {
  uint32_t found = 0;
  if (header->e_phentsize != sizeof(Elf64_Phdr) ||
      !hsb_in_range(header->e_phoff, header->e_phnum * sizeof(Elf64_Phdr), image->size)) {
    return refuse(err, "program headers");
  }
  for (uint32_t i = 0; i < header->e_phnum; i++) {
    Elf64_Phdr p;
    memcpy(&p, image->bytes + header->e_phoff + i * sizeof p, sizeof p);
    if (p.p_type == PT_LOAD && (p.p_flags & PF_X) != 0) {
      image->code = p.p_vaddr;
      found += hsb_add64(&image->code_end, p.p_vaddr, p.p_memsz) && image->code_end <= UINT32_MAX;
    }
  }
  return found == 1 ? 0 : refuse(err, "code segments");
}

int hcc_image_open(hcc_image *out, const uint8_t *bytes, size_t size, hcc_error *err) {
  Elf64_Ehdr header;
  Elf64_Shdr names;
  *out = (hcc_image){.bytes = bytes, .size = size};
  if (size < sizeof header) {
    return refuse(err, "too short");
  }
  memcpy(&header, bytes, sizeof header);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_shentsize != sizeof(Elf64_Shdr) ||
      !hsb_in_range(header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr), size)) {
    return refuse(err, "header");
  }
  out->sections = header.e_shoff;
  out->section_count = header.e_shnum;
  if (!section_at(&names, out, header.e_shstrndx) || names.sh_type == SHT_NOBITS) {
    return refuse(err, "section names");
  }
  out->names = names.sh_offset;
  out->names_size = names.sh_size;
  return find_code(out, &header, err);
}

hcc_span hcc_image_section(const hcc_image *image, const char *name) {
  Elf64_Shdr section;
  size_t length = strlen(name) + 1;
  for (uint32_t i = 0; i < image->section_count; i++) {
    if (section_at(&section, image, i) && section.sh_type != SHT_NOBITS &&
        hsb_in_range(section.sh_name, length, image->names_size) &&
        memcmp(image->bytes + image->names + section.sh_name, name, length) == 0) {
      return (hcc_span){image->bytes + section.sh_offset, section.sh_size};
    }
  }
  return (hcc_span){image->bytes, 0};
}
