/* glue_test.c - the C around a module: signatures, names as escapes, and by building and calling:
 * every value type in and out, many values, references, modules without memory or exports. */
#include "build_kit.h"

#include <ctype.h>

#include "glue.h"
#include "module.h"
#include "sig.h"

static void sig__letters(void **state) {
  (void)state;
  static const uint8_t params[] = {HCC_I32, HCC_I64, HCC_F32, HCC_F64, HCC_V128};
  static const uint8_t results[] = {HCC_FUNCREF, HCC_EXTERNREF};
  hcc_functype t = {params, results, 5, 2};
  char sig[HCC_SIG];
  assert_true(hcc_sig(sig, &t));
  assert_string_equal(sig, "ijfdv:re");
  t = (hcc_functype){.param_count = 0};
  assert_true(hcc_sig(sig, &t));
  assert_string_equal(sig, ":");
  t.param_count = HCC_MAX_PARAMS + 1;
  assert_false(hcc_sig(sig, &t));
}

/* Names of every byte value: the text is printable ASCII and has none of them as they are. */
static void names__are_octal(void **state) {
  (void)state;
  uint8_t bytes[256 + 3];
  for (int i = 0; i < 256; i++) {
    bytes[i] = (uint8_t)i;
  }
  memcpy(bytes + 256, "*/X", 3);
  hcc_functype type = {.param_count = 0};
  hcc_import import = {.module = {0, 256}, .name = {256, 259}, .kind = HCC_FUNC};
  hcc_func funcs[2] = {{.imported = true}, {.type = 0}};
  hcc_export export = {.name = {0, 259}, .kind = HCC_FUNC, .index = 1};
  hcc_module m = {.bytes = bytes,
                  .size = sizeof bytes,
                  .types = &type,
                  .type_count = 1,
                  .imports = &import,
                  .import_count = 1,
                  .funcs = funcs,
                  .func_count = 2,
                  .imported_funcs = 1,
                  .exports = &export,
                  .export_count = 1,
                  .start = HCC_NO_START};
  hcc_plan_export planned = {.func = 1};
  hcc_plan plan = {.metered = true, .exports = &planned, .export_count = 1};
  hcc_glue_options options = {.explicit_bounds = true};
  char *text = NULL;
  size_t size;
  FILE *f = open_memstream(&text, &size);
  assert_int_equal(hcc_glue(f, &m, &plan, &options, NULL), 0);
  fclose(f);
  for (size_t i = 0; i < size; i++) {
    assert_true(isprint((unsigned char)text[i]) || text[i] == '\n');
  }
  assert_null(strstr(text, "*/X"));
  assert_non_null(strstr(text, "\\052\\057\\130")); /* it is there, escaped */
  assert_non_null(strstr(text, "\\000\\001\\002"));
  assert_non_null(strstr(text, "HSB_PLUGIN_EXPLICIT_BOUNDS"));
  assert_non_null(strstr(text, "256, 3}"));
  free(text);
}

static const char VALUES[] =
    "(module\n"
    "  (import \"env\" \"twist\" (func $twist (param i32 i64 f32 f64 v128 externref funcref)\n"
    "    (result v128 f64 externref i32)))\n"
    "  (func $id (export \"id\") (param i32 i64 f32 f64 v128 externref)\n"
    "    (result externref v128 f64 f32 i64 i32)\n"
    "    local.get 5 local.get 4 local.get 3 local.get 2 local.get 1 local.get 0)\n"
    "  (func (export \"funcref\") (param funcref) (result i32 funcref funcref)\n"
    "    local.get 0 ref.is_null ref.func $id ref.null func)\n"
    "  (func (export \"twist\") (param v128) (result v128 f64 externref i32)\n"
    "    i32.const -1 i64.const -2 f32.const 1.5 f64.const 2.5 local.get 0\n"
    "    ref.null extern ref.func $id call $twist))\n";

static hsb_slot seen[8];

static void host_twist(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx, (void)env;
  memcpy(seen, s, sizeof seen);
  s[0] = seen[5], s[1] = seen[4]; /* halves swapped */
  s[2] = seen[3];
  s[3] = 0x1234;
  s[4] = 99;
}

static void check_values(bool no_fuel) {
  hcc_build_result r;
  kit_host h;
  struct hsb_binding imports[] = {{host_twist, NULL}};
  kit_must_build(&r, VALUES, (hcc_build_options){.no_fuel = no_fuel});
  kit_load(&h, kit_path("m.so"), imports);
  assert_string_equal(h.abi->imports[0].sig, "ijfdver:vdei");
  hsb_slot s[8] = {1, 2, 3, 4, 5, 6, 7};
  assert_true(kit_call(&h, "id", s));
  const hsb_slot mirrored[] = {7, 5, 6, 4, 3, 2, 1};
  assert_memory_equal(s, mirrored, sizeof mirrored);
  s[0] = 12345; /* the host cannot forge a function reference */
  assert_true(kit_call(&h, "funcref", s));
  assert_int_equal(s[0], 1);
  assert_int_equal(s[1], 1);
  assert_int_equal(s[2], 0);
  s[0] = 0xa, s[1] = 0xb;
  assert_true(kit_call(&h, "twist", s));
  const hsb_slot passed[] = {0xffffffff, (hsb_slot)-2, 0x3fc00000, UINT64_C(0x4004000000000000),
                             0xa,        0xb,          0,          1};
  assert_memory_equal(seen, passed, sizeof passed);
  const hsb_slot returned[] = {0xb, 0xa, UINT64_C(0x4004000000000000), 0x1234, 99};
  assert_memory_equal(s, returned, sizeof returned);
  kit_unload(&h);
}

