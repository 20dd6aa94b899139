/* definition.c - lists of a definition as the catalog's JSON. See definition.h.
 *
 * Invariant: reading fills bounded arrays only after their bounds were checked, and refuses what it
 * does not know, since a catalog may come from a stranger or from a newer engine. */
#include "registry/definition.h"

#include <stdio.h>
#include <string.h>

#include "plugin/alloc.h"
#include "registry/json.h"

uint32_t hrt_definition_required(const hrt_definition *d) {
  uint32_t n = 0;
  while (n < d->param_count && d->params[n].fallback[0] == 0) {
    n++;
  }
  return n;
}

bool hrt_definition_off(const hrt_definition *d, hrt_option option) {
  return (d->options_given & 1u << option) && d->options[option] == 0;
}

/* There is no interpreter: what it stands for, code that is there soonest, is baseline. */
hrt_form hrt_definition_form(const hrt_definition *d) {
  static const char *const tiers[] = {"baseline", "baseline", "optimizing"};
  bool given = d->options_given & 1u << HRT_OPTION_COMPILATION_TIER;
  int64_t tier = given ? d->options[HRT_OPTION_COMPILATION_TIER] : 2;
  return (hrt_form){.tier = tiers[tier >= 0 && tier < 3 ? tier : 2],
                    .no_fuel = hrt_definition_off(d, HRT_OPTION_FUEL_METERING)};
}

void hrt_form_name(char out[HRT_PLUGIN_OPTIONS_BYTES], const hrt_form *form) {
  snprintf(out, HRT_PLUGIN_OPTIONS_BYTES, "tier=%s%s", form->tier,
           form->no_fuel ? ",fuel=off" : "");
}

hrt_shape hrt_definition_shape(const hrt_definition *d) {
  return (hrt_shape){.name = d->name,
                     .least = (int)hrt_definition_required(d),
                     .most = (int)d->param_count,
                     .deterministic = d->deterministic,
                     .aggregate = d->aggregate};
}

/* Prints and frees a tree; takes NULL. */
static char *print(cJSON *json) {
  char *text = json ? cJSON_PrintUnformatted(json) : NULL;
  char *copy = text ? hrt_strdup(text) : NULL;
  cJSON_free(text);
  cJSON_Delete(json);
  return copy;
}

static bool add_type(cJSON *object, const hrt_type_decl *type) {
  return cJSON_AddStringToObject(object, "type", type->name) &&
         (type->length == 0 || cJSON_AddNumberToObject(object, "length", type->length)) &&
         (type->scale == 0 || cJSON_AddNumberToObject(object, "scale", type->scale));
}

static bool add_param(cJSON *array, const hrt_param *param) {
  cJSON *object = cJSON_CreateObject();
  if (object == NULL || !cJSON_AddItemToArray(array, object)) {
    cJSON_Delete(object);
    return false;
  }
  return cJSON_AddStringToObject(object, "name", param->name) && add_type(object, &param->type) &&
         (param->fallback[0] == 0 ||
          cJSON_AddStringToObject(object, "default", param->fallback) != NULL);
}

char *hrt_params_json(const hrt_definition *d) {
  cJSON *array = cJSON_CreateArray();
  for (uint32_t i = 0; array && i < d->param_count; i++) {
    if (!add_param(array, &d->params[i])) {
      cJSON_Delete(array);
      return NULL;
    }
  }
  return print(array);
}

static bool add_column(cJSON *array, const hrt_column *column) {
  cJSON *object = cJSON_CreateObject();
  if (object == NULL || !cJSON_AddItemToArray(array, object)) {
    cJSON_Delete(object);
    return false;
  }
  return cJSON_AddStringToObject(object, "name", column->name) && add_type(object, &column->type);
}

static char *table_json(const hrt_definition *d) {
  cJSON *object = cJSON_CreateObject();
  cJSON *array = cJSON_AddArrayToObject(object, "table");
  bool ok = array != NULL;
  for (uint32_t i = 0; ok && i < d->column_count; i++) {
    ok = add_column(array, &d->columns[i]);
  }
  if (!ok) {
    cJSON_Delete(object);
    return NULL;
  }
  return print(object);
}

