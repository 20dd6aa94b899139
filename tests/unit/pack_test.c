/* pack_test.c - the plugin file: what is written is read back, by us and by the engine; every
 * changed byte is seen; the local key: made once, refused when unsafe; the function table. */
#include "build_kit.h"

#include <sys/wait.h>

#include "demangle.h"
#include "key.h"
#include "pack.h"

static const uint8_t KEY[HCC_KEY_BYTES] = {1, 2, 3};
static const uint8_t IMAGE[] = "not really an image";
static const hcc_pack_section SECTIONS[] = {
    {HSB_SECTION_INFO, "{\"v\":1}", 7}, {HSB_SECTION_LINES, "", 0}, {HSB_SECTION_WASM, "\0asm", 4}};

static void pack_it(hcc_buf *b) {
  hcc_buf_init(b, 1 << 20);
  assert_int_equal(hcc_pack(b, IMAGE, sizeof IMAGE, SECTIONS, 3, KEY, NULL), 0);
}

static void pack__reads_back(void **state) {
  (void)state;
  hcc_buf b;
  size_t size;
  struct hsb_file_footer footer;
  pack_it(&b);
  assert_int_equal(hcc_unseal(&footer, b.data, b.size, KEY, NULL), 0);
  assert_int_equal(footer.elf_size, sizeof IMAGE);
  assert_int_equal(footer.directory_offset % 8, 0);
  const uint8_t *info = hcc_pack_find(&size, b.data, b.size, &footer, HSB_SECTION_INFO);
  assert_int_equal(size, 7);
  assert_memory_equal(info, "{\"v\":1}", 7);
  assert_int_equal((info - b.data) % 8, 0);
  assert_non_null(hcc_pack_find(&size, b.data, b.size, &footer, HSB_SECTION_LINES));
  assert_int_equal(size, 0);
  assert_null(hcc_pack_find(&size, b.data, b.size, &footer, 77));
  hcc_buf_free(&b);
}

static void pack__every_bit_is_sealed(void **state) {
  (void)state;
  hcc_buf b;
  struct hsb_file_footer footer;
  pack_it(&b);
  for (size_t i = 0; i < b.size * 8; i++) {
    b.data[i / 8] ^= (uint8_t)(1u << (i % 8));
    assert_int_not_equal(hcc_unseal(&footer, b.data, b.size, KEY, NULL), 0);
    b.data[i / 8] ^= (uint8_t)(1u << (i % 8));
  }
  for (size_t n = 0; n < b.size; n++) {
    uint8_t *cut = malloc(n + 1);
    memcpy(cut, b.data, n);
    assert_int_equal(hcc_unseal(&footer, cut, n, KEY, NULL), HCC_E_NOT_PLUGIN);
    free(cut);
  }
  uint8_t other[HCC_KEY_BYTES] = {1, 2, 4};
  assert_int_equal(hcc_unseal(&footer, b.data, b.size, other, NULL), HCC_E_BAD_MAC);
  hcc_buf_free(&b);
}

static void pack__too_large_is_an_error(void **state) {
  (void)state;
  hcc_buf b;
  hcc_buf_init(&b, 100);
  assert_int_equal(hcc_pack(&b, IMAGE, sizeof IMAGE, SECTIONS, 3, KEY, NULL), HCC_E_LIMIT);
  hcc_buf_free(&b);
}

