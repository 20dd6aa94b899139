/* plugin_test.c - loading plugin files: the seal, the structure, the ABI struct, names and lines,
 * references, what a failed allocation leaves behind. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "plugin/alloc.h"
#include "plugin/check.h"

static const char SOURCE[] =
    "static void init(void *i) { (void)i; }\n"
    "static NOINLINE void add(void *i, hsb_slot *s) { (void)i; s[0] += s[1]; }\n"
    "static NOINLINE void sub(void *i, hsb_slot *s) { (void)i; s[0] -= s[1]; }\n"
    "static const struct hsb_export ex[] = {EXPORT(\"add\", \"jj:j\", add), EXPORT(\"a\\0b\", "
    "\"jj:j\", sub)};\n"
    "static const struct hsb_import im[] = {{\"env\", \"log\", \"ii:\", 3, 3}};\n"
    "static const unsigned char blob[] = \"data\";\n"
    "static const struct hsb_segment seg[] = {{16, 0, 4}};\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR, .flags = HSB_PLUGIN_HAS_MEMORY,\n"
    "  .instance_size = 64, .memory_offset = 8, .memory_min = 1, .memory_max = 10,\n"
    "  .export_count = 2, .import_count = 1, .segment_count = 1, .exports = ex, .imports = im,\n"
    "  .segments = seg, .blob = blob, .blob_size = 4, .init = init};\n";

static struct fx_bytes elf, file;

static int setup(void **state) {
  (void)state;
  static const struct fx_func funcs[] = {{"init", 0x100}, {"add", 0x200}, {"sub", 0x300}};
  elf = fx_compile(SOURCE, "");
  file = fx_pack_funcs(elf, funcs, 3);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  fx_free(elf);
  fx_free(file);
  return 0;
}

static struct fx_bytes copy_of(struct fx_bytes b) {
  uint8_t *data = malloc(b.size);
  assert_non_null(data);
  memcpy(data, b.data, b.size);
  return (struct fx_bytes){data, b.size};
}

static void load__runs_and_unmaps(void **state) {
  (void)state;
  size_t before = hrt_plugin_count();
  hrt_plugin *p = fx_load(file);
  assert_int_equal(hrt_plugin_count(), before + 1);
  const struct helios_plugin *abi = hrt_plugin_abi(p);
  assert_int_equal(abi->export_count, 2);
  hsb_slot s[2] = {40, 2};
  abi->exports[0].call(NULL, s);
  assert_int_equal(s[0], 42);
  assert_int_equal(hrt_plugin_export(p, "add", 3), 0);
  assert_int_equal(hrt_plugin_export(p, "a\0b", 3), 1);
  assert_int_equal(hrt_plugin_export(p, "a", 1), -1);
  assert_ptr_equal(hrt_plugin_ref(p), p);
  hrt_plugin_unref(p);
  assert_int_equal(hrt_plugin_count(), before + 1);
  hrt_plugin_unref(p);
  hrt_plugin_unref(NULL);
  assert_int_equal(hrt_plugin_count(), before);
}

static void load__names_and_lines(void **state) {
  (void)state;
  hrt_plugin *p = fx_load(file);
  uintptr_t add = (uintptr_t)hrt_plugin_abi(p)->exports[0].call;
  uintptr_t sub = (uintptr_t)hrt_plugin_abi(p)->exports[1].call;
  char name[HRT_ESCAPED];
  assert_int_equal(hrt_plugin_line(p, add), 0x204);
  assert_int_equal(hrt_plugin_line(p, add + 1), 0x204);
  assert_int_equal(hrt_plugin_line(p, sub), 0x304);
  assert_int_equal(hrt_plugin_line(p, (uintptr_t)&add), HELIOS_NO_OFFSET);
  assert_true(hrt_plugin_has_pc(p, add));
  assert_false(hrt_plugin_has_pc(p, (uintptr_t)hrt_plugin_abi(p)->exports));
  assert_string_equal(hrt_plugin_func_name(p, 0x204, name), "add");
  assert_string_equal(hrt_plugin_func_name(p, 0x30f, name), "sub");
  assert_string_equal(hrt_plugin_func_name(p, 0x310, name), "unknown function");
  assert_string_equal(hrt_plugin_func_name(p, 0xff, name), "unknown function");
  size_t size;
  assert_non_null(hrt_plugin_section(p, HSB_SECTION_LINES, &size));
  assert_int_equal(size, 3 * sizeof(struct hsb_file_line));
  assert_null(hrt_plugin_section(p, HSB_SECTION_WASM, &size));
  assert_int_equal(size, 0);
  hrt_plugin_unref(p);
}

static void load__hostile_names(void **state) {
  (void)state;
  uint8_t table[8 + 3 * sizeof(struct hsb_file_func) + 4] = {3};
  struct hsb_file_func rows[3] = {{1, 2, 7, 0, 0}, {2, 3, 8, 0, 2}, {3, 4, 9, 3, 2}};
  memcpy(table + 8, rows, sizeof rows);
  memcpy(table + 8 + sizeof rows, "\n\"zz", 4);
  const struct fx_section section = {HSB_SECTION_FUNCS, table, sizeof table};
  struct fx_bytes f = fx_pack(elf, &section, 1);
  hrt_plugin *p = fx_load(f);
  char name[HRT_ESCAPED];
  assert_string_equal(hrt_plugin_func_name(p, 1, name), "func 7");
  assert_string_equal(hrt_plugin_func_name(p, 2, name), "\\x0a\"");
  assert_string_equal(hrt_plugin_func_name(p, 3, name), "func 9"); /* name out of the table */
  hrt_plugin_unref(p);
  fx_free(f);
}

