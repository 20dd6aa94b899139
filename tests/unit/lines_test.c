/* lines_test.c - the line table decoder: real images of both DWARF versions, against the symbols
 * they were made from, and modules (places.h); every cut and many changes of them, which must end
 * in an answer, not a fault. */
#include "build_kit.h"

#include <time.h>

#include "image.h"
#include "instance/instance.h"
#include "limits.h"
#include "lines.h"
#include "places.h"

static const char SOURCE[] =
    "#line 1 \"host\"\n"
    "int other(int x) {\n  return x * 3;\n}\n"
    "#line 1000 \"w\"\n"
    "int first(int x) { int y = x + 1;\n"
    "#line 2000 \"w\"\n"
    "return other(y) / x; }\n"
    "#line 3000 \"w\"\n"
    "int second(int x) { return other(x) % x; }\n"
    "#line 9000 \"w\"\n"
    "__attribute__((visibility(\"hidden\"))) int dropped(int x) { return other(x); }\n"
    "#line 70000000 \"w\"\n"
    "int third(int x) { return x ? 0 : other(x); }\n";

static uint8_t *image_of(size_t *size, const char *flags) {
  char command[2048];
  kit_write("l.c", SOURCE, strlen(SOURCE));
  snprintf(command, sizeof command,
           "cd '%s' && clang -O1 -g1 -fPIC -ffunction-sections -fno-inline -c %s l.c -o l.o && "
           "ld.lld -shared --gc-sections -zseparate-code l.o -o l.so",
           kit_folder, flags);
  assert_int_equal(system(command), 0);
  return kit_read(kit_path("l.so"), size);
}

static uint32_t offset_at(const struct hsb_file_line *lines, uint32_t count, uint64_t pc) {
  uint32_t found = HSB_FILE_NO_OFFSET;
  for (uint32_t i = 0; i < count && lines[i].pc <= pc; i++) {
    found = lines[i].offset;
  }
  return found;
}

/* Address of a symbol, by another program. */
static uint64_t address_of(const char *symbol) {
  char command[512];
  unsigned long long address = 0;
  snprintf(command, sizeof command, "llvm-nm-14 '%s' 2>/dev/null || nm '%s'", kit_path("l.so"),
           kit_path("l.so"));
  FILE *pipe = popen(command, "r");
  assert_non_null(pipe);
  char line[256], name[200];
  bool found = false;
  while (!found && fgets(line, sizeof line, pipe) != NULL) {
    found = sscanf(line, "%llx %*c %199s", &address, name) == 2 && strcmp(name, symbol) == 0;
  }
  pclose(pipe);
  assert_true(found);
  return address;
}

static uint32_t any_line(void *arg, const char *file, uint64_t line) {
  (void)arg, (void)file;
  return (uint32_t)line;
}

static void check_image(const char *flags) {
  size_t size;
  uint8_t *bytes = image_of(&size, flags);
  hcc_image image;
  struct hsb_file_line *lines;
  uint32_t count;
  hcc_error err = {.code = HCC_OK};
  assert_int_equal(hcc_image_open(&image, bytes, size, &err), 0);
  if (hcc_lines(&lines, &count, &image, &err) != 0) {
    fail_msg("%s: %s", flags, err.text);
  }
  struct hsb_file_line *none;
  uint32_t none_count;
  hcc_line_tables few = {.lines = hcc_image_section(&image, ".debug_line"),
                         .line_strings = hcc_image_section(&image, ".debug_line_str"),
                         .address_bytes = 8,
                         .code = image.code,
                         .code_end = image.code_end,
                         .rows_max = 1, /* fewer than the first piece has room for */
                         .value = any_line};
  assert_int_equal(hcc_line_rows(&none, &none_count, &few, NULL), HCC_E_INTERNAL);
  for (uint32_t i = 1; i < count; i++) {
    assert_true(lines[i - 1].pc < lines[i].pc);
    assert_true(lines[i - 1].offset != lines[i].offset);
  }
  assert_int_equal(offset_at(lines, count, address_of("first")), 1000);
  assert_int_equal(offset_at(lines, count, address_of("second")), 3000);
  assert_int_equal(offset_at(lines, count, address_of("third")), 70000000);
  assert_true(offset_at(lines, count, address_of("other")) == HSB_FILE_NO_OFFSET);
  assert_true(offset_at(lines, count, image.code_end) == HSB_FILE_NO_OFFSET);
  bool seen = false;
  for (uint32_t i = 0; i < count; i++) {
    seen |= lines[i].offset == 2000;
    assert_true(lines[i].offset != 9000); /* the linker dropped it */
  }
  assert_true(seen);
  free(lines);
  free(bytes);
}

