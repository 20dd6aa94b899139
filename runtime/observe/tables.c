/* tables.c - see tables.h. Must never know a table's content. */
#include "observe/tables.h"

#include <stddef.h>

static const struct {
  const char *name, *stored;
} tables[] = {
#define HRT_TABLE(TABLE, name, stored, doc) {name, stored},
#define HRT_COLUMN(TABLE, name, type, doc)
#include "observe/tables.def"
#undef HRT_TABLE
#undef HRT_COLUMN
};

static const hrt_table_column columns[] = {
#define HRT_TABLE(TABLE, name, stored, doc)
#define HRT_COLUMN(TABLE, name, type, doc) {HRT_TABLE_##TABLE, #name, #type, doc},
#include "observe/tables.def"
#undef HRT_TABLE
#undef HRT_COLUMN
    {HRT_TABLE_COUNT, NULL, NULL, NULL},
};

const char *hrt_table_name(hrt_table table) {
  return tables[table].name;
}

const char *hrt_table_stored(hrt_table table) {
  return tables[table].stored;
}

const hrt_table_column *hrt_table_columns(uint32_t *count, hrt_table table) {
  const hrt_table_column *first = columns;
  while (first->table != table) {
    first++;
  }
  *count = 0;
  while (first[*count].table == table) {
    (*count)++;
  }
  return first;
}

static const struct {
  const char *name;
  size_t at;
} counts[] = {
#define HRT_COUNT(field, name, how, doc) {#name, offsetof(hrt_counts, field)},
#include "observe/counts.def"
#undef HRT_COUNT
};

const char *hrt_count_name(int n) {
  return counts[n].name;
}

uint64_t *hrt_count_field(hrt_counts *c, int n) {
  return (uint64_t *)((char *)c + counts[n].at);
}
