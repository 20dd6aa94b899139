/* extensions.c - rows of helios_extension: groups of procedures that one statement made. See
 * catalog.h.
 *
 * Invariant: a procedure belongs to one extension at most. */
#include <string.h>

#include "plugin/nearest.h"
#include "registry/catalog.h"
#include "registry/catalog_private.h"

/* Runs a statement with a text parameter; the first column of its row, if there is one. */
static int ask(int64_t *number, char text[HRT_NAME_BYTES], hrt_catalog *c, hrt_sql which,
               const char *name, helios_error *err) {
  sqlite3_stmt *s;
  int status = hrt_sql_begin(&s, c, which, err);
  if (status == 0) {
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    int row = hrt_sql_step(c, s, err);
    status = row < 0 ? c->status : 0;
    const char *found = row > 0 ? (const char *)sqlite3_column_text(s, 0) : NULL;
    if (found && number) {
      *number = sqlite3_column_int64(s, 0);
    }
    if (found && text && strlen(found) < HRT_NAME_BYTES) {
      memcpy(text, found, strlen(found) + 1);
    }
  }
  hrt_sql_end(c, which);
  return status;
}

/* Is there a catalog? */
static int is_there(bool *out, hrt_catalog *c, helios_error *err) {
  int64_t stamp;
  int status = hrt_catalog_stamp(&stamp, c, err);
  *out = status == 0 && stamp != 0;
  return status;
}

int hrt_catalog_extension(int64_t *id, hrt_catalog *c, const char *name, helios_error *err) {
  bool there;
  *id = 0;
  int status = is_there(&there, c, err);
  return there ? ask(id, NULL, c, HRT_SQL_FIND_EXTENSION, name, err) : status;
}

void hrt_catalog_near_extension(char out[HRT_NAME_BYTES], hrt_catalog *c, const char *name) {
  sqlite3_stmt *s;
  hrt_nearest near;
  bool there;
  out[0] = 0;
  hrt_nearest_begin(&near, name, strlen(name));
  if (is_there(&there, c, NULL) != 0 || !there) {
    return;
  }
  int status = hrt_sql_begin(&s, c, HRT_SQL_EXTENSIONS, NULL);
  while (status == 0 && hrt_sql_step(c, s, NULL) > 0) {
    const char *found = (const char *)sqlite3_column_text(s, 0);
    if (found && strlen(found) < HRT_NAME_BYTES) {
      hrt_nearest_try(&near, found);
    }
    if (found && near.best == found) {
      memcpy(out, found, strlen(found) + 1);
      near.best = out;
    }
  }
  hrt_sql_end(c, HRT_SQL_EXTENSIONS);
}

int hrt_catalog_extension_of(char out[HRT_NAME_BYTES], hrt_catalog *c, const char *procedure,
                             helios_error *err) {
  out[0] = 0;
  return ask(NULL, out, c, HRT_SQL_EXTENSION_OF, procedure, err);
}

int hrt_catalog_member(char out[HRT_NAME_BYTES], bool *found, hrt_catalog *c, int64_t id,
                       uint32_t n, helios_error *err) {
  sqlite3_stmt *s;
  int row = 1;
  *found = false;
  int status = hrt_sql_begin(&s, c, HRT_SQL_MEMBERS, err);
  if (status == 0) {
    sqlite3_bind_int64(s, 1, id);
    for (uint32_t i = 0; i <= n && row > 0; i++) {
      row = hrt_sql_step(c, s, err);
    }
    const char *name = row > 0 ? (const char *)sqlite3_column_text(s, 0) : NULL;
    status = row < 0 ? c->status : 0;
    if (name && strlen(name) < HRT_NAME_BYTES) {
      memcpy(out, name, strlen(name) + 1);
      *found = true;
    }
  }
  hrt_sql_end(c, HRT_SQL_MEMBERS);
  return status;
}

int hrt_catalog_add_extension(int64_t *id, hrt_catalog *c, const char *name, helios_error *err) {
  *id = 0;
  int status = ask(id, NULL, c, HRT_SQL_ADD_EXTENSION, name, err);
  return status == 0 && *id == 0 ? hrt_fail(err, HELIOS_E_SQL, "the catalog has no generation")
                                 : status;
}

int hrt_catalog_add_member(hrt_catalog *c, int64_t procedure_id, int64_t id, helios_error *err) {
  return hrt_sql_run(c, HRT_SQL_ADD_MEMBER, procedure_id, id, err);
}

int hrt_catalog_drop_extension(hrt_catalog *c, int64_t id, helios_error *err) {
  return hrt_sql_run(c, HRT_SQL_DROP_EXTENSION, id, 0, err);
}
