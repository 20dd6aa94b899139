/* signature.c - a declared SQL signature, and how it lies on the wasm type of an export. Must never
 * guess: each parameter has its wasm types in the table below, anything else is an error. */
#include <stdio.h>
#include <string.h>

#include "plugin/alloc.h"
#include "sqlite/marshal_private.h"

void hrt_signature_init(hrt_signature *s, bool called_on_null) {
  *s = (hrt_signature){.returns = HRT_TYPE_VOID, .called_on_null = called_on_null};
}

static int find_type(hrt_type *out, const char *type, helios_error *err) {
  char shown[HRT_ESCAPED];
  size_t length = strlen(type);
  if (hrt_type_find(out, type, length)) {
    return 0;
  }
  int status =
      hrt_fail(err, HELIOS_E_SIGNATURE, "unknown type %s", hrt_escape(shown, type, length));
  const char *near = hrt_type_nearest(type, length);
  if (near != NULL) {
    hrt_hint(err, "did you mean %s?", near);
  }
  return status;
}

int hrt_signature_add(hrt_signature *s, const char *name, const char *type, helios_error *err) {
  hrt_type found = HRT_TYPE_ANY;
  int status = find_type(&found, type, err);
  if (status != 0) {
    return status;
  }
  if (s->argc >= HRT_ARGS_MAX) {
    return hrt_fail(err, HELIOS_E_SIGNATURE, "more than %d parameters", HRT_ARGS_MAX);
  }
  if (name != NULL && *name != 0) {
    s->names[s->argc] = hrt_strdup(name);
    if (s->names[s->argc] == NULL) {
      return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    }
  }
  s->types[s->argc++] = (uint8_t)found;
  s->optional = 0;
  return 0;
}

