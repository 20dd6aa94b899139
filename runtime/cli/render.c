/* render.c - shows rows as they come (list, csv, json) or hands them to table.c. Values are text
 * as SQLite gives it; blobs are X'..' literals in every mode. */
#include <stdlib.h>
#include <string.h>

#include "shell.h"

static const bool modes_whole[] = {
#define SH_MODE(name, whole) whole,
#include "modes.def"
#undef SH_MODE
};

struct sh_view {
  shell *sh;
  int columns;
  unsigned long rows;
  sh_table *table; /* modes that show a result whole */
  sh_buf text;     /* of one value */
};

/* The value as text in v->text, NULL as `null`. False without memory. */
static bool value(sh_view *v, sqlite3_stmt *stmt, int i, const char *null) {
  static const char digits[] = "0123456789abcdef";
  int type = sqlite3_column_type(stmt, i);
  sh_buf_clear(&v->text);
  if (type == SQLITE_NULL) {
    sh_buf_text(&v->text, null);
  } else if (type == SQLITE_BLOB) {
    const unsigned char *bytes = sqlite3_column_blob(stmt, i);
    int n = sqlite3_column_bytes(stmt, i);
    sh_buf_text(&v->text, "X'");
    for (int k = 0; k < n; k++) {
      char pair[2] = {digits[bytes[k] >> 4], digits[bytes[k] & 15]};
      sh_buf_add(&v->text, pair, 2);
    }
    sh_buf_text(&v->text, "'");
  } else {
    const char *text = (const char *)sqlite3_column_text(stmt, i);
    if (text == NULL) {
      return false;
    }
    sh_buf_add(&v->text, text, (size_t)sqlite3_column_bytes(stmt, i));
  }
  return !v->text.failed;
}

static void put_list(const sh_view *v, const char *text, size_t n) {
  sh_buf clean = {.data = NULL};
  if (v->sh->plain_out) {
    fwrite(text, 1, n, stdout);
    return;
  }
  sh_show(&clean, text, n, true);
  fputs(clean.data == NULL ? "" : clean.data, stdout);
  sh_buf_free(&clean);
}

/* RFC 4180, lines ended by a newline alone. */
static void put_csv(const sh_view *v, const char *text, size_t n) {
  bool quote = n > 0 && (text[0] == ' ' || text[n - 1] == ' ');
  for (size_t i = 0; i < n; i++) {
    quote |= strchr(",\"\r\n", text[i]) != NULL;
  }
  if (!quote) {
    put_list(v, text, n);
    return;
  }
  fputc('"', stdout);
  for (size_t i = 0, begin = 0; i <= n; i++) {
    if (i == n || text[i] == '"') {
      put_list(v, text + begin, i - begin);
      fputs(i == n ? "" : "\"\"", stdout);
      begin = i + 1;
    }
  }
  fputc('"', stdout);
}

