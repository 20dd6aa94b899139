/* fuzz.c - which procedures there are to fuzz, and their types in letters. */
#include "fuzz.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sig.h"

#define PLAN_MAX (64u << 20)

/* A SQL type: its letter by the wasm type it lies on, 'i', 'j', 'f', 'd'; text takes two i32. */
static const struct type_row {
  const char *name;
  char i, j, f, d, bytes;
} type_rows[] = {
    {"BOOLEAN", 'b', 0, 0, 0, 0},   {"INTEGER", 'i', 'j', 0, 0, 0}, {"INT", 'i', 'j', 0, 0, 0},
    {"BIGINT", 0, 'j', 0, 0, 0},    {"TIMESTAMP", 0, 'S', 0, 0, 0}, {"DATE", 0, 'D', 0, 0, 0},
    {"REAL", 0, 0, 'f', 'd', 0},    {"FLOAT", 0, 0, 'f', 'd', 0},   {"DOUBLE", 0, 0, 'f', 'd', 0},
    {"TEXT", 0, 0, 0, 0, 't'},      {"VARCHAR", 0, 0, 0, 0, 't'},   {"BLOB", 0, 0, 0, 0, 'o'},
    {"BYTEA", 0, 0, 0, 0, 'o'},     {"JSON", 0, 0, 0, 0, 's'},      {"DECIMAL", 0, 0, 0, 'd', 'n'},
    {"NUMERIC", 0, 0, 0, 'd', 'n'}, {"ANY", 'a', 0, 0, 0, 0},
};

static const struct type_row *find_type(const char *name) {
  for (size_t i = 0; i < sizeof type_rows / sizeof *type_rows; i++) {
    if (strcmp(type_rows[i].name, name) == 0) {
      return &type_rows[i];
    }
  }
  return NULL;
}

/* Of a value that no wasm type says more of. */
static char any_letter(const struct type_row *row) {
  return row->bytes != 0 ? row->bytes : row->j != 0 ? row->j : row->d != 0 ? row->d : row->i;
}

/* Takes a parameter off the signature; 0 if it does not fit, which the manifest's check excludes.
 */
static char take_param(const struct type_row *row, const char **sig) {
  const char c = **sig;
  char letter = c == 'i' ? row->i : c == 'j' ? row->j : c == 'f' ? row->f : c == 'd' ? row->d : 0;
  if (letter != 0) {
    ++*sig;
  } else if (row->bytes != 0 && c == 'i' && (*sig)[1] == 'i') {
    letter = row->bytes;
    *sig += 2;
  }
  return letter;
}

static char result_letter(const struct type_row *row, char c) {
  char letter = c == 'i' ? row->i : c == 'j' ? row->j : c == 'f' ? row->f : c == 'd' ? row->d : 0;
  return letter != 0 ? letter : c == 'j' ? row->bytes : '-';
}

/* The exported function of a name: its place among them. */
static bool find_export(uint32_t *place, const hcc_export **out, const hcc_module *m,
                        const char *name) {
  *place = 0;
  for (uint32_t i = 0; i < m->export_count; i++) {
    const hcc_export *e = &m->exports[i];
    if (e->kind != HCC_FUNC) {
      continue;
    }
    if (e->name.end - e->name.begin == strlen(name) &&
        memcmp(m->bytes + e->name.begin, name, strlen(name)) == 0) {
      *out = e;
      return true;
    }
    ++*place;
  }
  return false;
}

static const char *text_of(const cJSON *object, const char *field) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, field);
  return cJSON_IsString(v) ? v->valuestring : "";
}

static bool flag_of(const cJSON *object, const char *field) {
  return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, field));
}

/* False: one that can't be called here. */
static bool from_manifest(hcc_fuzz_procedure *out, const hcc_module *m, const cJSON *procedure) {
  char sig[HCC_SIG];
  const hcc_export *export = NULL;
  const cJSON *params = cJSON_GetObjectItemCaseSensitive(procedure, "params"), *p;
  uint32_t n = 0;
  *out = (hcc_fuzz_procedure){.returns = '-',
                              .nulls = !flag_of(procedure, "strict"),
                              .deterministic = flag_of(procedure, "deterministic")};
  snprintf(out->name, sizeof out->name, "%s", text_of(procedure, "name"));
  if (!find_export(&out->export, &export, m, text_of(procedure, "export")) ||
      !hcc_sig(sig, &m->types[m->funcs[export->index].type]) ||
      cJSON_GetArraySize(params) > (int)HCC_FUZZ_PARAMS) {
    return false;
  }
  const char *at = sig;
  out->pulls = sig[0] == ':' && cJSON_GetArraySize(params) > 0;
  out->cells = out->nulls && !out->pulls;
  cJSON_ArrayForEach(p, params) {
    const struct type_row *row = find_type(text_of(p, "type"));
    char letter = row == NULL                ? 0
                  : out->pulls || out->cells ? any_letter(row)
                                             : take_param(row, &at);
    at += out->cells;
    if (letter == 0) {
      return false;
    }
    out->params[n++] = letter;
  }
  const struct type_row *returns = find_type(text_of(procedure, "returns"));
  if (returns != NULL && *at == ':' && at[1] != '\0') {
    out->returns = result_letter(returns, at[1]);
  }
  return *at == ':';
}

