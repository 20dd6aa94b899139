/* inside.h - functions of the engine that need QuickJS's insides: at the end of quickjs.c
 * (edit.py). */
#include "engine.h"
#include "hsb_where.h"

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

int je_length(JSContext *ctx, int64_t *length, JSValueConst list) {
  return js_get_length64(ctx, length, list);
}

#include "json.h"

/* ---- short ways that need what stands above them ---- */

#define JE_VARIABLES 256 /* of a function, at most */

/* The label that an instruction may go to; -1: none. */
static int je_label_of(const uint8_t *at) {
  switch (opcode_info[*at].fmt) {
  case OP_FMT_label:
  case OP_FMT_label_u16:
    return (int)get_u32(at + 1);
  case OP_FMT_atom_label_u8:
  case OP_FMT_atom_label_u16:
    return (int)get_u32(at + 5);
  default:
    return -1;
  }
}

/* Where each label is gone to from first. */
static void je_first_jumps(int *first, const JSFunctionDef *s) {
  const uint8_t *code = s->byte_code.buf;
  for (int i = 0; i < s->label_count; i++) {
    first[i] = INT32_MAX;
  }
  for (int at = 0; at < (int)s->byte_code.size; at += opcode_info[code[at]].size) {
    int label = code[at] == OP_label ? -1 : je_label_of(code + at);
    if (label >= 0 && first[label] == INT32_MAX) {
      first[label] = at;
    }
  }
}

/* One instruction; set has where each variable was set, INT32_MAX where that is not known. */
static void je_known_variable(uint8_t *code, int at, int *set, unsigned count, const int *first) {
  unsigned i = 0;
  switch (code[at]) {
  case OP_label: /* one that is gone to from before a variable was set */
    for (int from = first[je_label_of(code + at)]; i < count; i++) {
      set[i] = from < set[i] ? INT32_MAX : set[i];
    }
    break;
  case OP_set_loc_uninitialized:
    set[get_u16(code + at + 1)] = INT32_MAX;
    break;
  case OP_put_loc:
    i = get_u16(code + at + 1);
    set[i] = set[i] == INT32_MAX ? at : set[i];
    break;
  case OP_get_loc_check:
  case OP_put_loc_check:
    if (set[get_u16(code + at + 1)] != INT32_MAX) {
      code[at] = code[at] == OP_get_loc_check ? OP_get_loc : OP_put_loc;
    }
    break;
  default:
    break;
  }
}

/* let and const are looked at each time whether they are set yet; where all ways lead past the
 * place that sets them, there is nothing to look at. Code only goes back to where a loop begins, so
 * what was set before stays so. */
static void je_known_variables(JSContext *ctx, JSFunctionDef *s) {
  int set[JE_VARIABLES];
  uint8_t *code = s->byte_code.buf;
  unsigned count = (unsigned)s->var_count;
  int *first = count == 0 || count > JE_VARIABLES
                   ? NULL
                   : js_malloc_rt(ctx->rt, (size_t)(s->label_count + 1) * sizeof *first);
  if (first == NULL) {
    return;
  }
  je_first_jumps(first, s);
  for (unsigned i = 0; i < count; i++) {
    set[i] = INT32_MAX;
  }
  for (int at = 0; at < (int)s->byte_code.size; at += opcode_info[code[at]].size) {
    je_known_variable(code, at, set, count, first);
  }
  js_free_rt(ctx->rt, first);
}

/* A function that is not a generator gets its length and name with its shape. */
static JSValue je_new_function(JSContext *ctx, JSFunctionBytecode *b) {
  if (b->func_kind != JS_FUNC_NORMAL || je_function_shape == NULL) {
    return JS_NewObjectClass(ctx, func_kind_to_class_id[b->func_kind]);
  }
  JSValue f =
      JS_NewObjectFromShape(ctx, js_dup_shape(je_function_shape), JS_CLASS_BYTECODE_FUNCTION);
  if (!JS_IsException(f)) {
    JSProperty *p = JS_VALUE_GET_OBJ(f)->prop;
    p[0].u.value = JS_NewInt32(ctx, b->defined_arg_count);
    p[1].u.value =
        JS_AtomToString(ctx, b->func_name == JS_ATOM_NULL ? JS_ATOM_empty_string : b->func_name);
  }
  return f;
}

/* The next character of a text's own iterator, if it is there already. */
static JSValue je_next_letter(JSContext *ctx, JSArrayIteratorData *it) {
  const JSString *text = JS_IsString(it->obj) ? JS_VALUE_GET_STRING(it->obj) : NULL;
  if (text == NULL || text->is_wide_char || it->idx >= text->len || text->u.str8[it->idx] >= 128) {
    return JS_UNINITIALIZED;
  }
  JSString *letter = je_letters[text->u.str8[it->idx]];
  it->idx += letter != NULL;
  return letter != NULL ? JS_DupValue(ctx, JS_MKPTR(JS_TAG_STRING, letter)) : JS_UNINITIALIZED;
}

static JSValue je_next_element(JSContext *ctx, JSArrayIteratorData *it) {
  const JSObject *p = JS_IsObject(it->obj) ? JS_VALUE_GET_OBJ(it->obj) : NULL;
  bool fast = p != NULL && it->kind == JS_ITERATOR_KIND_VALUE && p->class_id == JS_CLASS_ARRAY &&
              p->fast_array && it->idx < p->u.array.count;
  return fast ? JS_DupValue(ctx, p->u.array.u.values[it->idx++]) : JS_UNINITIALIZED;
}

