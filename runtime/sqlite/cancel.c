/* cancel.c - has someone called sqlite3_interrupt? SQLite before 3.41 has no function that tells,
 * but a statement that is stepped while another runs fails with SQLITE_INTERRUPT and leaves the
 * flag as it was. (SQLite clears the flag only when a statement starts while none runs.)
 *
 * Invariant: asked only while a statement of the connection runs; nothing of the connection
 * changes. */
#include "sqlite/session.h"

#if SQLITE_VERSION_NUMBER >= 3041000
static bool can_ask(void) {
  return sqlite3_libversion_number() >= 3041000;
}
static bool ask(sqlite3 *db) {
  return sqlite3_is_interrupted(db) != 0;
}
#else
static bool can_ask(void) {
  return false;
}
static bool ask(sqlite3 *db) {
  (void)db;
  return false;
}
#endif

bool hrt_session_interrupted(helios *h) {
  if (can_ask()) {
    return ask(h->db);
  }
  if (h->conn.active || h->conn.body) {
    return false; /* asked by a progress handler inside sqlite3_step, which sees the flag itself */
  }
  h->internal++;
  int rc = h->probe ? SQLITE_OK
                    : sqlite3_prepare_v3(h->db, "SELECT 1 WHERE 0", -1, SQLITE_PREPARE_PERSISTENT,
                                         &h->probe, NULL);
  if (rc == SQLITE_OK) {
    rc = sqlite3_step(h->probe);
  }
  bool interrupted = rc == SQLITE_INTERRUPT; /* compiling sees the flag too */
  (void)sqlite3_reset(h->probe);
  if (h->closing || !h->anchored) {
    sqlite3_finalize(h->probe);
    h->probe = NULL;
  }
  h->internal--;
  return interrupted;
}

sqlite3_stmt *hrt_interruptible_begin(helios *h) {
  sqlite3_stmt *guard = NULL;
  h->internal++;
  if (sqlite3_prepare_v2(h->db, "VALUES (1), (2)", -1, &guard, NULL) == SQLITE_OK) {
    (void)sqlite3_step(guard);
  }
  h->internal--;
  return guard;
}

void hrt_interruptible_end(sqlite3_stmt *guard) {
  sqlite3_finalize(guard);
}
