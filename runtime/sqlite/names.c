/* names.c - see names.h. Lists are read by PRAGMA statements: their table-valued forms are looked
 * up in the schema first. */
#include "sqlite/names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/alloc.h"

static const char *const pragmas[] = {
    [HRT_NAMES_FUNCTIONS] = "PRAGMA function_list", [HRT_NAMES_MODULES] = "PRAGMA module_list"};

static int compare(const void *a, const void *b) {
  return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

struct growing {
  hrt_names *names;
  size_t room;
};

static int add(void *arg, const char *name, helios_error *err) {
  struct growing *g = arg;
  hrt_names *names = g->names;
  if (names->count == g->room) {
    size_t more = g->room ? g->room * 2 : 256;
    char **grown = hrt_realloc(names->names, more * sizeof *grown);
    if (grown == NULL) {
      return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    }
    names->names = grown;
    g->room = more;
  }
  char *copy = hrt_strdup(name ? name : "");
  if (copy == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  names->names[names->count++] = copy;
  return 0;
}

/* Of each name, until it returns a status. */
typedef int each_name(void *arg, const char *name, helios_error *err);

static int walk(helios *h, hrt_names_of of, each_name *each, void *arg, helios_error *err) {
  sqlite3_stmt *s = NULL;
  int status = 0;
  h->internal++;
  int rc = sqlite3_prepare_v2(h->db, pragmas[of], -1, &s, NULL);
  while (rc == SQLITE_OK && status == 0 && (rc = sqlite3_step(s)) == SQLITE_ROW) {
    status = each(arg, (const char *)sqlite3_column_text(s, 0), err);
    rc = SQLITE_OK;
  }
  if (status == 0 && rc != SQLITE_DONE) {
    status = hrt_db_fail(h->db, err);
  }
  sqlite3_finalize(s);
  h->internal--;
  return status;
}

struct looked_for {
  const char *name;
  bool found;
};

static int look(void *arg, const char *name, helios_error *err) {
  struct looked_for *l = arg;
  (void)err;
  l->found |= name && sqlite3_stricmp(name, l->name) == 0;
  return 0;
}

/* By what SQLite says of a call: a list of a thousand functions takes it longer than all the rest
 * of a CREATE. Whatever else is wrong with the call, there is such a function. (Of a name that is
 * free, SQLITE_CONFIG_LOG hears.) */
static int find_function(bool *out, helios *h, const char *name, helios_error *err) {
  static const char none[] = "no such function: ";
  sqlite3_stmt *s = NULL;
  int status = 0;
  char *sql = sqlite3_mprintf("SELECT \"%w\"()", name);
  *out = false;
  if (sql == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  h->internal++;
  int rc = sqlite3_prepare_v2(h->db, sql, -1, &s, NULL);
  if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_ERROR) {
    *out = rc == SQLITE_OK || strncmp(sqlite3_errmsg(h->db), none, strlen(none)) != 0;
  } else {
    status = hrt_db_fail(h->db, err);
  }
  sqlite3_finalize(s);
  sqlite3_free(sql);
  h->internal--;
  return status;
}

int hrt_names_find(bool *out, helios *h, hrt_names_of of, const char *name, helios_error *err) {
  if (of == HRT_NAMES_FUNCTIONS) {
    return find_function(out, h, name, err);
  }
  struct looked_for l = {.name = name};
  int status = walk(h, of, look, &l, err);
  *out = status == 0 && l.found;
  return status;
}

int hrt_names_read(hrt_names *out, helios *h, hrt_names_of of, helios_error *err) {
  struct growing g = {.names = out};
  *out = (hrt_names){.read = true};
  int status = walk(h, of, add, &g, err);
  if (out->count > 0) {
    qsort(out->names, out->count, sizeof *out->names, compare);
  }
  return status;
}

bool hrt_names_has(const hrt_names *names, const char *name) {
  return names->count > 0 &&
         bsearch(&name, names->names, names->count, sizeof *names->names, compare) != NULL;
}

void hrt_names_clear(hrt_names *names) {
  for (size_t i = 0; i < names->count; i++) {
    hrt_free(names->names[i]);
  }
  hrt_free(names->names);
  *names = (hrt_names){.read = false};
}
