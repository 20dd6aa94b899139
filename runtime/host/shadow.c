/* shadow.c - virtual tables that keep what they hold in tables of their own (FTS5, R-Tree): SQLite
 * calls these shadow tables. Their modules read and write them by SQL that they compile while the
 * guest's statement runs, so the authorizer must know whose a table is: who may use the virtual
 * table reaches its shadow tables through it, and only a grant that names one reaches it otherwise.
 *
 * What is known of them is of one schema. SQLite finds in a step that others have changed it, or
 * the application has, and compiles the guest's text anew. That text is judged by the schema that
 * there is then: a step that compiles anything where what is known may be old is refused, and done
 * again when the text was judged (stmt.c).
 *
 * Must never take the guest's own text for a module's: only what is compiled in a step, of a schema
 * of which that text was judged, is one. */
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

/* Leaves *out in its row: until it is finalized SQLite sees this schema. A file may have any
 * number, SQLite shows it as an int; what is given here is never 0. */
static int begin_version(sqlite3_stmt **out, int64_t *version, sqlite3 *db) {
  int rc = sqlite3_prepare_v3(db, "PRAGMA main.schema_version", -1, 0, out, NULL);
  rc = rc == SQLITE_OK ? sqlite3_step(*out) : rc;
  *version = rc == SQLITE_ROW ? (int64_t)(uint32_t)sqlite3_column_int(*out, 0) + 1 : 0;
  return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* Another number when something was committed: by this connection, or by another and this one has
 * read since. And 1; 0: not known. */
static uint64_t data_version(sqlite3 *db) {
  unsigned version = 0;
  int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_DATA_VERSION, &version);
  return rc == SQLITE_OK ? (uint64_t)version + 1 : 0;
}

bool hrt_shadows_moved(const hrt_host_conn *conn) {
  uint64_t data = data_version(conn->db);
  return data == 0 || data != conn->shadows_data;
}

/* What this connection has made and not committed can be undone, and then it was not so. */
bool hrt_shadows_current(const hrt_host_conn *conn) {
  return conn->shadows_of != 0 && !conn->shadows_writing && !hrt_shadows_moved(conn);
}

int64_t hrt_shadows_schema(const hrt_host_conn *conn) {
  return conn->shadows_writing ? 0 : conn->shadows_of;
}

void hrt_shadows_doubt(hrt_host_conn *conn, int action) {
  if (action == SQLITE_CREATE_TABLE || action == SQLITE_CREATE_VTABLE ||
      action == SQLITE_DROP_TABLE || action == SQLITE_DROP_VTABLE || action == SQLITE_ALTER_TABLE) {
    conn->shadows_of = 0;
    conn->shadows_doubt = true;
  }
}

static int take_list(hrt_host_conn *conn, bool again) {
  struct list l = {0};
  int rc = read_list(&l, conn->db, again);
  if (rc == SQLITE_OK) {
    hrt_free(conn->shadows);
    conn->shadows = l.names;
    conn->virtuals = l.virtual;
  } else {
    hrt_free(l.names);
  }
  return rc;
}

/* *hold: for the caller to finalize, also after an error. */
static int look(sqlite3_stmt **hold, hrt_host_conn *conn, bool again) {
  int64_t version;
  bool open = sqlite3_txn_state(conn->db, "main") == SQLITE_TXN_WRITE;
  bool writing = open && conn->shadows_doubt;
  int rc = begin_version(hold, &version, conn->db);
  bool same = conn->shadows_of == version && conn->shadows_writing == writing &&
              (!writing || !hrt_shadows_moved(conn));
  if (rc == SQLITE_OK && (again || !same)) {
    rc = take_list(conn, again);
  }
  if (rc == SQLITE_OK) {
    conn->shadows_of = version;
    conn->shadows_data = data_version(conn->db);
    conn->shadows_writing = writing;
    conn->shadows_doubt = writing;
  }
  return rc;
}

int hrt_shadows_hold(sqlite3_stmt **hold, hrt_host_env *env) {
  hrt_host_env *active = hrt_host_suspend(env->conn);
  int rc = look(hold, env->conn, false);
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

int hrt_shadows_look(hrt_host_env *env) {
  sqlite3_stmt *hold = NULL;
  if (hrt_shadows_current(env->conn)) {
    return 0;
  }
  int status = hrt_shadows_hold(&hold, env);
  sqlite3_finalize(hold);
  return status;
}

bool hrt_shadows_connect(hrt_host_env *env, bool *tried) {
  if (*tried || !env->conn->virtuals) {
    return false;
  }
  *tried = true;
  sqlite3_stmt *hold = NULL;
  hrt_host_env *active = hrt_host_suspend(env->conn);
  int rc = look(&hold, env->conn, true);
  sqlite3_finalize(hold);
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
  if (!env->stepping || n >= HRT_SHADOW_OWNER || !hrt_shadow(env->conn, table)) {
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
