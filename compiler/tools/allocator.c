/* allocator.c - see allocator.h. Must never take a library from a folder that a user could write.
 */
#include "allocator.h"

#include <stddef.h>
#include <sys/stat.h>

#define PRELOAD "LD_PRELOAD="

/* As distributions have them; the first that is there. */
static const char *const places[] = {
#if defined(__x86_64__)
    PRELOAD "/usr/lib/x86_64-linux-gnu/" HCC_ALLOCATOR_LIBRARY,
#elif defined(__aarch64__)
    PRELOAD "/usr/lib/aarch64-linux-gnu/" HCC_ALLOCATOR_LIBRARY,
#endif
    PRELOAD "/usr/lib64/" HCC_ALLOCATOR_LIBRARY,
    PRELOAD "/usr/lib/" HCC_ALLOCATOR_LIBRARY,
};

const char *hcc_allocator_variable(void) {
  struct stat info;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    if (stat(places[i] + sizeof PRELOAD - 1, &info) == 0 && S_ISREG(info.st_mode)) {
      return places[i];
    }
  }
  return NULL;
}
