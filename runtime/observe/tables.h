/* tables.h - tables.def as data: names, columns and texts of the virtual tables, and counts.def as
 * the fields of hrt_counts. */
#ifndef HRT_TABLES_H
#define HRT_TABLES_H

#include "observe/observe.h"

typedef enum hrt_table {
#define HRT_TABLE(TABLE, name, stored, doc) HRT_TABLE_##TABLE,
#define HRT_COLUMN(TABLE, name, type, doc)
#include "observe/tables.def"
#undef HRT_TABLE
#undef HRT_COLUMN
  HRT_TABLE_COUNT,
} hrt_table;
_Static_assert((int)HRT_TABLE_LOGS == HRT_RING_LOGS && (int)HRT_TABLE_TRAPS == HRT_RING_TRAPS &&
                   (int)HRT_TABLE_AUDIT_LOG == HRT_RING_AUDIT_LOG,
               "the record tables come first");

typedef struct hrt_table_column {
  hrt_table table;
  const char *name, *type, *doc;
} hrt_table_column;

const char *hrt_table_name(hrt_table table);
const char *hrt_table_stored(hrt_table table); /* its table in the database; "": none */
/* The columns of a table; *count: how many. */
const hrt_table_column *hrt_table_columns(uint32_t *count, hrt_table table);

enum {
#define HRT_COUNT(field, name, how, doc) HRT_COUNT_##name,
#include "observe/counts.def"
#undef HRT_COUNT
  HRT_COUNT_COUNT
};
const char *hrt_count_name(int n);
uint64_t *hrt_count_field(hrt_counts *counts, int n);

#endif
