/* cc_test.c - the flags that make a plugin safe are in the table, the tools take them, and they do
 * what they are there for: recursion ends, frames are bounded, nothing is undefined or exported. */
#include "build_kit.h"

#include "cc.h"
#include "hsb_abi.h"
#include "image.h"

static const hcc_flag *find_flag(const char *text) {
  for (const hcc_flag *f = hcc_flags; f->text != NULL; f++) {
    if (strcmp(f->text, text) == 0) {
      return f;
    }
  }
  return NULL;
}

static void flags__security_is_there(void **state) {
  (void)state;
  static const char *const needed[] = {"-ffreestanding",
                                       "-nostdlibinc",
                                       "-fPIC",
                                       "-fvisibility=hidden",
                                       "-zdefs",
                                       "-znow",
                                       "-zrelro",
                                       "-znoexecstack",
                                       "-zseparate-code",
                                       "-ztext",
                                       "-shared",
                                       "-fno-optimize-sibling-calls",
                                       "-fno-strict-aliasing",
                                       "-ffp-contract=off",
                                       "-fno-delete-null-pointer-checks",
                                       "-Werror=frame-larger-than",

                                       "--version-script=exports.map"};
  char frame[64];
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
    const hcc_flag *f = find_flag(needed[i]);
    if (f == NULL || f->when != HCC_WHEN_ALL) {
      fail_msg("%s is not in every build", needed[i]);
    }
  }
  snprintf(frame, sizeof frame, "-Wframe-larger-than=%u", HSB_FRAME_MAX);
  assert_non_null(find_flag(frame));
  for (const hcc_flag *f = hcc_flags; f->text != NULL; f++) {
    assert_null(strstr(f->text, "-lc"));
    assert_null(strstr(f->text, "fast-math"));
  }
}

static void recipe__differs_by_choice(void **state) {
  (void)state;
  const hcc_target *plain, *v3, *v4;
  assert_int_equal(hcc_target_find(&plain, "x86_64", NULL), 0);
  assert_int_equal(hcc_target_find(&v3, "x86-64-v3", NULL), 0);
  assert_int_equal(hcc_target_find(&v4, "x86-64-v4", NULL), 0);
  hcc_cc choices[] = {{.target = plain},
                      {.target = v3},
                      {.target = plain, .tier = HCC_TIER_BASELINE},
                      {.target = plain, .bounds = HCC_BOUNDS_EXPLICIT},
                      {.target = v4},
                      {.target = plain, .engine = true}};
  char texts[6][4096];
  for (int i = 0; i < 6; i++) {
    hcc_buf b;
    hcc_buf_init(&b, sizeof texts[0] - 1);
    hcc_cc_recipe(&b, &choices[i]);
    assert_false(b.failed);
    snprintf(texts[i], sizeof texts[0], "%.*s", (int)b.size, (const char *)b.data);
    for (int k = 0; k < i; k++) {
      assert_string_not_equal(texts[i], texts[k]);
    }
    hcc_buf_free(&b);
  }
  assert_non_null(strstr(texts[0], "-O3"));
  assert_non_null(strstr(texts[2], "-O1"));
  assert_non_null(strstr(texts[3], "-DHSB_EXPLICIT_BOUNDS"));
  assert_null(strstr(texts[0], "-DHSB_EXPLICIT_BOUNDS"));
  assert_non_null(strstr(texts[4], "-slp-threshold=4"));
  assert_null(strstr(texts[1], "-slp-threshold=4"));
  assert_non_null(strstr(texts[0], "-lsr-complexity-limit="));
  assert_null(strstr(texts[2], "-lsr-complexity-limit=")); /* its time is the build's */
  assert_non_null(strstr(texts[0], "-DHSB_OPERANDS"));
  assert_null(strstr(texts[3], "-DHSB_OPERANDS")); /* it has no check of bounds */
  assert_null(strstr(texts[5], "-DHSB_OPERANDS"));
}

static bool recipe_has(const hcc_cc *cc, const char *flag) {
  hcc_buf b;
  hcc_buf_init(&b, 4096);
  hcc_cc_recipe(&b, cc);
  hcc_buf_byte(&b, '\0');
  assert_false(b.failed);
  bool has = strstr((const char *)b.data, flag) != NULL;
  hcc_buf_free(&b);
  return has;
}

/* An option that later clangs do not know is for those that do. */
static void recipe__by_the_version_of_clang(void **state) {
  (void)state;
  static const char rounds[] = "-instcombine-max-iterations=1";
  hcc_tool old = {.version = "14.0.6"}, recent = {.version = "19.1.7"};
  hcc_cc cc = {.clang = &old, .tier = HCC_TIER_BASELINE};
  assert_int_equal(hcc_target_find(&cc.target, NULL, NULL), 0);
  assert_true(recipe_has(&cc, rounds));
  cc.clang = &recent;
  assert_false(recipe_has(&cc, rounds));
  cc.clang = &old;
  cc.tier = HCC_TIER_OPTIMIZING;
  assert_false(recipe_has(&cc, rounds));
}

