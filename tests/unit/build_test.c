/* build_test.c - hcc_build from end to end: what is built runs, traps say where, names stay data,
 * the same input gives the same bytes, and nothing is left behind, whatever goes wrong. */
#include "build_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cache.h"
#include "module.h"
#include "pack.h"
#include "run.h"

static const char CALC[] =
    "(module\n"
    "  (import \"env\" \"mul\" (func $mul (param i32 f32) (result f64)))\n"
    "  (memory (export \"memory\") 1 10)\n"
    "  (table 4 8 funcref) (elem (i32.const 0) $div $sum)\n"
    "  (global $g (mut i32) (i32.const 5))\n"
    "  (data (i32.const 100) \"hello\") (data (i32.const 200) \"wo\\00rld\")\n"
    "  (func $div (export \"div\") (export \"quotient\") (param i32 i32) (result i32)\n"
    "    local.get 0 local.get 1 i32.div_s)\n"
    "  (func $sum (export \"sum\") (param i32) (result i32) (local i32)\n"
    "    (loop $l local.get 1 local.get 0 i32.add local.set 1\n"
    "      local.get 0 i32.const -1 i32.add local.tee 0 br_if $l) local.get 1)\n"
    "  (func (export \"swap\") (param i64 f32 f64) (result f64 f32 i64)\n"
    "    local.get 2 local.get 1 local.get 0)\n"
    "  (func (export \"host\") (param i32) (result f64) local.get 0 f32.const 2.5 call $mul)\n"
    "  (func $deep (export \"deep\") (param i32) (result i32) local.get 0 call $deep)\n"
    "  (func (export \"load\") (param i32) (result i32) local.get 0 i32.load offset=4)\n"
    "  (func (export \"byte\") (param i32) (result i32) local.get 0 i32.load8_u)\n"
    "  (func (export \"indirect\") (param i32 i32) (result i32)\n"
    "    local.get 1 local.get 0 call_indirect (param i32) (result i32))\n"
    "  (func (export \"grow\") (param i32) (result i32) local.get 0 memory.grow)\n"
    "  (func (export \"stop\") unreachable)\n"
    "  (func (export \"spin\") (loop $l br $l))\n"
    "  (func (export \"global\") (result i32) global.get $g)\n"
    "  (func $start i32.const 7 global.set $g) (start $start))\n";

/* For the import (i32, f32) -> f64. */
static void host_mul(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  float factor;
  uint32_t bits = (uint32_t)s[1];
  memcpy(&factor, &bits, sizeof factor);
  double product = (double)(int32_t)s[0] * (double)factor + *(double *)env;
  ctx->fuel -= 10;
  memcpy(s, &product, sizeof product);
}

static double offset_of_mul = 0.25;
static const struct hsb_binding bindings[] = {{host_mul, &offset_of_mul}};

static void check_calc(const hcc_build_options *options) {
  hcc_build_result r;
  kit_host h;
  double result;
  kit_must_build(&r, CALC, *options);
  kit_load(&h, kit_path("m.so"), bindings);
  hsb_slot s[4] = {(uint32_t)-42, 4};
  assert_true(kit_call(&h, "div", s));
  assert_int_equal((int32_t)s[0], -10);
  s[0] = 21, s[1] = 7;
  assert_true(kit_call(&h, "quotient", s));
  assert_int_equal(s[0], 3);
  s[0] = 10;
  assert_true(kit_call(&h, "sum", s));
  assert_int_equal(s[0], 55);
  s[0] = UINT64_C(0x123456789abcdef0), s[1] = 0x40490fdb, s[2] = UINT64_C(0x400921fb54442d18);
  assert_true(kit_call(&h, "swap", s));
  assert_true(s[0] == UINT64_C(0x400921fb54442d18) && s[1] == 0x40490fdb &&
              s[2] == UINT64_C(0x123456789abcdef0));
  s[0] = 4;
  assert_true(kit_call(&h, "host", s));
  memcpy(&result, s, sizeof result);
  assert_true(result == 10.25);
  assert_true(kit_call(&h, "global", s));
  assert_int_equal(s[0], 7);
  s[0] = 202;
  assert_true(kit_call(&h, "byte", s));
  assert_int_equal(s[0], 0);
  s[0] = 203;
  assert_true(kit_call(&h, "byte", s));
  assert_int_equal(s[0], 'r');
  s[0] = 1, s[1] = 4;
  assert_true(kit_call(&h, "indirect", s));
  assert_int_equal(s[0], 10);
  s[0] = 9;
  assert_true(kit_call(&h, "grow", s) && s[0] == 1);
  s[0] = 1;
  assert_true(kit_call(&h, "grow", s) && s[0] == UINT32_MAX);
  kit_unload(&h);
}

