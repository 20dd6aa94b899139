/* words.c - the words of `@helios` annotations, for every language that heliosc reads itself; those
 * of Go, Rust and AssemblyScript are read by the language's own tools (sdk/). Must not guess: a
 * word that it does not know is an error at its place, never nothing. */
#include <string.h>
#include <strings.h>

#include "manifest.h"
#include "unit.h"

#define WORDS_MAX 4096u /* bytes of one annotation */
#define COLUMNS_MAX 100u

typedef struct words {
  hcc_unit *unit;
  hcc_procedure *procedure;
  hcc_place at;
} words;

static const char blanks[] = " \t\r\n";

/* Without what is blank at both ends. */
static char *trim(char *text) {
  text += strspn(text, blanks);
  size_t n = strlen(text);
  while (n > 0 && strchr(blanks, text[n - 1]) != NULL) {
    n--;
  }
  text[n] = '\0';
  return text;
}

static bool is(const char *text, size_t n, const char *word) {
  return strlen(word) == n && memcmp(text, word, n) == 0;
}

static const char *keep(const words *w, const char *text) {
  return hcc_unit_keep(w->unit, text, strlen(text));
}

static void add_capabilities(cJSON *list, char *text) {
  for (char *save, *item = strtok_r(text, ", \t", &save); item != NULL;
       item = strtok_r(NULL, ", \t", &save)) {
    const cJSON *other;
    bool there = false;
    cJSON_ArrayForEach(other, list) {
      there |= strcmp(other->valuestring, item) == 0;
    }
    if (!there) {
      cJSON_AddItemToArray(list, cJSON_CreateString(item));
    }
  }
}

static void add_default(const words *w, char *name) {
  size_t n = strcspn(name, blanks);
  const char *literal = trim(name + n);
  hcc_param *param = hcc_unit_find_param(w->procedure, name, n);
  if (param == NULL || *literal == '\0') {
    hcc_unit_wrong(w->unit, w->at, "write: @helios default PARAMETER LITERAL",
                   "%.64s has no parameter '%.*s', or no literal follows it",
                   w->procedure->function, n > 64 ? 64 : (int)n, name);
    return;
  }
  param->fallback = keep(w, literal);
}

/* ---- table ---- */

static const char table_form[] = "write: @helios table (NAME TYPE, NAME TYPE)";

static bool has_column(const hcc_procedure *p, const char *name) {
  for (uint32_t i = 0; i < p->column_count; i++) {
    if (strcasecmp(p->columns[i].name, name) == 0) {
      return true;
    }
  }
  return false;
}

static void add_column(const words *w, char *name) {
  hcc_procedure *p = w->procedure;
  size_t n = strcspn(name, blanks);
  const char *type = trim(name + n), *sql = hcc_manifest_type(type);
  name[n] = '\0';
  if (!hcc_manifest_is_name(name) || *type == '\0') {
    hcc_unit_wrong(w->unit, w->at, table_form, "%.64s: '%.64s' is no column with a name and a type",
                   p->function, name);
  } else if (sql == NULL) {
    hcc_unit_wrong(
        w->unit, w->at,
        "INTEGER, BIGINT, REAL, TEXT, BLOB, BOOLEAN, DECIMAL, DATE ...: docs/manifest.md",
        "%.64s: the column '%.64s' has type '%.64s', which SQL does not have", p->function, name,
        type);
  } else if (p->column_count == COLUMNS_MAX || has_column(p, name)) {
    hcc_unit_wrong(w->unit, w->at, NULL, "%.64s: the column '%.64s' is there twice, or beyond %u",
                   p->function, name, COLUMNS_MAX);
  } else {
    p->columns[p->column_count++] = (hcc_column){.name = keep(w, name), .sql = sql};
  }
}

/* (n INTEGER, name TEXT) */
static void read_table(const words *w, char *list) {
  hcc_procedure *p = w->procedure;
  size_t n = strlen(list);
  if (n < 2 || list[0] != '(' || list[n - 1] != ')' || p->columns != NULL) {
    hcc_unit_wrong(w->unit, w->at, table_form, "%.64s: no list of columns, or the second one",
                   p->function);
    return;
  }
  p->columns = hcc_arena_array(&w->unit->arena, COLUMNS_MAX, sizeof *p->columns);
  if (p->columns == NULL) {
    w->unit->no_memory = true;
    return;
  }
  list[n - 1] = '\0';
  for (char *item = list + 1, *next; item != NULL; item = next) {
    next = strchr(item, ',');
    if (next != NULL) {
      *next++ = '\0';
    }
    add_column(w, trim(item));
  }
}

/* ---- all words ---- */

static void read_words(const words *w, char *text) {
  hcc_procedure *p = w->procedure;
  size_t n = strcspn(text, " \t\r\n(");
  char *rest = trim(text + n);
  bool alone = *rest == '\0';
  if (is(text, n, "deterministic") && alone) {
    p->deterministic = true;
  } else if (is(text, n, "private") && alone) {
    p->hidden = true;
  } else if (is(text, n, "name") && !alone) {
    p->name = keep(w, rest); /* manifest.c says what names are good */
  } else if (is(text, n, "state") && !alone) {
    p->state = keep(w, rest);
  } else if (is(text, n, "capability") && !alone) {
    add_capabilities(w->unit->capabilities, rest);
  } else if (is(text, n, "default")) {
    add_default(w, rest);
  } else if (is(text, n, "table")) {
    read_table(w, rest);
  } else {
    hcc_unit_wrong(w->unit, w->at,
                   "deterministic, private, name N, state S, capability C, default P LITERAL, "
                   "table (N TYPE, ...)",
                   "%.64s: '@helios %.*s' is nothing that heliosc knows", p->function,
                   n > 64 ? 64 : (int)n, text);
  }
}

void hcc_unit_words(hcc_unit *u, hcc_procedure *p, const char *text, size_t n, hcc_place at) {
  const words w = {.unit = u, .procedure = p, .at = at};
  char copy[WORDS_MAX];
  if (n >= WORDS_MAX || memchr(text, '\0', n) != NULL) {
    hcc_unit_wrong(u, at, NULL, "an annotation has more than %u bytes", WORDS_MAX - 1);
    return;
  }
  memcpy(copy, text, n);
  copy[n] = '\0';
  read_words(&w, trim(copy));
}
