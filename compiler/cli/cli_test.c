/* cli_test.c - heliosc test: calls a procedure with given arguments and compares what it gives with
 * what it should. Must not call a case passed whose value was not compared. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_call.h"
#include "source.h"

#define CASES_MAX (64u << 20)
#define SQL_MAX (64u << 20)
#define NEARLY 1e-9 /* two reals are equal if they differ by this part of them */

typedef struct tester {
  hcc_cli *cli;
  hcc_scratch scratch;
  unsigned passed, failed;
} tester;

/* What a case says: fields of a line of the cases file, or options. */
typedef struct test_case {
  const char *procedure; /* NULL: the only one */
  const cJSON *params;   /* object by name, or array */
  bool typed;            /* its values are JSON's; else texts as typed */
  const cJSON *expect;   /* NULL: anything */
  const char *error;     /* part of its message; NULL: none may come */
} test_case;

static const cJSON *field(const cJSON *o, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(o, name);
}

static const char *text_of(const cJSON *o, const char *name) {
  return cJSON_GetStringValue(field(o, name));
}

/* A JSON value as text; malloc'ed. */
static char *text_from(const cJSON *v) {
  return cJSON_IsString(v) ? strdup(v->valuestring)
         : cJSON_IsNull(v) ? strdup("NULL")
                           : cJSON_PrintUnformatted(v);
}

static void put_value(hcc_buf *sql, const char *type, const cJSON *v, bool typed) {
  char *text = cJSON_IsBool(v) ? strdup(cJSON_IsTrue(v) ? "1" : "0") : text_from(v);
  bool blob = strcmp(type, "BLOB") == 0 || strcmp(type, "BYTEA") == 0;
  if (text == NULL) {
    sql->failed = true;
  } else if (cJSON_IsString(v) && typed && !blob) {
    hcc_scratch_text(sql, text);
  } else if (cJSON_IsObject(v) || cJSON_IsArray(v)) {
    hcc_scratch_text(sql, text);
  } else {
    hcc_scratch_literal(sql, type, text);
  }
  free(text);
}

/* The arguments, in the order of the parameters; those without a value at the end have defaults. */
static int put_arguments(hcc_buf *sql, tester *t, const cJSON *given, bool typed,
                         const cJSON *procedure) {
  const cJSON *param, *list = field(procedure, "params");
  char clean[128];
  int found = 0;
  cJSON_ArrayForEach(param, list) {
    const char *name = text_of(param, "name"), *type = text_of(param, "type");
    const cJSON *v = cJSON_IsArray(given) ? cJSON_GetArrayItem(given, found) : field(given, name);
    if (v == NULL && text_of(param, "default") != NULL) {
      break;
    }
    if (v == NULL) {
      return hcc_cli_usage(t->cli, "every parameter without a default needs a value",
                           "no value for parameter %s", hcl_clean(clean, sizeof clean, name));
    }
    hcc_buf_text(sql, found++ > 0 ? ", " : "");
    put_value(sql, type == NULL ? "" : type, v, typed);
  }
  if (found != cJSON_GetArraySize(given)) {
    return hcc_cli_usage(t->cli, "heliosc inspect shows its parameters",
                         "a value for a parameter that is not there, or given twice");
  }
  return 0;
}

/* An aggregate's arguments: a row for each item of the array. */
static int put_rows(hcc_buf *sql, tester *t, const test_case *c, const cJSON *procedure) {
  const cJSON *row;
  int status = 0;
  if (c->params != NULL && !cJSON_IsArray(c->params)) {
    return hcc_cli_usage(t->cli, "\"params\": [[1], [2]]",
                         "params of an aggregate is an array of rows");
  }
  cJSON_ArrayForEach(row, c->params) {
    if (status == 0 && !cJSON_IsArray(row) && !cJSON_IsObject(row)) {
      status = hcc_cli_usage(t->cli, "\"params\": [[1], [2]]", "a row is an object or an array");
    }
    if (status == 0) {
      hcc_buf_text(sql, row == c->params->child ? "(" : ", (");
      status = put_arguments(sql, t, row, c->typed, procedure);
      hcc_buf_text(sql, cJSON_GetArraySize(row) == 0 ? "NULL)" : ")");
    }
  }
  return status;
}

static bool number(double *out, const char *text) {
  char *end;
  *out = strtod(text, &end);
  return *text != '\0' && *end == '\0';
}

