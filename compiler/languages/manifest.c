/* manifest.c - reads and checks the manifest. Must not let a field through that it does not know,
 * nor a signature that the export does not have. Invariants: see manifest.h. */
#include "manifest.h"

#include <cJSON.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "imports.h"
#include "reader.h"
#include "script.h"
#include "sig.h"

#define MANIFEST_MAX (1u << 20) /* bytes */
#define NAME_MAX_BYTES 128u     /* of a procedure or parameter: PostgreSQL has 63 */
#define DEFAULT_MAX 127u        /* bytes: the engine's limit */
#define CAPABILITY_MAX 512u     /* bytes: a path or domain and its type */
#define PROCEDURES_MAX 1000u    /* repeated() compares each with each */
#define COLUMNS_MAX 100u        /* the engine's limit */

static const struct sql_type {
  const char *name, *params, *results;
} sql_types[] = {
#define HCC_SQLTYPE(name, params, results) {name, params, results},
#include "sqltypes.def"
#undef HCC_SQLTYPE
};

typedef struct context {
  const hcc_module *m;
  hcc_buf *out;
  hcc_error *err;
  uint64_t at;              /* of the section, for errors */
  const hcc_import *impure; /* nothing may be deterministic; NULL: that depends */
} context;

enum kind { NUMBER, TEXT, FLAG, LIST };

/* A field of an object: known ones are a table, filled by read_fields. */
typedef struct field {
  const char *name;
  enum kind kind;
  bool required;
  const cJSON *value; /* NULL if absent */
} field;

static int bad(const context *c, const char *where, const char *what) {
  char shown[HCC_ESCAPED];
  return hcc_fail(c->err, HCC_E_MANIFEST, c->at, "manifest, %s: %s",
                  hcc_escape(shown, where, strlen(where)), what);
}

static bool is_kind(const cJSON *v, enum kind kind) {
  switch (kind) {
  case NUMBER:
    return cJSON_IsNumber(v);
  case TEXT:
    return cJSON_IsString(v);
  case FLAG:
    return cJSON_IsBool(v);
  default:
    return cJSON_IsArray(v);
  }
}

static int read_fields(const context *c, field *fields, size_t count, const cJSON *object,
                       const char *where) {
  if (!cJSON_IsObject(object)) {
    return bad(c, where, "not an object");
  }
  for (const cJSON *v = object->child; v != NULL; v = v->next) {
    field *known = NULL;
    for (size_t i = 0; i < count; i++) {
      known = strcmp(fields[i].name, v->string) == 0 ? &fields[i] : known;
    }
    if (known == NULL) {
      return bad(c, v->string, "unknown field");
    }
    if (known->value != NULL) {
      return bad(c, v->string, "field given twice");
    }
    if (!is_kind(v, known->kind)) {
      return bad(c, v->string, "value of the wrong kind");
    }
    known->value = v;
  }
  for (size_t i = 0; i < count; i++) {
    if (fields[i].required && fields[i].value == NULL) {
      return bad(c, fields[i].name, "missing field");
    }
  }
  return 0;
}

static const char *text_of(const field *f, const char *otherwise) {
  return f->value == NULL ? otherwise : f->value->valuestring;
}

static bool flag_of(const field *f, bool otherwise) {
  return f->value == NULL ? otherwise : cJSON_IsTrue(f->value);
}

/* A JSON string. Control characters cannot be in it: names and capabilities are checked. */
static void put_text(hcc_buf *out, const char *text) {
  hcc_buf_byte(out, '"');
  for (; *text != '\0'; text++) {
    if (*text == '"' || *text == '\\') {
      hcc_buf_byte(out, '\\');
    }
    hcc_buf_byte(out, (uint8_t)*text);
  }
  hcc_buf_byte(out, '"');
}

