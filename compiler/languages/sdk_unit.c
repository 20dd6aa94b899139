/* sdk_unit.c - prototypes and annotations to procedures. Must not guess: a type that is not in the
 * table, or a word that it does not know, is an error at its place. Invariants: see sdk_unit.h. */
#include "sdk_unit.h"

#include <string.h>

#define MARK "helios " /* of annotations; "@helios " in comments */

static const hcc_sdk_type types[] = {
#define HCC_SDK_TYPE(c, sql, form) {c, sql, HCC_FORM_##form},
#include "sdk_types.def"
#undef HCC_SDK_TYPE
};
#define TYPES (sizeof types / sizeof *types)

typedef struct reader {
  hcc_sdk_unit *unit;
  const cJSON *function; /* being read */
} reader;

static const cJSON *field(const cJSON *o, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(o, name);
}

static const char *text_of(const cJSON *o, const char *name) {
  const cJSON *v = field(o, name);
  return cJSON_IsString(v) ? v->valuestring : "";
}

static unsigned number_of(const cJSON *o, const char *name) {
  const cJSON *v = field(o, name);
  return cJSON_IsNumber(v) && v->valuedouble > 0 && v->valuedouble < 1e9 ? (unsigned)v->valuedouble
                                                                         : 0;
}

static hcc_place place_of(const cJSON *o) {
  return (hcc_place){number_of(o, "line"), number_of(o, "column")};
}

static bool word_char(char c) {
  return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_word(const char *name, size_t most) {
  size_t n = 0;
  while (word_char(name[n])) {
    n++;
  }
  return n > 0 && n <= most && name[n] == '\0';
}

static bool is_identifier(const char *name) {
  return is_word(name, 120);
}

/* ---- types ---- */

static const char known_types[] =
    "bool, int, int64_t, double, const char *, helios_text ...: docs/sdk-c.md; or make it static";

static const hcc_sdk_type *find(const cJSON *type) {
  const cJSON *name;
  cJSON_ArrayForEach(name, field(type, "names")) {
    for (size_t i = 0; i < TYPES; i++) {
      /* hg_cell is what helios_value is */
      const char *c =
          strcmp(name->valuestring, "hg_cell") == 0 ? "helios_value" : name->valuestring;
      if (strcmp(types[i].c, c) == 0) {
        return &types[i];
      }
    }
  }
  return NULL;
}

static bool is_text(const cJSON *type) {
  const cJSON *names = field(type, "names");
  return cJSON_IsTrue(field(type, "pointer")) && cJSON_IsTrue(field(type, "const")) &&
         strcmp(cJSON_GetArrayItem(names, cJSON_GetArraySize(names) - 1)->valuestring, "char") == 0;
}

static const hcc_sdk_type *text_type(void) {
  size_t i = 0;
  while (types[i].form != HCC_FORM_TEXT) {
    i++;
  }
  return &types[i];
}

/* Parameter i of p. */
static void read_param(reader *r, hcc_sdk_procedure *p, uint32_t i, const cJSON *param) {
  const cJSON *type = field(param, "type");
  hcc_param *out = &p->said.params[i];
  bool pointer = cJSON_IsTrue(field(type, "pointer"));
  if (is_text(type)) {
    p->types[i] = text_type();
  } else if (!pointer || cJSON_IsTrue(field(type, "const"))) {
    p->types[i] = find(type);
    /* a cell says itself whether it is NULL, but only procedures that are called with NULL get one
     */
    out->nullable = pointer;
  }
  out->sql = p->types[i] == NULL ? "ANY" : p->types[i]->sql;
  if (p->types[i] == NULL) {
    hcc_unit_wrong(&r->unit->said, place_of(param), known_types,
                   "parameter %u of %.64s has type '%.64s', which SQL can't give", i + 1,
                   text_of(r->function, "name"), text_of(type, "shown"));
  } else if (!is_identifier(out->name)) {
    hcc_unit_wrong(&r->unit->said, place_of(param), "SQL calls it by its name",
                   "parameter %u of %.64s has no name", i + 1, text_of(r->function, "name"));
  }
}

static void read_result(reader *r, hcc_sdk_procedure *p) {
  const cJSON *type = field(r->function, "result");
  const cJSON *names = field(type, "names");
  bool pointer = cJSON_IsTrue(field(type, "pointer"));
  if (!pointer && strcmp(names->child->valuestring, "void") == 0) {
    return;
  }
  p->result = is_text(type) ? text_type() : pointer ? NULL : find(type);
  if (p->result == NULL) {
    hcc_unit_wrong(&r->unit->said, place_of(r->function), known_types,
                   "%.64s returns '%.64s', which SQL can't take", text_of(r->function, "name"),
                   text_of(type, "shown"));
  } else {
    p->said.result = p->result->sql;
  }
}

/* ---- annotations ---- */

static void read_comment(reader *r, hcc_sdk_procedure *p) {
  static const char mark[] = "@helios";
  const char *at = text_of(r->function, "comment");
  while ((at = strstr(at, mark)) != NULL) {
    at += strlen(mark);
    size_t n = strcspn(at, "\n");
    const char *end = strstr(at, "*/");
    n = end != NULL && (size_t)(end - at) < n ? (size_t)(end - at) : n;
    hcc_unit_words(&r->unit->said, &p->said, at, n, place_of(r->function));
    at += n;
  }
}

static void read_attributes(reader *r, hcc_sdk_procedure *p) {
  const cJSON *v;
  cJSON_ArrayForEach(v, field(r->function, "annotations")) {
    const char *text = v->valuestring;
    if (strncmp(text, MARK, strlen(MARK)) == 0) {
      text += strlen(MARK);
      hcc_unit_words(&r->unit->said, &p->said, text, strlen(text), place_of(r->function));
    }
  }
}

/* ---- functions ---- */

static void check_name(reader *r) {
  static const char *const taken[] = {"main", "memory", "malloc", "free"};
  const char *name = text_of(r->function, "name");
  bool ours = strncmp(name, "helios_", 7) == 0 || strncmp(name, "hg_", 3) == 0 || name[0] == '_';
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
    ours |= strcmp(name, taken[i]) == 0;
  }
  if (ours || !is_identifier(name) || !is_word(text_of(r->function, "symbol"), 4000)) {
    hcc_unit_wrong(&r->unit->said, place_of(r->function), "give it another name, or make it static",
                   "'%.64s' is no name for a procedure's function", name);
  }
}

