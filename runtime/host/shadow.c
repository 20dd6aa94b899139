/* shadow.c - virtual tables that keep what they hold in tables of their own (FTS5, R-Tree): SQLite
 * calls these shadow tables. Their modules read and write them by SQL that they compile while the
 * guest's statement runs, so the authorizer must know whose a table is: who may use the virtual
 * table reaches its shadow tables through it, and only a grant that names one reaches it otherwise.
 *
 * Must never take the guest's own text for a module's: only what is compiled in a step is one. */
#include <string.h>

#include "host/internal.h"
#include "plugin/alloc.h"

#define SHADOWS_MAX (1u << 20) /* bytes of names */

/* The names, with a NUL after each and two at the end. */
struct list {
  char *names;
  size_t length, room;
  bool virtual; /* is there a virtual table? */
};

static int add(struct list *l, const char *name) {
  size_t n = strlen(name) + 1;
  if (l->length + n + 1 > l->room) {
    size_t room = 2 * (l->length + n + 1);
    if (room > SHADOWS_MAX) {
      return SQLITE_TOOBIG;
    }
    char *more = hrt_realloc(l->names, room);
    if (more == NULL) {
      return SQLITE_NOMEM;
    }
    l->names = more;
    l->room = room;
  }
  memcpy(l->names + l->length, name, n);
  l->length += n;
  l->names[l->length] = 0;
  return SQLITE_OK;
}

/* The PRAGMA leaves out those that could not be connected when their columns were known already. To
 * compile what reads a table connects it; if that fails, so will the guest's statement. */
static int connect(sqlite3 *db, const char *table) {
  sqlite3_stmt *s = NULL;
  char *sql = sqlite3_mprintf("SELECT 1 FROM main.\"%w\"", table);
  if (sql == NULL) {
    return SQLITE_NOMEM;
  }
  (void)sqlite3_prepare_v3(db, sql, -1, 0, &s, NULL);
  sqlite3_finalize(s);
  sqlite3_free(sql);
  return SQLITE_OK;
}

/* This PRAGMA also connects virtual tables that no statement has used yet; a guest's statement
 * could not, for a module declares its columns by CREATE TABLE. again: it did not connect all. */
static int read_list(struct list *l, sqlite3 *db, bool again) {
  sqlite3_stmt *s = NULL;
  int rc = sqlite3_prepare_v3(db, "PRAGMA main.table_list", -1, 0, &s, NULL);
  while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(s, 1);
    const char *type = (const char *)sqlite3_column_text(s, 2);
    rc = name == NULL || type == NULL ? SQLITE_NOMEM : SQLITE_OK;
    if (rc == SQLITE_OK && strcmp(type, "virtual") == 0) {
      l->virtual = true;
      rc = again ? connect(db, name) : SQLITE_OK;
    } else if (rc == SQLITE_OK && strcmp(type, "shadow") == 0) {
      rc = add(l, name);
    }
  }
  sqlite3_finalize(s);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* A file may have any, SQLite shows it as an int; what is given here is never 0. */
static int schema_version(int64_t *out, sqlite3 *db) {
  sqlite3_stmt *s = NULL;
  int rc = sqlite3_prepare_v3(db, "PRAGMA main.schema_version", -1, 0, &s, NULL);
  rc = rc == SQLITE_OK ? sqlite3_step(s) : rc;
  *out = rc == SQLITE_ROW ? (int64_t)(uint32_t)sqlite3_column_int(s, 0) + 1 : 0;
  sqlite3_finalize(s);
  return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int look(hrt_host_conn *conn, bool again) {
  struct list l = {0};
  int64_t version;
  int rc = schema_version(&version, conn->db);
  if (rc == SQLITE_OK && (again || conn->shadows_of != version)) {
    rc = read_list(&l, conn->db, again);
    if (rc == SQLITE_OK) {
      hrt_free(conn->shadows);
      conn->shadows = l.names;
      conn->virtuals = l.virtual;
      conn->shadows_of = version;
      l.names = NULL;
    }
    hrt_free(l.names);
  }
  return rc;
}

int hrt_shadows_look(hrt_host_env *env) {
  hrt_host_env *active = hrt_host_suspend(env->conn);
  int rc = look(env->conn, false);
  hrt_host_resume(env->conn, active);
  switch (rc) {
  case SQLITE_OK:
    return 0;
  case SQLITE_INTERRUPT:
    return SQLITE_INTERRUPT;
  case SQLITE_NOMEM: /* perhaps ours: then the connection has no text for it */
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  case SQLITE_TOOBIG:
    return hrt_refuse(env, HSB_STATUS_LIMIT, "the database has too many shadow tables");
  default:
    return hrt_sql_status(env, rc);
  }
}

bool hrt_shadows_connect(hrt_host_env *env, bool *tried) {
  if (*tried || !env->conn->virtuals) {
    return false;
  }
  *tried = true;
  hrt_host_env *active = hrt_host_suspend(env->conn);
  int rc = look(env->conn, true);
  hrt_host_resume(env->conn, active);
  return rc == SQLITE_OK;
}

void hrt_shadows_clear(hrt_host_conn *conn) {
  hrt_free(conn->shadows);
  conn->shadows = NULL;
  conn->shadows_of = 0;
}

bool hrt_shadow(const hrt_host_conn *conn, const char *table) {
  return hrt_is_among(conn->shadows, table);
}

const char *hrt_shadow_owner(char out[HRT_SHADOW_OWNER], const hrt_host_env *env,
                             const char *table) {
  const char *end = strrchr(table, '_'); /* as SQLite tells whose it is */
  size_t n = end != NULL ? (size_t)(end - table) : 0;
  if (!env->stepping || n == 0 || n >= HRT_SHADOW_OWNER || !hrt_shadow(env->conn, table)) {
    return NULL;
  }
  memcpy(out, table, n);
  out[n] = 0;
  return out;
}

/* Of a column of its own name, as only who may read all of it has, since MATCH looks at all. */
bool hrt_shadow_through(const hrt_host_env *env, hrt_cap_type type, const char *table) {
  char name[HRT_SHADOW_OWNER];
  const char *owner = hrt_shadow_owner(name, env, table);
  return owner != NULL &&
         ((type == HRT_CAP_READ && hrt_caps_allow(env->caps, HRT_CAP_READ, owner, owner)) ||
          hrt_caps_allow(env->caps, HRT_CAP_WRITE, owner, NULL));
}
