/* marshal.c - SQL arguments to slots. The way of a number is short: its storage class is looked at
 * once, nothing is allocated. Must never write to guest memory outside of the argument arena. */
#include <string.h>

#include "sqlite/plain.h"

/* Where the next bytes go in the arena: an offset. */
struct cursor {
  hrt_host_env *env;
  uint64_t used;
};

static bool any_null(const hrt_signature *s, sqlite3_value **argv) {
  for (uint32_t i = 0; i < s->argc; i++) {
    if (sqlite3_value_type(argv[i]) == SQLITE_NULL) {
      return true;
    }
  }
  return false;
}

int hrt_marshal_misfit(const hrt_signature *s, uint32_t i, sqlite3_value *v, helios_error *err) {
  char name[HRT_PARAM_NAME], shown[HRT_ESCAPED];
  const char *is = hrt_storage_name(v), *want = hrt_type_name((hrt_type)s->types[i]);
  bool bytes = sqlite3_value_type(v) == SQLITE_BLOB;
  const char *text = bytes ? NULL : (const char *)sqlite3_value_text(v);
  int status = hrt_fail(err, HELIOS_E_VALUE, "parameter %s: expected %s, got %s",
                        hrt_param_name(name, s, i), want, is);
  if (text != NULL) {
    hrt_hint(err, "the value is %s", hrt_escape(shown, text, (size_t)sqlite3_value_bytes(v)));
  }
  return status;
}

/* Argument i does not fit. A NULL anywhere beats it: the procedure would not have been called. */
static int misfit(const hrt_signature *s, uint32_t i, sqlite3_value **argv, helios_error *err) {
  return !s->called_on_null && any_null(s, argv) ? HRT_MARSHAL_NULL
                                                 : hrt_marshal_misfit(s, i, argv[i], err);
}

static bool fits_i32(int64_t v) {
  return v >= INT32_MIN && v <= INT32_MAX;
}

static int integer(hsb_slot *slot, const hrt_signature *s, uint32_t i, sqlite3_value **argv,
                   helios_error *err) {
  int64_t v = 0;
  char name[HRT_PARAM_NAME];
  if (!hrt_to_i64(&v, (hrt_type)s->types[i], argv[i])) {
    return misfit(s, i, argv, err);
  }
  if (s->modes[i] == MODE_I32 && !fits_i32(v)) {
    return hrt_fail(err, HELIOS_E_VALUE, "parameter %s: %lld does not fit the procedure's i32",
                    hrt_param_name(name, s, i), (long long)v);
  }
  *slot = s->modes[i] == MODE_I64 ? (hsb_slot)v : (hsb_slot)(uint32_t)v;
  return 0;
}

static int real(hsb_slot *slot, const hrt_signature *s, uint32_t i, sqlite3_value **argv,
                helios_error *err) {
  double d = 0;
  if (!hrt_to_f64(&d, (hrt_type)s->types[i], argv[i])) {
    return misfit(s, i, argv, err);
  }
  if (s->modes[i] == MODE_F32) {
    float f = (float)d;
    *slot = 0;
    memcpy(slot, &f, sizeof f);
  } else {
    memcpy(slot, &d, sizeof d);
  }
  return 0;
}

/* Room for `length` bytes at a multiple of 8. False: the arena is too small. */
static bool take(uint64_t *at, struct cursor *c, uint64_t length) {
  if (length > c->env->arena_size || c->used > c->env->arena_size - length) {
    c->used += length + 8; /* what a larger arena must hold */
    return false;
  }
  *at = c->used;
  c->used = (c->used + length + 7) & ~UINT64_C(7);
  return true;
}

static bool put(uint32_t *at, struct cursor *c, const void *bytes, uint64_t length) {
  uint64_t offset = 0;
  bool room = take(&offset, c, length) && hrt_arena_put(c->env, offset, bytes, length);
  *at = c->env->arena + (uint32_t)offset;
  return room;
}

/* The bytes of a text, or of a blob for a BLOB, at *used in the arena. False: they need the long
 * way.
 */
