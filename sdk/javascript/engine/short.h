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

/* v++ or v--, in sp[-1], of a small integer. sp[-1] is the value then and sp[0] the next one. */
static inline bool je_post_step(JSValue *sp, int by) {
  int next;
  if (JS_VALUE_GET_TAG(sp[-1]) != JS_TAG_INT ||
      __builtin_add_overflow(JS_VALUE_GET_INT(sp[-1]), by, &next)) {
    return false;
  }
  sp[0] = JS_MKVAL(JS_TAG_INT, next);
  return true;
}

#endif
