/* short.h - short ways of QuickJS's own code, which edit.py puts in: a part of quickjs.c. They give
 * what the long ways give. */
#ifndef JE_SHORT_H
#define JE_SHORT_H

#define JE_LEVELS 1000 /* of a value that JSON.stringify takes */

/* Texts of one character; NULL: made when they are asked for. */
static JSString *je_letters[128];

static inline bool je_is_number(JSValueConst v) {
  return JS_VALUE_GET_TAG(v) == JS_TAG_INT || JS_TAG_IS_FLOAT64(JS_VALUE_GET_TAG(v));
}

static inline bool je_numbers(JSValueConst a, JSValueConst b) {
  return je_is_number(a) && je_is_number(b);
}

/* Of a number. */
static inline double je_double(JSValueConst v) {
  return JS_VALUE_GET_TAG(v) == JS_TAG_INT ? JS_VALUE_GET_INT(v) : JS_VALUE_GET_FLOAT64(v);
}

#endif
