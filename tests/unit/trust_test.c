/* trust_test.c - signed plugins as the engine reads them: every changed byte, the trust root and
 * who could have written it, keys that are removed while code is mapped. */
#include "engine_kit.h"

#include "registry/plugin_cache.h"
#include "sign.h"

#if defined __aarch64__
#define FAMILY "aarch64"
#else
#define FAMILY "x86_64"
#endif

static uint8_t secret[2][HCC_SIGN_KEY];
static struct fx_bytes elf, plain, signed_once, signed_twice;

static struct fx_bytes sign(struct fx_bytes file, const uint8_t key[HCC_SIGN_KEY]) {
  hcc_buf out;
  hcc_buf_init(&out, 1u << 24);
  assert_int_equal(hcc_sign_plugin(&out, file.data, file.size, key, NULL), 0);
  struct fx_bytes b = {malloc(out.size), out.size};
  assert_non_null(b.data);
  memcpy(b.data, out.data, out.size);
  hcc_buf_free(&out);
  return b;
}

static const char guest[] =
    "static void init(void *i) { (void)i; }\n"
    "static void one(void *i, hsb_slot *s) { (void)i; s[0] = 1; }\n"
    "static const struct hsb_export ex[] = {EXPORT(\"one\", \":j\", one)};\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR, .instance_size = 64,\n"
    "  .memory_offset = 8, .export_count = 1, .exports = ex, .init = init};\n";

static int setup(void **state) {
  char path[2][300];
  ek_setup(state);
  for (int i = 0; i < 2; i++) {
    snprintf(path[0], sizeof path[0], "%s/%d.key", ek_dir, i);
    snprintf(path[1], sizeof path[1], "%s/%d.pub", ek_dir, i);
    assert_int_equal(hcc_sign_keygen(path[0], path[1], NULL), 0);
    assert_int_equal(hcc_sign_key_load(secret[i], path[0], NULL), 0);
  }
  elf = fx_compile(guest, "");
  plain = fx_pack(elf, NULL, 0);
  signed_once = sign(plain, secret[0]);
  signed_twice = sign(signed_once, secret[1]);
  return 0;
}

static int teardown(void **state) {
  fx_free(elf);
  fx_free(plain);
  fx_free(signed_once);
  fx_free(signed_twice);
  return ek_teardown(state);
}

static const uint8_t foreign[32] = {9};
static char root[64];

static void root_make(void) {
  snprintf(root, sizeof root, "/tmp/helios-root-" MKTEMP);
  assert_non_null(mkdtemp(root));
}

static const char *in_root(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", root, name);
  return path;
}

/* Public key n under another name. */
static void root_add(int n, const char *name) {
  char from[128], text[64];
  snprintf(from, sizeof from, "%s/%d.pub", ek_dir, n);
  FILE *f = fopen(from, "r");
  assert_non_null(f);
  assert_non_null(fgets(text, sizeof text, f));
  fclose(f);
  f = fopen(in_root(name), "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
  assert_int_equal(chmod(in_root(name), 0644), 0);
}

static void root_remove(void) {
  DIR *dir = opendir(root);
  for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
    unlink(in_root(e->d_name));
  }
  closedir(dir);
  rmdir(root);
}

static int load(struct fx_bytes file, const char *folder, char label[HRT_LABEL_BYTES],
                helios_error *err) {
  hrt_plugin *p = NULL;
  hrt_trust trust = {.key = foreign, .root = folder};
  *err = (helios_error){0};
  int status = hrt_plugin_load_trusted(&p, file.data, file.size, &trust, err);
  if (status == 0 && label) {
    snprintf(label, HRT_LABEL_BYTES, "%s", hrt_plugin_voucher(p)->label);
  }
  assert_int_equal(status == 0, p != NULL);
  hrt_plugin_unref(p);
  return status;
}

static void must(struct fx_bytes file, const char *folder, const char *wanted) {
  char label[HRT_LABEL_BYTES];
  helios_error err;
  if (load(file, folder, label, &err) != 0) {
    fail_msg("%s (%s)", err.text, err.hint);
  }
  assert_string_equal(label, wanted);
}