/* With the names of its parameters, which annotations speak of. */
static bool begin_function(reader *r, hcc_sdk_procedure *p) {
  hcc_arena *arena = &r->unit->said.arena;
  const cJSON *list = field(r->function, "params"), *v;
  const char *name = text_of(r->function, "name");
  uint32_t n = 0;
  *p = (hcc_sdk_procedure){.symbol = text_of(r->function, "symbol")};
  p->said = (hcc_procedure){.function = name, .name = name, .state = "call"};
  p->said.param_count = (uint32_t)cJSON_GetArraySize(list);
  p->said.params = hcc_arena_array(arena, p->said.param_count, sizeof *p->said.params);
  p->types = hcc_arena_array(arena, p->said.param_count, sizeof *p->types);
  if (p->said.params == NULL || p->types == NULL) {
    return false;
  }
  cJSON_ArrayForEach(v, list) {
    p->said.params[n++].name = text_of(v, "name");
  }
  return true;
}

static void check_cells(reader *r, const hcc_sdk_procedure *p) {
  for (uint32_t n = 0; n < p->said.param_count && p->cells; n++) {
    if (p->types[n] != NULL && strcmp(p->types[n]->c, "helios_decimal_f64") == 0) {
      hcc_unit_wrong(&r->unit->said, place_of(r->function), "take a helios_decimal: its digits",
                     "%.64s: parameter %u can't be a helios_decimal_f64 where one may be NULL",
                     p->said.function, n + 1);
    }
  }
}

static void read_function(reader *r, hcc_sdk_procedure *p) {
  const cJSON *v;
  uint32_t n = 0;
  read_comment(r, p);
  read_attributes(r, p);
  if (p->said.hidden) {
    return;
  }
  check_name(r);
  cJSON_ArrayForEach(v, field(r->function, "params")) {
    read_param(r, p, n, v);
    p->cells |= p->said.params[n++].nullable;
  }
  p->said.strict = !p->cells;
  read_result(r, p);
  check_cells(r, p);
  if (cJSON_IsTrue(field(r->function, "variadic"))) {
    hcc_unit_wrong(&r->unit->said, place_of(r->function), known_types,
                   "%.64s takes any number of arguments", p->said.function);
  }
}

static bool says_raw(const cJSON *annotations) {
  const cJSON *v;
  cJSON_ArrayForEach(v, annotations) {
    if (strcmp(v->valuestring, MARK "export") == 0) {
      return true;
    }
  }
  return false;
}

static bool is_raw(const cJSON *json) {
  const cJSON *f;
  bool raw = says_raw(field(json, "annotations"));
  cJSON_ArrayForEach(f, field(json, "functions")) {
    raw |= says_raw(field(f, "annotations"));
  }
  return raw;
}

static void check_twice(reader *r, uint32_t last) {
  const hcc_sdk_procedure *p = r->unit->procedures;
  for (uint32_t i = 0; i < last; i++) {
    if (strcmp(p[i].said.function, p[last].said.function) == 0) {
      hcc_unit_wrong(
          &r->unit->said, place_of(r->function), "give it another name, or make it static",
          "'%.64s' is defined twice: SQL has one function of a name here", p[last].said.function);
    }
  }
}

int hcc_sdk_unit_read(hcc_sdk_unit *out, const cJSON *json, const char *file,
                      const hcc_listener *listener, hcc_error *err) {
  reader r = {.unit = out};
  const cJSON *list = field(json, "functions");
  *out = (hcc_sdk_unit){.raw = is_raw(json)};
  hcc_unit_begin(&out->said, file, listener);
  if (out->raw) {
    return 0;
  }
  out->procedures =
      hcc_arena_array(&out->said.arena, (size_t)cJSON_GetArraySize(list), sizeof *out->procedures);
  out->said.no_memory |= out->procedures == NULL;
  cJSON_ArrayForEach(r.function, list) {
    hcc_sdk_procedure *p = out->said.no_memory ? NULL : &out->procedures[out->procedure_count];
    if (p == NULL || !begin_function(&r, p)) {
      out->said.no_memory = true;
      break;
    }
    read_function(&r, p);
    if (!p->said.hidden) {
      check_twice(&r, out->procedure_count++);
      hcc_unit_add(&out->said, &p->said, place_of(r.function));
    }
  }
  return hcc_unit_check(
      &out->said, "no function that could be a procedure: all are static, inline or private", err);
}

void hcc_sdk_unit_free(hcc_sdk_unit *u) {
  hcc_unit_free(&u->said);
}
