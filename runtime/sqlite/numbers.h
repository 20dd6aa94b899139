/* numbers.h - the short way of SQL numbers to slots and back, inline: a call of a small function
 * costs about as much as its calls of SQLite, so each value takes two of them.
 *
 * Invariant: does what hrt_marshal_args and hrt_marshal_result do for the same values, or nothing:
 * what must be converted or refused (NULL, text, an integer too large for i32) is left to them. */
#ifndef HRT_NUMBERS_H
#define HRT_NUMBERS_H

#include <string.h>

#include "host/sqlite_api.h"
#include "sqlite/marshal_private.h"

/* One argument. False: not by this way. */
static inline bool hrt_number_in(hsb_slot *slot, hrt_mode mode, sqlite3_value *v) {
  int storage = sqlite3_value_type(v);
  if (mode == MODE_F64 && (storage == SQLITE_FLOAT || storage == SQLITE_INTEGER)) {
    double d = sqlite3_value_double(v);
    memcpy(slot, &d, sizeof d);
    return true;
  }
  if (mode == MODE_F64 || storage != SQLITE_INTEGER) {
    return false;
  }
  int64_t n = sqlite3_value_int64(v);
  *slot = mode == MODE_I64 ? (hsb_slot)n : (hsb_slot)(uint32_t)n;
  return mode == MODE_I64 || n == (int32_t)n;
}

/* slots: room for HRT_NUMBERS_MAX. s->numeric. */
static inline bool hrt_numbers_in(hsb_slot *slots, const hrt_signature *s, sqlite3_value **argv) {
  for (uint32_t i = 0; i < s->argc; i++) {
    if (__builtin_expect(!hrt_number_in(&slots[i], (hrt_mode)s->modes[i], argv[i]), 0)) {
      return false;
    }
  }
  return true;
}

static inline void hrt_number_out(sqlite3_context *sql, const hrt_signature *s, hsb_slot slot) {
  if (s->result_mode == MODE_F64) {
    double d = 0;
    memcpy(&d, &slot, sizeof d);
    sqlite3_result_double(sql, d);
  } else {
    sqlite3_result_int64(sql, s->result_mode == MODE_I64 ? (int64_t)slot : (int32_t)slot);
  }
}

#endif