/* An export without a manifest: numbers only. */
static bool from_export(hcc_fuzz_procedure *out, const hcc_module *m, const hcc_export *e,
                        uint32_t place) {
  char sig[HCC_SIG];
  bool whole = hcc_sig(sig, &m->types[m->funcs[e->index].type]);
  size_t params = strcspn(sig, ":"), length = e->name.end - e->name.begin;
  *out = (hcc_fuzz_procedure){.returns = '-', .export = place};
  snprintf(out->name, sizeof out->name, "%.*s", (int)(length < 128 ? length : 128),
           (const char *)m->bytes + e->name.begin);
  if (!whole || params > HCC_FUZZ_PARAMS || strspn(sig, "ijfd") != params ||
      strlen(sig) > params + 2 || strcmp(out->name, "_initialize") == 0 ||
      strcmp(out->name, "helios_arena") == 0) {
    return false;
  }
  memcpy(out->params, sig, params);
  if (sig[params + 1] != '\0') {
    out->returns = sig[params + 1];
  }
  return strchr("ijfd-", out->returns) != NULL;
}

static bool wanted(const hcc_fuzz_procedure *p, const char *only, const char *export) {
  return only == NULL || strcmp(p->name, only) == 0 || strcmp(export, only) == 0;
}

static void add_manifest(hcc_buf *out, const hcc_module *m, const cJSON *procedures,
                         const char *only) {
  hcc_fuzz_procedure p;
  const cJSON *v;
  cJSON_ArrayForEach(v, procedures) {
    if (from_manifest(&p, m, v) && wanted(&p, only, text_of(v, "export"))) {
      hcc_buf_add(out, &p, sizeof p);
    }
  }
}

static void add_exports(hcc_buf *out, const hcc_module *m, const char *only) {
  hcc_fuzz_procedure p;
  uint32_t place = 0;
  for (uint32_t i = 0; i < m->export_count; i++) {
    if (m->exports[i].kind == HCC_FUNC) {
      if (from_export(&p, m, &m->exports[i], place) && wanted(&p, only, p.name)) {
        hcc_buf_add(out, &p, sizeof p);
      }
      place++;
    }
  }
}

int hcc_fuzz_plan_make(hcc_fuzz_plan *out, const hcc_module *m, const char *manifest,
                       const char *only, hcc_error *err) {
  char shown[HCC_ESCAPED];
  hcc_buf list;
  cJSON *root = cJSON_Parse(manifest);
  hcc_buf_init(&list, PLAN_MAX);
  *out = (hcc_fuzz_plan){.count = 0};
  if (cJSON_IsObject(root)) {
    add_manifest(&list, m, cJSON_GetObjectItemCaseSensitive(root, "procedures"), only);
  } else {
    add_exports(&list, m, only);
  }
  cJSON_Delete(root);
  if (list.failed) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for a list of procedures");
  }
  if (list.size == 0) {
    return only == NULL
               ? hcc_fail(err, HCC_E_USAGE, HCC_NO_OFFSET,
                          "nothing to fuzz: no procedure in a manifest, no export of numbers")
               : hcc_fail(err, HCC_E_USAGE, HCC_NO_OFFSET, "no procedure or export \"%s\"",
                          hcc_escape(shown, only, strlen(only)));
  }
  *out = (hcc_fuzz_plan){(hcc_fuzz_procedure *)(void *)list.data,
                         (uint32_t)(list.size / sizeof(hcc_fuzz_procedure))};
  return 0;
}

void hcc_fuzz_plan_free(hcc_fuzz_plan *plan) {
  free(plan->procedures);
  *plan = (hcc_fuzz_plan){.count = 0};
}