static bool same_json(const char *a, const cJSON *b) {
  cJSON *parsed = cJSON_Parse(a);
  bool same = parsed != NULL && cJSON_Compare(parsed, b, true) != 0;
  cJSON_Delete(parsed);
  return same;
}

/* SQL makes numbers of true and false. */
static const char *as_integer(const char *text) {
  return strcmp(text, "true") == 0 ? "1" : strcmp(text, "false") == 0 ? "0" : text;
}

/* The rows that are expected, with the numbers that SQL makes of true and false in columns of
 * BOOLEAN; NULL without memory. */
static cJSON *expected_rows(const cJSON *expect, const cJSON *columns) {
  cJSON *rows = cJSON_Duplicate(expect, true), *row;
  cJSON_ArrayForEach(row, rows) {
    const cJSON *column = columns->child;
    for (cJSON *v = row->child; v != NULL && column != NULL; v = v->next, column = column->next) {
      const char *type = text_of(column, "type");
      if (cJSON_IsBool(v) && type != NULL && strcmp(type, "BOOLEAN") == 0) {
        cJSON_SetNumberHelper(v, cJSON_IsTrue(v) ? 1 : 0);
        v->type = cJSON_Number;
      }
    }
  }
  return rows;
}

/* Is what the call gave what was expected? Numbers by value, reals nearly; all else to the letter.
 */
static bool same(const hcc_answer *a, const cJSON *expect, const char *text, bool typed) {
  double x, y;
  char *plain = hcc_answer_plain(a);
  bool equal = false;
  if (plain == NULL || text == NULL) {
    equal = false;
  } else if (strcmp(a->type, "null") == 0) {
    equal = typed ? cJSON_IsNull(expect) : strcmp(text, "NULL") == 0;
  } else if (typed && cJSON_IsNull(expect)) {
    equal = false;
  } else if (cJSON_IsObject(expect) || cJSON_IsArray(expect)) {
    equal = same_json(plain, expect);
  } else if (strcmp(a->type, "text") == 0) {
    equal = strcmp(plain, text) == 0;
  } else if (strcmp(a->type, "blob") == 0) {
    equal = strcasecmp(plain, text) == 0;
  } else if (strcmp(plain, strcmp(a->type, "integer") == 0 ? as_integer(text) : text) == 0) {
    equal = true;
  } else if (number(&x, plain) && number(&y, text)) {
    bool real = strcmp(a->type, "real") == 0;
    equal = real ? fabs(x - y) <= NEARLY * (fabs(x) + fabs(y)) : x == y && fabs(x) < 9e15;
  }
  free(plain);
  return equal;
}

static void show(tester *t, const char *call, const hcc_answer *a, const char *wanted,
                 bool is_error, bool good) {
  hcc_cli *cli = t->cli;
  char shown[512], value[512], clean[512];
  char *plain = a->value == NULL || strcmp(a->type, "real") != 0 ? NULL : hcc_answer_plain(a);
  hcl_clean(value, sizeof value, plain != NULL ? plain : a->value == NULL ? a->error : a->value);
  free(plain);
  if (cli->json) {
    cJSON *o = hcc_cli_object("case");
    cJSON_AddStringToObject(o, "call", hcl_clean(shown, sizeof shown, call));
    cJSON_AddBoolToObject(o, "ok", good);
    cJSON_AddStringToObject(o, a->value == NULL ? "error" : "value", value);
    if (wanted != NULL) {
      cJSON_AddStringToObject(o, "expected", hcl_clean(clean, sizeof clean, wanted));
    }
    cJSON_AddNumberToObject(o, "fuel", a->fuel);
    cJSON_AddNumberToObject(o, "time_ns", a->time_ns);
    hcc_cli_emit(cli, o);
    return;
  }
  if (good && cli->quiet) {
    return;
  }
  hcc_cli_print(cli, "%s%-4s%s  %s %s %s",
                hcl_style(cli->color_out, good ? HCL_STYLE_GOOD : HCL_STYLE_ERROR),
                good ? "ok" : "FAIL", hcl_style(cli->color_out, HCL_STYLE_PLAIN),
                hcl_clean(shown, sizeof shown, call), a->value == NULL ? "fails:" : "=", value);
  if (!good) {
    hcc_cli_print(cli, "\n      expected %s%s", wanted != NULL && is_error ? "an error with: " : "",
                  wanted == NULL ? "no error" : hcl_clean(clean, sizeof clean, wanted));
  }
  hcc_cli_print(cli, "  (%.0f fuel, %.1f us)\n", a->fuel, a->time_ns / 1e3);
}

