/* rowsjson.c - rows that a procedure returned as JSON: an array of arrays, or of objects whose keys
 * are columns. SQLite reads it: its numbers are those that SQL has.
 *
 * Invariant: what is not such JSON is an error, and so is a key that is no column; a column without
 * a key is NULL. */
#include <string.h>

#include "plugin/alloc.h"
#include "sqlite/session.h"

/* A row is one row of this statement a value, and one with a NULL key if it has none. */
static const char sql[] =
    "SELECT r.id, r.type, c.key, c.type, c.value FROM json_each(?1) r LEFT JOIN "
    "json_each(iif(r.type IN ('array', 'object'), r.value, '[]')) c ON 1";

struct reader {
  hrt_rows *rows;
  sqlite3_stmt *s;
  sqlite3_int64 row; /* r.id of the one that is being made */
  bool open;
  hrt_value values[HRT_COLUMNS_MAX];
  bool given[HRT_COLUMNS_MAX];
  uint32_t count; /* given */
};

static unsigned long long number(const struct reader *r) {
  return (unsigned long long)r->rows->complete + 1;
}

static const char *text_of(const struct reader *r, int column) {
  const char *text = (const char *)sqlite3_column_text(r->s, column);
  return text ? text : "";
}

static int end_row(struct reader *r, bool array, helios_error *err) {
  int status = 0;
  if (array && r->count != r->rows->columns) {
    return hrt_fail(err, HELIOS_E_VALUE, "row %llu has %u of the %u columns declared", number(r),
                    r->count, r->rows->columns);
  }
  for (uint32_t i = 0; i < r->rows->columns && status == 0; i++) {
    status = hrt_rows_add(r->rows, &r->values[i], err);
  }
  return status != 0 ? status : hrt_rows_end(r->rows, err);
}

static int column_of(uint32_t *out, const struct reader *r, bool array, helios_error *err) {
  char escaped[HRT_ESCAPED];
  if (array) {
    sqlite3_int64 index = sqlite3_column_int64(r->s, 2);
    *out = (uint32_t)index;
    return index < r->rows->columns
               ? 0
               : hrt_fail(err, HELIOS_E_VALUE, "row %llu has more than the %u columns declared",
                          number(r), r->rows->columns);
  }
  const char *key = text_of(r, 2);
  for (uint32_t i = 0; i < r->rows->columns; i++) {
    if (strcmp(r->rows->names[i], key) == 0 && !r->given[i]) {
      *out = i;
      return 0;
    }
  }
  return hrt_fail(err, HELIOS_E_VALUE, "row %llu: no column %s is declared, or it is given twice",
                  number(r), hrt_escape(escaped, key, strlen(key)));
}

static int take_value(struct reader *r, bool array, helios_error *err) {
  uint32_t column = 0;
  int status = column_of(&column, r, array, err);
  if (status != 0) {
    return status;
  }
  const char *type = text_of(r, 3);
  hrt_value *v = &r->values[column];
  if (!hrt_value_of(v, HRT_TYPE_ANY, sqlite3_column_value(r->s, 4))) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  if (strcmp(type, "array") == 0 || strcmp(type, "object") == 0) {
    v->type = HSB_VALUE_JSON;
  } else if (strcmp(type, "true") == 0 || strcmp(type, "false") == 0) {
    v->type = HSB_VALUE_BOOLEAN;
  }
  r->given[column] = true;
  r->count++;
  return 0;
}

static int take_step(struct reader *r, bool *array, helios_error *err) {
  sqlite3_int64 row = sqlite3_column_int64(r->s, 0);
  int status = 0;
  if (r->open && row != r->row) {
    HRT_TRY(end_row(r, *array, err));
    r->open = false;
  }
  if (!r->open) {
    const char *type = text_of(r, 1);
    *array = strcmp(type, "array") == 0;
    if (!*array && strcmp(type, "object") != 0) {
      return hrt_fail(err, HELIOS_E_VALUE, "row %llu is neither a JSON array nor an object",
                      number(r));
    }
    memset(r->given, 0, sizeof r->given);
    r->count = 0;
    r->row = row;
    r->open = true;
  }
  if (sqlite3_column_type(r->s, 2) != SQLITE_NULL) {
    status = take_value(r, *array, err);
  }
out:
  return status;
}

static int read_rows(struct reader *r, helios *h, helios_error *err) {
  bool array = false;
  int rc, status = 0;
  while (status == 0 && (rc = sqlite3_step(r->s)) == SQLITE_ROW) {
    status = take_step(r, &array, err);
  }
  if (status == 0 && rc != SQLITE_DONE) {
    char text[HRT_DB_TEXT];
    status =
        hrt_fail(err, hrt_db_code(h->db, HELIOS_E_VALUE), "the rows: %s", hrt_db_text(text, h->db));
  }
  return status == 0 && r->open ? end_row(r, array, err) : status;
}

/* json_each takes an object too, and a single value. */
static bool is_array(const hrt_value *json) {
  const char *at = (const char *)json->bytes;
  return at[strspn(at, " \t\r\n")] == '[';
}

int hrt_rows_json(hrt_rows *rows, helios *h, const hrt_value *json, helios_error *err) {
  int status = 0;
  struct reader *r = NULL;
  if ((json->type != HSB_VALUE_TEXT && json->type != HSB_VALUE_JSON) || !is_array(json)) {
    int failed = hrt_fail(err, HELIOS_E_VALUE, "the result is no table");
    hrt_hint(err, "give rows by row_i64 ... row_end, or as a JSON array of arrays or objects");
    return failed;
  }
  r = hrt_alloc(sizeof *r);
  if (r == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  r->rows = rows;
  h->internal++;
  if (sqlite3_prepare_v2(h->db, sql, -1, &r->s, NULL) != SQLITE_OK ||
      sqlite3_bind_text64(r->s, 1, (const char *)json->bytes, json->length, SQLITE_STATIC,
                          SQLITE_UTF8) != SQLITE_OK) {
    status = hrt_db_fail(h->db, err);
  } else {
    status = read_rows(r, h, err);
  }
  sqlite3_finalize(r->s);
  h->internal--;
  for (uint32_t i = 0; i < HRT_COLUMNS_MAX; i++) {
    hrt_value_clear(&r->values[i]);
  }
  hrt_free(r);
  return status;
}