/* Rows of two files, one that names a third, a line that is none, a gap. */
static void load__places(void **state) {
  (void)state;
  static const struct hsb_file_place rows[] = {{4, 0 << 20 | 7},         {8, 1 << 20 | 0xfffff},
                                               {12, 2 << 20 | 1},        {16, 1 << 20 | 0},
                                               {20, HSB_FILE_NO_OFFSET}, {24, 0 << 20 | 9}};
  static const struct {
    const char *names;
    size_t size;
    uint32_t rows, files;
    const char *refused; /* NULL: it loads */
  } cases[] = {
      {"a.c\0\x1b\"", 7, 6, 2, NULL},     {"a.c\0\x1b\"", 6, 6, 2, "files of places"},
      {"a.c\0\x1b\"", 7, 6, 3, "files"},  {"a.c\0\x1b\"", 7, 6, 1, "files of places"},
      {"a.c\0\x1b\"", 7, 7, 2, "places"}, {"", 0, UINT32_MAX, 0, "table of places"},
      {"a.c\0\0", 5, 6, 2, "files"},      {"\0a.c", 5, 6, 2, "files of places"},
  };
  uint8_t none[8] = {0};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t table[8 + sizeof rows + 8];
    uint32_t head[2] = {cases[i].rows, cases[i].files};
    memcpy(table, head, sizeof head);
    memcpy(table + 8, rows, sizeof rows);
    memcpy(table + 8 + sizeof rows, cases[i].names, cases[i].size);
    const struct fx_section sections[] = {
        {HSB_SECTION_FUNCS, none, sizeof none},
        {HSB_SECTION_PLACES, table, 8 + sizeof rows + cases[i].size}};
    struct fx_bytes f = fx_pack(elf, sections, 2);
    if (cases[i].refused != NULL) {
      fx_refused(f, HELIOS_E_PLUGIN, cases[i].refused);
    } else {
      hrt_plugin *p = fx_load(f);
      char name[HRT_ESCAPED];
      uint32_t line;
      assert_false(hrt_plugin_place(name, &line, p, 3));
      assert_true(hrt_plugin_place(name, &line, p, 4) && line == 7);
      assert_string_equal(name, "a.c");
      assert_true(hrt_plugin_place(name, &line, p, 11) && line == 0xfffff);
      assert_string_equal(name, "\\x1b\"");
      for (uint32_t at = 12; at < 24; at++) {
        assert_false(hrt_plugin_place(name, &line, p, at));
      }
      assert_true(hrt_plugin_place(name, &line, p, UINT32_MAX) && line == 9);
      hrt_plugin_unref(p);
    }
    fx_free(f);
  }
}

