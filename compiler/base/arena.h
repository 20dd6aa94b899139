/* arena.h - memory that is freed as a whole. Everything a module owns lies in one.
 *
 * Invariant: what hcc_arena_array gives is zeroed and stays where it is until hcc_arena_free. */
#ifndef HCC_ARENA_H
#define HCC_ARENA_H

#include <stddef.h>

typedef struct hcc_arena {
  struct hcc_arena_block *first;
} hcc_arena;

/* count items of size bytes. NULL without memory or if the product overflows, never for 0. */
void *hcc_arena_array(hcc_arena *a, size_t count, size_t size);
void hcc_arena_free(hcc_arena *a);

#endif
