/* misfit.c - does a declaration fit what the module's manifest says of the export? For CREATE and
 * for a new version, so that it fails there and not at the first call. Wasm types are checked in
 * signature.c; this is what they don't tell: numbers of parameters that are pulled, pointers that
 * are no numbers, columns.
 *
 * Invariant: what differs on purpose passes: names, widths of whole numbers, times as numbers, ANY.
 */
#include <string.h>
#include <strings.h>

#include "registry/json.h"
#include "sqlite/declare.h"
#include "sqlite/words.h"

#define T(NAME) (1u << HRT_TYPE_##NAME)
#define WHOLE (T(BOOLEAN) | T(INTEGER) | T(BIGINT))
#define TIMES (T(DATE) | T(TIMESTAMP))
#define NUMBERS (WHOLE | TIMES | T(REAL) | T(DECIMAL))
#define BYTES (T(TEXT) | T(JSON) | T(DECIMAL) | T(BLOB))
#define AS_DAYS (T(DATE) | T(INTEGER) | T(BIGINT))
#define AS_MICROSECONDS (T(TIMESTAMP) | T(INTEGER) | T(BIGINT))

/* The types that may be declared for a type of the manifest's; ANY always may. */
static const struct {
  uint16_t pulled, passed; /* a parameter: by arg_*, in wasm's parameters */
  uint16_t given, result;  /* a result: by return_* or in a row, as wasm's result */
} fits[HRT_TYPE_COUNT] = {
    [HRT_TYPE_BOOLEAN] = {WHOLE, WHOLE, WHOLE | T(REAL) | T(DECIMAL), WHOLE},
    [HRT_TYPE_INTEGER] = {NUMBERS, WHOLE | TIMES, NUMBERS, WHOLE | TIMES},
    [HRT_TYPE_BIGINT] = {NUMBERS, WHOLE | TIMES, NUMBERS, WHOLE | TIMES},
    [HRT_TYPE_REAL] = {T(REAL) | T(DECIMAL) | T(INTEGER) | T(BIGINT), T(REAL) | T(DECIMAL),
                       T(REAL) | T(DECIMAL), T(REAL) | T(DECIMAL)},
    [HRT_TYPE_DECIMAL] = {T(DECIMAL) | T(TEXT), T(DECIMAL) | T(TEXT) | T(REAL),
                          T(DECIMAL) | T(TEXT), T(DECIMAL) | T(TEXT) | T(REAL)},
    [HRT_TYPE_TEXT] = {BYTES, BYTES, T(TEXT) | T(JSON) | T(DECIMAL) | TIMES, BYTES},
    [HRT_TYPE_BLOB] = {BYTES, BYTES, T(BLOB), BYTES},
    [HRT_TYPE_JSON] = {T(TEXT) | T(JSON) | T(BLOB), T(TEXT) | T(JSON) | T(BLOB), T(TEXT) | T(JSON),
                       T(TEXT) | T(JSON) | T(BLOB)},
    [HRT_TYPE_DATE] = {AS_DAYS, AS_DAYS, AS_DAYS, AS_DAYS},
    [HRT_TYPE_TIMESTAMP] = {AS_MICROSECONDS, AS_MICROSECONDS, AS_MICROSECONDS, AS_MICROSECONDS},
    [HRT_TYPE_ANY] = {0xffff, 0xffff, 0xffff, 0xffff},
};

/* True also for a type that nobody knows: others say so. */
static bool may(uint16_t types, const char *declared) {
  hrt_type type;
  return !hrt_type_find(&type, declared, strlen(declared)) || type == HRT_TYPE_ANY ||
         (types >> type & 1) != 0;
}

static hrt_type type_of(const char *name) {
  hrt_type type;
  return hrt_type_find(&type, name, strlen(name)) ? type : HRT_TYPE_ANY;
}

static const cJSON *list_of(const cJSON *procedure, const char *field) {
  return cJSON_GetObjectItemCaseSensitive(procedure, field);
}

/* ---- the hint: what the module has ---- */

static void put_list(hrt_words *t, const char *open, const cJSON *list) {
  const cJSON *item;
  hrt_words_put(t, open, "(");
  cJSON_ArrayForEach(item, list) {
    hrt_words_put(t, item == list->child ? "" : ", ", hrt_manifest_text(item, "name"));
    hrt_words_put(t, " ", hrt_manifest_text(item, "type"));
  }
  hrt_words_put(t, ")", "");
}

static void hint(helios_error *err, const cJSON *procedure) {
  hrt_words t = {.used = 0};
  hrt_words_put(&t, hrt_manifest_text(procedure, "name"), "");
  put_list(&t, "", list_of(procedure, "params"));
  if (list_of(procedure, "table")) {
    put_list(&t, " RETURNS TABLE ", list_of(procedure, "table"));
  } else if (hrt_manifest_text(procedure, "returns")[0]) {
    hrt_words_put(&t, " RETURNS ", hrt_manifest_text(procedure, "returns"));
  }
  hrt_hint(err, "the module has %s%s", t.at, t.used >= sizeof t.at ? "..." : "");
}

/* ---- parameters and columns ---- */

struct declared {
  const char *name, *type;
};

static struct declared param_at(const hrt_definition *d, uint32_t i) {
  return (struct declared){d->params[i].name, d->params[i].type.name};
}

static struct declared column_at(const hrt_definition *d, uint32_t i) {
  return (struct declared){d->columns[i].name, d->columns[i].type.name};
}

