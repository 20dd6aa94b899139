/* guest_kit.h - one guest with all that the tests of runtime/instance need: memory, tables,
 * globals, fuel, recursion, traps, a host function. Written by hand as heliosc's output would
 * behave. */
#ifndef GUEST_KIT_H
#define GUEST_KIT_H

#include "fixture.h"

#include "instance/inst.h"
#include "plugin/alloc.h"

#define KIT_TSAN 0
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#undef KIT_TSAN
#define KIT_TSAN 1
#endif
#endif

enum kit_export {
  KIT_EMPTY,
  KIT_PEEK,        /* i:i byte at address */
  KIT_POKE,        /* ii: byte to address */
  KIT_PEEK_FAR,    /* ii:i byte at address + offset, both 32 bits */
  KIT_GROW,        /* i:i */
  KIT_SIZE,        /* :i bytes / 64 KiB */
  KIT_COUNT,       /* :j counter global, after adding 1 */
  KIT_TABLE_SET,   /* ij: element of the table */
  KIT_TABLE_GET,   /* i:j */
  KIT_SPIN,        /* : for ever, one unit a turn */
  KIT_BURN,        /* jj: n units, k at a time, a checkpoint after each */
  KIT_RECURSE,     /* i:i depth reached, until n */
  KIT_TRAP,        /* i: with this code at offset 0x77 */
  KIT_IMPORT,      /* j:j calls env.host */
  KIT_FILL,        /* iii: memory[a, a+n) = byte */
  KIT_STATELESS,   /* i:i peek, flagged */
  KIT_SPIN_DRY,    /* : for ever, never asks for fuel more than once in 2^22 turns */
  KIT_LAST,        /* :j as count, with a name that the test chooses */
  KIT_BURN_IMPORT, /* jj:j burns the first, then calls env.host with the second */
};