static void load__every_flipped_byte_is_refused(void **state) {
  (void)state;
  struct fx_bytes f = copy_of(file);
  for (size_t i = 0; i < f.size; i++) {
    helios_error err = {0};
    hrt_plugin *p = NULL;
    f.data[i] ^= (uint8_t)(1u << (i % 8));
    int status = hrt_plugin_load(&p, f.data, f.size, fx_key, &err);
    if (status != HELIOS_E_UNTRUSTED && status != HELIOS_E_PLUGIN) {
      fail_msg("flip at %zu: status %d", i, status);
    }
    assert_null(p);
    assert_int_equal(err.code, status);
    f.data[i] ^= (uint8_t)(1u << (i % 8));
  }
  fx_free(f);
}

static void load__every_truncation_is_refused(void **state) {
  (void)state;
  for (size_t size = 0; size < file.size; size++) {
    uint8_t *cut = malloc(size + 1); /* its own block, so that an overread shows */
    helios_error err = {0};
    hrt_plugin *p = NULL;
    assert_non_null(cut);
    memcpy(cut, file.data, size);
    assert_int_equal(hrt_plugin_load(&p, cut, size, fx_key, &err), HELIOS_E_PLUGIN);
    assert_null(p);
    free(cut);
  }
}

static void load__another_key(void **state) {
  (void)state;
  uint8_t key[32];
  helios_error err = {0};
  hrt_plugin *p = NULL;
  memcpy(key, fx_key, 32);
  key[31] ^= 1;
  assert_int_equal(hrt_plugin_load(&p, file.data, file.size, key, &err), HELIOS_E_UNTRUSTED);
  assert_non_null(strstr(err.text, "seal"));
  assert_true(err.hint[0] != '\0');
}

static void load__refuses_not_plugins(void **state) {
  (void)state;
  uint8_t zero[200] = {0};
  fx_refused((struct fx_bytes){zero, sizeof zero}, HELIOS_E_PLUGIN, "not a helios plugin");
  fx_refused(elf, HELIOS_E_PLUGIN, "not a helios plugin");
  fx_refused((struct fx_bytes){zero, 0}, HELIOS_E_PLUGIN, "empty");
}

/* Structure that lies although the seal is right. */
static void footer_lies(void (*lie)(struct hsb_file_footer *), const char *part) {
  struct fx_bytes f = copy_of(file);
  struct hsb_file_footer footer;
  memcpy(&footer, f.data + f.size - sizeof footer, sizeof footer);
  lie(&footer);
  memcpy(f.data + f.size - sizeof footer, &footer, sizeof footer);
  fx_seal(f, fx_key);
  fx_refused(f, HELIOS_E_PLUGIN, part);
  fx_free(f);
}

static void lie_size(struct hsb_file_footer *f) {
  f->size = 81;
}
static void lie_reserved(struct hsb_file_footer *f) {
  f->reserved = 1;
}
static void lie_major(struct hsb_file_footer *f) {
  f->major = 2;
}
static void lie_count(struct hsb_file_footer *f) {
  f->directory_count = UINT32_MAX;
}
static void lie_count_less(struct hsb_file_footer *f) {
  f->directory_count--;
}
static void lie_offset(struct hsb_file_footer *f) {
  f->directory_offset = UINT64_MAX - 7;
}
static void lie_elf(struct hsb_file_footer *f) {
  f->elf_size = UINT64_MAX;
}
static void lie_elf_short(struct hsb_file_footer *f) {
  f->elf_size = 100;
}
static void lie_elf_none(struct hsb_file_footer *f) {
  f->elf_size = 0;
}

