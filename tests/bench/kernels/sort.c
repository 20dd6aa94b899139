/* sort.c - quicksort of integers with the comparison in line. */
#include "kernel.h"
#include "random.h"

#define ITEMS (1u << 18)
static u32 items[ITEMS];

static void sort(u32 *low, u32 *high) { /* inclusive */
  while (low < high) {
    u32 pivot = low[(high - low) / 2], *i = low, *j = high;
    for (;;) {
      while (*i < pivot) {
        i++;
      }
      while (pivot < *j) {
        j--;
      }
      if (i >= j) {
        break;
      }
      u32 swap = *i;
      *i++ = *j;
      *j-- = swap;
    }
    if (j - low < high - j) {
      sort(low, j);
      low = j + 1;
    } else {
      sort(j + 1, high);
      high = j;
    }
  }
}

KERNEL(sort) {
  u32 state = 12345, hash = 0;
  n = n < ITEMS ? n : ITEMS;
  for (u32 i = 0; i < n; i++) {
    items[i] = next_random(&state);
  }
  sort(items, items + n - 1);
  for (u32 i = 0; i < n; i++) {
    hash = hash * 31 + items[i];
  }
  return hash;
}