static void build__runs(void **state) {
  (void)state;
  check_calc(&(hcc_build_options){.tier = HCC_TIER_OPTIMIZING});
}

static void build__runs_at_baseline_with_explicit_bounds(void **state) {
  (void)state;
  check_calc(&(hcc_build_options){.tier = HCC_TIER_BASELINE, .bounds = HCC_BOUNDS_EXPLICIT});
}

static void build__runs_without_fuel(void **state) {
  (void)state;
  check_calc(&(hcc_build_options){.no_fuel = true});
}

/* Byte offset of an opcode in the module that wat2wasm made, from function body `func` on. */
static uint32_t find_op(const uint8_t *wasm, size_t size, const void *op, size_t length) {
  const uint8_t *at = memmem(wasm, size, op, length);
  assert_non_null(at);
  assert_null(memmem(at + 1, (size_t)(wasm + size - at) - 1, op, length)); /* only one */
  return (uint32_t)(at - wasm);
}

/* Every trap gives the offset of its instruction, by the code or by the line table. */
static void check_offsets(hcc_build_options options) {
  hcc_build_result r;
  kit_host h;
  size_t size;
  kit_must_build(&r, CALC, options);
  kit_load(&h, kit_path("m.so"), bindings);
  const uint8_t *wasm = hrt_plugin_section(h.plugin, 4 /* HSB_SECTION_WASM */, &size);
  assert_non_null(wasm);
  const uint8_t div[] = {0x20, 0, 0x20, 1, 0x6d}, load[] = {0x20, 0, 0x28, 2, 4};
  const uint8_t indirect[] = {0x20, 1, 0x20, 0, 0x11}, stop[] = {3, 0, 0, 0x0b};
  hsb_slot s[4] = {1, 0};
  assert_false(kit_call(&h, "div", s));
  assert_int_equal(h.trap, HSB_TRAP_DIV_BY_ZERO);
  assert_int_equal(h.offset, find_op(wasm, size, div, sizeof div) + 4);
  s[0] = 0x80000000u, s[1] = UINT32_MAX;
  assert_false(kit_call(&h, "div", s));
  assert_int_equal(h.trap, HSB_TRAP_INT_OVERFLOW);
  s[0] = 65533;
  assert_false(kit_call(&h, "load", s));
  assert_int_equal(h.trap, HSB_TRAP_OOB);
  assert_int_equal(h.offset, find_op(wasm, size, load, sizeof load) + 2);
  s[0] = 65528;
  assert_true(kit_call(&h, "load", s));
  s[0] = 2, s[1] = 1;
  assert_false(kit_call(&h, "indirect", s));
  assert_int_equal(h.trap, HSB_TRAP_CALL_NULL);
  assert_int_equal(h.offset, find_op(wasm, size, indirect, sizeof indirect) + 4);
  s[0] = 0;
  assert_false(kit_call(&h, "indirect", s));
  assert_int_equal(h.trap, HSB_TRAP_CALL_SIGNATURE);
  s[0] = 4;
  assert_false(kit_call(&h, "indirect", s));
  assert_int_equal(h.trap, HSB_TRAP_CALL_UNDEFINED);
  assert_false(kit_call(&h, "stop", s));
  assert_int_equal(h.trap, HSB_TRAP_UNREACHABLE);
  assert_int_equal(h.offset, find_op(wasm, size, stop, sizeof stop) + 2);
  assert_false(kit_call(&h, "deep", s));
  assert_int_equal(h.trap, HSB_TRAP_STACK);
  char name[HRT_ESCAPED];
  assert_string_equal(hrt_plugin_func_name(h.plugin, h.offset, name), "deep");
  if (!options.no_fuel) {
    assert_false(kit_call(&h, "spin", s));
    assert_int_equal(h.trap, HSB_TRAP_FUEL);
    assert_string_equal(hrt_plugin_func_name(h.plugin, h.offset, name), "spin");
  }
  kit_unload(&h);
}

