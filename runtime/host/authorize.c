/* authorize.c - what guest SQL may do, asked by SQLite for every table, column and function while
 * it compiles a statement. A list of what is allowed: an action that is not in it is denied.
 *
 * Must never call anything that changes the connection (SQLite's rule for authorizers), nor allow
 * because a name is missing. */
#include <string.h>

#include "host/internal.h"

/* capability: hrt_cap_type that would allow it, or HRT_CAP_NONE. column: NULL, "": none. */
static int deny(hrt_host_env *env, const char *what, const char *table, const char *column,
                int capability) {
  char *shown = env->refused, name[sizeof env->refused], grant[256];
  bool of_column = column != NULL && *column != 0;
  bool of_table =
      capability == HRT_CAP_READ || capability == HRT_CAP_WRITE || capability == HRT_CAP_DDL;
  env->denied = true;
  env->refused_capability = capability;
  sqlite3_snprintf((int)sizeof name, name, of_column ? "%s.%s" : "%s", table, column);
  hrt_clean(shown, sizeof env->refused, name, strlen(name));
  if (of_table && hrt_caps_spell(grant, sizeof grant, (hrt_cap_type)capability, table, column)) {
    hrt_refuse(env, HSB_STATUS_DENIED, "procedure %s may not %s %s: it has no grant '%s'",
               env->procedure, what, shown, grant);
  } else {
    hrt_refuse(env, HSB_STATUS_DENIED, "procedure %s may not %s %s", env->procedure, what, shown);
  }
  return SQLITE_DENY;
}

int hrt_auth_deny(hrt_host_env *env, const char *what, const char *name, int capability) {
  return deny(env, what, name, NULL, capability);
}

static bool begins(const char *name, const char *prefix) {
  return sqlite3_strnicmp(name, prefix, (int)strlen(prefix)) == 0;
}

/* Names that no grant reaches: SQLite's own and ours. */
bool hrt_auth_reserved(const char *name) {
  return begins(name, "sqlite_") || begins(name, "helios_") || begins(name, "pragma_");
}

/* A table of this schema, not a view and not a function in disguise. */
static bool table_of(const hrt_host_env *env, const char *schema, const char *table) {
  return sqlite3_table_column_metadata(env->conn->db, schema, table, NULL, NULL, NULL, NULL, NULL,
                                       NULL) == SQLITE_OK;
}

/* Of SQLite itself. A table of this name, in whatever schema, is what it takes instead. */
static bool json_function(const hrt_host_env *env, const char *table) {
  bool named = sqlite3_stricmp(table, "json_each") == 0 || sqlite3_stricmp(table, "json_tree") == 0;
  return named && !table_of(env, NULL, table);
}

/* A wildcard grant reaches real tables only; a view, a table-valued function or a shadow table must
 * be named. */
static bool granted(const hrt_host_env *env, hrt_cap_type type, const char *table,
                    const char *column) {
  if (hrt_shadow(env->conn, table)) {
    return (hrt_caps_allow(env->caps, type, table, column) &&
            hrt_caps_named(env->caps, type, table)) ||
           hrt_shadow_through(env, type, table);
  }
  return hrt_caps_allow(env->caps, type, table, column) &&
         (hrt_caps_named(env->caps, type, table) || table_of(env, "main", table));
}

/* A procedure that returns a table. It brings its own grants; what it is called with is the
 * caller's. Any table of its name, in whatever schema, is what SQLite takes instead. */
static bool procedure_table(const hrt_host_env *env, const char *table) {
  const hrt_host_conn *conn = env->conn;
  return conn->function_allowed != NULL &&
         conn->function_allowed(conn->function_arg, table, false) && !table_of(env, NULL, table);
}

bool hrt_auth_main(const char *schema) {
  return schema == NULL || sqlite3_stricmp(schema, "main") == 0;
}

/* A reference that uses no column (count(*)) comes with the name as written and no schema; it may
 * be one that the statement itself made by WITH. stmt.c finds that out and asks again. */
static int unused_column(hrt_host_env *env, const char *table) {
  if (hrt_is_among(env->ctes, table)) {
    return SQLITE_OK;
  }
  if (granted(env, HRT_CAP_READ, table, "") && !table_of(env, "temp", table)) {
    return SQLITE_OK;
  }
  sqlite3_snprintf((int)sizeof env->doubt, env->doubt, "%s", table);
  return hrt_auth_deny(env, "read", table, HRT_CAP_READ);
}

