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

#define JE_KEPT 64
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
  const uint8_t *at, *end;   /* a NUL at end */
  struct je_member *members; /* of all that is open */
  unsigned count, room, depth;
  JSShape *last; /* of the last object, which lives; NULL: none */
  struct je_member kept[JE_KEPT];
};

static JSValue je_json_value(struct je_json *j);

static void je_json_blanks(struct je_json *j) {
  while (*j->at == ' ' || *j->at == '\n' || *j->at == '\r' || *j->at == '\t') {
    j->at++;
  }
}

/* The next byte that is no blank is c, and is taken. */
static bool je_json_is(struct je_json *j, uint8_t c) {
  if (*j->at != c) {
    je_json_blanks(j);
  }
  bool is = *j->at == c;
  j->at += is;
  return is;
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
  JSShape *s = ctx->rt->shape_hash[get_shape_hash(hash, ctx->rt->shape_hash_bits)];
  for (; s != NULL; s = s->shape_hash_next) {
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

/* A new one; NULL: a name is there twice, or no memory. */
static no_inline JSShape *je_json_new_shape(JSContext *ctx, JSObject *proto,
                                            const struct je_member *m, unsigned n) {
  unsigned mask = JS_PROP_INITIAL_HASH_SIZE - 1;
  while (mask + 1 < n) {
    mask = mask * 2 + 1;
  }
  JSShape *s = js_new_shape2(ctx, proto, (int)mask + 1, (int)n);
  uint32_t hash = s == NULL ? 0 : s->hash;
  if (s != NULL) {
    js_shape_hash_unlink(ctx->rt, s);
    s->is_hashed = FALSE;
  }
  for (unsigned i = 0; s != NULL && i < n; i++) {
    JSAtom name = m[i].name;
    uint32_t *first = &prop_hash_end(s)[-(intptr_t)(name & mask) - 1], at = *first;
    while (at != 0 && s->prop[at - 1].atom != name) {
      at = s->prop[at - 1].hash_next;
    }
    if (at != 0) {
      js_free_shape(ctx->rt, s);
      return NULL;
    }
    s->prop[i] = (JSShapeProperty){
        .hash_next = *first, .flags = JS_PROP_C_W_E, .atom = JS_DupAtom(ctx, name)};
    s->has_small_array_index |= __JS_AtomIsTaggedInt(name);
    s->prop_count = *first = i + 1;
    hash = shape_hash(shape_hash(hash, name), JS_PROP_C_W_E);
  }
  if (s != NULL) {
    s->hash = hash;
    s->is_hashed = TRUE;
    js_shape_hash_link(ctx->rt, s);
  }
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
  JSValue object = JS_NewObjectFromShape(ctx, shape, JS_CLASS_OBJECT);
  if (JS_IsException(object)) {
    return object;
  }
  JSProperty *properties = JS_VALUE_GET_OBJ(object)->prop;
  for (unsigned i = 0; i < n; i++) {
    properties[i].u.value = m[i].value;
    JS_FreeAtom(ctx, m[i].name);
  }
  j->count = first;
  return object;
}

/* ---- numbers ---- */

/* Digits from at; *value has them behind what it had. */
static const uint8_t *je_json_digits(const uint8_t *at, uint64_t *value, int *digits) {
  for (; *at >= '0' && *at <= '9'; at++) {
    if (*digits < 19) {
      *value = *value * 10 + (*at - '0');
    }
    *digits += *value != 0;
  }
  return at;
}

/* The power of ten behind 'e'; NULL: it is not one, or too long to matter here. */
static const uint8_t *je_json_power(const uint8_t *at, int *power) {
  uint64_t value = 0;
  int digits = 0;
  bool minus = *at == '-';
  at += minus || *at == '+';
  const uint8_t *end = je_json_digits(at, &value, &digits);
  *power += minus ? -(int)value : (int)value;
  return end == at || digits > 4 ? NULL : end;
}

static JSValue je_json_number(struct je_json *j) {
  static const double powers[JE_POWERS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const uint8_t *begin = j->at, *at = begin + (*begin == '-');
  uint64_t value = 0;
  int digits = 0, power = 0;
  const uint8_t *end = je_json_digits(at, &value, &digits);
  if (end == at || (*at == '0' && end > at + 1)) {
    return JE_UNFIT;
  }
  if (*end == '.') {
    at = end + 1;
    end = je_json_digits(at, &value, &digits);
    power = -(int)(end - at);
    if (end == at) {
      return JE_UNFIT;
    }
  }
  if (*end == 'e' || *end == 'E') {
    end = je_json_power(end + 1, &power);
    if (end == NULL) {
      return JE_UNFIT;
    }
  }
  if (digits > JE_DIGITS || power < -JE_POWERS || power > JE_POWERS) {
    JSValue v = js_atof(j->ctx, (const char *)begin, (const char **)&j->at, 10, 0);
    return JS_IsException(v) || j->at == end ? v : JE_UNFIT; /* a double: nothing to give back */
  }
  j->at = end;
  bool minus = *begin == '-';
  if (power == 0 && value <= INT32_MAX && !(minus && value == 0)) {
    return JS_NewInt32(j->ctx, minus ? -(int32_t)value : (int32_t)value);
  }
  double d = power < 0 ? (double)value / powers[-power] : (double)value * powers[power];
  return JS_NewFloat64(j->ctx, minus ? -d : d);
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
static no_inline JSValue je_json_rich(struct je_json *j) {
  StringBuffer b;
  const uint8_t *at = j->at, *next;
  if (string_buffer_init(j->ctx, &b, 0) != 0) {
    return JS_EXCEPTION;
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
      return JE_UNFIT;
    }
  }
  j->at = at + 1;
  return string_buffer_end(&b);
}

/* Behind its quote. */
static JSValue je_json_text(struct je_json *j) {
  const uint8_t *end = je_json_plain(j->at, j->end);
  if (*end != '"') {
    return je_json_rich(j);
  }
  JSValue text = js_new_string8_len(j->ctx, (const char *)j->at, (int)(end - j->at));
  j->at = end + 1;
  return text;
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
static JSAtom je_json_word_name(struct je_json *j) {
  uint64_t bytes, quotes;
  if (j->end - j->at <= JE_WORD) {
    return JS_ATOM_NULL;
  }
  memcpy(&bytes, j->at, sizeof bytes);
  quotes = bytes ^ JE_ONES * '"';
  quotes = (quotes - JE_ONES) & ~quotes & JE_ONES * 128; /* the lowest is right */
  if (quotes == 0) {
    return JS_ATOM_NULL;
  }
  unsigned bits = (unsigned)__builtin_ctzll(quotes) & ~7u;
  bytes &= ((uint64_t)1 << bits) - 1;
  const struct je_word *word = je_word_of(bytes);
  if (word->bytes != bytes || word->name == JS_ATOM_NULL) {
    return JS_ATOM_NULL;
  }
  j->at += bits / 8 + 1;
  return word->name;
}

/* Of any name. */
static JSAtom je_json_any_name(struct je_json *j) {
  const uint8_t *end = je_json_plain(j->at, j->end);
  size_t n = (size_t)(end - j->at);
  JSAtom name = JS_ATOM_NULL;
  if (*end == '"' && !is_digit(*j->at)) {
    name = __JS_FindAtom(j->ctx->rt, (const char *)j->at, n, JS_ATOM_TYPE_STRING);
  }
  if (name != JS_ATOM_NULL) {
    j->at = end + 1;
  } else {
    JSValue text = je_json_text(j);
    name = JS_IsString(text) ? JS_NewAtomStr(j->ctx, JS_VALUE_GET_STRING(text)) : JS_ATOM_NULL;
  }
  return name;
}

/* A name, behind its quote, and its colon. JS_ATOM_NULL: unfit, or no memory. */
static JSAtom je_json_name(struct je_json *j) {
  JSAtom name = je_json_word_name(j);
  if (name == JS_ATOM_NULL) {
    name = je_json_any_name(j);
  }
  if (name != JS_ATOM_NULL && !je_json_is(j, ':')) {
    JS_FreeAtom(j->ctx, name);
    name = JS_ATOM_NULL;
  }
  return name;
}

/* ---- values ---- */

/* What stands between brackets, behind the first. False: unfit, or no memory. */
static bool je_json_members(struct je_json *j, uint8_t close) {
  bool named = close == '}';
  if (je_json_is(j, close)) {
    return true;
  }
  do {
    JSAtom name = JS_ATOM_NULL;
    if (named && (!je_json_is(j, '"') || (name = je_json_name(j)) == JS_ATOM_NULL)) {
      return false;
    }
    JSValue value = je_json_value(j);
    if (JS_IsException(value) || JS_IsUninitialized(value) || !je_json_push(j, name, value)) {
      JS_FreeAtom(j->ctx, name);
      JS_FreeValue(j->ctx, value);
      return false;
    }
  } while (je_json_is(j, ','));
  return je_json_is(j, close);
}

static JSValue je_json_nested(struct je_json *j, uint8_t close) {
  unsigned first = j->count;
  JSValue value = JE_UNFIT;
  if (j->depth < JE_DEPTH && !js_check_stack_overflow(j->ctx->rt, 0)) {
    j->depth++;
    if (je_json_members(j, close)) {
      value = close == '}' ? je_json_object(j, first) : je_json_array(j, first);
    }
    j->depth--;
  }
  je_json_drop(j, first);
  return value;
}

static JSValue je_json_word(struct je_json *j, const char *word, unsigned n, JSValue value) {
  if ((size_t)(j->end - j->at) < n || memcmp(j->at, word, n) != 0) {
    return JE_UNFIT;
  }
  j->at += n;
  return value;
}

static JSValue je_json_value(struct je_json *j) {
  je_json_blanks(j);
  switch (*j->at) {
  case '"':
    j->at++;
    return je_json_text(j);
  case '{':
    j->at++;
    return je_json_nested(j, '}');
  case '[':
    j->at++;
    return je_json_nested(j, ']');
  case 't':
    return je_json_word(j, "true", 4, JS_TRUE);
  case 'f':
    return je_json_word(j, "false", 5, JS_FALSE);
  case 'n':
    return je_json_word(j, "null", 4, JS_NULL);
  default:
    return je_json_number(j);
  }
}

JSValue je_json_parse(JSContext *ctx, const char *text, size_t size) {
  struct je_json j;
  if (size > JS_STRING_LEN_MAX) {
    return JE_UNFIT;
  }
  j.ctx = ctx;
  j.at = (const uint8_t *)text;
  j.end = j.at + size;
  j.members = j.kept;
  j.count = j.depth = 0;
  j.last = NULL;
  j.room = JE_KEPT;
  JSValue value = je_json_value(&j);
  je_json_blanks(&j);
  if (j.members != j.kept) {
    js_free(ctx, j.members);
  }
  if (j.at == j.end && !JS_IsException(value) && !JS_IsUninitialized(value)) {
    return value;
  }
  JS_FreeValue(ctx, value);
  JS_FreeValue(ctx, JS_GetException(ctx)); /* no memory: the other one says so */
  return JE_UNFIT;
}

#endif
