/* fold_test.c - lines of wasm2c's text in, text for clang out: what is folded, and what must not
 * move. Whether the code does the same is asked by spec/suite and fuzz/differential. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fold.h"

/* Feeds lines, each ended by '\n'; gives what was written, without spaces at the ends of lines. */
static const char *folded_to(const char *lines, bool places) {
  static char text[4096];
  hcc_fold f;
  text[0] = '\0';
  hcc_fold_init(&f, places);
  hcc_fold_begin(&f, lines, strlen(lines));
  for (const char *end; *lines != '\0'; lines = end + 1) {
    end = strchr(lines, '\n');
    const char *next = end + 1, *stop = strchr(next, '\n');
    size_t next_size = stop == NULL ? 0 : (size_t)(stop - next);
    hcc_fold_line(&f, lines, (size_t)(end - lines), next, next_size);
    assert_false(f.out.failed);
    if (f.out.size > 0) {
      size_t n = strlen(text), size = f.out.size - (f.out.data[f.out.size - 1] == ' ');
      assert_true(n + size + 2 < sizeof text);
      memcpy(text + n, f.out.data, size);
      memcpy(text + n + size, "\n", 2);
    }
  }
  hcc_fold_free(&f);
  return text;
}

static const char *folded(const char *lines) {
  return folded_to(lines, false);
}

static void values__stand_where_they_are_read(void **state) {
  (void)state;
  assert_string_equal(folded("var_j0 = var_p1;\n"
                             "var_j1 = 2ull;\n"
                             "var_j0 -= var_j1;\n"
                             "var_p1 = var_j0;\n"
                             "var_j1 = 0ull;\n"
                             "var_i0 = (u64)((s64)var_j0 < (s64)var_j1);\n"
                             "if (var_i0) {\n"),
                      "var_p1 -= 2ull;\n"
                      "if ((u32)((s64)var_p1 < (s64)0ull)) {\n");
  assert_string_equal(folded("var_i0 = var_l2;\n"
                             "var_j1 = 7ull;\n"
                             "i64_store(&instance->w2c_M0, (u64)(var_i0) + 8u, var_j1);\n"),
                      "i64_store(&instance->w2c_M0, (u64)(var_l2) + 8u, 7ull);\n");
  assert_string_equal(folded("var_i0 = var_l2;\nvar_j0 = (u64)(var_i0);\nvar_j1 = 4294967304ull;\n"
                             "var_j0 += var_j1;\nvar_i0 = (u32)(var_j0);\nvar_l3 = var_i0;\n"),
                      "var_l3 = (var_l2 + 8u);\n");
  assert_string_equal(folded("var_j0 = (u64)(var_i0);\nvar_j1 = var_l1;\nvar_j0 += var_j1;\n"
                             "var_i0 = (u32)(var_j0);\nvar_l3 = var_i0;\n"),
                      "var_l3 = (u32)(((u64)(var_i0) + var_l1));\n");
}

static void locals__get_what_can_not_wait_at_once(void **state) {
  (void)state;
  assert_string_equal(folded("var_i1 = instance->w2c_g0;\nvar_l2 = var_i1;\nvar_i0 += var_i1;\n"
                             "var_l3 = var_i0;\n"),
                      "var_l2 = instance->w2c_g0;\nvar_l3 = (var_i0 + var_l2);\n");
  /* the old value of the local waits */
  assert_string_equal(folded("var_i0 = var_l2;\nvar_i1 = instance->w2c_g0;\nvar_l2 = var_i1;\n"
                             "var_i0 += var_i1;\nvar_l3 = var_i0;\n"),
                      "var_i0 = var_l2; var_l2 = instance->w2c_g0;\nvar_l3 = (var_i0 + var_l2);\n");
  /* a number of the other kind has no text that waits, another variable is another value */
  static const char *const same[] = {"var_d0 = instance->w2c_g0;\nvar_l2 = var_d0;\n",
                                     "var_i0 = instance->w2c_g0;\nvar_l2 = var_i1;\n",
                                     "var_i64 = instance->w2c_g0;\nvar_l2 = var_i64;\n"};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    assert_string_equal(folded(same[i]), same[i]);
  }
}