static void load__footer_lies(void **state) {
  (void)state;
  footer_lies(lie_size, "footer");
  footer_lies(lie_reserved, "footer");
  footer_lies(lie_major, "format 2.0");
  footer_lies(lie_count, "directory");
  footer_lies(lie_count_less, "directory");
  footer_lies(lie_offset, "directory");
  footer_lies(lie_elf, "image out of place");
  footer_lies(lie_elf_short, "out of the file");
  footer_lies(lie_elf_none, "out of the file");
}

static void entry_lies(uint32_t kind, uint64_t offset, uint64_t length, const char *part) {
  struct fx_bytes f = copy_of(file);
  struct hsb_file_footer footer;
  memcpy(&footer, f.data + f.size - sizeof footer, sizeof footer);
  struct hsb_file_entry e = {kind, 0, offset, length};
  memcpy(f.data + footer.directory_offset, &e, sizeof e);
  fx_seal(f, fx_key);
  fx_refused(f, HELIOS_E_PLUGIN, part);
  fx_free(f);
}

static void load__section_lies(void **state) {
  (void)state;
  size_t at = (elf.size + 7) & ~(size_t)7;
  entry_lies(HSB_SECTION_FUNCS, 0, 8, "section out of place");
  entry_lies(HSB_SECTION_FUNCS, at, UINT64_MAX - 8, "section out of place");
  entry_lies(HSB_SECTION_FUNCS, UINT64_MAX - 7, 8, "section out of place");
  entry_lies(HSB_SECTION_FUNCS, at + 4, 8, "section out of place");
  entry_lies(HSB_SECTION_LINES, at, 8, "two sections");
  entry_lies(HSB_SECTION_FUNCS, at, 7, "table of functions");
  entry_lies(HSB_SECTION_FUNCS, at, 8 + 59, "table of functions");
}

static void load__too_many_sections(void **state) {
  (void)state;
  struct fx_section sections[HSB_FILE_SECTIONS_MAX + 1];
  for (uint32_t i = 0; i <= HSB_FILE_SECTIONS_MAX; i++) {
    sections[i] = (struct fx_section){100 + i, "x", 1};
  }
  struct fx_bytes f = fx_pack(elf, sections, HSB_FILE_SECTIONS_MAX);
  hrt_plugin_unref(fx_load(f)); /* unknown kinds are skipped */
  fx_free(f);
  f = fx_pack(elf, sections, HSB_FILE_SECTIONS_MAX + 1);
  fx_refused(f, HELIOS_E_PLUGIN, "directory");
  fx_free(f);
}

/* All in place, but four bytes further on. */
static void load__misaligned_directory(void **state) {
  (void)state;
  struct hsb_file_footer footer;
  struct fx_bytes f = {calloc(1, file.size + 4), file.size + 4};
  memcpy(&footer, file.data + file.size - sizeof footer, sizeof footer);
  memcpy(f.data, file.data, footer.directory_offset);
  memcpy(f.data + footer.directory_offset + 4, file.data + footer.directory_offset,
         file.size - footer.directory_offset);
  footer.directory_offset += 4;
  footer.file_size += 4;
  memcpy(f.data + f.size - sizeof footer, &footer, sizeof footer);
  fx_seal(f, fx_key);
  fx_refused(f, HELIOS_E_PLUGIN, "directory");
  fx_free(f);
}

static void load__odd_lines(void **state) {
  (void)state;
  const struct fx_section section = {HSB_SECTION_LINES, "123456789", 9};
  struct fx_bytes f = fx_pack(elf, &section, 1);
  fx_refused(f, HELIOS_E_PLUGIN, "table of lines");
  fx_free(f);
}

/* Changes bytes of helios_plugin (or what it points to, by symbol) in the ELF file and reseals. */
static void abi_lies(const char *symbol, size_t offset, const void *bytes, size_t size,
                     const char *part) {
  struct fx_bytes changed = copy_of(elf);
  Elf64_Sym s = fx_symbol(elf, symbol);
  const Elf64_Ehdr *h = (const void *)elf.data;
  const Elf64_Shdr *section =
      (const Elf64_Shdr *)(const void *)(elf.data + h->e_shoff) + s.st_shndx;
  size_t at = s.st_value - section->sh_addr + section->sh_offset + offset;
  memcpy(changed.data + at, bytes, size);
  struct fx_bytes f = fx_pack(changed, NULL, 0);
  fx_refused(f, HELIOS_E_PLUGIN, part);
  fx_free(f);
  fx_free(changed);
}

