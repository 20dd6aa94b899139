/* view.h - the rows of the virtual tables of tables.def. vtab.c gives them to SQLite; views.c says
 * what they are, from the catalog, the record tables and the store.
 *
 * Invariant: reads only; the rows are those of the statement's own snapshot, and of the store as it
 * is when the table is opened. */
#ifndef HRT_VIEW_H
#define HRT_VIEW_H

#include "registry/records.h"
#include "sqlite/session.h"

typedef struct hrt_view_cell {
  enum { HRT_CELL_NULL, HRT_CELL_INTEGER, HRT_CELL_REAL, HRT_CELL_TEXT } type;
  union {
    int64_t number;
    double real;
    char *text; /* owned by the view */
  } as;
} hrt_view_cell;

/* An open table: rows of a statement first, then rows in memory. */
typedef struct hrt_view {
  helios *h;
  hrt_table table;
  sqlite3_stmt *stmt;   /* or NULL */
  sqlite3_stmt *hold;   /* keeps the snapshot until stmt has begun, or NULL */
  bool on_stmt;         /* it has a row, the current one */
  hrt_view_cell *cells; /* row by row */
  size_t cell_count, cell_room;
  uint32_t width; /* columns of the table */
  size_t at;      /* cell of the current row, when the statement is over */
  /* views.c's own: what was found out about the version of the current row */
  bool looked;
  helios_error why; /* it can't run */
  char label[HRT_LABEL_BYTES];
} hrt_view;

/* Begin with h and table set and the rest zero. On its first row, or at its end. Errors: E_SQL,
 * E_MEMORY, E_BROKEN. */
int hrt_view_open(hrt_view *v, helios_error *err);
int hrt_view_next(hrt_view *v, helios_error *err);
bool hrt_view_at_end(const hrt_view *v);
void hrt_view_column(hrt_view *v, sqlite3_context *sql, int column);
void hrt_view_close(hrt_view *v); /* as it was before it was opened */

/* What fills a view; a failure is kept until hrt_view_open returns. views.c's own. */
bool hrt_view_number(hrt_view *v, int64_t n);
bool hrt_view_real(hrt_view *v, double d);
bool hrt_view_text(hrt_view *v, const char *text); /* NULL: SQL's NULL */
int hrt_view_fill(hrt_view *v, helios_error *err);
/* A column that the statement does not have. */
void hrt_view_extra(hrt_view *v, sqlite3_context *sql, int column);

/* All counters of all processes, one row a version, by name and version. hrt_free it. */
int hrt_metrics_all(hrt_metric_row **out, size_t *count, helios *h, helios_error *err);

/* ---- prometheus.c ---- */
/* All counters as Prometheus reads them. sqlite3_free it. Errors: E_SQL, E_MEMORY. */
int hrt_prometheus(char **out, helios *h, helios_error *err);

/* ---- vtab.c ---- */
/* Each holds h. Errors: E_SQL. */
int hrt_tables_register(helios *h, helios_error *err);
void hrt_tables_remove(helios *h);

#endif
