/* cli_scratch.c - builds, creates and calls procedures by way of the helios program. Must not leave
 * its folder behind. Invariants: see cli_scratch.h. */
#include "cli_scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build.h"
#include "limits.h"
#include "module.h"
#include "pack.h"
#include "sign.h"

#define SQL_MAX (64u << 20)
#define ANSWER_MAX (256u << 20)
#define CLEAN 1024

extern char **environ;

const char *hcc_scratch_field(const cJSON *o, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
  return text == NULL ? "" : text;
}

bool hcc_scratch_is_table(const cJSON *procedure) {
  return cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(procedure, "table"));
}

bool hcc_scratch_is_aggregate(const cJSON *procedure) {
  return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(procedure, "aggregate"));
}

static const cJSON *list_of(const cJSON *o, const char *field) {
  return cJSON_GetObjectItemCaseSensitive(o, field);
}

static int failed(hcc_scratch *s, const char *file) {
  return hcc_cli_error(s->cli, &s->err, file);
}

/* helios stands beside heliosc, or is in PATH. */
static int find_helios(hcc_scratch *s) {
  ssize_t n = readlink("/proc/self/exe", s->helios, HCC_PATH - 8);
  s->helios[n > 0 ? n : 0] = '\0';
  char *slash = strrchr(s->helios, '/');
  if (slash != NULL) {
    memcpy(slash + 1, "helios", sizeof "helios");
    if (access(s->helios, X_OK) == 0) {
      return 0;
    }
  }
  const char *at = getenv("PATH");
  while (at != NULL && *at != '\0') {
    size_t length = strcspn(at, ":");
    if (*at == '/' && hcc_path(s->helios, NULL, "%.*s/helios", (int)length, at) == 0 &&
        access(s->helios, X_OK) == 0) {
      return 0;
    }
    at += length + (at[length] == ':');
  }
  return hcc_fail(&s->err, HCC_E_TOOL_MISSING, HCC_NO_OFFSET,
                  "the helios program is neither beside heliosc nor in PATH");
}

int hcc_scratch_begin(hcc_scratch *s, hcc_cli *cli) {
  *s = (hcc_scratch){.cli = cli, .err = {.offset = HCC_NO_OFFSET, .func = UINT32_MAX}};
  int status = find_helios(s);
  HCC_TRY(status);
  HCC_TRY(hcc_temp_make(&s->temp, &s->err));
  HCC_TRY(hcc_path(s->plugin, &s->err, "%s/procedure.so", s->temp.path));
  HCC_TRY(hcc_path(s->database, &s->err, "%s/scratch.db", s->temp.path));
out:
  return status == 0 ? 0 : failed(s, NULL);
}

void hcc_scratch_end(hcc_scratch *s) {
  cJSON_Delete(s->manifest);
  s->manifest = NULL;
  hcc_temp_free(&s->temp, false);
}

/* ---- building ---- */

/* What a module without a manifest says: each export of numbers is a procedure. */
static cJSON *manifest_of_exports(const hcc_module *m) {
  cJSON *root = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(root, "procedures");
  for (uint32_t i = 0; i < m->export_count; i++) {
    char name[129], param[16], shown[HCC_ESCAPED];
    const hcc_export *e = &m->exports[i];
    size_t n = e->name.end - e->name.begin;
    const hcc_functype *type = e->kind == HCC_FUNC ? &m->types[m->funcs[e->index].type] : NULL;
    hcc_escape(shown, m->bytes + e->name.begin, n);
    if (type == NULL || n >= sizeof name || strlen(shown) != n || shown[0] == '_' ||
        strncmp(shown, "helios_", 7) == 0) {
      continue;
    }
    snprintf(name, sizeof name, "%.128s", shown);
    cJSON *o = cJSON_CreateObject(), *params = cJSON_AddArrayToObject(o, "params");
    cJSON_AddStringToObject(o, "name", name);
    cJSON_AddStringToObject(o, "export", name);
    for (uint32_t p = 0; p < type->param_count; p++) {
      snprintf(param, sizeof param, "p%u", p + 1);
      cJSON *row = cJSON_CreateObject();
      cJSON_AddStringToObject(row, "name", param);
      cJSON_AddItemToArray(params, row);
    }
    cJSON_AddItemToArray(list, o);
  }
  return root;
}