int hrt_signature_fallback(hrt_signature *s, sqlite3_value *value, helios_error *err) {
  uint32_t i = s->argc - 1;
  s->fallbacks[i] = value;
  for (s->optional = 0; s->optional < s->argc && s->fallbacks[i - s->optional] != NULL;) {
    s->optional++;
  }
  return value ? hrt_marshal_check(s, i, value, err)
               : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

int hrt_signature_returns(hrt_signature *s, const char *type, helios_error *err) {
  hrt_type found = HRT_TYPE_VOID;
  int status = find_type(&found, type, err);
  s->returns = (uint8_t)found;
  return status;
}

void hrt_signature_clear(hrt_signature *s) {
  for (uint32_t i = 0; i < s->argc; i++) {
    hrt_free(s->names[i]);
    sqlite3_value_free(s->fallbacks[i]);
  }
  *s = (hrt_signature){.returns = HRT_TYPE_VOID};
}

const char *hrt_param_name(char out[HRT_PARAM_NAME], const hrt_signature *s, uint32_t i) {
  char shown[HRT_ESCAPED];
  if (s->names[i] != NULL) {
    snprintf(out, HRT_PARAM_NAME, "%s", hrt_escape(shown, s->names[i], strlen(s->names[i])));
  } else {
    snprintf(out, HRT_PARAM_NAME, "%u", i + 1);
  }
  return out;
}

/* A way for a SQL type to lie on wasm types. */
static const struct way {
  hrt_type type;
  const char *wasm;
  hrt_mode mode;
} params[] =
    {
        {HRT_TYPE_BOOLEAN, "i", MODE_BOOL},  {HRT_TYPE_INTEGER, "j", MODE_I64},
        {HRT_TYPE_INTEGER, "i", MODE_I32},   {HRT_TYPE_BIGINT, "j", MODE_I64},
        {HRT_TYPE_BIGINT, "i", MODE_I32},    {HRT_TYPE_DATE, "j", MODE_I64},
        {HRT_TYPE_TIMESTAMP, "j", MODE_I64}, {HRT_TYPE_REAL, "d", MODE_F64},
        {HRT_TYPE_REAL, "f", MODE_F32},      {HRT_TYPE_DECIMAL, "ii", MODE_BYTES},
        {HRT_TYPE_DECIMAL, "d", MODE_F64},   {HRT_TYPE_TEXT, "ii", MODE_BYTES},
        {HRT_TYPE_BLOB, "ii", MODE_BYTES},   {HRT_TYPE_JSON, "ii", MODE_BYTES},
        {HRT_TYPE_ANY, "i", MODE_CELL},
},
  results[] = {
      {HRT_TYPE_BOOLEAN, "i", MODE_BOOL},  {HRT_TYPE_INTEGER, "j", MODE_I64},
      {HRT_TYPE_INTEGER, "i", MODE_I32},   {HRT_TYPE_BIGINT, "j", MODE_I64},
      {HRT_TYPE_BIGINT, "i", MODE_I32},    {HRT_TYPE_DATE, "j", MODE_I64},
      {HRT_TYPE_TIMESTAMP, "j", MODE_I64}, {HRT_TYPE_REAL, "d", MODE_F64},
      {HRT_TYPE_REAL, "f", MODE_F32},      {HRT_TYPE_DECIMAL, "j", MODE_BYTES},
      {HRT_TYPE_DECIMAL, "d", MODE_F64},   {HRT_TYPE_TEXT, "j", MODE_BYTES},
      {HRT_TYPE_BLOB, "j", MODE_BYTES},    {HRT_TYPE_JSON, "j", MODE_BYTES},
      {HRT_TYPE_ANY, "i", MODE_CELL},
};

#define PARAMS (sizeof params / sizeof *params)
#define RESULTS (sizeof results / sizeof *results)

static bool begins(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const char *letter_name(char c) {
  static const char letters[] = "ijfdvre:";
  static const char *const names[] = {"i32",  "i64",     "f32",       "f64",
                                      "v128", "funcref", "externref", "nothing"};
  const char *at = c != 0 ? strchr(letters, c) : NULL;
  return at != NULL ? names[at - letters] : "nothing";
}

/* "i64 or i32" for a type. */
static const char *expected(char *out, size_t size, const struct way *ways, size_t count,
                            hrt_type type) {
  size_t n = 0;
  out[0] = 0;
  for (size_t i = 0; i < count; i++) {
    if (ways[i].type == type && n < size) {
      const char *wasm = ways[i].wasm[1] != 0 ? "(i32, i32)" : letter_name(ways[i].wasm[0]);
      n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? " or " : "", wasm);
    }
  }
  return out;
}

static int match_param(hrt_signature *s, uint32_t i, const char **at, helios_error *err) {
  char want[64], name[HRT_PARAM_NAME];
  hrt_type type = (hrt_type)s->types[i];
  if (s->called_on_null) {
    if (**at != 'i') {
      return hrt_fail(err, HELIOS_E_SIGNATURE,
                      "parameter %s %s: CALLED ON NULL INPUT needs an i32 (address of a cell), the "
                      "export has %s",
                      hrt_param_name(name, s, i), hrt_type_name(type), letter_name(**at));
    }
    (*at)++;
    s->modes[i] = MODE_CELL;
    return 0;
  }
  for (size_t w = 0; w < PARAMS; w++) {
    if (params[w].type == type && begins(*at, params[w].wasm)) {
      s->modes[i] = (uint8_t)params[w].mode;
      *at += strlen(params[w].wasm);
      return 0;
    }
  }
  return hrt_fail(err, HELIOS_E_SIGNATURE, "parameter %s %s: expected %s, the export has %s",
                  hrt_param_name(name, s, i), hrt_type_name(type),
                  expected(want, sizeof want, params, PARAMS, type), letter_name(**at));
}

static int match_result(hrt_signature *s, const char *at, helios_error *err) {
  char want[64];
  hrt_type type = (hrt_type)s->returns;
  s->result_mode = MODE_NONE;
  if (*at == 0) {
    return 0; /* what return_* gives */
  }
  if (at[1] != 0) {
    return hrt_fail(err, HELIOS_E_SIGNATURE, "the export has more than one result");
  }
  if (type == HRT_TYPE_VOID) {
    hrt_fail(err, HELIOS_E_SIGNATURE, "the export gives %s, the declaration has no RETURNS",
             letter_name(*at));
    hrt_hint(err, "add RETURNS");
    return HELIOS_E_SIGNATURE;
  }
  for (size_t w = 0; w < RESULTS; w++) {
    if (results[w].type == type && *at == results[w].wasm[0]) {
      s->result_mode = (uint8_t)results[w].mode;
      return 0;
    }
  }
  return hrt_fail(err, HELIOS_E_SIGNATURE, "result %s: expected %s, the export has %s",
                  hrt_type_name(type), expected(want, sizeof want, results, RESULTS, type),
                  letter_name(*at));
}

static bool needs_memory(const hrt_signature *s) {
  bool needs = s->result_mode == MODE_BYTES || s->result_mode == MODE_CELL;
  for (uint32_t i = 0; !s->dynamic && i < s->argc; i++) {
    needs = needs || s->modes[i] == MODE_BYTES || s->modes[i] == MODE_CELL;
  }
  return needs;
}

/* Can arguments go the way of plain.h? */
static bool all_plain(const hrt_signature *s) {
  const unsigned plain = 1u << MODE_I64 | 1u << MODE_I32 | 1u << MODE_F64 | 1u << MODE_BYTES;
  bool fits = !s->dynamic && s->argc <= HRT_PLAIN_ARGS;
  for (uint32_t i = 0; fits && i < s->argc; i++) {
    fits = (plain >> s->modes[i] & 1) != 0 &&
           (s->modes[i] != MODE_BYTES || s->types[i] != HRT_TYPE_DECIMAL);
  }
  return fits;
}

static bool all_longs(const hrt_signature *s) {
  bool longs = s->numbers;
  for (uint32_t i = 0; i < s->argc && longs; i++) {
    longs = s->modes[i] == MODE_I64;
  }
  return longs;
}

int hrt_signature_match(hrt_signature *s, const char *wasm, bool has_memory, helios_error *err) {
  const char *at = wasm;
  int status = 0;
  s->dynamic = s->argc > 0 && *at == ':';
  for (uint32_t i = 0; !s->dynamic && i < s->argc; i++) {
    HRT_TRY(match_param(s, i, &at, err));
  }
  if (*at != ':') {
    HRT_TRY(hrt_fail(err, HELIOS_E_SIGNATURE,
                     "the export takes more than the %u parameters declared", s->argc));
  }
  HRT_TRY(match_result(s, at + 1, err));
  if (needs_memory(s) && !has_memory) {
    HRT_TRY(hrt_fail(err, HELIOS_E_SIGNATURE, "text and bytes need memory, the module has none"));
  }
  s->plain = all_plain(s);
  s->numbers = s->plain && memchr(s->modes, MODE_BYTES, s->argc) == NULL;
  s->whole = (s->returns == HRT_TYPE_INTEGER || s->returns == HRT_TYPE_BIGINT) &&
             (s->result_mode == MODE_I64 || s->result_mode == MODE_I32);
  s->longs = all_longs(s);
  s->long_result = s->longs && s->whole && s->result_mode == MODE_I64;
out:
  return status;
}

static bool numeric(uint8_t *type, char wasm) {
  static const char letters[] = "ijfd";
  static const uint8_t types[] = {HRT_TYPE_INTEGER, HRT_TYPE_BIGINT, HRT_TYPE_REAL, HRT_TYPE_REAL};
  const char *at = wasm != 0 ? strchr(letters, wasm) : NULL;
  if (at != NULL) {
    *type = types[at - letters];
  }
  return at != NULL;
}

bool hrt_signature_of_export(hrt_signature *s, const char *wasm) {
  const char *at = wasm;
  for (; *at != ':'; at++) {
    if (*at == 0 || s->argc >= HRT_ARGS_MAX || !numeric(&s->types[s->argc], *at)) {
      return false;
    }
    s->argc++;
  }
  at++;
  if (*at != 0 && (!numeric(&s->returns, *at) || at[1] != 0)) {
    return false;
  }
  return hrt_signature_match(s, wasm, false, NULL) == 0;
}