static void call__every_type(void **state) {
  (void)state;
  check_values(false);
  check_values(true);
}

/* A host function that writes no result: the guest sees zeros, not the host's stack. */
static void host_lazy(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx, (void)s, (void)env;
}

static void call__forgotten_results_are_zero(void **state) {
  (void)state;
  hcc_build_result r;
  kit_host h;
  struct hsb_binding imports[] = {{host_lazy, NULL}};
  kit_must_build(&r,
                 "(module (import \"e\" \"f\" (func $f (result i64 i64 i64)))"
                 "(func (export \"x\") (result i64 i64 i64) call $f))",
                 (hcc_build_options){.tier = HCC_TIER_BASELINE});
  kit_load(&h, kit_path("m.so"), imports);
  hsb_slot s[3] = {1, 2, 3};
  assert_true(kit_call(&h, "x", s));
  assert_true(s[0] == 0 && s[1] == 0 && s[2] == 0);
  kit_unload(&h);
}

static void call__many_values(void **state) {
  (void)state;
  enum { N = 300 };
  char *text = NULL;
  size_t size;
  hcc_build_result r;
  kit_host h;
  FILE *f = open_memstream(&text, &size);
  fputs("(module (func (export \"rotate\") (param", f);
  for (int i = 0; i < N; i++) {
    fputs(i % 2 ? " i64" : " i32", f);
  }
  fputs(") (result", f);
  for (int i = 0; i < N; i++) {
    fputs(i % 2 ? " i32" : " i64", f);
  }
  fputs(")\n", f);
  for (int i = 0; i < N; i++) {
    fprintf(f, " local.get %d", (i + 1) % N);
  }
  fputs("))", f);
  fclose(f);
  kit_must_build(&r, text, (hcc_build_options){.tier = HCC_TIER_BASELINE});
  kit_load(&h, kit_path("m.so"), NULL);
  hsb_slot s[N];
  for (unsigned i = 0; i < N; i++) {
    s[i] = i + 1000;
  }
  assert_true(kit_call(&h, "rotate", s));
  for (unsigned i = 0; i < N; i++) {
    assert_int_equal(s[i], (i + 1) % N + 1000);
  }
  kit_unload(&h);
  free(text);
}

static void build__small_shapes(void **state) {
  (void)state;
  static const char *const modules[] = {
      "(module)",
      "(module (memory 0))",
      "(module (memory (export \"memory\") 0 0))",
      "(module (global (export \"g\") i32 (i32.const 1)))",
      "(module (func))",
      "(module (func (export \"\")))",
      "(module (table (export \"t\") 2 funcref))",
      "(module (func $s) (start $s) (export \"s\" (func $s)) (export \"t\" (func $s)))",
      "(module (import \"env\" \"f\" (func $f)) (export \"f\" (func $f)))",
      "(module (import \"env\" \"f\" (func $f)) (start $f))",
      "(module (memory 1) (data \"passive\") (data (i32.const 0) \"\"))",
      "(module (memory 1) (data $d \"x\") (func (export \"i\") i32.const 0 i32.const 0 i32.const 1 \
        memory.init $d data.drop $d))",
      "(module (type (func (param v128))) (func (export \"v\") (type 0)))",
      "(module (func (export \"e\") (param externref) (result externref) (local.get 0)))",
  };
  for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
    hcc_build_result r;
    hcc_error err = {.code = HCC_OK};
    kit_host h;
    struct hsb_binding imports[] = {{host_lazy, NULL}};
    for (int no_fuel = 0; no_fuel < 2; no_fuel++) {
      hcc_build_options options = {.tier = HCC_TIER_BASELINE, .no_fuel = no_fuel};
      if (kit_build(&r, modules[i], strlen(modules[i]), options, &err) != 0) {
        fail_msg("%s: %s", modules[i], err.text);
      }
      kit_load(&h, kit_path("m.so"), imports);
      kit_unload(&h);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sig__letters),      cmocka_unit_test(names__are_octal),
      cmocka_unit_test(call__every_type),  cmocka_unit_test(call__forgotten_results_are_zero),
      cmocka_unit_test(call__many_values), cmocka_unit_test(build__small_shapes),
  };
  return cmocka_run_group_tests(tests, kit_begin, kit_end);
}
