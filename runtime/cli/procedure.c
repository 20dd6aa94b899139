/* procedure.c - the commands `helios procedure ...`: what was given becomes one statement of our
 * SQL, every word of it quoted or checked; lists are queries. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "procedure.h"

#define COMPILE_MS 1000        /* a compilation that lasts longer is shown on a terminal */
#define SOURCE_MOST (1u << 29) /* bytes of a module from standard input */

static int take_count(void *count, sqlite3_stmt *row) {
  *(sqlite3_int64 *)count = sqlite3_column_int64(row, 0);
  return 0;
}

int sh_change(shell *sh, const sh_buf *sql, const char *step, sqlite3_int64 *count) {
  helios_error err = {.code = HELIOS_OK};
  if (sql->failed) {
    sh_say_error(sh, NULL, "no memory");
    return SH_EXIT_SQL;
  }
  hcl_progress *progress =
      step == NULL || sh->quiet || sh->json ? NULL : hcl_progress_begin(sh->color, COMPILE_MS);
  hcl_progress_step(progress, step);
  int status = helios_exec(sh->h, sh_buf_get(sql), count == NULL ? NULL : take_count, count, &err);
  hcl_progress_end(progress);
  if (status != HELIOS_OK) {
    err.offset = err.code == HELIOS_E_SYNTAX ? HELIOS_NO_OFFSET : err.offset; /* SQL is ours */
    sh_error(sh, &err, NULL);
    return sh_interrupted ? SH_EXIT_INTERRUPTED : SH_EXIT_SQL;
  }
  return 0;
}

void sh_done(shell *sh, const char *what, const char *name) {
  char *version = sh_ask(
      sh, "SELECT current_version FROM helios_procedures WHERE name = ?1 COLLATE NOCASE", name);
  if (sh->json && version != NULL) {
    sh_query(sh, SH_QUERY_PROCEDURE, (const char *const[SH_GIVEN]){name});
  } else if (sh->json) {
    printf("{\"v\":1,\"type\":\"dropped\",\"name\":");
    sh_json_string(stdout, name, strlen(name));
    puts("}");
  } else if (!sh->quiet) {
    fprintf(stderr, "%s ", what);
    sh_print(stderr, name);
    fprintf(stderr, version == NULL ? "\n" : ", version %s in use\n", version);
  }
  sqlite3_free(version);
}

bool sh_is_number(const char *text) {
  size_t n = strspn(text, "0123456789");
  return n > 0 && n < 10 && text[n] == '\0';
}

/* What a type or the name of an option is made of: nothing that could end it. */
static bool is_plain(const char *text, size_t n) {
  int depth = 0;
  for (size_t i = 0; i < n; i++) {
    if (!isalnum((unsigned char)text[i]) && strchr("_ (),.", text[i]) == NULL) {
      return false;
    }
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    if (depth < 0) {
      return false;
    }
  }
  return n > 0 && depth == 0;
}

/* The next item of a list, "a, b(1,2)", without blanks around it; *list moves behind it. False at
 * the end. */
static bool next_item(const char **list, const char **item, size_t *length) {
  const char *p = *list;
  int depth = 0;
  while (isspace((unsigned char)*p) || *p == ',') {
    p++;
  }
  *item = p;
  while (*p != '\0' && (*p != ',' || depth > 0)) {
    depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
    p++;
  }
  *list = p;
  while (p > *item && isspace((unsigned char)p[-1])) {
    p--;
  }
  *length = (size_t)(p - *item);
  return *length > 0;
}

static void add_quoted(sh_buf *sql, const char *text, size_t n, char quote) {
  char *copy = strndup(text, n);
  if (copy == NULL) {
    sh_buf_free(sql);
    sql->failed = true;
    return;
  }
  sh_buf_quoted(sql, copy, quote);
  free(copy);
}

