/* cli_module.c - describes a module. See cli_module.h. Must take nothing from the module but what
 * hcc_decode has checked. */
#include "cli_module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "instr.h"
#include "limits.h"
#include "script.h"
#include "source.h"
#include "wat.h"

static const char *kind_names[] = {"func", "table", "memory", "global"};

static const char *type_name(uint32_t type) {
  static const struct {
    uint32_t type;
    const char *name;
  } names[] = {{HCC_I32, "i32"},
               {HCC_I64, "i64"},
               {HCC_F32, "f32"},
               {HCC_F64, "f64"},
               {HCC_V128, "v128"},
               {HCC_FUNCREF, "funcref"},
               {HCC_EXTERNREF, "externref"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (names[i].type == type) {
      return names[i].name;
    }
  }
  return "?";
}

/* "(i32, i64) -> f64"; cut with "..." where it is long. */
#define SIGNATURE 160
static void list(char out[SIGNATURE], const uint8_t *types, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    size_t n = strlen(out);
    if (n + 24 > SIGNATURE) {
      snprintf(out + n, SIGNATURE - n, ", ...");
      return;
    }
    snprintf(out + n, SIGNATURE - n, "%s%s", i == 0 ? "" : ", ", type_name(types[i]));
  }
}

static void signature(char out[2 * SIGNATURE + 16], const hcc_functype *t) {
  char params[SIGNATURE] = "", results[SIGNATURE] = "";
  list(params, t->params, t->param_count);
  list(results, t->results, t->result_count);
  snprintf(out, 2 * SIGNATURE + 16, "(%s) -> %s%s%s", params, t->result_count == 1 ? "" : "(",
           results, t->result_count == 1 ? "" : ")");
}

static void add_name(cJSON *o, const char *field, const hcc_module *m, hcc_range r) {
  char shown[HCC_ESCAPED];
  cJSON_AddStringToObject(o, field, hcc_escape(shown, m->bytes + r.begin, r.end - r.begin));
}

static void add_limits(cJSON *o, const hcc_limits *l) {
  cJSON_AddNumberToObject(o, "min", l->min);
  if (l->has_max) {
    cJSON_AddNumberToObject(o, "max", l->max);
  }
}

static void add_imports(cJSON *o, const hcc_module *m) {
  char text[2 * SIGNATURE + 16];
  cJSON *array = cJSON_AddArrayToObject(o, "imports");
  for (uint32_t i = 0; i < m->import_count; i++) {
    const hcc_import *import = &m->imports[i];
    cJSON *row = cJSON_CreateObject();
    add_name(row, "module", m, import->module);
    add_name(row, "name", m, import->name);
    cJSON_AddStringToObject(row, "kind", kind_names[import->kind]);
    if (import->kind == HCC_FUNC && import->type < m->type_count) {
      signature(text, &m->types[import->type]);
      cJSON_AddStringToObject(row, "type", text);
    }
    cJSON_AddItemToArray(array, row);
  }
}

static void add_exports(cJSON *o, const hcc_module *m) {
  char text[2 * SIGNATURE + 16];
  cJSON *array = cJSON_AddArrayToObject(o, "exports");
  for (uint32_t i = 0; i < m->export_count; i++) {
    const hcc_export *export = &m->exports[i];
    cJSON *row = cJSON_CreateObject();
    add_name(row, "name", m, export->name);
    cJSON_AddStringToObject(row, "kind", kind_names[export->kind]);
    cJSON_AddNumberToObject(row, "index", export->index);
    if (export->kind == HCC_FUNC && export->index < m->func_count &&
        m->funcs[export->index].type < m->type_count) {
      signature(text, &m->types[m->funcs[export->index].type]);
      cJSON_AddStringToObject(row, "type", text);
    }
    cJSON_AddItemToArray(array, row);
  }
}