#define CALL(result)                                                                               \
  "{\nstruct wasm_multi_ij tmp = " result ";\nvar_i0 = tmp.i0;\nvar_j1 = tmp.j1;\n}\n"

static void results__are_read_where_they_are_wanted(void **state) {
  (void)state;
  assert_string_equal(folded("FUNC_PROLOGUE;\nvar_i0 = 1u;\nvar_j1 = var_p1;\n" CALL(
                          "f(instance, var_i0, var_j1)") "var_p1 = var_j1;\nif (var_i0) {\n"),
                      "struct wasm_multi_ij tmp_ij; FUNC_PROLOGUE;\n"
                      "tmp_ij = f(instance, 1u, var_p1);\n"
                      "var_p1 = tmp_ij.j1;\n"
                      "if (tmp_ij.i0) {\n");
  /* until the next call; those that it takes are read before */
  assert_string_equal(
      folded("FUNC_PROLOGUE;\n" CALL(
          "f(instance)") "var_j2 = var_p1;\n"
                         "{\nstruct wasm_multi_ij tmp = f(instance, var_j1, var_j2);\n"
                         "var_i1 = tmp.i0;\nvar_j2 = tmp.j1;\n}\nvar_i0 += var_i1;\n"
                         "var_l0 = var_i0;\n"),
      "struct wasm_multi_ij tmp_ij; FUNC_PROLOGUE;\n"
      "tmp_ij = f(instance);\n"
      "var_i0 = tmp_ij.i0; tmp_ij = f(instance, tmp_ij.j1, var_p1);\n"
      "var_l0 = (var_i0 + tmp_ij.i0);\n");
  /* and up to a label; a number of the other kind is copied */
  assert_string_equal(folded("{\nstruct wasm_multi_dj tmp = f(instance);\nvar_d0 = tmp.d0;\n"
                             "var_j1 = tmp.j1;\n}\nvar_B1:;\n"),
                      "tmp_dj = f(instance);\nvar_d0 = tmp_dj.d0;\n"
                      "var_j1 = tmp_dj.j1; var_B1:;\n");
  /* a result is given back with a variable of its own */
  static const char back[] = "FUNC_PROLOGUE;\n{\nstruct wasm_multi_ij tmp;\ntmp.i0 = var_i0;\n"
                             "return tmp;\n}\n";
  assert_string_equal(folded(back), back);
}

static void accesses__are_places_in_memory(void **state) {
  (void)state;
  static const char lines[] = "FUNC_PROLOGUE;\nvar_i0 = var_l2;\n"
                              "var_j0 = i64_load(&instance->w2c_M0, (u64)(var_i0) + 8u);\n"
                              "var_l3 = var_j0;\nvar_i0 = var_l2;\n"
                              "i64_store8(&instance->w2c_M0, (u64)(var_i0), var_l3);\n";
  assert_string_equal(folded_to(lines, true),
                      "u8 *const base = (u8 *)instance + HSB_SPAN; FUNC_PROLOGUE;\n"
                      "var_l3 = *(hsb_vu64 *)(base + var_l2 + 8u);\n"
                      "*(hsb_u8 *)(base + var_l2) = var_l3;\n");
  /* one in bounds need not fault */
  hcc_fold f;
  hcc_fold_init(&f, true);
  f.sure = true;
  static const char line[] = "var_i0 = i32_load(&instance->w2c_M0, (u64)(var_i0));";
  hcc_fold_line(&f, line, strlen(line), "", 0);
  assert_false(f.out.failed);
  assert_int_equal(f.out.size, strlen("var_i0 = *(hsb_u32 *)(base + var_i0);"));
  assert_memory_equal(f.out.data, "var_i0 = *(hsb_u32 *)(base + var_i0);", f.out.size);
  hcc_fold_free(&f);
}

