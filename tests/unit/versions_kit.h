/* versions_kit.h - a function with two versions, for the tests of versions and of older catalogs.
 */
#ifndef VERSIONS_KIT_H
#define VERSIONS_KIT_H

#include "engine_kit.h"

#define CREATE_MARK                                                                                \
  "CREATE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS '%D/one.so';"
#define SECOND "ALTER FUNCTION mark VERSION 2 AS '%D/two.so';"
#define CANARY(how) "ALTER FUNCTION mark CANARY VERSION 2 PERCENT " how ";"
#define ROLLOUT                                                                                    \
  "SELECT current_version, previous_version, canary_version, canary_percent, canary_error_rate "   \
  "FROM helios_procedure"

/* Two versions, the first current. */
FX helios *open_two(const char *name) {
  helios *h = ek_open(name);
  ek_run(h, CREATE_MARK SECOND "ALTER FUNCTION mark USE VERSION 1", "");
  return h;
}

#endif
