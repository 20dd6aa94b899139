/* sqlite_error.c - see sqlite_error.h. Must never run SQL: that would replace the error. */
#include "host/sqlite_error.h"

#include <stdio.h>
#include <string.h>

#include "host/utf8.h"

static const struct {
  int code;
  const char *name;
} codes[] = {
#define HRT_SQLITE_FAMILY(name)
#define HRT_SQLITE_CODE(name) {SQLITE_##name, "SQLITE_" #name},
#include "host/sqlite_codes.def"
#undef HRT_SQLITE_FAMILY
#undef HRT_SQLITE_CODE
};

static bool says_more(int extended) {
  switch (extended & 0xff) {
#define HRT_SQLITE_FAMILY(name) case SQLITE_##name:
#define HRT_SQLITE_CODE(name)
#include "host/sqlite_codes.def"
#undef HRT_SQLITE_FAMILY
#undef HRT_SQLITE_CODE
    return extended > 0xff;
  default:
    return false;
  }
}

helios_code hrt_db_code(sqlite3 *db, helios_code otherwise) {
  int rc = sqlite3_extended_errcode(db);
  return (rc & 0xff) == SQLITE_INTERRUPT                           ? HELIOS_E_CANCELLED
         : (rc & 0xff) == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM ? HELIOS_E_MEMORY
                                                                   : otherwise;
}

const char *hrt_db_text(char out[HRT_DB_TEXT], sqlite3 *db) {
  int extended = sqlite3_extended_errcode(db);
  const char *name = NULL;
  char behind[64] = "";
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    name = codes[i].code == extended ? codes[i].name : name;
  }
  if (name) {
    snprintf(behind, sizeof behind, " (%s)", name);
  } else if (says_more(extended)) {
    snprintf(behind, sizeof behind, " (extended result code %d)", extended);
  }
  snprintf(out, HRT_DB_TEXT, "%.*s%s", (int)(HRT_DB_TEXT - sizeof behind), sqlite3_errmsg(db),
           behind);
  return out;
}

enum { SHOWN = 40 }; /* bytes of an excerpt, which is up to four times as long then */
_Static_assert(4 * SHOWN + sizeof "..." <= HRT_EXCERPT, "an excerpt fits");

const char *hrt_sql_excerpt(char out[HRT_EXCERPT], const char *sql, size_t length, size_t at) {
  while (at < length && strchr(" \t\r\n", sql[at]) != NULL) {
    at++;
  }
  size_t n = 0, left = at < length ? length - at : 0;
  while (n < left && n < SHOWN && sql[at + n] != '\n' && sql[at + n] != '\r') {
    n++;
  }
  bool is_cut = n == SHOWN && n < left;
  while (is_cut && n > 0 && ((uint8_t)sql[at + n] & 0xc0) == 0x80) {
    n--; /* not within a character */
  }
  size_t end = hrt_clean(out, HRT_EXCERPT, sql + at, n);
  snprintf(out + end, HRT_EXCERPT - end, "%s", is_cut ? "..." : "");
  return out;
}

int hrt_db_fail_as(sqlite3 *db, helios_code otherwise, helios_error *err) {
  char text[HRT_DB_TEXT];
  return hrt_fail(err, hrt_db_code(db, otherwise), "%s", hrt_db_text(text, db));
}