static void funcs__name_section_then_export(void **state) {
  (void)state;
  static const uint8_t bytes[] = "-----runnerexported";
  hcc_functype types[1] = {{.param_count = 0}};
  hcc_func funcs[3] = {{.imported = true}, {.body = {10, 20}, .name = {5, 11}}, {.body = {20, 30}}};
  hcc_export exports[2] = {{.name = {0, 2}, .kind = HCC_FUNC, .index = 1},
                           {.name = {11, 19}, .kind = HCC_FUNC, .index = 2}};
  hcc_module m = {.bytes = bytes,
                  .size = sizeof bytes,
                  .types = types,
                  .funcs = funcs,
                  .exports = exports,
                  .func_count = 3,
                  .imported_funcs = 1,
                  .export_count = 2};
  hcc_buf b;
  hcc_buf_init(&b, 1 << 16);
  assert_int_equal(hcc_funcs(&b, &m, NULL), 0);
  uint32_t count;
  struct hsb_file_func rows[2];
  memcpy(&count, b.data, 4);
  assert_int_equal(count, 2);
  memcpy(rows, b.data + 8, sizeof rows);
  assert_int_equal(rows[0].start, 10);
  assert_int_equal(rows[1].func, 2);
  const char *names = (const char *)b.data + 8 + sizeof rows;
  assert_memory_equal(names + rows[0].name_offset, "runner", 6);
  assert_int_equal(rows[1].name_length, 8);
  assert_memory_equal(names + rows[1].name_offset, "exported", 8);
  hcc_buf_free(&b);
}

