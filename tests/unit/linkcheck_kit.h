/* linkcheck_kit.h - what the link check's tests share: a temporary folder, running the toolchain in
 * it, reading files, and an ELF image opened for patching. */
#ifndef LINKCHECK_KIT_H
#define LINKCHECK_KIT_H

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "linkcheck.h"

#define LINK_FLAGS                                                                                 \
  "-nostdlib -shared -fuse-ld=lld -Wl,-z,defs,-z,now,-z,relro,--no-undefined,--build-id=none"
#define CC_FLAGS                                                                                   \
  "-fPIC -ffreestanding -fno-math-errno -fno-optimize-sibling-calls -fvisibility=hidden -w "       \
  "-I\"$HELIOS_SOURCE/rt-sandbox\""

static char kit_folder[] = "/tmp/linkcheck.XXXXXX";

static inline int kit_setup(void **state) {
  (void)state;
  return mkdtemp(kit_folder) == NULL;
}

/* Runs a shell command in the folder; its exit status. */
static inline int __attribute__((format(printf, 1, 2))) kit_run(const char *format, ...) {
  char command[2048], all[2304];
  va_list args;
  va_start(args, format);
  vsnprintf(command, sizeof command, format, args);
  va_end(args);
  snprintf(all, sizeof all, "cd %s && { %s; } >log 2>&1", kit_folder, command);
  int status = system(all);
  if (status != 0) {
    snprintf(all, sizeof all, "cat %s/log", kit_folder);
    if (system(all) != 0) {
      print_message("(no log)\n");
    }
  }
  return status;
}

static inline int kit_teardown(void **state) {
  (void)state;
  char command[96];
  snprintf(command, sizeof command, "rm -rf %s", kit_folder);
  return system(command);
}

static inline void kit_write(const char *name, const char *text) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", kit_folder, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
}

typedef struct image {
  uint8_t *bytes;
  size_t size;
} image;

static inline image kit_read(const char *name) {
  char path[512];
  image i = {NULL, 0};
  snprintf(path, sizeof path, "%s%s%s", name[0] == '/' ? "" : kit_folder, name[0] == '/' ? "" : "/",
           name);
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  assert_int_equal(fseek(f, 0, SEEK_END), 0);
  i.size = (size_t)ftell(f);
  rewind(f);
  i.bytes = malloc(i.size + 1);
  assert_non_null(i.bytes);
  assert_int_equal(fread(i.bytes, 1, i.size, f), i.size);
  fclose(f);
  return i;
}

static inline image kit_copy(const image *from) {
  image i = {malloc(from->size), from->size};
  assert_non_null(i.bytes);
  memcpy(i.bytes, from->bytes, from->size);
  return i;
}

static inline Elf64_Ehdr *kit_header(const image *i) {
  return (Elf64_Ehdr *)i->bytes;
}

/* The nth program header of a type, and with these flags if they are not 0. */
static inline Elf64_Phdr *kit_segment(const image *i, uint32_t type, uint32_t flags) {
  Elf64_Phdr *p = (Elf64_Phdr *)(i->bytes + kit_header(i)->e_phoff);
  for (unsigned n = 0; n < kit_header(i)->e_phnum; n++) {
    if (p[n].p_type == type && (flags == 0 || p[n].p_flags == flags)) {
      return &p[n];
    }
  }
  fail_msg("no segment of type %u", type);
  return NULL;
}

static inline Elf64_Shdr *kit_section(const image *i, uint32_t type) {
  Elf64_Shdr *s = (Elf64_Shdr *)(i->bytes + kit_header(i)->e_shoff);
  for (unsigned n = 0; n < kit_header(i)->e_shnum; n++) {
    if (s[n].sh_type == type) {
      return &s[n];
    }
  }
  fail_msg("no section of type %u", type);
  return NULL;
}

static inline Elf64_Dyn *kit_dynamic(const image *i, int64_t tag) {
  Elf64_Dyn *d = (Elf64_Dyn *)(i->bytes + kit_segment(i, PT_DYNAMIC, 0)->p_offset);
  while (d->d_tag != tag && d->d_tag != DT_NULL) {
    d++;
  }
  assert_int_equal(d->d_tag, tag);
  return d;
}

static inline void kit_accepted(const image *i, const char *what) {
  hcc_linkcheck_report report;
  if (hcc_linkcheck(&report, i->bytes, i->size) != 0) {
    fail_msg("%s: refused at %#llx: %s", what, (unsigned long long)report.offset, report.text);
  }
  assert_string_equal(report.text, "");
  assert_true(report.instructions > 0 && report.text_bytes > 0);
}

static inline void kit_refused(const image *i, const char *what, const char *text) {
  hcc_linkcheck_report report;
  if (hcc_linkcheck(&report, i->bytes, i->size) != 1) {
    fail_msg("%s: accepted", what);
  }
  if (report.text[0] == '\0' || strstr(report.text, text) == NULL) {
    fail_msg("%s: refused with \"%s\", not \"%s\"", what, report.text, text);
  }
}

#endif
