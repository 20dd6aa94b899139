/* json.h - text to a cJSON tree, where it matters why there is none. */
#ifndef HRT_REGISTRY_JSON_H
#define HRT_REGISTRY_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "plugin/error.h"

/* *out: cJSON_Delete it; NULL: the text is no JSON. Errors: E_MEMORY. */
int hrt_json_parse(cJSON **out, const char *text, size_t length, helios_error *err);

#endif
