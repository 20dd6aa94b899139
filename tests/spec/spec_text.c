/* spec_text.c - see spec_text.h. */
#include "spec_text.h"

#include <ctype.h>
#include <string.h>

/* Names of wasm2c's and of the glue's that say nothing of their module. */
static const char *const plain[] = {
    "init_globals",
    "init_memories",
    "init_tables",
    "init_data_instances",
    "init_elem_instances",
    "init_instance_import",
    "hsb_imports",
    "hsb_exports",
    "hsb_segments",
    "hsb_blob",
    "hsb_init",
    "hsb_start",
    "hsb_f32_of",
    "hsb_f64_of",
    "hsb_slot_f32",
    "hsb_slot_f64",
    "hsb_v128_of",
    "hsb_slots_v128",
    "M_H_GENERATED_",
};

static bool is(const char *at, size_t size, const char *name) {
  return size == strlen(name) && memcmp(at, name, size) == 0;
}

static bool in_word(char c) {
  return isalnum((unsigned char)c) || c == '_';
}

static bool begins(const char *at, size_t size, const char *stem) {
  return size >= strlen(stem) && memcmp(at, stem, strlen(stem)) == 0;
}

/* Where in a name the number goes; 0: nowhere. */
static size_t place(const char *at, size_t size) {
  static const char *const numbered[] = {"w2c_h_i", "hsb_e"}; /* a digit follows */
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
    if (is(at, size, plain[i])) {
      return size;
    }
  }
  for (size_t i = 0; i < 2; i++) {
    size_t n = strlen(numbered[i]);
    if (size > n && begins(at, size, numbered[i]) && isdigit((unsigned char)at[n])) {
      return n - 1;
    }
  }
  if (begins(at, size, "wasm2c_m")) {
    return 8;
  }
  const char *found = memmem(at, size, "w2c_m", 5);
  bool ends = found != NULL && (found + 5 == at + size || found[5] == '_');
  return ends ? (size_t)(found - at) + 5 : 0;
}

/* The plugin itself, but not the type of its name; and the file "blob" that the assembler reads. */
static bool is_own(const char *at, size_t size, bool tag, char before) {
  return (is(at, size, "helios_plugin") && !tag) || (is(at, size, "blob") && before == '"');
}

void spec_text_renamed(FILE *to, uint32_t number, const char *text, size_t size) {
  const char *end = text + size;
  bool tag = false; /* the word before was "struct" */
  char before = '\n';
  while (text < end) {
    size_t n = 0;
    while (text + n < end && in_word(text[n])) {
      n++;
    }
    if (n == 0) {
      before = *text++;
      fputc(before, to);
      continue;
    }
    size_t at = is_own(text, n, tag, before) ? n : place(text, n);
    fwrite(text, 1, at, to);
    if (at != 0) {
      fprintf(to, "%u", number);
    }
    fwrite(text + at, 1, n - at, to);
    tag = is(text, n, "struct");
    text += n;
  }
}

static void put_name(FILE *to, const hcc_module *m, hcc_range name) {
  fputc('"', to);
  for (uint32_t i = name.begin; i < name.end; i++) {
    fprintf(to, "\\%03o", m->bytes[i]);
  }
  fputs("\", ", to);
}

static void put_limits(FILE *to, const hcc_limits *limits) {
  fprintf(to, "{%uu, %uu, %d}", limits->min, limits->has_max ? limits->max : UINT32_MAX,
          limits->has_max);
}

static char letter(uint8_t type) {
  static const char letters[] = {[0x7f - HCC_I32] = 'i',      [0x7f - HCC_I64] = 'j',
                                 [0x7f - HCC_F32] = 'f',      [0x7f - HCC_F64] = 'd',
                                 [0x7f - HCC_V128] = 'v',     [0x7f - HCC_FUNCREF] = 'r',
                                 [0x7f - HCC_EXTERNREF] = 'e'};
  return letters[0x7f - type];
}

/* The index of export i in plugin->exports, which has functions only. */
static uint32_t function_export(const hcc_module *m, uint32_t i) {
  uint32_t before = 0;
  for (uint32_t k = 0; k < i; k++) {
    before += m->exports[k].kind == HCC_FUNC;
  }
  return before;
}

static void put_externs(FILE *to, uint32_t number, const hcc_module *m) {
  uint32_t next[4] = {0};
  fprintf(to, "static const struct spec_import spec%u_imports[] = {\n", number);
  for (uint32_t i = 0; i < m->import_count; i++) {
    const hcc_import *import = &m->imports[i];
    fputs("  {", to);
    put_name(to, m, import->module);
    put_name(to, m, import->name);
    fprintf(to, "%u, %u, %d, %u},\n", import->module.end - import->module.begin,
            import->name.end - import->name.begin, import->kind, next[import->kind]++);
  }
  fprintf(to, "  {0}};\nstatic const struct spec_export spec%u_exports[] = {\n", number);
  for (uint32_t i = 0; i < m->export_count; i++) {
    const hcc_export *export = &m->exports[i];
    fputs("  {", to);
    put_name(to, m, export->name);
    fprintf(to, "%u, %d, %u},\n", export->name.end - export->name.begin, export->kind,
            export->kind == HCC_FUNC ? function_export(m, i) : export->index);
  }
  fputs("  {0}};\n", to);
}

void spec_text_tables(FILE *to, uint32_t number, const hcc_module *m) {
  put_externs(to, number, m);
  fprintf(to, "static const struct spec_table spec%u_tables[] = {\n", number);
  for (uint32_t i = 0; i < m->table_count; i++) {
    fprintf(to, "  {'%c', ", letter(m->tables[i].type));
    put_limits(to, &m->tables[i].limits);
    fprintf(to, ", offsetof(w2c_m%u, w2c_T%u)},\n", number, i);
  }
  fprintf(to, "  {0}};\nstatic const struct spec_global spec%u_globals[] = {\n", number);
  for (uint32_t i = 0; i < m->global_count; i++) {
    fprintf(to, "  {'%c', %d, offsetof(w2c_m%u, w2c_g%u), sizeof((w2c_m%u){0}.w2c_g%u)},\n",
            letter(m->globals[i].type), m->globals[i].mutable, number, i, number, i);
  }
  fputs("  {0}};\n", to);
  if (m->memory_count != 0) {
    fprintf(to, "static const struct spec_limits spec%u_memory = ", number);
    put_limits(to, &m->memories[0]);
    fputs(";\n", to);
  }
  fprintf(to,
          "const struct spec_module spec%u = {&helios_plugin%u, spec%u_imports, spec%u_exports, "
          "spec%u_tables, spec%u_globals, ",
          number, number, number, number, number, number);
  fprintf(to, m->memory_count != 0 ? "&spec%u_memory" : "0", number);
  fprintf(to, ", %u, %u, %u, %u, %d};\n", m->import_count, m->export_count, m->table_count,
          m->global_count, m->imported_memories != 0);
}
