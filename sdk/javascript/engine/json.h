/* json.h - JSON.parse for the texts there are: a part of quickjs.c (inside.h). It makes values
 * straight of the bytes, and an object at once with all its properties, where QuickJS's own makes
 * tokens, and an object a property at a time. What it does not take (an error, depth, a text that
 * is not UTF-8) it leaves to that one, which so has the last word on what is JSON and what the
 * message is.
 *
 * Invariant: a value that it gives is the one that QuickJS's own parser would give. */
#ifndef JE_JSON_H
#define JE_JSON_H

#include "engine.h"

#define JE_KEPT 32
#define JE_DEPTH 100 /* levels; the other parser sees how much stack is left */
#define JE_DIGITS 15 /* of a decimal that a double holds, and so do the powers of ten up to 22 */
#define JE_POWERS 22

/* A member of an array, or a name and value of an object. */
struct je_member {
  JSAtom name; /* JS_ATOM_NULL in an array */
  JSValue value;
};

struct je_json {
  JSContext *ctx;
  const uint8_t *end;        /* a NUL is there */
  JSValue value;             /* the last that was read */
  struct je_member *members; /* of all that is open */
  unsigned count, room, depth;
  JSShape *last; /* of the last object, which lives; NULL: none */
  struct je_member kept[JE_KEPT];
};

/* What reads something from `at` on gives the place behind it; NULL: unfit, or no memory. */
static const uint8_t *je_json_nested(struct je_json *j, const uint8_t *at, uint8_t close);

static inline const uint8_t *je_json_blanks(const uint8_t *at) {
  while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') {
    at++;
  }
  return at;
}

/* c, and blanks before it. */
static inline const uint8_t *je_json_is(const uint8_t *at, uint8_t c) {
  if (*at != c) {
    at = je_json_blanks(at);
  }
  return *at == c ? at + 1 : NULL;
}

static inline const uint8_t *je_json_read(struct je_json *j, const uint8_t *end, JSValue value) {
  j->value = value;
  return JS_IsException(value) || JS_IsUninitialized(value) ? NULL : end;
}

/* ---- members ---- */

static no_inline bool je_json_more(struct je_json *j) {
  unsigned room = j->room * 2;
  bool own = j->members != j->kept;
  struct je_member *more = js_realloc_rt(j->ctx->rt, own ? j->members : NULL, room * sizeof *more);
  if (more == NULL) {
    return false;
  }
  if (!own) {
    memcpy(more, j->kept, sizeof j->kept);
  }
  j->members = more;
  j->room = room;
  return true;
}

static bool je_json_push(struct je_json *j, JSAtom name, JSValue value) {
  if (unlikely(j->count == j->room) && !je_json_more(j)) {
    return false;
  }
  j->members[j->count++] = (struct je_member){name, value};
  return true;
}

static void je_json_drop(struct je_json *j, unsigned first) {
  while (j->count > first) {
    struct je_member *m = &j->members[--j->count];
    JS_FreeAtom(j->ctx, m->name);
    JS_FreeValue(j->ctx, m->value);
  }
}

static JSValue je_json_array(struct je_json *j, unsigned first) {
  unsigned n = j->count - first;
  JSValue array = JS_NewArray(j->ctx);
  JSValue *values = JS_IsException(array) || n == 0 ? NULL : js_malloc(j->ctx, n * sizeof *values);
  if (values == NULL) {
    return n > 0 || JS_IsException(array) ? (JS_FreeValue(j->ctx, array), JS_EXCEPTION) : array;
  }
  for (unsigned i = 0; i < n; i++) {
    values[i] = j->members[first + i].value;
  }
  JSObject *p = JS_VALUE_GET_OBJ(array);
  p->u.array.u.values = values;
  p->u.array.count = p->u.array.u1.size = n;
  p->prop[0].u.value = JS_NewInt32(j->ctx, (int32_t)n);
  j->count = first;
  return array;
}

/* The shape of objects with these names in this order, if there was one: so no name is there twice.
 */
static JSShape *je_json_shape(JSContext *ctx, JSObject *proto, const struct je_member *m,
                              unsigned n) {
  uint32_t hash = shape_initial_hash(proto);
  for (unsigned i = 0; i < n; i++) {
    hash = shape_hash(shape_hash(hash, m[i].name), JS_PROP_C_W_E);
  }
  JSShape *s = je_first_shape(ctx->rt, hash);
  for (; s != NULL; s = je_next_shape(s, hash)) {
    unsigned i = 0;
    if (s->hash != hash || s->proto != proto || s->prop_count != (int)n) {
      continue;
    }
    while (i < n && s->prop[i].atom == m[i].name && s->prop[i].flags == JS_PROP_C_W_E) {
      i++;
    }
    if (i == n) {
      return s;
    }
  }
  return NULL;
}

