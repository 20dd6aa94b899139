/* view.c - walking an open table, and rows in memory. See view.h.
 *
 * Owns: the engine's own SQL is asked of nobody while it runs here. */
#include "sqlite/view.h"

#include <string.h>

#include "plugin/alloc.h"

/* ---- rows in memory ---- */

static hrt_view_cell *add(hrt_view *v) {
  enum { CELLS_MOST = 1 << 22 };
  if (v->cell_count == v->cell_room) {
    size_t room = v->cell_room ? 2 * v->cell_room : 64;
    hrt_view_cell *more = room <= CELLS_MOST ? hrt_realloc(v->cells, room * sizeof *more) : NULL;
    if (more == NULL) {
      return NULL;
    }
    v->cells = more;
    v->cell_room = room;
  }
  hrt_view_cell *c = &v->cells[v->cell_count++];
  *c = (hrt_view_cell){HRT_CELL_NULL, {0}};
  return c;
}

bool hrt_view_number(hrt_view *v, int64_t n) {
  hrt_view_cell *c = add(v);
  if (c) {
    *c = (hrt_view_cell){HRT_CELL_INTEGER, {.number = n}};
  }
  return c != NULL;
}

bool hrt_view_real(hrt_view *v, double d) {
  hrt_view_cell *c = add(v);
  if (c) {
    *c = (hrt_view_cell){HRT_CELL_REAL, {.real = d}};
  }
  return c != NULL;
}

bool hrt_view_text(hrt_view *v, const char *text) {
  hrt_view_cell *c = add(v);
  if (c && text) {
    c->as.text = hrt_strdup(text);
    c->type = c->as.text ? HRT_CELL_TEXT : HRT_CELL_NULL;
  }
  return c && (text == NULL || c->type == HRT_CELL_TEXT);
}

/* ---- walking ---- */

/* To the next row of the statement, or on to the rows in memory. */
static int step(hrt_view *v, helios_error *err) {
  int rc = SQLITE_DONE;
  v->on_stmt = false;
  v->looked = false;
  if (v->stmt) {
    v->h->internal++;
    rc = sqlite3_step(v->stmt);
    v->on_stmt = rc == SQLITE_ROW;
    int status = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : hrt_db_fail(v->h->db, err);
    if (rc != SQLITE_ROW) {
      sqlite3_finalize(v->stmt);
      v->stmt = NULL;
    }
    v->h->internal--;
    return status;
  }
  return 0;
}

int hrt_view_open(hrt_view *v, helios_error *err) {
  (void)hrt_table_columns(&v->width, v->table);
  v->h->internal++;
  int status = hrt_view_fill(v, err);
  v->h->internal--;
  if (status == 0) {
    status = step(v, err);
  }
  sqlite3_finalize(v->hold);
  v->hold = NULL;
  return status;
}

int hrt_view_next(hrt_view *v, helios_error *err) {
  if (v->on_stmt) {
    return step(v, err);
  }
  v->at += v->width;
  return 0;
}

bool hrt_view_at_end(const hrt_view *v) {
  return !v->on_stmt && v->at >= v->cell_count;
}

void hrt_view_column(hrt_view *v, sqlite3_context *sql, int column) {
  if (v->on_stmt) {
    if (column < sqlite3_column_count(v->stmt)) {
      sqlite3_result_value(sql, sqlite3_column_value(v->stmt, column));
    } else {
      hrt_view_extra(v, sql, column);
    }
    return;
  }
  const hrt_view_cell *c = &v->cells[v->at + (size_t)column];
  switch (c->type) {
  case HRT_CELL_NULL:
    sqlite3_result_null(sql);
    break;
  case HRT_CELL_INTEGER:
    sqlite3_result_int64(sql, c->as.number);
    break;
  case HRT_CELL_REAL:
    sqlite3_result_double(sql, c->as.real);
    break;
  case HRT_CELL_TEXT:
    sqlite3_result_text(sql, c->as.text, -1, SQLITE_TRANSIENT);
    break;
  }
}

void hrt_view_close(hrt_view *v) {
  sqlite3_finalize(v->hold);
  sqlite3_finalize(v->stmt);
  for (size_t i = 0; i < v->cell_count; i++) {
    if (v->cells[i].type == HRT_CELL_TEXT) {
      hrt_free(v->cells[i].as.text);
    }
  }
  hrt_free(v->cells);
  *v = (hrt_view){.h = v->h, .table = v->table};
}
