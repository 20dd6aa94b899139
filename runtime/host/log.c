/* log.c - log lines of procedures: kept in a ring of the connection, and handed to the
 * application's sink if it set one. Must never write to a file, a terminal or stderr by itself. */
#include <time.h>

#include "host/internal.h"
#include "plugin/alloc.h"

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void line_clear(hrt_log_line *line) {
  hrt_free(line->procedure);
  hrt_free(line->text);
  *line = (hrt_log_line){0};
}

static void keep(hrt_host_conn *conn, hrt_log_level level, const char *procedure,
                 const char *text) {
  hrt_log_line *line = &conn->lines[conn->log_count++ % HRT_LOG_LINES];
  line_clear(line);
  line->time_us = now_us();
  line->level = level;
  line->procedure = hrt_strdup(procedure);
  line->text = hrt_strdup(text);
}

void hrt_log_clear(hrt_host_conn *conn) {
  for (size_t i = 0; i < HRT_LOG_LINES; i++) {
    line_clear(&conn->lines[i]);
  }
  conn->log_count = 0;
}

void hrt_log_put(hrt_host_conn *conn, hrt_log_level level, const char *procedure,
                 const char *text) {
  if (level < conn->log_level) {
    return;
  }
  keep(conn, level, procedure, text);
  if (conn->log != NULL) {
    conn->log(conn->log_arg, level, procedure, text);
  }
}

static int log_bytes(hrt_host_env *env, uint32_t level, struct hrt_bytes *b) {
  char *text = hrt_alloc(HRT_LOG_BYTES);
  if (text == NULL) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  hrt_clean(text, HRT_LOG_BYTES, b->at, b->length);
  hrt_log_put(env->conn, (hrt_log_level)level, env->procedure, text);
  hrt_free(text);
  return 0;
}

void hrt_hc_log(hrt_host_env *env, hsb_slot *s) {
  uint32_t level = hrt_u32(s[0]);
  struct hrt_bytes b;
  if (level > HRT_LOG_ERROR) {
    hrt_answer(s, hrt_refuse(env, HSB_STATUS_LEVEL, NULL));
    return;
  }
  int status = hrt_bytes_read(&b, env, s[1], s[2], HRT_SQL_MAX);
  if (status == 0) {
    status = level < (uint32_t)env->conn->log_level ? 0 : log_bytes(env, level, &b);
    hrt_bytes_free(&b);
  }
  hrt_answer(s, status);
}

void hrt_hc_heliosdb_log(hrt_host_env *env, hsb_slot *s) {
  hrt_hc_log(env, s);
}
