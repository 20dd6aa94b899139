/* engine.h - the glue between QuickJS and the host, as one program: engine.c starts it and runs
 * calls, values.c turns values of the host into those of JavaScript and back, host.c has the
 * functions that heliosdb.js calls; heap.h and inside.h are parts of quickjs.c.
 *
 * Part of the guest: a mistake here harms nobody but the procedure. */
#ifndef JE_ENGINE_H
#define JE_ENGINE_H

#include <heliosdb.h>
#include <stdint.h>
#include <string.h>

#include "quickjs.h"

#define JE_PARAMS 100 /* as the engine's HRT_PARAMS_MAX */

extern JSContext *je;

/* QuickJS's numbers of classes, found when it starts. */
extern struct je_classes { JSClassID first_array, last_array, buffer, date, promise; } je_classes;

/* ---- inside.h ---- */
/* Room beside what else each call writes; zero, for ever. NULL: too much. */
void *je_place(size_t size);
/* There are no scripts yet: tells the host where their place is kept. */
void je_start(JSContext *ctx);
/* The start is over: what there is stays for ever and is not counted any more. room: bytes that may
 * be allocated before the first garbage collection. */
void je_freeze(JSContext *ctx, size_t room);

#define JE_UNFIT JS_UNINITIALIZED
/* The property "length" as a number. -1: exception. */
int je_length(JSContext *ctx, int64_t *length, JSValueConst list);
/* UTF-8 to a string; JE_UNFIT: it is not valid. */
JSValue je_string(JSContext *ctx, const char *text, size_t n);
/* What JSON.parse gives; JE_UNFIT: ask JS_ParseJSON. A NUL behind the text. */
JSValue je_json_parse(JSContext *ctx, const char *text, size_t size);

/* ---- values.c ---- */

/* What a parameter was declared as, and what the source says of it. */
typedef struct je_param {
  int sql;   /* enum hg_sqltype */
  char kind; /* of the source: n number, i bigint, d Date; '-': nothing that matters */
  bool null; /* it may be NULL */
  char name[64];
} je_param;

/* Argument i; JS_EXCEPTION with an exception. *null: it is NULL. */
JSValue je_argument(unsigned i, const je_param *p, bool *null);
/* Column c of the row at hand. */
JSValue je_column(int statement, unsigned c);
/* Binds a value to parameter i of a statement. -1: exception. */
int je_bind(int statement, unsigned i, JSValueConst v);
/* The call's result, or with row the next value of a row. declared: enum hg_sqltype. -1: exception.
 */
int je_give(JSValueConst v, int declared, bool row);
/* Rows of RETURNS TABLE: what an iterable has. -1: exception. */
int je_give_table(JSValueConst v);

/* Text or bytes of a value, for the (p, n) of a host function. */
typedef struct je_bytes {
  const void *at;
  unsigned size;
  const char *text; /* to be given back */
} je_bytes;
/* A string as UTF-8, a typed array or ArrayBuffer as it is. -1: exception. */
int je_bytes_of(je_bytes *out, JSValueConst v);
void je_bytes_end(je_bytes *b);
JSValue je_uint8(const void *bytes, unsigned size); /* a Uint8Array of a copy */
/* UTF-8 to a string; an exception if it is not valid. what: for the message. */
JSValue je_text(const char *bytes, unsigned size, const char *what);

/* ---- host.c ---- */

/* JSON.stringify, which knows BigInts: they are numbers. */
JSValue je_json(JSValueConst v);

/* Throws a HeliosError for a status. Returns JS_EXCEPTION. */
JSValue je_status(int status);
/* The object that heliosdb.js imports its functions from. */
JSValue je_host_object(void);

/* ---- engine.c ---- */

/* Bytes that a host function gives, of any length; a NUL behind them. */
typedef struct je_given {
  char *at;
  char small[512]; /* most fit */
} je_given;

/* read(arg, dst, cap) returns how many there are. Returns the length or a status, then there is
 * nothing to end; -1000: exception. */
typedef int je_reader(void *arg, void *dst, unsigned cap);
int je_read(je_given *out, je_reader *read, void *arg);
void je_read_end(je_given *given);

#endif