/* 'a:BIGINT, b DECIMAL(10,2)' as a parameter list. False: it is none. */
static bool add_params(sh_buf *sql, const char *list) {
  const char *item;
  size_t n;
  bool first = true;
  sh_buf_text(sql, " (");
  while (next_item(&list, &item, &n)) {
    size_t name = 0, type;
    while (name < n && strchr(": \t", item[name]) == NULL) {
      name++;
    }
    type = name;
    while (type < n && strchr(": \t", item[type]) != NULL) {
      type++;
    }
    if (name == 0 || !is_plain(item + type, n - type)) {
      return false;
    }
    sh_buf_text(sql, first ? "" : ", ");
    add_quoted(sql, item, name, '"');
    sh_buf_text(sql, " ");
    sh_buf_add(sql, item + type, n - type);
    first = false;
  }
  sh_buf_text(sql, ")");
  return true;
}

static void add_capabilities(sh_buf *sql, const char *list) {
  const char *item;
  size_t n;
  bool first = true;
  while (next_item(&list, &item, &n)) {
    sh_buf_text(sql, first ? "" : ", ");
    add_quoted(sql, item, n, '\'');
    first = false;
  }
}

/* 'timeout=1s, fuel_limit=1000' as WITH (...). */
static bool add_options(sh_buf *sql, const char *list) {
  const char *item;
  size_t n;
  bool first = true;
  sh_buf_text(sql, " WITH (");
  while (next_item(&list, &item, &n)) {
    const char *equals = memchr(item, '=', n);
    size_t name = equals == NULL ? 0 : (size_t)(equals - item);
    while (name > 0 && item[name - 1] == ' ') {
      name--;
    }
    if (name == 0 || !is_plain(item, name)) {
      return false;
    }
    const char *value = equals + 1 + strspn(equals + 1, " ");
    size_t length = n - (size_t)(value - item), digits = strspn(value, "0123456789");
    if (length == 0) {
      return false;
    }
    sh_buf_text(sql, first ? "" : ", ");
    sh_buf_add(sql, item, name);
    sh_buf_text(sql, " = ");
    if (digits >= length || (length == 4 && memcmp(value, "true", 4) == 0) ||
        (length == 5 && memcmp(value, "false", 5) == 0)) {
      sh_buf_add(sql, value, length);
    } else {
      add_quoted(sql, value, length, '\'');
    }
    first = false;
  }
  sh_buf_text(sql, ")");
  return !first;
}

