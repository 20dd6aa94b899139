/* value.h - a value that a guest gave, on its way to SQL: checked against the declared type and
 * brought to what SQL holds for it.
 *
 * Invariant: after hrt_value_as a value is one that the declared type allows: text is UTF-8, JSON
 * is JSON, a date is in SQLite's own form. */
#ifndef HRT_VALUE_H
#define HRT_VALUE_H

#include "host/types.h"
#include "plugin/error.h"

#define HRT_VALUE_MAX (64u << 20) /* bytes of a text or blob */

typedef struct hrt_value {
  uint32_t type;  /* enum hsb_value; after hrt_value_as: NULL, I64, F64, TEXT, JSON or BLOB */
  uint64_t bits;  /* I64, F64, BOOLEAN */
  uint8_t *bytes; /* others, with a NUL behind them; owned: hrt_free */
  uint64_t length;
} hrt_value;

static inline bool hrt_value_has_bytes(uint32_t type) {
  return type >= HSB_VALUE_TEXT && type <= HSB_VALUE_DECIMAL;
}

/* A value of SQL's as one of the guest ABI's, seen as `type`. False: it does not convert, or there
 * is no memory. */
bool hrt_value_of(hrt_value *out, hrt_type type, sqlite3_value *v);
/* what: "result", for messages. Errors: E_VALUE, E_MEMORY; the value is cleared then. */
int hrt_value_as(hrt_value *v, hrt_type declared, const char *what, helios_error *err);
void hrt_value_clear(hrt_value *v); /* frees the bytes; the value is NULL */
/* Gives it to SQL: its bytes too (the value is NULL then), or a copy of them. */
void hrt_value_give(sqlite3_context *sql, hrt_value *v);
void hrt_value_copy(sqlite3_context *sql, const hrt_value *v);

#endif