static int read(hrt_host_env *env, const char *table, const char *column, const char *schema) {
  char owner[HRT_SHADOW_OWNER];
  if (table == NULL || hrt_auth_reserved(table) || !hrt_auth_main(schema)) {
    return hrt_auth_deny(env, "read", table != NULL ? table : "?", HRT_CAP_NONE);
  }
  if (json_function(env, table) && hrt_caps_any(env->caps, HRT_CAP_QUERY)) {
    return SQLITE_OK;
  }
  if (procedure_table(env, table)) {
    return SQLITE_OK;
  }
  if (schema == NULL) {
    return unused_column(env, table);
  }
  if (granted(env, HRT_CAP_READ, table, column)) {
    return SQLITE_OK;
  }
  if (hrt_shadow_owner(owner, env, table) != NULL) {
    return hrt_auth_deny(env, "read all of", owner, HRT_CAP_READ);
  }
  return deny(env, "read", table, column, HRT_CAP_READ);
}

static int write(hrt_host_env *env, const char *table, const char *schema) {
  if (table == NULL || hrt_auth_reserved(table) || !hrt_auth_main(schema)) {
    return hrt_auth_deny(env, "write", table != NULL ? table : "?", HRT_CAP_NONE);
  }
  char name[HRT_SHADOW_OWNER];
  const char *owner = hrt_shadow_owner(name, env, table);
  return granted(env, HRT_CAP_WRITE, table, NULL)
             ? SQLITE_OK
             : hrt_auth_deny(env, "write", owner != NULL ? owner : table, HRT_CAP_WRITE);
}

static const struct {
  const char *name;
  int capability;
} functions[] = {
#define HRT_FUNCTION(name, capability) {name, HRT_CAP_##capability},
#include "host/functions.def"
#undef HRT_FUNCTION
};

static int function(hrt_host_env *env, const char *name) {
  size_t low = 0, high = sizeof functions / sizeof *functions;
  if (name == NULL) {
    return hrt_auth_deny(env, "call", "?", HRT_CAP_NONE);
  }
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = sqlite3_stricmp(name, functions[middle].name);
    if (order == 0) {
      int need = functions[middle].capability;
      bool ok = need == HRT_CAP_NONE || hrt_caps_any(env->caps, (hrt_cap_type)need);
      return ok ? SQLITE_OK
                : hrt_auth_deny(env,
                                need == HRT_CAP_CLOCK ? "tell the time ('clock') by"
                                                      : "use randomness ('random') by",
                                name, need);
    }
    if (order < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (hrt_rewrite_ours(name)) {
    return SQLITE_OK;
  }
  bool (*allowed)(void *, const char *, bool) = env->conn->function_allowed;
  bool kept = env->ddl != HRT_DDL_TEXT_NONE;
  return allowed != NULL && allowed(env->conn->function_arg, name, kept)
             ? SQLITE_OK
             : hrt_auth_deny(env, kept ? "leave in the schema a call of" : "call", name,
                             HRT_CAP_NONE);
}

/* Something is compiled as a statement begins. False: maybe the guest's text, and maybe of a schema
 * that we know nothing of. */
static bool judged(hrt_host_env *env) {
  env->stale = env->denied = !hrt_shadows_current(env->conn);
  env->unjudged = env->stale;
  return !env->stale;
}

int hrt_host_authorizer(void *arg, int action, const char *a, const char *b, const char *c,
                        const char *d) {
  hrt_host_conn *conn = arg;
  hrt_host_env *env = conn->active;
  (void)d; /* the view or trigger that asks: it lends no rights */
  hrt_shadows_doubt(conn, action);
  if (env == NULL) {
    return SQLITE_OK;
  }
  conn->auth_calls++;
  if (env->unjudged && !judged(env)) {
    return SQLITE_DENY;
  }
  int answer =
      env->ddl != HRT_DDL_TEXT_NONE ? hrt_auth_ddl(env, action, a, b, c) : HRT_AUTH_NOT_MINE;
  if (answer != HRT_AUTH_NOT_MINE) {
    return answer;
  }
  switch (action) {
  case SQLITE_SELECT:
  case SQLITE_RECURSIVE:
    return SQLITE_OK;
  case SQLITE_READ:
    return read(env, a, b, c);
  case SQLITE_INSERT:
  case SQLITE_UPDATE:
  case SQLITE_DELETE:
    return write(env, a, c);
  case SQLITE_FUNCTION:
    return function(env, b);
  case SQLITE_TRANSACTION:
  case SQLITE_SAVEPOINT:
    return hrt_auth_deny(env, "use as SQL",
                         "BEGIN, COMMIT or SAVEPOINT: call begin, commit, savepoint",
                         HRT_CAP_TRANSACTION);
  case SQLITE_PRAGMA: /* FTS5 asks whether others have changed its tables */
    return env->stepping && a != NULL && b == NULL && strcmp(a, "data_version") == 0
               ? SQLITE_OK
               : hrt_auth_deny(env, "use", "PRAGMA", HRT_CAP_NONE);
  case SQLITE_ATTACH:
  case SQLITE_DETACH:
    return hrt_auth_deny(env, "use", "ATTACH or DETACH", HRT_CAP_NONE);
  default:
    return hrt_auth_deny(env, "use", "this kind of statement", HRT_CAP_NONE);
  }
}