/* Letters, digits, '_', '$' and all beyond ASCII; it becomes an SQL identifier. */
bool hcc_manifest_is_name(const char *text) {
  size_t n = strlen(text);
  for (size_t i = 0; i < n; i++) {
    unsigned char ch = (unsigned char)text[i];
    bool digit = ch >= '0' && ch <= '9';
    bool letter = (ch | 0x20) >= 'a' && (ch | 0x20) <= 'z';
    if (!(letter || ch == '_' || ch >= 0x80 || (i > 0 && (digit || ch == '$' || ch == '.')))) {
      return false;
    }
  }
  return n > 0 && n <= NAME_MAX_BYTES;
}

static bool is_printable(const char *text, size_t max) {
  size_t n = strlen(text);
  for (size_t i = 0; i < n; i++) {
    if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
      return false;
    }
  }
  return n > 0 && n <= max;
}

static const struct sql_type *find_type(const char *name) {
  for (size_t i = 0; i < sizeof sql_types / sizeof *sql_types; i++) {
    if (strcasecmp(sql_types[i].name, name) == 0) {
      return &sql_types[i];
    }
  }
  return NULL;
}

const char *hcc_manifest_type(const char *name) {
  const struct sql_type *type = find_type(name);
  return type == NULL ? NULL : type->name;
}

static const hcc_export *find_export(const hcc_module *m, const char *name) {
  size_t length = strlen(name);
  for (uint32_t i = 0; i < m->export_count; i++) {
    hcc_range r = m->exports[i].name;
    if (m->exports[i].kind == HCC_FUNC && r.end - r.begin == length &&
        memcmp(m->bytes + r.begin, name, length) == 0) {
      return &m->exports[i];
    }
  }
  return NULL;
}

/* Takes one of the forms ("d|ii") off the front of *sig. */
static bool take_form(const char **sig, const char *forms) {
  while (*forms != '\0') {
    size_t n = strcspn(forms, "|");
    if (strncmp(*sig, forms, n) == 0) {
      *sig += n;
      return true;
    }
    forms += n + (forms[n] == '|');
  }
  return false;
}

static int mismatch(const context *c, const char *export, const char *what, uint32_t n,
                    const char *type, const char *sig) {
  char shown[HCC_ESCAPED];
  return hcc_fail(c->err, HCC_E_MANIFEST_TYPE, c->at,
                  "export %.64s is (%.40s), which has no %s %u %s",
                  hcc_escape(shown, export, strlen(export)), sig, what, n, type);
}

/* The parameters; *sig is what is left of the export's signature. Not strict: each is the address
 * of a cell, whatever its type. */
static int read_params(const context *c, const cJSON *list, const char *export, bool strict,
                       const char **sig) {
  const char *whole = *sig;
  bool pulls = whole[0] == ':'; /* takes none and asks the host for them */
  uint32_t n = 0;
  hcc_buf_text(c->out, ",\"params\":[");
  for (const cJSON *v = list == NULL ? NULL : list->child; v != NULL; v = v->next) {
    field fields[] = {
        {"name", TEXT, true, NULL}, {"type", TEXT, true, NULL}, {"default", TEXT, false, NULL}};
    int status = read_fields(c, fields, 3, v, "params");
    if (status != 0) {
      return status;
    }
    const char *name = text_of(&fields[0], ""), *type_name = text_of(&fields[1], "");
    const char *fallback = text_of(&fields[2], NULL);
    const struct sql_type *type = find_type(type_name);
    if (!hcc_manifest_is_name(name)) {
      return bad(c, name, "not a name for a parameter");
    }
    if (type == NULL) {
      return bad(c, type_name, "unknown type");
    }
    if (fallback != NULL && !is_printable(fallback, DEFAULT_MAX)) {
      return bad(c, name, "its default is not a literal of SQL");
    }
    if (!pulls && !take_form(sig, strict ? type->params : "i")) {
      return mismatch(c, export, "parameter", n + 1, type->name, whole);
    }
    hcc_buf_text(c->out, n++ > 0 ? ",{\"name\":" : "{\"name\":");
    put_text(c->out, name);
    hcc_buf_format(c->out, ",\"type\":\"%s\"", type->name);
    if (fallback != NULL) {
      hcc_buf_text(c->out, ",\"default\":");
      put_text(c->out, fallback);
    }
    hcc_buf_text(c->out, "}");
  }
  hcc_buf_text(c->out, "]");
  return **sig == ':' ? 0 : mismatch(c, export, "end after parameter", n, "", whole);
}

