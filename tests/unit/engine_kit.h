/* engine_kit.h - for tests of the engine through its public API: plugin files with a manifest and a
 * module, made by the fixture (no heliosc needed), in a folder that is removed at the end; SQL in,
 * text out. */
#ifndef ENGINE_KIT_H
#define ENGINE_KIT_H

#include "fixture.h"

#include <dirent.h>
#include <openssl/sha.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "helios/helios.h"
#include "plugin/alloc.h"

/* Exports of the guest: -DANSWER=n tells its builds apart. */
static const char ek_source[] =
    "struct inst { struct hsb_memory mem; unsigned long long counter; };\n"
    "#define FN(n) static NOINLINE void n(void *i, hsb_slot *s)\n"
    "#define in_bytes(i) ((struct inst *)(i))->mem.size\n"
    "#define CTX struct hsb_ctx *c = hsb_ctx_of(i)\n"
    "FN(answer) { (void)i; s[0] = ANSWER; }\n"
    "FN(mark) { (void)i; s[0] = s[0] * 10 + ANSWER; }\n"
    "FN(add) { (void)i; s[0] += s[1]; }\n"
    "FN(keep) { (void)i, (void)s; }\n"
    "FN(bump) { struct inst *in = i; s[0] = ++in->counter; }\n"
    "FN(tally) { struct inst *in = i; s[0] = ++in->counter * 1000000 + (unsigned)s[1]; }\n"
    "FN(sum) { unsigned long long n = 0; for (unsigned k = 0; k < in_bytes(i); k++) n += "
    "MEM(i)[k];\n"
    "  s[0] = n + ((struct inst *)i)->counter; }\n"
    "FN(stash) { CTX; struct inst *in = i; (void)s; in->counter = 7; MEM(i)[5000] = 8;\n"
    "  c->host->memory_grow(c, 1); MEM(i)[HSB_PAGE + 9] = 9; s[0] = 0; }\n"
    "FN(echo) { (void)i; s[0] = s[0] << 32 | (unsigned)s[1]; }\n"
    "FN(trap) { CTX; (void)s; c->host->trap(c, HSB_TRAP_UNREACHABLE, 0x77); }\n"
    "FN(wild) { s[0] = MEM(i)[0xfffffff0u]; }\n"
    "FN(spin) { CTX; (void)s; long long f = c->fuel;\n"
    "  for (;;) { f -= 100; for (volatile int k = 0; k < 100; k++) {}\n"
    "    if (f < 0) f = c->host->refuel(c, f, 0x42); } }\n"
    "FN(burn) { CTX; long long f = c->fuel - (long long)s[0];\n"
    "  if (f < 0) f = c->host->refuel(c, f, 0x52); c->fuel = f; }\n"
    "static const struct hsb_import im[] = {\n"
    "#ifdef SQL\n"
    "  {\"helios_v1\", \"exec\", \"iiii:j\", 9, 4},\n"
    "#endif\n"
    "};\n"
    "#ifdef SQL\n"
    "#ifndef BURN\n"
    "#define BURN 0\n"
    "#endif\n"
    "FN(run) { CTX; c->fuel -= BURN; s[0] = 16; s[1] = sizeof SQL - 1; s[2] = s[3] = 0;\n"
    "  c->imports[0].fn(c, s, c->imports[0].env); }\n"
    "static const unsigned char blob[] = SQL;\n"
    "#else\n"
    "static const unsigned char blob[] = \"?\";\n"
    "#endif\n"
    "static const struct hsb_segment seg[] = {{16, 0, sizeof blob - 1}};\n"
    "static void init(void *i) { (void)i; }\n"
    "static const struct hsb_export ex[] = {\n"
    "  {.name = \"answer\", .name_len = 6, .sig = \":j\", .call = answer, .flags = 1},\n"
    "  {.name = \"mark\", .name_len = 4, .sig = \"j:j\", .call = mark, .flags = 1},\n"
    "  EXPORT(\"add\", \"jj:j\", add), EXPORT(\"bump\", \":j\", bump), EXPORT(\"echo\", \"ii:j\", "
    "echo),\n"
    "  EXPORT(\"tally\", \"ii:j\", tally), EXPORT(\"sum\", \":j\", sum), EXPORT(\"stash\", \":j\", "
    "stash),\n"
    "  EXPORT(\"trap\", \":j\", trap), EXPORT(\"wild\", \":i\", wild), EXPORT(\"spin\", \":j\", "
    "spin),\n"
    "  EXPORT(\"burn\", \"j:j\", burn), EXPORT(\"total_step\", \"jj:j\", add),\n"
    "  EXPORT(\"total_final\", \"j:j\", keep),\n"
    "#ifdef SQL\n"
    "  EXPORT(\"run\", \":j\", run),\n"
    "#endif\n"
    "};\n"
    "PUBLIC const struct helios_plugin helios_plugin = {.size = sizeof helios_plugin,\n"
    "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR,\n"
    "  .flags = HSB_PLUGIN_HAS_MEMORY | HSB_PLUGIN_METERED | (COUNT(im) ? HSB_PLUGIN_IMPURE : 0),\n"
    "  .instance_size = sizeof(struct inst), .memory_offset = 0, .memory_min = 1, .memory_max = "
    "100,\n"
    "  .export_count = COUNT(ex), .import_count = COUNT(im), .segment_count = 1, .exports = ex,\n"
    "  .imports = im, .segments = seg, .blob = blob, .blob_size = sizeof blob - 1, .init = init,\n"
    "#ifdef START\n"
    "  .start = START,\n"
    "#endif\n"
    "  .module_hash = HASH};\n";

