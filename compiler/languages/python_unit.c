/* python_unit.c - scanned functions to a manifest. Must not guess: an annotation that is not in the
 * table, or a word that it does not know, is an error at its place. Invariants: see python_unit.h.
 */
#include "python_unit.h"

#include <cJSON.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "script_unit.h"

#define WORDS_MAX 512 /* bytes of one annotation */
#define LITERAL_MAX 127
#define NAME_MAX_BYTES 120

static const struct type {
  const char *python, *sql;
} types[] = {
#define HCC_PY_TYPE(python, sql) {python, sql},
#include "python_types.def"
#undef HCC_PY_TYPE
};
static const char known_types[] =
    "bool, int, Integer, float, str, bytes, Decimal, Date, Timestamp, "
    "Json, dict, list, Any, Optional[T], T | None: docs/sdk-python.md";

typedef struct unit {
  const hcc_py_scan *scan;
  const char *file;
  const hcc_listener *listener;
  const hcc_py_function *function; /* being read */
  cJSON *procedures, *capabilities;
  cJSON *procedure, *params; /* of it */
  hcc_buf letters;
  bool hidden;
  uint32_t errors;
} unit;

static void wrong(unit *u, hcc_py_place place, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void wrong(unit *u, hcc_py_place place, const char *hint, const char *format, ...) {
  const hcc_message m = {.file = u->file, .line = place.line, .column = place.column, .hint = hint};
  va_list args;
  u->errors++;
  va_start(args, format);
  hcc_say_error(u->listener, m, format, args);
  va_end(args);
}

/* A range of the source for %.*s. */
#define SHOWN(u, r)                                                                                \
  (int)((r).end - (r).begin > 64 ? 64 : (r).end - (r).begin), (u)->scan->text + (r).begin

static bool is_absent(hcc_py_range r) {
  return r.end == r.begin;
}

/* The range as a string; false: it is too long, or has a NUL. */
static bool copy(char *out, size_t room, const unit *u, hcc_py_range r) {
  size_t n = r.end - r.begin;
  if (n >= room || memchr(u->scan->text + r.begin, 0, n) != NULL) {
    return false;
  }
  memcpy(out, u->scan->text + r.begin, n);
  out[n] = '\0';
  return true;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static hcc_py_range trimmed(const unit *u, hcc_py_range r) {
  while (r.begin < r.end && is_blank(u->scan->text[r.begin])) {
    r.begin++;
  }
  while (r.begin < r.end && is_blank(u->scan->text[r.end - 1])) {
    r.end--;
  }
  return r;
}

/* ---- annotations ---- */

static bool is_word(const unit *u, hcc_py_range r, const char *word) {
  return r.end - r.begin == strlen(word) &&
         memcmp(u->scan->text + r.begin, word, r.end - r.begin) == 0;
}

/* "int | None" stands for int | None. */
static hcc_py_range unquoted(const unit *u, hcc_py_range r) {
  char first = is_absent(r) ? '\0' : u->scan->text[r.begin];
  bool quoted =
      (first == '"' || first == '\'') && r.end - r.begin >= 2 && u->scan->text[r.end - 1] == first;
  return quoted ? trimmed(u, (hcc_py_range){r.begin + 1, r.end - 1}) : r;
}

/* The name before a subscript, behind the last dot: of typing.Optional[str] "Optional"; *inside:
 * between the brackets. */
static hcc_py_range head(const unit *u, hcc_py_range r, hcc_py_range *inside) {
  const char *text = u->scan->text;
  hcc_py_range name = r;
  *inside = (hcc_py_range){r.end, r.end};
  for (size_t i = r.begin; i < name.end; i++) {
    if (text[i] == '[') {
      *inside = trimmed(u, (hcc_py_range){i + 1, text[r.end - 1] == ']' ? r.end - 1 : r.end});
      name.end = i;
    } else if (text[i] == '.') {
      name.begin = i + 1;
    }
  }
  return trimmed(u, name);
}

/* Takes off what says that it may be None: `X | None`, `None | X`, Optional[X], Union[X, None].
 * `between` is the sign between alternatives. */
static hcc_py_range without_none(const unit *u, hcc_py_range r, char between, bool *nullable) {
  const char *text = u->scan->text;
  hcc_py_range rest = {0, 0};
  unsigned depth = 0, kept = 0;
  for (size_t i = r.begin, from = r.begin; i <= r.end; i++) {
    char c = i < r.end ? text[i] : between;
    depth += c == '[';
    depth -= c == ']' && depth > 0;
    if (c == between && (depth == 0 || i == r.end)) {
      hcc_py_range part = trimmed(u, (hcc_py_range){from, i});
      from = i + 1;
      if (is_word(u, part, "None")) {
        *nullable = true;
      } else {
        rest = kept++ == 0 ? part : r;
      }
    }
  }
  return kept == 0 ? trimmed(u, r) : rest;
}

/* NULL: not in the table. */
static const struct type *find_type(const unit *u, hcc_py_range annotation, bool *nullable) {
  hcc_py_range inside, r = unquoted(u, annotation), name = head(u, r, &inside);
  if (is_word(u, name, "Optional") && !is_absent(inside)) {
    *nullable = true;
    r = inside;
  } else if (is_word(u, name, "Union") && !is_absent(inside)) {
    r = without_none(u, inside, ',', nullable);
  }
  bool none = false;
  r = without_none(u, r, '|', &none);
  *nullable |= none && !is_word(u, r, "None");
  name = head(u, r, &inside);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (is_word(u, name, types[i].python)) {
      return &types[i];
    }
  }
  return NULL;
}

/* ---- defaults ---- */

static bool is_number(const char *text) {
  char *end;
  size_t n = strspn(text, "+-0123456789.eE");
  return n > 0 && text[n] == '\0' && strtod(text, &end) == strtod(text, NULL) && *end == '\0' &&
         strchr("+-.0123456789", text[0]) != NULL;
}

/* 'text' or "text" without a backslash or prefix, as SQL writes it. */
static bool text_literal(char out[LITERAL_MAX + 1], const char *text) {
  size_t n = strlen(text), length = 0;
  bool quoted = n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n - 1] == text[0];
  if (!quoted || memchr(text, '\\', n) != NULL || memchr(text, '\n', n) != NULL ||
      (n > 2 && text[1] == text[0])) {
    return false;
  }
  out[length++] = '\'';
  for (size_t i = 1; i < n - 1; i++) {
    if (length + 3 > LITERAL_MAX) {
      return false;
    }
    if (text[i] == text[0]) { /* another literal begins */
      return false;
    }
    out[length++] = text[i];
    if (text[i] == '\'') {
      out[length++] = '\'';
    }
  }
  out[length++] = '\'';
  out[length] = '\0';
  return true;
}

