/* js_where.h - the place of an import that QuickJS's "Could not find export 'x' in module 'y'" is
 * about: it gives none, since it links modules before any of them runs.
 *
 * Invariant: reads nothing outside of the script, whatever the script and the message are. */
#ifndef HCC_JS_WHERE_H
#define HCC_JS_WHERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "file:line: " for the message, by the files of a script (HSB_SECTION_SCRIPT). False: the message
 * is another one, or no import in there is meant. */
bool hcc_js_where(char *out, size_t out_size, const uint8_t *script, size_t script_size,
                  const char *message);

#endif