/* Names may differ, but one that stands for another place is a mistake. */
static int check_place(const cJSON *list, uint32_t i, const char *what, const char *name,
                       helios_error *err) {
  const cJSON *item;
  uint32_t place = 0;
  if (name[0] == 0 ||
      strcasecmp(hrt_manifest_text(cJSON_GetArrayItem(list, (int)i), "name"), name) == 0) {
    return 0;
  }
  cJSON_ArrayForEach(item, list) {
    place++;
    if (strcasecmp(hrt_manifest_text(item, "name"), name) == 0) {
      return hrt_fail(err, HELIOS_E_SIGNATURE,
                      "%s %u is declared as %s, which is the module's %s %u", what, i + 1, name,
                      what, place);
    }
  }
  return 0;
}

/* pulled: the guest asks for them by arg_*. */
static int check_params(const hrt_definition *d, const cJSON *list, bool pulled,
                        helios_error *err) {
  uint32_t there = (uint32_t)cJSON_GetArraySize(list);
  const cJSON *next = cJSON_GetArrayItem(list, (int)d->param_count);
  if (d->param_count > there ||
      (d->param_count < there && !(pulled && cJSON_HasObjectItem(next, "default")))) {
    return hrt_fail(err, HELIOS_E_SIGNATURE, "%u parameter%s declared, the module has %u",
                    d->param_count, d->param_count == 1 ? " is" : "s are", there);
  }
  for (uint32_t i = 0; i < d->param_count; i++) {
    const struct declared p = param_at(d, i);
    const char *type = hrt_manifest_text(cJSON_GetArrayItem(list, (int)i), "type");
    int status = check_place(list, i, "parameter", p.name, err);
    if (status != 0) {
      return status;
    }
    if (!may(pulled ? fits[type_of(type)].pulled : fits[type_of(type)].passed, p.type)) {
      return hrt_fail(err, HELIOS_E_SIGNATURE,
                      "parameter %u is declared as %s, the module takes %s", i + 1, p.type, type);
    }
  }
  return 0;
}

static int check_columns(const hrt_definition *d, const cJSON *list, helios_error *err) {
  uint32_t there = (uint32_t)cJSON_GetArraySize(list);
  if (d->column_count != there) {
    return hrt_fail(err, HELIOS_E_SIGNATURE, "%u column%s declared, the module gives %u",
                    d->column_count, d->column_count == 1 ? " is" : "s are", there);
  }
  for (uint32_t i = 0; i < there; i++) {
    const struct declared c = column_at(d, i);
    const char *type = hrt_manifest_text(cJSON_GetArrayItem(list, (int)i), "type");
    int status = check_place(list, i, "column", c.name, err);
    if (status != 0) {
      return status;
    }
    if (!may(fits[type_of(type)].given, c.type)) {
      return hrt_fail(err, HELIOS_E_SIGNATURE, "column %u is declared as %s, the module gives %s",
                      i + 1, c.type, type);
    }
  }
  return 0;
}

/* ---- the result ---- */

/* by_call: the export has no result of its own. */
static int check_returns(const hrt_definition *d, const char *type, bool by_call,
                         helios_error *err) {
  static const uint16_t rows = T(TEXT) | T(JSON) | T(ANY); /* as JSON */
  if (type[0] == 0) {
    return 0; /* return_* and row_* may be called for all that the manifest says */
  }
  if (d->column_count > 0) {
    return (rows >> type_of(type) & 1) != 0
               ? 0
               : hrt_fail(err, HELIOS_E_SIGNATURE, "a table is declared, the module returns %s",
                          type);
  }
  if (d->returns.name[0] == 0) {
    return hrt_fail(err, HELIOS_E_SIGNATURE, "no RETURNS is declared, the module returns %s", type);
  }
  return may(by_call ? fits[type_of(type)].given : fits[type_of(type)].result, d->returns.name)
             ? 0
             : hrt_fail(err, HELIOS_E_SIGNATURE, "RETURNS %s is declared, the module returns %s",
                        d->returns.name, type);
}

static int check_result(const hrt_definition *d, const cJSON *procedure, bool by_call,
                        helios_error *err) {
  const cJSON *table = list_of(procedure, "table");
  if (table == NULL) {
    return check_returns(d, hrt_manifest_text(procedure, "returns"), by_call, err);
  }
  return d->column_count > 0 ? check_columns(d, table, err)
                             : hrt_fail(err, HELIOS_E_SIGNATURE,
                                        "the module's manifest says that it returns a table");
}

/* The procedure of the manifest that stands for the export, best the one of as many parameters. */
static const cJSON *find(const cJSON *info, const hrt_definition *d) {
  const cJSON *item, *best = NULL;
  int best_points = -1;
  cJSON_ArrayForEach(item, hrt_manifest_procedures(info)) {
    int params = cJSON_GetArraySize(list_of(item, "params"));
    int points = 2 * (d->param_count == (uint32_t)params) +
                 (strcasecmp(hrt_manifest_text(item, "name"), d->name) == 0);
    if (strcmp(hrt_manifest_text(item, "export"), d->export_name) == 0 &&
        hrt_manifest_is_aggregate(item) == d->aggregate && points > best_points) {
      best = item;
      best_points = points;
    }
  }
  return best;
}

int hrt_misfit_check(const hrt_definition *d, const hrt_plugin *plugin, const cJSON *info,
                     helios_error *err) {
  const cJSON *procedure = find(info, d);
  int status = 0;
  if (procedure) {
    int index = hrt_plugin_export(plugin, d->export_name, strlen(d->export_name));
    const char *sig = index >= 0 ? hrt_plugin_abi(plugin)->exports[index].sig : ":";
    bool own = d->aggregate; /* its exports have other names, and types of their own */
    status = check_params(d, list_of(procedure, "params"), !own && sig[0] == ':', err);
    if (status == 0) {
      status = check_result(d, procedure, !own && strchr(sig, ':')[1] == 0, err);
    }
    if (status != 0) {
      hint(err, procedure);
    }
  }
  return status;
}
