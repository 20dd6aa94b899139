/* elf.c - parses the ELF image of a plugin: program headers, dynamic table, one symbol, RELATIVE
 * relocations. Section headers are not looked at. Works on the file's bytes and maps nothing.
 *
 * Invariant: after hrt_elf_parse every range in struct hrt_elf lies inside the file or inside the
 * image, every relocation writes inside a writable segment and points inside the image, and no
 * page is both writable and executable. What is not understood is refused, not skipped. */
#include "plugin/elf.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "hsb_check.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define RELATIVE R_X86_64_RELATIVE
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#define RELATIVE R_AARCH64_RELATIVE
#else
#error "no plugin support for this processor"
#endif

#define SPAN_MAX (UINT64_C(1) << 30) /* code of one plugin; also keeps sums far from overflow */

struct reader {
  const uint8_t *image;
  uint64_t size;
  uint64_t page;
  struct hrt_elf *elf;
  helios_error *err;
  Elf64_Ehdr header;
  Elf64_Phdr dynamic, relro;
  uint64_t symtab, strtab, strsz, hash, rela, relasz, relaent, syment; /* addresses and sizes */
};

static int refuse(struct reader *r, const char *what) {
  return hrt_fail(r->err, HELIOS_E_PLUGIN, "not an image that heliosc makes: %s", what);
}

/* Bytes [offset, +length) of the file into out, or refused. */
static int fetch(struct reader *r, void *out, uint64_t offset, uint64_t length) {
  if (!hsb_in_range(offset, length, r->size)) {
    return refuse(r, "out of the file");
  }
  memcpy(out, r->image + offset, length);
  return 0;
}

/* File offset of the bytes behind [address, +length), or refused. */
static int locate(struct reader *r, uint64_t *offset, uint64_t address, uint64_t length) {
  for (uint32_t i = 0; i < r->elf->segment_count; i++) {
    const struct hrt_elf_segment *s = &r->elf->segments[i];
    if (address >= s->address && hsb_in_range(address - s->address, length, s->file_size)) {
      *offset = s->offset + (address - s->address);
      return 0;
    }
  }
  return refuse(r, "a table outside of its segments");
}

static int read_header(struct reader *r) {
  static const unsigned char ident[] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
  Elf64_Ehdr *h = &r->header;
  if (fetch(r, h, 0, sizeof *h) != 0) {
    return HELIOS_E_PLUGIN;
  }
  if (memcmp(h->e_ident, ident, sizeof ident) != 0 || h->e_version != EV_CURRENT) {
    return refuse(r, "no 64-bit little-endian ELF header");
  }
  if (h->e_machine != MACHINE) {
    return refuse(r, "it is for another processor");
  }
  if (h->e_type != ET_DYN || h->e_entry != 0 || h->e_phentsize != sizeof(Elf64_Phdr) ||
      h->e_phnum == 0 || h->e_phnum > 32) {
    return refuse(r, "no plain shared object");
  }
  return 0;
}

static uint64_t page_up(const struct reader *r, uint64_t n) {
  return (n + r->page - 1) & ~(r->page - 1);
}

static int add_segment(struct reader *r, const Elf64_Phdr *p) {
  struct hrt_elf *elf = r->elf;
  uint64_t begin = p->p_vaddr & ~(r->page - 1);
  if (elf->segment_count == HRT_ELF_SEGMENTS) {
    return refuse(r, "too many segments");
  }
  if (p->p_filesz > p->p_memsz || !hsb_in_range(p->p_offset, p->p_filesz, r->size) ||
      !hsb_in_range(p->p_vaddr, p->p_memsz, SPAN_MAX)) {
    return refuse(r, "a segment out of range");
  }
  if (p->p_memsz == 0) {
    return 0; /* GNU ld leaves empty ones */
  }
  if (begin < elf->span || (elf->segment_count == 0 && begin != 0)) {
    return refuse(r, "segments overlap, share a page or do not begin at 0");
  }
  if (p->p_align > 0x10000 || (p->p_align & (p->p_align - 1)) != 0) {
    return refuse(r, "segment alignment");
  }
  if (p->p_flags & ~(unsigned)(PF_R | PF_W | PF_X) || !(p->p_flags & PF_R) ||
      (p->p_flags & (PF_W | PF_X)) == (PF_W | PF_X)) {
    return refuse(r, "a segment both writable and executable");
  }
  elf->segments[elf->segment_count++] = (struct hrt_elf_segment){
      .offset = p->p_offset,
      .file_size = p->p_filesz,
      .address = p->p_vaddr,
      .memory_size = p->p_memsz,
      .write = p->p_flags & PF_W,
      .execute = p->p_flags & PF_X,
  };
  elf->span = page_up(r, p->p_vaddr + p->p_memsz);
  elf->align = p->p_align > elf->align ? p->p_align : elf->align;
  return 0;
}

