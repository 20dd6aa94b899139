/* running.c - see running.h. A statement that has given a row waits for the next sqlite3_step; one
 * that is begun and has no row is inside of it. Of those that the engine itself steps for
 * procedures (host/stmt.c, body.c) conn.running knows the innermost. */
#include "sqlite/session.h"

static hrt_running of(sqlite3_stmt *s) {
  return (hrt_running){s, s ? sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 0) : 0};
}

hrt_running hrt_running_now(helios *h) {
  sqlite3_stmt *found = NULL;
  if (h->conn.active || h->conn.body) {
    return of(h->conn.running);
  }
  if (h->budget) {
    return of(NULL); /* a host function of the application's runs it */
  }
  for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(h->db, s)) != NULL;) {
    if (sqlite3_stmt_busy(s) && sqlite3_data_count(s) == 0) {
      if (found) {
        return of(NULL);
      }
      found = s;
    }
  }
  return of(found);
}

hrt_running hrt_running_writer(helios *h) {
  sqlite3_stmt *s = sqlite3_next_stmt(h->db, NULL);
  while (s && (!sqlite3_stmt_busy(s) || sqlite3_stmt_readonly(s))) {
    s = sqlite3_next_stmt(h->db, s);
  }
  return of(s);
}

bool hrt_running_still(helios *h, const hrt_running *r) {
  sqlite3_stmt *s = r->stmt ? sqlite3_next_stmt(h->db, NULL) : NULL;
  while (s && s != r->stmt) {
    s = sqlite3_next_stmt(h->db, s);
  }
  hrt_running now = of(s);
  return s && sqlite3_stmt_busy(s) && hrt_running_same(&now, r);
}

void hrt_running_check(helios *h) {
  if (h->numbered.stmt && !hrt_running_still(h, &h->numbered)) {
    h->numbered.stmt = NULL;
  }
  if (h->table_pins) {
    hrt_table_pins_check(h);
  }
  if (h->choices) {
    hrt_choices_check(h);
  }
}
