/* sdk_unit.c - prototypes and annotations to procedures. Must not guess: a type that is not in the
 * table, or a word that it does not know, is an error at its place. Invariants: see sdk_unit.h. */
#include "sdk_unit.h"

#include <stdarg.h>
#include <string.h>

#define MARK "helios " /* of annotations; "@helios " in comments */
#define WORDS_MAX 512  /* bytes of one annotation */

static const hcc_sdk_type types[] = {
#define HCC_SDK_TYPE(c, sql, form) {c, sql, HCC_FORM_##form},
#include "sdk_types.def"
#undef HCC_SDK_TYPE
};
#define TYPES (sizeof types / sizeof *types)

typedef struct reader {
  hcc_sdk_unit *unit;
  const char *file;
  const hcc_listener *listener;
  const cJSON *function; /* being read */
  bool hidden;           /* it is private */
  uint32_t errors;
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

/* An error at the place of o. */
static void wrong(reader *r, const cJSON *o, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void wrong(reader *r, const cJSON *o, const char *hint, const char *format, ...) {
  const hcc_message m = {.file = r->file,
                         .line = number_of(o, "line"),
                         .column = number_of(o, "column"),
                         .hint = hint};
  va_list args;
  r->errors++;
  va_start(args, format);
  hcc_say_error(r->listener, m, format, args);
  va_end(args);
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

static void read_param(reader *r, hcc_sdk_param *out, const cJSON *param, uint32_t position) {
  const cJSON *type = field(param, "type");
  bool pointer = cJSON_IsTrue(field(type, "pointer"));
  out->name = text_of(param, "name");
  if (is_text(type)) {
    out->type = text_type();
  } else if (!pointer || cJSON_IsTrue(field(type, "const"))) {
    out->type = find(type);
    /* a cell says itself whether it is NULL, but only procedures that are called with NULL get one
     */
    out->nullable = pointer;
  }
  if (out->type == NULL) {
    wrong(r, param, known_types, "parameter %u of %.64s has type '%.64s', which SQL can't give",
          position, text_of(r->function, "name"), text_of(type, "shown"));
  } else if (!is_identifier(out->name)) {
    wrong(r, param, "SQL calls it by its name", "parameter %u of %.64s has no name", position,
          text_of(r->function, "name"));
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
    wrong(r, r->function, known_types, "%.64s returns '%.64s', which SQL can't take",
          text_of(r->function, "name"), text_of(type, "shown"));
  }
}

/* ---- annotations ---- */

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/* The first word of *text into word; *text is left behind it and the spaces that follow. */
static void take_word(char word[WORDS_MAX], char **text) {
  size_t n = strcspn(*text, " \t");
  memcpy(word, *text, n);
  word[n] = '\0';
  *text += n;
  while (is_space(**text)) {
    (*text)++;
  }
}

static const char *keep(reader *r, const char *text) {
  size_t n = strlen(text) + 1;
  char *copy = hcc_arena_array(&r->unit->arena, n, 1);
  return copy == NULL ? NULL : memcpy(copy, text, n);
}

static void read_capabilities(reader *r, char *list) {
  for (char *save, *item = strtok_r(list, ", \t", &save); item != NULL;
       item = strtok_r(NULL, ", \t", &save)) {
    const cJSON *other;
    bool there = false;
    cJSON_ArrayForEach(other, r->unit->capabilities) {
      there |= strcmp(other->valuestring, item) == 0;
    }
    if (!there) {
      cJSON_AddItemToArray(r->unit->capabilities, cJSON_CreateString(item));
    }
  }
}

static void read_default(reader *r, hcc_sdk_procedure *p, char *rest) {
  char name[WORDS_MAX];
  take_word(name, &rest);
  for (uint32_t i = 0; i < p->param_count; i++) {
    if (strcmp(p->params[i].name, name) == 0 && *rest != '\0') {
      p->params[i].fallback = keep(r, rest);
      return;
    }
  }
  wrong(r, r->function, "write: @helios default PARAMETER LITERAL",
        "%.64s has no parameter '%.64s', or no literal follows it", text_of(r->function, "name"),
        name);
}

static void read_words(reader *r, hcc_sdk_procedure *p, char *text) {
  char word[WORDS_MAX];
  take_word(word, &text);
  bool alone = *text == '\0';
  if (strcmp(word, "deterministic") == 0 && alone) {
    p->deterministic = true;
  } else if (strcmp(word, "private") == 0 && alone) {
    r->hidden = true;
  } else if (strcmp(word, "name") == 0 && !alone) {
    p->name = keep(r, text); /* manifest.c says what names are good */
  } else if (strcmp(word, "state") == 0 && !alone) {
    p->state = keep(r, text);
  } else if (strcmp(word, "capability") == 0 && !alone) {
    read_capabilities(r, text);
  } else if (strcmp(word, "default") == 0) {
    read_default(r, p, text);
  } else {
    wrong(r, r->function,
          "deterministic, private, name N, state S, capability C, default P LITERAL: docs/sdk-c.md",
          "%.64s: '@helios %.64s' is nothing that heliosc knows", text_of(r->function, "name"),
          word);
  }
}

/* One annotation of n bytes, without what stands before its words. */
static void read_annotation(reader *r, hcc_sdk_procedure *p, const char *at, size_t n) {
  char text[WORDS_MAX];
  while (n > 0 && is_space(*at)) {
    at++;
    n--;
  }
  while (n > 0 && is_space(at[n - 1])) {
    n--;
  }
  if (n >= sizeof text) {
    wrong(r, r->function, NULL, "an annotation has more than %zu bytes", sizeof text - 1);
    return;
  }
  memcpy(text, at, n);
  text[n] = '\0';
  read_words(r, p, text);
}

static void read_comment(reader *r, hcc_sdk_procedure *p) {
  static const char mark[] = "@helios";
  const char *at = text_of(r->function, "comment");
  while ((at = strstr(at, mark)) != NULL) {
    at += strlen(mark);
    size_t n = strcspn(at, "\n");
    const char *end = strstr(at, "*/");
    n = end != NULL && (size_t)(end - at) < n ? (size_t)(end - at) : n;
    read_annotation(r, p, at, n);
    at += n;
  }
}

static void read_attributes(reader *r, hcc_sdk_procedure *p) {
  const cJSON *v;
  cJSON_ArrayForEach(v, field(r->function, "annotations")) {
    const char *text = v->valuestring;
    if (strncmp(text, MARK, strlen(MARK)) == 0) {
      text += strlen(MARK);
      read_annotation(r, p, text, strlen(text));
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
    wrong(r, r->function, "give it another name, or make it static",
          "'%.64s' is no name for a procedure's function", name);
  }
}

static int read_function(reader *r, hcc_sdk_procedure *p, hcc_error *err) {
  const cJSON *list = field(r->function, "params"), *v;
  uint32_t n = 0;
  *p = (hcc_sdk_procedure){.function = text_of(r->function, "name"), .state = "call"};
  p->name = p->function;
  p->symbol = text_of(r->function, "symbol");
  p->param_count = (uint32_t)cJSON_GetArraySize(list);
  p->params = hcc_arena_array(&r->unit->arena, p->param_count, sizeof *p->params);
  if (p->params == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for prototypes");
  }
  cJSON_ArrayForEach(v, list) {
    p->params[n++].name = text_of(v, "name");
  }
  r->hidden = false;
  read_comment(r, p);
  read_attributes(r, p);
  if (r->hidden) {
    return 0;
  }
  check_name(r);
  n = 0;
  cJSON_ArrayForEach(v, list) {
    read_param(r, &p->params[n], v, n + 1);
    p->cells |= p->params[n++].nullable;
  }
  read_result(r, p);
  for (n = 0; n < p->param_count && p->cells; n++) {
    if (p->params[n].type != NULL && strcmp(p->params[n].type->c, "helios_decimal_f64") == 0) {
      wrong(r, r->function, "take a helios_decimal: its digits",
            "%.64s: parameter %u can't be a helios_decimal_f64 where one may be NULL", p->function,
            n + 1);
    }
  }
  if (cJSON_IsTrue(field(r->function, "variadic"))) {
    wrong(r, r->function, known_types, "%.64s takes any number of arguments", p->function);
  }
  return 0;
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
    if (strcmp(p[i].function, p[last].function) == 0) {
      wrong(r, r->function, "give it another name, or make it static",
            "'%.64s' is defined twice: SQL has one function of a name here", p[last].function);
    }
  }
}

int hcc_sdk_unit_read(hcc_sdk_unit *out, const cJSON *json, const char *file,
                      const hcc_listener *listener, hcc_error *err) {
  reader r = {.unit = out, .file = file, .listener = listener};
  const cJSON *list = field(json, "functions");
  *out = (hcc_sdk_unit){.capabilities = cJSON_CreateArray(), .raw = is_raw(json)};
  if (out->raw) {
    return 0;
  }
  out->procedures =
      hcc_arena_array(&out->arena, (size_t)cJSON_GetArraySize(list), sizeof *out->procedures);
  if (out->procedures == NULL || out->capabilities == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for prototypes");
  }
  cJSON_ArrayForEach(r.function, list) {
    int status = read_function(&r, &out->procedures[out->procedure_count], err);
    if (status != 0) {
      return status;
    }
    if (!r.hidden) {
      check_twice(&r, out->procedure_count++);
    }
  }
  if (r.errors > 0) {
    return hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET, "%u error%s in the source", r.errors,
                    r.errors == 1 ? "" : "s");
  }
  if (out->procedure_count == 0) {
    return hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET,
                    "no function that could be a procedure: all are static, inline or private");
  }
  return 0;
}

void hcc_sdk_unit_free(hcc_sdk_unit *u) {
  cJSON_Delete(u->capabilities);
  hcc_arena_free(&u->arena);
}