/* Standard input as X'..'. */
static bool add_input(shell *sh, sh_buf *sql) {
  static const char digits[] = "0123456789abcdef";
  char bytes[4096], hex[2 * sizeof bytes];
  size_t n, total = 0;
  sh_buf_text(sql, "X'");
  while ((n = fread(bytes, 1, sizeof bytes, stdin)) > 0 && (total += n) <= SOURCE_MOST) {
    for (size_t i = 0; i < n; i++) {
      hex[2 * i] = digits[(unsigned char)bytes[i] >> 4];
      hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    sh_buf_add(sql, hex, 2 * n);
  }
  sh_buf_text(sql, "'");
  if (ferror(stdin) || total == 0 || total > SOURCE_MOST) {
    sh_say_error(sh, NULL, total == 0 ? "standard input is empty" : "can't read standard input");
    return false;
  }
  return true;
}

bool sh_add_source(shell *sh, sh_buf *sql, const char *file) {
  if (strcmp(file, "-") == 0) {
    return add_input(sh, sql);
  }
  FILE *stream = fopen(file, "re");
  if (stream == NULL) {
    sh_say_error(sh, NULL, "can't read %.300s", file);
    return false;
  }
  fclose(stream);
  /* "./" for names that would be taken for base64 */
  char *path = sqlite3_mprintf("%s%s", strchr(file, '/') == NULL ? "./" : "", file);
  if (path == NULL) {
    sh_buf_free(sql);
    sql->failed = true;
    return true;
  }
  sh_buf_quoted(sql, path, '\'');
  sqlite3_free(path);
  return true;
}

static const char *cascade(const shell *sh) {
  return sh_option(sh, SH_OPTION_cascade) == NULL ? "" : " CASCADE";
}

/* The clauses that options give. 0, or the exit code: it has complained. */
static int add_clauses(shell *sh, sh_buf *sql) {
  static const struct {
    enum sh_option_id option;
    const char *before;
    char quote; /* 0: a type */
  } clauses[] = {{SH_OPTION_returns, " RETURNS ", 0},
                 {SH_OPTION_export, " EXPORT ", '\''},
                 {SH_OPTION_profile, " SECURITY PROFILE ", '\''}};
  const char *params = sh_option(sh, SH_OPTION_params), *with = sh_option(sh, SH_OPTION_with);
  const char *capabilities = sh_option(sh, SH_OPTION_capabilities);
  if (params != NULL && !add_params(sql, params)) {
    return sh_usage(sh, "for example 'a:BIGINT, b:DECIMAL(10,2)'",
                    "--params is a list of name:TYPE");
  }
  sh_buf_text(sql, " LANGUAGE wasm");
  for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++) {
    const char *value = sh_option(sh, clauses[i].option);
    if (value != NULL && clauses[i].quote == 0 && !is_plain(value, strlen(value))) {
      return sh_usage(sh, NULL, "--returns is a type");
    }
    if (value != NULL) {
      sh_buf_text(sql, clauses[i].before);
      if (clauses[i].quote == 0) {
        sh_buf_text(sql, value);
      } else {
        sh_buf_quoted(sql, value, clauses[i].quote);
      }
    }
  }
  sh_buf_text(sql, sh_option(sh, SH_OPTION_deterministic) == NULL ? "" : " DETERMINISTIC");
  if (capabilities != NULL && capabilities[strspn(capabilities, " ,")] != '\0') {
    sh_buf_text(sql, " CAPABILITIES (");
    add_capabilities(sql, capabilities);
    sh_buf_text(sql, ")");
  }
  if (with != NULL && !add_options(sql, with)) {
    return sh_usage(sh, "for example 'timeout=1s, memory_limit=4MB'",
                    "--with is a list of option=value");
  }
  return 0;
}

int sh_cmd_procedure_create(shell *sh) {
  const char *name = sh_option(sh, SH_OPTION_name), *file = sh_option(sh, SH_OPTION_file);
  sh_buf sql = {.data = NULL};
  if (name == NULL || file == NULL) {
    return sh_usage(sh, NULL, "helios procedure create needs --name and --file");
  }
  sh_buf_text(&sql, sh_option(sh, SH_OPTION_replace) == NULL ? "CREATE PROCEDURE "
                                                             : "CREATE OR REPLACE PROCEDURE ");
  sh_buf_quoted(&sql, name, '"');
  int code = add_clauses(sh, &sql);
  sh_buf_text(&sql, " AS ");
  if (code == 0 && !sh_add_source(sh, &sql, file)) {
    code = SH_EXIT_USAGE;
  }
  sh_buf_text(&sql, cascade(sh));
  if (code == 0 && !sh_open(sh, sh->database)) {
    code = SH_EXIT_USAGE;
  } else if (code == 0) {
    code = sh_change(sh, &sql, "compile", NULL);
    if (code == 0) {
      sh_done(sh, "created", name);
    }
    code = sh_close(sh, code);
  }
  sh_buf_free(&sql);
  return code;
}

int sh_alter(shell *sh, const char *before, const char *after, const char *what) {
  const char *name = sh->command_line.args[0];
  sh_buf sql = {.data = NULL};
  sh_buf_text(&sql, before);
  sh_buf_quoted(&sql, name, '"');
  sh_buf_text(&sql, after);
  sh_buf_text(&sql, cascade(sh));
  int code = SH_EXIT_USAGE;
  if (sh_open(sh, sh->database)) {
    code = sh_change(sh, &sql, NULL, NULL);
    if (code == 0) {
      sh_done(sh, what, name);
    }
    code = sh_close(sh, code);
  }
  sh_buf_free(&sql);
  return code;
}