#define ABI_LIES(field, type, value, part)                                                         \
  do {                                                                                             \
    const type lie = (type)(value);                                                                \
    abi_lies("helios_plugin", offsetof(struct helios_plugin, field), &lie, sizeof lie, part);      \
  } while (0)

static void load__abi_lies(void **state) {
  (void)state;
  ABI_LIES(size, uint32_t, 8, "size it says");
  ABI_LIES(size, uint32_t, 4096, "size it says");
  ABI_LIES(abi_major, uint16_t, 2, "ABI 2.1");
  ABI_LIES(abi_major, uint16_t, 0, "ABI 0.1");
  ABI_LIES(abi_minor, uint16_t, HSB_ABI_MINOR + 1, "this engine has");
  ABI_LIES(flags, uint32_t, 0x80000000u, "unknown flags");
  ABI_LIES(flags, uint32_t, 0, "data segments");
  ABI_LIES(instance_size, uint32_t, 0, "instance");
  ABI_LIES(instance_size, uint32_t, HSB_INSTANCE_MAX + 1, "instance");
  ABI_LIES(memory_offset, uint32_t, 64, "place of the memory");
  ABI_LIES(memory_offset, uint32_t, 4, "place of the memory");
  ABI_LIES(memory_offset, uint32_t, UINT32_MAX - 7, "place of the memory");
  ABI_LIES(memory_min, uint32_t, 11, "size of the memory");
  ABI_LIES(memory_max, uint32_t, 65537, "size of the memory");
  ABI_LIES(slice, uint32_t, HSB_FUEL_SLICE - 1, "size of a slice");
  ABI_LIES(slice, uint32_t, HSB_FUEL_SLICE_MOST + 1, "size of a slice");
  ABI_LIES(export_count, uint32_t, 100000, "exports");
  ABI_LIES(import_count, uint32_t, UINT32_MAX, "imports");
  ABI_LIES(segment_count, uint32_t, UINT32_MAX, "segments");
  ABI_LIES(blob_size, uint64_t, UINT64_MAX, "segments");
  ABI_LIES(blob_size, uint64_t, 3, "data segment");
}

static void load__abi_inner_lies(void **state) {
  (void)state;
  const uint32_t huge = UINT32_MAX, flag = 2;
  abi_lies("ex", offsetof(struct hsb_export, name_len), &huge, 4, "an export");
  abi_lies("ex", offsetof(struct hsb_export, flags), &flag, 4, "an export");
  abi_lies("im", offsetof(struct hsb_import, module_len), &huge, 4, "an import");
  abi_lies("im", offsetof(struct hsb_import, name_len), &huge, 4, "an import");
  const uint64_t far = UINT64_MAX;
  abi_lies("seg", offsetof(struct hsb_segment, blob_off), &far, 8, "a data segment");
  abi_lies("seg", offsetof(struct hsb_segment, len), &far, 8, "a data segment");
}

/* Sources with one pointer or string wrong each. */
static void source_lies(const char *from, const char *to, const char *part) {
  char source[sizeof SOURCE + 200];
  const char *at = strstr(SOURCE, from);
  assert_non_null(at);
  snprintf(source, sizeof source, "%.*s%s%s", (int)(at - SOURCE), SOURCE, to, at + strlen(from));
  struct fx_bytes e = fx_compile(source, "-Wno-everything"), f = fx_pack(e, NULL, 0);
  fx_refused(f, HELIOS_E_PLUGIN, part);
  fx_free(e);
  fx_free(f);
}

