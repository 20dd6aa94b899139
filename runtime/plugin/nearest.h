/* nearest.h - "did you mean": the candidate nearest to a word that someone mistyped. For hints
 * only; allocates nothing.
 *
 * Invariant: best is one of the candidates tried, or NULL when none is near enough to be a typing
 * mistake (a third of the word's length, at least 2 edits). */
#ifndef HRT_NEAREST_H
#define HRT_NEAREST_H

#include <stddef.h>

#define HRT_NEAREST_MAX 63 /* longer words have no neighbours */

typedef struct hrt_nearest {
  const char *word; /* borrowed */
  size_t length;
  const char *best; /* a candidate, borrowed */
  size_t distance;
} hrt_nearest;

void hrt_nearest_begin(hrt_nearest *n, const char *word, size_t length);
/* candidate: NUL-terminated; compared without regard to ASCII case. */
void hrt_nearest_try(hrt_nearest *n, const char *candidate);

#endif