int sh_cmd_procedure_drop(shell *sh) {
  bool lenient = sh_option(sh, SH_OPTION_if_exists) != NULL;
  return sh_alter(sh, lenient ? "DROP PROCEDURE IF EXISTS " : "DROP PROCEDURE ", "", "dropped");
}

/* ALTER PROCEDURE name <words> 'capability', ... */
static int with_capabilities(shell *sh, const char *words, const char *what) {
  sh_buf after = {.data = NULL};
  sh_buf_text(&after, words);
  for (int i = 1; i < sh->command_line.arg_count; i++) {
    sh_buf_text(&after, i == 1 ? " " : ", ");
    sh_buf_quoted(&after, sh->command_line.args[i], '\'');
  }
  int code = SH_EXIT_SQL;
  if (after.failed) {
    sh_say_error(sh, NULL, "no memory");
  } else {
    code = sh_alter(sh, "ALTER PROCEDURE ", sh_buf_get(&after), what);
  }
  sh_buf_free(&after);
  return code;
}

int sh_cmd_procedure_grant(shell *sh) {
  return with_capabilities(sh, " GRANT CAPABILITY", "granted");
}

int sh_cmd_procedure_revoke(shell *sh) {
  return with_capabilities(sh, " REVOKE CAPABILITY", "revoked");
}

/* A query about what the argument names, or about all. */
static int ask(shell *sh, enum sh_query_id id,
               void (*query)(shell *, enum sh_query_id, const char *const[SH_GIVEN])) {
  if (!sh_open(sh, sh->database)) {
    return SH_EXIT_USAGE;
  }
  const char *which = sh->command_line.arg_count > 0 ? sh->command_line.args[0] : NULL;
  query(sh, id, (const char *const[SH_GIVEN]){which});
  return sh_close(sh, sh->errors > 0 ? SH_EXIT_SQL : 0);
}

int sh_cmd_procedure_list(shell *sh) {
  return ask(sh, SH_QUERY_PROCEDURES, sh_query); /* a pattern, which may match none */
}

static int about(shell *sh, enum sh_query_id id) {
  return ask(sh, id, sh_about);
}

int sh_cmd_procedure_metrics(shell *sh) {
  return about(sh, SH_QUERY_METRICS);
}

int sh_cmd_procedure_info(shell *sh) {
  return about(sh, SH_QUERY_PROCEDURE);
}

int sh_cmd_procedure_versions(shell *sh) {
  return about(sh, SH_QUERY_VERSIONS);
}

int sh_cmd_procedure_profile(shell *sh) {
  return about(sh, SH_QUERY_PROFILE);
}

/* What a function of the engine does to one procedure, or to all of them, and how many that were.
 */
static int apply(shell *sh, const char *function, const char *type, const char *step) {
  const char *name = sh->command_line.arg_count > 0 ? sh->command_line.args[0] : NULL;
  sh_buf sql = {.data = NULL};
  int code = SH_EXIT_USAGE;
  sh_buf_text(&sql, "SELECT ");
  sh_buf_text(&sql, function);
  sh_buf_text(&sql, "(");
  if (name != NULL) {
    sh_buf_quoted(&sql, name, '\'');
  }
  sh_buf_text(&sql, ")");
  if (sh_open(sh, sh->database)) {
    sqlite3_int64 count = 0;
    code = sh_change(sh, &sql, step, &count);
    if (code == 0 && sh->json) {
      printf("{\"v\":1,\"type\":\"%s\",\"count\":%lld}\n", type, count);
    } else if (code == 0) {
      sh_talk(sh, "%s: %lld\n", type, count);
    }
    code = sh_close(sh, code);
  }
  sh_buf_free(&sql);
  return code;
}

int sh_cmd_procedure_rebuild(shell *sh) {
  return apply(sh, "helios_rebuild", "rebuilt", "compile");
}

int sh_cmd_procedure_adopt(shell *sh) {
  return apply(sh, "helios_adopt", "adopted", NULL);
}
