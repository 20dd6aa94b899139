/* stack.c - the C stack of calls. It ends where the rest of what a call writes begins: setjmp's
 * words, MicroPython's state, the first objects and Python's first frames (near.c). A reset copies
 * the pages that a call wrote, and so there are one to three. build.sh links these files in this
 * order, before all others, and looks whether they stand so.
 *
 * Invariant: what it needs of its last page is HP_STACK_USUAL; a call that needs more only writes
 * to more pages. */
#include "engine.h"
#include "py/cstack.h"

#define HP_STACK_USUAL 1024u

char hp_call_stack[HP_STACK_BYTES + HP_STACK_USUAL] __attribute__((aligned(4096)));

uintptr_t hp_stack_top(void) {
  return (uintptr_t)hp_call_stack + sizeof hp_call_stack;
}

/* In the place of MicroPython's, which make a frame to look at its address. */
__asm__(".globaltype __stack_pointer, i32\n");

mp_uint_t mp_cstack_usage(void) {
  uintptr_t at;
  __asm__ volatile("global.get __stack_pointer\n local.set %0" : "=r"(at));
  return (uintptr_t)MP_STATE_THREAD(stack_top) - at;
}

void mp_cstack_check(void) {
  if (mp_cstack_usage() >= MP_STATE_THREAD(stack_limit)) {
    mp_raise_recursion_depth();
  }
}