static bool plain_bytes(hsb_slot *slots, uint64_t *used, hrt_type type, hrt_host_env *env,
                        sqlite3_value *v) {
  struct cursor c = {env, *used};
  int storage = sqlite3_value_type(v);
  uint32_t at = 0;
  if (!env->arena_zero ||
      (storage != SQLITE_TEXT && (storage != SQLITE_BLOB || type != HRT_TYPE_BLOB))) {
    return false;
  }
  const void *bytes =
      storage == SQLITE_BLOB ? sqlite3_value_blob(v) : (const void *)sqlite3_value_text(v);
  uint32_t length = (uint32_t)sqlite3_value_bytes(v);
  if (bytes == NULL || !put(&at, &c, bytes, length)) {
    return false;
  }
  *used = c.used;
  slots[0] = at;
  slots[1] = length;
  return true;
}

bool hrt_plain_mixed(hsb_slot *slots, const hrt_signature *s, hrt_host_env *env,
                     sqlite3_value **argv) {
  uint64_t used = 0;
  bool ok = true;
  for (uint32_t i = 0; i < s->argc && ok; i++) {
    if (s->modes[i] == MODE_BYTES) {
      ok = plain_bytes(slots++, &used, (hrt_type)s->types[i], env, argv[i]);
    } else {
      ok = hrt_number_in(slots, (hrt_mode)s->modes[i], argv[i]);
    }
    slots++;
  }
  return ok && hrt_arena_clear(env, used);
}

/* The status of bytes that found no room; the arena is made larger and all is done again. */
#define NO_ROOM (-2)

static int text(hsb_slot *slots, struct cursor *c, const hrt_signature *s, uint32_t i,
                sqlite3_value **argv, helios_error *err) {
  char scratch[HRT_SCRATCH];
  const void *bytes = NULL;
  size_t length = 0;
  uint32_t at = 0;
  if (!hrt_to_bytes(&bytes, &length, (hrt_type)s->types[i], argv[i], scratch)) {
    return misfit(s, i, argv, err);
  }
  if (!put(&at, c, bytes, length)) {
    return NO_ROOM;
  }
  slots[0] = at;
  slots[1] = (uint32_t)length;
  return 0;
}

int hrt_marshal_check(const hrt_signature *s, uint32_t i, sqlite3_value *v, helios_error *err) {
  char scratch[HRT_SCRATCH], name[HRT_PARAM_NAME];
  struct hrt_cell cell;
  const void *bytes = NULL;
  return hrt_to_cell(&cell, &bytes, (hrt_type)s->types[i], v, scratch)
             ? 0
             : hrt_fail(err, HELIOS_E_VALUE, "DEFAULT of parameter %s: expected %s, got %s",
                        hrt_param_name(name, s, i), hrt_type_name((hrt_type)s->types[i]),
                        hrt_storage_name(v));
}

static int put_cell(hsb_slot *slot, struct cursor *c, const hrt_signature *s, uint32_t i,
                    sqlite3_value **argv, helios_error *err) {
  char scratch[HRT_SCRATCH];
  struct hrt_cell cell;
  const void *bytes = NULL;
  uint32_t at = 0;
  if (!s->called_on_null && sqlite3_value_type(argv[i]) == SQLITE_NULL) {
    return HRT_MARSHAL_NULL;
  }
  if (!hrt_to_cell(&cell, &bytes, (hrt_type)s->types[i], argv[i], scratch)) {
    return misfit(s, i, argv, err);
  }
  if (bytes != NULL) {
    bool room = put(&at, c, bytes, cell.length);
    cell.bits = at;
    if (!room) {
      uint64_t unused;
      take(&unused, c, sizeof cell); /* only counted */
      return NO_ROOM;
    }
  }
  if (!put(&at, c, &cell, sizeof cell)) {
    return NO_ROOM;
  }
  *slot = at;
  return 0;
}