static int add_header(struct reader *r, const Elf64_Phdr *p) {
  switch (p->p_type) {
  case PT_LOAD:
    return add_segment(r, p);
  case PT_DYNAMIC:
    if (r->dynamic.p_type != PT_NULL) {
      return refuse(r, "two dynamic tables");
    }
    r->dynamic = *p;
    return 0;
  case PT_GNU_RELRO:
    if (r->relro.p_type != PT_NULL || !hsb_in_range(p->p_vaddr, p->p_memsz, SPAN_MAX)) {
      return refuse(r, "relro");
    }
    r->relro = *p;
    return 0;
  case PT_GNU_STACK:
    return p->p_flags & PF_X ? refuse(r, "an executable stack") : 0;
  case PT_NULL:
  case PT_PHDR:
  case PT_NOTE:
  case PT_GNU_EH_FRAME:
  case PT_GNU_PROPERTY:
    return 0; /* nothing that the mapper acts upon */
  default:
    return refuse(r, "a program header of an unknown kind"); /* PT_INTERP, PT_TLS ... */
  }
}

/* All writable bytes must be relro: a plugin has no variables, we map everything read-only. */
static int check_segments(struct reader *r) {
  uint32_t text = 0;
  for (uint32_t i = 0; i < r->elf->segment_count; i++) {
    const struct hrt_elf_segment *s = &r->elf->segments[i];
    text += s->execute;
    if (s->write &&
        (r->relro.p_type == PT_NULL || s->address < r->relro.p_vaddr ||
         s->address + s->memory_size > page_up(r, r->relro.p_vaddr + r->relro.p_memsz))) {
      return refuse(r, "a writable variable");
    }
    if (s->execute && s->memory_size != s->file_size) {
      return refuse(r, "code that is not in the file");
    }
  }
  return text == 1 ? 0 : refuse(r, "it must have one executable segment");
}

static int read_segments(struct reader *r) {
  for (uint32_t i = 0; i < r->header.e_phnum; i++) {
    Elf64_Phdr p;
    uint64_t offset;
    if (!hsb_add64(&offset, r->header.e_phoff, i * sizeof p)) {
      return refuse(r, "out of the file");
    }
    int status = fetch(r, &p, offset, sizeof p);
    if (status == 0) {
      status = add_header(r, &p);
    }
    if (status != 0) {
      return status;
    }
  }
  return check_segments(r);
}

/* Takes one entry of the dynamic table; what is not listed is refused (NEEDED, INIT, INIT_ARRAY,
 * FINI, TEXTREL, RPATH, REL, JMPREL, VERNEED ...). */
static int take_dynamic(struct reader *r, const Elf64_Dyn *d) {
  const struct {
    int64_t tag;
    uint64_t *value;
  } values[] = {{DT_SYMTAB, &r->symtab}, {DT_STRTAB, &r->strtab},  {DT_STRSZ, &r->strsz},
                {DT_HASH, &r->hash},     {DT_RELA, &r->rela},      {DT_RELASZ, &r->relasz},
                {DT_SYMENT, &r->syment}, {DT_RELAENT, &r->relaent}};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    if (d->d_tag == values[i].tag) {
      if (*values[i].value != 0) {
        return refuse(r, "a dynamic entry twice");
      }
      *values[i].value = d->d_un.d_val;
      return 0;
    }
  }
  if ((d->d_tag == DT_FLAGS && (d->d_un.d_val & ~(uint64_t)(DF_BIND_NOW | DF_SYMBOLIC)) == 0) ||
      (d->d_tag == DT_FLAGS_1 && (d->d_un.d_val & ~(uint64_t)(DF_1_NOW | DF_1_NODELETE)) == 0) ||
      d->d_tag == DT_RELACOUNT || d->d_tag == DT_BIND_NOW || d->d_tag == DT_SONAME ||
      d->d_tag == DT_GNU_HASH) {
    return 0;
  }
  return hrt_fail(r->err, HELIOS_E_PLUGIN,
                  "not an image that heliosc makes: dynamic entry 0x%llx = 0x%llx",
                  (unsigned long long)d->d_tag, (unsigned long long)d->d_un.d_val);
}

static int read_dynamic(struct reader *r) {
  uint64_t offset = 0;
  if (r->dynamic.p_type == PT_NULL || r->dynamic.p_memsz % sizeof(Elf64_Dyn) != 0) {
    return refuse(r, "no dynamic table");
  }
  int status = locate(r, &offset, r->dynamic.p_vaddr, r->dynamic.p_memsz);
  for (uint64_t at = 0; status == 0 && at < r->dynamic.p_memsz; at += sizeof(Elf64_Dyn)) {
    Elf64_Dyn d;
    status = fetch(r, &d, offset + at, sizeof d);
    if (status == 0 && d.d_tag == DT_NULL) {
      return 0;
    }
    if (status == 0) {
      status = take_dynamic(r, &d);
    }
  }
  return status ? status : refuse(r, "a dynamic table without end");
}

