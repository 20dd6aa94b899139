/* authorize_ddl.c - what CREATE, ALTER and DROP of a granted table may do (`ddl:<table>`). SQLite
 * carries them out by SQL of its own on the schema table, about which it asks like about the
 * guest's; so the text's first words decide which of these questions can only be SQLite's.
 *
 * Must never allow a SELECT in CREATE, where a subquery of the guest's could read the schema table
 * as SQLite does. Views, triggers, virtual tables, temporary objects and other schemas are not
 * here: what is not answered here is denied by authorize.c. */
#include <string.h>

#include "host/internal.h"

static bool is(const char *name, const char *other) {
  return sqlite3_stricmp(name, other) == 0;
}

static bool begins(const char *name, const char *prefix) {
  return sqlite3_strnicmp(name, prefix, (int)strlen(prefix)) == 0;
}

static bool schema_table(const char *name) {
  return is(name, "sqlite_master") || is(name, "sqlite_schema") || is(name, "sqlite_temp_master") ||
         is(name, "sqlite_temp_schema");
}

/* Where SQLite keeps what it knows about tables: AUTOINCREMENT, ANALYZE. */
static bool side_table(const char *name) {
  return is(name, "sqlite_sequence") || begins(name, "sqlite_stat");
}

static bool granted(const hrt_host_env *env, const char *table, const char *schema) {
  return table != NULL && !hrt_auth_reserved(table) && hrt_auth_main(schema) &&
         hrt_caps_allow(env->caps, HRT_CAP_DDL, table, NULL) &&
         (!hrt_shadow(env->conn, table) || hrt_caps_named(env->caps, HRT_CAP_DDL, table));
}

static int table(hrt_host_env *env, const char *what, const char *name, const char *schema) {
  if (granted(env, name, schema)) {
    return SQLITE_OK;
  }
  bool never = name == NULL || hrt_auth_reserved(name) || !hrt_auth_main(schema);
  return hrt_auth_deny(env, what, name != NULL ? name : "?", never ? HRT_CAP_NONE : HRT_CAP_DDL);
}

static int index_of(hrt_host_env *env, const char *what, const char *index, const char *name,
                    const char *schema) {
  if (hrt_auth_reserved(index) && !begins(index, "sqlite_autoindex_")) {
    return hrt_auth_deny(env, what, index, HRT_CAP_NONE);
  }
  return table(env, what, name, schema);
}

static int read(hrt_host_env *env, const char *name, const char *column, const char *schema) {
  bool create = env->ddl == HRT_DDL_TEXT_CREATE;
  bool rowid = column == NULL || *column == 0 || is(column, "ROWID");
  if (name == NULL) {
    return HRT_AUTH_NOT_MINE;
  }
  bool own = (schema_table(name) && (!create || rowid)) || (side_table(name) && !create) ||
             (is(name, "pragma_quick_check") && env->ddl == HRT_DDL_TEXT_ALTER);
  return own || granted(env, name, schema) ? SQLITE_OK : HRT_AUTH_NOT_MINE;
}

static int change(hrt_host_env *env, int action, const char *name, const char *schema) {
  bool create = env->ddl == HRT_DDL_TEXT_CREATE, drop = env->ddl == HRT_DDL_TEXT_DROP;
  bool own = name != NULL &&
             (action == SQLITE_INSERT ? create && schema_table(name)
              : action == SQLITE_UPDATE
                  ? schema_table(name)
                  : drop && (schema_table(name) || side_table(name) || granted(env, name, schema)));
  return own ? SQLITE_OK : HRT_AUTH_NOT_MINE;
}

/* Functions and pragmas that only ALTER itself can reach. */
static bool of_alter(const hrt_host_env *env, int action, const char *a, const char *b) {
  if (env->ddl != HRT_DDL_TEXT_ALTER) {
    return false;
  }
  return action == SQLITE_PRAGMA
             ? a != NULL && is(a, "quick_check")
             : b != NULL && (begins(b, "sqlite_rename_") || is(b, "sqlite_drop_column"));
}