/* The result. An export without one returns through a host call, whatever the declared type. */
static int read_returns(const context *c, const field *returns, const char *export,
                        const char *sig) {
  const char *results = strchr(sig, ':') + 1, *left = results;
  const char *name = text_of(returns, NULL);
  const struct sql_type *type = name == NULL ? NULL : find_type(name);
  if (name == NULL) {
    hcc_buf_text(c->out, ",\"returns\":null");
    return *results == '\0' ? 0 : mismatch(c, export, "way to drop result", 1, "", sig);
  }
  if (type == NULL) {
    return bad(c, name, "unknown type");
  }
  if (*results != '\0' && (!take_form(&left, type->results) || *left != '\0')) {
    return mismatch(c, export, "result", 1, type->name, sig);
  }
  hcc_buf_format(c->out, ",\"returns\":\"%s\"", type->name);
  return 0;
}

/* The columns of rows that come by row_* or, if the export has a result, as JSON in it. */
static int read_table(const context *c, const cJSON *list, const char *export, const char *sig) {
  const char *results = strchr(sig, ':') + 1, *left = results;
  uint32_t n = 0;
  if (*results != '\0' && (!take_form(&left, find_type("JSON")->results) || *left != '\0')) {
    return mismatch(c, export, "result", 1, "JSON of rows", sig);
  }
  hcc_buf_text(c->out, ",\"returns\":null,\"table\":[");
  for (const cJSON *v = list->child; v != NULL; v = v->next) {
    field fields[] = {{"name", TEXT, true, NULL}, {"type", TEXT, true, NULL}};
    int status = read_fields(c, fields, 2, v, "table");
    if (status != 0) {
      return status;
    }
    const char *name = text_of(&fields[0], "");
    const struct sql_type *type = find_type(text_of(&fields[1], ""));
    if (!hcc_manifest_is_name(name)) {
      return bad(c, name, "not a name for a column");
    }
    if (type == NULL) {
      return bad(c, text_of(&fields[1], ""), "unknown type");
    }
    hcc_buf_text(c->out, n++ > 0 ? ",{\"name\":" : "{\"name\":");
    put_text(c->out, name);
    hcc_buf_format(c->out, ",\"type\":\"%s\"}", type->name);
  }
  hcc_buf_text(c->out, "]");
  return n > 0 && n <= COLUMNS_MAX ? 0 : bad(c, export, "a table has 1 to 100 columns");
}

static int check_state(const context *c, const char *state) {
  static const char *const states[] = {"call", "statement", "connection"};
  for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
    if (strcmp(states[i], state) == 0) {
      return 0;
    }
  }
  return bad(c, state, "state is call, statement or connection");
}

static int read_sig(char sig[HCC_SIG], const context *c, const hcc_export *found,
                    const char *export) {
  if (found == NULL) {
    return bad(c, export, "no such exported function");
  }
  return hcc_sig(sig, &c->m->types[c->m->funcs[found->index].type])
             ? 0
             : bad(c, export, "too many parameters");
}

/* What takes the parameters, and what gives the result: their signatures without the state. */
typedef struct signatures {
  char params[HCC_SIG], result[HCC_SIG];
  const char *step; /* from where the parameters are */
} signatures;

static int read_plain(signatures *s, const context *c, const char *export) {
  const hcc_export *found = find_export(c->m, export);
  if (found == NULL) {
    found = hcc_script_entry(c->m); /* which a script's own functions are behind */
  }
  int status = read_sig(s->params, c, found, export);
  memcpy(s->result, s->params, sizeof s->result);
  s->step = s->params;
  return status;
}