/* An operation with a type of its own keeps the variable's. */
static void values__have_the_type_of_their_variable(void **state) {
  (void)state;
  assert_string_equal(folded("var_i0 = !(var_j0);\nvar_j0 = (u64)(s64)(s32)(var_i0);\n"
                             "var_p0 = var_j0;\n"),
                      "var_p0 = (u64)((u64)(s64)(s32)((u32)(!(var_j0))));\n");
  assert_string_equal(folded("var_i0 = var_i0 < var_i1;\nvar_i1 = var_l0;\nvar_i0 -= var_i1;\n"
                             "var_l1 = var_i0;\n"),
                      "var_l1 = ((u32)(var_i0 < var_i1) - var_l0);\n");
  assert_string_equal(folded("var_j0 = 5u;\nvar_l1 = var_j0;\n"), "var_l1 = (u64)(5u);\n");
  assert_string_equal(folded("var_i0 = var_l0;\nvar_i1 = 7u;\nvar_i0 = I32_ROTL(var_i0, var_i1);\n"
                             "var_i0 = (hsb_bits8)var_i0 < (hsb_bits8)26u;\nvar_l1 = var_i0;\n"),
                      "var_l1 = (u32)((hsb_bits8)(u32)(I32_ROTL(var_l0, 7u)) < (hsb_bits8)26u);\n");
}

static void reads__stay_before_what_changes_them(void **state) {
  (void)state;
  /* a local that is set while its old value waits */
  assert_string_equal(folded("var_i0 = var_l2;\nvar_i1 = 1u;\nvar_l2 = var_i1;\n"
                             "i32_store(&instance->w2c_M0, (u64)(var_i0), var_i1);\n"),
                      "var_i0 = var_l2; var_l2 = 1u;\n"
                      "i32_store(&instance->w2c_M0, (u64)(var_i0), var_l2);\n");
  /* a load that overwrites what a value below is made of */
  assert_string_equal(folded("var_i0 += var_i1;\n"
                             "var_i1 = i32_load(&instance->w2c_M0, (u64)(var_i1));\n"),
                      "var_i0 = (var_i0 + var_i1); "
                      "var_i1 = i32_load(&instance->w2c_M0, (u64)(var_i1));\n");
  /* only those that are made of it: what is used once comes behind what is used twice */
  assert_string_equal(folded("var_i0 = var_l0;\nvar_i1 = var_l2;\nvar_i2 = 1u;\n"
                             "var_i1 += var_i2;\nvar_l2 = var_i1;\nvar_i0 ^= var_i1;\n"
                             "var_l3 = var_i0;\n"),
                      "var_l2 += 1u;\nvar_l3 = (var_l0 ^ var_l2);\n");
  assert_string_equal(
      folded("var_i0 = var_l0;\nvar_i1 = var_l2;\nvar_i2 = 5u;\n"
             "var_l2 = var_i2;\nvar_B1:;\n"),
      "var_i1 = var_l2; var_l2 = 5u;\nvar_i0 = var_l0; var_i2 = var_l2; var_B1:;\n");
  /* one that has to be written has others before it that are made of its variable */
  assert_string_equal(folded("var_i0 += var_i1;\nvar_i1 = var_l2;\nvar_i2 = 5u;\n"
                             "var_l2 = var_i2;\n"),
                      "var_i0 = (var_i0 + var_i1); var_i1 = var_l2; var_l2 = 5u;\n");
  assert_string_equal(folded("var_i9 += var_i10;\nvar_i10 = var_l2;\nvar_i11 = 5u;\n"
                             "var_l2 = var_i11;\n"),
                      "var_i9 = (var_i9 + var_i10); var_i10 = var_l2; var_l2 = 5u;\n");
  /* values at two depths, the lower made of the upper's variable: from below */
  assert_string_equal(folded("var_i0 += var_i1;\nvar_i1 = 3u;\nvar_B1:;\n"),
                      "var_i0 = (var_i0 + var_i1); var_i1 = 3u; var_B1:;\n");
}

static void memory__globals_and_calls_do_not_move(void **state) {
  (void)state;
  static const char *const lines[] = {"var_i0 = instance->w2c_g0;\n",
                                      "var_i0 = i32_load(&instance->w2c_M0, (u64)(var_i0));\n",
                                      "var_i0 = w2c_h_i1(instance->w2c_h_instance, var_i0);\n",
                                      "var_i0 = I32_DIV_S(var_i0, var_i1);\n",
                                      "var_i0 = var_d0 < var_d1;\n",
                                      "var_i0 = wasm_rt_grow_memory(&instance->w2c_M0, var_i0);\n"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    assert_string_equal(folded(lines[i]), lines[i]);
  }
}