static const char kit_source[] =
    "struct inst { struct hsb_memory mem; unsigned long long counter; unsigned long long *table;\n"
    "  unsigned table_size, table_max; };\n"
    "#define I struct inst *in = i; (void)in; (void)s\n"
    "#define U(n) ((unsigned)s[n])\n"
    "#define FN(n) static NOINLINE void n(void *i, hsb_slot *s)\n"
    "FN(empty) { I; }\n"
    "FN(peek) { I; s[0] = MEM(i)[U(0)]; }\n"
    "FN(poke) { I; MEM(i)[U(0)] = (unsigned char)s[1]; }\n"
    "FN(peek_far) { I; s[0] = MEM(i)[(unsigned long long)U(0) + U(1)]; }\n"
    "FN(grow) { I; struct hsb_ctx *c = hsb_ctx_of(i); s[0] = c->host->memory_grow(c, U(0)); }\n"
    "FN(size) { I; s[0] = in->mem.pages; }\n"
    "FN(count) { I; s[0] = ++in->counter; }\n"
    "FN(table_set) { I; if (U(0) >= in->table_max) __builtin_trap(); in->table[U(0)] = s[1]; }\n"
    "FN(table_get) { I; s[0] = in->table[U(0)]; }\n"
    "static NOINLINE long long step(void *i, long long fuel, long long n, unsigned at) {\n"
    "  struct hsb_ctx *c = hsb_ctx_of(i); fuel -= n;\n"
    "  return fuel < 0 ? c->host->refuel(c, fuel, at) : fuel; }\n"
    "FN(spin) { I; long long f = hsb_ctx_of(i)->fuel; for (;;) f = step(i, f, 1, 0x42); }\n"
    "FN(burn) { I; long long f = hsb_ctx_of(i)->fuel, n = (long long)s[0], k = (long long)s[1];\n"
    "  for (; n > 0; n -= k) f = step(i, f, n < k ? n : k, 0x52); hsb_ctx_of(i)->fuel = f; }\n"
    "static NOINLINE unsigned dive(void *i, unsigned n) {\n"
    "  struct hsb_ctx *c = hsb_ctx_of(i); volatile char room[200]; room[0] = 1;\n"
    "  if ((uintptr_t)__builtin_frame_address(0) < c->stack_limit)\n"
    "    c->host->trap(c, HSB_TRAP_STACK, 0x62);\n"
    "  return n == 0 ? 0 : dive(i, n - 1) + room[0]; }\n"
    "FN(recurse) { I; s[0] = dive(i, U(0)); }\n"
    "FN(trap) { I; struct hsb_ctx *c = hsb_ctx_of(i); c->host->trap(c, U(0), 0x77); }\n"
    "FN(import) { I; struct hsb_ctx *c = hsb_ctx_of(i); c->imports[0].fn(c, s, c->imports[0].env); "
    "}\n"
    "FN(fill) { I; for (unsigned n = 0; n < U(1); n++) MEM(i)[U(0) + n] = (unsigned char)s[2]; }\n"
    "FN(spin_dry) { I; for (volatile unsigned n = 0;; n++) if ((n & 0x3fffff) == 0)\n"
    "  hsb_ctx_of(i)->fuel = step(i, hsb_ctx_of(i)->fuel, 0x400000, 0x92); }\n"
    "FN(burn_import) { I; struct hsb_ctx *c = hsb_ctx_of(i); c->fuel = step(i, c->fuel, s[0], "
    "0xa2);\n"
    "  s[0] = s[1]; c->imports[0].fn(c, s, c->imports[0].env); }\n"
    "__attribute__((unused)) FN(begin) { I; BEGIN }\n"
    "static void init(void *i) { struct inst *in = i; struct hsb_ctx *c = hsb_ctx_of(i);\n"
    "  in->counter = 100; in->table_size = TABLE_MIN; in->table_max = TABLE_MAX;\n"
    "  in->table = c->host->table_reserve(c, 0, TABLE_MIN, &in->table_max, 8);\n"
    "  if (!in->table) c->host->trap(c, HSB_TRAP_OUT_OF_MEMORY, 0);\n"
    "  if (TABLE_MIN) in->table[0] = 1234; INIT }\n"
    "static const struct hsb_export ex[] = {EXPORT(\"empty\", \":\", empty),\n"
    "  EXPORT(\"peek\", \"i:i\", peek), EXPORT(\"poke\", \"ii:\", poke),\n"
    "  EXPORT(\"peek_far\", \"ii:i\", peek_far), EXPORT(\"grow\", \"i:i\", grow),\n"
    "  EXPORT(\"size\", \":i\", size), EXPORT(\"count\", \":j\", count),\n"
    "  EXPORT(\"table_set\", \"ij:\", table_set), EXPORT(\"table_get\", \"i:j\", table_get),\n"
    "  EXPORT(\"spin\", \":\", spin), EXPORT(\"burn\", \"jj:\", burn),\n"
    "  EXPORT(\"recurse\", \"i:i\", recurse), EXPORT(\"trap\", \"i:\", trap),\n"
    "  EXPORT(\"import\", \"j:j\", import), EXPORT(\"fill\", \"iii:\", fill),\n"
    "  {.name = \"stateless\", .name_len = 9, .sig = \"i:i\", .call = peek,\n"
    "   .flags = HSB_EXPORT_STATELESS}, EXPORT(\"spin_dry\", \":\", spin_dry),\n"
    "  EXPORT(LAST_NAME, \":\", count), EXPORT(\"burn_import\", \"jj:j\", burn_import)};\n"
    "static const struct hsb_import im[] = {{\"env\", \"host\", \"j:j\", 3, 4}};\n"
    "static const unsigned char blob[] = \"hello, guest\";\n"
    "static const struct hsb_segment seg[] = {{16, 0, 5}, {SEGMENT_AT, 7, 5}};\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR,\n"
    "  .flags = HAS_MEMORY | METERED | FLAGS,\n"
    "  .instance_size = sizeof(struct inst) + TAIL, .memory_offset = 0,\n"
    "  .memory_min = MEMORY_MIN, .memory_max = MEMORY_MAX,\n"
    "  .export_count = COUNT(ex), .import_count = 1, .exports = ex,\n"
    "  .segment_count = HAS_MEMORY ? 2 : 0,\n"
    "  .imports = im, .segments = seg, .blob = blob, .blob_size = 12, .init = init, START};\n";

