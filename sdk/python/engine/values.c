/* values.c - Python values from and to the host's. Must never cut: an integer beyond 64 bits and
 * text that is not UTF-8 are exceptions. */
#include "engine.h"
#include "py/binary.h"
#include "py/builtin.h"
#include "py/objint.h"
#include "py/objstr.h"
#include "py/smallint.h"
#include "py/unicode.h"

#define FIRST_TRY 256

/* ---- text ---- */

/* How many bytes the character at `at` has; 0: it is none. */
static unsigned character(const unsigned char *at, unsigned left) {
  unsigned n = at[0] < 0x80   ? 1
               : at[0] < 0xc2 ? 0
               : at[0] < 0xe0 ? 2
               : at[0] < 0xf0 ? 3
               : at[0] < 0xf5 ? 4
                              : 0;
  if (n > left) {
    return 0;
  }
  for (unsigned i = 1; i < n; i++) {
    if ((at[i] & 0xc0) != 0x80) {
      return 0;
    }
  }
  bool wrong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
               (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f);
  return wrong ? 0 : n;
}

/* ASCII, 8 bytes at a time */
static unsigned plain(const unsigned char *at, unsigned length) {
  unsigned i = 0;
  for (uint64_t eight; i < length && length >= 8; i += 8) {
    bool last = length - i < 8;
    memcpy(&eight, at + (last ? length - 8 : i), 8);
    if ((eight & 0x8080808080808080u) != 0) {
      return i;
    }
    if (last) {
      return length;
    }
  }
  return i;
}

/* In the place of unicode.c's, which looks at one byte after the other. The first bytes of
 * characters: all but 10xxxxxx. */
size_t utf8_charlen(const byte *at, size_t length) {
  const uint64_t ones = 0x0101010101010101u;
  size_t count = 0, i = 0;
  for (uint64_t eight; length - i >= 8; i += 8) {
    memcpy(&eight, at + i, 8);
    count += (size_t)__builtin_popcountll((~eight >> 7 | eight >> 6) & ones);
  }
  for (; i < length; i++) {
    count += (at[i] & 0xc0) != 0x80;
  }
  return count;
}

int hp_is_utf8(const unsigned char *at, unsigned length) {
  for (unsigned i = plain(at, length), n = 0; i < length; i += n) {
    n = character(at + i, length - i);
    if (n == 0) {
      return 0;
    }
  }
  return 1;
}

/* Without its hash: who wants it computes it. */
mp_obj_t hp_text_at(const char *at, size_t length) {
  mp_obj_str_t *o = mp_obj_malloc(mp_obj_str_t, &mp_type_str);
  o->hash = 0;
  o->len = length;
  o->data = (const byte *)at;
  return MP_OBJ_FROM_PTR(o);
}

mp_obj_t hp_new_text(const char *at, unsigned length) {
  return hp_is_utf8((const unsigned char *)at, length) ? mp_obj_new_str(at, length) : MP_OBJ_NULL;
}

hp_bytes hp_bytes_of(mp_obj_t o) {
  mp_buffer_info_t info;
  mp_get_buffer_raise(o, &info, MP_BUFFER_READ);
  return (hp_bytes){info.buf, (unsigned)info.len};
}

const char *hp_ended(mp_obj_t o, hp_bytes b) {
  if (mp_obj_is_str_or_bytes(o)) {
    return b.at;
  }
  char *own = m_new(char, b.length + 1);
  memcpy(own, b.at, b.length);
  own[b.length] = '\0';
  return own;
}

hp_bytes hp_text_of(mp_obj_t o) {
  size_t length;
  const char *at = mp_obj_str_get_data(o, &length);
  if (!mp_obj_is_str(o)) {
    mp_raise_TypeError(MP_ERROR_TEXT("str expected"));
  }
  return (hp_bytes){at, (unsigned)length};
}

/* From a vstr that ends here. */
static mp_obj_t take(vstr_t *v, int as_text) {
  if (!as_text) {
    return mp_obj_new_bytes_from_vstr(v);
  }
  if (!hp_is_utf8((const unsigned char *)v->buf, (unsigned)v->len)) {
    hp_raise(HG_E_UTF8, "text that is not valid UTF-8");
  }
  return mp_obj_new_str_from_utf8_vstr(v);
}

mp_obj_t hp_filled(hp_fill *fill, void *arg, int as_text) {
  vstr_t v;
  vstr_init_len(&v, FIRST_TRY);
  int n = hp_check(fill(arg, v.buf, FIRST_TRY));
  if (n > FIRST_TRY) {
    vstr_init_len(&v, (size_t)n);
    hp_check(fill(arg, v.buf, (unsigned)n));
  }
  v.len = (size_t)n;
  return take(&v, as_text);
}

/* ---- numbers ---- */

