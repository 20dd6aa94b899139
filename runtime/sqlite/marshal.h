/* marshal.h - SQL values to the slots of a guest call and back, by declared types. Numbers go
 * through without a look at memory; bytes go to the argument arena.
 *
 * Invariants: no value reaches a guest or SQL that its declared type doesn't allow; a packed
 * result is read through hrt_guest_read only; an error names the parameter and both types. */
#ifndef HRT_MARSHAL_H
#define HRT_MARSHAL_H

#include "host/host.h"
#include "host/value.h"

#define HRT_PARAM_NAME 288
#define HRT_ARGS_MAX 100
#define HRT_SLOTS_MAX (2 * HRT_ARGS_MAX)
#define HRT_PLAIN_ARGS 8 /* of a plain signature */
#define HRT_PLAIN_SLOTS (2 * HRT_PLAIN_ARGS)

/* A declared SQL signature and, after hrt_signature_match, how it lies on an export. */
typedef struct hrt_signature {
  uint32_t argc;
  uint8_t returns;     /* hrt_type; HRT_TYPE_VOID: no RETURNS */
  uint8_t result_mode; /* marshal.c's own */
  bool called_on_null; /* CALLED ON NULL INPUT; else STRICT */
  bool dynamic;        /* the export takes nothing and pulls its arguments */
  bool plain;          /* plain.h takes the arguments */
  bool numbers;        /* plain, and all of them numbers */
  bool longs;          /* numbers, all of mode i64 */
  bool long_result;    /* longs and whole, the result of this mode too */
  bool whole;          /* the result is an integer as it is */
  uint8_t modes[HRT_ARGS_MAX];
  uint8_t types[HRT_ARGS_MAX];
  char *names[HRT_ARGS_MAX]; /* owned; NULL: no name */
  uint32_t optional;         /* of the arguments, the last ones, each with a fallback: */
  sqlite3_value *fallbacks[HRT_ARGS_MAX]; /* owned; the DEFAULT, or NULL */
} hrt_signature;

/* Begin with a zeroed struct. type: as in DDL, without "(10,2)". Errors: E_SIGNATURE (unknown
 * type, too many), E_MEMORY. */
void hrt_signature_init(hrt_signature *s, bool called_on_null);
int hrt_signature_add(hrt_signature *s, const char *name, const char *type, helios_error *err);
/* The DEFAULT of the parameter that was added last: takes value over, NULL for want of memory. It
 * converts to the parameter's type. Errors: E_VALUE, E_MEMORY. */
int hrt_signature_fallback(hrt_signature *s, sqlite3_value *value, helios_error *err);
int hrt_signature_returns(hrt_signature *s, const char *type, helios_error *err);
void hrt_signature_clear(hrt_signature *s);

/* Does it fit an export of wasm type `wasm` ("jd:d")? Errors: E_SIGNATURE, which names the
 * parameter, its SQL type and the wasm type found and expected. */
int hrt_signature_match(hrt_signature *s, const char *wasm, bool has_memory, helios_error *err);
/* Declares what a numeric export without DDL or manifest means: i32 INTEGER, i64 BIGINT, f32 and
 * f64 REAL. False if the export has other types or more than one result. */
bool hrt_signature_of_export(hrt_signature *s, const char *wasm);

/* "order_total", or "2" for one without a name. */
const char *hrt_param_name(char out[HRT_PARAM_NAME], const hrt_signature *s, uint32_t i);

/* "parameter a: expected BIGINT, got TEXT", with the value as a hint. Returns E_VALUE. */
int hrt_marshal_misfit(const hrt_signature *s, uint32_t i, sqlite3_value *v, helios_error *err);

/* A NULL argument of a STRICT procedure: the result is NULL, there is nothing to call. */
#define HRT_MARSHAL_NULL (-1)

/* slots: room for HRT_SLOTS_MAX. argc is s->argc (SQLite checked it). Returns 0, HRT_MARSHAL_NULL
 * or an error: E_VALUE, E_LIMIT (arena), E_MEMORY. */
int hrt_marshal_args(hsb_slot *slots, const hrt_signature *s, hrt_host_env *env,
                     sqlite3_value **argv, helios_error *err);
/* hrt_plain_in with texts and blobs among the arguments. */
bool hrt_plain_mixed(hsb_slot *slots, const hrt_signature *s, hrt_host_env *env,
                     sqlite3_value **argv);
/* The result as the guest gave it, not yet checked against its type; of one that is a float only
 * what return_* gave. Errors as below. */
int hrt_marshal_value(hrt_value *v, const hrt_signature *s, hrt_host_env *env,
                      const hsb_slot *slots, helios_error *err);
/* Gives the call's result to SQL. Errors: E_GUEST (the guest failed the call), E_VALUE, E_LIMIT. */
int hrt_marshal_result(sqlite3_context *sql, const hrt_signature *s, hrt_host_env *env,
                       const hsb_slot *slots, helios_error *err);

#endif