#define EK_MANIFEST                                                                                \
  "{\"v\":1,\"target\":\"native\",\"manifest\":{\"v\":1,\"procedures\":[{\"name\":\"said\","       \
  "\"export\":\"echo\","                                                                           \
  "\"params\":"                                                                                    \
  "[{\"name\":\"what\",\"type\":\"TEXT\"}],\"returns\":\"TEXT\",\"deterministic\":false,"          \
  "\"strict\":"                                                                                    \
  "true,\"state\":\"call\"},{\"name\":\"keeper\",\"export\":\"bump\",\"params\":[],"               \
  "\"returns\":\"BIGINT\",\"deterministic\":false,\"strict\":true,\"state\":\"statement\"}],"      \
  "\"capabilities\":[]}}"

static char ek_dir[64];

/* A path in the test's folder; a few at a time. */
FX const char *ek_path(const char *name) {
  static char paths[8][128];
  static unsigned next;
  char *out = paths[next++ % 8];
  snprintf(out, sizeof paths[0], "%s/%s", ek_dir, name);
  return out;
}

FX void ek_write(const char *name, const void *data, size_t size) {
  FILE *f = fopen(ek_path(name), "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(data, 1, size, f), size);
  assert_int_equal(fclose(f), 0);
}

/* Compiles a guest to a plugin file `name`. flags: -D options. */
FX void ek_plugin_of(const char *name, const char *source, const char *flags) {
  char all[1200], wasm[300], hash[600] = "'-DHASH={";
  uint8_t digest[32];
  int size = snprintf(wasm, sizeof wasm, "%s%s", "@asm", flags); /* stands for a module */
  wasm[0] = 0;
  SHA256((const uint8_t *)wasm, (size_t)size, digest);
  for (int i = 0; i < 32; i++) {
    snprintf(hash + strlen(hash), 8, "%u,", digest[i]);
  }
  snprintf(all, sizeof all, "%s}' %s", hash, flags);
  struct fx_bytes elf = fx_compile(source, all);
  const struct fx_section sections[] = {{HSB_SECTION_INFO, EK_MANIFEST, sizeof EK_MANIFEST - 1},
                                        {HSB_SECTION_WASM, wasm, (size_t)size}};
  struct fx_bytes file = fx_pack(elf, sections, 2);
  ek_write(name, file.data, file.size);
  fx_free(elf);
  fx_free(file);
}

FX void ek_plugin(const char *name, const char *flags) {
  ek_plugin_of(name, ek_source, flags);
}

FX int ek_setup(void **state) {
  (void)state;
  snprintf(ek_dir, sizeof ek_dir, "/tmp/helios-test-" MKTEMP);
  assert_non_null(mkdtemp(ek_dir));
  ek_write("key", fx_key, sizeof fx_key);
  assert_int_equal(chmod(ek_path("key"), 0600), 0);
  setenv("HELIOS_KEY", ek_path("key"), 1);
  setenv("HELIOS_HELIOSC", ek_path("no-heliosc"), 1);
  ek_plugin("one.so", "-DANSWER=1");
  ek_plugin("two.so", "-DANSWER=2");
  return 0;
}

FX int ek_teardown(void **state) {
  (void)state;
  DIR *dir = opendir(ek_dir);
  for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
    if (e->d_name[0] != '.') {
      unlink(ek_path(e->d_name));
    }
  }
  closedir(dir);
  return rmdir(ek_dir);
}