static void build__traps_say_where(void **state) {
  (void)state;
  check_offsets((hcc_build_options){.tier = HCC_TIER_OPTIMIZING});
  check_offsets((hcc_build_options){.tier = HCC_TIER_BASELINE, .no_fuel = true});
  check_offsets((hcc_build_options){.bounds = HCC_BOUNDS_EXPLICIT});
}

/* Module with `count` functions, each calling the next: several parts. */
static char *big_module(unsigned count) {
  char *text = NULL;
  size_t size;
  FILE *f = open_memstream(&text, &size);
  fputs("(module (memory 1) (data (i32.const 8) \"x\")\n", f);
  for (unsigned i = 0; i < count; i++) {
    fprintf(f, "(func $f%u (export \"f%u\") (param i32) (result i32)\n", i, i);
    for (unsigned k = 0; k < 40; k++) {
      fprintf(f,
              "  local.get 0 i32.const %u i32.add local.set 0\n"
              "  local.get 0 i32.const 15 i32.and i32.load8_u offset=%u\n"
              "  local.get 0 i32.add local.set 0\n",
              i + k, k * 16 + 64);
    }
    fprintf(f, i + 1 < count ? "  local.get 0 call $f%u)\n" : "  local.get 0)\n", i + 1);
  }
  fputs(")\n", f);
  fclose(f);
  return text;
}

static void build__many_parts(void **state) {
  (void)state;
  enum { COUNT = 200 };
  hcc_build_result r;
  kit_host h;
  char *text = big_module(COUNT);
  kit_must_build(&r, text, (hcc_build_options){.tier = HCC_TIER_BASELINE, .keep = true});
  assert_int_equal(r.functions, COUNT);
  char part[HCC_PATH];
  assert_int_equal(hcc_path(part, NULL, "%s/p1.c", r.folder), 0);
  assert_int_equal(access(part, R_OK), 0);
  hcc_dir_remove(r.folder);
  kit_load(&h, kit_path("m.so"), NULL);
  hsb_slot s[1] = {1};
  uint32_t expected = 1;
  for (uint32_t i = 0; i < COUNT; i++) {
    for (uint32_t k = 0; k < 40; k++) {
      expected = (expected + i + k);
    }
  }
  h.fuel_limit = INT64_C(1) << 40;
  assert_true(kit_call(&h, "f0", s));
  assert_int_equal(s[0], expected);
  kit_unload(&h);
  free(text);
}

