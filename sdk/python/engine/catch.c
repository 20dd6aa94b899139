/* catch.c - catches MicroPython's exceptions without setjmp, whose table each function that calls
 * it makes anew, and which every call in such a function must look after: what may throw is called
 * by an invoke, which the lowering knows (compiler/rewrite/sjlj.h).
 *
 * Invariant: nlr_jump jumps to the innermost of its list, so what arrives here is for the last that
 * was pushed here. */
#include "engine.h"
#include "quick.h"

extern uintptr_t __THREW__; /* setjmp.c */

__attribute__((import_module("env"), import_name("invoke_ii"))) int invoke(int (*f)(void *),
                                                                           void *arg);

/* No call of setjmp has this number; 0 says that a loop of bytecode waits (hp_vm). */
#define NO_SETJMP (~0ul)

static bool threw(void) {
  bool so = __THREW__ != 0;
  __THREW__ = 0;
  return so;
}

static int loop(void *arg) {
  return (int)hp_vm_run(arg);
}

mp_vm_return_kind_t mp_execute_bytecode(mp_code_state_t *code_state, volatile mp_obj_t inject) {
  return hp_execute(code_state, inject, NULL);
}

mp_vm_return_kind_t hp_execute(mp_code_state_t *code_state, mp_obj_t inject, hp_sum *sum) {
  hp_vm vm = {.code_state = code_state, .inject = inject, .sum = sum};
  int kind = invoke(loop, &vm);
  while (threw()) {
    vm.caught = true;
    kind = invoke(loop, &vm);
  }
  return (mp_vm_return_kind_t)kind;
}

bool hp_try(mp_obj_t *exception, int (*f)(void *), void *arg) {
  nlr_buf_t nlr = {.jmpbuf = {{NO_SETJMP}}};
  nlr_push_tail(&nlr);
  invoke(f, arg);
  if (threw()) {
    *exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    return false;
  }
  nlr_pop();
  return true;
}
