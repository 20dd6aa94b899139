/* types.h - SQL types of parameters and results, and the conversion of SQL values to them. Values
 * convert only without loss; what does not fit is an error, never a guess.
 *
 * Invariant: a conversion that returns true has written *out; one that returns false has not. */
#ifndef HRT_TYPES_H
#define HRT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/sqlite_api.h"

typedef enum hrt_type {
#define HRT_TYPE(NAME, canonical) HRT_TYPE_##NAME,
#include "host/types.def"
  HRT_TYPE_COUNT,
  HRT_TYPE_VOID = HRT_TYPE_COUNT, /* no RETURNS */
} hrt_type;

/* Value types of the guest ABI: HSB_VALUE_NULL ... */
enum hsb_value {
#define HSB_VALUE(NAME, code, doc) HSB_VALUE_##NAME = code,
#include "hsb_value.def"
#undef HSB_VALUE
};

/* "BIGINT", "NUMERIC", "double precision" (any case, without "(10,2)"). False if unknown. */
bool hrt_type_find(hrt_type *out, const char *name, size_t length);
const char *hrt_type_name(hrt_type type);
/* Nearest known spelling, for a hint, or NULL. */
const char *hrt_type_nearest(const char *name, size_t length);
/* "INTEGER", "REAL", "TEXT", "BLOB" or "NULL": what SQLite holds. */
const char *hrt_storage_name(sqlite3_value *v);

/* BOOLEAN, INTEGER, BIGINT, DATE (days), TIMESTAMP (µs) as an integer. */
bool hrt_to_i64(int64_t *out, hrt_type type, sqlite3_value *v);
/* REAL, DECIMAL as a double. */
bool hrt_to_f64(double *out, hrt_type type, sqlite3_value *v);
/* TEXT, BLOB, JSON, DECIMAL as bytes. The bytes belong to v, or to scratch (DECIMAL made of a
 * number), until the next conversion of either. */
#define HRT_SCRATCH 48
bool hrt_to_bytes(const void **out, size_t *length, hrt_type type, sqlite3_value *v,
                  char scratch[HRT_SCRATCH]);
/* Value type (enum hsb_value) that v has when it is seen as `type`; ANY: by storage. */
uint32_t hrt_value_type(hrt_type type, sqlite3_value *v);

/* A cell in guest memory. */
struct hrt_cell {
  uint32_t type, length;
  uint64_t bits;
};
/* v as a cell of its value type. *bytes: NULL, or cell->length bytes that belong to v or to
 * scratch; bits are 0 then. False: it does not convert, or there is no memory. */
bool hrt_to_cell(struct hrt_cell *cell, const void **bytes, hrt_type type, sqlite3_value *v,
                 char scratch[HRT_SCRATCH]);

/* Is text a decimal number? Writes its canonical form (no '+', no needless zeros before the
 * point, "0.5" for ".5") to out, room for length + 2, and returns its length; 0 if it is none. */
size_t hrt_decimal(char *out, const char *text, size_t length);
/* Shortest decimal text that gives v back; "NaN" and infinities give "". Room: HRT_SCRATCH. */
size_t hrt_double_text(char *out, double v);

/* ISO 8601, as SQLite's own date functions write it. Room: HRT_SCRATCH. */
size_t hrt_date_text(char *out, int64_t days);
size_t hrt_timestamp_text(char *out, int64_t us);

#endif