/* Of an object like the last one, as the elements of an array are. */
static bool je_json_alike(const JSShape *s, const struct je_member *m, unsigned n) {
  unsigned i = 0;
  while (i < n && s->prop[i].atom == m[i].name) {
    i++;
  }
  return i == n;
}

/* One of n names, without any; NULL: no memory. */
static JSShape *je_json_bare_shape(JSContext *ctx, JSObject *proto, unsigned room, unsigned n) {
  JSRuntime *rt = ctx->rt;
  if (2 * (rt->shape_hash_count + 1) > rt->shape_hash_size) {
    resize_shape_hash(rt, rt->shape_hash_bits + 1);
  }
  uint32_t *at = js_malloc(ctx, get_shape_size(room, n));
  if (at == NULL) {
    return NULL;
  }
  for (unsigned i = 0; i < room; i++) {
    at[i] = 0;
  }
  JSShape *s = get_shape_from_alloc(at, room);
  s->header.ref_count = 1;
  s->hash = shape_initial_hash(proto);
  s->prop_hash_mask = room - 1;
  s->prop_size = (int)n;
  s->prop_count = s->deleted_prop_count = 0;
  s->proto = proto;
  s->is_hashed = TRUE;
  s->has_small_array_index = FALSE;
  return s;
}

/* A new one; NULL: a name is there twice, or no memory. */
static no_inline JSShape *je_json_new_shape(JSContext *ctx, JSObject *proto,
                                            const struct je_member *m, unsigned n) {
  unsigned room = JS_PROP_INITIAL_HASH_SIZE;
  while (room < n) {
    room *= 2;
  }
  JSShape *s = je_json_bare_shape(ctx, proto, room, n);
  if (s == NULL) {
    return NULL;
  }
  for (unsigned i = 0; i < n; i++) {
    JSAtom name = m[i].name;
    uint32_t *first = &prop_hash_end(s)[-(intptr_t)(name & (room - 1)) - 1], at = *first;
    while (at != 0 && s->prop[at - 1].atom != name) {
      at = s->prop[at - 1].hash_next;
    }
    if (at != 0) {
      js_free(ctx, get_alloc_from_shape(s));
      return NULL;
    }
    s->prop[i] = (JSShapeProperty){.hash_next = *first, .flags = JS_PROP_C_W_E, .atom = name};
    s->has_small_array_index |= __JS_AtomIsTaggedInt(name);
    *first = i + 1;
    s->hash = shape_hash(shape_hash(s->hash, name), JS_PROP_C_W_E);
  }
  for (unsigned i = 0; i < n; i++) {
    JS_DupAtom(ctx, m[i].name);
  }
  JS_DupValue(ctx, JS_MKPTR(JS_TAG_OBJECT, proto));
  s->prop_count = (int)n;
  add_gc_object(ctx->rt, &s->header, JS_GC_OBJ_TYPE_SHAPE);
  js_shape_hash_link(ctx->rt, s);
  return s;
}

/* With names that are there twice, say: the last counts, where the first stands. */
static JSValue je_json_odd_object(JSContext *ctx, struct je_member *m, unsigned n) {
  JSValue object = JS_NewObject(ctx);
  for (unsigned i = 0; i < n && !JS_IsException(object); i++) {
    JSValue value = m[i].value;
    m[i].value = JS_UNDEFINED; /* it is given away */
    if (JS_DefinePropertyValue(ctx, object, m[i].name, value, JS_PROP_C_W_E) < 0) {
      JS_FreeValue(ctx, object);
      object = JS_EXCEPTION;
    }
  }
  return object;
}

/* As JS_NewObjectFromShape, for plain objects: without values. NULL: no memory, and one reference
 * to the shape less. */
static inline JSObject *je_json_bare_object(JSContext *ctx, JSShape *shape) {
  js_trigger_gc(ctx->rt, sizeof(JSObject));
  JSObject *p = je_heap_take(sizeof *p);
  JSProperty *properties = je_heap_take((size_t)shape->prop_size * sizeof *properties);
  if (p == NULL || properties == NULL) {
    je_heap_give(p);
    je_heap_give(properties);
    js_free_shape(ctx->rt, shape);
    return NULL;
  }
  *p = (JSObject){.header.ref_count = 1, .shape = shape, .prop = properties};
  p->class_id = JS_CLASS_OBJECT;
  p->extensible = TRUE;
  add_gc_object(ctx->rt, &p->header, JS_GC_OBJ_TYPE_JS_OBJECT);
  return p;
}

