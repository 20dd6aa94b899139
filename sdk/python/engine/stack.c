/* stack.c - the C stack of calls. It ends where the rest of what a call writes begins: setjmp's
 * words, MicroPython's state, the first objects and Python's first frames (near.c). A reset copies
 * the pages that a call wrote, and so there are two or three. build.sh links these files in this
 * order, before all others, and looks whether they stand so.
 *
 * Invariant: what it needs of its last page is HP_STACK_USUAL; a call that needs more only writes
 * to more pages. */
#include "engine.h"

#define HP_STACK_USUAL 1280u

char hp_call_stack[HP_STACK_BYTES + HP_STACK_USUAL] __attribute__((aligned(4096)));

uintptr_t hp_stack_top(void) {
  return (uintptr_t)hp_call_stack + sizeof hp_call_stack;
}