static void add_memories(cJSON *o, const hcc_module *m) {
  cJSON *memories = cJSON_AddArrayToObject(o, "memories");
  cJSON *tables = cJSON_AddArrayToObject(o, "tables");
  for (uint32_t i = 0; i < m->memory_count; i++) {
    cJSON *row = cJSON_CreateObject();
    add_limits(row, &m->memories[i]);
    cJSON_AddItemToArray(memories, row);
  }
  for (uint32_t i = 0; i < m->table_count; i++) {
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "type", type_name(m->tables[i].type));
    add_limits(row, &m->tables[i].limits);
    cJSON_AddItemToArray(tables, row);
  }
}

/* Sections, core specification 5.5.2: id, size, content. */
static void add_sections(cJSON *o, const hcc_module *m) {
  static const char *const names[] = {"custom", "type",   "import",   "function", "table",
                                      "memory", "global", "export",   "start",    "element",
                                      "code",   "data",   "datacount"};
  cJSON *array = cJSON_AddArrayToObject(o, "sections");
  hcc_reader r = {m->bytes, 8, m->size};
  uint32_t custom = 0;
  while (r.pos < r.end) {
    uint32_t size, id = r.bytes[r.pos++], begin;
    if (id >= sizeof names / sizeof *names || hcc_read_u32(&size, &r, NULL) != 0 ||
        size > r.end - r.pos) {
      return;
    }
    begin = r.pos;
    r.pos += size;
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "name", names[id]);
    if (id == 0 && custom < m->custom_count) {
      add_name(row, "custom", m, m->customs[custom++].name);
    }
    cJSON_AddNumberToObject(row, "offset", begin);
    cJSON_AddNumberToObject(row, "bytes", size);
    cJSON_AddItemToArray(array, row);
  }
}

static const char *text_of(const cJSON *o, const char *field) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, field);
  return cJSON_IsString(v) ? v->valuestring : "";
}

static double number_of(const cJSON *o, const char *field) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, field);
  return cJSON_IsNumber(v) ? v->valuedouble : 0;
}

static void procedure_text(char *out, size_t size, const cJSON *procedure) {
  char clean[HCC_ESCAPED], type[HCC_ESCAPED];
  const cJSON *params = cJSON_GetObjectItemCaseSensitive(procedure, "params"), *p;
  size_t n = (size_t)snprintf(out, size, "%s(",
                              hcl_clean(clean, sizeof clean, text_of(procedure, "name")));
  cJSON_ArrayForEach(p, params) {
    if (n + 64 < size) {
      n += (size_t)snprintf(out + n, size - n, "%s%.40s %.16s", p->prev->next == NULL ? "" : ", ",
                            hcl_clean(clean, sizeof clean, text_of(p, "name")),
                            hcl_clean(type, sizeof type, text_of(p, "type")));
    }
  }
  const char *returns = text_of(procedure, "returns");
  const cJSON *table = cJSON_GetObjectItemCaseSensitive(procedure, "table");
  const char *what = *returns != '\0' ? returns : table != NULL ? "TABLE (" : "";
  if (n < size) {
    n += (size_t)snprintf(out + n, size - n, ")%s%.16s", *what == '\0' ? "" : " RETURNS ", what);
  }
  cJSON_ArrayForEach(p, table) {
    if (n + 64 < size) {
      n += (size_t)snprintf(
          out + n, size - n, "%.40s %.16s%s", hcl_clean(clean, sizeof clean, text_of(p, "name")),
          hcl_clean(type, sizeof type, text_of(p, "type")), p->next == NULL ? ")" : ", ");
    }
  }
}

/* A manifest's procedures as SQL: "tax(total REAL) RETURNS REAL", in "procedures"; and its
 * "capabilities". */