char *hrt_table_key(const hrt_definition *d) {
  char *params = hrt_params_json(d), *returns = hrt_returns_json(d), *key = NULL;
  if (params && returns) {
    size_t n = strlen(params), m = strlen(returns);
    key = hrt_alloc(n + m + 2);
    if (key) {
      memcpy(key, params, n);
      memcpy(key + n, returns, m);
      key[n + m] = d->deterministic ? '1' : '0';
    }
  }
  hrt_free(params);
  hrt_free(returns);
  return key;
}

char *hrt_returns_json(const hrt_definition *d) {
  if (d->column_count > 0) {
    return table_json(d);
  }
  if (d->returns.name[0] == 0) {
    return hrt_strdup("null");
  }
  cJSON *object = cJSON_CreateObject();
  if (object && !add_type(object, &d->returns)) {
    cJSON_Delete(object);
    return NULL;
  }
  return print(object);
}

char *hrt_capabilities_json(const hrt_definition *d) {
  cJSON *array = cJSON_CreateArray();
  for (uint32_t i = 0; array && i < d->capability_count; i++) {
    cJSON *text = cJSON_CreateString(d->capabilities[i]);
    if (text == NULL || !cJSON_AddItemToArray(array, text)) {
      cJSON_Delete(text);
      cJSON_Delete(array);
      return NULL;
    }
  }
  return print(array);
}

/* Numbers as JSON strings of digits would lose nothing, but people read them: doubles are exact to
 * 2^53, which is above every useful limit; larger ones are kept as text. */
static bool add_option(cJSON *object, hrt_option option, int64_t value) {
  char digits[24];
  const char *name = hrt_option_name(option);
  size_t n = 0;
  if (value < (INT64_C(1) << 53)) {
    return cJSON_AddNumberToObject(object, name, (double)value);
  }
  char reversed[24];
  for (; value > 0; value /= 10) {
    reversed[n++] = (char)('0' + value % 10);
  }
  for (size_t i = 0; i < n; i++) {
    digits[i] = reversed[n - 1 - i];
  }
  digits[n] = 0;
  return cJSON_AddStringToObject(object, name, digits);
}

char *hrt_options_json(const hrt_definition *d) {
  cJSON *object = cJSON_CreateObject();
  for (int i = 0; object && i < HRT_OPTION_COUNT; i++) {
    if ((d->options_given & 1u << i) && !add_option(object, (hrt_option)i, d->options[i])) {
      cJSON_Delete(object);
      return NULL;
    }
  }
  return print(object);
}

static int broken(helios_error *err, const char *what) {
  return hrt_fail(err, HELIOS_E_BROKEN, "the catalog is damaged: bad %s", what);
}

static bool copy_text(char *out, size_t size, const cJSON *item) {
  const char *text = cJSON_GetStringValue(item);
  if (text == NULL || strlen(text) >= size) {
    return false;
  }
  memcpy(out, text, strlen(text) + 1);
  return true;
}

static bool copy_number(int64_t *out, const cJSON *item) {
  double value = cJSON_IsNumber(item) ? item->valuedouble : -1;
  if (!(value >= 0 && value <= 9007199254740992.0) || value != (double)(int64_t)value) {
    return false;
  }
  *out = (int64_t)value;
  return true;
}

static bool copy_u32(uint32_t *out, const cJSON *item) {
  int64_t value;
  if (!copy_number(&value, item) || value > UINT32_MAX) {
    return false;
  }
  *out = (uint32_t)value;
  return true;
}

/* One object with "type", "length", "scale" and, where it may have them, "name" and "default". */
static bool read_decl(hrt_type_decl *type, char *name, char *fallback, const cJSON *object) {
  if (!cJSON_IsObject(object)) {
    return false;
  }
  const cJSON *item;
  cJSON_ArrayForEach(item, object) {
    bool ok = false;
    if (strcmp(item->string, "type") == 0) {
      ok = copy_text(type->name, sizeof type->name, item) && type->name[0];
    } else if (strcmp(item->string, "length") == 0) {
      ok = copy_u32(&type->length, item);
    } else if (strcmp(item->string, "scale") == 0) {
      ok = copy_u32(&type->scale, item);
    } else if (name && strcmp(item->string, "name") == 0) {
      ok = copy_text(name, HRT_NAME_BYTES, item);
    } else if (fallback && strcmp(item->string, "default") == 0) {
      ok = copy_text(fallback, HRT_DEFAULT_BYTES, item) && fallback[0];
    }
    if (!ok) {
      return false;
    }
  }
  return type->name[0] != 0;
}

