/* render.c - shows rows as they come (list, csv, json, jsonl, line) or hands them to table.c.
 * Values are text as SQLite gives it; blobs are X'..' literals in every mode. */
#include <stdlib.h>
#include <string.h>

#include "shell.h"

static const bool modes_whole[] = {
#define SH_MODE(name, whole, help) whole,
#include "modes.def"
#undef SH_MODE
};

struct sh_view {
  shell *sh;
  FILE *out;
  const sh_shape *shape;
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
    fwrite(text, 1, n, v->out);
    return;
  }
  sh_show(&clean, text, n, true);
  fputs(sh_buf_get(&clean), v->out);
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
  fputc('"', v->out);
  for (size_t i = 0, begin = 0; i <= n; i++) {
    if (i == n || text[i] == '"') {
      put_list(v, text + begin, i - begin);
      fputs(i == n ? "" : "\"\"", v->out);
      begin = i + 1;
    }
  }
  fputc('"', v->out);
}

/* Is the word one of those in list, "a b"? */
static bool is_among(const char *list, const char *word) {
  size_t n = strlen(word);
  for (; list != NULL && *list != '\0'; list += strcspn(list, " "), list += *list == ' ') {
    if (strcspn(list, " ") == n && memcmp(list, word, n) == 0) {
      return true;
    }
  }
  return false;
}

static const char *name_of(sqlite3_stmt *stmt, int i) {
  const char *name = sqlite3_column_name(stmt, i);
  return name == NULL ? "" : name;
}

/* A text that should be JSON, in one line; as a string if it is none. */
static void put_json(const sh_view *v) {
  char *json = sh_ask(v->sh, "SELECT json(?1)", sh_buf_get(&v->text));
  if (json != NULL) {
    sh_json_raw(v->out, json, strlen(json));
  } else {
    sh_json_string(v->out, sh_buf_get(&v->text), v->text.size);
  }
  sqlite3_free(json);
}

/* A number that JSON can't have is one that reads as the same infinity. */
static void json_value(const sh_view *v, sqlite3_stmt *stmt, int i, int type) {
  const char *text = sh_buf_get(&v->text);
  bool json = v->shape != NULL && is_among(v->shape->json, name_of(stmt, i));
  if (type == SQLITE_FLOAT && strstr(text, "Inf") != NULL) {
    fputs(text[0] == '-' ? "-1e999" : "1e999", v->out);
  } else if (type == SQLITE_INTEGER || type == SQLITE_FLOAT || type == SQLITE_NULL) {
    fputs(text, v->out);
  } else if (json) {
    put_json(v);
  } else {
    sh_json_string(v->out, text, v->text.size);
  }
}

static void put(const sh_view *v, int i, const char *text, size_t n) {
  bool csv = v->sh->mode == SH_MODE_csv;
  if (i > 0) {
    fputc(csv ? ',' : '|', v->out);
  }
  if (csv) {
    put_csv(v, text, n);
  } else {
    put_list(v, text, n);
  }
  if (i + 1 == v->columns) {
    fputc('\n', v->out);
  }
}

/* Mode line: "  name = value", the names aligned. */
static void put_line(const sh_view *v, sqlite3_stmt *stmt, int i) {
  sh_buf name = {.data = NULL};
  size_t widest = 0, width = 0;
  for (int k = 0; k < v->columns; k++) {
    const char *other = name_of(stmt, k);
    sh_buf_clear(&name);
    width = sh_show(&name, other, strlen(other), false);
    widest = width > widest ? width : widest;
  }
  sh_buf_clear(&name);
  width = sh_show(&name, name_of(stmt, i), strlen(name_of(stmt, i)), false);
  fprintf(v->out, "%s%*s%s = ", i == 0 && v->rows > 0 ? "\n" : "", (int)(widest - width), "",
          sh_buf_get(&name));
  put_list(v, sh_buf_get(&v->text), v->text.size);
  fputc('\n', v->out);
  sh_buf_free(&name);
}

static bool is_json(const shell *sh) {
  return sh->mode == SH_MODE_json || sh->mode == SH_MODE_jsonl;
}

static bool put_names(const sh_view *v, sqlite3_stmt *stmt) {
  bool named = v->sh->mode == SH_MODE_list || v->sh->mode == SH_MODE_csv;
  bool room = true;
  for (int i = 0; i < v->columns && room; i++) {
    const char *name = name_of(stmt, i);
    if (v->table != NULL) {
      room = sh_table_cell(v->table, name, strlen(name), false);
    } else if (named && v->sh->headers) {
      put(v, i, name, strlen(name));
    }
  }
  return room;
}

sh_view *sh_view_new(shell *sh, sqlite3_stmt *stmt, const sh_shape *shape) {
  sh_view *v = calloc(1, sizeof *v);
  if (v == NULL) {
    return NULL;
  }
  v->sh = sh;
  v->out = sh->out;
  v->shape = shape;
  v->columns = sqlite3_column_count(stmt);
  v->table = modes_whole[sh->mode] ? sh_table_new(sh->mode, v->columns) : NULL;
  if ((modes_whole[sh->mode] && v->table == NULL) || !put_names(v, stmt)) {
    sh_table_free(v->table);
    free(v);
    return NULL;
  }
  return v;
}

static void json_begin(const sh_view *v) {
  if (v->sh->mode == SH_MODE_json) {
    fputs(v->rows == 0 ? "[" : ",\n", v->out);
  }
  fputc('{', v->out);
  if (v->shape != NULL) {
    fprintf(v->out, "\"v\":1,\"type\":\"%s\"", v->shape->type);
  }
}

static void json_column(const sh_view *v, sqlite3_stmt *stmt, int i, int type) {
  const char *name = name_of(stmt, i);
  fputs(i > 0 || v->shape != NULL ? "," : "", v->out);
  sh_json_string(v->out, name, strlen(name));
  fputc(':', v->out);
  json_value(v, stmt, i, type);
}

/* What stands for NULL. */
static const char *null_of(const sh_view *v) {
  if (is_json(v->sh)) {
    return "null";
  }
  return v->sh->null_text != NULL ? v->sh->null_text : v->table != NULL ? "NULL" : "";
}

bool sh_view_row(sh_view *v, sqlite3_stmt *stmt) {
  bool json = is_json(v->sh);
  if (json) {
    json_begin(v);
  }
  for (int i = 0; i < v->columns; i++) {
    int type = sqlite3_column_type(stmt, i); /* before value() converts it */
    bool number = type == SQLITE_INTEGER || type == SQLITE_FLOAT || type == SQLITE_NULL;
    if (!value(v, stmt, i, null_of(v))) {
      return false;
    }
    if (json) {
      json_column(v, stmt, i, type);
    } else if (v->sh->mode == SH_MODE_line) {
      put_line(v, stmt, i);
    } else if (v->table == NULL) {
      put(v, i, sh_buf_get(&v->text), v->text.size);
    } else if (!sh_table_cell(v->table, sh_buf_get(&v->text), v->text.size, number)) {
      return false;
    }
  }
  if (json) {
    fputs(v->sh->mode == SH_MODE_jsonl ? "}\n" : "}", v->out);
  }
  v->rows++;
  return true;
}

void sh_view_end(sh_view *v) {
  if (v == NULL) {
    return;
  }
  if (v->table != NULL && v->rows > 0) {
    sh_table_print(v->table, v->out);
  } else if (v->sh->mode == SH_MODE_json && v->rows > 0) {
    fputs("]\n", v->out);
  }
  sh_table_free(v->table);
  sh_buf_free(&v->text);
  free(v);
}