static void refused(struct fx_bytes file, const char *folder, const char *text, const char *hint) {
  helios_error err;
  assert_int_equal(load(file, folder, NULL, &err), HELIOS_E_UNTRUSTED);
  if (strstr(err.text, text) == NULL || strstr(err.hint, hint) == NULL) {
    fail_msg("\"%s\" (%s)", err.text, err.hint);
  }
}

static void root__decides(void **state) {
  (void)state;
  root_make();
  refused(plain, root, "the plugin's seal does not match", "");
  refused(signed_once, root, "no key of the trust root signed it", ".pub file");
  refused(signed_once, "", "no key of the trust root signed it", "");
  refused(signed_once, in_root("none"), "no key of the trust root signed it", "");
  root_add(0, "acme.txt"); /* another suffix */
  refused(signed_once, root, "no key of the trust root", "");
  root_add(0, "ac\nme.pub");
  must(signed_once, root, "ac\\x0ame");
  root_add(1, "beta.pub");
  unlink(in_root("ac\nme.pub"));
  refused(signed_once, root, "no key of the trust root", "");
  must(signed_twice, root, "beta");
  refused(plain, root, "seal", "");
  setenv("HELIOS_TRUST_ROOT", root, 1);
  must(signed_twice, NULL, "beta");
  setenv("HELIOS_TRUST_ROOT", "", 1);
  setenv("XDG_CONFIG_HOME", "relative", 1);
  unsetenv("HOME");
  refused(signed_twice, NULL, "no key of the trust root", "");
  root_remove();
}

static void root__must_be_safe(void **state) {
  (void)state;
  root_make();
  root_add(0, "acme.pub");
  assert_int_equal(chmod(in_root("acme.pub"), 0664), 0);
  refused(signed_once, root, "no key of the trust root", "acme.pub can be written by others");
  assert_int_equal(chmod(in_root("acme.pub"), 0644), 0);
  assert_int_equal(chmod(root, 0777), 0);
  refused(signed_once, root, "can be written by others", "");
  assert_int_equal(chmod(root, 0755), 0);
  must(signed_once, root, "acme");
  FILE *f = fopen(in_root("acme.pub"), "a");
  fputs("more", f);
  fclose(f);
  refused(signed_once, root, "no key of the trust root", "acme.pub is not base64 of 32 bytes");
  unlink(in_root("acme.pub"));
  assert_int_equal(mkdir(in_root("acme.pub"), 0755), 0);
  refused(signed_once, root, "no key of the trust root", "is not a regular file");
  rmdir(in_root("acme.pub"));
  refused(signed_once, ek_path("0.pub"), "no key of the trust root", ""); /* a file, no folder */
  root_remove();
}

static void signed__every_flipped_byte_is_refused(void **state) {
  (void)state;
  root_make();
  root_add(0, "a.pub");
  struct fx_bytes f = {malloc(signed_once.size), signed_once.size};
  assert_non_null(f.data);
  memcpy(f.data, signed_once.data, f.size);
  for (size_t i = 0; i < f.size; i += i < plain.size - 200 ? 7 : 1) {
    helios_error err;
    f.data[i] ^= (uint8_t)(1u << (i % 8));
    int status = load(f, root, NULL, &err);
    if (status != HELIOS_E_UNTRUSTED && status != HELIOS_E_PLUGIN) {
      fail_msg("byte %zu of %zu: %d %s", i, f.size, status, err.text);
    }
    f.data[i] ^= (uint8_t)(1u << (i % 8));
  }
  for (size_t cut = 1; cut < 300; cut++) {
    helios_error err;
    assert_int_not_equal(load((struct fx_bytes){f.data, f.size - cut}, root, NULL, &err), 0);
  }
  must(f, root, "a");
  fx_free(f);
  root_remove();
}

