/* authorizer.c - the one authorizer of an attached connection. It asks, in this order: nobody, for
 * the engine's own SQL; the grants of the procedure whose SQL is compiled; the application's
 * authorizer.
 *
 * Invariants: installed at attach and never changed while procedures can run, because changing it
 * expires every statement; the answer is never more than each of those asked allows. */
#include "sqlite/session.h"

static int authorize(void *arg, int action, const char *a, const char *b, const char *c,
                     const char *d) {
  helios *h = arg;
  hrt_running_check(h);
  if (h->internal > 0) {
    return SQLITE_OK;
  }
  int answer = hrt_host_authorizer(&h->conn, action, a, b, c, d);
  if (answer == SQLITE_OK && h->app_authorizer) {
    answer = h->app_authorizer(h->app_arg, action, a, b, c, d);
  }
  return answer;
}

/* What it gives depends on its arguments alone, for this connection's lifetime. */
static bool is_deterministic(const hrt_entry *e) {
  const hrt_trampoline *t = e->trampolines;
  while (t && t->deterministic) {
    t = t->next;
  }
  return e->trampolines && t == NULL;
}

/* Procedures call procedures through SQL; each brings its own grants, or has those of its caller.
 * In a CHECK that a procedure leaves in a table the caller would be the application: there only
 * what is deterministic, which needs no grants. Session variables they may read, also through a
 * view that asks for one. */
static bool function_allowed(void *arg, const char *name, bool kept) {
  const hrt_entry *e = hrt_entry_find(arg, name);
  return e ? !kept || is_deterministic(e) : sqlite3_stricmp(name, "helios_session") == 0;
}

void hrt_authorizer_install(helios *h) {
  h->conn.function_allowed = function_allowed;
  h->conn.function_arg = h;
  sqlite3_set_authorizer(h->db, authorize, h);
}

void hrt_authorizer_remove(helios *h) {
  sqlite3_set_authorizer(h->db, h->app_authorizer, h->app_arg);
}

void helios_set_authorizer(helios *h,
                           int (*authorizer)(void *, int, const char *, const char *, const char *,
                                             const char *),
                           void *arg) {
  h->app_authorizer = authorizer;
  h->app_arg = arg;
  sqlite3_set_authorizer(h->db, authorize, h); /* as SQLite does: statements are compiled again */
}
