/* quick.h - what edit.py puts into MicroPython's interpreter: its loop with what it keeps for
 * exceptions in one place (catch.c), and the short ways of what calls do most.
 *
 * Invariant: a short way gives what the long one does, or MP_OBJ_NULL (false): then it has done
 * nothing. */
#ifndef HELIOS_PY_QUICK_H
#define HELIOS_PY_QUICK_H

#include "py/bc.h"
#include "py/nlr.h"
#include "py/objlist.h"
#include "py/runtime.h"

/* A float: objfloat.c's. */
typedef struct hp_float {
  mp_obj_base_t base;
  mp_float_t value;
} hp_float;

/* Numbers that are added up: an int of 64 bits, or a float. */
typedef struct hp_sum {
  bool real;
  long long whole;
  double value;
} hp_sum;

/* What the loop must have in memory when a function that it calls throws. */
typedef struct hp_vm {
  nlr_buf_t nlr; /* its jmpbuf is 0, and only a loop's is: no function that called setjmp takes the
                    throw for its own, and the host knows a loop by it (where.c) */
  mp_code_state_t *code_state;
  mp_exc_stack_t *exc_sp;
  mp_obj_t inject;
  hp_sum *sum; /* or NULL: what the generator yields is added to it */
  bool caught; /* nlr.ret_val */
} hp_vm;

mp_vm_return_kind_t hp_vm_run(hp_vm *vm);
/* mp_execute_bytecode and mp_obj_gen_resume, with a sum for what is yielded. */
mp_vm_return_kind_t hp_execute(mp_code_state_t *code_state, mp_obj_t inject, hp_sum *sum);
mp_vm_return_kind_t hp_gen_resume(mp_obj_t generator, mp_obj_t sent, mp_obj_t thrown, hp_sum *sum,
                                  mp_obj_t *out);

/* An iterator of a list: objlist.c's. */
typedef struct hp_list_iterator {
  mp_obj_base_t base;
  mp_fun_1_t next;
  mp_obj_t list;
  size_t at;
} hp_list_iterator;
mp_obj_t hp_list_next(mp_obj_t iterator);

#ifdef TRACE /* vm.c */
static inline unsigned hp_vm_push(hp_vm *vm, mp_code_state_t *code_state) {
  vm->code_state = code_state;
  return nlr_push_tail(&vm->nlr);
}
#undef nlr_push
#define nlr_push(buf) hp_vm_push(vm, code_state)
#define nlr (vm->nlr)
#define exc_sp (vm->exc_sp)
#define inject_exc (vm->inject)
#endif

/* An entry of a small dict by a name, an element of a list. */
static inline mp_obj_t hp_quick_item(mp_obj_t in, mp_obj_t index) {
  if (!mp_obj_is_obj(in)) {
    return MP_OBJ_NULL;
  }
  const mp_obj_type_t *type = ((const mp_obj_base_t *)MP_OBJ_TO_PTR(in))->type;
  if (type == &mp_type_dict && mp_obj_is_qstr(index)) {
    const mp_map_t *map = &((mp_obj_dict_t *)MP_OBJ_TO_PTR(in))->map;
    for (size_t i = 0, n = map->alloc > 8 ? 0 : map->alloc; i < n; i++) {
      if (map->table[i].key == index) {
        return map->table[i].value;
      }
    }
  } else if (type == &mp_type_list && mp_obj_is_small_int(index)) {
    const mp_obj_list_t *list = MP_OBJ_TO_PTR(in);
    size_t i = (size_t)MP_OBJ_SMALL_INT_VALUE(index);
    return i < list->len ? list->items[i] : MP_OBJ_NULL;
  }
  return MP_OBJ_NULL;
}

/* The next of a list. */
static inline mp_obj_t hp_quick_next(mp_obj_t of) {
  hp_list_iterator *it = MP_OBJ_TO_PTR(of);
  if (it->base.type != &mp_type_polymorph_iter || it->next != hp_list_next) {
    return MP_OBJ_NULL;
  }
  const mp_obj_list_t *list = MP_OBJ_TO_PTR(it->list);
  return it->at < list->len ? list->items[it->at++] : MP_OBJ_STOP_ITERATION;
}

static inline bool hp_quick_double(double *out, mp_obj_t o) {
  if (mp_obj_is_small_int(o)) {
    *out = (double)MP_OBJ_SMALL_INT_VALUE(o);
    return true;
  }
  if (!mp_obj_is_obj(o) || ((const mp_obj_base_t *)MP_OBJ_TO_PTR(o))->type != &mp_type_float) {
    return false;
  }
  *out = ((const hp_float *)MP_OBJ_TO_PTR(o))->value;
  return true;
}

/* False: it is not added, but by the long way. An int that a float is added to must be exact as
 * one.
 */
static inline bool hp_sum_add(hp_sum *sum, mp_obj_t o) {
  const long long exact = 1ll << 53;
  double v;
  if (mp_obj_is_small_int(o) && !sum->real) {
    return !__builtin_add_overflow(sum->whole, MP_OBJ_SMALL_INT_VALUE(o), &sum->whole);
  }
  if (!hp_quick_double(&v, o) || sum->whole > exact || sum->whole < -exact) {
    return false;
  }
  sum->value = (sum->real ? sum->value : (double)sum->whole) + v;
  sum->real = true;
  return true;
}

/* + - * of floats, or one float and a small int. */
static inline mp_obj_t hp_quick_number(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs) {
  double a, b;
  bool wanted = op == MP_BINARY_OP_ADD || op == MP_BINARY_OP_INPLACE_ADD ||
                op == MP_BINARY_OP_MULTIPLY || op == MP_BINARY_OP_INPLACE_MULTIPLY ||
                op == MP_BINARY_OP_SUBTRACT || op == MP_BINARY_OP_INPLACE_SUBTRACT;
  if (!wanted || (mp_obj_is_small_int(lhs) && mp_obj_is_small_int(rhs)) ||
      !hp_quick_double(&a, lhs) || !hp_quick_double(&b, rhs)) {
    return MP_OBJ_NULL;
  }
  switch (op) {
  case MP_BINARY_OP_ADD:
  case MP_BINARY_OP_INPLACE_ADD:
    return mp_obj_new_float(a + b);
  case MP_BINARY_OP_SUBTRACT:
  case MP_BINARY_OP_INPLACE_SUBTRACT:
    return mp_obj_new_float(a - b);
  default:
    return mp_obj_new_float(a * b);
  }
}

#endif