static int read_exports(hcc_scratch *s, const uint8_t *wasm, size_t size) {
  hcc_module *m = NULL;
  int status = hcc_decode(&m, wasm, size, &s->err);
  s->manifest = status == 0 ? manifest_of_exports(m) : NULL;
  hcc_module_free(m);
  return status;
}

static int read_manifest(hcc_scratch *s) {
  struct hsb_file_footer footer;
  uint8_t *bytes = NULL;
  size_t size, length;
  int status = hcc_file_read(&bytes, &size, s->plugin, HCC_MAX_PLUGIN, &s->err);
  HCC_TRY(status);
  HCC_TRY(hcc_vouched(&footer, &size, bytes, size, &s->err));
  const uint8_t *info = hcc_pack_find(&length, bytes, size, &footer, HSB_SECTION_INFO);
  cJSON *whole = info == NULL ? NULL : cJSON_ParseWithLength((const char *)info, length);
  cJSON_Delete(s->manifest);
  s->manifest = cJSON_DetachItemFromObjectCaseSensitive(whole, "manifest");
  cJSON_Delete(whole);
  if (!cJSON_IsObject(s->manifest)) {
    const uint8_t *wasm = hcc_pack_find(&length, bytes, size, &footer, HSB_SECTION_WASM);
    cJSON_Delete(s->manifest);
    s->manifest = NULL;
    HCC_TRY(wasm == NULL ? 0 : read_exports(s, wasm, length));
  }
out:
  free(bytes);
  return status;
}

int hcc_scratch_build(hcc_scratch *s, const char *file) {
  const char *includes[8];
  hcc_build_result result = {.cached = false};
  hcc_build_options o = {.input = file,
                         .output = s->plugin,
                         .clang = s->cli->values[HCC_OPTION_clang],
                         .wasm2c = s->cli->values[HCC_OPTION_wasm2c],
                         .wat2wasm = s->cli->values[HCC_OPTION_wat2wasm],
                         .tinygo = s->cli->values[HCC_OPTION_tinygo] != NULL,
                         .includes = includes,
                         .listener = hcc_cli_listener(s->cli)};
  o.include_count = hcc_cli_values(includes, 8, s->cli, HCC_OPTION_include);
  hcl_progress *progress = hcc_cli_progress(s->cli);
  o.progress = progress == NULL ? NULL : hcl_progress_step;
  o.progress_arg = progress;
  s->err.code = HCC_OK;
  int status = hcc_build(&result, &o, &s->err);
  hcl_progress_end(progress);
  if (status == 0) {
    status = read_manifest(s);
  }
  return status == 0 ? 0 : failed(s, file);
}

/* ---- helios ---- */

