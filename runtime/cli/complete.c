/* complete.c - what may stand at the cursor: words of SQL, tables, columns, functions, procedures;
 * dot commands and their arguments. Only reads the database; names that a terminal would not show
 * as they are, are not offered. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shell.h"

#define NAMES_MOST 2000

static bool is_word(char c) {
  return isalnum((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

static bool is_shown(const char *text) {
  sh_buf shown = {.data = NULL};
  sh_show(&shown, text, strlen(text), false);
  bool same = strcmp(sh_buf_get(&shown), text) == 0;
  sh_buf_free(&shown);
  return same;
}

/* Adds word with after behind it, if it begins with what is typed. */
static void add(sh_words *w, const char *typed, const char *word, const char *after) {
  if (strncasecmp(word, typed, w->typed) != 0 || *word == '\0' || !is_shown(word)) {
    return;
  }
  if (w->count == w->room) {
    size_t room = w->room == 0 ? 64 : w->room * 2;
    char **words = reallocarray(w->words, room, sizeof *words);
    if (words == NULL) {
      return;
    }
    w->words = words;
    w->room = room;
  }
  size_t n = strlen(word);
  char *copy = malloc(n + strlen(after) + 1);
  if (copy != NULL) {
    memcpy(copy, word, n);
    memcpy(copy + n, after, strlen(after) + 1);
    w->words[w->count++] = copy;
  }
}

/* A name of the database, quoted if SQL needs it. */
static void add_name(sh_words *w, const char *typed, const char *name, const char *after) {
  bool plain = isalpha((unsigned char)*name) || *name == '_' || (*name & 0x80) != 0;
  sh_buf quoted = {.data = NULL};
  for (const char *c = name; *c != '\0'; c++) {
    plain &= is_word(*c);
  }
  plain &= sqlite3_keyword_check(name, (int)strlen(name)) == 0;
  if (plain) {
    add(w, typed, name, after);
  } else if (strncasecmp(name, typed, w->typed) == 0) {
    size_t length = w->typed;
    sh_buf_quoted(&quoted, name, '"');
    w->typed = 0; /* it begins with the quote */
    add(w, typed, sh_buf_get(&quoted), after);
    w->typed = length;
    sh_buf_free(&quoted);
  }
}

/* Adds what a query of the database gives; what can't be read is not offered. */
static void add_rows(shell *sh, sh_words *w, const char *typed, const char *sql, const char *given,
                     const char *after) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(helios_db(sh->h), sql, -1, &stmt, NULL) == SQLITE_OK) {
    if (given != NULL) {
      sqlite3_bind_text(stmt, 1, given, -1, SQLITE_STATIC);
    }
    for (int i = 0; i < NAMES_MOST && sqlite3_step(stmt) == SQLITE_ROW; i++) {
      const char *name = (const char *)sqlite3_column_text(stmt, 0);
      if (name != NULL) {
        add_name(w, typed, name, after);
      }
    }
  }
  sqlite3_finalize(stmt);
}

static void tables(shell *sh, sh_words *w, const char *typed) {
  add_rows(sh, w, typed, "SELECT name FROM pragma_table_list WHERE type <> 'shadow'", NULL, "");
}

static void columns(shell *sh, sh_words *w, const char *typed) {
  add_rows(sh, w, typed,
           "SELECT DISTINCT c.name FROM sqlite_schema t, pragma_table_xinfo(t.name) c "
           "WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'helios\\_%' ESCAPE '\\'",
           NULL, "");
}

static void functions(shell *sh, sh_words *w, const char *typed) {
  add_rows(sh, w, typed,
           "SELECT DISTINCT name FROM pragma_function_list WHERE name GLOB '[a-zA-Z]*'", NULL, "(");
}

static void procedures(shell *sh, sh_words *w, const char *typed, const char *after) {
  add_rows(sh, w, typed, "SELECT name FROM helios_procedures", NULL, after);
}

