/* script_unit.c - see script_unit.h. */
#include "script_unit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "hsb_file.h"
#include "limits.h"
#include "script.h"

#define WORDS_MAX 1024u
#define MANIFEST_MAX (1u << 20)

void hcc_script_unit_begin(hcc_script_unit *u, const char *file, const hcc_listener *listener) {
  memset(u, 0, sizeof *u);
  u->file = file;
  u->listener = listener;
  u->capabilities = cJSON_CreateArray();
  u->no_memory = u->capabilities == NULL;
  hcc_buf_init(&u->files, HSB_SCRIPT_MAX);
}

void hcc_script_unit_free(hcc_script_unit *u) {
  hcc_arena_free(&u->arena);
  cJSON_Delete(u->capabilities);
  hcc_buf_free(&u->files);
}

void hcc_script_wrong(hcc_script_unit *u, unsigned line, unsigned column, const char *hint,
                      const char *format, ...) {
  const hcc_message m = {.file = u->file, .line = line, .column = column, .hint = hint};
  va_list args;
  u->wrong = true;
  va_start(args, format);
  hcc_say_error(u->listener, m, format, args);
  va_end(args);
}

const char *hcc_script_keep(hcc_script_unit *u, const char *text, size_t n) {
  char *copy = hcc_arena_array(&u->arena, n + 1, 1);
  if (copy == NULL) {
    u->no_memory = true;
    return "";
  }
  return memcpy(copy, text, n);
}

hcc_script_procedure *hcc_script_add(hcc_script_unit *u, const char *name, size_t n, unsigned line,
                                     unsigned column) {
  if (u->procedure_count == HSB_SCRIPT_NAMES_MAX || n > HSB_SCRIPT_NAME_MAX) {
    hcc_script_wrong(u, line, column, NULL, "more than %u procedures, or a name of %zu bytes",
                     HSB_SCRIPT_NAMES_MAX, n);
    return NULL;
  }
  hcc_script_procedure *p = hcc_arena_array(&u->arena, 1, sizeof *p);
  if (p == NULL) {
    u->no_memory = true;
    return NULL;
  }
  p->function = p->name = hcc_script_keep(u, name, n);
  p->line = line;
  p->column = column;
  p->state = "call";
  p->result = "ANY";
  p->hidden = name[0] == '_';
  u->procedures[u->procedure_count++] = p;
  return p;
}

hcc_script_param *hcc_script_add_param(hcc_script_unit *u, hcc_script_procedure *p,
                                       const char *name, size_t n) {
  if (p->param_count == HCC_SCRIPT_PARAMS) {
    hcc_script_wrong(u, p->line, p->column, NULL, "%s has more than %u parameters", p->function,
                     HCC_SCRIPT_PARAMS);
    return NULL;
  }
  hcc_script_param *param = &p->params[p->param_count++];
  *param = (hcc_script_param){.name = hcc_script_keep(u, name, n), .sql = "ANY", .kind = '-'};
  return param;
}

hcc_script_param *hcc_script_find_param(hcc_script_procedure *p, const char *name, size_t n) {
  for (uint32_t i = 0; i < p->param_count; i++) {
    if (strlen(p->params[i].name) == n && memcmp(p->params[i].name, name, n) == 0) {
      return &p->params[i];
    }
  }
  return NULL;
}

/* ---- @helios ---- */

void hcc_script_capabilities(cJSON *list, char *words) {
  for (char *save, *item = strtok_r(words, ", \t", &save); item != NULL;
       item = strtok_r(NULL, ", \t", &save)) {
    const cJSON *other;
    bool there = false;
    cJSON_ArrayForEach(other, list) {
      there |= strcmp(other->valuestring, item) == 0;
    }
    if (!there) {
      cJSON_AddItemToArray(list, cJSON_CreateString(item));
    }
  }
}

static void add_default(hcc_script_unit *u, hcc_script_procedure *p, const char *rest,
                        unsigned line) {
  size_t n = strcspn(rest, " \t"), space = strspn(rest + n, " \t");
  hcc_script_param *param = hcc_script_find_param(p, rest, n);
  if (param == NULL || rest[n + space] == '\0') {
    hcc_script_wrong(u, line, 0, "write: @helios default PARAMETER LITERAL",
                     "%s has no parameter '%.*s', or no literal follows it", p->function,
                     n < 64 ? (int)n : 64, rest);
    return;
  }
  param->fallback = hcc_script_keep(u, rest + n + space, strlen(rest + n + space));
}

void hcc_script_words(hcc_script_unit *u, hcc_script_procedure *p, const char *at, size_t n,
                      unsigned line) {
  char text[WORDS_MAX];
  while (n > 0 && strchr(" \t\r", at[0]) != NULL) {
    at++;
    n--;
  }
  while (n > 0 && strchr(" \t\r", at[n - 1]) != NULL) {
    n--;
  }
  if (n >= sizeof text || memchr(at, 0, n) != NULL) {
    hcc_script_wrong(u, line, 0, NULL, "an annotation has more than %zu bytes", sizeof text - 1);
    return;
  }
  memcpy(text, at, n);
  text[n] = '\0';
  size_t word = strcspn(text, " \t");
  char *rest = text + word + strspn(text + word, " \t");
  bool alone = *rest == '\0';
  text[word] = '\0';
  if (strcmp(text, "deterministic") == 0 && alone) {
    p->deterministic = true;
  } else if (strcmp(text, "private") == 0 && alone) {
    p->hidden = true;
  } else if (strcmp(text, "name") == 0 && !alone) {
    p->name = hcc_script_keep(u, rest, strlen(rest)); /* manifest.c says what names are good */
  } else if (strcmp(text, "state") == 0 && !alone) {
    p->state = hcc_script_keep(u, rest, strlen(rest));
  } else if (strcmp(text, "capability") == 0 && !alone) {
    hcc_script_capabilities(u->capabilities, rest);
  } else if (strcmp(text, "default") == 0) {
    add_default(u, p, rest, line);
  } else {
    hcc_script_wrong(u, line, 0,
                     "deterministic, private, name N, state S, capability C, default P LITERAL",
                     "%s: '@helios %.64s' is nothing that heliosc knows", p->function, text);
  }
}

