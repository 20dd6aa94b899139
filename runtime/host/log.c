/* log.c - log lines of procedures: kept in the store of the database, and handed to the
 * application's sink if it set one. Must never write to a file, a terminal or stderr by itself. */
#include "host/compile_bounds.h"
#include "host/internal.h"
#include "plugin/alloc.h"

void hrt_log_put(hrt_host_env *env, hrt_log_level level, const char *text) {
  hrt_host_conn *conn = env->conn;
  hrt_origin who = hrt_origin_of(env);
  if (level < conn->log_level) {
    return;
  }
  hrt_observe_log(&conn->observer, &who, level, text);
  if (conn->log != NULL) {
    hrt_compile_drop(conn);
    conn->log(conn->log_arg, level, env->procedure, text);
  }
}

static int log_bytes(hrt_host_env *env, uint32_t level, struct hrt_bytes *b) {
  char *text = hrt_alloc(HRT_LOG_BYTES);
  if (text == NULL) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  hrt_clean(text, HRT_LOG_BYTES, b->at, b->length);
  hrt_log_put(env, (hrt_log_level)level, text);
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