/* Ours and SQLite's, in the case of what is typed. */
static void keywords(sh_words *w, const char *typed) {
  static const char *const ours[] = {
      "AGGREGATE", "CALL",      "CANARY",   "CAPABILITIES", "CAPABILITY", "DETERMINISTIC",
      "EXPORT",    "EXTENSION", "FUNCTION", "GRANT",        "LANGUAGE",   "PERCENT",
      "PROCEDURE", "PROFILE",   "PROMOTE",  "REBUILD",      "RETURNS",    "REVOKE",
      "SECURITY",  "SOURCE",    "USE",      "VERSION",      "wasm"};
  bool lower = w->typed > 0 && islower((unsigned char)typed[w->typed - 1]);
  int count = sqlite3_keyword_count();
  for (int i = 0; i < count + (int)(sizeof ours / sizeof *ours); i++) {
    char word[32];
    const char *name = ours[i < count ? 0 : i - count];
    int n = (int)strlen(name);
    if (i < count && sqlite3_keyword_name(i, &name, &n) != SQLITE_OK) {
      continue;
    }
    snprintf(word, sizeof word, "%.*s", n, name);
    for (char *c = word; lower && *c != '\0'; c++) {
      *c = (char)tolower((unsigned char)*c);
    }
    add(w, typed, word, "");
  }
}

static void files(sh_words *w, const char *typed) {
  const char *slash = strrchr(typed, '/');
  size_t n = slash == NULL ? 0 : (size_t)(slash - typed) + 1;
  char *folder = n == 0 ? strdup(".") : strndup(typed, n);
  DIR *dir = folder == NULL ? NULL : opendir(folder);
  struct dirent *entry;
  while (dir != NULL && (entry = readdir(dir)) != NULL) {
    sh_buf path = {.data = NULL};
    sh_buf_add(&path, typed, n);
    sh_buf_text(&path, entry->d_name);
    if (entry->d_name[0] != '.') {
      add(w, typed, sh_buf_get(&path), entry->d_type == DT_DIR ? "/" : "");
    }
    sh_buf_free(&path);
  }
  if (dir != NULL) {
    closedir(dir);
  }
  free(folder);
}

/* "[on|off]": these. */
static void choices(sh_words *w, const char *typed, const char *arguments) {
  while (*arguments != '\0') {
    char word[32];
    arguments += strspn(arguments, "[|]");
    size_t n = strcspn(arguments, "|]");
    snprintf(word, sizeof word, "%.*s", (int)n, arguments);
    add(w, typed, word, "");
    arguments += n;
  }
}

static void argument(shell *sh, sh_words *w, const char *typed, size_t dot) {
  const char *kind = sh_dot_arguments(dot), *name = sh_dot_name(NULL, dot);
  if (strchr(kind, '|') != NULL) {
    choices(w, typed, kind);
  } else if (strstr(kind, "MODE") != NULL) {
    for (size_t i = 0; sh_mode_name(NULL, i) != NULL; i++) {
      add(w, typed, sh_mode_name(NULL, i), "");
    }
  } else if (strstr(kind, "COMMAND") != NULL) {
    for (size_t i = 0; sh_dot_name(NULL, i) != NULL; i++) {
      add(w, typed, sh_dot_name(NULL, i), "");
    }
  } else if (strstr(kind, "FILE") != NULL) {
    files(w, typed);
  } else if (strstr(kind, "TABLE") != NULL || strcmp(name, "tables") == 0) {
    tables(sh, w, typed);
  } else if (strstr(kind, "PROCEDURE") != NULL || strcmp(name, "procedures") == 0) {
    procedures(sh, w, typed, "");
  } else if (strcmp(name, "functions") == 0) {
    functions(sh, w, typed);
  }
}