static void add_default(unit *u, cJSON *param, const hcc_py_param *p) {
  char text[LITERAL_MAX + 1], literal[LITERAL_MAX + 1];
  const char *sql = NULL;
  if (copy(text, sizeof text, u, p->fallback)) {
    sql = strcmp(text, "None") == 0                        ? "NULL"
          : strcmp(text, "True") == 0                      ? "TRUE"
          : strcmp(text, "False") == 0                     ? "FALSE"
          : is_number(text) || text_literal(literal, text) ? NULL
                                                           : "";
    sql = sql == NULL ? (is_number(text) ? text : literal) : sql;
  }
  if (sql == NULL || *sql == '\0') {
    wrong(u, p->place,
          "SQL takes numbers, True, False, None and plain strings; or write: @helios default "
          "PARAMETER LITERAL",
          "the default of '%.*s' is nothing that SQL can write", SHOWN(u, p->name));
  } else {
    cJSON_AddStringToObject(param, "default", sql);
  }
}

/* ---- words ---- */

static hcc_py_range take_word(const unit *u, hcc_py_range *text) {
  hcc_py_range word = {text->begin, text->begin};
  while (word.end < text->end && !is_blank(u->scan->text[word.end])) {
    word.end++;
  }
  text->begin = word.end;
  *text = trimmed(u, *text);
  return word;
}

static void set_text(unit *u, const char *key, hcc_py_range value) {
  char text[WORDS_MAX];
  if (copy(text, sizeof text, u, value)) {
    cJSON_DeleteItemFromObjectCaseSensitive(u->procedure, key);
    cJSON_AddStringToObject(u->procedure, key, text);
  }
}

static void read_capabilities(unit *u, hcc_py_range list) {
  char text[WORDS_MAX];
  copy(text, sizeof text, u, list);
  hcc_script_capabilities(u->capabilities, text);
}

static void read_default(unit *u, hcc_py_range rest) {
  char name[WORDS_MAX], literal[WORDS_MAX];
  cJSON *param;
  hcc_py_range word = take_word(u, &rest);
  bool whole = copy(name, sizeof name, u, word) && copy(literal, sizeof literal, u, rest) &&
               literal[0] != '\0';
  cJSON_ArrayForEach(param, u->params) {
    const char *other = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(param, "name"));
    if (whole && other != NULL && strcmp(other, name) == 0) {
      cJSON_DeleteItemFromObjectCaseSensitive(param, "default");
      cJSON_AddStringToObject(param, "default", literal);
      return;
    }
  }
  wrong(u, u->function->place, "write: @helios default PARAMETER LITERAL",
        "%.*s has no parameter '%.*s', or no literal follows it", SHOWN(u, u->function->name),
        SHOWN(u, word));
}

