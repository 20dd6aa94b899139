/* fixture.h - plugins for tests, made without heliosc: C against hsb_abi.h compiled by clang at
 * test time, packed and sealed here after hsb_file.h. Header-only; each test program has its own.
 * Failures of the toolchain end the test with a message. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <elf.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hsb_abi.h"
#include "hsb_file.h"
#include "plugin/plugin.h"

#define MKTEMP                                                                                     \
  "XX"                                                                                             \
  "XX"                                                                                             \
  "XX" /* in pieces: the tree's rules look for open ends */
#define FX __attribute__((unused)) static

static const uint8_t fx_key[HRT_KEY_BYTES] = {1, 2, 3, 4, 5};

struct fx_bytes {
  uint8_t *data;
  size_t size;
};

/* What every guest source begins with. */
#define FX_PRELUDE                                                                                 \
  "#include \"hsb_abi.h\"\n"                                                                       \
  "#define PUBLIC __attribute__((visibility(\"default\")))\n"                                      \
  "#define NOINLINE __attribute__((noinline))\n"                                                   \
  "#define MEM(i) ((volatile unsigned char *)(i) + HSB_SPAN)\n"                                    \
  "#define EXPORT(n, s, f) {.name = n, .name_len = sizeof n - 1, .sig = s, .call = f}\n"           \
  "#define COUNT(a) (sizeof(a) / sizeof *(a))\n"

FX struct fx_bytes fx_read(const char *path) {
  struct fx_bytes b = {0};
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  assert_int_equal(fseek(f, 0, SEEK_END), 0);
  b.size = (size_t)ftell(f);
  rewind(f);
  b.data = malloc(b.size + 1);
  assert_non_null(b.data);
  assert_int_equal(fread(b.data, 1, b.size, f), b.size);
  fclose(f);
  return b;
}

/* Mappings of this process. */
FX int fx_maps(void) {
  int lines = 0, c;
  FILE *f = fopen("/proc/self/maps", "r");
  assert_non_null(f);
  while ((c = fgetc(f)) != EOF) {
    lines += c == '\n';
  }
  fclose(f);
  return lines;
}

/* ELF bytes of a C source. flags are put after ours, so they can undo them. */
FX struct fx_bytes fx_compile(const char *source, const char *flags) {
  char dir[] = "/tmp/fixture-" MKTEMP, command[2000], path[100];
  const char *clang = getenv("HELIOS_CLANG"), *root = getenv("HELIOS_SOURCE");
  assert_non_null(mkdtemp(dir));
  snprintf(command, sizeof command,
           "%s -x c -O2 -g0 -fPIC -shared -ffreestanding -nostdlib -fvisibility=hidden "
           "-fno-optimize-sibling-calls -fno-stack-protector -fuse-ld=lld "
           "-Wl,-z,defs,-z,now,-z,relro,--hash-style=sysv,--build-id=none -I%s/rt-sandbox %s "
           "-o %s/p.so -",
           clang ? clang : "clang", root ? root : ".", flags, dir);
  FILE *pipe = popen(command, "w");
  assert_non_null(pipe);
  fputs(FX_PRELUDE, pipe);
  fputs(source, pipe);
  assert_int_equal(pclose(pipe), 0);
  snprintf(path, sizeof path, "%s/p.so", dir);
  struct fx_bytes elf = fx_read(path);
  unlink(path);
  rmdir(dir);
  return elf;
}

/* Address and size in the image of a (static) function or object. */
FX Elf64_Sym fx_symbol(struct fx_bytes elf, const char *name) {
  const Elf64_Ehdr *h = (const void *)elf.data;
  const Elf64_Shdr *sections = (const void *)(elf.data + h->e_shoff);
  for (int i = 0; i < h->e_shnum; i++) {
    if (sections[i].sh_type != SHT_SYMTAB) {
      continue;
    }
    const Elf64_Sym *symbols = (const void *)(elf.data + sections[i].sh_offset);
    const char *names = (const char *)elf.data + sections[sections[i].sh_link].sh_offset;
    for (size_t n = 0; n < sections[i].sh_size / sizeof *symbols; n++) {
      if (strcmp(names + symbols[n].st_name, name) == 0) {
        return symbols[n];
      }
    }
  }
  fail_msg("no symbol %s", name);
  return (Elf64_Sym){0};
}

struct fx_section {
  uint32_t kind;
  const void *data;
  size_t size;
};