static void lines__dwarf_4_and_5(void **state) {
  (void)state;
  check_image("-gdwarf-4");
  check_image("-gdwarf-5");
  check_image("-gdwarf-5 -gno-column-info");
}

/* Changes only the debug sections: what follows is that no byte of them is trusted. */
static void damage(const char *flags, unsigned seed) {
  size_t size;
  uint8_t *good = image_of(&size, flags);
  hcc_image image;
  assert_int_equal(hcc_image_open(&image, good, size, NULL), 0);
  hcc_span table = hcc_image_section(&image, ".debug_line");
  size_t begin = (size_t)(table.at - good);
  assert_true(table.size > 100);
  unsigned random = seed, refused = 0;
  for (unsigned n = 0; n < 4000; n++) {
    uint8_t *bytes = malloc(size);
    memcpy(bytes, good, size);
    unsigned changes = n < table.size ? 1 : 1 + n % 4;
    for (unsigned k = 0; k < changes; k++) {
      random = random * 1664525u + 1013904223u;
      size_t at = n < table.size ? n : (random >> 8) % table.size;
      bytes[begin + at] = (uint8_t)(n < table.size ? 0xff : random >> 3);
    }
    struct hsb_file_line *lines;
    uint32_t count;
    hcc_error err = {.code = HCC_OK};
    assert_int_equal(hcc_image_open(&image, bytes, size, NULL), 0);
    if (hcc_lines(&lines, &count, &image, &err) == 0) {
      for (uint32_t i = 0; i < count; i++) {
        assert_true(lines[i].pc >= image.code && lines[i].pc <= image.code_end);
        assert_true(i == 0 || lines[i - 1].pc < lines[i].pc);
      }
      free(lines);
    } else {
      assert_int_equal(err.code, HCC_E_INTERNAL);
      refused++;
    }
    free(bytes);
  }
  assert_true(refused > 100);
  free(good);
}

static void lines__damaged_tables(void **state) {
  (void)state;
  damage("-gdwarf-4", 1);
  damage("-gdwarf-5", 2);
}

static void image__cut_and_damaged(void **state) {
  (void)state;
  size_t size;
  uint8_t *good = image_of(&size, "-gdwarf-5");
  hcc_image image;
  for (size_t n = 0; n < size; n += n < 1200 ? 1 : 61) {
    uint8_t *cut = malloc(n + 1);
    memcpy(cut, good, n);
    if (hcc_image_open(&image, cut, n, NULL) == 0) {
      struct hsb_file_line *lines;
      uint32_t count;
      if (hcc_lines(&lines, &count, &image, NULL) == 0) {
        free(lines);
      }
    }
    free(cut);
  }
  for (size_t n = 0; n < 64; n++) { /* the ELF header */
    uint8_t before = good[n];
    good[n] ^= 0xff;
    if (hcc_image_open(&image, good, size, NULL) == 0) {
      hcc_image_section(&image, ".text");
    }
    good[n] = before;
  }
  free(good);
}

static void lines__none_is_empty(void **state) {
  (void)state;
  size_t size;
  uint8_t *bytes = image_of(&size, "-g0");
  hcc_image image;
  struct hsb_file_line *lines;
  uint32_t count;
  assert_int_equal(hcc_image_open(&image, bytes, size, NULL), 0);
  assert_int_equal(hcc_lines(&lines, &count, &image, NULL), 0);
  assert_int_equal(count, 0);
  free(lines);
  free(bytes);
}

/* ---- places.h: a module's own table ---- */

static const char MODULE[] = "#line 10 \"/some/folder/shop.c\"\n"
                             "__attribute__((export_name(\"f\"))) int f(int x, int y) {\n"
                             "  int q = x / y;\n"
                             "#line 500 \"b\\\\c.h\"\n"
                             "  return *(volatile int *)q;\n"
                             "#line 2000000 \"shop.c\"\n"
                             "}\n"
                             "static int dropped(int x) { return x / 3; }\n";

