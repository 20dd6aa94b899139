/* cli_run.c - heliosc run: builds a procedure, calls it once in a scratch database, prints what it
 * gave. */
#include <stdio.h>
#include <stdlib.h>

#include "cli_scratch.h"

static const char *type_of(const cJSON *param) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(param, "type");
  return cJSON_IsString(v) ? v->valuestring : "";
}

static void put_call(hcc_buf *sql, const hcc_cli *cli, const cJSON *procedure) {
  const cJSON *param = cJSON_GetObjectItemCaseSensitive(procedure, "params");
  param = param == NULL ? NULL : param->child;
  hcc_scratch_name(sql, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(procedure, "name")));
  hcc_buf_byte(sql, '(');
  for (int i = 1; i < cli->arg_count; i++) {
    hcc_buf_text(sql, i > 1 ? ", " : "");
    hcc_scratch_literal(sql, type_of(param), cli->args[i]);
    param = param == NULL ? NULL : param->next;
  }
  hcc_buf_byte(sql, ')');
  hcc_buf_byte(sql, '\0');
}

static void show(hcc_cli *cli, const hcc_answer *a) {
  if (cli->json) {
    cJSON *o = hcc_cli_object("result");
    cJSON_AddStringToObject(o, "command", "run");
    cJSON_AddStringToObject(o, "value", a->value);
    cJSON_AddStringToObject(o, "sql_type", a->type);
    cJSON_AddNumberToObject(o, "fuel", a->fuel);
    cJSON_AddNumberToObject(o, "time_ns", a->time_ns);
    hcc_cli_emit(cli, o);
    return;
  }
  char *plain = hcc_answer_plain(a);
  hcc_cli_print(cli, "%s\n", plain == NULL ? a->value : plain);
  free(plain);
  fflush(stdout);
  hcc_cli_say(cli, "%.0f fuel, %.1f us\n", a->fuel, a->time_ns / 1e3);
}

static int call(hcc_scratch *s) {
  hcc_cli *cli = s->cli;
  hcc_answer answer;
  hcc_buf sql;
  char clean[1024];
  const cJSON *procedure = hcc_scratch_procedure(s, NULL);
  if (procedure == NULL) {
    return 2;
  }
  hcc_buf_init(&sql, 1u << 20);
  put_call(&sql, cli, procedure);
  int status = hcc_scratch_call(
      &answer, s, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(procedure, "name")),
      sql.failed ? "NULL" : (const char *)sql.data);
  hcc_buf_free(&sql);
  if (status == 0 && answer.value == NULL) {
    hcc_fail(&s->err, HCC_E_CALL, HCC_NO_OFFSET, "%.250s",
             hcl_clean(clean, sizeof clean, answer.error));
    status = hcc_cli_error(cli, &s->err, cli->args[0]);
  } else if (status == 0) {
    show(cli, &answer);
  }
  hcc_answer_free(&answer);
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
