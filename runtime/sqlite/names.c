/* names.c - see names.h. By PRAGMA statements: their table-valued forms are looked up in the schema
 * first. */
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

static int add(hrt_names *names, size_t *room, const char *name, helios_error *err) {
  if (names->count == *room) {
    size_t more = *room ? *room * 2 : 256;
    char **grown = hrt_realloc(names->names, more * sizeof *grown);
    if (grown == NULL) {
      return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    }
    names->names = grown;
    *room = more;
  }
  char *copy = hrt_strdup(name ? name : "");
  if (copy == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  names->names[names->count++] = copy;
  return 0;
}

int hrt_names_read(hrt_names *out, helios *h, hrt_names_of of, helios_error *err) {
  sqlite3_stmt *s = NULL;
  size_t room = 0;
  int status = 0, rc;
  *out = (hrt_names){.read = true};
  h->internal++;
  rc = sqlite3_prepare_v2(h->db, pragmas[of], -1, &s, NULL);
  while (rc == SQLITE_OK && status == 0 && (rc = sqlite3_step(s)) == SQLITE_ROW) {
    status = add(out, &room, (const char *)sqlite3_column_text(s, 0), err);
    rc = SQLITE_OK;
  }
  if (status == 0 && rc != SQLITE_DONE) {
    status = hrt_db_fail(h->db, err);
  }
  sqlite3_finalize(s);
  h->internal--;
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