static uint8_t *module_of(size_t *size, const char *flags) {
  char command[2048];
  kit_write("m.c", MODULE, strlen(MODULE));
  snprintf(command, sizeof command,
           "cd '%s' && clang --target=wasm32 -O1 -w %s -c m.c -o m.o && wasm-ld --no-entry m.o -o "
           "m.wasm",
           kit_folder, flags);
  assert_int_equal(system(command), 0);
  return kit_read(kit_path("m.wasm"), size);
}

/* The line of the row that the offset lies in; its file is named so. */
static uint32_t line_at(const hcc_buf *b, uint32_t offset, const char *file) {
  const uint32_t *head = (const uint32_t *)(const void *)b->data;
  const struct hsb_file_place *rows = (const void *)(head + 2);
  const char *name = (const char *)(rows + head[0]);
  uint32_t at = HSB_FILE_NO_OFFSET;
  for (uint32_t i = 0; i < head[0] && rows[i].offset <= offset; i++) {
    at = rows[i].at;
  }
  for (uint32_t i = 0; i < at >> 20; i++) {
    name += strlen(name) + 1;
  }
  assert_string_equal(name, file);
  return at & HSB_FILE_PLACE_LINE;
}

static uint32_t find_opcode(const hcc_module *m, uint8_t opcode) {
  const uint8_t *at = memchr(m->bytes + m->funcs[0].code.begin, opcode, 40);
  assert_non_null(at);
  return (uint32_t)(at - m->bytes);
}

static void places__of_a_module(void **state) {
  (void)state;
  size_t size;
  uint8_t *bytes = module_of(&size, "-gline-tables-only -gdwarf-4");
  hcc_module *m;
  hcc_buf out;
  hcc_buf_init(&out, 1 << 20);
  assert_int_equal(hcc_decode(&m, bytes, size, NULL), 0);
  assert_int_equal(hcc_places(&out, m, NULL), 0);
  assert_true(out.size > 8);
  assert_int_equal(line_at(&out, find_opcode(m, 0x6d), "shop.c"), 11); /* i32.div_s */
  assert_int_equal(line_at(&out, find_opcode(m, 0x28), "c.h"), 500);   /* i32.load */
  assert_null(memmem(out.data, out.size, "folder", 6));
  hcc_module_free(m);
  hcc_buf_free(&out);
  free(bytes);
  bytes = module_of(&size, "-g0");
  hcc_buf_init(&out, 1 << 20);
  assert_int_equal(hcc_decode(&m, bytes, size, NULL), 0);
  assert_int_equal(hcc_places(&out, m, NULL), 0);
  assert_int_equal(out.size, 0);
  hcc_module_free(m);
  hcc_buf_free(&out);
  free(bytes);
}

/* Rows ascend, names are whole; or there is nothing. */
static void check_places(const hcc_buf *b, const hcc_module *m) {
  if (b->size == 0) {
    return;
  }
  const uint32_t *head = (const uint32_t *)(const void *)b->data;
  const struct hsb_file_place *rows = (const void *)(head + 2);
  const char *names = (const char *)(rows + head[0]), *end = (const char *)b->data + b->size;
  for (uint32_t i = 0; i < head[0]; i++) {
    assert_true(rows[i].offset >= m->code.begin && rows[i].offset <= m->code.end);
    assert_true(i == 0 || rows[i - 1].offset < rows[i].offset);
    assert_true(rows[i].at == HSB_FILE_NO_OFFSET || rows[i].at >> 20 < head[1]);
  }
  for (uint32_t i = 0; i < head[1]; i++) {
    assert_true(names < end);
    names += strlen(names) + 1;
  }
  assert_ptr_equal(names, end);
}

