/* native.c - kernels of tests/polyglot/procedures.c as native code, for languages.py: the same C,
 * the machine's own compiler. What needs a host is dropped by the linker: these functions alone are
 * exported. */
#include "../polyglot/procedures.c"

#include <heliosdb_mock.h>

#define EXPORTED __attribute__((visibility("default")))

/* As the procedures' glue does: memory of a call begins anew. */
EXPORTED long long native_cards(long long count);
long long native_cards(long long count) {
  hg_heap_reset();
  return cards(count);
}

EXPORTED double native_moving(long long count, long long width);
double native_moving(long long count, long long width) {
  hg_heap_reset();
  return moving(count, width);
}
