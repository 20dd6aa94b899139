/* conn.c - what the procedures of one connection share: the window in which guest SQL is compiled
 * or run, and the look at the budget within it. Must never leave `active` set outside of a window:
 * the application's own SQL would be judged by a guest's grants. */
#include "host/compile_bounds.h"
#include "host/internal.h"

helios_code hrt_budget_look(const hrt_budget *b) {
  return b ? (helios_code)hrt_budget_ends(b, NULL) : HELIOS_OK;
}

/* Fuel for long statements; what the slice has used so far is the instance's to add. */
static helios_code fuel(const hrt_host_env *env, const hrt_budget *b) {
  if (b == NULL || b->fuel_limit == 0) {
    return HELIOS_OK;
  }
  uint64_t left = b->fuel_limit > b->fuel_used ? b->fuel_limit - b->fuel_used : 0;
  return env->vm_steps > left / HRT_PROGRESS_FUEL ? HELIOS_E_FUEL : HELIOS_OK;
}

/* Within a statement of a procedure in SQL. */
static int progress_body(hrt_host_conn *conn) {
  hrt_budget *b = conn->body;
  b->fuel_used += HRT_PROGRESS_FUEL;
  conn->body_stop = hrt_budget_look(b);
  if (conn->body_stop == HELIOS_OK && b->fuel_limit && b->fuel_used > b->fuel_limit) {
    conn->body_stop = HELIOS_E_FUEL;
  }
  return conn->body_stop != HELIOS_OK;
}

static int progress(void *arg) {
  hrt_host_conn *conn = arg;
  hrt_host_env *env = conn->active;
  if (env == NULL && conn->body) {
    return progress_body(conn);
  }
  if (env == NULL || env->ctx == NULL) {
    return 0;
  }
  hrt_budget *b = hrt_host_budget(env->ctx);
  env->vm_steps++;
  env->stop = hrt_budget_look(b);
  if (env->stop == HELIOS_OK) {
    env->stop = fuel(env, b);
  }
  return env->stop != HELIOS_OK;
}

bool hrt_conn_stops(hrt_host_conn *conn) {
  return progress(conn) != 0;
}

void hrt_host_conn_init(hrt_host_conn *conn, sqlite3 *db) {
  conn->db = db;
  hrt_conn_watch(conn);
}

/* A connection has one handler, and SQLite tells nobody whose it is. */
void hrt_conn_watch(hrt_host_conn *conn) {
  sqlite3_progress_handler(conn->db, HRT_PROGRESS_OPS, progress, conn);
}

void hrt_host_conn_clear(hrt_host_conn *conn) {
  hrt_shadows_clear(conn);
  hrt_variables_clear(conn);
  hrt_customs_clear(conn);
}

hrt_host_env *hrt_host_suspend(hrt_host_conn *conn) {
  hrt_host_env *active = conn->active;
  hrt_compile_drop(conn);
  conn->active = NULL;
  return active;
}

void hrt_host_resume(hrt_host_conn *conn, hrt_host_env *active) {
  conn->active = active;
}

/* Before guest SQL. Connecting a table-valued function compiles a CREATE TABLE, which a guest may
 * not; so it is done before. Not earlier than the first guest SQL: by then the schema is loaded.
 * Where a table of the database has such a name, SQLite connects none, and the table is meant. */
int hrt_conn_warm(hrt_host_env *env) {
  hrt_host_conn *conn = env->conn;
  int rc = SQLITE_OK;
  if (!conn->warm) {
    hrt_host_env *active = hrt_host_suspend(conn);
    rc = hrt_rewrite_register(conn);
    if (rc == SQLITE_OK) {
      rc = sqlite3_exec(conn->db, "SELECT 1 FROM json_each('[]'), json_tree('[]')", NULL, NULL,
                        NULL);
      conn->warm = rc == SQLITE_OK;
      rc = rc == SQLITE_NOMEM ? rc : SQLITE_OK;
    }
    hrt_host_resume(conn, active);
  }
  return rc == SQLITE_OK ? 0 : hrt_sql_status(env, rc);
}

void hrt_stop_call(hrt_host_env *env, helios_code code, const char *where) {
  helios_error err = {0};
  const char *why = code == HELIOS_E_DEADLINE ? "time limit exceeded"
                    : code == HELIOS_E_FUEL   ? "fuel exhausted"
                                              : "cancelled";
  hrt_fail(&err, code, "%s %s", why, where);
  hrt_host_fail(env->ctx, &err);
}

void hrt_interrupted(hrt_host_env *env) {
  hrt_stop_call(env, env->stop != HELIOS_OK ? env->stop : HELIOS_E_CANCELLED,
                "in a statement of the procedure");
}
