/* sortby.c - quicksort of records by a comparison function that is chosen at run time, as qsort
 * does. */
#include "kernel.h"
#include "random.h"

#define ITEMS (1u << 17)
typedef struct record {
  u32 key, id;
} record;
typedef int compare_fn(const record *a, const record *b);

static record items[ITEMS];

static int by_key(const record *a, const record *b) {
  return a->key != b->key ? (a->key < b->key ? -1 : 1) : (a->id > b->id) - (a->id < b->id);
}

static int by_id(const record *a, const record *b) {
  return (a->id > b->id) - (a->id < b->id);
}

static __attribute__((noinline)) void sort(record *low, record *high, compare_fn *compare) {
  while (low < high) {
    record pivot = low[(high - low) / 2], *i = low, *j = high;
    for (;;) {
      while (compare(i, &pivot) < 0) {
        i++;
      }
      while (compare(&pivot, j) < 0) {
        j--;
      }
      if (i >= j) {
        break;
      }
      record swap = *i;
      *i++ = *j;
      *j-- = swap;
    }
    if (j - low < high - j) {
      sort(low, j, compare);
      low = j + 1;
    } else {
      sort(j + 1, high, compare);
      high = j;
    }
  }
}

KERNEL(sortby) {
  static compare_fn *const volatile orders[] = {by_key, by_id};
  u32 state = 54321, hash = 0;
  n = n < ITEMS ? n : ITEMS;
  for (u32 i = 0; i < n; i++) {
    items[i] = (record){next_random(&state) >> 8, i};
  }
  for (u32 order = 0; order < 2; order++) {
    sort(items, items + n - 1, orders[order]);
    hash = hash * 31 + items[n / 2].key + items[n / 3].id;
  }
  return hash;
}