static void key__made_once(void **state) {
  (void)state;
  uint8_t first[HCC_KEY_BYTES], again[HCC_KEY_BYTES], engine[HRT_KEY_BYTES];
  setenv("HELIOS_KEY", kit_path("a/b/key"), 1);
  assert_int_equal(hcc_key_load(first, false, NULL), HCC_E_KEY);
  assert_int_equal(hcc_key_load(first, true, NULL), 0);
  assert_int_equal(hcc_key_load(again, true, NULL), 0);
  assert_memory_equal(first, again, sizeof first);
  assert_int_equal(hrt_key_load(engine, NULL), 0); /* the engine agrees on where and what */
  assert_memory_equal(first, engine, sizeof first);
  struct stat info;
  assert_int_equal(stat(kit_path("a/b/key"), &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  assert_int_equal(stat(kit_path("a/b"), &info), 0);
  assert_int_equal(info.st_mode & 0777, 0700);
}

static void key__config_folders(void **state) {
  (void)state;
  char path[HCC_PATH];
  unsetenv("HELIOS_KEY");
  setenv("XDG_CONFIG_HOME", "/x", 1);
  assert_int_equal(hcc_key_path(path, NULL), 0);
  assert_string_equal(path, "/x/helios/local.key");
  setenv("XDG_CONFIG_HOME", "relative", 1);
  setenv("HOME", "/h", 1);
  assert_int_equal(hcc_key_path(path, NULL), 0);
  assert_string_equal(path, "/h/.config/helios/local.key");
  unsetenv("HOME");
  assert_int_equal(hcc_key_path(path, NULL), HCC_E_KEY);
}

static void key__unsafe_is_refused(void **state) {
  (void)state;
  uint8_t key[HCC_KEY_BYTES] = {7};
  hcc_error err = {.code = HCC_OK};
  kit_write("k", key, sizeof key);
  setenv("HELIOS_KEY", kit_path("k"), 1);
  assert_int_equal(hcc_key_load(key, true, NULL), 0);
  assert_int_equal(chmod(kit_path("k"), 0640), 0);
  assert_int_equal(hcc_key_load(key, true, &err), HCC_E_KEY);
  assert_non_null(strstr(err.text, "by others"));
  kit_write("short", key, 31);
  setenv("HELIOS_KEY", kit_path("short"), 1);
  assert_int_equal(hcc_key_load(key, true, NULL), HCC_E_KEY);
  setenv("HELIOS_KEY", kit_folder, 1);
  assert_int_equal(hcc_key_load(key, true, NULL), HCC_E_KEY);
}

/* Eight processes make the key at once: all end with the same one. */
static void key__race(void **state) {
  (void)state;
  enum { PROCESSES = 8 };
  uint8_t keys[PROCESSES][HCC_KEY_BYTES];
  int ends[PROCESSES][2];
  setenv("HELIOS_KEY", kit_path("race/key"), 1);
  for (int i = 0; i < PROCESSES; i++) {
    assert_int_equal(pipe(ends[i]), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
      uint8_t key[HCC_KEY_BYTES];
      int status = hcc_key_load(key, true, NULL);
      _exit(status == 0 && write(ends[i][1], key, sizeof key) == sizeof key ? 0 : 1);
    }
  }
  for (int i = 0; i < PROCESSES; i++) {
    int status;
    assert_true(wait(&status) > 0);
    assert_int_equal(status, 0);
  }
  for (int i = 0; i < PROCESSES; i++) {
    assert_int_equal(read(ends[i][0], keys[i], HCC_KEY_BYTES), HCC_KEY_BYTES);
    assert_memory_equal(keys[i], keys[0], HCC_KEY_BYTES);
    close(ends[i][0]);
    close(ends[i][1]);
  }
  assert_int_equal(kit_count("race"), 1); /* no leftover beside it */
}

/* ---- demangle.h ---- */

static void demangle__names(void **state) {
  (void)state;
  static const struct {
    const char *name, *is;
  } cases[] = {
      {"_ZN6ledger4deep17h206ca54d7057d63dE", "ledger::deep"},
      {"_ZN98_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$alloc..vec..spec_from_iter..SpecFromIter$LT$"
       "T$"
       "C$I$GT$$GT$9from_iter17h0123456789abcdefE",
       "<alloc::vec::Vec<T> as alloc::vec::spec_from_iter::SpecFromIter<T,I>>::from_iter"},
      {"_ZN4core3ops8function6FnOnce9call_once17h0123456789abcdefE",
       "core::ops::function::FnOnce::call_once"},
      {"_ZN6ledger28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE", "ledger::{{closure}}"},
      {"_ZN17h0123456789abcdefE", "h0123456789abcdef"},
      {"_ZN1a17h0123456789abcdegE", "a::h0123456789abcdeg"},
      {"_ZN4shop4Cart5totalEdd", "shop::Cart::total"},
      {"_Z5totalPKcj", "total"},
      {"_Z2éE", "é"}, /* as many bytes as it says */
      {"add_tax", "add_tax"},
      {"", ""},
      {"_", "_"},
      {"_Z", "_Z"},
      {"_ZN", "_ZN"},
      {"_ZNE", "_ZNE"},
      {"_ZN3fooX", "_ZN3fooX"},
      {"_ZN3foo", "_ZN3foo"},
      {"_ZN4fooE", "_ZN4fooE"}, /* the E is the fourth */
      {"_ZN0E", "_ZN0E"},
      {"_ZN99999999999999999999fooE", "_ZN99999999999999999999fooE"},
      {"_Z9total", "_Z9total"},
      {"_ZL4peek", "_ZL4peek"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (size_t cut = 0; cut <= strlen(cases[i].name); cut++) { /* in their exact size */
      size_t n = strlen(cases[i].name) - cut;
      uint8_t *name = malloc(n + (n == 0));
      hcc_buf b;
      hcc_buf_init(&b, 1000);
      memcpy(name, cases[i].name, n);
      hcc_demangle(&b, name, n);
      assert_false(b.failed);
      if (cut == 0) {
        hcc_buf_byte(&b, 0);
        assert_string_equal(b.data, cases[i].is);
      }
      hcc_buf_free(&b);
      free(name);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pack__reads_back),
      cmocka_unit_test(pack__every_bit_is_sealed),
      cmocka_unit_test(pack__too_large_is_an_error),
      cmocka_unit_test(funcs__name_section_then_export),
      cmocka_unit_test(key__made_once),
      cmocka_unit_test(key__config_folders),
      cmocka_unit_test(key__unsafe_is_refused),
      cmocka_unit_test(demangle__names),
      cmocka_unit_test(key__race),
  };
  return cmocka_run_group_tests(tests, kit_begin, kit_end);
}