int hrt_auth_ddl(hrt_host_env *env, int action, const char *a, const char *b, const char *c) {
  bool create = env->ddl == HRT_DDL_TEXT_CREATE, drop = env->ddl == HRT_DDL_TEXT_DROP;
  switch (action) {
  case SQLITE_CREATE_TABLE: /* the sequence table: of SQLite's own making, for AUTOINCREMENT */
    return create && is(a, "sqlite_sequence") ? SQLITE_OK : table(env, "create", a, c);
  case SQLITE_DROP_TABLE:
    return table(env, "drop", a, c);
  case SQLITE_ALTER_TABLE:
    return env->ddl == HRT_DDL_TEXT_RENAME ? hrt_auth_deny(env, "rename", b, HRT_CAP_NONE)
                                           : table(env, "alter", b, a);
  case SQLITE_CREATE_INDEX:
    return index_of(env, "create an index of", a, b, c);
  case SQLITE_DROP_INDEX:
    return index_of(env, "drop an index of", a, b, c);
  case SQLITE_DROP_TRIGGER: /* goes with its table */
    return drop ? table(env, "drop triggers of", b, c) : HRT_AUTH_NOT_MINE;
  case SQLITE_REINDEX: /* fills the index that is made */
    return create && hrt_auth_main(c) ? SQLITE_OK : HRT_AUTH_NOT_MINE;
  case SQLITE_SELECT:
    return env->ddl == HRT_DDL_TEXT_ALTER
               ? SQLITE_OK
               : hrt_auth_deny(env, "use", "SELECT in CREATE: INSERT ... SELECT", HRT_CAP_NONE);
  case SQLITE_READ:
    return read(env, a, b, c);
  case SQLITE_INSERT:
  case SQLITE_UPDATE:
  case SQLITE_DELETE:
    return change(env, action, a, c);
  case SQLITE_FUNCTION:
  case SQLITE_PRAGMA:
    return of_alter(env, action, a, b) ? SQLITE_OK : HRT_AUTH_NOT_MINE;
  default:
    return HRT_AUTH_NOT_MINE;
  }
}

/* ---- what SQLite asks nobody about ---- */

static int refuse_text(hrt_host_env *env, const char *what) {
  return hrt_denied(env, HRT_CAP_DDL, NULL, "procedure %s may not use %s", env->procedure, what);
}

/* The table that a foreign key names: it can make its deletes fail, so it must be granted too. */
static int reference(hrt_host_env *env, const hrt_scan_token *t, const hrt_scan *rest) {
  char name[128];
  bool is_quoted = t->kind == HRT_SCAN_QUOTED;
  size_t length = is_quoted && t->length >= 2 ? t->length - 2 : t->length;
  bool doubled = is_quoted && rest->at < rest->length && rest->sql[rest->at] == *t->at;
  if ((t->kind != HRT_SCAN_WORD && !is_quoted) || length >= sizeof name || doubled) {
    return refuse_text(env, "this name of a table in REFERENCES");
  }
  memcpy(name, t->at + (is_quoted ? 1 : 0), length);
  name[length] = 0;
  if (table(env, "refer to", name, NULL) == SQLITE_OK) {
    return 0;
  }
  env->denied = false; /* no window is open */
  hrt_audit_sql(env);
  return HSB_STATUS_DENIED;
}

/* Expressions of DEFAULT, and those of ALTER, are compiled only when others use the table, by their
 * rights: they could call functions that the procedure may not. */
static const char *expression(const hrt_host_env *env, const hrt_scan_token *t,
                              const hrt_scan_token *after) {
  bool bracket = after->kind == HRT_SCAN_OTHER && *after->at == '(';
  if (hrt_scan_is(t, "DEFAULT") && bracket) {
    return "DEFAULT (expression) in CREATE or ALTER: a literal";
  }
  bool alter = env->ddl == HRT_DDL_TEXT_ALTER && bracket;
  return alter && (hrt_scan_is(t, "CHECK") || hrt_scan_is(t, "AS"))
             ? "CHECK or AS in ALTER: in CREATE only"
             : NULL;
}

int hrt_auth_ddl_text(hrt_host_env *env, hrt_ddl_text kind, const char *sql, size_t length) {
  hrt_scan s = {sql, 0, length};
  int status = 0;
  env->ddl = kind;
  hrt_scan_token t = hrt_scan_next(&s);
  while (status == 0 && t.kind != HRT_SCAN_END) {
    hrt_scan_token after = hrt_scan_next(&s);
    const char *what = expression(env, &t, &after);
    if (what != NULL) {
      status = refuse_text(env, what);
    } else if (hrt_scan_is(&t, "REFERENCES")) {
      status = reference(env, &after, &s);
    }
    t = after;
  }
  env->ddl = HRT_DDL_TEXT_NONE;
  return status;
}
