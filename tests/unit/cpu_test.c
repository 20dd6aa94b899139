/* cpu_test.c - targets of plugins against this processor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/cpu.h"

static void runs__own_family_and_native(void **state) {
  (void)state;
  assert_true(hrt_cpu_runs("native"));
#if defined(__x86_64__)
  assert_true(hrt_cpu_runs("x86_64"));
  assert_false(hrt_cpu_runs("aarch64"));
#else
  assert_true(hrt_cpu_runs("aarch64"));
  assert_false(hrt_cpu_runs("x86_64"));
#endif
}

static void runs__unknown_is_refused(void **state) {
  (void)state;
  static const char *const targets[] = {"",           "x86_64_v",   "x86_64_v1", "x86_64_v5",
                                        "x86_64_v33", "x86_64_v3 ", "riscv64",   "X86_64"};
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    assert_false(hrt_cpu_runs(targets[i]));
  }
}

#if defined(__x86_64__)
/* Each level needs the one below; avx2 is what tells v3 apart on machines that exist. */
static void runs__levels_follow_the_processor(void **state) {
  (void)state;
  __builtin_cpu_init();
  bool v2 = hrt_cpu_runs("x86_64_v2"), v3 = hrt_cpu_runs("x86_64_v3"),
       v4 = hrt_cpu_runs("x86_64_v4");
  assert_true(!v3 || v2);
  assert_true(!v4 || v3);
  assert_true(v3 || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2"));
  assert_true(!v3 || __builtin_cpu_supports("avx2"));
  assert_true(!v4 || __builtin_cpu_supports("avx512f"));
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(runs__own_family_and_native),
    cmocka_unit_test(runs__unknown_is_refused),
#if defined(__x86_64__)
    cmocka_unit_test(runs__levels_follow_the_processor),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