static void describe_manifest(cJSON *o, const cJSON *manifest) {
  char text[1024], clean[HCC_ESCAPED];
  const cJSON *v;
  if (!cJSON_IsObject(manifest)) {
    return;
  }
  cJSON *procedures = cJSON_AddArrayToObject(o, "procedures");
  cJSON *capabilities = cJSON_AddArrayToObject(o, "capabilities");
  cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(manifest, "procedures")) {
    cJSON *row = cJSON_CreateObject();
    procedure_text(text, sizeof text, v);
    cJSON_AddStringToObject(row, "sql", text);
    cJSON_AddStringToObject(row, "export", hcl_clean(clean, sizeof clean, text_of(v, "export")));
    cJSON_AddItemToArray(procedures, row);
  }
  cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(manifest, "capabilities")) {
    if (cJSON_IsString(v)) {
      cJSON_AddItemToArray(capabilities,
                           cJSON_CreateString(hcl_clean(clean, sizeof clean, v->valuestring)));
    }
  }
}

/* One list of the producers section: "C11" or "clang 14.0.6, rustc 1.63". False: malformed. */
static bool read_values(char *out, size_t size, hcc_reader *r) {
  uint32_t count, length;
  size_t n = 0;
  out[0] = '\0';
  if (hcc_read_u32(&count, r, NULL) != 0) {
    return false;
  }
  for (uint32_t i = 0; i < 2 * (count < 64 ? count : 64); i++) { /* pairs of name and version */
    char shown[HCC_ESCAPED];
    hcc_range text;
    if (hcc_read_u32(&length, r, NULL) != 0 || hcc_read_range(&text, length, r, NULL) != 0) {
      return false;
    }
    if (length > 0 && n < size) {
      hcc_escape(shown, r->bytes + text.begin, length);
      n += (size_t)snprintf(out + n, size - n, "%s%s",
                            n == 0       ? ""
                            : i % 2 == 0 ? ", "
                                         : " ",
                            shown);
    }
  }
  return true;
}

/* Who made it, by its own word: the producers section of the tool conventions. */
static void add_producers(cJSON *o, const hcc_module *m) {
  static const char section[] = "producers";
  char field[HCC_ESCAPED], values[512];
  cJSON *list = cJSON_AddObjectToObject(o, "producers");
  for (uint32_t i = 0; i < m->custom_count; i++) {
    hcc_range name = m->customs[i].name, text;
    uint32_t count, length;
    hcc_reader r = {m->bytes, m->customs[i].bytes.begin, m->customs[i].bytes.end};
    if (name.end - name.begin != sizeof section - 1 ||
        memcmp(m->bytes + name.begin, section, sizeof section - 1) != 0 ||
        hcc_read_u32(&count, &r, NULL) != 0) {
      continue;
    }
    for (uint32_t f = 0; f < count && f < 8; f++) {
      if (hcc_read_u32(&length, &r, NULL) != 0 || hcc_read_range(&text, length, &r, NULL) != 0 ||
          !read_values(values, sizeof values, &r)) {
        return;
      }
      hcc_escape(field, m->bytes + text.begin, length);
      cJSON_AddStringToObject(list, field, values);
    }
  }
}

/* What an interpreter is written in is not the language of its script. */
static void add_script(cJSON *o, const hcc_module *m) {
  hcc_script script;
  char name[HCC_ESCAPED];
  size_t stem;
  if (hcc_script_find(&script, m, NULL) != 0 || !script.present) {
    return;
  }
  hcc_range file = hcc_script_name(m, &script);
  hcc_escape(name, m->bytes + file.begin, file.end - file.begin);
  const hcc_language *l = hcc_language_of(&stem, name);
  if (l != NULL) {
    cJSON *list = cJSON_GetObjectItemCaseSensitive(o, "producers");
    cJSON_DeleteItemFromObjectCaseSensitive(list, "language");
    cJSON_AddStringToObject(list, "language", l->name);
  }
}

