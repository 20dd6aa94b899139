#!/usr/bin/env python3
"""edit.py QUICKJS OUT - QuickJS as the engine needs it: its unpacked source, changed at the places below. Each must be there
as often as it says, so that another version of QuickJS fails the build and is not half changed. What is put in is in hot.h, heap.h,
short.h, field.h and inside.h; these say why.

Reference counts of what was there before the first call are left alone (je_more, je_fewer, je_shared): each would be a page
that the reset after a call copies back.
"""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "engine"))
from changes import changed  # noqa: E402

# what is looked for, as it stands or a regular expression; what takes its place; how often
HEADER = [
    ("""typedef struct JSRefCountHeader {
    int ref_count;
} JSRefCountHeader;
""", """typedef struct JSRefCountHeader {
    int ref_count;
} JSRefCountHeader;

#include "hot.h"
#define je_more(count) ((void)(je_counted(count) && ++*(count)))
#define je_fewer(count) (je_counted(count) ? --*(count) : 1)
#define je_shared(count) (!je_counted(count) || *(count) != 1)
""", 1),
    (re.compile(r"--p->ref_count <= 0"), "je_fewer(&p->ref_count) <= 0", 2),
    (re.compile(r"p->ref_count\+\+;"), "je_more(&p->ref_count);", 2),
]
SOURCE = [
    # counts
    (re.compile(r"--([\w.]+(?:->[\w.]+)*->header\.ref_count)\b"), r"je_fewer(&\1)", 6),
    (re.compile(r"([\w.]+(?:->[\w.]+)*->header\.ref_count)--"), r"je_fewer(&\1)", 1),
    (re.compile(r"([\w.]+(?:->[\w.]+)*->header\.ref_count)\+\+"), r"je_more(&\1)", 16),
    (re.compile(r"(?<=if \()(\w+->header\.ref_count) (?:!= 1|> 1)(?=\))"), r"je_shared(&\1)", 4),
    (re.compile(r"(static void gc_(?:decref|scan_incref)_child2?\(JSRuntime \*rt, JSGCObjectHeader \*p\)\n\{\n)"),
     r"\1    if (!je_counted(p))\n        return;\n", 3),
    # one that stays is no atom: it would be written, and may be another's
    (re.compile(r"(    if \(str\) \{\n        if \(str->atom_type == 0)(\) \{\n            p = str;)"), r"\1 && je_counted(str)\2", 1),
    # shapes of calls have a table of their own
    (re.compile(r"    h1 = get_shape_hash\(h, rt->shape_hash_bits\);\n    for\(sh1 = rt->shape_hash\[h1\]; sh1 != NULL; sh1 = sh1->shape_hash_next\) \{"),
     "    for (sh1 = je_first_shape(rt, h); sh1 != NULL; sh1 = je_next_shape(sh1, h)) {", 2),
    # texts of one character are there
    ("""    if (c < 0x100) {
        uint8_t ch8 = c;""", """    if (c < 128 && je_letters[c] != NULL)
        return JS_DupValue(ctx, JS_MKPTR(JS_TAG_STRING, je_letters[c]));
    if (c < 0x100) {
        uint8_t ch8 = c;""", 1),
    # numbers of both kinds
    (re.compile(r"\} else if \(JS_VALUE_IS_BOTH_FLOAT\(op1, op2\)\) \{\n(?=.*JS_VALUE_GET_FLOAT64\(op1\) [-+*])"),
     "} else if (je_numbers(op1, op2)) {\n", 3),
    (re.compile(r"JS_VALUE_GET_FLOAT64\(op1\) ([-+*])(\s+)JS_VALUE_GET_FLOAT64\(op2\)"), r"je_double(op1) \1\2je_double(op2)", 3),
    ("""            sf->cur_pc = pc;
            if (js_post_inc_slow(ctx, sp, opcode))""", """            if (je_post_step(sp, opcode == OP_post_inc ? 1 : -1)) {
                sp++;
                BREAK;
            }
            sf->cur_pc = pc;
            if (js_post_inc_slow(ctx, sp, opcode))""", 1),
    # nobody interrupts: the host ends a call by itself
    (re.compile(r"(static inline __exception int js_poll_interrupts\(JSContext \*ctx\)\n\{)(?:.|\n)*?\n\}"), r"\1\n    return 0;\n}", 1),
    # where a call is that the host ends (inside.h's je_say_where): its begin, its last jump; a loop without a call has the line that it begins with
    ("    pc = b->byte_code_buf;\n", "    pc = sf->cur_pc = b->byte_code_buf;\n", 1),
    (re.compile(r"(CASE\(OP_goto(?:8|16)?\):\n)(            pc \+= )"), r"\1            sf->cur_pc = pc;\n\2", 3),
    (re.compile(r"(                if \(!?res\) \{\n)(                    pc \+= )"), r"\1                    sf->cur_pc = pc;\n\2", 4),
    (re.compile(r"(    case TOK_(?:WHILE|DO|FOR):\n        \{\n(?:            (?:int|BlockEnv)[^\n]*;\n)+)"), r"\1            emit_source_pos(s, s->token.ptr);\n", 3),
    # a variable and its property at once
    (re.compile(r"(CASE\(OP_get_(?:loc|arg)[0-3]\):) \*sp\+\+ = JS_DupValue\(ctx, ((?:var|arg)_buf\[[0-3]\])\); BREAK;"),
     r"\1 pval = &\2; goto get_variable;", 8),
    ("        CASE(OP_put_arg0): set_value(", """        get_variable:
            if (*pc == OP_get_field) {
                JSValue *field = je_field(*pval, get_u32(pc + 1));
                if (field != NULL) {
                    *sp++ = JS_DupValue(ctx, *field);
                    pc += 5;
                    BREAK;
                }
            }
            *sp++ = JS_DupValue(ctx, *pval);
            BREAK;
        CASE(OP_put_arg0): set_value(""", 1),
    ("""                sf->cur_pc = pc;
                val = JS_GetProperty(ctx, sp[-1], atom);
                if (unlikely(JS_IsException(val)))
                    goto exception;
                JS_FreeValue(ctx, sp[-1]);""", """                pval = je_field(sp[-1], atom);
                sf->cur_pc = pc;
                val = pval != NULL ? JS_DupValue(ctx, *pval) : JS_GetProperty(ctx, sp[-1], atom);
                if (unlikely(JS_IsException(val)))
                    goto exception;
                JS_FreeValue(ctx, sp[-1]);""", 1),
    ("/* argument of OP_special_object */", '#include "field.h"\n\n/* argument of OP_special_object */', 1),
    # one way into the loop, else each turn asks by which it came
    ("            if (s->throw_flag)\n                goto exception;\n            else\n                goto restart;\n",
     "            thrown = s->throw_flag;\n            goto restart;\n", 1),
    ("    size_t alloca_size;\n\n#if !DIRECT_DISPATCH", "    size_t alloca_size;\n    BOOL thrown = FALSE;\n\n#if !DIRECT_DISPATCH", 1),
    (" restart:\n    for(;;) {\n        int call_argc;", " restart:\n    if (unlikely(thrown)) {\n        thrown = FALSE;\n        goto exception;\n    }\n"
     "    for(;;) {\n        int call_argc;", 1),
    # a callback's arguments are its own
    ("""            args[0] = acc;
            args[1] = val;
            args[2] = index_val;
            args[3] = obj;
            acc1 = JS_Call(ctx, func, JS_UNDEFINED, 4, args);
            JS_FreeValue(ctx, index_val);
            JS_FreeValue(ctx, val);
            val = JS_UNDEFINED;
            if (JS_IsException(acc1))
                goto exception;
            JS_FreeValue(ctx, acc);
            acc = acc1;""", """            args[0] = acc;
            args[1] = val;
            args[2] = index_val;
            args[3] = obj;
            acc1 = je_call(ctx, func, JS_UNDEFINED, 4, args, 3);
            val = acc = JS_UNDEFINED;
            if (JS_IsException(acc1))
                goto exception;
            acc = acc1;""", 1),
    # variables that are set already need no look
    (re.compile(r"(static __exception int resolve_labels\((?:.|\n)*?    label_slots = s->label_slots;\n)"),
     r"static void je_known_variables(JSContext *ctx, JSFunctionDef *s);\n\n\1    je_known_variables(ctx, s);\n", 1),
    # functions get their name and length at once
    ("func_obj = JS_NewObjectClass(ctx, func_kind_to_class_id[b->func_kind]);", "func_obj = je_new_function(ctx, b);", 1),
    (re.compile(r"    (js_function_set_properties\(ctx, func_obj, name_atom,\s+b->defined_arg_count\);)"),
     r"    if (JS_VALUE_GET_OBJ(func_obj)->shape != je_function_shape)\n        \1", 1),
    ("static JSValue js_closure(JSContext *ctx, JSValue bfunc,\n                          JSVarRef **cur_var_refs,\n                          JSStackFrame *sf)\n{",
     "static JSShape *je_function_shape;\nstatic JSValue je_new_function(JSContext *ctx, JSFunctionBytecode *b);\n\n"
     "static JSValue js_closure(JSContext *ctx, JSValue bfunc,\n                          JSVarRef **cur_var_refs,\n                          JSStackFrame *sf)\n{", 1),
    # for...of
    ("static __exception int js_for_of_next(", "static bool je_for_of_next(JSContext *ctx, JSValue *sp, int offset);\n\n"
     "static __exception int js_for_of_next(", 1),
    ("""                sf->cur_pc = pc;
                if (js_for_of_next(ctx, sp, offset))
                    goto exception;
                sp += 2;""", """                if (je_for_of_next(ctx, sp, offset)) {
                    if (*pc == OP_if_false8) { /* what a loop asks */
                        sf->cur_pc = pc;
                        pc += 1 + (int8_t)pc[1];
                        sp++;
                        BREAK;
                    }
                    sp[1] = JS_FALSE;
                } else {
                    sf->cur_pc = pc;
                    if (js_for_of_next(ctx, sp, offset))
                        goto exception;
                }
                sp += 2;""", 1),
    # the length of an array is its first property
    (re.compile(r"(static __exception int js_get_length64\(JSContext \*ctx, int64_t \*pres,\s+JSValueConst obj\)\n\{\n    JSValue len_val;\n)"),
     r"\1    if (je_array_length(pres, obj))\n        return 0;\n", 1),
    ("#define JS_CALL_FLAG_COPY_ARGV ", "static bool je_array_length(int64_t *length, JSValueConst list);\n\n#define JS_CALL_FLAG_COPY_ARGV ", 1),
    # elements of arrays
    ("""    JSValue val = JS_UNDEFINED;
    JSAtom prop;
    int present;

    if (likely((uint64_t)idx""", """    JSValue val = JS_UNDEFINED;
    JSAtom prop;
    int present;
    JSObject *p = JS_VALUE_GET_TAG(obj) == JS_TAG_OBJECT ? JS_VALUE_GET_OBJ(obj) : NULL;

    if (p != NULL && p->class_id == JS_CLASS_ARRAY && p->fast_array && (uint64_t)idx < p->u.array.count) {
        *pval = JS_DupValue(ctx, p->u.array.u.values[idx]);
        return TRUE;
    }
    if (likely((uint64_t)idx""", 1),
    # levels of JSON.stringify take less of the shadow stack, whose limit QuickJS knows, than of the machine's
    (re.compile(r"(static int js_json_to_str\((?:.|\n)*?if \(js_check_stack_overflow\(ctx->rt, 0\))\)"),
     r"\1 || JS_VALUE_GET_OBJ(jsc->stack)->u.array.count >= JE_LEVELS)", 1),
    # JSON
    ("JSValue JS_ParseJSON2(", "JSValue je_json_parse(JSContext *ctx, const char *text, size_t size);\n\nJSValue JS_ParseJSON2(", 1),
    ("""    s->ext_json = ((flags & JS_PARSE_JSON_EXT) != 0);
    if (json_next_token(s))""", """    s->ext_json = ((flags & JS_PARSE_JSON_EXT) != 0);
    val = s->ext_json ? JS_UNINITIALIZED : je_json_parse(ctx, buf, buf_len);
    if (!JS_IsUninitialized(val))
        return val;
    if (json_next_token(s))""", 1),
    # memory
    ("static void js_trigger_gc(", '#include "heap.h"\n#include "short.h"\n\nstatic void js_trigger_gc(', 1),
    (re.compile(r"rt->malloc_state\.malloc_size(?= \+ size|;| \+\n| >> 1)"), "je_hot.used", 4),
    ("return rt->mf.js_malloc(&rt->malloc_state, size);", "return je_heap_take(size);", 1),
    ("rt->mf.js_free(&rt->malloc_state, ptr);", "je_heap_give(ptr);", 1),
    ("return rt->mf.js_realloc(&rt->malloc_state, ptr, size);", "return je_heap_resize(ptr, size);", 1),
    ("return rt->mf.js_malloc_usable_size(ptr);", "return je_heap_size(ptr);", 1),
    ("rt = mf->js_malloc(&ms, sizeof(JSRuntime));", "rt = je_room(sizeof(JSRuntime));", 1),
    ("ctx = js_mallocz_rt(rt, sizeof(JSContext));", "ctx = je_room(sizeof(JSContext));", 1),
]


def main():
    source, out = map(Path, sys.argv[1:])
    header, body = (source / "quickjs.h").read_text(), (source / "quickjs.c").read_text()
    (out / "quickjs.h").write_text(changed(header, HEADER, "quickjs.h"))
    (out / "quickjs.c").write_text(changed(body, SOURCE, "quickjs.c") + '\n#include "inside.h"\n')


main()