/* ..._step is (state, parameters) -> state, ..._final (state) -> result; the state is an i64. */
static int read_aggregate(signatures *s, const context *c, const char *export) {
  char step[HCC_ESCAPED], final[HCC_ESCAPED];
  int status = 0;
  snprintf(step, sizeof step, "%.128s_step", export);
  snprintf(final, sizeof final, "%.128s_final", export);
  HCC_TRY(read_sig(s->params, c, find_export(c->m, step), step));
  HCC_TRY(read_sig(s->result, c, find_export(c->m, final), final));
  const char *end = strchr(s->params, ':');
  if (s->params[0] != 'j' || strcmp(end, ":j") != 0) {
    return bad(c, step, "an aggregate's step is (i64 state, parameters) -> i64 state");
  }
  if (strncmp(s->result, "j:", 2) != 0) {
    return bad(c, final, "an aggregate's end is (i64 state) -> result");
  }
  s->step = s->params + 1;
out:
  return status;
}

enum { NAME, EXPORT, PARAMS, RETURNS, DETERMINISTIC, STRICT, STATE, TABLE, AGGREGATE, FIELDS };

static int check_kind(const context *c, const field fields[FIELDS], const char *name) {
  bool aggregate = flag_of(&fields[AGGREGATE], false), table = fields[TABLE].value != NULL;
  if (!hcc_manifest_is_name(name)) {
    return bad(c, name, "not a name for a procedure");
  }
  if (table && (aggregate || fields[RETURNS].value != NULL)) {
    return bad(c, name, "it returns a table or a value, and an aggregate returns a value");
  }
  if (aggregate && fields[RETURNS].value == NULL) {
    return bad(c, name, "an aggregate has a result");
  }
  return aggregate && fields[STATE].value != NULL
             ? bad(c, name, "an aggregate's state lives for the statement")
             : check_state(c, text_of(&fields[STATE], "call"));
}

/* SQLite would keep what it answers, in an index. */
static int check_deterministic(const context *c, const char *name) {
  char module[HCC_ESCAPED], asked[HCC_ESCAPED];
  const hcc_import *i = c->impure;
  if (i == NULL) {
    return 0;
  }
  hcc_escape(module, c->m->bytes + i->module.begin, i->module.end - i->module.begin);
  hcc_escape(asked, c->m->bytes + i->name.begin, i->name.end - i->name.begin);
  return hcc_fail(c->err, HCC_E_DETERMINISTIC, i->name.begin,
                  "%s is deterministic, but the module imports %.60s.%.60s", name, module, asked);
}

static int read_procedure(const context *c, const cJSON *object) {
  signatures sigs;
  field fields[FIELDS] = {
      [NAME] = {"name", TEXT, true, NULL},
      [EXPORT] = {"export", TEXT, false, NULL},
      [PARAMS] = {"params", LIST, false, NULL},
      [RETURNS] = {"returns", TEXT, false, NULL},
      [DETERMINISTIC] = {"deterministic", FLAG, false, NULL},
      [STRICT] = {"strict", FLAG, false, NULL},
      [STATE] = {"state", TEXT, false, NULL},
      [TABLE] = {"table", LIST, false, NULL},
      [AGGREGATE] = {"aggregate", FLAG, false, NULL},
  };
  int status = read_fields(c, fields, FIELDS, object, "procedures");
  if (status != 0) {
    return status;
  }
  const char *name = text_of(&fields[NAME], ""), *export = text_of(&fields[EXPORT], name);
  bool aggregate = flag_of(&fields[AGGREGATE], false);
  HCC_TRY(check_kind(c, fields, name));
  HCC_TRY(flag_of(&fields[DETERMINISTIC], false) ? check_deterministic(c, name) : 0);
  HCC_TRY(aggregate ? read_aggregate(&sigs, c, export) : read_plain(&sigs, c, export));
  const char *left = sigs.step;
  hcc_buf_text(c->out, "{\"name\":");
  put_text(c->out, name);
  hcc_buf_text(c->out, ",\"export\":");
  put_text(c->out, export);
  HCC_TRY(read_params(c, fields[PARAMS].value, export, flag_of(&fields[STRICT], true), &left));
  HCC_TRY(fields[TABLE].value ? read_table(c, fields[TABLE].value, export, sigs.result)
                              : read_returns(c, &fields[RETURNS], export, sigs.result));
  hcc_buf_text(c->out, aggregate ? ",\"aggregate\":true" : "");
  hcc_buf_format(c->out, ",\"deterministic\":%s,\"strict\":%s,\"state\":\"%s\"}",
                 flag_of(&fields[DETERMINISTIC], false) ? "true" : "false",
                 flag_of(&fields[STRICT], true) ? "true" : "false",
                 text_of(&fields[STATE], "call"));
out:
  return status;
}