static void load__pointers_out_of_the_image(void **state) {
  (void)state;
  source_lies(".init = init", ".init = 0", "init or start");
  source_lies(".init = init", ".init = (void *)blob", "init or start");
  source_lies(".init = init", ".init = init, .start = (void *)4096", "init or start");
  source_lies(".exports = ex", ".exports = (void *)8", "exports");
  source_lies(".exports = ex", ".exports = (void *)((char *)ex + 4)", "exports");
  source_lies(".imports = im", ".imports = 0", "imports");
  source_lies(".segments = seg", ".segments = 0", "segments");
  source_lies(".blob = blob", ".blob = (void *)1", "segments");
  source_lies("\"jj:j\", add", "\"jj:j\", (void *)ex", "an export");
  source_lies("\"jj:j\", add", "(void *)16, add", "an export");
  source_lies("\"jj:j\", add", "\"jjj\", add", "an export");
  source_lies("\"jj:j\", add", "\"j:j:\", add", "an export");
  source_lies("\"jj:j\", add", "\"jx:j\", add", "an export");
  source_lies("\"ii:\"", "\"ii\"", "an import");
}

static void load__shorter_struct_of_the_symbol(void **state) {
  (void)state;
  source_lies("PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,",
              "PUBLIC const struct { unsigned size; void *p; } helios_plugin = {16, init};\n"
              "const struct helios_plugin other = {",
              "too short");
}

static void load__every_allocation_fails_once(void **state) {
  (void)state;
  long before = hrt_alloc_live();
  int failures = 0;
  for (long n = 0; n < 100; n++) {
    helios_error err = {0};
    hrt_plugin *p = NULL;
    hrt_alloc_fail(n, 1);
    int status = hrt_plugin_load(&p, file.data, file.size, fx_key, &err);
    hrt_alloc_fail(-1, 0);
    if (status == 0) {
      hrt_plugin_unref(p);
      assert_int_equal(hrt_alloc_live(), before);
      break;
    }
    failures++;
    assert_int_equal(status, HELIOS_E_MEMORY);
    assert_null(p);
    assert_true(err.text[0] != '\0');
    assert_int_equal(hrt_alloc_live(), before);
  }
  assert_int_equal(failures, 3); /* struct, copy, image */
}

static void load__ten_thousand_times_leaves_nothing(void **state) {
  (void)state;
  hrt_plugin_unref(fx_load(file));
  long live = hrt_alloc_live();
  int before = fx_maps();
  for (int i = 0; i < 10000; i++) {
    hrt_plugin_unref(fx_load(file));
  }
  assert_in_range(fx_maps(), 0, before + 4); /* the C library's own */
  assert_int_equal(hrt_alloc_live(), live);
}

static void load__pages_are_never_writable_code(void **state) {
  (void)state;
  hrt_plugin *p = fx_load(file);
  uintptr_t pc = (uintptr_t)hrt_plugin_abi(p)->init, data = (uintptr_t)hrt_plugin_abi(p)->exports;
  char line[500], mode[5];
  int seen = 0;
  FILE *f = fopen("/proc/self/maps", "r");
  assert_non_null(f);
  while (fgets(line, sizeof line, f)) {
    unsigned long begin, end;
    assert_int_equal(sscanf(line, "%lx-%lx %4s", &begin, &end, mode), 3);
    if (pc >= begin && pc < end) {
      assert_string_equal(mode, "r-xp");
      seen++;
    }
    if (data >= begin && data < end) {
      assert_string_equal(mode, "r--p");
      seen++;
    }
  }
  fclose(f);
  assert_int_equal(seen, 2);
  hrt_plugin_unref(p);
}

