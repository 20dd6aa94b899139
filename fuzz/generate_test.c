/* generate_test.c - the generator keeps its word: modules are valid, use every opcode, are the same
 * for the same bytes, and come from any bytes at all. Some are also shown to wasm-validate, if its
 * path is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs.h"
#include "generate.h"
#include "instr.h"
#include "module.h"
#include "rewrite.h"

#define SEEDS 2000u
#define CHOICES 20000u

static const char *wasm_validate;

static void generate(hcc_buf *out, const uint8_t *bytes, size_t size, uint32_t programs) {
  fz_choices c = {bytes, size};
  fz_module plan;
  hcc_buf_init(out, FZ_MODULE_MAX);
  assert_true(fz_generate(out, &plan, programs, &c));
  assert_int_equal(plan.program_count, programs);
}

static hcc_module *valid(const hcc_buf *wasm, uint64_t seed) {
  hcc_error err = {0};
  hcc_module *m = NULL;
  if (hcc_decode(&m, wasm->data, wasm->size, &err) != 0 || hcc_validate(m, &err) != 0) {
    fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
  }
  return m;
}

static void note_opcodes(bool seen[HCC_OP_SLOTS], const hcc_module *m) {
  for (uint32_t i = 0; i < m->func_count; i++) {
    hcc_reader r = {m->bytes, m->funcs[i].code.begin, m->funcs[i].code.end};
    hcc_instr instr;
    while (r.pos < r.end) {
      assert_int_equal(hcc_instr_next(&instr, &r, NULL), 0);
      seen[HCC_OP_SLOT(instr.code)] = true;
    }
  }
}

static void every_seed__is_valid_and_all_opcodes_occur(void **state) {
  (void)state;
  static bool seen[HCC_OP_SLOTS];
  static uint8_t bytes[CHOICES];
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    hcc_buf wasm, metered;
    hcc_plan plan = {0};
    hcc_error err = {0};
    hcc_rewrite_options options = {.meter = true,
                                   .alone = seed & 1,
                                   .marks = seed & 2,
                                   .helpers = seed & 2,
                                   .looks = seed & 4};
    fz_fill(bytes, sizeof bytes, seed);
    generate(&wasm, bytes, sizeof bytes, 1 + seed % 4);
    hcc_module *m = valid(&wasm, seed);
    note_opcodes(seen, m);
    hcc_buf_init(&metered, FZ_MODULE_MAX * 4);
    assert_int_equal(hcc_rewrite(&metered, &plan, m, &options, &err), 0);
    hcc_module_free(valid(&metered, seed));
    hcc_module_free(m);
    hcc_plan_free(&plan);
    hcc_buf_free(&metered);
    hcc_buf_free(&wasm);
  }
#define HCC_OP(name, text, code, imm, sig, align, fuel, flags)                                     \
  if (!seen[HCC_OP_SLOT(code)]) {                                                                  \
    fail_msg("%s is never generated", text);                                                       \
  }
#include "opcodes.def"
#undef HCC_OP
}

static void same_bytes__give_the_same_module(void **state) {
  (void)state;
  static uint8_t bytes[CHOICES];
  hcc_buf a, b;
  fz_fill(bytes, sizeof bytes, 7);
  generate(&a, bytes, sizeof bytes, 4);
  generate(&b, bytes, sizeof bytes, 4);
  assert_int_equal(a.size, b.size);
  assert_memory_equal(a.data, b.data, a.size);
  hcc_buf_free(&a);
  hcc_buf_free(&b);
}

static void any_bytes__will_do(void **state) {
  (void)state;
  static uint8_t bytes[256];
  for (unsigned fill = 0; fill < 256; fill++) {
    for (size_t size = 0; size <= sizeof bytes; size += 64) {
      hcc_buf wasm;
      memset(bytes, (int)fill, sizeof bytes);
      generate(&wasm, bytes, size, 1);
      hcc_module_free(valid(&wasm, fill));
      hcc_buf_free(&wasm);
    }
  }
}

static void another_validator__agrees(void **state) {
  (void)state;
  static uint8_t bytes[CHOICES];
  char folder[] = "/tmp/helios-generate-XX"
                  "XXXX",
       path[64], command[512];
  if (wasm_validate == NULL || access(wasm_validate, X_OK) != 0) {
    printf("skipped: no wasm-validate\n");
    skip();
  }
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/m.wasm", folder);
  for (uint64_t seed = 0; seed < 40; seed++) {
    hcc_buf wasm;
    fz_fill(bytes, sizeof bytes, seed);
    generate(&wasm, bytes, sizeof bytes, 16);
    assert_int_equal(hcc_file_write(path, wasm.data, wasm.size, NULL), 0);
    snprintf(command, sizeof command, "'%s' --enable-extended-const '%s'", wasm_validate, path);
    assert_int_equal(system(command), 0);
    hcc_buf_free(&wasm);
  }
  remove(path);
  rmdir(folder);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_seed__is_valid_and_all_opcodes_occur),
      cmocka_unit_test(same_bytes__give_the_same_module),
      cmocka_unit_test(any_bytes__will_do),
      cmocka_unit_test(another_validator__agrees),
  };
  wasm_validate = argc > 1 ? argv[1] : NULL;
  return cmocka_run_group_tests_name("generate", tests, NULL, NULL);
}
