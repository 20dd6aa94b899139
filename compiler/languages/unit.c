/* unit.c - see unit.h. Must not add a procedure to the manifest that was hidden. */
#include "unit.h"

#include <string.h>

void hcc_unit_begin(hcc_unit *u, const char *file, const hcc_listener *listener) {
  *u = (hcc_unit){.file = file,
                  .listener = listener,
                  .capabilities = cJSON_CreateArray(),
                  .procedures = cJSON_CreateArray()};
  u->no_memory = u->capabilities == NULL || u->procedures == NULL;
}

void hcc_unit_free(hcc_unit *u) {
  hcc_arena_free(&u->arena);
  cJSON_Delete(u->capabilities);
  cJSON_Delete(u->procedures);
}

void hcc_unit_wrong(hcc_unit *u, hcc_place at, const char *hint, const char *format, ...) {
  const hcc_message m = {.file = u->file, .line = at.line, .column = at.column, .hint = hint};
  va_list args;
  u->errors++;
  va_start(args, format);
  hcc_say_error(u->listener, m, format, args);
  va_end(args);
}

const char *hcc_unit_keep(hcc_unit *u, const char *text, size_t n) {
  char *copy = hcc_arena_array(&u->arena, n + 1, 1);
  if (copy == NULL) {
    u->no_memory = true;
    return "";
  }
  return memcpy(copy, text, n);
}

hcc_param *hcc_unit_find_param(const hcc_procedure *p, const char *name, size_t n) {
  for (uint32_t i = 0; i < p->param_count; i++) {
    if (strlen(p->params[i].name) == n && memcmp(p->params[i].name, name, n) == 0) {
      return &p->params[i];
    }
  }
  return NULL;
}

/* ---- the manifest ---- */

/* {"name": ..., "type": ...} at the end of the list. */
static cJSON *add_typed(cJSON *list, const char *name, const char *sql) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "name", name);
  cJSON_AddStringToObject(o, "type", sql);
  cJSON_AddItemToArray(list, o);
  return o;
}

static void add_params(cJSON *o, const hcc_procedure *p) {
  cJSON *list = cJSON_AddArrayToObject(o, "params");
  for (uint32_t i = 0; i < p->param_count; i++) {
    cJSON *param = add_typed(list, p->params[i].name, p->params[i].sql);
    if (p->params[i].fallback != NULL) {
      cJSON_AddStringToObject(param, "default", p->params[i].fallback);
    }
  }
}

static void add_result(cJSON *o, const hcc_procedure *p) {
  if (p->columns != NULL) {
    cJSON *list = cJSON_AddArrayToObject(o, "table");
    for (uint32_t i = 0; i < p->column_count; i++) {
      add_typed(list, p->columns[i].name, p->columns[i].sql);
    }
  } else if (p->result != NULL) {
    cJSON_AddStringToObject(o, "returns", p->result);
  }
}

/* Rows come one by one or as JSON, and what says nothing of its result gives either. */
static bool can_be_table(const char *result) {
  return result == NULL || strcmp(result, "JSON") == 0 || strcmp(result, "ANY") == 0;
}

void hcc_unit_add(hcc_unit *u, const hcc_procedure *p, hcc_place at) {
  cJSON *o = cJSON_CreateObject();
  if (p->columns != NULL && !can_be_table(p->result)) {
    hcc_unit_wrong(u, at,
                   "rows come one by one, or as JSON: leave the result's type or @helios table out",
                   "%.64s returns a table, and %s", p->function, p->result);
  }
  cJSON_AddStringToObject(o, "name", p->name);
  cJSON_AddStringToObject(o, "export", p->function);
  add_params(o, p);
  add_result(o, p);
  cJSON_AddBoolToObject(o, "deterministic", p->deterministic);
  cJSON_AddBoolToObject(o, "strict", p->strict);
  cJSON_AddStringToObject(o, "state", p->state);
  if (!cJSON_AddItemToArray(u->procedures, o)) {
    cJSON_Delete(o);
    u->no_memory = true;
  }
}

int hcc_unit_check(const hcc_unit *u, const char *none, hcc_error *err) {
  if (u->no_memory) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the procedures");
  }
  if (u->errors > 0) {
    return hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET, "%u error%s in the source", u->errors,
                    u->errors == 1 ? "" : "s");
  }
  return cJSON_GetArraySize(u->procedures) == 0
             ? hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET, "%s", none)
             : 0;
}

char *hcc_unit_manifest(const hcc_unit *u, const char *module) {
  cJSON *root = cJSON_CreateObject();
  cJSON_AddNumberToObject(root, "v", 1);
  if (module != NULL) {
    cJSON_AddStringToObject(root, "name", module);
  }
  cJSON_AddItemReferenceToObject(root, "procedures", u->procedures);
  cJSON_AddItemReferenceToObject(root, "capabilities", u->capabilities);
  char *text = cJSON_PrintUnformatted(root);
  cJSON_Delete(root);
  return text;
}
