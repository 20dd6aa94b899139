/* python_unit.c - scanned functions to a manifest. Must not guess: an annotation that is not in the
 * table, or a word that it does not know, is an error at its place. Invariants: see python_unit.h.
 */
#include "python_unit.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

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
  hcc_unit said;
  const hcc_py_scan *scan;
  const hcc_py_function *function; /* being read */
  hcc_procedure procedure;         /* of it */
} unit;

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

static void add_default(unit *u, hcc_param *param, const hcc_py_param *p) {
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
    hcc_unit_wrong(
        &u->said, p->place,
        "SQL takes numbers, True, False, None and plain strings; or write: @helios default "
        "PARAMETER LITERAL",
        "the default of '%.*s' is nothing that SQL can write", SHOWN(u, p->name));
  } else {
    param->fallback = hcc_unit_keep(&u->said, sql, strlen(sql));
  }
}

/* ---- words ---- */

static void read_words(unit *u, hcc_py_range text) {
  hcc_unit_words(&u->said, &u->procedure, u->scan->text + text.begin, text.end - text.begin,
                 u->function->place);
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
    read(u, words);
  }
}

static void read_private(unit *u, hcc_py_range words) {
  u->procedure.hidden |= is_word(u, words, "private");
}

/* Looked at first: what is private may have any parameters. */
static bool is_private(unit *u) {
  read_annotations(u, u->function->comment, true, read_private);
  read_annotations(u, u->function->docstring, false, read_private);
  return u->procedure.hidden;
}

/* ---- functions ---- */

static void read_param(unit *u, const hcc_py_param *p) {
  char name[NAME_MAX_BYTES + 1];
  hcc_param *param = &u->procedure.params[u->procedure.param_count++];
  const struct type *type = NULL;
  *param = (hcc_param){.name = "", .nullable = is_absent(p->annotation)};
  if (!param->nullable) {
    type = find_type(u, p->annotation, &param->nullable);
  }
  param->sql = type == NULL ? "ANY" : type->sql;
  param->nullable |= strcmp(param->sql, "ANY") == 0;
  if (!copy(name, sizeof name, u, p->name)) {
    hcc_unit_wrong(&u->said, p->place, NULL, "a name of more than %d bytes", NAME_MAX_BYTES);
    return;
  }
  param->name = hcc_unit_keep(&u->said, name, strlen(name));
  if (p->kind == HCC_PY_STAR) {
    hcc_unit_wrong(
        &u->said, p->place,
        "SQL gives arguments by their place; a function whose name begins with '_' may take what "
        "it likes",
        "parameter '%s' of %.*s is not one by place", name, SHOWN(u, u->function->name));
  } else if (!is_absent(p->annotation) && (type == NULL || type->sql[0] == '\0')) {
    hcc_unit_wrong(&u->said, p->place, known_types,
                   "parameter '%s' of %.*s is annotated '%.*s', which SQL can't give", name,
                   SHOWN(u, u->function->name), SHOWN(u, p->annotation));
  }
  if (!is_absent(p->fallback)) {
    add_default(u, param, p);
  }
}

static void read_result(unit *u) {
  bool nullable = false;
  hcc_py_range annotation = u->function->result;
  const struct type *type = is_absent(annotation) ? NULL : find_type(u, annotation, &nullable);
  if (!is_absent(annotation) && type == NULL) {
    hcc_unit_wrong(&u->said, u->function->place, known_types,
                   "%.*s returns '%.*s', which SQL can't take", SHOWN(u, u->function->name),
                   SHOWN(u, annotation));
  }
  if (type == NULL || type->sql[0] != '\0') {
    u->procedure.result = type == NULL ? "ANY" : type->sql;
  }
}

static bool is_taken(const unit *u, const char *name) {
  const cJSON *p;
  cJSON_ArrayForEach(p, u->said.procedures) {
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
    hcc_unit_wrong(&u->said, u->function->place, "give it another name",
                   "'%s' is a name of the engine's own", name);
  } else if (is_taken(u, name)) {
    hcc_unit_wrong(&u->said, u->function->place, "give it another name, or begin it with '_'",
                   "'%s' is defined twice", name);
  }
}

/* With its names, none of its parameters yet. */
static bool begin_function(unit *u, const char *name) {
  const char *kept = hcc_unit_keep(&u->said, name, strlen(name));
  u->procedure = (hcc_procedure){.function = kept, .name = kept, .state = "call", .strict = true};
  u->procedure.params =
      hcc_arena_array(&u->said.arena, u->function->param_count, sizeof *u->procedure.params);
  u->said.no_memory |= u->procedure.params == NULL;
  return !u->said.no_memory;
}

/* What the engine reads of it: " name:rn". */
static void put_letters(hcc_buf *line, const unit *u) {
  const hcc_procedure *p = &u->procedure;
  hcc_buf_format(line, "%c%s:", cJSON_GetArraySize(u->said.procedures) == 1 ? '\t' : ' ',
                 p->function);
  for (uint32_t i = 0; i < p->param_count; i++) {
    hcc_buf_byte(line, p->params[i].nullable ? 'n' : 'r');
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
    hcc_unit_wrong(&u->said, f->place, NULL, "a name of more than %d bytes", NAME_MAX_BYTES);
    return;
  }
  if (!begin_function(u, name) || is_private(u)) {
    return;
  }
  for (uint32_t i = 0; i < f->param_count; i++) {
    read_param(u, &params[f->first_param + i]);
    u->procedure.strict &= !u->procedure.params[i].nullable;
  }
  read_annotations(u, f->comment, true, read_words);
  read_annotations(u, f->docstring, false, read_words);
  read_result(u);
  check_name(u, name);
  hcc_unit_add(&u->said, &u->procedure, f->place);
  put_letters(line, u);
}

int hcc_python_unit(hcc_buf *manifest, hcc_buf *line, const hcc_py_scan *scan, const char *file,
                    const char *name, const hcc_listener *listener, hcc_error *err) {
  unit u = {.scan = scan};
  const hcc_py_function *functions = (const hcc_py_function *)(const void *)scan->functions.data;
  char *text = NULL;
  int status;
  hcc_unit_begin(&u.said, file, listener);
  for (size_t i = 0; i < scan->functions.size / sizeof *functions; i++) {
    u.function = &functions[i];
    read_function(&u, line);
  }
  HCC_TRY(hcc_unit_check(
      &u.said, "no function that could be a procedure: a public def at the top level", err));
  text = hcc_unit_manifest(&u.said, name);
  hcc_buf_text(manifest, text == NULL ? "" : text);
  hcc_buf_byte(manifest, '\0');
  hcc_buf_byte(line, '\n');
  if (text == NULL || manifest->failed || line->failed) {
    status = hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the manifest");
  }
out:
  cJSON_free(text);
  hcc_unit_free(&u.said);
  return status;
}
