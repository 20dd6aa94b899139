/* table.c - a whole result: widths, alignment, lines around it. Owns the text of its cells. */
#include <stdlib.h>
#include <string.h>

#include "shell.h"

struct cell {
  char *text;
  size_t columns; /* on a terminal */
};

struct sh_table {
  enum sh_mode mode;
  size_t columns, count, room; /* cells; the first `columns` are the names */
  struct cell *cells;
  size_t *widths;
  bool *numbers; /* only numbers in the column: aligned right */
};

sh_table *sh_table_new(enum sh_mode mode, int columns) {
  sh_table *t = calloc(1, sizeof *t);
  if (t == NULL) {
    return NULL;
  }
  t->mode = mode;
  t->columns = (size_t)columns;
  t->widths = calloc(t->columns, sizeof *t->widths);
  t->numbers = calloc(t->columns, sizeof *t->numbers);
  if (t->widths == NULL || t->numbers == NULL) {
    sh_table_free(t);
    return NULL;
  }
  memset(t->numbers, 1, t->columns * sizeof *t->numbers);
  return t;
}

static bool grow(sh_table *t) {
  size_t room = t->room == 0 ? 64 : t->room * 2;
  struct cell *cells = reallocarray(t->cells, room, sizeof *cells);
  if (cells == NULL) {
    return false;
  }
  t->cells = cells;
  t->room = room;
  return true;
}

/* The text without control characters; in markdown with \| for |. Returns its columns. */
static size_t clean(const sh_table *t, sh_buf *out, const char *text, size_t length) {
  size_t columns = 0;
  const char *bar;
  while (t->mode == SH_MODE_markdown && length > 0 && (bar = memchr(text, '|', length)) != NULL) {
    size_t n = (size_t)(bar - text);
    columns += sh_show(out, text, n, false) + 2;
    sh_buf_text(out, "\\|");
    text += n + 1;
    length -= n + 1;
  }
  return columns + sh_show(out, text, length, false);
}

bool sh_table_cell(sh_table *t, const char *text, size_t length, bool number) {
  sh_buf shown = {.data = NULL};
  if (t->count == t->room && !grow(t)) {
    return false;
  }
  size_t columns = clean(t, &shown, text, length), column = t->count % t->columns;
  if (shown.failed) {
    return false;
  }
  if (columns > t->widths[column]) {
    t->widths[column] = columns;
  }
  t->numbers[column] &= number || t->count < t->columns;
  t->cells[t->count++] = (struct cell){shown.data, columns};
  return true;
}

static void repeat(FILE *out, const char *text, size_t n) {
  while (n-- > 0) {
    fputs(text, out);
  }
}

/* What stands around the cells of a mode. */
struct look {
  const char *top[4], *rule[4], *bottom[4]; /* left, fill, between, right; NULL: no line */
  const char *cells[3];                     /* left, between, right */
};

static const struct look looks[SH_MODES] = {
    [SH_MODE_box] = {{"┌─", "─", "─┬─", "─┐"},
                     {"├─", "─", "─┼─", "─┤"},
                     {"└─", "─", "─┴─", "─┘"},
                     {"│ ", " │ ", " │"}},
    [SH_MODE_column] = {{NULL}, {"", "-", "  ", ""}, {NULL}, {"", "  ", ""}},
    [SH_MODE_markdown] = {{NULL}, {"| ", "-", " | ", " |"}, {NULL}, {"| ", " | ", " |"}},
};

static void rule(const sh_table *t, FILE *out, const char *const look[4]) {
  if (look[0] == NULL) {
    return;
  }
  fputs(look[0], out);
  for (size_t i = 0; i < t->columns; i++) {
    if (i > 0) {
      fputs(look[2], out);
    }
    repeat(out, look[1], t->widths[i]);
  }
  fprintf(out, "%s\n", look[3]);
}

static void row(const sh_table *t, FILE *out, size_t at, const struct look *look) {
  fputs(look->cells[0], out);
  for (size_t i = 0; i < t->columns; i++) {
    const struct cell *c = &t->cells[at + i];
    size_t space = t->widths[i] - c->columns;
    bool right = t->numbers[i] && at > 0, last = i + 1 == t->columns && t->mode == SH_MODE_column;
    if (i > 0) {
      fputs(look->cells[1], out);
    }
    repeat(out, " ", right ? space : 0);
    fputs(c->text == NULL ? "" : c->text, out);
    repeat(out, " ", right || last ? 0 : space);
  }
  fprintf(out, "%s\n", look->cells[2]);
}

void sh_table_print(const sh_table *t, FILE *out) {
  const struct look *look = &looks[t->mode];
  rule(t, out, look->top);
  row(t, out, 0, look);
  rule(t, out, look->rule);
  for (size_t at = t->columns; at < t->count; at += t->columns) {
    row(t, out, at, look);
  }
  rule(t, out, look->bottom);
}

void sh_table_free(sh_table *t) {
  if (t == NULL) {
    return;
  }
  for (size_t i = 0; i < t->count; i++) {
    free(t->cells[i].text);
  }
  free(t->cells);
  free(t->widths);
  free(t->numbers);
  free(t);
}