static void build__same_input_same_bytes(void **state) {
  (void)state;
  hcc_build_result r;
  size_t sizes[2];
  uint8_t *bytes[2];
  char *texts[2] = {strdup(CALC), big_module(100)};
  for (int t = 0; t < 2; t++) {
    for (int i = 0; i < 2; i++) {
      kit_must_build(&r, texts[t],
                     (hcc_build_options){.no_cache = true, .jobs = i == 0 ? 1 : 2, .tier = t});
      assert_false(r.cached);
      bytes[i] = kit_read(kit_path("m.so"), &sizes[i]);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    assert_null(memmem(bytes[0], sizes[0], kit_folder, strlen(kit_folder)));
    free(bytes[0]);
    free(bytes[1]);
    free(texts[t]);
  }
}

static void build__targets(void **state) {
  (void)state;
  static const char *const targets[] = {"x86_64_v3", "x86-64-v2", "aarch64", "native"};
  hcc_build_result r;
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    kit_must_build(&r, CALC, (hcc_build_options){.target = targets[i]});
  }
  hcc_error err = {.code = HCC_OK};
  hcc_build_options odd = {.target = "pdp11"};
  assert_int_equal(kit_build(&r, CALC, strlen(CALC), odd, &err), HCC_E_USAGE);
  assert_non_null(strstr(err.text, "x86_64_v3"));
}

static void leb(FILE *f, uint32_t v) {
  do {
    fputc((int)(v & 0x7f) | (v >= 0x80 ? 0x80 : 0), f);
  } while ((v >>= 7) != 0);
}

static void put_name(FILE *f, const char *name, uint32_t length) {
  leb(f, length);
  fwrite(name, 1, length, f);
}

/* A module whose import, export, function and module names are all `name`: () -> (). */
static uint8_t *named_module(size_t *size, const char *name, uint32_t length) {
  char *bytes = NULL, *part = NULL;
  size_t part_size;
  FILE *f = open_memstream(&bytes, size), *p;
  fwrite("\0asm\1\0\0\0\1\4\1\x60\0\0", 1, 14, f);
  p = open_memstream(&part, &part_size);
  fputc(1, p);
  put_name(p, name, length);
  put_name(p, name, length);
  fwrite("\0\0", 1, 2, p);
  fclose(p);
  fputc(2, f), leb(f, (uint32_t)part_size), fwrite(part, 1, part_size, f), free(part);
  fwrite("\3\2\1\0", 1, 4, f);
  p = open_memstream(&part, &part_size);
  fputc(1, p);
  put_name(p, name, length);
  fwrite("\0\1", 1, 2, p);
  fclose(p);
  fputc(7, f), leb(f, (uint32_t)part_size), fwrite(part, 1, part_size, f), free(part);
  fwrite("\x0a\6\1\4\0\x10\0\x0b", 1, 8, f);
  p = open_memstream(&part, &part_size);
  put_name(p, "name", 4);
  FILE *q;
  char *sub = NULL;
  size_t sub_size;
  q = open_memstream(&sub, &sub_size);
  leb(q, 1), leb(q, 1), put_name(q, name, length);
  fclose(q);
  fputc(1, p), leb(p, (uint32_t)sub_size), fwrite(sub, 1, sub_size, p), free(sub);
  fclose(p);
  fputc(0, f), leb(f, (uint32_t)part_size), fwrite(part, 1, part_size, f), free(part);
  fclose(f);
  return (uint8_t *)bytes;
}

/* Does needle occur in a generated C, header, assembler or object file of the folder? The module
 * itself (m.wasm, in.*) is not among them. */
static bool in_generated(const char *folder, const char *needle, size_t length) {
  char path[HCC_PATH];
  bool found = false;
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  for (struct dirent *e; (e = readdir(dir)) != NULL;) {
    size_t n = strlen(e->d_name), size;
    if (n < 3 || (strcmp(e->d_name + n - 2, ".c") != 0 && strcmp(e->d_name + n - 2, ".h") != 0)) {
      continue;
    }
    assert_int_equal(hcc_path(path, NULL, "%s/%s", folder, e->d_name), 0);
    uint8_t *bytes = kit_read(path, &size);
    found |= memmem(bytes, size, needle, length) != NULL;
    free(bytes);
  }
  closedir(dir);
  return found;
}