/* line begins with a dot. */
static void dot_line(shell *sh, sh_words *w, const char *line) {
  size_t n = strcspn(line, " \t");
  if (line[n] == '\0') {
    char word[40];
    w->typed = n;
    for (size_t i = 0; sh_dot_name(NULL, i) != NULL; i++) {
      snprintf(word, sizeof word, ".%s", sh_dot_name(NULL, i));
      add(w, line, word, "");
    }
    return;
  }
  const char *typed = line + n + strspn(line + n, " \t");
  w->typed = strlen(typed);
  for (size_t i = 0; sh_dot_name(NULL, i) != NULL; i++) {
    if (strlen(sh_dot_name(NULL, i)) == n - 1 &&
        strncmp(sh_dot_name(NULL, i), line + 1, n - 1) == 0) {
      argument(sh, w, typed, i);
    }
  }
}

static bool is_one_of(const char *word, size_t n, const char *const *list) {
  for (; *list != NULL; list++) {
    if (strlen(*list) == n && strncasecmp(*list, word, n) == 0) {
      return true;
    }
  }
  return false;
}

/* The word that ends at `end`, with blanks behind it. */
static size_t word_before(const char *line, size_t end, size_t *begin) {
  while (end > 0 && isspace((unsigned char)line[end - 1])) {
    end--;
  }
  *begin = end;
  while (*begin > 0 && is_word(line[*begin - 1])) {
    (*begin)--;
  }
  return end - *begin;
}

static void sql_line(shell *sh, sh_words *w, const char *line, size_t length) {
  static const char *const of_tables[] = {"FROM", "JOIN", "INTO", "UPDATE", "TABLE", NULL};
  static const char *const of_procedures[] = {"PROCEDURE", "FUNCTION", "EXISTS", NULL};
  static const char *const call[] = {"CALL", NULL};
  size_t begin, before;
  while (w->typed < length && is_word(line[length - w->typed - 1])) {
    w->typed++;
  }
  const char *typed = line + length - w->typed;
  if (typed > line && typed[-1] == '.') {
    char table[128];
    size_t n = word_before(line, (size_t)(typed - line) - 1, &begin);
    snprintf(table, sizeof table, "%.*s", (int)n, line + begin);
    add_rows(sh, w, typed, "SELECT name FROM pragma_table_xinfo(?1)", table, "");
    return;
  }
  size_t n = word_before(line, (size_t)(typed - line), &before);
  if (is_one_of(line + before, n, of_tables)) {
    tables(sh, w, typed);
  } else if (is_one_of(line + before, n, call)) {
    procedures(sh, w, typed, "(");
  } else if (is_one_of(line + before, n, of_procedures)) {
    procedures(sh, w, typed, "");
  } else if (w->typed > 0) {
    keywords(w, typed);
    tables(sh, w, typed);
    columns(sh, w, typed);
    functions(sh, w, typed);
  }
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void unique(sh_words *w) {
  size_t kept = 0;
  if (w->count > 0) {
    qsort(w->words, w->count, sizeof *w->words, by_text);
  }
  for (size_t i = 0; i < w->count; i++) {
    if (kept > 0 && strcmp(w->words[kept - 1], w->words[i]) == 0) {
      free(w->words[i]);
    } else {
      w->words[kept++] = w->words[i];
    }
  }
  w->count = kept;
}

void sh_complete(shell *sh, sh_words *out, const char *line, size_t length, bool first) {
  char *text = strndup(line, length);
  *out = (sh_words){.words = NULL};
  if (text == NULL) {
    return;
  }
  const char *begin = text + strspn(text, " \t");
  if (first && *begin == '.') {
    dot_line(sh, out, begin);
  } else {
    sql_line(sh, out, text, strlen(text));
  }
  unique(out);
  free(text);
}

void sh_words_free(sh_words *w) {
  for (size_t i = 0; i < w->count; i++) {
    free(w->words[i]);
  }
  free(w->words);
  *w = (sh_words){.words = NULL};
}
