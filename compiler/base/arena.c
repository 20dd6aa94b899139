/* arena.c - memory that is freed as a whole. It never moves or reuses what it gave. Invariants: see
 * arena.h. */
#include "arena.h"

#include <stdlib.h>

#include "hsb_check.h"

struct hcc_arena_block {
  struct hcc_arena_block *next;
  _Alignas(max_align_t) unsigned char bytes[];
};

void *hcc_arena_array(hcc_arena *a, size_t count, size_t size) {
  uint64_t total;
  if (!hsb_mul64(&total, count, size) ||
      !hsb_add64(&total, total, sizeof(struct hcc_arena_block)) || total > SIZE_MAX) {
    return NULL;
  }
  struct hcc_arena_block *block = calloc(1, (size_t)total);
  if (block == NULL) {
    return NULL;
  }
  block->next = a->first;
  a->first = block;
  return block->bytes;
}

void hcc_arena_free(hcc_arena *a) {
  while (a->first != NULL) {
    struct hcc_arena_block *next = a->first->next;
    free(a->first);
    a->first = next;
  }
}