/* SQL names know no case; one name and number of parameters is one procedure. */
static bool repeated(const cJSON *procedure) {
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(procedure, "name");
  int params = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(procedure, "params"));
  for (const cJSON *other = procedure->prev; other->next != NULL; other = other->prev) {
    const cJSON *its = cJSON_GetObjectItemCaseSensitive(other, "name");
    if (strcasecmp(name->valuestring, its->valuestring) == 0 &&
        params == cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(other, "params"))) {
      return true;
    }
  }
  return false;
}

static int read_procedures(const context *c, uint32_t *count, const cJSON *list) {
  *count = 0;
  hcc_buf_text(c->out, ",\"procedures\":[");
  for (const cJSON *v = list == NULL ? NULL : list->child; v != NULL; v = v->next) {
    hcc_buf_text(c->out, *count > 0 ? "," : "");
    int status =
        ++*count > PROCEDURES_MAX ? bad(c, "procedures", "too many") : read_procedure(c, v);
    if (status != 0) {
      return status;
    }
    if (repeated(v)) {
      return bad(c, cJSON_GetObjectItemCaseSensitive(v, "name")->valuestring,
                 "procedure given twice with as many parameters");
    }
  }
  hcc_buf_text(c->out, "]");
  return 0;
}

static int read_capabilities(const context *c, const cJSON *list) {
  uint32_t n = 0;
  hcc_buf_text(c->out, ",\"capabilities\":[");
  for (const cJSON *v = list == NULL ? NULL : list->child; v != NULL; v = v->next) {
    if (!cJSON_IsString(v) || !is_printable(v->valuestring, CAPABILITY_MAX)) {
      return bad(c, "capabilities", "not a list of texts like \"read:orders\"");
    }
    hcc_buf_text(c->out, n++ > 0 ? "," : "");
    put_text(c->out, v->valuestring);
  }
  hcc_buf_text(c->out, "]}");
  return 0;
}

/* One whole manifest; a section may hold several. */
static int read_root(field fields[4], const context *c, const cJSON *root) {
  const field known[] = {{"v", NUMBER, true, NULL},
                         {"name", TEXT, false, NULL},
                         {"procedures", LIST, false, NULL},
                         {"capabilities", LIST, false, NULL}};
  memcpy(fields, known, sizeof known);
  int status = read_fields(c, fields, 4, root, "manifest");
  if (status != 0) {
    return status;
  }
  const char *name = text_of(&fields[1], NULL);
  if (fields[0].value->valuedouble != 1) {
    return bad(c, "v", "this heliosc knows version 1");
  }
  return name == NULL || is_printable(name, NAME_MAX_BYTES)
             ? 0
             : bad(c, name, "not a name for a module");
}

/* Moves the elements of one list behind those of another. */
static void append_all(cJSON *to, const cJSON *from) {
  while (from != NULL && from->child != NULL) {
    cJSON_AddItemToArray(to, cJSON_DetachItemViaPointer((cJSON *)from, from->child));
  }
}

/* What the manifests say together: {"name", "procedures", "capabilities"}. */
static int join_root(cJSON *all, const context *c, const cJSON *root) {
  field fields[4];
  int status = read_root(fields, c, root);
  if (status != 0) {
    return status;
  }
  const char *name = text_of(&fields[1], NULL);
  const cJSON *before = cJSON_GetObjectItemCaseSensitive(all, "name");
  if (name != NULL && before != NULL && strcmp(name, before->valuestring) != 0) {
    return bad(c, name, "a module has one name");
  }
  if (name != NULL && before == NULL) {
    cJSON_AddStringToObject(all, "name", name);
  }
  append_all(cJSON_GetObjectItemCaseSensitive(all, "procedures"), fields[2].value);
  append_all(cJSON_GetObjectItemCaseSensitive(all, "capabilities"), fields[3].value);
  return 0;
}

