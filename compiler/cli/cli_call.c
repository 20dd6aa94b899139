/* cli_call.c - the SQL of one call. Must not put a name unquoted. Invariants: see cli_call.h. */
#include "cli_call.h"

#include <stdio.h>
#include <string.h>

static const cJSON *field(const cJSON *o, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(o, name);
}

static const char *text_of(const cJSON *o, const char *name) {
  const char *text = cJSON_GetStringValue(field(o, name));
  return text == NULL ? "" : text;
}

bool hcc_call_is_table(const cJSON *procedure) {
  return cJSON_IsArray(field(procedure, "table"));
}

bool hcc_call_is_aggregate(const cJSON *procedure) {
  return cJSON_IsTrue(field(procedure, "aggregate"));
}

/* A row as a JSON array: JSON as what it is, blobs as X'00ff', which JSON can't hold. */
static void put_columns(hcc_buf *sql, const cJSON *columns) {
  const cJSON *column;
  bool first = true;
  hcc_buf_text(sql, "json_array(");
  cJSON_ArrayForEach(column, columns) {
    bool json = strcmp(text_of(column, "type"), "JSON") == 0;
    hcc_buf_text(sql, first ? "" : ", ");
    hcc_buf_text(sql, json ? "json(" : "iif(typeof(");
    hcc_scratch_name(sql, text_of(column, "name"));
    if (!json) {
      hcc_buf_text(sql, ") = 'blob', quote(");
      hcc_scratch_name(sql, text_of(column, "name"));
      hcc_buf_text(sql, "), ");
      hcc_scratch_name(sql, text_of(column, "name"));
    }
    hcc_buf_byte(sql, ')');
    first = false;
  }
  hcc_buf_byte(sql, ')');
}

static void put_aggregate(hcc_buf *sql, const cJSON *procedure, const char *rows) {
  int count = cJSON_GetArraySize(field(procedure, "params"));
  char column[24];
  hcc_buf_text(sql, "(SELECT ");
  hcc_scratch_name(sql, text_of(procedure, "name"));
  hcc_buf_byte(sql, '(');
  for (int i = 1; i <= count; i++) {
    snprintf(column, sizeof column, "%scolumn%d", i > 1 ? ", " : "", i);
    hcc_buf_text(sql, column);
  }
  hcc_buf_text(sql, ") FROM (");
  if (rows[0] != '\0') {
    hcc_buf_text(sql, "VALUES ");
    hcc_buf_text(sql, rows);
  } else {
    hcc_buf_text(sql, "SELECT 0 AS column0");
    for (int i = 1; i <= count; i++) {
      snprintf(column, sizeof column, ", 0 AS column%d", i);
      hcc_buf_text(sql, column);
    }
    hcc_buf_text(sql, " WHERE 0");
  }
  hcc_buf_text(sql, "))");
}

static void put_plain(hcc_buf *sql, const cJSON *procedure, const char *arguments) {
  hcc_scratch_name(sql, text_of(procedure, "name"));
  hcc_buf_byte(sql, '(');
  hcc_buf_text(sql, arguments);
  hcc_buf_byte(sql, ')');
}

void hcc_call_put(hcc_buf *sql, const cJSON *procedure, const char *arguments) {
  if (hcc_call_is_aggregate(procedure)) {
    put_aggregate(sql, procedure, arguments);
  } else if (hcc_call_is_table(procedure)) {
    hcc_buf_text(sql, "(SELECT json_group_array(");
    put_columns(sql, field(procedure, "table"));
    hcc_buf_text(sql, ") FROM ");
    put_plain(sql, procedure, arguments);
    hcc_buf_byte(sql, ')');
  } else {
    put_plain(sql, procedure, arguments);
  }
  hcc_buf_byte(sql, '\0');
}
