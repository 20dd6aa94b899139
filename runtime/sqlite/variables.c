/* variables.c - session variables for SQL and for the application; host/variables.c keeps them.
 * helios_session(name) may stand in views and triggers, so that a view can show a tenant his own
 * rows; only the application's own SQL can change one.
 *
 * Invariant: what SHOW is to run is SQL of our own making, with every name and value quoted. */
#include <string.h>

#include "ddl/set.h"
#include "plugin/alloc.h"
#include "plugin/nearest.h"
#include "sqlite/session.h"

int helios_session_set(helios *h, const char *name, const char *value, helios_error *err) {
  if (h == NULL || name == NULL) {
    return hrt_fail(err, HELIOS_E_MISUSE, "helios_session_set needs a handle and a name");
  }
  return hrt_variable_set(&h->conn, name, strlen(name), value, value ? strlen(value) : 0, err);
}

const char *helios_session_get(helios *h, const char *name) {
  const hrt_variable *v = h && name ? hrt_variable_find(&h->conn, name, strlen(name)) : NULL;
  return v ? v->value : NULL;
}

/* helios_session(name): the value, or NULL. */
void hrt_sql_session(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  helios *h = sqlite3_user_data(sql);
  (void)argc;
  const char *name = (const char *)sqlite3_value_text(argv[0]);
  const hrt_variable *v =
      name ? hrt_variable_find(&h->conn, name, (size_t)sqlite3_value_bytes(argv[0])) : NULL;
  if (v) {
    sqlite3_result_text(sql, v->value, (int)v->length, SQLITE_TRANSIENT);
  }
}

/* helios_session_set(name, value): NULL forgets it. Gives the value back. */
void hrt_sql_session_set(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  helios *h = sqlite3_user_data(sql);
  helios_error err = {0};
  (void)argc;
  const char *name = (const char *)sqlite3_value_text(argv[0]);
  const char *value = (const char *)sqlite3_value_text(argv[1]);
  int status = name ? hrt_variable_set(&h->conn, name, (size_t)sqlite3_value_bytes(argv[0]), value,
                                       (size_t)sqlite3_value_bytes(argv[1]), &err)
                    : hrt_fail(&err, HELIOS_E_VALUE, "a session variable has a name");
  if (status != 0) {
    hrt_give_error(sql, h, &err);
  } else {
    sqlite3_result_value(sql, argv[1]);
  }
}

static int no_variable(helios *h, const char *name, helios_error *err) {
  char shown[HRT_ESCAPED];
  hrt_nearest near;
  int status = hrt_fail(err, HELIOS_E_NOT_FOUND, "no session variable %s",
                        hrt_escape(shown, name, strlen(name)));
  hrt_nearest_begin(&near, name, strlen(name));
  for (uint32_t i = 0; i < h->conn.variable_count; i++) {
    hrt_nearest_try(&near, h->conn.variables[i].name);
  }
  if (near.best) {
    hrt_hint(err, "did you mean %s?", near.best);
  }
  return status;
}

/* One row, of a column with the variable's name. */
static char *show_one(const hrt_variable *v) {
  return sqlite3_mprintf("SELECT %Q AS \"%w\"", v->value, v->name);
}

static char *show_all(const hrt_host_conn *conn) {
  sqlite3_str *text = sqlite3_str_new(conn->db);
  sqlite3_str_appendall(text, "SELECT NULL AS name, NULL AS value WHERE 0");
  for (uint32_t i = 0; i < conn->variable_count; i++) {
    const hrt_variable *v = &conn->variables[i];
    sqlite3_str_appendf(text, " UNION ALL VALUES (%Q, %Q)", v->name, v->value);
  }
  return sqlite3_str_finish(text);
}

static int show(helios *h, sqlite3_stmt **stmt, const hrt_set *set, helios_error *err) {
  const hrt_variable *v =
      set->all ? NULL : hrt_variable_find(&h->conn, set->name, strlen(set->name));
  if (!set->all && v == NULL) {
    return no_variable(h, set->name, err);
  }
  if (stmt == NULL) {
    return hrt_fail(err, HELIOS_E_SYNTAX, "SHOW is not for helios_ddl: use helios_session(name)");
  }
  char *sql = set->all ? show_all(&h->conn) : show_one(v);
  if (sql == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  int rc = sqlite3_prepare_v2(h->db, sql, -1, stmt, NULL);
  sqlite3_free(sql);
  return rc == SQLITE_OK ? 0 : hrt_db_fail(h->db, err);
}

static void forget_all(helios *h) {
  while (h->conn.variable_count > 0) {
    const hrt_variable *v = &h->conn.variables[h->conn.variable_count - 1];
    (void)hrt_variable_set(&h->conn, v->name, strlen(v->name), NULL, 0, NULL);
  }
}

int hrt_set_apply(helios *h, sqlite3_stmt **stmt, const hrt_set *set, helios_error *err) {
  if (set->action == HRT_SET_SHOW) {
    return show(h, stmt, set, err);
  }
  if (set->all) {
    forget_all(h);
    return 0;
  }
  return hrt_variable_set(&h->conn, set->name, strlen(set->name), set->value, set->value_length,
                          err);
}
