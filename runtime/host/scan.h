/* scan.h - a look at SQL text for words that the authorizer is not told of. */
#ifndef HRT_SCAN_H
#define HRT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* Does `word` (lower case) stand in sql outside of strings, quoted names and comments? */
bool hrt_scan_word(const char *sql, size_t length, const char *word);

#endif
