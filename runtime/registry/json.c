/* json.c - see json.h. cJSON does not tell bad text from want of memory. What fails twice while
 * there is memory is bad text: a catalog must not be called damaged, nor a procedure be passed
 * over, because memory was short for a moment. */
#include "registry/json.h"

#include "plugin/alloc.h"

#define ENOUGH 4096

int hrt_json_parse(cJSON **out, const char *text, size_t length, helios_error *err) {
  *out = cJSON_ParseWithLength(text, length);
  if (*out == NULL) {
    *out = cJSON_ParseWithLength(text, length);
  }
  if (*out != NULL) {
    return 0;
  }
  void *memory = hrt_alloc(ENOUGH);
  hrt_free(memory);
  return memory ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}
