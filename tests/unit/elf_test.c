/* elf_test.c - the ELF images that a plugin may not be, each correctly sealed: refused with the
 * reason. And no flipped bit or cut of an image makes the parser or the mapper leave its bytes. */
#include "fixture.h"

#include "plugin/elf.h"
#include "plugin/map.h"

static const char SOURCE[] =
    "static void init(void *i) { (void)i; }\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR, .instance_size = 8, .init = "
    "init};\n";

static struct fx_bytes elf;

static int setup(void **state) {
  (void)state;
  elf = fx_compile(SOURCE, "");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  fx_free(elf);
  return 0;
}

static void refused(const char *extra, const char *flags, const char *part) {
  char source[4000];
  snprintf(source, sizeof source, "%s%s", extra, SOURCE);
  struct fx_bytes e = fx_compile(source, flags), f = fx_pack(e, NULL, 0);
  fx_refused(f, HELIOS_E_PLUGIN, part);
  fx_free(e);
  fx_free(f);
}

static void parse__accepts_what_the_linkers_make(void **state) {
  (void)state;
  static const char *flags[] = {"",
                                "-fuse-ld=bfd",
                                "-O0",
                                "-Wl,--hash-style=both",
                                "-Wl,-soname,x -g",
                                "-Wl,-z,separate-code"};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    struct fx_bytes e = fx_compile(SOURCE, flags[i]), f = fx_pack(e, NULL, 0);
    hrt_plugin_unref(fx_load(f));
    fx_free(e);
    fx_free(f);
  }
}

static void parse__code_that_runs_at_load(void **state) {
  (void)state;
  refused("__attribute__((constructor)) static void c(void) { __asm__ volatile(\"\"); }\n", "",
          "dynamic entry 0x1");
  refused("__attribute__((destructor)) static void c(void) { __asm__ volatile(\"\"); }\n", "",
          "dynamic entry 0x1");
  refused("void go(void); void go(void) {}\n", "-Wl,-init=go", "dynamic entry 0xc");
  refused("void go(void); void go(void) {}\n", "-Wl,-fini=go", "dynamic entry 0xd");
  refused("static void *r(void) { return 0; }\n"
          "void f(void) __attribute__((ifunc(\"r\")));\n"
          "void (*const p)(void) = f;\n",
          "-Wno-everything", "not an image");
}

static void parse__other_libraries_and_symbols(void **state) {
  (void)state;
  refused("", "-Wl,--no-as-needed -lc", "dynamic entry 0x1 ");
  refused("extern int f(void); int g(void); PUBLIC int g(void) { return f(); }\n", "-Wl,-z,undefs",
          "dynamic entry");
  refused("PUBLIC const int other = 1;\n", "", "a symbol other than");
  refused("PUBLIC void other(void) {}\n", "", "a symbol other than");
  refused("extern int e __attribute__((weak)); PUBLIC int *const w = &e;\n", "-Wl,-z,undefs",
          "not an image");
  refused("", "-Wl,-rpath,/tmp -Wl,--enable-new-dtags", "dynamic entry 0x1d");
  refused("", "-Wl,-rpath,/tmp -Wl,--disable-new-dtags", "dynamic entry 0xf");
  refused("", "-Wl,--hash-style=gnu", "sysv hash");
  refused("", "-Wl,-Bsymbolic -Wl,-z,initfirst", "dynamic entry");
}

static void parse__writable_and_thread_local(void **state) {
  (void)state;
  refused("int v = 1; int *f(void); int *f(void) { return &v; }\n", "", "writable variable");
  refused("int v; int *f(void); int *f(void) { return &v; }\n", "", "writable variable");
  refused("_Thread_local int v = 1; int *f(void); int *f(void) { return &v; }\n",
          "-ftls-model=initial-exec", "not an image");
  refused("", "-Wl,--image-base=0x10000", "do not begin at 0");
  refused("", "-Wl,-z,norelro", "writable variable");
  refused("", "-Wl,-z,execstack", "executable stack");
  refused("", "-Wl,-N -fuse-ld=bfd", "not an image");
}

static void parse__other_relocations(void **state) {
  (void)state;
  refused("", "-Wl,--pack-dyn-relocs=relr", "dynamic entry 0x24");
  refused("__asm__(\".text\\n.quad helios_plugin\\n\");\n", "-Wl,-z,notext", "dynamic entry");
  refused("__asm__(\".section .data.rel.ro\\n.quad helios_plugin\\n\");\n", "", "RELATIVE");
}

static void parse__no_plugin_symbol(void **state) {
  (void)state;
  struct fx_bytes e = fx_compile("PUBLIC const int helios_plugio = 1;\n"
                                 "static const void *const p = &helios_plugio;\n"
                                 "const void *f(void); PUBLIC const void *f(void) { return &p; }\n",
                                 ""),
                  f = fx_pack(e, NULL, 0);
  fx_refused(f, HELIOS_E_PLUGIN, "not an image");
  fx_free(e);
  fx_free(f);
}