/* MicroPython's own makes an object of any: sums with it are slow. */
mp_obj_t hp_int_of(long long v) {
  bool small = v >= MP_SMALL_INT_MIN && v <= MP_SMALL_INT_MAX;
  return small ? MP_OBJ_NEW_SMALL_INT((mp_int_t)v) : mp_obj_new_int_from_ll(v);
}

/* ---- JSON ---- */

static int give_json(const hp_sink *sink, mp_obj_t value) {
  vstr_t text;
  hp_json_dumps(&text, value, ",", ":");
  return sink->bytes(sink->arg, HG_JSON, text.buf, (unsigned)text.len);
}

/* ---- from the host ---- */

/* Where bytes come from: an argument or a column. */
typedef struct source {
  int stmt; /* -1: an argument */
  unsigned index;
} source;

static int source_read(const source *s, char *dst, unsigned cap) {
  return s->stmt < 0 ? hg_arg_read(s->index, 0, dst, cap)
                     : hg_column_read(s->stmt, s->index, 0, dst, cap);
}

static bool is_null(const source *s) {
  return s->stmt < 0 && hg_arg_type(s->index) == HG_NULL;
}

/* Of UTF-8, and a NUL behind it. They do not stay. */
static mp_obj_t text_of(const source *s, enum hg_type type, const char *at, unsigned n) {
  if (!hp_is_utf8((const unsigned char *)at, n)) {
    if (s->stmt < 0) {
      mp_raise_msg_varg(&mp_type_UnicodeError, MP_ERROR_TEXT("argument %u is not valid UTF-8"),
                        s->index + 1);
    }
    return MP_OBJ_NULL;
  }
  return type == HG_JSON      ? hp_json_loads(at, n)
         : type == HG_DECIMAL ? hp_decimal_new(at, n)
                              : hp_text_at(memcpy(m_new(char, n + 1), at, n + 1), n);
}

/* Most values are short: one call of the host tells how long they are and has them. An argument
 * that is NULL has no bytes: MP_OBJ_NULL. */
static mp_obj_t read_bytes(const source *s, enum hg_type type) {
  char first[FIRST_TRY + 1], *at = first;
  unsigned n = (unsigned)hp_check(source_read(s, first, FIRST_TRY));
  if (n == 0 && is_null(s)) {
    return MP_OBJ_NULL;
  }
  if (n > FIRST_TRY) {
    at = m_new(char, n + 1);
    hp_check(source_read(s, at, n));
  }
  at[n] = '\0';
  return type == HG_BLOB ? mp_obj_new_bytes((const byte *)at, n) : text_of(s, type, at, n);
}

static mp_obj_t natural_argument(unsigned index, int type) {
  switch (type) {
  case HG_NULL:
    return MP_OBJ_NULL;
  case HG_I64:
    return hp_int_of(hg_arg_i64(index));
  case HG_BOOLEAN:
    return mp_obj_new_bool(hg_arg_i64(index) != 0);
  case HG_F64:
    return mp_obj_new_float(hg_arg_f64(index));
  default:
    return read_bytes(&(source){-1, index}, (enum hg_type)type);
  }
}

static long long of_32_bits(long long v) {
  if (v != (int)v) {
    vstr_t text;
    mp_print_t print;
    vstr_init_print(&text, 24, &print);
    mp_obj_print_helper(&print, hp_int_of(v), PRINT_STR);
    mp_raise_msg_varg(&mp_type_OverflowError, MP_ERROR_TEXT("%s is no INTEGER of 32 bits"),
                      vstr_null_terminated_str(&text));
  }
  return v;
}

/* A NULL is 0, and so only 0 may be one. */
static bool i64_argument(long long *out, unsigned index) {
  *out = hg_arg_i64(index);
  return *out != 0 || hg_arg_type(index) != HG_NULL;
}

static mp_obj_t f64_argument(unsigned index) {
  double v = hg_arg_f64(index);
  return v == 0 && hg_arg_type(index) == HG_NULL ? MP_OBJ_NULL : mp_obj_new_float(v);
}

mp_obj_t hp_argument(unsigned index, enum hg_sqltype type) {
  long long v;
  switch (type) {
  case HG_SQL_BOOLEAN:
    return i64_argument(&v, index) ? mp_obj_new_bool(v != 0) : MP_OBJ_NULL;
  case HG_SQL_INTEGER:
    return i64_argument(&v, index) ? hp_int_of(of_32_bits(v)) : MP_OBJ_NULL;
  case HG_SQL_BIGINT:
  case HG_SQL_DATE:
  case HG_SQL_TIMESTAMP:
    return i64_argument(&v, index) ? hp_int_of(v) : MP_OBJ_NULL;
  case HG_SQL_REAL:
    return f64_argument(index);
  case HG_SQL_DECIMAL:
    return read_bytes(&(source){-1, index}, HG_DECIMAL);
  case HG_SQL_JSON:
    return read_bytes(&(source){-1, index}, HG_JSON);
  case HG_SQL_TEXT:
    return read_bytes(&(source){-1, index}, HG_TEXT);
  case HG_SQL_BLOB:
    return read_bytes(&(source){-1, index}, HG_BLOB);
  default:
    return natural_argument(index, hg_arg_type(index));
  }
}

