/* declare.c - see declare.h. The manifest was checked by heliosc when the plugin was made and is
 * under its seal; it is checked again where a wrong value could do harm here.
 *
 * Invariant: what DDL says is never changed by what the module says; misfit.c refuses what
 * contradicts it. */
#include "sqlite/declare.h"

#include <string.h>
#include <strings.h>

#include "ddl/literal.h"
#include "hsb_file.h"
#include "plugin/alloc.h"
#include "registry/json.h"

enum { INFO_MAX = 16 << 20 };

const char *hrt_manifest_text(const cJSON *object, const char *field) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, field));
  return text ? text : "";
}

int hrt_manifest_read(cJSON **out, const hrt_plugin *plugin, helios_error *err) {
  size_t size = 0;
  const char *text = hrt_plugin_section(plugin, HSB_SECTION_INFO, &size);
  *out = NULL;
  return text && size <= INFO_MAX ? hrt_json_parse(out, text, size, err) : 0;
}

const cJSON *hrt_manifest_procedures(const cJSON *info) {
  return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(info, "manifest"),
                                          "procedures");
}

bool hrt_manifest_is_aggregate(const cJSON *procedure) {
  return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(procedure, "aggregate")) != 0;
}

/* The procedure of the manifest that d means: by its export if EXPORT was given, else by its name.
 */
static const cJSON *find_procedure(const cJSON *info, const hrt_definition *d) {
  const cJSON *item;
  cJSON_ArrayForEach(item, hrt_manifest_procedures(info)) {
    bool found = d->export_name[0] ? strcmp(hrt_manifest_text(item, "export"), d->export_name) == 0
                                   : strcasecmp(hrt_manifest_text(item, "name"), d->name) == 0;
    if (found) {
      return item;
    }
  }
  return NULL;
}

static bool copy(char *out, size_t size, const char *text) {
  size_t length = strlen(text);
  if (length >= size) {
    return false;
  }
  memcpy(out, text, length + 1);
  return true;
}

static bool take_params(hrt_definition *d, const cJSON *list) {
  const cJSON *item;
  cJSON_ArrayForEach(item, list) {
    if (d->param_count == HRT_PARAMS_MAX) {
      return false;
    }
    hrt_param *p = &d->params[d->param_count++];
    if (!copy(p->name, sizeof p->name, hrt_manifest_text(item, "name")) ||
        !copy(p->type.name, sizeof p->type.name, hrt_manifest_text(item, "type")) ||
        !copy(p->fallback, sizeof p->fallback, hrt_manifest_text(item, "default")) ||
        (p->fallback[0] && !hrt_literal_is(p->fallback, strlen(p->fallback)))) {
      return false;
    }
  }
  return true;
}

static bool take_columns(hrt_definition *d, const cJSON *list) {
  const cJSON *item;
  cJSON_ArrayForEach(item, list) {
    hrt_column *column = &d->columns[d->column_count];
    if (d->column_count == HRT_COLUMNS_MAX ||
        !copy(column->name, sizeof column->name, hrt_manifest_text(item, "name")) ||
        !copy(column->type.name, sizeof column->type.name, hrt_manifest_text(item, "type"))) {
      return false;
    }
    d->column_count++;
  }
  return true;
}

static int take_state(hrt_definition *d, const cJSON *procedure, helios_error *err) {
  const char *state = hrt_manifest_text(procedure, "state");
  uint32_t given = 1u << HRT_OPTION_STATE;
  if (state[0] == 0 || strcmp(state, "call") == 0 || (d->options_given & given)) {
    return 0;
  }
  d->options_given |= given;
  return hrt_option_parse(&d->options[HRT_OPTION_STATE], HRT_OPTION_STATE, state, strlen(state),
                          err);
}