static int spawn(hcc_scratch *s, const char *const *argv) {
  char out[HCC_PATH], err[HCC_PATH];
  posix_spawn_file_actions_t actions;
  pid_t child;
  int wait_status = 0;
  int status = hcc_path(out, &s->err, "%s/out", s->temp.path);
  HCC_TRY(status);
  HCC_TRY(hcc_path(err, &s->err, "%s/err", s->temp.path));
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out, O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err, O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  int cause = posix_spawn(&child, s->helios, &actions, NULL, (char *const *)argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (cause != 0) {
    HCC_TRY(hcc_fail(&s->err, HCC_E_TOOL_FAILED, HCC_NO_OFFSET, "can't run helios: %s",
                     strerror(cause)));
  }
  while (waitpid(child, &wait_status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(wait_status)) {
    HCC_TRY(hcc_fail(&s->err, HCC_E_TOOL_FAILED, HCC_NO_OFFSET, "helios was ended by signal %d",
                     WTERMSIG(wait_status)));
  }
out:
  return status;
}

/* One of the two files that helios wrote. */
static char *output(hcc_scratch *s, const char *name) {
  char path[HCC_PATH];
  uint8_t *text = NULL;
  size_t size;
  if (hcc_path(path, NULL, "%s/%s", s->temp.path, name) != 0 ||
      hcc_file_read(&text, &size, path, ANSWER_MAX, NULL) != 0) {
    return NULL;
  }
  return (char *)text;
}

/* The first error that helios reported, as text, and its hint; false if there is none. */
static bool first_error(char *text, size_t size, char *hint, size_t hint_size, hcc_scratch *s) {
  char *all = output(s, "err");
  bool found = false;
  for (char *save, *line = all == NULL ? NULL : strtok_r(all, "\n", &save); line != NULL && !found;
       line = strtok_r(NULL, "\n", &save)) {
    cJSON *o = cJSON_Parse(line);
    found = strcmp(hcc_scratch_field(o, "type"), "error") == 0;
    if (found) {
      snprintf(text, size, "%s", hcc_scratch_field(o, "text"));
      snprintf(hint, hint_size, "%s", hcc_scratch_field(o, "hint"));
    }
    cJSON_Delete(o);
  }
  free(all);
  return found;
}

const char *hcc_scratch_hint(char out[HCC_SCRATCH_HINT], const char *hint) {
  char clean[CLEAN];
  hcl_clean(clean, sizeof clean, hint);
  snprintf(out, HCC_SCRATCH_HINT, "%.280s%s", clean,
           strstr(clean, "CAPABILIT") == NULL ? "" : " (here by --grant)");
  return out;
}

static int refused(hcc_scratch *s, const char *what, const char *file) {
  char text[512], hint[256], shown[HCC_SCRATCH_HINT], clean[CLEAN];
  if (!first_error(text, sizeof text, hint, sizeof hint, s)) {
    return 0;
  }
  hcc_fail(&s->err, HCC_E_CALL, HCC_NO_OFFSET, "%s: %.180s", what,
           hcl_clean(clean, sizeof clean, text));
  return hcc_cli_error_hint(s->cli, &s->err, file, hcc_scratch_hint(shown, hint));
}

static int run_sql(hcc_scratch *s, const char *sql) {
  char path[HCC_PATH];
  const char *argv[] = {s->helios, "-q", "--json", "-f", path, s->database, NULL};
  int status = hcc_path(path, &s->err, "%s/sql", s->temp.path);
  HCC_TRY(status);
  HCC_TRY(hcc_file_write(path, sql, strlen(sql), &s->err));
  HCC_TRY(spawn(s, argv));
out:
  return status == 0 ? 0 : failed(s, NULL);
}

void hcc_scratch_name(hcc_buf *sql, const char *name) {
  hcc_buf_byte(sql, '"');
  for (; *name != '\0'; name++) {
    hcc_buf_text(sql, *name == '"' ? "\"" : "");
    hcc_buf_byte(sql, (uint8_t)*name);
  }
  hcc_buf_byte(sql, '"');
}

void hcc_scratch_text(hcc_buf *sql, const char *text) {
  hcc_buf_byte(sql, '\'');
  for (; *text != '\0'; text++) {
    hcc_buf_text(sql, *text == '\'' ? "'" : "");
    hcc_buf_byte(sql, (uint8_t)*text);
  }
  hcc_buf_byte(sql, '\'');
}

static bool is_number(const char *text) {
  char *end;
  size_t n = strspn(text, "+-.0123456789eE");
  if (*text == '\0' || text[n] != '\0') {
    return false;
  }
  (void)strtod(text, &end);
  return *end == '\0' && end != text;
}

static bool is_hex_literal(const char *text) {
  size_t n = strlen(text);
  return n >= 3 && (text[0] | 0x20) == 'x' && text[1] == '\'' && text[n - 1] == '\'' &&
         n % 2 == 1 && strspn(text + 2, "0123456789abcdefABCDEF") == n - 3;
}

void hcc_scratch_literal(hcc_buf *sql, const char *type, const char *value) {
  static const char *const texts[] = {"TEXT",      "VARCHAR", "JSON",   "DATE",
                                      "TIMESTAMP", "DECIMAL", "NUMERIC"};
  bool text = false;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    text |= strcmp(type, texts[i]) == 0;
  }
  if (strcmp(value, "NULL") == 0 || is_hex_literal(value) || (!text && is_number(value))) {
    hcc_buf_text(sql, value);
  } else if (strcmp(type, "BOOLEAN") == 0 &&
             (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)) {
    hcc_buf_text(sql, *value == 't' ? "1" : "0");
  } else {
    hcc_scratch_text(sql, value);
  }
}

/* ---- creating ---- */

/* CAPABILITIES ('read:orders', 'log') */
static void put_grants(hcc_buf *sql, const hcc_scratch *s) {
  const char *given[HCC_GRANTS_MAX];
  const cJSON *asked;
  uint32_t n = hcc_cli_values(given, HCC_GRANTS_MAX, s->cli, HCC_OPTION_grant), count = 0;
  bool by_hand = n > 0;
  if (!by_hand) {
    cJSON_ArrayForEach(asked, list_of(s->manifest, "capabilities")) {
      if (n < HCC_GRANTS_MAX && cJSON_IsString(asked)) {
        given[n++] = asked->valuestring;
      }
    }
  }
  for (uint32_t i = 0; i < n; i++) {
    hcc_buf_text(sql, count++ == 0 ? " CAPABILITIES (" : ", ");
    hcc_scratch_text(sql, given[i]);
  }
  hcc_buf_text(sql, n > 0 ? ")" : "");
}

static void put_create(hcc_buf *sql, const hcc_scratch *s, const cJSON *procedure) {
  hcc_buf_text(sql, hcc_scratch_is_aggregate(procedure) ? "CREATE OR REPLACE AGGREGATE "
                                                        : "CREATE OR REPLACE PROCEDURE ");
  hcc_scratch_name(sql, hcc_scratch_field(procedure, "name"));
  hcc_buf_text(sql, " LANGUAGE wasm EXPORT ");
  hcc_scratch_text(sql, hcc_scratch_field(procedure, "export"));
  put_grants(sql, s);
  hcc_buf_text(sql, " WITH (profiling = true) AS ");
  hcc_scratch_text(sql, s->plugin);
  hcc_buf_text(sql, ";\n");
}

int hcc_scratch_create(hcc_scratch *s, char *names, size_t size) {
  const cJSON *p;
  char clean[CLEAN];
  hcc_buf sql;
  size_t n = 0;
  hcc_buf_init(&sql, SQL_MAX);
  names[0] = '\0';
  cJSON_ArrayForEach(p, list_of(s->manifest, "procedures")) {
    put_create(&sql, s, p);
    if (n < size) {
      n += (size_t)snprintf(names + n, size - n, "%s%s", n == 0 ? "" : ", ",
                            hcl_clean(clean, sizeof clean, hcc_scratch_field(p, "name")));
    }
  }
  hcc_buf_byte(&sql, '\0');
  if (n == 0 || sql.failed) {
    hcc_buf_free(&sql);
    hcc_fail(&s->err, HCC_E_CALL, HCC_NO_OFFSET,
             "the module has no procedures: no manifest, and no export of numbers");
    return failed(s, s->cli->args[0]);
  }
  int status = run_sql(s, (const char *)sql.data);
  hcc_buf_free(&sql);
  return status != 0 ? status : refused(s, "helios refuses the procedure", s->cli->args[0]);
}

int hcc_scratch_fill(hcc_scratch *s) {
  const char *seed = s->cli->values[HCC_OPTION_seed];
  const char *argv[] = {s->helios, "-q", "--json", "--bail", "-f", seed, s->database, NULL};
  char names[256];
  if (seed != NULL) {
    if (spawn(s, argv) != 0) {
      return failed(s, seed);
    }
    int status = access(seed, R_OK) == 0
                     ? refused(s, "the seed fails", seed)
                     : hcc_cli_usage(s->cli, NULL, "can't read the file of --seed");
    if (status != 0) {
      return status;
    }
  }
  return hcc_scratch_create(s, names, sizeof names);
}

/* "a, b, c": the first ones, as many as there is room for. */
static const char *procedure_names(char *out, size_t size, const cJSON *list) {
  const cJSON *p;
  size_t used = 0;
  out[0] = '\0';
  cJSON_ArrayForEach(p, list) {
    const char *name = hcc_scratch_field(p, "name");
    if (used + strlen(name) + sizeof ", ..." > size) {
      snprintf(out + used, size - used, "%s", used > 0 ? ", ..." : "");
      break;
    }
    used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", name);
  }
  return out;
}

const cJSON *hcc_scratch_procedure(hcc_scratch *s, const char *name) {
  const cJSON *list = list_of(s->manifest, "procedures"), *p;
  char clean[CLEAN], names[200];
  name = name == NULL ? s->cli->values[HCC_OPTION_procedure] : name;
  if (name == NULL && cJSON_GetArraySize(list) == 1) {
    return list->child;
  }
  cJSON_ArrayForEach(p, list) {
    if (name != NULL && strcasecmp(hcc_scratch_field(p, "name"), name) == 0) {
      return p;
    }
  }
  if (name == NULL) {
    hcc_cli_usage(s->cli, "say which with --procedure", "there is more than one procedure: %s",
                  procedure_names(names, sizeof names, list));
  } else {
    hcc_cli_usage(s->cli, "heliosc inspect lists them", "no procedure '%s'",
                  hcl_clean(clean, sizeof clean, name));
  }
  return NULL;
}

/* ---- calling ---- */

/* Takes the rows that helios printed: an array a line. */
static void take_rows(hcc_answer *out, char *text) {
  for (char *save, *line = text == NULL ? NULL : strtok_r(text, "\n", &save); line != NULL;
       line = strtok_r(NULL, "\n", &save)) {
    cJSON *rows = cJSON_Parse(line);
    const cJSON *row = rows == NULL ? NULL : rows->child;
    const cJSON *value = list_of(row, "value"), *fuel = list_of(row, "fuel");
    if (cJSON_IsString(value) && out->value == NULL) {
      out->value = strdup(value->valuestring);
      snprintf(out->type, sizeof out->type, "%s", hcc_scratch_field(row, "type"));
    } else if (cJSON_IsNumber(fuel)) {
      out->fuel = fuel->valuedouble;
      out->time_ns = cJSON_GetNumberValue(list_of(row, "time_ns"));
    }
    cJSON_Delete(rows);
  }
}

/* What the procedure logged: those of helios' lines that are no JSON. */
static char *log_lines(hcc_scratch *s) {
  char *all = output(s, "err"), *to = all;
  for (char *at = all; at != NULL && *at != '\0';) {
    size_t n = strcspn(at, "\n");
    n += at[n] == '\n';
    if (*at != '{') {
      memmove(to, at, n);
      to += n;
    }
    at += n;
  }
  if (to != NULL) {
    *to = '\0';
  }
  return all;
}

int hcc_scratch_call(hcc_answer *out, hcc_scratch *s, const char *procedure, const char *call) {
  hcc_buf sql;
  hcc_buf_init(&sql, SQL_MAX);
  *out = (hcc_answer){.value = NULL};
  hcc_buf_text(&sql, ".log on\nBEGIN;\nWITH r(v) AS MATERIALIZED (SELECT ");
  hcc_buf_text(&sql, call == NULL ? "" : call);
  hcc_buf_text(&sql, ") SELECT quote(v) AS value, typeof(v) AS type FROM r;\n"
                     "SELECT fuel, time_ns FROM helios_statement WHERE procedure = ");
  hcc_scratch_text(&sql, procedure);
  hcc_buf_text(&sql, " COLLATE NOCASE;\nROLLBACK;\n");
  hcc_buf_byte(&sql, '\0');
  if (call == NULL || sql.failed) {
    hcc_fail(&s->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for a statement");
    return failed(s, NULL);
  }
  int status = run_sql(s, (const char *)sql.data);
  hcc_buf_free(&sql);
  if (status != 0) {
    return status;
  }
  char *text = output(s, "out");
  take_rows(out, text);
  free(text);
  out->log = log_lines(s);
  if (out->value == NULL &&
      !first_error(out->error, sizeof out->error, out->hint, sizeof out->hint, s)) {
    snprintf(out->error, sizeof out->error, "helios gave no answer");
  }
  return 0;
}

void hcc_answer_free(hcc_answer *a) {
  free(a->value);
  free(a->log);
  a->value = a->log = NULL;
}

/* A real in 15 digits, as SQLite shows it. */
static char *plain_real(const char *text) {
  char digits[40];
  snprintf(digits, sizeof digits, "%.15g", strtod(text, NULL));
  if (strspn(digits, "-0123456789") == strlen(digits)) {
    memcpy(digits + strlen(digits), ".0", 3);
  }
  return strdup(digits);
}

char *hcc_answer_plain(const hcc_answer *a) {
  if (strcmp(a->type, "real") == 0) {
    return plain_real(a->value);
  }
  char *plain = strdup(a->value);
  if (plain == NULL || strcmp(a->type, "text") != 0 || plain[0] != '\'') {
    return plain;
  }
  char *to = plain;
  for (const char *at = a->value + 1; *at != '\0' && !(at[0] == '\'' && at[1] == '\0'); at++) {
    at += at[0] == '\'' && at[1] == '\'';
    *to++ = *at;
  }
  *to = '\0';
  return plain;
}