void hcc_cli_describe(cJSON *o, const hcc_module *m, const cJSON *manifest) {
  uint8_t hash[HCC_HASH];
  char hex[HCC_HASH_HEX];
  if (hcc_hash(hash, m->bytes, m->size, NULL) == 0) {
    hcc_hex(hex, hash);
    cJSON_AddStringToObject(o, "sha256", hex);
  }
  cJSON_AddNumberToObject(o, "bytes", m->size);
  add_producers(o, m);
  add_script(o, m);
  cJSON_AddNumberToObject(o, "functions", m->func_count - m->imported_funcs);
  cJSON_AddNumberToObject(o, "globals", m->global_count);
  cJSON_AddNumberToObject(o, "data_segments", m->data_count);
  cJSON_AddNumberToObject(o, "element_segments", m->elem_count);
  if (m->start != HCC_NO_START) {
    cJSON_AddNumberToObject(o, "start", m->start);
  }
  add_imports(o, m);
  add_exports(o, m);
  add_memories(o, m);
  add_sections(o, m);
  describe_manifest(o, manifest);
}

static void title(hcc_cli *cli, const cJSON *array, const char *text) {
  if (cJSON_GetArraySize(array) > 0) {
    hcc_cli_print(cli, "%s%s%s\n", hcl_style(cli->color_out, HCL_STYLE_BOLD), text,
                  hcl_style(cli->color_out, HCL_STYLE_PLAIN));
  }
}

static void print_limits(hcc_cli *cli, const cJSON *row, const char *unit) {
  hcc_cli_print(cli, "%.0f", number_of(row, "min"));
  if (cJSON_GetObjectItemCaseSensitive(row, "max") != NULL) {
    hcc_cli_print(cli, " to %.0f", number_of(row, "max"));
  }
  hcc_cli_print(cli, " %s\n", unit);
}

static void print_names(hcc_cli *cli, const cJSON *o) {
  const cJSON *row, *array = cJSON_GetObjectItemCaseSensitive(o, "imports");
  title(cli, array, "imports");
  cJSON_ArrayForEach(row, array) {
    const char *type = text_of(row, "type");
    hcc_cli_print(cli, "  %s.%s  %s%s%s\n", text_of(row, "module"), text_of(row, "name"),
                  text_of(row, "kind"), *type == '\0' ? "" : " ", type);
  }
  array = cJSON_GetObjectItemCaseSensitive(o, "exports");
  title(cli, array, "exports");
  cJSON_ArrayForEach(row, array) {
    const char *type = text_of(row, "type");
    hcc_cli_print(cli, "  %s  %s %.0f%s%s\n", text_of(row, "name"), text_of(row, "kind"),
                  number_of(row, "index"), *type == '\0' ? "" : " ", type);
  }
}

static void print_manifest(hcc_cli *cli, const cJSON *o) {
  const cJSON *row, *array = cJSON_GetObjectItemCaseSensitive(o, "procedures");
  title(cli, array, "procedures");
  cJSON_ArrayForEach(row, array) {
    hcc_cli_print(cli, "  %s  (export %s)\n", text_of(row, "sql"), text_of(row, "export"));
  }
  array = cJSON_GetObjectItemCaseSensitive(o, "capabilities");
  title(cli, array, "capabilities");
  cJSON_ArrayForEach(row, array) {
    hcc_cli_print(cli, "  %s\n", row->valuestring == NULL ? "" : row->valuestring);
  }
}

static void print_sections(hcc_cli *cli, const cJSON *o) {
  const cJSON *row, *array = cJSON_GetObjectItemCaseSensitive(o, "sections");
  char size[HCC_CLI_SIZE];
  title(cli, array, "sections");
  cJSON_ArrayForEach(row, array) {
    const char *custom = text_of(row, "custom");
    hcc_cli_print(cli, "  0x%06x  %10s  %s%s%s\n", (unsigned)number_of(row, "offset"),
                  hcc_cli_size(size, (uint64_t)number_of(row, "bytes")), text_of(row, "name"),
                  *custom == '\0' ? "" : " ", custom);
  }
}