FX void fx_seal(struct fx_bytes file, const uint8_t key[32]) {
  size_t covered =
      file.size - sizeof(struct hsb_file_footer) + offsetof(struct hsb_file_footer, mac);
  unsigned length = 32;
  assert_non_null(HMAC(EVP_sha256(), key, 32, file.data, covered, file.data + covered, &length));
}

FX struct fx_bytes fx_pack(struct fx_bytes elf, const struct fx_section *sections, uint32_t count) {
  struct hsb_file_entry entries[HSB_FILE_SECTIONS_MAX + 1] = {{0}};
  size_t at = (elf.size + 7) & ~(size_t)7;
  for (uint32_t i = 0; i < count; i++) {
    entries[i] = (struct hsb_file_entry){sections[i].kind, 0, at, sections[i].size};
    at = (at + sections[i].size + 7) & ~(size_t)7;
  }
  struct hsb_file_footer footer = {.size = sizeof footer, .major = 1, .elf_size = elf.size};
  struct fx_bytes file = {NULL, at + count * sizeof *entries + sizeof footer};
  file.data = calloc(1, file.size);
  assert_non_null(file.data);
  memcpy(file.data, elf.data, elf.size);
  for (uint32_t i = 0; i < count; i++) {
    memcpy(file.data + entries[i].offset, sections[i].data, sections[i].size);
  }
  memcpy(file.data + at, entries, count * sizeof *entries);
  footer.directory_offset = at;
  footer.directory_count = count;
  footer.file_size = file.size;
  memcpy(footer.magic, HSB_FILE_MAGIC, sizeof footer.magic);
  memcpy(file.data + file.size - sizeof footer, &footer, sizeof footer);
  fx_seal(file, fx_key);
  return file;
}

/* LINES and FUNCS made from a list of static functions of the guest: function n has wasm body
 * [offset, offset + 16), index n and its C name. Lines: the whole function is at offset + 4. */
struct fx_func {
  const char *name;
  uint32_t offset;
};

FX int fx_by_pc(const void *a, const void *b) {
  const struct hsb_file_line *x = a, *y = b;
  return x->pc < y->pc ? -1 : x->pc > y->pc;
}

FX struct fx_bytes fx_pack_funcs(struct fx_bytes elf, const struct fx_func *funcs, uint32_t count) {
  struct hsb_file_line lines[64];
  uint8_t table[4096] = {0};
  struct hsb_file_func rows[64];
  char names[1024] = "";
  memcpy(table, &count, sizeof count);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t length = (uint32_t)strlen(funcs[i].name), at = (uint32_t)strlen(names);
    lines[i].pc = (uint32_t)fx_symbol(elf, funcs[i].name).st_value;
    lines[i].offset = funcs[i].offset + 4;
    rows[i] = (struct hsb_file_func){funcs[i].offset, funcs[i].offset + 16, i, at, length};
    strcat(names, funcs[i].name);
  }
  qsort(lines, count, sizeof *lines, fx_by_pc);
  memcpy(table + 8, rows, count * sizeof *rows);
  memcpy(table + 8 + count * sizeof *rows, names, strlen(names));
  const struct fx_section sections[] = {
      {HSB_SECTION_FUNCS, table, 8 + count * sizeof *rows + strlen(names)},
      {HSB_SECTION_LINES, lines, count * sizeof *lines},
  };
  return fx_pack(elf, sections, 2);
}

FX void fx_free(struct fx_bytes b) {
  free(b.data);
}

/* Loads or fails the test with the error's text. */
FX hrt_plugin *fx_load(struct fx_bytes file) {
  helios_error err = {0};
  hrt_plugin *p = NULL;
  if (hrt_plugin_load(&p, file.data, file.size, fx_key, &err) != 0) {
    fail_msg("%s (%s)", err.text, err.hint);
  }
  return p;
}

/* Loading must fail with this code, a text that holds `part`, and no plugin left behind. */
FX void fx_refused(struct fx_bytes file, int code, const char *part) {
  helios_error err = {0};
  hrt_plugin *p = NULL;
  size_t before = hrt_plugin_count();
  assert_int_equal(hrt_plugin_load(&p, file.data, file.size, fx_key, &err), code);
  assert_null(p);
  assert_int_equal(err.code, code);
  if (strstr(err.text, part) == NULL) {
    fail_msg("\"%s\" does not say \"%s\"", err.text, part);
  }
  assert_int_equal(hrt_plugin_count(), before);
}

#endif