/* A file of the local key in a fresh folder. */
static void write_key(const char *path, size_t size, mode_t mode) {
  unlink(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  assert_true(fd >= 0);
  char bytes[64] = "0123456789abcdef0123456789abcdef";
  assert_int_equal(write(fd, bytes, size), (ssize_t)size);
  assert_int_equal(fchmod(fd, mode), 0);
  close(fd);
}

static void key_is(int code, const char *part) {
  uint8_t key[32];
  helios_error err = {0};
  assert_int_equal(hrt_key_load(key, &err), code);
  if (code == 0) {
    assert_memory_equal(key, "0123456789abcdef0123456789abcdef", 32);
  } else {
    assert_non_null(strstr(err.text, part));
    assert_true(code != HELIOS_E_UNTRUSTED || err.hint[0] != '\0');
  }
}

static void key__files(void **state) {
  (void)state;
  char dir[] = "/tmp/key-" MKTEMP, path[64], link[64];
  assert_non_null(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/k", dir);
  snprintf(link, sizeof link, "%s/l", dir);
  setenv("HELIOS_KEY", path, 1);
  key_is(HELIOS_E_UNTRUSTED, "no local key");
  write_key(path, 32, 0600);
  key_is(0, "");
  write_key(path, 32, 0400);
  key_is(0, "");
  write_key(path, 32, 0640);
  key_is(HELIOS_E_UNTRUSTED, "by others");
  write_key(path, 32, 0602);
  key_is(HELIOS_E_UNTRUSTED, "by others");
  write_key(path, 31, 0600);
  key_is(HELIOS_E_UNTRUSTED, "32 bytes");
  write_key(path, 33, 0600);
  key_is(HELIOS_E_UNTRUSTED, "32 bytes");
  write_key(path, 32, 0600);
  assert_int_equal(symlink(path, link), 0);
  setenv("HELIOS_KEY", link, 1);
  key_is(0, "");
  if (geteuid() == 0) {
    assert_int_equal(chown(path, 1, 1), 0);
    key_is(HELIOS_E_UNTRUSTED, "another user");
  }
  unlink(path);
  unlink(link);
  assert_int_equal(mkfifo(path, 0600), 0);
  setenv("HELIOS_KEY", path, 1);
  key_is(HELIOS_E_UNTRUSTED, "regular file");
  unlink(path);
  setenv("HELIOS_KEY", dir, 1);
  key_is(HELIOS_E_UNTRUSTED, "regular file");
  rmdir(dir);
}

static void key__places(void **state) {
  (void)state;
  char dir[] = "/tmp/key-" MKTEMP, path[64], sub[64];
  assert_non_null(mkdtemp(dir));
  snprintf(sub, sizeof sub, "%s/helios", dir);
  snprintf(path, sizeof path, "%s/helios/local.key", dir);
  assert_int_equal(mkdir(sub, 0700), 0);
  write_key(path, 32, 0600);
  unsetenv("HELIOS_KEY");
  setenv("XDG_CONFIG_HOME", dir, 1);
  key_is(0, "");
  unsetenv("XDG_CONFIG_HOME");
  setenv("HOME", "/nonexistent", 1);
  key_is(HELIOS_E_UNTRUSTED, "/nonexistent/.config/helios/local.key");
  unsetenv("HOME");
  key_is(HELIOS_E_UNTRUSTED, "not set");
  unlink(path);
  rmdir(sub);
  rmdir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(load__runs_and_unmaps),
      cmocka_unit_test(load__names_and_lines),
      cmocka_unit_test(load__hostile_names),
      cmocka_unit_test(load__places),
      cmocka_unit_test(load__every_flipped_byte_is_refused),
      cmocka_unit_test(load__every_truncation_is_refused),
      cmocka_unit_test(load__another_key),
      cmocka_unit_test(load__refuses_not_plugins),
      cmocka_unit_test(load__footer_lies),
      cmocka_unit_test(load__section_lies),
      cmocka_unit_test(load__too_many_sections),
      cmocka_unit_test(load__misaligned_directory),
      cmocka_unit_test(load__odd_lines),
      cmocka_unit_test(load__abi_lies),
      cmocka_unit_test(load__abi_inner_lies),
      cmocka_unit_test(load__pointers_out_of_the_image),
      cmocka_unit_test(load__shorter_struct_of_the_symbol),
      cmocka_unit_test(load__every_allocation_fails_once),
      cmocka_unit_test(load__ten_thousand_times_leaves_nothing),
      cmocka_unit_test(load__pages_are_never_writable_code),
      cmocka_unit_test(key__files),
      cmocka_unit_test(key__places),
  };
  return cmocka_run_group_tests_name("plugin", tests, setup, teardown);
}
