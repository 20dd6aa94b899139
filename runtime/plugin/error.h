/* error.h - how the engine sets a helios_error. Same rules as there: first, deepest one wins. */
#ifndef HRT_ERROR_H
#define HRT_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "helios/error.h"

/* Sets *err (may be NULL) unless it is set already, and returns code. */
int hrt_fail(helios_error *err, helios_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void hrt_hint(helios_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* err: may be NULL. Inline: part of every call. */
static inline void hrt_error_clear(helios_error *err) {
  if (err) {
    err->code = HELIOS_OK;
    err->trap = 0;
    err->offset = HELIOS_NO_OFFSET;
    err->guest_code = 0;
    err->text[0] = err->hint[0] = '\0';
  }
}

/* Guest bytes for people: printable ASCII stays, all else becomes \xNN, cut at 64 with "...". */
#define HRT_ESCAPED 272
const char *hrt_escape(char out[HRT_ESCAPED], const void *bytes, size_t length);

#define HRT_TRY(expr)                                                                              \
  do {                                                                                             \
    if ((status = (expr)) != 0) {                                                                  \
      goto out;                                                                                    \
    }                                                                                              \
  } while (0)

#endif
