/* linkcheck.c - the link check as a whole: ELF header, then each part in order. Sees only bytes;
 * must never trust an offset, count or size of the image, and never share code with the compiler
 * whose output it judges. Owns struct hcc_lc and the report. */
#include "linkcheck.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linkcheck_image.h"

int hcc_lc_refuse(hcc_lc *lc, uint64_t offset, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(lc->report->text, sizeof lc->report->text, format, args);
  va_end(args);
  lc->report->offset = offset;
  return 1;
}

void hcc_lc_take_back(hcc_lc *lc) {
  lc->report->text[0] = '\0';
  lc->report->offset = 0;
}

int hcc_lc_no_memory(hcc_lc *lc) {
  lc->report->no_memory = true;
  return hcc_lc_refuse(lc, 0, "out of memory");
}

bool hcc_lc_inside(uint64_t at, uint64_t size, uint64_t begin, uint64_t length) {
  return at >= begin && at - begin <= length && size <= length - (at - begin);
}

int hcc_lc_read(hcc_lc *lc, void *out, uint64_t offset, uint64_t size) {
  if (!hcc_lc_inside(offset, size, 0, lc->size)) {
    return hcc_lc_refuse(lc, offset, "table outside the file");
  }
  memcpy(out, lc->bytes + offset, size);
  return 0;
}

const Elf64_Phdr *hcc_lc_load(const hcc_lc *lc, uint64_t address, uint64_t size) {
  for (unsigned i = 0; i < lc->load_count; i++) {
    if (hcc_lc_inside(address, size, lc->loads[i].p_vaddr, lc->loads[i].p_filesz)) {
      return &lc->loads[i];
    }
  }
  return NULL;
}

bool hcc_lc_in_text(const hcc_lc *lc, uint64_t address) {
  return hcc_lc_inside(address, 1, lc->text.p_vaddr, lc->text.p_memsz);
}

bool hcc_lc_starts(const hcc_lc *lc, uint64_t address) {
  uint64_t at = address - lc->text.p_vaddr;
  return hcc_lc_in_text(lc, address) && (lc->starts[at / 64] >> (at % 64) & 1) != 0;
}

static int identity(hcc_lc *lc) {
  static const uint8_t expected[EI_NIDENT] = {0x7f,       'E',         'L',       'F',
                                              ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
  for (unsigned i = 0; i < EI_NIDENT; i++) {
    if (lc->header.e_ident[i] != expected[i]) {
      return hcc_lc_refuse(lc, i, "not a 64-bit little-endian ELF file for Linux");
    }
  }
  return 0;
}

static int header(hcc_lc *lc) {
  const Elf64_Ehdr *h = &lc->header;
  if (lc->size > HCC_LC_IMAGE_MAX) {
    return hcc_lc_refuse(lc, 0, "file larger than 1 GiB");
  }
  if (hcc_lc_read(lc, &lc->header, 0, sizeof lc->header) || identity(lc)) {
    return 1;
  }
  if (h->e_type != ET_DYN || h->e_version != EV_CURRENT) {
    return hcc_lc_refuse(lc, offsetof(Elf64_Ehdr, e_type), "not a shared object");
  }
  if (h->e_machine != EM_X86_64 && h->e_machine != EM_AARCH64) {
    return hcc_lc_refuse(lc, offsetof(Elf64_Ehdr, e_machine),
                         "machine %u is neither x86-64 nor "
                         "aarch64",
                         h->e_machine);
  }
  if (h->e_entry != 0 || h->e_flags != 0) {
    return hcc_lc_refuse(lc, offsetof(Elf64_Ehdr, e_entry), "it has an entry point or flags");
  }
  if (h->e_ehsize != sizeof *h || h->e_phentsize != sizeof(Elf64_Phdr) ||
      h->e_shentsize != sizeof(Elf64_Shdr) || h->e_shstrndx >= h->e_shnum) {
    return hcc_lc_refuse(lc, offsetof(Elf64_Ehdr, e_ehsize), "header with wrong sizes");
  }
  return 0;
}

int hcc_linkcheck(hcc_linkcheck_report *report, const void *image, size_t size) {
  hcc_lc lc = {.bytes = image, .size = size, .report = report};
  *report = (hcc_linkcheck_report){0};
  int refused = header(&lc) || hcc_lc_segments(&lc) || hcc_lc_sections(&lc) ||
                hcc_lc_symbols(&lc) || hcc_lc_dynamic(&lc) || hcc_lc_code(&lc) ||
                hcc_lc_relocations(&lc);
  if (!refused) {
    refused = hcc_lc_control_flow(&lc);
    report->control_flow = refused != 0 && !report->no_memory;
  }
  free(lc.starts);
  free(lc.labels);
  free(lc.entries);
  free(lc.made);
  free(lc.rets);
  return refused;
}
