/* drop.c - DROP of a procedure, and with CASCADE of the views, triggers and indexes that use it.
 * Must never drop a table.
 *
 * Invariant: all of it goes in one savepoint, or nothing. */
#include <string.h>

#include "sqlite/apply.h"
#include "sqlite/declare.h"

static int refuse_users(const hrt_user *users, bool cascade, helios_error *err) {
  char name[HRT_ESCAPED];
  for (; users; users = users->next) {
    bool table = strcmp(users->type, "table") == 0;
    if (table || !cascade) {
      int status = hrt_fail(err, HELIOS_E_DEPENDENCY, "the %s %s uses it", users->type,
                            hrt_escape(name, users->name, strlen(users->name)));
      hrt_hint(err, table ? "CASCADE drops views, triggers and indexes, never tables"
                          : "DROP ... CASCADE drops the views, triggers and indexes that use it");
      return status;
    }
  }
  return 0;
}

static int drop_users(helios *h, const hrt_user *users, helios_error *err) {
  int status = 0;
  h->internal++;
  for (; users && status == 0; users = users->next) {
    /* IF EXISTS: a view's triggers go with it. */
    char *sql =
        sqlite3_mprintf("DROP %s IF EXISTS %w.\"%w\"", users->type, users->schema, users->name);
    if (sql == NULL) {
      status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    } else if (sqlite3_exec(h->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
      status = hrt_db_fail(h->db, err);
    }
    sqlite3_free(sql);
  }
  h->internal--;
  return status;
}

static int drop_in_savepoint(hrt_candidate *c, int64_t id, const hrt_user *users,
                             helios_error *err) {
  hrt_catalog *catalog = c->h->catalog;
  int status = 0;
  HRT_TRY(hrt_candidate_lock(c, err));
  status = drop_users(c->h, users, err);
  if (status == 0) {
    status = hrt_catalog_drop(catalog, id, err);
  }
  if (status != 0) {
    hrt_catalog_rollback(catalog);
    goto out;
  }
  HRT_TRY(hrt_catalog_commit(catalog, err));
out:
  return status;
}

int hrt_candidate_drop(hrt_candidate *c, const char *name, int64_t id, helios_error *err) {
  hrt_user *users = NULL;
  int status = 0;
  HRT_TRY(hrt_users_find(&users, c->h, name, err));
  HRT_TRY(refuse_users(users, c->ddl->cascade, err));
  HRT_TRY(drop_in_savepoint(c, id, users, err));
  hrt_entry *e = hrt_entry_find(c->h, name);
  if (e) {
    hrt_entry_forget(e); /* a call after a rollback looks it up again */
  }
out:
  hrt_users_free(users);
  return status;
}

static int refuse_member(const hrt_candidate *c, const char *name, helios_error *err) {
  char extension[HRT_NAME_BYTES], escaped[HRT_ESCAPED];
  int status = hrt_catalog_extension_of(extension, c->h->catalog, name, err);
  if (status == 0 && extension[0]) {
    hrt_escape(escaped, extension, strlen(extension));
    status = hrt_fail(err, HELIOS_E_DEPENDENCY, "it belongs to the extension %s", escaped);
    hrt_hint(err, "DROP EXTENSION %.60s", escaped);
  }
  return status;
}

int hrt_apply_drop(hrt_candidate *c, helios_error *err) {
  const char *name = c->ddl->def.name;
  helios_error missing = {0};
  bool deterministic;
  int64_t id;
  int status = hrt_catalog_lookup(&id, &deterministic, c->h->catalog, name, &missing);
  if (status == HELIOS_E_NOT_FOUND && c->ddl->if_exists) {
    return 0;
  }
  if (status != 0) {
    return hrt_fail(err, status, "%s", missing.text);
  }
  HRT_TRY(refuse_member(c, name, err));
  HRT_TRY(hrt_candidate_drop(c, name, id, err));
out:
  return status;
}
