/* debug.c - WITH (debug_mode = true): the error of a call that failed says what it was called with.
 * Must never be on otherwise: arguments are data that logs and trap records would keep.
 *
 * Invariant: adds to an error's text only, never past its end. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sqlite/session.h"

#define SHOWN 40 /* bytes of a text, half as many of a blob */

struct out {
  char *at;
  size_t room; /* with the NUL */
};

__attribute__((format(printf, 2, 3))) static void put(struct out *o, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(o->at, o->room, format, args);
  va_end(args);
  size_t used = n < 0 ? 0 : (size_t)n < o->room ? (size_t)n : o->room - 1;
  o->at += used;
  o->room -= used;
}

static void put_text(struct out *o, sqlite3_value *value) {
  char safe[HRT_ESCAPED];
  const unsigned char *text = sqlite3_value_text(value);
  size_t length = text ? (size_t)sqlite3_value_bytes(value) : 0;
  put(o, "'%s%s'",
      hrt_escape(safe, text ? text : (const unsigned char *)"", length < SHOWN ? length : SHOWN),
      length > SHOWN ? "..." : "");
}

static void put_blob(struct out *o, sqlite3_value *value) {
  const unsigned char *bytes = sqlite3_value_blob(value);
  size_t length = bytes ? (size_t)sqlite3_value_bytes(value) : 0;
  put(o, "X'");
  for (size_t i = 0; i < length && i < SHOWN / 2; i++) {
    put(o, "%02X", bytes[i]);
  }
  put(o, "%s'", length > SHOWN / 2 ? "..." : "");
}

static void put_value(struct out *o, sqlite3_value *value) {
  switch (sqlite3_value_type(value)) {
  case SQLITE_INTEGER:
    put(o, "%lld", (long long)sqlite3_value_int64(value));
    break;
  case SQLITE_FLOAT:
    put(o, "%.17g", sqlite3_value_double(value));
    break;
  case SQLITE_TEXT:
    put_text(o, value);
    break;
  case SQLITE_BLOB:
    put_blob(o, value);
    break;
  default:
    put(o, "NULL");
    break;
  }
}

void hrt_debug_call(const hrt_version *v, int argc, sqlite3_value **argv, helios_error *err) {
  size_t length = strlen(err->text);
  struct out o = {err->text + length, sizeof err->text - length};
  if (!v->debug) {
    return;
  }
  put(&o, "; version %u called with (", v->number);
  for (int i = 0; i < argc; i++) {
    put(&o, "%s", i > 0 ? ", " : "");
    put_value(&o, argv[i]);
  }
  put(&o, ")");
}