/* What is not known gets all values in their variables before it, and is left as it is. */
static void unknown_lines__end_all_waiting(void **state) {
  (void)state;
  static const char *const lines[] = {"goto var_B1;",
                                      "var_B1:;",
                                      "}",
                                      "} else {",
                                      "switch (var_i1) {",
                                      "UNREACHABLE;",
                                      "tmp.i0 = var_i0;",
                                      "var_i0 = var_i1;", /* a jump's copy */
                                      "memory_fill(&instance->w2c_M0, var_i0, var_i1, var_i2);",
                                      "var_i0 = var_i1; goto var_B1;",
                                      "var_i0 = 7u; goto var_B1;",
                                      "instance->w2c_g0 = var_i1; goto var_B1;",
                                      "if (var_i1) {goto var_B1; var_B2:;}",
                                      "if (var_i1) {var_i0 = var_i1; goto var_B1;}"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    char in[200], out[200];
    snprintf(in, sizeof in, "var_i0 = 1u;\nvar_i1 = var_l0;\n%s\n", lines[i]);
    snprintf(out, sizeof out, "var_i0 = 1u; var_i1 = var_l0; %s\n", lines[i]);
    assert_string_equal(folded(in), out);
  }
  assert_string_equal(folded("var_i0 = 1u;\nvar_i1 = var_l0;\nif (var_i1) {goto var_B1;}\n"),
                      "var_i0 = 1u; if (var_l0) {goto var_B1;}\n");
}

/* What was consumed is not written at the next label. */
static void used_values__are_forgotten(void **state) {
  (void)state;
  assert_string_equal(folded("var_i0 = 1u;\nvar_i1 = 2u;\n"
                             "i32_store(&instance->w2c_M0, (u64)(var_i0), var_i1);\nvar_B1:;\n"),
                      "i32_store(&instance->w2c_M0, (u64)(1u), 2u);\nvar_B1:;\n");
  assert_string_equal(folded("var_i0 = 1u;\nvar_i1 = 2u;\nvar_j0 = instance->w2c_g1;\nvar_B1:;\n"),
                      "var_j0 = instance->w2c_g1;\nvar_B1:;\n");
  /* local.tee: the value on the stack is the local's */
  assert_string_equal(folded("var_i0 = 1u;\nvar_l2 = var_i0;\nvar_l3 = var_i0;\nvar_B1:;\n"),
                      "var_l2 = 1u;\nvar_l3 = var_l2;\nvar_i0 = var_l3; var_B1:;\n");
}

static void long_values__are_written(void **state) {
  (void)state;
  char lines[4096] = "var_i0 = var_l0;\n";
  for (int i = 0; i < 60; i++) {
    strcat(lines, "var_i1 = var_l1;\nvar_i0 += var_i1;\n");
  }
  const char *text = folded(lines);
  assert_non_null(strstr(text, "var_i0 = ((((((("));
  assert_true(strlen(text) < 1000);
  /* deeper than what is kept */
  assert_string_equal(folded("var_i64 = 1u;\nvar_i99999 = 1u;\n"),
                      "var_i64 = 1u;\nvar_i99999 = 1u;\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values__stand_where_they_are_read),
      cmocka_unit_test(locals__get_what_can_not_wait_at_once),
      cmocka_unit_test(results__are_read_where_they_are_wanted),
      cmocka_unit_test(accesses__are_places_in_memory),
      cmocka_unit_test(values__have_the_type_of_their_variable),
      cmocka_unit_test(reads__stay_before_what_changes_them),
      cmocka_unit_test(memory__globals_and_calls_do_not_move),
      cmocka_unit_test(unknown_lines__end_all_waiting),
      cmocka_unit_test(used_values__are_forgotten),
      cmocka_unit_test(long_values__are_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
