/* engines.h - the modules of interpreters inside the heliosc program. */
#ifndef HCC_ENGINES_H
#define HCC_ENGINES_H

#include "error.h"

enum hcc_engine_id {
#define HCC_ENGINE(name, title, package) HCC_ENGINE_##name,
#include "engines.def"
#undef HCC_ENGINE
  HCC_ENGINE_COUNT
};

/* The module; borrowed. Errors: TOOL_MISSING, if heliosc was built without it. */
int hcc_engine(const uint8_t **bytes, size_t *size, enum hcc_engine_id id, hcc_error *err);

#endif