static void places__damaged_tables_are_none(void **state) {
  (void)state;
  size_t size;
  uint8_t *good = module_of(&size, "-gline-tables-only -gdwarf-4");
  uint8_t *table = memmem(good, size, "debug_line", 10);
  unsigned kept = 0, none = 0;
  assert_non_null(table);
  for (size_t at = (size_t)(table - good) + 10; at < size; at++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      hcc_module *m;
      hcc_buf out;
      uint8_t *bytes = malloc(size);
      memcpy(bytes, good, size);
      bytes[at] ^= (uint8_t)(1u << bit);
      hcc_buf_init(&out, 1 << 20);
      if (hcc_decode(&m, bytes, size, NULL) == 0) {
        assert_int_equal(hcc_places(&out, m, NULL), 0);
        check_places(&out, m);
        *(out.size > 0 ? &kept : &none) += 1;
        hcc_module_free(m);
      }
      hcc_buf_free(&out);
      free(bytes);
    }
  }
  assert_true(kept > 50 && none > 50);
  free(good);
}

/* ---- tables that nobody's compiler has written ---- */

static void add_custom(hcc_buf *out, const char *name, const void *bytes, size_t size) {
  size_t length = strlen(name);
  hcc_buf_byte(out, 0);
  hcc_buf_u32(out, (uint32_t)(1 + length + size));
  hcc_buf_byte(out, (uint8_t)length);
  hcc_buf_add(out, name, length);
  hcc_buf_add(out, bytes, size);
}

/* A list whose entries are places in .debug_line_str, `step` apart. */
static void add_entries(hcc_buf *out, uint32_t count, uint32_t step) {
  static const uint8_t format[] = {1, 1 /* path */, 0x1f /* line_strp */};
  hcc_buf_add(out, format, sizeof format);
  hcc_buf_u32(out, count);
  for (uint32_t at = 0; count-- != 0; at += step) {
    hcc_buf_add(out, &at, sizeof at);
  }
}

/* A table with so many folders, files and rows, whose names are the ends of a text that long. */
struct hostile {
  uint32_t folders, files, rows, length, slash; /* slash: where in the text; 0: nowhere */
  bool endless;                                 /* no NUL behind the text */
  bool mixed;                                   /* letters, so that names hash alike; all in turn */
};

