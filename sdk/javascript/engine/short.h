/* short.h - short ways of QuickJS's own code, which edit.py puts in: a part of quickjs.c. They give
 * what the long ways give. */
#ifndef JE_SHORT_H
#define JE_SHORT_H

#define JE_LEVELS 1000 /* of a value that JSON.stringify takes */

/* The table of the shapes from before the first call. */
static struct je_shapes {
  JSShape **table; /* NULL: it is not over */
  int bits;
} je_old_shapes;

/* Texts of one character; NULL: made when they are asked for. */
static JSString *je_letters[128];

static inline uint32_t get_shape_hash(uint32_t h, int hash_bits);

/* The shapes that may have a hash, one behind the other: those of calls, then those from before. */
static inline JSShape *je_old_shape(uint32_t hash) {
  return je_old_shapes.table == NULL
             ? NULL
             : je_old_shapes.table[get_shape_hash(hash, je_old_shapes.bits)];
}

static inline JSShape *je_first_shape(JSRuntime *rt, uint32_t hash) {
  JSShape *s = rt->shape_hash[get_shape_hash(hash, rt->shape_hash_bits)];
  return s != NULL ? s : je_old_shape(hash);
}

static inline JSShape *je_next_shape(const JSShape *s, uint32_t hash) {
  JSShape *next = s->shape_hash_next;
  return next != NULL || !je_counted(s) ? next : je_old_shape(hash);
}

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
