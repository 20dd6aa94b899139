/* rows.h - the rows that one call of a RETURNS TABLE procedure gives, kept by the host until SQL
 * has read them.
 *
 * Invariants: every row that is complete has the declared number of columns, and each value is one
 * that its column's type allows; at most HRT_ROWS_MAX bytes are held, the host's own included. */
#ifndef HRT_ROWS_H
#define HRT_ROWS_H

#include "host/value.h"

#define HRT_ROWS_MAX (64u << 20)

typedef struct hrt_rows {
  uint32_t columns;     /* borrowed: */
  const uint8_t *types; /* hrt_type of each */
  char *const *names;   /* of each */
  hrt_value *cells;     /* owned; row by row */
  uint64_t count, room; /* of cells; of the row that is being made as well */
  uint64_t complete;    /* rows */
  uint64_t held;        /* bytes */
  bool used;            /* row_* was called */
  helios_error error;   /* the first thing that did not fit, when row_* was called */
} hrt_rows;

/* Adds a value to the current row; its bytes are taken over, also when it fails. Errors: E_VALUE
 * (too many, or of another type), E_LIMIT, E_MEMORY. */
int hrt_rows_add(hrt_rows *r, hrt_value *v, helios_error *err);
/* The row is complete. Errors: E_VALUE (too few values). */
int hrt_rows_end(hrt_rows *r, helios_error *err);
void hrt_rows_clear(hrt_rows *r); /* frees what it holds; it can be used again */

#endif