static void build__hostile_names_are_data(void **state) {
  (void)state;
  static char long_name[65536];
  memset(long_name, 'Q', sizeof long_name);
  memcpy(long_name, "*/HOSTILE", 9);
  static const struct {
    const char *name;
    uint32_t length;
  } names[] = {
      {"*/ __attribute__((constructor)) void HOSTILE(void) {} /*", 56},
      {"HOSTILE\"; int x; \"", 18},
      {"HOSTILE\0after", 13},
      {"HOSTILE\n#include \"/etc/passwd\"\n", 31},
      {"\xe2\x80\xaeHOSTILE\xe2\x80\xac", 13},
      {"HOSTILE\\\n\?\?/", 12},
      {"HOSTILE%s%n", 11},
      {"", 0},
      {long_name, sizeof long_name},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t size;
    hcc_build_result r;
    hcc_error err = {.code = HCC_OK};
    uint8_t *module = named_module(&size, names[i].name, names[i].length);
    hcc_build_options options = {.keep = true, .no_cache = true, .tier = HCC_TIER_BASELINE};
    if (kit_build(&r, module, size, options, &err) != 0) {
      fail_msg("name %zu: %s", i, err.text);
    }
    assert_false(in_generated(r.folder, "HOSTILE", 7));
    assert_false(in_generated(r.folder, "QQQQ", 4));
    assert_false(in_generated(r.folder, "\xe2\x80", 2));
    hcc_dir_remove(r.folder);
    kit_host h;
    kit_load(&h, kit_path("m.so"), bindings);
    assert_int_equal(h.abi->export_count, 1);
    assert_int_equal(h.abi->exports[0].name_len, names[i].length);
    assert_memory_equal(h.abi->exports[0].name, names[i].name, names[i].length);
    assert_int_equal(h.abi->imports[0].module_len, names[i].length);
    assert_memory_equal(h.abi->imports[0].name, names[i].name, names[i].length);
    kit_unload(&h);
    free(module);
  }
}

static void build__cached_is_the_same_and_quick(void **state) {
  (void)state;
  hcc_build_result first, second;
  size_t sizes[2];
  kit_must_build(&first, CALC, (hcc_build_options){.quiet = true});
  uint8_t *a = kit_read(kit_path("m.so"), &sizes[0]);
  assert_int_equal(unlink(kit_path("m.so")), 0);
  kit_must_build(&second, CALC, (hcc_build_options){.quiet = true});
  uint8_t *b = kit_read(kit_path("m.so"), &sizes[1]);
  assert_true(second.cached);
  assert_int_equal(sizes[0], sizes[1]);
  assert_memory_equal(a, b, sizes[0]);
  assert_int_equal(first.functions, second.functions);
  assert_int_equal(first.exports, second.exports);
  assert_int_equal(first.imports, second.imports);
  assert_memory_equal(first.module_hash, second.module_hash, 32);
  kit_must_build(&second, CALC, (hcc_build_options){.tier = HCC_TIER_BASELINE, .no_embed = true});
  assert_false(second.cached); /* other flags, other entry */
  free(a);
  free(b);
}

static bool spoil(void *arg, const hcc_cache_entry *entry) {
  FILE *f = fopen(entry->path, "r+");
  assert_non_null(f);
  fseek(f, (long)entry->size / 3, SEEK_SET);
  int c = fgetc(f);
  fseek(f, -1, SEEK_CUR);
  fputc(c ^ 1, f);
  fclose(f);
  ++*(unsigned *)arg;
  return true;
}

static bool cut(void *arg, const hcc_cache_entry *entry) {
  assert_int_equal(truncate(entry->path, (off_t)entry->size / 2), 0);
  ++*(unsigned *)arg;
  return true;
}

