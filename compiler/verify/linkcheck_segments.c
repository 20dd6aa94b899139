/* linkcheck_segments.c - program headers and sections: what would be mapped, with which rights, and
 * that the sections tell the same story. Owns the rule that a plugin has one executable range, no
 * page both writable and executable, and no page that stays writable after relocation. */
#include <string.h>

#include "linkcheck_image.h"

static uint64_t page_down(uint64_t address) {
  return address & ~(uint64_t)(HCC_LC_PAGE - 1);
}

static uint64_t page_up(uint64_t address) {
  return page_down(address + HCC_LC_PAGE - 1);
}

/* Segment types that may be there, and how often. */
static const struct segment_rule {
  uint32_t type, least, most;
} segment_rules[] = {
    {PT_LOAD, 2, HCC_LC_LOADS_MAX}, {PT_DYNAMIC, 1, 1},      {PT_GNU_RELRO, 1, 1},
    {PT_GNU_STACK, 1, 1},           {PT_PHDR, 0, 1},         {PT_NOTE, 0, 2},
    {PT_GNU_EH_FRAME, 0, 1},        {PT_GNU_PROPERTY, 0, 1},
};
#define RULES (sizeof segment_rules / sizeof *segment_rules)

static int range(hcc_lc *lc, uint64_t at, const Elf64_Phdr *p) {
  if (!hcc_lc_inside(p->p_offset, p->p_filesz, 0, lc->size)) {
    return hcc_lc_refuse(lc, at, "segment outside the file");
  }
  if (p->p_memsz < p->p_filesz || !hcc_lc_inside(p->p_vaddr, p->p_memsz, 0, HCC_LC_IMAGE_MAX)) {
    return hcc_lc_refuse(lc, at, "segment with an impossible size or address");
  }
  return 0;
}

static int load(hcc_lc *lc, uint64_t at, const Elf64_Phdr *p) {
  uint32_t known = PF_R | PF_W | PF_X;
  if ((p->p_flags & ~known) != 0 || (p->p_flags & PF_R) == 0) {
    return hcc_lc_refuse(lc, at, "segment with unknown rights %#x", p->p_flags);
  }
  if ((p->p_flags & PF_W) != 0 && (p->p_flags & PF_X) != 0) {
    return hcc_lc_refuse(lc, at, "segment both writable and executable");
  }
  if (page_down(p->p_vaddr) < page_up(lc->end) || p->p_memsz == 0 ||
      (lc->load_count == 0 && p->p_vaddr != 0)) {
    return hcc_lc_refuse(lc, at, "segments overlap, share a page or are out of order");
  }
  if ((p->p_offset - p->p_vaddr) % HCC_LC_PAGE != 0) {
    return hcc_lc_refuse(lc, at, "segment's offset does not fit its address");
  }
  if ((p->p_flags & PF_X) != 0) {
    if (lc->text.p_memsz != 0) {
      return hcc_lc_refuse(lc, at, "more than one executable segment");
    }
    if (p->p_filesz != p->p_memsz) {
      return hcc_lc_refuse(lc, at, "executable segment larger than its bytes");
    }
    lc->text = *p;
  }
  lc->loads[lc->load_count++] = *p;
  lc->end = p->p_vaddr + p->p_memsz;
  return 0;
}

static int segment(hcc_lc *lc, uint64_t at, unsigned *counts) {
  Elf64_Phdr p;
  size_t rule = 0;
  if (hcc_lc_read(lc, &p, at, sizeof p)) {
    return 1;
  }
  while (rule < RULES && segment_rules[rule].type != p.p_type) {
    rule++;
  }
  if (rule == RULES || counts[rule] == segment_rules[rule].most) {
    return hcc_lc_refuse(lc, at, "segment of type %#x not allowed, or too many", p.p_type);
  }
  counts[rule]++;
  if (range(lc, at, &p)) {
    return 1;
  }
  if (p.p_type == PT_GNU_STACK && (p.p_flags & PF_X) != 0) {
    return hcc_lc_refuse(lc, at, "executable stack");
  }
  if (p.p_type == PT_DYNAMIC) {
    lc->dynamic = p;
  } else if (p.p_type == PT_GNU_RELRO) {
    lc->relro = p;
  }
  return p.p_type == PT_LOAD ? load(lc, at, &p) : 0;
}