static int write_all(const context *c, uint32_t *procedures, const cJSON *all) {
  int status;
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(all, "name");
  hcc_buf_text(c->out, "{\"v\":1,\"name\":");
  if (name == NULL) {
    hcc_buf_text(c->out, "null");
  } else {
    put_text(c->out, name->valuestring);
  }
  HCC_TRY(read_procedures(c, procedures, cJSON_GetObjectItemCaseSensitive(all, "procedures")));
  HCC_TRY(read_capabilities(c, cJSON_GetObjectItemCaseSensitive(all, "capabilities")));
out:
  return status;
}

/* cJSON takes any bytes in strings, and an escaped NUL would cut one short. */
static bool is_clean(const char *text, size_t size) {
  return hcc_is_utf8((const uint8_t *)text, size) && memchr(text, 0, size) == NULL &&
         memmem(text, size, "\\u0000", 6) == NULL;
}

/* Is there something behind them? */
static bool skip_blanks(const char **text, const char *end) {
  while (*text < end && strchr(" \t\r\n", **text) != NULL) {
    ++*text;
  }
  return *text < end;
}

/* One manifest, or several one behind the other, as a linker puts the parts of a section. */
static int read_section(const context *c, uint32_t *procedures, const char *text, size_t size) {
  const char *end = text + size;
  int status = 0, documents = 0;
  if (size > MANIFEST_MAX) {
    return bad(c, "helios.manifest", "larger than 1 MiB");
  }
  if (!is_clean(text, size)) {
    return bad(c, "helios.manifest", "not UTF-8, or with a NUL in it");
  }
  cJSON *all = cJSON_CreateObject();
  bool made = cJSON_AddArrayToObject(all, "procedures") != NULL &&
              cJSON_AddArrayToObject(all, "capabilities") != NULL;
  if (!made) {
    status = hcc_fail(c->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the manifest");
  }
  for (; status == 0 && skip_blanks(&text, end); documents++) {
    cJSON *root = cJSON_ParseWithLengthOpts(text, (size_t)(end - text), &text, 0);
    status = root != NULL     ? join_root(all, c, root)
             : documents == 0 ? bad(c, "helios.manifest", "not JSON")
                              : bad(c, "helios.manifest", "text behind its end");
    cJSON_Delete(root);
  }
  if (status == 0) {
    status = documents == 0 ? bad(c, "helios.manifest", "not JSON") : write_all(c, procedures, all);
  }
  cJSON_Delete(all);
  return status;
}

int hcc_manifest(hcc_buf *out, uint32_t *procedures, const hcc_module *m, hcc_error *err) {
  static const char section[] = "helios.manifest";
  const hcc_custom *found = NULL;
  *procedures = 0;
  for (uint32_t i = 0; i < m->custom_count; i++) {
    hcc_range name = m->customs[i].name;
    if (name.end - name.begin == strlen(section) &&
        memcmp(m->bytes + name.begin, section, strlen(section)) == 0) {
      if (found != NULL) {
        return hcc_fail(err, HCC_E_MANIFEST, m->customs[i].bytes.begin, "a second manifest");
      }
      found = &m->customs[i];
    }
  }
  int status = 0;
  if (found == NULL) {
    hcc_buf_text(out, "null");
  } else {
    context c = {.m = m, .out = out, .err = err, .at = found->bytes.begin};
    hcc_script script; /* its engine imports all there is; what it may ask, grants decide */
    HCC_TRY(hcc_script_find(&script, m, err));
    c.impure = script.present ? NULL : hcc_imports_impure(m);
    status = read_section(&c, procedures, (const char *)m->bytes + found->bytes.begin,
                          found->bytes.end - found->bytes.begin);
  }
  if (status == 0 && out->failed) {
    status = hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the manifest");
  }
out:
  return status;
}