int hrt_params_read(hrt_definition *d, const char *json, helios_error *err) {
  cJSON *array;
  int status = hrt_json_parse(&array, json, strlen(json), err);
  if (status != 0) {
    return status;
  }
  if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) > HRT_PARAMS_MAX) {
    status = broken(err, "parameters");
    goto out;
  }
  const cJSON *item;
  d->param_count = 0;
  cJSON_ArrayForEach(item, array) {
    hrt_param *param = &d->params[d->param_count++];
    memset(param, 0, sizeof *param);
    if (!read_decl(&param->type, param->name, param->fallback, item)) {
      status = broken(err, "parameter");
      goto out;
    }
  }
out:
  cJSON_Delete(array);
  return status;
}

/* {"table": [...]} */
static bool read_columns(hrt_definition *d, const cJSON *object) {
  const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, "table"), *item;
  if (cJSON_GetArraySize(object) != 1 || !cJSON_IsArray(array) || cJSON_GetArraySize(array) == 0 ||
      cJSON_GetArraySize(array) > HRT_COLUMNS_MAX) {
    return false;
  }
  cJSON_ArrayForEach(item, array) {
    hrt_column *column = &d->columns[d->column_count++];
    memset(column, 0, sizeof *column);
    if (!read_decl(&column->type, column->name, NULL, item) || column->name[0] == 0) {
      return false;
    }
  }
  return true;
}

int hrt_returns_read(hrt_definition *d, const char *json, helios_error *err) {
  cJSON *object;
  int status = hrt_json_parse(&object, json, strlen(json), err);
  if (status != 0) {
    return status;
  }
  memset(&d->returns, 0, sizeof d->returns);
  d->column_count = 0;
  bool ok = cJSON_IsNull(object) ||
            (cJSON_HasObjectItem(object, "table") ? read_columns(d, object)
                                                  : read_decl(&d->returns, NULL, NULL, object));
  cJSON_Delete(object);
  return ok ? 0 : broken(err, "result type");
}

int hrt_capabilities_read(hrt_definition *d, const char *json, helios_error *err) {
  cJSON *array;
  int status = hrt_json_parse(&array, json, strlen(json), err);
  if (status != 0) {
    return status;
  }
  if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) > HRT_CAPABILITIES_MAX) {
    status = broken(err, "capabilities");
    goto out;
  }
  const cJSON *item;
  d->capability_count = 0;
  cJSON_ArrayForEach(item, array) {
    if (!copy_text(d->capabilities[d->capability_count++], HRT_CAPABILITY_BYTES, item)) {
      status = broken(err, "capability");
      goto out;
    }
  }
out:
  cJSON_Delete(array);
  return status;
}

static bool read_option(hrt_definition *d, const cJSON *item) {
  int option = hrt_option_find(item->string, strlen(item->string));
  if (option < 0 || (d->options_given & 1u << option)) {
    return false;
  }
  const char *digits = cJSON_GetStringValue(item);
  bool ok = digits ? hrt_option_parse(&d->options[option], (hrt_option)option, digits,
                                      strlen(digits), NULL) == 0
                   : copy_number(&d->options[option], item);
  ok = ok && hrt_option_valid((hrt_option)option, d->options[option]);
  d->options_given |= ok ? 1u << option : 0;
  return ok;
}

int hrt_options_read(hrt_definition *d, const char *json, helios_error *err) {
  cJSON *object;
  int status = hrt_json_parse(&object, json, strlen(json), err);
  if (status != 0) {
    return status;
  }
  if (!cJSON_IsObject(object)) {
    status = broken(err, "options");
    goto out;
  }
  const cJSON *item;
  d->options_given = 0;
  cJSON_ArrayForEach(item, object) {
    if (!read_option(d, item)) {
      status = broken(err, "option");
      goto out;
    }
  }
out:
  cJSON_Delete(object);
  return status;
}
