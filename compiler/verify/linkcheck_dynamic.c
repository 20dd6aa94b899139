/* linkcheck_dynamic.c - what a dynamic linker would act on: dynamic entries, symbols, relocations.
 * Owns the rule that a plugin asks for nothing (no library, no symbol, no constructor), offers one
 * data object, and is relocated only by adding its base to addresses inside itself. */
#include <string.h>

#include "linkcheck_image.h"

/* How the value of an allowed dynamic entry is checked. */
enum tag_rule { ADDRESS, EXACT, MASK };

struct tag {
  int64_t tag;
  enum tag_rule rule;
  uint64_t value;
  bool needed, seen;
};

enum { TAGS = 13 };

static void list_tags(const hcc_lc *lc, struct tag tags[TAGS]) {
  bool rela = lc->rela.sh_type != SHT_NULL;
  const struct tag list[TAGS] = {
      {.tag = DT_SYMTAB, EXACT, lc->dynsym.sh_addr, .needed = true},
      {.tag = DT_SYMENT, EXACT, sizeof(Elf64_Sym), .needed = true},
      {.tag = DT_STRTAB, EXACT, lc->dynstr.sh_addr, .needed = true},
      {.tag = DT_STRSZ, EXACT, lc->dynstr.sh_size, .needed = true},
      {.tag = DT_RELA, EXACT, lc->rela.sh_addr, .needed = rela},
      {.tag = DT_RELASZ, EXACT, lc->rela.sh_size, .needed = rela},
      {.tag = DT_RELAENT, EXACT, sizeof(Elf64_Rela), .needed = rela},
      {.tag = DT_RELACOUNT, EXACT, lc->rela.sh_size / sizeof(Elf64_Rela)},
      {.tag = DT_HASH, ADDRESS},
      {.tag = DT_GNU_HASH, ADDRESS},
      {.tag = DT_FLAGS, MASK, DF_BIND_NOW | DF_SYMBOLIC},
      {.tag = DT_FLAGS_1, MASK, DF_1_NOW},
      {.tag = DT_SYMBOLIC, EXACT, 0},
  };
  memcpy(tags, list, sizeof list);
}

static bool fits(const hcc_lc *lc, const struct tag *t, uint64_t value) {
  switch (t->rule) {
  case EXACT:
    return value == t->value;
  case MASK:
    return (value & ~t->value) == 0;
  default:
    return hcc_lc_load(lc, value, 4) != NULL;
  }
}

static int entry(hcc_lc *lc, uint64_t at, const Elf64_Dyn *d, struct tag tags[TAGS]) {
  const unsigned long long name = (unsigned long long)d->d_tag;
  for (struct tag *t = tags; t < tags + TAGS; t++) {
    if (t->tag != d->d_tag) {
      continue;
    }
    if (t->seen || !fits(lc, t, d->d_un.d_val)) {
      return hcc_lc_refuse(lc, at, "dynamic entry %#llx is wrong or there twice", name);
    }
    t->seen = true;
    return 0;
  }
  return hcc_lc_refuse(lc, at, "dynamic entry %#llx is not allowed", name);
}

static int complete(hcc_lc *lc, uint64_t at, const struct tag tags[TAGS]) {
  for (const struct tag *t = tags; t < tags + TAGS; t++) {
    if (t->needed && !t->seen) {
      return hcc_lc_refuse(lc, at, "dynamic entry %#llx is missing", (unsigned long long)t->tag);
    }
  }
  return 0;
}

int hcc_lc_dynamic(hcc_lc *lc) {
  struct tag tags[TAGS];
  uint64_t at = lc->dynamic.p_offset, end = at + lc->dynamic.p_filesz;
  list_tags(lc, tags);
  for (; end - at >= sizeof(Elf64_Dyn); at += sizeof(Elf64_Dyn)) {
    Elf64_Dyn d;
    if (hcc_lc_read(lc, &d, at, sizeof d)) {
      return 1;
    }
    if (d.d_tag == DT_NULL) {
      return complete(lc, at, tags);
    }
    if (entry(lc, at, &d, tags)) {
      return 1;
    }
  }
  return hcc_lc_refuse(lc, at, "dynamic section without an end");
}

/* What no symbol of any table may be. */
static int symbol(hcc_lc *lc, uint64_t at, const Elf64_Sym *s) {
  unsigned type = ELF64_ST_TYPE(s->st_info);
  if (s->st_shndx == SHN_UNDEF) {
    return hcc_lc_refuse(lc, at, "undefined symbol");
  }
  if (type == STT_GNU_IFUNC || type == STT_TLS) {
    return hcc_lc_refuse(lc, at, "symbol chosen at load time, or thread-local");
  }
  return 0;
}

