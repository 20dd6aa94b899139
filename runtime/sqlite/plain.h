/* plain.h - the short way of SQL values to slots and back, inline: a call of a small function costs
 * about as much as its calls of SQLite, so a number takes two of them and a text three.
 *
 * Invariant: does what hrt_marshal_args and hrt_marshal_result do for the same values, or nothing
 * that these would not do over: what must be converted or refused (NULL, text for a number, an
 * integer too large for i32) or finds no room is left to them. */
#ifndef HRT_PLAIN_H
#define HRT_PLAIN_H

#include <string.h>

#include "host/sqlite_api.h"
#include "sqlite/marshal_private.h"

/* One number. False: not by this way. */
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

static inline bool hrt_numbers_in(hsb_slot *slots, const hrt_signature *s, sqlite3_value **argv) {
  for (uint32_t i = 0; i < s->argc; i++) {
    if (__builtin_expect(!hrt_number_in(&slots[i], (hrt_mode)s->modes[i], argv[i]), 0)) {
      return false;
    }
  }
  return true;
}

/* at: read again rather than kept in a register. */
static inline bool hrt_long_in(hsb_slot *slot, sqlite3_value **at) {
  if (__builtin_expect(sqlite3_value_type(*at) != SQLITE_INTEGER, 0)) {
    return false;
  }
  *slot = (hsb_slot)sqlite3_value_int64(*at);
  return true;
}

/* All of mode i64. */
static inline bool hrt_longs_in(hsb_slot *slots, uint32_t argc, sqlite3_value **argv) {
  for (uint32_t i = 0; i < argc; i++) {
    if (__builtin_expect(!hrt_long_in(&slots[i], &argv[i]), 0)) {
      return false;
    }
  }
  return true;
}

/* One or two: a loop costs as much as SQLite's part does. Both are asked about before either is
 * read, which is quicker by a tenth of a nanosecond. */
__attribute__((always_inline)) static inline bool hrt_few_in(hsb_slot *slots, const uint32_t *argc,
                                                             sqlite3_value **argv) {
  if (__builtin_expect(sqlite3_value_type(argv[0]) != SQLITE_INTEGER, 0)) {
    return false;
  }
  if (__builtin_expect(*argc != 1, 1)) {
    if (__builtin_expect(sqlite3_value_type(argv[1]) != SQLITE_INTEGER, 0)) {
      return false;
    }
    slots[1] = (hsb_slot)sqlite3_value_int64(argv[1]);
  }
  slots[0] = (hsb_slot)sqlite3_value_int64(argv[0]);
  return true;
}

/* slots: room for HRT_PLAIN_SLOTS. s->plain. False: not by this way. */
static inline bool hrt_plain_in(hsb_slot *slots, const hrt_signature *s, hrt_host_env *env,
                                sqlite3_value **argv) {
  return s->longs     ? hrt_longs_in(slots, s->argc, argv)
         : s->numbers ? hrt_numbers_in(slots, s, argv)
                      : hrt_plain_mixed(slots, s, env, argv);
}

/* s->whole. env->given: nothing. */
static inline void hrt_whole_out(sqlite3_context *sql, const hrt_signature *s,
                                 const hsb_slot *slots) {
  sqlite3_result_int64(sql, s->result_mode == MODE_I64 ? (int64_t)slots[0] : (int32_t)slots[0]);
}

/* As hrt_marshal_result. env->given: nothing. */
static inline int hrt_plain_out(sqlite3_context *sql, const hrt_signature *s, hrt_host_env *env,
                                const hsb_slot *slots, helios_error *err) {
  if (__builtin_expect(!s->whole, 0)) {
    return hrt_marshal_result(sql, s, env, slots, err);
  }
  hrt_whole_out(sql, s, slots);
  return 0;
}

#endif
