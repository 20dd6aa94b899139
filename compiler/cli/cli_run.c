/* cli_run.c - heliosc run: builds a procedure, calls it once in a scratch database, prints what it
 * gave. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_call.h"

/* The words of the command line: one call's, or of an aggregate as many rows as there are. */
static int put_arguments(hcc_buf *sql, hcc_cli *cli, const cJSON *procedure) {
  const cJSON *params = cJSON_GetObjectItemCaseSensitive(procedure, "params");
  const cJSON *param = params == NULL ? NULL : params->child;
  int count = cJSON_GetArraySize(params), given = cli->arg_count - 1;
  bool aggregate = hcc_scratch_is_aggregate(procedure);
  if (aggregate && given > 0 && (count == 0 || given % count != 0)) {
    return hcc_cli_usage(cli,
                         "an aggregate is given rows: the values of one after those of another",
                         "%d values are no rows of %d", given, count);
  }
  for (int i = 0; i < given; i++) {
    bool row = aggregate && i % count == 0;
    param = row ? params->child : param;
    hcc_buf_text(sql, i > 0 ? ", " : "");
    hcc_buf_text(sql, row ? "(" : "");
    hcc_scratch_literal(sql, hcc_scratch_field(param, "type"), cli->args[i + 1]);
    hcc_buf_text(sql, aggregate && i % count == count - 1 ? ")" : "");
    param = param == NULL ? NULL : param->next;
  }
  hcc_buf_byte(sql, '\0');
  return 0;
}

/* Rows of a table: a line each, as sqlite3 shows them. */
static void show_rows(hcc_cli *cli, const cJSON *rows) {
  const cJSON *row, *v;
  cJSON_ArrayForEach(row, rows) {
    cJSON_ArrayForEach(v, row) {
      char *other = cJSON_IsString(v) || cJSON_IsNull(v) ? NULL : cJSON_PrintUnformatted(v);
      const char *text = cJSON_IsString(v) ? v->valuestring : other == NULL ? "" : other;
      hcc_cli_print(cli, "%s%s", v == row->child ? "" : "|", text);
      free(other);
    }
    hcc_cli_print(cli, "\n");
  }
}

static void show(hcc_cli *cli, const cJSON *procedure, const hcc_answer *a) {
  char *plain = hcc_answer_plain(a);
  cJSON *rows = hcc_scratch_is_table(procedure) && plain != NULL ? cJSON_Parse(plain) : NULL;
  if (cli->json) {
    cJSON *o = hcc_cli_object("result");
    cJSON_AddStringToObject(o, "command", "run");
    cJSON_AddStringToObject(o, "value", a->value);
    cJSON_AddStringToObject(o, "sql_type", a->type);
    cJSON_AddNumberToObject(o, "fuel", a->fuel);
    cJSON_AddNumberToObject(o, "time_ns", a->time_ns);
    hcc_cli_emit(cli, o);
  } else if (rows != NULL) {
    show_rows(cli, rows);
  } else {
    hcc_cli_print(cli, "%s\n", plain == NULL ? a->value : plain);
  }
  if (!cli->json) {
    fflush(stdout);
    hcc_cli_say(cli, "%.0f fuel, %.1f us\n", a->fuel, a->time_ns / 1e3);
  }
  cJSON_Delete(rows);
  free(plain);
}

/* "info: greet: a line", one after the other; helios has cleaned them. */
static void show_log(hcc_cli *cli, char *lines) {
  for (char *save, *line = lines == NULL ? NULL : strtok_r(lines, "\n", &save); line != NULL;
       line = strtok_r(NULL, "\n", &save)) {
    if (cli->json) {
      cJSON *o = hcc_cli_object("log");
      cJSON_AddStringToObject(o, "text", line);
      hcc_cli_emit(cli, o);
    } else {
      hcc_cli_say(cli, "%s\n", line);
    }
  }
}

static int call(hcc_scratch *s) {
  hcc_cli *cli = s->cli;
  hcc_answer answer = {.value = NULL};
  hcc_buf arguments;
  char clean[1024], hint[HCC_SCRATCH_HINT];
  const cJSON *procedure = hcc_scratch_procedure(s, NULL);
  if (procedure == NULL) {
    return 2;
  }
  hcc_buf_init(&arguments, 1u << 20);
  int status = put_arguments(&arguments, cli, procedure);
  status = status == 0 ? hcc_call(&answer, s, procedure, &arguments) : status;
  show_log(cli, answer.log);
  if (status == 0 && answer.value == NULL) {
    hcc_fail(&s->err, HCC_E_CALL, HCC_NO_OFFSET, "%.250s",
             hcl_clean(clean, sizeof clean, answer.error));
    status = hcc_cli_error_hint(cli, &s->err, cli->args[0], hcc_scratch_hint(hint, answer.hint));
  } else if (status == 0) {
    show(cli, procedure, &answer);
  }
  hcc_answer_free(&answer);
  hcc_buf_free(&arguments);
  return status;
}

int hcc_cli_run(hcc_cli *cli) {
  hcc_scratch s;
  int status = hcc_scratch_begin(&s, cli);
  status = status == 0 ? hcc_scratch_build(&s, cli->args[0]) : status;
  status = status == 0 ? hcc_scratch_fill(&s) : status;
  status = status == 0 ? call(&s) : status;
  hcc_scratch_end(&s);
  return status;
}
