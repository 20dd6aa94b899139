/* cli_call.c - the SQL of one call. Must not put a name unquoted. Invariants: see cli_call.h. */
#include "cli_call.h"

#include <string.h>

#define CALL_MAX (64u << 20)

static const cJSON *list_of(const cJSON *procedure, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(procedure, name);
}

/* A row as a JSON array: JSON as what it is, blobs as X'00ff', which JSON can't hold. */
static void put_columns(hcc_buf *sql, const cJSON *columns) {
  const cJSON *column;
  bool first = true;
  hcc_buf_text(sql, "json_array(");
  cJSON_ArrayForEach(column, columns) {
    bool json = strcmp(hcc_scratch_field(column, "type"), "JSON") == 0;
    hcc_buf_text(sql, first ? "" : ", ");
    hcc_buf_text(sql, json ? "json(" : "iif(typeof(");
    hcc_scratch_name(sql, hcc_scratch_field(column, "name"));
    if (!json) {
      hcc_buf_text(sql, ") = 'blob', quote(");
      hcc_scratch_name(sql, hcc_scratch_field(column, "name"));
      hcc_buf_text(sql, "), ");
      hcc_scratch_name(sql, hcc_scratch_field(column, "name"));
    }
    hcc_buf_byte(sql, ')');
    first = false;
  }
  hcc_buf_byte(sql, ')');
}

static void put_aggregate(hcc_buf *sql, const cJSON *procedure, const char *rows) {
  int count = cJSON_GetArraySize(list_of(procedure, "params"));
  bool none = rows[0] == '\0';
  hcc_buf_text(sql, "(SELECT ");
  hcc_scratch_name(sql, hcc_scratch_field(procedure, "name"));
  hcc_buf_byte(sql, '(');
  for (int i = 1; i <= count; i++) {
    hcc_buf_format(sql, "%scolumn%d", i > 1 ? ", " : "", i);
  }
  hcc_buf_text(sql, ") FROM (");
  for (int i = 1; none && i <= count; i++) {
    hcc_buf_format(sql, "%s0 AS column%d", i > 1 ? ", " : "SELECT ", i);
  }
  hcc_buf_text(sql, !none ? "VALUES " : count == 0 ? "SELECT 0 WHERE 0" : " WHERE 0");
  hcc_buf_text(sql, rows);
  hcc_buf_text(sql, "))");
}

static void put_plain(hcc_buf *sql, const cJSON *procedure, const char *arguments) {
  hcc_scratch_name(sql, hcc_scratch_field(procedure, "name"));
  hcc_buf_byte(sql, '(');
  hcc_buf_text(sql, arguments);
  hcc_buf_byte(sql, ')');
}

static void put_call(hcc_buf *sql, const cJSON *procedure, const char *arguments) {
  if (hcc_scratch_is_aggregate(procedure)) {
    put_aggregate(sql, procedure, arguments);
  } else if (hcc_scratch_is_table(procedure)) {
    hcc_buf_text(sql, "(SELECT json_group_array(");
    put_columns(sql, list_of(procedure, "table"));
    hcc_buf_text(sql, ") FROM ");
    put_plain(sql, procedure, arguments);
    hcc_buf_byte(sql, ')');
  } else {
    put_plain(sql, procedure, arguments);
  }
  hcc_buf_byte(sql, '\0');
}

int hcc_call(hcc_answer *out, hcc_scratch *s, const cJSON *procedure, const hcc_buf *arguments) {
  hcc_buf sql;
  hcc_buf_init(&sql, CALL_MAX);
  put_call(&sql, procedure, arguments->failed ? "" : (const char *)arguments->data);
  bool whole = !arguments->failed && !sql.failed;
  int status = hcc_scratch_call(out, s, hcc_scratch_field(procedure, "name"),
                                whole ? (const char *)sql.data : NULL);
  hcc_buf_free(&sql);
  return status;
}