static int exported(hcc_lc *lc, uint64_t at, const Elf64_Sym *s) {
  static const char name[] = "helios_plugin";
  char got[sizeof name];
  if (!hcc_lc_inside(s->st_name, sizeof name, 0, lc->dynstr.sh_size)) {
    return hcc_lc_refuse(lc, at, "exported symbol that is not helios_plugin");
  }
  if (hcc_lc_read(lc, got, lc->dynstr.sh_offset + s->st_name, sizeof got)) {
    return 1;
  }
  if (memcmp(got, name, sizeof name) != 0) {
    return hcc_lc_refuse(lc, at, "exported symbol that is not helios_plugin");
  }
  if (s->st_info != ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT) ||
      (s->st_other != STV_DEFAULT && s->st_other != STV_PROTECTED) ||
      s->st_shndx >= lc->header.e_shnum) {
    return hcc_lc_refuse(lc, at, "helios_plugin is not a plain global data object");
  }
  const Elf64_Phdr *home = hcc_lc_load(lc, s->st_value, s->st_size);
  if (home == NULL || (home->p_flags & PF_X) != 0 || s->st_size < sizeof(uint64_t)) {
    return hcc_lc_refuse(lc, at, "helios_plugin does not lie in data");
  }
  lc->plugin = s->st_value;
  lc->plugin_size = s->st_size;
  return 0;
}

static int exports(hcc_lc *lc) {
  static const Elf64_Sym none;
  uint64_t at = lc->dynsym.sh_offset, count = lc->dynsym.sh_size / sizeof(Elf64_Sym);
  Elf64_Sym s;
  for (uint64_t i = 0; i < count; i++, at += sizeof s) {
    if (hcc_lc_read(lc, &s, at, sizeof s)) {
      return 1;
    }
    if (i == 0) {
      if (memcmp(&s, &none, sizeof s) != 0) {
        return hcc_lc_refuse(lc, at, "first dynamic symbol is not empty");
      }
    } else if (symbol(lc, at, &s) || exported(lc, at, &s)) {
      return 1;
    }
  }
  return count == 2 ? 0 : hcc_lc_refuse(lc, at, "helios_plugin is not the one exported symbol");
}

/* The symbols for debuggers, if they are there. */
static int locals(hcc_lc *lc, const Elf64_Shdr *table) {
  Elf64_Sym s;
  for (uint64_t i = 1; i < table->sh_size / sizeof s; i++) {
    uint64_t at = table->sh_offset + i * sizeof s;
    if (hcc_lc_read(lc, &s, at, sizeof s) || symbol(lc, at, &s)) {
      return 1;
    }
  }
  return 0;
}

int hcc_lc_symbols(hcc_lc *lc) {
  for (unsigned i = 0; i < lc->header.e_shnum; i++) {
    Elf64_Shdr s;
    if (hcc_lc_read(lc, &s, lc->header.e_shoff + i * sizeof s, sizeof s)) {
      return 1;
    }
    if (s.sh_type == SHT_SYMTAB && locals(lc, &s)) {
      return 1;
    }
  }
  return exports(lc);
}

static int relocation(hcc_lc *lc, uint64_t at, const Elf64_Rela *r) {
  uint64_t relative = ELF64_R_INFO(
      (uint64_t)0, lc->header.e_machine == EM_X86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE);
  const Elf64_Phdr *home = hcc_lc_load(lc, r->r_offset, sizeof(uint64_t));
  if (r->r_info != relative) {
    return hcc_lc_refuse(lc, at, "relocation of type %#llx", (unsigned long long)r->r_info);
  }
  if (home == NULL || (home->p_flags & PF_W) == 0 || r->r_offset % sizeof(uint64_t) != 0 ||
      hcc_lc_inside(r->r_offset, 1, lc->dynamic.p_vaddr, lc->dynamic.p_memsz)) {
    return hcc_lc_refuse(lc, at, "relocation of something that is not data");
  }
  if (!hcc_lc_inside((uint64_t)r->r_addend, 0, 0, lc->end)) {
    return hcc_lc_refuse(lc, at, "relocation to an address outside the image");
  }
  if (hcc_lc_in_text(lc, (uint64_t)r->r_addend)) {
    if (!hcc_lc_starts(lc, (uint64_t)r->r_addend)) {
      return hcc_lc_refuse(lc, at, "pointer into the middle of an instruction");
    }
    hcc_lc_mark(lc->entries, (uint64_t)r->r_addend - lc->text.p_vaddr);
  }
  return 0;
}

/* In order, as lld writes them, each word once: so that they can be looked up. */
int hcc_lc_relocations(hcc_lc *lc) {
  uint64_t count = lc->rela.sh_type == SHT_NULL ? 0 : lc->rela.sh_size / sizeof(Elf64_Rela);
  uint64_t next = 0;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t at = lc->rela.sh_offset + i * sizeof(Elf64_Rela);
    Elf64_Rela r;
    if (hcc_lc_read(lc, &r, at, sizeof r) || relocation(lc, at, &r)) {
      return 1;
    }
    if (r.r_offset < next) {
      return hcc_lc_refuse(lc, at, "relocations out of order, or of one word twice");
    }
    next = r.r_offset + sizeof(uint64_t);
  }
  return 0;
}

bool hcc_lc_relocated(const hcc_lc *lc, uint64_t address, uint64_t *to) {
  uint64_t low = 0;
  uint64_t high = lc->rela.sh_type == SHT_NULL ? 0 : lc->rela.sh_size / sizeof(Elf64_Rela);
  Elf64_Rela r;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    memcpy(&r, lc->bytes + lc->rela.sh_offset + middle * sizeof r, sizeof r);
    if (r.r_offset == address) {
      *to = (uint64_t)r.r_addend;
      return true;
    }
    low = r.r_offset < address ? middle + 1 : low;
    high = r.r_offset < address ? high : middle;
  }
  return false;
}
