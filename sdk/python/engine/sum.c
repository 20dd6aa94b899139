/* sum.c - sum. A generator that is summed up adds what it yields itself and goes on, without coming
 * back for each number.
 *
 * Invariant: only numbers that can be added without an exception or an object are added so, so that
 * nothing is raised within the generator that does not belong there. */
#include "engine.h"
#include "py/objgenerator.h"
#include "quick.h"

mp_vm_return_kind_t mp_obj_gen_resume(mp_obj_t generator, mp_obj_t sent, mp_obj_t thrown,
                                      mp_obj_t *out) {
  return hp_gen_resume(generator, sent, thrown, NULL, out);
}

static mp_obj_t generated(mp_obj_t generator, hp_sum *sum) {
  mp_obj_t value;
  MP_STATE_THREAD(stop_iteration_arg) = MP_OBJ_NULL;
  switch (hp_gen_resume(generator, mp_const_none, MP_OBJ_NULL, sum, &value)) {
  case MP_VM_RETURN_YIELD:
    return value;
  case MP_VM_RETURN_EXCEPTION:
    nlr_raise(value);
  default:
    return MP_OBJ_STOP_ITERATION;
  }
}

static bool begin(hp_sum *sum, mp_obj_t value) {
  bool whole = mp_obj_is_small_int(value), real = !whole && mp_obj_is_float(value);
  *sum = (hp_sum){.real = real};
  sum->whole = whole ? MP_OBJ_SMALL_INT_VALUE(value) : 0;
  sum->value = real ? mp_obj_float_get(value) : 0;
  return whole || real;
}

static mp_obj_t end(const hp_sum *sum) {
  return sum->real ? mp_obj_new_float(sum->value) : hp_int_of(sum->whole);
}

mp_obj_t mp_builtin_sum(size_t count, const mp_obj_t *args);
mp_obj_t mp_builtin_sum(size_t count, const mp_obj_t *args) {
  hp_sum sum;
  mp_obj_iter_buf_t buffer;
  mp_obj_t value = count == 1 ? MP_OBJ_NEW_SMALL_INT(0) : args[1], item;
  mp_obj_t iterator = mp_getiter(args[0], &buffer);
  bool generator = mp_obj_is_exact_type(iterator, &mp_type_gen_instance);
  bool quick = begin(&sum, value);
  while ((item = generator ? generated(iterator, quick ? &sum : NULL) : mp_iternext(iterator)) !=
         MP_OBJ_STOP_ITERATION) {
    if (!quick || !hp_sum_add(&sum, item)) {
      value = mp_binary_op(MP_BINARY_OP_ADD, quick ? end(&sum) : value, item);
      quick = begin(&sum, value);
    }
  }
  return quick ? end(&sum) : value;
}
