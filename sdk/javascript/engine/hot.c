/* hot.c - the first of all data (build.sh links it first, and read-only data comes first), behind
 * the stack. */
#include "hot.h"

struct je_hot je_hot __attribute__((section(".rodata.hot"), aligned(16)));

_Static_assert(sizeof(struct je_hot) == JE_PAGE - JE_STACK, "the page has no gap");
