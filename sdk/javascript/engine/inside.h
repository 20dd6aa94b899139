/* inside.h - functions of the engine that need QuickJS's insides: at the end of quickjs.c
 * (edit.py). */
#include "engine.h"

/* ---- texts ---- */

#define JE_ONES 0x0101010101010101ull /* a byte eight times */

/* The character at `at`; -1: it is not UTF-8. */
static int je_utf8_at(const uint8_t *at, const uint8_t *end, const uint8_t **next) {
  int room = end - at > UTF8_CHAR_LEN_MAX ? UTF8_CHAR_LEN_MAX : (int)(end - at);
  int c = unicode_from_utf8(at, room, next);
  if (c < 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
    *next = at + 1;
    return -1;
  }
  return c;
}

/* How many bytes from at on are ASCII. */
static size_t je_ascii(const uint8_t *at, size_t n) {
  uint64_t eight;
  size_t i = 0;
  for (; n - i >= 8; i += 8) {
    memcpy(&eight, at + i, 8);
    if ((eight & JE_ONES * 128) != 0) {
      break;
    }
  }
  while (i < n && at[i] < 128) {
    i++;
  }
  return i;
}

JSValue je_string(JSContext *ctx, const char *text, size_t n) {
  const uint8_t *at = (const uint8_t *)text, *end = at + n;
  at += je_ascii(at, n);
  if (at == end && n <= JS_STRING_LEN_MAX) {
    return js_new_string8_len(ctx, text, (int)n);
  }
  while (at < end) {
    if (je_utf8_at(at, end, &at) < 0) {
      return JE_UNFIT;
    }
    at += je_ascii(at, (size_t)(end - at));
  }
  return JS_NewStringLen(ctx, text, n);
}

#include "json.h"

/* ---- the end of the start ---- */

#define ROOM 64 /* names and shapes that a call makes before a table of the start must grow */

static int *je_names; /* how often each name was used */
static unsigned je_names_count;

void je_start(JSContext *ctx) {
  JSRuntime *rt = ctx->rt;
  je_names = js_malloc(ctx, (size_t)rt->atom_size * sizeof *je_names);
  je_names_count = je_names == NULL ? 0 : (unsigned)rt->atom_size;
  for (unsigned i = 0; i < je_names_count; i++) {
    je_names[i] = atom_is_free(rt->atom_array[i]) ? 0 : rt->atom_array[i]->header.ref_count;
  }
}

/* A name of QuickJS's own that the script has too, as far as one can tell. */
static bool je_is_used(JSRuntime *rt, JSAtom name) {
  return __JS_AtomIsConst(name) ||
         (name < je_names_count && rt->atom_array[name]->header.ref_count > je_names[name]);
}

/* QuickJS makes its functions when they are first asked for, which would be in each call. */
static void je_functions(JSContext *ctx, JSObject *p) {
  for (int i = 0; i < p->shape->prop_count; i++) {
    JSShapeProperty *s = get_shape_prop(p->shape) + i;
    JSProperty *property = p->prop + i;
    if ((s->flags & JS_PROP_TMASK) == JS_PROP_AUTOINIT && s->atom != JS_ATOM_NULL &&
        js_autoinit_get_id(property) == JS_AUTOINIT_ID_PROP && je_is_used(ctx->rt, s->atom)) {
      JS_AutoInitProperty(ctx, p, s->atom, property, s);
    }
  }
}

static void je_all_functions(JSContext *ctx) {
  struct list_head *el;
  list_for_each(el, &ctx->rt->gc_obj_list) {
    JSGCObjectHeader *h = list_entry(el, JSGCObjectHeader, link);
    if (h->gc_obj_type == JS_GC_OBJ_TYPE_JS_OBJECT) {
      je_functions(ctx, (JSObject *)h);
    }
  }
  js_free(ctx, je_names);
  JS_FreeValue(ctx, JS_GetException(ctx)); /* no memory: it is as it was */
}

/* A table that is full would be made anew by each call. */
static void je_tables(JSContext *ctx) {
  JSAtom atoms[ROOM];
  JSRuntime *rt = ctx->rt;
  char name[16];
  for (int i = 0; i < ROOM; i++) {
    snprintf(name, sizeof name, "\1%d", i);
    atoms[i] = JS_NewAtom(ctx, name);
  }
  for (int i = ROOM; i > 0; i--) {
    JS_FreeAtom(ctx, atoms[i - 1]);
  }
  while (2 * (rt->shape_hash_count + ROOM) > rt->shape_hash_size &&
         resize_shape_hash(rt, rt->shape_hash_bits + 1) == 0) {
  }
}

/* Names, where they can be: they are what is looked up. */
static void je_all_letters(JSContext *ctx) {
  for (int c = 0; c < 128; c++) {
    char text[1] = {(char)c};
    JSValue letter = is_digit(c) ? JS_NewStringLen(ctx, text, 1)
                                 : JS_AtomToString(ctx, JS_NewAtomLen(ctx, text, 1));
    je_letters[c] = JS_IsString(letter) ? JS_VALUE_GET_STRING(letter) : NULL;
  }
}

void je_freeze(JSContext *ctx, size_t room) {
  static struct list_head frozen;
  JSRuntime *rt = ctx->rt;
  je_all_letters(ctx);
  je_all_functions(ctx);
  JS_RunGC(rt);
  je_tables(ctx);
  /* Collections look at what calls made: what is frozen lives, and so does what it refers to. */
  frozen = rt->gc_obj_list;
  frozen.next->prev = &frozen;
  frozen.prev->next = &frozen;
  init_list_head(&rt->gc_obj_list);
  je_heap_freeze();
  rt->malloc_gc_threshold = je_hot.used + room;
}
