/* access_test.c - text of loads and stores in, places out; and what is no access of the one memory
 * at an index plus a constant is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "access.h"

static const char *text_of(hcc_buf *b, bool done) {
  static char text[512];
  assert_false(b->failed);
  assert_int_equal(done, b->size > 0);
  snprintf(text, sizeof text, "%.*s", (int)b->size, b->data == NULL ? "" : (const char *)b->data);
  hcc_buf_free(b);
  return text;
}

static const char *load(const char *text, bool sure) {
  hcc_buf out;
  hcc_buf_init(&out, 512);
  bool done = hcc_access_load(&out, text, strlen(text), sure);
  return text_of(&out, done);
}

static const char *store(const char *text) {
  hcc_buf out;
  hcc_buf_init(&out, 512);
  bool done = hcc_access_store(&out, text, strlen(text));
  return text_of(&out, done);
}

#define M "(&instance->w2c_M0, "

static void loads__have_type_and_sign(void **state) {
  (void)state;
  static const struct {
    const char *name, *type;
  } rows[] = {
      {"i32_load", "u32"},     {"i64_load", "u64"},     {"i32_load8_s", "s8"},
      {"i64_load8_s", "s8"},   {"i32_load8_u", "u8"},   {"i64_load8_u", "u8"},
      {"i32_load16_s", "s16"}, {"i64_load16_s", "s16"}, {"i32_load16_u", "u16"},
      {"i64_load16_u", "u16"}, {"i64_load32_s", "s32"}, {"i64_load32_u", "u32"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char in[100], want[100];
    snprintf(in, sizeof in, "%s" M "(u64)(var_i0) + 4294967295u)", rows[i].name);
    snprintf(want, sizeof want, "*(hsb_v%s *)(base + var_i0 + 4294967295u)", rows[i].type);
    assert_string_equal(load(in, false), want);
    snprintf(want, sizeof want, "*(hsb_%s *)(base + var_i0 + 4294967295u)", rows[i].type);
    assert_string_equal(load(in, true), want);
  }
}

static void stores__have_a_value(void **state) {
  (void)state;
  static const char *const names[][2] = {
      {"i32_store", "u32"}, {"i64_store", "u64"},   {"f32_store", "f32"},
      {"f64_store", "f64"}, {"i32_store8", "u8"},   {"i32_store16", "u16"},
      {"i64_store8", "u8"}, {"i64_store16", "u16"}, {"i64_store32", "u32"},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char in[100], want[100];
    snprintf(in, sizeof in, "%s" M "(u64)(var_l7), (var_i1 + 2u));", names[i][0]);
    snprintf(want, sizeof want, "*(hsb_%s *)(base + var_l7) = (var_i1 + 2u);", names[i][1]);
    assert_string_equal(store(in), want);
  }
  assert_string_equal(store("i64_store" M "(u64)(var_l2) + 128, var_j0);"),
                      "*(hsb_u64 *)(base + var_l2 + 128u) = var_j0;");
}

/* Only what certainly has 32 bits and no sign is added as it is. */
static void indices__keep_their_width(void **state) {
  (void)state;
  static const struct {
    const char *in, *out;
  } rows[] = {
      {"(var_p12)", "var_p12"},
      {"((u32)(var_j0 + var_j1))", "(u32)(var_j0 + var_j1)"},
      {"((var_l2 + 8u))", "(var_l2 + 8u)"},
      {"((var_l2 + 8))", "(u64)((var_l2 + 8))"},
      {"((var_l2 + 8ull))", "(u64)((var_l2 + 8ull))"},
      {"((var_l2 - 8u))", "(u64)((var_l2 - 8u))"},
      {"(var_j0)", "(u64)(var_j0)"},
      {"(var_i)", "(u64)(var_i)"},
      {"(-1)", "(u64)(-1)"},
      {"(4u)", "(u64)(4u)"},
      {"((s32)(var_i0))", "(u64)((s32)(var_i0))"},
      {"((u32)(var_i0) + (var_i1))", "(u64)((u32)(var_i0) + (var_i1))"},
      {"((u32)(var_i0) - 1)", "(u64)((u32)(var_i0) - 1)"},
      {"(tmp_ij.i0)", "(u64)(tmp_ij.i0)"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char in[100], want[100];
    snprintf(in, sizeof in, "i32_load" M "(u64)%s + 3u)", rows[i].in);
    snprintf(want, sizeof want, "*(hsb_vu32 *)(base + %s + 3u)", rows[i].out);
    assert_string_equal(load(in, false), want);
  }
}

static void all_else__stays(void **state) {
  (void)state;
  static const char *const lines[] = {
      "",
      "i32_load",
      "i32_load" M,
      "i32_load" M "(u64)(var_i0)",
      "i32_load" M "(u64)(var_i0",
      "i32_load" M "(u64)var_i0)",
      "i32_load" M "var_i0)",
      "i32_load" M "(u64)(var_i0) + u)",
      "i32_load" M "(u64)(var_i0) + 12345678901u)",
      "i32_load" M "(u64)(var_i0) + 8ull)",
      "i32_load" M "(u64)(var_i0) - 8u)",
      "i32_load" M "(u64)(var_i0) + 8u) + 1u",
      "i32_load(&instance->w2c_M1, (u64)(var_i0))",
      "i32_load(instance->w2c_M0, (u64)(var_i0))",
      "i32_load32" M "(u64)(var_i0))",
      "v128_load" M "(u64)(var_i0))",
      "f32_load" M "(u64)(var_i0))",
      "f64_load" M "(u64)(var_i0))",
      "i32_store" M "(u64)(var_i0), var_i1)",
      "i32_store" M "(u64)(var_i0));",
      "i32_store" M "(u64)(var_i0), );",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    assert_string_equal(load(lines[i], false), "");
    assert_string_equal(store(lines[i]), "");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loads__have_type_and_sign),
      cmocka_unit_test(stores__have_a_value),
      cmocka_unit_test(indices__keep_their_width),
      cmocka_unit_test(all_else__stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