/* Fields of the headers that lie. */
static void header_lies(size_t at, const void *bytes, size_t size, const char *part) {
  struct fx_bytes e = {malloc(elf.size), elf.size};
  assert_non_null(e.data);
  memcpy(e.data, elf.data, elf.size);
  memcpy(e.data + at, bytes, size);
  struct fx_bytes f = fx_pack(e, NULL, 0);
  fx_refused(f, HELIOS_E_PLUGIN, part);
  fx_free(e);
  fx_free(f);
}

#define EHDR_LIES(field, value, part)                                                              \
  do {                                                                                             \
    Elf64_Ehdr h;                                                                                  \
    memcpy(&h, elf.data, sizeof h);                                                                \
    h.field = value;                                                                               \
    header_lies(0, &h, sizeof h, part);                                                            \
  } while (0)

static void parse__elf_header_lies(void **state) {
  (void)state;
  EHDR_LIES(e_ident[0], 0, "ELF header");
  EHDR_LIES(e_ident[EI_CLASS], ELFCLASS32, "ELF header");
  EHDR_LIES(e_ident[EI_DATA], ELFDATA2MSB, "ELF header");
  EHDR_LIES(e_version, 2, "ELF header");
  EHDR_LIES(e_machine, EM_RISCV, "another processor");
  EHDR_LIES(e_type, ET_EXEC, "plain shared object");
  EHDR_LIES(e_entry, 0x1000, "plain shared object");
  EHDR_LIES(e_phentsize, 32, "plain shared object");
  EHDR_LIES(e_phnum, 0, "plain shared object");
  EHDR_LIES(e_phnum, 33, "plain shared object");
  EHDR_LIES(e_phoff, elf.size, "out of the file");
  EHDR_LIES(e_phoff, UINT64_MAX, "out of the file");
  EHDR_LIES(e_phoff, UINT64_MAX - sizeof(Elf64_Phdr), "out of the file");
}

/* The first program header of this kind with these flags, and its place. */
static Elf64_Phdr find_phdr(uint32_t type, uint32_t flags, size_t *at) {
  const Elf64_Ehdr *h = (const void *)elf.data;
  for (int i = 0; i < h->e_phnum; i++) {
    Elf64_Phdr p;
    *at = h->e_phoff + (size_t)i * sizeof p;
    memcpy(&p, elf.data + *at, sizeof p);
    if (p.p_type == type && p.p_flags == flags) {
      return p;
    }
  }
  fail_msg("no program header %u", type);
  return (Elf64_Phdr){0};
}

#define PHDR_LIES(type, flags, field, value, part)                                                 \
  do {                                                                                             \
    size_t at;                                                                                     \
    Elf64_Phdr p = find_phdr(type, flags, &at);                                                    \
    p.field = value;                                                                               \
    header_lies(at, &p, sizeof p, part);                                                           \
  } while (0)

static void parse__program_header_lies(void **state) {
  (void)state;
  PHDR_LIES(PT_LOAD, PF_R | PF_W, p_flags, PF_R | PF_W | PF_X, "writable and executable");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_flags, PF_R | PF_W | PF_X, "writable and executable");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_flags, PF_R | PF_X | 8, "writable and executable");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_flags, PF_X, "writable and executable");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_flags, PF_R, "one executable");
  PHDR_LIES(PT_LOAD, PF_R, p_flags, PF_R | PF_X, "one executable");
  PHDR_LIES(PT_LOAD, PF_R, p_vaddr, 0x1000, "do not begin at 0");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_vaddr, 0, "share a page");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_vaddr, UINT64_MAX - 1, "out of range");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_memsz, UINT64_MAX, "out of range");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_memsz, 0, "out of range");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_filesz, 0, "not in the file");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_offset, elf.size, "out of range");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_offset, UINT64_MAX, "out of range");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_align, 0x20000, "alignment");
  PHDR_LIES(PT_LOAD, PF_R | PF_X, p_align, 0x1800, "alignment");
  PHDR_LIES(PT_LOAD, PF_R | PF_W, p_memsz, 0x100000, "writable variable");
  PHDR_LIES(PT_DYNAMIC, PF_R | PF_W, p_vaddr, 0x100000, "outside of its segments");
  PHDR_LIES(PT_DYNAMIC, PF_R | PF_W, p_memsz, 17, "no dynamic table");
  PHDR_LIES(PT_DYNAMIC, PF_R | PF_W, p_memsz, 16, "not an image");
  PHDR_LIES(PT_DYNAMIC, PF_R | PF_W, p_type, PT_NULL, "no dynamic table");
  PHDR_LIES(PT_DYNAMIC, PF_R | PF_W, p_type, PT_INTERP, "unknown kind");
  PHDR_LIES(PT_DYNAMIC, PF_R | PF_W, p_type, PT_TLS, "unknown kind");
  PHDR_LIES(PT_GNU_STACK, PF_R | PF_W, p_type, PT_DYNAMIC, "two dynamic");
  PHDR_LIES(PT_GNU_STACK, PF_R | PF_W, p_type, PT_GNU_RELRO, "relro");
  PHDR_LIES(PT_GNU_RELRO, PF_R, p_type, PT_NULL, "writable variable");
  PHDR_LIES(PT_GNU_RELRO, PF_R, p_memsz, UINT64_MAX, "relro");
}