static int take_procedure(hrt_definition *d, const cJSON *procedure, bool params_given,
                          helios_error *err) {
  bool ok = copy(d->export_name, sizeof d->export_name, hrt_manifest_text(procedure, "export"));
  if (ok && !params_given) {
    ok = take_params(d, cJSON_GetObjectItemCaseSensitive(procedure, "params"));
    if (d->returns.name[0] == 0 && d->column_count == 0) {
      ok = ok &&
           copy(d->returns.name, sizeof d->returns.name, hrt_manifest_text(procedure, "returns")) &&
           take_columns(d, cJSON_GetObjectItemCaseSensitive(procedure, "table"));
    }
    d->deterministic |=
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(procedure, "deterministic")) != 0;
    d->called_on_null |= cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(procedure, "strict")) != 0;
  }
  return ok ? 0
            : hrt_fail(err, HELIOS_E_PLUGIN,
                       "the module's manifest is beyond the engine's limits, or a default is no "
                       "literal");
}

/* Numbers only: i32, i64, f32, f64. */
static int take_wasm_type(hrt_definition *d, const hrt_plugin *plugin, helios_error *err) {
  const char *name = d->export_name[0] ? d->export_name : d->name;
  int index = hrt_plugin_export(plugin, name, strlen(name));
  if (index < 0) {
    return 0; /* the check of the definition will say so, with a hint */
  }
  hrt_signature s = {0};
  if (!hrt_signature_of_export(&s, hrt_plugin_abi(plugin)->exports[index].sig)) {
    int status = hrt_fail(err, HELIOS_E_SIGNATURE, "its parameters can't be told from the module");
    hrt_hint(err, "write them: CREATE PROCEDURE %.40s(name TYPE, ...) RETURNS TYPE", d->name);
    return status;
  }
  for (uint32_t i = 0; i < s.argc && i < HRT_PARAMS_MAX; i++) {
    (void)copy(d->params[i].type.name, HRT_TYPE_BYTES, hrt_type_name(s.types[i]));
    d->param_count = i + 1;
  }
  if (d->returns.name[0] == 0 && s.returns != HRT_TYPE_VOID) {
    (void)copy(d->returns.name, HRT_TYPE_BYTES, hrt_type_name(s.returns));
  }
  hrt_signature_clear(&s);
  return 0;
}

int hrt_declare(hrt_definition *d, const hrt_plugin *plugin, const cJSON *info, bool params_given,
                helios_error *err) {
  int status = 0;
  const cJSON *procedure = find_procedure(info, d);
  const char *own = d->export_name[0] ? d->export_name : d->name;
  bool exported = hrt_plugin_export(plugin, own, strlen(own)) >= 0;
  if (procedure && !params_given && hrt_manifest_is_aggregate(procedure) != d->aggregate) {
    status = hrt_fail(err, HELIOS_E_SIGNATURE, "the module's manifest says that it is %s aggregate",
                      d->aggregate ? "no" : "an");
    hrt_hint(err, "CREATE %s %.60s", d->aggregate ? "PROCEDURE" : "AGGREGATE", d->name);
    return status;
  }
  if (!d->aggregate) {
    HRT_TRY(take_state(d, procedure, err));
  }
  if (procedure && (!params_given || !exported)) {
    HRT_TRY(take_procedure(d, procedure, params_given, err));
  } else if (!params_given && d->aggregate) {
    status = hrt_fail(err, HELIOS_E_SIGNATURE, "the module has no manifest that names it");
    hrt_hint(err, "CREATE AGGREGATE %.40s(name TYPE, ...) RETURNS TYPE", d->name);
  } else if (!params_given) {
    HRT_TRY(take_wasm_type(d, plugin, err));
  }
out:
  return status;
}

int hrt_manifest_name(char out[HRT_NAME_BYTES], const cJSON *procedure, helios_error *err) {
  return copy(out, HRT_NAME_BYTES, hrt_manifest_text(procedure, "name"))
             ? 0
             : hrt_fail(err, HELIOS_E_PLUGIN,
                        "the module's manifest is beyond the engine's limits");
}