#define KIT_DEFAULTS                                                                               \
  "-DTABLE_MIN=10 -DTABLE_MAX=5000 -DMEMORY_MIN=4 -DMEMORY_MAX=1000 -DSEGMENT_AT=70000 "           \
  "-DHAS_MEMORY=HSB_PLUGIN_HAS_MEMORY -DMETERED=HSB_PLUGIN_METERED -DTAIL=0 "

/* The file of a plugin of the kit. flags: -D options after the defaults; "" for none. */
FX struct fx_bytes kit_file(const char *flags) {
  char all[1000];
  snprintf(all, sizeof all, "%s %s %s %s %s %s %s", KIT_DEFAULTS,
           strstr(flags, "-DBEGIN") ? "" : "-DBEGIN=", strstr(flags, "-DFLAGS") ? "" : "-DFLAGS=0",
           strstr(flags, "-DINIT") ? "" : "-DINIT=", strstr(flags, "-DSTART") ? "" : "-DSTART=",
           strstr(flags, "-DLAST") ? "" : "'-DLAST_NAME=\"last\"'", flags);
  struct fx_bytes elf = fx_compile(kit_source, all);
  /* sorted by offset, as the format wants */
  struct fx_func funcs[] = {
      {"spin", 0x40},  {"burn", 0x50},  {"dive", 0x60},      {"trap", 0x70},  {"spin_dry", 0x90},
      {"peek", 0x100}, {"poke", 0x120}, {"peek_far", 0x140}, {"fill", 0x160}, {"table_set", 0x180}};
  struct fx_bytes file = fx_pack_funcs(elf, funcs, sizeof funcs / sizeof *funcs);
  fx_free(elf);
  return file;
}

FX hrt_plugin *kit_plugin(const char *flags) {
  struct fx_bytes file = kit_file(flags);
  hrt_plugin *p = fx_load(file);
  fx_free(file);
  return p;
}

FX void kit_host_unused(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx;
  (void)env;
  s[0]++;
}

static const struct hsb_binding kit_binding = {kit_host_unused, NULL};

FX hrt_instance *kit_instance(hrt_plugin *p, const struct hsb_binding *binding) {
  hrt_instance *i = NULL;
  hrt_budget budget = {0};
  helios_error err = {0};
  hrt_instance_options options = {.imports = binding ? binding : &kit_binding};
  if (hrt_instance_new(&i, p, &options, &budget, &err) != 0) {
    fail_msg("%s (%s)", err.text, err.hint);
  }
  return i;
}

/* Calls with up to three arguments; the test fails if the guest does. */
FX uint64_t kit_call(hrt_instance *i, uint32_t n, uint64_t a, uint64_t b, uint64_t c) {
  hsb_slot s[3] = {a, b, c};
  hrt_budget budget = {0};
  helios_error err = {0};
  if (hrt_call(i, n, s, &budget, &err) != 0) {
    fail_msg("export %u: %s", n, err.text);
  }
  assert_int_equal(err.code, 0);
  return s[0];
}

/* The call must fail with code and trap and this text; the instance is dead after it. */
FX void kit_fails(hrt_instance *i, uint32_t n, uint64_t a, uint64_t b, uint32_t trap, int code,
                  const char *text) {
  hsb_slot s[3] = {a, b, 7};
  hrt_budget budget = {0};
  helios_error err = {0};
  assert_int_equal(hrt_call(i, n, s, &budget, &err), code);
  assert_int_equal(err.code, code);
  assert_int_equal(err.trap, trap);
  assert_string_equal(err.text, text);
  assert_true(hrt_instance_dead(i));
  assert_int_equal(budget.depth, 0);
  assert_null(hrt_thread.current);
}

/* Of a group of tests: with guard pages, with explicit bounds. */
static hrt_plugin *kit_guarded, *kit_checked;

FX int kit_begin_both(void **state) {
  (void)state;
  kit_guarded = kit_plugin("");
  kit_checked = kit_plugin("-DFLAGS=HSB_PLUGIN_EXPLICIT_BOUNDS");
  return 0;
}

FX int kit_end_both(void **state) {
  (void)state;
  hrt_plugin_unref(kit_guarded);
  hrt_plugin_unref(kit_checked);
  return hrt_plugin_count() != 0;
}

#endif