FX helios *ek_open(const char *name) {
  helios *h = NULL;
  helios_error err = {0};
  if (helios_open(&h, strcmp(name, ":memory:") == 0 ? name : ek_path(name), NULL, &err) != 0) {
    fail_msg("open: %s", err.text);
  }
  return h;
}

FX void ek_close(helios *h) {
  helios_error err = {0};
  if (helios_close(h, &err) != 0) {
    fail_msg("close: %s", err.text);
  }
}

/* Results of the last ek_run: values joined by '|', rows by newline. */
static char ek_out[65536];

FX int ek_row(void *arg, sqlite3_stmt *s) {
  (void)arg;
  for (int i = 0; i < sqlite3_column_count(s); i++) {
    const char *text = (const char *)sqlite3_column_text(s, i);
    size_t used = strlen(ek_out);
    snprintf(ek_out + used, sizeof ek_out - used, "%s%s",
             i      ? "|"
             : used ? "\n"
                    : "",
             text ? text : "NULL");
  }
  return 0;
}

/* In format, %D stands for the test's folder. */
FX int ek_try(helios *h, helios_error *err, const char *format) {
  char sql[8192];
  size_t used = 0;
  for (const char *c = format; *c; c++) {
    bool dir = c[0] == '%' && c[1] == 'D';
    used += (size_t)snprintf(sql + used, sizeof sql - used, dir ? "%s" : "%.1s", dir ? ek_dir : c);
    c += dir;
  }
  memset(err, 0, sizeof *err);
  ek_out[0] = 0;
  return helios_exec(h, sql, ek_row, NULL, err);
}

FX void ek_run(helios *h, const char *sql, const char *expected) {
  helios_error err;
  if (ek_try(h, &err, sql) != 0) {
    fail_msg("%s\n  failed: %s (%s)", sql, err.text, err.hint);
  }
  assert_int_equal(err.code, 0);
  if (expected) {
    assert_string_equal(ek_out, expected);
  }
}

/* The last ek_fails saw this. */
static helios_error ek_error;

FX void ek_fails(helios *h, const char *sql, helios_code code, const char *part) {
  int status = ek_try(h, &ek_error, sql);
  const helios_error err = ek_error;
  if (status != (int)code || err.code != code || strstr(err.text, part) == NULL) {
    fail_msg("%s\n  gave %d: %s (%s)\n  not  %d: %s", sql, status, err.text, err.hint, code, part);
  }
}

#define EK_CREATE_ANSWER "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS '%D/one.so';"

/* For sqlite3_exec: a row as a line behind the text at arg, of ek_out bytes. */
FX int ek_sql_row(void *arg, int count, char **values, char **names) {
  (void)names;
  char *out = arg;
  for (int i = 0; i < count; i++) {
    size_t used = strlen(out);
    snprintf(out + used, sizeof ek_out - used, "%s|", values[i] ? values[i] : "NULL");
  }
  strcat(out, "\n");
  return 0;
}

#endif
