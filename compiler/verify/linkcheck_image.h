/* linkcheck_image.h - what the parts of the link check share: the image, what has been learnt of it
 * so far, and reading it. Each check returns 0, or 1 after one refusal is in the report. Includes
 * nothing of the rest of the compiler.
 *
 * Invariant: `loads` is sorted, page-disjoint and inside both the file and IMAGE_MAX; every read
 * goes through hcc_lc_read. */
#ifndef HCC_LINKCHECK_IMAGE_H
#define HCC_LINKCHECK_IMAGE_H

#include <elf.h>
#include <stdbool.h>

#include "linkcheck.h"

#define HCC_LC_IMAGE_MAX (UINT64_C(1) << 30) /* bytes of file, and of address space */
#define HCC_LC_LOADS_MAX 8
#define HCC_LC_PAGE 4096u

typedef struct hcc_lc {
  const uint8_t *bytes;
  size_t size;
  hcc_linkcheck_report *report;
  Elf64_Ehdr header;
  Elf64_Phdr loads[HCC_LC_LOADS_MAX];
  unsigned load_count;
  Elf64_Phdr text, dynamic, relro; /* text: the one executable load */
  uint64_t end;                    /* address behind the last load */
  Elf64_Shdr dynsym, dynstr, rela; /* type SHT_NULL if there is none */
  uint64_t plugin, plugin_size;    /* helios_plugin, once the symbols were read */
  /* A bit for each byte of text: an instruction begins; a jump leads there; a function begins
   * (it is called, or its address is taken); code makes its address; a ret is there. */
  uint64_t *starts, *labels, *entries, *made, *rets;
} hcc_lc;

/* Fills the report and returns 1. offset: in the image. Text holds no byte of the image as such. */
int hcc_lc_refuse(hcc_lc *lc, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What was refused was one way to see it, and there is another. */
void hcc_lc_take_back(hcc_lc *lc);
/* The same as hcc_lc_refuse, for want of memory. */
int hcc_lc_no_memory(hcc_lc *lc);
/* Copies bytes of the image; refuses a range outside it. */
int hcc_lc_read(hcc_lc *lc, void *out, uint64_t offset, uint64_t size);
/* Is [at, at + size) inside [begin, begin + length)? Never overflows. */
bool hcc_lc_inside(uint64_t at, uint64_t size, uint64_t begin, uint64_t length);
/* The load that holds this range of addresses with bytes of the file behind it, or NULL. */
const Elf64_Phdr *hcc_lc_load(const hcc_lc *lc, uint64_t address, uint64_t size);
/* Is the word at this address relocated? Gives what to. Once hcc_lc_relocations has run. */
bool hcc_lc_relocated(const hcc_lc *lc, uint64_t address, uint64_t *to);
/* Does an instruction begin at this address? Only once hcc_lc_code has run. */
bool hcc_lc_starts(const hcc_lc *lc, uint64_t address);
bool hcc_lc_in_text(const hcc_lc *lc, uint64_t address);

static inline void hcc_lc_mark(uint64_t *bits, uint64_t at) {
  bits[at / 64] |= UINT64_C(1) << (at % 64);
}

static inline bool hcc_lc_marked(const uint64_t *bits, uint64_t at) {
  return (bits[at / 64] >> (at % 64) & 1) != 0;
}

/* The checks, in the order they must run */
int hcc_lc_segments(hcc_lc *lc);
int hcc_lc_sections(hcc_lc *lc);
int hcc_lc_symbols(hcc_lc *lc);
int hcc_lc_dynamic(hcc_lc *lc);
int hcc_lc_code(hcc_lc *lc); /* makes the bits */
int hcc_lc_relocations(hcc_lc *lc);
int hcc_lc_control_flow(hcc_lc *lc); /* x86-64 only */

#endif
