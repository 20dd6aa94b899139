/* rows.c - the rows of a RETURNS TABLE procedure: row_null, row_i64, row_f64, row_bytes, row_end.
 * What does not fit the declaration fails the call, whatever the guest makes of the status: a row
 * that is lost in silence is worse than none. */
#include "host/rows.h"

#include <stdio.h>
#include <string.h>

#include "host/internal.h"
#include "plugin/alloc.h"

#define COLUMN_TEXT 192

/* "row 3, column total" */
static const char *place(char out[COLUMN_TEXT], const hrt_rows *r) {
  char escaped[HRT_ESCAPED];
  const char *name = r->names[r->count - r->complete * r->columns];
  snprintf(out, COLUMN_TEXT, "row %llu, column %.120s", (unsigned long long)r->complete + 1,
           hrt_escape(escaped, name, strlen(name)));
  return out;
}

static int make_room(hrt_rows *r, helios_error *err) {
  if (r->count < r->room) {
    return 0;
  }
  uint64_t room = r->room ? r->room * 2 : 64;
  hrt_value *cells = hrt_realloc(r->cells, room * sizeof *cells);
  if (cells == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  r->cells = cells;
  r->room = room;
  return 0;
}

static int add(hrt_rows *r, hrt_value *v, helios_error *err) {
  char where[COLUMN_TEXT];
  uint64_t at = r->count - r->complete * r->columns;
  if (at >= r->columns) {
    return hrt_fail(err, HELIOS_E_VALUE, "row %llu has more than the %u columns declared",
                    (unsigned long long)r->complete + 1, r->columns);
  }
  int status = hrt_value_as(v, (hrt_type)r->types[at], place(where, r), err);
  uint64_t size = sizeof *v + (v->bytes ? v->length + 1 : 0);
  if (status == 0 && size > HRT_ROWS_MAX - r->held) {
    return hrt_fail(err, HELIOS_E_LIMIT, "the rows take more than %u bytes", HRT_ROWS_MAX);
  }
  if (status == 0) {
    status = make_room(r, err);
  }
  if (status == 0) {
    r->cells[r->count++] = *v;
    r->held += size;
    v->bytes = NULL;
  }
  return status;
}

int hrt_rows_add(hrt_rows *r, hrt_value *v, helios_error *err) {
  int status = add(r, v, err);
  hrt_value_clear(v);
  return status;
}

int hrt_rows_end(hrt_rows *r, helios_error *err) {
  uint64_t given = r->count - r->complete * r->columns;
  if (given != r->columns) {
    return hrt_fail(err, HELIOS_E_VALUE, "row %llu has %llu of the %u columns declared",
                    (unsigned long long)r->complete + 1, (unsigned long long)given, r->columns);
  }
  r->complete++;
  return 0;
}

void hrt_rows_clear(hrt_rows *r) {
  for (uint64_t i = 0; i < r->count; i++) {
    hrt_free(r->cells[i].bytes);
  }
  hrt_free(r->cells);
  r->cells = NULL;
  r->count = r->room = r->complete = r->held = 0;
  r->used = false;
  r->error = (helios_error){0};
}

/* ---- host functions ---- */

/* Can the running call give rows? */
static int begin(hrt_host_env *env) {
  if (!env->in_call) {
    return hrt_refuse(env, HSB_STATUS_STATE, "no call is running");
  }
  if (env->rows == NULL) {
    return hrt_refuse(env, HSB_STATUS_STATE, "the procedure does not return a table");
  }
  env->rows->used = true;
  env->touched = true;
  return 0;
}

/* What went wrong becomes the call's error. */
static int settle(hrt_host_env *env, int status, const helios_error *err) {
  if (status == 0) {
    return 0;
  }
  if (env->rows->error.code == HELIOS_OK) {
    env->rows->error = *err;
  }
  return hrt_refuse(env,
                    status == HELIOS_E_LIMIT    ? HSB_STATUS_LIMIT
                    : status == HELIOS_E_MEMORY ? HSB_STATUS_NOMEM
                                                : HSB_STATUS_TYPE,
                    "%s", err->text);
}

static int give(hrt_host_env *env, uint32_t type, uint64_t bits) {
  helios_error err = {0};
  hrt_value v = {.type = type, .bits = bits};
  int status = begin(env);
  return status != 0 ? status : settle(env, hrt_rows_add(env->rows, &v, &err), &err);
}

void hrt_hc_row_null(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, give(env, HSB_VALUE_NULL, 0));
}

void hrt_hc_row_i64(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, give(env, HSB_VALUE_I64, s[0]));
}

void hrt_hc_row_f64(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, give(env, HSB_VALUE_F64, s[0]));
}

static int give_bytes(hrt_host_env *env, uint32_t type, hsb_slot p, hsb_slot n) {
  struct hrt_bytes b;
  helios_error err = {0};
  int status = begin(env);
  if (status == 0 && !hrt_value_has_bytes(type)) {
    status = hrt_refuse(env, HSB_STATUS_TYPE, "value type %u has no bytes", type);
  }
  if (status == 0) {
    status = hrt_bytes_read(&b, env, p, n, HRT_RESULT_MAX);
  }
  if (status != 0) {
    return status;
  }
  hrt_value v = {.type = type,
                 .bytes = b.heap != NULL ? b.heap : hrt_memdup(b.small, b.length),
                 .length = b.length};
  if (v.bytes == NULL) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  return settle(env, hrt_rows_add(env->rows, &v, &err), &err);
}

void hrt_hc_row_bytes(hrt_host_env *env, hsb_slot *s) {
  hrt_answer(s, give_bytes(env, hrt_u32(s[0]), s[1], s[2]));
}

void hrt_hc_row_end(hrt_host_env *env, hsb_slot *s) {
  helios_error err = {0};
  int status = begin(env);
  hrt_answer(s, status != 0 ? status : settle(env, hrt_rows_end(env->rows, &err), &err));
}