static void read_words(unit *u, hcc_py_range text) {
  hcc_py_range word = take_word(u, &text);
  bool alone = is_absent(text);
  if (is_word(u, word, "deterministic") && alone) {
    cJSON_AddTrueToObject(u->procedure, "deterministic");
  } else if (is_word(u, word, "name") && !alone) {
    set_text(u, "name", text);
  } else if (is_word(u, word, "state") && !alone) {
    set_text(u, "state", text);
  } else if (is_word(u, word, "capability") && !alone) {
    read_capabilities(u, text);
  } else if (is_word(u, word, "default")) {
    read_default(u, text);
  } else {
    wrong(u, u->function->place,
          "deterministic, private, name N, state S, capability C, default P LITERAL: "
          "docs/sdk-python.md",
          "%.*s: '@helios %.*s' is nothing that heliosc knows", SHOWN(u, u->function->name),
          SHOWN(u, word));
  }
}

typedef void read_fn(unit *u, hcc_py_range words);

/* Each "@helios WORDS" up to the line's end. comments: only lines that begin with '#'. */
static void read_annotations(unit *u, hcc_py_range text, bool comments, read_fn *read) {
  static const char mark[] = "@helios";
  const char *source = u->scan->text;
  for (size_t at = text.begin, end; at < text.end; at = end + 1) {
    const char *newline = memchr(source + at, '\n', text.end - at);
    end = newline == NULL ? text.end : (size_t)(newline - source);
    const char *found = memmem(source + at, end - at, mark, sizeof mark - 1);
    bool usable = !comments || source[trimmed(u, (hcc_py_range){at, end}).begin] == '#';
    if (found == NULL || !usable) {
      continue;
    }
    hcc_py_range words =
        trimmed(u, (hcc_py_range){(size_t)(found - source) + sizeof mark - 1, end});
    if (words.end - words.begin >= WORDS_MAX) {
      wrong(u, u->function->place, NULL, "an annotation has more than %d bytes", WORDS_MAX - 1);
    } else {
      read(u, words);
    }
  }
}

static void read_private(unit *u, hcc_py_range words) {
  u->hidden |= is_word(u, words, "private");
}

/* Looked at first: what is private may have any parameters. */
static bool is_private(unit *u) {
  u->hidden = false;
  read_annotations(u, u->function->comment, true, read_private);
  read_annotations(u, u->function->docstring, false, read_private);
  return u->hidden;
}

/* ---- functions ---- */

static void read_param(unit *u, const hcc_py_param *p) {
  char name[NAME_MAX_BYTES + 1];
  bool nullable = is_absent(p->annotation);
  const struct type *type = nullable ? NULL : find_type(u, p->annotation, &nullable);
  cJSON *param = cJSON_CreateObject();
  cJSON_AddItemToArray(u->params, param);
  if (!copy(name, sizeof name, u, p->name)) {
    wrong(u, p->place, NULL, "a name of more than %d bytes", NAME_MAX_BYTES);
    return;
  }
  cJSON_AddStringToObject(param, "name", name);
  if (p->kind == HCC_PY_STAR) {
    wrong(u, p->place,
          "SQL gives arguments by their place; a function whose name begins with '_' may take what "
          "it likes",
          "parameter '%s' of %.*s is not one by place", name, SHOWN(u, u->function->name));
  } else if (!is_absent(p->annotation) && (type == NULL || type->sql[0] == '\0')) {
    wrong(u, p->place, known_types,
          "parameter '%s' of %.*s is annotated '%.*s', which SQL can't give", name,
          SHOWN(u, u->function->name), SHOWN(u, p->annotation));
  }
  const char *sql = type == NULL ? "ANY" : type->sql;
  cJSON_AddStringToObject(param, "type", sql);
  nullable |= strcmp(sql, "ANY") == 0;
  hcc_buf_byte(&u->letters, nullable ? 'n' : 'r');
  if (!is_absent(p->fallback)) {
    add_default(u, param, p);
  }
}

static void read_result(unit *u) {
  bool nullable = false;
  hcc_py_range annotation = u->function->result;
  const struct type *type = is_absent(annotation) ? NULL : find_type(u, annotation, &nullable);
  if (!is_absent(annotation) && type == NULL) {
    wrong(u, u->function->place, known_types, "%.*s returns '%.*s', which SQL can't take",
          SHOWN(u, u->function->name), SHOWN(u, annotation));
  }
  if (type == NULL || type->sql[0] != '\0') {
    cJSON_AddStringToObject(u->procedure, "returns", type == NULL ? "ANY" : type->sql);
  }
}