static void build__damaged_cache_entry_is_rebuilt(void **state) {
  (void)state;
  hcc_build_result r;
  size_t size, again;
  unsigned spoilt = 0;
  kit_must_build(&r, CALC, (hcc_build_options){.quiet = true});
  uint8_t *good = kit_read(kit_path("m.so"), &size);
  bool (*const damages[])(void *, const hcc_cache_entry *) = {spoil, cut};
  for (int i = 0; i < 2; i++) {
    hcc_cache_walk(damages[i], &spoilt);
    assert_true(spoilt > 0);
    kit_must_build(&r, CALC, (hcc_build_options){.quiet = true});
    assert_false(r.cached);
    uint8_t *built = kit_read(kit_path("m.so"), &again);
    assert_int_equal(size, again);
    assert_memory_equal(good, built, size);
    free(built);
    kit_must_build(&r, CALC, (hcc_build_options){.quiet = true});
    assert_true(r.cached);
  }
  free(good);
}

static void build__errors(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int code;
    const char *says;
  } cases[] = {
      {"(module (func (result i32)))", HCC_E_WAT, "error"},
      {"(module (import \"helios_v1\" \"arg_cout\" (func (result i32))))", HCC_E_IMPORT_UNKNOWN,
       "arg_count"},
      {"(module (import \"heliosdb\" \"heliosdb_quary\" (func)))", HCC_E_IMPORT_UNKNOWN,
       "heliosdb_query"},
      {"(module (import \"heliosdb\" \"helisdb_query\" (func)))", HCC_E_IMPORT_UNKNOWN,
       "heliosdb_query"},
      {"(module (import \"env\" \"heliosdb_execute\" (func)))", HCC_E_IMPORT_UNKNOWN, "heliosdb_"},
      {"(module (import \"helios_v2\" \"log\" (func)))", HCC_E_IMPORT_UNKNOWN, "helios_v2.log"},
      {"(module (import \"wasi_unstable\" \"fd_write\" (func)))", HCC_E_IMPORT_UNKNOWN, "fd_write"},
      {"(module (import \"helios_v1\" \"arg_count\" (func (result i64))))", HCC_E_IMPORT_TYPE,
       "(:i)"},
      {"(module (import \"x\" \"m\" (memory 1)))", HCC_E_IMPORT_KIND, "memory"},
      {"(module (import \"x\" \"g\" (global i32)))", HCC_E_IMPORT_KIND, "global"},
      {"(module (@custom \"helios.manifest\" \"{\\\"v\\\":2}\"))", HCC_E_MANIFEST, "version"},
      {"(module", HCC_E_WAT, "error"},
      {"(func (result i32) (i32.const nan:canonical))", HCC_E_WAT, "does not say why"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hcc_build_result r;
    hcc_error err = {.code = HCC_OK};
    unlink(kit_path("m.so"));
    int status =
        kit_build(&r, cases[i].text, strlen(cases[i].text), (hcc_build_options){.jobs = 1}, &err);
    assert_int_equal(status, cases[i].code);
    if (strstr(err.text, cases[i].says) == NULL) {
      fail_msg("case %zu says: %s", i, err.text);
    }
    assert_int_equal(access(kit_path("m.so"), F_OK), -1);
  }
  assert_int_equal(kit_count("tmp"), 0);
}

static void build__jail_limits(void **state) {
  (void)state;
  hcc_build_result r;
  static const uint64_t megabytes[] = {20, 60, 120};
  for (size_t i = 0; i < sizeof megabytes / sizeof *megabytes; i++) {
    hcc_error err = {.code = HCC_OK};
    hcc_build_options options = {.no_cache = true, .jail_memory = megabytes[i] << 20};
    if (kit_build(&r, CALC, strlen(CALC), options, &err) != HCC_E_TOOL_LIMIT) {
      fail_msg("%u MiB: %s", (unsigned)megabytes[i], err.text);
    }
  }
  char *text = big_module(600);
  hcc_build_options options = {.no_cache = true, .jail_seconds = 1};
  assert_int_equal(kit_build(&r, text, strlen(text), options, NULL), HCC_E_TOOL_LIMIT);
  free(text);
  assert_int_equal(kit_count("tmp"), 0);
}