static int check_symbol(struct reader *r, const Elf64_Sym *s) {
  static const char name[] = "helios_plugin";
  char found[sizeof name];
  uint64_t offset = 0;
  if (!hsb_in_range(s->st_name, sizeof name, r->strsz) ||
      locate(r, &offset, r->strtab, r->strsz) != 0 ||
      fetch(r, found, offset + s->st_name, sizeof name) != 0 ||
      memcmp(found, name, sizeof name) != 0) {
    return refuse(r, "a symbol other than helios_plugin");
  }
  if (s->st_shndx == SHN_UNDEF || s->st_shndx >= SHN_LORESERVE ||
      ELF64_ST_TYPE(s->st_info) != STT_OBJECT || ELF64_ST_BIND(s->st_info) != STB_GLOBAL) {
    return refuse(r, "helios_plugin is no global data object");
  }
  if (r->elf->plugin_size != 0 || s->st_size == 0 ||
      !hrt_elf_holds(r->elf, s->st_value, s->st_size)) {
    return refuse(r, "helios_plugin is twice there or out of range");
  }
  r->elf->plugin = s->st_value;
  r->elf->plugin_size = s->st_size;
  return 0;
}

/* The number of symbols is the second word of DT_HASH. Nothing is looked up by hash. */
static int read_symbols(struct reader *r) {
  uint64_t offset = 0;
  uint32_t words[2];
  if (r->hash == 0 || r->symtab == 0 || r->strtab == 0 || r->syment != sizeof(Elf64_Sym)) {
    return refuse(r, "no symbol table with a sysv hash");
  }
  int status = locate(r, &offset, r->hash, sizeof words);
  if (status == 0) {
    status = fetch(r, words, offset, sizeof words);
  }
  if (status == 0 && (words[1] < 2 || words[1] > 64)) {
    status = refuse(r, "it must have one symbol");
  }
  if (status == 0) {
    status = locate(r, &offset, r->symtab, words[1] * sizeof(Elf64_Sym));
  }
  for (uint32_t i = 1; status == 0 && i < words[1]; i++) {
    Elf64_Sym s;
    status = fetch(r, &s, offset + i * sizeof s, sizeof s);
    /* lld lists section symbols never, GNU ld sometimes */
    if (status == 0 && ELF64_ST_TYPE(s.st_info) != STT_SECTION) {
      status = check_symbol(r, &s);
    }
  }
  return status == 0 && r->elf->plugin_size == 0 ? refuse(r, "no helios_plugin") : status;
}

static int check_relocation(struct reader *r, const Elf64_Rela *rela) {
  if (rela->r_info != ELF64_R_INFO(0, RELATIVE)) {
    return refuse(r, "a relocation other than RELATIVE");
  }
  if ((uint64_t)rela->r_addend > r->elf->span) {
    return refuse(r, "a relocation to outside of the image");
  }
  for (uint32_t i = 0; i < r->elf->segment_count; i++) {
    const struct hrt_elf_segment *s = &r->elf->segments[i];
    if (s->write && rela->r_offset >= s->address &&
        hsb_in_range(rela->r_offset - s->address, sizeof(uint64_t), s->memory_size)) {
      return 0;
    }
  }
  return refuse(r, "a relocation outside of the writable segment");
}

static int read_relocations(struct reader *r) {
  uint64_t offset = 0;
  if (r->rela == 0 || r->relasz == 0) {
    return refuse(r, "no relocations");
  }
  if (r->relaent != sizeof(Elf64_Rela) || r->relasz % sizeof(Elf64_Rela) != 0) {
    return refuse(r, "relocations of another size");
  }
  int status = locate(r, &offset, r->rela, r->relasz);
  for (uint64_t at = 0; status == 0 && at < r->relasz; at += sizeof(Elf64_Rela)) {
    Elf64_Rela rela;
    status = fetch(r, &rela, offset + at, sizeof rela);
    if (status == 0) {
      status = check_relocation(r, &rela);
    }
  }
  r->elf->rela = offset;
  r->elf->rela_count = r->relasz / sizeof(Elf64_Rela);
  return status;
}

int hrt_elf_parse(struct hrt_elf *out, const uint8_t *image, uint64_t size, helios_error *err) {
  struct reader r = {.image = image, .size = size, .elf = out, .err = err};
  int status;
  *out = (struct hrt_elf){0};
  r.page = out->align = (uint64_t)sysconf(_SC_PAGESIZE);
  HRT_TRY(read_header(&r));
  HRT_TRY(read_segments(&r));
  HRT_TRY(read_dynamic(&r));
  HRT_TRY(read_symbols(&r));
  HRT_TRY(read_relocations(&r));
out:
  return status;
}

bool hrt_elf_holds(const struct hrt_elf *elf, uint64_t address, uint64_t length) {
  for (uint32_t i = 0; i < elf->segment_count; i++) {
    const struct hrt_elf_segment *s = &elf->segments[i];
    if (address >= s->address && hsb_in_range(address - s->address, length, s->memory_size)) {
      return true;
    }
  }
  return false;
}
