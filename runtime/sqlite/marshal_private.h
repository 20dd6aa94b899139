/* marshal_private.h - between signature.c, which chooses how a value lies on wasm types, and
 * marshal.c, which puts it there. */
#ifndef HRT_MARSHAL_PRIVATE_H
#define HRT_MARSHAL_PRIVATE_H

#include "sqlite/marshal.h"

typedef enum hrt_mode {
  MODE_NONE, /* no result */
  MODE_BOOL, /* i32 */
  MODE_I32,  /* range-checked */
  MODE_I64,  /* numbers, days, microseconds */
  MODE_F32,
  MODE_F64,
  MODE_BYTES, /* i32, i32; result: i64 packed */
  MODE_CELL,  /* i32 */
} hrt_mode;

/* Does v convert to parameter i's type, or is it NULL? Errors: E_VALUE. */
int hrt_marshal_check(const hrt_signature *s, uint32_t i, sqlite3_value *v, helios_error *err);

#endif
