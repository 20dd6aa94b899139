/* utf8.h - is it UTF-8, and text made fit to show. */
#ifndef HRT_UTF8_H
#define HRT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Is it UTF-8, shortest forms, no surrogates? */
bool hrt_utf8(const void *bytes, size_t length);
/* Text that is fit for a log, a terminal, a message: clean UTF-8 in one line, what is not as
 * \xNN. Returns the length; always terminated; cut where out is full. */
size_t hrt_clean(char *out, size_t size, const void *bytes, size_t length);

#endif
