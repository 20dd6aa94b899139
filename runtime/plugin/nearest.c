/* nearest.c - Levenshtein distance in one row on the stack. Must never read past `length` of the
 * word nor past HRT_NEAREST_MAX of a candidate. */
#include "plugin/nearest.h"

#include <string.h>

static unsigned char lower(char c) {
  return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static size_t least(size_t a, size_t b, size_t c) {
  size_t ab = a < b ? a : b;
  return ab < c ? ab : c;
}

static size_t distance(const char *a, size_t an, const char *b, size_t bn) {
  size_t row[HRT_NEAREST_MAX + 1];
  for (size_t j = 0; j <= bn; j++) {
    row[j] = j;
  }
  for (size_t i = 1; i <= an; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= bn; j++) {
      size_t up = row[j];
      size_t change = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
      row[j] = least(up + 1, row[j - 1] + 1, change);
      diagonal = up;
    }
  }
  return row[bn];
}

void hrt_nearest_begin(hrt_nearest *n, const char *word, size_t length) {
  n->word = word;
  n->length = length;
  n->best = NULL;
  n->distance = length / 3 < 2 ? 2 : length / 3;
}

void hrt_nearest_try(hrt_nearest *n, const char *candidate) {
  size_t length = strnlen(candidate, HRT_NEAREST_MAX + 1);
  if (length > HRT_NEAREST_MAX || n->length > HRT_NEAREST_MAX) {
    return;
  }
  size_t d = distance(n->word, n->length, candidate, length);
  if (d < n->distance || (d == n->distance && n->best == NULL)) {
    n->best = candidate;
    n->distance = d;
  }
}
