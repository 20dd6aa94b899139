/* engine.h - what the files of the Python engine share. The engine is a guest: it runs inside the
 * sandbox, as untrusted as any other module.
 *   engine.c      the module's exports: evaluates the script, runs a procedure
 *   stack.c       where the stack of calls is
 *   near.c        what each call writes
 *   where.c       where the host finds the place of the script
 *   catch.c       exceptions that C catches
 *   quick.h       short ways of MicroPython's interpreter
 *   sum.c         sum
 *   heap.c        memory: when it grows, when it is collected
 *   dict.c        dicts
 *   values.c      Python values from and to the host's
 *   double.c      floats as text
 *   decimal.c     Decimal
 *   json.c        json
 *   json_text.c   values as JSON
 *   database.c    heliosdb: statements and transactions
 *   host.c        heliosdb: all other host functions
 *   std.c         random, hashlib, time, typing and __future__ as far as they make sense here
 *
 * Invariant: every status of the host that is an error becomes an exception. */
#ifndef HELIOS_PY_ENGINE_H
#define HELIOS_PY_ENGINE_H

#include <heliosdb.h>
#include <string.h>

#include "py/obj.h"
#include "py/runtime.h"

/* ---- engine.c ---- */
extern const mp_obj_type_t mp_type_HeliosError;
/* The exception for a status of the host, with the text of its last error. */
mp_obj_t hp_error_of(int status);
/* Raises it if status is negative; else gives it back. */
int hp_check(int status);
NORETURN void hp_raise(int code, const char *text);

/* ---- stack.c ---- */
#define HP_STACK_BYTES (256u << 10)
extern char hp_call_stack[];
/* Where it begins: it grows down. */
uintptr_t hp_stack_top(void);

/* ---- near.c ---- */
#define HP_NURSERY_BYTES 1408u
#define HP_SECOND_NURSERY_BYTES 4096u
#define HP_PYSTACK_BYTES (128u << 10)
extern const void *hp_outermost; /* where the frame of the procedure's call begins */
extern bool hp_names_settled;    /* no name came into the script's module since hp_names_settle */
extern char hp_nursery[], hp_pystack[], hp_second_nursery[];

/* ---- where.c ---- */
void hp_say_where(void);

/* ---- catch.c ---- */
/* False: f raised. It may write what it keeps behind arg. */
bool hp_try(mp_obj_t *exception, int (*f)(void *), void *arg);

/* ---- heap.c ---- */
void hp_heap_begin(void);
/* Between the script and its calls: frees what only the evaluation needed. */
void hp_heap_settle(void);
/* Where state is kept from call to call, what earlier ones left is collected here. */
void hp_heap_between_calls(void);
/* The frame that a procedure's call begins with. */
void hp_heap_mark_call(void);

/* ---- dict.c ---- */
#define HP_SMALL_DICT 8u /* entries that have no index */
void hp_map_begin(void);
/* The script has been evaluated: what it named is found by one look from now on. */
void hp_names_settle(void);
/* What a name of the script's module, or of none but the builtins, stands for; MP_OBJ_NULL: look.
 */
mp_obj_t hp_settled_name(qstr name);
/* Of at most HP_SMALL_DICT entries, whose keys are different strs. */
mp_obj_t hp_small_dict(const mp_map_elem_t *entries, size_t count);

/* ---- names.c ---- */
/* The interned string of at most 8 bytes, zeros behind it; MP_QSTRnull: there is none, or no place
 * was left for it. */
qstr hp_short_name(uint64_t eight, size_t length);

/* ---- values.c ---- */
typedef struct hp_bytes {
  const char *at;
  unsigned length;
} hp_bytes;
/* The bytes of a str, bytes or anything with a buffer. TypeError if it has none. */
hp_bytes hp_bytes_of(mp_obj_t o);
hp_bytes hp_text_of(mp_obj_t o); /* of a str only */
mp_obj_t hp_int_of(long long v);
/* A str of bytes that stay: UTF-8, a NUL behind them. */
mp_obj_t hp_text_at(const char *at, size_t length);
/* The same bytes with a NUL behind them: those of a str or bytes have one. */
const char *hp_ended(mp_obj_t o, hp_bytes b);
int hp_is_utf8(const unsigned char *at, unsigned length);
/* str if it is UTF-8, else MP_OBJ_NULL. */
mp_obj_t hp_new_text(const char *at, unsigned length);
/* A call that fills (dst, cap) and gives how many bytes there are: gives all of them as str or
 * bytes. The first try has room for 256 bytes. */
typedef int hp_fill(void *arg, char *dst, unsigned cap);
mp_obj_t hp_filled(hp_fill *fill, void *arg, int as_text);

/* Argument number index of the call, declared as this SQL type; 0: it is NULL. */
mp_obj_t hp_argument(unsigned index, enum hg_sqltype type);
/* Where a value goes: the result, a column of a row, a parameter of a statement. */
typedef struct hp_sink {
  int (*null)(void *arg);
  int (*i64)(void *arg, long long v);
  int (*f64)(void *arg, double v);
  int (*bytes)(void *arg, enum hg_type type, const char *p, unsigned n);
  void *arg;
} hp_sink;
extern const hp_sink hp_result_sink, hp_row_sink;
int hp_give(const hp_sink *sink, enum hg_sqltype type, mp_obj_t value);
mp_obj_t hp_column(int stmt, unsigned column);

/* ---- json.c ---- */
/* at is UTF-8, and a NUL behind it. ValueError if it is no JSON. */
mp_obj_t hp_json_loads(const char *at, unsigned length);
/* Where a string has a quote, a backslash or a control character, or ends. */
const char *hp_json_plain_end(const char *at, const char *end);

/* ---- json_text.c ---- */
/* TypeError if JSON has no such value. */
void hp_json_dumps(vstr_t *out, mp_obj_t v, const char *item, const char *key);

/* ---- double.c ---- */
double hp_double_of(uint64_t m, int power); /* m * 10^power */
double hp_read_double(const char *at, size_t length);

/* ---- decimal.c ---- */
extern const mp_obj_type_t hp_type_Decimal;
mp_obj_t hp_decimal_new(const char *at, unsigned length);
void hp_decimal_text(vstr_t *out, mp_obj_t decimal);

#endif