static void entry_lies(int64_t tag, int64_t new_tag, uint64_t value, const char *part) {
  size_t at;
  Elf64_Phdr p = find_phdr(PT_DYNAMIC, PF_R | PF_W, &at);
  for (at = p.p_offset; at < p.p_offset + p.p_filesz; at += sizeof(Elf64_Dyn)) {
    Elf64_Dyn d;
    memcpy(&d, elf.data + at, sizeof d);
    if (d.d_tag == tag) {
      d = (Elf64_Dyn){new_tag, {value}};
      header_lies(at, &d, sizeof d, part);
      return;
    }
  }
  fail_msg("no dynamic entry %d", (int)tag);
}

static void parse__dynamic_table_lies(void **state) {
  (void)state;
  static const int64_t tables[] = {DT_SYMTAB, DT_STRTAB, DT_HASH, DT_RELA};
  for (size_t i = 0; i < 4; i++) {
    entry_lies(tables[i], tables[i], 0x7fffffff, "not an image");
    entry_lies(tables[i], tables[i], UINT64_MAX - 3, "not an image");
    entry_lies(tables[i], DT_NULL, 0, "no");
    entry_lies(tables[i], tables[i], 0, i == 3 ? "no relocations" : "no symbol table");
  }
  entry_lies(DT_STRSZ, DT_STRSZ, UINT64_MAX, "outside of its segments");
  entry_lies(DT_STRSZ, DT_STRSZ, 2, "symbol");
  entry_lies(DT_SYMENT, DT_SYMENT, 23, "symbol table");
  entry_lies(DT_RELAENT, DT_RELAENT, 16, "another size");
  entry_lies(DT_RELASZ, DT_RELASZ, 0, "no relocations");
  entry_lies(DT_RELASZ, DT_RELASZ, 25, "another size");
  entry_lies(DT_RELASZ, DT_RELASZ, UINT64_C(24) << 50, "outside of its segments");
  entry_lies(DT_FLAGS, DT_FLAGS, DF_TEXTREL, "dynamic entry");
  entry_lies(DT_FLAGS, DT_FLAGS, DF_STATIC_TLS, "dynamic entry");
  entry_lies(DT_FLAGS, DT_TEXTREL, 0, "dynamic entry");
  entry_lies(DT_FLAGS, DT_JMPREL, 0x100, "dynamic entry");
  entry_lies(DT_FLAGS, DT_NEEDED, 1, "dynamic entry");
  entry_lies(DT_FLAGS, DT_RELA, 0x100, "twice");
  entry_lies(DT_FLAGS, DT_PREINIT_ARRAY, 0x100, "dynamic entry");
}

/* The one symbol, in the image's .dynsym. */
static void symbol_lies(Elf64_Sym symbol, const char *part) {
  const Elf64_Ehdr *h = (const void *)elf.data;
  const Elf64_Shdr *sections = (const void *)(elf.data + h->e_shoff);
  for (int i = 0; i < h->e_shnum; i++) {
    if (sections[i].sh_type == SHT_DYNSYM) {
      header_lies(sections[i].sh_offset + sizeof symbol, &symbol, sizeof symbol, part);
      return;
    }
  }
  fail();
}

static void parse__symbol_lies(void **state) {
  (void)state;
  Elf64_Sym good = fx_symbol(elf, "helios_plugin"), bad;
  good.st_name = 1; /* the only name of .dynstr */
#define SYMBOL_LIES(field, value, part)                                                            \
  bad = good;                                                                                      \
  bad.field = value;                                                                               \
  symbol_lies(bad, part)
  SYMBOL_LIES(st_shndx, SHN_UNDEF, "no global data object");
  SYMBOL_LIES(st_shndx, SHN_ABS, "no global data object");
  SYMBOL_LIES(st_info, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), "no global data object");
  SYMBOL_LIES(st_info, ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC), "no global data object");
  SYMBOL_LIES(st_info, ELF64_ST_INFO(STB_GLOBAL, STT_TLS), "no global data object");
  SYMBOL_LIES(st_info, ELF64_ST_INFO(STB_WEAK, STT_OBJECT), "no global data object");
  SYMBOL_LIES(st_info, ELF64_ST_INFO(STB_LOCAL, STT_OBJECT), "no global data object");
  SYMBOL_LIES(st_size, 0, "out of range");
  SYMBOL_LIES(st_size, UINT64_MAX, "out of range");
  SYMBOL_LIES(st_size, 64, "too short");
  SYMBOL_LIES(st_value, 0x1000000, "out of range");
  SYMBOL_LIES(st_value, UINT64_MAX - 7, "out of range");
  SYMBOL_LIES(st_value, good.st_value + 4, "too short");
  SYMBOL_LIES(st_name, 0, "other than");
  SYMBOL_LIES(st_name, UINT32_MAX, "other than");