/* What is left of the members is je_json_drop's. */
static JSValue je_json_object(struct je_json *j, unsigned first) {
  JSContext *ctx = j->ctx;
  struct je_member *m = j->members + first;
  unsigned n = j->count - first;
  JSObject *proto = JS_VALUE_GET_OBJ(ctx->class_proto[JS_CLASS_OBJECT]);
  JSShape *shape = j->last;
  if (shape == NULL || shape->prop_count != (int)n || !je_json_alike(shape, m, n)) {
    shape = n == 0 ? NULL : je_json_shape(ctx, proto, m, n);
  }
  if (shape != NULL) {
    js_dup_shape(shape);
  } else if (n > 0) {
    shape = je_json_new_shape(ctx, proto, m, n);
  }
  j->last = shape;
  if (shape == NULL) { /* it may free what it has twice */
    return je_json_odd_object(ctx, m, n);
  }
  JSObject *p = je_json_bare_object(ctx, shape);
  if (p == NULL) {
    return JS_EXCEPTION;
  }
  for (unsigned i = 0; i < n; i++) {
    p->prop[i].u.value = m[i].value;
    JS_FreeAtom(ctx, m[i].name);
  }
  j->count = first;
  return JS_MKPTR(JS_TAG_OBJECT, p);
}

/* ---- numbers ---- */

/* Digits from at; *value has them behind what it had, if they are up to 19. */
static inline const uint8_t *je_json_digits(const uint8_t *at, uint64_t *value) {
  for (; *at >= '0' && *at <= '9'; at++) {
    *value = *value * 10 + (*at - '0');
  }
  return at;
}

/* The power of ten behind 'e'; NULL: it is not one, or too long to matter here. */
static const uint8_t *je_json_power(const uint8_t *at, int *power) {
  uint64_t value = 0;
  bool minus = *at == '-';
  at += minus || *at == '+';
  const uint8_t *end = je_json_digits(at, &value);
  if (end == at || end - at > 4) {
    return NULL;
  }
  *power += minus ? -(int)value : (int)value;
  return end;
}

/* One of many digits. */
static no_inline const uint8_t *je_json_long_number(struct je_json *j, const uint8_t *begin,
                                                    const uint8_t *end) {
  const char *behind;
  JSValue v = js_atof(j->ctx, (const char *)begin, &behind, 10, 0);
  return je_json_read(j, behind == (const char *)end ? end : NULL,
                      v); /* a double: nothing to give back */
}