/* ---- the module ---- */

static void put_u32(hcc_buf *out, size_t v) {
  const uint8_t bytes[] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
  hcc_buf_add(out, bytes, sizeof bytes);
}

void hcc_script_file(hcc_script_unit *u, const char *name, const void *bytes, size_t size) {
  put_u32(&u->files, strlen(name));
  put_u32(&u->files, size);
  hcc_buf_text(&u->files, name);
  hcc_buf_add(&u->files, bytes, size);
  hcc_buf_byte(&u->files, 0);
  u->file_count++;
}

/* A parameter that can hold NULL makes the procedure see NULLs. */
static bool is_strict(const hcc_script_procedure *p) {
  bool strict = true;
  for (uint32_t i = 0; i < p->param_count; i++) {
    strict &= !p->params[i].nullable;
  }
  return strict;
}

static void add_params(cJSON *o, const hcc_script_procedure *p) {
  cJSON *list = cJSON_AddArrayToObject(o, "params");
  for (uint32_t i = 0; i < p->param_count; i++) {
    cJSON *param = cJSON_CreateObject();
    cJSON_AddStringToObject(param, "name", p->params[i].name);
    cJSON_AddStringToObject(param, "type", p->params[i].sql);
    if (p->params[i].fallback != NULL) {
      cJSON_AddStringToObject(param, "default", p->params[i].fallback);
    }
    cJSON_AddItemToArray(list, param);
  }
}

static char *manifest(const hcc_script_unit *u) {
  cJSON *root = cJSON_CreateObject();
  cJSON_AddNumberToObject(root, "v", 1);
  cJSON *list = cJSON_AddArrayToObject(root, "procedures");
  for (uint32_t n = 0; n < u->procedure_count; n++) {
    const hcc_script_procedure *p = u->procedures[n];
    if (p->hidden) {
      continue;
    }
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", p->name);
    cJSON_AddStringToObject(o, "export", p->function);
    add_params(o, p);
    if (p->result != NULL) {
      cJSON_AddStringToObject(o, "returns", p->result);
    }
    cJSON_AddBoolToObject(o, "deterministic", p->deterministic);
    cJSON_AddBoolToObject(o, "strict", is_strict(p));
    cJSON_AddStringToObject(o, "state", p->state);
    cJSON_AddItemToArray(list, o);
  }
  cJSON_AddItemToObject(root, "capabilities", cJSON_Duplicate(u->capabilities, true));
  char *text = cJSON_PrintUnformatted(root);
  cJSON_Delete(root);
  return text;
}

/* "helios:types": see sdk/engine/script.h. */
static void add_types(hcc_script_unit *u) {
  hcc_buf text;
  hcc_buf_init(&text, HSB_SCRIPT_MAX);
  for (uint32_t n = 0; n < u->procedure_count; n++) {
    const hcc_script_procedure *p = u->procedures[n];
    if (p->hidden) {
      continue;
    }
    hcc_buf_text(&text, p->function);
    for (uint32_t i = 0; i < p->param_count; i++) {
      hcc_buf_format(&text, "\t%s:%c%s", p->params[i].name, p->params[i].kind,
                     p->params[i].nullable ? "?" : "");
    }
    hcc_buf_byte(&text, '\n');
  }
  u->no_memory |= text.failed;
  hcc_script_file(u, "helios:types", text.data, text.size);
  hcc_buf_free(&text);
}

static bool any_shown(const hcc_script_unit *u) {
  bool any = false;
  for (uint32_t n = 0; n < u->procedure_count; n++) {
    any |= !u->procedures[n]->hidden;
  }
  return any;
}

static int check(hcc_script_unit *u, hcc_error *err) {
  if (u->no_memory || u->files.no_memory) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the script");
  }
  if (u->wrong) {
    return hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET, "the script has errors");
  }
  if (!any_shown(u)) {
    return hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET, "no function of the script is a procedure");
  }
  return u->files.failed ? hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET,
                                    "the script is larger than %u bytes", HSB_SCRIPT_MAX)
                         : 0;
}

int hcc_script_finish(hcc_module_bytes *out, hcc_script_unit *u, enum hcc_engine_id engine,
                      hcc_error *err) {
  static const char magic[] = "HLS1";
  const uint8_t *bytes;
  size_t size;
  char *text = NULL;
  hcc_buf script, module;
  hcc_buf_init(&script, HSB_SCRIPT_MAX);
  hcc_buf_init(&module, HCC_MAX_MODULE);
  int status;
  add_types(u);
  HCC_TRY(check(u, err));
  HCC_TRY(hcc_engine(&bytes, &size, engine, err));
  hcc_buf_text(&script, magic);
  put_u32(&script, u->file_count);
  hcc_buf_add(&script, u->files.data, u->files.size);
  text = manifest(u);
  if (text == NULL || script.no_memory) {
    HCC_TRY(hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the script"));
  }
  HCC_TRY(hcc_script_module(&module, bytes, size, script.data, script.size, text, err));
  *out = (hcc_module_bytes){.bytes = module.data, .size = module.size};
  module.data = NULL;
out:
  cJSON_free(text);
  hcc_buf_free(&script);
  hcc_buf_free(&module);
  return status;
}
