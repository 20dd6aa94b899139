/* engines.c - see engines.h. The bytes come from an assembler file for each (engines.cmake), empty
 * if there was nothing to build the interpreter from. */
#include "engines.h"

#define HCC_ENGINE(name, title, package)                                                           \
  extern const uint8_t hcc_engine_##name[], hcc_engine_##name##_end[];
#include "engines.def"
#undef HCC_ENGINE

static const struct engine {
  const uint8_t *begin, *end;
  const char *title, *package;
} engines[] = {
#define HCC_ENGINE(name, title, package)                                                           \
  {hcc_engine_##name, hcc_engine_##name##_end, title, package},
#include "engines.def"
#undef HCC_ENGINE
};

int hcc_engine(const uint8_t **bytes, size_t *size, enum hcc_engine_id id, hcc_error *err) {
  const struct engine *e = &engines[id];
  *bytes = e->begin;
  *size = (size_t)(e->end - e->begin);
  return *size > 0 ? 0
                   : hcc_fail(err, HCC_E_TOOL_MISSING, HCC_NO_OFFSET,
                              "this heliosc was built without %s, as Debian's source package %s or "
                              "wasi-libc was missing (.ci/setup.sh gets both)",
                              e->title, e->package);
}
