/* near.c - all that every call writes, in the order in which it stands behind the stack of calls:
 * MicroPython's state, the words of heap.c and dict.c, the nursery and Python's frames. With what
 * most calls need of each they are one page. The linker keeps the order of definitions that are not
 * static.
 *
 * Invariant: frames come last, as they are the longest; the second nursery, a page, is for calls
 * that the first is too small for.
 */
#include "engine.h"

mp_state_ctx_t mp_state_ctx;
int hp_collect_due;
const void *hp_outermost;
bool hp_names_settled;
char hp_nursery[HP_NURSERY_BYTES] __attribute__((aligned(16)));
char hp_pystack[HP_PYSTACK_BYTES] __attribute__((aligned(16)));
char hp_second_nursery[HP_SECOND_NURSERY_BYTES] __attribute__((aligned(4096)));

/* The tables of functions that call setjmp. They come and go with the functions, and what a jump
 * passes over goes, too: as Python's frames. */
void *malloc(size_t bytes) {
  return mp_pystack_alloc(bytes);
}

void free(void *at) {
  if (at != NULL) {
    mp_pystack_free(at);
  }
}

void *realloc(void *at, size_t bytes) {
  size_t had = (size_t)(MP_STATE_THREAD(pystack_cur) - (uint8_t *)at);
  void *grown = mp_pystack_alloc(bytes);
  memcpy(grown, at, had < bytes ? had : bytes);
  return grown;
}