static bool is_taken(const unit *u, const char *name) {
  const cJSON *p;
  cJSON_ArrayForEach(p, u->procedures) {
    if (strcmp(cJSON_GetObjectItemCaseSensitive(p, "export")->valuestring, name) == 0) {
      return true;
    }
  }
  return false;
}

static void check_name(unit *u, const char *name) {
  static const char *const taken[] = {"helios_call", "memory"};
  bool ours = false;
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
    ours |= strcmp(name, taken[i]) == 0;
  }
  if (ours) {
    wrong(u, u->function->place, "give it another name", "'%s' is a name of the engine's own",
          name);
  } else if (is_taken(u, name)) {
    wrong(u, u->function->place, "give it another name, or begin it with '_'",
          "'%s' is defined twice", name);
  }
}

static void read_function(unit *u, hcc_buf *line) {
  char name[NAME_MAX_BYTES + 1];
  const hcc_py_function *f = u->function;
  const hcc_py_param *params = (const hcc_py_param *)(const void *)u->scan->params.data;
  if (u->scan->text[f->name.begin] == '_') {
    return;
  }
  if (!copy(name, sizeof name, u, f->name)) {
    wrong(u, f->place, NULL, "a name of more than %d bytes", NAME_MAX_BYTES);
    return;
  }
  u->letters.size = 0;
  u->procedure = cJSON_CreateObject();
  cJSON_AddStringToObject(u->procedure, "name", name);
  cJSON_AddStringToObject(u->procedure, "export", name);
  u->params = cJSON_AddArrayToObject(u->procedure, "params");
  if (is_private(u)) {
    cJSON_Delete(u->procedure);
    return;
  }
  for (uint32_t i = 0; i < f->param_count; i++) {
    read_param(u, &params[f->first_param + i]);
  }
  read_annotations(u, f->comment, true, read_words);
  read_annotations(u, f->docstring, false, read_words);
  read_result(u);
  check_name(u, name);
  bool nullable = u->letters.size != 0 && memchr(u->letters.data, 'n', u->letters.size) != NULL;
  cJSON_AddBoolToObject(u->procedure, "strict", !nullable);
  cJSON_AddItemToArray(u->procedures, u->procedure);
  hcc_buf_format(line, "%c%s:", cJSON_GetArraySize(u->procedures) == 1 ? '\t' : ' ', name);
  hcc_buf_add(line, u->letters.data, u->letters.size);
}

static int finish(hcc_buf *manifest, hcc_buf *line, unit *u, const char *name, hcc_error *err) {
  cJSON *root = cJSON_CreateObject();
  cJSON_AddNumberToObject(root, "v", 1);
  cJSON_AddStringToObject(root, "name", name);
  cJSON_AddItemReferenceToObject(root, "procedures", u->procedures);
  cJSON_AddItemReferenceToObject(root, "capabilities", u->capabilities);
  char *text = cJSON_PrintUnformatted(root);
  hcc_buf_text(manifest, text == NULL ? "" : text);
  hcc_buf_byte(manifest, '\0');
  hcc_buf_byte(line, '\n');
  cJSON_free(text);
  cJSON_Delete(root);
  return text == NULL || manifest->failed || line->failed
             ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the manifest")
             : 0;
}

int hcc_python_unit(hcc_buf *manifest, hcc_buf *line, const hcc_py_scan *scan, const char *file,
                    const char *name, const hcc_listener *listener, hcc_error *err) {
  unit u = {.scan = scan, .file = file, .listener = listener};
  const hcc_py_function *functions = (const hcc_py_function *)(const void *)scan->functions.data;
  int status = 0;
  u.procedures = cJSON_CreateArray();
  u.capabilities = cJSON_CreateArray();
  hcc_buf_init(&u.letters, 4096);
  for (size_t i = 0; i < scan->functions.size / sizeof *functions; i++) {
    u.function = &functions[i];
    read_function(&u, line);
  }
  if (u.errors > 0) {
    status = hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET, "%u error%s in the source", u.errors,
                      u.errors == 1 ? "" : "s");
  } else if (cJSON_GetArraySize(u.procedures) == 0) {
    status = hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET,
                      "no function that could be a procedure: a public def at the top level");
  } else {
    status = finish(manifest, line, &u, name, err);
  }
  cJSON_Delete(u.procedures);
  cJSON_Delete(u.capabilities);
  hcc_buf_free(&u.letters);
  return status;
}