/* One argument by the long way: conversions, bytes, errors. */
static int slow(hsb_slot **slot, struct cursor *c, const hrt_signature *s, uint32_t i,
                sqlite3_value **argv, helios_error *err) {
  int status = 0;
  if (s->modes[i] != MODE_CELL && sqlite3_value_type(argv[i]) == SQLITE_NULL) {
    return HRT_MARSHAL_NULL;
  }
  switch (s->modes[i]) {
  case MODE_F32:
  case MODE_F64:
    status = real(*slot, s, i, argv, err);
    break;
  case MODE_BYTES:
    status = text(*slot, c, s, i, argv, err);
    *slot += 1;
    break;
  case MODE_CELL:
    status = put_cell(*slot, c, s, i, argv, err);
    break;
  default:
    status = integer(*slot, s, i, argv, err);
  }
  *slot += 1;
  return status;
}

/* A number that is of its type as it is stored. */
static bool is_plain_number(hrt_type type, int storage) {
  return (storage == SQLITE_INTEGER && (type == HRT_TYPE_BIGINT || type == HRT_TYPE_INTEGER)) ||
         (storage == SQLITE_FLOAT && type == HRT_TYPE_REAL);
}

/* The values that a guest will pull must convert when it does. */
static int check_dynamic(const hrt_signature *s, sqlite3_value **argv, helios_error *err) {
  char scratch[HRT_SCRATCH];
  for (uint32_t i = 0; i < s->argc; i++) {
    struct hrt_cell cell;
    const void *bytes = NULL;
    int storage = sqlite3_value_type(argv[i]);
    if (is_plain_number((hrt_type)s->types[i], storage)) {
      continue;
    }
    if (storage == SQLITE_NULL && !s->called_on_null) {
      return HRT_MARSHAL_NULL;
    }
    if (!hrt_to_cell(&cell, &bytes, (hrt_type)s->types[i], argv[i], scratch)) {
      return misfit(s, i, argv, err);
    }
  }
  return 0;
}

/* All arguments once. After NO_ROOM the cursor has counted what they all need. */
static int pass(hsb_slot *slot, struct cursor *c, const hrt_signature *s, sqlite3_value **argv,
                helios_error *err) {
  bool room = true;
  for (uint32_t i = 0; i < s->argc; i++) {
    int storage = sqlite3_value_type(argv[i]);
    if (storage == SQLITE_INTEGER && s->modes[i] == MODE_I64) {
      *slot++ = (hsb_slot)sqlite3_value_int64(argv[i]);
      continue;
    }
    if (storage == SQLITE_FLOAT && s->modes[i] == MODE_F64) {
      double d = sqlite3_value_double(argv[i]);
      memcpy(slot++, &d, sizeof d);
      continue;
    }
    int status = slow(&slot, c, s, i, argv, err);
    if (status == NO_ROOM) {
      room = false;
    } else if (status != 0) {
      return status;
    }
  }
  return room && hrt_arena_clear(c->env, c->used) ? 0 : NO_ROOM;
}

int hrt_marshal_args(hsb_slot *slots, const hrt_signature *s, hrt_host_env *env,
                     sqlite3_value **argv, helios_error *err) {
  if (s->longs && hrt_longs_in(slots, s->argc, argv) && hrt_arena_clear(env, 0)) {
    return 0;
  }
  if (s->dynamic) {
    return check_dynamic(s, argv, err);
  }
  struct cursor c = {env, 0};
  int status = pass(slots, &c, s, argv, err);
  if (status != NO_ROOM) {
    return status;
  }
  if (!hrt_arena_room(env, c.used)) {
    status = hrt_fail(err, HELIOS_E_LIMIT, "arguments of %llu bytes do not fit the memory limit",
                      (unsigned long long)c.used);
    hrt_hint(err, "raise memory_limit, or the maximum that the module gives its memory");
    return status;
  }
  c.used = 0;
  status = pass(slots, &c, s, argv, err);
  return status == NO_ROOM
             ? hrt_fail(err, HELIOS_E_INTERNAL, "the argument arena was counted wrong")
             : status;
}