/* The places of a module that has it. */
static void hostile_places(hcc_buf *out, struct hostile h) {
  static const uint8_t code[] = {0, 'a', 's', 'm', 1, 0,  0, 0, 1, 4, 1, 0x60, 0,
                                 0, 3,   2,   1,   0, 10, 6, 1, 4, 0, 1, 1,    0x0b};
  static const uint8_t tail[] = {1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
  static const uint8_t begin[] = {0, 5, 2, 2, 0, 0, 0}, end[] = {2, 3, 0, 1, 1};
  hcc_buf module, lists, table;
  hcc_module *m;
  char *text = malloc(h.length + 1);
  assert_non_null(text);
  for (uint32_t i = 0; i < h.length; i++) {
    text[i] = (char)('a' + (h.mixed ? i * i % 31 % 26 : 0));
  }
  text[h.length] = 0;
  text[h.slash] = h.slash != 0 ? '/' : 'a';
  hcc_buf_init(&module, SIZE_MAX);
  hcc_buf_init(&lists, SIZE_MAX);
  hcc_buf_init(&table, SIZE_MAX);
  hcc_buf_add(&lists, tail, sizeof tail);
  add_entries(&lists, h.folders, 0);
  add_entries(&lists, h.files, 1);
  uint32_t header = (uint32_t)lists.size;
  hcc_buf_add(&lists, begin, sizeof begin);
  for (uint32_t row = 0; row < h.rows; row++) {
    hcc_buf_byte(&lists, 4); /* the file */
    uint32_t two = h.files - 1 - row % 2;
    hcc_buf_u32(&lists, row < h.files || h.mixed ? row % h.files : two);
    hcc_buf_byte(&lists, 1);
  }
  hcc_buf_add(&lists, end, sizeof end);
  uint32_t size = (uint32_t)lists.size + 8;
  hcc_buf_add(&table, &size, sizeof size);
  hcc_buf_add(&table, (uint8_t[]){5, 0, 4, 0}, 4);
  hcc_buf_add(&table, &header, sizeof header);
  hcc_buf_add(&table, lists.data, lists.size);
  hcc_buf_add(&module, code, sizeof code);
  add_custom(&module, ".debug_line", table.data, table.size);
  add_custom(&module, ".debug_line_str", text, h.length + !h.endless);
  assert_int_equal(hcc_decode(&m, module.data, module.size, NULL), 0);
  hcc_buf_init(out, HCC_MAX_PLUGIN);
  assert_int_equal(hcc_places(out, m, NULL), 0);
  hcc_module_free(m);
  hcc_buf_free(&table);
  hcc_buf_free(&lists);
  hcc_buf_free(&module);
  free(text);
}

#define TEN "aaaaaaaaaa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* A name that no file can have would be in each copy of the plugin, as often as it has ends. */
static void places__of_names_that_are_too_long(void **state) {
  (void)state;
  hcc_buf out;
  hostile_places(&out, (struct hostile){1, 2000, 2000, 22255, 0, false, false});
  assert_int_equal(out.size, 0); /* the shortest has 20256 bytes */
  hcc_buf_free(&out);
  hostile_places(
      &out, (struct hostile){1, 2, 2, 256, 0, false, false}); /* one that is, one that is not */
  assert_in_range(out.size, 256, 300);
  hcc_buf_free(&out);
  hostile_places(&out, (struct hostile){1, 1, 1, 300, 200, false, false}); /* a folder and a name */
  assert_int_equal(line_at(&out, 23, &HUNDRED[1]), 1);
  hcc_buf_free(&out);
}

/* Seconds of the processor. */
static double seconds(void) {
  return (double)clock() / CLOCKS_PER_SEC;
}

static void places__of_a_text_without_an_end(void **state) {
  (void)state;
  hcc_buf out;
  hostile_places(&out, (struct hostile){1, 2, 2, 100, 0, true, false});
  assert_int_equal(out.size, 0);
}

/* In time that grows with the table alone: neither the text that follows a name nor the names that
 * are known already are looked through for each. Before, this took minutes. */
static void places__of_hostile_tables_take_no_time(void **state) {
  (void)state;
  hcc_buf out;
  double begin = seconds();
  hostile_places(&out, (struct hostile){1000000, 1, 1, 2 << 20, 0, false, false});
  hcc_buf_free(&out);
  assert_true(seconds() - begin < 10);
  hostile_places(&out,
                 (struct hostile){1, 255, 2000000, 255, 0, false, true}); /* ends of one name */
  assert_true(out.size > 8);
  assert_int_equal(((const uint32_t *)(const void *)out.data)[1], 255);
  hcc_buf_free(&out);
  assert_true(seconds() - begin < 10);
}

/* What runs into it says so, with the offset in the module. */
static void places__in_the_error_of_a_trap(void **state) {
  (void)state;
  size_t size;
  uint8_t *bytes = module_of(&size, "-gline-tables-only -gdwarf-4");
  hcc_build_result r;
  hcc_build_options options = {.tier = HCC_TIER_OPTIMIZING};
  assert_int_equal(kit_build(&r, bytes, size, options, NULL), 0);
  hrt_plugin *plugin = kit_plugin_of(kit_path("m.so"));
  hrt_instance_options none = {0};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  helios_error err = {0};
  hsb_slot s[2] = {1, 0};
  char expected[128];
  hcc_module *m;
  assert_int_equal(hcc_decode(&m, bytes, size, NULL), 0);
  snprintf(expected, sizeof expected,
           "integer divide by zero in \"f\" at shop.c:11 (wasm offset 0x%x)", find_opcode(m, 0x6d));
  assert_int_equal(hrt_instance_new(&i, plugin, &none, &b, NULL), 0);
  assert_int_equal(hrt_call(i, 0, s, &b, &err), HELIOS_E_TRAP);
  assert_string_equal(err.text, expected);
  hrt_instance_free(i);
  hrt_plugin_unref(plugin);
  hcc_module_free(m);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines__dwarf_4_and_5),
      cmocka_unit_test(lines__damaged_tables),
      cmocka_unit_test(image__cut_and_damaged),
      cmocka_unit_test(lines__none_is_empty),
      cmocka_unit_test(places__of_a_module),
      cmocka_unit_test(places__damaged_tables_are_none),
      cmocka_unit_test(places__of_names_that_are_too_long),
      cmocka_unit_test(places__of_a_text_without_an_end),
      cmocka_unit_test(places__of_hostile_tables_take_no_time),
      cmocka_unit_test(places__in_the_error_of_a_trap),
  };
  return cmocka_run_group_tests(tests, kit_begin, kit_end);
}