/* for...of over an array or a text by their own iterators: the next value, into sp[0]. False: the
 * long way. */
static bool je_for_of_next(JSContext *ctx, JSValue *sp, int offset) {
  JSValue v = JS_UNINITIALIZED;
  if (!JS_IsObject(sp[offset]) || !JS_IsObject(sp[offset + 1])) {
    return false;
  }
  JSObject *p = JS_VALUE_GET_OBJ(sp[offset]), *f = JS_VALUE_GET_OBJ(sp[offset + 1]);
  if (f->class_id != JS_CLASS_C_FUNCTION || f->u.cfunc.cproto != JS_CFUNC_iterator_next) {
    return false;
  }
  JSCFunctionType next = f->u.cfunc.c_function;
  if (p->class_id == JS_CLASS_STRING_ITERATOR && next.iterator_next == js_string_iterator_next) {
    v = je_next_letter(ctx, p->u.array_iterator_data);
  } else if (p->class_id == JS_CLASS_ARRAY_ITERATOR &&
             next.iterator_next == js_array_iterator_next) {
    v = je_next_element(ctx, p->u.array_iterator_data);
  }
  if (JS_IsUninitialized(v)) {
    return false;
  }
  sp[0] = v;
  return true;
}

/* ---- the end of the start ---- */

void *je_place(size_t size) {
  return je_room(size);
}

/* Names of functions are their second property: js_function_set_properties, je_new_function. */
static struct hsb_where_quickjs je_record = {
    .magic = HSB_WHERE_QUICKJS,
    .frame_outer = offsetof(JSStackFrame, prev_frame),
    .frame_function = offsetof(JSStackFrame, cur_func),
    .frame_pc = offsetof(JSStackFrame, cur_pc),
    .object_class = offsetof(JSObject, class_id),
    .object_shape = offsetof(JSObject, shape),
    .object_properties = offsetof(JSObject, prop),
    .object_code = offsetof(JSObject, u.func.function_bytecode),
    .classes = {JS_CLASS_BYTECODE_FUNCTION, JS_CLASS_GENERATOR_FUNCTION, JS_CLASS_ASYNC_FUNCTION,
                JS_CLASS_ASYNC_GENERATOR_FUNCTION},
    .shape_name = offsetof(JSShape, prop[1].atom),
    .property_name = sizeof(JSProperty) + offsetof(JSProperty, u.value),
    .name = JS_ATOM_name,
    .text = (uint32_t)JS_TAG_STRING,
    .code_begin = offsetof(JSFunctionBytecode, byte_code_buf),
    .code_size = offsetof(JSFunctionBytecode, byte_code_len),
    .code_file = offsetof(JSFunctionBytecode, debug.filename),
    .code_lines = offsetof(JSFunctionBytecode, debug.pc2line_buf),
    .code_lines_size = offsetof(JSFunctionBytecode, debug.pc2line_len),
    .text_size = sizeof(JSRefCountHeader),
    .text_bytes = offsetof(JSString, u.str8),
};

/* The host looks there itself when it ends a call. */
static void je_say_where(const JSRuntime *rt) {
  je_record.frame_at = (uintptr_t)&rt->current_stack_frame;
  je_record.atoms_at = (uintptr_t)&rt->atom_array;
  hg_script_where(&je_record);
}

#define ROOM 64 /* names that a call makes before their table must grow */

static int *je_names; /* how often each name was used */
static unsigned je_names_count;

void je_start(JSContext *ctx) {
  JSRuntime *rt = ctx->rt;
  je_say_where(rt);
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
}

/* Shapes that calls make have a table of their own, beside what else they write. */
static void je_new_shapes(JSRuntime *rt) {
  struct je_shapes old = {rt->shape_hash, rt->shape_hash_bits};
  if (init_shape_hash(rt) == 0) { /* of 16 */
    je_old_shapes = old;
  } else { /* no memory: it is as it was, and full */
    rt->shape_hash = old.table;
    rt->shape_hash_bits = old.bits;
    rt->shape_hash_size = rt->shape_hash_count = 1 << old.bits;
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

/* The shape of functions with a length and a name. */
static void je_find_function_shape(JSContext *ctx) {
  static const char text[] = "(() => 0)";
  JSValue f = JS_Eval(ctx, text, sizeof text - 1, "heliosdb:shape", JS_EVAL_TYPE_GLOBAL);
  JSShape *s = JS_IsObject(f) ? JS_VALUE_GET_OBJ(f)->shape : NULL;
  if (s != NULL && s->is_hashed && s->prop_count == 2 && s->prop[0].atom == JS_ATOM_length &&
      s->prop[1].atom == JS_ATOM_name) {
    je_function_shape = js_dup_shape(s);
  }
  JS_FreeValue(ctx, f);
}

void je_freeze(JSContext *ctx, size_t room) {
  static struct list_head frozen;
  JSRuntime *rt = ctx->rt;
  je_all_letters(ctx);
  je_all_functions(ctx);
  JS_RunGC(rt);
  je_tables(ctx);
  je_find_function_shape(ctx);
  je_all_words(rt);
  /* Collections look at what calls made: what is frozen lives, and so does what it refers to. */
  frozen = rt->gc_obj_list;
  frozen.next->prev = &frozen;
  frozen.prev->next = &frozen;
  init_list_head(&rt->gc_obj_list);
  je_heap_freeze();
  je_new_shapes(rt);
  rt->malloc_gc_threshold = je_hot.used + room;
}
