#!/usr/bin/env python3
"""edit.py MICROPYTHON OUT - files of MicroPython (its unpacked source) as the engine needs them, each as OUT/edited_NAME.c. Another
version of MicroPython fails the build (sdk/engine/changes.py). What takes the place of functions that are renamed is in the files of
this folder, and in quick.h what is put in."""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "engine"))
from changes import changed  # noqa: E402

FILES = {
    # found by a hash: names.c
    "qstr": [(re.compile(r"^qstr qstr_find_strn\(", re.M), "qstr hp_scan_names(", 1)],
    # taken behind the last object: heap.c
    "gc": [(re.compile(r"^void \*gc_alloc\(", re.M), "void *hp_search_heap(", 1)],
    "malloc": [("void *m_malloc(size_t num_bytes) {", "void *hp_old_m_malloc(size_t num_bytes) {", 1)],
    # dicts in the order of insertion: dict.c
    "objdict": [(re.compile(r"if \(self->map\.is_ordered\) \{.*?\n    \}", re.S), "extern size_t hp_map_last(const mp_map_t *); cur = hp_map_last(&self->map);", 1)],
    "map": [(re.compile(r"^void mp_map_", re.M), "void hp_old_map_", 5), ("(mp_map_lookup)(", "(hp_old_map_lookup)(", 1)],
    # exact floats: double.c
    "parsenum": [(re.compile(r"^mp_obj_t mp_parse_num_decimal\(", re.M), "mp_obj_t hp_old_parse_decimal(", 1)],
    "objfloat": [(re.compile(r"^mp_obj_t mp_obj_new_float\(.*?^\}", re.M | re.S), "", 1), (re.compile(r"mp_format_float\(o_val, buf, .*\);"), "extern void hp_double_text(double, char *); hp_double_text(o_val, buf);", 1)],
    # the loop of bytecode without setjmp (catch.c), and its short ways
    "vm": [
        ("mp_vm_return_kind_t MICROPY_WRAP_MP_EXECUTE_BYTECODE(mp_execute_bytecode)(mp_code_state_t *code_state, volatile mp_obj_t inject_exc) {",
         '#include "quick.h"\n\nmp_vm_return_kind_t hp_vm_run(hp_vm *vm) {\n    mp_code_state_t *code_state = vm->code_state;\n', 1),
        ("mp_exc_stack_t *volatile exc_sp = MP_CODE", "if (vm->caught) {\n        vm->caught = false;\n        goto exception_handler;\n    }\n    exc_sp = MP_CODE", 1),
        ("        nlr_buf_t nlr;\n", "", 1),
        ("SET_TOP(mp_obj_subscr(TOP(), index, MP_OBJ_SENTINEL));",
         "mp_obj_t found = hp_quick_item(TOP(), index);\n                    SET_TOP(found != MP_OBJ_NULL ? found : mp_obj_subscr(TOP(), index, MP_OBJ_SENTINEL));", 1),
        ("mp_obj_t value = mp_iternext_allow_raise(obj);", "mp_obj_t value = hp_quick_next(obj);\n                    value = value != MP_OBJ_NULL ? value : mp_iternext_allow_raise(obj);", 1),
        ("ENTRY(MP_BC_YIELD_VALUE):\n", "ENTRY(MP_BC_YIELD_VALUE):\n                    if (vm->sum != NULL && hp_sum_add(vm->sum, TOP())) {\n"
         "                        SET_TOP(mp_const_none);\n                        DISPATCH();\n                    }\n", 1),
        # each of the opcodes that are many by a case of its own
        ("                #if MICROPY_OPT_COMPUTED_GOTO\n                ENTRY(MP_BC_LOAD_CONST_SMALL_INT_MULTI)", "                #if 1\n                ENTRY(MP_BC_LOAD_CONST_SMALL_INT_MULTI)", 1),
        (re.compile(r"ENTRY\((MP_BC_\w+_MULTI)\):"), r"case \1 ... \1 + \1_NUM - 1:", 5),
    ],
    # values.c
    "unicode": [(re.compile(r"^size_t utf8_charlen\(.*?^\}", re.M | re.S), "", 1)],
    # sum.c
    "modbuiltins": [("static mp_obj_t mp_builtin_sum(", "mp_obj_t mp_builtin_sum(size_t, const mp_obj_t *);\nstatic mp_obj_t hp_old_sum(", 1)],
    "objgenerator": [
        ("mp_vm_return_kind_t mp_obj_gen_resume(mp_obj_t self_in, mp_obj_t send_value, mp_obj_t throw_value, mp_obj_t *ret_val) {",
         '#include "quick.h"\n\nmp_vm_return_kind_t hp_gen_resume(mp_obj_t self_in, mp_obj_t send_value, mp_obj_t throw_value, hp_sum *sum, mp_obj_t *ret_val) {', 1),
        ("mp_execute_bytecode(&self->code_state, throw_value)", "hp_execute(&self->code_state, throw_value, sum)", 1),
    ],
    "objlist": [("static mp_obj_t list_it_iternext(", "mp_obj_t hp_list_next(mp_obj_t self_in);\nmp_obj_t hp_list_next(", 1), ("= list_it_iternext;", "= hp_list_next;", 1)],
    "runtime": [
        ("    mp_map_elem_t *elem = mp_map_lookup(&mp_globals_get()->map, MP_OBJ_NEW_QSTR(qst), MP_MAP_LOOKUP);\n", "    extern mp_obj_t hp_settled_name(qstr);\n    mp_obj_t settled = hp_settled_name(qst);\n"
         "    if (settled != MP_OBJ_NULL) {\n        return settled;\n    }\n    mp_map_elem_t *elem = mp_map_lookup(&mp_globals_get()->map, MP_OBJ_NEW_QSTR(qst), MP_MAP_LOOKUP);\n", 1),
        ("    // deal with is\n    if (op == MP_BINARY_OP_IS) {", "    mp_obj_t quick = hp_quick_number(op, lhs, rhs);\n    if (quick != MP_OBJ_NULL) {\n        return quick;\n    }\n"
         "    // deal with is\n    if (op == MP_BINARY_OP_IS) {", 1),
        ("mp_obj_t MICROPY_WRAP_MP_BINARY_OP(mp_binary_op)(", '#include "quick.h"\n\nmp_obj_t MICROPY_WRAP_MP_BINARY_OP(mp_binary_op)(', 1),
        # a function that calls setjmp is slow also where it does not
        ("mp_obj_t mp_iternext(mp_obj_t o_in) {\n", """static mp_obj_t next_by_method(mp_obj_t o_in);

mp_obj_t mp_iternext(mp_obj_t o_in) {
    const mp_obj_type_t *type = mp_obj_get_type(o_in);
    if (!TYPE_HAS_ITERNEXT(type)) {
        return next_by_method(o_in);
    }
    mp_cstack_check();
    MP_STATE_THREAD(stop_iteration_arg) = MP_OBJ_NULL;
    return type_get_iternext(type)(o_in);
}

static MP_NOINLINE mp_obj_t next_by_method(mp_obj_t o_in) {
""", 1),
    ],
    # the stack's end is a global of the module: stack.c
    "cstack": [(re.compile(r"^mp_uint_t mp_cstack_usage\(void\) \{.*?^\}$", re.M | re.S), "", 1), (re.compile(r"^void mp_cstack_check\(void\) \{.*?^\}$", re.M | re.S), "", 1)],
}


def main():
    source, out = map(Path, sys.argv[1:])
    for name, edits in FILES.items():
        (out / f"edited_{name}.c").write_text(changed((source / f"py/{name}.c").read_text(), edits, f"{name}.c"))


main()