/* Everything writable must become read-only after relocation. */
static int sealed(hcc_lc *lc) {
  const Elf64_Phdr *r = &lc->relro;
  if ((r->p_vaddr + r->p_memsz) % HCC_LC_PAGE != 0) {
    return hcc_lc_refuse(lc, r->p_offset, "read-only-after-relocation range ends inside a page");
  }
  for (unsigned i = 0; i < lc->load_count; i++) {
    const Elf64_Phdr *p = &lc->loads[i];
    if ((p->p_flags & PF_W) != 0 &&
        !hcc_lc_inside(p->p_vaddr, p->p_memsz, r->p_vaddr, r->p_memsz)) {
      return hcc_lc_refuse(lc, p->p_offset, "data that stays writable");
    }
  }
  const Elf64_Phdr *home = hcc_lc_load(lc, lc->dynamic.p_vaddr, lc->dynamic.p_filesz);
  if (home == NULL ||
      home->p_offset + (lc->dynamic.p_vaddr - home->p_vaddr) != lc->dynamic.p_offset) {
    return hcc_lc_refuse(lc, lc->dynamic.p_offset, "dynamic section is not mapped");
  }
  return 0;
}

int hcc_lc_segments(hcc_lc *lc) {
  unsigned counts[RULES] = {0};
  for (unsigned i = 0; i < lc->header.e_phnum; i++) {
    uint64_t at;
    if (__builtin_add_overflow(lc->header.e_phoff, (uint64_t)i * sizeof(Elf64_Phdr), &at)) {
      return hcc_lc_refuse(lc, 0, "program headers outside the file");
    }
    if (segment(lc, at, counts)) {
      return 1;
    }
  }
  for (size_t rule = 0; rule < RULES; rule++) {
    if (counts[rule] < segment_rules[rule].least) {
      return hcc_lc_refuse(lc, lc->header.e_phoff, "no segment of type %#x, or too few",
                           segment_rules[rule].type);
    }
  }
  if (lc->text.p_memsz == 0) {
    return hcc_lc_refuse(lc, lc->header.e_phoff, "no executable segment");
  }
  return sealed(lc);
}

/* A section that is mapped must lie in a load with its rights and its offset. */
static int mapped(hcc_lc *lc, uint64_t at, const Elf64_Shdr *s) {
  bool writes = (s->sh_flags & SHF_WRITE) != 0, runs = (s->sh_flags & SHF_EXECINSTR) != 0;
  for (unsigned i = 0; i < lc->load_count; i++) {
    const Elf64_Phdr *p = &lc->loads[i];
    uint64_t room = s->sh_type == SHT_NOBITS ? p->p_memsz : p->p_filesz;
    if (!hcc_lc_inside(s->sh_addr, s->sh_size, p->p_vaddr, room)) {
      continue;
    }
    if (s->sh_type != SHT_NOBITS && s->sh_offset - s->sh_addr != p->p_offset - p->p_vaddr) {
      return hcc_lc_refuse(lc, at, "section's offset is not the one its segment maps");
    }
    if (writes != ((p->p_flags & PF_W) != 0) || runs != ((p->p_flags & PF_X) != 0)) {
      return hcc_lc_refuse(lc, at, "section's rights differ from its segment's");
    }
    return 0;
  }
  if (hcc_lc_inside(s->sh_addr, s->sh_size, lc->relro.p_vaddr, lc->relro.p_memsz) &&
      s->sh_type == SHT_NOBITS) {
    return 0; /* lld's .relro_padding */
  }
  return hcc_lc_refuse(lc, at, "section outside every segment");
}