static void build__emits_wasm_and_c(void **state) {
  (void)state;
  hcc_build_result r;
  size_t size;
  kit_must_build(&r, CALC, (hcc_build_options){.emit = HCC_EMIT_WASM});
  uint8_t *wasm = kit_read(kit_path("m.so"), &size);
  assert_memory_equal(wasm, "\0asm", 4);
  assert_non_null(memmem(wasm, size, "fuel", 4));
  assert_null(memmem(wasm, size, "mark", 4));
  free(wasm);
  kit_must_build(&r, CALC, (hcc_build_options){.emit = HCC_EMIT_C});
  char *c = (char *)kit_read(kit_path("m.so"), &size);
  assert_non_null(strstr(c, "helios_plugin"));
  assert_non_null(strstr(c, "typedef struct w2c_m"));
  assert_null(strstr(c, "#include \"m.h\""));
  free(c);
}

/* What another engine needs is in it: the data, and that no memory grows above what we allow. */
static void build__emits_wasm_for_other_engines(void **state) {
  (void)state;
  static const char text[] =
      "(module (memory 1) (data (i32.const 8) \"abc\") (func (export \"f\")))";
  hcc_build_result r;
  hcc_module *m = NULL;
  hcc_error err;
  size_t size;
  kit_must_build(&r, text, (hcc_build_options){.emit = HCC_EMIT_WASM});
  uint8_t *wasm = kit_read(kit_path("m.so"), &size);
  assert_int_equal(hcc_decode(&m, wasm, size, &err), 0);
  assert_int_equal(m->data_count, 1);
  assert_int_equal(m->datas[0].mode, HCC_ACTIVE);
  assert_memory_equal(wasm + m->datas[0].bytes.begin, "abc", 3);
  assert_true(m->memories[0].has_max && m->memories[0].max == HSB_PAGES_MAX);
  hcc_module_free(m);
  free(wasm);
}

/* Killed at any time, the output is the old one or the new one, and the next build tidies up once
 * the tools of the killed one are gone too: they become children of this process. */
static void build__killed_leaves_old_or_new(void **state) {
  (void)state;
  assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  size_t size, new_size;
  hcc_build_result r;
  kit_must_build(&r, CALC, (hcc_build_options){.no_cache = true});
  uint8_t *new_bytes = kit_read(kit_path("m.so"), &new_size);
  unsigned kills = 0;
  for (unsigned i = 0; i < 24; i++) {
    kit_write("m.so", "old", 3);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
      hcc_error err = {.code = HCC_OK};
      _exit(kit_build(&r, CALC, strlen(CALC), (hcc_build_options){.no_cache = true}, &err));
    }
    usleep(i * 25000 + 1000);
    kill(pid, SIGKILL);
    int status;
    waitpid(pid, &status, 0);
    kills += WIFSIGNALED(status);
    uint8_t *bytes = kit_read(kit_path("m.so"), &size);
    bool old = size == 3 && memcmp(bytes, "old", 3) == 0;
    assert_true(old || (size == new_size && memcmp(bytes, new_bytes, size) == 0));
    free(bytes);
  }
  assert_true(kills > 0);
  while (wait(NULL) > 0) {
  }
  assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
  kit_must_build(&r, CALC, (hcc_build_options){.no_cache = true});
  assert_int_equal(kit_count("tmp"), 0);
  free(new_bytes);
}

/* Killed between any two steps of making the folder, even before it is locked. */
static void temp__killed_is_tidied_up(void **state) {
  (void)state;
  for (unsigned i = 0; i < 300; i++) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
      hcc_temp t;
      while (hcc_temp_make(&t, NULL) == 0) {
        hcc_temp_free(&t, false);
      }
      _exit(1);
    }
    usleep(500 + i * 7);
    kill(pid, SIGKILL);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
  }
  hcc_temp t;
  assert_int_equal(hcc_temp_make(&t, NULL), 0);
  hcc_temp_free(&t, false);
  assert_int_equal(kit_count("tmp"), 0);
}