mp_obj_t hp_column(int stmt, unsigned column) {
  int type = hg_column_type(stmt, column);
  switch (type) {
  case HG_NULL:
    return mp_const_none;
  case HG_I64:
  case HG_BOOLEAN:
    return hp_int_of(hg_column_i64(stmt, column));
  case HG_F64:
    return mp_obj_new_float(hg_column_f64(stmt, column));
  default:
    return read_bytes(&(source){stmt, column}, type == HG_BLOB ? HG_BLOB : HG_TEXT);
  }
}

/* ---- to the host ---- */

static int result_null(void *arg) {
  (void)arg;
  return hg_return_null();
}
static int result_i64(void *arg, long long v) {
  (void)arg;
  return hg_return_i64(v);
}
static int result_f64(void *arg, double v) {
  (void)arg;
  return hg_return_f64(v);
}
static int result_bytes(void *arg, enum hg_type type, const char *p, unsigned n) {
  (void)arg;
  return hg_return_bytes(type, p, n);
}
const hp_sink hp_result_sink = {result_null, result_i64, result_f64, result_bytes, NULL};

static int row_null(void *arg) {
  (void)arg;
  return hg_row_null();
}
static int row_i64(void *arg, long long v) {
  (void)arg;
  return hg_row_i64(v);
}
static int row_f64(void *arg, double v) {
  (void)arg;
  return hg_row_f64(v);
}
static int row_bytes(void *arg, enum hg_type type, const char *p, unsigned n) {
  (void)arg;
  return hg_row_bytes(type, p, n);
}
const hp_sink hp_row_sink = {row_null, row_i64, row_f64, row_bytes, NULL};

static int give_int(const hp_sink *sink, enum hg_sqltype type, mp_obj_t value) {
  unsigned char bytes[9];
  unsigned long long low = 0;
  if (mp_obj_is_small_int(value)) {
    return sink->i64(sink->arg, MP_OBJ_SMALL_INT_VALUE(value));
  }
  bool fits = mp_obj_int_to_bytes_impl(value, false, sizeof bytes, bytes);
  bool negative = mp_obj_int_sign(value) < 0;
  for (int i = 7; i >= 0; i--) {
    low = low << 8 | bytes[i];
  }
  if (!fits || bytes[8] != (negative ? 0xff : 0) || (long long)low < 0 != negative) {
    mp_raise_msg(&mp_type_OverflowError, MP_ERROR_TEXT("an int of more than 64 bits"));
  }
  return sink->i64(sink->arg, type == HG_SQL_INTEGER ? of_32_bits((long long)low) : (long long)low);
}

static int give_text(const hp_sink *sink, enum hg_type type, mp_obj_t value) {
  hp_bytes b = hp_text_of(value);
  return sink->bytes(sink->arg, type, b.at, b.length);
}

static int give_decimal(const hp_sink *sink, mp_obj_t value) {
  vstr_t text;
  vstr_init(&text, 32);
  hp_decimal_text(&text, value);
  return sink->bytes(sink->arg, HG_DECIMAL, text.buf, (unsigned)text.len);
}

int hp_give(const hp_sink *sink, enum hg_sqltype type, mp_obj_t value) {
  if (value == mp_const_none) {
    return sink->null(sink->arg);
  }
  if (type == HG_SQL_JSON) {
    return give_json(sink, value);
  }
  if (mp_obj_is_bool(value)) {
    return sink->i64(sink->arg, value == mp_const_true);
  }
  if (mp_obj_is_int(value)) {
    return give_int(sink, type, value);
  }
  if (mp_obj_is_float(value)) {
    return sink->f64(sink->arg, mp_obj_get_float(value));
  }
  if (mp_obj_is_str(value)) {
    return give_text(sink, type == HG_SQL_DECIMAL ? HG_DECIMAL : HG_TEXT, value);
  }
  if (mp_obj_is_type(value, &mp_type_bytes) || mp_obj_is_type(value, &mp_type_bytearray) ||
      mp_obj_is_type(value, &mp_type_memoryview)) {
    hp_bytes b = hp_bytes_of(value);
    return sink->bytes(sink->arg, HG_BLOB, b.at, b.length);
  }
  if (mp_obj_is_type(value, &hp_type_Decimal)) {
    return give_decimal(sink, value);
  }
  if (mp_obj_is_dict_or_ordereddict(value) || mp_obj_is_type(value, &mp_type_list) ||
      mp_obj_is_type(value, &mp_type_tuple)) {
    return give_json(sink, value);
  }
  mp_raise_msg_varg(&mp_type_TypeError, MP_ERROR_TEXT("SQL has no type for %s"),
                    mp_obj_get_type_str(value));
}