void hcc_cli_print_module(hcc_cli *cli, const cJSON *o) {
  const cJSON *row;
  char module[HCC_CLI_SIZE], code[HCC_CLI_SIZE];
  hcc_cli_print(cli, "sha256     %s\n", text_of(o, "sha256"));
  if (cJSON_GetObjectItemCaseSensitive(o, "elf_bytes") != NULL) {
    hcc_cli_print(cli, "sizes      module %s, native image %s\n",
                  hcc_cli_size(module, (uint64_t)number_of(o, "bytes")),
                  hcc_cli_size(code, (uint64_t)number_of(o, "elf_bytes")));
  }
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(o, "producers")) {
    hcc_cli_print(cli, "%-10s %s\n",
                  strcmp(row->string, "processed-by") == 0 ? "made by" : row->string,
                  row->valuestring);
  }
  hcc_cli_print(cli, "functions  %.0f\nglobals    %.0f\nsegments   %.0f data, %.0f element\n",
                number_of(o, "functions"), number_of(o, "globals"), number_of(o, "data_segments"),
                number_of(o, "element_segments"));
  if (cJSON_GetObjectItemCaseSensitive(o, "start") != NULL) {
    hcc_cli_print(cli, "start      func %.0f\n", number_of(o, "start"));
  }
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(o, "memories")) {
    hcc_cli_print(cli, "memory     ");
    print_limits(cli, row, "pages of 64 KiB");
  }
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(o, "tables")) {
    hcc_cli_print(cli, "table      %s ", text_of(row, "type"));
    print_limits(cli, row, "entries");
  }
  print_names(cli, o);
  print_manifest(cli, o);
  print_sections(cli, o);
}

int hcc_cli_assemble(hcc_cli *cli, uint8_t **bytes, size_t *size, hcc_error *err) {
  hcc_tool tool;
  hcc_temp temp = {.path = ""};
  uint8_t *wasm = NULL;
  size_t wasm_size = 0;
  int status = hcc_tool_find(&tool, HCC_TOOL_WAT2WASM, cli->values[HCC_OPTION_wat2wasm], err);
  if (status != 0) {
    return status;
  }
  HCC_TRY(hcc_temp_make(&temp, err));
  char root[HCC_PATH];
  hcc_tool_root(root, &tool);
  hcc_jail jail = {.memory = HCC_JAIL_MEMORY,
                   .seconds = HCC_JAIL_SECONDS,
                   .file = HCC_JAIL_FILE,
                   .writable = temp.path,
                   .readable = {root, NULL}};
  status =
      hcc_wat(&wasm, &wasm_size, *bytes, *size, temp.path, &tool, &jail, HCC_JAIL_SECONDS, err);
  HCC_TRY(status == HCC_E_MALFORMED ? hcc_source_unknown(cli->args[0], err) : status);
  free(*bytes);
  *bytes = wasm;
  *size = wasm_size;
out:
  hcc_temp_free(&temp, false);
  return status;
}

static int read_source(hcc_cli *cli, uint8_t **bytes, size_t *size, const char *path,
                       hcc_error *err) {
  hcc_temp temp = {.path = ""};
  hcc_module_bytes module;
  const char *includes[HCC_INCLUDES_MAX];
  hcc_source_job job = {.input = path,
                        .folder = temp.path,
                        .tools = {[HCC_TOOL_CLANG] = cli->values[HCC_OPTION_clang]},
                        .tinygo = cli->values[HCC_OPTION_tinygo] != NULL,
                        .includes = includes,
                        .memory = HCC_JAIL_MEMORY,
                        .seconds = HCC_JAIL_SECONDS,
                        .wall_seconds = HCC_JAIL_SECONDS,
                        .listener = hcc_cli_listener(cli)};
  job.include_count = hcc_cli_values(includes, HCC_INCLUDES_MAX, cli, HCC_OPTION_include);
  int status = hcc_temp_make(&temp, err);
  if (status == 0) {
    status = hcc_source(&module, &job, err);
    *bytes = module.bytes;
    *size = module.size;
  }
  hcc_temp_free(&temp, false);
  return status;
}

int hcc_cli_read(hcc_cli *cli, uint8_t **bytes, size_t *size, const char *path, size_t max,
                 hcc_error *err) {
  return hcc_is_source(path) ? read_source(cli, bytes, size, path, err)
                             : hcc_file_read(bytes, size, path, max, err);
}