static void judge(tester *t, const test_case *c, const cJSON *procedure, const char *call,
                  const hcc_answer *a) {
  bool table = c->expect != NULL && hcc_scratch_is_table(procedure);
  cJSON *rows = table ? expected_rows(c->expect, field(procedure, "table")) : NULL;
  char *wanted = c->error != NULL    ? strdup(c->error)
                 : c->expect != NULL ? text_from(c->expect)
                                     : NULL;
  bool good = c->error != NULL    ? a->value == NULL && strstr(a->error, c->error) != NULL
              : a->value == NULL  ? false
              : c->expect == NULL ? true
                                  : same(a, table ? rows : c->expect, wanted, c->typed);
  *(good ? &t->passed : &t->failed) += 1;
  show(t, call, a, wanted, c->error != NULL, good);
  cJSON_Delete(rows);
  free(wanted);
}

static int run_case(tester *t, const test_case *c) {
  hcc_buf arguments;
  hcc_answer answer = {.value = NULL};
  const cJSON *procedure = hcc_scratch_procedure(&t->scratch, c->procedure);
  if (procedure == NULL) {
    return 2;
  }
  hcc_buf_init(&arguments, SQL_MAX);
  int status = hcc_scratch_is_aggregate(procedure)
                   ? put_rows(&arguments, t, c, procedure)
                   : put_arguments(&arguments, t, c->params, c->typed, procedure);
  hcc_buf_byte(&arguments, '\0');
  if (status == 0) {
    char shown[400]; /* the call as a person would write it */
    snprintf(shown, sizeof shown, "%s(%s)", hcc_scratch_field(procedure, "name"),
             arguments.failed ? "" : (const char *)arguments.data);
    status = hcc_call(&answer, &t->scratch, procedure, &arguments);
    if (status == 0) {
      judge(t, c, procedure, shown, &answer);
    }
  }
  hcc_answer_free(&answer);
  hcc_buf_free(&arguments);
  return status;
}

/* ---- the command line ---- */

/* Values by name as rows: the second value of a name belongs to the second row. */
static cJSON *rows_of(cJSON *values) {
  cJSON *rows = cJSON_CreateArray(), *v;
  while ((v = cJSON_DetachItemFromArray(values, 0)) != NULL) {
    cJSON *row = rows->child;
    while (row != NULL && field(row, v->string) != NULL) {
      row = row->next;
    }
    if (row == NULL) {
      row = cJSON_CreateObject();
      cJSON_AddItemToArray(rows, row);
    }
    cJSON_AddStringToObject(row, v->string, v->valuestring);
    cJSON_Delete(v);
  }
  cJSON_Delete(values);
  return rows;
}

/* NAME=VALUE of every --param, by name. */
static int read_params(cJSON *params, hcc_cli *cli) {
  const char *given[64];
  char name[160], clean[128];
  uint32_t count = hcc_cli_values(given, 64, cli, HCC_OPTION_param);
  for (uint32_t i = 0; i < count; i++) {
    const char *sign = strchr(given[i], '=');
    if (sign == NULL || sign == given[i] || (size_t)(sign - given[i]) >= sizeof name) {
      return hcc_cli_usage(cli, "--param customer_id=12345", "--param needs NAME=VALUE, not '%s'",
                           hcl_clean(clean, sizeof clean, given[i]));
    }
    snprintf(name, sizeof name, "%.*s", (int)(sign - given[i]), given[i]);
    cJSON_AddStringToObject(params, name, sign + 1);
  }
  return 0;
}

static int options_case(tester *t) {
  const cJSON *procedure = hcc_scratch_procedure(&t->scratch, NULL);
  const char *expect = t->cli->values[HCC_OPTION_expect];
  cJSON *params = cJSON_CreateObject(), *wanted = NULL;
  int status = procedure == NULL ? 2 : read_params(params, t->cli);
  if (status == 0 && expect != NULL) {
    wanted = hcc_scratch_is_table(procedure) ? cJSON_Parse(expect) : cJSON_CreateString(expect);
    status = wanted != NULL ? 0
                            : hcc_cli_usage(t->cli, "--expect '[[1, \"a\"], [2, \"b\"]]'",
                                            "the rows of a table are expected as JSON");
  }
  if (status == 0) {
    params = hcc_scratch_is_aggregate(procedure) ? rows_of(params) : params;
    test_case c = {
        .params = params, .expect = wanted, .error = t->cli->values[HCC_OPTION_expect_error]};
    status = run_case(t, &c);
  }
  cJSON_Delete(params);
  cJSON_Delete(wanted);
  return status;
}