static void tier__of_a_large_module_is_baseline(void **state) {
  (void)state;
  assert_int_equal(hcc_cc_tier(HCC_TIER_OPTIMIZING, 1u << 20, false), HCC_TIER_OPTIMIZING);
  assert_int_equal(hcc_cc_tier(HCC_TIER_BASELINE, 1u << 10, false), HCC_TIER_BASELINE);
  assert_int_equal(hcc_cc_tier(HCC_TIER_OPTIMIZING, 2u << 20, false), HCC_TIER_BASELINE);
  assert_int_equal(hcc_cc_tier(HCC_TIER_OPTIMIZING, 1700u << 10, false),
                   HCC_TIER_BASELINE); /* Go 1.24 */
  assert_int_equal(hcc_cc_tier(HCC_TIER_OPTIMIZING, 1700u << 10, true), HCC_TIER_OPTIMIZING);
}

/* Compiles and links one source with everything that a plugin is made with. */
static int make(const char *source, const char *target, hcc_error *err) {
  static hcc_tool clang, lld;
  uint64_t peak = 0;
  const char *sources[] = {"p0.c"};
  const hcc_target *found;
  assert_int_equal(hcc_tool_find(&clang, HCC_TOOL_CLANG, NULL, NULL), 0);
  assert_int_equal(hcc_tool_find(&lld, HCC_TOOL_LLD, NULL, NULL), 0);
  assert_int_equal(hcc_target_find(&found, target, NULL), 0);
  hcc_cc cc = {.folder = kit_folder, .clang = &clang, .lld = &lld, .target = found, .jobs = 2};
  kit_write("p0.c", source, strlen(source));
  int status = hcc_cc_compile(&peak, &cc, sources, 1, err);
  return status != 0 ? status : hcc_cc_link(&peak, &cc, sources, 1, err);
}

#define PLUGIN                                                                                     \
  "__attribute__((visibility(\"default\"), used)) int (*const helios_plugin)(int) = f;\n"

static void compile__for_all_targets(void **state) {
  (void)state;
  static const char *const targets[] = {"x86_64",  "x86_64_v2", "x86_64_v3", "x86_64_v4",
                                        "aarch64", "native",    NULL};
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    hcc_error err = {.code = HCC_OK};
    if (make("#ifdef __SSE4A__\n#error the link check refuses these instructions\n#endif\n"
             "static int f(int x) { return x + 1; }\n" PLUGIN,
             targets[i], &err) != 0) {
      fail_msg("%s: %s", targets[i], err.text);
    }
  }
}

static void compile__huge_frame_is_refused(void **state) {
  (void)state;
  hcc_error err = {.code = HCC_OK};
  char source[512];
  static const char form[] =
      "__attribute__((noinline)) void g(char *); static int f(int x) { char b[%u]; g(b); return "
      "b[x]; }\n"
      "void g(char *p) { __asm__ volatile(\"\" :: \"r\"(p) : \"memory\"); }\n" PLUGIN;
  snprintf(source, sizeof source, form, HSB_FRAME_MAX + 1);
  assert_int_equal(make(source, NULL, &err), HCC_E_LIMIT);
  assert_non_null(strstr(err.text, "256 KiB of stack"));
  snprintf(source, sizeof source, form, HSB_FRAME_MAX / 2);
  assert_int_equal(make(source, NULL, NULL), 0);
}

static void compile__undefined_symbol_is_refused(void **state) {
  (void)state;
  hcc_error err = {.code = HCC_OK};
  assert_int_equal(
      make("int puts(const char *); static int f(int x) { return puts(\"\") + x; }\n" PLUGIN, NULL,
           &err),
      HCC_E_TOOL_FAILED);
  assert_non_null(strstr(err.text, "puts"));
}

static void compile__no_header_of_the_machine(void **state) {
  (void)state;
  hcc_error err = {.code = HCC_OK};
  assert_int_equal(
      make("#include <stdio.h>\nstatic int f(int x) { return x; }\n" PLUGIN, NULL, &err),
      HCC_E_TOOL_FAILED);
  assert_non_null(strstr(err.text, "stdio.h"));
}

/* Endless recursion stays a recursion: a call of itself is in the code. */
static void compile__recursion_is_no_loop(void **state) {
  (void)state;
  size_t size;
  assert_int_equal(make("static int f(int x) { return f(x + 1); }\n" PLUGIN, "x86_64", NULL), 0);
  uint8_t *bytes = kit_read(kit_path("plugin.so"), &size);
  hcc_image image;
  assert_int_equal(hcc_image_open(&image, bytes, size, NULL), 0);
  hcc_span text = hcc_image_section(&image, ".text");
  bool call = false;
  for (size_t i = 0; i + 5 <= text.size; i++) {
    call |= text.at[i] == 0xe8; /* call rel32 */
  }
  assert_true(call);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(flags__security_is_there),
      cmocka_unit_test(recipe__differs_by_choice),
      cmocka_unit_test(recipe__by_the_version_of_clang),
      cmocka_unit_test(tier__of_a_large_module_is_baseline),
      cmocka_unit_test(compile__for_all_targets),
      cmocka_unit_test(compile__huge_frame_is_refused),
      cmocka_unit_test(compile__undefined_symbol_is_refused),
      cmocka_unit_test(compile__no_header_of_the_machine),
      cmocka_unit_test(compile__recursion_is_no_loop),
  };
  return cmocka_run_group_tests(tests, kit_begin, kit_end);
}
