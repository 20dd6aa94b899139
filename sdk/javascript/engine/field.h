/* field.h - short ways of the interpreter that need what stands before it in quickjs.c, of which
 * this is a part (edit.py). They give what the long ways give. */
#ifndef JE_FIELD_H
#define JE_FIELD_H

/* Where an object has a plain property of its own; NULL: the long way. */
static force_inline JSValue *je_field(JSValueConst object, JSAtom name) {
  JSProperty *property;
  if (JS_VALUE_GET_TAG(object) != JS_TAG_OBJECT) {
    return NULL;
  }
  const JSShapeProperty *s = find_own_property(&property, JS_VALUE_GET_OBJ(object), name);
  return s != NULL && (s->flags & JS_PROP_TMASK) == 0 ? &property->u.value : NULL;
}

static bool je_array_length(int64_t *length, JSValueConst list) {
  const JSObject *p = JS_VALUE_GET_TAG(list) == JS_TAG_OBJECT ? JS_VALUE_GET_OBJ(list) : NULL;
  bool short_one = p != NULL && p->class_id == JS_CLASS_ARRAY &&
                   JS_VALUE_GET_TAG(p->prop[0].u.value) == JS_TAG_INT;
  if (short_one) {
    *length = JS_VALUE_GET_INT(p->prop[0].u.value);
  }
  return short_one;
}

static JSValue JS_CallInternal(JSContext *, JSValueConst, JSValueConst, JSValueConst, int,
                               JSValue *, int);

/* A call that may change its arguments: the function works on them, not on copies. The first `own`
 * of them are freed then, of the others one more reference is. */
static JSValue je_call(JSContext *ctx, JSValueConst f, JSValueConst self, int argc, JSValue *argv,
                       int own) {
  for (int i = own; i < argc; i++) {
    JS_DupValue(ctx, argv[i]);
  }
  JSValue result = JS_CallInternal(ctx, f, self, JS_UNDEFINED, argc, argv, 0);
  for (int i = 0; i < argc; i++) {
    JS_FreeValue(ctx, argv[i]);
  }
  return result;
}

#endif