/* ---- the cases file ---- */

/* What is wrong with a line, or NULL. */
static const char *bad_line(const cJSON *o) {
  static const char *const known[] = {"procedure", "params", "expect", "error", "name"};
  const cJSON *v;
  if (!cJSON_IsObject(o)) {
    return "not a JSON object";
  }
  cJSON_ArrayForEach(v, o) {
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
      found |= strcmp(v->string, known[i]) == 0;
    }
    if (!found) {
      return "a field that is none of procedure, params, expect, error, name";
    }
  }
  if (field(o, "params") != NULL && !cJSON_IsObject(field(o, "params")) &&
      !cJSON_IsArray(field(o, "params"))) {
    return "params is an object or an array";
  }
  return (field(o, "expect") == NULL) == (field(o, "error") == NULL) ? "needs expect, or error"
                                                                     : NULL;
}

static int run_line(tester *t, const char *file, unsigned line, const char *text) {
  cJSON *o = cJSON_Parse(text);
  const char *bad = bad_line(o);
  int status;
  if (bad != NULL) {
    hcc_message m = {.level = "error", .file = file, .line = line, .column = 1, .text = bad};
    hcc_listener listener = hcc_cli_listener(t->cli);
    listener.hear(listener.arg, &m);
    status = hcc_cli_usage(t->cli, NULL, "a case that can't be read");
  } else {
    test_case c = {.procedure = text_of(o, "procedure"),
                   .params = field(o, "params"),
                   .typed = true,
                   .expect = field(o, "expect"),
                   .error = text_of(o, "error")};
    status = run_case(t, &c);
  }
  cJSON_Delete(o);
  return status;
}

static int run_cases(tester *t, const char *file) {
  uint8_t *text = NULL;
  size_t size;
  int status = hcc_file_read(&text, &size, file, CASES_MAX, &t->scratch.err);
  if (status != 0) {
    return hcc_cli_error(t->cli, &t->scratch.err, file);
  }
  unsigned line = 1;
  for (char *at = (char *)text; *at != '\0' && status == 0; line++) {
    size_t n = strcspn(at, "\n");
    char *next = at + n + (at[n] == '\n');
    at[n] = '\0';
    if (at[strspn(at, " \t\r")] != '\0' && *at != '#') {
      status = run_line(t, file, line, at);
    }
    at = next;
  }
  free(text);
  return status;
}

static int summary(tester *t) {
  if (t->cli->json) {
    cJSON *o = hcc_cli_object("result");
    cJSON_AddStringToObject(o, "command", "test");
    cJSON_AddNumberToObject(o, "passed", t->passed);
    cJSON_AddNumberToObject(o, "failed", t->failed);
    hcc_cli_emit(t->cli, o);
  } else {
    fflush(stdout);
    hcc_cli_say(t->cli, "%u passed, %u failed\n", t->passed, t->failed);
  }
  return t->failed > 0 || t->passed == 0;
}

/* The file of --cases, else the one beside the source, unless options say the call. NULL: none. */
static const char *cases_file(char path[HCC_PATH], const hcc_cli *cli) {
  char stem[HCC_PATH];
  bool call = cli->values[HCC_OPTION_param] != NULL || cli->values[HCC_OPTION_expect] != NULL ||
              cli->values[HCC_OPTION_expect_error] != NULL;
  if (cli->values[HCC_OPTION_cases] != NULL) {
    return cli->values[HCC_OPTION_cases];
  }
  bool there = hcc_source_stem(stem, cli->args[0], NULL) == 0 &&
               hcc_path(path, NULL, "%s.cases.jsonl", stem) == 0 && access(path, R_OK) == 0;
  return there && !call ? path : NULL;
}

int hcc_cli_test(hcc_cli *cli) {
  tester t = {.cli = cli};
  char path[HCC_PATH];
  const char *cases = cases_file(path, cli);
  int status = hcc_scratch_begin(&t.scratch, cli);
  status = status == 0 ? hcc_scratch_build(&t.scratch, cli->args[0]) : status;
  status = status == 0 ? hcc_scratch_fill(&t.scratch) : status;
  if (status == 0) {
    status = cases != NULL ? run_cases(&t, cases) : options_case(&t);
  }
  status = status == 0 ? summary(&t) : status;
  hcc_scratch_end(&t.scratch);
  return status;
}
