/* variables.c - session variables: texts by name that belong to the connection, for the application
 * to say who is asking (app.tenant) and for procedures, views and triggers to look at. In memory
 * only: no transaction undoes them.
 *
 * Must never let a procedure change a name below "helios.", which is the engine's and the
 * application's. */
#include <string.h>
#include <strings.h>

#include "host/internal.h"
#include "plugin/alloc.h"

static bool word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$';
}

bool hrt_name_ok(const char *name, size_t length) {
  bool wants = true; /* a word begins here */
  for (size_t i = 0; i < length; i++) {
    bool dot = name[i] == '.';
    if (dot ? wants : !word(name[i]) || (wants && name[i] >= '0' && name[i] <= '9')) {
      return false;
    }
    wants = dot;
  }
  return !wants;
}

static hrt_variable *find(const hrt_host_conn *conn, const char *name, size_t length) {
  for (uint32_t i = 0; i < conn->variable_count; i++) {
    hrt_variable *v = &conn->variables[i];
    if (strncasecmp(v->name, name, length) == 0 && v->name[length] == 0) {
      return v;
    }
  }
  return NULL;
}

const hrt_variable *hrt_variable_find(const hrt_host_conn *conn, const char *name, size_t length) {
  return memchr(name, 0, length) == NULL ? find(conn, name, length) : NULL;
}

static void clear(hrt_variable *v) {
  hrt_free(v->name);
  hrt_free(v->value);
}

void hrt_variables_clear(hrt_host_conn *conn) {
  for (uint32_t i = 0; i < conn->variable_count; i++) {
    clear(&conn->variables[i]);
  }
  hrt_free(conn->variables);
  conn->variables = NULL;
  conn->variable_count = 0;
}

static void forget(hrt_host_conn *conn, const char *name, size_t length) {
  hrt_variable *v = find(conn, name, length);
  if (v != NULL) {
    clear(v);
    conn->variable_count--;
    size_t behind = (size_t)(conn->variables + conn->variable_count - v);
    memmove(v, v + 1, behind * sizeof *v);
  }
}

static int add(hrt_host_conn *conn, const char *name, size_t length, char *value,
               size_t value_length, helios_error *err) {
  if (conn->variable_count == HRT_VARIABLES) {
    return hrt_fail(err, HELIOS_E_LIMIT, "more than %d session variables", HRT_VARIABLES);
  }
  if (conn->variables == NULL) {
    conn->variables = hrt_calloc(HRT_VARIABLES, sizeof *conn->variables);
  }
  char *copy = conn->variables != NULL ? hrt_memdup(name, length) : NULL;
  if (copy == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  conn->variables[conn->variable_count++] = (hrt_variable){copy, value, value_length};
  return 0;
}

static int check(const char *name, size_t name_length, const char *value, size_t length,
                 helios_error *err) {
  char shown[HRT_ESCAPED];
  if (name_length > HRT_VARIABLE_NAME_MAX || !hrt_name_ok(name, name_length) ||
      memchr(name, '.', name_length) == NULL) {
    int status = hrt_fail(err, HELIOS_E_VALUE, "\"%s\" is no name of a session variable",
                          hrt_escape(shown, name, name_length));
    hrt_hint(err, "at most %d letters, digits, '_' and '$', with a dot: app.tenant",
             HRT_VARIABLE_NAME_MAX);
    return status;
  }
  if (length > HRT_VARIABLE_VALUE_MAX) {
    return hrt_fail(err, HELIOS_E_LIMIT, "a session variable has at most %d bytes",
                    HRT_VARIABLE_VALUE_MAX);
  }
  return value == NULL || (hrt_utf8(value, length) && memchr(value, 0, length) == NULL)
             ? 0
             : hrt_fail(err, HELIOS_E_VALUE, "a session variable is text: UTF-8 without NUL");
}

int hrt_variable_set(hrt_host_conn *conn, const char *name, size_t name_length, const char *value,
                     size_t length, helios_error *err) {
  int status = check(name, name_length, value, length, err);
  if (status != 0) {
    return status;
  }
  if (value == NULL) {
    forget(conn, name, name_length);
    return 0;
  }
  char *copy = hrt_memdup(value, length);
  if (copy == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  hrt_variable *v = find(conn, name, name_length);
  if (v != NULL) {
    hrt_free(v->value);
    v->value = copy;
    v->length = length;
  } else if ((status = add(conn, name, name_length, copy, length, err)) != 0) {
    hrt_free(copy);
  }
  return status;
}

/* ---- for guests ---- */

/* What one call sees must not be part of what every call begins with. */
static int need_call(hrt_host_env *env) {
  return env->in_call ? 0 : hrt_refuse(env, HSB_STATUS_STATE, "no call is running");
}

void hrt_hc_session_get(hrt_host_env *env, hsb_slot *s) {
  struct hrt_bytes name;
  int status = need_call(env);
  status = status != 0 ? status : hrt_bytes_read(&name, env, s[0], s[1], HRT_VARIABLE_NAME_MAX);
  if (status == 0) {
    const hrt_variable *v = hrt_variable_find(env->conn, (const char *)name.at, name.length);
    hrt_bytes_free(&name);
    status = v != NULL ? hrt_give(env, s[2], s[3], v->value, v->length)
                       : hrt_refuse(env, HSB_STATUS_ABSENT, "no such session variable");
  }
  hrt_answer(s, status);
}

static int set(hrt_host_env *env, const struct hrt_bytes *name, const struct hrt_bytes *value) {
  helios_error err = {0};
  const char *text = (const char *)name->at;
  if (!hrt_name_ok(text, name->length)) {
    return hrt_refuse(env, HSB_STATUS_NAME, NULL);
  }
  if (strncasecmp(text, "helios.", 7) == 0) {
    return hrt_denied(env, HRT_CAP_NONE, text, "procedure %s may not change %s: it is not its own",
                      env->procedure, text);
  }
  int code =
      hrt_variable_set(env->conn, text, name->length, (const char *)value->at, value->length, &err);
  return code == 0 ? 0
                   : hrt_refuse(env,
                                code == HELIOS_E_LIMIT                    ? HSB_STATUS_LIMIT
                                : code == HELIOS_E_MEMORY                 ? HSB_STATUS_NOMEM
                                : memchr(text, '.', name->length) == NULL ? HSB_STATUS_NAME
                                                                          : HSB_STATUS_UTF8,
                                "%s", err.text);
}

void hrt_hc_session_set(hrt_host_env *env, hsb_slot *s) {
  struct hrt_bytes given[2];
  int status = need_call(env);
  status = status != 0
               ? status
               : hrt_bytes_two(given, env, s, HRT_VARIABLE_NAME_MAX, HRT_VARIABLE_VALUE_MAX);
  if (status == 0) {
    status = set(env, &given[0], &given[1]);
    hrt_bytes_free(&given[0]);
    hrt_bytes_free(&given[1]);
  }
  hrt_answer(s, status);
}