static void json_escape(unsigned c) {
  if (c < 0x10000) {
    printf("\\u%04x", c);
  } else {
    printf("\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
  }
}

/* RFC 8259. What is not ASCII is written as it is if it is UTF-8, and hidden characters as \u. */
static void put_json(const char *text, size_t n) {
  sh_buf one = {.data = NULL};
  fputc('"', stdout);
  for (size_t i = 0; i < n;) {
    unsigned char c = (unsigned char)text[i];
    size_t length = 1;
    if (c == '"' || c == '\\') {
      printf("\\%c", c);
    } else if (c < 0x20 || c == 0x7f) {
      printf("\\u%04x", c);
    } else if (c < 0x80) {
      fputc(c, stdout);
    } else {
      length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
      sh_buf_clear(&one);
      length = length > n - i ? 1 : length;
      sh_show(&one, text + i, length, false);
      unsigned hidden;
      if (one.data != NULL && sscanf(one.data, "\\u{%x}", &hidden) == 1) {
        json_escape(hidden);
      } else if (one.data != NULL && one.data[0] == '\\') {
        fputs("\\ufffd", stdout); /* not UTF-8 */
        length = 1;
      } else {
        fputs(one.data == NULL ? "" : one.data, stdout);
      }
    }
    i += length;
  }
  fputc('"', stdout);
  sh_buf_free(&one);
}

static void json_value(const sh_view *v, sqlite3_stmt *stmt, int i) {
  int type = sqlite3_column_type(stmt, i);
  const char *text = v->text.data == NULL ? "" : v->text.data;
  if (type == SQLITE_FLOAT && strstr(text, "Inf") != NULL) {
    fputs(text[0] == '-' ? "-1e999" : "1e999", stdout);
  } else if (type == SQLITE_INTEGER || type == SQLITE_FLOAT || type == SQLITE_NULL) {
    fputs(text, stdout);
  } else {
    put_json(text, v->text.size);
  }
}

static const char *name_of(sqlite3_stmt *stmt, int i) {
  const char *name = sqlite3_column_name(stmt, i);
  return name == NULL ? "" : name;
}

static void put(const sh_view *v, int i, const char *text, size_t n) {
  bool csv = v->sh->mode == SH_MODE_csv;
  if (i > 0) {
    fputc(csv ? ',' : '|', stdout);
  }
  if (csv) {
    put_csv(v, text, n);
  } else {
    put_list(v, text, n);
  }
  if (i + 1 == v->columns) {
    fputc('\n', stdout);
  }
}

sh_view *sh_view_new(shell *sh, sqlite3_stmt *stmt) {
  sh_view *v = calloc(1, sizeof *v);
  if (v == NULL) {
    return NULL;
  }
  v->sh = sh;
  v->columns = sqlite3_column_count(stmt);
  v->table = modes_whole[sh->mode] ? sh_table_new(sh->mode, v->columns) : NULL;
  bool room = !modes_whole[sh->mode] || v->table != NULL;
  for (int i = 0; i < v->columns && room; i++) {
    const char *name = name_of(stmt, i);
    if (v->table != NULL) {
      room = sh_table_cell(v->table, name, strlen(name), false);
    } else if (sh->headers && sh->mode != SH_MODE_json) {
      put(v, i, name, strlen(name));
    }
  }
  if (!room) {
    sh_table_free(v->table);
    free(v);
    return NULL;
  }
  return v;
}

static void json_key(sqlite3_stmt *stmt, int i) {
  const char *name = name_of(stmt, i);
  put_json(name, strlen(name));
  fputc(':', stdout);
}

bool sh_view_row(sh_view *v, sqlite3_stmt *stmt) {
  bool json = v->sh->mode == SH_MODE_json;
  const char *null = json ? "null" : v->table != NULL ? "NULL" : "";
  if (json) {
    fputs(v->rows == 0 ? "[" : ",\n", stdout);
  }
  for (int i = 0; i < v->columns; i++) {
    int type = sqlite3_column_type(stmt, i); /* before value() converts it */
    bool number = type == SQLITE_INTEGER || type == SQLITE_FLOAT || type == SQLITE_NULL;
    if (!value(v, stmt, i, null)) {
      return false;
    }
    const char *text = v->text.data == NULL ? "" : v->text.data;
    if (json) {
      fputc(i == 0 ? '{' : ',', stdout);
      json_key(stmt, i);
      json_value(v, stmt, i);
    } else if (v->table == NULL) {
      put(v, i, text, v->text.size);
    } else if (!sh_table_cell(v->table, text, v->text.size, number)) {
      return false;
    }
  }
  if (json) {
    fputc('}', stdout);
  }
  v->rows++;
  return true;
}

void sh_view_end(sh_view *v) {
  if (v == NULL) {
    return;
  }
  if (v->table != NULL && v->rows > 0) {
    sh_table_print(v->table);
  } else if (v->sh->mode == SH_MODE_json && v->rows > 0) {
    fputs("]\n", stdout);
  }
  sh_table_free(v->table);
  sh_buf_free(&v->text);
  free(v);
}