static void signed__sizes_that_lie(void **state) {
  (void)state;
  static const struct hsb_file_trailer lies[] = {
      {.count = 0},     {.count = 17},      {.count = UINT32_MAX},
      {.count = 2},     {.plugin_size = 1}, {.plugin_size = ~0ull},
      {.file_size = 1}, {.reserved = 1},    {.file_size = ~0ull}};
  struct fx_bytes f = {malloc(signed_once.size), signed_once.size};
  assert_non_null(f.data);
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    struct hsb_file_trailer t;
    helios_error err;
    memcpy(f.data, signed_once.data, f.size);
    memcpy(&t, f.data + f.size - sizeof t, sizeof t);
    t.count = i < 4 ? lies[i].count : t.count;
    t.plugin_size = lies[i].plugin_size ? lies[i].plugin_size : t.plugin_size;
    t.file_size = lies[i].file_size ? lies[i].file_size : t.file_size;
    t.reserved = lies[i].reserved;
    memcpy(f.data + f.size - sizeof t, &t, sizeof t);
    assert_int_equal(load(f, "", NULL, &err), HELIOS_E_PLUGIN);
    size_t size; /* heliosc reads it likewise */
    uint32_t count;
    assert_int_equal(hcc_signed_split(&size, &count, f.data, f.size, NULL), HCC_E_NOT_PLUGIN);
  }
  fx_free(f);
}

/* A signature of the same key over something else is none, and one moved to another plugin. */
static void signed__only_these_bytes(void **state) {
  (void)state;
  root_make();
  root_add(0, "a.pub");
  char text[HCC_SIGN_TEXT];
  uint8_t raw[66];
  struct fx_bytes f = {malloc(signed_once.size), signed_once.size};
  assert_non_null(f.data);
  memcpy(f.data, signed_once.data, f.size);
  assert_int_equal(hcc_sign_module(text, plain.data, plain.size, secret[0], NULL), 0);
  assert_int_equal(EVP_DecodeBlock(raw, (const uint8_t *)text, 88), 66);
  memcpy(f.data + plain.size + 32, raw, 64);
  refused(f, root, "no key of the trust root signed it", "");
  memcpy(f.data, signed_once.data, f.size);
  fx_seal((struct fx_bytes){f.data, plain.size}, foreign); /* another plugin, sealed here: */
  must(f, root, "this machine");
  memset(f.data + plain.size - 40, 0, 8); /* its seal is wrong again */
  refused(f, root, "no key of the trust root signed it", "");
  fx_free(f);
  root_remove();
}

/* A key that was removed vouches for nothing more, though its plugin is still mapped. */
static void cache__asks_each_time(void **state) {
  (void)state;
  uint8_t hash[HRT_HASH_BYTES];
  hrt_plugin *p, *again;
  helios_error err = {0};
  static const char portable[] = "{\"target\":\"" FAMILY "\"}",
                    native[] = "{\"target\":\"native\"}";
  const struct fx_section info = {HSB_SECTION_INFO, portable, sizeof portable - 1};
  const struct fx_section here = {HSB_SECTION_INFO, native, sizeof native - 1};
  struct fx_bytes files[] = {fx_pack(elf, &info, 1), fx_pack(elf, &here, 1)};
  struct fx_bytes once = sign(files[0], secret[0]), other = sign(files[1], secret[0]);
  setenv("HELIOS_KEY", ek_path("none"), 1);
  root_make();
  root_add(0, "a.pub");
  assert_int_equal(hrt_plugin_cache_load(&p, hash, once.data, once.size, root, NULL), 0);
  assert_int_equal(hrt_plugin_cache_load(&again, hash, other.data, other.size, root, &err),
                   HELIOS_E_PLUGIN); /* whose processor "native" means is not known */
  memset(&err, 0, sizeof err);
  assert_int_equal(hrt_sha256(hash, once.data, once.size, NULL), 0);
  assert_ptr_equal(hrt_plugin_cache_find(hash, root), p);
  assert_null(hrt_plugin_cache_find(hash, "")); /* another connection, which trusts nobody */
  unlink(in_root("a.pub"));
  assert_null(hrt_plugin_cache_find(hash, root));
  assert_int_equal(hrt_plugin_cache_load(&again, hash, once.data, once.size, root, &err),
                   HELIOS_E_UNTRUSTED);
  hrt_plugin_cache_release(p);
  hrt_plugin_cache_release(p);
  assert_int_equal(hrt_plugin_count(), 0);
  setenv("HELIOS_KEY", ek_path("key"), 1);
  fx_free(files[0]);
  fx_free(files[1]);
  fx_free(once);
  fx_free(other);
  root_remove();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(root__decides),
      cmocka_unit_test(root__must_be_safe),
      cmocka_unit_test(signed__every_flipped_byte_is_refused),
      cmocka_unit_test(signed__sizes_that_lie),
      cmocka_unit_test(signed__only_these_bytes),
      cmocka_unit_test(cache__asks_each_time),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