#undef SYMBOL_LIES
}

static void parse__number_of_symbols_lies(void **state) {
  (void)state;
  const Elf64_Ehdr *h = (const void *)elf.data;
  const Elf64_Shdr *sections = (const void *)(elf.data + h->e_shoff);
  static const uint32_t counts[] = {0, 1, 65, UINT32_MAX};
  for (int i = 0; i < h->e_shnum; i++) {
    for (int n = 0; n < 4 && sections[i].sh_type == SHT_HASH; n++) {
      header_lies(sections[i].sh_offset + 4, &counts[n], 4, "one symbol");
    }
  }
}

static void relocation_lies(uint64_t offset, uint64_t info, int64_t addend, const char *part) {
  struct hrt_elf parsed;
  helios_error err = {0};
  assert_int_equal(hrt_elf_parse(&parsed, elf.data, elf.size, &err), 0);
  Elf64_Rela r;
  memcpy(&r, elf.data + parsed.rela, sizeof r);
  r.r_offset = offset == 1 ? r.r_offset : offset;
  r.r_info = info ? info : r.r_info;
  r.r_addend = addend == 1 ? r.r_addend : addend;
  header_lies(parsed.rela, &r, sizeof r, part);
}

static void parse__relocation_lies(void **state) {
  (void)state;
  relocation_lies(0, 0, 1, "outside of the writable");
  relocation_lies(0x1000, 0, 1, "outside of the writable");
  relocation_lies(UINT64_MAX - 3, 0, 1, "outside of the writable");
  relocation_lies(1, ELF64_R_INFO(1, R_X86_64_RELATIVE), 1, "RELATIVE");
  relocation_lies(1, ELF64_R_INFO(0, R_X86_64_64), 1, "RELATIVE");
  relocation_lies(1, ELF64_R_INFO(0, R_X86_64_IRELATIVE), 1, "RELATIVE");
  relocation_lies(1, 0, -1, "to outside");
  relocation_lies(1, 0, 0x100000, "to outside");
}

/* Parse and map must stay inside these bytes (a block of their own, for the sanitizer). */
static void parse_and_map(const uint8_t *bytes, size_t size) {
  struct hrt_elf parsed;
  struct hrt_map map;
  uint8_t *own = malloc(size ? size : 1);
  assert_non_null(own);
  memcpy(own, bytes, size);
  if (hrt_elf_parse(&parsed, own, size, NULL) == 0 &&
      hrt_map_image(&map, &parsed, own, "test", NULL) == 0) {
    hrt_map_release(&map);
  }
  free(own);
}

static void parse__every_flipped_bit(void **state) {
  (void)state;
  for (size_t i = 0; i < elf.size * 8; i++) {
    elf.data[i / 8] ^= (uint8_t)(1u << (i % 8));
    parse_and_map(elf.data, elf.size);
    elf.data[i / 8] ^= (uint8_t)(1u << (i % 8));
  }
}

static void parse__every_cut(void **state) {
  (void)state;
  for (size_t size = 0; size < elf.size; size++) {
    parse_and_map(elf.data, size);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parse__accepts_what_the_linkers_make),
      cmocka_unit_test(parse__code_that_runs_at_load),
      cmocka_unit_test(parse__other_libraries_and_symbols),
      cmocka_unit_test(parse__writable_and_thread_local),
      cmocka_unit_test(parse__other_relocations),
      cmocka_unit_test(parse__no_plugin_symbol),
      cmocka_unit_test(parse__elf_header_lies),
      cmocka_unit_test(parse__program_header_lies),
      cmocka_unit_test(parse__dynamic_table_lies),
      cmocka_unit_test(parse__symbol_lies),
      cmocka_unit_test(parse__number_of_symbols_lies),
      cmocka_unit_test(parse__relocation_lies),
      cmocka_unit_test(parse__every_flipped_bit),
      cmocka_unit_test(parse__every_cut),
  };
  return cmocka_run_group_tests_name("elf", tests, setup, teardown);
}