static const uint8_t *je_json_number(struct je_json *j, const uint8_t *begin) {
  static const double powers[JE_POWERS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  bool minus = *begin == '-';
  const uint8_t *at = begin + minus;
  uint64_t value = 0;
  int power = 0;
  const uint8_t *end = je_json_digits(at, &value);
  ptrdiff_t digits = end - at;
  if (digits == 0 || (*at == '0' && digits > 1)) {
    return NULL;
  }
  if (*end == '.') {
    at = end + 1;
    end = je_json_digits(at, &value);
    power = -(int)(end - at);
    digits -= power;
    if (end == at) {
      return NULL;
    }
  }
  if (*end == 'e' || *end == 'E') {
    end = je_json_power(end + 1, &power);
    if (end == NULL) {
      return NULL;
    }
  }
  if (digits > JE_DIGITS || power < -JE_POWERS || power > JE_POWERS) {
    return je_json_long_number(j, begin, end);
  }
  if (power == 0 && value <= INT32_MAX && !(minus && value == 0)) {
    j->value = JS_NewInt32(j->ctx, minus ? -(int32_t)value : (int32_t)value);
    return end;
  }
  double d = power < 0 ? (double)value / powers[-power] : (double)value * powers[power];
  j->value = JS_NewFloat64(j->ctx, minus ? -d : d);
  return end;
}

/* ---- texts ---- */

/* Has any of eight bytes to be looked at: a quote, a backslash, a control character, not ASCII? */
static bool je_json_special(uint64_t v) {
  uint64_t quote = v ^ JE_ONES * '"', slash = v ^ JE_ONES * '\\';
  return ((v | (v - JE_ONES * 32) | (quote - JE_ONES) | (slash - JE_ONES)) & JE_ONES * 128) != 0;
}

/* The first byte of a text from at on that is not itself. */
static const uint8_t *je_json_plain(const uint8_t *at, const uint8_t *end) {
  uint64_t eight;
  while (end - at >= 8) {
    memcpy(&eight, at, 8);
    if (je_json_special(eight)) {
      break;
    }
    at += 8;
  }
  while (*at >= 32 && *at < 128 && *at != '"' && *at != '\\') {
    at++;
  }
  return at;
}

/* Four hexadecimal digits; -1: they are not. */
static int je_json_hex(const uint8_t *at) {
  int v = 0;
  for (int i = 0; i < 4; i++) {
    int digit = from_hex(at[i]);
    if (digit < 0) {
      return -1;
    }
    v = v << 4 | digit;
  }
  return v;
}

/* The character of an escape, behind its backslash; -1: it is none. */
static int je_json_escape(const uint8_t **at) {
  static const char names[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
  int c = *(*at)++;
  const char *found = c == 0 ? NULL : strchr(names, c);
  if (c == 'u') {
    c = je_json_hex(*at);
    *at += c < 0 ? 0 : 4;
    return c;
  }
  return found == NULL ? -1 : characters[found - names];
}

/* A text with escapes or characters that are not ASCII, from its first byte on. */
static no_inline const uint8_t *je_json_rich(struct je_json *j, const uint8_t *at) {
  StringBuffer b;
  const uint8_t *next;
  if (string_buffer_init(j->ctx, &b, 0) != 0) {
    return NULL;
  }
  while (*at != '"') {
    const uint8_t *plain = je_json_plain(at, j->end);
    string_buffer_write8(&b, at, (int)(plain - at));
    at = plain;
    int c = *at;
    if (c == '\\') {
      at++;
      c = je_json_escape(&at);
      string_buffer_putc16(&b, (uint32_t)(c < 0 ? 0 : c));
    } else if (c >= 128) {
      c = je_utf8_at(at, j->end, &next);
      at = next;
      string_buffer_putc(&b, (uint32_t)(c < 0 ? 0 : c));
    } else if (c != '"') {
      c = -1; /* a control character */
    }
    if (c < 0) {
      string_buffer_free(&b);
      return NULL;
    }
  }
  return je_json_read(j, at + 1, string_buffer_end(&b));
}

/* Behind its quote. */
static const uint8_t *je_json_text(struct je_json *j, const uint8_t *at) {
  const uint8_t *end = je_json_plain(at, j->end);
  if (*end != '"') {
    return je_json_rich(j, at);
  }
  return je_json_read(j, end + 1, js_new_string8_len(j->ctx, (const char *)at, (int)(end - at)));
}

/* ---- names ---- */

#define JE_WORD 7 /* bytes */
#define JE_WORD_BITS 11

/* Short names that were there before the first call, by their bytes. */
static struct je_word {
  uint64_t bytes;
  JSAtom name; /* JS_ATOM_NULL: none */
} je_words[1 << JE_WORD_BITS];

static struct je_word *je_word_of(uint64_t bytes) {
  return &je_words[(bytes * 0x9e3779b97f4a7c15ull) >> (64 - JE_WORD_BITS)];
}

/* A name of the script's takes the place of QuickJS's own, and of one letter. */
static void je_all_words(JSRuntime *rt) {
  for (JSAtom i = 1; i < (JSAtom)rt->atom_size; i++) {
    const JSAtomStruct *p = rt->atom_array[i];
    bool text = !atom_is_free(p) && p->atom_type == JS_ATOM_TYPE_STRING && !p->is_wide_char;
    if (!text || p->len == 0 || p->len > JE_WORD || is_digit(p->u.str8[0]) ||
        je_json_plain(p->u.str8, p->u.str8 + p->len) != p->u.str8 + p->len) {
      continue;
    }
    uint64_t bytes = 0;
    memcpy(&bytes, p->u.str8, p->len);
    struct je_word *word = je_word_of(bytes);
    if (word->name == JS_ATOM_NULL || p->len > 1) {
      *word = (struct je_word){bytes, i};
    }
  }
}

/* The name behind its quote, if it is short and known; it is not counted. */
static inline const uint8_t *je_json_word_name(const struct je_json *j, const uint8_t *at,
                                               JSAtom *name) {
  uint64_t bytes, quotes;
  if (j->end - at <= JE_WORD) {
    return NULL;
  }
  memcpy(&bytes, at, sizeof bytes);
  quotes = bytes ^ JE_ONES * '"';
  quotes = (quotes - JE_ONES) & ~quotes & JE_ONES * 128; /* the lowest is right */
  if (quotes == 0) {
    return NULL;
  }
  unsigned bits = (unsigned)__builtin_ctzll(quotes) & ~7u;
  bytes &= ((uint64_t)1 << bits) - 1;
  const struct je_word *word = je_word_of(bytes);
  *name = word->name;
  return word->bytes == bytes && word->name != JS_ATOM_NULL ? at + bits / 8 + 1 : NULL;
}

/* Of any name. */
static no_inline const uint8_t *je_json_any_name(struct je_json *j, const uint8_t *at,
                                                 JSAtom *name) {
  const uint8_t *end = je_json_plain(at, j->end);
  *name = JS_ATOM_NULL;
  if (*end == '"' && !is_digit(*at)) {
    *name = __JS_FindAtom(j->ctx->rt, (const char *)at, (size_t)(end - at), JS_ATOM_TYPE_STRING);
  }
  if (*name != JS_ATOM_NULL) {
    return end + 1;
  }
  at = je_json_text(j, at);
  if (at != NULL) {
    *name = JS_NewAtomStr(j->ctx, JS_VALUE_GET_STRING(j->value));
  }
  return *name != JS_ATOM_NULL ? at : NULL;
}

/* A name, its quotes and its colon. */
static inline const uint8_t *je_json_name(struct je_json *j, const uint8_t *at, JSAtom *name) {
  at = je_json_is(at, '"');
  if (at == NULL) {
    return NULL;
  }
  const uint8_t *end = je_json_word_name(j, at, name);
  if (end == NULL) {
    JSAtom other; /* in memory, which the name at hand is not */
    end = je_json_any_name(j, at, &other);
    *name = other;
  }
  at = end == NULL ? NULL : je_json_is(end, ':');
  if (at == NULL && end != NULL) {
    JS_FreeAtom(j->ctx, *name);
  }
  return at;
}

/* ---- values ---- */

static const uint8_t *je_json_word(struct je_json *j, const uint8_t *at, const char *word,
                                   unsigned n, JSValue value) {
  if ((size_t)(j->end - at) < n || memcmp(at, word, n) != 0) {
    return NULL;
  }
  j->value = value;
  return at + n;
}

static inline const uint8_t *je_json_value(struct je_json *j, const uint8_t *at) {
  at = je_json_blanks(at);
  switch (*at) {
  case '"':
    return je_json_text(j, at + 1);
  case '{':
    return je_json_nested(j, at + 1, '}');
  case '[':
    return je_json_nested(j, at + 1, ']');
  case 't':
    return je_json_word(j, at, "true", 4, JS_TRUE);
  case 'f':
    return je_json_word(j, at, "false", 5, JS_FALSE);
  case 'n':
    return je_json_word(j, at, "null", 4, JS_NULL);
  default:
    return je_json_number(j, at);
  }
}

/* What stands between brackets, behind the first. */
static inline const uint8_t *je_json_members(struct je_json *j, const uint8_t *at, uint8_t close) {
  const uint8_t *next = je_json_is(at, close);
  if (next != NULL) {
    return next;
  }
  for (;;) {
    JSAtom name = JS_ATOM_NULL;
    if (close == '}' && (at = je_json_name(j, at, &name)) == NULL) {
      return NULL;
    }
    at = je_json_value(j, at);
    if (at == NULL || !je_json_push(j, name, j->value)) {
      JS_FreeAtom(j->ctx, name);
      if (at != NULL) {
        JS_FreeValue(j->ctx, j->value);
      }
      return NULL;
    }
    next = je_json_is(at, ',');
    if (next == NULL) {
      return je_json_is(at, close);
    }
    at = next;
  }
}

static const uint8_t *je_json_nested(struct je_json *j, const uint8_t *at, uint8_t close) {
  unsigned first = j->count;
  if (j->depth >= JE_DEPTH || js_check_stack_overflow(j->ctx->rt, 0)) {
    return NULL;
  }
  j->depth++;
  at = je_json_members(j, at, close);
  j->depth--;
  if (at != NULL) {
    at = je_json_read(j, at, close == '}' ? je_json_object(j, first) : je_json_array(j, first));
  }
  je_json_drop(j, first);
  return at;
}

JSValue je_json_parse(JSContext *ctx, const char *text, size_t size) {
  struct je_json j;
  if (size > JS_STRING_LEN_MAX) {
    return JE_UNFIT;
  }
  j.ctx = ctx;
  j.end = (const uint8_t *)text + size;
  j.members = j.kept;
  j.count = j.depth = 0;
  j.last = NULL;
  j.room = JE_KEPT;
  const uint8_t *at = je_json_value(&j, (const uint8_t *)text);
  if (j.members != j.kept) {
    js_free(ctx, j.members);
  }
  if (at != NULL && je_json_blanks(at) == j.end) {
    return j.value;
  }
  JS_FreeValue(ctx, at != NULL ? j.value : JS_UNDEFINED);
  JS_FreeValue(ctx, JS_GetException(ctx)); /* no memory: the other one says so */
  return JE_UNFIT;
}

#endif
