/* fuzz_plan_test.c - what heliosc fuzz calls: procedures and the letters of their types, of a
 * manifest and of exports alone. */
#include "wasm_build.h"

#include "fuzz.h"
#include "module.h"

/* Exports in this order: a memory, "numbers", "vector", "text", "asks", "_initialize". */
static void build(hcc_buf *out) {
  static const char *const sigs[] = {"ijfd:d", "v:", "iij:i", ":", ":"};
  static const char *const names[] = {"numbers", "vector", "text", "asks", "_initialize"};
  hcc_buf content;
  wb_begin(out);
  hcc_buf_init(&content, WB_MAX);
  hcc_buf_byte(&content, 5);
  for (int i = 0; i < 5; i++) {
    wb_functype(&content, sigs[i]);
  }
  wb_section_of(out, 1, &content);
  wb_section(out, 3, WB_BYTES("\5\0\1\2\3\4"));
  wb_section(out, 5, WB_BYTES("\1\0\1"));
  hcc_buf_init(&content, WB_MAX);
  hcc_buf_byte(&content, 6);
  hcc_buf_add(&content, WB_BYTES("\6memory\2\0"));
  for (uint8_t i = 0; i < 5; i++) {
    hcc_buf_byte(&content, (uint8_t)strlen(names[i]));
    hcc_buf_text(&content, names[i]);
    hcc_buf_byte(&content, 0);
    hcc_buf_byte(&content, i);
  }
  wb_section_of(out, 7, &content);
  wb_repeat(out, 10, 5, WB_BYTES("\3\0\0\x0b"));
}

static hcc_fuzz_plan plan_of(const char *manifest, const char *only, int wanted) {
  hcc_buf wasm;
  hcc_module *m = NULL;
  hcc_error err = {0};
  hcc_fuzz_plan plan;
  build(&wasm);
  assert_int_equal(hcc_decode(&m, wasm.data, wasm.size, &err), 0);
  assert_int_equal(hcc_fuzz_plan_make(&plan, m, manifest, only, &err), wanted);
  hcc_module_free(m);
  hcc_buf_free(&wasm);
  return plan;
}

static void exports__of_numbers_only(void **state) {
  (void)state;
  hcc_fuzz_plan plan = plan_of("null", NULL, 0);
  assert_int_equal(plan.count, 3);
  assert_string_equal(plan.procedures[0].name, "numbers");
  assert_string_equal(plan.procedures[0].params, "ijfd");
  assert_int_equal(plan.procedures[0].returns, 'd');
  assert_int_equal(plan.procedures[0].export, 0);
  assert_string_equal(plan.procedures[1].name, "text"); /* two i32 and an i64, for all it knows */
  assert_int_equal(plan.procedures[1].export, 2);       /* functions alone are counted */
  assert_string_equal(plan.procedures[2].name, "asks");
  assert_string_equal(plan.procedures[2].params, "");
  hcc_fuzz_plan_free(&plan);
}

#define MANIFEST                                                                                   \
  "{\"v\":1,\"procedures\":["                                                                      \
  "{\"name\":\"t\",\"export\":\"text\",\"params\":[{\"name\":\"a\",\"type\":\"TEXT\"},"            \
  "{\"name\":\"b\",\"type\":\"TIMESTAMP\"}],\"returns\":\"BOOLEAN\",\"deterministic\":true,"       \
  "\"strict\":true},"                                                                              \
  "{\"name\":\"q\",\"export\":\"asks\",\"params\":[{\"name\":\"a\",\"type\":\"JSON\"},"            \
  "{\"name\":\"b\",\"type\":\"INTEGER\"},{\"name\":\"c\",\"type\":\"NUMERIC\"},"                   \
  "{\"name\":\"d\",\"type\":\"ANY\"}],\"returns\":\"TEXT\",\"strict\":false},"                     \
  "{\"name\":\"n\",\"export\":\"numbers\",\"params\":[{\"name\":\"a\",\"type\":\"ANY\"},"          \
  "{\"name\":\"b\",\"type\":\"DATE\"},{\"name\":\"c\",\"type\":\"REAL\"},"                         \
  "{\"name\":\"d\",\"type\":\"DECIMAL\"}],\"returns\":\"DOUBLE\",\"strict\":true}]}"

static void manifest__decides_types(void **state) {
  (void)state;
  hcc_fuzz_plan plan = plan_of(MANIFEST, NULL, 0);
  const hcc_fuzz_procedure *p = plan.procedures;
  assert_int_equal(plan.count, 3);
  assert_string_equal(p[0].params, "tS");
  assert_int_equal(p[0].returns, 'b');
  assert_true(p[0].deterministic && !p[0].nulls && !p[0].pulls);
  assert_string_equal(p[1].params, "sjna");
  assert_int_equal(p[1].returns, '-'); /* it gives it by a host call */
  assert_true(p[1].pulls && p[1].nulls && !p[1].deterministic);
  assert_string_equal(p[2].params, "aDfd");
  assert_int_equal(p[2].returns, 'd');
  assert_true(!p[2].nulls);
  hcc_fuzz_plan_free(&plan);
}

static void only__one_by_either_name(void **state) {
  (void)state;
  hcc_fuzz_plan plan = plan_of(MANIFEST, "asks", 0);
  assert_int_equal(plan.count, 1);
  assert_string_equal(plan.procedures[0].name, "q");
  hcc_fuzz_plan_free(&plan);
  plan = plan_of(MANIFEST, "t", 0);
  assert_int_equal(plan.count, 1);
  hcc_fuzz_plan_free(&plan);
  plan = plan_of(MANIFEST, "nothing", HCC_E_USAGE);
  assert_int_equal(plan.count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exports__of_numbers_only),
      cmocka_unit_test(manifest__decides_types),
      cmocka_unit_test(only__one_by_either_name),
  };
  return cmocka_run_group_tests_name("fuzz_plan", tests, NULL, NULL);
}