_Noreturn static void write_for_a_while(const char *folder) {
  char path[HCC_PATH];
  for (unsigned n = 0; n < 200 && hcc_path(path, NULL, "%s/%u", folder, n) == 0; n++) {
    int fd = creat(path, 0600);
    if (fd < 0) {
      break;
    }
    close(fd);
  }
  _exit(0);
}

/* A tool that is being killed may still be in its last system calls while its folder is removed. */
static void temp__removed_under_a_late_writer(void **state) {
  (void)state;
  for (unsigned i = 0; i < 100; i++) {
    hcc_temp t;
    assert_int_equal(hcc_temp_make(&t, NULL), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
      write_for_a_while(t.path);
    }
    usleep(i * 10);
    hcc_temp_free(&t, false);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(kit_count("tmp"), 0);
  }
}

/* Several at once: nobody takes a folder that another is about to lock for a leftover. */
static void temp__made_at_once(void **state) {
  (void)state;
  pid_t pids[4];
  for (unsigned p = 0; p < 4; p++) {
    pids[p] = fork();
    assert_true(pids[p] >= 0);
    for (unsigned i = 0; pids[p] == 0 && i < 300; i++) {
      hcc_temp t;
      if (hcc_temp_make(&t, NULL) != 0 || access(t.path, W_OK) != 0) {
        _exit(1);
      }
      hcc_temp_free(&t, false);
    }
    if (pids[p] == 0) {
      _exit(0);
    }
  }
  for (unsigned p = 0; p < 4; p++) {
    int status;
    assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  assert_int_equal(kit_count("tmp"), 0);
}

/* Ctrl-C: INTERRUPTED, the temporary folder is gone, the children too. */
static void build__interrupted_cleans_up(void **state) {
  (void)state;
  char *text = big_module(400);
  kit_write("m.so", "old", 3);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    hcc_build_result r;
    hcc_error err = {.code = HCC_OK};
    _exit(kit_build(&r, text, strlen(text), (hcc_build_options){.no_cache = true}, &err) ==
                  HCC_E_INTERRUPTED
              ? 130
              : 1);
  }
  for (int i = 0; i < 6000 && kit_count("tmp") == 0; i++) {
    usleep(10000);
  }
  usleep(100000); /* it is at work: in a tool, or between two */
  kill(pid, SIGINT);
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 130);
  assert_int_equal(kit_count("tmp"), 0);
  size_t size;
  uint8_t *bytes = kit_read(kit_path("m.so"), &size);
  assert_int_equal(size, 3);
  free(bytes);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(build__runs),
      cmocka_unit_test(build__runs_at_baseline_with_explicit_bounds),
      cmocka_unit_test(build__runs_without_fuel),
      cmocka_unit_test(build__traps_say_where),
      cmocka_unit_test(build__many_parts),
      cmocka_unit_test(build__same_input_same_bytes),
      cmocka_unit_test(build__targets),
      cmocka_unit_test(build__hostile_names_are_data),
      cmocka_unit_test(build__cached_is_the_same_and_quick),
      cmocka_unit_test(build__damaged_cache_entry_is_rebuilt),
      cmocka_unit_test(build__errors),
      cmocka_unit_test(build__jail_limits),
      cmocka_unit_test(build__emits_wasm_and_c),
      cmocka_unit_test(build__emits_wasm_for_other_engines),
      cmocka_unit_test(temp__killed_is_tidied_up),
      cmocka_unit_test(temp__removed_under_a_late_writer),
      cmocka_unit_test(temp__made_at_once),
      cmocka_unit_test(build__killed_leaves_old_or_new),
      cmocka_unit_test(build__interrupted_cleans_up),
  };
  return cmocka_run_group_tests(tests, kit_begin, kit_end);
}