static int section_type(hcc_lc *lc, uint64_t at, const Elf64_Shdr *s) {
  static const uint32_t types[] = {SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA,   SHT_HASH,
                                   SHT_DYNAMIC,  SHT_NOTE,   SHT_NOBITS, SHT_DYNSYM, SHT_GNU_HASH};
  bool known = false;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    known |= types[i] == s->sh_type;
  }
  if (!known || (s->sh_flags & SHF_TLS) != 0) {
    return hcc_lc_refuse(lc, at, "section of type %#x not allowed", s->sh_type);
  }
  if (s->sh_type == SHT_RELA && (s->sh_flags & SHF_ALLOC) == 0) {
    return hcc_lc_refuse(lc, at, "relocations that are not mapped");
  }
  return 0;
}

/* The section is remembered in *slot, once. */
static int keep(hcc_lc *lc, uint64_t at, Elf64_Shdr *slot, const Elf64_Shdr *s, uint64_t entry) {
  if (slot->sh_type != SHT_NULL || s->sh_entsize != entry || s->sh_size % entry != 0 ||
      (s->sh_flags & SHF_ALLOC) == 0) {
    return hcc_lc_refuse(lc, at, "second or misshapen table of dynamic symbols or relocations");
  }
  *slot = *s;
  return 0;
}

static int section(hcc_lc *lc, uint64_t at, bool *has_text) {
  Elf64_Shdr s;
  if (hcc_lc_read(lc, &s, at, sizeof s)) {
    return 1;
  }
  if (s.sh_type == SHT_NULL) {
    return 0;
  }
  if (section_type(lc, at, &s)) {
    return 1;
  }
  if (s.sh_type != SHT_NOBITS && !hcc_lc_inside(s.sh_offset, s.sh_size, 0, lc->size)) {
    return hcc_lc_refuse(lc, at, "section outside the file");
  }
  if ((s.sh_flags & SHF_ALLOC) != 0 && s.sh_size != 0 && mapped(lc, at, &s)) {
    return 1;
  }
  if ((s.sh_flags & SHF_EXECINSTR) != 0) {
    *has_text |= s.sh_addr == lc->text.p_vaddr && s.sh_size == lc->text.p_memsz;
  }
  if (s.sh_type == SHT_DYNSYM) {
    return keep(lc, at, &lc->dynsym, &s, sizeof(Elf64_Sym));
  }
  return s.sh_type == SHT_RELA ? keep(lc, at, &lc->rela, &s, sizeof(Elf64_Rela)) : 0;
}

int hcc_lc_sections(hcc_lc *lc) {
  bool has_text = false;
  uint64_t table = lc->header.e_shoff;
  if (!hcc_lc_inside(table, (uint64_t)lc->header.e_shnum * sizeof(Elf64_Shdr), 0, lc->size)) {
    return hcc_lc_refuse(lc, table, "section headers outside the file");
  }
  for (unsigned i = 0; i < lc->header.e_shnum; i++) {
    if (section(lc, table + (uint64_t)i * sizeof(Elf64_Shdr), &has_text)) {
      return 1;
    }
  }
  if (!has_text) {
    return hcc_lc_refuse(lc, table, "the executable segment is not exactly .text");
  }
  if (lc->dynsym.sh_type == SHT_NULL || lc->dynsym.sh_link >= lc->header.e_shnum) {
    return hcc_lc_refuse(lc, table, "no dynamic symbols");
  }
  if (hcc_lc_read(lc, &lc->dynstr, table + lc->dynsym.sh_link * sizeof(Elf64_Shdr),
                  sizeof lc->dynstr)) {
    return 1;
  }
  if (lc->dynstr.sh_type != SHT_STRTAB || (lc->dynstr.sh_flags & SHF_ALLOC) == 0) {
    return hcc_lc_refuse(lc, table, "dynamic symbols without names");
  }
  return 0;
}
